// A disk that runs full, and one that fails: the node pauses and resumes by itself, or ends with exit 12 or 11 and what to do; the others go on, and it comes back.
// A small tmpfs (needs root), and EIO between the process and its C library (needs a compiler). docs/operations.md, "DiskRunsOut", "Damaged data".

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster, Load, logged, type Member } from "./harness.ts";
import { get, waitFor } from "./support.ts";

const MEGABYTE = 1 << 20;
const RESERVE_MB = 256; // of the harness's configuration
let cluster: Cluster;
let load: Load;
let victim: Member;
let witness: Member;
const mounted: string[] = [];

/** A tmpfs at a directory; why not, if it cannot be. */
function mount(directory: string, megabytes: number): string | undefined {
  const { status, stderr, error } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", directory], {
    encoding: "utf8",
  });
  if (status === 0) mounted.push(directory);
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}
const unmount = (directory: string): void => void spawnSync("umount", [directory]);

function whyNoTmpfs(): string | undefined {
  const probe = fs.mkdtempSync("/tmp/chancery-probe-");
  const why = mount(probe, 1);
  if (why === undefined) unmount(mounted.pop()!);
  fs.rmdirSync(probe);
  return why;
}
const noTmpfs = whyNoTmpfs();
const noCompiler = spawnSync("cc", ["--version"]).status === 0 ? undefined : "there is no C compiler";

beforeAll(async () => {
  cluster = await Cluster.start({ validators: 4, parameters: { heartbeat_ms: 1_000, proposal_interval_ms: 20, timeout_base_ms: 1_000 } });
  [witness, , , victim] = cluster.members as [Member, Member, Member, Member];
  load = new Load(cluster, "load", () => cluster.members.filter((m) => m !== victim), 100);
});
afterAll(async () => {
  await load?.stop();
  if (victim?.daemon !== undefined) await cluster.halt(victim, "SIGKILL");
  for (const directory of mounted) unmount(directory);
  await cluster?.stop();
});

const signed = async (): Promise<void> => void (await cluster.signs(victim.id, witness));

describe.skipIf(noTmpfs !== undefined)(`a disk that runs full${noTmpfs === undefined ? "" : ` (skipped: ${noTmpfs})`}`, () => {
  const ballast = (): string => path.join(victim.home, "ballast");

  beforeAll(async () => {
    await cluster.halt(victim);
    const aside = `${victim.home}-aside`;
    fs.renameSync(victim.home, aside);
    fs.mkdirSync(victim.home);
    mount(victim.home, RESERVE_MB + 200);
    fs.cpSync(aside, victim.home, { recursive: true });
    await cluster.run(victim);
  });

  test("below the reserve the node pauses – no votes, nothing taken, reads go on – and resumes by itself when there is room", async () => {
    await signed();
    const { bavail, bsize } = fs.statfsSync(victim.home);
    fs.writeFileSync(ballast(), Buffer.alloc(bavail * bsize - (RESERVE_MB - 20) * MEGABYTE));
    expect((await logged(victim.home, "disk.low")).level).toBe("warn");
    const status = await cluster.status(victim);
    expect(status).toMatchObject({ ready: false, advice: expect.stringContaining("make room") });
    expect((await get(`${victim.api}/v1/records/evidence/deposit/load-0`)).status).toBe(200);
    await expect(cluster.deposit("not-here", victim, "2s")).rejects.toThrow(/busy/);
    const { height } = await cluster.status(witness);
    await cluster.reaches(witness, height + 8);
    expect(await cluster.voters(witness, height + 5, height + 8)).not.toContain(victim.id);
    fs.rmSync(ballast());
    await logged(victim.home, "disk.enough");
    await signed();
    expect(victim.daemon!.child.exitCode).toBeNull();
  });

  test("full to the last byte: exit 12 and what to do; with room again it starts and catches up", async () => {
    const { daemon } = victim;
    victim.daemon = undefined;
    // Faster than the node looks: it finds out by a write that fails.
    const fill = fs.openSync(ballast(), "w");
    try {
      for (;;) fs.writeSync(fill, Buffer.alloc(MEGABYTE));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
    }
    try {
      for (;;) fs.writeSync(fill, Buffer.alloc(512));
    } catch {
      // full
    }
    fs.closeSync(fill);
    let code: number | undefined;
    void daemon!.ended.then((c) => (code = c));
    // The journal is allocated ahead and a pause needs no disk: the node may as well wait for room. (Its log is on the full disk.)
    await waitFor("the end of the node, or its pause", async () =>
      code !== undefined || (await cluster.status(victim)).advice.includes("make room") ? true : undefined,
    );
    if (code === undefined) daemon!.child.kill("SIGKILL");
    else {
      expect(code).toBe(12);
      expect(daemon!.err()).toContain("Do: ");
    }
    await daemon!.ended;
    const early = await cluster.launch(victim.home);
    expect(await early.ended).toBe(12);
    expect(early.err()).toContain("make room");
    fs.rmSync(ballast());
    await cluster.run(victim);
    await signed();
    expect(await cluster.equivocations(witness)).toBe(0);
  });
});

describe("a table that the disk gives no longer while the node runs", () => {
  // LevelDB reads its tables where they are mapped: what the disk does not give is no error of a call, and the kernel ends the process.
  test("the kernel ends the process with SIGBUS; at the next start the table is named: exit 11 and what to do; then it has all of it again", async () => {
    if (victim.daemon !== undefined) await cluster.halt(victim);
    await cluster.run(victim); // what the log held is in a table now
    await signed();
    const db = path.join(victim.home, "db");
    const tables = fs.readdirSync(db).filter((name) => name.endsWith(".ldb"));
    for (const name of tables) fs.truncateSync(path.join(db, name), 0);
    const { child, ended } = victim.daemon!;
    victim.daemon = undefined;
    let gone = false;
    void ended.then(() => (gone = true));
    // Whichever act or question needs it first.
    await waitFor("its end", async () => {
      for (let i = 0; i < 20 && !gone; i++) await get(`${victim.api}/v1/records/evidence/deposit/load-${i}`).catch(() => undefined);
      return gone ? true : undefined;
    });
    expect(child.signalCode).toBe("SIGBUS");
    const again = await cluster.launch(victim.home);
    expect(await again.ended).toBe(11);
    expect(tables.some((name) => again.err().includes(name))).toBe(true);
    expect(again.err()).toContain(`move ${db} aside`);
    fs.renameSync(db, `${db}-damaged`);
    await cluster.run(victim);
    await signed();
    expect(await cluster.equivocations(witness)).toBe(0);
  });
});

describe.skipIf(noCompiler !== undefined)(`a disk that fails${noCompiler === undefined ? "" : ` (skipped: ${noCompiler})`}`, () => {
  let library: string;
  const trigger = (): string => path.join(cluster.directory, "fails-now");
  const failing = (what: "sync" | "read", where: string): NodeJS.ProcessEnv => ({
    LD_PRELOAD: library,
    FAILING_WHEN: trigger(),
    FAILING_WHAT: what,
    FAILING_WHERE: where,
  });

  beforeAll(async () => {
    library = path.join(cluster.directory, "failing.so");
    const made = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, path.join(import.meta.dirname, "failingDisk.c"), "-ldl"], {
      encoding: "utf8",
    });
    expect(made.stderr).toBe("");
    fs.rmSync(path.join(victim.home, "ballast"), { force: true });
    await cluster.halt(victim);
  });

  test.each(process.env["CHANCERY_LONG"] === undefined ? ["/journal/"] : ["/journal/", "/db/"])(
    "a sync of %s that fails ends the node with exit 12 before it says anything more; started again, it goes on",
    async (where) => {
      const { ended, err } = await cluster.run(victim, failing("sync", where));
      await signed();
      fs.writeFileSync(trigger(), "");
      expect(await ended).toBe(12);
      expect(err()).toContain("Do: ");
      fs.rmSync(trigger());
      await cluster.run(victim);
      await signed();
      await cluster.halt(victim);
      expect(await cluster.equivocations(witness)).toBe(0);
    },
  );

  test("a table of the store that cannot be read is named at the start, with exit 12 and what to do", async () => {
    const tables = fs.readdirSync(path.join(victim.home, "db")).filter((name) => name.endsWith(".ldb"));
    expect(tables.length).toBeGreaterThan(0);
    fs.writeFileSync(trigger(), "");
    const daemon = await cluster.launch(victim.home, failing("read", ".ldb"));
    expect(await daemon.ended).toBe(12);
    expect(JSON.parse(daemon.err().trim().split("\n").at(-1)!)).toMatchObject({
      code: "store.read",
      do: expect.stringContaining("replace the disk"),
    });
    expect(tables.some((name) => daemon.err().includes(name))).toBe(true);
    fs.rmSync(trigger());
    await cluster.run(victim);
    await signed();
    await cluster.halt(victim);
  });

  test("a journal that cannot be read is named at the start, with an exit code and what to do", async () => {
    fs.writeFileSync(trigger(), "");
    const daemon = await cluster.launch(victim.home, failing("read", "/journal/"));
    expect([11, 12]).toContain(await daemon.ended);
    expect(daemon.err()).toMatch(/"do":|Do: /);
    expect(daemon.err()).toContain("journal");
    fs.rmSync(trigger());
    await cluster.run(victim);
    await signed();
    await cluster.halt(victim);
  });
});
