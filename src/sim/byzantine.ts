// A Byzantine validator: a node with the real core and its own keys, whose habits change what it says and what it hears. docs/protocol.md §4; attacks.md.
// Owns the frame: which habit sees what, what was heard, and signing with its own key. It cannot forge. Does not own the habits themselves
// (byzantineVotes.ts, byzantineLies.ts, byzantineBatches.ts).

import type { Bytes } from "../base/bytes.ts";
import { type VoteKind, voteFrame } from "../base/certificate.ts";
import { orderDigest } from "../base/header.ts";
import { decodeMessage, encodeMessage } from "../consensus/messages.ts";
import type { Claim, Message, Order, PrePrepare, ViewChange, Vote } from "../consensus/types.ts";
import { claimFrame } from "../consensus/wire.ts";
import { signTransaction } from "../ledger/transaction.ts";
import { batchHabits } from "./byzantineBatches.ts";
import { lyingHabits } from "./byzantineLies.ts";
import { votingHabits } from "./byzantineVotes.ts";
import { inherit } from "./convictions.ts";
import type { Packet } from "./network.ts";
import type { Random } from "./random.ts";
import type { Habit as HabitName } from "./scenario.ts";
import type { Corruption, SimNode } from "./simNode.ts";

/** What a habit may change. `undefined` means: nothing to say about this. */
export interface Habit {
  /** A consensus message of its own core, for one peer: what goes out in its place. */
  message?(to: number, message: Message): readonly Message[] | undefined;
  /** Any other packet. */
  packet?(to: number, packet: Packet): readonly Packet[] | undefined;
  hears?(from: number, packet: Packet): boolean | undefined;
  learns?(origin: string): boolean;
  /** Now and then. */
  act?(): void;
}
export type MakeHabit = (byzantine: Byzantine) => Habit;

const make: { readonly [name in HabitName]: MakeHabit } = { ...votingHabits, ...lyingHabits, ...batchHabits };
const decoded = new WeakMap<Bytes, Message | null>();
const MOST_HEARD = 400;

/** The message in these bytes; most of them are looked at once for each peer. */
export function messageOf(bytes: Bytes): Message | null {
  let message = decoded.get(bytes);
  if (message === undefined) decoded.set(bytes, (message = decodeMessage(bytes).message ?? null));
  return message;
}

export class Byzantine implements Corruption {
  readonly node: SimNode;
  readonly random: Random;
  readonly everyMs: number;
  /** What others have sent lately. */
  readonly heard: Bytes[] = [];
  readonly viewChanges = new Map<string, ViewChange>();
  /** Transactions and NewViews that it made for mischief. */
  made = 0;
  readonly habitNames: readonly HabitName[];
  private readonly habits: readonly (readonly [name: HabitName, habit: Habit])[];

  constructor(node: SimNode, habits: readonly HabitName[], random: Random, everyMs: number) {
    this.node = node;
    this.random = random;
    this.everyMs = everyMs;
    this.habitNames = habits;
    this.habits = habits.map((name) => [name, make[name](this)] as const);
    this.later();
  }

  private later(): void {
    const { clock } = this.node.world;
    clock.after(this.everyMs * (0.5 + this.random.next()), undefined, () => {
      if (this.node.driver !== undefined) for (const [name, habit] of this.habits) this.act(name, habit);
      this.later();
    });
  }

  private act(name: HabitName, habit: Habit): void {
    const { network } = this.node.world;
    const before = network.sent;
    habit.act?.();
    if (network.sent > before) this.did(name);
  }

  private did(name: HabitName): void {
    this.node.world.watch.note(`habit ${name}`);
  }

  // ── what goes out, what comes in ───────────────────────────────────────────────────────────────────────────────────────────

  outgoing(to: number, packet: Packet): readonly Packet[] {
    const message = packet.kind === "votes" ? messageOf(packet.bytes) : null;
    for (const [name, habit] of this.habits) {
      const changed = message === null ? habit.packet?.(to, packet) : habit.message?.(to, message)?.map(votes);
      if (changed === undefined) continue;
      this.node.world.watch.note("Byzantine acts");
      this.did(name);
      return changed;
    }
    return [packet];
  }

  incoming(from: number, packet: Packet): boolean {
    if (packet.kind === "votes") {
      this.heard.push(packet.bytes);
      if (this.heard.length > MOST_HEARD) this.heard.shift();
      const message = messageOf(packet.bytes);
      if (message?.kind === "viewChange") this.viewChanges.set(message.claim.signer, message);
    }
    return this.habits.every(([, habit]) => habit.hears?.(from, packet) !== false);
  }

  learns(origin: string): boolean {
    return this.habits.every(([name, habit]) => {
      const learns = habit.learns?.(origin) !== false;
      if (!learns) this.did(name);
      return learns;
    });
  }

  // ── tools of the habits ────────────────────────────────────────────────────────────────────────────────────────────────────

  get replica() {
    return this.node.driver!.replica;
  }
  get network(): Bytes {
    return this.node.world.founding.network;
  }

  /** Past its own core and all habits. */
  send(to: number, message: Message): void {
    this.node.world.watch.note("Byzantine acts");
    this.node.world.network.send(this.node.index, to, votes(message));
  }
  scatter(message: Message): void {
    for (const to of this.random.subset(this.others())) this.send(to, message);
  }
  others(): number[] {
    return this.node.world.watch.checks.nodes.map(({ index }) => index).filter((index) => index !== this.node.index);
  }

  /** One of two sides on which a peer stands in the matter at hand. */
  side(to: number, matter: string): boolean {
    let h = to * 2_654_435_761;
    for (let i = 0; i < matter.length; i++) h = Math.imul(h ^ matter.charCodeAt(i), 0x01000193);
    return ((h ^ (h >>> 15)) & 1) === 1;
  }

  sign(framed: Bytes): Bytes {
    return this.node.world.scheme.sign(this.node.secrets.consensus.seed, framed);
  }
  vote(kind: VoteKind, epoch: number, view: number, height: number, hash: Bytes): Vote {
    const vote = { kind, epoch, view, height, hash, signer: this.node.id };
    return { ...vote, signature: this.sign(voteFrame(this.network, kind, vote)) };
  }
  proposal(view: number, { order, references }: Order): PrePrepare {
    const prepare = this.vote("prepare", order.epoch, view, order.height, orderDigest(this.network, order));
    return { kind: "prePrepare", view, order, references, prepare };
  }
  claim(fields: Omit<Claim, "signature" | "signer">): Claim {
    const claim = { ...fields, signer: this.node.id };
    return { ...claim, signature: this.sign(claimFrame(this.network, claim)) };
  }
  /** An act that nobody waits for. */
  asksForEpochEnd(): void {
    const { node } = this;
    const fields = {
      nonce: this.random.bytes(16),
      notAfter: node.wallClock() + 60_000,
      operations: [{ action: "governance.endEpoch@1", args: { member: node.id } }],
    };
    node.submit(signTransaction(this.network, fields, [node.secrets.consensus.seed]));
  }
}

export const votes = (message: Message): Packet => ({ kind: "votes", bytes: inherit(encodeMessage(message), message) });
