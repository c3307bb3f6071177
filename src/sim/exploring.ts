// Many schedules of the explorer, on all cores. docs/testing.md. Owns the sum of what they saw. Does not own how a schedule runs (explorer.ts).

import { explore } from "./explorer.ts";
import { addCounts, inPieces } from "./pieces.ts";

export interface ExplorerOptions {
  readonly seed: number;
  readonly schedules: number;
  /** By default one for each core. */
  readonly threads?: number;
  /** Ends after the piece with so many failures. */
  readonly mostFailures?: number;
  readonly progress?: (done: number, failures: number) => void;
}

export interface FailedSchedule {
  readonly seed: number;
  readonly violation: string;
}

/** The sum over a piece of the seeds; plain data, as it travels between threads. */
export interface ExplorerPiece {
  readonly schedules: number;
  readonly steps: number;
  /** Schedules that ended with a healed network, in which everything had to commit. */
  readonly healed: number;
  /** The longest healing, in simulated ms, and its seed. */
  readonly longestHealing: { readonly ms: number; readonly seed: number };
  readonly failed: readonly FailedSchedule[];
  /** How often what was reached. */
  readonly reached: readonly (readonly [name: string, times: number])[];
}

const PIECE = 250;

/** Runs the schedules of some seeds in this thread. */
export function explorePiece(from: number, count: number): ExplorerPiece {
  const reached = new Map<string, number>();
  const failed: FailedSchedule[] = [];
  let [steps, healed] = [0, 0];
  let longestHealing = { ms: 0, seed: from };
  for (let seed = from; seed < from + count; seed++) {
    const outcome = explore(seed);
    steps += outcome.steps;
    addCounts(reached, outcome.reached);
    if (outcome.violation !== null) failed.push({ seed, violation: outcome.violation });
    if (outcome.healed === null) continue;
    healed++;
    if (outcome.healed > longestHealing.ms) longestHealing = { ms: outcome.healed, seed };
  }
  return { schedules: count, steps, healed, longestHealing, failed, reached: [...reached] };
}

/** Explores the schedules of the seeds from `seed` on. */
export async function exploreMany({
  seed,
  schedules,
  threads,
  mostFailures = 5,
  progress,
}: ExplorerOptions): Promise<ExplorerPiece & { readonly seconds: number }> {
  const started = performance.now();
  const reached = new Map<string, number>();
  const failed: FailedSchedule[] = [];
  let [done, steps, healed] = [0, 0, 0];
  let longestHealing = { ms: 0, seed };
  const take = (piece: ExplorerPiece): boolean => {
    done += piece.schedules;
    steps += piece.steps;
    healed += piece.healed;
    failed.push(...piece.failed);
    addCounts(reached, piece.reached);
    if (piece.longestHealing.ms > longestHealing.ms) longestHealing = piece.longestHealing;
    progress?.(done, failed.length);
    return failed.length < mostFailures;
  };
  await inPieces({ kind: "schedules", from: seed, count: schedules, size: PIECE, take, ...(threads === undefined ? {} : { threads }) });
  failed.sort((a, b) => a.seed - b.seed);
  const seconds = (performance.now() - started) / 1_000;
  return {
    schedules: done,
    steps,
    healed,
    longestHealing,
    failed,
    reached: [...reached].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    seconds,
  };
}

/** The command that runs one schedule again, with everything that happens in it. */
export const exploreCommand = (seed: number): string => `chancery selftest --of schedules --seed ${seed} --scenarios 1 --trace`;
