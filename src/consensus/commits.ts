// What is committed, in any view and mode: one path, strictly by height. docs/protocol.md §4.4 Committed, §4.9.
// Owns facts (commit certificates), the blocks they certify, execution and the commit effect. Does not own what the new head changes (head.ts)
// nor results that differ (divergence.ts).

import { type Bytes, equalBytes, latin1 } from "../base/bytes.ts";
import type { Certificate } from "../base/certificate.ts";
import { blockHash } from "../base/header.ts";
import { SYNC_AHEAD } from "../base/limits.ts";
import { fetchMissing, mayAsk } from "./batches.ts";
import { noteContradiction, noteOtherCommits, onExecutedAgain, onOwnDiffers } from "./divergence.ts";
import { fitsReferences, know, signersOf } from "./orders.ts";
import { addVote, certify, proven } from "./quorum.ts";
import { acceptedAt, type Entry, type Fact, isHeld, type Replica, slotAt, surelyOfEpoch, windowSize } from "./replica.ts";
import type { Block, Effect, Head, Result, Vote } from "./types.ts";

/** A Commit of my view by its signer; also while I am leaving it: a promise forbids votes, not facts (§4.5). */
export function onCommit(r: Replica, out: Effect[], vote: Vote): void {
  if (addVote(r, out, slotAt(r, vote.height).commits, vote, false)) noteCommit(r, out, vote.height, vote.hash);
}

/** q Commits for one (epoch, view, height, block hash) are a certificate; anything else may be a sign of two results (§3.7.3). */
export function noteCommit(r: Replica, out: Effect[], height: number, hash: Bytes): void {
  const { commits } = slotAt(r, height);
  if (commits.certificate !== null || height <= r.committing) return;
  const like = { kind: "commit", epoch: r.config.epoch, view: r.view, height } as const;
  const certificate = certify(r, out, commits, like, latin1(hash));
  if (certificate !== null) learn(r, certificate, null);
  else noteOtherCommits(r, out, height);
}

/** A commit certificate is a fact (§4.4.5). */
export function learn(r: Replica, certificate: Certificate, block: Block | null): void {
  const { height } = certificate;
  r.highestCertified = Math.max(r.highestCertified, height);
  if (height <= r.committing || height > r.head.height + SYNC_AHEAD) return;
  const known = r.certified.get(height);
  if (known !== undefined && (known.header !== null || block === null)) return;
  r.certified.set(height, {
    certificate: known?.certificate ?? certificate,
    header: block?.header ?? null,
    references: block?.references ?? null,
  });
}

/** A block with its certificate, from status, sync or on request; or without, where q Commits are held and the header is missing (§4.9). */
export function onBlock(r: Replica, out: Effect[], from: string, block: Block): void {
  const { header, references, certificate } = block;
  const { height, epoch } = header.order;
  if (height <= r.committing) return;
  if (epoch > r.config.epoch) {
    if (height <= surelyOfEpoch(r)) return; // no such block can be
    if (height <= r.head.height + SYNC_AHEAD) r.later.set(height, block);
    hintSync(r, out, height, from);
    return;
  }
  const hash = blockHash(r.network, header);
  if (!fitsReferences(r, { order: header.order, references }))
    return void out.push({ kind: "reject", peer: from, code: "block.references" });
  if (certificate === null) {
    const fact = r.certified.get(height);
    if (fact !== undefined && fact.header === null && equalBytes(fact.certificate.hash, hash))
      r.certified.set(height, { ...fact, header, references });
    return;
  }
  const fits =
    certificate.kind === "commit" && certificate.epoch === epoch && certificate.height === height && equalBytes(certificate.hash, hash);
  const verified = fits ? proven(r, certificate) : null;
  if (verified === null) return void out.push({ kind: "reject", peer: from, code: "block.certificate" });
  learn(r, verified, block);
}

/** A claim of blocks of a later epoch cannot be checked yet: the driver may look for blocks, no timer rests for it. */
function hintSync(r: Replica, out: Effect[], height: number, from: string): void {
  if (height > r.head.height + windowSize(r) && mayAsk(r, "sync hint")) out.push({ kind: "sync", height, from: [from], proven: false });
}

// ── executing ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Executes the next order of the certified chain, or else of the accepted one, as soon as its bodies are held (§3.6). */
export function tryExecute(r: Replica, out: Effect[]): void {
  let parent = r.head.digest;
  for (let height = r.head.height + 1; ; height++) {
    const entry = nextToExecute(r, out, height);
    if (entry === null || !equalBytes(entry.order.parent, parent)) return;
    if (!r.results.has(entry.key)) {
      if (r.executing.has(entry.key)) return;
      if (!isHeld(r, entry)) return fetchMissing(r, out, entry, sourcesOf(r, height));
      r.executing.add(entry.key);
      out.push({ kind: "execute", digest: entry.digest, order: entry.order, references: entry.references });
      return;
    }
    parent = entry.digest;
  }
}

function nextToExecute(r: Replica, out: Effect[], height: number): Entry | null {
  const fact = r.certified.get(height);
  const certified = fact === undefined ? null : certifiedEntry(r, out, fact);
  if (certified !== null) return certified;
  const pending = r.committingHeads[height - r.head.height - 1];
  return (pending && r.known.get(latin1(pending.digest))) ?? acceptedAt(r, height) ?? null;
}

const sourcesOf = (r: Replica, height: number): string[] => {
  const fact = r.certified.get(height);
  const certificate = fact?.certificate ?? r.slots.get(height)?.prepares.certificate ?? r.best?.certificate;
  return certificate ? signersOf(r, certificate) : [];
};

/** The order that a commit certificate certifies: from the block that came with it, or from an own result of the same hash; else it is asked for. */
function certifiedEntry(r: Replica, out: Effect[], fact: Fact): Entry | null {
  const { certificate, header, references } = fact;
  if (header !== null && references !== null) return know(r, { order: header.order, references });
  const { height, hash } = certificate;
  const accepted = acceptedAt(r, height);
  const own = accepted && r.results.get(accepted.key);
  if (own && equalBytes(own.hash, hash)) return accepted;
  for (const [key, result] of r.results) if (equalBytes(result.hash, hash) && r.known.has(key)) return r.known.get(key)!;
  // My own order there may be the one, once it is executed; if it is not, or has another result, only the header can tell.
  const mayBeOwn = accepted !== undefined && own === undefined && isHeld(r, accepted);
  if (!mayBeOwn && mayAsk(r, `block ${height}`))
    for (const to of signersOf(r, certificate)
      .filter((id) => id !== r.organisation)
      .slice(0, r.f + 1))
      out.push({ kind: "send", to, message: { kind: "get", what: "block", height, hash } });
  return null;
}

/** A result has come. Kept by order digest; it survives view changes (§3.6). */
export function onExecuted(r: Replica, out: Effect[], result: Result, again: boolean): void {
  const key = latin1(result.digest);
  const asked = r.executing.delete(key) || again;
  if (!asked) return;
  if (!r.known.has(key)) return void out.push({ kind: "drop", digest: result.digest });
  r.results.set(key, result);
  if (again) onExecutedAgain(r, out, key);
  noteOtherCommits(r, out, result.header.order.height);
  pruneResults(r, out);
}

/** At most 2W results; those off the chains in play go first (§3). */
function pruneResults(r: Replica, out: Effect[]): void {
  const most = 2 * windowSize(r);
  if (r.results.size <= most) return;
  const inPlay = new Set(r.accepted.map((entry) => entry.key));
  for (const { digest } of r.committingHeads) inPlay.add(latin1(digest));
  for (const key of r.best === null ? [] : [latin1(r.best.digest)]) inPlay.add(key);
  for (const [key, result] of r.results) {
    if (r.results.size <= most) return;
    if (inPlay.has(key) || r.certified.has(result.header.order.height)) continue;
    r.results.delete(key);
    out.push({ kind: "drop", digest: result.digest });
  }
}

// ── committing ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** §4.4.5 Committed: the next height whose certificate is held and whose own result agrees. */
export function tryCommitted(r: Replica, out: Effect[]): void {
  for (;;) {
    const height = r.committing + 1;
    const fact = r.certified.get(height);
    const entry = fact && certifiedEntry(r, out, fact);
    if (!fact || !entry || r.stopped || height > r.end) return;
    if (!equalBytes(entry.order.parent, r.committingHead.digest) || entry.height !== height) return noteContradiction(r, out, height);
    const result = r.results.get(entry.key);
    if (result === undefined) return;
    if (!equalBytes(result.hash, fact.certificate.hash)) return onOwnDiffers(r, out, entry.key, fact.certificate.hash);
    commit(r, out, entry, result, fact.certificate);
  }
}

function commit(
  r: Replica,
  out: Effect[],
  { order, references, digest, height }: Entry,
  { header, hash, dueHead }: Result,
  certificate: Certificate,
): void {
  const head: Head = { height, digest, hash, time: order.time, header, references, certificate, dueHead };
  r.committing = height;
  r.committingHead = head;
  r.committingHeads.push(head);
  r.certified.delete(height);
  out.push({ kind: "commit", height, digest, hash, header, references, certificate });
}
