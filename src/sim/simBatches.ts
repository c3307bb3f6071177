// How batches travel between simulated nodes: to all validators, verified, acked, pulled. docs/protocol.md §4.8. The daemon's own form of this is
// src/node/dissemination.ts, which this follows; verification, holding and cutting are the ledger's own code. Owns when things are sent.

import { type Bytes, concat, equalBytes, latin1 } from "../base/bytes.ts";
import { decodeFirst } from "../base/codec.ts";
import { isLedgerError } from "../base/errors.ts";
import { ACKS_EVERY_MS, MAX_ACKS_PER_MESSAGE } from "../base/limits.ts";
import { primaryOf } from "../consensus/replica.ts";
import type { BatchFacts } from "../consensus/types.ts";
import {
  batchDigest,
  batchSigned,
  type KnownTransaction,
  ownBatch,
  readBatch,
  splitTransactions,
  type VerifiedBatch,
} from "../ledger/batch.ts";
import { fullHash, readLayout, readOperations, transactionId } from "../ledger/transaction.ts";
import { type BatchVerdict, verifyBatch } from "../ledger/verify.ts";
import type { Life } from "./clockwork.ts";
import { contracts, indexOf, secretsOf } from "./founding.ts";
import { hashScheme } from "./signatures.ts";
import type { SimNode } from "./simNode.ts";

/** What consensus needs to know of a batch. */
export function factsOf(batch: VerifiedBatch): BatchFacts {
  let notAfter = 0;
  for (const t of batch.notAfter) if (t > notAfter) notAfter = t;
  const { reference, origin, sequence, work, signatures } = batch;
  return { reference, origin, sequence, work, signatures, notAfter };
}

/** The verdict on bytes is a function of the bytes: nodes that get the same ones share it, or a simulation would do nothing but check signatures. */
const verdicts = new WeakMap<Bytes, BatchVerdict | "unsigned">();
/** Batches that nodes cut from what their clients handed in and they verified: signatures made a moment ago in this very thread are not computed again. */
const sound = new WeakSet<Bytes>();

function verdictOn(network: Bytes, bytes: Bytes, protocol: number): BatchVerdict | "unsigned" {
  let verdict = verdicts.get(bytes);
  if (verdict === undefined) {
    if (sound.has(bytes)) return sure(network, bytes, protocol);
    const parts = readBatch(bytes);
    const known = /^m\d\d$/.test(parts.origin);
    verdict =
      known && batchSigned(network, bytes, parts, secretsOf(indexOf(parts.origin)).peer.key)
        ? verifyBatch(bytes, {
            network,
            work: (action) => contracts().work(action, protocol),
            proofs: (action, args) => contracts().proofs(action, args(), network),
          })
        : "unsigned";
    verdicts.set(bytes, verdict);
  }
  return verdict;
}

function sure(network: Bytes, bytes: Bytes, protocol: number): BatchVerdict {
  const verdict: BatchVerdict = { ok: true, batch: admitBatch(network, protocol, bytes, null)!, slow: 0 };
  verdicts.set(bytes, verdict);
  return verdict;
}

/** Bytes that need no check of signatures: from the own journal, or of a block under a certificate (§4.9). Proofs still run: they decide outcomes. */
export function admitBatch(network: Bytes, protocol: number, bytes: Bytes, digest: Bytes | null): VerifiedBatch | undefined {
  const { from, to } = readBatch(bytes);
  const offsets = splitTransactions(bytes, from, to);
  const items: KnownTransaction[] = [];
  for (let i = 0; i < offsets.length; i += 2)
    items.push(admitted(network, protocol, bytes.subarray(offsets[i], offsets[i]! + offsets[i + 1]!)));
  const batch = ownBatch(network, bytes, items);
  return digest === null || equalBytes(batch.reference.digest, digest) ? batch : undefined;
}

function admitted(network: Bytes, protocol: number, bytes: Bytes): KnownTransaction {
  const layout = readLayout(bytes, 0, bytes.length);
  let work = 0;
  const failedProofs: string[] = [];
  readOperations(bytes, layout).forEach(({ action, argsAt }, i) => {
    work += contracts().work(action, protocol);
    for (const rule of contracts().proofs(action, decodeFirst(bytes, argsAt), network)) failedProofs.push(`${i}:${rule}`);
  });
  return {
    bytes,
    id: transactionId(network, bytes.subarray(0, layout.bodyEnd)),
    fullHash: fullHash(bytes),
    notAfter: layout.notAfter,
    signatures: layout.signers,
    work,
    failedProofs,
  };
}

const ACK_MS = 0.1;
const VERIFY_MS = 0.5;

export class SimBatches {
  private readonly node: SimNode;
  private life: Life = { alive: false };
  private acks: Bytes[] = [];
  private urgent: Bytes[] = [];
  private readonly verifying = new Set<string>();
  /** Orders name these: they are taken whatever their origin has out. */
  private readonly wanted = new Set<string>();
  private cancelCut: (() => void) | undefined;

  constructor(node: SimNode) {
    this.node = node;
  }

  restarted(life: Life): void {
    this.life = life;
    this.acks = [];
    this.urgent = [];
    this.verifying.clear();
    this.wanted.clear();
    this.cancelCut = undefined;
  }

  /** Held, or being verified. */
  knows(digest: Bytes): boolean {
    return this.node.mempool.holdings.get(digest) !== undefined || this.verifying.has(latin1(digest));
  }

  /** Cuts what is due now, and comes back when the next is. */
  poke(): void {
    const { node } = this;
    const { mempool, world } = node;
    if (!this.life.alive || !node.votes()) return;
    this.cancelCut?.();
    for (let batch = mempool.cut({ at: node.monotonic() }); batch !== undefined; batch = mempool.cut({ at: node.monotonic() }))
      this.own(batch);
    const at = mempool.cutAt();
    // The clock of a node may run slow: a little later than due is as good.
    this.cancelCut =
      at === undefined ? undefined : world.clock.after(Math.max(0, at - node.monotonic()) * 1.2 + 0.01, this.life, () => this.poke());
  }

  private own(batch: VerifiedBatch): void {
    if (this.node.world.scheme === hashScheme) sound.add(batch.bytes);
    this.learn(batch);
    this.node.toValidators({ kind: "batch", bytes: batch.bytes });
  }

  private learn(batch: VerifiedBatch): void {
    if (this.node.corruption?.learns(batch.origin) !== false) this.node.driver?.batch(factsOf(batch));
  }

  received(from: number, bytes: Bytes): void {
    const { node } = this;
    const { network } = node.world.founding;
    try {
      const digest = batchDigest(network, bytes, readBatch(bytes));
      const name = latin1(digest);
      if (node.mempool.holdings.get(digest) !== undefined) return this.ack(digest);
      if (this.verifying.has(name)) return;
      const verdict = verdictOn(network, bytes, node.config.protocol);
      if (verdict === "unsigned") return node.peers.penalise(from, "batch.signature");
      this.verifying.add(name);
      node.world.clock.after(VERIFY_MS, this.life, () => this.verified(from, digest, verdict));
    } catch (error) {
      if (!isLedgerError(error) || error.code.startsWith("bug.")) throw error;
      node.peers.penalise(from, error.code);
    }
  }

  private verified(from: number, digest: Bytes, verdict: BatchVerdict): void {
    const { node } = this;
    const name = latin1(digest);
    this.verifying.delete(name);
    if (!verdict.ok) {
      node.peers.penalise(from, verdict.code);
      node.driver?.refused(digest);
      return;
    }
    const wanted = this.wanted.delete(name);
    const held = node.mempool.hold(verdict.batch, wanted);
    if (held === "held") {
      if (wanted) node.driver?.batch(factsOf(verdict.batch));
      else this.learn(verdict.batch);
    }
    if (held === "held" || held === "known") this.ack(digest);
    else node.world.watch.note(held);
  }

  pulled(from: number, digests: readonly Bytes[]): void {
    for (const digest of digests.slice(0, MAX_ACKS_PER_MESSAGE)) {
      const batch = this.node.mempool.holdings.get(digest);
      if (batch !== undefined && this.isPassedOn(batch)) this.node.transmit(from, { kind: "batch", bytes: batch.bytes });
    }
  }

  private isPassedOn({ bytes, origin, vouched }: VerifiedBatch): boolean {
    if (vouched === undefined) return true;
    return batchSigned(this.node.world.founding.network, bytes, readBatch(bytes), secretsOf(indexOf(origin)).peer.key);
  }

  /** Consensus wants this body: ask one of these for it. */
  pull(digest: Bytes, needed: boolean, from: readonly string[]): void {
    const { node } = this;
    const held = node.mempool.holdings.get(digest);
    if (held !== undefined) {
      node.mempool.hold(held, true);
      return node.driver?.batch(factsOf(held));
    }
    const name = latin1(digest);
    if (this.wanted.size > MAX_ACKS_PER_MESSAGE) this.wanted.clear();
    if (needed) this.wanted.add(name);
    if (this.verifying.has(name) || from.length === 0) return;
    node.transmit(indexOf(node.random.pick(from)), { kind: "pull", digests: [digest] });
  }

  /** Says what is held: to a peer that connected, or to all on a new view (§4.8). */
  ackAll(peer?: number): void {
    const digests = [...this.node.mempool.holdings.waiting()].map((b) => b.reference.digest).slice(0, MAX_ACKS_PER_MESSAGE);
    if (digests.length === 0) return;
    if (peer === undefined) this.node.toValidators({ kind: "ack", digests });
    else this.node.transmit(peer, { kind: "ack", digests });
  }

  private ack(digest: Bytes): void {
    const { clock } = this.node.world;
    this.acks.push(digest);
    this.urgent.push(digest);
    if (this.urgent.length === 1) clock.after(ACK_MS, this.life, () => this.toPrimary());
    if (this.acks.length === 1)
      clock.after(ACKS_EVERY_MS, this.life, () => {
        const digests = this.acks.splice(0).filter((d) => this.node.mempool.holdings.waits(d));
        for (let at = 0; at < digests.length; at += MAX_ACKS_PER_MESSAGE)
          this.node.toValidators({ kind: "ack", digests: digests.slice(at, at + MAX_ACKS_PER_MESSAGE) });
      });
  }

  private toPrimary(): void {
    const { node } = this;
    const digests = this.urgent.splice(0);
    const replica = node.driver?.replica;
    const primary = replica === undefined ? node.id : primaryOf(replica, replica.view);
    if (primary !== node.id) node.transmit(indexOf(primary), { kind: "ack", digests });
  }
}

/** A batch whose array is the same and whose signature is not: one digest, two byte strings. */
export function withOtherSignature(bytes: Bytes): Bytes {
  return concat(bytes.subarray(0, bytes.length - 64), new Uint8Array(64).fill(7));
}
