// The worker thread that verifies: takes jobs from its port, gives back verdicts. Owns nothing; the jobs are in verifyJobs.ts.

import { parentPort, workerData } from "node:worker_threads";
import { useSodium } from "../base/ristrettoSodium.ts";
import { contracts } from "./registry.ts";
import { VerifyJobs } from "./verifyJobs.ts";
import type { Done, Job, WorkerSetup } from "./verifyProtocol.ts";

await useSodium(); // what is posted meanwhile waits at the port
const port = parentPort!;
const setup = workerData as WorkerSetup;

let answers: Done[] = [];
let moved: ArrayBuffer[] = [];
const jobs = new VerifyJobs(contracts(), setup, (done, transfer) => {
  answers.push(done);
  moved.push(...transfer);
});
function answer(): void {
  if (answers.length === 0) return;
  port.postMessage(answers, moved);
  answers = [];
  moved = [];
}

// Between two turns new messages are heard, so that a client does not wait for a line of batches.
let turning = false;
function turn(): void {
  turning = jobs.turn();
  answer();
  if (turning) setImmediate(turn);
}
port.on("message", (list: readonly Job[]) => {
  for (const job of list) jobs.take(job);
  if (!turning) turn();
  else answer();
});
