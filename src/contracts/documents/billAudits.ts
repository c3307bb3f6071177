// What an auditor of medical bills recomputes from the rows alone: grants and their limits, whose claims they are, payments. Owns these audits. Does not own: the acts
// (bills.ts), the records (billRecords.ts).

import { Fold } from "../kit/folds.ts";
import { bill, bills, claims, lines, payments } from "./billRecords.ts";

/** Sums by name. */
const add = (sums: Map<string, bigint>, name: string, amount: bigint): void => void sums.set(name, (sums.get(name) ?? 0n) + amount);
const MAY_GRANT: readonly string[] = ["granted", "overdue", "paid", "appealed"];

export const neverMore = bill.audit({
  title: "What all payers granted is no more than was asked, than the line, than the bill; each was asked once for a line; totals hold",
  run(audit) {
    const ofLine = new Map<string, bigint>();
    const [total, granted, direct] = [new Map<string, bigint>(), new Map<string, bigint>(), new Map<string, bigint>()];
    audit.each(claims, ({ $, hospital, number, line, payee, asked: of, granted: some }) => {
      audit.require(some <= of && (some === 0n || MAY_GRANT.includes($.status)), "granted beyond what was asked, or by no decision");
      add(ofLine, `${hospital} ${number} ${line}`, some);
      if (payee === hospital) add(direct, `${hospital} ${number}`, some);
    });
    audit.each(lines, ({ hospital, number, line, amount, granted: some }) => {
      const of = ofLine.get(`${hospital} ${number} ${line}`) ?? 0n;
      audit.require(of === some && some <= amount, "the line's grants are not its claims'", { granted: some });
      add(total, `${hospital} ${number}`, amount);
      add(granted, `${hospital} ${number}`, some);
    });
    let all = 0n;
    audit.each(bills, (it) => {
      const name = `${it.hospital} ${it.number}`;
      all += it.granted;
      audit.require(it.reverses !== undefined || total.get(name) === it.total, "the total is not the lines'");
      audit.require((granted.get(name) ?? 0n) === it.granted && (direct.get(name) ?? 0n) === it.direct, "the grants are not the lines'");
      audit.require(it.direct + it.received <= it.total && it.granted <= it.total, "more than the bill");
      audit.require(it.$.status === "issued" || it.granted === 0n, "a bill that does not stand, and is granted");
    });
    audit.end(() => audit.figure("granted", all));
  },
});

export const ofOneBill = bill.audit({
  title: "Lines, claims and what reverses a bill are of its patient and its currency; a claim is payable to the patient or to the hospital",
  run(audit) {
    const [asked, claimed] = [new Fold(), new Fold()];
    const [billed, listed] = [new Fold(), new Fold()];
    const [reversed, red] = [new Fold(), new Fold()];
    /** The currency that the claims of a bill are in. */
    const currencies = new Map<string, string>();
    audit.each(claims, ({ hospital, number, line, payer, patient, payee, currency }) => {
      const name = `${hospital} ${number}`;
      claimed.add(hospital, number, line, payer, patient);
      audit.require(payee === patient || payee === hospital, "payable to a stranger", { payee });
      audit.require((currencies.get(name) ?? currency) === currency, "claims of one bill in two currencies", { currency });
      currencies.set(name, currency);
    });
    audit.each(lines, ({ hospital, number, line, patient, payers }) => {
      listed.add(hospital, number, line, patient);
      for (const payer of payers) asked.add(hospital, number, line, payer, patient);
    });
    audit.each(bills, ({ $, hospital, number, patient, currency, total, lines: many, reverses }) => {
      const name = `${hospital} ${number}`;
      for (let line = 1; line <= many; line++) billed.add(hospital, number, line, patient);
      audit.require((currencies.get(name) ?? currency) === currency, "claimed in another currency than it is billed", { currency });
      if ($.status === "reversed") reversed.add(name, patient, currency, total);
      if (reverses !== undefined) red.add(`${hospital} ${reverses}`, patient, currency, total);
    });
    audit.end(() => {
      audit.require(asked.equals(claimed), "the payers of the lines are not those of the claims, or their patients differ");
      audit.require(billed.equals(listed), "the lines are not the bills', or their patients differ");
      audit.require(reversed.equals(red), "bills and what reverses them are not the same");
    });
  },
});

export const paidOnce = bill.audit({
  title: "Every payment is the sum of what the claims say it paid of them, less what came back; no claim is paid beyond what is granted",
  run(audit) {
    const sums = new Map<string, bigint>();
    audit.each(claims, ({ $, payer, payee, currency, granted, paid }) => {
      const all = paid.reduce((sum, { amount }) => sum + amount, 0n);
      audit.require($.status === "paid" ? all === granted : all <= granted, "paid is not what is granted", { paid: all });
      for (const { payment, amount } of paid) add(sums, `${payer} ${payment} ${payee} ${currency}`, amount);
    });
    let paid = 0n;
    audit.each(payments, ({ payer, payment, payee, currency, amount, returned: back }) => {
      const name = `${payer} ${payment} ${payee} ${currency}`;
      paid += amount - back;
      audit.require((sums.get(name) ?? 0n) === amount - back, "the claims are not what was paid", { amount, back });
      sums.delete(name);
    });
    audit.end(() => {
      audit.figure("paid", paid);
      for (const [name] of sums) audit.require(false, "a claim names a payment that is none", { name });
    });
  },
});
