import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { bucketHash, stateKeyHash, verifyStateProof } from "../../../src/ledger/stateProof.ts";
import { StateTree } from "../../../src/ledger/stateTree.ts";
import { referenceRoot } from "./treeReference.ts";

type Change = readonly [key: Bytes, value: Bytes | undefined];
const NOTHING = new Uint8Array(32);

function apply(tree: StateTree, changes: readonly Change[]): Bytes {
  return tree.apply(concat(...changes.map(([key]) => key)), concat(...changes.map(([, value]) => value ?? NOTHING)), changes.length);
}
function record(model: Map<string, Bytes>, changes: readonly Change[]): void {
  for (const [key, value] of changes)
    if (value === undefined) model.delete(hex(key));
    else model.set(hex(key), value);
}
const hashed = (n: number | string): Bytes => sha256(utf8(String(n)));

/** Keys that meet often: two bytes of prefix out of three, then bits that differ late, so that deep splits and merges are common. */
const crowdedKey = fc
  .tuple(fc.constantFrom("0000", "0001", "ffff"), fc.constantFrom("", "00", "0000000000", "80"), fc.integer({ min: 0, max: 40 }))
  .map(([prefix, middle, n]) => unhex((prefix + middle + hex(hashed(n))).slice(0, 64)));
const change = fc.tuple(crowdedKey, fc.option(fc.nat(1000).map(hashed), { nil: undefined, freq: 3 }));
/** Blocks of changes, no key twice in one. */
const blocks = fc.array(fc.uniqueArray(change, { maxLength: 60, selector: ([key]) => hex(key) }), { maxLength: 8 });

describe("the state tree (§5.2)", () => {
  test("has the root that the specification words, whatever was inserted, changed and deleted before", () => {
    fc.assert(
      fc.property(blocks, (history) => {
        const tree = new StateTree();
        const model = new Map<string, Bytes>();
        for (const block of history) {
          apply(tree, block);
          record(model, block);
          expect(hex(tree.root())).toBe(hex(referenceRoot(model)));
          expect(tree.size).toBe(model.size);
        }
        for (const [key, value] of model) expect(hex(tree.find(unhex(key))!)).toBe(hex(value));
      }),
      { numRuns: 150 },
    );
  });

  test("is what it was after a block is undone, block by block down to the first", () => {
    fc.assert(
      fc.property(blocks, (history) => {
        const tree = new StateTree();
        const undo: { root: Bytes; changes: readonly Change[]; before: Bytes }[] = [];
        for (const block of history) undo.push({ root: tree.root(), changes: block, before: apply(tree, block) });
        for (const { root, changes, before } of undo.reverse()) {
          tree.apply(concat(...changes.map(([key]) => key)), before, changes.length);
          expect(hex(tree.root())).toBe(hex(root));
        }
        expect(tree.size).toBe(0);
        expect(hex(tree.root())).toBe("00".repeat(32));
      }),
      { numRuns: 100 },
    );
  });

  test("proves what stands under a key and that nothing stands under another; a proof fits no other root, key or value", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(change, { minLength: 1, maxLength: 60, selector: ([key]) => hex(key) }),
        crowdedKey,
        fc.nat(),
        (block, other, at) => {
          const tree = new StateTree();
          const filled = block.map(([key, value]): Change => [key, value ?? hashed(0)]);
          apply(tree, filled);
          const root = tree.root();
          for (const [key, value] of filled) {
            const { bucket, siblings } = tree.prove(key);
            const verdict = verifyStateProof(root, key, bucket, siblings);
            expect(verdict.valid && hex(verdict.value!)).toBe(hex(value!));
          }
          const { bucket, siblings } = tree.prove(other);
          const verdict = verifyStateProof(root, other, bucket, siblings);
          const standing = filled.find(([key]) => hex(key) === hex(other));
          expect(verdict).toEqual({ valid: true, value: standing?.[1] });
          const proof = concat(bucket, siblings);
          proof[at % proof.length]! ^= 1 << (at % 8);
          expect(verifyStateProof(root, other, proof.slice(0, bucket.length), proof.slice(bucket.length)).valid).toBe(false);
          expect(verifyStateProof(hashed("another root"), other, bucket, siblings).valid).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("is the same when loaded from its entries as when grown", () => {
    fc.assert(
      fc.property(fc.uniqueArray(change, { maxLength: 200, selector: ([key]) => hex(key) }), (block) => {
        const tree = new StateTree();
        apply(tree, block);
        const copy = new StateTree();
        for (let prefix = 0; prefix < 65_536; prefix += 4_096) copy.load(tree.entries(prefix, prefix + 4_096));
        expect(hex(copy.root())).toBe(hex(tree.root()));
        expect(copy.size).toBe(tree.size);
        const more: Change[] = [[hashed("more"), hashed(1)], ...block.slice(0, 5).map(([key]): Change => [key, undefined])];
        apply(tree, more);
        apply(copy, more);
        expect(hex(copy.root())).toBe(hex(tree.root()));
      }),
      { numRuns: 50 },
    );
  });

  test("is empty when cleared, and then like a new one", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(change, { maxLength: 200, selector: ([key]) => hex(key) }),
        fc.uniqueArray(change, { maxLength: 50, selector: ([key]) => hex(key) }),
        (before, after) => {
          const used = new StateTree();
          apply(used, before);
          used.clear();
          expect(hex(used.root())).toBe(hex(new StateTree().root()));
          expect(used.size).toBe(0);
          for (const [key] of before) expect(used.has(key)).toBe(false);
          const fresh = new StateTree();
          for (const tree of [used, fresh]) apply(tree, after);
          expect(hex(used.root())).toBe(hex(fresh.root()));
          expect(hex(used.entries(0, 65_536))).toBe(hex(fresh.entries(0, 65_536)));
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each([
    ["of one prefix", "abcd"],
    ["that share 17 bits", "c0de00"],
    ["that share 40 bits", "c0de000000"],
    ["that share 17 bits, the last a one", "c0deff"],
  ])("has no memory of keys %s that come one by one and go one by one", (_, prefix) => {
    const tree = new StateTree();
    const model = new Map<string, Bytes>();
    const keys = Array.from({ length: 40 }, (__, n) => unhex((prefix + hex(hashed(n))).slice(0, 64)));
    const steps: Change[] = [...keys.map((key, n): Change => [key, hashed(n)]), ...keys.map((key): Change => [key, undefined])];
    for (const step of steps) {
      apply(tree, [step]);
      record(model, [step]);
      expect(hex(tree.root())).toBe(hex(referenceRoot(model)));
    }
  });

  test("stays itself over many thousand keys that come and go", () => {
    const tree = new StateTree();
    const model = new Map<string, Bytes>();
    for (let round = 0; round < 12; round++) {
      const block: Change[] = [];
      for (let i = 0; i < 2_000; i++) {
        const n = (round * 1_300 + i * 7) % 9_000;
        block.push([hashed(n), (n + round) % 3 === 0 ? undefined : hashed(`${n} ${round}`)]);
      }
      const distinct = [...new Map(block.map((c) => [hex(c[0]), c])).values()];
      apply(tree, distinct);
      record(model, distinct);
    }
    expect(hex(tree.root())).toBe(hex(referenceRoot(model)));
  });
});

describe("the verifier of state proofs (§5.1, §5.2)", () => {
  const tree = new StateTree();
  const crowd = Array.from({ length: 40 }, (_, n): Change => [unhex(`abcd${hex(hashed(n)).slice(4)}`), hashed(n)]);
  apply(tree, crowd);
  const root = tree.root();
  const key = crowd[0]![0];
  const { bucket, siblings } = tree.prove(key);

  test("refuses lengths that are not of the form", () => {
    expect(siblings.length / 32).toBeGreaterThan(16);
    const wrongs: [Bytes, Bytes, Bytes, Bytes][] = [
      [root.slice(1), key, bucket, siblings],
      [root, key.slice(1), bucket, siblings],
      [root, key, bucket.slice(1), siblings],
      [root, key, bucket, siblings.slice(1)],
      [root, key, bucket, siblings.slice(0, 15 * 32)],
      [root, key, bucket, new Uint8Array(257 * 32)],
      [root, key, new Uint8Array(17 * 64), siblings],
    ];
    for (const [r, k, b, s] of wrongs) expect(verifyStateProof(r, k, b, s)).toEqual({ valid: false, reason: "form" });
  });

  test("refuses a bucket that is out of order, holds a key twice, or one of another place", () => {
    const [first, second] = [bucket.slice(0, 64), bucket.slice(64, 128)];
    expect(verifyStateProof(root, key, concat(second, first), siblings)).toEqual({ valid: false, reason: "order" });
    expect(verifyStateProof(root, key, concat(first, first), siblings)).toEqual({ valid: false, reason: "order" });
    expect(verifyStateProof(root, hashed("elsewhere"), bucket, siblings)).toEqual({ valid: false, reason: "prefix" });
  });

  test("refuses an empty bucket for a key that stands, and a node passed off as a bucket", () => {
    expect(verifyStateProof(root, key, new Uint8Array(0), siblings).valid).toBe(false);
    expect(verifyStateProof(root, key, new Uint8Array(0), siblings.slice(32)).valid).toBe(false);
    expect(hex(bucketHash(new Uint8Array(64)))).not.toBe(hex(sha256(new Uint8Array(64))));
  });

  test("separates collections whose names and keys run together", () => {
    expect(hex(stateKeyHash("a/bc", utf8("d")))).not.toBe(hex(stateKeyHash("a/b", utf8("cd"))));
  });
});

interface Vector {
  name: string;
  steps: { set?: [string, string][]; delete?: string[] }[];
  root: string;
  proofs: { key: string; present: boolean; bucket: string; siblings: string }[];
}

describe("vectors of the state tree", () => {
  const { vectors } = JSON.parse(readFileSync(new URL("../../vectors/stateTree.json", import.meta.url), "utf8")) as { vectors: Vector[] };
  test.each(vectors)("$name", ({ steps, root, proofs }) => {
    const tree = new StateTree();
    const model = new Map<string, Bytes>();
    for (const step of steps) {
      const changes: Change[] = [
        ...(step.set ?? []).map(([k, v]): Change => [unhex(k), unhex(v)]),
        ...(step.delete ?? []).map((k): Change => [unhex(k), undefined]),
      ];
      apply(tree, changes);
      record(model, changes);
    }
    expect(hex(tree.root())).toBe(root);
    expect(hex(referenceRoot(model))).toBe(root);
    for (const proof of proofs) {
      const { bucket, siblings } = tree.prove(unhex(proof.key));
      expect([hex(bucket), hex(siblings)]).toEqual([proof.bucket, proof.siblings]);
      const verdict = verifyStateProof(unhex(root), unhex(proof.key), bucket, siblings);
      expect(verdict.valid && verdict.value !== undefined).toBe(proof.present);
    }
  });
  test("there is one for every shape that the specification names", () => {
    expect(vectors.map((v) => v.name)).toEqual([
      "empty",
      "1 key",
      "16 keys of one prefix",
      "17 keys of one prefix",
      "17 keys that share 17 bits",
      "insert, then delete",
      "the same set in another order",
      "60 keys, one changed, one deleted",
    ]);
  });
  test("a deletion leaves no trace: two histories of one set have one root", () => {
    const rootOf = (name: string): string | undefined => vectors.find((v) => v.name === name)?.root;
    expect(rootOf("insert, then delete")).toBe(rootOf("the same set in another order"));
  });
});
