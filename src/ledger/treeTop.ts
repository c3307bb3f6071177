// The top of the state tree: a complete binary heap over the first 16 bits of a key hash, 4 MB, and the buffer in which nodes are hashed many at once.
// Owns the hashes from the prefixes up to the root. Does not own: the subtrees below (stateTree.ts). docs/protocol.md §5.

import type { Bytes } from "../base/bytes.ts";
import { hashPairs, sha256Many } from "../base/hash.ts";
import { TREE_TOP_BITS } from "../base/limits.ts";

export const TREE_PREFIXES = 1 << TREE_TOP_BITS;
/** Nodes hashed in one call: 64 KB of input stay in the processor's cache. */
export const HASH_CHUNK = 1_024;

/** Inputs of 64 bytes each, hashed together, and their hashes. */
export class HashBuffer {
  readonly input = new Uint8Array(64 * HASH_CHUNK);
  readonly inputWords = new Int32Array(this.input.buffer);
  readonly #output = new Uint8Array(32 * HASH_CHUNK);
  readonly outputWords = new Int32Array(this.#output.buffer);

  hash(count: number): void {
    hashPairs(this.input, this.#output, count);
  }
}

const NOTHING = new Uint8Array(0);

/** Buckets brought together to be hashed in one call. */
export class BucketBuffer {
  readonly #input = new Uint8Array(64 * HASH_CHUNK);
  readonly #words = new Int32Array(this.#input.buffer);
  readonly #ranges = new Uint32Array(2 * HASH_CHUNK);
  readonly #output = new Uint8Array(32 * HASH_CHUNK);
  readonly #outputWords = new Int32Array(this.#output.buffer);
  readonly #slots = new Int32Array(HASH_CHUNK);
  readonly #take: (slot: number, words: Int32Array, at: number) => void;
  #count = 0;
  #used = 0;

  /** `take` is given the hash of each slot's bucket, eight words at words[at …]. */
  constructor(take: (slot: number, words: Int32Array, at: number) => void) {
    this.#take = take;
  }

  /** Offset and length are in words. */
  add(slot: number, words: Int32Array, offset: number, length: number): void {
    if (this.#count === HASH_CHUNK || this.#used + length > this.#words.length) this.hash();
    for (let w = 0; w < length; w++) this.#words[this.#used + w] = words[offset + w]!;
    this.#slots[this.#count] = slot;
    this.#ranges[2 * this.#count] = 4 * this.#used;
    this.#used += length;
    this.#ranges[2 * this.#count++ + 1] = 4 * this.#used;
  }

  hash(): void {
    sha256Many(NOTHING, this.#input, this.#ranges.subarray(0, 2 * this.#count), NOTHING, NOTHING, this.#output);
    for (let i = 0; i < this.#count; i++) this.#take(this.#slots[i]!, this.#outputWords, 8 * i);
    this.#count = 0;
    this.#used = 0;
  }
}

export class TreeTop {
  /** Node i has the children 2i and 2i + 1; the root is node 1, prefix p stands at TREE_PREFIXES + p. 32 bytes each. */
  readonly heap = new Uint8Array(TREE_PREFIXES * 2 * 32);
  readonly words = new Int32Array(this.heap.buffer);
  readonly #buffer: HashBuffer;
  /** The round in which a node was marked last. */
  readonly #marks = new Uint32Array(TREE_PREFIXES * 2);
  /** The nodes at hand, on the way up. */
  readonly #level = new Uint32Array(TREE_PREFIXES);
  #round = 1;
  #prefixes: number[] = [];

  constructor(buffer: HashBuffer) {
    this.#buffer = buffer;
  }

  get bytes(): number {
    return this.heap.length + this.#marks.byteLength + this.#level.byteLength;
  }

  /** Prefixes marked since the last `hash`. */
  get marked(): readonly number[] {
    return this.#prefixes;
  }

  /** Something under the prefix changed. */
  mark(prefix: number): void {
    if (this.#marks[TREE_PREFIXES + prefix] === this.#round) return;
    this.#marks[TREE_PREFIXES + prefix] = this.#round;
    this.#prefixes.push(prefix);
  }

  root(): Bytes {
    return this.heap.slice(32, 64);
  }

  /** Zeros everywhere again, in the time of what is there: an empty subtree is all zeros. Calls back with each prefix that had something under it. */
  clear(emptied: (prefix: number) => void, node = 1): void {
    if (isZero(this.words, 8 * node)) return;
    this.words.fill(0, 8 * node, 8 * node + 8);
    if (node >= TREE_PREFIXES) return emptied(node - TREE_PREFIXES);
    this.clear(emptied, 2 * node);
    this.clear(emptied, 2 * node + 1);
  }

  /** Hashes upwards from the marked prefixes, whose own hashes are set. */
  hash(): void {
    let count = this.#prefixes.length;
    for (let i = 0; i < count; i++) this.#level[i] = TREE_PREFIXES + this.#prefixes[i]!;
    while (count > 0 && this.#level[0]! > 1) count = this.#hashLevel(count);
    this.#prefixes = [];
    this.#round++;
  }

  /** Hashes the parents of the first `count` nodes of the level, and puts them in their place; how many they are. */
  #hashLevel(count: number): number {
    const parents = this.#level;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const parent = parents[i]! >>> 1;
      if (this.#marks[parent] === this.#round) continue;
      this.#marks[parent] = this.#round;
      parents[found++] = parent;
    }
    const { inputWords, outputWords } = this.#buffer;
    for (let from = 0; from < found; from += HASH_CHUNK) {
      const n = Math.min(HASH_CHUNK, found - from);
      for (let i = 0; i < n; i++) {
        const at = parents[from + i]! * 16;
        for (let w = 0; w < 16; w++) inputWords[16 * i + w] = this.words[at + w]!;
      }
      this.#buffer.hash(n);
      for (let i = 0; i < n; i++) {
        const to = parents[from + i]! * 8;
        // Two empty subtrees are an empty subtree: zeros, unhashed.
        const empty = isZero(inputWords, 16 * i) && isZero(inputWords, 16 * i + 8);
        for (let w = 0; w < 8; w++) this.words[to + w] = empty ? 0 : outputWords[8 * i + w]!;
      }
    }
    return found;
  }

  /** The siblings on the way down to a prefix, the root's child first. Views. */
  siblings(prefix: number): Bytes[] {
    const out: Bytes[] = [];
    for (let d = 1; d <= TREE_TOP_BITS; d++) {
      const node = ((TREE_PREFIXES + prefix) >>> (TREE_TOP_BITS - d)) ^ 1;
      out.push(this.heap.subarray(node * 32, node * 32 + 32));
    }
    return out;
  }
}

/** Are the eight words of a hash at `at` all zero? */
export function isZero(words: Int32Array, at: number): boolean {
  return (
    (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]! | words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!) ===
    0
  );
}
