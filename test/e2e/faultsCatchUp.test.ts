// A node that missed thousands of blocks catches up by itself, several times faster than they were made, while the network goes on. docs/protocol.md §4.9.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, Load, processorWaitMs, sleep } from "./harness.ts";

const MISSED = process.env["CHANCERY_LONG"] === undefined ? 300 : 10_000;
/** Several epochs are missed: what lies behind a border cannot be checked before the border is here. */
const EPOCH = process.env["CHANCERY_LONG"] === undefined ? 60 : 1_000;
const CLIENTS = 8;

let cluster: Cluster;
const loads: Load[] = [];

beforeAll(async () => {
  cluster = await Cluster.start({ validators: 4, parameters: { epoch_length: EPOCH, proposal_interval_ms: 5, heartbeat_ms: 1_000 } });
});
afterAll(async () => {
  await Promise.all(loads.map((load) => load.stop()));
  await cluster?.stop();
});

describe("catching up", () => {
  test(`${MISSED} missed blocks are had again at no less than five times the rate at which they were made`, async () => {
    const [late, ...others] = [cluster.named("health"), cluster.named("tax"), cluster.named("courts"), cluster.named("land")];
    await cluster.halt(late);
    const first = (await cluster.status(others[0])).height;
    // As fast as three validators make blocks on this machine: one act after the other of each of eight clients.
    const begun = performance.now();
    for (let i = 0; i < CLIENTS; i++) loads.push(new Load(cluster, `load${i}`, () => others, 0));
    await cluster.reaches(others[0], first + MISSED, 3_000_000);
    const madePerSecond = (1_000 * ((await cluster.status(others[0])).height - first)) / (performance.now() - begun);
    await Promise.all(loads.splice(1).map((load) => load.stop()));
    loads[0]!.slower(200);

    const goal = (await cluster.status(others[0])).height;
    const { child } = await cluster.run(late);
    const from = (await cluster.status(late)).height;
    const [started, waited] = [performance.now(), processorWaitMs(child.pid!)];
    for (let { height } = await cluster.status(late); height < goal; { height } = await cluster.status(late)) await sleep(50);
    const elsewhereMs = processorWaitMs(child.pid!) - waited;
    const seconds = (performance.now() - started - elsewhereMs) / 1_000;
    const hadPerSecond = (goal - from) / seconds;
    console.log(
      `made ${madePerSecond.toFixed(0)}/s, had again ${hadPerSecond.toFixed(0)}/s (${goal - from} blocks in ${seconds.toFixed(1)} s, and ${(elsewhereMs / 1_000).toFixed(1)} s without a processor)`,
    );
    expect(hadPerSecond).toBeGreaterThan(5 * madePerSecond);
    await cluster.signs(late.id, others[0]);
    expect(await cluster.sameBlock(goal)).toBe(true);
    await loads[0]!.stop();
    expect(loads[0]!.failed).toEqual([]);
  }, 3_600_000);
});
