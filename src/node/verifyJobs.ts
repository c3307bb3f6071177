// The work of one verify worker: a queue of batches whose origins take turns, so that crafted signatures (a millisecond each) delay their sender only, and
// clients' transactions in between, those with dear predicates in turns of their own. Runs in a worker thread, or on the main thread where there are no workers.

import type { Value } from "../base/codec.ts";
import { isLedgerError } from "../base/errors.ts";
import type { Registry } from "../contracts/engine/registry.ts";
import { BatchVerification, IngressVerification, transferables, type VerifyOptions } from "../ledger/verify.ts";
import type { Done, Job, WorkerSetup } from "./verifyProtocol.ts";

/** Checks by the full rule, or milliseconds of predicates, after which somebody else has his turn. */
const SLOW_TURN = 20;

/** Actions that declare predicates. */
export function provingActions(registry: Registry): ReadonlySet<string> {
  return new Set([...registry.actions].filter(([, plan]) => plan.action.options.proofs !== undefined).map(([name]) => name));
}

export class VerifyJobs {
  readonly #registry: Registry;
  /** Actions that declare predicates: the arguments of all others need not be decoded. */
  readonly #proving: ReadonlySet<string>;
  readonly #answer: (done: Done, transfer: ArrayBuffer[]) => void;
  #options: VerifyOptions;
  #ingress: VerifyOptions;
  readonly #batches: { job: number; verification: BatchVerification }[] = [];
  /** Clients' lists whose predicates take more than a turn. */
  readonly #lists: List[] = [];
  /** What predicates have taken in all, in ms. */
  #proofMs = 0;

  constructor(registry: Registry, { network, protocol }: WorkerSetup, answer: (done: Done, transfer: ArrayBuffer[]) => void) {
    this.#registry = registry;
    this.#proving = provingActions(registry);
    this.#answer = answer;
    this.#options = this.#optionsOf(network, protocol);
    this.#ingress = { ...this.#options, quick: true };
  }

  #optionsOf(network: Uint8Array, protocol: number): VerifyOptions {
    const registry = this.#registry;
    return {
      network,
      work: (action) => registry.work(action, protocol),
      proofs: (action, args: () => Value) => {
        if (!this.#proving.has(action)) return NONE;
        const began = performance.now();
        try {
          return registry.proofs(action, args(), network);
        } finally {
          this.#proofMs += performance.now() - began;
        }
      },
    };
  }

  take(job: Job): void {
    if (job.kind === "protocol") {
      this.#options = this.#optionsOf(this.#options.network, job.protocol);
      this.#ingress = { ...this.#options, quick: true };
    } else if (job.kind === "batch")
      this.#guarded(
        job.job,
        () => void this.#batches.push({ job: job.job, verification: new BatchVerification(job.bytes, this.#options) }),
      );
    else this.#guarded(job.job, () => this.#takeList(job.job, job.bytes));
  }

  /** One turn of the first batch in line, and one of the first list; false when none waits. */
  turn(): boolean {
    const batch = this.#batches.shift();
    if (batch !== undefined)
      this.#guarded(batch.job, () => {
        if (!batch.verification.advance(SLOW_TURN)) return void this.#batches.push(batch);
        const verdict = batch.verification.verdict();
        this.#answer({ job: batch.job, kind: "batch", verdict }, verdict.ok ? transferables(verdict.batch) : []);
      });
    const list = this.#lists.shift();
    if (list !== undefined) this.#guarded(list.job, () => this.#advanceList(list));
    return this.#batches.length + this.#lists.length > 0;
  }

  /** Most lists are done at once: only one whose predicates take longer than a turn waits in line. */
  #takeList(job: number, bytes: Uint8Array): void {
    try {
      this.#advanceList({ job, bytes, verification: new IngressVerification(bytes, this.#ingress), proofMs: 0 });
    } catch (error) {
      if (!isLedgerError(error) || error.code.startsWith("bug.")) throw error;
      this.#answer({ job, kind: "refused", code: error.code, detail: error.message }, []);
    }
  }

  #advanceList(list: List): void {
    const before = this.#proofMs;
    const done = list.verification.advance(SLOW_TURN);
    list.proofMs += this.#proofMs - before;
    if (!done) return void this.#lists.push(list);
    const { job, bytes, proofMs } = list;
    const verdict = list.verification.verdict();
    this.#answer({ job, kind: "ingress", bytes, verdict, proofMs }, transferables({ bytes, ids: verdict.ids }));
  }

  #guarded(job: number, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#answer({ job, kind: "bug", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }, []);
    }
  }
}
const NONE: readonly string[] = [];

interface List {
  readonly job: number;
  readonly bytes: Uint8Array;
  readonly verification: IngressVerification;
  proofMs: number;
}
