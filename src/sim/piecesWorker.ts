// A thread that works off pieces of seeds, one after the other, and answers with their sums. Owns the table of what can be run so.

import { parentPort } from "node:worker_threads";
import { exhaust, models } from "./exhaustive.ts";
import { explorePiece } from "./exploring.ts";
import { runPiece } from "./selftest.ts";
import { twinsPiece } from "./twinsMany.ts";

const MOST_SECONDS = 3_000;

const kinds = {
  scenarios: runPiece,
  schedules: explorePiece,
  models: (from: number, states: number) => exhaust(models[from % models.length]!, states, MOST_SECONDS),
  "twins all": (from: number, count: number) => twinsPiece("all", from, count),
  "twins epochs": (from: number, count: number) => twinsPiece("epochs", from, count),
  "twins four": (from: number, count: number) => twinsPiece("four", from, count),
  "twins seven": (from: number, count: number) => twinsPiece("seven", from, count),
};

export type Kind = keyof typeof kinds;
export type Sums = { readonly [K in Kind]: Awaited<ReturnType<(typeof kinds)[K]>> };

parentPort?.on("message", ({ kind, from, count }: { kind: Kind; from: number; count: number }) => {
  void Promise.resolve(kinds[kind](from, count)).then((sum) => parentPort!.postMessage(sum));
});
