// `npm test`: everything that belongs in CI (vitest, then the mutants), closed by one plain line of counts. `--quick` leaves out what takes
// long, `--long` asks the tests for more runs; other arguments go to vitest. The exit code is vitest's, or 1 if a mutant survives.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runMutants } from "./mutants.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const given = process.argv.slice(2);
const [quick, long] = [given.includes("--quick"), given.includes("--long")];
const filters = given.filter((argument) => argument !== "--quick" && argument !== "--long");

const folder = mkdtempSync(join(tmpdir(), "chancery-test-"));
const report = join(folder, "report.json");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const result = spawnSync(process.execPath, [vitest, "run", "--root", root, ...reporters, ...filters], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, ...(quick ? { CHANCERY_QUICK: "1" } : {}), ...(long ? { CHANCERY_LONG: "1" } : {}) },
});
let status = result.status ?? 1;
const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
rmSync(folder, { recursive: true, force: true });

let passed: number = counts.numPassedTests ?? 0;
let failed: number = counts.numFailedTests ?? 0;
const skipped: number = (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0);
// A file that does not load holds no tests that could fail; it counts as one.
if (status !== 0 && failed === 0) failed = Math.max(1, counts.numFailedTestSuites ?? 1);

if (status === 0 && !quick && filters.length === 0) {
  console.log("\nMutants: one rule taken out at a time; the tests must notice");
  const verdicts = await runMutants(root, ({ mutant, outcome, detail }) =>
    console.log(` ${outcome === "caught" ? "✓" : "✗"} ${outcome} ${mutant}: ${detail}`),
  );
  const survivors = verdicts.filter((verdict) => verdict.outcome !== "caught").length;
  passed += verdicts.length - survivors;
  failed += survivors;
  if (survivors > 0) status = 1;
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = status;
