// The pool of verify workers: every signature of clients and peers is checked here, once, off the main thread but for small jobs. One message for all jobs of a
// turn, buffers moved. Owns threads and jobs in flight. Does not own: verdicts (ledger/verify), turns within a worker (verifyJobs.ts), what is small (verifySmall.ts).

import os from "node:os";
import { Worker } from "node:worker_threads";
import type { Bytes } from "../base/bytes.ts";
import { fail, LedgerError } from "../base/errors.ts";
import type { BatchVerdict, IngressVerdict } from "../ledger/verify.ts";
import { type Ingress, IngressJoin } from "./ingressJoin.ts";
import { contracts } from "./registry.ts";
import { provingActions, VerifyJobs } from "./verifyJobs.ts";
import type { Done, Job, WorkerSetup } from "./verifyProtocol.ts";
import { SmallJobs } from "./verifySmall.ts";

/** Room for what a worker allocates, which dies at once: a batch's facts are in typed arrays that leave with it. */
const YOUNG_MB = 8;
interface Waiting {
  readonly bytes: number;
  readonly worker: number;
  readonly done: (done: Done) => void;
}

export class Verifier {
  readonly #workers: Worker[] = [];
  /** Bytes given to each worker and not answered: the least loaded takes the next job. */
  readonly #load: number[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Jobs of this turn of the event loop, for each worker. */
  readonly #outgoing: { jobs: Job[]; transfer: ArrayBuffer[] }[] = [];
  readonly #join: IngressJoin;
  readonly #inline: VerifyJobs | undefined;
  readonly #small: SmallJobs;
  readonly #bug: (error: unknown) => void;
  #next = 1;
  #stopped = false;
  signatures = { good: 0, refused: 0 };

  /** `threads` −1 takes one less than there are cores; 0 verifies on the main thread. `bug` hears what must stop the node. */
  constructor(setup: WorkerSetup, threads: number, bug: (error: unknown) => void) {
    this.#bug = bug;
    const count = threads >= 0 ? threads : Math.max(1, os.availableParallelism() - 1);
    if (count === 0) this.#inline = new VerifyJobs(contracts(), setup, (done) => this.#answered(done));
    const file = new URL(import.meta.url.endsWith(".ts") ? "./verifyWorker.ts" : "./verifyWorker.js", import.meta.url);
    for (let i = 0; i < count; i++) {
      const worker = new Worker(file, { workerData: setup, name: `verify-${i}`, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
      worker.on("message", (answers: readonly Done[]) => {
        for (const done of answers) this.#answered(done);
      });
      worker.on("error", (error) => this.#bug(error));
      worker.on("exit", (code) => {
        if (!this.#stopped) this.#bug(new LedgerError("bug.assertion", { message: "a verify worker ended", code }));
      });
      this.#workers.push(worker);
      this.#load.push(0);
      this.#outgoing.push({ jobs: [], transfer: [] });
    }
    const proving = provingActions(contracts());
    this.#small = new SmallJobs(contracts(), proving, setup.network, setup.protocol);
    this.#join = new IngressJoin((list) => this.#ingress(list), proving, Math.max(1, count));
  }

  /** Bytes of jobs in flight: back-pressure for whoever hands in. */
  get backlog(): number {
    return this.#load.reduce((a, b) => a + b, this.#join.bytes);
  }

  /** The verdict on a peer's batch; `bytes` is moved away if it owns its buffer. */
  async batch(bytes: Bytes, origin: string): Promise<BatchVerdict> {
    const small = this.#small.batch(bytes);
    if (small !== undefined) return this.#counted(small);
    return new Promise((resolve, reject) => {
      this.#post(
        bytes,
        (job) => ({ job, kind: "batch", bytes, origin }),
        (done) => {
          if (done.kind !== "batch") return reject(new LedgerError("bug.assertion", { message: "a batch's job has a batch's answer" }));
          resolve(this.#counted(done.verdict));
        },
      );
    });
  }

  /** Verdicts on a client's transactions; `bytes` is moved away if it owns its buffer. Throws `batch.…` if the list itself is malformed. */
  ingress(bytes: Bytes): Promise<Ingress> {
    return this.#join.take(bytes);
  }

  async #ingress(bytes: Bytes): Promise<Ingress> {
    const small = this.#small.ingress(bytes);
    if (small !== undefined) return { bytes, verdict: this.#countedEach(small), proofMs: 0 };
    return new Promise((resolve, reject) => {
      this.#post(
        bytes,
        (job) => ({ job, kind: "ingress", bytes }),
        (done) => {
          if (done.kind === "refused") return reject(new LedgerError(done.code, { detail: done.detail }));
          if (done.kind !== "ingress") return reject(new LedgerError("bug.assertion", { message: "an ingress job has its answer" }));
          this.#countedEach(done.verdict);
          resolve(done);
        },
      );
    });
  }

  /** An epoch began under another protocol version. */
  setProtocol(protocol: number): void {
    this.#small.setProtocol(protocol);
    this.#inline?.take({ kind: "protocol", protocol });
    this.#workers.forEach((_, worker) => this.#send(worker, { kind: "protocol", protocol }));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers.map(async (w) => w.terminate()));
  }

  #counted(verdict: BatchVerdict): BatchVerdict {
    if (verdict.ok) this.signatures.good += verdict.batch.signatures;
    else this.signatures.refused++;
    return verdict;
  }

  #countedEach(verdict: IngressVerdict): IngressVerdict {
    let refused = 0;
    for (const code of verdict.codes) if (code === "transaction.signature") refused++;
    this.signatures.good += verdict.count - refused;
    this.signatures.refused += refused;
    return verdict;
  }

  #post(bytes: Bytes, jobOf: (job: number) => Job, done: (done: Done) => void): void {
    const job = this.#next++;
    const message = jobOf(job);
    if (this.#inline !== undefined) {
      this.#waiting.set(job, { bytes: 0, worker: -1, done });
      this.#inline.take(message);
      setImmediate(() => {
        while (this.#inline!.turn());
      });
      return;
    }
    const worker = this.#load.indexOf(Math.min(...this.#load));
    const own = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
    this.#load[worker]! += bytes.length;
    this.#waiting.set(job, { bytes: bytes.length, worker, done });
    this.#send(worker, message, own ? (bytes.buffer as ArrayBuffer) : undefined);
  }

  /** At the end of the turn: waking a thread costs more than what most jobs hold. */
  #send(worker: number, job: Job, moved?: ArrayBuffer): void {
    const outgoing = this.#outgoing[worker]!;
    outgoing.jobs.push(job);
    if (moved !== undefined) outgoing.transfer.push(moved);
    if (outgoing.jobs.length > 1) return;
    setImmediate(() => {
      const { jobs, transfer } = outgoing;
      this.#outgoing[worker] = { jobs: [], transfer: [] };
      if (!this.#stopped) this.#workers[worker]!.postMessage(jobs, transfer);
    });
  }

  #answered(done: Done): void {
    const waiting = this.#waiting.get(done.job) ?? fail("an answer belongs to a job", { job: done.job });
    this.#waiting.delete(done.job);
    if (waiting.worker >= 0) this.#load[waiting.worker]! -= waiting.bytes;
    if (done.kind === "bug") return this.#bug(new LedgerError("bug.assertion", { message: done.message }));
    waiting.done(done);
  }
}
