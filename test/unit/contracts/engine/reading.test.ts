// Arguments read from their bytes in one pass are what decoding and the normaliser make of them, at the same measure, or are refused alike. Consensus code:
// what differed here would part nodes that read from those that were handed a value (§8).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat } from "../../../../src/base/bytes.ts";
import { encode, type Value } from "../../../../src/base/codec.ts";
import { exampleOf } from "../../../../src/contracts/engine/example.ts";
import {
  agency,
  bytes,
  count,
  type Fields,
  flag,
  hash,
  id,
  json,
  list,
  money,
  object,
  oneOf,
  optional,
  party,
  person,
  range,
  sealed,
  signed,
  text,
  time,
} from "../../../../src/contracts/engine/fields.ts";
import { filler, measure, misfit } from "../../../../src/contracts/engine/normalise.ts";
import { argumentsReader } from "../../../../src/contracts/engine/reading.ts";
import { contracts } from "../../../../src/sim/founding.ts";

const BEHIND = Uint8Array.of(0xa3, 0x61, 0x62, 0x63);

/** What comes of it, and what it was measured at. */
function outcome(read: () => unknown): unknown {
  measure.nodes = 0;
  measure.bytes = 0;
  try {
    return { value: read(), ...measure };
  } catch (error) {
    if (error === misfit) return "misfit";
    throw error;
  }
}

/** True if it fits. */
function alike(fields: Fields, value: { [name: string]: Value }): boolean {
  const encoded = encode(value);
  const expected = outcome(() => filler(fields)({}, value, false));
  // Somewhere in a batch, with other bytes around it.
  const read = argumentsReader(fields);
  const found = outcome(() => read(concat(BEHIND, encoded, BEHIND), BEHIND.length));
  expect(found).toEqual(expected);
  if (expected === "misfit") return false;
  // Keys in the same order too: handlers see it.
  expect(JSON.stringify(found, plain)).toBe(JSON.stringify(expected, plain));
  return true;
}
const plain = (_: string, inner: unknown): unknown =>
  typeof inner === "bigint" ? `${inner}n` : inner instanceof Uint8Array ? [...inner].join() : inner;

const odd: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, -1, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 48),
  fc.constantFrom<Value>(2 ** 53 - 1, -(2 ** 53) + 1, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, -(1n << 63n)),
  fc.integer(),
  fc.constantFrom<Value>(
    "",
    "a",
    "ab",
    "p:ann",
    "p:",
    "tax",
    "Tax",
    "d:x",
    "red",
    "green",
    "ü",
    "a/b",
    "x".repeat(64),
    "x".repeat(65),
    "x".repeat(300),
  ),
  fc.string({ unit: "binary", maxLength: 6 }).filter((s) => s.isWellFormed()),
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom<Value>(new Uint8Array(32), new Uint8Array(300), new Uint8Array(70_000)),
  fc.constantFrom<Value>([], {}, ["a", "b"], ["a", "b", "c", "d"], { a: 1 }, { a: 1, b: "x" }, { b: "x" }, [{ a: 1 }, { a: 2, b: "y" }]),
  fc.constantFrom<Value>(
    { root: new Uint8Array(32), size: 4 },
    { root: new Uint8Array(32), size: 3 },
    Array.from({ length: 20 }, () => "a"),
  ),
);
const fields: Fields = {
  id,
  person,
  agency,
  party,
  time,
  count,
  signed,
  percent: range(0, 100),
  money,
  hash,
  bytes8: bytes(8),
  many: bytes(100_000),
  text5: text(5),
  flag,
  colour: oneOf("red", "green"),
  ids3: list(id, 3),
  ids30: list(id, 30, 1),
  pair: object({ b: optional(id), a: count }),
  pairs: list(object({ b: optional(id), a: count }), 4),
  json16: json(16),
  sealed2: sealed({ who: text(10), where: object({ street: text(10), number: optional(count) }) }),
};

describe("arguments read from bytes", () => {
  it("are what a value of them is, field by field", () => {
    for (const [name, field] of Object.entries(fields)) {
      let fitting = 0;
      fc.assert(
        fc.property(fc.oneof({ arbitrary: odd, weight: 9 }, fc.constant(exampleOf({ [name]: field })[name] as Value)), (value) => {
          if (alike({ [name]: field }, { [name]: value })) fitting++;
        }),
        { numRuns: 400 },
      );
      expect(fitting, name).toBeGreaterThan(0);
    }
  });

  it("are all that is declared and nothing else", () => {
    const some: Fields = { a: count, bb: optional(id), c: optional(object({ x: count })), d: optional(flag), e: money };
    const names = fc.constantFrom("a", "bb", "c", "d", "e", "ab", "z", "");
    let fitting = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.uniqueArray(names, { maxLength: 7 }), fc.shuffledSubarray(Object.keys(some))),
        fc.boolean(),
        (present, more) => {
          const values: { [name: string]: Value } = {
            a: 1,
            bb: "x",
            c: more ? { x: 1, y: 2 } : { x: 1 },
            d: true,
            e: 5,
            ab: 1,
            z: 1,
            "": 1,
          };
          if (alike(some, Object.fromEntries(present.map((name) => [name, values[name]!])))) fitting++;
        },
      ),
      { numRuns: 2_000 },
    );
    expect(fitting).toBeGreaterThan(20);
  });

  it("are read of every action, its example as it is and with anything changed in it", () => {
    for (const [name, { action }] of contracts().actions) {
      const input = action.input as Fields;
      const example = { ...exampleOf(input), ...action.options.example } as { [name: string]: Value };
      expect(alike(input, example), name).toBe(true);
      const keys = Object.keys(example);
      if (keys.length === 0) continue;
      fc.assert(
        fc.property(fc.constantFrom(...keys), fc.option(odd, { nil: undefined }), (key, value) => {
          const { [key]: _, ...rest } = example;
          alike(input, value === undefined ? rest : { ...example, [key]: value });
        }),
        { numRuns: 30 },
      );
    }
  });
});
