// The records and rules of joint computation (service 36). Owns what is kept of queries, answers and runs: digests, and one bounded result. Does not own: the
// acts (computation.ts).

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import { agency, bytes, contract, count, flag, hash, id, list, object, optional, range, record, type Row, time } from "../engine/index.ts";
import { finding } from "../kit/attestation.ts";

/** The most bytes that any result has. */
export const MOST = 4_096;
export const holders = list(agency, 16, 2);
export const found = finding(MOST);

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
export const questions = record("question", {
  title: "What one requester asks of the same holders by the same program, under whatever names: the last, and how often",
  key: ["question"],
  read: ["requester", "holders"],
  find: ["requester"],
  fields: { question: hash, requester: agency, holders, program: hash, query: id, times: count },
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
export type Query = Row<typeof queries>;
export type Run = Row<typeof runs>;

export const computation = contract("computation", {
  title: "Joint computation",
  purpose: "Data is asked and not handed over: each holder consents, a run happens once, and what comes out is small and the same for all.",
  // Audits read in this order.
  records: [answers, runs, questions, queries],
  roles: { requester: "Asks questions to several holders", holder: "Holds data, and takes part with it" },
  rules: {
    parties_fit:
      "A query is to two holders or more, each named once, and needs two of them or more; who asks is none, for he could take his own data off.",
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
    still_running: "A question is asked again when it has ended, under whatever name, and never after results that differed.",
    too_late: "A query is answered and run, and a run attested and opened, before its time is over.",
  },
  flags: {
    asked_before: "This requester has asked the same of these holders before.",
    results_differ: "Those who took part attested different results: the query is blocked.",
  },
});
/** What a question is known by: the names of queries and the order of holders do not matter. */
export const questionOf = ({ requester, program, holders: of }: Pick<Query, "requester" | "program" | "holders">): Bytes =>
  encode(["chancery/question/1", requester, program, sorted(of)]);
export const sorted = (names: readonly string[]): string[] => [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
export const agree = (opened: Run["opened"]): boolean =>
  opened.every(({ result, size }) => size === opened[0]!.size && equalBytes(result, opened[0]!.result));
