// Rates: amounts from integer tables, recomputable by anybody; every line rounded down, the remainder stays with who pays.

import { expect, it } from "vitest";
import { MAX_MONEY } from "../../../../src/contracts/engine/index.ts";
import { assess, portion, portionUp, sound, type Tariff } from "../../../../src/contracts/kit/rates.ts";

// Per m²: 1,000 for the first 60, 600 up to 120, nothing above; 5,000 for each person; a third of a unit for each step of a staircase.
const table: Tariff = {
  base: 100n,
  lines: [
    { fact: "area", above: 0, upTo: 60, amount: 1_000n, per: 1 },
    { fact: "area", above: 60, upTo: 120, amount: 600n, per: 1 },
    { fact: "persons", above: 0, amount: 5_000n, per: 1 },
    { fact: "steps", above: 0, amount: 1n, per: 3 },
  ],
  least: 6_000n,
  most: 200_000n,
};
const facts = (area: number, persons: number, steps: number) => [
  { fact: "area", value: area },
  { fact: "persons", value: persons },
  { fact: "steps", value: steps },
];

it("adds up base and lines between their bounds, each line rounded down", () => {
  expect(assess(table, facts(60, 1, 0))).toBe(65_100n);
  expect(assess(table, facts(100, 2, 5))).toBe(100n + 60_000n + 24_000n + 10_000n + 1n);
  expect(assess(table, facts(500, 2, 0))).toBe(assess(table, facts(120, 2, 0)));
});

it("gives at least the least and at most the most, whatever the facts", () => {
  expect(assess(table, facts(0, 0, 0))).toBe(6_000n);
  expect(assess(table, facts(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0))).toBe(200_000n);
  const huge = { ...table, lines: [{ fact: "area", above: 0, amount: MAX_MONEY, per: 1 }], most: MAX_MONEY, base: MAX_MONEY };
  expect(assess(huge, [{ fact: "area", value: Number.MAX_SAFE_INTEGER }])).toBe(MAX_MONEY);
});

it("takes just the facts that the table names, each once", () => {
  expect(assess(table, facts(1, 1, 1).slice(1))).toBeUndefined();
  expect(assess(table, [...facts(1, 1, 1), { fact: "colour", value: 1 }])).toBeUndefined();
  expect(assess(table, [...facts(1, 1, 1), { fact: "area", value: 1 }])).toBeUndefined();
});

it("is sound only with its bounds in order", () => {
  expect(sound(table)).toBe(true);
  expect(sound({ ...table, least: 200_001n })).toBe(false);
  expect(sound({ ...table, lines: [{ fact: "area", above: 60, upTo: 60, amount: 1n, per: 1 }] })).toBe(false);
});

it("rounds a portion down for who pays, or up for who is paid", () => {
  expect([portion(10n, 1, 3), portionUp(10n, 1, 3), portion(9n, 1, 3), portionUp(9n, 1, 3)]).toEqual([3n, 4n, 3n, 3n]);
});
