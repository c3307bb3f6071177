// The words of fields. Each word is a bounded type: data from which validation, bytes, JSON and the reference follow, and the TypeScript
// type of the value that a handler sees. Owns: the vocabulary and its bounds. Does not own: checking and normalising (normalise.ts), JSON
// forms (json.ts), the salted tree of sealed fields (sealed.ts). docs/protocol.md §8.

import type { Bytes } from "../../base/bytes.ts";
import type { Value } from "../../base/codec.ts";
import { fail } from "../../base/errors.ts";

/** Who or what is meant; all are text of the alphabet of `id`. A person is a sector pseudonym, never a civil identity. */
export type Id = string;
export type Person = string;
export type Agency = string;
export type Party = string;
/** Milliseconds since 1970, block time. */
export type Time = number;
export type Hash = Bytes;
/** What the row keeps of a sealed part: the root of its salted fields and their number. */
export interface Sealed {
  readonly root: Bytes;
  readonly size: number;
}

/** Forms of text that are narrower than "at most so many characters". */
export type TextForm = "text" | "id" | "person" | "agency" | "party";

/** A type as data. Everything that varies in size has a maximum. */
export type Shape =
  | { readonly kind: "text"; readonly form: TextForm; readonly min: number; readonly max: number }
  | { readonly kind: "integer"; readonly min: number; readonly max: number; readonly unit?: "ms" }
  | { readonly kind: "money" }
  | { readonly kind: "bytes"; readonly min: number; readonly max: number }
  | { readonly kind: "flag" }
  | { readonly kind: "oneOf"; readonly words: readonly string[] }
  | { readonly kind: "list"; readonly item: Field<any>; readonly min: number; readonly max: number; readonly each: boolean }
  | { readonly kind: "object"; readonly fields: Fields }
  | { readonly kind: "json"; readonly max: number }
  | { readonly kind: "sealed"; readonly fields: Fields };

declare const value: unique symbol;
export interface Field<out T = unknown> {
  readonly shape: Shape;
  readonly optional: boolean;
  readonly [value]?: () => T;
}
export interface OptionalField<out T> extends Field<T> {
  readonly optional: true;
}
export interface ObjectField<F extends Fields> extends Field<Body<F>> {
  readonly fields: F;
}
export type Fields = { readonly [name: string]: Field<any> };

/** The TypeScript type of a field's values, in handlers. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;
type Simplify<T> = { readonly [K in keyof T]: T[K] };
/** The TypeScript type of a set of fields. */
export type Body<F extends Fields> = Simplify<
  { readonly [K in keyof F as F[K] extends { readonly optional: true } ? never : K]: ValueOf<F[K]> } & {
    readonly [K in keyof F as F[K] extends { readonly optional: true } ? K : never]?: ValueOf<F[K]> | undefined;
  }
>;

const field = <T>(shape: Shape): Field<T> => ({ shape, optional: false });
const MAX = Number.MAX_SAFE_INTEGER;
/** A time fits six bytes, as in transaction ids. */
const MAX_TIME = 2 ** 48 - 1;
/** Money is 0 … 2^63 − 1 of the smallest unit. */
export const MAX_MONEY = (1n << 63n) - 1n;

/** 1…64 of A–Z a–z 0–9 . _ : - (no slash: keys are written with slashes between their parts). */
export const id = field<Id>({ kind: "text", form: "id", min: 1, max: 64 });
/** A sector pseudonym: "p:" and 1…62 characters of an id. */
export const person = field<Person>({ kind: "text", form: "person", min: 3, max: 64 });
/** An organisation: a small letter, then 1…31 small letters, digits and hyphens. */
export const agency = field<Agency>({ kind: "text", form: "agency", min: 2, max: 32 });
/** Any principal: agency, person, device ("d:…") or company ("c:…"). */
export const party = field<Party>({ kind: "text", form: "party", min: 2, max: 64 });
export const time = field<Time>({ kind: "integer", min: 0, max: MAX_TIME, unit: "ms" });
export const hash = field<Hash>({ kind: "bytes", min: 32, max: 32 });
/** A byte string of `min`…`max` bytes: Uint8Array in handlers, hex in JSON. */
export const bytes = (max: number, min = 0): Field<Bytes> => field({ kind: "bytes", min, max: bound(max) });
export const count = field<number>({ kind: "integer", min: 0, max: MAX });
export const signed = field<number>({ kind: "integer", min: -MAX, max: MAX });
/** An integer between two bounds. */
export const range = (min: number, max: number): Field<number> => field({ kind: "integer", min, max });
/** Always bigint in handlers, a decimal string in JSON. */
export const money = field<bigint>({ kind: "money" });
/** Text of at most `max` Unicode code points. */
export const text = (max: number, min = 0): Field<string> => field({ kind: "text", form: "text", min, max: bound(max) });
export const flag = field<boolean>({ kind: "flag" });
export const oneOf = <const W extends readonly [string, ...string[]]>(...words: W): Field<W[number]> => field({ kind: "oneOf", words });
export const list = <T>(item: Field<T>, max: number, min = 0): Field<readonly T[]> =>
  field({ kind: "list", item, min, max: bound(max), each: false });
/** Inside `sealed`: a list whose entries are leaves of their own, so that each can be shown alone. */
export const each = <T>(item: Field<T>, max: number): Field<readonly T[]> =>
  field({ kind: "list", item, min: 0, max: bound(max), each: true });
export const object = <const F extends Fields>(fields: F): ObjectField<F> => ({ ...field<Body<F>>({ kind: "object", fields }), fields });
export const optional = <T>(inner: Field<T>): OptionalField<T> => ({ ...inner, optional: true });
/** Any value of at most `max` canonical bytes and depth 8. */
export const json = (max: number): Field<Value> => field({ kind: "json", max: bound(max) });
/**
 * A part that stays off the chain: the record keeps the root of its salted fields, the vault keeps the fields. The API takes and gives the
 * fields; any subset can be shown against the root; erasing the salts erases it. Handlers see the root only.
 */
export const sealed = <const F extends Fields>(fields: F): Field<Sealed> => field({ kind: "sealed", fields });

function bound(max: number): number {
  if (!Number.isSafeInteger(max) || max < 1) fail("a field has a maximum of at least 1", { max });
  return max;
}
