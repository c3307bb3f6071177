// Whoever breaks a rule that bytes alone prove is scored by each honest node that gets them, under that rule's code, and cut off when the score is full; and
// nobody is scored for anything else. docs/protocol.md §4.11. Owns that judgement: which breaches must be scored by this receiver in the state in which it is.
// Does not own what is a breach (convictions.ts). That no honest node is ever scored stands in checks.ts.

import { equalBytes, latin1 } from "../base/bytes.ts";
import { PEER_BAN_POINTS, PEER_POINTS_HALF_LIFE_MS, REJECT_POINTS } from "../base/limits.ts";
import { primaryOf, type Replica, windowSize } from "../consensus/replica.ts";
import type { Message } from "../consensus/types.ts";
import { batchDigest, readBatch } from "../ledger/batch.ts";
import { messageOf } from "./byzantine.ts";
import { type Breach, breachOf, convictions, echoes, isScoredAs, provable } from "./convictions.ts";
import type { Packet } from "./network.ts";
import type { SimNode } from "./simNode.ts";

/** A message is worked off in the moment in which it arrives; a batch is verified in half a millisecond. */
const SCORED_WITHIN_MS = 1;
/** So many in half a half-life fill the score, whatever has been forgotten meanwhile. */
const CERTAINLY_CUT = 2 * Math.ceil(PEER_BAN_POINTS / REJECT_POINTS);

interface Owed {
  readonly node: SimNode;
  readonly incarnation: number;
  readonly from: SimNode;
  readonly breach: Breach;
  readonly packet: Packet;
  readonly time: number;
}

export class Breaches {
  /** Breaches that have arrived and are still to be scored, oldest first. */
  private owed: Owed[] = [];
  /** Times at which a process scored a peer since it last cut it off. */
  private readonly scores = new Map<string, number[]>();
  private readonly violated: (rule: string, detail: string) => void;
  private readonly note: (name: string) => void;

  constructor(violated: (rule: string, detail: string) => void, note: (name: string) => void) {
    this.violated = violated;
    this.note = note;
  }

  /** `node` is about to get a packet of `from`. */
  heard(node: SimNode, from: SimNode, packet: Packet): void {
    if (this.owed.length > 0) this.due(node.world.clock.now);
    if (from.honest || !node.honest || node.driver === undefined) return;
    const breach = breachIn(packet, from);
    if (breach === undefined || !isJudged(node, from, breach, packet)) return;
    this.note("breach proved");
    this.owed.push({ node, incarnation: node.incarnation, from, breach, packet, time: node.world.clock.now });
  }

  /**
   * What was not scored in time never will be. A process that is over, or that signs nothing more, owes nothing; nor does one for which the message has become
   * one of those that it does not look at (its view or head moved on in the same moment).
   */
  private due(now: number): void {
    while (this.owed[0] !== undefined && this.owed[0].time + SCORED_WITHIN_MS < now) {
      const { node, incarnation, from, breach, packet } = this.owed.shift()!;
      if (!node.up || node.incarnation !== incarnation || node.driver === undefined || node.driver.replica.stopped) continue;
      if (!isJudged(node, from, breach, packet)) continue;
      this.violated("§4.11 a proven breach is scored", `${node.id} does not score ${from.id} for ${breach}`);
    }
  }

  rejected(node: SimNode, from: SimNode, code: string): void {
    this.settle(node, from, code);
    if (node.honest && from.corruption !== undefined && !hasOtherKey(from, node) && !isDeserved(code, from))
      this.violated("§4.11 nobody is scored for what proves nothing", `${node.id} scores ${from.id}: ${code}`);
    if (node.peers.isCut(from.index)) return; // that was still under way
    const { now } = node.world.clock;
    const name = nameOf(node, from.index);
    const times = (this.scores.get(name) ?? []).filter((time) => now - time < PEER_POINTS_HALF_LIFE_MS / 2);
    times.push(now);
    this.scores.set(name, times);
    if (times.length > CERTAINLY_CUT)
      this.violated("§4.11 who breaks rules again and again is cut off", `${node.id} has scored ${from.id} ${times.length} times`);
  }

  /** A score names its code, not its message: of several it is for one that is still looked at. What no longer is may have been dropped unread meanwhile. */
  private settle(node: SimNode, from: SimNode, code: string): void {
    const fits = (owed: Owed): boolean => owed.node === node && owed.from === from && isScoredAs(code, provable[owed.breach]);
    const looked = this.owed.findIndex((owed) => fits(owed) && node.driver !== undefined && isJudged(node, from, owed.breach, owed.packet));
    const at = looked >= 0 ? looked : this.owed.findIndex(fits);
    if (at >= 0) this.note(`breach ${this.owed.splice(at, 1)[0]!.breach}`);
  }

  cutOff(node: SimNode, from: number): void {
    this.scores.delete(nameOf(node, from));
  }
}

const nameOf = (node: SimNode, from: number): string => `${node.index} ${node.incarnation} ${from}`;

/** With a new key it may sign what belongs to the epoch of the old one; with the old one, before its operator has changed it, what belongs to the new. */
const hasOtherKey = (from: SimNode, judge: SimNode): boolean => {
  const named = judge.config.validators.find(({ id }) => id === from.id);
  return from.keyTurn > 0 || (named !== undefined && !equalBytes(named.key, from.secrets.consensus.key));
};

/** Some habit of its bearer's accounts for the code; or of another Byzantine validator, whose words it says again. */
function isDeserved(code: string, { corruption, world }: SimNode): boolean {
  const own = corruption!.habitNames;
  const all = own.some((habit) => echoes.has(habit))
    ? world.watch.checks.nodes.flatMap((other) => other.corruption?.habitNames ?? [])
    : own;
  return all.some((habit) => isScoredAs(code, convictions[habit]));
}

/** By the bytes themselves, else by what whoever made them says of them. */
function breachIn(packet: Packet, from: SimNode): Breach | undefined {
  if (packet.kind === "batch") return isReadable(packet.bytes) ? breachOf(packet.bytes) : "a batch that cannot be read";
  if (packet.kind !== "votes") return undefined;
  const message = messageOf(packet.bytes);
  if (message === null) return "a message that cannot be read";
  const voter =
    message.kind === "prePrepare" ? message.prepare.signer : "signer" in message && "hash" in message ? message.signer : from.id;
  return voter === from.id ? breachOf(packet.bytes) : "a vote in another's name";
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    readBatch(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether this receiver, as it stands, looks at the message at all: what is of no use to it any more, or not yet, is dropped unread (§4.4, §4.5, §4.11). */
function isJudged(node: SimNode, from: SimNode, breach: Breach, packet: Packet): boolean {
  if (packet.kind === "batch") return breach === "a batch that cannot be read" || !isKnown(node, packet.bytes);
  if (packet.kind !== "votes") return false;
  const message = messageOf(packet.bytes);
  return message === null || breach === "a vote in another's name" || looksAt(node.driver!.replica, from.id, message);
}

function isKnown(node: SimNode, bytes: Uint8Array): boolean {
  return node.batches.knows(batchDigest(node.world.founding.network, bytes, readBatch(bytes)));
}

function looksAt(r: Replica, from: string, m: Message): boolean {
  switch (m.kind) {
    case "prePrepare": {
      const { epoch, height } = m.order;
      if (epoch !== r.config.epoch || m.view !== r.view || r.mode !== "active") return false;
      if (height <= r.head.height || height > Math.min(r.head.height + 2 * windowSize(r), r.end)) return false;
      const known = r.slots.get(height)?.proposal?.message.prepare.hash;
      return from !== primaryOf(r, r.view) || known === undefined || latin1(known) !== latin1(m.prepare.hash);
    }
    case "viewChange": {
      // Another's claim is dropped unread: who passes it on may not know what is wrong with it.
      const { epoch, view, signer } = m.claim;
      const former = r.claims.get(from)?.claim.view ?? 0;
      return signer === from && epoch === r.config.epoch && view > r.view && r.indexes.has(from) && former < view;
    }
    case "newView":
      return (
        m.epoch === r.config.epoch &&
        from === primaryOf(r, m.view) &&
        m.view > r.view &&
        m.view >= r.promise &&
        (r.pending?.view ?? 0) < m.view
      );
    case "block":
      return m.header.order.epoch === r.config.epoch && m.header.order.height > r.committing;
    case "answer":
      return !r.ready && m.nonce === r.nonce && r.indexes.has(from) && !r.answered.has(from);
    default:
      return false;
  }
}
