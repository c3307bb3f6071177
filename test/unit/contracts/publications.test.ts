// Notices and answers (services 30 and 31): nobody is told without a rule, twice, or against his will; every answer cites the version it stands on; whatever
// agencies, assistants and people try.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../../../src/base/bytes.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import publications, * as acts from "../../../src/contracts/casework/publications.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, shown } from "./founders.ts";
import { keyOf, type Scenario, signedBy } from "./scenario.ts";

const { answers, evaluations, notices, optOuts, rules, sources, texts, versions } = acts;
const bytes = (n: number): Bytes => new Uint8Array(32).fill(n);
const seal = (n: number, size: number) => ({ root: bytes(n), size });
const tax = (more: object = {}) => ({ publisher: "tax", rule: "child", ...more });
const saying = (text = 1) => ({
  ...{ topic: "families", text: bytes(text), on: "birth", answer_in: days(14) },
  conditions: [{ fact: "income", most: 60_000 }],
});

/** Tax and health publish, a system of tax's answers; Ann, Bob and Carl. */
function town(): Scenario {
  const roles = ["tax", "health"].flatMap((agency) => ["publisher", "assistant"].map((role) => grant(agency, `publications.${role}`)));
  const it = founded({ grants: [...roles, grant("courts", "eid.ministry")] });
  enrol(it, "courts", "casework", "ann", "bob", "carl");
  enrol(it, "courts", "tax", "ann.tax");
  return it;
}
/** An evaluation: whom it found, and what is sent to some of them. */
class Found {
  readonly of: { publisher: string; rule: string; event: string; version: number };
  readonly round: number;
  sent = false;
  readonly people: readonly string[];
  readonly #hashes: Bytes[];
  constructor(event: string, version: number, people: readonly string[], more: object = {}, round = 1) {
    this.round = round;
    this.of = { publisher: "tax", rule: "child", event, version, ...more };
    this.people = people;
    this.#hashes = people.map((person, i) => leafHash(acts.foundItem(this.of, { person, facts: seal(i, 17) })));
  }
  get root(): Bytes {
    return rootOf(this.#hashes);
  }
  evaluated(happened: number) {
    return { ...this.of, happened, root: this.root, size: this.people.length };
  }
  sends(...to: string[]) {
    const all = to.map((person) => {
      const index = this.people.indexOf(person);
      return { person, facts: seal(index, 17), words: seal(9, 1), index, path: inclusionPath(this.#hashes, index) };
    });
    return { ...this.of, round: this.round, root: this.root, size: this.people.length, notices: all };
  }
}
/** A rule, evaluated for a birth: it found Ann, Bob and Carl. */
function evaluated(): { it: Scenario; birth: Found } {
  const it = town();
  it.act("the rule", acts.publish, tax(saying()) as any, signedBy("tax"));
  const birth = new Found("birth-1", 1, ["p:ann", "p:bob", "p:carl"]);
  it.act("evaluated", acts.evaluate, birth.evaluated(it.time), signedBy("tax"));
  return { it, birth };
}
const out = (more: object = {}) => ({ person: "p:bob", publisher: "tax", topic: "families", out: true, ...more });
const of = (person: string, event = "birth-1") => ({ publisher: "tax", rule: "child", event, person });

describe("a rule of notices", () => {
  test("is its agency's, keeps its topic, and has versions", () => {
    const it = town();
    const rule: any = tax(saying());
    it.refused("by another", "engine.not_entitled", acts.publish, rule, signedBy("health"));
    it.refused("for all", "publications.rule_unfit", acts.publish, { ...rule, topic: "all" }, signedBy("tax"));
    const crossed = [{ fact: "income", least: 2, most: 1 }];
    it.refused("bounds crossed", "publications.rule_unfit", acts.publish, { ...rule, conditions: crossed }, signedBy("tax"));
    const twice = [{ fact: "income" }, { fact: "income" }];
    it.refused("a fact twice", "publications.rule_unfit", acts.publish, { ...rule, conditions: twice }, signedBy("tax"));
    it.refused("answered never", "engine.args_invalid", acts.publish, { ...rule, answer_in: 2 ** 47 }, signedBy("tax"));
    it.act("published", acts.publish, rule, signedBy("tax"));
    it.refused("on another topic", "publications.rule_unfit", acts.publish, { ...rule, topic: "money" }, signedBy("tax"));
    it.act("the next version", acts.publish, { ...rule, ...saying(2) }, signedBy("tax"));
    expect([1, 2].map((version) => it.row(versions, "tax", "child", version)?.text)).toEqual([bytes(1), bytes(2)]);
    it.refused("health retires it", "engine.not_entitled", acts.retire, tax(), signedBy("health"));
    it.act("retired", acts.retire, tax(), signedBy("tax"));
    it.refused("published again", "publications.rule_retired", acts.publish, rule, signedBy("tax"));
    const birth = new Found("birth-1", 2, ["p:ann"]).evaluated(it.time);
    it.refused("evaluated", "publications.rule_retired", acts.evaluate, birth, signedBy("tax"));
    expect(it.row(rules, "tax", "child")).toMatchObject({ version: 2, $: { status: "retired" } });
  });

  test("is evaluated before anything is sent, in the version in force, for what has happened", () => {
    const { it, birth } = evaluated();
    const again = birth.evaluated(it.time);
    it.refused("tomorrow's", "publications.ahead", acts.evaluate, { ...again, happened: it.time + days(1) }, signedBy("tax"));
    it.refused("by version 2", "publications.other_version", acts.evaluate, { ...again, version: 2 }, signedBy("tax"));
    it.refused("of no such rule", "engine.not_found", acts.evaluate, { ...again, rule: "none" }, signedBy("tax"));
    it.refused("by health", "engine.not_entitled", acts.evaluate, again, signedBy("health"));
    const other = new Found("birth-2", 1, ["p:ann"]);
    it.refused("sent without", "engine.not_found", acts.send, other.sends("p:ann"), signedBy("tax"));
    it.act("mended", acts.evaluate, new Found("birth-1", 1, ["p:ann"]).evaluated(it.time), signedBy("tax"));
    it.refused("sent by the old", "publications.other_round", acts.send, birth.sends("p:ann"), signedBy("tax"));
    const swapped = { ...birth.sends("p:ann"), round: 2 };
    it.refused("as if it were the new", "publications.not_found_by_rule", acts.send, swapped, signedBy("tax"));
    expect([1, 2].map((round) => it.row(evaluations, "tax", "child", "birth-1", round)?.size)).toEqual([3, 1]);
    it.act("sent", acts.send, new Found("birth-1", 1, ["p:ann"], {}, 2).sends("p:ann"), signedBy("tax"));
    const third = new Found("birth-1", 1, ["p:bob"], {}, 3);
    it.refused("and Bob, at will", "publications.ground_missing", acts.evaluate, third.evaluated(it.time), signedBy("tax"));
    it.act("on a ground", acts.evaluate, { ...third.evaluated(it.time), ground: "late-report" }, signedBy("tax"));
    it.act("Bob", acts.send, third.sends("p:bob"), signedBy("tax"));
    expect(it.row(notices, "tax", "child", "birth-1", "p:ann")?.round).toBe(2);
    it.act("Ann read hers", acts.acknowledge, of("p:ann"), signedBy("ann"));
    expect([1, 2, 3].map((round) => it.row(evaluations, "tax", "child", "birth-1", round)?.acknowledged)).toEqual([0, 1, 0]);
    passes(it, "publications");
    const finds = (round: number, change: object) =>
      findsTampered(it, "publications", evaluations, ["tax", "child", "birth-1", round], change);
    expect([finds(3, { ground: undefined }), finds(2, { sent: 0 })]).toEqual([["told"], ["told"]]);
    expect(findsTampered(it, "publications", acts.events, ["tax", "child", "birth-1"], { round: 2 })).toEqual(["told"]);
  });
});

describe("a notice", () => {
  test("goes to whom the rule found, by those facts, once for an event", () => {
    const { it, birth } = evaluated();
    it.refused("by health", "engine.not_entitled", acts.send, birth.sends("p:ann"), signedBy("health"));
    const [ann] = birth.sends("p:ann").notices;
    const to = (more: object) => ({ ...birth.sends("p:ann"), notices: [{ ...ann!, ...more }] });
    it.refused("to Dora", "publications.not_found_by_rule", acts.send, to({ person: "p:dora" }), signedBy("tax"));
    it.refused("by other facts", "publications.not_found_by_rule", acts.send, to({ facts: seal(8, 17) }), signedBy("tax"));
    it.refused("in Bob's place", "publications.not_found_by_rule", acts.send, to({ index: 1 }), signedBy("tax"));
    it.refused("by another version", "publications.not_found_by_rule", acts.send, { ...to({}), version: 2 }, signedBy("tax"));
    it.refused("twice at once", "publications.noticed_once", acts.send, birth.sends("p:ann", "p:ann"), signedBy("tax"));
    it.act("to Ann and Bob", acts.send, birth.sends("p:ann", "p:bob"), signedBy("tax"));
    it.refused("again", "publications.noticed_once", acts.send, birth.sends("p:carl", "p:ann"), signedBy("tax"));
    expect(it.row(notices, "tax", "child", "birth-1", "p:ann")).toMatchObject({ version: 1, topic: "families", facts: seal(0, 17) });
    const second = new Found("birth-2", 1, ["p:ann", "p:ann.tax"]);
    it.act("another birth", acts.evaluate, second.evaluated(it.time), signedBy("tax"));
    it.act("is another notice", acts.send, second.sends("p:ann"), signedBy("tax"));
    it.refused("not to a pseudonym of tax", "publications.other_sector", acts.send, second.sends("p:ann.tax"), signedBy("tax"));
    expect(it.row(evaluations, "tax", "child", "birth-1", 1)?.sent).toBe(2);
    passes(it, "publications");
  });

  test("cites the version in force: after a new one the rule is evaluated anew, and nobody is told twice", () => {
    const { it, birth } = evaluated();
    it.act("to Ann", acts.send, birth.sends("p:ann"), signedBy("tax"));
    it.act("version 2", acts.publish, tax(saying(2)) as any, signedBy("tax"));
    it.refused("by version 1", "publications.other_version", acts.send, birth.sends("p:bob"), signedBy("tax"));
    const anew = new Found("birth-1", 2, ["p:ann", "p:bob"], {}, 2);
    it.refused("in a round to come", "publications.other_round", acts.send, anew.sends("p:bob"), signedBy("tax"));
    const unevaluated = { ...anew.sends("p:bob"), round: 1 };
    it.refused("by version 2, not evaluated", "publications.other_version", acts.send, unevaluated, signedBy("tax"));
    it.act("evaluated", acts.evaluate, anew.evaluated(it.time), signedBy("tax"));
    it.refused("Ann again", "publications.noticed_once", acts.send, anew.sends("p:ann"), signedBy("tax"));
    it.act("Bob", acts.send, anew.sends("p:bob"), signedBy("tax"));
    expect(["p:ann", "p:bob"].map((person) => it.row(notices, "tax", "child", "birth-1", person)?.version)).toEqual([1, 2]);
    it.act("retired", acts.retire, tax(), signedBy("tax"));
    it.refused("by a retired rule", "publications.rule_retired", acts.send, anew.sends("p:bob"), signedBy("tax"));
    passes(it, "publications");
  });

  test("is acknowledged by who was sent it, or unread when its time is over", () => {
    const { it, birth } = evaluated();
    it.act("to Ann and Bob", acts.send, birth.sends("p:ann", "p:bob"), signedBy("tax"));
    it.refused("Bob for Ann", "engine.signature_missing", acts.acknowledge, of("p:ann"), signedBy("bob"));
    it.refused("tax for Ann", "engine.signature_missing", acts.acknowledge, of("p:ann"), signedBy("tax"));
    it.act("Ann", acts.acknowledge, of("p:ann"), signedBy("ann"));
    it.refused("twice", "engine.illegal_move", acts.acknowledge, of("p:ann"), signedBy("ann"));
    it.advance(days(14) - hours(1));
    expect(it.row(notices, "tax", "child", "birth-1", "p:bob")?.$.status).toBe("sent");
    expect(it.advance(hours(1)).map(({ name }) => name)).toEqual(["unread"]);
    expect(it.row(notices, "tax", "child", "birth-1", "p:bob")?.$.status).toBe("unread");
    it.act("Bob, late", acts.acknowledge, of("p:bob"), signedBy("bob"));
    expect(it.row(evaluations, "tax", "child", "birth-1", 1)).toMatchObject({ sent: 2, acknowledged: 2 });
    passes(it, "publications");
    it.indexHolds();
  });

  test("is not sent against an opt-out, by whatever rule or version, published before or after", () => {
    const { it, birth } = evaluated();
    it.refused("tax opts Bob out", "engine.signature_missing", acts.optOut, out(), signedBy("tax"));
    it.refused("out of nothing", "engine.not_found", acts.optOut, out({ out: false }), signedBy("bob"));
    it.refused("as a taxpayer", "engine.other_sector", acts.optOut, out({ person: "p:ann.tax" }), signedBy("ann.tax"));
    it.act("Bob", acts.optOut, out(), signedBy("bob"));
    it.refused("to Bob", "publications.opted_out", acts.send, birth.sends("p:bob"), signedBy("tax"));
    expect(it.act("to Ann, past Bob", acts.send, birth.sends("p:ann", "p:bob"), signedBy("tax"))).toEqual(["publications.passed_over"]);
    expect([it.row(notices, "tax", "child", "birth-1", "p:bob"), it.row(evaluations, "tax", "child", "birth-1", 1)?.sent]).toEqual([
      undefined,
      1,
    ]);
    it.act("version 2", acts.publish, tax(saying(2)) as any, signedBy("tax"));
    const anew = new Found("birth-1", 2, ["p:bob"], {}, 2);
    it.act("evaluated", acts.evaluate, anew.evaluated(it.time), signedBy("tax"));
    it.refused("by version 2", "publications.opted_out", acts.send, anew.sends("p:bob"), signedBy("tax"));
    const rule: any = { publisher: "tax", rule: "kin", ...saying(), topic: "kin" };
    it.act("the same under another name", acts.publish, rule, signedBy("tax"));
    const kin = new Found("birth-1", 1, ["p:bob"], { rule: "kin" });
    it.act("evaluated", acts.evaluate, kin.evaluated(it.time), signedBy("tax"));
    it.act("Bob wants nothing at all", acts.optOut, out({ topic: "all" }), signedBy("bob"));
    it.refused("on another topic", "publications.opted_out", acts.send, kin.sends("p:bob"), signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.optOut, out(), signedBy("bob"));
    it.act("back in", acts.optOut, out({ topic: "all", out: false }), signedBy("bob"));
    it.act("on the other topic", acts.send, kin.sends("p:bob"), signedBy("tax"));
    it.refused("not on families", "publications.opted_out", acts.send, anew.sends("p:bob"), signedBy("tax"));
    it.act("out again, after it was sent", acts.optOut, out({ topic: "all" }), signedBy("bob"));
    expect(it.row(optOuts, "p:bob", "tax", "all")?.$.status).toBe("standing");
    passes(it, "publications");
  });
});

const cites = (version = 1, more: object = {}) => ({ publisher: "tax", source: "fees", version, anchor: "art-4", ...more });
const says = (answer: string, more: object = {}) => ({
  ...{ publisher: "tax", answer, assistant: "guide-3", topic: "fees.passport", cites: [cites()], words: seal(1, 1) },
  ...more,
});
const source = (text: number, more: object = {}) => ({ publisher: "tax", source: "fees", text: bytes(text), ...more });

describe("an answer", () => {
  test("cites the version of its source in force", () => {
    const it = town();
    it.refused("a source of tax by health", "engine.not_entitled", acts.publishSource, source(1), signedBy("health"));
    it.refused("from nothing", "engine.not_found", acts.answer, says("a-1"), signedBy("tax"));
    it.act("published", acts.publishSource, source(1), signedBy("tax"));
    it.refused("the same", "publications.same_text", acts.publishSource, source(1), signedBy("tax"));
    it.refused("without a source", "engine.args_invalid", acts.answer, says("a-1", { cites: [] }), signedBy("tax"));
    it.refused("by health", "engine.not_entitled", acts.answer, says("a-1"), signedBy("health"));
    it.refused("from what is to come", "publications.source_outdated", acts.answer, says("a-1", { cites: [cites(2)] }), signedBy("tax"));
    it.refused("twice", "publications.cited_twice", acts.answer, says("a-1", { cites: [cites(), cites()] }), signedBy("tax"));
    const both = [cites(), cites(1, { anchor: "art-5" })];
    it.act("from two articles", acts.answer, says("a-1", { cites: both }), signedBy("tax"));
    it.refused("again", "engine.already_exists", acts.answer, says("a-1"), signedBy("tax"));
    it.act("health from tax's source", acts.answer, says("a-1", { publisher: "health" }), signedBy("health"));
    it.act("version 2", acts.publishSource, source(2), signedBy("tax"));
    it.refused("from the old", "publications.source_outdated", acts.answer, says("a-2"), signedBy("tax"));
    it.act("from the new", acts.answer, says("a-2", { cites: [cites(2)] }), signedBy("tax"));
    const standing = (answer: string) => it.view("publications.check", { publisher: "tax", answer });
    expect(["a-1", "a-2", "a-3"].map(standing)).toEqual([
      { stands: false, because: "source_outdated" },
      { stands: true },
      { stands: false, because: "unknown" },
    ]);
    expect(it.row(texts, "tax", "fees", 1)?.text).toEqual(bytes(1));
    it.act("withdrawn", acts.withdrawSource, { publisher: "tax", source: "fees" }, signedBy("tax"));
    it.refused("published again", "publications.source_withdrawn", acts.publishSource, source(3), signedBy("tax"));
    it.refused("answered from", "publications.source_withdrawn", acts.answer, says("a-3", { cites: [cites(2)] }), signedBy("tax"));
    expect(standing("a-2")).toEqual({ stands: false, because: "source_outdated" });
    expect(it.row(sources, "tax", "fees")?.version).toBe(2);
    passes(it, "publications");
  });

  test("is corrected by another, which takes its place, and overwritten by none", () => {
    const it = town();
    it.act("published", acts.publishSource, source(1), signedBy("tax"));
    it.act("answered", acts.answer, says("a-1"), signedBy("tax"));
    const right = says("a-2", { corrects: "a-1", ground: "misread" }) as any;
    it.refused("by health", "engine.not_entitled", acts.correct, right, signedBy("health"));
    it.refused("by itself", "engine.already_exists", acts.correct, { ...right, answer: "a-1" }, signedBy("tax"));
    it.refused("of none", "engine.not_found", acts.correct, { ...right, corrects: "a-9" }, signedBy("tax"));
    it.act("corrected", acts.correct, right, signedBy("tax"));
    it.refused("twice", "engine.illegal_move", acts.correct, { ...right, answer: "a-3" }, signedBy("tax"));
    expect(it.row(answers, "tax", "a-1")).toMatchObject({ corrected_by: "a-2", ground: "misread", words: seal(1, 1) });
    expect(it.row(answers, "tax", "a-2")).toMatchObject({ corrects: "a-1", $: { status: "given" } });
    expect(it.view("publications.check", { publisher: "tax", answer: "a-1" })).toEqual({ stands: false, because: "corrected" });
    const gone = { publisher: "tax", answer: "a-2", ground: "personal-data" } as const;
    it.refused("withdrawn by health", "engine.not_entitled", acts.withdraw, gone, signedBy("health"));
    it.act("it held a name", acts.withdraw, gone, signedBy("tax"));
    it.act("and so did what it corrected", acts.withdraw, { ...gone, answer: "a-1" }, signedBy("tax"));
    expect(it.row(answers, "tax", "a-1")).toMatchObject({ corrected_by: "a-2", ground: "misread", withdrawn_for: "personal-data" });
    it.refused("corrected then", "engine.illegal_move", acts.correct, { ...right, corrects: "a-2", answer: "a-3" }, signedBy("tax"));
    passes(it, "publications");
  });

  test("is given by an assistant under its own name", () => {
    const it = town();
    it.act("published", acts.publishSource, source(1), signedBy("tax"));
    const key = {
      principal: "tax",
      key: keyOf("guide"),
      proof: shown(it, "tax", "post", "guide"),
      purpose: "post",
      post: "guide-3",
    } as const;
    it.act("its key", eid.bind, { ...key, represents: false, from: it.time }, signedBy("tax"));
    const role = { agency: "tax", post: "guide-3", role: "publications.assistant", scope: "" };
    it.act("it may answer", governance.delegate, role, signedBy("tax"));
    it.refused("as another", "publications.other_assistant", acts.answer, says("a-1", { assistant: "guide-4" }), signedBy("guide"));
    it.act("as itself", acts.answer, says("a-1"), signedBy("guide"));
  });

  test("has no room for a person, a question or free text in clear", () => {
    for (const type of [sources, texts, answers]) {
      const shapes = JSON.stringify(
        Object.entries(type.fields).map(([name, { shape }]) => (name === "words" ? { kind: shape.kind } : shape)),
      );
      expect(shapes).not.toMatch(/"form":"(person|party|text)"/);
    }
    const readers = Object.fromEntries(publications.options.records.map(({ name, options }) => [name, options.read]));
    expect([readers["notice"], readers["opt_out"]]).toEqual([
      ["person", "publisher"],
      ["person", "publisher"],
    ]);
  });
});

test("an audit finds a row that the rules did not make", () => {
  const { it, birth } = evaluated();
  it.act("to Ann", acts.send, birth.sends("p:ann"), signedBy("tax"));
  it.act("read", acts.acknowledge, of("p:ann"), signedBy("ann"));
  it.act("and she is out", acts.optOut, out({ person: "p:ann" }), signedBy("ann"));
  it.act("published", acts.publishSource, source(1), signedBy("tax"));
  it.act("answered", acts.answer, says("a-1"), signedBy("tax"));
  it.act("corrected", acts.correct, says("a-2", { corrects: "a-1", ground: "misread" }) as any, signedBy("tax"));
  passes(it, "publications");
  expect(audit(it, "publications")[0]?.figures).toEqual({ notices: 1 });
  const finds = (...change: any[]) => (findsTampered as any)(it, "publications", ...change);
  expect(finds(notices, ["tax", "child", "birth-1", "p:ann"], { version: 2 })).toEqual(["told"]);
  expect(finds(notices, ["tax", "child", "birth-1", "p:ann"], { $status: "sent" })).toEqual(["told"]);
  expect(finds(evaluations, ["tax", "child", "birth-1", 1], { sent: 2 })).toEqual(["told"]);
  expect(finds(rules, ["tax", "child"], { topic: "money" })).toEqual(["told"]);
  expect(finds(rules, ["tax", "child"], { version: 0 })).toEqual(["told"]);
  expect(finds(notices, ["tax", "child", "birth-1", "p:ann"], { sent: it.time })).toEqual(["told"]);
  expect(finds(answers, ["tax", "a-1"], { corrected_by: "a-3" })).toEqual(["answered"]);
  expect(finds(answers, ["tax", "a-2"], { cites: [cites(2)] })).toEqual(["answered"]);
  expect(finds(sources, ["tax", "fees"], { version: 0 })).toEqual(["answered"]);
});

test("the acts of its reference page happen", () => {
  const it = founded({ grants: ["publications.publisher", "publications.assistant", "eid.ministry"].map((role) => grant("tax", role)) });
  enrol(it, "tax", "casework", "ann.casework");
  const example = (action: { readonly options: { readonly example?: any } }): any => action.options.example;
  it.act("rule", acts.publish, example(acts.publish), signedBy("tax"));
  it.act("evaluated", acts.evaluate, example(acts.evaluate), signedBy("tax"));
  it.act("out", acts.optOut, example(acts.optOut), signedBy("ann.casework"));
  it.act("retired", acts.retire, example(acts.retire), signedBy("tax"));
  it.act("source", acts.publishSource, example(acts.publishSource), signedBy("tax"));
  it.act("answer", acts.answer, example(acts.answer), signedBy("tax"));
  it.act("its next", acts.publishSource, { ...example(acts.publishSource), text: bytes(7) }, signedBy("tax"));
  it.act("corrected", acts.correct, example(acts.correct), signedBy("tax"));
  it.act("withdrawn", acts.withdraw, example(acts.withdraw), signedBy("tax"));
  it.act("source withdrawn", acts.withdrawSource, example(acts.withdrawSource), signedBy("tax"));
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "p:carl"] as const;
const step = fc.record({
  act: fc.constantFrom(
    ...(["evaluate", "evaluate", "send", "send", "send", "acknowledge", "acknowledge", "optOut", "publish", "wait", "suspend"] as const),
    ...(["answer", "answer", "correct", "correct", "publishSource", "withdraw"] as const),
  ),
  person: fc.constantFrom(...people),
  rule: fc.constantFrom("child", "kin"),
  event: fc.constantFrom("e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"),
  topic: fc.constantFrom("child", "kin", "all"),
  old: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 2 ** 53 - 1) },
  ),
  n: fc.nat(7),
  flag: fc.boolean(),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom("tax", "health", "courts", "ann", "bob", "carl"), { maxLength: 3 }),
});

describe("whatever agencies, assistants and people do", () => {
  test("nobody is told twice, against an opt-out, or by a version that is not in force; answers stand on what they cite", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = town();
        const version = new Map<string, number>();
        for (const rule of ["child", "kin"]) {
          it.act(rule, acts.publish, { publisher: "tax", rule, ...saying(), topic: rule }, signedBy("tax"));
          version.set(rule, 1);
        }
        it.act("the source", acts.publishSource, source(0), signedBy("tax"));
        let text = 1;
        const found = new Map<string, Found>();
        const rounds = new Map<string, number>();
        const toldBy = new Map<string, number>();
        const told = new Map<string, "sent" | "acknowledged">();
        const outs = new Set<string>();
        const given: string[] = [];
        let names = 0;
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.n))) expect(result.flags).toEqual([]);
            continue;
          }
          const name = s.person.slice(2);
          const now = Math.max(0, version.get(s.rule)! - s.old);
          const place = `${s.rule} ${s.event}`;
          const fresh = new Found(s.event, now, s.flag ? people : people.slice(s.n % 3), { rule: s.rule }, (rounds.get(place) ?? 0) + 1);
          const list = found.get(place) ?? fresh;
          const to = list.people.filter((_, i) => (s.n >> i) % 2 === 0 && i < 2);
          const asked = to.length === 0 ? list.people.slice(0, 1) : to;
          const acked = [...told].find(([, status]) => status === "sent")?.[0].split(" ") ?? [s.rule, s.event, s.person];
          const key = { publisher: "tax", rule: acked[0]!, event: acked[1]!, person: acked[2]! };
          const own = { publisher: "tax", answer: `a-${names}`, assistant: "g", topic: "t", words: seal(1, 1) };
          const cited = { ...own, cites: [cites(Math.max(0, text - s.old))] };
          const target = given[s.n % Math.max(1, given.length)] ?? "none";
          const is = (action: string, args: object, by: string): [string, object, string] => [`publications.${action}`, args, by];
          const [action, args, should] = {
            publish: () => is("publish", { publisher: "tax", rule: s.rule, ...saying(s.n), topic: s.flag ? s.rule : s.topic }, "tax"),
            evaluate: () =>
              is("evaluate", { ...fresh.evaluated(it.time + (s.n === 7 ? 5_000 : 0)), ...(s.n === 0 && { ground: "g" }) }, "tax"),
            send: () => is("send", list.sends(...asked), "tax"),
            acknowledge: () => is("acknowledge", key, key.person.slice(2)),
            optOut: () => is("optOut", { person: s.person, publisher: "tax", topic: s.topic, out: s.n === 0 }, name),
            suspend: () => ["eid.suspend", { principal: s.person, ground: "order-17" }, "courts"] as [string, object, string],
            publishSource: () => is("publishSource", source(s.flag ? text : s.n + 1), "tax"),
            answer: () => is("answer", cited, "tax"),
            correct: () => is("correct", { ...cited, corrects: target, ground: "g" }, "tax"),
            withdraw: () => is("withdraw", { publisher: "tax", answer: target, ground: "wrong" }, "tax"),
          }[s.act]();
          const signers = s.honest > 0 ? [should] : s.signers;
          const { outcome, code, flags } = it.submit([{ action: `${action}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (s.act === "suspend" && outcome === 0) it.act("restored", eid.restore, { principal: s.person }, signedBy("courts"));
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toContain(should);
          if (s.act === "publish") version.set(s.rule, version.get(s.rule)! + 1);
          if (s.act === "evaluate") {
            expect(now).toBe(version.get(s.rule));
            expect((toldBy.get(place) ?? 0) < now || s.n === 0 || !found.get(place)!.sent).toBe(true);
            rounds.set(place, fresh.round);
            found.set(place, fresh);
          }
          if (s.act === "send") {
            expect(list.of.version).toBe(version.get(s.rule));
            const left = (person: string): boolean => outs.has(`${person} ${s.rule}`) || outs.has(`${person} all`);
            expect(flags).toEqual(asked.some(left) ? ["publications.passed_over"] : []);
            const whom = asked.filter((person) => !left(person));
            expect(whom.length).toBeGreaterThan(0);
            list.sent = true;
            toldBy.set(place, list.of.version);
            for (const person of whom) {
              expect(told.has(`${place} ${person}`)).toBe(false);
              told.set(`${place} ${person}`, "sent");
            }
          }
          if (s.act === "acknowledge") told.set(`${key.rule} ${key.event} ${key.person}`, "acknowledged");
          if (s.act === "optOut" && s.n === 0) outs.add(`${s.person} ${s.topic}`);
          if (s.act === "optOut" && s.n !== 0) outs.delete(`${s.person} ${s.topic}`);
          if (s.act === "publishSource") text++;
          if (s.act === "answer" || s.act === "correct") {
            expect(s.old).toBe(0);
            given.push(`a-${names++}`);
          }
          if (s.act === "correct" || s.act === "withdraw") given.splice(given.indexOf(target), 1);
        }
        for (const [key, status] of told) {
          const [rule, event, person] = key.split(" ") as [string, string, string];
          const row = it.row(notices, "tax", rule, event, person)!;
          expect(row.$.status).toBe(status === "sent" && it.time >= row.by ? "unread" : status);
        }
        passes(it, "publications");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 30, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, count]) => count >= 20).length;
    expect(`${often} of 10 happen often: ${[...accepted].join(" ")}`).toMatch(/^10 /);
  });
});

everyRuleIsGiven(publications);
