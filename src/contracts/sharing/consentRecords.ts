// What stands in the register of consents: what can be consented to, consents, uses; and the rules of all its acts. Owns these declarations and the questions
// asked of lists of fields. Does not own: the acts (consents.ts), the audits (consentAudits.ts).

import { agency, contract, count, days, each, id, list, oneOf, optional, party, person } from "../engine/index.ts";
import { range, record, type Row, sealed, text, time } from "../engine/index.ts";

export const MAX_FIELDS = 64;
export const MAX_USES = 1_000_000;
/** Uses are asked for at most so many times as often as they may count, for what is refused or lapses does not. */
export const ATTEMPTS = 4;
export const MAX_CORRECTIONS = 10;
/** After a decline nothing is asked of the same person by the same definition for this time. */
export const PAUSE = days(7);
export const fields = list(id, MAX_FIELDS);
export const details = sealed({ file: text(200), words: text(1_000) });
/** Which of the claim's answers: the one leaf there is, and it holds six bits. */
export const chosen = sealed({ answer: range(0, 63) });
/** A value for each field delivered, in their order: each can be shown alone. */
export const payload = sealed({ values: each(text(1_000), MAX_FIELDS) });

export const definitions = record("definition", {
  title:
    "What can be consented to: a claim, of which a user gets one of the answers; a bundle of fields; or data that another service gives",
  key: ["definition"],
  read: "public",
  find: ["sector", "status"],
  fields: {
    ...{ definition: id, sector: id, title: text(200), kind: oneOf("claim", "bundle", "service"), service: optional(id) },
    /** What a claim is decided by, or what can be delivered. */
    fields: list(id, MAX_FIELDS, 1),
    answers: list(id, 64),
    ...{ purposes: list(id, 16, 1), longest: range(1, days(3_660)), most: range(1, MAX_USES) },
  },
  states: { in_force: ["retired"], retired: [] },
});
export const consents = record("consent", {
  title: "A consent: who may use which fields of whom, held by whom, for what, how long and how often",
  key: ["consent"],
  read: ["subject", "holder", "user"],
  find: ["subject", "holder", "user", "status"],
  unique: ["binds", "user", "holder", "definition", "purpose"],
  fields: {
    ...{ consent: id, definition: id, sector: id, subject: person, holder: agency, user: party },
    ...{ purpose: id, fields, until: time, most: range(1, MAX_USES), by: time, given: optional(time) },
    /** The subject, while the consent is live: of one user, holder, definition and purpose there is one. */
    binds: optional(person),
    /** The number of the next use, which is how many were asked for; and the uses that count, which were not refused and did not lapse. */
    ...{ next: count, uses: count },
  },
  states: {
    requested: ["live", "declined", "withdrawn", "lapsed"],
    live: ["revoked", "withdrawn", "replaced", "expired"],
    ...{ declined: [], lapsed: [], revoked: [], withdrawn: [], replaced: [], expired: [] },
  },
});
/** Of one user, subject and definition one request waits at a time. */
export const askings = record("asking", {
  title: "What a user asked of a person last by a definition, and until when nothing more is asked",
  key: ["subject", "user", "definition"],
  read: ["subject", "user"],
  fields: { subject: person, user: party, definition: id, consent: id, until: time },
});
export const uses = record("use", {
  title: "A use of a consent: a check, a delivery, or a look through another service; or what corrects one",
  key: ["consent", "number", "version"],
  read: ["subject", "holder", "user"],
  find: ["subject", "holder", "user", "status"],
  fields: {
    /** Version 0 is what was asked for; each later one corrects the one before. */
    ...{ consent: id, number: count, version: range(0, MAX_CORRECTIONS) },
    ...{ subject: person, holder: agency, user: party, purpose: id, fields },
    ...{ at: time, by: time, details: optional(details), ground: optional(id) },
    ...{ answer: optional(chosen), delivered: optional(fields), payload: optional(payload) },
  },
  states: {
    asked: ["served", "spent", "refused", "lapsed"],
    served: ["corrected"],
    spent: ["refused", "lapsed"],
    ...{ refused: [], lapsed: [], corrected: [] },
  },
});
export type Consent = Row<typeof consents>;
export type Use = Row<typeof uses>;

export const consent = contract("consents", {
  title: "Consents, checks and deliveries",
  purpose: "The smallest answer that serves, by a consent that is live at that moment, and every use visible to whom it is about.",
  records: [definitions, consents, askings, uses],
  roles: { registrar: "Defines what can be consented to, per sector", holder: "Holds and serves data, per definition" },
  rules: {
    definition_unfit: "A claim has answers to choose from, a service's data its service, a bundle neither; nothing is listed twice.",
    retired: "By a retired definition nothing new is asked or given; what was consented to stands.",
    other_sector: "Whoever is a person in a consent is known in the sector of its definition, and used for services of that sector.",
    not_holder: "Data is held and served by an agency entitled to the definition: the one that the consent names.",
    beyond_definition: "Asked for is what the definition lists, for a purpose of it, no longer and no more often than it allows.",
    more_than_asked: "What is given is what was asked, or less of it.",
    own_asking: "Who asks, or acts for who asks, does not consent for another: an agent or a guardian has data sent to the subject itself.",
    request_over: "A request is answered in its time.",
    not_live: "A use needs a consent that is live at that moment, its subject and its user being in good standing.",
    other_purpose: "A consent serves the purpose it was given for.",
    beyond_fields: "Fields used are among the fields consented to, and fields delivered among the fields used.",
    used_up: "A consent serves as often as it says, and is asked to at most four times as often: what is refused or lapses does not count.",
    out_of_turn: "Uses of a consent are numbered in turn, so that none is made twice.",
    other_kind: "A claim is answered, a bundle delivered, a service's data given by that service alone.",
    use_over: "A use is served while it waits, and within its time.",
    other_party: "A consent serves the user, and what is of the subject, that it names.",
    asked_lately:
      "Who has asked waits for the answer, and after a decline for seven days, before he asks the same person by the same definition.",
    corrected_often: "What was served is corrected at most ten times.",
  },
});

// ── lists of fields ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const distinct = (all: readonly string[]): boolean => new Set(all).size === all.length;
export const among = (some: readonly string[], all: readonly string[]): boolean => distinct(some) && some.every((one) => all.includes(one));
/** Of a claim no field is given, only its answer; of anything else at least one. */
export const fitting = (of: { kind: string }, some: readonly string[]): boolean => (of.kind === "claim") === (some.length === 0);
