// Putting the values of a block into a batch, thousands of them: key, payload and checksum are laid in one buffer that stays, so that a put makes nothing.
// Owns that buffer. Does not own: what stands where (storeLayout.ts), the batch (store.ts), which takes copies at once.

import { crc32 } from "node:zlib";
import { type Bytes, writeLatin1 } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import type { NewRows } from "../contracts/engine/registry.ts";
import type { Entry, WriteBatch } from "./store.ts";
import { CHECKSUM_BYTES, collectionStart, COLLECTION_END, packed, type Space, spaceByte } from "./storeLayout.ts";

/** Keys end here and payloads begin: views of both depend on one length each and are made once. */
const MIDDLE = 2_048;
const KEPT_VIEWS = 1_024;

/** Keys of many rows: what they begin with stays, and so does its checksum. */
class Keys {
  readonly buffer = new Uint8Array(MIDDLE);
  readonly #views: Bytes[] = [];
  #start: Bytes | undefined;
  #startCrc = 0;
  #startLength = 0;

  /** The space's byte, and what follows it in all of them. */
  begin(space: Space, start: Bytes): void {
    if (this.#start === start && this.buffer[0] === spaceByte(space)) return;
    this.#start = start;
    this.buffer[0] = spaceByte(space);
    this.buffer.set(start, 1);
    this.#startLength = 1 + start.length;
    this.#startCrc = crc32(this.buffer.subarray(0, this.#startLength));
  }

  /** Lays bytes[from … to) behind it; the checksum of the whole key. */
  lay(bytes: Bytes, from: number, to: number): number {
    let at = this.#startLength;
    let crc = ~this.#startCrc;
    if (at + to - from > MIDDLE) fail("a key fits in front of its payload", { length: at + to - from });
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      this.buffer[at++] = byte;
      crc = CRC[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
    }
    return ~crc >>> 0;
  }

  /** The key of so many bytes behind its start. */
  view(length: number): Bytes {
    const whole = this.#startLength + length;
    return (this.#views[whole] ??= this.buffer.subarray(0, whole));
  }
}

/** CRC-32 by the byte: for what is too short to be worth a call. */
const CRC = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

export class Puts {
  readonly #many = new Keys();
  #buffer = new Uint8Array(1 << 16);
  #keys: Bytes[] = [];
  #payloads: Bytes[] = [];

  /** Any value under any key. */
  put(batch: WriteBatch, place: Bytes, payload: Bytes): void {
    this.#key(place, MIDDLE - place.length);
    this.#put(batch, place.length, packed(place, payload));
  }

  /** The place of the receipt of an id: six bytes of height, four of leaf. */
  id(batch: WriteBatch, ids: Bytes, leaf: number, height: number): void {
    const buffer = this.#buffer;
    const start = MIDDLE - 33;
    buffer[start] = spaceByte("id");
    for (let i = 0; i < 32; i++) buffer[start + 1 + i] = ids[32 * leaf + i]!;
    const high = Math.floor(height / 2 ** 32);
    buffer[MIDDLE] = high >>> 8;
    buffer[MIDDLE + 1] = high;
    for (let i = 0; i < 4; i++) {
      buffer[MIDDLE + 2 + i] = height >>> (24 - 8 * i);
      buffer[MIDDLE + 6 + i] = leaf >>> (24 - 8 * i);
    }
    this.#seal(batch, 33, 10);
  }

  row(batch: WriteBatch, collection: string, key: Bytes, bytes: Bytes): void {
    const length = 2 + collection.length + key.length;
    const start = MIDDLE - length;
    this.#buffer[start] = spaceByte("row");
    const end = writeLatin1(collection, this.#buffer, start + 1);
    this.#buffer[end] = COLLECTION_END;
    this.#key(key, end + 1);
    this.#put(batch, length, bytes);
  }

  /** Rows that are new, from where they stand. */
  newRows(batch: WriteBatch, rows: NewRows): void {
    const { data, collection, ranges, count } = rows;
    const keys = this.#many;
    keys.begin("row", collectionStart(collection));
    for (let i = 0; i < count; i++) {
      const from = ranges.keys[2 * i]!;
      const to = ranges.keys[2 * i + 1]!;
      const ofKey = keys.lay(data, from, to);
      const length = this.#lay(data.subarray(ranges.rows[2 * i], ranges.rows[2 * i + 1]));
      this.#checksum(crc32(this.#payloadView(length), ofKey), length);
      batch.put(keys.view(to - from), this.#payloadView(length + CHECKSUM_BYTES));
    }
  }

  /** The n-th of their entries for queries, of those that have so many; false if none has. Entries under one head follow one another: LevelDB finds their place sooner. */
  newEntries(batch: WriteBatch, { data, ranges, count, headAt }: NewRows, n: number): boolean {
    const keys = this.#many;
    let any = false;
    for (let i = 0; i < count; i++) {
      const head = headAt(i, n);
      if (head === undefined) continue;
      any = true;
      keys.begin("find", head);
      const from = ranges.keys[2 * i]!;
      const to = ranges.keys[2 * i + 1]!;
      this.#checksum(keys.lay(data, from, to), 0);
      batch.put(keys.view(to - from), this.#payloadView(CHECKSUM_BYTES));
    }
    return any;
  }

  /** An entry of an index: nothing under its key. */
  entry(batch: WriteBatch, space: "index" | "find", entry: Entry): void {
    if (typeof entry === "string") {
      this.#entryKey(space, entry);
      this.#seal(batch, 1 + entry.length, 0);
      return;
    }
    const { head, key } = entry;
    const length = 1 + head.length + key.length;
    const start = MIDDLE - length;
    this.#buffer[start] = spaceByte(space);
    this.#key(head, start + 1);
    this.#key(key, start + 1 + head.length);
    this.#seal(batch, length, 0);
  }

  deleteEntry(batch: WriteBatch, space: "index" | "find", entry: string): void {
    this.#entryKey(space, entry);
    batch.delete(this.#keyView(1 + entry.length));
  }

  #entryKey(space: "index" | "find", entry: string): void {
    const start = MIDDLE - 1 - entry.length;
    this.#buffer[start] = spaceByte(space);
    writeLatin1(entry, this.#buffer, start + 1);
  }

  #key(key: Bytes, at: number): void {
    for (let i = 0; i < key.length; i++) this.#buffer[at + i] = key[i]!;
  }

  #put(batch: WriteBatch, keyLength: number, payload: Bytes): void {
    this.#seal(batch, keyLength, this.#lay(payload));
  }

  /** The payload's length. */
  #lay(payload: Bytes): number {
    const end = MIDDLE + payload.length + CHECKSUM_BYTES;
    if (this.#buffer.length < end) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.#buffer.subarray(0, MIDDLE));
      this.#buffer = grown;
      this.#keys = [];
      this.#payloads = [];
    }
    this.#buffer.set(payload, MIDDLE);
    return payload.length;
  }

  #seal(batch: WriteBatch, keyLength: number, length: number): void {
    const key = this.#keyView(keyLength);
    const ofKey = crc32(key);
    this.#checksum(length === 0 ? ofKey : crc32(this.#payloadView(length), ofKey), length);
    batch.put(key, this.#payloadView(length + CHECKSUM_BYTES));
  }

  /** Behind the payload. */
  #checksum(crc: number, length: number): void {
    const at = MIDDLE + length;
    this.#buffer[at] = crc >>> 24;
    this.#buffer[at + 1] = crc >>> 16;
    this.#buffer[at + 2] = crc >>> 8;
    this.#buffer[at + 3] = crc;
  }

  #keyView(length: number): Bytes {
    if (length > MIDDLE) fail("a key fits in front of its payload", { length });
    if (length >= KEPT_VIEWS) return this.#buffer.subarray(MIDDLE - length, MIDDLE);
    return (this.#keys[length] ??= this.#buffer.subarray(MIDDLE - length, MIDDLE));
  }

  #payloadView(length: number): Bytes {
    if (length >= KEPT_VIEWS) return this.#buffer.subarray(MIDDLE, MIDDLE + length);
    return (this.#payloads[length] ??= this.#buffer.subarray(MIDDLE, MIDDLE + length));
  }
}
