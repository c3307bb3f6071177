// Blocks: receipts, the tree of transactions, the trees of what each act wrote, and the form in which both are kept. docs/protocol.md §3.4.
// Owns these bytes and roots. Does not own: headers and certificates (base), running anything (execute), where things are kept (store). Browser-clean.

import { type Bytes, concat, readU32, u48be } from "../base/bytes.ts";
import { decode, decodedEnd, decodeFirst, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { Gathering } from "../base/gathering.ts";
import { sha256Into } from "../base/hash.ts";
import { MAX_BLOCK_TRANSACTIONS, MAX_DUE_PER_BLOCK } from "../base/limits.ts";
import { rootOfFlat } from "../base/merkle.ts";
import { isHash, isList, isNatural, isText, tuple } from "../base/shape.ts";
import * as tags from "../base/tagNames.ts";
import { tagged } from "../base/tags.ts";

/** What became of a live transaction or an entry of due work. Explanations are made outside consensus. */
export interface Receipt {
  /** 0 applied, 1 rejected by a rule, 2 `engine.fault` or `engine.work_exceeded`. */
  readonly outcome: 0 | 1 | 2;
  readonly code: string | null;
  /** In the order given, none twice; empty unless applied. */
  readonly flags: readonly string[];
  readonly writes: number;
  /** `writesRoot` of what it wrote. */
  readonly writesRoot: Bytes;
}

/** A key an act wrote, with the last row it gave it. */
export interface Write {
  /** `contract/collection` */
  readonly collection: string;
  readonly key: Bytes;
  readonly row: Bytes;
}

export const NO_WRITES: Bytes = /* @__PURE__ */ new Uint8Array(32);
/** The full hash of due work, which has no bytes. */
export const NO_BYTES: Bytes = /* @__PURE__ */ new Uint8Array(32);

export function encodeReceipt({ outcome, code, flags, writes, writesRoot: root }: Receipt): Bytes {
  if (code !== null || flags.length > 0 || writes >= 0x80) return encode([outcome, code, flags, writes, root]);
  // What nearly all are, without the general way: [outcome, nil, [], writes, root].
  const out = new Uint8Array(39);
  out[0] = 0x95;
  out[1] = outcome;
  out[2] = 0xc0;
  out[3] = 0x90;
  out[4] = writes;
  out[5] = 0xc4;
  out[6] = 32;
  for (let i = 0; i < 32; i++) out[7 + i] = root[i]!;
  return out;
}

/** Throws `codec.…` or `receipt.malformed`. */
export function decodeReceipt(bytes: Bytes): Receipt {
  const [outcome, code, flags, writes, root] = tuple(decode(bytes), 5);
  if (
    isNatural(outcome) &&
    outcome <= 2 &&
    (code === null || isText(code)) &&
    isList(flags) &&
    flags.every(isText) &&
    isNatural(writes) &&
    isHash(root)
  )
    return { outcome: outcome as Receipt["outcome"], code, flags, writes, writesRoot: root };
  throw new LedgerError("receipt.malformed");
}

/** Hash of the leaf C([`contract/collection`, encoded key, SHA-256(row bytes)]) of the tree of writes (§3). */
export function writeLeafHash(collection: string, key: Bytes, rowHash: Bytes): Bytes {
  writeLeafHashInto(collection, key, rowHash, hashed, 0);
  return hashed.slice();
}

/** As `writeLeafHash`, to out[offset …]. */
export function writeLeafHashInto(collection: string, key: Bytes, rowHash: Bytes, out: Bytes, offset: number): void {
  gatheredLeaf.begin();
  gatheredLeaf.byte(0x93);
  gatheredLeaf.text(collection);
  gatheredLeaf.bytes(key);
  gatheredLeaf.bytes(rowHash);
  gatheredLeaf.hashInto(out, offset);
}

/** RFC 9162 root over the writes of one act, one leaf a key, in the order of first writing; 32 zero bytes for none (§3). */
export function writesRoot(writes: readonly Write[]): Bytes {
  if (writes.length === 0) return NO_WRITES;
  return rootOfFlat(writeLeafHashes(writes), writes.length);
}

/** Leaf hashes of `writesRoot`, end to end. */
export function writeLeafHashes(writes: readonly Write[]): Bytes {
  const flat = new Uint8Array(32 * writes.length);
  for (let i = 0; i < writes.length; i++) {
    const { collection, key, row } = writes[i]!;
    sha256Into(row, hashed, 0);
    writeLeafHashInto(collection, key, hashed, flat, 32 * i);
  }
  return flat;
}

/** C([id, full hash, receipt as bytes]): a leaf of the transactions root (§3). */
export function encodeLeaf(id: Bytes, fullHash: Bytes, receipt: Bytes): Bytes {
  return encode([id, fullHash, receipt]);
}

/** Hash of the leaf of one transaction or entry of due work. */
export function leafHashOf(id: Bytes, fullHash: Bytes, receipt: Bytes): Bytes {
  leafHashInto(id, fullHash, receipt, hashed, 0);
  return hashed.slice();
}

function leafHashInto(id: Bytes, fullHash: Bytes, receipt: Bytes, out: Bytes, offset: number): void {
  gatheredLeaf.begin();
  gatheredLeaf.byte(0x93);
  gatheredLeaf.bytes(id);
  gatheredLeaf.bytes(fullHash);
  gatheredLeaf.bytes(receipt);
  gatheredLeaf.hashInto(out, offset);
}

// A native write into a fresh small array costs more than the hash: into one that stays, and a copy of it, half as much.
const hashed = /* @__PURE__ */ new Uint8Array(32);

const gatheredLeaf = /* @__PURE__ */ new Gathering(1_024); // not in a bundle that only verifies

/** The id of an entry of due work: block time in six bytes ‖ 26 bytes of the tagged hash of C([height, collection, encoded key, due name]) (§3). */
export function dueId(network: Bytes, time: number, height: number, collection: string, key: Bytes, name: string): Bytes {
  return concat(u48be(time), tagged(tags.due, network, [height, collection, key, name]).subarray(0, 26));
}

/** Gathers the leaves of a block as execution makes them. */
export class TransactionsTree {
  #flat: Uint8Array = new Uint8Array(32 * 8);
  #count = 0;

  get leaves(): number {
    return this.#count;
  }

  /** Appends a leaf and returns its index. */
  push(id: Bytes, fullHash: Bytes, receipt: Bytes): number {
    if (32 * this.#count === this.#flat.length) {
      const grown = new Uint8Array(2 * this.#flat.length);
      grown.set(this.#flat);
      this.#flat = grown;
    }
    leafHashInto(id, fullHash, receipt, this.#flat, 32 * this.#count);
    return this.#count++;
  }

  /** The transactions root; SHA-256 of nothing for an empty block (RFC 9162). */
  root(): Bytes {
    return rootOfFlat(this.#flat.slice(0, 32 * this.#count), this.#count);
  }
}

// ── what the store keeps ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** One entry of due work that ran in a block. Its id follows from it (`dueId`). */
export interface DueRun {
  readonly collection: string;
  readonly key: Bytes;
  readonly name: string;
}

/** The results of a block: with the batches' bytes, everything its leaves are made of. */
export interface BlockResults {
  /** Due work, in the order it ran: the first leaves. */
  readonly due: readonly DueRun[];
  /** Positions (counted over all batches, from 0) of the transactions that were not live, ascending: they have no leaf. */
  readonly skipped: readonly number[];
  /** One receipt a leaf, encoded. */
  readonly receipts: readonly Bytes[];
}

/** C([due, skipped, lengths (u16 each), receipts end to end]): a receipt is found by adding lengths, without decoding the others. */
export function encodeResults({ due, skipped, receipts }: BlockResults): Bytes {
  const gathered = new Receipts();
  for (const receipt of receipts) gathered.push(receipt);
  return gathered.encode(due, skipped);
}

/** Gathers the receipts of a block as execution makes them. */
export class Receipts {
  readonly #lengths = new Gathering(64);
  readonly #receipts = new Gathering(512);
  readonly #starts: number[] = [];

  /** The receipt of a leaf: a copy. */
  at(leaf: number): Bytes {
    return this.#receipts.view().slice(this.#starts[leaf], this.#starts[leaf + 1]);
  }

  push(receipt: Bytes): void {
    this.#starts.push(this.#receipts.length);
    this.#lengths.byte(receipt.length >>> 8);
    this.#lengths.byte(receipt.length);
    this.#receipts.raw(receipt);
  }

  /** As `encodeResults`. */
  encode(due: readonly DueRun[], skipped: readonly number[]): Bytes {
    return encode([due.map((d) => [d.collection, d.key, d.name]), skipped, this.#lengths.view(), this.#receipts.view()]);
  }
}

/** Throws `codec.…` or `block.malformed`: the bytes may come from a peer. */
export function decodeResults(bytes: Bytes): BlockResults {
  const value = decode(bytes);
  const [due, skipped, lengths, data, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  if (
    !Array.isArray(due) ||
    !Array.isArray(skipped) ||
    !(lengths instanceof Uint8Array) ||
    !(data instanceof Uint8Array) ||
    rest.length > 0
  )
    return malformed("results");
  if (due.length > MAX_DUE_PER_BLOCK || skipped.length > MAX_BLOCK_TRANSACTIONS || lengths.length % 2 !== 0) malformed("results");
  const receipts: Bytes[] = [];
  let at = 0;
  for (let i = 0; i < lengths.length; i += 2) {
    const length = (lengths[i]! << 8) | lengths[i + 1]!;
    receipts.push(data.slice(at, at + length));
    at += length;
  }
  if (at !== data.length || receipts.length < due.length) malformed("receipts");
  const positions = skipped as Value[];
  for (let i = 0; i < positions.length; i++) {
    const p = positions[i];
    if (typeof p !== "number" || p < 0 || (i > 0 && p <= (positions[i - 1] as number))) malformed("skipped");
  }
  return { due: (due as Value[]).map(dueRunFrom), skipped: positions as number[], receipts };
}

function dueRunFrom(value: Value): DueRun {
  const [collection, key, name, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  if (typeof collection !== "string" || !(key instanceof Uint8Array) || typeof name !== "string" || rest.length > 0)
    return malformed("due");
  return { collection, key, name };
}

/** Leaf index of the transaction at a position over all batches; undefined if it was skipped. */
export function leafOfPosition(results: Pick<BlockResults, "due" | "skipped">, position: number): number | undefined {
  let before = 0;
  for (const skipped of results.skipped) {
    if (skipped === position) return undefined;
    if (skipped < position) before++;
  }
  return results.due.length + position - before;
}

/** Position over all batches of the transaction of a leaf; undefined for due work. */
export function positionOfLeaf(results: Pick<BlockResults, "due" | "skipped">, leaf: number): number | undefined {
  if (leaf < results.due.length) return undefined;
  let position = leaf - results.due.length;
  for (const skipped of results.skipped) if (skipped <= position) position++;
  return position;
}

/**
 * The write set of a block, act by act: C([names of collections, u32 start of each leaf's writes and the end, writes end to end]), a write being
 * C([index of the collection, key, row]). History and proofs ask for one leaf's writes; a tree brought forward takes them all in order.
 */
export function encodeWriteSet(leaves: readonly (readonly Write[])[]): Bytes {
  const gathered = new WriteSet();
  for (const writes of leaves) {
    for (const { collection, key, row } of writes) gathered.write(collection, key, row);
    gathered.endLeaf();
  }
  return gathered.encode();
}

/** Gathers what the leaves of a block write, as execution makes them. */
export class WriteSet {
  readonly #names = new Map<string, number>();
  readonly #starts = new Gathering(64);
  readonly #writes = new Gathering(1_024);

  constructor() {
    this.#start();
  }

  write(collection: string, key: Bytes, row: Bytes): void {
    let index = this.#names.get(collection);
    if (index === undefined) this.#names.set(collection, (index = this.#names.size));
    this.#writes.byte(0x93);
    if (index < 0x80) this.#writes.byte(index);
    else this.#writes.raw(encode(index));
    this.#writes.bytes(key);
    this.#writes.bytes(row);
  }

  /** Writes of one collection that stand in their form, end to end: each begins with 93 and the index, here 0, of its collection. */
  writeMany(collection: string, data: Bytes, starts: (i: number) => number, count: number): void {
    let index = this.#names.get(collection);
    if (index === undefined) this.#names.set(collection, (index = this.#names.size));
    if (index >= 0x80) {
      for (let i = 0; i < count; i++) {
        this.#writes.byte(0x93);
        this.#writes.raw(encode(index));
        this.#writes.raw(data.subarray(starts(i) + 2, i + 1 < count ? starts(i + 1) : data.length));
      }
      return;
    }
    const from = this.#writes.length;
    this.#writes.raw(data);
    const view = this.#writes.view();
    for (let i = 0; i < count; i++) view[from + starts(i) + 1] = index;
  }

  endLeaf(): void {
    this.#start();
  }

  #start(): void {
    const at = this.#writes.length;
    this.#starts.byte(at >>> 24);
    this.#starts.byte(at >>> 16);
    this.#starts.byte(at >>> 8);
    this.#starts.byte(at);
  }

  /** As `encodeWriteSet`; once, as nothing is kept. */
  encode(): Bytes {
    const bytes = encode([[...this.#names.keys()], this.#starts.view(), this.#writes.view()]);
    this.#writes.end();
    return bytes;
  }
}

/** A write set opened for reading. Throws `codec.…` or `block.malformed`, also when a leaf is read. */
export function openWriteSet(bytes: Bytes): { readonly leaves: number; writesOf(leaf: number): Write[] } {
  const value = decode(bytes);
  const [names, starts, data, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  if (
    !Array.isArray(names) ||
    !(names as Value[]).every((n) => typeof n === "string") ||
    !(starts instanceof Uint8Array) ||
    !(data instanceof Uint8Array) ||
    rest.length > 0
  )
    return malformed("write set");
  if (starts.length < 4 || starts.length % 4 !== 0 || readU32(starts, starts.length - 4) !== data.length) malformed("write set");
  const leaves = starts.length / 4 - 1;
  return {
    leaves,
    writesOf(leaf) {
      if (!(leaf >= 0 && leaf < leaves)) malformed("leaf");
      const out: Write[] = [];
      const to = readU32(starts, 4 * leaf + 4);
      let at = readU32(starts, 4 * leaf);
      for (; at < to; at = decodedEnd()) {
        const item = decodeFirst(data, at);
        const [index, key, row, ...more] = Array.isArray(item) ? (item as Value[]) : [];
        const collection = typeof index === "number" ? (names as string[])[index] : undefined;
        if (collection === undefined || !(key instanceof Uint8Array) || !(row instanceof Uint8Array) || more.length > 0)
          return malformed("write");
        out.push({ collection, key, row });
      }
      if (at !== to) malformed("starts");
      return out;
    },
  };
}

function malformed(part: string): never {
  throw new LedgerError("block.malformed", { part });
}
