// The worker thread that verifies: takes jobs from its port, gives back verdicts. Owns nothing; the jobs are in verifyJobs.ts.

import { parentPort, workerData } from "node:worker_threads";
import { useSodium } from "../base/ristrettoSodium.ts";
import { contracts } from "./registry.ts";
import { VerifyJobs } from "./verifyJobs.ts";
import type { Job, WorkerSetup } from "./verifyProtocol.ts";

await useSodium(); // what is posted meanwhile waits at the port
const port = parentPort!;
const jobs = new VerifyJobs(contracts(), workerData as WorkerSetup, (done, transfer) => port.postMessage(done, transfer));

// Between two turns new messages are heard, so that a client does not wait for a line of batches.
let turning = false;
function turn(): void {
  turning = jobs.turn();
  if (turning) setImmediate(turn);
}
port.on("message", (job: Job) => {
  jobs.take(job);
  if (turning) return;
  turning = true;
  setImmediate(turn);
});
