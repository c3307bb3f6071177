// Free space where the database lies: below its reserve this node pauses (no votes, no submits; reads go on) and resumes by itself. And a disk that fails:
// the node ends, whoever met the error.

import fs from "node:fs";
import type { LedgerError } from "../base/errors.ts";
import { DISK_CHECK_MS } from "../base/limits.ts";
import type { StopReason } from "../consensus/driverPorts.ts";

/** A node that cannot read its store cannot execute, serve or prove, and what a failing disk still gives is not to be relied on. */
export function diskFailed(error: LedgerError): StopReason {
  const { directory, what } = error.data ?? {};
  const data = { why: `${String(directory)}: ${String(what)}`, do: "replace the disk, or make room, then start again" };
  return { exit: 12, code: error.code, data, cause: error };
}

export class DiskWatch {
  readonly #directory: string;
  readonly #reserve: number;
  readonly #changed: (paused: boolean, free: number) => void;
  readonly #timer: NodeJS.Timeout;
  #free: number | undefined;
  #paused = false;

  constructor(directory: string, reserve: number, changed: (paused: boolean, free: number) => void) {
    this.#directory = directory;
    this.#reserve = reserve;
    this.#changed = changed;
    this.#look();
    this.#timer = setInterval(() => this.#look(), DISK_CHECK_MS);
    this.#timer.unref();
  }

  get free(): number | undefined {
    return this.#free;
  }
  get paused(): boolean {
    return this.#paused;
  }

  #look(): void {
    fs.statfs(this.#directory, (error, stats) => {
      if (error !== null) return;
      this.#free = stats.bavail * stats.bsize;
      const paused = this.#free < this.#reserve;
      if (paused === this.#paused) return;
      this.#paused = paused;
      this.#changed(paused, this.#free);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
