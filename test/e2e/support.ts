// Real processes for end-to-end tests: devnets, single daemons, the command line. Owns starting and stopping; every process started here ends here.

import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

export const MAIN = path.resolve(import.meta.dirname, "../../src/cli/main.ts");

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Stdout as JSON, where it is. */
  readonly json: any;
  /** The problem on stderr, where it is JSON. */
  readonly problem: any;
}

/**
 * A release of another make: a copy of the sources in which `right` stands no more, but `wrong`, in a file under src. To be run by its `main`; `remove` when the
 * test ends.
 */
export function otherRelease(file: string, right: string, wrong: string): { readonly main: string; remove(): void } {
  const root = path.resolve(import.meta.dirname, "../..");
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-release-"));
  for (const name of ["src", "package.json"]) fs.cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  fs.symlinkSync(path.join(root, "node_modules"), path.join(directory, "node_modules"));
  const place = path.join(directory, "src", file);
  const source = fs.readFileSync(place, "utf8");
  if (source.split(right).length !== 2) throw new Error(`${file} has not exactly one "${right}"`);
  fs.writeFileSync(
    place,
    source.replace(right, () => wrong),
  );
  return { main: path.join(directory, "src/cli/main.ts"), remove: () => fs.rmSync(directory, { recursive: true, force: true }) };
}

/** Runs the command line to its end. */
export const cli = (...args: string[]): Promise<Ran> => cliOf(MAIN, ...args);

/** The command line of another release. */
export async function cliOf(main: string, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? -1)));
  return { code, out, err, json: parsed(out), problem: parsed(err.trim().split("\n").at(-1) ?? "") };
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface RunningNode {
  readonly id: string;
  readonly api: string;
  readonly metrics: string;
  readonly home: string;
  pid: number;
}
export interface Network {
  readonly directory: string;
  readonly genesis: string;
  readonly nodes: RunningNode[];
  readonly keys: { readonly [name: string]: string };
  readonly network: string;
  stop(): Promise<void>;
  /** The same network, stopped and started again with clocks that are so much ahead of this machine's: time has passed. */
  later(ms: number): Promise<void>;
}

const living = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

function track(child: ChildProcess): ChildProcess {
  living.add(child);
  child.once("exit", () => living.delete(child));
  return child;
}

/** A devnet in a directory of its own, ready. */
export async function startNetwork(nodes: number, ...args: string[]): Promise<Network> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-e2e-"));
  let { child, ready } = await launch(directory, ["--nodes", String(nodes), ...args]);
  const halt = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  };
  const stop = async (): Promise<void> => {
    await halt();
    fs.rmSync(directory, { recursive: true, force: true });
  };
  const later = async (ms: number): Promise<void> => {
    await halt();
    ({ child, ready } = await launch(directory, ["--keep"], { CHANCERY_TEST_CLOCK_MS: String(ms) }));
    network.nodes.splice(0, network.nodes.length, ...ready.nodes);
  };
  const network: Network = { ...ready, directory, stop, later };
  return network;
}

async function launch(
  directory: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ child: ChildProcess; ready: Omit<Network, "stop" | "later" | "directory"> }> {
  const child = track(
    spawn(process.execPath, [MAIN, "devnet", "--dir", path.join(directory, "net"), "--json", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    }),
  );
  let err = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
  const line = await new Promise<string>((resolve, reject) => {
    readline.createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`devnet ended with ${code}: ${err}`)));
  });
  return { child, ready: JSON.parse(line) };
}

export interface Daemon {
  readonly child: ChildProcess;
  /** Exit code, once it has ended; -1 if a signal ended it. */
  readonly ended: Promise<number>;
  /** Its API listens, or it has ended. */
  readonly up: Promise<void>;
  readonly err: () => string;
}

/** `chancery start` for a home, at once; `prefix` is a command to run it under, `main` another build of ours. */
export function launchDaemon(home: string, environment: NodeJS.ProcessEnv = {}, prefix: readonly string[] = [], main = MAIN): Daemon {
  const [command, ...rest] = [...prefix, process.execPath, main, "start", "--home", home, "--json"];
  const child = track(spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } }));
  let err = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? -1)));
  const line = new Promise<void>((resolve) => readline.createInterface({ input: child.stdout! }).once("line", () => resolve()));
  return { child, ended, up: Promise.race([line, ended.then(() => undefined)]), err: () => err };
}

/** The same; resolves when its API listens, or it has ended. */
export async function startDaemon(home: string, environment: NodeJS.ProcessEnv = {}): Promise<Daemon> {
  const daemon = launchDaemon(home, environment);
  await daemon.up;
  return daemon;
}

/** Asks until there is an answer. The limit is no expectation of speed: it ends a test that hangs, also on a machine that does other things. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 90_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await ask().catch(() => undefined);
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** JSON of a GET, whatever the status. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: any; headers: Headers }> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  return { status: response.status, body: parsed(text) ?? text, headers: response.headers };
}

export const HASH = "ab".repeat(32);
export const deposit = (name: string): string => JSON.stringify({ deposit: name, kind: "contract", content: HASH });
