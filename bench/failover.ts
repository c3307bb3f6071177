// Scenario `failover`: a backup, then the primary, is killed with -9 under load and started again. The longest time without a block, what is reached with one
// dead, and how soon who was killed votes again.

import { once } from "node:events";
import { type Devnet, spawnCli, startDevnet } from "./devnet.ts";
import { longestGap, statusOf, until, watchHeads } from "./nodeApi.ts";
import { conditions, rounded, sleep } from "./report.ts";
import { about, environmentOf, openLoop, Rig } from "./throughput.ts";

export interface FailoverOptions {
  /** Offered transactions a second, to nodes that stay. */
  readonly rate: number;
  readonly seconds: number;
}
const VALIDATORS = 4;
const WARMUP_SECONDS = 5;
const REJOIN_LIMIT_MS = 60_000;

export async function failover(o: FailoverOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  say(`starting ${VALIDATORS} validators`);
  const devnet = await startDevnet(VALIDATORS, { environment: environmentOf({}) });
  let rig: Rig | undefined;
  const restarted: ReturnType<typeof spawnCli>[] = [];
  try {
    const statuses = await Promise.all(devnet.nodes.map(async (n) => statusOf(n.api)));
    const primary = devnet.nodes.find((_, i) => statuses[i]!.organisation === statuses[i]!.primary)!;
    const [backup, ...staying] = devnet.nodes.filter((n) => n !== primary);
    const seconds = WARMUP_SECONDS + 6 * o.seconds + 120;
    // Clients of the nodes that stay; the two that will die get none.
    rig = await Rig.on({ ...devnet, nodes: staying }, { act: "deposit", bytes: 250, loaders: 1 }, o.rate * seconds, say);
    rig.mode = openLoop(o.rate);
    await sleep(WARMUP_SECONDS * 1_000);
    const heads = watchHeads(staying[0]!.api);
    const whole = await rig.run(o.seconds, "all four");
    const wholeUntil = performance.now();
    const wholeFrom = wholeUntil - o.seconds * 1_000;

    const kill = async (node: Devnet["nodes"][number], name: string) => {
      const killed = performance.now();
      process.kill(node.pid, "SIGKILL");
      const run = await rig!.run(o.seconds, `${name} killed`);
      const gap = longestGap(heads.times, killed, performance.now());
      const begun = performance.now();
      const child = spawnCli(["start", "--home", node.home, "--json"], environmentOf({}));
      child.stdout!.resume();
      restarted.push(child);
      // It votes when it is in the head's epoch, active and not behind.
      await until(node.api, (s) => s.mode === "active" && s.behind <= 2, REJOIN_LIMIT_MS);
      const rejoin = performance.now() - begun;
      await sleep(2_000);
      return { longest_gap_s: rounded(gap, 2), tx_per_s: Math.round(run.txPerSecond), rejoin_s: rounded(rejoin / 1_000, 2) };
    };
    const backupKilled = await kill(backup!, "a backup");
    const primaryKilled = await kill(primary, "the primary");
    const again = await rig.run(o.seconds, "all four again");
    await heads.stop();
    await rig.drain();
    return {
      scenario: "failover",
      primary_killed: primaryKilled,
      backup_killed: backupKilled,
      ...about(rig, VALIDATORS),
      offered_tx_per_s: o.rate,
      tx_per_s: Math.round(whole.txPerSecond),
      tx_per_s_after: Math.round(again.txPerSecond),
      longest_gap_before_s: rounded(longestGap(heads.times, wholeFrom, wholeUntil), 2),
      view_timer_base_s: 2,
      conditions: conditions(),
    };
  } finally {
    rig?.loaders.kill();
    for (const child of restarted) {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    }
    await devnet.stop();
  }
}
