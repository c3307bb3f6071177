// Scenario `nodes`: the same load over more and more validators on one machine, so that the cost of each further node can be read off;
// with `wan`, as far from each other as agencies are.

import { throughput, throughputDefaults } from "./throughput.ts";
import { conditions } from "./report.ts";

export interface NodesOptions {
  readonly counts: readonly number[];
  readonly runs: number;
  readonly seconds: number;
  /** As in ThroughputOptions. */
  readonly wan?: number | undefined;
  readonly rate?: number | undefined;
}
const SHOWN = [
  "validators",
  "one_way_ms",
  "tx_per_s",
  "tx_per_s_spread",
  "limit_tx_per_s",
  "of_limit",
  "cpu_us_per_tx",
  "p50_ms",
  "p99_ms",
  "rss_mb",
  "disk_bytes_per_tx",
  "refusals",
];

/**
 * What four validators get, shared among more: each process has to warm up on the same cores, and as many transactions are under way in all, or the time that
 * they wait would only grow with n.
 */
function shares(validators: number): typeof throughputDefaults {
  const d = throughputDefaults;
  const more = Math.max(1, validators / 4);
  return {
    ...d,
    warmupSeconds: Math.ceil(d.warmupSeconds * more),
    connectionsPerNode: Math.max(1, Math.round(d.connectionsPerNode / more)),
    supplyPerSecond: Math.ceil(d.supplyPerSecond / more),
  };
}

export async function nodes(
  { counts, runs, seconds, wan, rate }: NodesOptions,
  say: (text: string) => void,
): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown>[] = [];
  for (const validators of counts) {
    const result = await throughput({ ...shares(validators), validators, runs, seconds, wan, rate, latency: false }, say);
    rows.push(Object.fromEntries(SHOWN.filter((name) => name in result).map((name) => [name, result[name]])));
  }
  return { scenario: "nodes", transaction_bytes: 250, signature_checks_per_node: 1, rows, conditions: conditions() };
}
