// What must hold after every step of every schedule, whatever the network, the disks and f Byzantine validators do. docs/protocol.md §4, attacks: smaller
// decision 22. Owns the judgement. It sees only what nodes make durable, send and commit: never the state of a replica, so that it shares no bug with the core.

import { hex, latin1 } from "../base/bytes.ts";
import { quorum, signerIndexes } from "../base/certificate.ts";
import { orderDigest } from "../base/header.ts";
import type { Effect, EpochConfig, JournalRecord, Message, Vote } from "../consensus/types.ts";
import { Certifiable } from "./certifiable.ts";
import type { ExplorerNode } from "./explorerNode.ts";
import { NETWORK } from "./explorerPorts.ts";

/** A schedule broke an invariant. */
export class Violation {
  readonly what: string;
  readonly detail: string;
  constructor(what: string, detail: string) {
    this.what = what;
    this.detail = detail;
  }
}

export class Checks {
  /** Block hash and order digest by height, as some honest node committed them. */
  readonly committed = new Map<number, { hash: string; digest: string; config: EpochConfig }>();
  /** The one result of an order that was ever certified. */
  private readonly results = new Map<string, string>();
  /** Votes that honest nodes sent, by signer and slot. */
  private readonly votes = new Map<string, string>();
  private readonly promises = new Map<string, number>();
  private readonly recorded = new Set<string>();
  private readonly certifiable = new Certifiable();
  /** Byzantine, or restored from an old image: not bound by promises. */
  private readonly unbound: ReadonlySet<string>;

  constructor(unbound: ReadonlySet<string>) {
    this.unbound = unbound;
  }

  /** One block per height over all honest nodes, one result per order, a certificate of q distinct signers, bodies held by f + 1 honest. */
  commit(
    node: ExplorerNode,
    { height, hash, header, references, certificate }: Extract<Effect, { kind: "commit" }>,
    honest: readonly ExplorerNode[],
  ): void {
    const config = this.committed.get(height)?.config ?? node.replica.config;
    const digest = hex(orderDigest(NETWORK, header.order));
    const seen = this.committed.get(height);
    if (seen !== undefined && seen.hash !== hex(hash))
      throw new Violation("fork", `height ${height}: ${seen.hash.slice(0, 8)} and ${hex(hash).slice(0, 8)} (${node.id})`);
    this.committed.set(height, { hash: hex(hash), digest, config });
    const result = this.results.get(digest);
    if (result !== undefined && result !== hex(hash)) throw new Violation("two results", `order at ${height}`);
    this.results.set(digest, hex(hash));
    const n = config.validators.length;
    const signers = signerIndexes(certificate, n);
    if (signers === undefined || signers.length < quorum(n)) throw new Violation("certificate", `height ${height} with too few signers`);
    for (const reference of references) {
      const key = latin1(reference.digest);
      const holders = honest.filter((other) => other.bodies.has(key)).length;
      if (holders < Math.floor((n - 1) / 3) + 1) throw new Violation("body", `height ${height}: ${holders} honest hold a batch of it`);
    }
  }

  /** What an honest node sends: never two votes for one slot, never one below a promise, restarts included. */
  sent(node: ExplorerNode, message: Message): void {
    if (this.unbound.has(node.id)) return;
    switch (message.kind) {
      case "prepare":
      case "commit":
        return this.vote(node, message);
      case "prePrepare":
        return this.vote(node, message.prepare);
      case "newView":
        if (message.signer !== node.id) return; // brought to somebody behind
        this.slot(`${node.id} newView ${message.epoch} ${message.view}`, hex(message.signature));
        if (message.prepare !== null) this.vote(node, message.prepare);
        return;
      case "viewChange":
        this.slot(`${node.id} viewChange ${message.claim.epoch} ${message.claim.view}`, hex(message.claim.signature));
        return;
      default:
        return;
    }
  }

  private vote(node: ExplorerNode, vote: Vote): void {
    const { kind, epoch, view, height, hash, signer } = vote;
    if (signer !== node.id) throw new Violation("signer", `${node.id} sends a vote of ${signer}`);
    const name = `${signer} ${kind} ${epoch} ${view} ${height}`;
    const known = this.votes.get(name);
    if (known === hex(hash)) return; // sent again
    if (known === undefined && !this.recorded.has(`${name} ${hex(hash)}`)) throw new Violation("sent before durable", name);
    this.slot(name, hex(hash));
    if (kind !== "commit" || epoch !== node.config.epoch) return;
    const fork = this.certifiable.commit(vote, node.config, (id) => !this.unbound.has(id));
    if (fork !== undefined) throw new Violation("fork", `${fork}: both could be certified`);
  }

  private slot(name: string, hash: string): void {
    const known = this.votes.get(name);
    if (known !== undefined && known !== hash) throw new Violation("equivocation", name);
    this.votes.set(name, hash);
  }

  /** A promise counts from the moment it is durable. Whatever a vote relies on must be durable with it. */
  durable(node: ExplorerNode, record: JournalRecord): void {
    if (this.unbound.has(node.id)) return;
    if (record.kind === "vote") {
      const { kind, epoch, view, height, hash, signer } = record.vote;
      const promise = this.promises.get(`${node.id} ${epoch}`) ?? 0;
      if (view < promise) throw new Violation("vote below promise", `${node.id} ${kind} ${view} ${height}, promised ${promise}`);
      const { head, config } = node;
      if (epoch === config.epoch && (height > config.end || height > head.height + config.parameters.window))
        throw new Violation("beyond", `${node.id} ${kind} at ${height}, committed ${head.height}, epoch ends ${config.end}`);
      if (epoch > config.epoch) throw new Violation("barrier", `${node.id} votes in epoch ${epoch} before it has committed ${config.end}`);
      this.recorded.add(`${signer} ${kind} ${epoch} ${view} ${height} ${hex(hash)}`);
    }
    if (record.kind === "promise") this.promise(node, record.epoch, record.viewChange.claim.view);
    if (record.kind === "newView") this.promise(node, record.epoch, record.newView.view);
    if (record.kind === "order")
      for (const body of record.bodies)
        if (!node.held.has(latin1(body))) throw new Violation("durable", `${node.id} journals a body that it lacks`);
  }

  private promise(node: ExplorerNode, epoch: number, view: number): void {
    const name = `${node.id} ${epoch}`;
    this.promises.set(name, Math.max(view, this.promises.get(name) ?? 0));
  }

  /** No honest node in the evidence; no honest node stops. */
  noticed(node: ExplorerNode, effect: Effect, drifting: boolean): void {
    if (effect.kind === "evidence" && !this.unbound.has(effect.evidence.signer))
      throw new Violation(
        "evidence",
        `${effect.evidence.signer} ${effect.evidence.kind} ${effect.evidence.epoch} ${effect.evidence.view} ${effect.evidence.height}`,
      );
    if (this.unbound.has(node.id)) return;
    if (effect.kind === "stop") throw new Violation("stop", `${node.id} ${effect.code}`);
    if (effect.kind === "divergence" && !drifting) throw new Violation("divergence", `${node.id} at ${effect.height}`);
  }
}
