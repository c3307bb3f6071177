// What an order must be on its parent, whoever accepted it: checked once more before it is executed, since sync comes this way too. docs/protocol.md §3.1, §3.8, §4.3.
// Owns these checks. Does not own: time against a clock, window, sizes, work (consensus).

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { type BatchReference, batchesHash, type OrderHeader } from "../base/header.ts";
import { SUPPORTED_PROTOCOL } from "../base/limits.ts";
import type { VerifiedBatch } from "./batch.ts";
import type { Footing } from "./seal.ts";

/** Throws `chain.order_invalid` naming what is wrong, `release.needed` if this release is too old for the order. */
export function checkOrder(
  network: Bytes,
  parent: Footing,
  order: OrderHeader,
  references: readonly BatchReference[],
  batches: readonly VerifiedBatch[],
): void {
  const wrong = (what: string): never => {
    throw new LedgerError("chain.order_invalid", { height: order.height, what });
  };
  if (order.protocol > SUPPORTED_PROTOCOL)
    throw new LedgerError("release.needed", { protocol: order.protocol, supported: SUPPORTED_PROTOCOL, epoch: order.epoch });
  if (order.height !== parent.height + 1) wrong("height");
  if (order.epoch !== parent.epoch.epoch) wrong("epoch");
  if (order.protocol !== parent.epoch.protocol) wrong("protocol");
  if (order.time <= parent.time) wrong("time");
  if (!equalBytes(order.batches, batchesHash(network, references))) wrong("batches");
  if (references.length !== batches.length || references.some((r, i) => !equalBytes(r.digest, batches[i]!.reference.digest)))
    wrong("batches");
}
