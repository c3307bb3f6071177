// Digital identity (service 1): from enrolment to revocation, and what each signature is worth on the way.

import { describe, expect, it } from "vitest";
import { provePossession } from "../../../src/base/member.ts";
import * as evidence from "../../../src/contracts/documents/evidence.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import eid, * as acts from "../../../src/contracts/identity/eid.ts";
import { agents, keys, principals } from "../../../src/contracts/identity/principals.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { guardiansRoot, vouch } from "../../../src/base/guardians.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register, shown } from "./founders.ts";
import { keyOf, type Scenario, seedOf, signedBy } from "./scenario.ts";

const { grants, recoveries } = acts;
const content = new Uint8Array(32).fill(7);
const answer = { root: content, size: 1 };

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
    town.refused(
      "the registrar suspends her",
      "eid.not_authority",
      acts.suspend,
      { principal: "p:ann", ground: "order-17" },
      signedBy("tax"),
    );
    town.refused(
      "another sector's ministry does",
      "eid.not_authority",
      acts.suspend,
      { principal: "p:ann", ground: "order-17" },
      signedBy("health"),
    );
    town.act("the ministry does", acts.suspend, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
    expect(mayAct(town, "p:ann", "ann")).toBe(false);
    town.act("and restores her", acts.restore, { principal: "p:ann" }, signedBy("courts"));
    expect(mayAct(town, "p:ann", "ann")).toBe(true);
    town.act("for good it revokes", acts.revoke, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
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
    town.refused(
      "the ministry does not answer for them",
      "eid.not_authority",
      acts.suspend,
      { principal: "c:acme", ground: "order-17" },
      signedBy("courts"),
    );
    town.act("the registrar does", acts.suspend, { principal: "c:acme", ground: "order-17" }, signedBy("tax"));
    expect([mayAct(town, "c:acme", "acme"), mayAct(town, "d:meter", "meter")]).toEqual([false, true]);
  });

  it("and agencies stand and fall with governance", () => {
    const town = city();
    for (const by of ["courts", "tax", "land"])
      town.refused(by, "eid.not_authority", acts.suspend, { principal: "land", ground: "order-17" }, signedBy(by));
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
    town.act("Ann is suspended", acts.suspend, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
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
    town.act("Acme itself is suspended", acts.suspend, { principal: "c:acme", ground: "order-17" }, signedBy("tax"));
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
    town.refused("logged by the user", "engine.signature_missing", acts.log, { grant: "g-1", answer }, signedBy("land"));
    town.act("the tax office answers, and logs it", acts.log, { grant: "g-1", answer }, signedBy("tax"));
    town.refused("a second answer", "eid.grant_over", acts.log, { grant: "g-1", answer }, signedBy("tax"));
    town.refused("withdrawn too late", "engine.illegal_move", acts.withdraw, { grant: "g-1" }, signedBy("ann"));
    town.act("another grant", acts.grant, { ...asked, grant: "g-2" }, signedBy("ann"));
    town.refused("withdrawn by another", "engine.signature_missing", acts.withdraw, { grant: "g-2" }, signedBy("bob"));
    town.act("withdrawn", acts.withdraw, { grant: "g-2" }, signedBy("ann"));
    town.refused("serves nothing", "eid.grant_over", acts.log, { grant: "g-2", answer }, signedBy("tax"));
    town.act("a third", acts.grant, { ...asked, grant: "g-3" }, signedBy("ann"));
    town.advance(asked.until - town.time - 1_000); // the next block is of that very moment
    town.refused("whose time is over", "eid.grant_over", acts.log, { grant: "g-3", answer }, signedBy("tax"));
    expect(town.row(grants, "g-1")?.$.status).toBe("used");
  });
});

describe("a flow of data that would serve somebody else", () => {
  it("is granted to nobody unknown, by nobody to himself, and is not answered once either has fallen", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "bob", "gus");
    for (const company of ["c:acme", "c:advisers"]) register(town, "tax", company);
    const flow = (more: object = {}): any => ({
      ...{ grant: "g", subject: "p:ann", holder: "tax", user: "land", purpose: "loan", fields: ["income"], until: town.time + days(7) },
      ...more,
    });
    for (const more of [{ holder: "nobody" }, { user: "c:nobody" }, { until: 0 }])
      town.refused(JSON.stringify(more), "eid.grant_over", acts.grant, flow(more), signedBy("ann"));
    town.act("Ann has advisers", acts.appoint, { principal: "p:ann", agent: "c:advisers", guardian: false }, signedBy("ann", "advisers"));
    town.refused("who help themselves", "eid.own_asking", acts.grant, flow({ user: "c:advisers" }), signedBy("advisers"));
    town.act(
      "the advisers have Acme act for them",
      acts.appoint,
      { principal: "c:advisers", agent: "c:acme", guardian: false },
      signedBy("advisers", "acme"),
    );
    town.act("and Ann has Acme", acts.appoint, { principal: "p:ann", agent: "c:acme", guardian: false }, signedBy("ann", "acme"));
    town.refused("which asks for them and gives for her", "eid.own_asking", acts.grant, flow({ user: "c:advisers" }), signedBy("acme"));
    town.act("Ann gives it herself", acts.grant, flow({ user: "c:advisers" }), signedBy("ann"));
    town.act("or another for her", acts.grant, flow({ grant: "g2" }), signedBy("advisers"));
    town.act("the advisers are suspended", acts.suspend, { principal: "c:advisers", ground: "fraud" }, signedBy("tax"));
    town.refused("they are told nothing", "eid.grant_over", acts.log, { grant: "g", answer }, signedBy("tax"));
    town.act("and Ann is", acts.suspend, { principal: "p:ann", ground: "stolen" }, signedBy("courts"));
    town.refused("nobody is told of her", "eid.grant_over", acts.log, { grant: "g2", answer }, signedBy("tax"));
  });
});

describe("keys that are not one's own word", () => {
  const further = (town: Scenario, principal: string, name: string, more: object = {}): any => ({
    ...{ principal, purpose: "person", key: keyOf(name), proof: shown(town, principal, "person", name), represents: true, from: town.time },
    ...more,
  });

  it("a key that does not represent makes none that does", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann");
    register(town, "tax", "c:acme");
    town.act("a watch", acts.bind, further(town, "p:ann", "watch", { represents: false }), signedBy("ann"));
    town.refused("binds", "eid.own_key", acts.bind, further(town, "p:ann", "evil"), signedBy("watch"));
    town.refused("revokes", "eid.not_authority", acts.setKey, { key: keyOf("ann"), to: "revoked" }, signedBy("watch"));
    const acme = { principal: "p:ann", agent: "c:acme", guardian: false };
    town.refused("appoints", "eid.own_key", acts.appoint, acme, signedBy("watch", "acme"));
  });

  it("what the authority suspends, on a ground, it alone restores", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann");
    town.act("a second key", acts.bind, further(town, "p:ann", "tablet"), signedBy("ann"));
    town.refused("on no ground", "eid.ground_missing", acts.setKey, { key: keyOf("ann"), to: "suspended" }, signedBy("courts"));
    town.act("the ministry", acts.setKey, { key: keyOf("ann"), to: "suspended", ground: "stolen" }, signedBy("courts"));
    expect(town.row(keys, keyOf("ann"))).toMatchObject({ ground: "stolen", barred: true });
    town.refused("Ann's other key does not", "eid.not_authority", acts.setKey, { key: keyOf("ann"), to: "live" }, signedBy("tablet"));
    town.act("the ministry does", acts.setKey, { key: keyOf("ann"), to: "live" }, signedBy("courts"));
    expect(town.row(keys, keyOf("ann"))).not.toHaveProperty("barred");
    for (const to of ["suspended", "live"] as const)
      town.act(`Ann's own: ${to}`, acts.setKey, { key: keyOf("ann"), to }, signedBy("tablet"));
  });

  it("what one registrar registered another does not touch, while the first serves", () => {
    const town = founded({ grants: [grant("tax", "eid.registrar"), grant("health", "eid.registrar")] });
    register(town, "tax", "d:meter");
    expect(town.row(principals, "d:meter")?.registrar).toBe("tax");
    const broken = { principal: "d:meter", ground: "broken" };
    town.refused("health", "eid.not_authority", acts.revoke, broken, signedBy("health"));
    town.refused("nor with a word of land's", "eid.not_authority", acts.revoke, broken, signedBy("health", "land"));
    town.act("tax", acts.suspend, broken, signedBy("tax"));
    decide(town, { kind: "role.revoke", agency: "tax", role: "eid.registrar", scope: "" });
    town.act("once tax is registrar no more, health", acts.revoke, broken, signedBy("health"));
  });

  it("a device is of who is known, and is passed on by both", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "bob");
    const proof = shown(town, "d:bug", "device", "bug");
    const bug = { principal: "d:bug", owner: "c:nobody", key: keyOf("bug"), proof };
    town.refused("nobody's", "eid.owner_unknown", acts.register, bug, signedBy("tax"));
    town.act("Ann's", acts.register, { ...bug, owner: "p:ann" }, signedBy("tax"));
    const sold = { device: "d:bug", next: "p:bob" };
    for (const by of ["ann", "bob"]) town.refused(by, "engine.signature_missing", acts.passOn, sold, signedBy(by));
    town.act("both", acts.passOn, sold, signedBy("ann", "bob"));
    expect(town.row(principals, "d:bug")?.owner).toBe("p:bob");
    town.refused("a person is no device", "eid.wrong_register", acts.passOn, { ...sold, device: "p:ann" }, signedBy("ann", "bob"));
  });

  it("a guardianship replaces an appointment, never the other way round; an appointment is renewed", () => {
    const town = city();
    enrol(town, "courts", "identity", "ann", "child");
    register(town, "tax", "c:acme");
    const pair = { principal: "p:child", agent: "p:ann" };
    town.refused("oneself", "eid.own_agent", acts.appoint, { ...pair, agent: "p:child", guardian: false }, signedBy("child"));
    town.act("for a day", acts.appoint, { ...pair, guardian: false, until: town.time + days(1) }, signedBy("child", "ann"));
    town.act("for two", acts.appoint, { ...pair, guardian: false, until: town.time + days(2) }, signedBy("child", "ann"));
    town.advance(days(400));
    town.act("the ministry enters Ann", acts.appoint, { ...pair, guardian: true }, signedBy("courts", "ann"));
    const undone = { ...pair, guardian: false, until: town.time + 1_000 };
    town.refused("the child does not limit her", "eid.not_authority", acts.appoint, undone, signedBy("child", "ann"));
    expect(mayAct(town, "p:child", "ann")).toBe(true);
    town.act(
      "a company has an accountant",
      acts.appoint,
      { principal: "c:acme", agent: "p:ann", guardian: false },
      signedBy("acme", "ann"),
    );
    expect(mayAct(town, "c:acme", "ann")).toBe(true);
  });
});

/** Governance adopts it. */
function decide(
  town: Scenario,
  change: Pick<Parameters<typeof governance.propose.options.run>[1], "kind" | "agency" | "role" | "scope">,
): void {
  const proposal = `p-${town.height}`;
  town.act("proposed", governance.propose, { proposal, member: "tax", ...change }, signedBy("tax"));
  for (const member of ["tax", "courts", "land"])
    town.act(`${member} votes`, governance.vote, { proposal, member, vote: "yes" }, signedBy(member));
}

describe("who has lost his key", () => {
  const friends = ["grandma", "neighbour", "priest"].map((name) => keyOf(`guardian ${name}`));
  const seeds = ["grandma", "neighbour", "priest"].map((name) => seedOf(`guardian ${name}`));
  const named = { root: guardiansRoot(friends), size: 3, needed: 2 };
  const fresh = (town: Scenario, name = "new", revision = 1, principal = "p:ann") => ({
    ...{ principal, key: keyOf(name), proof: shown(town, principal, "person", name), revision },
  });
  const word = (town: Scenario, to: { principal: string; key: Uint8Array; revision: number }, ...who: number[]) =>
    who.map((i) => vouch(town.network, to, friends, i, seeds[i]!));
  function guarded(): Scenario {
    const town = founded({
      grants: [
        grant("courts", "eid.ministry"),
        grant("health", "eid.voucher"),
        grant("tax", "eid.registrar"),
        grant("land", "evidence.depositor"),
      ],
    });
    enrol(town, "courts", "identity", "ann", "bob");
    town.act("Ann names three friends", acts.guard, { principal: "p:ann", guardians: named }, signedBy("ann", "courts"));
    return town;
  }

  it("gets a new one on the word of as many guardians as he laid down, after three days; no earlier key serves then, nor whom it appointed", () => {
    const town = guarded();
    register(town, "tax", "c:acme");
    town.act("Ann had an agent", acts.appoint, { principal: "p:ann", agent: "c:acme", guardian: false }, signedBy("ann", "acme"));
    expect(mayAct(town, "p:ann", "acme")).toBe(true);
    const to = fresh(town);
    const asked = (guardians: ReturnType<typeof word>) => ({ ...to, guardians });
    town.refused("one friend", "eid.guardians_short", acts.recover, asked(word(town, to, 0)), signedBy("courts"));
    town.refused("one twice", "eid.guardians_short", acts.recover, asked(word(town, to, 1, 1)), signedBy("courts"));
    const strangers = friends.map((_, i) => keyOf(`stranger ${i}`));
    const forged = [0, 1].map((i) => vouch(town.network, to, strangers, i, seedOf(`stranger ${i}`)));
    town.refused("strangers", "eid.guardians_short", acts.recover, asked(forged), signedBy("courts"));
    for (const other of [fresh(town, "newer"), { ...to, revision: 2 }, { ...to, principal: "p:bob" }])
      town.refused("for something else", "eid.guardian_unproved", acts.recover, asked(word(town, other, 0, 2)), signedBy("courts"));
    const two = word(town, to, 0, 2);
    town.refused("without the ministry", "eid.not_authority", acts.recover, asked(two), signedBy("health"));
    town.refused(
      "a key that she does not hold",
      "eid.key_unproved",
      acts.recover,
      { ...asked(two), proof: new Uint8Array(64) },
      signedBy("courts"),
    );
    const stale = { ...to, revision: 2 };
    town.refused(
      "of a later revision",
      "eid.recovery_stale",
      acts.recover,
      { ...stale, guardians: word(town, stale, 0, 2) },
      signedBy("courts"),
    );
    town.refused("in person", "eid.guardians_named", acts.recoverInPerson, to, signedBy("courts", "health"));
    town.act("two of three friends", acts.recover, asked(two), signedBy("courts"));
    town.refused(
      "the key is taken",
      "eid.key_taken",
      acts.bind,
      {
        principal: "p:bob",
        purpose: "person",
        key: to.key,
        proof: shown(town, "p:bob", "person", "new"),
        represents: true,
        from: town.time,
      },
      signedBy("bob"),
    );
    town.advance(days(3) - 10_000);
    expect([mayAct(town, "p:ann", "new"), mayAct(town, "p:ann", "ann")]).toEqual([false, true]);
    town.advance(20_000);
    expect([mayAct(town, "p:ann", "new"), mayAct(town, "p:ann", "ann"), mayAct(town, "p:ann", "acme")]).toEqual([true, false, false]);
    expect(town.row(recoveries, "p:ann")).toMatchObject({ guardians: 2, $: { status: "done" } });
    const change = {
      principal: "p:ann",
      purpose: "person" as const,
      key: keyOf("ann"),
      next: keyOf("thief"),
      proof: shown(town, "p:ann", "person", "thief"),
    };
    town.refused("the old key puts none in its place", "eid.key_over", acts.rotate, change, signedBy("ann"));
    town.refused("the same word again", "eid.recovery_stale", acts.recover, asked(two), signedBy("courts"));
    const next = fresh(town, "newest", 2);
    town.act("lost again", acts.recover, { ...next, guardians: word(town, next, 1, 2) }, signedBy("courts"));
    town.advance(days(3) + 10_000);
    expect([mayAct(town, "p:ann", "newest"), mayAct(town, "p:ann", "new")]).toEqual([true, false]);
    passes(town, "eid");
    expect(findsTampered(town, "eid", principals, ["p:ann"], { revision: undefined })).toEqual(["registers"]);
    expect(findsTampered(town, "eid", principals, ["p:ann"], { kind: "device" })).toEqual(["registers"]);
    expect(findsTampered(town, "eid", keys, [keyOf("new")], { revision: 3, $status: "live" })).toEqual(["registers"]);
    expect(findsTampered(town, "eid", keys, [keyOf("acme")], { principal: "c:nobody" })).toEqual(["registers"]);
    expect(findsTampered(town, "eid", agents, ["p:ann", "c:acme"], { revision: 5 })).toEqual(["registers"]);
    expect(findsTampered(town, "eid", recoveries, ["p:ann"], { $status: "waiting" })).toEqual(["registers"]);
    expect(findsTampered(town, "eid", recoveries, ["p:ann"], { guardians: 0 })).toEqual(["registers"]);
  });

  it("and who has not lost it objects", () => {
    const town = guarded();
    const to = fresh(town, "thief");
    const stolen = { ...to, guardians: word(town, to, 0, 1) };
    town.act("two friends are bribed", acts.recover, stolen, signedBy("courts"));
    town.refused("Bob does not stop it", "eid.not_authority", acts.veto, { principal: "p:ann" }, signedBy("bob"));
    town.refused("nor the key that waits", "eid.not_authority", acts.veto, { principal: "p:ann" }, signedBy("thief"));
    town.act("Ann does", acts.veto, { principal: "p:ann" }, signedBy("ann"));
    town.advance(days(4));
    expect([mayAct(town, "p:ann", "thief"), mayAct(town, "p:ann", "ann")]).toEqual([false, true]);
    expect(town.row(keys, keyOf("thief"))?.$.status).toBe("revoked");
    const other = fresh(town, "new");
    town.act("and is then robbed", acts.recover, { ...other, guardians: word(town, other, 0, 1) }, signedBy("courts"));
    town.act("so the ministry bars the thief's hand", acts.suspend, { principal: "p:ann", ground: "stolen" }, signedBy("courts"));
    town.refused("who cannot object", "eid.not_authority", acts.veto, { principal: "p:ann" }, signedBy("ann"));
    town.advance(days(4));
    town.act("restored", acts.restore, { principal: "p:ann" }, signedBy("courts"));
    expect([mayAct(town, "p:ann", "new"), mayAct(town, "p:ann", "ann")]).toEqual([true, false]);
  });

  it("and has named nobody is seen by two agencies", () => {
    const town = guarded();
    const to = fresh(town, "bob2", 1, "p:bob");
    town.refused(
      "guardians that are none",
      "eid.guardians_named",
      acts.recover,
      { ...to, guardians: word(town, to, 0, 1) },
      signedBy("courts"),
    );
    town.refused("one agency", "engine.not_entitled", acts.recoverInPerson, to, signedBy("courts"));
    town.refused("without the ministry", "eid.not_authority", acts.recoverInPerson, to, signedBy("health"));
    town.act("two", acts.recoverInPerson, to, signedBy("courts", "health"));
    town.advance(days(3) + 10_000);
    expect([mayAct(town, "p:bob", "bob2"), mayAct(town, "p:bob", "bob")]).toEqual([true, false]);
    expect(town.row(recoveries, "p:bob")).toMatchObject({ guardians: 0, voucher: "health" });
    decide(town, { kind: "role.grant", agency: "courts", role: "eid.voucher", scope: "" });
    const again = fresh(town, "bob3", 2, "p:bob");
    town.refused("the ministry as both", "eid.second_agency", acts.recoverInPerson, again, signedBy("courts"));
  });

  it("and whose new key is revoked while it waits keeps the old one", () => {
    const town = guarded();
    const to = fresh(town);
    town.act("two friends", acts.recover, { ...to, guardians: word(town, to, 0, 1) }, signedBy("courts"));
    town.act("the new key is lost too", acts.setKey, { key: to.key, to: "revoked", ground: "lost" }, signedBy("courts"));
    town.advance(days(4));
    expect(town.row(recoveries, "p:ann")?.$.status).toBe("stopped");
    expect(mayAct(town, "p:ann", "ann")).toBe(true);
    const next = fresh(town, "newer");
    town.act("again", acts.recover, { ...next, guardians: word(town, next, 0, 1) }, signedBy("courts"));
    town.act("lost again", acts.setKey, { key: next.key, to: "revoked", ground: "lost" }, signedBy("courts"));
    town.act("and given up", acts.veto, { principal: "p:ann" }, signedBy("ann"));
    passes(town, "eid");
  });

  it("and is revoked meanwhile gets nothing", () => {
    const town = guarded();
    const to = fresh(town, "bob2", 1, "p:bob");
    town.act("two agencies", acts.recoverInPerson, to, signedBy("courts", "health"));
    town.act("Bob is revoked", acts.revoke, { principal: "p:bob", ground: "dead" }, signedBy("courts"));
    town.advance(days(4));
    expect(town.row(recoveries, "p:bob")?.$.status).toBe("stopped");
  });

  it("names guardians with the ministry, no more needed than there are", () => {
    const town = guarded();
    const three = { principal: "p:bob", guardians: named };
    town.refused("by the key alone", "eid.not_authority", acts.guard, three, signedBy("bob"));
    town.refused("by the ministry alone", "eid.own_key", acts.guard, three, signedBy("courts"));
    town.refused(
      "four of three",
      "eid.guardians_unfit",
      acts.guard,
      { ...three, guardians: { ...named, needed: 4 } },
      signedBy("bob", "courts"),
    );
    const carl = { person: "p:carl", key: keyOf("carl"), proof: shown(town, "p:carl", "person", "carl"), guardians: named };
    town.refused(
      "at enrolment",
      "eid.guardians_unfit",
      acts.enrol,
      { sector: "identity", persons: [{ ...carl, guardians: { ...named, needed: 4 } }] },
      signedBy("courts"),
    );
    town.act("three of three", acts.enrol, { sector: "identity", persons: [carl] }, signedBy("courts"));
    expect(town.row(principals, "p:carl")?.guardians).toMatchObject({ size: 3, needed: 2 });
  });
});

everyRuleIsGiven(eid);
