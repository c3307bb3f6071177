// The mempool: this node's clients' transactions on their way into batches, and the ids of those not yet committed. docs/protocol.md §4.8.
// Owns the queue, its bounds, the cutting of batches and their sequence numbers. Does not own: verification (verify.ts), what other origins sent
// (holdings.ts), timers (the node asks `cutAt` and calls `cut`), receipts (chain). Time comes as arguments; expiry is by committed block time alone.

import { type Bytes, latin1 } from "../base/bytes.ts";
import {
  BATCH_DELAY_MS,
  BATCH_ENVELOPE_BYTES,
  MAX_BATCH_BYTES,
  MAX_BATCH_TRANSACTIONS,
  MAX_PENDING_BYTES,
  MAX_PENDING_PER_SENDER,
  MAX_PENDING_TRANSACTIONS,
  QUEUE_TURN,
  RATE_OVER_MS,
} from "../base/limits.ts";
import type { Parameters } from "../base/parameters.ts";
import { type KnownTransaction, makeBatch, ownBatch, type VerifiedBatch } from "./batch.ts";
import { Holdings, type HoldVerdict, orderable } from "./holdings.ts";
import { Quotas } from "./quotas.ts";
import { readLayout } from "./transaction.ts";
import { declaredWork, type IngressVerdict } from "./verify.ts";

type PoolParameters = Pick<Parameters, "origin_batches" | "block_bytes" | "block_work" | "max_lifetime_ms">;

export interface MempoolOptions {
  /** Genesis hash. */
  readonly network: Bytes;
  /** Own organisation: the origin of the batches. */
  readonly organisation: string;
  /** Seed of the peer key, which signs batches. */
  readonly peerSeed: Bytes;
  /** The machine's clock at the start: sequence numbers begin there, so that they stay ascending after everything is lost. */
  readonly now: number;
  readonly parameters: PoolParameters;
}

/** Who hands in, and how much he may. */
export interface Sender {
  readonly name: string;
  readonly perSecond: number;
}
export interface Moment {
  /** Wall clock, ms since 1970. */
  readonly now: number;
  /** Monotonic ms. */
  readonly at: number;
}

interface Queue {
  items: KnownTransaction[];
  next: number;
}

/** "accepted": this node will disseminate it until it is on the chain or expired; said again for bytes it knows. Anything else is the code of a refusal. */
export type Submitted =
  | "accepted"
  | "transaction.expired"
  | "transaction.too_far"
  | "transaction.unorderable"
  | "quota.exceeded"
  | "busy"
  | (string & {});

export class Mempool {
  readonly holdings = new Holdings();
  readonly quotas = new Quotas();
  readonly #options: MempoolOptions;
  #parameters: PoolParameters;
  #sequence: number;
  #headTime = 0;
  /** Transactions not yet in a batch, a queue for each sender, served in turn. */
  readonly #queues = new Map<string, Queue>();
  #queued = 0;
  #queuedBytes = 0;
  /** Monotonic time at which the oldest queued one came. */
  #since: number | undefined;
  /** Ids handed in here and not yet committed or dead, as latin1. */
  readonly #pending = new Set<string>();
  /** My transactions committed since the time of a block. */
  #counted = { since: 0, transactions: 0 };
  /** My transactions committed a second, by the time of blocks, of late. */
  ratePerSecond = 0;

  constructor(options: MempoolOptions) {
    this.#options = options;
    this.#parameters = options.parameters;
    this.#sequence = options.now - 1;
  }

  /**
   * An epoch begins: declared work is counted anew under its manifest. Returns the batches as they now count. Those that no block can hold any more stay
   * held (an order may still name them until the epoch turns everywhere); my own transactions among them go back into the queue, into smaller batches.
   */
  newEpoch(parameters: PoolParameters, work: (action: string) => number, at: number): VerifiedBatch[] {
    this.#parameters = parameters;
    const counted = [...this.holdings.waiting()].map(
      (batch) => this.holdings.recount(batch.reference.digest, declaredWork(batch.bytes, batch.offsets, work))!,
    );
    const queue = this.#queues.get(REQUEUED) ?? { items: [], next: 0 };
    for (const batch of counted) {
      if (orderable(batch, parameters) || this.holdings.isParked(batch.reference.digest)) continue;
      this.holdings.park(batch);
      if (batch.origin !== this.#options.organisation) continue;
      this.#queues.set(REQUEUED, queue);
      for (const item of transactionsOf(batch, work)) this.#enqueue(queue, at, latin1(item.id), item);
    }
    return counted;
  }

  /** Transactions handed in here that are neither committed nor dead. */
  get pending(): number {
    return this.#pending.size;
  }
  get queued(): number {
    return this.#queued;
  }

  /** Takes verified transactions of one sender; one answer each, in order. `bytes` is the buffer the verdict speaks of; it is kept until the cut. */
  submit(bytes: Bytes, verdict: IngressVerdict, sender: Sender, moment: Moment): Submitted[] {
    const answers: Submitted[] = [];
    const names: string[] = [];
    let fresh = 0;
    for (let i = 0; i < verdict.count; i++) {
      const name = latin1(verdict.ids.subarray(32 * i, 32 * i + 32));
      const answer = verdict.codes[i] ?? (this.#pending.has(name) ? "accepted" : ""); // known: the same bytes, or the same act signed again; one of them takes effect
      if (answer === "") fresh++;
      answers.push(answer);
      names.push(name);
    }
    let granted = this.quotas.take(sender.name, sender.perSecond, fresh, moment.at);
    for (let i = 0; i < verdict.count; i++)
      if (answers[i] === "")
        answers[i] = granted-- > 0 ? this.#submitOne(bytes, verdict, i, names[i]!, sender.name, moment) : "quota.exceeded";
    return answers;
  }

  #submitOne(bytes: Bytes, verdict: IngressVerdict, index: number, name: string, sender: string, { now, at }: Moment): Submitted {
    if (this.#pending.has(name)) return "accepted"; // twice in one request
    const notAfter = verdict.notAfter[index]!;
    if (notAfter < this.#headTime) return "transaction.expired";
    // A courtesy: the next block is later than the head and about now, and only its time decides.
    if (notAfter > Math.max(now, this.#headTime) + this.#parameters.max_lifetime_ms) return "transaction.too_far";
    const length = verdict.offsets[2 * index + 1]!;
    const work = verdict.work[index]!;
    if (work > this.#parameters.block_work || length + 4 > this.#batchBytes) return "transaction.unorderable";
    const queue = this.#queues.get(sender) ?? { items: [], next: 0 };
    if (
      this.#queued >= MAX_PENDING_TRANSACTIONS ||
      this.#queuedBytes + length > MAX_PENDING_BYTES ||
      queue.items.length - queue.next >= MAX_PENDING_PER_SENDER
    )
      return "busy";
    const start = verdict.offsets[2 * index]!;
    this.#queues.set(sender, queue);
    this.#enqueue(queue, at, name, {
      bytes: bytes.subarray(start, start + length),
      id: verdict.ids.subarray(32 * index, 32 * index + 32),
      fullHash: verdict.fullHashes.subarray(32 * index, 32 * index + 32),
      notAfter,
      signatures: verdict.signatures[index]!,
      work,
      failedProofs: [], // ingress refuses them
    });
    return "accepted";
  }

  #enqueue(queue: Queue, at: number, name: string, item: KnownTransaction): void {
    queue.items.push(item);
    this.#pending.add(name);
    this.#queued++;
    this.#queuedBytes += item.bytes.length + 4;
    this.#since ??= at;
  }

  /** Bytes of transactions in one batch: what a batch may hold, and never more than a block. */
  get #batchBytes(): number {
    return Math.min(MAX_BATCH_BYTES, this.#parameters.block_bytes - BATCH_ENVELOPE_BYTES);
  }

  /** Batches of mine that are not ordered yet. */
  get #unordered(): number {
    return this.holdings.perOrigin.get(this.#options.organisation) ?? 0;
  }

  /**
   * Monotonic time at which `cut` will give a batch; undefined while there is nothing to cut or no room: M unordered ones at most. Each batch costs every
   * node the same whatever it holds, so the more of mine are under way, the longer the next one gathers: few large ones under load, none kept waiting without.
   */
  cutAt(): number | undefined {
    const unordered = this.#unordered;
    if (this.#since === undefined || unordered >= this.#parameters.origin_batches) return undefined;
    return this.#full ? this.#since : this.#since + BATCH_DELAY_MS * (1 + unordered);
  }
  get #full(): boolean {
    return this.#queued >= MAX_BATCH_TRANSACTIONS || this.#queuedBytes >= this.#batchBytes;
  }

  /** The next batch of mine, if one is due: full, or its oldest transaction has waited long enough. It is held at once. */
  cut({ at }: Pick<Moment, "at">): VerifiedBatch | undefined {
    const due = this.cutAt();
    if (due === undefined || at < due) return undefined;
    const items = this.#take();
    this.#since = this.#queued === 0 ? undefined : at; // what is left gathers anew
    if (items.length === 0) return undefined;
    const { network, organisation, peerSeed } = this.#options;
    const bytes = makeBatch(
      network,
      organisation,
      ++this.#sequence,
      items.map((item) => item.bytes),
      peerSeed,
    );
    const batch = ownBatch(network, bytes, items);
    this.holdings.hold(batch, this.#parameters, true);
    return batch;
  }

  /** Transactions for one batch, the senders in turn, dead ones left out. */
  #take(): KnownTransaction[] {
    const items: KnownTransaction[] = [];
    const roomBytes = this.#batchBytes;
    let bytes = 0;
    let work = 0;
    for (let full = false; !full && this.#queues.size > 0; ) {
      const [sender, queue] = this.#queues.entries().next().value!;
      this.#queues.delete(sender);
      for (let turn = 0; turn < QUEUE_TURN && queue.next < queue.items.length; turn++) {
        const item = queue.items[queue.next]!;
        const length = item.bytes.length + 4;
        // A transaction that alone is beyond the block's budget (the parameters changed under it) waits in vain: it dies by its time.
        const dead = item.notAfter < this.#headTime || item.work > this.#parameters.block_work || length > roomBytes;
        if (
          !dead &&
          (items.length === MAX_BATCH_TRANSACTIONS || bytes + length > roomBytes || work + item.work > this.#parameters.block_work)
        ) {
          full = true;
          break;
        }
        queue.next++;
        this.#queued--;
        this.#queuedBytes -= length;
        if (dead) this.#pending.delete(latin1(item.id));
        else {
          items.push(item);
          bytes += length;
          work += item.work;
        }
      }
      if (queue.next === queue.items.length) continue;
      if (queue.next > MAX_BATCH_TRANSACTIONS) {
        queue.items = queue.items.slice(queue.next);
        queue.next = 0;
      }
      this.#queues.set(sender, queue); // to the end of the line
    }
    return items;
  }

  /** A batch from another origin, verified. */
  hold(batch: VerifiedBatch, wanted = false): HoldVerdict {
    return this.holdings.hold(batch, this.#parameters, wanted);
  }

  /** A block is committed: its batches no longer wait, its time is the only clock by which anything expires. */
  committed(time: number, digests: Iterable<Bytes>): void {
    this.#headTime = Math.max(this.#headTime, time);
    for (const batch of this.holdings.committed(digests)) {
      this.#forget(batch);
      if (batch.origin === this.#options.organisation) this.#counted.transactions += batch.reference.count;
    }
    const { since, transactions } = this.#counted;
    if (time - since < RATE_OVER_MS) return;
    this.ratePerSecond = (this.ratePerSecond + (1_000 * transactions) / (time - since)) / 2;
    this.#counted = { since: time, transactions: 0 };
  }

  /** Consensus gives batches up: every transaction in them is dead by committed time. */
  release(digests: readonly Bytes[]): void {
    const requeued = new Set([...digests].filter((digest) => this.holdings.isParked(digest)).map(latin1));
    for (const batch of this.holdings.release(digests)) if (!requeued.has(latin1(batch.reference.digest))) this.#forget(batch);
  }

  #forget(batch: VerifiedBatch): void {
    if (batch.origin !== this.#options.organisation) return;
    for (let i = 0; i < batch.ids.length; i += 32) this.#pending.delete(latin1(batch.ids.subarray(i, i + 32)));
  }

  /** Is this transaction on its way, handed in here or held in another's batch? What has no receipt and is not pending may still be pending elsewhere. */
  isPending(id: Bytes): boolean {
    if (this.#pending.has(latin1(id))) return true;
    for (const batch of this.holdings.waiting()) if (contains(batch.ids, id)) return true;
    return false;
  }
}

/** The sender's name under which transactions of a batch that came back are queued. */
const REQUEUED = "";

function transactionsOf(batch: VerifiedBatch, work: (action: string) => number): KnownTransaction[] {
  return Array.from(batch.notAfter, (notAfter, i) => {
    const [start, length] = [batch.offsets[2 * i]!, batch.offsets[2 * i + 1]!];
    const bytes = batch.bytes.subarray(start, start + length);
    const { signers } = readLayout(bytes, 0, length);
    const [id, fullHash] = [batch.ids.subarray(32 * i, 32 * i + 32), batch.fullHashes.subarray(32 * i, 32 * i + 32)];
    return {
      bytes,
      id,
      fullHash,
      notAfter,
      signatures: signers,
      work: declaredWork(bytes, Uint32Array.of(0, length), work),
      failedProofs: [],
    };
  });
}

function contains(ids: Bytes, id: Bytes): boolean {
  // The hash part differs early, the time in front of it often does not.
  for (let at = 0; at < ids.length; at += 32) {
    let i = 31;
    while (i >= 0 && ids[at + i] === id[i]) i--;
    if (i < 0) return true;
  }
  return false;
}
