// What a decoded value is: the questions that every reader of a canonical form asks. docs/protocol.md §1.1. Owns no form. Browser-clean.

import type { Bytes } from "./bytes.ts";
import type { Value } from "./value.ts";

type Item = Value | undefined;

export const isNatural = (v: Item): v is number => typeof v === "number" && v >= 0;
export const isText = (v: Item): v is string => typeof v === "string";
/** A byte string of min … max bytes. */
export const isBytes = (v: Item, min = 0, max = min): v is Bytes => v instanceof Uint8Array && v.length >= min && v.length <= max;
export const isHash = (v: Item): v is Bytes => isBytes(v, 32);
export const isList = (v: Item): v is readonly Value[] => Array.isArray(v);
export const isMap = (v: Item): v is { readonly [name: string]: Value } =>
  v !== null && typeof v === "object" && !isList(v) && !(v instanceof Uint8Array);
/** The items of an array of exactly n; of anything else none, so that each item is asked what it is and none of them fits. */
export const tuple = (v: Item, n: number): readonly Item[] => (isList(v) && v.length === n ? v : []);
