// Many scenarios, on all cores: what `chancery selftest` runs. docs/testing.md.
// Owns the sum of what they saw, and a failure's shrinking. Does not own how a scenario runs (simulation.ts).

import { type Covered, coverage } from "./coverage.ts";
import { generate } from "./generate.ts";
import { addCounts, inPieces } from "./pieces.ts";
import { describeItems, replayCommand, type Shrunk, shrink } from "./shrink.ts";
import { type Outcome, simulate } from "./simulation.ts";

export interface SelftestOptions {
  readonly seed: number;
  readonly scenarios: number;
  /** By default one for each core. */
  readonly threads?: number;
  /** Ends before the next scenario after so many failures. */
  readonly mostFailures?: number;
  readonly progress?: (done: number, failures: number) => void;
}

export interface Failure {
  readonly seed: number;
  readonly rule: string;
  readonly detail: string;
  /** Of the scenario, what shrinking left. */
  readonly items: readonly string[];
  readonly command: string;
  /** The end of the shrunk run's trace. */
  readonly trace: readonly string[];
}

export interface SelftestReport {
  readonly seed: number;
  readonly scenarios: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly events: number;
  readonly blocks: number;
  readonly transactions: number;
  /** The longest recovery after the healing, in longest view timers, and the scenario that took it. */
  readonly longestRecovery: { readonly timers: number; readonly seed: number };
  readonly failures: readonly Failure[];
  readonly coverage: readonly Covered[];
}

/** The sum over a piece of the seeds; plain data, as it travels between threads. */
export interface Piece {
  readonly scenarios: number;
  readonly events: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly longestRecovery: { readonly timers: number; readonly seed: number };
  readonly failed: readonly number[];
  readonly counts: readonly (readonly [name: string, times: number])[];
}

const PIECE = 8;
const TRACE_LINES = 60;

/** Runs the scenarios of some seeds in this thread. */
export async function runPiece(from: number, count: number): Promise<Piece> {
  const counts = new Map<string, number>();
  const failed: number[] = [];
  let [events, blocks, transactions] = [0, 0, 0];
  let longestRecovery = { timers: 0, seed: from };
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(generate(seed));
    if (outcome.violation !== undefined) failed.push(seed);
    addCounts(counts, outcome.counts);
    events += outcome.steps;
    blocks += outcome.height;
    transactions += outcome.transactions;
    if (outcome.violation === undefined && outcome.recoveryTimers > longestRecovery.timers)
      longestRecovery = { timers: outcome.recoveryTimers, seed };
  }
  return { scenarios: count, events, blocks, transactions, longestRecovery, failed, counts: [...counts] };
}

export async function selftest({ seed, scenarios, threads, mostFailures = 5, progress }: SelftestOptions): Promise<SelftestReport> {
  const started = performance.now();
  const pieces: Piece[] = [];
  const failed: number[] = [];
  let done = 0;
  const take = (piece: Piece): boolean => {
    pieces.push(piece);
    failed.push(...piece.failed);
    done += piece.scenarios;
    progress?.(done, failed.length);
    return failed.length < mostFailures;
  };
  await inPieces({ kind: "scenarios", from: seed, count: scenarios, size: PIECE, take, ...(threads === undefined ? {} : { threads }) });
  const seconds = (performance.now() - started) / 1_000;
  const failures: Failure[] = [];
  for (const bad of failed.sort((a, b) => a - b).slice(0, mostFailures)) failures.push(await explain(bad));
  return { seed, ...sum(pieces), seconds, perSecond: done / seconds, failures };
}

function sum(pieces: readonly Piece[]): Omit<SelftestReport, "seed" | "seconds" | "perSecond" | "failures"> {
  const counts = new Map<string, number>();
  let [scenarios, events, blocks, transactions] = [0, 0, 0, 0];
  let longestRecovery = { timers: 0, seed: 0 };
  for (const piece of pieces) {
    scenarios += piece.scenarios;
    events += piece.events;
    blocks += piece.blocks;
    transactions += piece.transactions;
    if (piece.longestRecovery.timers > longestRecovery.timers) longestRecovery = piece.longestRecovery;
    addCounts(counts, piece.counts);
  }
  return { scenarios, events, blocks, transactions, longestRecovery, coverage: coverage(counts) };
}

async function explain(seed: number): Promise<Failure> {
  const scenario = generate(seed);
  const failed = await simulate(scenario);
  // A failure that does not come again would be a simulator whose order is not the seed's: said as it is.
  if (failed.violation === undefined)
    return {
      seed,
      rule: "the same seed, the same run",
      detail: "it failed once and not again",
      items: [],
      command: replayCommand(scenario, new Set()),
      trace: [],
    };
  return failureOf(seed, scenario, await shrink(scenario, failed));
}

function failureOf(seed: number, scenario: ReturnType<typeof generate>, { without, outcome, trace }: Shrunk): Failure {
  const { rule, detail } = outcome.violation!;
  return {
    seed,
    rule,
    detail,
    items: describeItems(scenario, without),
    command: replayCommand(scenario, without),
    trace: trace.slice(-TRACE_LINES),
  };
}

/** One scenario with its whole trace, for whoever looks into a failure. */
export function replay(seed: number, without: ReadonlySet<number>, write: ((line: string) => void) | undefined): Promise<Outcome> {
  return simulate(generate(seed), write === undefined ? { without } : { without, write });
}
