// Waiting for a height: min-height headers, long polls, event streams. One set of waiters, woken by each commit.

export class Heads {
  readonly #waiting = new Set<{ readonly height: number; readonly done: (reached: boolean) => void }>();
  #height: number;

  constructor(height: number) {
    this.#height = height;
  }

  /** True when the head is at `height`; false when `timeoutMs` have passed before, or the node stops. */
  reached(height: number, timeoutMs: number): Promise<boolean> {
    if (height <= this.#height) return Promise.resolve(true);
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiter = {
        height,
        done: (reached: boolean) => {
          clearTimeout(timer);
          this.#waiting.delete(waiter);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => waiter.done(false), timeoutMs);
      this.#waiting.add(waiter);
    });
  }

  committed(height: number): void {
    this.#height = height;
    for (const waiter of [...this.#waiting]) if (waiter.height <= height) waiter.done(true);
  }

  stop(): void {
    for (const waiter of [...this.#waiting]) waiter.done(false);
  }
}
