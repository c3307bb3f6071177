// Quotas: how many transactions a second each sender may hand in at this node. Token buckets, one a sender; a node's own policy, no rule of the protocol.
// Owns the buckets. Does not own: who a sender is (node/api says: an organisation, an address), what happens to the refused (mempool).

import { MAX_QUOTA_SENDERS, QUOTA_BURST_SECONDS } from "../base/limits.ts";

interface Bucket {
  tokens: number;
  at: number;
}

export class Quotas {
  readonly #buckets = new Map<string, Bucket>();

  /** How many of `count` transactions `sender` may hand in at monotonic ms `at`; so many tokens are taken. Rates may change between calls. */
  take(sender: string, perSecond: number, count: number, at: number): number {
    const bucket = this.#bucketOf(sender, perSecond, at);
    const granted = Math.min(count, Math.floor(bucket.tokens));
    bucket.tokens -= granted;
    return granted;
  }

  /** Takes what something has cost after the fact, below nothing if need be: what is owed has to be earned back. */
  charge(sender: string, perSecond: number, cost: number, at: number): void {
    this.#bucketOf(sender, perSecond, at).tokens -= cost;
  }

  /** Milliseconds until `sender` owes nothing any more; 0 if it does not. */
  owesMs(sender: string, perSecond: number, at: number): number {
    const bucket = this.#buckets.get(sender);
    return bucket === undefined ? 0 : Math.max(0, Math.ceil((-bucket.tokens / perSecond) * 1_000 - (at - bucket.at)));
  }

  /** The sender's bucket, filled up to now. */
  #bucketOf(sender: string, perSecond: number, at: number): Bucket {
    const capacity = Math.max(1, perSecond * QUOTA_BURST_SECONDS);
    let bucket = this.#buckets.get(sender);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_QUOTA_SENDERS) this.#forget(at, perSecond);
      bucket = { tokens: perSecond > 0 ? capacity : 0, at };
    } else {
      bucket.tokens = Math.min(capacity, bucket.tokens + (Math.max(0, at - bucket.at) / 1_000) * perSecond);
      bucket.at = at;
      this.#buckets.delete(sender); // the map is kept in order of last use
    }
    this.#buckets.set(sender, bucket);
    return bucket;
  }

  /** Milliseconds until `sender` has a token again: for Retry-After. */
  retryMs(sender: string, perSecond: number): number {
    const tokens = this.#buckets.get(sender)?.tokens ?? 1;
    return perSecond <= 0 ? 60_000 : Math.max(0, Math.ceil(((1 - tokens) / perSecond) * 1_000));
  }

  get size(): number {
    return this.#buckets.size;
  }

  // A bucket that has had time to fill says nothing that a new one would not say. If all are in use, the one used longest ago goes: its sender gains a
  // burst, and memory stays bounded.
  #forget(at: number, perSecond: number): void {
    for (const [sender, bucket] of this.#buckets) {
      if (
        this.#buckets.size < MAX_QUOTA_SENDERS ||
        bucket.tokens + ((at - bucket.at) / 1_000) * perSecond < perSecond * QUOTA_BURST_SECONDS
      )
        break;
      this.#buckets.delete(sender);
    }
    if (this.#buckets.size >= MAX_QUOTA_SENDERS) this.#buckets.delete(this.#buckets.keys().next().value!);
  }
}
