// Writing canonical MessagePack, fast: the encoder half of codecNode.ts; codec.ts says what the form is. docs/protocol.md §1.1. Owns the encoder.

import { type Bytes, copyOf } from "./bytes.ts";
import { MAX_CODEC_DEPTH, MAX_CODEC_KEY_BYTES } from "./limits.ts";
import { compareText, REFUSED_KEYS, refuse, utf8Encoder, type Value } from "./value.ts";

// One scratch buffer for the process: encoding is synchronous and never re-entered.
let scratch = new Uint8Array(1 << 16);
let view = new DataView(scratch.buffer);
let used = 0;

/** Canonical bytes of `value` (a copy of their own). Throws `codec.number`, `codec.text`, `codec.key`, `codec.type` or `codec.depth`. */
export function encode(value: Value): Bytes {
  used = 0;
  write(value, 0);
  return copyOf(scratch, 0, used);
}

/**
 * Writing piece by piece, for what has one form and is written by the thousand: `begin`, then heads and values as they stand, then `end`, which gives the bytes.
 * Whoever writes answers for the form: as many values as heads say, maps' keys ascending. Nothing else may be encoded in between.
 */
export const writer = {
  begin(): void {
    used = 0;
  },
  /** A map of at most 15 pairs: where its head stands, for `few`, which says how many came. */
  fewPairs(): number {
    room(16);
    return used++;
  },
  few(head: number, pairs: number): void {
    scratch[head] = 0x80 | pairs;
  },
  /** Head of an array of so many items, or of a map of so many pairs. */
  array(length: number): void {
    room(16);
    writeHead(length, 0x90, 15, 0, 0xdc);
  },
  map(length: number): void {
    room(16);
    writeHead(length, 0x80, 15, 0, 0xde);
  },
  text(value: string): void {
    room(16);
    writeText(value);
  },
  bytes(value: Bytes): void {
    writeBytes(value);
  },
  integer(value: number): void {
    room(16);
    writeNumber(value);
  },
  /** `depth`: of the value, counted from 0 for the whole. */
  value(value: Value, depth: number): void {
    write(value, depth);
  },
  /** What is encoded already. */
  encoded(bytes: Bytes): void {
    const n = bytes.length;
    room(n);
    for (let i = 0; i < n; i++) scratch[used + i] = bytes[i]!;
    used += n;
  },
  /** Bytes written since `begin`. */
  get length(): number {
    return used;
  },
  /** To `out` from `at` on, instead of `end`. */
  endInto(out: Bytes, at: number): void {
    if (used > 64) out.set(scratch.subarray(0, used), at);
    else for (let i = 0; i < used; i++) out[at + i] = scratch[i]!;
  },
  /** A copy of their own. */
  end: (): Bytes => copyOf(scratch, 0, used),
};

function room(bytes: number): void {
  if (used + bytes <= scratch.length) return;
  const grown = new Uint8Array(Math.max(scratch.length * 2, used + bytes));
  grown.set(scratch.subarray(0, used));
  scratch = grown;
  view = new DataView(scratch.buffer);
}

function write(value: Value, depth: number): void {
  if (depth > MAX_CODEC_DEPTH) refuse("depth", used);
  room(16);
  switch (typeof value) {
    case "number":
      return writeNumber(value);
    case "string":
      return writeText(value);
    case "boolean":
      scratch[used++] = value ? 0xc3 : 0xc2;
      return;
    case "bigint":
      return writeBigint(value);
    case "object":
      if (value === null) {
        scratch[used++] = 0xc0;
        return;
      }
      if (value instanceof Uint8Array) return writeBytes(value);
      if (Array.isArray(value)) return writeArray(value as readonly Value[], depth);
      return writeMap(value as { readonly [key: string]: Value }, depth);
    default:
      return refuse("type", used);
  }
}

function writeNumber(n: number): void {
  if (!Number.isSafeInteger(n)) refuse("number", used);
  if (n >= 0) {
    if (n < 0x80) scratch[used++] = n;
    else if (n <= 0xff) {
      scratch[used++] = 0xcc;
      scratch[used++] = n;
    } else if (n <= 0xffff) {
      scratch[used++] = 0xcd;
      scratch[used++] = n >>> 8;
      scratch[used++] = n;
    } else if (n <= 0xffffffff) {
      scratch[used++] = 0xce;
      view.setUint32(used, n);
      used += 4;
    } else {
      scratch[used++] = 0xcf;
      view.setUint32(used, Math.floor(n / 2 ** 32));
      view.setUint32(used + 4, n >>> 0);
      used += 8;
    }
  } else if (n >= -0x20) scratch[used++] = 0x100 + n;
  else if (n >= -0x80) {
    scratch[used++] = 0xd0;
    scratch[used++] = n;
  } else if (n >= -0x8000) {
    scratch[used++] = 0xd1;
    view.setInt16(used, n);
    used += 2;
  } else if (n >= -0x80000000) {
    scratch[used++] = 0xd2;
    view.setInt32(used, n);
    used += 4;
  } else {
    scratch[used++] = 0xd3;
    view.setBigInt64(used, BigInt(n));
    used += 8;
  }
}

const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function writeBigint(n: bigint): void {
  if (n >= MIN_SAFE && n <= MAX_SAFE) return writeNumber(Number(n));
  if (n >= 1n << 64n || n < -(1n << 63n)) refuse("number", used);
  scratch[used++] = n > 0n ? 0xcf : 0xd3;
  if (n > 0n) view.setBigUint64(used, n);
  else view.setBigInt64(used, n);
  used += 8;
}

function writeHead(length: number, fix: number, fixMax: number, form8: number, form16: number): void {
  if (length <= fixMax) scratch[used++] = fix | length;
  else if (form8 !== 0 && length <= 0xff) {
    scratch[used++] = form8;
    scratch[used++] = length;
  } else if (length <= 0xffff) {
    scratch[used++] = form16;
    scratch[used++] = length >>> 8;
    scratch[used++] = length;
  } else {
    scratch[used++] = form16 + 1;
    view.setUint32(used, length);
    used += 4;
  }
}

function writeText(value: string): void {
  const n = value.length;
  if (n <= 64) {
    // short ASCII, the common case, without a call into the encoder
    room(n + 2);
    const start = used;
    if (n > 31) scratch[used++] = 0xd9;
    scratch[used++] = n > 31 ? n : 0xa0 | n;
    for (let i = 0; i < n; i++) {
      const c = value.charCodeAt(i);
      if (c >= 0x80) {
        used = start;
        return writeLongText(value);
      }
      scratch[used++] = c;
    }
    return;
  }
  writeLongText(value);
}

function writeLongText(value: string): void {
  if (!value.isWellFormed()) refuse("text", used);
  const bytes = utf8Encoder.encode(value);
  room(bytes.length + 5);
  writeHead(bytes.length, 0xa0, 31, 0xd9, 0xda);
  scratch.set(bytes, used);
  used += bytes.length;
}

function writeBytes(value: Bytes): void {
  room(value.length + 5);
  writeHead(value.length, 0, -1, 0xc4, 0xc5);
  scratch.set(value, used);
  used += value.length;
}

function writeArray(value: readonly Value[], depth: number): void {
  writeHead(value.length, 0x90, 15, 0, 0xdc);
  for (let i = 0; i < value.length; i++) write(value[i]!, depth + 1);
}

function writeMap(value: { readonly [key: string]: Value }, depth: number): void {
  const keys = sortedKeys(value);
  writeHead(keys.length, 0x80, 15, 0, 0xde);
  for (const key of keys) {
    room(16);
    if (key.length >= 24) {
      room(key.length * 3 + 5);
      if (3 * key.length > MAX_CODEC_KEY_BYTES && utf8Encoder.encode(key).length > MAX_CODEC_KEY_BYTES) refuse("key", used);
    }
    if (REFUSED_KEYS.has(key)) refuse("key", used);
    writeText(key);
    write(value[key]!, depth + 1);
  }
}

function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) if (compareText(keys[i - 1]!, keys[i]!) >= 0) return keys.sort(compareText);
  return keys;
}
