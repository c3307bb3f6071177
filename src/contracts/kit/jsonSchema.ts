// JSON Schema (2020-12) as far as forms use it: does a value fit? No references, no regular expressions, no combinations, so that each node of a value is looked
// at once, and alike on every machine. Pure. Does not own: which schemas a form may have (schemaProfile.ts), bytes and depth of values (engine).

import type { Value } from "../../base/codec.ts";

/** What `conforms` understands; the last three say nothing of values. */
export const words = [
  ...["type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems"],
  ...["minLength", "maxLength", "minimum", "maximum", "title", "description", "$schema"],
] as const;
export type Schema = { readonly [word: string]: Value };
export const isMap = (it: unknown): it is Schema =>
  typeof it === "object" && it !== null && !Array.isArray(it) && !(it instanceof Uint8Array);
export const isInteger = (it: unknown): it is number => Number.isSafeInteger(it);
const word = (schema: Schema, name: string): Value | undefined => (Object.hasOwn(schema, name) ? schema[name] : undefined);

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
