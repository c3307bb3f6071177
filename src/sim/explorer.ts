// A random schedule explorer over the real `step`: one seed, one network, one schedule of deliveries, losses, crashes, timeouts and Byzantine acts, then a
// healed network in which everything submitted must commit. Pure: the same seed gives the same run. docs/protocol.md §4; docs/testing.md.
// Owns the outcome of a seed. The network is explorerWorld.ts, what happens in it explorerEvents.ts, how it heals explorerHealing.ts.

import { isLedgerError } from "../base/errors.ts";
import { Violation } from "./explorerChecks.ts";
import { Events } from "./explorerEvents.ts";
import { heal } from "./explorerHealing.ts";
import { World } from "./explorerWorld.ts";

export interface Outcome {
  readonly seed: number;
  /** What was broken, and how; null if all held. */
  readonly violation: string | null;
  readonly steps: number;
  readonly height: number;
  readonly epoch: number;
  readonly views: number;
  /** Effects and notices seen, by name: what the schedule reached. */
  readonly reached: ReadonlyMap<string, number>;
  /** Simulated ms from healing until all was committed; null if the schedule ends without. */
  readonly healed: number | null;
}

/** Runs the schedule of a seed. `log` is told every event. */
export function explore(seed: number, log: ((line: string) => void) | null = null): Outcome {
  const world = new World(seed, log);
  let violation: string | null = null;
  let healed: number | null = null;
  try {
    new Events(world).run();
    if (world.heals) healed = heal(world);
  } catch (error) {
    if (error instanceof Violation) violation = `${error.what}: ${error.detail}`;
    else if (isLedgerError(error) || error instanceof Error) violation = `thrown: ${error.stack ?? error.message}`;
    else throw error;
  }
  const replicas = world.honest.map((node) => node.replica).filter((replica) => replica !== undefined);
  return {
    seed,
    violation,
    steps: world.steps,
    height: Math.max(0, ...replicas.map((r) => r.head.height)),
    epoch: Math.max(0, ...replicas.map((r) => r.config.epoch)),
    views: Math.max(0, ...replicas.map((r) => r.promise)),
    reached: world.reached,
    healed,
  };
}
