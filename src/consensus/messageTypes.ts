// What validators say to each other, as the core sees it: votes, claims, view changes, status. docs/protocol.md §4.2, §4.7, §4.9.
// Owns types only. Does not own: their bytes (messages.ts), what they mean (the core).

import type { Bytes } from "../base/bytes.ts";
import type { Certificate, VoteFields, VoteKind } from "../base/certificate.ts";
import type { BatchReference, BlockHeader, OrderHeader } from "../base/header.ts";
import type { Mode } from "./types.ts";

// ── messages (§4.2, §4.7, §4.9) ──────────────────────────────────────────────────────────────────────────────────────────────

/** A Prepare (hash = order digest) or Commit (hash = block hash). Signed over all fields before `signature`. */
export interface Vote extends VoteFields {
  readonly kind: VoteKind;
  readonly signature: Bytes;
}

/** An order with what it orders. */
export interface Order {
  readonly order: OrderHeader;
  readonly references: readonly BatchReference[];
}

export interface PrePrepare extends Order {
  readonly kind: "prePrepare";
  readonly view: number;
  /** The primary's own Prepare: the message's only signature, counted once. */
  readonly prepare: Vote;
}

/** A replica's highest certificate as a claim names it. `digest` is the order digest also where the certificate is a commit certificate. */
export interface BestClaim {
  readonly view: number;
  readonly height: number;
  readonly digest: Bytes;
}

/** The signed part of a view change. */
export interface Claim {
  readonly epoch: number;
  /** The view asked for. */
  readonly view: number;
  readonly committedHeight: number;
  readonly committedHash: Bytes;
  readonly best: BestClaim | null;
  readonly signer: string;
  readonly signature: Bytes;
}

/** A certificate of an order: its own, or a commit certificate with the block header that says which order it certifies. */
export interface OrderCertificate {
  readonly certificate: Certificate;
  /** With a commit certificate only. */
  readonly header: BlockHeader | null;
}

export interface ViewChange {
  readonly kind: "viewChange";
  readonly claim: Claim;
  /** Of the committed height; null at height 0. */
  readonly committed: Certificate | null;
  readonly best: OrderCertificate | null;
  /** From committed + 1 to best, ascending; empty if best is not above the committed height. */
  readonly orders: readonly Order[];
}

export interface NewView {
  readonly kind: "newView";
  readonly epoch: number;
  readonly view: number;
  /** q claims for exactly this view, distinct signers. */
  readonly claims: readonly Claim[];
  /** Of the highest committed height claimed; null if that is 0. */
  readonly committed: Certificate | null;
  /** Of the highest best claimed; null if none is claimed. */
  readonly best: OrderCertificate | null;
  /** From the highest committed height + 1 to the selected tip. */
  readonly orders: readonly Order[];
  /** The primary's Prepare for the selected tip; null if the tip is committed. */
  readonly prepare: Vote | null;
  readonly signer: string;
  /** Over [epoch, view, SHA-256 of the canonical bytes of all fields before signer, signer], so that evidence of two NewViews is small. */
  readonly signature: Bytes;
}

/** Unsigned: believed only as far as the sender's own state goes. */
export interface Status {
  readonly kind: "status";
  readonly epoch: number;
  /** The view entered last. */
  readonly view: number;
  readonly promise: number;
  readonly mode: Mode;
  readonly committed: number;
  readonly hash: Bytes;
  readonly tip: number;
  readonly clock: number;
}

/** "What were my own latest votes?" (§4.7). */
export interface Ask {
  readonly kind: "ask";
  /** Names the question: answers to an earlier start do not count. */
  readonly nonce: number;
}

export interface Answer {
  readonly kind: "answer";
  readonly nonce: number;
  readonly epoch: number;
  readonly committed: number;
  /** The asker's Prepares and Commits above `committed` in the answerer's epoch that it holds: per kind the latest by (view, height). */
  readonly votes: readonly Vote[];
  /** The asker's highest claim. */
  readonly claim: Claim | null;
  /** The NewView of the answerer's view, if the asker signed it, in its small signed form. */
  readonly newView: SignedNewView | null;
  /** The asker's peer key answers on another connection as well (p2p says so). */
  readonly elsewhere: boolean;
}

export interface SignedNewView {
  readonly epoch: number;
  readonly view: number;
  readonly hash: Bytes;
  readonly signer: string;
  readonly signature: Bytes;
}

/** "Send me the order of this digest" or, with `block`, the committed block of that height. */
export interface Get {
  readonly kind: "get";
  readonly what: "order" | "block";
  readonly height: number;
  /** Order digest; for a block its block hash, or 32 zero bytes for whichever is committed. */
  readonly hash: Bytes;
}

export interface GiveOrder extends Order {
  readonly kind: "order";
}

/** A block without bodies. With its certificate it is a fact. */
export interface Block {
  readonly kind: "block";
  readonly header: BlockHeader;
  readonly references: readonly BatchReference[];
  /** Null if the sender knows the block but not that it is committed: of use to whoever holds q Commits and lacks the header. */
  readonly certificate: Certificate | null;
}

/** "Propose this: it has waited for T/2" (§4.6). The primary fetches from the sender what it lacks. */
export interface Forward {
  readonly kind: "forward";
  readonly digest: Bytes;
}

/** Two Prepares of a primary for one slot, sent to all by whoever saw both (§4.6). */
export interface Conflict {
  readonly kind: "conflict";
  readonly first: Vote;
  readonly second: Vote;
}

export type VoteMessage = Vote;
export type Message =
  | VoteMessage
  | PrePrepare
  | ViewChange
  | NewView
  | Status
  | Ask
  | Answer
  | Get
  | GiveOrder
  | Block
  | Forward
  | Conflict;

export interface Outgoing {
  /** All other validators of the epoch at the time of the effect, or one organisation. */
  readonly to: string;
  readonly message: Message;
}
