// When results differ: divergence and split recognised, and the recovery file's release. docs/protocol.md §3.
// Owns what the core concludes from Commits and certificates. Does not own capsules, re-execution and alarms (driver, ledger, node).

import { type Bytes, equalBytes, hex, latin1 } from "../base/bytes.ts";
import { verifiedVotes } from "./quorum.ts";
import { acceptedAt, type Key, type Replica } from "./replica.ts";
import type { Effect } from "./types.ts";
import { lockAllows, ownVote } from "./votes.ts";

/** Commits of this view at a height that do not agree: f + 1 against my result are a divergence, no hash that can still reach q a split. */
export function noteOtherCommits(r: Replica, out: Effect[], height: number): void {
  const tally = r.slots.get(height)?.commits;
  if (tally === undefined || tally.counts.size < 2 - (ownHash(r, height) === undefined ? 0 : 1) || tally.certificate !== null) return;
  const own = ownHash(r, height);
  const against = own === undefined ? 0 : tally.total - (tally.counts.get(latin1(own)) ?? 0);
  const most = Math.max(0, ...tally.counts.values());
  if (against <= r.f && most + r.n - tally.total >= r.q) return;
  const votes = verifiedVotes(r, tally, { kind: "commit", epoch: r.config.epoch, view: r.view, height });
  if (own !== undefined) {
    const others = votes.filter((vote) => !equalBytes(vote.hash, own));
    if (others.length > r.f) suspect(r, out, acceptedAt(r, height)!.key, null, others);
  }
  noteSplit(r, out, height, votes);
}

/** My result at a height, where my order is the one that this view certified: only then do other hashes speak of it. */
function ownHash(r: Replica, height: number): Bytes | undefined {
  const entry = height <= r.certifiedInView ? acceptedAt(r, height) : undefined;
  return entry && r.results.get(entry.key)?.hash;
}

/** §3.7.3 Split: said with all hashes; no view change is started for it, it cannot help. */
function noteSplit(r: Replica, out: Effect[], height: number, votes: readonly { signer: string; hash: Bytes; key: Key }[]): void {
  if (r.split !== null) return;
  const counts = new Map<Key, number>();
  for (const { key } of votes) counts.set(key, (counts.get(key) ?? 0) + 1);
  if (Math.max(0, ...counts.values()) + r.n - votes.length >= r.q) return;
  r.split = { view: r.view, height };
  const hashes = votes.map(({ signer, hash }) => `${signer}=${hex(hash.subarray(0, 8))}`).join(" ");
  out.push({ kind: "notice", code: "split", data: { height, view: r.view, hashes } });
}

/** A commit certificate names another result than mine for the same order: re-execute once, cold; if that does not help, sign nothing more (§3). */
export function onOwnDiffers(r: Replica, out: Effect[], key: Key, certified: Bytes): void {
  if (r.diverged) return;
  if (r.divergence?.key !== key) return suspect(r, out, key, certified, []);
  r.divergence.certified = certified;
  if (r.divergence.again) conclude(r, out);
}

function suspect(r: Replica, out: Effect[], key: Key, certified: Bytes | null, others: readonly { signer: string; hash: Bytes }[]): void {
  if (r.divergence !== null) return;
  const own = r.results.get(key)!;
  const { height } = own.header.order;
  r.divergence = { height, key, again: false, certified };
  out.push({
    kind: "divergence",
    height,
    digest: own.digest,
    own,
    certified,
    others: others.map(({ signer, hash }) => ({ signer, hash })),
  });
  out.push({ kind: "notice", code: "divergence", data: { height, own: hex(own.hash), others: others.map((o) => o.signer).join(" ") } });
}

/** The cold re-execution has answered. */
export function onExecutedAgain(r: Replica, out: Effect[], key: Key): void {
  if (r.divergence?.key !== key) return;
  r.divergence.again = true;
  if (r.divergence.certified !== null) conclude(r, out);
}

function conclude(r: Replica, out: Effect[]): void {
  const { key, certified, height } = r.divergence!;
  if (equalBytes(r.results.get(key)!.hash, certified!)) {
    r.divergence = null;
    out.push({ kind: "notice", code: "divergence.over", data: { height } });
    return;
  }
  r.diverged = true;
  out.push({ kind: "notice", code: "diverged", data: { height } });
}

/** A certificate that contradicts what is committed here: more than f are faulty, or this database is not what it was. */
export function noteContradiction(r: Replica, out: Effect[], height: number): void {
  r.stopped = true;
  out.push({ kind: "stop", exit: 13, code: "chain.diverged", data: { height } });
}

/** §3.7.3, attacks 20: the recovery file releases the lock where no commit certificate is held; the order is executed anew. */
export function onRecovery(r: Replica, out: Effect[], height: number, digest: Bytes, abandon: Bytes): void {
  if (height <= r.committing || r.certified.has(height)) return;
  const key = latin1(digest);
  const lock = r.locks.get(key);
  if (lock === undefined || !equalBytes(lock.hash, abandon)) return;
  r.locks.delete(key);
  r.lockNoticed.delete(key);
  out.push({ kind: "persist", records: [{ kind: "release", epoch: r.config.epoch, height, digest, abandon }], then: [] });
  const result = r.results.get(key);
  if (result && equalBytes(result.hash, abandon)) {
    r.results.delete(key);
    out.push({ kind: "drop", digest });
  }
  if (r.split?.height === height) endSplit(r, out);
}

/**
 * §3.7.1: a recovery file released the lock, but my Commit of this view stands for the abandoned result. More than f have signed it, or there had been no split;
 * so this view cannot commit the height, and f + 1 of us take the others along to the next one.
 */
export function isBoundByReleasedVote(r: Replica): boolean {
  const entry = acceptedAt(r, r.head.height + 1);
  const result = entry && r.results.get(entry.key);
  const vote = ownVote(r, "commit", r.head.height + 1);
  return !!result && vote !== undefined && !equalBytes(vote.hash, result.hash) && lockAllows(r, entry, result.hash);
}

export function endSplit(r: Replica, out: Effect[]): void {
  if (r.split === null) return;
  out.push({ kind: "notice", code: "split.over", data: { height: r.split.height } });
  r.split = null;
}
