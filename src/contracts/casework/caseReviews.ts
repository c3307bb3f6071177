// Parallel review: a project before all its tiers at once, each with its own sealed part, released only when all have signed. Service 27. Owns projects and their
// sheets. Does not own: what is in a sheet (sealed), who else must agree to build. The time of a review runs anew with each sheet that the developer hands in; it
// escalates once, then the project is released, if all have signed, or lapses: silence signs nothing.

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
    tx.create(projects, { ...it, signed: 0, late: false, due: tx.time + it.within });
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
    if (before === undefined) tx.create(sheets, { project: key, tier, developer, department, oversight, version: 1, content: part });
    else {
      const change = { version: before.version + 1, content: part, reviewer: undefined, ground: undefined, words: undefined };
      if (before.$.status === "open") tx.put(before, change);
      else tx.move(before, "open", change);
    }
    tx.put(it, { signed: it.signed - (before?.$.status === "signed" ? 1 : 0), due: tx.time + it.within });
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
  example: { project: "river-quarter" },
  run(tx, { project: key }) {
    const it = tx.move(tx.get(projects, key), "withdrawn", { due: undefined });
    tx.signed("developer", it.developer);
  },
});

export const reviewTime = casework.due(projects, {
  title: "A review over its time is released if all have signed; else it escalates once, and then lapses",
  at: (it) => it.due,
  run(tx, it) {
    if (it.signed === it.tiers.length) tx.move(it, "released", { due: undefined });
    else if (it.late) tx.move(it, "lapsed", { due: undefined });
    else tx.put(it, { late: true, due: tx.time + it.within });
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
  tx.require(of.late === above, "escalation", { late: of.late });
  tx.require(reviewer !== of.developer, "own_cause");
  const it = tx.get(sheets, project, tier);
  tx.require(it.version === version, "other_version", { version: it.version });
  tx.require(verdict === "signed" || why.ground !== undefined, "ground_missing");
  const signed = of.signed + (verdict === "signed" ? 1 : 0) - (it.$.status === "signed" ? 1 : 0);
  tx.move(it, verdict, { reviewer, ground: why.ground, words: why.words });
  tx.put(of, { signed });
}
