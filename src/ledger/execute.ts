// Execution: an order and its verified batches become receipts and writes. docs/protocol.md §2.5 (what is live), §3.6 (execution, due work, receipts).
// Owns the order of things in a block: due work, then transactions as their batches stand; which are live; what each leaf says. Pure and synchronous, a
// slice at a time. Does not own: handlers (contracts), the state root and the header (seal.ts), pauses between slices and what is kept (chain.ts).

import type { Bytes } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import { Gathering } from "../base/gathering.ts";
import { sha256 } from "../base/hash.ts";
import { rootOfFlat } from "../base/merkle.ts";
import type { BlockContext, Call, Registry, Result } from "../contracts/engine/registry.ts";
import { Answers } from "../contracts/engine/roles.ts";
import type { VerifiedBatch } from "./batch.ts";
import {
  type DueRun,
  dueId,
  encodeReceipt,
  NO_BYTES,
  NO_WRITES,
  openWriteSet,
  Receipts,
  TransactionsTree,
  type Write,
  WriteSet,
  writeLeafHashInto,
} from "./block.ts";
import { leafHashesOf, NewWrite, runAt } from "./newWrites.ts";
import { keyTextOf, type Overlay, type Written } from "./overlay.ts";
import { readCall } from "./transaction.ts";

/** What the leaves of a block are read from, once it is executed. */
interface LeafSource {
  readonly ids: Bytes;
  readonly receipts: Receipts;
  readonly writeSet: Bytes;
}

/** One leaf of a block: a live transaction, or due work that ran. Thousands of them live until their block is committed, so they keep nothing of their own. */
export class Leaf {
  readonly index: number;
  readonly result: Result;
  readonly #source: () => LeafSource;

  constructor(index: number, result: Result, source: () => LeafSource) {
    this.index = index;
    this.result = result;
    this.#source = source;
  }

  get id(): Bytes {
    return this.#source().ids.slice(32 * this.index, 32 * this.index + 32);
  }

  get receipt(): Bytes {
    return this.#source().receipts.at(this.index);
  }

  get writes(): readonly Write[] {
    return openWriteSet(this.#source().writeSet).writesOf(this.index);
  }
}

export interface ExecutionInput {
  readonly registry: Pick<Registry, "run" | "due" | "runDue" | "findHeads">;
  readonly block: BlockContext;
  readonly batches: readonly VerifiedBatch[];
  /** The block's layer; after the last slice it holds all that the block writes. */
  readonly overlay: Overlay;
  /** Has the id a receipt in an uncommitted parent or a committed block? `idText` is the id as a latin1 text. */
  readonly known: (id: Bytes, idText: string) => boolean;
}

/** What a whole execution gives. */
export interface Outcome {
  readonly leaves: readonly Leaf[];
  readonly due: readonly DueRun[];
  /** Positions over all batches of transactions that were not live. */
  readonly skipped: readonly number[];
  /** Ids of all leaves, end to end. */
  readonly ids: Bytes;
  /** The ids of the live transactions, as latin1 texts. */
  readonly idTexts: ReadonlySet<string>;
  readonly receipts: Receipts;
  readonly transactionsRoot: Bytes;
  /** `encodeResults` and `encodeWriteSet` of it. */
  readonly results: Bytes;
  readonly writeSet: Bytes;
}

/** Due work may take a quarter of the block's declared work (§3). */
const DUE_SHARE = 4;

interface Made {
  outcome: Outcome | undefined;
}
const sourceIn = (made: Made) => (): LeafSource => made.outcome ?? fail("leaves are read when all have run");

export class Execution {
  readonly #input: ExecutionInput;
  readonly #tree = new TransactionsTree();
  readonly #receipts = new Receipts();
  readonly #writeSet = new WriteSet();
  readonly #leaves: Leaf[] = [];
  readonly #leafIds = new Gathering(256);
  /** Leaves hold this, not the execution: what it ran on goes when it is over. */
  readonly #made: Made = { outcome: undefined };
  readonly #source = sourceIn(this.#made);
  readonly #due: DueRun[] = [];
  readonly #dueRan = new Set<string>();
  readonly #skipped: number[] = [];
  readonly #ids = new Set<string>();
  #dueWork: number;
  #dueDone = false;
  #batch = 0;
  #index = 0;
  #failedAt = 0;
  #position = 0;
  /** Rows of the leaf that ran last, or 1. */
  #lastWrote = 1;

  constructor(input: ExecutionInput) {
    this.#input = { ...input, block: { ...input.block, answers: new Answers() } };
    this.#dueWork = Math.floor(input.block.parameters.block_work / DUE_SHARE);
  }

  /** Runs until `limit` rows are written, a leaf counting as one at least; true when nothing is left to run. */
  advance(limit: number): boolean {
    for (let done = 0; done < limit; done += this.#lastWrote) if (!this.#runNext()) return true;
    return false;
  }

  outcome(): Outcome {
    this.#made.outcome ??= {
      leaves: this.#leaves,
      due: this.#due,
      skipped: this.#skipped,
      ids: this.#leafIds.view(),
      idTexts: this.#ids,
      receipts: this.#receipts,
      transactionsRoot: this.#tree.root(),
      results: this.#receipts.encode(this.#due, this.#skipped),
      writeSet: this.#writeSet.encode(),
    };
    return this.#made.outcome;
  }

  #runNext(): boolean {
    if (!this.#dueDone) {
      if (this.#runDue()) return true;
      this.#dueDone = true;
    }
    const batch = this.#input.batches[this.#batch];
    if (batch === undefined) return false;
    this.#runTransaction(batch, this.#index);
    this.#position++;
    if (++this.#index === batch.reference.count) {
      this.#batch++;
      this.#index = 0;
      this.#failedAt = 0;
    }
    return true;
  }

  #runDue(): boolean {
    const { registry, block, overlay } = this.#input;
    const entry = registry.due(overlay, block, this.#dueRan, this.#dueWork);
    if (entry === undefined) return false;
    this.#dueRan.add(entry.id);
    this.#dueWork -= entry.work;
    const { collection, key, name } = entry;
    const id = dueId(block.network, block.time, block.height, collection, key, name);
    const layer = overlay.layer();
    const result = registry.runDue(layer, entry, block, this.#leaves.length);
    this.#due.push({ collection, key, name });
    this.#end(id, NO_BYTES, result, layer);
    return true;
  }

  #runTransaction(batch: VerifiedBatch, index: number): void {
    const { registry, block, overlay, known } = this.#input;
    const id = batch.ids.subarray(32 * index, 32 * index + 32);
    const idText = keyTextOf(id);
    const failed = batch.failedProofs[this.#failedAt]?.index === index ? batch.failedProofs[this.#failedAt++]!.failed : NONE;
    const notAfter = batch.notAfter[index]!;
    // §2.5: live, or skipped without a receipt.
    const live =
      block.time <= notAfter && notAfter <= block.time + block.parameters.max_lifetime_ms && !this.#ids.has(idText) && !known(id, idText);
    if (!live) {
      this.#skipped.push(this.#position);
      return;
    }
    this.#ids.add(idText);
    const layer = overlay.layer();
    const result = registry.run(layer, callOf(batch, index, id, this.#leaves.length, failed), block);
    this.#end(id, batch.fullHashes.subarray(32 * index, 32 * index + 32), result, layer);
  }

  #end(id: Bytes, fullHash: Bytes, result: Result, layer: Overlay): void {
    const applied = result.outcome === 0;
    const written = applied ? layer.writes : [];
    this.#lastWrote = Math.max(1, written.length);
    const root = writtenRoot(written);
    const receipt = encodeReceipt({
      outcome: result.outcome,
      code: result.code,
      flags: applied ? result.flags : NONE,
      writes: written.length,
      writesRoot: root,
    });
    for (let i = 0; i < written.length; i++) {
      const w = written[i]!;
      const run = runAt(written, i);
      if (run === 0) this.#writeSet.write(w.collection, w.key, w.row.bytes);
      else {
        const { rows } = w as NewWrite;
        this.#writeSet.writeMany(rows.collection, rows.data, (n) => rows.start(n), run);
        i += run - 1;
      }
    }
    this.#writeSet.endLeaf();
    this.#receipts.push(receipt);
    if (applied) {
      this.#input.overlay.merge(layer);
      for (let i = 0; i < written.length; i++) {
        const w = written[i]!;
        if (w.before === undefined && !(w instanceof NewWrite)) this.#strip(w);
      }
    }
    this.#tree.push(id, fullHash, receipt);
    this.#leafIds.raw(id);
    this.#leaves.push(new Leaf(this.#leaves.length, result, this.#source));
  }

  /** What a row that is new means is seldom asked again before its block is committed, and is most of what is kept of it: the bytes say it. */
  #strip(w: Written): void {
    w.heads = this.#input.registry.findHeads(w.collection, w.key, w.row);
    w.row.decoded = undefined;
  }
}
const NONE: readonly string[] = [];

/** The root over what an act wrote (§3); keeps each row's hash for the state tree. */
function writtenRoot(written: readonly Written[]): Bytes {
  if (written.length === 0) return NO_WRITES;
  const flat = new Uint8Array(32 * written.length);
  for (let i = 0; i < written.length; i++) {
    const w = written[i]!;
    const run = runAt(written, i);
    if (run > 0) {
      leafHashesOf((w as NewWrite).rows, flat, 32 * i);
      i += run - 1;
      continue;
    }
    w.rowHash = sha256(w.row.bytes);
    writeLeafHashInto(w.collection, w.key, w.rowHash, flat, 32 * i);
  }
  return written.length === 1 ? flat : rootOfFlat(flat, written.length);
}

/** The call in a batch's bytes, which have been found well-formed. */
export function callOf(
  batch: Pick<VerifiedBatch, "bytes" | "offsets">,
  index: number,
  id: Bytes,
  leaf: number,
  failedProofs: readonly string[],
): Call {
  const { signers, operations } = readCall(batch.bytes, batch.offsets[2 * index]!);
  return { id, index: leaf, signers, operations, failedProofs };
}
