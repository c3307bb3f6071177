import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, latin1, utf8 } from "../../../src/base/bytes.ts";
import type { StoredRow } from "../../../src/contracts/engine/registry.ts";
import { type BaseState, Overlay } from "../../../src/ledger/overlay.ts";
import { RowCache } from "../../../src/ledger/rowCache.ts";
import { SortedEntries } from "../../../src/ledger/sortedEntries.ts";

/** A row is its entries: "b,c" stands in the index under b and c. */
const row = (text: string): StoredRow => ({ bytes: utf8(text) });
const entriesOf = (key: Bytes, { bytes }: StoredRow): string[] =>
  bytes.length === 0 ? [] : [...new Set(latin1(bytes).split(","))].map((part) => `${part}/${latin1(key)}`);
const index = { memoryIndex: (_: string, key: Bytes, stored: StoredRow) => entriesOf(key, stored) };

class Base implements BaseState {
  readonly rows = new Map<string, StoredRow>();
  readonly entries = new SortedEntries();
  find(collection: string, _key: Bytes, keyText: string) {
    return { row: this.rows.get(collection + keyText), keyHash: undefined };
  }
}

const names = ["a", "b", "c", "d"];
const put = fc.record({
  kind: fc.constant("put" as const),
  key: fc.constantFrom(...names),
  text: fc.array(fc.constantFrom("p", "q", "qq", "r"), { maxLength: 3 }).map((parts) => parts.join(",")),
});
const step = fc.oneof(
  { weight: 5, arbitrary: put },
  { weight: 1, arbitrary: fc.constant({ kind: "begin" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "merge" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "discard" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "block" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "commit" as const }) },
);

describe("layers of the state (§3)", () => {
  test("read like one map however they are stacked, merged, dropped and committed; the index follows", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 6 }), (steps, limit) => {
        const base = new Base();
        // Blocks from the oldest uncommitted to the one being executed, then the transaction's layer if one is open; a model map for each.
        let blocks = [Overlay.over(base, index, undefined)];
        let models = [new Map<string, string>()];
        let layer: Overlay | undefined;
        let layerModel = new Map<string, string>();
        for (const s of steps) {
          const top = layer ?? blocks.at(-1)!;
          if (s.kind === "put") {
            top.put("x/y", utf8(s.key), row(s.text));
            (layer === undefined ? models.at(-1)! : layerModel).set(s.key, s.text);
          } else if (s.kind === "begin" && layer === undefined) {
            layer = blocks.at(-1)!.layer();
            layerModel = new Map(models.at(-1));
          } else if (s.kind === "merge" && layer !== undefined) {
            blocks.at(-1)!.merge(layer);
            models[models.length - 1] = layerModel;
            layer = undefined;
          } else if (s.kind === "discard") layer = undefined;
          else if (s.kind === "block" && layer === undefined) {
            blocks = [...blocks, Overlay.over(base, index, blocks.at(-1))];
            models = [...models, new Map(models.at(-1))];
          } else if (s.kind === "commit" && blocks.length > 1) {
            const [first, ...rest] = blocks as [Overlay, ...Overlay[]];
            for (const w of first.writes) base.rows.set(w.collection + w.keyText, w.row);
            for (const e of first.removed) expect(base.entries.delete(e)).toBe(true);
            for (const e of first.added) expect(base.entries.add(e)).toBe(true);
            rest[0]!.detach();
            blocks = rest;
            models = models.slice(1);
          }
          const model = layer === undefined ? models.at(-1)! : layerModel;
          const view = layer ?? blocks.at(-1)!;
          for (const name of names) expect(view.get("x/y", utf8(name)) && latin1(view.get("x/y", utf8(name))!.bytes)).toBe(model.get(name));
          const all = [...model].flatMap(([key, text]) => entriesOf(utf8(key), row(text))).sort();
          for (const prefix of ["", "p", "q", "q/", "z"]) {
            const matching = all.filter((e) => e.startsWith(prefix));
            expect(view.entries(prefix, 100)).toEqual(matching);
            expect(view.entries(prefix, limit)).toEqual(matching.slice(0, limit));
            for (const after of ["", "p/b", "q", "q/c"])
              expect(view.entries(prefix, limit, after)).toEqual(matching.filter((e) => e > after).slice(0, limit));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a discarded layer leaves no trace", () => {
    const base = new Base();
    const block = Overlay.over(base, index, undefined);
    block.put("x/y", utf8("a"), row("p"));
    const layer = block.layer();
    layer.put("x/y", utf8("a"), row("q"));
    layer.put("x/y", utf8("b"), row("r"));
    expect(layer.entries("", 9)).toEqual(["q/a", "r/b"]);
    expect(block.entries("", 9)).toEqual(["p/a"]);
    expect(block.writes.map((w) => w.keyText)).toEqual(["a"]);
    expect(block.get("x/y", utf8("b"))).toBeUndefined();
  });

  test("a layer is merged only into the one it was made over", () => {
    const base = new Base();
    const other = Overlay.over(base, index, undefined).layer();
    expect(() => Overlay.over(base, index, undefined).merge(other)).toThrow("bug.assertion");
  });

  test("a row keeps what stood before the block, however often the block writes it, and the order of first writing", () => {
    const base = new Base();
    base.rows.set("x/yb", row("old"));
    base.entries.add("old/b");
    const block = Overlay.over(base, index, undefined);
    for (const [key, text] of [
      ["a", "p"],
      ["b", "q"],
      ["a", "r"],
      ["b", "s"],
    ] as const) {
      const layer = block.layer();
      layer.put("x/y", utf8(key), row(text));
      block.merge(layer);
    }
    expect(block.writes.map((w) => [w.keyText, w.before && latin1(w.before.bytes), latin1(w.row.bytes)])).toEqual([
      ["a", undefined, "r"],
      ["b", "old", "s"],
    ]);
    expect([...block.added, ...block.removed]).toEqual(["r/a", "s/b", "old/b"]);
    expect(block.touches("x")).toBe(true);
    expect(block.touches("x/")).toBe(false);
  });
});

describe("sorted entries", () => {
  test("are a sorted set, however many come and go", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(3_000)), { maxLength: 3_000, minLength: 1_500 }), (changes) => {
        const set = new SortedEntries();
        const model = new Set<string>();
        for (const [add, n] of changes) {
          const text = n.toString(7);
          if (add) {
            expect(set.add(text)).toBe(!model.has(text));
            model.add(text);
          } else expect(set.delete(text)).toBe(model.delete(text));
        }
        const sorted = [...model].sort();
        expect([...set]).toEqual(sorted);
        expect(set.size).toBe(model.size);
        expect([...SortedEntries.of(sorted)]).toEqual(sorted);
        for (const n of [0, 5, 700, 2_999]) {
          const text = n.toString(7);
          expect(set.has(text)).toBe(model.has(text));
          expect(set.cursor(text, false).entry).toBe(sorted.find((e) => e >= text));
          expect(set.cursor(text, true).entry).toBe(sorted.find((e) => e > text));
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("the cache of rows", () => {
  test("keeps what is used and at most twice its limit", () => {
    const cache = new RowCache(100);
    cache.set("c", "hot", row("hot"));
    for (let i = 0; i < 1_000; i++) {
      cache.set("c", `cold ${i}`, row("cold"));
      expect(cache.get("c", "hot")).toBeDefined();
    }
    expect(
      Array.from({ length: 1_000 }, (_, i) => cache.get("c", `cold ${999 - i}`)).filter((r) => r !== undefined).length,
    ).toBeLessThanOrEqual(200);
    cache.set("c", "hot", row("new"));
    expect(latin1(cache.get("c", "hot")!.bytes)).toBe("new");
    cache.clear();
    expect(cache.get("c", "hot")).toBeUndefined();
  });
});
