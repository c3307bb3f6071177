// Part-time work (service 21): signed, insured, clocked, approved or disputed, paid once; by whoever works, for whoever employs, whatever they try.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { days, hours, MAX_MONEY, minutes } from "../../../src/contracts/engine/index.ts";
import work, * as acts from "../../../src/contracts/money/work.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { operation, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { diaries, employments, payments, presences, shifts } = acts;
const sealed = { root: new Uint8Array(32).fill(1), size: 1 };
const cafe = { employment: "cafe-ann" };

/** Two welfare offices of the north, two insurers, two banks; a café and a shop; Ann and Bob. The minimum wage is 12.00 from tomorrow on, and 15.00 in a month. */
function town(): Scenario {
  const it = founded({
    grants: [
      ...["tax", "courts"].map((office) => grant(office, "work.area", "north")),
      ...["health", "courts"].map((insurer) => grant(insurer, "work.insurer")),
      ...["land", "courts"].map((bank) => grant(bank, "work.bank")),
      ...["ministry", "registrar"].map((role) => grant("courts", `eid.${role}`)),
    ],
  });
  enrol(it, "courts", "labour", "ann", "bob");
  for (const company of ["c:cafe", "c:shop"]) register(it, "courts", company);
  for (const [day, hourly] of [
    [1, 12_00n],
    [30, 15_00n],
  ] as const)
    it.act("a minimum wage", acts.setMinimum, { area: "north", from: it.time + days(day), hourly }, signedBy("tax"));
  return it;
}
const agreement = (it: Scenario, more: object = {}) => ({
  ...{ employment: "cafe-ann", worker: "p:ann", employer: "c:cafe", area: "north", hourly: 13_00n },
  ...{ from: it.time + days(1), until: it.time + days(60), terms: sealed, ...more },
});
/** Ann works for the café from tomorrow on, insured; it is tomorrow, 8:00. */
function employed(employer = "c:cafe", by = "cafe"): Scenario {
  const it = town();
  it.act("Ann and the café sign", acts.sign, agreement(it, { employer }), signedBy("ann", by));
  it.act("and she is insured", acts.insure, { ...cafe, until: it.time + days(50) }, signedBy("health"));
  it.advance(days(1) + hours(8));
  return it;
}
/** Ann has worked for three hours. */
function worked(it = employed()): Scenario {
  it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
  it.advance(hours(3) - 1_000);
  it.act("Ann ends", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
  return it;
}
const first = { ...cafe, number: 0 };
const status = (it: Scenario, number = 0) => it.row(shifts, "cafe-ann", number)?.$.status;

describe("an employment", () => {
  test("is signed by both, in an area with a minimum wage, for no less", () => {
    const it = town();
    it.refused("by Ann alone", "engine.signature_missing", acts.sign, agreement(it), signedBy("ann"));
    it.refused("by the café alone", "engine.signature_missing", acts.sign, agreement(it), signedBy("cafe"));
    const both = signedBy("ann", "cafe");
    it.refused("for too little", "work.below_minimum", acts.sign, agreement(it, { hourly: 11_99n }), both);
    it.refused("where there is no minimum wage", "work.no_minimum", acts.sign, agreement(it, { area: "south" }), both);
    it.refused("before there was one", "work.no_minimum", acts.sign, agreement(it, { from: it.time }), both);
    it.refused("for no time", "work.term_unfit", acts.sign, agreement(it, { until: it.time + days(1) - 3_000_000 }), both);
    it.refused("with herself", "work.term_unfit", acts.sign, agreement(it, { employer: "p:ann" }), signedBy("ann"));
    it.refused("for more than can be counted", "work.countable", acts.sign, agreement(it, { hourly: MAX_MONEY }), both);
    it.act("for enough", acts.sign, agreement(it, { hourly: 12_00n }), both);
    it.refused("once", "engine.already_exists", acts.sign, agreement(it), both);
  });

  test("has a minimum wage that is set ahead, by welfare in its area", () => {
    const it = town();
    const next = { area: "north", from: it.time + days(90), hourly: 16_00n };
    it.refused("by another", "engine.not_entitled", acts.setMinimum, next, signedBy("land"));
    it.refused("elsewhere", "engine.not_entitled", acts.setMinimum, { ...next, area: "south" }, signedBy("tax"));
    it.refused("for the past", "work.set_ahead", acts.setMinimum, { ...next, from: it.time }, signedBy("tax"));
    it.refused("before the last", "work.set_ahead", acts.setMinimum, { ...next, from: it.time + days(29) }, signedBy("tax"));
    it.refused("beyond counting", "work.countable", acts.setMinimum, { ...next, hourly: MAX_MONEY }, signedBy("tax"));
    it.act("ahead", acts.setMinimum, next, signedBy("tax"));
  });

  test("is insured before the first shift, never for the past", () => {
    const it = town();
    it.act("signed", acts.sign, agreement(it), signedBy("ann", "cafe"));
    it.advance(days(2));
    it.refused("Ann begins without cover", "work.uninsured", acts.clockIn, cafe, signedBy("ann"));
    it.refused("the café covers her itself", "engine.not_entitled", acts.insure, { ...cafe, until: it.time + days(9) }, signedBy("cafe"));
    it.refused("for the past", "work.cover_ahead", acts.insure, { ...cafe, until: it.time }, signedBy("health"));
    it.act("covered for a day", acts.insure, { ...cafe, until: it.time + days(1) }, signedBy("health"));
    it.act("goes on", acts.insure, { ...cafe, until: it.time + days(2) }, signedBy("health"));
    it.advance(days(3));
    it.refused("over", "work.uninsured", acts.clockIn, cafe, signedBy("ann"));
    it.act("covered anew", acts.insure, { ...cafe, until: it.time + days(2) }, signedBy("health"));
    expect(it.row(employments, "cafe-ann")?.cover).toHaveLength(2);
    const gap = { ...cafe, from: it.time - hours(5), to: it.time - hours(2) };
    it.refused("a shift in between", "work.uninsured", acts.report, gap, signedBy("ann", "cafe"));
  });

  test("is covered by who says so, until he says otherwise; what has begun stays covered", () => {
    const it = employed();
    it.act("a slip of the pen: until the year 10889", acts.insure, { ...cafe, until: 2 ** 48 - 1 }, signedBy("health"));
    it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
    it.refused("ended before now", "work.cover_ahead", acts.insure, { ...cafe, until: it.time }, signedBy("health"));
    it.act("another insurer covers her too", acts.insure, { ...cafe, until: it.time + hours(1) }, signedBy("courts"));
    it.act("the first one ends it", acts.insure, { ...cafe, until: it.time + 2_000 }, signedBy("health"));
    expect(it.row(employments, "cafe-ann")?.cover.map(({ insurer, to }) => [insurer, to < it.time + hours(2)])).toEqual([
      ["health", true],
      ["courts", true],
    ]);
    it.advance(minutes(30));
    it.act("she ends", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.act("begins under the other's cover", acts.clockIn, cafe, signedBy("ann"));
    it.advance(hours(2));
    it.act("and ends", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.refused("nobody covers her now", "work.uninsured", acts.clockIn, cafe, signedBy("ann"));
    passes(it, "work");
    expect(findsTampered(it, "work", employments, ["cafe-ann"], { cover: [] })).toEqual(["insured"]);
    expect(findsTampered(it, "work", employments, ["cafe-ann"], { area: "south" })).toEqual(["insured"]);
  });

  test("is covered sixty-four times at most", () => {
    const it = employed();
    for (let i = 1; i < 64; i++) {
      it.act("for a moment", acts.insure, { ...cafe, until: it.time + 2_000 }, signedBy("courts"));
      it.advance(minutes(1));
    }
    it.refused("once more", "work.cover_ahead", acts.insure, { ...cafe, until: it.time + days(1) }, signedBy("courts"));
    it.act("who covers her still changes his own", acts.insure, { ...cafe, until: it.time + days(60) }, signedBy("health"));
  });

  test("is read by those it is between, by the welfare office of its area and by who insures it; a bank reads what it paid", () => {
    const it = worked();
    it.act("approved", acts.approve, first, signedBy("cafe"));
    it.act("paid", acts.pay, { reference: "w-1", ...cafe, shifts: [0], amount: 39_00n }, signedBy("land"));
    const who = { "p:ann": "person", "p:bob": "person", "c:cafe": "company", "c:shop": "company" } as const;
    const readers = (name: string, row: unknown): string[] =>
      [...Object.entries(who), ...["tax", "health", "land"].map((agency) => [agency, "agency"] as const)]
        .filter(([principal, kind]) =>
          it.registry.mayRead(`work/${name}`, row as any, { principal, kind, represents: true } as any, it.state, it.block),
        )
        .map(([principal]) => principal);
    expect(readers("employment", it.row(employments, "cafe-ann"))).toEqual(["p:ann", "c:cafe", "tax", "health"]);
    expect(readers("shift", it.row(shifts, "cafe-ann", 0))).toEqual(["p:ann", "c:cafe", "tax"]);
    expect(readers("payment", it.row(payments, "land", "w-1"))).toEqual(["p:ann", "c:cafe", "tax", "land"]);
  });

  test("begins and ends: before and after there is no shift", () => {
    const it = town();
    it.act("signed", acts.sign, agreement(it), signedBy("ann", "cafe"));
    it.act("insured", acts.insure, { ...cafe, until: it.time + days(90) }, signedBy("health"));
    it.refused("today", "work.not_employed", acts.clockIn, cafe, signedBy("ann"));
    it.advance(days(2));
    it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
    it.refused("Bob ends it", "engine.signature_missing", acts.end, { ...cafe, by: "worker" }, signedBy("bob"));
    it.act("the café ends it", acts.end, { ...cafe, by: "employer" }, signedBy("cafe"));
    it.refused("twice", "engine.illegal_move", acts.end, { ...cafe, by: "employer" }, signedBy("cafe"));
    it.advance(hours(2));
    it.act("the shift is worked to its end", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.refused("no other begins", "work.not_employed", acts.clockIn, cafe, signedBy("ann"));
    const before = { ...cafe, from: it.time - hours(9), to: it.time - hours(8) };
    it.act("what was worked before is reported", acts.report, before, signedBy("ann", "cafe"));
    passes(it, "work");
  });
});

describe("a shift", () => {
  test("is clocked by who works it, in one place at a time", () => {
    const it = employed();
    it.act("Bob's café", acts.sign, agreement(it, { employment: "shop-ann", employer: "c:shop", from: it.time }), signedBy("ann", "shop"));
    it.act("insured there too", acts.insure, { employment: "shop-ann", until: it.time + days(50) }, signedBy("health"));
    it.refused("Bob for Ann", "engine.signature_missing", acts.clockIn, cafe, signedBy("bob"));
    it.refused("the café for Ann", "engine.signature_missing", acts.clockIn, cafe, signedBy("cafe"));
    it.refused("out before in", "work.not_at_work", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.refusedTogether(
      "in and out at once",
      "work.shift_length",
      [operation(acts.clockIn, cafe), operation(acts.clockOut, { worker: "p:ann" })],
      signedBy("ann"),
    );
    it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
    it.refused("twice", "work.overlap", acts.clockIn, cafe, signedBy("ann"));
    it.refused("elsewhere", "work.overlap", acts.clockIn, { employment: "shop-ann" }, signedBy("ann"));
    it.advance(hours(3));
    it.refused("the café sends her home", "engine.signature_missing", acts.clockOut, { worker: "p:ann" }, signedBy("cafe"));
    it.act("Ann ends", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.act("and begins elsewhere", acts.clockIn, { employment: "shop-ann" }, signedBy("ann"));
    expect(it.row(presences, "p:ann")?.in?.employment).toBe("shop-ann");
    passes(it, "work");
  });

  test("pays time × rate, a part of the smallest unit upwards, and the minimum wage where it has risen", () => {
    const it = worked();
    expect(it.row(shifts, "cafe-ann", 0)).toMatchObject({ worked: hours(3), rate: 13_00n, wage: 39_00n });
    const late = { ...cafe, from: it.time - minutes(181) - 1, to: it.time - minutes(180) };
    it.refused("overlapping the one worked", "work.overlap", acts.report, { ...late, to: it.time - minutes(179) }, signedBy("ann", "cafe"));
    it.act("a minute and a millisecond before", acts.report, late, signedBy("ann", "cafe"));
    expect(it.row(shifts, "cafe-ann", 1)).toMatchObject({ worked: minutes(1) + 1, wage: 22n, $: { status: "approved" } }); // 21.67
    it.advance(days(30));
    it.act("Ann begins, a month later", acts.clockIn, cafe, signedBy("ann"));
    it.advance(hours(1) - 1_000);
    it.act("Ann ends", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    expect(it.row(shifts, "cafe-ann", 2)).toMatchObject({ rate: 15_00n, wage: 15_00n });
    passes(it, "work");
  });

  test("that was not clocked is reported by both, over midnight if it was, and only where nobody worked", () => {
    const it = employed();
    const night = { ...cafe, from: it.time - hours(7), to: it.time - hours(6) };
    it.refused("by Ann alone", "engine.signature_missing", acts.report, night, signedBy("ann"));
    const both = signedBy("ann", "cafe");
    it.refused("that is to come", "work.shift_length", acts.report, { ...night, to: it.time + hours(1) }, both);
    it.refused("of no length", "work.shift_length", acts.report, { ...night, to: night.from }, both);
    it.refused("of 17 hours", "work.shift_length", acts.report, { ...night, from: night.to - hours(17) }, both);
    it.refused("before the employment", "work.not_employed", acts.report, { ...night, from: night.to - hours(8) }, both);
    it.act("by both", acts.report, night, both);
    it.refused("twice", "work.overlap", acts.report, night, both);
    it.advance(days(1));
    const midnight = Math.floor(it.time / days(1)) * days(1);
    it.act("over midnight", acts.report, { ...cafe, from: midnight - hours(2), to: midnight + hours(2) }, both);
    expect([it.row(diaries, "p:ann", midnight / days(1))?.at, it.row(diaries, "p:ann", midnight / days(1) - 1)?.at.length]).toEqual([
      [{ from: midnight, to: midnight + hours(2) }],
      2,
    ]);
    it.act("Ann is at work", acts.clockIn, cafe, both);
    it.advance(hours(1));
    it.refused("in the shift that she is in", "work.overlap", acts.report, { ...cafe, from: it.time - minutes(30), to: it.time }, both);
    it.advance(days(40));
    it.refused("after 31 days", "work.shift_length", acts.report, { ...night, from: night.from + hours(2), to: night.to + hours(2) }, both);
    passes(it, "work");
  });

  test("left open for 16 hours is void, and what was worked is reported", () => {
    const it = employed();
    it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
    const began = it.time;
    it.advance(hours(16) + 1);
    expect([status(it), it.row(presences, "p:ann")?.in]).toEqual(["void", undefined]);
    it.refused("she clocks out the next morning", "work.not_at_work", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.refused("it is not approved", "engine.illegal_move", acts.approve, first, signedBy("cafe"));
    it.act("both say how it was", acts.report, { ...cafe, from: began, to: began + hours(8) }, signedBy("ann", "cafe"));
    it.act("the next one", acts.clockIn, cafe, signedBy("ann"));
    passes(it, "work");
  });

  test("left open is the worker's to dispute, for as long as shifts are reported, and then decided", () => {
    const it = employed();
    const open = (): number => {
      it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
      it.advance(hours(17));
      return it.time - hours(17);
    };
    const began = open();
    const doubt = { ...first, by: "worker" as const, ground: sealed };
    it.refused("the café disputes", "work.left_open", acts.dispute, { ...doubt, by: "employer" }, signedBy("cafe"));
    it.act("Ann disputes", acts.dispute, doubt, signedBy("ann"));
    passes(it, "work");
    it.act("welfare decides: six hours", acts.decide, { ...first, worked: hours(6) }, signedBy("tax"));
    expect(it.row(shifts, "cafe-ann", 0)).toMatchObject({ to: began + hours(6), wage: 78_00n, $: { status: "approved" } });
    expect(it.row(diaries, "p:ann", Math.floor(began / days(1)))?.at).toEqual([{ from: began, to: began + hours(6) }]);
    passes(it, "work");

    const again = open();
    const second = { ...doubt, number: 1 };
    it.act("both report five hours of it", acts.report, { ...cafe, from: again, to: again + hours(5) }, signedBy("ann", "cafe"));
    it.act("Ann disputes it too", acts.dispute, second, signedBy("ann"));
    it.refused("paid twice", "work.overlap", acts.decide, { ...cafe, number: 1, worked: hours(4) }, signedBy("tax"));
    it.act("decided: nothing of it", acts.decide, { ...cafe, number: 1, worked: 0 }, signedBy("tax"));
    it.refused("once", "work.in_dispute", acts.dispute, second, signedBy("ann"));
    expect(status(it, 1)).toBe("void");

    open();
    it.advance(days(31));
    it.refused("too late", "work.left_open", acts.dispute, { ...doubt, number: 3 }, signedBy("ann"));
    passes(it, "work");
  });

  test("is one of 32 of a day at most; the one that one is in always finds its place", () => {
    const it = employed();
    it.advance(hours(12));
    const day = Math.floor(it.time / days(1)) * days(1);
    const piece = (i: number) => ({ ...cafe, from: day + hours(9) + minutes(2 * i), to: day + hours(9) + minutes(2 * i + 1) });
    for (let i = 0; i < 31; i++) it.act("a minute", acts.report, piece(i), signedBy("ann", "cafe"));
    it.refused("one more", "work.diary_full", acts.report, piece(31), signedBy("ann", "cafe"));
    it.act("the last place is for clocking in", acts.clockIn, cafe, signedBy("ann"));
    it.advance(minutes(30));
    it.act("out", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.refused("now it is full", "work.diary_full", acts.clockIn, cafe, signedBy("ann"));
    passes(it, "work");
  });
});

describe("a wage", () => {
  test("is approved by the employer or by his silence, paid once, to the unit", () => {
    const it = worked();
    const payment = { reference: "w-1", ...cafe, shifts: [0], amount: 39_00n };
    it.refused("before it is approved", "engine.illegal_move", acts.pay, payment, signedBy("land"));
    it.refused("Ann approves", "engine.signature_missing", acts.approve, first, signedBy("ann"));
    it.act("the café approves", acts.approve, first, signedBy("cafe"));
    it.refused("twice", "engine.illegal_move", acts.approve, first, signedBy("cafe"));
    it.refused("the café says that it paid", "engine.not_entitled", acts.pay, payment, signedBy("cafe"));
    it.refused("a cent less", "work.amount_differs", acts.pay, { ...payment, amount: 38_99n }, signedBy("land"));
    it.refused("named twice", "engine.illegal_move", acts.pay, { ...payment, shifts: [0, 0], amount: 78_00n }, signedBy("land"));
    it.act("the bank confirms", acts.pay, payment, signedBy("land"));
    it.refused("again", "engine.illegal_move", acts.pay, { ...payment, reference: "w-2" }, signedBy("land"));
    expect([status(it), it.row(payments, "land", "w-1")?.amount]).toEqual(["paid", 39_00n]);

    it.act("Ann begins", acts.clockIn, cafe, signedBy("ann"));
    it.advance(hours(1));
    it.act("Ann ends", acts.clockOut, { worker: "p:ann" }, signedBy("ann"));
    it.advance(days(7));
    expect(status(it, 1)).toBe("approved");
    it.advance(days(14));
    expect(status(it, 1)).toBe("late");
    const wage = it.row(shifts, "cafe-ann", 1)!.wage;
    it.refused("under a used name", "engine.already_exists", acts.pay, { ...payment, shifts: [1], amount: wage }, signedBy("land"));
    it.act("late, but paid", acts.pay, { ...payment, reference: "w-2", shifts: [1], amount: wage }, signedBy("land"));
    expect(audit(it, "work").find(({ name }) => name === "paidOnce")?.figures).toEqual({ paid: 39_00n + wage });
    passes(it, "work");
  });

  test("in dispute is neither approved nor paid, and its clock stands still; work goes on", () => {
    const it = worked();
    const doubt = { ...first, by: "employer" as const, ground: sealed };
    it.refused("Bob disputes", "engine.signature_missing", acts.dispute, doubt, signedBy("bob"));
    it.refused("nothing to decide", "work.in_dispute", acts.decide, { ...first, worked: hours(1) }, signedBy("tax"));
    it.act("the café disputes", acts.dispute, doubt, signedBy("cafe"));
    it.refused("and approves", "work.in_dispute", acts.approve, first, signedBy("cafe"));
    it.refused("twice", "engine.illegal_move", acts.dispute, { ...doubt, by: "worker" }, signedBy("ann"));
    it.refused("paid", "engine.illegal_move", acts.pay, { reference: "w-1", ...cafe, shifts: [0], amount: 39_00n }, signedBy("land"));
    expect(it.advance(days(29))).toEqual([]);
    it.act("Ann works on", acts.clockIn, cafe, signedBy("ann"));
    it.refused("the café decides", "engine.not_entitled", acts.decide, { ...first, worked: hours(2) }, signedBy("cafe"));
    it.refused("a day", "engine.args_invalid", acts.decide, { ...first, worked: hours(24) }, signedBy("tax"));
    it.act("welfare decides: two hours", acts.decide, { ...first, worked: hours(2) }, signedBy("tax"));
    it.refused("once", "work.in_dispute", acts.dispute, { ...doubt, by: "worker" }, signedBy("ann"));
    expect(it.row(shifts, "cafe-ann", 0)).toMatchObject({ wage: 26_00n, by: it.time - 1_000 + days(14), $: { status: "approved" } });
    passes(it, "work");
  });

  test("that came back, or was confirmed by mistake, is due again; its bank says so and nobody else", () => {
    const it = worked();
    it.act("approved", acts.approve, first, signedBy("cafe"));
    const paid = { reference: "w-1", ...cafe, shifts: [0], amount: 39_00n };
    it.act("the bank confirms", acts.pay, paid, signedBy("land"));
    const back = { bank: "land", reference: "w-1", ground: "mistaken" } as const;
    it.refused("the café says so", "engine.not_entitled", acts.bounce, back, signedBy("cafe"));
    it.refused("another bank, for it", "engine.not_entitled", acts.bounce, back, signedBy("courts"));
    it.refused("another bank, of its own", "engine.not_found", acts.bounce, { ...back, bank: "courts" }, signedBy("courts"));
    it.act("its bank", acts.bounce, back, signedBy("land"));
    it.refused("twice", "engine.illegal_move", acts.bounce, back, signedBy("land"));
    expect([status(it), it.row(payments, "land", "w-1")?.$.status]).toEqual(["returned", "returned"]);
    it.refused("the café approves it anew", "engine.illegal_move", acts.approve, first, signedBy("cafe"));
    passes(it, "work");
    it.refused("under the same reference", "engine.already_exists", acts.pay, paid, signedBy("land"));
    it.advance(days(14));
    expect(status(it)).toBe("late");
    it.act("another bank pays, under its own", acts.pay, paid, signedBy("courts"));
    expect(status(it)).toBe("paid");
    expect(audit(it, "work").find(({ name }) => name === "paidOnce")?.figures).toEqual({ paid: 39_00n });
    passes(it, "work");
    expect(findsTampered(it, "work", payments, ["land", "w-1"], { $status: "confirmed" })).toEqual(["paidOnce"]);
  });

  test("in dispute for 30 days is overdue, and still decided; by nobody whose own case it is", () => {
    const it = worked(employed("tax", "tax"));
    it.act("the tax office disputes", acts.dispute, { ...first, by: "employer", ground: sealed }, signedBy("tax"));
    it.refused("and decides", "work.own_case", acts.decide, { ...first, worked: 0 }, signedBy("tax"));
    it.advance(days(30) - 1_001);
    expect(status(it)).toBe("disputed");
    it.advance(1);
    expect(status(it)).toBe("overdue");
    it.refused("it approves", "work.in_dispute", acts.approve, first, signedBy("tax"));
    it.refused("decides late", "work.own_case", acts.decide, { ...first, worked: 0 }, signedBy("tax"));
    it.act("another office decides", acts.decide, { ...first, worked: hours(2) }, signedBy("courts"));
    expect(it.row(shifts, "cafe-ann", 0)).toMatchObject({ wage: 26_00n, $: { status: "approved" } });
    passes(it, "work");
  });

  test("of nothing is settled: nobody is late with it", () => {
    const it = worked();
    it.act("she was not there", acts.dispute, { ...first, by: "employer", ground: sealed }, signedBy("cafe"));
    it.act("decided", acts.decide, { ...first, worked: 0 }, signedBy("tax"));
    expect(it.advance(days(60))).toEqual([]);
    expect(it.row(shifts, "cafe-ann", 0)).toMatchObject({ wage: 0n, $: { status: "settled" } });
    passes(it, "work");
  });

  test("that was due in five days when it was disputed is due in five days when it is decided", () => {
    const it = worked();
    it.act("approved", acts.approve, first, signedBy("cafe"));
    const due = it.row(shifts, "cafe-ann", 0)!.by!;
    it.advance(days(9));
    it.act("Ann disputes", acts.dispute, { ...first, by: "worker", ground: sealed }, signedBy("ann"));
    const left = due - it.time;
    it.advance(days(20));
    it.act("welfare decides", acts.decide, { ...first, worked: hours(4) }, signedBy("tax"));
    expect(it.row(shifts, "cafe-ann", 0)).toMatchObject({ by: it.time + left, wage: 52_00n });
    it.advance(left - 1);
    expect(status(it)).toBe("approved");
    it.advance(1);
    expect(status(it)).toBe("late");
    passes(it, "work");
  });
});

test("64 shifts are paid at once and come back at once, however long the names", () => {
  const name = (begins: string): string => begins.padEnd(64, "x");
  const [worker, employer, bank, office] = [name("p:w"), name("c:e"), name("bank").slice(0, 32), "office"];
  const grants = { [office]: ["work.area"], [bank]: ["work.bank", "work.insurer"] };
  const it = scenario({ modules: [acts], resolver: plainRights(grants, [worker, employer]), found() {} });
  const [employment, area, reference] = [name("job"), name("north"), "R".repeat(35)];
  it.act("minimum", acts.setMinimum, { area, from: it.time + 1_000, hourly: 12n }, signedBy(office));
  it.advance(hours(1));
  const terms = { from: it.time, until: it.time + days(90), hourly: 60n, terms: sealed };
  it.act("signed", acts.sign, { employment, worker, employer, area, ...terms }, signedBy(worker, employer));
  it.act("insured", acts.insure, { employment, until: it.time + days(90) }, signedBy(bank));
  const from = it.time;
  it.advance(days(3));
  for (let i = 0; i < 64; i++) {
    const at = from + minutes(60 + 60 * i);
    it.act("an hour", acts.report, { employment, from: at, to: at + minutes(60) }, signedBy(worker, employer));
  }
  const all = Array.from({ length: 64 }, (_, i) => i);
  it.act("paid", acts.pay, { reference, employment, shifts: all, amount: 64n * 60n }, signedBy(bank));
  it.act("came back", acts.bounce, { bank, reference, ground: "came_back" }, signedBy(bank));
  expect(it.row(shifts, employment, 63)?.$.status).toBe("returned");
  passes(it, "work");
});

test("an audit finds a row that the rules did not make", () => {
  const it = worked();
  it.act("approved", acts.approve, first, signedBy("cafe"));
  it.act("paid", acts.pay, { reference: "w-1", ...cafe, shifts: [0], amount: 39_00n }, signedBy("land"));
  const day = Math.floor(it.time / days(1));
  expect(findsTampered(it, "work", shifts, ["cafe-ann", 0], { wage: 38_99n })).toEqual(["wages", "paidOnce"]);
  expect(findsTampered(it, "work", shifts, ["cafe-ann", 0], { rate: 11_00n })).toEqual(["wages"]);
  expect(findsTampered(it, "work", shifts, ["cafe-ann", 0], { $status: "approved" })).toEqual(["paidOnce"]);
  expect(findsTampered(it, "work", diaries, ["p:ann", day], { at: [] })).toEqual(["times"]);
  expect(findsTampered(it, "work", payments, ["land", "w-1"], { amount: 39_01n })).toEqual(["paidOnce"]);
});

test("the acts of its reference page are a story that happens", () => {
  const it = founded({
    grants: ["work.area", "work.insurer", "work.bank", "eid.ministry", "eid.registrar"].map((role) => grant("tax", role)),
  });
  enrol(it, "tax", "labour", "ann.labour");
  register(it, "tax", "c:cafe");
  const example = <A extends { readonly options: { readonly example?: any } }>(action: A): any => action.options.example;
  it.act("minimum", acts.setMinimum, example(acts.setMinimum), signedBy("tax"));
  it.act("signed", acts.sign, example(acts.sign), signedBy("ann.labour", "cafe"));
  it.act("insured", acts.insure, example(acts.insure), signedBy("tax"));
  it.advance(days(1) + hours(12));
  it.act("in", acts.clockIn, example(acts.clockIn), signedBy("ann.labour"));
  it.advance(hours(3));
  it.act("out", acts.clockOut, example(acts.clockOut), signedBy("ann.labour"));
  it.act("approved", acts.approve, example(acts.approve), signedBy("cafe"));
  it.act("reported", acts.report, example(acts.report), signedBy("ann.labour", "cafe"));
  it.act("disputed", acts.dispute, example(acts.dispute), signedBy("cafe"));
  it.act("decided", acts.decide, example(acts.decide), signedBy("tax"));
  const amount = [0, 1].reduce((sum, number) => sum + it.row(shifts, "cafe-ann", number)!.wage, 0n);
  it.act("paid", acts.pay, { ...example(acts.pay), amount }, signedBy("tax"));
  it.act("it came back", acts.bounce, { ...example(acts.bounce), bank: "tax" }, signedBy("tax"));
  it.act("over", acts.end, example(acts.end), signedBy("ann.labour"));
  passes(it, "work");
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "c:cafe", "c:shop"] as const;
const rights = plainRights({ tax: ["work.area"], health: ["work.insurer"], courts: ["work.insurer", "work.bank"], land: ["work.bank"] }, [
  ...people,
]);
const step = fc.record({
  act: fc.constantFrom(
    ...([
      "clockIn",
      "clockIn",
      "clockOut",
      "clockOut",
      "report",
      "report",
      "approve",
      "approve",
      "approve",
      "pay",
      "pay",
      "pay",
      "bounce",
      "dispute",
      "dispute",
      "decide",
      "decide",
      "decide",
    ] as const),
    ...(["sign", "insure", "setMinimum", "end", "wait", "wait"] as const),
  ),
  worker: fc.constantFrom("p:ann", "p:bob"),
  employer: fc.constantFrom("c:cafe", "c:cafe", "c:cafe", "c:shop"),
  number: fc.nat(3),
  hourly: fc.oneof(
    { weight: 9, arbitrary: fc.bigInt({ min: 12n, max: 40n }) },
    { weight: 1, arbitrary: fc.constantFrom(0n, -1n, MAX_MONEY / 16n, MAX_MONEY, MAX_MONEY + 1n) },
  ),
  from: fc.constantFrom(0, 1, 2, 5, 17, 17, 30, 800),
  span: fc.constantFrom(0, 1, 2, 3, 16, 17, -1),
  ms: fc.nat(3),
  hours: fc.constantFrom(1, 2, 4, 8, 20, 100),
  flag: fc.boolean(),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, "tax", "health", "land", "courts"), { maxLength: 3 }),
});

describe("whatever workers, employers, insurers and banks do", () => {
  test("nobody is in two places, nobody works uninsured or for less than the minimum, and a wage is paid once and in full", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = scenario({ modules: [acts], resolver: rights, found() {} });
        it.act("minimum", acts.setMinimum, { area: "north", from: it.time + 1_000, hourly: 12n }, signedBy("tax"));
        it.advance(hours(1));
        const paid = new Map<string, string>(); // shift → the payment that stands
        const confirmed: string[] = []; // payments, "bank reference"
        const covered = new Map<string, { from: number; to: number }[]>(); // employment → what each insurer said, in order
        let payment = 0;
        const generations = new Map<string, number>();
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(hours(s.hours))) expect(result.flags).toEqual([]);
            continue;
          }
          const pair = `${s.worker}-${s.employer}`;
          const name = (n: number) => `${pair}-${n}`.replaceAll(":", ".");
          const employment = name(generations.get(pair) ?? 0);
          const row = it.row(employments, employment);
          const wanted =
            { approve: ["closed"], decide: ["disputed", "overdue"], dispute: s.ms === 0 ? ["void"] : [] }[s.act as string] ?? [];
          const fit = Array.from({ length: row?.shifts ?? 0 }, (_, i) => i).find((i) =>
            wanted.includes(it.row(shifts, employment, i)!.$.status),
          );
          const number = (s.flag ? fit : undefined) ?? Math.max(0, (row?.shifts ?? 0) - 1 - s.number);
          const present = it.row(shifts, employment, number);
          const from = it.time - hours(s.from + s.span);
          const bank = s.flag ? "land" : "courts";
          const [ofBank, returned] = (confirmed.at(-1 - s.number) ?? `${bank} none`).split(" ") as [string, string];
          const insurer = s.flag ? "health" : "courts";
          const unpaid = Array.from({ length: row?.shifts ?? 0 }, (_, i) => i)
            .filter((i) => ["approved", "late", "returned"].includes(it.row(shifts, employment, i)!.$.status))
            .slice(0, 1 + s.number);
          const list = unpaid.length > 0 ? unpaid : [number];
          const wages = list.reduce((sum, i) => sum + (it.row(shifts, employment, i)?.wage ?? 0n), 0n);
          const is = (args: object, ...should: string[]): [object, string[]] => [args, should];
          const [args, should] = {
            sign: () =>
              is(
                {
                  ...{ employment: employment, worker: s.worker, employer: s.employer, area: "north" },
                  ...{ hourly: s.hourly, from: it.time, until: it.time + days(400), terms: sealed },
                },
                s.worker,
                s.employer,
              ),
            insure: () => is({ employment, until: it.time + days(s.from - 1) }, insurer),
            setMinimum: () => is({ area: "north", from: it.time + days(s.from), hourly: s.hourly < 41n ? s.hourly / 2n : s.hourly }, "tax"),
            end: () => is({ employment: s.number === 0 ? employment : "none", by: "employer" }, s.employer),
            clockIn: () => is({ employment }, s.worker),
            clockOut: () => is({ worker: s.worker }, s.worker),
            report: () => is({ employment, from, to: from + hours(s.span) + (s.flag ? s.ms : 0) }, s.worker, s.employer),
            approve: () => is({ employment, number }, s.employer),
            dispute: () => is({ employment, number, by: s.flag ? "worker" : "employer", ground: sealed }, s.flag ? s.worker : s.employer),
            decide: () => is({ employment, number, worked: hours(Math.max(0, s.span)) }, "tax"),
            pay: () => is({ reference: `w-${payment++}`, employment, shifts: list, amount: s.ms === 0 ? wages + 1n : wages }, bank),
            bounce: () => is({ bank: ofBank, reference: returned, ground: s.flag ? "mistaken" : "came_back" }, ofBank),
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code } = it.submit([{ action: `work.${s.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          if (s.act === "end") generations.set(pair, (generations.get(pair) ?? 0) + 1);
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const by = (...names: string[]): string => signers.find((who) => names.includes(who)) ?? "nobody";
          if (s.act === "insure") expect(["health", "courts"]).toContain(by("health", "courts"));
          else if (s.act === "pay") expect(["land", "courts"]).toContain(by("land", "courts"));
          else expect(signers).toEqual(expect.arrayContaining(should));
          if (s.act === "insure") {
            // What an insurer said goes until he said something else.
            const place = `${employment} ${by("health", "courts")}`;
            const said = covered.get(place) ?? [];
            const last = said.at(-1);
            if (last !== undefined && last.to >= it.time) last.to = it.time;
            covered.set(place, [...said, { from: it.time, to: (args as { until: number }).until }]);
          }
          if (s.act === "clockIn") {
            const said = ["health", "courts"].flatMap((who) => covered.get(`${employment} ${who}`) ?? []);
            expect(said.some((c) => c.from <= it.time && it.time < c.to)).toBe(true);
          }
          if (s.act === "pay") {
            expect(s.ms).not.toBe(0);
            const one = `${by("land", "courts")} w-${payment - 1}`;
            confirmed.push(one);
            for (const i of list) {
              expect(paid.has(`${employment} ${i}`)).toBe(false);
              paid.set(`${employment} ${i}`, one);
            }
          }
          if (s.act === "bounce") for (const [shift, of] of [...paid]) if (of === `${ofBank} ${returned}`) paid.delete(shift);
          if (s.act === "approve" || s.act === "pay") expect(present?.$.status === "disputed" && list.includes(number)).toBe(false);
        }
        for (const [shift] of paid) {
          const [employment, number] = shift.split(" ") as [string, string];
          expect(it.row(shifts, employment, Number(number))!.$.status).toBe("paid");
        }
        passes(it, "work");
        it.indexHolds();
      }),
      { numRuns: 45, seed: 21, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const all = ["sign", "insure", "setMinimum", "end", "clockIn", "clockOut", "report", "approve", "dispute", "decide", "pay", "bounce"];
    const often = all.filter((act) => (accepted.get(act) ?? 0) >= 20);
    expect(`${often.length} of ${all.length} happen often: ${[...accepted].join(" ")}`).toMatch(/^12 /);
  });
});

everyRuleIsGiven(work);
