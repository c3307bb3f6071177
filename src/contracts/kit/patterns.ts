// Patterns: what makes somebody look, as a table of integers: so many things of one name, each outside bounds, within a time. Of readings, which an alert
// shows against the root of their batch, and of operations, which the chain sees itself. Pure.

import type { Bytes } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import { sha256 } from "../../base/hash.ts";
import { type Body, bytes, count, id, optional, range, signed, time, type Time } from "../engine/index.ts";
import { included, inclusion } from "./journal.ts";

/** How many things an alert cites at most. */
export const MAX_CITED = 32;

/** `what` is a metric or an operation. Without bounds every value counts: a matter of judgement. */
export const pattern = { what: id, least: optional(signed), most: optional(signed), times: range(1, MAX_CITED), within: time };
export type Pattern = Body<typeof pattern>;

export const soundPattern = ({ least, most }: Pattern): boolean => least === undefined || most === undefined || least <= most;
/** Is the value one of those that the pattern counts? */
export const stands = ({ least, most }: Pattern, value: number): boolean =>
  (least === undefined && most === undefined) || (least !== undefined && value < least) || (most !== undefined && value > most);
/** So many, and all within the time? */
export const bunched = ({ times, within }: Pattern, at: readonly Time[]): boolean =>
  at.length >= times && at.every((one) => one - at[0]! <= within && one >= at[0]!);

/** Of things as they came: so many within the time by that clock, the last that came among them; undefined if there are not. */
export function together<C extends string, T extends { readonly [K in C]: Time }>(
  { times, within }: Pattern,
  things: readonly T[],
  clock: C,
): readonly T[] | undefined {
  const last = things.at(-1)!;
  const near = things.filter((one) => Math.abs(one[clock] - last[clock]) <= within).sort((a, b) => a[clock] - b[clock]);
  for (let i = 0; i + times <= near.length; i++) {
    const some = near.slice(i, i + times);
    if (some.includes(last) && some.at(-1)![clock] - some[0]![clock] <= within) return things.filter((one) => some.includes(one));
  }
  return undefined;
}

/** A reading as an alert shows it: in the batch that begins with item `first`, at place `index`. The salt keeps its neighbours from being guessed. */
export const reading = { first: count, at: time, value: signed, salt: bytes(32, 16), ...without(inclusion) };
type Reading = Body<typeof reading>;
function without({ item: _item, ...rest }: typeof inclusion) {
  return rest;
}

/** The item of a device's batch: SHA-256 of C([device, number, metric, at, value, salt]). */
export const readingItem = (device: string, metric: string, it: Pick<Reading, "first" | "index" | "at" | "value" | "salt">): Bytes =>
  sha256(encode([device, it.first + it.index, metric, it.at, it.value, it.salt]));
/** Is it under the root that it names? The handler compares root and size with the batch on the chain. */
export const isReading = (device: string, metric: string, it: Reading): boolean =>
  Number.isSafeInteger(it.first + it.index) && included({ ...it, item: readingItem(device, metric, it) });
