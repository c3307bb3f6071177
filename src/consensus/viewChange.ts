// Leaving a view: the promise, the claim with its proofs, joining others. docs/protocol.md §4.5.
// Owns view changes sent and received. Does not own what is made of q of them (newView.ts) nor the timers (timers.ts).

import { equalBytes } from "../base/bytes.ts";
import type { Certificate } from "../base/certificate.ts";
import { fail } from "../base/errors.ts";
import { orderDigest } from "../base/header.ts";
import { noteContradiction } from "./divergence.ts";
import { chainTo, fitsReferences } from "./orders.ts";
import { proven, provenOrder } from "./quorum.ts";
import { keyOf, type LeaveReason, mayVote, type Replica } from "./replica.ts";
import type { Claim, Effect, Order, OrderCertificate, ViewChange } from "./types.ts";
import { bestRecords, orderRecords } from "./votes.ts";
import { claimFrame } from "./wire.ts";

/** §4.5.1 Leave: promise, mode changing, journal, broadcast. From then on no vote below `view`; certificates of any view still apply. */
export function leave(r: Replica, out: Effect[], view: number, reason: LeaveReason): void {
  r.leaveReason = null;
  if (!mayVote(r)) return;
  if (view < viewToClaim(r)) fail("a view left for one already promised or certified", { view, promise: r.promise });
  const chain = bestChain(r, out);
  if (chain === null) return;
  const records = [...orderRecords(r, chain, false), ...bestRecords(r, r.best)];
  const viewChange = makeViewChange(r, view, chain);
  out.push({ kind: "notice", code: "view.left", data: { view: r.view, to: view, reason } });
  r.promise = view;
  r.mode = "changing";
  r.left++;
  r.newViewSince = null;
  r.lastClaimAt = r.at;
  r.own = viewChange;
  r.claims.set(r.organisation, viewChange);
  records.push({ kind: "promise", epoch: r.config.epoch, height: 0, viewChange });
  out.push({ kind: "persist", records, then: [{ to: "validators", message: viewChange }] });
}

/** The orders from the committed head to my best certificate; null (and a stop) if the best contradicts what is committed. */
function bestChain(r: Replica, out: Effect[]) {
  if (r.best === null || r.best.height <= r.head.height) return [];
  const path = chainTo(r, r.best.digest, r.best.height);
  if (path === null) {
    noteContradiction(r, out, r.best.height);
    return null;
  }
  return "chain" in path ? path.chain : fail("the best certificate without its orders", { height: path.height });
}

function makeViewChange(r: Replica, view: number, orders: readonly Order[]): ViewChange {
  const { best, head } = r;
  const fields = {
    epoch: r.config.epoch,
    view,
    committedHeight: head.height,
    committedHash: head.hash,
    best: best && { view: best.view, height: best.height, digest: best.digest },
    signer: r.organisation,
  };
  const claim: Claim = { ...fields, signature: r.ports.sign(claimFrame(r.network, fields)) };
  return {
    kind: "viewChange",
    claim,
    committed: committedProof(r, head.height, head.certificate),
    best: best && { certificate: best.certificate, header: best.header },
    orders: orders.map(({ order, references }) => ({ order, references })),
  };
}

/** The block before the epoch needs no proof: whoever is in the epoch has committed it (§4.3.2). */
export const committedProof = (r: Replica, height: number, certificate: Certificate | null): Certificate | null =>
  height < r.config.start ? null : certificate;

/** A view change of its signer. Only the highest of each is kept (§4.5.2). Returns it if it counts. */
export function onViewChange(r: Replica, out: Effect[], from: string, message: ViewChange): ViewChange | null {
  const { claim } = message;
  if (claim.signer !== from || claim.view <= r.view || !r.indexes.has(from) || from === r.organisation) return null;
  const former = r.claims.get(from);
  if (former !== undefined && former.claim.view >= claim.view) return null;
  const checked = checkViewChange(r, message);
  if (checked === null) {
    out.push({ kind: "reject", peer: from, code: "view_change.unproven" });
    return null;
  }
  r.claims.set(from, checked);
  return checked;
}

export function claimHolds(r: Replica, claim: Claim): boolean {
  const key = keyOf(r, claim.signer);
  return claim.epoch === r.config.epoch && key !== undefined && r.ports.verify(claim.signature, claimFrame(r.network, claim), key);
}

/** §4.2: a claim whose attachments do not prove it is refused. The certificates in the answer are verified ones. */
function checkViewChange(r: Replica, message: ViewChange): ViewChange | null {
  const { claim, orders } = message;
  const { best, committedHeight } = claim;
  if (!claimHolds(r, claim)) return null;
  const committed = checkCommitted(r, committedHeight, claim.committedHash, message.committed);
  if (committed === null) return null;
  if (best === null) return message.best === null && orders.length === 0 ? { ...message, committed: committed.certificate } : null;
  if (best.view >= claim.view || message.best === null) return null;
  const certificate = checkBest(r, best, message.best);
  if (certificate === null) return null;
  if (!ordersLead(r, orders, committedHeight, best.height, best.digest)) return null;
  return { ...message, committed: committed.certificate, best: certificate };
}

/** The proof of a committed height, as far as one is needed; null if it does not hold. */
function checkCommitted(
  r: Replica,
  height: number,
  hash: Uint8Array,
  certificate: Certificate | null,
): { certificate: Certificate | null } | null {
  if (height < r.config.start) return height === r.config.start - 1 ? { certificate: null } : null;
  const own = r.recent.find((block) => block.header.order.height === height)?.certificate;
  if (own && equalBytes(own.hash, hash)) return { certificate: own };
  if (certificate === null || certificate.kind !== "commit" || certificate.height !== height || !equalBytes(certificate.hash, hash))
    return null;
  const verified = proven(r, certificate);
  return verified && { certificate: verified };
}

export function checkBest(r: Replica, best: NonNullable<Claim["best"]>, proof: OrderCertificate): OrderCertificate | null {
  const { certificate } = proof;
  if (certificate.epoch !== r.config.epoch || certificate.view !== best.view || certificate.height !== best.height) return null;
  return provenOrder(r, proof, best.digest);
}

/** The orders are exactly those from `from` + 1 to `to`, linked, ending in `digest`; none if `to` is not above `from`. */
export function ordersLead(r: Replica, orders: readonly Order[], from: number, to: number, digest: Uint8Array): boolean {
  if (orders.length !== Math.max(0, to - from)) return false;
  let parent: Uint8Array | null = null;
  for (const [i, entry] of orders.entries()) {
    const { order } = entry;
    if (order.height !== from + 1 + i || order.epoch !== r.config.epoch || !fitsReferences(r, entry)) return false;
    if (parent !== null && !equalBytes(order.parent, parent)) return false;
    parent = orderDigest(r.network, order);
  }
  return parent === null || equalBytes(parent, digest);
}

/**
 * §4.5.1 The lowest view that I may claim: above my promise, and above the view of my best certificate. With that certificate a quorum has entered its view;
 * a claim to a view no higher could not carry it and would be refused, and without it a lower one of mine could be lost.
 */
export const viewToClaim = (r: Replica): number => Math.max(r.promise, r.best?.view ?? 0) + 1;

/** §4.5.2: if f + 1 others are above my promise, the lowest view among their f + 1 highest. */
export function viewToJoin(r: Replica): number | null {
  if (r.claims.size <= r.f) return null;
  const views: number[] = [];
  for (const [id, { claim }] of r.claims) if (id !== r.organisation) views.push(claim.view);
  views.sort((a, b) => b - a);
  const view = views[r.f];
  return view !== undefined && view >= viewToClaim(r) ? view : null;
}
