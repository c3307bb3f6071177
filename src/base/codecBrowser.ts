// Canonical MessagePack in little code: for pages and verifiers, which read a few values. docs/protocol.md §1.1; codec.ts says what the form is.
// Same names, values, refusals and offsets as codecNode.ts. Chosen by package.json "imports" (#codec).

import { type Bytes, latin1Of } from "./bytes.ts";
import { MAX_CODEC_DEPTH, MAX_CODEC_KEY_BYTES } from "./limits.ts";
import { compareText, REFUSED_KEYS, refuse, utf8Encoder, type Value } from "./value.ts";

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// A kind of value has forms of 2^w bytes: bytes c4 … c6, naturals cc … cf, negative integers d0 … d3, text d9 … db, arrays dc, dd, maps de, df.
const BYTES = 0xc4;
const NATURAL = 0xcc;
const NEGATIVE = 0xd0;
const TEXT = 0xd9;
const ARRAY = 0xdb; // dc is the form of two bytes, and there is none of one
const MAP = 0xdd;

// ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Canonical bytes of `value`. Throws `codec.number`, `codec.text`, `codec.key`, `codec.type` or `codec.depth`. */
export function encode(value: Value): Bytes {
  const out: number[] = [];
  write(out, value, 0);
  return Uint8Array.from(out);
}

/** The least of the forms of w ≥ `least` that holds n, and n. */
function put(out: number[], first: number, n: number | bigint, least = 0): void {
  const big = BigInt(n);
  let w = least;
  while ((big < 0 ? BigInt.asIntN(8 << w, big) : BigInt.asUintN(8 << w, big)) !== big) w++;
  out.push(first + w);
  for (let i = (8 << w) - 8; i >= 0; i -= 8) out.push(Number((big >> BigInt(i)) & 255n));
}

function write(out: number[], value: Value, depth: number): void {
  if (depth > MAX_CODEC_DEPTH) refuse("depth", out.length);
  if (value === null) out.push(0xc0);
  else if (typeof value === "boolean") out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "number" || typeof value === "bigint") {
    if (typeof value === "number" ? !Number.isSafeInteger(value) : value >> 64n > 0n || value >> 63n < -1n) refuse("number", out.length);
    if (value >= -0x20 && value < 0x80) out.push(Number(value) & 0xff);
    else put(out, value < 0 ? NEGATIVE : NATURAL, value);
  } else if (typeof value === "string") {
    if (!value.isWellFormed()) refuse("text", out.length);
    const bytes = utf8Encoder.encode(value);
    if (bytes.length < 0x20) out.push(0xa0 | bytes.length);
    else put(out, TEXT, bytes.length);
    for (const byte of bytes) out.push(byte);
  } else if (value instanceof Uint8Array) {
    put(out, BYTES, value.length);
    for (const byte of value) out.push(byte);
  } else if (typeof value !== "object") refuse("type", out.length);
  else {
    const isList = Array.isArray(value);
    const keys = Object.keys(value);
    if (keys.length < 0x10) out.push((isList ? 0x90 : 0x80) | keys.length);
    else put(out, isList ? ARRAY : MAP, keys.length, 1);
    for (const key of isList ? keys : keys.sort(compareText)) {
      if (!isList) {
        if (REFUSED_KEYS.has(key) || utf8Encoder.encode(key).length > MAX_CODEC_KEY_BYTES) refuse("key", out.length);
        write(out, key, depth);
      }
      write(out, (value as { readonly [key: string]: Value })[key]!, depth + 1);
    }
  }
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

let source: Bytes;
let at = 0;
let end = 0;

/** The value of canonical bytes, all of them. Integers beyond ±2^53 become bigint. Throws `codec.…` with the offset of the first fault. */
export function decode(bytes: Bytes): Value {
  const value = decodeFirst(bytes, 0);
  if (at !== bytes.length) refuse("trailing", at);
  return value;
}

/** The value that begins at `start`; `decodedEnd()` then says where it ends. */
export function decodeFirst(bytes: Bytes, start: number, limit = bytes.length): Value {
  source = bytes;
  at = start;
  end = limit;
  return read(0);
}

/** Offset behind the value that `decodeFirst` read last. */
export function decodedEnd(): number {
  return at;
}

/** Where the canonical value that begins at `start` ends, at most `limit`. */
export function scan(bytes: Bytes, start: number, limit: number): number {
  decodeFirst(bytes, start, limit);
  return at;
}

/** The ASCII text in bytes[from … to). */
export const asciiText = latin1Of;

function take(n: number): number {
  const from = at;
  if (from + n > end) refuse("truncated", from);
  at += n;
  return from;
}

/** The integer in 2^w bytes, refused if a shorter form holds it: `fix` or less, or fewer bytes where there is such a form. */
function integer(w: number, fix: number, least = 0, negative = 0): bigint {
  const o = take(1 << w);
  let n = 0n;
  for (let i = o; i < at; i++) n = (n << 8n) | BigInt(source[i]!);
  if (negative > 0) n = BigInt.asIntN(8 << w, n);
  const beyond = w > least ? 1n << BigInt((4 << w) - negative) : BigInt(fix + 1); // the first that the next shorter form does not hold
  if (negative > 0 ? n >= -beyond : n < beyond) refuse("not_shortest", o);
  return n;
}
const narrow = (n: bigint): number | bigint => (Number.isSafeInteger(Number(n)) ? Number(n) : n);

function read(depth: number): Value {
  if (depth > MAX_CODEC_DEPTH) refuse("depth", at);
  const t = source[take(1)]!;
  if (t < 0x80) return t;
  if (t < 0x90) return readMap(t & 15, depth);
  if (t < 0xa0) return readArray(t & 15, depth);
  if (t < 0xc0) return readText(t & 31);
  if (t >= 0xe0) return t - 0x100;
  if (t > MAP) return readMap(Number(integer(t - MAP, 15, 1)), depth);
  if (t > ARRAY) return readArray(Number(integer(t - ARRAY, 15, 1)), depth);
  if (t >= TEXT) return readText(Number(integer(t - TEXT, 31)));
  if (t >= NEGATIVE && t <= NEGATIVE + 3) return narrow(integer(t - NEGATIVE, 31, 0, 1));
  if (t >= NATURAL && t < NEGATIVE) return narrow(integer(t - NATURAL, 127));
  if (t >= BYTES && t <= BYTES + 2) {
    const o = take(Number(integer(t - BYTES, -1)));
    return new Uint8Array(source.subarray(o, at));
  }
  return t === 0xc0 ? null : t === 0xc2 || t === 0xc3 ? t === 0xc3 : refuse("type", at - 1);
}

function readText(n: number): string {
  const o = take(n);
  try {
    return utf8Decoder.decode(source.subarray(o, at));
  } catch {
    return refuse("text", o);
  }
}

function readArray(n: number, depth: number): Value[] {
  if (n > end - at) refuse("truncated", at); // each item takes a byte at least
  return Array.from({ length: n }, () => read(depth + 1));
}

function readMap(n: number, depth: number): Value {
  if (n * 2 > end - at) refuse("truncated", at);
  const out: { [key: string]: Value } = {};
  let before: string | undefined;
  for (let i = 0; i < n; i++) {
    const o = at;
    const t = source[take(1)]!;
    const key = t >= 0xa0 && t < 0xc0 ? readText(t & 31) : t === TEXT ? readText(Number(integer(0, 31))) : refuse("key", o);
    const order = before === undefined ? -1 : compareText(before, key);
    if (order >= 0) refuse(order === 0 ? "duplicate" : "order", o);
    if (REFUSED_KEYS.has(key)) refuse("key", o);
    out[key] = read(depth + 1);
    before = key;
  }
  return out;
}
