// Consultation on draft law: published, open to opinions, closed by the chain, summarised, answered, certified. Service 39. Owns these acts. Does not own:
// records and rules (consultationRecords.ts), audits (consultationAudits.ts), the words.
//
// A new version takes no opinions with it, and closes no other: each version has its full time, its own counts, and its answers, and is summarised once the
// one before is answered; so none is a way around what was said of those before. One opinion of an author on an article: another replaces it while the
// version is open.

import { equalBytes } from "../../base/bytes.ts";
import { agency, days, hash, id, list, object, party, type Row, signs, time, type Tx } from "../engine/index.ts";
import { kindOf } from "../identity/principals.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import {
  answering,
  articles,
  certificates,
  consultation,
  counts,
  type Counts,
  drafts,
  MAX_CONSULTED,
  nobody,
  ofVersion,
} from "./consultationRecords.ts";
import { opinions, said, sameCounts, stance, total, type Version, versions } from "./consultationRecords.ts";

export { articles, certificates, drafts, opinions, versions } from "./consultationRecords.ts";
export * from "./consultationAudits.ts";

const [SHORTEST, LONGEST, ANSWER_TIME] = [days(7), days(366), days(60)];
const anchors = list(object({ article: id, text: hash }), 200, 1);
const example = { draft: "water-act", version: 1 };
const exampleCounts = { in_favour: 2, against: 1, amend: 0 };

// ── drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const publish = consultation.action({
  title: "Publish a draft, or its next version, with the anchors of its articles",
  by: "drafter",
  input: { ...ofVersion, text: hash, consulted: list(agency, MAX_CONSULTED), closes: time, articles: anchors },
  rules: ["consulted_unfit", "draft_withdrawn", "not_next", "not_unit", "term_unfit"],
  work: 1_200,
  example: { ...example, text: aHash, consulted: ["land"], closes: monday + days(30), articles: [{ article: "art_1", text: aHash }] },
  run(tx, { draft, version, text, consulted, closes, articles: all }) {
    const unit = tx.signer("drafter");
    const before = tx.find(drafts, draft);
    const last = before?.version ?? 0;
    tx.require(before === undefined || before.unit === unit, "not_unit");
    tx.require(before?.$.status !== "withdrawn", "draft_withdrawn");
    tx.require(version === last + 1 && (last === 0 || !equalBytes(tx.get(versions, draft, last).text, text)), "not_next", { last });
    tx.require(closes >= tx.time + SHORTEST && closes <= tx.time + LONGEST, "term_unfit");
    tx.require(
      consulted.every((who, i) => tx.known(who) && who !== unit && consulted.indexOf(who) === i),
      "consulted_unfit",
    );
    const empty = { articles: all.length, commented: 0, answered: 0, ...nobody, certificates: 0 };
    tx.create(versions, { draft, version, unit, text, consulted, opened: tx.time, closes, ...empty });
    tx.createEach(articles, all, (it) => ({ draft, version, ...it, ...nobody }));
    if (before === undefined) tx.create(drafts, { draft, unit, from: 1, version, certified: 0 });
    else tx.put(before, { version });
  },
});

export const anchor = consultation.action({
  title: "Anchor further articles of a version that is open for another seven days: more than 200 do not fit one act",
  by: "drafter",
  input: { ...ofVersion, articles: anchors },
  rules: ["closed", "not_unit", "term_unfit"],
  work: 1_200,
  example: { ...example, articles: [{ article: "art_2", text: aHash }] },
  run(tx, { draft, version, articles: all }) {
    const { it } = own(tx, draft, version);
    tx.require(isOpen(tx, it), "closed");
    tx.require(it.closes >= tx.time + SHORTEST, "term_unfit", { closes: it.closes });
    tx.createEach(articles, all, (one) => ({ draft, version, ...one, ...nobody }));
    tx.put(it, { articles: it.articles + all.length });
  },
});

export const extend = consultation.action({
  title: "Put the closing of a version off",
  by: "drafter",
  input: { ...ofVersion, closes: time },
  rules: ["not_unit", "term_unfit"],
  example: { ...example, closes: monday + days(60) },
  run(tx, { draft, version, closes }) {
    const { it } = own(tx, draft, version);
    tx.require(isOpen(tx, it) && closes > it.closes && closes <= it.opened + LONGEST, "term_unfit");
    tx.put(it, { closes });
  },
});

export const withdraw = consultation.action({
  title: "Withdraw a draft, on a ground: it has no further version; what was said of it stays",
  by: "drafter",
  input: { draft: id, ground: id },
  rules: ["not_unit"],
  example: { draft: "water-act", ground: "cabinet-decision" },
  run(tx, { draft, ground }) {
    const it = tx.get(drafts, draft);
    tx.require(it.unit === tx.signer("drafter"), "not_unit");
    tx.move(it, "withdrawn", { ground });
  },
});

export const takeOver = consultation.action({
  title: "Take over a draft whose unit is no drafter any more: what was said of it is answered by the successor",
  by: { successor: { role: "draft", scope: (a) => a.draft } },
  input: { draft: id },
  rules: ["carried"],
  example: { draft: "water-act" },
  run(tx, { draft }) {
    const it = tx.get(drafts, draft);
    tx.require(!tx.holds("drafter", it.unit), "carried", { unit: it.unit });
    tx.put(it, { unit: tx.signer("successor"), from: it.version + 1 });
  },
});

// ── opinions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const submit = consultation.action({
  title: "Give opinions on articles of a version; one's earlier opinion on the same article is replaced",
  by: { author: signs("whose opinions they are") },
  input: { ...ofVersion, text: hash, author: party, opinions: list(object({ article: id, stance, said }), 16, 1) },
  rules: ["author_unfit", "closed", "draft_withdrawn", "no_such_article", "other_words"],
  work: 300,
  example: { ...example, text: aHash, author: "p:ann.participation", opinions: [{ article: "art_1", stance: "amend", said: aSeal(1) }] },
  run(tx, { draft, version, text, author, opinions: all }) {
    const it = open(tx, draft, version);
    const { unit, $ } = tx.get(drafts, draft);
    tx.require($.status === "live", "draft_withdrawn");
    tx.signed("author", author);
    tx.require(kindOf(author) !== "device" && author !== unit, "author_unfit");
    tx.require(equalBytes(it.text, text), "other_words");
    let [sums, commented]: [Counts, number] = [it, it.commented];
    for (const { article, ...opinion } of all) {
      const on = tx.find(articles, draft, version, article) ?? tx.reject("no_such_article", { article });
      const before = tx.find(opinions, draft, version, article, author);
      const given = { ...opinion, given: tx.time };
      if (before === undefined) tx.create(opinions, { draft, version, article, author, unit, text, ...given });
      else if (before.$.status === "given") tx.put(before, given);
      else tx.move(before, "given", given);
      const replaced = before?.$.status === "given" ? before.stance : undefined;
      if (total(on) === 0) commented++;
      tx.put(on, counted(on, opinion.stance, replaced));
      sums = counted(sums, opinion.stance, replaced);
    }
    tx.put(it, { ...sums, commented });
  },
});

export const takeBack = consultation.action({
  title: "Take an opinion back: it is not counted",
  by: { author: signs("whose opinion it is") },
  input: { ...ofVersion, article: id, author: party },
  rules: ["closed"],
  example: { ...example, article: "art_1", author: "p:ann.participation" },
  run(tx, { draft, version, article, author }) {
    tx.signed("author", author);
    const it = open(tx, draft, version);
    const { stance: was } = tx.move(tx.get(opinions, draft, version, article, author), "taken_back");
    const on = tx.get(articles, draft, version, article);
    const left = counted(on, undefined, was);
    tx.put(on, left);
    tx.put(it, { ...counted(it, undefined, was), commented: it.commented - (total(left) === 0 ? 1 : 0) });
  },
});

export const closing = consultation.due(versions, {
  title: "A version closes when its time has come; if its opinions are not summarised and answered 60 days later, it says so",
  at(it) {
    if (it.$.status === "open") return it.closes;
    const waits = it.$.status === "closed" || (it.$.status === "summarised" && it.answered < it.commented);
    return waits && it.overdue !== true ? it.closes + ANSWER_TIME : undefined;
  },
  run(tx, it) {
    if (it.$.status === "open") tx.move(it, "closed");
    else tx.put(it, { overdue: true });
  },
});

// ── what becomes of them ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const summarise = consultation.action({
  title: "Summarise the opinions on a version, counted as they came; a later summary supersedes until something is certified",
  by: "drafter",
  input: { ...ofVersion, summary: hash, ...counts },
  rules: ["certified", "miscounted", "not_unit", "not_yet", "unanswered"],
  example: { ...example, summary: aHash, ...exampleCounts },
  run(tx, { draft, version, summary, ...stated }) {
    const { it, of } = own(tx, draft, version);
    tx.require(it.$.status !== "open", "not_yet");
    tx.require(version > of.certified, "certified");
    tx.require(version === 1 || answered(tx.get(versions, draft, version - 1)), "unanswered", { version: version - 1 });
    tx.require(sameCounts(it, stated), "miscounted", { ...countsOf(it) });
    if (it.$.status === "closed") tx.move(it, "summarised", { summary });
    else tx.put(it, { summary });
  },
});

export const respond = consultation.action({
  title: "Answer the opinions on an article; a later answer supersedes until something is certified",
  by: "drafter",
  input: { ...ofVersion, article: id, ...answering },
  rules: ["certified", "no_such_article", "not_unit", "not_yet", "nothing_said"],
  example: { ...example, article: "art_1", outcome: "partly", ground: "too-costly", text: aHash },
  run(tx, { draft, version, article, ...answer }) {
    const { it, of } = own(tx, draft, version);
    tx.require(it.$.status === "summarised" || it.$.status === "certified", "not_yet");
    tx.require(version > of.certified, "certified");
    const on = tx.find(articles, draft, version, article) ?? tx.reject("no_such_article");
    tx.require(total(on) > 0, "nothing_said");
    if (on.answer === undefined) tx.put(it, { answered: it.answered + 1 });
    tx.put(on, { answer });
  },
});

export const certify = consultation.action({
  title: "Certify a consultation: result, process, unit and time; a later issue supersedes",
  by: { agency: signs("the unit, or an agency that was consulted") },
  input: {
    ...{ ...ofVersion, agency, department: id, process: id, result: certificates.fields.result, report: hash },
    ...counts,
  },
  rules: ["miscounted", "not_consulted", "not_yet", "unanswered"],
  work: 96,
  // biome-ignore format: a table
  example: {
    ...example, agency: "land", department: "water-rights", process: "legislative-notice", result: "agrees", report: aHash, ...exampleCounts,
  },
  run(tx, { draft, version, agency: who, department, process, result, report, ...stated }) {
    tx.signed("agency", who);
    const it = tx.get(versions, draft, version);
    const of = tx.get(drafts, draft);
    tx.require(who === of.unit || it.consulted.includes(who), "not_consulted");
    tx.require(it.$.status === "summarised" || it.$.status === "certified", "not_yet");
    tx.require(answered(it), "unanswered");
    tx.require(sameCounts(it, stated), "miscounted", { ...countsOf(it) });
    const before = tx.find(certificates, draft, version, who);
    const { text, opened, closes } = it;
    const says = { department, unit: of.unit, text, process, result, report, ...stated, opened, closed: closes, issued: tx.time };
    if (version > of.certified) tx.put(of, { certified: version });
    if (before === undefined) tx.create(certificates, { draft, version, agency: who, ...says, issue: 1 });
    else tx.put(before, { ...says, issue: before.issue + 1 });
    const now = before === undefined ? tx.put(it, { certificates: it.certificates + 1 }) : it;
    const all = [of.unit, ...it.consulted].every((one) => tx.find(certificates, draft, version, one) !== undefined);
    if (all && it.$.status === "summarised") tx.move(now, "certified");
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function own(tx: Tx<"not_unit">, draft: string, version: number): { it: Version; of: Row<typeof drafts> } {
  const of = tx.get(drafts, draft);
  tx.require(of.unit === tx.signer("drafter"), "not_unit", { unit: of.unit });
  return { it: tx.get(versions, draft, version), of };
}
function open(tx: Tx<"closed">, draft: string, version: number): Version {
  const it = tx.get(versions, draft, version);
  tx.require(isOpen(tx, it), "closed");
  return it;
}
/** By its time: the chain may be behind with closing it. */
const isOpen = (tx: Tx, it: Version): boolean => it.$.status === "open" && tx.time < it.closes;
type Stance = keyof Counts;
const countsOf = ({ in_favour, against, amend }: Counts): Counts => ({ in_favour, against, amend });
/** One more, one fewer. */
function counted(of: Counts, more: Stance | undefined, fewer: Stance | undefined): Counts {
  const now = { in_favour: of.in_favour, against: of.against, amend: of.amend };
  if (more !== undefined) now[more]++;
  if (fewer !== undefined) now[fewer]--;
  return now;
}
const answered = (it: Version): boolean => it.$.status === "certified" || (it.$.status === "summarised" && it.answered === it.commented);
export default consultation;
