// Keys of a running network are replaced by the command line alone, under load: a node's peer key, whose organisation's key lies elsewhere; its consensus key; and the
// organisation's own, lost for good, by the others' votes. docs/operations.md, "KeyReplaced"; docs/protocol.md §4.3.2, §6.2.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster, Load, logged, logOf, type Member } from "./harness.ts";
import { cli, deposit, get, waitFor } from "./support.ts";

let cluster: Cluster;
let load: Load;
const down = new Set<string>();
beforeAll(async () => {
  cluster = await Cluster.start({
    validators: 4,
    parameters: { epoch_length: 1_000, heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 },
  });
  load = new Load(cluster, "load", () => cluster.members.filter((m) => m.daemon !== undefined && !down.has(m.id)), 40);
}, 240_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
});

const tax = (): Member => cluster.named("tax");
const done = async (...args: string[]): Promise<any> => {
  const ran = await cli(...args, "--json");
  expect(ran, `${args.join(" ")}: ${ran.err}`).toMatchObject({ code: 0 });
  return ran.json;
};
const keyOnChain = async (member: string, purpose: string): Promise<string> =>
  (await get(`${tax().api}/v1/records/governance/member/${member}`)).body.fields.keys[purpose];

/** The ledger goes on without this member, so all others vote. */
async function goesOnWithout(id: string): Promise<void> {
  const member = cluster.named(id);
  down.add(id);
  await cluster.halt(member, "SIGKILL");
  await cluster.deposit(`without-${id}`, tax());
  await cluster.run(member);
  await cluster.reaches(member, (await cluster.status(tax())).height);
  down.delete(id);
}

async function again(member: Member): Promise<void> {
  await cluster.halt(member);
  await cluster.run(member);
}

test("a peer key: what has to be signed is handed over, the old key connects until the epoch ends, the new one from then on", async () => {
  const land = cluster.named("land");
  const file = path.join(land.home, "keys", "peer.key");
  const old = fs.readFileSync(file, "utf8");
  const asked = await done("rotate", "peer", "--home", land.home);
  expect(asked).toMatchObject({ member: "land", purpose: "peer", inForce: false });
  // Again: the same key, not another one.
  expect(await done("rotate", "peer", "--home", land.home)).toMatchObject({ key: asked.key, proof: asked.proof });
  const { epoch } = await cluster.status(tax());
  await done("call", "governance.rotate", "--args", asked.request, "--key", land.keyFile, "--node", tax().api);
  down.add("land");
  expect(await done("rotate", "peer", "--home", land.home)).toMatchObject({ key: asked.key, file, inForce: true });
  expect((await cluster.status(tax())).epoch).toBeGreaterThan(epoch);
  expect(await keyOnChain("land", "peer")).toBe(asked.key);
  expect(fs.readFileSync(path.join(land.home, "keys", "peer-replaced.key"), "utf8")).toBe(old);

  // The process still has the old one: it is cut off, and says why and what to do.
  await waitFor("nobody connected", async () => ((await cluster.status(land)).connected === 1 ? true : undefined));
  const status = await cli("status", "--home", land.home, "--json");
  expect(status).toMatchObject({ code: 1, json: { replacedKeys: ["peer"], advice: expect.stringContaining("KeyReplaced") } });
  await again(land);
  await waitFor("land among the others", async () => ((await cluster.status(land)).connected === 4 ? true : undefined));
  down.delete("land");
  await goesOnWithout("health");
  expect(await cluster.status(land)).toMatchObject({ replacedKeys: [], mode: "active" });
}, 240_000);

test("a consensus key, with the organisation's key at hand: the node follows, and after its silence votes with the new one", async () => {
  const courts = cluster.named("courts");
  const rotated = await done("rotate", "consensus", "--home", courts.home, "--key", courts.keyFile);
  expect(rotated).toMatchObject({ member: "courts", inForce: true });
  expect(await keyOnChain("courts", "consensus")).toBe(rotated.key);
  await logged(courts.home, "key.replaced");
  expect(await cluster.status(courts)).toMatchObject({ role: "observer", replacedKeys: ["consensus"] });
  down.add("courts");
  await again(courts);
  await logged(courts.home, "silence.over");
  down.delete("courts");
  await goesOnWithout("land");
  expect((await cluster.status(courts)).replacedKeys).toEqual([]);
}, 240_000);

test("a node that was away while all others took new peer keys knows none of them; told by its operator, it catches up", async () => {
  const courts = cluster.named("courts");
  down.add("courts");
  await cluster.halt(courts);
  const told: string[] = [];
  for (const id of ["tax", "land", "health"]) {
    const member = cluster.named(id);
    const { key } = await done("rotate", "peer", "--home", member.home, "--key", member.keyFile);
    told.push(`${id}=${key}`);
    await again(member);
    await waitFor(`${id} among the others`, async () => ((await cluster.status(member)).connected === 3 ? true : undefined));
  }
  const { height } = await cluster.deposit("under-new-keys", tax());
  await cluster.run(courts);
  await waitFor("a dial refused", async () =>
    (await cluster.status(courts)).peers.some((p: any) => p.lastError !== undefined) ? true : undefined,
  );
  expect(await cluster.status(courts)).toMatchObject({ connected: 1 });
  await cluster.halt(courts);
  const config = path.join(courts.home, "chancery.toml");
  fs.writeFileSync(config, fs.readFileSync(config, "utf8").replace("[peer]\n", `[peer]\nkeys = ${JSON.stringify(told)}\n`));
  await cluster.run(courts);
  await cluster.reaches(courts, height);
  down.delete("courts");
}, 240_000);

test("an organisation's key that is lost: the others vote for the new one, whose holder has shown that it has it", async () => {
  const health = cluster.named("health");
  const key = path.join(cluster.directory, "new.key");
  const proof = path.join(cluster.directory, "new.json");
  await done("keys", "new", "--for", "organisation", "--out", key, "--unprotected");
  fs.writeFileSync(proof, JSON.stringify(await done("keys", "prove", key, "--genesis", cluster.genesis, "--of", "health")));
  const at = ["--node", tax().api] as const;
  expect(await cli("propose", "member.key", "courts", "--proof", proof, "--key", tax().keyFile, ...at, "--json")).toMatchObject({
    code: 2,
  });
  await done("propose", "member.key", "health", "--id", "new-key", "--proof", proof, "--key", tax().keyFile, ...at);
  for (const id of ["tax", "courts", "land"]) await done("vote", "new-key", "yes", "--key", cluster.named(id).keyFile, ...at);
  expect(await keyOnChain("health", "organisation")).toBe(JSON.parse(fs.readFileSync(proof, "utf8")).key);
  const propose = async (by: string) => cli("propose", "validator.remove", "land", "--key", by, ...at, "--json");
  expect(await propose(health.keyFile)).toMatchObject({ code: 4 });
  expect(await propose(key)).toMatchObject({ code: 0 });
}, 240_000);

test("whatever was acknowledged meanwhile is everywhere; nobody was cut off for what passed on the way, and nobody signed two things", async () => {
  await load.stop();
  expect(load.failed).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThan(50);
  await done("call", "evidence.deposit", "--args", deposit("at-the-end"), "--key", tax().keyFile, "--node", tax().api);
  const { height } = await cluster.status(tax());
  for (const member of cluster.members) await cluster.reaches(member, height);
  expect(await cluster.lost([...load.acknowledged, "at-the-end"], cluster.members)).toEqual([]);
  expect(cluster.members.flatMap((m) => logOf(m.home, "peer.cut"))).toEqual([]);
  expect(await cluster.equivocations(tax())).toBe(0);
}, 120_000);
