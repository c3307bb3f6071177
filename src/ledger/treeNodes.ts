// The memory of the state tree: buckets and pairs in pages of typed arrays, outside V8's heap, so that ten million keys cost the garbage collector nothing.
// Owns allocation, reuse and the layout of a bucket. Does not own: the shape of the tree and its hashes (stateTree.ts).
//
// A reference to a subtree is one 32-bit integer: NO_NODE, a bucket's number, or ~ a pair's number (negative).

import type { Bytes } from "../base/bytes.ts";
import { TREE_BUCKET_ENTRIES } from "../base/limits.ts";

export const NO_NODE = 0x7fffffff;
export const ENTRY_BYTES = 64;
export const ENTRY_WORDS = ENTRY_BYTES / 4;

// A bucket lies as it is hashed: a count and 31 zero bytes, then the entries. While there are fewer keys than prefixes most buckets hold one or two, so they
// come in a few sizes and move as they grow; the largest has room for one entry more than it may keep, for the moment before it splits.
export const BUCKET_HEAD_BYTES = 32;
const ROOMS = [2, 5, 9, TREE_BUCKET_ENTRIES + 1];
const SIZE_BITS = 2;
const SIZE_MASK = (1 << SIZE_BITS) - 1;
const BUCKET_PAGE_BITS = 8;
const BUCKET_PAGE = 1 << BUCKET_PAGE_BITS;
const BUCKET_MASK = BUCKET_PAGE - 1;

/** Buckets of one size. */
class Pages {
  readonly bucketBytes: number;
  readonly pages: Bytes[] = [];
  readonly words: Int32Array[] = [];
  readonly free: number[] = [];
  #used = 0;

  constructor(room: number) {
    this.bucketBytes = BUCKET_HEAD_BYTES + room * ENTRY_BYTES;
  }

  /** Number of an empty bucket. */
  take(): number {
    const reused = this.free.pop();
    if (reused !== undefined) return reused;
    const index = this.#used++;
    if ((index & BUCKET_MASK) === 0) {
      const page = new Uint8Array(this.bucketBytes * BUCKET_PAGE);
      this.pages.push(page);
      this.words.push(new Int32Array(page.buffer));
    }
    return index;
  }
}

/** Buckets of at most 16 sorted entries (key hash ‖ value hash). */
export class Buckets {
  readonly #sizes = ROOMS.map((room) => new Pages(room));

  /** An empty bucket with room for so many entries. */
  create(entries: number): number {
    let size = 0;
    while (ROOMS[size]! < entries) size++;
    return (this.#sizes[size]!.take() << SIZE_BITS) | size;
  }

  release(id: number): void {
    this.setCount(id, 0);
    this.#sizes[id & SIZE_MASK]!.free.push(id >> SIZE_BITS);
  }

  /** The bucket, or a larger one in its place if it has no room for so many entries. */
  fit(id: number, entries: number): number {
    if (ROOMS[id & SIZE_MASK]! >= entries) return id;
    const larger = this.create(entries);
    const from = this.offset(id);
    const bytes = BUCKET_HEAD_BYTES + this.count(id) * ENTRY_BYTES;
    this.page(larger).set(this.page(id).subarray(from, from + bytes), this.offset(larger));
    this.release(id);
    return larger;
  }

  page(id: number): Bytes {
    return this.#sizes[id & SIZE_MASK]!.pages[id >> (SIZE_BITS + BUCKET_PAGE_BITS)]!;
  }

  pageWords(id: number): Int32Array {
    return this.#sizes[id & SIZE_MASK]!.words[id >> (SIZE_BITS + BUCKET_PAGE_BITS)]!;
  }

  /** Offset of the bucket in its page; entries begin BUCKET_HEAD_BYTES behind it. */
  offset(id: number): number {
    return ((id >> SIZE_BITS) & BUCKET_MASK) * this.#sizes[id & SIZE_MASK]!.bucketBytes;
  }

  count(id: number): number {
    return this.page(id)[this.offset(id)]!;
  }

  setCount(id: number, count: number): void {
    this.page(id)[this.offset(id)] = count;
  }

  get bytes(): number {
    return this.#sizes.reduce((sum, { pages, bucketBytes }) => sum + pages.length * BUCKET_PAGE * bucketBytes, 0);
  }
}

const PAIR_PAGE_BITS = 10;
const PAIR_PAGE = 1 << PAIR_PAGE_BITS;
const SLOT_MASK = 2 * PAIR_PAGE - 1;

/** Inner nodes below the top: two children each. A *slot* is 2 × pair + bit and stands for one child: its reference, hash and dirty mark. */
export class Pairs {
  readonly #children: Int32Array[] = [];
  readonly hashes: Bytes[] = [];
  readonly #hashWords: Int32Array[] = [];
  readonly #dirty: Uint8Array[] = [];
  readonly #free: number[] = [];
  #used = 0;

  /** A pair whose two children are still to be set; both are marked dirty. */
  create(): number {
    const reused = this.#free.pop();
    const id = reused ?? this.#used++;
    if (reused === undefined && (id & (PAIR_PAGE - 1)) === 0) {
      this.#children.push(new Int32Array(2 * PAIR_PAGE));
      const hashes = new Uint8Array(64 * PAIR_PAGE);
      this.hashes.push(hashes);
      this.#hashWords.push(new Int32Array(hashes.buffer));
      this.#dirty.push(new Uint8Array(2 * PAIR_PAGE));
    }
    this.setDirty(2 * id, 1);
    this.setDirty(2 * id + 1, 1);
    return id;
  }

  release(id: number): void {
    this.#free.push(id);
  }

  child(slot: number): number {
    return this.#children[slot >> (PAIR_PAGE_BITS + 1)]![slot & SLOT_MASK]!;
  }

  setChild(slot: number, ref: number): void {
    this.#children[slot >> (PAIR_PAGE_BITS + 1)]![slot & SLOT_MASK] = ref;
  }

  dirty(slot: number): number {
    return this.#dirty[slot >> (PAIR_PAGE_BITS + 1)]![slot & SLOT_MASK]!;
  }

  setDirty(slot: number, mark: number): void {
    this.#dirty[slot >> (PAIR_PAGE_BITS + 1)]![slot & SLOT_MASK] = mark;
  }

  /** Page and offset of a slot's hash; the two hashes of a pair are adjacent: its 64 bytes of input. */
  hashPage(slot: number): Bytes {
    return this.hashes[slot >> (PAIR_PAGE_BITS + 1)]!;
  }

  hashOffset(slot: number): number {
    return (slot & SLOT_MASK) * 32;
  }

  hashPageWords(slot: number): Int32Array {
    return this.#hashWords[slot >> (PAIR_PAGE_BITS + 1)]!;
  }

  get bytes(): number {
    return this.hashes.length * PAIR_PAGE * (64 + 8 + 2);
  }
}
