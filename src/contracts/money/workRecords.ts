// The records of part-time work and the rules they stand under. Service 21. Owns what an employment, its cover, a shift, a diary, a minimum wage and a payment
// are, and how a wage follows from them. Does not own: who may do what with them (work.ts), what an auditor recomputes (workAudits.ts).
//
// A shift is open → closed → approved → paid. The employer's silence approves, being late shows; a dispute stops these clocks, and none of work.
// A wage that came back is returned and paid anew; where nothing is due the shift is settled.

import { agency, contract, count, days, flag, hours, id, list, MAX_MONEY, money, object, oneOf, optional } from "../engine/index.ts";
import { party, person, record, type Row, sealed, text, time } from "../engine/index.ts";
import { interval } from "../kit/intervals.ts";
import { portionUp, steps } from "../kit/rates.ts";

/** A shift is no longer: one left open is void then. */
export const LONGEST = hours(16);
/** What is not clocked is reported within this. */
export const REPORT_TIME = days(31);
export const PER_DAY = 32;
export const COVERS = 64;
export const MOST_HOURLY = MAX_MONEY / 16n;

const terms = sealed({ text: text(8_192) });
export const ground = sealed({ text: text(2_000) });
/** A bank's own name for a movement of money. */
export const reference = text(35, 1);
/** As both sign it. */
export const agreement = { employment: id, worker: person, employer: party, area: id, hourly: money, from: time, until: time, terms };

export const minimums = record("minimum", {
  title: "The minimum wage of an area: for an hour, from when on",
  key: ["area"],
  read: "public",
  fields: { area: id, steps: steps(128) },
});
export const employments = record("employment", {
  title: "An employment: who works for whom, where, for how much an hour",
  key: ["employment"],
  read: ["worker", "employer", "area", "cover"],
  find: ["worker", "employer", "status"],
  fields: {
    ...agreement,
    shifts: count,
    /** Who insures it, in which times. */
    cover: list(object({ insurer: agency, from: time, to: time }), COVERS),
  },
  states: { live: ["ended"], ended: [] },
});
export const diaries = record("diary", {
  title: "When somebody worked on a day (UTC), for whomever; in order, never twice at a time",
  key: ["worker", "day"],
  read: ["worker", "area"],
  fields: { worker: person, day: count, at: list(interval, PER_DAY) },
});
export const presences = record("presence", {
  title: "The shift that somebody is in now",
  key: ["worker"],
  read: ["worker", "area"],
  fields: { worker: person, in: optional(object({ employment: id, number: count, from: time })) },
});
export const shifts = record("shift", {
  title: "A shift: the time worked, the rate of its date, the wage",
  key: ["employment", "number"],
  read: ["worker", "employer", "area"],
  find: ["worker", "employer", "status"],
  fields: {
    ...{ employment: id, number: count, worker: person, employer: party, area: id, from: time, to: optional(time) },
    /** Milliseconds that count; as clocked, or as decided. */
    ...{ worked: count, rate: money, wage: money },
    /** When silence approves, payment is late or a decision overdue; in a dispute what was left of the time to pay. */
    by: optional(time),
    left: optional(count),
    decided: optional(flag),
    ground: optional(ground),
    payment: optional(object({ bank: agency, reference })),
  },
  states: {
    ...{
      open: ["closed", "void"],
      void: ["disputed"],
      closed: ["approved", "disputed", "settled"],
      approved: ["disputed", "late", "paid"],
    },
    ...{ late: ["disputed", "paid"], paid: ["returned"], returned: ["disputed", "late", "paid"] },
    ...{ disputed: ["approved", "overdue", "settled", "void"], overdue: ["approved", "settled", "void"], settled: [] },
  },
});
export const payments = record("payment", {
  title: "A payment of wages, as the bank confirms it under its own reference",
  key: ["bank", "reference"],
  read: ["worker", "employer", "area", "bank"],
  find: ["worker", "employer", "status"],
  fields: {
    ...{ bank: agency, reference, employment: id, area: id, worker: person, employer: party },
    ...{ shifts: list(count, 64, 1), amount: money, ground: optional(oneOf("came_back", "mistaken")) },
  },
  states: { confirmed: ["returned"], returned: [] },
});
export type Shift = Row<typeof shifts>;

export const work = contract("work", {
  title: "Part-time work",
  purpose: "Who works is insured before, is paid at least the minimum wage for every hour, and is paid once.",
  sector: "labour",
  records: [minimums, employments, diaries, presences, shifts, payments],
  roles: {
    area: "The welfare office of an area: sets its minimum wage, decides its disputes",
    insurer: "Covers employments",
    bank: "Confirms payments of wages, and what of its own came back",
  },
  rules: {
    set_ahead: "A minimum wage is set before it is in force, each after the last.",
    no_minimum: "An employment is in an area that has a minimum wage when it begins.",
    below_minimum: "No hour is agreed for less than the minimum wage.",
    term_unfit: "An employment ends after it begins, and is for people other than the employer himself.",
    not_employed: "Shifts are within an employment and its term.",
    uninsured: "A shift begins only while an insurer covers the employment.",
    cover_ahead: "Cover begins when it is given and ends in time to come; an insurer changes its own, for what is to come.",
    overlap: "Nobody is in two shifts at a time, for whomever.",
    diary_full: "A day has 32 shifts at most.",
    not_at_work: "Who clocks out has clocked in.",
    shift_length: "A shift is longer than nothing, at most 16 hours, and is reported within 31 days after it.",
    amount_differs: "What is paid is the sum of the wages it is for.",
    in_dispute: "While a shift is in dispute its hours are the welfare office's to decide, and they are decided once.",
    countable: "An hour is paid so that a shift's wage can be counted.",
    own_case: "Nobody decides a dispute of his own: not the employer, not the worker.",
    left_open: "A shift that was left open is disputed by its worker, within the time in which shifts are reported.",
  },
});

// ── words of these files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Time × rate, rounded up: a part of the smallest unit is at the employer's expense. */
export const wageOf = (rate: bigint, worked: number): bigint => portionUp(rate, worked, hours(1));
