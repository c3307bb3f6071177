// Clients' transactions on their way in: who pays the quota, what is known already, what an observer does. docs/protocol.md §4.8.

import { describe, expect, test } from "vitest";
import { concat, u32be } from "../../../src/base/bytes.ts";
import { decode, encode } from "../../../src/base/codec.ts";
import { ALWAYS_PENDING } from "../../../src/base/limits.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { defaultParameters } from "../../../src/base/parameters.ts";
import { provePossession } from "../../../src/base/member.ts";
import { generateSeed, publicKeyOf } from "../../../src/base/signature.ts";
import type { VerifiedBatch } from "../../../src/ledger/batch.ts";
import { Mempool } from "../../../src/ledger/mempool.ts";
import { signTransaction } from "../../../src/ledger/transaction.ts";
import { verifyIngress } from "../../../src/ledger/verify.ts";
import { Intake, type IntakePorts } from "../../../src/node/intake.ts";
import { loadConfig } from "../../../src/node/config.ts";
import { contracts } from "../../../src/node/registry.ts";
import { VerifyJobs } from "../../../src/node/verifyJobs.ts";
import type { Done } from "../../../src/node/verifyProtocol.ts";

const network = new Uint8Array(32).fill(1);
const NOW = 1_700_000_000_000;
const { config } = loadConfig("/nonexistent/chancery.toml", {});
const seed = generateSeed();
let nonce = 0;
const transaction = (by = seed): Uint8Array =>
  signTransaction(
    network,
    { nonce: new Uint8Array(16).fill(nonce++), notAfter: NOW + 60_000, operations: [{ action: "evidence.deposit@1", args: {} }] },
    [by],
  );
const listOf = (...all: Uint8Array[]): Uint8Array => concat(...all.flatMap((bytes) => [u32be(bytes.length), bytes]));

function intake(given: Partial<IntakePorts> = {}): {
  intake: Intake;
  batches: VerifiedBatch[];
  submit: (list: Uint8Array, address?: string) => Promise<readonly string[]>;
} {
  const batches: VerifiedBatch[] = [];
  const clock = { now: () => NOW, monotonic: () => performance.now() };
  const mempool = new Mempool({ network, organisation: "tax", peerSeed: generateSeed(), now: NOW, parameters: defaultParameters });
  const it = new Intake({
    organisation: "tax",
    config: { ...config, "api.quota_tx_per_s": 10, "api.quota_anonymous_per_s": 1 },
    clock,
    mempool,
    verifier: {
      backlog: 0,
      ingress: async (bytes) => ({ bytes, verdict: verifyIngress(bytes, { network, work: () => 64, quick: true }), proofMs: 0 }),
    },
    closed: () => undefined,
    principalOf: () => undefined,
    isStored: () => false,
    isCommitted: () => false,
    headTime: () => NOW,
    out: (batch) => batches.push(batch),
    validators: () => undefined,
    host: () => undefined,
    refusedByQuota: () => {},
    ...given,
  });
  return { intake: it, batches, submit: (list, address = "127.0.0.1") => it.submit(list, address, (_verdict, answers) => answers) };
}
const many = (n: number, by = seed): Uint8Array => listOf(...Array.from({ length: n }, () => transaction(by)));
const accepted = (answers: readonly string[]): number => answers.filter((a) => a === "accepted").length;

describe("who pays the quota", () => {
  test("this machine's clients use the organisation's, strangers from one address share a small one", async () => {
    const { submit } = intake();
    const own = accepted(await submit(many(100)));
    const stranger = accepted(await submit(many(100), "203.0.113.7"));
    expect(own).toBeGreaterThan(stranger);
    expect(stranger).toBeGreaterThan(0);
    expect(accepted(await submit(many(10), "203.0.113.7"))).toBe(0);
    expect(accepted(await submit(many(10), "203.0.113.8"))).toBeGreaterThan(0);
  });

  test("a key of an organisation uses that organisation's, from wherever; a person's key does not", async () => {
    const asPrincipal = async (principal: string): Promise<number> =>
      accepted(await intake({ principalOf: () => principal }).submit(many(100), "203.0.113.7"));
    expect(await asPrincipal("courts")).toBeGreaterThan(await asPrincipal("p:ann"));
  });

  test("nobody hides strangers' transactions behind one of an organisation's", async () => {
    const it = intake({ principalOf: () => "courts" });
    const mixed = listOf(transaction(), ...Array.from({ length: 50 }, () => transaction(generateSeed())));
    expect(accepted(await it.submit(mixed, "203.0.113.7"))).toBeLessThan(10);
  });
});

describe("what predicates cost", () => {
  /** A node whose predicates take this long, and a clock that is set by hand. */
  const dear = (proofMs: number) => {
    let ms = 1_000_000;
    const refused: number[] = [];
    const verdict = (bytes: Uint8Array) => verifyIngress(bytes, { network, work: () => 64, quick: true });
    const made = intake({
      clock: { now: () => NOW, monotonic: () => ms },
      verifier: { backlog: 0, ingress: async (bytes) => ({ bytes, verdict: verdict(bytes), proofMs }) },
      refusedByQuota: (count) => refused.push(count),
    });
    return { ...made, refused, pass: (by: number) => (ms += by) };
  };

  test("is charged to the address: what it owes is earned back before anything more of it is looked at; others are not kept waiting", async () => {
    const { submit, intake: it, refused, pass } = dear(5_000);
    expect(accepted(await submit(many(1), "203.0.113.7"))).toBe(1);
    await expect(submit(many(1), "203.0.113.7")).rejects.toMatchObject({ code: "quota.exceeded" });
    expect(() => it.charged("203.0.113.7", () => expect.unreachable())).toThrow("quota.exceeded");
    expect(refused).toEqual([1, 1]);
    expect(accepted(await submit(many(1), "203.0.113.8"))).toBe(1);
    pass(40_000);
    await expect(submit(many(1), "203.0.113.7")).rejects.toMatchObject({ code: "quota.exceeded" });
    pass(10_000);
    expect(accepted(await submit(many(1), "203.0.113.7"))).toBe(1);
  });

  test("a dry run is charged as well; this machine's own clients and who proves nothing never are", async () => {
    const { submit, intake: it, pass } = dear(0);
    it.charged("203.0.113.7", () => pass(10_000));
    await expect(submit(many(1), "203.0.113.7")).rejects.toMatchObject({ code: "quota.exceeded" });
    it.charged("::ffff:127.0.0.1", () => pass(10_000));
    for (let i = 0; i < 3; i++) expect(accepted(await submit(many(1)))).toBe(1);
    for (let i = 0; i < 2; i++) expect(accepted(await submit(many(1), "203.0.113.9"))).toBe(1);
  });
});

describe("a worker that verifies", () => {
  test("has a list of dear predicates wait for its turns, while others' batches go by; what they took is told", async () => {
    const { submit, batches, intake: it } = intake();
    await submit(many(3));
    await new Promise((resolve) => setTimeout(resolve, 30));
    it.poke();
    it.stop();
    const register = (i: number): Uint8Array => {
      const device = generateSeed();
      const [principal, key] = [`d:meter-${i}`, publicKeyOf(device)];
      const args = { principal, owner: "tax", key, proof: provePossession(network, principal, "device", key, device) };
      const operations = [{ action: "eid.register@1", args }];
      return signTransaction(network, { nonce: new Uint8Array(16).fill(i), notAfter: NOW + 60_000, operations }, [seed]);
    };
    const answers: Done[] = [];
    const jobs = new VerifyJobs(contracts(), { network, protocol: 1 }, (done) => answers.push(done));
    jobs.take({ job: 1, kind: "ingress", bytes: listOf(...Array.from({ length: 60 }, (_, i) => register(i))) });
    jobs.take({ job: 2, kind: "ingress", bytes: many(2) });
    jobs.take({ job: 3, kind: "batch", bytes: batches[0]!.bytes, origin: "tax" });
    expect(answers.map(({ job }) => job)).toEqual([2]); // nothing to prove: at once
    while (jobs.turn());
    expect(answers.map(({ job }) => job)).toEqual([2, 3, 1]);
    expect(answers[1]).toMatchObject({ verdict: { ok: true } });
    const list = answers[2] as Extract<Done, { kind: "ingress" }>;
    expect([list.verdict.count, ...new Set(list.verdict.codes)]).toEqual([60, null]);
    expect(list.proofMs).toBeGreaterThan(0);
    expect((answers[0] as typeof list).proofMs).toBe(0);
  });
});

describe("what becomes of it", () => {
  test("the queue becomes a batch after a moment; the same bytes again are accepted and not sent twice", async () => {
    const { submit, batches, intake: it } = intake();
    const list = many(3);
    expect(await submit(list.slice())).toEqual(["accepted", "accepted", "accepted"]);
    expect(await submit(list.slice())).toEqual(["accepted", "accepted", "accepted"]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    it.poke();
    expect(batches.map((b) => b.reference.count)).toEqual([3]);
    it.stop();
  });

  test("what has a receipt is not queued again", async () => {
    const { submit, batches } = intake({ headTime: () => NOW + 120_000, isStored: () => true });
    expect(await submit(many(2))).toEqual(["final", "final"]);
    expect(batches).toEqual([]);
  });

  test("a node that stops, syncs or lacks room says so before anything is verified", async () => {
    const { submit } = intake({ closed: () => "node.syncing" });
    await expect(submit(many(1))).rejects.toMatchObject({ code: "node.syncing" });
    const stopped = intake();
    stopped.intake.stop();
    await expect(stopped.submit(many(1))).rejects.toMatchObject({ code: "node.stopping" });
    await expect(intake({ verifier: { backlog: 1 << 30, ingress: () => expect.unreachable() } }).submit(many(1))).rejects.toMatchObject({
      code: "busy",
    });
  });

  test("what has been verified takes no room any more, though the worker took the list along", async () => {
    const { submit } = intake({
      config: { ...config, "api.quota_tx_per_s": 100_000 },
      verifier: {
        backlog: 0,
        ingress: async (bytes) => {
          const moved = structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
          return { bytes: moved, verdict: verifyIngress(moved, { network, work: () => 64, signatures: false }), proofMs: 0 };
        },
      },
    });
    const list = listOf(...new Array<Uint8Array>(100).fill(transaction()));
    for (let sent = 0; sent < 2 * ALWAYS_PENDING; sent += 100) expect((await submit(list.slice()))[0]).toBe("accepted");
  });

  test("a node takes no more than the network has committed of its own in some seconds, and says so before anything is verified; its own acts go through", async () => {
    const mempool = new Mempool({ network, organisation: "tax", peerSeed: generateSeed(), now: NOW, parameters: defaultParameters });
    const waiting = (pending: number, ratePerSecond: number) =>
      Object.defineProperties(Object.create(mempool) as Mempool, {
        pending: { value: pending },
        ratePerSecond: { value: ratePerSecond },
        submit: { value: mempool.submit.bind(mempool) },
        cut: { value: () => undefined },
        cutAt: { value: () => undefined },
      });
    const full = intake({ mempool: waiting(ALWAYS_PENDING, 0), verifier: { backlog: 0, ingress: () => expect.unreachable() } });
    await expect(full.submit(many(1))).rejects.toMatchObject({ code: "busy" });
    await expect(full.intake.fromPeer("land", many(1))).rejects.toMatchObject({ code: "busy" });
    expect(await intake({ mempool: waiting(ALWAYS_PENDING, 5_000) }).submit(many(1))).toEqual(["accepted"]);
    expect(await intake({ mempool: waiting(ALWAYS_PENDING, 0) }).intake.own(transaction())).toBe(true);
  });
});

describe("an observer", () => {
  test("hands what is well-formed to a validator, to another if the first is gone, and passes on what it said", async () => {
    const asked: string[] = [];
    const request = async (peer: string, _channel: string, list: Uint8Array): Promise<Uint8Array> => {
      asked.push(peer);
      if (asked.length === 1) throw new LedgerError("p2p.timeout");
      expect(verifyIngress(list, { network, work: () => 1 }).codes).toEqual([null, null]);
      return encode(["accepted", "quota.exceeded"]);
    };
    const { submit, batches } = intake({ validators: () => ["courts", "land"], host: () => ({ request }) });
    const broken = transaction();
    broken[broken.length - 1]! ^= 1;
    expect(await submit(listOf(transaction(), broken, transaction()))).toEqual(["accepted", "transaction.signature", "quota.exceeded"]);
    expect(new Set(asked).size).toBe(2);
    expect(batches).toEqual([]);
  });

  test("says so when no validator takes it, or one answers nonsense", async () => {
    const none = intake({ validators: () => [], host: () => ({ request: () => expect.unreachable() }) });
    await expect(none.submit(many(1))).rejects.toMatchObject({ code: "node.observer" });
    const nonsense = intake({ validators: () => ["courts"], host: () => ({ request: async () => encode([1, 2, 3]) }) });
    await expect(nonsense.submit(many(1))).rejects.toMatchObject({ code: "node.observer" });
  });

  test("a validator answers it one code each", async () => {
    const { intake: it } = intake();
    expect(decode(await it.fromPeer("agency5", many(2)))).toEqual(["accepted", "accepted"]);
    it.stop();
  });
});
