// The committed head moves: what that ends and what it begins. docs/protocol.md §4.3, §4.4.
// Owns the consequences of a durable block, the epoch barrier among them. Does not own why it is committed (commits.ts).

import { latin1 } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import { RECENT_BLOCKS } from "../base/limits.ts";
import { markInFlight, refreshHeads, releaseExpired, remapAcks, takeCommitted } from "./batches.ts";
import { endSplit } from "./divergence.ts";
import { forgetOrders } from "./orders.ts";
import { type Replica, setConfig, silent } from "./replica.ts";
import { noteCommitted, restartTimers } from "./timers.ts";
import type { Effect, EpochConfig, Head, Result } from "./types.ts";
import { raiseBest, voteName } from "./votes.ts";

/** The blocks of the commit effects up to `height` are durable. */
export function onCommitted(r: Replica, out: Effect[], height: number): void {
  while (r.committingHeads[0] !== undefined && r.committingHeads[0].height <= height) {
    const head = r.committingHeads.shift()!;
    const key = latin1(head.digest);
    const result = r.results.get(key) ?? fail("a committed block without its result", { height: head.height });
    r.results.delete(key);
    advance(r, out, head, result);
  }
}

function advance(r: Replica, out: Effect[], head: Head, result: Result): void {
  const { height, digest, hash, header, references, certificate } = head;
  const onChain = r.accepted[0]?.key === latin1(digest);
  r.head = head;
  r.end = result.epochEnd;
  if (onChain) r.accepted.shift();
  else if (r.accepted.length > 0) {
    r.accepted = [];
    r.certifiedInView = Math.min(r.certifiedInView, height); // what was certified above is not on this chain (§4.4.4)
    markInFlight(r);
  }
  r.recent.push({ kind: "block", header: header!, references, certificate });
  if (r.recent.length > RECENT_BLOCKS) r.recent.shift();
  forgetHeight(r, out, height);
  // §4.4.3: a commit certificate counts as a certificate at its view and height too.
  if (certificate!.epoch === r.config.epoch) raiseBest(r, { view: certificate!.view, height, digest, certificate: certificate!, header });
  r.left = 0;
  if (r.split !== null && r.split.height <= height) endSplit(r, out);
  if (r.divergence !== null && r.divergence.height <= height) r.divergence = null;
  noteCommitted(r, takeCommitted(r, references));
  forgetOrders(r);
  releaseExpired(r, out);
  refreshHeads(r);
  if (height === r.end) enterEpoch(r, out, result.next ?? fail("the last block of an epoch without the next epoch", { height, hash }));
}

function forgetHeight(r: Replica, out: Effect[], height: number): void {
  r.slots.delete(height);
  r.certified.delete(height);
  r.later.delete(height);
  r.votes.delete(voteName("prepare", height));
  r.votes.delete(voteName("commit", height));
  for (const [key, lock] of r.locks) if (lock.height <= height) r.locks.delete(key);
  for (const key of r.lockNoticed) if (!r.locks.has(key)) r.lockNoticed.delete(key);
  for (const [key, { header, digest }] of r.results)
    if (header.order.height <= height) {
      r.results.delete(key);
      out.push({ kind: "drop", digest });
    }
}

/** §4.3.2: view, promise, best, view changes and timers start anew; messages of the old epoch are dropped, certificates are not. */
export function enterEpoch(r: Replica, out: Effect[], config: EpochConfig): void {
  const former = r.config.validators;
  const wasSilent = silent(r);
  setConfig(r, config);
  Object.assign(r, {
    view: 0,
    mode: "active",
    promise: 0,
    left: 0,
    newView: null,
    newViewHash: null,
    own: null,
    pending: null,
    best: null,
  });
  Object.assign(r, {
    accepted: [],
    firstVote: 0,
    certifiedInView: 0,
    slots: new Map(),
    split: null,
    divergence: null,
    leaveReason: null,
    splitLeft: 0,
  });
  r.claims.clear();
  r.accusations.clear();
  r.votes.clear();
  r.locks.clear();
  remapAcks(r, former);
  markInFlight(r);
  restartTimers(r);
  const { epoch, start, end, validators, protocol } = config;
  out.push({ kind: "notice", code: "epoch.entered", data: { epoch, start, end, validators: validators.length } });
  if (wasSilent && !silent(r)) out.push({ kind: "notice", code: "silence.over", data: { epoch } });
  if (protocol <= r.supported) return;
  r.stopped = true; // §4.3.3: a node without the next protocol version stops here and says so
  out.push({ kind: "stop", exit: 14, code: "release.needed", data: { protocol, supported: r.supported, height: r.head.height } });
}
