// The vote journal on disk: the form of a record and of a segment, and how the segments left by a former process are read back. docs/protocol.md §4.7.3.
// Owns: bytes, checksums, the verdict intact | missing | foreign | damaged. Does not own: writing, group commit, rotation (journal.ts); what records mean (driver.ts).
//
// A segment is a preallocated file that is used again and again under growing numbers. Every byte written since the journal was made has a *position*; each
// record says up to which position everything was known durable when it was written (`synced`). So a record that fails can be judged: if a later record says
// that it had been durable, it is damage; if none does, no act of this node ever relied on it (a power cut may persist a later page and lose an earlier
// one of the same group), and the journal is cut there.

import { closeSync, fdatasyncSync, fsyncSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { JOURNAL_RECORD_BYTES } from "../base/limits.ts";

export const HEAD_BYTES = 32;
/** Kinds of the journal's own records; those of its user are below. */
export const kinds = { head: 255, mark: 254, floor: 253 } as const;
export const USER_KINDS = 200;
const FORMAT = 1;

/** Whose votes these are. `network` is 32 zero bytes as long as no genesis exists. */
export interface JournalIdentity {
  readonly network: Bytes;
  readonly key: Bytes;
}

/** First record of each segment. */
export interface SegmentHead extends JournalIdentity {
  /** 16 random bytes made with the journal: they enter every checksum, so that nobody can plant bytes that read as a record. */
  readonly id: Bytes;
  /** Made in place of a journal that was missing or not intact: no vote before the silence is over (§4.7). */
  readonly replacement: boolean;
  readonly number: number;
  /** Number of the segment before; 0 for the first. */
  readonly previous: number;
  /** Position of the segment's first byte. */
  readonly start: number;
  /** Segments with lower numbers have been given up. */
  readonly floor: number;
}

export interface StoredRecord {
  readonly kind: number;
  /** Height whose commit in the database makes the record superfluous; 0 if none. */
  readonly height: number;
  readonly body: Bytes;
}

interface ReadRecord extends StoredRecord {
  readonly synced: number;
  readonly bytes: number;
}

/** What a segment's checksums depend on besides the record. */
export interface Seal {
  readonly id: Bytes;
  readonly number: number;
  /** Stands before every record; different in every use of a file, so that what a former use left is passed over quickly. */
  readonly mark: number;
}

export function sealOf(id: Bytes, number: number): Seal {
  return { id, number, mark: crc32(u48(number), crc32(id)) };
}

function u48(n: number): Buffer {
  const out = Buffer.alloc(6);
  out.writeUIntBE(n, 0, 6);
  return out;
}

/** The 32 bytes in front of a record's body. */
export function recordHead(seal: Seal, offset: number, record: StoredRecord, synced: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(seal.mark, 0);
  head.writeUInt32BE(record.body.length, 8);
  head.writeUInt8(record.kind, 12);
  head.writeUIntBE(record.height, 18, 6);
  head.writeUIntBE(synced, 26, 6);
  head.writeUInt32BE(checksum(seal, offset, head, record.body), 4);
  return head;
}

function checksum(seal: Seal, offset: number, head: Bytes, body: Bytes): number {
  const place = crc32(u48(offset), crc32(u48(seal.number), crc32(seal.id)));
  return crc32(body, crc32(head.subarray(8, HEAD_BYTES), place));
}

/** The record at `offset`, or undefined if none stands there. */
export function readRecord(file: Buffer, offset: number, seal: Seal): ReadRecord | undefined {
  if (offset + HEAD_BYTES > file.length || file.readUInt32BE(offset) !== seal.mark) return undefined;
  const length = file.readUInt32BE(offset + 8);
  const end = offset + HEAD_BYTES + length;
  if (length > JOURNAL_RECORD_BYTES || end > file.length) return undefined;
  const head = file.subarray(offset, offset + HEAD_BYTES);
  const body = file.subarray(offset + HEAD_BYTES, end);
  if (file.readUInt32BE(offset + 4) !== checksum(seal, offset, head, body)) return undefined;
  return { kind: head[12]!, height: head.readUIntBE(18, 6), synced: head.readUIntBE(26, 6), body, bytes: HEAD_BYTES + length };
}

export function encodeHead(h: SegmentHead): Bytes {
  return encode([FORMAT, h.network, h.key, h.id, h.replacement, h.number, h.previous, h.start, h.floor]);
}

/** The head of segment `number`, or undefined if the file does not begin with one. */
export function readHead(file: Buffer, number: number): SegmentHead | undefined {
  if (file.length < HEAD_BYTES) return undefined;
  const length = file.readUInt32BE(8);
  if (length > 256 || HEAD_BYTES + length > file.length) return undefined;
  let value: Value;
  try {
    value = decode(new Uint8Array(file.subarray(HEAD_BYTES, HEAD_BYTES + length)));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const [format, network, key, id, replacement, named, previous, start, floor] = value as Value[];
  if (!(id instanceof Uint8Array) || id.length !== 16) return undefined;
  if (readRecord(file, 0, sealOf(id, number))?.kind !== kinds.head) return undefined;
  if (format !== FORMAT) throw new LedgerError("release.needed", { what: "journal", format: String(format), known: FORMAT });
  if (named !== number) return undefined;
  return { network, key, id, replacement, number, previous, start, floor } as SegmentHead;
}

const NAME = /^(\d{10})\.segment$/;
export const segmentPath = (directory: string, number: number): string => join(directory, `${String(number).padStart(10, "0")}.segment`);
export const sparePath = (directory: string): string => join(directory, "spare");

/** Numbers of the segment files there are, ascending. */
export function segmentNumbers(directory: string): number[] {
  return names(directory)
    .map((name) => NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new LedgerError("journal.damaged", { directory, reason: "unreadable" }, cause);
  }
}

export interface LiveSegment {
  readonly number: number;
  /** Highest height of its records. */
  readonly height: number;
  /** Offset behind its last record. */
  readonly end: number;
}

export interface IntactJournal {
  readonly verdict: "intact";
  readonly head: SegmentHead;
  readonly records: StoredRecord[];
  readonly live: LiveSegment[];
  /** Where the next record goes. */
  readonly position: number;
  /** True if the last segment may be continued: nothing behind its end could be taken for one of its records. */
  readonly clean: boolean;
  /** Files to be removed: given up before the process ended, or holding only what never became durable. Never to be used again under the same number. */
  readonly leftovers: number[];
  /** Numbers of new segments are above it. */
  readonly highest: number;
}
export type Verdict = IntactJournal | { readonly verdict: "missing" | "foreign" | "damaged"; readonly reason: string };

interface Segment {
  readonly number: number;
  readonly file: Buffer;
  readonly head: SegmentHead | undefined;
}

/** Reads everything that a former process left in `directory` and judges it. Throws `journal.damaged` (unreadable) or `release.needed` (a later format), which are no verdicts. */
export function readJournal(directory: string, identity: JournalIdentity): Verdict {
  const all: Segment[] = segmentNumbers(directory).map((number) => {
    const file = readFile(segmentPath(directory, number));
    return { number, file, head: readHead(file, number) };
  });
  try {
    return judge(all, identity);
  } finally {
    for (const { file } of all) giveBack(file);
  }
}

/** A segment is 64 MB of RAM that nobody looks at again: not to wait for a collection that an idle node is long in coming to. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (byteLength >= GIVEN_BACK_BYTES && byteLength === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
}
/** Below it a buffer may share its memory with others. */
const GIVEN_BACK_BYTES = 1 << 20;

function judge(all: readonly Segment[], identity: JournalIdentity): Verdict {
  const first = all.find((s) => s.head !== undefined)?.head;
  if (all.length === 0) return { verdict: "missing", reason: "no segment" };
  if (first === undefined) return { verdict: "damaged", reason: "no segment begins with a valid record" };
  if (all.some((s) => s.head !== undefined && !equalBytes(s.head.id, first.id)))
    return { verdict: "damaged", reason: "segments of two journals" };
  if (!equalBytes(first.key, identity.key)) return { verdict: "foreign", reason: `made for key ${hex(first.key)}` };
  // A segment below the floor may be gone, or half of them: begin where everything from the floor on is there.
  let refused: Verdict | undefined;
  for (let from = 0; from < all.length; from++) {
    const read = walk(all.slice(from), first.id, identity);
    if (read.verdict === "intact") {
      const { live } = read;
      return { ...read, leftovers: all.map((s) => s.number).filter((n) => n < live[0]!.number || n > live.at(-1)!.number) };
    }
    refused ??= read;
  }
  return refused!;
}

function readFile(path: string): Buffer {
  try {
    // What is read may still stand in the page cache only, left by a killed process; nothing may rely on it before it is on the disk.
    const fd = openSync(path, "r+");
    try {
      fdatasyncSync(fd);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new LedgerError("journal.damaged", { path, reason: "unreadable" }, cause);
  }
}

/** Reads on from the first of `kept` until something fails, and judges the failure. */
function walk(kept: readonly Segment[], id: Bytes, identity: JournalIdentity): Verdict {
  const first = kept[0]!;
  if (first.head === undefined) return { verdict: "damaged", reason: `segment ${first.number} has no head` };
  const found: (StoredRecord & { number: number })[] = [];
  const live: LiveSegment[] = [];
  let position = first.head.start;
  let { head } = first;
  let floor = 0;
  for (let i = 0; i < kept.length; i++) {
    const segment = kept[i]!;
    if (segment.head === undefined || segment.head.start !== position || (i > 0 && segment.head.previous !== kept[i - 1]!.number)) break;
    head = segment.head;
    floor = Math.max(floor, head.floor);
    const next = kept[i + 1]?.head;
    const seal = sealOf(id, segment.number);
    let offset = 0;
    let height = 0;
    while (next?.start !== position) {
      const record = readRecord(segment.file, offset, seal);
      if (record === undefined) break;
      offset += record.bytes;
      position += record.bytes;
      height = Math.max(height, record.height);
      if (record.kind === kinds.floor) floor = Math.max(floor, (decode(record.body) as number[])[0]!);
      if (record.kind <= USER_KINDS)
        found.push({ number: segment.number, kind: record.kind, height: record.height, body: new Uint8Array(record.body) });
    }
    live.push({ number: segment.number, height, end: offset });
    if (next?.start !== position) break;
  }
  const later = claims(kept, live, id);
  if (later.synced > position)
    return { verdict: "damaged", reason: `segment ${head.number} fails at ${live.at(-1)!.end}, which was durable` };
  if (first.number > floor) return { verdict: "damaged", reason: `segment ${floor} is missing` };
  const records = found.filter((r) => r.number >= floor);
  const known = !equalBytes(head.network, new Uint8Array(32));
  if (known ? !equalBytes(head.network, identity.network) : records.length > 0)
    return { verdict: "foreign", reason: `made for genesis ${hex(head.network)}` };
  return {
    verdict: "intact",
    head,
    records,
    live: live.filter((s) => s.number >= floor),
    position,
    clean: later.found === 0,
    leftovers: [],
    highest: kept.at(-1)!.number,
  };
}

/** Valid records behind the point at which reading stopped, and the highest position that one of them says was durable. */
function claims(kept: readonly Segment[], live: readonly LiveSegment[], id: Bytes): { found: number; synced: number } {
  let found = 0;
  let synced = 0;
  const stopped = live.at(-1)!;
  for (const { file, number } of kept) {
    if (number < stopped.number) continue;
    scan(file, number === stopped.number ? stopped.end : 0, sealOf(id, number), (record) => {
      found++;
      synced = Math.max(synced, record.synced);
    });
  }
  return { found, synced };
}

function scan(file: Buffer, from: number, seal: Seal, each: (record: ReadRecord) => void): void {
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE(seal.mark);
  for (let at = file.indexOf(mark, from); at >= 0; ) {
    const record = readRecord(file, at, seal);
    if (record !== undefined) each(record);
    at = file.indexOf(mark, at + (record?.bytes ?? 1));
  }
}

/** A file's content, or the names of files in a directory, are durable afterwards. */
export function syncToDisk(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
