// Casework on a live network: a one-stop permit with a part and evidence asked once, a refusal that is appealed before another agency, a project under parallel
// review, a suspicion whose acts are evidence; and what the chain decides by itself when time has passed.

import { expect } from "vitest";
import { days } from "../../../src/contracts/engine/index.ts";
import type { Stage, Story } from "../stage.ts";

const root = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const words = { root: root(7), size: 1 };
/** Applied, decided; time refuses, after it has escalated where the item says so. */
const decision = (within: number, grace: object = {}) => ({
  statuses: [
    { status: "applied", within, step: "lapse", ...grace },
    { status: "permitted", ends: "granted" },
    { status: "rejected", ends: "refused" },
  ],
  steps: [
    { step: "permit", from: ["applied"], to: "permitted", by: "department", ground: false, times: 1 },
    { step: "reject", from: ["applied"], to: "rejected", by: "department", ground: true, times: 1 },
    { step: "lapse", from: ["applied"], to: "rejected", by: "chain", ground: false, times: 1 },
  ],
});
const item = { law: "Tree act, 4", needs: [], grounds: ["protected"], oversight: "mayor", title: "An item" };
const felling = { ...item, item: "felling", department: "parks", kind: "application", process: decision(days(20), { grace: days(40) }) };

/** The tribunal's seat is the courts', by vote of the members. */
async function tribunal(stage: Stage): Promise<void> {
  const grant = { proposal: "tribunal", kind: "role.grant", agency: "courts", role: "cases.department", scope: "tribunal" };
  await stage.applied("governance.propose", { member: "tax", ...grant }, "tax");
  for (const member of ["tax", "courts", "land"])
    await stage.applied("governance.vote", { proposal: "tribunal", member, vote: "yes" }, member);
}

export default {
  title: "a permit is decided in parts, refused and appealed; a project is released by all its tiers; a regulator's act is evidence",
  async today(stage) {
    await tribunal(stage);
    const hearing = { ...item, item: "hearing", department: "tribunal", kind: "appeal", process: decision(days(60), { grace: days(60) }) };
    await stage.applied("cases.publish", hearing, "courts");
    expect(await stage.call("cases.publish", felling, "tax")).toMatchObject({ code: "cases.appeal_missing" });
    expect(await stage.call("cases.publish", { ...felling, needs: ["map"], appeal: "hearing" }, "tax")).toMatchObject({
      outcome: "applied",
    });
    await stage.applied(
      "cases.publish",
      { ...item, item: "fire-view", department: "fire", kind: "part", process: decision(days(10)) },
      "tax",
    );

    const application = { case: "tree-1", item: "felling", version: 1, applicant: "p:ann.casework" };
    expect(await stage.call("cases.apply", application, "bob.casework")).toMatchObject({ code: "engine.signature_missing" });
    expect(await stage.call("cases.apply", application, "ann.casework")).toMatchObject({ outcome: "applied" });
    await stage.applied("cases.split", { case: "tree-1", parts: [{ case: "tree-1-fire", item: "fire-view", version: 1 }] }, "tax");
    await stage.applied("cases.ask", { case: "tree-1-fire", kind: "map" }, "tax");
    expect(await stage.act("cases.ask", { case: "tree-1", kind: "map" }, "tax")).toMatchObject({ code: "cases.asked_once" });
    await stage.applied("cases.supply", { case: "tree-1", kind: "map", paper: { root: root(1), size: 2 } }, "ann.casework");
    expect(await stage.act("cases.step", { case: "tree-1", step: "permit" }, "tax")).toMatchObject({ code: "cases.parts_open" });
    await stage.applied("cases.step", { case: "tree-1-fire", step: "permit" }, "tax");
    expect(await stage.call("cases.step", { case: "tree-1", step: "reject" }, "tax")).toMatchObject({ code: "cases.ground_missing" });
    await stage.applied("cases.step", { case: "tree-1", step: "reject", ground: "protected", words }, "tax");
    await stage.applied("cases.appeal", { case: "tree-1-a", against: "tree-1", words }, "ann.casework");
    expect(await stage.act("cases.step", { case: "tree-1-a", step: "permit" }, "tax")).toMatchObject({ code: "cases.another_decider" });
    await stage.applied("cases.step", { case: "tree-1-a", step: "permit" }, "courts");
    expect(await stage.proved("cases/case", "tree-1-a")).toMatchObject({
      valid: true,
      record: { status: "granted", fields: { decider: "courts", against: "tree-1", instance: 1 } },
    });
    await stage.applied("cases.apply", { ...application, case: "tree-2", applicant: "p:bob.casework" }, "bob.casework"); // and nobody decides it

    await stage.register("c:builder", "company");
    const project = {
      project: "river",
      developer: "c:builder",
      department: "parks",
      oversight: "mayor",
      tiers: ["fire"],
      within: days(10),
    };
    await stage.applied("cases.openProject", project, "tax", "c:builder");
    await stage.applied("cases.distribute", { project: "river", tier: "fire", content: { root: root(3), size: 3 } }, "c:builder");
    expect(await stage.call("cases.release", { project: "river" }, "tax")).toMatchObject({ code: "cases.not_all_signed" });
    await stage.applied("cases.review", { project: "river", tier: "fire", version: 1, verdict: "signed" }, "tax"); // time releases it

    await stage.applied("evidence.deposit", { deposit: "shot-1", kind: "capture", content: root(4) }, "tax");
    const suspicion = { suspicion: "market-1", platform: "c:builder", captures: ["shot-1"], ground: "false-origin" };
    await stage.applied("cases.suspect", { ...suspicion, deposit: "market-1-notice", document: root(5) }, "tax");
    expect(await stage.proved("evidence/deposit", "market-1-notice")).toMatchObject({
      valid: true,
      record: { fields: { kind: "suspicion" } },
    });
    const order = { suspicion: "market-1", measure: "take-down", deposit: "market-1-order", document: root(6) };
    expect(await stage.act("cases.measure", order, "tax")).toMatchObject({ code: "cases.not_heard" });
    await stage.audited("cases");
  },
  async later(stage) {
    expect((await stage.until("cases/project/river", "released")).fields.signed).toBe(1);
    await stage.until("cases/suspicion/market-1", "heard");
    expect((await stage.record("cases/case/tree-2")).fields.escalated).toBe(true);
    expect(await stage.act("cases.step", { case: "tree-2", step: "reject", ground: "protected" }, "tax")).toMatchObject({
      code: "cases.escalation",
    });
    await stage.applied("cases.stepAbove", { case: "tree-2", step: "reject", ground: "protected" }, "tax");
    await stage.audited("cases");
  },
} satisfies Story;
