// A devnet for measuring: real daemons as child processes of the command line, started with one command and stopped for good.
// Owns start, stop and reading what the kernel says of the processes. Does not own: load (load.ts) or what is reported (scenarios).

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

export interface DevnetNode {
  readonly api: string;
  readonly pid: number;
  readonly home: string;
}
export interface Devnet {
  readonly directory: string;
  readonly genesis: string;
  readonly nodes: readonly DevnetNode[];
  readonly keys: { readonly [name: string]: string };
  /** Asks it to stop and waits; its files stay. */
  halt(): Promise<void>;
  /** As `halt`, and removes its files. */
  stop(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, "..");
let main = path.join(root, "src/cli/main.ts");
const START_LIMIT_MS = 60_000;
const START_LIMIT_EACH_MS = 5_000;
const START_LIMIT_PER_MB_MS = 200;

/**
 * From now on devnets run what is shipped, built from this checkout now: what reads types out of sources while it runs takes 25 MB of each
 * process, which no user has.
 */
export function runBuilt(): void {
  main = path.join(root, "dist/cli/main.js");
  const { status } = spawnSync(process.execPath, [path.join(root, "tools/build.ts")], { stdio: ["ignore", 2, "inherit"] });
  if (status !== 0) throw new Error("the checkout does not build");
}

/** Runs the command line of this checkout. */
export function spawnCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...environment } });
}

export interface DevnetOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** More words for `chancery devnet`. */
  readonly more?: readonly string[];
  /** A directory that startDevnet made before: its network is continued. */
  readonly directory?: string;
}

/** Starts `nodes` validators; resolves when block 1 has a certificate on every node. */
export async function startDevnet(nodes: number, { environment, more = [], directory: given }: DevnetOptions = {}): Promise<Devnet> {
  const directory = given ?? fs.mkdtempSync(path.join(os.tmpdir(), "chancery-bench-"));
  const keep = given === undefined ? [] : ["--keep"];
  const child = spawnCli(
    ["devnet", "--dir", path.join(directory, "net"), "--nodes", String(nodes), "--json", ...keep, ...more],
    environment,
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await new Promise<Omit<Devnet, "directory" | "halt" | "stop">>((resolve, reject) => {
    const grown = given === undefined ? 0 : diskBytes(directory) / 2 ** 20; // the command itself waits the longer, the more there is to read
    const limit = START_LIMIT_MS + nodes * START_LIMIT_EACH_MS + grown * START_LIMIT_PER_MB_MS;
    const timer = setTimeout(() => reject(new Error("the devnet is not ready in time")), limit);
    child.once("exit", (code) => reject(new Error(`the devnet ended with exit code ${code} before it was ready`)));
    readline.createInterface({ input: child.stdout! }).on("line", (line) => {
      const document = JSON.parse(line) as { ready?: boolean } & Omit<Devnet, "directory" | "halt" | "stop">;
      if (document.ready !== true) return;
      clearTimeout(timer);
      resolve(document);
    });
  });
  const halt = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
  };
  const stop = async (): Promise<void> => {
    await halt();
    fs.rmSync(directory, { recursive: true, force: true });
  };
  return { directory, ...ready, halt, stop };
}

/** CPU of a process so far, all threads, user + system, in microseconds (to the kernel's tick of 10 ms). */
export function cpuMicroseconds(pid: number): number {
  const fields = fs
    .readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024;
}

/** Bytes that the files below a directory take on disk (allocated blocks). */
export function diskBytes(directory: string): number {
  let sum = 0;
  for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    try {
      sum += fs.statSync(path.join(entry.parentPath, entry.name)).blocks * 512;
    } catch {
      // a file that compaction removed meanwhile
    }
  }
  return sum;
}
