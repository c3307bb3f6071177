// Benefits: subsidies, compensation, relief and loans, each a rule of facts. Services 16 (subsidy), 20, 24. Owns schemes, their tariffs, cases from the survey
// to the last repayment. Does not own: the money (funds sets it aside, orders it, books what the bank says), vehicles, who lives where. The module of the contract.
//
// A case is measured → agreed → approved, which orders the payment. A subsidy is then held for a time, a loan owed; both may come back to the scheme.

import { account } from "../descriptors/payments.ts";
import { days, id, MAX_MONEY, money, party, range, type Row, signs, text, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { assess, facts, portion, sound, tariff } from "../kit/rates.ts";
import { BENEFITS, benefits, type Case, cases, kind, MOST_KEPT, schemes, tariffs } from "./benefitRecords.ts";
import { draw, drawRules, free, orderAnew as reorder, orderAnewRules, orders, repay, repayRules, reserve, reserveRules } from "./funds.ts";

export { cases, schemes, tariffs } from "./benefitRecords.ts";
export * from "./benefitAudits.ts";

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
  title: "Close a scheme, or free what came back to a closed one: what it did not order is free in the fund again",
  by: { office: byOffice },
  input: { scheme: id },
  rules: ["not_settled"],
  example: { scheme: "ev-2027" },
  run(tx, { scheme }) {
    const it = tx.get(schemes, scheme);
    tx.require(it.owed === 0n && it.held === 0, "not_settled", { owed: it.owed, held: it.held });
    if (it.$.status === "open") tx.move(it, "closed");
    free(tx, BENEFITS, scheme, true);
  },
});

// ── from the survey to the payment ───────────────────────────────────────────────────────────────────────────────────────────────────
export const measure = benefits.action({
  title: "Measure: the facts of a household, a vehicle or another subject; who holds it signs, and who held it before",
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
    if (before?.$.status === "measured") tx.signed("holder", before.holder, "measured_once");
    const it = { period: of.period, holder, claims: holder, surveyor: tx.signer("surveyor"), facts: given };
    if (before === undefined) tx.create(cases, { scheme, subject, turn, office: scheme, ...it, surveys: 1, amount: 0n, owed: 0n });
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
  title: "Refuse what was measured or agreed, on a ground",
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
  title: "Order a payment that came back anew, to the account that its holder names; a loan's time begins anew",
  by: { office: byOffice, holder: signs("the household or the owner") },
  input: { ...ofCase, order: id, account },
  rules: ["not_ordered", ...orderAnewRules],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", order: "ev-2027-vin-7-b", account: aSeal(2) },
  run(tx, { scheme, subject, turn, order, account: to }) {
    const it = tx.get(cases, scheme, subject, turn);
    tx.signed("holder", it.holder);
    if (it.order === undefined || it.$.status === "remitted") return tx.reject("not_ordered");
    reorder(tx, it.order, order, to);
    const lent = it.$.status === "owing" || it.$.status === "overdue";
    const change = { order, account: to, ...(lent ? { until: tx.time + tx.get(schemes, scheme).term } : {}) };
    if (it.$.status === "overdue") tx.move(it, "owing", change);
    else tx.put(it, change);
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
    tx.require(arrived(tx, it), "not_paid");
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
  rules: ["over_repaid", "not_paid", ...repayRules],
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", amount: 1_100_00n, reference: "BK-2027-09-01-0001" },
  run(tx, { scheme: key, subject, turn, amount, reference }) {
    const it = tx.get(cases, key, subject, turn);
    const of = tx.get(schemes, key);
    tx.require(amount <= it.owed, "over_repaid", { owed: it.owed });
    tx.require(arrived(tx, it), "not_paid");
    repay(tx, BENEFITS, key, amount, reference);
    const owed = it.owed - amount;
    if (owed === 0n) tx.move(it, "repaid", { owed, until: undefined });
    else tx.put(it, { owed });
    tx.put(of, { owed: of.owed - amount, repaid: of.repaid + amount });
  },
});

export const remit = benefits.action({
  title: "Remit what is owed, on a ground: a hardship, or a payment that came back and is not ordered anew",
  by: { office: byOffice },
  input: { ...ofCase, ground: id },
  example: { scheme: "ev-2027", subject: "vin-7", turn: "once", ground: "hardship" },
  run(tx, { scheme: key, subject, turn, ground }) {
    const it = tx.get(cases, key, subject, turn);
    tx.move(it, "remitted", { owed: 0n, until: undefined, ground });
    const of = tx.get(schemes, key);
    tx.put(of, { owed: of.owed - it.owed });
  },
});

export const term = benefits.due(cases, {
  title:
    "A subsidy held to the end of its time is final; a loan not repaid by then is overdue, and says so; if it did not arrive, its time begins anew",
  at: (it) => (it.$.status === "held" || it.$.status === "owing" ? it.until : undefined),
  run(tx, it) {
    if (it.$.status === "held") finish(tx, it, undefined);
    else if (arrived(tx, it)) tx.move(it, "overdue", { until: undefined });
    else tx.put(it, { until: tx.time + Math.max(tx.get(schemes, it.scheme).term, days(1)) });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function opened(tx: Tx<"scheme_closed">, key: string): Row<typeof schemes> {
  const it = tx.get(schemes, key);
  tx.require(it.$.status === "open", "scheme_closed");
  return it;
}
/** What was approved was paid, and did not come back. */
const arrived = (tx: Tx, it: Case): boolean => it.order !== undefined && tx.get(orders, it.order).paid === it.amount;
function finish(tx: Tx, it: Case, ground: string | undefined): void {
  tx.move(it, "final", { ground, until: undefined, keeps: undefined });
  const of = tx.get(schemes, it.scheme);
  tx.put(of, { held: of.held - 1 });
}
function pay(tx: Tx, { scheme, holder: payee, amount, account: to }: Case, order: string): void {
  draw(tx, BENEFITS, scheme, { order, payee, amount, account: to! });
}
export default benefits;
