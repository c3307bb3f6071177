// Canonical MessagePack, read fast: the reader and the scanner for nodes, who read thousands of values a second. docs/protocol.md §1.1; codec.ts says what
// the form is, encode.ts writes it, codecBrowser.ts is the same in little code and what this is tested against. Chosen by package.json "imports" (#codec).

import { type Bytes, copyOf, latin1Of } from "./bytes.ts";
import { MAX_CODEC_DEPTH } from "./limits.ts";
import { compareText, REFUSED_KEYS, refuse, type Value } from "./value.ts";

export { encode } from "./encode.ts";

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

let source: Bytes = new Uint8Array(0);
let at = 0;
let end = 0;

/** The value of canonical bytes, all of them. Integers beyond ±2^53 become bigint. Throws `codec.…` with the offset of the first fault. */
export function decode(bytes: Bytes): Value {
  const value = decodeFirst(bytes, 0);
  if (at !== bytes.length) refuse("trailing", at);
  return value;
}

/** The value that begins at `start`; `decodedEnd()` then says where it ends. */
export function decodeFirst(bytes: Bytes, start: number): Value {
  source = bytes;
  at = start;
  end = bytes.length;
  const value = read(0);
  source = EMPTY; // do not pin the caller's buffer
  return value;
}
const EMPTY = new Uint8Array(0);

/** Offset behind the value that `decodeFirst` read last. */
export function decodedEnd(): number {
  return at;
}

function take(n: number): number {
  const from = at;
  if (from + n > end) refuse("truncated", from);
  at = from + n;
  return from;
}

function u16(o: number): number {
  return (source[o]! << 8) | source[o + 1]!;
}
function u32(o: number): number {
  return ((source[o]! << 24) | (source[o + 1]! << 16) | (source[o + 2]! << 8) | source[o + 3]!) >>> 0;
}

/** The length that form 8, 16 or 32 gives (width 1, 2, 4), refused unless no shorter form would do. */
function length(width: number, above: number): number {
  const o = take(width);
  const n = width === 1 ? source[o]! : width === 2 ? u16(o) : u32(o);
  if (n <= above) refuse("not_shortest", o);
  return n;
}

function read(depth: number): Value {
  if (depth > MAX_CODEC_DEPTH) refuse("depth", at);
  const t = source[take(1)]!;
  if (t < 0x80) return t;
  if (t >= 0xe0) return t - 0x100;
  if (t < 0x90) return readMap(t & 15, depth);
  if (t < 0xa0) return readArray(t & 15, depth);
  if (t < 0xc0) return readText(t & 31);
  switch (t) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return readBytes(length(1, -1));
    case 0xc5:
      return readBytes(length(2, 0xff));
    case 0xc6:
      return readBytes(length(4, 0xffff));
    case 0xd9:
      return readText(length(1, 31));
    case 0xda:
      return readText(length(2, 0xff));
    case 0xdb:
      return readText(length(4, 0xffff));
    case 0xdc:
      return readArray(length(2, 15), depth);
    case 0xdd:
      return readArray(length(4, 0xffff), depth);
    case 0xde:
      return readMap(length(2, 15), depth);
    case 0xdf:
      return readMap(length(4, 0xffff), depth);
    default:
      return readInteger(t);
  }
}

function readInteger(t: number): number | bigint {
  switch (t) {
    case 0xcc:
      return length(1, 0x7f);
    case 0xcd:
      return length(2, 0xff);
    case 0xce:
      return length(4, 0xffff);
    case 0xcf: {
      const o = take(8);
      const high = u32(o);
      if (high === 0) refuse("not_shortest", o);
      return high < 0x200000 ? high * 2 ** 32 + u32(o + 4) : (BigInt(high) << 32n) | BigInt(u32(o + 4));
    }
    case 0xd0: {
      const o = take(1);
      const n = (source[o]! << 24) >> 24;
      return n < -0x20 ? n : refuse("not_shortest", o);
    }
    case 0xd1: {
      const o = take(2);
      const n = (u16(o) << 16) >> 16;
      return n < -0x80 ? n : refuse("not_shortest", o);
    }
    case 0xd2: {
      const o = take(4);
      const n = u32(o) | 0;
      return n < -0x8000 ? n : refuse("not_shortest", o);
    }
    case 0xd3: {
      const o = take(8);
      const n = (BigInt(u32(o) | 0) << 32n) | BigInt(u32(o + 4));
      if (n >= -0x80000000n) refuse("not_shortest", o);
      return n >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(n) : n;
    }
    default:
      return refuse("type", at - 1);
  }
}

function readBytes(n: number): Bytes {
  const o = take(n);
  return copyOf(source, o, o + n);
}

function readText(n: number): string {
  const o = take(n);
  for (let i = o; i < at; i++) if (source[i]! >= 0x80) return readUtf8(o, n);
  return asciiText(source, o, at);
}

// Names of fields, actions and parties come again and again: a table of the short texts read last gives one back without building it anew, and what was
// read keeps one copy of it. One text a slot, so there is nothing to grow.
const KNOWN_LENGTH = 31;
const KNOWN_MASK = 0x3ff;
const known: string[] = Array.from({ length: KNOWN_MASK + 1 }, () => "");

/** The ASCII text in bytes[from … to); a short one that was read before is given again. */
export function asciiText(bytes: Bytes, from: number, to: number): string {
  const n = to - from;
  if (n > KNOWN_LENGTH) return latin1Of(bytes, from, to);
  let hash = n;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const slot = (hash ^ (hash >>> 10)) & KNOWN_MASK;
  const text = known[slot]!;
  if (text.length === n) {
    let i = 0;
    while (i < n && text.charCodeAt(i) === bytes[from + i]) i++;
    if (i === n) return text;
  }
  return (known[slot] = latin1Of(bytes, from, to));
}

function readUtf8(o: number, n: number): string {
  try {
    return utf8Decoder.decode(source.subarray(o, o + n));
  } catch {
    return refuse("text", o);
  }
}

function readArray(n: number, depth: number): Value[] {
  if (n > end - at) refuse("truncated", at); // each item takes a byte at least
  // A short array of its length: one that grows takes room for seventeen.
  if (n <= 16) {
    const few = new Array<Value>(n);
    for (let i = 0; i < n; i++) few[i] = read(depth + 1);
    return few;
  }
  const out: Value[] = [];
  for (let i = 0; i < n; i++) out.push(read(depth + 1));
  return out;
}

function readMap(n: number, depth: number): { [key: string]: Value } {
  if (n * 2 > end - at) refuse("truncated", at);
  const out: { [key: string]: Value } = {};
  const slot = (31 * n + source[at + 1]!) & SHAPES_MASK;
  const shape = shapes[slot]!;
  let i = 0;
  if (shape.length === n)
    for (; i < n && takeKey(shape[i]!); i++) {
      const key = shape[i]!;
      out[key] = read(depth + 1);
    }
  if (i === n) return out;
  let before = shape[i - 1];
  const keys = shape.slice(0, i);
  for (; i < n; i++) {
    const o = at;
    const key = readKey();
    if (before !== undefined) {
      const order = compareText(before, key);
      if (order >= 0) refuse(order === 0 ? "duplicate" : "order", o);
    }
    if (REFUSED_KEYS.has(key)) refuse("key", o);
    keys.push(key);
    out[key] = read(depth + 1);
    before = key;
  }
  if (n <= MAX_SHAPE && keys.every(isShortAscii)) shapes[slot] = keys;
  return out;
}

// Records of one kind follow one another: the keys of maps read lately, whose order has been found right. A map that has the same is read without looking at
// each key anew. By the number of keys and the first letter.
const MAX_SHAPE = 32;
const SHAPES_MASK = 0x7f;
const shapes: (readonly string[])[] = Array.from({ length: SHAPES_MASK + 1 }, () => []);

// One byte a character: a text with others might equal bytes that are no text.
const isShortAscii = (key: string): boolean => key.length <= KNOWN_LENGTH && /^[ -~]*$/.test(key);

/** Passes the key if it is this short ASCII text. */
function takeKey(key: string): boolean {
  const n = key.length;
  if (at + n >= end || source[at] !== (0xa0 | n)) return false;
  for (let i = 0; i < n; i++) if (source[at + 1 + i] !== key.charCodeAt(i)) return false;
  at += 1 + n;
  return true;
}

function readKey(): string {
  const t = source[take(1)]!;
  if (t >= 0xa0 && t < 0xc0) return readText(t & 31);
  if (t === 0xd9) return readText(length(1, 31));
  return refuse("key", at - 1); // text of at most 255 bytes
}

/** Where the canonical value that begins at `start` ends, at most `limit`. Allocates nothing but for maps' keys; throws as `decode` does. */
export function scan(bytes: Bytes, start: number, limit: number): number {
  source = bytes;
  at = start;
  end = limit;
  skip(0);
  source = EMPTY;
  return at;
}

function skip(depth: number): void {
  if (depth > MAX_CODEC_DEPTH) refuse("depth", at);
  const t = source[take(1)]!;
  if (t < 0x80 || t >= 0xe0) return;
  if (t < 0x90) return skipMap(t & 15, depth);
  if (t < 0xa0) return skipArray(t & 15, depth);
  if (t < 0xc0) return skipText(t & 31);
  switch (t) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return;
    case 0xc4:
      take(length(1, -1));
      return;
    case 0xc5:
      take(length(2, 0xff));
      return;
    case 0xc6:
      take(length(4, 0xffff));
      return;
    case 0xd9:
      return skipText(length(1, 31));
    case 0xda:
      return skipText(length(2, 0xff));
    case 0xdb:
      return skipText(length(4, 0xffff));
    case 0xdc:
      return skipArray(length(2, 15), depth);
    case 0xdd:
      return skipArray(length(4, 0xffff), depth);
    case 0xde:
      return skipMap(length(2, 15), depth);
    case 0xdf:
      return skipMap(length(4, 0xffff), depth);
    default:
      readInteger(t);
  }
}

function compareKeys(a: number, aLength: number, b: number, bLength: number): number {
  const n = Math.min(aLength, bLength);
  for (let i = 0; i < n; i++) {
    const order = source[a + i]! - source[b + i]!;
    if (order !== 0) return order;
  }
  return aLength - bLength;
}

function skipArray(n: number, depth: number): void {
  if (n > end - at) refuse("truncated", at);
  for (let i = 0; i < n; i++) skip(depth + 1);
}

function skipText(n: number): void {
  const o = take(n);
  for (let i = o; i < at; i++) {
    if (source[i]! >= 0x80) {
      readUtf8(o, n);
      return;
    }
  }
}

function skipMap(n: number, depth: number): void {
  if (n * 2 > end - at) refuse("truncated", at);
  let before = 0;
  let beforeLength = -1;
  for (let i = 0; i < n; i++) {
    const o = at;
    const t = source[take(1)]!;
    const size = t >= 0xa0 && t < 0xc0 ? t & 31 : t === 0xd9 ? length(1, 31) : refuse("key", o);
    const key = at;
    skipText(size);
    if (beforeLength >= 0) {
      const order = compareKeys(before, beforeLength, key, size);
      if (order >= 0) refuse(order === 0 ? "duplicate" : "order", o);
    }
    if (size === 9 || size === 11) if (REFUSED_KEYS.has(readUtf8(key, size))) refuse("key", o);
    before = key;
    beforeLength = size;
    skip(depth + 1);
  }
}
