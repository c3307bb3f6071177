// Transactions: what a client signs and hands in. docs/protocol.md §2.1, §2.2.
// Owns the body, its id and full hash, signing, and well-formedness, which is a pure function of the bytes and the protocol version: every honest node
// answers alike. Does not own: whether the act is allowed (contracts, at execution), liveness (execute), checking many at once (verify.ts). Browser-clean.

import { type Bytes, compareBytes, concat, hex, readU48, u48be } from "../base/bytes.ts";
import { asciiText, decode, decodedEnd, decodeFirst, encode, scan, type Value } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import {
  MAX_ACTION_BYTES,
  MAX_OPERATIONS,
  MAX_SIGNERS,
  MAX_TRANSACTION_BYTES,
  NONCE_BYTES,
  TRANSACTION_TIME_LIMIT,
} from "../base/limits.ts";
import { publicKeyOf, sign, verify } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { frame } from "../base/tags.ts";

/** The one version there is. */
export const TRANSACTION_VERSION = 1;

export interface Operation {
  /** `contract.action@version` */
  readonly action: string;
  readonly args: { readonly [name: string]: Value };
}

/** What the signatures cover. */
export interface TransactionBody {
  /** 16 random bytes: two equal acts are two transactions, the same bytes twice are one. */
  readonly nonce: Bytes;
  /** Milliseconds since 1970: from a block later than this on, the transaction is dead. */
  readonly notAfter: number;
  /** Public keys, ascending, none twice. */
  readonly signers: readonly Bytes[];
  /** All or none of them take effect. */
  readonly operations: readonly Operation[];
}

export interface Transaction extends TransactionBody {
  /** One for each signer, in their order. */
  readonly signatures: readonly Bytes[];
}

/** Where the parts of a well-formed transaction lie in a buffer; offsets are absolute. */
export interface Layout {
  readonly notAfter: number;
  readonly signers: number;
  /** First key; the others follow every 34 bytes (each behind its two-byte head). */
  readonly signersAt: number;
  readonly operations: number;
  /** First operation's first byte. */
  readonly operationsAt: number;
  /** End of the body: the signatures begin here, 64 bytes each. */
  readonly bodyEnd: number;
}
const KEY_STRIDE = 34;

/** Canonical bytes of a body. Sorts the signers. Throws `codec.…` or `transaction.malformed` if no well-formed transaction can come of it. */
export function encodeBody(body: TransactionBody): Bytes {
  const signers = [...body.signers].sort(compareBytes);
  const bytes = encode([TRANSACTION_VERSION, body.nonce, body.notAfter, signers, body.operations.map((o) => [o.action, o.args])]);
  bodyLayout(bytes);
  return bytes;
}

/** The body in canonical bytes that stand alone, unsigned. Throws `transaction.malformed`, naming the part and the offset. */
export function decodeBody(bytes: Bytes): TransactionBody {
  bodyLayout(bytes);
  return bodyFrom(decode(bytes));
}

function bodyFrom(value: Value): TransactionBody {
  const [, nonce, notAfter, signers, operations] = value as [number, Bytes, number, Bytes[], [string, Operation["args"]][]];
  return { nonce, notAfter, signers, operations: operations.map(([action, args]) => ({ action, args })) };
}

/** The bytes that every signer signs: frame("chancery/transaction/1", body) (§2). */
export function signingBytes(network: Bytes, body: Bytes): Bytes {
  return frame(tags.transaction, network, body);
}

/** id = notAfter as 6 bytes ‖ the first 26 bytes of SHA-256 of the frame, so that an index by id expires by range (§2.3). */
export function transactionId(network: Bytes, body: Bytes): Bytes {
  return concat(u48be(bodyLayout(body).notAfter), sha256(signingBytes(network, body)).subarray(0, 26));
}

/** The notAfter that an id begins with. */
export function notAfterOf(id: Bytes): number {
  return readU48(id, 0);
}

/** Full hash: of the whole transaction, signatures included. Blocks commit to it, or one id could mean two signature sets (§2). */
export function fullHash(bytes: Bytes): Bytes {
  return sha256(bytes);
}

/** A signature over a body by one seed, and the public key it belongs to. */
export function signBody(network: Bytes, body: Bytes, seed: Bytes): { key: Bytes; signature: Bytes } {
  return { key: publicKeyOf(seed), signature: sign(seed, signingBytes(network, body)) };
}

/** Transaction bytes from a body and a signature for each listed signer, in any order. Throws `transaction.signature_missing` or `…_unlisted`. */
export function assemble(body: Bytes, signed: readonly { readonly key: Bytes; readonly signature: Bytes }[]): Bytes {
  const { signers } = decodeBody(body);
  const byKey = new Map(signed.map((s) => [hex(s.key), s.signature]));
  const listed = new Set(signers.map(hex));
  for (const key of byKey.keys()) if (!listed.has(key)) throw new LedgerError("transaction.signature_unlisted", { signer: key });
  const signatures = signers.map((key) => byKey.get(hex(key)) ?? refuse("signature_missing", { signer: hex(key) }));
  const bytes = concat(body, ...signatures);
  readLayout(bytes, 0, bytes.length);
  return bytes;
}

/** Builds and signs in one go; the seeds' public keys are the signers. */
export function signTransaction(network: Bytes, fields: Omit<TransactionBody, "signers">, seeds: readonly Bytes[]): Bytes {
  const body = encodeBody({ ...fields, signers: seeds.map(publicKeyOf) });
  return assemble(
    body,
    seeds.map((seed) => signBody(network, body, seed)),
  );
}

/** Decodes a transaction without checking its signatures. Throws `transaction.malformed`, naming the part and the offset. */
export function decodeTransaction(bytes: Bytes): Transaction {
  const { bodyEnd, signers } = readLayout(bytes, 0, bytes.length);
  const signatures = Array.from({ length: signers }, (_, i) => bytes.slice(bodyEnd + 64 * i, bodyEnd + 64 * i + 64));
  return { ...bodyFrom(decode(bytes.subarray(0, bodyEnd))), signatures };
}

/**
 * Well-formedness whole: shape, then every signature by the one rule (§1). Throws `transaction.…`; returns id and layout.
 * For one transaction at a time; verify.ts does the same for batches without allocating.
 */
export function checkTransaction(network: Bytes, bytes: Bytes, check: typeof verify = verify): { id: Bytes; layout: Layout } {
  const layout = readLayout(bytes, 0, bytes.length);
  const body = bytes.subarray(0, layout.bodyEnd);
  const framed = signingBytes(network, body);
  for (let i = 0; i < layout.signers; i++) {
    const at = layout.bodyEnd + 64 * i;
    const key = signerAt(bytes, layout, i);
    if (!check(bytes.subarray(at, at + 64), framed, key)) refuse("signature", { signer: hex(key) });
  }
  return { id: concat(u48be(layout.notAfter), sha256(framed).subarray(0, 26)), layout };
}

/** Where the i-th signer's key stands. */
export const keyOffset = (layout: Layout, index: number): number => layout.signersAt + KEY_STRIDE * index;

/** A view of the i-th signer's key. */
export function signerAt(bytes: Bytes, layout: Layout, index: number): Bytes {
  const at = keyOffset(layout, index);
  return bytes.subarray(at, at + 32);
}

/** Reads the shape of the transaction that fills bytes[start … end). The bytes are under a stranger's control. Throws `transaction.malformed`, naming the part and the offset. */
export function readLayout(bytes: Bytes, start: number, end: number): Layout {
  if (end - start > MAX_TRANSACTION_BYTES) malformed("size", end - start);
  const layout = readBody(bytes, start, end);
  if (end - layout.bodyEnd !== 64 * layout.signers) malformed("signatures", layout.bodyEnd);
  return layout;
}

function bodyLayout(body: Bytes): Layout {
  const layout = readBody(body, 0, body.length);
  if (layout.bodyEnd !== body.length) malformed("body", layout.bodyEnd);
  if (body.length + 64 * layout.signers > MAX_TRANSACTION_BYTES) malformed("size", body.length);
  return layout;
}

// The scanner decides that the body is canonical; what it is, is read head by head rather than decoded: most transactions are only looked at, and 0.3 µs
// against 3 µs counts five thousand times a second. A byte read past the end is undefined and equals no head.
function readBody(bytes: Bytes, start: number, end: number): Layout {
  if (bytes[start] !== 0x95) malformed("body", start);
  if (bytes[start + 1] !== TRANSACTION_VERSION) malformed("version", start + 1);
  const bodyEnd = canonicalEnd(bytes, start, end);
  let at = start + 2;
  if (bytes[at] !== 0xc4 || bytes[at + 1] !== NONCE_BYTES) malformed("nonce", at);
  at += 2 + NONCE_BYTES;
  const head = bytes[at]!;
  const notAfter = head < 0x80 || (head >= 0xcc && head <= 0xcf) ? decodeFirst(bytes, at) : undefined;
  if (typeof notAfter !== "number" || notAfter >= TRANSACTION_TIME_LIMIT) return malformed("notAfter", at);
  at = decodedEnd();
  const signers = readCount(bytes, at, MAX_SIGNERS, "signers");
  at += signers > 15 ? 3 : 1;
  const signersAt = at + 2;
  for (let i = 0; i < signers; i++, at += KEY_STRIDE) {
    if (bytes[at] !== 0xc4 || bytes[at + 1] !== 32) malformed("signers", at);
    if (i > 0 && !ascending(bytes, at + 2 - KEY_STRIDE, at + 2)) malformed("signers_order", at);
  }
  const operations = readCount(bytes, at, MAX_OPERATIONS, "operations");
  at += operations > 15 ? 3 : 1;
  const operationsAt = at;
  for (let i = 0; i < operations; i++) at = readOperation(bytes, at, bodyEnd, i === operations - 1);
  return { notAfter, signers, signersAt, operations, operationsAt, bodyEnd };
}

function canonicalEnd(bytes: Bytes, start: number, end: number): number {
  try {
    return scan(bytes, start, end);
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new LedgerError("transaction.malformed", { part: cause.code, ...cause.data }, cause);
  }
}

/** Items of the array whose head stands at `at`, 1 … max; forms fix and 16 only, the shortest. */
function readCount(bytes: Bytes, at: number, max: number, part: string): number {
  const head = bytes[at]!;
  const count = (head & 0xf0) === 0x90 ? head & 15 : head === 0xdc && bytes[at + 1] === 0 && bytes[at + 2]! > 15 ? bytes[at + 2]! : 0;
  return count >= 1 && count <= max ? count : malformed(part, at);
}

/** Where it ends. The last ends where the body does, which has been scanned: arguments may be long. */
function readOperation(bytes: Bytes, start: number, end: number, last: boolean): number {
  if (bytes[start] !== 0x92) malformed("operation", start);
  const { from, to } = actionBounds(bytes, start);
  // Printable ASCII without the space: what the name means is the manifest's business, but it is safe to show.
  for (let i = from; i < to; i++) if (bytes[i]! < 0x21 || bytes[i]! > 0x7e) malformed("action", i);
  const head = bytes[to]!;
  if ((head & 0xf0) !== 0x80 && head !== 0xde && head !== 0xdf) malformed("args", to);
  return last ? end : scan(bytes, to, end);
}

function actionBounds(bytes: Bytes, start: number): { from: number; to: number } {
  const head = bytes[start + 1]!;
  const long = head === 0xd9;
  const length = (head & 0xe0) === 0xa0 ? head & 31 : long && bytes[start + 2]! > 31 ? bytes[start + 2]! : 0;
  if (length < 1 || length > MAX_ACTION_BYTES) malformed("action", start + 1);
  const from = start + (long ? 3 : 2);
  return { from, to: from + length };
}

/** Action names and the offsets of their arguments, of a transaction whose layout has been read. */
export function readOperations(bytes: Bytes, layout: Layout): { action: string; argsAt: number; argsEnd: number }[] {
  const out = new Array<{ action: string; argsAt: number; argsEnd: number }>(layout.operations);
  let at = layout.operationsAt;
  for (let i = 0; i < layout.operations; i++) {
    const { from, to } = actionBounds(bytes, at);
    const action = asciiText(bytes, from, to);
    at = i === layout.operations - 1 ? layout.bodyEnd : scan(bytes, to, layout.bodyEnd);
    out[i] = { action, argsAt: to, argsEnd: at };
  }
  return out;
}

/** An operation in the bytes of a transaction: its arguments are decoded when somebody asks for them. */
class EncodedOperation {
  readonly action: string;
  readonly bytes: Bytes;
  readonly argsAt: number;

  constructor(action: string, bytes: Bytes, argsAt: number) {
    this.action = action;
    this.bytes = bytes;
    this.argsAt = argsAt;
  }

  get args(): Value {
    return decodeFirst(this.bytes, this.argsAt);
  }
}

/** Signers and operations of the transaction that begins at `start` and has been found well-formed: what execution needs of it. */
export function readCall(bytes: Bytes, start: number): { signers: Bytes[]; operations: EncodedOperation[] } {
  const time = start + 4 + NONCE_BYTES;
  const head = bytes[time]!;
  const signers = decodeFirst(bytes, head < 0x80 ? time + 1 : time + 1 + (1 << (head - 0xcc))) as Bytes[];
  let at = decodedEnd();
  const count = readCount(bytes, at, MAX_OPERATIONS, "operations");
  at += count > 15 ? 3 : 1;
  const operations = new Array<EncodedOperation>(count);
  for (let i = 0; i < count; i++) {
    const { from, to } = actionBounds(bytes, at);
    operations[i] = new EncodedOperation(asciiText(bytes, from, to), bytes, to);
    if (i < count - 1) at = scan(bytes, to, bytes.length);
  }
  return { signers, operations };
}

function ascending(bytes: Bytes, before: number, after: number): boolean {
  for (let i = 0; i < 32; i++) if (bytes[before + i] !== bytes[after + i]) return bytes[before + i]! < bytes[after + i]!;
  return false;
}

function malformed(part: string, offset: number): never {
  throw new LedgerError("transaction.malformed", { part, offset });
}

function refuse(reason: string, data?: Readonly<Record<string, unknown>>): never {
  throw new LedgerError(`transaction.${reason}`, data);
}
