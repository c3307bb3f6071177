// The state of one replica, as data. docs/protocol.md §4.1. Owns its shape; replica.ts makes it and asks plain questions of it, the rules change it.

import { type Bytes } from "../base/bytes.ts";
import { type Certificate } from "../base/certificate.ts";
import { type BatchReference, type BlockHeader } from "../base/header.ts";
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

export type LeaveReason = "silence" | "censorship" | "joined" | "new_view_timer" | "equivocation" | "malformed" | "self" | "recovery";

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
  /** The highest height of an own vote that others showed and my journal lacks, until voting begins. */
  lacking: number | null;
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
  /** How often evidence against a signer went out in this epoch. */
  readonly accusations: Map<string, number>;
  /** Certificates verified lately, by what they certify. */
  readonly proven: Map<string, Certificate>;
}
