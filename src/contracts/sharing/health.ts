// Health records: committed, looked at by consent or in an emergency, keys given, emergencies judged. Service 35. Owns commitments, looks, emergencies and their
// review, and the warning of duplicate care. Does not own: consents (consents.ts; each look by consent spends one), records and keys themselves (vaults).
//
// A look is a transaction first; the hospital then gives the key, of which the digest stands here, while the consent is still live. A glass is broken by a
// post, is open for a day or until the post closes it, and is reviewed by another agency within seven; else, or if contested, the supervisor decides, and until then the hospital's
// public tally says that it waits. Warned of is at the commitment; a dry run of it warns before the examination.

import { agency, days, hash, id, list, oneOf, person, signs, time, type Tx } from "../engine/index.ts";
import type { Agency, Hash, Row } from "../engine/index.ts";
import { keys, ofSector, signerOf } from "../identity/principals.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { delegated } from "../platform/network.ts";
import { liveRules, spend, spendRules, stillLive, unspend } from "./consents.ts";
import { type Access, accesses, content, emergencies, type Emergency, health, kinds, MAX_KEEPERS, MAX_READ } from "./healthRecords.ts";
import { MAX_RECENT, posts, recents, records, tallies, words } from "./healthRecords.ts";

export { accesses, emergencies, kinds, posts, recents, records, tallies } from "./healthRecords.ts";
export * from "./healthAudits.ts";

const [KEY_TIME, EMERGENCY_TIME, REVIEW_TIME, CONTEST_TIME] = [days(1), days(1), days(7), days(180)];
const SECTOR = "health";

// ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const setKind = health.action({
  title: "Set a kind of examination, or its interval anew for what is committed from now on",
  by: "authority",
  input: kinds.fields,
  example: { kind: "ct", title: "Computed tomography", interval: days(90) },
  run(tx, it) {
    const before = tx.find(kinds, it.kind);
    if (before === undefined) tx.create(kinds, it);
    else tx.put(before, { title: it.title, interval: it.interval });
  },
});

export const commit = health.action({
  title: "Commit a record; an examination of the same kind within the interval is warned of",
  by: "hospital",
  input: { record: id, patient: person, kind: id, made: time, content },
  rules: ["made_ahead", "patient_unknown"],
  example: { record: "r-1", patient: "p:ann.health", kind: "ct", made: monday, content: aSeal(50) },
  run(tx, it) {
    tx.require(ofSector(tx, it.patient, SECTOR), "patient_unknown");
    enter(tx, { ...it, hospital: tx.signer("hospital") });
  },
});

export const replace = health.action({
  title: "Correct a record: the new one takes its place",
  by: "hospital",
  input: { record: id, by: id, made: time, content },
  rules: ["made_ahead", "not_hospital"],
  example: { record: "r-1", by: "r-2", made: monday, content: aSeal(50) },
  run(tx, { record, by, made, content: root }) {
    const { patient, hospital, kind } = tx.move(own(tx, record), "replaced");
    forget(tx, patient, kind, record);
    enter(tx, { record: by, patient, hospital, kind, made, content: root, replaces: record });
  },
});

export const withdraw = health.action({
  title: "Withdraw a record that should not be, on a ground: another's, or of what was not done",
  by: "hospital",
  input: { record: id, ground: id },
  rules: ["not_hospital"],
  example: { record: "r-2", ground: "other-patient" },
  run(tx, { record, ground }) {
    const { patient, kind } = tx.move(own(tx, record), "withdrawn", { ground });
    forget(tx, patient, kind, record);
  },
});

export const handOver = health.action({
  title: "Hand over records of a hospital that is one no more: another keeps and corrects them from now on, and gives their keys",
  by: { supervisor: "supervisor", hospital: { role: "hospital", is: (a) => a.to } },
  input: { from: agency, to: agency, records: list(id, 64, 1) },
  rules: ["not_hospital", "still_hospital"],
  work: 600,
  example: { from: "clinic-north", to: "health", records: ["r-1"] },
  run(tx, { from, to, records: handed }) {
    tx.require(!tx.holds("hospital", from), "still_hospital");
    for (const record of handed) {
      const it = tx.get(records, record);
      tx.require(it.hospital === from, "not_hospital", { record });
      tx.put(it, { hospital: to, formerly: it.formerly.includes(from) ? it.formerly : [...it.formerly, from].slice(-MAX_KEEPERS) });
    }
  },
});

// ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const read = health.action({
  title: "Look at a record by the patient's consent",
  by: "clinician",
  input: { access: id, record: id, consent: id, purpose: id },
  rules: ["by_post", "not_current", ...spendRules],
  example: { access: "a-1", record: "r-1", consent: "c-9", purpose: "treatment" },
  run(tx, { access, record, consent, purpose }) {
    const { patient, hospital, kind } = tx.get(records, record);
    const clinic = tx.signer("clinician");
    const asked = { consent, service: "health", sector: SECTOR, subject: patient, holder: hospital, user: clinic, purpose, fields: [kind] };
    const use = spend(tx, asked);
    look(tx, { access, record, clinic, ...postOf(tx, clinic), purpose, consent, use });
  },
});

export const breakGlass = health.action({
  title:
    "Break the glass: look at a patient's records without consent, on a ground; the patient sees it at once, and another agency judges it",
  by: "emergency",
  input: { emergency: id, patient: person, ground: id, words },
  rules: ["by_post", "patient_unknown"],
  example: { emergency: "e-1", patient: "p:ann.health", ground: "unconscious", words: aSeal(1) },
  run(tx, it) {
    tx.require(ofSector(tx, it.patient, SECTOR), "patient_unknown");
    const clinic = tx.signer("emergency");
    const limits = { at: tx.time, until: tx.time + EMERGENCY_TIME, by: tx.time + REVIEW_TIME };
    const { post } = postOf(tx, clinic);
    const misused = tx.find(posts, clinic, post)?.misused ?? 0;
    if (misused > 0) tx.flag("misused_before");
    if (tx.find(tallies, clinic) === undefined) tx.create(tallies, { clinic, emergencies: 0, waiting: 0, late: 0, misused: 0 });
    tally(tx, tx.create(emergencies, { ...it, clinic, post, ...limits, misused, read: [] }), { emergencies: 1, waiting: 1 });
  },
});

export const readInEmergency = health.action({
  title: "Look at a record through the broken glass",
  by: "emergency",
  input: { access: id, record: id, emergency: id },
  rules: ["by_post", "not_current", "not_open", "other_patient", "read_full"],
  example: { access: "a-2", record: "r-1", emergency: "e-1" },
  run(tx, { access, record, emergency }) {
    const [it, signer] = broken(tx, emergency);
    const { clinic, post } = it;
    tx.require(it.patient === tx.get(records, record).patient, "other_patient");
    tx.require(it.read.includes(record) || it.read.length < MAX_READ, "read_full");
    if (!it.read.includes(record)) tx.put(it, { read: [...it.read, record] });
    look(tx, { access, record, clinic, post, signer, purpose: "emergency", emergency });
  },
});

export const close = health.action({
  title: "End the emergency: nothing more is read through the broken glass, and it can be reviewed",
  by: "emergency",
  input: { emergency: id },
  rules: ["by_post", "not_open"],
  example: { emergency: "e-1" },
  run(tx, { emergency }) {
    const [it] = broken(tx, emergency);
    tx.put(it, { until: tx.time });
  },
});

export const release = health.action({
  title: "Give the key for a look: the consent is still live, or the emergency was not found to be a misuse",
  by: "hospital",
  input: { access: id, key: hash },
  rules: ["access_over", "not_current", "not_hospital", "not_open", "post_recalled", ...liveRules],
  example: { access: "a-1", key: aHash },
  run(tx, { access, key }) {
    const it = waiting(tx, access);
    current(tx, it.record);
    if (it.consent !== undefined) stillLive(tx, it.consent);
    else tx.require(["open", "justified"].includes(tx.get(emergencies, it.emergency!).$.status), "not_open");
    const role = it.consent === undefined ? "health.emergency" : "health.clinician";
    tx.require(signerOf(tx, it.signer) !== undefined && delegated(tx, it.clinic, it.post, role, undefined), "post_recalled");
    tx.move(it, "served", { key });
  },
});

export const refuse = health.action({
  title: "Refuse the key, on a ground; the use of the consent does not count",
  by: "hospital",
  input: { access: id, ground: id },
  rules: ["access_over", "not_hospital"],
  example: { access: "a-2", ground: "no-such-file" },
  run: (tx, { access, ground }) => nothingCame(tx, waiting(tx, access), "refused", ground),
});

export const lapse = health.due(accesses, {
  title: "A look for which no key was given within a day lapses, and the use of the consent does not count",
  at: (it) => (it.$.status === "open" ? it.by : undefined),
  run: (tx, it) => nothingCame(tx, it, "lapsed"),
});

// ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const review = health.action({
  title: "Review an emergency of another agency: justified, or a misuse, on a ground",
  by: "reviewer",
  input: { emergency: id, finding: oneOf("justified", "misused"), ground: id },
  rules: ["own_case", "review_time"],
  example: { emergency: "e-1", finding: "justified", ground: "art-9" },
  run(tx, { emergency, finding, ground }) {
    const it = tx.get(emergencies, emergency);
    const reviewer = tx.signer("reviewer");
    tx.require(reviewer !== it.clinic, "own_case");
    tx.require(it.$.status === "open" && it.until <= tx.time && tx.time < it.by, "review_time", { from: it.until, by: it.by });
    tx.move(it, finding, { reviewed_by: reviewer, finding: ground });
    tally(tx, it, { waiting: -1, misused: finding === "misused" ? 1 : 0 });
  },
});

export const overdue = health.due(emergencies, {
  title: "An emergency that nobody has reviewed within seven days goes to the supervisor; its hospital's public tally says so",
  at: (it) => (it.$.status === "open" ? it.by : undefined),
  run(tx, it) {
    tx.move(it, "overdue");
    tally(tx, it, { late: 1 });
  },
});

export const contest = health.action({
  title: "Contest a finding: the patient that it was justified, the hospital that it was a misuse; the supervisor decides",
  by: { by: signs("the patient, or the guardian; or the hospital, by its own key") },
  input: { emergency: id, by: oneOf("patient", "clinic") },
  rules: ["contest_over"],
  example: { emergency: "e-1", by: "patient" },
  run(tx, { emergency, by }) {
    const it = tx.get(emergencies, emergency);
    tx.signed("by", it[by]);
    const against = by === "patient" ? "justified" : "misused";
    tx.require(it.$.status === against && tx.time < it.$.since + CONTEST_TIME, "contest_over", { status: it.$.status });
    tx.move(it, "contested");
    tally(tx, it, { waiting: 1, misused: by === "clinic" ? -1 : 0 });
  },
});

export const decide = health.action({
  title: "Decide what was contested, or not reviewed in time; for good",
  by: "supervisor",
  input: { emergency: id, finding: oneOf("upheld", "condemned"), ground: id },
  rules: ["own_case"],
  example: { emergency: "e-1", finding: "upheld", ground: "art-9" },
  run(tx, { emergency, finding, ground }) {
    const it = tx.get(emergencies, emergency);
    const supervisor = tx.signer("supervisor");
    tx.require(supervisor !== it.clinic && supervisor !== it.reviewed_by, "own_case");
    tx.move(it, finding, { decided_by: supervisor, finding: ground });
    tally(tx, it, { waiting: -1, misused: finding === "condemned" ? 1 : 0 });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type New = Pick<Row<typeof records>, "record" | "patient" | "hospital" | "kind" | "made" | "content"> & { readonly replaces?: string };
function enter(tx: Tx<"made_ahead", string, "duplicate_care">, it: New): void {
  tx.require(it.made <= tx.time, "made_ahead");
  const { interval } = tx.get(kinds, it.kind);
  const recent = tx.find(recents, it.patient, it.kind) ?? tx.create(recents, { patient: it.patient, kind: it.kind, last: [] });
  const again = recent.last.find(({ made }) => Math.abs(made - it.made) < interval)?.record;
  if (again !== undefined) tx.flag("duplicate_care");
  tx.create(records, { ...it, again, formerly: [] });
  const { record, made, hospital } = it;
  tx.put(recent, { last: latest([...recent.last, { record, made, hospital }].sort((a, b) => a.made - b.made)) });
}
/** Of one too many goes the earliest of the hospital that has most of them: none makes another's be forgotten. */
function latest(all: Row<typeof recents>["last"]): Row<typeof recents>["last"] {
  if (all.length <= MAX_RECENT) return all;
  const sizes = all.map(({ hospital }) => all.filter((one) => one.hospital === hospital).length);
  const most = sizes.indexOf(Math.max(...sizes));
  return all.filter((_, i) => i !== most);
}
function forget(tx: Tx, patient: string, kind: string, record: string): void {
  const recent = tx.get(recents, patient, kind);
  tx.put(recent, { last: recent.last.filter((one) => one.record !== record) });
}
function own(tx: Tx<"not_hospital">, record: string): Row<typeof records> {
  const it = tx.get(records, record);
  tx.require(it.hospital === tx.signer("hospital"), "not_hospital");
  return it;
}
function current(tx: Tx<"not_current">, record: string): Row<typeof records> {
  const it = tx.get(records, record);
  tx.require(it.$.status === "live", "not_current", { status: it.$.status });
  return it;
}
/** The post whose key signed for the agency: it alone, so that it is the one that was let exercise the role, and somebody answers for the look. */
function postOf(tx: Tx<"by_post">, who: Agency): { readonly post: string; readonly signer: Hash } {
  const its = tx.signers.map((key) => tx.find(keys, key)).filter((it) => it?.principal === who);
  const [it] = its;
  return its.length === 1 && it?.post !== undefined ? { post: it.post, signer: it.key } : tx.reject("by_post");
}
/** The emergency of the post that signed, in its time, and the key that did. */
function broken(tx: Tx<"by_post" | "not_open">, emergency: string): [Emergency, Hash] {
  const it = tx.get(emergencies, emergency);
  const clinic = tx.signer("emergency");
  const { post, signer } = postOf(tx, clinic);
  tx.require(it.clinic === clinic && it.post === post && it.$.status === "open" && tx.time < it.until, "not_open");
  return [it, signer];
}
type Look = Pick<Access, "access" | "record" | "clinic" | "post" | "signer" | "purpose" | "consent" | "use" | "emergency">;
function look(tx: Tx<"not_current">, it: Look): void {
  const { patient, hospital } = current(tx, it.record);
  tx.create(accesses, { ...it, patient, hospital, at: tx.time, by: tx.time + KEY_TIME });
}
function waiting(tx: Tx<"not_hospital" | "access_over">, access: string): Access {
  const it = tx.get(accesses, access);
  own(tx, it.record);
  tx.require(it.$.status === "open" && tx.time < it.by, "access_over", { status: it.$.status });
  return it;
}
function nothingCame(tx: Tx, it: Access, to: "refused" | "lapsed", ground?: string): void {
  tx.move(it, to, { ground });
  if (it.consent !== undefined) unspend(tx, it.consent, it.use!, to);
}
type Count = "emergencies" | "waiting" | "late" | "misused";
function tally(tx: Tx, { clinic, post }: Emergency, by: { readonly [C in Count]?: number }): void {
  const it = tx.get(tallies, clinic);
  const { emergencies: all = 0, waiting: open = 0, late = 0, misused = 0 } = by;
  tx.put(it, { emergencies: it.emergencies + all, waiting: it.waiting + open, late: it.late + late, misused: it.misused + misused });
  if (misused === 0) return;
  const of = tx.find(posts, clinic, post) ?? tx.create(posts, { clinic, post, misused: 0 });
  tx.put(of, { misused: of.misused + misused });
}
export default health;
