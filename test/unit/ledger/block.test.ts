import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hex, unhex } from "../../../src/base/bytes.ts";
import { encode } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { leafHash, rootOf } from "../../../src/base/merkle.ts";
import {
  decodeReceipt,
  decodeResults,
  dueId,
  encodeLeaf,
  encodeReceipt,
  encodeResults,
  encodeWriteSet,
  leafHashOf,
  leafOfPosition,
  openWriteSet,
  positionOfLeaf,
  TransactionsTree,
  type Write,
  writesRoot,
} from "../../../src/ledger/block.ts";

interface Leaf {
  what: string;
  outcome: 0 | 1 | 2;
  code: string | null;
  flags: string[];
  writes: { collection: string; key: string; row: string }[];
  writesRoot: string;
  receipt: string;
  id: string;
  fullHash: string;
  leaf: string;
  leafHash: string;
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/block.json", import.meta.url), "utf8")) as {
  network: string;
  due: { time: number; height: number; collection: string; key: string; name: string; id: string };
  leaves: Leaf[];
  transactionsRoot: string;
  emptyTransactionsRoot: string;
};
const writeOf = (w: Leaf["writes"][number]): Write => ({ collection: w.collection, key: unhex(w.key), row: unhex(w.row) });

const writes = fc.array(
  fc.record({
    collection: fc.constantFrom("a/b", "evidence/deposit", "x/y"),
    key: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    row: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 6 },
);

describe("§3.4 receipts and the transactions root", () => {
  it.each(vectors.leaves)("has the bytes of the vectors: $what", (v) => {
    const receipt = {
      outcome: v.outcome,
      code: v.code,
      flags: v.flags,
      writes: v.writes.length,
      writesRoot: writesRoot(v.writes.map(writeOf)),
    };
    expect(hex(receipt.writesRoot)).toBe(v.writesRoot);
    expect(hex(encodeReceipt(receipt))).toBe(v.receipt);
    expect(decodeReceipt(unhex(v.receipt))).toEqual(receipt);
    expect(hex(encodeLeaf(unhex(v.id), unhex(v.fullHash), unhex(v.receipt)))).toBe(v.leaf);
    expect(hex(leafHashOf(unhex(v.id), unhex(v.fullHash), unhex(v.receipt)))).toBe(v.leafHash);
  });

  it("has the roots of the vectors, and of the definition", () => {
    const tree = new TransactionsTree();
    expect(hex(tree.root())).toBe(vectors.emptyTransactionsRoot);
    vectors.leaves.forEach((v, i) => expect(tree.push(unhex(v.id), unhex(v.fullHash), unhex(v.receipt))).toBe(i));
    expect(hex(tree.root())).toBe(vectors.transactionsRoot);
    expect(hex(tree.root())).toBe(hex(rootOf(vectors.leaves.map((v) => leafHash(unhex(v.leaf))))));
    const many = new TransactionsTree();
    const hashes = Array.from({ length: 300 }, (_, i) => {
      const id = sha256(encode(i));
      many.push(id, id, encode(i));
      return leafHash(encode([id, id, encode(i)]));
    });
    expect(many.leaves).toBe(300);
    expect(hex(many.root())).toBe(hex(rootOf(hashes)));
  });

  it("commits to collection, key and row of every write, and to their order", () => {
    fc.assert(
      fc.property(writes, (list) => {
        const leaves = list.map((w) => leafHash(encode([w.collection, w.key, sha256(w.row)])));
        expect(hex(writesRoot(list))).toBe(list.length === 0 ? "00".repeat(32) : hex(rootOf(leaves)));
      }),
    );
  });

  it("gives due work an id that begins with the block's time", () => {
    const { time, height, collection, key, name, id } = vectors.due;
    const network = unhex(vectors.network);
    expect(hex(dueId(network, time, height, collection, unhex(key), name))).toBe(id);
    expect(Number.parseInt(id.slice(0, 12), 16)).toBe(time);
    expect(hex(dueId(network, time, height + 1, collection, unhex(key), name))).not.toBe(id);
  });

  it("refuses malformed receipts", () => {
    for (const value of [
      null,
      [],
      [0, null, [], 0],
      [3, null, [], 0, new Uint8Array(32)],
      [0, 1, [], 0, new Uint8Array(32)],
      [0, null, [1], 0, new Uint8Array(32)],
      [0, null, [], -1, new Uint8Array(32)],
      [0, null, [], 0, new Uint8Array(31)],
    ])
      expect(() => decodeReceipt(encode(value)), JSON.stringify(value)).toThrow("receipt.malformed");
  });
});

describe("what is kept of a block", () => {
  it("gives back the results it was given", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            collection: fc.string({ maxLength: 20 }),
            key: fc.uint8Array({ maxLength: 20 }),
            name: fc.string({ maxLength: 10 }),
          }),
          { maxLength: 4 },
        ),
        fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 10 }),
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 50 }),
        (due, positions, receipts) => {
          const results = { due, skipped: positions.sort((a, b) => a - b), receipts: [...due.map(() => new Uint8Array(3)), ...receipts] };
          expect(decodeResults(encodeResults(results))).toEqual(results);
        },
      ),
    );
  });

  it("finds the leaf of each transaction and the transaction of each leaf, over those skipped", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), fc.nat({ max: 3 }), (live, dueCount) => {
        const results = {
          due: Array.from({ length: dueCount }, () => ({ collection: "a/b", key: new Uint8Array(1), name: "n" })),
          skipped: live.flatMap((is, i) => (is ? [] : [i])),
        };
        let leaf = dueCount;
        live.forEach((is, position) => {
          expect(leafOfPosition(results, position)).toBe(is ? leaf : undefined);
          if (is) expect(positionOfLeaf(results, leaf++)).toBe(position);
        });
        for (let i = 0; i < dueCount; i++) expect(positionOfLeaf(results, i)).toBeUndefined();
      }),
    );
  });

  it("gives back each act's writes", () => {
    fc.assert(
      fc.property(fc.array(writes, { maxLength: 8 }), (leaves) => {
        const set = openWriteSet(encodeWriteSet(leaves));
        expect(set.leaves).toBe(leaves.length);
        leaves.forEach((list, i) => expect(set.writesOf(i)).toEqual(list));
        expect(() => set.writesOf(leaves.length)).toThrow("block.malformed");
      }),
    );
  });

  it("answers damage with a code, never with an exception of the language", () => {
    const bytes = encodeWriteSet([
      [{ collection: "a/b", key: new Uint8Array(3), row: new Uint8Array(9) }],
      [],
      [{ collection: "c/d", key: new Uint8Array(3), row: new Uint8Array(9) }],
    ]);
    const results = encodeResults({
      due: [{ collection: "a/b", key: new Uint8Array(2), name: "n" }],
      skipped: [1, 5],
      receipts: [new Uint8Array(4), new Uint8Array(40)],
    });
    const readAll = (b: Uint8Array): void => {
      const set = openWriteSet(b);
      for (let i = 0; i < set.leaves; i++) set.writesOf(i);
    };
    for (const [good, read] of [[bytes, readAll] as const, [results, decodeResults] as const])
      for (let at = 0; at < good.length; at++)
        for (const flip of [1, 0x80, 0xff]) {
          const bad = good.slice();
          bad[at]! ^= flip;
          try {
            read(bad);
          } catch (error) {
            expect((error as Error).name).toBe("LedgerError");
          }
        }
  });
});
