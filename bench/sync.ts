// Scenario `sync`: a validator comes back – as it was, behind, and wiped – and a chain is replayed. How long until it has the head and votes.

import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { cpuMicroseconds, spawnCli, startDevnet } from "./devnet.ts";
import { grow } from "./grow.ts";
import { statusOf, until } from "./nodeApi.ts";
import { conditions, rounded, sleep } from "./report.ts";
import { environmentOf, openLoop, Rig, throughputDefaults } from "./throughput.ts";
import { loadKey } from "../src/base/keyFile.ts";

const VALIDATORS = 4;
const LIMIT_MS = 180_000;

export interface SyncOptions {
  /** Of load at saturation: the chain that is there when it begins. */
  readonly seconds: number;
  /** Offered while it comes back, transactions a second. */
  readonly rate: number;
  /** Records that are there before, grown by the real ledger. */
  readonly records: number;
}
/** Takes the state from its peers, however few blocks it lacks. */
const BY_STATE = { CHANCERY_SYNC__STATE_BEHIND: "16" };

export async function sync(o: SyncOptions, say: (text: string) => void): Promise<Record<string, unknown>> {
  say(`starting ${VALIDATORS} validators`);
  let devnet = await startDevnet(VALIDATORS, { environment: environmentOf({}) });
  if (o.records > 0) {
    await devnet.halt();
    const depositor = { id: "tax", secret: loadKey(devnet.keys["tax"]!).secret };
    await grow({ genesis: devnet.genesis, homes: devnet.nodes.map((n) => n.home), depositor, from: 0, to: o.records }, say);
    devnet = await startDevnet(VALIDATORS, { environment: environmentOf({}), directory: devnet.directory });
  }
  const [victim, ...others] = [...devnet.nodes].reverse();
  let rig: Rig | undefined;
  let child: ReturnType<typeof spawnCli> | undefined;
  try {
    const { supplyPerSecond, connectionsPerNode, perRequest } = throughputDefaults;
    const supply = supplyPerSecond * (o.seconds + 2) + o.rate * 240;
    rig = await Rig.on({ ...devnet, nodes: others }, { act: "deposit", bytes: 250, loaders: 1 }, supply, say);
    rig.mode = { kind: "closed", connectionsPerNode, perRequest };
    const made = await rig.run(o.seconds, "making a chain");
    await rig.drain();
    rig.mode = openLoop(o.rate);
    const witness = others[0]!.api;

    const stop = async (): Promise<void> => {
      if (child === undefined) process.kill(victim!.pid, "SIGKILL");
      else {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }
      await sleep(500);
    };
    const start = async (name: string, more: NodeJS.ProcessEnv = {}) => {
      const { height } = await statusOf(witness);
      const begun = performance.now();
      child = spawnCli(["start", "--home", victim!.home, "--json"], { ...environmentOf({}), ...more });
      const started = once(child.stdout!, "data");
      await started;
      const listens = performance.now() - begun;
      const from = (await statusOf(victim!.api).catch(() => undefined))?.height ?? 0;
      await until(victim!.api, (s) => s.height >= height && s.behind <= 2, LIMIT_MS);
      const seconds = (performance.now() - begun) / 1_000;
      say(`  ${name}: ${seconds.toFixed(2)} s`);
      return { api_s: rounded(listens / 1_000, 2), caught_up_s: rounded(seconds, 2), blocks_behind: Math.max(0, height - from) };
    };
    await stop();
    const startup = await start("started again at once");
    await stop();
    await sleep(10_000);
    const behind = await start("ten seconds of blocks behind");
    await stop();
    const wipe = (): void => {
      for (const part of ["db", "state", "journal"]) fs.rmSync(path.join(victim!.home, part), { recursive: true, force: true });
    };
    wipe();
    const wiped = await start("wiped, executing every block");
    await stop();
    wipe();
    const byState = await start("wiped, by state sync", BY_STATE);
    const stateCpu = cpuMicroseconds(child!.pid!) / 1e6;
    const { height } = await statusOf(witness);
    await rig.drain();
    return {
      scenario: "sync",
      validators: VALIDATORS,
      offered_tx_per_s: o.rate,
      chain: { height, transactions_made_first: made.transactions, made_at_tx_per_s: Math.round(made.txPerSecond) },
      startup,
      behind,
      wiped: { ...wiped, tx_per_s: Math.round(made.transactions / wiped.caught_up_s) },
      wiped_by_state: { ...byState, cpu_s: rounded(stateCpu), records: o.records + made.transactions },
      conditions: conditions(),
    };
  } finally {
    rig?.loaders.kill();
    child?.kill("SIGTERM");
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await devnet.stop();
  }
}
