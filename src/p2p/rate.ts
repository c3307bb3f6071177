// Token buckets: how much a peer may send us in one channel. Owns the arithmetic only. Whoever goes over is not punished but read more
// slowly: the link stops reading until the debt is paid, and the stream's window holds the sender back. docs/protocol.md §4.11.

export interface Rate {
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
}

/** Holds two seconds' worth of each; what was taken above that is a debt. */
export class RateLimiter {
  readonly #rate: Rate;
  #bytes: number;
  #messages: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#bytes = 2 * rate.bytesPerSecond;
    this.#messages = 2 * rate.messagesPerSecond;
    this.#at = now;
  }

  /** Takes what just came; gives the ms to wait before reading on (0: none). */
  take(bytes: number, messages: number, now: number): number {
    const seconds = Math.max(0, now - this.#at) / 1_000;
    this.#at = now;
    const { bytesPerSecond, messagesPerSecond } = this.#rate;
    this.#bytes = Math.min(2 * bytesPerSecond, this.#bytes + seconds * bytesPerSecond) - bytes;
    this.#messages = Math.min(2 * messagesPerSecond, this.#messages + seconds * messagesPerSecond) - messages;
    const wait = Math.max(-this.#bytes / bytesPerSecond, -this.#messages / messagesPerSecond);
    return wait <= 0 ? 0 : Math.ceil(wait * 1_000);
  }
}
