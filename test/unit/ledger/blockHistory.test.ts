import { describe, expect, test } from "vitest";
import { type Bytes, hex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { leafHash, nodeHash, rootOf } from "../../../src/base/merkle.ts";
import { completedNodes, historyNode, historyPeaks, type HistorySource } from "../../../src/ledger/blockHistory.ts";

/** A source that keeps what is to be kept, and leaves of 70,000 blocks. */
function grown(size: number): { source: HistorySource; leaves: Bytes[]; kept: Map<string, Bytes>; reads: () => number } {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(sha256(utf8(`block ${i}`))));
  const kept = new Map<string, Bytes>();
  let reads = 0;
  const source: HistorySource = {
    node(level, index) {
      reads++;
      const node = level === 0 ? leaves[index] : kept.get(`${level} ${index}`);
      if (node === undefined) throw new RangeError(`node ${level} ${index}`);
      return node;
    },
  };
  for (let height = 0; height < size; height++)
    for (const { level, index, hash } of completedNodes(source, height)) kept.set(`${level} ${index}`, hash);
  return { source, leaves, kept, reads: () => reads };
}

describe("the tree of block hashes (§3)", () => {
  const { source, leaves, kept } = grown(66_000);

  test("keeps one node for 256 blocks, and one for 65,536", () => {
    expect(kept.size).toBe(Math.floor(66_000 / 256) + 1);
  });

  test("has the root that all leaves have, at any size", () => {
    for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 1_000, 4_097, 65_535, 65_536, 65_537, 66_000]) {
      const peaks = historyPeaks(source, size);
      expect(hex(peaks.root())).toBe(hex(rootOf(leaves.slice(0, size))));
      expect(peaks.size).toBe(size);
    }
  });

  test("gives any inner node whose leaves all stand", () => {
    const model = (level: number, index: number): Bytes =>
      level === 0 ? leaves[index]! : nodeHash(model(level - 1, 2 * index), model(level - 1, 2 * index + 1));
    for (const [level, index] of [
      [0, 5],
      [1, 0],
      [7, 3],
      [8, 1],
      [9, 2],
      [12, 7],
      [16, 0],
    ] as const)
      expect(hex(historyNode(source, level, index))).toBe(hex(model(level, index)));
  });
});
