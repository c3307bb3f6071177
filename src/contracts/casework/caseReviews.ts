// Parallel review: a project before all its tiers at once, each with its own sealed part, released only when all have signed. Service 27. Owns projects and their
// sheets. Does not own: what is in a sheet (sealed), who else must agree to build. A tier's time runs from when it has its part, anew with each version of it; only
// the tier that was idle loses its say to the authority above. Then, or when the developer is idle, the project lapses: silence signs nothing.

import { days, id, oneOf, optional, party, type Row, signs, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { casework, content, projects, sheets, words } from "./caseRecords.ts";

type Project = Row<typeof projects>;

export const openProject = casework.action({
  title: "Open the review of a project: its tiers, and their time",
  by: { department: { role: "department", scope: (a) => a.department }, developer: signs("the developer") },
  input: {
    ...{ project: id, developer: party, department: id, oversight: id },
    ...{ tiers: projects.fields.tiers, within: projects.fields.within },
  },
  rules: ["own_cause", "tier_unknown"],
  example: {
    ...{ project: "river-quarter", developer: "c:build", department: "renewal", oversight: "mayor" },
    ...{ tiers: ["planning", "fire", "construction"], within: days(14) },
  },
  run(tx, it) {
    tx.signed("developer", it.developer);
    tx.require(tx.signer("department") !== it.developer, "own_cause");
    tx.require(new Set(it.tiers).size === it.tiers.length, "tier_unknown");
    tx.create(projects, { ...it, handed: 0, signed: 0, due: tx.time + it.within });
  },
});

export const distribute = casework.action({
  title: "Hand a tier its part, or a changed one: what the tier said of the last is void",
  by: { developer: signs("the developer") },
  input: { project: id, tier: id, content },
  rules: ["decided", "tier_unknown"],
  example: { project: "river-quarter", tier: "fire", content: aSeal(3) },
  run(tx, { project: key, tier, content: part }) {
    const it = underReview(tx, key, tier);
    tx.signed("developer", it.developer);
    const before = tx.find(sheets, key, tier);
    const { developer, department, oversight } = it;
    const now = { content: part, due: tx.time + it.within, late: false };
    if (before === undefined) tx.create(sheets, { project: key, tier, developer, department, oversight, version: 1, ...now });
    else {
      const change = { version: before.version + 1, ...now, reviewer: undefined, ground: undefined, words: undefined };
      if (before.$.status === "open") tx.put(before, change);
      else tx.move(before, "open", change);
    }
    count(tx, it, { handed: it.handed + (before === undefined ? 1 : 0), signed: it.signed - (before?.$.status === "signed" ? 1 : 0) });
  },
});

const says = { version: sheets.fields.version, verdict: oneOf("signed", "objected"), ground: optional(id), words: optional(words) };
const reviewing = ["decided", "escalation", "ground_missing", "other_version", "own_cause", "tier_unknown"] as const;
interface Said {
  readonly project: string;
  readonly tier: string;
  readonly version: number;
  readonly verdict: "signed" | "objected";
  readonly ground?: string | undefined;
  readonly words?: Row<typeof sheets>["words"];
}
export const review = casework.action({
  title: "Sign a tier's part, or object to it",
  by: { tier: { role: "tier", scope: (a) => a.tier } },
  input: { project: id, tier: id, ...says },
  rules: reviewing,
  example: { project: "river-quarter", tier: "fire", version: 1, verdict: "objected", ground: "escape-routes", words: aSeal(1) },
  run: (tx, said) => judge(tx, said, tx.signer("tier"), false),
});
export const reviewAbove = casework.action({
  title: "Sign or object in the place of a tier, after escalation",
  by: { oversight: { role: "oversight", scope: (a, tx) => tx.get(projects, a.project).oversight } },
  input: { project: id, tier: id, ...says },
  rules: reviewing,
  example: { project: "river-quarter", tier: "fire", version: 2, verdict: "signed" },
  run: (tx, said) => judge(tx, said, tx.signer("oversight"), true),
});

export const release = casework.action({
  title: "Release a project that all its tiers have signed",
  by: { department: { role: "department", scope: (a, tx) => tx.get(projects, a.project).department } },
  input: { project: id },
  rules: ["not_all_signed"],
  example: { project: "river-quarter" },
  run(tx, { project: key }) {
    const it = tx.get(projects, key);
    tx.require(it.signed === it.tiers.length, "not_all_signed", { signed: it.signed, tiers: it.tiers.length });
    tx.move(it, "released", { due: undefined });
  },
});

export const withdrawProject = casework.action({
  title: "Withdraw a project",
  by: { developer: signs("the developer") },
  input: { project: id },
  work: 256,
  example: { project: "river-quarter" },
  run(tx, { project: key }) {
    const it = tx.get(projects, key);
    tx.signed("developer", it.developer);
    end(tx, it, "withdrawn");
  },
});

export const projectTime = casework.due(projects, {
  title: "A project that all have signed is released in time; one whose parts are not all handed in lapses",
  at: (it) => it.due,
  work: 256,
  run: (tx, it) => (it.signed === it.tiers.length ? void tx.move(it, "released", { due: undefined }) : end(tx, it, "lapsed")),
});
export const reviewTime = casework.due(sheets, {
  title:
    "A part that its tier left undone escalates once; left undone again, or objected to and not changed in time, it lets the project lapse",
  at: (it) => it.due,
  work: 256,
  run(tx, it) {
    const of = tx.get(projects, it.project);
    if (it.$.status === "open" && !it.late) tx.put(it, { late: true, due: tx.time + of.within });
    else end(tx, of, "lapsed");
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function underReview(tx: Tx<"decided" | "tier_unknown">, key: string, tier: string): Project {
  const it = tx.get(projects, key);
  tx.require(it.$.status === "in_review", "decided");
  tx.require(it.tiers.includes(tier), "tier_unknown");
  return it;
}
function judge(
  tx: Tx<(typeof reviewing)[number]>,
  { project, tier, version, verdict, ...why }: Said,
  reviewer: string,
  above: boolean,
): void {
  const of = underReview(tx, project, tier);
  const it = tx.get(sheets, project, tier);
  tx.require(it.late === above, "escalation", { late: it.late });
  tx.require(reviewer !== of.developer, "own_cause");
  tx.require(it.version === version, "other_version", { version: it.version });
  tx.require(verdict === "signed" || why.ground !== undefined, "ground_missing");
  const signed = of.signed + (verdict === "signed" ? 1 : 0) - (it.$.status === "signed" ? 1 : 0);
  const due = verdict === "signed" ? undefined : tx.time + of.within;
  tx.move(it, verdict, { reviewer, ground: why.ground, words: why.words, due });
  count(tx, of, { handed: of.handed, signed });
}
/** Parts and signatures, and whose time runs: the developer's from the opening, the tiers' (on their sheets), the department's from the last signature. */
function count(tx: Tx, it: Project, now: Pick<Project, "handed" | "signed">): void {
  const tiers = it.tiers.length;
  const due = now.signed === tiers ? tx.time + it.within : now.handed === tiers ? undefined : it.due;
  tx.put(it, { ...now, due });
}
/** Nothing of it waits any more. */
function end(tx: Tx, it: Project, how: "lapsed" | "withdrawn"): void {
  tx.move(it, how, { due: undefined });
  for (const tier of it.tiers) {
    const sheet = tx.find(sheets, it.project, tier);
    if (sheet?.due !== undefined) tx.put(sheet, { due: undefined });
  }
}
