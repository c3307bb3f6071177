// Benefits: an electric car's subsidy (service 16), the compensation of a home (20), relief and loans (24); paid through a fund, whatever people try.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { days, MAX_MONEY, type Row } from "../../../src/contracts/engine/index.ts";
import { assess } from "../../../src/contracts/kit/rates.ts";
import benefits, * as acts from "../../../src/contracts/money/benefits.ts";
import * as funds from "../../../src/contracts/money/funds.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { cases, schemes, tariffs } = acts;
type Case = Row<typeof cases>;
const account = { root: new Uint8Array(32).fill(3), size: 2 };

/** The tax office owns the fund, the courts hold a key of it, land is its bank; the tax office's schemes are measured by health. */
function town(budget = 1_000_000n): Scenario {
  const it = founded({
    grants: [
      grant("courts", "funds.supervisor"),
      grant("land", "funds.bank"),
      grant("tax", "benefits.office"),
      grant("health", "benefits.surveyor"),
      grant("courts", "eid.ministry"),
    ],
  });
  enrol(it, "courts", "city", "ann", "bob", "carl");
  fund(it, budget, "tax", "courts", "land");
  return it;
}
function fund(it: Scenario, budget: bigint, owner: string, holder: string, bank: string): void {
  const keyholders = [owner, holder];
  const opened = { fund: "city", kind: "project", owner, purpose: "welfare", currency: "EUR", account, keyholders, budget } as const;
  it.act("a fund", funds.open, opened, signedBy(owner, holder, bank));
}
/** 15 % of a car's price above 20,000, up to 5,000. */
const cars = { base: 0n, lines: [{ fact: "price", above: 20_000, upTo: 60_000, amount: 15n, per: 100 }], least: 500n, most: 5_000n };
const scheme = (more: object = {}) => ({
  ...{ scheme: "ev", kind: "subsidy" as const, fund: "city", purpose: "welfare", period: "2027", term: days(730), amount: 100_000n },
  ...more,
});
const all = signedBy("tax", "courts");
function subsidised(): Scenario {
  const it = town();
  it.act("a scheme", acts.open, scheme(), all);
  it.act("its tariff", acts.publish, { scheme: "ev", ...cars }, signedBy("tax"));
  return it;
}
const car = (subject: string, holder: string, price = 42_000) => ({
  ...{ scheme: "ev", subject, holder: `p:${holder}` },
  facts: [{ fact: "price", value: price }],
});
const one = { scheme: "ev", subject: "car-1", turn: "once" };
/** Ann's car was measured, she agreed. */
function agreed(): Scenario {
  const it = subsidised();
  it.act("measured", acts.measure, car("car-1", "ann"), signedBy("health", "ann"));
  it.act("agreed", acts.agree, { ...one, amount: 3_300n, account }, signedBy("ann"));
  return it;
}
/** And was paid. */
function paid(): Scenario {
  const it = agreed();
  it.act("approved", acts.approve, { ...one, order: "o-1" }, signedBy("tax"));
  it.act("the bank paid", funds.confirm, { order: "o-1", chunk: 0, amount: 3_300n, reference: "B1", differs: false }, signedBy("land"));
  return it;
}
const loan = { scheme: "loan", subject: "h-1", turn: "may" };
/** A loan of 1,000 for 90 days, all there is, is approved for Ann. */
function lent(): Scenario {
  const it = town(1_000n);
  it.act("a scheme", acts.open, scheme({ scheme: "loan", kind: "loan", period: "may", term: days(90), amount: 1_000n }), all);
  it.act("its tariff", acts.publish, { scheme: "loan", base: 1_000n, lines: [], least: 0n, most: 3_000n }, signedBy("tax"));
  it.act("measured", acts.measure, { scheme: "loan", subject: "h-1", holder: "p:ann", facts: [] }, signedBy("health", "ann"));
  it.act("agreed", acts.agree, { ...loan, amount: 1_000n, account }, signedBy("ann"));
  it.act("approved", acts.approve, { ...loan, order: "l-1" }, signedBy("tax"));
  return it;
}
const status = (it: Scenario, subject = "car-1", of = "ev", turn = "once") => it.row(cases, of, subject, turn)?.$.status;

describe("a scheme", () => {
  test("sets money of a fund aside, with the signatures of all who hold its keys", () => {
    const it = town();
    it.refused("without a key-holder", "engine.signature_missing", acts.open, scheme(), signedBy("tax"));
    it.refused("without the office", "engine.not_entitled", acts.open, scheme(), signedBy("courts"));
    it.refused("for another purpose", "funds.purpose_kept", acts.open, scheme({ purpose: "parties" }), all);
    it.refused("more than the fund has", "funds.over_budget", acts.open, scheme({ amount: 1_000_001n }), all);
    it.refused("nothing", "funds.amount_given", acts.open, scheme({ amount: 0n }), all);
    it.act("with all", acts.open, scheme(), all);
    it.refused("twice", "engine.already_exists", acts.open, scheme(), all);
    it.refused("more, without a key-holder", "engine.signature_missing", acts.topUp, { scheme: "ev", amount: 1n }, signedBy("tax"));
    it.act("more", acts.topUp, { scheme: "ev", amount: 900_000n }, all);
    expect(it.row(funds.funds, "city")?.committed).toBe(1_000_000n);
  });

  test("publishes versions of its tariff: what was agreed stays as it was agreed", () => {
    const it = agreed();
    const less = { scheme: "ev", ...cars, most: 1_000n };
    it.refused("by health", "engine.not_entitled", acts.publish, less, signedBy("health"));
    it.refused("bounds out of order", "benefits.tariff_sound", acts.publish, { ...less, least: 1_001n }, signedBy("tax"));
    it.act("the next version", acts.publish, less, signedBy("tax"));
    it.act("Ann's is approved as agreed", acts.approve, { ...one, order: "o-1" }, signedBy("tax"));
    it.act("Bob's car", acts.measure, car("car-2", "bob"), signedBy("health", "bob"));
    const bobs = { ...one, subject: "car-2", account };
    it.refused("as before", "benefits.amount_differs", acts.agree, { ...bobs, amount: 3_300n }, signedBy("bob"));
    it.act("under the new one", acts.agree, { ...bobs, amount: 1_000n }, signedBy("bob"));
    expect([it.row(cases, "ev", "car-1", "once")?.version, it.row(cases, "ev", "car-2", "once")?.version]).toEqual([1, 2]);
    const { version: _, ...table } = { ...it.row(tariffs, "ev", 1)! };
    expect(assess(table, it.row(cases, "ev", "car-1", "once")!.facts)).toBe(3_300n); // recomputed by anybody from the records
    passes(it, "benefits");
  });

  test("is closed when nothing is owed to it and no holding period runs; what is left is free in the fund", () => {
    const it = paid();
    it.refused("while Ann's car is held", "benefits.not_settled", acts.close, { scheme: "ev" }, signedBy("tax"));
    it.advance(days(730));
    it.refused("by health", "engine.not_entitled", acts.close, { scheme: "ev" }, signedBy("health"));
    const fundEnds = [funds.close, { fund: "city" }, all] as const;
    it.refused("nor is its fund", "funds.not_settled", ...fundEnds);
    it.act("closed", acts.close, { scheme: "ev" }, signedBy("tax"));
    expect(it.row(funds.funds, "city")).toMatchObject({ committed: 3_300n, paid: 3_300n, aside: 0 });
    const closed = "benefits.scheme_closed";
    it.refused("it measures nothing", closed, acts.measure, car("car-9", "bob"), signedBy("health", "bob"));
    it.refused("publishes nothing", closed, acts.publish, { scheme: "ev", ...cars }, signedBy("tax"));
    it.refused("takes nothing", closed, acts.topUp, { scheme: "ev", amount: 1n }, all);
    it.refused("begins nothing", closed, acts.begin, { scheme: "ev", period: "2030" }, signedBy("tax"));
    it.act("its fund is closed", ...fundEnds);
    passes(it, "benefits");
    passes(it, "funds");
  });

  test("is not over for a payment that comes back after it was closed: it is ordered anew, or freed", () => {
    const it = paid();
    it.advance(days(730));
    it.act("closed", acts.close, { scheme: "ev" }, signedBy("tax"));
    const back = { order: "o-1", chunk: 0, amount: 3_300n, reference: "B2", differs: false };
    it.act("Ann's comes back", funds.bounce, back, signedBy("land"));
    it.act("anew", acts.orderAnew, { ...one, order: "o-2", account }, signedBy("tax", "ann"));
    it.act("and again", funds.bounce, { ...back, order: "o-2", amount: 0n, reference: "B3" }, signedBy("land"));
    expect(it.row(funds.funds, "city")).toMatchObject({ committed: 3_300n, paid: 0n });
    it.refused("by health", "engine.not_entitled", acts.close, { scheme: "ev" }, signedBy("health"));
    it.act("so it is freed", acts.close, { scheme: "ev" }, signedBy("tax"));
    expect(it.row(funds.funds, "city")).toMatchObject({ committed: 0n, paid: 0n });
    passes(it, "benefits");
    it.act("its fund is closed", funds.close, { fund: "city" }, all);
    passes(it, "funds");
  });

  test("whose loans are owed keeps its fund open, and is repaid", () => {
    const it = lent();
    it.act("paid", funds.confirm, { order: "l-1", chunk: 0, amount: 1_000n, reference: "B1", differs: false }, signedBy("land"));
    it.refused("all is paid, and owed", "funds.not_settled", funds.close, { fund: "city" }, all);
    it.act("Ann repays", acts.payBack, { ...loan, amount: 1_000n, reference: "R1" }, signedBy("land"));
    it.act("closed", acts.close, { scheme: "loan" }, signedBy("tax"));
    it.act("its fund", funds.close, { fund: "city" }, all);
    passes(it, "benefits");
    passes(it, "funds");
  });
});

describe("a subsidy", () => {
  test("is measured and signed, one for each vehicle, and one for each owner and period", () => {
    const it = town();
    it.act("a scheme", acts.open, scheme(), all);
    it.refused("before there is a tariff", "benefits.no_tariff", acts.measure, car("car-1", "ann"), signedBy("health", "ann"));
    it.act("its tariff", acts.publish, { scheme: "ev", ...cars }, signedBy("tax"));
    it.refused("without Ann", "engine.signature_missing", acts.measure, car("car-1", "ann"), signedBy("health"));
    it.refused("without who measures", "engine.not_entitled", acts.measure, car("car-1", "ann"), signedBy("ann"));
    const colour = { ...car("car-1", "ann"), facts: [{ fact: "colour", value: 1 }] };
    it.refused("of other facts", "benefits.facts_unfit", acts.measure, colour, signedBy("health", "ann"));
    it.act("measured", acts.measure, car("car-1", "ann", 41_000), signedBy("health", "ann"));
    it.act("mended", acts.measure, car("car-1", "ann"), signedBy("health", "ann"));
    it.refused("another car of hers", "benefits.one_per_holder", acts.measure, car("car-2", "ann"), signedBy("health", "ann"));
    it.refused("for less than its due", "benefits.amount_differs", acts.agree, { ...one, amount: 3_299n, account }, signedBy("ann"));
    it.refused("by Bob", "engine.signature_missing", acts.agree, { ...one, amount: 3_300n, account }, signedBy("bob"));
    it.act("agreed", acts.agree, { ...one, amount: 3_300n, account }, signedBy("ann"));
    it.refused("measured after that", "benefits.measured_once", acts.measure, car("car-1", "ann"), signedBy("health", "ann"));
    it.act("approved", acts.approve, { ...one, order: "o-1" }, signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.approve, { ...one, order: "o-2" }, signedBy("tax"));
    it.refused("the same car for Bob", "benefits.measured_once", acts.measure, car("car-1", "bob"), signedBy("health", "bob"));
    it.refused("Ann's next, this year", "benefits.one_per_holder", acts.measure, car("car-2", "ann"), signedBy("health", "ann"));
    it.refused("a year that Ann begins", "engine.not_entitled", acts.begin, { scheme: "ev", period: "2028" }, signedBy("ann"));
    it.act("the next year", acts.begin, { scheme: "ev", period: "2028" }, signedBy("tax"));
    it.refused("still not the same car", "benefits.measured_once", acts.measure, car("car-1", "ann"), signedBy("health", "ann"));
    it.act("Ann's next", acts.measure, car("car-2", "ann"), signedBy("health", "ann"));
    passes(it, "benefits");
  });

  test("that was withdrawn or refused counts for nobody, and may be measured anew", () => {
    const it = agreed();
    it.refused("Bob withdraws", "engine.signature_missing", acts.withdraw, one, signedBy("bob"));
    it.act("Ann withdraws", acts.withdraw, one, signedBy("ann"));
    it.refused("approved after that", "engine.illegal_move", acts.approve, { ...one, order: "o-1" }, signedBy("tax"));
    it.act("another car of hers", acts.measure, car("car-2", "ann"), signedBy("health", "ann"));
    it.act("the first is Bob's now", acts.measure, car("car-1", "bob"), signedBy("health", "bob"));
    it.act("he agrees", acts.agree, { ...one, amount: 3_300n, account }, signedBy("bob"));
    it.refused("refused by health", "engine.not_entitled", acts.refuse, { ...one, ground: "no" }, signedBy("health"));
    it.act("refused", acts.refuse, { ...one, ground: "not-registered" }, signedBy("tax"));
    it.act("measured anew", acts.measure, car("car-1", "bob", 50_000), signedBy("health", "bob"));
    const carls = car("car-1", "carl");
    it.refused("Carl takes it over", "benefits.measured_once", acts.measure, carls, signedBy("health", "carl"));
    it.act("with Bob", acts.measure, carls, signedBy("health", "carl", "bob"));
    it.act("and back", acts.measure, car("car-1", "bob", 50_000), signedBy("health", "bob", "carl"));
    it.act("agreed", acts.agree, { ...one, amount: 4_500n, account }, signedBy("bob"));
    expect(it.row(cases, "ev", "car-1", "once")).toMatchObject({ holder: "p:bob", surveys: 5, amount: 4_500n });
    const other = { ...one, subject: "car-3" };
    it.act("one more", acts.measure, car("car-3", "carl"), signedBy("health", "carl"));
    it.act("that nobody agrees to is refused", acts.refuse, { ...other, ground: "gone" }, signedBy("tax"));
    it.act("and may be another's", acts.measure, car("car-3", "carl"), signedBy("health", "carl"));
    passes(it, "benefits");
  });

  test("is paid by its approval, once, within what is set aside, to who is named", () => {
    const it = agreed();
    it.refused("approved by health", "engine.not_entitled", acts.approve, { ...one, order: "o-1" }, signedBy("health"));
    it.act("approved", acts.approve, { ...one, order: "o-1" }, signedBy("tax"));
    expect(it.row(funds.orders, "o-1")).toMatchObject({ payee: "p:ann", amount: 3_300n, $: { status: "released" } });
    expect(it.row(schemes, "ev")).toMatchObject({ cases: 1, granted: 3_300n, held: 1 });
    const again = { ...one, order: "o-2", account };
    it.refused("ordered anew before anything came back", "funds.not_returned", acts.orderAnew, again, signedBy("tax", "ann"));
    it.act("the account is wrong", funds.bounce, { order: "o-1", chunk: 0, amount: 0n, reference: "B0", differs: false }, signedBy("land"));
    it.refused("to an account that Ann did not name", "engine.signature_missing", acts.orderAnew, again, signedBy("tax"));
    it.act("anew", acts.orderAnew, again, signedBy("tax", "ann"));
    it.act("the bank paid", funds.confirm, { order: "o-2", chunk: 0, amount: 3_300n, reference: "B1", differs: false }, signedBy("land"));
    it.refused("anew after that", "funds.not_returned", acts.orderAnew, { ...again, order: "o-3" }, signedBy("tax", "ann"));
    passes(it, "benefits");
    passes(it, "funds");

    const poor = subsidised();
    poor.act("a scheme for one car", acts.open, scheme({ scheme: "small", amount: 3_300n }), all);
    poor.act("its tariff", acts.publish, { scheme: "small", ...cars }, signedBy("tax"));
    for (const [subject, holder] of [
      ["car-1", "ann"],
      ["car-2", "bob"],
    ] as const) {
      poor.act("measured", acts.measure, { ...car(subject, holder), scheme: "small" }, signedBy("health", holder));
      poor.act("agreed", acts.agree, { scheme: "small", subject, turn: "once", amount: 3_300n, account }, signedBy(holder));
    }
    poor.act("Ann's", acts.approve, { ...one, scheme: "small", order: "s-1" }, signedBy("tax"));
    const bobs = { scheme: "small", subject: "car-2", turn: "once", order: "s-2" };
    poor.refused("Bob's is too much", "funds.over_step", acts.approve, bobs, signedBy("tax"));
  });

  test("is reclaimed in proportion when it is resold within its time, and comes back to the scheme", () => {
    const it = agreed();
    it.act("approved", acts.approve, { ...one, order: "o-1" }, signedBy("tax"));
    const resold = { ...one, ground: "resold" };
    it.refused("before it was paid", "benefits.not_paid", acts.reclaim, resold, signedBy("tax"));
    const until = it.row(cases, "ev", "car-1", "once")!.until!;
    it.act("the bank paid", funds.confirm, { order: "o-1", chunk: 0, amount: 3_300n, reference: "B1", differs: false }, signedBy("land"));
    it.advance(until - days(100) - it.time - 1_000);
    it.refused("by health", "engine.not_entitled", acts.reclaim, resold, signedBy("health"));
    it.act("100 days of 730 are left", acts.reclaim, resold, signedBy("tax"));
    expect(it.row(cases, "ev", "car-1", "once")?.owed).toBe(452n); // 452.05
    it.refused("twice", "benefits.holding_over", acts.reclaim, resold, signedBy("tax"));
    const back = { ...one, amount: 400n, reference: "R1" };
    it.refused("as Ann says", "engine.signature_missing", acts.payBack, back, signedBy("ann"));
    it.refused("more than is owed", "benefits.over_repaid", acts.payBack, { ...back, amount: 453n }, signedBy("land"));
    it.act("as the bank says", acts.payBack, back, signedBy("land"));
    it.refused("the same movement twice", "funds.reference_once", acts.payBack, { ...back, amount: 52n }, signedBy("land"));
    it.refused("closed while it owes", "benefits.not_settled", acts.close, { scheme: "ev" }, signedBy("tax"));
    it.act("the rest", acts.payBack, { ...back, amount: 52n, reference: "R2" }, signedBy("land"));
    expect([status(it), it.row(schemes, "ev")]).toMatchObject(["repaid", { owed: 0n, repaid: 452n, held: 0 }]);
    expect(it.row(funds.allotments, "benefits", "ev")).toMatchObject({ amount: 100_452n, ordered: 3_300n });
    passes(it, "benefits");
    passes(it, "funds");
  });

  test("is excused only when its condition was broken, which the register of its subject tells (vehicles.test.ts)", () => {
    const it = paid();
    it.refused("while it is kept", "benefits.not_broken", acts.excuse, { ...one, ground: "x" }, signedBy("tax"));
    it.refused("by health", "engine.not_entitled", acts.excuse, { ...one, ground: "x" }, signedBy("health"));
  });

  test("keeps its subject with at most seven others", () => {
    const it = town();
    for (let i = 1; i <= 9; i++) {
      const of = { scheme: `ev-${i}`, subject: "car-1", turn: "once" };
      it.act("a scheme", acts.open, scheme({ scheme: of.scheme, amount: 5_000n }), all);
      it.act("its tariff", acts.publish, { scheme: of.scheme, ...cars }, signedBy("tax"));
      it.act("measured", acts.measure, { ...car("car-1", "ann"), scheme: of.scheme }, signedBy("health", "ann"));
      it.act("agreed", acts.agree, { ...of, amount: 3_300n, account }, signedBy("ann"));
      const approval = { ...of, order: `o-${i}` };
      if (i < 9) it.act("approved", acts.approve, approval, signedBy("tax"));
      else it.refused("a ninth at a time", "benefits.kept_enough", acts.approve, approval, signedBy("tax"));
    }
    passes(it, "benefits");
    it.indexHolds();
  });

  test("that was held to its end is final", () => {
    const it = paid();
    it.advance(days(730) - 1);
    expect(status(it)).toBe("final");
    it.refused("reclaimed", "benefits.holding_over", acts.reclaim, { ...one, ground: "resold" }, signedBy("tax"));
    expect(it.row(schemes, "ev")?.held).toBe(0);
    passes(it, "benefits");
  });
});

describe("compensation, relief and loans", () => {
  test("a household is compensated by its one survey", () => {
    const it = town();
    const homes = {
      base: 100n,
      lines: [
        { fact: "area", above: 0, upTo: 60, amount: 50n, per: 1 },
        { fact: "area", above: 60, amount: 30n, per: 1 },
        { fact: "persons", above: 0, amount: 500n, per: 1 },
      ],
      ...{ least: 0n, most: 10_000n },
    };
    it.act("a scheme", acts.open, scheme({ scheme: "old-town", kind: "compensation", term: 0 }), all);
    it.act("its tariff", acts.publish, { scheme: "old-town", ...homes }, signedBy("tax"));
    const home = {
      ...{ scheme: "old-town", subject: "lane-7", holder: "p:ann" },
      facts: [
        { fact: "area", value: 83 },
        { fact: "persons", value: 3 },
      ],
    };
    it.act("the home is measured", acts.measure, home, signedBy("health", "ann"));
    const second = { ...home, subject: "lane-9" };
    it.refused("another home of the household", "benefits.one_per_holder", acts.measure, second, signedBy("health", "ann"));
    const own = { scheme: "old-town", subject: "lane-7", turn: "once" };
    it.act("agreed", acts.agree, { ...own, amount: 100n + 3_000n + 690n + 1_500n, account }, signedBy("ann"));
    it.act("approved", acts.approve, { ...own, order: "h-1" }, signedBy("tax"));
    expect([status(it, "lane-7", "old-town"), it.row(cases, "old-town", "lane-7", "once")?.until]).toEqual(["final", undefined]);
    passes(it, "benefits");
  });

  test("relief comes each period anew; a loan is owed until it is repaid, and late if it is late", () => {
    const it = town();
    const flat = { base: 1_000n, lines: [{ fact: "persons", above: 1, amount: 200n, per: 1 }], least: 0n, most: 3_000n };
    for (const kind of ["relief", "loan"] as const) {
      it.act(kind, acts.open, scheme({ scheme: kind, kind, period: "may", term: days(90) }), all);
      it.act("its tariff", acts.publish, { scheme: kind, ...flat }, signedBy("tax"));
    }
    const household = (of: string) => ({ scheme: of, subject: "h-1", holder: "p:ann", facts: [{ fact: "persons", value: 4 }] });
    const give = (of: string, turn: string, order: string) => {
      it.act("measured", acts.measure, household(of), signedBy("health", "ann"));
      it.act("agreed", acts.agree, { scheme: of, subject: "h-1", turn, amount: 1_600n, account }, signedBy("ann"));
      it.act("approved", acts.approve, { scheme: of, subject: "h-1", turn, order }, signedBy("tax"));
      it.act("paid", funds.confirm, { order, chunk: 0, amount: 1_600n, reference: `B-${order}`, differs: false }, signedBy("land"));
    };
    give("relief", "may", "r-may");
    it.refused("in May again", "benefits.measured_once", acts.measure, household("relief"), signedBy("health", "ann"));
    it.act("June", acts.begin, { scheme: "relief", period: "june" }, signedBy("tax"));
    give("relief", "june", "r-june");
    expect(it.row(schemes, "relief")).toMatchObject({ cases: 2, granted: 3_200n, owed: 0n });
    const reclaimed = { scheme: "relief", subject: "h-1", turn: "may", ground: "x" };
    it.refused("relief is not reclaimed", "benefits.holding_over", acts.reclaim, reclaimed, signedBy("tax"));

    give("loan", "may", "l-may");
    const back = { scheme: "loan", subject: "h-1", turn: "may", amount: 600n, reference: "R1" };
    it.act("a part is repaid", acts.payBack, back, signedBy("land"));
    it.advance(days(90));
    expect([status(it, "h-1", "loan", "may"), it.row(schemes, "loan")?.owed]).toEqual(["overdue", 1_000n]);
    it.act("the rest, late", acts.payBack, { ...back, amount: 1_000n, reference: "R2" }, signedBy("land"));
    expect([status(it, "h-1", "loan", "may"), it.row(schemes, "loan")?.owed]).toEqual(["repaid", 0n]);
    passes(it, "benefits");
    passes(it, "funds");
  });

  test("a loan that did not arrive is not late, and may be remitted; ordered anew its time begins anew", () => {
    const it = lent();
    const anew = { ...loan, order: "l-2", account };
    const back = { ...loan, amount: 1_000n, reference: "R1" };
    it.refused("repaid before it was paid", "benefits.not_paid", acts.payBack, back, signedBy("land"));
    it.act("the account is wrong", funds.bounce, { order: "l-1", chunk: 0, amount: 0n, reference: "B0", differs: false }, signedBy("land"));
    it.advance(days(91));
    expect(status(it, "h-1", "loan", "may")).toBe("owing");
    it.refused("repaid", "benefits.not_paid", acts.payBack, back, signedBy("land"));
    passes(it, "benefits");
    it.act("anew", acts.orderAnew, anew, signedBy("tax", "ann"));
    expect(it.row(cases, "loan", "h-1", "may")!.until).toBe(it.time + days(90));
    it.act("paid", funds.confirm, { order: "l-2", chunk: 0, amount: 1_000n, reference: "B1", differs: false }, signedBy("land"));
    it.advance(days(90));
    expect(status(it, "h-1", "loan", "may")).toBe("overdue");
    it.act(
      "it came back, late",
      funds.bounce,
      { order: "l-2", chunk: 0, amount: 1_000n, reference: "B2", differs: false },
      signedBy("land"),
    );
    it.act("anew", acts.orderAnew, { ...anew, order: "l-3" }, signedBy("tax", "ann"));
    expect(status(it, "h-1", "loan", "may")).toBe("owing");
    passes(it, "benefits");
    it.act("and came back", funds.bounce, { order: "l-3", chunk: 0, amount: 0n, reference: "B3", differs: false }, signedBy("land"));
    const remitted = { ...loan, ground: "no-account" };
    it.refused("remitted by Ann", "engine.not_entitled", acts.remit, remitted, signedBy("ann"));
    it.act("remitted", acts.remit, remitted, signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.remit, remitted, signedBy("tax"));
    expect([status(it, "h-1", "loan", "may"), it.row(schemes, "loan")!.owed]).toEqual(["remitted", 0n]);
    it.refused("what was remitted is not paid", "benefits.not_ordered", acts.orderAnew, { ...anew, order: "l-4" }, signedBy("tax", "ann"));
    it.act("closed", acts.close, { scheme: "loan" }, signedBy("tax"));
    expect(it.row(funds.funds, "city")).toMatchObject({ committed: 0n });
    passes(it, "benefits");
    passes(it, "funds");
  });

  test("what was reclaimed and came back whole is owed no more once it is remitted", () => {
    const it = paid();
    it.act("reclaimed at once", acts.reclaim, { ...one, ground: "resold" }, signedBy("tax"));
    const back = { order: "o-1", chunk: 0, amount: 3_300n, reference: "B2", differs: false };
    it.act("all came back", funds.bounce, back, signedBy("land"));
    it.refused("repaid", "benefits.not_paid", acts.payBack, { ...one, amount: 1n, reference: "R1" }, signedBy("land"));
    it.act("remitted", acts.remit, { ...one, ground: "came-back" }, signedBy("tax"));
    expect([status(it), it.row(schemes, "ev")!.owed]).toEqual(["remitted", 0n]);
    passes(it, "benefits");
  });

  test("what schemes give in all can be counted", () => {
    const half = (MAX_MONEY - 1n) / 2n;
    const it = town(half);
    it.act("loans", acts.open, scheme({ scheme: "loan", kind: "loan", amount: half }), all);
    const huge = { scheme: "loan", base: half, lines: [{ fact: "n", above: 0, amount: 0n, per: 1 }], least: 0n, most: half };
    it.act("its tariff", acts.publish, huge, signedBy("tax"));
    const lend = (period: string, holder: string): object => {
      if (period !== "2027") it.act(period, acts.begin, { scheme: "loan", period }, signedBy("tax"));
      const subject = { scheme: "loan", subject: holder, holder: `p:${holder}`, facts: [{ fact: "n", value: 1 }] };
      it.act("measured", acts.measure, subject, signedBy("health", holder));
      const own = { scheme: "loan", subject: holder, turn: period };
      it.act("agreed", acts.agree, { ...own, amount: half, account }, signedBy(holder));
      return { ...own, order: `l-${holder}` };
    };
    it.act("one", acts.approve, lend("2027", "ann") as any, signedBy("tax"));
    it.act("paid", funds.confirm, { order: "l-ann", chunk: 0, amount: half, reference: "B1", differs: false }, signedBy("land"));
    const back = { scheme: "loan", subject: "ann", turn: "2027", amount: half, reference: "R1" };
    it.act("repaid", acts.payBack, back, signedBy("land"));
    it.act("two", acts.approve, lend("2028", "bob") as any, signedBy("tax"));
    it.refused("three", "benefits.countable", acts.approve, lend("2029", "carl") as any, signedBy("tax"));
  });
});

test("an office of one scheme reads its cases, and no other's", () => {
  const grants = [grant("courts", "funds.supervisor"), grant("land", "funds.bank"), grant("tax", "benefits.office", "ev")];
  const it = founded({
    grants: [...grants, grant("land", "benefits.office", "homes"), grant("health", "benefits.surveyor"), grant("courts", "eid.ministry")],
  });
  enrol(it, "courts", "city", "ann");
  fund(it, 1_000_000n, "tax", "courts", "land");
  it.act("a scheme", acts.open, scheme(), all);
  it.act("its tariff", acts.publish, { scheme: "ev", ...cars }, signedBy("tax"));
  it.act("measured", acts.measure, car("car-1", "ann"), signedBy("health", "ann"));
  const row = it.row(cases, "ev", "car-1", "once")!;
  const reads = (principal: string): boolean =>
    it.registry.mayRead("benefits/case", row as any, { principal, kind: "agency", represents: true } as any, it.state, it.block);
  expect(["tax", "health", "land", "courts"].map(reads)).toEqual([true, true, false, false]);
});

test("totals are public, cases are not; nobody's name or account stands in either", () => {
  const readers = Object.fromEntries(benefits.options.records.map(({ name, options }) => [name, options.read]));
  expect(readers).toEqual({ scheme: "public", tariff: "public", case: ["holder", "office", "surveyor", "auditor"] });
  const shapes = Object.fromEntries(benefits.options.records.map(({ name, options }) => [name, Object.keys(options.fields)]));
  expect(shapes["scheme"]).not.toEqual(expect.arrayContaining(["holder"]));
  expect(shapes["case"]!.filter((field) => /name|iban|birth|address/.test(field))).toEqual([]);
});

test("an audit finds a row that the rules did not make", () => {
  const it = paid();
  passes(it, "benefits");
  expect(audit(it, "benefits").find(({ name }) => name === "totals")?.figures).toEqual({ "ev granted": 3_300n });
  expect(findsTampered(it, "benefits", cases, ["ev", "car-1", "once"], { amount: 3_301n })).toEqual(["amounts", "totals"]);
  expect(findsTampered(it, "benefits", cases, ["ev", "car-1", "once"], { facts: [{ fact: "price", value: 43_000 }] })).toEqual(["amounts"]);
  expect(findsTampered(it, "benefits", cases, ["ev", "car-1", "once"], { holder: "p:bob" })).toEqual(["totals"]);
  expect(findsTampered(it, "benefits", schemes, ["ev"], { granted: 3_299n })).toEqual(["totals"]);
  expect(findsTampered(it, "benefits", tariffs, ["ev", 1], { most: 3_000n })).toEqual(["amounts"]);
  expect(findsTampered(it, "benefits", funds.orders, ["o-1"], { payee: "p:bob" })).toEqual(["totals"]);
  expect(findsTampered(it, "benefits", schemes, ["ev"], { repaid: 1n })).toEqual(["totals"]);
  expect(findsTampered(it, "benefits", cases, ["ev", "car-1", "once"], { owed: 1n })).toEqual(["totals"]);
  expect(findsTampered(it, "benefits", cases, ["ev", "car-1", "once"], { until: 1 })).toEqual(["times"]);
  expect(findsTampered(it, "benefits", schemes, ["ev"], { term: days(729) })).toEqual(["times"]);
  const owing = lent();
  passes(owing, "benefits");
  expect(findsTampered(owing, "benefits", cases, ["loan", "h-1", "may"], { until: 1 })).toEqual(["times"]);
});

test("the acts of its reference page are a story that happens", () => {
  const roles = ["benefits.office", "benefits.surveyor", "funds.bank", "eid.ministry"];
  const it = founded({ grants: [...roles.map((role) => grant("tax", role)), grant("courts", "funds.supervisor")] });
  enrol(it, "tax", "city", "ann.city");
  const example = <A extends { readonly options: { readonly example?: any } }>(action: A): any => action.options.example;
  const air = {
    fund: "clean-air",
    kind: "project",
    owner: "tax",
    purpose: "clean-air",
    currency: "EUR",
    account,
    keyholders: ["tax"],
  } as const;
  it.act("a fund", funds.open, { ...air, budget: 100_000_000_00n }, signedBy("tax", "courts"));
  for (const action of [acts.open, acts.topUp, acts.publish, acts.measure, acts.agree, acts.approve])
    it.act(action.options.title, action as typeof acts.open, example(action), signedBy("tax", "ann.city"));
  it.act("it came back", funds.bounce, { order: "ev-2027-vin-7", chunk: 0, amount: 0n, reference: "B0", differs: false }, signedBy("tax"));
  it.act("anew", acts.orderAnew, example(acts.orderAnew), signedBy("tax", "ann.city"));
  it.act(
    "paid",
    funds.confirm,
    { order: "ev-2027-vin-7-b", chunk: 0, amount: 3_300_00n, reference: "B1", differs: false },
    signedBy("tax"),
  );
  it.advance(days(365));
  it.act("resold", acts.reclaim, example(acts.reclaim), signedBy("tax"));
  it.act("a part comes back", acts.payBack, example(acts.payBack), signedBy("tax"));
  const { owed } = it.row(cases, "ev-2027", "vin-7", "once")!;
  it.act("the rest", acts.payBack, { ...example(acts.payBack), amount: owed, reference: "B2" }, signedBy("tax"));
  it.act("the next year", acts.begin, example(acts.begin), signedBy("tax"));
  it.act("closed", acts.close, example(acts.close), signedBy("tax"));
  passes(it, "benefits");
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "p:carl", "p:dora", "p:emil"] as const;
const offices = { tax: ["benefits.office"], health: ["benefits.surveyor"], courts: ["funds.supervisor"], land: ["funds.bank"] };
const rights = plainRights(offices, [...people]);
const step = fc.record({
  act: fc.constantFrom(
    ...(["measure", "measure", "measure", "agree", "agree", "approve", "approve", "confirm", "confirm", "payBack", "payBack"] as const),
    ...(["bounce", "orderAnew", "reclaim", "refuse", "withdraw", "publish", "begin", "topUp", "wait", "close", "remit"] as const),
  ),
  scheme: fc.constantFrom("subsidy", "subsidy", "compensation", "relief", "loan"),
  subject: fc.constantFrom("a", "b", "c", "d", "e", "f"),
  holder: fc.constantFrom(...people),
  value: fc.oneof({ weight: 9, arbitrary: fc.nat(500) }, { weight: 1, arbitrary: fc.constantFrom(-1, Number.MAX_SAFE_INTEGER) }),
  amount: fc.oneof(
    { weight: 9, arbitrary: fc.bigInt({ min: 1n, max: 40n }) },
    { weight: 1, arbitrary: fc.constantFrom(0n, -1n, MAX_MONEY, MAX_MONEY + 1n) },
  ),
  fit: fc.nat(5),
  days: fc.constantFrom(1, 5, 20),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, "tax", "health", "courts", "land"), { maxLength: 3 }),
});

describe("whatever offices, households and banks do", () => {
  test("an amount is the tariff's, nobody is given two of a period, nothing is paid twice, and no scheme gives more than it has", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = scenario({ modules: [acts, funds], resolver: rights, found() {} });
        fund(it, 20_000n, "tax", "courts", "land");
        const table = { base: 1n, lines: [{ fact: "n", above: 10, upTo: 400, amount: 1n, per: 3 }], least: 0n, most: 100n };
        for (const kind of ["subsidy", "compensation", "relief", "loan"] as const) {
          it.act(kind, acts.open, scheme({ scheme: kind, kind, term: days(30), amount: 2_000n, period: "0" }), all);
          it.act("tariff", acts.publish, { scheme: kind, ...table }, signedBy("tax"));
        }
        const known: [string, string, string][] = [];
        let names = 0;
        const paidOut = new Map<string, bigint>();
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.days))) expect(result.flags).toEqual([]);
            continue;
          }
          // Mostly a case is taken to which the act may fit.
          const ordered = (c: Case) => (c.order === undefined ? undefined : it.row(funds.orders, c.order));
          const fits: { [act: string]: (c: Case) => boolean } = {
            agree: (c) => c.$.status === "measured",
            approve: (c) => c.$.status === "agreed",
            refuse: (c) => c.$.status === "agreed",
            confirm: (c) => ordered(c)?.$.status === "released",
            bounce: (c) => ordered(c)?.$.status === "released",
            orderAnew: (c) => ordered(c)?.$.status === "settled" && ordered(c)!.paid === 0n,
            reclaim: (c) => c.$.status === "held" && ordered(c)!.paid > 0n,
            payBack: (c) => c.owed > 0n && ordered(c)!.paid > 0n,
            remit: (c) => c.owed > 0n && ordered(c)!.paid === 0n,
          };
          const able = s.fit === 5 ? [] : known.map((key) => it.row(cases, ...key)!).filter((c) => fits[s.act]?.(c) === true);
          const chosen = able[(s.value < 0 ? 0 : s.value) % Math.max(1, able.length)];
          const name = chosen?.scheme ?? s.scheme;
          const of = it.row(schemes, name)!;
          const turn = chosen?.turn ?? (name === "relief" || name === "loan" ? of.period : "once");
          const own = { scheme: name, subject: chosen?.subject ?? s.subject, turn };
          const row = it.row(cases, own.scheme, own.subject, turn);
          const holder = row?.holder ?? s.holder;
          const due = assess({ ...it.row(tariffs, name, of.tariff)! }, row?.facts ?? []) ?? s.amount;
          const order = row?.order ?? "none";
          const is = (action: string, args: object, ...should: string[]): [string, object, string[]] => [action, args, should];
          const [action, args, should] = {
            measure: () =>
              is(
                "benefits.measure",
                { scheme: s.scheme, subject: s.subject, holder: s.holder, facts: [{ fact: s.fit === 0 ? "m" : "n", value: s.value }] },
                "health",
                s.holder,
              ),
            agree: () => is("benefits.agree", { ...own, amount: s.fit === 0 ? s.amount : due, account }, holder),
            approve: () => is("benefits.approve", { ...own, order: `o-${names++}` }, "tax"),
            orderAnew: () => is("benefits.orderAnew", { ...own, order: `o-${names++}`, account }, "tax", holder),
            refuse: () => is("benefits.refuse", { ...own, ground: "no" }, "tax"),
            withdraw: () => is("benefits.withdraw", own, holder),
            reclaim: () => is("benefits.reclaim", { ...own, ground: "sold" }, "tax"),
            payBack: () =>
              is("benefits.payBack", { ...own, amount: s.fit > 2 ? (row?.owed ?? s.amount) : s.amount, reference: `R${names++}` }, "land"),
            publish: () => is("benefits.publish", { scheme: s.scheme, ...table, most: s.amount < 41n ? s.amount * 5n : s.amount }, "tax"),
            begin: () => is("benefits.begin", { scheme: s.scheme, period: `${s.fit}` }, "tax"),
            remit: () => is("benefits.remit", { ...own, ground: "came-back" }, "tax"),
            topUp: () => is("benefits.topUp", { scheme: s.scheme, amount: s.amount }, "tax", "courts"),
            close: () => is("benefits.close", { scheme: s.fit === 0 && s.value < 120 ? "compensation" : "none" }, "tax"),
            confirm: () =>
              is(
                "funds.confirm",
                { order, chunk: 0, amount: s.fit > 1 ? (row?.amount ?? 1n) : s.amount, reference: `C${names++}`, differs: false },
                "land",
              ),
            bounce: () =>
              is(
                "funds.bounce",
                { order, chunk: 0, amount: s.fit > 2 ? 0n : (row?.amount ?? 0n), reference: `B${names++}`, differs: false },
                "land",
              ),
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code } = it.submit([{ action: `${action}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toEqual(expect.arrayContaining(should));
          if (s.act === "measure" && row?.$.status === "measured") expect(signers).toContain(row.holder); // nobody's survey is taken over
          if (s.act === "payBack") expect(it.row(funds.orders, order)!.paid).toBe(row!.amount); // nobody repays what he has not
          if (s.act === "measure" && row === undefined) known.push([own.scheme, own.subject, turn]);
          if (s.act === "agree") expect((args as { amount: bigint }).amount).toBe(due);
          if (s.act === "approve") {
            const key = `${own.scheme} ${own.subject} ${turn}`;
            expect(paidOut.has(key)).toBe(false);
            paidOut.set(key, row!.amount);
          }
        }
        // One of a period for each holder, and what was granted is what was approved.
        const given = new Set<string>();
        for (const key of paidOut.keys()) {
          const row = it.row(cases, ...(key.split(" ") as [string, string, string]))!;
          const claim = `${row.scheme} ${row.period} ${row.holder}`;
          expect(given.has(claim)).toBe(false);
          given.add(claim);
        }
        for (const kind of ["subsidy", "compensation", "relief", "loan"]) {
          const sum = [...paidOut].reduce((so, [key, amount]) => (key.startsWith(`${kind} `) ? so + amount : so), 0n);
          expect(it.row(schemes, kind)!.granted).toBe(sum);
        }
        passes(it, "benefits");
        passes(it, "funds");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 24, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times >= 10).length;
    expect(`${often} of 15 happen often: ${[...accepted].join(" ")}`).toMatch(/^15 /);
  });
});

everyRuleIsGiven(benefits);
