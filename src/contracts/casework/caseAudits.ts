// What an auditor recomputes of casework: where cases stand, how parts join, that evidence was there, who decided appeals, who signed projects, that acts of a
// regulator are deposited. Owns these audits. Does not own: how rows come in (engine/audit.ts). Between rows versions, counts and open wishes are remembered.

import { deposits } from "../documents/evidence.ts";
import type { Row } from "../engine/index.ts";
import { statusOf, TIME_LIMIT } from "../kit/process.ts";
import { cases, casework, deciders, items, papers, projects, sheets, suspicions, versions } from "./caseRecords.ts";

type Version = Row<typeof versions>;
const nameOf = ({ item, version }: { readonly item: string; readonly version: number }): string => `${item} ${version}`;

export const legality = casework.audit({
  title: "Every case stands where the version lets it stand that it began under, and refuses on grounds that this version knows",
  run(audit) {
    const current = new Map<string, number>();
    const known = new Map<string, Version>();
    let [open, escalated] = [0, 0];
    audit.each(items, ({ item, version }) => void current.set(item, version));
    audit.each(versions, (it) => {
      known.set(nameOf(it), it);
      audit.require(it.version <= (current.get(it.item) ?? 0), "a version above the one in force");
    });
    audit.each(cases, (it) => {
      const of = known.get(nameOf(it));
      if (of === undefined) return audit.require(false, "a case without its version");
      const status = statusOf(of.process, it.stage);
      audit.require(status !== undefined && (status.ends ?? "open") === it.$.status, "a stage and a status that differ", {
        stage: it.stage,
      });
      const clocks = [it.due, it.rest].filter((clock) => clock !== undefined).length;
      audit.require(clocks === (it.$.status === "open" ? 1 : 0), "an open case has one clock, an ended one none");
      audit.require(it.rest === undefined || it.parts > 0, "a case waits for parts that it does not have");
      const { steps } = of.process;
      const times = steps.every(({ step, times: most }) => it.taken.filter((name) => name === step).length <= most);
      audit.require(times && it.taken.every((name) => steps.some(({ step }) => step === name)), "steps that its version does not have");
      const grounds: readonly (string | undefined)[] = [TIME_LIMIT, ...of.grounds];
      audit.require(
        grounds.includes(it.ground) || (it.ground === undefined && it.$.status !== "refused"),
        "a ground that its version does not know",
      );
      if (it.$.status === "open") open++;
      if (it.$.status === "open" && it.escalated) escalated++;
    });
    audit.end(() => {
      for (const [item, version] of current) audit.require(known.has(nameOf({ item, version })), "an item without its version", { item });
      audit.figure("open", open);
      audit.figure("escalated", escalated);
    });
  },
});

export const joins = casework.audit({
  title: "The parts of every case are as many, open and refused, as it says; none is open when it is decided",
  run(audit) {
    const none = { parts: 0, split: 0, refused: 0 };
    const says = new Map<string, typeof none>();
    const seen = new Map<string, typeof none>();
    audit.each(cases, ({ $, case: key, parent, parts, split, refused }) => {
      if (split > 0) says.set(key, { parts, split, refused });
      audit.require(["open", "closed"].includes($.status) || parts === 0, "it is decided, and parts of it are open");
      audit.require(split > 0 || (parts === 0 && refused === 0), "parts without a split");
      if (parent === undefined) return;
      audit.require(split === 0, "a part of a part");
      const it = seen.get(parent) ?? none;
      const more = {
        parts: it.parts + ($.status === "open" ? 1 : 0),
        split: it.split + 1,
        refused: it.refused + ($.status === "refused" ? 1 : 0),
      };
      seen.set(parent, more);
    });
    audit.end(() => {
      for (const key of new Set([...says.keys(), ...seen.keys()])) {
        const [a, b] = [says.get(key) ?? none, seen.get(key) ?? none];
        audit.require(a.parts === b.parts && a.split === b.split && a.refused === b.refused, "its parts are not as it says", { case: key });
      }
    });
  },
});

export const proven = casework.audit({
  title: "What was granted has all the evidence that its item names, in the versions that it rests on",
  run(audit) {
    const known = new Map<string, readonly string[]>();
    const wanted = new Map<string, string>();
    audit.each(versions, (it) => void known.set(nameOf(it), it.needs));
    const seen = new Map<string, number>();
    audit.each(cases, ({ $, case: key, root, saw, ...it }) => {
      for (const { kind, version } of saw) seen.set(`${root} ${kind}`, Math.max(version, seen.get(`${root} ${kind}`) ?? 0));
      if ($.status !== "granted") return;
      for (const kind of known.get(nameOf(it)) ?? []) {
        wanted.set(`${root} ${kind}`, key);
        audit.require(
          saw.some((one) => one.kind === kind),
          "granted without saying on which evidence",
          { kind },
        );
      }
    });
    audit.each(papers, ({ $, root, kind, paper, version }) => {
      audit.require(($.status === "given") === (paper !== undefined), "evidence is there once it is given");
      audit.require(($.status === "given") === version > 0, "a version of what was not given, or none of what was");
      audit.require((seen.get(`${root} ${kind}`) ?? 0) <= version, "a step rests on evidence that is not there yet", { kind });
      if ($.status === "given") wanted.delete(`${root} ${kind}`);
    });
    audit.end(() => {
      for (const [name, key] of wanted) audit.require(false, "granted without evidence", { case: key, kind: name.split(" ")[1] });
    });
  },
});

export const appeals = casework.audit({
  title: "Every appeal is against a refusal that names it, and none is decided by who took a step before",
  run(audit) {
    interface Link {
      readonly appeal: string;
      readonly applicant: string;
      readonly root: string;
      readonly instance: number;
    }
    const first = new Map<string, number>();
    const appealed = new Map<string, Link>();
    const heard = new Map<string, Link>();
    audit.each(deciders, ({ root, decider, instance }) => void first.set(`${root} ${decider}`, instance));
    audit.each(cases, ({ $, case: key, applicant, root, instance, parent, appeal, against, decider }) => {
      const since = decider === undefined ? instance : first.get(`${root} ${decider}`);
      const free = since !== undefined && (parent === undefined ? since === instance : since <= instance);
      audit.require(free && decider !== applicant, "decided by who may not", { decider });
      if (appeal !== undefined) {
        audit.require($.status === "refused", "an appeal against what was not refused");
        appealed.set(key, { appeal, applicant, root, instance: instance + 1 });
      }
      if (against !== undefined) heard.set(against, { appeal: key, applicant, root, instance });
    });
    audit.end(() => {
      for (const key of new Set([...appealed.keys(), ...heard.keys()])) {
        const [a, b] = [appealed.get(key), heard.get(key)];
        const same = a?.appeal === b?.appeal && a?.applicant === b?.applicant && a?.root === b?.root && a?.instance === b?.instance;
        audit.require(same, "an appeal and its refusal do not name each other", { case: key });
      }
      audit.figure("appeals", heard.size);
    });
  },
});

export const signatures = casework.audit({
  title:
    "Every project says how many of its tiers have their part and have signed, is released only with all, is signed by nobody for himself, and waits for somebody",
  run(audit) {
    const says = new Map<string, { handed: number; signed: number; waits: boolean; open: boolean }>();
    audit.each(projects, ({ $, project, tiers, handed, signed, due }) => {
      const open = $.status === "in_review";
      says.set(project, { handed, signed, waits: !open || due !== undefined, open });
      audit.require($.status !== "released" || signed === tiers.length, "released without a tier", { signed, tiers: tiers.length });
      const own = open && (handed < tiers.length || signed === tiers.length);
      audit.require(own === (due !== undefined), "a project has a time of its own while parts are missing and once all have signed");
    });
    audit.each(sheets, ({ $, project, reviewer, developer, ground, due }) => {
      audit.require(($.status === "open") === (reviewer === undefined), "a sheet has a reviewer once it is reviewed");
      audit.require(reviewer !== developer, "a developer reviewed himself");
      audit.require($.status !== "objected" || ground !== undefined, "an objection without a ground");
      const of = says.get(project);
      if (of === undefined) return audit.require(false, "a sheet of no project");
      audit.require(
        (due !== undefined) === (of.open && $.status !== "signed"),
        "a part has its time until it is signed or the project ends",
      );
      of.handed--;
      if ($.status === "signed") of.signed--;
      if (due !== undefined) of.waits = true;
    });
    audit.end(() => {
      for (const [project, { handed, signed, waits }] of says) {
        audit.require(handed === 0 && signed === 0, "parts or signatures are not as many as it says", { project, handed, signed });
        audit.require(waits, "a review that waits for nothing", { project });
      }
    });
  },
});

export const acts = casework.audit({
  title: "Every act of a regulator is deposited as evidence by itself, every suspicion rests on deposits; a court is another agency",
  run(audit) {
    const wanted = new Map<string, { readonly by: string | undefined; readonly suspicion: string }>();
    audit.each(suspicions, ({ suspicion, regulator, platform, captures, acts: own, court, due, $ }) => {
      for (const name of captures) if (!wanted.has(name)) wanted.set(name, { by: undefined, suspicion });
      for (const name of own) wanted.set(name, { by: regulator, suspicion });
      audit.require(court === undefined || (court !== regulator && court !== platform), "a court in its own cause", { court });
      audit.require(
        own.length >= (["measured", "final", "referred", "upheld", "quashed"].includes($.status) ? 2 : 1),
        "an act without evidence",
      );
      audit.require(due === undefined || ["raised", "heard", "measured", "referred"].includes($.status), "what has ended has no time");
    });
    audit.each(deposits, ({ deposit, depositor }) => {
      const it = wanted.get(deposit);
      if (it === undefined) return;
      audit.require(it.by === undefined || it.by === depositor, "an act deposited by somebody else", { depositor });
      wanted.delete(deposit);
    });
    audit.end(() => {
      for (const [deposit, { suspicion }] of wanted) audit.require(false, "evidence that is not deposited", { deposit, suspicion });
    });
  },
});
