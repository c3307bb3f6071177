// What every figure must state: the machine, the versions, how durable, which signatures were checked. And percentiles.

import { readFileSync } from "node:fs";
import os from "node:os";
import sodium from "sodium-native";
import { generateSeed, hasNative, publicKeyOf, sign } from "../src/base/signature.ts";

/** The machine and the versions, as they stand beside each figure. */
export function conditions(): Record<string, string | number> {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return {
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    chancery: version,
    verifier: hasNative ? "native addon (batches), libsodium" : "libsodium",
    load_average: rounded(os.loadavg()[0]!, 1),
  };
}

/** Least, middle and greatest of some runs. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}
export function spread(values: readonly number[], digits = 0): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number): number => rounded(sorted[i] ?? 0, digits);
  return { min: at(0), median: at(Math.floor((sorted.length - 1) / 2)), max: at(sorted.length - 1) };
}
export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** The p-th percentile (0…100) of numbers sorted ascending; 0 if there are none. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0;
}

/** Single signature verifications a second on one core, measured for about `forMs`, by libsodium whether or not the addon is there. */
export function verificationsPerSecond(forMs = 1_000): number {
  const seed = generateSeed();
  const key = publicKeyOf(seed);
  const message = new Uint8Array(186).fill(7);
  const signature = sign(seed, message);
  let count = 0;
  const start = process.cpuUsage();
  const end = performance.now() + forMs;
  while (performance.now() < end)
    for (let i = 0; i < 100; i++, count++)
      if (!sodium.crypto_sign_verify_detached(signature, message, key)) throw new Error("a good signature failed");
  const { user, system } = process.cpuUsage(start);
  return Math.round((count * 1e6) / (user + system));
}

/** Rounded to `digits` behind the point. */
export const rounded = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;
