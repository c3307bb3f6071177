// Records of notices and of assistants' answers, and their statute. Owns what stands on the chain. Does not own: acts (publications.ts), audits
// (publicationAudits.ts). That a rule found a pseudonym stands on every member's node, whoever may read it there: so rules and topics are named for what they
// give and not for what is wrong with somebody.

import { agency, contract, count, days, each, hash, hours, id, list, object, oneOf, optional, person } from "../engine/index.ts";
import { range, record, sealed, signed, text, time } from "../engine/index.ts";
import { inclusion } from "../kit/journal.ts";

export const SECTOR = "casework";
/** The topic of an opt-out from everything that an agency sends. */
export const ALL = "all";
export const ofRule = { publisher: agency, rule: id };

export const rules = record("rule", {
  title: "A rule of notices: its topic, its version in force",
  key: ["publisher", "rule"],
  read: "public",
  find: ["topic", "status"],
  fields: { ...ofRule, topic: id, version: count },
  states: { in_force: ["retired"], retired: [] },
});
/** The words of the rule, what happens, and the facts that it asks for. */
export const saying = { text: hash, on: id, conditions: list(object({ fact: id, least: optional(signed), most: optional(signed) }), 16) };
export const answer_in = range(hours(1), days(366));
export const versions = record("version", {
  title: "A version of a rule: its words' hash, its conditions, how long it waits for an acknowledgement",
  key: ["publisher", "rule", "version"],
  read: "public",
  fields: { ...ofRule, version: count, ...saying, answer_in },
});
export const optOuts = record("opt_out", {
  title: "A person wants no notices of an agency on a topic, or none at all",
  key: ["person", "publisher", "topic"],
  read: ["person", "publisher"],
  fields: { person, publisher: agency, topic: id },
  states: { standing: ["withdrawn"], withdrawn: ["standing"] },
});
export const ofEvent = { ...ofRule, event: id };
export const events = record("event", {
  title: "An event for which a rule is evaluated: the last round",
  key: ["publisher", "rule", "event"],
  read: "members",
  find: ["rule"],
  fields: { ...ofEvent, round: count },
});
export const evaluations = record("evaluation", {
  title: "A rule evaluated for an event, before anything is sent: the root over whom it found, by which facts; what was sent by it",
  key: ["publisher", "rule", "event", "round"],
  read: "members",
  find: ["rule"],
  fields: {
    ...{ ...ofEvent, round: count, version: count, happened: time, root: hash, size: inclusion.size, ground: optional(id) },
    ...{ sent: count, acknowledged: count },
  },
});
/** As the rule's conditions name them. */
export const facts = sealed({ facts: each(object({ fact: id, value: signed }), 16) });
export const words = sealed({ text: text(4_000) });
export const notices = record("notice", {
  title: "A notice to a person: the event, the round and the rule's version, the facts by which it found him",
  key: ["publisher", "rule", "event", "person"],
  read: ["person", "publisher"],
  find: ["person", "status"],
  fields: { ...ofEvent, person, round: count, version: count, topic: id, facts, words, sent: time, by: time },
  states: { sent: ["acknowledged", "unread"], unread: ["acknowledged"], acknowledged: [] },
});
export const sources = record("source", {
  title: "What an assistant answers from: a law, a guideline, a list of fees; its version in force",
  key: ["publisher", "source"],
  read: "public",
  find: ["status"],
  fields: { publisher: agency, source: id, version: count },
  states: { in_force: ["withdrawn"], withdrawn: [] },
});
export const texts = record("text", {
  title: "A version of a source: the hash of its words",
  key: ["publisher", "source", "version"],
  read: "public",
  fields: { publisher: agency, source: id, version: count, text: hash },
});
export const cited = object({ publisher: agency, source: id, version: count, anchor: id });
/** What was asked is a topic of the publisher's list, never the words of who asked. */
export const answering = { answer: id, assistant: id, topic: id, cites: list(cited, 8, 1), words };
export const withdrawing = oneOf("personal-data", "wrong", "no-source");
export const answers = record("answer", {
  title: "An answer of an assistant: its words' root, the versions of the sources that it cites",
  key: ["publisher", "answer"],
  read: "public",
  find: ["topic", "assistant", "status"],
  fields: {
    ...{ publisher: agency, ...answering },
    ...{ corrects: optional(id), corrected_by: optional(id), ground: optional(id), withdrawn_for: optional(withdrawing) },
  },
  states: { given: ["corrected", "withdrawn"], corrected: ["withdrawn"], withdrawn: [] },
});

export const publication = contract("publications", {
  title: "Notices and answers",
  purpose: "Nobody is told without a rule, twice, or against his will; and every answer says what it stands on.",
  sector: SECTOR,
  records: [rules, versions, optOuts, events, evaluations, notices, sources, texts, answers],
  roles: { publisher: "Publishes rules and sources, evaluates, sends", assistant: "Answers, and corrects: a system's post, by delegation" },
  rules: {
    rule_unfit: "A rule keeps its topic, which is not the word for all; its conditions are in order, each fact once.",
    rule_retired: "By a retired rule nothing is evaluated or sent.",
    other_version: "A notice is sent by the version of its rule in force, which was evaluated for its event.",
    other_round: "A notice is sent by the last round in which its rule was evaluated for its event.",
    ground_missing: "Once notices were sent, a rule is evaluated anew for their event by a new version, or on a ground.",
    ahead: "A rule is evaluated for what has happened.",
    not_found_by_rule: "A notice goes to whom the evaluation found, by the facts that it was found by.",
    noticed_once: "A person is sent one notice of a rule for an event, ever.",
    opted_out: "An opt-out holds: for every rule of its topic and every version, those published later too.",
    other_sector: "Notices are sent to pseudonyms of casework.",
    other_assistant: "An assistant answers under its own name, which is that of its post.",
    source_withdrawn: "No answer stands on a source that is withdrawn.",
    source_outdated: "An answer cites the version of its source that is in force.",
    cited_twice: "An answer cites an article of a source once.",
    same_text: "A new version of a source has other words.",
  },
  flags: { passed_over: "Somebody whom the rule found has opted out and was sent nothing." },
});
