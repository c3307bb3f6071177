import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, hex, utf8 } from "../../../src/base/bytes.ts";
import {
  certificateFault,
  decodeCertificate,
  decodeSet,
  encodeCertificate,
  encodeSet,
  faults,
  makeCertificate,
  primaryIndex,
  quorum,
  setHash,
  signVote,
  sortedSet,
  verifyCertificate,
  weak,
} from "../../../src/base/certificate.ts";
import { encode } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { batchesHash, blockHash, decodeBlock, decodeOrder, encodeBlock, encodeOrder, orderDigest } from "../../../src/base/header.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";

const network = sha256(utf8("a network"));
const seeds = Array.from({ length: 7 }, (_, i) => new Uint8Array(32).fill(i + 1));
const ids = ["courts", "health", "land", "tax", "treasury", "utilities", "works"];
const set = sortedSet(ids.map((id, i) => ({ id, key: publicKeyOf(seeds[i]!) })));
const vote = { epoch: 3, view: 1, height: 120, hash: sha256(utf8("block")) };
const signed = (indexes: number[], n = 4, change: Partial<typeof vote> = {}): Map<number, Uint8Array> =>
  new Map(
    indexes
      .map((i) => [i, signVote(network, "commit", { ...vote, ...change, signer: set[i]!.id }, seeds[ids.indexOf(set[i]!.id)]!)] as const)
      .filter(([i]) => i < n),
  );

describe("§4.1.1 numbers", () => {
  it("has quorums that meet in an honest validator, and that f silent ones cannot withhold", () => {
    for (let n = 1; n <= 128; n++) {
      const f = faults(n);
      expect(2 * quorum(n) - n, `n = ${n}`).toBeGreaterThan(f);
      expect(n - f, `n = ${n}`).toBeGreaterThanOrEqual(quorum(n));
      expect(weak(n)).toBe(f + 1);
    }
    expect([4, 5, 6, 7, 10].map(quorum)).toEqual([3, 4, 4, 5, 7]); // 2f + 1 would be 3, 3, 3, 5, 7
  });
  it("rotates the primary with epoch and view", () => {
    expect([0, 1, 2, 3, 4].map((view) => primaryIndex(4, 2, view))).toEqual([2, 3, 0, 1, 2]);
  });
});

describe("§3.3 certificates", () => {
  const four = set.slice(0, 4);
  const good = makeCertificate("commit", vote, signed([0, 2, 3]), 4);

  it("holds with q distinct signers, and survives its bytes", () => {
    expect(verifyCertificate(network, good, four)).toBe(true);
    expect(verifyCertificate(network, decodeCertificate(encodeCertificate(good)), four)).toBe(true);
    expect(hex(good.signers)).toBe("b0");
  });
  it("fails below q, with a spare bit, with a bitmap of another length, with too few signatures", () => {
    expect(
      certificateFault(network, { ...good, signers: Uint8Array.of(0xa0), signatures: good.signatures.slice(0, 128) }, four)?.code,
    ).toBe("certificate.quorum");
    expect(certificateFault(network, { ...good, signers: Uint8Array.of(0xa8) }, four)?.code).toBe("certificate.bitmap");
    expect(certificateFault(network, { ...good, signers: Uint8Array.of(0xb0, 0) }, four)?.code).toBe("certificate.bitmap");
    expect(certificateFault(network, { ...good, signatures: good.signatures.slice(64) }, four)?.code).toBe("certificate.bitmap");
  });
  it("fails when one signer stands for two", () => {
    const one = signed([0]).get(0)!;
    expect(certificateFault(network, { ...good, signatures: concat(one, one, one) }, four)?.signer).toBe("land");
  });
  it("fails for another view, epoch, height, hash, kind, network or set: every signature covers them all", () => {
    for (const change of [{ view: 2 }, { epoch: 4 }, { height: 121 }, { hash: sha256(utf8("other")) }, { kind: "prepare" as const }])
      expect(verifyCertificate(network, { ...good, ...change }, four), JSON.stringify(change)).toBe(false);
    expect(verifyCertificate(sha256(utf8("another network")), good, four)).toBe(false);
    expect(verifyCertificate(network, good, set.slice(1, 5))).toBe(false);
  });
  it("does not add up votes of two views", () => {
    const mixed = new Map([...signed([0, 2]), ...signed([3], 4, { view: 2 })]);
    expect(certificateFault(network, makeCertificate("commit", vote, mixed, 4), four)).toEqual({
      code: "certificate.signature",
      signer: "tax",
    });
  });
  it("is refused with any bit flipped", () => {
    const bytes = encodeCertificate(good);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        let holds = false;
        try {
          holds = verifyCertificate(network, decodeCertificate(flipped), four);
        } catch {
          holds = false;
        }
        expect(holds).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe("§3.1, §3.2 sets and headers", () => {
  it("keeps sets in one order", () => {
    expect(set.map((v) => v.id)).toEqual(ids);
    expect(hex(setHash(network, decodeSet(encodeSet(set))))).toBe(hex(setHash(network, set)));
    expect(() =>
      decodeSet(
        encode([
          ["tax", set[0]!.key],
          ["land", set[1]!.key],
        ]),
      ),
    ).toThrow("certificate.set");
    expect(() =>
      decodeSet(
        encode([
          ["tax", set[0]!.key],
          ["tax", set[1]!.key],
        ]),
      ),
    ).toThrow("certificate.set");
  });
  it("reads back headers; each field changes the hash", () => {
    const order = {
      protocol: 1,
      epoch: 0,
      height: 7,
      parent: vote.hash,
      time: 1_795_330_510_412,
      batches: batchesHash(network, [{ digest: vote.hash, count: 3, bytes: 750 }]),
    };
    const header = {
      order,
      parentBlock: vote.hash,
      transactionsRoot: vote.hash,
      leaves: 3,
      stateRoot: vote.hash,
      validators: vote.hash,
      parameters: vote.hash,
      history: vote.hash,
    };
    expect(decodeOrder(encodeOrder(order))).toEqual(order);
    expect(decodeBlock(encodeBlock(header))).toEqual(header);
    const other = sha256(utf8("other"));
    const hashes = new Set([hex(blockHash(network, header))]);
    for (const change of [
      { order: { ...order, time: order.time + 1 } },
      { parentBlock: other },
      { transactionsRoot: other },
      { leaves: 4 },
      { stateRoot: other },
      { validators: other },
      { parameters: other },
      { history: other },
    ])
      hashes.add(hex(blockHash(network, { ...header, ...change })));
    expect(hashes.size).toBe(9);
    expect(hex(orderDigest(network, order))).not.toBe(hex(orderDigest(other, order)));
  });
});
