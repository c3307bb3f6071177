// What a node counts and shows: the metrics of docs/operations.md, read by Prometheus at a listener of their own. Labels come from closed sets only.
// Owns names and the listener. Does not own: the values (read from the node when asked for, or counted where they happen).

import http from "node:http";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { LedgerError } from "../base/errors.ts";
import { listenAddress } from "./config.ts";
import type { NodeStatus } from "./status.ts";

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 60];
/** Organisations with a label of their own; the others share one. */
const MAX_LABELS = 32;

export interface Metrics {
  readonly viewChanges: Counter<"reason">;
  readonly transactions: Counter<"outcome">;
  readonly finality: Histogram<"origin">;
  readonly blocks: Counter;
  readonly votes: Counter;
  readonly blockTransactions: Histogram;
  readonly quotaRefusals: Counter;
  readonly evidence: Counter;
  readonly penalties: Counter<"reason">;
  readonly storeCommit: Histogram;
  readonly execute: Histogram;
  readonly httpRequests: Counter<"route" | "status_class">;
  readonly httpSeconds: Histogram<"route">;
  text(): Promise<string>;
}

/** `status` and `extras` are asked when somebody reads. */
export function createMetrics(
  about: { version: string; protocol: number; organisation: string; network: string },
  status: () => NodeStatus,
  extras: () => Readonly<Record<string, number>>,
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: "chancery_", eventLoopMonitoringPrecision: 20 });
  const gauge = (name: string, help: string, read: (s: NodeStatus) => number | undefined): void => {
    registry.registerMetric(
      new Gauge({
        name: `chancery_${name}`,
        help,
        registers: [],
        collect() {
          this.set(read(status()) ?? Number.NaN);
        },
      }),
    );
  };
  const perPeer = (name: string, help: string, read: (p: NodeStatus["peers"][number]) => number | undefined): void => {
    registry.registerMetric(
      new Gauge({
        name: `chancery_${name}`,
        help,
        labelNames: ["organisation"],
        registers: [],
        collect() {
          this.reset();
          status().peers.forEach((peer, i) => {
            const value = read(peer);
            if (value !== undefined) this.set({ organisation: i < MAX_LABELS ? peer.id : "other" }, value);
          });
        },
      }),
    );
  };
  new Gauge({ name: "chancery_build_info", help: "release", labelNames: ["version", "protocol"], registers }).set(
    { version: about.version, protocol: about.protocol },
    1,
  );
  new Gauge({ name: "chancery_info", help: "whose node this is", labelNames: ["organisation", "network"], registers }).set(
    { organisation: about.organisation, network: about.network },
    1,
  );
  gauge("height", "committed height", (s) => s.height);
  gauge("block_time_seconds", "time of the last block", (s) => s.time / 1_000);
  gauge("epoch", "epoch of the next height", (s) => s.epoch);
  gauge("view", "view in this epoch", (s) => s.view);
  gauge("commit_certificate_age_seconds", "since the last block was committed here", (s) => s.lastBlockAgeMs / 1_000);
  gauge("heartbeat_seconds", "a block comes at least so often", (s) => s.heartbeatMs / 1_000);
  gauge("validator_count", "validators in this epoch", (s) => s.validators);
  gauge("validators_connected", "validators of the set that are connected, this node included", (s) => s.connected);
  gauge("fault_margin", "connected validators beyond the quorum", (s) => s.connected - s.quorum);
  gauge("mempool_transactions", "transactions handed in here and not yet committed", (s) => s.pending);
  gauge("diverged", "1 while this node's result differs from the network's", (s) => (s.diverged ? 1 : 0));
  gauge("split", "1 while no result can reach a quorum", (s) => (s.split ? 1 : 0));
  gauge("validator", "1 with a seat in this epoch", (s) => (s.role === "validator" ? 1 : 0));
  gauge("silent", "1 while a validator follows without a vote until its journal is trusted", (s) => (s.mode === "silent" ? 1 : 0));
  gauge("paused", "1 while free space is below the reserve", (s) => (s.paused ? 1 : 0));
  gauge("keys_replaced", "own keys that are not those of the chain", (s) => s.replacedKeys.length);
  gauge("clock_off_seconds", "own clock against the peers', 0 within half of what is allowed", (s) => (s.clockOffMs ?? 0) / 1_000);
  gauge("sync_remaining_blocks", "blocks this node is behind", (s) => s.behind);
  gauge("disk_free_bytes", "free space where the database lies", (s) => s.diskFree);
  gauge("disk_reserve_bytes", "free space below which this node pauses", (s) => s.diskReserve);
  perPeer("peer_up", "1 if connected", (p) => (p.connected ? 1 : 0));
  perPeer("peer_rtt_seconds", "round trip", (p) => (p.rttMs === undefined ? undefined : p.rttMs / 1_000));
  perPeer("peer_height_lag", "blocks behind this node", (p) => p.lag);
  perPeer("peer_clock_skew_seconds", "its clock against ours", (p) => (p.skewMs === undefined ? undefined : p.skewMs / 1_000));
  registry.registerMetric(
    new Gauge({
      name: "chancery_node",
      help: "further values by name",
      labelNames: ["value"],
      registers: [],
      collect() {
        for (const [name, value] of Object.entries(extras())) this.set({ value: name }, value);
      },
    }),
  );
  const histogram = <L extends string = string>(name: string, help: string, labelNames: L[] = []): Histogram<L> =>
    new Histogram({ name: `chancery_${name}`, help, buckets: BUCKETS, labelNames, registers });
  const counter = <L extends string = string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name: `chancery_${name}`, help, labelNames, registers });
  return {
    viewChanges: counter("view_changes_total", "views left", ["reason"]),
    transactions: counter("transactions_total", "receipts", ["outcome"]),
    finality: histogram("transaction_finality_seconds", "from submit to receipt", ["origin"]),
    blocks: counter("blocks_total", "blocks committed here"),
    votes: counter("votes_total", "Commits signed by this node"),
    blockTransactions: new Histogram({
      name: "chancery_block_transactions",
      help: "leaves of a block",
      buckets: [0, 1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
      registers,
    }),
    quotaRefusals: counter("quota_refusals_total", "transactions refused by a quota"),
    evidence: counter("evidence_total", "equivocations seen"),
    penalties: counter("peer_penalties_total", "what peers sent that no honest node sends", ["reason"]),
    storeCommit: histogram("store_commit_seconds", "writing a block"),
    execute: histogram("execute_seconds", "executing a block"),
    httpRequests: counter("http_requests_total", "requests", ["route", "status_class"]),
    httpSeconds: histogram("http_request_seconds", "requests", ["route"]),
    text: async () => registry.metrics(),
  };
}

/** Serves the metrics; "off" serves none. */
export async function serveMetrics(metrics: Metrics, address: string): Promise<{ url: string | undefined; stop(): Promise<void> }> {
  if (address === "off") return { url: undefined, stop: async () => {} };
  const at = listenAddress(address) as { host: string; port: number };
  const server = http.createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") return void response.writeHead(404).end();
    void metrics.text().then(
      (text) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new LedgerError(
          "config.invalid",
          { why: `metrics.listen = ${address}: ${cause.message}`, do: 'choose another address, or "off"' },
          cause,
        ),
      ),
    );
    server.listen(at, resolve);
  });
  const bound = server.address() as { port: number };
  return {
    url: `http://${at.host}:${bound.port}/metrics`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
