// Status, and what is sent again to whoever is behind. docs/protocol.md §4.9. Nothing else is ever retransmitted.
// Owns what a Status says and what it brings back; gets and gives of orders and blocks; the clock alarm (attacks, smaller decision 18).

import { equalBytes, latin1 } from "../base/bytes.ts";
import { ASK_AGAIN_MS, STATUS_MS } from "../base/limits.ts";
import { mayAsk } from "./batches.ts";
import { peerOf, type Replica, syncing, tipHeight, windowSize } from "./replica.ts";
import type { Block, Effect, Get, Outgoing, Status } from "./types.ts";
import { ownVotesAbove } from "./votes.ts";

export function statusOf(r: Replica): Status {
  const { view, promise, mode, head, now } = r;
  const clock = Math.max(0, Math.round(now));
  return { kind: "status", epoch: r.config.epoch, view, promise, mode, committed: head.height, hash: head.hash, tip: tipHeight(r), clock };
}

export function sendStatus(r: Replica, out: Effect[], to: Outgoing["to"]): void {
  out.push({ kind: "send", to, message: statusOf(r) });
}

/** §4.9.1: to a peer behind in c certificates; in an earlier view of this epoch the NewView; in the same view my own votes above its c. */
export function onStatus(r: Replica, out: Effect[], from: string, status: Status): void {
  const peer = peerOf(r, from);
  peer.status = status;
  peer.statusAt = r.at;
  peer.offset = status.clock - r.now;
  if (peer.firstCommitted < 0) peer.firstCommitted = status.committed;
  if (status.committed > r.head.height + windowSize(r) && mayAsk(r, "sync hint"))
    out.push({ kind: "sync", height: status.committed, from: [from], proven: false });
  if (r.at - peer.answeredAt < ASK_AGAIN_MS) return; // a flood of Status is answered at this pace
  peer.answeredAt = r.at;
  if (status.committed < r.head.height)
    for (const message of blocksAbove(r, status.committed)) out.push({ kind: "send", to: from, message });
  if (status.epoch !== r.config.epoch || r.me < 0) return;
  if (status.view < r.view && status.promise <= r.view && r.newView !== null) out.push({ kind: "send", to: from, message: r.newView });
  else if (status.view === r.view) for (const message of ownVotesAbove(r, status.committed)) out.push({ kind: "send", to: from, message });
}

/** The next blocks for a peer a little behind; for one far behind the newest, which proves to it that it must sync. */
function blocksAbove(r: Replica, height: number): Block[] {
  const newest = headBlock(r);
  if (newest === null) return [];
  const next = r.recent.findIndex((block) => block.header.order.height === height + 1);
  return next < 0 ? [newest] : r.recent.slice(next, next + windowSize(r));
}

function headBlock({ head: { header, references, certificate } }: Replica): Block | null {
  return header === null || certificate === null ? null : { kind: "block", header, references, certificate };
}

export function onGet(r: Replica, out: Effect[], from: string, { what, height, hash }: Get): void {
  const send = (message: Outgoing["message"]) => out.push({ kind: "send", to: from, message });
  const blocks = [...r.recent, headBlock(r)].filter((block) => block !== null && block.header.order.height === height) as Block[];
  if (what === "order") {
    const entry = r.known.get(latin1(hash));
    if (entry !== undefined) send({ kind: "order", order: entry.order, references: entry.references });
    else if (blocks[0] !== undefined) send({ kind: "order", order: blocks[0].header.order, references: blocks[0].references });
    return;
  }
  if (blocks[0] !== undefined) return void send(blocks[0]);
  for (const [key, result] of r.results) {
    const references = r.known.get(key)?.references;
    if (references !== undefined && equalBytes(result.hash, hash))
      return void send({ kind: "block", header: result.header, references, certificate: null });
  }
}

/**
 * Blocks are certified beyond what messages will bring, or the next one is missing and stays so: the driver fetches them (§4.9.2). A block of a later epoch
 * cannot be checked before those between are here; if nobody remembers them, as after restarts of all who do, the driver looks, and no timer rests for it.
 */
export function wantSync(r: Replica, out: Effect[]): void {
  const next = r.certified.get(r.committing + 1);
  const gap = r.highestCertified > r.committing && (!next?.references || next.references.some((ref) => !r.batches.has(latin1(ref.digest))));
  const beyond = next === undefined && r.later.size > 0 ? Math.max(...r.later.keys()) : 0;
  r.gapSince = gap || beyond > 0 ? (r.gapSince ?? r.at) : null;
  const late = r.gapSince !== null && r.at - r.gapSince >= ASK_AGAIN_MS;
  if ((!syncing(r) && !late) || !mayAsk(r, "sync")) return;
  const ahead = [...r.peers].filter(([, peer]) => (peer.status?.committed ?? -1) > r.head.height).map(([id]) => id);
  const others = r.config.validators.map(({ id }) => id).filter((id) => id !== r.organisation); // an observer hears nobody's Status
  const proven = gap || syncing(r);
  out.push({ kind: "sync", height: proven ? r.highestCertified : beyond, from: ahead.length > 0 ? ahead : others, proven });
}

/** A clock more than half the drift from the median of the peers' is said aloud; certificates are followed all the same. */
export function watchClock(r: Replica, out: Effect[]): void {
  const offsets: number[] = [];
  for (const { statusAt, offset } of r.peers.values()) if (r.at - statusAt < 5 * STATUS_MS) offsets.push(offset);
  if (offsets.length < r.f + 1) return;
  offsets.sort((a, b) => a - b);
  const median = offsets[offsets.length >> 1]!;
  const off = Math.abs(median) > r.config.parameters.clock_drift_ms / 2;
  if (off === r.clockOff) return;
  r.clockOff = off;
  out.push({ kind: "notice", code: off ? "clock.off" : "clock.good", data: { ms: Math.round(median) } });
}
