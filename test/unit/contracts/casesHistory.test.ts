// Casework, histories at random: an exact model of plain objects says of every act whether it is accepted, and where every case, project and suspicion stands.
// Acts come by anybody, in any order, twice, with integers out of range; time passes in leaps. In the end the audits hold.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as acts from "../../../src/contracts/casework/cases.ts";
import * as evidence from "../../../src/contracts/documents/evidence.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { passes } from "./audited.ts";
import { felling, fireView, hearing, paper, sealedWords as words, supreme } from "./casesTown.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const people = ["p:ann", "p:bob"];
const agencies = ["tax", "health", "courts", "land"];
const everybody = [...people, ...agencies, "c:shop"];
const holders: { readonly [role: string]: readonly string[] } = {
  ...{ parks: ["tax"], fire: ["health"], appeals: ["courts"], council: ["tax", "health"], mayor: ["land"] },
};
const rights = plainRights(
  {
    tax: [
      "cases.department#parks",
      "cases.department#council",
      "cases.tier#planning",
      "cases.regulator",
      "cases.court",
      "evidence.depositor",
    ],
    health: ["cases.department#fire", "cases.department#council", "cases.tier#fire", "cases.regulator"],
    courts: ["cases.department#appeals", "cases.court", "evidence.court"],
    land: ["cases.oversight#mayor"],
  },
  ["p:ann", "p:bob", "c:shop"],
);
const start = (): Scenario => scenario({ modules: [acts, evidence], resolver: rights, found() {} });
/** The one among the signers that has the role; two are as good as none. */
const one = (of: readonly string[], signers: readonly string[]): string | undefined => {
  const found = of.filter((who) => signers.includes(who));
  return found.length === 1 ? found[0] : undefined;
};

// ── cases ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Step → where it leads, by whom, with a ground, how often. */
const steps: { readonly [stage: string]: { readonly [step: string]: readonly [to: string, by: string, ground: boolean, times: number] } } =
  {
    applied: {
      ...{ ask: ["completing", "department", true, 2], permit: ["permitted", "department", false, 1] },
      ...{ reject: ["rejected", "department", true, 1], withdraw: ["ended", "applicant", false, 1] },
    },
    completing: { complete: ["applied", "applicant", false, 2], withdraw: ["ended", "applicant", false, 1] },
    asked: { agree: ["agreed", "department", false, 1], oppose: ["opposed", "department", true, 1] },
  };
const ends: { readonly [stage: string]: "granted" | "refused" | "closed" } = {
  ...{ permitted: "granted", rejected: "refused", ended: "closed", agreed: "granted", opposed: "refused", silent: "closed" },
};
const within: { readonly [stage: string]: number } = { applied: days(10), completing: days(30), asked: days(20) };
const lapses: { readonly [stage: string]: string } = { applied: "rejected", completing: "ended", asked: "silent" };

interface Case {
  readonly name: string;
  readonly item: string;
  readonly needs: readonly string[];
  readonly applicant: string;
  readonly department: string;
  readonly root: string;
  readonly parent: Case | undefined;
  readonly instance: number;
  saw: { kind: string; version: number }[];
  renewed: boolean;
  stage: string;
  status: string;
  since: number;
  due: number | undefined;
  rest: number | undefined;
  escalated: boolean;
  taken: string[];
  parts: number;
  split: number;
  refused: number;
  decider: string | undefined;
  appealed: boolean;
}
interface Item {
  readonly department: string;
  readonly kind: "application" | "appeal" | "part";
  readonly appeal?: string;
  version: number;
  retired: boolean;
  needs: readonly string[];
}
class Model {
  readonly cases = new Map<string, Case>();
  /** Evidence of a root, by kind: its version. */
  readonly given = new Map<string, number>();
  /** Who took a step of a department in a root: in which instance first. */
  readonly deciders = new Map<string, number>();
  readonly asked = new Set<string>();
  readonly items: { readonly [item: string]: Item } = {
    felling: { department: "parks", kind: "application", appeal: "hearing", version: 1, retired: false, needs: ["map"] },
    hearing: { department: "appeals", kind: "appeal", appeal: "supreme", version: 1, retired: false, needs: [] },
    supreme: { department: "council", kind: "appeal", version: 1, retired: false, needs: [] },
    "fire-view": { department: "fire", kind: "part", version: 1, retired: false, needs: [] },
  };

  begin(time: number, name: string, item: string, more: Pick<Case, "applicant" | "root"> & Partial<Case>): void {
    const { department, kind, needs } = this.items[item]!;
    const stage = kind === "part" ? "asked" : "applied";
    const none = { status: "open", escalated: false, taken: [], parts: 0, split: 0, refused: 0, instance: 0, saw: [], renewed: false };
    const rest = { parent: undefined, rest: undefined, decider: undefined, appealed: false };
    this.cases.set(name, { name, item, needs, department, stage, since: time, due: time + within[stage]!, ...none, ...rest, ...more });
  }
  free(it: Case, decider: string): boolean {
    return it.parent !== undefined || (this.deciders.get(`${it.root} ${decider}`) ?? it.instance) === it.instance;
  }
  enter(time: number, it: Case, stage: string): void {
    it.stage = stage;
    const end = ends[stage];
    if (end === undefined) return void Object.assign(it, { due: time + within[stage]!, rest: undefined });
    Object.assign(it, { status: end, since: time, due: undefined, rest: undefined });
    const whole = it.parent;
    if (whole === undefined) return;
    whole.parts--;
    if (end === "refused") whole.refused++;
    if (whole.parts > 0 || whole.status !== "open") return;
    whole.due = whole.rest === undefined ? Math.max(whole.due!, time + days(3)) : time + whole.rest;
    whole.rest = undefined;
  }
  /** In the order of due times, then of keys; each once. */
  tick(time: number): void {
    const ran = new Set<Case>();
    for (;;) {
      const [it] = [...this.cases.values()]
        .filter((c) => c.due !== undefined && c.due <= time && !ran.has(c))
        .sort((a, b) => a.due! - b.due! || (a.name < b.name ? -1 : 1));
      if (it === undefined) return;
      ran.add(it);
      const grace = it.stage === "applied" ? days(5) : undefined;
      if (it.parts > 0) Object.assign(it, { escalated: true, due: undefined, rest: grace ?? within[it.stage]! });
      else if (grace !== undefined && !it.escalated) Object.assign(it, { escalated: true, due: time + grace });
      else this.enter(time, Object.assign(it, { decider: undefined, saw: [] }), lapses[it.stage]!);
    }
  }
  take(
    time: number,
    it: Case | undefined,
    name: string,
    by: string,
    ground: string | undefined,
    decider: string | undefined,
    saw: Case["saw"],
  ): boolean {
    if (it === undefined) return false;
    const step = steps[it.stage]?.[name];
    if (step === undefined || step[1] !== by || it.taken.filter((s) => s === name).length >= step[3]) return false;
    if (ground === undefined ? step[2] : !["protected", "incomplete"].includes(ground)) return false;
    if (decider !== undefined && (decider === it.applicant || !this.free(it, decider))) return false;
    const end = ends[step[0]];
    if (end !== undefined && it.parts > 0 && !(end === "closed" && by === "applicant")) return false;
    if (!saw.every(({ kind, version }) => this.given.get(`${it.root} ${kind}`) === version)) return false;
    if (end === "granted" && !it.needs.every((kind) => saw.some((named) => named.kind === kind))) return false;
    const place = `${it.root} ${decider}`;
    if (decider !== undefined && !this.deciders.has(place)) this.deciders.set(place, it.instance);
    it.saw = saw;
    it.taken.push(name);
    it.decider = decider;
    this.enter(time, it, step[0]);
    return true;
  }
}
const move = fc.record({
  act: fc.constantFrom(
    ...([
      "apply",
      "apply",
      "step",
      "step",
      "step",
      "step",
      "step",
      "stepAbove",
      "stepAbove",
      "stepOwn",
      "stepOwn",
      "supply",
      "supply",
    ] as const),
    ...(["ask", "split", "split", "appeal", "appeal", "appeal", "publish", "retire", "wait", "wait", "wait"] as const),
  ),
  pick: fc.nat(1_000),
  fit: fc.nat(9),
  step: fc.constantFrom("ask", "permit", "reject", "withdraw", "complete", "agree", "oppose", "lapse", "fly"),
  ground: fc.constantFrom(undefined, "protected", "protected", "incomplete", "ugly"),
  applicant: fc.constantFrom(...people, ...people, "tax"),
  kind: fc.constantFrom("map", "photo", "plan"),
  version: fc.constantFrom(-1, 0, 1, 1_000_001, Number.MAX_SAFE_INTEGER),
  days: fc.constantFrom(1, 4, 4, 9, 31),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...everybody), { maxLength: 3 }),
});

describe("whatever applicants and departments do", () => {
  test("cases stand where an exact model has them, and no act is accepted that the model refuses, nor the other way round", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(move, { minLength: 255, maxLength: 275 }), (moves) => {
        const it = start();
        const model = new Model();
        it.act("supreme", acts.publish, supreme, signedBy("health"));
        it.act("hearing", acts.publish, hearing, signedBy("courts"));
        it.act("view", acts.publish, fireView, signedBy("health"));
        it.act("felling", acts.publish, felling, signedBy("tax"));
        let names = 0;
        for (const m of moves) {
          total++;
          if (m.act === "wait") {
            const runs = it.advance(days(m.days));
            expect(runs.flatMap(({ result }) => [...result.flags])).toEqual([]);
            model.tick(it.time);
            continue;
          }
          const fits: { [act: string]: (c: Case) => boolean } = {
            step: (c) => c.status === "open" && !c.escalated && c.stage !== "completing",
            stepAbove: (c) => c.status === "open" && c.escalated && c.stage !== "completing",
            stepOwn: (c) => c.status === "open" && steps[c.stage]?.["withdraw"] !== undefined,
            split: (c) => c.status === "open" && c.parent === undefined && !c.escalated,
            appeal: (c) => c.status === "refused" && !c.appealed,
          };
          const all = [...model.cases.values()];
          const able = m.fit > 1 ? all.filter(fits[m.act] ?? ((c) => c.status === "open")) : all;
          const chosen = able[m.pick % Math.max(1, able.length)];
          const key = chosen?.name ?? "none";
          const legal = Object.keys(steps[chosen?.stage ?? ""] ?? {}).filter(
            (s) => (steps[chosen!.stage]![s]![1] === "applicant") === (m.act === "stepOwn"),
          );
          const step = m.fit > 2 && legal.length > 0 ? legal[m.pick % legal.length]! : m.step;
          const ground = m.fit > 2 ? "protected" : m.ground;
          const kinds = m.fit > 2 ? (chosen?.needs ?? []) : [m.kind];
          const saw = kinds.flatMap((kind) => {
            const now = model.given.get(`${chosen?.root} ${kind}`);
            return now === undefined ? [] : [{ kind, version: m.fit === 3 ? now + 1 : now }];
          });
          const taking = { case: key, step, saw, ...(ground !== undefined && { ground }) };
          const item = m.act === "retire" ? (["felling", "hearing", "fire-view"] as const)[m.pick % 3]! : "felling";
          const of = model.items[m.act === "split" ? "fire-view" : item]!;
          const version = m.fit > 1 ? of.version : m.version;
          const name = m.fit === 1 && chosen !== undefined ? key : `c-${names++}`;
          const needs = m.fit > 5 ? ["map", "photo"] : ["map"];
          const is = (args: object, ...should: (string | undefined)[]) => ({ args, should: should.map((who) => who ?? "tax") });
          const deciders = holders[chosen?.department ?? "parks"]!;
          const { args, should } = {
            apply: () => is({ case: name, item, version, applicant: m.applicant }, m.applicant),
            step: () => is(taking, deciders.find((who) => chosen === undefined || model.free(chosen, who)) ?? deciders[0]),
            stepAbove: () => is(taking, "land"),
            stepOwn: () => is(taking, chosen?.applicant),
            ask: () => is({ case: key, kind: m.kind }, deciders[0]),
            supply: () => is({ case: key, kind: m.kind, paper: paper(m.fit) }, chosen?.applicant),
            split: () => is({ case: key, parts: [{ case: name, item: "fire-view", version }] }, deciders[0]),
            appeal: () => is({ case: name, against: key }, chosen?.applicant),
            publish: () => is({ ...felling, needs }, "tax"),
            retire: () => is({ item }, holders[of.department]![0]),
          }[m.act]();
          const signers = m.honest > 1 ? should : m.signers;
          // What the model says of it: the time at which it will run first.
          const time = it.time + 1_000;
          model.tick(time);
          const c = model.cases.get(key);
          const decider = one(holders[c?.department ?? ""] ?? [], signers);
          const some = (who: string): boolean => holders[who]!.some((agency) => signers.includes(agency));
          const free = !model.cases.has(name);
          const expected = {
            apply() {
              if (!free || of.retired || version !== of.version || !signers.includes(m.applicant)) return false;
              model.begin(time, name, item, { applicant: m.applicant, root: name });
              return true;
            },
            step: () => decider !== undefined && c?.escalated === false && model.take(time, c, step, "department", ground, decider, saw),
            stepAbove: () =>
              signers.includes("land") && c?.escalated === true && model.take(time, c, step, "department", ground, "land", saw),
            stepOwn: () =>
              c !== undefined && signers.includes(c.applicant) && model.take(time, c, step, "applicant", ground, undefined, saw),
            ask() {
              const place = `${c?.root} ${m.kind}`;
              if (c?.status !== "open" || !some(c.department) || model.asked.has(place)) return false;
              model.asked.add(place);
              return true;
            },
            supply() {
              if (c?.status !== "open" || !signers.includes(c.applicant)) return false;
              const place = `${c.root} ${m.kind}`;
              model.asked.add(place);
              model.given.set(place, (model.given.get(place) ?? 0) + 1);
              const whole = c.parent ?? c;
              if (whole.split > whole.parts) whole.renewed = true;
              return true;
            },
            split() {
              if (c?.status !== "open" || !some(c.department) || c.escalated || c.parent !== undefined || c.split === 32 || !free)
                return false;
              if (of.retired || version !== of.version || c.rest !== undefined) return false;
              model.begin(time, name, "fire-view", { applicant: c.applicant, root: c.root, parent: c, instance: c.instance });
              Object.assign(c, { parts: c.parts + 1, split: c.split + 1 });
              return true;
            },
            appeal() {
              const to = model.items[c?.item ?? ""]?.appeal;
              if (c?.status !== "refused" || c.appealed || c.instance === 3 || time > c.since + days(30) || to === undefined) return false;
              if (!signers.includes(c.applicant) || !free) return false;
              model.begin(time, name, to, { applicant: c.applicant, root: c.root, instance: c.instance + 1 });
              c.appealed = true;
              return true;
            },
            publish() {
              if (!signers.includes("tax")) return false;
              Object.assign(model.items["felling"]!, { version: of.version + 1, retired: false, needs });
              return true;
            },
            retire() {
              if (of.retired || !some(of.department)) return false;
              of.retired = true;
              return true;
            },
          }[m.act]();
          const { outcome, code } = it.submit([{ action: `cases.${m.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          expect(`${m.act} ${JSON.stringify(args)} by ${signers.join(" ")}: ${outcome === 0} ${outcome === 0 ? "" : code}`).toMatch(
            `: ${expected} `,
          );
          if (outcome === 0) accepted.set(m.act, (accepted.get(m.act) ?? 0) + 1);
        }
        for (const [name, c] of model.cases) {
          const row = it.row(acts.cases, name)!;
          const { stage, due, rest, escalated, taken, parts, split, refused, decider, saw, renewed, instance } = row;
          expect({
            stage,
            due,
            rest,
            escalated,
            taken,
            parts,
            split,
            refused,
            decider,
            saw,
            renewed,
            instance,
            status: row.$.status,
          }).toEqual(
            (({ name: _n, item: _i, needs: _d, applicant: _a, department: _p, root: _r, parent: _q, since: _s, appealed: _l, ...same }) =>
              same)(c),
          );
        }
        passes(it, "cases");
        it.indexHolds();
      }),
      { numRuns: 32, seed: 26, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(8_000);
    const often = [...accepted].filter(([, times]) => times >= 20).length;
    expect(`${often} of 10 happen often: ${[...accepted].join(" ")}`).toMatch(/^10 /);
  });
});

// ── projects and suspicions ──────────────────────────────────────────────────────────────────────────────────────────────────────────
const tiers = ["planning", "fire"];
const reviewers: { readonly [tier: string]: string } = { planning: "tax", fire: "health" };
const other = fc.record({
  act: fc.constantFrom(
    ...([
      "openProject",
      "distribute",
      "distribute",
      "distribute",
      "review",
      "review",
      "review",
      "reviewAbove",
      "release",
      "release",
      "release",
      "withdrawProject",
    ] as const),
    ...([
      "suspect",
      "suspect",
      "answer",
      "answer",
      "measure",
      "refer",
      "drop",
      "contest",
      "rule",
      "rule",
      "exclude",
      "wait",
      "wait",
    ] as const),
  ),
  pick: fc.nat(1_000),
  fit: fc.nat(9),
  tier: fc.constantFrom(...tiers, ...tiers, ...tiers, "noise"),
  version: fc.constantFrom(0, 1, 2, -1, Number.MAX_SAFE_INTEGER),
  verdict: fc.constantFrom("signed" as const, "signed" as const, "objected" as const),
  ground: fc.constantFrom(undefined, "height", "height"),
  days: fc.constantFrom(1, 1, 1, 1, 3, 7, 15, 31, 61, 181),
  regulator: fc.constantFrom("tax", "health"),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...everybody), { maxLength: 3 }),
});
interface Project {
  status: string;
  due: number | undefined;
  readonly sheets: Map<string, { version: number; status: string; due: number | undefined; late: boolean }>;
}
interface Suspicion {
  status: string;
  due: number | undefined;
  overdue: boolean;
  readonly regulator: string;
  readonly capture: string;
  acts: number;
}

describe("whatever developers, tiers, regulators and platforms do", () => {
  test("projects and suspicions stand where an exact model has them", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(other, { minLength: 255, maxLength: 275 }), (moves) => {
        const it = start();
        const projects = new Map<string, Project>();
        const suspicions = new Map<string, Suspicion>();
        const standing = new Map<string, boolean>();
        let names = 0;
        for (let n = 0; n < 6; n++) {
          it.act(
            "a capture",
            evidence.deposit,
            { deposit: `cap-${n}`, kind: "capture", content: new Uint8Array(32).fill(n) },
            signedBy("tax"),
          );
          standing.set(`cap-${n}`, true);
        }
        const signed = (p: Project): number => [...p.sheets.values()].filter(({ status }) => status === "signed").length;
        const finish = (p: Project, status: string): void => {
          Object.assign(p, { status, due: undefined });
          for (const sheet of p.sheets.values()) sheet.due = undefined;
        };
        const count = (p: Project, time: number): void => {
          if (p.sheets.size === 2) p.due = signed(p) === 2 ? time + days(14) : undefined;
        };
        const tick = (time: number): void => {
          for (const p of projects.values()) {
            if (p.due !== undefined && p.due <= time) finish(p, signed(p) === 2 ? "released" : "lapsed");
          }
          // In the order of due times, then of keys.
          const parts = [...projects].flatMap(([name, p]) =>
            [...p.sheets].map(([tier, sheet]) => ({ p, sheet, place: `${name} ${tier}` })),
          );
          parts.sort((a, b) => a.sheet.due! - b.sheet.due! || (a.place < b.place ? -1 : 1));
          for (const { p, sheet } of parts) {
            if (sheet.due === undefined || sheet.due > time) continue;
            if (sheet.status === "open" && !sheet.late) Object.assign(sheet, { late: true, due: time + days(14) });
            else finish(p, "lapsed");
          }
          for (const s of suspicions.values()) {
            if (s.due === undefined || s.due > time) continue;
            if (s.status === "raised") Object.assign(s, { status: "heard", due: time + days(60) });
            else if (s.status === "heard") Object.assign(s, { status: "dropped", due: undefined });
            else if (s.status === "measured") Object.assign(s, { status: "final", due: undefined });
            else Object.assign(s, { overdue: true, due: undefined });
          }
        };
        for (const m of moves) {
          total++;
          if (m.act === "wait") {
            expect(it.advance(days(m.days)).flatMap(({ result }) => [...result.flags])).toEqual([]);
            tick(it.time);
            continue;
          }
          if (m.act === "exclude") {
            const deposit = `cap-${m.pick % 6}`;
            if (standing.get(deposit) !== true || m.fit > 1) continue;
            it.act("challenged", evidence.challenge, { deposit, by: "c:shop", ground: words }, signedBy("c:shop"));
            tick(it.time);
            it.act("excluded", evidence.decide, { deposit, by: "c:shop", decision: "upheld", reason: "altered" }, signedBy("courts"));
            tick(it.time);
            standing.set(deposit, false);
            continue;
          }
          const ready: { [act: string]: (p: Project) => boolean } = {
            distribute: (p) => p.sheets.size < 2,
            reviewAbove: (p) => [...p.sheets.values()].some(({ late, status }) => late && status !== m.verdict),
            review: (p) => [...p.sheets.values()].some(({ late, status }) => !late && status !== m.verdict),
            release: (p) => signed(p) === 2,
          };
          const openProjects = [...projects].filter(([, p]) => m.fit < 2 || (p.status === "in_review" && ready[m.act]?.(p) !== false));
          const project = openProjects[m.pick % Math.max(1, Math.min(2, openProjects.length))]?.[0] ?? "none";
          const wanted: { [act: string]: string } = {
            answer: "raised",
            measure: "heard",
            refer: "heard",
            drop: "heard",
            contest: "measured",
            rule: "referred",
          };
          const able = [...suspicions].filter(([, s]) => m.fit < 2 || s.status === wanted[m.act]);
          const suspicion = able[m.pick % Math.max(1, able.length)]?.[0] ?? "none";
          const name = `n-${names++}`;
          // Mostly a tier that waits for the act.
          const sheets = projects.get(project)?.sheets;
          const waits = tiers.find((t) =>
            m.act === "distribute"
              ? sheets?.has(t) !== true
              : (sheets?.get(t)?.status ?? m.verdict) !== m.verdict && sheets?.get(t)?.late === (m.act === "reviewAbove"),
          );
          const tier = m.fit > 2 ? (waits ?? "noise") : m.tier;
          const capture = `cap-${m.pick % 7}`;
          const act = { deposit: m.fit === 0 ? "cap-0" : `act-${name}`, document: new Uint8Array(32).fill(m.fit) };
          const sheet = projects.get(project)?.sheets.get(tier);
          const said = {
            ...{ project, tier: tier, version: m.fit > 1 ? (sheet?.version ?? 1) : m.version, verdict: m.verdict },
            ...(m.ground !== undefined && { ground: m.ground }),
          };
          const own = suspicions.get(suspicion)?.regulator ?? "tax";
          const is = (args: object, ...should: string[]) => ({ args, should });
          const opening = {
            project: name,
            developer: "c:shop",
            department: "parks",
            oversight: "mayor",
            tiers,
            within: m.fit === 0 ? 1 : days(14),
          };
          const { args, should } = {
            openProject: () => is(opening, "tax", "c:shop"),
            distribute: () => is({ project, tier: tier, content: { root: new Uint8Array(32).fill(m.fit), size: 3 } }, "c:shop"),
            review: () => is(said, reviewers[tier] ?? "tax"),
            reviewAbove: () => is(said, "land"),
            release: () => is({ project }, "tax"),
            withdrawProject: () => is({ project: m.fit > 6 ? project : "none" }, "c:shop"),
            suspect: () => is({ suspicion: name, platform: "c:shop", captures: [capture], ground: "x", ...act }, m.regulator),
            answer: () => is({ suspicion, words }, "c:shop"),
            measure: () => is({ suspicion, measure: "fine", ...act }, own),
            refer: () => is({ suspicion, ...act }, own),
            drop: () => is({ suspicion, ...act }, own),
            contest: () => is({ suspicion, words }, "c:shop"),
            rule: () => is({ suspicion, decision: m.fit > 5 ? "upheld" : "quashed", ground: "x" }, "courts"),
          }[m.act]();
          const signers = m.honest > 1 ? should : m.signers;
          const time = it.time + 1_000;
          tick(time);
          const p = projects.get(project);
          const s = suspicions.get(suspicion);
          const has = (who: string): boolean => signers.includes(who);
          const judge = (above: boolean): boolean => {
            if (p?.status !== "in_review" || sheet?.late !== above || sheet.version !== said.version) return false;
            if (sheet.status === m.verdict || (m.verdict === "objected" && m.ground === undefined)) return false;
            Object.assign(sheet, { status: m.verdict, due: m.verdict === "signed" ? undefined : time + days(14) });
            count(p, time);
            return true;
          };
          const follow = (to: string, due: number | undefined): boolean => {
            if (s?.status !== "heard" || !has(s.regulator) || standing.get(s.capture) !== true || m.fit === 0) return false;
            Object.assign(s, { status: to, due, acts: s.acts + 1 });
            return true;
          };
          const expected = {
            openProject() {
              if (!has("tax") || !has("c:shop") || m.fit === 0) return false;
              projects.set(name, { status: "in_review", due: time + days(14), sheets: new Map() });
              return true;
            },
            distribute() {
              if (p?.status !== "in_review" || !tiers.includes(tier) || !has("c:shop")) return false;
              p.sheets.set(tier, { version: (sheet?.version ?? 0) + 1, status: "open", due: time + days(14), late: false });
              count(p, time);
              return true;
            },
            review: () => has(reviewers[tier] ?? "nobody") && judge(false),
            reviewAbove: () => has("land") && judge(true),
            release() {
              if (p?.status !== "in_review" || signed(p) < 2 || !has("tax")) return false;
              finish(p, "released");
              return true;
            },
            withdrawProject() {
              if (p?.status !== "in_review" || !has("c:shop") || m.fit <= 6) return false;
              finish(p, "withdrawn");
              return true;
            },
            suspect() {
              const regulator = one(["tax", "health"], signers);
              if (regulator === undefined || standing.get(capture) !== true || m.fit === 0) return false;
              suspicions.set(name, { status: "raised", due: time + days(14), overdue: false, regulator, capture, acts: 1 });
              return true;
            },
            answer() {
              if (s?.status !== "raised" || !has("c:shop")) return false;
              Object.assign(s, { status: "heard", due: time + days(60) });
              return true;
            },
            measure: () => follow("measured", time + days(30)),
            refer: () => follow("referred", time + days(180)),
            drop() {
              if (s === undefined || !["raised", "heard", "measured"].includes(s.status) || !has(s.regulator) || m.fit === 0) return false;
              Object.assign(s, { status: "dropped", due: undefined, acts: s.acts + 1 });
              return true;
            },
            contest() {
              if (s?.status !== "measured" || !has("c:shop")) return false;
              Object.assign(s, { status: "referred", due: time + days(180) });
              return true;
            },
            rule() {
              const court = one(["tax", "courts"], signers);
              if (s?.status !== "referred" || court === undefined || court === s.regulator) return false;
              Object.assign(s, { status: m.fit > 5 ? "upheld" : "quashed", due: undefined });
              return true;
            },
          }[m.act]();
          const { outcome, code } = it.submit([{ action: `cases.${m.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          expect(`${m.act} ${JSON.stringify(args)} by ${signers.join(" ")}: ${outcome === 0} ${outcome === 0 ? "" : code}`).toMatch(
            `: ${expected} `,
          );
          if (outcome === 0) accepted.set(m.act, (accepted.get(m.act) ?? 0) + 1);
        }
        for (const [name, p] of projects) {
          const row = it.row(acts.projects, name)!;
          expect([row.$.status, row.due, row.handed, row.signed]).toEqual([p.status, p.due, p.sheets.size, signed(p)]);
          for (const [tier, sheet] of p.sheets) {
            const part = it.row(acts.sheets, name, tier)!;
            expect([part.$.status, part.late, part.due, part.version]).toEqual([sheet.status, sheet.late, sheet.due, sheet.version]);
          }
        }
        for (const [name, s] of suspicions) {
          const row = it.row(acts.suspicions, name)!;
          expect([row.$.status, row.overdue, row.due, row.acts.length]).toEqual([s.status, s.overdue, s.due, s.acts]);
        }
        passes(it, "cases");
        it.indexHolds();
      }),
      { numRuns: 20, seed: 27, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(5_000);
    const often = [...accepted].filter(([, times]) => times >= 10).length;
    expect(`${often} of 13 happen often: ${[...accepted].join(" ")}`).toMatch(/^13 /);
  });
});
