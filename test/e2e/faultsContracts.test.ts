// A contract that throws, or never ends, on a network that works: a receipt with its code, the same on every node, nothing of it written, an alarm in the log;
// the chain goes on, and what executes it again comes to the same. The contract is a release of four nodes with one act changed. docs/protocol.md §3.6.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/bytes.ts";
import { sha256 } from "../../src/base/hash.ts";
import { Cluster, Load, logOf, type Member } from "./harness.ts";
import { cliOf, get, otherRelease, waitFor } from "./support.ts";

const RIGHT = "entries: 0 });";
/** The row is written first: what fails afterwards must take it back. */
const WRONG = `entries: 0 });
    if (it.deposit.startsWith("throws")) throw new TypeError("planted");
    if (it.deposit.startsWith("endless")) for (let i = 0; ; i++) tx.find(deposits, "none-" + i);
    if (it.deposit.startsWith("swallows")) try { for (let i = 0; ; i++) tx.find(deposits, "none-" + i); } catch { /* and goes on */ }`;
const CODES = { throws: "engine.fault", endless: "engine.work_exceeded", swallows: "engine.work_exceeded" };

let release: ReturnType<typeof otherRelease>;
let cluster: Cluster;
let load: Load;
const down = new Set<Member>();

beforeAll(async () => {
  release = otherRelease("contracts/documents/evidence.ts", RIGHT, WRONG);
  cluster = await Cluster.start({
    validators: 4,
    parameters: { heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 },
    program: release.main,
  });
  load = new Load(cluster, "load", () => cluster.members.filter((m) => !down.has(m)), 20);
}, 120_000);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
  release?.remove();
});

async function handIn(name: string, at: Member): Promise<any> {
  const args = { deposit: name, kind: "contract", content: sha256(utf8(name)) };
  const signed = await cluster.signed(cluster.members[0]!.organisation, "evidence.deposit@1", args);
  return (await cluster.ledger(at)).submit(signed, { timeout: "60s" });
}
const absent = async (name: string, at: Member): Promise<boolean> =>
  (await get(`${at.api}/v1/records/evidence/deposit/${name}`)).status === 404;

describe("a contract that fails", () => {
  test.each(Object.entries(CODES))("an act that %s: failed with %s, at every node alike, and nothing of it stands", async (kind, code) => {
    const receipts = [];
    for (const [i, member] of cluster.members.entries()) {
      const receipt = await handIn(`${kind}-${i}`, member);
      expect(receipt).toMatchObject({ status: "failed", code, flags: [], writes: [] });
      receipts.push(receipt);
    }
    const { height } = await cluster.deposit(`after-${kind}`, cluster.members[1]!);
    for (const member of cluster.members) {
      await cluster.reaches(member, height);
      for (const [i, { id, height: at }] of receipts.entries()) {
        expect((await get(`${member.api}/v1/transactions/${id}`)).body).toMatchObject({ outcome: "failed", code, height: at });
        expect(await absent(`${kind}-${i}`, member)).toBe(true);
        // Whoever runs the node hears of it, with what was thrown.
        const said = logOf(member.home, "contract.failed").find((line) => line["id"] === id);
        expect(said).toMatchObject({ level: "error", code, height: at });
        if (kind === "throws") expect(said!["error"]).toContain("TypeError: planted");
      }
    }
    expect(await cluster.sameBlock(height)).toBe(true);
  });

  test("among good acts of the same blocks, hundreds of them: these are applied, those are not, and nobody stops", async () => {
    const kinds = Object.keys(CODES);
    const names = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? `${kinds[(i / 3) % 3]}-many-${i}` : `good-${i}`));
    const outcomes: any[] = [];
    for (let from = 0; from < names.length; from += 100)
      outcomes.push(...(await Promise.all(names.slice(from, from + 100).map((name, i) => handIn(name, cluster.members[i % 4]!)))));
    for (const [i, { status, code }] of outcomes.entries()) {
      const wrong = i % 3 === 0 ? CODES[kinds[(i / 3) % 3] as keyof typeof CODES] : undefined;
      expect([names[i], status, code ?? undefined]).toEqual([names[i], wrong === undefined ? "applied" : "failed", wrong]);
    }
    const good = names.filter((name) => name.startsWith("good"));
    expect(await cluster.lost(good, [cluster.members[3]!])).toEqual([]);
    for (const member of cluster.members) {
      expect(member.daemon!.child.exitCode).toBeNull();
      expect(await cluster.status(member)).toMatchObject({ mode: "active", diverged: false });
    }
    const { height } = await cluster.status(cluster.members[0]!);
    await cluster.reaches(cluster.members[0]!, height + 4);
    expect((await cluster.voters(cluster.members[0]!, height, height + 4)).size).toBe(4);
    expect(load.failed).toEqual([]);
  });

  test("a node without its state executes them again and comes to the same; so does verify-chain", async () => {
    const [witness, , victim] = cluster.members as [Member, Member, Member];
    down.add(victim);
    await cluster.halt(victim, "SIGKILL");
    for (const part of ["db", "state", "journal"]) fs.rmSync(path.join(victim.home, part), { recursive: true, force: true });
    const { height } = await cluster.status(witness);
    await cluster.run(victim);
    await cluster.reaches(victim, height);
    await waitFor("the same block", async () => ((await cluster.sameBlock(height)) ? true : undefined));
    await load.stop();
    await cluster.halt(victim);
    const verified = await cliOf(release.main, "verify-chain", "--home", victim.home, "--json");
    expect(verified, verified.err).toMatchObject({ code: 0 });
  });
});
