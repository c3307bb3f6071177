// Canonical bytes gathered in one buffer that grows: for forms that are made by the thousand, without a value and a byte string for each.
// Owns the heads of text and byte strings in that buffer. Does not own: the codec (codec.ts), which forms there are. Browser-clean.

import { allocate, type Bytes } from "./bytes.ts";
import { encode } from "./codec.ts";
import { sha256Into } from "./hash.ts";

/** Buffers of what was gathered and copied out, for whoever gathers as much next: a block's are a quarter of a megabyte, and a collection away from being freed. */
const spare: Uint8Array[] = [];
const MOST_SPARE = 4;
const SPARE_BYTES = 16 << 10;

function bufferOf(bytes: number): Uint8Array {
  const i = bytes < SPARE_BYTES ? -1 : spare.findIndex((buffer) => buffer.length >= bytes);
  return i < 0 ? new Uint8Array(bytes) : spare.splice(i, 1)[0]!;
}

export class Gathering {
  #out: Uint8Array;
  #used = 0;

  constructor(bytes: number) {
    this.#out = allocate(bytes);
  }

  get length(): number {
    return this.#used;
  }

  /** Anew, behind the prefix of a leaf (RFC 9162). */
  begin(): void {
    this.#out[0] = 0;
    this.#used = 1;
  }

  byte(value: number): void {
    this.#room(1);
    this.#out[this.#used++] = value;
  }

  bytes(value: Bytes): void {
    const n = value.length;
    this.#room(n + 5);
    if (n <= 0xff) {
      this.#out[this.#used++] = 0xc4;
      this.#out[this.#used++] = n;
    } else if (n <= 0xffff) {
      this.#out[this.#used++] = 0xc5;
      this.#out[this.#used++] = n >>> 8;
      this.#out[this.#used++] = n;
    } else return this.raw(encode(value));
    this.#copy(value);
  }

  text(value: string): void {
    const n = value.length;
    if (n > 0xff) return this.raw(encode(value));
    this.#room(n + 2);
    const before = this.#used;
    if (n > 31) this.#out[this.#used++] = 0xd9;
    this.#out[this.#used++] = n > 31 ? n : 0xa0 | n;
    for (let i = 0; i < n; i++) {
      const c = value.charCodeAt(i);
      if (c >= 0x80) {
        this.#used = before;
        return this.raw(encode(value));
      }
      this.#out[this.#used++] = c;
    }
  }

  /** As it is. */
  raw(value: Bytes): void {
    this.#room(value.length);
    this.#copy(value);
  }

  // A loop is cheaper than a native copy up to about this length.
  #copy(value: Bytes): void {
    const n = value.length;
    if (n > 64) this.#out.set(value, this.#used);
    else for (let i = 0; i < n; i++) this.#out[this.#used + i] = value[i]!;
    this.#used += n;
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#out.length) return;
    const grown = bufferOf(2 * (this.#used + bytes));
    grown.set(this.#out.subarray(0, this.#used));
    this.#giveBack();
    this.#out = grown;
  }

  hashInto(out: Bytes, offset: number): void {
    sha256Into(this.#out.subarray(0, this.#used), out, offset);
  }

  /** What was gathered; a view, good until more is gathered or `end`. */
  view(): Bytes {
    return this.#out.subarray(0, this.#used);
  }

  /** Nobody looks at what was gathered any more: empty, and the buffer may serve another. */
  end(): void {
    this.#giveBack();
    this.#out = new Uint8Array(0);
    this.#used = 0;
  }

  #giveBack(): void {
    if (this.#out.length >= SPARE_BYTES && spare.length < MOST_SPARE) spare.push(this.#out);
  }
}
