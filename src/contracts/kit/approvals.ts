// Approvals: m of n distinct parties of a closed list, given one after another over time. Pure: the list of those who approved is a field
// of the row that waits for them.

import { type Field, list, type Party } from "../engine/index.ts";

/** The field: who approved so far. */
export const approvals = (who: Field<Party>, max: number): Field<readonly Party[]> => list(who, max);

/** ⌊2m/3⌋ + 1 of m: more than two thirds (engine.md §6). */
export const twoThirds = (m: number): number => Math.floor((2 * m) / 3) + 1;

/** How many of those who approved belong to the list now: who left it no longer counts. */
export const counted = (given: readonly Party[], closed: readonly Party[]): number => given.filter((who) => closed.includes(who)).length;

/** What has been decided: adopted once enough say yes, refused once so many say no that enough can no longer say yes. */
export function decided(yes: readonly Party[], no: readonly Party[], closed: readonly Party[]): "adopted" | "refused" | "open" {
  const needed = twoThirds(closed.length);
  if (counted(yes, closed) >= needed) return "adopted";
  return counted(no, closed) > closed.length - needed ? "refused" : "open";
}
