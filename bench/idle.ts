// Scenario `idle`: a network that nobody asks anything. What it takes of a core, and what it writes.

import { setTimeout as sleep } from "node:timers/promises";
import { startDevnet } from "./devnet.ts";
import { conditions, rounded } from "./report.ts";
import { headOf } from "./nodeApi.ts";
import { watchUsage } from "./window.ts";

export async function idle(o: { validators: number; seconds: number }, say: (text: string) => void): Promise<Record<string, unknown>> {
  say(`starting ${o.validators} validators`);
  const devnet = await startDevnet(o.validators);
  try {
    await sleep(8_000); // compilers and caches come to rest
    const before = await headOf(devnet.nodes[0]!.api);
    const end = watchUsage(devnet);
    say(`idle for ${o.seconds} s`);
    await sleep(o.seconds * 1_000);
    const usage = end();
    const after = await headOf(devnet.nodes[0]!.api);
    return {
      scenario: "idle",
      validators: o.validators,
      seconds: rounded(usage.seconds),
      core_percent_per_node: rounded((100 * usage.cpu) / 1e6 / usage.seconds / o.validators, 2),
      written_bytes_per_node_and_second: Math.round(usage.written / usage.seconds / o.validators),
      blocks: after.height - before.height,
      rss_mb: usage.rss.map((b) => Math.round(b / 2 ** 20)),
      conditions: conditions(),
    };
  } finally {
    await devnet.stop();
  }
}
