// Four drivers in one process: real core, real signatures' place taken by a keyed hash, real journals in a temporary directory; database, batches and wires in
// memory. Nodes can be killed at any boundary of their journal and started again. Watches every byte that leaves: nobody may ever contradict himself.

import { cpSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync, writevSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bytes, concat, equalBytes, hex, latin1, utf8 } from "../../../src/base/bytes.ts";
import { setHash, sortedSet, type ValidatorSet } from "../../../src/base/certificate.ts";
import { decode, encode } from "../../../src/base/codec.ts";
import { fail, LedgerError } from "../../../src/base/errors.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { type BatchReference, type BlockHeader, blockHash, type OrderHeader } from "../../../src/base/header.ts";
import { defaultParameters, type Parameters, parametersHash } from "../../../src/base/parameters.ts";
import { type Driver, startDriver } from "../../../src/consensus/driver.ts";
import type { CommitOrder, DriverPorts, StopReason, SyncBlock } from "../../../src/consensus/driverPorts.ts";
import { createJournal, type JournalFiles, openJournal } from "../../../src/consensus/journal.ts";
import { decodeMessage } from "../../../src/consensus/messages.ts";
import type { BatchFacts, EpochConfig, Evidence, Head, Message, NoticeCode, NoticeData, Result } from "../../../src/consensus/types.ts";
import { newViewHash } from "../../../src/consensus/wire.ts";

const NETWORK = sha256(utf8("network"));
const GENESIS_TIME = 1_700_000_000_000;
/** The clock runs this much faster than the machine's. */
const SPEED = 10;
const keyOf = (id: string): Bytes => sha256(utf8(`key ${id}`));
function keyed(key: Bytes, framed: Bytes): Bytes {
  const first = sha256(concat(key, framed));
  return concat(first, sha256(first));
}

interface StoredBlock {
  readonly order: CommitOrder;
  readonly bodies: readonly Bytes[];
}

/** What survives a kill: the journal's directory and the database. */
interface Home {
  readonly id: string;
  readonly directory: string;
  readonly blocks: StoredBlock[];
  head: Head;
  config: EpochConfig;
}

/** A fault: the process dies at the `at`-th boundary of its journal (writes, syncs and what follows a sync, counted together). */
export interface Fault {
  readonly at: number;
  /** kill -9 leaves the page cache; a power cut leaves only what was synced. */
  readonly power: boolean;
}

class FaultyFiles implements JournalFiles {
  dead = false;
  boundaries = 0;
  private readonly fault: Fault | undefined;
  private readonly died: () => void;
  /** What a power cut leaves of each file written to. */
  private readonly synced = new Map<string, Buffer>();
  constructor(fault: Fault | undefined, died: () => void) {
    this.fault = fault;
    this.died = died;
  }
  private boundary(): boolean {
    if (this.dead) return true;
    if (this.fault === undefined || ++this.boundaries !== this.fault.at) return false;
    this.die();
    return true;
  }
  private error: string | undefined;
  waiting: (() => void)[] | undefined;
  /** From now on the disk refuses everything. */
  fail(code: string): void {
    this.error = code;
  }
  die(power = this.fault?.power ?? false): void {
    if (this.dead) return;
    this.dead = true;
    if (power) for (const [path, image] of this.synced) writeFileSync(path, image);
    this.died();
  }
  writev(fd: number, buffers: Bytes[], position: number): number {
    const bytes = buffers.reduce((sum, b) => sum + b.length, 0);
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    if (this.error !== undefined) throw Object.assign(new Error(this.error), { code: this.error });
    if (this.boundary()) return bytes; // before the write
    if (this.fault?.power && !this.synced.has(path)) this.synced.set(path, readFileSync(path));
    return writevSync(fd, buffers, position);
  }
  fdatasync(fd: number, done: (error: Error | null) => void): void {
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    if (this.boundary()) return; // written, not synced
    const finish = (): void => {
      if (this.dead) return;
      if (this.fault?.power) this.synced.set(path, readFileSync(path)); // what was written meanwhile may be durable as well
      if (this.boundary()) return; // synced, nothing sent
      done(null);
    };
    if (this.waiting === undefined) setImmediate(finish);
    else this.waiting.push(finish);
  }
  /** From now on a sync does not end, until the answer is called; `waiting` are those that have begun. */
  hold(): () => void {
    this.waiting = [];
    return () => {
      this.waiting?.forEach(setImmediate);
      this.waiting = undefined;
    };
  }
  fsync(_fd: number, done: (error: Error | null) => void): void {
    setImmediate(() => !this.dead && done(null));
  }
}

export interface Running {
  readonly driver: Driver;
  readonly files: FaultyFiles;
  readonly bodies: Map<string, Bytes>;
  readonly notices: { code: NoticeCode; data: NoticeData }[];
  readonly evidence: Evidence[];
  stopped: StopReason | undefined;
  readonly dead: Promise<void>;
}

export class Cluster {
  readonly ids: string[];
  readonly set: ValidatorSet;
  readonly parameters: Parameters;
  readonly homes = new Map<string, Home>();
  readonly running = new Map<string, Running>();
  readonly contradictions: string[] = [];
  readonly segmentBytes: number;
  readonly ranges: { peer: string; first: number; last: number }[] = [];
  readonly badSync = new Map<string, "nothing" | "others" | "bodies">();
  readonly failExecution = new Set<string>();
  loses: (kind: Message["kind"]) => boolean = () => false;
  /** Links that lose everything. */
  readonly cut = new Set<string>();
  private readonly root: string;
  private readonly said = new Map<string, string>();
  private readonly promised = new Map<string, number>();
  /** How many messages of each have left it. */
  readonly left = new Map<string, number>();
  private sequence = 0;
  private feeding: NodeJS.Timeout | undefined;

  constructor(ids: string[], parameters: Partial<Parameters> = {}, segmentBytes = 1 << 16) {
    this.ids = ids;
    this.set = sortedSet(ids.map((id) => ({ id, key: keyOf(id) })));
    this.parameters = {
      ...defaultParameters,
      timeout_base_ms: 600,
      timeout_cap_ms: 2_000,
      heartbeat_ms: 2_000,
      proposal_interval_ms: 10,
      ...parameters,
    };
    this.segmentBytes = segmentBytes;
    this.root = mkdtempSync(join(tmpdir(), "drivers-"));
    const head: Head = {
      height: 0,
      digest: NETWORK,
      hash: NETWORK,
      time: GENESIS_TIME,
      header: null,
      references: [],
      certificate: null,
      dueHead: null,
    };
    const config = {
      epoch: 0,
      start: 1,
      end: this.parameters.epoch_length,
      validators: this.set,
      parameters: this.parameters,
      protocol: 1,
    };
    for (const id of ids) {
      const directory = join(this.root, id, "journal");
      createJournal(directory, { network: NETWORK, key: keyOf(id) }, { segmentBytes });
      this.homes.set(id, { id, directory, blocks: [], head, config });
    }
  }

  async close(): Promise<void> {
    clearInterval(this.feeding);
    for (const id of this.ids) await this.kill(id);
    rmSync(this.root, { recursive: true, force: true });
  }

  home(id: string): Home {
    return this.homes.get(id)!;
  }
  node(id: string): Running {
    return this.running.get(id)!;
  }
  height(id: string): number {
    return this.home(id).head.height;
  }
  votes(id: string): number {
    return [...this.said.keys()].filter((k) => k.startsWith(`${id} commit`)).length;
  }

  /** Whether such a vote of its left it, in any view. */
  voted(id: string, kind: "prepare" | "commit", height: number): boolean {
    return [...this.said.keys()].some((k) => k.startsWith(`${id} ${kind}`) && Number(k.split(" ")[4]) === height);
  }

  /** Epoch of the first vote after the first `count` of them. */
  firstVoteEpoch(id: string, count: number): number {
    return Number([...this.said.keys()].filter((k) => k.startsWith(`${id} commit`))[count]!.split(" ")[2]);
  }

  /** A copy of a journal as it is now: a disk image that somebody may put back. */
  image(id: string): () => void {
    const { directory } = this.home(id);
    cpSync(directory, `${directory}.image`, { recursive: true });
    return () => {
      rmSync(directory, { recursive: true });
      cpSync(`${directory}.image`, directory, { recursive: true });
    };
  }

  async start(id: string, fault?: Fault): Promise<Running> {
    const home = this.home(id);
    let died = (): void => {};
    const dead = new Promise<void>((resolve) => (died = resolve));
    const files = new FaultyFiles(fault, () => {
      this.running.delete(id);
      died();
    });
    const journal = openJournal(home.directory, { network: NETWORK, key: keyOf(id) }, { segmentBytes: this.segmentBytes, files });
    const node = { files, bodies: new Map<string, Bytes>(), notices: [], evidence: [], stopped: undefined, dead } as unknown as Running & {
      driver: Driver;
    };
    const driver = await startDriver({
      network: NETWORK,
      organisation: id,
      key: keyOf(id),
      sign: (framed) => keyed(keyOf(id), framed),
      verify: (signature, framed, key) => equalBytes(signature, keyed(key, framed)),
      supported: 1,
      head: home.head,
      config: home.config,
      journal,
      ports: this.ports(home, node),
    });
    node.driver = driver;
    // Cast before the kill, before whatever it promises from now on; its first sending may come late.
    for (const vote of driver.replica.votes.values()) this.vote(id, vote);
    if (files.dead) return node;
    this.running.set(id, node);
    for (const [other, peer] of this.running) {
      if (other === id) continue;
      driver.connected(other);
      peer.driver.connected(id);
    }
    return node;
  }

  /** kill -9, or the end of a fault: nothing of this process is heard of again. */
  async kill(id: string): Promise<void> {
    const node = this.running.get(id);
    this.running.delete(id);
    node?.files.die(false);
    if (node !== undefined) await this.buried(node);
  }

  /** Closes what a dead process would have lost, without a trace on the disk. */
  async buried(node: Running): Promise<void> {
    const driver = node.driver as unknown as {
      halted: boolean;
      cancelWake: () => void;
      journal: { failure: unknown; syncing: boolean; close(): Promise<void> };
    };
    driver.halted = true;
    driver.cancelWake();
    driver.journal.failure = new LedgerError("dead");
    driver.journal.syncing = false;
    await driver.journal.close();
  }

  async until(what: () => boolean, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1_000;
    while (!what()) {
      if (Date.now() > end) throw new LedgerError("timeout", { state: this.describe() });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  describe(): string {
    return this.ids
      .map((id) => {
        const { stopped } = this.running.get(id) ?? {};
        if (stopped !== undefined) return `${id} stopped: ${stopped.code} ${String(stopped.cause)}`;
        const r = this.running.get(id)?.driver.replica;
        return r === undefined
          ? `${id} down h${this.height(id)}`
          : `${id} e${r.config.epoch} v${r.view} ${r.mode} promise ${r.promise} h${r.head.height} tip +${r.accepted.length} ready ${r.ready}`;
      })
      .join("; ");
  }

  // ── batches ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A batch of `origin` reaches everybody who runs, with acks. */
  feed(origin: string, payload = 40): void {
    const body = encode([origin, ++this.sequence, GENESIS_TIME * 2, new Uint8Array(payload)]);
    const facts = factsOf(body);
    const holders = [...this.running.keys()];
    for (const id of holders) {
      const node = this.node(id);
      node.bodies.set(latin1(facts.reference.digest), body);
      node.driver.batch(facts);
      for (const other of holders) if (other !== id) node.driver.acked(other, [facts.reference.digest]);
    }
  }

  /** Feeds a batch every few ms until closed. */
  keepFeeding(everyMs = 5, payload = 40): void {
    let turn = 0;
    this.feeding = setInterval(() => {
      const ids = [...this.running.keys()];
      if (ids.length > 0) this.feed(ids[turn++ % ids.length]!, payload);
    }, everyMs);
  }

  // ── ports ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private ports(home: Home, node: Running): DriverPorts {
    const results = new Map<string, Result>();
    const alive = (): boolean => !node.files.dead;
    return {
      clock: { now: () => Math.floor(GENESIS_TIME + performance.now() * SPEED), monotonic: () => performance.now() * SPEED },
      timer: (ms, run) => {
        const timer = setTimeout(run, ms / SPEED);
        return () => clearTimeout(timer);
      },
      send: (to, bytes) => {
        if (!alive()) return;
        this.left.set(home.id, 1 + (this.left.get(home.id) ?? 0));
        this.watch(home.id, bytes);
        for (const target of to === "validators" ? this.ids : [to]) this.wire(home.id, target, bytes);
      },
      body: (digest) => node.bodies.get(latin1(digest)),
      admit: async (bytes, digest) => {
        if (bytes[0] === 1) return undefined; // no batch
        const facts = factsOf(bytes);
        if (digest !== null && !equalBytes(digest, facts.reference.digest)) return undefined;
        node.bodies.set(latin1(facts.reference.digest), bytes);
        return facts;
      },
      held: () => [...node.bodies.values()].map(factsOf),
      fetch: (digest, _bytes, from) => {
        for (const id of from) {
          const body = this.bodyAt(id, digest);
          if (body === undefined || this.cut.has(`${id} ${home.id}`)) continue;
          setImmediate(() => {
            if (!alive()) return;
            node.bodies.set(latin1(digest), body);
            node.driver.batch(factsOf(body));
          });
          return;
        }
      },
      release: (digests) => digests.forEach((d) => node.bodies.delete(latin1(d))),
      execute: async (digest, order, references) => {
        await turn();
        if (this.failExecution.has(home.id)) fail("planted");
        const result = this.execute(home, results, digest, order, references);
        results.set(latin1(digest), result);
        return result;
      },
      commit: async (order) => {
        await turn();
        if (!alive()) return new Promise<void>(() => {});
        const { height, digest, hash, header, references, certificate } = order;
        if (height <= home.head.height) return;
        const { epochEnd, next } = results.get(latin1(digest))!;
        const bodies = references.map((r) => node.bodies.get(latin1(r.digest)) ?? missing(`${home.id} commits a body that it lacks`));
        home.blocks.push({ order, bodies });
        for (const other of this.homes.values()) {
          const same = other.blocks[height - 1];
          if (same !== undefined && !equalBytes(same.order.hash, hash)) this.contradictions.push(`two blocks at ${height}`);
        }
        home.head = { height, digest, hash, time: header.order.time, header, references, certificate, dueHead: null };
        home.config = next ?? { ...home.config, end: epochEnd };
      },
      committed: (head) => head.references.forEach((r) => node.bodies.delete(latin1(r.digest))),
      drop: (digest) => void results.delete(latin1(digest)),
      diverged: async ({ own }) => own,
      blocks: async (peer, first, last) => {
        await turn();
        const other = this.home(peer);
        this.ranges.push({ peer, first, last });
        const bad = this.badSync.get(peer);
        if (bad === "nothing") return [];
        if (bad === "others") return other.blocks.slice(0, 3).map(syncBlock);
        if (bad === "bodies")
          return other.blocks
            .slice(first - 1, first + 9)
            .map(syncBlock)
            .map(({ block, bodies }) => ({ block, bodies: bodies.map((b) => b.slice().fill(1)) }));
        if (!this.running.has(peer) || this.cut.has(`${peer} ${home.id}`)) throw new LedgerError("unreachable");
        return other.blocks.slice(first - 1, Math.min(last, first + 9)).map(syncBlock);
      },
      evidence: (e) => void node.evidence.push(e),
      epochEnd: () => {},
      notice: (code, data) => void node.notices.push({ code, data }),
      reject: (peer, code) => this.contradictions.push(`${home.id} rejects ${peer}: ${code}`),
      stop: (reason) => {
        node.stopped = reason;
      },
    };
  }

  private bodyAt(id: string, digest: Bytes): Bytes | undefined {
    const held = this.running.get(id)?.bodies.get(latin1(digest));
    if (held !== undefined) return held;
    for (const { order, bodies } of this.home(id).blocks) {
      const i = order.references.findIndex((r) => equalBytes(r.digest, digest));
      if (i >= 0) return bodies[i];
    }
    return undefined;
  }

  private execute(
    home: Home,
    results: Map<string, Result>,
    digest: Bytes,
    order: OrderHeader,
    references: readonly BatchReference[],
  ): Result {
    const parent = results.get(latin1(order.parent));
    const onHead = equalBytes(order.parent, home.head.digest);
    if (parent === undefined && !onHead) missing(`${home.id} executes ${order.height} without its parent`);
    const { height, epoch } = order;
    const { epoch_length } = this.parameters;
    const epochEnd = (epoch + 1) * epoch_length;
    const next = height === epochEnd ? { ...home.config, epoch: epoch + 1, start: height + 1, end: height + epoch_length } : null;
    const header: BlockHeader = {
      order,
      parentBlock: onHead ? home.head.hash : parent!.hash,
      transactionsRoot: sha256(digest),
      leaves: references.length,
      stateRoot: sha256(sha256(digest)),
      validators: setHash(NETWORK, this.set),
      parameters: parametersHash(NETWORK, this.parameters),
      history: NETWORK,
    };
    return { digest, header, hash: blockHash(NETWORK, header), epochEnd, dueHead: null, next };
  }

  /** Highest height that a node has sent a vote for. */
  lastVote(id: string): number {
    return Math.max(0, ...[...this.said.keys()].filter((k) => k.startsWith(`${id} prepare`)).map((k) => Number(k.split(" ")[4])));
  }

  private wire(from: string, to: string, bytes: Bytes): void {
    if (to === from || this.cut.has(`${from} ${to}`) || this.loses(decodeMessage(bytes).message!.kind)) return;
    setImmediate(() => this.running.get(to)?.driver.message(from, bytes));
  }

  /** Every vote, claim and NewView that ever leaves a node, over all of its lives. */
  private watch(id: string, bytes: Bytes): void {
    const { message } = decodeMessage(bytes);
    if (message === undefined) return void this.contradictions.push(`${id} sends what nobody can read`);
    if (message.kind === "prePrepare") return this.vote(id, message.prepare);
    if (message.kind === "prepare" || message.kind === "commit") return this.vote(id, message);
    if (message.kind === "viewChange" && message.claim.signer === id) {
      const { epoch, view } = message.claim;
      this.promised.set(`${id} ${epoch}`, Math.max(view, this.promised.get(`${id} ${epoch}`) ?? 0));
    }
    if (message.kind === "newView" && message.signer === id) {
      this.say(`${id} newView ${message.epoch} ${message.view}`, hex(newViewHash(message)));
      if (message.prepare !== null) this.vote(id, message.prepare);
    }
  }

  private vote(
    id: string,
    { kind, epoch, view, height, hash, signer }: { kind: string; epoch: number; view: number; height: number; hash: Bytes; signer: string },
  ): void {
    if (signer !== id) return;
    this.say(`${id} ${kind} ${epoch} ${view} ${height}`, hex(hash));
  }

  private say(slot: string, hash: string): void {
    const former = this.said.get(slot);
    if (former !== undefined && former !== hash) this.contradictions.push(`contradiction: ${slot}`);
    if (former === undefined) {
      const [id, , epoch, view] = slot.split(" ");
      const promise = this.promised.get(`${id} ${epoch}`) ?? 0;
      if (Number(view) < promise) this.contradictions.push(`below the promise ${promise}: ${slot}`);
    }
    this.said.set(slot, hash);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function missing(message: string): never {
  throw new LedgerError("test", { message });
}

function syncBlock({ order: { header, references, certificate }, bodies }: StoredBlock): SyncBlock {
  return { block: { kind: "block", header, references, certificate }, bodies };
}

function factsOf(body: Bytes): BatchFacts {
  const [origin, sequence, notAfter] = decode(body) as [string, number, number];
  return { reference: { digest: sha256(body), count: 1, bytes: body.length }, origin, sequence, work: 64, signatures: 1, notAfter };
}
