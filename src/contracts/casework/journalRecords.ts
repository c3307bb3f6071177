// Records of journals, and their statute. Owns what stands on the chain of devices, logs, operators, rules and alerts. Does not own: acts (journals.ts,
// journalAlerts.ts), audits (journalAudits.ts), readings (a batch's root proves each), whose data was looked at and why (sealed), whose key it is (eid).

import { agency, contract, count, days, each, hash, id, list, minutes, object, oneOf, optional } from "../engine/index.ts";
import { party, range, record, type Row, sealed, text, time } from "../engine/index.ts";
import { batch, head } from "../kit/journal.ts";
import { MAX_CITED, pattern } from "../kit/patterns.ts";

export const MAX_WATCHED = 4;
const MAX_NAMES = 32;

/** A device reports at least this often, as its owner says. */
export const every = range(minutes(1), days(366));
/** A device's own name, or `agency.name` of an agency's log. */
export const source = id;
export const sources = record("source", {
  title: "A device, or an agency's log of operations: whose it is, the number of its next item, the rules that watch it and who set them",
  key: ["source"],
  read: ["owner", "auditor"],
  find: ["owner", "kind", "status"],
  fields: {
    ...{ source, owner: agency, kind: id, ...head, watched: list(object({ rule: id, by: agency }), MAX_WATCHED) },
    /** By what names operations are entered, as an auditor has fixed it; by any name before. */
    ...{ names: list(id, MAX_NAMES), named_by: optional(agency) },
    /** The time of the last item, and when it came; how long a device may be silent. */
    ...{ reached: time, heard: time, every: optional(every) },
  },
  states: { active: ["retired", "silent"], silent: ["active", "retired"], retired: [] },
});
export const operators = record("operator", {
  title: "Who operates a post of an agency, by the staff register's number, and by which key of that post",
  key: ["agency", "post", "operator"],
  read: ["agency", "auditor"],
  find: ["operator"],
  unique: ["key"],
  fields: { agency, post: id, operator: id, key: hash },
  states: { serving: ["ended"], ended: ["serving"] },
});
/** In what time an alert is stood down. */
export const answering = range(minutes(1), days(366));
export const rules = record("rule", {
  title: "A rule of alerts: whose it is, on which kind of source, its version in force",
  key: ["rule"],
  read: "members",
  find: ["author", "kind", "status"],
  fields: { rule: id, author: agency, on: oneOf("readings", "operations"), kind: id, version: count },
  states: { in_force: ["retired"], retired: [] },
});
export const versions = record("version", {
  title: "A version of a rule: its pattern, who stands its alerts down, in what time",
  key: ["rule", "version"],
  read: "members",
  fields: { rule: id, version: count, ...pattern, responder: agency, answer: answering },
});
export const note = sealed({ text: text(2_000) });
export const alerts = record("alert", {
  title: "An alert: the rule's version, the items that it cites, what came of it",
  key: ["rule", "source", "number"],
  read: ["owner", "responder", "auditor"],
  find: ["responder", "source", "operator", "status"],
  fields: {
    ...{ rule: id, source, /** Of the last item cited. */ number: count, version: count, owner: agency, cites: list(count, MAX_CITED, 1) },
    /** Of operations: who did them. Of readings: who raised it; operations are watched by the chain itself. */
    ...{ operator: optional(id), by: optional(party) },
    ...{ responder: agency, answer_by: time },
    ...{ finding: optional(oneOf("confirmed", "unfounded")), ground: optional(id), stood_down_by: optional(agency), note: optional(note) },
  },
  states: { raised: ["overdue", "stood_down"], overdue: ["stood_down"], stood_down: [] },
});
export const batches = record("batch", {
  title: "A batch of a device's readings: the root that proves each; or a loss of them that its owner declares",
  key: ["source", "first"],
  read: ["owner", "auditor"],
  fields: { source, owner: agency, ...batch, from: time, to: time, lost: optional(id) },
});
/** Whose data, and why. */
const content = sealed({ subjects: each(text(200), 8), reason: text(1_000) });
export const said = { operation: id, at: time, corrects: optional(count), content };
export const entries = record("entry", {
  title: "An operation on sensitive data: who did it, at which post, what and when; whose data and why are sealed",
  key: ["source", "number"],
  read: ["owner", "auditor"],
  find: ["source", "operator", "post", "operation"],
  fields: { source, number: count, owner: agency, post: id, operator: id, ...said },
});
export const watches = record("watch", {
  title: "The operations of an operator that a rule counts: the last that no alert cites, when each was done and when it was entered",
  key: ["source", "rule", "operator"],
  read: ["auditor"],
  fields: {
    ...{ source, rule: id, operator: id, recent: list(object({ number: count, at: time, entered: time }), MAX_CITED) },
    /** How many were counted so far, and how many of them no alert cites and the list has no room for. */
    ...{ counted: count, passed: count },
  },
});
export type Source = Row<typeof sources>;

export const journal = contract("journals", {
  title: "Journals of devices and of operations",
  purpose: "Nothing is missing, nothing is added later, who did it is named, and who is watched does not judge himself.",
  records: [sources, operators, rules, versions, alerts, batches, entries, watches],
  roles: {
    auditor: "Reads every journal; watches the operations of other agencies",
    keeper: "Keeps the devices and logs of its agency, and who operates them",
    responder: "Stands alerts down for its agency",
  },
  rules: {
    gap: "A source's items follow one another without gap or overlap; a batch names the root of the one before.",
    other_source: "Devices report batches under their own name; posts of an agency enter operations in a log named after it.",
    source_retired: "A retired source reports and enters nothing.",
    ahead: "Nothing is reported or entered before it happened; a batch begins before it ends.",
    key_unfit: "An operator acts by a live key of the post, which is no other operator's.",
    not_operator: "An operation is entered by who serves at the post, by his own key, while it is live.",
    not_earlier: "A correction names an earlier entry of its log, which stays.",
    not_auditor: "Operations are watched, their names fixed, and their log is closed, by an auditor of another agency.",
    other_watcher: "What an auditor set on a log he alone takes away, or the author of the rule; a retired rule any auditor does.",
    watch_full: "A log is watched by four rules at most, by each once.",
    other_name: "An operation is entered by one of the names that an auditor has fixed for its log.",
    not_witnessed: "Readings are declared lost by the owner and, with him, by the device or an auditor of another agency.",
    too_many_lost: "No more readings are lost than a device takes since it was heard, one a second.",
    rule_unfit: "A rule's bounds are in order, its responder is known, and a later version is its author's, of the same kind.",
    rule_retired: "A retired rule raises nothing new.",
    other_version: "An alert cites the version of its rule that is in force.",
    not_watcher: "An alert on readings is raised by the device, its owner or an auditor.",
    not_cited: "What an alert cites is under the root of a batch of its source, item by item, in order.",
    pattern_unmet: "An alert shows as many readings outside the bounds, within the time, as the rule asks for.",
    not_responder:
      "An alert is stood down by the agency that its rule names or by the rule's author; on operations, never by the agency of who did them.",
  },
  flags: {
    clock_back: "The batch begins before the end of the one before: the device's clock went back.",
    readings_lost: "Readings of the device are lost: no root proves them.",
    entered_late: "An operation was entered more than a day after it happened.",
    alerted: "The operations entered are a pattern that a rule watches for: an alert was raised.",
  },
});
