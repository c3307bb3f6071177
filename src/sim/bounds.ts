// How much a replica and a mempool may hold at most. docs/protocol.md §4.11. Owns the figures that the simulator checks, each derived from the bound that
// the code under test states, with room for what is in use. Does not own the bounds themselves (base/limits.ts and the files that keep them).

import { MAX_BATCH_HOLD_FACTOR, MAX_WANTED, MAX_WINDOW, ORDERED_DIGESTS, RECENT_BLOCKS, SYNC_AHEAD } from "../base/limits.ts";
import type { Replica } from "../consensus/replica.ts";
import type { Mempool } from "../ledger/mempool.ts";
import type { SimNode } from "./simNode.ts";

const MOST_KNOWN_ORDERS = 24 * MAX_WINDOW;
const MOST_PROVEN = 256;

interface Held {
  readonly r: Replica;
  readonly mempool: Mempool;
  /** Batches that may wait: one that an order in flight names is held whatever its origin has out. */
  readonly waiting: number;
  readonly members: number;
  readonly window: number;
}

const bounds: readonly (readonly [name: string, size: (held: Held) => number, most: (held: Held) => number])[] = [
  ["known orders", ({ r }) => r.known.size, () => MOST_KNOWN_ORDERS],
  ["slots", ({ r }) => r.slots.size, () => 2 * MAX_WINDOW + 1],
  ["accepted", ({ r }) => r.accepted.length, () => 2 * MAX_WINDOW],
  ["results", ({ r }) => r.results.size, ({ window }) => 2 * window + SYNC_AHEAD],
  ["claims", ({ r }) => r.claims.size, ({ r }) => r.n],
  ["certified", ({ r }) => r.certified.size, () => SYNC_AHEAD],
  ["later", ({ r }) => r.later.size, () => SYNC_AHEAD],
  ["recent", ({ r }) => r.recent.length, () => RECENT_BLOCKS],
  ["batches", ({ r }) => r.batches.size, ({ waiting }) => waiting],
  ["held", ({ mempool }) => mempool.holdings.size, ({ waiting }) => waiting],
  ["wanted", ({ r }) => r.wanted.size, () => MAX_WANTED],
  ["ordered", ({ r }) => r.ordered.size, () => ORDERED_DIGESTS],
  ["refused", ({ r }) => r.refused.size, () => ORDERED_DIGESTS],
  ["proven", ({ r }) => r.proven.size, () => MOST_PROVEN],
  ["votes", ({ r }) => r.votes.size, () => 2 * (MAX_WINDOW + 1)],
  ["locks", ({ r }) => r.locks.size, () => MOST_KNOWN_ORDERS],
  ["asked", ({ r }) => r.asked.size, () => 1_024],
  ["peers", ({ r }) => r.peers.size, ({ members }) => members],
];

/** What is beyond its bound, in words; undefined if nothing is. */
export function excess({ driver, mempool, config }: SimNode, members: number): string | undefined {
  const r = driver!.replica;
  const { window, origin_batches } = config.parameters;
  const waiting = members * MAX_BATCH_HOLD_FACTOR * origin_batches + MOST_KNOWN_ORDERS;
  const held = { r, mempool, waiting, members, window };
  for (const [name, size, most] of bounds) if (size(held) > most(held)) return `${size(held)} ${name}, ${most(held)} at most`;
  for (const [id, peer] of r.peers) {
    if (peer.early.size > 3 * 4 * MAX_WINDOW) return `${peer.early.size} early messages of ${id}`;
    if (peer.forwarded.size > 2 * members) return `${peer.forwarded.size} batches forwarded by ${id}`;
  }
  return undefined;
}
