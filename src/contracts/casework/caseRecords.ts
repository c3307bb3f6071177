// The records of casework and the rules they stand under. Services 12, 26, 27, 28. Owns what an item, a case, a piece of its evidence, a project and a suspicion
// are. Does not own: who may do what with them (cases.ts, caseReviews.ts, supervision.ts), what an auditor recomputes (caseAudits.ts), processes (kit/process).
// Grounds are codes in clear; the words to them are sealed. Departments and tiers are scopes of roles: a city with nineteen departments is one agency or many.

import { agency, contract, count, days, flag, hash, id, list, object, oneOf, optional, party } from "../engine/index.ts";
import { range, record, sealed, text, time } from "../engine/index.ts";
import { process, taken } from "../kit/process.ts";

export const words = sealed({ text: text(8_192) });
export const paper = sealed({ file: hash, note: text(500) });
export const content = sealed({ title: text(200), file: hash, note: text(2_000) });
const version = range(1, 1_000_000);
/** Kinds of evidence, each in the version that a step rests on. */
export const saw = list(object({ kind: id, version: count }), 16);
/** In a row. */
export const MOST_APPEALS = 3;
export const MOST_PARTS = 32;

// ── items and cases ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const items = record("item", {
  title: "What a department decides, and its version in force",
  key: ["item"],
  read: "public",
  find: ["department", "status"],
  fields: { item: id, department: id, publisher: agency, kind: oneOf("application", "appeal", "part"), version },
  states: { in_force: ["retired"], retired: ["in_force"] },
});
export const versions = record("version", {
  title: "A version of an item: its process, the evidence it needs, the grounds it knows, who is above, who hears appeals",
  key: ["item", "version"],
  read: "public",
  fields: {
    ...{ item: id, version, title: text(200), law: text(200), process },
    ...{ needs: list(id, 16), grounds: list(id, 16), oversight: id, appeal: optional(id) },
  },
  bytes: 24_576,
});
export const cases = record("case", {
  title: "A case, a part of one, or an appeal: where it stands in its item's process, and until when",
  key: ["case"],
  read: ["applicant", "department", "oversight", "readers", "auditor"],
  find: ["applicant", "department", "item", "parent", "status"],
  fields: {
    ...{ case: id, item: id, version, applicant: party, department: id, oversight: id },
    ...{ stage: id, taken, escalated: flag },
    /** When time decides; once it has passed while parts are open, what the stage has left when they have ended. */
    ...{ due: optional(time), rest: optional(count) },
    ...{ ground: optional(id), words: optional(words), decider: optional(agency), /** What the last step rests on. */ saw },
    /** The case whose evidence it is: the first, for its parts and appeals. */
    root: id,
    ...{ parent: optional(id), parts: count, split: count, refused: count, /** Evidence came after a part was decided. */ renewed: flag },
    /** The refused case that it appeals against, in which instance, in whose words; the appeal that stands against it. */
    ...{ against: optional(id), instance: range(0, MOST_APPEALS), plea: optional(words), appeal: optional(id) },
    /** Who leads the case of which it is a part, has a part of it, or hears an appeal from it: of a department's agencies, the one that published the item. */
    readers: list(agency, 1 + MOST_PARTS + MOST_APPEALS),
  },
  states: { open: ["granted", "refused", "closed"], granted: [], refused: [], closed: [] },
});
/** Whoever decided once does not hear the appeal. */
export const deciders = record("decider", {
  title: "Who took a step of a department in a case, its parts or its appeals, and in which instance first",
  key: ["root", "decider"],
  read: "members",
  fields: { root: id, decider: agency, instance: range(0, MOST_APPEALS) },
});
/** Read by all members: an agency that decides a part needs it, and it names neither persons nor contents. */
export const papers = record("paper", {
  title: "A kind of evidence in a case and all its parts: asked once, or given, in its last version",
  key: ["root", "kind"],
  read: "members",
  fields: { root: id, kind: id, case: id, version: count, paper: optional(paper) },
  states: { asked: ["given"], given: [] },
});

// ── projects ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const projects = record("project", {
  title: "A project under parallel review: its tiers, how many have their part, how many have signed",
  key: ["project"],
  read: ["developer", "department", "oversight", "auditor"],
  find: ["developer", "department", "status"],
  fields: {
    ...{ project: id, developer: party, department: id, oversight: id, tiers: list(id, 16, 1), handed: count, signed: count },
    /** The time of each tier; `due` while the developer or the department has to act: until all parts are handed in, once all have signed. */
    ...{ within: range(days(7), days(366)), due: optional(time) },
  },
  states: { in_review: ["released", "lapsed", "withdrawn"], released: [], lapsed: [], withdrawn: [] },
});
export const sheets = record("sheet", {
  title: "A tier's part of a project, what the tier says of it, and until when",
  key: ["project", "tier"],
  read: ["developer", "department", "oversight", "tier", "auditor"],
  find: ["project", "tier", "status"],
  fields: {
    ...{ project: id, tier: id, developer: party, department: id, oversight: id, version: count, content },
    ...{ reviewer: optional(agency), ground: optional(id), words: optional(words) },
    /** Of the tier while it is open, of the developer after an objection; late: the tier was idle, the authority above decides. */
    ...{ due: optional(time), late: flag },
  },
  states: { open: ["signed", "objected"], signed: ["open", "objected"], objected: ["open", "signed"] },
});

// ── suspicions ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const suspicions = record("suspicion", {
  title: "A suspicion against a platform: what it rests on, what the regulator did, how it ended",
  key: ["suspicion"],
  read: ["regulator", "platform", "court", "auditor"],
  find: ["platform", "regulator", "status"],
  fields: {
    ...{ suspicion: id, regulator: agency, platform: party, ground: id, words: optional(words) },
    ...{ answer: optional(words), contested: optional(words) },
    /** Deposits of the contract evidence: captures, and the regulator's own acts in their order. */
    ...{ captures: list(id, 16, 1), acts: list(id, 8) },
    ...{ measure: optional(id), due: optional(time), overdue: flag, court: optional(agency), decision: optional(id) },
  },
  states: {
    ...{ raised: ["heard", "dropped"], heard: ["measured", "referred", "dropped"], dropped: [] },
    ...{ measured: ["referred", "final", "dropped"], final: [], referred: ["upheld", "quashed"], upheld: [], quashed: [] },
  },
});

export const casework = contract("cases", {
  title: "Casework",
  purpose: "A case goes only by the steps of its item, in time, with grounds; it is asked for evidence once, and never lasts for ever.",
  sector: "casework",
  records: [items, versions, deciders, cases, papers, projects, sheets, suspicions],
  roles: {
    department: "Publishes items and decides their cases, and leads projects, per department",
    oversight: "Decides what a department or a tier left undone, per authority",
    tier: "Reviews its part of projects, per tier",
    regulator: "Supervises markets",
    court: "Decides what is referred",
    auditor: "Reads what it audits",
  },
  rules: {
    process_unsound:
      "Every status of an item can be reached, lasts its time at most, and escalates where a department decides a case; time alone ends it, and grants nothing that needs evidence.",
    refusal_hidden:
      "What an office does or leaves undone ends a case by granting or refusing; only the applicant closes it, or his own silence where he can go on.",
    appeal_missing: "An item that may refuse an application names an item of another department for the appeal; a part has none.",
    other_department: "An item stays with the department that published it first, and of its kind.",
    not_in_force: "A case begins under the version in force of an item of its kind; retirement stops new cases only.",
    step_illegal: "Only a step of the item's version, from where the case stands, by whom it names, as often as it says.",
    escalation: "A department or tier decides until its time is over; after that the authority above does.",
    own_cause: "Nobody decides on what he asked for himself, nor against himself.",
    another_decider: "An appeal, or what is contested, is decided by another agency than took a step before, in the case or a part of it.",
    ground_missing: "A refusal or objection, and each step that says so, gives a ground; in a case one that its item knows.",
    evidence_missing: "A case is granted with all the evidence that its item names.",
    asked_once: "Evidence is asked for once in a case and all its parts, and not if it is there.",
    parts_open: "A case is decided when all its parts have ended; only its applicant closes it before.",
    split_limit: "A case has 32 parts at most, each for another department than its own, and a part is not split.",
    not_appealable: "An appeal is against a refusal that has one, once, within 30 days, and three times in a row at most.",
    decided: "What has ended takes neither evidence nor parts nor reviews.",
    tier_unknown: "A project is reviewed by the tiers it was opened with, each of them named once.",
    other_version:
      "A review is of the version that the tier's part has now; a grant names the evidence that it rests on, in the versions there are now.",
    not_all_signed: "A project is released when all its tiers have signed.",
    platform_unknown: "A suspicion is against somebody who is registered.",
    capture_unfit: "A suspicion and what follows from it rest on captures, deposited as such and not excluded.",
    not_heard: "A measure or a referral follows, once, after the platform has answered or had 14 days to.",
  },
  flags: {
    part_refused: "Granted although a part of it was refused.",
    evidence_renewed: "Evidence was given after a part of the case was decided: the part did not see it.",
  },
});
