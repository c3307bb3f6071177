// Batches: the unit in which transactions travel, are verified, ordered and stored. docs/protocol.md §4.8.1.
// Owns the wire form, its digest and its signature. Does not own: what is in a transaction (transaction.ts), verification (verify.ts), who holds what
// (mempool.ts). A batch stays the bytes that came from the wire: journalled, stored and served as they are, never encoded again.

import { type Bytes, concat, readU32 } from "../base/bytes.ts";
import { decodedEnd, decodeFirst, encode, scan } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import type { BatchReference } from "../base/header.ts";
import { BATCH_ENVELOPE_BYTES, MAX_BATCH_BYTES, MAX_BATCH_TRANSACTIONS, MAX_TRANSACTION_BYTES } from "../base/limits.ts";
import { signFramed, verifyFramed } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { taggedBytes } from "../base/tags.ts";

/** A batch whose every transaction has been found well-formed, with what was learnt on the way. */
export interface VerifiedBatch {
  readonly reference: BatchReference;
  readonly origin: string;
  readonly sequence: number;
  /** The whole batch as on the wire. */
  readonly bytes: Bytes;
  /** 32 bytes each. */
  readonly ids: Bytes;
  /** 32 bytes each. */
  readonly fullHashes: Bytes;
  /** Start and length of each transaction in `bytes`. */
  readonly offsets: Uint32Array;
  readonly notAfter: Float64Array;
  /** Signatures in it (§4.11 bounds them per block). */
  readonly signatures: number;
  /** Declared work under the manifest it was verified with; `declaredWork` counts again at an epoch start (§4.4). */
  readonly work: number;
  /** Transactions of which proofs failed, ascending by index; each as "operationIndex:rule". */
  readonly failedProofs: readonly FailedProofs[];
  /** A certificate vouched for it, or the own journal: nobody looked at the origin's signature, which may be whatever the sender of a block put there. */
  readonly vouched?: true;
}
export interface FailedProofs {
  readonly index: number;
  readonly failed: readonly string[];
}

/** The parts of a batch as on the wire; offsets into its bytes. */
export interface BatchParts {
  readonly origin: string;
  readonly sequence: number;
  /** Where the list of (u32 length ‖ transaction) lies. */
  readonly from: number;
  readonly to: number;
  /** End of the canonical array; the signature follows. */
  readonly arrayEnd: number;
}

/** `[origin, sequence, transactions]` in canonical bytes ‖ 64-byte signature by the origin's peer key. */
export function makeBatch(network: Bytes, origin: string, sequence: number, transactions: readonly Bytes[], peerSeed: Bytes): Bytes {
  const array = encode([origin, sequence, joinTransactions(transactions)]);
  return concat(array, signFramed(tags.batch, network, array, peerSeed));
}

/** Transactions behind their lengths, end to end: also the form of bulk requests. */
export function joinTransactions(transactions: readonly Bytes[]): Bytes {
  let length = 0;
  for (const t of transactions) length += 4 + t.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const t of transactions) {
    out[at] = t.length >>> 24;
    out[at + 1] = t.length >>> 16;
    out[at + 2] = t.length >>> 8;
    out[at + 3] = t.length;
    out.set(t, at + 4);
    at += 4 + t.length;
  }
  return out;
}

/** Reads the envelope. The bytes are under a peer's control. Throws `batch.…` or `codec.…`. */
export function readBatch(bytes: Bytes): BatchParts {
  if (bytes.length > MAX_BATCH_BYTES + BATCH_ENVELOPE_BYTES) refuse("too_large", { bytes: bytes.length });
  if (bytes[0] !== 0x93) refuse("malformed", { part: "array" });
  const arrayEnd = scan(bytes, 0, bytes.length);
  if (bytes.length - arrayEnd !== 64) refuse("malformed", { part: "signature" });
  const originEnd = scan(bytes, 1, arrayEnd);
  if (originEnd > 1 + 33) refuse("malformed", { part: "origin" });
  const origin = decodeFirst(bytes, 1);
  if (typeof origin !== "string" || !isOrganisationId(origin)) return refuse("malformed", { part: "origin" });
  if (scan(bytes, originEnd, arrayEnd) > originEnd + 9) refuse("malformed", { part: "sequence" });
  const sequence = decodeFirst(bytes, originEnd);
  if (typeof sequence !== "number" || sequence < 0) return refuse("malformed", { part: "sequence" });
  const at = decodedEnd();
  const head = bytes[at]! - 0xc4;
  if (head < 0 || head > 2) refuse("malformed", { part: "transactions" });
  const from = at + 1 + (1 << head);
  if (arrayEnd - from > MAX_BATCH_BYTES) refuse("too_large", { bytes: arrayEnd - from });
  return { origin, sequence, from, to: arrayEnd, arrayEnd };
}

/** An organisation's id; by hand, since the same pattern in base/member brings key code along. */
function isOrganisationId(id: string): boolean {
  if (id.length < 2 || id.length > 32) return false;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    if (!((c >= 0x61 && c <= 0x7a) || (i > 0 && ((c >= 0x30 && c <= 0x39) || c === 0x2d)))) return false;
  }
  return true;
}

/** Start and length of each transaction in bytes[from … to). Throws `batch.…`: nothing left over, none empty, none too long, at most `max` of them. */
export function splitTransactions(bytes: Bytes, from: number, to: number, max = MAX_BATCH_TRANSACTIONS): Uint32Array {
  const offsets = new Uint32Array(2 * Math.min(max, Math.max(1, Math.floor((to - from) / 5))));
  let count = 0;
  let at = from;
  while (at < to) {
    if (count === max) refuse("too_many_transactions", { max });
    if (to - at < 4) refuse("malformed", { part: "length", offset: at });
    const length = readU32(bytes, at);
    if (length === 0 || length > to - at - 4) refuse("malformed", { part: "length", offset: at });
    if (length > MAX_TRANSACTION_BYTES) refuse("transaction_too_large", { bytes: length });
    offsets[2 * count] = at + 4;
    offsets[2 * count + 1] = length;
    count++;
    at += 4 + length;
  }
  if (count === 0) refuse("empty");
  return offsets.slice(0, 2 * count);
}

/** Identity of a batch: SHA-256(frame("chancery/batch/1", array)), without the signature (§4.2). */
export function batchDigest(network: Bytes, bytes: Bytes, parts: BatchParts): Bytes {
  return taggedBytes(tags.batch, network, bytes.subarray(0, parts.arrayEnd));
}

/** Did the origin's peer key sign it? On the main thread, 45 µs a batch. */
export function batchSigned(network: Bytes, bytes: Bytes, parts: BatchParts, peerKey: Bytes): boolean {
  return verifyFramed(tags.batch, network, bytes.subarray(0, parts.arrayEnd), bytes.subarray(parts.arrayEnd), peerKey);
}

/** A batch made by `makeBatch` of transactions that are known already: nothing is verified twice. */
export function ownBatch(network: Bytes, bytes: Bytes, items: readonly KnownTransaction[]): VerifiedBatch {
  const parts = readBatch(bytes);
  const count = items.length;
  const ids = new Uint8Array(32 * count);
  const fullHashes = new Uint8Array(32 * count);
  const notAfter = new Float64Array(count);
  const failedProofs: FailedProofs[] = [];
  let work = 0;
  let signatures = 0;
  for (let i = 0; i < count; i++) {
    const item = items[i]!;
    ids.set(item.id, 32 * i);
    fullHashes.set(item.fullHash, 32 * i);
    notAfter[i] = item.notAfter;
    work += item.work;
    signatures += item.signatures;
    if (item.failedProofs.length > 0) failedProofs.push({ index: i, failed: item.failedProofs });
  }
  return {
    reference: { digest: batchDigest(network, bytes, parts), count, bytes: bytes.length },
    origin: parts.origin,
    sequence: parts.sequence,
    bytes,
    ids,
    fullHashes,
    offsets: splitTransactions(bytes, parts.from, parts.to),
    notAfter,
    signatures,
    work,
    failedProofs,
  };
}

/** A transaction found well-formed at this node's own ingress. */
export interface KnownTransaction {
  readonly bytes: Bytes;
  readonly id: Bytes;
  readonly fullHash: Bytes;
  readonly notAfter: number;
  readonly signatures: number;
  readonly work: number;
  readonly failedProofs: readonly string[];
}

function refuse(reason: string, data?: Readonly<Record<string, unknown>>): never {
  throw new LedgerError(`batch.${reason}`, data);
}
