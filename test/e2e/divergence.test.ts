// A release that computes one act otherwise, on one node and on two of four: it stops signing and says what differs; a split is recognised, and released by a
// recovery file that the members sign. Real processes; the wrong release is a patched copy of the sources. docs/protocol.md §3.7.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/bytes.ts";
import { sha256 } from "../../src/base/hash.ts";
import { Cluster, logged, logOf, type Member } from "./harness.ts";
import { cli, get, otherRelease, waitFor } from "./support.ts";

let cluster: Cluster;
let wrong: ReturnType<typeof otherRelease>;

/** A deposit whose name begins with "odd" gets another row. */
const RIGHT = "entries: 0 });";
const WRONG = 'entries: it.deposit.startsWith("odd") ? 7 : 0 });';

beforeAll(async () => {
  wrong = otherRelease("contracts/documents/evidence.ts", RIGHT, WRONG);
  cluster = await Cluster.found({ validators: 4, parameters: { heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 500 } });
  cluster.named("land").main = wrong.main;
  await Promise.all(cluster.members.map((m) => cluster.run(m)));
  await Promise.all(cluster.members.map((m) => cluster.reaches(m, 1, 60_000)));
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  wrong?.remove();
});

const capsules = (member: Member): string[] =>
  fs
    .readdirSync(path.join(member.home, "capsules"))
    .filter((name) => name.endsWith(".capsule"))
    .map((name) => path.join(member.home, "capsules", name));

describe("a node that computes one act otherwise (§3.7.2)", () => {
  test("agrees on everything else; at that act it stops signing, and its capsule names transaction and key", async () => {
    const [witness, victim] = [cluster.named("tax"), cluster.named("land")];
    await cluster.deposit("even-1", witness);
    // A certificate has the votes of the first three; one that comes fourth each time is no worse.
    let voted = false;
    for (let i = 0; i < 50 && !voted; i++) {
      const { height: before } = await cluster.deposit(`even-1-${i}`, witness);
      voted = (await cluster.voters(witness, before, before)).has("land");
    }
    expect(voted).toBe(true);
    const { id, height } = await cluster.deposit("odd-1", witness, "60s");
    await logged(victim.home, "diverged", 60_000);
    const { file } = (await logged(victim.home, "capsule.complete", 60_000)) as unknown as { file: string };
    // The others go on, without it; it serves the last good height.
    const { height: later } = await cluster.deposit("even-2", witness, "60s");
    expect(await cluster.voters(witness, height, later)).not.toContain("land");
    const status = await cluster.status(victim);
    expect(status).toMatchObject({ diverged: true, ready: false, height: height - 1 });
    expect(status.advice).toContain("Diverged");
    expect((await get(`${victim.api}/v1/records/evidence/deposit/even-1`)).status).toBe(200);

    const { json, code } = await cli("divergence", file, "--json");
    expect(code).toBe(1);
    expect(json).toMatchObject({
      height,
      headers: ["transactionsRoot", "stateRoot"],
      transaction: { id, actions: ["evidence.deposit@1"] },
      key: { record: "evidence/deposit/odd-1", own: { fields: { entries: 7 } }, other: { fields: { entries: 0 } } },
    });
    const { out } = await cli("divergence", file);
    expect(out).toContain(`first in transaction ${id}`);
    expect(out).toContain("entries: 7 | 0");
  }, 180_000);

  test("with a release that computes it right it starts, catches up and votes again", async () => {
    const [witness, victim] = [cluster.named("tax"), cluster.named("land")];
    await cluster.halt(victim);
    victim.main = undefined;
    await cluster.run(victim);
    const { height } = await cluster.status(witness);
    await cluster.reaches(victim, height, 60_000);
    await waitFor(
      "its vote",
      async () => {
        const { height: now } = await cluster.status(witness);
        return (await cluster.block(witness, now)).confirmedBy.includes("land") ? true : undefined;
      },
      60_000,
    );
  }, 120_000);
});

describe("two of four compute it otherwise (§3.7.3, §3.7.4)", () => {
  test("the split is recognised and said; a recovery file that a quorum of the members signs releases it", async () => {
    const [tax, courts, land, health] = cluster.members as [Member, Member, Member, Member];
    for (const member of [land, health]) {
      await cluster.halt(member);
      member.main = wrong.main;
      await cluster.run(member);
    }
    const { height } = await cluster.status(tax);
    for (const member of [land, health]) {
      await cluster.reaches(member, height, 60_000);
      await logged(member.home, "start.ready", 60_000);
    }
    const capsulesBefore = new Map([land, courts].map((m) => [m.id, capsules(m)]));
    const args = { deposit: "odd-2", kind: "contract", content: sha256(utf8("odd-2")) };
    const signed = await cluster.signed(tax.organisation, "evidence.deposit@1", args);
    await (await cluster.ledger(tax)).submit(signed, { wait: "accepted" });
    for (const member of cluster.members) {
      const line = await logged(member.home, "split", 60_000);
      for (const { id } of cluster.members) expect(line["hashes"]).toContain(`${id}=`);
      expect((await cluster.status(member)).advice).toContain("SplitResult");
    }
    const at = (await cluster.status(tax)).height;
    expect((await get(`${tax.api}/v1/records/evidence/deposit/odd-2`)).status).toBe(404);

    // Nobody certified either result: two capsules show what differs.
    const newOf = (member: Member): Promise<string> =>
      waitFor("a capsule", async () => capsules(member).find((file) => !capsulesBefore.get(member.id)!.includes(file)));
    const [theirs, ours] = [await newOf(land), await newOf(courts)];
    expect((await cli("divergence", theirs, "--json")).problem?.code ?? "").toBe("capsule.incomplete");
    const { json } = await cli("divergence", theirs, ours, "--json");
    expect(json).toMatchObject({
      height: at + 1,
      key: { record: "evidence/deposit/odd-2", own: { fields: { entries: 7 } }, other: { fields: { entries: 0 } } },
    });

    // The members agree to abandon the wrong result. Two signatures are not enough.
    const file = path.join(cluster.directory, "recovery.json");
    expect((await cli("recover", "release", theirs, "--out", file, "--key", tax.keyFile, "--key", land.keyFile)).code).toBe(0);
    await cluster.halt(land);
    await cluster.halt(health);
    land.main = undefined;
    health.main = undefined;
    expect((await cli("recover", "install", file, "--home", land.home)).code).toBe(0);
    const lines = logOf(land.home).length;
    await cluster.run(land);
    const refused = await logged(land.home, "recovery.refused", 30_000, undefined, lines);
    expect(refused["why"]).toContain("2 of 3");
    await cluster.halt(land);
    expect((await cli("recover", "sign", file, "--key", health.keyFile)).code).toBe(0);
    for (const member of [land, health]) {
      expect((await cli("recover", "install", file, "--home", member.home)).code).toBe(0);
      await cluster.run(member);
      await logged(member.home, "recovery.released", 30_000);
    }
    // The network goes on with the right result, everywhere the same.
    for (const member of cluster.members) await cluster.has(member, "odd-2", 120_000);
    const { body } = await get(`${tax.api}/v1/records/evidence/deposit/odd-2`);
    expect(body.fields.entries).toBe(0);
    const { height: next } = await cluster.deposit("even-3", land, "60s");
    await waitFor("the same block", async () => ((await cluster.sameBlock(next)) ? true : undefined));
    await waitFor("the split is over", async () => ((await cluster.status(tax)).split === false ? true : undefined));
    // Released, not double: nobody's signatures contradict each other.
    expect(await cluster.equivocations(tax)).toBe(0);
  }, 300_000);
});
