// Batches as consensus sees them: held, acked, waiting, in flight. docs/protocol.md §4.6, §4.8.
// Owns the queues per origin and what may be proposed. Does not own bodies and their verification (ledger, node) nor acks of our own (node).

import { type Bytes, latin1 } from "../base/bytes.ts";
import type { BatchReference } from "../base/header.ts";
import {
  ASK_AGAIN_MS,
  MAX_BATCH_HOLD_FACTOR,
  MAX_BLOCK_BATCHES,
  MAX_BLOCK_SIGNATURES,
  MAX_BLOCK_TRANSACTIONS,
  MAX_WANTED,
  ORDERED_DIGESTS,
  PULL_AFTER_MS,
  STATUS_MS,
} from "../base/limits.ts";
import { type Batch, type Entry, isPrimary, type Key, type Origin, peerOf, type Replica } from "./replica.ts";
import type { BatchFacts, Effect } from "./types.ts";

/** A verified batch is held. It waits unless it was ordered already or its origin has too many out; an order may need it all the same. */
export function onBatch(r: Replica, out: Effect[], facts: BatchFacts): void {
  const key = latin1(facts.reference.digest);
  const held = r.batches.get(key);
  if (held !== undefined) {
    held.facts = facts; // counted anew at an epoch start (§4.4)
    return;
  }
  const ordered = r.ordered.has(key);
  const origin = originOf(r, facts.origin);
  const full = origin.queue.length >= MAX_BATCH_HOLD_FACTOR * r.config.parameters.origin_batches;
  if ((ordered || full) && !isNeeded(r, key)) {
    out.push({ kind: "release", digests: [facts.reference.digest] });
    return;
  }
  const batch: Batch = {
    facts,
    key,
    arrivedAt: r.at,
    acks: new Uint8Array(r.n),
    ackCount: 0,
    forwarded: false,
    inFlight: false,
    gone: ordered,
  };
  r.batches.set(key, batch);
  ack(r, batch, r.organisation);
  ack(r, batch, facts.origin);
  for (const id of r.wanted.get(key)?.from ?? []) ack(r, batch, id);
  r.wanted.delete(key);
  for (const peer of r.peers.values()) if (peer.forwarded.has(key)) batch.forwarded = true;
  if (ordered) return;
  batch.inFlight = r.accepted.some((entry) => entry.batches.includes(key));
  origin.queue.push(batch);
  refreshHead(r, origin);
}

/** A batch with an ill-formed transaction: whoever proposes it is malformed himself (§4.8.2). */
export function noteRefused(r: Replica, digest: Bytes): void {
  r.refused.add(latin1(digest));
  forgetOldest(r.refused);
}

function forgetOldest(digests: Set<Key>): void {
  for (const key of digests) {
    if (digests.size <= ORDERED_DIGESTS) return;
    digests.delete(key);
  }
}

function originOf(r: Replica, id: string): Origin {
  let origin = r.origins.get(id);
  if (origin === undefined) {
    origin = { id, queue: [], head: null, headSince: r.at, forwarded: false };
    r.origins.set(id, origin);
  }
  return origin;
}

function isNeeded(r: Replica, key: Key): boolean {
  for (const entry of r.known.values()) if (entry.batches.includes(key)) return true;
  return false;
}

function ack(r: Replica, batch: Batch, id: string): void {
  const index = r.indexes.get(id);
  if (index === undefined || batch.acks[index] === 1) return;
  batch.acks[index] = 1;
  batch.ackCount++;
}

/** §4.8.2: acks are hints. One for a batch that I lack is a promise of whom to pull it from. */
export function onAcked(r: Replica, from: string, digests: readonly Bytes[]): void {
  if (!r.indexes.has(from)) return;
  for (const digest of digests) {
    const key = latin1(digest);
    const batch = r.batches.get(key);
    if (batch !== undefined) ack(r, batch, from);
    else if (!r.ordered.has(key)) {
      const wanted = r.wanted.get(key);
      if (wanted !== undefined) {
        if (!wanted.from.includes(from)) wanted.from.push(from);
      } else if (r.wanted.size < MAX_WANTED) r.wanted.set(key, { digest, from: [from], since: r.at, askedAt: r.at });
    }
  }
}

/** A backup's head, after T/2: the primary proposes it without q acks, and fetches it if need be; at most one an origin and peer (§4.6.2, §4.8.3). */
export function onForward(r: Replica, out: Effect[], from: string, digest: Bytes): void {
  if (!isPrimary(r) || !r.indexes.has(from)) return;
  const key = latin1(digest);
  const peer = peerOf(r, from);
  if (peer.forwarded.has(key) || r.ordered.has(key) || peer.forwarded.size >= 2 * r.n) return;
  peer.forwarded.add(key);
  const batch = r.batches.get(key);
  if (batch !== undefined) batch.forwarded = true;
  else out.push({ kind: "fetch", digest, needed: true, from: [from] });
}

/** A batch that waits: uncommitted, with a transaction still live (§4.6.2), and not beyond the bounds of any block: nobody could propose that one. */
const waits = (r: Replica, batch: Batch): boolean =>
  !batch.gone && batch.facts.notAfter >= Math.max(r.now, r.head.time) && fitsABlock(r, batch.facts);

function fitsABlock(r: Replica, { reference, work, signatures }: BatchFacts): boolean {
  const { block_bytes, block_work } = r.config.parameters;
  return (
    reference.count <= MAX_BLOCK_TRANSACTIONS && reference.bytes <= block_bytes && work <= block_work && signatures <= MAX_BLOCK_SIGNATURES
  );
}

/** The oldest waiting batch of an origin; a new one restarts its clocks (§4.6.4). */
export function refreshHead(r: Replica, origin: Origin): void {
  const { queue } = origin;
  let drop = 0;
  while (drop < queue.length && queue[drop]!.gone) drop++;
  if (drop > 0) queue.splice(0, drop);
  const head = queue.find((batch) => waits(r, batch)) ?? null;
  if (head === origin.head) return;
  origin.head = head;
  origin.headSince = r.at;
  origin.forwarded = false;
}

export function refreshHeads(r: Replica): void {
  for (const origin of r.origins.values()) refreshHead(r, origin);
}

export function somethingWaits(r: Replica): boolean {
  for (const origin of r.origins.values()) if (origin.head !== null && waits(r, origin.head)) return true;
  return false;
}

/** The batches of a committed block: they wait no more. Returns when the last of them arrived, and whether any was waiting here. */
export function takeCommitted(r: Replica, references: readonly BatchReference[]): { latest: number; took: boolean } {
  let latest = Number.NEGATIVE_INFINITY;
  let took = false;
  for (const { digest } of references) {
    const key = latin1(digest);
    r.ordered.add(key);
    r.wanted.delete(key);
    for (const peer of r.peers.values()) peer.forwarded.delete(key);
    const batch = r.batches.get(key);
    if (batch === undefined) continue;
    if (!batch.gone) {
      latest = Math.max(latest, batch.arrivedAt);
      took ||= waits(r, batch);
    }
    batch.gone = true;
    r.batches.delete(key);
  }
  forgetOldest(r.ordered);
  return { latest, took };
}

/** Batches whose every transaction is past notAfter by committed time, and which no order in flight needs, are let go (§2). */
export function releaseExpired(r: Replica, out: Effect[]): void {
  const digests: Bytes[] = [];
  for (const origin of r.origins.values()) {
    for (const batch of origin.queue) {
      if (batch.gone || batch.inFlight || batch.facts.notAfter >= r.head.time || isNeeded(r, batch.key)) continue;
      batch.gone = true;
      r.batches.delete(batch.key);
      digests.push(batch.facts.reference.digest);
    }
    compact(origin);
  }
  if (digests.length > 0) out.push({ kind: "release", digests });
}

function compact(origin: Origin): void {
  if (!origin.queue.some((batch) => batch.gone)) return;
  const live = origin.queue.filter((batch) => !batch.gone);
  origin.queue.length = 0;
  origin.queue.push(...live);
}

/** Marks which batches are part of the accepted chain: they are not proposed a second time. */
export function markInFlight(r: Replica): void {
  for (const batch of r.batches.values()) batch.inFlight = false;
  for (const entry of r.accepted) markEntry(r, entry);
}

export function markEntry(r: Replica, entry: Entry): void {
  for (const key of entry.batches) {
    const batch = r.batches.get(key);
    if (batch !== undefined) batch.inFlight = true;
  }
}

/** A new set: acks of validators that stay are kept under their new index (§4.3). */
export function remapAcks(r: Replica, former: readonly { readonly id: string }[]): void {
  for (const batch of r.batches.values()) {
    const old = batch.acks;
    batch.acks = new Uint8Array(r.n);
    batch.ackCount = 0;
    former.forEach(({ id }, i) => old[i] === 1 && ack(r, batch, id));
    ack(r, batch, batch.facts.origin);
    ack(r, batch, r.organisation);
  }
}

// ── what the primary proposes ────────────────────────────────────────────────────────────────────────────────────────────────

/** Held here and acked by q, or forwarded to me; live at the block's time (§4.8.3). */
function eligible(r: Replica, batch: Batch, time: number): boolean {
  return (
    !batch.gone &&
    !batch.inFlight &&
    (batch.ackCount >= r.q || batch.forwarded) &&
    batch.facts.notAfter >= time &&
    fitsABlock(r, batch.facts)
  );
}

/** Whether a full block waits (§4.4.1). */
export function fullBlockWaits(r: Replica, time: number): boolean {
  let count = 0;
  for (const origin of r.origins.values())
    for (const batch of origin.queue) {
      if (!eligible(r, batch, time)) continue;
      count += batch.facts.reference.count;
      if (count >= r.config.parameters.block_target) return true;
    }
  return false;
}

/** Round-robin over origins, arrival order within one, until the block is full (§4.4.1). */
export function chooseBatches(r: Replica, time: number): Batch[] {
  const chosen: Batch[] = [];
  const budget = { transactions: 0, bytes: 0, work: 0, signatures: 0 };
  const { block_target, block_bytes, block_work } = r.config.parameters;
  const ids = [...r.origins.keys()].sort();
  const first = ids.findIndex((id) => id > r.lastServed);
  const turns = [...ids.slice(Math.max(first, 0)), ...(first < 0 ? [] : ids.slice(0, first))].map((id) => ({
    queue: r.origins.get(id)!.queue,
    id,
    at: 0,
  }));
  for (let progress = true; progress; ) {
    progress = false;
    for (const turn of turns) {
      if (budget.transactions >= block_target || chosen.length >= MAX_BLOCK_BATCHES) return chosen;
      while (turn.at < turn.queue.length && !eligible(r, turn.queue[turn.at]!, time)) turn.at++;
      const batch = turn.queue[turn.at];
      if (batch === undefined) continue;
      const { reference, work, signatures } = batch.facts;
      if (
        budget.transactions + reference.count > MAX_BLOCK_TRANSACTIONS ||
        budget.bytes + reference.bytes > block_bytes ||
        budget.work + work > block_work ||
        budget.signatures + signatures > MAX_BLOCK_SIGNATURES
      ) {
        turn.at = turn.queue.length; // arrival order within an origin: nothing overtakes what does not fit
        continue;
      }
      budget.transactions += reference.count;
      budget.bytes += reference.bytes;
      budget.work += work;
      budget.signatures += signatures;
      chosen.push(batch);
      r.lastServed = turn.id;
      turn.at++;
      progress = true;
    }
  }
  return chosen;
}

// ── pulling what others have ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Asks for each batch that `entry` lacks, of these and of whoever acked it; not again before ASK_AGAIN_MS. */
export function fetchMissing(r: Replica, out: Effect[], entry: Entry, from: readonly string[]): void {
  for (const [i, key] of entry.batches.entries()) {
    if (r.batches.has(key) || !mayAsk(r, `batch ${key}`)) continue;
    const sources = [...new Set([...from, ...(r.wanted.get(key)?.from ?? [])])].filter((id) => id !== r.organisation);
    out.push({ kind: "fetch", digest: entry.references[i]!.digest, needed: true, from: sources });
  }
}

/** Whether something may be asked of peers now; notes that it was. */
export function mayAsk(r: Replica, what: string): boolean {
  const asked = r.asked.get(what);
  if (asked !== undefined && r.at - asked < ASK_AGAIN_MS) return false;
  r.asked.set(what, r.at);
  return true;
}

/** §4.8.2: an acked batch that I lack after 50 ms I pull from the acker. What nobody delivers for a while is forgotten. */
export function pullWanted(r: Replica, out: Effect[]): void {
  for (const [key, wanted] of r.wanted) {
    if (r.at - wanted.since > FORGET_WANTED_MS) r.wanted.delete(key);
    else if (r.at - wanted.since >= PULL_AFTER_MS && (wanted.askedAt === wanted.since || r.at - wanted.askedAt >= STATUS_MS)) {
      wanted.askedAt = r.at;
      out.push({ kind: "fetch", digest: wanted.digest, needed: false, from: wanted.from });
    }
  }
}
const FORGET_WANTED_MS = 10_000;
