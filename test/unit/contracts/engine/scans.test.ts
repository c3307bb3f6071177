// Scans see what the transaction wrote, in key order, as if it stood in the state already (§8): held against a plain list.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyone, contract, count, id, json, optional, record, type Tx } from "../../../../src/contracts/engine/index.ts";
import { plainRights, scenario } from "../scenario.ts";

const items = record("item", {
  title: "An item",
  key: ["group", "item"],
  fields: { group: id, item: count, rank: optional(count), name: id },
  unique: ["name"],
  ordered: ["group", "rank"],
  scan: true,
});
const shelf = contract("shelf", { title: "Shelf", purpose: "P.", records: [items], roles: { a: "" }, rules: { x: "X." } });
let does: (tx: Tx) => void = () => {};
const run = shelf.action({ title: "Run", by: anyone, input: { steps: optional(json(10)) }, work: 10_000, run: (tx) => does(tx) });
const open = () => scenario({ modules: [{ default: shelf, run } as { default: typeof shelf }], resolver: plainRights({}), found() {} });

interface Item {
  readonly group: string;
  readonly item: number;
  readonly rank: number | undefined;
}
const step = fc.record({
  group: fc.constantFrom("a", "b", "ab"),
  item: fc.constantFrom(0, 1, 9, 10, 256),
  rank: fc.option(fc.constantFrom(0, 1, 2, 300), { nil: undefined }),
});
const compare = (a: Item, b: Item): number => (a.group < b.group ? -1 : a.group > b.group ? 1 : a.item - b.item);

describe("scans", () => {
  it("within a transaction and after it are those of a plain list, page by page", () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 4 }), fc.integer({ min: 1, max: 4 }), (transactions, limit) => {
        const town = open();
        const model = new Map<string, Item>();
        const scanned = (tx: Tx, group: string): number[] => {
          const out: number[] = [];
          for (let after: Uint8Array | undefined; ; ) {
            const page = tx.scan(items, [group], limit, after);
            out.push(...page.map(({ item }) => item));
            if (page.length < limit) return out;
            after = page.at(-1)!.$.key;
          }
        };
        const ranked = (tx: Tx, group: string): number[] => {
          const out: number[] = [];
          for (let after: ReturnType<typeof tx.ordered<typeof items>>[number] | undefined; ; ) {
            const page = tx.ordered(items, [group], limit, after);
            out.push(...page.map(({ item }) => item));
            if (page.length < limit) return out;
            after = page.at(-1);
          }
        };
        const check = (tx: Tx): void => {
          for (const group of ["a", "b", "ab", "c"]) {
            const own = [...model.values()].filter((i) => i.group === group).sort(compare);
            expect(scanned(tx, group)).toEqual(own.map(({ item }) => item));
            const withRank = own.filter(({ rank }) => rank !== undefined).sort((a, b) => a.rank! - b.rank! || a.item - b.item);
            expect(ranked(tx, group)).toEqual(withRank.map(({ item }) => item));
          }
          for (const { group, item } of model.values()) expect(tx.unique(items, `${group}.${item}`)?.item).toBe(item);
          expect(tx.unique(items, "c.0")).toBeUndefined();
        };
        for (const steps of transactions) {
          does = (tx) => {
            for (const { group, item, rank } of steps) {
              const row = tx.find(items, group, item);
              if (row === undefined) tx.create(items, { group, item, rank, name: `${group}.${item}` });
              else tx.put(row, { rank });
              model.set(`${group}/${item}`, { group, item, rank });
            }
            check(tx);
          };
          town.act("steps", run, {}, []);
          does = check;
          town.act("afterwards", run, {}, []);
          town.indexHolds();
        }
      }),
      { numRuns: 60 },
    );
  });

  it("by rank go on after a row, in the order of rank, then key", () => {
    const town = open();
    does = (tx) => {
      for (const [item, rank] of [
        [1, 5],
        [2, 5],
        [3, 1],
        [4, undefined],
      ] as const)
        tx.create(items, { group: "a", item, rank, name: `n${item}` });
      const first = tx.ordered(items, ["a"], 2);
      expect(first.map(({ item }) => item)).toEqual([3, 1]);
      expect(tx.ordered(items, ["a"], 2, first[1]).map(({ item }) => item)).toEqual([2]);
      expect(tx.ordered(items, ["a", 5], 5).map(({ item }) => item)).toEqual([1, 2]);
    };
    town.act("ranks", run, {}, []);
  });
});
