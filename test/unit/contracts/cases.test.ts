// Casework: approvals (service 26), parallel review (27), one-stop cases (28), market supervision (12); whatever people and departments try.

import { describe, expect, test } from "vitest";
import casework, * as acts from "../../../src/contracts/casework/cases.ts";
import * as evidence from "../../../src/contracts/documents/evidence.ts";
import { type Action, days, hours } from "../../../src/contracts/engine/index.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { TIME_LIMIT } from "../../../src/contracts/kit/process.ts";
import { findsTampered, passes } from "./audited.ts";
import { application, applied, at, fireView, felling, founding, hearing, paper, permit, sealedWords, supreme, town } from "./casesTown.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";

const ground = "protected";
const words = sealedWords;
const onMap = { saw: [{ kind: "map", version: 1 }] };

describe("an item", () => {
  test("is a department's own to publish, sound, and with somebody else to appeal to", () => {
    const it = founding();
    const by = signedBy("tax");
    it.refused("of another department", "engine.not_entitled", acts.publish, { ...felling, department: "fire" }, by);
    it.refused("before its appeal is there", "cases.appeal_missing", acts.publish, felling, by);
    it.act("the last appeal", acts.publish, supreme, signedBy("health"));
    it.act("the appeal", acts.publish, hearing, signedBy("courts"));
    const { appeal: _, ...without } = felling;
    it.refused("without an appeal", "cases.appeal_missing", acts.publish, without, by);
    it.refused("appealed to itself", "cases.appeal_missing", acts.publish, { ...hearing, appeal: "hearing" }, signedBy("courts"));
    it.refused("appealed to who is above", "cases.appeal_missing", acts.publish, { ...felling, oversight: "appeals" }, by);
    it.refused("a part with an appeal", "cases.appeal_missing", acts.publish, { ...fireView, appeal: "hearing" }, signedBy("health"));
    const endless = { ...permit, statuses: permit.statuses.map(({ within: _none, ...s }) => s) };
    it.refused("without time limits", "cases.process_unsound", acts.publish, { ...felling, process: endless }, by);
    const tacit = { ...permit, steps: permit.steps.map((s) => (s.step === "lapse" ? { ...s, to: "permitted" } : s)) };
    it.refused("granted by silence without its evidence", "cases.process_unsound", acts.publish, { ...felling, process: tacit }, by);
    it.act("granted by silence where nothing is needed", acts.publish, { ...felling, item: "fence", needs: [], process: tacit }, by);
    const graced = permit.statuses.map((s) => (s.status === "completing" ? { ...s, grace: days(5) } : s));
    const moot = { statuses: graced, steps: permit.steps.map((s) => (s.step === "withdraw" ? { ...s, by: "department" } : s)) };
    it.refused("closed by the office", "cases.refusal_hidden", acts.publish, { ...felling, process: moot }, by);
    const silent = { ...permit, steps: permit.steps.map((s) => (s.step === "lapse" ? { ...s, to: "ended" } : s)) };
    it.refused("closed by its silence", "cases.refusal_hidden", acts.publish, { ...felling, process: silent }, by);
    it.act("felling", acts.publish, felling, by);
    const steps = (change: (s: (typeof permit.steps)[number]) => object) => ({
      ...permit,
      steps: permit.steps.map((s) => ({ ...s, ...change(s) })),
    });
    const hides = (says: string, process: typeof permit) =>
      it.refused(says, "cases.refusal_hidden", acts.publish, { ...felling, process }, by);
    hides(
      "asked twice, completed once",
      steps((s) => (s.step === "complete" ? { times: 1 } : {})),
    );
    hides("asked, with no way but giving up", { ...permit, steps: permit.steps.filter((s) => s.step !== "complete") });
    hides(
      "completed only to an end",
      steps((s) => (s.step === "complete" ? { to: "ended" } : {})),
    );
    hides(
      "completed for a ground that may not be known",
      steps((s) => (s.step === "complete" ? { ground: true } : {})),
    );
    hides(
      "completed by a step that is spent elsewhere",
      steps((s) => (s.step === "complete" ? { from: ["applied", "completing"] } : {})),
    );
    const late = { status: "reminded", within: days(5), step: "forget" };
    const reminded = {
      statuses: [...permit.statuses.map((s) => (s.status === "completing" ? { ...s, step: "remind" } : s)), late],
      steps: [
        ...permit.steps.map((s) => (s.step === "forget" ? { ...s, from: ["reminded"] } : s)),
        { step: "remind", from: ["completing"], to: "reminded", by: "chain", ground: false, times: 1 },
      ],
    };
    hides("reminded, with no way on", reminded);
    const goesOn = reminded.steps.map((s) => (s.step === "complete" ? { ...s, from: ["completing", "reminded"] } : s));
    it.act("reminded, and completed then", acts.publish, { ...felling, item: "reminding", process: { ...reminded, steps: goesOn } }, by);
    const below = { ...permit, statuses: permit.statuses.map(({ grace: _grace, ...s }) => s) };
    it.refused("that never escalates", "cases.process_unsound", acts.publish, { ...felling, process: below }, by);
    it.refused("another's item", "cases.other_department", acts.publish, { ...fireView, item: "felling" }, signedBy("health"));
    it.refused("of another kind", "cases.other_department", acts.publish, { ...felling, kind: "appeal" }, by);
    it.act("the next version", acts.publish, { ...felling, needs: ["map", "photo"] }, by);
    expect(it.row(acts.items, "felling")).toMatchObject({ version: 2 });
    expect(it.row(acts.versions, "felling", 1)).toMatchObject({ needs: ["map"] });
    passes(it, "cases");
  });

  test("serves new cases in its version in force; what began goes on under its own, also when the item is retired", () => {
    const it = applied();
    it.act("the next version needs a photo", acts.publish, { ...felling, needs: ["map", "photo"] }, signedBy("tax"));
    it.refused("under the old version", "cases.not_in_force", acts.apply, application("c-2"), signedBy("ann"));
    it.refused("an item for parts", "cases.not_in_force", acts.apply, { ...application("c-2"), item: "fire-view" }, signedBy("ann"));
    it.act("under the new", acts.apply, { ...application("c-2", "bob"), version: 2 }, signedBy("bob"));
    it.refused("retired by another", "engine.not_entitled", acts.retire, { item: "felling" }, signedBy("health"));
    it.act("retired", acts.retire, { item: "felling" }, signedBy("tax"));
    it.refused("a new case", "cases.not_in_force", acts.apply, { ...application("c-3"), version: 2 }, signedBy("ann"));
    it.act("Ann's is permitted under version 1", acts.step, { case: "c-1", step: "permit", ...onMap }, signedBy("tax"));
    it.refused("Bob's lacks a photo", "cases.evidence_missing", acts.step, { case: "c-2", step: "permit" }, signedBy("tax"));
    it.act("Bob's is rejected", acts.step, { case: "c-2", step: "reject", ground, words }, signedBy("tax"));
    it.act("the court retires appeals", acts.retire, { item: "hearing" }, signedBy("courts"));
    it.act("Bob appeals all the same", acts.appeal, { case: "c-2-a", against: "c-2", words }, signedBy("bob"));
    it.act("the item comes back", acts.publish, felling, signedBy("tax"));
    it.act("a new case", acts.apply, { ...application("c-3"), version: 3 }, signedBy("ann"));
    passes(it, "cases");
  });
});

describe("a case", () => {
  test("goes by legal steps only, each by whom it belongs to, as often as the item says", () => {
    const it = town();
    it.refused("Bob for Ann", "engine.signature_missing", acts.apply, application(), signedBy("bob"));
    it.act("Ann applies", acts.apply, application(), signedBy("ann"));
    it.refused("twice", "engine.already_exists", acts.apply, application(), signedBy("ann"));
    const [by, own] = [signedBy("tax"), signedBy("ann")];
    it.refused("completed before it was asked", "cases.step_illegal", acts.stepOwn, { case: "c-1", step: "complete" }, own);
    it.refused("a step of time", "cases.step_illegal", acts.step, { case: "c-1", step: "lapse", ground }, by);
    it.refused("Ann permits herself", "cases.step_illegal", acts.stepOwn, { case: "c-1", step: "permit", ...onMap }, own);
    it.refused("the fire office permits", "engine.not_entitled", acts.step, { case: "c-1", step: "permit", ...onMap }, signedBy("health"));
    it.refused(
      "the mayor before it is his",
      "cases.escalation",
      acts.stepAbove,
      { case: "c-1", step: "permit", ...onMap },
      signedBy("land"),
    );
    it.refused("rejected without a ground", "cases.ground_missing", acts.step, { case: "c-1", step: "reject" }, by);
    it.refused("for no known ground", "cases.ground_missing", acts.step, { case: "c-1", step: "reject", ground: "ugly" }, by);
    it.refused("permitted without the map", "cases.evidence_missing", acts.step, { case: "c-1", step: "permit", ...onMap }, by);
    for (const turn of [1, 2]) {
      it.act(`asked ${turn}`, acts.step, { case: "c-1", step: "ask", ground: "incomplete" }, by);
      it.refused("decided meanwhile", "cases.step_illegal", acts.step, { case: "c-1", step: "reject", ground }, by);
      it.refused("Bob completes", "engine.signature_missing", acts.stepOwn, { case: "c-1", step: "complete" }, signedBy("bob"));
      it.act("completed", acts.stepOwn, { case: "c-1", step: "complete" }, own);
    }
    it.refused("a third time", "cases.step_illegal", acts.step, { case: "c-1", step: "ask", ground: "incomplete" }, by);
    it.act("the map", acts.supply, { case: "c-1", kind: "map", paper: paper(1) }, own);
    it.act("permitted", acts.step, { case: "c-1", step: "permit", ...onMap }, by);
    expect(at(it)).toBe("granted permitted");
    expect(it.row(acts.cases, "c-1")).toMatchObject({ decider: "tax" });
    it.refused("rejected after that", "cases.step_illegal", acts.step, { case: "c-1", step: "reject", ground }, by);
    it.refused("more evidence", "cases.decided", acts.supply, { case: "c-1", kind: "map", paper: paper(2) }, own);
    it.refused("an appeal", "cases.not_appealable", acts.appeal, { case: "c-9", against: "c-1" }, own);
    passes(it, "cases");
  });

  test("over its time goes to the authority above and, after that, the way its item says", () => {
    const it = applied();
    it.advance(days(10) - 10_000);
    expect(at(it)).toBe("open applied");
    it.advance(10_000);
    expect(at(it)).toBe("open applied above");
    it.refused("the department, too late", "cases.escalation", acts.step, { case: "c-1", step: "permit", ...onMap }, signedBy("tax"));
    it.refused(
      "split by it",
      "cases.escalation",
      acts.split,
      { case: "c-1", parts: [{ case: "x", item: "fire-view", version: 1 }] },
      signedBy("tax"),
    );
    it.act("the mayor asks", acts.stepAbove, { case: "c-1", step: "ask", ground: "incomplete" }, signedBy("land"));
    it.act("Ann completes", acts.stepOwn, { case: "c-1", step: "complete" }, signedBy("ann"));
    it.act("the mayor permits", acts.stepAbove, { case: "c-1", step: "permit", ...onMap }, signedBy("land"));
    expect(it.row(acts.cases, "c-1")).toMatchObject({ decider: "land" });

    it.act("Bob applies", acts.apply, application("c-2", "bob"), signedBy("bob"));
    const runs = [...it.advance(days(10)), ...it.advance(days(5))];
    expect(runs.map(({ name, result }) => [name, result.flags])).toEqual([
      ["overdue", []],
      ["overdue", []],
    ]);
    expect([at(it, "c-2"), it.row(acts.cases, "c-2")?.ground]).toEqual(["refused rejected above", TIME_LIMIT]);
    it.act("silence is refused, and appealed", acts.appeal, { case: "c-2-a", against: "c-2", words }, signedBy("bob"));

    it.act("Ann applies again", acts.apply, application("c-3"), signedBy("ann"));
    it.act("is asked", acts.step, { case: "c-3", step: "ask", ground: "incomplete" }, signedBy("tax"));
    it.advance(days(30));
    expect(at(it, "c-3")).toBe("closed ended");
    passes(it, "cases");
    it.indexHolds();
  });

  test("withdrawn is over; nobody decides on his own", () => {
    const it = applied();
    it.refused("withdrawn by Bob", "engine.signature_missing", acts.stepOwn, { case: "c-1", step: "withdraw" }, signedBy("bob"));
    it.act("withdrawn", acts.stepOwn, { case: "c-1", step: "withdraw" }, signedBy("ann"));
    expect(at(it)).toBe("closed ended");
    it.refused("no appeal", "cases.not_appealable", acts.appeal, { case: "c-9", against: "c-1" }, signedBy("ann"));
    it.act("the tax office applies to its own park", acts.apply, { ...application("own"), applicant: "tax" }, signedBy("tax"));
    it.act("map", acts.supply, { case: "own", kind: "map", paper: paper(3) }, signedBy("tax"));
    it.refused("and permits itself", "cases.own_cause", acts.step, { case: "own", step: "permit", ...onMap }, signedBy("tax"));
    it.advance(days(10));
    it.act("the mayor does", acts.stepAbove, { case: "own", step: "permit", ...onMap }, signedBy("land"));
    passes(it, "cases");
  });

  test("says who must sign what", () => {
    const it = applied();
    expect(it.needs(acts.step, { case: "c-1", step: "permit", ...onMap })).toEqual([
      { slot: "department", role: "cases.department", scope: "parks", met: false },
    ]);
    expect(it.needs(acts.stepOwn, { case: "c-1", step: "withdraw" })).toEqual([{ slot: "applicant", party: "p:ann", met: false }]);
  });
});

describe("an appeal", () => {
  test("is before another department and agency, once, in time, with the evidence there was", () => {
    const it = applied();
    it.refused("before there is a refusal", "cases.not_appealable", acts.appeal, { case: "a-1", against: "c-1" }, signedBy("ann"));
    it.act("rejected", acts.step, { case: "c-1", step: "reject", ground, words }, signedBy("tax"));
    it.refused("by Bob", "engine.signature_missing", acts.appeal, { case: "a-1", against: "c-1" }, signedBy("bob"));
    it.act("Ann appeals", acts.appeal, { case: "a-1", against: "c-1", words }, signedBy("ann"));
    it.refused("twice", "cases.not_appealable", acts.appeal, { case: "a-9", against: "c-1" }, signedBy("ann"));
    expect(it.row(acts.cases, "a-1")).toMatchObject({ department: "appeals", root: "c-1", instance: 1, plea: words });
    expect(it.row(acts.deciders, "c-1", "tax")?.instance).toBe(0);
    it.refused("decided by the parks office", "engine.not_entitled", acts.step, { case: "a-1", step: "permit" }, signedBy("tax"));
    it.act("the court rejects", acts.step, { case: "a-1", step: "reject", ground, words }, signedBy("courts"));
    it.act("the last appeal", acts.appeal, { case: "a-2", against: "a-1" }, signedBy("ann"));
    it.refused("heard by who decided first", "cases.another_decider", acts.step, { case: "a-2", step: "permit" }, signedBy("tax"));
    it.act("health hears it", acts.step, { case: "a-2", step: "reject", ground }, signedBy("health"));
    it.refused("none is above", "cases.not_appealable", acts.appeal, { case: "a-3", against: "a-2" }, signedBy("ann"));
    passes(it, "cases");

    it.act("Bob applies", acts.apply, application("c-2", "bob"), signedBy("bob"));
    it.act("rejected", acts.step, { case: "c-2", step: "reject", ground }, signedBy("tax"));
    it.advance(days(30));
    it.refused("too late", "cases.not_appealable", acts.appeal, { case: "b-1", against: "c-2" }, signedBy("bob"));
  });

  test("is decided by none who took a step before it: in a part, or by what time confirmed", () => {
    const it = applied();
    it.act("split", acts.split, { case: "c-1", parts: [{ case: "p-1", item: "fire-view", version: 1 }] }, signedBy("tax"));
    it.act("health opposes", acts.step, { case: "p-1", step: "oppose", ground }, signedBy("health"));
    it.act("rejected for that", acts.step, { case: "c-1", step: "reject", ground }, signedBy("tax"));
    it.act("an appeal", acts.appeal, { case: "a-1", against: "c-1" }, signedBy("ann"));
    it.act(
      "the fire office is asked again",
      acts.split,
      { case: "a-1", parts: [{ case: "p-2", item: "fire-view", version: 1 }] },
      signedBy("courts"),
    );
    it.act("and may say what it thinks", acts.step, { case: "p-2", step: "oppose", ground }, signedBy("health"));
    it.act("the court rejects", acts.step, { case: "a-1", step: "reject", ground }, signedBy("courts"));
    it.act("the last appeal", acts.appeal, { case: "a-2", against: "a-1" }, signedBy("ann"));
    for (const who of ["health", "tax"])
      it.refused(`${who} hears it`, "cases.another_decider", acts.step, { case: "a-2", step: "reject", ground }, signedBy(who));
    passes(it, "cases");
    expect(findsTampered(it, "cases", acts.deciders, ["c-1", "courts"], { instance: 0 })).toEqual(["appeals"]);

    const announced = founding();
    announced.act("the last appeal", acts.publish, supreme, signedBy("health"));
    const process = {
      statuses: [
        { status: "applied", within: days(10), grace: days(5), step: "lapse" },
        { status: "announced", within: days(10), grace: days(5), step: "confirm" },
        { status: "permitted", ends: "granted" as const },
        { status: "rejected", ends: "refused" as const },
      ],
      steps: [
        { step: "announce", from: ["applied"], to: "announced", by: "department", ground: true, times: 1 },
        { step: "permit", from: ["applied", "announced"], to: "permitted", by: "department", ground: false, times: 1 },
        { step: "lapse", from: ["applied"], to: "rejected", by: "chain", ground: false, times: 1 },
        { step: "confirm", from: ["announced"], to: "rejected", by: "chain", ground: false, times: 1 },
      ],
    };
    announced.act("felling", acts.publish, { ...felling, needs: [], appeal: "supreme", process }, signedBy("tax"));
    announced.act("Ann applies", acts.apply, application(), signedBy("ann"));
    announced.act("a refusal is announced", acts.step, { case: "c-1", step: "announce", ground }, signedBy("tax"));
    announced.advance(days(10));
    announced.advance(days(5));
    expect(at(announced)).toBe("refused rejected above");
    announced.act("Ann appeals", acts.appeal, { case: "a-1", against: "c-1" }, signedBy("ann"));
    announced.refused("who announced it", "cases.another_decider", acts.step, { case: "a-1", step: "permit" }, signedBy("tax"));
    announced.act("another", acts.step, { case: "a-1", step: "permit" }, signedBy("health"));
    passes(announced, "cases");
  });

  test("comes three times in a row at most, however items name each other", () => {
    const it = applied();
    it.act("a circle", acts.publish, { ...supreme, appeal: "hearing" }, signedBy("health"));
    it.act("rejected", acts.step, { case: "c-1", step: "reject", ground }, signedBy("tax"));
    it.act("1", acts.appeal, { case: "a-1", against: "c-1" }, signedBy("ann"));
    it.act("rejected", acts.step, { case: "a-1", step: "reject", ground }, signedBy("courts"));
    it.act("2", acts.appeal, { case: "a-2", against: "a-1" }, signedBy("ann"));
    it.act("rejected", acts.step, { case: "a-2", step: "reject", ground }, signedBy("health"));
    it.act("3", acts.appeal, { case: "a-3", against: "a-2" }, signedBy("ann"));
    it.refused("by the court again", "cases.another_decider", acts.step, { case: "a-3", step: "permit" }, signedBy("courts"));
    it.advance(days(10));
    it.act("the mayor", acts.stepAbove, { case: "a-3", step: "reject", ground }, signedBy("land"));
    it.refused("4", "cases.not_appealable", acts.appeal, { case: "a-4", against: "a-3" }, signedBy("ann"));
    passes(it, "cases");
  });
});

describe("a one-stop case", () => {
  const parts = (...names: string[]) => names.map((name) => ({ case: name, item: "fire-view", version: 1 }));
  test("asks for evidence once, for all its parts", () => {
    const it = town();
    it.act("Ann applies", acts.apply, application(), signedBy("ann"));
    it.refused("asked by another office", "engine.not_entitled", acts.ask, { case: "c-1", kind: "plan" }, signedBy("health"));
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1") }, signedBy("tax"));
    it.act("the fire office asks", acts.ask, { case: "p-1", kind: "plan" }, signedBy("health"));
    it.refused("and so does the parks office", "cases.asked_once", acts.ask, { case: "c-1", kind: "plan" }, signedBy("tax"));
    it.refused("Bob gives it", "engine.signature_missing", acts.supply, { case: "c-1", kind: "plan", paper: paper(1) }, signedBy("bob"));
    it.act("Ann gives it", acts.supply, { case: "c-1", kind: "plan", paper: paper(1) }, signedBy("ann"));
    it.act("a better one", acts.supply, { case: "p-1", kind: "plan", paper: paper(2) }, signedBy("ann"));
    it.act("and the map, unasked", acts.supply, { case: "c-1", kind: "map", paper: paper(3) }, signedBy("ann"));
    it.refused("it is not asked for then", "cases.asked_once", acts.ask, { case: "p-1", kind: "map" }, signedBy("health"));
    expect(it.row(acts.papers, "c-1", "plan")).toMatchObject({ case: "p-1", paper: paper(2) });
    it.act("agreed", acts.step, { case: "p-1", step: "agree" }, signedBy("health"));
    it.refused("asked after that", "cases.decided", acts.ask, { case: "p-1", kind: "more" }, signedBy("health"));
    passes(it, "cases");
  });

  test("ends when all its parts have; its own time runs on, so that nobody stalls it by splitting", () => {
    const it = applied();
    it.refused("split by another", "engine.not_entitled", acts.split, { case: "c-1", parts: parts("p-1") }, signedBy("health"));
    it.refused(
      "into an application",
      "cases.not_in_force",
      acts.split,
      { case: "c-1", parts: [{ ...parts("p-1")[0]!, item: "felling" }] },
      signedBy("tax"),
    );
    it.act("the parks office has a view", acts.publish, { ...fireView, item: "own-view", department: "parks" }, signedBy("tax"));
    const self = { case: "c-1", parts: [{ case: "p-1", item: "own-view", version: 1 }] };
    it.refused("into a part of its own", "cases.split_limit", acts.split, self, signedBy("tax"));
    it.act("a short part", acts.split, { case: "c-1", parts: parts("p-0") }, signedBy("tax"));
    it.advance(days(9));
    it.act("agreed at last", acts.step, { case: "p-0", step: "agree" }, signedBy("health"));
    expect(it.row(acts.cases, "c-1")!.due! - it.time).toBe(days(3)); // to join at least
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1", "p-2") }, signedBy("tax"));
    it.refused("a part of a part", "cases.split_limit", acts.split, { case: "p-1", parts: parts("p-3") }, signedBy("health"));
    it.refused("decided meanwhile", "cases.parts_open", acts.step, { case: "c-1", step: "permit", ...onMap }, signedBy("tax"));
    it.act("asked meanwhile", acts.step, { case: "c-1", step: "ask", ground: "incomplete" }, signedBy("tax"));
    it.act("completed", acts.stepOwn, { case: "c-1", step: "complete" }, signedBy("ann"));
    it.act("the fire office opposes", acts.step, { case: "p-1", step: "oppose", ground, words }, signedBy("health"));
    it.refused("a part is not appealed alone", "cases.not_appealable", acts.appeal, { case: "a-1", against: "p-1" }, signedBy("ann"));
    it.advance(days(10));
    expect([at(it, "p-2"), at(it)]).toEqual(["open asked", "open applied above"]);
    const one = { case: "c-1", parts: parts("p-5") };
    it.refused("split when its time is over", "cases.escalation", acts.split, one, signedBy("tax"));
    it.advance(days(10));
    expect([at(it, "p-2"), at(it)]).toEqual(["closed silent", "open applied above"]);
    expect(it.row(acts.cases, "c-1")).toMatchObject({ parts: 0, split: 3, refused: 1 });
    expect(it.row(acts.cases, "c-1")!.due! - it.row(acts.cases, "p-2")!.$.since).toBe(days(5));
    expect(it.act("permitted above", acts.stepAbove, { case: "c-1", step: "permit", ...onMap }, signedBy("land"))).toEqual([
      "cases.part_refused",
    ]);
    it.refused("split after that", "cases.decided", acts.split, { case: "c-1", parts: parts("p-4") }, signedBy("tax"));
    passes(it, "cases");
    it.indexHolds();
  });

  test("says on which evidence it is granted; what comes after a part was decided marks it", () => {
    const it = applied();
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1", "p-2") }, signedBy("tax"));
    it.refused(
      "agreed to a map of tomorrow",
      "cases.other_version",
      acts.step,
      { case: "p-1", step: "agree", saw: [{ kind: "map", version: 2 }] },
      signedBy("health"),
    );
    it.act("agreed to the map", acts.step, { case: "p-1", step: "agree", ...onMap }, signedBy("health"));
    const another = { case: "c-1", kind: "map", paper: paper(2) };
    expect(it.act("another map", acts.supply, another, signedBy("ann"))).toEqual(["cases.evidence_renewed"]);
    expect([it.row(acts.papers, "c-1", "map")?.version, it.row(acts.cases, "p-1")?.saw]).toEqual([2, onMap.saw]);
    it.refused("agreed to the old one", "cases.other_version", acts.step, { case: "p-2", step: "agree", ...onMap }, signedBy("health"));
    it.act("agreed", acts.step, { case: "p-2", step: "agree" }, signedBy("health"));
    it.refused("permitted on the old one", "cases.other_version", acts.step, { case: "c-1", step: "permit", ...onMap }, signedBy("tax"));
    it.refused("on what is not said", "cases.other_version", acts.step, { case: "c-1", step: "permit" }, signedBy("tax"));
    const permits = { case: "c-1", step: "permit", saw: [{ kind: "map", version: 2 }] };
    expect(it.act("permitted on the new one", acts.step, permits, signedBy("tax"))).toEqual(["cases.evidence_renewed"]);
    passes(it, "cases");
    expect(findsTampered(it, "cases", acts.cases, ["c-1"], { saw: [] })).toEqual(["proven"]);
    expect(findsTampered(it, "cases", acts.papers, ["c-1", "map"], { version: 1 })).toEqual(["proven"]);
  });

  test("granted by silence is marked, too, if a part was refused", () => {
    const it = town();
    const tacit = { ...permit, steps: permit.steps.map((s) => (s.step === "lapse" ? { ...s, to: "permitted" } : s)) };
    it.act("published", acts.publish, { ...felling, item: "tacit", needs: [], process: tacit }, signedBy("tax"));
    it.act("Ann applies", acts.apply, { ...application(), item: "tacit" }, signedBy("ann"));
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1") }, signedBy("tax"));
    it.act("opposed", acts.step, { case: "p-1", step: "oppose", ground }, signedBy("health"));
    const runs = [...it.advance(days(10)), ...it.advance(days(5))];
    expect([at(it), runs.flatMap(({ result }) => [...result.flags])]).toEqual(["granted permitted above", ["cases.part_refused"]]);
    passes(it, "cases");
  });

  test("is withdrawn by its applicant though a part is open, which then ends by itself", () => {
    const it = applied();
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1", "p-2") }, signedBy("tax"));
    it.advance(days(10));
    it.act("withdrawn", acts.stepOwn, { case: "c-1", step: "withdraw" }, signedBy("ann"));
    expect([at(it), at(it, "p-1")]).toEqual(["closed ended above", "open asked"]);
    passes(it, "cases");
    it.act("opposed", acts.step, { case: "p-1", step: "oppose", ground }, signedBy("health"));
    it.advance(days(10));
    expect([at(it, "p-2"), it.row(acts.cases, "c-1")?.parts, it.row(acts.cases, "c-1")?.due]).toEqual(["closed silent", 0, undefined]);
    passes(it, "cases");
    it.indexHolds();
  });

  test("is read by who leads it, who has a part of it, and who hears the appeal", () => {
    const it = applied();
    const reads = (who: string, name: string): boolean =>
      it.registry.mayRead(
        "cases/case",
        it.row(acts.cases, name) as any,
        { principal: who, kind: "agency", represents: true } as any,
        it.state,
        it.block,
      );
    expect([reads("health", "c-1"), reads("courts", "c-1")]).toEqual([false, false]);
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1") }, signedBy("tax"));
    expect([reads("tax", "p-1"), reads("health", "c-1"), reads("courts", "p-1")]).toEqual([true, true, false]);
    it.act("opposed", acts.step, { case: "p-1", step: "oppose", ground }, signedBy("health"));
    it.act("rejected", acts.step, { case: "c-1", step: "reject", ground }, signedBy("tax"));
    it.act("an appeal", acts.appeal, { case: "a-1", against: "c-1", words }, signedBy("ann"));
    expect([reads("courts", "c-1"), reads("tax", "a-1")]).toEqual([true, false]);
    it.act("asked", acts.step, { case: "a-1", step: "ask", ground: "incomplete" }, signedBy("courts"));
    it.act("completed", acts.stepOwn, { case: "a-1", step: "complete" }, signedBy("ann"));
    expect(it.row(acts.cases, "a-1")?.plea).toEqual(words);
    it.act("rejected", acts.step, { case: "a-1", step: "reject", ground }, signedBy("courts"));
    it.act("the council's, which tax publishes anew", acts.publish, { ...supreme, title: "Council" }, signedBy("tax"));
    it.act("the last", acts.appeal, { case: "a-2", against: "a-1" }, signedBy("ann"));
    expect([it.row(acts.cases, "a-1")?.readers, it.row(acts.cases, "c-1")?.readers]).toEqual([["tax"], ["health", "courts", "tax"]]);
  });

  test("over its time while parts are open is decided above, wherever it stands", () => {
    const it = applied();
    it.act("asked", acts.step, { case: "c-1", step: "ask", ground: "incomplete" }, signedBy("tax"));
    it.advance(days(20));
    it.act("split", acts.split, { case: "c-1", parts: parts("p-1") }, signedBy("tax"));
    it.advance(days(10));
    expect(at(it)).toBe("open completing above");
    it.refused("split anew", "cases.escalation", acts.split, { case: "c-1", parts: parts("p-2") }, signedBy("tax"));
    it.advance(days(10));
    expect([at(it, "p-1"), at(it)]).toEqual(["closed silent", "open completing above"]);
    it.advance(days(30));
    expect(at(it)).toBe("closed ended above");
    passes(it, "cases");
    it.indexHolds();
  });

  test("is split into 32 parts at most", () => {
    const it = applied();
    for (let i = 0; i < 4; i++) {
      const eight = parts(...Array.from({ length: 8 }, (_, j) => `p-${8 * i + j}`));
      it.act("eight", acts.split, { case: "c-1", parts: eight }, signedBy("tax"));
    }
    it.refused("one more", "cases.split_limit", acts.split, { case: "c-1", parts: parts("p-32") }, signedBy("tax"));
    it.advance(days(20));
    expect(it.row(acts.cases, "c-1")).toMatchObject({ parts: 0, split: 32 });
    passes(it, "cases");
  });
});

describe("a project", () => {
  const project = {
    project: "river",
    developer: "c:build",
    department: "parks",
    oversight: "mayor",
    tiers: ["planning", "fire"],
    within: days(14),
  };
  const sheet = (tier: string, n = 1) => ({ project: "river", tier, content: { root: new Uint8Array(32).fill(n), size: 3 } });
  const says = (tier: string, version = 1) => ({ project: "river", tier, version, verdict: "signed" as const });
  function opened(): Scenario {
    const it = founding();
    it.act("opened", acts.openProject, project, signedBy("tax", "build"));
    for (const tier of project.tiers) it.act(tier, acts.distribute, sheet(tier), signedBy("build"));
    return it;
  }

  test("is before its tiers at once, each with its own part, and is released when all have signed", () => {
    const it = founding();
    it.refused("without the developer", "engine.signature_missing", acts.openProject, project, signedBy("tax"));
    it.refused("a tier twice", "cases.tier_unknown", acts.openProject, { ...project, tiers: ["fire", "fire"] }, signedBy("tax", "build"));
    it.refused("by the department itself", "cases.own_cause", acts.openProject, { ...project, developer: "tax" }, signedBy("tax"));
    it.act("opened", acts.openProject, project, signedBy("tax", "build"));
    it.refused("a part of no tier", "cases.tier_unknown", acts.distribute, sheet("noise"), signedBy("build"));
    it.refused("a part by another", "engine.signature_missing", acts.distribute, sheet("fire"), signedBy("shop"));
    it.refused("signed before it is there", "engine.not_found", acts.review, says("fire"), signedBy("health"));
    for (const tier of project.tiers) it.act(tier, acts.distribute, sheet(tier), signedBy("build"));
    it.act("planning signs", acts.review, says("planning"), signedBy("tax"));
    it.refused("and again", "engine.illegal_move", acts.review, says("planning"), signedBy("tax"));
    it.refused("planning for the fire office", "engine.not_entitled", acts.review, says("fire"), signedBy("tax"));
    it.refused("the mayor before it is his", "cases.escalation", acts.reviewAbove, says("fire"), signedBy("land"));
    it.refused("released", "cases.not_all_signed", acts.release, { project: "river" }, signedBy("tax"));
    it.refused(
      "an objection without a ground",
      "cases.ground_missing",
      acts.review,
      { ...says("fire"), verdict: "objected" },
      signedBy("health"),
    );
    it.act("objected", acts.review, { ...says("fire"), verdict: "objected", ground: "escape", words }, signedBy("health"));
    it.act("the developer changes that part", acts.distribute, sheet("fire", 2), signedBy("build"));
    it.refused("the old one signed", "cases.other_version", acts.review, says("fire"), signedBy("health"));
    it.act("signed", acts.review, says("fire", 2), signedBy("health"));
    it.act("and planning's again: it must be signed anew", acts.distribute, sheet("planning", 2), signedBy("build"));
    it.refused("released", "cases.not_all_signed", acts.release, { project: "river" }, signedBy("tax"));
    it.act("signed", acts.review, says("planning", 2), signedBy("tax"));
    it.refused("released by another", "engine.not_entitled", acts.release, { project: "river" }, signedBy("health"));
    it.act("released", acts.release, { project: "river" }, signedBy("tax"));
    it.refused("changed after that", "cases.decided", acts.distribute, sheet("fire", 3), signedBy("build"));
    it.refused("withdrawn after that", "engine.illegal_move", acts.withdrawProject, { project: "river" }, signedBy("build"));
    passes(it, "cases");
    it.indexHolds();
  });

  test("escalates, lapses, is released by time if all have signed; silence signs nothing", () => {
    const it = opened();
    it.act("planning signs", acts.review, says("planning"), signedBy("tax"));
    it.advance(days(14));
    it.refused("the fire office, too late", "cases.escalation", acts.review, says("fire"), signedBy("health"));
    expect([it.row(acts.sheets, "river", "fire")?.late, it.row(acts.sheets, "river", "planning")?.late]).toEqual([true, false]);
    it.refused("the mayor for planning, which was in time", "cases.escalation", acts.reviewAbove, says("planning"), signedBy("land"));
    it.act("the mayor signs", acts.reviewAbove, says("fire"), signedBy("land"));
    it.advance(days(14));
    expect(it.row(acts.projects, "river")?.$.status).toBe("released");

    const other = opened();
    other.act("planning signs", acts.review, says("planning"), signedBy("tax"));
    other.act(
      "and objects on second thoughts",
      acts.review,
      { ...says("planning"), verdict: "objected", ground: "height" },
      signedBy("tax"),
    );
    other.advance(days(14));
    other.advance(days(14));
    expect([other.row(acts.projects, "river")?.signed, other.row(acts.projects, "river")?.$.status]).toEqual([0, "lapsed"]);
    other.act("opened anew", acts.openProject, { ...project, project: "river-2" }, signedBy("tax", "build"));
    other.refused("withdrawn by another", "engine.signature_missing", acts.withdrawProject, { project: "river-2" }, signedBy("shop"));
    other.act("withdrawn", acts.withdrawProject, { project: "river-2" }, signedBy("build"));
    passes(it, "cases");
    passes(other, "cases");
  });

  test("takes no tier out of it: each has its time from when it has its part, and anew with another", () => {
    const it = founding();
    it.refused("with an hour", "engine.args_invalid", acts.openProject, { ...project, within: hours(1) }, signedBy("tax", "build"));
    it.act("opened", acts.openProject, project, signedBy("tax", "build"));
    it.advance(days(13));
    it.act("fire's part, at last", acts.distribute, sheet("fire"), signedBy("build"));
    it.act("and planning's", acts.distribute, sheet("planning"), signedBy("build"));
    it.advance(days(13));
    it.refused("the mayor before it is his", "cases.escalation", acts.reviewAbove, says("planning"), signedBy("land"));
    it.act("fire signs", acts.review, says("fire"), signedBy("health"));
    it.advance(days(1));
    it.act("fire's part is another now", acts.distribute, sheet("fire", 2), signedBy("build"));
    it.refused("the mayor for the fire office", "cases.escalation", acts.reviewAbove, says("fire", 2), signedBy("land"));
    it.act("which objects", acts.review, { ...says("fire", 2), verdict: "objected", ground: "escape" }, signedBy("health"));
    it.act("planning was idle, the mayor signs", acts.reviewAbove, says("planning"), signedBy("land"));
    passes(it, "cases");
    it.advance(days(14));
    expect(it.row(acts.projects, "river")?.$.status).toBe("lapsed"); // the developer changed nothing
    expect(["fire", "planning"].map((tier) => it.row(acts.sheets, "river", tier)?.due)).toEqual([undefined, undefined]);

    const missing = founding();
    missing.act("opened", acts.openProject, project, signedBy("tax", "build"));
    missing.act("planning alone", acts.distribute, sheet("planning"), signedBy("build"));
    missing.advance(days(14));
    expect(missing.row(acts.projects, "river")?.$.status).toBe("lapsed");
    const gone = opened();
    gone.act("withdrawn", acts.withdrawProject, { project: "river" }, signedBy("build"));
    expect(gone.advance(days(60))).toEqual([]);
    for (const each of [it, missing, gone]) {
      passes(each, "cases");
      each.indexHolds();
    }
  });

  test("each tier reads its own part, not the other's", () => {
    const readers = Object.fromEntries(casework.options.records.map(({ name, options }) => [name, options.read]));
    expect(readers).toEqual({
      ...{ item: "public", version: "public", decider: "members", paper: "members" },
      case: ["applicant", "department", "oversight", "readers", "auditor"],
      ...{
        project: ["developer", "department", "oversight", "auditor"],
        sheet: ["developer", "department", "oversight", "tier", "auditor"],
      },
      suspicion: ["regulator", "platform", "court", "auditor"],
    });
    const it = opened();
    const reads = (who: string, tier: string): boolean =>
      it.registry.mayRead("cases/sheet", it.row(acts.sheets, "river", tier) as any, { principal: who, kind: "agency" }, it.state, it.block);
    expect([reads("health", "fire"), reads("health", "planning"), reads("courts", "fire"), reads("land", "planning")]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe("a suspicion", () => {
  const content = (n: number): Uint8Array => new Uint8Array(32).fill(n);
  const act = (n: number) => ({ deposit: `act-${n}`, document: content(n) });
  const suspicion = { suspicion: "s-1", platform: "c:shop", captures: ["cap-1"], ground: "false-origin", words, ...act(1) };
  function captured(): Scenario {
    const it = founding();
    it.act("a capture", evidence.deposit, { deposit: "cap-1", kind: "capture", content: content(9) }, signedBy("tax"));
    return it;
  }
  function raised(): Scenario {
    const it = captured();
    it.act("raised", acts.suspect, suspicion, signedBy("tax"));
    return it;
  }
  const status = (it: Scenario) => it.row(acts.suspicions, "s-1")?.$.status;
  const order = { suspicion: "s-1", measure: "take-down", ...act(2) };

  test("rests on captures; every act of the regulator is evidence by itself", () => {
    const it = captured();
    it.refused("by who is no regulator", "engine.not_entitled", acts.suspect, suspicion, signedBy("health"));
    it.refused("on nothing", "cases.capture_unfit", acts.suspect, { ...suspicion, captures: ["cap-2"] }, signedBy("tax"));
    it.refused("on the same twice", "cases.capture_unfit", acts.suspect, { ...suspicion, captures: ["cap-1", "cap-1"] }, signedBy("tax"));
    it.refused("against itself", "cases.own_cause", acts.suspect, { ...suspicion, platform: "tax" }, signedBy("tax"));
    it.refused("against nobody", "cases.platform_unknown", acts.suspect, { ...suspicion, platform: "c:none" }, signedBy("tax"));
    it.refused(
      "its own act named like a capture",
      "engine.already_exists",
      acts.suspect,
      { ...suspicion, deposit: "cap-1" },
      signedBy("tax"),
    );
    it.act("raised", acts.suspect, suspicion, signedBy("tax"));
    expect(it.row(evidence.deposits, "act-1")).toMatchObject({ kind: "suspicion", content: content(1), depositor: "tax", holder: "tax" });
    const next = { ...suspicion, suspicion: "s-2", captures: ["act-1"], ...act(9) };
    it.refused("on its own notice", "cases.capture_unfit", acts.suspect, next, signedBy("tax"));
    it.refused("a measure before it is heard", "cases.not_heard", acts.measure, order, signedBy("tax"));
    it.refused("answered by another", "engine.signature_missing", acts.answer, { suspicion: "s-1", words }, signedBy("build"));
    it.act("answered", acts.answer, { suspicion: "s-1", words }, signedBy("shop"));
    it.refused("by another regulator", "engine.not_entitled", acts.measure, order, signedBy("health"));
    it.act("a measure", acts.measure, order, signedBy("tax"));
    it.refused("twice", "cases.not_heard", acts.measure, { ...order, ...act(3) }, signedBy("tax"));
    it.refused("and taken to court by itself", "cases.not_heard", acts.refer, { suspicion: "s-1", ...act(3) }, signedBy("tax"));
    expect(it.row(acts.suspicions, "s-1")).toMatchObject({ acts: ["act-1", "act-2"], measure: "take-down" });
    it.refused("contested by another", "engine.signature_missing", acts.contest, { suspicion: "s-1", words }, signedBy("build"));
    const other = { ...words, root: content(21) };
    it.act("contested", acts.contest, { suspicion: "s-1", words: other }, signedBy("shop"));
    expect(it.row(acts.suspicions, "s-1")).toMatchObject({ answer: words, contested: other });
    it.refused("twice", "cases.not_appealable", acts.contest, { suspicion: "s-1", words }, signedBy("shop"));
    it.refused(
      "taken back before the court has it decided",
      "engine.illegal_move",
      acts.drop,
      { suspicion: "s-1", ...act(4) },
      signedBy("tax"),
    );
    const ruling = { suspicion: "s-1", decision: "quashed" as const, ground: "no-proof" };
    it.refused("the regulator as court", "cases.another_decider", acts.rule, ruling, signedBy("tax"));
    it.act("quashed", acts.rule, ruling, signedBy("courts"));
    it.refused("upheld after that", "engine.illegal_move", acts.rule, { ...ruling, decision: "upheld" }, signedBy("courts"));
    passes(it, "cases");
  });

  test("moves with time: silence answers, what is not followed is dropped, not contested final, not decided overdue", () => {
    const it = raised();
    it.advance(days(14));
    expect(status(it)).toBe("heard");
    it.advance(days(60));
    expect(status(it)).toBe("dropped");

    const final = raised();
    final.act("answered", acts.answer, { suspicion: "s-1", words }, signedBy("shop"));
    final.act("a measure", acts.measure, order, signedBy("tax"));
    final.advance(days(30));
    expect(status(final)).toBe("final");
    final.refused("contested then", "cases.not_appealable", acts.contest, { suspicion: "s-1", words }, signedBy("shop"));

    const silenced = raised();
    silenced.act("suspended", eid.suspend, { principal: "c:shop", ground: "order-17" }, signedBy("courts"));
    silenced.advance(days(14));
    silenced.act("a measure", acts.measure, order, signedBy("tax"));
    silenced.advance(days(30));
    expect(status(silenced)).toBe("referred"); // it could not contest it
    silenced.act("quashed", acts.rule, { suspicion: "s-1", decision: "quashed", ground: "unheard" }, signedBy("courts"));

    const back = raised();
    back.advance(days(14));
    back.act("a measure", acts.measure, order, signedBy("tax"));
    back.act("taken back", acts.drop, { suspicion: "s-1", ...act(3) }, signedBy("tax"));
    expect([status(back), back.advance(days(400))]).toEqual(["dropped", []]);

    const slow = raised();
    slow.advance(days(14));
    slow.act("referred", acts.refer, { suspicion: "s-1", ...act(2) }, signedBy("tax"));
    slow.advance(days(180));
    expect([slow.row(acts.suspicions, "s-1")?.overdue, status(slow)]).toEqual([true, "referred"]);
    slow.act("decided late", acts.rule, { suspicion: "s-1", decision: "upheld", ground: "proved" }, signedBy("courts"));
    for (const each of [it, final, silenced, back, slow]) {
      passes(each, "cases");
      each.indexHolds();
    }
  });

  test("falls with its captures; it can be dropped", () => {
    const it = raised();
    it.act("answered", acts.answer, { suspicion: "s-1", words }, signedBy("shop"));
    it.act("the capture is challenged", evidence.challenge, { deposit: "cap-1", by: "c:shop", ground: words }, signedBy("shop"));
    it.act("and excluded", evidence.decide, { deposit: "cap-1", by: "c:shop", decision: "upheld", reason: "altered" }, signedBy("courts"));
    it.refused("a measure on it", "cases.capture_unfit", acts.measure, order, signedBy("tax"));
    it.refused("referred", "cases.capture_unfit", acts.refer, { suspicion: "s-1", ...act(2) }, signedBy("tax"));
    it.act("dropped", acts.drop, { suspicion: "s-1", ...act(2) }, signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.drop, { suspicion: "s-1", ...act(3) }, signedBy("tax"));
    passes(it, "cases");

    const own = captured();
    own.act("against the court", acts.suspect, { ...suspicion, platform: "courts" }, signedBy("tax"));
    own.act("answered", acts.answer, { suspicion: "s-1", words }, signedBy("courts"));
    own.act("referred", acts.refer, { suspicion: "s-1", ...act(2) }, signedBy("tax"));
    own.refused("decided by it", "cases.own_cause", acts.rule, { suspicion: "s-1", decision: "quashed", ground: "x" }, signedBy("courts"));
  });

  test("tampered with is found", () => {
    const it = raised();
    expect(findsTampered(it, "cases", acts.suspicions, ["s-1"], { acts: ["act-9"] })).toEqual(["acts"]);
    expect(findsTampered(it, "cases", acts.suspicions, ["s-1"], { $status: "measured" })).toEqual(["acts"]);
    expect(findsTampered(it, "cases", evidence.deposits, ["act-1"], { depositor: "health" })).toEqual(["acts"]);
  });
});

test("the largest item is published, and a case and its parts under it come to their end by time", () => {
  const long = (n: number): string => `${n}`.padEnd(64, "x");
  const waits = Array.from({ length: 10 }, (_, i) => long(i));
  const largest: typeof permit = {
    statuses: [
      ...waits.map((status, i) => ({ status, within: days(3_660), grace: days(3_660), step: long(100 + i) })),
      ...[long(10), long(11)].map((status, i) => ({ status, ends: i === 0 ? ("granted" as const) : ("refused" as const) })),
    ],
    steps: [
      ...waits.map((_, i) => ({
        step: long(100 + i),
        from: waits.slice(i, i + 6),
        to: long(i === 9 ? 11 : i + 1),
        by: "chain",
        ground: false,
        times: 1,
      })),
      ...waits.map((_, i) => ({ step: long(200 + i), from: waits.slice(0, 6), to: long(10), by: "department", ground: true, times: 5 })),
    ],
  };
  const most = { process: largest, needs: waits, grounds: waits, title: "t".repeat(200), law: "l".repeat(200) };
  const it = town();
  it.act("published", acts.publish, { ...felling, ...most, item: "largest" }, signedBy("tax"));
  it.act("and for parts", acts.publish, { ...fireView, ...most, item: "part" }, signedBy("health"));
  it.act("applied", acts.apply, { ...application(), item: "largest" }, signedBy("ann"));
  const parts = Array.from({ length: 8 }, (_, i) => ({ case: `p-${i}`, item: "part", version: 1 }));
  it.act("split", acts.split, { case: "c-1", parts }, signedBy("tax"));
  const runs = Array.from({ length: 24 }, () => it.advance(days(3_660))).flat();
  expect(runs.length).toBe(9 * 11); // each escalates once, then goes through ten stages
  expect(runs.flatMap(({ result }) => [...result.flags])).toEqual([]);
  expect([at(it, "p-0"), at(it)]).toEqual([`refused ${long(11)} above`, `refused ${long(11)} above`]);
  passes(it, "cases");
});

test("the largest items and cases under them are decided, and appealed against twice", () => {
  const long = (n: string): string => n.padEnd(64, ".");
  const within = { within: days(10), grace: days(5), step: long("lapse") };
  const waits = ["a", "b", "s0", "s1", "s2", "s3"].map(long);
  const by = { from: waits, by: "department", ground: false, times: 1 };
  const process: typeof permit = {
    statuses: [
      ...waits.map((status) => ({ status, ...within })),
      ...[
        { status: long("yes"), ends: "granted" as const },
        { status: long("no"), ends: "refused" as const },
      ],
    ],
    steps: [
      { ...by, step: long("lapse"), to: long("no"), by: "chain" },
      { ...by, step: long("no"), to: long("no"), ground: true },
      { ...by, step: long("yes"), to: long("yes") },
      ...["there", "back"].map((name, i) => ({ ...by, step: long(name), to: long(i === 0 ? "b" : "a"), times: 15 })),
      ...Array.from({ length: 18 }, (_, i) => ({ ...by, step: long(`x${i}`), to: long(`s${i % 4}`) })),
    ],
  };
  const names = (of: string): string[] => Array.from({ length: 16 }, (_, i) => long(`${of}${i}`));
  const most = { process, needs: names("n"), grounds: names("g"), title: "\u{1F332}".repeat(200), law: "\u{1F332}".repeat(200) };
  const saw = most.needs.map((kind) => ({ kind, version: 1 }));
  const it = founding();
  it.act("a part", acts.publish, { ...fireView, ...most }, signedBy("health"));
  it.act("the last appeal", acts.publish, { ...supreme, ...most }, signedBy("health"));
  it.act("the appeal", acts.publish, { ...hearing, ...most }, signedBy("courts"));
  it.act("felling", acts.publish, { ...felling, ...most }, signedBy("tax"));
  const goes = (key: string, who: string): void => {
    const takes = (step: string, more: object = {}): void =>
      void it.act(step, acts.step, { case: key, step: long(step), saw, ...more }, signedBy(who));
    for (let i = 0; i < 15; i++) for (const step of ["there", "back"]) takes(step);
    for (let i = 0; i < 18; i++) takes(`x${i}`);
  };
  it.act("Ann applies", acts.apply, application(), signedBy("ann"));
  for (const kind of most.needs) it.act(kind, acts.supply, { case: "c-1", kind, paper: paper(1) }, signedBy("ann"));
  goes("c-1", "tax");
  for (let i = 0; i < 4; i++) {
    const parts = Array.from({ length: 8 }, (_, j) => ({ case: long(`p-${i}-${j}`), item: "fire-view", version: 1 }));
    it.act("split", acts.split, { case: "c-1", parts }, signedBy("tax"));
  }
  goes(long("p-0-0"), "health");
  it.act("agreed", acts.step, { case: long("p-0-0"), step: long("yes"), saw }, signedBy("health"));
  it.advance(days(10));
  it.advance(days(5)); // the other parts are refused by silence
  it.act("refused", acts.stepAbove, { case: "c-1", step: long("no"), ground: long("g0"), words, saw }, signedBy("land"));
  it.act("appealed", acts.appeal, { case: "a-1", against: "c-1", words }, signedBy("ann"));
  goes("a-1", "courts");
  it.act("refused", acts.step, { case: "a-1", step: long("no"), ground: long("g0"), words, saw }, signedBy("courts"));
  it.act("appealed", acts.appeal, { case: "a-2", against: "a-1", words }, signedBy("ann"));
  expect(it.row(acts.cases, "c-1")).toMatchObject({ parts: 0, split: 32, readers: ["health", "courts"] });
  passes(it, "cases");
});

test("the acts of its reference page are a story that happens", () => {
  const roles = casework.options.roles;
  const it = founded({
    grants: [
      ...Object.keys(roles).map((role) => grant("tax", `cases.${role}`)),
      ...[
        grant("tax", "evidence.depositor"),
        grant("courts", "cases.department"),
        grant("courts", "cases.court"),
        grant("courts", "eid.ministry"),
      ],
      grant("courts", "eid.registrar"),
    ],
  });
  enrol(it, "courts", "casework", "ann.casework");
  for (const company of ["c:shop", "c:build"]) register(it, "courts", company);
  const play = <A extends Action>(action: A, change: object = {}, by = "tax"): void =>
    void it.act(
      action.options.title,
      action,
      { ...action.options.example, ...change } as never,
      signedBy(by, "ann.casework", "shop", "build"),
    );
  it.act("its appeal", acts.publish, { ...supreme, department: "appeals", item: "tree-felling-appeal" }, signedBy("courts"));
  it.act("a view", acts.publish, fireView, signedBy("courts"));
  for (const action of [acts.publish, acts.apply, acts.ask, acts.supply, acts.split]) play(action);
  it.act("agreed", acts.step, { case: "2027-118-fire", step: "agree" }, signedBy("courts"));
  play(acts.step, { step: "ask", ground: "incomplete" });
  play(acts.stepOwn);
  it.advance(days(10));
  play(acts.stepAbove);
  play(acts.appeal);
  play(acts.retire);
  for (const action of [acts.openProject, acts.distribute, acts.review]) play(action);
  play(acts.distribute);
  for (const tier of ["planning", "construction"]) {
    play(acts.distribute, { tier });
    play(acts.review, { tier, verdict: "signed" });
  }
  it.advance(days(14));
  for (const action of [acts.reviewAbove, acts.release]) play(action);
  play(acts.openProject, { project: "other" });
  play(acts.withdrawProject, { project: "other" });
  it.act("a capture", evidence.deposit, { ...evidence.deposit.options.example!, deposit: "2027-cap-9", kind: "capture" }, signedBy("tax"));
  for (const action of [acts.suspect, acts.answer, acts.measure, acts.contest]) play(action);
  play(acts.rule, {}, "courts");
  for (const suspicion of ["2027-m-10", "2027-m-11"]) play(acts.suspect, { suspicion, deposit: suspicion });
  play(acts.answer, { suspicion: "2027-m-10" });
  play(acts.refer);
  play(acts.drop);
  passes(it, "cases");
});

test("an audit finds a row that the rules did not make", () => {
  const it = applied();
  it.act("split", acts.split, { case: "c-1", parts: [{ case: "p-1", item: "fire-view", version: 1 }] }, signedBy("tax"));
  const found = (key: string, change: object): string[] => findsTampered(it, "cases", acts.cases, [key], change);
  expect(found("c-1", { parts: 0 })).toEqual(["joins"]);
  expect(found("p-1", { $status: "granted", stage: "agreed", due: undefined })).toEqual(["joins"]);
  expect(found("p-1", { stage: "agreed" })).toEqual(["legality"]);
  expect(found("p-1", { due: undefined })).toEqual(["legality"]);
  expect(found("c-1", { taken: ["permit", "permit"] })).toEqual(["legality"]);
  it.act("opposed", acts.step, { case: "p-1", step: "oppose", ground }, signedBy("health"));
  expect(found("c-1", { refused: 0 })).toEqual(["joins"]);
  expect(found("p-1", { ground: "ugly" })).toEqual(["legality"]);
  it.act("rejected", acts.step, { case: "c-1", step: "reject", ground }, signedBy("tax"));
  it.act("appealed", acts.appeal, { case: "a-1", against: "c-1" }, signedBy("ann"));
  expect(found("c-1", { decider: "courts" })).toEqual(["appeals"]);
  expect(found("c-1", { appeal: undefined })).toEqual(["appeals"]);
  expect(found("a-1", { decider: "tax" })).toEqual(["appeals"]);
  it.act("granted", acts.step, { case: "a-1", step: "permit" }, signedBy("courts"));
  expect(found("c-1", { $status: "granted", stage: "permitted" })).toEqual(["proven", "appeals"]);
  expect(findsTampered(it, "cases", acts.papers, ["c-1", "map"], { $status: "asked" })).toEqual(["proven"]);
  expect(findsTampered(it, "cases", acts.items, ["felling"], { version: 2 })).toEqual(["legality"]);

  const built = founding();
  const project = { project: "river", developer: "c:build", department: "parks", oversight: "mayor", tiers: ["fire"], within: days(14) };
  built.act("opened", acts.openProject, project, signedBy("tax", "build"));
  built.act("fire", acts.distribute, { project: "river", tier: "fire", content: { root: new Uint8Array(32), size: 3 } }, signedBy("build"));
  expect(findsTampered(built, "cases", acts.projects, ["river"], { signed: 1 })).toEqual(["signatures"]);
  expect(findsTampered(built, "cases", acts.projects, ["river"], { handed: 0 })).toEqual(["signatures"]);
  expect(findsTampered(built, "cases", acts.sheets, ["river", "fire"], { due: undefined })).toEqual(["signatures"]);
  expect(findsTampered(built, "cases", acts.sheets, ["river", "fire"], { $status: "signed", reviewer: "health" })).toEqual(["signatures"]);
});

everyRuleIsGiven(casework);
