// Retention as a running node does it: what the policy no longer asks for goes, what it asks for again comes back from a peer that has it, byte for byte.
// docs/protocol.md §4.9.4.

import { expect, test } from "vitest";
import type { Bytes } from "../../../src/base/bytes.ts";
import { decode } from "../../../src/base/codec.ts";
import { isLedgerError, LedgerError } from "../../../src/base/errors.ts";
import { silent } from "../../../src/base/log.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import type { Retention } from "../../../src/ledger/retention.ts";
import { answerState } from "../../../src/ledger/stateAnswers.ts";
import { type Database, Store } from "../../../src/ledger/store.ts";
import { RetentionTask } from "../../../src/node/retention.ts";
import type { PeerHost } from "../../../src/p2p/types.ts";
import { NETWORK, put, START_TIME, TestNetwork, transaction } from "../ledger/testNetwork.ts";

const HOUR = 3_600_000;
const BLOCKS = 1_300;

async function grown(): Promise<{ database: Database; store: Store; network: TestNetwork }> {
  const database = new MemoryDatabase();
  const store = await Store.open(database, NETWORK);
  const network = await TestNetwork.open(undefined, { store, parameters: { epoch_length: 400 } });
  for (let i = 1; i <= BLOCKS; i++) {
    const time = START_TIME + i * HOUR;
    await network.block(i % 50 === 0 ? [transaction([put(`r${i}`, i)], time + HOUR, i)] : [], time);
  }
  return { database, store, network };
}

async function dump(database: Database): Promise<string[]> {
  const out: string[] = [];
  for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }))
    out.push(`${Buffer.from(key).toString("hex")} ${Buffer.from(value).toString("hex")}`);
  return out;
}

test("light, then everything again: a liar is cut off, and the store is what it was", async () => {
  const { database, store, network } = await grown();
  // The other node has executed the same blocks: a copy, which nobody touches.
  const archive = new MemoryDatabase();
  const batch = archive.batch();
  for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) })) batch.put(key, value);
  await batch.write();
  const before = await dump(database);
  const other = await Store.open(archive, NETWORK);
  const events: string[] = [];
  const cut: string[] = [];
  const log = { ...silent, info: (event: string) => void events.push(event), warn: (event: string) => void events.push(event) };
  const host = {
    connectedPeers: () => ["liar", "pruned", "archive"].filter((peer) => !cut.includes(peer)),
    penalise: (peer: string) => void cut.push(peer),
    request: async (peer: string, _channel: string, question: Bytes) => {
      if (peer === "pruned") throw new LedgerError("height.pruned");
      const answer = await answerState({ store: other, reader: network.chain.reader }, decode(question));
      if (peer === "liar") answer[answer.length - 9]! ^= 1;
      return answer;
    },
  } as unknown as PeerHost;
  let policy: Retention = "light";
  const run = async (event: string): Promise<void> => {
    const task = new RetentionTask({
      network: NETWORK,
      store,
      reader: network.chain.reader,
      policy: () => policy,
      days: () => 10,
      host: () => host,
      busy: () => false,
      log,
      failed: (error) => void events.push(String(isLedgerError(error) ? error.message : error)),
      firstCheckMs: 1,
    });
    await expect.poll(() => events, { timeout: 60_000 }).toContain(event);
    await task.stop();
  };
  await run("history.removed");
  expect(store.lowest).toBe(768);
  expect((await dump(database)).length).toBeLessThan(before.length);

  // Ten days need what is there already, so nothing comes; everything does.
  policy = "archive";
  await run("history.fetched");
  expect(cut).toEqual(["liar"]);
  expect(store.lowest).toBe(1);
  expect(await dump(database)).toEqual(before);
  expect(network.chain.reader.bodies(50)).toHaveLength(1);
});
