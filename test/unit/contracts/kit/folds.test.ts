// Sums of hashes in any order: equal for the same things, and for no others.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Fold } from "../../../../src/contracts/kit/folds.ts";

const of = (things: readonly (readonly [string, number])[]): Fold => {
  const fold = new Fold();
  for (const thing of things) fold.add(...thing);
  return fold;
};

test("the same things in any order are equal; one more, one less, one other, one twice are not", () => {
  const things = fc.array(fc.tuple(fc.string({ unit: "grapheme-ascii", maxLength: 4 }), fc.nat(9)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(things, fc.nat(), (all, at) => {
      const i = at % all.length;
      expect(of(all).equals(of(all.toReversed()))).toBe(true);
      expect(of(all).equals(of(all.toSpliced(i, 1)))).toBe(false);
      expect(of(all).equals(of([...all, all[i]!]))).toBe(false);
      expect(of(all).equals(of(all.toSpliced(i, 1, ["other one", 10])))).toBe(false);
    }),
    { numRuns: 100, seed: 3 },
  );
});
