// What the driver needs of the world around it: the only seam between consensus and the node. docs/protocol.md §4.
// Owns types only. The node gives the real ones, the tests and the simulator theirs.

import type { Bytes } from "../base/bytes.ts";
import type { Certificate } from "../base/certificate.ts";
import type { BatchReference, BlockHeader, OrderHeader } from "../base/header.ts";
import type { Clock } from "../base/time.ts";
import type { BatchFacts, Block, EpochConfig, Evidence, Head, NoticeCode, NoticeData, Result } from "./types.ts";

/** A block to be written: one synced batch with bodies, header and certificate. */
export interface CommitOrder {
  readonly height: number;
  readonly digest: Bytes;
  readonly hash: Bytes;
  readonly header: BlockHeader;
  readonly references: readonly BatchReference[];
  readonly certificate: Certificate;
}

/** A committed block as a peer sends it for sync: with the bodies of its batches, in the order of the references. Nothing of it is checked yet. */
export interface SyncBlock {
  readonly block: Block;
  readonly bodies: readonly Bytes[];
}

export interface DivergenceReport {
  readonly height: number;
  readonly digest: Bytes;
  readonly own: Result;
  readonly certified: Bytes | null;
  readonly others: readonly { readonly signer: string; readonly hash: Bytes }[];
}

export interface StopReason {
  /** Exit code of the process (interfaces.md §1). */
  readonly exit: number;
  readonly code: string;
  readonly data: NoticeData;
  readonly cause?: unknown;
}

export interface DriverPorts {
  readonly clock: Clock;
  /** Once after `ms`; the result cancels. Default: setTimeout. */
  readonly timer?: (ms: number, run: () => void) => () => void;
  /** After the present turn of the event loop; what comes until then is worked off together. Default: setImmediate. */
  readonly defer?: (run: () => void) => void;

  /** Consensus bytes to one organisation, or for "validators" to all others of the epoch in force. Loss is allowed, order within a connection is kept. */
  send(to: string, bytes: Bytes): void;

  /**
   * The bytes of a held batch, as on the wire. Held = given by `Driver.batch` and not released; when `committed` names it, still for the heights of a window: a
   * Byzantine primary may have put it into a later order in flight as well.
   */
  body(digest: Bytes): Bytes | undefined;
  /**
   * Bytes of a batch that need no check of client signatures: from the own journal, or of a block under a certificate. The node holds them from then on;
   * contracts' proofs are still run, since they decide outcomes. Undefined if this is no batch, or none with the digest named.
   */
  admit(bytes: Bytes, digest: Bytes | null): Promise<BatchFacts | undefined>;
  /** Get this body from one of these peers, then another; asked again each second while it is needed. Answer: `Driver.batch` or `Driver.refused`. */
  fetch(digest: Bytes, needed: boolean, from: readonly string[]): void;
  /** Every held batch, its declared work counted by the manifest in force in this epoch: asked when an epoch begins (§4.4). */
  held(config: EpochConfig): Iterable<BatchFacts>;
  /** These bodies are of no use any more and not committed. */
  release(digests: readonly Bytes[]): void;

  /** Runs an order over the result of its parent. Called strictly one after the other; `commit`, `drop` and `again` as well. */
  execute(digest: Bytes, order: OrderHeader, references: readonly BatchReference[]): Promise<Result>;
  /** Resolves when the block is durable. Idempotent by height. */
  commit(block: CommitOrder): Promise<void>;
  drop(digest: Bytes): void;
  /** Own result differs: write the capsule, then execute the order once more from the committed state, cold. */
  diverged(report: DivergenceReport): Promise<Result>;

  /** Committed blocks `first` … of a peer, as many as it cares to send up to `last`, ascending. Rejects or gives none if it cannot. */
  blocks(peer: string, first: number, last: number): Promise<readonly SyncBlock[]>;

  /** To be submitted as an ordinary transaction of this validator's own key (§4.10). */
  evidence(evidence: Evidence): void;
  /** Ask for an early epoch end by a transaction (§4.7). */
  epochEnd(epoch: number): void;

  notice(code: NoticeCode, data: NoticeData): void;
  /** The peer sent what no honest node sends. */
  reject(peer: string, code: string): void;
  /** The core knows of the new head: its batches are needed no more. `config` is that of the next height; `held` is asked after it if an epoch begins. */
  committed(head: Head, config: EpochConfig): void;
  /** Nothing more is signed or sent by this driver; end the process with this code. Called once. */
  stop(reason: StopReason): void;
}
