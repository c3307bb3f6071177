// Trustees' keys: a key is made step by step, and whoever spoils it is named; then histories at random.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { IDENTITY, multiplyBase } from "../../../src/base/ristretto.ts";
import { agency, anyone, contract, hours, id, minutes } from "../../../src/contracts/engine/index.ts";
import { composition } from "../../../src/contracts/all.ts";
import ceremony, * as acts from "../../../src/contracts/platform/ceremonies.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, genesisOf, grant, register } from "./founders.ts";
import { plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";
import { hold, Trustees, useSodium } from "./trustees.ts";

const { ceremonies, trustees } = acts;
beforeAll(useSodium);

function city(): Scenario {
  const ofPersons = ["eid.ministry", "eid.registrar"].map((role) => grant("courts", role));
  return founded({ observers: ["water"], grants: [grant("tax", "ceremonies.office"), ...ofPersons] });
}
const three = (town: Scenario): Trustees => new Trustees(town.network, "t-1", ["courts", "land", "health"], 2);
const ceremonyOf = (town: Scenario) => town.row(ceremonies, "t-1")!;

describe("trustees", () => {
  it("are called by an office: registered, each once, more than half of them needed, each step with its time", () => {
    const town = city();
    const call = three(town).open(town);
    town.refused("by who is no office", "engine.not_entitled", acts.open, call, signedBy("land"));
    for (const [says, wrong] of [
      ["one is nobody", { trustees: ["courts", "land", "nobody"] }],
      ["one stands twice", { trustees: ["courts", "land", "courts"] }],
      ["the office itself is one", { trustees: ["courts", "land", "tax"] }],
      ["half of them", { trustees: ["courts", "land", "health", "water"] }],
      ["more than there are", { threshold: 4 }],
    ] as const)
      town.refused(says, "ceremonies.trustees_unfit", acts.open, { ...call, ...wrong }, signedBy("tax"));
    enrol(town, "courts", "identity", "ann");
    register(town, "courts", "c:acme");
    for (const [says, wrong] of [
      ["one alone would read all", { trustees: ["courts"], threshold: 1 }],
      ["a person is several, by a name in each sector", { trustees: ["courts", "land", "p:ann"] }],
      ["and whoever has a company is one more", { trustees: ["courts", "land", "c:acme"] }],
    ] as const)
      town.refused(says, "engine.args_invalid", acts.open, { ...call, ...wrong }, signedBy("tax"));
    for (const wrong of [
      { commit_until: town.time + minutes(10) },
      { reveal_until: call.commit_until + minutes(10) - 1 },
      { accept_until: call.reveal_until },
    ])
      town.refused("too little time", "ceremonies.deadlines_unfit", acts.open, { ...call, ...wrong }, signedBy("tax"));
    town.act("called", acts.open, call, signedBy("tax"));
    town.refused("once", "engine.already_exists", acts.open, call, signedBy("tax"));
    expect(ceremonyOf(town)).toMatchObject({ office: "tax", done: 0, named: [], $: { status: "committing" } });
  });

  it("make a key that nobody knows: all commit, then reveal, then accept", () => {
    const town = city();
    const of = three(town);
    const four = new Trustees(town.network, "t-1", [...of.names, "water"], 3);
    town.act("called", acts.open, of.open(town), signedBy("tax"));
    town.refused("in another's name", "ceremonies.not_trustee", acts.commit, of.commit(1), signedBy("land"));
    town.refused("at a place that is not", "ceremonies.not_trustee", acts.commit, four.commit(4), signedBy("water"));
    town.refused(
      "without holding the key",
      "ceremonies.key_unproved",
      acts.commit,
      { ...of.commit(1), key: of.points[1]![0]! },
      signedBy("courts"),
    );
    town.refused(
      "by another's proof",
      "ceremonies.key_unproved",
      acts.commit,
      { ...of.commit(1), proof: of.commit(2).proof },
      signedBy("courts"),
    );
    town.act("the courts commit", acts.commit, of.commit(1), signedBy("courts"));
    town.refused("once", "engine.already_exists", acts.commit, of.commit(1), signedBy("courts"));
    town.refused("nothing is revealed before all have committed", "ceremonies.other_step", acts.reveal, of.reveal(1), signedBy("courts"));
    town.act("the land office", acts.commit, of.commit(2), signedBy("land"));
    town.act("and the health office", acts.commit, of.commit(3), signedBy("health"));
    town.refused("too late to commit", "ceremonies.other_step", acts.commit, of.commit(1), signedBy("courts"));

    const dealt = of.reveal(1);
    const other = new Trustees(town.network, "t-1", of.names, 2);
    town.refused("something else than committed to", "ceremonies.commitment_broken", acts.reveal, other.reveal(1), signedBy("courts"));
    for (const [says, wrong] of [
      ["a point too few", { points: dealt.points.slice(1), proof: dealt.proof }],
      ["a share too few", { shares: dealt.shares.slice(1) }],
      ["by another's proof", { proof: of.reveal(2).proof }],
      ["the identity among its points", { points: [dealt.points[0]!, IDENTITY] }],
      ["a share that is no point", { shares: [{ ...dealt.shares[0]!, point: IDENTITY }, dealt.shares[1]!] }],
    ] as const)
      town.refused(says, "ceremonies.dealing_unsound", acts.reveal, { ...dealt, ...wrong }, signedBy("courts"));
    town.act("the courts reveal", acts.reveal, dealt, signedBy("courts"));
    town.refused("once", "engine.illegal_move", acts.reveal, dealt, signedBy("courts"));
    town.refused("nobody accepts yet", "ceremonies.other_step", acts.accept, { ceremony: "t-1", index: 1 }, signedBy("courts"));
    town.act("the land office", acts.reveal, of.reveal(2), signedBy("land"));
    town.act("and the health office", acts.reveal, of.reveal(3), signedBy("health"));

    town.act("the courts accept", acts.accept, { ceremony: "t-1", index: 1 }, signedBy("courts"));
    town.refused("once", "engine.illegal_move", acts.accept, { ceremony: "t-1", index: 1 }, signedBy("courts"));
    town.act("the land office too", acts.accept, { ceremony: "t-1", index: 2 }, signedBy("land"));
    town.refused("not without the health office", "ceremonies.other_step", acts.complete, of.complete(1), signedBy("courts"));
    town.act("and the health office", acts.accept, { ceremony: "t-1", index: 3 }, signedBy("health"));
    const whole = of.complete(2);
    for (const [says, wrong] of [
      ["another key", { key: multiplyBase(7n) }],
      ["another part", { verification: [...whole.verification.slice(1), whole.key] }],
      ["a part too few", { verification: whole.verification.slice(1) }],
      ["from some dealings only", { dealings: whole.dealings.slice(1) }],
      ["from other dealings", { dealings: other.complete(2).dealings, ...other.joint }],
      ["from dealings of different length", { dealings: [{ points: [whole.key] }, ...whole.dealings.slice(1)] }],
    ] as const)
      town.refused(says, "ceremonies.key_wrong", acts.complete, { ...whole, ...wrong }, signedBy("land"));
    town.refused("by who is no trustee", "ceremonies.not_trustee", acts.complete, whole, signedBy("water"));
    town.act("the key is made", acts.complete, whole, signedBy("land"));
    town.refused("once", "ceremonies.other_step", acts.complete, whole, signedBy("land"));
    expect(hex(ceremonyOf(town).key!)).toBe(hex(of.joint.key));
    expect(ceremonyOf(town).verification!.map(hex)).toEqual([1, 2, 3].map((j) => hex(multiplyBase(of.secret(j)))));
    expect(town.advance(hours(9))).toEqual([]); // nobody is late any more
    passes(town, "ceremonies");
  });

  it("refuse a key chosen by the last to reveal: he would have to know what he adds", () => {
    const town = city();
    const of = three(town);
    town.act("called", acts.open, of.open(town), signedBy("tax"));
    for (const [i, name] of ["courts", "land", "health"].entries()) town.act(name, acts.commit, of.commit(i + 1), signedBy(name));
    const chosen = { ...of.reveal(3), points: [multiplyBase(1n), of.points[2]![1]!] };
    town.refused("a rogue key", "ceremonies.dealing_unsound", acts.reveal, chosen, signedBy("health"));
  });

  it("name who deals a false share; a false complaint names nobody", () => {
    const town = city();
    const of = three(town);
    const names = ["courts", "land", "health"];
    town.act("called", acts.open, of.open(town), signedBy("tax"));
    for (const [i, name] of names.entries()) town.act(`${name} commits`, acts.commit, of.commit(i + 1), signedBy(name));
    for (const [i, name] of names.entries())
      town.act(`${name} reveals`, acts.reveal, of.reveal(i + 1, i === 1 ? 3 : undefined), signedBy(name));
    const complaint = of.complain(3, 2);
    for (const [says, wrong] of [
      ["the health office complains of a share that fits", of.complain(3, 1)],
      ["of its own", { ...complaint, dealer: 3 }],
      ["of what was never sent", { ...complaint, sent: of.reveal(1).shares[0]! }],
      ["by a proof that is none", { ...complaint, proof: of.complain(3, 1).proof }],
      ["against other points", { ...complaint, points: of.points[0]! }],
      ["with another's key", { ...complaint, key: of.commit(1).key }],
      ["of a dealer who is not", { ...complaint, dealer: 5 }],
    ] as const) {
      town.refused(says, "ceremonies.complaint_unfounded", acts.complain, wrong, signedBy("health"));
    }
    town.refused("another complains for it", "ceremonies.not_trustee", acts.complain, complaint, signedBy("land"));
    town.act("the courts accept", acts.accept, { ceremony: "t-1", index: 1 }, signedBy("courts"));
    town.act("it shows what it was sent", acts.complain, complaint, signedBy("health"));
    expect(ceremonyOf(town)).toMatchObject({ named: ["land"], $: { status: "failed" } });
    town.refused("it is over", "ceremonies.other_step", acts.accept, { ceremony: "t-1", index: 3 }, signedBy("health"));
    expect(town.advance(hours(9))).toEqual([]);
    passes(town, "ceremonies");
  });

  it("do not complain of what they have accepted", () => {
    const town = city();
    const of = three(town);
    const names = ["courts", "land", "health"];
    town.act("called", acts.open, of.open(town), signedBy("tax"));
    for (const [i, name] of names.entries()) town.act(`${name} commits`, acts.commit, of.commit(i + 1), signedBy(name));
    for (const [i, name] of names.entries())
      town.act(`${name} reveals`, acts.reveal, of.reveal(i + 1, i === 1 ? 3 : undefined), signedBy(name));
    town.act("one accepts", acts.accept, { ceremony: "t-1", index: 3 }, signedBy("health"));
    town.refused("and then complains", "ceremonies.complaint_unfounded", acts.complain, of.complain(3, 2), signedBy("health"));
  });

  it.each([
    ["commit", 0, []],
    ["reveal", 1, ["courts", "health"]],
    ["accept", 2, ["courts", "health"]],
  ] as const)("are named when they are silent, who have committed: whoever does not %s in time", (_step, steps, missing) => {
    const town = city();
    const of = three(town);
    town.act("called", acts.open, of.open(town), signedBy("tax"));
    const names = ["courts", "land", "health"];
    if (steps > 0) for (const [i, name] of names.entries()) town.act(name, acts.commit, of.commit(i + 1), signedBy(name));
    if (steps > 1) for (const [i, name] of names.entries()) town.act(name, acts.reveal, of.reveal(i + 1), signedBy(name));
    const act = [
      () => town.act("one", acts.commit, of.commit(2), signedBy("land")),
      () => town.act("one", acts.reveal, of.reveal(2), signedBy("land")),
      () => town.act("one", acts.accept, { ceremony: "t-1", index: 2 }, signedBy("land")),
    ][steps]!;
    act();
    expect(town.advance(hours(steps + 1)).map(({ name }) => name)).toEqual(["overdue"]);
    expect(ceremonyOf(town)).toMatchObject({ named: missing, $: { status: "failed" } });
    passes(town, "ceremonies");
  });

  it("may take as long as it takes to compute the key, once all have accepted", () => {
    const town = city();
    const of = three(town);
    town.act("called", acts.open, of.open(town), signedBy("tax"));
    const names = ["courts", "land", "health"];
    for (const [i, name] of names.entries()) town.act(name, acts.commit, of.commit(i + 1), signedBy(name));
    for (const [i, name] of names.entries()) town.act(name, acts.reveal, of.reveal(i + 1), signedBy(name));
    for (const [i, name] of names.entries()) town.act(name, acts.accept, { ceremony: "t-1", index: i + 1 }, signedBy(name));
    expect(town.advance(hours(100))).toEqual([]);
    town.act("late, but complete", acts.complete, of.complete(3), signedBy("health"));
  });
});

// ── a key serves one thing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const lottery = contract("lottery", { title: "A lottery", purpose: "It takes a key.", records: [], roles: {}, rules: {} });
const draw = lottery.action({
  title: "Take a key",
  by: anyone,
  input: { ceremony: id, office: agency, serves: id },
  rules: acts.takeRules,
  run: (tx, a) => void acts.take(tx, a.ceremony, a.office, a.serves),
});

it("a key serves one thing, of the office that called its trustees", () => {
  const modules = [...composition.modules, { default: lottery, draw }];
  const town = scenario({ ...composition, modules }, { genesis: genesisOf({ grants: [grant("tax", "ceremonies.office")] }) });
  const of = new Trustees(town.network, "t-1", ["courts", "land", "health"], 2);
  const take = { ceremony: "t-1", office: "tax", serves: "lottery" };
  town.act("called", acts.open, of.open(town), signedBy("tax"));
  town.refused("a key in the making", "ceremonies.not_complete", draw, take, signedBy("tax"));
  hold(town, of);
  town.refused("by another office", "ceremonies.not_complete", draw, { ...take, office: "land" }, signedBy("land"));
  town.act("taken", draw, take, signedBy("tax"));
  town.refused("for another draw", "ceremonies.serves_another", draw, { ...take, serves: "next" }, signedBy("tax"));
  expect(ceremonyOf(town).serves).toBe("lottery");
});

it("a key serves nothing any more once one of its trustees is gone: who is not in good standing opens nothing", () => {
  const gone = new Set<string>();
  const plain = plainRights({ tax: ["ceremonies.office"], courts: [], land: [], health: [] });
  const resolver = { ...plain, known: (tx: any, who: string) => plain.known(tx, who) && !gone.has(who) };
  const modules = [acts, { default: lottery, draw }];
  const town = scenario({ modules, resolver, found() {} });
  const of = three(town);
  town.act("called", acts.open, of.open(town), signedBy("tax"));
  hold(town, of);
  gone.add("land");
  town.refused("one is gone", "ceremonies.trustees_gone", draw, { ceremony: "t-1", office: "tax", serves: "lottery" }, signedBy("tax"));
});

it("takes the example of its reference page", () => {
  const example = acts.open.options.example!;
  const office = plainRights({ city: ["ceremonies.office"] }, [...example.trustees]);
  const town = scenario({ modules: [acts], resolver: office, found() {} }, { time: example.commit_until - hours(1) });
  town.act("as printed", acts.open, example, signedBy("city"));
});

it("an audit finds a row that the rules did not make", () => {
  const town = city();
  const of = three(town);
  town.act("called", acts.open, of.open(town), signedBy("tax"));
  hold(town, of);
  passes(town, "ceremonies");
  expect(audit(town, "ceremonies")[0]!.figures["complete"]).toBe(1);
  expect(findsTampered(town, "ceremonies", ceremonies, ["t-1"], { key: multiplyBase(7n) })).toEqual(["keysHold"]);
  const { verification } = ceremonyOf(town);
  expect(findsTampered(town, "ceremonies", ceremonies, ["t-1"], { verification: [multiplyBase(7n), ...verification!.slice(1)] })).toEqual([
    "keysHold",
  ]);
  expect(findsTampered(town, "ceremonies", ceremonies, ["t-1"], { $status: "accepting", serves: "lottery" })).toEqual(["keysHold"]);
  expect(findsTampered(town, "ceremonies", ceremonies, ["t-1"], { $status: "failed", named: ["water"] })).toEqual(["keysHold"]);
  expect(findsTampered(town, "ceremonies", trustees, ["t-1", 2], { points: of.points[0]! })).toEqual(["keysHold"]);
  expect(findsTampered(town, "ceremonies", trustees, ["t-1", 2], { $status: "revealed" })).toEqual(["keysHold"]);
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["courts", "land", "health"];
const rights = plainRights({ tax: ["ceremonies.office"], courts: [], land: [], health: [] });
const stepOf = fc.record({
  act: fc.constantFrom("open", ...["commit", "commit", "reveal", "reveal", "accept", "accept", "complete"], "complain", "wait" as const),
  which: fc.nat(1),
  index: fc.integer({ min: 1, max: 4 }),
  extreme: fc.constantFrom(...Array.from({ length: 20 }, () => undefined), -1, 0, 17, 2 ** 31, Number.MAX_SAFE_INTEGER),
  dealer: fc.integer({ min: 1, max: 3 }),
  next: fc.boolean(),
  cheats: fc.nat(5),
  threshold: fc.constantFrom(2, 2, 2, 2, 3, 1, 0, 17, Number.MAX_SAFE_INTEGER),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, "tax"), { maxLength: 2 }),
});

describe("whatever offices and trustees do", () => {
  it("a key comes only from all its trustees' dealings, step by step; a failure names who failed it and nobody else", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    const town0 = scenario({ modules: [acts], resolver: rights, found() {} });
    // Two ceremonies, and what each trustee hands in: made once.
    const made = ["c-0", "c-1"].map((name) => {
      const of = new Trustees(town0.network, name, people, 2);
      const honest = people.map((_, i) => of.reveal(i + 1));
      const commits = people.map((_, i) => of.commit(i + 1));
      const complete = of.complete(1);
      const cheat = new Trustees(town0.network, name, people, 2);
      Object.assign(cheat, { dealings: of.dealings, points: of.points });
      const cheating = cheat.reveal(1, 2);
      return { of, honest, commits, complete, cheating, founded: cheat.complain(2, 1), unfounded: [1, 3].map((d) => of.complain(2, d)) };
    });
    const verdicts = new Map<string, readonly string[]>();
    fc.assert(
      fc.property(fc.array(stepOf, { minLength: 120, maxLength: 130 }), (steps) => {
        const town = scenario({ modules: [acts], resolver: rights, found() {} }, { verdicts });
        const cheated = new Set<string>();
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            town.advance(minutes(s.cheats === 0 ? 61 : 5));
            continue;
          }
          const { of, honest, commits, complete, cheating, founded: shown, unfounded } = made[s.which]!;
          const row = town.row(ceremonies, of.ceremony);
          // Mostly whoever's turn it is, at the step that it is.
          const next = s.next
            ? ({ committing: "commit", revealing: "reveal", accepting: row?.done === 3 ? "complete" : "accept" }[
                row?.$.status as "committing"
              ] ?? s.act)
            : s.act;
          const turn = [1, 2, 3].find((j) => {
            const at = town.row(trustees, of.ceremony, j)?.$.status;
            return at === ({ commit: undefined, reveal: "committed", accept: "revealed" } as Record<string, string | undefined>)[next];
          });
          const due = s.next && s.cheats < 4 && cheated.has(of.ceremony) && row?.$.status === "accepting";
          const step = due ? "complain" : next;
          const index = due ? 2 : s.next ? (turn ?? s.index) : s.index;
          const place = { ceremony: of.ceremony, index: s.extreme ?? index };
          const args: object = {
            open: () => ({ ...of.open(town), threshold: s.threshold }),
            commit: () => ({ ...commits[(index - 1) % 3]!, ...place }),
            reveal: () => ({ ...(index === 1 && s.cheats === 0 ? cheating : honest[(index - 1) % 3]!), ...place }),
            accept: () => place,
            complete: () => ({ ...complete, ...place, ...(s.cheats === 0 && { key: IDENTITY }) }),
            complain: () => ({ ...(s.cheats > 1 ? shown : unfounded[s.cheats]!), ...place }),
          }[step as "open"]();
          const should = step === "open" ? "tax" : (people[index - 1] ?? "tax");
          const signers = s.honest > 0 ? [should] : s.signers;
          const { outcome, code } = town.submit([{ action: `ceremonies.${step}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(step, (accepted.get(step) ?? 0) + 1);
          expect([step === "open" || s.extreme === undefined, signers.includes(should)]).toEqual([true, true]);
          if (step === "reveal" && (args as { shares: unknown }).shares === cheating.shares) cheated.add(of.ceremony);
          if (step === "complain") expect([index, cheated.has(of.ceremony)]).toEqual([2, true]);
        }
        for (const { of } of made) {
          const row = town.row(ceremonies, of.ceremony);
          if (row?.$.status === "complete") expect(hex(row.key!)).toBe(hex(of.joint.key));
          if (row?.$.status === "failed")
            for (const who of row.named) expect(town.row(trustees, of.ceremony, people.indexOf(who) + 1)).toBeDefined();
        }
        passes(town, "ceremonies");
        town.indexHolds();
      }),
      { numRuns: 82, seed: 29 },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = ["open", "commit", "reveal", "accept", "complete", "complain"].filter((act) => (accepted.get(act) ?? 0) >= 10);
    expect(`${often.length} of 6 happen often: ${[...accepted].join(" ")}`).toMatch(/^6 /);
  });
});

everyRuleIsGiven(ceremony);
