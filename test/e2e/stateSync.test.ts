// A wiped validator takes the state from its peers instead of executing every block: real processes, under load, one peer lying, killed in the middle.
// docs/protocol.md §4.9.3. CHANCERY_LONG: a million records in at most 60 s.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grow, grownDeposit } from "../../bench/grow.ts";
import { Cluster, Load, logged, logOf, type Member } from "./harness.ts";
import { get, otherRelease, waitFor } from "./support.ts";

const LONG = process.env["CHANCERY_LONG"] === "1";
const RECORDS = LONG ? 1_000_000 : 20_000;
let cluster: Cluster;
let load: Load;
let laid = 0;
const down = new Set<Member>();
/** The second member's node turns a bit of every range of the tree that it is asked for. */
const TRUE = "return encode([headBlockValue(store.block(range.height)), range.entries, range.siblings]);";
const FALSE = `const lie = range.entries.slice();
  if (lie.length > 0) lie[lie.length - 1]! ^= 1;
  return encode([headBlockValue(store.block(range.height)), lie, range.siblings]);`;
let liar: ReturnType<typeof otherRelease>;

beforeAll(
  async () => {
    cluster = await Cluster.found({ validators: 4, parameters: { epoch_length: 100, heartbeat_ms: 1_000, proposal_interval_ms: 20 } });
    const [first] = cluster.members;
    const depositor = { id: first!.id, secret: first!.organisation.secret };
    laid = (await grow({ genesis: cluster.genesis, homes: cluster.members.map((m) => m.home), depositor, from: 0, to: RECORDS })).height;
    liar = otherRelease("ledger/stateAnswers.ts", TRUE, FALSE);
    cluster.named("courts").main = liar.main;
    await Promise.all(cluster.members.map((m) => cluster.run(m)));
    await Promise.all(cluster.members.map((m) => cluster.reaches(m, laid + 1, 120_000)));
    load = new Load(cluster, "load", () => cluster.members.filter((m) => !down.has(m)), 20);
  },
  LONG ? 1_200_000 : 120_000,
);
afterAll(async () => {
  await load?.stop();
  await cluster?.stop();
  liar?.remove();
});

async function wipe(member: Member, signal: NodeJS.Signals = "SIGKILL"): Promise<number> {
  down.add(member);
  await cluster.halt(member, signal);
  for (const part of ["db", "state", "journal"]) fs.rmSync(path.join(member.home, part), { recursive: true, force: true });
  return logOf(member.home).length;
}

const BEHIND = 16;
const STATE = { CHANCERY_SYNC__STATE_BEHIND: String(BEHIND) };

describe("a wiped validator", () => {
  test(`has the state of ${RECORDS} records back in at most 60 s, under load`, async () => {
    const [witness, victim] = [cluster.named("tax"), cluster.named("land")];
    await cluster.reaches(witness, BEHIND);
    const lines = await wipe(victim);
    const { height } = await cluster.status(witness);
    // Until its lie is met, the liar is the only one who can be asked.
    const honest = cluster.members.filter((m) => m !== victim && m.id !== "courts").map((m) => m.daemon!.child);
    for (const child of honest) child.kill("SIGSTOP");
    const started = performance.now();
    await cluster.run(victim, STATE);
    await logged(victim.home, "sync.peer_lied", 30_000, undefined, lines);
    for (const child of honest) child.kill("SIGCONT");
    const { records } = await logged(victim.home, "sync.state_complete", 120_000, undefined, lines);
    await logged(victim.home, "sync.state_installed", 30_000, undefined, lines);
    await cluster.reaches(victim, height, 60_000);
    const seconds = (performance.now() - started) / 1_000;
    console.log(`${records} records at height ${height}: back after ${seconds.toFixed(1)} s`);
    expect(records).toBeGreaterThanOrEqual(RECORDS);
    if (LONG) expect(seconds).toBeLessThan(60);
    // Who lied was found out and cut off, nobody else.
    const lies = logOf(victim.home, "sync.peer_lied").map(({ peer, code }) => [peer, code]);
    expect(lies).toEqual([["courts", "state.unproved"]]);
    expect(logOf(victim.home, "peer.cut").map(({ organisation, code }) => [organisation, code])).toEqual([["courts", "state.unproved"]]);
    down.delete(victim);
    // What it never executed it serves, finds and proves; and what was committed before has no second receipt here.
    const name = grownDeposit(RECORDS - 1);
    const read = await get(`${victim.api}/v1/records/evidence/deposit/${name}`);
    expect(read.status).toBe(200);
    const history = await get(`${victim.api}/v1/history/evidence/deposit/${name}`);
    expect(history.body.items).toHaveLength(1);
    const found = await get(`${victim.api}/v1/records/evidence/deposit?find.holder=tax&limit=3`);
    expect(found.body.items).toHaveLength(3);
    await waitFor("the same block", async () => ((await cluster.sameBlock(height)) ? true : undefined));
    // It goes on with the others, and executes what comes to the same results.
    const { height: now } = await cluster.status(witness);
    await cluster.reaches(victim, now + 3, 60_000);
    expect(await cluster.sameBlock(now + 3)).toBe(true);
    expect(load.failed).toEqual([]);
    // Until it votes again, nobody else may fail.
    await logged(victim.home, "silence.over", 120_000, undefined, lines);
  }, 300_000);

  test("killed while it takes the state: goes on where it was, and gets there", async () => {
    const [witness, victim] = [cluster.named("tax"), cluster.named("health")];
    const lines = await wipe(victim, "SIGTERM");
    const { height } = await cluster.status(witness);
    await cluster.run(victim, STATE);
    await logged(victim.home, "sync.state", 60_000, (line) => line["phase"] === "rows" || line["phase"] === "past", lines);
    await cluster.halt(victim, "SIGKILL");
    const complete = logOf(victim.home, "sync.state_complete").length;
    await cluster.run(victim, STATE);
    // Only if the kill came before the end; on a fast machine it may have been over.
    if (complete === 0) await logged(victim.home, "sync.resumed", 60_000, undefined, lines);
    await logged(victim.home, "sync.state_installed", 120_000, undefined, lines);
    await cluster.reaches(victim, height, 60_000);
    down.delete(victim);
    await waitFor("the same block", async () => ((await cluster.sameBlock(height)) ? true : undefined));
    expect(fs.existsSync(path.join(victim.home, "db.sync"))).toBe(false);
    expect(fs.existsSync(path.join(victim.home, "db.replaced"))).toBe(false);
  }, 300_000);
});
