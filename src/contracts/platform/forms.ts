// Standard platform: an agency adds a type of record without code – a JSON Schema, a process, roles – and the members adopt it by vote. Service 40. Owns forms,
// their versions and motions, and the records made under them. Does not own: who holds a form's role (a capability `form.<form>.<role>` that governance grants
// like any other), how votes are counted (governance.ts), the profile of JSON Schema (kit/jsonSchema), what a sound process is (kit/process).
//
// A form is nobody's: any member proposes a version of any, and the members' vote decides; so no name is lost to who came first, and none with who left.
// A record lives and ends under the version it was made under. What stands in clear fits the version's schema after every step; what is sealed is checked by
// whoever is shown it, against the schema that the version has for it.

import { encode } from "../../base/codec.ts";
import { agency, count, days, id, json, list, oneOf, optional, party } from "../engine/index.ts";
import { type Row, signs, type Tx } from "../engine/index.ts";
import { principals } from "../identity/principals.ts";
import { conforms, isMap } from "../kit/jsonSchema.ts";
import { CHAIN, first, lapse, left, type Process, statusOf, stepFrom, TIME_LIMIT, unsound } from "../kit/process.ts";
import { outside } from "../kit/schemaProfile.ts";
import { entries, forms, HOLDER, hidden, MAX_DATA_BYTES, motions, number, SEALED, standard, versions, words } from "./formRecords.ts";
import { asMember, ballot } from "./governance.ts";

export { entries, forms, motions, versions } from "./formRecords.ts";
export * from "./formAudits.ts";

/** Of forms and their roles: `form.<form>.<role>` is an id. */
const MOST_LETTERS = 28;
/** Letters of a scope, in a grant. */
const MOST_OF_SCOPE = 64;

// ── what members adopt ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const { version: _version, by: _by, ...content } = versions.fields;
const byMember = { member: signs("the member, by its organisation's key") };
const dogs: Process = {
  statuses: [
    { status: "applied", within: days(30), step: "lapse" },
    { status: "licensed", within: days(366), step: "lapse" },
    { status: "lapsed", ends: "closed" },
  ],
  steps: [
    { step: "license", from: ["applied"], to: "licensed", by: "clerk", ground: false, times: 1 },
    { step: "move", from: ["licensed"], to: "licensed", by: HOLDER, ground: false, times: 16 },
    { step: "lapse", from: ["applied", "licensed"], to: "lapsed", by: CHAIN, ground: false, times: 1 },
  ],
};
export const propose = standard.action({
  title: "Propose a version of a form, new or not; its motion opens",
  by: byMember,
  input: { member: agency, ...content },
  rules: ["form_unfit", "schema_outside", "process_unsound", "governance.not_member"],
  work: 256,
  example: {
    ...{ member: "tax", form: "dogs", title: "Dog licence", sector: "city", process: dogs, creates: "clerk" },
    clear: {
      ...{ type: "object", additionalProperties: false, required: ["chip", "district"] },
      properties: { chip: { type: "string", maxLength: 15 }, district: { enum: ["north", "south"] } },
    },
    ...{
      roles: [{ role: "clerk", who: "The dog office of the district", scope: "district" }],
      edits: [{ step: "move", field: "district" }],
    },
  },
  run(tx, { member, form, ...it }) {
    asMember(tx, member);
    for (const schema of it.sealed === undefined ? [it.clear] : [it.clear, it.sealed]) {
      const why = outside(schema) ?? (propertiesOf(schema) === undefined ? "it is no object" : undefined);
      tx.require(why === undefined, "schema_outside", { why });
    }
    const roles = it.roles.map(({ role }) => role);
    const named = isNamed(form, roles) && it.roles.every(({ scope }) => scope === undefined || isScope(it.clear, scope));
    tx.require(named && [HOLDER, ...roles].includes(it.creates) && it.edits.every(isEdit(it)), "form_unfit");
    const { statuses } = it.process;
    const above = statuses.some(({ grace }) => grace !== undefined);
    const wrong = above ? "a form has no authority above" : unsound(it.process, [HOLDER, ...roles]);
    tx.require(wrong === undefined, "process_unsound", { wrong });
    const before = tx.find(forms, form) ?? tx.create(forms, { form, versions: 0, motions: 0 });
    const version = before.versions + 1;
    tx.create(versions, { form, version, by: member, ...it });
    openMotion(tx, tx.put(before, { versions: version }), member, version);
  },
});

export const move = standard.action({
  title: "Move that a version proposed before be adopted or, without one, that the form be retired",
  by: byMember,
  input: { member: agency, form: id, version: optional(number) },
  rules: ["nothing_moved", "governance.not_member"],
  example: { member: "health", form: "dogs" },
  run(tx, { member, form, version }) {
    asMember(tx, member);
    const it = tx.get(forms, form);
    tx.require(changes(it, version), "nothing_moved", { version: it.version });
    openMotion(tx, it, member, version);
  },
});

export const vote = standard.action({
  title: "Vote on a motion; the vote that reaches more than two thirds of the members enacts it",
  by: byMember,
  input: { member: agency, form: id, motion: count, vote: oneOf("yes", "no") },
  rules: ["not_open", "nothing_moved", "governance.not_member", "governance.voted_once"],
  work: 128,
  example: { member: "health", form: "dogs", motion: 0, vote: "yes" },
  run(tx, { member, form, motion, vote: said }) {
    const it = tx.get(motions, form, motion);
    tx.require(it.$.status === "open" && tx.time < it.closes, "not_open", { status: it.$.status });
    const { votes, result, members } = ballot(tx, it, member, said);
    if (result === "open") return void tx.put(it, votes);
    tx.move(it, result === "adopted" ? "carried" : "refused", { ...votes, members });
    if (result === "refused") return;
    const of = tx.get(forms, form);
    tx.require(changes(of, it.version), "nothing_moved", { version: of.version });
    const to = it.version === undefined ? "retired" : "in_force";
    if (of.$.status === to) tx.put(of, { version: it.version });
    else tx.move(of, to, { version: it.version });
  },
});

export const expire = standard.due(motions, {
  title: "A motion that was neither carried nor refused in its time expires",
  at: (it) => (it.$.status === "open" ? it.closes : undefined),
  run: (tx, it) => void tx.move(it, "expired"),
});

// ── records of forms ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const by = { actor: signs("the holder, or who has the role that the form's version names") };
export const enter = standard.action({
  title: "Make a record under the version in force",
  by,
  input: { form: id, version: number, entry: id, holder: party, data: entries.fields.data, hidden: optional(hidden) },
  rules: ["not_in_force", "role_missing", "holder_unfit", "data_unfit", "seal_unfit"],
  work: 256,
  example: { form: "dogs", version: 1, entry: "chip-276", holder: "p:ann.city", data: { chip: "276098106", district: "north" } },
  run(tx, { form, version, ...it }) {
    tx.require(tx.find(forms, form)?.version === version, "not_in_force");
    const of = tx.get(versions, form, version);
    tx.require(conforms(of.clear, it.data), "data_unfit");
    acts(tx, of, of.creates, it);
    const sector = tx.find(principals, it.holder)?.sector ?? of.sector;
    tx.require(tx.known(it.holder) && sector === of.sector, "holder_unfit", { sector: of.sector });
    tx.require((it.hidden === undefined) === (of.sealed === undefined), "seal_unfit");
    const { status, within } = first(of.process);
    tx.create(entries, { form, version, ...it, stage: status, taken: [], due: tx.time + within! });
  },
});

const changing = { change: optional(json(4_096)), remove: optional(list(id, 16)) };
export const step = standard.action({
  title: "Take a step, and change or remove the fields that it may change",
  by,
  input: { form: id, entry: id, step: id, ...changing, hidden: optional(hidden), ground: optional(id), words: optional(words) },
  rules: ["step_illegal", "role_missing", "ground_missing", "field_locked", "data_unfit", "seal_unfit"],
  work: 256,
  example: { form: "dogs", entry: "chip-276", step: "move", change: { district: "south" } },
  run(tx, { form, entry, step: name, change = {}, remove = [], ground, words: why, ...it }) {
    const row = tx.get(entries, form, entry);
    const of = tx.get(versions, form, row.version);
    const to = stepFrom(of.process, row.stage, name) ?? tx.reject("step_illegal", { stage: row.stage });
    tx.require(to.by !== CHAIN && left(to, row.taken), "step_illegal", { by: to.by, times: to.times });
    acts(tx, of, to.by, row);
    tx.require(!to.ground || ground !== undefined, "ground_missing");
    const may = (field: string): boolean => of.edits.some((edit) => edit.step === name && edit.field === field);
    tx.require(isMap(change) && [...Object.keys(change), ...remove].every(may), "field_locked");
    tx.require(it.hidden === undefined || may(SEALED), "field_locked");
    tx.require(it.hidden === undefined || of.sealed !== undefined, "seal_unfit");
    const kept = Object.entries({ ...(row.data as object), ...(change as object) }).filter(([field]) => !remove.includes(field));
    const data = Object.fromEntries(kept) as typeof row.data;
    tx.require(conforms(of.clear, data) && encode(data).length <= MAX_DATA_BYTES, "data_unfit");
    pass(tx, row, of, to.to, { ...it, data, taken: [...row.taken, name], ground, words: why });
  },
});

export const overdue = standard.due(entries, {
  title: "A record that has stood in a status for its time takes the step that its version names",
  at: (it) => it.due,
  work: 128,
  run(tx, row) {
    const of = tx.get(versions, row.form, row.version);
    pass(tx, row, of, lapse(of.process, row.stage)!, { ground: TIME_LIMIT, words: undefined });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Version = Row<typeof versions>;
type Entry = Row<typeof entries>;

const propertiesOf = (schema: unknown): object | undefined => (schema as { readonly properties?: object }).properties;
/** Short names without dots, each once: `form.<form>.<role>` is one capability and no other's. */
function isNamed(form: string, roles: readonly string[]): boolean {
  const short = [form, ...roles].every((name) => name.length <= MOST_LETTERS && !name.includes("."));
  return short && new Set([HOLDER, CHAIN, ...roles]).size === roles.length + 2;
}
const isEdit =
  ({ process: of, clear }: Pick<Version, "process" | "clear">) =>
  ({ step: name, field }: Version["edits"][number]): boolean =>
    of.steps.some((s) => s.step === name && s.by !== CHAIN) && (field === SEALED || Object.hasOwn(propertiesOf(clear)!, field));

/** Is the field of every record a text that a grant's scope can be? */
function isScope(clear: unknown, field: string): boolean {
  const { properties, required = [] } = clear as { properties: { readonly [name: string]: Text }; required?: readonly string[] };
  if (!required.includes(field)) return false;
  const { type, maxLength = 0, enum: among = [], const: only } = properties[field]!;
  if (type === "string") return maxLength <= MOST_OF_SCOPE;
  const all = [...among, ...(only === undefined ? [] : [only])];
  return type === undefined && all.length > 0 && all.every((one) => typeof one === "string" && one.length <= MOST_OF_SCOPE);
}
interface Text {
  readonly type?: string;
  readonly maxLength?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** Would it change what is in force? */
const changes = ({ version, versions: all }: Row<typeof forms>, to: number | undefined): boolean =>
  to !== version && (to === undefined || to <= all);
function openMotion(tx: Tx, it: Row<typeof forms>, member: string, version: number | undefined): void {
  const closes = tx.time + tx.parameters.proposal_lifetime_ms;
  tx.create(motions, { form: it.form, motion: it.motions, by: member, version, closes, yes: [], no: [] });
  tx.put(it, { motions: it.motions + 1 });
}
/** The holder signed, or somebody who has the role, within the scope that the record has before anything changes. */
function acts(tx: Tx<"role_missing">, { form, roles }: Version, who: string, { holder, data }: Pick<Entry, "holder" | "data">): void {
  if (who === HOLDER) return tx.signed("actor", holder);
  const role = `form.${form}.${who}`;
  const field = roles.find((one) => one.role === who)?.scope;
  const scope = field === undefined ? undefined : (data as { readonly [field: string]: string })[field];
  tx.require(tx.holds(role, undefined, scope), "role_missing", { role, ...(scope !== undefined && { scope }) });
}
/** Refuses nothing: due work comes here. */
function pass(tx: Tx, row: Entry, of: Version, stage: string, more: Partial<Entry>): void {
  const { ends, within } = statusOf(of.process, stage)!;
  if (ends === undefined) tx.put(row, { ...more, stage, due: tx.time + within! });
  else tx.move(row, "ended", { ...more, stage, due: undefined });
}

export default standard;
