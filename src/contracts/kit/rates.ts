// Rates: an amount is a rule of facts. A tariff is an integer table that says everything – what it counts, between which bounds, how much for how many –
// so that anybody recomputes an amount from the record. Pure. Rounding: each line by itself, downwards; the remainder stays with who pays.

import { type Body, count, type Field, id, list, MAX_MONEY, money, object, optional, range, type Time, time } from "../engine/index.ts";

/** n/d of an amount, rounded down: the remainder stays with who pays. */
export const portion = (amount: bigint, n: number | bigint, d: number | bigint): bigint => (amount * BigInt(n)) / BigInt(d);
/** n/d of an amount, rounded up: the remainder is at the expense of who pays. */
export const portionUp = (amount: bigint, n: number | bigint, d: number | bigint): bigint => {
  const whole = BigInt(d);
  return (amount * BigInt(n) + whole - 1n) / whole;
};

/** A rate that changes with time, in order. */
export const steps = (max: number): Field<Steps> => list(object({ from: time, rate: money }), max);
export type Steps = readonly { readonly from: Time; readonly rate: bigint }[];
/** The one in force at a time. */
export const rateAt = (all: Steps, at: Time): bigint | undefined => all.findLast(({ from }) => from <= at)?.rate;

/** What is counted: names of facts and their integers. */
export const facts = list(object({ fact: id, value: count }), 16);
/** `amount` for each `per` of a fact's value, of what is above one bound and not above the other. */
const line = object({ fact: id, above: count, upTo: optional(count), amount: money, per: range(1, Number.MAX_SAFE_INTEGER) });
/** Base and lines added up, at least `least` and at most `most`. */
export const tariff = { base: money, lines: list(line, 16), least: money, most: money };
export type Tariff = Body<typeof tariff>;
export type Facts = readonly { readonly fact: string; readonly value: number }[];

/** Is it a table by which something can be assessed: bounds in order, the least not above the most? */
export const sound = ({ lines, least, most }: Tariff): boolean =>
  least <= most && lines.every(({ above, upTo }) => upTo === undefined || above < upTo);

/** The amount; undefined unless the facts are just those that the table names, each once. */
export function assess({ base, lines, least, most }: Tariff, given: Facts): bigint | undefined {
  const values = new Map(given.map(({ fact, value }) => [fact, value]));
  if (values.size !== given.length || given.some(({ fact }) => !lines.some((l) => l.fact === fact))) return undefined;
  let sum = base;
  for (const { fact, above, upTo, amount, per } of lines) {
    const value = values.get(fact);
    if (value === undefined) return undefined;
    const counted = Math.min(value, upTo ?? value) - above;
    if (counted > 0) sum += portion(amount, counted, per);
  }
  const bounded = sum < least ? least : sum > most ? most : sum;
  return bounded > MAX_MONEY ? MAX_MONEY : bounded;
}
