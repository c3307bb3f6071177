// Which tests run, and how. `npm test` runs all of them; CHANCERY_QUICK leaves out what takes long (test/e2e, test/sim, *.slow.test.ts);
// CHANCERY_LONG asks the tests themselves for more runs.
import { defineConfig } from "vitest/config";

/** Left out of the quick run besides: a few seconds each, for what changes rarely. */
const HEAVY = ["consensus/driver", "consensus/journal", "p2p/hostile", "p2p/lifecycle", "tools/mutants", "ledger/realChain"].map(
  (name) => `test/unit/${name}.test.ts`,
);

const quick = process.env["CHANCERY_QUICK"] === "1";
const long = process.env["CHANCERY_LONG"] === "1";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: quick ? ["test/e2e/**", "test/sim/**", "test/**/*.slow.test.ts", ...HEAVY] : [],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: long ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
  },
});
