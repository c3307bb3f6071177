// Has this transaction a receipt already? docs/protocol.md §2.5 (replay). Owns the answer for committed blocks: the store's index by id, asked only when a small
// table in RAM cannot rule it out. Does not own: the block being executed and its uncommitted parents (chain.ts).
//
// However long ago its block was: a window of one lifetime would let a transaction live twice after a vote that shortens lifetimes. Only ids that are not
// expired are asked for, so nothing older than the longest lifetime that was ever in force can matter.
//
// The table holds eight bytes of each id committed lately, in two generations. What falls out of it leaves a mark at the second of its notAfter: a fresh
// transaction usually ends at a second that no forgotten one ends at, and then nothing has to be read.

import { type Bytes, readU32, readU48 } from "../base/bytes.ts";
import { RECENT_IDS } from "../base/limits.ts";

/** Seconds that marks are kept for: more than twice the longest life a transaction may have, so that none stands for two. */
const MARKED_SECONDS = 1 << 21;

export class CommittedIds {
  readonly #stored: (id: Bytes) => boolean;
  #young = new Generation();
  #old = new Generation();
  /** None before the first ids fall out of the table. */
  #marks: Uint32Array | undefined;
  #clearedTo = 0;
  /** Whatever ends until then may have been committed before this process began. */
  readonly #unknownUntil: number;

  /** `stored` asks the index on disk; `last` is the last id in it. */
  constructor(stored: (id: Bytes) => boolean, last: Bytes | undefined) {
    this.#stored = stored;
    this.#unknownUntil = last === undefined ? -1 : readU48(last, 0);
  }

  /** The ids (32 bytes each, end to end) of a block of this time are in the index now. */
  add(ids: Bytes, time: number): void {
    this.#clear(Math.floor(time / 1_000));
    for (let at = 0; at < ids.length; at += 32) {
      this.#young.add(readU32(ids, at + 6), readU32(ids, at + 10), Math.floor(readU48(ids, at) / 1_000));
      if (this.#young.size < RECENT_IDS) continue;
      if (this.#old.size > 0) this.#marks ??= new Uint32Array(MARKED_SECONDS / 32);
      for (const second of this.#old.seconds) this.#marks![(second % MARKED_SECONDS) >> 5]! |= 1 << (second & 31);
      this.#old = this.#young;
      this.#young = new Generation();
    }
  }

  /** Is the id in the index? For ids of transactions that are not expired. */
  has(id: Bytes): boolean {
    const notAfter = readU48(id, 0);
    const a = readU32(id, 6);
    const b = readU32(id, 10);
    const second = Math.floor(notAfter / 1_000);
    const possible = notAfter <= this.#unknownUntil || this.#marked(second) || this.#young.has(a, b) || this.#old.has(a, b);
    return possible && this.#stored(id);
  }

  #marked(second: number): boolean {
    return this.#marks !== undefined && (this.#marks[(second % MARKED_SECONDS) >> 5]! & (1 << (second & 31))) !== 0;
  }

  /** Seconds before this one are over: their marks make room. */
  #clear(second: number): void {
    const marks = this.#marks;
    if (marks !== undefined && second - this.#clearedTo >= MARKED_SECONDS) marks.fill(0);
    else if (marks !== undefined) for (let s = this.#clearedTo; s < second; s++) marks[(s % MARKED_SECONDS) >> 5]! &= ~(1 << (s & 31));
    this.#clearedTo = Math.max(this.#clearedTo, second);
  }
}

/** Open addressing over pairs of words; grows to twice the ids it may hold. */
class Generation {
  #words = new Uint32Array(2 * 1_024);
  size = 0;
  readonly seconds = new Set<number>();

  has(a: number, b: number): boolean {
    const mask = this.#words.length / 2 - 1;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const x = this.#words[2 * slot]!;
      const y = this.#words[2 * slot + 1]!;
      if (x === a && y === b) return true;
      if (x === 0 && y === 0) return a === 0 && b === 0; // one id in 2^64 is looked up for nothing
    }
  }

  add(a: number, b: number, second: number): void {
    this.seconds.add(second);
    if (4 * (this.size + 1) > this.#words.length) this.#grow();
    this.#insert(a, b);
    this.size++;
  }

  #insert(a: number, b: number): void {
    const mask = this.#words.length / 2 - 1;
    let slot = a & mask;
    while (this.#words[2 * slot] !== 0 || this.#words[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    this.#words[2 * slot] = a;
    this.#words[2 * slot + 1] = b;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) if (old[i] !== 0 || old[i + 1] !== 0) this.#insert(old[i]!, old[i + 1]!);
  }
}
