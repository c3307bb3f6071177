// The chain: the one serial path by which orders are executed and blocks are committed. docs/protocol.md §3 (execution), §4.3 (epochs), §4.4 (committed).
// Owns the head, speculation over uncommitted parents, commits strictly in order and idempotent by height, dumps of the tree, the capsule of a divergence.
// Does not own: votes and certificates' signatures (consensus checks them before it calls), reading (chainReader.ts), starting (start.ts).

import { join } from "node:path";
import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import type { Certificate, SignatureCheck } from "../base/certificate.ts";
import { LedgerError } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { type BatchReference, type BlockHeader, type OrderHeader, orderDigest } from "../base/header.ts";
import { CACHED_ROWS, DUMP_INTERVAL_MS, EXECUTION_SLICE } from "../base/limits.ts";
import { type Logger, silent } from "../base/log.ts";
import { type Clock, systemClock } from "../base/time.ts";
import type { BlockContext, Registry, State } from "../contracts/engine/registry.ts";
import type { ConsensusView } from "../contracts/platform/network.ts";
import type { VerifiedBatch } from "./batch.ts";
import { blockWrite } from "./blockWrite.ts";
import { ChainReader } from "./chainReader.ts";
import { CommittedIds } from "./committedIds.ts";
import type { CommittedState } from "./committedState.ts";
import { encodeCapsule, writeCapsule } from "./divergence.ts";
import type { EpochConfig } from "./epochs.ts";
import { Execution, type Leaf } from "./execute.ts";
import { checkOrder } from "./orderCheck.ts";
import { Overlay } from "./overlay.ts";
import { digestText, type Footing, footingOf, seal } from "./seal.ts";
import { SerialQueue } from "./serialQueue.ts";
import { type Speculated, Speculation, standOnHead } from "./speculation.ts";
import { type Head, start, type Started, type StartInput, type TreeHolder, treeFromRows } from "./start.ts";
import type { Store } from "./store.ts";
import { dumpTree } from "./treeDump.ts";

export type ChainRegistry = Pick<Registry, "run" | "due" | "runDue" | "dueHead" | "found" | "memoryIndex" | "findIndex" | "findHeads">;

export interface ChainOptions {
  readonly store: Store;
  /** Home of `state/` (dumps) and `capsules/`; without it neither is written. */
  readonly directory?: string;
  readonly registry: ChainRegistry;
  readonly genesis: Genesis;
  /** Genesis hash. */
  readonly network: Bytes;
  readonly consensusView: (state: State) => ConsensusView;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Between slices of an execution and of a dump; the event loop's turn by default. */
  readonly pause?: () => Promise<void>;
  readonly dumpIntervalMs?: number;
  readonly cachedRows?: number;
  /** For the head's certificate at the start; the one acceptance rule by default. */
  readonly verify?: SignatureCheck;
  /** Where an empty tree comes from; by default a new one. */
  readonly emptyTree?: StartInput["emptyTree"];
}

/** What consensus learns of an execution. */
export interface Executed {
  readonly digest: Bytes;
  readonly header: BlockHeader;
  readonly hash: Bytes;
  /** Last height of its epoch, as this block leaves it. */
  readonly epochEnd: number;
  /** Time of the first entry of due work, once past owed like a waiting batch. */
  readonly dueHead: number | undefined;
  /** At the last height of an epoch: the next one. */
  readonly next: EpochConfig | undefined;
}

/** A block as it was committed: for waiting clients, the event stream, the mempool. */
export interface CommittedBlock {
  readonly height: number;
  readonly header: BlockHeader;
  readonly hash: Bytes;
  readonly certificate: Certificate;
  readonly references: readonly BatchReference[];
  readonly leaves: readonly Leaf[];
  /** Ids of the leaves, 32 bytes each, end to end. */
  readonly ids: Bytes;
  /** Something was written that consensus follows. */
  readonly governed: boolean;
  /** Epoch of the next height. */
  readonly epoch: EpochConfig;
  readonly dueHead: number | undefined;
}

interface Job {
  parent: Speculated | undefined;
  readonly overlay: Overlay;
  dropped: boolean;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Chain {
  readonly network: Bytes;
  readonly reader: ChainReader;
  readonly #options: ChainOptions;
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #pause: () => Promise<void>;
  /** To ask, not to add to. */
  readonly ids: CommittedIds;
  readonly #executions = new SerialQueue();
  readonly #commits = new SerialQueue();
  readonly #running = new Map<string, Promise<Executed>>();
  readonly #listeners = new Set<(block: CommittedBlock) => void>();
  #speculation: Speculation;
  readonly #tree: TreeHolder;
  readonly #state: CommittedState;
  #head: Head;
  #dueHead: number | undefined;
  #job: Job | undefined;
  #dump: Promise<void> | undefined;
  #dumpedAt: number;
  #closed = false;

  private constructor(options: ChainOptions, started: Started, lastId: Bytes | undefined) {
    this.#options = options;
    this.#store = options.store;
    this.network = options.network;
    this.#logger = options.logger ?? silent;
    this.#pause = options.pause ?? turn;
    this.#head = started.head;
    this.#tree = started.tree;
    this.#state = started.state;
    this.#speculation = new Speculation(started.tree.current);
    this.ids = new CommittedIds((id) => this.#store.placeOf(id) !== undefined, lastId);
    this.#dumpedAt = this.#clock.monotonic();
    this.reader = new ChainReader({
      store: this.#store,
      network: this.network,
      head: () => this.#head,
      tip: () => this.#speculation.applied.at(-1),
      tree: () => this.#tree.current,
      atHead: (read) => this.#speculation.atHead(read),
      state: started.state.reader(() => this.#speculation.applied),
    });
    this.#dueHead = options.registry.dueHead(this.reader.state);
  }

  /** From what the disk holds, checked, to a chain that goes on. Throws as `start` does. */
  static async open(options: ChainOptions): Promise<Chain> {
    const { directory, verify, cachedRows = CACHED_ROWS, logger = silent } = options;
    const started = await start({ ...options, directory, verify, cachedRows, logger });
    return new Chain(options, started, await options.store.lastId());
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  /** The last committed block; height 0, the genesis hash and no header before there is one. */
  get head(): Head {
    return this.#head;
  }

  /** The epoch of the next height, with the end that the head's state implies. */
  get epoch(): EpochConfig {
    return this.#head.epoch;
  }

  /** Time of the first entry of due work in the head's state. */
  get dueHead(): number | undefined {
    return this.#dueHead;
  }

  /** Calls back after each commit, in order. Returns how to stop it. */
  onCommit(listener: (block: CommittedBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  // ── executing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Executes an order on its parent's result, once: the result is kept by order digest, through view changes, until another order commits at its height.
   * Throws `chain.parent_unknown`, `chain.order_invalid` (a consensus that asks for it has a bug, or its peer lied), `chain.order_dropped`.
   */
  execute(order: OrderHeader, references: readonly BatchReference[], batches: readonly VerifiedBatch[]): Promise<Executed> {
    const digest = orderDigest(this.network, order);
    const known = this.#speculation.get(digest);
    if (known !== undefined) return Promise.resolve(shown(known));
    const text = digestText(digest);
    let running = this.#running.get(text);
    if (running === undefined) {
      running = this.#executions
        .run(async () => shown(await this.#execute(digest, order, references, batches)))
        .finally(() => this.#running.delete(text));
      this.#running.set(text, running);
    }
    return running;
  }

  /** The result of an order, if it is kept. */
  result(digest: Bytes): Executed | undefined {
    const known = this.#speculation.get(digest);
    return known === undefined ? undefined : shown(known);
  }

  /** Forgets a result and what stands on it. */
  drop(digest: Bytes): void {
    this.#speculation.drop(digest);
  }

  async #execute(
    digest: Bytes,
    order: OrderHeader,
    references: readonly BatchReference[],
    batches: readonly VerifiedBatch[],
  ): Promise<Speculated> {
    const kept = this.#speculation.get(digest);
    if (kept !== undefined) return kept;
    const { registry, consensusView } = this.#options;
    const onHead = order.height === this.#head.height + 1 && equalBytes(order.parent, this.#head.digest);
    const parent = onHead ? undefined : this.#speculation.get(order.parent);
    if (!onHead && parent === undefined) throw new LedgerError("chain.parent_unknown", { height: order.height, head: this.#head.height });
    const footing: Footing = parent ?? this.#head;
    checkOrder(this.network, footing, order, references, batches);
    this.#speculation.moveTo(parent);
    const overlay = Overlay.over(this.#state, registry, parent?.overlay);
    const job: Job = { parent, overlay, dropped: false };
    const { epoch, protocol, parameters } = footing.epoch;
    const block: BlockContext = { network: this.network, height: order.height, time: order.time, epoch, protocol, parameters };
    const execution = new Execution({ registry, block, batches, overlay, known: (id, idText) => this.#isKnown(job, id, idText) });
    this.#job = job;
    try {
      while (!execution.advance(EXECUTION_SLICE)) {
        await this.#pause();
        // Another order was committed meanwhile: the tree is elsewhere, and this result could never be.
        if (job.dropped) throw new LedgerError("chain.order_dropped", { height: order.height });
      }
    } finally {
      this.#job = undefined;
    }
    const sealed = seal({
      network: this.network,
      registry,
      consensusView,
      tree: this.#tree.current,
      parent: footing,
      order,
      digest,
      references,
      batches,
      overlay,
      execution,
    });
    const result: Speculated = { ...sealed, parent: job.parent };
    this.#speculation.add(result, 2 * parameters.window);
    return result;
  }

  #isKnown(job: Job, id: Bytes, idText: string): boolean {
    for (let at = job.parent; at !== undefined; at = at.parent) if (at.outcome.idTexts.has(idText)) return true;
    return this.ids.has(id);
  }

  // ── committing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Commits an executed order under its certificate, whose signatures the caller has checked: one synced batch. Strictly by height; undefined if this very
   * block was committed before. Throws `chain.gap`, `chain.not_executed`, `chain.conflict` (two certified blocks of one height), `chain.diverged`, `store.write`.
   */
  commit(digest: Bytes, certificate: Certificate): Promise<CommittedBlock | undefined> {
    return this.#commits.run(() => this.#commit(digest, certificate));
  }

  async #commit(digest: Bytes, certificate: Certificate): Promise<CommittedBlock | undefined> {
    const { height, hash } = certificate;
    if (height <= this.#head.height) {
      if (equalBytes(this.reader.hashAt(height), hash)) return undefined;
      throw new LedgerError("chain.conflict", { height, committed: this.reader.hashAt(height), certified: hash });
    }
    if (height !== this.#head.height + 1) throw new LedgerError("chain.gap", { height, head: this.#head.height });
    let block = this.#speculation.get(digest) ?? notExecuted({ height });
    if (block.height !== height || certificate.kind !== "commit" || certificate.epoch !== block.own.epoch)
      throw new LedgerError("chain.order_invalid", { height, what: "certificate" });
    if (!equalBytes(block.hash, hash)) block = await this.#diverged(block, certificate);
    await this.#store.commit(blockWrite(this.#store, this.network, this.#options.registry, block, certificate), this.#pause);
    return this.#settle(block, certificate);
  }

  /** The batch is on disk: everything in RAM follows in one step. */
  #settle(block: Speculated, certificate: Certificate): CommittedBlock {
    const { height, header, headerBytes, hash, references, epoch, dueHead, overlay, governed } = block;
    const { leaves, ids } = block.outcome;
    this.ids.add(ids, block.time);
    this.#state.take(overlay);
    this.#head = { ...footingOf(block), header, headerBytes, certificate };
    this.#dueHead = dueHead;
    this.#settleJob(block);
    this.#speculation.settle(block);
    const committed: CommittedBlock = { height, header, hash, certificate, references, leaves, ids, governed, epoch, dueHead };
    this.reader.committed(height);
    for (const listener of this.#listeners) listener(committed);
    this.#dumpIfDue();
    return committed;
  }

  #settleJob(block: Speculated): void {
    const job = this.#job;
    if (job === undefined) return;
    let first = job.parent;
    while (first?.parent !== undefined) first = first.parent;
    if (first !== block) job.dropped = true;
    else if (job.parent === block) standOnHead(job);
  }

  // ── divergence ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The capsule of an order of which others have another result: what one needs to replay it. Its path; undefined without a directory. */
  async capsule(digest: Bytes, others: readonly Bytes[]): Promise<string | undefined> {
    const block = this.#speculation.get(digest);
    const { directory } = this.#options;
    if (block === undefined || directory === undefined) return undefined;
    const parentHeader = block.parent?.headerBytes ?? this.#head.headerBytes;
    return writeCapsule(join(directory, "capsules"), encodeCapsule(this.network, block, parentHeader, others));
  }

  /**
   * Executes an order whose result is kept once more, from the committed state and cold: nothing that was kept in RAM is trusted. What it stands on and all
   * other results come anew as well. Throws `chain.not_executed`, and what `execute` throws.
   */
  async executeAgain(digest: Bytes): Promise<Executed> {
    return shown(await this.#executeAgain(this.#speculation.get(digest) ?? notExecuted({ digest: hex(digest) })));
  }

  #executeAgain(block: Speculated): Promise<Speculated> {
    return this.#executions.run(async () => {
      const all = this.#speculation.results();
      this.#speculation.dropAll();
      this.#state.forget();
      if (!equalBytes(this.#tree.current.root(), this.#head.stateRoot)) {
        this.#tree.current = await treeFromRows(this.#store, this.#head.stateRoot);
        this.#speculation = new Speculation(this.#tree.current);
      }
      // Parents come before what stands on them.
      for (const { digest, order, references, batches } of all) await this.#execute(digest, order, references, batches);
      return this.#speculation.get(block.digest) ?? notExecuted({ height: block.height });
    });
  }

  /** §3.7.2: my result is not the certified one. Once more, cold; the same again means that this node must stop. */
  async #diverged(block: Speculated, certificate: Certificate): Promise<Speculated> {
    const { digest, height } = block;
    const capsule = await this.capsule(digest, [certificate.hash]);
    this.#logger.error("chain.result_differs", { height, capsule });
    const again = await this.#executeAgain(block);
    if (equalBytes(again.hash, certificate.hash)) return again;
    throw new LedgerError("chain.diverged", { height, own: hex(again.hash), certified: hex(certificate.hash), capsule });
  }

  // ── dumps, end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #dumpIfDue(): void {
    const { directory, dumpIntervalMs = DUMP_INTERVAL_MS } = this.#options;
    const now = this.#clock.monotonic();
    if (directory === undefined || this.#dump !== undefined || this.#closed || now - this.#dumpedAt < dumpIntervalMs) return;
    this.#dumpedAt = now;
    const { network, height } = { network: this.network, height: this.#head.height };
    this.#dump = dumpTree({
      directory: join(directory, "state"),
      network,
      height,
      tree: () => this.#tree.current,
      uncommitted: () => this.#speculation.committedValues(),
      pause: this.#pause,
      stopped: () => this.#closed,
    })
      .then((whole) => this.#logger.info("state.dumped", { height, whole }))
      .catch((error: unknown) => this.#logger.warn("state.dump_failed", { height, reason: String(error) }))
      .finally(() => {
        this.#dump = undefined;
      });
  }

  /** Resolves when a dump under way has ended. */
  dumped(): Promise<void> {
    return this.#dump ?? Promise.resolve();
  }

  /** Ends what is under way and closes the store. What is not committed is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#job !== undefined) this.#job.dropped = true;
    await this.#executions.idle();
    await this.#commits.idle();
    await this.#dump;
    this.reader.close();
    await this.#store.close();
  }
}

function notExecuted(data: Readonly<Record<string, unknown>>): never {
  throw new LedgerError("chain.not_executed", data);
}

function shown({ digest, header, hash, own, dueHead, next }: Speculated): Executed {
  return { digest, header, hash, epochEnd: own.end, dueHead, next };
}
