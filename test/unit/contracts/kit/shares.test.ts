// Shares: integers that always total the whole, whoever gives what to whom.

import fc from "fast-check";
import { expect, it } from "vitest";
import { alike, give, giveAll, merge, partsOf, refined, sound, total } from "../../../../src/contracts/kit/shares.ts";

const of = (...all: [string, number][]) => all.map(([holder, parts]) => ({ holder, parts }));

it("are given by who has them; what is given away whole leaves no empty share", () => {
  const both = of(["p:ann", 60], ["p:bob", 40]);
  expect(give(both, { from: "p:ann", to: "p:bob", parts: 10 })).toEqual(of(["p:ann", 50], ["p:bob", 50]));
  expect(give(both, { from: "p:bob", to: "c:mill", parts: 40 })).toEqual(of(["c:mill", 40], ["p:ann", 60]));
  for (const [from, to, parts] of [
    ["p:ann", "p:bob", 61],
    ["p:ann", "p:bob", 0],
    ["p:ann", "p:bob", -1],
    ["p:carl", "p:bob", 1],
    ["p:ann", "p:ann", 1],
  ] as const)
    expect(give(both, { from, to, parts })).toBeUndefined();
  const chain = [
    { from: "p:ann", to: "p:carl", parts: 60 },
    { from: "p:carl", to: "p:bob", parts: 61 },
  ];
  expect(giveAll(both, chain)).toEqual({ failed: chain[1] });
  expect(giveAll(both, chain.slice(0, 1))).toEqual({ shares: of(["p:bob", 40], ["p:carl", 60]) });
});

it("of one holder are one, in the order of names", () => {
  expect(merge(of(["p:bob", 1], ["p:ann", 2], ["p:bob", 3]))).toEqual(of(["p:ann", 2], ["p:bob", 4]));
  expect(sound(of(["p:ann", 2], ["p:bob", 4]), 6)).toBe(true);
  for (const [all, whole] of [
    [of(["p:ann", 2], ["p:bob", 4]), 7],
    [of(["p:bob", 4], ["p:ann", 2]), 6],
    [of(["p:ann", 2], ["p:ann", 4]), 6],
    [of(["p:ann", 6], ["p:bob", 0]), 6],
  ] as const)
    expect(sound(all, whole)).toBe(false);
});

it("are the same fractions however finely they are counted", () => {
  const thirds = of(["p:ann", 1], ["p:bob", 2]);
  const fine = refined(thirds, 333_333_333_333);
  expect([total(fine), alike(thirds, 3, fine, 999_999_999_999)]).toEqual([999_999_999_999, true]);
  expect(alike(thirds, 3, of(["p:ann", 333_333_333_332], ["p:bob", 666_666_666_667]), 999_999_999_999)).toBe(false);
  expect(alike(thirds, 3, of(["p:ann", 3]), 3)).toBe(false);
});

it("always total the whole, whatever is given", () => {
  const who = fc.constantFrom("p:ann", "p:bob", "p:carl", "c:mill", "land");
  const steps = fc.array(
    fc.record({ from: who, to: who, parts: fc.integer({ min: -2, max: 120 }), times: fc.constantFrom(1, 1, 1, 2, 3) }),
  );
  fc.assert(
    fc.property(steps, (all) => {
      let now = of(["p:ann", 100]);
      let whole = 100;
      const plain = new Map<string, number>([["p:ann", 100]]);
      for (const { times, ...step } of all) {
        const next = give(now, step);
        const had = plain.get(step.from) ?? 0;
        expect(next !== undefined).toBe(step.parts > 0 && step.parts <= had && step.from !== step.to);
        if (next !== undefined) {
          now = next;
          plain.set(step.from, had - step.parts);
          plain.set(step.to, (plain.get(step.to) ?? 0) + step.parts);
        }
        if (whole * times < 1_000_000) {
          const before = now;
          now = refined(now, times);
          expect(alike(before, whole, now, whole * times)).toBe(true);
          whole *= times;
          for (const [holder, parts] of plain) plain.set(holder, parts * times);
        }
        expect(sound(now, whole)).toBe(true);
        for (const [holder, parts] of plain) expect(partsOf(now, holder)).toBe(parts);
      }
    }),
    { numRuns: 200, seed: 13 },
  );
});
