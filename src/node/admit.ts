// Batches whose client signatures need no check: from the own journal, or of a block under a certificate (docs/protocol.md §4.9). Proofs still run: they
// decide outcomes. Throws `batch.…` or `transaction.…` if the bytes are no batch.

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { decodeFirst } from "../base/codec.ts";
import type { Registry } from "../contracts/engine/registry.ts";
import { type KnownTransaction, ownBatch, readBatch, splitTransactions, type VerifiedBatch } from "../ledger/batch.ts";
import { fullHash, readLayout, readOperations, transactionId } from "../ledger/transaction.ts";

/** The batch in these bytes; undefined if its digest is not the one named. */
export function admitBatch(
  network: Bytes,
  registry: Registry,
  protocol: number,
  bytes: Bytes,
  digest: Bytes | null,
): VerifiedBatch | undefined {
  const { from, to } = readBatch(bytes);
  const offsets = splitTransactions(bytes, from, to);
  const items: KnownTransaction[] = [];
  for (let i = 0; i < offsets.length; i += 2)
    items.push(knownTransaction(network, registry, protocol, bytes.subarray(offsets[i], offsets[i]! + offsets[i + 1]!)));
  const batch = ownBatch(network, bytes, items);
  return digest === null || equalBytes(batch.reference.digest, digest) ? { ...batch, vouched: true } : undefined;
}

function knownTransaction(network: Bytes, registry: Registry, protocol: number, bytes: Bytes): KnownTransaction {
  const layout = readLayout(bytes, 0, bytes.length);
  let work = 0;
  const failedProofs: string[] = [];
  readOperations(bytes, layout).forEach(({ action, argsAt }, i) => {
    work += registry.work(action, protocol);
    if (registry.actions.get(action)?.action.options.proofs === undefined) return;
    for (const rule of registry.proofs(action, decodeFirst(bytes, argsAt), network)) failedProofs.push(`${i}:${rule}`);
  });
  return {
    bytes,
    id: transactionId(network, bytes.subarray(0, layout.bodyEnd)),
    fullHash: fullHash(bytes),
    notAfter: layout.notAfter,
    signatures: layout.signers,
    work,
    failedProofs,
  };
}
