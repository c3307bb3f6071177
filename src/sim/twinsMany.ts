// Which Twins runs there are: all of them where that is possible, else a sample under a seed. docs/testing.md.
// Owns enumeration up to renaming, sampling, and the sum. Does not own a run (twins.ts).

import { quorum } from "../base/certificate.ts";
import { inPieces } from "./pieces.ts";
import { Random } from "./random.ts";
import { type Round, runTwins, type TwinsRun } from "./twins.ts";

export interface TwinsPiece {
  readonly runs: number;
  readonly steps: number;
  readonly blocks: number;
  /** Evidence that was found against the twins. */
  readonly evidence: number;
  readonly failed: readonly { readonly run: TwinsRun; readonly violation: string }[];
}

/** All of three rounds without an end of an epoch, all of three rounds with epochs of three heights; sampled longer ones. */
export type TwinsFamily = "all" | "epochs" | "four" | "seven";

const FOUR = [0, 1, 2, 3, 4];
/** Who may be renamed into whom where validator 0 runs twice: its two halves, and the three others. */
const RENAMINGS = permutations([1, 2, 3]).flatMap(([b, c, d]) => [
  [0, b!, c!, d!, 4],
  [4, b!, c!, d!, 0],
]);

/** The divisions of n = 4 and one twin into at most two parts, one of which has a quorum: elsewhere nothing is decided. */
const divisions = ((): number[][][] => {
  const out: number[][][] = [];
  for (let mask = 0; mask < 1 << (FOUR.length - 1); mask++) {
    const other = FOUR.filter((i) => i > 0 && (mask >> (i - 1)) & 1);
    const one = FOUR.filter((i) => !other.includes(i));
    const parts = other.length === 0 ? [one] : [one, other];
    if (parts.some((part) => new Set(part.map((i) => i % 4)).size >= quorum(4))) out.push(parts);
  }
  return out;
})();

const choices: readonly Round[] = divisions.flatMap((parts) => [0, 1, 2, 3].map((primary) => ({ parts, primary })));
const numbers = new Map(choices.map((round, i) => [nameOf(round), i]));
/** For each renaming, the number of the choice that a choice becomes. */
const renamed = RENAMINGS.map((map) =>
  choices.map(
    ({ parts, primary }) => numbers.get(nameOf({ parts: parts.map((part) => part.map((i) => map[i]!)), primary: map[primary]! % 4 }))!,
  ),
);

function nameOf({ parts, primary }: Round): string {
  return `${parts
    .map((part) => [...part].sort((a, b) => a - b).join(""))
    .sort()
    .join("|")} ${primary}`;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

let every: readonly (readonly number[])[] | undefined;
/** All sequences of three rounds of which no renaming comes before them. */
function allOfDepthThree(): readonly (readonly number[])[] {
  if (every !== undefined) return every;
  const out: number[][] = [];
  const size = choices.length;
  for (let a = 0; a < size; a++) {
    if (renamed.some((map) => map[a]! < a)) continue;
    for (let b = 0; b < size; b++) {
      if (renamed.some((map) => map[a] === a && map[b]! < b)) continue;
      for (let c = 0; c < size; c++) if (!renamed.some((map) => map[a] === a && map[b] === b && map[c]! < c)) out.push([a, b, c]);
    }
  }
  return (every = out);
}

/** How many runs each exhaustive family has. */
export const exhaustiveTwins = (): number => allOfDepthThree().length;

/** Numbers of a family in another order: neighbours are alike, so that a part of them is a sample. */
const PRIME = 7_919;

/** The run with this number of its family. */
export function twinsRun(family: TwinsFamily, number: number): TwinsRun {
  if (family === "all" || family === "epochs") {
    const sequences = allOfDepthThree();
    const rounds = sequences[(number * PRIME) % sequences.length]!.map((i) => choices[i]!);
    return { n: 4, twins: [0], window: 4, epochLength: family === "all" ? 60 : 3, rounds };
  }
  const random = new Random(number).fork(family);
  const n = family === "four" ? 4 : 7;
  const twins = family === "four" ? [random.below(4)] : random.shuffle([0, 1, 2, 3, 4, 5, 6]).slice(0, 2);
  const instances = Array.from({ length: n + twins.length }, (_, i) => i);
  const rounds = Array.from({ length: random.between(4, 9) }, () => {
    const parts: number[][] = Array.from({ length: random.pick([1, 2, 2, 2, 3]) }, () => []);
    const alone = random.pick([0, 0, 0.1]);
    for (const i of instances) if (!random.chance(alone)) random.pick(parts).push(i);
    const kind = random.pick(["prepare", "commit", "commit"] as const);
    const deaf = random.chance(0.5) ? { deaf: { kind, instances: random.subset(instances) } } : {};
    return { parts: parts.filter((part) => part.length > 0), primary: random.below(n), ...deaf };
  });
  return { n, twins, window: random.pick([1, 2, 4, 4, 8]), epochLength: random.pick([3, 3, 5, 60]), rounds };
}

export function twinsPiece(family: TwinsFamily, from: number, count: number): TwinsPiece {
  const failed: TwinsPiece["failed"][number][] = [];
  let [steps, blocks, evidence] = [0, 0, 0];
  for (let number = from; number < from + count; number++) {
    const run = twinsRun(family, number);
    const outcome = runTwins(run);
    steps += outcome.steps;
    blocks += outcome.height;
    evidence += outcome.reached.get("evidence") ?? 0;
    if (outcome.violation !== null) failed.push({ run: shrunk(run), violation: outcome.violation });
  }
  return { runs: count, steps, blocks, evidence, failed };
}

/** As few rounds as still fail. */
function shrunk(run: TwinsRun): TwinsRun {
  for (let i = run.rounds.length - 1; i >= 0; i--) {
    const fewer = { ...run, rounds: run.rounds.filter((_, j) => j !== i) };
    if (runTwins(fewer).violation !== null) return shrunk(fewer);
  }
  return run;
}

/** Runs a family on all cores. */
export async function manyTwins(family: TwinsFamily, from: number, count: number): Promise<TwinsPiece> {
  const failed: TwinsPiece["failed"][number][] = [];
  let [runs, steps, blocks, evidence] = [0, 0, 0, 0];
  const take = (piece: TwinsPiece): boolean => {
    runs += piece.runs;
    steps += piece.steps;
    blocks += piece.blocks;
    evidence += piece.evidence;
    failed.push(...piece.failed);
    return failed.length === 0;
  };
  await inPieces({ kind: `twins ${family}`, from, count, size: 100, take });
  return { runs, steps, blocks, evidence, failed };
}
