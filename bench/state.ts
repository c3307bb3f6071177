// Scenario `state`: the same load while the state grows by powers of ten. Between the stages the nodes are stopped and the chain is grown by the real ledger
// (grow.ts), so that millions of records are there in minutes; throughput, block time, memory, disk and proofs are those of running nodes.

import { type Devnet, diskBytes, startDevnet } from "./devnet.ts";
import { grow, grownDeposit } from "./grow.ts";
import { statusOf, watchHeads } from "./nodeApi.ts";
import { conditions, percentile, rounded, sleep, spread, sum } from "./report.ts";
import { environmentOf, Rig, type Run, throughputDefaults } from "./throughput.ts";
import { loadKey } from "../src/base/keyFile.ts";

export interface StateOptions {
  /** Records at which it is measured, ascending. */
  readonly sizes: readonly number[];
  readonly runs: number;
  readonly seconds: number;
}
const VALIDATORS = 4;
const WARMUP_SECONDS = 5;
const PROOFS = 200;

export async function state(o: StateOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  let devnet = await startDevnet(VALIDATORS, { environment: environmentOf({}) });
  const { directory } = devnet;
  const rows: Record<string, unknown>[] = [];
  let grown = 0;
  try {
    for (const size of o.sizes) {
      await devnet.halt();
      if (size > grown) {
        say(`growing to ${size} records`);
        const depositor = { id: "tax", secret: loadKey(devnet.keys["tax"]!).secret };
        await grow({ genesis: devnet.genesis, homes: devnet.nodes.map((n) => n.home), depositor, from: grown, to: size }, say);
        grown = size;
      }
      const stopped = performance.now();
      devnet = await startDevnet(VALIDATORS, { environment: environmentOf({}), directory });
      const startSeconds = (performance.now() - stopped) / 1_000;
      rows.push({ records: size, start_s: rounded(startSeconds), ...(await measure(devnet, size, rows.length, o, say)) });
    }
    return {
      scenario: "state",
      act: "evidence.deposit: one new record",
      validators: VALIDATORS,
      transaction_bytes: 250,
      signature_checks_per_node: 1,
      rows,
      conditions: conditions(),
    };
  } finally {
    await devnet.stop();
  }
}

async function measure(devnet: Devnet, records: number, stage: number, o: StateOptions, say: (text: string) => void) {
  const { supplyPerSecond, connectionsPerNode, perRequest } = throughputDefaults;
  const supply = supplyPerSecond * (WARMUP_SECONDS + o.runs * o.seconds + 2);
  const disk = Math.round(sum(devnet.nodes.map((n) => diskBytes(n.home))) / VALIDATORS / 2 ** 20);
  const proofs = records === 0 ? {} : await proofCosts(devnet.nodes[0]!.api, records);
  const rig = await Rig.on(devnet, { act: "deposit", bytes: 250, loaders: 1, first: stage * 10_000_000 }, supply, say);
  try {
    rig.mode = { kind: "closed", connectionsPerNode, perRequest };
    await sleep(WARMUP_SECONDS * 1_000);
    const heads = watchHeads(devnet.nodes[0]!.api);
    const runs: Run[] = [];
    const before = await statusOf(devnet.nodes[0]!.api);
    for (let i = 1; i <= o.runs; i++) runs.push(await rig.run(o.seconds, `${records} records, run ${i} of ${o.runs}`));
    const after = await statusOf(devnet.nodes[0]!.api);
    await heads.stop();
    await rig.drain();
    const rate = spread(runs.map((r) => r.txPerSecond));
    return {
      tx_per_s: rate.median,
      tx_per_s_spread: rate,
      cpu_us_per_tx: spread(runs.map((r) => r.usage.cpu / Math.max(1, r.transactions))).median,
      block_ms: Math.round((1_000 * sum(runs.map((r) => r.usage.seconds))) / Math.max(1, after.height - before.height)),
      rss_mb: runs.at(-1)!.usage.rss.map((b) => Math.round(b / 2 ** 20)),
      disk_mb_per_node: disk,
      ...proofs,
    };
  } finally {
    rig.loaders.kill();
  }
}

async function proofCosts(api: string, records: number) {
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < PROOFS; i++) {
    const name = grownDeposit(Math.floor((records * ((i * 7_919) % 10_007)) / 10_007));
    const start = performance.now();
    const response = await fetch(`${api}/v1/proofs/evidence/deposit/${name}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${response.status} ${text.slice(0, 200)}`);
    times.push(performance.now() - start);
    sizes.push(text.length);
  }
  times.sort((a, b) => a - b);
  return {
    proof_p50_ms: rounded(percentile(times, 50), 2),
    proof_p99_ms: rounded(percentile(times, 99), 2),
    proof_file_bytes: spread(sizes).median,
  };
}
