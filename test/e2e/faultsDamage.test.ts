// Truncated, flipped and deleted bytes in each file of a home: the node finds it and says which file, and heals by what the others have, or stops with an exit
// code and what to do. Nothing damaged is ever served. Two processes with one home. docs/operations.md, "Damaged data"; docs/protocol.md §4.7, §5.

import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/sim/random.ts";
import { Cluster, logOf, type Member } from "./harness.ts";
import { get, launchDaemon, waitFor } from "./support.ts";

const LONG = process.env["CHANCERY_LONG"] !== undefined;
const DEPOSITS = 12;
const random = new Random(LONG ? Date.now() : 11);
let cluster: Cluster;
let victim: Member;
let witness: Member;
let template: string;
let files: string[];

beforeAll(async () => {
  cluster = await Cluster.start({ validators: 4, parameters: { heartbeat_ms: 1_000, proposal_interval_ms: 20 } });
  [witness, , victim] = cluster.members as [Member, Member, Member];
  // Several starts: tables, a log, a manifest of some length, segments of the journal.
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < DEPOSITS / 3; i++) await cluster.deposit(`d${round}-${i}`, witness);
    await cluster.has(victim, `d${round}-${DEPOSITS / 3 - 1}`);
    await cluster.halt(victim);
    if (round < 2) await cluster.run(victim);
  }
  template = path.join(cluster.directory, "template");
  fs.renameSync(victim.home, template);
  files = (fs.readdirSync(template, { recursive: true }) as string[])
    .filter((file) => fs.statSync(path.join(template, file)).isFile())
    .sort();
});
afterEach(async () => void (await cluster.halt(victim, "SIGKILL")));
afterAll(async () => cluster?.stop());

type Damage = "truncated" | "flipped" | "deleted";

function damage(file: string, how: Damage): void {
  if (how === "deleted") return fs.rmSync(file);
  const bytes = fs.readFileSync(file);
  if (bytes.length === 0) return;
  if (how === "truncated") return fs.truncateSync(file, random.below(bytes.length));
  bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  fs.writeFileSync(file, bytes);
}

/** The home as it was, with this file damaged. */
function lay(file: string, how: Damage): void {
  fs.rmSync(victim.home, { recursive: true, force: true });
  fs.cpSync(template, victim.home, { recursive: true });
  fs.rmSync(path.join(victim.home, "node.log"), { force: true });
  if (file !== "node.log") damage(path.join(victim.home, file), how);
}

/** What it serves is what the others have: every record, and the same blocks. */
async function servesTheTruth(): Promise<void> {
  const { height } = await cluster.status(witness);
  await cluster.reaches(victim, height);
  expect(await cluster.sameBlock(height, [witness, victim])).toBe(true);
  for (let round = 0; round < 3; round++) {
    const url = `/v1/records/evidence/deposit/d${round}-0`;
    const [here, there] = await Promise.all([get(`${victim.api}${url}`), get(`${witness.api}${url}`)]);
    expect({ ...here.body, asOf: null }).toEqual({ ...there.body, asOf: null });
  }
}

/** "serves", or the exit code with what it said; "stuck" is what must not be. */
async function outcome(): Promise<{ code: number | "serves" | "stuck"; said: string }> {
  const daemon = cluster.spawn(victim);
  await daemon.up;
  const ended = async (): Promise<number | undefined> => (daemon.child.exitCode === null ? undefined : daemon.ended);
  const told = (): string =>
    daemon.err() +
    logOf(victim.home)
      .map((l) => JSON.stringify(l))
      .join("\n");
  if ((await ended()) !== undefined) return { code: await daemon.ended, said: told() };
  // It may still find it while it catches up.
  const { height } = await cluster.status(witness);
  const code = await waitFor("the node to catch up or to end", async () => {
    const exit = await ended();
    if (exit !== undefined) return exit;
    return (await cluster.status(victim)).height >= height ? ("serves" as const) : undefined;
  }).catch(() => "stuck" as const);
  if (code === "serves") await servesTheTruth();
  const said = told();
  await cluster.halt(victim);
  return { code, said };
}

/** Of several files of one kind the newest stands for all, but in the long run. */
function kinds(): string[] {
  if (LONG) return files;
  const last = new Map(files.map((file) => [file.replace(/\d+/g, "#"), file]));
  return [...last.values()];
}

/** What the message about a file must contain: the file, or the part of the home that is to be moved aside. */
const named = (file: string): string => (/^(db|state|journal)\//.test(file) ? file.split("/")[0]! : path.basename(file));

describe("each file of a home", () => {
  test("truncated, flipped or deleted: named and mended from the others, or an exit code and what to do; never another answer", async () => {
    const seen: string[] = [];
    const wrong: string[] = [];
    for (const file of kinds()) {
      // One of the three each, in turn; all three in the long run.
      const all: Damage[] = ["truncated", "flipped", "deleted"];
      if (file === "chancery.toml") continue; // a setting changed into another good one, or into its default, is nobody's to find
      for (const how of LONG ? all : [random.pick(all)]) {
        lay(file, how);
        const { code, said } = await outcome();
        seen.push(`${file} ${how}: ${code}`);
        const stops = [2, 10, 11, 12, 15].includes(code as number) && /"do":|Do: /.test(said) && said.includes(named(file));
        if (code !== "serves" && !stops) wrong.push(`${file} ${how}: ${code}\n${said.slice(-1_500)}`);
      }
    }
    expect(wrong).toEqual([]);
    console.log(seen.join("\n"));
    expect(seen.length).toBeGreaterThanOrEqual(12);
  }, 3_600_000);

  test("a damaged database, moved aside as the message says, is had again from the others", async () => {
    const table = files.findLast((file) => /^db\/.*\.(ldb|log)$/.test(file))!;
    lay(table, "flipped");
    fs.truncateSync(path.join(victim.home, "db", "CURRENT"), 1);
    const { code, said } = await outcome();
    expect(code, said).toBe(11);
    expect(said).toContain(path.join(victim.home, "db"));
    fs.renameSync(path.join(victim.home, "db"), path.join(victim.home, "db-aside"));
    await cluster.run(victim);
    await servesTheTruth();
    await cluster.halt(victim);
  });
});

describe("two processes with one home", () => {
  test("the second refuses with exit 10 and names the first, which goes on", async () => {
    fs.rmSync(victim.home, { recursive: true, force: true });
    fs.cpSync(template, victim.home, { recursive: true });
    const first = await cluster.run(victim);
    const second = launchDaemon(victim.home);
    expect(await second.ended).toBe(10);
    expect(second.err()).toContain("start.locked");
    expect(second.err()).toContain(String(first.child.pid));
    expect(first.child.exitCode).toBeNull();
    await servesTheTruth();
    // After kill -9 its lock is nobody's.
    await cluster.halt(victim, "SIGKILL");
    await cluster.run(victim);
    await servesTheTruth();
  });
});
