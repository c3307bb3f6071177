// The normal case: accept and Prepare, certificates of the view, Commit. docs/protocol.md §4.4, time rules §3.
// Owns what a backup demands of a proposal and when it votes. Does not own proposing (propose.ts) nor what is committed (commits.ts).

import { equalBytes, latin1 } from "../base/bytes.ts";
import type { Certificate } from "../base/certificate.ts";
import { orderDigest } from "../base/header.ts";
import { MAX_BLOCK_BATCHES, MAX_BLOCK_SIGNATURES, MAX_BLOCK_TRANSACTIONS } from "../base/limits.ts";
import { fetchMissing } from "./batches.ts";
import { acceptChain, askOrder, chainTo, extendAccepted, fitsReferences, know, signersOf } from "./orders.ts";
import { addVote, certify, verifyVote } from "./quorum.ts";
import {
  acceptedAt,
  type Entry,
  entryOf,
  isHeld,
  isPrimary,
  type Key,
  lastVotable,
  mayVote,
  primaryOf,
  type Proposal,
  type Replica,
  silent,
  slotAt,
  tipDigest,
  tipHeight,
  tipTime,
} from "./replica.ts";
import type { Effect, Order, PrePrepare, Vote } from "./types.ts";
import { castCommits, castPrepare, lockAllows, ownVote, raiseBest } from "./votes.ts";

// ── PrePrepare ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** §4.4.2: a PrePrepare of my view, from its primary. It is only noted here; `tryAccept` takes it up when its turn has come. */
export function onPrePrepare(r: Replica, out: Effect[], from: string, message: PrePrepare): void {
  const { order, prepare } = message;
  if (r.mode !== "active" || from === r.organisation) return;
  if (from !== primaryOf(r, r.view)) return void out.push({ kind: "reject", peer: from, code: "proposal.not_primary" });
  const slot = slotAt(r, order.height);
  if (slot.proposal !== null && equalBytes(slot.proposal.message.prepare.hash, prepare.hash)) return;
  const form = proposalForm(r, message);
  if (form !== "good") {
    out.push({ kind: "reject", peer: from, code: `proposal.${form}` });
    r.leaveReason ??= "malformed"; // §4.6.6: the connection is the primary's own
    return;
  }
  addVote(r, out, slot.prepares, prepare, true); // a second, different one is evidence (§4.10)
  if (slot.proposal !== null) return;
  const entry = know(r, message);
  // §4.4.6: a fresh proposal is judged by the clock once, at first sight.
  const fresh = order.time >= r.now - r.config.parameters.clock_drift_ms;
  slot.proposal = { message, entry, fresh };
  if (!isHeld(r, entry)) fetchMissing(r, out, entry, [from]);
  notePrepare(r, out, order.height, entry.key);
}

/** What can be judged of a proposal by itself: everything that does not depend on tip, clock and bodies (§4.4, §4.11). */
function proposalForm(
  r: Replica,
  { view, order, references, prepare }: PrePrepare,
): "good" | "fields" | "signature" | "references" | "size" {
  const { epoch, protocol, parameters } = r.config;
  if (view !== r.view || order.epoch !== epoch || order.protocol !== protocol) return "fields";
  if (prepare.kind !== "prepare" || prepare.epoch !== epoch || prepare.view !== view || prepare.height !== order.height) return "fields";
  if (prepare.signer !== primaryOf(r, view) || !equalBytes(prepare.hash, orderDigest(r.network, order))) return "fields";
  if (!verifyVote(r, prepare)) return "signature";
  if (!fitsReferences(r, { order, references })) return "references";
  return sizesFit(references, parameters.block_bytes) ? "good" : "size";
}

function sizesFit(references: Order["references"], mostBytes: number): boolean {
  if (references.length > MAX_BLOCK_BATCHES) return false;
  let count = 0;
  let bytes = 0;
  const seen = new Set<Key>();
  for (const reference of references) {
    if (reference.count < 1 || reference.bytes < 1) return false;
    count += reference.count;
    bytes += reference.bytes;
    seen.add(latin1(reference.digest));
  }
  return count <= MAX_BLOCK_TRANSACTIONS && bytes <= mostBytes && seen.size === references.length;
}

/** §4.4.2 Accept and Prepare: proposals in height order, as long as the next one may be taken. */
export function tryAccept(r: Replica, out: Effect[]): void {
  while (r.mode === "active" && r.leaveReason === null && !isPrimary(r) && !owesFirstVote(r)) {
    const height = tipHeight(r) + 1;
    const proposal = height <= lastVotable(r) ? r.slots.get(height)?.proposal : null;
    if (!proposal || (!mayVote(r) && !follows(r)) || !acceptable(r, out, proposal)) return;
    extendAccepted(r, proposal.entry);
    if (mayVote(r)) castPrepare(r, out, proposal.entry, false);
    notePrepare(r, out, height, proposal.entry.key);
  }
}

/** Without a vote here: it accepts in order to execute and to follow. */
const follows = (r: Replica): boolean => r.me < 0 || silent(r);

function acceptable(r: Replica, out: Effect[], { entry, fresh }: Proposal): boolean {
  const { order } = entry;
  if (!equalBytes(order.parent, tipDigest(r)) || ownVote(r, "prepare", order.height) !== undefined || !fresh) return false;
  if (order.time <= tipTime(r) || entry.batches.some((key) => r.refused.has(key))) {
    r.leaveReason = "malformed"; // §4.4.6 strictly greater than the parent's; a batch with an ill-formed transaction
    return false;
  }
  if (order.time > r.now + r.config.parameters.clock_drift_ms) return false; // §4.4.6: held until the clock is there
  if (!isHeld(r, entry)) {
    fetchMissing(r, out, entry, [primaryOf(r, r.view)]);
    return false;
  }
  if (!r.accepted.every((ancestor) => isHeld(r, ancestor))) return false; // durable with this vote, uncommitted ancestors too
  if (!budgetFits(r, entry)) {
    r.leaveReason = "malformed";
    return false;
  }
  return true;
}

/** §4.4.8 declared work, §4.11 signatures. A batch that was committed since is not counted again: it is skipped in execution. */
function budgetFits(r: Replica, entry: Entry): boolean {
  let work = 0;
  let signatures = 0;
  for (const key of entry.batches) {
    const facts = r.batches.get(key)?.facts;
    work += facts?.work ?? 0;
    signatures += facts?.signatures ?? 0;
  }
  return work <= r.config.parameters.block_work && signatures <= MAX_BLOCK_SIGNATURES;
}

// ── the first vote in a view entered by a NewView ────────────────────────────────────────────────────────────────────────────

/** §4.5.5: the selected tip is prepared first, nothing at or below it besides; until then nothing above it. */
export function owesFirstVote(r: Replica): boolean {
  return r.firstVote > r.head.height && ownVote(r, "prepare", r.firstVote) === undefined && !follows(r);
}

export function tryFirstVote(r: Replica, out: Effect[]): void {
  if (r.mode !== "active" || !owesFirstVote(r) || !mayVote(r)) return;
  const tip = acceptedAt(r, r.firstVote);
  if (tip === undefined || !r.accepted.slice(0, r.firstVote - r.head.height).every((entry) => isHeld(r, entry))) return;
  castPrepare(r, out, tip, false); // time is not checked (§4.4.6)
  notePrepare(r, out, tip.height, tip.key);
}

// ── Prepare and certificates ─────────────────────────────────────────────────────────────────────────────────────────────────

/** A Prepare of my view by its signer. */
export function onPrepare(r: Replica, out: Effect[], vote: Vote): void {
  if (r.mode !== "active") return;
  const slot = slotAt(r, vote.height);
  if (addVote(r, out, slot.prepares, vote, false)) notePrepare(r, out, vote.height, latin1(vote.hash));
}

/** §4.4.3 Prepared: q Prepares of one slot make a certificate of this view; beyond the window its turn comes later, or a claim could not carry it. */
export function notePrepare(r: Replica, out: Effect[], height: number, key: Key): void {
  const slot = slotAt(r, height);
  if (slot.prepares.certificate !== null || height <= r.head.height || height > lastVotable(r)) return;
  const certificate = certify(r, out, slot.prepares, { kind: "prepare", epoch: r.config.epoch, view: r.view, height }, key);
  if (certificate !== null) adopt(r, out, certificate);
}

/** Certificates of this view that are not yet on the accepted chain: missing orders have come, or the window has moved on. */
export function tryAdopt(r: Replica, out: Effect[]): void {
  if (r.mode !== "active") return;
  const last = lastVotable(r);
  for (const [height, { prepares }] of r.slots) {
    if (height <= r.certifiedInView || height <= r.head.height || height > last) continue;
    if (prepares.certificate !== null) adopt(r, out, prepares.certificate);
    else for (const [key, count] of prepares.counts) if (count >= r.q) notePrepare(r, out, height, key);
  }
}

/**
 * A certificate of my view. If it is for another order than I accepted, or for one that I lack, that order becomes my tip; no second Prepare is signed: an
 * equivocating primary must not strand me (§4.4.3).
 */
function adopt(r: Replica, out: Effect[], certificate: Certificate): void {
  const { height, hash, view } = certificate;
  if (acceptedAt(r, height)?.key !== latin1(hash)) {
    const from = signersOf(r, certificate);
    const path = chainTo(r, hash, height);
    if (path === null) return;
    if ("missing" in path) return askOrder(r, out, path.missing, path.height, from);
    acceptChain(r, out, path.chain, from);
    out.push({ kind: "notice", code: "adopted", data: { height, view } });
  }
  r.certifiedInView = Math.max(r.certifiedInView, height);
  raiseBest(r, { view, height, digest: hash, certificate, header: null });
}

// ── Commit ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** §4.4.4 Commit: lower heights first, each executed, under a certificate of this view at this height or above, and as the lock allows. Returns the votes cast. */
export function tryCommit(r: Replica, out: Effect[]): Vote[] {
  if (r.mode !== "active" || r.leaveReason !== null || !mayVote(r)) return [];
  const entries: Entry[] = [];
  const last = Math.min(r.certifiedInView, lastVotable(r));
  for (let height = r.head.height + 1; height <= last; height++) {
    const entry = acceptedAt(r, height);
    const result = entry && r.results.get(entry.key);
    if (!entry || !result || (r.divergence !== null && r.divergence.height <= height && !r.divergence.again)) break;
    if (ownVote(r, "commit", height) !== undefined) continue;
    if (!lockAllows(r, entry, result.hash)) {
      if (!r.lockNoticed.has(entry.key)) out.push({ kind: "notice", code: "lock", data: { height } });
      r.lockNoticed.add(entry.key);
      break;
    }
    entries.push(entry);
  }
  return entries.length > 0 ? castCommits(r, out, entries) : [];
}

/** An order that was asked for. Only one that something is built on is kept. */
export function onOrder(r: Replica, order: Order): void {
  const entry = entryOf(r, order);
  if (r.known.has(entry.key) || !r.asked.has(`order ${entry.key}`) || !fitsReferences(r, order)) return;
  know(r, order);
}
