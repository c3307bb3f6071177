// Scenario `throughput`: n validators as processes on loopback, each signature checked by every node, each block synced to disk, load from separate processes.
// One network, one warm-up, then the runs: saturation by a closed loop; then open loops at 90 % of it (does it hold?) and at 50 % (latency). With `rate` only
// an open loop at that rate.

import fs from "node:fs";
import path from "node:path";
import type { LoadMode, LoadSample } from "./load.ts";
import { type Devnet, residentBytes, startDevnet } from "./devnet.ts";
import { Loaders } from "./loaders.ts";
import { headOf } from "./nodeApi.ts";
import { presign } from "./presign.ts";
import { showStages, type StageTable, stageTable } from "./profile.ts";
import { conditions, percentile, rounded, sleep, spread, sum, verificationsPerSecond } from "./report.ts";
import { type Usage, watchUsage } from "./window.ts";
import { startFar } from "./wan.ts";
import { networkOf, type Workload, type WorkloadName, workload } from "./workloads.ts";

export interface ThroughputOptions {
  readonly validators: number;
  readonly act: WorkloadName;
  /** Bytes of a whole transaction: body and one signature. */
  readonly bytes: number | undefined;
  readonly runs: number;
  /** Of each run. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly loaders: number;
  readonly connectionsPerNode: number;
  readonly perRequest: number;
  /** Offered transactions a second, instead of as many as go. */
  readonly rate?: number | undefined;
  /** Open loops after the runs. */
  readonly latency: boolean;
  /** Presigned supply, transactions of one record a second: more than can be reached. */
  readonly supplyPerSecond: number;
  readonly profile?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds from each node to each, one way; loopback if left out. */
  readonly wan?: number | undefined;
}

export const throughputDefaults: ThroughputOptions = {
  validators: 4,
  act: "deposit",
  bytes: 250,
  runs: 3,
  seconds: 10,
  warmupSeconds: 8,
  loaders: 1,
  connectionsPerNode: 4,
  perRequest: 250,
  latency: true,
  supplyPerSecond: 12_000,
};
/** Code is compiled by how often it ran, not by how long: so a closed loop with requests of the same size goes in front of a low rate. */
const WARM_UP_CONNECTIONS = 16;
/** More requests than can be reached. */
const WARM_UP_PER_SECOND = 4_000;
const SETTLE_MS = 3_000;
/** Records up to which the target for memory is given. */
const SMALL_STATE = 100_000;
/** So much fewer transactions of a hundred records are needed. */
const BATCH_SHARE = 10;
type Say = (text: string) => void;

/** One measured stretch. */
export interface Run {
  readonly txPerSecond: number;
  readonly transactions: number;
  readonly offeredPerSecond: number;
  readonly usage: Usage;
  readonly blocks: number;
  /** Sorted, ms. */
  readonly latencies: readonly number[];
  readonly perSecond: readonly number[];
  readonly refused: number;
  readonly loaderCpu: number;
}

/** A network under a workload, presigned and connected: what scenarios measure on. */
export class Rig {
  readonly devnet: Devnet;
  readonly workload: Workload;
  readonly loaders: Loaders;
  readonly bytes: number;
  readonly say: Say;
  /** Of each node: most memory, looked at each second, as long as there were no more records than SMALL_STATE. */
  smallState: readonly number[] = [];

  private constructor(devnet: Devnet, work: Workload, loaders: Loaders, bytes: number, say: Say) {
    this.devnet = devnet;
    this.workload = work;
    this.loaders = loaders;
    this.bytes = bytes;
    this.say = say;
  }

  /** `first`: number of the first act, where a network has seen others before. */
  static async on(
    devnet: Devnet,
    o: Pick<ThroughputOptions, "act" | "bytes" | "loaders"> & { readonly first?: number },
    supply: number,
    say: Say,
  ): Promise<Rig> {
    const work = await workload(o.act, o.bytes, devnet, say);
    say(`signing ${supply} transactions`);
    const presigned = presign(path.join(devnet.directory, "load.bin"), supply, networkOf(devnet), (i) => work.act((o.first ?? 0) + i));
    const apis = devnet.nodes.map((n) => n.api);
    return new Rig(devnet, work, new Loaders(o.loaders, presigned, apis), presigned.stride - 4, say);
  }

  set mode(mode: LoadMode) {
    this.loaders.mode = mode;
  }

  /** Watches for so many seconds whatever the loaders do. */
  async run(seconds: number, name: string): Promise<Run> {
    const begin = await this.loaders.sample();
    const { height } = await headOf(this.devnet.nodes[0]!.api);
    const end = watchUsage(this.devnet);
    const start = performance.now();
    const perSecond: number[] = [];
    const latencies: number[] = [];
    let last: LoadSample = begin;
    for (let s = 1; s <= seconds; s++) {
      await sleep(start + s * 1_000 - performance.now());
      const now = await this.loaders.sample();
      perSecond.push(now.applied - last.applied);
      for (const ms of now.latencies) latencies.push(ms);
      last = now;
      this.noteMemory(now.applied);
    }
    const usage = end();
    latencies.sort((a, b) => a - b);
    const transactions = last.applied - begin.applied;
    const run: Run = {
      txPerSecond: transactions / usage.seconds,
      transactions,
      offeredPerSecond: (last.due - begin.due) / usage.seconds,
      usage,
      blocks: (await headOf(this.devnet.nodes[0]!.api)).height - height,
      latencies,
      perSecond,
      refused: last.refused - begin.refused,
      loaderCpu: last.cpu - begin.cpu,
    };
    this.say(`  ${name}: ${Math.round(run.txPerSecond)} tx/s, ${Math.round(usage.cpu / Math.max(1, transactions))} µs a transaction`);
    return run;
  }

  /** Whatever the loaders do, for so many seconds, and what they have seen is forgotten. */
  async warmUp(seconds: number): Promise<void> {
    const start = performance.now();
    for (let s = 1; s <= seconds; s++) {
      await sleep(start + s * 1_000 - performance.now());
      this.noteMemory((await this.loaders.sample()).applied);
    }
  }

  private noteMemory(applied: number): void {
    if (applied * this.workload.records > SMALL_STATE) return;
    this.smallState = this.devnet.nodes.map(({ pid }, i) => Math.max(this.smallState[i] ?? 0, residentBytes(pid)));
  }

  /** No more is sent; waits until what is out has been answered, `limitMs` at most. */
  async drain(limitMs = 30_000): Promise<void> {
    this.mode = { kind: "pause" };
    const until = performance.now() + limitMs;
    while (performance.now() < until && (await this.loaders.sample()).outstanding > 0) await sleep(50);
    await this.loaders.sample();
  }
}

/** What nodes need to let this machine's load through, and to write profiles. */
export function environmentOf(o: Pick<ThroughputOptions, "profile" | "environment">): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    CHANCERY_API__QUOTA_TX_PER_S: "100000",
    CHANCERY_API__QUOTA_ANONYMOUS_PER_S: "1000",
    ...o.environment,
  };
  if (o.profile !== undefined) {
    fs.mkdirSync(o.profile, { recursive: true });
    environment["NODE_OPTIONS"] = `--cpu-prof --cpu-prof-dir=${path.resolve(o.profile)}`;
  }
  return environment;
}

/** An open loop of this rate: requests small enough that each node gets many a second, as from many clients. */
export const openLoop = (rate: number): LoadMode & { readonly kind: "open" } => ({
  kind: "open",
  rate,
  perRequest: Math.max(1, Math.round(rate / 500)),
});

/** Runs the scenario once; progress to `say`. */
export async function throughput(o: ThroughputOptions, say: Say): Promise<Record<string, unknown>> {
  const verifications = verificationsPerSecond();
  say(`starting ${o.validators} validators`);
  const environment = environmentOf(o);
  const devnet = await (o.wan === undefined ? startDevnet(o.validators, { environment }) : startFar(o.validators, o.wan, environment));
  let rig: Rig | undefined;
  try {
    const loaded = o.warmupSeconds + o.runs * o.seconds + 2;
    const supplied = o.rate ?? (o.act === "invoices" || o.act === "awards" ? o.supplyPerSecond / BATCH_SHARE : o.supplyPerSecond);
    const supply =
      Math.ceil(supplied * (loaded + (o.rate === undefined && o.latency ? 16 : 0))) +
      (o.rate === undefined ? 0 : WARM_UP_PER_SECOND * o.warmupSeconds * openLoop(o.rate).perRequest);
    rig = await Rig.on(devnet, o, supply, say);
    say(`warming up for ${o.warmupSeconds} s`);
    if (o.rate === undefined) rig.mode = { kind: "closed", connectionsPerNode: o.connectionsPerNode, perRequest: o.perRequest };
    else rig.mode = { kind: "closed", connectionsPerNode: WARM_UP_CONNECTIONS, perRequest: openLoop(o.rate).perRequest };
    await rig.warmUp(o.warmupSeconds);
    if (o.rate !== undefined) {
      await rig.drain();
      rig.mode = openLoop(o.rate);
      await sleep(SETTLE_MS);
      await rig.loaders.sample();
    }
    const runs: Run[] = [];
    for (let i = 1; i <= o.runs; i++) runs.push(await rig.run(o.seconds, `run ${i} of ${o.runs}`));
    await rig.drain();
    const peak = spread(runs.map((r) => r.txPerSecond)).median;
    const more = o.rate === undefined && o.latency ? await openLoops(rig, peak) : {};
    const end = await rig.loaders.stop();
    await devnet.halt(); // profiles are written when a process ends
    const table = o.profile === undefined ? undefined : profileOf(o.profile, devnet, runs);
    if (table !== undefined) say(`\n${showStages(table)}\n`);
    return {
      scenario: "throughput",
      ...about(rig, o.validators),
      ...(o.wan === undefined ? {} : { one_way_ms: o.wan }),
      ...figures(runs, o.validators, verifications, rig.workload),
      ...(o.rate === undefined ? { rss_mb_to_100k_records: rig.smallState.map((b) => Math.round(b / 2 ** 20)) } : {}),
      ...more,
      supply_exhausted: end.exhausted,
      refusals: end.refusals,
      ...(table === undefined ? {} : { stages: table.stages }),
      conditions: conditions(),
    };
  } finally {
    rig?.loaders.kill();
    await devnet.stop();
  }
}

/** What stands beside each figure. */
export function about(rig: Rig, validators: number): Record<string, unknown> {
  return {
    act: rig.workload.says,
    validators,
    transaction_bytes: rig.bytes,
    signature_checks_per_node: 1,
    durability: "journal synced before each vote, every block synced to disk on every node",
  };
}

/** Medians over the runs, and their spread. Percentiles are over all runs together. */
export function figures(runs: readonly Run[], validators: number, verifications: number, work: Workload): Record<string, unknown> {
  const rate = spread(runs.map((r) => r.txPerSecond));
  const cpu = spread(runs.map((r) => r.usage.cpu / Math.max(1, r.transactions)));
  const latencies = runs.flatMap((r) => r.latencies).sort((a, b) => a - b);
  const limit = ((conditions()["cores"] as number) * verifications) / validators;
  const transactions = Math.max(1, sum(runs.map((r) => r.transactions)));
  return {
    runs: runs.length,
    seconds: rounded(sum(runs.map((r) => r.usage.seconds))),
    tx_per_s: rate.median,
    tx_per_s_spread: rate,
    records_per_s: Math.round(rate.median * work.records),
    limit_tx_per_s: Math.round(limit),
    of_limit: rounded(rate.median / limit, 3),
    tx_per_block: rounded(transactions / Math.max(1, sum(runs.map((r) => r.blocks)))),
    p50_ms: rounded(percentile(latencies, 50)),
    p95_ms: rounded(percentile(latencies, 95)),
    p99_ms: rounded(percentile(latencies, 99)),
    cpu_us_per_tx: cpu.median,
    cpu_us_per_tx_spread: cpu,
    cpu_us_by_thread: Object.fromEntries(
      [...new Set(runs.flatMap((r) => [...r.usage.threads.keys()]))].map((role) => [
        role,
        rounded(sum(runs.map((r) => r.usage.threads.get(role) ?? 0)) / transactions),
      ]),
    ),
    loader_us_per_tx: rounded(sum(runs.map((r) => r.loaderCpu)) / transactions),
    rss_mb: runs.at(-1)!.usage.rss.map((b) => Math.round(b / 2 ** 20)),
    disk_bytes_per_tx: Math.round(sum(runs.map((r) => r.usage.disk)) / validators / transactions),
    written_bytes_per_tx: Math.round(sum(runs.map((r) => r.usage.written)) / validators / transactions),
    refused: sum(runs.map((r) => r.refused)),
    per_second: runs.flatMap((r) => r.perSecond),
  };
}

/** Offered and reached at 90 % of saturation; latency at 50 %. */
async function openLoops(rig: Rig, peak: number): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const share of [0.9, 0.5]) {
    rig.mode = openLoop(peak * share);
    await sleep(2_000);
    await rig.loaders.sample();
    const run = await rig.run(6, `open loop at ${share * 100} %`);
    await rig.drain();
    result[`open_loop_${share * 100}`] = {
      offered_tx_per_s: Math.round(run.offeredPerSecond),
      tx_per_s: Math.round(run.txPerSecond),
      p50_ms: rounded(percentile(run.latencies, 50)),
      p95_ms: rounded(percentile(run.latencies, 95)),
      p99_ms: rounded(percentile(run.latencies, 99)),
      refused: run.refused,
    };
  }
  return result;
}

/** Stages over all runs together, as one stretch. */
function profileOf(directory: string, devnet: Devnet, runs: readonly Run[]): StageTable {
  const threads = new Map<string, number>();
  for (const { usage } of runs) for (const [role, us] of usage.threads) threads.set(role, (threads.get(role) ?? 0) + us);
  const whole: Usage = {
    ...runs[0]!.usage,
    to: runs.at(-1)!.usage.to,
    cpu: sum(runs.map((r) => r.usage.cpu)),
    threads,
  };
  const pids = devnet.nodes.map((n) => n.pid);
  const table = stageTable(directory, pids, whole, sum(runs.map((r) => r.transactions)));
  fs.writeFileSync(path.join(directory, "stages.json"), `${JSON.stringify(table, undefined, 2)}\n`);
  fs.writeFileSync(path.join(directory, "stages.txt"), `${showStages(table)}\n`);
  return table;
}
