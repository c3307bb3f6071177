// What a node keeps of the past: blocks from one height on, and below it enough to go on, to prove, and to give the state to others. docs/protocol.md §4.9.4.

import { beforeAll, describe, expect, test } from "vitest";
import { equalBytes, u32be } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import { proveRecord } from "../../../src/ledger/proof.ts";
import { keptFrom, keptSince, prune, timeOf } from "../../../src/ledger/retention.ts";
import { Store } from "../../../src/ledger/store.ts";
import { verifyChain } from "../../../src/ledger/verifyChain.ts";
import { batchOf, NETWORK, START_TIME, TestNetwork } from "./testNetwork.ts";
import { actBy, contracts, deposit, realGenesis, viewOf } from "./realNetwork.ts";

const HOUR = 3_600_000;
const parameters = { epoch_length: 300 } as const;
const BLOCKS = 1_100;
const pause = async (): Promise<void> => {};
const database = new MemoryDatabase();
let store: Store;
let network: TestNetwork;

const options = { registry: contracts, genesis: realGenesis(parameters), consensusView: viewOf };
const keyOf = (name: string) => contracts.keyOf("evidence/deposit", [name]);
const at = (i: number): number => START_TIME + i * HOUR;

beforeAll(async () => {
  store = await Store.open(database, NETWORK);
  network = await TestNetwork.open(database, { ...options, store });
  for (let i = 1; i <= BLOCKS; i++) await network.block([actBy(["tax"], [deposit(`case-${i}`, sha256(u32be(i)))], at(i) + HOUR, i)], at(i));
});

describe("what a node keeps (§4.9.4)", () => {
  test("the policy says from which height on: a group of 256, never what replays are known by, never the newest groups", async () => {
    const head = at(BLOCKS);
    expect(await keptSince(store, head, "archive", 30)).toBe(0);
    expect(await keptSince(store, head, "light", 30)).toBe(head - 24 * HOUR);
    expect(await keptSince(store, head, "standard", 30)).toBe(head - 30 * 24 * HOUR);
    expect(await keptSince(store, head, "standard", 0)).toBe(head - 24 * HOUR);
    expect(keptFrom(store, BLOCKS, 0)).toBe(1);
    // 30 days of a block an hour: from block 380 on, so from the group that holds it.
    expect(keptFrom(store, BLOCKS, head - 30 * 24 * HOUR)).toBe(256);
    expect(keptFrom(store, BLOCKS, head - 24 * HOUR)).toBe(512);
  });

  test("what is removed is refused as such; everything else is there, byte for byte, and the chain goes on and opens again", async () => {
    const size = async (): Promise<number> => {
      let bytes = 0;
      for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }))
        bytes += key.length + value.length;
      return bytes;
    };
    const before = await size();
    const { reader } = network.chain;
    const kept = reader.bodies(600);
    await prune(store, 512, pause);
    expect(await size()).toBeLessThan(0.75 * before);
    expect(store.lowest).toBe(512);
    for (const look of [() => reader.block(100), () => reader.bodies(511), () => reader.results(1), () => reader.writesOf(10, 0)])
      expect(look).toThrow(/height.pruned/);
    expect(reader.bodies(600)).toEqual(kept);
    expect(reader.block(300)!.height).toBe(300); // the last of an epoch
    expect(reader.block(301)!.height).toBe(301);
    expect(reader.writesOf(0, 0)!.length).toBeGreaterThan(0);
    // Ids: those of removed blocks whose time is over are forgotten, those kept are known.
    const idsOf = async () => {
      const out: number[] = [];
      for await (const { place } of store.ids()) out.push(place.height);
      return out;
    };
    // The id of block 511 ends within block 512's hour, so it is still known.
    expect(Math.min(...(await idsOf()))).toBe(511);

    // Records last written in a removed block are proved without their act; others with it.
    const old = await proveRecord(reader.proofSource(), "evidence/deposit", keyOf("case-7"));
    expect(old.record?.row).not.toBeNull();
    expect(old.transaction).toBeUndefined();
    const young = await proveRecord(reader.proofSource(), "evidence/deposit", keyOf("case-700"));
    expect(young.transaction).toBeDefined();

    await network.block([actBy(["tax"], [deposit("later", sha256(u32be(1)))], at(BLOCKS + 1) + HOUR, 1)], at(BLOCKS + 1));
    const again = await TestNetwork.open(database, options);
    expect(equalBytes(again.chain.head.hash, network.chain.head.hash)).toBe(true);
    const next = await again.block([actBy(["tax"], [deposit("later still", sha256(u32be(2)))], at(BLOCKS + 2) + HOUR, 2)], at(BLOCKS + 2));
    expect(next.header.leaves).toBe(1);
  });

  test("a transaction of a kept block has no second receipt, nor one of a removed block that still lives", async () => {
    const again = await TestNetwork.open(database, options);
    const head = again.head;
    const body = again.chain.reader.bodies(head.height)![0]!;
    const { verifyBatch } = await import("../../../src/ledger/verify.ts");
    const verdict = verifyBatch(body, { network: NETWORK, work: () => 64, proofs: () => [] });
    const executed = await again.execute([verdict.ok ? verdict.batch : batchOf([])], head, head.time + 1);
    expect(executed.header.leaves).toBe(0);
  });

  test("such a chain is not executed from genesis: verify-chain says so, and what to do", async () => {
    const input = { ...options, network: NETWORK, database, temporary: new MemoryDatabase(), signatures: false };
    await expect(verifyChain(input)).rejects.toThrow(/height.pruned/);
    expect(timeOf(store, 512)).toBe(at(512));
  });
});
