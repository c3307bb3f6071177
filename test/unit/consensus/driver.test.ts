// The driver over real journals (docs/protocol.md §4, §4.7): it commits, it catches up, and killed at any boundary of its journal it never contradicts itself.

import { afterEach, describe, expect, test } from "vitest";
import { Cluster } from "./driverHarness.ts";

let cluster: Cluster;
afterEach(async () => cluster.close());

const ids = ["courts", "health", "land", "tax"];

async function four(...options: [parameters?: ConstructorParameters<typeof Cluster>[1], segmentBytes?: number]): Promise<void> {
  cluster = new Cluster(ids, ...options);
  for (const id of ids) await cluster.start(id);
}
const all = (height: number) => () => ids.every((id) => cluster.height(id) >= height);

describe("four drivers in one process", () => {
  test("commit blocks with batches, the same on all", async () => {
    await four();
    await cluster.until(all(1));
    cluster.keepFeeding();
    await cluster.until(all(30));
    expect(cluster.contradictions).toEqual([]);
    expect(cluster.home("tax").blocks.some((b) => b.bodies.length > 0)).toBe(true);
    for (const id of ids) expect(cluster.node(id).stopped).toBeUndefined();
  });

  test("an idle chain makes a heartbeat and nothing else", async () => {
    await four();
    await cluster.until(all(2));
    expect(cluster.home("tax").blocks.every((b) => b.bodies.length === 0)).toBe(true);
    expect(cluster.contradictions).toEqual([]);
  });

  test("all four killed at once go on by themselves, whatever was in flight", async () => {
    await four();
    cluster.keepFeeding();
    for (let round = 1; round <= 3; round++) {
      await cluster.until(all(12 * round));
      for (const id of ids) await cluster.kill(id);
      for (const id of ids) await cluster.start(id);
    }
    await cluster.until(all(50));
    expect(cluster.contradictions).toEqual([]);
  });

  test("§4.6 a dead primary is replaced, and comes back", async () => {
    await four();
    cluster.keepFeeding();
    await cluster.until(all(5));
    await cluster.kill("courts");
    const before = cluster.height("tax");
    await cluster.until(() => ["health", "land", "tax"].every((id) => cluster.height(id) > before + 10));
    expect(cluster.node("tax").driver.replica.view).toBeGreaterThan(0);
    await cluster.start("courts");
    await cluster.until(() => cluster.height("courts") >= cluster.height("tax") - 2);
    expect(cluster.contradictions).toEqual([]);
  });
});

describe("§4.7 killed at a boundary of its journal", () => {
  // Boundaries: before a write, before its sync, after the sync and before anything is sent. The first dozen belong to the start.
  for (const power of [false, true])
    for (const victim of ["courts", "land"])
      test(`${victim}, ${power ? "by a power cut" : "by kill -9"}, at every one of them: never contradicts itself, and comes back`, async () => {
        await four({ timeout_base_ms: 400 }, 1 << 14);
        cluster.keepFeeding(4, 600);
        await cluster.until(all(3));
        await cluster.kill(victim);
        for (let at = 1; at <= 60; at++) {
          const node = await cluster.start(victim, { at, power });
          await Promise.race([node.dead, cluster.until(() => false, 20).catch(() => {})]);
          expect(node.files.dead, `boundary ${at} was reached; ${cluster.describe()}; ${JSON.stringify(node.notices)} ${JSON.stringify(node.stopped)}`).toBe(true);
          await cluster.buried(node);
          expect(cluster.contradictions).toEqual([]);
        }
        await cluster.start(victim);
        const before = cluster.height("tax");
        await cluster.until(all(before + 5));
        expect(cluster.contradictions).toEqual([]);
        expect(cluster.node(victim).stopped).toBeUndefined();
      }, 60_000);
});
