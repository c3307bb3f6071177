// What a declaration may cost at most: canonical bytes, depth, key bytes. Owns these upper bounds, computed from the shapes alone, so that a type
// without a maximum, a row that could outgrow its limit, or arguments too deep are refused when the registry is built and never at run time.

import { MAX_ARGUMENT_DEPTH } from "../../base/limits.ts";
import type { Field, Fields, Shape } from "./fields.ts";
import { leafCount } from "./sealed.ts";

/** Bytes in front of a text or byte string, and of a list or map, of at most `n`. */
const head = (n: number): number => (n < 32 ? 1 : n < 256 ? 2 : n < 65_536 ? 3 : 5);
const listHead = (n: number): number => (n < 16 ? 1 : n < 65_536 ? 3 : 5);
const integer = (n: number): number => (n < 0x80 ? 1 : n <= 0xff ? 2 : n <= 0xffff ? 3 : n <= 0xffffffff ? 5 : 9);

/** The most canonical bytes a value takes. */
export function maxBytes(shape: Shape): number {
  switch (shape.kind) {
    case "text": {
      const bytes = shape.form === "text" ? 4 * shape.max : shape.max;
      return head(bytes) + bytes;
    }
    case "integer":
      return shape.min < 0 ? 9 : integer(shape.max);
    case "money":
      return 9;
    case "bytes":
      return head(Math.max(32, shape.max)) + shape.max;
    case "flag":
      return 1;
    case "oneOf":
      return Math.max(...shape.words.map((word) => head(word.length) + word.length));
    case "list":
      return listHead(shape.max) + shape.max * maxBytes(shape.item.shape);
    case "object":
      return maxBodyBytes(shape.fields);
    case "json":
      return shape.max;
    case "sealed":
      return 1 + 5 + 34 + 5 + integer(leafCount(shape.fields));
  }
}

export function maxBodyBytes(fields: Fields): number {
  let sum = listHead(Object.keys(fields).length);
  for (const [name, { shape }] of Object.entries(fields)) sum += head(name.length) + name.length + maxBytes(shape);
  return sum;
}

/** Nesting of a value: 0 for what holds no others. */
export function depth(shape: Shape): number {
  switch (shape.kind) {
    case "list":
      return 1 + depth(shape.item.shape);
    case "object":
      return 1 + bodyDepth(shape.fields);
    case "json":
      return MAX_ARGUMENT_DEPTH - 1; // checked when a value comes
    case "sealed":
      return 1;
    default:
      return 0;
  }
}
export const bodyDepth = (fields: Fields): number => Math.max(0, ...Object.values(fields).map(({ shape }) => depth(shape)));

/** The most bytes a field takes as a part of a key. */
export function maxKeyBytes({ shape }: Field<any>): number {
  switch (shape.kind) {
    case "text":
      return 2 + (shape.form === "text" ? 4 * shape.max : shape.max);
    case "oneOf":
      return 2 + Math.max(...shape.words.map((word) => word.length));
    case "bytes":
      return 2 + 2 * shape.max;
    default:
      return 8;
  }
}

/** Every sealed declaration within, with the names that lead to it. */
export function sealedWithin(fields: Fields, prefix = ""): { readonly path: string; readonly shape: Shape }[] {
  return Object.entries(fields).flatMap(([name, field]) => sealedIn(field.shape, prefix === "" ? name : `${prefix}.${name}`));
}
function sealedIn(shape: Shape, path: string): { readonly path: string; readonly shape: Shape }[] {
  if (shape.kind === "sealed") return [{ path, shape }];
  if (shape.kind === "list") return sealedIn(shape.item.shape, path);
  return shape.kind === "object" ? sealedWithin(shape.fields, path) : [];
}
