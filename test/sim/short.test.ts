// A short look, for work and for the mutants: the scenarios that once found something, and a few seconds each of explorer, simulator and Twins.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { explore } from "../../src/sim/explorer.ts";
import { generate } from "../../src/sim/generate.ts";
import type { Scenario } from "../../src/sim/scenario.ts";
import { simulate } from "../../src/sim/simulation.ts";
import { twinsPiece } from "../../src/sim/twinsMany.ts";

const REGRESSIONS = new URL("./regressions/", import.meta.url);
const SCHEDULES = 1_000;
const SCENARIOS = 40;

/** Schedules that found what is wrong with one of the mutants, and took many others to be found. */
const TELLING = [137, 141, 149, 193, 237, 335, 386, 1_190, 1_308, 1_322, 2_084, 2_195];

describe("a short look", { timeout: 600_000 }, () => {
  test.each(readdirSync(REGRESSIONS).filter((name) => name.endsWith(".json")))("%s holds", async (name) => {
    const scenario = JSON.parse(readFileSync(new URL(name, REGRESSIONS), "utf8")) as Scenario;
    expect((await simulate(scenario)).violation).toBeUndefined();
  });

  test("schedules of the core", () => {
    for (const seed of [...TELLING, ...Array.from({ length: SCHEDULES }, (_, i) => i + 1)])
      expect([seed, explore(seed).violation]).toEqual([seed, null]);
  });

  test("twins", () => {
    expect(twinsPiece("four", 0, 40).failed).toEqual([]);
  });

  test("whole networks", async () => {
    for (let seed = 1; seed <= SCENARIOS; seed++) expect([seed, (await simulate(generate(seed))).violation]).toEqual([seed, undefined]);
  });
});
