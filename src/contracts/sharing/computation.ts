// Joint computation: a question to several holders of data, answered by a bounded result; each consents, all attest. Service 36. Owns the acts.
// Does not own: the audits (computationAudits.ts); the rows, which stay where they are – no field here could carry one –, the program, named by its hash, or
// how holders compute together (private set intersection, cryptography.md §7, has no records of its own yet).
//
// A query is proposed → approved by k of its n holders → run once → attested. To run it again it is proposed again, and every run keeps its number.

import { equalBytes } from "../../base/bytes.ts";
import { agency, bytes, count, days, flag, hash, id, range, type Row, time, type Tx } from "../engine/index.ts";
import { attestation, salt } from "../kit/attestation.ts";
import { aHash, monday } from "../kit/examples.ts";
import { agree, answers, computation, found, holders, MOST, queries, type Query, questionOf, questions } from "./computationRecords.ts";
import { type Run, runs, sorted } from "./computationRecords.ts";

export { answers, queries, questions, runs } from "./computationRecords.ts";
export * from "./computationAudits.ts";

/** All attest within the one, and open what they attested within the other. */
const [ATTEST_TIME, OPEN_TIME] = [days(7), days(2)];
const LONGEST = days(90);
const byRequester = { role: "requester", is: (a: { readonly query: string }, tx: Tx) => tx.get(queries, a.query).requester } as const;
const byHolder = { role: "holder", is: (a: { readonly holder: string }) => a.holder } as const;

// ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const propose = computation.action({
  title: "Propose a query to holders of data",
  by: "requester",
  input: { query: id, holders, needed: range(2, 16), purpose: id, program: hash, open: flag, most: range(1, MOST), until: time },
  rules: ["parties_fit", "still_running", "term_unfit"],
  work: 128,
  // biome-ignore format: a table
  example: {
    query: "q-1", holders: ["health", "land"], needed: 2, purpose: "housing-study", program: aHash, open: true, most: 256, until: monday + days(30),
  },
  run(tx, it) {
    const { holders: named, needed } = it;
    const requester = tx.signer("requester");
    tx.require(new Set(named).size === named.length && needed <= named.length && !named.includes(requester), "parties_fit");
    waits(tx, it.until);
    asks(tx, tx.create(queries, { ...it, requester, round: 1, given: [], refused: [] }));
    for (const holder of named) tx.create(answers, { query: it.query, round: 1, holder, requester });
  },
});

const inRound = { query: id, round: count, holder: agency };
export const consent = computation.action({
  title: "Consent to a round of a query, with data of this root; with the last consent needed it is approved",
  by: { holder: byHolder },
  input: { ...inRound, input: hash },
  rules: ["approved_once", "not_asked", "too_late"],
  work: 128,
  example: { query: "q-1", round: 1, holder: "health", input: aHash },
  run(tx, { query, round, holder, input }) {
    const [it, answer] = asked(tx, query, round, holder);
    tx.move(answer, "given", { input, ground: undefined });
    const given = [...it.given, holder];
    const now = tx.put(it, { given, refused: without(it.refused, holder) });
    if (given.length < it.needed) return;
    tx.move(now, "approved");
    settle(tx, now);
  },
});
export const refuse = computation.action({
  title: "Refuse to take part, on a ground; when too few are left, the query is refused",
  by: { holder: byHolder },
  input: { ...inRound, ground: id },
  rules: ["approved_once", "not_asked", "too_late"],
  work: 128,
  example: { query: "q-1", round: 1, holder: "land", ground: "too-fine" },
  run(tx, { query, round, holder, ground }) {
    const [it, answer] = asked(tx, query, round, holder);
    tx.move(answer, "refused", { ground });
    const refused = [...it.refused, holder];
    const now = tx.put(it, { refused });
    if (refused.length <= it.holders.length - it.needed) return;
    tx.move(now, "refused");
    settle(tx, now);
  },
});
export const retract = computation.action({
  title: "Take a consent back, as long as the query has not run",
  by: { holder: byHolder },
  input: inRound,
  rules: ["not_asked", "not_given", "run_once"],
  work: 128,
  example: { query: "q-1", round: 1, holder: "health" },
  run(tx, { query, round, holder }) {
    const it = tx.get(queries, query);
    tx.require(it.round === round && it.holders.includes(holder), "not_asked");
    tx.require(it.$.status === "proposed" || it.$.status === "approved", "run_once");
    tx.require(it.given.includes(holder), "not_given");
    tx.move(tx.get(answers, query, round, holder), "asked", { input: undefined });
    const change = { given: without(it.given, holder) };
    if (it.$.status === "proposed") return void tx.put(it, change);
    tx.move(it, "proposed", change);
    // Those who were not needed are asked again.
    for (const other of it.holders) {
      const answer = tx.get(answers, query, round, other);
      if (answer.$.status === "over") tx.move(answer, answer.ground === undefined ? "asked" : "refused");
    }
  },
});
export const withdraw = computation.action({
  title: "Withdraw a query that has not run",
  by: { requester: byRequester },
  input: { query: id },
  work: 128,
  example: { query: "q-1" },
  run: (tx, { query }) => settle(tx, tx.move(tx.get(queries, query), "withdrawn")),
});
export const lapse = computation.due(queries, {
  title: "A query that is not approved and run in its time lapses",
  at: (it) => (it.$.status === "proposed" || it.$.status === "approved" ? it.until : undefined),
  work: 128,
  run: (tx, it) => settle(tx, tx.move(it, "lapsed")),
});
export const renew = computation.action({
  title: "Ask again: another round, another run",
  by: { requester: byRequester },
  input: { query: id, until: time },
  rules: ["still_running", "term_unfit"],
  work: 128,
  example: { query: "q-1", until: monday + days(60) },
  run(tx, { query, until }) {
    const it = tx.get(queries, query);
    tx.require(it.$.status === "attested" || it.$.status === "failed", "still_running", { status: it.$.status });
    waits(tx, until);
    asks(tx, it);
    const round = it.round + 1;
    tx.move(it, "proposed", { round, until, given: [], refused: [] });
    for (const holder of it.holders) tx.create(answers, { query, round, holder, requester: it.requester });
  },
});

// ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const run = computation.action({
  title: "Run an approved query, once: those who consented take part",
  by: { requester: byRequester },
  input: { query: id, round: count },
  rules: ["not_approved", "run_once", "too_late"],
  work: 96,
  example: { query: "q-1", round: 1 },
  run(tx, { query, round }) {
    const it = tx.get(queries, query);
    tx.require(tx.find(runs, query, round) === undefined, "run_once");
    tx.require(it.$.status === "approved" && it.round === round, "not_approved", { status: it.$.status });
    tx.require(tx.time < it.until, "too_late");
    // Who lost his seat or his role since does not take part, and no other stands in for him.
    for (const holder of it.given) tx.require(tx.holds("holder", holder), "not_approved", { holder });
    const { requester, given: parties, program, most } = tx.move(it, "running");
    const none = { sealed: [], opened: [] };
    tx.create(runs, { query, round, requester, parties, program, most, until: tx.time + ATTEST_TIME, ...none });
  },
});
export const attest = computation.action({
  title: "Attest the result of a run, still sealed: so that nobody repeats what another found",
  by: { holder: byHolder },
  input: { ...inRound, seal: hash },
  rules: ["attested_once", "not_party", "too_late"],
  example: { query: "q-1", round: 1, holder: "health", seal: aHash },
  run(tx, { query, round, holder, seal }) {
    const it = tx.get(runs, query, round);
    tx.require(it.parties.includes(holder), "not_party");
    tx.require(it.$.status === "running" && it.sealed.every((s) => s.holder !== holder), "attested_once");
    tx.require(tx.time < it.until!, "too_late");
    const sealed = [...it.sealed, { holder, seal }];
    if (sealed.length < it.parties.length) tx.put(it, { sealed });
    else tx.move(it, "opening", { sealed, until: tx.time + OPEN_TIME });
  },
});
export const open = computation.action({
  title: "Open what was attested: a result that is the same for all stands, one that differs blocks the query",
  by: { holder: byHolder },
  input: { ...inRound, ...found, salt },
  rules: ["attested_once", "not_as_attested", "not_party", "result_bound", "too_late"],
  example: { query: "q-1", round: 1, holder: "health", result: aHash, size: 120, salt: aHash },
  run(tx, a) {
    const { query, round, holder, result, size } = a;
    const it = tx.get(runs, query, round);
    tx.require(it.parties.includes(holder), "not_party");
    tx.require(it.$.status === "opening" && it.opened.every((o) => o.holder !== holder), "attested_once");
    tx.require(tx.time < it.until!, "too_late");
    const { seal } = it.sealed.find((s) => s.holder === holder)!;
    tx.require(equalBytes(seal, tx.hash(attestation(a))), "not_as_attested");
    tx.require(size <= it.most, "result_bound", { most: it.most });
    const opened = [...it.opened, { holder, result, size }];
    if (!agree(opened)) {
      tx.flag("results_differ");
      ended(tx, it, "differing", opened);
    } else if (opened.length === it.parties.length) ended(tx, it, "attested", opened);
    else tx.put(it, { opened });
  },
});
export const silence = computation.due(runs, {
  title:
    "A run that not all attest in seven days, or nobody opens in two more, fails; once one has opened, who is silent counts as differing",
  at: (it) => (it.$.status === "running" || it.$.status === "opening" ? it.until : undefined),
  // He has seen what the other found: his silence is no way to be asked again.
  run: (tx, it) => ended(tx, it, it.opened.length > 0 ? "differing" : "failed", it.opened),
});
export const publish = computation.action({
  title: "Publish the result of a run, as all attested it",
  by: { requester: byRequester },
  input: { query: id, round: count, result: bytes(MOST) },
  rules: ["not_open", "not_the_result"],
  example: { query: "q-1", round: 1, result: aHash },
  run(tx, { query, round, result }) {
    const it = tx.get(runs, query, round);
    tx.require(tx.get(queries, query).open, "not_open");
    const [first] = it.opened;
    const same = first !== undefined && first.size === result.length && equalBytes(first.result, tx.hash(result));
    tx.require(it.$.status === "attested" && same, "not_the_result");
    tx.put(it, { published: result });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function waits(tx: Tx<"term_unfit">, until: number): void {
  tx.require(until > tx.time && until <= tx.time + LONGEST, "term_unfit");
}
/** One question is under one name at a time; asked again it is marked, and it ends for good with results that differed. */
function asks(tx: Tx<"still_running", string, "asked_before">, it: Query): void {
  const question = tx.hash(questionOf(it));
  const { query, requester, program } = it;
  const before = tx.find(questions, question);
  if (before === undefined)
    return void tx.create(questions, { question, requester, program, holders: sorted(it.holders), query, times: 1 });
  const { status } = tx.get(queries, before.query).$;
  const over = status !== "proposed" && status !== "approved" && status !== "running" && status !== "differing";
  tx.require(over, "still_running", { query: before.query, status });
  if (before.query !== query) tx.flag("asked_before");
  tx.put(before, { query, times: before.times + 1 });
}
function asked(
  tx: Tx<"approved_once" | "not_asked" | "too_late">,
  query: string,
  round: number,
  holder: string,
): [Query, Row<typeof answers>] {
  const it = tx.get(queries, query);
  tx.require(it.round === round && it.holders.includes(holder), "not_asked", { round: it.round });
  tx.require(it.$.status === "proposed", "approved_once", { status: it.$.status });
  tx.require(tx.time < it.until, "too_late");
  return [it, tx.get(answers, query, round, holder)];
}
/** Nobody is waited for any more in this round. */
function settle(tx: Tx, { query, round, holders: named }: Query): void {
  for (const holder of named) {
    const answer = tx.get(answers, query, round, holder);
    if (answer.$.status === "asked" || answer.$.status === "refused") tx.move(answer, "over");
  }
}
function ended(tx: Tx, it: Run, to: "attested" | "differing" | "failed", opened: Run["opened"]): void {
  tx.move(it, to, { opened, until: undefined });
  tx.move(tx.get(queries, it.query), to);
}
const without = (all: readonly string[], one: string): readonly string[] => all.filter((other) => other !== one);

export default computation;
