// Whole blocks between nodes: header, certificate, batches, results, write set, checked against the header without executing anything. docs/protocol.md
// §4.9.5. Owns the form and the check: the leaves are made again of bodies and receipts, and each act's writes have the root
// that its receipt names. Does not own: certificates' sets (fetchBlocks.ts), executing (chain.ts).

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { type Certificate, certificateFrom, certificateValue } from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { sha256, sha256Into } from "../base/hash.ts";
import { batchesFrom, batchesHash, batchesValue, type BatchReference, type BlockHeader, blockHashOf, decodeBlock } from "../base/header.ts";
import * as tags from "../base/tagNames.ts";
import { frame } from "../base/tags.ts";
import { batchDigest, readBatch, splitTransactions } from "./batch.ts";
import {
  type BlockResults,
  decodeReceipt,
  decodeResults,
  dueId,
  encodeResults,
  encodeWriteSet,
  NO_BYTES,
  openWriteSet,
  TransactionsTree,
  type Write,
  writesRoot,
} from "./block.ts";
import type { Store } from "./store.ts";
import * as layout from "./storeLayout.ts";
import { readLayout } from "./transaction.ts";

/** A block whose parts belong together; that its header is certified is another matter. */
export interface WholeBlock {
  readonly header: BlockHeader;
  readonly headerBytes: Bytes;
  readonly hash: Bytes;
  readonly certificate: Certificate;
  readonly references: readonly BatchReference[];
  readonly bodies: readonly Bytes[];
  readonly results: Bytes;
  readonly writeSet: Bytes;
  /** Of the leaves, 32 bytes each, end to end. */
  readonly ids: Bytes;
  /** What each leaf wrote. */
  readonly writes: readonly (readonly Write[])[];
}

/** C([header, certificate, references, [body …], results, write set]): what the store has of a block, as it is. */
export function encodeWholeBlock(store: Store, height: number): Bytes {
  const { headerBytes, certificate, references } = store.block(height);
  const bodies = references.map((_, position) => store.body(height, position));
  const [results, writeSet] = [store.resultsBytes(height), store.writeSetBytes(height)];
  return encodeParts({ headerBytes, certificate, references, bodies, results, writeSet });
}

/** The same of the parts. */
export function encodeParts(
  block: Pick<WholeBlock, "headerBytes" | "certificate" | "references" | "bodies" | "results" | "writeSet">,
): Bytes {
  const { headerBytes, certificate, references, bodies, results, writeSet } = block;
  return encode([headerBytes, certificateValue(certificate), batchesValue(references), bodies, results, writeSet]);
}

/** Reads and checks a block of a peer. Throws a LedgerError for whatever does not belong together: an honest peer sends no such thing. */
export function readWholeBlock(network: Bytes, bytes: Bytes): WholeBlock {
  const value = decode(bytes);
  const [headerBytes, certificate, references, bodies, results, writeSet, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  if (
    !(headerBytes instanceof Uint8Array) ||
    !Array.isArray(bodies) ||
    !(results instanceof Uint8Array) ||
    !(writeSet instanceof Uint8Array) ||
    rest.length > 0
  )
    return wrong("form");
  const parts = { headerBytes, certificate: certificateFrom(certificate), references: batchesFrom(references ?? null) };
  return checkParts(network, parts, bodies as Value[], decodeResults(results), openWriteSet(writeSet));
}

function checkParts(
  network: Bytes,
  parts: { headerBytes: Bytes; certificate: Certificate; references: BatchReference[] },
  bodies: readonly Value[],
  results: BlockResults,
  writeSet: ReturnType<typeof openWriteSet>,
): WholeBlock {
  const { headerBytes, references } = parts;
  const header = decodeBlock(headerBytes);
  const { height, time } = header.order;
  if (!equalBytes(header.order.batches, batchesHash(network, references)) || bodies.length !== references.length) wrong("references");
  const tree = new TransactionsTree();
  const ids = new Uint8Array(32 * results.receipts.length);
  const push = (id: Bytes, fullHash: Bytes): void => {
    const receipt = results.receipts[tree.leaves] ?? wrong("receipts");
    ids.set(id, 32 * tree.push(id, fullHash, receipt));
  };
  for (const { collection, key, name } of results.due) push(dueId(network, time, height, collection, key, name), NO_BYTES);
  const skipped = new Set(results.skipped);
  let position = 0;
  for (const [i, body] of bodies.entries())
    for (const { id, fullHash } of transactionsOf(network, body, references[i]!)) if (!skipped.delete(position++)) push(id, fullHash);
  if (skipped.size > 0 || tree.leaves !== header.leaves || tree.leaves !== results.receipts.length) wrong("leaves");
  if (!equalBytes(tree.root(), header.transactionsRoot)) wrong("transactionsRoot");
  if (writeSet.leaves !== tree.leaves) wrong("write set");
  const writes = results.receipts.map((bytes, leaf) => {
    const receipt = decodeReceipt(bytes);
    const written = writeSet.writesOf(leaf);
    if (written.length !== receipt.writes || !equalBytes(writesRoot(written), receipt.writesRoot)) wrong("writesRoot");
    return written;
  });
  return {
    ...parts,
    header,
    hash: blockHashOf(network, headerBytes),
    bodies: bodies as readonly Bytes[],
    // Encoded anew: what a peer says in another order or form is stored as this node would have stored it.
    results: encodeResults(results),
    writeSet: encodeWriteSet(writes),
    ids,
    writes,
  };
}

const framed = new Uint8Array(32);

/** Ids and full hashes of a batch's transactions. Signatures are not verified: the block is certified (§4.9). */
function transactionsOf(network: Bytes, body: Value, reference: BatchReference): { id: Bytes; fullHash: Bytes }[] {
  if (!(body instanceof Uint8Array) || body.length !== reference.bytes) return wrong("body");
  const parts = readBatch(body);
  if (!equalBytes(batchDigest(network, body, parts), reference.digest)) wrong("batch");
  const offsets = splitTransactions(body, parts.from, parts.to);
  if (offsets.length !== 2 * reference.count) wrong("count");
  return Array.from({ length: reference.count }, (_, i) => {
    const from = offsets[2 * i]!;
    const to = from + offsets[2 * i + 1]!;
    const { bodyEnd, notAfter } = readLayout(body, from, to);
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint16(0, Math.floor(notAfter / 2 ** 32));
    new DataView(id.buffer).setUint32(2, notAfter % 2 ** 32);
    sha256Into(frame(tags.transaction, network, body.subarray(from, bodyEnd)), framed, 0);
    id.set(framed.subarray(0, 26), 6);
    return { id, fullHash: sha256(body.subarray(from, to)) };
  });
}

/** What the store keeps of the block, apart from state, indexes and history. */
export function* blockPuts(block: WholeBlock): Iterable<readonly [place: Bytes, payload: Bytes]> {
  const { height } = block.header.order;
  yield [layout.blockKey(height), layout.encodeStoredBlock(block)];
  for (const [position, body] of block.bodies.entries()) yield [layout.bodyKey(height, position), body];
  yield [layout.resultsKey(height), block.results];
  yield [layout.writesKey(height), block.writeSet];
  for (let leaf = 0; 32 * leaf < block.ids.length; leaf++)
    yield [layout.idKey(block.ids.subarray(32 * leaf, 32 * leaf + 32)), layout.encodePlace({ height, leaf })];
}

function wrong(part: string): never {
  throw new LedgerError("block.malformed", { part });
}
