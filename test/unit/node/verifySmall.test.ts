// Small jobs of verification are done at once; their verdicts are those of a worker, and what takes milliseconds is left to one. §1.3, §4.8

import { afterAll, describe, expect, test } from "vitest";
import type { Bytes } from "../../../src/base/bytes.ts";
import { SMALL_JOB_BYTES } from "../../../src/base/limits.ts";
import { provePossession } from "../../../src/base/member.ts";
import { generateSeed, publicKeyOf } from "../../../src/base/signature.ts";
import { joinTransactions, makeBatch } from "../../../src/ledger/batch.ts";
import { signTransaction } from "../../../src/ledger/transaction.ts";
import { verifyBatch, verifyIngress } from "../../../src/ledger/verify.ts";
import { contracts } from "../../../src/node/registry.ts";
import { Verifier } from "../../../src/node/verifier.ts";
import { provingActions } from "../../../src/node/verifyJobs.ts";
import { SmallJobs } from "../../../src/node/verifySmall.ts";
import { crafted } from "../ledger/crafted.ts";

const network = new Uint8Array(32).fill(9);
const seed = generateSeed();
const options = { network, work: (action: string) => contracts().work(action, 1), proofs: () => [] };
const small = new SmallJobs(contracts(), provingActions(contracts()), network, 1);

function make(n: number, action = "evidence.deposit@1", args: Record<string, string | Bytes> = {}): Bytes {
  return signTransaction(network, { nonce: new Uint8Array(16).fill(n), notAfter: 2_000_000_000_000, operations: [{ action, args }] }, [
    seed,
  ]);
}
function forged(n: number): Bytes {
  const bytes = make(n);
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
}
function proving(): Bytes {
  const device = generateSeed();
  const proof = provePossession(network, "d:meter", "device", publicKeyOf(device), device);
  return make(7, "eid.register@1", { principal: "d:meter", owner: "tax", key: publicKeyOf(device), proof });
}
const batchOf = (...transactions: Bytes[]): Bytes => makeBatch(network, "tax", 1, transactions, seed);

describe("a small job", () => {
  test("has the verdict that a worker would give, item by item", () => {
    const list = joinTransactions([make(1), forged(2), make(3)]);
    expect(small.ingress(list)).toEqual(verifyIngress(list, { ...options, quick: true }));
    const batch = batchOf(make(1), make(2));
    expect(small.batch(batch)).toEqual(verifyBatch(batch, options));
    const broken = batchOf(make(1), make(2).subarray(1));
    expect(small.batch(broken)).toEqual(verifyBatch(broken, options));
  });

  test("is a worker's where the full rule must decide, where there are predicates, and where it is not small", () => {
    expect(small.batch(batchOf(make(1), forged(2)))).toBeUndefined();
    expect(small.batch(batchOf(crafted(network, seed, 1)))).toBeUndefined();
    expect(small.batch(batchOf(proving()))).toBeUndefined();
    expect(small.ingress(joinTransactions([make(1), proving()]))).toBeUndefined();
    expect(small.ingress(joinTransactions([make(1)]))).toBeDefined(); // nothing of the last job is left
    const many = Array.from({ length: 10 }, (_, i) => make(i));
    expect(joinTransactions(many).length).toBeGreaterThan(SMALL_JOB_BYTES);
    expect([small.batch(batchOf(...many)), small.ingress(joinTransactions(many))]).toEqual([undefined, undefined]);
  });
});

describe("the pool", () => {
  const verifier = new Verifier({ network, protocol: 1 }, 1, (error) => {
    throw error;
  });
  afterAll(async () => verifier.stop());

  test("gives one verdict whoever looked: what only the full rule accepts is accepted, forgeries are refused by name, all are counted", async () => {
    expect(await verifier.batch(batchOf(make(1)), "tax")).toMatchObject({ ok: true });
    expect(await verifier.batch(batchOf(crafted(network, seed, 2)), "tax")).toMatchObject({ ok: true, slow: 1 });
    expect(await verifier.batch(batchOf(make(1), forged(2)), "tax")).toMatchObject({ ok: false, code: "transaction.signature", index: 1 });
    const { verdict } = await verifier.ingress(joinTransactions([make(1), forged(2), crafted(network, seed, 3)]));
    expect(verdict.codes).toEqual([null, "transaction.signature", "transaction.signature"]); // own ingress: never the full rule
    const proved = await verifier.ingress(joinTransactions([proving()]));
    expect(proved).toMatchObject({ verdict: { codes: [null] } });
    expect(proved.proofMs).toBeGreaterThan(0);
    expect(verifier.signatures).toEqual({ good: 4, refused: 3 });
  });
});
