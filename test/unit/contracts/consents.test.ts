// Consents (services 8 and 34): asked, given or declined, used within what was given, revoked at once; whatever users, holders and subjects try.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import { sealedLeaves, sealedSchema, shownFields } from "../../../src/contracts/engine/sealed.ts";
import { contract, days, hours, id, list, person, agency, party, record } from "../../../src/contracts/engine/index.ts";
import { composition } from "../../../src/contracts/all.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import consent, * as acts from "../../../src/contracts/sharing/consents.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, genesisOf, grant, register } from "./founders.ts";
import { type Scenario, scenario, signedBy } from "./scenario.ts";

const { consents, uses } = acts;
const yes = { root: new Uint8Array(32).fill(1), size: 1 };
const no = { root: new Uint8Array(32).fill(2), size: 1 };
const values = { root: new Uint8Array(32).fill(3), size: 65 };

const grants = [
  grant("courts", "consents.registrar", "city"),
  grant("courts", "consents.registrar", "health"),
  grant("tax", "consents.holder"),
  grant("land", "consents.holder", "title-data"),
  ...["ministry", "registrar"].map((role) => grant("courts", `eid.${role}`)),
];
const ofAge = {
  ...{ definition: "of-age", sector: "city", title: "Is 18 or older", kind: "claim" as const, fields: ["born"], answers: ["no", "yes"] },
  ...{ purposes: ["sale"], longest: days(100), most: 10 },
};
const loanData = {
  ...{ definition: "loan-data", sector: "city", title: "Data for a loan", kind: "bundle" as const, fields: ["income", "debts", "seat"] },
  ...{ answers: [], purposes: ["loan", "card"], longest: days(400), most: 5 },
};
const files = {
  ...{ definition: "files", sector: "city", title: "Files", kind: "service" as const, service: "archive", fields: ["a", "b"] },
  ...{ answers: [], purposes: ["study"], longest: days(400), most: 2 },
};
/** The courts define; the tax office holds; the shop and the bank ask Ann and Bob, whom the city knows. */
function town(): Scenario {
  const it = founded({ grants });
  enrol(it, "courts", "city", "ann", "bob");
  enrol(it, "courts", "health", "ann.health");
  for (const company of ["c:shop", "c:bank"]) register(it, "courts", company);
  for (const definition of [ofAge, loanData, files]) it.act(definition.title, acts.define, definition, signedBy("courts"));
  return it;
}
const check = (it: Scenario, more: object = {}) => ({
  ...{ consent: "c-1", definition: "of-age", subject: "p:ann", holder: "tax", user: "c:shop", purpose: "sale" },
  ...{ fields: [] as string[], until: it.time + days(90), most: 3, ...more },
});
const loan = (it: Scenario, more: object = {}) =>
  check(it, { consent: "c-2", definition: "loan-data", user: "c:bank", purpose: "loan", fields: ["income", "debts"], ...more });
const given = ({ consent: key, fields, until, most }: ReturnType<typeof check>) => ({ consent: key, fields, until, most });
/** Ann has consented: to the shop's checks of her age, and to two fields for the bank. */
function consented(): Scenario {
  const it = town();
  for (const [asked, who] of [[check(it), "shop"] as const, [loan(it), "bank"] as const]) {
    it.act(`the ${who} asks`, acts.request, asked, signedBy(who));
    it.act("Ann consents", acts.give, given(asked), signedBy("ann"));
  }
  return it;
}
const first = { consent: "c-1", number: 0 };
const buy = { ...first, purpose: "sale", fields: [] as string[] };
const borrow = { consent: "c-2", number: 0, purpose: "loan", fields: ["income"] };
const status = (it: Scenario, key: string) => it.row(consents, key)?.$.status;

describe("a definition", () => {
  test("says what is answered or delivered, for which purposes, how long and how often; by the registrar of its sector", () => {
    const it = town();
    const other = { ...ofAge, definition: "other" };
    it.refused("by another", "engine.not_entitled", acts.define, other, signedBy("tax"));
    it.refused("of a sector not his", "engine.not_entitled", acts.define, { ...other, sector: "tax" }, signedBy("courts"));
    for (const unfit of [
      { answers: ["yes"] },
      { answers: ["yes", "yes"] },
      { kind: "bundle" as const },
      { kind: "service" as const, answers: [] },
      { service: "archive" },
      { fields: ["born", "born"] },
      { purposes: ["sale", "sale"] },
    ])
      it.refused(
        `unfit ${Object.keys(unfit).join()}`,
        "consents.definition_unfit",
        acts.define,
        { ...other, ...unfit },
        signedBy("courts"),
      );
    it.refused("once", "engine.already_exists", acts.define, ofAge, signedBy("courts"));
    it.refused("for ever", "engine.args_invalid", acts.define, { ...other, longest: days(10_000) }, signedBy("courts"));
  });

  test("that is retired is asked by no more; what was consented to stands", () => {
    const it = consented();
    it.act("the shop asks again", acts.request, check(it, { consent: "c-3" }), signedBy("shop"));
    it.act("retired", acts.retire, { definition: "of-age" }, signedBy("courts"));
    it.refused("twice", "engine.illegal_move", acts.retire, { definition: "of-age" }, signedBy("courts"));
    it.refused("asked", "consents.retired", acts.request, check(it, { consent: "c-4" }), signedBy("shop"));
    it.refused("given", "consents.retired", acts.give, given(check(it, { consent: "c-3", until: it.time + days(9) })), signedBy("ann"));
    it.act("used", acts.use, buy, signedBy("shop"));
  });
});

describe("a consent", () => {
  test("is asked by the user, of a person of the sector, from an entitled holder, within the definition", () => {
    const it = town();
    const refused = (says: string, code: string, args: object, ...who: string[]) =>
      it.refused(says, code, acts.request, args as ReturnType<typeof check>, signedBy(...who));
    refused("in the shop's name", "engine.signature_missing", check(it), "bank");
    refused("of what is not defined", "engine.not_found", check(it, { definition: "none" }), "shop");
    refused("of a pseudonym of another sector", "consents.other_sector", check(it, { subject: "p:ann.health" }), "shop");
    refused("of nobody", "consents.other_sector", check(it, { subject: "p:zoe" }), "shop");
    refused("by a person of another sector", "consents.other_sector", check(it, { user: "p:ann.health" }), "ann.health");
    refused("from who is not entitled", "consents.not_holder", check(it, { holder: "land" }), "shop");
    refused("for another purpose", "consents.beyond_definition", check(it, { purpose: "loan" }), "shop");
    refused("for too long", "consents.beyond_definition", check(it, { until: it.time + days(101) }), "shop");
    refused("for no time", "consents.beyond_definition", check(it, { until: it.time }), "shop");
    refused("too often", "consents.beyond_definition", check(it, { most: 11 }), "shop");
    refused("a claim's field itself", "consents.beyond_definition", check(it, { fields: ["born"] }), "shop");
    refused("a bundle without fields", "consents.beyond_definition", loan(it, { fields: [] }), "bank");
    refused("other fields", "consents.beyond_definition", loan(it, { fields: ["income", "health"] }), "bank");
    refused("a field twice", "consents.beyond_definition", loan(it, { fields: ["income", "income"] }), "bank");
    it.act("as defined", acts.request, check(it), signedBy("shop"));
    refused("once", "engine.already_exists", check(it, { subject: "p:bob" }), "shop");
    it.act("Bob, of Ann's, as a person of the same sector", acts.request, loan(it, { user: "p:bob" }), signedBy("bob"));
    it.act("Ann, of her own", acts.request, loan(it, { consent: "c-3", user: "p:ann" }), signedBy("ann"));
  });

  test("is given by its subject alone, to what was asked or less", () => {
    const it = town();
    const asked = loan(it);
    it.act("the bank asks", acts.request, asked, signedBy("bank"));
    expect(it.needs(acts.give, given(asked))).toEqual([{ slot: "subject", party: "p:ann", met: false }]);
    it.refused("the bank gives it itself", "engine.signature_missing", acts.give, given(asked), signedBy("bank"));
    it.refused("the holder gives it", "engine.signature_missing", acts.give, given(asked), signedBy("tax"));
    it.refused("used before", "consents.not_live", acts.use, borrow, signedBy("bank"));
    for (const more of [{ fields: ["income", "seat"] }, { fields: [] }, { until: asked.until + 1 }, { until: it.time }, { most: 4 }])
      it.refused(`other ${Object.keys(more).join()}`, "consents.more_than_asked", acts.give, { ...given(asked), ...more }, signedBy("ann"));
    it.act("less", acts.give, { ...given(asked), fields: ["income"], until: it.time + days(5), most: 1 }, signedBy("ann"));
    expect(it.row(consents, "c-2")).toMatchObject({ fields: ["income"], most: 1, given: it.time, $: { status: "live" } });
    it.refused(
      "twice",
      "engine.illegal_move",
      acts.give,
      { ...given(asked), fields: ["income"], until: it.time + days(4), most: 1 },
      signedBy("ann"),
    );
    it.advance(days(6));
    expect(status(it, "c-2")).toBe("expired");
    passes(it, "consents");
  });

  test("is declined, or lapses; a request may be withdrawn", () => {
    const it = town();
    it.act("asked", acts.request, check(it), signedBy("shop"));
    it.act("of a bundle", acts.request, loan(it, { user: "c:shop" }), signedBy("shop"));
    it.act("of Bob", acts.request, check(it, { consent: "c-3", subject: "p:bob" }), signedBy("shop"));
    it.refused("the shop declines", "engine.signature_missing", acts.decline, { consent: "c-1" }, signedBy("shop"));
    it.act("Ann declines", acts.decline, { consent: "c-1" }, signedBy("ann"));
    it.refused("and gives it after all", "engine.illegal_move", acts.give, given(check(it, { until: it.time + days(1) })), signedBy("ann"));
    it.refused("Ann withdraws", "engine.signature_missing", acts.withdraw, { consent: "c-2" }, signedBy("ann"));
    it.act("the shop withdraws", acts.withdraw, { consent: "c-2" }, signedBy("shop"));
    it.advance(days(30));
    expect(status(it, "c-3")).toBe("lapsed");
    passes(it, "consents");
  });

  test("is asked once at a time by a user of a person, and after a decline not for seven days", () => {
    const it = town();
    const again = (key: string) => check(it, { consent: key });
    const refused = (says: string) => it.refused(says, "consents.asked_lately", acts.request, again("c-9"), signedBy("shop"));
    it.act("asked", acts.request, again("c-1"), signedBy("shop"));
    refused("asked again before the answer");
    it.act("the bank asks too", acts.request, check(it, { consent: "c-0", user: "c:bank" }), signedBy("bank"));
    it.act("withdrawn", acts.withdraw, { consent: "c-1" }, signedBy("shop"));
    it.act("asked better", acts.request, again("c-2"), signedBy("shop"));
    it.act("Ann declines", acts.decline, { consent: "c-2" }, signedBy("ann"));
    it.advance(days(7) - 2_000);
    refused("asked again");
    passes(it, "consents");
    it.act("asked after seven days", acts.request, again("c-3"), signedBy("shop"));
    it.act("given", acts.give, given(check(it, { consent: "c-3", until: it.time + days(9) })), signedBy("ann"));
    it.act("asked for longer", acts.request, again("c-4"), signedBy("shop"));
    it.act("what was given is given back", acts.withdraw, { consent: "c-3" }, signedBy("shop"));
    refused("which is no answer");
    passes(it, "consents");
    expect(findsTampered(it, "consents", acts.askings, ["p:ann", "c:shop", "of-age"], { until: 5 })).toEqual(["pauses"]);
    expect(findsTampered(it, "consents", acts.askings, ["p:ann", "c:shop", "of-age"], { consent: "c-0" })).toEqual(["pauses"]);
    expect(findsTampered(it, "consents", consents, ["c-1"], { $status: "requested" })).toEqual(["pauses"]);
    it.advance(days(30));
    expect(status(it, "c-4")).toBe("lapsed");
    it.act("asked after thirty days without an answer", acts.request, again("c-5"), signedBy("shop"));
    it.act("Ann declines", acts.decline, { consent: "c-5" }, signedBy("ann"));
    expect(findsTampered(it, "consents", acts.askings, ["p:ann", "c:shop", "of-age"], { until: it.time })).toEqual(["pauses"]);
  });

  test("cannot be given once the time to answer is over, though the chain has not come to it yet", () => {
    const it = founded({ grants, parameters: { due_per_block: 0 } });
    enrol(it, "courts", "city", "ann");
    register(it, "courts", "c:shop");
    it.act("defined", acts.define, ofAge, signedBy("courts"));
    it.act("asked", acts.request, check(it), signedBy("shop"));
    it.time += days(30);
    it.refused("given", "consents.request_over", acts.give, { ...given(check(it)), until: it.time + days(2) }, signedBy("ann"));
  });

  test("is live to its end and not after, though the chain has not come to it yet", () => {
    const it = founded({ grants, parameters: { due_per_block: 0 } });
    enrol(it, "courts", "city", "ann");
    register(it, "courts", "c:shop");
    it.act("defined", acts.define, ofAge, signedBy("courts"));
    it.act("asked", acts.request, check(it, { until: it.time + days(2) }), signedBy("shop"));
    it.act("given", acts.give, { ...given(check(it)), until: it.time + days(1) }, signedBy("ann"));
    it.act("used", acts.use, buy, signedBy("shop"));
    it.time += days(1);
    expect(status(it, "c-1")).toBe("live");
    it.refused("used", "consents.not_live", acts.use, { ...buy, number: 1 }, signedBy("shop"));
    it.refused("answered", "consents.not_live", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.time += days(2);
    it.refused("refused, too late", "consents.use_over", acts.refuse, { ...first, ground: "none" }, signedBy("tax"));
    passes(it, "consents");
  });

  test("replaces the earlier one of the same user, holder, definition and purpose, so that revoking it ends all", () => {
    const it = consented();
    it.act("asked again", acts.request, check(it, { consent: "c-3" }), signedBy("shop"));
    it.act("the first one goes on meanwhile", acts.use, buy, signedBy("shop"));
    it.act("given", acts.give, given(check(it, { consent: "c-3", until: it.time + days(80) })), signedBy("ann"));
    expect([status(it, "c-1"), status(it, "c-3"), status(it, "c-2")]).toEqual(["replaced", "live", "live"]);
    it.refused("the shop uses the first", "consents.not_live", acts.use, { ...buy, number: 1 }, signedBy("shop"));
    it.act("another purpose stands beside it", acts.request, loan(it, { consent: "c-4", purpose: "card" }), signedBy("bank"));
    it.act("given", acts.give, given(loan(it, { consent: "c-4", until: it.time + days(1) })), signedBy("ann"));
    expect([status(it, "c-2"), status(it, "c-4")]).toEqual(["live", "live"]);
    passes(it, "consents");
  });

  test("is revoked at once by its subject, and given back by its user", () => {
    const it = consented();
    it.act("the shop asks for a check", acts.use, buy, signedBy("shop"));
    it.refused("the shop revokes", "engine.signature_missing", acts.revoke, { consent: "c-1" }, signedBy("shop"));
    it.refused("Bob revokes", "engine.signature_missing", acts.revoke, { consent: "c-1" }, signedBy("bob"));
    it.act("Ann revokes", acts.revoke, { consent: "c-1" }, signedBy("ann"));
    it.refused("it is answered", "consents.not_live", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.refused("it is used", "consents.not_live", acts.use, { ...buy, number: 1 }, signedBy("shop"));
    it.refused("it is given again", "engine.illegal_move", acts.give, given(check(it, { until: it.time + days(1) })), signedBy("ann"));
    it.act("the bank gives its own back", acts.withdraw, { consent: "c-2" }, signedBy("bank"));
    it.refused("and uses it", "consents.not_live", acts.use, borrow, signedBy("bank"));
    it.advance(days(4));
    expect(it.row(uses, "c-1", 0, 0)?.$.status).toBe("lapsed");
    passes(it, "consents");
  });
});

describe("a child's consent", () => {
  test("is given by the guardian, and nothing is used while its subject is suspended", () => {
    const it = town();
    it.act("the shop asks", acts.request, check(it), signedBy("shop"));
    it.refused("Bob consents for Ann", "engine.signature_missing", acts.give, given(check(it)), signedBy("bob"));
    it.act("Bob is her guardian", eid.appoint, { principal: "p:ann", agent: "p:bob", guardian: true }, signedBy("courts", "bob"));
    it.act("now he does", acts.give, given(check(it, { until: it.time + days(80) })), signedBy("bob"));
    it.act("a check", acts.use, buy, signedBy("shop"));
    it.act("Ann is suspended", eid.suspend, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
    it.refused("a check", "consents.not_live", acts.use, { ...buy, number: 1 }, signedBy("shop"));
    it.refused("its answer", "consents.not_live", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.act("Ann is back", eid.restore, { principal: "p:ann" }, signedBy("courts"));
    it.act("the answer", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.act("and she revokes it herself", acts.revoke, { consent: "c-1" }, signedBy("ann"));
  });

  test("is not given by who asks, for another whose guardian or agent he is; he may have the data sent to her", () => {
    const it = town();
    it.act("Bob is Ann's guardian", eid.appoint, { principal: "p:ann", agent: "p:bob", guardian: true }, signedBy("courts", "bob"));
    it.act("and the bank her agent", eid.appoint, { principal: "p:ann", agent: "c:bank", guardian: false }, signedBy("ann", "bank"));
    for (const [user, who] of [["p:bob", "bob"] as const, ["c:bank", "bank"] as const]) {
      const asked = loan(it, { consent: who, user });
      it.act(`${who} asks`, acts.request, asked, signedBy(who));
      it.refused("and consents", "consents.own_asking", acts.give, given(asked), signedBy(who));
    }
    it.act("Bob for the bank", acts.give, given(loan(it, { consent: "bank", until: it.time + days(9) })), signedBy("bob"));
    it.act("Ann for Bob", acts.give, given(loan(it, { consent: "bob", until: it.time + days(9) })), signedBy("ann"));
    const own = loan(it, { consent: "own", user: "p:ann" });
    it.act("Bob asks in Ann's name", acts.request, own, signedBy("bob"));
    it.act("and has it sent to her", acts.give, given(own), signedBy("bob"));
    enrol(it, "courts", "city", "zoe");
    it.act("Bob is Zoe's agent, too", eid.appoint, { principal: "p:zoe", agent: "p:bob", guardian: false }, signedBy("zoe", "bob"));
    const hers = loan(it, { consent: "zoe", user: "p:zoe" });
    it.act("he asks for her", acts.request, hers, signedBy("bob"));
    it.refused("and consents for Ann", "consents.own_asking", acts.give, given(hers), signedBy("bob"));
    it.act("with Ann", acts.give, given(hers), signedBy("bob", "ann"));
    passes(it, "consents");
  });

  test("serves no user who is suspended", () => {
    const it = consented();
    it.act("asked", acts.use, buy, signedBy("shop"));
    it.act("the shop is suspended", eid.suspend, { principal: "c:shop", ground: "order-17" }, signedBy("courts"));
    it.refused("answered", "consents.not_live", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.refused("it asks", "engine.signature_missing", acts.request, check(it, { consent: "c-9" }), signedBy("shop"));
    passes(it, "consents");
  });
});

describe("a use", () => {
  test("of a claim is asked by the user, and answered by the holder with an answer and nothing else", () => {
    const it = consented();
    it.refused("by the bank", "engine.signature_missing", acts.use, buy, signedBy("bank"));
    it.refused("by the holder", "engine.signature_missing", acts.use, buy, signedBy("tax"));
    it.refused("for a loan", "consents.other_purpose", acts.use, { ...buy, purpose: "loan" }, signedBy("shop"));
    it.refused("with the date of birth", "consents.other_kind", acts.use, { ...buy, fields: ["born"] }, signedBy("shop"));
    it.refused("out of turn", "consents.out_of_turn", acts.use, { ...buy, number: 1 }, signedBy("shop"));
    it.act("as consented", acts.use, buy, signedBy("shop"));
    it.refused("twice", "consents.out_of_turn", acts.use, buy, signedBy("shop"));
    it.refused("the shop answers itself", "engine.not_entitled", acts.answer, { ...first, answer: yes }, signedBy("shop"));
    it.refused("land answers", "engine.not_entitled", acts.answer, { ...first, answer: yes }, signedBy("land"));
    const born = { ...first, fields: ["born"], payload: values };
    it.refused("the tax office delivers the date of birth", "consents.other_kind", acts.deliver, born, signedBy("tax"));
    it.refused("of two leaves", "engine.args_invalid", acts.answer, { ...first, answer: { ...yes, size: 2 } }, signedBy("tax"));
    it.act("it answers", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.refused("twice", "consents.use_over", acts.answer, { ...first, answer: no }, signedBy("tax"));
    expect(it.row(uses, "c-1", 0, 0)).toMatchObject({ subject: "p:ann", user: "c:shop", answer: yes, $: { status: "served" } });
    for (const number of [1, 2]) it.act("again", acts.use, { ...buy, number }, signedBy("shop"));
    it.refused("a fourth time", "consents.used_up", acts.use, { ...buy, number: 3 }, signedBy("shop"));
    it.act("there is no record", acts.refuse, { ...first, number: 2, ground: "no-record" }, signedBy("tax"));
    it.refused("twice", "consents.use_over", acts.refuse, { ...first, number: 2, ground: "no-record" }, signedBy("tax"));
    it.act("so it does not count", acts.use, { ...buy, number: 3 }, signedBy("shop"));
    passes(it, "consents");
  });

  test("of a bundle is delivered: of the fields asked for, which are of those consented to", () => {
    const it = consented();
    it.refused("a field not consented to", "consents.beyond_fields", acts.use, { ...borrow, fields: ["seat"] }, signedBy("bank"));
    it.refused("no field", "consents.other_kind", acts.use, { ...borrow, fields: [] }, signedBy("bank"));
    it.act("income", acts.use, borrow, signedBy("bank"));
    const income = { consent: "c-2", number: 0, fields: ["income"], payload: values };
    it.refused("debts too", "consents.beyond_fields", acts.deliver, { ...income, fields: ["income", "debts"] }, signedBy("tax"));
    it.refused("nothing", "engine.args_invalid", acts.deliver, { ...income, fields: [] }, signedBy("tax"));
    it.refused("a mere answer", "consents.other_kind", acts.answer, { consent: "c-2", number: 0, answer: yes }, signedBy("tax"));
    it.act("income", acts.deliver, income, signedBy("tax"));
    it.refused("twice", "consents.use_over", acts.deliver, income, signedBy("tax"));
    passes(it, "consents");
  });

  test("is served by the holder that the consent names, while it is entitled", () => {
    const it = town();
    it.act("titles", acts.define, { ...loanData, definition: "title-data" }, signedBy("courts"));
    it.act("asked", acts.request, loan(it, { definition: "title-data", holder: "land" }), signedBy("bank"));
    it.act("given", acts.give, given(loan(it, { until: it.time + days(9) })), signedBy("ann"));
    it.act("used", acts.use, borrow, signedBy("bank"));
    const income = { consent: "c-2", number: 0, fields: ["income"], payload: values };
    it.refused("by the tax office", "consents.not_holder", acts.deliver, income, signedBy("tax"));
    it.refused("nor refused by it", "consents.not_holder", acts.refuse, { consent: "c-2", number: 0, ground: "none" }, signedBy("tax"));
    it.act("by land", acts.deliver, income, signedBy("land"));
    passes(it, "consents");
  });

  test("that the holder leaves lapses after three days, and does not count", () => {
    const it = consented();
    for (const number of [0, 1, 2]) it.act("asked", acts.use, { ...buy, number }, signedBy("shop"));
    it.act("one is answered", acts.answer, { ...first, number: 1, answer: no }, signedBy("tax"));
    expect(it.advance(days(3) - 10_000)).toEqual([]);
    expect(it.advance(10_000).map(({ name, result }) => `${name} ${result.flags.length}`)).toEqual(["silence 0", "silence 0"]);
    expect(it.row(consents, "c-1")).toMatchObject({ uses: 1, next: 3 });
    it.refused("answered late", "consents.use_over", acts.answer, { ...first, answer: yes }, signedBy("tax"));
    it.act("asked anew", acts.use, { ...buy, number: 3 }, signedBy("shop"));
    passes(it, "consents");
  });

  test("that was served wrongly is corrected, not overwritten; after the consent's end only with the subject", () => {
    const it = consented();
    it.act("asked", acts.use, buy, signedBy("shop"));
    const right = { ...first, version: 0, answer: yes };
    it.refused("before it is answered", "engine.illegal_move", acts.correct, { ...first, version: 0 }, signedBy("tax"));
    it.act("answered", acts.answer, { ...first, answer: no }, signedBy("tax"));
    const { answer: _right, ...bare } = right;
    it.refused("with a payload", "consents.other_kind", acts.correct, { ...bare, payload: values }, signedBy("tax"));
    it.refused("with nothing", "consents.other_kind", acts.correct, bare, signedBy("tax"));
    it.refused("by the shop", "engine.not_entitled", acts.correct, right, signedBy("shop"));
    it.act("corrected", acts.correct, right, signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.correct, right, signedBy("tax"));
    it.act("the next use has the next number", acts.use, { ...buy, number: 1 }, signedBy("shop"));
    it.act("Ann revokes", acts.revoke, { consent: "c-1" }, signedBy("ann"));
    const last = { ...first, version: 1, answer: no };
    it.refused("corrected behind her back", "consents.not_live", acts.correct, last, signedBy("tax"));
    it.act("with her", acts.correct, last, signedBy("tax", "ann"));
    expect([0, 1, 2].map((version) => it.row(uses, "c-1", 0, version)!.$.status)).toEqual(["corrected", "corrected", "served"]);
    expect(it.row(consents, "c-1")).toMatchObject({ uses: 2, next: 2 });
    passes(it, "consents");
    expect(findsTampered(it, "consents", uses, ["c-1", 0, 0], { $status: "served" })).toEqual(["counts"]);
  });

  test("is corrected at most ten times", () => {
    const it = consented();
    it.act("asked", acts.use, buy, signedBy("shop"));
    it.act("answered", acts.answer, { ...first, answer: no }, signedBy("tax"));
    for (let version = 0; version < 10; version++) it.act("corrected", acts.correct, { ...first, version, answer: yes }, signedBy("tax"));
    it.refused("once more", "consents.corrected_often", acts.correct, { ...first, version: 10, answer: no }, signedBy("tax"));
    passes(it, "consents");
  });

  test("is asked for at most four times as often as it may count", () => {
    const it = town();
    it.act("the shop asks", acts.request, check(it, { most: 2 }), signedBy("shop"));
    it.act("Ann consents", acts.give, given(check(it, { most: 1, until: it.time + days(80) })), signedBy("ann"));
    for (let number = 0; number < 4; number++) {
      it.act("asked", acts.use, { ...buy, number }, signedBy("shop"));
      it.act("refused", acts.refuse, { ...first, number, ground: "no-record" }, signedBy("tax"));
    }
    it.refused("a fifth time", "consents.used_up", acts.use, { ...buy, number: 4 }, signedBy("shop"));
    passes(it, "consents");
  });
});

test("what is served is shown to whoever may see it against the row: an answer with nothing beside it, a value without the others", () => {
  const it = consented();
  const sealing = (part: "answer" | "payload", all: object) => {
    const { fields } = (uses.fields[part] as { shape: { fields: any } }).shape;
    const schema = sealedSchema("consents/use", part, 1);
    const leaves = sealedLeaves({ network: it.network, secret: new Uint8Array(32).fill(7), schema, fields, values: all });
    const hashes = leaves.map(leafHash);
    const shows = (i: number) => ({ bytes: leaves[i]!, path: inclusionPath(hashes, i) });
    return { schema, shows, sealed: { root: rootOf(hashes), size: leaves.length } };
  };
  it.act("asked", acts.use, buy, signedBy("shop"));
  const age = sealing("answer", { answer: 1 });
  it.act("answered", acts.answer, { ...first, answer: age.sealed }, signedBy("tax"));
  const row = it.row(uses, "c-1", 0, 0)!;
  expect([row.answer!.size, shownFields(age.schema, row.answer!, [age.shows(0)])]).toEqual([1, [{ index: 0, path: "answer", value: 1 }]]);
  const two = ["income", "debts"];
  it.act("asked", acts.use, { ...borrow, fields: two }, signedBy("bank"));
  const both = sealing("payload", { values: ["52000", "900"] });
  it.act("delivered", acts.deliver, { consent: "c-2", number: 0, fields: two, payload: both.sealed }, signedBy("tax"));
  const { payload, delivered } = it.row(uses, "c-2", 0, 0)!;
  const at = 1 + delivered!.indexOf("debts");
  expect(shownFields(both.schema, payload!, [both.shows(at)])).toEqual([{ index: at, path: "values/1", value: "900" }]);
});

test("at its largest it stays within its work and its rows", () => {
  const it = town();
  const names = (n: number, letter: string) => Array.from({ length: n }, (_, i) => `${letter}${i}`.padEnd(64, letter));
  const [most, longest] = [1_000_000, days(3_660)];
  const wide = { ...loanData, definition: "d".repeat(64), fields: names(64, "f"), purposes: names(16, "p"), most, longest };
  it.act("a bundle", acts.define, wide, signedBy("courts"));
  it.act("a claim", acts.define, { ...wide, definition: "claim", kind: "claim", answers: names(64, "a") }, signedBy("courts"));
  const asked = loan(it, { consent: "c".repeat(64), definition: wide.definition, purpose: wide.purposes[15]!, fields: wide.fields, most });
  for (const key of [asked.consent, "b".repeat(64)]) {
    it.act("asked", acts.request, { ...asked, consent: key }, signedBy("bank"));
    it.act("given, in the place of the last", acts.give, given({ ...asked, consent: key }), signedBy("ann"));
  }
  const one = { consent: "b".repeat(64), number: 0 };
  it.act("used", acts.use, { ...one, purpose: asked.purpose, fields: wide.fields, details: { ...values, size: 2 } }, signedBy("bank"));
  it.act("delivered", acts.deliver, { ...one, fields: wide.fields, payload: values }, signedBy("tax"));
  it.act("corrected", acts.correct, { ...one, version: 0, payload: values }, signedBy("tax"));
  passes(it, "consents");
});

test("an audit finds a row that the rules did not make", () => {
  const it = consented();
  it.act("asked", acts.use, borrow, signedBy("bank"));
  it.act("delivered", acts.deliver, { consent: "c-2", number: 0, fields: ["income"], payload: values }, signedBy("tax"));
  it.act("asked", acts.use, buy, signedBy("shop"));
  it.act("asked again", acts.request, check(it, { consent: "c-3" }), signedBy("shop"));
  const found = ([key, number]: [string, number], change: object) => findsTampered(it, "consents", uses, [key, number, 0], change);
  const foundIn = (key: string, change: object) => findsTampered(it, "consents", consents, [key], change);
  expect(found(["c-2", 0], { delivered: ["debts"] })).toEqual(["bounds"]);
  expect(found(["c-2", 0], { fields: ["seat"] })).toEqual(["bounds"]);
  expect(found(["c-2", 0], { purpose: "card" })).toEqual(["bounds"]);
  expect(found(["c-2", 0], { at: 5 })).toEqual(["times"]);
  expect(found(["c-1", 0], { $status: "served" })).toEqual(["bounds"]);
  expect(found(["c-1", 0], { $status: "refused" })).toEqual(["counts"]);
  expect(foundIn("c-2", { fields: ["income", "health"] })).toEqual(["bounds"]);
  expect(foundIn("c-2", { until: it.time + days(500) })).toEqual(["bounds"]);
  expect(foundIn("c-3", { until: it.time + days(500) })).toEqual(["bounds"]);
  expect(foundIn("c-2", { uses: 0 })).toEqual(["counts"]);
  expect(foundIn("c-2", { next: 2 })).toEqual(["counts"]);
  expect(foundIn("c-3", { $status: "live", given: it.time, binds: "p:ann" })).toEqual(["times"]);
  expect(foundIn("c-2", { binds: "p:bob" })).toEqual(["times"]);
  expect(audit(it, "consents").find(({ name }) => name === "times")?.figures).toEqual({ "consents live": 2 });
});

// ── for other services ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A service that gives data under its own act, by consent. */
function archive(sector: string, service = "archive") {
  const looks = record("look", { title: "A look", key: ["look"], fields: { look: id } });
  const own = contract(service, { title: "Archive", purpose: "…", sector, records: [looks], roles: {}, rules: {} });
  const look = own.action({
    title: "Look",
    by: {},
    input: { look: id, consent: id, subject: person, holder: agency, user: party, purpose: id, fields: list(id, 8) },
    rules: [...acts.spendRules],
    run(tx, { look: key, ...asked }) {
      acts.spend(tx, { ...asked, service, sector });
      acts.stillLive(tx, asked.consent);
      tx.create(looks, { look: key });
    },
  });
  return { default: own, look };
}
test("another service spends a consent to its own data: of its sector, subject, user and holder, for the purpose, and as often as given", () => {
  const [city, health, other] = [archive("city"), archive("health", "clinics"), archive("city", "library")];
  const it = scenario({ ...composition, modules: [...composition.modules, city, health, other] }, { genesis: genesisOf({ grants }) });
  enrol(it, "courts", "city", "ann");
  register(it, "courts", "c:bank");
  for (const definition of [files, loanData]) it.act("defined", acts.define, definition, signedBy("courts"));
  const asked = check(it, { definition: "files", user: "c:bank", purpose: "study", fields: ["a"], most: 2 });
  it.act("asked", acts.request, asked, signedBy("bank"));
  const look = { look: "1", consent: "c-1", subject: "p:ann", holder: "tax", user: "c:bank", purpose: "study", fields: ["a"] };
  it.refused("before it is given", "consents.not_live", city.look, look, signedBy("bank"));
  it.act("given", acts.give, given(asked), signedBy("ann"));
  it.refused("of another sector", "consents.other_sector", health.look, look, signedBy("bank"));
  it.refused("another service", "consents.other_kind", other.look, look, signedBy("bank"));
  it.refused("by an act of the register", "consents.other_kind", acts.use, { ...buy, purpose: "study", fields: ["a"] }, signedBy("bank"));
  it.refused("of another subject", "consents.other_party", city.look, { ...look, subject: "p:bob" }, signedBy("bank"));
  it.refused("by another user", "consents.other_party", city.look, { ...look, user: "land" }, signedBy("bank"));
  it.refused("of another holder", "consents.not_holder", city.look, { ...look, holder: "land" }, signedBy("bank"));
  it.refused("for another purpose", "consents.other_purpose", city.look, { ...look, purpose: "loan" }, signedBy("bank"));
  it.refused("other fields", "consents.beyond_fields", city.look, { ...look, fields: ["b"] }, signedBy("bank"));
  it.act("once", city.look, look, signedBy("bank"));
  it.act("twice", city.look, { ...look, look: "2" }, signedBy("bank"));
  it.refused("a third time", "consents.used_up", city.look, { ...look, look: "3" }, signedBy("bank"));
  expect(it.row(uses, "c-1", 1, 0)).toMatchObject({ subject: "p:ann", fields: ["a"], $: { status: "spent" } });
  passes(it, "consents");
});

test("the acts of its reference page are a story that happens", () => {
  const roles = ["consents.registrar", "consents.holder", "eid.ministry", "eid.registrar"];
  const it = founded({ grants: roles.map((role) => grant("tax", role)) });
  enrol(it, "tax", "city", "ann.city");
  register(it, "tax", "c:shop");
  const example = <A extends { readonly options: { readonly example?: any } }>(action: A): any => action.options.example;
  it.act("defined", acts.define, example(acts.define), signedBy("tax"));
  it.act("asked", acts.request, example(acts.request), signedBy("shop"));
  it.act("given", acts.give, example(acts.give), signedBy("ann.city"));
  it.act("used", acts.use, example(acts.use), signedBy("shop"));
  it.act("answered", acts.answer, example(acts.answer), signedBy("tax"));
  it.act("corrected", acts.correct, example(acts.correct), signedBy("tax"));
  it.act("used", acts.use, { ...example(acts.use), number: 1 }, signedBy("shop"));
  it.act("refused", acts.refuse, example(acts.refuse), signedBy("tax"));
  it.act("revoked", acts.revoke, example(acts.revoke), signedBy("ann.city"));
  it.act("retired", acts.retire, example(acts.retire), signedBy("tax"));
  passes(it, "consents");
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["ann", "bob", "shop", "bank"] as const;
const everybody = [...people, "tax", "land", "courts"] as const;
const common = <T>(usual: T[], ...rare: T[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });
const step = fc.record({
  act: fc.constantFrom(
    ...(["request", "request", "request", "give", "give", "give", "use", "use", "use", "use", "use", "answer", "answer"] as const),
    ...(["deliver", "deliver", "refuse", "correct", "decline", "revoke", "withdraw", "wait", "wait"] as const),
  ),
  slot: fc.nat(4),
  /** At a consent in which it may succeed, if there is one. */
  aimed: fc.nat(7),
  claim: fc.boolean(),
  subject: fc.constantFrom("ann", "ann", "bob"),
  user: fc.constantFrom("shop", "shop", "bank"),
  fields: common([["income"], ["income", "debts"]], ["seat"], ["income", "income"], ["health"], []),
  days: common([40, 100], 0, 1, 4, 101, 400, 401, 2 ** 20),
  most: common([2, 4], 1, 5, 10, 11, 0, -1, Number.MAX_SAFE_INTEGER),
  purpose: common([0], 1, 2),
  off: common([0], 1, -1),
  hours: fc.constantFrom(1, 1, 1, 1, 20, 20, 73, 200, 721),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...everybody), { maxLength: 3 }),
});
interface Known {
  status: string;
  claim: boolean;
  subject: string;
  user: string;
  fields: string[];
  purpose: string;
  until: number;
  most: number;
  by: number;
  uses: { status: string; fields: string[]; by: number; version: number }[];
}
const counted = (it: Known): number => it.uses.filter((u) => !["refused", "lapsed"].includes(u.status)).length;
const subset = (some: string[], all: string[]): boolean => new Set(some).size === some.length && some.every((one) => all.includes(one));

/** What a plain reading of the rules says of an act that everybody signed who must: would it be applied? */
function allowed(
  act: string,
  k: Known | undefined,
  s: { fields: string[]; until: number; most: number; purpose: string; number: number },
  now: number,
): boolean {
  if (k === undefined) return false;
  const live = k.status === "live" && now < k.until;
  const u = k.uses[s.number];
  const servable = u?.status === "asked" && now < u.by && live;
  switch (act) {
    case "give":
      return (
        k.status === "requested" &&
        now < k.by &&
        s.until > now &&
        s.until <= k.until &&
        s.most <= k.most &&
        subset(s.fields, k.fields) &&
        (s.fields.length > 0 || k.claim)
      );
    case "use":
      return (
        live &&
        s.purpose === k.purpose &&
        s.number === k.uses.length &&
        subset(s.fields, k.fields) &&
        (s.fields.length === 0) === k.claim &&
        counted(k) < k.most &&
        k.uses.length < 4 * k.most
      );
    case "answer":
      return servable && k.claim;
    case "deliver":
      return servable && !k.claim && s.fields.length > 0 && subset(s.fields, u.fields);
    case "refuse":
      return u?.status === "asked" && now < u.by;
    case "correct":
      return u?.status === "served" && u.version < 10 && live;
    case "decline":
      return k.status === "requested";
    case "revoke":
      return k.status === "live";
    default: // withdraw
      return k.status === "requested" || k.status === "live";
  }
}

describe("whatever users, holders and subjects do", () => {
  test("nothing is used but what was consented to, while it was, and every use stands where its subject sees it", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = founded({ grants });
        enrol(it, "courts", "city", "ann", "bob");
        for (const company of ["c:shop", "c:bank"]) register(it, "courts", company);
        for (const definition of [ofAge, loanData]) it.act("defined", acts.define, definition, signedBy("courts"));
        const all = new Map<string, Known>();
        const asked = new Map<string, { key: string; until: number }>();
        const slots: (string | undefined)[] = [];
        let made = 0;
        const lapse = (): void => {
          for (const k of all.values()) {
            if (k.status === "requested" && k.by <= it.time) k.status = "lapsed";
            if (k.status === "live" && k.until <= it.time) k.status = "expired";
            for (const u of k.uses) if (u.status === "asked" && u.by <= it.time) u.status = "lapsed";
          }
        };
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(hours(s.hours))) expect(result.flags).toEqual([]);
            lapse();
            continue;
          }
          const wanted = { answer: "asked", deliver: "asked", refuse: "asked", correct: "served" }[s.act as string];
          const fits = (one: string | undefined): boolean => {
            const its = all.get(one ?? "");
            if (wanted !== undefined && s.act !== "refuse" && s.act !== "correct" && its?.claim !== (s.act === "answer")) return false;
            if (wanted !== undefined) return its?.status === "live" && its.uses.some((u) => u.status === wanted);
            return its?.status === (s.act === "give" || s.act === "decline" ? "requested" : "live");
          };
          const aim = s.aimed > 0 ? slots.find(fits) : undefined;
          const key = s.act === "request" ? `c-${made}` : (aim ?? slots[s.slot] ?? "none");
          const k = all.get(key);
          const claim = s.act === "request" ? s.claim : (k?.claim ?? s.claim);
          const purposes = claim ? ["sale", "loan", "card"] : ["loan", "card", "sale"];
          const of = claim ? ofAge : loanData;
          const purpose = s.act === "request" || k === undefined || s.purpose > 0 ? purposes[s.purpose]! : k.purpose;
          const usual =
            s.aimed > 2 && s.act === "give"
              ? k?.fields
              : s.aimed > 2 && s.act === "deliver"
                ? k?.uses.find((u) => u.status === "asked")?.fields
                : undefined;
          const fields = usual ?? (claim && s.fields[0] === "income" ? [] : s.fields);
          const fit = k?.uses.findIndex((u) => u.status === wanted) ?? -1;
          const number = s.act === "use" ? (k?.uses.length ?? 0) + s.off : (fit < 0 ? 0 : fit) + (s.off === 1 ? 1 : 0);
          const now = it.time + 1_000; // the block is a second later
          const until = now + days(s.days);
          const most = s.act === "give" && k !== undefined && s.most > 0 && s.aimed > 1 ? Math.min(s.most, k.most) : s.most;
          const untilGiven = k !== undefined && (s.days === 100 || s.days === 40) ? k.until : until;
          const subject = `p:${k?.subject ?? s.subject}`;
          const user = `c:${k?.user ?? s.user}`;
          const is = (args: object, should: string): [object, string] => [args, should];
          const [args, should] = {
            request: () =>
              is(
                { consent: key, definition: of.definition, subject, holder: "tax", user, purpose, fields, until, most },
                k?.user ?? s.user,
              ),
            give: () => is({ consent: key, fields, until: untilGiven, most }, k?.subject ?? s.subject),
            use: () => is({ consent: key, number, purpose, fields }, k?.user ?? s.user),
            answer: () => is({ consent: key, number, answer: yes }, "tax"),
            deliver: () => is({ consent: key, number, fields, payload: values }, "tax"),
            refuse: () => is({ consent: key, number, ground: "none" }, "tax"),
            correct: () =>
              is(
                { consent: key, number, version: k?.uses[number]?.version ?? 0, ...(claim ? { answer: no } : { payload: values }) },
                "tax",
              ),
            decline: () => is({ consent: key }, k?.subject ?? s.subject),
            revoke: () => is({ consent: key }, k?.subject ?? s.subject),
            withdraw: () => is({ consent: key }, k?.user ?? s.user),
          }[s.act]();
          const signers: string[] = s.honest > 1 ? [should] : s.signers;
          const { outcome, code } = it.submit([{ action: `consents.${s.act}@1`, args }], signedBy(...signers));
          lapse();
          expect(code).not.toBe("engine.fault");
          expect(code).not.toBe("engine.work_exceeded");
          const place = `${k?.subject ?? s.subject} ${k?.user ?? s.user} ${claim}`;
          const may =
            s.act === "request"
              ? (asked.get(place)?.until ?? 0) <= it.time &&
                of.purposes.includes(purpose) &&
                s.days > 0 &&
                until - now <= of.longest &&
                most > 0 &&
                most <= of.most &&
                subset(fields, claim ? [] : of.fields) &&
                (fields.length === 0) === claim
              : allowed(s.act, k, { fields, until: untilGiven, most, purpose, number }, it.time) && (s.act !== "give" || most > 0);
          expect(`${s.act} ${signers.includes(should) && may} ${code}`).toBe(`${s.act} ${outcome === 0} ${code}`);
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const u = k?.uses[number];
          const last = asked.get(place);
          if (k?.status === "requested" && last?.key === key) last.until = it.time + (s.act === "decline" ? days(7) : 0);
          if (s.act === "request") {
            const by = Math.min(until, it.time + days(30));
            all.set(key, { status: "requested", claim, subject: s.subject, user: s.user, fields, purpose, until, most, by, uses: [] });
            asked.set(place, { key, until: by });
            slots[made++ % 5] = key;
          } else if (s.act === "give") {
            for (const other of all.values())
              if (other.status === "live" && other.subject === k!.subject && other.user === k!.user && other.purpose === k!.purpose)
                other.status = "replaced";
            Object.assign(k!, { status: "live", fields, until: untilGiven, most });
          } else if (s.act === "use") k!.uses.push({ status: "asked", fields, by: it.time + days(3), version: 0 });
          else if (s.act === "answer" || s.act === "deliver") u!.status = "served";
          else if (s.act === "refuse") u!.status = "refused";
          else if (s.act === "correct") {
            u!.version++;
          } else k!.status = { decline: "declined", revoke: "revoked", withdraw: "withdrawn" }[s.act];
        }
        for (const [key, k] of all) {
          expect({ key, status: status(it, key), uses: it.row(consents, key)!.uses }).toEqual({ key, status: k.status, uses: counted(k) });
          expect(k.uses.map(({ version }, n) => it.row(uses, key, n, version)?.$.status)).toEqual(k.uses.map((u) => u.status));
          for (const [n, u] of k.uses.entries())
            for (let v = 0; v < u.version; v++) expect(it.row(uses, key, n, v)?.$.status).toBe("corrected");
        }
        passes(it, "consents");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 34, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const names = ["request", "give", "use", "answer", "deliver", "refuse", "correct", "decline", "revoke", "withdraw"];
    const often = names.filter((act) => (accepted.get(act) ?? 0) >= 20);
    expect(`${often.length} of ${names.length} happen often: ${[...accepted].join(" ")}`).toMatch(/^10 /);
  });
});

everyRuleIsGiven(consent);
