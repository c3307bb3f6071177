// The records of the standard platform and the rules they stand under. Service 40. Owns what a form, a version, a motion and a record of a form are. Does not own:
// who may do what with them (forms.ts), what an auditor recomputes (formAudits.ts), what is in a form: that is data.

import { agency, contract, count, each, id, json, list, object, optional, party, range, record, sealed } from "../engine/index.ts";
import { text, time } from "../engine/index.ts";
import { approvals } from "../kit/approvals.ts";
import { process, taken } from "../kit/process.ts";

export const MAX_DATA_BYTES = 4_096;
const MAX_MEMBERS = 256;
export const HOLDER = "holder";
/** The sealed part, where `edits` names what a step may change; no property is called so. */
export const SEALED = "_sealed";
export const number = range(1, 1_000_000);
export const hidden = sealed({ fields: each(object({ name: id, value: text(1_000) }), 32) });
export const words = sealed({ text: text(8_192) });

export const forms = record("form", {
  title: "A form: its versions so far, the one in force",
  key: ["form"],
  read: "public",
  find: ["status"],
  fields: { form: id, versions: count, motions: count, version: optional(number) },
  states: { proposed: ["in_force"], in_force: ["retired"], retired: ["in_force"] },
});
export const versions = record("version", {
  title:
    "A version of a form: who proposed it, schemas of what is in clear and of what is sealed, its process, who makes records and what each step may change",
  key: ["form", "version"],
  read: "public",
  find: ["by"],
  fields: {
    ...{ form: id, version: number, by: agency, title: text(200), sector: id, clear: json(8_192), sealed: optional(json(4_096)), process },
    /** `scope`: the field of a record that says within which scope of the role it is, a district say; who acts on it holds the role there, or everywhere. */
    ...{ roles: list(object({ role: id, who: text(100), scope: optional(id) }), 12), creates: id },
    edits: list(object({ step: id, field: id }), 48),
  },
  bytes: 49_152,
});
export const motions = record("motion", {
  title: "What members vote on: that a version be adopted, or the form be retired",
  key: ["form", "motion"],
  read: "public",
  find: ["status"],
  fields: {
    ...{ form: id, motion: count, by: agency, version: optional(number), closes: time },
    ...{ yes: approvals(agency, MAX_MEMBERS), no: approvals(agency, MAX_MEMBERS) },
    /** Of how many members, once it is decided. */
    members: optional(count),
  },
  states: { open: ["carried", "refused", "expired"], carried: [], refused: [], expired: [] },
  bytes: 24_576,
});
export const entries = record("entry", {
  title: "A record of a form",
  key: ["form", "entry"],
  read: [HOLDER, "form"],
  find: ["form", "holder", "status"],
  fields: {
    ...{ form: id, entry: id, version: number, holder: party, data: json(MAX_DATA_BYTES), hidden: optional(hidden) },
    ...{ stage: id, taken, due: optional(time), ground: optional(id), words: optional(words) },
  },
  states: { open: ["ended"], ended: [] },
});

export const standard = contract("forms", {
  title: "Standard platform",
  purpose: "An agency adds a type of record by vote, without code; each record lives and ends under the version it was made under.",
  records: [forms, versions, motions, entries],
  roles: { form: "Reads the records of a form, per form; who acts on them holds form.<form>.<role>, everywhere or within a scope" },
  rules: {
    form_unfit:
      "A form and its roles have short names without dots, each once; who makes records and what steps change are named in it; a role's scope is a short text that every record has.",
    schema_outside: "What is in clear, and what is sealed, are objects of the bounded profile of JSON Schema.",
    process_unsound: "Every status can be reached and lasts its time at most, and time alone leads to an end.",
    nothing_moved: "A motion is for a version that was proposed and is not in force, or to retire a form that is in force.",
    not_open: "Members vote on a motion while it is open.",
    not_in_force: "Records are made under the version in force; retirement stops new ones only.",
    data_unfit: "What is in clear fits the schema of the record's version, and 4,096 bytes, before and after every step.",
    seal_unfit: "A record has a sealed part if its version says so, and only then.",
    step_illegal: "Only a step of the record's version, from where it stands, as often as it says.",
    role_missing:
      "A step is taken, and a record made, by the holder or an agency with the role that the version names, within the scope that the record has.",
    holder_unfit: "A record's holder is registered; a person under the pseudonym of the form's sector.",
    field_locked: "A step changes the fields that the version names for it, and no others.",
    ground_missing: "A step that says so gives its ground.",
  },
});
