// A simulated disk: what a node's database and journal have made durable, what is under way, and what a crash leaves of it. docs/protocol.md §4.7, §5.
// Owns latency, lost and torn writes, images. A batch of the database is atomic, as LevelDB's log makes it: whole or gone. The journal's rules stand in
// simJournal.ts. Does not own when crashes happen (faults.ts).

import { type Bytes, copyOf, latin1, unlatin1 } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import type { Database, Range, WriteBatch } from "../ledger/store.ts";
import type { Clockwork, Life } from "./clockwork.ts";
import { Random } from "./random.ts";
import { JournalFiles } from "./simJournal.ts";

/** A disk slower than this is a broken one. */
const SLOWEST_SYNC_MS = 3_000;

const inOrder = (rows: ReadonlyMap<string, Bytes>): readonly string[] => [...rows.keys()].sort();
/** All disks of a scenario begin with the same rows, which are never written to. */
const foundedKeys = new WeakMap<ReadonlyMap<string, Bytes>, readonly string[]>();
function keysInOrder(rows: ReadonlyMap<string, Bytes>): readonly string[] {
  let keys = foundedKeys.get(rows);
  if (keys === undefined) foundedKeys.set(rows, (keys = inOrder(rows)));
  return keys;
}

type Operation = readonly [key: string, value: Bytes | undefined];

export interface DiskImage {
  readonly rows: ReadonlyMap<string, Bytes>;
  readonly journal: JournalFiles;
}

export class Disk {
  rows: Map<string, Bytes>;
  /** Its keys in their order, as long as none comes or goes. */
  private sorted: { readonly of: ReadonlyMap<string, Bytes>; readonly keys: readonly string[] } | undefined;
  journal = new JournalFiles();
  /** How many times slower than a good disk; a fault raises it. */
  slowness = 1;
  /** Writes and syncs fail from now on: full, or broken. */
  failing = false;
  /** Batches handed to the disk and not yet durable, oldest first. */
  readonly underWay: (readonly Operation[])[] = [];
  private readonly random: Random;

  constructor(rows: ReadonlyMap<string, Bytes>, random = new Random(1)) {
    this.rows = new Map(rows);
    this.sorted = { of: this.rows, keys: keysInOrder(rows) };
    this.random = random;
  }

  /** How long a sync takes. */
  syncMs(): number {
    return Math.min(this.slowness * Math.min(this.random.longTailed(0.3), 20), SLOWEST_SYNC_MS);
  }

  write(operations: readonly Operation[]): void {
    const before = this.rows.size;
    let gone = false;
    for (const [key, value] of operations) {
      if (value === undefined) gone = this.rows.delete(key) || gone;
      else this.rows.set(key, value);
    }
    if (gone || this.rows.size !== before) this.sorted = undefined;
  }

  /** The keys from `low` to before `high`. */
  keys(low: string, high: string): readonly string[] {
    if (this.sorted?.of !== this.rows) this.sorted = { of: this.rows, keys: inOrder(this.rows) };
    const { keys } = this.sorted;
    return keys.slice(firstFrom(keys, low), firstFrom(keys, high));
  }

  /** The process is gone, and with a power cut the page cache too. Writes under way end before some point or behind it, in their order. */
  crash(power: boolean): { readonly batchLost: boolean; readonly recordsLost: boolean } {
    let batchLost = false;
    for (const batch of this.underWay.splice(0)) {
      if ((batchLost = this.random.chance(power ? 0.6 : 0.2))) break;
      this.write(batch);
    }
    return { batchLost, recordsLost: this.journal.crash(power, this.random) };
  }

  /** As it would be found after a power cut now. */
  image(): DiskImage {
    return { rows: new Map(this.rows), journal: this.journal.durableCopy() };
  }

  restore({ rows, journal }: DiskImage): void {
    this.rows = new Map(rows);
    this.journal = journal.durableCopy();
  }
}

/** The database of one process on a disk. */
export class SimDatabase implements Database {
  private readonly disk: Disk;
  private readonly clock: Clockwork | undefined;
  private readonly life: Life;
  private readonly boundary: (name: string) => void;

  constructor(disk: Disk, life: Life, clock?: Clockwork, boundary: (name: string) => void = () => {}) {
    this.disk = disk;
    this.life = life;
    this.clock = clock;
    this.boundary = boundary;
  }

  /** One whose writes are durable at once: for founding. */
  static immediate(disk: Disk): SimDatabase {
    return new SimDatabase(disk, { alive: true });
  }

  get(key: Bytes): Bytes | undefined {
    const value = this.disk.rows.get(latin1(key));
    return value === undefined ? undefined : copyOf(value);
  }

  batch(): WriteBatch {
    const operations: Operation[] = [];
    return {
      put: (key, value) => void operations.push([latin1(key), copyOf(value)]),
      delete: (key) => void operations.push([latin1(key), undefined]),
      write: () => this.commit(operations),
    };
  }

  private async commit(operations: readonly Operation[]): Promise<void> {
    const { disk, clock, life } = this;
    if (clock === undefined) return disk.write(operations);
    this.boundary("database.write");
    if (!life.alive) return new Promise(() => {});
    disk.underWay.push(operations);
    this.boundary("database.under_way");
    if (!life.alive) return new Promise(() => {});
    await clock.delay(disk.syncMs(), life);
    if (disk.failing) {
      disk.underWay.splice(disk.underWay.indexOf(operations), 1);
      throw new LedgerError("store.write", { what: "simulated" });
    }
    disk.underWay.splice(disk.underWay.indexOf(operations), 1);
    disk.write(operations);
    this.boundary("database.durable");
    if (!life.alive) return new Promise(() => {});
  }

  async *scan({ from, after, to, reverse = false, limit = Number.POSITIVE_INFINITY }: Range): AsyncIterable<[Bytes, Bytes]> {
    const low = latin1(from);
    const high = latin1(to);
    const passed = after === undefined ? undefined : latin1(after);
    let keys = this.disk.keys(low, high);
    if (passed !== undefined) keys = keys.filter((key) => key > passed);
    if (reverse) keys = keys.toReversed();
    for (const key of limit < keys.length ? keys.slice(0, limit) : keys) {
      const value = this.disk.rows.get(key);
      if (value !== undefined) yield [unlatin1(key), copyOf(value)];
    }
  }

  async close(): Promise<void> {}
}

/** Index of the first that is not below. */
function firstFrom(keys: readonly string[], low: string): number {
  let from = 0;
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (keys[middle]! < low) from = middle + 1;
    else to = middle;
  }
  return from;
}
