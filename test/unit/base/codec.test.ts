import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Packr, Unpackr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { hex, unhex } from "../../../src/base/bytes.ts";
import { compareText, decode, encode, scan, type Value } from "../../../src/base/codec.ts";
import * as plain from "../../../src/base/codecBrowser.ts";
import * as fast from "../../../src/base/codecNode.ts";

/** A tenth in the quick run. */
const runs = (count: number): number => (process.env["CHANCERY_QUICK"] === "1" ? count / 10 : count);
interface Vectors {
  accept: { what: string; json: unknown; hex: string }[];
  refuse: { what: string; hex: string; reason: string }[];
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/codec.json", import.meta.url), "utf8")) as Vectors;

/** Vectors write bytes as {"bytes": hex} and wide integers as {"integer": decimal}. */
function fromJson(json: unknown): Value {
  if (Array.isArray(json)) return json.map(fromJson);
  if (json !== null && typeof json === "object") {
    const map = json as Record<string, unknown>;
    if (typeof map["bytes"] === "string") return unhex(map["bytes"]);
    if (typeof map["integer"] === "string") return BigInt(map["integer"]);
    return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, fromJson(v)]));
  }
  return json as Value;
}

describe("§1.1 canonical MessagePack", () => {
  it.each(vectors.accept)("encodes and reads: $what", ({ json, hex: expected }) => {
    const value = fromJson(json);
    expect(hex(encode(value))).toBe(expected);
    expect(hex(encode(decode(unhex(expected))))).toBe(expected);
    expect(scan(unhex(expected), 0, expected.length / 2)).toBe(expected.length / 2);
  });

  it("writes a text whole wherever the encoder's buffer ends", () => {
    // The buffer begins with 64 KiB and doubles.
    for (const end of [1 << 16, 1 << 17, 1 << 18])
      for (let before = end - 100; before <= end; before++) {
        // One text only: a longer one behind it would make the buffer grow before the first comes to its end.
        const [bytes, text] = decode(encode([new Uint8Array(before), "a text of 23 characters"])) as [Uint8Array, string];
        expect([bytes.length, text]).toEqual([before, "a text of 23 characters"]);
      }
  });

  it.each(vectors.refuse)("refuses: $what", ({ hex: bytes, reason }) => {
    expect(() => decode(unhex(bytes))).toThrow(`codec.${reason}`);
    if (reason !== "trailing") expect(() => scan(unhex(bytes), 0, bytes.length / 2)).toThrow(`codec.${reason}`);
  });

  it("refuses what no canonical bytes exist for", () => {
    for (const value of [1.5, Number.NaN, 2 ** 53, 1n << 64n, -(1n << 63n) - 1n, "\ud800", undefined, { ["__proto__"]: 1, constructor: 2 }])
      expect(() => encode(value as Value), String(value)).toThrow(/codec\./);
    let deep: Value = 0;
    for (let i = 0; i < 17; i++) deep = [deep];
    expect(() => encode(deep)).toThrow("codec.depth");
  });

  const leaf = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
  );
  const key = fc.string({ unit: "grapheme", maxLength: 40 }).filter((k) => !["__proto__", "constructor", "prototype"].includes(k));
  const value = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      leaf,
      fc.array(tie("value"), { maxLength: 20 }),
      fc.dictionary(key, tie("value"), { maxKeys: 20 }),
    ) as fc.Arbitrary<Value>,
  })).value;

  it("reads back what it wrote, and the scanner agrees where it ends", () => {
    fc.assert(
      fc.property(value, (v) => {
        const bytes = encode(v);
        expect(hex(encode(decode(bytes)))).toBe(hex(bytes));
        expect(scan(bytes, 0, bytes.length)).toBe(bytes.length);
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("accepts exactly the bytes that encoding the result would give, whatever is flipped", () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat({ max: 255 }), (v, position, byte) => {
        const bytes = encode(v);
        bytes[position % bytes.length] = byte;
        let read: Value;
        try {
          read = decode(bytes);
        } catch {
          expect(() => {
            if (scan(bytes, 0, bytes.length) !== bytes.length) throw new RangeError("trailing");
          }).toThrow();
          return;
        }
        expect(hex(encode(read))).toBe(hex(bytes));
        expect(scan(bytes, 0, bytes.length)).toBe(bytes.length);
      }),
      { numRuns: runs(5_000) },
    );
  });

  it("never throws anything but its own codes on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/LedgerError: codec\./);
        }
      }),
      { numRuns: runs(5_000) },
    );
  });

  it("stands twice, and both say the same of every value and of every falsified byte, offset included", () => {
    const said = (act: () => unknown): string => {
      try {
        const result = act();
        return result instanceof Uint8Array ? hex(result) : hex(fast.encode(result as Value));
      } catch (error) {
        return String(error);
      }
    };
    const alike = (bytes: Uint8Array): void => {
      expect(said(() => plain.decode(bytes))).toBe(said(() => fast.decode(bytes)));
      expect(said(() => plain.scan(bytes, 0, bytes.length))).toBe(said(() => fast.scan(bytes, 0, bytes.length)));
      expect(said(() => [plain.decodeFirst(bytes, 0), plain.decodedEnd()])).toBe(
        said(() => [fast.decodeFirst(bytes, 0), fast.decodedEnd()]),
      );
    };
    for (const { hex: bytes } of [...vectors.accept, ...vectors.refuse]) alike(unhex(bytes));
    // A map like the one before is read by that one's keys: every byte falsified, every length cut.
    const before = fast.encode({ amount: 1, payee: { id: "a" }, payer: "b" });
    for (let i = 0; i <= before.length; i++) {
      fast.decode(before);
      alike(before.slice(0, i));
      for (let byte = 0; byte < 256 && i < before.length; byte++) {
        fast.decode(before);
        alike(before.map((b, at) => (at === i ? byte : b)));
      }
    }
    for (const edge of [
      0n,
      31n,
      32n,
      127n,
      128n,
      255n,
      256n,
      65_535n,
      65_536n,
      1n << 31n,
      1n << 32n,
      1n << 53n,
      1n << 63n,
      (1n << 64n) - 1n,
    ])
      for (const n of [edge - 1n, edge, edge + 1n, -edge - 1n, -edge, -edge + 1n])
        expect(
          said(() => plain.encode(n)),
          String(n),
        ).toBe(said(() => fast.encode(n)));
    for (const wrong of [
      1.5,
      -0,
      2 ** 53,
      "\ud800",
      undefined,
      [undefined],
      { ["k".repeat(256)]: 1 },
      { ["é".repeat(128)]: 1 },
      { prototype: 1 },
    ])
      expect(said(() => plain.encode(wrong as Value))).toBe(said(() => fast.encode(wrong as Value)));
    fc.assert(
      fc.property(value, fc.nat(), fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 100 }), (v, position, byte, random) => {
        const bytes = fast.encode(v);
        expect(hex(plain.encode(v))).toBe(hex(bytes));
        alike(bytes);
        bytes[position % bytes.length] = byte;
        alike(bytes);
        alike(bytes.subarray(0, position % bytes.length));
        alike(random);
      }),
      { numRuns: runs(800) },
    );
  });

  it("is read alike by msgpackr", () => {
    const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "auto" as "bigint" });
    fc.assert(
      fc.property(value, (v) => {
        const other = unpackr.unpack(Buffer.from(encode(v))) as Value;
        expect(hex(encode(other))).toBe(hex(encode(v)));
      }),
      { numRuns: runs(1_000) },
    );
    // and why the encoder is ours: msgpackr writes a millisecond time as a float
    expect(new Packr({ useRecords: false }).pack(1_795_330_510_412)[0]).toBe(0xcb);
  });

  it("orders texts by their UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 8 }), fc.string({ unit: "binary", maxLength: 8 }), (a, b) => {
        if (!a.isWellFormed() || !b.isWellFormed()) return;
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: runs(3_000) },
    );
    expect(compareText("\uffff", "\u{10000}")).toBeLessThan(0);
  });
});
