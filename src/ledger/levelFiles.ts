// Checks LevelDB's own files before it is opened: it keeps checksums in them and, as it is bound to Node, looks at none of them when it reads, and drops
// damaged records of its log without a word. Owns the reading of its table and log formats. Does not own: what is in them (store.ts). Only reads.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, concat } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { crc32c } from "./crc32c.ts";

const FOOTER_BYTES = 48;
const TABLE_MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const BLOCK_TRAILER_BYTES = 5;
const LOG_BLOCK_BYTES = 32_768;
const LOG_HEADER_BYTES = 7;
const [FULL, FIRST, LAST] = [1, 2, 4];
const MASK_DELTA = 0xa282ead8;

export interface FileCheck {
  readonly files: number;
  readonly bytes: number;
  /** Files left out because `maxBytes` was reached; the newest are checked first. */
  readonly unchecked: number;
}

/** Verifies manifest, logs and tables, the newest first, until `maxBytes` are read. Throws `store.damaged` naming file and offset, `store.read` naming the file. */
export async function checkLevelFiles(directory: string, maxBytes: number): Promise<FileCheck> {
  const current = join(directory, "CURRENT");
  const name = (await readWhole(current))?.toString("latin1");
  if (name === undefined) return { files: 0, bytes: 0, unchecked: 0 };
  if (!/^MANIFEST-\d+\n$/.test(name)) damaged(current, 0, "name of the manifest");
  const manifest = join(directory, name.trim());
  const records: Bytes[] = [];
  readLog(manifest, (await readWhole(manifest)) ?? damaged(current, 0, "manifest is missing"), (record) => records.push(record));
  const { logNumber, tables } = liveFiles(manifest, records);
  // What is not in the manifest is left over from a write that the process did not live to finish, and LevelDB removes it.
  const names = await readdir(directory);
  const logs = names.filter((file) => file.endsWith(".log") && Number.parseInt(file, 10) >= logNumber);
  for (const file of logs)
    readLog(join(directory, file), (await readWhole(join(directory, file))) ?? damaged(join(directory, file), 0, "missing"));
  let bytes = 0;
  let files = 0;
  for (const { number, size } of tables) {
    const stem = String(number).padStart(6, "0");
    const file = names.find((other) => other === `${stem}.ldb` || other === `${stem}.sst`);
    if (file === undefined) damaged(join(directory, `${stem}.ldb`), 0, "missing");
    if (bytes >= maxBytes) continue;
    const table = (await readWhole(join(directory, file))) ?? damaged(join(directory, file), 0, "missing");
    if (table.length !== size) damaged(join(directory, file), table.length, "length");
    checkTable(join(directory, file), table);
    bytes += size;
    files++;
  }
  return { files, bytes, unchecked: tables.length - files };
}

/** A file's bytes; undefined if there is none. What the disk does not give is named: the system's own words leave out which file it was. */
function readWhole(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    if (error.code !== "EIO") throw error;
    throw new LedgerError("store.read", { file, what: error.message }, error);
  });
}

function damaged(file: string, offset: number, what: string): never {
  throw new LedgerError("store.damaged", { file, offset, what });
}

/** Every block of a table, found through its index, and that nothing lies between them. */
function checkTable(file: string, bytes: Bytes): void {
  const footer = bytes.length - FOOTER_BYTES;
  if (footer < 0 || TABLE_MAGIC.some((byte, i) => bytes[footer + 40 + i] !== byte)) damaged(file, Math.max(0, footer), "footer");
  const at = { offset: footer };
  const metaIndex = readHandle(bytes, at);
  const index = readHandle(bytes, at);
  const blocks = [metaIndex, index];
  for (const handle of [metaIndex, index]) {
    checkBlock(file, bytes, handle, footer);
    blocks.push(...handlesIn(bytes.subarray(handle.offset, handle.offset + handle.size)));
  }
  let covered = 0;
  for (const handle of blocks) {
    checkBlock(file, bytes, handle, footer);
    covered += handle.size + BLOCK_TRAILER_BYTES;
  }
  if (covered !== footer) damaged(file, covered, "index");
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function checkBlock(file: string, bytes: Bytes, { offset, size }: Handle, limit: number): void {
  const end = offset + size;
  if (!(end + BLOCK_TRAILER_BYTES <= limit)) damaged(file, offset, "block");
  if (crc32c(bytes, offset, end + 1, 0) !== unmask(bytes, end + 1)) damaged(file, offset, "block");
}

/** The handles that an index block's entries have as values. */
function handlesIn(block: Bytes): Handle[] {
  const restarts = readU32le(block, block.length - 4);
  const end = block.length - 4 - 4 * restarts;
  const out: Handle[] = [];
  const at = { offset: 0 };
  while (at.offset < end) {
    readVarint(block, at);
    const unshared = readVarint(block, at);
    const valueLength = readVarint(block, at);
    const value = { offset: at.offset + unshared };
    out.push(readHandle(block, value));
    at.offset += unshared + valueLength;
  }
  return out;
}

function readHandle(bytes: Bytes, at: { offset: number }): Handle {
  return { offset: readVarint(bytes, at), size: readVarint(bytes, at) };
}

function readVarint(bytes: Bytes, at: { offset: number }): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at.offset++];
    if (byte === undefined || factor > 2 ** 42) return Number.NaN;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
}

function readU32le(bytes: Bytes, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** LevelDB stores checksums rotated and shifted, so that a checksum of checksums is no special case. */
function unmask(bytes: Bytes, at: number): number {
  const rotated = (readU32le(bytes, at) - MASK_DELTA) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/**
 * Reads a log's records. One that fails before the beginning of another whole one is damage: a batch is on disk before the next is written. Otherwise it
 * is the tail, a write that the machine did not live to finish, which LevelDB drops; the store then comes back one block earlier, at a block's boundary.
 */
function readLog(file: string, bytes: Bytes, onRecord?: (record: Bytes) => void): void {
  let failed: number | undefined;
  let parts: Bytes[] = [];
  for (let from = 0; from < bytes.length; from += LOG_BLOCK_BYTES) {
    const to = Math.min(from + LOG_BLOCK_BYTES, bytes.length);
    for (let at = from; at + LOG_HEADER_BYTES <= to; ) {
      const length = bytes[at + 4]! | (bytes[at + 5]! << 8);
      const type = bytes[at + 6]!;
      if (type === 0 && length === 0) break;
      const end = at + LOG_HEADER_BYTES + length;
      const good = type >= 1 && type <= 4 && end <= to && crc32c(bytes, at + 6, end, 0) === unmask(bytes, at);
      const begins = type === FULL || type === FIRST;
      if (good && begins && failed !== undefined) damaged(file, failed, "record");
      if (good && onRecord !== undefined) {
        if (begins) parts = [];
        parts.push(bytes.subarray(at + LOG_HEADER_BYTES, end));
        if (type === FULL || type === LAST) onRecord(concat(...parts));
      }
      // What ends behind the file's end was being written when the machine died; of a manifest, LevelDB then takes what stands before it.
      if (!good && !(onRecord !== undefined && end > bytes.length)) failed ??= at;
      if (end > to) break; // if it is the length that was damaged, the next block's first record is found all the same
      at = end;
    }
  }
  // The last record of a manifest is on disk before anything relies on it.
  if (failed !== undefined && onRecord !== undefined) damaged(file, failed, "record");
}

/** The tables that are in force, the newest first, and the first log that is. */
function liveFiles(manifest: string, records: readonly Bytes[]): { logNumber: number; tables: { number: number; size: number }[] } {
  const tables = new Map<number, number>();
  let logNumber = 0;
  for (const record of records) {
    const at = { offset: 0 };
    while (at.offset < record.length) {
      const tag = readVarint(record, at);
      if (tag === 1) skipText(record, at);
      else if (tag === 2) logNumber = readVarint(record, at);
      else if (tag === 3 || tag === 4 || tag === 9) readVarint(record, at);
      else if (tag === 5) {
        readVarint(record, at);
        skipText(record, at);
      } else if (tag === 6) {
        readVarint(record, at);
        tables.delete(readVarint(record, at));
      } else if (tag === 7) {
        readVarint(record, at);
        const number = readVarint(record, at);
        tables.set(number, readVarint(record, at));
        skipText(record, at);
        skipText(record, at);
      } else damaged(manifest, at.offset, "edit");
    }
  }
  return { logNumber, tables: [...tables].map(([number, size]) => ({ number, size })).sort((a, b) => b.number - a.number) };
}

function skipText(bytes: Bytes, at: { offset: number }): void {
  const length = readVarint(bytes, at);
  at.offset += length;
}
