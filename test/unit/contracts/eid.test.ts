// Digital identity (service 1): from enrolment to revocation, and what each signature is worth on the way.

import { describe, expect, it } from "vitest";
import { provePossession } from "../../../src/base/member.ts";
import * as evidence from "../../../src/contracts/documents/evidence.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import eid, * as acts from "../../../src/contracts/identity/eid.ts";
import { agents, keys, principals } from "../../../src/contracts/identity/principals.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register, shown } from "./founders.ts";
import { keyOf, type Scenario, seedOf, signedBy } from "./scenario.ts";

const { grants } = acts;
const content = new Uint8Array(32).fill(7);

function city(): Scenario {
  return founded({
    grants: [
      grant("courts", "eid.ministry"),
      grant("health", "eid.ministry", "health"),
      grant("tax", "eid.registrar"),
      grant("land", "evidence.depositor"),
    ],
  });
}
/** Challenging an item is something that anybody registered may do, in his own name: the touchstone of a signature. */
let challenges = 0;
const challenge = (by: string) => ({ deposit: `d-${++challenges}`, by, ground: { root: content, size: 1 } });
function mayAct(town: Scenario, by: string, key: string): boolean {
  const asked = challenge(by);
  town.act("an item", evidence.deposit, { deposit: asked.deposit, kind: "photo", content }, signedBy("land"));
  const result = town.submit([{ action: evidence.challenge.name, args: asked }], signedBy(key));
  expect([null, "engine.signature_missing"]).toContain(result.code);
  return result.code === null;
}

describe("persons", () => {
  it("are enrolled by the ministry of their sector, each under a pseudonym and with a key that is shown to be held", () => {
    const town = city();
    const ann = { person: "p:ann", key: keyOf("ann"), proof: shown(town, "p:ann", "person", "ann") };
    town.refused(
      "by an agency that is no ministry",
      "engine.not_entitled",
      acts.enrol,
      { sector: "identity", persons: [ann] },
      signedBy("tax"),
    );
    town.refused("by another sector's", "engine.not_entitled", acts.enrol, { sector: "identity", persons: [ann] }, signedBy("health"));
    for (const proof of [shown(town, "p:bob", "person", "ann"), shown(town, "p:ann", "post", "ann"), new Uint8Array(64)])
      town.refused(
        "with a proof of something else",
        "eid.key_unproved",
        acts.enrol,
        { sector: "identity", persons: [{ ...ann, proof }] },
        signedBy("courts"),
      );
    town.act("Ann is enrolled", acts.enrol, { sector: "identity", persons: [ann] }, signedBy("courts"));
    town.refused("once", "engine.already_exists", acts.enrol, { sector: "identity", persons: [ann] }, signedBy("courts"));
    expect(town.row(principals, "p:ann")).toMatchObject({ kind: "person", sector: "identity" });
    expect(mayAct(town, "p:ann", "ann")).toBe(true);
    expect(mayAct(town, "p:ann", "bob")).toBe(false);
  });

  it("are listed by pseudonym, so that a list says nothing of when they came", () => {
    const town = city();
    const of = (name: string) => ({ person: `p:${name}`, key: keyOf(name), proof: shown(town, `p:${name}`, "person", name) });
    town.refused(
      "out of order",
      "eid.out_of_order",
      acts.enrol,
      { sector: "identity", persons: [of("bob"), of("ann")] },
      signedBy("courts"),
    );
    town.refused("twice", "eid.out_of_order", acts.enrol, { sector: "identity", persons: [of("ann"), of("ann")] }, signedBy("courts"));
    town.act("in order", acts.enrol, { sector: "identity", persons: [of("ann"), of("bob")] }, signedBy("courts"));
  });

  it("come up to 32 at once", () => {
    const town = city();
    const names = Array.from({ length: 33 }, (_, i) => `person-${10 + i}`);
    enrol(town, "courts", "identity", ...names.slice(0, 32));
    const of = (name: string) => ({ person: `p:${name}`, key: keyOf(name), proof: new Uint8Array(64) });
    town.refused("33", "engine.args_invalid", acts.enrol, { sector: "health", persons: names.map(of) }, signedBy("health"));
  });

  it("never use one key in two sectors", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann");
    const again = { person: "p:ann.health", key: keyOf("ann"), proof: shown(town, "p:ann.health", "person", "ann") };
    town.refused("Ann's key in health", "eid.key_taken", acts.enrol, { sector: "health", persons: [again] }, signedBy("health"));
    const node = { ...again, key: keyOf("tax.consensus"), proof: shown(town, "p:ann.health", "person", "tax.consensus") };
    town.refused("a node's key", "eid.key_taken", acts.enrol, { sector: "health", persons: [node] }, signedBy("health"));
    const own = { ...again, key: keyOf("ann.health"), proof: shown(town, "p:ann.health", "person", "ann.health") };
    town.act("a key of its own", acts.enrol, { sector: "health", persons: [own] }, signedBy("health"));
  });

  it("act while they are in good standing, in every contract at once", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann");
    town.refused("the registrar suspends her", "eid.not_authority", acts.suspend, { principal: "p:ann" }, signedBy("tax"));
    town.refused("another sector's ministry does", "eid.not_authority", acts.suspend, { principal: "p:ann" }, signedBy("health"));
    town.act("the ministry does", acts.suspend, { principal: "p:ann" }, signedBy("courts"));
    expect(mayAct(town, "p:ann", "ann")).toBe(false);
    town.act("and restores her", acts.restore, { principal: "p:ann" }, signedBy("courts"));
    expect(mayAct(town, "p:ann", "ann")).toBe(true);
    town.act("for good it revokes", acts.revoke, { principal: "p:ann" }, signedBy("courts"));
    town.refused("which is not undone", "engine.illegal_move", acts.restore, { principal: "p:ann" }, signedBy("courts"));
    expect(mayAct(town, "p:ann", "ann")).toBe(false);
  });
});

describe("devices and companies", () => {
  it("are registered by the registrar; agencies and persons are not", () => {
    const town = city();
    register(town, "tax", "c:acme");
    register(town, "tax", "d:meter");
    expect([mayAct(town, "c:acme", "acme"), mayAct(town, "d:meter", "meter")]).toEqual([true, true]);
    for (const [principal, purpose] of [
      ["agency9", "organisation"],
      ["p:eve", "person"],
      ["x:eve", "unknown"],
    ] as const) {
      const args = { principal, owner: "tax", key: keyOf("eve"), proof: shown(town, principal, purpose, "eve") };
      town.refused(`${principal} is none`, "eid.wrong_register", acts.register, args, signedBy("tax"));
    }
    const stolen = { principal: "c:eve", owner: "tax", key: keyOf("eve"), proof: shown(town, "c:eve", "company", "acme") };
    town.refused("with a key that is not theirs", "eid.key_unproved", acts.register, stolen, signedBy("tax"));
    town.refused("the ministry does not answer for them", "eid.not_authority", acts.suspend, { principal: "c:acme" }, signedBy("courts"));
    town.act("the registrar does", acts.suspend, { principal: "c:acme" }, signedBy("tax"));
    expect([mayAct(town, "c:acme", "acme"), mayAct(town, "d:meter", "meter")]).toEqual([false, true]);
  });

  it("and agencies stand and fall with governance", () => {
    const town = city();
    for (const by of ["courts", "tax", "land"]) town.refused(by, "eid.not_authority", acts.suspend, { principal: "land" }, signedBy(by));
  });
});

describe("keys", () => {
  type Bound = Parameters<typeof acts.bind.options.run>[1];
  const key = (town: Scenario, principal: string, name: string, purpose: Bound["purpose"], more: Partial<Bound> = {}): Bound => ({
    ...{ principal, purpose, key: keyOf(name), proof: shown(town, principal, purpose, name) },
    ...{ represents: false, from: town.time, until: town.time + days(30) },
    ...more,
  });
  const clerk = (town: Scenario, more: Partial<Bound> = {}): Bound => key(town, "land", "clerk", "post", { post: "clerk", ...more });

  it("of posts act in their time, by what is delegated to the post, and sign for the agency only if they represent it", () => {
    const town = city();
    const item = { deposit: "i-1", kind: "photo", content };
    town.refused("bound by another agency", "eid.own_key", acts.bind, clerk(town), signedBy("tax"));
    enrol(town, "courts", "identity", "ann");
    town.refused("a person has no posts", "eid.purpose_unfit", acts.bind, key(town, "p:ann", "x", "post", { post: "x" }), signedBy("ann"));
    town.refused("a post without its name", "eid.purpose_unfit", acts.bind, key(town, "land", "clerk", "post"), signedBy("land"));
    town.refused(
      "a time that ends before it begins",
      "eid.purpose_unfit",
      acts.bind,
      clerk(town, { from: 10, until: 10 }),
      signedBy("land"),
    );
    town.refused("an agency's key for a person", "eid.purpose_unfit", acts.bind, key(town, "land", "clerk", "person"), signedBy("land"));
    town.refused("a proof for something else", "eid.key_unproved", acts.bind, clerk(town, { purpose: "access" }), signedBy("land"));
    town.act("the land office binds its clerk's", acts.bind, clerk(town), signedBy("land"));
    town.refused("nothing is delegated yet", "engine.not_entitled", evidence.deposit, item, signedBy("clerk"));
    const delegation = { agency: "land", post: "clerk", role: "evidence.depositor", scope: "" };
    town.act("depositing is", governance.delegate, delegation, signedBy("land"));
    town.act("the clerk deposits", evidence.deposit, item, signedBy("clerk"));
    expect(mayAct(town, "land", "clerk")).toBe(false);
    const chief = key(town, "land", "chief", "post", { post: "chief", represents: true, from: town.time + days(1) });
    town.act("the chief's represents, from tomorrow on", acts.bind, chief, signedBy("land"));
    expect(mayAct(town, "land", "chief")).toBe(false);
    town.advance(days(1));
    expect(mayAct(town, "land", "chief")).toBe(true);
    town.refused("but binds no keys", "eid.own_key", acts.bind, key(town, "land", "x", "post", { post: "x" }), signedBy("chief"));
    town.advance(days(30));
    expect(mayAct(town, "land", "chief")).toBe(false);
    town.refused("the clerk's time is over", "engine.not_entitled", evidence.deposit, { ...item, deposit: "i-2" }, signedBy("clerk"));
  });

  it("are replaced by who holds them; the old one acts no more and is never used again", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "bob");
    const change = {
      principal: "p:ann",
      purpose: "person" as const,
      key: keyOf("ann"),
      next: keyOf("ann2"),
      proof: shown(town, "p:ann", "person", "ann2"),
    };
    town.refused("by somebody else", "engine.signature_missing", acts.rotate, change, signedBy("bob"));
    town.refused("without showing the new one", "eid.key_unproved", acts.rotate, { ...change, proof: new Uint8Array(64) }, signedBy("ann"));
    const asBob = { ...change, principal: "p:bob", proof: shown(town, "p:bob", "person", "ann2") };
    town.refused("for another person", "eid.purpose_unfit", acts.rotate, asBob, signedBy("ann"));
    town.act("Ann changes her telephone", acts.rotate, change, signedBy("ann"));
    expect([mayAct(town, "p:ann", "ann"), mayAct(town, "p:ann", "ann2")]).toEqual([false, true]);
    const back = { ...change, key: keyOf("ann2"), next: keyOf("ann"), proof: shown(town, "p:ann", "person", "ann") };
    town.refused("back to the old one", "eid.key_taken", acts.rotate, back, signedBy("ann2"));
    expect(town.row(keys, keyOf("ann"))?.$.status).toBe("replaced");
  });

  it("are suspended and revoked by their principal or the authority that answers for it", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "bob");
    const second = key(town, "p:ann", "tablet", "person", { represents: true });
    town.act("Ann's second key", acts.bind, second, signedBy("ann"));
    town.refused("Bob suspends it", "eid.not_authority", acts.setKey, { key: keyOf("tablet"), to: "suspended" }, signedBy("bob"));
    town.act("Ann does", acts.setKey, { key: keyOf("tablet"), to: "suspended" }, signedBy("ann"));
    expect([mayAct(town, "p:ann", "tablet"), mayAct(town, "p:ann", "ann")]).toEqual([false, true]);
    town.refused(
      "a suspended key restores nothing",
      "eid.not_authority",
      acts.setKey,
      { key: keyOf("tablet"), to: "live" },
      signedBy("tablet"),
    );
    town.act("the ministry restores it", acts.setKey, { key: keyOf("tablet"), to: "live" }, signedBy("courts"));
    town.act("lost is lost", acts.setKey, { key: keyOf("ann"), to: "revoked" }, signedBy("tablet"));
    expect([mayAct(town, "p:ann", "tablet"), mayAct(town, "p:ann", "ann")]).toEqual([true, false]);
    for (const name of ["tax", "tax.consensus"])
      town.refused(
        "a member's keys are governance's",
        "eid.not_authority",
        acts.setKey,
        { key: keyOf(name), to: "revoked" },
        signedBy("tax"),
      );
  });

  it("put no other in their place while they are suspended, or once their time or their principal's standing is over", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann");
    const tablet = key(town, "p:ann", "tablet", "person", { represents: true, until: town.time + days(1) });
    town.act("Ann's tablet, for a day", acts.bind, tablet, signedBy("ann"));
    const change = (from: string) => ({
      ...{ principal: "p:ann", purpose: "person" as const, key: keyOf(from) },
      ...{ next: keyOf("next"), proof: shown(town, "p:ann", "person", "next") },
    });
    town.act("it is lost", acts.setKey, { key: keyOf("tablet"), to: "suspended" }, signedBy("ann"));
    town.refused("its finder", "eid.key_over", acts.rotate, change("tablet"), signedBy("tablet"));
    town.act("it is found", acts.setKey, { key: keyOf("tablet"), to: "live" }, signedBy("ann"));
    town.advance(days(1));
    town.refused("a day later", "eid.key_over", acts.rotate, change("tablet"), signedBy("tablet"));
    town.act("Ann is suspended", acts.suspend, { principal: "p:ann" }, signedBy("courts"));
    town.refused("so is her changing", "eid.key_over", acts.rotate, change("ann"), signedBy("ann"));
  });

  it("that nobody may hold are refused: a small-order point proves nothing", () => {
    const town = city();
    const smallOrder = new Uint8Array(32);
    smallOrder[0] = 1;
    const proof = provePossession(town.network, "c:eve", "company", smallOrder, seedOf("eve"));
    town.refused("", "eid.key_unproved", acts.register, { principal: "c:eve", owner: "tax", key: smallOrder, proof }, signedBy("tax"));
  });
});

describe("who signs for another", () => {
  it("is appointed by the principal and agrees; it ends when dismissed, when its time is over, when either falls", () => {
    const town = city();
    register(town, "tax", "c:acme");
    register(town, "tax", "c:advisers");
    const agency = { principal: "c:acme", agent: "c:advisers", guardian: false, until: town.time + days(10) };
    town.refused("by itself", "eid.own_key", acts.appoint, agency, signedBy("advisers"));
    town.refused("without its consent", "engine.signature_missing", acts.appoint, agency, signedBy("acme"));
    town.act("Acme appoints its advisers", acts.appoint, agency, signedBy("acme", "advisers"));
    expect(mayAct(town, "c:acme", "advisers")).toBe(true);
    town.refused("an agent appoints no agents", "eid.own_key", acts.appoint, { ...agency, agent: "land" }, signedBy("advisers", "land"));
    town.refused("nor dismisses", "eid.own_key", acts.dismiss, { principal: "c:acme", agent: "c:advisers" }, signedBy("advisers"));
    town.act("Acme dismisses them", acts.dismiss, { principal: "c:acme", agent: "c:advisers" }, signedBy("acme"));
    expect(mayAct(town, "c:acme", "advisers")).toBe(false);
    town.act("and thinks again", acts.appoint, agency, signedBy("acme", "advisers"));
    expect(mayAct(town, "c:acme", "advisers")).toBe(true);
    town.act("Acme itself is suspended", acts.suspend, { principal: "c:acme" }, signedBy("tax"));
    expect(mayAct(town, "c:acme", "advisers")).toBe(false);
    town.act("and restored", acts.restore, { principal: "c:acme" }, signedBy("tax"));
    town.advance(days(11));
    expect(mayAct(town, "c:acme", "advisers")).toBe(false);
  });

  it("is a guardian where the ministry says so, and never a person of another sector", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "child");
    enrol(town, "health", "health", "hana");
    const guardian = { principal: "p:child", agent: "p:ann", guardian: true };
    town.refused("by her own word", "eid.not_authority", acts.appoint, guardian, signedBy("ann"));
    town.refused("out of another sector", "eid.other_sector", acts.appoint, { ...guardian, agent: "p:hana" }, signedBy("courts", "hana"));
    town.act("the ministry enters Ann", acts.appoint, guardian, signedBy("courts", "ann"));
    expect(mayAct(town, "p:child", "ann")).toBe(true);
    town.refused(
      "the child does not dismiss her",
      "eid.not_authority",
      acts.dismiss,
      { principal: "p:child", agent: "p:ann" },
      signedBy("child"),
    );
    town.act("the ministry does", acts.dismiss, { principal: "p:child", agent: "p:ann" }, signedBy("courts"));
    expect(town.row(agents, "p:child", "p:ann")?.$.status).toBe("revoked");
    expect(mayAct(town, "p:child", "ann")).toBe(false);
  });
});

describe("a flow of data", () => {
  it("has one grant of its subject, serves once, and is logged", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "bob");
    const asked = {
      grant: "g-1",
      subject: "p:ann",
      holder: "tax",
      user: "land",
      purpose: "mortgage",
      fields: ["income"],
      until: town.time + days(7),
    };
    town.refused("granted by another", "engine.signature_missing", acts.grant, asked, signedBy("bob"));
    town.act("Ann grants", acts.grant, asked, signedBy("ann"));
    town.refused("logged by the user", "engine.signature_missing", acts.log, { grant: "g-1", answer: content }, signedBy("land"));
    town.act("the tax office answers, and logs it", acts.log, { grant: "g-1", answer: content }, signedBy("tax"));
    town.refused("a second answer", "eid.grant_over", acts.log, { grant: "g-1", answer: content }, signedBy("tax"));
    town.refused("withdrawn too late", "engine.illegal_move", acts.withdraw, { grant: "g-1" }, signedBy("ann"));
    town.act("another grant", acts.grant, { ...asked, grant: "g-2" }, signedBy("ann"));
    town.refused("withdrawn by another", "engine.signature_missing", acts.withdraw, { grant: "g-2" }, signedBy("bob"));
    town.act("withdrawn", acts.withdraw, { grant: "g-2" }, signedBy("ann"));
    town.refused("serves nothing", "eid.grant_over", acts.log, { grant: "g-2", answer: content }, signedBy("tax"));
    town.act("a third", acts.grant, { ...asked, grant: "g-3" }, signedBy("ann"));
    town.advance(asked.until - town.time - 1_000); // the next block is of that very moment
    town.refused("whose time is over", "eid.grant_over", acts.log, { grant: "g-3", answer: content }, signedBy("tax"));
    expect(town.row(grants, "g-1")?.$.status).toBe("used");
  });
});

everyRuleIsGiven(eid);
