// Entering a view: selection from q claims, the NewView made and checked, the selected chain. docs/protocol.md §4.5.
// Owns what a view begins with. Does not own claims (viewChange.ts) nor the first vote (normal.ts tryFirstVote).

import { equalBytes, latin1 } from "../base/bytes.ts";
import { type Certificate, voteFrame } from "../base/certificate.ts";
import { fetchMissing } from "./batches.ts";
import { noteContradiction } from "./divergence.ts";
import { newViewEvidence } from "./evidence.ts";
import { notePrepare } from "./normal.ts";
import { acceptChain, chainTo, fetchChain, forgetOrders, know, signersOf } from "./orders.ts";
import { addVote, holdsItself, verifyVote } from "./quorum.ts";
import { type Entry, isHeld, keyOf, mayVote, primaryOf, type Replica, slotAt, windowSize } from "./replica.ts";
import { restartTimers } from "./timers.ts";
import type { BestClaim, Claim, Effect, JournalRecord, NewView, Outgoing, SignedNewView, ViewChange, Vote } from "./types.ts";
import { checkBest, claimHolds, ordersLead } from "./viewChange.ts";
import { countOwn, orderRecords, raiseBest, voteRecord } from "./votes.ts";
import { newViewFrame, newViewHash } from "./wire.ts";

/** §4.5.3 Selection: C = the highest committed height, T = the best of the highest (view, height). Above C, T is the tip; otherwise block C is. */
export function select(claims: readonly Claim[]): { committed: Claim; best: BestClaim | null; tip: BestClaim | null } {
  let committed = claims[0]!;
  let best: BestClaim | null = null;
  for (const claim of claims) {
    if (claim.committedHeight > committed.committedHeight) committed = claim;
    if (claim.best !== null && (best === null || isHigher(claim.best, best))) best = claim.best;
  }
  return { committed, best, tip: best !== null && best.height > committed.committedHeight ? best : null };
}

const isHigher = (a: BestClaim, b: BestClaim): boolean => a.view > b.view || (a.view === b.view && a.height > b.height);

// ── the new primary ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** §4.5.4 New primary: q valid claims of exactly my promise, C committed by myself, all bodies of the selected chain held. */
export function tryNewView(r: Replica, out: Effect[]): void {
  const view = r.promise;
  if (r.mode !== "changing" || primaryOf(r, view) !== r.organisation || !mayVote(r) || r.stopped || isOvertaken(r, view)) return;
  const changes = chooseChanges(r, view);
  if (changes === null) return;
  const { committed, best, tip } = select(changes.map(({ claim }) => claim));
  if (committed.committedHeight > r.head.height) return; // sync first: its certificate is known as a fact
  const proof = best && changes.find(({ claim }) => claim.best !== null && same(claim.best, best))!;
  for (const order of proof?.orders ?? []) know(r, order);
  const chain = selectedChain(r, out, view, tip);
  if (chain === null) return;
  const lacking = chain.filter((entry) => !isHeld(r, entry));
  for (const entry of lacking) fetchMissing(r, out, entry, signersOf(r, proof!.best!.certificate));
  if (lacking.length > 0) return;
  const newView = makeNewView(r, view, changes, { committed, best, tip }, proof);
  const records = [...orderRecords(r, chain, true), newViewRecord(newView)];
  if (newView.prepare !== null) records.push(voteRecord(newView.prepare, newView.prepare.hash));
  enter(r, out, newView, chain, records, [{ to: "validators", message: newView }]);
}

const same = (a: BestClaim, b: BestClaim): boolean => a.view === b.view && a.height === b.height && equalBytes(a.digest, b.digest);

/** q claims of exactly this view, the own among them; of more than q those that are least ahead, so that nothing need be waited for. */
function chooseChanges(r: Replica, view: number): ViewChange[] | null {
  const exact = [...r.claims.values()].filter(({ claim }) => claim.view === view);
  if (exact.length < r.q || r.own === null) return null;
  const others = exact.filter(({ claim }) => claim.signer !== r.organisation);
  others.sort((a, b) => a.claim.committedHeight - b.claim.committedHeight || (a.claim.signer < b.claim.signer ? -1 : 1));
  return [r.own, ...others.slice(0, r.q - 1)];
}

function makeNewView(
  r: Replica,
  view: number,
  changes: readonly ViewChange[],
  selection: ReturnType<typeof select>,
  proof: ViewChange | null,
): NewView {
  const { committed, tip } = selection;
  const height = committed.committedHeight;
  const orders = tip === null ? [] : proof!.orders.filter(({ order }) => order.height > height);
  const prepare = tip === null ? null : signTip(r, view, tip);
  const body = {
    epoch: r.config.epoch,
    view,
    claims: changes.map(({ claim }) => claim),
    committed: changes.find(({ claim }) => claim === committed)!.committed,
    best: proof?.best ?? null,
    orders,
    prepare,
  };
  const fields = { epoch: body.epoch, view, hash: newViewHash(body), signer: r.organisation };
  return { kind: "newView", ...body, signer: r.organisation, signature: r.ports.sign(newViewFrame(r.network, fields)) };
}

/** The primary's Prepare for the selected tip. It may stand at a height that I have committed meanwhile: others have not. */
function signTip(r: Replica, view: number, { height, digest }: BestClaim): Vote {
  const vote = { kind: "prepare", epoch: r.config.epoch, view, height, hash: digest, signer: r.organisation } as const;
  return { ...vote, signature: r.ports.sign(voteFrame(r.network, "prepare", vote)) };
}

const newViewRecord = (newView: NewView): JournalRecord => ({ kind: "newView", epoch: newView.epoch, height: 0, newView });

/** A certificate shows that a quorum has entered a higher view: nothing can come of this one any more, and it may select what that one left behind. */
const isOvertaken = (r: Replica, view: number): boolean => r.best !== null && view < r.best.view;

/**
 * The selected chain above my committed head; null if it contradicts what is committed. Where that was certified in an earlier view more than f are faulty: a
 * stop (§4.5). Where it was certified in this very view, its primary made two NewViews, and this is the other one.
 */
function selectedChain(r: Replica, out: Effect[], view: number, tip: BestClaim | null): Entry[] | null {
  if (tip === null || tip.height <= r.head.height) return [];
  const path = chainTo(r, tip.digest, tip.height);
  if (path !== null && "chain" in path) return path.chain;
  if (r.best === null || r.best.view < view) noteContradiction(r, out, tip.height);
  return null;
}

// ── backups ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A NewView of its view's primary, from anybody (§4.9). The first valid one wins; a different one is evidence. True if it is to be entered. */
export function onNewView(r: Replica, out: Effect[], from: string, message: NewView): boolean {
  const { view, signer } = message;
  if (signer !== primaryOf(r, view) || signer === r.organisation || view < r.view || view < r.promise || view === 0) return false;
  const rival = view === r.view ? r.newView : r.pending?.view === view ? r.pending : null;
  if (rival !== null) {
    noteRival(r, out, rival, message);
    return false;
  }
  if (view === r.view || (r.pending !== null && r.pending.view > view)) return false;
  if (!checkNewView(r, message)) {
    out.push({ kind: "reject", peer: from, code: "new_view.invalid" });
    return false;
  }
  r.pending = message;
  return true;
}

function noteRival(r: Replica, out: Effect[], first: NewView, second: NewView): void {
  const [a, b] = [signedForm(first), signedForm(second)];
  if (!equalBytes(a.hash, b.hash) && newViewSigned(r, b)) newViewEvidence(r, out, a, b);
}

export const signedForm = (m: NewView): SignedNewView => ({
  epoch: m.epoch,
  view: m.view,
  hash: newViewHash(m),
  signer: m.signer,
  signature: m.signature,
});

export function newViewSigned(r: Replica, signed: SignedNewView): boolean {
  const key = keyOf(r, signed.signer);
  return key !== undefined && r.ports.verify(signed.signature, newViewFrame(r.network, signed), key);
}

/** §4.5.5 Backup: q distinct claims of exactly this view, all signatures, both certificates the highest claimed, the selection as I compute it. */
function checkNewView(r: Replica, m: NewView): boolean {
  if (m.claims.length !== r.q || new Set(m.claims.map((claim) => claim.signer)).size !== r.q) return false;
  if (!newViewSigned(r, signedForm(m))) return false;
  for (const claim of m.claims) {
    if (claim.view !== m.view) return false;
    const known = r.claims.get(claim.signer)?.claim;
    if (!(known && known.view === claim.view && sameClaim(known, claim)) && !claimHolds(r, claim)) return false;
  }
  const { committed, best, tip } = select(m.claims);
  const height = committed.committedHeight;
  // Below the epoch's start nothing is proved and the hash is of no use: a lie there must not spoil an honest primary's NewView.
  if (
    height >= r.config.start &&
    m.claims.some((claim) => claim.committedHeight === height && !equalBytes(claim.committedHash, committed.committedHash))
  )
    return false;
  if (!attachedHolds(r, height, committed.committedHash, m.committed)) return false;
  if (best === null) return m.best === null && m.orders.length === 0 && m.prepare === null;
  if (best.view >= m.view || m.best === null || checkBest(r, best, m.best) === null || !holdsItself(r, m.best.certificate)) return false;
  if (tip === null) return m.orders.length === 0 && m.prepare === null;
  return tip.height <= height + windowSize(r) && ordersLead(r, m.orders, height, tip.height, tip.digest) && prepareFits(r, m, tip);
}

/**
 * The certificate of the highest committed height claimed; none where none is needed. What is attached goes on as it is, with the primary's signature over it:
 * its very bytes must hold, whatever is known of the fact otherwise.
 */
function attachedHolds(r: Replica, height: number, hash: Uint8Array, certificate: Certificate | null): boolean {
  if (certificate === null || height < r.config.start) return certificate === null && height === r.config.start - 1;
  return (
    certificate.kind === "commit" && certificate.height === height && equalBytes(certificate.hash, hash) && holdsItself(r, certificate)
  );
}

/** Of one signer and view: the rest is the same too, so that whoever does not know `a` comes to the same verdict on `b`. */
function sameClaim(a: Claim, b: Claim): boolean {
  const bests = a.best === null || b.best === null ? a.best === b.best : same(a.best, b.best);
  const committed = a.committedHeight === b.committedHeight && equalBytes(a.committedHash, b.committedHash);
  return bests && committed && a.epoch === b.epoch && equalBytes(a.signature, b.signature);
}

function prepareFits(r: Replica, { prepare, view, signer, epoch }: NewView, tip: BestClaim): boolean {
  if (prepare === null || prepare.kind !== "prepare" || prepare.epoch !== epoch || prepare.view !== view) return false;
  return prepare.signer === signer && prepare.height === tip.height && equalBytes(prepare.hash, tip.digest) && verifyVote(r, prepare);
}

/** Enters the NewView that waits as soon as its C is committed here (§4.5.5: behind C, sync first), unless its view was overtaken meanwhile. */
export function tryEnter(r: Replica, out: Effect[]): void {
  const m = r.pending;
  if (m === null || r.stopped) return;
  if (m.view <= r.view || m.view < r.promise || isOvertaken(r, m.view)) {
    r.pending = null;
    return;
  }
  const { committed, tip } = select(m.claims);
  if (committed.committedHeight > r.head.height) return;
  r.pending = null;
  for (const order of m.orders) know(r, order);
  const chain = selectedChain(r, out, m.view, tip);
  if (chain === null) return;
  enter(r, out, m, chain, [...orderRecords(r, chain, false), newViewRecord(m)], []);
}

function enter(r: Replica, out: Effect[], m: NewView, chain: Entry[], records: readonly JournalRecord[], then: readonly Outgoing[]): void {
  const { best, tip } = select(m.claims);
  Object.assign(r, {
    view: m.view,
    mode: "active",
    promise: m.view,
    newView: m,
    newViewHash: newViewHash(m),
    own: null,
    leaveReason: null,
    split: null,
  });
  Object.assign(r, { slots: new Map(), certifiedInView: 0, firstVote: tip?.height ?? 0 });
  r.votes.clear();
  for (const [id, { claim }] of r.claims) if (claim.view <= m.view) r.claims.delete(id);
  restartTimers(r);
  if (r.me >= 0) out.push({ kind: "persist", records, then }); // an observer has no journal
  out.push({ kind: "notice", code: "view.entered", data: { view: m.view, tip: tip?.height ?? r.head.height } });
  acceptChain(r, out, chain, m.best === null ? [] : signersOf(r, m.best.certificate));
  if (best !== null) raiseBest(r, { ...best, certificate: m.best!.certificate, header: m.best!.header });
  if (r.best !== null && m.best !== null && r.best.certificate === m.best.certificate) r.best.durable = true; // with the NewView
  forgetOrders(r);
  if (m.prepare === null || m.prepare.height <= r.head.height) return;
  if (m.signer === r.organisation) countOwn(r, out, m.prepare);
  else addVote(r, out, slotAt(r, m.prepare.height).prepares, m.prepare, true);
  notePrepare(r, out, m.prepare.height, latin1(m.prepare.hash));
}

/** Bodies of the accepted chain that are still missing. */
export function fetchAccepted(r: Replica, out: Effect[]): void {
  if (r.accepted.length === 0) return;
  fetchChain(r, out, r.newView?.best ? signersOf(r, r.newView.best.certificate) : [primaryOf(r, r.view)]);
}
