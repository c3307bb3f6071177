// The home of a node: where its files lie, who may be there, and that one process only is. docs/operations.md, "The home".
// Owns the layout, its version and the lock. Does not own: what is in the files.

import fs from "node:fs";
import path from "node:path";
import type { Bytes } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { saveSecretFile, sealKey } from "../base/keyFile.ts";
import { noNetwork } from "../base/tags.ts";
import { createJournal } from "../consensus/journal.ts";
import type { NodeKeys } from "./founding.ts";

/** Grows when a release lays files out differently; an older release refuses a newer layout before it opens anything. */
const LAYOUT_VERSION = 1;

export interface Home {
  readonly directory: string;
  readonly config: string;
  readonly genesis: string;
  readonly anchor: string;
  /** What the operators agreed on after a split, if it is there. */
  readonly recovery: string;
  readonly keys: string;
  readonly journal: string;
  readonly state: string;
  readonly capsules: string;
  readonly run: string;
  readonly lock: string;
  /** A path of the configuration: absolute, or within the home. */
  readonly resolve: (file: string) => string;
}

/** The layout of a home, whether it exists or not. */
export function homeAt(directory: string): Home {
  const at = (...parts: string[]): string => path.join(directory, ...parts);
  return {
    directory,
    config: at("chancery.toml"),
    genesis: at("genesis.json"),
    anchor: at("anchor.json"),
    recovery: at("recovery.json"),
    keys: at("keys"),
    journal: at("journal"),
    state: at("state"),
    capsules: at("capsules"),
    run: at("run"),
    lock: at("run", "lock"),
    resolve: (file) => path.resolve(directory, file),
  };
}

/** Makes the directories of a new home. Throws `file.exists` if there is one already. */
function createHome(directory: string): Home {
  const home = homeAt(directory);
  if (fs.existsSync(home.config) || fs.existsSync(path.join(directory, "VERSION")))
    throw new LedgerError("file.exists", {
      file: directory,
      why: `${directory} is the home of a node already`,
      do: "choose another directory",
    });
  for (const dir of [directory, home.keys, home.run, home.capsules]) fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(directory, "VERSION"), `${LAYOUT_VERSION}\n`, { mode: 0o600 });
  return home;
}

/** Makes the home of a node with its keys, its configuration, and the vote journal that is made with the consensus key. */
export function furnishHome(directory: string, keys: NodeKeys, passphrase: Bytes | undefined, config: string): Home {
  const home = createHome(directory);
  for (const key of [keys.consensus, keys.peer, keys.checkpoint])
    saveSecretFile(path.join(home.keys, `${key.purpose}.key`), sealKey(key, passphrase));
  createJournal(home.journal, { network: noNetwork, key: keys.consensus.publicKey });
  fs.writeFileSync(home.config, config, { mode: 0o600 });
  return home;
}

/** Opens a home. Throws `home.invalid` if it is none, or of a newer layout. */
export function openHome(directory: string): Home {
  const home = homeAt(directory);
  let version: string;
  try {
    version = fs.readFileSync(path.join(directory, "VERSION"), "utf8").trim();
  } catch (cause) {
    throw new LedgerError(
      "home.invalid",
      { why: `${directory} has no file VERSION`, do: "chancery init --home DIR …, or name the right directory" },
      cause,
    );
  }
  if (!/^\d+$/.test(version))
    throw new LedgerError("home.invalid", {
      why: `the file VERSION of ${directory} holds no number`,
      do: `if nothing else is damaged: echo ${LAYOUT_VERSION} > ${path.join(directory, "VERSION")}`,
    });
  if (Number(version) > LAYOUT_VERSION)
    throw new LedgerError("home.invalid", {
      why: `the file VERSION of ${directory} says layout ${version}, this release knows ${LAYOUT_VERSION}`,
      do: "install a newer release",
    });
  if (!fs.existsSync(home.genesis))
    throw new LedgerError("home.invalid", { why: `${home.genesis} is missing`, do: `copy the sealed genesis file to ${home.genesis}` });
  fs.mkdirSync(home.run, { recursive: true, mode: 0o700 });
  return home;
}

export interface Lock {
  release(): void;
}

/**
 * Takes the home for this process. The lock is a file naming process and its start time, so that a number used again after a crash is not taken for the
 * old process. Throws `start.locked` (exit 10) if a live process holds it.
 */
export function lockHome(home: Home): Lock {
  const mine = `${process.pid} ${startOf(process.pid) ?? "?"}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    // A link appears with its content: nobody ever reads half a lock.
    const draft = `${home.lock}.${process.pid}`;
    fs.writeFileSync(draft, `${mine}\n`, { mode: 0o600 });
    try {
      fs.linkSync(draft, home.lock);
      return { release: () => releaseLock(home.lock, mine) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    } finally {
      fs.rmSync(draft, { force: true });
    }
    const holder = holderOf(home.lock);
    if (holder !== undefined && holder.alive)
      throw new LedgerError("start.locked", {
        why: `process ${holder.pid} runs in ${home.directory}`,
        do: `stop it (kill ${holder.pid}), or give this one its own --home`,
        pid: holder.pid,
      });
    fs.rmSync(home.lock, { force: true });
  }
  throw new LedgerError("start.locked", { why: `${home.lock} cannot be taken`, do: "try again" });
}

function releaseLock(file: string, mine: string): void {
  if (read(file) === mine) fs.rmSync(file, { force: true });
}

/** The process that holds a home, if any does. */
export function holderOf(lock: string): { pid: number; alive: boolean } | undefined {
  const [pid, start] = read(lock)?.split(" ") ?? [];
  if (pid === undefined) return undefined;
  const now = startOf(Number(pid));
  return { pid: Number(pid), alive: now !== undefined && (start === "?" || now === "?" || now === start) };
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** When a process started, as the kernel counts; "?" where /proc is not, undefined if it does not run. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs
      .readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return stat[0] === "Z" ? undefined : stat[19];
  } catch {
    if (fs.existsSync("/proc/self/stat")) return undefined;
  }
  try {
    process.kill(pid, 0);
    return "?";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "?" : undefined;
  }
}
