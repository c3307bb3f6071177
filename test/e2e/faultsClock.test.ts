// A clock that is an hour off: the node says so in its log, status, metrics; it follows all the same, and no block carries a wrong time. With libfaketime
// where it is installed (Debian: faketime), else with the test clock that development networks honour. docs/protocol.md §3, §4.4, §4.9.

import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, Load, logged, logOf, type Member } from "./harness.ts";
import { cli, waitFor } from "./support.ts";

const LIBRARY = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"].find(
  (file) => fs.existsSync(file),
);
const HOUR = 3_600_000;
const LIMIT = 2_000;
/** Primary of view 0 of epoch e: the one at e mod 4. */
const SORTED = ["courts", "health", "land", "tax"];
const WITH = LIBRARY === undefined ? "the test clock (libfaketime is not installed)" : "libfaketime";

/** The environment of a process whose clock is off by so much. */
function clock(ms: number): NodeJS.ProcessEnv {
  if (LIBRARY === undefined) return { CHANCERY_TEST_CLOCK_MS: String(ms) };
  return {
    LD_PRELOAD: LIBRARY,
    FAKETIME: `${ms < 0 ? "" : "+"}${ms / 1_000}`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
    FAKETIME_DONT_RESET: "1",
  };
}

let cluster: Cluster;
let load: Load;
let wrong: Member;

beforeAll(async () => {
  // Epochs of 16 blocks: each validator is the first primary of every fourth one.
  cluster = await Cluster.start({
    validators: 4,
    parameters: { epoch_length: 16, clock_drift_ms: LIMIT, heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 },
  });
  wrong = cluster.named("health");
  load = new Load(cluster, "load", () => cluster.members.filter((m) => m !== wrong), 60);
}, 240_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
});

/** Through an epoch that begins with this primary, to the end of the next one. */
async function throughItsEpoch(witness: Member): Promise<{ first: number; last: number }> {
  const first = await waitFor("an epoch with the wrong clock as primary", async () => {
    const { epoch, height } = await cluster.status(witness);
    return SORTED[epoch % 4] === wrong.id ? height : undefined;
  });
  const { epoch } = await cluster.status(witness);
  await waitFor("the epoch after it", async () => ((await cluster.status(witness)).epoch > epoch + 1 ? true : undefined));
  return { first, last: (await cluster.status(witness)).height };
}

describe(`a clock an hour off, by ${WITH}`, () => {
  test.each([
    ["fast", HOUR],
    ["slow", -HOUR],
  ])(
    "%s: said in log, status and metrics; the node follows, as backup and when its turn as primary comes; the network goes on",
    async (_how, off) => {
      const witness = cluster.named("tax");
      const lines = logOf(wrong.home).length;
      await cluster.halt(wrong);
      await cluster.run(wrong, clock(off));
      const line = await logged(wrong.home, "clock.off", undefined, undefined, lines);
      expect(line.level).toBe("warn");
      expect(Math.abs(line["ms"] + off)).toBeLessThan(60_000); // the others' clocks against its own
      const status = await cluster.status(wrong);
      expect(Math.abs(status.clockOffMs + off)).toBeLessThan(60_000);
      const shown = await cli("status", "--node", wrong.api);
      expect(shown.out).toContain("The clock is off by");
      const metrics = await (await fetch(wrong.metrics)).text();
      const skew = /chancery_peer_clock_skew_seconds\{organisation="tax"\} (\S+)/.exec(metrics)?.[1];
      expect(Math.abs(Number(skew) + off / 1_000)).toBeLessThan(60);
      // The others see whose clock it is.
      const seen = (await cluster.status(witness)).peers.find((p: { id: string }) => p.id === wrong.id).skewMs;
      expect(Math.abs(seen - off)).toBeLessThan(60_000);
      expect((await cluster.status(witness)).clockOffMs).toBeNull();

      const { first, last } = await throughItsEpoch(witness);
      await cluster.reaches(wrong, last);
      const newest = (await cluster.block(witness, last)).time;
      let before = (await cluster.block(witness, first)).time;
      let inItsTurn = 0;
      for (let height = first + 1; height <= last; height++) {
        const { time, epoch, view } = await cluster.block(witness, height);
        expect(time).toBeGreaterThan(before);
        expect(time).toBeLessThanOrEqual(newest);
        // A fast clock's proposals are held until their time, so another primary takes over.
        const itsTurn = SORTED[epoch % 4] === wrong.id;
        if (itsTurn) inItsTurn++;
        if (itsTurn && off > 0) expect(view).toBeGreaterThan(0);
        before = time;
      }
      expect(inItsTurn).toBeGreaterThan(0);
      expect(Math.abs(newest - Date.now())).toBeLessThan(30_000);
      expect(await cluster.sameBlock(last)).toBe(true);
      expect(load.failed).toEqual([]);
    },
    240_000,
  );

  test("set right again, it votes and finds nothing to say", async () => {
    const lines = logOf(wrong.home).length;
    await cluster.halt(wrong);
    await cluster.run(wrong);
    await cluster.has(wrong, "load-0");
    await cluster.signs(wrong.id, cluster.named("tax"));
    expect(
      logOf(wrong.home)
        .slice(lines)
        .filter((l) => l.event === "clock.off"),
    ).toEqual([]);
    expect((await cluster.status(wrong)).clockOffMs).toBeNull();
    expect(await cluster.equivocations(wrong)).toBe(0);
  }, 240_000);
});
