// Where the microseconds go: CPU profiles of nodes, cut to the measured stretch, each sample charged to the stage whose source file it stood in.
// Owns the table of stages. Does not own: making profiles (Node does, --cpu-prof) or the CPU of threads that run no JavaScript (window.ts).

import fs from "node:fs";
import path from "node:path";
import { rounded } from "./report.ts";
import type { Usage } from "./window.ts";

/** Stage of a source file: the first pattern that its path matches. */
const STAGES: readonly (readonly [stage: string, files: RegExp])[] = [
  ["receive", /\/node\/(api\/|intake|admit)|fastify|find-my-way|light-my-request|node:(_http|http|internal\/http|internal\/streams)/],
  ["verify", /\/base\/(signature|cryptoNode)|\/ledger\/verify|\/node\/(verif|examine)|sodium-native|require-addon/],
  ["decode", /\/base\/(codec|encode|bytes)|\/ledger\/(transaction|batch)\b/],
  ["propose", /\/consensus\/(propose|batches|orders)|\/ledger\/orderCheck/],
  ["vote", /\/consensus\/|\/base\/certificate|\/node\/consensusPorts/],
  ["mempool", /\/ledger\/(mempool|holdings|quotas|committedIds)|\/node\/(dissemination|heads)/],
  ["execute", /\/contracts\/|\/ledger\/(execute|overlay|rowCache|rowOrigin|committedState|sortedEntries|speculation|chain)\b/],
  ["tree", /\/ledger\/(stateTree|tree|block|blockHistory|seal)|\/base\/(merkle|hash|header|tags)|hashtree/],
  ["store", /\/ledger\/(store|blockWrite|level|memory|serialQueue|crc32c)|level|\/consensus\/journal|node:(fs|internal\/fs)/],
  ["network", /\/p2p\/|libp2p|yamux|noise|multiformats|uint8array|it-|stream|node:(net|internal\/stream_base|internal\/crypto)/],
  ["reply", /\/node\/api\/(finality|leaves|events)/],
];
/** Files that would match an earlier stage by their folder. */
const REPLY = /\/node\/(api\/(finality|leaves|events)|finality)/;

const stageOf = (url: string): string => (REPLY.test(url) ? "reply" : (STAGES.find(([, files]) => files.test(url))?.[0] ?? "rest"));

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface StageTable {
  /** µs a transaction, all nodes together: stage → thread → µs. */
  readonly stages: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Functions with the most time of their own. */
  readonly top: readonly { readonly us_per_tx: number; readonly thread: string; readonly function: string }[];
  readonly us_per_tx: number;
}

/** The table for `transactions` that were applied in the stretch `usage`, out of the profiles in `directory` of these processes. */
export function stageTable(directory: string, pids: readonly number[], usage: Usage, transactions: number): StageTable {
  const stages: Record<string, Record<string, number>> = {};
  const top = new Map<string, { us: number; thread: string }>();
  const sampled: Record<string, number> = {};
  const perFile: { thread: string; charges: Map<string, number>; functions: Map<string, number> }[] = [];
  for (const file of fs.readdirSync(directory)) {
    const [, pid, thread] = /^CPU\.\d+\.\d+\.(\d+)\.(\d+)\.\d+\.cpuprofile$/.exec(file) ?? [];
    if (pid === undefined || !pids.includes(Number(pid))) continue;
    const profile = JSON.parse(fs.readFileSync(path.join(directory, file), "utf8")) as CpuProfile;
    const role = thread === "0" ? "main" : "verify";
    const charged = charge(profile, usage.from, usage.to);
    perFile.push({ thread: role, ...charged });
    sampled[role] = (sampled[role] ?? 0) + [...charged.charges.values()].reduce((a, b) => a + b, 0);
  }
  // Samples count wall time while a thread had something to do; the kernel knows how much of it was CPU.
  for (const { thread, charges, functions } of perFile) {
    const scale = (usage.threads.get(thread) ?? 0) / Math.max(1, sampled[thread]!) / transactions;
    for (const [stage, us] of charges) (stages[stage] ??= {})[thread] = (stages[stage][thread] ?? 0) + us * scale;
    for (const [name, us] of functions) {
      const key = `${thread} ${name}`;
      top.set(key, { us: (top.get(key)?.us ?? 0) + us * scale, thread });
    }
  }
  for (const [role, us] of usage.threads) if (sampled[role] === undefined && us > 0) stages[role] = { [role]: us / transactions };
  for (const row of Object.values(stages)) for (const [thread, us] of Object.entries(row)) row[thread] = rounded(us, 1);
  return {
    stages,
    top: [...top]
      .sort(([, a], [, b]) => b.us - a.us)
      .slice(0, 40)
      .map(([key, { us, thread }]) => ({ us_per_tx: rounded(us, 2), thread, function: key.slice(thread.length + 1) })),
    us_per_tx: rounded(usage.cpu / transactions, 1),
  };
}

function charge(profile: CpuProfile, from: number, to: number): { charges: Map<string, number>; functions: Map<string, number> } {
  const parents = new Map<number, number>();
  const frames = new Map<number, Frame>();
  for (const { id, callFrame, children } of profile.nodes) {
    frames.set(id, callFrame);
    for (const child of children ?? []) parents.set(child, id);
  }
  const places = new Map<number, readonly [stage: string, name: string]>();
  const placeOf = (id: number): readonly [string, string] => {
    const known = places.get(id);
    if (known !== undefined) return known;
    const { functionName, url, lineNumber } = frames.get(id)!;
    let place: readonly [string, string];
    if (functionName === "(idle)") place = ["idle", ""];
    else if (functionName === "(garbage collector)") place = ["gc", functionName];
    else if (url !== "") place = [stageOf(url), `${functionName || "(anonymous)"} ${shortened(url)}:${lineNumber + 1}`];
    else {
      // Native code, and V8's own: charged to the file that called it.
      const parent = parents.get(id);
      const [stage, caller] = parent === undefined || functionName === "(program)" ? ["rest", ""] : placeOf(parent);
      place = [stage, `${functionName} ${caller === "" ? "" : `< ${caller.split(" < ").at(-1)!}`}`.trim()];
    }
    places.set(id, place);
    return place;
  };
  const charges = new Map<string, number>();
  const functions = new Map<string, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, i) => {
    const start = at;
    at += profile.timeDeltas[i]!;
    // The i-th delta lies before the i-th sample: what ran meanwhile is the sample before.
    const ran = profile.samples[i - 1];
    if (ran === undefined || start < from || at > to || id === undefined) return;
    const [stage, name] = placeOf(ran);
    if (stage === "idle") return;
    charges.set(stage, (charges.get(stage) ?? 0) + at - start);
    functions.set(name, (functions.get(name) ?? 0) + at - start);
  });
  return { charges, functions };
}

const shortened = (url: string): string => url.replace(/^.*\/(node_modules|src|dist)\//, "").replace(/^file:\/\//, "");

/** The table as text for people. */
export function showStages({ stages, top, us_per_tx }: StageTable): string {
  const threads = [...new Set(Object.values(stages).flatMap((row) => Object.keys(row)))];
  const rows = Object.entries(stages)
    .map(([stage, row]) => ({ stage, row, all: Object.values(row).reduce((a, b) => a + b, 0) }))
    .sort((a, b) => b.all - a.all);
  const line = (name: string, values: readonly (number | string)[]): string =>
    name.padEnd(26) + values.map((v) => (typeof v === "number" ? (v === 0 ? "" : v.toFixed(1)) : v).padStart(12)).join("");
  return [
    line("µs a transaction", [...threads.map((t) => t.slice(0, 12)), "all"]),
    ...rows.map(({ stage, row, all }) => line(stage, [...threads.map((t) => row[t] ?? 0), all])),
    line("all, by the kernel", [...threads.map(() => ""), us_per_tx]),
    "",
    ...top.slice(0, 30).map((t) => `${t.us_per_tx.toFixed(2).padStart(8)}  ${t.thread.padEnd(8)}${t.function}`),
  ].join("\n");
}
