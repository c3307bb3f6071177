// The vote journal (docs/protocol.md §4.7) against everything that can happen to a file: kills, power cuts, lost and flipped bytes, re-used segments.

import { spawn } from "node:child_process";
import {
  closeSync,
  fdatasync,
  fsync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writevSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bytes, concat, utf8 } from "../../../src/base/bytes.ts";
import type { LedgerError } from "../../../src/base/errors.ts";
import {
  createJournal,
  type Journal,
  type JournalFiles,
  type JournalOptions,
  type JournalRecord,
  openJournal,
} from "../../../src/consensus/journal.ts";
import {
  type JournalIdentity,
  readJournal,
  type StoredRecord,
  segmentNumbers,
  segmentPath,
} from "../../../src/consensus/journalSegments.ts";

const identity: JournalIdentity = { network: new Uint8Array(32).fill(7), key: new Uint8Array(32).fill(9) };
const VOTE = 1;
const BODY = 2;
let home: string;
let directory: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "journal-"));
  directory = join(home, "journal");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const vote = (n: number, height = n): JournalRecord => ({ kind: VOTE, height, body: utf8(`vote ${n}`) });
const append = (journal: Journal, ...records: JournalRecord[]): Promise<void> => new Promise((resolve) => journal.append(records, resolve));
const texts = (records: readonly StoredRecord[]): string[] => records.map((r) => Buffer.from(r.body).toString());

async function filled(options: JournalOptions, count: number): Promise<void> {
  createJournal(directory, identity, options);
  const { journal } = openJournal(directory, identity, options);
  for (let n = 1; n <= count; n++) await append(journal, vote(n));
  await journal.close();
}

async function reopened(
  options: JournalOptions = small,
): Promise<{ verdict: string; reason: string; replacement: boolean; texts: string[] }> {
  const { journal, verdict, reason, replacement, records } = openJournal(directory, identity, options);
  await journal.close();
  return { verdict, reason, replacement, texts: texts(records) };
}

const small: JournalOptions = { segmentBytes: 4_096 };

describe("§4.7 what was appended comes back", () => {
  test("in order, with kinds and heights, after a clean end", async () => {
    await filled(small, 3);
    const { journal, records, verdict, replacement } = openJournal(directory, identity, small);
    expect({ verdict, replacement }).toEqual({ verdict: "intact", replacement: false });
    expect(records.map((r) => [r.kind, r.height])).toEqual([
      [VOTE, 1],
      [VOTE, 2],
      [VOTE, 3],
    ]);
    expect(texts(records)).toEqual(["vote 1", "vote 2", "vote 3"]);
    await journal.close();
  });

  test("`then` runs in order, after the sync, and what came during a sync rides on the next one", async () => {
    createJournal(directory, identity, small);
    const syncs: (() => Promise<void>)[] = [];
    const synced = (fd: number, done: Parameters<JournalFiles["fdatasync"]>[1]): Promise<void> =>
      new Promise((resolve) =>
        fdatasync(fd, (error) => {
          done(error);
          resolve();
        }),
      );
    const files: JournalFiles = { writev: writevSync, fdatasync: (fd, done) => void syncs.push(() => synced(fd, done)), fsync };
    const { journal } = openJournal(directory, identity, { ...small, files });
    const ran: number[] = [];
    for (let n = 1; n <= 5; n++) journal.append([vote(n)], () => ran.push(n));
    expect(syncs).toHaveLength(1);
    const release = (): Promise<void> => syncs.shift()!();
    expect(ran).toEqual([]);
    await release();
    expect(ran).toEqual([1]);
    expect(syncs).toHaveLength(1);
    await release();
    expect(ran).toEqual([1, 2, 3, 4, 5]);
    expect(syncs).toHaveLength(0);
    await journal.close();
  });

  test("an append of nothing waits for what is outstanding, and runs at once if nothing is", async () => {
    createJournal(directory, identity, small);
    const { journal } = openJournal(directory, identity, small);
    const ran: string[] = [];
    journal.append([], () => ran.push("nothing outstanding"));
    expect(ran).toEqual(["nothing outstanding"]);
    journal.append([vote(1)], () => {
      ran.push("vote");
      journal.append([], () => ran.push("third"));
    });
    journal.append([], () => ran.push("behind the vote"));
    expect(ran).toHaveLength(1);
    await append(journal, vote(2));
    expect(ran).toEqual(["nothing outstanding", "vote", "behind the vote", "third"]);
    journal.append([], () => ran.push("idle again"));
    expect(ran.at(-1)).toBe("idle again");
    await journal.close();
  });

  test("a body with a key is written once a segment", async () => {
    const body = { kind: BODY, height: 1, key: "digest", body: new Uint8Array(1_000).fill(1) };
    createJournal(directory, identity, small);
    const { journal } = openJournal(directory, identity, small);
    for (let n = 1; n <= 60; n++) await append(journal, body, vote(n));
    await journal.close();
    const { records } = openJournal(directory, identity, small);
    const live = segmentNumbers(directory).length;
    expect(live).toBeGreaterThan(1);
    expect(records.filter((r) => r.kind === BODY)).toHaveLength(live);
    expect(records.filter((r) => r.kind === VOTE)).toHaveLength(60);
  });
});

describe("§4.7 segments", () => {
  test("each new one begins with the duties, and one whose heights are committed is used again", async () => {
    createJournal(directory, identity, small);
    const { journal } = openJournal(directory, identity, small);
    let promise = 0;
    journal.carry(() => [{ kind: VOTE, height: 0, body: utf8(`promise ${promise}`) }]);
    for (let n = 1; n <= 400; n++) {
      promise = n;
      await append(journal, vote(n));
      journal.committed(n - 4);
    }
    await append(journal);
    await journal.close();
    const kept = segmentNumbers(directory);
    expect(kept[0]).toBeGreaterThan(3);
    expect(kept.length).toBeLessThanOrEqual(3);
    expect(readdirSync(directory).length).toBeLessThanOrEqual(4);
    const back = await reopened();
    expect(back.verdict).toBe("intact");
    expect(back.texts[0]).toMatch(/^promise \d+$/);
    // a recycled file never yields what a former use left: everything after the promise is in order, without a repetition
    const votes = back.texts.filter((t) => t.startsWith("vote")).map((t) => Number(t.slice(5)));
    expect(votes).toEqual(Array.from({ length: votes.length }, (_, i) => 401 - votes.length + i));
  });

  test("one with an uncommitted height is kept, and so are all after it", async () => {
    createJournal(directory, identity, small);
    const { journal } = openJournal(directory, identity, small);
    for (let n = 1; n <= 200; n++) await append(journal, vote(n, n === 1 ? 1_000 : n));
    journal.committed(200);
    await journal.close();
    expect((await reopened()).texts).toHaveLength(200);
  });

  test("a record larger than a segment gets one of its own size", async () => {
    createJournal(directory, identity, small);
    const { journal } = openJournal(directory, identity, small);
    const large = { kind: BODY, height: 2, body: new Uint8Array(20_000).fill(5) };
    await append(journal, vote(1), large, vote(2));
    await append(journal, vote(3));
    await journal.close();
    const { records } = openJournal(directory, identity, small);
    expect(records.map((r) => r.body.length)).toEqual([6, 20_000, 6, 6]);
  });

  test("a missing one in the middle, or before its time, is damage", async () => {
    for (const missing of [0, 1]) {
      rmSync(directory, { recursive: true, force: true });
      await filled(small, 300);
      const numbers = segmentNumbers(directory);
      expect(numbers.length).toBeGreaterThan(3);
      rmSync(segmentPath(directory, numbers[missing]!));
      expect((await reopened()).verdict).toBe("damaged");
    }
  });
});

describe("§4.7.3 the verdict", () => {
  test("a wiped directory: missing, and a replacement that stays one", async () => {
    await filled(small, 2);
    rmSync(directory, { recursive: true });
    expect(await reopened()).toMatchObject({ verdict: "missing", replacement: true, texts: [] });
    expect(await reopened()).toMatchObject({ verdict: "intact", replacement: true });
    const { journal } = openJournal(directory, identity, small);
    for (let n = 1; n <= 200; n++) await append(journal, vote(n));
    journal.committed(200);
    await append(journal);
    await journal.close();
    expect(await reopened()).toMatchObject({ verdict: "intact", replacement: true });
  });

  test("of another key or another genesis: foreign, put aside, replaced", async () => {
    await filled(small, 2);
    for (const other of [
      { ...identity, key: new Uint8Array(32).fill(1) },
      { ...identity, network: new Uint8Array(32).fill(1) },
    ]) {
      const { journal, verdict, records, replacement } = openJournal(directory, other, small);
      await journal.close();
      expect({ verdict, records, replacement }).toEqual({ verdict: "foreign", records: [], replacement: true });
      expect(segmentNumbers(`${directory}.aside`)).toEqual([1]);
    }
  });

  test("made with the key before there is a genesis: the first one that opens it names it, for good", async () => {
    createJournal(directory, { ...identity, network: new Uint8Array(32) }, small);
    expect(() => createJournal(directory, identity, small)).toThrow("file.exists");
    const { journal, verdict, replacement } = openJournal(directory, identity, small);
    expect({ verdict, replacement }).toEqual({ verdict: "intact", replacement: false });
    await append(journal, vote(1));
    await journal.close();
    expect(await reopened()).toMatchObject({ verdict: "intact", texts: ["vote 1"] });
    expect(readJournal(directory, { ...identity, network: new Uint8Array(32).fill(1) })).toMatchObject({ verdict: "foreign" });
  });

  test("any flipped bit of what was durable is damage, wherever it is", async () => {
    await filled({ segmentBytes: 700 }, 12);
    const numbers = segmentNumbers(directory);
    expect(numbers.length).toBeGreaterThan(1);
    for (const [i, number] of numbers.entries()) {
      const path = segmentPath(directory, number);
      const good = readFileSync(path);
      const found = readJournal(directory, identity);
      if (found.verdict !== "intact") throw new Error("unreachable");
      // the last record of all is the mark that says that all before it was durable: nothing depends on it
      const end = found.live[i]!.end - (i === numbers.length - 1 ? 32 : 0);
      for (let at = 0; at < end; at++) {
        const bad = Buffer.from(good);
        bad[at]! ^= 1 << (at % 8);
        writeFileSync(path, bad);
        const verdict = readJournal(directory, identity);
        // a byte of the spare bytes of a record's head is under its checksum as well
        expect(verdict.verdict, `segment ${number} byte ${at}`).not.toBe("intact");
      }
      writeFileSync(path, good);
    }
  });

  test("a tail lost at any byte is cut, and the journal goes on behind it", async () => {
    await filled(small, 4);
    const path = segmentPath(directory, 1);
    const good = readFileSync(path);
    const found = readJournal(directory, identity);
    if (found.verdict !== "intact") throw new Error("unreachable");
    let most = 0;
    for (let length = found.live[0]!.end - 1; length > 0; length--) {
      rmSync(directory, { recursive: true });
      createJournal(directory, identity, { segmentBytes: 0 });
      writeFileSync(path, good);
      truncateSync(path, length);
      const back = openJournal(directory, identity, small);
      if (back.verdict !== "intact") {
        expect(back.verdict).toBe("damaged");
        expect(length).toBeLessThan(300); // the head itself is gone
        await back.journal.close();
        continue;
      }
      most = Math.max(most, back.records.length);
      const kept = texts(back.records);
      expect(kept).toEqual(["vote 1", "vote 2", "vote 3", "vote 4"].slice(0, kept.length));
      await append(back.journal, vote(9));
      await back.journal.close();
      expect((await reopened()).texts).toEqual([...kept, "vote 9"]);
    }
    expect(most).toBe(4);
  });

  test("bytes that look like a record of another journal, or of this one elsewhere, are none", async () => {
    await filled(small, 3);
    const path = segmentPath(directory, 1);
    const file = readFileSync(path);
    const found = readJournal(directory, identity);
    if (found.verdict !== "intact") throw new Error("unreachable");
    const end = found.live[0]!.end;
    const copy = file.subarray(end - 140, end);
    writeFileSync(path, concat(file.subarray(0, end), copy, file.subarray(end + copy.length)));
    expect(await reopened()).toMatchObject({ verdict: "intact", texts: ["vote 1", "vote 2", "vote 3"] });
  });
});

describe("§4.7 faults of the disk", () => {
  const codes = { ENOSPC: "write", EIO: "sync" } as const;
  for (const [code, operation] of Object.entries(codes)) {
    test(`${code} on ${operation}: said once, and no vote leaves any more`, async () => {
      createJournal(directory, identity, small);
      let broken = false;
      const error = (): Error => Object.assign(new Error(code), { code });
      const files: JournalFiles = {
        writev: (fd, buffers, position) => {
          if (broken && operation === "write") throw error();
          return writevSync(fd, buffers, position);
        },
        fdatasync: (fd, done) => (broken && operation === "sync" ? setImmediate(done, error()) : fdatasync(fd, done)),
        fsync,
      };
      const failures: LedgerError[] = [];
      const { journal } = openJournal(directory, identity, { ...small, files });
      journal.whenFailed((e) => failures.push(e));
      await append(journal, vote(1));
      broken = true;
      const ran: number[] = [];
      journal.append([vote(2)], () => ran.push(2));
      await new Promise((resolve) => setTimeout(resolve, 20));
      broken = false; // a later success must not be taken for durability of what failed
      journal.append([vote(3)], () => ran.push(3));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(ran).toEqual([]);
      expect(failures.map((e) => [e.code, e.data])).toEqual([["store.write", { what: "journal", operation, reason: code }]]);
      await journal.close();
    });
  }

  test("a write that takes only some of the bytes is continued", async () => {
    createJournal(directory, identity, small);
    const files: JournalFiles = { writev: (fd, [first], position) => writevSync(fd, [first!.subarray(0, 7)], position), fdatasync, fsync };
    const { journal } = openJournal(directory, identity, { ...small, files });
    await append(journal, vote(1), vote(2));
    await journal.close();
    expect((await reopened()).texts).toEqual(["vote 1", "vote 2"]);
  });
});

// A disk under which power is cut: what was synced is there; of each later write any pages may be.
class PowerCut implements JournalFiles {
  readonly files = new Map<number, { path: string; safe: Buffer; writes: { position: number; bytes: Bytes }[] }>();
  readonly page = 64;
  readonly path: (fd: number) => string;
  constructor(path: (fd: number) => string) {
    this.path = path;
  }
  private of(fd: number): { path: string; safe: Buffer; writes: { position: number; bytes: Bytes }[] } {
    const path = this.path(fd);
    let file = this.files.get(fd);
    if (file?.path !== path) {
      file = { path, safe: readFileSync(path), writes: [] };
      this.files.set(fd, file);
    }
    return file;
  }
  writev(fd: number, buffers: Bytes[], position: number): number {
    this.of(fd).writes.push({ position, bytes: concat(...buffers) });
    return writevSync(fd, buffers, position);
  }
  fdatasync(fd: number, done: (error: Error | null) => void): void {
    const file = this.of(fd);
    const seen = file.writes.length;
    setImmediate(() => {
      file.safe = patched(file.safe, file.writes.slice(0, seen));
      file.writes.splice(0, seen);
      done(null);
    });
  }
  fsync(_fd: number, done: (error: Error | null) => void): void {
    setImmediate(done, null);
  }
  /** The disk after the cut; `keeps` decides about each page of each write. */
  cut(keeps: () => boolean): void {
    for (const { path, safe, writes } of this.files.values()) {
      let image = safe;
      for (const { position, bytes } of writes)
        for (let at = 0; at < bytes.length; ) {
          const length = Math.min(this.page - ((position + at) % this.page), bytes.length - at);
          if (keeps()) image = patched(image, [{ position: position + at, bytes: bytes.subarray(at, at + length) }]);
          at += length;
        }
      writeFileSync(path, image);
    }
  }
}

function patched(image: Buffer, writes: readonly { position: number; bytes: Bytes }[]): Buffer {
  const out = Buffer.alloc(Math.max(image.length, ...writes.map((w) => w.position + w.bytes.length)));
  image.copy(out);
  for (const { position, bytes } of writes) out.set(bytes, position);
  return out;
}

const pathOf = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

describe("§4.7 a cut of the power", () => {
  test.skipIf(process.platform !== "linux")("brings back no record behind a cut, even if the next ones fill the gap exactly", async () => {
    createJournal(directory, identity, small);
    const disk = new PowerCut(pathOf);
    const { journal } = openJournal(directory, identity, { ...small, files: disk });
    journal.append([vote(1)]);
    journal.append([vote(2)]);
    let write = 0;
    disk.cut(() => write++ >= 2); // both pages of the first are lost, the second is there
    await abandoned(journal);
    const second = openJournal(directory, identity, small);
    expect(texts(second.records)).toEqual([]);
    second.journal.append([vote(3)]); // killed before the sync: the mark that follows it would cover the remains
    await abandoned(second.journal);
    expect(await reopened()).toMatchObject({ verdict: "intact", texts: ["vote 3"] });
  });

  test.skipIf(process.platform !== "linux")("loses nothing whose `then` ran, invents nothing, and is never taken for damage", async () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 300 }), wait: fc.boolean(), commit: fc.boolean() });
    const life = fc.record({ steps: fc.array(step, { maxLength: 14 }), pages: fc.infiniteStream(fc.boolean()) });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        rmSync(directory, { recursive: true, force: true });
        const options = { segmentBytes: 1_024 };
        createJournal(directory, identity, options);
        let known: string[] = []; // in the journal for certain
        let possible: string[] = []; // written since
        let committed = 0;
        let height = 0;
        for (const { steps, pages } of lives) {
          const disk = new PowerCut(pathOf);
          const { journal, records, verdict, reason } = openJournal(directory, identity, { ...options, files: disk });
          expect(verdict, reason).toBe("intact");
          const back = texts(records).filter((t) => t.startsWith("vote"));
          const needed = known.filter((t) => Number(t.split(" ")[1]) > committed);
          const from = back.indexOf(needed[0] ?? possible[0] ?? "");
          expect(back.slice(from < 0 ? back.length : from)).toEqual([...needed, ...possible].slice(0, from < 0 ? 0 : back.length - from));
          expect(from < 0 ? 0 : back.length - from).toBeGreaterThanOrEqual(needed.length);
          known = back;
          possible = [];
          for (const { bytes, wait, commit } of steps) {
            height++;
            const record = { kind: VOTE, height, body: utf8(`vote ${height} ${"x".repeat(bytes)}`) };
            const name = Buffer.from(record.body).toString();
            possible.push(name);
            const durable = new Promise<void>((resolve) =>
              journal.append([record], () => {
                known.push(name);
                possible.splice(possible.indexOf(name), 1);
                resolve();
              }),
            );
            if (wait) await durable;
            if (commit && known.length > 2) {
              committed = Number(known.at(-2)!.split(" ")[1]);
              journal.committed(committed);
            }
          }
          const decide = pages[Symbol.iterator]();
          const before = [...known];
          disk.cut(() => decide.next().value as boolean);
          known = before;
          possible = [...possible];
          await abandoned(journal);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Leaves a journal as a dead process would: its files must not be written any more. */
async function abandoned(journal: Journal): Promise<void> {
  (journal as unknown as { failure: Error }).failure = new Error("dead");
  await journal.close();
}

describe("§4.7 a killed process", () => {
  test("kill -9 in the middle of writing: everything it was told is durable comes back, in order", async () => {
    createJournal(directory, identity, { segmentBytes: 1 << 18 });
    for (let round = 0; round < 3; round++) {
      const before = readJournal(directory, identity);
      if (before.verdict !== "intact") throw new Error(before.reason);
      const script = `
        import { openJournal } from ${JSON.stringify(join(import.meta.dirname, "../../../src/consensus/journal.ts"))};
        const identity = { network: new Uint8Array(32).fill(7), key: new Uint8Array(32).fill(9) };
        const { journal } = openJournal(${JSON.stringify(directory)}, identity, { segmentBytes: 1 << 18 });
        let n = ${before.records.length};
        const next = () => {
          const mine = ++n;
          const body = Buffer.alloc(20 + (mine * 7919) % 30000);
          body.writeUInt32BE(mine);
          journal.append([{ kind: 1, height: mine, body }], () => process.stdout.write(mine + "\\n", next));
        };
        next(); next(); next();`;
      const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      const exited = new Promise((resolve) => child.on("exit", resolve));
      await new Promise<void>((resolve) =>
        child.stdout.on("data", (data: Buffer) => {
          output += data.toString();
          if (output.split("\n").length > 60 + 40 * round) resolve();
        }),
      );
      child.kill("SIGKILL");
      await exited;
      const told = Math.max(...output.split("\n").slice(0, -1).map(Number));
      const after = readJournal(directory, identity);
      if (after.verdict !== "intact") throw new Error(after.reason);
      const numbers = after.records.map((r) => Buffer.from(r.body).readUInt32BE(0));
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i + 1));
      expect(numbers.length).toBeGreaterThanOrEqual(told);
    }
  }, 30_000);
});

test("a spare is made ahead, so that a segment is never appended to a growing file", async () => {
  createJournal(directory, identity, small);
  const { journal } = openJournal(directory, identity, small);
  await journal.close();
  const fd = openSync(join(directory, "spare"), "r");
  closeSync(fd);
  expect(readFileSync(join(directory, "spare")).length).toBe(4_096);
});
