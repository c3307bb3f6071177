// A simulated network in good weather under deposits, its wires counted. Owns the scenario and the counting.

import type { Packet } from "../src/sim/network.ts";
import type { Scenario } from "../src/sim/scenario.ts";
import { Simulation } from "../src/sim/simulation.ts";
import { percentile, rounded } from "./report.ts";

const BEGIN_MS = 5_000;
const OVER_MS = 2_000;

export async function simulated(o: {
  readonly validators: number;
  readonly latencyMs: number;
  readonly transactions: number;
}): Promise<Record<string, unknown>> {
  const scenario: Scenario = {
    seed: 11,
    members: o.validators,
    seats: o.validators,
    parameters: {},
    latencyMs: o.latencyMs,
    executeMs: 5,
    segmentBytes: 64 << 20,
    cachedRows: 10_000,
    realSignatures: false,
    banMs: 60_000,
    healAt: BEGIN_MS + OVER_MS,
    items: Array.from({ length: o.transactions }, (_, number) => ({
      kind: "transaction",
      at: BEGIN_MS + Math.floor((number * OVER_MS) / o.transactions),
      node: number % o.validators,
      number,
      agency: number % o.validators,
      copies: 1,
      shortMs: 0,
      rival: -1,
    })),
  };
  const messages: Record<string, number> = {};
  const bytes: Record<string, number> = {};
  const simulation = await Simulation.found(scenario, {});
  const { network } = simulation;
  const send = network.send.bind(network);
  network.send = (from: number, to: number, packet: Packet): void => {
    messages[packet.kind] = (messages[packet.kind] ?? 0) + 1;
    bytes[packet.kind] = (bytes[packet.kind] ?? 0) + sizeOf(packet);
    send(from, to, packet);
  };
  const started = performance.now();
  const outcome = await simulation.run();
  if (outcome.violation !== undefined) throw new Error(JSON.stringify(outcome.violation));
  const waits = simulation.clients.requests.map((r) => r.finalAt - r.submittedAt).sort((a, b) => a - b);
  const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return {
    validators: o.validators,
    latency_ms: o.latencyMs,
    transactions: o.transactions,
    blocks: outcome.height,
    messages_per_block: Math.round(total(messages) / outcome.height),
    messages_per_block_and_node: rounded(total(messages) / outcome.height / o.validators, 1),
    vote_bytes_per_block_and_node: Math.round((bytes["votes"] ?? 0) / outcome.height / o.validators),
    batch_bytes_per_tx: rounded((bytes["batch"] ?? 0) / o.transactions, 0),
    messages,
    bytes,
    p50_ms: Math.round(percentile(waits, 50)),
    p99_ms: Math.round(percentile(waits, 99)),
    wall_seconds: rounded((performance.now() - started) / 1_000),
  };
}

function sizeOf(packet: Packet): number {
  if ("bytes" in packet) return packet.bytes.length;
  if ("digests" in packet) return 32 * packet.digests.length;
  return 0;
}
