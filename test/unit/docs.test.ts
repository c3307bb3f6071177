// docs/services.md names each contract there is, and no other; all 41 services stand in it.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { composition } from "../../src/contracts/all.ts";
import { build } from "../../src/contracts/engine/registry.ts";

const rows = readFileSync(new URL("../../docs/services.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test("each service has a row, each contract serves one", () => {
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 41 }, (_, i) => i + 1));
  const named = new Set(rows.flatMap(([, , , contracts]) => [...contracts!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)));
  const there = build(composition).contracts.map(({ contract }) => contract.name);
  expect([...named].sort()).toEqual([...there].sort());
});
