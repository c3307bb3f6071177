// `npm test`: the tests, closed by one plain line of counts. `--quick` leaves out what takes
// long, `--long` asks the tests for more runs; other arguments go to vitest. The exit code is vitest's.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

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
const status = result.status ?? 1;
const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
rmSync(folder, { recursive: true, force: true });

const passed: number = counts.numPassedTests ?? 0;
let failed: number = counts.numFailedTests ?? 0;
const skipped: number = (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0);
// A file that does not load holds no tests that could fail; it counts as one.
if (status !== 0 && failed === 0) failed = Math.max(1, counts.numFailedTestSuites ?? 1);

console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = status;
