// A gauge reports and is shown to have risen; an official's look-ups are entered by her own key, watched by another agency, and answered for.

import { expect } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { newKey } from "../../../src/base/keyFile.ts";
import { provePossession } from "../../../src/base/member.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import { seedSigner } from "../../../src/client/build.ts";
import { days, hours, minutes } from "../../../src/contracts/engine/index.ts";
import { noBatch } from "../../../src/contracts/kit/journal.ts";
import { readingItem } from "../../../src/contracts/kit/patterns.ts";
import type { Stage, Story } from "../stage.ts";
import { get } from "../support.ts";

const GAUGE = "d:flood-gauge";
const LOG = "land.titles";
const content = { root: new Uint8Array(32).fill(3), size: 10 };

/** Four levels, ten minutes apart, up to a minute ago. */
function batch(stage: Stage) {
  const to = stage.chainTime() - minutes(1);
  const readings = [340, 360, 365, 355].map((value, index) => ({
    ...{ first: 0, index, value, at: to - minutes(10) * (3 - index), salt: new Uint8Array(16).fill(index) },
  }));
  const hashes = readings.map((one) => leafHash(readingItem(GAUGE, "cm", one)));
  const root = rootOf(hashes);
  const shown = (index: number) => ({ ...readings[index]!, size: 4, root, path: inclusionPath(hashes, index) });
  return { report: { source: GAUGE, first: 0, size: 4, root, previous: noBatch.last, from: readings[0]!.at, to }, shown };
}

/** Land keeps devices and a log; land and health answer alerts: by vote of the members. */
async function roles(stage: Stage): Promise<void> {
  for (const [agency, role] of [
    ["land", "keeper"],
    ["land", "responder"],
    ["health", "responder"],
  ] as const) {
    const proposal = `${agency}-${role}`;
    const grant = { proposal, kind: "role.grant", agency, role: `journals.${role}`, scope: "" };
    await stage.applied("governance.propose", { member: "tax", ...grant }, "tax");
    for (const member of ["tax", "courts", "land"]) await stage.applied("governance.vote", { proposal, member, vote: "yes" }, member);
  }
}

async function device(stage: Stage): Promise<void> {
  await stage.register(GAUGE, "device");
  await stage.applied("journals.enrol", { source: GAUGE, owner: "land", kind: "water-level", every: days(10) }, "land", GAUGE);
  const { report, shown } = batch(stage);
  expect(await stage.act("journals.report", { ...report, first: 1 }, GAUGE)).toMatchObject({ code: "journals.gap" });
  await stage.applied("journals.report", report, GAUGE);
  expect(await stage.act("journals.report", report, GAUGE)).toMatchObject({ code: "journals.gap" });
  const rule = { rule: "flood", author: "land", on: "readings", kind: "water-level", what: "cm", most: 350, times: 3 };
  const flood = { ...rule, within: hours(1), responder: "health", answer: hours(2) };
  expect(await stage.call("journals.publish", flood, "land")).toMatchObject({ outcome: "applied" });
  const alert = { rule: "flood", version: 1, source: GAUGE, by: "land", metric: "cm" };
  const forged = [shown(1), shown(2), { ...shown(3), value: 400 }];
  expect(await stage.act("journals.alert", { ...alert, readings: forged }, "land")).toMatchObject({ code: "journals.not_cited" });
  await stage.applied("journals.alert", { ...alert, readings: [1, 2, 3].map(shown) }, "land");
  const down = { rule: "flood", source: GAUGE, number: 3, by: "health", finding: "confirmed", ground: "evacuated" };
  expect(await stage.call("journals.standDown", { ...down, by: "courts" }, "courts")).toMatchObject({ code: "engine.not_entitled" });
  expect(await stage.call("journals.standDown", down, "health")).toMatchObject({ outcome: "applied" });
  expect(await stage.proved("journals/alert", `flood/${GAUGE}/3`)).toMatchObject({
    valid: true,
    record: { status: "stood_down", fields: { cites: [1, 2, 3], stood_down_by: "health" } },
  });
}

async function operations(stage: Stage): Promise<void> {
  const clerk = newKey("person"); // a seed; which purpose it serves is what is registered
  const bound = { principal: "land", key: clerk.publicKey, purpose: "post", post: "clerk", represents: false, from: 0 };
  const proof = provePossession(stage.ledger.network, "land", "post", clerk.publicKey, clerk.secret);
  await stage.applied("eid.bind", { ...bound, proof }, "land");
  const operator = { agency: "land", post: "clerk", operator: "staff-7" };
  expect(await stage.call("journals.appoint", { ...operator, key: hex(clerk.publicKey) }, "land")).toMatchObject({ outcome: "applied" });
  await stage.applied("journals.openLog", { source: LOG, owner: "land", kind: "titles" }, "land");
  const looks = { rule: "many-looks", author: "tax", on: "operations", kind: "titles", what: "title.view", times: 2, within: hours(1) };
  await stage.applied("journals.publish", { ...looks, responder: "land", answer: days(7) }, "tax");
  expect(await stage.call("journals.watch", { source: LOG, rule: "many-looks", auditor: "tax" }, "tax")).toMatchObject({
    outcome: "applied",
  });
  const entry = { operation: "title.view", at: stage.chainTime() - minutes(1), content };
  const enters = { source: LOG, first: 0, post: "clerk", operator: "staff-7", entries: [entry, entry] };
  expect(await stage.act("journals.append", enters, "land")).toMatchObject({ code: "journals.not_operator" });
  const signer = seedSigner(clerk.secret);
  const draft = stage.ledger.transaction("journals.append@1", enters, {
    signers: [signer.publicKey],
    notAfter: stage.chainTime() + hours(1),
  });
  const entered = await stage.ledger.submit((await draft.sign(signer)).finish(), { timeout: "90s" });
  expect(entered).toMatchObject({ status: "applied", flags: ["journals.alerted"] });
  const page = (await get(`${stage.api}/v1/records/journals/entry?find.operator=staff-7&limit=10`)).body;
  expect(page.items.map((one: any) => one.fields.post)).toEqual(["clerk", "clerk"]);
  expect((await stage.record(`journals/alert/many-looks/${LOG}/1`)).fields).toMatchObject({ cites: [0, 1], operator: "staff-7" });
}

export default {
  title:
    "a gauge's alert shows readings under the root it reported, and an official's look-ups raise an alert that her agency does not judge",
  async today(stage) {
    await roles(stage);
    await device(stage);
    await operations(stage);
    await stage.audited("journals");
  },
  async later(stage) {
    await stage.until(`journals/source/${GAUGE}`, "silent");
    await stage.until(`journals/alert/many-looks/${LOG}/1`, "overdue");
    const down = { rule: "many-looks", source: LOG, number: 1, by: "land", finding: "unfounded", ground: "routine" };
    expect(await stage.call("journals.standDown", down, "land")).toMatchObject({ code: "journals.not_responder" });
    await stage.applied("journals.standDown", { ...down, by: "tax", finding: "confirmed" }, "tax");
    await stage.audited("journals");
  },
} satisfies Story;
