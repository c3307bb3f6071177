// The simulated wires: who hears what, when, how often and in which order. docs/testing.md.
// Owns latency, loss, duplication, reordering, partitions and connections that break and come back. Does not own what is sent (simNode.ts), nor when
// a wire turns bad (faults.ts). In good weather a wire keeps its order and loses nothing, as a stream does.

import type { Bytes } from "../base/bytes.ts";
import type { SyncBlock } from "../consensus/driverPorts.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Random } from "./random.ts";

/** What travels: consensus messages as bytes; batches, acks and pulls; blocks for whoever is behind. */
export type Packet =
  | { readonly kind: "votes"; readonly bytes: Bytes }
  | { readonly kind: "batch"; readonly bytes: Bytes }
  | { readonly kind: "ack" | "pull"; readonly digests: readonly Bytes[] }
  | { readonly kind: "ask"; readonly question: number; readonly first: number; readonly last: number }
  | { readonly kind: "give"; readonly question: number; readonly blocks: readonly SyncBlock[] };

/** An end of the wires. */
export interface Station {
  readonly index: number;
  /** Changes when its process starts anew: what was sent to the former one is lost. */
  readonly incarnation: number;
  readonly up: boolean;
  receive(from: number, packet: Packet): void;
  connected(peer: number): void;
}

/** Bad weather on some wires; several may hold at once. */
export interface Weather {
  readonly from: ReadonlySet<number> | undefined;
  readonly to: ReadonlySet<number> | undefined;
  readonly loss: number;
  readonly duplication: number;
  /** Chance that a packet overtakes and is overtaken. */
  readonly reordering: number;
  /** Chance of a long delay, and its scale in ms. */
  readonly tail: number;
  readonly tailMs: number;
}

/** A connection on which nothing has come for so long is given up in the daemon too (p2p's pings): a wire that keeps its order would hold back all behind it. */
const LONGEST_DELAY_MS = 10_000;

export class Network {
  readonly weather = new Set<Weather>();
  /** Packets that were sent, and that were delivered. */
  sent = 0;
  delivered = 0;
  private readonly clock: Clockwork;
  private readonly stations: readonly Station[];
  private readonly random: Random;
  private readonly latencyMs: number[][];
  private readonly last: Float64Array;
  private readonly blocked: Int16Array;
  private readonly n: number;
  private readonly heard: (from: number, to: number, packet: Packet) => void;

  constructor(
    clock: Clockwork,
    stations: readonly Station[],
    n: number,
    random: Random,
    latencyMs: number,
    heard: (from: number, to: number, packet: Packet) => void,
  ) {
    this.clock = clock;
    this.stations = stations;
    this.random = random;
    this.heard = heard;
    this.latencyMs = Array.from({ length: n }, () => Array.from({ length: n }, () => latencyMs * (0.3 + 1.4 * random.next())));
    this.n = n;
    this.last = new Float64Array(n * n);
    this.blocked = new Int16Array(n * n);
  }

  send(from: number, to: number, packet: Packet): void {
    this.sent++;
    const wire = from * this.n + to;
    const station = this.stations[to]!;
    if (from === to || !station.up || this.blocked[wire]! > 0) return;
    const { random } = this;
    let copies = 1;
    let delay = this.latencyMs[from]![to]! * (0.8 + 0.4 * random.next());
    let inOrder = true;
    for (const w of this.weather) {
      if ((w.from !== undefined && !w.from.has(from)) || (w.to !== undefined && !w.to.has(to))) continue;
      if (random.chance(w.loss)) return;
      if (random.chance(w.duplication)) copies++;
      if (random.chance(w.reordering)) {
        inOrder = false;
        delay += w.tailMs * 0.2 * random.next();
      }
      if (random.chance(w.tail)) delay += random.longTailed(w.tailMs);
    }
    for (; copies > 0; copies--) {
      this.deliver(wire, from, station, packet, Math.min(delay, LONGEST_DELAY_MS), inOrder);
      inOrder = false;
      delay *= 1 + 2 * random.next();
    }
  }

  private deliver(wire: number, from: number, station: Station, packet: Packet, delay: number, inOrder: boolean): void {
    const { clock } = this;
    let time = clock.now + delay;
    if (inOrder) this.last[wire] = time = Math.max(time, this.last[wire]!);
    const { incarnation } = station;
    clock.at(time, undefined, () => {
      if (!station.up || station.incarnation !== incarnation) return;
      this.delivered++;
      this.heard(from, station.index, packet);
      station.receive(from, packet);
    });
  }

  // ── connections ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Cuts (or, with -1, mends) what goes one way; several cuts may hold at once. What is under way arrives. */
  cut(from: number, to: number, change: 1 | -1): void {
    this.blocked[from * this.n + to]! += change;
  }

  isOpen(a: number, b: number): boolean {
    const { n } = this;
    return this.blocked[a * n + b] === 0 && this.blocked[b * n + a] === 0 && this.stations[a]!.up && this.stations[b]!.up;
  }

  /** After a start or a mended wire: both ends learn, after a handshake, that they are connected. */
  connect(a: number, b: number): void {
    const [one, other] = [this.stations[a]!, this.stations[b]!];
    const { incarnation } = one;
    const its = other.incarnation;
    this.clock.after(3 * this.latencyMs[a]![b]!, undefined, () => {
      if (!this.isOpen(a, b) || one.incarnation !== incarnation || other.incarnation !== its) return;
      one.connected(b);
      other.connected(a);
    });
  }

  connectAll(index: number): void {
    for (const { index: other } of this.stations) if (other !== index) this.connect(index, other);
  }
}
