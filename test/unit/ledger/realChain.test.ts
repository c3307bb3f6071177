import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bytes, hex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { proveRecord } from "../../../src/ledger/proof.ts";
import { openLevel } from "../../../src/ledger/storeLevel.ts";
import { dumps } from "../../../src/ledger/treeDump.ts";
import { verifyChain } from "../../../src/ledger/verifyChain.ts";
import { actBy, contracts, deposit, realGenesis, viewOf } from "./realNetwork.ts";
import { batchOf, NETWORK, START_TIME, TestNetwork } from "./testNetwork.ts";

const parameters = { epoch_length: 100 };
const genesis = realGenesis(parameters);
const real = { registry: contracts, genesis, consensusView: viewOf };
const content = (n: number): Bytes => sha256(utf8(`item ${n}`));
const key = (n: number): Bytes => contracts.keyOf("evidence/deposit", [`item-${n}`]);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chancery-real-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("a thousand blocks of the real contracts, on disk", () => {
  test("commit, come back from the dump and from the rows to the same state, verify from genesis, and prove", async () => {
    let monotonic = 0;
    const directory = join(root, "node");
    const options = { ...real, directory, clock: { now: () => 0, monotonic: () => monotonic }, dumpIntervalMs: 250_000 };
    const open = async (): Promise<TestNetwork> => TestNetwork.open(await openLevel(join(directory, "db"), { sync: false }), options);
    let network = await open();
    let time = START_TIME;
    for (let height = 1; height <= 1_000; height++) {
      time += 500;
      monotonic += 1_000;
      const life = time + 60_000;
      const acts =
        height % 10 === 0
          ? []
          : [
              actBy(["tax"], [deposit(`item-${height}`, content(height))], life),
              actBy(["land"], [deposit(`item-${height}-land`, content(1))], life),
            ];
      const executed = await network.execute(acts.length === 0 ? [] : [batchOf(acts)], network.head, time);
      expect(executed.header.leaves).toBe(acts.length);
      await network.commit(executed);
      await network.chain.dumped();
      if (height === 640) {
        await network.chain.close();
        network = await open();
      }
    }
    const { chain } = network;
    expect(chain.epoch).toMatchObject({ epoch: 10, start: 1_001, end: 1_100 });
    expect((await dumps(join(directory, "state"))).length).toBe(2);
    expect(contracts.rowOf("evidence/deposit", key(7), { bytes: chain.reader.row("evidence/deposit", key(7))! })).toMatchObject({
      deposit: "item-7",
      holder: "tax",
    });
    expect(chain.reader.row("evidence/deposit", contracts.keyOf("evidence/deposit", ["item-7-land"]))).toBeUndefined();
    const held = contracts.findPrefix("evidence/deposit", "holder", "tax");
    expect(await chain.reader.find(held, 10_000)).toHaveLength(900);

    // Older than the proof's own block by hundreds: a path through kept nodes of the history.
    const proof = await proveRecord(chain.reader.proofSource(), "evidence/deposit", key(7));
    expect(proof.transaction).toBeDefined();

    const next = [batchOf([actBy(["tax"], [deposit("item-next", content(0))], time + 60_000)])];
    const expected = hex((await network.execute(next, network.head, time + 500)).hash);
    await chain.close();
    const fromDump = await open();
    expect(hex((await fromDump.execute(next, fromDump.head, time + 500)).hash)).toBe(expected);
    await fromDump.chain.close();
    await rm(join(directory, "state"), { recursive: true });
    const fromRows = await open();
    expect(hex((await fromRows.execute(next, fromRows.head, time + 500)).hash)).toBe(expected);
    const head = fromRows.chain.head.hash;
    await fromRows.chain.close();

    const database = await openLevel(join(directory, "db"));
    const temporary = await openLevel(join(root, "verify"), { sync: false });
    const verified = await verifyChain({ ...real, network: NETWORK, database, temporary, signatures: true });
    expect(hex(verified.hash)).toBe(hex(head));
    expect(verified).toMatchObject({ height: 1_000, transactions: 1_800 });
    await database.close();
    await temporary.close();
  }, 120_000);
});
