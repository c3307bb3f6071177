// Declarations: what is refused when the registry is built, what the manifest holds and which changes it refuses, what the pages say.

import { describe, expect, it } from "vitest";
import { hex } from "../../../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../../../src/base/codec.ts";
import { isLedgerError } from "../../../../src/base/errors.ts";
import { maxBytes } from "../../../../src/contracts/engine/bounds.ts";
import { exampleOf } from "../../../../src/contracts/engine/example.ts";
import {
  agency,
  anyone,
  contract,
  count,
  type Fields,
  flag,
  hash,
  id,
  json,
  list,
  money,
  object,
  oneOf,
  optional,
  record,
  sealed,
  text,
} from "../../../../src/contracts/engine/index.ts";
import { breaches } from "../../../../src/contracts/engine/manifest.ts";
import { referencePage } from "../../../../src/contracts/engine/reference.ts";
import { build } from "../../../../src/contracts/engine/registry.ts";
import { plainRights } from "../scenario.ts";
import * as library from "./loans.ts";
import * as points from "./points.ts";

const resolver = plainRights({});
const registryOf = (...modules: any[]) => build({ modules, resolver, found() {} });

interface Parts {
  record?: object;
  contract?: object;
  action?: object;
}
/** A small contract with something wrong in it: what building it says. */
function saidOf({ record: r = {}, contract: c = {}, action: a = {} }: Parts): string[] {
  try {
    const things = record("thing", { title: "A thing", key: ["thing"], fields: { thing: id, size: count }, ...r } as any);
    const self = contract("bench", {
      title: "Bench",
      purpose: "P.",
      records: [things],
      roles: { clerk: "A clerk" },
      rules: { no: "No." },
      ...c,
    } as any);
    const act = self.action({ title: "Do", by: "clerk", input: { thing: id }, run() {}, ...a });
    registryOf({ default: self, act });
    return [];
  } catch (error) {
    if (!isLedgerError(error, "bug.assertion")) throw error;
    return error.data!["problems"] as string[];
  }
}
const body = (fields: Fields): Parts => ({ record: { fields: { thing: id, ...fields } } });

describe("a declaration", () => {
  it("that is sound is built", () => {
    expect(saidOf({})).toEqual([]);
  });

  it.each<[string, Parts, RegExp]>([
    ["a row that may outgrow its bytes", body({ notes: list(text(500), 100) }), /a row may take \d+ bytes, more than 16384/],
    ["more bytes than a record may declare", { record: { bytes: 100_000 } }, /bytes: at most/],
    ["a reader who can be nobody", { record: { read: ["clerk", "size"] } }, /read: size is no field of parties and no role/],
    ["a key over no field", { record: { key: ["none"] } }, /key: none is not a field/],
    [
      "a key over a list",
      { record: { key: ["thing", "l"], fields: { thing: id, l: list(id, 2) } } },
      /key: l is not a field that keys may have/,
    ],
    ["a key over an optional field", { record: { key: ["thing"], fields: { thing: optional(id) } } }, /key: thing is optional/],
    ["no key", { record: { key: [] } }, /a record has a key/],
    ["a key that is too long", { record: { key: ["a", "b"], fields: { a: text(100), b: text(100) } } }, /up to \d+ bytes, more than 512/],
    [
      "a find by something without order",
      { ...body({ o: object({ a: id }) }), record: { fields: { thing: id, o: object({ a: id }) }, find: ["o"] } },
      /find by o/,
    ],
    ["a move to no status", { record: { states: { a: ["b"] } } }, /a move from a to b, which is no status/],
    ["a later version without upgrade", { record: { version: 2 } }, /needs `upgrade`/],
    ["version 0", { record: { version: 0 } }, /counts from 1/],
    [
      "nesting beyond 8",
      { action: { input: { a: list(list(list(list(list(list(list(list(list(id, 1), 1), 1), 1), 1), 1), 1), 1), 1) } } },
      /deeper than 8/,
    ],
    ["a field named as JavaScript's own", { action: { input: { toString: id } } }, /"toString" is no name/],
    ["a field whose name is a number", { action: { input: { "10": id } } }, /"10" is no name/],
    ["a minimum above its maximum", { action: { input: { a: text(2, 5) } } }, /a: a minimum and a maximum/],
    ["a word twice", { action: { input: { a: oneOf("x", "x") } } }, /a: distinct words/],
    ["an optional item", { action: { input: { a: list(optional(id), 2) } } }, /items are not optional/],
    [
      "a sealed part that is no record's",
      { action: { input: { a: sealed({ name: text(5) }) } } },
      /a sealed part of the input is that of a record/,
    ],
    ["sealed within sealed", body({ s: sealed({ t: sealed({ u: id }) }) }), /sealed within sealed/],
    ["an unknown rule", { action: { rules: ["maybe"] } }, /gives maybe, which is no rule/],
    ["an unknown role", { action: { by: "boss" } }, /boss is no role/],
    ["a predicate that is not among its rules", { action: { proofs: { no: () => true } } }, /the predicate no is not among its rules/],
    ["too much work", { action: { work: 10_001 } }, /at most 10000 units/],
    ["an end before the beginning", { action: { since: 3, until: 2 } }, /from `since` to `until`/],
    ["an action of no name", { action: { name: "Bad Name" } }, /an action's name/],
    ["a rule with capitals", { contract: { rules: { noWay: "No." } } }, /"noWay" is no name/],
    ["a flag that is a rule", { contract: { flags: { no: "No." } } }, /both a rule and a flag/],
  ])("with %s is refused", (_, parts, expected) => {
    expect(saidOf(parts).join("\n")).toMatch(expected);
  });

  it("is refused if it is not exported, or its contract is twice there", () => {
    const make = (name: string) => {
      const things = record("thing", { title: "", key: ["thing"], fields: { thing: id } });
      const self = contract(name, { title: "", purpose: "", records: [things], roles: { a: "" }, rules: { b: "" } });
      return { self, act: self.action({ title: "Do", by: anyone, input: {}, run() {} }) };
    };
    const one = make("one");
    expect(() => registryOf({ default: one.self })).toThrow(/is exported/);
    const [a, b] = [make("same"), make("same")];
    expect(() => registryOf({ default: a.self, act: a.act }, { default: b.self, act: b.act })).toThrow(/soundly/);
    const shared = record("thing", { title: "", key: ["thing"], fields: { thing: id } });
    contract("first", { title: "", purpose: "", records: [shared], roles: {}, rules: {} });
    expect(() => contract("second", { title: "", purpose: "", records: [shared], roles: {}, rules: {} })).toThrow(
      /belongs to one contract/,
    );
  });

  it("knows the most bytes its values take", () => {
    const fields = {
      a: text(10),
      b: list(object({ c: hash, d: optional(money) }), 3),
      e: json(20),
      f: flag,
      g: agency,
      h: oneOf("x", "yy"),
      i: id,
      j: count,
    };
    for (const [name, field] of Object.entries(fields)) {
      const example = exampleOf({ [name]: field })[name] as Value;
      expect(encode(example).length).toBeLessThanOrEqual(maxBytes(field.shape));
    }
    expect(maxBytes(text(4).shape)).toBe(encode("😀😀😀😀").length);
    expect(maxBytes(money.shape)).toBe(encode((1n << 63n) - 1n).length);
    expect(maxBytes(list(hash, 20).shape)).toBe(encode(Array.from({ length: 20 }, () => new Uint8Array(32))).length);
  });
});

// ── the manifest ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
describe("the manifest", () => {
  const { manifest } = registryOf(points, library);
  const changed = (change: (contracts: any) => void): Value => {
    const copy = JSON.parse(JSON.stringify(manifest));
    change(copy.contracts);
    return copy;
  };
  const broken = (change: (contracts: any) => void): string[] => breaches(manifest, changed(change));

  it("is canonical, and its hash is of it alone", () => {
    expect(decode(encode(manifest))).toEqual(manifest);
    const again = registryOf(points, library);
    expect(hex(again.manifestHash())).toBe(hex(registryOf(points, library).manifestHash()));
    expect(hex(again.manifestHash())).not.toBe(hex(registryOf(points).manifestHash()));
  });

  it("lets a release add, and end what is there", () => {
    expect(broken(() => {})).toEqual([]);
    expect(
      broken((c) => {
        c.library.rules.push("new_rule");
        c.library.actions["lend@2"] = {};
        c.library.records.card = {};
        c.library.actions["lend@1"].until = 3;
        c.more = {};
      }),
    ).toEqual([]);
  });

  it.each<[string, (contracts: any) => void, string]>([
    ["takes a contract away", (c) => delete c.points, "points: the contract is gone"],
    ["takes a rule away", (c) => c.library.rules.shift(), "library.fine_open: gone from its rules"],
    ["takes a role away", (c) => c.library.roles.pop(), "library.teller: gone from its roles"],
    ["takes an action away", (c) => delete c.library.actions["lend@1"], "library.lend@1: gone; give it `until`"],
    ["changes an input", (c) => (c.library.actions["lend@1"].input.extra = ["flag"]), "library.lend@1: changed without a new version"],
    ["changes declared work", (c) => (c.library.actions["lend@1"].work = 65), "library.lend@1: changed without a new version"],
    ["changes a schema", (c) => (c.library.records.book.fields.extra = ["flag"]), "library/book: another schema without a new version"],
    ["changes a key", (c) => c.library.records.loan.key.push("reader"), "library/loan: another key"],
    ["takes a record away", (c) => delete c.library.records.loan, "library/loan: gone"],
  ])("refuses a release that %s", (_, change, said) => {
    expect(broken(change)).toEqual([said]);
  });

  it("allows another schema under another version", () => {
    expect(
      broken((c) => {
        c.library.records.book.fields.extra = ["flag"];
        c.library.records.book.version = 2;
      }),
    ).toEqual([]);
  });
});

// ── what interfaces are written from ────────────────────────────────────────────────────────────────────────────────────────────────
describe("descriptions", () => {
  const registry = registryOf(points, library);

  it("read as a statute", () => {
    const page = referencePage(registry.contracts[1]!, registry.contracts);
    expect(page).toContain("- §1 A lent book is not lent again. `library.lent_out`");
    expect(page).toContain("Lend a book. Signed by the reader and librarian (`library.librarian`, in its scope). Under §1, §2, §3 and §5.");
    expect(page).toContain("Under `points.balance_short` (No balance falls below nothing.).");
    expect(page).toContain("Status: `here` → `lent`, `gone`; `lent` → `here`, `gone`; `gone` is an end.");
    expect(page).toContain("- **reminder**, on `library/loan`: A loan over its time is reminded, three times, then fined.");
    expect(page).toContain("A node shows it to `reader`; it stands on every member's node.");
    expect(page.indexOf("### shelve@1")).toBeLessThan(page.indexOf("### lend@1")); // in the order of the file
    expect(referencePage(registry.contracts[1]!, registry.contracts)).toBe(page);
  });

  it("give every action a schema, an example that fits, and all its codes", () => {
    for (const { actions } of registry.describe())
      for (const action of actions) {
        const { errors, value } = registry.argsFromJson(action.name, JSON.parse(JSON.stringify(action.example)));
        expect(errors).toEqual([]);
        expect(registry.argsProblems(action.name, decode(encode(value)))).toEqual([]);
        expect(JSON.stringify(registry.argsToJson(action.name, value))).toBe(JSON.stringify(action.example));
        expect(action.input).toMatchObject({ type: "object", additionalProperties: false });
        for (const { says } of action.rules) expect(says).not.toBe("");
      }
    const lend = registry.describe()[1]!.actions[1]!;
    expect(lend.by).toEqual([
      { slot: "reader", who: "the reader" },
      { slot: "librarian", role: "library.librarian", scoped: true, who: "Keeps the shelves, per shelf" },
    ]);
    expect(registry.argsToJson("library.lend@1", { nothing: 1 })).toBeUndefined();
    expect(() => registry.argsFromJson("library.none@1", {})).toThrow("action.unknown");
  });

  it("publish amounts as text and bytes as hex, by type", () => {
    const pay = registry.describe()[0]!.actions[1]!;
    expect((pay.input as any).properties.amount).toMatchObject({ type: "string", "x-kind": "money" });
    expect(registry.argsToJson("points.pay@1", { from: "tax", to: "p:ann", amount: 5 })).toEqual({ from: "tax", to: "p:ann", amount: "5" });
  });
});
