// Many new rows as the ledger has them: written in a layer, hashed together, put one by one. Owns the hashes of a whole run of them, and what a single one
// looks like among other writes. Does not own: the bytes of keys and rows (contracts/engine/newRows.ts), layers (overlay.ts).

import { type Bytes, concat } from "../base/bytes.ts";
import { encode } from "../base/codec.ts";
import { sha256Many } from "../base/hash.ts";
import type { NewRows, StoredRow } from "../contracts/engine/registry.ts";
import type { Written } from "./overlay.ts";
import { keyHashHead } from "./stateProof.ts";

/** One of them among a layer's writes. They stand there one behind the other: whoever meets the first may take all `rows.count` at once, unless one has changed. */
export class NewWrite implements Written {
  readonly rows: NewRows;
  readonly index: number;
  readonly before = undefined;
  at = 0;
  gathered = false;
  #row: StoredRow | undefined;
  /** Written once more in the same block. */
  changed = false;

  constructor(rows: NewRows, index: number) {
    this.rows = rows;
    this.index = index;
  }

  get collection(): string {
    return this.rows.collection;
  }
  get key(): Bytes {
    return this.rows.key(this.index);
  }
  get keyText(): string {
    return this.rows.keyTexts[this.index]!;
  }
  get row(): StoredRow {
    return this.#row ?? { bytes: this.rows.row(this.index) };
  }
  set row(row: StoredRow) {
    this.#row = row;
    this.changed = true;
    this.#rowHash = undefined;
  }
  get keyHash(): Bytes | undefined {
    return this.rows.keyHashes?.slice(32 * this.index, 32 * this.index + 32);
  }
  /** It stays where the rows have it. */
  set keyHash(_: Bytes | undefined) {}
  #rowHash: Bytes | undefined;
  get rowHash(): Bytes | undefined {
    return this.changed ? this.#rowHash : this.rows.rowHashes?.slice(32 * this.index, 32 * this.index + 32);
  }
  set rowHash(hash: Bytes | undefined) {
    if (this.changed) this.#rowHash = hash;
  }
  get heads(): readonly Bytes[] | undefined {
    return this.changed ? undefined : this.rows.heads(this.index);
  }
  set heads(_: readonly Bytes[] | undefined) {}
}

/** How many writes from `at` on are a whole run of new rows, none of them changed since; 0 if there is none. */
export function runAt(writes: readonly unknown[], at: number): number {
  const first = writes[at];
  if (!(first instanceof NewWrite) || first.index !== 0) return 0;
  const { count } = first.rows;
  for (let i = 0; i < count; i++) if ((writes[at + i] as NewWrite).changed) return 0;
  return count;
}

const NOTHING = new Uint8Array(0);

/** Hashes of their keys (stateKeyHash), end to end. */
export function keyHashesOf(rows: NewRows): Bytes {
  if (rows.keyHashes?.length !== 32 * rows.count) {
    const out = new Uint8Array(32 * rows.count);
    sha256Many(keyHashHead(rows.collection), rows.data, rows.ranges.keys, NOTHING, NOTHING, out);
    rows.keyHashes = out;
  }
  return rows.keyHashes;
}

/** Their leaf hashes in the tree of writes (§3) to out[offset …); the hashes of the rows, which they contain, are kept. */
export function leafHashesOf(rows: NewRows, out: Bytes, offset: number): void {
  const { count, data, ranges } = rows;
  const hashes = new Uint8Array(32 * count);
  sha256Many(NOTHING, data, ranges.rows, NOTHING, NOTHING, hashes);
  rows.rowHashes = hashes;
  // 00 ‖ C([collection, key, row hash]): the key with its head stands in front of the row.
  const leaves = Uint32Array.from(ranges.keys);
  for (let i = 0; i < count; i++) leaves[2 * i]! -= headBytes(leaves[2 * i + 1]! - leaves[2 * i]!);
  sha256Many(leafHead(rows.collection), data, leaves, HASH_HEAD, hashes, out.subarray(offset, offset + 32 * count));
}
const HASH_HEAD = Uint8Array.of(0xc4, 32);
const headBytes = (length: number): number => (length <= 0xff ? 2 : length <= 0xffff ? 3 : 5);

const leafHeads = new Map<string, Bytes>();
function leafHead(collection: string): Bytes {
  let head = leafHeads.get(collection);
  if (head === undefined) leafHeads.set(collection, (head = concat(Uint8Array.of(0, 0x93), encode(collection))));
  return head;
}

/** Which key hashes stand in a list of them: found by what they are, random bits, without a text and its own hash for each. */
export class KeyTable {
  /** Index in the list + 1; 0 where there is none. At most half full. */
  #slots = new Int32Array(1_024);
  #count = 0;

  /** Adds the hashes from … to − 1 of `list`, 32 bytes each; none of them is in. */
  add(list: Bytes, from: number, to: number): void {
    if (2 * (this.#count + to - from) > this.#slots.length) this.#grow(list, this.#count + to - from);
    for (let i = from; i < to; i++) this.#put(list, i);
    this.#count += to - from;
  }

  #grow(list: Bytes, count: number): void {
    const old = this.#slots;
    let size = old.length;
    while (size < 4 * count) size *= 2;
    this.#slots = new Int32Array(size);
    for (let i = 0; i < old.length; i++) if (old[i]! > 0) this.#put(list, old[i]! - 1);
  }

  #put(list: Bytes, index: number): void {
    const mask = this.#slots.length - 1;
    let slot = bitsOf(list, 32 * index) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = index + 1;
  }

  /** Is hashes[at …] among those of `list` that were added? */
  has(list: Bytes, hashes: Bytes, at: number): boolean {
    const mask = this.#slots.length - 1;
    for (let slot = bitsOf(hashes, at) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = 32 * (this.#slots[slot]! - 1);
      let j = 0;
      while (j < 32 && list[entry + j] === hashes[at + j]) j++;
      if (j === 32) return true;
    }
    return false;
  }
}
const bitsOf = (hashes: Bytes, at: number): number => (hashes[at + 4]! << 16) | (hashes[at + 5]! << 8) | hashes[at + 6]!;
