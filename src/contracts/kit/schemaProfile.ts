// The bounded profile of JSON Schema that a form may use: closed objects, texts, lists and integers with their bounds, words of a list. Pure. Does not own: whether
// a value fits (jsonSchema.ts).

import type { Value } from "../../base/codec.ts";
import { isInteger, isMap, words } from "./jsonSchema.ts";

/** Of each type, what must be there. */
const bounds: { readonly [type: string]: readonly string[] } = {
  ...{ object: ["properties", "additionalProperties"], array: ["items", "maxItems"], string: ["maxLength"] },
  ...{ integer: ["minimum", "maximum"], boolean: [], null: [] },
};
const counts = ["minItems", "maxItems", "minLength", "maxLength"];
const MOST_WORDS = 64;

const plain = (it: Value): boolean => it === null || isInteger(it) || typeof it === "string" || typeof it === "boolean";

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
