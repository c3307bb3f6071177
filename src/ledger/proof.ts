// Making proof files: of what stands under a key, of what stood at a height, of one transaction. docs/protocol.md §5.4.
// Owns which parts go into a file. Does not own: where they come from (ProofSource: chain and store), the file's form (proofFile.ts), its check
// (proofVerify.ts). A state proof exists for the tip alone: it is taken there and handed out when that block commits – taken again if another did.

import type { Anchor } from "../base/anchor.ts";
import { type Bytes, concat, equalBytes } from "../base/bytes.ts";
import { type Certificate, encodeCertificate, encodeSet, setHash, type ValidatorSet } from "../base/certificate.ts";
import { decode, type Value } from "../base/codec.ts";
import { fail, LedgerError } from "../base/errors.ts";
import { type BlockHeader, decodeBlock } from "../base/header.ts";
import { MAX_PROOF_ATTEMPTS } from "../base/limits.ts";
import { inclusionPath, nodeHash } from "../base/merkle.ts";
import { readBatch, splitTransactions } from "./batch.ts";
import { type BlockResults, dueId, leafHashOf, NO_BYTES, positionOfLeaf, type Write, writeLeafHashes } from "./block.ts";
import type { ActPart, HeaderPart, HistoryPath, ProofFile, SetStep } from "./proofFile.ts";
import { stateKeyHash } from "./stateProof.ts";
import { fullHash, readLayout, transactionId } from "./transaction.ts";

/** A committed block as the store has it. */
export interface ProofBlock {
  readonly headerBytes: Bytes;
  readonly certificate: Certificate;
}

/** The state as the last executed order left it, committed or not. */
export interface StateTip {
  readonly height: number;
  /** Block hash. */
  readonly hash: Bytes;
  row(collection: string, key: Bytes): Bytes | undefined;
  prove(keyHash: Bytes): { readonly bucket: Bytes; readonly siblings: Bytes };
}

/** What proofs need of chain and store. Everything but the tip is committed. */
export interface ProofSource {
  readonly network: Bytes;
  /** Height of the committed head. */
  /** Blocks are kept from here on; 1 if left out. */
  readonly lowest?: number;
  headHeight(): number;
  tip(): StateTip;
  /** The row at the committed head. */
  row(collection: string, key: Bytes): Bytes | undefined;
  /** The hash of the block committed at a height, as soon as there is one; undefined if none comes in the time the source allows. */
  committed(height: number): Promise<Bytes | undefined>;
  /** undefined where it is pruned or not yet there. */
  block(height: number): ProofBlock | undefined;
  results(height: number): BlockResults | undefined;
  /** Batches as on the wire, in order. */
  bodies(height: number): readonly Bytes[] | undefined;
  writesOf(height: number, leaf: number): readonly Write[] | undefined;
  locate(id: Bytes): { readonly height: number; readonly leaf: number } | undefined;
  /** Node of the tree of block hashes: root of the leaves index · 2^level … (index + 1) · 2^level − 1, for whole subtrees. Level 0: leaf hashes. */
  historyNode(level: number, index: number): Bytes;
  /** Epochs that begin in (from … to], ascending, with the set of each. */
  epochs(from: number, to: number): readonly { readonly start: number; readonly validators: ValidatorSet }[];
  /** Set of genesis. */
  readonly genesisValidators: ValidatorSet;
}

export interface ProofOptions {
  /** The height asked about; the head if left out. */
  readonly at?: number;
  /** Where the verifier's trust begins; genesis if left out. */
  readonly anchor?: Pick<Anchor, "header" | "hash" | "next">;
  /** false leaves out the act that wrote the record. */
  readonly transaction?: boolean;
}

/** Proof of the record under a key, or that there is none. Throws `network.stalled`, `record.unknown`, `height.pruned`, `block.unknown`. */
export async function proveRecord(source: ProofSource, collection: string, key: Bytes, options: ProofOptions = {}): Promise<ProofFile> {
  const { at } = options;
  if (at !== undefined) {
    if (at > source.headHeight()) throw new LedgerError("block.unknown", { height: at });
    const replaced = proveReplaced(source, collection, key, at, options);
    if (replaced !== undefined) return replaced;
  }
  const { height, row, bucket, siblings } = await atTip(source, collection, key);
  const top = need(source.block(height), height);
  if (at !== undefined && (row === undefined || placeOf(row).height > at)) {
    // Written between the look at the committed head and the proof at the tip: now there is an act that replaced the version in force at that height.
    const replaced = row === undefined ? undefined : proveReplaced(source, collection, key, at, options);
    if (replaced !== undefined) return replaced;
    throw new LedgerError("record.unknown", { at });
  }
  const writer = row === undefined ? 0 : placeOf(row).height; // 0: the state before block 1, which no act wrote
  const confirmed = confirm(source, height, top, options);
  return {
    network: source.network,
    ...confirmed.file,
    state: { header: top.headerBytes, ...confirmed.certificate },
    record: { collection, key, row: row ?? null, bucket, path: siblings },
    ...(at !== undefined && { at }),
    ...(row !== undefined &&
      // An act in a block that is no longer kept is left out: the record is proved without it.
      writer >= (source.lowest ?? 1) &&
      options.transaction !== false && { transaction: proveAct(source, placeOf(row), collection, key, height) }),
  };
}

/** Proof of one transaction, by id, with its receipt. Throws `transaction.unknown`, `height.pruned`. */
export function proveTransaction(source: ProofSource, id: Bytes, options: Pick<ProofOptions, "anchor"> = {}): ProofFile {
  const place = source.locate(id);
  if (place === undefined) throw new LedgerError("transaction.unknown");
  const top = need(source.block(place.height), place.height);
  const confirmed = confirm(source, place.height, top, options);
  const act = actOf(source, { height: place.height, index: place.leaf });
  return { network: source.network, ...confirmed.file, transaction: { ...act, header: top.headerBytes, ...confirmed.certificate } };
}

/** What stands under the key at the tip, once the tip is committed. */
async function atTip(
  source: ProofSource,
  collection: string,
  key: Bytes,
): Promise<{ height: number; row: Bytes | undefined; bucket: Bytes; siblings: Bytes }> {
  for (let attempt = 0; attempt < MAX_PROOF_ATTEMPTS; attempt++) {
    const tip = source.tip();
    if (tip.height === 0) throw new LedgerError("network.stalled", { reason: "the network has made no block yet" });
    // Row and path belong to one state: both are taken before anything is awaited.
    const row = tip.row(collection, key)?.slice();
    const { bucket, siblings } = tip.prove(stateKeyHash(collection, key));
    const hash = await source.committed(tip.height);
    if (hash === undefined) break;
    if (equalBytes(hash, tip.hash)) return { height: tip.height, row, bucket, siblings };
  }
  throw new LedgerError("network.stalled");
}

/** The version in force at a height by the acts that wrote and replaced it; undefined if it stands to this day. */
function proveReplaced(source: ProofSource, collection: string, key: Bytes, at: number, options: ProofOptions): ProofFile | undefined {
  let later: Bytes | undefined;
  let row = source.row(collection, key);
  while (row !== undefined && placeOf(row).height > at) {
    const { previous } = placeOf(row);
    later = row;
    if (previous === undefined) throw new LedgerError("record.unknown", { at });
    if (previous.height === 0)
      throw new LedgerError("height.pruned", { at, reason: "what genesis wrote has no act and is proved at the head only" });
    row = writtenBy(source, previous, collection, key).row;
  }
  if (row === undefined || later === undefined) return undefined;
  const { height } = placeOf(later);
  const top = need(source.block(height), height);
  const confirmed = confirm(source, height, top, options);
  return {
    network: source.network,
    ...confirmed.file,
    record: { collection, key, row },
    at,
    transaction: proveAct(source, placeOf(row), collection, key, height),
    replaced: {
      ...proveAct(source, placeOf(later), collection, key, height),
      header: top.headerBytes,
      ...confirmed.certificate,
      row: later,
    },
  };
}

interface Place {
  readonly height: number;
  readonly index: number;
}

/** The leaf that wrote a row, and the one that wrote the version before. */
function placeOf(row: Bytes): Place & { readonly previous: Place | undefined } {
  const [revision, , , , height, index, previousHeight, previousIndex] = decode(row) as [
    Value,
    Value,
    Value,
    Value,
    number,
    number,
    number,
    number,
  ];
  return { height, index, previous: revision === 1 ? undefined : { height: previousHeight, index: previousIndex } };
}

function writtenBy(
  source: ProofSource,
  { height, index }: Place,
  collection: string,
  key: Bytes,
): { row: Bytes; writes: readonly Write[]; index: number } {
  const writes = need(source.writesOf(height, index), height);
  const found = writes.findIndex((w) => w.collection === collection && equalBytes(w.key, key));
  if (found < 0) fail("the leaf that a row names wrote it", { height, index, collection });
  return { row: writes[found]!.row, writes, index: found };
}

/** The act at a place, that it wrote the record, and that its block is the top one or in its history. */
function proveAct(source: ProofSource, place: Place, collection: string, key: Bytes, top: number): ActPart {
  const { writes, index } = writtenBy(source, place, collection, key);
  const header: HeaderPart =
    place.height === top
      ? {}
      : { header: need(source.block(place.height), place.height).headerBytes, history: historyPath(source, place.height, top) };
  return { ...actOf(source, place), write: { index, path: pathOf(writeLeafHashes(writes), index) }, ...header };
}

/** The act with its receipt and its path to the transactions root. All leaves of the block are hashed anew: 1 µs each. */
function actOf(source: ProofSource, { height, index }: Place): ActPart {
  const { network } = source;
  const results = need(source.results(height), height);
  const bodies = need(source.bodies(height), height);
  const { order } = headerOf(need(source.block(height), height));
  const count = results.receipts.length;
  const hashes = new Uint8Array(32 * count);
  for (const [leaf, run] of results.due.entries())
    hashes.set(
      leafHashOf(dueId(network, order.time, height, run.collection, run.key, run.name), NO_BYTES, results.receipts[leaf]!),
      32 * leaf,
    );
  const skipped = new Set(results.skipped);
  let leaf = results.due.length;
  let position = 0;
  let act: Bytes | undefined;
  for (const body of bodies) {
    const { from, to } = readBatch(body);
    const offsets = splitTransactions(body, from, to);
    for (let i = 0; i < offsets.length; i += 2, position++) {
      if (skipped.has(position)) continue;
      const bytes = body.subarray(offsets[i], offsets[i]! + offsets[i + 1]!);
      const { bodyEnd } = readLayout(bytes, 0, bytes.length);
      if (leaf === index) act = bytes.slice();
      hashes.set(leafHashOf(transactionId(network, bytes.subarray(0, bodyEnd)), fullHash(bytes), results.receipts[leaf]!), 32 * leaf++);
    }
  }
  if (leaf !== count || (act === undefined) !== (positionOfLeaf(results, index) === undefined))
    fail("the bodies of a block have its leaves", { height, leaf, count });
  return {
    ...(act === undefined ? { due: results.due[index]! } : { bytes: act }),
    receipt: results.receipts[index]!,
    index,
    path: pathOf(hashes, index),
  };
}

/** Siblings of a leaf, from leaf hashes laid end to end. */
function pathOf(hashes: Bytes, index: number): Bytes {
  const leaves = Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(32 * i, 32 * i + 32));
  return concat(...inclusionPath(leaves, index));
}

/** Why the top block will be believed: the changes of the set up to it and its certificate, or a path into the history of a later anchor. */
function confirm(
  source: ProofSource,
  height: number,
  top: ProofBlock,
  { anchor }: Pick<ProofOptions, "anchor">,
): { file: Pick<ProofFile, "from" | "validators" | "history">; certificate: { certificate?: Bytes } } {
  const start = anchor?.header.order.height ?? 0;
  const from = anchor === undefined ? ("genesis" as const) : { height: start, hash: anchor.hash };
  if (anchor !== undefined && height <= start)
    return { file: { from, validators: [], ...(height < start && { history: historyPath(source, height, start) }) }, certificate: {} };
  const validators: SetStep[] = [];
  let known = setHash(source.network, anchor?.next ?? source.genesisValidators);
  // An epoch that begins at S is set by the header of S − 1.
  for (const epoch of source.epochs(start + 1, height)) {
    const hash = setHash(source.network, epoch.validators);
    if (equalBytes(hash, known)) continue;
    known = hash;
    const block = need(source.block(epoch.start - 1), epoch.start - 1);
    validators.push({ set: encodeSet(epoch.validators), header: block.headerBytes, certificate: encodeCertificate(block.certificate) });
  }
  return { file: { from, validators }, certificate: { certificate: encodeCertificate(top.certificate) } };
}

/** The siblings of block `index` in the tree over blocks 0 … size − 1, whose root is the `history` of the header at height `size` (RFC 9162 §2.1.3.1). */
export function historyPath(source: Pick<ProofSource, "historyNode">, index: number, size: number): HistoryPath {
  const path: Bytes[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + split(to - from);
    if (index < middle) {
      path.push(rangeRoot(source, middle, to));
      to = middle;
    } else {
      path.push(rangeRoot(source, from, middle));
      from = middle;
    }
  }
  return { size, path: concat(...path.reverse()) };
}

/** Root over blocks from … to − 1, where `from` is a multiple of the power of two that holds the range. */
function rangeRoot(source: Pick<ProofSource, "historyNode">, from: number, to: number): Bytes {
  const count = to - from;
  const level = Math.log2(count);
  if (Number.isInteger(level)) return source.historyNode(level, from / count);
  const middle = from + split(count);
  return nodeHash(rangeRoot(source, from, middle), rangeRoot(source, middle, to));
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function headerOf(block: ProofBlock): BlockHeader {
  return decodeBlock(block.headerBytes);
}

function need<T>(value: T | undefined, height: number): T {
  if (value === undefined) throw new LedgerError("height.pruned", { height });
  return value;
}
