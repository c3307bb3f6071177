// What the primary does: propose on its tip, at the pace of §4.4. Empty blocks as §3 allows.
// Owns when and what is proposed. The batches are chosen in batches.ts; the vote is cast as any other (votes.ts).

import { batchesHash } from "../base/header.ts";
import { chooseBatches, fullBlockWaits } from "./batches.ts";
import { notePrepare, owesFirstVote } from "./normal.ts";
import { extendAccepted, know } from "./orders.ts";
import { isHeld, isPrimary, lastVotable, mayVote, type Replica, slotAt, syncing, tipDigest, tipHeight, tipTime } from "./replica.ts";
import { endScheduled, heartbeatDue, proposalPause } from "./timers.ts";
import type { Effect } from "./types.ts";
import { castPrepare, ownVote, prePrepareOf } from "./votes.ts";

/** §4.4.1: on its tip, inside window and epoch; it obeys the rules of a backup. */
export function tryPropose(r: Replica, out: Effect[]): void {
  while (mayPropose(r)) {
    const height = tipHeight(r) + 1;
    const time = Math.max(Math.ceil(r.now), tipTime(r) + 1);
    if (height > lastVotable(r) || ownVote(r, "prepare", height) !== undefined || time > r.now + r.config.parameters.clock_drift_ms) return;
    const pipelineEmpty = tipHeight(r) === r.head.height;
    if (r.at - r.lastProposalAt < proposalPause(r) && !fullBlockWaits(r, time)) return;
    const references = chooseBatches(r, time).map((batch) => batch.facts.reference);
    if (references.length === 0 && !emptyAllowed(r, time, pipelineEmpty)) return;
    const { protocol, epoch } = r.config;
    const order = { protocol, epoch, height, parent: tipDigest(r), time, batches: batchesHash(r.network, references) };
    const entry = know(r, { order, references });
    extendAccepted(r, entry);
    castPrepare(r, out, entry, true);
    slotAt(r, height).proposal = { message: prePrepareOf(r, entry, ownVote(r, "prepare", height)!), entry, fresh: true };
    r.lastProposalAt = r.at;
    notePrepare(r, out, height, entry.key);
  }
}

function mayPropose(r: Replica): boolean {
  if (r.mode !== "active" || !isPrimary(r) || !mayVote(r) || r.leaveReason !== null || owesFirstVote(r)) return false;
  return !syncing(r) && r.split === null && (r.divergence === null || r.divergence.again) && r.accepted.every((entry) => isHeld(r, entry));
}

/** §4.4.7 Empty blocks: block 1, a heartbeat, up to a scheduled epoch end; and one for due work whose time has come. */
function emptyAllowed(r: Replica, time: number, pipelineEmpty: boolean): boolean {
  const tip = r.accepted.at(-1);
  const dueHead = tip === undefined ? r.head.dueHead : (r.results.get(tip.key)?.dueHead ?? null);
  return tipHeight(r) === 0 || (pipelineEmpty && heartbeatDue(r)) || endScheduled(r) || (dueHead !== null && dueHead <= time);
}
