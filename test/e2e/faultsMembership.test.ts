// The members change their network while it works: a fifth agency joins as observer and gets a seat, five validators lose one and go on, a parameter
// changes, a consensus key rotates, the primary itself is voted out. By the command line, under light load. docs/protocol.md §4.3; operations.md, "Members".

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../src/base/bytes.ts";
import { loadKey, newKey, saveSecretFile, sealKey } from "../../src/base/keyFile.ts";
import { provePossession } from "../../src/base/member.ts";
import { freePorts } from "../../src/cli/ports.ts";
import { Cluster, configOf, Load, logged, type Member } from "./harness.ts";
import { cli, get, waitFor } from "./support.ts";

let cluster: Cluster;
let load: Load;
const resting = new Set<string>();
const FOUNDERS = ["tax", "courts", "land", "health"];

beforeAll(async () => {
  // A thousand blocks an epoch: what takes effect here does so because the change itself ends the epoch.
  cluster = await Cluster.start({
    validators: 4,
    parameters: { epoch_length: 1_000, heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 },
  });
  load = new Load(cluster, "load", () => cluster.members.filter((m) => FOUNDERS.includes(m.id) && !resting.has(m.id)), 80);
}, 240_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
});

/** Proposed by one, adopted by the votes of these; gives the height of the vote that enacted it. */
async function decide(at: Member, id: string, what: string[], voters: string[]): Promise<void> {
  const proposed = await cli("propose", ...what, "--id", id, "--key", cluster.named(voters[0]!).keyFile, "--node", at.api, "--json");
  expect(proposed, proposed.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
  for (const voter of voters) {
    const voted = await cli("vote", id, "yes", "--key", cluster.named(voter).keyFile, "--node", at.api, "--json");
    expect(voted, voted.err).toMatchObject({ code: 0, json: { outcome: "applied" } });
  }
  expect((await cli("proposals", id, "--node", at.api, "--json")).json).toMatchObject({ status: "enacted" });
}
const setOf = async (at: Member): Promise<string[]> => (await get(`${at.api}/v1/validators`)).body.items.map((v: { id: string }) => v.id);
const inForce = async (at: Member, ids: string[]): Promise<number> =>
  waitFor(`the validators ${ids.join(" ")}`, async () =>
    (await setOf(at)).join() === [...ids].sort().join() ? (await cluster.status(at)).height : undefined,
  );

describe("membership by votes on the chain", () => {
  test("a fifth agency joins: member, observer, ready by itself, then a validator from an epoch's start", async () => {
    const tax = cluster.named("tax");
    const home = path.join(cluster.directory, "agency5");
    const keyFile = path.join(cluster.directory, "agency5.key");
    const [peer, api, metrics] = (await freePorts(3)) as [number, number, number];
    const laid = await cli(
      "init",
      "--home",
      home,
      "--organisation",
      "agency5",
      "--name",
      "Fifth agency",
      "--address",
      `/ip4/127.0.0.1/tcp/${peer}`,
      "--unprotected",
      "--json",
    );
    expect(laid, laid.err).toMatchObject({ code: 0 });
    expect(await cli("keys", "new", "--for", "organisation", "--out", keyFile, "--unprotected", "--json")).toMatchObject({ code: 0 });
    expect(await cli("member", "sign", laid.json.member, "--key", keyFile, "--json")).toMatchObject({ code: 0, json: { problems: [] } });
    fs.writeFileSync(path.join(home, "chancery.toml"), configOf(peer, api, metrics));
    fs.copyFileSync(cluster.genesis, path.join(home, "genesis.json"));

    await decide(tax, "fifth", ["member.add", "--member", laid.json.member], ["tax", "courts", "land"]);
    const fifth: Member = {
      id: "agency5",
      home,
      keyFile,
      organisation: loadKey(keyFile),
      keys: undefined as never,
      peerPort: peer,
      api: `http://127.0.0.1:${api}`,
      metrics: "",
      daemon: undefined,
    };
    cluster.members.push(fifth);
    await cluster.run(fifth);
    await cluster.reaches(fifth, (await cluster.status(tax)).height);
    expect(await cluster.status(fifth)).toMatchObject({ role: "observer", mode: "following" });
    await waitFor(
      "its readiness on the chain",
      async () => (await get(`${tax.api}/v1/records/governance/member/agency5`)).body.fields.ready,
    );

    expect(await cli("validators", "--if", "+agency5", "--node", tax.api, "--json")).toMatchObject({
      code: 0,
      json: { n: 5, quorum: 4, tolerates: 1 },
    });
    // Four of five members now.
    await decide(tax, "seat", ["validator.add", "agency5"], ["tax", "courts", "land", "health"]);
    const height = await inForce(tax, [...FOUNDERS, "agency5"]);
    await cluster.signs("agency5", tax);
    expect((await cluster.block(tax, height - 1)).confirmedBy).not.toContain("agency5");
    expect(await cluster.status(fifth)).toMatchObject({ role: "validator", mode: "active", validators: 5, quorum: 4, tolerates: 1 });
    const { confirmedBy } = await cluster.block(tax, (await cluster.status(tax)).height);
    expect(confirmedBy.length).toBeGreaterThanOrEqual(4);
  }, 240_000);

  test("of five, one may be dead: it goes on; with two dead it stands still, and goes on when one is back", async () => {
    const [tax, land, health] = [cluster.named("tax"), cluster.named("land"), cluster.named("health")];
    resting.add("land").add("health");
    await cluster.halt(land, "SIGKILL");
    await cluster.deposit("one-dead", tax);
    await cluster.halt(health, "SIGKILL");
    await cluster.standsStill(tax); // heartbeats each second would be due, and the load waits
    expect((await cli("status", "--node", tax.api)).code).toBe(1);
    await cluster.run(land);
    await cluster.deposit("one-dead-again", tax);
    await cluster.run(health);
    await cluster.has(health, "one-dead-again");
    resting.clear();
  }, 240_000);

  test("parameters change by vote, at an epoch's start, on all nodes alike; outside their bounds never", async () => {
    const tax = cluster.named("tax");
    const { epoch } = await cluster.status(tax);
    const beyond = await cli("propose", "parameters.change", "--set", "window=9", "--key", tax.keyFile, "--node", tax.api, "--json");
    expect(beyond).toMatchObject({ code: 4 });
    await decide(
      tax,
      "pace",
      ["parameters.change", "--set", "timeout_base_ms=1500", "--set", "window=6"],
      ["tax", "courts", "land", "health"],
    );
    await waitFor("the next epoch", async () => ((await cluster.status(tax)).epoch > epoch ? true : undefined));
    const { height } = await cluster.status(tax);
    for (const member of cluster.members) {
      await cluster.reaches(member, height);
      expect((await get(`${member.api}/v1/network`)).body.parameters).toMatchObject({
        timeout_base_ms: 1_500,
        window: 6,
        heartbeat_ms: 1_000,
      });
    }
  }, 240_000);

  test("a consensus key rotates: the old one ends with the epoch, the new one votes after its silence, and nobody sees two", async () => {
    const [tax, courts] = [cluster.named("tax"), cluster.named("courts")];
    const key = newKey("consensus");
    const before = (await get(`${tax.api}/v1/validators`)).body.items.find((v: { id: string }) => v.id === "courts").key;
    const args = {
      member: "courts",
      purpose: "consensus",
      key: key.publicKey,
      proof: provePossession(cluster.network, "courts", "consensus", key.publicKey, key.secret),
    };
    await cluster.act(tax, courts, "governance.rotate@1", args);
    await waitFor("the new key in force", async () => {
      const now = (await get(`${tax.api}/v1/validators`)).body.items.find((v: { id: string }) => v.id === "courts").key;
      return now === hex(key.publicKey) ? true : undefined;
    });
    expect(before).not.toBe(hex(key.publicKey));
    // With the old key the node only follows.
    expect(
      (await waitFor("its new role", async () => ((await cluster.status(courts)).role === "observer" ? cluster.status(courts) : undefined)))
        .mode,
    ).toBe("following");
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
    resting.clear();
    expect(await cluster.equivocations(tax)).toBe(0);
  }, 240_000);

  test("the primary itself is voted out: it serves until the epoch ends, then another takes over; of four again, one may be dead", async () => {
    const first = cluster.named("agency5");
    const { primary } = await cluster.status(first);
    const leaving = cluster.named(primary);
    const others = cluster.members.filter((m) => m !== leaving);
    const at = others[0]!;
    resting.add(leaving.id);
    await decide(
      at,
      "out",
      ["validator.remove", leaving.id],
      others.map((m) => m.id),
    );
    await inForce(
      at,
      others.map((m) => m.id),
    );
    await cluster.deposit("without-it", at);
    await cluster.has(leaving, "without-it");
    expect(await cluster.status(leaving)).toMatchObject({ role: "observer", mode: "following", validators: 4, quorum: 3 });
    const { height } = await cluster.status(at);
    await cluster.reaches(at, height + 5);
    expect(await cluster.voters(at, height, height + 5)).not.toContain(leaving.id);
    // It is no longer needed: gone, and another one dead, three of four go on.
    await cluster.halt(leaving);
    await cluster.halt(others[1]!, "SIGKILL");
    await cluster.deposit("three-of-four", at);
    expect(await cluster.equivocations(at)).toBe(0);
    expect(load.failed).toEqual([]);
  }, 240_000);
});
