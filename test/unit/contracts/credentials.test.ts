// Certificates, cards and licences (service 5, with 2, 3, 6 and 7 in mind): the 29 certificates of a city, what becomes of one, and
// histories at random.

import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { leafHash, inclusionPath } from "../../../src/base/merkle.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { seal, sealedLeaves, sealedSchema, shownFields } from "../../../src/contracts/engine/sealed.ts";
import contract, * as acts from "../../../src/contracts/identity/credentials.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

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
    town.act("presented", acts.present, showing(), signedBy("ann"));
    town.refused("replayed", "credentials.replayed", acts.present, showing(), signedBy("ann"));
    town.act("another challenge", acts.present, showing({ challenge: filled(8) }), signedBy("ann"));
    town.act("the same challenge of another verifier", acts.present, showing({ verifier: "land" }), signedBy("ann"));
    expect(town.row(acts.presentations, "health", filled(9))).toMatchObject({ credential: "b-1", holder: "p:ann", shown: ["name"] });
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
    town.act("kinds are retired", acts.retire, { kind: "birth" }, signedBy("tax"));
    town.refused(
      "what is new of a retired kind is refused",
      "credentials.kind_retired",
      acts.replace,
      { ...next, credential: "b-2", by: "b-3" },
      signedBy("courts"),
    );
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
    expect(town.row(acts.holdings, "card", "p:ann")?.credential).toBe("c-5");
  });

  it("is used from its one device, where the kind says so; it moves with holder, issuer and new device", () => {
    const town = city();
    for (const device of ["d:phone", "d:tablet"]) register(town, "tax", device);
    town.act("the kind", acts.define, mobile, signedBy("tax"));
    town.act("issued", acts.issue, { credential: "m-1", kind: "mobile", holder: "p:ann", content: content(1) }, signedBy("land"));
    const present = (n: number) => showing({ credential: "m-1", challenge: filled(n) });
    const to = (device: string) => ({ credential: "m-1", device });
    town.refused("before it is bound", "credentials.not_bound", acts.present, present(1), signedBy("ann", "phone"));
    town.refused("bound without the holder", "engine.signature_missing", acts.bind, to("d:phone"), signedBy("land", "phone"));
    town.refused("without the device", "engine.signature_missing", acts.bind, to("d:phone"), signedBy("land", "ann"));
    town.act("bound", acts.bind, to("d:phone"), signedBy("land", "ann", "phone"));
    town.refused("without the telephone", "credentials.not_bound", acts.present, present(2), signedBy("ann"));
    town.act("with it", acts.present, present(2), signedBy("ann", "phone"));
    town.act("moved", acts.bind, to("d:tablet"), signedBy("land", "ann", "tablet"));
    town.refused("the old telephone is worth nothing", "credentials.not_bound", acts.present, present(3), signedBy("ann", "phone"));
    town.act("the tablet serves", acts.present, present(3), signedBy("ann", "tablet"));
    town.act("suspended", acts.suspend, { credential: "m-1", ground: "lost" }, signedBy("land"));
    town.refused("not bound meanwhile", "credentials.not_live", acts.bind, to("d:phone"), signedBy("land", "ann", "phone"));
    town.act("restored", acts.restore, { credential: "m-1", ground: "found" }, signedBy("land"));
    town.advance(days(100));
    town.refused("nor after its time", "credentials.expired", acts.bind, to("d:phone"), signedBy("land", "ann", "phone"));
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
    const pool = { kind: "card", facility: "c:pool" } as const;
    town.refused("before it is admitted", "credentials.not_admitted", acts.present, at("c:pool"), signedBy("ann"));
    town.refused("it admits itself", "engine.not_entitled", acts.admit, { ...pool, to: "admitted" }, signedBy("pool"));
    town.refused("suspended before", "engine.not_found", acts.admit, { ...pool, to: "suspended" }, signedBy("tax"));
    town.act("admitted", acts.admit, { ...pool, to: "admitted" }, signedBy("tax"));
    town.act("Ann checks in", acts.present, at("c:pool"), signedBy("ann"));
    town.refused("not at the library", "credentials.not_admitted", acts.present, at("c:library"), signedBy("ann"));
    town.act("the pool is suspended", acts.admit, { ...pool, to: "suspended", ground: "art-3" }, signedBy("tax"));
    town.refused("twice", "engine.illegal_move", acts.admit, { ...pool, to: "suspended" }, signedBy("tax"));
    town.refused("nobody checks in", "credentials.not_admitted", acts.present, at("c:pool"), signedBy("ann"));
    town.act("both are admitted", acts.admit, { ...pool, to: "admitted" }, signedBy("tax"));
    town.act("both are admitted", acts.admit, { ...pool, facility: "c:library", to: "admitted" }, signedBy("tax"));
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
    const third = { kind: "card", facility: "c:zoo", to: "admitted" } as const;
    town.refused("nor facilities", "credentials.kind_retired", acts.admit, third, signedBy("tax"));
    town.act("but none stays that must go", acts.admit, { ...pool, to: "suspended" }, signedBy("tax"));
  });
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const kinds = ["birth", "card", "seal"];
const parties = ["p:ann", "p:bob", "courts", "land", "tax"] as const;
const rights = plainRights(
  { courts: ["credentials.issuer#birth", "credentials.issuer#card"], land: ["credentials.issuer"], tax: ["credentials.registrar"] },
  ["p:ann", "p:bob"],
);
const step = fc.record({
  act: fc.constantFrom(
    "issue",
    "issue",
    "replace",
    "suspend",
    "suspend",
    "restore",
    "restore",
    "revoke",
    "present",
    "present",
    "present",
    "time",
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
  it("only what was issued and stands is ever shown, once a challenge; one card a person; only the issuer changes its standing", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 110, maxLength: 120 }), (steps) => {
        const town = scenario({ modules: [acts], resolver: rights, found() {} });
        for (const kind of kinds) town.act(kind, acts.define, { ...card, kind, one_per_person: kind !== "birth" }, signedBy("tax"));
        const known = new Map<string, Issued>();
        const answered = new Set<string>();
        for (const s of steps) {
          if (s.act === "time") {
            town.advance(s.passes);
            continue;
          }
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
          const should = s.act === "present" ? (found?.holder ?? "p:ann") : issuer;
          const signers = s.honest > 0 ? [should] : s.signers;
          const { outcome, code } = town.submit([{ action: `credentials.${s.act}@1`, args }], signedBy(...signers));
          total++;
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const until = town.time + days(100);
          if (s.act === "issue") {
            expect(found).toBeUndefined();
            const maker = signers.includes("land") ? "land" : "courts";
            expect(s.kind !== "seal" || maker === "land").toBe(true);
            known.set(credential, { kind: s.kind, holder: s.holder, issuer: maker, root: s.root, status: "live", until });
          } else if (s.act === "present") {
            expect([found!.status, town.time < found!.until, root, s.field]).toEqual(["live", true, found!.root, "name"]);
            expect(signers).toContain(found!.holder);
            expect(answered.has(`${s.challenge}`)).toBe(false);
            answered.add(`${s.challenge}`);
          } else {
            expect(signers).toContain(found!.issuer);
            expect(["replaced", "revoked"]).not.toContain(found!.status);
            found!.status = { suspend: "suspended", restore: "live", revoke: "revoked", replace: "replaced" }[s.act as "suspend"];
            if (s.act === "replace") known.set(by, { ...found!, root: s.root, status: "live", until });
          }
          for (const kind of ["card", "seal"])
            for (const holder of ["p:ann", "p:bob"]) {
              const live = [...known.values()].filter((c) => c.kind === kind && c.holder === holder && c.until > town.time);
              expect(live.filter(({ status }) => status === "live" || status === "suspended").length).toBeLessThanOrEqual(1);
            }
        }
        for (const [credential, { status, holder, root }] of known)
          expect(town.row(acts.credentials, credential)).toMatchObject({ holder, content: content(root), $: { status } });
        town.indexHolds();
        passes(town, "credentials");
      }),
      { numRuns: 100, seed: 5 },
    );
    expect(total).toBeGreaterThanOrEqual(9_000);
    for (const act of ["issue", "replace", "suspend", "restore", "revoke", "present"])
      expect([act, accepted.get(act)! > 40]).toEqual([act, true]);
  });
});

everyRuleIsGiven(contract);
