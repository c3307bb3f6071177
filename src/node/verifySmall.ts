// Small jobs of verification, done at once where they come in: a message to a worker and back wakes two threads and costs what several signatures do.
// Owns what is small, and what is left to a worker after all: predicates and the full rule, which take milliseconds. Does not own: verdicts (ledger/verify).

import type { Bytes } from "../base/bytes.ts";
import { SMALL_JOB_BYTES } from "../base/limits.ts";
import type { Registry } from "../contracts/engine/registry.ts";
import { type BatchVerdict, type IngressVerdict, verifyBatch, verifyIngress, type VerifyOptions } from "../ledger/verify.ts";

export class SmallJobs {
  readonly #registry: Registry;
  readonly #proving: ReadonlySet<string>;
  readonly #network: Bytes;
  #options: VerifyOptions;
  /** The job at hand has predicates. */
  #proves = false;

  /** `proving`: actions with predicates. */
  constructor(registry: Registry, proving: ReadonlySet<string>, network: Bytes, protocol: number) {
    this.#registry = registry;
    this.#proving = proving;
    this.#network = network;
    this.#options = this.#optionsOf(protocol);
  }

  setProtocol(protocol: number): void {
    this.#options = this.#optionsOf(protocol);
  }

  #optionsOf(protocol: number): VerifyOptions {
    return {
      network: this.#network,
      work: (action) => this.#registry.work(action, protocol),
      proofs: (action) => {
        this.#proves ||= this.#proving.has(action);
        return NONE;
      },
      quick: true,
    };
  }

  /** The verdict on a peer's batch; undefined if it is a worker's: large, with predicates, or with a signature that only the full rule may refuse. */
  batch(bytes: Bytes): BatchVerdict | undefined {
    const verdict = this.#small(bytes, verifyBatch);
    return verdict?.ok === false && verdict.code === "transaction.signature" ? undefined : verdict;
  }

  /** Verdicts on a client's transactions; undefined if they are a worker's. Throws `batch.…` if the list itself is malformed. */
  ingress(bytes: Bytes): IngressVerdict | undefined {
    return this.#small(bytes, verifyIngress);
  }

  #small<V>(bytes: Bytes, verify: (bytes: Bytes, options: VerifyOptions) => V): V | undefined {
    if (bytes.length > SMALL_JOB_BYTES) return undefined;
    this.#proves = false;
    const verdict = verify(bytes, this.#options);
    return this.#proves ? undefined : verdict;
  }
}
const NONE: readonly string[] = [];
