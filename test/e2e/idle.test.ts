// Idle nodes: next to no processor time, nothing written but heartbeats; and a stop within five seconds. Four daemons with default parameters.

import fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster, sleep } from "./harness.ts";

const LONG = process.env["CHANCERY_LONG"] !== undefined;
const SECONDS = LONG ? 60 : 12;
const STRETCHES = 5;
/** Of the page cache: as large as what was written at once when the file was made. */
const PIECE_BYTES = 1 << 20;
/** Three records of the journal, a mark after each, a block in the store. */
const PIECES = 8;
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ validators: 4 });
});
afterAll(async () => cluster?.stop());

interface Used {
  /** Processor time of all threads, seconds. */
  readonly cpu: number;
  /** Bytes that were sent to a disk. */
  readonly written: number;
  readonly height: number;
}
async function used(i: number): Promise<Used> {
  const member = cluster.members[i]!;
  const { pid } = member.daemon!.child;
  const { height } = await cluster.status(member);
  const fields = fs
    .readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  const written = Number(/^write_bytes: (\d+)/m.exec(fs.readFileSync(`/proc/${pid}/io`, "latin1"))![1]);
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, written, height };
}

test(`over ${SECONDS} seconds an idle node uses less than 2 % of a core and writes nothing but its heartbeats`, {
  timeout: 300_000,
}, async () => {
  await sleep(5_000); // compilers and collectors of a process that has just started
  let after = await Promise.all(cluster.members.map((_, i) => used(i)));
  // What such a process puts in order when it comes to rest, or what another does to caches, may fall into a stretch; not into each of them.
  for (let stretch = 1; ; stretch++) {
    const before = after;
    await sleep(SECONDS * 1_000);
    after = await Promise.all(cluster.members.map((_, i) => used(i)));
    const shares = after.map((now, i) => (now.cpu - before[i]!.cpu) / SECONDS);
    for (const [i, now] of after.entries()) {
      const then = before[i]!;
      const [written, blocks] = [now.written - then.written, now.height - then.height];
      console.log(
        `${cluster.members[i]!.id}: ${(100 * shares[i]!).toFixed(2)} % of a core, ${written} bytes written, ${blocks} heartbeats`,
      );
      expect(blocks).toBeLessThanOrEqual(Math.ceil(SECONDS / 30) + 1);
      // A heartbeat: its records in the journal and its block in the store. The kernel charges the whole piece of the file that a byte was changed in.
      expect(written).toBeLessThanOrEqual(blocks * PIECES * PIECE_BYTES);
    }
    if (Math.max(...shares) < 0.02) break;
    expect(stretch, `stretches of ${SECONDS} s, all above 2 % of a core`).toBeLessThan(STRETCHES);
  }
  // The kernel's count is of use: a record is seen in it.
  await cluster.deposit("seen", cluster.members[0]!);
  expect((await used(0)).written).toBeGreaterThan(after[0]!.written);
});

test("SIGTERM ends each within five seconds, with exit 0", async () => {
  for (const member of cluster.members) {
    const began = performance.now();
    expect(await cluster.halt(member)).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
  }
});
