// Benefits: subsidies, compensation, relief and loans, each a rule of facts. Services 16 (subsidy), 20, 24. Owns schemes, their tariffs, cases from the survey
// to the last repayment. Does not own: the money (funds sets it aside, orders it, books what the bank says), vehicles, who lives where.
//
// A case is measured → agreed → approved, which orders the payment. A subsidy is then held for a time, a loan owed; both may come back to the scheme.

import { account } from "../descriptors/payments.ts";
import { agency, contract, count, days, id, MAX_MONEY, money, oneOf, optional, party } from "../engine/index.ts";
import { range, record, type Row, signs, text, time, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { assess, facts, portion, sound, tariff } from "../kit/rates.ts";
import { draw, drawRules, free, orders, repay, repayRules, reserve, reserveRules } from "./funds.ts";

const BENEFITS = "benefits";
/** Holding periods that one subject is in at a time. */
const MOST_KEPT = 8;
const kind = oneOf("subsidy", "compensation", "relief", "loan");

export const schemes = record("scheme", {
  title: "A scheme: from which fund, for what, in which period; its totals, which are all that is public of its cases",
  key: ["scheme"],
  read: "public",
  find: ["fund", "status"],
  fields: {
    ...{ scheme: id, kind, fund: id, purpose: id, period: id },
    /** For how long what was subsidised is kept, or until when a loan is repaid. */
    term: range(0, days(36_500)),
    /** The version of the tariff in force; 0 before the first. */
    tariff: count,
    ...{ cases: count, granted: money, repaid: money, owed: money, held: count },
  },
  states: { open: ["closed"], closed: [] },
});
export const tariffs = record("tariff", {
  title: "A version of a scheme's tariff; each case cites the one it was agreed under",
  key: ["scheme", "version"],
  read: "public",
  fields: { scheme: id, version: count, ...tariff },
});
export const cases = record("case", {
  title: "What a household or an owner is given for something: the facts, the tariff's version, the amount, and what became of it",
  key: ["scheme", "subject", "turn"],
  read: ["holder", "office", "surveyor", "auditor"],
  find: ["holder", "status"],
  unique: ["scheme", "period", "claims"],
  ordered: ["keeps"],
  fields: {
    ...{ scheme: id, subject: id, turn: id, period: id, holder: party },
    /** The holder, while the case counts as his one of the period. */
    claims: optional(party),
    ...{ surveyor: agency, facts, surveys: count },
    ...{ version: optional(count), amount: money, account: optional(account), order: optional(id) },
    ...{ until: optional(time), owed: money, ground: optional(id) },
    /** The subject, while its holding period runs; when its condition was broken within it. */
    ...{ keeps: optional(id), broken: optional(time) },
  },
  states: {
    ...{ measured: ["agreed", "withdrawn"], agreed: ["final", "held", "owing", "refused", "withdrawn"], refused: ["measured"] },
    ...{ withdrawn: ["measured"], held: ["broken", "final", "reclaimed"], broken: ["final", "reclaimed"] },
    ...{ owing: ["overdue", "repaid"], overdue: ["repaid"] },
    ...{ reclaimed: ["repaid"], repaid: [], final: [] },
  },
});
type Case = Row<typeof cases>;

const benefits = contract("benefits", {
  title: "Subsidies, compensation and relief",
  purpose: "An amount is what the tariff gives for the facts, it reaches who is named, once, and comes back where its condition is broken.",
  sector: "city",
  records: [tariffs, cases, schemes],
  roles: {
    office: "Opens schemes, publishes tariffs, approves and reclaims, per scheme",
    surveyor: "Measures, per scheme",
    auditor: "Reads cases",
  },
  rules: {
    scheme_closed: "A closed scheme measures, agrees and approves nothing.",
    not_settled: "A scheme is closed when nothing is owed to it and no holding period runs.",
    tariff_sound: "A tariff's bounds are in order.",
    no_tariff: "A case is agreed under a tariff that is published.",
    facts_unfit: "The facts are those that the tariff counts, each once.",
    amount_differs: "What is agreed is what the tariff gives for the facts, and more than nothing.",
    measured_once: "A household, or a vehicle, has one survey; it is measured anew only until it is agreed, or after a refusal.",
    one_per_holder: "An owner or a household is given one benefit of a scheme in a period.",
    not_returned: "A payment is ordered anew only if all of it came back.",
    not_paid: "Only what was paid is reclaimed.",
    holding_over: "A subsidy is reclaimed if it was not held to the end of its period, in proportion to what was left of it then.",
    over_repaid: "No more is repaid than is owed.",
    countable: "A scheme's totals can be counted.",
    not_broken: "Only a broken condition is excused.",
    kept_enough: "A subject keeps the conditions of eight subsidies at a time at most.",
  },
});
const byOffice = { role: "office", scope: (a: { readonly scheme: string }) => a.scheme } as const;
const ofCase = { scheme: id, subject: id, turn: id };

// ── schemes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const open = benefits.action({
  title: "Open a scheme: money of a fund is set aside for it",
  by: { office: byOffice, keyholder: signs("the fund's owner and each of its key-holders") },
  input: { scheme: id, kind, fund: id, purpose: id, period: id, term: range(0, days(36_500)), amount: money },
  rules: reserveRules,
  // biome-ignore format: a table
  example: {
    scheme: "ev-2027", kind: "subsidy", fund: "clean-air", purpose: "clean-air", period: "2027", term: days(730), amount: 10_000_000_00n,
  },
  run(tx, { amount, ...it }) {
    tx.create(schemes, { ...it, tariff: 0, cases: 0, granted: 0n, repaid: 0n, owed: 0n, held: 0 });
    reserve(tx, BENEFITS, it.scheme, it.fund, it.purpose, amount);
  },
});

export const topUp = benefits.action({
  title: "Set more money aside for a scheme",
  by: { office: byOffice, keyholder: signs("the fund's owner and each of its key-holders") },
  input: { scheme: id, amount: money },
  rules: ["scheme_closed", ...reserveRules],
  example: { scheme: "ev-2027", amount: 1_000_000_00n },
  run(tx, { scheme, amount }) {
    const it = opened(tx, scheme);
    reserve(tx, BENEFITS, scheme, it.fund, it.purpose, amount);
  },
});

export const publish = benefits.action({
  title: "Publish the next version of a scheme's tariff; what was agreed stays as it was agreed",
  by: { office: byOffice },
  input: { scheme: id, ...tariff },
  rules: ["scheme_closed", "tariff_sound"],
  example: {
    scheme: "ev-2027",
    base: 0n,
    lines: [{ fact: "price", above: 20_000_00, upTo: 60_000_00, amount: 15n, per: 100 }],
    least: 500_00n,
    most: 5_000_00n,
  },
  run(tx, { scheme, ...table }) {
    const it = opened(tx, scheme);
    tx.require(sound(table), "tariff_sound");
    tx.create(tariffs, { scheme, version: it.tariff + 1, ...table });
    tx.put(it, { tariff: it.tariff + 1 });
  },
});

export const begin = benefits.action({
  title: "Begin a scheme's next period",
  by: { office: byOffice },
  input: { scheme: id, period: id },
  rules: ["scheme_closed"],
  example: { scheme: "ev-2027", period: "2028" },
  run(tx, { scheme, period }) {
    tx.put(opened(tx, scheme), { period });
  },
});

export const close = benefits.action({
  title: "Close a scheme: what it did not order is free in the fund again",
  by: { office: byOffice },
  input: { scheme: id },
  rules: ["not_settled"],
  example: { scheme: "ev-2027" },
  run(tx, { scheme }) {
    const it = tx.move(tx.get(schemes, scheme), "closed");
    tx.require(it.owed === 0n && it.held === 0, "not_settled", { owed: it.owed, held: it.held });
    free(tx, BENEFITS, scheme, true);
  },
});

// ── from the survey to the payment ───────────────────────────────────────────────────────────────────────────────────────────────────
export const measure = benefits.action({
  title: "Measure: the facts of a household, a vehicle or another subject; who holds it signs",
  by: { surveyor: { role: "surveyor", scope: (a) => a.scheme }, holder: signs("the household or the owner") },
  input: { scheme: id, subject: id, holder: party, facts },
  rules: ["facts_unfit", "measured_once", "no_tariff", "one_per_holder", "scheme_closed"],
  example: { scheme: "ev-2027", subject: "vin-7", holder: "p:ann.city", facts: [{ fact: "price", value: 42_000_00 }] },
  run(tx, { scheme, subject, holder, facts: given }) {
    tx.signed("holder", holder);
    const of = opened(tx, scheme);
    // Relief and loans are of a period; a vehicle is subsidised and a home compensated once.
    const turn = of.kind === "relief" || of.kind === "loan" ? of.period : "once";
    tx.require(assess(tx.find(tariffs, scheme, of.tariff) ?? tx.reject("no_tariff"), given) !== undefined, "facts_unfit");
    const before = tx.find(cases, scheme, subject, turn);
    const other = tx.unique(cases, scheme, of.period, holder);
    tx.require(other === undefined || (other.subject === subject && other.turn === turn), "one_per_holder", { subject: other?.subject });
    const it = { period: of.period, holder, claims: holder, surveyor: tx.signer("surveyor"), facts: given };
    if (before === undefined) tx.create(cases, { scheme, subject, turn, ...it, surveys: 1, amount: 0n, owed: 0n });
    else {
      const change = { ...it, surveys: before.surveys + 1, ground: undefined };
      tx.require(["measured", "refused", "withdrawn"].includes(before.$.status), "measured_once");
      if (before.$.status === "measured") tx.put(before, change);
      else tx.move(before, "measured", change);
    }
  },
});

export const agree = benefits.action({
  title: "Agree to the amount that the tariff in force gives for the facts, and say where to pay it",
  by: { holder: signs("the household or the owner") },
  input: { ...ofCase, amount: money, account },
  rules: ["amount_differs", "facts_unfit", "no_tariff", "scheme_closed"],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", amount: 3_300_00n, account: aSeal(2) },
  run(tx, { scheme, subject, turn, amount, account: to }) {
    const it = tx.get(cases, scheme, subject, turn);
    tx.signed("holder", it.holder);
    const { tariff: version } = opened(tx, scheme);
    const due = assess(tx.find(tariffs, scheme, version) ?? tx.reject("no_tariff"), it.facts) ?? tx.reject("facts_unfit");
    tx.require(amount === due && due > 0n, "amount_differs", { due });
    tx.move(it, "agreed", { version, amount, account: to });
  },
});

export const withdraw = benefits.action({
  title: "Withdraw a case that is not approved",
  by: { holder: signs("the household or the owner") },
  input: ofCase,
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once" },
  run(tx, { scheme, subject, turn }) {
    const it = tx.move(tx.get(cases, scheme, subject, turn), "withdrawn", { claims: undefined });
    tx.signed("holder", it.holder);
  },
});

export const refuse = benefits.action({
  title: "Refuse what was agreed, on a ground",
  by: { office: byOffice },
  input: { ...ofCase, ground: id },
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", ground: "not-registered" },
  run(tx, { scheme, subject, turn, ground }) {
    tx.move(tx.get(cases, scheme, subject, turn), "refused", { ground, claims: undefined });
  },
});

export const approve = benefits.action({
  title: "Approve what was agreed: its payment is ordered, released at once",
  by: { office: byOffice },
  input: { ...ofCase, order: id },
  rules: ["countable", "kept_enough", "scheme_closed", ...drawRules],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", order: "ev-2027-vin-7" },
  run(tx, { scheme: key, subject, turn, order }) {
    const of = opened(tx, key);
    const it = tx.get(cases, key, subject, turn);
    const to = of.kind === "loan" ? "owing" : of.kind === "subsidy" && of.term > 0 ? "held" : "final";
    const until = to === "final" ? undefined : tx.time + of.term;
    const owed = to === "owing" ? it.amount : 0n;
    const keeps = to === "held" ? subject : undefined;
    tx.require(of.granted + it.amount <= MAX_MONEY, "countable");
    tx.require(keeps === undefined || tx.ordered(cases, [keeps], MOST_KEPT).length < MOST_KEPT, "kept_enough");
    pay(tx, tx.move(it, to, { order, until, owed, keeps }), order);
    const change = { cases: of.cases + 1, granted: of.granted + it.amount, owed: of.owed + owed, held: of.held + (to === "held" ? 1 : 0) };
    tx.put(of, change);
  },
});

export const orderAnew = benefits.action({
  title: "Order a payment that came back anew, to the account that its holder names",
  by: { office: byOffice, holder: signs("the household or the owner") },
  input: { ...ofCase, order: id, account },
  rules: ["not_returned", ...drawRules],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", order: "ev-2027-vin-7-b", account: aSeal(2) },
  run(tx, { scheme, subject, turn, order, account: to }) {
    const it = tx.get(cases, scheme, subject, turn);
    tx.signed("holder", it.holder);
    const before = it.order === undefined ? undefined : tx.get(orders, it.order);
    tx.require(before?.$.status === "settled" && before.paid === 0n, "not_returned");
    pay(tx, tx.put(it, { order, account: to }), order);
  },
});

// ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const reclaim = benefits.action({
  title: "Reclaim a subsidy whose condition was broken: the part of it for the time from then on, rounded down",
  by: { office: byOffice },
  input: { ...ofCase, ground: id },
  rules: ["holding_over", "not_paid"],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", ground: "resold" },
  run(tx, { scheme: key, subject, turn, ground }) {
    const it = tx.get(cases, key, subject, turn);
    const of = tx.get(schemes, key);
    tx.require(it.$.status === "broken" || (it.$.status === "held" && tx.time < it.until!), "holding_over");
    tx.require(tx.get(orders, it.order!).paid === it.amount, "not_paid");
    const owed = portion(it.amount, it.until! - (it.broken ?? tx.time), of.term);
    const now = tx.move(it, "reclaimed", { ground, owed, until: undefined, keeps: undefined });
    if (owed === 0n) tx.move(now, "repaid");
    tx.put(of, { owed: of.owed + owed, held: of.held - 1 });
  },
});

export const excuse = benefits.action({
  title: "Excuse a broken condition, on a ground: the subsidy is final",
  by: { office: byOffice },
  input: { ...ofCase, ground: id },
  rules: ["not_broken"],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", ground: "total-loss" },
  run(tx, { scheme: key, subject, turn, ground }) {
    const it = tx.get(cases, key, subject, turn);
    tx.require(it.$.status === "broken", "not_broken");
    finish(tx, it, ground);
  },
});

/** For the register of the subject, which was passed on or is no more: subsidies whose time runs are broken as of now. Never refuses. Were there any? */
export const breach = benefits.procedure((tx, subject: string, ground: string): boolean => {
  const kept = tx.ordered(cases, [subject], MOST_KEPT).filter((it) => tx.time < it.until!);
  for (const it of kept) tx.move(it, "broken", { ground, broken: tx.time, keeps: undefined });
  return kept.length > 0;
});

export const payBack = benefits.action({
  title: "Confirm a repayment, of a loan or of what was reclaimed: the scheme has it again",
  by: { bank: signs("the fund's bank") },
  input: { ...ofCase, amount: money, reference: text(35, 1) },
  rules: ["over_repaid", ...repayRules],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", amount: 1_100_00n, reference: "BK-2027-09-01-0001" },
  run(tx, { scheme: key, subject, turn, amount, reference }) {
    const it = tx.get(cases, key, subject, turn);
    const of = tx.get(schemes, key);
    tx.require(amount <= it.owed, "over_repaid", { owed: it.owed });
    repay(tx, BENEFITS, key, amount, reference);
    const owed = it.owed - amount;
    if (owed === 0n) tx.move(it, "repaid", { owed, until: undefined });
    else tx.put(it, { owed });
    tx.put(of, { owed: of.owed - amount, repaid: of.repaid + amount });
  },
});

export const term = benefits.due(cases, {
  title: "A subsidy held to the end of its time is final; a loan not repaid by then is overdue, and says so",
  at: (it) => (it.$.status === "held" || it.$.status === "owing" ? it.until : undefined),
  run(tx, it) {
    if (it.$.status === "owing") tx.move(it, "overdue", { until: undefined });
    else finish(tx, it, undefined);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function opened(tx: Tx<"scheme_closed">, key: string): Row<typeof schemes> {
  const it = tx.get(schemes, key);
  tx.require(it.$.status === "open", "scheme_closed");
  return it;
}
function finish(tx: Tx, it: Case, ground: string | undefined): void {
  tx.move(it, "final", { ground, until: undefined, keeps: undefined });
  const of = tx.get(schemes, it.scheme);
  tx.put(of, { held: of.held - 1 });
}
function pay(tx: Tx, { scheme, holder: payee, amount, account: to }: Case, order: string): void {
  draw(tx, BENEFITS, scheme, { order, payee, amount, account: to! });
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const amounts = benefits.audit({
  title: "Every agreed amount is what the version of the tariff that it cites gives for the facts",
  run(audit) {
    const tables = new Map<string, Row<typeof tariffs>>();
    let agreed = 0;
    audit.each(tariffs, (it) => void tables.set(`${it.scheme} ${it.version}`, it));
    audit.each(cases, ({ $, scheme, version, amount, facts: given }) => {
      if (version === undefined) return audit.require($.status === "measured" || $.status === "withdrawn", "nothing was agreed");
      if (["measured", "withdrawn", "refused"].includes($.status)) return; // measured anew, the facts may be others
      const table = tables.get(`${scheme} ${version}`);
      agreed++;
      audit.require(table !== undefined && assess(table, given) === amount, "the amount is not the tariff's", { version, amount });
    });
    audit.end(() => audit.figure("cases agreed", agreed));
  },
});

export const totals = benefits.audit({
  title: "The public totals of every scheme are the sums of its cases; each case approved has its order, to its holder, for its amount",
  run(audit) {
    const sums = new Map<string, { cases: number; granted: bigint; owed: bigint; held: number }>();
    const ordered = new Map<string, { holder: string; amount: bigint }>();
    audit.each(cases, ({ $, scheme, subject, holder, amount, order, owed, keeps }) => {
      if (order === undefined) return;
      ordered.set(order, { holder, amount });
      const it = sums.get(scheme) ?? { cases: 0, granted: 0n, owed: 0n, held: 0 };
      const held = it.held + ($.status === "held" || $.status === "broken" ? 1 : 0);
      audit.require((keeps !== undefined) === ($.status === "held") && (keeps ?? subject) === subject, "what is held is kept");
      sums.set(scheme, { cases: it.cases + 1, granted: it.granted + amount, owed: it.owed + owed, held });
    });
    audit.each(schemes, ({ scheme, cases: all, granted, owed, held }) => {
      const sum = sums.get(scheme) ?? { cases: 0, granted: 0n, owed: 0n, held: 0 };
      const equal = sum.cases === all && sum.granted === granted && sum.owed === owed && sum.held === held;
      audit.require(equal, "the totals are not the sums of the cases", { ...sum });
      audit.figure(`${scheme} granted`, granted);
    });
    audit.each(orders, ({ order, of, payee, amount, paid }) => {
      if (of !== BENEFITS) return;
      const it = ordered.get(order);
      if (it === undefined) return audit.require(paid === 0n, "an order that is no case's, and paid", { paid }); // came back, ordered anew
      ordered.delete(order);
      audit.require(it.holder === payee && it.amount === amount, "an order is not its case's", { payee, amount });
    });
    audit.end(() => {
      for (const [order] of ordered) audit.require(false, "an approved case without its order", { order });
    });
  },
});
export default benefits;
