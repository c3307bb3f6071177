// What a field takes and refuses is consensus: vectors pin it, properties hold the JSON forms to the same answers (§8).

import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hex, unhex } from "../../../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../../../src/base/codec.ts";
import { exampleOf } from "../../../../src/contracts/engine/example.ts";
import {
  agency,
  bytes,
  count,
  each,
  type Field,
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
import { fromJson, toJson, valueToJson, whyNot } from "../../../../src/contracts/engine/json.ts";
import { filler, measure, misfit, normaliser } from "../../../../src/contracts/engine/normalise.ts";

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
  text5: text(5),
  text2to3: text(3, 2),
  flag,
  colour: oneOf("red", "green"),
  ids3: list(id, 3),
  ids1to2: list(id, 2, 1),
  pair: object({ b: optional(id), a: count }),
  pairs: list(object({ b: optional(id), a: count }), 4),
  json16: json(16),
  sealed2: sealed({ who: text(10), where: object({ street: text(10), number: optional(count) }) }),
};

function accepted(field: Field, value: unknown): unknown {
  try {
    return { value: normaliser(field)(value, true) };
  } catch (error) {
    if (error === misfit) return undefined;
    throw error;
  }
}

const vectors = JSON.parse(readFileSync(new URL("../../../vectors/contracts/fields.json", import.meta.url), "utf8")) as {
  field: string;
  value: string;
  accepted: boolean;
  note?: string;
}[];

describe("fields", () => {
  it.each(vectors.map((v) => [`${v.accepted ? "takes" : "refuses"} ${v.field} ${v.value.slice(0, 40)} ${v.note ?? ""}`, v] as const))(
    "%s",
    (_, vector) => {
      const value = decode(unhex(vector.value));
      const result = accepted(fields[vector.field]!, value);
      expect(result !== undefined).toBe(vector.accepted);
      // What was taken has the same canonical bytes: normalising changes the form in memory only.
      if (vector.accepted) expect(hex(encode((result as { value: Value }).value))).toBe(vector.value);
    },
  );

  it("cover every word", () => {
    expect(new Set(vectors.map(({ field }) => field))).toEqual(new Set(Object.keys(fields)));
  });

  it("are normalised whatever they came from: order of keys, −0, small money, Buffers, undefined", () => {
    const body = { z: money, a: object({ y: count, x: optional(count) }), n: signed, b: bytes(4) };
    const out = filler(body)({}, { b: Buffer.from([1, 2]), n: -0, a: { x: undefined, y: -0 }, z: 5 }, true);
    expect(Object.keys(out)).toEqual(["a", "b", "n", "z"]);
    expect(Object.keys(out["a"] as object)).toEqual(["y"]);
    expect(Object.is(out["n"], 0)).toBe(true);
    expect(out["z"]).toBe(5n);
    expect((out["b"] as object).constructor).toBe(Uint8Array);
    expect(() => filler({ t: text(5) })({}, { t: "\ud800" }, true)).toThrow();
  });

  it("that are numbers take no fraction, no NaN, no infinity, from a handler either", () => {
    for (const n of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      for (const field of [count, signed, time, money, json(64)]) expect(accepted(field, n)).toBeUndefined();
    for (const value of [Symbol("x"), () => 1, undefined])
      for (const field of Object.values(fields)) expect(accepted(field, value)).toBeUndefined();
  });

  it("count nodes and bytes for the work of an operation", () => {
    measure.nodes = 0;
    measure.bytes = 0;
    filler({ a: list(text(10), 10), b: hash })({}, { a: ["12345", "1"], b: new Uint8Array(32) }, false);
    expect(measure).toEqual({ nodes: 5, bytes: 38 });
  });

  it("have examples that fit", () => {
    const body = { ...fields, deep: sealed({ names: each(text(5), 3) }) };
    expect(whyNot(body, exampleOf(body) as Value)).toEqual([]);
  });
});

// ── any value of any shape: canonical form and JSON agree ───────────────────────────────────────────────────────────────────────────
const anything = fc.jsonValue({ maxDepth: 3 });
const good: Record<string, fc.Arbitrary<unknown>> = {
  money: fc.bigInt(0n, (1n << 63n) - 1n),
  hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  bytes8: fc.uint8Array({ maxLength: 8 }),
  text5: fc.string({ unit: "binary", maxLength: 5 }),
  pair: fc.record({ a: fc.maxSafeNat(), b: fc.constantFrom("x", "y") }, { requiredKeys: ["a"] }),
  ids3: fc.array(fc.constantFrom("a", "b.c"), { maxLength: 3 }),
  signed: fc.maxSafeInteger(),
  json16: fc.constantFrom(null, true, 5, "x", [1, 2], { a: 1 }),
};

describe("JSON forms", () => {
  it("go there and back", () => {
    for (const [name, values] of Object.entries(good))
      fc.assert(
        fc.property(values, (value) => {
          const field = { [name]: fields[name]! };
          const normal = filler(field)({}, { [name]: value }, true);
          const there = JSON.parse(JSON.stringify(toJson(field, normal)));
          const back = fromJson(field, there);
          expect(back.errors).toEqual([]);
          expect(hex(encode(back.value))).toBe(hex(encode(normal as Value)));
        }),
        { numRuns: 100 },
      );
  });

  it("accept exactly what the one judge accepts", () => {
    for (const [name, field] of Object.entries(fields))
      fc.assert(
        fc.property(anything, (given) => {
          const { value, errors } = fromJson({ [name]: field }, { [name]: given });
          if (errors.length === 0) expect(accepted(field, value[name])).toBeDefined();
          else
            for (const error of errors)
              expect(error.pointer.startsWith(`/${name}`) && error.fix !== "" && error.expected !== "").toBe(true);
        }),
        { numRuns: 50 },
      );
  });

  it("say where, what was expected, what came, and what to do", () => {
    const body = {
      moves: list(object({ from: party, parts: range(1, 1_000_000) }), 4),
      price: money,
      deed: hash,
      kind: oneOf("sale", "gift"),
    };
    const { errors } = fromJson(
      body,
      { moves: [{ from: "Carl", parts: "250" }], price: 12_000, deed: "XY", kind: "sael", prise: 1 },
      "/args",
    );
    expect(errors).toEqual([
      {
        pointer: "/args/moves/0/from",
        expected: "party of 2 … 64 characters",
        got: '"Carl"',
        fix: 'send an organisation\'s id, or a pseudonym ("p:…"), device ("d:…") or company ("c:…")',
      },
      { pointer: "/args/moves/0/parts", expected: "an integer 1 … 1000000", got: '"250"', fix: "send 250 without quotes" },
      {
        pointer: "/args/price",
        expected: "an amount 0 … 9223372036854775807 as decimal text",
        got: "12000",
        fix: 'send "12000" with quotes',
      },
      { pointer: "/args/deed", expected: "32 bytes in hex", got: '"XY"', fix: "send lowercase hex" },
      { pointer: "/args/kind", expected: "one of sale, gift", got: '"sael"', fix: 'did you mean "sale"?' },
      { pointer: "/args/prise", expected: "nothing of this name", got: "1", fix: 'did you mean "price"?' },
    ]);
  });

  it("name what is missing, and survive names of JavaScript's own", () => {
    expect(fromJson({ a: count }, {}).errors[0]).toMatchObject({ pointer: "/a", got: "nothing", fix: 'add "a"' });
    expect(fromJson({ a: count }, []).errors[0]).toMatchObject({ pointer: "", expected: "an object" });
    expect(fromJson({ a: count }, JSON.parse('{"a":1,"__proto__":{"x":1},"constructor":2}')).errors.map(({ pointer }) => pointer)).toEqual([
      "/__proto__",
      "/constructor",
    ]);
    expect(fromJson({ a: optional(count) }, { "a/b~c": 1 }).errors[0]?.pointer).toBe("/a~1b~0c");
  });

  it("explain canonical arguments too", () => {
    expect(whyNot({ a: money, b: hash }, { a: 5, b: new Uint8Array(32) })).toEqual([]);
    expect(whyNot({ a: money, b: hash }, { a: -5, b: new Uint8Array(3) }).map(({ pointer }) => pointer)).toEqual(["/a", "/b"]);
    expect(whyNot({ a: text(9) }, { a: new Uint8Array(2) })).toHaveLength(1); // bytes where text belongs: hex of them would fit
    expect(valueToJson(money.shape, 5n)).toBe("5");
  });
});
