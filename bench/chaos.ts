// `npm run chaos -- --kills N [--seed S] [--json]`: four real daemons under load, killed with -9 at random moments – one, the primary, two, all four, one that is
// just starting – and started again; then the clients' history is judged (history.ts). Exit 0 only if nothing is wrong; else the homes are kept.

import { once } from "node:events";
import fs from "node:fs";
import { parseArgs } from "node:util";
import { Random } from "../src/sim/random.ts";
import { Cluster, type Member, sleep } from "../test/e2e/harness.ts";
import { cli, type Daemon, waitFor } from "../test/e2e/support.ts";
import { Clients, FIRST_HOLDER } from "./chaosClients.ts";
import { disorder, notLinearizable, wrongReadings } from "./history.ts";
import { rounded } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "40" },
    seed: { type: "string" },
    clients: { type: "string", default: "6" },
    json: { type: "boolean", default: false },
  },
});
const kills = Number(options.kills);
const seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
const random = new Random(seed);
const began = performance.now();
const say = (text: string): void =>
  void process.stderr.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);

/** After so many kills everything is started and each node must have a new record final: the network goes on by itself. */
const KILLS_PER_ROUND = 8;
const WHOLE_LIMIT_MS = 120_000;
/** A fault waits no longer than this for clients to get on: with two nodes down they cannot. */
const PROGRESS_LIMIT_MS = 5_000;
const FAULTS = ["one", "one", "one", "one", "primary", "primary", "starting", "starting", "two", "all"] as const;

class Chaos {
  readonly counts: Record<string, number> = {};
  readonly problems: string[] = [];
  killed = 0;
  restarts = 0;
  slowestWholeMs = 0;
  readonly #cluster: Cluster;
  /** Daemons that this file killed: any other end is a finding. */
  readonly #ours = new WeakSet<Daemon>();
  readonly #returning = new Map<Member, Promise<void>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    for (const member of cluster.members) this.#watch(member);
  }

  #watch(member: Member): void {
    const daemon = member.daemon!;
    void daemon.ended.then((code) => {
      if (!this.#ours.has(daemon)) this.problems.push(`${member.id} ended by itself with exit ${code}: ${daemon.err().slice(-500)}`);
    });
  }

  /** One fault; before it, as chance has it, nothing, a moment, or until clients have got on. */
  async fault(clients: Clients): Promise<void> {
    if (random.chance(0.5)) await sleep(random.between(0, 1_500));
    else await this.#progress(clients, random.between(5, 40));
    const running = this.#cluster.members.filter((m) => m.daemon !== undefined);
    const kind = random.pick(FAULTS);
    const victims = await this.#victims(kind, running);
    if (victims.length === 0) return sleep(50);
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    for (const victim of victims.slice(0, kills - this.killed)) this.#kill(victim);
    if (kind === "starting") await this.#killWhileStarting(victims[0]!);
  }

  async #progress(clients: Clients, updates: number): Promise<void> {
    const [goal, end] = [clients.settled + updates, performance.now() + PROGRESS_LIMIT_MS];
    while (clients.settled < goal && performance.now() < end) await sleep(20);
  }

  async #victims(kind: (typeof FAULTS)[number], running: readonly Member[]): Promise<Member[]> {
    if (running.length === 0 || kind === "all") return [...running];
    if (kind === "two") return random.shuffle(running).slice(0, 2);
    if (kind !== "primary") return [random.pick(running)];
    for (const member of running) {
      const status = await this.#cluster.status(member).catch(() => undefined);
      const primary = running.find((m) => m.id === status?.primary);
      if (primary !== undefined) return [primary];
    }
    return [random.pick(running)];
  }

  #kill(member: Member): void {
    const { daemon } = member;
    if (daemon === undefined) return;
    this.#ours.add(daemon);
    member.daemon = undefined;
    daemon.child.kill("SIGKILL");
    this.killed++;
    this.#returning.set(member, this.#restart(member, daemon, random.below(1_500)));
  }

  async #restart(member: Member, before: Daemon, downMs: number): Promise<void> {
    await before.ended;
    await sleep(downMs);
    this.#cluster.spawn(member);
    this.restarts++;
    this.#watch(member);
  }

  /** Once more, somewhere between exec and its first vote. */
  async #killWhileStarting(member: Member): Promise<void> {
    await this.#returning.get(member);
    await sleep(random.below(1_500));
    if (this.killed < kills) this.#kill(member);
  }

  /** All are started; each must serve, catch up and make a record final. */
  async whole(name: string): Promise<void> {
    const start = performance.now();
    await Promise.all(this.#returning.values());
    await Promise.all(
      this.#cluster.members.map(async (member) => {
        await waitFor(`${member.id} to serve`, async () => (await this.#cluster.status(member)).height, WHOLE_LIMIT_MS);
        const { height } = await waitFor(
          `a record of ${member.id}`,
          async () => this.#record(`${name}-${member.id}`, member),
          WHOLE_LIMIT_MS,
        );
        await Promise.all(this.#cluster.members.map((m) => this.#cluster.reaches(m, height, WHOLE_LIMIT_MS)));
      }),
    );
    this.slowestWholeMs = Math.max(this.slowestWholeMs, performance.now() - start);
  }

  /** A retry may find its own earlier attempt. */
  async #record(name: string, at: Member): Promise<{ height: number }> {
    try {
      return await this.#cluster.deposit(name, at, "20s");
    } catch (error) {
      if (!String(error).includes("engine.already_exists")) throw error;
      return this.#cluster.status(at);
    }
  }

  /** SIGTERM to all: each ends with 0. */
  async end(): Promise<void> {
    for (const member of this.#cluster.members) {
      const daemon = member.daemon!;
      this.#ours.add(daemon);
      const code = await this.#cluster.halt(member);
      if (code !== 0) this.problems.push(`${member.id} ended with ${code} after SIGTERM: ${daemon.err().slice(-500)}`);
    }
  }
}

async function run(cluster: Cluster): Promise<Record<string, unknown>> {
  const chaos = new Chaos(cluster);
  const clients = new Clients(cluster, Number(options.clients), random.fork("clients"));
  for (let round = 1; chaos.killed < kills; round++) {
    const goal = Math.min(kills, round * KILLS_PER_ROUND);
    while (chaos.killed < goal) await chaos.fault(clients);
    await chaos.whole(`whole-${round}`);
    say(
      `${chaos.killed} of ${kills} kills, ${clients.settled} updates settled, ${clients.readings.length} readings; the network is whole again`,
    );
  }
  await clients.finish();
  const witness = cluster.members[0]!;
  const { height } = await cluster.status(witness);
  await Promise.all(cluster.members.map((m) => cluster.reaches(m, height)));
  say("all is final; the history is judged");
  const { updates, readings } = clients;
  const unknown = updates.filter((u) => u.outcome === "unknown");
  const problems = [
    ...chaos.problems,
    ...clients.complaints,
    ...unknown.map((u) => `${u.id}: no outcome although the network is whole`),
    ...[...Map.groupBy(updates, (u) => u.record).values()].flatMap((of) => notLinearizable(of, FIRST_HOLDER) ?? []),
    ...disorder(updates, FIRST_HOLDER),
    ...wrongReadings(updates, readings, FIRST_HOLDER),
    ...(await clients.lost()),
  ];
  if (!(await cluster.sameBlock(height))) problems.push(`the nodes have different blocks at height ${height}`);
  if ((await cluster.equivocations(witness)) > 0) problems.push("a validator signed two things");
  await chaos.end();
  for (const member of cluster.members) {
    const verified = await cli("verify-chain", "--home", member.home, "--json");
    if (verified.code !== 0 || verified.json?.valid !== true) problems.push(`verify-chain of ${member.id}: ${verified.out}${verified.err}`);
  }
  return {
    kills: chaos.killed,
    seed,
    faults: chaos.counts,
    restarts: chaos.restarts,
    updates: updates.length,
    applied: updates.filter((u) => u.outcome === "applied").length,
    rejected: updates.filter((u) => u.outcome === "rejected").length,
    readings: readings.length,
    records: new Set(updates.map((u) => u.record)).size,
    blocks: height,
    longest_gap_ms: Math.round(clients.longestGapMs),
    slowest_whole_ms: Math.round(chaos.slowestWholeMs),
    seconds: rounded((performance.now() - began) / 1_000),
    problems,
  };
}

say(`seed ${seed}: npm run chaos -- --kills ${kills} --seed ${seed}`);
const cluster = await Cluster.start({
  validators: 4,
  parameters: { timeout_base_ms: 1_000, heartbeat_ms: 5_000, proposal_interval_ms: 20 },
});
const result = await run(cluster).catch((error: unknown) => ({
  kills,
  seed,
  problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
}));
const good = (result["problems"] as string[]).length === 0;
if (!good) {
  const kept = `${cluster.directory}-kept`;
  fs.cpSync(cluster.directory, kept, { recursive: true });
  say(`the homes are kept in ${kept}`);
}
await cluster.stop();
if (options.json) {
  if (!process.stdout.write(`${JSON.stringify(result)}\n`)) await once(process.stdout, "drain");
} else
  for (const [name, value] of Object.entries(result))
    process.stdout.write(`${name.padEnd(18)} ${typeof value === "object" ? JSON.stringify(value) : String(value)}\n`);
process.exit(good ? 0 : 1);
