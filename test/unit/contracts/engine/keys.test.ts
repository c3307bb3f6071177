// Keys: the order of the bytes is the order of the values, and no two keys collide (§8).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBytes, hex, unlatin1 } from "../../../../src/base/bytes.ts";
import { compareText } from "../../../../src/base/codec.ts";
import { isLedgerError } from "../../../../src/base/errors.ts";
import { bytes, count, type Field, flag, hash, id, money, oneOf, signed, text } from "../../../../src/contracts/engine/fields.ts";
import {
  decodeInteger,
  encodeInteger,
  encodePart,
  encodeParts,
  keyFromText,
  partsEnd,
  writtenParts,
} from "../../../../src/contracts/engine/keys.ts";

const order = (a: string, b: string): number => Math.sign(compareBytes(unlatin1(a), unlatin1(b)));
const part = (field: Field<any>, value: unknown): string => encodePart(field.shape, value)!;
const anyText = fc.string({ unit: "binary", maxLength: 12 }).filter((s) => s.isWellFormed());

describe("parts of keys", () => {
  it("have these bytes", () => {
    expect(
      [
        part(id, "ab"),
        part(text(9), "a\0é"),
        part(hash, Uint8Array.of(0, 1)),
        part(count, 1),
        part(signed, -1),
        part(money, 5n),
        part(flag, true),
      ].map((k) => hex(unlatin1(k))),
    ).toEqual(["61620000", "6100ffc3a90000", "00ff010000", "8000000000000001", "7fffffffffffffff", "8000000000000005", "8000000000000001"]);
  });

  it("compare as integers do", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        expect(order(encodeInteger(a), encodeInteger(b))).toBe(Math.sign(a - b));
        expect(decodeInteger(encodeInteger(a), 0)).toBe(a);
      }),
    );
    for (const n of [0, -1, 2 ** 32, -(2 ** 32), 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
      expect(decodeInteger(encodeInteger(n), 0)).toBe(n);
  });

  it("compare as texts do by their UTF-8 bytes, a prefix first, zeros within", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(order(part(text(12), a), part(text(12), b))).toBe(Math.sign(compareText(a, b)));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4, max: 2 }), fc.uint8Array({ maxLength: 4, max: 2 }), (a, b) => {
        expect(order(part(bytes(4), a), part(bytes(4), b))).toBe(Math.sign(compareBytes(a, b)));
      }),
    );
  });

  it("compare part by part, and never collide across parts", () => {
    const shapes = [text(12).shape, count.shape, text(12).shape];
    const key = fc.tuple(anyText, fc.nat(300), anyText);
    fc.assert(
      fc.property(key, key, (a, b) => {
        const expected = compareText(a[0], b[0]) || a[1] - b[1] || compareText(a[2], b[2]);
        expect(order(encodeParts(shapes, a)!, encodeParts(shapes, b)!)).toBe(Math.sign(expected));
      }),
    );
  });

  it("can be told apart again, and written", () => {
    const fields = [text(12), signed, bytes(8), money, oneOf("a", "b"), flag];
    const shapes = fields.map(({ shape }) => shape);
    const names = ["t", "s", "b", "m", "o", "f"];
    fc.assert(
      fc.property(
        anyText,
        fc.maxSafeInteger(),
        fc.uint8Array({ maxLength: 8 }),
        fc.bigInt(0n, (1n << 63n) - 1n),
        fc.boolean(),
        (t, s, b, m, f) => {
          const key = encodeParts(shapes, [t, s, b, m, "a", f])!;
          expect(partsEnd(shapes, `${key}rest`, 0)).toBe(key.length);
          const written = writtenParts(shapes, key);
          expect(written).toEqual([t, String(s), hex(b), String(m), "a", String(f)]);
          expect(keyFromText(names, fields, written)).toBe(key);
        },
      ),
    );
  });

  it("refuse values of other types: a handler's mistake is a fault, not another key", () => {
    for (const [field, value] of [
      [id, 5],
      [count, "5"],
      [count, 0.5],
      [money, 5],
      [hash, "ab"],
      [text(5), "\ud800"],
      [flag, 1],
    ] as const)
      expect(encodePart((field as Field<any>).shape, value)).toBeUndefined();
  });

  it("written wrongly say so", () => {
    const refused = (parts: string[]): boolean => {
      try {
        keyFromText(["n", "h"], [count, hash], parts);
        return false;
      } catch (error) {
        return isLedgerError(error, "request.invalid");
      }
    };
    expect([["1"], ["x", "ab"], ["01", "ab"], ["1", "AB"], ["1e3", "ab"], ["1", "a"], ["99999999999999999", "ab"]].map(refused)).toEqual(
      Array(7).fill(true),
    );
    expect(refused(["1", "ab"])).toBe(false);
  });
});
