// Equivocation: two valid signatures of one key that contradict each other. docs/protocol.md §4.10.
// Owns what counts as evidence and that it is said once. Does not own its consequences: they are governance's.

import { equalBytes } from "../base/bytes.ts";
import { MAX_ACCUSATIONS } from "../base/limits.ts";
import { keyOf, primaryOf, type Replica } from "./replica.ts";
import type { Effect, Evidence, SignedNewView, Vote } from "./types.ts";

/** Both votes verified, one signer, one slot, different hashes (§4.10). Of the view's primary: everybody is told, and the view is left at once (§4.6). */
export function voteEvidence(r: Replica, out: Effect[], first: Vote, second: Vote): void {
  const { kind, epoch, view, height, signer } = first;
  const evidence = { kind, epoch, view, height, signer, key: keyOf(r, signer)!, first: signed(first), second: signed(second) };
  if (!convict(r, out, evidence) || kind !== "prepare" || view !== r.view || signer !== primaryOf(r, view)) return;
  out.push({ kind: "send", to: "validators", message: { kind: "conflict", first, second } });
  r.leaveReason = "equivocation";
}

/** Two NewViews of one view, both signatures verified (§4.5, §4.10). */
export function newViewEvidence(r: Replica, out: Effect[], first: SignedNewView, second: SignedNewView): void {
  const { epoch, view, signer } = first;
  convict(r, out, {
    kind: "newView",
    epoch,
    view,
    height: 0,
    signer,
    key: keyOf(r, signer)!,
    first: signed(first),
    second: signed(second),
  });
}

/** Two votes of one signer for one slot that name different hashes. */
export function contradicts(a: Vote, b: Vote): boolean {
  return (
    a.kind === b.kind &&
    a.epoch === b.epoch &&
    a.view === b.view &&
    a.height === b.height &&
    a.signer === b.signer &&
    !equalBytes(a.hash, b.hash)
  );
}

const signed = ({ hash, signature }: { hash: Uint8Array; signature: Uint8Array }) => ({ hash, signature });

type Slot = Pick<Evidence, "signer" | "kind" | "epoch" | "view" | "height">;
const slotName = ({ signer, kind, epoch, view, height }: Slot): string => `${signer} ${kind} ${epoch} ${view} ${height}`;
export const isConvicted = (r: Replica, slot: Slot): boolean => r.convicted.has(slotName(slot));

/** True the first time. Of one signer only so many go to the chain in an epoch: each is a transaction of everybody who saw it, and one is enough for the vote. */
function convict(r: Replica, out: Effect[], evidence: Evidence): boolean {
  const { kind, epoch, view, height, signer } = evidence;
  if (isConvicted(r, evidence)) return false; // once per (key, kind, epoch, view, height)
  if (r.convicted.size >= MOST_CONVICTED) r.convicted.clear();
  r.convicted.add(slotName(evidence));
  const accusations = (r.accusations.get(signer) ?? 0) + 1;
  if (accusations > MAX_ACCUSATIONS) return true;
  r.accusations.set(signer, accusations);
  out.push({ kind: "evidence", evidence });
  out.push({ kind: "notice", code: "equivocation", data: { signer, vote: kind, epoch, view, height } });
  return true;
}
/** A Byzantine signer can make evidence without end; saying it again after this many is harmless, since the chain records it once. */
const MOST_CONVICTED = 1_024;
