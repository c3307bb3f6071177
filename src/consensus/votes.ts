// Casting votes: sign, make durable, send, count. docs/protocol.md §4.2, §4.7.
// Owns the order in which these happen and which records must be durable first. Does not own when a vote may be cast (normal.ts, newView.ts).

import { type Bytes, equalBytes, latin1 } from "../base/bytes.ts";
import { type VoteKind, voteFrame } from "../base/certificate.ts";
import { fail } from "../base/errors.ts";
import { addVote } from "./quorum.ts";
import { acceptedAt, type Best, type Entry, mayVote, type Replica, slotAt } from "./replica.ts";
import type { Effect, JournalRecord, Message, PrePrepare, Vote } from "./types.ts";

export const voteName = (kind: VoteKind, height: number): string => `${kind} ${height}`;
export const ownVote = (r: Replica, kind: VoteKind, height: number): Vote | undefined => r.votes.get(voteName(kind, height));

/** Signs a vote of this view. Whoever asks for a second one for its slot, or for one below the promise, has a bug: nothing is signed. */
export function signVote(r: Replica, kind: VoteKind, view: number, height: number, hash: Bytes): Vote {
  if (!mayVote(r) || view < r.promise || height <= r.head.height)
    fail("a vote that must not be cast", { kind, view, promise: r.promise, height });
  const former = view === r.view ? ownVote(r, kind, height) : undefined;
  if (former !== undefined) fail("a second vote for one slot", { kind, view, height });
  const vote = { kind, epoch: r.config.epoch, view, height, hash, signer: r.organisation };
  return { ...vote, signature: r.ports.sign(voteFrame(r.network, kind, vote)) };
}

/** The records that make these orders durable, bodies included, for those that are not yet (§4.7.1). */
export function orderRecords(r: Replica, entries: readonly Entry[], withBodies: boolean): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const entry of entries) {
    if (entry.durable) continue;
    entry.durable = withBodies;
    const { order, references, height } = entry;
    records.push({
      kind: "order",
      epoch: r.config.epoch,
      height,
      order: { order, references },
      bodies: withBodies ? references.map((b) => b.digest) : [],
    });
  }
  return records;
}

/** The record of the best certificate unless the journal has it (§4.7.1). */
export function bestRecords(r: Replica, best: Best | null): JournalRecord[] {
  if (best === null || best.durable) return [];
  best.durable = true;
  const { view, digest, certificate, header } = best;
  return [{ kind: "best", epoch: r.config.epoch, height: 0, view, digest, certificate: { certificate, header } }];
}

export function voteRecord(vote: Vote, digest: Bytes): JournalRecord {
  return { kind: "vote", epoch: vote.epoch, height: vote.height, vote, digest };
}

/** Signs Prepare for an accepted order. Before it leaves: the vote, header, references and bodies, of uncommitted ancestors too (§4.4.2, §4.7.1). */
export function castPrepare(r: Replica, out: Effect[], entry: Entry, asPrimary: boolean): void {
  const vote = signVote(r, "prepare", r.view, entry.height, entry.digest);
  const chain = r.accepted.slice(0, entry.height - r.head.height);
  const message: Message = asPrimary ? prePrepareOf(r, entry, vote) : vote;
  const records = [...orderRecords(r, chain, true), voteRecord(vote, entry.digest)];
  out.push({ kind: "persist", records, then: [{ to: "validators", message }] });
  countOwn(r, out, vote);
}

export function prePrepareOf(r: Replica, { order, references }: Entry, prepare: Vote): PrePrepare {
  return { kind: "prePrepare", view: r.view, order, references, prepare };
}

/** Remembers an own vote and counts it. */
export function countOwn(r: Replica, out: Effect[], vote: Vote): void {
  r.votes.set(voteName(vote.kind, vote.height), vote);
  const slot = slotAt(r, vote.height);
  addVote(r, out, vote.kind === "prepare" ? slot.prepares : slot.commits, vote, true);
}

/** Signs Commit for these executed heights. Before it leaves: the votes, the certificate that justifies them, order digest → block hash (§4.7.1). */
export function castCommits(r: Replica, out: Effect[], entries: readonly Entry[]): Vote[] {
  const certified = r.accepted.slice(0, r.certifiedInView - r.head.height);
  // Bodies of what is executed are held; of a higher certified order the header is what a claim needs.
  const records: JournalRecord[] = [...orderRecords(r, entries, true), ...orderRecords(r, certified, false), ...bestRecords(r, r.best)];
  const votes: Vote[] = [];
  for (const entry of entries) {
    const { hash } = r.results.get(entry.key)!;
    const vote = signVote(r, "commit", r.view, entry.height, hash);
    r.locks.set(entry.key, { height: entry.height, hash }); // §3.7.1 result lock
    records.push(voteRecord(vote, entry.digest));
    votes.push(vote);
  }
  out.push({ kind: "persist", records, then: votes.map((message) => ({ to: "validators", message })) });
  for (const vote of votes) countOwn(r, out, vote);
  return votes;
}

/** The result lock of §3.7.1: no other block hash for an order digest once signed. */
export function lockAllows(r: Replica, entry: Entry, hash: Bytes): boolean {
  const lock = r.locks.get(entry.key);
  return lock === undefined || equalBytes(lock.hash, hash);
}

/** A certificate becomes the best if it is higher by (view, height) (§4.1.4). */
export function raiseBest(r: Replica, best: Omit<Best, "durable">): void {
  const now = r.best;
  if (now !== null && (best.view < now.view || (best.view === now.view && best.height <= now.height))) return;
  r.best = { ...best, durable: false };
}

/** Own votes of this view above a height, to be sent again (§4.9.1). */
export function ownVotesAbove(r: Replica, height: number): Message[] {
  const messages: Message[] = [];
  for (const vote of r.votes.values()) {
    if (vote.height <= height) continue;
    const entry = acceptedAt(r, vote.height);
    const proposed = vote.kind === "prepare" && r.slots.get(vote.height)?.proposal?.message.prepare.signer === r.organisation;
    if (proposed && entry !== undefined && entry.key === latin1(vote.hash)) messages.push(prePrepareOf(r, entry, vote));
    else messages.push(vote);
  }
  return messages;
}
