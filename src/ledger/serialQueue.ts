// One thing after the other: what is given to it runs when all before it have ended, well or badly. Owns nothing else.

export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when nothing that was given so far is left. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
