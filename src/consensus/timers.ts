// Timers: what is owed, silence, censorship, forwarding, the wait for a new view, resting. docs/protocol.md §4.6.
// Owns when a view is given up for time and when the core wants to be woken. All durations are the chain's parameters; nothing here is local setting.

import { ASK_AGAIN_MS, PULL_AFTER_MS, STATUS_MS } from "../base/limits.ts";
import { somethingWaits } from "./batches.ts";
import { isPrimary, mayVote, primaryOf, type Replica, resting, tipHeight } from "./replica.ts";
import type { Effect } from "./types.ts";

/** T = min(base · 2^min(k, 6), cap), k = views left since the last commit (§4.6.1). */
export function viewTimeout(r: Replica): number {
  const { timeout_base_ms, timeout_cap_ms } = r.config.parameters;
  return Math.min(timeout_base_ms * 2 ** Math.min(r.left, 6), timeout_cap_ms);
}

/** An early end of the epoch is scheduled: empty blocks lead up to it (§3). */
export const endScheduled = (r: Replica): boolean => r.end < r.config.start + r.config.parameters.epoch_length - 1 && r.head.height < r.end;
export const heartbeatDue = (r: Replica): boolean => r.at - r.lastCommitAt >= r.config.parameters.heartbeat_ms;

/** §4.6.3 Silence: block 1, a waiting batch, an accepted order, a heartbeat, an epoch end, due work. */
export function isOwed(r: Replica): boolean {
  return (
    r.head.height === 0 ||
    tipHeight(r) > r.head.height ||
    somethingWaits(r) ||
    heartbeatDue(r) ||
    endScheduled(r) ||
    (r.head.dueHead !== null && r.head.dueHead <= r.now)
  );
}

/** All clocks restart on entering a view (§4.6.7). */
export function restartTimers(r: Replica): void {
  r.silenceSince = null;
  r.newViewSince = null;
  r.restSince = null;
  for (const origin of r.origins.values()) {
    origin.headSince = r.at;
    origin.forwarded = false;
  }
  for (const peer of r.peers.values()) peer.forwarded.clear();
}

/** A block was committed; `latest` = when the last of its batches arrived here, `took` = one of them was waiting here. */
export function noteCommitted(r: Replica, { latest, took }: { latest: number; took: boolean }): void {
  r.lastCommitAt = r.at;
  if (took || !somethingWaits(r)) r.silenceSince = null;
  if (r.mode !== "active" || isPrimary(r)) return;
  // §4.6.4 Censorship: a head is overtaken, not merely old, or a backlog would evict every honest primary in turn. Timers rest while I catch up: what
  // reaches me then overtakes nothing, it only comes late.
  const timeout = viewTimeout(r);
  const arrived = Math.min(latest, r.restSince ?? r.at);
  for (const { head, headSince } of r.origins.values())
    if (head !== null && !head.gone && !head.inFlight && arrived - headSince > timeout) r.leaveReason ??= "censorship";
}

/** Starts, stops and shifts the clocks after whatever a step changed. */
export function updateTimers(r: Replica): void {
  rest(r);
  if (!isOwed(r)) r.silenceSince = null;
  else r.silenceSince ??= r.at;
  if (r.mode === "active") r.newViewSince = null;
  else if (r.newViewSince === null && claimsFrom(r, r.promise) >= r.q) r.newViewSince = r.at; // §4.6.5 w or higher: exactly w deadlocks
}

/** How many validators, me included, claim this view or a higher one. */
export function claimsFrom(r: Replica, view: number): number {
  let count = 0;
  for (const { claim } of r.claims.values()) if (claim.view >= view) count++;
  return count;
}

/** While timers rest, their clocks stand: a rest of a moment must not give a primary that drips blocks a fresh timer each time. */
function rest(r: Replica): void {
  if (resting(r)) {
    r.restSince ??= r.at;
    return;
  }
  if (r.restSince === null) return;
  const lost = r.at - r.restSince;
  const shifted = (since: number) => Math.min(r.at, since + lost);
  r.restSince = null;
  if (lost === 0) return;
  if (r.silenceSince !== null) r.silenceSince = shifted(r.silenceSince);
  if (r.newViewSince !== null) r.newViewSince = shifted(r.newViewSince);
  for (const origin of r.origins.values()) origin.headSince = shifted(origin.headSince);
}

/** The reason to leave the view for time, if there is one. */
export function expired(r: Replica): "silence" | "new_view_timer" | null {
  if (resting(r)) return null;
  const timeout = viewTimeout(r);
  if (r.mode === "active") return r.silenceSince !== null && r.at - r.silenceSince >= timeout ? "silence" : null;
  return r.newViewSince !== null && r.at - r.newViewSince >= timeout ? "new_view_timer" : null;
}

/** After T/2 a head is forwarded to the primary, one per origin (§4.6.2): a primary is not blamed for a batch that it never saw. */
export function forwardHeads(r: Replica, out: Effect[]): void {
  if (r.mode !== "active" || isPrimary(r) || !mayVote(r)) return;
  const half = viewTimeout(r) / 2;
  for (const origin of r.origins.values()) {
    const { head } = origin;
    if (head === null || head.gone || head.inFlight || origin.forwarded || r.at - origin.headSince < half) continue;
    origin.forwarded = true;
    out.push({ kind: "send", to: primaryOf(r, r.view), message: { kind: "forward", digest: head.facts.reference.digest } });
  }
}

/** Monotonic ms at which a tick is next worth something; never later than the next Status. */
export function wakeAt(r: Replica): number {
  if (r.stopped) return Number.POSITIVE_INFINITY;
  let at = r.lastStatusAt + STATUS_MS;
  const before = (time: number) => {
    if (time < at) at = time;
  };
  if (!resting(r)) {
    const timeout = viewTimeout(r);
    const since = r.mode === "active" ? r.silenceSince : r.newViewSince;
    if (since !== null) before(since + timeout);
    if (r.mode === "active" && !isPrimary(r))
      for (const { head, forwarded, headSince } of r.origins.values())
        if (head !== null && !forwarded && !head.inFlight) before(headSince + timeout / 2);
  }
  if (r.silenceSince === null) before(r.lastCommitAt + r.config.parameters.heartbeat_ms);
  if (r.head.dueHead !== null && r.head.dueHead > r.now) before(r.at + r.head.dueHead - r.now);
  if (r.mode === "active") before(r.at + untilProposal(r));
  for (const { since, askedAt } of r.wanted.values()) before(since === askedAt ? since + PULL_AFTER_MS : askedAt + STATUS_MS);
  for (const since of r.asked.values()) before(since + ASK_AGAIN_MS);
  return Math.max(at, r.at);
}

/**
 * §4.4.1: what the primary leaves between two proposals that are not full, in ms. A block costs every node the same whatever it holds, so where blocks are
 * slow there should be fewer: with nothing in flight as long again as the last one took, else the longer, the more heights are in flight.
 */
export function proposalPause(r: Replica): number {
  const { proposal_interval_ms } = r.config.parameters;
  const inFlight = tipHeight(r) - r.head.height;
  if (inFlight > 0) return proposal_interval_ms * inFlight;
  return Math.min(proposal_interval_ms, 2 * Math.max(0, r.lastCommitAt - r.lastProposalAt));
}

/** Until the primary's pace allows the next proposal, or until a proposal of the future may be taken up (§3, §4.4). */
function untilProposal(r: Replica): number {
  const { clock_drift_ms } = r.config.parameters;
  if (isPrimary(r)) {
    const wait = r.lastProposalAt + proposalPause(r) - r.at;
    return wait > 0 ? wait : Number.POSITIVE_INFINITY;
  }
  const next = r.slots.get(tipHeight(r) + 1)?.proposal;
  const wait = next ? next.entry.order.time - clock_drift_ms - r.now : 0;
  return wait > 0 ? wait : Number.POSITIVE_INFINITY;
}
