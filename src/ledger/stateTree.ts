// The state tree: which row stands under which key, as one root. Held in RAM, hashed in batches. docs/protocol.md §5.2; stateProof.ts has its bytes.
// Owns the shape, which depends on the set of keys alone and not on their history, its hashes, and the making of proofs. Does not own: rows (store.ts),
// which block's state it is at (chain.ts), its dumps (treeDump.ts). Not for concurrent use: every method is synchronous.
//
// The top is a complete binary heap over the first 16 bits. Below, a subtree of at most 16 entries is a bucket; more are a pair of subtrees on the next bit.

import { type Bytes, concat, joined } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import { hashesMany, sha256Into } from "../base/hash.ts";
import { TREE_BUCKET_ENTRIES, TREE_TOP_BITS } from "../base/limits.ts";
import { BUCKET_HEAD_BYTES, Buckets, ENTRY_BYTES, ENTRY_WORDS, NO_NODE, Pairs } from "./treeNodes.ts";
import { BucketBuffer, HASH_CHUNK, HashBuffer, isZero, TREE_PREFIXES, TreeTop } from "./treeTop.ts";

/** Bytes of a key hash that the top has decided. */
const FIRST_BYTE = TREE_TOP_BITS >> 3;

export interface TreeProof {
  /** The entries of the bucket on the key's way, (key hash ‖ value hash) end to end. */
  readonly bucket: Bytes;
  /** 32 bytes each, end to end, from the bucket upwards. */
  readonly siblings: Bytes;
}

export class StateTree {
  #buckets = new Buckets();
  #pairs = new Pairs();
  readonly #hashes = new HashBuffer();
  readonly #dirtyBuckets = hashesMany ? new BucketBuffer((slot, words, at) => this.#setHash(slot, words, at)) : undefined;
  readonly #top = new TreeTop(this.#hashes);
  /** Subtree under each 16-bit prefix. */
  readonly #subtrees = new Int32Array(TREE_PREFIXES).fill(NO_NODE);
  /** Slots on the way down to the entry at hand. A slot is a prefix (as ~ prefix) or one child of a pair. */
  readonly #way = new Int32Array(256);
  /** Dirty pairs by depth below the top, and the slots their hashes go to. */
  readonly #levels: { pairs: number[]; slots: number[] }[] = [];
  #size = 0;

  /** Keys in the tree. */
  get size(): number {
    return this.#size;
  }

  /** RAM of nodes and top, in bytes. */
  get bytes(): number {
    return this.#buckets.bytes + this.#pairs.bytes + this.#top.bytes + this.#subtrees.byteLength;
  }

  root(): Bytes {
    return this.#top.root();
  }

  /** Empty again. The memory of its top is kept: a process that opens many small chains spends a third of the time on getting it anew. */
  clear(): void {
    this.#top.clear((prefix) => (this.#subtrees[prefix] = NO_NODE));
    this.#buckets = new Buckets();
    this.#pairs = new Pairs();
    this.#size = 0;
  }

  /** Value hash under a key hash, or undefined. */
  find(keyHash: Bytes): Bytes | undefined {
    const ref = this.#bucketOf(keyHash, 0);
    if (ref === NO_NODE) return undefined;
    const index = this.#search(ref, keyHash, 0);
    if (index < 0) return undefined;
    const at = this.#buckets.offset(ref) + BUCKET_HEAD_BYTES + index * ENTRY_BYTES + 32;
    return this.#buckets.page(ref).slice(at, at + 32);
  }

  /** Is there a row under the key hash at keys[at …]? The store asks before it reads. */
  has(keys: Bytes, at = 0): boolean {
    const ref = this.#bucketOf(keys, at);
    return ref !== NO_NODE && this.#search(ref, keys, at) >= 0;
  }

  #bucketOf(keys: Bytes, at: number): number {
    let ref = this.#subtrees[(keys[at]! << 8) | keys[at + 1]!]!;
    for (let depth = TREE_TOP_BITS; ref < 0; depth++) ref = this.#pairs.child(2 * ~ref + bitAt(keys, at, depth));
    return ref;
  }

  /**
   * Sets value hashes under key hashes (32 bytes each, end to end; no key twice); 32 zero bytes delete. Returns the values that stood there before, so
   * that `apply(keys, before, count)` undoes it.
   */
  apply(keys: Bytes, values: Bytes, count: number): Bytes {
    const before = new Uint8Array(32 * count);
    // Copies of its own: whole words are moved, and a view may begin anywhere.
    const entry = new Uint8Array(ENTRY_BYTES);
    const entryWords = new Int32Array(entry.buffer);
    for (let i = 0; i < count; i++) {
      const at = 32 * i;
      for (let j = 0; j < 32; j++) {
        entry[j] = keys[at + j]!;
        entry[32 + j] = values[at + j]!;
      }
      this.#set(entry, entryWords, before, at);
    }
    this.#hash();
    return before;
  }

  #set(entry: Bytes, words: Int32Array, before: Bytes, beforeAt: number): void {
    const prefix = (entry[0]! << 8) | entry[1]!;
    this.#top.mark(prefix);
    let slot = ~prefix;
    let ref = this.#subtrees[prefix]!;
    let depth = TREE_TOP_BITS;
    while (ref < 0) {
      this.#way[depth - TREE_TOP_BITS] = slot;
      slot = 2 * ~ref + bitAt(entry, 0, depth);
      this.#pairs.setDirty(slot, 1);
      ref = this.#pairs.child(slot);
      depth++;
    }
    if (isZero(words, 8)) {
      if (ref !== NO_NODE) this.#remove(ref, entry, slot, depth, before, beforeAt);
      return;
    }
    if (ref === NO_NODE) {
      ref = this.#buckets.create(1);
      this.#setRef(slot, ref);
    }
    if (this.#insert(ref, slot, entry, words, before, beforeAt) > TREE_BUCKET_ENTRIES)
      this.#setRef(slot, this.#split(slot < 0 ? this.#subtrees[~slot]! : this.#pairs.child(slot), depth));
  }

  #setRef(slot: number, ref: number): void {
    if (slot < 0) this.#subtrees[~slot] = ref;
    else this.#pairs.setChild(slot, ref);
  }

  /** Index of the key in the bucket, or ~ the index where it belongs. */
  #search(bucket: number, keys: Bytes, at: number): number {
    const page = this.#buckets.page(bucket);
    const offset = this.#buckets.offset(bucket);
    const count = page[offset]!;
    let entry = offset + BUCKET_HEAD_BYTES;
    for (let i = 0; i < count; i++, entry += ENTRY_BYTES) {
      let j = FIRST_BYTE;
      while (j < 32 && page[entry + j] === keys[at + j]) j++;
      if (j === 32) return i;
      if (page[entry + j]! > keys[at + j]!) return ~i;
    }
    return ~count;
  }

  /** Into the bucket at the slot, which may move. Returns its entries afterwards: one too many at most. */
  #insert(bucket: number, slot: number, entry: Bytes, entryWords: Int32Array, before: Bytes, beforeAt: number): number {
    const found = this.#search(bucket, entry, 0);
    const count = this.#buckets.count(bucket);
    if (found >= 0) {
      const at = (this.#buckets.offset(bucket) + BUCKET_HEAD_BYTES) / 4 + found * ENTRY_WORDS;
      this.#copyOut(bucket, found, before, beforeAt);
      const words = this.#buckets.pageWords(bucket);
      for (let w = 8; w < ENTRY_WORDS; w++) words[at + w] = entryWords[w]!;
      return count;
    }
    const into = this.#buckets.fit(bucket, count + 1);
    if (into !== bucket) this.#setRef(slot, into);
    const words = this.#buckets.pageWords(into);
    const first = (this.#buckets.offset(into) + BUCKET_HEAD_BYTES) >> 2;
    const at = first + ~found * ENTRY_WORDS;
    if (~found < count) words.copyWithin(at + ENTRY_WORDS, at, first + count * ENTRY_WORDS);
    for (let w = 0; w < ENTRY_WORDS; w++) words[at + w] = entryWords[w]!;
    this.#buckets.setCount(into, count + 1);
    this.#size++;
    return count + 1;
  }

  #copyOut(bucket: number, index: number, before: Bytes, beforeAt: number): void {
    const page = this.#buckets.page(bucket);
    const at = this.#buckets.offset(bucket) + BUCKET_HEAD_BYTES + index * ENTRY_BYTES + 32;
    for (let j = 0; j < 32; j++) before[beforeAt + j] = page[at + j]!;
  }

  /** A pair in place of a bucket with one entry too many at this depth. */
  #split(bucket: number, depth: number): number {
    const page = this.#buckets.page(bucket);
    const first = this.#buckets.offset(bucket) + BUCKET_HEAD_BYTES;
    const count = this.#buckets.count(bucket);
    let left = 0;
    while (left < count && bitAt(page, first + left * ENTRY_BYTES, depth) === 0) left++;
    const right = count - left;
    const pair = this.#pairs.create();
    let low = NO_NODE;
    let high = NO_NODE;
    if (left === 0) high = bucket;
    else if (right === 0) low = bucket;
    else {
      const middle = first + left * ENTRY_BYTES;
      low = this.#bucketOfEntries(page.subarray(first, middle));
      high = this.#bucketOfEntries(page.subarray(middle, first + count * ENTRY_BYTES));
      this.#buckets.release(bucket);
    }
    this.#pairs.setChild(2 * pair, left > TREE_BUCKET_ENTRIES ? this.#split(low, depth + 1) : low);
    this.#pairs.setChild(2 * pair + 1, right > TREE_BUCKET_ENTRIES ? this.#split(high, depth + 1) : high);
    return ~pair;
  }

  #remove(bucket: number, entry: Bytes, slot: number, depth: number, before: Bytes, beforeAt: number): void {
    const found = this.#search(bucket, entry, 0);
    if (found < 0) return;
    this.#copyOut(bucket, found, before, beforeAt);
    const count = this.#buckets.count(bucket);
    const words = this.#buckets.pageWords(bucket);
    const first = (this.#buckets.offset(bucket) + BUCKET_HEAD_BYTES) >> 2;
    words.copyWithin(first + found * ENTRY_WORDS, first + (found + 1) * ENTRY_WORDS, first + count * ENTRY_WORDS);
    this.#buckets.setCount(bucket, count - 1);
    this.#size--;
    if (count === 1) {
      this.#buckets.release(bucket);
      this.#setRef(slot, NO_NODE);
    }
    // What holds 16 entries or fewer is a bucket again, however it came about: the shape has no history.
    for (let at = slot, d = depth; at >= 0; d--) {
      const pair = at >> 1;
      const merged = this.#merge(this.#pairs.child(2 * pair), this.#pairs.child(2 * pair + 1));
      if (merged === undefined) return;
      this.#pairs.release(pair);
      at = this.#way[d - 1 - TREE_TOP_BITS]!;
      this.#setRef(at, merged);
    }
  }

  /** One bucket of two subtrees, if both are buckets or empty and fit together. */
  #merge(low: number, high: number): number | undefined {
    if (low < 0 || high < 0) return undefined;
    if (low === NO_NODE) return high;
    if (high === NO_NODE) return low;
    const left = this.#buckets.count(low);
    const right = this.#buckets.count(high);
    if (left + right > TREE_BUCKET_ENTRIES) return undefined;
    const both = this.#buckets.fit(low, left + right);
    const to = this.#buckets.offset(both) + BUCKET_HEAD_BYTES + left * ENTRY_BYTES;
    this.#buckets.page(both).set(this.#entriesOf(high), to);
    this.#buckets.setCount(both, left + right);
    this.#buckets.release(high);
    return both;
  }

  // ── hashing ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Brings the hashes over everything dirty up to date: buckets, then inner nodes level by level, each in batches. */
  #hash(): void {
    const { marked } = this.#top;
    for (let i = 0; i < marked.length; i++) this.#collect(this.#subtrees[marked[i]!]!, ~marked[i]!, 0);
    this.#dirtyBuckets?.hash();
    for (let d = this.#levels.length - 1; d >= 0; d--) this.#hashLevel(this.#levels[d]!);
    this.#top.hash();
  }

  /** Hashes a dirty bucket, or notes it, and notes a dirty pair for its level. */
  #collect(ref: number, slot: number, level: number): void {
    if (ref >= 0) return this.#hashBucket(ref, slot);
    const pair = ~ref;
    for (let child = 2 * pair; child <= 2 * pair + 1; child++) {
      if (this.#pairs.dirty(child) === 0) continue;
      this.#pairs.setDirty(child, 0);
      this.#collect(this.#pairs.child(child), child, level + 1);
    }
    while (this.#levels.length <= level) this.#levels.push({ pairs: [], slots: [] });
    this.#levels[level]!.pairs.push(pair);
    this.#levels[level]!.slots.push(slot);
  }

  #hashBucket(ref: number, slot: number): void {
    const out = slot < 0 ? this.#top.heap : this.#pairs.hashPage(slot);
    const at = slot < 0 ? (TREE_PREFIXES + ~slot) * 32 : this.#pairs.hashOffset(slot);
    if (ref === NO_NODE) return void out.fill(0, at, at + 32);
    const offset = this.#buckets.offset(ref);
    const page = this.#buckets.page(ref);
    const bytes = BUCKET_HEAD_BYTES + page[offset]! * ENTRY_BYTES;
    const many = this.#dirtyBuckets;
    if (many === undefined) sha256Into(page.subarray(offset, offset + bytes), out, at);
    else many.add(slot, this.#buckets.pageWords(ref), offset >> 2, bytes >> 2);
  }

  #setHash(slot: number, from: Int32Array, fromAt: number): void {
    const words = slot < 0 ? this.#top.words : this.#pairs.hashPageWords(slot);
    const at = slot < 0 ? (TREE_PREFIXES + ~slot) * 8 : this.#pairs.hashOffset(slot) >> 2;
    for (let w = 0; w < 8; w++) words[at + w] = from[fromAt + w]!;
  }

  #hashLevel({ pairs, slots }: { pairs: number[]; slots: number[] }): void {
    const { inputWords, outputWords } = this.#hashes;
    for (let from = 0; from < pairs.length; from += HASH_CHUNK) {
      const n = Math.min(HASH_CHUNK, pairs.length - from);
      for (let i = 0; i < n; i++) {
        const slot = 2 * pairs[from + i]!;
        const words = this.#pairs.hashPageWords(slot);
        const at = this.#pairs.hashOffset(slot) >> 2;
        for (let w = 0; w < 16; w++) inputWords[16 * i + w] = words[at + w]!;
      }
      this.#hashes.hash(n);
      for (let i = 0; i < n; i++) this.#setHash(slots[from + i]!, outputWords, 8 * i);
    }
    pairs.length = 0;
    slots.length = 0;
  }

  // ── proofs, dumps ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Proof of what stands under a key hash, or that nothing does, against the present root. */
  prove(keyHash: Bytes): TreeProof {
    const prefix = (keyHash[0]! << 8) | keyHash[1]!;
    const downwards = this.#top.siblings(prefix);
    let ref = this.#subtrees[prefix]!;
    for (let depth = TREE_TOP_BITS; ref < 0; depth++) {
      const slot = 2 * ~ref + bitAt(keyHash, 0, depth);
      const at = this.#pairs.hashOffset(slot ^ 1);
      downwards.push(this.#pairs.hashPage(slot ^ 1).subarray(at, at + 32));
      ref = this.#pairs.child(slot);
    }
    const siblings = new Uint8Array(32 * downwards.length);
    downwards.reverse().forEach((hash, i) => siblings.set(hash, 32 * i));
    return { bucket: ref === NO_NODE ? new Uint8Array(0) : this.#entriesOf(ref).slice(), siblings };
  }

  /** The siblings from the subtree of a range of the top (its first `depth` bits are `index`) up to the root, 32 bytes each, end to end. */
  rangeSiblings(depth: number, index: number): Bytes {
    return concat(
      ...this.#top
        .siblings(index << (TREE_TOP_BITS - depth))
        .slice(0, depth)
        .reverse(),
    );
  }

  #entriesOf(bucket: number): Bytes {
    const at = this.#buckets.offset(bucket) + BUCKET_HEAD_BYTES;
    return this.#buckets.page(bucket).subarray(at, at + this.#buckets.count(bucket) * ENTRY_BYTES);
  }

  /** The entries under the prefixes from … to − 1, ascending, end to end. */
  entries(from: number, to: number): Bytes {
    return this.entriesWithin(from, to, Number.POSITIVE_INFINITY)!;
  }

  /** The same; undefined if they are more than `most` bytes, without looking at all of them. */
  entriesWithin(from: number, to: number, most: number): Bytes | undefined {
    const parts: Bytes[] = [];
    let length = 0;
    const walk = (ref: number): void => {
      if (ref === NO_NODE || length > most) return;
      if (ref < 0) {
        walk(this.#pairs.child(2 * ~ref));
        walk(this.#pairs.child(2 * ~ref + 1));
        return;
      }
      const entries = this.#entriesOf(ref);
      parts.push(entries);
      length += entries.length;
    };
    for (let prefix = from; prefix < to && length <= most; prefix++) walk(this.#subtrees[prefix]!);
    return length > most ? undefined : joined(parts);
  }

  /** Takes ascending entries (as `entries` gives them) whose prefixes are still empty. Ten times as fast as `apply`. */
  load(entries: Bytes): void {
    const end = entries.length;
    for (let at = 0; at < end; ) {
      const prefix = (entries[at]! << 8) | entries[at + 1]!;
      let to = at + ENTRY_BYTES;
      while (to < end && ((entries[to]! << 8) | entries[to + 1]!) === prefix) to += ENTRY_BYTES;
      if (this.#subtrees[prefix] !== NO_NODE) fail("a tree is loaded into empty prefixes, in order", { prefix });
      this.#subtrees[prefix] = this.#build(entries, at, to, TREE_TOP_BITS);
      this.#top.mark(prefix);
      at = to;
    }
    this.#size += end / ENTRY_BYTES;
    this.#hash();
  }

  #bucketOfEntries(entries: Bytes): number {
    const bucket = this.#buckets.create(entries.length / ENTRY_BYTES);
    this.#buckets.page(bucket).set(entries, this.#buckets.offset(bucket) + BUCKET_HEAD_BYTES);
    this.#buckets.setCount(bucket, entries.length / ENTRY_BYTES);
    return bucket;
  }

  #build(entries: Bytes, from: number, to: number, depth: number): number {
    if (from === to) return NO_NODE;
    if (to - from <= TREE_BUCKET_ENTRIES * ENTRY_BYTES) return this.#bucketOfEntries(entries.subarray(from, to));
    if (depth >= 256) fail("a tree is loaded from entries none of which stands twice");
    let middle = from;
    while (middle < to && bitAt(entries, middle, depth) === 0) middle += ENTRY_BYTES;
    const pair = this.#pairs.create();
    this.#pairs.setChild(2 * pair, this.#build(entries, from, middle, depth + 1));
    this.#pairs.setChild(2 * pair + 1, this.#build(entries, middle, to, depth + 1));
    return ~pair;
  }
}

/** The bit at a depth of the key hash that begins at `at`, most significant first. */
function bitAt(keys: Bytes, at: number, depth: number): number {
  return (keys[at + (depth >> 3)]! >> (7 - (depth & 7))) & 1;
}
