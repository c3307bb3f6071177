// Virtual time: one queue of what is to happen, worked off in the order of time and, within a moment, of scheduling. docs/testing.md.
// Owns when things happen. Some parts under test speak in promises (chain, store, driver's jobs); all of them are resolved by events of this queue, and
// their reactions are run out before the next event, so that the order of everything is a function of the seed alone.

/** A process, or whatever else may end: what was scheduled for it does not happen once it is over. */
export interface Life {
  alive: boolean;
}

/** Some 20 ms. */
const RESTS_A_ROUND = 256;

interface Scheduled {
  readonly time: number;
  readonly order: number;
  readonly life: Life | undefined;
  run: (() => void) | undefined;
}

export class Clockwork {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** Events that happened. */
  steps = 0;
  private readonly heap: Scheduled[] = [];
  private order = 0;
  private stirred = false;
  private rests = 0;

  /** `run` happens at `time`, unless `life` is over by then or the result is called. */
  at(time: number, life: Life | undefined, run: () => void): () => void {
    const item: Scheduled = { time: Math.max(time, this.now), order: this.order++, life, run };
    this.push(item);
    return () => void (item.run = undefined);
  }

  after(ms: number, life: Life | undefined, run: () => void): () => void {
    return this.at(this.now + ms, life, run);
  }

  /** Whoever makes or resolves a promise says so: its reactions run before anything else happens. */
  stir(): void {
    this.stirred = true;
  }

  /** A promise that is kept after so long. */
  delay(ms: number, life: Life): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, life, () => {
        this.stir();
        resolve();
      });
    });
  }

  /** Works off the queue until `done` says so after some event, or nothing is left to happen before `limit`. */
  async run(done: () => boolean, limit: number): Promise<void> {
    await settled();
    while (!done()) {
      const next = this.heap[0];
      if (next === undefined || next.time > limit) {
        this.now = Math.max(this.now, Math.min(limit, next?.time ?? limit));
        return;
      }
      this.pop();
      if (next.run === undefined || next.life?.alive === false) continue;
      this.now = next.time;
      this.steps++;
      next.run();
      // Whoever forgets to say that he stirred is heard a little later, at a step that is the same in every run.
      if (!this.stirred && this.steps % 64 !== 0) continue;
      this.stirred = false;
      await (++this.rests % RESTS_A_ROUND === 0 ? roundOfEventLoop() : settled());
    }
  }

  private push(item: Scheduled): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(item, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = item;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Scheduled, b: Scheduled): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/**
 * All reactions of promises have run when the queue of ticks comes round, which is behind all microtasks, those included that they bring about: none of
 * them waits for anything outside. A round of the event loop says the same and costs several times as much.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** So that whoever shares the thread gets his turn too. */
function roundOfEventLoop(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
