import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, hex, unbase64 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { inclusionPath, leafHash, nodeHash, Peaks, rootOf, verifyConsistency, verifyInclusion } from "../../../src/base/merkle.ts";

const data = path.resolve(import.meta.dirname, "../../../../shared/data/merkle-rfc6962");
const leavesOf = (n: number): Bytes[] => Array.from({ length: n }, (_, i) => leafHash(Uint8Array.of(i >>> 8, i)));

/** The recursive definition of RFC 9162 §2.1.1, to hold the loops against. */
function slowRoot(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(slowRoot(leaves.slice(0, k)), slowRoot(leaves.slice(k)));
}

describe("§1.4 Merkle trees (RFC 9162)", () => {
  it("has the root of the recursive definition, grown leaf by leaf or at once", () => {
    const peaks = new Peaks();
    for (let n = 0; n <= 130; n++) {
      const leaves = leavesOf(n);
      expect(hex(rootOf(leaves))).toBe(hex(slowRoot(leaves)));
      expect(hex(peaks.root())).toBe(hex(slowRoot(leaves)));
      expect(hex(new Peaks(n, peaks.peaks).root())).toBe(hex(peaks.root()));
      peaks.push(leafHash(Uint8Array.of(n >>> 8, n)));
    }
  });

  it("proves each leaf at its place and nowhere else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), (n, i, j) => {
        const leaves = leavesOf(n);
        const root = rootOf(leaves);
        const index = i % n;
        const proof = inclusionPath(leaves, index);
        const inclusion = { root, size: n, index, leaf: leaves[index]!, path: proof };
        expect(verifyInclusion(inclusion)).toBe(true);
        const other = j % n;
        if (other !== index) {
          expect(verifyInclusion({ ...inclusion, index: other })).toBe(false);
          expect(verifyInclusion({ ...inclusion, leaf: leaves[other]! })).toBe(false);
        }
        expect(verifyInclusion({ ...inclusion, path: [...proof, root] })).toBe(false);
      }),
    );
  });

  it("refuses sizes, indexes and lengths that are not", () => {
    const root = leafHash(new Uint8Array(0));
    const one = { root, size: 1, index: 0, leaf: root, path: [] };
    expect(verifyInclusion(one)).toBe(true);
    for (const size of [0, -1, 1.5, 2 ** 31, Number.NaN]) expect(verifyInclusion({ ...one, size })).toBe(false);
    for (const index of [1, -1, 0.5]) expect(verifyInclusion({ ...one, index })).toBe(false);
    expect(verifyInclusion({ ...one, root: root.subarray(1), leaf: root.subarray(1) })).toBe(false);
    for (const length of [31, 33])
      expect(verifyInclusion({ root: nodeHash(root, root), size: 2, index: 0, leaf: root, path: [new Uint8Array(length)] })).toBe(false);
  });

  it.skipIf(!existsSync(data))("agrees with the published vectors, but for the one it refuses on purpose", () => {
    let checked = 0;
    const disagreements: string[] = [];
    const bytes = (s: string | null): Bytes => unbase64(s ?? "");
    const list = (l: string[] | null): Bytes[] => (l ?? []).map(bytes);
    for (const kind of ["inclusion", "consistency"]) {
      for (const entry of readdirSync(path.join(data, kind), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = path.join(entry.parentPath, entry.name);
        const v = JSON.parse(readFileSync(file, "utf8"));
        const verdict =
          kind === "inclusion"
            ? verifyInclusion({
                root: bytes(v.root),
                size: Number(v.treeSize),
                index: Number(v.leafIdx),
                leaf: bytes(v.leafHash),
                path: list(v.proof),
              })
            : verifyConsistency({
                oldSize: Number(v.size1),
                newSize: Number(v.size2),
                oldRoot: bytes(v.root1),
                newRoot: bytes(v.root2),
                path: list(v.proof),
              });
        checked++;
        if (verdict === Boolean(v.wantErr)) disagreements.push(path.relative(data, file));
      }
    }
    expect(checked).toBeGreaterThan(190);
    // It wants placeholder roots of 12 bytes accepted; a root is 32 bytes.
    expect(disagreements).toEqual(["consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"]);
  });
});
