// Where things stand in the database: keys, and values under a checksum that covers key and value. docs/protocol.md §5 (no part of the protocol itself).
// Owns the bytes of keys and values. Does not own: writing and reading them (store.ts), what is inside blocks, results and write sets (base, block.ts).
//
//   b height          header, certificate, batch references          c height position   a batch as on the wire
//   r height          results (block.ts)                             w height            write set (block.ts)
//   i id              height and leaf of what has a receipt           s collection 00 key a row
//   x entry           an entry of the index in RAM                   f entry             an entry of the indexes for queries
//   h level index     a node of the tree of block hashes             e epoch             its first height, set, parameters, protocol version
//   m name            format, genesis, lowest                        t depth index   a proved range of the tree, while state sync goes on
//
// Batches, results and write sets, one value a block or batch, are stored compressed where that makes them shorter (docs/adr/0013-compressed-blocks.md); rows,
// which are read one by one, are not.
//
// Heights are six bytes big endian, so that a range is in order. An id begins with its notAfter: old ranges of that index are never rewritten.

import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { allocate, type Bytes, concat, hex, latin1, readU32, readU48, u32be, u48be, unlatin1, utf8 } from "../base/bytes.ts";
import { type Certificate, certificateFrom, certificateValue, decodeSet, encodeSet, type ValidatorSet } from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { type BatchReference, batchesFrom, batchesValue } from "../base/header.ts";
import { type Parameters, parametersFrom } from "../base/parameters.ts";
import { stateKeyHash } from "./stateProof.ts";

/** Changes whenever what is below changes: a store of a later version is refused, not misread. */
export const STORE_FORMAT = 2;
/** Before values were compressed: all of it is read as it is, and marked as the present format when it is opened. */
export const PLAIN_FORMAT = 1;

const SPACES = {
  block: 0x62,
  body: 0x63,
  results: 0x72,
  writes: 0x77,
  id: 0x69,
  row: 0x73,
  index: 0x78,
  find: 0x66,
  history: 0x68,
  epoch: 0x65,
  meta: 0x6d,
  range: 0x74,
} as const;
export type Space = keyof typeof SPACES;

export const blockKey = (height: number): Bytes => key("block", u48be(height));
export const bodyKey = (height: number, position: number): Bytes => key("body", concat(u48be(height), u32be(position)));
export const resultsKey = (height: number): Bytes => key("results", u48be(height));
export const writesKey = (height: number): Bytes => key("writes", u48be(height));
export const idKey = (id: Bytes): Bytes => key("id", id);
export const indexKey = (entry: string): Bytes => key("index", unlatin1(entry));
export const findKey = (entry: string): Bytes => key("find", unlatin1(entry));
export const historyKey = (level: number, index: number): Bytes => key("history", concat(Uint8Array.of(level), u48be(index)));
export const epochKey = (epoch: number): Bytes => key("epoch", u48be(epoch));
export const metaKey = (name: string): Bytes => key("meta", utf8(name));
export const rangeKey = (depth: number, index: number): Bytes => key("range", concat(Uint8Array.of(depth), u32be(index)));

function key(space: Space, rest: Bytes): Bytes {
  const out = allocate(1 + rest.length);
  out[0] = SPACES[space];
  out.set(rest, 1);
  return out;
}

export const spaceByte = (space: Space): number => SPACES[space];
/** Between a collection and a row's key. */
export const COLLECTION_END = 0;

const starts = new Map<string, Bytes>();
/** What rows' places of a collection begin with, behind the space's byte; one object a collection. */
export function collectionStart(collection: string): Bytes {
  let start = starts.get(collection);
  if (start === undefined) starts.set(collection, (start = concat(utf8(collection), Uint8Array.of(COLLECTION_END))));
  return start;
}

/** Collections are ASCII (`contract/record`). */
export function rowKey(collection: string, rowsKey: Bytes): Bytes {
  const out = allocate(2 + collection.length + rowsKey.length);
  out[0] = SPACES.row;
  out[1 + collection.length] = COLLECTION_END;
  for (let i = 0; i < collection.length; i++) out[1 + i] = collection.charCodeAt(i);
  out.set(rowsKey, 2 + collection.length);
  return out;
}

/** Collection and key of a row's place. */
export function rowOfKey(bytes: Bytes): { collection: string; key: Bytes } {
  const end = bytes.indexOf(0);
  return { collection: latin1(bytes.subarray(1, end)), key: bytes.slice(end + 1) };
}

/** Depth and index of a range's place. */
export const rangeOfKey = (bytes: Bytes): { depth: number; index: number } => ({ depth: bytes[1]!, index: readU32(bytes, 2) });

/** The height of a block's place. */
export const heightOfKey = (bytes: Bytes): number => readU48(bytes, 1);

/** The entry of an index's place. */
export const entryOfKey = (bytes: Bytes): string => latin1(bytes.subarray(1));

/** First key of a space, and the first behind it. */
export function spaceRange(space: Space): { from: Bytes; to: Bytes } {
  return { from: Uint8Array.of(SPACES[space]), to: Uint8Array.of(SPACES[space] + 1) };
}

/** The first key behind all that begin with `prefix` (a key is never all ff). */
export function behind(prefix: Bytes): Bytes {
  const out = prefix.slice();
  let i = out.length - 1;
  while (out[i] === 0xff) i--;
  out[i]!++;
  return out.slice(0, i + 1);
}

// ── checksums ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const CHECKSUM_BYTES = 4;

/** The value as it is stored: payload ‖ CRC-32 of key ‖ payload. Written into `out` from its start; returns the part used. */
export function seal(place: Bytes, payload: Bytes, out: Bytes): Bytes {
  const crc = crc32(payload, crc32(place));
  out.set(payload, 0);
  const at = payload.length;
  out[at] = crc >>> 24;
  out[at + 1] = crc >>> 16;
  out[at + 2] = crc >>> 8;
  out[at + 3] = crc;
  return out.subarray(0, at + CHECKSUM_BYTES);
}

/** The payload of a stored value. Throws `store.damaged` naming the place: what fails its checksum is never served. */
export function unseal(place: Bytes, stored: Bytes): Bytes {
  const length = stored.length - CHECKSUM_BYTES;
  // A plain view: what a database returns may be a Buffer, whose slice does not copy.
  const payload = new Uint8Array(stored.buffer, stored.byteOffset, Math.max(0, length));
  if (length < 0 || crc32(payload, crc32(place)) !== readU32(stored, length)) damaged(place, "checksum");
  return payload[0] === ZSTD_FIRST_BYTE && isPacked(place) ? unpack(place, payload) : payload;
}

// ── compression ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
// What is packed is a canonical array, whose first byte is 0x90 or above: a frame of Zstandard (RFC 8878 §3.1.1), which begins with 0x28, is told by that.
const ZSTD_FIRST_BYTE = 0x28;
/** Below this a frame saves less than it costs. */
const PACKED_BYTES = 1_024;
/** Fast: twice as fast as level −1, for frames that are 4 % longer. */
const ZSTD = { [constants.ZSTD_c_compressionLevel]: -3 };
/** Above all that a block can be. */
const UNPACKED = { maxOutputLength: 1 << 30 };

const isPacked = (place: Bytes): boolean => place[0] === SPACES.body || place[0] === SPACES.results || place[0] === SPACES.writes;

/** The payload in the form in which it is stored at the place. */
export function packed(place: Bytes, payload: Bytes): Bytes {
  if (payload.length < PACKED_BYTES || !isPacked(place)) return payload;
  const frame = zstdCompressSync(payload, { params: ZSTD, pledgedSrcSize: payload.length, chunkSize: payload.length });
  return frame.length < payload.length ? frame : payload;
}

function unpack(place: Bytes, frame: Bytes): Bytes {
  try {
    const payload = zstdDecompressSync(frame, UNPACKED);
    return new Uint8Array(payload.buffer, payload.byteOffset, payload.length);
  } catch (error) {
    return damaged(place, "compression", error);
  }
}

/** Throws `store.damaged`, naming what stands at the place – never a row's key, which may be somebody's pseudonym. */
export function damaged(place: Bytes, what: string, cause?: unknown): never {
  throw new LedgerError("store.damaged", { ...describe(place), what }, cause);
}

function describe(place: Bytes): Record<string, unknown> {
  const space = (Object.keys(SPACES) as Space[]).find((name) => SPACES[name] === place[0]);
  switch (space) {
    case "block":
    case "results":
    case "writes":
      return { value: space, height: readU48(place, 1) };
    case "body":
      return { value: space, height: readU48(place, 1), position: readU32(place, 7) };
    case "epoch":
      return { value: space, epoch: readU48(place, 1) };
    case "history":
      return { value: space, level: place[1], index: readU48(place, 2) };
    case "id":
      return { value: space, id: hex(place.subarray(1)) };
    case "row": {
      const row = rowOfKey(place);
      return { value: space, collection: row.collection, keyHash: hex(stateKeyHash(row.collection, row.key)) };
    }
    case "range":
      return { value: space, depth: place[1], index: readU32(place, 2) };
    case "meta":
      return { value: space, name: latin1(place.subarray(1)) };
    case "index":
    case "find": {
      const end = place.indexOf(0);
      return { value: space, entriesOf: latin1(place.subarray(1, end < 0 ? place.length : end)) };
    }
    default:
      return { value: "unknown", key: hex(place.subarray(0, 8)) };
  }
}

/** Runs a decoder over a payload whose checksum held: if it fails all the same, the place is damaged. */
export function decoded<T>(place: Bytes, decoder: () => T): T {
  try {
    return decoder();
  } catch (error) {
    if (isLedgerError(error)) damaged(place, error.code, error);
    throw error;
  }
}

// ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A committed block as the store has it; its transactions stand apart. */
export interface StoredBlock {
  readonly headerBytes: Bytes;
  readonly certificate: Certificate;
  readonly references: readonly BatchReference[];
}

export function encodeStoredBlock({ headerBytes, certificate, references }: StoredBlock): Bytes {
  return encode([headerBytes, certificateValue(certificate), batchesValue(references)]);
}

export function decodeStoredBlock(bytes: Bytes): StoredBlock {
  const [headerBytes, certificate, references] = items(bytes, 3);
  if (!(headerBytes instanceof Uint8Array)) throw new LedgerError("store.malformed");
  return { headerBytes, certificate: certificateFrom(certificate), references: batchesFrom(references ?? null) };
}

/** What is in force through an epoch. */
export interface EpochRecord {
  readonly epoch: number;
  readonly start: number;
  readonly validators: ValidatorSet;
  readonly parameters: Parameters;
  readonly protocol: number;
}

export function encodeEpoch({ epoch, start, validators, parameters, protocol }: EpochRecord): Bytes {
  return encode([epoch, start, encodeSet(validators), parameters, protocol]);
}

export function decodeEpoch(bytes: Bytes): EpochRecord {
  const [epoch, start, validators, parameters, protocol] = items(bytes, 5);
  if (typeof epoch !== "number" || typeof start !== "number" || !(validators instanceof Uint8Array) || typeof protocol !== "number")
    throw new LedgerError("store.malformed");
  return { epoch, start, validators: decodeSet(validators), parameters: parametersFrom(parameters), protocol };
}

function items(bytes: Bytes, count: number): Value[] {
  const value = decode(bytes);
  if (!Array.isArray(value) || value.length !== count) throw new LedgerError("store.malformed");
  return value as Value[];
}

/** Where the receipt of an id is. */
export interface Place {
  readonly height: number;
  readonly leaf: number;
}

export function encodePlace({ height, leaf }: Place): Bytes {
  return concat(u48be(height), u32be(leaf));
}

export function decodePlace(bytes: Bytes): Place {
  if (bytes.length !== 10) throw new LedgerError("store.malformed");
  return { height: readU48(bytes, 0), leaf: readU32(bytes, 6) };
}
