// The work of one verify worker: a queue of batches whose origins take turns, so that crafted signatures (a millisecond each) delay their sender only, and
// clients' transactions in between. Runs in a worker thread, or on the main thread where there are no workers.

import type { Value } from "../base/codec.ts";
import { isLedgerError } from "../base/errors.ts";
import type { Registry } from "../contracts/engine/registry.ts";
import { BatchVerification, transferables, type VerifyOptions, verifyIngress } from "../ledger/verify.ts";
import type { Done, Job, WorkerSetup } from "./verifyProtocol.ts";

/** Checks by the full rule after which another origin's batch has its turn. */
const SLOW_TURN = 20;

export class VerifyJobs {
  readonly #registry: Registry;
  /** Actions that declare predicates: the arguments of all others need not be decoded. */
  readonly #proving: ReadonlySet<string>;
  readonly #answer: (done: Done, transfer: ArrayBuffer[]) => void;
  #options: VerifyOptions;
  #ingress: VerifyOptions;
  readonly #batches: { job: number; verification: BatchVerification }[] = [];

  constructor(registry: Registry, { network, protocol }: WorkerSetup, answer: (done: Done, transfer: ArrayBuffer[]) => void) {
    this.#registry = registry;
    this.#proving = new Set([...registry.actions].filter(([, plan]) => plan.action.options.proofs !== undefined).map(([name]) => name));
    this.#answer = answer;
    this.#options = this.#optionsOf(network, protocol);
    this.#ingress = { ...this.#options, quick: true };
  }

  #optionsOf(network: Uint8Array, protocol: number): VerifyOptions {
    const registry = this.#registry;
    return {
      network,
      work: (action) => registry.work(action, protocol),
      proofs: (action, args: () => Value) => (this.#proving.has(action) ? registry.proofs(action, args(), network) : NONE),
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
    else this.#guarded(job.job, () => this.#verifyIngress(job.job, job.bytes));
  }

  /** One turn of the first batch in line; false when none waits. */
  turn(): boolean {
    const next = this.#batches.shift();
    if (next === undefined) return false;
    this.#guarded(next.job, () => {
      if (!next.verification.advance(SLOW_TURN)) return void this.#batches.push(next);
      const verdict = next.verification.verdict();
      this.#answer({ job: next.job, kind: "batch", verdict }, verdict.ok ? transferables(verdict.batch) : []);
    });
    return this.#batches.length > 0;
  }

  #verifyIngress(job: number, bytes: Uint8Array): void {
    try {
      const verdict = verifyIngress(bytes, this.#ingress);
      this.#answer({ job, kind: "ingress", bytes, verdict }, transferables({ bytes, ids: verdict.ids }));
    } catch (error) {
      if (!isLedgerError(error) || error.code.startsWith("bug.")) throw error;
      this.#answer({ job, kind: "refused", code: error.code, detail: error.message }, []);
    }
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
