// Whoever breaks a rule that bytes alone prove is scored by each honest node that gets them, and cut off when the score is full. docs/protocol.md §4.11.
// Owns that judgement, made without the receiver's state: messages that cannot be read, and votes in another's name. That no honest node is ever scored
// stands in checks.ts.

import { PEER_BAN_POINTS, PEER_POINTS_HALF_LIFE_MS, REJECT_POINTS } from "../base/limits.ts";
import { messageOf } from "./byzantine.ts";
import type { Packet } from "./network.ts";
import type { SimNode } from "./simNode.ts";

/** A message is worked off in the moment in which it arrives. */
const SCORED_WITHIN_MS = 1;
/** So many in half a half-life fill the score, whatever has been forgotten meanwhile. */
const CERTAINLY_CUT = 2 * Math.ceil(PEER_BAN_POINTS / REJECT_POINTS);

interface Owed {
  readonly node: SimNode;
  readonly incarnation: number;
  readonly from: SimNode;
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
    if (from.honest || !node.honest || node.driver === undefined || packet.kind !== "votes") return;
    const message = messageOf(packet.bytes);
    if (message !== null) {
      if (message.kind !== "prepare" && message.kind !== "commit" && message.kind !== "prePrepare") return;
      if ((message.kind === "prePrepare" ? message.prepare.signer : message.signer) === from.id) return;
    }
    this.note("breach proved");
    this.owed.push({ node, incarnation: node.incarnation, from, time: node.world.clock.now });
  }

  /** What was not scored in time never will be. A process that is over, or that signs nothing more, owes nothing. */
  private due(now: number): void {
    while (this.owed[0] !== undefined && this.owed[0].time + SCORED_WITHIN_MS < now) {
      const { node, incarnation, from } = this.owed.shift()!;
      if (!node.up || node.incarnation !== incarnation || node.driver === undefined || node.driver.replica.stopped) continue;
      this.violated("§4.11 a proven breach is scored", `${node.id} does not score ${from.id}`);
    }
  }

  rejected(node: SimNode, from: number): void {
    const at = this.owed.findIndex((owed) => owed.node === node && owed.from.index === from);
    if (at >= 0) this.owed.splice(at, 1);
    if (node.peers.isCut(from)) return; // that was still under way
    const { now } = node.world.clock;
    const name = nameOf(node, from);
    const times = (this.scores.get(name) ?? []).filter((time) => now - time < PEER_POINTS_HALF_LIFE_MS / 2);
    times.push(now);
    this.scores.set(name, times);
    if (times.length > CERTAINLY_CUT)
      this.violated("§4.11 who breaks rules again and again is cut off", `${node.id} has scored ${from} ${times.length} times`);
  }

  cutOff(node: SimNode, from: number): void {
    this.scores.delete(nameOf(node, from));
  }
}

const nameOf = (node: SimNode, from: number): string => `${node.index} ${node.incarnation} ${from}`;
