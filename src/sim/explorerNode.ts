// One node of the explorer: the real core, a journal whose last writes a crash loses, a database, bodies, and effects carried out in the order that the
// driver owes (consensus/types.ts). Owns what survives a crash. Does not own when anything happens (explorer.ts) nor what must hold (explorerChecks.ts).

import { latin1 } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import { duties, restore } from "../consensus/restore.ts";
import { step } from "../consensus/step.ts";
import type { Block, Effect, EpochConfig, Head, Input, JournalRecord, Message, Replica } from "../consensus/types.ts";
import { type ExplorerLedger, GENESIS_TIME, keyOf, nameOf, NETWORK, sign, verify } from "./explorerPorts.ts";

type Timeless<T> = T extends unknown ? Omit<T, "now" | "at"> : never;
export type Given = Timeless<Input>;
type Job = Extract<Effect, { kind: "execute" | "commit" | "divergence" }>;

/** What a node tells the world; the world decides what becomes of it. */
export interface Surroundings {
  readonly ledger: ExplorerLedger;
  now(node: ExplorerNode): number;
  send(node: ExplorerNode, to: string, message: Message): void;
  fetch(node: ExplorerNode, key: string, from: readonly string[]): void;
  sync(node: ExplorerNode, from: readonly string[]): void;
  /** A record has become durable; a block has been committed; anything else that happened. */
  durable(node: ExplorerNode, record: JournalRecord): void;
  committed(node: ExplorerNode, effect: Extract<Effect, { kind: "commit" }>): void;
  noticed(node: ExplorerNode, effect: Effect): void;
}

/** What a disk image holds. */
export interface Image {
  readonly journal: JournalRecord[];
  readonly chain: Block[];
  readonly head: Head;
  readonly config: EpochConfig;
  readonly bodies: Set<string>;
}

export class ExplorerNode {
  readonly index: number;
  readonly id: string;
  replica!: Replica;
  up = true;
  at = 0;
  skew = 0;
  /** Results of this node differ if it is not 0. */
  variant = 0;
  /** Durable. */
  journal: JournalRecord[] = [];
  chain: Block[] = [];
  head: Head;
  config: EpochConfig;
  bodies = new Set<string>();
  /** In memory. */
  held = new Set<string>();
  private unwritten: JournalRecord[] = [];
  /** Effects that wait for the journal, in order. */
  private behind: Effect[] = [];
  jobs: Job[] = [];
  stopped = false;
  /** Byzantine: it goes on whatever signatures of its own it is shown. */
  shameless = false;
  private readonly world: Surroundings;

  constructor(index: number, world: Surroundings) {
    this.index = index;
    this.id = nameOf(index);
    this.world = world;
    this.head = {
      height: 0,
      digest: NETWORK,
      hash: NETWORK,
      time: GENESIS_TIME,
      header: null,
      references: [],
      certificate: null,
      dueHead: null,
    };
    this.config = world.ledger.genesis;
  }

  /** A process begins with what is durable. */
  boot(intact: boolean): void {
    const { head, config, journal, at } = this;
    const key = keyOf(this.index);
    const ports = { verify, sign: (framed: Uint8Array) => sign(key, framed) };
    const setup = {
      network: NETWORK,
      organisation: this.id,
      key,
      ports,
      supported: 1,
      head,
      config,
      intact,
      now: this.world.now(this),
      at,
    };
    this.up = true;
    this.replica = restore(setup, journal);
    this.give({ kind: "start" });
    for (const bodyKey of this.bodies) if (this.up) this.hold(bodyKey);
  }

  /** Everything that is not durable is gone. */
  crash(): void {
    this.up = false;
    this.unwritten = [];
    this.behind = [];
    this.jobs = [];
    this.held.clear();
  }

  image(): Image {
    return { journal: [...this.journal], chain: [...this.chain], head: this.head, config: this.config, bodies: new Set(this.bodies) };
  }

  /** A body is here, verified; given again whenever it is asked for again. */
  hold(bodyKey: string): void {
    this.held.add(bodyKey);
    this.give({ kind: "batch", batch: this.world.ledger.batches.get(bodyKey)!.facts });
  }

  give(input: Given): void {
    if (!this.up || this.stopped) return;
    this.carryOut(step(this.replica, { ...input, now: this.world.now(this), at: this.at }));
  }

  private carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "persist") {
        this.unwritten.push(...effect.records);
        for (const { to, message } of effect.then) this.behind.push({ kind: "send", to, message });
        this.behind.push(BARRIER);
      } else if ((effect.kind === "send" || effect.kind === "commit") && this.unwritten.length > 0) this.behind.push(effect);
      else this.perform(effect);
    }
  }

  get owesFlush(): boolean {
    return this.unwritten.length > 0;
  }

  /** The journal is synced: what waited behind it leaves. */
  flush(): void {
    const records = this.unwritten;
    const effects = this.behind;
    this.unwritten = [];
    this.behind = [];
    for (const record of records) {
      this.journal.push(record);
      if (record.kind === "order") for (const body of record.bodies) this.bodies.add(latin1(body));
      this.world.durable(this, record);
    }
    for (const effect of effects) if (effect !== BARRIER) this.perform(effect);
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        if (effect.to !== "validators") return this.world.send(this, effect.to, effect.message);
        for (const { id } of this.replica.config.validators) if (id !== this.id) this.world.send(this, id, effect.message);
        return;
      case "execute":
      case "commit":
      case "divergence":
        this.jobs.push(effect);
        return this.world.noticed(this, effect);
      case "release":
        for (const digest of effect.digests) this.held.delete(latin1(digest));
        return;
      case "fetch":
        return this.world.fetch(this, latin1(effect.digest), effect.from);
      case "sync":
        return this.world.sync(this, effect.from);
      case "stop":
        this.stopped = !this.shameless;
        if (this.shameless) this.replica.stopped = false;
        return this.world.noticed(this, effect);
      default:
        return this.world.noticed(this, effect);
    }
  }

  /** The serial queue of executions and commits takes its next job. `silent`: the process dies before the core hears of it. */
  work(silent = false): void {
    const job = this.jobs.shift();
    if (job === undefined) return;
    if (job.kind === "commit") {
      this.store(job);
      this.world.committed(this, job);
      if (!silent) this.give({ kind: "committed", height: job.height });
    } else if (job.kind === "execute")
      this.give({ kind: "executed", result: this.world.ledger.execute(job.order, job.references, this.variant) });
    else {
      const { order, references } = this.replica.known.get(latin1(job.digest)) ?? { order: job.own.header.order, references: [] };
      this.give({ kind: "executed", result: this.world.ledger.execute(order, references, this.variant), again: true });
    }
  }

  private store({ height, digest, hash, header, references, certificate }: Extract<Effect, { kind: "commit" }>): void {
    if (height !== this.head.height + 1) fail("a commit out of order", { height });
    const result = this.world.ledger.execute(header.order, references, this.variant);
    this.head = { height, digest, hash, time: header.order.time, header, references, certificate, dueHead: null };
    this.chain.push({ kind: "block", header, references, certificate });
    this.config = result.next ?? { ...this.config, end: result.epochEnd };
    for (const { digest: body } of references) this.bodies.add(latin1(body));
    // Segments whose heights are all committed are dropped; the one in use begins with the duties (§4.7).
    if (height % 3 === 0 && this.unwritten.length === 0)
      this.journal = [...duties(this.replica), ...this.journal.filter((record) => record.height > height)];
  }
}

const BARRIER: Effect = { kind: "release", digests: [] };
