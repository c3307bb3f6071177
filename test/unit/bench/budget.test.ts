// What a transaction may cost, held in numbers that no other load on the machine can move: operations counted over a simulated network of four against
// budget.json, and the CPU of one node's work as a ratio to the signature verification of the same run. Absolute times are for `npm run bench`.

import { readFileSync } from "node:fs";
import type { HeapProfiler } from "node:inspector";
import { Session } from "node:inspector/promises";
import sodium from "sodium-native";
import { describe, expect, it, vi } from "vitest";
import { type Bytes, concat, u32be, utf8 } from "../../../src/base/bytes.ts";
import { makeCertificate, signVote } from "../../../src/base/certificate.ts";
import type { Value } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { batchesHash } from "../../../src/base/header.ts";
import { publicKeyOf, sign } from "../../../src/base/signature.ts";
import { makeBatch } from "../../../src/ledger/batch.ts";
import { Chain } from "../../../src/ledger/chain.ts";
import { Store } from "../../../src/ledger/store.ts";
import { signTransaction } from "../../../src/ledger/transaction.ts";
import { verifyBatch } from "../../../src/ledger/verify.ts";
import { Disk, SimDatabase } from "../../../src/sim/disk.ts";
import { chainOptions, contracts, foundNetwork, GENESIS_TIME, nameOf, secretsOf } from "../../../src/sim/founding.ts";
import type { Packet } from "../../../src/sim/network.ts";
import type { Scenario } from "../../../src/sim/scenario.ts";
import { Simulation } from "../../../src/sim/simulation.ts";

const counts = vi.hoisted(() => ({ hashes: 0, verifications: 0, signatures: 0 }));
vi.mock("#crypto", async (original) => {
  const real = await original<typeof import("#crypto")>();
  const count =
    <A extends any[], R>(name: keyof typeof counts, by: (...args: A) => number, act: (...args: A) => R) =>
    (...args: A): R => {
      counts[name] += by(...args);
      return act(...args);
    };
  const one = (..._args: any[]): number => 1;
  const items = (_head: Bytes, _bytes: Bytes, list: Uint32Array): number => list.length / 4;
  return {
    ...real,
    sha256Into: count("hashes", one, real.sha256Into),
    sha256Many: count(
      "hashes",
      (_head: Bytes, _bytes: Bytes, ranges: Uint32Array, ..._rest: Bytes[]) => ranges.length / 2,
      real.sha256Many,
    ),
    merkleRootFast: (flat: Bytes, leaves: number) => {
      const done = real.merkleRootFast(flat, leaves);
      if (done) counts.hashes += leaves - 1;
      return done;
    },
    hashPairs: count("hashes", (_input: Bytes, _output: Bytes, n: number) => n, real.hashPairs),
    ed25519Fast: count("verifications", one, real.ed25519Fast),
    ed25519Sign: count("signatures", one, real.ed25519Sign),
    ed25519Many: real.ed25519Many && {
      verifyTogether: count("verifications", items, real.ed25519Many.verifyTogether),
      verifyEach: count("verifications", items, real.ed25519Many.verifyEach),
    },
  };
});

interface Budget {
  readonly operations: Readonly<Record<string, number>>;
  readonly allocated_bytes: number;
  readonly of_verification: number;
}
const budget = JSON.parse(readFileSync(new URL("budget.json", import.meta.url), "utf8")) as Budget;

const TRANSACTIONS = 1_000;
const VALIDATORS = 4;

/** A thousand deposits over a few hundred milliseconds in good weather, the wires and disks counted. All per transaction and over all four nodes. */
async function simulated(): Promise<Record<string, number>> {
  const scenario: Scenario = {
    seed: 7,
    members: VALIDATORS,
    seats: VALIDATORS,
    parameters: {},
    latencyMs: 1,
    executeMs: 0,
    segmentBytes: 64 << 20,
    cachedRows: 100_000,
    realSignatures: true,
    banMs: 60_000,
    healAt: 1_500,
    items: Array.from({ length: TRANSACTIONS }, (_, number) => ({
      kind: "transaction",
      at: 1_000 + (number % 250),
      node: number % VALIDATORS,
      number,
      agency: number % VALIDATORS,
      copies: 1,
      shortMs: 0,
      rival: -1,
    })),
  };
  const seen = { messages: 0, bytes: 0, puts: 0, put_bytes: 0, syncs: 0 };
  const simulation = await Simulation.found(scenario, {});
  const { network } = simulation;
  const send = network.send.bind(network);
  network.send = (from: number, to: number, packet: Packet): void => {
    seen.messages++;
    seen.bytes += sizeOf(packet);
    send(from, to, packet);
  };
  const write = vi.spyOn(Disk.prototype, "write").mockImplementation(function (this: Disk, operations) {
    seen.puts += operations.length;
    for (const [key, value] of operations) {
      seen.put_bytes += key.length + (value?.length ?? 0);
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, value);
    }
  });
  const sync = vi.spyOn(Disk.prototype, "syncMs").mockImplementation(() => {
    seen.syncs++;
    return 0.5;
  });
  Object.assign(counts, { hashes: 0, verifications: 0, signatures: 0 });
  const outcome = await simulation.run();
  write.mockRestore();
  sync.mockRestore();
  expect(outcome.violation).toBeUndefined();
  expect(outcome.transactions).toBe(TRANSACTIONS);
  // What the clients sign is not the network's work.
  const all = { ...counts, ...seen, signatures: counts.signatures - TRANSACTIONS };
  return Object.fromEntries(Object.entries(all).map(([name, n]) => [name, n / TRANSACTIONS]));
}

function sizeOf(packet: Packet): number {
  if ("bytes" in packet) return packet.bytes.length;
  if ("digests" in packet) return 32 * packet.digests.length;
  return 0;
}

/** µs of CPU: one libsodium verification, and one node's work on a transaction beside its verification. */
interface Work {
  readonly verification: number;
  readonly rest: number;
}

/** One node's chain in memory, and blocks of 1,000 deposits made beforehand. */
async function chainAndBlocks(count: number) {
  const { genesis, network, rows } = await foundNetwork(1, 1, { block_work: 4_000_000 });
  const store = await Store.open(SimDatabase.immediate(new Disk(rows)), network);
  const chain = await Chain.open({ ...chainOptions(genesis, network), store });
  const { organisation, peer } = secretsOf(0);
  const blocks = Array.from({ length: count }, (_, b) => {
    const time = GENESIS_TIME + 100 * (b + 1);
    const batches = Array.from({ length: 4 }, (_batch, k) => {
      const transactions = Array.from({ length: 250 }, (_item, i) => {
        const deposit = `d-${b}-${k}-${i}`;
        const args = { deposit, kind: "contract", content: sha256(utf8(deposit)) };
        const operations = [{ action: "evidence.deposit@1", args }];
        return signTransaction(network, { nonce: sha256(utf8(deposit)).slice(0, 16), notAfter: time + 60_000, operations }, [
          organisation.seed,
        ]);
      });
      return makeBatch(network, nameOf(0), time * 4 + k, transactions, peer.seed);
    });
    return { time, batches };
  });
  return { network, chain, blocks };
}

/** What a node does with each block: verified, executed, sealed, committed in memory. */
async function pipeline({ network, chain, blocks }: Awaited<ReturnType<typeof chainAndBlocks>>): Promise<Work[]> {
  const { organisation, consensus } = secretsOf(0);
  const key = publicKeyOf(organisation.seed);
  const message = concat(u32be(1), new Uint8Array(182));
  const signature = sign(organisation.seed, message);
  const options = {
    network,
    work: (action: string) => contracts().work(action, 1),
    proofs: (action: string, args: () => Value) => contracts().proofs(action, args(), network),
  };
  const work: Work[] = [];
  for (const { time, batches } of blocks) {
    const verification = cpuOf(() => {
      for (let i = 0; i < 250; i++) sodium.crypto_sign_verify_detached(signature, message, key);
    });
    const verified = batches.map((bytes) => {
      const verdict = verifyBatch(bytes, options);
      return verdict.ok ? verdict.batch : expect.unreachable(verdict.code);
    });
    const { height, digest, epoch } = chain.head;
    const start = process.cpuUsage();
    const references = verified.map((v) => v.reference);
    const order = { protocol: 1, epoch: epoch.epoch, height: height + 1, parent: digest, time, batches: batchesHash(network, references) };
    const executed = await chain.execute(order, references, verified);
    const vote = { epoch: epoch.epoch, view: 0, height: height + 1, hash: executed.hash };
    const commit = signVote(network, "commit", { ...vote, signer: nameOf(0) }, consensus.seed);
    await chain.commit(executed.digest, makeCertificate("commit", vote, new Map([[0, commit]]), 1));
    const { user, system } = process.cpuUsage(start);
    work.push({ rest: (user + system) / 1_000, verification: verification / 250 });
  }
  await chain.close();
  return work;
}

function cpuOf(act: () => void): number {
  const start = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
/** Bytes that were allocated at a place and below it. */
function sizeOfTree({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((all, child) => all + sizeOfTree(child), selfSize);
}
const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe("the budget of a transaction", () => {
  it("hashes, verifies, signs, sends, writes and syncs no more than budget.json allows", async () => {
    const used = await simulated();
    console.log(`operations a transaction, over ${VALIDATORS} nodes: ${JSON.stringify(used)}`);
    for (const [name, allowed] of Object.entries(budget.operations)) expect(used[name], name).toBeLessThanOrEqual(allowed);
    // A budget far above what is used guards nothing: lower it with the change that made it cheaper.
    for (const [name, allowed] of Object.entries(budget.operations))
      expect(used[name], `${name}: lower its budget`).toBeGreaterThan(allowed * 0.5);
  });

  it("keeps one node's work within its ratio to the signature verifications of the same run, and its garbage within bounds", async () => {
    const warm = 4;
    const work = await pipeline(await chainAndBlocks(warm + 6));
    const ratio = medianOf(work.slice(warm).map((w) => w.rest / w.verification));
    const session = new Session();
    session.connect();
    const next = await chainAndBlocks(3);
    await session.post("HeapProfiler.startSampling", {
      samplingInterval: 8_192,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await pipeline(next);
    const { profile } = await session.post("HeapProfiler.stopSampling");
    session.disconnect();
    const allocated = sizeOfTree(profile.head) / 3_000;
    console.log(
      `one node's work but for verification: ${ratio.toFixed(2)} verifications; allocated ${Math.round(allocated)} bytes a transaction`,
    );
    expect(ratio).toBeLessThanOrEqual(budget.of_verification);
    expect(allocated).toBeLessThanOrEqual(budget.allocated_bytes);
  });
});
