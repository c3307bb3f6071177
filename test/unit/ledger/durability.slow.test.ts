import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { isLedgerError, type LedgerError } from "../../../src/base/errors.ts";
import { openLevel } from "../../../src/ledger/storeLevel.ts";
import { dumps } from "../../../src/ledger/treeDump.ts";
import { put, START_TIME, TestNetwork, transaction } from "./testNetwork.ts";
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
