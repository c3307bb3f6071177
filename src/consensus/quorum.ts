// Counting votes and judging certificates. docs/protocol.md §4.1, §4.2.
// Owns tallies (one vote a signer, verified as late as possible and only until q) and the memory of certificates already verified.
// Does not own what a certificate leads to (normal.ts, commits.ts).

import { equalBytes, latin1 } from "../base/bytes.ts";
import { type Certificate, certificateFault, makeCertificate, voteFrame } from "../base/certificate.ts";
import { blockHash, orderDigest } from "../base/header.ts";
import { voteEvidence } from "./evidence.ts";
import type { Key, Replica, StoredVote, Tally } from "./replica.ts";
import type { Effect, OrderCertificate, Vote } from "./types.ts";

/** Whether a vote's signature is good under its signer's key in this epoch. */
export function verifyVote(r: Replica, vote: Vote): boolean {
  const key = r.config.validators[r.indexes.get(vote.signer) ?? -1]?.key;
  return key !== undefined && r.ports.verify(vote.signature, voteFrame(r.network, vote.kind, vote), key);
}

function verifyStored(r: Replica, like: Vote, signer: number, stored: StoredVote): boolean {
  if (!stored.verified)
    stored.verified = verifyVote(r, { ...like, hash: stored.hash, signer: r.config.validators[signer]!.id, signature: stored.signature });
  return stored.verified;
}

function remove(tally: Tally, signer: number): void {
  const stored = tally.votes[signer];
  if (stored === undefined) return;
  tally.votes[signer] = undefined;
  tally.total--;
  tally.counts.set(stored.key, tally.counts.get(stored.key)! - 1);
}

function put(tally: Tally, signer: number, stored: StoredVote): void {
  tally.votes[signer] = stored;
  tally.total++;
  tally.counts.set(stored.key, (tally.counts.get(stored.key) ?? 0) + 1);
}

/**
 * Takes a vote of the signer who sent it (§4.2). It is not verified here: only when q agree, or when it contradicts another one of its signer (§4.10).
 * True if the tally changed.
 */
export function addVote(r: Replica, out: Effect[], tally: Tally, vote: Vote, verified: boolean): boolean {
  const signer = r.indexes.get(vote.signer);
  if (signer === undefined) return false;
  const key = latin1(vote.hash);
  const added: StoredVote = { hash: vote.hash, key, signature: vote.signature, verified };
  const former = tally.votes[signer];
  if (former === undefined) {
    put(tally, signer, added);
    return true;
  }
  if (former.key === key) {
    former.verified ||= verified;
    return false;
  }
  if (!verified && !verifyVote(r, vote)) {
    out.push({ kind: "reject", peer: vote.signer, code: "vote.signature" });
    return false;
  }
  if (verifyStored(r, vote, signer, former)) {
    voteEvidence(r, out, { ...vote, hash: former.hash, signature: former.signature }, vote);
    return false; // the first one counts
  }
  remove(tally, signer);
  put(tally, signer, { ...added, verified: true });
  return true;
}

/** The certificate of q votes for `key`, made as soon as it can be; votes are verified only now, and no more than are needed (§4.11). */
export function certify(
  r: Replica,
  out: Effect[],
  tally: Tally,
  like: Omit<Vote, "hash" | "signer" | "signature">,
  key: Key,
): Certificate | null {
  if (tally.certificate !== null) return tally.certificate;
  if ((tally.counts.get(key) ?? 0) < r.q) return null;
  const signatures = new Map<number, StoredVote>();
  for (const wantVerified of [true, false]) {
    for (let i = 0; i < r.n && signatures.size < r.q; i++) {
      const stored = tally.votes[i];
      if (stored === undefined || stored.key !== key || stored.verified !== wantVerified) continue;
      if (verifyStored(r, { ...like, hash: stored.hash, signer: "", signature: stored.signature }, i, stored)) signatures.set(i, stored);
      else {
        remove(tally, i);
        out.push({ kind: "reject", peer: r.config.validators[i]!.id, code: "vote.signature" });
      }
    }
  }
  if (signatures.size < r.q) return null;
  const { hash } = signatures.values().next().value!;
  const bytes = new Map([...signatures].map(([i, stored]) => [i, stored.signature]));
  tally.certificate = makeCertificate(like.kind, { ...like, hash }, bytes, r.n);
  remember(r, tally.certificate);
  return tally.certificate;
}

/** Verified signers and their hashes; drops what does not verify. */
export function verifiedVotes(
  r: Replica,
  tally: Tally,
  like: Omit<Vote, "hash" | "signer" | "signature">,
): { signer: string; hash: Uint8Array; key: Key }[] {
  const found = [];
  for (let i = 0; i < r.n; i++) {
    const stored = tally.votes[i];
    if (stored === undefined) continue;
    if (verifyStored(r, { ...like, hash: stored.hash, signer: "", signature: stored.signature }, i, stored))
      found.push({ signer: r.config.validators[i]!.id, hash: stored.hash, key: stored.key });
    else remove(tally, i);
  }
  return found;
}

// ── certificates from others ─────────────────────────────────────────────────────────────────────────────────────────────────
const MOST_PROVEN = 256;
const factKey = (c: Certificate): string => `${c.kind} ${c.epoch} ${c.view} ${c.height} ${latin1(c.hash)}`;

function remember(r: Replica, certificate: Certificate): void {
  if (r.proven.size >= MOST_PROVEN) r.proven.delete(r.proven.keys().next().value!);
  r.proven.set(factKey(certificate), certificate);
}

/** A certificate that holds for the same fact as `c` (the one verified before, if there is one), or null if `c` does not hold. Of this epoch only. */
export function proven(r: Replica, c: Certificate): Certificate | null {
  const known = r.proven.get(factKey(c));
  if (known !== undefined) return known;
  if (c.epoch !== r.config.epoch || c.height < r.config.start || c.height > r.end) return null;
  if (certificateFault(r.network, c, r.config.validators, r.ports.verify) !== undefined) return null;
  remember(r, c);
  return c;
}

/** Whether these very bytes hold, not only what they say: another certificate of the same fact may be known. Of this epoch only. */
export function holdsItself(r: Replica, c: Certificate): boolean {
  const known = r.proven.get(factKey(c));
  if (known !== undefined && equalBytes(known.signers, c.signers) && equalBytes(known.signatures, c.signatures)) return true;
  return c.epoch === r.config.epoch && certificateFault(r.network, c, r.config.validators, r.ports.verify) === undefined;
}

/** As `proven`, for the certificate of an order: a Prepare certificate of its digest, or a commit certificate whose header names the order. */
export function provenOrder(r: Replica, c: OrderCertificate, digest: Uint8Array): OrderCertificate | null {
  const { certificate, header } = c;
  if ((certificate.kind === "commit") !== (header !== null)) return null;
  const fits =
    header === null
      ? equalBytes(certificate.hash, digest)
      : equalBytes(orderDigest(r.network, header.order), digest) &&
        equalBytes(blockHash(r.network, header), certificate.hash) &&
        header.order.height === certificate.height;
  const verified = fits ? proven(r, certificate) : null;
  return verified === null ? null : { certificate: verified, header };
}
