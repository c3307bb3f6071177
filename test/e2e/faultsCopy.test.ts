// A home copied and started a second time: whichever comes second is told so by the others, signs nothing, and ends with exit 10. docs/protocol.md §4.7.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../src/cli/ports.ts";
import { Cluster, configOf, Load, logged, logOf, type Member } from "./harness.ts";
import { type Daemon, waitFor } from "./support.ts";

let cluster: Cluster;
let load: Load;
const resting = new Set<Member>();

beforeAll(async () => {
  cluster = await Cluster.start({ validators: 4, parameters: { proposal_interval_ms: 20, heartbeat_ms: 1_000, timeout_base_ms: 1_000 } });
  load = new Load(cluster, "load", () => cluster.members.filter((m) => !resting.has(m)), 30);
}, 240_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
});

/** The home again under another name, as on another machine: its own ports, no lock of the other process. */
async function copyOf(member: Member, name: string): Promise<string> {
  const home = path.join(cluster.directory, name);
  fs.cpSync(member.home, home, { recursive: true });
  fs.rmSync(path.join(home, "run"), { recursive: true, force: true });
  fs.rmSync(path.join(home, "node.log"), { force: true });
  const [peer, api, metrics] = (await freePorts(3)) as [number, number, number];
  fs.writeFileSync(path.join(home, "chancery.toml"), configOf(peer, api, metrics));
  return home;
}
const exitOf = async (daemon: Daemon): Promise<number> => {
  let code: number | undefined;
  void daemon.ended.then((c) => (code = c));
  return waitFor("the end of the process", async () => code);
};
describe("a copied home", () => {
  test("started while the original runs: refused by the others, exit 10 with what to do; the original goes on voting", async () => {
    const [original, witness] = [cluster.named("courts"), cluster.named("tax")];
    resting.add(original);
    await cluster.halt(original);
    const home = await copyOf(original, "copy-1");
    await cluster.run(original);
    await cluster.signs("courts", witness);
    const copy = await cluster.launch(home);
    expect(await exitOf(copy)).toBe(10);
    expect(copy.err()).toContain("start.key_elsewhere");
    expect(copy.err()).toContain("Do: ");
    // At least f + 1 of the others have told it.
    await waitFor("those who told it", async () =>
      cluster.members.filter((m) => logOf(m.home, "key.duplicate").length > 0).length >= 2 ? true : undefined,
    );
    expect(original.daemon!.child.exitCode).toBeNull();
    await cluster.signs("courts", witness);
    resting.delete(original);
    expect(await cluster.equivocations(witness)).toBe(0);
  }, 240_000);

  test("an old copy, started while the original hangs: shown votes that its journal lacks, it is silent; the original, awake again, ends with exit 10", async () => {
    const [original, witness] = [cluster.named("health"), cluster.named("tax")];
    resting.add(original);
    await cluster.halt(original);
    const home = await copyOf(original, "copy-2");
    await cluster.run(original);
    await cluster.signsForAll("health");
    original.daemon!.child.kill("SIGSTOP");
    const before = (await cluster.status(witness)).height;
    const copy = await cluster.launch(home);
    expect(await logged(home, "silence.begun")).toMatchObject({ reason: "own votes that the journal lacks" });
    const { height } = await cluster.status(witness);
    await cluster.reaches(witness, height + 10);
    original.daemon!.child.kill("SIGCONT");
    expect(await exitOf(original.daemon!)).toBe(10);
    expect(copy.child.exitCode).toBeNull();
    // Not one vote since the original hung (a few of its last may still have been on their way).
    expect(await cluster.voters(witness, before + 5, (await cluster.status(witness)).height)).not.toContain("health");
    expect(await cluster.equivocations(witness)).toBe(0);
    copy.child.kill("SIGTERM");
    await copy.ended;
    await cluster.run(original);
    resting.delete(original);
    await cluster.signs("health", witness);
  }, 240_000);

  test("a clone of the very moment lacks nothing and may go on in its place; then the original is the one that ends", async () => {
    const [original, witness] = [cluster.named("courts"), cluster.named("tax")];
    resting.add(original);
    original.daemon!.child.kill("SIGSTOP");
    const home = await copyOf(original, "copy-3");
    const clone = await cluster.launch(home);
    await cluster.signs("courts", witness);
    original.daemon!.child.kill("SIGCONT");
    expect(await exitOf(original.daemon!)).toBe(10);
    expect(clone.child.exitCode).toBeNull();
    await cluster.signs("courts", witness);
    expect(await cluster.equivocations(witness)).toBe(0);
    expect(load.failed).toEqual([]);
    expect(load.applied).toBeGreaterThan(50);
  }, 240_000);
});
