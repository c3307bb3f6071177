// Sealed fields: the chain holds a root and a count, whoever holds the fields can show any of them (docs/protocol.md §7; cryptography.md §2 and its mistakes 14, 15).

import { describe, expect, it } from "vitest";
import { hex } from "../../../../src/base/bytes.ts";
import { decode } from "../../../../src/base/codec.ts";
import { inclusionPath, leafHash } from "../../../../src/base/merkle.ts";
import { count, each, id, money, object, optional, text } from "../../../../src/contracts/engine/index.ts";
import { leafCount, seal, sealedLeaves, sealedSchema, type Sealing, shownFields } from "../../../../src/contracts/engine/sealed.ts";

const network = new Uint8Array(32);
const secret = new Uint8Array(32).fill(7);
const schema = sealedSchema("credentials/certificate", "holder", 1);
const fields = { name: text(100), born: count, degree: optional(id) };
const sealing: Sealing = { network, secret, schema, fields, values: { name: "Nguyễn Văn A", born: 19_990_131 } };

const shownOf = (s: Sealing, indexes: readonly number[]) => {
  const leaves = sealedLeaves(s);
  const hashes = leaves.map(leafHash);
  return indexes.map((i) => ({ bytes: leaves[i]!, path: inclusionPath(hashes, i) }));
};

describe("sealing", () => {
  it("gives the root and salt of the specification", () => {
    const [, , , , salt] = decode(sealedLeaves(sealing)[0]!) as [string, string, number, string, Uint8Array];
    expect(hex(salt)).toMatch(/^3c370024.*f5d35301$/);
    expect(seal(sealing)).toMatchObject({ size: 3 });
    expect(hex(seal(sealing).root)).toBe("576ff897bf363fe47d69b118d93b3460fd8a0e2c35c9f2830e4ef077468a6048");
  });

  it("has as many leaves as the schema, whatever is absent", () => {
    const wide = { a: optional(id), b: optional(object({ c: optional(count), d: text(5) })), e: optional(each(id, 3)), f: optional(money) };
    expect(leafCount(wide)).toBe(1 + 2 + 4 + 1);
    const some = { a: "x", b: { d: "y" }, e: ["p", "q"], f: 5n };
    const paths = (values: object): string[] =>
      sealedLeaves({ ...sealing, fields: wide, values: values }).map((leaf) => (decode(leaf) as readonly string[])[3]!);
    const expected = ["a", "b/c", "b/d", "e/length", "e/0", "e/1", "e/2", "f"];
    for (let presence = 0; presence < 16; presence++) {
      const values = Object.fromEntries(Object.entries(some).filter((_, i) => (presence >> i) & 1));
      expect(paths(values)).toEqual(expected);
    }
  });

  it("changes every leaf with the secret, and one leaf with one value", () => {
    const other = sealedLeaves({ ...sealing, secret: new Uint8Array(32).fill(8) }).map(hex);
    const corrected = sealedLeaves({ ...sealing, values: { ...sealing.values, born: 19_990_201 } }).map(hex);
    const base = sealedLeaves(sealing).map(hex);
    expect(base.filter((leaf, i) => leaf === other[i])).toEqual([]);
    expect(base.map((leaf, i) => leaf === corrected[i])).toEqual([true, false, true]);
    expect(() => seal({ ...sealing, secret: new Uint8Array(31) })).toThrow("sealed.secret");
  });
});

describe("showing", () => {
  const sealed = seal(sealing);
  it("some fields proves these and no others", () => {
    expect(shownFields(schema, sealed, shownOf(sealing, [0, 2]))).toEqual([
      { index: 0, path: "name", value: "Nguyễn Văn A" },
      { index: 2, path: "degree", value: null },
    ]);
    expect(shownFields(schema, sealed, [])).toEqual([]);
  });

  it("fails for another schema, root, count, order or salt", () => {
    const shown = shownOf(sealing, [0, 1]);
    const fails = (code: string, run: () => unknown): void => expect(run).toThrow(`sealed.${code}`);
    fails("other_schema", () => shownFields(sealedSchema("credentials/certificate", "holder", 2), sealed, shown));
    fails("not_under_root", () => shownFields(schema, { ...sealed, root: new Uint8Array(32) }, shown));
    fails("not_under_root", () => shownFields(schema, { ...sealed, size: 5 }, shownOf(sealing, [2])));
    fails("order", () => shownFields(schema, sealed, shown.toReversed()));
    fails("order", () => shownFields(schema, sealed, [shown[0]!, shown[0]!]));
    fails("not_under_root", () => shownFields(schema, sealed, shownOf({ ...sealing, secret: new Uint8Array(32) }, [0])));
    fails("not_under_root", () => shownFields(schema, sealed, [{ bytes: shown[0]!.bytes, path: [new Uint8Array(31)] }]));
    expect(() => shownFields(schema, sealed, [{ bytes: Uint8Array.of(0xff), path: [] }])).toThrow();
  });
});
