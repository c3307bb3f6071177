// One node of the simulator: the real driver, core, chain, mempool and contracts over simulated disk, wires and clock, and the process around them.
// docs/protocol.md §4; the node's own wiring is copied in what it promises (src/node/node.ts). Owns starting, crashing, what a message or a client does.
// Does not own: ports of the driver (simPorts.ts), how batches travel (simBatches.ts), what goes wrong (faults.ts, byzantine.ts).

import type { Bytes } from "../base/bytes.ts";
import { equalBytes } from "../base/bytes.ts";
import { SUPPORTED_PROTOCOL } from "../base/limits.ts";
import { type Driver, startDriver } from "../consensus/driver.ts";
import type { StopReason } from "../consensus/driverPorts.ts";
import { encodeMessage } from "../consensus/messages.ts";
import type { EpochConfig } from "../consensus/types.ts";
import { joinTransactions } from "../ledger/batch.ts";
import { Chain, type CommittedBlock } from "../ledger/chain.ts";
import { Mempool } from "../ledger/mempool.ts";
import { Store } from "../ledger/store.ts";
import { type IngressVerdict, verifyIngress } from "../ledger/verify.ts";
import type { Clockwork, Life } from "./clockwork.ts";
import { type Disk, SimDatabase } from "./disk.ts";
import { chainOptions, contracts, type Founding, GENESIS_TIME, type MemberSecrets, nameOf, secretsOf } from "./founding.ts";
import type { Network, Packet, Station } from "./network.ts";
import type { Random } from "./random.ts";
import type { Habit } from "./scenario.ts";
import type { Scheme } from "./signatures.ts";
import { SimBatches } from "./simBatches.ts";
import { SimPeers } from "./simPeers.ts";
import { openSimJournal } from "./simJournal.ts";
import { answerBlocks, headOf, Questions, simPorts } from "./simPorts.ts";
import type { Trees } from "./trees.ts";
import type { Watch } from "./watch.ts";

/** The network is founded this long before the simulation begins. */
const START_MS = 1_000;
const QUOTA = 1_000_000;

/** A client that goes from node to node hands in the same bytes: the verdict on them is the same. */
const asked = new WeakMap<Bytes, IngressVerdict>();

export interface World {
  readonly clock: Clockwork;
  readonly network: Network;
  readonly founding: Founding;
  readonly scheme: Scheme;
  readonly watch: Watch;
  readonly trees: Trees;
  readonly segmentBytes: number;
  readonly cachedRows: number;
  readonly banMs: number;
  /** How long an execution takes, in ms. */
  readonly executeMs: number;
}

/** What a Byzantine node does besides, or instead. */
export interface Corruption {
  readonly habitNames: readonly Habit[];
  /** What it really sends; nothing, the packet, or others. */
  outgoing(to: number, packet: Packet): readonly Packet[];
  /** False: its own replica does not hear of it. */
  incoming(from: number, packet: Packet): boolean;
  /** False: its own replica never learns that it holds this batch (until an order names it). */
  learns(origin: string): boolean;
}

export class SimNode implements Station {
  readonly index: number;
  readonly id: string;
  readonly world: World;
  readonly disk: Disk;
  readonly random: Random;
  readonly batches: SimBatches;
  readonly peers: SimPeers;
  readonly questions = new Questions(this);
  incarnation = 0;
  life: Life = { alive: false };
  driver: Driver | undefined;
  chain!: Chain;
  mempool!: Mempool;
  /** Of the epoch in force, as far as this node knows. */
  config!: EpochConfig;
  corruption: Corruption | undefined;
  /** How often the consensus key was changed. */
  keyTurn = 0;
  /** Its wall clock is off by so much. */
  skewMs = 0;
  /** How fast its oscillator runs, from when on, and what its monotonic clock showed then. */
  rate = 1;
  private rateSince = 0;
  private monotonicThen = 0;
  /** Results of executions are wrong from this height on: broken memory. */
  miscomputesFrom = Number.POSITIVE_INFINITY;
  miscomputesUntil = Number.POSITIVE_INFINITY;
  /** And only until the next start. */
  miscomputesOnce = false;
  /** The process dies at the so-manieth boundary from now. */
  private crashAt: { boundaries: number; power: boolean } | undefined;

  constructor(index: number, world: World, disk: Disk, random: Random) {
    this.index = index;
    this.id = nameOf(index);
    this.world = world;
    this.disk = disk;
    this.random = random;
    this.batches = new SimBatches(this);
    this.peers = new SimPeers(this, world.banMs);
  }

  get up(): boolean {
    return this.life.alive;
  }
  get honest(): boolean {
    return this.corruption === undefined;
  }
  get secrets(): MemberSecrets {
    return secretsOf(this.index, this.keyTurn);
  }
  wallClock(): number {
    return Math.floor(GENESIS_TIME + START_MS + this.world.clock.now + this.skewMs);
  }
  monotonic(): number {
    return this.monotonicThen + (this.world.clock.now - this.rateSince) * this.rate;
  }
  setRate(rate: number): void {
    this.monotonicThen = this.monotonic();
    this.rateSince = this.world.clock.now;
    this.rate = rate;
  }

  // ── a process begins and ends ──────────────────────────────────────────────────────────────────────────────────────────────

  boot(): void {
    if (this.up) return;
    const { watch, clock, network } = this.world;
    const life = { alive: true };
    this.life = life;
    this.incarnation++;
    if (this.miscomputesOnce && this.incarnation > 1) this.miscomputesFrom = Number.POSITIVE_INFINITY;
    watch.booted(this);
    this.peers.restarted();
    clock.stir();
    void this.start(life).catch((cause: unknown) => {
      if (life.alive) this.stopped({ exit: 70, code: "start.failed", data: {}, cause });
    });
    network.connectAll(this.index);
  }

  private async start(life: Life): Promise<void> {
    const { founding, scheme, cachedRows, trees } = this.world;
    const { genesis, network } = founding;
    const database = new SimDatabase(this.disk, life, this.world.clock, (name) => this.boundary(name));
    const store = await Store.open(database, network);
    this.chain = await Chain.open({ ...chainOptions(genesis, network, scheme), store, cachedRows, emptyTree: () => trees.take() });
    this.chain.onCommit((block) => this.committed(life, block));
    this.config = this.chain.epoch;
    const { parameters } = this.chain.epoch;
    this.mempool = new Mempool({ network, organisation: this.id, peerSeed: this.secrets.peer.seed, now: this.wallClock(), parameters });
    this.mempool.committed(this.chain.head.time, []);
    this.batches.restarted(life);
    const { seed, key } = this.secrets.consensus;
    const driver = await startDriver({
      network,
      organisation: this.id,
      key,
      sign: (framed) => scheme.sign(seed, framed),
      verify: (...given) => scheme.verify(...given),
      supported: SUPPORTED_PROTOCOL,
      head: headOf(this.chain),
      config: this.chain.epoch,
      journal: this.openJournal(life),
      ports: simPorts(this, life),
    });
    if (!life.alive) return;
    this.driver = driver;
    this.world.watch.started(this);
  }

  private openJournal(life: Life) {
    const { clock, watch, segmentBytes } = this.world;
    return openSimJournal({
      files: this.disk.journal,
      clock,
      life,
      segmentBytes,
      syncMs: () => (this.disk.failing ? undefined : this.disk.syncMs()),
      boundary: (name) => this.boundary(name),
      appended: (record) => watch.appended(this, record),
      durable: (record) => watch.durable(this, record),
    });
  }

  crash(power: boolean): void {
    if (!this.up) return;
    this.life.alive = false;
    this.driver = undefined;
    this.crashAt = undefined;
    this.questions.clear();
    const { batchLost, recordsLost } = this.disk.crash(power);
    if (batchLost) this.world.watch.note("fault unsynced batch lost");
    if (recordsLost) this.world.watch.note("fault unsynced records lost");
    this.world.watch.crashed(this, power);
  }

  /** Dies at the so-manieth effect boundary from now. */
  crashSoon(boundaries: number, power: boolean): void {
    if (this.up) this.crashAt = { boundaries, power };
  }

  /** A point between two effects: here a crash may strike. Afterwards the caller looks whether it is still alive. */
  boundary(name: string): void {
    if (this.crashAt === undefined || --this.crashAt.boundaries > 0) return;
    this.world.watch.note(`crash at ${name}`);
    this.crash(this.crashAt.power);
  }

  /** The node's own end: it says why, and nothing more. */
  stopped(reason: StopReason): void {
    if (!this.up) return;
    this.world.watch.stopped(this, reason);
    this.crash(false);
  }

  // ── wires ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  receive(from: number, packet: Packet): void {
    const { driver } = this;
    if (driver === undefined || this.corruption?.incoming(from, packet) === false) return;
    const peer = nameOf(from);
    switch (packet.kind) {
      case "votes":
        return driver.message(peer, packet.bytes);
      case "batch":
        return this.batches.received(from, packet.bytes);
      case "ack":
        return driver.acked(peer, packet.digests);
      case "pull":
        return this.batches.pulled(from, packet.digests);
      case "ask":
        return this.transmit(from, {
          kind: "give",
          question: packet.question,
          blocks: answerBlocks(this.chain, packet.first, packet.last, this.random.pick([1, 4, 32, 32])),
        });
      case "give":
        return this.questions.answered(from, packet.question, packet.blocks);
    }
  }

  connected(peer: number): void {
    if (this.driver === undefined) return;
    this.driver.connected(nameOf(peer));
    this.batches.ackAll(peer);
  }

  transmit(to: number, packet: Packet): void {
    const { network } = this.world;
    if (this.corruption === undefined) return network.send(this.index, to, packet);
    for (const other of this.corruption.outgoing(to, packet)) network.send(this.index, to, other);
  }

  /** To all validators of the epoch in force but itself. */
  toValidators(packet: Packet): void {
    for (const { id } of this.config.validators) if (id !== this.id && this.up) this.transmit(Number(id.slice(1)), packet);
  }

  // ── clients ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A client hands in a transaction: the mempool's answer, or why there is none. */
  submit(transaction: Bytes): string {
    if (this.driver === undefined) return "unreachable";
    if (!this.votes()) return "observer";
    if (this.driver.replica.highestCertified > this.chain.head.height + 2 * this.config.parameters.window) return "node.syncing";
    const bytes = joinTransactions([transaction]);
    const { network } = this.world.founding;
    const { protocol } = this.config;
    let verdict = asked.get(transaction);
    if (verdict === undefined) {
      verdict = verifyIngress(bytes, {
        network,
        quick: true,
        work: (action) => contracts().work(action, protocol),
        proofs: (action, args) => contracts().proofs(action, args(), network),
      });
      asked.set(transaction, verdict);
    }
    const id = verdict.ids.subarray(0, 32);
    if (verdict.codes[0] === null && this.chain.reader.locate(id) !== undefined) return "final";
    const [answer] = this.mempool.submit(
      bytes,
      verdict,
      { name: "client", perSecond: QUOTA },
      { now: this.wallClock(), at: this.monotonic() },
    );
    this.batches.poke();
    return answer!;
  }

  /** Is this node's key in the set of the epoch in force? */
  votes(): boolean {
    return this.config.validators.some(({ id, key }) => id === this.id && equalBytes(key, this.secrets.consensus.key));
  }

  private committed(life: Life, block: CommittedBlock): void {
    if (!life.alive) return;
    this.world.watch.committed(this, block);
    const { header, references, certificate, epoch } = block;
    let message: Packet | undefined;
    // Observers are told at once: they ask for nothing.
    for (const { id, index } of this.world.watch.checks.nodes) {
      if (id === this.id || epoch.validators.some((v) => v.id === id)) continue;
      message ??= { kind: "votes", bytes: encodeMessage({ kind: "block", header, references, certificate }) };
      this.transmit(index, message);
    }
  }
}
