// Whole networks under one seed: real consensus, ledger, mempool and contracts over simulated wires, disks and clocks. Everything is checked after every
// step, and once the network is healed all that was handed in must become final. docs/testing.md.

import { describe, expect, test } from "vitest";
import { generate } from "../../src/sim/generate.ts";
import { selftest } from "../../src/sim/selftest.ts";
import { simulate } from "../../src/sim/simulation.ts";

const SCENARIOS = process.env["CHANCERY_LONG"] === "1" ? 20_000 : 2_000;

describe("the simulator", () => {
  test(`breaks no rule in ${SCENARIOS} scenarios, and exercises every rule`, { timeout: 3_600_000 }, async () => {
    let said = 0;
    const report = await selftest({
      seed: 1,
      scenarios: SCENARIOS,
      progress(done) {
        if (done - said < SCENARIOS / 10) return;
        said = done;
        process.stderr.write(`simulator: ${done} of ${SCENARIOS} scenarios\n`);
      },
    });
    const told = report.failures.map(({ seed, rule, detail, items, command, trace }) =>
      [`seed ${seed}: ${rule}`, detail, ...items, ...trace, command].join("\n"),
    );
    expect(told).toEqual([]);
    expect(report.scenarios).toBe(SCENARIOS);
    const { seconds, perSecond, blocks, transactions, longestRecovery, coverage } = report;
    process.stderr.write(
      `simulator: ${SCENARIOS} scenarios in ${seconds.toFixed(0)} s (${perSecond.toFixed(1)}/s), ${blocks} blocks, ${transactions} transactions, longest recovery ${longestRecovery.timers.toFixed(1)} timers\n`,
    );
    expect(coverage.filter(({ times }) => times === 0)).toEqual([]);
  });

  test("runs the same scenario under the same seed", async () => {
    const [one, other] = [await simulate(generate(11)), await simulate(generate(11))];
    expect(one.hash).toBe(other.hash);
    expect(one.steps).toBe(other.steps);
  });
});
