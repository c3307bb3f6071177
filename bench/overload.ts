// Scenario `overload`: three times what saturates is offered for a minute. What goes on, what a refusal says and costs, how long the admitted wait, and
// whether memory stays where it was.

import { startDevnet } from "./devnet.ts";
import { conditions, percentile, rounded, sleep } from "./report.ts";
import { about, environmentOf, Rig, throughputDefaults } from "./throughput.ts";

export interface OverloadOptions {
  readonly validators: number;
  readonly seconds: number;
  /** Offered, as a multiple of saturation. */
  readonly times: number;
  /** Transactions in a request of the overload; those of the saturation before it have 250, and small requests cost more each. */
  readonly perRequest: number;
}

/** Saturation is measured before and after, together as long as the overload: what disks and neighbours give changes within a minute. */
const PEAK_SECONDS = 30;
const WARM_UP_SECONDS = 8;

export async function overload(o: OverloadOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  say(`starting ${o.validators} validators`);
  const devnet = await startDevnet(o.validators, { environment: environmentOf({}) });
  let rig: Rig | undefined;
  try {
    const { supplyPerSecond, connectionsPerNode, perRequest } = throughputDefaults;
    // What is refused is offered again: no more is needed than goes on, and what waits to come again.
    const supply = supplyPerSecond * (PEAK_SECONDS * 2 + WARM_UP_SECONDS * 2 + o.seconds);
    rig = await Rig.on(devnet, { act: "deposit", bytes: 250, loaders: 1 }, supply, say);
    const closed = { kind: "closed", connectionsPerNode, perRequest } as const;
    rig.mode = closed;
    await sleep(WARM_UP_SECONDS * 1_000);
    const before = await rig.run(PEAK_SECONDS, "saturation");
    await rig.drain();
    rig.mode = { kind: "open", rate: before.txPerSecond * o.times, perRequest: o.perRequest };
    await sleep(2_000);
    await rig.loaders.sample();
    const run = await rig.run(o.seconds, `${o.times} × saturation offered`);
    await rig.drain(60_000);
    rig.mode = closed;
    await sleep(2_000);
    const again = await rig.run(PEAK_SECONDS, "saturation again");
    const { exhausted, refusals } = await rig.loaders.stop();
    const peak = (before.txPerSecond + again.txPerSecond) / 2;
    const peakCpu = (before.usage.cpu + again.usage.cpu) / Math.max(1, before.transactions + again.transactions);
    const mb = (bytes: readonly number[]): number[] => bytes.map((b) => Math.round(b / 2 ** 20));
    return {
      scenario: "overload",
      ...about(rig, o.validators),
      peak_tx_per_s: Math.round(peak),
      peaks_tx_per_s: [before, again].map((p) => Math.round(p.txPerSecond)),
      offered_tx_per_s: Math.round(run.offeredPerSecond),
      tx_per_s: Math.round(run.txPerSecond),
      of_peak: rounded(run.txPerSecond / peak, 3),
      seconds: o.seconds,
      refused: run.refused,
      refusals,
      p50_ms: rounded(percentile(run.latencies, 50)),
      p99_ms: rounded(percentile(run.latencies, 99)),
      max_ms: rounded(run.latencies.at(-1) ?? 0),
      cpu_us_per_admitted: Math.round(run.usage.cpu / Math.max(1, run.transactions)),
      // What is not explained by the admitted at the peak's cost, which are dearer in smaller requests: an upper bound, 0 where nothing is left to explain.
      cpu_us_per_refused_request: Math.max(
        0,
        Math.round((run.usage.cpu - peakCpu * run.transactions) / Math.max(1, run.refused / o.perRequest)),
      ),
      per_request: o.perRequest,
      loader_of_a_core: rounded(run.loaderCpu / 1e6 / run.usage.seconds, 2),
      cpu_us_per_admitted_at_peak: Math.round(peakCpu),
      rss_mb_before: mb(before.usage.rss),
      rss_mb_after: mb(run.usage.rss),
      // The second saturation adds records as the first and overload did: what it adds of memory is theirs.
      rss_mb_again: mb(again.usage.rss),
      records_added: { overloaded: run.transactions, again: again.transactions },
      per_second: run.perSecond,
      peaks_per_second: [before.perSecond, again.perSecond],
      supply_exhausted: exhausted,
      conditions: conditions(),
    };
  } finally {
    rig?.loaders.kill();
    await devnet.stop();
  }
}
