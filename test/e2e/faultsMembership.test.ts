// The members change their network while it works: validators five to seven, one of them an agency that joins as observer; one removed; timers, block size and
// window changed; a consensus key rotated; the primary itself voted out. After each, as many as may be lost are killed; writes go on all the time and none that
// was acknowledged is missing anywhere at the end. docs/protocol.md §4.3; docs/operations.md, "Members and validators".

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../src/base/bytes.ts";
import { loadKey, newKey, saveSecretFile, sealKey } from "../../src/base/keyFile.ts";
import { provePossession } from "../../src/base/member.ts";
import { freePorts } from "../../src/cli/ports.ts";
import { Cluster, configOf, Load, logged, type Member } from "./harness.ts";
import { cli, get, waitFor } from "./support.ts";

const LONG = process.env["CHANCERY_LONG"] === "1";
let cluster: Cluster;
let load: Load;
/** Nobody hands in there: down, about to be, or on the way out. */
const resting = new Set<string>();
/** Who has a seat, by the votes so far. */
let seats = ["courts", "health", "land", "tax"];

beforeAll(async () => {
  // A thousand blocks an epoch: what takes effect here does so because the change itself ends the epoch.
  cluster = await Cluster.start({
    validators: 4,
    observers: 2,
    parameters: { epoch_length: 1_000, heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 },
  });
  load = new Load(cluster, "load", () => cluster.members.filter((m) => m.daemon !== undefined && !resting.has(m.id)), 60);
}, 240_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
});

const first = (): Member => cluster.named("tax");
const seated = (): Member[] => seats.map((id) => cluster.named(id));
const validatorsAt = async (at: Member): Promise<{ id: string; key: string }[]> => (await get(`${at.api}/v1/validators`)).body.items;

/** The votes that a change needs: more than two thirds of the members. */
async function votes(at: Member, id: string, leaving = ""): Promise<void> {
  const members = cluster.members.filter((m) => m.id !== leaving);
  for (const member of members) {
    await cluster.act(at, member, "governance.vote@1", { proposal: id, member: member.id, vote: "yes" });
    const { status } = (await get(`${at.api}/v1/records/governance/proposal/${id}`)).body;
    if (status === "enacted") return;
  }
  throw new Error(`${id} was not enacted`);
}

/** Proposed and adopted through this node. */
async function decide(at: Member, id: string, what: Record<string, string>, leaving?: string): Promise<void> {
  await cluster.act(at, first(), "governance.propose@1", { proposal: id, member: "tax", ...what });
  await votes(at, id, leaving);
}

/** From the epoch's start on exactly these have a seat, at every node that runs. */
async function inForce(ids: string[]): Promise<void> {
  seats = [...ids].sort();
  for (const member of cluster.members.filter((m) => m.daemon !== undefined))
    await waitFor(`the validators ${seats.join(" ")} at ${member.id}`, async () =>
      (await validatorsAt(member)).map((v) => v.id).join() === seats.join() ? true : undefined,
    );
}

/** A seat for an observer that is ready: it votes from the epoch's start on, and not before. */
async function seat(member: Member): Promise<void> {
  await waitFor(
    `${member.id} to say that it is ready`,
    async () => (await get(`${first().api}/v1/records/governance/member/${member.id}`)).body.fields.ready,
  );
  expect(await cluster.status(member)).toMatchObject({ role: "observer", mode: "following" });
  await decide(first(), `seat-${member.id}`, { kind: "validator.add", agency: member.id });
  await inForce([...seats, member.id]);
  const height = await cluster.signs(member.id, first());
  let start = height;
  for (const { epoch } = await cluster.block(first(), height); (await cluster.block(first(), start - 1)).epoch === epoch; ) start--;
  expect((await cluster.block(first(), start - 1)).confirmedBy).not.toContain(member.id);
  expect(await cluster.status(member)).toMatchObject({ role: "validator", mode: "active", validators: seats.length });
}

/** As many as this set tolerates are killed at once, the primary first: the others go on by themselves, and have them back. */
async function lose(name: string): Promise<void> {
  const { primary, tolerates, quorum } = await cluster.status(first());
  expect(tolerates).toBe(Math.floor((seats.length - 1) / 3));
  const order = [...seated()].sort((a, b) => Number(b.id === primary) - Number(a.id === primary));
  const victims = order.filter((m) => m !== first()).slice(0, tolerates);
  for (const { id } of victims) resting.add(id);
  await Promise.all(victims.map((m) => cluster.halt(m, "SIGKILL")));
  const { height } = await cluster.deposit(`${name}-without-${tolerates}`, first());
  expect((await cluster.block(first(), height)).confirmedBy).toHaveLength(quorum);
  for (const { id } of victims) expect((await cluster.block(first(), height)).confirmedBy).not.toContain(id);
  await Promise.all(victims.map((m) => cluster.run(m)));
  for (const member of victims) {
    await cluster.signs(member.id, first());
    resting.delete(member.id);
  }
}

/** An agency that nobody knew: keys, a signed member file, adopted by the members, an observer that follows. All by the command line. */
async function join(id: string): Promise<Member> {
  const home = path.join(cluster.directory, id);
  const keyFile = path.join(cluster.directory, `${id}.key`);
  const [peer, api, metrics] = (await freePorts(3)) as [number, number, number];
  const who = ["--organisation", id, "--name", `The ${id}`, "--address", `/ip4/127.0.0.1/tcp/${peer}`];
  const laid = await cli("init", "--home", home, ...who, "--unprotected", "--json");
  expect(laid, laid.err).toMatchObject({ code: 0 });
  expect(await cli("keys", "new", "--for", "organisation", "--out", keyFile, "--unprotected", "--json")).toMatchObject({ code: 0 });
  expect(await cli("member", "sign", laid.json.member, "--key", keyFile, "--json")).toMatchObject({ code: 0, json: { problems: [] } });
  fs.writeFileSync(path.join(home, "chancery.toml"), configOf(peer, api, metrics));
  fs.copyFileSync(cluster.genesis, path.join(home, "genesis.json"));
  const { api: node } = first();
  const how = ["--id", id, "--key", first().keyFile, "--node", node, "--json"];
  const proposed = await cli("propose", "member.add", "--member", laid.json.member, ...how);
  expect(proposed, proposed.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
  const voted = await cli("vote", id, "yes", "--key", first().keyFile, "--node", node, "--json");
  expect(voted, voted.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
  await votes(first(), id, "tax");
  const organisation = loadKey(keyFile);
  const member = { id, home, keyFile, organisation, keys: undefined as never, peerPort: peer, api: `http://127.0.0.1:${api}`, metrics: "" };
  const joined: Member = { ...member, daemon: undefined };
  cluster.members.push(joined);
  resting.add(id);
  await cluster.run(joined);
  await cluster.reaches(joined, (await cluster.status(first())).height);
  resting.delete(id);
  return joined;
}

describe("membership and parameters by votes on the chain, under load", () => {
  test("a fifth validator, then a sixth: observers until an epoch's start; one of them may be dead", async () => {
    await seat(cluster.named("agency5"));
    await lose("of-five");
    await seat(cluster.named("agency6"));
    await lose("of-six");
  }, 240_000);

  test("an agency that nobody knew joins and is the seventh: two may be dead, with three it stands still until one is back", async () => {
    const joined = await join("agency7");
    const asked = await cli("validators", "--if", "+agency7", "--node", first().api, "--json");
    expect(asked).toMatchObject({ code: 0, json: { n: 7, quorum: 5, tolerates: 2 } });
    await seat(joined);
    await lose("of-seven");
    if (!LONG) return;
    const victims = seated()
      .filter((m) => m !== first())
      .slice(0, 3);
    for (const { id } of victims) resting.add(id);
    await Promise.all(victims.map((m) => cluster.halt(m, "SIGKILL")));
    await cluster.standsStill(first()); // heartbeats each second would be due, and the load waits
    expect((await cli("status", "--node", first().api)).code).toBe(1);
    for (const member of victims) await cluster.run(member);
    await cluster.deposit("three-were-dead", first());
    for (const member of victims) await cluster.signs(member.id, first());
    resting.clear();
  }, 240_000);

  test("one is removed: it follows and serves, and votes no more", async () => {
    const leaving = cluster.named("land");
    resting.add(leaving.id);
    await decide(first(), "land-out", { kind: "validator.remove", agency: "land" });
    await inForce(seats.filter((id) => id !== "land"));
    const { height } = await cluster.deposit("without-land", first());
    expect(await cluster.voters(first(), height, height)).not.toContain("land");
    await cluster.has(leaving, "without-land");
    expect(await cluster.status(leaving)).toMatchObject({ role: "observer", mode: "following", validators: 6 });
    resting.delete(leaving.id);
    await lose("of-six-again");
  }, 240_000);

  test("timers, block size and window change at an epoch's start, on all nodes alike; outside their bounds never", async () => {
    const beyond = ["propose", "parameters.change", "--set", "window=9", "--key", first().keyFile, "--node", first().api, "--json"];
    expect(await cli(...beyond)).toMatchObject({ code: 4 });
    const { epoch } = await cluster.status(first());
    const wanted = { timeout_base_ms: 700, timeout_cap_ms: 20_000, block_bytes: 128 << 10, block_target: 50, window: 6 };
    const set = Object.entries(wanted).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const how = ["--id", "pace", "--key", first().keyFile, "--node", first().api, "--json"];
    const proposed = await cli("propose", "parameters.change", ...set, ...how);
    expect(proposed, proposed.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
    await votes(first(), "pace");
    await waitFor("the next epoch", async () => ((await cluster.status(first())).epoch > epoch ? true : undefined));
    const { height } = await cluster.status(first());
    for (const member of cluster.members) {
      await cluster.reaches(member, height);
      expect((await get(`${member.api}/v1/network`)).body.parameters).toMatchObject({ ...wanted, heartbeat_ms: 1_000 });
    }
    await lose("at-another-pace");
  }, 240_000);

  test("a consensus key rotates: the old one ends with the epoch, the new one votes after its silence, and nobody sees two", async () => {
    const [tax, courts] = [first(), cluster.named("courts")];
    const key = newKey("consensus");
    const keyOf = async (): Promise<string> => (await validatorsAt(tax)).find((v) => v.id === "courts")!.key;
    expect(await keyOf()).not.toBe(hex(key.publicKey));
    const proof = provePossession(cluster.network, "courts", "consensus", key.publicKey, key.secret);
    await cluster.act(tax, courts, "governance.rotate@1", { member: "courts", purpose: "consensus", key: key.publicKey, proof });
    await waitFor("the new key in force", async () => ((await keyOf()) === hex(key.publicKey) ? true : undefined));
    // With the old key the node only follows. It counts as down until the new one votes: as many as may be lost.
    await waitFor("its new role", async () => ((await cluster.status(courts)).role === "observer" ? true : undefined));
    expect((await cluster.status(courts)).mode).toBe("following");
    resting.add("courts");
    await cluster.halt(courts);
    const file = path.join(courts.home, "keys", "consensus.key");
    fs.rmSync(file);
    saveSecretFile(file, sealKey(key));
    await cluster.run(courts);
    const { from } = await logged(courts.home, "silence.settled");
    await logged(courts.home, "silence.over");
    await cluster.signs("courts", tax);
    expect((await cluster.status(courts)).epoch).toBeGreaterThanOrEqual(from);
    resting.delete("courts");
    await lose("with-a-new-key");
  }, 240_000);

  test("the primary itself is voted out: it serves until the epoch ends, then another takes over", async () => {
    const { primary } = await cluster.status(first());
    const leaving = cluster.named(primary);
    resting.add(leaving.id);
    await decide(first(), "primary-out", { kind: "validator.remove", agency: primary }, primary);
    await inForce(seats.filter((id) => id !== primary));
    const { height } = await cluster.deposit("without-the-primary", first());
    await cluster.has(leaving, "without-the-primary");
    expect(await cluster.status(leaving)).toMatchObject({ role: "observer", mode: "following", validators: 5 });
    await cluster.reaches(first(), height + 5);
    expect(await cluster.voters(first(), height, height + 5)).not.toContain(primary);
    await lose("of-five-at-last");
  }, 240_000);

  test("whatever was acknowledged meanwhile is everywhere, and nobody signed two things", async () => {
    await load.stop();
    expect(load.failed).toEqual([]);
    expect(load.acknowledged.length).toBeGreaterThan(50);
    const { height } = await cluster.deposit("at-the-end", first());
    for (const member of cluster.members) await cluster.reaches(member, height);
    expect(await cluster.lost([...load.acknowledged, "at-the-end"], cluster.members)).toEqual([]);
    expect(await cluster.sameBlock(height)).toBe(true);
    expect(await cluster.equivocations(first())).toBe(0);
  }, 240_000);
});
