// Starting, the question for one's own latest votes, and silence without an intact journal. docs/protocol.md §4.7.4, §4.7.5.
// Owns when voting may begin and what a signature of one's own key means that the journal does not know.

import { equalBytes } from "../base/bytes.ts";
import { type Certificate, signerIndexes } from "../base/certificate.ts";
import { EPOCH_END_HEIGHTS } from "../base/limits.ts";
import { latest } from "./latest.ts";
import { claimHolds } from "./viewChange.ts";
import { newViewSigned, signedForm } from "./newView.ts";
import { verifyVote } from "./quorum.ts";
import { peerOf, type Replica, silent, windowSize } from "./replica.ts";
import type { Answer, Ask, Claim, Effect, NewView, SignedNewView, Vote } from "./types.ts";
import { ownVote } from "./votes.ts";

/** How many others must have answered: fewer alive could commit nothing anyway (§4.7.4). */
const answersNeeded = (r: Replica): number => Math.max(0, r.q - (r.me >= 0 ? 1 : 0));

export function onStart(r: Replica, out: Effect[]): void {
  r.started = true;
  if (r.silentUntil === Number.POSITIVE_INFINITY && r.n > 1) recordSilence(r, out, "no intact journal");
  else if (r.n === 1) r.silentUntil = 0; // nobody could be told two things
  out.push({ kind: "notice", code: "start.asked", data: { answers: answersNeeded(r) } });
  ask(r, out, "validators");
}

export function ask(r: Replica, out: Effect[], to: string): void {
  if (!r.ready) out.push({ kind: "send", to, message: { kind: "ask", nonce: r.nonce } });
}

/** What the asker must not have forgotten: its latest votes, claim and NewView, each with its own signature. */
export function onAsk(r: Replica, out: Effect[], from: string, message: Ask, elsewhere: boolean): void {
  const newView = r.newView?.signer === from ? signedForm(r.newView) : null;
  const votes = (["prepare", "commit"] as const).map((kind) => latest(r, from, kind)).filter((vote) => vote !== null);
  const claim = r.claims.get(from)?.claim ?? null;
  const answer: Answer = {
    kind: "answer",
    nonce: message.nonce,
    epoch: r.config.epoch,
    committed: r.head.height,
    votes,
    claim,
    newView,
    elsewhere,
  };
  out.push({ kind: "send", to: from, message: answer });
}

export function onAnswer(r: Replica, out: Effect[], from: string, answer: Answer): void {
  if (r.ready || answer.nonce !== r.nonce || !r.indexes.has(from) || from === r.organisation || r.answered.has(from)) return;
  if (answer.votes.some((vote) => vote.signer !== r.organisation))
    return void out.push({ kind: "reject", peer: from, code: "answer.signer" });
  r.answered.set(from, answer.committed);
  for (const vote of answer.votes) noteOwnVote(r, out, vote);
  if (answer.claim !== null) noteOwnClaim(r, out, answer.claim);
  if (answer.newView !== null) noteOwnNewView(r, out, answer.newView);
  if (answer.elsewhere) r.elsewhere.add(from);
  if (r.elsewhere.size > r.f) stopElsewhere(r, out, r.head.height); // f + 1 say that my peer key answers them on another connection
}

/** Voting begins when q − 1 others have answered; what they showed is judged then, since only then is the certified head known. */
export function tryReady(r: Replica, out: Effect[]): void {
  if (r.ready || !r.started || r.stopped) return;
  let count = 0;
  for (const [id, committed] of r.answered) {
    if (!r.indexes.has(id)) continue;
    count++;
    r.startHead = Math.max(r.startHead, committed);
  }
  if (count < answersNeeded(r)) return;
  r.ready = true;
  if (r.lacking !== null) judge(r, out, r.lacking);
  r.lacking = null;
  out.push({ kind: "notice", code: "start.ready", data: { answers: count, silent: silent(r) } });
}

// ── signatures of the own key ────────────────────────────────────────────────────────────────────────────────────────────────

/** A vote with my signature. What the journal knows is a prefix of what I did: of views before the one entered nothing can be missing. */
export function noteOwnVote(r: Replica, out: Effect[], vote: Vote): void {
  const { epoch, view, height, kind, hash } = vote;
  if (r.me < 0 || silent(r) || epoch < r.config.epoch || height <= r.head.height || (epoch === r.config.epoch && view < r.view)) return;
  const own = epoch === r.config.epoch && view === r.view ? ownVote(r, kind, height) : undefined;
  if (own !== undefined && equalBytes(own.hash, hash)) return;
  if (epoch !== r.config.epoch || !verifyVote(r, vote)) return; // a later epoch's set is not known yet; its blocks will tell
  if (own !== undefined) stopElsewhere(r, out, height);
  else lacks(r, out, height);
}

export function noteOwnClaim(r: Replica, out: Effect[], claim: Claim): void {
  if (r.me < 0 || silent(r) || claim.signer !== r.organisation || claim.view <= r.promise || !claimHolds(r, claim)) return;
  lacks(r, out, claim.committedHeight + 1);
}

export function noteOwnNewView(r: Replica, out: Effect[], signed: SignedNewView): void {
  if (r.me < 0 || silent(r) || signed.signer !== r.organisation || signed.epoch !== r.config.epoch || signed.view < r.view) return;
  if (signed.view === r.view && r.newViewHash !== null && equalBytes(r.newViewHash, signed.hash)) return;
  if (!newViewSigned(r, signed)) return;
  if (signed.view === r.view) stopElsewhere(r, out, r.head.height);
  else lacks(r, out, r.head.height + 1);
}

/** A copied home shows itself in certificates and NewViews of others. */
export function noteOwnInNewView(r: Replica, out: Effect[], m: NewView): void {
  if (m.signer === r.organisation) noteOwnNewView(r, out, signedForm(m));
  for (const claim of m.claims) if (claim.signer === r.organisation) noteOwnClaim(r, out, claim);
}

export function noteOwnInCertificate(r: Replica, out: Effect[], certificate: Certificate | null): void {
  if (certificate === null || r.me < 0 || certificate.height <= r.head.height || certificate.view < r.view) return;
  const at = (signerIndexes(certificate, r.n) ?? []).indexOf(r.me);
  if (at < 0) return;
  const { kind, epoch, view, height, hash } = certificate;
  noteOwnVote(r, out, {
    kind,
    epoch,
    view,
    height,
    hash,
    signer: r.organisation,
    signature: certificate.signatures.slice(at * 64, at * 64 + 64),
  });
}

function lacks(r: Replica, out: Effect[], height: number): void {
  if (r.ready) judge(r, out, height);
  else r.lacking = Math.max(r.lacking ?? 0, height);
}

/** Above what I could have voted on before my start somebody else signs; below, this journal is an old image (§4.7). */
function judge(r: Replica, out: Effect[], height: number): void {
  if (height > r.startHead + windowSize(r)) stopElsewhere(r, out, height);
  else if (!silent(r)) recordSilence(r, out, "own votes that the journal lacks");
}

function stopElsewhere(r: Replica, out: Effect[], height: number): void {
  if (r.stopped) return;
  r.stopped = true;
  out.push({ kind: "stop", exit: 10, code: "start.key_elsewhere", data: { height } });
}

// ── silence ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function recordSilence(r: Replica, out: Effect[], reason: string): void {
  r.silentUntil = Number.POSITIVE_INFINITY;
  for (const peer of r.peers.values()) peer.firstCommitted = -1;
  out.push({ kind: "persist", records: [{ kind: "silence", epoch: r.config.epoch, height: 0, from: null }], then: [] });
  out.push({ kind: "notice", code: "silence.begun", data: { reason } });
}

/**
 * Settles from which epoch on to vote: x + 2, x being the highest certified epoch among q others. A peer counts once I have committed what its first Status
 * named: so each claim is backed by certificates, and one that cannot be backed counts for nothing (attacks 28).
 */
export function trySettleSilence(r: Replica, out: Effect[]): void {
  if (!silent(r)) return;
  if (r.silentUntil === Number.POSITIVE_INFINITY) {
    let heard = 0;
    for (const { id } of r.config.validators) {
      const first = id === r.organisation ? -1 : peerOf(r, id).firstCommitted;
      if (first >= 0 && first <= r.head.height) heard++;
    }
    if (heard < Math.min(r.q, r.n - 1)) return;
    r.silentUntil = r.config.epoch + 2;
    out.push({ kind: "persist", records: [{ kind: "silence", epoch: r.config.epoch, height: 0, from: r.silentUntil }], then: [] });
    out.push({ kind: "notice", code: "silence.settled", data: { from: r.silentUntil } });
  }
  // As the epoch begins, and again while it goes on: the chain refuses what comes too soon after the last, and a transaction may be lost.
  if (r.me < 0 || (r.epochEndAsked >= r.config.start - 1 && r.head.height < r.epochEndAsked + EPOCH_END_HEIGHTS)) return;
  r.epochEndAsked = r.head.height;
  out.push({ kind: "epochEnd", epoch: r.config.epoch });
}
