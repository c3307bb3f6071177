// The driver over real journals (docs/protocol.md §4, §4.7): it commits, it catches up, and killed at any boundary of its journal it never contradicts itself.

import { rmSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { segmentNumbers } from "../../../src/consensus/journalSegments.ts";
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

  test("§4.7.1 while a sync of the journal has not ended nothing leaves, though there is something to say", async () => {
    await four();
    cluster.keepFeeding();
    await cluster.until(all(3));
    const { files } = cluster.node("land");
    const release = files.hold();
    await cluster.until(() => files.waiting!.length > 0);
    await new Promise((resolve) => setImmediate(resolve)); // what the sync before has let go
    const [left, votes] = [cluster.left.get("land"), cluster.votes("land")];
    const before = cluster.height("tax");
    await cluster.until(() => cluster.height("tax") > before + 5);
    expect(cluster.left.get("land")).toBe(left);
    release();
    await cluster.until(() => cluster.votes("land") > votes + 5);
    expect(cluster.contradictions).toEqual([]);
  });

  test("§4.7.1 bodies stand in the journal with the vote: all four killed between their votes and the commit, what they hold in memory gone", async () => {
    await four();
    await cluster.until(all(2));
    cluster.loses = (kind) => kind === "commit"; // so that what they vote on stays uncommitted
    cluster.feed("tax");
    // Height of the order that carries it, and a vote of everybody there.
    const at = (id: string): number =>
      1 + cluster.height(id) + cluster.node(id).driver.replica.accepted.findIndex((e) => e.references.length > 0);
    await cluster.until(() => ids.every((id) => at(id) > cluster.height(id) && cluster.voted(id, "commit", at(id))));
    for (const id of ids) await cluster.kill(id);
    cluster.loses = () => false;
    for (const id of ids) await cluster.start(id);
    await cluster.until(() => ids.every((id) => cluster.home(id).blocks.some((b) => b.bodies.length > 0)), 20);
    expect(cluster.contradictions).toEqual([]);
  });

  test("§4.6.3 a dead primary is replaced, and comes back", async () => {
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

describe("§4.7.3 segments that are used again", () => {
  test("the view stands after a restart, before anybody answers, though the segment in which it was entered is long gone", async () => {
    await four({ timeout_base_ms: 400 }, 1 << 14);
    cluster.keepFeeding(4, 600);
    await cluster.until(all(3));
    await cluster.kill("courts"); // the primary of view 0
    const { directory } = cluster.home("tax");
    const replica = () => cluster.node("tax").driver.replica;
    await cluster.until(() => replica().view > 0 && replica().mode === "active");
    const entered = segmentNumbers(directory).at(-1)!;
    await cluster.until(() => segmentNumbers(directory)[0]! > entered);
    const { view, config } = replica();
    expect([view > 0, config.epoch]).toEqual([true, 0]);
    for (const id of ["health", "land", "tax"]) await cluster.kill(id);
    await cluster.start("tax");
    expect(replica().view).toBe(view);
    expect(replica().newView?.view).toBe(view);
    for (const id of ["courts", "health", "land"]) await cluster.start(id);
    const before = cluster.height("tax");
    await cluster.until(all(before + 3));
    expect(cluster.contradictions).toEqual([]);
  });
});

describe("§4.7.2 killed at a boundary of its journal", () => {
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
          await Promise.race([node.dead, cluster.until(() => false, 5).catch(() => {})]);
          expect(
            node.files.dead,
            `boundary ${at} was reached; ${cluster.describe()}; ${JSON.stringify(node.notices)} ${JSON.stringify(node.stopped)}`,
          ).toBe(true);
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

describe("§4.9.2 sync", () => {
  test("a node that missed 300 blocks fetches them in ranges, with bodies, and takes part again", async () => {
    await four();
    cluster.keepFeeding(1);
    await cluster.until(all(2));
    await cluster.kill("land");
    await cluster.until(() => cluster.height("tax") > 302);
    await cluster.start("land");
    await cluster.until(all(310));
    expect(cluster.ranges.length).toBeGreaterThan(10);
    expect(cluster.home("land").blocks.some((b) => b.bodies.length > 0)).toBe(true);
    const votes = cluster.votes("land");
    await cluster.until(() => cluster.votes("land") > votes + 5);
    expect(cluster.contradictions).toEqual([]);
  });

  test("a peer that sends nothing, or other blocks than asked for, is passed over", async () => {
    await four();
    cluster.keepFeeding(1);
    await cluster.until(all(2));
    await cluster.kill("land");
    await cluster.until(() => cluster.height("tax") > 60);
    cluster.badSync.set("courts", "nothing").set("health", "others");
    await cluster.start("land");
    await cluster.until(() => cluster.height("land") > 60);
    expect(new Set(cluster.ranges.map(({ peer }) => peer))).toContain("tax");
  });

  test("a body that does not fit its reference is not taken from a range, but pulled", async () => {
    await four();
    cluster.keepFeeding(1);
    await cluster.until(all(2));
    await cluster.kill("land");
    await cluster.until(() => cluster.height("tax") > 60);
    for (const id of ids) cluster.badSync.set(id, "bodies");
    await cluster.start("land");
    await cluster.until(() => cluster.height("land") > 60);
    expect(cluster.contradictions).toEqual([]);
  });
});

describe("§4.7.5 without an intact journal", () => {
  test("a wiped validator follows silently and votes again two epochs later", async () => {
    await four({ epoch_length: 16 });
    cluster.keepFeeding(3);
    await cluster.until(all(20)); // epoch 1
    await cluster.kill("land");
    rmSync(cluster.home("land").directory, { recursive: true });
    const votes = cluster.votes("land");
    const node = await cluster.start("land");
    const settled = () => node.notices.find((n) => n.code === "silence.settled");
    await cluster.until(() => settled() !== undefined);
    const from = Number(settled()!.data["from"]);
    expect(from).toBeGreaterThanOrEqual(3);
    await cluster.until(() => cluster.votes("land") > votes);
    expect(cluster.firstVoteEpoch("land", votes)).toBeGreaterThanOrEqual(from); // none before
    expect(cluster.contradictions).toEqual([]);
  });

  test("a journal that was made in place of a lost one is no better at the next start, though it is whole", async () => {
    await four({ epoch_length: 16 });
    cluster.keepFeeding(3);
    await cluster.until(all(5));
    await cluster.kill("land");
    rmSync(cluster.home("land").directory, { recursive: true });
    const first = await cluster.start("land", { at: 1, power: false }); // dies before it has written anything
    await first.dead;
    await cluster.buried(first);
    const second = await cluster.start("land");
    await cluster.until(() => second.notices.some((n) => n.code === "silence.settled"), 20);
  });

  test("the silence survives restarts, also in the middle", async () => {
    await four({ epoch_length: 16 }, 1 << 13);
    cluster.keepFeeding(3);
    await cluster.until(all(5));
    await cluster.kill("land");
    rmSync(cluster.home("land").directory, { recursive: true });
    let votes = cluster.votes("land");
    let from = 0;
    for (let round = 0; round < 4; round++) {
      const node = await cluster.start("land", { at: 1 + 3 * round, power: round % 2 === 1 });
      await Promise.race([node.dead, cluster.until(() => false, 2).catch(() => {})]);
      from = Math.max(from, ...node.notices.filter((n) => n.code === "silence.settled").map((n) => Number(n.data["from"])));
      await (node.files.dead ? cluster.buried(node) : cluster.kill("land"));
    }
    await cluster.start("land");
    await cluster.until(() => cluster.votes("land") > votes + 3);
    expect(cluster.firstVoteEpoch("land", votes)).toBeGreaterThanOrEqual(Math.max(from, 2));
    votes = cluster.votes("land");
    await cluster.kill("land"); // once over, it is over
    await cluster.start("land");
    await cluster.until(() => cluster.votes("land") > votes + 3);
    expect(cluster.contradictions).toEqual([]);
  });

  test("an old image of the journal: peers show votes that it lacks, and it stays silent", async () => {
    await four();
    cluster.keepFeeding(3);
    await cluster.until(all(5));
    await cluster.kill("land");
    const restore = cluster.image("land");
    const { head, config } = cluster.home("land");
    const blocks = cluster.home("land").blocks.length;
    await cluster.start("land");
    await cluster.until(all(head.height + 5));
    const top = cluster.height("tax");
    cluster.loses = (kind) => kind === "commit"; // so that what it votes on stays uncommitted
    await cluster.until(() => cluster.lastVote("land") > top + 2);
    await cluster.kill("land");
    restore();
    Object.assign(cluster.home("land"), { head, config });
    cluster.home("land").blocks.length = blocks;
    const votes = cluster.votes("land");
    const node = await cluster.start("land");
    cluster.loses = () => false;
    await cluster.until(() => cluster.height("land") > head.height + 20);
    expect(node.notices.filter((n) => n.code === "silence.begun").map((n) => n.data["reason"])).toEqual([
      "own votes that the journal lacks",
    ]);
    expect(cluster.votes("land")).toBe(votes);
    expect(cluster.contradictions).toEqual([]);
    expect(node.stopped).toBeUndefined();
  });
});

describe("what must end the process", () => {
  test("a write that fails: exit 12, and no vote leaves any more", async () => {
    await four();
    cluster.keepFeeding();
    await cluster.until(all(3));
    const node = cluster.node("land");
    node.files.fail("ENOSPC");
    await cluster.until(() => node.stopped !== undefined);
    expect(node.stopped).toMatchObject({ exit: 12, code: "store.write", data: { reason: "ENOSPC" } });
    const votes = cluster.votes("land");
    await cluster.until(() => cluster.height("tax") > cluster.height("land") + 5);
    expect(cluster.votes("land")).toBe(votes);
  });

  test("an execution that throws an assertion: exit 70, nothing signed after it", async () => {
    await four();
    cluster.keepFeeding();
    await cluster.until(all(3));
    const node = cluster.node("land");
    cluster.failExecution.add("land");
    await cluster.until(() => node.stopped !== undefined);
    expect(node.stopped).toMatchObject({ exit: 70, code: "bug.assertion" });
  });
});
