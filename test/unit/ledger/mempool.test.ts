import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, hex, u32be } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import {
  MAX_BATCH_TRANSACTIONS,
  MAX_PENDING_PER_SENDER,
  MAX_QUOTA_SENDERS,
  MAX_RECENT_BLOCKS,
  MAX_RECENT_BODY_BYTES,
} from "../../../src/base/limits.ts";
import { defaultParameters } from "../../../src/base/parameters.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { batchSigned, joinTransactions, makeBatch, readBatch, type VerifiedBatch } from "../../../src/ledger/batch.ts";
import { Holdings, orderable } from "../../../src/ledger/holdings.ts";
import { Mempool } from "../../../src/ledger/mempool.ts";
import { Quotas } from "../../../src/ledger/quotas.ts";
import { signTransaction } from "../../../src/ledger/transaction.ts";
import { type IngressVerdict, verifyBatch, verifyIngress } from "../../../src/ledger/verify.ts";

const network = sha256(Uint8Array.of(1));
const seed = new Uint8Array(32).fill(1);
const peerSeed = new Uint8Array(32).fill(2);
const START = 1_795_000_000_000;
const work = (action: string): number => (action.startsWith("heavy.") ? 9_000 : 64);
const made = new Map<string, Bytes>();
/** A transaction that lives until START + life. */
function make(n: number, life = 60_000, action = "evidence.deposit@1", size = 0): Bytes {
  const name = `${n} ${life} ${action} ${size}`;
  let bytes = made.get(name);
  if (bytes === undefined) {
    const operations = [{ action, args: size === 0 ? { n } : { n, data: new Uint8Array(size) } }];
    made.set(
      name,
      (bytes = signTransaction(network, { nonce: sha256(u32be(n)).slice(0, 16), notAfter: START + life, operations }, [seed])),
    );
  }
  return bytes;
}
const tax = { name: "tax", perSecond: 100_000 };
const moment = (at: number) => ({ now: START + at, at });
const pool = (parameters: Partial<typeof defaultParameters> = {}): Mempool =>
  new Mempool({ network, organisation: "tax", peerSeed, now: START, parameters: { ...defaultParameters, ...parameters } });
function submit(mempool: Mempool, transactions: Bytes[], at = 0, sender = tax): string[] {
  const bytes = joinTransactions(transactions);
  return mempool.submit(bytes, verifyIngress(bytes, { network, work, quick: true }), sender, moment(at));
}
const contents = (batch: VerifiedBatch): Bytes[] =>
  Array.from({ length: batch.reference.count }, (_, i) =>
    batch.bytes.slice(batch.offsets[2 * i], batch.offsets[2 * i]! + batch.offsets[2 * i + 1]!),
  );
const idOf = (mempool: Mempool, t: Bytes): Bytes => {
  void mempool;
  return verifyIngress(joinTransactions([t]), { network, work }).ids;
};
function foreign(n: number, origin = "courts", transactions = [make(n)]): VerifiedBatch {
  const verdict = verifyBatch(makeBatch(network, origin, n, transactions, peerSeed), { network, work });
  if (!verdict.ok) throw new Error(verdict.code);
  return verdict.batch;
}

/** Verdicts without the cost of signing: many transactions that were never made. */
function imagined(count: number, first = 0): { bytes: Bytes; verdict: IngressVerdict } {
  const bytes = new Uint8Array(count * 100);
  const ids = new Uint8Array(32 * count);
  for (let i = 0; i < count; i++) ids.set(sha256(u32be(first + i)), 32 * i);
  const verdict: IngressVerdict = {
    count,
    ids,
    fullHashes: ids.slice(),
    offsets: Uint32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 50 * i : 100)),
    notAfter: new Float64Array(count).fill(START + 60_000),
    codes: Array.from({ length: count }, () => null),
    signatures: new Uint8Array(count).fill(1),
    work: new Float64Array(count).fill(64),
  };
  return { bytes, verdict };
}

describe("§4.8 from a node's clients to its batches", () => {
  it("cuts a batch when the oldest transaction has waited 5 ms, signed and exactly as handed in", () => {
    const mempool = pool();
    expect(mempool.cutAt()).toBeUndefined();
    expect(submit(mempool, [make(1), make(2)], 10)).toEqual(["accepted", "accepted"]);
    expect(submit(mempool, [make(3)], 12)).toEqual(["accepted"]);
    expect(mempool.cutAt()).toBe(15);
    expect(mempool.cut({ at: 14 })).toBeUndefined();
    const batch = mempool.cut({ at: 15 })!;
    expect(contents(batch).map(hex)).toEqual([1, 2, 3].map((n) => hex(make(n))));
    expect(verifyBatch(batch.bytes, { network, work })).toEqual({ ok: true, slow: 0, batch });
    expect(batchSigned(network, batch.bytes, readBatch(batch.bytes), publicKeyOf(peerSeed))).toBe(true);
    expect(mempool.holdings.get(batch.reference.digest)).toBe(batch);
    expect([mempool.queued, mempool.pending, mempool.cutAt()]).toEqual([0, 3, undefined]);
  });

  it("cuts at once when a batch is full, by number or by bytes", () => {
    const mempool = pool();
    const { bytes, verdict } = imagined(1_000);
    expect(new Set(mempool.submit(bytes, verdict, tax, moment(0)))).toEqual(new Set(["accepted"]));
    expect(mempool.cutAt()).toBe(0);
    const large = pool();
    submit(
      large,
      [1, 2, 3, 4, 5].map((n) => make(n, 60_000, "evidence.deposit@1", 60_000)),
    );
    const batch = large.cut({ at: 0 })!;
    expect(batch.reference.count).toBe(4);
    expect(batch.reference.bytes).toBeLessThanOrEqual(262_144 + 128);
    expect(large.queued).toBe(1);
    expect(large.cut({ at: 10 })!.reference.count).toBe(1);
  });

  it("numbers its batches upwards from the clock at its start, so that a lost disk does not repeat a number", () => {
    const mempool = pool();
    const sequences = [1, 2, 3].map((n) => {
      submit(mempool, [make(n)], n * 10);
      return mempool.cut({ at: n * 20 })!.sequence;
    });
    expect(sequences).toEqual([START, START + 1, START + 2]);
  });

  it("has at most M unordered batches out; then it gathers, and goes on when one is ordered", () => {
    const mempool = pool({ origin_batches: 2 });
    const batches = [1, 2].map((n) => {
      submit(mempool, [make(n)], 0);
      return mempool.cut({ at: 10 })!;
    });
    submit(mempool, [make(3)], 20);
    submit(mempool, [make(4)], 30);
    expect([mempool.cutAt(), mempool.cut({ at: 1_000 })]).toEqual([undefined, undefined]);
    mempool.committed(START + 100, [batches[0]!.reference.digest]);
    expect(contents(mempool.cut({ at: 1_000 })!).map(hex)).toEqual([3, 4].map((n) => hex(make(n))));
  });

  it("knows how many of its own are committed a second, by the time of blocks", () => {
    const mempool = pool();
    mempool.committed(START, []);
    const { bytes, verdict } = imagined(1_000);
    mempool.submit(bytes, verdict, tax, moment(0));
    const batch = mempool.cut({ at: 0 })!;
    mempool.committed(START + 500, [batch.reference.digest]);
    expect(mempool.ratePerSecond).toBe(0);
    mempool.committed(START + 1_000, []);
    expect(mempool.ratePerSecond).toBe(500);
    mempool.committed(START + 2_000, []);
    expect(mempool.ratePerSecond).toBe(250);
  });

  it("gathers 5 ms longer for each batch of its own that is not ordered yet", () => {
    const mempool = pool();
    const due = [1, 2, 3].map((n) => {
      submit(mempool, [make(n)], 100);
      const at = mempool.cutAt()!;
      expect(mempool.cut({ at: at - 1 })).toBeUndefined();
      return { at, batch: mempool.cut({ at })! };
    });
    expect(due.map(({ at }) => at)).toEqual([105, 110, 115]);
    mempool.committed(
      START + 100,
      due.map(({ batch }) => batch.reference.digest),
    );
    submit(mempool, [make(4)], 200);
    expect(mempool.cutAt()).toBe(205);
  });

  it("never cuts a batch that no block could hold", () => {
    const mempool = pool({ block_work: 10_000, block_bytes: 65_536 });
    expect(submit(mempool, [make(1, 60_000, "heavy.act@1"), make(2, 60_000, "heavy.act@1")])).toEqual(["accepted", "accepted"]);
    expect([mempool.cut({ at: 5 })!, mempool.cut({ at: 20 })!].map((b) => [b.reference.count, b.work])).toEqual([
      [1, 9_000],
      [1, 9_000],
    ]);
    expect(submit(mempool, [make(3, 60_000, "evidence.deposit@1", 65_300)])).toEqual(["transaction.unorderable"]);
    expect(submit(pool({ block_work: 8_000 }), [make(4, 60_000, "heavy.act@1")])).toEqual(["transaction.unorderable"]);
  });

  it("serves its senders in turn, so that one with a long queue does not hold up the others", () => {
    const mempool = pool();
    const many = imagined(1_000);
    mempool.submit(many.bytes, many.verdict, { name: "flood", perSecond: 100_000 }, moment(0));
    mempool.submit(imagined(1_000, 5_000).bytes, imagined(1_000, 5_000).verdict, { name: "flood", perSecond: 100_000 }, moment(0));
    const few = imagined(3, 9_000);
    mempool.submit(few.bytes, few.verdict, { name: "citizen", perSecond: 20 }, moment(1));
    const first = mempool.cut({ at: 2 })!;
    expect(first.reference.count).toBe(MAX_BATCH_TRANSACTIONS);
    for (let i = 0; i < 3; i++) expect(hex(first.ids)).toContain(hex(few.verdict.ids.subarray(32 * i, 32 * i + 32)));
  });
});

describe("§2 submitting", () => {
  it("says the same to the same bytes, as long as they are on their way, without a second copy and without quota", () => {
    const mempool = pool();
    const poor = { name: "ann", perSecond: 1 }; // two at once
    expect(submit(mempool, [make(1), make(1)], 0, poor)).toEqual(["accepted", "accepted"]);
    for (let i = 0; i < 5; i++) expect(submit(mempool, [make(1)], 0, poor)).toEqual(["accepted"]);
    expect(mempool.queued).toBe(1);
    const batch = mempool.cut({ at: 5 })!;
    expect(submit(mempool, [make(1)], 6, poor)).toEqual(["accepted"]);
    expect(mempool.queued).toBe(0);
    expect(mempool.isPending(idOf(mempool, make(1)))).toBe(true);
    mempool.committed(START + 10, [batch.reference.digest]);
    expect(mempool.isPending(idOf(mempool, make(1)))).toBe(false);
  });

  it("calls nothing expired before a committed block's time has passed notAfter, whatever the clock says", () => {
    const mempool = pool();
    expect(submit(mempool, [make(1, 5_000)], 50_000)).toEqual(["accepted"]);
    mempool.committed(START + 5_000, []);
    expect(submit(mempool, [make(2, 5_000)], 50_000)).toEqual(["accepted"]);
    mempool.committed(START + 5_001, []);
    expect(submit(mempool, [make(3, 5_000)], 0)).toEqual(["transaction.expired"]);
    // What died in the queue does not travel.
    submit(mempool, [make(4, 9_000)], 60_000);
    expect(contents(mempool.cut({ at: 70_000 })!).map(hex)).toEqual([hex(make(4, 9_000))]);
    expect(mempool.isPending(idOf(mempool, make(1, 5_000)))).toBe(false);
  });

  it("refuses a life longer than the network allows", () => {
    expect(submit(pool({ max_lifetime_ms: 600_000 }), [make(1, 600_001), make(2, 600_000)])).toEqual(["transaction.too_far", "accepted"]);
  });

  it("hands on the verifier's refusal, item by item", () => {
    const bad = make(2).slice();
    bad[bad.length - 1]! ^= 1;
    expect(submit(pool(), [make(1), bad, make(3)])).toEqual(["accepted", "transaction.signature", "accepted"]);
  });

  it("keeps to each sender's quota, and gives it back with time", () => {
    const mempool = pool();
    const sender = { name: "10.0.0.1", perSecond: 1 };
    expect(
      submit(
        mempool,
        [1, 2, 3].map((n) => make(n)),
        0,
        sender,
      ),
    ).toEqual(["accepted", "accepted", "quota.exceeded"]);
    expect(submit(mempool, [make(3)], 900, sender)).toEqual(["quota.exceeded"]);
    expect(mempool.quotas.retryMs(sender.name, 1)).toBe(100);
    expect(submit(mempool, [make(3)], 1_000, sender)).toEqual(["accepted"]);
    expect(submit(mempool, [make(4)], 1_000, { name: "10.0.0.2", perSecond: 1 })).toEqual(["accepted"]);
  });

  it("is busy when its queue is full: for a sender, then for all; memory stays bounded", () => {
    const mempool = pool();
    const answers: string[] = [];
    for (let i = 0; i < 31; i++) {
      const { bytes, verdict } = imagined(1_000, i * 1_000);
      answers.push(...mempool.submit(bytes, verdict, { name: `s${i % 3}`, perSecond: 1e9 }, moment(0)));
    }
    expect(answers.filter((a) => a === "accepted")).toHaveLength(20_000);
    expect(answers.filter((a) => a === "busy")).toHaveLength(11_000);
    const one = pool();
    const own: string[] = [];
    for (let i = 0; i < 11; i++)
      own.push(
        ...one.submit(imagined(1_000, i * 1_000).bytes, imagined(1_000, i * 1_000).verdict, { name: "s", perSecond: 1e9 }, moment(0)),
      );
    expect(own.filter((a) => a === "accepted")).toHaveLength(MAX_PENDING_PER_SENDER);
  });

  it("forgets a batch that consensus gave up", () => {
    const mempool = pool();
    submit(mempool, [make(1)]);
    const batch = mempool.cut({ at: 5 })!;
    mempool.release([batch.reference.digest]);
    expect([mempool.pending, mempool.isPending(idOf(mempool, make(1))), mempool.holdings.get(batch.reference.digest)]).toEqual([
      0,
      false,
      undefined,
    ]);
  });

  it("loses nothing and doubles nothing, whatever the order of events", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ submit: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 8 }) }),
            fc.constant("cut" as const),
            fc.constant("commit" as const),
          ),
          { maxLength: 40 },
        ),
        (events) => {
          const mempool = pool({ origin_batches: 3 });
          const accepted = new Set<number>();
          const sent: string[] = [];
          const committed = new Set<string>();
          let at = 0;
          for (const event of events) {
            at += 3;
            if (event === "cut") {
              const batch = mempool.cut({ at });
              if (batch !== undefined) sent.push(...contents(batch).map(hex));
            } else if (event === "commit") {
              const [first] = mempool.holdings.waiting();
              if (first !== undefined) {
                contents(first).forEach((t) => committed.add(hex(t)));
                mempool.committed(START + at, [first.reference.digest]);
              }
            } else {
              const fresh = event.submit.filter((n) => !committed.has(hex(make(n))));
              if (fresh.length === 0) continue;
              submit(
                mempool,
                fresh.map((n) => make(n)),
                at,
              ).forEach((answer, i) => answer === "accepted" && accepted.add(fresh[i]!));
            }
          }
          for (;;) {
            at += 10;
            const [first] = mempool.holdings.waiting();
            if (first !== undefined) mempool.committed(START + at, [first.reference.digest]);
            const batch = mempool.cut({ at });
            if (batch === undefined && mempool.holdings.size === 0) break;
            if (batch !== undefined) sent.push(...contents(batch).map(hex));
          }
          expect(sent.sort()).toEqual([...accepted].map((n) => hex(make(n))).sort());
          expect([mempool.pending, mempool.queued]).toEqual([0, 0]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("§4.8 batches of others", () => {
  const parameters = { ...defaultParameters, origin_batches: 2 };

  it("are held, 2M of an origin, more only if an order names them", () => {
    const holdings = new Holdings();
    expect([1, 2, 3, 4, 5].map((n) => holdings.hold(foreign(n), parameters))).toEqual(["held", "held", "held", "held", "batch.too_many"]);
    expect(holdings.hold(foreign(1), parameters)).toBe("known");
    expect(holdings.hold(foreign(6, "land"), parameters)).toBe("held");
    expect(holdings.hold(foreign(5), parameters, true)).toBe("held");
    expect([...holdings.waiting()].map((b) => b.sequence)).toEqual([1, 2, 3, 4, 6, 5]);
    holdings.release([1, 2].map((n) => foreign(n).reference.digest));
    expect(Object.fromEntries(holdings.perOrigin)).toEqual({ courts: 3, land: 1 });
    expect(holdings.hold(foreign(7), parameters)).toBe("held");
  });

  it("are not owed if no block can hold them", () => {
    const heavy = foreign(1, "courts", [make(1, 60_000, "heavy.act@1"), make(2, 60_000, "heavy.act@1")]);
    expect(orderable(heavy, { block_bytes: 1 << 20, block_work: 18_000 })).toBe(true);
    expect(new Holdings().hold(heavy, { ...parameters, block_work: 17_999 })).toBe("batch.unorderable");
    expect(new Holdings().hold(heavy, { ...parameters, block_bytes: heavy.bytes.length - 1 })).toBe("batch.unorderable");
  });

  it("can be fetched for a while after they are committed, but do not wait", () => {
    const holdings = new Holdings();
    const batch = foreign(1);
    holdings.hold(batch, parameters);
    expect(holdings.committed([batch.reference.digest, foreign(2).reference.digest])).toEqual([batch]);
    expect([holdings.get(batch.reference.digest), holdings.waits(batch.reference.digest), holdings.size]).toEqual([batch, false, 0]);
    expect(holdings.hold(foreign(1), parameters)).toBe("known");
    // Memory for them is bounded: the oldest go first.
    const large = {
      ...batch,
      bytes: new Uint8Array(MAX_RECENT_BODY_BYTES / 2),
      reference: { ...batch.reference, digest: sha256(Uint8Array.of(9)) },
    };
    const larger = { ...large, reference: { ...batch.reference, digest: sha256(Uint8Array.of(10)) } };
    for (const b of [large, larger]) {
      holdings.hold(b, parameters, true);
      holdings.committed([b.reference.digest]);
    }
    expect([batch, large, larger].map((b) => holdings.get(b.reference.digest) !== undefined)).toEqual([false, true, true]);
    // So is their age.
    for (let i = 1; i < MAX_RECENT_BLOCKS; i++) holdings.committed([]);
    expect([large, larger].map((b) => holdings.get(b.reference.digest) !== undefined)).toEqual([false, true]);
    holdings.committed([]);
    expect(holdings.get(larger.reference.digest)).toBeUndefined();
  });

  it("are held again when another order names them, for as long as that one is open", () => {
    const holdings = new Holdings();
    const { digest } = foreign(1).reference;
    holdings.hold(foreign(1), parameters);
    holdings.committed([digest]);
    expect(holdings.hold(foreign(1), parameters, true)).toBe("held");
    for (let i = 0; i < 2 * MAX_RECENT_BLOCKS; i++) holdings.committed([]);
    expect([holdings.get(digest)?.sequence, holdings.waits(digest)]).toEqual([1, true]);
    holdings.committed([digest]);
    expect([holdings.waits(digest), holdings.size, holdings.perOrigin.size]).toEqual([false, 0, 0]);
  });

  it("hold transactions that are on their way, for whoever asks by id", () => {
    const mempool = pool();
    mempool.hold(foreign(1, "courts", [make(1), make(2), make(3)]));
    expect([make(2), make(4)].map((t) => mempool.isPending(idOf(mempool, t)))).toEqual([true, false]);
  });

  it("are counted anew at an epoch start; mine that no longer fit are cut again, smaller", () => {
    const mempool = pool();
    mempool.hold(foreign(1));
    submit(
      mempool,
      [2, 3, 4].map((n) => make(n)),
    );
    const batch = mempool.cut({ at: 5 })!;
    const counted = mempool.newEpoch({ ...defaultParameters, block_work: 10_000 }, () => 4_000, 10);
    expect(counted.map((b) => [b.origin, b.work])).toEqual([
      ["courts", 4_000],
      ["tax", 12_000],
    ]);
    // Its body stays until consensus gives it up, but it takes no place of my M, and its end says nothing of the transactions, which are on their way again.
    expect(Object.fromEntries(mempool.holdings.perOrigin)).toEqual({ courts: 1 });
    expect([mempool.cut({ at: 15 })!, mempool.cut({ at: 30 })!].flatMap((b) => contents(b)).map(hex)).toEqual(
      [2, 3, 4].map((n) => hex(make(n))),
    );
    expect(mempool.newEpoch({ ...defaultParameters, block_work: 10_000 }, () => 4_000, 20)).toHaveLength(4);
    expect([mempool.queued, mempool.pending]).toEqual([0, 3]);
    mempool.release([batch.reference.digest]);
    expect([mempool.holdings.get(batch.reference.digest), mempool.pending]).toEqual([undefined, 3]);
    expect(Object.fromEntries(mempool.holdings.perOrigin)).toEqual({ courts: 1, tax: 2 });
  });
});

describe("quotas", () => {
  it("remember a bounded number of senders, those used last", () => {
    const quotas = new Quotas();
    expect(quotas.take("first", 10, 20, 0)).toBe(20);
    for (let i = 0; i < MAX_QUOTA_SENDERS + 50; i++) quotas.take(`s${i}`, 10, 1, 1);
    expect(quotas.size).toBe(MAX_QUOTA_SENDERS);
    expect(quotas.take(`s${MAX_QUOTA_SENDERS}`, 10, 30, 1)).toBe(19);
  });

  it("give nothing at rate 0", () => {
    expect(new Quotas().take("a", 0, 1, 0)).toBe(0);
  });
});
