// The pure core: one input, the effects it has. docs/protocol.md §4. Nothing here waits, sends, writes or looks at a clock.
// Owns dispatch, the epoch and window filter of messages, early messages, and the order in which consequences are drawn.

import { noteRefused, onAcked, onBatch, onForward, pullWanted, refreshHeads } from "./batches.ts";
import { learn, noteCommit, onBlock, onCommit, onExecuted, tryCommitted, tryExecute } from "./commits.ts";
import { isBoundByReleasedVote, onRecovery } from "./divergence.ts";
import { contradicts, isConvicted, voteEvidence } from "./evidence.ts";
import { onCommitted } from "./head.ts";
import { fetchAccepted, onNewView, tryEnter, tryNewView } from "./newView.ts";
import { onOrder, onPrepare, onPrePrepare, tryAccept, tryAdopt, tryCommit, tryFirstVote } from "./normal.ts";
import { tryPropose } from "./propose.ts";
import { verifyVote } from "./quorum.ts";
import { isPrimary, mayVote, peerOf, primaryOf, type Replica, syncing, windowSize } from "./replica.ts";
import { ask, noteOwnInCertificate, noteOwnInNewView, onAnswer, onAsk, onStart, tryReady, trySettleSilence } from "./start.ts";
import { onGet, onStatus, sendStatus, wantSync, watchClock } from "./status.ts";
import { expired, forwardHeads, updateTimers } from "./timers.ts";
import type { Conflict, Effect, Input, Message, PrePrepare, ViewChange, Vote } from "./types.ts";
import { leave, onViewChange, viewToClaim, viewToJoin } from "./viewChange.ts";
import { ASK_AGAIN_MS, STATUS_MS } from "../base/limits.ts";

/** One step of the protocol: `replica` changes, the effects are the caller's to carry out in order (types.ts says how). */
export function step(replica: Replica, input: Input): Effect[] {
  const out: Effect[] = [];
  if (replica.stopped) return out;
  replica.now = input.now;
  replica.at = input.at;
  take(replica, out, input);
  settle(replica, out);
  return out;
}

function take(r: Replica, out: Effect[], input: Input): void {
  switch (input.kind) {
    case "start":
      onStart(r, out);
      return sendStatus(r, out, "validators");
    case "tick":
      return onTick(r, out);
    case "message":
      return onMessage(r, out, input.from, input.message, input.elsewhere ?? false);
    case "connected":
      ask(r, out, input.peer);
      return sendStatus(r, out, input.peer);
    case "batch":
      return onBatch(r, out, input.batch);
    case "refused":
      return noteRefused(r, input.digest);
    case "acked":
      return onAcked(r, input.from, input.digests);
    case "executed":
      return onExecuted(r, out, input.result, input.again ?? false);
    case "committed":
      onCommitted(r, out, input.height);
      return reviewLater(r, out);
    case "recovery":
      return onRecovery(r, out, input.height, input.digest, input.abandon);
  }
}

// ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function onMessage(r: Replica, out: Effect[], from: string, message: Message, elsewhere: boolean): void {
  switch (message.kind) {
    case "prepare":
    case "commit":
    case "prePrepare":
      return onSlotMessage(r, out, from, message);
    case "viewChange":
      return takeViewChange(r, out, from, message);
    case "newView":
      if (message.epoch !== r.config.epoch) return;
      noteOwnInNewView(r, out, message);
      if (onNewView(r, out, from, message) && message.committed !== null) learnCertificate(r, out, message.committed);
      return;
    case "status":
      return onStatus(r, out, from, message);
    case "ask":
      return onAsk(r, out, from, message, elsewhere);
    case "answer":
      return onAnswer(r, out, from, message);
    case "get":
      return onGet(r, out, from, message);
    case "order":
      return onOrder(r, message);
    case "block":
      onBlock(r, out, from, message);
      return noteOwnInCertificate(r, out, r.certified.get(message.header.order.height)?.certificate ?? null);
    case "forward":
      return onForward(r, out, from, message.digest);
    case "conflict":
      return onConflict(r, out, from, message);
  }
}

type SlotMessage = Vote | PrePrepare;

/** Votes and PrePrepares: of this view and the heights in reach they are taken; of the next view or epoch they are kept; the rest is dropped (§4.11). */
function onSlotMessage(r: Replica, out: Effect[], from: string, message: SlotMessage): void {
  const { epoch, height } = message.kind === "prePrepare" ? message.order : message;
  const signer = message.kind === "prePrepare" ? message.prepare.signer : message.signer;
  if (signer !== from) return void out.push({ kind: "reject", peer: from, code: "vote.signer" }); // each sends its own; Status brings them back
  if (from === r.organisation || height <= r.head.height || height > r.head.height + 2 * windowSize(r)) return; // §4.4: below c unverified
  const inView = epoch === r.config.epoch && message.view === r.view;
  if (!inView || (height > r.end && epoch === r.config.epoch)) {
    if (isNext(r, epoch, message.view)) peerOf(r, from).early.set(`${message.kind} ${epoch} ${message.view} ${height}`, message);
    return;
  }
  if (message.kind === "prePrepare") onPrePrepare(r, out, from, message);
  else if (message.kind === "prepare") onPrepare(r, out, message);
  else onCommit(r, out, message);
}

/** The next view (the one promised, or the one whose NewView waits), and the next epoch's first. */
function isNext(r: Replica, epoch: number, view: number): boolean {
  if (epoch === r.config.epoch + 1) return view === 0;
  return epoch === r.config.epoch && view === nextView(r);
}

const nextView = (r: Replica): number => r.pending?.view ?? (r.mode === "changing" ? r.promise : r.view + 1);

/** A view or epoch has been entered: what came early is taken up now, what is neither of this nor of the next view is dropped. */
function replayEarly(r: Replica, out: Effect[]): void {
  for (const [from, peer] of r.peers) {
    for (const [name, message] of peer.early) {
      const { epoch, view } = fieldsOf(message as SlotMessage);
      if (isNext(r, epoch, view)) continue;
      peer.early.delete(name);
      if (epoch === r.config.epoch && view === r.view) onSlotMessage(r, out, from, message as SlotMessage);
    }
  }
}

const fieldsOf = (message: SlotMessage): { epoch: number; view: number } => ({
  epoch: message.kind === "prePrepare" ? message.order.epoch : message.epoch,
  view: message.view,
});

function takeViewChange(r: Replica, out: Effect[], from: string, message: ViewChange): void {
  if (message.claim.epoch !== r.config.epoch) return;
  const taken = onViewChange(r, out, from, message);
  if (taken?.committed) learnCertificate(r, out, taken.committed);
  if (taken?.best) noteOwnInCertificate(r, out, taken.best.certificate);
}

function learnCertificate(r: Replica, out: Effect[], certificate: NonNullable<ViewChange["committed"]>): void {
  noteOwnInCertificate(r, out, certificate);
  learn(r, certificate, null);
}

/** §4.6.6: two PrePrepares of the primary for one slot, told by somebody who saw both. Far from here it could sign as many as it likes. */
function onConflict(r: Replica, out: Effect[], from: string, { first, second }: Conflict): void {
  const { kind, epoch, view, height, signer } = first;
  if (kind !== "prepare" || !contradicts(first, second) || epoch !== r.config.epoch || view !== r.view || signer !== primaryOf(r, view))
    return;
  if (Math.abs(height - r.head.height) > 2 * windowSize(r) || isConvicted(r, first)) return;
  if (verifyVote(r, first) && verifyVote(r, second)) voteEvidence(r, out, first, second);
  else out.push({ kind: "reject", peer: from, code: "vote.signature" }); // whoever tells of it has verified both
}

/** Blocks of the epoch just entered, whose certificates can be checked now. */
function reviewLater(r: Replica, out: Effect[]): void {
  for (const [height, block] of r.later) {
    if (block.header.order.epoch > r.config.epoch) continue;
    r.later.delete(height);
    onBlock(r, out, "", block);
  }
}

// ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function onTick(r: Replica, out: Effect[]): void {
  refreshHeads(r);
  pullWanted(r, out);
  for (const [what, at] of r.asked) if (r.at - at >= ASK_AGAIN_MS) r.asked.delete(what);
  if (r.mode === "changing" && r.own !== null && r.at - r.lastClaimAt >= STATUS_MS) {
    r.lastClaimAt = r.at; // §4.5.2: on a tick, never in reply
    out.push({ kind: "send", to: "validators", message: r.own });
  }
  if (r.at - r.lastStatusAt < STATUS_MS) return;
  r.lastStatusAt = r.at;
  sendStatus(r, out, "validators");
  if (!r.ready) ask(r, out, "validators");
  watchClock(r, out);
}

// ── consequences ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Draws the consequences of what has changed, until there are none. A view or epoch entered makes another round. */
function settle(r: Replica, out: Effect[]): void {
  for (let round = 0; round < MOST_ROUNDS && !r.stopped; round++) {
    const { view, promise } = r;
    const { epoch } = r.config;
    tryReady(r, out);
    const turn = `${epoch} ${view} ${nextView(r)}`;
    if (r.settledTurn !== turn) {
      r.settledTurn = turn;
      replayEarly(r, out);
    }
    act(r, out);
    updateTimers(r);
    leaveIfNeeded(r, out);
    tryEnter(r, out);
    tryNewView(r, out);
    if (r.view === view && r.promise === promise && r.config.epoch === epoch) break;
  }
  trySettleSilence(r, out);
  updateTimers(r);
}
/** Views entered within one step: each takes a quorum, so one or two at most. */
const MOST_ROUNDS = 8;

function act(r: Replica, out: Effect[]): void {
  tryAdopt(r, out);
  tryFirstVote(r, out);
  tryAccept(r, out);
  tryPropose(r, out);
  for (const { height, hash } of tryCommit(r, out)) noteCommit(r, out, height, hash);
  tryCommitted(r, out);
  tryExecute(r, out);
  fetchAccepted(r, out);
  wantSync(r, out);
  forwardHeads(r, out);
}

/** §4.6.6: at once, by a timer, or after f + 1 others. */
function leaveIfNeeded(r: Replica, out: Effect[]): void {
  if (!mayVote(r)) {
    r.leaveReason = null;
    return;
  }
  if (r.mode === "active" && isPrimary(r) && stepsDown(r)) r.leaveReason ??= "self";
  if (r.mode === "active" && isBoundByReleasedVote(r)) r.leaveReason ??= "recovery";
  if (r.mode === "changing") r.leaveReason = null;
  const join = viewToJoin(r);
  const late = expired(r);
  if (join !== null) leave(r, out, join, "joined");
  else if (r.leaveReason !== null) leave(r, out, viewToClaim(r), r.leaveReason);
  else if (late !== null) leave(r, out, viewToClaim(r), late);
}

/** A primary that syncs, diverges or sits in a split; once a height for a split, since another view cannot end it. */
function stepsDown(r: Replica): boolean {
  if (r.split !== null && r.split.height > r.splitLeft) {
    r.splitLeft = r.split.height;
    return true;
  }
  return syncing(r) || (r.divergence !== null && !r.divergence.again);
}
