// What canonical MessagePack can hold, in memory, and the order of texts in it. docs/protocol.md §1.1. Owns what both forms of the codec share: the type,
// the refused keys, the way of refusing. Does not own bytes (codec.ts). Browser-clean.

import { type Bytes, compareBytes } from "./bytes.ts";
import { LedgerError } from "./errors.ts";

export type Value = null | boolean | number | bigint | string | Bytes | readonly Value[] | { readonly [key: string]: Value };

/** Keys that name parts of JavaScript's own objects: refused, so that no decoded map can reach a prototype. */
export const REFUSED_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Throws the codec's error for a reason, with the offset at which it was found. */
export function refuse(reason: string, offset: number): never {
  throw new LedgerError(`codec.${reason}`, { offset });
}

export const utf8Encoder = new TextEncoder();

/** Order of well-formed texts by their UTF-8 bytes. UTF-16 units give the same but for surrogates against U+E000 and above. */
export function compareText(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? compareBytes(utf8Encoder.encode(a), utf8Encoder.encode(b)) : x - y;
  }
  return a.length - b.length;
}
