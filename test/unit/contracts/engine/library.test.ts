// The engine, seen through a contract that uses every word: §8 of docs/protocol.md.

import { describe, expect, it } from "vitest";
import { hex } from "../../../../src/base/bytes.ts";
import { decode, encode } from "../../../../src/base/codec.ts";
import { days } from "../../../../src/contracts/engine/index.ts";
import { keyOf, type Scenario, scenario, signedBy } from "../scenario.ts";
import * as library from "./loans.ts";
import * as points from "./points.ts";
import { book, composition, hash } from "./town.ts";

const { books, loans } = library;
const { accounts } = points;
const open = (): Scenario => {
  const town = scenario(composition);
  for (const n of [1, 2, 3, 4, 5]) town.act("books are put on the shelf", library.shelve, book(n), signedBy("town"));
  return town;
};

describe("records", () => {
  it("begin in the first status, under their key, with the place that wrote them", () => {
    const town = open();
    const row = town.row(books, "a", 2)!;
    expect(row.owner).toBe("town");
    expect({ ...row.$, type: 0, plan: 0, key: 0, keyText: 0, memo: 0 }).toMatchObject({
      revision: 1,
      status: "here",
      height: 2,
      index: 0,
      previousHeight: 0,
      schemaVersion: 1,
    });
    expect(town.row(books, "a", 99)).toBeUndefined();
  });

  it("have these bytes, and a tenth item while due work is parked (§8)", () => {
    const town = scenario(composition, { time: 1_000_000 });
    town.act("a few points", points.award, { holder: "p:ann", amount: 5n, programme: "x" }, signedBy("city"));
    town.act("more", points.award, { holder: "p:ann", amount: 300n, programme: "x" }, signedBy("city"));
    const key = town.registry.keyOf("points/account", ["p:ann"]);
    expect(hex(key)).toBe("703a616e6e0000");
    const { bytes } = town.state.get("points/account", key)!;
    const fields = { balance: 305, holder: "p:ann" };
    expect(decode(bytes)).toEqual([2, "live", 1_001_000, 1, 2, 0, 1, 0, fields]);
    expect(hex(bytes)).toBe(hex(encode([2, "live", 1_001_000, 1, 2, 0, 1, 0, fields])));
    const parked = encode([2, "live", 1_001_000, 1, 2, 0, 1, 0, fields, ["reminder"]]);
    expect(town.registry.rowOf("points/account", key, { bytes: parked }).$.parked).toEqual(["reminder"]);
  });

  it("are frozen, deep", () => {
    const row = open().row(books, "a", 2)! as any;
    expect(() => (row.title = "")).toThrow(TypeError);
    expect(() => row.tags.push("x")).toThrow(TypeError);
    expect(() => (row.size.height = 1)).toThrow(TypeError);
    expect(() => (row.about.a[0] = 1)).toThrow(TypeError);
  });

  it("exist once under a key, and once under a unique field", () => {
    const town = open();
    town.refused("the same place twice", "engine.already_exists", library.shelve, book(2), signedBy("town"));
    town.refused("the same ISBN at another place", "engine.already_exists", library.shelve, book(77, { isbn: "isbn-2" }), signedBy("town"));
    town.refusedTogether(
      "twice in one transaction",
      "engine.already_exists",
      [
        { action: library.shelve.name, args: book(8) },
        { action: library.shelve.name, args: book(9, { isbn: "isbn-8" }) },
      ],
      signedBy("town"),
    );
    expect(town.registry.reader(town.state).unique(books, "isbn-3")?.number).toBe(3);
    expect(town.registry.reader(town.state).unique(books, "isbn-33")).toBeUndefined();
  });

  it("move as their states allow, and no other way", () => {
    const town = open();
    town.act("a book goes", library.relabel, { shelf: "a", number: 1, status: "gone" }, signedBy("city"));
    town.refused(
      "and does not come back",
      "engine.illegal_move",
      library.relabel,
      { shelf: "a", number: 1, status: "here" },
      signedBy("city"),
    );
    town.refused(
      "a book that never was",
      "engine.not_found",
      library.relabel,
      { shelf: "a", number: 99, status: "here" },
      signedBy("city"),
    );
  });

  it("carry one revision a transaction and the place of the version before", () => {
    const town = open();
    town.act("a change", library.relabel, { shelf: "a", number: 1, title: "New", cover: hash(9) }, signedBy("city"));
    const row = town.row(books, "a", 1)!;
    expect([row.$.revision, row.$.height, row.$.previousHeight, row.title]).toEqual([2, 6, 1, "New"]);
    town.together(
      "two changes in one transaction",
      [
        { action: library.relabel.name, args: { shelf: "a", number: 1, title: "Newer" } },
        { action: library.relabel.name, args: { shelf: "a", number: 1, cover: hash(3) } },
      ],
      signedBy("city"),
    );
    const after = town.row(books, "a", 1)!;
    expect([after.$.revision, after.$.height, after.$.previousHeight, after.title, after.cover]).toEqual([3, 7, 6, "Newer", hash(3)]);
    town.indexHolds();
  });
});

describe("who acts", () => {
  it("a role holds within its scope", () => {
    const town = open();
    town.refused("another shelf's librarian", "engine.not_entitled", library.shelve, book(20), signedBy("other"));
    town.refused("nobody of the register", "engine.not_entitled", library.shelve, book(20), signedBy("stranger"));
    town.refused("a reader", "engine.not_entitled", library.shelve, book(20), signedBy("p:ann"));
    town.act("the unscoped librarian", library.shelve, book(20), signedBy("city"));
    town.act("the owner is named, so either may sign", library.shelve, book(21, { owner: "town" }), signedBy("city", "town"));
    town.refused(
      "two could be meant, and the statute asks which",
      "engine.not_entitled",
      library.shelve,
      book(22),
      signedBy("city", "town"),
    );
  });

  it("a party signs for itself", () => {
    const town = open();
    const loan = { loan: "l1", shelf: "a", number: 1, reader: "p:ann" };
    town.refused("without the reader", "engine.signature_missing", library.lend, loan, signedBy("town"));
    town.refused("with another", "engine.signature_missing", library.lend, loan, signedBy("town", "p:bob"));
    town.act("with the reader", library.lend, loan, signedBy("town", "p:ann"));
  });

  it("a dry run says who must sign", () => {
    const town = open();
    const loan = { loan: "l1", shelf: "a", number: 1, reader: "p:ann" };
    expect(town.needs(library.lend, loan, signedBy("p:ann"))).toEqual([
      { slot: "librarian", role: "library.librarian", scope: "a", met: false },
      { slot: "reader", party: "p:ann", met: true },
    ]);
    expect(town.row(loans, "l1")).toBeUndefined();
  });
});

describe("contracts together", () => {
  it("a procedure runs under its own contract's rules and writes its own records", () => {
    const town = open();
    town.act("a loan", library.lend, { loan: "l1", shelf: "a", number: 1, reader: "p:ann" }, signedBy("town", "p:ann"));
    town.advance(days(60));
    expect(town.row(loans, "l1")?.fine).toBe(100n);
    town.act("a few points", points.award, { holder: "p:ann", amount: 99n, programme: "x" }, signedBy("city"));
    town.refused("too few points", "points.balance_short", library.payFine, { loan: "l1", to: "town" }, signedBy("p:ann", "town"));
    town.act("one more", points.award, { holder: "p:ann", amount: 1n, programme: "x" }, signedBy("city"));
    town.act("enough", library.payFine, { loan: "l1", to: "town" }, signedBy("p:ann", "town"));
    expect([town.row(accounts, "p:ann")?.balance, town.row(accounts, "town")?.balance, town.row(loans, "l1")?.fine]).toEqual([
      0n,
      100n,
      0n,
    ]);
  });

  it("operations see each other, and are undone together", () => {
    const town = open();
    const award = (amount: bigint) => ({ action: points.award.name, args: { holder: "p:ann", amount, programme: "x" } });
    const pay = (amount: bigint) => ({ action: points.pay.name, args: { from: "p:ann", to: "p:bob", amount } });
    town.refusedTogether("the second is too much", "points.balance_short", [award(5n), pay(6n)], signedBy("city", "p:ann"));
    expect(town.row(accounts, "p:ann")).toBeUndefined();
    town.together("the first pays for the second", [award(5n), pay(5n)], signedBy("city", "p:ann"));
    expect(town.row(accounts, "p:bob")?.balance).toBe(5n);
  });
});

describe("rules, flags, proofs", () => {
  it("an action marks what it accepts", () => {
    const town = open();
    expect(town.act("an old book", library.shelve, book(50), signedBy("town"))).toEqual(["library.very_old"]);
    expect(town.act("a new book", library.shelve, book(500), signedBy("town"))).toEqual([]);
  });

  it("a predicate that says no is a rejection, one that throws a fault, and neither touches the state", () => {
    const town = open();
    town.refused("a broken seal", "library.seal_broken", library.shelve, book(60, { proof: Uint8Array.of(1) }), signedBy("town"));
    const fault = town.refused(
      "a broken predicate",
      "engine.fault",
      library.shelve,
      book(60, { proof: new Uint8Array(3) }),
      signedBy("town"),
    );
    expect(fault.outcome).toBe(2);
    town.act("a whole one", library.shelve, book(60, { proof: Uint8Array.of(2) }), signedBy("town"));
  });

  it("a predicate speaks of its own operation", () => {
    const town = open();
    const pay = { action: points.pay.name, args: { from: "p:ann", to: "p:bob", amount: 1n } };
    const broken = { action: library.shelve.name, args: book(60, { proof: Uint8Array.of(1) }) };
    const award = { action: points.award.name, args: { holder: "p:ann", amount: 0n, programme: "x" } };
    town.refusedTogether("the first fails first", "points.balance_short", [award, pay, broken].slice(0, 3), signedBy("city", "p:ann"));
    town.refusedTogether("the second is the broken one", "library.seal_broken", [award, broken], signedBy("city"));
  });

  it("arguments that do not fit are refused before anything else", () => {
    const town = open();
    for (const [what, args] of Object.entries({
      "a number that is text": { ...book(61), number: "61" },
      "a negative count": book(-1),
      "a fraction of an id": book(61, { tags: ["a/b"] }),
      "an unknown field": book(61, { colour: "red" }),
      "a missing field": { ...book(61), title: undefined },
      "too many tags": book(61, { tags: "123456789".split("") }),
      "a sealed part with another count of leaves": book(61, { notes: { root: hash(1), size: 7 } }),
      "too deep": book(61, { about: [[[[[[[[[1]]]]]]]]] }),
      "too long": book(61, { about: "x".repeat(512) }),
    })) {
      const result = town.submit([{ action: library.shelve.name, args: JSON.parse(JSON.stringify(args), revive) }], signedBy("town"));
      expect(`${what}: ${result.code}`).toBe(`${what}: engine.args_invalid`);
    }
    expect(town.submit([{ action: "library.shelve@2", args: book(61) }], signedBy("town")).code).toBe("engine.not_in_force");
    expect(town.submit([{ action: "library.constructor@1", args: book(61) }], signedBy("town")).code).toBe("engine.not_in_force");
  });

  it("an operation that needs more work than it declares ends", () => {
    const town = open();
    const many = Array.from({ length: 200 }, (_, i) => i);
    const result = town.submit([{ action: library.relabel.name, args: { shelf: "a", number: 1, about: many } }], signedBy("city"));
    expect(result.code).toBeNull();
    const wide = { action: library.relabel.name, args: { shelf: "a", number: 1, about: Array.from({ length: 500 }, () => 1), title: "x" } };
    expect(town.submit([wide], signedBy("city")).code).toBeNull(); // 500 nodes are 7 units
  });
});

/** JSON has no bytes: hashes above come back from their index form. */
function revive(_key: string, value: unknown): unknown {
  const map = value as { readonly [index: string]: number } | null;
  return map !== null && typeof map === "object" && !Array.isArray(map) && "31" in map ? new Uint8Array(Object.values(map)) : value;
}

describe("due work", () => {
  it("runs by itself when its time has passed, and again while the row says so", () => {
    const town = open();
    town.act("a loan", library.lend, { loan: "l1", shelf: "a", number: 1, reader: "p:ann" }, signedBy("town", "p:ann"));
    expect(town.advance(days(13))).toEqual([]);
    expect(town.advance(days(1)).map(({ name }) => name)).toEqual(["reminder"]);
    expect(town.row(loans, "l1")).toMatchObject({ reminders: 1, fine: 0n });
    town.act("it comes back", library.giveBack, { loan: "l1" }, signedBy("stranger"));
    expect(town.advance(days(400))).toEqual([]); // the row changed, so the entry is gone
    town.indexHolds();
  });

  it("runs a row once a block, however overdue it is", () => {
    const town = open();
    town.act("a loan", library.lend, { loan: "l1", shelf: "a", number: 1, reader: "p:ann" }, signedBy("town", "p:ann"));
    expect(town.next(days(50)).map(({ name }) => name)).toEqual(["reminder"]);
    expect(town.next(40).map(({ name }) => name)).toEqual(["reminder"]);
    expect(town.advance(days(500)).map(({ name }) => name)).toEqual(["reminder", "reminder", "forgiven"]);
  });
});

describe("views and scans", () => {
  it("go by the key's order, not by text", () => {
    const town = open();
    for (const n of [10, 9, 300]) town.act("more books", library.shelve, book(n), signedBy("town"));
    expect(town.view("library.shelf", { shelf: "a" })).toEqual([1, 2, 3, 4, 5, 9, 10, 300].map((n) => `Book ${n}`));
    const reader = town.registry.reader(town.state);
    const first = reader.scan(books, ["a"], 3);
    expect(reader.scan(books, ["a"], 3, first.at(-1)!.$.key).map((b) => b.number)).toEqual([4, 5, 9]);
    expect(reader.scan(books, ["b"], 3)).toEqual([]);
    expect(reader.scan(books, ["a", 9], 3).map((b) => b.number)).toEqual([9]);
  });

  it("finds are for queries: one entry for each item", () => {
    const town = open();
    const key = town.registry.keyOf("library/book", ["a", "3"]);
    const row = town.state.get("library/book", key)!;
    const entries = town.registry.findIndex("library/book", key, row);
    const prefixes = [
      town.registry.findPrefix("library/book", "owner", "town"),
      town.registry.findPrefix("library/book", "tags", "old"),
      town.registry.findPrefix("library/book", "status", "here"),
    ];
    for (const prefix of prefixes) expect(entries.filter((entry) => entry.startsWith(prefix))).toHaveLength(1);
    expect(entries).toHaveLength(4); // owner, two tags, status
    expect(town.registry.partsOf("library/book", key)).toEqual(["a", "3"]);
    expect(keyOf("town")).toHaveLength(32);
  });
});
