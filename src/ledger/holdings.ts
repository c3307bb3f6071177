// The batches this node holds whole and verified: waiting, in flight, or just committed. docs/protocol.md §4.8.
// Owns their bodies, the bound per origin, and what is said of them in acks. Does not own: which of them is proposed, forwarded or given up (consensus
// decides and says so), the bodies of older blocks (store), the node's own transactions (mempool.ts).

import { type Bytes, latin1 } from "../base/bytes.ts";
import { MAX_BATCH_HOLD_FACTOR, MAX_RECENT_BLOCKS, MAX_RECENT_BODY_BYTES } from "../base/limits.ts";
import type { Parameters } from "../base/parameters.ts";
import type { VerifiedBatch } from "./batch.ts";

/** Could a block under these parameters hold it at all? What never fits is never owed: nobody must be blamed for not ordering it. */
export function orderable(
  batch: Pick<VerifiedBatch, "reference" | "work">,
  parameters: Pick<Parameters, "block_bytes" | "block_work">,
): boolean {
  return batch.reference.bytes <= parameters.block_bytes && batch.work <= parameters.block_work;
}

export type HoldVerdict = "held" | "known" | "batch.too_many" | "batch.unorderable";

export class Holdings {
  readonly #held = new Map<string, VerifiedBatch>();
  readonly #perOrigin = new Map<string, number>();
  /** Held, but no block under the present parameters can take them: not counted for their origin. */
  readonly #parked = new Set<string>();
  /** Committed a moment ago: peers that are a few blocks behind still ask for them by digest. Oldest first, each with the number of its block. */
  readonly #recent = new Map<string, { readonly batch: VerifiedBatch; readonly block: number }>();
  #recentBytes = 0;
  #blocks = 0;

  /**
   * Takes a verified batch. At most 2M wait for an origin: it may send M, and I may learn of commits later than it did. `wanted`: an order names it, so
   * it is taken whatever its origin has out, and also if a block committed it already: an order may name it again, and needs it for as long as it is open.
   */
  hold(batch: VerifiedBatch, parameters: Pick<Parameters, "origin_batches" | "block_bytes" | "block_work">, wanted = false): HoldVerdict {
    const name = latin1(batch.reference.digest);
    if (this.#held.has(name) || (!wanted && this.#recent.has(name))) return "known";
    this.#forgetRecent(name);
    const count = this.#perOrigin.get(batch.origin) ?? 0;
    if (!wanted) {
      if (!orderable(batch, parameters)) return "batch.unorderable";
      if (count >= MAX_BATCH_HOLD_FACTOR * parameters.origin_batches) return "batch.too_many";
    }
    this.#held.set(name, batch);
    this.#perOrigin.set(batch.origin, count + 1);
    return "held";
  }

  /** By digest, committed ones of the last blocks included. */
  get(digest: Bytes): VerifiedBatch | undefined {
    const name = latin1(digest);
    return this.#held.get(name) ?? this.#recent.get(name)?.batch;
  }

  /** True if it is held and not committed. */
  waits(digest: Bytes): boolean {
    return this.#held.has(latin1(digest));
  }

  /** Uncommitted batches in order of arrival: what is acked again on connect and on a new view, and counted anew at an epoch start. */
  waiting(): IterableIterator<VerifiedBatch> {
    return this.#held.values();
  }

  /** How many batches of each origin wait: a metric, and the bound's measure. */
  get perOrigin(): ReadonlyMap<string, number> {
    return this.#perOrigin;
  }
  get size(): number {
    return this.#held.size;
  }

  /** Its declared work counted anew, at an epoch start. */
  recount(digest: Bytes, work: number): VerifiedBatch | undefined {
    const name = latin1(digest);
    const batch = this.#held.get(name);
    if (batch === undefined || batch.work === work) return batch;
    const counted = { ...batch, work };
    this.#held.set(name, counted);
    return counted;
  }

  /** No block can take it any more: its body stays until consensus gives it up, without a place in its origin's bound. */
  park(batch: VerifiedBatch): void {
    const name = latin1(batch.reference.digest);
    if (!this.#held.has(name) || this.#parked.has(name)) return;
    this.#parked.add(name);
    this.#discount(batch.origin);
  }

  isParked(digest: Bytes): boolean {
    return this.#parked.has(latin1(digest));
  }

  #discount(origin: string): void {
    const left = this.#perOrigin.get(origin)! - 1;
    if (left === 0) this.#perOrigin.delete(origin);
    else this.#perOrigin.set(origin, left);
  }

  /** A block committed these: they no longer wait. Returns those that were held. */
  committed(digests: Iterable<Bytes>): VerifiedBatch[] {
    const gone = this.release(digests);
    this.#blocks++;
    for (const batch of gone) {
      this.#recent.set(latin1(batch.reference.digest), { batch, block: this.#blocks });
      this.#recentBytes += batch.bytes.length;
    }
    for (const [name, { block }] of this.#recent) {
      if (this.#recentBytes <= MAX_RECENT_BODY_BYTES && block > this.#blocks - MAX_RECENT_BLOCKS) break;
      this.#forgetRecent(name);
    }
    return gone;
  }

  #forgetRecent(name: string): void {
    this.#recentBytes -= this.#recent.get(name)?.batch.bytes.length ?? 0;
    this.#recent.delete(name);
  }

  /** Gives up batches that are neither waiting nor in flight any more. Returns those that were held. */
  release(digests: Iterable<Bytes>): VerifiedBatch[] {
    const gone: VerifiedBatch[] = [];
    for (const digest of digests) {
      const name = latin1(digest);
      const batch = this.#held.get(name);
      if (batch === undefined) continue;
      this.#held.delete(name);
      if (!this.#parked.delete(name)) this.#discount(batch.origin);
      gone.push(batch);
    }
    return gone;
  }
}
