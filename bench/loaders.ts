// The load processes of a scenario, seen from the scenario: started together, told what to do, asked for samples. Load itself is in load.ts.

import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import type { LoadMessage, LoadMode, LoadOptions, LoadSample } from "./load.ts";
import type { Presigned } from "./presign.ts";

export class Loaders {
  readonly #processes: ChildProcess[];

  /** `count` processes share the presigned file among them. */
  constructor(count: number, { file, stride, count: supply }: Presigned, apis: readonly string[]) {
    this.#processes = Array.from({ length: count }, (_, i) => {
      const options: LoadOptions = {
        file,
        stride,
        from: Math.floor((supply * i) / count),
        to: Math.floor((supply * (i + 1)) / count),
        // Each begins at another node, so that few loaders load all nodes alike.
        apis: [...apis.slice(i % apis.length), ...apis.slice(0, i % apis.length)],
      };
      return fork(path.join(import.meta.dirname, "load.ts"), [JSON.stringify(options)], { serialization: "advanced" });
    });
  }

  /** `rate` of an open loop is that of all processes together. */
  set mode(mode: LoadMode) {
    const share = mode.kind === "open" ? { ...mode, rate: mode.rate / this.#processes.length } : mode;
    for (const child of this.#processes) child.send({ mode: share } satisfies LoadMessage);
  }

  async sample(): Promise<LoadSample> {
    return total(await Promise.all(this.#processes.map(async (p) => ask(p, "sample"))));
  }

  async stop(): Promise<LoadSample> {
    return total(await Promise.all(this.#processes.map(async (p) => ask(p, "stop"))));
  }

  kill(): void {
    for (const child of this.#processes) child.kill("SIGKILL");
  }
}

async function ask(child: ChildProcess, message: "sample" | "stop"): Promise<LoadSample> {
  return new Promise((resolve) => {
    child.once("message", (sample) => resolve(sample as LoadSample));
    child.send(message);
  });
}

function total(samples: readonly LoadSample[]): LoadSample {
  const refusals: Record<string, number> = {};
  for (const s of samples) for (const [code, n] of Object.entries(s.refusals)) refusals[code] = (refusals[code] ?? 0) + n;
  const sum = (of: (s: LoadSample) => number): number => samples.reduce((all, s) => all + of(s), 0);
  return {
    applied: sum((s) => s.applied),
    refused: sum((s) => s.refused),
    due: sum((s) => s.due),
    outstanding: sum((s) => s.outstanding),
    exhausted: samples.some((s) => s.exhausted),
    refusals,
    latencies: samples.flatMap((s) => s.latencies),
    cpu: sum((s) => s.cpu),
  };
}
