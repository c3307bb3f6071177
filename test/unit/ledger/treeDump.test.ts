import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import type { LogFields, Logger } from "../../../src/base/log.ts";
import type { Executed } from "../../../src/ledger/chain.ts";
import { openLevel } from "../../../src/ledger/storeLevel.ts";
import { dumps } from "../../../src/ledger/treeDump.ts";
import { batchOf, put, TestNetwork, transaction } from "./testNetwork.ts";
import { fieldsOf, ITEMS, keyOf } from "./testRegistry.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chancery-durability-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const open = async (directory: string, options: Parameters<typeof TestNetwork.open>[1] = {}): Promise<TestNetwork> =>
  TestNetwork.open(await openLevel(join(directory, "db")), { directory, ...options });

describe("dumps of the state tree", () => {
  const time = { at: 0 };
  const clock = { now: () => 0, monotonic: () => time.at };

  test("are taken while blocks are executed, committed and overtaken, and load to the tree that the rows give", async () => {
    const directory = join(root, "dumps");
    // What happens at which of the dump's 256 slices.
    const acts = new Map<number, () => Promise<void>>();
    let slices = 0;
    const pause = async (): Promise<void> => acts.get(++slices)?.();
    const network = await open(directory, { clock, dumpIntervalMs: 1_000, pause });
    const fill = (from: number): Uint8Array[] => Array.from({ length: 200 }, (_, i) => transaction([put(`item ${from + i}`, from)]));
    for (let block = 0; block < 5; block++) await network.block(fill(100 * block));
    /** Changes sixty items that the next one changes again in part, and makes forty. */
    const changes = (name: string, from: number) => [
      batchOf([
        ...Array.from({ length: 60 }, (_, i) => transaction([put(`item ${from + i}`, name)])),
        ...Array.from({ length: 40 }, (_, i) => transaction([put(`${name} ${i}`, name)])),
      ]),
    ];
    let kept: Executed[] = [];
    acts.set(1, async () => {
      // Uncommitted for a hundred slices, and never committed.
      const stray = await network.execute(changes("stray", 0));
      await network.execute(changes("stray child", 30), network.after(stray));
    });
    acts.set(100, async () => {
      const other = await network.execute(changes("other", 200), network.head, network.head.time + 1);
      kept = [other, await network.execute(changes("child", 230), network.after(other))];
    });
    acts.set(180, async () => {
      for (const executed of kept) await network.commit(executed);
      await network.block([transaction([put("item 7", "late")])]);
    });
    time.at = 1_000;
    await network.block(fill(50));
    await network.chain.dumped();
    expect(slices).toBe(256);
    expect(network.chain.head.height).toBe(9);
    expect(await dumps(join(directory, "state"))).toEqual([6]);
    await network.chain.close();

    const told: [string, LogFields | undefined][] = [];
    const logger: Logger = { debug() {}, info() {}, warn: (event, fields) => void told.push([event, fields]), error() {} };
    const loaded = await open(directory, { logger });
    const rebuilt = await TestNetwork.open(await copyOf(directory));
    const next = [batchOf([transaction([put("item 8", "next")])])];
    expect(hex((await loaded.execute(next)).hash)).toBe(hex((await rebuilt.execute(next)).hash));
    expect(told).toEqual([]);
    await loaded.chain.close();
    await rebuilt.chain.close();

    // A damaged dump is said and passed over; the rows are still there.
    const file = join(directory, "state", "6");
    const bytes = await readFile(file);
    for (const at of [3, 20, 51, 55, 60, bytes.length >> 1, bytes.length - 10, bytes.length - 1]) {
      const wrong = Buffer.from(bytes);
      wrong[at]! ^= 4;
      await writeFile(file, wrong);
      told.length = 0;
      const reopened = await open(directory, { logger });
      expect(told).toMatchObject([["state.dump_damaged", { height: 6 }]]);
      expect(hex(reopened.chain.head.stateRoot)).toBe(hex(rebuilt.chain.head.stateRoot));
      await reopened.chain.close();
    }
  });

  test("one that is whole but of another state is found out by the certified root", async () => {
    time.at = 0;
    const [ours, theirs] = [join(root, "ours"), join(root, "theirs")];
    for (const directory of [ours, theirs]) {
      const network = await open(directory, { clock, dumpIntervalMs: 1_000 });
      await network.block([transaction([put(directory === ours ? "a" : "b", 1)])]);
      time.at += 1_000;
      await network.block();
      await network.chain.dumped();
      await network.chain.close();
    }
    await cp(join(theirs, "state", "2"), join(ours, "state", "2"));
    const told: unknown[] = [];
    const logger: Logger = { debug() {}, info() {}, warn: (event, fields) => void told.push([event, fields]), error() {} };
    const reopened = await open(ours, { logger });
    expect(told).toEqual([["state.dump_unusable", { height: 2 }]]);
    expect(fieldsOf(reopened.chain.reader.row(ITEMS, keyOf("a"))!)["value"]).toBe(1);
    expect(reopened.chain.reader.row(ITEMS, keyOf("b"))).toBeUndefined();
    await reopened.chain.close();
  });

  async function copyOf(directory: string): Promise<Awaited<ReturnType<typeof openLevel>>> {
    const copy = `${directory} copy`;
    await cp(join(directory, "db"), join(copy, "db"), { recursive: true });
    return openLevel(join(copy, "db"));
  }

  test("two are kept, none is taken sooner than the interval, what an interrupted one left is swept", async () => {
    const directory = join(root, "interval");
    time.at = 0;
    const network = await open(directory, { clock, dumpIntervalMs: 1_000 });
    for (let height = 1; height <= 5; height++) {
      time.at += 600;
      await network.block();
      await network.chain.dumped();
    }
    expect(await dumps(join(directory, "state"))).toEqual([4, 2]);
    await network.chain.close();
    await writeFile(join(directory, "state", "9.part"), "half");
    const reopened = await open(directory, { clock });
    expect(await readdir(join(directory, "state"))).toEqual(expect.not.arrayContaining(["9.part"]));
    await reopened.chain.close();
  });
});
