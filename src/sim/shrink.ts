// A failing scenario made smaller: items are left out, first many at a time, then one by one, as long as the same rule is still broken. docs/testing.md.
// Owns the search. It is greedy and bounded: what comes out is small, not smallest.

import type { Scenario } from "./scenario.ts";
import { type Outcome, simulate } from "./simulation.ts";

export interface Shrunk {
  /** Items that need not befall the network. */
  readonly without: ReadonlySet<number>;
  /** Of the smallest failing run. */
  readonly outcome: Outcome;
  /** Its trace. */
  readonly trace: readonly string[];
  readonly runs: number;
}

/** Runs that shrinking may take. */
const MOST_RUNS = 150;

export async function shrink(scenario: Scenario, failed: Outcome, given: ReadonlySet<number> = new Set()): Promise<Shrunk> {
  const rule = failed.violation?.rule;
  let without = given;
  let runs = 0;
  const stillFails = async (more: readonly number[]): Promise<boolean> => {
    if (runs >= MOST_RUNS || more.length === 0) return false;
    runs++;
    const candidate = new Set([...without, ...more]);
    const { violation } = await simulate(scenario, { without: candidate });
    if (violation?.rule !== rule) return false;
    without = candidate;
    return true;
  };
  const all = scenario.items.map((_, i) => i);
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = all.length; at > 0; at -= size) {
      const some = all.slice(Math.max(0, at - size), at).filter((i) => !without.has(i));
      await stillFails(some);
    }
  }
  const trace: string[] = [];
  const outcome = await simulate(scenario, { without, write: (line) => void trace.push(line) });
  return { without, outcome, trace, runs };
}

/** What of the scenario is left, in words. */
export function describeItems(scenario: Scenario, without: ReadonlySet<number>): string[] {
  return scenario.items.flatMap((item, i) => (without.has(i) ? [] : [`${i} ${JSON.stringify(item)}`]));
}

/** The command that brings it about again. */
export function replayCommand(scenario: Scenario, without: ReadonlySet<number>): string {
  const left = without.size === 0 ? "" : ` --without ${ranges([...without])}`;
  return `chancery selftest --seed ${scenario.seed} --scenarios 1${left} --trace`;
}

/** 1, 2, 3, 5 as "1-3,5". */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const out: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (sorted[j + 1] === sorted[j]! + 1) j++;
    out.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return out.join(",");
}

/** The numbers of "1-3,5"; undefined if it is none such list. */
export function numbersOf(text: string): Set<number> | undefined {
  const out = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (match === null) return undefined;
    for (let n = Number(match[1]); n <= Number(match[2] ?? match[1]); n++) out.add(n);
  }
  return out;
}
