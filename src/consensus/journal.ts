// The vote journal: what must be durable before it is sent. docs/protocol.md §4.7.
// Owns: appending, group commit (one asynchronous fdatasync in flight, everything that came meanwhile rides on the next), segments and their re-use.
// Does not own: what records mean and which duties a new segment repeats (driver.ts), reading back (journalSegments.ts), one process per home (node).

import { closeSync, fdatasync, fsync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync, writevSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Bytes, equalBytes } from "../base/bytes.ts";
import { encode } from "../base/codec.ts";
import { fail, LedgerError } from "../base/errors.ts";
import { JOURNAL_RECORD_BYTES, JOURNAL_SEGMENT_BYTES } from "../base/limits.ts";
import { generateSeed } from "../base/signature.ts";
import {
  encodeHead,
  HEAD_BYTES,
  type IntactJournal,
  type JournalIdentity,
  kinds,
  readJournal,
  recordHead,
  type Seal,
  type SegmentHead,
  sealOf,
  segmentNumbers,
  segmentPath,
  sparePath,
  type StoredRecord,
  syncToDisk,
  USER_KINDS,
} from "./journalSegments.ts";

export interface JournalRecord extends StoredRecord {
  /** With a key, written once per segment: whoever relies on it later in the same segment finds it there. For batch bodies. */
  readonly key?: string;
}

/** The file operations that can fail while votes are cast; tests put faults here. */
export interface JournalFiles {
  writev(fd: number, buffers: Bytes[], position: number): number;
  fdatasync(fd: number, done: (error: Error | null) => void): void;
  fsync(fd: number, done: (error: Error | null) => void): void;
}
const systemFiles: JournalFiles = { writev: writevSync, fdatasync, fsync };

export interface JournalOptions {
  readonly segmentBytes?: number;
  readonly files?: JournalFiles;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** What the former process left, oldest first; empty if the verdict is not `intact`. */
  readonly records: readonly StoredRecord[];
  readonly verdict: "intact" | "missing" | "foreign" | "damaged";
  readonly reason: string;
  /** The journal that was made with the key is gone, now or in an earlier life: silence, unless a record says that it is over. */
  readonly replacement: boolean;
}

const ZEROS = new Uint8Array(1 << 20);

/** Makes the journal with the key. Without a genesis yet `network` is 32 zero bytes; the first `openJournal` names it. Throws `file.exists`. */
export function createJournal(directory: string, identity: JournalIdentity, options: JournalOptions = {}): void {
  if (segmentNumbers(directory).length > 0) throw new LedgerError("file.exists", { directory });
  makeFirst(directory, identity, false, options);
}

/** Opens the journal of a home. One that is not intact is put aside (`<directory>.aside`); an empty one that knows it is a replacement takes its place. */
export function openJournal(directory: string, identity: JournalIdentity, options: JournalOptions = {}): OpenedJournal {
  let found = readJournal(directory, identity);
  const { verdict } = found;
  const reason = found.verdict === "intact" ? "" : found.reason;
  if (found.verdict !== "intact") {
    if (found.verdict !== "missing") guarded("rename", () => putAside(directory));
    makeFirst(directory, identity, true, options);
    found = readJournal(directory, identity);
    if (found.verdict !== "intact") fail("a journal just made is not intact", { reason: found.reason });
  }
  const journal = new Journal(directory, identity, found, options);
  return { journal, records: found.records, verdict, reason, replacement: found.head.replacement };
}

function putAside(directory: string): void {
  rmSync(`${directory}.aside`, { recursive: true, force: true });
  renameSync(directory, `${directory}.aside`);
}

function makeFirst(directory: string, identity: JournalIdentity, replacement: boolean, options: JournalOptions): void {
  const { network, key } = identity;
  const head: SegmentHead = { network, key, id: generateSeed().slice(0, 16), replacement, number: 1, previous: 0, start: 0, floor: 1 };
  const body = encodeHead(head);
  guarded("create", () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const fd = openSync(segmentPath(directory, 1), "wx", 0o600);
    const bytes = options.segmentBytes ?? JOURNAL_SEGMENT_BYTES;
    for (let at = 0; at < bytes; at += ZEROS.length) writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, bytes - at), at);
    writevSync(fd, [recordHead(sealOf(head.id, 1), 0, { kind: kinds.head, height: 0, body }, 0), body], 0);
    fsyncSync(fd);
    closeSync(fd);
    syncToDisk(directory);
    syncToDisk(dirname(directory));
  });
}

function guarded<T>(operation: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw writeError(operation, cause);
  }
}

function writeError(operation: string, cause: unknown): LedgerError {
  return new LedgerError(
    "store.write",
    { what: "journal", operation, reason: (cause as NodeJS.ErrnoException).code ?? String(cause) },
    cause,
  );
}

interface Active {
  readonly number: number;
  readonly fd: number;
  readonly seal: Seal;
  offset: number;
  height: number;
  readonly keys: Set<string>;
}
interface Closed {
  readonly number: number;
  readonly height: number;
  /** Open as long as it has writes that are not synced. */
  fd: number | undefined;
}

export class Journal {
  private readonly directory: string;
  private readonly template: SegmentHead;
  private readonly segmentBytes: number;
  private readonly files: JournalFiles;
  private onFailure: (error: LedgerError) => void = () => {};
  private active: Active;
  /** Number of the segment that the next record opens, if the active one may not be continued. */
  private continueIn: number | undefined;
  private closed: Closed[];
  private floor: number;
  private spare: "none" | "making" | "ready" = "none";
  private making: Promise<void> = Promise.resolve();
  /** Bytes written since the journal was made, and how many of them are durable. */
  private position: number;
  private synced: number;
  /** End of the last record that somebody waits for (marks are not waited for). */
  private written: number;
  private unsynced = false;
  private renamed = false;
  private syncing = false;
  private draining = false;
  private waiting: { readonly position: number; readonly then: () => void }[] = [];
  private duties: () => readonly JournalRecord[] = () => [];
  private failure: LedgerError | undefined;
  private idle: (() => void) | undefined;

  /** Only `openJournal` makes one. */
  constructor(directory: string, identity: JournalIdentity, found: IntactJournal, options: JournalOptions) {
    this.directory = directory;
    this.template = { ...found.head, network: identity.network };
    this.segmentBytes = options.segmentBytes ?? JOURNAL_SEGMENT_BYTES;
    this.files = options.files ?? systemFiles;
    this.position = found.position;
    this.synced = found.position;
    this.written = found.position;
    this.floor = found.live[0]!.number;
    this.closed = found.live.slice(0, -1).map(({ number, height }) => ({ number, height, fd: undefined }));
    const { number, end, height } = found.live.at(-1)!;
    this.active = guarded("open", () => {
      for (const leftover of found.leftovers) rmSync(segmentPath(directory, leftover));
      const fd = openSync(segmentPath(directory, number), "r+");
      return { number, fd, seal: sealOf(this.template.id, number), offset: end, height, keys: new Set<string>() };
    });
    // Behind a cut may stand what once was a record, and a later one could end exactly in front of it: such a segment is not continued.
    const named = !equalBytes(found.head.network, identity.network);
    this.continueIn = found.clean && !named ? undefined : found.highest + 1;
    if (statSync(sparePath(directory), { throwIfNoEntry: false })?.size === this.segmentBytes) this.spare = "ready";
    this.makeSpare();
  }

  /** What a new segment begins with: the duties that no segment before it needs to be kept for (promise, view, NewView, best of the epoch, silence). */
  carry(duties: () => readonly JournalRecord[]): void {
    this.duties = duties;
  }

  /** A write or a sync failed (`store.write`): nothing is durable from here on and no `then` runs any more. Called once. */
  whenFailed(handler: (error: LedgerError) => void): void {
    this.onFailure = handler;
    if (this.failure !== undefined) handler(this.failure);
  }

  /** Writes `records` at once; `then` runs when they, and all before them, are durable. In order; never before this call returns unless nothing is outstanding. */
  append(records: readonly JournalRecord[], then: () => void = () => {}): void {
    if (this.failure !== undefined) return;
    for (const r of records)
      if (r.kind > USER_KINDS || r.body.length > JOURNAL_RECORD_BYTES)
        fail("record does not fit the journal", { kind: r.kind, bytes: r.body.length });
    this.enqueue(records, then);
  }

  /** All heights up to `height` are committed in the database, synced: segments that only speak of them are used again. */
  committed(height: number): void {
    if (this.failure !== undefined) return;
    const given: number[] = [];
    while (this.closed[0] !== undefined && this.closed[0].height <= height && this.closed[0].fd === undefined)
      given.push(this.closed.shift()!.number);
    if (given.length === 0) return;
    this.floor = this.closed[0]?.number ?? this.active.number;
    const record = { kind: kinds.floor, height: 0, body: encode([this.floor]) };
    this.enqueue([record], () => void this.attempt("recycle", () => given.forEach((number) => this.recycle(number))));
  }

  /** Resolves when everything appended is durable and the files are closed. */
  async close(): Promise<void> {
    if (this.syncing || (this.unsynced && this.failure === undefined)) await new Promise<void>((resolve) => (this.idle = resolve));
    await this.making;
    for (const segment of [...this.closed, this.active]) if (segment.fd !== undefined) closeSync(segment.fd);
    this.closed = [];
    this.failure ??= new LedgerError("node.stopping");
  }

  private enqueue(records: readonly JournalRecord[], then: () => void): void {
    if (!this.attempt("write", () => this.write(records))) return;
    this.waiting.push({ position: this.written, then });
    if (this.unsynced) this.sync();
    else if (!this.syncing) this.drain();
  }

  /** Runs, in order, what waited for what is durable now. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    while (this.waiting[0] !== undefined && this.waiting[0].position <= this.synced && this.failure === undefined)
      this.waiting.shift()!.then();
    this.draining = false;
  }

  private write(records: readonly JournalRecord[]): void {
    let wanted = records.filter((r) => r.key === undefined || !this.active.keys.has(r.key));
    const bytes = wanted.reduce((sum, r) => sum + HEAD_BYTES + r.body.length, 0);
    if (bytes > 0 && (this.continueIn !== undefined || this.active.offset + bytes > this.segmentBytes)) {
      this.rotate(this.continueIn ?? this.active.number + 1);
      this.continueIn = undefined;
      wanted = [...records]; // a body written in the former segment is repeated: each segment stands for itself when it is dropped
    }
    if (wanted.length === 0) return;
    for (const r of wanted) if (r.key !== undefined) this.active.keys.add(r.key);
    this.put(wanted);
    this.written = this.position;
    this.unsynced = true;
  }

  private put(records: readonly StoredRecord[]): void {
    const buffers: Bytes[] = [];
    let offset = this.active.offset;
    for (const record of records) {
      buffers.push(recordHead(this.active.seal, offset, record, this.synced), record.body);
      offset += HEAD_BYTES + record.body.length;
      this.active.height = Math.max(this.active.height, record.height);
    }
    writeAll(this.files, this.active.fd, buffers, this.active.offset);
    this.position += offset - this.active.offset;
    this.active.offset = offset;
  }

  private rotate(number: number): void {
    const path = segmentPath(this.directory, number);
    if (this.spare === "ready") renameSync(sparePath(this.directory), path);
    const fd = openSync(path, this.spare === "ready" ? "r+" : "wx", 0o600);
    if (this.spare === "ready") this.spare = "none";
    this.renamed = true;
    const { number: previous, height, fd: old } = this.active;
    this.closed.push({ number: previous, height, fd: old });
    this.active = { number, fd, seal: sealOf(this.template.id, number), offset: 0, height: 0, keys: new Set() };
    const head = { ...this.template, number, previous, start: this.position, floor: this.floor };
    this.put([{ kind: kinds.head, height: 0, body: encodeHead(head) }, ...this.duties()]);
    this.unsynced = true;
    this.makeSpare();
  }

  private sync(): void {
    if (this.syncing || !this.unsynced || this.failure !== undefined) return;
    this.syncing = true;
    this.unsynced = false;
    const target = this.position;
    const retired = this.closed.filter((c) => c.fd !== undefined);
    const steps: ((done: (error: Error | null) => void) => void)[] = retired.map((c) => (done) => this.files.fdatasync(c.fd!, done));
    const directory = this.renamed ? openSync(this.directory, "r") : undefined;
    this.renamed = false;
    if (directory !== undefined) steps.push((done) => this.files.fsync(directory, done));
    const { fd } = this.active;
    steps.push((done) => this.files.fdatasync(fd, done));
    const next = (error: Error | null): void => {
      const step = error === null ? steps.shift() : undefined;
      if (step !== undefined) return step(next);
      if (directory !== undefined) closeSync(directory);
      this.synchronised(error, target, retired);
    };
    next(null);
  }

  private synchronised(error: Error | null, target: number, retired: readonly Closed[]): void {
    this.syncing = false;
    // After a failed sync the kernel may have dropped the pages: trying again would report what is lost as durable.
    if (error !== null) this.fail("sync", error);
    if (this.failure !== undefined) return this.idle?.();
    this.synced = target;
    for (const segment of retired) {
      closeSync(segment.fd!);
      segment.fd = undefined;
    }
    if (this.unsynced) this.sync();
    // Nothing follows that would say what is durable now: say it, unsynced. It rides on the next sync.
    else if (this.active.offset + HEAD_BYTES <= this.segmentBytes)
      this.attempt("write", () => this.put([{ kind: kinds.mark, height: 0, body: new Uint8Array(0) }]));
    this.drain();
    if (!this.syncing && !this.unsynced) this.idle?.();
  }

  private recycle(number: number): void {
    const path = segmentPath(this.directory, number);
    if (this.spare !== "none") return rmSync(path);
    renameSync(path, sparePath(this.directory));
    this.spare = "ready";
  }

  private makeSpare(): void {
    if (this.spare !== "none" || this.closed.length > 0) return; // one to be used again is not far
    this.spare = "making";
    this.making = preallocate(sparePath(this.directory), this.segmentBytes).then(
      () => void (this.spare = "ready"),
      (error: unknown) => this.fail("preallocate", error),
    );
  }

  private attempt(operation: string, run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      this.fail(operation, error);
      return false;
    }
  }

  private fail(operation: string, error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = writeError(operation, error);
    this.onFailure(this.failure);
  }
}

function writeAll(files: JournalFiles, fd: number, buffers: Bytes[], position: number): void {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    let written = files.writev(fd, rest, at);
    at += written;
    let i = 0;
    while (i < rest.length && written >= rest[i]!.length) written -= rest[i++]!.length;
    rest = written > 0 ? [rest[i]!.subarray(written), ...rest.slice(i + 1)] : rest.slice(i);
  }
}

async function preallocate(path: string, bytes: number): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    for (let at = 0; at < bytes; at += ZEROS.length) await file.write(ZEROS, 0, Math.min(ZEROS.length, bytes - at), at);
    await file.sync();
  } finally {
    await file.close();
  }
}
