// Health records (service 35): committed and corrected, looked at by consent or through a broken glass, judged by others; whatever hospitals, posts and
// reviewers try.

import fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import * as consents from "../../../src/contracts/sharing/consents.ts";
import health, * as acts from "../../../src/contracts/sharing/health.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, shown } from "./founders.ts";
import { keyOf, type Scenario, signedBy } from "./scenario.ts";

const { accesses, emergencies, kinds, posts: postRows, recents, records, tallies } = acts;
const content = { root: new Uint8Array(32).fill(1), size: 50 };
const words = { root: new Uint8Array(32).fill(2), size: 1 };
const key = new Uint8Array(32).fill(3);

const grants = [
  ...["authority", "reviewer"].map((role) => grant("health", `health.${role}`)),
  ...["supervisor", "reviewer"].map((role) => grant("courts", `health.${role}`)),
  ...["hospital", "clinician", "emergency", "reviewer", "supervisor"].flatMap((role) =>
    ["land", "tax"].map((agency) => grant(agency, `health.${role}`)),
  ),
  grant("health", "consents.registrar", "health"),
  ...["land", "tax"].map((agency) => grant(agency, "consents.holder")),
  grant("courts", "eid.ministry"),
];
const definition = {
  ...{ definition: "records", sector: "health", title: "Health records", kind: "service" as const, service: "health" },
  ...{ fields: ["ct", "lab", "psychiatry"], answers: [], purposes: ["treatment", "research"], longest: days(400), most: 100 },
};
/** A post of an agency, with a key of the same name, that may exercise these roles. */
function post(it: Scenario, of: string, name: string, ...roles: string[]): void {
  const bound = { principal: of, key: keyOf(name), proof: shown(it, of, "post", name), purpose: "post" as const, post: name };
  it.act(`${name} of ${of}`, eid.bind, { ...bound, represents: false, from: it.time }, signedBy(of));
  for (const role of roles) it.act(role, governance.delegate, { agency: of, post: name, role: `health.${role}`, scope: "" }, signedBy(of));
}
/** Land's hospital and the tax office's clinic, each with a doctor and one in the emergency room; Ann and Bob are patients. */
function town(): Scenario {
  const it = founded({ grants });
  enrol(it, "courts", "health", "ann", "bob");
  enrol(it, "courts", "city", "carl");
  post(it, "tax", "doctor", "clinician");
  post(it, "tax", "nurse", "emergency");
  post(it, "land", "surgeon", "clinician", "emergency");
  it.act("what is consented to", consents.define, definition, signedBy("health"));
  for (const [kind, interval] of [["ct", days(90)] as const, ["lab", 0] as const, ["psychiatry", days(1)] as const])
    it.act("a kind", acts.setKind, { kind, title: kind, interval }, signedBy("health"));
  return it;
}
const exam = (it: Scenario, more: object = {}) => ({
  record: "r-1",
  patient: "p:ann",
  kind: "ct",
  made: it.time - days(1),
  content,
  ...more,
});
const asked = (it: Scenario, more: object = {}) => ({
  ...{ consent: "c-1", definition: "records", subject: "p:ann", holder: "land", user: "tax", purpose: "treatment" },
  ...{ fields: ["ct", "lab"], until: it.time + days(90), most: 3, ...more },
});
/** Ann had a CT at land's hospital, and consents to the clinic's looks at it. */
function treated(): Scenario {
  const it = town();
  it.act("Ann's CT", acts.commit, exam(it), signedBy("land"));
  it.act("the clinic asks", consents.request, asked(it), signedBy("tax"));
  const { consent, fields, until, most } = asked(it, { until: it.time + days(80) });
  it.act("Ann consents", consents.give, { consent, fields, until, most }, signedBy("ann"));
  return it;
}
const look = { access: "a-1", record: "r-1", consent: "c-1", purpose: "treatment" };
const glass = { emergency: "e-1", patient: "p:ann", ground: "unconscious", words };
/** The clinic's nurse has broken the glass and looked at Ann's CT. */
function broken(): Scenario {
  const it = town();
  it.act("Ann's CT", acts.commit, exam(it), signedBy("land"));
  it.act("the nurse breaks the glass", acts.breakGlass, glass, signedBy("nurse"));
  it.act("and looks", acts.readInEmergency, { access: "a-2", record: "r-1", emergency: "e-1" }, signedBy("nurse"));
  return it;
}
const statusOf = (it: Scenario) => it.row(emergencies, "e-1")?.$.status;
const tally = (it: Scenario) => it.fields(tallies, "tax");

describe("a record", () => {
  test("is committed by a hospital, of a patient and an examination that was", () => {
    const it = town();
    it.refused("by a doctor", "engine.not_entitled", acts.commit, exam(it), signedBy("doctor"));
    it.refused("by the courts", "engine.not_entitled", acts.commit, exam(it), signedBy("courts"));
    it.refused(
      "of a pseudonym of another sector",
      "health.patient_unknown",
      acts.commit,
      exam(it, { patient: "p:carl" }),
      signedBy("land"),
    );
    it.refused("of nobody", "health.patient_unknown", acts.commit, exam(it, { patient: "p:zoe" }), signedBy("land"));
    it.refused("of tomorrow", "health.made_ahead", acts.commit, exam(it, { made: it.time + days(1) }), signedBy("land"));
    it.refused("of no kind", "engine.not_found", acts.commit, exam(it, { kind: "mri" }), signedBy("land"));
    it.act("as it was", acts.commit, exam(it), signedBy("land"));
    it.refused("once", "engine.already_exists", acts.commit, exam(it), signedBy("land"));
    it.refused(
      "a kind is set by the authority",
      "engine.not_entitled",
      acts.setKind,
      { kind: "ct", title: "CT", interval: 0 },
      signedBy("land"),
    );
    passes(it, "health");
  });

  test("is corrected or withdrawn by the hospital that committed it; nothing is overwritten", () => {
    const it = town();
    it.act("Ann's CT", acts.commit, exam(it), signedBy("land"));
    const right = { record: "r-1", by: "r-2", made: it.time - days(2), content };
    it.refused("by another hospital", "health.not_hospital", acts.replace, right, signedBy("tax"));
    it.refused("to the future", "health.made_ahead", acts.replace, { ...right, made: it.time + days(1) }, signedBy("land"));
    it.act("corrected", acts.replace, right, signedBy("land"));
    it.refused("twice", "engine.illegal_move", acts.replace, { ...right, by: "r-3" }, signedBy("land"));
    expect(it.row(records, "r-2")).toMatchObject({ replaces: "r-1", patient: "p:ann", kind: "ct" });
    it.refused("another withdraws it", "health.not_hospital", acts.withdraw, { record: "r-2", ground: "wrong" }, signedBy("tax"));
    it.act("withdrawn", acts.withdraw, { record: "r-2", ground: "other-patient" }, signedBy("land"));
    expect(it.row(recents, "p:ann", "ct")?.last).toEqual([]);
    passes(it, "health");
  });

  test("of the same kind within its interval is warned of, wherever it was, and not refused", () => {
    const it = town();
    expect(it.act("a CT", acts.commit, exam(it), signedBy("land"))).toEqual([]);
    expect(it.act("Bob's", acts.commit, exam(it, { record: "b-1", patient: "p:bob" }), signedBy("land"))).toEqual([]);
    expect(it.act("another, elsewhere", acts.commit, exam(it, { record: "r-2" }), signedBy("tax"))).toEqual(["health.duplicate_care"]);
    expect(it.row(records, "r-2")?.again).toBe("r-1");
    expect(it.act("the same one corrected", acts.replace, { record: "b-1", by: "b-2", made: it.time, content }, signedBy("land"))).toEqual(
      [],
    );
    const blood = (record: string) => exam(it, { record, kind: "lab" });
    for (const record of ["l-1", "l-2"]) expect(it.act("blood has no interval", acts.commit, blood(record), signedBy("tax"))).toEqual([]);
    const late = exam(it, { record: "r-0", made: it.time - days(60) });
    expect(it.act("an earlier one, entered late", acts.commit, late, signedBy("tax"))).toEqual(["health.duplicate_care"]);
    it.act("the interval is data", acts.setKind, { kind: "ct", title: "ct", interval: days(10) }, signedBy("health"));
    it.advance(days(10));
    expect(it.act("after it", acts.commit, exam(it, { record: "r-3", made: it.time }), signedBy("tax"))).toEqual([]);
    for (const record of ["r-1", "r-2"]) {
      const by = record === "r-1" ? "land" : "tax";
      it.act("withdrawn", acts.withdraw, { record, ground: "not-done" }, signedBy(by));
    }
    const then = exam(it, { record: "r-4", made: it.time - days(12) });
    expect(it.act("what was withdrawn is no reason to warn", acts.commit, then, signedBy("land"))).toEqual([]);
    expect(it.row(recents, "p:ann", "ct")?.last.map(({ record }) => record)).toEqual(["r-0", "r-4", "r-3"]);
    passes(it, "health");
  });

  test("is one of sixteen of a kind that are looked back at", () => {
    const it = town();
    for (let i = 0; i < 18; i++)
      it.act("psychiatry", acts.commit, exam(it, { record: `s-${i}`, kind: "psychiatry", made: i }), signedBy("tax"));
    expect(it.row(recents, "p:ann", "psychiatry")?.last.map(({ made }) => made)).toEqual(Array.from({ length: 16 }, (_, i) => i + 2));
    passes(it, "health");
  });
});

test("nobody makes another's examination be forgotten, by entering what he withdraws again", () => {
  const it = town();
  it.act("the clinic's CT", acts.commit, exam(it, { record: "true", made: it.time - days(10) }), signedBy("tax"));
  for (let i = 0; i < 17; i++) it.act("bogus", acts.commit, exam(it, { record: `b-${i}` }), signedBy("land"));
  passes(it, "health");
  for (let i = 0; i < 17; i++) {
    if (it.row(records, `b-${i}`)?.$.status === "live")
      it.act("undone", acts.withdraw, { record: `b-${i}`, ground: "x" }, signedBy("land"));
  }
  const needless = exam(it, { record: "again", made: it.time });
  expect(it.act("warned of all the same", acts.commit, needless, signedBy("land"))).toEqual(["health.duplicate_care"]);
  expect(it.row(records, "again")?.again).toBe("true");
  passes(it, "health");
});

test("records of a hospital that is one no more are handed over to another", () => {
  const it = treated();
  it.act("corrected", acts.replace, { record: "r-1", by: "r-2", made: it.time, content }, signedBy("land"));
  it.act("a look", acts.read, { ...look, record: "r-2" }, signedBy("doctor"));
  it.act("Bob's", acts.commit, exam(it, { record: "b-1", patient: "p:bob" }), signedBy("tax"));
  const over = { from: "land", to: "tax", records: ["r-2"] };
  it.refused("while it is one", "health.still_hospital", acts.handOver, over, signedBy("courts", "tax"));
  const out = { proposal: "out", member: "tax", kind: "role.revoke", agency: "land", role: "health.hospital", scope: "" } as const;
  it.act("land is a hospital no more", governance.propose, out, signedBy("tax"));
  for (const member of ["tax", "courts", "health"])
    it.act("voted", governance.vote, { proposal: "out", member, vote: "yes" }, signedBy(member));
  it.refused("nobody gives the key", "engine.not_entitled", acts.release, { access: "a-1", key }, signedBy("land"));
  it.refused("by the taker alone", "engine.not_entitled", acts.handOver, { ...over, to: "land" }, signedBy("land"));
  it.refused("to who does not sign", "engine.not_entitled", acts.handOver, over, signedBy("courts"));
  const foreign = { ...over, records: ["r-2", "b-1"] };
  it.refused("with another's", "health.not_hospital", acts.handOver, foreign, signedBy("courts", "tax"));
  it.act("handed over", acts.handOver, over, signedBy("courts", "tax"));
  expect(it.row(records, "r-2")).toMatchObject({ hospital: "tax", formerly: ["land"] });
  passes(it, "health");
  it.act("the key that was waited for", acts.release, { access: "a-1", key }, signedBy("tax"));
  it.act("corrected by the other", acts.replace, { record: "r-2", by: "r-3", made: it.time, content }, signedBy("tax"));
  it.act("a look in an emergency", acts.breakGlass, glass, signedBy("nurse"));
  it.act("at it", acts.readInEmergency, { access: "a-2", record: "r-3", emergency: "e-1" }, signedBy("nurse"));
  it.act("its key", acts.release, { access: "a-2", key }, signedBy("tax"));
  passes(it, "health");
  const many = Array.from({ length: 64 }, (_, i) => `${"r".repeat(60)}${10 + i}`);
  it.act("land is one again", governance.propose, { ...out, proposal: "in", kind: "role.grant" }, signedBy("tax"));
  for (const member of ["tax", "courts", "health"])
    it.act("voted", governance.vote, { proposal: "in", member, vote: "yes" }, signedBy(member));
  for (const record of many) it.act("committed", acts.commit, exam(it, { record, kind: "lab" }), signedBy("land"));
  it.act("and out", governance.propose, { ...out, proposal: "out-2" }, signedBy("tax"));
  for (const member of ["tax", "courts", "health"])
    it.act("voted", governance.vote, { proposal: "out-2", member, vote: "yes" }, signedBy(member));
  it.act("as many as come at once", acts.handOver, { ...over, records: many }, signedBy("courts", "tax"));
  passes(it, "health");
});

test("a key is given to the post that looked while it may look", () => {
  const it = treated();
  it.act("the doctor looks", acts.read, look, signedBy("doctor"));
  it.act("the nurse breaks the glass", acts.breakGlass, glass, signedBy("nurse"));
  it.act("and looks", acts.readInEmergency, { access: "a-2", record: "r-1", emergency: "e-1" }, signedBy("nurse"));
  it.act(
    "the nurse is recalled",
    governance.recall,
    { agency: "tax", post: "nurse", role: "health.emergency", scope: "" },
    signedBy("tax"),
  );
  it.refused("no key for her", "health.post_recalled", acts.release, { access: "a-2", key }, signedBy("land"));
  it.act("the doctor's key is lost", eid.setKey, { key: keyOf("doctor"), to: "suspended" }, signedBy("tax"));
  it.refused("none to it", "health.post_recalled", acts.release, { access: "a-1", key }, signedBy("land"));
  it.act("found again", eid.setKey, { key: keyOf("doctor"), to: "live" }, signedBy("tax"));
  it.act("the key", acts.release, { access: "a-1", key }, signedBy("land"));
  passes(it, "health");
});

describe("by consent", () => {
  test("a post looks at what was consented to, for the purpose, and the patient sees it", () => {
    const it = treated();
    it.act("psychiatry", acts.commit, exam(it, { record: "s-1", kind: "psychiatry" }), signedBy("land"));
    it.act("Bob's CT", acts.commit, exam(it, { record: "b-1", patient: "p:bob" }), signedBy("land"));
    it.act("Ann's CT at the clinic itself", acts.commit, exam(it, { record: "t-1" }), signedBy("tax"));
    it.refused("the nurse looks", "engine.not_entitled", acts.read, look, signedBy("nurse"));
    it.refused("by the agency's own key", "health.by_post", acts.read, look, signedBy("tax"));
    it.refused("by two", "health.by_post", acts.read, look, signedBy("doctor", "nurse"));
    it.refused("land's surgeon", "consents.other_party", acts.read, look, signedBy("surgeon"));
    it.refused("for research", "consents.other_purpose", acts.read, { ...look, purpose: "research" }, signedBy("doctor"));
    it.refused("psychiatry", "consents.beyond_fields", acts.read, { ...look, record: "s-1" }, signedBy("doctor"));
    it.refused("Bob's", "consents.other_party", acts.read, { ...look, record: "b-1" }, signedBy("doctor"));
    it.refused("another hospital's", "consents.not_holder", acts.read, { ...look, record: "t-1" }, signedBy("doctor"));
    it.act("as consented", acts.read, look, signedBy("doctor"));
    it.refused("once under a name", "engine.already_exists", acts.read, look, signedBy("doctor"));
    expect(it.row(accesses, "a-1")).toMatchObject({ patient: "p:ann", clinic: "tax", post: "doctor", consent: "c-1", use: 0 });
    expect(it.row(consents.uses, "c-1", 0, 0)).toMatchObject({ subject: "p:ann", fields: ["ct"], $: { status: "spent" } });
    const home = asked(it, { consent: "c-2", user: "land" });
    it.act("land's own doctors ask too", consents.request, home, signedBy("land"));
    const { fields, until, most } = home;
    it.act("Ann consents", consents.give, { consent: "c-2", fields, until, most }, signedBy("ann"));
    it.act("land's surgeon looks at land's record", acts.read, { ...look, access: "a-2", consent: "c-2" }, signedBy("surgeon"));
    it.act("corrected meanwhile", acts.replace, { record: "r-1", by: "r-2", made: it.time, content }, signedBy("land"));
    it.refused("the key to what was replaced", "health.not_current", acts.release, { access: "a-1", key }, signedBy("land"));
    it.refused("a look at it", "health.not_current", acts.read, { ...look, access: "a-9" }, signedBy("doctor"));
    passes(it, "health");
    passes(it, "consents");
  });

  test("a key is given by the record's hospital, within a day, while the consent is live", () => {
    const it = treated();
    for (const access of ["a-1", "a-2", "a-3"]) it.act("a look", acts.read, { ...look, access }, signedBy("doctor"));
    it.refused("a fourth", "consents.used_up", acts.read, { ...look, access: "a-4" }, signedBy("doctor"));
    it.refused("the clinic takes the key", "health.not_hospital", acts.release, { access: "a-1", key }, signedBy("tax"));
    it.refused("the doctor does", "engine.not_entitled", acts.release, { access: "a-1", key }, signedBy("doctor"));
    it.act("the hospital gives it", acts.release, { access: "a-1", key }, signedBy("land"));
    it.refused("twice", "health.access_over", acts.release, { access: "a-1", key }, signedBy("land"));
    it.refused("refused by another", "health.not_hospital", acts.refuse, { access: "a-2", ground: "no-file" }, signedBy("tax"));
    it.act("refused", acts.refuse, { access: "a-2", ground: "no-file" }, signedBy("land"));
    it.act("so a use is left", acts.read, { ...look, access: "a-4" }, signedBy("doctor"));
    it.act("Ann revokes", consents.revoke, { consent: "c-1" }, signedBy("ann"));
    it.refused("no key", "consents.not_live", acts.release, { access: "a-3", key }, signedBy("land"));
    expect(it.advance(days(1)).map(({ name }) => name)).toEqual(["lapse", "lapse"]);
    expect(it.row(consents.consents, "c-1")).toMatchObject({ next: 4, uses: 1 });
    it.refused("and none later", "health.access_over", acts.refuse, { access: "a-3", ground: "late" }, signedBy("land"));
    expect(["a-1", "a-2", "a-3"].map((one) => it.row(accesses, one)?.$.status)).toEqual(["served", "refused", "lapsed"]);
    expect(audit(it, "health").find(({ name }) => name === "bases")?.figures).toEqual({ "keys given": 1 });
    passes(it, "health");
  });

  test("a guardian consents for a child", () => {
    const it = town();
    it.act("Ann's CT", acts.commit, exam(it), signedBy("land"));
    it.act("the clinic asks", consents.request, asked(it), signedBy("tax"));
    const { consent, fields, until, most } = asked(it, { until: it.time + days(80) });
    const terms = { consent, fields, until, most };
    it.refused("Bob", "engine.signature_missing", consents.give, terms, signedBy("bob"));
    it.act("her guardian", eid.appoint, { principal: "p:ann", agent: "p:bob", guardian: true }, signedBy("courts", "bob"));
    it.act("Bob", consents.give, terms, signedBy("bob"));
    it.act("the doctor looks", acts.read, look, signedBy("doctor"));
    it.act("the guardianship ends", eid.dismiss, { principal: "p:ann", agent: "p:bob" }, signedBy("courts"));
    it.refused("Bob revokes", "engine.signature_missing", consents.revoke, { consent: "c-1" }, signedBy("bob"));
    it.act("Ann does", consents.revoke, { consent: "c-1" }, signedBy("ann"));
    passes(it, "health");
  });
});

describe("a broken glass", () => {
  test("is broken by an entitled post, for one patient, for a day or until it closes it; the patient sees it at once", () => {
    const it = town();
    it.act("Ann's CT", acts.commit, exam(it), signedBy("land"));
    it.act("Bob's CT", acts.commit, exam(it, { record: "b-1", patient: "p:bob" }), signedBy("land"));
    it.refused("by the doctor", "engine.not_entitled", acts.breakGlass, glass, signedBy("doctor"));
    it.refused("by the agency's own key", "health.by_post", acts.breakGlass, glass, signedBy("tax"));
    it.refused("for nobody", "health.patient_unknown", acts.breakGlass, { ...glass, patient: "p:zoe" }, signedBy("nurse"));
    it.act("by the nurse", acts.breakGlass, glass, signedBy("nurse"));
    expect(it.row(emergencies, "e-1")).toMatchObject({ patient: "p:ann", clinic: "tax", post: "nurse", ground: "unconscious" });
    const seen = { access: "a-2", record: "r-1", emergency: "e-1" };
    it.refused("the surgeon looks through it", "health.not_open", acts.readInEmergency, seen, signedBy("surgeon"));
    it.refused("at Bob's", "health.other_patient", acts.readInEmergency, { ...seen, record: "b-1" }, signedBy("nurse"));
    it.act("at Ann's", acts.readInEmergency, seen, signedBy("nurse"));
    it.act("again", acts.readInEmergency, { ...seen, access: "a-3" }, signedBy("nurse"));
    it.act("the hospital gives the key", acts.release, { access: "a-2", key }, signedBy("land"));
    it.refused(
      "reviewed while it is open",
      "health.review_time",
      acts.review,
      { emergency: "e-1", finding: "justified", ground: "x" },
      signedBy("health"),
    );
    it.refused("closed by another", "health.not_open", acts.close, { emergency: "e-1" }, signedBy("surgeon"));
    it.act("closed", acts.close, { emergency: "e-1" }, signedBy("nurse"));
    it.refused("twice", "health.not_open", acts.close, { emergency: "e-1" }, signedBy("nurse"));
    it.refused("a look after", "health.not_open", acts.readInEmergency, { ...seen, access: "a-4" }, signedBy("nurse"));
    expect(it.row(emergencies, "e-1")?.read).toEqual(["r-1"]);
    passes(it, "health");
    it.act("another", acts.breakGlass, { ...glass, emergency: "e-2" }, signedBy("nurse"));
    it.advance(days(1));
    it.refused("a day later", "health.not_open", acts.readInEmergency, { ...seen, access: "a-4", emergency: "e-2" }, signedBy("nurse"));
    it.act("the nurse goes", governance.recall, { agency: "tax", post: "nurse", role: "health.emergency", scope: "" }, signedBy("tax"));
    it.refused("and breaks no more", "engine.not_entitled", acts.breakGlass, { ...glass, emergency: "e-3" }, signedBy("nurse"));
    passes(it, "health");
  });

  test("shows 64 records at most", () => {
    const it = broken();
    for (let i = 0; i < 64; i++) it.act("blood", acts.commit, exam(it, { record: `l-${i}`, kind: "lab" }), signedBy("land"));
    for (let i = 0; i < 63; i++)
      it.act("seen", acts.readInEmergency, { access: `s-${i}`, record: `l-${i}`, emergency: "e-1" }, signedBy("nurse"));
    it.refused(
      "another",
      "health.read_full",
      acts.readInEmergency,
      { access: "s-63", record: "l-63", emergency: "e-1" },
      signedBy("nurse"),
    );
    it.act("one again", acts.readInEmergency, { access: "s-63", record: "l-0", emergency: "e-1" }, signedBy("nurse"));
    passes(it, "health");
  });

  test("is reviewed by another agency, when it is over; a misuse ends its keys", () => {
    const it = broken();
    it.act("closed", acts.close, { emergency: "e-1" }, signedBy("nurse"));
    const misuse = { emergency: "e-1", finding: "misused" as const, ground: "neighbour" };
    it.refused("by the clinic", "health.own_case", acts.review, misuse, signedBy("tax"));
    it.refused("by Ann", "engine.not_entitled", acts.review, misuse, signedBy("ann"));
    it.refused("decided unreviewed", "engine.illegal_move", acts.decide, { ...misuse, finding: "condemned" }, signedBy("courts"));
    it.refused(
      "Ann contests what was not found",
      "health.contest_over",
      acts.contest,
      { emergency: "e-1", by: "patient" },
      signedBy("ann"),
    );
    it.act("by the ministry of health", acts.review, misuse, signedBy("health"));
    it.refused("twice", "health.review_time", acts.review, misuse, signedBy("courts"));
    it.refused("no key any more", "health.not_open", acts.release, { access: "a-2", key }, signedBy("land"));
    expect([statusOf(it), tally(it)]).toEqual(["misused", { clinic: "tax", emergencies: 1, waiting: 0, late: 0, misused: 1 }]);
    it.refused("the nurse contests", "engine.signature_missing", acts.contest, { emergency: "e-1", by: "clinic" }, signedBy("nurse"));
    it.refused("Ann contests it too", "health.contest_over", acts.contest, { emergency: "e-1", by: "patient" }, signedBy("ann"));
    it.act("the clinic contests", acts.contest, { emergency: "e-1", by: "clinic" }, signedBy("tax"));
    expect(tally(it)).toEqual({ clinic: "tax", emergencies: 1, waiting: 1, late: 0, misused: 0 });
    const final = { emergency: "e-1", finding: "condemned" as const, ground: "neighbour" };
    it.refused("the clinic decides", "health.own_case", acts.decide, final, signedBy("tax"));
    it.act("the courts decide", acts.decide, final, signedBy("courts"));
    it.refused("for good", "engine.illegal_move", acts.decide, { ...final, finding: "upheld" }, signedBy("land"));
    it.refused("and nobody contests", "health.contest_over", acts.contest, { emergency: "e-1", by: "clinic" }, signedBy("tax"));
    expect(tally(it)).toEqual({ clinic: "tax", emergencies: 1, waiting: 0, late: 0, misused: 1 });
    passes(it, "health");
  });

  test("of a post that misused one before is marked", () => {
    const it = broken();
    it.act("closed", acts.close, { emergency: "e-1" }, signedBy("nurse"));
    it.act("misused", acts.review, { emergency: "e-1", finding: "misused", ground: "g" }, signedBy("courts"));
    expect(it.act("again", acts.breakGlass, { ...glass, emergency: "e-2" }, signedBy("nurse"))).toEqual(["health.misused_before"]);
    expect(it.row(emergencies, "e-2")?.misused).toBe(1);
    expect(it.act("another post", acts.breakGlass, { ...glass, emergency: "e-3" }, signedBy("surgeon"))).toEqual([]);
    it.act("contested", acts.contest, { emergency: "e-1", by: "clinic" }, signedBy("tax"));
    expect(it.act("as long as it stands", acts.breakGlass, { ...glass, emergency: "e-4" }, signedBy("nurse"))).toEqual([]);
    it.act("upheld", acts.decide, { emergency: "e-1", finding: "condemned", ground: "g" }, signedBy("land"));
    expect(it.row(postRows, "tax", "nurse")?.misused).toBe(1);
    passes(it, "health");
    expect(findsTampered(it, "health", postRows, ["tax", "nurse"], { misused: 0 })).toEqual(["judges"]);
    const last = it.row(recents, "p:ann", "ct")!.last.map((one) => ({ ...one, hospital: "tax" }));
    expect(findsTampered(it, "health", recents, ["p:ann", "ct"], { last })).toEqual(["versions"]);
  });

  test("that was found justified is contested by the patient within 180 days, and decided by who has not reviewed it", () => {
    const it = broken();
    it.advance(days(1));
    it.act("justified", acts.review, { emergency: "e-1", finding: "justified", ground: "art-9" }, signedBy("courts"));
    const contest = { emergency: "e-1", by: "patient" as const };
    it.refused("Bob contests", "engine.signature_missing", acts.contest, contest, signedBy("bob"));
    it.act("Ann does", acts.contest, contest, signedBy("ann"));
    const final = { emergency: "e-1", finding: "upheld" as const, ground: "art-9" };
    it.refused("the reviewer decides", "health.own_case", acts.decide, final, signedBy("courts"));
    it.act("another does", acts.decide, final, signedBy("land"));
    passes(it, "health");

    it.act("another", acts.breakGlass, { ...glass, emergency: "e-2" }, signedBy("nurse"));
    it.advance(days(2));
    it.act("justified", acts.review, { emergency: "e-2", finding: "justified", ground: "art-9" }, signedBy("courts"));
    it.advance(days(180));
    it.refused("too late", "health.contest_over", acts.contest, { ...contest, emergency: "e-2" }, signedBy("ann"));
    passes(it, "health");
  });

  test("that nobody reviews within seven days goes to the supervisor by itself, and the public tally says so", () => {
    const it = broken();
    it.act("a second", acts.breakGlass, { ...glass, emergency: "e-2" }, signedBy("nurse"));
    expect(it.advance(days(7)).map(({ name }) => name)).toEqual(["lapse", "overdue", "overdue"]);
    expect([statusOf(it), tally(it)]).toEqual(["overdue", { clinic: "tax", emergencies: 2, waiting: 2, late: 2, misused: 0 }]);
    const late = { emergency: "e-1", finding: "justified" as const, ground: "art-9" };
    it.refused("reviewed late", "health.review_time", acts.review, late, signedBy("health"));
    it.act("upheld", acts.decide, { emergency: "e-1", finding: "upheld", ground: "art-9" }, signedBy("courts"));
    it.act("condemned", acts.decide, { emergency: "e-2", finding: "condemned", ground: "art-9" }, signedBy("courts"));
    expect(tally(it)).toEqual({ clinic: "tax", emergencies: 2, waiting: 0, late: 2, misused: 1 });
    passes(it, "health");
  });
});

test("an audit finds a row that the rules did not make", () => {
  const it = treated();
  it.act("a look", acts.read, look, signedBy("doctor"));
  it.act("a glass is broken", acts.breakGlass, glass, signedBy("nurse"));
  it.act("a look through it", acts.readInEmergency, { access: "a-2", record: "r-1", emergency: "e-1" }, signedBy("nurse"));
  it.act("another CT", acts.commit, exam(it, { record: "r-2" }), signedBy("tax"));
  it.act("corrected", acts.replace, { record: "r-2", by: "r-3", made: it.time, content }, signedBy("tax"));
  it.act("closed", acts.close, { emergency: "e-1" }, signedBy("nurse"));
  it.act("reviewed", acts.review, { emergency: "e-1", finding: "justified", ground: "art-9" }, signedBy("health"));
  passes(it, "health");
  const found = (type: typeof accesses, name: string, change: object) => findsTampered(it, "health", type, [name], change);
  expect(found(accesses, "a-1", { use: 1 })).toEqual(["bases"]);
  expect(found(accesses, "a-1", { purpose: "research" })).toEqual(["bases"]);
  expect(found(accesses, "a-1", { consent: undefined, use: undefined, emergency: "e-1" })).toEqual(["bases"]);
  expect(found(accesses, "a-1", { key })).toEqual(["bases"]);
  expect(found(accesses, "a-2", { post: "doctor" })).toEqual(["bases"]);
  expect(found(accesses, "a-2", { at: it.time + 1 })).toEqual(["bases"]);
  expect(found(accesses, "a-2", { emergency: "e-2" })).toEqual(["bases"]);
  expect(found(emergencies as never, "e-1", { reviewed_by: "tax" })).toEqual(["judges"]);
  expect(found(emergencies as never, "e-1", { clinic: "land" })).toEqual(["bases", "judges"]);
  expect(found(emergencies as never, "e-1", { $status: "misused" })).toEqual(["judges"]);
  expect(found(tallies as never, "tax", { emergencies: 2 })).toEqual(["judges"]);
  expect(found(records as never, "r-3", { replaces: "r-1" })).toEqual(["versions"]);
  expect(found(records as never, "r-3", { formerly: ["land"] })).toEqual(["versions"]);
  expect(found(records as never, "r-3", { again: "none" })).toEqual(["versions"]);
  expect(found(records as never, "r-1", { $status: "withdrawn" })).toEqual(["versions"]);
  expect(found(records as never, "r-1", { patient: "p:bob" })).toEqual(["bases", "versions"]);
});

test("the acts of its reference page are a story that happens", () => {
  const agencies = ["tax", "land", "courts"];
  const roles = ["authority", "hospital", "clinician", "emergency", "reviewer", "supervisor"];
  const it = founded({
    grants: [
      ...agencies.flatMap((of) => roles.map((role) => grant(of, `health.${role}`))),
      ...["consents.registrar", "consents.holder", "eid.ministry"].map((role) => grant("tax", role)),
    ],
  });
  enrol(it, "tax", "health", "ann.health");
  post(it, "tax", "nurse", "emergency");
  post(it, "land", "doctor", "clinician");
  const example = <A extends { readonly options: { readonly example?: any } }>(action: A): any => action.options.example;
  it.act("defined", consents.define, definition, signedBy("tax"));
  it.act("kind", acts.setKind, example(acts.setKind), signedBy("tax"));
  it.act("committed", acts.commit, example(acts.commit), signedBy("tax"));
  const of = asked(it, { consent: "c-9", subject: "p:ann.health", holder: "tax", user: "land", fields: ["ct"] });
  it.act("asked", consents.request, of, signedBy("land"));
  it.act("given", consents.give, { consent: "c-9", fields: ["ct"], until: it.time + days(9), most: 3 }, signedBy("ann.health"));
  it.act("a look", acts.read, example(acts.read), signedBy("doctor"));
  it.act("a key", acts.release, example(acts.release), signedBy("tax"));
  it.act("broken", acts.breakGlass, example(acts.breakGlass), signedBy("nurse"));
  it.act("seen", acts.readInEmergency, example(acts.readInEmergency), signedBy("nurse"));
  it.act("refused", acts.refuse, example(acts.refuse), signedBy("tax"));
  it.act("closed", acts.close, example(acts.close), signedBy("nurse"));
  it.act("reviewed", acts.review, example(acts.review), signedBy("land"));
  it.act("contested", acts.contest, example(acts.contest), signedBy("ann.health"));
  it.act("decided", acts.decide, example(acts.decide), signedBy("courts"));
  it.act("corrected", acts.replace, example(acts.replace), signedBy("tax"));
  it.act("withdrawn", acts.withdraw, example(acts.withdraw), signedBy("tax"));
  passes(it, "health");
});

// ── real ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const folder = new URL("../../../../shared/data/fhir-r4/", import.meta.url);
describe.skipIf(!existsSync(folder))("the examples of FHIR R4 (skipped without ../shared/data)", () => {
  const all = (type: string): [string, any][] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${type}-`) || name === `${type}.json`)
      .sort()
      .map((name) => [name.slice(type.length + 1, -5), JSON.parse(readFileSync(new URL(name, folder), "utf8"))]);
  const codes = (found: any, name: string): string[] =>
    found === undefined
      ? []
      : [...(found[name] ?? []).map(({ code }: { code: string }) => code), ...(found.provision ?? []).flatMap((p: any) => codes(p, name))];

  test("consents: what permits is given for its classes and period, what denies is declined, and a look keeps to either", () => {
    const it = town();
    it.act("Ann's CT", acts.commit, exam(it), signedBy("land"));
    const ended = new Map<string, string>();
    for (const [name, found] of all("Consent")) {
      const { policyRule, provision = {}, dateTime } = found;
      const end = provision.period?.end;
      const until = it.time + 1_000 + (end === undefined ? days(90) : Date.parse(end) - Date.parse(dateTime));
      const classes = codes(provision, "class").filter((code) => code === "MedicationRequest");
      const fields = classes.length > 0 ? classes : ["ct"];
      const wanted = asked(it, { consent: name, definition: name, fields, until });
      const classed = { ...definition, definition: name, fields: ["ct", "MedicationRequest"] };
      it.act(
        "FHIR's classes, each a definition: who was declined does not ask again at once",
        consents.define,
        classed,
        signedBy("health"),
      );
      if (until <= it.time + 1_000) {
        it.refused(name, "consents.beyond_definition", consents.request, wanted, signedBy("tax"));
        ended.set(name, "over");
        continue;
      }
      it.act(name, consents.request, wanted, signedBy("tax"));
      const permits = policyRule.coding[0].code === "OPTIN" && provision.type !== "deny";
      const terms = { consent: name, fields: wanted.fields, until, most: 1 };
      if (permits) it.act("given", consents.give, terms, signedBy("ann"));
      else it.act("declined", consents.decline, { consent: name }, signedBy("ann"));
      ended.set(name, permits ? "given" : "declined");
      const one = { access: name, record: "r-1", consent: name, purpose: "treatment" };
      const code = permits ? (wanted.fields.includes("ct") ? undefined : "consents.beyond_fields") : "consents.not_live";
      if (code === undefined) it.act("a look", acts.read, one, signedBy("doctor"));
      else it.refused("a look", code, acts.read, one, signedBy("doctor"));
    }
    const of = (how: string) => [...ended].filter(([, h]) => h === how).map(([name]) => name.replace("consent-example-", ""));
    expect({ given: of("given"), declined: of("declined"), over: of("over") }).toEqual({
      given: ["notAuthor", "notThem", "notThis", "signature", "smartonfhir"],
      declined: ["Emergency", "Out", "grantor", "notOrg", "pkb"],
      over: ["basic", "notTime"],
    });
    expect(it.row(consents.consents, "consent-example-smartonfhir")?.$.status).toBe("live");
    it.advance(days(1));
    expect(it.row(consents.consents, "consent-example-smartonfhir")?.$.status).toBe("expired"); // of half an hour
    passes(it, "health");
    passes(it, "consents");
  });

  test("audit events that read are looks for their purpose; provenances are commitments of their targets", () => {
    const it = treated();
    const outcomes = all("AuditEvent")
      .filter(([, { action }]) => action === "R")
      .map(([name, { purposeOfEvent }]) => {
        const purpose = purposeOfEvent?.[0].coding[0].code ?? "treatment";
        const one = { access: `event-${name}`, record: "r-1", consent: "c-1", purpose };
        if (purpose === "treatment") it.act(name, acts.read, one, signedBy("doctor"));
        else it.refused(name, "consents.other_purpose", acts.read, one, signedBy("doctor"));
        return [name, purpose];
      });
    expect(outcomes).toEqual([
      ["example-disclosure", "HMARKT"],
      ["example-media", "treatment"],
      ["example-rest", "treatment"],
    ]);
    const provenances = all("Provenance");
    expect(provenances).toHaveLength(5);
    for (const [name, found] of provenances) {
      const kind = found.target[0].reference.split("/")[0];
      if (it.row(kinds, kind) === undefined) it.act("a kind", acts.setKind, { kind, title: kind, interval: 0 }, signedBy("health"));
      const root = sha256(utf8(JSON.stringify(found)));
      const made = Date.parse(found.recorded);
      it.act(name, acts.commit, exam(it, { record: `p-${name}`, kind, made, content: { root, size: 50 } }), signedBy("land"));
    }
    passes(it, "health");
    passes(it, "consents");
  });
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const INTERVAL = days(3);
const hospitals = ["tax", "land"];
const agencyOf: { readonly [name: string]: string } = { doctor: "tax", nurse: "tax", surgeon: "land" };
const posts = Object.keys(agencyOf);
const holders: { [role: string]: readonly string[] } = {
  hospital: hospitals,
  clinician: [...hospitals, "doctor", "surgeon"],
  emergency: [...hospitals, "nurse", "surgeon"],
  reviewer: [...hospitals, "courts", "health"],
  supervisor: [...hospitals, "courts"],
};
/** The one agency whose key among the signers may exercise the role. */
function acting(role: string, signers: readonly string[]): string | undefined {
  const found = new Set(signers.filter((name) => holders[role]!.includes(name)).map((name) => agencyOf[name] ?? name));
  return found.size === 1 ? [...found][0] : undefined;
}
/** Its one post that signed, if nobody else of it did. */
function byPost(role: string, signers: readonly string[]): { clinic: string; post: string } | undefined {
  const clinic = acting(role, signers);
  const own = signers.filter((name) => (agencyOf[name] ?? name) === clinic);
  return clinic !== undefined && own.length === 1 && posts.includes(own[0]!) ? { clinic, post: own[0]! } : undefined;
}
const step = fc.record({
  act: fc.constantFrom(
    ...(["commit", "commit", "commit", "replace", "withdraw", "consent", "consent", "revoke", "read", "read", "read", "read"] as const),
    ...(["breakGlass", "breakGlass", "readInEmergency", "readInEmergency", "readInEmergency", "close", "close"] as const),
    ...(["release", "release", "release", "refuse", "review", "review", "review", "contest", "contest", "decide", "decide"] as const),
    ...(["handOver", "wait", "wait", "wait"] as const),
  ),
  pick: fc.nat(5),
  aimed: fc.nat(5),
  patient: fc.constantFrom("ann", "bob"),
  hospital: fc.constantFrom(...hospitals),
  kind: fc.constantFrom("ct", "lab"),
  fields: fc.constantFrom(["ct"], ["ct", "lab"], ["ct", "lab"]),
  days: fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.constantFrom(-1, 2_000) }),
  purpose: fc.constantFrom("treatment", "treatment", "treatment", "treatment", "research"),
  good: fc.boolean(),
  hours: fc.constantFrom(1, 1, 5, 20, 30, 80, 100, 800),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom("ann", "bob", "courts", "health", ...hospitals, ...posts), { maxLength: 3 }),
});
type Rec = { name: string; patient: string; hospital: string; kind: string; made: number; status: string };
type Con = {
  name: string;
  patient: string;
  holder: string;
  user: string;
  fields: readonly string[];
  until: number;
  most: number;
  uses: number;
  live: boolean;
};
type Acc = { name: string; record: Rec; status: string; by: number; consent?: Con; emergency?: Em };
type Em = {
  name: string;
  patient: string;
  clinic: string;
  post: string;
  status: string;
  until: number;
  by: number;
  since: number;
  reviewer?: string;
  late: boolean;
};

describe("whatever hospitals, posts, patients and reviewers do", () => {
  test("no key without a live consent or an emergency, every emergency is judged by others or waits in public, duplicate care is warned of", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 400, maxLength: 420 }), (steps) => {
        const it = founded({ grants });
        enrol(it, "courts", "health", "ann", "bob");
        post(it, "tax", "doctor", "clinician");
        post(it, "tax", "nurse", "emergency");
        post(it, "land", "surgeon", "clinician", "emergency");
        it.act("what is consented to", consents.define, definition, signedBy("health"));
        for (const kind of ["ct", "lab"])
          it.act("a kind", acts.setKind, { kind, title: kind, interval: kind === "ct" ? INTERVAL : 0 }, signedBy("health"));
        holders["hospital"] = hospitals;
        const recs: Rec[] = [];
        const cons: Con[] = [];
        const accs: Acc[] = [];
        const ems: Em[] = [];
        const ends = (a: Acc, how: string): void => {
          a.status = how;
          if (a.consent !== undefined) a.consent.uses--;
        };
        const lapse = (): void => {
          for (const c of cons) if (c.until <= it.time) c.live = false;
          for (const a of accs) if (a.status === "open" && a.by <= it.time) ends(a, "lapsed");
          for (const e of ems)
            if (e.status === "open" && e.by <= it.time) Object.assign(e, { status: "overdue", late: true, since: it.time });
        };
        const chosen = <T>(from: readonly T[], fits: (one: T) => boolean, s: { pick: number; aimed: number }): T | undefined =>
          (s.aimed > 0 ? from.findLast(fits) : undefined) ?? from.at(-1 - s.pick);
        for (const [i, s] of steps.entries()) {
          total++;
          if (i === 340) {
            const out = {
              proposal: "out",
              member: "tax",
              kind: "role.revoke",
              agency: "land",
              role: "health.hospital",
              scope: "",
            } as const;
            it.act("land is a hospital no more", governance.propose, out, signedBy("tax"));
            for (const member of ["tax", "courts", "health"])
              it.act("voted", governance.vote, { proposal: "out", member, vote: "yes" }, signedBy(member));
            holders["hospital"] = ["tax"];
            lapse();
          }
          if (s.act === "wait") {
            for (const { result } of it.advance(hours(s.hours))) expect(result.flags).toEqual([]);
            lapse();
            continue;
          }
          const now = it.time + 1_000; // the block is a second later
          const made = now - days(s.days);
          const e = chosen(
            ems,
            ({ status, until }) =>
              s.act === "review"
                ? status === "open" && until <= now
                : s.act === "contest"
                  ? status === (s.good ? "justified" : "misused")
                  : s.act === "decide"
                    ? status === "contested" || status === "overdue"
                    : status === "open" && until > now,
            s,
          );
          const c =
            s.act === "revoke" ? chosen(cons, ({ live }) => live, s) : chosen(cons, ({ live, uses, most }) => live && uses < most, s);
          const matches = (r: Rec): boolean =>
            r.status === "live" &&
            (s.act !== "handOver" || r.hospital === "land") &&
            (s.act === "read"
              ? c !== undefined && r.patient === c.patient && r.hospital === c.holder && c.fields.includes(r.kind)
              : s.act !== "readInEmergency" || r.patient === e?.patient);
          const r = chosen(recs, matches, s);
          const a = chosen(accs, ({ status, record }) => status === "open" && record.status === "live", s);
          const name = `n-${total}`;
          const other = (clinic: string | undefined, but?: string): string =>
            ["courts", "land", "tax"].find((one) => one !== clinic && one !== but && (s.good || one !== "courts")) ?? "courts";
          const clinician = c?.user === "land" ? "surgeon" : "doctor";
          const entitled = e?.post ?? "nurse";
          const should: string[] = {
            commit: () => [s.hospital],
            replace: () => [r?.hospital ?? s.hospital],
            withdraw: () => [r?.hospital ?? s.hospital],
            consent: () => [s.hospital, s.patient],
            revoke: () => [c?.patient ?? s.patient],
            read: () => [clinician],
            breakGlass: () => [s.good ? "nurse" : "surgeon"],
            readInEmergency: () => [entitled],
            close: () => [entitled],
            release: () => [a?.record.hospital ?? s.hospital],
            refuse: () => [a?.record.hospital ?? s.hospital],
            review: () => [other(e?.clinic)],
            contest: () => [s.good ? (e?.patient ?? s.patient) : (e?.clinic ?? s.hospital)],
            decide: () => [other(e?.clinic, e?.reviewer)],
            handOver: () => ["courts", "tax"],
          }[s.act]();
          const signers: string[] = s.honest > 1 ? should : s.signers;
          const user = s.hospital;
          const holder = s.good ? "land" : "tax";
          const finding = s.good ? ["justified", "upheld"] : ["misused", "condemned"];
          const terms = { consent: name, fields: s.fields, until: now + days(Math.max(0, s.days)), most: 1 + s.pick };
          const record = r?.name ?? "none";
          const emergency = e?.name ?? "none";
          const access = a?.name ?? "none";
          const operations: { action: string; args: object }[] = {
            commit: () => [{ action: "health.commit@1", args: { record: name, patient: `p:${s.patient}`, kind: s.kind, made, content } }],
            replace: () => [{ action: "health.replace@1", args: { record, by: name, made, content } }],
            withdraw: () => [{ action: "health.withdraw@1", args: { record, ground: "wrong" } }],
            consent: () => [
              { action: "consents.request@1", args: asked(it, { ...terms, subject: `p:${s.patient}`, holder, user }) },
              { action: "consents.give@1", args: terms },
            ],
            revoke: () => [{ action: "consents.revoke@1", args: { consent: c?.name ?? "none" } }],
            read: () => [{ action: "health.read@1", args: { access: name, record, consent: c?.name ?? "none", purpose: s.purpose } }],
            breakGlass: () => [{ action: "health.breakGlass@1", args: { emergency: name, patient: `p:${s.patient}`, ground: "x", words } }],
            readInEmergency: () => [{ action: "health.readInEmergency@1", args: { access: name, record, emergency } }],
            close: () => [{ action: "health.close@1", args: { emergency } }],
            release: () => [{ action: "health.release@1", args: { access, key } }],
            refuse: () => [{ action: "health.refuse@1", args: { access, ground: "x" } }],
            review: () => [{ action: "health.review@1", args: { emergency, finding: finding[0], ground: "x" } }],
            contest: () => [{ action: "health.contest@1", args: { emergency, by: s.good ? "patient" : "clinic" } }],
            handOver: () => [{ action: "health.handOver@1", args: { from: "land", to: "tax", records: [record] } }],
            decide: () => [{ action: "health.decide@1", args: { emergency, finding: finding[1], ground: "x" } }],
          }[s.act]();
          const { outcome, code, flags } = it.submit(operations, signedBy(...signers));
          lapse();
          expect(code).not.toBe("engine.fault");
          expect(code).not.toBe("engine.work_exceeded");

          // What a plain reading of the rules says.
          const hospital = acting("hospital", signers);
          const reads = byPost("clinician", signers);
          const breaks = byPost("emergency", signers);
          const open = e !== undefined && breaks?.clinic === e.clinic && breaks.post === e.post && e.status === "open" && now < e.until;
          const served = a !== undefined && hospital === a.record.hospital && a.status === "open";
          const may: boolean = {
            commit: () => hospital !== undefined && made <= now,
            replace: () => r !== undefined && hospital === r.hospital && r.status === "live" && made <= now,
            withdraw: () => r !== undefined && hospital === r.hospital && r.status === "live",
            consent: () =>
              signers.includes(user) &&
              signers.includes(s.patient) &&
              s.days > 0 &&
              s.days <= 400 &&
              // An agency that signs by a post alone holds what the post holds.
              (signers.includes(holder) || !signers.some((one) => agencyOf[one] === holder)),
            revoke: () => c !== undefined && c.live && signers.includes(c.patient),
            read: () =>
              r !== undefined &&
              c !== undefined &&
              c.live &&
              c.uses < c.most &&
              s.purpose === "treatment" &&
              reads?.clinic === c.user &&
              c.patient === r.patient &&
              c.holder === r.hospital &&
              c.fields.includes(r.kind) &&
              r.status === "live",
            breakGlass: () => breaks !== undefined,
            readInEmergency: () => open && r !== undefined && r.patient === e.patient && r.status === "live",
            close: () => open,
            release: () => served && a.record.status === "live" && (a.consent?.live ?? ["open", "justified"].includes(a.emergency!.status)),
            refuse: () => served,
            review: () => {
              const by = acting("reviewer", signers);
              return e !== undefined && by !== undefined && by !== e.clinic && e.status === "open" && e.until <= now;
            },
            handOver: () =>
              r !== undefined &&
              r.hospital === "land" &&
              holders["hospital"]!.length === 1 &&
              signers.includes("tax") &&
              signers.some((one) => holders["supervisor"]!.includes(one)),
            contest: () =>
              e !== undefined &&
              signers.includes(s.good ? e.patient : e.clinic) &&
              e.status === (s.good ? "justified" : "misused") &&
              now < e.since + days(180),
            decide: () => {
              const by = acting("supervisor", signers);
              return (
                e !== undefined && by !== undefined && by !== e.clinic && by !== e.reviewer && ["contested", "overdue"].includes(e.status)
              );
            },
          }[s.act]();
          expect(`${s.act} ${may} ${code}`).toBe(`${s.act} ${outcome === 0} ${code}`);
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const since = it.time;
          if (s.act === "commit" || s.act === "replace") {
            const of =
              s.act === "commit"
                ? { patient: s.patient, hospital: hospital!, kind: s.kind }
                : { patient: r!.patient, hospital: r!.hospital, kind: r!.kind };
            if (s.act === "replace") r!.status = "replaced";
            const same = recs.filter((one) => one.patient === of.patient && one.kind === of.kind);
            const near = same.filter((one) => one.status === "live" && Math.abs(one.made - made) < INTERVAL);
            if (same.length < 16) expect(flags).toEqual(of.kind === "ct" && near.length > 0 ? ["health.duplicate_care"] : []);
            recs.push({ name, ...of, made, status: "live" });
          } else if (s.act === "withdraw") r!.status = "withdrawn";
          else if (s.act === "handOver") r!.hospital = "tax";
          else if (s.act === "consent") {
            for (const one of cons) if (one.patient === s.patient && one.holder === holder && one.user === user) one.live = false;
            const { fields, until, most } = terms;
            cons.push({ name, patient: s.patient, holder, user, fields, until, most, uses: 0, live: true });
          } else if (s.act === "revoke") c!.live = false;
          else if (s.act === "read") {
            c!.uses++;
            accs.push({ name, record: r!, status: "open", by: it.time + days(1), consent: c! });
          } else if (s.act === "breakGlass") {
            const its = ems.filter((one) => one.clinic === breaks!.clinic && one.post === breaks!.post);
            const misused = its.some(({ status: is }) => is === "misused" || is === "condemned");
            expect(flags).toEqual(misused ? ["health.misused_before"] : []);
            const limits = { until: it.time + days(1), by: it.time + days(7), since };
            ems.push({ name, patient: s.patient, ...breaks!, status: "open", ...limits, late: false });
          } else if (s.act === "readInEmergency") accs.push({ name, record: r!, status: "open", by: it.time + days(1), emergency: e! });
          else if (s.act === "close") e!.until = it.time;
          else if (s.act === "release") a!.status = "served";
          else if (s.act === "refuse") ends(a!, "refused");
          else if (s.act === "review") Object.assign(e!, { status: finding[0], since, reviewer: acting("reviewer", signers) });
          else if (s.act === "contest") Object.assign(e!, { status: "contested", since });
          else Object.assign(e!, { status: finding[1], since });
        }
        for (const one of recs) expect(it.row(records, one.name)?.$.status).toBe(one.status);
        for (const one of accs) expect(it.row(accesses, one.name)?.$.status).toBe(one.status);
        for (const one of ems) expect(it.row(emergencies, one.name)?.$.status).toBe(one.status);
        for (const clinic of hospitals) {
          const own = ems.filter((one) => one.clinic === clinic);
          const among = (...statuses: string[]): number => own.filter(({ status: is }) => statuses.includes(is)).length;
          const waiting = among("open", "overdue", "contested");
          const sums = {
            clinic,
            emergencies: own.length,
            waiting,
            late: own.filter(({ late }) => late).length,
            misused: among("misused", "condemned"),
          };
          if (own.length > 0) expect(it.fields(tallies, clinic)).toEqual(sums);
        }
        passes(it, "health");
        passes(it, "consents");
        it.indexHolds();
      }),
      { numRuns: 25, seed: 35, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const names = [
      ...["commit", "replace", "withdraw", "consent", "revoke", "read", "breakGlass", "readInEmergency", "close", "release", "refuse"],
      ...["review", "contest", "decide", "handOver"],
    ];
    const often = names.filter((act) => (accepted.get(act) ?? 0) >= 20);
    expect(`${often.length} of ${names.length} happen often: ${[...accepted].join(" ")}`).toMatch(/^15 /);
  });
});

everyRuleIsGiven(health);
