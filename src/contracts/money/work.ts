// Part-time work: signed, insured, clocked, approved, paid. Service 21. Owns these acts. Does not own: the records (workRecords.ts), the payment itself (the
// bank confirms it), names and terms (sealed).

import {
  agency,
  count,
  days,
  type FieldsOf,
  hours,
  id,
  list,
  money,
  oneOf,
  person,
  range,
  type Row,
  signs,
  time,
  type Time,
  type Tx,
} from "../engine/index.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { added, byDay, covers } from "../kit/intervals.ts";
import { rateAt } from "../kit/rates.ts";
import { agreement, COVERS, diaries, employments, ground, LONGEST, minimums, MOST_HOURLY, payments, PER_DAY } from "./workRecords.ts";
import { presences, reference, REPORT_TIME, type Shift, shifts, wageOf, work } from "./workRecords.ts";

export { diaries, employments, minimums, payments, presences, shifts } from "./workRecords.ts";
export * from "./workAudits.ts";

/** The employer answers within the first, and pays within the second after the approval; a dispute is decided within the third. */
const [ANSWER_TIME, PAY_TIME, DECIDE_TIME] = [days(7), days(14), days(30)];

// ── before work ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const setMinimum = work.action({
  title: "Set the minimum wage of an area from a time on",
  by: { welfare: { role: "area", scope: (a) => a.area } },
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
  title: "Cover an employment from now on until a time; said again, the new time is in place of the old, later or sooner",
  by: "insurer",
  input: { employment: id, until: time },
  rules: ["cover_ahead"],
  example: { employment: "cafe-ann", until: monday + days(40) },
  run(tx, { employment, until }) {
    const it = tx.get(employments, employment);
    const insurer = tx.signer("insurer");
    const own = it.cover.findIndex((cover) => cover.insurer === insurer && cover.to >= tx.time);
    tx.require(until > tx.time && (own >= 0 || it.cover.length < COVERS), "cover_ahead");
    const one = { insurer, from: it.cover[own]?.from ?? tx.time, to: until };
    tx.put(it, { cover: own < 0 ? [...it.cover, one] : it.cover.with(own, one) });
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
    const shift = tx.get(shifts, key, begun(tx, it, from));
    addPast(tx, it.worker, from, to);
    owed(tx, tx.move(shift, "closed", { to, ...earned(shift, to - from) }), tx.time + PAY_TIME);
  },
});

export const forgotten = work.due(shifts, {
  title: "A shift left open for 16 hours is void: what was worked is reported by both, or disputed by the worker",
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
    tx.require(it.$.status !== "disputed" && it.$.status !== "overdue", "in_dispute");
    owed(tx, it, tx.time + PAY_TIME);
  },
});

export const clock = work.due(shifts, {
  title:
    "An employer's silence of seven days approves a shift; a wage not paid within 14 days after is late, a dispute not decided within 30 overdue",
  at: (it) => (WAITING.includes(it.$.status) ? it.by : undefined),
  run(tx, it) {
    if (it.$.status === "closed") owed(tx, it, it.by! + PAY_TIME);
    else tx.move(it, it.$.status === "disputed" ? "overdue" : "late");
  },
});

export const dispute = work.action({
  title: "Dispute the hours of a shift, or that it was left open: the time to approve or to pay stands still",
  by: { by: signs("the worker or the employer") },
  input: { employment: id, number: count, by: oneOf("worker", "employer"), ground },
  rules: ["in_dispute", "left_open"],
  example: { employment: "cafe-ann", number: 1, by: "employer", ground: aSeal(1) },
  run(tx, { employment, number, by, ground: why }) {
    const it = tx.get(shifts, employment, number);
    tx.signed("by", it[by]);
    tx.require(it.decided !== true, "in_dispute");
    const open = it.$.status === "void";
    tx.require(!open || (by === "worker" && tx.time <= it.from + LONGEST + REPORT_TIME), "left_open");
    const left = open || it.$.status === "closed" ? PAY_TIME : Math.max(0, (it.by ?? 0) - tx.time);
    tx.move(it, "disputed", { ground: why, left, by: tx.time + DECIDE_TIME });
  },
});

export const decide = work.action({
  title: "Decide how long was worked: the time to pay goes on; where nothing was, nothing is due",
  by: { welfare: { role: "area", scope: ({ employment }, tx) => tx.get(employments, employment).area } },
  input: { employment: id, number: count, worked: range(0, LONGEST) },
  rules: ["diary_full", "in_dispute", "overlap", "own_case"],
  example: { employment: "cafe-ann", number: 1, worked: hours(2) },
  run(tx, { employment, number, worked }) {
    const it = tx.get(shifts, employment, number);
    tx.require(it.$.status === "disputed" || it.$.status === "overdue", "in_dispute");
    const welfare = tx.signer("welfare");
    tx.require(welfare !== it.employer && welfare !== it.worker, "own_case");
    const decided = { left: undefined, by: undefined, decided: true };
    if (it.to === undefined && worked === 0) return void tx.move(it, "void", decided);
    const to = it.to ?? it.from + worked;
    if (it.to === undefined) addPast(tx, it.worker, it.from, to);
    owed(tx, it, tx.time + it.left!, { to, ...earned(it, worked), ...decided });
  },
});

export const pay = work.action({
  title: "Confirm a payment of the wages of approved shifts of an employment, under the bank's own reference",
  by: "bank",
  input: { reference, employment: id, shifts: list(count, 64, 1), amount: money },
  rules: ["amount_differs"],
  work: 600,
  example: { reference: "BK-2027-01-31-0004", employment: "cafe-ann", shifts: [0, 1], amount: 8_450n },
  run(tx, { reference: own, employment: key, shifts: numbers, amount }) {
    const { worker, employer, area } = tx.get(employments, key);
    const payment = { bank: tx.signer("bank"), reference: own };
    let sum = 0n;
    for (const number of numbers) sum += tx.move(tx.get(shifts, key, number), "paid", { payment, by: undefined }).wage;
    tx.require(sum === amount, "amount_differs", { wages: sum });
    tx.create(payments, { ...payment, employment: key, area, worker, employer, shifts: numbers, amount });
  },
});

export const bounce = work.action({
  title: "Confirm that a payment came back, or was confirmed by mistake: its wages are due again",
  by: { bank: { role: "bank", is: (a) => a.bank } },
  input: { bank: agency, reference, ground: oneOf("came_back", "mistaken") },
  work: 600,
  example: { bank: "city-bank", reference: "BK-2027-01-31-0004", ground: "came_back" },
  run(tx, { bank, reference: own, ground: why }) {
    const it = tx.move(tx.get(payments, bank, own), "returned", { ground: why });
    for (const number of it.shifts)
      tx.move(tx.get(shifts, it.employment, number), "returned", { payment: undefined, by: tx.time + PAY_TIME });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function begun(tx: Tx<"not_employed" | "uninsured">, it: Row<typeof employments>, from: Time): number {
  tx.require((it.$.status === "live" || from < it.$.since) && it.from <= from && from < it.until, "not_employed");
  tx.require(covers(it.cover, from), "uninsured");
  const { employment, worker, employer, area, shifts: number } = it;
  const least = rateAt(tx.get(minimums, it.area).steps, from) ?? 0n;
  const rate = it.hourly > least ? it.hourly : least; // a minimum that has risen since lifts the wage
  tx.create(shifts, { employment, number, worker, employer, area, from, worked: 0, rate, wage: 0n });
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
/** Writes what is over: one place stays free for the shift that one may be in. */
function addPast(tx: Tx<"diary_full" | "overlap">, worker: string, from: Time, to: Time): void {
  for (const { day } of byDay({ from, to })) tx.require(entries(tx, worker, day) < PER_DAY - 1, "diary_full");
  write(tx, worker, from, to);
}
/** Statuses in which somebody is waited for. */
const WAITING: readonly string[] = ["closed", "approved", "returned", "disputed"];
/** The wage is to be paid by then; where there is none, nothing more is due. */
function owed(tx: Tx, it: Shift, by: Time, change: Partial<FieldsOf<typeof shifts>> = {}): void {
  if ((change.wage ?? it.wage) > 0n) tx.move(it, "approved", { ...change, by });
  else tx.move(it, "settled", { ...change, by: undefined });
}
const earned = ({ rate }: Shift, worked: number): { worked: number; wage: bigint } => ({ worked, wage: wageOf(rate, worked) });
export default work;
