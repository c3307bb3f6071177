// The store's database as LevelDB keeps it. Owns the one import of `level`, its options, and what its errors mean. Does not own: what stands in it (store.ts),
// the check of its files before it is opened (levelFiles.ts).

import { Level } from "level";
import type { Bytes } from "../base/bytes.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { CHECKED_TABLE_BYTES, STORE_MAX_OPEN_FILES, STORE_WRITE_BUFFER_BYTES } from "../base/limits.ts";
import { checkLevelFiles } from "./levelFiles.ts";
import type { Database } from "./store.ts";

/** What a scan reads ahead. */
const SCAN_BYTES = 1 << 18;
const SCANNED_AT_ONCE = 1_000;

export interface LevelOptions {
  /** Batches are on disk when they are written; true unless told otherwise. */
  readonly sync?: boolean;
  readonly checkedBytes?: number;
  /** The disk refused to give or take something: whoever asked, and whatever becomes of the error. */
  readonly failed?: (error: LedgerError) => void;
}

/**
 * Checks LevelDB's files and opens it. Throws `start.locked` if another process has it, `store.damaged` naming the file if one is, `store.read` naming it if the
 * disk does not give it.
 */
export async function openLevel(directory: string, options: LevelOptions = {}): Promise<Database> {
  await checkLevelFiles(directory, options.checkedBytes ?? CHECKED_TABLE_BYTES);
  const level = new Level<Bytes, Bytes>(directory, { keyEncoding: "view", valueEncoding: "view" });
  try {
    // One option for the whole database: rows are read 1.6 times as fast uncompressed (performance.md §4).
    await level.open({ compression: false, writeBufferSize: STORE_WRITE_BUFFER_BYTES, maxOpenFiles: STORE_MAX_OPEN_FILES });
  } catch (error) {
    const known = levelError(error, directory, "store.write");
    // A file that the others name and that is not there, or names that make no sense: none of it is the disk's refusal.
    const missing = isLedgerError(known, "store.write") && /No such file|Invalid argument|exists/.test(String(known.data?.["what"]));
    throw missing || !isLedgerError(known) ? new LedgerError("store.damaged", { directory, what: messageOf(error) }, error) : known;
  }
  const sync = options.sync ?? true;
  const failure = (error: unknown, code: "store.read" | "store.write"): unknown => {
    const known = levelError(error, directory, code);
    if (isLedgerError(known, code)) options.failed?.(known);
    return known;
  };
  return {
    get(key) {
      try {
        return level.getSync(key);
      } catch (error) {
        throw failure(error, "store.read");
      }
    },
    batch() {
      const batch = level.batch();
      let begun = false;
      return {
        put(key, value) {
          // Bytes need no encoding and nobody listens: past the first, what the general way adds to each put (0.3 µs, 380 bytes) is left out.
          // oxlint-disable-next-line no-underscore-dangle
          if (begun) (batch as unknown as RawBatch)._put(key, value);
          else batch.put(key, value);
          begun = true;
        },
        delete: (key) => void batch.del(key),
        write: () => batch.write({ sync } as object).catch((error: unknown) => Promise.reject(failure(error, "store.write"))),
      };
    },
    async *scan({ from, after, to, reverse = false, limit = -1 }) {
      const lower = after === undefined ? { gte: from } : { gt: after };
      const iterator = level.iterator({ ...lower, lt: to, reverse, limit, highWaterMarkBytes: SCAN_BYTES } as object);
      try {
        // Many at a time: a promise for each entry costs more than reading it.
        for (let entries = await iterator.nextv(SCANNED_AT_ONCE); entries.length > 0; entries = await iterator.nextv(SCANNED_AT_ONCE))
          for (const [key, value] of entries) yield [plain(key), value];
      } catch (error) {
        throw failure(error, "store.read");
      } finally {
        await iterator.close();
      }
    },
    close: () => level.close(),
  };
}

/** What implementations of abstract-level's chained batch are called with. */
interface RawBatch {
  _put(key: Bytes, value: Bytes): void;
}

const plain = (bytes: Bytes): Bytes => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

interface LevelError {
  readonly code?: string;
  readonly cause?: { readonly code?: string; readonly message?: string };
}
const messageOf = (error: unknown): string => (error as LevelError).cause?.message ?? (error as Partial<Error>).message ?? String(error);

function levelError(error: unknown, directory: string, refused: "store.read" | "store.write"): unknown {
  if (isLedgerError(error)) return error;
  const { code, cause } = error as LevelError;
  const inner = cause?.code ?? code;
  const message = messageOf(error);
  if (inner === "LEVEL_LOCKED") return new LedgerError("start.locked", { directory }, error);
  if (inner === "LEVEL_CORRUPTION" || /corrupt/i.test(message))
    return new LedgerError("store.damaged", { directory, what: message }, error);
  // A synchronous read's error has no code, only the words.
  if (inner === "LEVEL_IO_ERROR" || message.startsWith("IO error")) return new LedgerError(refused, { directory, what: message }, error);
  return error;
}
