// Twins: validators that run twice under one key, parts of the network that change round after round, and a primary for each round. All runs of three rounds
// at n = 4 up to renaming; longer ones, and n = 7 with two pairs, sampled.

import { describe, expect, test } from "vitest";
import { exhaustiveTwins, manyTwins, type TwinsPiece } from "../../src/sim/twinsMany.ts";

const LONG = process.env["CHANCERY_LONG"] === "1";

function holds(name: string, { runs, steps, blocks, evidence, failed }: TwinsPiece): void {
  process.stderr.write(`twins, ${name}: ${runs} runs, ${steps} messages, ${blocks} blocks, ${evidence} times evidence of the twins\n`);
  expect(failed.map(({ run, violation }) => `${violation}\n${JSON.stringify(run)}`)).toEqual([]);
  expect(evidence).toBeGreaterThan(runs / 20); // they do contradict themselves
  expect(blocks).toBeGreaterThan(runs);
}

describe("twins do no harm", { timeout: 3_600_000 }, () => {
  test("n = 4, one pair: all parts and primaries of three rounds, window 4", async () => {
    const all = exhaustiveTwins();
    const piece = await manyTwins("all", 0, all);
    holds("three rounds at n = 4", piece);
    expect(piece.runs).toBe(all);
  });

  test("the same with epochs that end every third height", async () => {
    const some = LONG ? exhaustiveTwins() : Math.ceil(exhaustiveTwins() / 5);
    holds("three rounds at n = 4, epochs of three heights", await manyTwins("epochs", 0, some));
  });

  test("n = 4, one pair: four to nine rounds, sampled", async () => {
    holds("longer at n = 4", await manyTwins("four", 0, LONG ? 200_000 : 2_000));
  });

  test("n = 7, two pairs: four to nine rounds, sampled", async () => {
    holds("longer at n = 7", await manyTwins("seven", 0, LONG ? 50_000 : 500));
  });
});
