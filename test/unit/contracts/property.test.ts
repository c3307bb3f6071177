// The land register (service 13): a parcel from its first entry to its division, what burdens it, what stops it; whatever owners, lenders and courts do.

import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { days } from "../../../src/contracts/engine/index.ts";
import { MAX_WHOLE, partsOf, total } from "../../../src/contracts/kit/shares.ts";
import type { Action } from "../../../src/contracts/engine/define.ts";
import property, * as acts from "../../../src/contracts/registries/property.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { applications, caveats, charges, entries, judgments, parcels, seizures } = acts;
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const terms = { root: hash(3), size: 3 };
const claim = { root: hash(4), size: 1 };
const paid = { root: hash(5), size: 3 };
const Q1 = { parcel: "Q1-1" };
const d1 = { deed: hash(21) };
const courts = { court: "courts" };
const share = (holder: string, parts: number) => ({ holder, parts });
const move = (from: string, to: string, parts: number) => ({ from, to, parts });

/** Land keeps the register of Q1, health that of Q2; the tax office and the courts serve both. Ann, Bob, Carl, two banks. */
function town(): Scenario {
  const it = founded({
    members: ["tax", "courts", "land", "health", "works"],
    grants: [
      ...[grant("land", "property.registry", "Q1"), grant("health", "property.registry", "Q2")],
      ...[grant("tax", "property.tax_office"), grant("courts", "property.court"), grant("works", "property.court")],
      ...["ministry", "registrar"].map((role) => grant("courts", `eid.${role}`)),
    ],
  });
  enrol(it, "courts", "property", "ann", "bob", "carl");
  for (const company of ["c:bank", "c:other"]) register(it, "courts", company);
  return it;
}
const first = (more: object = {}) => ({
  ...{ ...Q1, district: "Q1", area: 1_000, plan: hash(1), whole: 100, shares: [share("p:ann", 60), share("p:bob", 40)] },
  ...more,
});
function registered(more: object = {}): Scenario {
  const it = town();
  it.act("a parcel of Ann's and Bob's", acts.register, first(more), signedBy("land"));
  return it;
}
let receipts = 0;
const sale = (more: object = {}) => ({
  ...{ ...Q1, deed: hash(9), moves: [move("p:ann", "p:carl", 60)], discharge: [] as string[] },
  ...{ tax_office: "tax", receipt: `r-${++receipts}`, tax: paid, ...more },
});
const both = ["land", "tax"] as const;
const loan = (more: object = {}) => ({ charge: "loan", ...Q1, lender: "c:bank", deed: hash(8), terms, ...more });
/** Charged to the bank, then to the other. */
function charged(): Scenario {
  const it = registered();
  it.act("a loan of the bank", acts.mortgage, loan(), signedBy("land", "ann", "bob", "bank"));
  it.act("and of another", acts.mortgage, loan({ charge: "second", lender: "c:other" }), signedBy("land", "ann", "bob", "other"));
  return it;
}
const doubt = (more: object = {}) => ({ ...Q1, by: "p:carl", ground: "unpaid", claim, ...more });
const judged = (more: object = {}) => ({
  ...{
    ...courts,
    registry: "land",
    ...Q1,
    judgment: "j-1",
    ground: "inheritance",
    document: hash(7),
    moves: [] as ReturnType<typeof move>[],
  },
  ...{ discharge: [] as string[], caveats: [] as string[], seizures: [] as string[], ...more },
});
const court = signedBy("courts", "land");
const held = (it: Scenario, parcel = "Q1-1") => it.row(parcels, parcel)!.shares.map(({ holder, parts }) => [holder, parts]);

describe("a parcel", () => {
  test("is entered by the registry of its district, its shares total one", () => {
    const it = town();
    it.refused("by another district's", "engine.not_entitled", acts.register, first(), signedBy("health"));
    it.refused("by Ann", "engine.not_entitled", acts.register, first(), signedBy("ann"));
    const wrong = (shares: object[], whole = 100) => first({ shares, whole });
    it.refused("a part short", "property.shares_total_one", acts.register, wrong([share("p:ann", 99)]), signedBy("land"));
    it.refused("a part over", "property.shares_total_one", acts.register, wrong([share("p:ann", 100)], 99), signedBy("land"));
    it.refused("nobody's", "engine.args_invalid", acts.register, wrong([]), signedBy("land"));
    it.refused("an empty share", "engine.args_invalid", acts.register, wrong([share("p:ann", 100), share("p:bob", 0)]), signedBy("land"));
    it.refused("a stranger's", "property.holder_unknown", acts.register, wrong([share("p:eve", 100)]), signedBy("land"));
    it.act("in any order", acts.register, wrong([share("p:bob", 40), share("p:ann", 35), share("p:ann", 25)]), signedBy("land"));
    expect(held(it)).toEqual([
      ["p:ann", 60],
      ["p:bob", 40],
    ]);
    it.refused("once", "engine.already_exists", acts.register, first(), signedBy("land"));
    expect(it.row(entries, "Q1-1", 0)).toMatchObject({ act: "registered", whole: 100, registry: "Q1" });
    passes(it, "property");
  });

  test("passes on when all sign, tax settled and charges discharged in the same act", () => {
    const it = charged();
    const all = ["land", "tax", "ann", "carl", "bank", "other"];
    const act = sale({ discharge: ["loan"] });
    for (const [without, code] of [
      ["land", "engine.not_entitled"],
      ["tax", "engine.not_entitled"],
      ["ann", "engine.signature_missing"],
      ["carl", "engine.signature_missing"],
      ["bank", "property.lender_consents"],
      ["other", "property.charge_remains"],
    ] as const)
      it.refused(`without ${without}`, code, acts.transfer, act, signedBy(...all.filter((name) => name !== without)));
    expect(it.needs(acts.transfer, act).map(({ party, role }) => party ?? role)).toEqual([
      ...["property.registry", "tax", "p:ann", "p:carl", "c:bank", "c:other"],
    ]);
    it.refused("Bob's registry", "engine.not_entitled", acts.transfer, act, signedBy(...all.slice(1), "health"));
    expect(it.act("all", acts.transfer, act, signedBy(...all))).toEqual(["property.rank_moved_up"]);
    expect(held(it)).toEqual([
      ["p:bob", 40],
      ["p:carl", 60],
    ]);
    expect([it.row(parcels, "Q1-1")?.charges, it.row(charges, "loan")?.$.status]).toEqual([["second"], "discharged"]);
    expect(it.row(entries, "Q1-1", 1)).toMatchObject({ act: "transferred", discharged: ["loan"], tax_office: "tax", tax: paid });
    const next = (more: object) => sale({ moves: [move("p:carl", "p:ann", 1)], ...more });
    const again = signedBy(...both, "ann", "carl", "other");
    it.refused("the receipt again", "property.tax_settled_once", acts.transfer, next({ receipt: act.receipt }), again);
    it.refused("what he has not", "property.share_too_small", acts.transfer, next({ moves: [move("p:carl", "p:ann", 61)] }), again);
    it.refused("to himself", "property.share_too_small", acts.transfer, next({ moves: [move("p:carl", "p:carl", 1)] }), again);
    it.refused("a charge that is gone", "property.other_parcel", acts.transfer, next({ discharge: ["loan"] }), again);
    it.refused("a charge twice", "property.other_parcel", acts.transfer, next({ discharge: ["second", "second"] }), again);
    it.act("with the charge that remains", acts.transfer, next({}), again);
    passes(it, "property");
  });

  test("is exchanged in one act, and has at most 12 holders", () => {
    const it = town();
    const crowd = Array.from({ length: 11 }, (_, i) => `h${10 + i}`);
    enrol(it, "courts", "property", ...crowd);
    const many = [...crowd.map((name) => share(`p:${name}`, 5)), share("p:ann", 45)];
    it.act("twelve hold it", acts.register, first({ shares: many }), signedBy("land"));
    const more = sale({ moves: [move("p:ann", "p:bob", 1)] });
    it.refused("a thirteenth", "property.too_many_holders", acts.transfer, more, signedBy(...both, "ann", "bob"));
    const chain = sale({ moves: [move("p:ann", "p:bob", 45), move("p:bob", "p:carl", 44), move("p:h10", "p:bob", 5)] });
    it.refused(
      "still",
      "property.too_many_holders",
      acts.transfer,
      { ...chain, moves: chain.moves.slice(0, 2) },
      signedBy(...both, "ann", "bob", "carl"),
    );
    it.act("a chain", acts.transfer, chain, signedBy(...both, "ann", "bob", "carl", "h10"));
    expect(partsOf(it.row(parcels, "Q1-1")!.shares, "p:bob")).toBe(6);
    passes(it, "property");
  });

  test("is counted more finely where a part has to be parted; area and plan are corrected on a ground", () => {
    const it = registered();
    it.refused("by Ann", "engine.not_entitled", acts.refine, { ...Q1, times: 3 }, signedBy("ann"));
    it.act("in thirds", acts.refine, { ...Q1, times: 3 }, signedBy("land"));
    expect([it.row(parcels, "Q1-1")?.whole, held(it)]).toEqual([
      300,
      [
        ["p:ann", 180],
        ["p:bob", 120],
      ],
    ]);
    for (let i = 0; i < 2; i++) it.act("finer", acts.refine, { ...Q1, times: 10_000 }, signedBy("land"));
    it.refused("too fine", "property.too_fine", acts.refine, { ...Q1, times: 10_000 }, signedBy("land"));
    it.act("a survey", acts.correct, { ...Q1, ...d1, area: 998, plan: hash(2), ground: "resurvey" }, signedBy("land", "ann", "bob"));
    it.refused("elsewhere", "engine.not_entitled", acts.correct, { ...Q1, ...d1, area: 1, plan: hash(2), ground: "x" }, signedBy("health"));
    expect(it.row(parcels, "Q1-1")).toMatchObject({ area: 998, ground: "resurvey" });
    passes(it, "property");
  });

  test("is divided by all who hold it, and merged again: shares, charges and their rank are carried over", () => {
    const it = charged();
    const halves = (a = 400, b = 600) => [
      { parcel: "Q1-1a", area: a, plan: hash(5) },
      { parcel: "Q1-1b", area: b, plan: hash(6) },
    ];
    const holders = signedBy("land", "ann", "bob");
    it.refused("by Ann", "engine.signature_missing", acts.divide, { ...Q1, ...d1, parts: halves() }, signedBy("land", "ann"));
    it.refused("a metre is lost", "property.area_differs", acts.divide, { ...Q1, ...d1, parts: halves(399) }, holders);
    it.refused(
      "into itself",
      "engine.already_exists",
      acts.divide,
      { ...Q1, ...d1, parts: [{ ...halves()[0]!, parcel: "Q1-1" }, halves()[1]!] },
      holders,
    );
    it.act("into two", acts.divide, { ...Q1, ...d1, parts: halves() }, holders);
    for (const part of ["Q1-1a", "Q1-1b"]) {
      expect(it.row(parcels, part)).toMatchObject({ whole: 100, charges: ["loan", "second"], from: ["Q1-1"] });
      expect(held(it, part)).toEqual(held(it));
    }
    expect([it.row(parcels, "Q1-1")?.$.status, it.row(parcels, "Q1-1")?.into]).toEqual(["closed", ["Q1-1a", "Q1-1b"]]);
    expect(it.row(charges, "loan")?.parcels).toEqual(["Q1-1a", "Q1-1b"]);
    for (const [says, action, args, by] of [
      ["sold", acts.transfer, sale(), signedBy(...both, "ann", "carl")],
      ["judged", acts.adjudge, judged({ moves: [move("p:ann", "p:carl", 1)] }), court],
      ["charged", acts.mortgage, loan({ charge: "third" }), signedBy("land", "ann", "bob", "bank")],
      ["divided", acts.divide, { ...Q1, ...d1, parts: halves() }, holders],
      ["corrected", acts.correct, { ...Q1, ...d1, area: 1, plan: hash(2), ground: "x" }, signedBy("land")],
      ["refined", acts.refine, { ...Q1, times: 2 }, signedBy("land")],
      ["stopped", acts.caveat, doubt(), signedBy("land", "carl")],
      ["seized", acts.seize, { ...courts, seizure: "s", ...Q1, ground: "x" }, signedBy("courts")],
      ["applied for", acts.lodge, { ...Q1, deed: hash(1), applicant: "p:ann" }, signedBy("ann")],
      ["merged", acts.merge, { ...d1, parcels: ["Q1-1a", "Q1-1"], into: "Q1-9", plan: hash(1) }, holders],
    ] as const)
      it.refused(`what is closed is not ${says}`, "property.closed", action as any, args, by);
    const again = { ...d1, parcels: ["Q1-1b", "Q1-1a"], into: "Q1-2", plan: hash(2) };
    it.refused("one with itself", "property.unlike", acts.merge, { ...again, parcels: ["Q1-1a", "Q1-1a"] }, holders);
    it.act("the bank releases one", acts.discharge, { ...d1, charge: "loan", parcels: ["Q1-1a"] }, signedBy("land", "bank"));
    expect(it.row(charges, "loan")).toMatchObject({ parcels: ["Q1-1b"], $: { status: "live" } });
    it.refused("charged with other loans", "property.unlike", acts.merge, again, holders);
    it.act("and the other", acts.discharge, { ...d1, charge: "loan", parcels: ["Q1-1b"] }, signedBy("land", "bank"));
    it.act("one is counted more finely", acts.refine, { parcel: "Q1-1a", times: 7 }, signedBy("land"));
    it.refused("by Ann", "engine.signature_missing", acts.merge, again, signedBy("land", "ann"));
    it.act("the same fractions", acts.merge, again, holders);
    expect(it.row(parcels, "Q1-2")).toMatchObject({ area: 1_000, whole: 100, charges: ["second"], from: ["Q1-1b", "Q1-1a"] });
    expect(it.row(charges, "second")?.parcels).toEqual(["Q1-2"]);
    passes(it, "property");
    it.act("a neighbour's", acts.register, first({ parcel: "Q1-3", shares: [share("p:ann", 100)] }), signedBy("land"));
    it.refused("other shares", "property.unlike", acts.merge, { ...d1, parcels: ["Q1-2", "Q1-3"], into: "Q1-4", plan: hash(2) }, holders);
    for (const parcel of ["L1", "L2"])
      it.act("a desert", acts.register, first({ parcel, shares: [share("p:ann", 100)], area: 600_000_000_000 }), signedBy("land"));
    it.refused(
      "more than a million km²",
      "property.too_large",
      acts.merge,
      { ...d1, parcels: ["L1", "L2"], into: "L3", plan: hash(2) },
      signedBy("land", "ann"),
    );
  });

  test("is divided until its charge burdens 64 parcels", () => {
    const it = charged();
    const parts = (of: string, n: number, area: number) =>
      Array.from({ length: n }, (_, i) => ({ parcel: `${of}.${i}`, area: area / n, plan: hash(5) }));
    const holders = signedBy("land", "ann", "bob");
    it.act("eight", acts.divide, { ...Q1, ...d1, parts: parts("Q1-1", 8, 1_000) }, holders);
    for (let i = 0; i < 8; i++) {
      const parcel = `Q1-1.${i}`;
      const wider = { parcel, ...d1, area: 128, plan: hash(5), ground: "resurvey" };
      it.act("corrected", acts.correct, wider, signedBy("land", "ann", "bob", "bank", "other"));
      it.act("eight of one", acts.divide, { ...d1, parcel, parts: parts(parcel, 8, 128) }, holders);
    }
    expect(it.row(charges, "loan")?.parcels).toHaveLength(64);
    it.refused("more", "property.too_many_burdens", acts.divide, { ...d1, parcel: "Q1-1.0.0", parts: parts("x", 2, 16) }, holders);
    const released = { ...d1, charge: "loan", parcels: it.row(charges, "loan")!.parcels };
    it.act("all are released at once", acts.discharge, released, signedBy("land", "bank"));
    expect(it.row(charges, "loan")?.$.status).toBe("discharged");
    passes(it, "property");
  });
});

describe("a charge", () => {
  test("is entered by all who hold the parcel and the lender, in rank behind others; it leaves with the lender's consent", () => {
    const it = registered();
    for (const [without, code] of [
      ["land", "engine.not_entitled"],
      ["ann", "engine.signature_missing"],
      ["bob", "engine.signature_missing"],
      ["bank", "engine.signature_missing"],
    ] as const)
      it.refused(
        `without ${without}`,
        code,
        acts.mortgage,
        loan(),
        signedBy(...["land", "ann", "bob", "bank"].filter((n) => n !== without)),
      );
    for (let i = 0; i < 8; i++) it.act("one", acts.mortgage, loan({ charge: `loan-${i}` }), signedBy("land", "ann", "bob", "bank"));
    it.refused("a ninth", "property.too_many_burdens", acts.mortgage, loan(), signedBy("land", "ann", "bob", "bank"));
    const third = { ...d1, charge: "loan-3", parcels: ["Q1-1"] };
    it.refused("the owners discharge it", "property.lender_consents", acts.discharge, third, signedBy("land", "ann", "bob"));
    it.refused("the bank alone", "engine.not_entitled", acts.discharge, third, signedBy("bank"));
    expect(it.act("both", acts.discharge, third, signedBy("land", "bank"))).toEqual(["property.rank_moved_up"]);
    it.refused("twice", "property.other_parcel", acts.discharge, third, signedBy("land", "bank"));
    expect(it.act("the last", acts.discharge, { ...d1, charge: "loan-7", parcels: ["Q1-1"] }, signedBy("land", "bank"))).toEqual([]);
    it.act("another behind them", acts.mortgage, loan(), signedBy("land", "ann", "bob", "bank"));
    expect(it.row(parcels, "Q1-1")?.charges).toEqual(["loan-0", "loan-1", "loan-2", "loan-4", "loan-5", "loan-6", "loan"]);
    expect(it.row(charges, "loan")?.rank).toBe(8);
    it.refused(
      "its name is used",
      "engine.already_exists",
      acts.mortgage,
      loan({ charge: "loan-3" }),
      signedBy("land", "ann", "bob", "bank"),
    );
    passes(it, "property");
  });

  test("is assigned with its rank", () => {
    const it = charged();
    const sold = { ...d1, charge: "loan", to: "c:other" };
    it.refused("by who takes it", "property.lender_consents", acts.assign, sold, signedBy("land", "other"));
    it.refused("to who does not sign", "engine.signature_missing", acts.assign, sold, signedBy("land", "bank"));
    it.act("both", acts.assign, sold, signedBy("land", "bank", "other"));
    it.refused(
      "the bank discharges it",
      "property.lender_consents",
      acts.discharge,
      { ...d1, charge: "loan", parcels: ["Q1-1"] },
      signedBy("land", "bank"),
    );
    expect(it.row(charges, "loan")).toMatchObject({ lender: "c:other", rank: 0 });
    it.act("the other does", acts.discharge, { ...d1, charge: "loan", parcels: ["Q1-1"] }, signedBy("land", "other"));
    it.refused(
      "what is gone",
      "property.other_parcel",
      acts.assign,
      { ...d1, charge: "loan", to: "c:bank" },
      signedBy("land", "bank", "other"),
    );
    passes(it, "property");
  });

  test("cedes its rank to the next by its lender's consent, on all the parcels that both burden; no other loses or gains", () => {
    const it = charged();
    it.act("a third", acts.mortgage, loan({ charge: "third", lender: "p:carl" }), signedBy("land", "ann", "bob", "carl"));
    const step = { ...d1, charge: "loan", behind: "second" };
    it.refused("by who gains", "property.lender_consents", acts.postpone, step, signedBy("land", "other"));
    it.refused("without him", "engine.signature_missing", acts.postpone, step, signedBy("land", "bank"));
    it.refused("by both alone", "engine.not_entitled", acts.postpone, step, signedBy("bank", "other"));
    it.refused(
      "past another",
      "property.not_next",
      acts.postpone,
      { ...d1, charge: "loan", behind: "third" },
      signedBy("land", "bank", "carl"),
    );
    it.refused(
      "forward",
      "property.not_next",
      acts.postpone,
      { ...d1, charge: "second", behind: "loan" },
      signedBy("land", "bank", "other"),
    );
    it.refused("behind itself", "property.not_next", acts.postpone, { ...d1, charge: "loan", behind: "loan" }, signedBy("land", "bank"));
    it.act("behind the second", acts.postpone, step, signedBy("land", "bank", "other"));
    expect(it.row(parcels, "Q1-1")?.charges).toEqual(["second", "loan", "third"]);
    expect([it.row(charges, "loan")?.rank, it.row(charges, "second")?.rank]).toEqual([1, 0]);
    passes(it, "property");
    const parts = ["a", "b"].map((parcel) => ({ parcel, area: 500, plan: hash(1) }));
    it.act("divided", acts.divide, { ...Q1, ...d1, parts }, signedBy("land", "ann", "bob"));
    it.act("on both parts", acts.postpone, { ...d1, charge: "loan", behind: "third" }, signedBy("land", "bank", "carl"));
    expect(["a", "b"].map((parcel) => it.row(parcels, parcel)?.charges)).toEqual([
      ["second", "third", "loan"],
      ["second", "third", "loan"],
    ]);
    it.act("one part is released", acts.discharge, { ...d1, charge: "third", parcels: ["b"] }, signedBy("land", "carl"));
    it.refused(
      "now they burden other parcels",
      "property.not_next",
      acts.postpone,
      { ...d1, charge: "second", behind: "third" },
      signedBy("land", "other", "carl"),
    );
    it.act("the other too", acts.discharge, { ...d1, charge: "third", parcels: ["a"] }, signedBy("land", "carl"));
    it.refused(
      "what is discharged",
      "property.not_next",
      acts.postpone,
      { ...d1, charge: "third", behind: "loan" },
      signedBy("land", "bank", "carl"),
    );
    passes(it, "property");
  });
});

describe("a caveat", () => {
  test("stops the parcel for 90 days, and lapses unless the court extends it", () => {
    const it = registered();
    it.refused("without the registry", "engine.not_entitled", acts.caveat, doubt(), signedBy("carl"));
    it.refused("in Carl's name", "engine.signature_missing", acts.caveat, doubt(), signedBy("land", "bob"));
    it.act("Carl's", acts.caveat, doubt(), signedBy("land", "carl"));
    const stopped = "property.block_stands";
    it.refused("sold", stopped, acts.transfer, sale(), signedBy(...both, "ann", "carl"));
    it.refused("charged", stopped, acts.mortgage, loan(), signedBy("land", "ann", "bob", "bank"));
    const parts = ["a", "b"].map((parcel) => ({ parcel, area: 500, plan: hash(1) }));
    it.refused("divided", stopped, acts.divide, { ...Q1, ...d1, parts }, signedBy("land", "ann", "bob"));
    it.refused(
      "merged",
      stopped,
      acts.merge,
      { ...d1, parcels: ["Q1-1", "Q1-1"], into: "x", plan: hash(1) },
      signedBy("land", "ann", "bob"),
    );
    const until = it.row(caveats, "Q1-1", "p:carl")!.until;
    const longer = { ...courts, ...Q1, by: "p:carl", until: until + days(100) };
    it.refused("by Carl himself", "engine.not_entitled", acts.extend, longer, signedBy("carl"));
    it.refused("shortened", "property.extended_ahead", acts.extend, { ...longer, until: until - 1 }, signedBy("courts"));
    it.refused("for ever", "property.extended_ahead", acts.extend, { ...longer, until: it.time + days(731) }, signedBy("courts"));
    it.act("by the court", acts.extend, longer, signedBy("courts"));
    it.advance(until + days(99) - it.time);
    it.refused("it stands", stopped, acts.transfer, sale(), signedBy(...both, "ann", "carl"));
    it.advance(days(1));
    expect(it.row(caveats, "Q1-1", "p:carl")?.$.status).toBe("lapsed");
    it.refused("extended too late", "property.extended_ahead", acts.extend, { ...longer, until: it.time + days(9) }, signedBy("courts"));
    it.refused("anew", "property.leave_needed", acts.caveat, doubt(), signedBy("land", "carl"));
    const leave = doubt({ ...courts, registry: "land" }) as any;
    it.act("with the court's leave", acts.caveatAgain, leave, signedBy("land", "carl", "courts"));
    expect(it.row(caveats, "Q1-1", "p:carl")?.times).toBe(2);
    it.refused("twice at once", "engine.illegal_move", acts.caveatAgain, leave, signedBy("land", "carl", "courts"));
    const bob = { ...leave, by: "p:bob" };
    it.refused("nobody's first", "property.leave_needed", acts.caveatAgain, bob, signedBy("land", "bob", "courts"));
    it.refused("Bob withdraws it", "engine.signature_missing", acts.withdraw, { ...Q1, by: "p:carl" }, signedBy("bob"));
    it.act("Carl does", acts.withdraw, { ...Q1, by: "p:carl" }, signedBy("carl"));
    it.refused("twice", "property.other_parcel", acts.withdraw, { ...Q1, by: "p:carl" }, signedBy("carl"));
    it.act("sold", acts.transfer, sale(), signedBy(...both, "ann", "carl"));
    passes(it, "property");
    it.indexHolds();
  });

  test("is removed by the court on a ground; eight at most stand", () => {
    const it = registered();
    const crowd = Array.from({ length: 8 }, (_, i) => `h${10 + i}`);
    enrol(it, "courts", "property", ...crowd);
    for (const name of crowd) it.act(name, acts.caveat, doubt({ by: `p:${name}` }), signedBy("land", name));
    it.refused("a ninth", "property.too_many_burdens", acts.caveat, doubt(), signedBy("land", "carl"));
    const spite = { ...courts, ...Q1, by: "p:h10", ground: "no-right" };
    it.refused("by the registry", "engine.not_entitled", acts.remove, spite, signedBy("land"));
    it.act("by the court", acts.remove, spite, signedBy("courts"));
    expect(it.row(caveats, "Q1-1", "p:h10")).toMatchObject({ ended: "no-right", $: { status: "removed" } });
    it.act("a place is free", acts.caveat, doubt(), signedBy("land", "carl"));
    expect(it.advance(days(90))).toHaveLength(8);
    expect(it.row(parcels, "Q1-1")?.caveats).toEqual([]);
    passes(it, "property");
  });
});

describe("the court", () => {
  test("seizes and lifts; nothing else moves a seized parcel, and it has no end by itself", () => {
    const it = registered();
    const order = { ...courts, seizure: "m-1", ...Q1, ground: "enforcement" };
    it.refused("by the tax office", "engine.not_entitled", acts.seize, order, signedBy("tax"));
    it.act("by the court", acts.seize, order, signedBy("courts"));
    it.refused("under a used number", "engine.already_exists", acts.seize, order, signedBy("courts"));
    for (let i = 2; i < 9; i++) it.act("more", acts.seize, { ...order, seizure: `m-${i}` }, signedBy("courts"));
    it.refused("a ninth", "property.too_many_burdens", acts.seize, { ...order, seizure: "m-9" }, signedBy("courts"));
    expect(it.advance(days(4_000))).toEqual([]);
    it.refused("sold", "property.block_stands", acts.transfer, sale(), signedBy(...both, "ann", "carl"));
    const over = { ...Q1, seizure: "m-1", ground: "paid" };
    it.refused("lifted by Ann", "engine.not_entitled", acts.lift, over, signedBy("ann"));
    it.act("lifted", acts.lift, over, signedBy("courts"));
    it.refused("twice", "property.other_parcel", acts.lift, over, signedBy("courts"));
    expect(it.row(seizures, "m-1")).toMatchObject({ court: "courts", ended: "paid" });
    passes(it, "property");
  });

  test("has its judgment carried out without the holder's signature: on a ground, once, and visible for ever", () => {
    const it = charged();
    it.act("Ann has died: her notary's caveat", acts.caveat, doubt({ ground: "estate" }), signedBy("land", "carl"));
    it.act("a creditor", acts.seize, { ...courts, seizure: "m-1", ...Q1, ground: "enforcement" }, signedBy("courts"));
    const heirs = judged({ moves: [move("p:ann", "p:carl", 60)], caveats: ["p:carl"] });
    it.refused("the court alone", "engine.not_entitled", acts.adjudge, heirs, signedBy("courts"));
    it.refused("the registry alone", "engine.not_entitled", acts.adjudge, heirs, signedBy("land"));
    it.refused("to a stranger", "property.holder_unknown", acts.adjudge, judged({ moves: [move("p:ann", "p:eve", 1)] }), court);
    it.refused("more than she had", "property.share_too_small", acts.adjudge, judged({ moves: [move("p:ann", "p:carl", 61)] }), court);
    it.refused("saying nothing", "property.judgment_empty", acts.adjudge, judged(), court);
    it.refused("of another's caveat", "property.other_parcel", acts.adjudge, judged({ caveats: ["p:bob"] }), court);
    it.refused("of another's seizure", "property.other_parcel", acts.adjudge, judged({ seizures: ["m-2"] }), court);
    expect(it.act("carried out", acts.adjudge, heirs, court)).toEqual(["property.by_judgment"]);
    it.refused("twice", "property.judgment_done", acts.adjudge, { ...heirs, caveats: [], moves: [move("p:bob", "p:carl", 1)] }, court);
    expect(held(it)).toEqual([
      ["p:bob", 40],
      ["p:carl", 60],
    ]);
    expect(it.row(judgments, "Q1-1", "courts", "j-1")).toMatchObject({ ground: "inheritance", entry: 1 });
    expect(it.row(entries, "Q1-1", 1)).toMatchObject({ act: "adjudged", court: "courts", judgment: "j-1" });
    expect(it.row(parcels, "Q1-1")).toMatchObject({ charges: ["loan", "second"], caveats: [], seizures: ["m-1"] });
    it.act("the bank is suspended: nobody can sign for it", eid.suspend, { principal: "c:bank", ground: "order-17" }, signedBy("courts"));
    it.refused(
      "so its charge stays",
      "property.lender_consents",
      acts.discharge,
      { ...d1, charge: "loan", parcels: ["Q1-1"] },
      signedBy("land", "bank"),
    );
    const sold = judged({ judgment: "j-2", ground: "enforcement", discharge: ["loan"], seizures: ["m-1"] });
    it.act("but for a judgment", acts.adjudge, sold, court);
    expect([it.row(charges, "loan")?.$.status, it.row(parcels, "Q1-1")?.seizures]).toEqual(["discharged", []]);
    passes(it, "property");
  });
});

describe("area and plan", () => {
  const survey = (more: object = {}) => ({ ...Q1, ...d1, area: 998, plan: hash(2), ground: "resurvey", ...more });
  test("are corrected by an entry that says what was before: the area by all who hold the parcel or lent on it, or by a judgment", () => {
    const it = charged();
    const all = ["land", "ann", "bob", "bank", "other"];
    for (const [without, code] of [
      ["land", "engine.not_entitled"],
      ["ann", "engine.signature_missing"],
      ["bob", "engine.signature_missing"],
      ["bank", "property.charge_remains"],
      ["other", "property.charge_remains"],
    ] as const)
      it.refused(`without ${without}`, code, acts.correct, survey(), signedBy(...all.filter((name) => name !== without)));
    it.refused("the same", "property.same_survey", acts.correct, survey({ area: 1_000, plan: hash(1) }), signedBy(...all));
    it.act("the plan alone", acts.correct, survey({ area: 1_000 }), signedBy("land"));
    it.act("by all", acts.correct, survey(), signedBy(...all));
    expect([1, 2].map((n) => it.row(entries, "Q1-1", n))).toMatchObject([
      { act: "corrected", area: 1_000, plan: hash(2), was: { area: 1_000, plan: hash(1) } },
      { act: "corrected", area: 998, plan: hash(2), was: { area: 1_000, plan: hash(2) }, deed: hash(21) },
    ]);
    it.act("seized", acts.seize, { ...courts, seizure: "m-1", ...Q1, ground: "debt" }, signedBy("courts"));
    it.refused("seized as it is", "property.block_stands", acts.correct, survey({ area: 1 }), signedBy(...all));
    it.act("but for a judgment", acts.adjudge, judged({ survey: { area: 990, plan: hash(3) } }), court);
    expect(it.row(parcels, "Q1-1")).toMatchObject({ area: 990, plan: hash(3), entries: 4 });
    it.act("lifted", acts.lift, { ...Q1, seizure: "m-1", ground: "paid" }, signedBy("courts"));
    const parts = ["a", "b"].map((parcel) => ({ parcel, area: 495, plan: hash(1) }));
    it.act("divided", acts.divide, { ...Q1, ...d1, parts }, signedBy("land", "ann", "bob"));
    it.act("a part is larger", acts.correct, survey({ parcel: "a", area: 500 }), signedBy(...all));
    it.act("merged", acts.merge, { ...d1, parcels: ["a", "b"], into: "c", plan: hash(1) }, signedBy("land", "ann", "bob"));
    expect(it.row(parcels, "c")?.area).toBe(995);
    passes(it, "property");
    for (const [type, key, change] of [
      [parcels, ["Q1-1"], { area: 999_999 }],
      [parcels, ["c"], { plan: hash(9) }],
      [entries, ["Q1-1", 2], { area: 997 }],
      [entries, ["Q1-1", 2], { was: undefined }],
      [entries, ["Q1-1", 2], { act: "transferred" }],
      [entries, ["b", 0], { area: 496 }],
      [entries, ["c", 0], { area: 996 }],
    ] as const)
      expect((findsTampered as any)(it, "property", type, key, change)).toEqual(["titles"]);
  });
});

describe("what binds somebody who does not sign", () => {
  test("is done by two agencies, and by no court in a cause of its own", () => {
    const it = founded({
      grants: [
        ...["property.registry", "property.court"].map((role) => grant("land", role, "Q1")),
        ...[grant("courts", "property.court"), grant("health", "property.court"), grant("tax", "property.tax_office")],
        ...["ministry", "registrar"].map((role) => grant("courts", `eid.${role}`)),
      ],
    });
    enrol(it, "courts", "property", "ann", "bob", "carl");
    it.act("a parcel", acts.register, first({ shares: [share("p:ann", 60), share("health", 40)] }), signedBy("land"));
    const taken = (more: object = {}) => judged({ moves: [move("p:ann", "p:carl", 60)], ...more });
    it.refused("by land alone", "property.two_offices", acts.adjudge, taken({ court: "land" }), signedBy("land"));
    it.refused("in another's name", "engine.not_entitled", acts.adjudge, taken({ court: "tax" }), signedBy("land", "tax"));
    it.refused("by a holder", "property.own_cause", acts.adjudge, taken({ court: "health" }), signedBy("land", "health"));
    const greedy = taken({ moves: [move("p:ann", "courts", 60)] });
    it.refused("for itself", "property.own_cause", acts.adjudge, greedy, signedBy("land", "courts"));
    it.act("a caveat", acts.caveat, doubt(), signedBy("land", "carl"));
    const spite = { court: "health", ...Q1, by: "p:carl", ground: "x" };
    it.refused("removed by a holder", "property.own_cause", acts.remove, spite, signedBy("health"));
    it.advance(days(91));
    it.refused("anew, as land may judge", "property.leave_needed", acts.caveat, doubt(), signedBy("land", "carl"));
    const leave = { ...doubt(), registry: "land" };
    it.refused("by land's leave", "property.two_offices", acts.caveatAgain, { ...leave, court: "land" }, signedBy("land", "carl"));
    it.refused("by a holder's", "property.own_cause", acts.caveatAgain, { ...leave, court: "health" }, signedBy("land", "carl", "health"));
    it.act("by the court's", acts.caveatAgain, { ...leave, ...courts }, signedBy("land", "carl", "courts"));
    it.act("an honest judgment, though land may judge too", acts.adjudge, taken(), signedBy("land", "courts"));
    it.act("seized by health", acts.seize, { court: "health", seizure: "m-1", ...Q1, ground: "x" }, signedBy("health"));
    const own = { ...Q1, seizure: "m-1", ground: "x" };
    it.refused("and lifted for itself", "property.own_cause", acts.lift, own, signedBy("health"));
    passes(it, "property");
  });

  test("is its own court's: another lifts and removes by a judgment only, and the rows say who did", () => {
    const it = registered();
    it.act("courts seize", acts.seize, { ...courts, ...Q1, seizure: "s", ground: "debt" }, signedBy("courts"));
    it.act("a caveat", acts.caveat, doubt(), signedBy("land", "carl"));
    const longer = { ...courts, ...Q1, by: "p:carl", until: it.time + days(300) };
    it.act("courts extend it", acts.extend, longer, signedBy("courts"));
    it.refused("works lift", "engine.not_entitled", acts.lift, { ...Q1, seizure: "s", ground: "x" }, signedBy("works"));
    const spite = { ...Q1, by: "p:carl", ground: "x", court: "works" };
    it.refused("works remove", "property.other_court", acts.remove, spite, signedBy("works"));
    const theirs = { ...longer, court: "works", until: it.time + days(400) };
    it.refused("works extend", "property.other_court", acts.extend, theirs, signedBy("works"));
    const order = judged({ court: "works", caveats: ["p:carl"], seizures: ["s"] });
    it.act("by a judgment", acts.adjudge, order, signedBy("works", "land"));
    expect([it.row(seizures, "s"), it.row(caveats, "Q1-1", "p:carl")]).toMatchObject([
      { court: "courts", ended_by: "works", $: { status: "lifted" } },
      { court: "courts", ended_by: "works", $: { status: "removed" } },
    ]);
    it.act("another seizure", acts.seize, { ...courts, ...Q1, seizure: "s-2", ground: "debt" }, signedBy("courts"));
    it.act("lifted by who seized", acts.lift, { ...Q1, seizure: "s-2", ground: "paid" }, signedBy("courts"));
    expect(it.row(seizures, "s-2")).toMatchObject({ ended: "paid", ended_by: "courts" });
    passes(it, "property");
    expect(findsTampered(it, "property", seizures, ["s-2"], { ended_by: undefined })).toEqual(["blocks"]);
  });
});

describe("a deed", () => {
  const ann = { applicant: "p:ann" };
  const deed = { ...Q1, deed: hash(9), ...ann };
  const stands = (it: Scenario, by = "p:ann", n = 9) => it.row(applications, "Q1-1", hash(n), by)?.$.status;
  test("that is handed in is entered or refused on a ground in 30 days, or says that it is late; refused, it is handed in again", () => {
    const it = registered();
    it.refused("in Ann's name", "engine.signature_missing", acts.lodge, deed, signedBy("bob"));
    it.act("by Ann", acts.lodge, deed, signedBy("ann"));
    it.refused("twice", "property.not_awaited", acts.lodge, deed, signedBy("ann"));
    it.refused("refused by another", "engine.not_entitled", acts.refuse, { ...deed, ground: "form" }, signedBy("health"));
    it.advance(days(30));
    expect(stands(it)).toBe("late");
    it.act("refused", acts.refuse, { ...deed, ground: "form" }, signedBy("land"));
    it.refused("twice", "property.not_awaited", acts.refuse, { ...deed, ground: "form" }, signedBy("land"));
    expect(it.row(applications, "Q1-1", hash(9), "p:ann")).toMatchObject({ ground: "form", $: { status: "refused" } });
    const all = signedBy(...both, "ann", "carl");
    it.refused("entered for who does not wait", "property.not_awaited", acts.transfer, sale(ann), all);
    it.act("handed in again, mended", acts.lodge, deed, signedBy("ann"));
    it.act("entered", acts.transfer, sale(ann), all);
    expect(stands(it)).toBe("entered");
    it.refused("handed in once more", "property.not_awaited", acts.lodge, deed, signedBy("ann"));
    it.act("a loan's", acts.lodge, { ...Q1, deed: hash(8), applicant: "c:bank" }, signedBy("bank"));
    it.act("entered in time", acts.mortgage, loan({ applicant: "c:bank" }), signedBy("land", "bob", "carl", "bank"));
    expect(it.advance(days(31))).toEqual([]);
    passes(it, "property");
  });

  test("is its applicant's: a stranger who hands it in first is in nobody's way; it is withdrawn by who handed it in", () => {
    const it = registered();
    const carl = { ...deed, applicant: "p:carl" };
    it.act("a stranger", acts.lodge, carl, signedBy("carl"));
    it.act("Ann", acts.lodge, deed, signedBy("ann"));
    it.act("the stranger is refused", acts.refuse, { ...carl, ground: "stranger" }, signedBy("land"));
    it.refused("withdrawn by another", "engine.signature_missing", acts.withdrawDeed, deed, signedBy("carl"));
    it.act("withdrawn", acts.withdrawDeed, deed, signedBy("ann"));
    expect([stands(it), it.advance(days(31)).length]).toEqual(["withdrawn", 0]);
    it.refused("twice", "property.not_awaited", acts.withdrawDeed, deed, signedBy("ann"));
    it.act("and handed in again", acts.lodge, deed, signedBy("ann"));
    it.act("entered", acts.transfer, sale(ann), signedBy(...both, "ann", "carl"));
    expect([stands(it), stands(it, "p:carl")]).toEqual(["entered", "refused"]);
    it.indexHolds();
  });

  test("is answered by every act that enters one", () => {
    const it = charged();
    let n = 100;
    const lodged = (parcel: string): { deed: Uint8Array; applicant: string } => {
      const handed = { deed: hash(++n), ...ann };
      it.act("handed in", acts.lodge, { parcel, ...handed }, signedBy("ann"));
      return handed;
    };
    const all = signedBy("land", "tax", "courts", "ann", "bob", "bank", "other");
    const entered = (action: Action, parcel: string, args: (of: { deed: Uint8Array; applicant: string }) => object): void => {
      const of = lodged(parcel);
      it.act(action.name, action, args(of) as any, all);
      expect([action.name, it.row(applications, parcel, of.deed, "p:ann")?.$.status]).toEqual([action.name, "entered"]);
    };
    entered(acts.adjudge, "Q1-1", ({ deed: document, applicant }) => judged({ document, applicant, moves: [move("p:ann", "p:bob", 1)] }));
    entered(acts.correct, "Q1-1", (of) => ({ ...Q1, ...of, area: 1_001, plan: hash(2), ground: "x" }));
    entered(acts.postpone, "Q1-1", (of) => ({ ...of, charge: "loan", behind: "second" }));
    entered(acts.assign, "Q1-1", (of) => ({ ...of, charge: "loan", to: "c:other" }));
    entered(acts.discharge, "Q1-1", (of) => ({ ...of, charge: "loan", parcels: ["Q1-1"] }));
    const parts = [
      { parcel: "a", area: 500, plan: hash(1) },
      { parcel: "b", area: 501, plan: hash(1) },
    ];
    entered(acts.divide, "Q1-1", (of) => ({ ...Q1, ...of, parts }));
    entered(acts.merge, "b", (of) => ({ ...of, parcels: ["a", "b"], into: "c", plan: hash(1) }));
    entered(acts.mortgage, "c", (of) => loan({ ...of, charge: "third", parcel: "c" }));
    entered(acts.transfer, "c", (of) => sale({ ...of, parcel: "c", moves: [move("p:ann", "p:bob", 1)] }));
    expect(it.advance(days(40))).toEqual([]);
    passes(it, "property");
  });
});

test("an audit finds a row that the rules did not make", () => {
  const it = charged();
  it.act("sold", acts.transfer, sale(), signedBy(...both, "ann", "carl", "bank", "other"));
  it.act("stopped", acts.caveat, doubt(), signedBy("land", "carl"));
  it.act("seized", acts.seize, { ...courts, seizure: "m-1", ...Q1, ground: "x" }, signedBy("courts"));
  it.act("judged", acts.adjudge, judged({ moves: [move("p:bob", "p:ann", 1)] }), court);
  passes(it, "property");
  expect(audit(it, "property").map(({ name, figures }) => [name, figures])).toEqual([
    ["titles", { parcels: 1 }],
    ["blocks", { charges: 2 }],
  ]);
  const stolen = [share("p:ann", 1), share("p:bob", 39), share("p:eve", 60)];
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { shares: stolen })).toEqual(["titles"]);
  expect(findsTampered(it, "property", entries, ["Q1-1", 1], { shares: stolen })).toEqual(["titles"]);
  expect(findsTampered(it, "property", entries, ["Q1-1", 1], { moves: [move("p:ann", "p:eve", 60)] })).toEqual(["titles"]);
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { entries: 2 })).toEqual(["titles"]);
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { from: ["Q1-0"] })).toEqual(["titles"]);
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { $status: "closed" })).toEqual(["titles"]);
  expect(findsTampered(it, "property", judgments, ["Q1-1", "courts", "j-1"], { entry: 1 })).toEqual(["titles"]);
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { charges: ["second", "loan"] })).toEqual(["blocks"]);
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { charges: ["second"] })).toEqual(["blocks"]);
  expect(findsTampered(it, "property", charges, ["loan"], { $status: "discharged" })).toEqual(["blocks"]);
  expect(findsTampered(it, "property", charges, ["loan"], { parcels: ["Q1-1", "Q1-2"] })).toEqual(["blocks"]);
  expect(findsTampered(it, "property", caveats, ["Q1-1", "p:carl"], { $status: "lapsed" })).toEqual(["blocks"]);
  expect(findsTampered(it, "property", parcels, ["Q1-1"], { seizures: [] })).toEqual(["blocks"]);
});

test("the acts of its reference page are a story that happens", () => {
  const roles = ["property.tax_office", "eid.ministry", "eid.registrar"];
  const grants = [...roles.map((role) => grant("tax", role)), grant("courts", "property.court"), grant("land", "property.registry")];
  const it = founded({ grants });
  enrol(it, "tax", "property", "ann.property", "bob.property", "carl.property");
  for (const company of ["c:bank", "c:other-bank"]) register(it, "tax", company);
  const happens = (action: Action, ...by: string[]): void =>
    void it.act(action.name, action, action.options.example!, signedBy("tax", "land", "courts", ...by));
  happens(acts.register);
  happens(acts.mortgage, "ann.property", "bank");
  const second = { ...acts.mortgage.options.example!, charge: "bank-2" };
  it.act("a second", acts.mortgage, second, signedBy("land", "ann.property", "bank"));
  happens(acts.postpone, "bank");
  it.act("gone", acts.discharge, { ...d1, charge: "bank-2", parcels: ["Q1-417"] }, signedBy("land", "bank"));
  happens(acts.assign, "bank", "other-bank");
  happens(acts.lodge, "ann.property");
  happens(acts.refuse);
  happens(acts.lodge, "ann.property");
  happens(acts.withdrawDeed, "ann.property");
  happens(acts.transfer, "ann.property", "bob.property", "other-bank");
  happens(acts.caveat, "carl.property");
  happens(acts.extend);
  happens(acts.remove);
  happens(acts.caveatAgain, "carl.property");
  happens(acts.withdraw, "carl.property");
  happens(acts.seize);
  happens(acts.lift);
  happens(acts.adjudge);
  happens(acts.refine);
  happens(acts.correct, "bob.property", "carl.property");
  const back = { ...acts.correct.options.example!, area: 1_200 };
  it.act("and back", acts.correct, back, signedBy("land", "bob.property", "carl.property"));
  happens(acts.divide, "bob.property", "carl.property");
  happens(acts.merge, "bob.property", "carl.property");
  passes(it, "property");
});

// ── real ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const file = new URL("../../../../shared/data/hmlr-title/setup_db.sql", import.meta.url);
/** The rows of a table, as text. */
const table = (sql: string, name: string): string[][] =>
  [
    ...(new RegExp(`INSERT INTO "?${name}"? \\([^)]*\\)\\s*VALUES([\\s\\S]*?);\\s*(?:ALTER|INSERT|$)`).exec(sql)?.[1] ?? "").matchAll(
      /\(([^\n]*)\)/g,
    ),
  ].map(([, row]) => [...row!.matchAll(/'([^']*)'|(\d+)/g)].map(([, quoted, number]) => quoted ?? number!));
test.skipIf(!existsSync(file))(
  "takes the titles and charges of the HM Land Registry's pilot (skipped without ../shared/data), and keeps their restrictions",
  () => {
    const sql = readFileSync(file, "utf8");
    const [titles, loans, restrictions] = ["title", "charge", "restriction"].map((name) => table(sql, name)) as [
      string[][],
      string[][],
      string[][],
    ];
    expect([titles.length, loans.length, restrictions.length]).toEqual([8, 9, 8]);
    const it = town();
    const people = [...new Set(titles.map(([, owner]) => `owner-${owner}`))];
    enrol(it, "courts", "property", ...people);
    for (const [number, owner] of titles as [string, string][]) {
      const one = { parcel: number, shares: [share(`p:owner-${owner}`, 1)], whole: 1 };
      it.act(number, acts.register, first(one), signedBy("land"));
    }
    for (const [charge, , , , parcel] of loans as [string, string, string, string, string][]) {
      const owner = it.row(parcels, parcel)!.shares[0]!.holder.slice(2);
      it.act(charge, acts.mortgage, loan({ charge, parcel }), signedBy("land", owner, "bank"));
    }
    expect(it.row(parcels, "ZQV888860")?.charges).toEqual(["1", "9"]); // two loans on one title, the older first
    // "No disposition … is to be registered without a written consent signed by the proprietor for the time being of the Charge": each restriction holds.
    for (const [, code, , , , parcel, charge] of restrictions) {
      const owner = it.row(parcels, parcel!)!.shares[0]!.holder;
      expect([code, it.row(charges, charge!)?.parcels]).toEqual(["BX102", [parcel]]);
      const disposition = sale({ parcel, moves: [move(owner, "p:ann", 1)] });
      const parties = ["land", "tax", owner.slice(2), "ann"];
      it.refused(parcel!, "property.charge_remains", acts.transfer, disposition, signedBy(...parties));
      const free = { ...disposition, discharge: [...it.row(parcels, parcel!)!.charges] };
      it.act(parcel!, acts.transfer, free, signedBy(...parties, "bank"));
    }
    passes(it, "property");
    expect(audit(it, "property").map(({ figures }) => figures)).toEqual([{ parcels: 8 }, { charges: 0 }]);
  },
);

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "p:carl", "c:bank", "c:other"] as const;
const rights = plainRights({ land: ["property.registry#Q1"], tax: ["property.tax_office"], courts: ["property.court"] }, [...people]);
const who = fc.constantFrom(...people);
const kinds = [
  ...([
    "transfer",
    "transfer",
    "transfer",
    "transfer",
    "mortgage",
    "mortgage",
    "discharge",
    "discharge",
    "assign",
    "postpone",
    "postpone",
  ] as const),
  ...([
    "caveat",
    "withdraw",
    "extend",
    "extend",
    "remove",
    "seize",
    "lift",
    "lift",
    "adjudge",
    "refine",
    "divide",
    "merge",
    "merge",
    "merge",
    "correct",
    "lodge",
    "lodge",
    "withdrawDeed",
    "refuse",
    "wait",
  ] as const),
] as const;
const step = fc.record({
  act: fc.constantFrom(...kinds),
  parcel: fc.nat(40),
  pick: fc.nat(8),
  from: who,
  to: who,
  parts: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, -1, MAX_WHOLE, MAX_WHOLE + 1, Number.MAX_SAFE_INTEGER) },
  ),
  flag: fc.boolean(),
  off: fc.constantFrom(0, 0, 0, 0, 1, -1),
  days: fc.constantFrom(1, 30, 91, 100, 731),
  /** Signed by who should, or by whoever. */
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, "land", "tax", "courts"), { maxLength: 4 }),
});
interface Plot {
  open: boolean;
  area: number;
  whole: number;
  shares: Map<string, number>;
  charges: string[];
  caveats: Map<string, number>;
  seizures: string[];
  entries: number;
  plan: number;
}

describe("whatever owners, lenders, claimants and courts do", () => {
  test.skipIf(process.env["CHANCERY_QUICK"] === "1")(
    "shares total one, and nobody loses land, a charge or its rank but by his signature or a judgment",
    () => {
      const accepted = new Map<string, number>();
      let tried = 0;
      fc.assert(
        fc.property(fc.array(step, { minLength: 300, maxLength: 320 }), (steps) => {
          const it = scenario({ modules: [acts], resolver: rights, found() {} });
          const plots = new Map<string, Plot>();
          const loans = new Map<string, { lender: string; on: string[] }>();
          const had = new Set<string>();
          const used = new Set<string>();
          /** Deeds handed in, by parcel and applicant. */
          const handed = new Map<string, "waits" | "back" | "entered">();
          const begin = (parcel: string, plot: Partial<Plot>): void =>
            void plots.set(parcel, {
              ...{
                open: true,
                area: 1_000,
                whole: 100,
                shares: new Map(),
                charges: [],
                caveats: new Map(),
                seizures: [],
                entries: 1,
                plan: 1,
              },
              ...plot,
            });
          for (const [parcel, holder] of [
            ["A", "p:ann"],
            ["B", "p:bob"],
          ] as const) {
            it.act(parcel, acts.register, first({ parcel, shares: [share(holder, 100)] }), signedBy("land"));
            begin(parcel, { shares: new Map([[holder, 100]]) });
          }
          let names = 0;
          for (const s of steps) {
            tried++;
            const at = it.time + 1_000;
            if (s.act === "wait") {
              for (const { result } of it.advance(days(s.days))) expect(result.flags).toEqual([]);
              for (const plot of plots.values()) for (const [by, until] of plot.caveats) if (until <= it.time) plot.caveats.delete(by);
              continue;
            }
            for (const plot of plots.values()) for (const [by, until] of plot.caveats) if (until <= at) plot.caveats.delete(by);
            const places = [...plots].filter(([, plot]) => plot.open || s.pick === 8).map(([name]) => name);
            const parcel = places[s.parcel % places.length]!;
            const plot = plots.get(parcel)!;
            const free = plot.open && plot.caveats.size + plot.seizures.length === 0;
            const holders = [...plot.shares.keys()];
            const charge = s.flag ? plot.charges[s.pick % (plot.charges.length || 1)] : [...loans.keys()][s.pick % (loans.size || 1)];
            const lender = loans.get(charge ?? "")?.lender ?? s.from;
            const name = `n${++names}`;
            const giver = s.flag ? holders[s.pick % holders.length]! : s.from;
            const canGive = s.parts > 0 && s.parts <= (plot.shares.get(giver) ?? 0) && giver !== s.to;
            const gone = s.pick < 4 && charge !== undefined ? [charge] : [];
            const claimants = plot.caveats.size > 0 ? [[...plot.caveats.keys()][0]!] : [];
            const give = (): void => {
              plot.shares.set(giver, plot.shares.get(giver)! - s.parts);
              if (plot.shares.get(giver) === 0) plot.shares.delete(giver);
              plot.shares.set(s.to, (plot.shares.get(s.to) ?? 0) + s.parts);
            };
            const release = (one: string): void => {
              plot.charges = plot.charges.filter((other) => other !== one);
              loans.get(one)!.on = loans.get(one)!.on.filter((other) => other !== parcel);
            };
            const carry = (from: readonly string[], into: readonly string[]): void => {
              for (const one of plot.charges) loans.get(one)!.on = [...loans.get(one)!.on.filter((on) => !from.includes(on)), ...into];
              for (const old of from) Object.assign(plots.get(old)!, { open: false, charges: [] });
            };
            const like = (second: Plot): boolean =>
              [...plot.shares].every(([holder, n]) => second.shares.get(holder)! * plot.whole === n * second.whole) &&
              plot.shares.size === second.shares.size &&
              plot.charges.join() === second.charges.join();
            const others = [...plots].filter(([other, it2]) => other !== parcel && it2.open);
            const partner = (s.flag ? others.find(([, other]) => like(other)) : others[0])?.[0] ?? parcel;
            const second = plots.get(partner)!;
            const alike = like(second);
            const claimant = s.honest > 5 ? ([...plot.caveats.keys()][0] ?? s.from) : s.from;
            const is = (args: object, should: readonly string[], allowed: boolean, then: () => void) => ({ args, should, allowed, then });
            const receipt = s.honest === 3 ? "same" : name;
            const application = `${parcel} ${s.from}`;
            const applies = handed.has(application) || s.pick === 7 ? { applicant: s.from } : {};
            const awaited = applies.applicant === undefined || handed.get(application) === "waits";
            const enter = (): void => void (applies.applicant !== undefined && handed.set(application, "entered"));
            const of = { deed: hash(1) };
            const { args, should, allowed, then } = {
              transfer: () =>
                is(
                  {
                    parcel,
                    ...of,
                    ...applies,
                    moves: [move(giver, s.to, s.parts)],
                    discharge: gone,
                    tax_office: "tax",
                    receipt,
                    tax: paid,
                  },
                  ["land", "tax", giver, s.to, ...plot.charges.map((one) => loans.get(one)!.lender)],
                  free && canGive && gone.every((one) => plot.charges.includes(one)) && !used.has(receipt) && awaited,
                  () => {
                    enter();
                    used.add(receipt);
                    give();
                    gone.forEach(release);
                    plot.entries++;
                  },
                ),
              adjudge: () =>
                is(
                  {
                    ...judged({ parcel, judgment: s.honest === 3 ? "same" : name, moves: [move(giver, s.to, s.parts)] }),
                    ...{ discharge: gone, caveats: claimants, seizures: plot.seizures },
                  },
                  ["land", "courts"],
                  plot.open && canGive && gone.every((one) => plot.charges.includes(one)) && !(s.honest === 3 && used.has(`j ${parcel}`)),
                  () => {
                    if (s.honest === 3) used.add(`j ${parcel}`);
                    give();
                    gone.forEach(release);
                    for (const by of claimants) plot.caveats.delete(by);
                    plot.seizures = [];
                    plot.entries++;
                  },
                ),
              mortgage: () =>
                is(loan({ charge: name, parcel, lender: s.to }), ["land", s.to, ...holders], free && plot.charges.length < 8, () => {
                  loans.set(name, { lender: s.to, on: [parcel] });
                  plot.charges = [...plot.charges, name];
                }),
              discharge: () =>
                is({ ...of, charge: charge ?? "none", parcels: [parcel] }, ["land", lender], plot.charges.includes(charge!), () =>
                  release(charge!),
                ),
              assign: () =>
                is(
                  { ...of, charge: charge ?? "none", to: s.to },
                  ["land", lender, s.to],
                  (loans.get(charge ?? "")?.on.length ?? 0) > 0,
                  () => {
                    loans.get(charge!)!.lender = s.to;
                  },
                ),
              postpone: () => {
                const behind = plot.charges[plot.charges.indexOf(charge!) + 1] ?? "none";
                const [ceding, gaining] = [loans.get(charge ?? ""), loans.get(behind)];
                const plotsOf = (ceding?.on ?? []).map((place) => plots.get(place)!);
                const next = plotsOf.every((on) => on.charges.includes(charge!) && on.charges[on.charges.indexOf(charge!) + 1] === behind);
                const may = plotsOf.length > 0 && next && plotsOf.length === gaining?.on.length;
                return is({ ...of, charge: charge ?? "none", behind }, ["land", lender, gaining?.lender ?? s.from], may, () => {
                  for (const on of plotsOf) on.charges = on.charges.toSpliced(on.charges.indexOf(charge!), 2, behind, charge!);
                });
              },
              caveat: () => {
                const again = had.has(`${parcel} ${s.from}`) ? { ...courts, registry: "land" } : {};
                return is(
                  doubt({ parcel, by: s.from, ...again }),
                  ["land", s.from, ...(had.has(`${parcel} ${s.from}`) ? ["courts"] : [])],
                  plot.open && !plot.caveats.has(s.from),
                  () => {
                    had.add(`${parcel} ${s.from}`);
                    plot.caveats.set(s.from, at + days(90));
                  },
                );
              },
              correct: () => {
                const wider = s.off === 0 ? plot.area : plot.area + 1;
                const lenders = s.off === 0 ? [] : [...holders, ...plot.charges.map((one) => loans.get(one)!.lender)];
                const measured = { parcel, ...of, ...applies, area: wider, plan: hash(names % 256), ground: "x" };
                const may = plot.open && awaited && (s.off === 0 || free) && (s.off !== 0 || names % 256 !== plot.plan);
                return is(measured, ["land", ...lenders], may, () => {
                  enter();
                  Object.assign(plot, { area: wider, plan: names % 256, entries: plot.entries + 1 });
                });
              },
              lodge: () => {
                const again = handed.get(application) === undefined || handed.get(application) === "back";
                return is({ parcel, ...of, applicant: s.from }, [s.from], plot.open && again, () => void handed.set(application, "waits"));
              },
              withdrawDeed: () =>
                is(
                  { parcel, ...of, applicant: s.from },
                  [s.from],
                  handed.get(application) === "waits",
                  () => void handed.set(application, "back"),
                ),
              refuse: () =>
                is(
                  { parcel, ...of, applicant: s.from, ground: "x" },
                  ["land"],
                  handed.get(application) === "waits",
                  () => void handed.set(application, "back"),
                ),
              withdraw: () =>
                is({ parcel, by: claimant }, [claimant], plot.caveats.has(claimant), () => void plot.caveats.delete(claimant)),
              remove: () =>
                is(
                  { ...courts, parcel, by: claimant, ground: "x" },
                  ["courts"],
                  plot.caveats.has(claimant),
                  () => void plot.caveats.delete(claimant),
                ),
              extend: () => {
                const until = at + days(s.days);
                const stands = plot.caveats.get(claimant);
                return is(
                  { ...courts, parcel, by: claimant, until },
                  ["courts"],
                  stands !== undefined && until > stands && s.days <= 730,
                  () => plot.caveats.set(claimant, until),
                );
              },
              seize: () =>
                is({ ...courts, parcel, seizure: name, ground: "x" }, ["courts"], plot.open && plot.seizures.length < 8, () =>
                  plot.seizures.push(name),
                ),
              lift: () => {
                const order = plot.seizures[0] ?? "none";
                return is({ parcel, seizure: order, ground: "x" }, ["courts"], plot.seizures.length > 0, () => void plot.seizures.shift());
              },
              refine: () =>
                is({ parcel, times: 2 }, ["land"], plot.open && plot.whole * 2 <= MAX_WHOLE, () => {
                  plot.whole *= 2;
                  for (const [holder, n] of plot.shares) plot.shares.set(holder, 2 * n);
                  plot.entries++;
                }),
              divide: () => {
                const half = Math.floor(plot.area / 2);
                const parts = [
                  { parcel: `${name}a`, area: half + s.off, plan: hash(1) },
                  { parcel: `${name}b`, area: plot.area - half, plan: hash(1) },
                ];
                const few = [...plots.values()].filter((other) => other.open).length < 8;
                return is(
                  { parcel: few ? parcel : "none", ...of, parts },
                  ["land", ...holders],
                  few && free && s.off === 0 && half > 0,
                  () => {
                    for (const part of parts)
                      begin(part.parcel, { area: part.area, whole: plot.whole, shares: new Map(plot.shares), charges: plot.charges });
                    carry([parcel], [`${name}a`, `${name}b`]);
                  },
                );
              },
              merge: () => {
                const stands = second.open && second.caveats.size + second.seizures.length === 0;
                const sum = { area: plot.area + second.area, whole: plot.whole, shares: new Map(plot.shares), charges: plot.charges };
                const united = { ...of, parcels: [parcel, partner], into: name, plan: hash(1) };
                return is(united, ["land", ...holders], free && stands && alike && partner !== parcel, () => {
                  begin(name, sum);
                  carry([parcel, partner], [name]);
                });
              },
            }[s.act]();
            const signers = [...new Set(s.honest > 1 ? should : s.signers)];
            const action = s.act === "caveat" && "court" in args ? "caveatAgain" : s.act;
            const { outcome, code } = it.submit([{ action: `property.${action}@1`, args }], signedBy(...signers));
            const wanted = allowed && should.every((one) => signers.includes(one));
            expect(`${s.act} ${wanted}: ${code ?? "applied"}`).toMatch(wanted ? /: applied$/ : /: (property|engine)\.(?!fault)/);
            if (outcome !== 0) continue;
            accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
            then();
          }
          for (const [parcel, plot] of plots) {
            const row = it.row(parcels, parcel)!;
            expect(total(row.shares)).toBe(row.whole);
            expect({
              ...{
                open: row.$.status === "registered",
                area: row.area,
                plan: row.plan[0],
                whole: row.whole,
                charges: [...row.charges],
                entries: row.entries,
              },
              ...{ shares: new Map(row.shares.map(({ holder, parts }) => [holder, parts])), seizures: [...row.seizures] },
              caveats: new Map(row.caveats.map((by) => [by, it.row(caveats, parcel, by)!.until])),
            }).toEqual({ ...plot, shares: new Map(plot.shares) });
          }
          for (const [place, was] of handed) {
            const [parcel, applicant] = place.split(" ") as [string, string];
            const { status } = it.row(applications, parcel, hash(1), applicant)!.$;
            expect([place, { lodged: "waits", late: "waits", refused: "back", withdrawn: "back", entered: "entered" }[status]]).toEqual([
              place,
              was,
            ]);
          }
          for (const [charge, { lender, on }] of loans) {
            const row = it.row(charges, charge)!;
            expect([row.lender, [...row.parcels].sort(), row.$.status]).toEqual([
              lender,
              [...on].sort(),
              on.length > 0 ? "live" : "discharged",
            ]);
          }
          passes(it, "property");
          it.indexHolds();
        }),
        { numRuns: 36, seed: 13 },
      );
      expect(tried).toBeGreaterThanOrEqual(10_000);
      const often = [...new Set(kinds)].filter((act) => act !== "wait" && accepted.get(act)! > 15);
      expect(`${often.length} of 19 happen often: ${[...accepted].join(" ")}`).toMatch(/^19 /);
    },
  );
});

everyRuleIsGiven(property);
