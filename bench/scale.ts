// Scenario `scale`: a hundred validators with wide-area latencies in the simulator, one process and one clock, real consensus and contracts. Counts
// messages and bytes, and gives latency in simulated time: what the protocol costs, whatever the machine.

import { simulated } from "./simulated.ts";
import { conditions } from "./report.ts";

export interface ScaleOptions {
  readonly validators: number;
  readonly latencyMs: number;
  readonly transactions: number;
}

export async function scale(o: ScaleOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  say(`simulating ${o.validators} validators, ${o.latencyMs} ms one way in the middle, ${o.transactions} transactions`);
  return { scenario: "scale", ...(await simulated(o)), conditions: conditions() };
}
