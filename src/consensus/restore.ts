// A replica from its journal, and what a new journal segment repeats. docs/protocol.md §4.7.
// Owns the meaning of journal records after a restart. Does not own their bytes (records.ts) nor where they are kept (journal.ts).

import { equalBytes, latin1 } from "../base/bytes.ts";
import { select } from "./newView.ts";
import { chainTo, know } from "./orders.ts";
import { addVote } from "./quorum.ts";
import { acceptedAt, createReplica, type Replica, slotAt } from "./replica.ts";
import type { JournalRecord, NewView, Setup, Vote } from "./types.ts";
import { prePrepareOf, raiseBest, voteName, voteRecord } from "./votes.ts";
import { newViewHash } from "./wire.ts";

type Of<K extends JournalRecord["kind"]> = Extract<JournalRecord, { kind: K }>;

/** The replica as its journal leaves it: epoch, view, mode, promise, accepted chain, own votes, best, locks (§4.7.2). `start` is its first input. */
export function restore(setup: Setup, records: readonly JournalRecord[]): Replica {
  const r = createReplica(setup);
  if (!setup.intact) r.silentUntil = Number.POSITIVE_INFINITY;
  for (const record of records) if (record.kind === "silence") r.silentUntil = record.from ?? Number.POSITIVE_INFINITY;
  const current = records.filter((record) => record.epoch === r.config.epoch);
  for (const record of current) if (record.kind === "order") restoreOrder(r, record);
  for (const record of current) if (record.kind === "newView") restoreNewView(r, record.newView);
  for (const record of current) restoreDuty(r, record);
  restoreHead(r);
  const votes = [...saidWithNewView(r), ...current].filter(
    (record): record is Of<"vote"> => record.kind === "vote" && record.height > r.head.height && record.vote.view === r.view,
  );
  restoreAccepted(r, votes);
  for (const { vote } of votes) restoreVote(r, vote);
  return r;
}

function restoreOrder(r: Replica, { order, height, bodies }: Of<"order">): void {
  if (height <= r.head.height) return;
  const entry = know(r, order);
  entry.durable ||= bodies.length === order.references.length;
}

/** The view entered last. Records repeat in each segment, so the order of the journal says nothing here; the view does. */
function restoreNewView(r: Replica, newView: NewView): void {
  const { best, tip } = select(newView.claims);
  for (const order of newView.orders) if (order.order.height > r.head.height) know(r, order);
  if (best !== null && newView.best !== null) raiseBest(r, { ...best, certificate: newView.best.certificate, header: newView.best.header });
  if (newView.view <= r.view) return;
  r.view = newView.view;
  r.promise = newView.view;
  r.newView = newView;
  r.newViewHash = newViewHash(newView);
  r.firstVote = tip?.height ?? 0;
}

/** The Prepare in the own NewView is cast with it: a power cut may have come between this record and that of the vote. */
function saidWithNewView({ newView, organisation }: Replica): JournalRecord[] {
  if (newView === null || newView.prepare === null || newView.signer !== organisation) return [];
  return [voteRecord(newView.prepare, newView.prepare.hash)];
}

function restoreDuty(r: Replica, record: JournalRecord): void {
  switch (record.kind) {
    case "best": {
      const { certificate, header } = record.certificate;
      return raiseBest(r, { view: record.view, height: certificate.height, digest: record.digest, certificate, header });
    }
    case "promise":
      if (record.viewChange.claim.view <= r.promise) return;
      r.promise = record.viewChange.claim.view;
      r.mode = "changing";
      r.own = record.viewChange;
      r.claims.clear();
      r.claims.set(r.organisation, record.viewChange);
      return;
    case "vote":
      if (record.vote.kind === "commit" && record.height > r.head.height)
        r.locks.set(latin1(record.digest), { height: record.height, hash: record.vote.hash }); // in whichever view it was cast
      return;
    case "release":
      if (equalBytes(r.locks.get(latin1(record.digest))?.hash ?? new Uint8Array(0), record.abandon)) r.locks.delete(latin1(record.digest));
      return;
    default:
      return;
  }
}

/** §4.4.3: the commit certificate of the head counts as a certificate at its view and height. */
function restoreHead(r: Replica): void {
  const { certificate, header, height, digest } = r.head;
  if (certificate !== null && certificate.epoch === r.config.epoch)
    raiseBest(r, { view: certificate.view, height, digest, certificate, header });
  if (r.best !== null) r.best.durable = true;
}

/** The accepted chain: the path of the last own Prepare of the view, or what its NewView selected; then a certified order of the view replaces it (§4.4.3). */
function restoreAccepted(r: Replica, votes: readonly Of<"vote">[]): void {
  const last = votes.findLast(({ vote }) => vote.kind === "prepare");
  const selected = r.newView && select(r.newView.claims).tip;
  const tip = last ? { digest: last.digest, height: last.height } : selected;
  accept(r, tip);
  const { best } = r;
  if (best === null || best.view !== r.view || best.height <= r.head.height) return;
  if (acceptedAt(r, best.height)?.key !== latin1(best.digest)) accept(r, best);
  if (acceptedAt(r, best.height)?.key === latin1(best.digest)) r.certifiedInView = best.height;
}

function accept(r: Replica, tip: { digest: Uint8Array; height: number } | null): void {
  if (tip === null || tip.height <= r.head.height) return;
  const path = chainTo(r, tip.digest, tip.height);
  if (path !== null && "chain" in path) r.accepted = path.chain;
}

function restoreVote(r: Replica, vote: Vote): void {
  r.votes.set(voteName(vote.kind, vote.height), vote);
  const slot = slotAt(r, vote.height);
  addVote(r, [], vote.kind === "prepare" ? slot.prepares : slot.commits, vote, true);
  const entry = r.known.get(latin1(vote.hash));
  const proposedByMe =
    vote.kind === "prepare" && vote.height !== r.firstVote && r.config.validators[(r.config.epoch + r.view) % r.n]!.id === r.organisation;
  if (proposedByMe && entry !== undefined) slot.proposal = { message: prePrepareOf(r, entry, vote), entry, fresh: true };
}

/** What stands for the epoch and must not be lost when older segments are dropped (§4.7.3): silence, NewView, best, promise. */
export function duties(r: Replica): JournalRecord[] {
  const { epoch } = r.config;
  const records: JournalRecord[] = [];
  if (r.silentUntil > 0) records.push({ kind: "silence", epoch, height: 0, from: Number.isFinite(r.silentUntil) ? r.silentUntil : null });
  if (r.newView !== null) records.push({ kind: "newView", epoch, height: 0, newView: r.newView });
  if (r.best !== null) {
    const { view, digest, certificate, header } = r.best;
    records.push({ kind: "best", epoch, height: 0, view, digest, certificate: { certificate, header } });
  }
  if (r.own !== null) records.push({ kind: "promise", epoch, height: 0, viewChange: r.own });
  return records;
}
