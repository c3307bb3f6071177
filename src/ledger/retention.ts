// What a node keeps of the past: all of it, or whole blocks of some time only. docs/protocol.md §4.9.4. Owns from which height on blocks are kept under a
// policy, and removing the others group by group. Never touched: state, indexes, epochs with the blocks at their borders, the tree of block hashes, and ids
// that might still be handed in. Does not own: when (node/retention.ts), getting blocks back (fetchBlocks.ts).

import type { Bytes } from "../base/bytes.ts";
import { decodeBlock } from "../base/header.ts";
import { HISTORY_GROUP, KEPT_GROUPS } from "../base/limits.ts";
import type { Store } from "./store.ts";
import * as layout from "./storeLayout.ts";

/** Everything; blocks of so many days; blocks as old as a transaction may be handed in again. */
export type Retention = "archive" | "standard" | "light";

const DAY_MS = 86_400_000;
const IDS_SLICE = 10_000;

/** Time before which a block need not be kept; what protects against replays is kept in any case (§2.5). */
export async function keptSince(store: Store, headTime: number, policy: Retention, days: number): Promise<number> {
  if (policy === "archive") return 0;
  let longest = policy === "standard" ? days * DAY_MS : 0;
  const last = await store.lastEpoch();
  for (let epoch = last?.epoch ?? -1; epoch >= 0; epoch--) longest = Math.max(longest, store.epoch(epoch)?.parameters.max_lifetime_ms ?? 0);
  return headTime - longest;
}

export const timeOf = (store: Store, height: number): number => decodeBlock(store.block(height).headerBytes).order.time;

/** The height from which on blocks stay: 1, or a multiple of 256, with the first block that is not older at or above it, and two groups below the head. */
export function keptFrom(store: Store, head: number, since: number): number {
  let low = store.lowest;
  let high = head;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (timeOf(store, middle) < since) low = middle + 1;
    else high = middle;
  }
  const groups = Math.min(Math.floor(low / HISTORY_GROUP), Math.floor(head / HISTORY_GROUP) - KEPT_GROUPS);
  return Math.max(store.lowest, groups * HISTORY_GROUP, 1);
}

/** Removes blocks below `to`, each group in one batch that also says where blocks begin now, then the ids that cannot be handed in any more. */
export async function prune(store: Store, to: number, pause: () => Promise<void>): Promise<void> {
  const borders = new Set<number>();
  const last = await store.lastEpoch();
  for (let epoch = last?.epoch ?? 0; epoch > 0; epoch--) {
    const { start } = store.epoch(epoch)!;
    borders.add(start - 1).add(start);
  }
  while (store.lowest < to) {
    const next = Math.min(to, (Math.floor(store.lowest / HISTORY_GROUP) + 1) * HISTORY_GROUP);
    const gone: (readonly [Bytes, undefined])[] = [];
    for (let height = store.lowest; height < next; height++) {
      for (const position of store.block(height).references.keys()) gone.push([layout.bodyKey(height, position), undefined]);
      gone.push([layout.resultsKey(height), undefined], [layout.writesKey(height), undefined]);
      if (!borders.has(height)) gone.push([layout.blockKey(height), undefined]);
    }
    await store.write(gone, next);
    await pause();
  }
  // An id that ends before the first kept block was made was handed in before it, or never will be.
  const before = timeOf(store, to);
  for (let ids = await store.idsBefore(before, IDS_SLICE); ids.length > 0; ids = await store.idsBefore(before, IDS_SLICE)) {
    await store.write(ids.map((place) => [place, undefined]));
    await pause();
  }
}
