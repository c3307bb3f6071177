// Who acts: keys of principals and of their posts, guardians, roles with scopes; resolved from state at execution (engine.md §6).

import { describe, expect, it } from "vitest";
import { anyone, contract, flag, hash, id, list, optional, party, record, signs, text } from "../../../../src/contracts/engine/index.ts";
import type { Reader } from "../../../../src/contracts/engine/index.ts";
import type { Composition } from "../../../../src/contracts/engine/registry.ts";
import type { Resolver } from "../../../../src/contracts/engine/roles.ts";
import { keyOf, operation, type Scenario, scenario, signedBy } from "../scenario.ts";

/** A register of keys and rights as small as can be: what eid and governance are for the real contracts. */
function town() {
  const keys = record("key", {
    title: "A key",
    key: ["key"],
    fields: { key: hash, of: party, post: optional(id), live: flag, roles: list(text(80), 8) },
  });
  const agencies = record("agency", {
    title: "An agency",
    key: ["agency"],
    fields: { agency: party, roles: list(text(80), 8), guards: list(party, 4) },
  });
  const register = contract("register", {
    title: "Register",
    purpose: "Who is who.",
    records: [keys, agencies],
    roles: { a: "" },
    rules: { x: "X." },
  });
  const enrol = register.action({ title: "Enrol", by: anyone, input: keys.fields, run: (tx, key) => void tx.create(keys, key) });
  const revoke = register.action({
    title: "Revoke",
    by: anyone,
    input: { key: hash },
    run: (tx, { key }) => void tx.put(tx.get(keys, key), { live: false }),
  });
  const grant = register.action({
    title: "Grant",
    by: anyone,
    input: agencies.fields,
    run: (tx, given) => {
      const row = tx.find(agencies, given.agency);
      if (row === undefined) tx.create(agencies, given);
      else tx.put(row, { roles: given.roles, guards: given.guards });
    },
  });

  const deeds = record("deed", { title: "A deed", key: ["deed"], fields: { deed: id, by: party, court: optional(party) } });
  const acts = contract("acts", {
    title: "Acts",
    purpose: "Done.",
    sector: "town",
    records: [deeds],
    roles: { clerk: "Per district", court: "Judges" },
    rules: { court_only: "Only a court.", unknown: "Who is named is known." },
  });
  const enter = acts.action({
    title: "Enter a deed",
    by: { clerk: { role: "clerk", scope: (a) => a.district }, owner: signs("the owner") },
    input: { deed: id, district: id, owner: party },
    run(tx, { deed, owner }) {
      tx.signed("owner", owner);
      tx.create(deeds, { deed, by: tx.signer("clerk") });
    },
  });
  const judge = acts.action({
    title: "Judge",
    by: { court: { role: "court", is: (a) => a.court } },
    input: { deed: id, court: party },
    run: (tx, { deed }) => void tx.create(deeds, { deed, by: tx.signer("court") }),
  });
  const maybe = acts.action({
    title: "Judge, if a court",
    by: { who: signs("whoever") },
    input: { deed: id, court: optional(party) },
    rules: ["court_only"],
    work: 8,
    run(tx, { deed, court }) {
      tx.require(tx.holds("acts.court", court), "court_only");
      tx.create(deeds, { deed, by: "somebody", court });
    },
  });

  const mention = acts.action({
    title: "Name somebody who does not sign",
    by: anyone,
    input: { deed: id, owner: party },
    rules: ["unknown"],
    run(tx, { deed, owner }) {
      tx.require(tx.known(owner), "unknown");
      tx.create(deeds, { deed, by: owner });
    },
  });

  const roleOf = (tx: Reader, agency: string): readonly string[] => tx.find(agencies, agency)?.roles ?? [];
  const covers = (held: readonly string[], role: string, scope: string | undefined): boolean =>
    held.includes(role) || (scope !== undefined && held.includes(`${role}#${scope}`));
  const resolver: Resolver = {
    contracts: [register],
    standing(tx, key) {
      const row = tx.find(keys, key);
      return row?.live === true
        ? { principal: row.of, kind: row.of.startsWith("p:") ? "person" : "agency", ...(row.post === undefined ? {} : { post: row.post }) }
        : undefined;
    },
    access: () => undefined,
    actsFor(tx, standing, who) {
      if (standing.principal === who) return standing.post === undefined;
      return tx.find(agencies, who)?.guards.includes(standing.principal) ?? false;
    },
    holds(tx, principal, role, scope, standing) {
      if (!covers(roleOf(tx, principal), role, scope)) return false;
      if (standing?.post === undefined) return true;
      return covers(tx.find(keys, standing.key!)?.roles ?? [], role, scope);
    },
    known: (tx, who) => tx.find(agencies, who) !== undefined,
    sectorOf: (_tx, who) => (who.startsWith("p:") ? (who.split(".")[1] ?? "town") : undefined),
  };
  const composition: Composition = {
    modules: [
      { default: register, enrol, revoke, grant },
      { default: acts, enter, judge, maybe, mention },
    ] as never,
    resolver,
    found() {},
  };
  const t = scenario(composition);
  const key = (name: string, of: string, more: object = {}) => ({ key: keyOf(name), of, live: true, roles: [], ...more });
  return { t, enrol, revoke, grant, enter, judge, maybe, mention, deeds, key };
}
type Town = ReturnType<typeof town>;

function opened(): Town & { t: Scenario } {
  const x = town();
  const { t, enrol, grant, key } = x;
  t.act("the registry's right", grant, { agency: "land", roles: ["acts.clerk#q1"], guards: [] }, []);
  t.act("the court's right", grant, { agency: "courts", roles: ["acts.court"], guards: [] }, []);
  t.act("another court's right", grant, { agency: "appeal", roles: ["acts.court"], guards: [] }, []);
  t.act("a ward", grant, { agency: "p:child", roles: [], guards: ["p:ann"] }, []);
  for (const [name, of] of [
    ["land", "land"],
    ["courts", "courts"],
    ["appeal", "appeal"],
    ["ann", "p:ann"],
    ["bob", "p:bob"],
  ] as const)
    t.act("keys", enrol, key(name, of), []);
  t.act("a post with the role", enrol, key("clerk", "land", { post: "desk", roles: ["acts.clerk#q1"] }), []);
  t.act("a post without", enrol, key("porter", "land", { post: "door", roles: [] }), []);
  t.act("a post that claims more than its agency has", enrol, key("proud", "land", { post: "x", roles: ["acts.clerk", "acts.court"] }), []);
  return x;
}
const deed = (n: string, more: object = {}) => ({ deed: n, district: "q1", owner: "p:ann", ...more });

describe("a role", () => {
  it("is held within its scope, by the agency's key and by the posts it was delegated to", () => {
    const { t, enter } = opened();
    t.act("the agency itself", enter, deed("1"), signedBy("land", "ann"));
    t.act("its clerk", enter, deed("2"), signedBy("clerk", "ann"));
    t.refused("its porter", "engine.not_entitled", enter, deed("3"), signedBy("porter", "ann"));
    t.refused("in another district", "engine.not_entitled", enter, deed("3", { district: "q2" }), signedBy("clerk", "ann"));
    t.refused(
      "in another district, by a post that claims all",
      "engine.not_entitled",
      enter,
      deed("3", { district: "q2" }),
      signedBy("proud", "ann"),
    );
    t.act("porter and clerk together are one agency", enter, deed("4"), signedBy("porter", "clerk", "ann"));
  });

  it("that two signers hold is that of the one meant", () => {
    const { t, judge, deeds } = opened();
    t.act("two courts sign; the statute says which is meant", judge, { deed: "1", court: "appeal" }, signedBy("courts", "appeal"));
    expect(t.row(deeds, "1")?.by).toBe("appeal");
    t.refused("the one meant did not sign", "engine.not_entitled", judge, { deed: "2", court: "appeal" }, signedBy("courts"));
    t.refused("the one meant is no court", "engine.not_entitled", judge, { deed: "2", court: "land" }, signedBy("land"));
  });

  it("can be asked for in a handler: of any signer, or of a party whether it signed or not", () => {
    const { t, maybe, enrol, key } = opened();
    t.act("a court signed", maybe, { deed: "1" }, signedBy("courts", "ann"));
    t.refused("nobody who signed is one", "acts.court_only", maybe, { deed: "2" }, signedBy("ann"));
    t.act("the court named is one", maybe, { deed: "3", court: "courts" }, signedBy("ann"));
    t.refused("the court named is none", "acts.court_only", maybe, { deed: "4", court: "land" }, signedBy("ann"));
    t.act("a court's porter", enrol, key("usher", "courts", { post: "door" }), []);
    t.refused("a court that signed by its porter", "acts.court_only", maybe, { deed: "5", court: "courts" }, signedBy("usher"));
    t.refused("nor by a post that claims it", "acts.court_only", maybe, { deed: "5", court: "land" }, signedBy("proud"));
  });
});

describe("a party", () => {
  it("signs itself, or through its guardian; not through a post that may not", () => {
    const { t, enter } = opened();
    t.refused("another person", "engine.signature_missing", enter, deed("1"), signedBy("land", "bob"));
    t.act("the guardian of a ward", enter, deed("1", { owner: "p:child" }), signedBy("land", "ann"));
    t.refused("who is no guardian", "engine.signature_missing", enter, deed("2", { owner: "p:child" }), signedBy("land", "bob"));
    t.refused("the porter for his agency", "engine.signature_missing", enter, deed("2", { owner: "land" }), signedBy("clerk", "porter"));
  });
});

describe("the registers", () => {
  it("are asked at execution: what was revoked before does not hold", () => {
    const { t, enter, revoke } = opened();
    t.act("revoked", revoke, { key: keyOf("clerk") }, []);
    t.refused("afterwards", "engine.not_entitled", enter, deed("1"), signedBy("clerk", "ann"));
  });

  it("are asked again within a transaction: operations see each other", () => {
    const { t, enter, revoke, enrol, key, deeds } = opened();
    t.together(
      "enrolled and used at once",
      [operation(enrol, key("carl", "p:carl")), operation(enter, deed("1", { owner: "p:carl" }))] as never,
      signedBy("land", "carl"),
    );
    t.refusedTogether(
      "used, revoked, used",
      "engine.signature_missing",
      [operation(enter, deed("2")), operation(revoke, { key: keyOf("ann") }), operation(enter, deed("3"))] as never,
      signedBy("land", "ann"),
    );
    expect(t.row(deeds, "2")).toBeUndefined();
  });

  it("cost the engine, not the operation: many signers do not use up its work", () => {
    const { t, maybe } = opened();
    t.act(
      "sixteen signers",
      maybe,
      { deed: "1" },
      signedBy("courts", "ann", "bob", "land", "clerk", "porter", ...Array.from({ length: 10 }, (_, i) => `stranger${i}`)),
    );
  });
});

describe("a person", () => {
  it("acts, and is named, by the pseudonym of the contract's sector and by no other of hers", () => {
    const { t, enter, enrol, grant, key, mention } = opened();
    t.act("Ann's key in another sector", enrol, key("ann.tax", "p:ann.tax"), []);
    for (const agency of ["p:ann", "p:ann.tax", "c:shop"]) t.act("known", grant, { agency, roles: [], guards: ["p:ann.tax"] }, []);
    t.refused("as a taxpayer", "engine.other_sector", enter, deed("1", { owner: "p:ann.tax" }), signedBy("land", "ann.tax"));
    t.refused("even unsigned, so that she learns it", "engine.other_sector", enter, deed("1", { owner: "p:ann.tax" }), signedBy("land"));
    expect(t.prepared(enter, deed("1", { owner: "p:ann.tax" })).result.code).toBe("engine.other_sector");
    t.refused("named so", "acts.unknown", mention, { deed: "1", owner: "p:ann.tax" }, []);
    t.act("as who she is here", enter, deed("1", { owner: "p:ann" }), signedBy("land", "ann"));
    t.act("named so", mention, { deed: "2", owner: "p:ann" }, []);
    t.act("for a company a person of any sector signs", enter, deed("3", { owner: "c:shop" }), signedBy("land", "ann.tax"));
  });
});

describe("a dry run", () => {
  it("collects who must sign, of those named and of those whom state names", () => {
    const { t, enter, judge, maybe } = opened();
    expect(t.needs(enter, deed("1"))).toEqual([
      { slot: "clerk", role: "acts.clerk", scope: "q1", met: false },
      { slot: "owner", party: "p:ann", met: false },
    ]);
    expect(t.needs(enter, deed("1"), signedBy("clerk", "ann")).map(({ met }) => met)).toEqual([true, true]);
    expect(t.needs(judge, { deed: "1", court: "appeal" })).toEqual([{ slot: "court", role: "acts.court", party: "appeal", met: false }]);
    expect(t.needs(maybe, { deed: "1" })).toEqual([{ slot: "", role: "acts.court", met: false }]);
    expect(t.prepared(enter, deed("1", { district: "none" })).result.code).toBeNull(); // it would be applied if they signed
    expect(t.state.rows.size).toBe(12);
  });
});
