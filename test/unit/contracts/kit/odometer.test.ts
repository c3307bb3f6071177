// Odometers: metres are exact, and a judgement depends on what was driven, not on the unit that it was read in.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { days } from "../../../../src/contracts/engine/index.ts";
import { type Display, doubtful, judge, metresOf } from "../../../../src/contracts/kit/odometer.ts";

const display = fc.record({ value: fc.nat(9_999_999), unit: fc.constantFrom("km" as const, "mi" as const) });
const at = (shown: Display, time = 0) => ({ ...shown, at: time });

describe("an odometer", () => {
  it("shows metres: a mile is 1,609.344 m, rounded down to the metre", () => {
    expect([metresOf({ value: 0, unit: "mi" }), metresOf({ value: 1, unit: "mi" }), metresOf({ value: 1_000, unit: "mi" })]).toEqual([
      ...[0, 1_609, 1_609_344],
    ]);
    fc.assert(
      fc.property(fc.nat(9_999_999), (value) => {
        expect(BigInt(metresOf({ value, unit: "mi" }))).toBe((BigInt(value) * 1_609_344n) / 1_000n);
        expect(metresOf({ value, unit: "km" })).toBe(value * 1_000);
      }),
      { seed: 1 },
    );
  });

  it("stands still while a display of the other unit shows the same road", () => {
    fc.assert(
      fc.property(display, ({ value, unit }) => {
        const metres = metresOf({ value, unit });
        const other =
          unit === "km"
            ? { value: Math.floor(metres / 1_609.344), unit: "mi" as const }
            : { value: Math.floor(metres / 1_000), unit: "km" as const };
        expect(judge(at({ value, unit }), at(other))).toBe("equal");
        expect(judge(at({ value, unit }), at({ value, unit }))).toBe("equal");
      }),
      { seed: 2 },
    );
  });

  it("of two readings, one at most is lower, and never both ways", () => {
    fc.assert(
      fc.property(display, display, (a, b) => {
        const [there, back] = [judge(at(a), at(b)), judge(at(b), at(a))];
        expect((there === "equal") === (back === "equal")).toBe(true);
        expect([there, back].filter((judged) => judged === "lower").length).toBe(there === "equal" ? 0 : 1);
      }),
      { seed: 3 },
    );
  });

  it("goes 2,000 km at once and 400 for each day begun, and no further unasked", () => {
    const from = at({ value: 100, unit: "km" });
    const to = (value: number, time: number): string => judge(from, at({ value, unit: "km" }, time));
    expect([to(2_500, 0), to(2_501, 0), to(2_501, days(1)), to(2_901, days(1)), to(2_500, -days(3))]).toEqual([
      ...["plausible", "far_above", "plausible", "far_above", "plausible"],
    ]);
    expect(judge(undefined, from)).toBe("first");
    expect((["first", "plausible", "equal", "lower", "far_above"] as const).filter(doubtful)).toEqual(["lower", "far_above"]);
  });
});
