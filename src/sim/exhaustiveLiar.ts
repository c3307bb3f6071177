// The Byzantine validator of the exhaustive search: whatever it may sign, and what it says of it. It signs with its own key and nobody else's. docs/testing.md.
// Owns the menu. Does not own when it is heard (exhaustive.ts).

import { hex } from "../base/bytes.ts";
import { type Certificate, makeCertificate, type VoteKind, voteFrame } from "../base/certificate.ts";
import { type BatchReference, batchesHash, orderDigest } from "../base/header.ts";
import { select } from "../consensus/newView.ts";
import type { Claim, Message, NewView, Order, PrePrepare, ViewChange, Vote } from "../consensus/types.ts";
import { claimFrame, newViewFrame, newViewHash } from "../consensus/wire.ts";
import { type Local, NOW } from "./exhaustiveNode.ts";
import { keyOf, nameOf, NETWORK, sign } from "./explorerPorts.ts";

export class Liar {
  readonly id: string;
  private readonly index: number;
  /** Its claim for view 1 that nothing is prepared. */
  readonly empty: ViewChange;

  constructor(index: number) {
    this.index = index;
    this.id = nameOf(index);
    this.empty = this.viewChange(null, null);
  }

  order(height: number, parent: Uint8Array, later: number, references: readonly BatchReference[]): Order {
    const batches = batchesHash(NETWORK, references);
    return { order: { protocol: 1, epoch: 0, height, parent, time: NOW + later, batches }, references };
  }
  on({ order }: Order, references: readonly BatchReference[], later = 1): Order {
    return this.order(order.height + 1, orderDigest(NETWORK, order), order.time - NOW + later, references);
  }
  vote(kind: VoteKind, epoch: number, view: number, height: number, hash: Uint8Array): Vote {
    const vote = { kind, epoch, view, height, hash, signer: this.id };
    return { ...vote, signature: sign(keyOf(this.index), voteFrame(NETWORK, kind, vote)) };
  }
  proposal({ order, references }: Order, view: number): PrePrepare {
    const prepare = this.vote("prepare", order.epoch, view, order.height, orderDigest(NETWORK, order));
    return { kind: "prePrepare", view, order, references, prepare };
  }
  /** Its claim for view 1: nothing prepared, or what somebody else has. */
  viewChange(like: ViewChange | null, committed: ViewChange["committed"]): ViewChange {
    const { committedHeight, committedHash, best } = like?.claim ?? { committedHeight: 0, committedHash: NETWORK, best: null };
    const fields = { epoch: 0, view: 1, committedHeight, committedHash, best, signer: this.id };
    const claim: Claim = { ...fields, signature: sign(keyOf(this.index), claimFrame(NETWORK, fields)) };
    return { kind: "viewChange", claim, committed, best: like?.best ?? null, orders: like?.orders ?? [] };
  }

  /** NewViews of a Byzantine primary of view 1: of any two honest claims that it has heard, and of its own of either kind. */
  newViews(changes: readonly ViewChange[]): Message[] {
    const out: Message[] = [];
    for (const own of [this.empty, ...changes.map((change) => this.viewChange(change, change.committed))])
      changes.forEach((a, i) => changes.slice(i + 1).forEach((b) => out.push(this.newView([own, a, b]))));
    return out;
  }
  private newView(chosen: readonly ViewChange[]): NewView {
    const { committed, best, tip } = select(chosen.map(({ claim }) => claim));
    const proof = chosen.find(
      ({ claim }) =>
        best !== null && claim.best?.view === best.view && claim.best.height === best.height && hex(claim.best.digest) === hex(best.digest),
    );
    const body = {
      epoch: 0,
      view: 1,
      claims: chosen.map(({ claim }) => claim),
      committed: chosen.find(({ claim }) => claim === committed)!.committed,
      best: proof?.best ?? null,
      orders: tip === null ? [] : proof!.orders.filter(({ order }) => order.height > committed.committedHeight),
      prepare: tip === null ? null : this.vote("prepare", 0, 1, tip.height, tip.digest),
    };
    return this.signed(body);
  }
  private signed(body: Omit<NewView, "kind" | "signer" | "signature">): NewView {
    const { epoch, view } = body;
    const fields = { epoch, view, hash: newViewHash(body), signer: this.id };
    return { ...body, kind: "newView", signer: this.id, signature: sign(keyOf(this.index), newViewFrame(NETWORK, fields)) };
  }

  // ── what nobody signed ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** To any replica: the block that it is about to commit, certified by nobody, and a claim to a certificate of an order that nobody has seen. */
  forgeries({ replica: r }: Local): Message[] {
    const out: Message[] = [];
    const entry = r.accepted[0];
    const result = entry && r.results.get(entry.key);
    if (entry && result) {
      const certificate = unsigned("commit", r.config.epoch, r.view, entry.height, result.hash);
      out.push({ kind: "block", header: result.header, references: entry.references, certificate });
    }
    const { epoch, start } = r.config;
    if (epoch > 0 || r.view > 0 || start !== 1) return out;
    const order = this.order(1, NETWORK, 77, []);
    const best = { view: 0, height: 1, digest: orderDigest(NETWORK, order.order) };
    const fields = { epoch, view: 1, committedHeight: 0, committedHash: NETWORK, best, signer: this.id };
    const claim: Claim = { ...fields, signature: sign(keyOf(this.index), claimFrame(NETWORK, fields)) };
    const certificate = unsigned("prepare", epoch, 0, 1, best.digest);
    out.push({ kind: "viewChange", claim, committed: null, best: { certificate, header: null }, orders: [order] });
    return out;
  }

  /** A NewView that holds but for one certificate in it: of the block that this replica is about to commit, or of the tip. */
  forgedIn(newView: NewView, { replica: r }: Local): NewView[] {
    const height = r.head.height + 1;
    const hash = r.results.get(r.accepted[0]?.key ?? "")?.hash ?? new Uint8Array(32);
    const { best } = newView;
    const out = [this.signed({ ...newView, committed: unsigned("commit", newView.epoch, newView.view, height, hash) })];
    if (best === null) return out;
    const { kind, epoch, view, height: at, hash: of } = best.certificate;
    out.push(this.signed({ ...newView, best: { ...best, certificate: unsigned(kind, epoch, view, at, of) } }));
    return out;
  }

  /** Fresh orders of a Byzantine primary of view 1 on whatever this replica has entered it with: two that contradict each other. */
  fresh({ replica: r }: Local): PrePrepare[] {
    if (this.index !== 1 || r.view !== 1 || r.mode !== "active" || r.config.epoch !== 0) return [];
    const parent = r.accepted.at(-1) ?? r.head;
    const time = (r.accepted.at(-1)?.order.time ?? r.head.time) - NOW;
    return [1, 2].map((later) => this.proposal(this.order(parent.height + 1, parent.digest, Math.max(time, 0) + later, []), 1));
  }
}

/** By all the others, as it says. */
function unsigned(kind: VoteKind, epoch: number, view: number, height: number, hash: Uint8Array): Certificate {
  const signatures = new Map([0, 1, 2].map((i) => [i, new Uint8Array(64)]));
  return makeCertificate(kind, { epoch, view, height, hash }, signatures, 4);
}
