// What could keep a node from working, looked at before it is started: `chancery doctor`. Each finding says what to do. docs/operations.md.

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { isLedgerError } from "../base/errors.ts";
import { readKeyHeader } from "../base/keyFile.ts";
import { listenAddress, loadConfig } from "./config.ts";
import { holderOf, openHome } from "./home.ts";
import { openGenesis } from "./openGenesis.ts";
import type { Config } from "./settings.ts";

export interface Finding {
  readonly name: string;
  readonly verdict: "ok" | "warn" | "fail";
  readonly found: string;
  readonly do?: string;
}

/** Looks at everything; the findings that matter most stand first. */
export async function examine(directory: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const look = async (name: string, act: () => Promise<Omit<Finding, "name">> | Omit<Finding, "name">): Promise<void> => {
    try {
      findings.push({ name, ...(await act()) });
    } catch (error) {
      const data = isLedgerError(error) ? error.data : undefined;
      findings.push({
        name,
        verdict: "fail",
        found: String(data?.["why"] ?? (error as Error).message),
        do: String(data?.["do"] ?? "see docs/operations.md"),
      });
    }
  };
  let config: Config | undefined;
  await look("home", () => {
    openHome(directory);
    return { verdict: "ok", found: directory };
  });
  const home = findings[0]!.verdict === "ok" ? openHome(directory) : undefined;
  if (home === undefined) return findings;
  await look("configuration", () => {
    ({ config } = loadConfig(home.config));
    return { verdict: "ok", found: home.config };
  });
  await look("genesis", () => {
    const { genesis } = openGenesis(fs.readFileSync(home.genesis, "utf8"));
    return { verdict: "ok", found: `"${genesis.name}", ${genesis.founders.length} founders` };
  });
  await look("lock", () => {
    const holder = holderOf(home.lock);
    return holder?.alive === true
      ? { verdict: "warn", found: `process ${holder.pid} runs here`, do: "nothing, if that is the node" }
      : { verdict: "ok", found: "free" };
  });
  if (config === undefined) return findings;
  const settings = config;
  for (const purpose of ["consensus", "peer", "checkpoint"] as const)
    await look(`${purpose} key`, () => keyFinding(home.resolve(settings[`keys.${purpose}`])));
  const running = holderOf(home.lock)?.alive === true;
  if (!running) await look("API address", async () => portFinding(settings["api.listen"]));
  await look("disk", () => {
    const { bavail, bsize } = fs.statfsSync(home.directory);
    const free = Math.round((bavail * bsize) / 2 ** 20);
    const reserve = settings["store.reserve_mb"];
    if (free < reserve) return { verdict: "fail", found: `${free} MB free, reserve ${reserve} MB`, do: "make room" };
    return free < 2 * reserve
      ? { verdict: "warn", found: `${free} MB free, reserve ${reserve} MB`, do: "make room soon" }
      : { verdict: "ok", found: `${free} MB free` };
  });
  await look("sync", () => syncFinding(home.directory));
  await look("Node", () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const good = major > 24 || (major === 24 && minor >= 6);
    return good ? { verdict: "ok", found: process.version } : { verdict: "fail", found: process.version, do: "install Node 24.6 or later" };
  });
  return findings;
}

function keyFinding(file: string): Omit<Finding, "name"> {
  const { mode } = fs.statSync(file);
  readKeyHeader(fs.readFileSync(file, "utf8"));
  return (mode & 0o077) === 0
    ? { verdict: "ok", found: file }
    : { verdict: "fail", found: `${file} can be read by others`, do: `chmod 600 ${file}` };
}

async function portFinding(listen: string): Promise<Omit<Finding, "name">> {
  const address = listenAddress(listen);
  const server = net.createServer();
  const problem = await new Promise<string | undefined>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(address, () => resolve(undefined));
  });
  await new Promise((resolve) => server.close(resolve));
  return problem === undefined
    ? { verdict: "ok", found: `${listen} is free` }
    : { verdict: "fail", found: `${listen}: ${problem}`, do: "choose another address in chancery.toml, [api] listen" };
}

const SYNC_SLOW_MS = 20;
const SYNCS = 20;
/** How long the disk takes to have written what it says: every vote waits for it. */
function syncFinding(directory: string): Omit<Finding, "name"> {
  const file = path.join(directory, "run", "sync-test");
  const descriptor = fs.openSync(file, "w", 0o600);
  const times: number[] = [];
  try {
    for (let i = 0; i < SYNCS; i++) {
      const started = performance.now();
      fs.writeSync(descriptor, Buffer.alloc(4_096), 0, 4_096, 4_096 * i);
      fs.fdatasyncSync(descriptor);
      times.push(performance.now() - started);
    }
  } finally {
    fs.closeSync(descriptor);
    fs.rmSync(file, { force: true });
  }
  const worst = Math.max(...times);
  const found = `slowest of ${SYNCS}: ${worst.toFixed(1)} ms`;
  return worst < SYNC_SLOW_MS ? { verdict: "ok", found } : { verdict: "warn", found, do: "put home and database on a faster disk" };
}
