// What stands in the register of health records: kinds of examinations, commitments to records, looks at them, emergencies and how they were judged; and the
// rules of all its acts. Owns these declarations. Does not own: the acts (health.ts), the audits (healthAudits.ts), consents (consents.ts).

import { agency, contract, count, days, each, hash, id, list, object, optional, person } from "../engine/index.ts";
import { range, record, type Row, sealed, text, time } from "../engine/index.ts";

/** What was found: each value can be shown alone, and files by their hashes. */
export const content = sealed({ values: each(text(2_000), 32), files: each(hash, 16) });
export const words = sealed({ text: text(2_000) });
/** Examinations that are looked back at. */
export const MAX_RECENT = 16;
export const MAX_READ = 64;
/** Hospitals that kept a record before. */
export const MAX_KEEPERS = 16;

export const kinds = record("kind", {
  title: "A kind of examination: so coarse that it may be told, and the interval within which another one is likely to be needless",
  key: ["kind"],
  read: "public",
  fields: { kind: id, title: text(200), interval: range(0, days(3_660)) },
});
export const records = record("record", {
  title: "A health record: whose, where, of what kind and when; of what it says the root alone",
  key: ["record"],
  read: ["patient", "hospital"],
  find: ["patient", "hospital", "status"],
  fields: {
    ...{ record: id, patient: person, hospital: agency, kind: id, made: time, content },
    /** The one it corrects; the examination of the same kind within whose interval it falls; why it was withdrawn. */
    ...{ replaces: optional(id), again: optional(id), ground: optional(id) },
    /** Who committed it, and whoever kept it since, if it was handed over. */
    formerly: list(agency, MAX_KEEPERS),
  },
  states: { live: ["replaced", "withdrawn"], replaced: [], withdrawn: [] },
});
export const recents = record("recent", {
  title: "A patient's latest examinations of a kind, in order, at whichever hospital",
  key: ["patient", "kind"],
  read: ["patient"],
  fields: { patient: person, kind: id, last: list(object({ record: id, made: time, hospital: agency }), MAX_RECENT) },
});
export const accesses = record("access", {
  title: "A look at a record: by which post, by consent or in an emergency; it is here before the key is given",
  key: ["access"],
  read: ["patient", "hospital", "clinic"],
  find: ["patient", "hospital", "clinic", "status"],
  fields: {
    ...{ access: id, record: id, patient: person, hospital: agency, clinic: agency, post: id, purpose: id, at: time, by: time },
    ...{ consent: optional(id), use: optional(count), emergency: optional(id) },
    /** The post's own key by which it looked, and the digest of the wrapped key that it was given. */
    ...{ signer: hash, key: optional(hash), ground: optional(id) },
  },
  states: { open: ["served", "refused", "lapsed"], served: [], refused: [], lapsed: [] },
});
export const emergencies = record("emergency", {
  title: "A broken glass: who looked without consent, on what ground, at which records, and how it was judged",
  key: ["emergency"],
  read: ["patient", "clinic", "reviewer", "supervisor"],
  find: ["patient", "clinic", "status"],
  fields: {
    ...{ emergency: id, patient: person, clinic: agency, post: id, ground: id, words, at: time, until: time, by: time },
    /** How often its post had misused one before. */
    misused: count,
    ...{ read: list(id, MAX_READ), reviewed_by: optional(agency), decided_by: optional(agency), finding: optional(id) },
  },
  states: {
    open: ["justified", "misused", "overdue"],
    ...{ overdue: ["upheld", "condemned"], justified: ["contested"], misused: ["contested"], contested: ["upheld", "condemned"] },
    ...{ upheld: [], condemned: [] },
  },
});
export const posts = record("post", {
  title: "How many of a post's emergencies were found to be a misuse",
  key: ["clinic", "post"],
  read: ["clinic", "reviewer", "supervisor"],
  fields: { clinic: agency, post: id, misused: count },
});
export const tallies = record("tally", {
  title: "A hospital's emergencies in numbers, which are all that is public of them",
  key: ["clinic"],
  read: "public",
  fields: { clinic: agency, emergencies: count, waiting: count, late: count, misused: count },
});
export type Access = Row<typeof accesses>;
export type Emergency = Row<typeof emergencies>;

export const health = contract("health", {
  title: "Health records",
  purpose: "No key without the patient's live consent to this purpose, and whoever breaks the glass is seen at once and judged by another.",
  sector: "health",
  records: [kinds, records, recents, accesses, emergencies, posts, tallies],
  roles: {
    authority: "Sets kinds of examinations and their intervals",
    hospital: "Commits records, keeps them, gives keys to them",
    clinician: "Looks at records by consent, through its posts",
    emergency: "Breaks the glass, through its posts",
    reviewer: "Reviews emergencies of other agencies",
    supervisor: "Decides what was not reviewed in time, or was contested, and hands over the records of a hospital that is one no more",
  },
  rules: {
    patient_unknown: "A patient is a person known in the sector of health.",
    made_ahead: "No record is of an examination to come.",
    not_hospital: "A record is kept, corrected and given by the hospital that committed it, or to which it was handed over.",
    still_hospital: "Records are handed over when their hospital is one no more.",
    by_post: "A record is looked at by one post of an agency, by its own key.",
    not_current: "Looked at is a record that stands: neither replaced nor withdrawn.",
    access_over: "A key is given for a look that waits for it, within a day.",
    post_recalled: "A key is given to the post that looked, by the key with which it did, while it may look.",
    not_open:
      "In an emergency reads the post that broke the glass, for a day or until it closes it; a key is given unless it was a misuse.",
    other_patient: "A glass is broken for one patient.",
    read_full: "In an emergency 64 records are read at most.",
    own_case: "Nobody judges his own: a reviewer is of another agency than who broke the glass, a supervisor also than the reviewer.",
    review_time: "A review is made when the emergency is over, within seven days; after them the supervisor decides.",
    contest_over: "A finding is contested by whom it is against, within 180 days.",
  },
  flags: {
    duplicate_care: "Within the interval there is another examination of this kind.",
    misused_before: "An emergency of this post was found to be a misuse before.",
  },
});
