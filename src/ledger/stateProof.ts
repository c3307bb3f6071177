// Proofs of the state: is this row in force under this key, or none? docs/protocol.md §5. Owns the bytes of the state tree's leaves and nodes and the
// pure verifier. Does not own: the tree (stateTree.ts), proof files (proof.ts). Browser-clean: the light verifier stands on this file.
//
// The tree: a key's place is its key hash. A subtree of no entries is 32 zero bytes; of 1 … 16 entries, below the top 16 bits, a bucket:
// SHA-256(u8 count ‖ 31 × 00 ‖ (key hash ‖ value hash)…, ascending); else SHA-256(left ‖ right) on the next bit, most significant first, but of two
// zeros again zeros. Buckets and nodes differ in length (32 + 64 c against 64), so neither can be taken for the other.

import { type Bytes, compareBytes, concat, equalBytes, utf8 } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { TREE_BUCKET_ENTRIES, TREE_TOP_BITS } from "../base/limits.ts";

const HASH = 32;
const ENTRY = 2 * HASH;
const ZERO: Bytes = new Uint8Array(HASH);

// There are some dozens of collections, and a key is hashed for every read of a row that is in no cache.
const heads = new Map<string, Bytes>();
let placed = new Uint8Array(1_024);

/** SHA-256(u8 length ‖ `contract/collection` ‖ encoded key): the place of a row in the tree (§5.1). */
export function stateKeyHash(collection: string, key: Bytes): Bytes {
  const head = keyHashHead(collection);
  const length = head.length + key.length;
  if (length > placed.length) placed = new Uint8Array(2 * length);
  placed.set(head, 0);
  placed.set(key, head.length);
  return sha256(placed.subarray(0, length));
}

/** u8 length ‖ `contract/collection`: what stands in front of each key of a collection where it is hashed. */
export function keyHashHead(collection: string): Bytes {
  return heads.get(collection) ?? headOf(collection);
}

function headOf(collection: string): Bytes {
  const name = utf8(collection);
  if (name.length > 255) throw new LedgerError("bug.assertion", { message: "a collection's name has at most 255 bytes" });
  const head = concat(Uint8Array.of(name.length), name);
  // A verifier hashes whatever name a file has: it must not fill the map.
  if (heads.size < MAX_HEADS) heads.set(collection, head);
  return head;
}
const MAX_HEADS = 1_024;

/** SHA-256 of the row's bytes: what stands at the row's place. */
export function stateValueHash(row: Bytes): Bytes {
  return sha256(row);
}

/** Hash of a bucket of (key hash ‖ value hash) pairs laid end to end; zeros for none. */
export function bucketHash(entries: Bytes): Bytes {
  if (entries.length === 0) return ZERO;
  const input = new Uint8Array(HASH + entries.length);
  input[0] = entries.length / ENTRY;
  input.set(entries, HASH);
  return sha256(input);
}

export type StateVerdict =
  /** `value` is the hash of the row in force, undefined if there is none under this key. */
  | { readonly valid: true; readonly value: Bytes | undefined }
  | { readonly valid: false; readonly reason: "form" | "order" | "prefix" | "root" };

/**
 * Does `root` hold this key, and with which value? `bucket`: the entries of the bucket on the key's way, end to end, empty if the way ends in an empty
 * subtree. `siblings`: 32 bytes each, end to end, from the bucket upwards to the root. Never throws: all of it is under an attacker's control.
 */
export function verifyStateProof(root: Bytes, keyHash: Bytes, bucket: Bytes, siblings: Bytes): StateVerdict {
  const depth = siblings.length / HASH;
  if (root.length !== HASH || keyHash.length !== HASH) return wrong("form");
  if (!Number.isInteger(depth) || depth < TREE_TOP_BITS || depth > 8 * HASH) return wrong("form");
  if (bucket.length % ENTRY !== 0 || bucket.length > TREE_BUCKET_ENTRIES * ENTRY) return wrong("form");
  let value: Bytes | undefined;
  for (let at = 0; at < bucket.length; at += ENTRY) {
    const key = bucket.subarray(at, at + HASH);
    if (at > 0 && compareBytes(bucket.subarray(at - ENTRY, at - HASH), key) >= 0) return wrong("order");
    if (!samePrefix(key, keyHash, depth)) return wrong("prefix");
    if (equalBytes(key, keyHash)) value = bucket.slice(at + HASH, at + ENTRY);
  }
  let hash = bucketHash(bucket);
  for (let i = 0; i < depth; i++) {
    const sibling = siblings.subarray(i * HASH, i * HASH + HASH);
    hash = bitAt(keyHash, depth - 1 - i) === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash);
  }
  return equalBytes(hash, root) ? { valid: true, value } : wrong("root");
}

const pair = new Uint8Array(ENTRY);
function nodeHash(left: Bytes, right: Bytes): Bytes {
  if (equalBytes(left, ZERO) && equalBytes(right, ZERO)) return ZERO;
  pair.set(left, 0);
  pair.set(right, HASH);
  return sha256(pair);
}

/** The bit at a depth of the tree, the most significant of the first byte at depth 0. */
function bitAt(hash: Bytes, depth: number): number {
  return (hash[depth >> 3]! >> (7 - (depth & 7))) & 1;
}

function samePrefix(a: Bytes, b: Bytes, bits: number): boolean {
  for (let i = 0; i < bits; i++) if (bitAt(a, i) !== bitAt(b, i)) return false;
  return true;
}

function wrong(reason: "form" | "order" | "prefix" | "root"): StateVerdict {
  return { valid: false, reason };
}
