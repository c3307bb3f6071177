// Orders known by their digest, and the chains that they form above the committed head. docs/protocol.md §4.4.
// Owns what is remembered of orders and how missing ones are asked for. Does not own which chain is accepted (normal.ts, newView.ts).

import { type Bytes, equalBytes, latin1 } from "../base/bytes.ts";
import { type Certificate, signerIndexes } from "../base/certificate.ts";
import { batchesHash } from "../base/header.ts";
import { MAX_WINDOW } from "../base/limits.ts";
import { fetchMissing, markEntry, markInFlight, mayAsk } from "./batches.ts";
import { type Entry, entryOf, isHeld, type Replica } from "./replica.ts";
import type { Effect, Order } from "./types.ts";

/** References fit the header: the rest of an order's form is judged where it is proposed. */
export const fitsReferences = (r: Replica, { order, references }: Order): boolean =>
  equalBytes(batchesHash(r.network, references), order.batches);

/** Remembers an order whose references fit. Known orders are forgotten when their height is committed. */
export function know(r: Replica, order: Order): Entry {
  const entry = entryOf(r, order);
  r.known.set(entry.key, entry);
  return entry;
}

/** The chain from the committed head to the order of this digest, or the digest of the first order that is missing, or null if it does not pass through the head. */
export function chainTo(r: Replica, digest: Bytes, height: number): { chain: Entry[] } | { missing: Bytes; height: number } | null {
  const chain: Entry[] = [];
  let at = digest;
  for (let h = height; h > r.head.height; h--) {
    const entry = r.known.get(latin1(at));
    if (entry === undefined) return { missing: at, height: h };
    if (entry.height !== h) return null;
    chain.push(entry);
    at = entry.order.parent;
  }
  return equalBytes(at, r.head.digest) ? { chain: chain.reverse() } : null;
}

/** Asks a few of those who certified it: each of them holds the order (§4.4). */
export function askOrder(r: Replica, out: Effect[], hash: Bytes, height: number, from: readonly string[]): void {
  if (!mayAsk(r, `order ${latin1(hash)}`)) return;
  for (const to of from.filter((id) => id !== r.organisation).slice(0, r.f + 1))
    out.push({ kind: "send", to, message: { kind: "get", what: "order", height, hash } });
}

export function signersOf(r: Replica, certificate: Certificate): string[] {
  return (signerIndexes(certificate, r.n) ?? []).map((i) => r.config.validators[i]!.id);
}

/** Makes `chain` (from the committed head up) the accepted chain; bodies that are missing are asked of `from`. */
export function acceptChain(r: Replica, out: Effect[], chain: Entry[], from: readonly string[]): void {
  r.accepted = chain;
  r.certifiedInView = Math.min(r.certifiedInView, r.head.height + chain.length);
  markInFlight(r);
  fetchChain(r, out, from);
}

export function extendAccepted(r: Replica, entry: Entry): void {
  r.accepted.push(entry);
  markEntry(r, entry);
}

export function fetchChain(r: Replica, out: Effect[], from: readonly string[]): void {
  for (const entry of r.accepted) if (!isHeld(r, entry)) fetchMissing(r, out, entry, from);
}

/** Orders at or below the committed head are forgotten; beyond the bound all but those that something rests on. */
export function forgetOrders(r: Replica): void {
  for (const [key, entry] of r.known) if (entry.height <= r.head.height) r.known.delete(key);
  if (r.known.size <= MOST_KNOWN) return;
  const kept = new Set([...r.accepted, ...r.committingHeads].map(({ digest }) => latin1(digest)));
  for (const slot of r.slots.values()) if (slot.proposal !== null) kept.add(slot.proposal.entry.key);
  for (let at = r.best?.digest; at !== undefined; at = r.known.get(latin1(at))?.order.parent) kept.add(latin1(at));
  for (const key of r.results.keys()) kept.add(key);
  for (const key of r.known.keys()) if (r.known.size > MOST_KNOWN && !kept.has(key)) r.known.delete(key);
}
/** Two chains over the widest window for each of a few views: an equivocating primary adds one order a slot and view. */
const MOST_KNOWN = 16 * MAX_WINDOW;
