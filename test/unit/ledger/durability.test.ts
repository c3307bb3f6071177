import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { isLedgerError, type LedgerError } from "../../../src/base/errors.ts";
import type { LogFields, Logger } from "../../../src/base/log.ts";
import type { Executed } from "../../../src/ledger/chain.ts";
import { openLevel } from "../../../src/ledger/store.ts";
import { dumps } from "../../../src/ledger/treeDump.ts";
import { batchOf, put, START_TIME, TestNetwork, transaction } from "./testNetwork.ts";
import { fieldsOf, ITEMS, keyOf } from "./testRegistry.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chancery-durability-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const open = async (directory: string, options: Parameters<typeof TestNetwork.open>[1] = {}): Promise<TestNetwork> =>
  TestNetwork.open(await openLevel(join(directory, "db")), { directory, ...options });

/** Reads everything there is, by every way that readers have; a text that two equal chains have in common. */
async function readAll({ chain }: TestNetwork): Promise<string> {
  const { reader } = chain;
  const out: string[] = [];
  for (let height = 1; height <= chain.head.height; height++) {
    const block = reader.block(height)!;
    out.push(hex(block.hash), hex(block.certificate.signatures), ...reader.bodies(height)!.map(hex));
    const { receipts } = reader.results(height)!;
    for (const leaf of receipts.keys()) {
      out.push(hex(receipts[leaf]!));
      for (const { collection, key, row } of reader.writesOf(height, leaf)!) {
        out.push(hex(row), hex(reader.row(collection, key)!));
        expect(reader.history(collection, key, 3).length).toBeGreaterThan(0);
      }
    }
  }
  out.push(...(await reader.find("", 10_000)), ...reader.state.entries("", 10_000));
  return out.join("\n");
}

describe("killed at any moment", () => {
  test("the chain comes back at a block boundary, with all that it had said was committed", async () => {
    const directory = join(root, "killed");
    const child = fileURLToPath(new URL("killedChild.ts", import.meta.url));
    const said = new Map<number, string>();
    let last = 0;
    for (let run = 0; run < 10; run++) {
      const killed = spawn(process.execPath, [child, directory, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      let started = (): void => {};
      const first = new Promise<void>((resolve) => (started = resolve));
      killed.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        started();
      });
      const ended = new Promise<void>((resolve) => killed.on("close", () => resolve()));
      await first;
      await new Promise((resolve) => setTimeout(resolve, run === 8 ? 1_000 : (run * 37) % 190));
      killed.kill("SIGKILL");
      await ended;
      for (const line of output.split("\n").slice(0, -1)) {
        const [height, hash] = line.split(" ") as [string, string];
        said.set(Number(height), hash);
        last = Number(height);
      }
      const network = await open(directory);
      const { chain } = network;
      expect(chain.head.height).toBeGreaterThanOrEqual(last);
      expect(chain.head.height).toBeLessThanOrEqual(last + 1);
      for (const [height, hash] of said) if (height > last - 20) expect(hex(chain.reader.hashAt(height))).toBe(hash);
      const sum = fieldsOf(chain.reader.row(ITEMS, keyOf("sum"))!)["value"];
      expect(sum).toBe(20 * chain.head.height);
      await chain.close();
    }
    expect((await dumps(join(directory, "state"))).length).toBeGreaterThan(0);
    const network = await open(directory);
    await readAll(network);
    await network.chain.close();
  }, 120_000);
});

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

describe("a flipped byte", () => {
  test("in any file of the database is found and named at the start, or is of a batch that was never acknowledged as whole", async () => {
    const directory = join(root, "flipped");
    // Enough for tables, a log, and what a start turns a log into.
    let all = "";
    let height = 0;
    for (const part of [0, 1, 2]) {
      const network = await open(directory);
      for (let i = 0; i < 6; i++)
        await network.block([
          transaction([put(`item ${part} ${i}`, "x".repeat(500)), put("hot", i)]),
          transaction([put(`due ${i}`, i, { due: START_TIME * 2 })]),
        ]);
      all = await readAll(network);
      height = network.chain.head.height;
      await network.chain.close();
    }
    const work = join(root, "flipped work");
    const names = (await readdir(join(directory, "db"))).filter((name) => !/^LO(G|CK)/.test(name));
    expect(
      names.some((n) => n.endsWith(".ldb")) && names.some((n) => n.startsWith("MANIFEST")) && names.some((n) => n.endsWith(".log")),
    ).toBe(true);
    const outcomes = new Map<string, number>();
    for (const name of names) {
      const bytes = await readFile(join(directory, "db", name));
      const samples = Math.min(bytes.length, 60);
      for (let i = 0; i < samples; i++) {
        const at = Math.floor((i * bytes.length) / samples);
        const wrong = Buffer.from(bytes);
        wrong[at]! ^= 1 << (i % 8);
        await rm(work, { recursive: true, force: true });
        await cp(join(directory, "db"), join(work, "db"), { recursive: true });
        await writeFile(join(work, "db", name), wrong);
        const outcome = await open(work).then(
          async (network) => {
            const text = await readAll(network);
            // Nothing false is served: it is all there, or the last batch of the log is missing whole.
            if (network.chain.head.height === height) expect(text).toBe(all);
            else expect(name).toMatch(/\.log$|^MANIFEST/);
            await network.chain.close();
            return network.chain.head.height === height ? "harmless" : "tail";
          },
          (error: unknown) => {
            expect(isLedgerError(error, "store.damaged"), String(error)).toBe(true);
            expect(JSON.stringify((error as LedgerError).data)).toContain(root);
            return "named";
          },
        );
        const kind = `${name.replace(/[0-9]+/g, "")} ${outcome}`;
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      }
    }
    expect(outcomes.get(".ldb harmless")).toBeUndefined();
    expect(outcomes.get(".ldb named")).toBeGreaterThan(50);
    expect(outcomes.get("MANIFEST- named")).toBeGreaterThan(10);
    expect(outcomes.get(".log named")).toBeGreaterThan(30);
    expect(outcomes.get(".log harmless")).toBeUndefined();
  }, 120_000);
});
