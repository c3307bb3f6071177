// Joint computation: a question to several holders of data, answered by a bounded result; each consents, all attest. Service 36. Owns queries, the holders'
// answers, runs and what was attested. Does not own: the rows, which stay where they are – no field here could carry one –, the program, named by its hash, or
// how holders compute together (private set intersection, cryptography.md §7, has no records of its own yet).
//
// A query is proposed → approved by k of its n holders → run once → attested. To run it again it is proposed again, and every run keeps its number.

import { equalBytes } from "../../base/bytes.ts";
import { sha256 } from "../../base/hash.ts";
import { agency, bytes, contract, count, days, flag, hash, id, list, object, optional, range } from "../engine/index.ts";
import { record, type Row, time, type Tx } from "../engine/index.ts";
import { attestation, finding, salt } from "../kit/attestation.ts";
import { aHash, monday } from "../kit/examples.ts";

/** The most bytes that any result has. */
const MOST = 4_096;
/** All attest within the one, and open what they attested within the other. */
const [ATTEST_TIME, OPEN_TIME] = [days(7), days(2)];
const LONGEST = days(90);
const holders = list(agency, 16, 2);
const found = finding(MOST);

export const queries = record("query", {
  title: "A question to holders of data: by which program, for which purpose, with a result of at most how many bytes",
  key: ["query"],
  read: ["requester", "holders"],
  find: ["requester", "status"],
  fields: {
    ...{ query: id, requester: agency, holders, needed: range(2, 16), purpose: id, program: hash },
    /** May the result be published? As the holders know when they consent. */
    ...{ open: flag, most: range(1, MOST), until: time, round: count },
    ...{ given: list(agency, 16), refused: list(agency, 16) },
  },
  states: {
    ...{ proposed: ["approved", "refused", "withdrawn", "lapsed"], approved: ["proposed", "running", "withdrawn", "lapsed"] },
    ...{ running: ["attested", "differing", "failed"], attested: ["proposed"], failed: ["proposed"] },
    ...{ differing: [], refused: [], withdrawn: [], lapsed: [] },
  },
});
export const answers = record("answer", {
  title: "A holder's answer to a query in a round: the root of the data it takes part with, or why it does not",
  key: ["query", "round", "holder"],
  read: ["requester", "holder"],
  find: ["holder", "status"],
  fields: { query: id, round: count, holder: agency, requester: agency, input: optional(hash), ground: optional(id) },
  states: { asked: ["given", "refused", "over"], given: ["asked"], refused: ["given", "over"], over: ["asked", "refused"] },
});
export const runs = record("run", {
  title: "A run of a query: who took part, what each attested, what came out",
  key: ["query", "round"],
  read: ["requester", "parties"],
  find: ["requester", "status"],
  fields: {
    ...{
      query: id,
      round: count,
      requester: agency,
      parties: list(agency, 16, 2),
      program: hash,
      most: range(1, MOST),
      until: optional(time),
    },
    /** In the order of `parties`, as far as they came. */
    sealed: list(object({ holder: agency, seal: hash }), 16),
    opened: list(object({ holder: agency, ...found }), 16),
    published: optional(bytes(MOST)),
  },
  states: {
    ...{ running: ["opening", "failed"], opening: ["attested", "differing", "failed"] },
    ...{ attested: [], differing: [], failed: [] },
  },
});
type Query = Row<typeof queries>;
type Run = Row<typeof runs>;

const computation = contract("computation", {
  title: "Joint computation",
  purpose: "Data is asked and not handed over: each holder consents, a run happens once, and what comes out is small and the same for all.",
  // Audits read in this order.
  records: [answers, runs, queries],
  roles: { requester: "Asks questions to several holders", holder: "Holds data, and takes part with it" },
  rules: {
    parties_fit: "A query is to two holders or more, each named once, and needs two of them or more.",
    term_unfit: "A query waits for its answers 90 days at most.",
    not_asked: "A holder answers queries that ask it, in the round that is under way.",
    approved_once: "An approval is of those who gave it: who answers later is not part of the run.",
    not_given: "A consent that was given is taken back, and no other.",
    not_approved: "A query is run when enough of its holders have consented, and while they do.",
    run_once: "An approval serves one run; for another the holders are asked again.",
    not_party: "A run is attested by those who take part in it.",
    attested_once: "Each attests a run once, and opens it once all have attested.",
    not_as_attested: "What is opened is what was attested.",
    result_bound: "A result has no more bytes than the holders consented to.",
    not_the_result: "What is published is the result that all attested, byte for byte.",
    not_open: "A result is published if the holders consented to that.",
    still_running: "A query is asked again when its run has ended, and never after results that differed.",
  },
  flags: { results_differ: "Those who took part attested different results: the query is blocked." },
});
const byRequester = { role: "requester", is: (a: { readonly query: string }, tx: Tx) => tx.get(queries, a.query).requester } as const;
const byHolder = { role: "holder", is: (a: { readonly holder: string }) => a.holder } as const;

// ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const propose = computation.action({
  title: "Propose a query to holders of data",
  by: "requester",
  input: { query: id, holders, needed: range(2, 16), purpose: id, program: hash, open: flag, most: range(1, MOST), until: time },
  rules: ["parties_fit", "term_unfit"],
  work: 128,
  // biome-ignore format: a table
  example: {
    query: "q-1", holders: ["health", "land"], needed: 2, purpose: "housing-study", program: aHash, open: true, most: 256, until: monday + days(30),
  },
  run(tx, it) {
    const { holders: named, needed } = it;
    tx.require(new Set(named).size === named.length && needed <= named.length, "parties_fit");
    waits(tx, it.until);
    const requester = tx.signer("requester");
    tx.create(queries, { ...it, requester, round: 1, given: [], refused: [] });
    for (const holder of named) tx.create(answers, { query: it.query, round: 1, holder, requester });
  },
});

const inRound = { query: id, round: count, holder: agency };
export const consent = computation.action({
  title: "Consent to a round of a query, with data of this root; with the last consent needed it is approved",
  by: { holder: byHolder },
  input: { ...inRound, input: hash },
  rules: ["approved_once", "not_asked"],
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
  rules: ["approved_once", "not_asked"],
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
  rules: ["not_approved", "run_once"],
  example: { query: "q-1", round: 1 },
  run(tx, { query, round }) {
    const it = tx.get(queries, query);
    tx.require(tx.find(runs, query, round) === undefined, "run_once");
    tx.require(it.$.status === "approved" && it.round === round, "not_approved", { status: it.$.status });
    const { requester, given: parties, program, most } = tx.move(it, "running");
    const none = { sealed: [], opened: [] };
    tx.create(runs, { query, round, requester, parties, program, most, until: tx.time + ATTEST_TIME, ...none });
  },
});
export const attest = computation.action({
  title: "Attest the result of a run, still sealed: so that nobody repeats what another found",
  by: { holder: byHolder },
  input: { ...inRound, seal: hash },
  rules: ["attested_once", "not_party"],
  example: { query: "q-1", round: 1, holder: "health", seal: aHash },
  run(tx, { query, round, holder, seal }) {
    const it = tx.get(runs, query, round);
    tx.require(it.parties.includes(holder), "not_party");
    tx.require(it.$.status === "running" && it.sealed.every((s) => s.holder !== holder), "attested_once");
    const sealed = [...it.sealed, { holder, seal }];
    if (sealed.length < it.parties.length) tx.put(it, { sealed });
    else tx.move(it, "opening", { sealed, until: tx.time + OPEN_TIME });
  },
});
export const open = computation.action({
  title: "Open what was attested: a result that is the same for all stands, one that differs blocks the query",
  by: { holder: byHolder },
  input: { ...inRound, ...found, salt },
  rules: ["attested_once", "not_as_attested", "not_party", "result_bound"],
  example: { query: "q-1", round: 1, holder: "health", result: aHash, size: 120, salt: aHash },
  run(tx, a) {
    const { query, round, holder, result, size } = a;
    const it = tx.get(runs, query, round);
    tx.require(it.parties.includes(holder), "not_party");
    tx.require(it.$.status === "opening" && it.opened.every((o) => o.holder !== holder), "attested_once");
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
  title: "A run that not all have attested in seven days, or opened in two more, has failed; who was silent shows",
  at: (it) => (it.$.status === "running" || it.$.status === "opening" ? it.until : undefined),
  run: (tx, it) => ended(tx, it, "failed", it.opened),
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
function asked(tx: Tx<"approved_once" | "not_asked">, query: string, round: number, holder: string): [Query, Row<typeof answers>] {
  const it = tx.get(queries, query);
  tx.require(it.round === round && it.holders.includes(holder), "not_asked", { round: it.round });
  tx.require(it.$.status === "proposed", "approved_once", { status: it.$.status });
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
const agree = (opened: Run["opened"]): boolean =>
  opened.every(({ result, size }) => size === opened[0]!.size && equalBytes(result, opened[0]!.result));

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const consented = computation.audit({
  title:
    "Who took part in a run had consented to it, with data of a named root; there were as many as the query needs, and one run for a round",
  run(audit) {
    const given = new Map<string, string[]>();
    const ran = new Map<string, number>();
    const parties = new Map<string, number>();
    audit.each(answers, ({ $, query, round, holder, input, ground }) => {
      audit.require(($.status === "given") === (input !== undefined), "who consents names his data");
      audit.require($.status !== "refused" || ground !== undefined, "refused on no ground");
      if ($.status === "given") given.set(`${query} ${round}`, [...(given.get(`${query} ${round}`) ?? []), holder]);
    });
    audit.each(runs, ({ query, round, parties: part }) => {
      const consents = given.get(`${query} ${round}`) ?? [];
      audit.require(part.length === consents.length && part.every((who) => consents.includes(who)), "took part without consent", {
        consents,
      });
      ran.set(query, (ran.get(query) ?? 0) + 1);
      parties.set(query, Math.min(parties.get(query) ?? 16, part.length));
    });
    let sum = 0;
    audit.each(queries, ({ $, query, round, holders: named, needed, given: now }) => {
      const times = ran.get(query) ?? 0;
      sum += times;
      const hasRun = ["running", "attested", "differing", "failed"].includes($.status);
      audit.require(times === (hasRun ? round : round - 1), "other runs than rounds", { runs: times });
      audit.require((parties.get(query) ?? needed) >= needed && needed <= named.length, "run by fewer than it needs");
      const consents = given.get(`${query} ${round}`) ?? [];
      audit.require(now.length === consents.length && now.every((who) => consents.includes(who)), "consents that are not given", {
        consents,
      });
      audit.require($.status !== "approved" || now.length >= needed, "approved by fewer than it needs");
    });
    audit.end(() => audit.figure("runs", sum));
  },
});
export const results = computation.audit({
  title: "A result was attested by all who took part, is the same for all and no larger than they consented to; what differed is marked",
  run(audit) {
    const last = new Map<string, { round: number; status: string; most: number; published: boolean }>();
    audit.each(runs, ({ $, query, round, parties, most, sealed, opened, published }) => {
      const names = opened.map(({ holder }) => holder);
      audit.require(new Set(names).size === names.length && names.every((who) => parties.includes(who)), "attested by others, or twice");
      audit.require(sealed.length === parties.length || ($.status !== "opening" && opened.length === 0), "opened before all had attested");
      audit.require(
        opened.every(({ size }) => size <= most),
        "a result beyond its bound",
        { most },
      );
      audit.require(agree(opened) === ($.status !== "differing"), "results that differ are marked, and no others");
      audit.require(($.status === "attested") === (opened.length === parties.length && agree(opened)), "attested by all, or not at all");
      const [first] = opened;
      const same = published === undefined || (first?.size === published.length && equalBytes(first.result, sha256(published)));
      audit.require(same, "what is published is not the result");
      last.set(query, { round, status: $.status, most, published: published !== undefined || last.get(query)?.published === true });
    });
    audit.each(queries, ({ $, query, round, most, open: may }) => {
      const ran = last.get(query);
      if (ran === undefined) return;
      audit.require(ran.most === most, "run with another bound", { most: ran.most });
      audit.require(may || !ran.published, "published without leave");
      const as = ran.status === "opening" ? "running" : ran.status;
      if (ran.round === round) audit.require(as === $.status, "the query ended otherwise than its run", { run: ran.status });
      else audit.require(ran.status === "attested" || ran.status === "failed", "asked again after results that differed");
    });
  },
});
export default computation;
