// What an auditor of medical bills recomputes from the rows alone: grants and their limits, payments. Owns these audits. Does not own: the acts (bills.ts), the
// records (billRecords.ts).

import { bill, bills, claims, lines, payments } from "./billRecords.ts";

/** Sums by name. */
const add = (sums: Map<string, bigint>, name: string, amount: bigint): void => void sums.set(name, (sums.get(name) ?? 0n) + amount);
const MAY_GRANT: readonly string[] = ["granted", "overdue", "paid", "appealed"];

export const neverMore = bill.audit({
  title: "What all payers granted is no more than was asked, than the line, than the bill; each was asked once for a line; totals hold",
  run(audit) {
    const ofLine = new Map<string, bigint>();
    const asked = new Map<string, bigint>();
    const [total, numbers, granted, direct] = [
      new Map<string, bigint>(),
      new Map<string, bigint>(),
      new Map<string, bigint>(),
      new Map<string, bigint>(),
    ];
    audit.each(claims, ({ $, hospital, number, line, payee, asked: of, granted: some }) => {
      audit.require(some <= of && (some === 0n || MAY_GRANT.includes($.status)), "granted beyond what was asked, or by no decision");
      add(ofLine, `${hospital} ${number} ${line}`, some);
      add(asked, `${hospital} ${number} ${line}`, 1n);
      if (payee === hospital) add(direct, `${hospital} ${number}`, some);
    });
    audit.each(lines, ({ hospital, number, line, amount, granted: some, payers }) => {
      const name = `${hospital} ${number} ${line}`;
      audit.require((ofLine.get(name) ?? 0n) === some && some <= amount, "the line's grants are not its claims'", { granted: some });
      audit.require((asked.get(name) ?? 0n) === BigInt(payers.length), "the payers are not those of the claims");
      const of = `${hospital} ${number}`;
      add(total, of, amount);
      add(granted, of, some);
      add(numbers, of, 1n);
    });
    const reversed = new Map<string, bigint>();
    let all = 0n;
    audit.each(bills, (it) => {
      const name = `${it.hospital} ${it.number}`;
      all += it.granted;
      if (it.$.status === "reversed") add(reversed, name, it.total);
      if (it.reverses !== undefined) add(reversed, `${it.hospital} ${it.reverses}`, -it.total);
      else audit.require(total.get(name) === it.total && numbers.get(name) === BigInt(it.lines), "the total is not the lines'");
      audit.require((granted.get(name) ?? 0n) === it.granted && (direct.get(name) ?? 0n) === it.direct, "the grants are not the lines'");
      audit.require(it.direct + it.received <= it.total && it.granted <= it.total, "more than the bill");
      audit.require(it.$.status === "issued" || it.granted === 0n, "a bill that does not stand, and is granted");
    });
    audit.end(() => {
      for (const [name, sum] of reversed) audit.require(sum === 0n, "a bill and what reverses it are not the same", { bill: name });
      audit.figure("granted", all);
    });
  },
});

export const paidOnce = bill.audit({
  title: "Every payment is the sum of what was granted for the claims that name it, less what came back",
  run(audit) {
    const sums = new Map<string, bigint>();
    audit.each(claims, ({ $, payer, payment, payee, granted }) => {
      audit.require($.status !== "paid" || payment !== undefined, "a paid claim names its payment");
      if ($.status === "paid") add(sums, `${payer} ${payment} ${payee}`, granted);
    });
    let paid = 0n;
    audit.each(payments, ({ payer, payment, payee, amount, returned: back }) => {
      const name = `${payer} ${payment} ${payee}`;
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
