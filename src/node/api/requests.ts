// Reading what a request says: queries, keys in paths, durations. Unknown names are refused: a mistyped filter must not look like an empty one.

import type { FastifyRequest } from "fastify";
import type { Value } from "../../base/codec.ts";
import { LedgerError } from "../../base/errors.ts";
import type { Fields } from "../../contracts/engine/fields.ts";
import { fromJson } from "../../contracts/engine/json.ts";
import { invalid } from "./problems.ts";

export type Query = { readonly [name: string]: string | undefined };

/** The query, which may hold these names (and those that begin with one of `prefixes`), each once. */
export function queryOf(request: FastifyRequest, names: readonly string[], prefixes: readonly string[] = []): Query {
  const query = request.query as { readonly [name: string]: unknown };
  for (const [name, value] of Object.entries(query)) {
    if (!names.includes(name) && !prefixes.some((p) => name.startsWith(p) && name.length > p.length))
      invalid(`?${name}`, names.length === 0 ? "no query" : `one of ${[...names, ...prefixes.map((p) => `${p}…`)].join(", ")}`, value);
    if (typeof value !== "string") invalid(`?${name}`, "one value", value);
  }
  return query as Query;
}

export function integerOf(query: Query, name: string, min: number, max: number): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : invalid(`?${name}`, `a whole number from ${min} to ${max}`, text);
}

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000 };
/** A duration as in "30s", at most `max` ms; `fallback` if there is none. */
export function durationOf(query: Query, name: string, fallback: number, max: number): number {
  const text = query[name];
  if (text === undefined) return Math.min(fallback, max);
  const match = /^(\d{1,7})(ms|s|m)$/.exec(text);
  if (match === null) return invalid(`?${name}`, 'a duration such as "30s"', text);
  return Math.min(Number(match[1]) * UNITS[match[2]!]!, max);
}

/** The parts of the path behind its first `before` segments, decoded one by one, so that a slash within a part stays one. */
export function keyParts(request: FastifyRequest, before: number): string[] {
  const path = request.raw.url!.split("?", 1)[0]!;
  try {
    return path
      .split("/")
      .slice(before + 1)
      .map(decodeURIComponent);
  } catch (cause) {
    throw new LedgerError("request.invalid", { detail: "the path has a % that is no escape" }, cause);
  }
}

/** A JSON object with these fields and no others. */
export function bodyOf(
  request: FastifyRequest,
  needed: readonly string[],
  allowed: readonly string[] = [],
): { readonly [name: string]: unknown } {
  const body = request.body as { readonly [name: string]: unknown } | null | undefined;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return invalid("", `an object of ${needed.join(", ")}`, body);
  for (const name of needed) if (!Object.hasOwn(body, name)) invalid(`/${name}`, "a value", undefined, `add "${name}"`);
  for (const name of Object.keys(body))
    if (!needed.includes(name) && !allowed.includes(name)) invalid(`/${name}`, "nothing of this name", body[name], "take it out");
  return body;
}

/** Canonical arguments of an action or a view from JSON. Throws `args.invalid`, which says what fits. */
export function argsOf(input: Fields, name: string, json: unknown): { readonly [name: string]: Value } {
  const { value, errors } = fromJson(input, json, "/args");
  if (errors.length === 0) return value;
  throw new LedgerError("args.invalid", {
    title: `The arguments do not fit ${name}.`,
    detail: `${errors[0]!.pointer}: expected ${errors[0]!.expected}`,
    errors,
  });
}

/** Lowercase hex of `min` … `max` bytes. */
export function hexOf(value: unknown, pointer: string, min: number, max: number): Uint8Array {
  if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-f]*$/.test(value) || value.length < 2 * min || value.length > 2 * max)
    return invalid(pointer, min === max ? `${min} bytes in lowercase hex` : `${min} … ${max} bytes in lowercase hex`, value);
  return new Uint8Array(Buffer.from(value, "hex"));
}
