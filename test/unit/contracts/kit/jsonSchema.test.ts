// The profile of JSON Schema: what is inside, and the official tests for all that `conforms` understands.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { conforms, words } from "../../../../src/contracts/kit/jsonSchema.ts";
import { outside } from "../../../../src/contracts/kit/schemaProfile.ts";

const text = { type: "string", maxLength: 10 };
const closed = (properties: object, more: object = {}) => ({ type: "object", additionalProperties: false, properties, ...more }) as any;

describe("the profile", () => {
  test("takes what is bounded", () => {
    for (const schema of [
      text,
      { type: "integer", minimum: -5, maximum: 5 },
      { type: "boolean" },
      { type: "null" },
      { enum: ["a", 1, true, null] },
      { const: null },
      closed({}),
      closed({ name: text, list: { type: "array", items: closed({ n: { enum: [1] } }), maxItems: 3 } }, { required: ["name"], title: "x" }),
    ])
      expect(outside(schema)).toBeUndefined();
  });

  test("refuses everything else, and says what", () => {
    for (const schema of [
      ...[true, 7, null, "x", [text], {}, { type: "number" }, { type: ["string", "null"] }, { type: "constructor" }, { type: "string" }],
      ...[
        { type: "integer", minimum: 0 },
        { type: "integer", minimum: "0", maximum: 1 },
        { type: "string", maxLength: -1 },
      ],
      ...[
        { type: "array", items: text },
        { type: "array", maxItems: 3 },
        { type: "array", items: true, maxItems: 3 },
      ],
      ...[{ type: "object", properties: {} }, { type: "object", properties: {}, additionalProperties: true }, closed([text])],
      ...[closed({ a: { type: "string" } }), closed({ "a b": text }), closed({ __proto: text }), closed({}, { required: ["a"] })],
      ...[{ ...text, pattern: "a" }, { ...text, format: "date" }, { $ref: "#" }, { anyOf: [text] }, { enum: [[1]] }, { const: {} }],
      ...[{ enum: Array.from({ length: 65 }, (_, i) => i) }, closed({}, { required: [1] }), closed({}, { required: "a" })],
    ])
      expect([JSON.stringify(schema), outside(schema)]).not.toContain(undefined);
  });

  test("looks at own properties only, and counts characters", () => {
    const schema = closed({ a: text }, { required: ["a"] });
    expect(conforms(schema, { a: "x" })).toBe(true);
    expect(conforms(schema, JSON.parse('{"__proto__":{"a":"x"}}'))).toBe(false);
    expect(conforms(closed({}, { required: ["toString"] }), {})).toBe(false);
    expect([conforms(text, "😀".repeat(10)), conforms(text, "😀".repeat(11))]).toEqual([true, false]);
    for (const value of [1n, new Uint8Array(3), 2 ** 53])
      expect(conforms({ type: "integer", minimum: 0, maximum: 9 }, value as any)).toBe(false);
  });
});

const suite = path.resolve(import.meta.dirname, "../../../../../shared/data/json-schema-suite/draft2020-12");
interface Group {
  readonly description: string;
  readonly schema: any;
  readonly tests: readonly { readonly description: string; readonly data: any; readonly valid: boolean }[];
}
/** Does `conforms` know every keyword, in the one form it knows it in? */
function understood(schema: any): boolean {
  if (schema === true) return true;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return false;
  return Object.entries<any>(schema).every(([name, value]) => {
    if (!(words as readonly string[]).includes(name)) return false;
    if (name === "type") return typeof value === "string" && value !== "number";
    if (name === "additionalProperties") return value === false;
    if (name === "enum") return value.every(plain);
    if (name === "const") return plain(value);
    if (name === "items") return understood(value);
    if (name === "properties") return Object.values(value).every(understood);
    return typeof value !== "number" || Number.isSafeInteger(value);
  });
}
const plain = (value: unknown): boolean => value === null || typeof value !== "object";
/** The chain has no fractions. */
const whole = (value: any): boolean =>
  typeof value === "number"
    ? Number.isSafeInteger(value)
    : value === null || typeof value !== "object" || Object.values(value).every(whole);

test.skipIf(!existsSync(suite))("answers the official tests for all that it understands (skipped without ../shared/data)", () => {
  let [inside, beyond] = [0, 0];
  for (const name of readdirSync(suite, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json")))
    for (const { description, schema, tests } of JSON.parse(readFileSync(path.join(suite, name), "utf8")) as Group[])
      for (const { description: says, data, valid } of tests) {
        if (!understood(schema) || !whole(data)) {
          beyond++;
          continue;
        }
        inside++;
        const meant = `${name}: ${description}: ${says}: `;
        expect(`${meant}${conforms(schema, data)}`).toBe(`${meant}${valid}`);
      }
  expect(`${inside} tests, ${beyond} outside of the profile`).toBe("191 tests, 2034 outside of the profile");
});
