// The tree over the hashes of all blocks, whose root every header carries as `history`: its inner nodes and its growing edge. docs/protocol.md §3.
// Owns which nodes are kept (every eighth level, once complete) and how the others are made from them. Does not own: the tree's rules (base/merkle),
// paths in it (proof.ts).
//
// Leaf 0 is the genesis hash, leaf h the hash of block h; the header of height h commits to the h leaves before it.

import type { Bytes } from "../base/bytes.ts";
import { nodeHash, Peaks } from "../base/merkle.ts";

/** Every eighth level is kept: 32 bytes for 256 blocks, and no node is made of more than 256 others. */
export const KEPT_LEVELS = 8;

/** Where the nodes come from: leaf hashes at level 0, kept nodes at multiples of eight. */
export interface HistorySource {
  node(level: number, index: number): Bytes;
}

/** Nodes that are complete once the leaf `height` stands, and are to be kept. */
export function completedNodes(source: HistorySource, height: number): { level: number; index: number; hash: Bytes }[] {
  const out: { level: number; index: number; hash: Bytes }[] = [];
  const made = new Map<number, Bytes>();
  const withMade: HistorySource = {
    node: (level, index) => (index === Math.floor(height / 2 ** level) ? made.get(level) : undefined) ?? source.node(level, index),
  };
  for (let level = KEPT_LEVELS; (height + 1) % 2 ** level === 0; level += KEPT_LEVELS) {
    const index = Math.floor(height / 2 ** level);
    const hash = combine(withMade, level, index);
    made.set(level, hash);
    out.push({ level, index, hash });
  }
  return out;
}

/** Root of the 2^level leaves from index · 2^level on, all of which stand. */
export function historyNode(source: HistorySource, level: number, index: number): Bytes {
  return level % KEPT_LEVELS === 0 ? source.node(level, index) : combine(source, level, index);
}

function combine(source: HistorySource, level: number, index: number): Bytes {
  return nodeHash(historyNode(source, level - 1, 2 * index), historyNode(source, level - 1, 2 * index + 1));
}

/** The growing tree over the first `size` leaves. */
export function historyPeaks(source: HistorySource, size: number): Peaks {
  const peaks: Bytes[] = [];
  let from = 0;
  for (let level = 31; level >= 0; level--) {
    const width = 2 ** level;
    if (size - from < width) continue;
    peaks.push(historyNode(source, level, from / width));
    from += width;
  }
  return new Peaks(size, peaks);
}
