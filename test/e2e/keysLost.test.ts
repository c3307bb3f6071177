// Two of four validators lose their keys for good: no quorum can ever be reached again. The survivors found a network that goes on with the state of the last
// certified block, with other agencies' nodes beside them. Real processes, the real commands. docs/protocol.md §6.1; docs/operations.md, "Keys lost for good".

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hex } from "../../src/base/bytes.ts";
import { newKey, saveSecretFile, sealKey } from "../../src/base/keyFile.ts";
import { freePorts } from "../../src/cli/ports.ts";
import { completeMember, draftMember, type NodeKeys, writeMember } from "../../src/node/founding.ts";
import { furnishHome } from "../../src/node/home.ts";
import { contracts } from "../../src/node/registry.ts";
import { Cluster, configOf, type Member } from "./harness.ts";
import { cli, get, waitFor } from "./support.ts";

let old: Cluster;
let next: Cluster | undefined;
beforeAll(async () => {
  if (process.env["CHANCERY_LONG"] !== "1") return;
  old = await Cluster.start({ validators: 4, parameters: { heartbeat_ms: 1_000, proposal_interval_ms: 20 } });
}, 120_000);
afterAll(async () => {
  await next?.stop();
  await old?.stop();
});

function memberFile(member: Member, directory: string): void {
  const draft = draftMember(
    { id: member.id, name: `Agency ${member.id}`, addresses: [`/ip4/127.0.0.1/tcp/${member.peerPort}`], contact: "" },
    member.keys,
  );
  fs.writeFileSync(
    path.join(directory, `${member.id}.member.json`),
    writeMember(completeMember(draft, member.organisation), member.organisation),
  );
}

/** A home with keys of its own, and no network yet. */
async function newHome(id: string): Promise<Member> {
  const [peerPort, api, metrics] = (await freePorts(3)) as [number, number, number];
  const keys: NodeKeys = { consensus: newKey("consensus"), peer: newKey("peer"), checkpoint: newKey("checkpoint") };
  const organisation = newKey("organisation");
  const home = path.join(old.directory, `new-${id}`);
  furnishHome(home, keys, undefined, configOf(peerPort, api, metrics));
  const keyFile = path.join(old.directory, `new-${id}.key`);
  saveSecretFile(keyFile, sealKey(organisation));
  const urls = { api: `http://127.0.0.1:${api}`, metrics: `http://127.0.0.1:${metrics}/metrics` };
  return { id, home, keys, organisation, keyFile, peerPort, ...urls, daemon: undefined };
}

async function done(...args: string[]): Promise<any> {
  const { code, json, err } = await cli(...args, "--json");
  expect(code, `${args.join(" ")}: ${err}`).toBe(0);
  return json;
}

// In the long suite: 30 s of processes; what they compute is in test/unit/ledger/continuation.test.ts.
const LONG = process.env["CHANCERY_LONG"] === "1";
test.runIf(LONG)(
  "more than f keys are lost: a new genesis, signed by the survivors, goes on from the certified head with all records",
  async () => {
    const [tax, courts, land, health] = old.members as [Member, Member, Member, Member];
    await old.deposit("before-1", tax);
    await old.deposit("before-2", courts);
    for (const member of [land, health]) await old.halt(member, "SIGKILL");
    const lostKey = land.organisation;
    for (const member of [land, health]) fs.rmSync(member.home, { recursive: true, force: true });
    // Whatever was certified, both survivors have it; more never will be.
    await waitFor("one head", async () => {
      const [a, b] = [await old.status(tax), await old.status(courts)];
      return a.height === b.height && a.lastBlockAgeMs > 2_000 ? true : undefined;
    });
    const { height } = await old.status(tax);
    for (const member of [tax, courts]) await old.halt(member);

    // Land makes new keys; another agency takes the place of health.
    const [newLand, fifth] = [await newHome("land"), await newHome("agency5")];
    const founders = [tax, courts, newLand, fifth];
    const members = path.join(old.directory, "founders");
    fs.mkdirSync(members);
    for (const member of founders) memberFile(member, members);
    const plan = path.join(old.directory, "plan.toml");
    const roles = contracts().contracts.flatMap(({ contract }) =>
      Object.keys(contract.options.roles).map((role) => `${contract.name}.${role}`),
    );
    fs.writeFileSync(
      plan,
      [
        'name = "goes on"\npurpose = "development"\n[parameters]\nheartbeat_ms = 1000\nproposal_interval_ms = 20',
        ...roles.map((role) => `[[grants]]\nrole = "${role}"\nagency = "tax"`),
      ].join("\n"),
    );
    const genesis = path.join(old.directory, "continuing.json");
    const time = new Date().toISOString();
    const built = await done(
      "recover",
      "genesis",
      "--home",
      tax.home,
      "--members",
      members,
      "--parameters",
      plan,
      "--time",
      time,
      "--out",
      genesis,
    );
    expect(built.continues).toMatchObject({ network: hex(old.network), height });
    await done("recover", "check", genesis, "--home", courts.home);

    // Unsigned it founds nothing, in development neither.
    const early = await cli("recover", "continue", "--home", tax.home, "--genesis", genesis, "--json");
    expect(early.code).not.toBe(0);
    expect(JSON.stringify(early.problem)).toContain("has not signed");
    const signatures: string[] = [];
    for (const member of founders) {
      const file = path.join(old.directory, `${member.id}.signature.json`);
      await done("genesis", "sign", genesis, "--key", member.keyFile, "--out", file);
      signatures.push(file);
    }
    await done("genesis", "seal", genesis, ...signatures);
    for (const member of [newLand, fifth])
      await done("recover", "continue", "--home", member.home, "--genesis", genesis, "--from", courts.home);
    for (const member of [tax, courts]) {
      const { aside } = await done("recover", "continue", "--home", member.home, "--genesis", genesis);
      expect(fs.existsSync(path.join(aside, "db"))).toBe(true);
      // A second time would give a used journal away.
      expect((await cli("recover", "continue", "--home", member.home, "--genesis", genesis)).code).not.toBe(0);
    }

    next = Cluster.of(old.directory, genesis, founders);
    await Promise.all(founders.map((m) => next!.run(m)));
    for (const member of founders) await next.reaches(member, 1, 60_000);
    // What was recorded is there, on all of them, and goes on from where it stood.
    for (const member of founders) await next.has(member, "before-2");
    const { height: at } = await next.deposit("after", fifth);
    const args = { deposit: "before-1", from: "tax", to: "courts", reason: "hearing" };
    const draft = (await next.ledger(tax)).transaction("evidence.handOver@1", args, {
      signers: [tax, courts].map((m) => m.organisation.publicKey),
    });
    const { seedSigner } = await import("../../src/client/build.ts");
    for (const m of [tax, courts]) await draft.sign(seedSigner(m.organisation.secret));
    expect((await (await next.ledger(newLand)).submit(draft.finish())).status).toBe("applied");
    const moved = (await get(`${courts.api}/v1/records/evidence/deposit/before-1`)).body;
    expect(moved).toMatchObject({ revision: 2, fields: { holder: "courts" } });
    const history = (await get(`${courts.api}/v1/history/evidence/deposit/before-1`)).body;
    // What was before the continuation is the old network's, whose store is kept beside; the answer says that it does not go back to the first revision.
    expect(history.items.map((item: { revision: number }) => item.revision)).toEqual([2]);
    expect(history.pruned).toEqual({ keptFrom: 1 });
    await waitFor("the same block", async () => ((await next!.sameBlock(at)) ? true : undefined));

    // The lost key speaks for nobody, and never will again.
    const key = (await get(`${tax.api}/v1/records/eid/key/${hex(lostKey.publicKey)}`)).body;
    expect(key.status).toBe("revoked");
    const lost = (await get(`${tax.api}/v1/records/governance/member/health`)).body;
    expect(lost).toMatchObject({ status: "left", fields: { seat: false } });

    // A stranger verifies a record of the old days with the new genesis alone.
    const proof = path.join(old.directory, "old.proof.json");
    await done("prove", "evidence", "deposit", "before-2", "--node", fifth.api, "--out", proof);
    const verdict = await done("verify", proof, "--genesis", genesis);
    expect(verdict.valid ?? verdict.ok ?? true).toBe(true);
    // All four vote: the new homes did not begin in silence.
    await waitFor("votes of all", async () =>
      (await next!.voters(tax, 1, (await next!.status(tax)).height)).size === 4 ? true : undefined,
    );
  },
  300_000,
);
