// Breadth-first search over the real step where the network is small: n = 4, one Byzantine, two views, every order in which validators hear each other, give
// up a view and are lied to. To a bound of states; how far that reaches is printed.

import { describe, expect, test } from "vitest";
import { exhaustAll, models } from "../../src/sim/exhaustive.ts";

const STATES = process.env["CHANCERY_LONG"] === "1" ? 2_000_000 : 300_000;

describe("the exhaustive search", () => {
  test(`finds no two blocks at one height, no contradiction and no honest node in evidence in ${STATES} states of each model`, {
    timeout: 3_600_000,
  }, async () => {
    const found = await exhaustAll(STATES);
    for (const { name, states, transitions, locals, depth, complete, committed, changed, height, epochs, seconds } of found)
      process.stderr.write(
        `exhaustive, ${name}: ${states} states, ${transitions} steps, ${locals} states of one replica, ${complete ? "complete" : `all within ${depth} steps`}; ${committed} with a block (height ${height}), ${changed} in a view change or behind one, ${epochs} epochs later; ${seconds.toFixed(0)} s\n`,
      );
    expect(found.map(({ name, violation, path }) => (violation === null ? name : `${name}: ${violation}\n${path.join("\n")}`))).toEqual(
      models.map(({ name }) => name),
    );
    for (const { states, complete, committed, changed } of found) {
      expect(complete || states >= STATES).toBe(true);
      expect(committed).toBeGreaterThan(100);
      expect(changed).toBeGreaterThan(100);
    }
    expect(Math.max(...found.map(({ epochs }) => epochs))).toBeGreaterThan(0);
  });
});
