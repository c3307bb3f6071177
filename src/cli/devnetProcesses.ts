// The processes of a devnet: `chancery start` for each home, its words passed on, stopped together. Owns the processes and nothing of the network.

import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { LedgerError } from "../base/errors.ts";
import { refuse, warn } from "./output.ts";

export interface DevnetNode {
  readonly id: string;
  readonly home: string;
  readonly api: string;
  readonly metrics: string;
  readonly pid: number;
  readonly process: ChildProcess;
  readonly exited: () => boolean;
}

const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url));
/** What a node allocates mostly dies young. Measured at full load: 16 MB collect as cheaply as 64, and 8 MB do not. */
const YOUNG = "--max-semi-space-size=16";
/** glibc gives each thread that allocates an arena of its own; with two, a node at full load is 40 MB smaller and no slower. */
const ARENAS = "2";
const START_LIMIT_MS = 60_000;
/** A node reads and checks all rows as it starts: some 30 MB a second and core. */
const START_MS_PER_MB = 200;
const STOP_LIMIT_MS = 5_000;
/** Settings of the shell go to the nodes; whom the shell's commands talk to does not. */
const NOT_FOR_NODES = ["CHANCERY_HOME", "CHANCERY_NODE", "CHANCERY_KEY"];

/** Starts a node for each home and waits until its API listens. */
export async function startNodes(
  homes: readonly { readonly id: string; readonly home: string; readonly api: string; readonly metrics: string }[],
  signal: AbortSignal,
): Promise<DevnetNode[]> {
  const environment: NodeJS.ProcessEnv = { MALLOC_ARENA_MAX: ARENAS, ...process.env };
  for (const name of NOT_FOR_NODES) delete environment[name];
  const nodes = homes.map((home) => spawnNode(home, environment));
  try {
    await Promise.all(nodes.map(async ({ node, started }) => Promise.race([started, aborted(signal), late(node)])));
  } catch (error) {
    await stopNodes(nodes.map((n) => n.node));
    throw error;
  }
  return nodes.map((n) => n.node);
}

function spawnNode(
  home: { readonly id: string; readonly home: string; readonly api: string; readonly metrics: string },
  environment: NodeJS.ProcessEnv,
): { node: DevnetNode; started: Promise<void> } {
  const child = spawn(process.execPath, [...process.execArgv, YOUNG, MAIN, "start", "--home", home.home, "--json"], {
    // With a channel to this process: nodes stop when it is gone, however it ended.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environment,
  });
  let ended = false;
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const started = new Promise<void>((resolve, reject) => {
    readline.createInterface({ input: child.stdout! }).once("line", () => resolve());
    child.once("exit", (code) => {
      ended = true;
      reject(
        new LedgerError("devnet.failed", {
          why: `${home.id} ended with exit code ${code}: ${said.trim()}`,
          do: `look into ${home.home}/node.log`,
        }),
      );
    });
  });
  started.catch(() => {});
  child.once("exit", (code, how) => {
    ended = true;
    // Somebody may have killed it on purpose, to see the network go on.
    if (code !== 0) warn(`${home.id} (pid ${child.pid}) ended: ${how ?? `exit code ${code}`}${said === "" ? "" : `\n${said.trim()}`}`);
  });
  return { node: { ...home, pid: child.pid ?? 0, process: child, exited: () => ended }, started };
}

async function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve())));
}
async function late({ id, home }: DevnetNode): Promise<never> {
  const limit = START_LIMIT_MS + START_MS_PER_MB * Math.round(databaseBytes(home) / 2 ** 20);
  await new Promise((resolve) => setTimeout(resolve, limit).unref());
  return refuse("devnet.failed", { why: `${id} did not start within ${limit / 1_000} s`, do: "look into its node.log" });
}

function databaseBytes(home: string): number {
  const directory = path.join(home, "db");
  if (!fs.existsSync(directory)) return 0;
  return fs
    .readdirSync(directory)
    .reduce((sum, name) => sum + (fs.statSync(path.join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** SIGTERM to all; who is not gone after 5 s is killed. */
export async function stopNodes(nodes: readonly DevnetNode[]): Promise<void> {
  await Promise.all(
    nodes.map(async ({ process: child, exited }) => {
      if (exited()) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      await gone;
      clearTimeout(timer);
    }),
  );
}
