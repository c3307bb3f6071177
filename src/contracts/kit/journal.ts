// A source's journal without gaps: each batch continues the last and names its root; a root proves each of its items. Pure.
// The leaves of a batch's tree are the SHA-256 hashes of the items' own bytes (RFC 9162 hashes them once more, with its prefix).

import { equalBytes } from "../../base/bytes.ts";
import { leafHash, verifyInclusion } from "../../base/merkle.ts";
import { count, type Hash, hash, list, range } from "../engine/index.ts";

const MAX_ITEMS = 2 ** 31 - 1;

/** Kept once per source: the number of the next item, the root of the last batch (zeros before the first). */
export const head = { next: count, last: hash };
export interface Head {
  readonly next: number;
  readonly last: Hash;
}
export const noBatch: Head = { next: 0, last: new Uint8Array(32) };

/** A batch: its first item's number, how many items, their root, and the root of the batch before. */
export const batch = { first: count, size: range(1, MAX_ITEMS), root: hash, previous: hash };
export interface Batch {
  readonly first: number;
  readonly size: number;
  readonly root: Hash;
  readonly previous: Hash;
}

/** The head after the batch; undefined when it leaves a gap, overlaps, or does not continue the last. */
export function after(source: Head, { first, size, root, previous }: Batch): Head | undefined {
  return first === source.next && equalBytes(previous, source.last) && Number.isSafeInteger(first + size)
    ? { next: first + size, last: root }
    : undefined;
}

/** An item and its way to the root: what a predicate needs; the handler compares `root` and `size` with the batch on the chain. */
export const inclusion = { item: hash, index: count, size: range(1, MAX_ITEMS), root: hash, path: list(hash, 31) };
export interface Included {
  readonly item: Hash;
  /** Within the batch, from 0. */
  readonly index: number;
  readonly size: number;
  readonly root: Hash;
  readonly path: readonly Hash[];
}
/** Is the item under the root? */
export const included = ({ item, index, size, root, path }: Included): boolean =>
  verifyInclusion({ root, size, index, path, leaf: leafHash(item) });
