// What agencies say of their own accord: notices by rule (service 30), answers of assistants (service 31). Owns the acts of agencies, of their assistants and
// of who is told. Does not own: records and rules (publicationRecords.ts); whom a rule finds by which facts (an evaluation's root commits them); words (sealed).
//
// Of personal data the chain can promise this much: no field of a source or an answer has room for a person, a question or free text. Whether sealed words hold
// some it cannot see: such an answer is withdrawn on that ground, and its words are erased where they are kept.

import { equalBytes } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import { sha256 } from "../../base/hash.ts";
import {
  agency,
  type Body,
  count,
  days,
  flag,
  hash,
  id,
  list,
  object,
  optional,
  person,
  type Row,
  signs,
  time,
  type Tx,
} from "../engine/index.ts";
import { ofSector, signerOf } from "../identity/principals.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { included, inclusion } from "../kit/journal.ts";
import {
  ALL,
  answer_in,
  answering,
  answers,
  cited,
  evaluations,
  events,
  facts,
  notices,
  ofEvent,
  ofRule,
  optOuts,
  publication,
  rules,
  saying,
  SECTOR,
  sources,
  texts,
  versions,
  withdrawing,
  words,
} from "./publicationRecords.ts";

export { answers, evaluations, events, notices, optOuts, rules, sources, texts, versions } from "./publicationRecords.ts";
export * from "./publicationAudits.ts";

const byPublisher = { publisher: { role: "publisher", is: (a: { readonly publisher: string }) => a.publisher } } as const;
const byAssistant = { assistant: { role: "assistant", is: (a: { readonly publisher: string }) => a.publisher } } as const;

// ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const publish = publication.action({
  title: "Publish a rule of notices, or its next version",
  by: byPublisher,
  input: { ...ofRule, topic: id, ...saying, answer_in },
  rules: ["rule_retired", "rule_unfit"],
  // biome-ignore format: a table
  example: {
    publisher: "tax", rule: "child-allowance", topic: "families", text: aHash, on: "birth",
    conditions: [{ fact: "income", most: 60_000_00 }], answer_in: days(14),
  },
  run(tx, { publisher, rule, topic, ...it }) {
    const before = tx.find(rules, publisher, rule);
    tx.require(before?.$.status !== "retired", "rule_retired");
    const inOrder = it.conditions.every(({ fact, least, most }, i) => {
      const first = it.conditions.findIndex((one) => one.fact === fact) === i;
      return first && (least === undefined || most === undefined || least <= most);
    });
    tx.require(topic !== ALL && (before === undefined || before.topic === topic) && inOrder, "rule_unfit");
    const version = (before?.version ?? 0) + 1;
    tx.create(versions, { publisher, rule, version, ...it });
    if (before === undefined) tx.create(rules, { publisher, rule, topic, version });
    else tx.put(before, { version });
  },
});
export const retire = publication.action({
  title: "Retire a rule",
  by: byPublisher,
  input: ofRule,
  example: { publisher: "tax", rule: "child-allowance" },
  run: (tx, { publisher, rule }) => void tx.move(tx.get(rules, publisher, rule), "retired"),
});

// ── notices ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const evaluate = publication.action({
  title:
    "Evaluate the rule in force for an event: commit whom it finds, in the next round; once notices were sent, by a new version or on a ground",
  by: byPublisher,
  input: { ...ofEvent, version: count, happened: time, root: hash, size: inclusion.size, ground: optional(id) },
  rules: ["ahead", "ground_missing", "other_version", "rule_retired"],
  example: { publisher: "tax", rule: "child-allowance", event: "births-2027-01", version: 1, happened: monday, root: aHash, size: 118 },
  run(tx, it) {
    inForce(tx, it);
    tx.require(it.happened <= tx.time, "ahead");
    const { publisher, rule, event } = it;
    const of = tx.find(events, publisher, rule, event) ?? tx.create(events, { publisher, rule, event, round: 0 });
    const last = of.round === 0 ? undefined : tx.get(evaluations, publisher, rule, event, of.round);
    const open = last === undefined || last.sent === 0 || it.version > last.version;
    tx.require(open || it.ground !== undefined, "ground_missing", { round: of.round });
    tx.put(of, { round: of.round + 1 });
    tx.create(evaluations, { ...it, round: of.round + 1, sent: 0, acknowledged: 0 });
  },
});

const { index, path } = inclusion;
const found = object({ person, facts, words, index, path });
const sending = { ...ofEvent, round: count, version: count, root: hash, size: inclusion.size, notices: list(found, 16, 1) };
/** Item of an evaluation's tree: whom the rule found, and the root of the facts by which it did, which is salted. */
export const foundItem = (of: Found, whom: { readonly person: string; readonly facts: { readonly root: Uint8Array } }): Uint8Array =>
  sha256(encode([of.publisher, of.rule, of.event, of.version, whom.person, whom.facts.root]));
type Found = Pick<Body<typeof sending>, "publisher" | "rule" | "event" | "version">;

export const send = publication.action({
  title: "Send notices of an event to whom its evaluation found; who has opted out is passed over",
  by: byPublisher,
  input: sending,
  rules: ["noticed_once", "not_found_by_rule", "opted_out", "other_round", "other_sector", "other_version", "rule_retired"],
  proofs: {
    not_found_by_rule: ({ root, size, notices: all, ...of }) =>
      all.every((one) => included({ item: foundItem(of, one), index: one.index, path: one.path, size, root })),
  },
  work: 300,
  // biome-ignore format: a table
  example: {
    publisher: "tax", rule: "child-allowance", event: "births-2027-01", round: 1, version: 1, root: aHash, size: 118,
    notices: [{ person: "p:ann.casework", facts: aSeal(17), words: aSeal(1), index: 7, path: [aHash] }],
  },
  run(tx, { publisher, rule, event, round, version, root, size, notices: all }) {
    const { topic } = inForce(tx, { publisher, rule, version });
    const last = tx.get(events, publisher, rule, event).round;
    tx.require(round === last, "other_round", { round: last });
    const it = tx.get(evaluations, publisher, rule, event, round);
    tx.require(it.version === version, "other_version", { evaluated: it.version });
    tx.require(equalBytes(it.root, root) && it.size === size, "not_found_by_rule");
    const by = tx.time + tx.get(versions, publisher, rule, version).answer_in;
    let sent = 0;
    for (const { person: whom, facts: given, words: said } of all) {
      tx.require(ofSector(tx, whom, SECTOR), "other_sector", { person: whom });
      tx.require(tx.find(notices, publisher, rule, event, whom) === undefined, "noticed_once", { person: whom });
      const out = [topic, ALL].some((about) => tx.find(optOuts, whom, publisher, about)?.$.status === "standing");
      if (out) tx.flag("passed_over");
      else {
        tx.create(notices, { publisher, rule, event, person: whom, round, version, topic, facts: given, words: said, sent: tx.time, by });
        sent++;
      }
    }
    tx.require(sent > 0, "opted_out");
    tx.put(it, { sent: it.sent + sent });
  },
});

export const acknowledge = publication.action({
  title: "Acknowledge a notice",
  by: { person: signs("who was sent it") },
  input: { ...ofEvent, person },
  example: { publisher: "tax", rule: "child-allowance", event: "births-2027-01", person: "p:ann.casework" },
  run(tx, { publisher, rule, event, person: whom }) {
    tx.signed("person", whom);
    const { round } = tx.move(tx.get(notices, publisher, rule, event, whom), "acknowledged");
    const it = tx.get(evaluations, publisher, rule, event, round);
    tx.put(it, { acknowledged: it.acknowledged + 1 });
  },
});
export const unread = publication.due(notices, {
  title: "A notice not acknowledged in its rule's time is unread, and says so: it is for the agency to reach the person in another way",
  at: (it) => (it.$.status === "sent" ? it.by : undefined),
  run: (tx, it) => void tx.move(it, "unread"),
});

export const optOut = publication.action({
  title: "Opt out of an agency's notices on a topic, or of all of them; or back in",
  by: { person: signs("who is asked to be told") },
  input: { person, publisher: agency, topic: id, out: flag },
  example: { person: "p:ann.casework", publisher: "tax", topic: "families", out: true },
  run(tx, { out, ...it }) {
    tx.signed("person", it.person);
    const before = tx.find(optOuts, it.person, it.publisher, it.topic);
    if (before === undefined && out) tx.create(optOuts, it);
    else tx.move(before ?? tx.get(optOuts, it.person, it.publisher, it.topic), out ? "standing" : "withdrawn");
  },
});

// ── sources and answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const publishSource = publication.action({
  title: "Publish a source, or its next version",
  by: byPublisher,
  input: { publisher: agency, source: id, text: hash },
  rules: ["same_text", "source_withdrawn"],
  example: { publisher: "tax", source: "fees-act", text: aHash },
  run(tx, { publisher, source, text: of }) {
    const before = tx.find(sources, publisher, source);
    tx.require(before?.$.status !== "withdrawn", "source_withdrawn");
    const last = before?.version ?? 0;
    tx.require(last === 0 || !equalBytes(tx.get(texts, publisher, source, last).text, of), "same_text");
    tx.create(texts, { publisher, source, version: last + 1, text: of });
    if (before === undefined) tx.create(sources, { publisher, source, version: 1 });
    else tx.put(before, { version: last + 1 });
  },
});
export const withdrawSource = publication.action({
  title: "Withdraw a source: nothing new stands on it",
  by: byPublisher,
  input: { publisher: agency, source: id },
  example: { publisher: "tax", source: "fees-act" },
  run: (tx, { publisher, source }) => void tx.move(tx.get(sources, publisher, source), "withdrawn"),
});

export const answer = publication.action({
  title: "Give an answer, which cites the versions that it stands on",
  by: byAssistant,
  input: { publisher: agency, ...answering },
  rules: ["cited_twice", "other_assistant", "source_outdated", "source_withdrawn"],
  // biome-ignore format: a table
  example: {
    publisher: "tax", answer: "a-1", assistant: "guide-3", topic: "fees.passport",
    cites: [{ publisher: "tax", source: "fees-act", version: 1, anchor: "art-4" }], words: aSeal(1),
  },
  run(tx, it) {
    inName(tx, it);
    standsOn(tx, it.cites);
    tx.create(answers, it);
  },
});
export const correct = publication.action({
  title: "Correct an answer: a new one takes its place, and the old one says by which and why",
  by: byAssistant,
  input: { publisher: agency, corrects: id, ground: id, ...answering },
  rules: ["cited_twice", "other_assistant", "source_outdated", "source_withdrawn"],
  // biome-ignore format: a table
  example: {
    publisher: "tax", corrects: "a-1", ground: "source-changed", answer: "a-2", assistant: "guide-3", topic: "fees.passport",
    cites: [{ publisher: "tax", source: "fees-act", version: 2, anchor: "art-4" }], words: aSeal(1),
  },
  run(tx, { ground, ...it }) {
    inName(tx, it);
    standsOn(tx, it.cites);
    tx.move(tx.get(answers, it.publisher, it.corrects), "corrected", { corrected_by: it.answer, ground });
    tx.create(answers, it);
  },
});
export const withdraw = publication.action({
  title: "Withdraw an answer, corrected or not, on a ground; its words are erased where they are kept if they hold personal data",
  by: byPublisher,
  input: { publisher: agency, answer: id, ground: withdrawing },
  example: { publisher: "tax", answer: "a-2", ground: "personal-data" },
  run: (tx, { publisher, answer: key, ground }) => void tx.move(tx.get(answers, publisher, key), "withdrawn", { withdrawn_for: ground }),
});
export const check = publication.view({
  title: "Does an answer stand: given, and each source still in the version that it cites?",
  input: { publisher: agency, answer: id },
  run(tx, { publisher, answer: key }) {
    const it = tx.find(answers, publisher, key);
    if (it === undefined) return { stands: false, because: "unknown" };
    if (it.$.status !== "given") return { stands: false, because: it.$.status };
    const current = it.cites.every(({ publisher: of, source, version }) => {
      const cites = tx.find(sources, of, source);
      return cites?.$.status === "in_force" && cites.version === version;
    });
    return current ? { stands: true } : { stands: false, because: "source_outdated" };
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type InForce = { readonly publisher: string; readonly rule: string; readonly version: number };
function inForce(tx: Tx<"other_version" | "rule_retired">, { publisher, rule, version }: InForce): Row<typeof rules> {
  const it = tx.get(rules, publisher, rule);
  tx.require(it.$.status === "in_force", "rule_retired");
  tx.require(it.version === version, "other_version", { version: it.version });
  return it;
}
/** An agency's own key, which is of no post, stands for any of its systems. */
function inName(tx: Tx<"other_assistant">, { publisher, assistant }: { readonly publisher: string; readonly assistant: string }): void {
  const own = tx.signers.some((key) => {
    const signer = signerOf(tx, key);
    return signer?.principal === publisher && (signer.post ?? assistant) === assistant;
  });
  tx.require(own, "other_assistant");
}
function standsOn(tx: Tx<"cited_twice" | "source_outdated" | "source_withdrawn">, cites: readonly Body<typeof cited.fields>[]): void {
  for (const [i, { publisher, source, version, anchor }] of cites.entries()) {
    const it = tx.get(sources, publisher, source);
    tx.require(it.$.status === "in_force", "source_withdrawn", { source });
    tx.require(it.version === version, "source_outdated", { source, version: it.version });
    const same = (one: (typeof cites)[number]): boolean => one.publisher === publisher && one.source === source && one.anchor === anchor;
    tx.require(cites.findIndex(same) === i, "cited_twice", { source, anchor });
  }
}
export default publication;
