// Clients' requests of few transactions, joined into one job for a verify worker: a message between threads costs what a signature does.
// Owns what is joined and when it goes. It clocks itself: what comes while a job is out goes with the next, so a lone request waits for nothing.
// What has predicates, which take milliseconds, goes by itself: its time is its sender's, and nobody waits for it. Does not own: verdicts (ledger/verify), threads (verifier.ts).

import { type Bytes, concat } from "../base/bytes.ts";
import { isLedgerError } from "../base/errors.ts";
import { MAX_BATCH_TRANSACTIONS, MAX_JOINED_BYTES, MAX_JOINED_TRANSACTIONS } from "../base/limits.ts";
import { splitTransactions } from "../ledger/batch.ts";
import { readLayout, readOperations } from "../ledger/transaction.ts";
import type { IngressVerdict } from "../ledger/verify.ts";

/** A verdict on a client's transactions, and the buffer it speaks of (the one handed in was moved away). */
export interface Ingress {
  readonly bytes: Bytes;
  readonly verdict: IngressVerdict;
  /** What computing its predicates took. */
  readonly proofMs: number;
}

interface Request {
  readonly list: Bytes;
  readonly count: number;
  readonly resolve: (ingress: Ingress) => void;
  readonly reject: (error: unknown) => void;
}

export class IngressJoin {
  readonly #verify: (list: Bytes) => Promise<Ingress>;
  /** Actions with predicates. */
  readonly #proving: ReadonlySet<string>;
  /** Jobs that may be out at once: one for each worker. */
  readonly #most: number;
  #out = 0;
  #waiting: Request[] = [];
  #scheduled = false;
  /** Bytes that wait for a job. */
  bytes = 0;

  constructor(verify: (list: Bytes) => Promise<Ingress>, proving: ReadonlySet<string>, most: number) {
    this.#verify = verify;
    this.#proving = proving;
    this.#most = most;
  }

  /** As `Verifier.ingress`. Throws `batch.…` if the list is malformed: it must not spoil the others of its job. */
  async take(list: Bytes): Promise<Ingress> {
    if (list.length > MAX_JOINED_BYTES) return this.#verify(list);
    const offsets = splitTransactions(list, 0, list.length, MAX_BATCH_TRANSACTIONS);
    if (this.#proves(list, offsets)) return this.#verify(list);
    const count = offsets.length / 2;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ list, count, resolve, reject });
      this.bytes += list.length;
      this.#schedule();
    });
  }

  #proves(list: Bytes, offsets: Uint32Array): boolean {
    try {
      for (let i = 0; i < offsets.length; i += 2) {
        const start = offsets[i]!;
        for (const { action } of readOperations(list, readLayout(list, start, start + offsets[i + 1]!)))
          if (this.#proving.has(action)) return true;
      }
    } catch (error) {
      if (!isLedgerError(error)) throw error; // the worker says what is wrong with it
      return true;
    }
    return false;
  }

  /** At the end of the turn: all that this turn of the event loop has read goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#out >= this.#most || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const requests = this.#next();
      this.#out++;
      void this.#run(requests).finally(() => {
        this.#out--;
        this.#schedule();
      });
      this.#schedule();
    });
  }

  #next(): Request[] {
    let taken = 0;
    let count = 0;
    let bytes = 0;
    for (const request of this.#waiting) {
      if (taken > 0 && (count + request.count > MAX_JOINED_TRANSACTIONS || bytes + request.list.length > MAX_JOINED_BYTES)) break;
      count += request.count;
      bytes += request.list.length;
      taken++;
    }
    this.bytes -= bytes;
    return this.#waiting.splice(0, taken);
  }

  async #run(requests: readonly Request[]): Promise<void> {
    try {
      const { bytes, verdict, proofMs } = await this.#verify(
        requests.length === 1 ? requests[0]!.list : concat(...requests.map((r) => r.list)),
      );
      let at = 0;
      for (const { count, resolve } of requests) {
        resolve({ bytes, verdict: requests.length === 1 ? verdict : part(verdict, at, at + count), proofMs });
        at += count;
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}

/** The verdict on transactions from … to − 1; its offsets are still those of the whole. */
function part({ codes, offsets, notAfter, ids, fullHashes, signatures, work }: IngressVerdict, from: number, to: number): IngressVerdict {
  return {
    count: to - from,
    codes: codes.slice(from, to),
    offsets: offsets.subarray(2 * from, 2 * to),
    notAfter: notAfter.subarray(from, to),
    ids: ids.subarray(32 * from, 32 * to),
    fullHashes: fullHashes.subarray(32 * from, 32 * to),
    signatures: signatures.subarray(from, to),
    work: work.subarray(from, to),
  };
}
