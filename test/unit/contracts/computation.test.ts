// Joint computation (service 36): proposed, consented to by k of n, run once, attested by all; by requesters and holders, whatever they try.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import { attestation } from "../../../src/contracts/kit/attestation.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import computation, * as acts from "../../../src/contracts/sharing/computation.ts";
import { questionOf } from "../../../src/contracts/sharing/computationRecords.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { founded, grant } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { answers, queries, questions, runs } = acts;
const hashOf = (text: string) => sha256(utf8(text));

/** The tax office asks; courts, land and health hold data. */
function town(): Scenario {
  return founded({
    grants: [grant("tax", "computation.requester"), ...["courts", "land", "health", "tax"].map((a) => grant(a, "computation.holder"))],
  });
}
const query = (it: Scenario, more: object = {}) => ({
  ...{ query: "q", holders: ["courts", "land", "health"], needed: 2, purpose: "housing", program: hashOf("program") },
  ...{ open: true, most: 64, until: it.time + days(30), ...more },
});
const answer = (holder: string, round = 1) => ({ query: "q", round, holder });
const give = (holder: string, round = 1) => ({ ...answer(holder, round), input: hashOf(`data of ${holder}`) });
/** Courts and land have consented. */
function approved(it = town(), round = 1): Scenario {
  if (round === 1) it.act("proposed", acts.propose, query(it), signedBy("tax"));
  for (const holder of ["courts", "land"]) it.act("consents", acts.consent, give(holder, round), signedBy(holder));
  return it;
}
const text = "1,204 households";
const opens = (holder: string, round = 1, what = text) => ({
  ...answer(holder, round),
  ...{ result: hashOf(what), size: what.length, salt: hashOf(`salt of ${holder}`) },
});
const seals = (holder: string, round = 1, what = text) => ({
  ...answer(holder, round),
  seal: sha256(attestation(opens(holder, round, what))),
});
/** And have attested what they found, sealed. */
function attested(found: { readonly [holder: string]: string } = {}, it = approved(), round = 1): Scenario {
  it.act("run", acts.run, { query: "q", round }, signedBy("tax"));
  for (const holder of ["courts", "land"]) it.act("attested", acts.attest, seals(holder, round, found[holder]), signedBy(holder));
  return it;
}
const status = (it: Scenario) => it.row(queries, "q")?.$.status;
const answersOf = (it: Scenario, round = 1) => ["courts", "land", "health"].map((holder) => it.row(answers, "q", round, holder)?.$.status);

describe("a query", () => {
  test("is proposed to two holders or more, each once, for a time", () => {
    const it = town();
    it.refused("by a holder", "engine.not_entitled", acts.propose, query(it), signedBy("land"));
    it.refused("to one", "engine.args_invalid", acts.propose, query(it, { holders: ["land"], needed: 2 }), signedBy("tax"));
    it.refused("to one twice", "computation.parties_fit", acts.propose, query(it, { holders: ["land", "land"] }), signedBy("tax"));
    const own = { holders: ["tax", "land"], needed: 2 };
    it.refused("to oneself and one other", "computation.parties_fit", acts.propose, query(it, own), signedBy("tax"));
    it.refused("four of three", "computation.parties_fit", acts.propose, query(it, { needed: 4 }), signedBy("tax"));
    it.refused("for ever", "computation.term_unfit", acts.propose, query(it, { until: it.time + days(100) }), signedBy("tax"));
    it.refused("with a result of a whole table", "engine.args_invalid", acts.propose, query(it, { most: 4_097 }), signedBy("tax"));
    it.act("proposed", acts.propose, query(it), signedBy("tax"));
    it.refused("twice", "engine.already_exists", acts.propose, query(it), signedBy("tax"));
    expect(answersOf(it)).toEqual(["asked", "asked", "asked"]);
    passes(it, "computation");
  });

  test("is approved by as many of its holders as it says, each by itself; consent can be taken back until it runs", () => {
    const it = town();
    it.act("proposed", acts.propose, query(it), signedBy("tax"));
    it.refused("consented to by another", "engine.not_entitled", acts.consent, give("land"), signedBy("courts"));
    it.refused("by who was not asked", "computation.not_asked", acts.consent, give("tax"), signedBy("tax"));
    it.refused("in a round to come", "computation.not_asked", acts.consent, give("land", 2), signedBy("land"));
    it.act("courts", acts.consent, give("courts"), signedBy("courts"));
    it.refused("twice", "engine.illegal_move", acts.consent, give("courts"), signedBy("courts"));
    it.refused("run with one", "computation.not_approved", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.act("land will not", acts.refuse, { ...answer("land"), ground: "too-fine" }, signedBy("land"));
    it.act("health", acts.consent, give("health"), signedBy("health"));
    expect([status(it), answersOf(it)]).toEqual(["approved", ["given", "over", "given"]]);
    it.refused("land comes too late", "computation.approved_once", acts.consent, give("land"), signedBy("land"));
    it.refused("land takes back what it did not give", "computation.not_given", acts.retract, answer("land"), signedBy("land"));
    it.act("health takes it back", acts.retract, answer("health"), signedBy("health"));
    expect([status(it), answersOf(it)]).toEqual(["proposed", ["given", "refused", "asked"]]);
    it.refused("run after that", "computation.not_approved", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.act("land has thought better of it", acts.consent, give("land"), signedBy("land"));
    expect([status(it), it.row(queries, "q")?.given, it.row(queries, "q")?.refused]).toEqual(["approved", ["courts", "land"], []]);
    it.act("run", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.refused("taken back after that", "computation.run_once", acts.retract, answer("land"), signedBy("land"));
    it.refused("withdrawn after that", "engine.illegal_move", acts.withdraw, { query: "q" }, signedBy("tax"));
    passes(it, "computation");
  });

  test("ends without a run: refused, withdrawn, lapsed", () => {
    const it = town();
    it.act("proposed", acts.propose, query(it), signedBy("tax"));
    it.act("courts", acts.consent, give("courts"), signedBy("courts"));
    it.act("back", acts.retract, answer("courts"), signedBy("courts"));
    for (const holder of ["courts", "land"]) it.act("refused", acts.refuse, { ...answer(holder), ground: "no" }, signedBy(holder));
    expect([status(it), answersOf(it)]).toEqual(["refused", ["over", "over", "over"]]);
    it.refused("asked again", "computation.still_running", acts.renew, { query: "q", until: it.time + days(9) }, signedBy("tax"));
    const second = approved();
    second.refused("withdrawn by a holder", "engine.not_entitled", acts.withdraw, { query: "q" }, signedBy("land"));
    second.act("withdrawn", acts.withdraw, { query: "q" }, signedBy("tax"));
    second.refused("run after that", "computation.not_approved", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    second.refused("taken back after that", "computation.run_once", acts.retract, answer("land"), signedBy("land"));
    const third = approved();
    expect(third.advance(days(30)).map(({ name }) => name)).toEqual(["lapse"]);
    expect([status(second), status(third), answersOf(third)]).toEqual(["withdrawn", "lapsed", ["given", "given", "over"]]);
    for (const s of [it, second, third]) passes(s, "computation");
  });
});

describe("a question", () => {
  test("is the same under another name: marked, one at a time, and not after results that differed", () => {
    const it = attested({ land: "1,199 households" });
    const again = (more: object = {}) => query(it, { query: "q2", ...more });
    it.refused("meanwhile", "computation.still_running", acts.propose, again(), signedBy("tax"));
    for (const [holder, what] of [["courts"], ["land", "1,199 households"]] as const)
      it.act("opened", acts.open, opens(holder, 1, what), signedBy(holder));
    expect(status(it)).toBe("differing");
    const turned = { holders: ["health", "land", "courts"], purpose: "another" };
    it.refused("after that", "computation.still_running", acts.propose, again(turned), signedBy("tax"));
    expect(it.act("another program", acts.propose, again({ program: hashOf("p 2") }), signedBy("tax"))).toEqual([]);
    passes(it, "computation");

    const sound = attested();
    for (const holder of ["courts", "land"]) sound.act("opened", acts.open, opens(holder), signedBy(holder));
    expect(sound.act("under another name", acts.propose, query(sound, { query: "q2" }), signedBy("tax"))).toEqual([
      "computation.asked_before",
    ]);
    sound.refused("and the first", "computation.still_running", acts.renew, { query: "q", until: sound.time + days(9) }, signedBy("tax"));
    sound.act("withdrawn", acts.withdraw, { query: "q2" }, signedBy("tax"));
    expect(sound.act("the first again", acts.renew, { query: "q", until: sound.time + days(9) }, signedBy("tax"))).toEqual([
      "computation.asked_before",
    ]);
    const { requester, program, holders } = sound.row(queries, "q")!;
    expect(sound.row(questions, sha256(questionOf({ requester, program, holders })))).toMatchObject({ query: "q", times: 3 });
    passes(sound, "computation");
  });

  test("is not asked again by who saw the other's result and kept his own back", () => {
    const it = attested({ land: "1,199 households" });
    it.act("courts open", acts.open, opens("courts"), signedBy("courts"));
    expect(it.advance(days(2)).map(({ name }) => name)).toEqual(["silence"]);
    expect(status(it)).toBe("differing");
    it.refused("asked again", "computation.still_running", acts.renew, { query: "q", until: it.time + days(9) }, signedBy("tax"));
    passes(it, "computation");
  });

  test("is answered, run and attested in time, also while due work is behind", () => {
    const behind = (it: Scenario, ms: number): Scenario => {
      it.parameters = { ...it.parameters, due_per_block: 0 };
      it.time += ms;
      return it;
    };
    const late = "computation.too_late";
    const it = town();
    it.act("proposed", acts.propose, query(it), signedBy("tax"));
    behind(it, days(30)).refused("consented to", late, acts.consent, give("land"), signedBy("land"));
    it.refused("refused", late, acts.refuse, { ...answer("land"), ground: "no" }, signedBy("land"));
    behind(approved(), days(30)).refused("run", late, acts.run, { query: "q", round: 1 }, signedBy("tax"));
    const running = approved();
    running.act("run", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    behind(running, days(7)).refused("attested", late, acts.attest, seals("land"), signedBy("land"));
    behind(attested(), days(2)).refused("opened", late, acts.open, opens("land"), signedBy("land"));
  });
});

describe("a run", () => {
  test("needs consents that still count: of holders in good standing", () => {
    const it = approved();
    const out = {
      proposal: "land-out",
      member: "tax",
      kind: "role.revoke",
      agency: "land",
      role: "computation.holder",
      scope: "",
    } as const;
    it.act("land loses its role", governance.propose, out, signedBy("tax"));
    for (const member of ["tax", "courts", "health"])
      it.act("voted", governance.vote, { proposal: "land-out", member, vote: "yes" }, signedBy(member));
    it.refused("run with it", "computation.not_approved", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.advance(days(30));
    expect(status(it)).toBe("lapsed");
    passes(it, "computation");
  });

  test("is one for each approval, with those who consented, and stands when all attest the same", () => {
    const it = approved();
    it.refused("by a holder", "engine.not_entitled", acts.run, { query: "q", round: 1 }, signedBy("land"));
    it.act("run", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.refused("again", "computation.run_once", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.refused("attested by who took no part", "computation.not_party", acts.attest, seals("health"), signedBy("health"));
    it.refused("for another", "engine.not_entitled", acts.attest, seals("land"), signedBy("courts"));
    it.act("courts", acts.attest, seals("courts"), signedBy("courts"));
    it.refused("twice", "computation.attested_once", acts.attest, seals("courts"), signedBy("courts"));
    it.refused("opened before all have", "computation.attested_once", acts.open, opens("courts"), signedBy("courts"));
    it.act("land", acts.attest, seals("land"), signedBy("land"));
    it.refused("what was not attested", "computation.not_as_attested", acts.open, opens("courts", 1, "9"), signedBy("courts"));
    it.refused("by another", "computation.not_party", acts.open, opens("health"), signedBy("health"));
    it.act("courts open", acts.open, opens("courts"), signedBy("courts"));
    it.refused("twice", "computation.attested_once", acts.open, opens("courts"), signedBy("courts"));
    const result = utf8(text);
    it.refused("published early", "computation.not_the_result", acts.publish, { query: "q", round: 1, result }, signedBy("tax"));
    it.act("land opens", acts.open, opens("land"), signedBy("land"));
    expect([status(it), it.row(runs, "q", 1)?.$.status]).toEqual(["attested", "attested"]);
    it.refused("another text", "computation.not_the_result", acts.publish, { query: "q", round: 1, result: utf8("1") }, signedBy("tax"));
    it.act("published", acts.publish, { query: "q", round: 1, result }, signedBy("tax"));
    passes(it, "computation");

    it.refused("replayed", "computation.run_once", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.refused("as if approved again", "computation.not_approved", acts.run, { query: "q", round: 2 }, signedBy("tax"));
    it.refused("asked for ever", "computation.term_unfit", acts.renew, { query: "q", until: it.time }, signedBy("tax"));
    it.act("asked again", acts.renew, { query: "q", until: it.time + days(9) }, signedBy("tax"));
    it.refused("by the consents of before", "computation.not_approved", acts.run, { query: "q", round: 2 }, signedBy("tax"));
    attested({}, approved(it, 2), 2);
    const old = { ...opens("courts", 2), salt: hashOf("another") };
    it.refused("another salt", "computation.not_as_attested", acts.open, old, signedBy("courts"));
    for (const holder of ["courts", "land"]) it.act("opened", acts.open, opens(holder, 2), signedBy(holder));
    expect(audit(it, "computation").find(({ name }) => name === "consented")?.figures).toEqual({ runs: 2 });
    passes(it, "computation");
    it.indexHolds();
  });

  test("whose results differ is marked, and blocks the query for good", () => {
    const it = attested({ land: "1,199 households" });
    it.act("courts", acts.open, opens("courts"), signedBy("courts"));
    expect(it.act("land", acts.open, opens("land", 1, "1,199 households"), signedBy("land"))).toEqual(["computation.results_differ"]);
    expect([status(it), it.row(runs, "q", 1)?.opened.map(({ holder }) => holder)]).toEqual(["differing", ["courts", "land"]]);
    const result = utf8(text);
    it.refused("published", "computation.not_the_result", acts.publish, { query: "q", round: 1, result }, signedBy("tax"));
    it.refused("asked again", "computation.still_running", acts.renew, { query: "q", until: it.time + days(9) }, signedBy("tax"));
    it.refused("run again", "computation.run_once", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    passes(it, "computation");
  });

  test("has no larger result than was consented to, and is published only if that was", () => {
    const long = "x".repeat(65);
    const it = attested({ courts: long });
    it.refused("a table", "computation.result_bound", acts.open, opens("courts", 1, long), signedBy("courts"));
    it.advance(days(2));
    expect([status(it), it.row(runs, "q", 1)?.opened]).toEqual(["failed", []]);
    it.act("asked again", acts.renew, { query: "q", until: it.time + days(9) }, signedBy("tax"));
    passes(it, "computation");
    const closed = town();
    closed.act("not to be published", acts.propose, query(closed, { open: false }), signedBy("tax"));
    for (const holder of ["courts", "land"]) closed.act("consents", acts.consent, give(holder), signedBy(holder));
    attested({}, closed);
    for (const holder of ["courts", "land"]) closed.act("opened", acts.open, opens(holder), signedBy(holder));
    closed.refused("published", "computation.not_open", acts.publish, { query: "q", round: 1, result: utf8(text) }, signedBy("tax"));
    passes(closed, "computation");
  });

  test("that somebody does not attest fails by itself, and shows who was silent", () => {
    const it = approved();
    it.act("run", acts.run, { query: "q", round: 1 }, signedBy("tax"));
    it.act("courts", acts.attest, seals("courts"), signedBy("courts"));
    expect(it.advance(days(7)).map(({ name }) => name)).toEqual(["silence"]);
    expect([status(it), it.row(runs, "q", 1)?.sealed.map(({ holder }) => holder)]).toEqual(["failed", ["courts"]]);
    it.refused("too late", "computation.attested_once", acts.attest, seals("land"), signedBy("land"));
    passes(it, "computation");
  });
});

test("sixteen holders are as easily asked as two: no act, and no work of the chain, is too large", () => {
  const many = Array.from({ length: 16 }, (_, i) => `${"a".repeat(30)}${10 + i}`);
  const all = Object.fromEntries(many.map((holder) => [holder, ["computation.holder"]]));
  const it = scenario({ modules: [acts], resolver: plainRights({ tax: ["computation.requester"], ...all }), found() {} });
  const name = "q".repeat(64);
  const large = { ...query(it), query: name, holders: many, needed: 15, most: 4_096 };
  it.act("proposed", acts.propose, large, signedBy("tax"));
  const of = (holder: string, round = 1) => ({ query: name, round, holder });
  for (const holder of many.slice(1)) it.act("consents", acts.consent, { ...of(holder), input: hashOf(holder) }, signedBy(holder));
  it.act("back", acts.retract, of(many[1]!), signedBy(many[1]!));
  it.act("and again", acts.consent, { ...of(many[1]!), input: hashOf("data") }, signedBy(many[1]!));
  it.act("run", acts.run, { query: name, round: 1 }, signedBy("tax"));
  const opened = (holder: string) => ({ ...of(holder), result: sha256(new Uint8Array(4_096)), size: 4_096, salt: hashOf(holder) });
  for (const holder of many.slice(1))
    it.act("attested", acts.attest, { ...of(holder), seal: sha256(attestation(opened(holder))) }, signedBy(holder));
  for (const holder of many.slice(1)) it.act("opened", acts.open, opened(holder), signedBy(holder));
  it.act("published", acts.publish, { query: name, round: 1, result: new Uint8Array(4_096) }, signedBy("tax"));
  it.act("asked again", acts.renew, { query: name, until: it.time + days(1) }, signedBy("tax"));
  for (const { result } of it.advance(days(1))) expect(result.flags).toEqual([]);
  expect(it.row(queries, name)?.$.status).toBe("lapsed");
  it.act("another", acts.propose, { ...large, query: "q-2" }, signedBy("tax"));
  for (const holder of many.slice(0, 2)) it.act("refused", acts.refuse, { ...of(holder), query: "q-2", ground: "no" }, signedBy(holder));
  expect(it.row(queries, "q-2")?.$.status).toBe("refused");
  passes(it, "computation");
});

test("nothing but digests and one bounded result has room in its records", () => {
  const shapes = computation.options.records.flatMap(({ name, options }) =>
    Object.entries(options.fields).map(([field, { shape }]: [string, any]) => [`${name}.${field}`, shape] as const),
  );
  const free = shapes.filter(([, shape]) => (shape.kind === "bytes" && shape.max > 32) || shape.kind === "json" || shape.form === "text");
  expect(free.map(([field, shape]) => [field, shape.max])).toEqual([["run.published", 4_096]]);
});

test("audits find rows that the rules did not make", () => {
  const it = attested();
  for (const holder of ["courts", "land"]) it.act("opened", acts.open, opens(holder), signedBy(holder));
  it.act("published", acts.publish, { query: "q", round: 1, result: utf8(text) }, signedBy("tax"));
  passes(it, "computation");
  const finds = (type: any, key: any, change: object) => findsTampered(it, "computation", type, key, change);
  const { opened } = it.row(runs, "q", 1)!;
  expect(finds(answers, ["q", 1, "land"], { $status: "over" })).toEqual(["consented"]);
  expect(finds(runs, ["q", 1], { parties: ["courts", "land", "health"] })).toEqual(["consented", "results"]);
  expect(finds(runs, ["q", 1], { published: utf8("1") })).toEqual(["results"]);
  expect(finds(runs, ["q", 1], { most: 8 })).toEqual(["results"]);
  expect(finds(runs, ["q", 1], { $status: "failed" })).toEqual(["results"]);
  const jsonOf = (list: typeof opened) =>
    list.map(({ holder, result, size }) => ({ holder, result: Buffer.from(result).toString("hex"), size }));
  expect(finds(runs, ["q", 1], { opened: jsonOf([opened[0]!, { ...opened[1]!, size: 3 }]) })).toEqual(["results"]);
  expect(finds(runs, ["q", 1], { opened: jsonOf([opened[0]!]) })).toEqual(["results"]);
  const question = sha256(questionOf(it.row(queries, "q")!));
  expect(finds(questions, [question], { times: 2 })).toEqual(["repeats"]);
  expect(finds(questions, [question], { query: "q2" })).toEqual(["repeats"]);
  expect(finds(questions, [question], { program: hashOf("p 2") })).toEqual(["repeats"]);
  expect(finds(queries, ["q"], { program: hashOf("p 2") })).toEqual(["repeats"]);
  expect(finds(queries, ["q"], { needed: 3 })).toEqual(["consented"]);
  expect(finds(queries, ["q"], { round: 2 })).toEqual(["consented", "repeats"]);
  expect(finds(queries, ["q"], { open: false })).toEqual(["results"]);
});

test("the acts of its reference page are a story that happens", () => {
  const it = founded({ grants: [grant("tax", "computation.requester"), ...["land", "health"].map((a) => grant(a, "computation.holder"))] });
  const all = signedBy("tax", "land", "health");
  const example = (action: any): any => action.options.example;
  const acted = (action: any, more: object = {}) => it.act(action.options.title, action, { ...example(action), ...more }, all);
  acted(acts.propose);
  acted(acts.refuse, { holder: "land" }); // of two who are both needed: that is the end
  expect(it.row(queries, "q-1")?.$.status).toBe("refused");
  it.act("another", acts.propose, { ...example(acts.propose), query: "q-2" }, all);
  for (const holder of ["health", "land"]) acted(acts.consent, { query: "q-2", holder });
  acted(acts.retract, { query: "q-2" });
  acted(acts.consent, { query: "q-2" });
  acted(acts.run, { query: "q-2" });
  for (const holder of ["health", "land"]) {
    const sealed = sha256(attestation({ ...example(acts.open), query: "q-2", holder }));
    acted(acts.attest, { query: "q-2", holder, seal: sealed });
  }
  for (const holder of ["health", "land"]) acted(acts.open, { query: "q-2", holder });
  acted(acts.renew, { query: "q-2" });
  acted(acts.withdraw, { query: "q-2" });
  passes(it, "computation");
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const holders = ["courts", "land", "health"] as const;
const rights = plainRights({
  tax: ["computation.requester"],
  city: ["computation.requester"],
  ...Object.fromEntries(holders.map((holder) => [holder, ["computation.holder"]])),
});
const step = fc.record({
  act: fc.constantFrom(
    ...(["propose", "consent", "consent", "consent", "consent", "refuse", "retract", "withdraw", "run", "run"] as const),
    ...([
      "attest",
      "attest",
      "attest",
      "open",
      "open",
      "open",
      "open",
      "open",
      "publish",
      "publish",
      "publish",
      "renew",
      "renew",
      "wait",
    ] as const),
  ),
  holder: fc.constantFrom(...holders),
  asker: fc.constantFrom("tax", "city"),
  n: fc.nat(5),
  odd: fc.nat(19),
  days: fc.constantFrom(1, 1, 1, 1, 1, 8, 40),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...holders, "tax", "city"), { maxLength: 3 }),
});

describe("whatever requesters and holders do", () => {
  test("nothing is run without consent or twice, and no result stands that is not everybody's", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = scenario({ modules: [acts], resolver: rights, found() {} });
        const names: string[] = [];
        const consents = new Map<string, Set<string>>();
        const ran = new Set<string>();
        /** Queries by their question, and the question of each. */
        const asked = new Map<string, string[]>();
        const questionAs = new Map<string, string>();
        let next = 0;
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.days))) expect(result.flags).toEqual([]);
            continue;
          }
          const wanted: { readonly [act: string]: readonly string[] } = {
            ...{ consent: ["proposed"], refuse: ["proposed"], retract: ["proposed", "approved"], withdraw: ["proposed", "approved"] },
            ...{ run: ["approved"], attest: ["running"], open: ["running"], publish: ["attested"], renew: ["attested", "failed"] },
          };
          const fit = names.filter((name) => s.odd === 0 || wanted[s.act]?.includes(it.row(queries, name)!.$.status) === true);
          const name = fit[s.n % Math.max(1, fit.length)] ?? "none";
          const row = it.row(queries, name);
          const round = Math.max(1, (row?.round ?? 1) - (s.odd === 1 ? 1 : 0));
          const key = `${name} ${round}`;
          const run = it.row(runs, name, round);
          const fresh = run?.parties.find((who) => !(s.act === "attest" ? run.sealed : run.opened).some(({ holder }) => holder === who));
          const holder = (s.odd > 4 && (s.act === "attest" || s.act === "open") ? fresh : undefined) ?? s.holder;
          const program = s.odd < 6 ? `p ${s.n}` : `p-${next}`;
          /** Now and then somebody finds something else. */
          const what = hashOf(`${key} ${holder}`)[0]! < 24 ? `${holder}'s own` : "the same for all";
          const shown = {
            query: name,
            round,
            holder,
            result: hashOf(what),
            size: what.length + (s.odd === 2 ? 1 : 0),
            salt: hashOf(holder),
          };
          const is = (args: object, ...should: string[]): [object, string[]] => [args, should];
          const [args, should] = {
            propose: () =>
              is(
                {
                  ...{ query: `q-${next++}`, holders: s.odd === 3 ? ["land", "land"] : [...holders], needed: 2 + (s.n % 3), purpose: "p" },
                  ...{
                    program: hashOf(program),
                    open: s.odd > 5,
                    most: 20 - (s.odd === 4 ? 10 : 0),
                    until: it.time + days(s.odd === 5 ? 91 : 30),
                  },
                },
                s.asker,
              ),
            consent: () => is({ query: name, round, holder, input: hashOf(holder) }, holder),
            refuse: () => is({ query: s.n < 2 ? name : "none", round, holder, ground: "no" }, holder),
            retract: () => is({ query: name, round, holder }, holder),
            withdraw: () => is({ query: s.n < 2 ? name : "none" }, row?.requester ?? "tax"),
            run: () => is({ query: name, round }, row?.requester ?? "tax"),
            attest: () => is({ query: name, round, holder, seal: sha256(attestation({ ...shown, size: what.length })) }, holder),
            open: () => is(shown, holder),
            publish: () =>
              is({ query: name, round, result: utf8(s.n === 0 ? "something else" : "the same for all") }, row?.requester ?? "tax"),
            renew: () => is({ query: name, until: it.time + days(20) }, row?.requester ?? "tax"),
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code } = it.submit([{ action: `computation.${s.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          if (s.act !== "propose") expect(signers).toEqual(expect.arrayContaining(should));
          if (s.act === "propose" || s.act === "renew") {
            const asks = s.act === "propose" ? `${signers[0]} ${program}` : questionAs.get(name)!;
            const before = (asked.get(asks) ?? []).map((other) => (other === name ? row! : it.row(queries, other)!).$.status);
            for (const standing of before) expect(["proposed", "approved", "running", "differing"]).not.toContain(standing);
            const under = s.act === "propose" ? (args as { query: string }).query : name;
            asked.set(asks, [...new Set([...(asked.get(asks) ?? []), under])]);
            questionAs.set(under, asks);
          }
          if (s.act === "propose") names.push((args as { query: string }).query);
          if (s.act === "consent") consents.set(key, (consents.get(key) ?? new Set()).add(holder));
          if (s.act === "retract") consents.get(key)!.delete(holder);
          if (s.act === "run") {
            expect(ran.has(key)).toBe(false);
            ran.add(key);
            expect([...consents.get(key)!].sort()).toEqual([...it.row(runs, name, round)!.parties].sort());
            expect(consents.get(key)!.size).toBeGreaterThanOrEqual(row!.needed);
          }
          if (s.act === "publish") expect([row!.open, run!.opened.length]).toEqual([true, run!.parties.length]);
        }
        for (const name of names)
          for (let round = 1; round <= it.row(queries, name)!.round; round++) {
            const run = it.row(runs, name, round);
            expect(run !== undefined).toBe(ran.has(`${name} ${round}`));
            if (run?.$.status === "attested")
              expect(new Set(run.opened.map(({ result }) => Buffer.from(result).toString("hex"))).size).toBe(1);
          }
        // Whatever is under way ends by itself.
        for (const { result } of it.advance(days(100))) expect(result.flags).toEqual([]);
        for (const name of names) expect(["proposed", "approved", "running"]).not.toContain(it.row(queries, name)!.$.status);
        passes(it, "computation");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 36, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times >= 10).length;
    expect(`${often} of 10 happen often: ${[...accepted].join(" ")}`).toMatch(/^10 of 10/);
  });
});

everyRuleIsGiven(computation);
