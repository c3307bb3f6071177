// Scenario `throughput`: n validators as processes on loopback, each signature checked by every node, each block synced to disk, load from separate processes.

import { type ChildProcess, fork } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { readGenesis } from "../src/base/genesis.ts";
import { cpuMicroseconds, diskBytes, type Devnet, residentBytes, startDevnet } from "./devnet.ts";
import type { LoadOptions, LoadSample } from "./load.ts";
import { presignDeposits } from "./presign.ts";
import { conditions, percentile, rounded, verificationsPerSecond } from "./report.ts";

export interface ThroughputOptions {
  readonly validators: number;
  /** Bytes of a whole transaction: body and one signature. */
  readonly bytes: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly loaders: number;
  readonly connectionsPerNode: number;
  readonly perRequest: number;
  /** Presigned supply, transactions a second: more than can be reached. */
  readonly supplyPerSecond: number;
  readonly profile?: string | undefined;
}

export const throughputDefaults: ThroughputOptions = {
  validators: 4,
  bytes: 250,
  seconds: 20,
  warmupSeconds: 5,
  loaders: 1,
  connectionsPerNode: 4,
  perRequest: 250,
  supplyPerSecond: 9_000,
};

/** Runs the scenario once; progress to `say`. */
export async function throughput(options: ThroughputOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  const verifications = verificationsPerSecond();
  say(`starting ${options.validators} validators`);
  const environment: NodeJS.ProcessEnv = { CHANCERY_API__QUOTA_TX_PER_S: "100000", CHANCERY_API__QUOTA_ANONYMOUS_PER_S: "1000" };
  if (options.profile !== undefined) environment["NODE_OPTIONS"] = `--cpu-prof --cpu-prof-dir=${options.profile}`;
  const devnet = await startDevnet(options.validators, environment);
  try {
    return await measure(options, devnet, verifications, say);
  } finally {
    await devnet.stop();
  }
}

async function measure(
  options: ThroughputOptions,
  devnet: Devnet,
  verifications: number,
  say: (text: string) => void,
): Promise<Record<string, unknown>> {
  const { network } = readGenesis(fs.readFileSync(devnet.genesis, "utf8"));
  const count = Math.ceil((options.seconds + options.warmupSeconds + 2) * options.supplyPerSecond);
  say(`signing ${count} transactions of ${options.bytes} bytes`);
  const presigned = presignDeposits(
    path.join(devnet.directory, "load.bin"),
    count,
    options.bytes,
    network,
    devnet.keys["tax"]!,
    Date.now() + 3_600_000,
  );
  const loaders = startLoaders(options, devnet, presigned.file, presigned.stride, count);
  const sample = async (message: "sample" | "stop"): Promise<LoadSample[]> => Promise.all(loaders.map((l) => ask(l, message)));

  say(`warming up for ${options.warmupSeconds} s`);
  for (const loader of loaders) loader.send("start");
  await sleep(options.warmupSeconds * 1_000);
  const before = total(await sample("sample"));
  const cpuBefore = devnet.nodes.map((n) => cpuMicroseconds(n.pid));
  const diskBefore = sum(devnet.nodes.map((n) => diskBytes(n.home)));
  const start = performance.now();
  say(`measuring for ${options.seconds} s`);
  const perSecond: number[] = [];
  const latencies: number[] = [];
  let last = before.applied;
  for (let s = 1; s <= options.seconds; s++) {
    await sleep(start + s * 1_000 - performance.now());
    const now = total(await sample("sample"));
    perSecond.push(now.applied - last);
    for (const ms of now.latencies) latencies.push(ms);
    last = now.applied;
    say(`  ${s} s: ${perSecond.at(-1)} tx/s`);
  }
  const elapsed = (performance.now() - start) / 1_000;
  const cpu = devnet.nodes.map((n, i) => cpuMicroseconds(n.pid) - cpuBefore[i]!);
  const rss = devnet.nodes.map((n) => residentBytes(n.pid));
  const end = total(await sample("stop"));
  const disk = sum(devnet.nodes.map((n) => diskBytes(n.home))) - diskBefore;
  const done = last - before.applied;
  latencies.sort((a, b) => a - b);
  const limit = Math.round((conditions()["cores"] as number) * verifications) / options.validators;
  return {
    scenario: "throughput",
    act: "evidence.deposit: one new record",
    validators: options.validators,
    transaction_bytes: options.bytes,
    signature_checks_per_node: 1,
    durability: "journal synced before each vote, every block synced to disk on every node",
    seconds: rounded(elapsed),
    tx_per_s: Math.round(done / elapsed),
    limit_tx_per_s: Math.round(limit),
    of_limit: rounded(done / elapsed / limit, 3),
    p50_ms: rounded(percentile(latencies, 50)),
    p95_ms: rounded(percentile(latencies, 95)),
    p99_ms: rounded(percentile(latencies, 99)),
    cpu_us_per_tx: Math.round(sum(cpu) / Math.max(1, done)),
    rss_mb: rss.map((b) => Math.round(b / 2 ** 20)),
    disk_bytes_per_tx: Math.round(disk / options.validators / Math.max(1, end.applied - before.applied)),
    refused: end.refused,
    supply_exhausted: end.exhausted,
    per_second: perSecond,
    examples: end.examples,
    conditions: conditions(),
  };
}

function startLoaders(options: ThroughputOptions, devnet: Devnet, file: string, stride: number, count: number): ChildProcess[] {
  return Array.from({ length: options.loaders }, (_, i) => {
    const load: LoadOptions = {
      file,
      stride,
      from: Math.floor((count * i) / options.loaders),
      to: Math.floor((count * (i + 1)) / options.loaders),
      apis: devnet.nodes.map((n) => n.api),
      connectionsPerNode: options.connectionsPerNode,
      perRequest: options.perRequest,
    };
    return fork(path.join(import.meta.dirname, "load.ts"), [JSON.stringify(load)], { serialization: "advanced" });
  });
}

async function ask(loader: ChildProcess, message: "sample" | "stop"): Promise<LoadSample> {
  return new Promise((resolve) => {
    loader.once("message", (sample) => resolve(sample as LoadSample));
    loader.send(message);
  });
}

function total(samples: readonly LoadSample[]): LoadSample {
  return {
    applied: sum(samples.map((s) => s.applied)),
    refused: sum(samples.map((s) => s.refused)),
    exhausted: samples.some((s) => s.exhausted),
    examples: samples.flatMap((s) => s.examples).slice(0, 3),
    latencies: samples.flatMap((s) => s.latencies),
  };
}
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
