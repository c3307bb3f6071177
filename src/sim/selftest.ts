// Many scenarios, on all cores: what `chancery selftest` runs. docs/testing.md.
// Owns the division among worker threads, the sum of what they saw, and a failure's shrinking. Does not own how a scenario runs (simulation.ts).

import os from "node:os";
import { Worker } from "node:worker_threads";
import { LedgerError } from "../base/errors.ts";
import { type Covered, coverage } from "./coverage.ts";
import { generate } from "./generate.ts";
import { describeItems, replayCommand, type Shrunk, shrink } from "./shrink.ts";
import { type Outcome, simulate } from "./simulation.ts";

export interface SelftestOptions {
  readonly seed: number;
  readonly scenarios: number;
  /** 0 runs everything in this thread; by default one for each core. */
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
    for (const [name, times] of outcome.counts) counts.set(name, (counts.get(name) ?? 0) + times);
    events += outcome.steps;
    blocks += outcome.height;
    transactions += outcome.transactions;
    if (outcome.violation === undefined && outcome.recoveryTimers > longestRecovery.timers)
      longestRecovery = { timers: outcome.recoveryTimers, seed };
  }
  return { scenarios: count, events, blocks, transactions, longestRecovery, failed, counts: [...counts] };
}

export async function selftest(options: SelftestOptions): Promise<SelftestReport> {
  const { seed, scenarios, mostFailures = 5, progress } = options;
  const started = performance.now();
  const threads = options.threads ?? os.availableParallelism();
  const pieces: Piece[] = [];
  const failed: number[] = [];
  let next = seed;
  let done = 0;
  const hand = (): { from: number; count: number } | undefined => {
    if (next >= seed + scenarios || failed.length >= mostFailures) return undefined;
    const piece = { from: next, count: Math.min(PIECE, seed + scenarios - next) };
    next += piece.count;
    return piece;
  };
  const take = (piece: Piece): void => {
    pieces.push(piece);
    failed.push(...piece.failed);
    done += piece.scenarios;
    progress?.(done, failed.length);
  };
  if (threads === 0) for (let piece = hand(); piece !== undefined; piece = hand()) take(await runPiece(piece.from, piece.count));
  else await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(scenarios / PIECE)) }, () => inWorker(hand, take)));
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
    for (const [name, times] of piece.counts) counts.set(name, (counts.get(name) ?? 0) + times);
  }
  return { scenarios, events, blocks, transactions, longestRecovery, coverage: coverage(counts) };
}

/** One thread, piece after piece. */
function inWorker(hand: () => { from: number; count: number } | undefined, take: (piece: Piece) => void): Promise<void> {
  const first = hand();
  if (first === undefined) return Promise.resolve();
  const file = new URL(import.meta.url.endsWith(".ts") ? "./selftestWorker.ts" : "./selftestWorker.js", import.meta.url);
  const worker = new Worker(file);
  return new Promise<void>((resolve, reject) => {
    worker.on("message", (piece: Piece) => {
      take(piece);
      const more = hand();
      if (more !== undefined) worker.postMessage(more);
      else void worker.terminate().then(() => resolve());
    });
    worker.on("error", reject);
    worker.on(
      "exit",
      (code) => code !== 0 && code !== 1 && reject(new LedgerError("bug.assertion", { message: "a worker of the selftest ended", code })),
    );
    worker.postMessage(first);
  });
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
