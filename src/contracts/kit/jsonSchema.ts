// The bounded profile of JSON Schema (2020-12) that a form may use: closed objects, bounded texts, lists and integers, words of a list; no references, no
// regular expressions, no combinations, so that a value is looked at once and alike on every node. Pure. Does not own: bytes and depth of values (engine).

import type { Value } from "../../base/codec.ts";

/** What `conforms` understands; the last three say nothing of values. */
export const words = [
  ...["type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems"],
  ...["minLength", "maxLength", "minimum", "maximum", "title", "description", "$schema"],
] as const;
/** Of each type, what must be there. */
const bounds: { readonly [type: string]: readonly string[] } = {
  ...{ object: ["properties", "additionalProperties"], array: ["items", "maxItems"], string: ["maxLength"] },
  ...{ integer: ["minimum", "maximum"], boolean: [], null: [] },
};
const counts = ["minItems", "maxItems", "minLength", "maxLength"];
const MOST_WORDS = 64;

type Schema = { readonly [word: string]: Value };
export const isMap = (it: unknown): it is Schema =>
  typeof it === "object" && it !== null && !Array.isArray(it) && !(it instanceof Uint8Array);
const isInteger = (it: unknown): it is number => Number.isSafeInteger(it);
const plain = (it: Value): boolean => it === null || isInteger(it) || typeof it === "string" || typeof it === "boolean";
const word = (schema: Schema, name: string): Value | undefined => (Object.hasOwn(schema, name) ? schema[name] : undefined);

/** Why a schema is outside of the profile; undefined if it is inside. */
export function outside(schema: Value, place = "the schema"): string | undefined {
  if (!isMap(schema)) return `${place} is no object`;
  for (const name of Object.keys(schema))
    if (!(words as readonly string[]).includes(name)) return `${place}: ${name} is not in the profile`;
  for (const name of counts) if (name in schema && !(isInteger(schema[name]) && schema[name] >= 0)) return `${place}: ${name} is no count`;
  for (const name of ["minimum", "maximum"]) if (name in schema && !isInteger(schema[name])) return `${place}: ${name} is no integer`;
  const among = schema["enum"];
  if (among !== undefined && !(Array.isArray(among) && among.length <= MOST_WORDS && among.every(plain)))
    return `${place}: its enum is not plain`;
  if ("const" in schema && !plain(schema["const"])) return `${place}: its const is not plain`;
  const { type } = schema;
  if (type === undefined) return among === undefined && !("const" in schema) ? `${place} has no type` : undefined;
  if (typeof type !== "string" || !Object.hasOwn(bounds, type)) return `${place}: its type is not in the profile`;
  for (const name of bounds[type]!) if (!(name in schema)) return `${place} has no ${name}`;
  if (type === "array") return outside(schema["items"]!, `an item of ${place}`);
  if (type !== "object") return undefined;
  const { properties, required = [], additionalProperties } = schema;
  if (additionalProperties !== false) return `${place} is not closed`;
  if (!isMap(properties) || Object.keys(properties).length > MOST_WORDS) return `${place} has no properties, or too many`;
  if (!Array.isArray(required) || !required.every((name) => typeof name === "string" && Object.hasOwn(properties, name)))
    return `${place}: what is required is no property`;
  for (const [name, inner] of Object.entries(properties)) {
    if (!/^[a-z][A-Za-z0-9_]{0,39}$/.test(name)) return `${place}: "${name}" is no name of a property`;
    const why = outside(inner, name);
    if (why !== undefined) return why;
  }
  return undefined;
}

const types: { readonly [type: string]: (it: Value) => boolean } = {
  ...{ object: isMap, array: Array.isArray, string: (it: Value) => typeof it === "string", integer: isInteger },
  ...{ boolean: (it: Value) => typeof it === "boolean", null: (it: Value) => it === null },
};
/** Does the value fit? Each node is looked at once, by the keywords that are for its type. */
export function conforms(schema: Value, value: Value): boolean {
  if (!isMap(schema)) return schema === true;
  const says = (name: string): Value | undefined => word(schema, name);
  const within = (size: number, least: string, most: string): boolean =>
    size >= ((says(least) as number | undefined) ?? size) && size <= ((says(most) as number | undefined) ?? size);
  const type = says("type");
  if (type !== undefined && types[type as string]?.(value) !== true) return false;
  const among = says("enum");
  if (among !== undefined && !(among as Value[]).includes(value)) return false;
  if (says("const") !== undefined && says("const") !== value) return false;
  if (typeof value === "string") return within(Array.from(value).length, "minLength", "maxLength");
  if (typeof value === "number") return within(value, "minimum", "maximum");
  if (Array.isArray(value)) {
    const items = says("items");
    return within(value.length, "minItems", "maxItems") && (items === undefined || value.every((item: Value) => conforms(items, item)));
  }
  if (!isMap(value)) return true;
  if (!((says("required") ?? []) as string[]).every((name) => Object.hasOwn(value, name))) return false;
  const properties = (says("properties") ?? {}) as Schema;
  return Object.entries(value).every(([name, inner]) => {
    const of = word(properties, name);
    return of === undefined ? says("additionalProperties") !== false : conforms(of, inner);
  });
}
