// What scenarios ask nodes over HTTP while they measure.

import { sleep } from "./report.ts";

export interface Head {
  readonly height: number;
  readonly time: number;
}
export interface Status extends Head {
  readonly organisation: string;
  readonly primary: string;
  readonly mode: string;
  readonly view: number;
  readonly behind: number;
  readonly uptimeMs: number;
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

export const headOf = async (api: string): Promise<Head> => ask<Head>(`${api}/v1/network`);
export const statusOf = async (api: string): Promise<Status> => ask<Status>(`${api}/v1/node`);

/** Asks again until `done` says yes; throws after `limitMs`. A node that does not answer is asked again. */
export async function until(api: string, done: (status: Status) => boolean, limitMs: number): Promise<Status> {
  const end = performance.now() + limitMs;
  for (;;) {
    const status = await statusOf(api).catch(() => undefined);
    if (status !== undefined && done(status)) return status;
    if (performance.now() > end) throw new Error(`${api} did not get there within ${limitMs} ms: ${JSON.stringify(status)}`);
    await sleep(20);
  }
}

/** Times (ms, monotonic) at which the head of this node grew, until stopped. */
export function watchHeads(api: string): { readonly times: number[]; stop(): Promise<void> } {
  const times: number[] = [];
  let stopped = false;
  const watching = (async () => {
    let last = -1;
    while (!stopped) {
      const head = await headOf(api).catch(() => undefined);
      if (head !== undefined && head.height > last) {
        if (last >= 0) times.push(performance.now());
        last = head.height;
      }
      await sleep(5);
    }
  })();
  return {
    times,
    async stop() {
      stopped = true;
      await watching;
    },
  };
}

/** The longest time without a new head between `from` and `to`, seconds. */
export function longestGap(times: readonly number[], from: number, to: number): number {
  const inside = [from, ...times.filter((t) => t >= from && t <= to), to];
  let longest = 0;
  for (let i = 1; i < inside.length; i++) longest = Math.max(longest, inside[i]! - inside[i - 1]!);
  return longest / 1_000;
}
