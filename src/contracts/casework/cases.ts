// Approvals and one-stop cases: a case follows the version of its item that it began under, may be split, and never lasts for ever. Services 26 and 28. Owns who
// takes which step, evidence, parts, appeals, and what time does. Does not own: items (caseItems.ts), projects (caseReviews.ts), suspicions (supervision.ts).
// Time escalates a case once to the authority above; after that, it takes the step that the item names for the stage.

import { type Agency, days, id, type Id, list, object, optional, party, type Party } from "../engine/index.ts";
import { type Row, type Sealed, signs, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { first, lapse, left, statusOf, stepFrom, TIME_LIMIT } from "../kit/process.ts";
import { inForce } from "./caseItems.ts";
import { cases, casework, deciders, items, MOST_APPEALS, MOST_PARTS, paper, papers, saw, versions, words } from "./caseRecords.ts";

export { cases, deciders, items, papers, projects, sheets, suspicions, versions } from "./caseRecords.ts";
export { publish, retire } from "./caseItems.ts";
export * from "./caseReviews.ts";
export * from "./supervision.ts";
export * from "./caseAudits.ts";

const APPEAL_TIME = days(30);
/** What a department has at least, once all parts have ended, to join them. */
const JOIN_TIME = days(3);
type Case = Row<typeof cases>;
type Version = Row<typeof versions>;

// ── a case ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const apply = casework.action({
  title: "Apply: a case begins under the version in force",
  by: { applicant: signs("who applies") },
  input: { case: id, item: id, version: versions.fields.version, applicant: party },
  rules: ["not_in_force"],
  example: { case: "2027-118", item: "tree-felling", version: 1, applicant: "p:ann.casework" },
  run(tx, { case: key, item, version, applicant }) {
    tx.signed("applicant", applicant);
    begin(tx, inForce(tx, item, version, "application"), { case: key, applicant, root: key });
  },
});

const said = { ground: optional(id), words: optional(words) };
const taking = { case: id, step: id, ...said, saw: optional(saw) };
const deciding = [
  "step_illegal",
  "ground_missing",
  "evidence_missing",
  "parts_open",
  "escalation",
  "own_cause",
  "another_decider",
  "other_version",
] as const;
export const step = casework.action({
  title: "Take a step as the department: accept, ask, decide",
  by: { department: { role: "department", scope: (a, tx) => tx.get(cases, a.case).department } },
  input: taking,
  rules: deciding,
  work: 256,
  example: { case: "2027-118", step: "permit", saw: [{ kind: "map", version: 1 }] },
  run(tx, { case: key, step: name, ...why }) {
    const it = tx.get(cases, key);
    tx.require(!it.escalated, "escalation");
    take(tx, it, name, "department", why, impartial(tx, it, tx.signer("department")));
  },
});

export const stepAbove = casework.action({
  title: "Take the department's step in its place, after escalation",
  by: { oversight: { role: "oversight", scope: (a, tx) => tx.get(cases, a.case).oversight } },
  input: taking,
  rules: deciding,
  work: 256,
  example: { case: "2027-118", step: "reject", ground: "protected", words: aSeal(1) },
  run(tx, { case: key, step: name, ...why }) {
    const it = tx.get(cases, key);
    tx.require(it.escalated, "escalation");
    take(tx, it, name, "department", why, impartial(tx, it, tx.signer("oversight")));
  },
});

export const stepOwn = casework.action({
  title: "Take an applicant's step: complete, withdraw",
  by: { applicant: signs("the applicant") },
  input: taking,
  rules: ["step_illegal", "ground_missing", "evidence_missing", "other_version", "parts_open"],
  work: 256,
  example: { case: "2027-118", step: "complete" },
  run(tx, { case: key, step: name, ...why }) {
    const it = tx.get(cases, key);
    tx.signed("applicant", it.applicant);
    take(tx, it, name, "applicant", why, undefined);
  },
});

export const overdue = casework.due(cases, {
  title:
    "A case over its time escalates once, where its department acts or its parts are open, and waits for these; then the step is taken that its item names",
  at: (it) => it.due,
  work: 128,
  run(tx, it) {
    const of = tx.get(versions, it.item, it.version);
    const { grace, within } = statusOf(of.process, it.stage)!;
    const escalated = it.escalated || grace !== undefined || it.parts > 0;
    if (it.parts > 0) tx.put(it, { escalated, due: undefined, rest: grace ?? within! });
    else if (escalated && !it.escalated) tx.put(it, { escalated, due: tx.time + grace! });
    else enter(tx, it, of, lapse(of.process, it.stage)!, { ground: TIME_LIMIT, words: undefined, decider: undefined, saw: [] });
  },
});

// ── evidence ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const ask = casework.action({
  title: "Ask the applicant for a kind of evidence, once for a case, its parts and its appeals",
  by: { department: { role: "department", scope: (a, tx) => tx.get(cases, a.case).department } },
  input: { case: id, kind: id },
  rules: ["asked_once", "decided"],
  example: { case: "2027-118", kind: "map" },
  run(tx, { case: key, kind }) {
    const { root } = open(tx, key);
    tx.require(tx.find(papers, root, kind) === undefined, "asked_once");
    tx.create(papers, { root, kind, case: key, version: 0 });
  },
});

export const supply = casework.action({
  title: "Give evidence, asked for or not, or a better one in its place",
  by: { applicant: signs("the applicant") },
  input: { case: id, kind: id, paper },
  rules: ["decided"],
  example: { case: "2027-118", kind: "map", paper: aSeal(2) },
  run(tx, { case: key, kind, paper: given }) {
    const it = open(tx, key);
    tx.signed("applicant", it.applicant);
    const before = tx.find(papers, it.root, kind) ?? tx.create(papers, { root: it.root, kind, case: key, version: 0 });
    const change = { case: key, paper: given, version: before.version + 1 };
    tx.put(before.$.status === "asked" ? tx.move(before, "given") : before, change);
    const whole = it.parent === undefined ? it : tx.get(cases, it.parent);
    if (whole.split === whole.parts) return;
    tx.flag("evidence_renewed");
    if (!whole.renewed) tx.put(whole, { renewed: true });
  },
});

// ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const split = casework.action({
  title: "Split a case into parts for other departments; its own time runs on, and escalates it while they are open",
  by: { department: { role: "department", scope: (a, tx) => tx.get(cases, a.case).department } },
  input: { case: id, parts: list(object({ case: id, item: id, version: versions.fields.version }), 8, 1) },
  rules: ["decided", "escalation", "not_in_force", "split_limit"],
  work: 512,
  example: { case: "2027-118", parts: [{ case: "2027-118-fire", item: "fire-view", version: 1 }] },
  run(tx, { case: key, parts }) {
    const it = open(tx, key);
    tx.require(!it.escalated && it.rest === undefined, "escalation");
    tx.require(it.parent === undefined && it.split + parts.length <= MOST_PARTS, "split_limit");
    const lead = tx.signer("department");
    let { readers } = it;
    for (const { case: part, item, version } of parts) {
      const to = inForce(tx, item, version, "part");
      tx.require(to.department !== it.department, "split_limit");
      begin(tx, to, { case: part, applicant: it.applicant, root: it.root, parent: key, instance: it.instance, readers: [lead] });
      readers = joined(readers, to.publisher);
    }
    tx.put(it, { parts: it.parts + parts.length, split: it.split + parts.length, readers });
  },
});

// ── appeals ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const appeal = casework.action({
  title: "Appeal against a refusal: a case before another department, with the same evidence",
  by: { applicant: signs("the applicant") },
  input: { case: id, against: id, words: optional(words) },
  rules: ["not_appealable"],
  work: 256,
  example: { case: "2027-118-appeal", against: "2027-118", words: aSeal(1) },
  run(tx, { case: key, against, words: why }) {
    const it = tx.get(cases, against);
    tx.signed("applicant", it.applicant);
    const inTime = it.$.status === "refused" && tx.time <= it.$.since + APPEAL_TIME;
    tx.require(inTime && it.appeal === undefined && it.instance < MOST_APPEALS, "not_appealable", { status: it.$.status });
    const { appeal: item = tx.reject("not_appealable") } = tx.get(versions, it.item, it.version);
    // Under the newest version even if the item is retired: the right to appeal is not the hearing department's to end.
    const to = tx.get(items, item);
    begin(tx, to, { case: key, applicant: it.applicant, root: it.root, against, instance: it.instance + 1, plea: why });
    tx.put(it, { appeal: key, readers: joined(it.readers, to.publisher) });
    for (let before = it.against; before !== undefined; ) {
      const earlier = tx.get(cases, before);
      tx.put(earlier, { readers: joined(earlier.readers, to.publisher) });
      before = earlier.against;
    }
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Item = Row<typeof items>;
interface Beginning {
  readonly case: Id;
  readonly applicant: Party;
  readonly root: Id;
  readonly parent?: Id;
  readonly against?: Id;
  readonly instance?: number;
  readonly plea?: Sealed | undefined;
  readonly readers?: readonly Agency[];
}
interface Why {
  readonly ground?: Id | undefined;
  readonly words?: Sealed | undefined;
  readonly saw?: Case["saw"] | undefined;
}
const joined = (readers: readonly Agency[], one: Agency): readonly Agency[] => (readers.includes(one) ? readers : [...readers, one]);

function open(tx: Tx<"decided">, key: Id): Case {
  const it = tx.get(cases, key);
  tx.require(it.$.status === "open", "decided");
  return it;
}
/** A case at the start of the item's present version. */
function begin(tx: Tx, { item, version, department }: Item, it: Beginning): void {
  const { process, oversight } = tx.get(versions, item, version);
  const { status, within } = first(process);
  const none = { escalated: false, taken: [], saw: [], parts: 0, split: 0, refused: 0, renewed: false, instance: 0, readers: [] };
  tx.create(cases, { item, version, department, oversight, stage: status, due: tx.time + within!, ...none, ...it });
}
/** He is known from now on to have decided; a part is an opinion, which is given anew in an appeal by whom it is asked of. */
function impartial(tx: Tx<"another_decider" | "own_cause">, it: Case, decider: Agency): Agency {
  tx.require(decider !== it.applicant, "own_cause");
  const before = tx.find(deciders, it.root, decider);
  if (before === undefined) tx.create(deciders, { root: it.root, decider, instance: it.instance });
  else tx.require(it.parent !== undefined || before.instance === it.instance, "another_decider", { instance: before.instance });
  return decider;
}
type Taking = Tx<"evidence_missing" | "ground_missing" | "other_version" | "parts_open" | "step_illegal", string, Flag>;
type Flag = "evidence_renewed" | "part_refused";
function take(tx: Taking, it: Case, name: Id, by: string, { ground, words: why, saw: named = [] }: Why, decider: Agency | undefined): void {
  const of = tx.get(versions, it.item, it.version);
  const taken = stepFrom(of.process, it.stage, name) ?? tx.reject("step_illegal", { stage: it.stage });
  tx.require(taken.by === by && left(taken, it.taken), "step_illegal", { by: taken.by, times: taken.times });
  tx.require(ground === undefined ? !taken.ground : of.grounds.includes(ground), "ground_missing", { grounds: of.grounds });
  const { ends } = statusOf(of.process, taken.to)!;
  tx.require(ends === undefined || it.parts === 0 || (ends === "closed" && decider === undefined), "parts_open", { open: it.parts });
  for (const kind of ends === "granted" ? of.needs : []) {
    tx.require(tx.find(papers, it.root, kind)?.$.status === "given", "evidence_missing", { kind });
    tx.require(
      named.some((one) => one.kind === kind),
      "other_version",
      { kind },
    );
  }
  for (const { kind, version } of named) {
    const now = tx.find(papers, it.root, kind)?.version;
    tx.require(now === version, "other_version", { kind, version: now });
  }
  enter(tx, it, of, taken.to, { ground, words: why, decider, saw: named, taken: [...it.taken, name] });
}
/** Refuses nothing: due work comes here, and what could fail was asked before. */
function enter(tx: Tx<never, never, Flag>, it: Case, of: Version, stage: Id, change: Partial<Case>): void {
  const { ends, within } = statusOf(of.process, stage)!;
  if (ends === undefined) return void tx.put(it, { ...change, stage, due: tx.time + within!, rest: undefined });
  if (ends === "granted" && it.refused > 0) tx.flag("part_refused");
  if (ends === "granted" && it.renewed) tx.flag("evidence_renewed");
  tx.move(it, ends, { ...change, stage, due: undefined, rest: undefined });
  if (it.parent === undefined) return;
  const whole = tx.get(cases, it.parent);
  const parts = whole.parts - 1;
  const refused = whole.refused + (ends === "refused" ? 1 : 0);
  if (whole.$.status !== "open" || parts > 0) return void tx.put(whole, { parts, refused });
  const due = whole.rest === undefined ? Math.max(whole.due!, tx.time + JOIN_TIME) : tx.time + whole.rest;
  tx.put(whole, { parts, refused, due, rest: undefined });
}
export default casework;
