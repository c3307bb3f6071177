// Keys that trustees hold together, for one tender or poll each: nobody knows the secret, any k of n can use it. Owns the steps, who failed them, what a
// key serves. Does not own: the mathematics (base/ceremonyKey), trustees' secrets, which never leave their machines (cli/trustee).

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { commitmentOf } from "../../base/ceremonyKey.ts";
import { agency, contract, count, hash, id, list, minutes, optional, type Party, range, record } from "../engine/index.ts";
import { type Row, signs, time, type Tx } from "../engine/index.ts";
import { commitment, complaint, dealing, deals, founded, index, joins, joint, maskedShare, MAX_TRUSTEES } from "../kit/ceremony.ts";
import { point, points, receives, shareAt } from "../kit/ceremony.ts";
import { aHash, aKey, aSignature, monday } from "../kit/examples.ts";

const deadlines = { commit_until: time, reveal_until: time, accept_until: time };
/** Trustees are agencies: a person has a name in each sector, and would stand as several, or be one whom a poll does not know. One alone would read all. */
const terms = { ceremony: id, trustees: list(agency, MAX_TRUSTEES, 2), threshold: range(2, MAX_TRUSTEES), ...deadlines };
/** The least time for a step: nobody is called together for an instant. */
const STEP = minutes(10);

export const trustees = record("trustee", {
  title: "What a trustee has committed to, and dealt to the others",
  key: ["ceremony", "index"],
  read: "public",
  fields: {
    ceremony: id,
    index,
    trustee: agency,
    key: point,
    commitment: hash,
    points: optional(points),
    shares: optional(list(maskedShare, MAX_TRUSTEES - 1)),
  },
  states: { committed: ["revealed"], revealed: ["accepted"], accepted: [] },
});
export const ceremonies = record("ceremony", {
  title: "A joint key in the making: its trustees in order, how many of them suffice, and the key once it is made",
  key: ["ceremony"],
  read: "public",
  find: ["office", "trustees", "status"],
  fields: {
    ...terms,
    office: agency,
    /** Trustees who have finished the step. */
    done: count,
    key: optional(point),
    verification: optional(points),
    /** Who committed and failed it, by a false share or by silence. */
    named: list(agency, MAX_TRUSTEES),
    serves: optional(id),
  },
  states: {
    committing: ["revealing", "failed"],
    revealing: ["accepting", "failed"],
    accepting: ["complete", "failed"],
    complete: [],
    failed: [],
  },
});

const ceremony = contract("ceremonies", {
  title: "Trustees' keys",
  purpose: "A key is made by all its trustees, known to none, used by more than half of them, for one thing.",
  records: [trustees, ceremonies],
  roles: { office: "Calls trustees together" },
  rules: {
    trustees_unfit:
      "The trustees are registered agencies, each stands once, none of them is the office, and more than half of them are needed, at least two.",
    deadlines_unfit: "Each step has ten minutes or more, one after the other.",
    not_trustee: "A trustee acts at his own place.",
    other_step: "A step begins when all have finished the one before, and ends at its time.",
    key_unproved: "A trustee shows that he holds the key by which he receives shares.",
    dealing_unsound:
      "A dealing has a point for each trustee who is needed, a share for every other, and its dealer knows what he adds to the key.",
    commitment_broken: "What is revealed is what was committed to.",
    complaint_unfounded: "A complaint shows the share that its maker was sent, and that it does not fit its dealer's points.",
    key_wrong: "The key and its parts are what all dealings together give.",
    not_complete: "A key serves once its ceremony is complete.",
    serves_another: "A key serves one tender or poll.",
    trustees_gone: "A key serves whose trustees are all in good standing: who is not could not open anything.",
  },
});

export const open = ceremony.action({
  title: "Call trustees together: in this order, so many of them needed, by these times",
  by: "office",
  input: terms,
  rules: ["trustees_unfit", "deadlines_unfit"],
  example: {
    ...{ ceremony: "t-2027-1", trustees: ["courts", "tax", "land"], threshold: 2 },
    ...{ commit_until: monday, reveal_until: monday + STEP, accept_until: monday + 2 * STEP },
  },
  run(tx, it) {
    const { trustees: called, threshold, commit_until, reveal_until, accept_until } = it;
    const office = tx.signer("office");
    const fit = called.every((who, i) => called.indexOf(who) === i && who !== office && tx.known(who));
    tx.require(fit && called.length < 2 * threshold && threshold <= called.length, "trustees_unfit");
    const spans = [commit_until - tx.time, reveal_until - commit_until, accept_until - reveal_until];
    tx.require(
      spans.every((span) => span >= STEP),
      "deadlines_unfit",
    );
    tx.create(ceremonies, { ...it, office, done: 0, named: [] });
  },
});

const trustee = { trustee: signs("the trustee of this place") };
const first = { ceremony: "t-2027-1", index: 1 };
export const commit = ceremony.action({
  title: "Commit to a dealing, and show the key by which shares are received",
  by: trustee,
  input: commitment,
  rules: ["not_trustee", "other_step", "key_unproved"],
  proofs: { key_unproved: receives },
  example: { ...first, key: aKey, proof: aSignature, commitment: aHash },
  run(tx, { proof: _shown, ...it }) {
    const of = step(tx, it, "committing");
    tx.create(trustees, { ...it, trustee: of.trustees[it.index - 1]! });
    finished(tx, of, "revealing");
  },
});

export const reveal = ceremony.action({
  title: "Reveal the dealing: its points, and a masked share for every other trustee in the order of their places",
  by: trustee,
  input: dealing,
  rules: ["not_trustee", "other_step", "dealing_unsound", "commitment_broken"],
  proofs: { dealing_unsound: deals },
  example: { ...first, points: [aKey, aKey], proof: aSignature, shares: [1, 2].map(() => ({ point: aKey, masked: aHash })) },
  run(tx, { proof: _shown, points: dealt, shares, ...it }) {
    const of = step(tx, it, "revealing");
    tx.require(dealt.length === of.threshold && shares.length === of.trustees.length - 1, "dealing_unsound");
    const row = tx.get(trustees, it.ceremony, it.index);
    tx.work(1);
    const committed = commitmentOf({ network: tx.network, ceremony: it.ceremony }, it.index, dealt);
    tx.require(equalBytes(committed, row.commitment), "commitment_broken");
    tx.move(row, "revealed", { points: dealt, shares });
    finished(tx, of, "accepting");
  },
});

export const accept = ceremony.action({
  title: "Accept: every share received fits its dealer's points",
  by: trustee,
  input: { ceremony: id, index },
  rules: ["not_trustee", "other_step"],
  example: first,
  run(tx, it) {
    const of = step(tx, it, "accepting");
    tx.move(tx.get(trustees, it.ceremony, it.index), "accepted");
    tx.put(of, { done: of.done + 1 });
  },
});

export const complain = ceremony.action({
  title: "Show a false share: its dealer is named, and the ceremony has failed",
  by: trustee,
  input: complaint,
  rules: ["not_trustee", "other_step", "complaint_unfounded"],
  proofs: { complaint_unfounded: founded },
  example: {
    ...{ ...first, dealer: 2, key: aKey, sent: { point: aKey, masked: aHash } },
    ...{ points: [aKey, aKey], shared: aKey, proof: aSignature },
  },
  run(tx, { ceremony: key, index: to, dealer: from, key: receiving, sent, points: shown }) {
    const of = step(tx, { ceremony: key, index: to }, "accepting");
    const mine = tx.get(trustees, key, to);
    const dealer = tx.get(trustees, key, from);
    const dealt = from === to ? undefined : dealer.shares?.[shareAt(from, to)];
    const asDealt =
      dealt !== undefined &&
      [
        [mine.key, receiving],
        [dealt.point, sent.point],
        [dealt.masked, sent.masked],
      ].every(([a, b]) => equalBytes(a!, b!));
    tx.require(asDealt && mine.$.status === "revealed" && same(dealer.points, shown), "complaint_unfounded");
    tx.move(of, "failed", { named: [dealer.trustee] });
  },
});

export const complete = ceremony.action({
  title: "Complete: the joint key and the keys of its parts, from all dealings",
  by: { trustee: signs("one of the trustees") },
  input: { ...joint, index },
  rules: ["not_trustee", "other_step", "key_wrong"],
  proofs: { key_wrong: joins },
  work: 2_000, // of 16 dealings of 16 points: 50 ms in a worker
  example: {
    ...{ ...first, key: aKey, verification: [aKey, aKey, aKey] },
    dealings: [1, 2, 3].map(() => ({ points: [aKey, aKey] })),
  },
  run(tx, { ceremony: key, index: by, dealings, key: made, verification }) {
    const of = own(tx, { ceremony: key, index: by });
    const all = of.trustees.length;
    tx.require(of.$.status === "accepting" && of.done === all, "other_step", { done: of.done });
    const asDealt = dealings.length === all && dealings.every((one, i) => same(tx.get(trustees, key, i + 1).points, one.points));
    tx.require(asDealt, "key_wrong");
    tx.move(of, "complete", { key: made, verification });
  },
});

export const overdue = ceremony.due(ceremonies, {
  title:
    "The ceremony has failed when a step's time is over; who had committed and is silent is named, and nobody who never agreed to take part",
  at: (it) => (it.$.status === "accepting" && it.done === it.trustees.length ? undefined : ends[it.$.status as keyof typeof ends]?.(it)),
  run(tx, it) {
    const before = { committing: 0, revealing: 1, accepting: 2 }[it.$.status as keyof typeof ends];
    const steps = it.trustees.map((_, i) => stepsOf(tx.find(trustees, it.ceremony, i + 1)));
    tx.move(it, "failed", { named: it.trustees.filter((_, i) => steps[i]! > 0 && steps[i]! <= before) });
  },
});

export const takeRules = ["ceremonies.not_complete", "ceremonies.serves_another", "ceremonies.trustees_gone"] as const;
/** For the contract that a key is made for: the key is its own from now on. */
export const take = ceremony.procedure((tx, key: string, office: Party, serves: string): Row<typeof ceremonies> => {
  const it = tx.get(ceremonies, key);
  tx.require(it.$.status === "complete" && it.office === office, "not_complete", { status: it.$.status, office: it.office });
  tx.require(it.serves === undefined, "serves_another", { serves: it.serves });
  for (const who of it.trustees) tx.require(tx.known(who), "trustees_gone", { trustee: who });
  return tx.put(it, { serves });
});

export const keysHold = ceremony.audit({
  title:
    "Each complete key, and each part of it, is what its trustees dealt, all of them having accepted; each step has as many who finished it as are counted; nobody is named who did not commit",
  run(audit) {
    const dealt = new Map<string, { dealings: { readonly points: readonly Bytes[] }[]; names: string[]; steps: number[] }>();
    audit.each(trustees, (row) => {
      const of = dealt.get(row.ceremony) ?? { dealings: [], names: [], steps: [] };
      if (row.points !== undefined) of.dealings.push({ points: row.points });
      of.names.push(row.trustee);
      of.steps.push(stepsOf(row));
      dealt.set(row.ceremony, of);
    });
    let made = 0;
    audit.each(ceremonies, (it) => {
      const { dealings, names, steps } = dealt.get(it.ceremony) ?? { dealings: [], names: [], steps: [] };
      dealt.delete(it.ceremony);
      audit.require(
        it.named.every((who) => names.includes(who)),
        "who is named has committed",
      );
      const at = { committing: 1, revealing: 2, accepting: 3 }[it.$.status as keyof typeof ends];
      if (at !== undefined)
        audit.require(steps.filter((s) => s >= at).length === it.done, "as many are done as are counted", { done: it.done });
      if (it.$.status !== "complete") return audit.require(it.serves === undefined, "a key serves once it is complete");
      made++;
      audit.require(steps.length === it.trustees.length && steps.every((s) => s === 3), "all have accepted");
      const { ceremony: key, key: whole, verification } = it;
      const there = dealings.length > 0 && whole !== undefined && verification !== undefined;
      const fits = there && joins({ ceremony: key, dealings, key: whole, verification });
      audit.require(fits, "the key and its parts are what was dealt");
    });
    audit.end(() => audit.figure("complete", made));
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Ceremony = Row<typeof ceremonies>;
/** When each step ends. */
const ends = {
  committing: (it: Ceremony) => it.commit_until,
  revealing: (it: Ceremony) => it.reveal_until,
  accepting: (it: Ceremony) => it.accept_until,
};
/** How many steps a trustee has finished. */
const stepsOf = (row: Row<typeof trustees> | undefined): number =>
  row === undefined ? 0 : { committed: 1, revealed: 2, accepted: 3 }[row.$.status];

/** The ceremony, as its trustee of a place acts in it. */
function own(tx: Tx<"not_trustee">, it: { ceremony: string; index: number }): Ceremony {
  const of = tx.get(ceremonies, it.ceremony);
  tx.signed("trustee", of.trustees[it.index - 1] ?? tx.reject("not_trustee", { trustees: of.trustees.length }), "not_trustee");
  return of;
}
function step(tx: Tx<"not_trustee" | "other_step">, it: { ceremony: string; index: number }, at: keyof typeof ends): Ceremony {
  const of = own(tx, it);
  tx.require(of.$.status === at && tx.time < ends[at](of), "other_step", { status: of.$.status });
  return of;
}
/** One more has finished the step; the last begins the next. */
function finished(tx: Tx, of: Ceremony, next: "revealing" | "accepting"): void {
  if (of.done + 1 < of.trustees.length) tx.put(of, { done: of.done + 1 });
  else tx.move(of, next, { done: 0 });
}
const same = (a: readonly Bytes[] | undefined, b: readonly Bytes[]): boolean =>
  a !== undefined && a.length === b.length && a.every((one, i) => equalBytes(one, b[i]!));
export default ceremony;
