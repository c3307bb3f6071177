// Byte strings: comparison, concatenation, text forms. Owns conversions between bytes and hex, base64, UTF-8, latin1.
// Does not own: canonical encoding (codec.ts), hashing (hash.ts). Browser-clean.

import { allocate, latin1 } from "#crypto";
import { LedgerError } from "./errors.ts";

export { allocate, latin1, latin1Of } from "#crypto";

export type Bytes = Uint8Array;

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** A copy of bytes[start … end). */
export function copyOf(bytes: Bytes, start = 0, end = bytes.length): Uint8Array<ArrayBuffer> {
  const length = end - start;
  const out = allocate(length);
  // A view to copy from costs more than copying a few bytes one by one.
  if (length <= 128) for (let i = 0; i < length; i++) out[i] = bytes[start + i]!;
  else out.set(bytes.subarray(start, end));
  return out;
}

/** Lowercase hex of `bytes`. */
export function hex(bytes: Bytes): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i]!];
  return out;
}

/** Bytes of a lowercase or uppercase hex string. Throws `codec.hex` on odd length or another character. */
export function unhex(digits: string): Bytes {
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw new LedgerError("codec.hex", { length: digits.length });
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** One new byte string holding `parts` in order. */
export function concat(...parts: Bytes[]): Bytes {
  return joined(parts);
}

/** The same of more parts than a call can have arguments. */
export function joined(parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = allocate(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Order of unsigned bytes, a prefix first: negative, 0 or positive. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** Equality of public bytes; not for secrets (its time depends on the content). */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 of well-formed text. Throws `codec.text` on a lone surrogate, which UTF-8 cannot hold. */
export function utf8(value: string): Bytes {
  if (!value.isWellFormed()) throw new LedgerError("codec.text");
  return encoder.encode(value);
}

/** Text of strict UTF-8; throws `codec.text` on anything else. */
export function text(bytes: Bytes): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new LedgerError("codec.text", undefined, cause);
  }
}

/** The bytes of a latin1 map key. */
export function unlatin1(key: string): Bytes {
  const out = new Uint8Array(key.length);
  writeLatin1(key, out, 0);
  return out;
}

/** Writes the bytes of a latin1 text from `at` on; returns where they end. */
export function writeLatin1(key: string, out: Bytes, at: number): number {
  const n = key.length;
  for (let i = 0; i < n; i++) out[at + i] = key.charCodeAt(i);
  return at + n;
}

/** Standard base64 with padding (RFC 4648 §4). */
export function base64(bytes: Bytes): string {
  return btoa(latin1(bytes));
}

/** Bytes of standard base64; throws `codec.base64` unless `text` is exactly what `base64` would write. */
export function unbase64(value: string): Bytes {
  if (value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    const out = Uint8Array.from(atob(value), (c) => c.charCodeAt(0));
    if (btoa(latin1(out)) === value) return out;
  }
  throw new LedgerError("codec.base64", { length: value.length });
}

/** Four bytes, big endian, of 0 … 2^32 − 1. */
export function u32be(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Six bytes, big endian, of 0 … 2^48 − 1 (a time in milliseconds fits until the year 10889). */
export function u48be(value: number): Bytes {
  const high = Math.floor(value / 2 ** 32);
  return Uint8Array.of(high >>> 8, high, value >>> 24, value >>> 16, value >>> 8, value);
}

/** Unsigned big-endian integer of 4 bytes at `offset`. */
export function readU32(bytes: Bytes, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Unsigned big-endian integer of 6 bytes at `offset`. */
export function readU48(bytes: Bytes, offset: number): number {
  return ((bytes[offset]! << 8) | bytes[offset + 1]!) * 2 ** 32 + readU32(bytes, offset + 2);
}
