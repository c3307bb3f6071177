// How much a replica and a mempool may hold at most. docs/protocol.md §4.11. Owns the figures that the simulator checks, each derived from the bound that
// the code under test states, with room for what is in use. Does not own the bounds themselves (base/limits.ts and the files that keep them).

import { MAX_BATCH_HOLD_FACTOR, MAX_WANTED, MAX_WINDOW, ORDERED_DIGESTS, RECENT_BLOCKS, SYNC_AHEAD } from "../base/limits.ts";
import type { SimNode } from "./simNode.ts";

const MOST_KNOWN_ORDERS = 24 * MAX_WINDOW;
const MOST_PROVEN = 256;

/** What is beyond its bound, in words; undefined if nothing is. */
export function excess({ driver, mempool, config }: SimNode, members: number): string | undefined {
  const r = driver!.replica;
  const { window, origin_batches } = config.parameters;
  // A batch that an order in flight names is held whatever its origin has out.
  const waiting = members * MAX_BATCH_HOLD_FACTOR * origin_batches + MOST_KNOWN_ORDERS;
  const sizes: readonly (readonly [name: string, size: number, most: number])[] = [
    ["known orders", r.known.size, MOST_KNOWN_ORDERS],
    ["slots", r.slots.size, 2 * MAX_WINDOW + 1],
    ["accepted", r.accepted.length, 2 * MAX_WINDOW],
    ["results", r.results.size, 2 * window + SYNC_AHEAD],
    ["claims", r.claims.size, r.n],
    ["certified", r.certified.size, SYNC_AHEAD],
    ["later", r.later.size, SYNC_AHEAD],
    ["recent", r.recent.length, RECENT_BLOCKS],
    ["batches", r.batches.size, waiting],
    ["held", mempool.holdings.size, waiting],
    ["wanted", r.wanted.size, MAX_WANTED],
    ["ordered", r.ordered.size, ORDERED_DIGESTS],
    ["proven", r.proven.size, MOST_PROVEN],
    ["votes", r.votes.size, 2 * (MAX_WINDOW + 1)],
    ["locks", r.locks.size, MOST_KNOWN_ORDERS],
    ["asked", r.asked.size, 1_024],
    ["peers", r.peers.size, members],
  ];
  for (const [name, size, most] of sizes) if (size > most) return `${size} ${name}, ${most} at most`;
  for (const [id, peer] of r.peers) {
    if (peer.early.size > 3 * 4 * MAX_WINDOW) return `${peer.early.size} early messages of ${id}`;
    if (peer.forwarded.size > 2 * members) return `${peer.forwarded.size} batches forwarded by ${id}`;
  }
  return undefined;
}
