// Four agencies: what one of them goes through, the others get over. Kill -9 of one, of the primary, of all four; a wiped node; a wrong genesis.
// docs/operations.md, "When something fails".

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readGenesis, writeGenesis } from "../../src/base/genesis.ts";
import { logged } from "./harness.ts";
import { cli, type Daemon, deposit, get, type Network, type RunningNode, startDaemon, startNetwork, waitFor } from "./support.ts";

let network: Network;
let key: string;
const restarted: Daemon[] = [];

beforeAll(async () => {
  network = await startNetwork(4);
  key = network.keys["tax"]!;
}, 240_000);
afterAll(async () => {
  for (const daemon of restarted) daemon.child.kill("SIGTERM");
  await Promise.all(restarted.map((d) => d.ended));
  await network?.stop();
});

const apply = async (name: string, at: RunningNode): Promise<{ id: string; height: number }> => {
  const called = await cli(
    "call",
    "evidence.deposit",
    "--args",
    deposit(name),
    "--key",
    key,
    "--node",
    at.api,
    "--json",
    "--timeout",
    "90s",
  );
  expect(called, called.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
  return called.json;
};
const statusOf = async (node: RunningNode): Promise<any> => (await get(`${node.api}/v1/node`)).body;
const has = async (node: RunningNode, name: string): Promise<true> =>
  waitFor(`${name} at ${node.id}`, async () =>
    (await get(`${node.api}/v1/records/evidence/deposit/${name}`)).status === 200 ? true : undefined,
  );
const gone = async (pid: number): Promise<void> =>
  void (await waitFor(`the end of ${pid}`, async () =>
    !fs.existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ? true : undefined,
  ));
const kill = async (node: RunningNode): Promise<void> => {
  process.kill(node.pid, "SIGKILL");
  await gone(node.pid);
};
const restart = async (node: RunningNode): Promise<void> => {
  const daemon = await startDaemon(node.home);
  expect(daemon.child.exitCode, daemon.err()).toBeNull();
  restarted.push(daemon);
  node.pid = daemon.child.pid!;
};
const named = (id: string): RunningNode => network.nodes.find((n) => n.id === id)!;

describe("the normal case", () => {
  test("what one node takes, all have; each proves it, and says the same", async () => {
    await apply("N1", network.nodes[0]!);
    for (const node of network.nodes) {
      await has(node, "N1");
      const file = path.join(network.directory, `${node.id}.json`);
      expect(await cli("prove", "evidence", "deposit", "N1", "--node", node.api, "--out", file, "--json")).toMatchObject({ code: 0 });
      const verified = await cli("verify", file, "--genesis", network.genesis, "--json");
      expect(verified).toMatchObject({ code: 0, json: { valid: true, quorum: [3, 4] } });
      expect(verified.json.confirmedBy.length).toBeGreaterThanOrEqual(3);
    }
  });

  test("each node takes transactions", async () => {
    await Promise.all(network.nodes.map((node) => apply(`each-${node.id}`, node)));
  });
});

describe("failures", () => {
  test("one node is killed: the others go on; it comes back and has what it missed", async () => {
    const { primary } = await statusOf(network.nodes[0]!);
    const victim = network.nodes.find((n) => n.id !== primary)!;
    const other = network.nodes.find((n) => n.id !== victim.id)!;
    await kill(victim);
    await apply("K1", other);
    await restart(victim);
    await has(victim, "K1");
  });

  test("the primary is killed: another takes its place, and it comes back", async () => {
    const { primary, view } = await statusOf(network.nodes[0]!);
    const victim = named(primary);
    const other = network.nodes.find((n) => n.id !== primary)!;
    await kill(victim);
    await apply("P1", other);
    expect((await statusOf(other)).view).toBeGreaterThan(view);
    await restart(victim);
    await has(victim, "P1");
  });

  test("all four are killed at once: no final receipt is lost, and the network goes on by itself", async () => {
    const { id } = await apply("A1", network.nodes[1]!);
    await Promise.all(network.nodes.map(kill));
    await Promise.all(network.nodes.map(restart));
    await apply("A2", network.nodes[2]!);
    for (const node of network.nodes) {
      await has(node, "A2");
      expect((await get(`${node.api}/v1/transactions/${id}`)).body).toMatchObject({ status: "final", outcome: "applied" });
    }
  });

  test("without a quorum an act is neither done nor failed: exit 5, and the same id tells later; a stop does not wait for it", async () => {
    const [here, other, ...rest] = [named("tax"), named("courts"), named("land"), named("health")];
    await Promise.all(rest.map(kill));
    const called = await cli(
      "call",
      "evidence.deposit",
      "--args",
      deposit("Q1"),
      "--key",
      key,
      "--node",
      here.api,
      "--json",
      "--timeout",
      "2s",
    );
    expect(called).toMatchObject({ code: 5, json: { status: "pending" } });
    expect(await cli("status", "--node", here.api, "--json")).toMatchObject({
      code: 1,
      json: { ready: false, advice: expect.stringContaining("stands still") },
    });
    expect((await get(`${here.api}/readyz`)).status).toBe(503);
    expect((await get(`${here.api}/healthz`)).status).toBe(200);
    // A request that waits is answered when its node stops, and the node stops in time.
    const waiting = cli(
      "call",
      "evidence.deposit",
      "--args",
      deposit("Q2"),
      "--key",
      key,
      "--node",
      other.api,
      "--json",
      "--timeout",
      "90s",
    );
    await waitFor("the request to wait", async () => ((await statusOf(other)).pending > 0 ? true : undefined));
    const started = performance.now();
    process.kill(other.pid, "SIGTERM");
    expect(await waiting).toMatchObject({ code: 5 });
    await gone(other.pid);
    expect(performance.now() - started).toBeLessThan(5_000);
    await Promise.all([other, ...rest].map(restart));
    expect(await cli("tx", called.json.id, "--wait", "--timeout", "90s", "--node", here.api, "--json")).toMatchObject({
      code: 0,
      json: { outcome: "applied" },
    });
  }, 240_000);

  test("a node whose data is of another genesis, or whose genesis the others do not know, ends with exit 15 and one sentence", async () => {
    const victim = named("health");
    await kill(victim);
    const file = path.join(victim.home, "genesis.json");
    const right = fs.readFileSync(file, "utf8");
    const { genesis } = readGenesis(right);
    fs.writeFileSync(file, writeGenesis({ ...genesis, time: genesis.time - 1 }, []));
    const withData = await startDaemon(victim.home);
    expect(await withData.ended).toBe(15);
    expect(withData.err()).toContain("genesis.mismatch");
    // The same with no data of its own: only the others can tell.
    const aside = path.join(network.directory, "aside");
    fs.mkdirSync(aside);
    for (const part of ["db", "state", "journal"])
      if (fs.existsSync(path.join(victim.home, part))) fs.renameSync(path.join(victim.home, part), path.join(aside, part));
    const withoutData = await startDaemon(victim.home);
    expect(await withoutData.ended).toBe(15);
    for (const part of ["db", "state", "journal"]) {
      fs.rmSync(path.join(victim.home, part), { recursive: true, force: true });
      if (fs.existsSync(path.join(aside, part))) fs.renameSync(path.join(aside, part), path.join(victim.home, part));
    }
    fs.writeFileSync(file, right);
    await restart(victim);
    await has(victim, "A2");
  }, 240_000);

  test("a wiped node gets everything again from the others and follows silently", async () => {
    const victim = named("land");
    await kill(victim);
    for (const part of ["db", "state", "journal"]) fs.rmSync(path.join(victim.home, part), { recursive: true, force: true });
    await apply("W1", named("tax"));
    await restart(victim);
    await has(victim, "W1");
    await has(victim, "N1");
    await logged(victim.home, "silence.begun");
    await apply("W2", named("courts"));
    await has(victim, "W2");
  });

  test("a clock that is off is said aloud by the node that has it", async () => {
    const victim = named("courts");
    await kill(victim);
    const daemon = await startDaemon(victim.home, { CHANCERY_TEST_CLOCK_MS: "-5000" });
    restarted.push(daemon);
    victim.pid = daemon.child.pid!;
    await waitFor("the alarm", async () => (((await statusOf(victim)).clockOffMs ?? 0) > 1_000 ? true : undefined));
    expect((await statusOf(victim)).advice).toContain("clock");
  });
});
