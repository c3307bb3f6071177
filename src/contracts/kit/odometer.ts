// Odometers: what a display shows, in whole kilometres or miles, as metres; and how one reading is judged by the one before. Pure integers.
// Rounding: a mile is 1,609.344 m, and what a display of miles shows is rounded down to the metre. A display shows whole units, so it stands for all metres
// until it turns to the next; two readings between which nothing need have been driven are equal, in whichever units they were taken.

import { count, days, oneOf, range, type Time } from "../engine/index.ts";

const MOST = 9_999_999;
/** What is read from a display. */
export const display = { value: range(0, MOST), unit: oneOf("km", "mi") };
export interface Display {
  readonly value: number;
  readonly unit: "km" | "mi";
}
/** As it is kept: what was read, and that in metres. */
export const reading = { ...display, metres: count };

/** Metres at which the display turns to this value. */
export function metresOf({ value, unit }: Display): number {
  if (unit === "km") return value * 1_000;
  const millimetres = value * 1_609_344; // below 2^53
  return (millimetres - (millimetres % 1_000)) / 1_000;
}
/** Metres at which it turns to the next. */
const next = ({ value, unit }: Display): number => metresOf({ value: value + 1, unit });

/** More than this for a journey, and this for each day begun, is far. */
const [AT_ONCE, A_DAY] = [2_000_000, 400_000];

export const judgement = oneOf("first", "plausible", "lower", "equal", "far_above");
export type Judgement = "first" | "plausible" | "lower" | "equal" | "far_above";
interface Taken extends Display {
  readonly at: Time;
}

export function judge(before: Taken | undefined, now: Taken): Judgement {
  if (before === undefined) return "first";
  const [was, is] = [metresOf(before), metresOf(now)];
  if (next(now) <= was) return "lower";
  if (is < next(before)) return "equal";
  const begun = Math.floor(Math.max(0, now.at - before.at) / days(1)) + 1;
  return is - was > AT_ONCE + A_DAY * begun ? "far_above" : "plausible";
}
/** Does the judgement speak of a tampered odometer, or of a mistake? */
export const doubtful = (judged: Judgement): boolean => judged === "lower" || judged === "far_above";
