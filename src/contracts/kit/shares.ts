// Shares in a whole – a parcel, a company: integers that always total it. Each holder stands once, in the order of names. Pure.

import { list, object, type Party, party, range, type ValueOf } from "../engine/index.ts";

/** The finest that a whole is divided: so that totals and products of small factors stay exact. */
export const MAX_WHOLE = 1_000_000_000_000;
export const whole = range(1, MAX_WHOLE);
const share = object({ holder: party, parts: whole });
export const shares = (max: number) => list(share, max, 1);
/** From one hand to another. */
export const move = object({ from: party, to: party, parts: whole });
export type Share = ValueOf<typeof share>;
export type Shares = readonly Share[];
export type Move = ValueOf<typeof move>;

export const total = (all: Shares): number => all.reduce((sum, { parts }) => sum + parts, 0);
export const partsOf = (all: Shares, holder: Party): number => all.find((one) => one.holder === holder)?.parts ?? 0;

/** Shares as they stand in a register: what one holder has in several entries becomes one. Names are ASCII: any order of them is the order of bytes. */
export function merge(all: Shares): Share[] {
  const held = new Map<Party, number>();
  for (const { holder, parts: more } of all) held.set(holder, (held.get(holder) ?? 0) + more);
  return [...held].map(([holder, sum]) => ({ holder, parts: sum })).sort((a, b) => (a.holder < b.holder ? -1 : 1));
}

/** The shares after one gives to another; undefined if he has fewer parts, or gives nothing, or to himself. The total cannot change. */
export function give(all: Shares, { from, to, parts: given }: Move): Share[] | undefined {
  const left = partsOf(all, from) - given;
  if (given <= 0 || left < 0 || from === to) return undefined;
  const others = all.filter(({ holder }) => holder !== from);
  return merge([...others, ...(left > 0 ? [{ holder: from, parts: left }] : []), { holder: to, parts: given }]);
}

/** One after the other; the first that cannot be is named. */
export function giveAll(all: Shares, moves: readonly Move[]): { readonly shares: Share[] } | { readonly failed: Move } {
  let now = [...all];
  for (const step of moves) {
    const next = give(now, step);
    if (next === undefined) return { failed: step };
    now = next;
  }
  return { shares: now };
}

/** The same shares, counted in parts that are `times` as fine. */
export const refined = (all: Shares, times: number): Share[] => all.map(({ holder, parts: n }) => ({ holder, parts: n * times }));

/** As a register keeps them, and the whole. */
export function sound(all: Shares, of: number): boolean {
  return total(all) === of && all.every(({ holder, parts: n }, i) => n > 0 && (i === 0 || all[i - 1]!.holder < holder));
}

/** Do the same holders have the same fractions, however finely each whole is divided? */
export const alike = (a: Shares, ofA: number, b: Shares, ofB: number): boolean =>
  a.length === b.length &&
  a.every(({ holder, parts: n }, i) => b[i]!.holder === holder && BigInt(n) * BigInt(ofB) === BigInt(b[i]!.parts) * BigInt(ofA));
