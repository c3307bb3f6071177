// Patterns (kit/patterns): what counts, what is enough in what time, and what a reading must be to stand under its root.

import { describe, expect, test } from "vitest";
import { inclusionPath, leafHash, rootOf } from "../../../../src/base/merkle.ts";
import { bunched, isReading, readingItem, soundPattern, stands } from "../../../../src/contracts/kit/patterns.ts";

const pattern = { what: "cm", times: 3, within: 100 };

describe("a pattern", () => {
  test("counts what is outside its bounds; without bounds, everything", () => {
    const counts = (bounds: object): number[] => [-5, 0, 5, 6, 10].filter((value) => stands({ ...pattern, ...bounds }, value));
    expect(counts({ most: 5 })).toEqual([6, 10]);
    expect(counts({ least: 0 })).toEqual([-5]);
    expect(counts({ least: 0, most: 5 })).toEqual([-5, 6, 10]);
    expect(counts({})).toEqual([-5, 0, 5, 6, 10]);
    expect([soundPattern({ ...pattern, least: 5, most: 5 }), soundPattern({ ...pattern, least: 6, most: 5 })]).toEqual([true, false]);
  });

  test("asks for so many within a time, the last of them included, in order", () => {
    expect(bunched(pattern, [1, 50, 101])).toBe(true);
    expect(bunched(pattern, [1, 50, 102])).toBe(false);
    expect(bunched(pattern, [1, 50])).toBe(false);
    expect(bunched(pattern, [50, 1, 60])).toBe(false);
    expect(bunched({ ...pattern, times: 1, within: 0 }, [7])).toBe(true);
  });
});

test("a reading stands under its root by its device, number, metric, time, value and salt, all of them", () => {
  const readings = [1, 2, 3, 4, 5].map((value, index) => ({
    first: 10,
    index,
    at: 1_000 + index,
    value,
    salt: new Uint8Array(16).fill(index),
  }));
  const hashes = readings.map((one) => leafHash(readingItem("d:a", "cm", one)));
  const it = { ...readings[3]!, size: 5, root: rootOf(hashes), path: inclusionPath(hashes, 3) };
  expect(isReading("d:a", "cm", it)).toBe(true);
  expect([isReading("d:b", "cm", it), isReading("d:a", "mm", it)]).toEqual([false, false]);
  const huge = Number.MAX_SAFE_INTEGER;
  for (const change of [
    { first: 11 },
    { index: 2 },
    { at: 1_004 },
    { value: 5 },
    { salt: new Uint8Array(16) },
    { size: 4 },
    { path: [] },
    { first: huge },
  ])
    expect(isReading("d:a", "cm", { ...it, ...change })).toBe(false);
});
