// What an auditor of part-time work recomputes from the rows alone: wages, diaries, covers, payments. Owns these audits. Does not own: the acts (work.ts), the
// records (workRecords.ts).

import { days } from "../engine/index.ts";
import { covers, disjoint, length, type Interval } from "../kit/intervals.ts";
import { rateAt, type Steps } from "../kit/rates.ts";
import { diaries, employments, LONGEST, minimums, payments, shifts, wageOf, work } from "./workRecords.ts";

export const wages = work.audit({
  title: "Every wage is time × rate, at no less than what was agreed and the minimum wage of its date",
  run(audit) {
    const set = new Map<string, Steps>();
    const agreed = new Map<string, { area: string; hourly: bigint }>();
    let sum = 0n;
    audit.each(minimums, (it) => void set.set(it.area, it.steps));
    audit.each(employments, ({ employment, area, hourly }) => void agreed.set(employment, { area, hourly }));
    audit.each(shifts, ({ $, employment, from, worked, rate, wage }) => {
      const { area, hourly } = agreed.get(employment) ?? { area: "", hourly: 0n };
      const least = rateAt(set.get(area) ?? [], from) ?? 0n;
      audit.require(rate >= least && rate >= hourly, "paid less than the minimum or than agreed", { rate, least, hourly });
      audit.require(worked <= LONGEST && wage === wageOf(rate, worked), "the wage is not time × rate", { rate, worked, wage });
      if ($.status !== "void") sum += wage;
    });
    audit.end(() => audit.figure("wages", sum));
  },
});

export const times = work.audit({
  title: "Nobody is in two shifts at a time: diaries are disjoint and hold the shifts, all and nothing else",
  run(audit) {
    const written = new Map<string, number>();
    const add = (worker: string, ms: number): void => void written.set(worker, (written.get(worker) ?? 0) + ms);
    audit.each(diaries, ({ worker, day, at }) => {
      audit.require(disjoint(at), "shifts overlap");
      audit.require(
        at.every(({ from, to }) => from >= day * days(1) && to <= (day + 1) * days(1)),
        "a shift of another day",
      );
      add(worker, length(at));
    });
    audit.each(shifts, ({ $, worker, from, to }) => {
      // In a dispute a shift may have been left open.
      const open = $.status === "open" || $.status === "void";
      const either = $.status === "disputed" || $.status === "overdue";
      audit.require(either || open === (to === undefined), "a shift ends when it is closed");
      if (to !== undefined) add(worker, from - to);
    });
    audit.end(() => {
      for (const [worker, ms] of written) audit.require(ms === 0, "diary and shifts differ", { worker, ms });
    });
  },
});

export const insured = work.audit({
  title: "Every shift began within its employment, while it was insured, in its area",
  run(audit) {
    const terms = new Map<string, { area: string; from: number; until: number; cover: readonly Interval[] }>();
    audit.each(employments, ({ employment, area, from, until, cover }) => void terms.set(employment, { area, from, until, cover }));
    audit.each(shifts, ({ employment, area, from }) => {
      const of = terms.get(employment);
      audit.require(of !== undefined && of.from <= from && from < of.until && area === of.area, "a shift out of its employment", { from });
      audit.require(covers(of?.cover ?? [], from), "a shift that nobody insured", { from });
    });
  },
});

export const paidOnce = work.audit({
  title: "What was paid and did not come back is the sum of the wages of the shifts that name the payment, each once",
  run(audit) {
    const sums = new Map<string, { wages: bigint; shifts: number }>();
    audit.each(shifts, ({ $, payment, wage }) => {
      audit.require(($.status === "paid") === (payment !== undefined), "a paid shift names its payment");
      if (payment === undefined) return;
      const before = sums.get(nameOf(payment)) ?? { wages: 0n, shifts: 0 };
      sums.set(nameOf(payment), { wages: before.wages + wage, shifts: before.shifts + 1 });
    });
    let paid = 0n;
    audit.each(payments, (it) => {
      const sum = sums.get(nameOf(it)) ?? { wages: 0n, shifts: 0 };
      sums.delete(nameOf(it));
      const stands = it.$.status === "confirmed" ? { wages: it.amount, shifts: it.shifts.length } : { wages: 0n, shifts: 0 };
      paid += stands.wages;
      audit.require(sum.wages === stands.wages && sum.shifts === stands.shifts, "the wages are not what was paid", { ...stands, sum });
    });
    audit.end(() => {
      audit.figure("paid", paid);
      for (const [payment] of sums) audit.require(false, "a shift names a payment that is none", { payment });
    });
  },
});

const nameOf = ({ bank, reference }: { readonly bank: string; readonly reference: string }): string => `${bank} ${reference}`;
