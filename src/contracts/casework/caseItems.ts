// Items: what a department decides, published by itself in versions. Service 26. Owns what an item must be so that its cases can be left to it: sound, escalated
// where an office is idle, with an end by grant or refusal for whatever it does or leaves undone, and somebody else to appeal to. Does not own: cases (cases.ts), soundness (kit/process).

import { days, id, type Id, type Row, type Tx } from "../engine/index.ts";
import { CHAIN, lapse, type Process, statusOf, timeLeads, unsound } from "../kit/process.ts";
import { casework, items, versions } from "./caseRecords.ts";

type Item = Row<typeof items>;
type Version = Row<typeof versions>;

/** A permit: completed by who applies or given up by him, decided by the office; time refuses what the office leaves undone. */
const permit: Process = {
  statuses: [
    { status: "applied", within: days(10), grace: days(5), step: "lapse" },
    { status: "completing", within: days(30), step: "close" },
    { status: "permitted", ends: "granted" },
    { status: "rejected", ends: "refused" },
    { status: "ended", ends: "closed" },
  ],
  steps: [
    { step: "ask", from: ["applied"], to: "completing", by: "department", ground: true, times: 2 },
    { step: "complete", from: ["completing"], to: "applied", by: "applicant", ground: false, times: 2 },
    { step: "permit", from: ["applied"], to: "permitted", by: "department", ground: false, times: 1 },
    { step: "reject", from: ["applied"], to: "rejected", by: "department", ground: true, times: 1 },
    { step: "withdraw", from: ["applied", "completing"], to: "ended", by: "applicant", ground: false, times: 1 },
    { step: "lapse", from: ["applied"], to: "rejected", by: "chain", ground: false, times: 1 },
    { step: "close", from: ["completing"], to: "ended", by: "chain", ground: false, times: 1 },
  ],
};

const { item: _item, version: _version, ...content } = versions.fields;
export const publish = casework.action({
  title: "Publish the next version of an item",
  by: { department: { role: "department", scope: (a) => a.department } },
  input: { item: id, department: id, kind: items.fields.kind, ...content },
  rules: ["process_unsound", "refusal_hidden", "appeal_missing", "other_department"],
  work: 128,
  example: {
    ...{ item: "tree-felling", department: "parks", kind: "application", title: "Felling a tree", law: "Tree protection act, 4" },
    ...{ process: permit, needs: ["map"], grounds: ["protected", "incomplete"], oversight: "mayor", appeal: "tree-felling-appeal" },
  },
  run(tx, { item: key, department, kind, ...it }) {
    const wrong = unsound(it.process, ["department", "applicant"]) ?? silenceGrants(it.process, it.needs) ?? staysBelow(it.process, kind);
    tx.require(wrong === undefined, "process_unsound", { wrong });
    const before = tx.find(items, key);
    tx.require(before === undefined || (before.department === department && before.kind === kind), "other_department");
    const hides = kind === "part" ? undefined : hidden(it.process);
    tx.require(hides === undefined, "refusal_hidden", { hides });
    heard(tx, { ...it, department, kind });
    const version = (before?.version ?? 0) + 1;
    const publisher = tx.signer("department");
    tx.create(versions, { item: key, version, ...it });
    if (before === undefined) tx.create(items, { item: key, department, publisher, kind, version });
    else tx.put(before.$.status === "retired" ? tx.move(before, "in_force") : before, { version, publisher });
  },
});

export const retire = casework.action({
  title: "Retire an item: cases under it go on, new ones do not begin",
  by: { department: { role: "department", scope: (a, tx) => tx.get(items, a.item).department } },
  input: { item: id },
  example: { item: "tree-felling" },
  run: (tx, { item }) => void tx.move(tx.get(items, item), "retired"),
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function silenceGrants({ statuses, ...rest }: Process, needs: readonly Id[]): string | undefined {
  const granted = (name: string | undefined): boolean => statuses.some((s) => s.status === name && s.ends === "granted");
  const silent = statuses.find((s) => s.ends === undefined && granted(lapse({ statuses, ...rest }, s.status)));
  return needs.length === 0 || silent === undefined ? undefined : `time alone grants what is ${silent.status}`;
}
/** Where the department of a case acts, the authority above acts after it. A part ends by time, and its case goes on. */
function staysBelow({ statuses, steps }: Process, kind: Item["kind"]): string | undefined {
  const idle = statuses.find(
    ({ status, grace }) => grace === undefined && steps.some((s) => s.by === "department" && s.from.includes(status)),
  );
  return kind === "part" || idle === undefined ? undefined : `${idle.status} never escalates`;
}
/**
 * The status in which an office could end a case without a refusal that can be appealed: by its step, by leaving it, or by sending the applicant where only time
 * goes on. From where time leads to a closing he goes on himself, by a step that is for nothing else, as often as anybody comes there.
 */
function hidden(p: Process): Id | undefined {
  const closes = (name: string): boolean => statusOf(p, name)?.ends === "closed";
  const closing = new Set(p.statuses.map(({ status }) => status).filter((name) => closes(timeLeads(p, name))));
  const comes = p.steps.filter(({ by, to }) => by !== CHAIN && closing.has(to) && !closes(to)).reduce((sum, { times }) => sum + times, 0);
  const goesOn = (s: Process["steps"][number]): boolean =>
    s.by === "applicant" && !s.ground && s.times >= comes && s.from.every((name) => closing.has(name)) && !closing.has(s.to);
  const shut = p.steps
    .filter(({ by }) => by === "department")
    .flatMap(({ from, to }) => from.filter((name) => closes(to) || closing.has(name)));
  const trap = [...closing].find(
    (name) => !closes(name) && !p.steps.some((s) => s.from.includes(name) && goesOn(s) && statusOf(p, s.to)?.ends === undefined),
  );
  return shut[0] ?? trap;
}
/** What may be refused can be appealed against, before somebody else. */
function heard(tx: Tx<"appeal_missing">, it: Pick<Item, "department" | "kind"> & Pick<Version, "appeal" | "oversight" | "process">): void {
  const { statuses } = it.process;
  const refuses = statuses.some(({ ends }) => ends === "refused");
  if (it.appeal === undefined) return tx.require(it.kind !== "application" || !refuses, "appeal_missing");
  const by = tx.find(items, it.appeal);
  const another = by !== undefined && by.department !== it.department && by.department !== it.oversight;
  tx.require(it.kind !== "part" && by?.kind === "appeal" && another, "appeal_missing", { appeal: it.appeal });
}
/** The item, if a case of this kind begins under this version now. */
export function inForce(tx: Tx<"not_in_force">, key: Id, version: number, kind: Item["kind"]): Item {
  const it = tx.find(items, key);
  const serves = it?.$.status === "in_force" && it.version === version && it.kind === kind;
  return serves ? it : tx.reject("not_in_force", { version: it?.version });
}
