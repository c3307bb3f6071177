// Putting the values of a block into a batch, thousands of them: key, payload and checksum are laid in one buffer that stays, so that a put makes nothing.
// Owns that buffer. Does not own: what stands where (storeLayout.ts), the batch (store.ts), which takes copies at once.

import { crc32 } from "node:zlib";
import { type Bytes, writeLatin1 } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import type { Entry, WriteBatch } from "./store.ts";
import { CHECKSUM_BYTES, COLLECTION_END, packed, spaceByte } from "./storeLayout.ts";

/** Keys end here and payloads begin: views of both depend on one length each and are made once. */
const MIDDLE = 2_048;
const KEPT_VIEWS = 1_024;

export class Puts {
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
    const end = MIDDLE + payload.length + CHECKSUM_BYTES;
    if (this.#buffer.length < end) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.#buffer.subarray(0, MIDDLE));
      this.#buffer = grown;
      this.#keys = [];
      this.#payloads = [];
    }
    this.#buffer.set(payload, MIDDLE);
    this.#seal(batch, keyLength, payload.length);
  }

  #seal(batch: WriteBatch, keyLength: number, length: number): void {
    const key = this.#keyView(keyLength);
    const ofKey = crc32(key);
    const crc = length === 0 ? ofKey : crc32(this.#payloadView(length), ofKey);
    const at = MIDDLE + length;
    this.#buffer[at] = crc >>> 24;
    this.#buffer[at + 1] = crc >>> 16;
    this.#buffer[at + 2] = crc >>> 8;
    this.#buffer[at + 3] = crc;
    batch.put(key, this.#payloadView(length + CHECKSUM_BYTES));
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
