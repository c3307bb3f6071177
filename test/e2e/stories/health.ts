// A health record from its commitment to the key, by consent and through a broken glass; who broke it is judged by another agency, or waits in public.

import { expect } from "vitest";
import { type Key, newKey } from "../../../src/base/keyFile.ts";
import { provePossession } from "../../../src/base/member.ts";
import { seedSigner } from "../../../src/client/build.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import type { Stage, Story } from "../stage.ts";

const content = { root: new Uint8Array(32).fill(5), size: 50 };
const words = { root: new Uint8Array(32).fill(6), size: 1 };
const key = new Uint8Array(32).fill(7);

/** The members give another agency a role. */
async function granted(stage: Stage, agency: string, role: string): Promise<void> {
  const proposal = `${role}-${agency}`;
  await stage.applied("governance.propose", { proposal, member: "tax", kind: "role.grant", agency, role, scope: "" }, "tax");
  for (const member of ["tax", "courts", "land"]) await stage.applied("governance.vote", { proposal, member, vote: "yes" }, member);
}
/** A post of the tax office, with a key of its own. */
async function doctor(stage: Stage): Promise<(action: string, args: object) => Promise<any>> {
  const its: Key = newKey("person");
  const proof = provePossession(stage.ledger.network, "tax", "post", its.publicKey, its.secret);
  const post = { principal: "tax", key: its.publicKey, proof, purpose: "post", post: "doctor-7", represents: false };
  await stage.applied("eid.bind", { ...post, from: stage.chainTime() - hours(1) }, "tax");
  for (const role of ["health.clinician", "health.emergency"])
    await stage.applied("governance.delegate", { agency: "tax", post: "doctor-7", role, scope: "" }, "tax");
  return async (action, args) => {
    const signers = [its.publicKey];
    const draft = stage.ledger.transaction(`${action}@1`, args as Parameters<Stage["act"]>[1], {
      signers,
      notAfter: stage.chainTime() + hours(1),
    });
    return stage.ledger.submit((await draft.sign(seedSigner(its.secret))).finish(), { timeout: "90s" });
  };
}

export default {
  title: "a doctor looks at what the patient agreed to; a broken glass is seen at once, and judged by another",
  async today(stage) {
    await Promise.all([
      granted(stage, "land", "health.hospital"),
      granted(stage, "land", "consents.holder"),
      granted(stage, "health", "health.reviewer"),
    ]);
    const act = await doctor(stage);
    const files = { definition: "health-files", sector: "health", title: "Health records", kind: "service", service: "health" };
    const limits = { fields: ["ct", "lab"], answers: [], purposes: ["treatment"], longest: days(100), most: 10 };
    expect(await stage.call("consents.define", { ...files, ...limits }, "tax")).toMatchObject({ outcome: "applied" });
    for (const kind of ["ct", "lab"]) await stage.applied("health.setKind", { kind, title: kind, interval: days(90) }, "tax");
    const exam = { patient: "p:ann.health", made: stage.chainTime() - days(2), content };
    await stage.applied("health.commit", { ...exam, record: "ct-1", kind: "ct" }, "land");
    await stage.applied("health.commit", { ...exam, record: "lab-1", kind: "lab" }, "land");
    expect(await stage.act("health.commit", { ...exam, record: "ct-2", kind: "ct" }, "tax")).toMatchObject({
      status: "applied",
      flags: ["health.duplicate_care"],
    });

    const asked = {
      consent: "h-1",
      definition: "health-files",
      subject: "p:ann.health",
      holder: "land",
      user: "tax",
      purpose: "treatment",
    };
    const terms = { fields: ["ct"], until: stage.chainTime() + days(90), most: 2 };
    await stage.applied("consents.request", { ...asked, ...terms }, "tax");
    const look = { access: "look-1", record: "ct-1", consent: "h-1", purpose: "treatment" };
    expect(await act("health.read", look)).toMatchObject({ status: "rejected", code: "consents.not_live" });
    expect(await stage.call("consents.give", { consent: "h-1", ...terms }, "ann.health")).toMatchObject({ outcome: "applied" });
    expect(await stage.act("health.read", look, "tax")).toMatchObject({ code: "health.by_post" });
    expect(await act("health.read", { ...look, record: "lab-1" })).toMatchObject({ code: "consents.beyond_fields" });
    for (const access of ["look-1", "look-2"]) expect(await act("health.read", { ...look, access })).toMatchObject({ status: "applied" });
    await stage.applied("health.release", { access: "look-1", key }, "land");
    expect(await stage.call("consents.revoke", { consent: "h-1" }, "ann.health")).toMatchObject({ outcome: "applied" });
    expect(await stage.act("health.release", { access: "look-2", key }, "land")).toMatchObject({ code: "consents.not_live" });
    expect(await stage.proved("health/access", "look-1")).toMatchObject({
      valid: true,
      record: { status: "served", fields: { patient: "p:ann.health", post: "doctor-7", consent: "h-1" } },
    });

    for (const emergency of ["em-1", "em-2"]) {
      const glass = { emergency, patient: "p:ann.health", ground: "unconscious", words };
      expect(await act("health.breakGlass", glass)).toMatchObject({ status: "applied" });
    }
    expect(await act("health.readInEmergency", { access: "look-3", record: "lab-1", emergency: "em-1" })).toMatchObject({
      status: "applied",
    });
    expect(await act("health.close", { emergency: "em-1" })).toMatchObject({ status: "applied" });
    const review = { emergency: "em-1", finding: "misused", ground: "not-a-patient" };
    expect(await stage.call("health.review", review, "tax")).toMatchObject({ code: "health.own_case" });
    expect(await stage.call("health.review", review, "health")).toMatchObject({ outcome: "applied" });
    expect(await stage.act("health.release", { access: "look-3", key }, "land")).toMatchObject({ code: "health.not_open" });
    expect((await stage.record("health/tally/tax")).fields).toMatchObject({ emergencies: 2, waiting: 1, misused: 1 });
    await stage.audited("health");
  },
  async later(stage) {
    await stage.until("health/emergency/em-2", "overdue");
    await stage.until("health/access/look-3", "lapsed");
    expect((await stage.record("health/tally/tax")).fields).toMatchObject({ emergencies: 2, waiting: 1, late: 1 });
    const late = { emergency: "em-2", finding: "justified", ground: "late" };
    expect(await stage.call("health.review", late, "health")).toMatchObject({ code: "health.review_time" });
    await granted(stage, "courts", "health.supervisor");
    const decision = { emergency: "em-2", finding: "upheld", ground: "art-9" };
    expect(await stage.call("health.decide", decision, "courts")).toMatchObject({ outcome: "applied" });
    expect(await stage.proved("health/emergency", "em-2")).toMatchObject({ valid: true, record: { status: "upheld" } });
    await stage.audited("health");
  },
} satisfies Story;
