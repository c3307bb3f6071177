// Each node a machine of its own in a network namespace: packets are lost, the network is cut in two, the primary is cut off, one node is deaf; and a primary
// that hangs. docs/operations.md, "LedgerStalled"; docs/protocol.md §4.6, §4.9.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, Load, type Member } from "./harness.ts";
import { Switch, whyNoDelay, whyNot } from "./namespaces.ts";
import { get, waitFor } from "./support.ts";

const missing = whyNot();
const noDelay = missing ?? whyNoDelay();
const LONG = process.env["CHANCERY_LONG"] !== undefined;

describe.skipIf(missing !== undefined)(`nodes in network namespaces${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  let network: Switch;
  let cluster: Cluster;
  let load: Load;
  const unreachable = new Set<Member>();
  const indexOf = (member: Member): number => cluster.members.indexOf(member);

  beforeAll(async () => {
    network = new Switch(4);
    cluster = await Cluster.start({
      validators: 4,
      parameters: { heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 },
      hosts: network.hosts,
      prefix: (i) => network.prefix(i),
    });
    load = new Load(cluster, "load", () => cluster.members.filter((m) => !unreachable.has(m)), 50);
  });
  afterAll(async () => {
    network?.heal();
    await load?.stop();
    await cluster?.stop();
    network?.remove();
  });

  /** All are at one height again, with one block there, and nobody signed two things. */
  async function whole(): Promise<void> {
    network.heal();
    const { height } = await cluster.status(cluster.members[0]!);
    for (const member of cluster.members) await cluster.reaches(member, height + 1);
    expect(await cluster.sameBlock(height + 1)).toBe(true);
    for (const member of cluster.members) await cluster.signs(member.id, cluster.members[0]!);
    expect(await cluster.equivocations(cluster.members[0]!)).toBe(0);
    unreachable.clear();
  }
  const primaryOf = async (asked: Member): Promise<Member> => cluster.named((await cluster.status(asked)).primary);

  test("cut in two halves, nobody commits anything and both serve reads; healed, it goes on by itself with what had waited", async () => {
    await cluster.deposit("before-the-cut", cluster.members[0]!);
    network.partition([0, 1], [2, 3]);
    await cluster.standsStill(cluster.members[0]!);
    for (const member of cluster.members) {
      expect((await get(`${member.api}/v1/records/evidence/deposit/before-the-cut`)).status).toBe(200);
      await waitFor(`${member.id} to say so`, async () => ((await get(`${member.api}/readyz`)).status === 503 ? true : undefined));
    }
    const waiting = [cluster.deposit("waits-here", cluster.members[0]!), cluster.deposit("waits-there", cluster.members[3]!)];
    await whole();
    await Promise.all(waiting);
  }, 300_000);

  test("the primary is cut off: the other three go on with another one; back, it follows and votes", async () => {
    const primary = await primaryOf(cluster.members[0]!);
    const others = cluster.members.filter((m) => m !== primary);
    unreachable.add(primary);
    network.partition([indexOf(primary)], others.map(indexOf));
    await cluster.deposit("without-the-primary", others[0]!);
    expect((await primaryOf(others[0]!)).id).not.toBe(primary.id);
    await whole();
    await cluster.has(primary, "without-the-primary");
  }, 300_000);

  test("one that is heard but hears nobody, the primary: it is left as well", async () => {
    const primary = await primaryOf(cluster.members[0]!);
    const others = cluster.members.filter((m) => m !== primary);
    unreachable.add(primary);
    network.deafen(indexOf(primary), others.map(indexOf));
    await cluster.deposit("the-primary-is-deaf", others[0]!);
    await whole();
    await cluster.has(primary, "the-primary-is-deaf");
  }, 300_000);

  test.runIf(LONG)(
    "a chain of one-way cuts: each node does not hear the next one",
    async () => {
      for (const i of [0, 1, 2, 3]) network.deafen(i, [(i + 1) % 4]);
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      await whole();
      await cluster.deposit("after-the-ring", cluster.members[1]!);
    },
    300_000,
  );

  test("every twentieth packet is lost: acts at each node become final all the same", async () => {
    network.lose(5);
    for (const member of cluster.members) await cluster.deposit(`lossy-${member.id}`, member);
    await whole();
  }, 300_000);

  test.skipIf(noDelay !== undefined)(
    `a tenth of a second from each to each (a line by TUN): acts become final, no view is left for it${noDelay === undefined ? "" : ` (skipped: ${noDelay})`}`,
    async () => {
      await cluster.deposit("before-the-delay", cluster.members[0]!);
      const { view, epoch } = await cluster.status(cluster.members[0]!);
      await network.delay(100);
      for (const member of cluster.members) {
        const began = performance.now();
        await cluster.deposit(`far-${member.id}`, member);
        expect(performance.now() - began).toBeGreaterThan(3 * 75); // a proposal and two rounds of votes, 75 ms at least each
      }
      const after = await cluster.status(cluster.members[0]!);
      if (after.epoch === epoch) expect(after.view).toBe(view);
      await whole();
    },
    300_000,
  );

  test("the primary hangs (SIGSTOP): another takes over; awake again, it follows and votes", async () => {
    const primary = await primaryOf(cluster.members[0]!);
    const other = cluster.members.find((m) => m !== primary)!;
    unreachable.add(primary);
    primary.daemon!.child.kill("SIGSTOP");
    await cluster.deposit("the-primary-hangs", other);
    primary.daemon!.child.kill("SIGCONT");
    await cluster.has(primary, "the-primary-hangs");
    await whole();
    expect(load.failed).toEqual([]);
    expect(load.applied).toBeGreaterThan(20);
  }, 300_000);
});
