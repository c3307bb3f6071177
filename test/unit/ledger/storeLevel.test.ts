// The database under the store when the disk refuses: every reader and writer gets its code, and whoever opened it hears of it whatever becomes of that.

import { mkdtemp, readdir, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Bytes } from "../../../src/base/bytes.ts";
import type { LedgerError } from "../../../src/base/errors.ts";
import { checkLevelFiles } from "../../../src/ledger/levelFiles.ts";
import { openLevel } from "../../../src/ledger/storeLevel.ts";

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

const key = (n: number): Bytes => Uint8Array.of(n >> 8, n);
const ALL = { from: key(0), to: Uint8Array.of(0xff) };

/** Forty megabytes, more than the buffer for writing takes: in tables that nobody has opened since. */
async function stored(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "chancery-level-"));
  directories.push(directory);
  const database = await openLevel(directory, { sync: false });
  for (let n = 0; n < 40; n++) {
    const batch = database.batch();
    batch.put(key(n), new Uint8Array(1 << 20).fill(n));
    await batch.write();
  }
  await database.close();
  await (await openLevel(directory)).close(); // what was in the log goes into a table
  return directory;
}

describe("a disk that does not give what is stored", () => {
  test("a read that fails is store.read, for a key and for a scan, and is told to who opened the database", async () => {
    const directory = await stored();
    const told: LedgerError[] = [];
    const database = await openLevel(directory, { failed: (error) => told.push(error) });
    // Opened at its first read, a table that is gone by then is an error of the system like any other.
    for (const file of await readdir(directory)) if (file.endsWith(".ldb")) await unlink(join(directory, file));
    const codes = new Set<string>();
    for (let n = 0; n < 40; n++)
      try {
        expect(database.get(key(n))?.length).toBe(1 << 20);
      } catch (error) {
        codes.add((error as LedgerError).code);
      }
    expect([...codes]).toEqual(["store.read"]);
    const scanned = async (): Promise<void> => {
      for await (const [, value] of database.scan(ALL)) expect(value.length).toBe(1 << 20);
    };
    await expect(scanned()).rejects.toMatchObject({ code: "store.read", data: { directory } });
    expect(told.length).toBeGreaterThan(1);
    for (const error of told)
      expect(error).toMatchObject({ code: "store.read", data: { directory, what: expect.stringContaining("ldb") } });
    await database.close();
  });

  test("a database that lacks nothing tells nobody anything", async () => {
    const directory = await stored();
    expect((await checkLevelFiles(directory, 1 << 30)).unchecked).toBe(0);
    const database = await openLevel(directory, { failed: (error) => expect.unreachable(String(error)) });
    for (let n = 0; n < 40; n++) expect(database.get(key(n))?.[7]).toBe(n);
    expect(database.get(key(41))).toBeUndefined();
    await database.close();
  });
});
