// Verification of transactions in bulk: bytes in; ids, full hashes, offsets, verdicts, declared work and failed proofs out. docs/protocol.md §2, §4.4, §4.8.
// Pure, and made for a worker thread: no state, no clock, no contracts (what it needs of the manifest comes as callbacks), results in typed arrays over one
// buffer that can be transferred. Does not own: the batch's own signature (batch.ts, main thread), the worker (node/verifyWorker).

import type { Bytes } from "../base/bytes.ts";
import { decodeFirst, type Value } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { sha256, sha256Into } from "../base/hash.ts";
import { MAX_BATCH_TRANSACTIONS, MAX_BULK_BYTES, MAX_TRANSACTION_BYTES } from "../base/limits.ts";
import { hasNative, ITEM_FIELDS, preCheck, verifyFull, verifyMany, verifyQuick } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { frame } from "../base/tags.ts";
import { type BatchParts, type FailedProofs, readBatch, splitTransactions, type VerifiedBatch } from "./batch.ts";
import { keyOffset, type Layout, readLayout, readOperations, signerAt } from "./transaction.ts";

export interface VerifyOptions {
  /** Genesis hash. */
  readonly network: Bytes;
  /** Declared work of an action in the manifest in force; 1 for unknown ones (§4.4.8). */
  readonly work: (action: string) => number;
  /** Rules of the action whose proof predicate fails for these arguments; none for actions without proofs. `args` decodes only when called. */
  readonly proofs?: (action: string, args: () => Value) => readonly string[];
  /** false under a commit certificate: what q validators found well-formed is not asked again (§4.9). Everything else still is. */
  readonly signatures?: boolean;
  /** Own ingress: libsodium's yes or refusal; the millisecond of the full rule is never spent on our own clients. */
  readonly quick?: boolean;
}

/** Facts about `count` transactions, all views of one buffer. */
interface Facts {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly notAfter: Float64Array;
  readonly ids: Bytes;
  readonly fullHashes: Bytes;
}

export type BatchVerdict =
  | { readonly ok: true; readonly batch: VerifiedBatch; readonly slow: number }
  /** `code` says what is wrong, `index` in which transaction. The origin signed it, so the origin is faulty. */
  | { readonly ok: false; readonly code: string; readonly index?: number; readonly slow: number };

/** Verdicts on a client's transactions, one by one: one bad item refuses that item only. */
export interface IngressVerdict extends Facts {
  /** null if well-formed, else why not. */
  readonly codes: readonly (string | null)[];
  readonly signatures: Uint8Array;
  readonly work: Float64Array;
}

/** The whole verdict on a batch as it came from the wire. Never throws for what the bytes hold. */
export function verifyBatch(bytes: Bytes, options: VerifyOptions): BatchVerdict {
  const job = new BatchVerification(bytes, options);
  while (!job.advance(Number.POSITIVE_INFINITY));
  return job.verdict();
}

/**
 * A verification that can pause: crafted signatures take the full rule, 1 ms each, and a batch full of them must delay its sender only. The worker
 * advances the jobs of different origins in turn, charging each what it took.
 */
export class BatchVerification {
  readonly #bytes: Bytes;
  readonly #options: VerifyOptions;
  #state: { parts: BatchParts; digest: Bytes; facts: Facts } | undefined;
  #next = 0;
  #together: Together | undefined;
  #work = 0;
  #signatures = 0;
  #slow = 0;
  #fault: { code: string; index?: number } | undefined;
  readonly #failedProofs: FailedProofs[] = [];

  constructor(bytes: Bytes, options: VerifyOptions) {
    this.#bytes = bytes;
    this.#options = options;
    try {
      const parts = readBatch(bytes);
      const facts = allot(splitTransactions(bytes, parts.from, parts.to));
      this.#state = { parts, digest: sha256(frame(tags.batch, options.network, bytes.subarray(0, parts.arrayEnd))), facts };
    } catch (error) {
      this.#fault = { code: codeOf(error) };
    }
  }

  /** Goes on until the end or until `slowLimit` checks by the full rule, or operations with predicates, are spent; true when there is nothing left to do. */
  advance(slowLimit: number): boolean {
    if (this.#fault !== undefined || this.#state === undefined) return true;
    const { facts } = this.#state;
    const stopAt = this.#slow + slowLimit;
    while (this.#next < facts.count && this.#slow < stopAt) {
      const index = this.#next++;
      if (index % TOGETHER === 0) this.#together = signaturesOf(this.#bytes, facts, index, this.#options);
      const checked = checkOne(this.#bytes, facts, index, this.#options, this.#together);
      this.#slow += checked.slow;
      if (checked.code !== null) {
        this.#fault = { code: checked.code, index };
        return true;
      }
      this.#work += checked.work;
      this.#signatures += checked.signatures;
      if (checked.failed.length > 0) this.#failedProofs.push({ index, failed: checked.failed });
    }
    return this.#next >= facts.count;
  }

  verdict(): BatchVerdict {
    if (this.#fault !== undefined || this.#state === undefined)
      return { ok: false, slow: this.#slow, ...(this.#fault ?? { code: "batch.malformed" }) };
    const { parts, digest, facts } = this.#state;
    const { count, offsets, notAfter, ids, fullHashes } = facts;
    const batch: VerifiedBatch = {
      reference: { digest, count, bytes: this.#bytes.length },
      origin: parts.origin,
      sequence: parts.sequence,
      bytes: this.#bytes,
      ids,
      fullHashes,
      offsets,
      notAfter,
      signatures: this.#signatures,
      work: this.#work,
      failedProofs: this.#failedProofs,
    };
    return { ok: true, batch, slow: this.#slow };
  }
}

/** What a worker gives back without copying: the batch's bytes (if they own their buffer) and the facts' one buffer. */
export function transferables(batch: Pick<VerifiedBatch, "bytes" | "ids">): ArrayBuffer[] {
  const { bytes, ids } = batch;
  const own = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return (own ? [bytes.buffer, ids.buffer] : [ids.buffer]) as ArrayBuffer[];
}

/** Transactions handed in by a client, (u32 length ‖ bytes)*. Throws `batch.…` if the list itself is malformed; each item has its own verdict. */
export function verifyIngress(bytes: Bytes, options: VerifyOptions): IngressVerdict {
  const job = new IngressVerification(bytes, options);
  while (!job.advance(Number.POSITIVE_INFINITY));
  return job.verdict();
}

/** As `verifyIngress`, in pieces: predicates take milliseconds, and a list full of them must delay its sender only. */
export class IngressVerification {
  readonly #bytes: Bytes;
  readonly #options: VerifyOptions;
  readonly #verdict: IngressVerdict & { readonly codes: (string | null)[] };
  #together: Together | undefined;

  constructor(bytes: Bytes, options: VerifyOptions) {
    if (bytes.length > MAX_BULK_BYTES) throw new LedgerError("batch.too_large", { bytes: bytes.length });
    this.#bytes = bytes;
    this.#options = options;
    const facts = allot(splitTransactions(bytes, 0, bytes.length, MAX_BATCH_TRANSACTIONS));
    this.#verdict = { ...facts, codes: [], signatures: new Uint8Array(facts.count), work: new Float64Array(facts.count) };
  }

  /** Goes on until the end or until predicates for about `slowLimit` ms are computed; true when there is nothing left to do. */
  advance(slowLimit: number): boolean {
    const { codes, signatures, work, ...facts } = this.#verdict;
    for (let slow = 0; codes.length < facts.count && slow < slowLimit; ) {
      const i = codes.length;
      if (i % TOGETHER === 0) this.#together = signaturesOf(this.#bytes, facts, i, this.#options);
      const checked = checkOne(this.#bytes, facts, i, this.#options, this.#together);
      codes.push(checked.code ?? (checked.failed.length === 0 ? null : ruleCode(this.#bytes, facts, i, checked.failed[0]!)));
      signatures[i] = checked.signatures;
      work[i] = checked.work;
      slow += checked.slow;
    }
    return codes.length === facts.count;
  }

  verdict(): IngressVerdict {
    return this.#verdict;
  }
}

/** The full code of a failed proof, `contract.rule`, from "operationIndex:rule". */
function ruleCode(bytes: Bytes, facts: Facts, index: number, failure: string): string {
  const colon = failure.indexOf(":");
  const rule = failure.slice(colon + 1);
  if (rule.includes(".")) return rule;
  const start = facts.offsets[2 * index]!;
  const { action } = readOperations(bytes, readLayout(bytes, start, start + facts.offsets[2 * index + 1]!))[
    Number(failure.slice(0, colon))
  ]!;
  return `${action.slice(0, action.indexOf("."))}.${rule}`;
}

/** Declared work of transactions known to be well-formed, under another manifest: counted again when an epoch starts (§4.4). */
export function declaredWork(bytes: Bytes, offsets: Uint32Array, work: VerifyOptions["work"]): number {
  let sum = 0;
  for (let i = 0; i < offsets.length; i += 2) {
    const start = offsets[i]!;
    for (const { action } of readOperations(bytes, readLayout(bytes, start, start + offsets[i + 1]!))) sum += work(action);
  }
  return sum;
}

function allot(offsets: Uint32Array): Facts {
  const count = offsets.length / 2;
  const buffer = new ArrayBuffer(count * 80);
  const kept = new Uint32Array(buffer, count * 72, count * 2);
  kept.set(offsets);
  return {
    count,
    notAfter: new Float64Array(buffer, 0, count),
    ids: new Uint8Array(buffer, count * 8, count * 32),
    fullHashes: new Uint8Array(buffer, count * 40, count * 32),
    offsets: kept,
  };
}

interface Checked {
  readonly code: string | null;
  readonly signatures: number;
  readonly work: number;
  readonly failed: readonly string[];
  readonly slow: number;
}

// One scratch frame for the process: the head of the network last asked for, then the body. Synchronous, never re-entered.
let scratch: Uint8Array = new Uint8Array(0);
let scratchHead = 0;
let scratchNetwork: Bytes | undefined;
const digest = new Uint8Array(32);

function headOf(network: Bytes): Bytes {
  if (scratchNetwork !== network) {
    const head = frame(tags.transaction, network, new Uint8Array(0));
    scratch = new Uint8Array(head.length + MAX_TRANSACTION_BYTES);
    scratch.set(head);
    scratchHead = head.length;
    scratchNetwork = network;
  }
  return scratch.subarray(0, scratchHead);
}

function framed(network: Bytes, bytes: Bytes, start: number, bodyEnd: number): Bytes {
  const { length } = headOf(network);
  scratch.set(bytes.subarray(start, bodyEnd), length);
  return scratch.subarray(0, length + bodyEnd - start);
}

/** Transactions whose signatures are verified in one call: more gain little, and one bad signature among them costs the call. */
const TOGETHER = 256;

/** What the native addon says of the signatures of up to 256 transactions, beginning with `from`. */
interface Together {
  readonly from: number;
  /** Item of each transaction's first signature. */
  readonly first: Uint32Array;
  /** 1 for each signature that is good; undefined where nothing is known: too few signatures, or one among them is bad. Then each is asked for by itself. */
  readonly good: Uint8Array | undefined;
  /** What was read on the way; undefined for a transaction that is malformed. */
  readonly layouts: readonly (Layout | undefined)[];
}

function signaturesOf(bytes: Bytes, facts: Facts, from: number, options: VerifyOptions): Together | undefined {
  if (!hasNative || options.signatures === false) return undefined;
  const to = Math.min(facts.count, from + TOGETHER);
  const first = new Uint32Array(to - from);
  const items: number[] = [];
  const layouts: (Layout | undefined)[] = [];
  for (let index = from; index < to; index++) {
    first[index - from] = items.length / ITEM_FIELDS;
    const start = facts.offsets[2 * index]!;
    let layout: Layout;
    try {
      layout = readLayout(bytes, start, start + facts.offsets[2 * index + 1]!);
    } catch (error) {
      codeOf(error);
      layouts.push(undefined);
      continue; // refused when its turn comes
    }
    layouts.push(layout);
    for (let i = 0; i < layout.signers; i++) items.push(start, layout.bodyEnd, keyOffset(layout, i), layout.bodyEnd + 64 * i);
  }
  const good = verifyMany(headOf(options.network), bytes, Uint32Array.from(items), options.quick === true);
  return { from, first, good, layouts };
}

function checkOne(bytes: Bytes, facts: Facts, index: number, options: VerifyOptions, together: Together | undefined): Checked {
  const start = facts.offsets[2 * index]!;
  const end = start + facts.offsets[2 * index + 1]!;
  let slow = 0;
  try {
    const layout = together?.layouts[index - together.from] ?? readLayout(bytes, start, end);
    const message = framed(options.network, bytes, start, layout.bodyEnd);
    facts.notAfter[index] = layout.notAfter;
    writeId(facts.ids, index * 32, layout.notAfter, message);
    sha256Into(bytes.subarray(start, end), facts.fullHashes, index * 32);
    for (let i = 0; i < layout.signers && options.signatures !== false; i++) {
      if (together?.good?.[together.first[index - together.from]! + i] === 1) continue;
      const at = layout.bodyEnd + 64 * i;
      const signature = bytes.subarray(at, at + 64);
      const key = signerAt(bytes, layout, i);
      if (verifyQuick(signature, message, key)) continue;
      let good = false;
      if (options.quick !== true && preCheck(signature, key)) {
        slow++;
        good = verifyFull(signature, message, key);
      }
      if (!good) return { code: "transaction.signature", signatures: layout.signers, work: 0, failed: [], slow };
    }
    const { work, failed, proved } = operationsOf(bytes, layout, options);
    return { code: null, signatures: layout.signers, work, failed, slow: slow + proved };
  } catch (error) {
    return { code: codeOf(error), signatures: 0, work: 0, failed: [], slow };
  }
}

/** id = notAfter in six bytes ‖ 26 bytes of the hash of the frame (§2). */
function writeId(out: Bytes, at: number, notAfter: number, message: Bytes): void {
  sha256Into(message, digest, 0);
  const high = Math.floor(notAfter / 2 ** 32);
  out[at] = high >>> 8;
  out[at + 1] = high;
  out[at + 2] = notAfter >>> 24;
  out[at + 3] = notAfter >>> 16;
  out[at + 4] = notAfter >>> 8;
  out[at + 5] = notAfter;
  for (let i = 0; i < 26; i++) out[at + 6 + i] = digest[i]!;
}

/** Declared work of predicates that a millisecond computes, the time of one check by the full rule. Measured: tenders' shares 80, ceremonies 40. */
const PROVED_WORK_PER_SLOW = 40;

/** `proved`: about how many milliseconds predicates took. They delay their sender, as the full rule does. */
function operationsOf(
  bytes: Bytes,
  layout: Layout,
  { work, proofs }: VerifyOptions,
): { work: number; failed: readonly string[]; proved: number } {
  const operations = readOperations(bytes, layout);
  let sum = 0;
  let failed: string[] | undefined;
  let proved = 0;
  for (let i = 0; i < operations.length; i++) {
    const { action, argsAt } = operations[i]!;
    sum += work(action);
    if (proofs === undefined) continue;
    const args = (): Value => {
      proved += Math.max(1, work(action) / PROVED_WORK_PER_SLOW);
      return decodeFirst(bytes, argsAt);
    };
    for (const rule of provedFalse(proofs, action, args)) (failed ??= []).push(`${i}:${rule}`);
  }
  return { work: sum, failed: failed ?? NONE, proved };
}
const NONE: readonly string[] = [];

/** A predicate that throws is the receipt `engine.fault` (engine.md §4), but an exhausted stack or heap is not deterministic: that one stops the node. */
function provedFalse(proofs: NonNullable<VerifyOptions["proofs"]>, action: string, args: () => Value): readonly string[] {
  try {
    return proofs(action, args);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return ["engine.fault"];
  }
}

/** The code of a refusal; whatever else was thrown is our bug and goes on. */
function codeOf(error: unknown): string {
  if (isLedgerError(error) && !error.code.startsWith("bug.")) return error.code;
  throw error;
}
