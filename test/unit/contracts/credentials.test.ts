// Certificates, cards and licences (service 5, with 2, 3, 6 and 7 in mind): the 29 certificates of a city, what becomes of one, and
// histories at random.

import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { leafHash, inclusionPath } from "../../../src/base/merkle.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { seal, sealedLeaves, sealedSchema, shownFields } from "../../../src/contracts/engine/sealed.ts";
import contract, * as acts from "../../../src/contracts/identity/credentials.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register, shown } from "./founders.ts";
import { keyOf, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

interface Certificate {
  readonly kind: string;
  readonly title: string;
  readonly fields: string[];
  readonly lasts_days: number | null;
  readonly one_per_person: boolean;
  readonly device_bound: boolean;
  readonly admitted_only: boolean;
}
const certificates = JSON.parse(readFileSync(new URL("../../data/civilCertificates.json", import.meta.url), "utf8")) as Certificate[];
const kindOf = ({ lasts_days, ...kind }: Certificate) => ({ ...kind, ...(lasts_days !== null && { lasts: days(lasts_days) }) });

const filled = (n: number) => new Uint8Array(32).fill(n);
const content = (n: number) => ({ root: filled(n), size: 33 });
const card = {
  kind: "card",
  title: "Citizen card",
  fields: ["name", "photo"],
  lasts: days(100),
  one_per_person: true,
  device_bound: false,
  admitted_only: false,
};
const mobile = { ...card, kind: "mobile", title: "Mobile ID", device_bound: true };
const birth = { credential: "b-1", kind: "birth", holder: "p:ann", content: content(1) };
const showing = (more: object = {}) => ({
  credential: "b-1",
  content: filled(1),
  verifier: "health",
  challenge: filled(9),
  shown: ["name"],
  ...more,
});

function city(): Scenario {
  const town = founded({
    grants: [
      grant("tax", "credentials.registrar"),
      grant("courts", "credentials.issuer", "birth"),
      grant("courts", "credentials.issuer", "marriage"),
      grant("land", "credentials.issuer"),
      grant("courts", "eid.ministry"),
      grant("tax", "eid.registrar"),
    ],
  });
  enrol(town, "courts", "identity", "ann", "bob");
  for (const certificate of certificates) town.act(certificate.title, acts.define, kindOf(certificate), signedBy("tax"));
  return town;
}

describe("the certificates of a city", () => {
  it("are 29 kinds, defined as data by the registrar", () => {
    const town = city();
    expect(certificates.length).toBe(29);
    town.refused("an office defines its own", "engine.not_entitled", acts.define, card, signedBy("courts"));
    town.refused("a kind is defined once", "engine.already_exists", acts.define, kindOf(certificates[0]!), signedBy("tax"));
    expect(town.row(acts.kinds, "birth")?.fields).toEqual(["name", "born", "place", "parents"]);
    for (const lasts of [0, days(1) - 1, days(36_526), 2 ** 48 - 1])
      town.refused(`one that lasts ${lasts} ms`, "engine.args_invalid", acts.define, { ...card, lasts }, signedBy("tax"));
    town.refused("of a field twice", "credentials.fields_twice", acts.define, { ...card, fields: ["name", "name"] }, signedBy("tax"));
    town.act("one of a hundred years", acts.define, { ...card, lasts: days(36_525) }, signedBy("tax"));
    town.act("is issued", acts.issue, { ...birth, kind: "card" }, signedBy("land"));
  });

  it("are issued by the office entitled for the kind, to somebody known", () => {
    const town = city();
    town.refused("by an office for other kinds", "engine.not_entitled", acts.issue, { ...birth, kind: "tax-paid" }, signedBy("courts"));
    town.refused("by none", "engine.not_entitled", acts.issue, birth, signedBy("health"));
    town.refused("to nobody", "credentials.holder_unknown", acts.issue, { ...birth, holder: "p:nobody" }, signedBy("courts"));
    town.refused("of no kind", "engine.not_found", acts.issue, { ...birth, kind: "none" }, signedBy("land"));
    town.act("by the office", acts.issue, birth, signedBy("courts"));
    town.act("by an office for all kinds", acts.issue, { ...birth, credential: "b-2" }, signedBy("land"));
    town.refused("under a number that is taken", "engine.already_exists", acts.issue, birth, signedBy("courts"));
    expect(town.row(acts.credentials, "b-1")).toMatchObject({
      issuer: "courts",
      holder: "p:ann",
      content: content(1),
      $: { status: "live" },
    });
  });

  it("are issued no more of a retired kind; those issued stand", () => {
    const town = city();
    town.act("issued", acts.issue, birth, signedBy("courts"));
    town.act("retired", acts.retire, { kind: "birth" }, signedBy("tax"));
    town.refused("none new", "credentials.kind_retired", acts.issue, { ...birth, credential: "b-2" }, signedBy("courts"));
    town.act("the old one serves", acts.present, showing(), signedBy("ann"));
  });

  it("are corrected and made good of a retired kind, too, but no longer than the old one would have lasted", () => {
    const town = city();
    const again = { credential: "c-1", by: "c-2", content: content(2) };
    town.act("a kind", acts.define, card, signedBy("tax"));
    town.act("issued", acts.issue, { credential: "c-1", kind: "card", holder: "p:ann", content: content(1) }, signedBy("land"));
    const { until } = town.row(acts.credentials, "c-1")!;
    town.advance(days(10));
    town.act("renewed", acts.replace, again, signedBy("land"));
    const renewed = town.row(acts.credentials, "c-2")!.until!;
    expect(renewed - until!).toBeGreaterThan(days(10) - 1);
    town.act("retired", acts.retire, { kind: "card" }, signedBy("tax"));
    town.advance(days(10));
    town.act("corrected", acts.replace, { ...again, credential: "c-2", by: "c-3" }, signedBy("land"));
    expect(town.row(acts.credentials, "c-3")?.until).toBe(renewed);
    passes(town, "credentials");
  });
});

describe("a presentation", () => {
  it("is by the holder, of what was issued, for one challenge of one verifier", () => {
    const town = city();
    town.act("issued", acts.issue, birth, signedBy("courts"));
    town.refused("by another", "engine.signature_missing", acts.present, showing(), signedBy("bob"));
    town.refused("altered", "credentials.altered", acts.present, showing({ content: filled(2) }), signedBy("ann"));
    town.refused(
      "of a field that it has not",
      "credentials.unknown_field",
      acts.present,
      showing({ shown: ["name", "income"] }),
      signedBy("ann"),
    );
    town.refused("of one twice", "credentials.unknown_field", acts.present, showing({ shown: ["name", "name"] }), signedBy("ann"));
    town.refused("to nobody", "credentials.taker_unknown", acts.present, showing({ verifier: "c:none" }), signedBy("ann"));
    town.act("Bob has one", acts.issue, { ...birth, credential: "b-2", holder: "p:bob" }, signedBy("courts"));
    town.act("Bob answers Ann's challenge with his own", acts.present, showing({ credential: "b-2" }), signedBy("bob"));
    town.act("presented", acts.present, showing(), signedBy("ann"));
    town.refused("replayed", "credentials.replayed", acts.present, showing(), signedBy("ann"));
    town.act("another challenge", acts.present, showing({ challenge: filled(8) }), signedBy("ann"));
    town.act("the same challenge of another verifier", acts.present, showing({ verifier: "land" }), signedBy("ann"));
    expect(town.row(acts.presentations, "health", filled(9), "b-1")).toMatchObject({ holder: "p:ann", shown: ["name"] });
    town.act("revoked", acts.revoke, { credential: "b-1", ground: "forged" }, signedBy("courts"));
    passes(town, "credentials");
    const found = (change: object) => findsTampered(town, "credentials", acts.presentations, ["health", filled(9), "b-1"], change);
    expect([found({ holder: "p:bob" }), found({ shown: ["salary"] })]).toEqual([["showings"], ["showings"]]);
    expect(findsTampered(town, "credentials", acts.credentials, ["b-1"], { holder: "p:bob" })).toEqual(["showings"]);
    expect(findsTampered(town, "credentials", acts.credentials, ["b-1"], { until: 5 })).toEqual(["showings"]);
  });

  it("fails once the document is suspended, revoked, replaced or over its time; the answer to a check says why", () => {
    const town = city();
    const tax = { credential: "t-1", kind: "tax-paid", holder: "p:ann", content: content(1) };
    town.act("issued", acts.issue, tax, signedBy("land"));
    let challenge = 20;
    const present = () => showing({ credential: "t-1", challenge: filled(challenge++), shown: ["tax"] });
    const check = (root = 1) => town.view("credentials.check", { credential: "t-1", content: filled(root) });
    const why = { credential: "t-1", ground: "art-12" };
    expect([check(), check(2)]).toEqual([{ serves: true }, { serves: false, because: "altered" }]);
    expect(town.view("credentials.check", { credential: "none", content: filled(1) })).toEqual({ serves: false, because: "unknown" });
    town.refused("suspended by another office", "engine.not_entitled", acts.suspend, why, signedBy("courts"));
    town.act("suspended", acts.suspend, why, signedBy("land"));
    town.refused("does not serve", "credentials.not_live", acts.present, present(), signedBy("ann"));
    expect(check()).toEqual({ serves: false, because: "suspended" });
    town.act("restored", acts.restore, why, signedBy("land"));
    town.act("serves", acts.present, present(), signedBy("ann"));
    town.advance(days(365));
    town.refused("a year later", "credentials.expired", acts.present, present(), signedBy("ann"));
    expect(check()).toEqual({ serves: false, because: "expired" });
    town.act("revoked", acts.revoke, why, signedBy("land"));
    town.refused("for good", "engine.illegal_move", acts.restore, why, signedBy("land"));
    town.refused("does not serve", "credentials.not_live", acts.present, present(), signedBy("ann"));
    expect(town.row(acts.credentials, "t-1")).toMatchObject({ ground: "art-12", $: { status: "revoked" } });
  });

  it("shows single fields against the root, each under its own salt (cryptography.md §2)", () => {
    const { network } = city();
    const schema = sealedSchema("credentials/credential", "content", 1);
    const { fields } = acts.credentials.fields.content.shape as unknown as { fields: Parameters<typeof seal>[0]["fields"] };
    const sealing = { network, secret: filled(7), schema, fields, values: { values: ["Ann Kim", "1999-01-31", "Busan", "–"] } };
    const leaves = sealedLeaves(sealing);
    const born = { bytes: leaves[2]!, path: inclusionPath(leaves.map(leafHash), 2) };
    expect(shownFields(schema, seal(sealing), [born])).toEqual([{ index: 2, path: "values/1", value: "1999-01-31" }]);
    expect(() => shownFields(schema, seal({ ...sealing, secret: filled(8) }), [born])).toThrow("sealed.not_under_root");
  });
});

describe("what was issued", () => {
  it("is maintained by who issued it: replaced, not overwritten", () => {
    const town = city();
    const next = { credential: "b-1", by: "b-2", content: content(2) };
    town.act("issued", acts.issue, birth, signedBy("courts"));
    town.refused("by another issuer of the kind", "credentials.not_issuer", acts.replace, next, signedBy("land"));
    town.refused("nor suspended by it", "credentials.not_issuer", acts.suspend, { credential: "b-1", ground: "x" }, signedBy("land"));
    town.act("replaced", acts.replace, next, signedBy("courts"));
    town.refused("once", "engine.illegal_move", acts.replace, { ...next, by: "b-3" }, signedBy("courts"));
    town.refused("the old one does not serve", "credentials.not_live", acts.present, showing(), signedBy("ann"));
    town.act("the new one does", acts.present, showing({ credential: "b-2", content: filled(2) }), signedBy("ann"));
    expect(town.row(acts.credentials, "b-2")).toMatchObject({ replaces: "b-1", holder: "p:ann", issuer: "courts" });
  });

  it("goes to nobody who is no more, a replacement neither", () => {
    const town = city();
    town.act("issued", acts.issue, birth, signedBy("courts"));
    town.act("Ann is revoked", eid.revoke, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
    town.refused("issued", "credentials.holder_unknown", acts.issue, { ...birth, credential: "b-3" }, signedBy("courts"));
    const next = { credential: "b-1", by: "b-2", content: content(2) };
    town.refused("replaced", "credentials.holder_unknown", acts.replace, next, signedBy("courts"));
  });

  it("is maintained by any other issuer of the kind, where who issued it is one no more", () => {
    const grants: Record<string, string[]> = {
      ...{ tax: ["credentials.registrar"], land: ["credentials.issuer"], courts: ["credentials.issuer"], health: [] },
    };
    const town = scenario({ modules: [eid, acts], resolver: plainRights(grants, ["p:ann"]), found() {} });
    const of = (key: string) => ({ credential: key, kind: "card", holder: "p:ann", content: content(1) });
    const forged = { credential: "k-1", ground: "forged" };
    town.act("the kind", acts.define, card, signedBy("tax"));
    town.act("issued", acts.issue, of("k-1"), signedBy("land"));
    town.refused("suspended by another issuer", "credentials.not_issuer", acts.suspend, forged, signedBy("courts"));
    grants["land"] = [];
    town.refused("by who issued it", "engine.not_entitled", acts.suspend, forged, signedBy("land"));
    town.refused("by the registrar", "engine.not_entitled", acts.suspend, forged, signedBy("tax"));
    town.act("now by the other", acts.suspend, forged, signedBy("courts"));
    town.act("restored", acts.restore, forged, signedBy("courts"));
    const next = { credential: "k-1", by: "k-2", content: content(2) };
    town.act("replaced", acts.replace, next, signedBy("courts"));
    expect(town.row(acts.credentials, "k-2")?.issuer).toBe("courts");
    grants["land"] = ["credentials.issuer"];
    town.refused(
      "who is back has nothing to do with that",
      "credentials.not_issuer",
      acts.revoke,
      { ...forged, credential: "k-2" },
      signedBy("land"),
    );
    town.act("revoked", acts.revoke, { ...forged, credential: "k-2" }, signedBy("courts"));
    town.act("and Ann gets another", acts.issue, of("k-3"), signedBy("land"));
    passes(town, "credentials");
  });

  it("is not maintained by another issuer with a post of who issued it that may not do so itself", () => {
    const town = city();
    town.act("issued", acts.issue, birth, signedBy("courts"));
    const proof = shown(town, "courts", "post", "clerk");
    const clerk = {
      principal: "courts",
      key: keyOf("clerk"),
      proof,
      purpose: "post",
      post: "clerk",
      represents: true,
      from: town.time,
    } as const;
    town.act("a clerk", eid.bind, clerk, signedBy("courts"));
    const why = { credential: "b-1", ground: "x" };
    town.refused("by land with the clerk", "credentials.not_issuer", acts.revoke, why, signedBy("land", "clerk"));
  });

  it("is suspended by its holder, who lost it; only who issued it restores it", () => {
    const town = city();
    const lost = { credential: "b-1", ground: "lost" };
    town.act("issued", acts.issue, birth, signedBy("courts"));
    town.refused("Bob lost it", "engine.signature_missing", acts.reportLost, lost, signedBy("bob"));
    town.act("Ann lost it", acts.reportLost, lost, signedBy("ann"));
    town.refused("twice", "engine.illegal_move", acts.reportLost, lost, signedBy("ann"));
    town.refused("nobody shows it", "credentials.not_live", acts.present, showing(), signedBy("ann"));
    town.refused("Ann found it", "engine.not_entitled", acts.restore, lost, signedBy("ann"));
    town.act("the office restores it", acts.restore, lost, signedBy("courts"));
    town.act("lost again", acts.reportLost, lost, signedBy("ann"));
    town.act("and made good", acts.replace, { credential: "b-1", by: "b-2", content: content(2) }, signedBy("courts"));
  });

  it("is one live card per person, where the kind says so", () => {
    const town = city();
    const of = (credential: string) => ({ credential, kind: "card", holder: "p:ann", content: content(1) });
    town.act("the kind", acts.define, card, signedBy("tax"));
    town.act("a card", acts.issue, of("c-1"), signedBy("land"));
    town.refused("a second", "credentials.one_live", acts.issue, of("c-2"), signedBy("land"));
    town.act("suspended", acts.suspend, { credential: "c-1", ground: "lost" }, signedBy("land"));
    town.refused("a second while the first may come back", "credentials.one_live", acts.issue, of("c-2"), signedBy("land"));
    town.act("replaced", acts.replace, { credential: "c-1", by: "c-2", content: content(2) }, signedBy("land"));
    town.act("Bob has his own", acts.issue, { ...of("c-3"), holder: "p:bob" }, signedBy("land"));
    town.act("revoked", acts.revoke, { credential: "c-2", ground: "moved" }, signedBy("land"));
    town.act("then another", acts.issue, of("c-4"), signedBy("land"));
    town.advance(days(100));
    town.act("or after its time", acts.issue, of("c-5"), signedBy("land"));
    expect(["c-1", "c-2", "c-3", "c-4", "c-5"].map((key) => town.row(acts.credentials, key)?.sole)).toEqual([
      ...[undefined, undefined, "p:bob", undefined, "p:ann"],
    ]);
    town.refused(
      "what is long over is not made good beside it",
      "credentials.one_live",
      acts.replace,
      { credential: "c-4", by: "c-6", content: content(2) },
      signedBy("land"),
    );
    passes(town, "credentials");
    const found = (key: string, change: object) => findsTampered(town, "credentials", acts.credentials, [key], change);
    expect(found("c-2", { $status: "live", until: town.time + 1 })).toEqual(["succession"]); // Ann has two, though Bob's is over
    expect(found("c-5", { $status: "revoked" })).toEqual(["succession"]);
    expect(found("c-3", { sole: "p:ann" })).toEqual(["succession"]);
    expect(found("c-3", { sole: "p:ann", holder: "p:ann" })).toEqual(["succession"]);
  });

  it("is used from its one device, where the kind says so; it moves with holder, issuer and new device", () => {
    const town = city();
    for (const device of ["d:phone", "d:tablet"]) register(town, "tax", device);
    town.act("the kind", acts.define, mobile, signedBy("tax"));
    town.act("issued", acts.issue, { credential: "m-1", kind: "mobile", holder: "p:ann", content: content(1) }, signedBy("land"));
    const present = (n: number) => showing({ credential: "m-1", challenge: filled(n) });
    const to = (device: string) => ({ credential: "m-1", device: keyOf(device) });
    town.refused("before it is bound", "credentials.not_bound", acts.present, present(1), signedBy("ann", "phone"));
    town.refused("bound without the holder", "engine.signature_missing", acts.bind, to("phone"), signedBy("land", "phone"));
    town.refused("without the device", "credentials.not_bound", acts.bind, to("phone"), signedBy("land", "ann"));
    town.refused("to the holder's own key", "credentials.not_bound", acts.bind, to("ann"), signedBy("land", "ann"));
    town.refused("to a key that is nobody's", "credentials.not_bound", acts.bind, to("third"), signedBy("land", "ann", "third"));
    town.act("bound", acts.bind, to("phone"), signedBy("land", "ann", "phone"));
    town.refused("without the telephone", "credentials.not_bound", acts.present, present(2), signedBy("ann"));
    town.act("with it", acts.present, present(2), signedBy("ann", "phone"));
    town.act("moved", acts.bind, to("tablet"), signedBy("land", "ann", "tablet"));
    town.refused("the old telephone is worth nothing", "credentials.not_bound", acts.present, present(3), signedBy("ann", "phone"));
    town.act("the tablet serves", acts.present, present(3), signedBy("ann", "tablet"));
    town.act("suspended", acts.suspend, { credential: "m-1", ground: "lost" }, signedBy("land"));
    town.refused("not bound meanwhile", "credentials.not_live", acts.bind, to("phone"), signedBy("land", "ann", "phone"));
    town.act("restored", acts.restore, { credential: "m-1", ground: "found" }, signedBy("land"));
    town.advance(days(100));
    town.refused("nor after its time", "credentials.expired", acts.bind, to("phone"), signedBy("land", "ann", "phone"));
  });

  it("is used with the one key that it is bound to: not with the device's other keys or agents, nor once that key or the device is suspended", () => {
    const town = city();
    for (const device of ["d:phone", "d:tablet"]) register(town, "tax", device);
    town.act("the kind", acts.define, mobile, signedBy("tax"));
    town.act("issued", acts.issue, { credential: "m-1", kind: "mobile", holder: "p:ann", content: content(1) }, signedBy("land"));
    town.act("bound", acts.bind, { credential: "m-1", device: keyOf("phone") }, signedBy("land", "ann", "phone"));
    let challenge = 60;
    const present = () => showing({ credential: "m-1", challenge: filled(challenge++) });
    const agent = { principal: "d:phone", agent: "d:tablet", guardian: false };
    town.act("the phone appoints the tablet", eid.appoint, agent, signedBy("phone", "tablet"));
    town.refused("from the tablet", "credentials.not_bound", acts.present, present(), signedBy("ann", "tablet"));
    const proof = shown(town, "d:phone", "device", "third");
    const third = { principal: "d:phone", purpose: "device", key: keyOf("third"), proof, represents: true, from: town.time } as const;
    town.act("the phone has another key", eid.bind, third, signedBy("phone"));
    town.refused("with that", "credentials.not_bound", acts.present, present(), signedBy("ann", "third"));
    town.act("with the first", acts.present, present(), signedBy("ann", "phone"));
    town.act("the phone is suspended", eid.suspend, { principal: "d:phone", ground: "order-17" }, signedBy("tax"));
    town.refused("from it", "credentials.not_bound", acts.present, present(), signedBy("ann", "phone"));
    town.act("it is found", eid.restore, { principal: "d:phone" }, signedBy("tax"));
    town.act("from it", acts.present, present(), signedBy("ann", "phone"));
    town.act("its key is revoked", eid.setKey, { key: keyOf("phone"), to: "revoked", ground: "order-17" }, signedBy("tax"));
    town.refused("with that key", "credentials.not_bound", acts.present, present(), signedBy("ann", "phone"));
    town.act("bound to the other key", acts.bind, { credential: "m-1", device: keyOf("third") }, signedBy("land", "ann", "third"));
    town.act("with that", acts.present, present(), signedBy("ann", "third"));
  });
});

describe("a citizen card and the facilities of a city", () => {
  it("opens the doors of those that are admitted; a suspended card, or a suspended facility, opens none", () => {
    const town = city();
    for (const facility of ["c:pool", "c:library"]) register(town, "tax", facility);
    town.act("a card for facilities", acts.define, { ...card, admitted_only: true }, signedBy("tax"));
    town.act("Ann's", acts.issue, { credential: "k-1", kind: "card", holder: "p:ann", content: content(1) }, signedBy("land"));
    let challenge = 40;
    const at = (verifier: string) => showing({ credential: "k-1", verifier, challenge: filled(challenge++) });
    const pool = { kind: "card", facility: "c:pool" };
    town.refused("before it is admitted", "credentials.not_admitted", acts.present, at("c:pool"), signedBy("ann"));
    const why = { ...pool, ground: "art-3" };
    town.refused("it admits itself", "engine.not_entitled", acts.admit, pool, signedBy("pool"));
    town.refused("suspended before", "engine.not_found", acts.shut, why, signedBy("tax"));
    town.refused("one that is nobody", "credentials.taker_unknown", acts.admit, { ...pool, facility: "c:none" }, signedBy("tax"));
    town.act("admitted", acts.admit, pool, signedBy("tax"));
    town.refused("twice", "engine.illegal_move", acts.admit, pool, signedBy("tax"));
    town.act("Ann checks in", acts.present, at("c:pool"), signedBy("ann"));
    town.refused("not at the library", "credentials.not_admitted", acts.present, at("c:library"), signedBy("ann"));
    town.act("the pool is suspended", acts.shut, why, signedBy("tax"));
    town.refused("twice", "engine.illegal_move", acts.shut, why, signedBy("tax"));
    town.refused("nobody checks in", "credentials.not_admitted", acts.present, at("c:pool"), signedBy("ann"));
    town.act("both are admitted", acts.admit, pool, signedBy("tax"));
    expect(town.row(acts.facilities, "card", "c:pool")?.ground).toBeUndefined();
    town.act("both are admitted", acts.admit, { ...pool, facility: "c:library" }, signedBy("tax"));
    town.act("the card is lost", acts.suspend, { credential: "k-1", ground: "lost" }, signedBy("land"));
    for (const facility of ["c:pool", "c:library"])
      town.refused(`at ${facility}`, "credentials.not_live", acts.present, at(facility), signedBy("ann"));
    town.act("a new one", acts.replace, { credential: "k-1", by: "k-2", content: content(2) }, signedBy("land"));
    const second = { ...at("c:library"), credential: "k-2", content: filled(2) };
    town.act("opens the library", acts.present, second, signedBy("ann"));
    passes(town, "credentials");
    expect(findsTampered(town, "credentials", acts.credentials, ["k-1"], { $status: "live" })).toEqual(["succession"]);
    expect(findsTampered(town, "credentials", acts.credentials, ["k-2"], { replaces: "k-9" })).toEqual(["succession"]);
    town.act("no more cards", acts.retire, { kind: "card" }, signedBy("tax"));
    const third = { kind: "card", facility: "land" };
    town.refused("nor facilities", "credentials.kind_retired", acts.admit, third, signedBy("tax"));
    town.act("but none stays that must go", acts.shut, why, signedBy("tax"));
  });

  it("opens no door of a facility that is no more", () => {
    const town = city();
    register(town, "tax", "c:pool");
    town.act("a card for facilities", acts.define, { ...card, admitted_only: true }, signedBy("tax"));
    town.act("Ann's", acts.issue, { credential: "b-1", kind: "card", holder: "p:ann", content: content(1) }, signedBy("land"));
    town.act("admitted", acts.admit, { kind: "card", facility: "c:pool" }, signedBy("tax"));
    town.act("the pool is dissolved", eid.revoke, { principal: "c:pool", ground: "order-17" }, signedBy("tax"));
    town.refused("Ann", "credentials.taker_unknown", acts.present, showing({ verifier: "c:pool" }), signedBy("ann"));
  });
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const kinds = ["birth", "card", "seal"];
const parties = ["p:ann", "p:bob", "courts", "land", "tax"] as const;
const ofCourts = ["credentials.issuer#birth", "credentials.issuer#card"];
const step = fc.record({
  act: fc.constantFrom(
    ...(["issue", "issue", "replace", "suspend", "suspend", "restore", "restore", "restore", "revoke"] as const),
    ...(["present", "present", "present", "reportLost", "time", "change"] as const),
  ),
  credential: fc.nat(7),
  next: fc.nat(11),
  kind: fc.constantFrom(...kinds, "none"),
  holder: fc.constantFrom("p:ann", "p:bob", "p:nobody"),
  root: fc.nat(1),
  challenge: fc.nat(30),
  passes: fc.constantFrom(0, 1_000, days(20), days(60)),
  field: fc.constantFrom("name", "name", "income"),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...parties), { maxLength: 2 }),
});
interface Issued {
  kind: string;
  holder: string;
  issuer: string;
  root: number;
  status: string;
  until: number;
}

describe("whatever offices and holders do", () => {
  it("only what was issued and stands is ever shown, once a challenge; one card a person; only the issuer, or its successor, changes its standing", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    let succeeded = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 110, maxLength: 120 }), (steps) => {
        const grants = { courts: ofCourts, land: ["credentials.issuer"], tax: ["credentials.registrar"] };
        const issues = (who: string, kind: string) =>
          who === "land" || (who === "courts" && grants.courts.includes(`credentials.issuer#${kind}`));
        const town = scenario({ modules: [eid, acts], resolver: plainRights(grants, ["p:ann", "p:bob"]), found() {} });
        for (const kind of kinds) town.act(kind, acts.define, { ...card, kind, one_per_person: kind !== "birth" }, signedBy("tax"));
        const known = new Map<string, Issued>();
        const answered = new Set<string>();
        let retired = false;
        for (const [i, s] of steps.entries()) {
          if (s.act === "time") town.advance(s.passes);
          if (s.act === "change" && i < 60) grants.courts = grants.courts.length === 0 ? ofCourts : []; // the courts issue no more, or again
          if (s.act === "change" && i > 100 && !retired) {
            town.act("retired", acts.retire, { kind: "card" }, signedBy("tax"));
            retired = true;
          }
          if (s.act === "time" || s.act === "change") continue;
          const credential = `c-${s.credential}`;
          const found = known.get(credential);
          const issuer = s.act === "issue" ? (s.kind === "seal" || s.root === 0 ? "land" : "courts") : (found?.issuer ?? "land");
          const by = `c-${s.next}`;
          const root = s.act === "present" && s.honest > 1 ? (found?.root ?? 0) : s.root;
          const args = {
            issue: { credential, kind: s.kind, holder: s.holder, content: content(s.root) },
            replace: { credential, by, content: content(s.root) },
            present: { credential, content: filled(root), verifier: "land", challenge: filled(s.challenge), shown: [s.field] },
          }[s.act as "issue"] ?? { credential, ground: "g" };
          const successor = issues(issuer, found?.kind ?? s.kind) ? issuer : "land";
          const should = s.act === "present" || s.act === "reportLost" ? (found?.holder ?? "p:ann") : successor;
          const signers = s.honest > 0 ? [should] : s.signers;
          const { outcome, code } = town.submit([{ action: `credentials.${s.act}@1`, args }], signedBy(...signers));
          total++;
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const past = retired && found?.kind === "card";
          const until = past ? found.until : town.time + days(100);
          const [maker, ...others] = signers.filter((who) => issues(who, found?.kind ?? s.kind));
          if (s.act === "issue") {
            expect([found, others, retired && s.kind === "card"]).toEqual([undefined, [], false]);
            known.set(credential, { kind: s.kind, holder: s.holder, issuer: maker!, root: s.root, status: "live", until });
          } else if (s.act === "present") {
            expect([found!.status, town.time < found!.until, root, s.field]).toEqual(["live", true, found!.root, "name"]);
            expect(signers).toContain(found!.holder);
            expect(answered.has(`${s.challenge} ${credential}`)).toBe(false);
            answered.add(`${s.challenge} ${credential}`);
          } else if (s.act === "reportLost") {
            expect([found!.status, signers.includes(found!.holder)]).toEqual(["live", true]);
            found!.status = "suspended";
          } else {
            expect(others).toEqual([]);
            expect(maker === found!.issuer || !issues(found!.issuer, found!.kind)).toBe(true);
            if (maker !== found!.issuer) succeeded++;
            expect(["replaced", "revoked"]).not.toContain(found!.status);
            found!.status = { suspend: "suspended", restore: "live", revoke: "revoked", replace: "replaced" }[s.act as "suspend"];
            if (s.act === "replace") known.set(by, { ...found!, issuer: maker!, root: s.root, status: "live", until });
          }
          for (const kind of ["card", "seal"])
            for (const holder of ["p:ann", "p:bob"]) {
              const live = [...known.values()].filter((c) => c.kind === kind && c.holder === holder && c.until > town.time);
              expect(live.filter(({ status }) => status === "live" || status === "suspended").length).toBeLessThanOrEqual(1);
            }
        }
        for (const [credential, { status, holder, root }] of known)
          expect(town.row(acts.credentials, credential)).toMatchObject({ holder, content: content(root), $: { status } });
        for (const [credential, { until }] of known) expect(town.row(acts.credentials, credential)?.until).toBe(until);
        town.indexHolds();
        passes(town, "credentials");
      }),
      { numRuns: 100, seed: 5 },
    );
    expect(total).toBeGreaterThanOrEqual(9_000);
    expect(succeeded).toBeGreaterThan(20);
    for (const act of ["issue", "replace", "suspend", "restore", "revoke", "present", "reportLost"])
      expect([act, accepted.get(act)! > 40]).toEqual([act, true]);
  });
});

everyRuleIsGiven(contract);
