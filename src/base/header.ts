// Order headers and block headers: what is agreed on, and what came of it. docs/protocol.md §3.1, §3.2.
// Owns their canonical bytes and hashes. Does not own: who signs them (certificate.ts), how a block is computed (ledger). Browser-clean.

import type { Bytes } from "./bytes.ts";
import { decode, encode, type Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { MAX_BLOCK_BATCHES } from "./limits.ts";
import { isHash, isList, isNatural, tuple } from "./shape.ts";
import * as tags from "./tagNames.ts";
import { tagged, taggedBytes } from "./tags.ts";

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
  if (!isList(value) || value.length > MAX_BLOCK_BATCHES) return malformed();
  return value.map((item) => {
    const [digest, count, bytes] = tuple(item, 3);
    return { digest: hash(digest), count: natural(count), bytes: natural(bytes) };
  });
}

export function orderValue(order: OrderHeader): Value {
  return [order.protocol, order.epoch, order.height, order.parent, order.time, order.batches];
}

export function orderFrom(value: Value | undefined): OrderHeader {
  const [protocol, epoch, height, parent, time, batches] = tuple(value, 6);
  return {
    protocol: natural(protocol),
    epoch: natural(epoch),
    height: natural(height),
    parent: hash(parent),
    time: natural(time),
    batches: hash(batches),
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
  const [order, parentBlock, transactionsRoot, leaves, stateRoot, validators, parameters, history] = tuple(decode(bytes), 8);
  return {
    order: orderFrom(order),
    parentBlock: hash(parentBlock),
    transactionsRoot: hash(transactionsRoot),
    leaves: natural(leaves),
    stateRoot: hash(stateRoot),
    validators: hash(validators),
    parameters: hash(parameters),
    history: hash(history),
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

function malformed(): never {
  throw new LedgerError("header.malformed");
}
const hash = (value: Value | undefined): Bytes => (isHash(value) ? value : malformed());
const natural = (value: Value | undefined): number => (isNatural(value) ? value : malformed());
