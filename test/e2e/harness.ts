// A network whose genesis a test decides (parameters, who has a seat), whose daemons are started, stopped, killed and given other environments one by
// one, and what the fault tests ask of it: acts, status, logs. Real processes, sockets and disks; founding goes through the same code as `devnet`.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { utf8 } from "../../src/base/bytes.ts";
import { readGenesis, writeGenesis } from "../../src/base/genesis.ts";
import { sha256 } from "../../src/base/hash.ts";
import { type Key, newKey, saveSecretFile, sealKey } from "../../src/base/keyFile.ts";
import type { ParameterName } from "../../src/base/parameters.ts";
import { freePorts } from "../../src/cli/ports.ts";
import { seedSigner } from "../../src/client/build.ts";
import { ChanceryError, connect, Connection, Ledger, type Outcome, type SignedTransaction } from "../../src/client/index.ts";
import { completeMember, draftMember, type NodeKeys, planGenesis } from "../../src/node/founding.ts";
import { furnishHome } from "../../src/node/home.ts";
import { contracts, contractsManifest } from "../../src/node/registry.ts";
import { type Daemon, get, launchDaemon, startDaemon, waitFor } from "./support.ts";

export const NAMES = ["tax", "courts", "land", "health", ...Array.from({ length: 33 }, (_, i) => `agency${i + 5}`)];

export interface Member {
  readonly id: string;
  readonly home: string;
  readonly api: string;
  readonly metrics: string;
  readonly peerPort: number;
  readonly organisation: Key;
  /** Its organisation key as a file, for the command line. */
  readonly keyFile: string;
  /** Absent for a home that was made by other hands. */
  readonly keys: NodeKeys;
  daemon: Daemon | undefined;
  /** A command to run its daemon under. */
  prefix?: readonly string[];
  /** Another build of ours to run, its src/cli/main.ts. */
  main?: string | undefined;
}

export interface FoundOptions {
  readonly validators: number;
  readonly observers?: number;
  readonly parameters?: Partial<Record<ParameterName, number>>;
  /** Where the i-th member's node listens, if not on loopback. */
  readonly hosts?: readonly string[];
  /** The command that it runs under. */
  readonly prefix?: (i: number) => readonly string[];
  /** Another program than the sources' `main.ts`. */
  readonly program?: string;
}

/** The configuration of a test's node: loopback, no local quota in the way, its log in a file that tests read. */
export function configOf(peer: number, api: number, metrics: number, host = "127.0.0.1"): string {
  return [
    `[peer]\nlisten = ["/ip4/${host}/tcp/${peer}"]`,
    `[api]\nlisten = "${host}:${api}"\nquota_tx_per_s = 100000\nquota_anonymous_per_s = 1000${host === "127.0.0.1" ? "" : "\nplain_http = true"}`,
    `[metrics]\nlisten = "127.0.0.1:${metrics}"`,
    '[log]\nfile = "node.log"',
    "[store]\nreserve_mb = 256\n",
  ].join("\n\n");
}

export class Cluster {
  readonly directory: string;
  readonly genesis: string;
  readonly network: Uint8Array;
  readonly members: Member[];
  readonly #daemons = new Set<Daemon>();
  #ledgers = new Map<string, Ledger>();

  private constructor(directory: string, genesis: string, network: Uint8Array, members: Member[]) {
    this.directory = directory;
    this.genesis = genesis;
    this.network = network;
    this.members = members;
  }

  /** A network whose homes a test made itself. */
  static of(directory: string, genesis: string, members: Member[]): Cluster {
    return new Cluster(directory, genesis, readGenesis(fs.readFileSync(genesis, "utf8")).network, members);
  }

  /** Keys, homes and genesis of a development network; every role of every contract is the first member's. Nothing runs yet. */
  static async found({ validators, observers = 0, parameters = {}, hosts, prefix, program }: FoundOptions): Promise<Cluster> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "chancery-faults-"));
    const count = validators + observers;
    const ports = await freePorts(3 * count);
    const homes: Member[] = [];
    const files = NAMES.slice(0, count).map((id, i) => {
      const [peerPort, api, metrics] = ports.slice(3 * i, 3 * i + 3) as [number, number, number];
      const keys: NodeKeys = { consensus: newKey("consensus"), peer: newKey("peer"), checkpoint: newKey("checkpoint") };
      const organisation = newKey("organisation");
      const home = path.join(directory, id);
      const host = hosts?.[i] ?? "127.0.0.1";
      furnishHome(home, keys, undefined, configOf(peerPort, api, metrics, host));
      const keyFile = path.join(directory, `${id}.key`);
      saveSecretFile(keyFile, sealKey(organisation));
      homes.push({
        id,
        home,
        keys,
        organisation,
        keyFile,
        peerPort,
        api: `http://${host}:${api}`,
        metrics: `http://127.0.0.1:${metrics}/metrics`,
        daemon: undefined,
        ...(prefix === undefined ? {} : { prefix: prefix(i) }),
        ...(program === undefined ? {} : { main: program }),
      });
      return completeMember(
        draftMember({ id, name: `Agency ${id}`, addresses: [`/ip4/${host}/tcp/${peerPort}`], contact: "" }, keys),
        organisation,
      );
    });
    const { manifestHash, protocol } = contractsManifest();
    const roles = contracts().contracts.flatMap(({ contract }) =>
      Object.keys(contract.options.roles).map((role) => `${contract.name}.${role}`),
    );
    const plan = {
      name: "faults",
      purpose: "development" as const,
      parameters,
      seats: NAMES.slice(0, validators),
      grants: roles.map((role) => ({ role, scope: "", agency: NAMES[0]! })),
    };
    const text = writeGenesis(planGenesis(plan, files, Date.now() - 1_000, protocol, manifestHash), []);
    const genesis = path.join(directory, "genesis.json");
    for (const file of [genesis, ...homes.map((m) => path.join(m.home, "genesis.json"))]) fs.writeFileSync(file, text);
    return new Cluster(directory, genesis, readGenesis(text).network, homes);
  }

  /** Founds, starts all (or the first few), and waits for block 1 everywhere. */
  static async start(options: FoundOptions, running = options.validators + (options.observers ?? 0)): Promise<Cluster> {
    const cluster = await Cluster.found(options);
    const members = cluster.members.slice(0, running);
    try {
      await Promise.all(members.map((m) => cluster.run(m)));
      await Promise.all(members.map((m) => cluster.reaches(m, 1)));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  named(id: string): Member {
    return this.members.find((m) => m.id === id)!;
  }

  /** Starts the daemon of a home; resolves when its API listens. Throws if it ends before. */
  async run(member: Member, environment: NodeJS.ProcessEnv = {}): Promise<Daemon> {
    const daemon = this.spawn(member, environment);
    await daemon.up;
    if (daemon.child.exitCode !== null || daemon.child.signalCode !== null)
      throw new Error(`${member.id} ended with ${daemon.child.exitCode}: ${daemon.err()}`);
    return daemon;
  }

  /** Starts the daemon of a home and does not wait. */
  spawn(member: Member, environment: NodeJS.ProcessEnv = {}): Daemon {
    const daemon = launchDaemon(member.home, environment, member.prefix, member.main);
    this.#own(daemon);
    member.daemon = daemon;
    return daemon;
  }

  #own(daemon: Daemon): void {
    this.#daemons.add(daemon);
    void daemon.ended.then(() => this.#daemons.delete(daemon));
  }

  /** Starts a daemon for any home; it may end at once. */
  async launch(home: string, environment: NodeJS.ProcessEnv = {}): Promise<Daemon> {
    const daemon = await startDaemon(home, environment);
    this.#own(daemon);
    return daemon;
  }

  /** SIGTERM, or another signal, and the exit code. */
  async halt(member: Member, signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    const { daemon } = member;
    member.daemon = undefined;
    daemon?.child.kill(signal);
    return daemon === undefined ? 0 : daemon.ended;
  }

  /** Stops everything and removes the files. */
  async stop(): Promise<void> {
    for (const daemon of this.#daemons) daemon.child.kill("SIGTERM");
    await Promise.all([...this.#daemons].map((d) => d.ended));
    if (process.env["KEEP_FAULTS"] === undefined) fs.rmSync(this.directory, { recursive: true, force: true });
  }

  // ── what is asked of it ──────────────────────────────────────────────────────────────────────────────────────────────────
  async ledger(member: Member): Promise<Ledger> {
    const known = this.#ledgers.get(member.id) ?? (await connect({ nodes: [member.api], genesis: this.genesis }));
    this.#ledgers.set(member.id, known);
    return known;
  }

  /** A deposit by the first member (who holds the role), handed in at `at`; waits for the receipt. */
  async deposit(name: string, at: Member, timeout = "90s"): Promise<Outcome & { height: number }> {
    return this.act(at, this.members[0]!, "evidence.deposit@1", { deposit: name, kind: "contract", content: sha256(utf8(name)) }, timeout);
  }

  /** An act by an organisation's key, or by another; throws unless it was applied. */
  async act(
    at: Member,
    by: Pick<Member, "organisation">,
    action: string,
    args: Parameters<Ledger["transaction"]>[1],
    timeout = "90s",
    key = by.organisation,
  ): Promise<Outcome & { height: number }> {
    const outcome = await (await this.ledger(at)).submit(await this.signed(key, action, args), { timeout });
    if (outcome.status !== "applied") throw new Error(`${action} at ${at.id}: ${JSON.stringify(outcome)}`);
    return outcome;
  }

  /** A transaction, signed by one key or several; no node is asked. */
  async signed(by: Key | readonly Key[], action: string, args: Parameters<Ledger["transaction"]>[1]): Promise<SignedTransaction> {
    const signers = (Array.isArray(by) ? (by as readonly Key[]) : [by as Key]).map((key) => seedSigner(key.secret));
    const draft = new Ledger(new Connection([this.members[0]!.api]), this.network, "").transaction(action, args, {
      signers: signers.map((s) => s.publicKey),
    });
    for (const signer of signers) await draft.sign(signer);
    return draft.finish();
  }

  async status(member: Pick<Member, "api">): Promise<any> {
    const { body } = await get(`${member.api}/v1/node`);
    if (typeof body !== "object" || body.height === undefined) throw new Error(`no status: ${JSON.stringify(body)}`);
    return body;
  }

  async reaches(member: Pick<Member, "id" | "api">, height: number, limitMs = 90_000): Promise<any> {
    return waitFor(
      `height ${height} at ${member.id}`,
      async () => {
        const status = await this.status(member);
        return status.height >= height ? status : undefined;
      },
      limitMs,
    );
  }

  async has(member: Member, name: string, limitMs = 90_000): Promise<true> {
    return waitFor(
      `${name} at ${member.id}`,
      async () => ((await get(`${member.api}/v1/records/evidence/deposit/${name}`)).status === 200 ? true : undefined),
      limitMs,
    );
  }

  async block(
    member: Pick<Member, "api">,
    height: number,
  ): Promise<{ epoch: number; view: number; hash: string; time: number; confirmedBy: string[] }> {
    const { status, body } = await get(`${member.api}/v1/blocks/${height}`);
    if (status !== 200) throw new Error(`block ${height}: ${status}`);
    return body;
  }

  /** Who votes: signers of the certificates that a node holds, over a range of heights. */
  async voters(member: Pick<Member, "api">, from: number, to: number): Promise<Set<string>> {
    const seen = new Set<string>();
    for (let height = from; height <= to; height++) for (const id of (await this.block(member, height)).confirmedBy) seen.add(id);
    return seen;
  }

  /** A validator's vote is in a certificate that this node holds, of a block from now on; gives the height. */
  async signs(id: string, witness: Pick<Member, "api">): Promise<number> {
    let { height } = await this.status(witness);
    return waitFor(`a vote of ${id}`, async () => {
      const now = (await this.status(witness)).height;
      while (height < now) if ((await this.block(witness, ++height)).confirmedBy.includes(id)) return height;
      return undefined;
    });
  }

  /** The same in the certificates of all others: whichever of them is asked shows these votes. (One block may have another certificate at each node.) */
  async signsForAll(id: string): Promise<void> {
    await Promise.all(this.members.filter((m) => m.id !== id && m.daemon !== undefined).map((m) => this.signs(id, m)));
  }

  /** Waits until nothing moves any more at this node, then sees that it stays so for a while, although something is owed. */
  async standsStill(member: Pick<Member, "api">, forMs = 4_000): Promise<void> {
    let { height } = await this.status(member);
    await waitFor("the end of what was under way", async () => {
      await sleep(1_500);
      const now = (await this.status(member)).height;
      const still = now === height;
      height = now;
      return still ? true : undefined;
    });
    await sleep(forMs);
    const after = (await this.status(member)).height;
    if (after !== height) throw new Error(`it went on from ${height} to ${after}`);
  }

  /** Deposits that one of these nodes does not have: none, if they were acknowledged. */
  async lost(names: readonly string[], members: readonly Member[]): Promise<string[]> {
    const lost: string[] = [];
    for (const member of members) {
      const waiting = [...names];
      const worker = async (): Promise<void> => {
        for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
          if ((await get(`${member.api}/v1/records/evidence/deposit/${name}`)).status !== 200) lost.push(`${name} at ${member.id}`);
      };
      await Promise.all(Array.from({ length: 8 }, worker));
    }
    return lost;
  }

  /** Nobody signed two things: the chain holds no evidence of it. */
  async equivocations(member: Member): Promise<number> {
    return (await get(`${member.api}/v1/records/governance/equivocation`)).body.items.length;
  }

  /** Every node has the same block at this height. */
  async sameBlock(height: number, members = this.members): Promise<boolean> {
    const hashes = await Promise.all(members.map(async (m) => (await this.block(m, height)).hash));
    return hashes.every((h) => typeof h === "string" && h === hashes[0]);
  }
}

export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly [field: string]: any;
}

/** The log of a home; with `event`, those lines only. */
export function logOf(home: string, event?: string): LogLine[] {
  const file = path.join(home, "node.log");
  if (!fs.existsSync(file)) return [];
  const lines: LogLine[] = [];
  for (const line of fs.readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    try {
      const read = JSON.parse(line) as LogLine;
      if (event === undefined || read.event === event) lines.push(read);
    } catch {
      // the last line, while it is being written
    }
  }
  return lines;
}

/** Waits for an event in the log of a home, after the first `lines` lines of it. */
export async function logged(
  home: string,
  event: string,
  limitMs = 90_000,
  fits: (line: LogLine) => boolean = () => true,
  lines = 0,
): Promise<LogLine> {
  return waitFor(
    `${event} in the log of ${path.basename(home)}`,
    async () =>
      logOf(home)
        .slice(lines)
        .find((line) => line.event === event && fits(line)),
    limitMs,
  );
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1_024;
}

/**
 * How long the main thread of a process could have run and was not let, ms; 0 where the kernel does not count it. What a test times is the process, not what
 * else the machine does: on a quiet machine this is next to nothing.
 */
export function processorWaitMs(pid: number): number {
  try {
    return Number(fs.readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

const ATTEMPTS = 8;
/** A load that goes on until it is stopped: one deposit after the other, at each node in turn. */
export class Load {
  readonly #cluster: Cluster;
  readonly #at: () => Member[];
  #pauseMs: number;
  #stopped = false;
  #done: Promise<void>;
  applied = 0;
  failed: string[] = [];
  /** Deposits whose receipts said that they are final. */
  readonly acknowledged: string[] = [];

  constructor(cluster: Cluster, name: string, at: () => Member[], pauseMs = 50) {
    this.#cluster = cluster;
    this.#at = at;
    this.#pauseMs = pauseMs;
    this.#done = this.#run(name);
  }

  async #run(name: string): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const said = await this.#once(`${name}-${i}`, i).catch(String);
      if (said === "applied") {
        this.applied++;
        this.acknowledged.push(`${name}-${i}`);
      } else this.failed.push(`${name}-${i}: ${said}`);
      await sleep(this.#pauseMs);
    }
  }

  /** As a client should: what is not known, or was refused for the time being, is handed in again, the same bytes, at the next node. */
  async #once(name: string, turn: number): Promise<string> {
    const cluster = this.#cluster;
    const bytes = await cluster.signed(cluster.members[0]!.organisation, "evidence.deposit@1", {
      deposit: name,
      kind: "contract",
      content: sha256(utf8(name)),
    });
    let last = "";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const at = this.#at();
      try {
        const { status } = await (await cluster.ledger(at[(turn + attempt) % at.length]!)).submit(bytes, { timeout: "10s" });
        if (status !== "pending") return status;
        last = status;
      } catch (error) {
        if (!(error instanceof ChanceryError) || (error.status !== 0 && error.retry !== "same")) throw error;
        last = error.code;
      }
      await sleep(100);
    }
    return last;
  }

  /** From now on so long between two acts. */
  slower(pauseMs: number): void {
    this.#pauseMs = pauseMs;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

export const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
