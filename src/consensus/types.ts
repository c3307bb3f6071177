// The vocabulary of the pure core: what goes in (Input), what comes out (Effect), what is written first (JournalRecord), what is sent (Message).
// Owns types only; the state itself is replica.ts. Driver, journal, node and simulator are written against this file. docs/protocol.md §4.
//
//   step(replica: Replica, input: Input): Effect[]        step.ts        synchronous; only `replica` changes
//   restore(setup: Setup, records): Replica               restore.ts     the journal's records, oldest first → the replica as it was
//   duties(replica): JournalRecord[]                      restore.ts     what a new journal segment begins with
//   wakeAt(replica): number                               timers.ts      monotonic ms at which a `tick` is next worth something
//   encodeMessage / decodeMessage                         messages.ts    decodeMessage never throws: it returns { message } or { reject: code }
//   encodeRecord / decodeRecord                           records.ts
//
// THE DRIVER'S DUTIES. Effects of one step are carried out in order, and steps in order.
// 1. Barrier: no `send`, no `then` and no `commit` may overtake an earlier `persist`: each waits until everything persisted before it is durable.
// 2. `execute` and `commit` come strictly by height on one chain; the driver's queue runs them one after the other and answers each with `executed`/`committed`.
// 3. After `stop` nothing more is signed or sent: finish what is durable, exit.
// A `persist` that fails is a stop too.

import type { Bytes } from "../base/bytes.ts";
import type { Certificate, SignatureCheck, ValidatorSet, VoteKind } from "../base/certificate.ts";
import type { BatchReference, BlockHeader, OrderHeader } from "../base/header.ts";
import type { Parameters } from "../base/parameters.ts";

import type { Message, NewView, Order, OrderCertificate, Outgoing, ViewChange, Vote } from "./messageTypes.ts";

export type * from "./messageTypes.ts";

// ── what the core is given at the start ──────────────────────────────────────────────────────────────────────────────────────

/** The only ports inside the core; synchronous and pure. The daemon's are libsodium, the simulator's a keyed hash. */
export interface Ports {
  /** Verdict on a signature over framed bytes (`frame(tag, network, …)`: the tag says which kind of message it is). */
  verify: SignatureCheck;
  /** Signature of framed bytes by the own consensus key. Deterministic, so that a restart signs the same bytes again. */
  sign(framed: Bytes): Bytes;
}

/** What is in force in an epoch (§4.3). */
export interface EpochConfig {
  readonly epoch: number;
  /** First height. */
  readonly start: number;
  /** Last height as the state at the committed head knows it: start + K − 1, or earlier. Later results may lower it (`Result.epochEnd`). */
  readonly end: number;
  readonly validators: ValidatorSet;
  readonly parameters: Parameters;
  readonly protocol: number;
}

/** The committed head as the database holds it. At height 0 both hashes are the genesis hash, header and certificate are null, time is the genesis time. */
export interface Head {
  readonly height: number;
  /** Order digest. */
  readonly digest: Bytes;
  /** Block hash. */
  readonly hash: Bytes;
  readonly time: number;
  readonly header: BlockHeader | null;
  readonly references: readonly BatchReference[];
  readonly certificate: Certificate | null;
  /** Time of the first entry of the due index after this block, null if none. */
  readonly dueHead: number | null;
}

export interface Setup {
  /** Genesis hash. */
  readonly network: Bytes;
  /** Own organisation. It need not be in the set: then the replica follows and votes on nothing. */
  readonly organisation: string;
  /** Own consensus public key. In an epoch whose set names another key for `organisation`, the replica follows silently. */
  readonly key: Bytes;
  readonly ports: Ports;
  /** Highest protocol version that this release knows. */
  readonly supported: number;
  readonly head: Head;
  /** The epoch of height head + 1. */
  readonly config: EpochConfig;
  /** False if the journal is lost, damaged or foreign: silence until epoch x + 2 (§4.7), unless a `silence` record tells that it was settled already. */
  readonly intact: boolean;
  readonly now: number;
  readonly at: number;
}

// ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the core needs to know of a batch that the node holds whole and has verified. */
export interface BatchFacts {
  readonly reference: BatchReference;
  /** Organisation that made it. */
  readonly origin: string;
  readonly sequence: number;
  /** Declared work by the manifest in force. At an epoch start the driver gives each held batch again, counted anew (§4.4). */
  readonly work: number;
  readonly signatures: number;
  /** The latest notAfter of its transactions: while it is not past, the batch waits (§4.6). */
  readonly notAfter: number;
}

/** What executing an order gave. */
export interface Result {
  /** Order digest. */
  readonly digest: Bytes;
  readonly header: BlockHeader;
  /** Block hash of `header`. */
  readonly hash: Bytes;
  /** Last height of the epoch as the state after this block knows it. */
  readonly epochEnd: number;
  readonly dueHead: number | null;
  /** With the last block of an epoch: what is in force from the next height on. */
  readonly next: EpochConfig | null;
}

interface Timed {
  /** The machine's clock, ms since 1970; for block times only. May jump. */
  readonly now: number;
  /** Monotonic ms; for timers. Never goes back. */
  readonly at: number;
}

export type Input = Timed &
  (
    | /** Once, after restore and before anything else: says Status, asks for own votes, executes what was accepted. */ {
        readonly kind: "start";
      }
    | /** At `wakeAt`, or at any time (cheap). */ { readonly kind: "tick" }
    | {
        readonly kind: "message";
        /** Organisation that the connection authenticated. */
        readonly from: string;
        readonly message: Message;
        /** With an `ask`: p2p sees the sender's peer key on another live connection too. */
        readonly elsewhere?: boolean;
      }
    | /** A connection stands (again): it gets Status, and the start question if it is open. */ {
        readonly kind: "connected";
        readonly peer: string;
      }
    | /** A batch is held and verified, its body readable by digest. Given again, its facts replace the former. */ {
        readonly kind: "batch";
        readonly batch: BatchFacts;
      }
    | /** A batch of this digest was seen whole and holds an ill-formed transaction: no order with it is acceptable. */ {
        readonly kind: "refused";
        readonly digest: Bytes;
      }
    | { readonly kind: "acked"; readonly from: string; readonly digests: readonly Bytes[] }
    | /** `again`: the cold re-execution that a `divergence` effect asked for. */ {
        readonly kind: "executed";
        readonly result: Result;
        readonly again?: boolean;
      }
    | /** The block of a `commit` effect is durable in the database. */ { readonly kind: "committed"; readonly height: number }
    | /** A recovery file, checked by the driver: releases the result lock (§3) where no commit certificate is held. */ {
        readonly kind: "recovery";
        readonly height: number;
        readonly digest: Bytes;
        readonly abandon: Bytes;
      }
  );

// ── journal (§4.7) ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Each record names its epoch (of another epoch than the head's next height: it no longer counts) and `height`: with that height committed in the
 * database the record is superfluous; 0 = it stands for the epoch and is repeated by `duties` in each new segment.
 */
export type JournalRecord =
  | /** Header and references of an order that a vote or certificate relies on. The driver writes the `bodies` named (digests) in front of it, once a segment. */ {
      readonly kind: "order";
      readonly epoch: number;
      readonly height: number;
      readonly order: Order;
      readonly bodies: readonly Bytes[];
    }
  | /** An own Prepare or Commit. With a Commit: the order digest, for the result lock. */ {
      readonly kind: "vote";
      readonly epoch: number;
      readonly height: number;
      readonly vote: Vote;
      readonly digest: Bytes;
    }
  | /** The own best certificate. */ {
      readonly kind: "best";
      readonly epoch: number;
      readonly height: 0;
      readonly view: number;
      readonly digest: Bytes;
      readonly certificate: OrderCertificate;
    }
  | /** A view was left: the promise, and the view change as sent and sent again, attachments included. */ {
      readonly kind: "promise";
      readonly epoch: number;
      readonly height: 0;
      readonly viewChange: ViewChange;
    }
  | /** A view was entered by this NewView, one's own included. */ {
      readonly kind: "newView";
      readonly epoch: number;
      readonly height: 0;
      readonly newView: NewView;
    }
  | /** The journal was lost; no vote before epoch `from`, null as long as that is not settled. */ {
      readonly kind: "silence";
      readonly epoch: number;
      readonly height: 0;
      readonly from: number | null;
    }
  | /** A recovery file released this result (§3). */ {
      readonly kind: "release";
      readonly epoch: number;
      readonly height: number;
      readonly digest: Bytes;
      readonly abandon: Bytes;
    };

// ── effects ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Two valid signatures of one key that contradict each other (§4.10). `height` is 0 for two NewViews. */
export interface Evidence {
  readonly kind: VoteKind | "newView";
  readonly epoch: number;
  readonly view: number;
  readonly height: number;
  readonly signer: string;
  readonly key: Bytes;
  readonly first: { readonly hash: Bytes; readonly signature: Bytes };
  readonly second: { readonly hash: Bytes; readonly signature: Bytes };
}

export type Effect =
  | /** Make `records` durable, then send `then`. */ {
      readonly kind: "persist";
      readonly records: readonly JournalRecord[];
      readonly then: readonly Outgoing[];
    }
  | { readonly kind: "send"; readonly to: Outgoing["to"]; readonly message: Message }
  | /** All its batches are held, its parent is executed or the committed head. Answer: `executed`. */ {
      readonly kind: "execute";
      readonly digest: Bytes;
      readonly order: OrderHeader;
      readonly references: readonly BatchReference[];
    }
  | /** The result of this order will not be asked for again. */ { readonly kind: "drop"; readonly digest: Bytes }
  | /** Write the block: one synced batch. Answer: `committed`. Idempotent by height. */ {
      readonly kind: "commit";
      readonly height: number;
      readonly digest: Bytes;
      readonly hash: Bytes;
      readonly header: BlockHeader;
      readonly references: readonly BatchReference[];
      readonly certificate: Certificate;
    }
  | /**
   * Get this body: from the own stores if it is there (an order may name a batch that was committed before), else from one of these, then another; repeated
   * while it is missing. Answer: `batch`.
   */ {
      readonly kind: "fetch";
      readonly digest: Bytes;
      /** An order names it, or a backup has forwarded it: it is taken whatever waits. False if all that is known of it is that somebody acked it. */
      readonly needed: boolean;
      readonly from: readonly string[];
    }
  | /** These bodies are neither waiting nor part of an order in flight any more, and not committed: expired. */ {
      readonly kind: "release";
      readonly digests: readonly Bytes[];
    }
  | { readonly kind: "evidence"; readonly evidence: Evidence }
  | /**
   * Certified blocks up to `height` exist above what consensus messages will bring: fetch them in order (header, references, certificate) and give each as
   * a `block` message, at most SYNC_AHEAD above the committed height. Repeated each second while it lasts. `proven`: a certificate showed it.
   */ { readonly kind: "sync"; readonly height: number; readonly from: readonly string[]; readonly proven: boolean }
  | /** Silent without a journal: ask for an early epoch end by a transaction (§4.7). Once every 20 heights of an epoch. */ {
      readonly kind: "epochEnd";
      readonly epoch: number;
    }
  | /** Own result differs from others': write the capsule, re-execute once from the committed state, cold, and answer `executed` with `again`. */ {
      readonly kind: "divergence";
      readonly height: number;
      readonly digest: Bytes;
      readonly own: Result;
      /** Block hash under a commit certificate, null if only f + 1 Commits say otherwise. */
      readonly certified: Bytes | null;
      readonly others: readonly { readonly signer: string; readonly hash: Bytes }[];
    }
  | /** For the log, the metrics, the operator. `code` is stable; the list is `notices` below. */ {
      readonly kind: "notice";
      readonly code: NoticeCode;
      readonly data: NoticeData;
    }
  | /** The peer sent what no honest node sends: score it. */ { readonly kind: "reject"; readonly peer: string; readonly code: string }
  | /** Stop the process with this exit code, before it signs anything more. */ {
      readonly kind: "stop";
      readonly exit: number;
      readonly code: "start.key_elsewhere" | "release.needed" | "chain.diverged" | "bug.assertion";
      readonly data: NoticeData;
    };

export type NoticeData = Readonly<Record<string, string | number | boolean>>;

export type NoticeCode =
  | "view.left" // view, to, reason: silence | censorship | joined | new_view_timer | equivocation | malformed | self | recovery
  | "view.entered" // view, height of the tip
  | "epoch.entered" // epoch, start, end, validators
  | "start.asked" // how many answers are awaited
  | "start.ready" // voting begins
  | "silence.begun" // reason
  | "silence.settled" // from: first epoch of voting
  | "silence.over"
  | "split" // height, hashes: "signer=first 8 bytes of the hash …"
  | "split.over"
  | "divergence" // height, own, others
  | "divergence.over"
  | "diverged" // height: own result contradicts a certificate even when re-executed: this node signs nothing any more, serves the last good height
  | "lock" // height: own result is another than the one once signed
  | "adopted" // height, view: a certified order replaced the accepted one
  | "equivocation" // signer, vote kind, height, view
  | "clock.off" // ms against the median of the peers
  | "clock.good";

// ── the rest of the vocabulary ───────────────────────────────────────────────────────────────────────────────────────────────

export type Mode = "active" | "changing";
export type { Replica } from "./replica.ts";
