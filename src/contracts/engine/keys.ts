// Keys as bytes: the encoding whose byte order is the order of the values, part by part. Texts and bytes: 00 becomes 00 FF, the end is 00 00;
// integers: 8 bytes big endian, the sign bit flipped. Owns that encoding, its reverse, and the written form of a key ("a/b" of the API).
// Encoded keys are latin1 strings here (one character per byte): they compare, join and slice as the bytes do. docs/protocol.md §8.

import { type Bytes, hex, latin1, text, unhex, unlatin1, utf8 } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { MAX_KEY_BYTES } from "../../base/limits.ts";
import type { Field, Shape } from "./fields.ts";

export type Part = string | number | bigint | Bytes;
const END = "\0\0";

/** May values of this type be parts of keys and indexes? */
export function isPart({ kind }: Shape): boolean {
  return kind === "text" || kind === "integer" || kind === "money" || kind === "bytes" || kind === "oneOf" || kind === "flag";
}

function encodeText(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0 || c >= 0x80) return latin1(utf8(value)).replaceAll("\0", "\0\xff") + END;
  }
  return value + END;
}

const pair = (n: number): string => String.fromCharCode(n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
/** Eight characters whose order is that of the integers. */
export function encodeInteger(value: number): string {
  const high = Math.floor(value / 2 ** 32);
  return pair((high ^ 0x80000000) >>> 0) + pair(value >>> 0);
}
/** The integer of eight characters at `at`. */
export function decodeInteger(key: string, at: number): number {
  let high = 0;
  let low = 0;
  for (let i = 0; i < 4; i++) {
    high = (high << 8) | key.charCodeAt(at + i);
    low = (low << 8) | key.charCodeAt(at + 4 + i);
  }
  return (high ^ 0x80000000) * 2 ** 32 + (low >>> 0);
}

function decodeMoney(key: string, at: number): bigint {
  let out = 0n;
  for (let i = 0; i < 8; i++) out = (out << 8n) | BigInt(key.charCodeAt(at + i));
  return out & ((1n << 63n) - 1n);
}

/** One part; undefined when the value is not of the type that the field's keys have (a handler's mistake, not a rejection). */
export function encodePart(shape: Shape, value: unknown): string | undefined {
  switch (shape.kind) {
    case "text":
    case "oneOf":
      return typeof value === "string" && value.isWellFormed() ? encodeText(value) : undefined;
    case "integer":
      return typeof value === "number" && Number.isSafeInteger(value) ? encodeInteger(value) : undefined;
    case "money": {
      if (typeof value !== "bigint" || value < 0n || value >= 1n << 63n) return undefined;
      return pair((Number(value >> 32n) | 0x80000000) >>> 0) + pair(Number(value & 0xffffffffn));
    }
    case "bytes":
      return value instanceof Uint8Array ? latin1(value).replaceAll("\0", "\0\xff") + END : undefined;
    case "flag":
      return typeof value === "boolean" ? encodeInteger(value ? 1 : 0) : undefined;
    default:
      return undefined;
  }
}

/** Parts in order; undefined when one is not of its type. */
export function encodeParts(shapes: readonly Shape[], values: readonly unknown[]): string | undefined {
  let out = "";
  for (let i = 0; i < values.length; i++) {
    const part = encodePart(shapes[i]!, values[i]);
    if (part === undefined) return undefined;
    out += part;
  }
  return out;
}

/** Where the part that begins at `at` ends. */
function partEnd(shape: Shape, key: string, at: number): number {
  if (shape.kind === "integer" || shape.kind === "money" || shape.kind === "flag") return at + 8;
  for (let i = key.indexOf("\0", at); i >= 0; i = key.indexOf("\0", i + 2)) if (key.charCodeAt(i + 1) === 0) return i + 2;
  return key.length + 1;
}

/** Where a run of parts that begins at `at` ends. */
export function partsEnd(shapes: readonly Shape[], key: string, at: number): number {
  let end = at;
  for (const shape of shapes) end = partEnd(shape, key, end);
  return end;
}

// ── the written form, for people and URLs ────────────────────────────────────────────────────────────────────────────────────────────
function written(shape: Shape, key: string, from: number, to: number): string {
  switch (shape.kind) {
    case "integer":
      return String(decodeInteger(key, from));
    case "flag":
      return decodeInteger(key, from) === 1 ? "true" : "false";
    case "money":
      return String(decodeMoney(key, from));
    case "bytes":
      return hex(unlatin1(key.slice(from, to - 2).replaceAll("\0\xff", "\0")));
    default:
      return text(unlatin1(key.slice(from, to - 2).replaceAll("\0\xff", "\0")));
  }
}

/** The parts of an encoded key as texts: integers in decimal, bytes in hex. */
export function writtenParts(shapes: readonly Shape[], key: string): string[] {
  let at = 0;
  return shapes.map((shape) => {
    const end = partEnd(shape, key, at);
    const part = written(shape, key, at, end);
    at = end;
    return part;
  });
}

/** The value that a text means as a part of a key; throws `request.invalid` naming the field. */
export function partFromText(name: string, { shape }: Field<any>, given: string): Part | boolean {
  const refuse = (expected: string): never => {
    throw new LedgerError("request.invalid", { field: name, expected, got: given.slice(0, 80) });
  };
  switch (shape.kind) {
    case "text":
      return given.isWellFormed() ? given : refuse("well-formed text");
    case "oneOf":
      return shape.words.includes(given) ? given : refuse(shape.words.join(" | "));
    case "integer": {
      const n = Number(given);
      return /^(0|-?[1-9][0-9]{0,15})$/.test(given) && Number.isSafeInteger(n) ? n : refuse("an integer in decimal");
    }
    case "money":
      return /^(0|[1-9][0-9]{0,18})$/.test(given) ? BigInt(given) : refuse("an amount in decimal");
    case "bytes":
      return given.length % 2 === 0 && /^[0-9a-f]*$/.test(given) ? unhex(given) : refuse("lowercase hex");
    case "flag":
      return given === "true" || (given === "false" ? false : refuse("true | false"));
    default:
      return refuse("a value that keys may have");
  }
}

/** Encoded key of written parts. Throws `request.invalid` on a wrong number of parts, a part not of its type, or a key that is too long. */
export function keyFromText(names: readonly string[], fields: readonly Field<any>[], parts: readonly string[]): string {
  if (parts.length !== names.length)
    throw new LedgerError("request.invalid", { key: names.join("/"), expected: names.length, got: parts.length });
  const key = encodeParts(
    fields.map((field) => field.shape),
    parts.map((part, i) => partFromText(names[i]!, fields[i]!, part)),
  );
  if (key === undefined || key.length > MAX_KEY_BYTES)
    throw new LedgerError("request.invalid", { key: names.join("/"), expected: `at most ${MAX_KEY_BYTES} bytes` });
  return key;
}
