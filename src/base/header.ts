// Order headers and block headers: what is agreed on, and what came of it. docs/protocol.md §3.1, §3.2.
// Owns their canonical bytes and hashes. Does not own: who signs them (certificate.ts), how a block is computed (ledger). Browser-clean.

import type { Bytes } from "./bytes.ts";
import { decode, encode, type Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { MAX_BLOCK_BATCHES } from "./limits.ts";
import { tagged, taggedBytes, tags } from "./tags.ts";

/** A batch of transactions as an order names it: `digest` is its identity, `count` its transactions, `bytes` its length on the wire. */
export interface BatchReference {
  readonly digest: Bytes;
  readonly count: number;
  readonly bytes: number;
}

/** What the primary proposes. No view and no proposer in it: a re-proposal changes nothing. */
export interface OrderHeader {
  readonly protocol: number;
  readonly epoch: number;
  readonly height: number;
  /** Order digest of the block before; the genesis hash at height 1. */
  readonly parent: Bytes;
  /** Milliseconds since 1970; strictly greater than the parent's. */
  readonly time: number;
  /** `batchesHash` of the list of batch references. */
  readonly batches: Bytes;
}

/** What executing an order gave. Commit votes are on its hash, so a certificate proves order and result together. */
export interface BlockHeader {
  readonly order: OrderHeader;
  /** Block hash of the block before; the genesis hash at height 1. */
  readonly parentBlock: Bytes;
  readonly transactionsRoot: Bytes;
  /** Leaves of the transactions tree. */
  readonly leaves: number;
  readonly stateRoot: Bytes;
  /** Hash of the validator set that signs the next height. */
  readonly validators: Bytes;
  /** Hash of the parameters of the next height. */
  readonly parameters: Bytes;
  /** RFC 9162 root over the block hashes of all earlier heights, the genesis hash first. */
  readonly history: Bytes;
}

export function batchesHash(network: Bytes, references: readonly BatchReference[]): Bytes {
  return tagged(tags.batches, network, batchesValue(references));
}

export function batchesValue(references: readonly BatchReference[]): Value {
  return references.map((r) => [r.digest, r.count, r.bytes]);
}

export function batchesFrom(value: Value): BatchReference[] {
  if (!Array.isArray(value) || value.length > MAX_BLOCK_BATCHES) return malformed("batches");
  return (value as Value[]).map((item) => {
    const [digest, count, bytes, ...rest] = Array.isArray(item) ? (item as Value[]) : malformed("batches");
    if (rest.length > 0) malformed("batches");
    return { digest: hash(digest, "batches"), count: natural(count, "batches"), bytes: natural(bytes, "batches") };
  });
}

export function orderValue(order: OrderHeader): Value {
  return [order.protocol, order.epoch, order.height, order.parent, order.time, order.batches];
}

export function orderFrom(value: Value | undefined): OrderHeader {
  if (!Array.isArray(value) || value.length !== 6) return malformed("order");
  const [protocol, epoch, height, parent, time, batches] = value as Value[];
  return {
    protocol: natural(protocol, "order"),
    epoch: natural(epoch, "order"),
    height: natural(height, "order"),
    parent: hash(parent, "order"),
    time: natural(time, "order"),
    batches: hash(batches, "order"),
  };
}

export function encodeOrder(order: OrderHeader): Bytes {
  return encode(orderValue(order));
}

/** Throws `codec.…` or `header.malformed`. */
export function decodeOrder(bytes: Bytes): OrderHeader {
  return orderFrom(decode(bytes));
}

/** The order digest: what Prepare votes name. */
export function orderDigest(network: Bytes, order: OrderHeader): Bytes {
  return tagged(tags.order, network, orderValue(order));
}

export function encodeBlock(header: BlockHeader): Bytes {
  const { order, parentBlock, transactionsRoot, leaves, stateRoot, validators, parameters, history } = header;
  return encode([orderValue(order), parentBlock, transactionsRoot, leaves, stateRoot, validators, parameters, history]);
}

/** Throws `codec.…` or `header.malformed`. */
export function decodeBlock(bytes: Bytes): BlockHeader {
  const value = decode(bytes);
  if (!Array.isArray(value) || value.length !== 8) return malformed("block");
  const [order, parentBlock, transactionsRoot, leaves, stateRoot, validators, parameters, history] = value as Value[];
  return {
    order: orderFrom(order),
    parentBlock: hash(parentBlock, "block"),
    transactionsRoot: hash(transactionsRoot, "block"),
    leaves: natural(leaves, "block"),
    stateRoot: hash(stateRoot, "block"),
    validators: hash(validators, "block"),
    parameters: hash(parameters, "block"),
    history: hash(history, "block"),
  };
}

/** The block hash: what Commit votes name. */
export function blockHash(network: Bytes, header: BlockHeader): Bytes {
  return blockHashOf(network, encodeBlock(header));
}

/** The block hash of a header's canonical bytes. */
export function blockHashOf(network: Bytes, headerBytes: Bytes): Bytes {
  return taggedBytes(tags.block, network, headerBytes);
}

function malformed(what: string): never {
  throw new LedgerError("header.malformed", { what });
}
function hash(value: Value | undefined, what: string): Bytes {
  return value instanceof Uint8Array && value.length === 32 ? value : malformed(what);
}
function natural(value: Value | undefined, what: string): number {
  return typeof value === "number" && value >= 0 ? value : malformed(what);
}
