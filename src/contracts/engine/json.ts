// The JSON forms of values: money and nothing else as decimal strings, bytes as lowercase hex, by type and never by size. Owns the way there and back,
// with errors that say where, what was expected, what came and what to do; outside of consensus, so the words may change at any time.
// Does not own: what is accepted (normalise.ts decides; a test holds both to the same answers). interfaces.md §3.

import { hex, unhex, unlatin1 } from "../../base/bytes.ts";
import type { Value } from "../../base/codec.ts";
import { LedgerError } from "../../base/errors.ts";
import type { Fields, Shape } from "./fields.ts";
import { encodeParts } from "./keys.ts";
import { hasForm, isMap, misfit, normaliserOf } from "./normalise.ts";
import { type AnyRow, headerOf, newRow, type Plan } from "./rows.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One thing that does not fit. */
export interface JsonProblem {
  /** RFC 6901. */
  readonly pointer: string;
  readonly expected: string;
  readonly got: string;
  readonly fix: string;
}

// ── values → JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Normalised fields as JSON, in the order of the declaration. */
export function toJson(fields: Fields, body: { readonly [name: string]: unknown }): { [name: string]: Json } {
  const out: { [name: string]: Json } = {};
  for (const [name, field] of Object.entries(fields)) if (body[name] !== undefined) out[name] = valueToJson(field.shape, body[name]);
  return out;
}

export function valueToJson(shape: Shape, value: any): Json {
  switch (shape.kind) {
    case "money":
      return String(value);
    case "bytes":
      return hex(value);
    case "list":
      return (value as readonly unknown[]).map((item) => valueToJson(shape.item.shape, item));
    case "object":
      return toJson(shape.fields, value);
    case "sealed":
      return { root: hex(value.root), size: value.size };
    case "json":
      return freeToJson(value);
    default:
      return value as Json;
  }
}

/** A value without a schema: bytes as hex, integers beyond 2^53 as decimal strings. */
export function freeToJson(value: Value): Json {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return hex(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return (value as readonly Value[]).map(freeToJson);
  return Object.fromEntries(Object.entries(value as { [name: string]: Value }).map(([name, inner]) => [name, freeToJson(inner)]));
}

/** A row as the API gives it. */
export function rowToJson(row: AnyRow): { [name: string]: Json } {
  const h = row.$;
  return {
    revision: h.revision,
    status: h.status,
    since: h.since,
    schema: h.schemaVersion,
    written: { height: h.height, index: h.index },
    previous: h.revision === 1 ? null : { height: h.previousHeight, index: h.previousIndex },
    ...(h.parked.length === 0 ? {} : { parked: h.parked }),
    fields: toJson(h.type.fields as Fields, row),
  };
}

/** The row of the API's JSON, with its header. Throws `answer.malformed`. */
export function rowFromJson(plan: Plan, json: unknown): AnyRow {
  const refuse = (what: string): never => {
    throw new LedgerError("answer.malformed", { collection: plan.collection, what });
  };
  if (!isMap(json) || !isMap(json["fields"]) || !isMap(json["written"])) return refuse("not a record");
  const { value, errors } = fromJson(plan.type.fields as Fields, json["fields"]);
  if (errors.length > 0) return refuse(`${errors[0]!.pointer}: expected ${errors[0]!.expected}`);
  const { revision, status, since, schema: schemaVersion, parked = [] } = json as any;
  const { written, previous } = json as any;
  if (!Number.isSafeInteger(revision) || typeof status !== "string" || !(status in plan.type.states)) return refuse("status or revision");
  const key = encodeParts(
    plan.keyShapes,
    (plan.type.key as readonly string[]).map((name) => value[name]),
  );
  const header = { revision, status, since, schemaVersion, parked, height: written.height, index: written.index };
  const before = { previousHeight: previous?.height ?? 0, previousIndex: previous?.index ?? 0 };
  return newRow(headerOf(plan, key!, unlatin1(key!), { ...header, ...before }), value);
}

/** Why canonical arguments do not fit, in the words of their JSON form; empty if they do. */
export function whyNot(fields: Fields, args: Value): JsonProblem[] {
  if (checked({ kind: "object", fields }, args) !== undefined) return [];
  const { errors } = fromJson(fields, guided({ kind: "object", fields }, args));
  return errors.length > 0
    ? errors
    : [problem("", "the action's arguments", freeToJson(args), "send each field in the type that the schema names")];
}

/** A value that may not fit, as the JSON that was probably meant. */
function guided(shape: Shape | undefined, value: Value): Json {
  if (shape?.kind === "money" && typeof value === "number") return String(value);
  if (shape?.kind === "list" && Array.isArray(value)) return (value as readonly Value[]).map((item) => guided(shape.item.shape, item));
  if (shape?.kind === "object" && isMap(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, guided(shape.fields[name]?.shape, inner)]));
  return freeToJson(value);
}

// ── JSON → values ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Handler form of a JSON body, or everything that is wrong with it. `pointer` is where the body stands. */
export function fromJson(fields: Fields, json: unknown, pointer = ""): { value: { [name: string]: Value }; errors: JsonProblem[] } {
  const errors: JsonProblem[] = [];
  const value = bodyFrom(fields, json, pointer, errors);
  return { value, errors };
}

function bodyFrom(fields: Fields, json: unknown, pointer: string, errors: JsonProblem[]): { [name: string]: Value } {
  const out: { [name: string]: Value } = {};
  if (!isMap(json)) {
    errors.push(
      problem(
        pointer,
        "an object",
        json,
        `send {${Object.keys(fields)
          .map((name) => JSON.stringify(name))
          .join(", ")}}`,
      ),
    );
    return out;
  }
  for (const [name, field] of Object.entries(fields)) {
    const given = Object.hasOwn(json, name) ? json[name] : undefined;
    const at = `${pointer}/${escaped(name)}`;
    if (given === undefined) {
      if (!field.optional) errors.push(problem(at, described(field.shape), undefined, `add "${name}"`));
    } else out[name] = valueFrom(field.shape, given, at, errors);
  }
  for (const name of Object.keys(json)) {
    if (!Object.hasOwn(fields, name))
      errors.push(problem(`${pointer}/${escaped(name)}`, "nothing of this name", json[name], nearest(name, Object.keys(fields))));
  }
  return out;
}

function valueFrom(shape: Shape, json: unknown, pointer: string, errors: JsonProblem[]): Value {
  const wrong = (fix: string): Value => {
    errors.push(problem(pointer, described(shape), json, fix));
    return null;
  };
  switch (shape.kind) {
    case "money":
      if (typeof json === "string" && /^(0|[1-9][0-9]{0,18})$/.test(json))
        return checked(shape, BigInt(json)) ?? wrong("send a smaller amount");
      return wrong(typeof json === "number" ? `send "${json}" with quotes` : 'send the amount as text, like "12000"');
    case "bytes":
      if (typeof json === "string" && json.length % 2 === 0 && /^[0-9a-f]*$/.test(json))
        return checked(shape, unhex(json)) ?? wrong(`send ${2 * shape.min}…${2 * shape.max} hex digits`);
      return wrong("send lowercase hex");
    case "integer":
      if (typeof json === "number" && Number.isInteger(json)) return checked(shape, json) ?? wrong(`send ${shape.min} … ${shape.max}`);
      return wrong(typeof json === "string" && /^-?[0-9]+$/.test(json) ? `send ${json.slice(0, 20)} without quotes` : "send an integer");
    case "list":
      if (!Array.isArray(json)) return wrong("send a list");
      if (json.length < shape.min || json.length > shape.max) return wrong(`send ${shape.min} … ${shape.max} items`);
      return json.map((item, i) => valueFrom(shape.item.shape, item, `${pointer}/${i}`, errors));
    case "object":
      return bodyFrom(shape.fields, json, pointer, errors);
    case "sealed":
      return sealedFrom(shape, json, pointer, errors);
    case "json": {
      const value = checked(shape, json); // null is a value
      return value === undefined ? wrong("send fewer bytes, less nesting, no fractions") : value;
    }
    case "flag":
      return checked(shape, json) ?? wrong("send true or false, without quotes");
    case "oneOf":
      return checked(shape, json) ?? wrong(typeof json === "string" ? nearest(json, shape.words) : `send one of ${shape.words.join(", ")}`);
    case "text":
      return checked(shape, json) ?? wrong(textFix(shape, json));
  }
}

function sealedFrom(shape: Shape & { kind: "sealed" }, json: unknown, pointer: string, errors: JsonProblem[]): Value {
  const { root, size } = isMap(json) ? json : {};
  if (typeof root === "string" && /^[0-9a-f]{64}$/.test(root)) {
    const value = checked(shape, { ...(json as object), root: unhex(root), size });
    if (value !== undefined) return value;
  }
  errors.push(problem(pointer, described(shape), json, 'send {"root": 64 hex digits, "size": the number of leaves}'));
  return null;
}

/** What the one judge says: the value in normal form, or undefined. */
function checked(shape: Shape, value: unknown): Value | undefined {
  try {
    return normaliserOf(shape)(value, false) as Value;
  } catch (error) {
    if (error === misfit) return undefined;
    throw error;
  }
}

function textFix(shape: Shape & { kind: "text" }, json: unknown): string {
  if (typeof json !== "string") return "send text, in quotes";
  if (shape.form !== "text" && json.length >= shape.min && json.length <= shape.max && !hasForm(shape.form, json)) return FORMS[shape.form];
  return `send ${shape.min} … ${shape.max} characters`;
}
const FORMS = {
  id: "use letters, digits and . _ : - only",
  person: 'send a pseudonym, "p:" and what follows',
  agency: "send an organisation's id: small letters, digits and hyphens",
  party: 'send an organisation\'s id, or a pseudonym ("p:…"), device ("d:…") or company ("c:…")',
} as const;

/** What a shape takes, in words. */
export function described(shape: Shape): string {
  switch (shape.kind) {
    case "text":
      return `${shape.form === "text" ? "text" : shape.form} of ${shape.min} … ${shape.max} characters`;
    case "integer":
      if (shape.unit === "ms") return "a time in milliseconds since 1970";
      if (shape.max < Number.MAX_SAFE_INTEGER) return `an integer ${shape.min} … ${shape.max}`;
      return shape.min === 0 ? "an integer, 0 or more" : "an integer";
    case "money":
      return "an amount 0 … 9223372036854775807 as decimal text";
    case "bytes":
      return shape.min === shape.max ? `${shape.min} bytes in hex` : `${shape.min} … ${shape.max} bytes in hex`;
    case "flag":
      return "true or false";
    case "oneOf":
      return `one of ${shape.words.join(", ")}`;
    case "list":
      return `a list of ${shape.min} … ${shape.max}: ${described(shape.item.shape)}`;
    case "object":
      return `an object of ${Object.keys(shape.fields).join(", ")}`;
    case "json":
      return `any value of at most ${shape.max} bytes`;
    case "sealed":
      return `the root over ${Object.keys(shape.fields).join(", ")}`;
  }
}

function problem(pointer: string, expected: string, got: unknown, fix: string): JsonProblem {
  const said = got === undefined ? "nothing" : (JSON.stringify(got) ?? typeof got);
  return { pointer, expected, got: said.length > 60 ? `${said.slice(0, 60)}…` : said, fix };
}

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** "did you mean": the known name that differs least, if it differs little. */
function nearest(given: string, known: readonly string[]): string {
  const close = known.map((name) => ({ name, distance: distance(given.slice(0, 40), name) })).sort((a, b) => a.distance - b.distance)[0];
  if (close !== undefined && close.distance <= 2) return `did you mean "${close.name}"?`;
  return known.length <= 12 ? `known: ${known.join(", ")}` : "take it out";
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
