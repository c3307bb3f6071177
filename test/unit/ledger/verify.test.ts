import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, concat, hex, u32be, unhex } from "../../../src/base/bytes.ts";
import { encode } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { publicKeyOf, sign } from "../../../src/base/signature.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { frame } from "../../../src/base/tags.ts";
import { batchSigned, joinTransactions, makeBatch, ownBatch, readBatch, splitTransactions } from "../../../src/ledger/batch.ts";
import { checkTransaction, encodeBody, fullHash, signTransaction } from "../../../src/ledger/transaction.ts";
import { BatchVerification, declaredWork, transferables, verifyBatch, verifyIngress } from "../../../src/ledger/verify.ts";
import { crafted } from "./crafted.ts";

const network = sha256(Uint8Array.of(1));
const seed = (n: number): Bytes => new Uint8Array(32).fill(n);
const make = (n: number, operations = [{ action: "evidence.deposit@1", args: { n } }], seeds = [seed(1)]): Bytes =>
  signTransaction(network, { nonce: sha256(u32be(n)).slice(0, 16), notAfter: 1_000_000 + n, operations }, seeds);
const options = { network, work: (action: string) => (action.startsWith("evidence.") ? 64 : 1) };
const peer = seed(0x70);
const batchOf = (transactions: Bytes[]): Bytes => makeBatch(network, "tax", 17, transactions, peer);
const verified = (bytes: Bytes) => {
  const verdict = verifyBatch(bytes, options);
  if (!verdict.ok) throw new Error(verdict.code);
  return verdict.batch;
};

describe("§4.8.1 batches", () => {
  const vector = JSON.parse(readFileSync(new URL("../../vectors/block.json", import.meta.url), "utf8")) as {
    network: string;
    batch: Record<string, string> & { sequence: number; transactions: string[] };
  };

  it("has the wire form of the vectors", () => {
    const { batch } = vector;
    const bytes = makeBatch(unhex(vector.network), batch["origin"]!, batch.sequence, batch.transactions.map(unhex), unhex(batch["seed"]!));
    expect(hex(bytes)).toBe(batch["bytes"]);
    const verdict = verifyBatch(bytes, { ...options, network: unhex(vector.network) });
    expect(verdict.ok && hex(verdict.batch.reference.digest)).toBe(batch["digest"]);
    expect(hex(joinTransactions(batch.transactions.map(unhex)))).toBe(batch["listed"]);
    expect(batchSigned(unhex(vector.network), bytes, readBatch(bytes), unhex(batch["key"]!))).toBe(true);
  });

  it("is verified once, and everything learnt on the way comes with it", () => {
    const transactions = [
      make(1),
      make(2, undefined, [seed(1), seed(2)]),
      make(3, [
        { action: "a.b@1", args: { n: 1 } },
        { action: "evidence.deposit@1", args: { n: 2 } },
      ]),
    ];
    const batch = verified(batchOf(transactions));
    expect(batch.reference).toMatchObject({ count: 3, bytes: batch.bytes.length });
    expect([batch.origin, batch.sequence, batch.work, batch.signatures]).toEqual(["tax", 17, 64 + 64 + 65, 4]);
    transactions.forEach((t, i) => {
      const { id } = checkTransaction(network, t);
      const [start, length] = [batch.offsets[2 * i]!, batch.offsets[2 * i + 1]!];
      expect(hex(batch.bytes.subarray(start, start + length))).toBe(hex(t));
      expect(hex(batch.ids.subarray(32 * i, 32 * i + 32))).toBe(hex(id));
      expect(hex(batch.fullHashes.subarray(32 * i, 32 * i + 32))).toBe(hex(fullHash(t)));
      expect(batch.notAfter[i]).toBe(1_000_001 + i);
    });
    expect(declaredWork(batch.bytes, batch.offsets, () => 10)).toBe(40);
  });

  it("is the same whether verified from the wire or made of transactions known already", () => {
    const transactions = [make(1), make(2)];
    const bytes = batchOf(transactions);
    const ingress = verifyIngress(joinTransactions(transactions), options);
    const items = transactions.map((t, i) => ({
      bytes: t,
      id: ingress.ids.slice(32 * i, 32 * i + 32),
      fullHash: ingress.fullHashes.slice(32 * i, 32 * i + 32),
      notAfter: ingress.notAfter[i]!,
      signatures: ingress.signatures[i]!,
      work: ingress.work[i]!,
      failedProofs: [],
    }));
    expect(ownBatch(network, bytes, items)).toEqual(verified(bytes));
  });

  it("is refused whole for one ill-formed transaction, naming it: its origin is faulty", () => {
    const bad = make(2);
    bad[bad.length - 1]! ^= 1;
    expect(verifyBatch(batchOf([make(1), bad, make(3)]), options)).toMatchObject({ ok: false, code: "transaction.signature", index: 1 });
    expect(verifyBatch(batchOf([make(1), make(2).subarray(1)]), options)).toMatchObject({
      ok: false,
      code: "transaction.malformed",
      index: 1,
    });
  });

  it("is refused for a malformed envelope", () => {
    const list = joinTransactions([make(1)]);
    const raw = (value: Parameters<typeof encode>[0]): Bytes => concat(encode(value), new Uint8Array(64));
    const cases: [string, Bytes][] = [
      ["batch.malformed", raw(["tax", 1])],
      ["batch.malformed", raw(["Tax", 1, list])],
      ["batch.malformed", raw(["t", 1, list])],
      ["batch.malformed", raw(["x".repeat(33), 1, list])],
      ["batch.malformed", raw([["tax"], 1, list])],
      ["batch.malformed", raw(["tax", -1, list])],
      ["batch.malformed", raw(["tax", 1n << 60n, list])],
      ["batch.malformed", raw(["tax", 1, "text"])],
      ["batch.malformed", raw(["tax", 1, list.subarray(1)])],
      ["batch.malformed", raw(["tax", 1, concat(list, new Uint8Array(3))])],
      ["batch.malformed", raw(["tax", 1, new Uint8Array(4)])],
      ["batch.malformed", raw(["tax", 1, list]).subarray(1)],
      ["batch.malformed", concat(raw(["tax", 1, list]), new Uint8Array(1))],
      ["batch.empty", raw(["tax", 1, new Uint8Array(0)])],
      ["batch.too_large", raw(["tax", 1, new Uint8Array(262_145)])],
      ["batch.too_large", new Uint8Array(300_000)],
      ["batch.transaction_too_large", raw(["tax", 1, concat(u32be(65_537), new Uint8Array(65_537))])],
      ["batch.too_many_transactions", raw(["tax", 1, concat(...Array.from({ length: 1_001 }, () => Uint8Array.of(0, 0, 0, 1, 0)))])],
      ["codec.truncated", encode(["tax", 1, list]).subarray(0, 20)],
    ];
    for (const [code, bytes] of cases) expect(verifyBatch(bytes, options), hex(bytes.subarray(0, 20))).toMatchObject({ ok: false, code });
  });

  it("never throws, whatever a peer sends", () => {
    const good = batchOf([make(1), make(2)]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: good.length - 65 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.nat({ max: good.length }),
        (changes, cut) => {
          const bad = good.slice(0, cut % 3 === 0 ? cut : good.length);
          for (const [at, value] of changes) if (at < bad.length) bad[at] = value;
          const verdict = verifyBatch(bad, options);
          if (verdict.ok && hex(bad) !== hex(good)) expect([verdict.batch.origin, verdict.batch.sequence]).not.toEqual(["tax", 17]); // the envelope alone may differ: its signature is checked apart
        },
      ),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !verifyBatch(bytes, options).ok));
  });

  it("belongs to the peer key that signed it, in this network", () => {
    const bytes = batchOf([make(1)]);
    const parts = readBatch(bytes);
    expect(batchSigned(network, bytes, parts, publicKeyOf(peer))).toBe(true);
    expect(batchSigned(network, bytes, parts, publicKeyOf(seed(2)))).toBe(false);
    expect(batchSigned(sha256(Uint8Array.of(2)), bytes, parts, publicKeyOf(peer))).toBe(false);
  });

  it("leaves the worker without a copy", () => {
    const batch = verified(batchOf(Array.from({ length: 20 }, (_, i) => make(i))));
    const list = transferables(batch);
    expect(list).toHaveLength(2);
    const sent = structuredClone(batch, { transfer: list });
    expect(batch.bytes.length + batch.ids.length).toBe(0);
    expect(sent.reference.count).toBe(20);
    expect(splitTransactions(sent.bytes, sent.offsets[0]! - 4, sent.bytes.length - 64)).toEqual(sent.offsets);
  });
});

describe("§1.3 the acceptance rule over batches", () => {
  it("accepts from others what only the full rule accepts, counts it as slow, and refuses it from its own clients", () => {
    expect(verifyBatch(batchOf([make(1), crafted(network, seed(1), 1)]), options)).toMatchObject({ ok: true, slow: 1 });
    expect(verifyIngress(joinTransactions([crafted(network, seed(1), 1)]), { ...options, quick: true }).codes).toEqual([
      "transaction.signature",
    ]);
  });

  it("pauses after as many slow checks as it is allowed, so that another origin gets its turn", () => {
    const job = new BatchVerification(
      batchOf([crafted(network, seed(1), 1), make(1), crafted(network, seed(1), 2), crafted(network, seed(1), 3)]),
      options,
    );
    expect([job.advance(1), job.advance(1), job.advance(1)]).toEqual([false, false, true]);
    expect(job.verdict()).toMatchObject({ ok: true, slow: 3 });
  });
});

describe("predicates in a batch", () => {
  it("count as slow checks do: milliseconds of mathematics delay their sender only", () => {
    const heavy = { action: "polls.cast@1", args: { n: 1 } };
    const proofs = (action: string, args: () => unknown): string[] => (action.startsWith("polls.") && args() === undefined ? ["none"] : []);
    const job = new BatchVerification(batchOf([make(1, [heavy, heavy]), make(2), make(3, [heavy])]), { ...options, proofs });
    expect([job.advance(1), job.advance(1), job.advance(1)]).toEqual([false, true, true]);
    expect(job.verdict()).toMatchObject({ ok: true, slow: 3 });
  });
});

describe("§2 ingress", () => {
  it("judges each item by itself", () => {
    const bad = make(2);
    bad[bad.length - 1]! ^= 1;
    const unsigned = encodeBody({
      nonce: seed(0).slice(0, 16),
      notAfter: 5,
      signers: [publicKeyOf(seed(1))],
      operations: [{ action: "a.b@1", args: {} }],
    });
    const forged = concat(unsigned, sign(seed(2), frame(tags.transaction, network, unsigned)));
    const verdict = verifyIngress(joinTransactions([make(1), bad, make(3), forged, Uint8Array.of(1)]), { ...options, quick: true });
    expect(verdict.codes).toEqual([null, "transaction.signature", null, "transaction.signature", "transaction.malformed"]);
    expect(hex(verdict.ids.subarray(64, 96))).toBe(hex(checkTransaction(network, make(3)).id));
    expect([...verdict.work.subarray(0, 1), ...verdict.signatures.subarray(0, 1)]).toEqual([64, 1]);
  });

  it("refuses a failed proof with the contract's code, while a batch carries it to execution", () => {
    const operations = [
      { action: "evidence.deposit@1", args: { n: 1 } },
      { action: "polls.cast@1", args: { n: 2 } },
    ];
    const seen: unknown[] = [];
    const proofs = (action: string, args: () => unknown): string[] => {
      if (!action.startsWith("polls.")) return [];
      seen.push(args());
      return ["ballot_malformed"];
    };
    expect(verifyIngress(joinTransactions([make(1, operations)]), { ...options, proofs }).codes).toEqual(["polls.ballot_malformed"]);
    const verdict = verifyBatch(batchOf([make(0), make(1, operations)]), { ...options, proofs });
    expect(verdict.ok && verdict.batch.failedProofs).toEqual([{ index: 1, failed: ["1:ballot_malformed"] }]);
    expect(seen).toEqual([{ n: 2 }, { n: 2 }]);
  });

  it("turns a predicate that throws into engine.fault, but not an exhausted stack, which is no fact about the bytes", () => {
    const proofs = (error: Error) => () => {
      throw error;
    };
    const verdict = verifyBatch(batchOf([make(1)]), { ...options, proofs: proofs(new TypeError("a bug")) });
    expect(verdict.ok && verdict.batch.failedProofs).toEqual([{ index: 0, failed: ["0:engine.fault"] }]);
    expect(() => verifyBatch(batchOf([make(1)]), { ...options, proofs: proofs(new RangeError("stack")) })).toThrow(RangeError);
  });
});
