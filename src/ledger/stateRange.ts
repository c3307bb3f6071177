// Ranges of the state tree, proved: all entries whose key hashes begin with the same bits, and the siblings that lead from there to a certified root.
// docs/protocol.md §4.9.3, §5.2. Owns the pure check. Does not own: the tree (stateTree.ts), asking for ranges (stateSync.ts).

import { type Bytes, compareBytes, equalBytes } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import { TREE_BUCKET_ENTRIES, TREE_TOP_BITS } from "../base/limits.ts";
import { bucketHash } from "./stateProof.ts";
import { ENTRY_BYTES } from "./treeNodes.ts";

/** The key hashes that begin with the `depth` (0 … 16) bits of `index`. */
export interface StateRange {
  readonly depth: number;
  readonly index: number;
}

const ZERO: Bytes = new Uint8Array(32);

/**
 * Are these all the entries (key hash ‖ row hash, end to end) of the range in the state with this root? `siblings`: 32 bytes each, from the range upwards.
 * Never throws: all of it is under a peer's control.
 */
export function rangeHolds(root: Bytes, { depth, index }: StateRange, entries: Bytes, siblings: Bytes): boolean {
  if (entries.length % ENTRY_BYTES !== 0 || siblings.length !== 32 * depth) return false;
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    if (prefixOf(entries, at) >>> (TREE_TOP_BITS - depth) !== index) return false;
    if (at > 0 && compareBytes(entries.subarray(at - ENTRY_BYTES, at - 32), entries.subarray(at, at + 32)) >= 0) return false;
    if (equalBytes(entries.subarray(at + 32, at + 64), ZERO)) return false;
  }
  let hash = subtreeHash(entries, 0, entries.length, depth);
  for (let i = 0; i < depth; i++) {
    const sibling = siblings.subarray(32 * i, 32 * i + 32);
    hash = ((index >>> i) & 1) === 0 ? pairHash(hash, sibling) : pairHash(sibling, hash);
  }
  return equalBytes(hash, root);
}

/** The first 16 bits of the key hash at an offset. */
function prefixOf(entries: Bytes, at: number): number {
  return (entries[at]! << 8) | entries[at + 1]!;
}

function subtreeHash(entries: Bytes, from: number, to: number, depth: number): Bytes {
  if (from === to) return ZERO;
  if (depth >= TREE_TOP_BITS && to - from <= TREE_BUCKET_ENTRIES * ENTRY_BYTES) return bucketHash(entries.subarray(from, to));
  // Ascending and different, so the bits end before the depth does.
  let middle = from;
  while (middle < to && ((entries[middle + (depth >> 3)]! >> (7 - (depth & 7))) & 1) === 0) middle += ENTRY_BYTES;
  return pairHash(subtreeHash(entries, from, middle, depth + 1), subtreeHash(entries, middle, to, depth + 1));
}

const pair = new Uint8Array(64);
function pairHash(left: Bytes, right: Bytes): Bytes {
  if (equalBytes(left, ZERO) && equalBytes(right, ZERO)) return ZERO;
  pair.set(left, 0);
  pair.set(right, 32);
  return sha256(pair);
}
