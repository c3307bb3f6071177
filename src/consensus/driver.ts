// The driver: runs the effects of the pure core through ports and brings results back as inputs. docs/protocol.md §4, §4.7; duties at the top of types.ts.
// Owns: the order of things – one step at a time, nothing sent before what it relies on is durable, executions and commits one after the other – and what
// stands in the journal. Does not own: any rule of the protocol (step.ts), range sync (driverSync.ts), sockets, database, batches (the node, through ports).

import { type Bytes, latin1 } from "../base/bytes.ts";
import type { SignatureCheck } from "../base/certificate.ts";
import { codeEntry } from "../base/codes.ts";
import { fail, isLedgerError, LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { MAX_INPUTS_PER_TURN } from "../base/limits.ts";
import type { DriverPorts, StopReason } from "./driverPorts.ts";
import { RangeSync } from "./driverSync.ts";
import type { JournalRecord as JournalEntry, OpenedJournal } from "./journal.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import { decodeRecord, encodeRecord } from "./records.ts";
import type { Replica } from "./replica.ts";
import { duties, restore } from "./restore.ts";
import { step } from "./step.ts";
import { wakeAt } from "./timers.ts";
import type { BatchFacts, Effect, EpochConfig, Head, Input, JournalRecord, Outgoing, Result } from "./types.ts";

/** What the journal's records are: the body of a batch as on the wire, or a record of the core. */
export const BODY = 1;
export const RECORD = 2;

export interface DriverOptions {
  /** Genesis hash. */
  readonly network: Bytes;
  readonly organisation: string;
  /** Own consensus public key. */
  readonly key: Bytes;
  readonly sign: (framed: Bytes) => Bytes;
  readonly verify: SignatureCheck;
  /** Highest protocol version that this release knows. */
  readonly supported: number;
  /** Of the database, synced. */
  readonly head: Head;
  /** The epoch of height head + 1. */
  readonly config: EpochConfig;
  readonly journal: OpenedJournal;
  readonly ports: DriverPorts;
}

type Timeless<T> = T extends unknown ? Omit<T, "now" | "at"> : never;
/** What waits for its turn: an input that gets its times when it is worked off, or a message still in bytes. */
type Waiting = Timeless<Input> | { readonly kind: "bytes"; readonly from: string; readonly bytes: Bytes; readonly elsewhere: boolean };

/** Restores the replica from the journal and the committed head, gives it the bodies that the journal holds, and starts it. */
export async function startDriver(options: DriverOptions): Promise<Driver> {
  const { head, journal, ports } = options;
  const records: JournalRecord[] = [];
  const bodies = new Map<string, Bytes>(); // one stands in each segment that relies on it
  for (const { kind, height, body } of journal.records) {
    if (kind === RECORD) records.push(decodeRecord(body));
    else if (height > head.height) bodies.set(latin1(sha256(body)), body);
  }
  const held: BatchFacts[] = [];
  for (const body of bodies.values()) {
    const facts = await ports.admit(body, null);
    if (facts === undefined) throw new LedgerError("journal.damaged", { reason: "a body is no batch" });
    held.push(facts);
  }
  const driver = new Driver(options, records);
  driver.begin(held);
  return driver;
}

export class Driver {
  /** To be read only: for status, metrics and the API. */
  readonly replica: Replica;
  private readonly ports: DriverPorts;
  private readonly journal: OpenedJournal["journal"];
  private readonly defer: (run: () => void) => void;
  private readonly timer: (ms: number, run: () => void) => () => void;
  private readonly sync: RangeSync;
  private inputs: Waiting[] = [];
  private scheduled = false;
  /** What the present turn wants durable, and what may happen only then. */
  private records: JournalEntry[] = [];
  /**
   * What a new segment begins with: as the turns before have left it. What this turn adds stands behind, in its records: in front of them a power cut could
   * leave a NewView without the bodies that its Prepare relies on.
   */
  private duties: readonly JournalRecord[];
  private then: (() => void)[] = [];
  private jobs: (() => Promise<void>)[] = [];
  private working: Promise<void> | undefined;
  private wake = Number.POSITIVE_INFINITY;
  private cancelWake: () => void = () => {};
  private halted = false;

  /** Only `startDriver` makes one. */
  constructor(options: DriverOptions, records: readonly JournalRecord[]) {
    const { network, organisation, key, sign, verify, supported, head, config, ports, journal } = options;
    const { clock } = ports;
    const intact = journal.verdict === "intact" && !journal.replacement;
    const setup = {
      network,
      organisation,
      key,
      ports: { sign, verify },
      supported,
      head,
      config,
      intact,
      now: clock.now(),
      at: clock.monotonic(),
    };
    this.replica = restore(setup, records);
    this.ports = ports;
    this.journal = journal.journal;
    this.defer = ports.defer ?? ((run) => void setImmediate(run));
    this.timer = ports.timer ?? setTimer;
    this.sync = new RangeSync(this.replica, ports, this.timer, (input) => this.give(input));
    this.duties = duties(this.replica);
    this.journal.carry(() => this.duties.map(journalled));
    this.journal.whenFailed((error) => this.halt(error));
    this.journal.committed(head.height);
  }

  /** Bytes of a consensus message over the authenticated stream of `from`. `elsewhere`: p2p sees its peer key on another live connection too. */
  message(from: string, bytes: Bytes, elsewhere = false): void {
    this.give({ kind: "bytes", from, bytes, elsewhere });
  }
  /** A connection to a validator or observer stands (again). */
  connected(peer: string): void {
    this.give({ kind: "connected", peer });
  }
  /** A batch is held whole and verified; `ports.body` gives it. */
  batch(batch: BatchFacts): void {
    this.give({ kind: "batch", batch });
  }
  /** A batch of this digest holds an ill-formed transaction. */
  refused(digest: Bytes): void {
    this.give({ kind: "refused", digest });
  }
  acked(from: string, digests: readonly Bytes[]): void {
    this.give({ kind: "acked", from, digests });
  }
  /** A recovery file, its q signatures checked: releases the result lock of this order (§3). */
  recovered(height: number, digest: Bytes, abandon: Bytes): void {
    this.give({ kind: "recovery", height, digest, abandon });
  }

  /** The first thing after restoring; `held` are the bodies that the journal brought back. */
  begin(held: readonly BatchFacts[]): void {
    this.give({ kind: "start" });
    for (const batch of held) this.give({ kind: "batch", batch });
  }

  /** Resolves when the chain's jobs so far are done. */
  async quiet(): Promise<void> {
    while (this.working !== undefined) await this.working;
  }

  /** Signs and sends nothing more; resolves when what was begun is on the disk. */
  async close(): Promise<void> {
    this.halted = true;
    this.cancelWake();
    await this.quiet();
    await this.journal.close();
  }

  /** The journal could not be written, or a part of the node found that it must not go on. */
  halt(error: unknown): void {
    const code = isLedgerError(error) ? error.code : "bug.unexpected";
    const data = isLedgerError(error) ? noticeData(error) : {};
    this.stop({ exit: codeEntry(code).exit ?? codeEntry("bug.unexpected").exit!, code, data, cause: error });
  }

  private stop(reason: StopReason): void {
    if (this.halted) return;
    this.halted = true;
    this.cancelWake();
    this.ports.stop(reason);
  }

  private give(input: Waiting): void {
    if (this.halted) return;
    this.inputs.push(input);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.defer(() => this.turn());
  }

  /** Works off what came in; its records are written together and share a sync. */
  private turn(): void {
    this.scheduled = false;
    try {
      const inputs = this.inputs.splice(0, MAX_INPUTS_PER_TURN);
      for (const input of inputs) {
        if (this.halted) return;
        this.work(input);
      }
      this.flush();
      this.duties = duties(this.replica);
      if (this.inputs.length === 0) this.sync.go();
    } catch (error) {
      this.halt(error); // a bug of ours: stop before anything more is signed
    }
    if (this.halted) return;
    if (this.inputs.length > 0) this.schedule();
    this.setWake();
  }

  private work(input: Waiting): void {
    const { clock } = this.ports;
    const time = { now: clock.now(), at: clock.monotonic() };
    if (input.kind === "bytes") {
      const { message, reject } = decodeMessage(input.bytes);
      if (message === undefined) return this.ports.reject(input.from, reject);
      const { from, elsewhere } = input;
      return this.carryOut(step(this.replica, { kind: "message", from, message, elsewhere, ...time }));
    }
    const { epoch } = this.replica.config;
    this.carryOut(step(this.replica, { ...input, ...time }));
    if (input.kind !== "committed") return;
    const { head, config } = this.replica;
    this.ports.committed(head, config);
    if (config.epoch !== epoch) for (const batch of this.ports.held(config)) this.give({ kind: "batch", batch });
  }

  private carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.halted) return;
      this.run(effect);
    }
  }

  private run(effect: Effect): void {
    const { ports } = this;
    switch (effect.kind) {
      case "persist":
        for (const record of effect.records) this.persist(record);
        for (const outgoing of effect.then) this.send(outgoing);
        return;
      case "send":
        return this.send(effect);
      case "execute":
        return this.queue(async () => this.executed(await ports.execute(effect.digest, effect.order, effect.references)));
      case "drop":
        return this.queue(async () => ports.drop(effect.digest));
      case "commit":
        this.then.push(() => this.queue(() => this.commit(effect)));
        return;
      case "divergence":
        return this.queue(async () => this.give({ kind: "executed", result: await ports.diverged(effect), again: true }));
      case "fetch":
        return this.fetch(effect);
      case "release":
        for (const digest of effect.digests) this.sync.refused(digest);
        return ports.release(effect.digests);
      case "sync":
        return this.sync.want(effect.height, effect.from);
      case "evidence":
        return ports.evidence(effect.evidence);
      case "epochEnd":
        return ports.epochEnd(effect.epoch);
      case "notice":
        return ports.notice(effect.code, effect.data);
      case "reject":
        this.sync.rejected(effect.peer);
        return ports.reject(effect.peer, effect.code);
      case "stop":
        this.flush();
        return this.stop(effect);
    }
  }

  /** An order's bodies go in front of it, once a segment: under one sync with the vote that relies on them (§4.7.1). */
  private persist(record: JournalRecord): void {
    if (record.kind === "order")
      for (const digest of record.bodies) {
        const body = this.ports.body(digest) ?? fail("a body to be journalled is not held");
        this.records.push({ kind: BODY, height: record.height, key: latin1(digest), body });
      }
    this.records.push(journalled(record));
  }

  private send({ to, message }: Outgoing): void {
    const bytes = encodeMessage(message);
    this.then.push(() => this.ports.send(to, bytes));
  }

  /** The barrier: what a turn sends or commits happens after its records, and all before them, are durable. */
  private flush(): void {
    const { records, then } = this;
    if (records.length === 0 && then.length === 0) return;
    this.records = [];
    this.then = [];
    this.journal.append(records, () => {
      try {
        for (const act of then) if (!this.halted) act();
      } catch (error) {
        this.halt(error);
      }
    });
  }

  private fetch({ digest, needed, from }: Extract<Effect, { kind: "fetch" }>): void {
    const body = this.sync.take(digest);
    if (body === undefined) return this.ports.fetch(digest, needed, from);
    void this.ports.admit(body, digest).then(
      (batch) => {
        if (batch !== undefined) return this.give({ kind: "batch", batch });
        this.sync.refused(digest);
        this.ports.fetch(digest, needed, from);
      },
      (error: unknown) => this.halt(error),
    );
  }

  private queue(job: () => Promise<void>): void {
    if (this.halted) return;
    this.jobs.push(job);
    this.working ??= this.workOff();
  }

  private async workOff(): Promise<void> {
    try {
      for (let job = this.jobs.shift(); job !== undefined && !this.halted; job = this.jobs.shift()) await job();
    } catch (error) {
      this.halt(error);
    } finally {
      this.working = undefined;
    }
  }

  private executed(result: Result): void {
    this.give({ kind: "executed", result });
  }

  private async commit({ height, digest, hash, header, references, certificate }: Extract<Effect, { kind: "commit" }>): Promise<void> {
    await this.ports.commit({ height, digest, hash, header, references, certificate });
    this.journal.committed(height);
    this.give({ kind: "committed", height });
  }

  private setWake(): void {
    const wake = wakeAt(this.replica);
    if (wake === this.wake) return;
    this.cancelWake();
    this.wake = wake;
    if (wake === Number.POSITIVE_INFINITY) return;
    this.cancelWake = this.timer(Math.max(0, wake - this.ports.clock.monotonic()), () => {
      this.wake = Number.POSITIVE_INFINITY;
      this.give({ kind: "tick" });
    });
  }
}

function journalled(record: JournalRecord): JournalEntry {
  return { kind: RECORD, height: record.height, body: encodeRecord(record) };
}

function setTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

function noticeData(error: LedgerError): Record<string, string> {
  return Object.fromEntries(Object.entries(error.data ?? {}).map(([name, value]) => [name, String(value)]));
}
