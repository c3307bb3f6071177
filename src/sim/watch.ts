// What the simulator sees of its nodes: every effect is reported here, checked, counted and, when asked for, written down. docs/testing.md.
// Owns the violation found, the coverage counters, the trace and its hash. Does not own what must hold (checks.ts).

import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import type { StopReason } from "../consensus/driverPorts.ts";
import type { StoredRecord } from "../consensus/journalSegments.ts";
import type { Evidence, NoticeCode, NoticeData, Result } from "../consensus/types.ts";
import type { CommittedBlock } from "../ledger/chain.ts";
import { Breaches } from "./breaches.ts";
import { messageOf } from "./byzantine.ts";
import { Checks } from "./checks.ts";
import type { Clockwork } from "./clockwork.ts";
import { describe } from "./describe.ts";
import { nameOf } from "./founding.ts";
import type { Packet } from "./network.ts";
import type { SimNode } from "./simNode.ts";

/** A scenario broke an invariant. `rule` says which; `detail` what was seen. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
  readonly time: number;
}

/** Others that want to know what happens. */
export interface Listeners {
  committed(node: SimNode, block: CommittedBlock): void;
  headMoved(node: SimNode): void;
  evidence(node: SimNode, evidence: Evidence): void;
  epochEndWanted(node: SimNode): void;
}

export class Watch {
  violation: Violation | undefined;
  /** How often what happened. */
  readonly counts = new Map<string, number>();
  readonly checks: Checks;
  private readonly breaches: Breaches;
  listeners!: Listeners;
  private readonly clock: Clockwork;
  private readonly write: ((line: string) => void) | undefined;
  private h1 = 0x12345678;
  private h2 = 0x9e3779b9;

  constructor(clock: Clockwork, write: ((line: string) => void) | undefined) {
    this.clock = clock;
    this.write = write;
    this.checks = new Checks((rule, detail) => this.violated(rule, detail));
    this.breaches = new Breaches(
      (rule, detail) => this.violated(rule, detail),
      (name) => this.note(name),
    );
  }

  violated(rule: string, detail: string): void {
    this.line(() => `VIOLATION ${rule}: ${detail}`);
    this.violation ??= { rule, detail, time: Math.round(this.clock.now) };
  }

  note(name: string, times = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }

  line(text: () => string): void {
    this.write?.(`${this.clock.now.toFixed(2).padStart(9)} ${text()}`);
  }

  /** Sixty-four bits over everything that was delivered and committed, with its times. */
  get hash(): string {
    return (this.h1 >>> 0).toString(16).padStart(8, "0") + (this.h2 >>> 0).toString(16).padStart(8, "0");
  }
  private mix(word: number): void {
    this.h1 = Math.imul(this.h1 ^ word, 0x01000193);
    this.h2 = Math.imul(this.h2 ^ this.h1 ^ (this.h2 >>> 13), 0x5bd1e995);
  }

  // ── wires ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  heard(from: number, to: number, packet: Packet): void {
    this.mix(Math.round(this.clock.now * 1_024));
    this.mix((from << 16) | (to << 8) | packet.kind.length);
    if (packet.kind === "give") this.note("heard give");
    if (packet.kind === "votes" || packet.kind === "batch") {
      const { bytes } = packet;
      this.mix(bytes.length);
      for (let i = 0; i < bytes.length; i += 7) this.mix(bytes[i]!);
    }
    this.breaches.heard(this.checks.nodes[to]!, this.checks.nodes[from]!, packet);
    if (this.write !== undefined) this.line(() => `${nameOf(from)} → ${nameOf(to)} ${describe(packet)}`);
  }

  sent(node: SimNode, bytes: Bytes): void {
    if (!node.honest) return;
    const message = messageOf(bytes);
    if (message === null) return this.violated("readable", `${node.id} sends what nobody can read: ${hex(bytes.subarray(0, 64))}`);
    this.note(`sent ${message.kind}`);
    if (message.kind === "prePrepare" && (node.driver?.replica.accepted.length ?? 0) > 1) this.note("§4.4 pipelined");
    if (message.kind === "newView" && message.prepare !== null) this.note("§4.5 tip selected");
    this.checks.sent(node, message);
  }

  rejected(node: SimNode, from: number, code: string): void {
    this.note(`rejected ${code}`);
    this.line(() => `    ${node.id} rejects ${nameOf(from)}: ${code}`);
    this.checks.rejected(node, from, code);
    this.breaches.rejected(node, this.checks.nodes[from]!, code);
  }

  cutOff(node: SimNode, from: number): void {
    this.note("peer cut off");
    this.breaches.cutOff(node, from);
    this.line(() => `    ${node.id} cuts ${nameOf(from)} off`);
  }

  // ── processes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  booted(node: SimNode): void {
    this.line(() => `${node.id} starts`);
    this.checks.booted(node);
  }
  /** The replica stands as its journal left it. */
  started({ driver }: SimNode): void {
    const r = driver!.replica;
    if (r.votes.size > 0) this.note("§4.7 restored votes");
    if (r.mode === "changing") this.note("§4.7 restored while changing");
    if (r.view > 0) this.note("§4.7 restored in a later view");
  }
  crashed(node: SimNode, power: boolean): void {
    this.note(power ? "power cut" : "kill");
    this.line(() => `${node.id} ${power ? "loses power" : "is killed"}`);
  }
  stopped(node: SimNode, reason: StopReason): void {
    this.note(`stopped ${reason.code}`);
    const cause = reason.cause instanceof Error ? ` ${reason.cause.stack ?? reason.cause.message}` : "";
    this.line(() => `${node.id} stops: ${reason.code}${cause}`);
    this.checks.stopped(node, reason, cause);
  }

  // ── disk ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  appended(node: SimNode, record: StoredRecord): void {
    this.checks.appended(node, record);
  }
  durable(node: SimNode, record: StoredRecord): void {
    this.checks.durable(node, record);
  }

  // ── ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  executed(node: SimNode, result: Result): void {
    this.note("executed");
    this.checks.executed(node, result);
  }
  committed(node: SimNode, block: CommittedBlock): void {
    const { height, hash, leaves, certificate } = block;
    this.mix(height);
    for (let i = 0; i < 32; i += 4) this.mix((hash[i]! << 24) | (hash[i + 1]! << 16) | (hash[i + 2]! << 8) | hash[i + 3]!);
    this.line(() => `    ${node.id} commits ${height} ${hex(hash.subarray(0, 4))} of view ${certificate.view}, ${leaves.length} leaves`);
    if (node.honest && !this.checks.blocks.has(height)) this.agreed(block);
    this.checks.committed(node, block);
    this.listeners.committed(node, block);
  }
  private agreed({ height, leaves, references, certificate, header, epoch }: CommittedBlock): void {
    let transactions = 0;
    for (const { count } of references) transactions += count;
    for (const { result, writes } of leaves) {
      this.note(result.outcome === 0 ? "§2 applied" : "§2 rejected");
      if (writes.some(({ collection }) => collection === "governance/equivocation")) this.note("§4.10 recorded");
    }
    if (transactions > leaves.length) this.note("§2 skipped", transactions - leaves.length);
    if (references.length === 0) this.note("§3 empty block");
    if (certificate.view > 0) this.note("§4.4 committed in a later view");
    const { last } = this;
    this.last = { epoch, header };
    if (last === undefined || epoch.epoch === header.order.epoch) return;
    if (height < last.epoch.start + last.epoch.parameters.epoch_length - 1) this.note("§4.3 early end");
    if (!equalBytes(header.validators, last.header.validators)) this.note("§4.3 set changed");
    if (!equalBytes(header.parameters, last.header.parameters)) this.note("§4.3 parameters changed");
  }
  private last: Pick<CommittedBlock, "epoch" | "header"> | undefined;
  headMoved(node: SimNode): void {
    this.checks.bounded(node);
    this.listeners.headMoved(node);
  }
  diverged(node: SimNode, height: number): void {
    this.note("§3 re-executed cold");
    this.line(() => `    ${node.id} executes ${height} again, cold`);
    this.checks.diverged(node, `at ${height}`);
  }

  // ── what nodes say ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  evidence(node: SimNode, evidence: Evidence): void {
    this.note(`evidence ${evidence.kind}`);
    this.line(
      () =>
        `    ${node.id} has evidence against ${evidence.signer}: ${evidence.kind} ${evidence.epoch}/${evidence.view}/${evidence.height}`,
    );
    this.checks.evidence(node, evidence);
    this.listeners.evidence(node, evidence);
  }
  epochEndWanted(node: SimNode): void {
    this.note("epoch end wanted");
    this.listeners.epochEndWanted(node);
  }
  notice(node: SimNode, code: NoticeCode, data: NoticeData): void {
    this.note(code === "view.left" ? `view.left ${String(data["reason"])}` : code);
    this.line(() => `    ${node.id} ${code} ${JSON.stringify(data)}`);
    if (code === "divergence" || code === "diverged" || code === "split" || code === "lock")
      this.checks.diverged(node, `${code} ${JSON.stringify(data)}`);
  }
}
