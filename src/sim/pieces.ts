// A range of seeds worked off in pieces, on all cores. docs/testing.md.
// Owns the division among worker threads. Does not own what a piece is (selftest.ts, explorer.ts, twins.ts) nor what its sum means.

import os from "node:os";
import { Worker } from "node:worker_threads";
import { LedgerError } from "../base/errors.ts";
import type { Kind, Sums } from "./piecesWorker.ts";

export interface Pieces<K extends Kind> {
  readonly kind: K;
  readonly from: number;
  readonly count: number;
  /** Seeds in a piece. */
  readonly size: number;
  /** What a worker is told in place of the number of seeds. */
  readonly weight?: number;
  /** By default one for each core. */
  readonly threads?: number;
  /** The sum of a piece; false: no more pieces. */
  readonly take: (sum: Sums[K]) => boolean;
}

/** A scenario makes some 50 MB of short-lived objects: with room for several of them the collector finds next to nothing alive. */
const YOUNG_MB = 384;

/** Ends when all pieces are done, or when `take` has had enough. Throws what a worker threw. */
export async function inPieces<K extends Kind>({ kind, from, count, size, weight, threads, take }: Pieces<K>): Promise<void> {
  const end = from + count;
  let next = from;
  let enough = false;
  const file = new URL(import.meta.url.endsWith(".ts") ? "./piecesWorker.ts" : "./piecesWorker.js", import.meta.url);
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
      let over = false;
      const more = (): void => {
        if (enough || next >= end) {
          over = true;
          return void worker.terminate().then(() => resolve(), reject);
        }
        worker.postMessage({ kind, from: next, count: weight ?? Math.min(size, end - next) });
        next += size;
      };
      worker.on("message", (sum: Sums[K]) => {
        if (!take(sum)) enough = true;
        more();
      });
      worker.on("error", reject);
      worker.on("exit", (code) => over || reject(new LedgerError("bug.assertion", { message: "a worker of the simulator ended", code })));
      more();
    });
  await Promise.all(Array.from({ length: Math.min(threads ?? os.availableParallelism(), Math.ceil(count / size)) }, one));
}

/** Counts added to counts. */
export function addCounts(to: Map<string, number>, counts: Iterable<readonly [name: string, times: number]>): void {
  for (const [name, times] of counts) to.set(name, (to.get(name) ?? 0) + times);
}
