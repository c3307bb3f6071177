// What the nodes use in a stretch of time, as the kernel counts it: CPU (by thread too), memory, disk. Owns reading and subtracting.

import fs from "node:fs";
import { cpuMicroseconds, type Devnet, diskBytes, residentBytes } from "./devnet.ts";
import { sum } from "./report.ts";

const SECTOR_BYTES = 512;

export interface Usage {
  readonly seconds: number;
  /** µs of all nodes together. */
  readonly cpu: number;
  /** µs of all nodes by what the thread is for. */
  readonly threads: ReadonlyMap<string, number>;
  /** Bytes of each node at the end. */
  readonly rss: readonly number[];
  /** Bytes that the homes grew by on disk, all nodes together. */
  readonly disk: number;
  /**
   * Bytes written to the device on which the homes are, by whatever runs here. The kernel's account of a process (`write_bytes`) is of no use for it: who
   * dirties a byte of a file that was written in pieces of a megabyte is charged a megabyte, where two sectors are written.
   */
  readonly written: number;
  /** CLOCK_MONOTONIC µs: the clock that CPU profiles use. */
  readonly from: number;
  readonly to: number;
}

/** Begins now; the function that it gives ends the stretch. */
export function watchUsage({ nodes }: Pick<Devnet, "nodes">): () => Usage {
  const state = () => ({
    at: Number(process.hrtime.bigint() / 1_000n),
    cpu: sum(nodes.map((n) => cpuMicroseconds(n.pid))),
    threads: nodes.map((n) => threadsOf(n.pid)),
    disk: sum(nodes.map((n) => diskBytes(n.home))),
    written: writtenBytes(nodes[0]!.home),
  });
  const before = state();
  return () => {
    const after = state();
    const threads = new Map<string, number>();
    after.threads.forEach((list, i) => {
      for (const [tid, { role, cpu }] of list) {
        const used = cpu - (before.threads[i]!.get(tid)?.cpu ?? 0);
        threads.set(role, (threads.get(role) ?? 0) + used);
      }
    });
    return {
      seconds: (after.at - before.at) / 1e6,
      cpu: after.cpu - before.cpu,
      threads,
      rss: nodes.map((n) => residentBytes(n.pid)),
      disk: after.disk - before.disk,
      written: after.written - before.written,
      from: before.at,
      to: after.at,
    };
  };
}

/** 0 where the directory is on no block device. */
function writtenBytes(directory: string): number {
  const { dev } = fs.statSync(directory);
  const device = `${(dev >> 8) & 0xfff} ${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  for (const line of fs.readFileSync("/proc/diskstats", "latin1").split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields.slice(0, 2).join(" ") === device) return Number(fields[9]) * SECTOR_BYTES;
  }
  return 0;
}

/** CPU of each thread of a process so far, and what the thread is for. */
export function threadsOf(pid: number): Map<number, { role: string; cpu: number }> {
  const threads = new Map<number, { role: string; cpu: number }>();
  for (const tid of fs.readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/task/${tid}/stat`, "latin1");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      // Nanoseconds on a processor, where the kernel counts them; `stat` has ticks of 10 ms.
      const cpu = Number(fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "latin1").split(" ")[0]) / 1_000;
      threads.set(Number(tid), { role: roleOf(Number(tid) === pid, name), cpu });
    } catch {
      // a thread that has ended
    }
  }
  return threads;
}

function roleOf(isMain: boolean, name: string): string {
  if (isMain) return "main";
  if (/^verify-|WorkerThread/.test(name)) return "verify";
  if (name.startsWith("libuv")) return "libuv";
  if (/^(V8Worker|DelayedTask|node-V8)/.test(name)) return "v8 helpers";
  if (/^v8:Prof|^Signal/.test(name)) return "profiler";
  return `other (${name})`;
}
