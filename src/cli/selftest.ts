// `chancery selftest`: whole networks under one seed, simulated, broken and healed, with everything checked after every step. docs/testing.md.

import { type Command, Option } from "commander";
import { globalsOf, wholeNumber } from "./globals.ts";
import { answer, bold, dim, exits, green, progress, red, usage } from "./output.ts";

interface Options {
  readonly of: "networks" | "schedules";
  readonly seed: number;
  readonly scenarios: number;
  readonly threads?: number;
  readonly without?: string;
  readonly trace: boolean;
}

export function register(program: Command): void {
  program
    .command("selftest")
    .description("simulate networks that suffer everything, and check that nothing is lost")
    .option("--seed <n>", "of the first scenario", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--scenarios <n>", "how many", wholeNumber(1, 10_000_000), 200)
    .addOption(
      new Option("--of <what>", "whole networks, or schedules of the consensus core alone")
        .choices(["networks", "schedules"])
        .default("networks"),
    )
    .option("--threads <n>", "by default one for each core", wholeNumber(1, 256))
    .option("--without <items>", "leave these items of the scenario out, e.g. 1-3,7 (with --scenarios 1)")
    .option("--trace", "print everything that happens (with --scenarios 1)", false)
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  globalsOf(command);
  if (options.without !== undefined || options.trace) return one(options);
  const { seed, scenarios, threads } = options;
  let said = 0;
  const saying = (done: number, failures: number): void => {
    if (done - said < scenarios / 20) return;
    said = done;
    progress(`${done} of ${scenarios} ${options.of}${failures === 0 ? "" : `, ${failures} failed`}`);
  };
  const most = threads === undefined ? {} : { threads };
  if (options.of === "schedules") return schedules({ seed, schedules: scenarios, progress: saying, ...most });
  const { selftest } = await import("../sim/selftest.ts");
  const report = await selftest({ seed, scenarios, progress: saying, ...most });
  answer(report, lines(report));
  if (report.failures.length > 0) process.exitCode = exits.no;
}

async function schedules(options: Parameters<typeof import("../sim/exploring.ts")["exploreMany"]>[0]): Promise<void> {
  const { exploreCommand, exploreMany } = await import("../sim/exploring.ts");
  const report = await exploreMany(options);
  const { schedules: done, seconds, steps, healed, longestHealing, failed } = report;
  const out = failed.map(({ seed, violation }) => `${red("✗")} ${bold(`seed ${seed}`)}: ${violation}\n  Again: ${exploreCommand(seed)}`);
  const verdict = failed.length === 0 ? `${green("✓")} ${done} schedules` : `${red("✗")} ${failed.length} failures in ${done} schedules`;
  out.push(`${verdict} in ${seconds.toFixed(1)} s (${(done / seconds).toFixed(0)}/s): ${steps} events, ${healed} networks healed`);
  out.push(`  longest healing: ${(longestHealing.ms / 1_000).toFixed(1)} s of simulated time (seed ${longestHealing.seed})`);
  answer(report, out);
  if (failed.length > 0) process.exitCode = exits.no;
}

function lines(report: Awaited<ReturnType<typeof import("../sim/selftest.ts")["selftest"]>>): string[] {
  const { scenarios, seconds, perSecond, events, blocks, transactions, longestRecovery, failures, coverage } = report;
  const out: string[] = [];
  for (const { seed, rule, detail, items, command, trace } of failures)
    out.push(
      `${red("✗")} ${bold(`seed ${seed}: ${rule}`)}`,
      `  ${detail}`,
      ...items.map((item) => `  ${item}`),
      ...trace.map((line) => dim(`  ${line}`)),
      `  Again: ${command}`,
      "",
    );
  const unseen = coverage.filter(({ times }) => times === 0);
  const verdict =
    failures.length === 0 ? `${green("✓")} ${scenarios} scenarios` : `${red("✗")} ${failures.length} failures in ${scenarios} scenarios`;
  out.push(
    `${verdict} in ${seconds.toFixed(1)} s (${perSecond.toFixed(1)}/s): ${blocks} blocks, ${transactions} transactions, ${events} events`,
  );
  out.push(`  longest recovery: ${longestRecovery.timers.toFixed(1)} view timers (seed ${longestRecovery.seed})`);
  out.push(`  rules exercised: ${coverage.length - unseen.length} of ${coverage.length}`);
  for (const { section, rule } of unseen) out.push(dim(`    not seen: ${section} ${rule}`));
  return out;
}

async function one({ of, seed, without, trace, scenarios }: Options): Promise<void> {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const { numbersOf } = await import("../sim/shrink.ts");
  const { replay } = await import("../sim/selftest.ts");
  if (scenarios > 1) usage("a trace is of one scenario", "add --scenarios 1");
  if (of === "schedules") {
    if (without !== undefined) usage("a schedule has no items", "leave --without away");
    const { explore } = await import("../sim/explorer.ts");
    const { reached, ...outcome } = explore(seed, write);
    answer({ ...outcome, reached: Object.fromEntries(reached) }, outcome.violation ?? `${green("✓")} holds`);
    if (outcome.violation !== null) process.exitCode = exits.no;
    return;
  }
  const left =
    without === undefined ? new Set<number>() : (numbersOf(without) ?? usage(`"${without}" is no list of items`, "write it like 1-3,7"));
  const { counts, violation, ...outcome } = await replay(seed, left, trace ? write : undefined);
  answer(
    { ...outcome, violation, counts: Object.fromEntries(counts) },
    violation === undefined ? `${green("✓")} holds; hash ${outcome.hash}` : `${red("✗")} ${violation.rule}: ${violation.detail}`,
  );
  if (violation !== undefined) process.exitCode = exits.no;
}
