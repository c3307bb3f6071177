// Intervals: half-open, disjoint, in order, split at midnight.

import fc from "fast-check";
import { expect, it } from "vitest";
import { days } from "../../../../src/contracts/engine/index.ts";
import { added, byDay, covers, disjoint, length } from "../../../../src/contracts/kit/intervals.ts";

it("takes what does not overlap, in order; the end is the next one's beginning", () => {
  const diary = added(added([], { from: 20, to: 30 })!, { from: 10, to: 20 })!;
  expect(diary).toEqual([
    { from: 10, to: 20 },
    { from: 20, to: 30 },
  ]);
  for (const [from, to] of [
    [10, 20],
    [19, 21],
    [5, 11],
    [0, 99],
    [12, 13],
    [40, 40],
    [41, 40],
  ] as const)
    expect(added(diary, { from, to })).toBeUndefined();
  expect([covers(diary, 10), covers(diary, 29), covers(diary, 30), covers(diary, 9), length(diary)]).toEqual([
    true,
    true,
    false,
    false,
    20,
  ]);
});

it("is split at midnight, nothing lost", () => {
  expect(byDay({ from: days(1) - 5, to: days(1) + 7 })).toEqual([
    { day: 0, part: { from: days(1) - 5, to: days(1) } },
    { day: 1, part: { from: days(1), to: days(1) + 7 } },
  ]);
  expect(byDay({ from: 0, to: days(1) })).toHaveLength(1);
});

it("stays disjoint and complete, whatever is added", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(12)), { maxLength: 30 }), (tries) => {
      let diary: readonly { from: number; to: number }[] = [];
      const taken = new Set<number>();
      for (const [from, span] of tries) {
        const own = Array.from({ length: span }, (_, i) => from + i);
        const next = added(diary, { from, to: from + span });
        expect(next !== undefined).toBe(span > 0 && own.every((at) => !taken.has(at)));
        if (next === undefined) continue;
        diary = next;
        for (const at of own) taken.add(at);
      }
      expect([disjoint(diary), length(diary)]).toEqual([true, taken.size]);
    }),
    { numRuns: 300, seed: 21 },
  );
});
