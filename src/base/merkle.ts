// Merkle trees (docs/protocol.md §1.4) as RFC 9162 §2.1 has them: leaves and nodes hashed under different prefixes, the number of leaves known. docs/protocol.md §1.
// Owns roots, inclusion and consistency proofs, and the growing tree of block hashes. Does not own: what a leaf is. Browser-clean.

import { merkleRootFast } from "#crypto";
import { type Bytes, equalBytes } from "./bytes.ts";
import { LedgerError } from "./errors.ts";
import { sha256, sha256Into } from "./hash.ts";

/** Sizes and indexes stay below this, where JavaScript's shifts are exact. */
const MAX_LEAVES = 2 ** 31 - 1;

const EMPTY_ROOT = /* @__PURE__ */ sha256(new Uint8Array(0));
const nodeInput = new Uint8Array(65);
nodeInput[0] = 1;

/** SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Bytes): Bytes {
  const input = new Uint8Array(leaf.length + 1);
  input.set(leaf, 1);
  return sha256(input);
}

/** SHA-256(0x01 ‖ left ‖ right) of two hashes. */
export function nodeHash(left: Bytes, right: Bytes): Bytes {
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return sha256(nodeInput);
}

/** Below, a call of the addon saves nothing. */
const FEW_LEAVES = 4;

/** Root over leaf hashes (32 bytes each, in order); SHA-256 of nothing for none (RFC 9162 §2.1.1). */
export function rootOf(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return EMPTY_ROOT;
  const flat = new Uint8Array(leaves.length * 32);
  for (let i = 0; i < leaves.length; i++) flat.set(leaves[i]!, i * 32);
  return rootOfFlat(flat, leaves.length);
}

/** As `rootOf`, over leaf hashes laid end to end. Overwrites `flat`. */
export function rootOfFlat(flat: Bytes, count: number): Bytes {
  if (count === 0) return EMPTY_ROOT;
  if (count > FEW_LEAVES && merkleRootFast(flat, count)) return flat.slice(0, 32);
  // Pairing level by level, an odd last one carried up, gives the same tree as the recursive split at the largest power of two.
  for (let n = count; n > 1; n = (n >> 1) + (n & 1)) {
    const pairs = n >> 1;
    for (let i = 0; i < pairs; i++) {
      nodeInput.set(flat.subarray(i * 64, i * 64 + 64), 1);
      sha256Into(nodeInput, flat, i * 32);
    }
    if ((n & 1) === 1) flat.copyWithin(pairs * 32, (n - 1) * 32, n * 32);
  }
  return flat.slice(0, 32);
}

/** The siblings from the leaf at `index` up to the root (RFC 9162 §2.1.3.1). */
export function inclusionPath(leaves: readonly Bytes[], index: number): Bytes[] {
  if (!(index >= 0 && index < leaves.length)) throw new LedgerError("merkle.index", { index, size: leaves.length });
  const path: Bytes[] = [];
  let level = leaves;
  for (let i = index; level.length > 1; i >>>= 1) {
    const sibling = i ^ 1;
    if (sibling < level.length) path.push(level[sibling]!);
    const up: Bytes[] = [];
    for (let j = 0; j + 1 < level.length; j += 2) up.push(nodeHash(level[j]!, level[j + 1]!));
    if ((level.length & 1) === 1) up.push(level.at(-1)!);
    level = up;
  }
  return path;
}

export interface Inclusion {
  /** 32 bytes. */
  readonly root: Bytes;
  /** Leaves of the tree, 1 … 2^31 − 1. */
  readonly size: number;
  readonly index: number;
  /** Hash of the leaf (`leafHash`). */
  readonly leaf: Bytes;
  /** 32 bytes each, from the leaf upwards. */
  readonly path: readonly Bytes[];
}

/** Does the leaf stand at the index of the tree (RFC 9162 §2.1.3.2)? False for anything malformed; never throws. */
export function verifyInclusion({ root, size, index, leaf, path }: Inclusion): boolean {
  if (!Number.isInteger(size) || !Number.isInteger(index) || size < 1 || size > MAX_LEAVES || index < 0 || index >= size) return false;
  if (root.length !== 32 || leaf.length !== 32 || path.length > 31) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (sibling.length !== 32 || sn === 0) return false;
    if ((fn & 1) === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while ((fn & 1) === 0 && fn !== 0) {
        fn >>>= 1;
        sn >>>= 1;
      }
    } else hash = nodeHash(hash, sibling);
    fn >>>= 1;
    sn >>>= 1;
  }
  return sn === 0 && equalBytes(hash, root);
}

export interface Consistency {
  readonly oldSize: number;
  readonly oldRoot: Bytes;
  readonly newSize: number;
  readonly newRoot: Bytes;
  readonly path: readonly Bytes[];
}

/** Is the old tree a prefix of the new one (RFC 9162 §2.1.4.2)? Sizes from 1; false for anything malformed. */
export function verifyConsistency({ oldSize, oldRoot, newSize, newRoot, path }: Consistency): boolean {
  if (!Number.isInteger(oldSize) || !Number.isInteger(newSize) || oldSize < 1 || newSize < oldSize || newSize > MAX_LEAVES) return false;
  if (oldRoot.length !== 32 || newRoot.length !== 32 || path.length > 62 || path.some((p) => p.length !== 32)) return false;
  if (oldSize === newSize) return path.length === 0 && equalBytes(oldRoot, newRoot);
  if (path.length === 0) return false;
  const powerOfTwo = (oldSize & (oldSize - 1)) === 0;
  const proof = powerOfTwo ? [oldRoot, ...path] : path;
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while ((fn & 1) === 1) {
    fn >>>= 1;
    sn >>>= 1;
  }
  let fr = proof[0]!;
  let sr = proof[0]!;
  for (const c of proof.slice(1)) {
    if (sn === 0) return false;
    if ((fn & 1) === 1 || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while ((fn & 1) === 0 && fn !== 0) {
        fn >>>= 1;
        sn >>>= 1;
      }
    } else sr = nodeHash(sr, c);
    fn >>>= 1;
    sn >>>= 1;
  }
  return sn === 0 && equalBytes(fr, oldRoot) && equalBytes(sr, newRoot);
}

/** A growing tree that keeps only its ≤ 31 peaks (perfect subtrees, largest first): one or two hashes for each leaf. */
export class Peaks {
  readonly #peaks: Bytes[];
  #size: number;

  constructor(size = 0, peaks: readonly Bytes[] = []) {
    if (peaks.length !== ones(size) || peaks.some((p) => p.length !== 32))
      throw new LedgerError("merkle.peaks", { size, peaks: peaks.length });
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  /** 32 bytes each, the largest subtree first. */
  get peaks(): readonly Bytes[] {
    return this.#peaks;
  }

  /** Appends a leaf hash. */
  push(leaf: Bytes): void {
    let hash = leaf;
    for (let n = this.#size; (n & 1) === 1; n >>>= 1) hash = nodeHash(this.#peaks.pop()!, hash);
    this.#peaks.push(hash);
    this.#size++;
  }

  root(): Bytes {
    if (this.#size === 0) return EMPTY_ROOT;
    let hash = this.#peaks.at(-1)!;
    for (let i = this.#peaks.length - 2; i >= 0; i--) hash = nodeHash(this.#peaks[i]!, hash);
    return hash;
  }

  clone(): Peaks {
    return new Peaks(this.#size, this.#peaks);
  }
}

function ones(n: number): number {
  let count = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
