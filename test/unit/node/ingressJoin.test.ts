// Requests of few transactions on their way to a verify worker: joined while a job is out, answered each with its own part, and not spoilt by a bad one.

import { describe, expect, it } from "vitest";
import { concat, u32be } from "../../../src/base/bytes.ts";
import { isLedgerError } from "../../../src/base/errors.ts";
import { MAX_JOINED_BYTES } from "../../../src/base/limits.ts";
import { generateSeed } from "../../../src/base/signature.ts";
import { joinTransactions } from "../../../src/ledger/batch.ts";
import { checkTransaction, signTransaction } from "../../../src/ledger/transaction.ts";
import { verifyIngress } from "../../../src/ledger/verify.ts";
import { type Ingress, IngressJoin } from "../../../src/node/ingressJoin.ts";

const network = new Uint8Array(32).fill(7);
const seed = generateSeed();
const make = (n: number, action = "evidence.deposit@1"): Uint8Array =>
  signTransaction(network, { nonce: new Uint8Array(16).fill(n), notAfter: 2_000_000_000_000, operations: [{ action, args: { n } }] }, [
    seed,
  ]);

/** A verifier whose answers come when the test says so. */
function held() {
  const jobs: { list: Uint8Array; answer: () => void }[] = [];
  const join = new IngressJoin(
    (list) =>
      new Promise<Ingress>((resolve) => {
        jobs.push({
          list,
          answer: () => resolve({ bytes: list, verdict: verifyIngress(list, { network, work: () => 1, quick: true }), proofMs: 0 }),
        });
      }),
    new Set(["test.prove@1"]),
    1,
  );
  return { join, jobs };
}
const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("requests of few transactions", () => {
  it("wait for nothing alone, and go together while another job is out", async () => {
    const { join, jobs } = held();
    const first = join.take(joinTransactions([make(1)]));
    await turn();
    expect(jobs).toHaveLength(1);
    const broken = make(3);
    broken[broken.length - 1]! ^= 1;
    const later = [join.take(joinTransactions([make(2), broken])), join.take(joinTransactions([make(4)]))];
    await turn();
    expect(jobs).toHaveLength(1);
    expect(join.bytes).toBeGreaterThan(0);
    jobs[0]!.answer();
    expect((await first).verdict).toMatchObject({ count: 1, codes: [null] });
    await turn();
    expect([jobs.length, join.bytes]).toEqual([2, 0]);
    jobs[1]!.answer();
    const [two, one] = await Promise.all(later);
    expect(two!.verdict).toMatchObject({ count: 2, codes: [null, "transaction.signature"] });
    expect(one!.verdict).toMatchObject({ count: 1, codes: [null] });
    // Each part speaks of the place where its own transaction stands.
    const { bytes, verdict } = one!;
    const [start, length] = verdict.offsets;
    expect(bytes.slice(start, start! + length!)).toEqual(make(4));
    expect(verdict.ids).toEqual(checkTransaction(network, make(4)).id);
  });

  it("refuse a malformed list by itself", async () => {
    const { join, jobs } = held();
    const bad = join.take(concat(u32be(99), new Uint8Array(3)));
    const good = join.take(joinTransactions([make(1)]));
    await expect(bad).rejects.toSatisfy((error) => isLedgerError(error, "batch.malformed"));
    await turn();
    jobs[0]!.answer();
    expect((await good).verdict.codes).toEqual([null]);
  });

  it("go alone when their predicates take time: it is their sender's", async () => {
    const { join, jobs } = held();
    void join.take(joinTransactions([make(1)]));
    void join.take(joinTransactions([make(2), make(3, "test.prove@1")]));
    void join.take(joinTransactions([make(4)]));
    await turn();
    expect(jobs.map(({ list }) => verifyIngress(list, { network, work: () => 1 }).count)).toEqual([2, 2]);
  });

  it("go alone when they are large", async () => {
    const { join, jobs } = held();
    void join.take(joinTransactions([make(1)]));
    void join.take(joinTransactions(Array.from({ length: Math.ceil(MAX_JOINED_BYTES / 150) }, (_, i) => make(i))));
    await turn();
    expect(jobs.filter(({ list }) => list.length > MAX_JOINED_BYTES)).toHaveLength(1);
    expect(jobs).toHaveLength(2);
  });
});
