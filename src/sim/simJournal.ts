// The vote journal on a simulated disk. docs/protocol.md §4.7.
// Owns a copy in miniature of what journal.ts promises its user: one sync in flight, what came meanwhile rides on the next; `then` only behind it; segments
// that begin with the duties and are given up when all their heights are committed. And what a crash leaves of it: everything synced, and of the rest a
// prefix (journalSegments.ts cuts at the first record that does not read). Records are the driver's own bytes. The file format has tests of its own.

import type { Bytes } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import type { Journal, JournalRecord, OpenedJournal } from "../consensus/journal.ts";
import type { StoredRecord } from "../consensus/journalSegments.ts";
import type { Clockwork, Life } from "./clockwork.ts";
import type { Random } from "./random.ts";

interface Written {
  readonly record: StoredRecord;
  /** End of the record, counted over all that was ever written. */
  readonly position: number;
}

interface Segment {
  readonly written: Written[];
  bytes: number;
  height: number;
}

export type Damage = "missing" | "damaged";

/** What stands on the disk, page cache included as long as it lasts. */
export class JournalFiles {
  segments: Segment[] = [emptySegment()];
  position = 0;
  /** Everything up to here survives a power cut. */
  synced = 0;
  /** What will be found at the next opening. */
  damage: Damage | undefined;
  replacement = false;

  /** kill -9 leaves the page cache, a power cut a prefix of it. True if something was lost. */
  crash(power: boolean, random: Random): boolean {
    const before = this.position;
    if (power) this.cut(this.synced + random.below(this.position - this.synced + 1));
    return this.position < before;
  }

  private cut(position: number): void {
    for (const segment of this.segments) while ((segment.written.at(-1)?.position ?? 0) > position) segment.written.pop();
    this.segments = this.segments.filter((segment, i) => i === 0 || segment.written.length > 0);
    this.position = this.segments.at(-1)!.written.at(-1)?.position ?? this.synced;
    this.synced = Math.min(this.synced, this.position);
  }

  /** A process opens what is there; what it reads it makes durable first. */
  open(): StoredRecord[] {
    this.synced = this.position;
    for (const segment of this.segments) {
      segment.bytes = segment.written.reduce((sum, { record }) => sum + sizeOf(record), 0);
      segment.height = segment.written.reduce((most, { record }) => Math.max(most, record.height), 0);
    }
    return this.segments.flatMap(({ written }) => written.map(({ record }) => record));
  }

  durableCopy(): JournalFiles {
    const copy = new JournalFiles();
    copy.segments = this.segments.map(({ written, bytes, height }) => ({ written: [...written], bytes, height }));
    copy.position = this.position;
    copy.synced = this.synced;
    copy.damage = this.damage;
    copy.replacement = this.replacement;
    copy.cut(this.synced);
    return copy;
  }
}

export interface SimJournalOptions {
  readonly files: JournalFiles;
  readonly clock: Clockwork;
  readonly life: Life;
  readonly segmentBytes: number;
  /** How long the next sync takes; undefined if it fails. */
  readonly syncMs: () => number | undefined;
  /** A point at which a crash may strike; when it returns the process may be dead. */
  readonly boundary: (name: string) => void;
  /** A record of this turn, not one of the duties that a new segment repeats: those may be ahead of what stands behind them by the rest of the turn. */
  readonly appended: (record: StoredRecord) => void;
  readonly durable: (record: StoredRecord) => void;
}

type Used = Pick<Journal, "carry" | "whenFailed" | "append" | "committed" | "close">;

/** Opens the journal of a disk as `openJournal` does. `files` may have to be replaced first if it is damaged: see `Disk`. */
export function openSimJournal(options: SimJournalOptions): OpenedJournal {
  const { files } = options;
  const verdict = files.damage ?? "intact";
  if (files.damage !== undefined) {
    files.segments = [emptySegment()];
    files.damage = undefined;
    files.replacement = true;
  }
  const records = files.open();
  for (const record of records) options.durable(record);
  const journal: Used = new SimJournal(options);
  return { journal: journal as Journal, records, verdict, reason: verdict === "intact" ? "" : "simulated", replacement: files.replacement };
}

class SimJournal implements Used {
  private readonly o: SimJournalOptions;
  private readonly keys = new Set<string>();
  private waiting: { readonly position: number; readonly then: () => void }[] = [];
  private duties: () => readonly JournalRecord[] = () => [];
  private onFailure: (error: LedgerError) => void = () => {};
  private failure: LedgerError | undefined;
  private syncing = false;
  private draining = false;
  private fresh: StoredRecord[] = [];

  constructor(options: SimJournalOptions) {
    this.o = options;
  }

  carry(duties: () => readonly JournalRecord[]): void {
    this.duties = duties;
  }

  whenFailed(handler: (error: LedgerError) => void): void {
    this.onFailure = handler;
  }

  append(records: readonly JournalRecord[], then: () => void = () => {}): void {
    const { files, life, boundary } = this.o;
    if (this.failure !== undefined || !life.alive) return;
    if (records.length > 0) {
      boundary("journal.write");
      if (!life.alive) return;
      this.write(records);
      boundary("journal.written");
      if (!life.alive) return;
    }
    this.waiting.push({ position: files.position, then });
    if (files.position > files.synced) this.sync();
    else this.drain();
  }

  private write(records: readonly JournalRecord[]): void {
    const { files, segmentBytes } = this.o;
    let wanted = records.filter((r) => r.key === undefined || !this.keys.has(r.key));
    let carried = 0;
    const bytes = wanted.reduce((sum, r) => sum + sizeOf(r), 0);
    if (bytes > 0 && files.segments.at(-1)!.bytes + bytes > segmentBytes) {
      files.segments.push(emptySegment());
      this.keys.clear();
      const duties = this.duties();
      carried = duties.length;
      wanted = [...duties, ...records];
    }
    wanted.forEach(({ key, kind, height, body }, i) => {
      if (key !== undefined) this.keys.add(key);
      this.put({ kind, height, body });
      if (i >= carried) this.o.appended(files.segments.at(-1)!.written.at(-1)!.record);
    });
  }

  private put(record: StoredRecord): void {
    const { files } = this.o;
    const segment = files.segments.at(-1)!;
    files.position += sizeOf(record);
    segment.written.push({ record, position: files.position });
    segment.bytes += sizeOf(record);
    segment.height = Math.max(segment.height, record.height);
    this.fresh.push(record);
  }

  private sync(): void {
    const { files, clock, life, syncMs, boundary, durable } = this.o;
    if (this.syncing || this.failure !== undefined) return;
    this.syncing = true;
    const target = files.position;
    const fresh = this.fresh;
    this.fresh = [];
    const ms = syncMs();
    clock.after(ms ?? 1, life, () => {
      this.syncing = false;
      if (ms === undefined) return this.fail();
      files.synced = target;
      for (const record of fresh) durable(record);
      boundary("journal.synced");
      if (!life.alive) return;
      if (files.position > files.synced) this.sync();
      this.drain();
    });
  }

  private drain(): void {
    const { files, life } = this.o;
    if (this.draining) return;
    this.draining = true;
    while (this.waiting[0] !== undefined && this.waiting[0].position <= files.synced && life.alive && this.failure === undefined)
      this.waiting.shift()!.then();
    this.draining = false;
  }

  private fail(): void {
    this.failure = new LedgerError("store.write", { what: "journal" });
    this.onFailure(this.failure);
  }

  committed(height: number): void {
    const { files } = this.o;
    // A segment is given up only when what follows it is durable: its duties stand in the next one.
    while (
      files.segments.length > 1 &&
      files.segments[0]!.height <= height &&
      (files.segments[1]!.written[0]?.position ?? 0) <= files.synced
    )
      files.segments.shift();
  }

  async close(): Promise<void> {
    this.failure ??= new LedgerError("node.stopping");
  }
}

function emptySegment(): Segment {
  return { written: [], bytes: 0, height: 0 };
}

/** A record with its head. */
const sizeOf = ({ body }: { readonly body: Bytes }): number => 32 + body.length;
