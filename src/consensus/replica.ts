// The state of one replica, and the questions everybody asks of it. docs/protocol.md §4.1.
// Owns the shape of the state and plain predicates over it. Does not own any rule that changes it: those are in the files named after their section.

import { type Bytes, equalBytes, latin1 } from "../base/bytes.ts";
import { faults, primaryIndex, quorum } from "../base/certificate.ts";
import { type BatchReference, type OrderHeader, orderDigest } from "../base/header.ts";
import type { EpochConfig, Order, Setup } from "./types.ts";
import type { Entry, Peer, Replica, Slot, StoredVote, Tally } from "./replicaState.ts";

export type * from "./replicaState.ts";

/** A replica at the head of its database, before its journal is read. */
export function createReplica(setup: Setup): Replica {
  const { network, organisation, key, ports, supported, head, config, now, at } = setup;
  const r: Replica = {
    network,
    organisation,
    key,
    ports,
    supported,
    now,
    at,
    config,
    end: config.end,
    me: -1,
    indexes: new Map(),
    n: 0,
    f: 0,
    q: 0,
    head,
    committing: head.height,
    committingHead: head,
    committingHeads: [],
    recent: [],
    certified: new Map(),
    later: new Map(),
    highestCertified: head.height,
    gapSince: null,
    view: 0,
    mode: "active",
    promise: 0,
    left: 0,
    newView: null,
    newViewHash: null,
    own: null,
    claims: new Map(),
    pending: null,
    best: null,
    accepted: [],
    firstVote: 0,
    certifiedInView: 0,
    slots: new Map(),
    leaveReason: null,
    votes: new Map(),
    locks: new Map(),
    lockNoticed: new Set(),
    known: new Map(),
    results: new Map(),
    executing: new Set(),
    asked: new Map(),
    batches: new Map(),
    origins: new Map(),
    wanted: new Map(),
    ordered: new Set(),
    refused: new Set(),
    lastServed: "",
    divergence: null,
    diverged: false,
    split: null,
    splitLeft: 0,
    started: false,
    nonce: now,
    answered: new Map(),
    lacking: null,
    startHead: head.height,
    elsewhere: new Set(),
    settledTurn: "",
    ready: false,
    silentUntil: 0,
    epochEndAsked: -1,
    stopped: false,
    silenceSince: null,
    newViewSince: null,
    restSince: null,
    lastCommitAt: at,
    lastProposalAt: Number.NEGATIVE_INFINITY,
    lastClaimAt: at,
    lastStatusAt: at,
    lastFetchAt: at,
    clockOff: false,
    peers: new Map(),
    convicted: new Set(),
    accusations: new Map(),
    proven: new Map(),
  };
  setConfig(r, config);
  return r;
}

/** Puts an epoch's set and numbers in force (§4.1.1). */
export function setConfig(r: Replica, config: EpochConfig): void {
  r.config = config;
  r.end = config.end;
  r.n = config.validators.length;
  r.f = faults(r.n);
  r.q = quorum(r.n);
  r.indexes = new Map(config.validators.map((v, i) => [v.id, i]));
  const me = r.indexes.get(r.organisation);
  r.me = me !== undefined && equalBytes(config.validators[me]!.key, r.key) ? me : -1;
}

export const windowSize = (r: Replica): number => r.config.parameters.window;
/** Last height that may be voted on now: within the window and the epoch (§4.1.3, §4.3.1). */
export const lastVotable = (r: Replica): number => Math.min(r.head.height + windowSize(r), r.end);

export const tipHeight = (r: Replica): number => r.head.height + r.accepted.length;
export const tipDigest = (r: Replica): Bytes => r.accepted.at(-1)?.digest ?? r.head.digest;
export const tipTime = (r: Replica): number => r.accepted.at(-1)?.order.time ?? r.head.time;
/** The accepted order at a height above the committed one. */
export const acceptedAt = (r: Replica, height: number): Entry | undefined => r.accepted[height - r.head.height - 1];

export const primaryOf = (r: Replica, view: number): string => r.config.validators[primaryIndex(r.n, r.config.epoch, view)]!.id;
export const isPrimary = (r: Replica): boolean => r.me >= 0 && primaryIndex(r.n, r.config.epoch, r.view) === r.me;
export const keyOf = (r: Replica, id: string): Bytes | undefined => r.config.validators[r.indexes.get(id) ?? -1]?.key;

/** May sign at all: a validator with an intact journal, asked and answered (§4.7.4), that has not diverged (§3.7.2). */
export const mayVote = (r: Replica): boolean => r.me >= 0 && r.ready && !silent(r) && !r.diverged && !r.stopped;
export const silent = (r: Replica): boolean => r.config.epoch < r.silentUntil;

/** Blocks beyond my window are certified: what I vote on is of no use to anybody (§4.6.7). */
export const syncing = (r: Replica): boolean => r.highestCertified > r.head.height + windowSize(r);
/** Last height that surely belongs to this epoch: a block that I lack, enacting a change, ends it a window later at the earliest (§4.3.1). */
export const surelyOfEpoch = (r: Replica): number => Math.min(r.end, r.head.height + 1 + windowSize(r));
/**
 * Timers rest while certificates are ahead of me that I can catch up with, in a split, and while I may not vote (§4.6.7). A higher block certified while the next
 * one is not is no such thing: a Byzantine Commit for the higher height alone can make that, and only another view ends it.
 */
export const resting = (r: Replica): boolean =>
  r.certified.has(r.committing + 1) || r.committing > r.head.height || syncing(r) || r.split !== null || !mayVote(r);

export function peerOf(r: Replica, id: string): Peer {
  let peer = r.peers.get(id);
  if (peer === undefined) {
    peer = {
      status: null,
      offset: 0,
      firstCommitted: -1,
      statusAt: Number.NEGATIVE_INFINITY,
      answeredAt: Number.NEGATIVE_INFINITY,
      early: new Map(),
      forwarded: new Set(),
    };
    r.peers.set(id, peer);
  }
  return peer;
}

export function newTally(n: number): Tally {
  return { votes: Array.from<StoredVote | undefined>({ length: n }), counts: new Map(), total: 0, certificate: null };
}

export function slotAt(r: Replica, height: number): Slot {
  let slot = r.slots.get(height);
  if (slot === undefined) {
    slot = { proposal: null, prepares: newTally(r.n), commits: newTally(r.n) };
    r.slots.set(height, slot);
  }
  return slot;
}

/** An order under its digest; the same object for the same order, so that what is learnt of it is learnt once. */
export function entryOf(r: Replica, { order, references }: Order): Entry {
  return knownEntry(r, orderDigest(r.network, order), order, references);
}

export function knownEntry(r: Replica, digest: Bytes, order: OrderHeader, references: readonly BatchReference[]): Entry {
  const key = latin1(digest);
  return (
    r.known.get(key) ?? {
      height: order.height,
      digest,
      key,
      order,
      references,
      batches: references.map((b) => latin1(b.digest)),
      held: false,
      durable: false,
    }
  );
}

/** Every batch of the order is held and verified. */
export function isHeld(r: Replica, entry: Entry): boolean {
  if (!entry.held) entry.held = entry.batches.every((key) => r.batches.has(key));
  return entry.held;
}
