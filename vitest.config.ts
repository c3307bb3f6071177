// Which tests run, and how: first the pure ones on all cores, then the simulator, which takes the cores by itself, then real processes, one file after the
// other, so that what is timed is the node and not its neighbours. CHANCERY_QUICK leaves out what takes long; CHANCERY_LONG asks the tests themselves for more runs.
import { defineConfig } from "vitest/config";

/** Left out of the quick run besides: a few seconds each, for what changes rarely. */
const HEAVY = [
  ...[
    "base/documents",
    "base/signature",
    "bench/budget",
    "consensus/driver",
    "consensus/journal",
    "contracts/ceremonies",
    "contracts/polls",
    "contracts/tenders",
  ],
  ...[
    "ledger/proof",
    "ledger/realChain",
    "ledger/stateSync",
    "ledger/storeDamage",
    "ledger/storeLevel",
    "ledger/transaction",
    "p2p/hostile",
    "p2p/lifecycle",
    "p2p/mesh",
    "tools/mutants",
  ],
].map((name) => `test/unit/${name}.test.ts`);

const quick = process.env["CHANCERY_QUICK"] === "1";
/** The bench that measures every act (bench/services.ts) wants the scenarios of all contracts, without their histories at random. */
const metered = process.env["CHANCERY_METER"] !== undefined;
const long = process.env["CHANCERY_LONG"] === "1";

function project(name: string, order: number, maxWorkers: number, include: string[], setupFiles: string[] = []) {
  const exclude = quick && !metered ? ["test/**/*.slow.test.ts", ...HEAVY] : [];
  return { extends: true as const, test: { name, include, exclude, maxWorkers, setupFiles, sequence: { groupOrder: order } } };
}
const pure = project("unit", 0, 2, ["test/unit/**/*.test.ts", "test/script/**/*.test.ts"], ["test/setup.ts"]);
const simulated = project("sim", 1, 1, ["test/sim/**/*.test.ts"]);
const real = project("e2e", 2, 1, ["test/e2e/**/*.test.ts", "test/bench/**/*.test.ts"]);

export default defineConfig({
  test: {
    projects: quick ? [pure] : [pure, simulated, real],
    // The quick run leaves out histories at random as well: their names say "whatever".
    ...(quick && { testNamePattern: "^(?!.*\\b[Ww]hatever\\b)" }),
    pool: "forks",
    testTimeout: long ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
  },
});
