// Consultation on draft law (service 39): opinions bound to the words they are about, all counted, answered before anybody certifies; whatever units, agencies,
// people and devices try.

import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import consultations, * as acts from "../../../src/contracts/participation/consultations.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";

const { articles, certificates, drafts, opinions, versions } = acts;
const bytes = (n: number): Bytes => new Uint8Array(32).fill(n);
const said = { root: bytes(9), size: 1 };
const act = { draft: "water-act", version: 1 };
type Stance = "in_favour" | "against" | "amend";

/** The courts draft; land and health are consulted, and health would succeed; tax registers. Ann, Bob and Carl; Ann as a taxpayer; a company and a device. */
function town(...names: string[]): Scenario {
  const roles = [grant("courts", "consultations.drafter"), grant("tax", "consultations.drafter"), grant("tax", "eid.registrar")];
  const successors = ["health", "courts"].map((agency) => grant(agency, "consultations.draft", "water-act"));
  const it = founded({ grants: [...roles, grant("health", "consultations.drafter"), ...successors, grant("courts", "eid.ministry")] });
  enrol(it, "courts", "participation", ...(names.length > 0 ? names : ["ann", "bob", "carl"]));
  enrol(it, "courts", "tax", "ann.tax");
  register(it, "tax", "c:mill");
  register(it, "tax", "d:meter");
  return it;
}
const draft = (it: Scenario, more: object = {}) => ({
  ...{ ...act, text: bytes(1), consulted: ["land", "health"], closes: it.time + days(30) },
  articles: [1, 2, 3].map((n) => ({ article: `art_${n}`, text: bytes(10 + n) })),
  ...more,
});
/** The members decide whether an agency drafts. */
function drafter(it: Scenario, agency: string, kind: "role.grant" | "role.revoke"): void {
  const proposal = `p-${it.height}`;
  const what = { kind, agency, role: "consultations.drafter", scope: "" };
  it.act("proposed", governance.propose, { proposal, member: "tax", ...what }, signedBy("tax"));
  for (const member of ["tax", "land", "health"]) it.act("yes", governance.vote, { proposal, member, vote: "yes" }, signedBy(member));
}
function published(): Scenario {
  const it = town();
  it.act("published", acts.publish, draft(it), signedBy("courts"));
  return it;
}
const on = (n: number, stance: Stance) => ({ article: `art_${n}`, stance, said });
const says = (who: string, ...what: ReturnType<typeof on>[]) => ({ ...act, text: bytes(1), author: `p:${who}`, opinions: what });
const counts = (in_favour: number, against: number, amend: number) => ({ in_favour, against, amend });
const countsOf = (it: Scenario, n: number) => {
  const { in_favour, against, amend } = it.row(articles, "water-act", 1, `art_${n}`)!;
  return [in_favour, against, amend];
};
const answer = (n: number, more: object = {}) => ({
  ...act,
  article: `art_${n}`,
  outcome: "partly" as const,
  ground: "costs",
  text: bytes(5),
  ...more,
});
const certificate = (agency: string, stated: object, more: object = {}) =>
  ({ ...act, agency, department: "water", process: "notice", result: "agrees", report: bytes(6), ...stated, ...more }) as any;

describe("a draft", () => {
  test("is its unit's, is open for a while that is neither short nor endless, and names whom it consults", () => {
    const it = town();
    const by = signedBy("courts");
    it.refused("by land", "engine.not_entitled", acts.publish, draft(it), signedBy("land"));
    it.refused("for a week less a day", "consultations.term_unfit", acts.publish, draft(it, { closes: it.time + days(6) }), by);
    it.refused("for years", "consultations.term_unfit", acts.publish, draft(it, { closes: it.time + days(400) }), by);
    for (const consulted of [["land", "land"], ["courts"], ["fire"]])
      it.refused(`consults ${consulted.join()}`, "consultations.consulted_unfit", acts.publish, draft(it, { consulted }), by);
    it.refused("as version 2", "consultations.not_next", acts.publish, draft(it, { version: 2 }), by);
    it.refused("without articles", "engine.args_invalid", acts.publish, draft(it, { articles: [] }), by);
    const twice = [1, 1].map((n) => ({ article: `art_${n}`, text: bytes(n) }));
    it.refused("an article twice", "engine.already_exists", acts.publish, draft(it, { articles: twice }), by);
    it.act("published", acts.publish, draft(it), by);
    it.refused("again", "consultations.not_next", acts.publish, draft(it), by);
    it.refused("version 2 in the same words", "consultations.not_next", acts.publish, draft(it, { version: 2 }), by);
    const second = draft(it, { version: 2, text: bytes(2) });
    it.refused("version 2 by tax", "consultations.not_unit", acts.publish, second, signedBy("tax"));
    const more = { ...act, articles: [{ article: "art_4", text: bytes(14) }] };
    it.refused("anchored by tax", "consultations.not_unit", acts.anchor, more, signedBy("tax"));
    it.act("anchored", acts.anchor, more, by);
    it.refused("anchored twice", "engine.already_exists", acts.anchor, more, by);
    it.refused("closed sooner", "consultations.term_unfit", acts.extend, { ...act, closes: it.time + days(8) }, by);
    it.refused("put off for years", "consultations.term_unfit", acts.extend, { ...act, closes: it.time + days(367) }, by);
    it.refused("by tax", "consultations.not_unit", acts.extend, { ...act, closes: it.time + days(40) }, signedBy("tax"));
    it.act("put off", acts.extend, { ...act, closes: it.time + days(40) }, by);
    expect(it.row(versions, "water-act", 1)).toMatchObject({ articles: 4, unit: "courts", opened: expect.any(Number) });
    it.advance(days(41));
    expect(it.row(versions, "water-act", 1)?.$.status).toBe("closed");
    const fifth = { ...more, articles: [{ article: "art_5", text: bytes(1) }] };
    it.refused("anchored then", "consultations.closed", acts.anchor, fifth, by);
    it.refused("put off then", "consultations.term_unfit", acts.extend, { ...act, closes: it.time + days(40) }, by);
    it.indexHolds();
  });

  test("of 200 articles fits one act, and more are anchored", () => {
    const it = town();
    const many = (from: number) => Array.from({ length: 200 }, (_, i) => ({ article: `art_${from + i}`, text: bytes(i % 250) }));
    it.act("published", acts.publish, draft(it, { articles: many(0) }), signedBy("courts"));
    it.act("anchored", acts.anchor, { ...act, articles: many(200) }, signedBy("courts"));
    expect(it.row(versions, "water-act", 1)?.articles).toBe(400);
    passes(it, "consultations");
  });

  test("is withdrawn by its unit, and what was said stays", () => {
    const it = published();
    it.act("Ann", acts.submit, says("ann", on(1, "against")), signedBy("ann"));
    const gone = { draft: "water-act", ground: "cabinet" };
    it.refused("by tax", "consultations.not_unit", acts.withdraw, gone, signedBy("tax"));
    it.act("withdrawn", acts.withdraw, gone, signedBy("courts"));
    it.refused("twice", "engine.illegal_move", acts.withdraw, gone, signedBy("courts"));
    it.refused("Bob", "consultations.draft_withdrawn", acts.submit, says("bob", on(1, "against")), signedBy("bob"));
    const second = draft(it, { version: 2, text: bytes(2) });
    it.refused("a new version", "consultations.draft_withdrawn", acts.publish, second, signedBy("courts"));
    expect([it.row(drafts, "water-act")?.ground, countsOf(it, 1)]).toEqual(["cabinet", [0, 1, 0]]);
    it.act("Ann takes hers back", acts.takeBack, { ...act, article: "art_1", author: "p:ann" }, signedBy("ann"));
    passes(it, "consultations");
  });
});

describe("a draft whose unit is gone", () => {
  test("is taken over by the agency that the members name for it, which answers what was said", () => {
    const it = town();
    const consulted = ["land"];
    for (const name of ["water-act", "wind-act"])
      it.act("published", acts.publish, draft(it, { draft: name, consulted }), signedBy("courts"));
    it.act("Ann", acts.submit, says("ann", on(1, "against")), signedBy("ann"));
    const over = { draft: "water-act" };
    it.refused("by who was not named", "engine.not_entitled", acts.takeOver, over, signedBy("land"));
    it.refused("while its unit drafts", "consultations.carried", acts.takeOver, over, signedBy("health"));
    drafter(it, "courts", "role.revoke");
    it.refused("another than it was named for", "engine.not_entitled", acts.takeOver, { draft: "wind-act" }, signedBy("health"));
    it.act("taken over", acts.takeOver, over, signedBy("health"));
    expect(it.row(drafts, "water-act")).toMatchObject({ unit: "health", from: 2 });
    it.refused("then health drafts", "consultations.carried", acts.takeOver, over, signedBy("health"));
    const opinion = it.row(opinions, "water-act", 1, "art_1", "p:ann") as any;
    const reads = (principal: string) =>
      it.registry.mayRead("consultations/opinion", opinion, { principal, kind: "agency", represents: true } as any, it.state, it.block);
    expect([reads("health"), reads("land")]).toEqual([true, false]);
    it.refused(
      "health on its own draft",
      "consultations.author_unfit",
      acts.submit,
      { ...says("x", on(1, "amend")), author: "health" },
      signedBy("health"),
    );
    it.advance(days(30));
    const summary = { ...act, summary: bytes(4), ...counts(0, 1, 0) };
    it.refused("by the former unit", "engine.not_entitled", acts.summarise, summary, signedBy("courts"));
    it.act("summarised", acts.summarise, summary, signedBy("health"));
    it.act("answered", acts.respond, answer(1), signedBy("health"));
    it.act("land", acts.certify, certificate("land", counts(0, 1, 0)), signedBy("land"));
    it.refused("the former unit", "consultations.not_consulted", acts.certify, certificate("courts", counts(0, 1, 0)), signedBy("courts"));
    it.act("health", acts.certify, certificate("health", counts(0, 1, 0)), signedBy("health"));
    expect(it.row(versions, "water-act", 1)).toMatchObject({ unit: "courts", $: { status: "certified" } });
    it.act("a further version", acts.publish, draft(it, { version: 2, text: bytes(2), consulted }), signedBy("health"));
    passes(it, "consultations");
    const finds = (...change: any[]) => (findsTampered as any)(it, "consultations", ...change);
    expect(finds(versions, ["water-act", 2], { unit: "tax" })).toEqual(["bound"]);
    expect(finds(certificates, ["water-act", 1, "health"], { unit: "tax" })).toEqual(["bound"]);
    expect(finds(drafts, ["water-act"], { from: 1 })).toEqual(["bound"]);
    it.indexHolds();
  });

  test("is certified by all though its successor was among those consulted", () => {
    const it = published();
    it.advance(days(30));
    const none = counts(0, 0, 0);
    it.act("summarised", acts.summarise, { ...act, summary: bytes(4), ...none }, signedBy("courts"));
    for (const agency of ["land", "health"]) it.act(agency, acts.certify, certificate(agency, none), signedBy(agency));
    drafter(it, "courts", "role.revoke");
    it.act("taken over", acts.takeOver, { draft: "water-act" }, signedBy("health"));
    passes(it, "consultations");
    it.act("health, now as the unit", acts.certify, certificate("health", none), signedBy("health"));
    expect(it.row(versions, "water-act", 1)).toMatchObject({ certificates: 2, $: { status: "certified" } });
    passes(it, "consultations");
  });
});

describe("an opinion", () => {
  test("is its author's own, bound to the words and the article it is about", () => {
    const it = published();
    const ann = says("ann", on(1, "amend"));
    it.refused("by Bob", "engine.signature_missing", acts.submit, ann, signedBy("bob"));
    it.refused("by the unit in her name", "engine.signature_missing", acts.submit, ann, signedBy("courts"));
    it.refused("on other words", "consultations.other_words", acts.submit, { ...ann, text: bytes(2) }, signedBy("ann"));
    it.refused("on no article", "consultations.no_such_article", acts.submit, says("ann", on(9, "amend")), signedBy("ann"));
    it.refused("on no version", "engine.not_found", acts.submit, { ...ann, version: 2 }, signedBy("ann"));
    it.refused("as a taxpayer, once more", "engine.other_sector", acts.submit, says("ann.tax", on(1, "amend")), signedBy("ann.tax"));
    const as = (author: string) => ({ ...ann, author });
    it.refused("of a device", "consultations.author_unfit", acts.submit, as("d:meter"), signedBy("meter"));
    it.refused("of the unit", "consultations.author_unfit", acts.submit, as("courts"), signedBy("courts"));
    it.act("Ann", acts.submit, ann, signedBy("ann"));
    it.act("the mill, on two", acts.submit, { ...as("c:mill"), opinions: [on(1, "against"), on(2, "in_favour")] }, signedBy("mill"));
    it.act("land", acts.submit, { ...as("land"), opinions: [on(1, "in_favour")] }, signedBy("land"));
    expect([countsOf(it, 1), countsOf(it, 2), countsOf(it, 3)]).toEqual([
      [1, 1, 1],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(it.row(versions, "water-act", 1)).toMatchObject({ ...counts(2, 1, 1), commented: 2 });
    expect(it.row(opinions, "water-act", 1, "art_1", "p:ann")).toMatchObject({ text: bytes(1), stance: "amend", unit: "courts" });
    passes(it, "consultations");
  });

  test("is one for each article: another replaces it, until the version closes; taken back it does not count", () => {
    const it = published();
    it.act("Ann is for it", acts.submit, says("ann", on(1, "in_favour")), signedBy("ann"));
    it.act("and then against", acts.submit, says("ann", on(1, "against")), signedBy("ann"));
    it.act("thrice in one act", acts.submit, says("ann", on(1, "amend"), on(1, "against"), on(2, "amend")), signedBy("ann"));
    expect([countsOf(it, 1), countsOf(it, 2)]).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const back = { ...act, article: "art_2", author: "p:ann" };
    it.refused("Bob takes hers back", "engine.signature_missing", acts.takeBack, back, signedBy("bob"));
    it.act("Ann", acts.takeBack, back, signedBy("ann"));
    it.refused("twice", "engine.illegal_move", acts.takeBack, back, signedBy("ann"));
    expect(it.row(versions, "water-act", 1)).toMatchObject({ ...counts(0, 1, 0), commented: 1 });
    it.act("she is for it after all", acts.submit, says("ann", on(2, "in_favour")), signedBy("ann"));
    it.advance(days(30));
    it.refused("too late", "consultations.closed", acts.submit, says("ann", on(2, "against")), signedBy("ann"));
    it.refused("too late to take back", "consultations.closed", acts.takeBack, back, signedBy("ann"));
    expect(it.row(opinions, "water-act", 1, "art_1", "p:ann")?.$.revision).toBe(3);
    passes(it, "consultations");
  });

  test("stays with its version: a new one takes none along and closes none", () => {
    const it = published();
    it.act("Ann", acts.submit, says("ann", on(1, "against")), signedBy("ann"));
    it.act("version 2", acts.publish, draft(it, { version: 2, text: bytes(2) }), signedBy("courts"));
    expect(it.row(versions, "water-act", 2)).toMatchObject({ ...counts(0, 0, 0), commented: 0 });
    const second = { ...says("ann", on(1, "in_favour")), version: 2 };
    it.refused("by the old words", "consultations.other_words", acts.submit, second, signedBy("ann"));
    it.act("Ann on version 2", acts.submit, { ...second, text: bytes(2) }, signedBy("ann"));
    it.act("Bob still on version 1", acts.submit, says("bob", on(1, "against")), signedBy("bob"));
    expect([countsOf(it, 1), it.row(articles, "water-act", 2, "art_1")?.in_favour]).toEqual([[0, 2, 0], 1]);
    it.advance(days(31));
    // The second is not summarised: what was said of the first waits for its answer.
    const two = { ...act, version: 2, summary: bytes(4), ...counts(1, 0, 0) };
    it.refused("summarised", "consultations.unanswered", acts.summarise, two, signedBy("courts"));
    it.act("the first", acts.summarise, { ...act, summary: bytes(4), ...counts(0, 2, 0) }, signedBy("courts"));
    it.refused("summarised", "consultations.unanswered", acts.summarise, two, signedBy("courts"));
    it.act("and answered", acts.respond, answer(1), signedBy("courts"));
    it.act("summarised", acts.summarise, two, signedBy("courts"));
    it.act("answered", acts.respond, answer(1, { version: 2 }), signedBy("courts"));
    it.act("land", acts.certify, certificate("land", counts(1, 0, 0), { version: 2 }), signedBy("land"));
    passes(it, "consultations");
  });

  test("is not left behind by later versions on which nobody spoke, however many", () => {
    const it = published();
    it.act("Ann", acts.submit, says("ann", on(1, "against")), signedBy("ann"));
    for (const version of [2, 3]) it.act("at once", acts.publish, draft(it, { version, text: bytes(version) }), signedBy("courts"));
    it.advance(days(30));
    const of = (version: number, n: number) => ({ ...act, version, summary: bytes(4), ...counts(0, n, 0) });
    for (const version of [2, 3])
      it.refused("the first is unanswered", "consultations.unanswered", acts.summarise, of(version, 0), signedBy("courts"));
    it.act("the first", acts.summarise, of(1, 1), signedBy("courts"));
    it.act("answered", acts.respond, answer(1), signedBy("courts"));
    for (const version of [2, 3]) it.act("then the others", acts.summarise, of(version, 0), signedBy("courts"));
    it.act("the third is certified", acts.certify, certificate("land", counts(0, 0, 0), { version: 3 }), signedBy("land"));
    // It rests on all three.
    for (const version of [1, 2, 3])
      it.refused("another summary", "consultations.certified", acts.summarise, of(version, version === 1 ? 1 : 0), signedBy("courts"));
    it.refused("another answer", "consultations.certified", acts.respond, answer(1, { outcome: "declined" }), signedBy("courts"));
    it.act("an earlier one is certified as well", acts.certify, certificate("land", counts(0, 1, 0)), signedBy("land"));
    expect(it.row(drafts, "water-act")?.certified).toBe(3);
    it.act("a fourth", acts.publish, draft(it, { version: 4, text: bytes(4) }), signedBy("courts"));
    it.advance(days(30));
    it.act("is summarised", acts.summarise, of(4, 0), signedBy("courts"));
    passes(it, "consultations");
    const finds = (...change: any[]) => (findsTampered as any)(it, "consultations", ...change);
    expect(finds(drafts, ["water-act"], { certified: 2 })).toEqual(["bound"]);
    expect(finds(versions, ["water-act", 1], { summary: undefined, $status: "closed" })).toEqual(["bound"]);
  });

  test("has seven days at least, on every article, and its time is the clock's though closing waits", () => {
    const it = town();
    const closes = it.time + days(8);
    const many = Array.from({ length: 140 }, (_, i) => `d-${i}`);
    for (const name of many) it.act("published", acts.publish, draft(it, { draft: name, closes }), signedBy("courts"));
    const more = { draft: "d-0", version: 1, articles: [{ article: "art_4", text: bytes(14) }] };
    it.advance(days(1) + 1);
    it.refused("an article for less than seven days", "consultations.term_unfit", acts.anchor, more, signedBy("courts"));
    it.act("put off", acts.extend, { draft: "d-0", version: 1, closes: it.time + days(8) }, signedBy("courts"));
    it.act("for seven", acts.anchor, more, signedBy("courts"));
    it.time = closes;
    const behind = { draft: "d-9", version: 1 }; // its turn comes last
    it.refused(
      "put off after its time",
      "consultations.term_unfit",
      acts.extend,
      { ...behind, closes: closes + days(9) },
      signedBy("courts"),
    );
    it.refused("anchored then", "consultations.closed", acts.anchor, { ...more, ...behind }, signedBy("courts"));
    expect(it.row(versions, "d-9", 1)?.$.status).toBe("open");
    it.indexHolds();
  });
});

describe("after closing", () => {
  /** Ann and Bob on article 1, Ann on article 2; closed. */
  function closed(): Scenario {
    const it = published();
    it.act("Ann", acts.submit, says("ann", on(1, "against"), on(2, "amend")), signedBy("ann"));
    it.act("Bob", acts.submit, says("bob", on(1, "in_favour")), signedBy("bob"));
    it.advance(days(30));
    return it;
  }
  const all = counts(1, 1, 1);
  const summary = { ...act, summary: bytes(4), ...all };

  test("opinions are summarised as they were counted, then answered, then certified by each", () => {
    const it = published();
    it.refused("summarised while open", "consultations.not_yet", acts.summarise, { ...summary, ...counts(0, 0, 0) }, signedBy("courts"));
    const now = closed();
    now.refused("answered first", "consultations.not_yet", acts.respond, answer(1), signedBy("courts"));
    now.refused("by tax", "consultations.not_unit", acts.summarise, summary, signedBy("tax"));
    now.refused("one left out", "consultations.miscounted", acts.summarise, { ...summary, against: 0 }, signedBy("courts"));
    now.refused("certified", "consultations.not_yet", acts.certify, certificate("land", all), signedBy("land"));
    now.act("summarised", acts.summarise, summary, signedBy("courts"));
    now.act("mended", acts.summarise, { ...summary, summary: bytes(7) }, signedBy("courts"));
    now.refused("answered by tax", "consultations.not_unit", acts.respond, answer(1), signedBy("tax"));
    now.refused("on what nobody said", "consultations.nothing_said", acts.respond, answer(3), signedBy("courts"));
    now.refused("on no article", "consultations.no_such_article", acts.respond, answer(9), signedBy("courts"));
    now.act("article 1", acts.respond, answer(1), signedBy("courts"));
    now.act("otherwise", acts.respond, answer(1, { outcome: "adopted" }), signedBy("courts"));
    now.refused("one is unanswered", "consultations.unanswered", acts.certify, certificate("land", all), signedBy("land"));
    now.act("article 2", acts.respond, answer(2, { outcome: "declined" }), signedBy("courts"));
    now.refused("by tax", "consultations.not_consulted", acts.certify, certificate("tax", all), signedBy("tax"));
    now.refused("in land's name", "engine.signature_missing", acts.certify, certificate("land", all), signedBy("courts"));
    now.refused("with other counts", "consultations.miscounted", acts.certify, certificate("land", counts(3, 0, 0)), signedBy("land"));
    now.act("land", acts.certify, certificate("land", all), signedBy("land"));
    now.refused("another summary", "consultations.certified", acts.summarise, summary, signedBy("courts"));
    now.refused("another answer", "consultations.certified", acts.respond, answer(1), signedBy("courts"));
    now.act("land, mended", acts.certify, certificate("land", all, { result: "objects" }), signedBy("land"));
    now.act("health", acts.certify, certificate("health", all), signedBy("health"));
    expect(now.row(versions, "water-act", 1)?.$.status).toBe("summarised");
    now.act("the unit", acts.certify, certificate("courts", all), signedBy("courts"));
    expect(now.row(versions, "water-act", 1)).toMatchObject({ certificates: 3, $: { status: "certified" } });
    const { opened, closes } = now.row(versions, "water-act", 1)!;
    const states = { result: "objects", process: "notice", unit: "courts", department: "water", opened, closed: closes, issue: 2, ...all };
    expect(now.row(certificates, "water-act", 1, "land")).toMatchObject(states);
    now.act("land, mended again", acts.certify, certificate("land", all), signedBy("land"));
    expect(now.advance(days(100))).toEqual([]);
    passes(now, "consultations");
  });

  test("a unit that does not answer within 60 days is overdue, and says so; it may still answer", () => {
    const it = closed();
    it.advance(days(59));
    expect(it.row(versions, "water-act", 1)?.overdue).toBe(undefined);
    it.act("summarised", acts.summarise, summary, signedBy("courts"));
    expect(it.advance(days(1)).map(({ name }) => name)).toEqual(["closing"]);
    expect(it.row(versions, "water-act", 1)?.overdue).toBe(true);
    expect(it.advance(days(100))).toEqual([]);
    for (const n of [1, 2]) it.act("answered", acts.respond, answer(n), signedBy("courts"));
    it.act("certified", acts.certify, certificate("land", all), signedBy("land"));
    passes(it, "consultations");
    it.indexHolds();
  });

  test("on which nobody spoke there is nothing to answer", () => {
    const it = published();
    it.advance(days(30));
    it.act("summarised", acts.summarise, { ...summary, ...counts(0, 0, 0) }, signedBy("courts"));
    it.act("certified", acts.certify, certificate("courts", counts(0, 0, 0)), signedBy("courts"));
    expect(it.advance(days(100))).toEqual([]);
  });

  test("an audit finds a row that the rules did not make", () => {
    const it = closed();
    it.act("summarised", acts.summarise, summary, signedBy("courts"));
    for (const n of [1, 2]) it.act("answered", acts.respond, answer(n), signedBy("courts"));
    it.act("certified", acts.certify, certificate("land", all), signedBy("land"));
    passes(it, "consultations");
    expect(audit(it, "consultations")[0]?.figures).toEqual({ opinions: 3 });
    const finds = (...change: any[]) => (findsTampered as any)(it, "consultations", ...change);
    const ann = ["water-act", 1, "art_1", "p:ann"];
    expect(finds(opinions, ann, { stance: "in_favour" })).toEqual(["counting"]);
    expect(finds(opinions, ann, { $status: "taken_back" })).toEqual(["counting"]);
    expect(finds(opinions, ann, { text: bytes(2) })).toEqual(["bound"]);
    expect(finds(opinions, ann, { given: it.time })).toEqual(["bound"]);
    expect(finds(articles, ["water-act", 1, "art_1"], { against: 0 })).toEqual(["counting"]);
    expect(finds(versions, ["water-act", 1], { against: 0 })).toEqual(["counting"]);
    expect(finds(versions, ["water-act", 1], { answered: 1 })).toEqual(["counting", "bound"]);
    expect(finds(versions, ["water-act", 1], { certificates: 2 })).toEqual(["bound"]);
    expect(finds(certificates, ["water-act", 1, "land"], { amend: 0 })).toEqual(["counting"]);
    expect(finds(certificates, ["water-act", 1, "land"], { issued: 0 })).toEqual(["bound"]);
    expect(finds(drafts, ["water-act"], { unit: "tax" })).toEqual(["bound"]);
  });
});

test("drafts, counts, answers and certificates are public; who said what is for the unit and who said it, and the words are sealed", () => {
  const readers = Object.fromEntries(consultations.options.records.map(({ name, options }) => [name, options.read]));
  expect(readers).toEqual({
    draft: "public",
    opinion: ["author", "unit", "draft"],
    article: "public",
    version: "public",
    certificate: "public",
  });
  expect(opinions.fields.said.shape.kind).toBe("sealed");
});

test("the acts of its reference page are a story that happens", () => {
  const roles = ["consultations.drafter", "eid.ministry"].map((role) => grant("tax", role));
  const it = founded({ grants: [...roles, grant("land", "consultations.draft", "water-act")] });
  enrol(it, "tax", "participation", "ann.participation");
  const example = (action: { readonly options: { readonly example?: any } }): any => action.options.example;
  it.act("published", acts.publish, example(acts.publish), signedBy("tax"));
  it.act("anchored", acts.anchor, example(acts.anchor), signedBy("tax"));
  it.act("put off", acts.extend, example(acts.extend), signedBy("tax"));
  it.act("said", acts.submit, example(acts.submit), signedBy("ann.participation"));
  it.act("taken back", acts.takeBack, example(acts.takeBack), signedBy("ann.participation"));
  it.act("said again", acts.submit, example(acts.submit), signedBy("ann.participation"));
  it.advance(days(60));
  const one = counts(0, 0, 1);
  it.act("summarised", acts.summarise, { ...example(acts.summarise), ...one }, signedBy("tax"));
  it.act("answered", acts.respond, example(acts.respond), signedBy("tax"));
  it.act("certified", acts.certify, { ...example(acts.certify), ...one }, signedBy("land"));
  it.act("withdrawn", acts.withdraw, example(acts.withdraw), signedBy("tax"));
  drafter(it, "tax", "role.revoke");
  it.act("taken over", acts.takeOver, example(acts.takeOver), signedBy("land"));
});

// ── real consultations ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const data = new URL("../../../../shared/data/", import.meta.url);
const bill = (file: string): { text: Bytes; anchors: { article: string; text: Bytes }[] } => {
  const xml = readFileSync(new URL(`akoma-ntoso/${file}`, data), "utf8");
  const found = [...xml.matchAll(/<(?:an:)?article\b[^>]*\beId="([^"]+)"[\s\S]*?<\/(?:an:)?article>/g)];
  return { text: sha256(utf8(xml)), anchors: found.map(([words, name]) => ({ article: name!, text: sha256(utf8(words)) })) };
};
test.skipIf(!existsSync(data))(
  "bills of Uruguay and Italy are published by the anchors that they have (skipped without ../shared/data)",
  () => {
    const it = town();
    const found = ["uy_bill_2010-09-27.xml", "it_senato_ddl_2013.xml"].map((file) => {
      const { text, anchors } = bill(file);
      const name = { draft: file.slice(0, 2), version: 1 };
      it.act(file, acts.publish, { ...draft(it), ...name, text, articles: anchors }, signedBy("courts"));
      const speaks = anchors.slice(0, 16).map(({ article }) => ({ article, stance: "amend" as const, said }));
      it.act("Ann", acts.submit, { ...name, text, author: "p:ann", opinions: speaks }, signedBy("ann"));
      return anchors.length;
    });
    expect(found.every((count) => count >= 3)).toBe(true);
    passes(it, "consultations");
  },
);

test.skipIf(!existsSync(data) || process.env["CHANCERY_QUICK"] === "1")(
  "the consultation on UberX (vTaiwan): 197 statements, each participant's votes as opinions; the counts are its own (skipped without ../shared/data)",
  () => {
    const rows = readFileSync(new URL("polis-vtaiwan/participants-votes.csv", data), "utf8").trim().split("\n");
    const every = process.env["CHANCERY_LONG"] === "1" ? 1 : 20;
    const votes = rows
      .slice(1)
      .map((row) => row.split(","))
      .filter((_, i) => i % every === 0);
    const names = votes.map(([name]) => `v${name!}`);
    const it = town(...names.slice(0, 32));
    for (let i = 32; i < names.length; i += 32) enrol(it, "courts", "participation", ...names.slice(i, i + 32));
    const statements = Array.from({ length: 197 }, (_, i) => ({ article: `s_${i}`, text: sha256(utf8(`s_${i}`)) }));
    it.act("published", acts.publish, draft(it, { articles: statements }), signedBy("courts"));
    const expected = { in_favour: 0, against: 0 };
    for (const [i, row] of votes.entries()) {
      const own = row.slice(6).flatMap((vote, n) => {
        const stance = ({ "1": "in_favour", "-1": "against" } as const)[vote.trim()]; // 0 is a pass: no opinion
        return stance === undefined ? [] : [{ article: `s_${n}`, stance, said }];
      });
      for (const { stance } of own) expected[stance]++;
      for (let n = 0; n < own.length; n += 16) {
        const part = own.slice(n, n + 16);
        it.act("votes", acts.submit, { ...act, text: bytes(1), author: `p:${names[i]!}`, opinions: part }, signedBy(names[i]!));
      }
    }
    expect(it.row(versions, "water-act", 1)).toMatchObject({ ...expected, amend: 0 });
    expect(expected.in_favour + expected.against).toBeGreaterThan(1_000);
    it.advance(days(31));
    it.act("summarised", acts.summarise, { ...act, summary: bytes(4), ...expected, amend: 0 }, signedBy("courts"));
    passes(it, "consultations");
  },
);

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "p:carl", "c:mill", "land", "courts", "d:meter", "p:ann.tax"] as const;
const step = fc.record({
  act: fc.constantFrom(
    ...(["submit", "submit", "submit", "submit", "submit", "submit", "takeBack", "takeBack", "wait", "summarise", "summarise"] as const),
    ...(["respond", "respond", "respond", "certify", "certify", "certify", "publish", "anchor", "extend"] as const),
    ...(["dismiss", "takeOver", "takeOver"] as const),
  ),
  who: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...people.slice(0, 5)) }, { weight: 1, arbitrary: fc.constantFrom(...people) }),
  agency: fc.constantFrom("courts", "land", "health", "tax"),
  version: fc.constantFrom(0, 0, 0, 1, 1, 2),
  picks: fc.array(fc.record({ n: fc.nat(4), stance: fc.constantFrom("in_favour", "against", "amend") }), { minLength: 1, maxLength: 4 }),
  off: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, -1, 2 ** 53 - 1) }),
  days: fc.constantFrom(1, 3, 3, 8, 20),
  n: fc.nat(7),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom("courts", "land", "health", "tax", "ann", "bob", "mill"), { maxLength: 3 }),
});

describe("whatever units, agencies and people do", () => {
  test("every opinion is counted once, on the words it is about, while they are open; nothing is certified unanswered or miscounted", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = town();
        // The model: of each version its end, whom it asks, its articles, and who says what of each.
        type Kept = {
          unit: string;
          consulted: string[];
          closes: number;
          anchored: Set<string>;
          said: Map<string, string>;
          answered: Set<string>;
          summarised: boolean;
          certified: Set<string>;
          all: boolean;
        };
        const kept: Kept[] = [];
        let unit = "courts";
        let isDrafter = true;
        let mayDraft = new Set(["courts", "health"]);
        const other = () => (unit === "courts" ? "health" : "courts");
        const fresh = (closes: number): Kept => ({
          ...{ unit, consulted: ["land", other()].filter((who) => who !== "courts"), closes, all: false },
          anchored: new Set(["1", "2", "3"]),
          said: new Map(),
          answered: new Set(),
          summarised: false,
          certified: new Set(),
        });
        kept.push(fresh(it.time + days(10)));
        it.act("published", acts.publish, draft(it, { closes: kept[0]!.closes }), signedBy("courts"));
        const tally = (of: Kept) => {
          const so = { in_favour: 0, against: 0, amend: 0 };
          for (const stance of of.said.values()) so[stance as Stance]++;
          return so;
        };
        const open = (of: Kept): string[] =>
          [...new Set([...of.said.keys()].map((key) => key.split(" ")[0]!))].filter((n) => !of.answered.has(n));
        const rests = (number: number) => kept.slice(number - 1).some((one) => one.certified.size > 0);
        for (const s of steps) {
          total++;
          if (s.act === "dismiss") {
            if (!isDrafter || s.n > 2) continue;
            drafter(it, unit, "role.revoke");
            if (!mayDraft.has(other())) drafter(it, other(), "role.grant");
            mayDraft = new Set([other()]);
            isDrafter = false;
            continue;
          }
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.days))) expect(result.flags).toEqual([]);
            continue;
          }
          const number = Math.max(1, kept.length - s.version);
          const of = kept[number - 1]!;
          const at = { draft: "water-act", version: number };
          const key = s.who.startsWith("p:") || s.who[1] === ":" ? s.who.slice(2) : s.who;
          const text = bytes(number);
          const stated = { ...tally(of), amend: Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, tally(of).amend + s.off)) };
          const pending = open(of);
          const article = pending[s.n % Math.max(1, pending.length)] ?? "1";
          const mine = [...of.said.keys()].filter((place) => place.endsWith(` ${s.who}`)).map((place) => place.split(" ")[0]!);
          const consulted = ["land", other()].filter((who) => who !== "courts");
          const next = {
            ...draft(it),
            consulted,
            version: kept.length + 1 + (s.off === 1 ? 1 : 0),
            text: bytes(kept.length + (s.n === 7 ? 0 : 1)),
          };
          const closes = s.off > 1 ? Number.MAX_SAFE_INTEGER : it.time + days(s.days);
          const is = (action: string, args: object, by: string): [string, object, string] => [action, args, by];
          // Its unit may take a draft over itself, to no avail.
          const taker = s.honest === 0 && s.signers.some((who) => who === unit) ? unit : other();
          const [action, args, should] = {
            submit: () =>
              is(
                "submit",
                {
                  ...at,
                  text: s.n === 7 ? bytes(number + 1) : text,
                  author: s.who,
                  opinions: s.picks.map(({ n, stance }) => on(n + (n === 0 ? 1 : 0), stance)),
                },
                key,
              ),
            takeBack: () => is("takeBack", { ...at, article: `art_${mine[0] ?? "1"}`, author: s.who }, key),
            summarise: () => is("summarise", { ...at, summary: bytes(3), ...stated }, unit),
            respond: () => is("respond", { ...at, article: `art_${article}`, outcome: "declined", ground: "g", text: bytes(3) }, unit),
            certify: () => is("certify", certificate(s.agency, stated, at), s.agency),
            publish: () => is("publish", { ...next, closes }, unit),
            anchor: () => is("anchor", { ...at, articles: [{ article: "art_4", text: bytes(4) }] }, unit),
            takeOver: () => is("takeOver", { draft: "water-act" }, taker),
            extend: () => is("extend", { ...at, closes }, unit),
          }[s.act]();
          const signers = s.honest > 0 ? [should] : s.signers;
          const { outcome, code } = it.submit([{ action: `consultations.${action}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toContain(should);
          if (should === unit && !["submit", "takeBack", "certify", "takeOver"].includes(s.act)) expect(isDrafter).toBe(true);
          if (["submit", "takeBack", "extend"].includes(s.act)) expect(it.time).toBeLessThan(of.closes);
          if (s.act === "anchor") expect(it.time + days(7)).toBeLessThanOrEqual(of.closes);
          if (s.act === "submit") {
            expect([s.n === 7, [unit, "d:meter", "p:ann.tax"].includes(s.who)]).toEqual([false, false]);
            for (const { n, stance } of s.picks) {
              expect(of.anchored.has(`${Math.max(1, n)}`)).toBe(true);
              of.said.set(`${Math.max(1, n)} ${s.who}`, stance);
            }
          }
          if (s.act === "takeBack") expect(of.said.delete(`${mine[0] ?? "1"} ${s.who}`)).toBe(true);
          if (s.act === "summarise") {
            const before = kept.slice(0, number - 1).every((one) => one.summarised && open(one).length === 0);
            expect([it.time >= of.closes, before, rests(number), stated]).toEqual([true, true, false, tally(of)]);
            of.summarised = true;
          }
          if (s.act === "respond") {
            expect([of.summarised, rests(number)]).toEqual([true, false]);
            of.answered.add(article);
          }
          if (s.act === "certify") {
            expect(kept.slice(0, number).every((one) => one.summarised && open(one).length === 0)).toBe(true);
            expect([stated, [unit, ...of.consulted].includes(s.agency)]).toEqual([tally(of), true]);
            of.certified.add(s.agency);
            of.all ||= [unit, ...of.consulted].every((who) => of.certified.has(who));
          }
          if (s.act === "publish") kept.push(fresh(closes));
          if (s.act === "takeOver") {
            expect(isDrafter).toBe(false);
            unit = should;
            isDrafter = mayDraft.has(unit);
          }
          if (s.act === "anchor") of.anchored.add("4");
          if (s.act === "extend") {
            expect(closes).toBeGreaterThan(of.closes);
            of.closes = closes;
          }
        }
        for (const [i, of] of kept.entries()) {
          const row = it.row(versions, "water-act", i + 1)!;
          expect(row).toMatchObject({ ...tally(of), closes: of.closes, articles: of.anchored.size, certificates: of.certified.size });
          expect([row.unit, row.consulted]).toEqual([of.unit, of.consulted]);
          const status = of.all ? "certified" : of.summarised ? "summarised" : it.time >= of.closes ? "closed" : "open";
          expect(row.$.status).toBe(status);
        }
        passes(it, "consultations");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 39, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, count]) => count >= 20).length;
    expect(`${often} of 9 happen often: ${[...accepted].join(" ")}`).toMatch(/^9 /);
  });
});

everyRuleIsGiven(consultations);
