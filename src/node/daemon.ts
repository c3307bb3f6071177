// One run of the daemon: home → lock → configuration → keys → node → API → ready; signals; the exit code. docs/operations.md.
// Owns the process: nothing else calls exit. Does not own: the node (node.ts), the API's routes (api/).

import fs from "node:fs";
import path from "node:path";
import { hex, type Bytes } from "../base/bytes.ts";
import { codeEntry } from "../base/codes.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { readGenesis } from "../base/genesis.ts";
import { STOP_LIMIT_MS } from "../base/limits.ts";
import { useSodium } from "../base/ristrettoSodium.ts";
import { hasNative } from "../base/signature.ts";
import type { StopReason } from "../consensus/driverPorts.ts";
import { behind, rowKey } from "../ledger/storeLayout.ts";
import type { Api } from "./api/context.ts";
import { Cursors } from "./api/cursor.ts";
import { addRoutes } from "./api/routes.ts";
import { createServer, listen, type ServerOptions } from "./api/server.ts";
import { loadConfig } from "./config.ts";
import { openHome, lockHome } from "./home.ts";
import { openLog } from "./logger.ts";
import { createMetrics, serveMetrics } from "./metrics.ts";
import { countersOf } from "./counters.ts";
import { Node } from "./node.ts";
import { openNodeKeys, organisationOf } from "./nodeKeys.ts";
import { statusOf } from "./nodeStatus.ts";
import { contracts } from "./registry.ts";
import { type Config, settingNames, settings } from "./settings.ts";
import { RELEASE } from "./release.ts";

export interface DaemonOptions {
  /** Say on stdout, as one JSON line, when the API listens. */
  readonly announce: boolean;
  readonly passphraseFile: string | undefined;
}

/** Runs until a signal or a reason to stop; then the process has ended. Throws what keeps it from starting. */
export async function runDaemon(directory: string, options: DaemonOptions): Promise<void> {
  const home = openHome(directory);
  const { config } = loadConfig(home.config);
  const lock = lockHome(home);
  process.once("exit", () => lock.release());
  const log = openLog(config["log.level"], config["log.file"] === undefined ? undefined : home.resolve(config["log.file"]));
  const genesisText = fs.readFileSync(home.genesis, "utf8");
  const { genesis, network } = readGenesis(genesisText);
  const secrets = openNodeKeys(home, config, genesis.purpose, options.passphraseFile);
  const organisation = organisationOf(home, genesis, network, secrets.peer.publicKey);

  let ending = false;
  let node: Node | undefined;
  const end = async (exit: number, reason: string): Promise<never> => {
    ending = true;
    const started = performance.now();
    // Whatever hangs, the process ends in time: what is final is on the disk already.
    const limit = setTimeout(() => process.exit(exit), STOP_LIMIT_MS);
    await node?.stop().catch((error: unknown) => log.error("stop.failed", { error: String(error) }));
    clearTimeout(limit);
    log.info("stopped", { reason, exit, duration_ms: Math.round(performance.now() - started) });
    await log.flush();
    lock.release();
    return process.exit(exit);
  };
  const fatal = (reason: StopReason): void => {
    if (ending) return;
    const { exit, code, data, cause } = reason;
    const { why, do: todo } = data as { why?: unknown; do?: unknown };
    log.error("fatal", { code, exit, error: cause instanceof Error ? (cause.stack ?? cause.message) : undefined, ...data });
    process.stderr.write(
      `✗ ${codeEntry(code).title} (${code})\n  ${String(why ?? JSON.stringify(data))}\n  Do: ${String(todo ?? "see docs/operations.md, “Exit codes of chancery start”")}\n`,
    );
    if (exit === 70) writeReport(home.directory, reason);
    void end(exit, code);
  };
  process.on("uncaughtException", (error) =>
    fatal({
      exit: isLedgerError(error) ? (codeEntry(error.code).exit ?? 70) : 70,
      code: isLedgerError(error) ? error.code : "bug.unexpected",
      data: {},
      cause: error,
    }),
  );
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      if (!ending) void end(0, signal);
    });
  // Started by another process with a channel to it (devnet): not longer than that one.
  process.once("disconnect", () => {
    if (!ending) void end(0, "disconnect");
  });
  process.channel?.unref(); // to hear of its end is no reason to go on: what cannot start must not wait for it
  process.on("SIGHUP", () => {
    reload(home.config, config, log);
    node?.reloadFiles();
  });

  log.info("starting", { organisation, network: hex(network).slice(0, 16), release: RELEASE, native: hasNative });
  const start = async (): Promise<string | undefined> => {
    await useSodium(); // a dry run asks proof predicates on this thread too
    const nodeOptions = { home, config, genesisText, organisation, secrets, log, fatal, again: () => void again() };
    node = await Node.start(nodeOptions).catch((error: unknown) => damageNamed(error, home.resolve(config["node.data"])));
    if (ending) return undefined;
    const url = await serve(node);
    log.info("started", { api: url, height: node.chain.head.height, role: node.role, peers: node.host!.addresses().join(",") });
    return url;
  };
  /** State sync has laid down another store: the node ends and begins again with it, within this process. */
  const again = async (): Promise<void> => {
    if (ending) return;
    try {
      await node?.stop();
      if (!ending) await start();
    } catch (cause) {
      const code = isLedgerError(cause) ? cause.code : "bug.unexpected";
      fatal({ exit: codeEntry(code).exit ?? 70, code, data: {}, cause });
    }
  };
  const url = await start().catch(async (error: unknown) => {
    log.error("start.failed", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    // One whose API cannot listen must not go on unseen.
    ending = true;
    await node?.stop().catch((failed: unknown) => log.error("stop.failed", { error: String(failed) }));
    await log.flush();
    throw error;
  });
  if (url !== undefined && options.announce)
    process.stdout.write(`${JSON.stringify({ started: true, api: url, pid: process.pid, home: directory, organisation })}\n`);
}

/** What is damaged is named with the directory that is to be moved aside: the others have it. */
function damageNamed(error: unknown, data: string): never {
  if (!isLedgerError(error, "store.damaged")) throw error;
  const what = Object.entries(error.data ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  const todo = `move ${data} aside and start again: the node has it again from the others`;
  throw new LedgerError("store.damaged", { why: `${data}: ${what.join(", ")}`, do: todo, ...error.data }, error);
}

/** The API and the metrics on a running node; gives the API's URL. */
async function serve(node: Node): Promise<string> {
  const { config, home, log } = node.options;
  const status = (): ReturnType<typeof statusOf> => statusOf(node);
  const networkHex = hex(node.network);
  const metrics = createMetrics(
    { version: RELEASE, protocol: node.chain.epoch.protocol, organisation: node.options.organisation, network: networkHex.slice(0, 16) },
    status,
    () => ({
      verify_backlog_bytes: node.verifier.backlog,
      signatures_good: node.verifier.signatures.good,
      signatures_refused: node.verifier.signatures.refused,
      finality_waiting: node.finality.size,
      batches_held: node.mempool.holdings.size,
    }),
  );
  node.counters = countersOf(metrics, node);
  const serverOptions: ServerOptions = {
    config,
    resolve: home.resolve,
    network: networkHex.slice(0, 16),
    head: () => headOf(node),
    reached: (height, timeoutMs) => node.heads.reached(height, timeoutMs),
    full: () => node.intake.full,
    log,
    onReload: (act) => (node.reloadFiles = act),
    onBug: (error, request) =>
      log.error("api.bug", {
        route: request.routeOptions.url,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    onAnswer: (route, code, seconds) => {
      metrics.httpRequests.inc({ route, status_class: `${Math.floor(code / 100)}xx` });
      metrics.httpSeconds.observe({ route }, seconds);
    },
  };
  const app = createServer(serverOptions);
  const served = await serveMetrics(metrics, config["metrics.listen"]);
  app.addHook("onClose", async () => served.stop());
  addRoutes(app, apiOf(node, networkHex));
  node.app = app;
  return listen(app, config);
}

function apiOf(node: Node, networkHex: string): Api {
  const { config, log, genesisText } = node.options;
  const { chain, intake, finality, network, genesis } = node;
  return {
    network,
    networkHex,
    organisation: node.options.organisation,
    genesis,
    genesisText,
    release: RELEASE,
    registry: contracts(),
    config,
    log,
    reader: chain.reader,
    keys: (collection, limit, after) => keysOf(node, collection, limit, after),
    finality,
    cursors: new Cursors(),
    head: () => headOf(node),
    nextBlock: () => node.nextBlock(),
    reached: (height, timeoutMs) => node.heads.reached(height, timeoutMs),
    submit: (list, address, taken) => intake.submit(list, address, taken),
    charged: (address, act) => intake.charged(address, act),
    isPending: (id) => node.mempool.isPending(id),
    status: () => statusOf(node),
    now: () => node.clock.now(),
    stopping: () => node.stopping,
  };
}

/** As of when the node answers. */
function headOf({ chain }: Node): { height: number; time: number } {
  const { height, time } = chain.head;
  return { height, time };
}

/** Keys of a collection, in the order of their bytes. */
async function keysOf(node: Node, collection: string, limit: number, after: Bytes | undefined): Promise<Bytes[]> {
  const from = rowKey(collection, new Uint8Array(0));
  const keys: Bytes[] = [];
  for await (const [place] of node.database.scan({
    from,
    to: behind(from),
    limit,
    ...(after === undefined ? {} : { after: rowKey(collection, after) }),
  }))
    keys.push(place.slice(from.length));
  return keys;
}

/** SIGHUP: what may change while the node runs takes effect; the rest says that it needs a restart. */
function reload(file: string, inForce: Config, log: ReturnType<typeof openLog>): void {
  let config: Config;
  try {
    ({ config } = loadConfig(file));
  } catch (error) {
    return log.warn("config.invalid", { error: String(error) });
  }
  for (const name of settingNames) {
    if (JSON.stringify(config[name]) === JSON.stringify(inForce[name])) continue;
    const { live = false } = settings[name] as { live?: true };
    if (live) Object.assign(inForce, { [name]: config[name] });
    log.info(live ? "config.changed" : "config.needs_restart", { setting: name });
  }
  log.setLevel(config["log.level"]);
}

/** What a developer needs of a bug of ours; no keys, no records. */
function writeReport(directory: string, { code, data, cause }: StopReason): void {
  const file = path.join(directory, "run", `report-${Date.now()}.json`);
  const report = {
    release: RELEASE,
    node: process.version,
    at: new Date().toISOString(),
    code,
    data,
    error: cause instanceof Error ? { message: cause.message, stack: cause.stack } : String(cause),
  };
  try {
    fs.writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`, { mode: 0o600 });
    process.stderr.write(`  A report is in ${file}\n`);
  } catch {
    // the disk may be what failed
  }
}
