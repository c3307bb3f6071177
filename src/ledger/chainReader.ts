// Reading the chain: blocks, receipts, rows at the head, older versions by walking back, and what proofs are made of. docs/protocol.md §5.
// Owns look-ups in what is committed, and taking a state proof at the tip to be given out when that block commits. Does not own: writing (chain.ts),
// assembling proof files (proof.ts), who may read what (node/api). Nothing uncommitted leaves through here but under a `tip`, which proof.ts holds back.

import { type Bytes, equalBytes } from "../base/bytes.ts";
import type { Certificate } from "../base/certificate.ts";
import { fail, LedgerError } from "../base/errors.ts";
import { type BatchReference, type BlockHeader, blockHashOf, decodeBlock } from "../base/header.ts";
import { COMMIT_WAIT_MS, RANGE_WAIT_MS, TREE_TOP_BITS } from "../base/limits.ts";
import type { State } from "../contracts/engine/registry.ts";
import { readBatch, splitTransactions } from "./batch.ts";
import { type BlockResults, decodeReceipt, positionOfLeaf, type Receipt, type Write } from "./block.ts";
import { historyNode } from "./blockHistory.ts";
import type { ProofSource, StateTip } from "./proof.ts";
import { rowOrigin } from "./rowOrigin.ts";
import type { Speculated } from "./speculation.ts";
import { epochOfHeight, type Head, historySource } from "./start.ts";
import { stateKeyHash } from "./stateProof.ts";
import type { StateTree, TreeProof } from "./stateTree.ts";
import type { Store } from "./store.ts";
import type { EpochRecord, Place } from "./storeLayout.ts";

export interface ReaderInput {
  readonly store: Store;
  readonly network: Bytes;
  readonly head: () => Head;
  /** The block the state tree is at, if it is beyond the head. */
  readonly tip: () => Speculated | undefined;
  readonly tree: () => StateTree;
  /** Runs `read` with the tree at the head. */
  readonly atHead: <T>(read: () => T) => T;
  /** The state at the head. */
  readonly state: State;
}

export interface ReadBlock {
  readonly height: number;
  readonly header: BlockHeader;
  readonly headerBytes: Bytes;
  readonly hash: Bytes;
  readonly certificate: Certificate;
  readonly references: readonly BatchReference[];
}

export interface ReadReceipt extends Place {
  readonly id: Bytes;
  /** Time of the block. */
  readonly time: number;
  readonly receipt: Receipt;
  readonly writes: readonly Write[];
}

/** One version of a record: the row, and the leaf that wrote it. */
export interface Version {
  readonly height: number;
  readonly index: number;
  readonly revision: number;
  readonly row: Bytes;
}

/** A proof about the head's state; the block's header and certificate are the store's. */
export interface StateProofAt extends TreeProof {
  readonly height: number;
  readonly row: Bytes | undefined;
  readonly keyHash: Bytes;
}

/** A range of the tree as it stood after a committed block. */
interface StateRangeAt {
  readonly height: number;
  readonly entries: Bytes;
  readonly siblings: Bytes;
}

export class ChainReader {
  readonly #input: ReaderInput;
  readonly #waiting = new Map<number, Set<(hash: Bytes | undefined) => void>>();

  constructor(input: ReaderInput) {
    this.#input = input;
  }

  /** The committed state at the head; what a dry run and views read. */
  get state(): State {
    return this.#input.state;
  }

  get #store(): Store {
    return this.#input.store;
  }

  /** Records in the state tree. */
  get records(): number {
    return this.#input.tree().size;
  }

  headHeight(): number {
    return this.#input.head().height;
  }

  /** Undefined above the head, and for height 0, which has no block. Throws `store.damaged`, `height.pruned`. */
  block(height: number): ReadBlock | undefined {
    if (!this.#isCommitted(height)) return undefined;
    // Below what is kept there are still the blocks at the borders of epochs.
    if (height < this.#store.lowest && !this.#store.hasBlock(height)) this.#pruned(height);
    const { headerBytes, certificate, references } = this.#store.block(height);
    return {
      height,
      header: decodeBlock(headerBytes),
      headerBytes,
      hash: blockHashOf(this.#input.network, headerBytes),
      certificate,
      references,
    };
  }

  /** The first height whose block is kept whole. */
  get lowest(): number {
    return this.#store.lowest;
  }

  #isCommitted(height: number): boolean {
    return Number.isSafeInteger(height) && height >= 1 && height <= this.headHeight();
  }

  /** Is the block here, whole? Throws `height.pruned` if it was, or might have been. */
  #has(height: number): boolean {
    return this.#isCommitted(height) && (height >= this.#store.lowest || this.#pruned(height));
  }

  #pruned(height: number): never {
    throw new LedgerError("height.pruned", { height, lowest: this.#store.lowest });
  }

  /** Hash of the block at a height up to the head; the genesis hash for 0. */
  hashAt(height: number): Bytes {
    if (height === 0) return this.#input.network;
    const head = this.#input.head();
    return height === head.height ? head.hash : blockHashOf(this.#input.network, this.#store.block(height).headerBytes);
  }

  /** The batches of a block as on the wire, in order. */
  bodies(height: number): Bytes[] | undefined {
    return this.#has(height) ? this.#store.block(height).references.map((_, position) => this.#store.body(height, position)) : undefined;
  }

  results(height: number): BlockResults | undefined {
    return this.#has(height) ? this.#store.results(height) : undefined;
  }

  /** What an act wrote; height 0, leaf 0 is what genesis wrote. */
  writesOf(height: number, leaf: number): Write[] | undefined {
    return height === 0 || this.#has(height) ? this.#store.writeSet(height).writesOf(leaf) : undefined;
  }

  /** Where the receipt of an id is. */
  locate(id: Bytes): Place | undefined {
    return this.#store.placeOf(id);
  }

  receipt(id: Bytes): ReadReceipt | undefined {
    const place = this.locate(id);
    if (place === undefined) return undefined;
    const { height, leaf } = place;
    this.#has(height);
    const receipt = decodeReceipt(
      this.#store.results(height).receipts[leaf] ?? fail("a receipt stands where the index says", { height, leaf }),
    );
    const { time } = decodeBlock(this.#store.block(height).headerBytes).order;
    return { id, height, leaf, time, receipt, writes: this.#store.writeSet(height).writesOf(leaf) };
  }

  /** The bytes of the transaction of a leaf; undefined for due work, which has none. */
  transaction(height: number, leaf: number): Bytes | undefined {
    const results = this.results(height);
    let position = results === undefined ? undefined : positionOfLeaf(results, leaf);
    if (position === undefined) return undefined;
    const { references } = this.#store.block(height);
    for (const [i, { count }] of references.entries()) {
      if (position >= count) {
        position -= count;
        continue;
      }
      const body = this.#store.body(height, i);
      const { from, to } = readBatch(body);
      const offsets = splitTransactions(body, from, to);
      return body.slice(offsets[2 * position], offsets[2 * position]! + offsets[2 * position + 1]!);
    }
    return undefined;
  }

  /** The row in force at the head. */
  row(collection: string, key: Bytes): Bytes | undefined {
    return this.state.get(collection, key)?.bytes;
  }

  /**
   * Versions of a record, the newest first, by walking back through the blocks' write sets (§5); from the version that `from` wrote, if given. If the last one
   * has a revision above 1 although fewer than `limit` came, the blocks before are no longer kept.
   */
  history(collection: string, key: Bytes, limit: number, from?: { readonly height: number; readonly index: number }): Version[] {
    const out: Version[] = [];
    let row = from === undefined ? this.row(collection, key) : this.#written(collection, key, from.height, from.index);
    while (row !== undefined && out.length < limit) {
      const { revision, height, index, previous } = rowOrigin(row);
      out.push({ revision, height, index, row });
      const kept = previous !== undefined && (previous.height === 0 || previous.height >= this.lowest);
      row = !kept ? undefined : this.#written(collection, key, previous.height, previous.index);
    }
    return out;
  }

  #written(collection: string, key: Bytes, height: number, index: number): Bytes | undefined {
    return this.writesOf(height, index)?.find((w) => w.collection === collection && equalBytes(w.key, key))?.row;
  }

  /** Entries of the indexes for queries; the prefix comes from the registry. */
  find(prefix: string, limit: number, after?: string): Promise<string[]> {
    return this.#store.find(prefix, limit, after);
  }

  /** What is in force for a height up to the one behind the head. */
  epochAt(height: number): EpochRecord {
    return epochOfHeight(this.#store, this.#input.head().epoch, height);
  }

  // ── proofs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The hash committed at a height, as soon as there is one; undefined if none comes within `waitMs`. */
  whenCommitted(height: number, waitMs = COMMIT_WAIT_MS): Promise<Bytes | undefined> {
    if (height <= this.headHeight()) return Promise.resolve(this.hashAt(height));
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(height) ?? new Set();
      this.#waiting.set(height, waiting);
      const timer = setTimeout(() => done(undefined), waitMs);
      const done = (hash: Bytes | undefined): void => {
        clearTimeout(timer);
        waiting.delete(done);
        resolve(hash);
      };
      waiting.add(done);
    });
  }

  /** Proof of what stands under a key, or of absence: taken at the tip, given out when it commits, taken again if another order did (§5). */
  async proveState(collection: string, key: Bytes, attempts = 8): Promise<StateProofAt | undefined> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const tip = this.#tip();
      const keyHash = stateKeyHash(collection, key);
      const row = tip.row(collection, key)?.slice();
      const proof = tip.prove(keyHash);
      const hash = await this.whenCommitted(tip.height);
      if (hash === undefined) return undefined;
      if (equalBytes(hash, tip.hash)) return { ...proof, height: tip.height, row, keyHash };
    }
    return undefined;
  }

  /**
   * All entries of a range of the tree with their siblings, in the same way: taken at the tip, given out when it commits. If it does not for a second – the
   * network may stand still, and wait for just the node that asks – the tree goes back to the head for the moment. Throws `state.range_large` if they are more
   * than `most` bytes.
   */
  async proveRange(depth: number, index: number, most: number): Promise<StateRangeAt> {
    const width = 1 << (TREE_TOP_BITS - depth);
    const at = (height: number): StateRangeAt => {
      const tree = this.#input.tree();
      const entries = tree.entriesWithin(index * width, (index + 1) * width, most);
      if (entries === undefined) throw new LedgerError("state.range_large");
      return { height, entries, siblings: tree.rangeSiblings(depth, index) };
    };
    const { height, hash } = this.#input.tip() ?? this.#input.head();
    const range = at(height);
    const committed = await this.whenCommitted(height, RANGE_WAIT_MS);
    return committed !== undefined && equalBytes(committed, hash) ? range : this.#input.atHead(() => at(this.headHeight()));
  }

  #tip(): StateTip {
    const tip = this.#input.tip();
    const { height, hash } = tip ?? this.#input.head();
    return {
      height,
      hash,
      row: (collection, key) => (tip === undefined ? this.row(collection, key) : tip.overlay.get(collection, key)?.bytes),
      prove: (keyHash) => this.#input.tree().prove(keyHash),
    };
  }

  /** What proof.ts makes proof files of. */
  proofSource(): ProofSource {
    const { network } = this.#input;
    const source = historySource(this.#store, network);
    return {
      network,
      lowest: this.lowest,
      headHeight: () => this.headHeight(),
      tip: () => this.#tip(),
      row: (collection, key) => this.row(collection, key),
      committed: (height) => this.whenCommitted(height),
      block: (height) => this.block(height),
      results: (height) => this.results(height),
      bodies: (height) => this.bodies(height),
      writesOf: (height, leaf) => this.writesOf(height, leaf),
      locate: (id) => this.locate(id),
      historyNode: (level, index) => historyNode(source, level, index),
      epochs: (from, to) => this.#epochs(from, to),
      genesisValidators: this.epochAt(1).validators,
    };
  }

  /** Epochs that begin in from … to, ascending. */
  #epochs(from: number, to: number): EpochRecord[] {
    const out: EpochRecord[] = [];
    for (let record: EpochRecord | undefined = this.#input.head().epoch; record !== undefined && record.start >= from; ) {
      if (record.start <= to) out.push(record);
      record = record.epoch === 0 ? undefined : this.#store.epoch(record.epoch - 1);
    }
    return out.reverse();
  }

  // ── called by the chain ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The block at the height is committed. */
  committed(height: number): void {
    const waiting = this.#waiting.get(height);
    this.#waiting.delete(height);
    for (const done of [...(waiting ?? [])]) done(this.hashAt(height));
  }

  /** Nothing more will commit. */
  close(): void {
    for (const waiting of this.#waiting.values()) for (const done of [...waiting]) done(undefined);
    this.#waiting.clear();
  }
}
