// The state of one replica, and the questions everybody asks of it. docs/protocol.md §4.1.
// Owns the shape of the state and plain predicates over it. Does not own any rule that changes it: those are in the files named after their section.

import { type Bytes, equalBytes, latin1 } from "../base/bytes.ts";
import { type Certificate, faults, primaryIndex, quorum } from "../base/certificate.ts";
import { type BatchReference, type BlockHeader, type OrderHeader, orderDigest } from "../base/header.ts";
import type {
  BatchFacts,
  Block,
  EpochConfig,
  Head,
  Message,
  Mode,
  NewView,
  Order,
  OrderCertificate,
  PrePrepare,
  Ports,
  Result,
  Setup,
  Status,
  ViewChange,
  Vote,
} from "./types.ts";

/** A digest as a map key. */
export type Key = string;

/** An order that is known by its digest. */
export interface Entry extends Order {
  readonly height: number;
  readonly digest: Bytes;
  readonly key: Key;
  /** Keys of its batches. */
  readonly batches: readonly Key[];
  /** Every batch is held; never turns back, since batches of known orders are not released. */
  held: boolean;
  /** Header, references and bodies are in the journal. */
  durable: boolean;
}

/** A PrePrepare of the view's primary, its signature verified. */
export interface Proposal {
  readonly message: PrePrepare;
  readonly entry: Entry;
  /** False if its time was too far behind my clock at first sight (§3). */
  readonly fresh: boolean;
}

export interface StoredVote {
  readonly hash: Bytes;
  readonly key: Key;
  readonly signature: Bytes;
  verified: boolean;
}

/** The votes of one kind for one (view, height): one a signer. */
export interface Tally {
  readonly votes: (StoredVote | undefined)[];
  /** Signers per hash, verified or not. */
  readonly counts: Map<Key, number>;
  total: number;
  certificate: Certificate | null;
}

/** What is known of one height in the present view. */
export interface Slot {
  proposal: Proposal | null;
  readonly prepares: Tally;
  readonly commits: Tally;
}

/** The own highest certificate by (view, height) (§4.1). */
export interface Best extends OrderCertificate {
  readonly view: number;
  readonly height: number;
  readonly digest: Bytes;
  durable: boolean;
}

/** A commit certificate above the committed height, and the block it certifies once known. */
export interface Fact {
  readonly certificate: Certificate;
  readonly header: BlockHeader | null;
  readonly references: readonly BatchReference[] | null;
}

export interface Batch {
  facts: BatchFacts;
  readonly key: Key;
  readonly arrivedAt: number;
  /** Bit per validator that acked it. */
  acks: Uint8Array;
  ackCount: number;
  /** Forwarded to me in this view: proposed without q acks (§4.8). */
  forwarded: boolean;
  /** Part of the accepted chain. */
  inFlight: boolean;
  /** Committed or expired. */
  gone: boolean;
}

/** The waiting batches of one origin, oldest first (§4.6). */
export interface Origin {
  readonly id: string;
  readonly queue: Batch[];
  head: Batch | null;
  /** When `head` became the head, in this view. */
  headSince: number;
  /** `head` was forwarded in this view. */
  forwarded: boolean;
}

/** Acks for a batch that I lack: it is pulled from an acker (§4.8). */
export interface Wanted {
  readonly digest: Bytes;
  readonly from: string[];
  readonly since: number;
  askedAt: number;
}

export type LeaveReason = "silence" | "censorship" | "joined" | "new_view_timer" | "equivocation" | "malformed" | "self";

export interface Peer {
  status: Status | null;
  /** Its clock minus mine when its Status came. */
  offset: number;
  /** The committed height it named first since my start; -1 before. */
  firstCommitted: number;
  /** Messages ahead of their turn, one per slot and kind (§4.11). */
  readonly early: Map<string, Message>;
  /** When its last Status came, and when I answered one. */
  statusAt: number;
  answeredAt: number;
  /** Batches that it forwarded to me and that still wait. */
  readonly forwarded: Set<Key>;
}

export interface Replica {
  readonly network: Bytes;
  readonly organisation: string;
  readonly key: Bytes;
  readonly ports: Ports;
  readonly supported: number;
  now: number;
  at: number;

  // ── epoch (§4.3)
  config: EpochConfig;
  /** Last height of the epoch as the committed head knows it. */
  end: number;
  /** Own index in the set; -1 if the set does not name me with my key. */
  me: number;
  indexes: Map<string, number>;
  n: number;
  f: number;
  q: number;

  // ── committed
  head: Head;
  /** Commit effects are out up to this height. */
  committing: number;
  committingHead: Head;
  /** Heads of the commit effects that are out, lowest first. */
  readonly committingHeads: Head[];
  /** The last committed blocks, for peers a little behind. */
  readonly recent: Block[];
  readonly certified: Map<number, Fact>;
  /** Blocks of later epochs whose certificates cannot be checked yet, by height. */
  readonly later: Map<number, Block>;
  /** Highest height a verified commit certificate names; the own sync target. */
  highestCertified: number;
  /** Since when a higher block is certified while the next one is missing. */
  gapSince: number | null;

  // ── view (§4.1, §4.5)
  view: number;
  mode: Mode;
  promise: number;
  /** Views left since the last commit (§4.6). */
  left: number;
  /** The NewView by which `view` was entered; null in view 0. */
  newView: NewView | null;
  newViewHash: Bytes | null;
  /** The own view change for `promise` while changing. */
  own: ViewChange | null;
  /** Highest valid view change per signer, the own included. */
  readonly claims: Map<string, ViewChange>;
  /** A valid NewView above `view` that waits for blocks to be committed. */
  pending: NewView | null;
  best: Best | null;
  accepted: Entry[];
  /** In a view entered by a NewView: the selected tip, the first to be prepared there; 0 if nothing is owed. */
  firstVote: number;
  /** Height up to which a certificate of this view stands for the accepted chain. */
  certifiedInView: number;
  slots: Map<number, Slot>;
  /** A reason to leave the view at once was seen in this step (§4.6). */
  leaveReason: LeaveReason | null;
  /** Own votes of this view above the committed height, by kind and height. */
  readonly votes: Map<string, Vote>;
  /** Result lock: order digest → block hash once signed. */
  readonly locks: Map<Key, { height: number; hash: Bytes }>;

  /** Orders for which the lock was noticed already. */
  readonly lockNoticed: Set<Key>;

  // ── orders and results
  readonly known: Map<Key, Entry>;
  readonly results: Map<Key, Result>;
  readonly executing: Set<Key>;
  /** Asked of peers: order or block, by key, and when. */
  readonly asked: Map<string, number>;

  // ── batches (§4.8)
  readonly batches: Map<Key, Batch>;
  readonly origins: Map<string, Origin>;
  readonly wanted: Map<Key, Wanted>;
  /** Digests committed lately, so that a late copy does not wait again. */
  readonly ordered: Set<Key>;
  readonly refused: Set<Key>;
  /** Round-robin: the origin served last. */
  lastServed: string;

  // ── divergence and split (§3)
  divergence: { height: number; key: Key; again: boolean; certified: Bytes | null } | null;
  /** Own result contradicts a certificate even after a cold re-execution: nothing is signed any more. */
  diverged: boolean;
  split: { view: number; height: number } | null;
  /** Height of the split for which the primary stepped down. */
  splitLeft: number;

  // ── start and silence (§4.7)
  started: boolean;
  nonce: number;
  /** Who answered, and its committed height. */
  readonly answered: Map<string, number>;
  /** Heights of own votes that others showed and my journal lacks. */
  readonly lacking: number[];
  /** The highest head certified when I started, as the answers told. */
  startHead: number;
  /** Who says that my peer key answers on another connection. */
  readonly elsewhere: Set<string>;
  /** Epoch, view and next view for which early messages have been looked through. */
  settledTurn: string;
  /** The start question is answered: voting may begin. */
  ready: boolean;
  /** Journal lost: no vote before this epoch (Infinity until it is settled); 0 if intact. */
  silentUntil: number;
  /** Committed height when the end of an epoch was last asked for. */
  epochEndAsked: number;
  stopped: boolean;

  // ── timers (§4.6), monotonic ms
  silenceSince: number | null;
  newViewSince: number | null;
  restSince: number | null;
  lastCommitAt: number;
  lastProposalAt: number;
  lastClaimAt: number;
  lastStatusAt: number;
  lastFetchAt: number;
  clockOff: boolean;
  readonly peers: Map<string, Peer>;
  /** Slots for which evidence went out. */
  readonly convicted: Set<string>;
  /** Certificates verified lately, by what they certify. */
  readonly proven: Map<string, Certificate>;
}

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
    lacking: [],
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
    proven: new Map(),
  };
  setConfig(r, config);
  return r;
}

/** Puts an epoch's set and numbers in force (§4.1). */
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
/** Last height that may be voted on now: within the window and the epoch (§4.1, §4.3). */
export const lastVotable = (r: Replica): number => Math.min(r.head.height + windowSize(r), r.end);

export const tipHeight = (r: Replica): number => r.head.height + r.accepted.length;
export const tipDigest = (r: Replica): Bytes => r.accepted.at(-1)?.digest ?? r.head.digest;
export const tipTime = (r: Replica): number => r.accepted.at(-1)?.order.time ?? r.head.time;
/** The accepted order at a height above the committed one. */
export const acceptedAt = (r: Replica, height: number): Entry | undefined => r.accepted[height - r.head.height - 1];

export const primaryOf = (r: Replica, view: number): string => r.config.validators[primaryIndex(r.n, r.config.epoch, view)]!.id;
export const isPrimary = (r: Replica): boolean => r.me >= 0 && primaryIndex(r.n, r.config.epoch, r.view) === r.me;
export const keyOf = (r: Replica, id: string): Bytes | undefined => r.config.validators[r.indexes.get(id) ?? -1]?.key;

/** May sign at all: a validator with an intact journal, asked and answered (§4.7), that has not diverged (§3). */
export const mayVote = (r: Replica): boolean => r.me >= 0 && r.ready && !silent(r) && !r.diverged && !r.stopped;
export const silent = (r: Replica): boolean => r.config.epoch < r.silentUntil;

/** Blocks beyond my window are certified: what I vote on is of no use to anybody (§4.6). */
export const syncing = (r: Replica): boolean => r.highestCertified > r.head.height + windowSize(r);
/**
 * Timers rest while certificates are ahead of me that I can catch up with, in a split, and while I may not vote (§4.6). A higher block certified while the next
 * one is not is no such thing: a Byzantine Commit for the higher height alone can make that, and only another view ends it.
 */
export const resting = (r: Replica): boolean =>
  r.certified.has(r.committing + 1) || r.committing > r.head.height || syncing(r) || r.split !== null || !mayVote(r);

export function peerOf(r: Replica, id: string): Peer {
  let peer = r.peers.get(id);
  if (peer === undefined) {
    peer = { status: null, offset: 0, firstCommitted: -1, statusAt: Number.NEGATIVE_INFINITY, answeredAt: Number.NEGATIVE_INFINITY, early: new Map(), forwarded: new Set() };
    r.peers.set(id, peer);
  }
  return peer;
}

export function newTally(n: number): Tally {
  return { votes: new Array<StoredVote | undefined>(n), counts: new Map(), total: 0, certificate: null };
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

export const isBatchHeld = (r: Replica, key: Key): boolean => r.batches.has(key);

/** Every batch of the order is held and verified. */
export function isHeld(r: Replica, entry: Entry): boolean {
  if (!entry.held) entry.held = entry.batches.every((key) => r.batches.has(key));
  return entry.held;
}
