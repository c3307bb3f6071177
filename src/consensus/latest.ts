// The latest votes of a validator that this replica holds, for whoever asks after a restart. docs/protocol.md §4.7.

import { type Certificate, signerIndexes, type VoteKind } from "../base/certificate.ts";
import type { Replica } from "./replica.ts";
import type { Vote } from "./types.ts";

/** Its Prepare or Commit highest by (view, height): counted, kept for a later view, or inside the best certificate. Verified by whoever asked. */
export function latest(r: Replica, signer: string, kind: VoteKind): Vote | null {
  const index = r.indexes.get(signer);
  if (index === undefined) return null;
  let found: Vote | null = null;
  const offer = (vote: Vote) => {
    if (found === null || vote.view > found.view || (vote.view === found.view && vote.height > found.height)) found = vote;
  };
  const { epoch } = r.config;
  for (const [height, slot] of r.slots) {
    const stored = (kind === "prepare" ? slot.prepares : slot.commits).votes[index];
    if (stored !== undefined) offer({ kind, epoch, view: r.view, height, hash: stored.hash, signer, signature: stored.signature });
  }
  for (const message of r.peers.get(signer)?.early.values() ?? []) {
    const vote = message.kind === "prePrepare" ? message.prepare : message;
    if (vote.kind === kind && vote.epoch === epoch && vote.signer === signer) offer(vote);
  }
  for (const certificate of [r.best?.certificate, ...[...r.certified.values()].map((fact) => fact.certificate)])
    if (certificate?.kind === kind) offerSigned(r, certificate, index, signer, offer);
  return found;
}

function offerSigned(r: Replica, c: Certificate, index: number, signer: string, offer: (vote: Vote) => void): void {
  const at = (signerIndexes(c, r.n) ?? []).indexOf(index);
  if (at < 0 || c.height <= r.head.height) return;
  const { kind, epoch, view, height, hash } = c;
  offer({ kind, epoch, view, height, hash, signer, signature: c.signatures.slice(at * 64, at * 64 + 64) });
}
