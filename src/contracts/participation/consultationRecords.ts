// Records of consultations, and their statute. Owns what stands on the chain of drafts, articles, opinions and certificates. Does not own: acts
// (consultations.ts), audits (consultationAudits.ts), words: of drafts, summaries and answers their hashes, of opinions their sealed roots.
// A stance stands in clear beside a pseudonym, so that anybody who holds the rows can count; it is shown to its author and the unit, but it is on every node.

import {
  agency,
  contract,
  count,
  flag,
  hash,
  id,
  list,
  object,
  oneOf,
  optional,
  party,
  record,
  type Row,
  sealed,
  text,
  time,
} from "../engine/index.ts";

export const ofVersion = { draft: id, version: count };
export const stance = oneOf("in_favour", "against", "amend");
/** How many opinions say what. */
export const counts = { in_favour: count, against: count, amend: count };
export type Counts = { readonly in_favour: number; readonly against: number; readonly amend: number };
export const nobody: Counts = { in_favour: 0, against: 0, amend: 0 };
export const total = ({ in_favour, against, amend }: Counts): number => in_favour + against + amend;
export const sameCounts = (a: Counts, b: Counts): boolean => a.in_favour === b.in_favour && a.against === b.against && a.amend === b.amend;
export const MAX_CONSULTED = 16;

export const drafts = record("draft", {
  title: "A draft law: the unit that carries it, its last version, the last of which anything is certified",
  key: ["draft"],
  read: "public",
  find: ["unit", "status"],
  /** `from`: the first version that this unit publishes; those before it are of a unit whose draft it took over. */
  fields: { draft: id, unit: agency, from: count, version: count, certified: count, ground: optional(id) },
  states: { live: ["withdrawn"], withdrawn: [] },
});
export const said = sealed({ text: text(10_000) });
export const opinions = record("opinion", {
  title: "What somebody says of an article of a version: the stance counts, the words are sealed",
  key: ["draft", "version", "article", "author"],
  read: ["author", "unit", "draft"],
  find: ["author", "status"],
  fields: { ...ofVersion, article: id, author: party, unit: agency, text: hash, stance, said, given: time },
  states: { given: ["taken_back"], taken_back: ["given"] },
});
/** What became of what was said, on what ground; the hash of the words. */
export const answering = { outcome: oneOf("adopted", "partly", "declined"), ground: id, text: hash };
export const articles = record("article", {
  title: "An article of a version: the hash of its words, the opinions on it, counted as they come, and the answer",
  key: ["draft", "version", "article"],
  read: "public",
  fields: { ...ofVersion, article: id, text: hash, ...counts, answer: optional(object(answering)) },
});
export const versions = record("version", {
  title: "A version of a draft: the hash of its words, its time, the opinions on all its articles, how far they are answered",
  key: ["draft", "version"],
  read: "public",
  find: ["unit", "status"],
  fields: {
    ...{ ...ofVersion, unit: agency, text: hash, consulted: list(agency, MAX_CONSULTED), opened: time, closes: time },
    /** Its articles, those with opinions, those of them that are answered. */
    ...{ articles: count, commented: count, answered: count },
    ...{ ...counts, summary: optional(hash), certificates: count, overdue: optional(flag) },
  },
  states: { open: ["closed"], closed: ["summarised"], summarised: ["certified"], certified: [] },
});
export const certificates = record("certificate", {
  title: "An agency's certificate of a consultation: its result, process, unit and time; a later issue supersedes",
  key: ["draft", "version", "agency"],
  read: "public",
  fields: {
    ...{ ...ofVersion, agency, department: id, unit: agency, text: hash, process: id, result: oneOf("agrees", "asks_changes", "objects") },
    ...{ report: hash, ...counts, opened: time, closed: time, issued: time, issue: count },
  },
});
export type Version = Row<typeof versions>;

export const consultation = contract("consultations", {
  title: "Consultation on draft law",
  purpose: "Every opinion is bound to the words that it is about, is counted, and is answered before anybody certifies.",
  sector: "participation",
  records: [drafts, opinions, articles, versions, certificates],
  roles: {
    drafter: "Publishes drafts and carries them through",
    draft: "Reads the opinions on a draft, per draft, and takes it over once its unit is no drafter any more",
  },
  rules: {
    not_unit: "The unit that published a draft, or took it over, carries it through.",
    carried: "A draft is taken over once its unit is no drafter any more.",
    not_next: "A version follows the last; it has other words.",
    draft_withdrawn: "Of a withdrawn draft there is no further version and no further opinion.",
    term_unfit:
      "A version is open for at least seven days and at most a year, an article for at least seven; the closing is only put off, before it has come.",
    consulted_unfit: "The agencies consulted are known, each once, the unit not among them.",
    author_unfit:
      "Persons speak by their pseudonym of participation, agencies and companies as themselves; no device does, nor the unit on its own draft.",
    other_words: "An opinion cites the hash of the words that it is about: those of its version.",
    no_such_article: "An opinion and an answer are about an article of the version.",
    closed: "Opinions are given, replaced and taken back while the version is open.",
    not_yet: "Opinions are summarised when the version is closed, and answered and certified when they are summarised.",
    miscounted: "A summary and a certificate state the opinions as they were counted.",
    nothing_said: "An answer is to opinions.",
    unanswered:
      "A version is summarised once all opinions on the one before are answered, and certified once its own are: so none is left behind by later versions.",
    certified: "What a certificate rests on does not change: the summaries and answers of its version and of all before it.",
    not_consulted: "The unit and the agencies consulted certify, each for itself.",
  },
});
