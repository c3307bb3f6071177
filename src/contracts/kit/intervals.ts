// Intervals of time: half-open, disjoint, kept in order in a bounded diary per day (UTC). Pure.

import { days, object, type Time, time } from "../engine/index.ts";

/** From `from` on, before `to`. */
export interface Interval {
  readonly from: Time;
  readonly to: Time;
}
export const interval = object({ from: time, to: time });

/** The diary with one more; undefined if it is empty, or overlaps what is there. */
export function added(diary: readonly Interval[], it: Interval): Interval[] | undefined {
  if (it.from >= it.to || diary.some((other) => it.from < other.to && other.from < it.to)) return undefined;
  return [...diary, { from: it.from, to: it.to }].sort((a, b) => a.from - b.from);
}
export const covers = (diary: readonly Interval[], at: Time): boolean => diary.some(({ from, to }) => from <= at && at < to);
/** In order, none empty, none overlapping. */
export const disjoint = (diary: readonly Interval[]): boolean =>
  diary.every(({ from, to }, i) => from < to && (i === 0 || diary[i - 1]!.to <= from));
export const length = (diary: readonly Interval[]): number => diary.reduce((sum, { from, to }) => sum + to - from, 0);

/** The parts of an interval by the days they are in, counted from 1970. */
export function byDay({ from, to }: Interval): { readonly day: number; readonly part: Interval }[] {
  const parts: { day: number; part: Interval }[] = [];
  for (let at = from; at < to; ) {
    const day = Math.floor(at / days(1));
    const end = Math.min(to, (day + 1) * days(1));
    parts.push({ day, part: { from: at, to: end } });
    at = end;
  }
  return parts;
}
