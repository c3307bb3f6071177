// Who waits for which transaction to become final. A bulk request of a thousand is one group: no promise and no object for each of them.
// Owns the waiting and its bounds. Does not own: receipts (ledger), answers (submit.ts).

import { type Bytes, latin1, readU48 } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { MAX_WAITING_TRANSACTIONS } from "../../base/limits.ts";

/** Told once a transaction has a receipt in a committed block, or can have none any more. */
export interface Group {
  /** `leaf` of the block's results at `height`. Several calls may come before `flush`. */
  final(item: number, block: FinalBlock, leaf: number): void;
  /** A committed block's time has passed notAfter without a receipt. */
  expired(item: number): void;
  /** The node stops: what is open is not known yet. */
  abandon(): void;
  /** After each block that concerned the group. */
  flush(): void;
}

/** What a committed block says of its leaves. */
export interface FinalBlock {
  readonly height: number;
  readonly time: number;
  /** Ids of the leaves, 32 bytes each, end to end. */
  readonly ids: Bytes;
  receipt(leaf: number): Bytes;
}

const ITEMS = 1_024; // of a group: a request has at most 1,000
const EXPIRY_CHECK_MS = 1_000;

export class Finality {
  /** id → group · ITEMS + item. */
  readonly #waiting = new Map<string, number>();
  /** Further ones who wait for the same id. */
  readonly #more = new Map<string, number[]>();
  readonly #groups = new Map<number, Group>();
  #nextGroup = 0;
  #nextCheck = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Adds a group. Throws `busy` when as many wait as may. */
  add(group: Group): number {
    if (this.#waiting.size >= MAX_WAITING_TRANSACTIONS)
      throw new LedgerError("busy", { detail: "too many requests wait for their transactions" });
    const number = this.#nextGroup++;
    this.#groups.set(number, group);
    return number;
  }

  wait(group: number, item: number, id: Bytes, at: number): void {
    const key = latin1(id.subarray(at, at + 32));
    const slot = group * ITEMS + item;
    if (!this.#waiting.has(key)) return void this.#waiting.set(key, slot);
    const more = this.#more.get(key);
    if (more === undefined) this.#more.set(key, [slot]);
    else more.push(slot);
  }

  /** The group hears nothing more; its transactions live on. */
  leave(group: number, ids: Iterable<Bytes>): void {
    this.#groups.delete(group);
    for (const id of ids) {
      const key = latin1(id);
      const rest = this.#slots(key).filter((slot) => this.#groups.has(Math.floor(slot / ITEMS)));
      this.#set(key, rest);
    }
  }

  #slots(key: string): number[] {
    const first = this.#waiting.get(key);
    return first === undefined ? [] : [first, ...(this.#more.get(key) ?? [])];
  }
  #set(key: string, [first, ...rest]: number[]): void {
    if (first === undefined) this.#waiting.delete(key);
    else this.#waiting.set(key, first);
    if (rest.length === 0) this.#more.delete(key);
    else this.#more.set(key, rest);
  }

  /** A block was committed: its leaves are final. */
  committed(block: FinalBlock): void {
    if (this.#waiting.size === 0) return;
    const touched = new Set<Group>();
    for (let leaf = 0, at = 0; at < block.ids.length; leaf++, at += 32) {
      const key = latin1(block.ids.subarray(at, at + 32));
      const slot = this.#waiting.get(key);
      if (slot === undefined) continue;
      this.#tell(slot, touched, (group, item) => group.final(item, block, leaf));
      if (this.#more.size > 0)
        for (const other of this.#more.get(key) ?? []) this.#tell(other, touched, (group, item) => group.final(item, block, leaf));
      this.#set(key, []);
    }
    if (block.time >= this.#nextCheck) {
      this.#nextCheck = block.time + EXPIRY_CHECK_MS;
      this.#expire(block.time, touched);
    }
    for (const group of touched) group.flush();
  }

  // An id begins with its notAfter.
  #expire(time: number, touched: Set<Group>): void {
    for (const key of this.#waiting.keys()) {
      if (notAfterOf(key) >= time) continue;
      for (const slot of this.#slots(key)) this.#tell(slot, touched, (group, item) => group.expired(item));
      this.#set(key, []);
    }
  }

  #tell(slot: number, touched: Set<Group>, say: (group: Group, item: number) => void): void {
    const group = this.#groups.get(Math.floor(slot / ITEMS));
    if (group === undefined) return;
    say(group, slot % ITEMS);
    touched.add(group);
  }

  /** Every request that waits is answered: not known yet. */
  stop(): void {
    for (const group of this.#groups.values()) group.abandon();
    this.#groups.clear();
    this.#waiting.clear();
    this.#more.clear();
  }

  /** The request has been answered whole. */
  done(group: number): void {
    this.#groups.delete(group);
  }
}

const six = new Uint8Array(6);
function notAfterOf(key: string): number {
  for (let i = 0; i < 6; i++) six[i] = key.charCodeAt(i);
  return readU48(six, 0);
}
