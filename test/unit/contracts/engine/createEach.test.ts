// A list of records created at once ends byte for byte as one after the other would: the same rows, hashes, receipts, write sets and entries, or the same
// refusal, whatever the handler does in between. docs/protocol.md §3, §8.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, hex, u32be, utf8 } from "../../../../src/base/bytes.ts";
import type { Value } from "../../../../src/base/codec.ts";
import { sha256 } from "../../../../src/base/hash.ts";
import { defaultParameters } from "../../../../src/base/parameters.ts";
import { Answers } from "../../../../src/contracts/engine/roles.ts";
import {
  anyone,
  contract,
  count,
  flag,
  id,
  list,
  money,
  object,
  oneOf,
  optional,
  record,
  sealed,
  text,
  type Tx,
} from "../../../../src/contracts/engine/index.ts";
import { leafCount } from "../../../../src/contracts/engine/sealed.ts";
import { build, type Registry } from "../../../../src/contracts/engine/registry.ts";
import { makeBatch, type VerifiedBatch } from "../../../../src/ledger/batch.ts";
import { blockWrite } from "../../../../src/ledger/blockWrite.ts";
import { Execution } from "../../../../src/ledger/execute.ts";
import { type Found, Overlay, type Place } from "../../../../src/ledger/overlay.ts";
import { MemoryDatabase } from "../../../../src/ledger/memoryDatabase.ts";
import { applyWrites, type Sealed } from "../../../../src/ledger/seal.ts";
import { SortedEntries } from "../../../../src/ledger/sortedEntries.ts";
import { stateKeyHash } from "../../../../src/ledger/stateProof.ts";
import { StateTree } from "../../../../src/ledger/stateTree.ts";
import { Store } from "../../../../src/ledger/store.ts";
import { signTransaction } from "../../../../src/ledger/transaction.ts";
import { verifyBatch } from "../../../../src/ledger/verify.ts";
import { plainRights, seedOf } from "../scenario.ts";

const NETWORK = sha256(utf8("create each"));
const TIME = 1_800_000_000_000;

interface Item {
  readonly name: string;
  readonly amount: bigint;
  readonly does: string;
  readonly of: string;
  readonly tags: readonly string[];
  readonly note?: string | undefined;
}
type Create = (tx: Tx<"no">, items: readonly Item[], fieldsOf: (one: Item) => any) => void;

/** A contract whose one action makes a list of things as `create` does one. */
function shop(create: (things: any) => Create): Registry {
  const things = record("thing", {
    title: "A thing",
    key: ["name", "even"],
    find: ["amount", "tags", "status", "note"],
    fields: {
      name: id,
      even: flag,
      amount: money,
      does: text(8),
      part: object({ z: optional(count), a: sealed({ x: text(3) }) }),
      tags: list(id, 3),
      note: optional(text(40)),
    },
    states: { new: ["old"], old: [] },
  });
  const others = record("other", { title: "Another", key: ["name"], fields: { name: id, things: count } });
  const of = contract("shop", {
    title: "Shop",
    purpose: "Things",
    records: [things, others],
    roles: {},
    rules: { no: "No." },
  });
  const words = ["plain", "refuse", "misfit", "no key", "read", "other", "put", "swallow", "work"] as const;
  const fieldsOf = (tx: Tx<"no">, one: Item): any => {
    const found = ["read", "put"].includes(one.does) ? tx.find(things, one.of, true) : undefined;
    if (one.does === "refuse") tx.reject("no");
    if (one.does === "other") tx.create(others, { name: one.name, things: 1 });
    if (one.does === "put" && found !== undefined) tx.move(found, "old", { amount: found.amount + 1n });
    if (one.does === "work") tx.work(3_000);
    if (one.does === "swallow")
      try {
        tx.reject("no");
      } catch {
        // what ends an act ends it all the same
      }
    return {
      name: one.does === "no key" ? 7 : one.name,
      even: true,
      amount: one.does === "read" ? (found?.amount ?? 0n) : one.does === "misfit" ? -1n : one.amount,
      does: one.does,
      part: { a: { root: new Uint8Array(32).fill(7), size: leafCount({ x: text(3) }) }, ...(one.amount > 5n && { z: Number(one.amount) }) },
      tags: one.tags,
      note: one.note,
    };
  };
  const make = of.action({
    title: "Make",
    name: "make",
    by: anyone,
    rules: ["no"],
    work: 1_000,
    input: {
      items: list(
        object({
          name: id,
          amount: money,
          does: oneOf(...(words.map((word) => word.replace(" ", "_")) as ["plain"])),
          of: id,
          tags: list(id, 3),
          note: optional(text(40)),
        }),
        40,
      ),
      then: optional(id),
    },
    run(tx, { items, then }) {
      create(things)(
        tx,
        items.map((one) => ({ ...one, does: one.does.replace("_", " ") })),
        (one) => fieldsOf(tx, one),
      );
      if (then === undefined) return;
      const row = tx.find(things, then, true);
      if (row?.$.status === "new") tx.move(row, "old", { note: "changed" });
    },
  });
  return build({ modules: [{ default: of, make } as never], resolver: plainRights({ agency: [] }, []), found() {} });
}
const oneByOne = shop((things) => (tx, items, fieldsOf) => {
  for (const one of items) tx.create(things, fieldsOf(one));
});
const atOnce = shop((things) => (tx, items, fieldsOf) => tx.createEach(things, items, fieldsOf));

const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
const name = fc.oneof({ weight: 3, arbitrary: fc.nat(100_000).map((n) => `n${n}`) }, { weight: 1, arbitrary: fc.constantFrom(...NAMES) });
const item = fc.record(
  {
    name,
    amount: fc.oneof(fc.nat(300), fc.bigInt({ min: 1n << 53n, max: (1n << 63n) - 1n })),
    does: fc.oneof(
      { weight: 60, arbitrary: fc.constant("plain") },
      { weight: 1, arbitrary: fc.constantFrom("refuse", "misfit", "no_key", "read", "other", "put", "swallow", "work") },
    ),
    of: fc.constantFrom(...NAMES),
    tags: fc.array(fc.constantFrom("t1", "t2"), { maxLength: 3 }),
    note: fc.oneof(fc.constant("again"), fc.string({ maxLength: 20 }), fc.constant("ü".repeat(40))),
  },
  { requiredKeys: ["name", "amount", "does", "of", "tags"] },
);
const operation = fc.record({ items: fc.array(item, { maxLength: 12 }), then: name }, { requiredKeys: ["items"] });
const blocks = fc.array(fc.array(fc.array(operation, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3,
});

function batchOf(transactions: readonly (readonly { readonly [name: string]: unknown }[])[], sequence: number): VerifiedBatch {
  const signed = transactions.map((operations, i) =>
    signTransaction(
      NETWORK,
      {
        nonce: new Uint8Array([...u32be(sequence), ...u32be(i), 0, 0, 0, 0, 0, 0, 0, 0]),
        notAfter: TIME + 60_000,
        operations: operations.map((args) => ({ action: "shop.make@1", args: args as { [name: string]: Value } })),
      },
      [seedOf("somebody")],
    ),
  );
  const verdict = verifyBatch(makeBatch(NETWORK, "agency", sequence, signed, seedOf("peer")), {
    network: NETWORK,
    work: () => 1,
    signatures: false,
  });
  return verdict.ok ? verdict.batch : expect.unreachable(verdict.code);
}

const tree = new StateTree();

/** All that comes of the blocks, each on the one before, none of them committed. */
async function run(registry: Registry, batches: readonly VerifiedBatch[]): Promise<unknown[]> {
  let parent: Overlay | undefined;
  tree.clear();
  const out: unknown[] = [];
  for (const [i, batch] of batches.entries()) {
    const place = (collection: string, key: Bytes): Place => {
      const keyHash = stateKeyHash(collection, key);
      return { keyHash, present: tree.has(keyHash) };
    };
    const find = (): Found => ({ row: undefined, keyHash: undefined }); // nothing is committed
    const base = { find, place, present: (keys: Bytes, at: number) => tree.has(keys, at), entries: new SortedEntries() };
    const overlay: Overlay = Overlay.over(base, registry, parent);
    parent = overlay;
    const block = {
      network: NETWORK,
      height: i + 1,
      time: TIME + i,
      epoch: 0,
      protocol: 1,
      parameters: defaultParameters,
      answers: new Answers(),
    };
    const execution = new Execution({ registry, block, batches: [batch], overlay, known: () => false });
    while (!execution.advance(1));
    const outcome = execution.outcome();
    const { keys, values } = applyWrites(tree, overlay);
    const store = { historyNode: () => new Uint8Array(32) };
    const block1 = { height: 1, hash: new Uint8Array(32), references: [], batches: [], outcome, overlay } as unknown as Sealed;
    const write = blockWrite(store as never, NETWORK, registry, block1, {} as never);
    // What stands in the database afterwards, but for the header and its certificate, which are not made here.
    const database = new MemoryDatabase();
    await (await Store.open(database, NETWORK)).commit({ ...write, block: undefined, history: [] });
    const stored: string[] = [];
    for await (const [key, value] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }))
      stored.push(`${hex(key)} ${hex(value)}`);
    out.push({
      // Where it was thrown is for the log.
      ends: outcome.leaves.map(({ result }) => ({ ...result, fault: result.fault?.split("\n")[0] })),
      root: hex(outcome.transactionsRoot),
      results: hex(outcome.results),
      writeSet: hex(outcome.writeSet),
      keys: hex(keys),
      rows: hex(values),
      state: hex(tree.root()),
      writes: overlay.writes.map((w) => [w.collection, hex(w.key), w.keyText, w.before && hex(w.before.bytes), hex(w.row.bytes)]),
      stored,
    });
  }
  return out;
}

describe("records created from a list at once", () => {
  it("are what they would be one by one, and end as they would", async () => {
    let applied = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(blocks, async (all) => {
        const batches = all.map(batchOf);
        const expected = await run(oneByOne, batches);
        expect(await run(atOnce, batches)).toEqual(expected);
        for (const { ends } of expected as { ends: { outcome: number }[] }[])
          for (const { outcome } of ends)
            if (outcome === 0) applied++;
            else refused++;
      }),
      { numRuns: 150 },
    );
    expect(Math.min(applied, refused)).toBeGreaterThan(25);
  });

  it("refuse the first of them that is there already, before what comes behind it", async () => {
    const plain = (of: string) => ({ name: of, amount: 1, does: "plain", of: "a", tags: [] });
    const five = ["a", "b", "c", "d", "e"].map(plain);
    const batches = [
      [
        [{ items: five }],
        [{ items: [...five.slice(0, 4).map((one) => ({ ...one, name: `x${one.name}` })), plain("c"), { ...plain("z"), does: "refuse" }] }],
      ],
    ].map(batchOf);
    const [{ ends }] = (await run(atOnce, batches)) as [{ ends: unknown[] }];
    expect(ends).toMatchObject([{ outcome: 0 }, { outcome: 1, code: "engine.already_exists", data: { key: ["c", true] } }]);
  });

  it("leave an end that the handler swallowed where it came: behind what was created before it, before the rest", async () => {
    const one = (called: string, does: string, amount: number | bigint = 0) => ({ name: called, amount, does, of: "a", tags: [] });
    const misfit = 1n << 53n;
    const lists = [
      [one("x", "swallow"), one("k", "plain"), one("k", "plain"), one("x", "plain")],
      [one("x", "swallow"), one("k", "plain"), one("k", "plain", misfit), one("x", "plain")],
      [one("k", "plain"), one("k", "plain"), one("x", "swallow"), one("x", "plain")],
    ];
    const batches = [lists.map((items) => [{ items }])].map(batchOf);
    for (const registry of [oneByOne, atOnce]) {
      const [{ ends }] = (await run(registry, batches)) as [{ ends: { code: string }[] }];
      expect(ends.map(({ code }) => code)).toEqual(["shop.no", "shop.no", "engine.already_exists"]);
    }
  });
});
