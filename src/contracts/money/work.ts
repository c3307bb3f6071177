// Part-time work: signed, insured, clocked, approved, paid. Service 21. Owns employments, covers, shifts and diaries, minimum wages, payments of wages.
// Does not own: the payment itself (the bank confirms it), names and terms (sealed).
//
// A shift is open → closed → approved → paid. The employer's silence approves, being late shows; a dispute stops these clocks, and none of work.

import { contract, count, days, flag, hours, id, list, MAX_MONEY, money, object, oneOf, optional, party, person } from "../engine/index.ts";
import { range, record, type Row, sealed, signs, text, time, type Time, type Tx } from "../engine/index.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { added, byDay, covers, disjoint, interval, length } from "../kit/intervals.ts";
import { portionUp, rateAt, type Steps, steps } from "../kit/rates.ts";

/** A shift is no longer: one left open is void then. */
const LONGEST = hours(16);
/** The employer answers within the one, and pays within the other after the approval. */
const [ANSWER_TIME, PAY_TIME] = [days(7), days(14)];
/** What is not clocked is reported within this. */
const REPORT_TIME = days(31);
const PER_DAY = 32;
const MOST_HOURLY = MAX_MONEY / 16n;

const terms = sealed({ text: text(8_192) });
const ground = sealed({ text: text(2_000) });
/** As both sign it. */
const agreement = { employment: id, worker: person, employer: party, area: id, hourly: money, from: time, until: time, terms };

export const minimums = record("minimum", {
  title: "The minimum wage of an area: for an hour, from when on",
  key: ["area"],
  read: "public",
  fields: { area: id, steps: steps(128) },
});
export const employments = record("employment", {
  title: "An employment: who works for whom, where, for how much an hour",
  key: ["employment"],
  read: ["worker", "employer", "welfare"],
  find: ["worker", "employer", "status"],
  fields: {
    ...agreement,
    shifts: count,
    /** Insured in these times. */
    cover: list(interval, 64),
  },
  states: { live: ["ended"], ended: [] },
});
export const diaries = record("diary", {
  title: "When somebody worked on a day (UTC), for whomever; in order, never twice at a time",
  key: ["worker", "day"],
  read: ["worker", "welfare"],
  fields: { worker: person, day: count, at: list(interval, PER_DAY) },
});
export const presences = record("presence", {
  title: "The shift that somebody is in now",
  key: ["worker"],
  read: ["worker", "welfare"],
  fields: { worker: person, in: optional(object({ employment: id, number: count, from: time })) },
});
export const shifts = record("shift", {
  title: "A shift: the time worked, the rate of its date, the wage",
  key: ["employment", "number"],
  read: ["worker", "employer", "welfare", "bank"],
  find: ["worker", "employer", "status"],
  fields: {
    ...{ employment: id, number: count, worker: person, employer: party, from: time, to: optional(time) },
    /** Milliseconds that count; as clocked, or as decided. */
    ...{ worked: count, rate: money, wage: money },
    /** When silence approves, or payment is late; in a dispute what was left of that time. */
    by: optional(time),
    left: optional(count),
    decided: optional(flag),
    ground: optional(ground),
    payment: optional(id),
  },
  states: {
    ...{ open: ["closed", "void"], void: [], closed: ["approved", "disputed"], approved: ["disputed", "late", "paid"] },
    ...{ late: ["disputed", "paid"], disputed: ["approved"], paid: [] },
  },
});
export const payments = record("payment", {
  title: "A payment of wages, as the bank confirms it",
  key: ["payment"],
  read: ["worker", "employer", "welfare", "bank"],
  fields: { payment: id, employment: id, worker: person, employer: party, shifts: list(count, 64, 1), amount: money },
});
type Shift = Row<typeof shifts>;

const work = contract("work", {
  title: "Part-time work",
  purpose: "Who works is insured before, is paid at least the minimum wage for every hour, and is paid once.",
  sector: "labour",
  records: [minimums, employments, diaries, presences, shifts, payments],
  roles: {
    welfare: "Sets minimum wages, per area, and decides disputes",
    insurer: "Covers employments",
    bank: "Confirms payments of wages",
  },
  rules: {
    set_ahead: "A minimum wage is set before it is in force, each after the last.",
    no_minimum: "An employment is in an area that has a minimum wage when it begins.",
    below_minimum: "No hour is agreed for less than the minimum wage.",
    term_unfit: "An employment ends after it begins, and is for people other than the employer himself.",
    not_employed: "Shifts are within an employment and its term.",
    uninsured: "A shift begins only while an insurer covers the employment.",
    cover_ahead: "Cover begins when it is given or goes on, and is never for the past.",
    overlap: "Nobody is in two shifts at a time, for whomever.",
    diary_full: "A day has 32 shifts at most.",
    not_at_work: "Who clocks out has clocked in.",
    shift_length: "A shift is longer than nothing, at most 16 hours, and is reported within 31 days after it.",
    amount_differs: "What is paid is the sum of the wages it is for.",
    in_dispute: "While a shift is in dispute its hours are the welfare office's to decide, and they are decided once.",
    countable: "An hour is paid so that a shift's wage can be counted.",
  },
});

// ── before work ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const setMinimum = work.action({
  title: "Set the minimum wage of an area from a time on",
  by: { welfare: { role: "welfare", scope: (a) => a.area } },
  input: { area: id, from: time, hourly: money },
  rules: ["countable", "set_ahead"],
  example: { area: "north", from: monday + days(1), hourly: 12_00n },
  run(tx, { area, from, hourly }) {
    const it = tx.find(minimums, area) ?? tx.create(minimums, { area, steps: [] });
    const last = it.steps.at(-1)?.from ?? -1;
    tx.require(hourly <= MOST_HOURLY, "countable");
    tx.require(from >= tx.time && from > last && it.steps.length < 128, "set_ahead", { last });
    tx.put(it, { steps: [...it.steps, { from, rate: hourly }] });
  },
});

export const sign = work.action({
  title: "Sign an employment",
  by: { worker: signs("who will work"), employer: signs("the employer") },
  input: agreement,
  rules: ["below_minimum", "countable", "no_minimum", "term_unfit"],
  example: {
    ...{ employment: "cafe-ann", worker: "p:ann.labour", employer: "c:cafe", area: "north", hourly: 13_00n },
    ...{ from: monday + days(1), until: monday + days(60), terms: aSeal(1) },
  },
  run(tx, it) {
    tx.signed("worker", it.worker);
    tx.signed("employer", it.employer);
    tx.require(it.from < it.until && it.worker !== it.employer, "term_unfit");
    tx.require(it.hourly <= MOST_HOURLY, "countable");
    const least = rateAt(tx.find(minimums, it.area)?.steps ?? [], it.from);
    tx.require(it.hourly >= (least ?? tx.reject("no_minimum")), "below_minimum", { least });
    tx.create(employments, { ...it, shifts: 0, cover: [] });
  },
});

export const insure = work.action({
  title: "Cover an employment from now on, or go on covering it",
  by: "insurer",
  input: { employment: id, until: time },
  rules: ["cover_ahead"],
  example: { employment: "cafe-ann", until: monday + days(40) },
  run(tx, { employment, until }) {
    const it = tx.get(employments, employment);
    const last = it.cover.at(-1);
    tx.require(until > Math.max(tx.time, last?.to ?? 0) && it.cover.length < 64, "cover_ahead", { until: last?.to });
    const goesOn = last !== undefined && last.to >= tx.time;
    tx.put(it, {
      cover: goesOn ? [...it.cover.slice(0, -1), { from: last.from, to: until }] : [...it.cover, { from: tx.time, to: until }],
    });
  },
});

export const end = work.action({
  title: "End an employment: no further shift begins",
  by: { by: signs("the worker or the employer") },
  input: { employment: id, by: oneOf("worker", "employer") },
  example: { employment: "cafe-ann", by: "worker" },
  run(tx, { employment, by }) {
    const it = tx.move(tx.get(employments, employment), "ended");
    tx.signed("by", it[by]);
  },
});

// ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const clockIn = work.action({
  title: "Begin a shift, now",
  by: { worker: signs("the worker") },
  input: { employment: id },
  rules: ["diary_full", "not_employed", "overlap", "uninsured"],
  example: { employment: "cafe-ann" },
  run(tx, { employment: key }) {
    const it = tx.get(employments, key);
    tx.signed("worker", it.worker);
    const here = tx.find(presences, it.worker) ?? tx.create(presences, { worker: it.worker });
    tx.require(here.in === undefined, "overlap", { in: here.in });
    tx.require(entries(tx, it.worker, Math.floor(tx.time / days(1))) < PER_DAY, "diary_full");
    const number = begun(tx, it, tx.time);
    tx.put(here, { in: { employment: key, number, from: tx.time } });
  },
});

export const clockOut = work.action({
  title: "End the shift that one is in",
  by: { worker: signs("the worker") },
  input: { worker: person },
  rules: ["not_at_work", "shift_length"],
  example: { worker: "p:ann.labour" },
  run(tx, { worker }) {
    tx.signed("worker", worker);
    const here = tx.find(presences, worker);
    const { employment, number, from } = here?.in ?? tx.reject("not_at_work");
    tx.require(from < tx.time && tx.time - from <= LONGEST, "shift_length");
    tx.put(here!, { in: undefined });
    write(tx, worker, from, tx.time);
    const it = tx.get(shifts, employment, number);
    tx.move(it, "closed", { to: tx.time, ...earned(it, tx.time - from), by: tx.time + ANSWER_TIME });
  },
});

export const report = work.action({
  title: "Report a shift that was not clocked: both sign, so it is approved",
  by: { worker: signs("the worker"), employer: signs("the employer") },
  input: { employment: id, from: time, to: time },
  rules: ["diary_full", "not_employed", "overlap", "shift_length", "uninsured"],
  work: 128,
  example: { employment: "cafe-ann", from: monday + days(1) + hours(8), to: monday + days(1) + hours(12) },
  run(tx, { employment: key, from, to }) {
    const it = tx.get(employments, key);
    tx.signed("worker", it.worker);
    tx.signed("employer", it.employer);
    tx.require(from < to && to - from <= LONGEST && to <= tx.time && tx.time - to <= REPORT_TIME, "shift_length");
    const open = tx.find(presences, it.worker)?.in;
    tx.require(open === undefined || to <= open.from, "overlap", { in: open });
    // One place stays free for the shift that one may be in.
    for (const { day } of byDay({ from, to })) tx.require(entries(tx, it.worker, day) < PER_DAY - 1, "diary_full");
    const shift = tx.get(shifts, key, begun(tx, it, from));
    write(tx, it.worker, from, to);
    tx.move(tx.move(shift, "closed", { to, ...earned(shift, to - from) }), "approved", { by: tx.time + PAY_TIME });
  },
});

export const forgotten = work.due(shifts, {
  title: "A shift left open for 16 hours is void: what was worked is reported by both",
  at: (it) => (it.$.status === "open" ? it.from + LONGEST + 1 : undefined),
  run(tx, it) {
    tx.put(tx.get(presences, it.worker), { in: undefined });
    tx.move(it, "void");
  },
});

// ── pay ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const approve = work.action({
  title: "Approve the hours of a shift",
  by: { employer: signs("the employer") },
  input: { employment: id, number: count },
  rules: ["in_dispute"],
  example: { employment: "cafe-ann", number: 0 },
  run(tx, { employment, number }) {
    const it = tx.get(shifts, employment, number);
    tx.signed("employer", it.employer);
    tx.require(it.$.status !== "disputed", "in_dispute");
    tx.move(it, "approved", { by: tx.time + PAY_TIME });
  },
});

export const clock = work.due(shifts, {
  title: "An employer's silence of seven days approves a shift; a wage not paid within 14 days after is late, and says so",
  at: (it) => (it.$.status === "closed" || it.$.status === "approved" ? it.by : undefined),
  run(tx, it) {
    if (it.$.status === "closed") tx.move(it, "approved", { by: it.by! + PAY_TIME });
    else tx.move(it, "late");
  },
});

export const dispute = work.action({
  title: "Dispute the hours of a shift: the time to approve or to pay stands still",
  by: { by: signs("the worker or the employer") },
  input: { employment: id, number: count, by: oneOf("worker", "employer"), ground },
  rules: ["in_dispute"],
  example: { employment: "cafe-ann", number: 1, by: "employer", ground: aSeal(1) },
  run(tx, { employment, number, by, ground: why }) {
    const it = tx.get(shifts, employment, number);
    tx.signed("by", it[by]);
    tx.require(it.decided !== true, "in_dispute");
    const left = it.$.status === "closed" ? PAY_TIME : Math.max(0, (it.by ?? 0) - tx.time);
    tx.move(it, "disputed", { ground: why, left, by: undefined });
  },
});

export const decide = work.action({
  title: "Decide how long was worked: the time to pay goes on",
  by: { welfare: { role: "welfare", scope: ({ employment }, tx) => tx.get(employments, employment).area } },
  input: { employment: id, number: count, worked: range(0, LONGEST) },
  rules: ["in_dispute"],
  example: { employment: "cafe-ann", number: 1, worked: hours(2) },
  run(tx, { employment, number, worked }) {
    const it = tx.get(shifts, employment, number);
    tx.require(it.$.status === "disputed", "in_dispute");
    tx.move(it, "approved", { ...earned(it, worked), by: tx.time + it.left!, left: undefined, decided: true });
  },
});

export const pay = work.action({
  title: "Confirm a payment of the wages of approved shifts of an employment",
  by: "bank",
  input: { payment: id, employment: id, shifts: list(count, 64, 1), amount: money },
  rules: ["amount_differs"],
  work: 600,
  example: { payment: "2027-01-cafe-ann", employment: "cafe-ann", shifts: [0, 1], amount: 8_450n },
  run(tx, { payment, employment: key, shifts: numbers, amount }) {
    const { worker, employer } = tx.get(employments, key);
    let sum = 0n;
    for (const number of numbers) sum += tx.move(tx.get(shifts, key, number), "paid", { payment, by: undefined }).wage;
    tx.require(sum === amount, "amount_differs", { wages: sum });
    tx.create(payments, { payment, employment: key, worker, employer, shifts: numbers, amount });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function begun(tx: Tx<"not_employed" | "uninsured">, it: Row<typeof employments>, from: Time): number {
  tx.require((it.$.status === "live" || from < it.$.since) && it.from <= from && from < it.until, "not_employed");
  tx.require(covers(it.cover, from), "uninsured");
  const { employment, worker, employer, shifts: number } = it;
  const least = rateAt(tx.get(minimums, it.area).steps, from) ?? 0n;
  const rate = it.hourly > least ? it.hourly : least; // a minimum that has risen since lifts the wage
  tx.create(shifts, { employment, number, worker, employer, from, worked: 0, rate, wage: 0n });
  tx.put(it, { shifts: number + 1 });
  return number;
}
const entries = (tx: Tx, worker: string, day: number): number => tx.find(diaries, worker, day)?.at.length ?? 0;
function write(tx: Tx<"overlap">, worker: string, from: Time, to: Time): void {
  for (const { day, part } of byDay({ from, to })) {
    const it = tx.find(diaries, worker, day) ?? tx.create(diaries, { worker, day, at: [] });
    tx.put(it, { at: added(it.at, part) ?? tx.reject("overlap", { day }) });
  }
}
/** Time × rate, rounded up: a part of the smallest unit is at the employer's expense. */
const wageOf = (rate: bigint, worked: number): bigint => portionUp(rate, worked, hours(1));
const earned = ({ rate }: Shift, worked: number): { worked: number; wage: bigint } => ({ worked, wage: wageOf(rate, worked) });

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
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
      audit.require(($.status === "open" || $.status === "void") === (to === undefined), "a shift ends when it is closed");
      if (to !== undefined) add(worker, from - to);
    });
    audit.end(() => {
      for (const [worker, ms] of written) audit.require(ms === 0, "diary and shifts differ", { worker, ms });
    });
  },
});

export const paidOnce = work.audit({
  title: "What was paid is the sum of the wages of the shifts that name the payment, each once",
  run(audit) {
    const sums = new Map<string, { wages: bigint; shifts: number }>();
    audit.each(shifts, ({ $, payment, wage }) => {
      audit.require(($.status === "paid") === (payment !== undefined), "a paid shift names its payment");
      const before = sums.get(payment ?? "") ?? { wages: 0n, shifts: 0 };
      if (payment !== undefined) sums.set(payment, { wages: before.wages + wage, shifts: before.shifts + 1 });
    });
    let paid = 0n;
    audit.each(payments, ({ payment, amount, shifts: named }) => {
      const sum = sums.get(payment) ?? { wages: 0n, shifts: 0 };
      sums.delete(payment);
      paid += amount;
      audit.require(sum.wages === amount && sum.shifts === named.length, "the wages are not what was paid", { amount, ...sum });
    });
    audit.end(() => {
      audit.figure("paid", paid);
      for (const [payment] of sums) audit.require(false, "a shift names a payment that is none", { payment });
    });
  },
});
export default work;
