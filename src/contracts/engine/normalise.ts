// From a value of unknown origin to the one form a handler may see: checked against the declaration, keys in canonical order, nothing
// undefined, no −0, well-formed text, money as bigint, bytes in buffers of their own. Arguments, rows read and rows written all pass here, so what
// a handler sees does not depend on where a value came from. Consensus code: test/vectors/contracts pins what it takes and refuses.
// Owns that form and its measure. Does not own: why a value does not fit (json.ts says it, outside consensus). docs/protocol.md §8.

import { copyOf } from "../../base/bytes.ts";
import { compareText, decode, encode, type Value } from "../../base/codec.ts";
import { MAX_ARGUMENT_DEPTH } from "../../base/limits.ts";
import { type Field, type Fields, MAX_MONEY, type Shape } from "./fields.ts";
import { leafCount } from "./sealed.ts";

/** Thrown when a value does not fit. One object: explanations are made elsewhere, and a refusal costs no stack trace. */
export const misfit: unique symbol = Symbol("misfit");

/** What the last normalisations cost: nodes of the schema visited and bytes of text and byte strings. Reset by who measures. */
export const measure = { nodes: 0, bytes: 0 };

/** Checks and normalises; `keep` freezes, for what outlives the operation. Throws `misfit`. */
export type Normaliser = (value: unknown, keep: boolean) => unknown;

const compiled = new WeakMap<Shape, Normaliser>();
/** The normaliser of a shape, compiled once. */
export function normaliserOf(shape: Shape): Normaliser {
  let found = compiled.get(shape);
  if (found === undefined) {
    found = compile(shape);
    compiled.set(shape, found);
  }
  return found;
}
export const normaliser = (field: Field<any>): Normaliser => normaliserOf(field.shape);

/** Names of fields in the order of canonical bytes: the order in which every normalised object lists its keys. */
export function sortedNames(fields: Fields): string[] {
  return Object.keys(fields).sort(compareText);
}

function compile(shape: Shape): Normaliser {
  switch (shape.kind) {
    case "text":
      return shape.form === "text" ? freeText(shape.min, shape.max) : formedText(shape.form, shape.min, shape.max);
    case "integer":
      return integer(shape.min, shape.max);
    case "money":
      return money;
    case "bytes":
      return byteString(shape.min, shape.max);
    case "flag":
      return (value) => (typeof value === "boolean" ? counted(value, 1) : refuse());
    case "oneOf": {
      const words: ReadonlySet<unknown> = new Set(shape.words);
      return (value) => (words.has(value) ? counted(value, 8) : refuse());
    }
    case "list":
      return list(normaliser(shape.item), shape.min, shape.max);
    case "object":
      return object(shape.fields);
    case "json":
      return json(shape.max);
    case "sealed":
      return object({
        root: { shape: { kind: "bytes", min: 32, max: 32 }, optional: false },
        size: exactly(leafCount(shape.fields)),
      });
  }
}

function refuse(): never {
  throw misfit;
}
function counted<T>(value: T, bytes: number): T {
  measure.nodes++;
  measure.bytes += bytes;
  return value;
}
const exactly = (n: number): Field<number> => ({ shape: { kind: "integer", min: n, max: n }, optional: false });

// ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Unicode code points, which JSON Schema counts too; UTF-16 units would depend on the language of the client. */
function codePoints(value: string): number {
  let n = value.length;
  for (let i = 0; i < value.length - 1; i++) if (value.charCodeAt(i) >> 10 === 0x36 && value.charCodeAt(i + 1) >> 10 === 0x37) n--;
  return n;
}

function freeText(min: number, max: number): Normaliser {
  return (value) => {
    if (typeof value !== "string" || value.length > 2 * max || value.length < min) refuse();
    if ((value.length > max || value.length < 2 * min) && (codePoints(value) > max || codePoints(value) < min)) refuse();
    if (!value.isWellFormed()) refuse();
    return counted(value, value.length);
  };
}

const ID = 1;
const SMALL = 2; // a–z
const NAME = 4; // a–z 0–9 -
const classes = new Uint8Array(128);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:") classes[c.charCodeAt(0)] = ID;
for (const c of "0123456789-") classes[c.charCodeAt(0)] = ID | NAME;
for (const c of "abcdefghijklmnopqrstuvwxyz") classes[c.charCodeAt(0)] = ID | SMALL | NAME;

function all(value: string, from: number, wanted: number): boolean {
  for (let i = from; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c >= 128 || (classes[c]! & wanted) === 0) return false;
  }
  return true;
}
const isAgency = (value: string): boolean => value.length <= 32 && all(value.charAt(0), 0, SMALL) && all(value, 1, NAME);
const isMarked = (value: string): boolean =>
  value.length > 2 && value.charCodeAt(1) === 0x3a && all(value.charAt(0), 0, SMALL) && all(value, 2, ID);

/** Does text have the alphabet of the form? Lengths apart. */
export function hasForm(form: "id" | "person" | "agency" | "party", value: string): boolean {
  switch (form) {
    case "id":
      return all(value, 0, ID);
    case "person":
      return value.startsWith("p:") && isMarked(value);
    case "agency":
      return isAgency(value);
    case "party":
      return isAgency(value) || isMarked(value);
  }
}

function formedText(form: "id" | "person" | "agency" | "party", min: number, max: number): Normaliser {
  return (value) => {
    if (typeof value !== "string" || value.length < min || value.length > max || !hasForm(form, value)) refuse();
    return counted(value, value.length);
  };
}

// ── numbers, bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
function integer(min: number, max: number): Normaliser {
  return (value) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) refuse();
    return counted(value === 0 ? 0 : value, 8); // −0 becomes 0
  };
}

function money(value: unknown): bigint {
  // The canonical form of a small amount decodes to a number, of a large one to a bigint: handlers see bigint always.
  const amount = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof amount !== "bigint" || amount < 0n || amount > MAX_MONEY) refuse();
  return counted(amount, 8);
}

function byteString(min: number, max: number): Normaliser {
  return (value) => {
    if (!(value instanceof Uint8Array) || value.length < min || value.length > max) refuse();
    measure.nodes++;
    measure.bytes += value.length;
    return value.constructor === Uint8Array ? value : copyOf(value); // a Buffer is a view of a pool, and behaves otherwise
  };
}

// ── what holds others ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
function list(item: Normaliser, min: number, max: number): Normaliser {
  return (value, keep) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) refuse();
    measure.nodes++;
    const out: unknown[] = [];
    for (let i = 0; i < value.length; i++) out.push(item(value[i], keep));
    return keep ? Object.freeze(out) : out;
  };
}

type Loose = { [name: string]: unknown };
/** A plain object: neither a list nor bytes. */
export function isMap(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function object(fields: Fields): Normaliser {
  const into = filler(fields);
  return (value, keep) => {
    const out = into({}, value, keep);
    return keep ? Object.freeze(out) : out;
  };
}

/** Fills `out` with the normalised fields of `value`, which must have all that are not optional and no others. */
export function filler(fields: Fields): (out: Loose, value: unknown, keep: boolean) => Loose {
  const names = sortedNames(fields);
  const parts = names.map((name) => normaliser(fields[name]!));
  const optional = names.map((name) => fields[name]!.optional);
  return (out, value, keep) => {
    if (!isMap(value)) refuse();
    measure.nodes++;
    let present = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const given = value[name];
      if (given === undefined) {
        if (!optional[i]) refuse();
        continue;
      }
      present++;
      out[name] = parts[i]!(given, keep);
    }
    let keys = 0;
    for (const _ in value) keys++; // unlike Object.keys, makes nothing
    if (keys !== present && Object.keys(value).filter((key) => value[key] !== undefined).length !== present) refuse();
    return out;
  };
}

function json(max: number): Normaliser {
  return (value, keep) => {
    let size: number;
    let copy: Value;
    try {
      const bytes = encode(value as Value);
      size = bytes.length;
      copy = size <= max ? decode(bytes) : null;
    } catch {
      return refuse(); // no canonical form: too deep for the codec, a float, a lone surrogate
    }
    if (size > max || nodesIn(copy, 0) === undefined) refuse();
    measure.bytes += size;
    return keep ? deepFreeze(copy) : copy;
  };
}

/** Nodes of a free value; undefined when it is deeper than arguments may be. */
function nodesIn(value: Value, depth: number): number | undefined {
  if (depth > MAX_ARGUMENT_DEPTH) return undefined;
  measure.nodes++;
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return 1;
  let n = 1;
  for (const inner of Object.values(value as object) as Value[]) {
    const inside = nodesIn(inner, depth + 1);
    if (inside === undefined) return undefined;
    n += inside;
  }
  return n;
}

function deepFreeze(value: Value): Value {
  if (value !== null && typeof value === "object" && !(value instanceof Uint8Array)) {
    for (const inner of Object.values(value as object) as Value[]) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
