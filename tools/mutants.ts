// Mutants: each test/mutants/*.patch takes one rule out of a copy of src, and the tests its header names must then fail. Owns the copies and
// the verdicts. A patch opens with comment lines, of which `# tests: FILE…` is required and `# rule: …` says what was taken out. `--check` only looks whether the
// patches apply.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const COPIED = ["src", "test", "docs", "package.json", "tsconfig.json", "vitest.config.ts"];
const AT_A_TIME = 2;
const TIMEOUT_MS = 300_000;
const BASELINE_TIMEOUT_MS = 900_000;
/** The share that must be caught. */
const CAUGHT = 0.95;

export interface Verdict {
  readonly mutant: string;
  /** caught: a test failed, or ran for ever. survived: none did. broken: the patch, or a test file it names, does not apply or load. */
  readonly outcome: "caught" | "survived" | "broken";
  readonly detail: string;
}

/** The test files named in the head of a patch (before its first diff line). */
export function testsOf(patch: string): string[] {
  const head = patch.split(/^(?:diff |--- )/m)[0]!;
  return [...head.matchAll(/^#\s*tests?:\s*(.+)$/gm)].flatMap((m) => m[1]!.trim().split(/[\s,]+/));
}

/** Applies one patch to a copy of the project at `root` and runs its tests there. */
export async function runMutant(root: string, path: string): Promise<Verdict> {
  const mutant = basename(path, ".patch");
  const broken = (detail: string): Verdict => ({ mutant, outcome: "broken", detail });
  const tests = testsOf(readFileSync(path, "utf8"));
  if (tests.length === 0) return broken("its head names no tests (# tests: FILE…)");
  const absent = tests.filter((test) => !existsSync(join(root, test)));
  if (absent.length > 0) return broken(`there is no ${absent.join(", ")}`);
  const copy = copyOf(root);
  try {
    const applied = spawnSync("git", ["apply", "--whitespace=nowarn", path], { cwd: copy, encoding: "utf8", env: outsideGit(copy) });
    if (applied.status !== 0) return broken(`the patch does not apply: ${applied.stderr.trim()}`);
    const { failed, passed, first, timedOut, output } = await runTests(copy, tests, ["--maxWorkers=1", "--bail=1"]);
    if (timedOut) return { mutant, outcome: "caught", detail: "the tests did not end" };
    if (failed > 0) return { mutant, outcome: "caught", detail: first };
    return passed > 0
      ? { mutant, outcome: "survived", detail: `all ${passed} tests passed` }
      : broken(`no test ran\n${output.slice(-2_000)}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/**
 * Runs the named tests in an unchanged copy: true if they pass, as they must before a mutant proves anything. Files that fail are said, with what failed and the
 * seed of a history at random, and run once more: what fails twice is no baseline.
 */
export async function baselinePasses(
  root: string,
  paths: readonly string[],
  say: (text: string) => void = console.error,
): Promise<boolean> {
  let tests = [...new Set(paths.flatMap((path) => testsOf(readFileSync(path, "utf8"))))].filter((test) => existsSync(join(root, test)));
  for (let run = 0; run < 2 && tests.length > 0; run++) {
    const copy = copyOf(root);
    try {
      const { status, passed, failedFiles, timedOut, output } = await runTests(
        copy,
        tests,
        [`--maxWorkers=${AT_A_TIME}`],
        BASELINE_TIMEOUT_MS,
      );
      if (status === 0 && passed > 0) return true;
      say(`mutants: on the unchanged source${timedOut ? ", cut for time" : ""}:\n${output}`);
      // Which file it was is unknown where none failed by itself (a rejection that nobody handled, time): then all run again.
      if (failedFiles.length > 0) tests = failedFiles;
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }
  return tests.length === 0;
}

function copyOf(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), "chancery-mutant-"));
  for (const name of COPIED) if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

// A surrounding repository would make git apply skip, in silence, whatever lies outside it.
const outsideGit = (copy: string): NodeJS.ProcessEnv => ({
  ...process.env,
  GIT_CEILING_DIRECTORIES: dirname(copy),
  GIT_DIR: "/nonexistent",
});

interface TestRun {
  status: number | null;
  failed: number;
  passed: number;
  /** Full name of the first test that failed; empty if none did. */
  first: string;
  /** Files of which a test failed, or that did not load; relative to the copy. */
  failedFiles: string[];
  timedOut: boolean;
  output: string;
}

function runTests(copy: string, tests: readonly string[], how: readonly string[], timeoutMs = TIMEOUT_MS): Promise<TestRun> {
  const report = join(copy, "report.json");
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", copy, "--reporter=json", "--reporter=dot", `--outputFile=${report}`, ...how, ...tests];
  const child = spawn(process.execPath, args, {
    cwd: copy,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CI: "true" },
    detached: true,
  });
  let output = "";
  const keep = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-20_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      process.kill(-child.pid!, "SIGKILL");
    }, timeoutMs);
    child.on("close", (status) => {
      clearTimeout(timer);
      const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
      const results = (counts.testResults ?? []) as {
        name: string;
        status: string;
        assertionResults: { status: string; fullName: string }[];
      }[];
      const first = results.flatMap((file) => file.assertionResults).find(({ status: of }) => of === "failed")?.fullName ?? "";
      const failedFiles = results.filter(({ status: of }) => of === "failed").map(({ name }) => relative(realpathSync(copy), name));
      resolve({ status, failed: counts.numFailedTests ?? 0, passed: counts.numPassedTests ?? 0, first, failedFiles, timedOut, output });
    });
  });
}

/** Runs these mutants of the project at `root`, two at a time, in their order; all of them by default. */
export async function runMutants(root: string, say: (verdict: Verdict) => void, paths = mutantsOf(root)): Promise<Verdict[]> {
  const waiting = [...paths];
  const verdicts: Verdict[] = [];
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const verdict = await runMutant(root, path);
      verdicts.push(verdict);
      say(verdict);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return verdicts;
}

/** The patches of the project at `root`. */
export function mutantsOf(root: string): string[] {
  const folder = join(root, "test/mutants");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".patch"));
  return names.toSorted().map((name) => join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  // Words on the command line choose: those whose names begin with one of them.
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  const paths = mutantsOf(root).filter((path) => wanted.length === 0 || wanted.some((word) => basename(path).startsWith(word)));
  if (process.argv.includes("--check")) {
    // Quick enough for every commit: a patch whose surroundings have changed proves nothing any more.
    const stale = paths.filter((path) => spawnSync("git", ["apply", "--check", path], { cwd: root, stdio: "inherit" }).status !== 0);
    for (const path of stale) console.error(`mutants: ${basename(path)} does not apply`);
    process.exit(stale.length === 0 ? 0 : 1);
  }
  if (!(await baselinePasses(root, paths))) {
    console.error("mutants: the tests that the patches name do not pass on the unchanged source");
    process.exit(1);
  }
  const verdicts = await runMutants(
    root,
    ({ mutant, outcome, detail }) => console.error(`${outcome.padEnd(8)} ${mutant}: ${detail}`),
    paths,
  );
  const survivors = verdicts.filter((v) => v.outcome !== "caught").map((v) => v.mutant);
  const caught = verdicts.length - survivors.length;
  if (process.argv.includes("--json")) console.log(JSON.stringify({ total: verdicts.length, caught, survivors }));
  else console.log(`mutants: ${caught} of ${verdicts.length} caught${survivors.length > 0 ? `; not: ${survivors.join(", ")}` : ""}`);
  // A few are caught by chance of timing only, so one that slips through on a busy machine is said and fails nothing; a patch that proves nothing does.
  const broken = verdicts.some((v) => v.outcome === "broken");
  process.exitCode = !broken && caught >= CAUGHT * verdicts.length ? 0 : 1;
}
