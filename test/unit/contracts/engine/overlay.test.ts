// The engine over the ledger's overlay gives what it gives over the plain state of the scenarios: the seam holds on both sides, due work included.

import fc from "fast-check";
import { expect, it } from "vitest";
import { hex, latin1 } from "../../../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../../../src/base/codec.ts";
import { days } from "../../../../src/contracts/engine/index.ts";
import { build, type Result } from "../../../../src/contracts/engine/registry.ts";
import { Overlay } from "../../../../src/ledger/overlay.ts";
import { SortedEntries } from "../../../../src/ledger/sortedEntries.ts";
import { MemoryState } from "../memoryState.ts";
import { keyOf, scenario } from "../scenario.ts";
import { book, composition } from "./town.ts";

const registry = build(composition);

/** A block's layer over another's, a layer for each act on top: as ledger/execute does it. */
class Blocks {
  #block = Overlay.over({ find: () => ({ row: undefined, keyHash: undefined }), entries: new SortedEntries() }, registry, undefined);
  readonly all = [this.#block];
  next(): void {
    this.#block = Overlay.over(
      { find: () => ({ row: undefined, keyHash: undefined }), entries: new SortedEntries() },
      registry,
      this.#block,
    );
    this.all.push(this.#block);
  }
  get state(): Overlay {
    return this.#block;
  }
  act(run: (layer: Overlay) => Result): Result {
    const layer = this.#block.layer();
    const result = run(layer);
    if (result.outcome === 0) this.#block.merge(layer);
    return result;
  }
  rows(): Map<string, string> {
    return new Map(
      this.all.flatMap(({ writes }) => writes.map(({ collection, key, row }) => [`${collection}\0${latin1(key)}`, hex(row.bytes)])),
    );
  }
}

const readers = ["p:ann", "p:bob"];
const step = fc.oneof(
  fc.record({ action: fc.constant("library.shelve@1"), args: fc.integer({ min: 1, max: 4 }).map((n) => book(n, { owner: "town" })) }),
  fc.record({
    action: fc.constant("library.lend@1"),
    args: fc.record({
      loan: fc.constantFrom("l1", "l2", "l3"),
      shelf: fc.constant("a"),
      number: fc.integer({ min: 1, max: 4 }),
      reader: fc.constantFrom(...readers),
    }),
  }),
  fc.record({ action: fc.constant("library.giveBack@1"), args: fc.record({ loan: fc.constantFrom("l1", "l2", "l3") }) }),
  fc.record({ action: fc.constant("library.payFine@1"), args: fc.record({ loan: fc.constantFrom("l1", "l2"), to: fc.constant("town") }) }),
  fc.record({
    action: fc.constant("points.award@1"),
    args: fc.record({ holder: fc.constantFrom(...readers), amount: fc.constantFrom(40n, 100n), programme: fc.constant("x") }),
  }),
);
const block = fc.record({
  wait: fc.constantFrom(1_000, days(10), days(200)),
  transactions: fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 8 }),
});
const signers = ["town", "city", ...readers].map(keyOf).sort((a, b) => Buffer.compare(a, b));

const seen = new Map<string, number>();
const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);

it("runs alike over the overlay and over a plain state", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 3, maxLength: 8 }), (blocks) => {
      const plain = new MemoryState(registry);
      const chain = new Blocks();
      const at = scenario(composition).block;
      let [time, height] = [at.time, 0];
      for (const { wait, transactions } of blocks) {
        chain.next();
        const context = { ...at, time: (time += wait), height: ++height };
        const ran = new Set<string>();
        for (let index = 0; ; index++) {
          const entry = registry.due(plain, context, ran, 100_000);
          expect(registry.due(chain.state, context, ran, 100_000)).toEqual(entry);
          if (entry === undefined) break;
          ran.add(entry.id);
          const result = registry.runDue(plain, entry, context, index);
          note(entry.name);
          expect(chain.act((layer) => registry.runDue(layer, entry, context, index))).toEqual(result);
        }
        for (const operations of transactions) {
          const wire = operations.map(({ action, args }) => ({ action, args: decode(encode(args as Value)) }));
          const call = { id: new Uint8Array(32), index: 0, signers, operations: wire, failedProofs: [] };
          const result = registry.run(plain, call, context);
          note(result.code ?? "applied");
          expect(chain.act((layer) => registry.run(layer, call, context))).toEqual(result);
        }
        expect(registry.dueHead(chain.state)).toBe(registry.dueHead(plain));
        expect(chain.state.entries("", 1_000)).toEqual(plain.indexes().kept);
      }
      expect(chain.rows()).toEqual(new Map([...plain.rows].map(([place, { bytes }]) => [place, hex(bytes)])));
    }),
    { numRuns: 60 },
  );
  // The random acts did come to something.
  for (const what of ["applied", "reminder", "engine.already_exists", "engine.not_found"])
    expect([what, seen.get(what) ?? 0]).not.toEqual([what, 0]);
});
