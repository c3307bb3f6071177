// Many hashes in one call are what they are one by one, with the addon and without.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, hex } from "../../../src/base/bytes.ts";
import * as browser from "../../../src/base/cryptoBrowser.ts";
import { merkleRootFast, sha256Many, sha256OneByOne } from "../../../src/base/cryptoNode.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { nodeHash, rootOf } from "../../../src/base/merkle.ts";
import type { Bytes } from "../../../src/base/bytes.ts";

const some = (maxLength: number) => fc.uint8Array({ maxLength });

describe("hashing many at once", () => {
  it("gives each its hash, whoever computes it", () => {
    fc.assert(
      fc.property(some(40), fc.array(some(300), { maxLength: 12 }), some(5), fc.boolean(), (head, parts, middle, tailed) => {
        const bytes = concat(...parts);
        let at = 0;
        const ranges = Uint32Array.from(parts.flatMap((part) => [at, (at += part.length)]));
        const tails = tailed ? concat(...parts.map((part) => sha256(part))) : new Uint8Array(0);
        const expected = parts.map((part) => hex(sha256(tailed ? concat(head, part, middle, sha256(part)) : concat(head, part)))).join("");
        for (const many of [sha256Many, sha256OneByOne, browser.sha256Many]) {
          const out = new Uint8Array(32 * parts.length);
          many(head, bytes, ranges, middle, tails, out);
          expect(hex(out)).toBe(expected);
        }
      }),
    );
  });

  it("finds the root that RFC 9162 defines by halves", () => {
    const byHalves = (leaves: readonly Bytes[]): Bytes => {
      if (leaves.length === 1) return leaves[0]!;
      let left = 1;
      while (2 * left < leaves.length) left *= 2;
      return nodeHash(byHalves(leaves.slice(0, left)), byHalves(leaves.slice(left)));
    };
    for (let n = 1; n <= 130; n++) {
      const leaves = Array.from({ length: n }, (_, i) => sha256(Uint8Array.of(n, i)));
      const expected = hex(byHalves(leaves));
      expect(hex(rootOf(leaves))).toBe(expected);
      const flat = concat(...leaves);
      if (merkleRootFast(flat, n)) expect(hex(flat.slice(0, 32))).toBe(expected);
    }
  });
});
