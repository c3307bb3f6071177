// The clock as a port: whoever needs the time is given one, so that tests and the simulator decide what time it is. Not for contracts.

export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  now(): number;
  /** Milliseconds that only ever grow; for intervals. */
  monotonic(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
