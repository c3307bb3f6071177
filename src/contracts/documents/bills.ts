// Medical bills: issued line by line, claimed from insurers, adjudicated, reviewed, paid, reversed. Service 10. Owns these acts. Does not own: records and rules
// (billRecords.ts), what was treated (sealed, a line at a time), who is insured for what, money at the bank.
//
// A claim is submitted → granted or refused → paid. A payer's silence is late and is appealed like a refusal; a payment does not end the time of an appeal, which may
// grant more and is paid apart. What is granted or paid in error is taken back first, by who holds it, before it is granted to others or the bill is reversed.

import { agency, count, days, id, list, money, object, optional, type Party, party, signs, text, time, type Tx } from "../engine/index.ts";
import { namesCurrency } from "../kit/currency.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { type Bill, bill, bills, type Claim, claims, content, lines, MOST_LINES, MOST_PAYERS, objection, payments } from "./billRecords.ts";
import { petition } from "./billRecords.ts";

export { neverMore, ofOneBill, paidOnce } from "./billAudits.ts";
export { bills, claims, lines, payments } from "./billRecords.ts";

/** A payer decides within the first, and pays within the second; a claimant appeals within the third, a supervisor decides within the last. */
const [ANSWER_TIME, PAY_TIME, APPEAL_TIME, REVIEW_TIME] = [days(30), days(30), days(90), days(60)];
/** Also by their posts, to whom the role is delegated. */
const byHospital = { role: "hospital", is: (a: { readonly hospital: Party }) => a.hospital } as const;
const byPayer = { role: "insurer", is: (a: { readonly payer: Party }) => a.payer } as const;

/** Of a bill at first. */
const nothing = { granted: 0n, direct: 0n, received: 0n, upheld: false, unheard: false };

// ── bills ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const ofBill = { hospital: agency, number: id };
const one = { hospital: "clinic", number: "2027-1" };
export const issue = bill.action({
  title: "Issue a bill with its lines",
  by: { hospital: byHospital },
  input: {
    ...ofBill,
    patient: party,
    issued: time,
    currency: text(3, 3),
    total: money,
    lines: list(object({ amount: money, content }), MOST_LINES, 1),
  },
  rules: ["currency_named", "dated_ahead", "patient_unknown", "totals_hold"],
  work: 512,
  example: {
    ...{ ...one, patient: "p:ann.health", issued: monday, currency: "EUR", total: 135_57n },
    lines: [{ amount: 135_57n, content: aSeal(4) }],
  },
  run(tx, { lines: given, ...it }) {
    tx.require(tx.known(it.patient), "patient_unknown");
    tx.require(it.issued <= tx.time, "dated_ahead");
    tx.require(namesCurrency(it.currency), "currency_named");
    tx.require(given.reduce((sum, { amount }) => sum + amount, 0n) === it.total, "totals_hold");
    tx.create(bills, { ...it, lines: given.length, ...nothing });
    const { hospital, number, patient } = it;
    const numbered = given.map((line, i) => ({ ...line, line: i + 1 }));
    tx.createEach(lines, numbered, (line) => ({ hospital, number, patient, ...line, granted: 0n, payers: [] }));
  },
});

export const receive = bill.action({
  title: "Confirm what the patient paid",
  by: { hospital: byHospital },
  input: { ...ofBill, amount: money },
  rules: ["not_payable", "over_paid"],
  example: { ...one, amount: 35_57n },
  run(tx, { hospital, number, amount }) {
    const it = payable(tx, hospital, number);
    tx.put(it, paidUp(tx, it, 0n, amount));
  },
});

export const giveBack = bill.action({
  title: "Confirm what the patient was paid back: he signs that he has it",
  by: { hospital: byHospital, patient: signs("the patient") },
  input: { ...ofBill, amount: money },
  rules: ["over_paid"],
  example: { ...one, amount: 35_57n },
  run(tx, { hospital, number, amount }) {
    const it = tx.get(bills, hospital, number);
    tx.signed("patient", it.patient);
    tx.require(amount <= it.received, "over_paid", { received: it.received });
    tx.put(it, { received: it.received - amount });
  },
});

export const contest = bill.action({
  title: "Contest a bill: while it is contested nothing is claimed, granted or received",
  by: { patient: signs("the patient") },
  input: { ...ofBill, objection },
  rules: ["contested_once", "not_payable"],
  example: { ...one, objection: aSeal(1) },
  run(tx, { hospital, number, objection: why }) {
    const it = payable(tx, hospital, number);
    tx.signed("patient", it.patient);
    tx.require(it.granted === 0n && !it.upheld, "contested_once");
    tx.move(it, "contested", { objection: why, by: tx.time + REVIEW_TIME });
  },
});

export const uphold = bill.action({
  title: "Uphold a bill that was contested; one that is wrong its hospital reverses",
  by: "supervisor",
  input: { ...ofBill, ground: id },
  rules: ["own_case"],
  example: { ...one, ground: "tariff-7" },
  run(tx, { hospital, number, ground }) {
    const it = tx.get(bills, hospital, number);
    tx.require(![hospital, it.patient].includes(tx.signer("supervisor")), "own_case");
    tx.move(it, "issued", { ground, upheld: true, by: undefined });
  },
});

export const concede = bill.action({
  title: "Concede a bill that one has contested",
  by: { patient: signs("the patient") },
  input: ofBill,
  example: one,
  run(tx, { hospital, number }) {
    const it = tx.get(bills, hospital, number);
    tx.signed("patient", it.patient);
    tx.move(it, "issued", { upheld: true, by: undefined });
  },
});

export const hearing = bill.due(bills, {
  title: "A contested bill that no supervisor has decided on within 60 days is marked",
  at: (it) => it.by,
  run: (tx, it) => void tx.put(it, { by: undefined, unheard: true }),
});

export const reverse = bill.action({
  title: "Reverse a bill by another, on a ground; the patient signs if he has paid anything of it",
  by: {
    hospital: byHospital,
    patient: signs("the patient, if he has paid; the supervisor named, if he is no more in good standing"),
  },
  input: { ...ofBill, by: id, ground: id, supervisor: optional(agency) },
  rules: ["in_stead", "not_payable", "own_case", "reimbursed"],
  example: { ...one, by: "2027-1-r", ground: "wrong-patient" },
  run(tx, { hospital, number, by, ground, supervisor }) {
    const it = tx.get(bills, hospital, number);
    tx.require(it.$.status !== "reversed" && it.reverses === undefined, "not_payable");
    tx.require(it.granted === 0n, "reimbursed", { granted: it.granted });
    if (it.received > 0n) bound(tx, "patient", it.patient, supervisor, [hospital]);
    const { patient, currency, total } = it;
    tx.move(it, "reversed", { ground, by: undefined });
    tx.create(bills, { hospital, number: by, patient, currency, total, lines: 0, issued: tx.time, reverses: number, ground, ...nothing });
  },
});

// ── claims ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const ofClaim = { ...ofBill, line: count, payer: agency };
const aClaim = { ...one, line: 1, payer: "fund" };
export const claim = bill.action({
  title: "Claim lines of a bill from a payer, payable to the patient or to the hospital",
  by: { patient: signs("the patient") },
  input: { ...ofBill, payer: agency, payee: party, lines: list(object({ line: count, asked: money }), 32, 1) },
  rules: ["claimed_once", "no_insurer", "not_payable", "over_asked", "payee_fit", "payers_full"],
  work: 512,
  example: { ...one, payer: "fund", payee: "p:ann.health", lines: [{ line: 1, asked: 135_57n }] },
  run(tx, { hospital, number, payer, payee, lines: asked }) {
    const it = payable(tx, hospital, number);
    const { patient, currency } = it;
    tx.signed("patient", patient);
    tx.require(payee === patient || payee === hospital, "payee_fit");
    tx.require(tx.holds("insurer", payer), "no_insurer");
    for (const { line, asked: amount } of asked) {
      const of = tx.get(lines, hospital, number, line);
      tx.require(tx.find(claims, hospital, number, line, payer) === undefined, "claimed_once", { line });
      tx.require(0n < amount && amount <= of.amount, "over_asked", { line, amount: of.amount });
      tx.require(of.payers.length < MOST_PAYERS, "payers_full", { line });
      tx.put(of, { payers: [...of.payers, payer] });
      const none = { granted: 0n, mended: 0, paid: [], reviewed: false, unheard: false };
      tx.create(claims, { hospital, number, line, payer, patient, payee, currency, asked: amount, ...none, by: tx.time + ANSWER_TIME });
    }
  },
});

export const mend = bill.action({
  title: "Mend a claim that was refused, withdrawn or given back: it is submitted again",
  by: { patient: signs("the patient") },
  input: { ...ofClaim, asked: money, payee: party },
  rules: ["not_payable", "over_asked", "payee_fit"],
  example: { ...aClaim, asked: 120_00n, payee: "clinic" },
  run(tx, { hospital, number, line, payer, asked, payee }) {
    const it = tx.get(claims, hospital, number, line, payer);
    const { patient } = payable(tx, hospital, number);
    tx.signed("patient", patient);
    tx.require(payee === patient || payee === hospital, "payee_fit");
    tx.require(0n < asked && asked <= tx.get(lines, hospital, number, line).amount, "over_asked");
    const clear = { ground: undefined, appeal: undefined, decided: undefined, reviewed: false, unheard: false };
    tx.move(it, "submitted", { asked, payee, mended: it.mended + 1, ...clear, by: tx.time + ANSWER_TIME });
  },
});

export const withdraw = bill.action({
  title: "Withdraw a claim that is not paid in full; the payer signs, too, if it has granted any of it: what it has paid of it is back",
  by: {
    patient: signs("the patient; the supervisor named, if he is no more in good standing"),
    payer: signs("the payer, if it has granted any of it; the supervisor named, if it is no more in good standing"),
  },
  input: { ...ofClaim, stead: optional(object({ supervisor: agency, ground: id })) },
  rules: ["in_stead", "own_case"],
  example: aClaim,
  run(tx, { hospital, number, line, payer, stead }) {
    const it = tx.get(claims, hospital, number, line, payer);
    const parts = [hospital, it.patient, payer, it.payee];
    bound(tx, "patient", it.patient, stead?.supervisor, parts);
    if (it.granted > 0n) bound(tx, "payer", payer, stead?.supervisor, parts);
    tx.move(it, "withdrawn", { ...takenBack(tx, it), ground: stead?.ground });
  },
});

export const adjudicate = bill.action({
  title: "Adjudicate a claim: grant it, or a part of it, or refuse it, on a ground",
  by: { payer: byPayer },
  input: { ...ofClaim, grant: money, ground: optional(id) },
  rules: ["ground_given", "not_payable", "over_asked", "over_line", "over_paid", "under_appeal"],
  example: { ...aClaim, grant: 96_00n, ground: "share-80" },
  run(tx, { hospital, number, line, payer, grant, ground }) {
    const it = tx.get(claims, hospital, number, line, payer);
    tx.require(it.$.status !== "appealed", "under_appeal");
    tx.require(ground !== undefined || grant === it.asked, "ground_given");
    const decision = { ground, decided: tx.time };
    if (grant === 0n) tx.move(it, "refused", { ...decision, by: undefined });
    else award(tx, it, "granted", grant, decision);
  },
});

export const appeal = bill.action({
  title: "Appeal a refusal, a grant of less than was asked, though it be paid, or a payer's silence",
  by: { patient: signs("the patient") },
  input: { ...ofClaim, appeal: petition },
  rules: ["appeal_over", "not_payable"],
  example: { ...aClaim, appeal: aSeal(1) },
  run(tx, { hospital, number, line, payer, appeal: why }) {
    const it = tx.get(claims, hospital, number, line, payer);
    tx.signed("patient", it.patient);
    tx.require(tx.get(bills, hospital, number).$.status !== "reversed", "not_payable");
    tx.require(!it.reviewed && it.granted < it.asked && tx.time - (it.decided ?? tx.time) <= APPEAL_TIME, "appeal_over");
    tx.move(it, "appealed", { appeal: why, by: tx.time + REVIEW_TIME });
  },
});

export const review = bill.action({
  title: "Decide an appeal for good: no less than the payer had granted; what is more than it has paid is paid apart",
  by: "supervisor",
  input: { ...ofClaim, grant: money, ground: id },
  rules: ["less_granted", "not_payable", "over_asked", "over_line", "over_paid", "own_case", "under_appeal"],
  example: { ...aClaim, grant: 120_00n, ground: "art-12" },
  run(tx, { hospital, number, line, payer, grant, ground }) {
    const it = tx.get(claims, hospital, number, line, payer);
    tx.require(![hospital, it.patient, payer, it.payee].includes(tx.signer("supervisor")), "own_case");
    tx.require(it.$.status === "appealed", "under_appeal");
    tx.require(it.granted <= grant, "less_granted", { granted: it.granted });
    if (grant === 0n) tx.move(it, "denied", { ground, reviewed: true, by: undefined });
    else award(tx, it, grant > paidOf(it) ? "granted" : "paid", grant, { ground, reviewed: true });
  },
});

const TIMES: { readonly [status: string]: number } = { submitted: ANSWER_TIME, granted: PAY_TIME, appealed: REVIEW_TIME };
export const clock = bill.due(claims, {
  title:
    "Silence of 30 days is late, and a payment 30 days after the grant overdue; an appeal that is not decided within 60 is marked. No time runs while the bill is contested: it begins anew once the bill stands",
  at: (it) => it.by,
  run(tx, it) {
    const { $ } = tx.get(bills, it.hospital, it.number);
    const { status } = it.$;
    const by = ($.status === "contested" ? tx.time : $.since) + TIMES[status]!;
    if ($.status === "reversed") tx.put(it, { by: undefined });
    else if (by > tx.time) tx.put(it, { by });
    else if (status === "submitted") tx.move(it, "late", { by: undefined, decided: tx.time });
    else if (status === "granted") tx.move(it, "overdue", { by: undefined });
    else tx.put(it, { by: undefined, unheard: true });
  },
});

// ── payments ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const pay = bill.action({
  title: "Confirm a payment for claims that were granted",
  by: { payer: byPayer },
  input: { payer: agency, payment: id, claims: list(object({ ...ofBill, line: count }), 32, 1), amount: money },
  rules: ["one_payee", "under_appeal"],
  work: 320,
  example: { payer: "fund", payment: "2027-77", claims: [{ ...one, line: 1 }], amount: 96_00n },
  run(tx, { payer, payment, claims: named, amount }) {
    let sum = 0n;
    let first: Claim | undefined;
    for (const { hospital, number, line } of named) {
      const it = tx.get(claims, hospital, number, line, payer);
      tx.require(it.$.status !== "appealed", "under_appeal");
      const rest = it.granted - paidOf(it);
      tx.move(it, "paid", { paid: [...it.paid, { payment, amount: rest }], by: undefined });
      first ??= it;
      sum += rest;
      tx.require(it.payee === first.payee && it.currency === first.currency, "one_payee", { payee: first.payee });
    }
    tx.require(sum === amount, "one_payee", { open: sum });
    const { payee, currency } = first!;
    tx.create(payments, { payer, payment, payee, currency, claims: named.length, amount, returned: 0n });
  },
});

export const returned = bill.action({
  title: "Confirm that what was paid for a claim came back",
  by: { payer: byPayer },
  input: { ...ofClaim, ground: id },
  example: { ...aClaim, ground: "paid-twice" },
  run(tx, { hospital, number, line, payer, ground }) {
    const it = tx.get(claims, hospital, number, line, payer);
    tx.move(it, "returned", { ...takenBack(tx, it), ground });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A bill that stands and is not contested. */
function payable(tx: Tx<"not_payable">, hospital: Party, number: string): Bill {
  const it = tx.get(bills, hospital, number);
  tx.require(it.$.status === "issued" && it.reverses === undefined, "not_payable");
  return it;
}
/** What a bill says when so much more goes to its hospital, from payers and from the patient. */
function paidUp(tx: Tx<"over_paid">, it: Bill, more: bigint, received: bigint): { direct: bigint; received: bigint } {
  const sums = { direct: it.direct + more, received: it.received + received };
  tx.require(sums.direct + sums.received <= it.total, "over_paid", sums);
  return sums;
}
/** Who is in good standing signs himself; for who is not any more, a supervisor does that has no part in it. */
function bound(
  tx: Tx<"in_stead" | "own_case", "supervisor">,
  slot: string,
  who: Party,
  supervisor: Party | undefined,
  parts: readonly Party[],
): void {
  if (supervisor === undefined || tx.known(who)) return tx.signed(slot, who, "in_stead");
  tx.require(!parts.includes(supervisor), "own_case");
  tx.signed(slot, supervisor, "in_stead");
  tx.require(tx.holds("supervisor", supervisor), "in_stead");
}
const paidOf = ({ paid }: Claim): bigint => paid.reduce((sum, { amount }) => sum + amount, 0n);
/** Nothing of a claim is granted any more, and what was paid of it came back: what it then says. */
function takenBack(tx: Tx<"over_line" | "over_paid">, it: Claim): { granted: bigint; paid: []; by: undefined } {
  grantOf(tx, it, 0n);
  for (const { payment, amount } of it.paid) {
    const of = tx.get(payments, it.payer, payment);
    tx.put(of, { returned: of.returned + amount });
  }
  return { granted: 0n, paid: [], by: undefined };
}
/** The line and the bill, when so much of a claim is granted as is said, and not what was before. */
function grantOf(tx: Tx<"over_line" | "over_paid">, { hospital, number, line, payee, granted }: Claim, now: bigint): void {
  const of = tx.get(lines, hospital, number, line);
  const all = tx.get(bills, hospital, number);
  const more = now - granted;
  tx.require(of.granted + more <= of.amount, "over_line", { left: of.amount - of.granted });
  tx.put(of, { granted: of.granted + more });
  tx.put(all, { granted: all.granted + more, ...(payee === hospital ? paidUp(tx, all, more, 0n) : {}) });
}
function award(
  tx: Tx<"not_payable" | "over_asked" | "over_line" | "over_paid">,
  it: Claim,
  to: "granted" | "paid",
  granted: bigint,
  change: { readonly ground: string | undefined; readonly decided?: number; readonly reviewed?: true },
): void {
  payable(tx, it.hospital, it.number);
  tx.require(granted <= it.asked, "over_asked", { asked: it.asked });
  grantOf(tx, it, granted);
  tx.move(it, to, { granted, ...change, by: to === "granted" ? tx.time + PAY_TIME : undefined });
}
export default bill;
