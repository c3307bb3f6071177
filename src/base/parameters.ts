// The chain's parameters: names, defaults, hard bounds. docs/protocol.md §4.6. They change by vote, at an epoch start, and never by local configuration.
// Owns what is allowed; governance owns who may change it. A vote outside the bounds is rejected at execution: one bad vote must not brick the chain.

import type { Bytes } from "./bytes.ts";
import type { Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import * as tags from "./tagNames.ts";
import { tagged } from "./tags.ts";

interface Bound {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly title: string;
}

/** Milliseconds, bytes and counts, as each title says. */
export const parameterBounds = {
  timeout_base_ms: { default: 2_000, min: 200, max: 30_000, title: "View timer after a commit, in ms" },
  timeout_cap_ms: { default: 60_000, min: 200, max: 300_000, title: "Longest view timer, in ms; at least the base" },
  clock_drift_ms: { default: 2_000, min: 100, max: 60_000, title: "How far a fresh proposal's time may be from a replica's clock, in ms" },
  proposal_interval_ms: { default: 40, min: 5, max: 1_000, title: "Pace of proposals while the pipeline is busy, in ms" },
  block_target: { default: 1_000, min: 1, max: 10_000, title: "Transactions of a full block" },
  block_bytes: { default: 4 << 20, min: 64 << 10, max: 4 << 20, title: "Bytes of batches in a block" },
  block_work: { default: 400_000, min: 10_000, max: 4_000_000, title: "Declared work units of a block" },
  window: { default: 4, min: 1, max: 8, title: "Heights in flight above the last committed one (W)" },
  epoch_length: { default: 1_000, min: 16, max: 100_000, title: "Blocks of an epoch (K)" },
  origin_batches: { default: 16, min: 1, max: 64, title: "Unordered batches an origin may have out (M)" },
  heartbeat_ms: { default: 30_000, min: 1_000, max: 600_000, title: "An empty block after this long without one, in ms" },
  max_lifetime_ms: { default: 86_400_000, min: 600_000, max: 604_800_000, title: "Longest life of a transaction, in ms" },
  due_per_block: { default: 64, min: 1, max: 1_000, title: "Entries of due work run in a block" },
  proposal_lifetime_ms: {
    default: 30 * 86_400_000,
    min: 60_000,
    max: 365 * 86_400_000,
    title: "How long a proposal may be voted on, in ms",
  },
} as const satisfies Record<string, Bound>;

export type ParameterName = keyof typeof parameterBounds;
export type Parameters = { readonly [name in ParameterName]: number };

export const parameterNames = Object.keys(parameterBounds) as ParameterName[];
export const defaultParameters: Parameters = Object.fromEntries(parameterNames.map((n) => [n, parameterBounds[n].default])) as Parameters;

/** What is wrong with a full set of parameters; empty if nothing is. */
export function parameterProblems(value: { readonly [name: string]: Value }): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(value)) if (!(name in parameterBounds)) problems.push(`${name}: unknown`);
  for (const name of parameterNames) {
    const { min, max } = parameterBounds[name];
    const v = value[name];
    if (typeof v !== "number" || v < min || v > max) problems.push(`${name}: ${min} … ${max}`);
  }
  if (problems.length === 0 && (value["timeout_cap_ms"] as number) < (value["timeout_base_ms"] as number))
    problems.push("timeout_cap_ms: at least timeout_base_ms");
  return problems;
}

/** The parameters in a decoded map. Throws `parameters.invalid` naming each problem. */
export function parametersFrom(value: Value | undefined): Parameters {
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array)
    throw new LedgerError("parameters.invalid", { problems: ["not a map"] });
  const map = value as { readonly [name: string]: Value };
  const problems = parameterProblems(map);
  if (problems.length > 0) throw new LedgerError("parameters.invalid", { problems });
  return map as unknown as Parameters;
}

/** Hash of the parameters, as block headers carry it. */
export function parametersHash(network: Bytes, parameters: Parameters): Bytes {
  return tagged(tags.parameters, network, parameters);
}
