// The provident fund (services 32, 33): accounts, batches, moves, deductions, certificates, checks and debtors; by savers, centres, the supervisor and the tax
// office, whatever they try. And what one record in a batch costs.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { latin1, utf8 } from "../../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../../src/base/codec.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import { days, MAX_MONEY } from "../../../src/contracts/engine/index.ts";
import { noBatch } from "../../../src/contracts/kit/journal.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import provident, * as acts from "../../../src/contracts/sharing/provident.ts";
import { recordOf, yearBegins } from "../../../src/contracts/sharing/providentRecords.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant } from "./founders.ts";
import { keyOf, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { accounts, batches, centres, certificates, checks, debts, deductions, entries, files, strikes, totals, transfers } = acts;
const sealed = { root: new Uint8Array(32).fill(3), size: 4 };
const words = { root: new Uint8Array(32).fill(4), size: 1 };
const told = { root: new Uint8Array(32).fill(5), size: 2 };

/** Land keeps Hangzhou, health keeps Ningbo, the courts supervise; the tax office is told. */
function town(): Scenario {
  const it = founded({
    grants: [
      grant("courts", "provident.supervisor"),
      grant("land", "provident.centre", "hangzhou"),
      grant("health", "provident.centre", "ningbo"),
      grant("tax", "provident.tax_office"),
      grant("courts", "eid.ministry"),
    ],
  });
  enrol(it, "courts", "labour", "ann", "bob");
  for (const centre of ["hangzhou", "ningbo"]) it.act("established", acts.establish, { centre }, signedBy("courts"));
  it.act("Ann opens", acts.open, { account: "hz-1", saver: "p:ann", centre: "hangzhou" }, signedBy("land", "ann"));
  return it;
}
/** Records of a centre: the bytes of each are salted, so its hash tells nothing. */
const items = (from: number, n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => sha256(utf8(`record ${from + i} and a salt`)));
/** Every fifth is Bob's, the others are Ann's. */
const ownerOf = (n: number): string => (n % 5 === 4 ? "p:bob" : "p:ann");
const leavesOf = (from: number, n: number): Uint8Array[] => items(from, n).map((item, i) => leafHash(recordOf(ownerOf(from + i), item)));
const batchOf = (it: Scenario, centre: string, size: number, more: object = {}) => {
  const of = it.row(centres, centre)!;
  const root = rootOf(leavesOf(of.next, size));
  const today = Math.floor(it.time / days(1));
  return { centre, first: of.next, size, root, previous: of.last, day: today, paid_in: 1_000n, paid_out: 100n, ...more };
};
const shown = (first: number, size: number, index: number) => {
  const leaves = leavesOf(first, size);
  return { first, item: items(first, size)[index]!, index, size, root: rootOf(leaves), path: inclusionPath(leaves, index) };
};
/** From now on due work is behind. */
function behind(it: Scenario, ms: number): Scenario {
  it.parameters = { ...it.parameters, due_per_block: 0 };
  it.time += ms;
  return it;
}
/** Hangzhou has handed in ten records. */
function paid(): Scenario {
  const it = town();
  it.act("a batch", acts.report, batchOf(it, "hangzhou", 10), signedBy("land"));
  return it;
}
const move = { transfer: "t-1", account: "hz-1", to: "ningbo" };
function asked(): Scenario {
  const it = paid();
  it.act("Ann asks in Ningbo", acts.ask, move, signedBy("health", "ann"));
  return it;
}
function sent(): Scenario {
  const it = asked();
  it.act("Hangzhou sends", acts.send, { transfer: "t-1", amount: 600n }, signedBy("land"));
  return it;
}
const held = (it: Scenario) => ["hangzhou", "ningbo"].map((centre) => [it.row(centres, centre)!.held, it.row(centres, centre)!.transit]);

describe("an account", () => {
  test("is one of its saver, in the whole country; opened and closed with his signature", () => {
    const it = town();
    const second = { account: "nb-1", saver: "p:ann", centre: "ningbo" };
    it.refused("a second, elsewhere", "provident.one_active", acts.open, second, signedBy("health", "ann"));
    it.refused("Bob's, without Bob", "engine.signature_missing", acts.open, { ...second, saver: "p:bob" }, signedBy("health"));
    it.refused("by another centre", "engine.not_entitled", acts.open, { ...second, saver: "p:bob" }, signedBy("land", "bob"));
    it.refused("nowhere", "engine.not_entitled", acts.open, { ...second, centre: "suzhou" }, signedBy("health", "ann"));
    it.refused("Ann does not close it alone", "engine.not_entitled", acts.close, { account: "hz-1", ground: "retired" }, signedBy("ann"));
    it.refused("nor the centre", "engine.signature_missing", acts.close, { account: "hz-1", ground: "retired" }, signedBy("land"));
    it.act("both do", acts.close, { account: "hz-1", ground: "retired" }, signedBy("land", "ann"));
    it.refused("once", "provident.account_closed", acts.close, { account: "hz-1", ground: "retired" }, signedBy("land", "ann"));
    it.act("she begins anew elsewhere", acts.open, second, signedBy("health", "ann"));
    it.refused("a number is used once", "engine.already_exists", acts.open, { ...second, saver: "p:bob" }, signedBy("health", "bob"));
    expect([it.row(accounts, "hz-1")?.$.status, it.row(centres, "hangzhou")?.accounts, it.row(centres, "ningbo")?.accounts]).toEqual([
      ...["closed", 0, 1],
    ]);
    passes(it, "provident");
  });

  test("of somebody who cannot sign is closed by two offices", () => {
    const it = town();
    it.refused("one alone", "engine.not_entitled", acts.closeFor, { account: "hz-1", ground: "deceased" }, signedBy("land"));
    it.act("with the supervisor", acts.closeFor, { account: "hz-1", ground: "deceased" }, signedBy("land", "courts"));

    const one = founded({ grants: ["provident.supervisor", "provident.centre", "eid.ministry"].map((role) => grant("tax", role)) });
    enrol(one, "tax", "labour", "ann");
    one.act("a centre", acts.establish, { centre: "c" }, signedBy("tax"));
    one.act("an account", acts.open, { account: "a", saver: "p:ann", centre: "c" }, signedBy("tax", "ann"));
    one.refused("who is both", "provident.own_case", acts.closeFor, { account: "a", ground: "deceased" }, signedBy("tax"));
  });
});

describe("batches", () => {
  test("follow one another without gap, for a day that has come, within what a centre holds", () => {
    const it = town();
    const first = batchOf(it, "hangzhou", 10);
    it.refused("by another centre", "engine.not_entitled", acts.report, first, signedBy("health"));
    it.refused("of nothing", "engine.args_invalid", acts.report, { ...first, size: 0 }, signedBy("land"));
    it.refused("for tomorrow", "provident.day_unfit", acts.report, { ...first, day: first.day + 1 }, signedBy("land"));
    it.refused("for long ago", "provident.day_unfit", acts.report, { ...first, day: first.day - 32 }, signedBy("land"));
    it.refused("with a gap", "provident.gap", acts.report, { ...first, first: 1 }, signedBy("land"));
    it.refused("after another", "provident.gap", acts.report, { ...first, previous: first.root }, signedBy("land"));
    it.refused("paying out what is not there", "provident.overdrawn", acts.report, { ...first, paid_out: 1_001n }, signedBy("land"));
    it.act("the first", acts.report, first, signedBy("land"));
    it.refused("twice", "provident.gap", acts.report, first, signedBy("land"));
    const beyond = batchOf(it, "hangzhou", 1, { paid_in: MAX_MONEY });
    it.refused("beyond what can be counted", "provident.countable", acts.report, beyond, signedBy("land"));
    it.act("yesterday's", acts.report, batchOf(it, "hangzhou", 3, { day: first.day - 1 }), signedBy("land"));
    it.act("all is paid out", acts.report, batchOf(it, "hangzhou", 1, { paid_in: 0n, paid_out: 1_800n }), signedBy("land"));
    const most = batchOf(it, "hangzhou", 1, { paid_in: MAX_MONEY, paid_out: MAX_MONEY });
    it.refused("a day's sum that cannot be counted", "provident.countable", acts.report, most, signedBy("land"));
    expect(it.row(centres, "hangzhou")).toMatchObject({ next: 14, held: 0n });
    expect(it.row(totals, "hangzhou", first.day)).toMatchObject({ batches: 2, records: 11, paid_in: 1_000n, paid_out: 1_900n });
    passes(it, "provident");
  });

  test("prove each of their records; a record is corrected by a later one, for its saver to see", () => {
    const it = paid();
    it.act("a second batch", acts.report, batchOf(it, "hangzhou", 5), signedBy("land"));
    const mine = { centre: "hangzhou", saver: "p:ann", ...shown(0, 10, 7) };
    it.refused("another record", "provident.not_in_batch", acts.prove, { ...mine, item: items(0, 1)[0]! }, signedBy("ann"));
    it.refused("under another root", "provident.not_in_batch", acts.prove, { ...mine, ...shown(10, 5, 1), first: 0 }, signedBy("ann"));
    it.refused("in Ann's name", "engine.signature_missing", acts.prove, mine, signedBy("bob"));
    const taken = { ...mine, saver: "p:bob" };
    it.refused("Ann's, by Bob, who saw it", "provident.not_in_batch", acts.prove, taken, signedBy("bob"));
    it.act("Ann's", acts.prove, mine, signedBy("ann"));
    it.refused("once", "engine.already_exists", acts.prove, mine, signedBy("ann"));
    const right = { centre: "hangzhou", saver: "p:ann", ...shown(10, 5, 2), wrong: shown(0, 10, 7) };
    it.refused("corrected by Ann", "engine.not_entitled", acts.correct, right, signedBy("ann"));
    it.refused("by an earlier one", "provident.later_only", acts.correct, { ...mine, wrong: shown(10, 5, 2) }, signedBy("land"));
    it.refused("as another's", "provident.not_in_batch", acts.correct, { ...right, saver: "p:bob" }, signedBy("land"));
    it.refused("by none", "provident.not_in_batch", acts.correct, { ...right, item: items(0, 1)[0]! }, signedBy("land"));
    it.act("Bob's", acts.prove, { centre: "hangzhou", saver: "p:bob", ...shown(10, 5, 4) }, signedBy("bob"));
    it.refused("by another's", "provident.not_in_batch", acts.correct, { ...right, ...shown(10, 5, 4) }, signedBy("land"));
    const own = Array.from({ length: 10 }, () => leafHash(recordOf("p:ann", words.root)));
    const forged = { first: 0, item: words.root, index: 7, size: 10, root: rootOf(own), path: inclusionPath(own, 7) };
    it.refused("of a tree of its own", "provident.not_in_batch", acts.correct, { ...right, wrong: forged }, signedBy("land"));
    it.act("corrected", acts.correct, right, signedBy("land"));
    it.refused("once", "provident.later_only", acts.correct, { ...right, ...shown(10, 5, 3) }, signedBy("land"));
    it.act("the correction", acts.correct, { ...right, ...shown(10, 5, 3), wrong: shown(10, 5, 2) }, signedBy("land"));
    expect(it.row(entries, "hangzhou", 0, 7)).toMatchObject({ by: { first: 10, index: 2 }, $: { status: "corrected" } });
    expect(it.row(entries, "hangzhou", 10, 3)).toMatchObject({ saver: "p:ann", $: { status: "booked" } });
    passes(it, "provident");
    it.act("Bob is no more", eid.revoke, { principal: "p:bob", ground: "order-17" }, signedBy("courts"));
    const his = { centre: "hangzhou", saver: "p:bob", ...shown(10, 5, 4), wrong: shown(0, 10, 4) };
    it.refused("a record of nobody's", "provident.saver_unknown", acts.correct, his, signedBy("land"));
  });
});

test("a centre that is a saver's guardian does not sign for both", () => {
  const it = paid();
  it.act("guardian", eid.appoint, { principal: "p:bob", agent: "land", guardian: true }, signedBy("courts", "land"));
  it.act("of Ann, too", eid.appoint, { principal: "p:ann", agent: "health", guardian: true }, signedBy("courts", "health"));
  const own = "provident.own_case";
  const his = { account: "hz-2", saver: "p:bob", centre: "hangzhou" };
  it.refused("opens alone", own, acts.open, his, signedBy("land"));
  it.act("with Bob himself", acts.open, his, signedBy("land", "bob"));
  it.refused("closes alone", own, acts.close, { account: "hz-2", ground: "x" }, signedBy("land"));
  it.refused("certifies alone", own, acts.certify, { ...certificate(it), account: "hz-2" }, signedBy("land"));
  const may = bare(authority(it, { saver: "p:bob", centre: "hangzhou" }));
  it.refused("lets itself check", own, acts.authorise, may, signedBy("land"));
  it.act("a guardian lets another check", acts.authorise, { ...may, centre: "ningbo" }, signedBy("land"));
  it.refused("asks for Ann alone", own, acts.ask, move, signedBy("health"));
  it.act("with her", acts.ask, move, signedBy("health", "ann"));
  it.act("sent", acts.send, { transfer: "t-1", amount: 1n }, signedBy("land"));
  it.refused("receives alone", own, acts.receive, { transfer: "t-1" }, signedBy("health"));
  it.act("with her", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
  it.act("certified", acts.certify, certificate(it), signedBy("health", "ann"));
  it.refused("lends alone", own, acts.lend, { certificate: "cert-1", centre: "ningbo" }, signedBy("health"));
  passes(it, "provident");
});

test("what is late is late, also while due work is behind", () => {
  const late = "provident.too_late";
  behind(asked(), days(15)).refused("sent", late, acts.send, { transfer: "t-1", amount: 1n }, signedBy("land"));
  behind(sent(), days(7)).refused("received", late, acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
  const objects = { debt: "debt-1", objection: words };
  const it = listed();
  behind(it, days(400)).refused("contested", late, acts.contest, objects, signedBy("bob"));
  const short = town();
  short.act("a short one", acts.enter, debt(short, { until: short.time + days(20) }), signedBy("health"));
  short.act("may check", acts.authorise, bare(authority(short, { saver: "p:bob" })), signedBy("bob"));
  expect(answer(behind(short, days(20)))).toBe("none");
  const silent = listed();
  silent.act("contested", acts.contest, objects, signedBy("bob"));
  const decides = { debt: "debt-1", decision: "upheld", ground: "art-40" } as const;
  behind(silent, days(30)).refused("decided", late, acts.decide, decides, signedBy("courts"));
});

describe("an account moves", () => {
  test("with what is in it: out of one centre, into the other, and nowhere else", () => {
    const it = asked();
    it.refused("twice", "provident.account_moving", acts.ask, { ...move, transfer: "t-2" }, signedBy("health", "ann"));
    it.refused("closed meanwhile", "provident.account_moving", acts.close, { account: "hz-1", ground: "x" }, signedBy("land", "ann"));
    it.refused("received before it is sent", "engine.illegal_move", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
    it.refused("sent by the taker", "engine.not_entitled", acts.send, { transfer: "t-1", amount: 1n }, signedBy("health"));
    it.refused("more than is held", "provident.overdrawn", acts.send, { transfer: "t-1", amount: 901n }, signedBy("land"));
    it.act("sent", acts.send, { transfer: "t-1", amount: 600n }, signedBy("land"));
    expect(held(it)).toEqual([
      [300n, 600n],
      [0n, 0n],
    ]);
    it.refused("sent twice", "engine.illegal_move", acts.send, { transfer: "t-1", amount: 1n }, signedBy("land"));
    it.refused("withdrawn after that", "engine.illegal_move", acts.withdraw, { transfer: "t-1" }, signedBy("ann"));
    passes(it, "provident");
    it.refused("taken by the giver", "engine.not_entitled", acts.receive, { transfer: "t-1" }, signedBy("land", "ann"));
    it.refused("without Ann", "engine.signature_missing", acts.receive, { transfer: "t-1" }, signedBy("health"));
    it.act("received", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
    expect(held(it)).toEqual([
      [300n, 0n],
      [600n, 0n],
    ]);
    it.refused("received twice", "engine.illegal_move", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
    it.refused("sent back after that", "engine.illegal_move", acts.sendBack, { transfer: "t-1", ground: "x" }, signedBy("health"));
    expect(it.row(accounts, "hz-1")).toMatchObject({ centre: "ningbo", moves: 1, active: "p:ann" });
    it.refused("to where it is", "provident.same_centre", acts.ask, { ...move, transfer: "t-2" }, signedBy("health", "ann"));
    const back = { ...move, transfer: "t-2", to: "hangzhou" };
    it.refused("without Ann", "engine.signature_missing", acts.ask, back, signedBy("land"));
    it.refused("without the centre", "engine.not_entitled", acts.ask, back, signedBy("ann"));
    it.refused("to no centre", "engine.not_entitled", acts.ask, { ...back, to: "suzhou" }, signedBy("land", "ann"));
    it.act("closed in Ningbo", acts.close, { account: "hz-1", ground: "retired" }, signedBy("health", "ann"));
    it.refused("moved after that", "provident.account_closed", acts.ask, back, signedBy("land", "ann"));
    passes(it, "provident");
    expect(audit(it, "provident").find(({ name }) => name === "money")?.figures).toEqual({ held: 900n, moved: 600n, "on its way": 0n });
  });

  test("or does not: declined, withdrawn, sent back, and by itself when nobody answers", () => {
    const it = asked();
    it.refused("declined by the taker", "engine.not_entitled", acts.decline, { transfer: "t-1", ground: "x" }, signedBy("health"));
    it.act("declined", acts.decline, { transfer: "t-1", ground: "loan-open" }, signedBy("land"));
    it.act("asked again", acts.ask, { ...move, transfer: "t-2" }, signedBy("health", "ann"));
    it.refused("withdrawn by Bob", "engine.signature_missing", acts.withdraw, { transfer: "t-2" }, signedBy("bob"));
    it.act("withdrawn", acts.withdraw, { transfer: "t-2" }, signedBy("ann"));
    it.act("again", acts.ask, { ...move, transfer: "t-3" }, signedBy("health", "ann"));
    expect(it.advance(days(15)).map((run) => run.name)).toEqual(["silence"]);
    it.act("again", acts.ask, { ...move, transfer: "t-4" }, signedBy("health", "ann"));
    it.refused("nothing to send back", "engine.illegal_move", acts.sendBack, { transfer: "t-4", ground: "x" }, signedBy("health"));
    it.act("sent", acts.send, { transfer: "t-4", amount: 900n }, signedBy("land"));
    it.act("sent back", acts.sendBack, { transfer: "t-4", ground: "other-saver" }, signedBy("health"));
    it.act("again", acts.ask, { ...move, transfer: "t-5" }, signedBy("health", "ann"));
    it.act("sent", acts.send, { transfer: "t-5", amount: 900n }, signedBy("land"));
    it.advance(days(7));
    expect(held(it)[0]).toEqual([900n, 0n]);
    expect(["t-1", "t-2", "t-3", "t-4", "t-5"].map((key) => it.row(transfers, key)?.$.status)).toEqual([
      ...["refused", "withdrawn", "lapsed", "returned", "returned"],
    ]);
    expect(it.row(accounts, "hz-1")?.moving).toBeUndefined();
    passes(it, "provident");
    it.indexHolds();
  });

  test("within what can be counted, whatever comes back on one day", () => {
    const it = town();
    it.act("all the money there is", acts.report, batchOf(it, "hangzhou", 1, { paid_in: MAX_MONEY, paid_out: 0n }), signedBy("land"));
    it.act("asked", acts.ask, move, signedBy("health", "ann"));
    it.act("sent", acts.send, { transfer: "t-1", amount: MAX_MONEY }, signedBy("land"));
    it.act("Ningbo has some", acts.report, batchOf(it, "ningbo", 1), signedBy("health"));
    it.refused("not to be counted there", "provident.countable", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
    it.act("sent back", acts.sendBack, { transfer: "t-1", ground: "too-much" }, signedBy("health"));
    it.act("asked", acts.ask, { ...move, transfer: "t-2" }, signedBy("health", "ann"));
    it.refused("again today", "provident.countable", acts.send, { transfer: "t-2", amount: 1n }, signedBy("land"));
    it.advance(days(1));
    it.act("tomorrow", acts.send, { transfer: "t-2", amount: MAX_MONEY }, signedBy("land"));
    it.act("sent back", acts.sendBack, { transfer: "t-2", ground: "too-much" }, signedBy("health"));
    expect(held(it)[0]).toEqual([MAX_MONEY, 0n]);
    passes(it, "provident");
  });
});

test("the tax office is told once of a saver's year, by the centre that keeps the account; what was assessed is mended when it was given back", () => {
  const it = town();
  const tell = (year: number, more: object = {}) => ({ centre: "hangzhou", year, deductions: [{ account: "hz-1", told }], ...more });
  it.refused("of this year", "provident.year_not_over", acts.tell, tell(2027), signedBy("land"));
  it.refused("by another centre", "provident.not_kept_here", acts.tell, tell(2026, { centre: "ningbo" }), signedBy("health"));
  it.refused("by the tax office", "engine.not_entitled", acts.tell, tell(2026), signedBy("tax"));
  const twice = { deductions: [1, 2].map(() => ({ account: "hz-1", told })) };
  it.refused("twice at once", "provident.told_once", acts.tell, tell(2026, twice), signedBy("land"));
  it.act("told", acts.tell, tell(2026), signedBy("land"));
  it.refused("twice", "provident.told_once", acts.tell, tell(2026), signedBy("land"));
  const year = { saver: "p:ann", year: 2026 };
  it.refused("mended by another", "engine.not_entitled", acts.mend, { ...year, told }, signedBy("health"));
  it.act("mended", acts.mend, { ...year, told: { ...told, root: sealed.root } }, signedBy("land"));
  it.refused("assessed by the centre", "engine.not_entitled", acts.assess, { ...year, to: "assessed" }, signedBy("land"));
  it.act("assessed", acts.assess, { ...year, to: "assessed" }, signedBy("tax"));
  it.refused("mended after that", "provident.assessed", acts.mend, { ...year, told }, signedBy("land"));
  it.act("given back", acts.assess, { ...year, to: "told" }, signedBy("tax"));
  it.act("mended", acts.mend, { ...year, told }, signedBy("land"));
  expect(it.row(deductions, "p:ann", 2026)).toMatchObject({ versions: 3, told, $: { status: "told" } });
  it.act("another year", acts.tell, tell(2025), signedBy("land"));
  passes(it, "provident");
  for (const [y, day] of [
    [1970, 0],
    [2001, 11_323],
    [2027, 20_819],
    [2100, 47_482],
    [2101, 47_847],
  ] as const)
    expect(yearBegins(y)).toBe(day);
});

/** Without its certificate. */
const bare = <T extends { certificate?: unknown }>({ certificate: _none, ...rest }: T): Omit<T, "certificate"> => rest;
test("64 savers' years are told at once, and sixteen entries are checked at once", () => {
  const long = (n: number): string => `p:${"s".repeat(60)}${10 + n}`;
  const savers = Array.from({ length: 64 }, (_, i) => long(i));
  const grants = { tax: ["provident.centre", "provident.supervisor"] };
  const others = Array.from({ length: 4 }, (_, i) => `${"c".repeat(63)}${i}`);
  const it = scenario({ modules: [acts, eid], resolver: plainRights(grants, savers), found() {} });
  const centre = "c".repeat(64);
  it.act("a centre", acts.establish, { centre }, signedBy("tax"));
  const account = (i: number): string => `${"a".repeat(62)}${10 + i}`;
  savers.forEach((saver, i) => it.act("opened", acts.open, { account: account(i), saver, centre }, signedBy("tax", saver)));
  const all = savers.map((_, i) => ({ account: account(i), told }));
  it.act("told", acts.tell, { centre, year: 2026, deductions: all }, signedBy("tax"));
  const saver = savers[0]!;
  for (let i = 10; i < 26; i++) {
    const entry = {
      debt: `${"d".repeat(62)}${i}`,
      saver,
      centre: others[i % 4]!,
      ground: "g".repeat(64),
      facts: words,
      until: it.time + days(300),
    };
    it.act("entered", acts.enter, entry, signedBy("tax"));
  }
  const may = { authorisation: "x".repeat(64), saver, centre, purpose: "p".repeat(64), debts: true, most: 1, until: it.time + days(100) };
  it.act("authorised", acts.authorise, may, signedBy(saver));
  it.advance(days(16));
  const asks = { authorisation: may.authorisation, centre, purpose: may.purpose, content: sealed.root };
  expect(it.act("checked", acts.check, asks, signedBy("tax"))).toEqual([]);
  expect(it.row(checks, may.authorisation, 0)?.debts).toBe("listed");
  passes(it, "provident");
});

const certificate = (it: Scenario, more: object = {}) => ({
  ...{ certificate: "cert-1", account: "hz-1", content: sealed, until: it.time + days(90), ...more },
});
const authority = (it: Scenario, more: object = {}) => ({
  ...{ authorisation: "auth-1", saver: "p:ann", centre: "ningbo", purpose: "loan", certificate: "cert-1", debts: true },
  ...{ most: 2, until: it.time + days(30), ...more },
});
const looks = { authorisation: "auth-1", centre: "ningbo", purpose: "loan", content: sealed.root };
describe("a certificate", () => {
  test("is issued at the saver's wish, one at a time, and serves one loan", () => {
    const it = paid();
    it.refused("without Ann", "engine.signature_missing", acts.certify, certificate(it), signedBy("land"));
    it.refused("over at once", "provident.not_live", acts.certify, certificate(it, { until: it.time }), signedBy("land", "ann"));
    it.act("issued", acts.certify, certificate(it), signedBy("land", "ann"));
    const second = (more: object = {}) => certificate(it, { certificate: "cert-2", ...more });
    it.refused("two for two loans", "provident.one_live", acts.certify, second(), signedBy("land", "ann"));
    it.refused("revoked elsewhere", "engine.not_entitled", acts.revoke, { certificate: "cert-1", ground: "x" }, signedBy("health"));
    it.act("revoked: it was wrong", acts.revoke, { certificate: "cert-1", ground: "wrong-balance" }, signedBy("land"));
    it.act("a right one", acts.certify, second(), signedBy("land", "ann"));
    it.refused(
      "lent on without Ann",
      "engine.signature_missing",
      acts.lend,
      { certificate: "cert-2", centre: "ningbo" },
      signedBy("health"),
    );
    it.refused("on the wrong one", "provident.not_live", acts.lend, { certificate: "cert-1", centre: "ningbo" }, signedBy("health", "ann"));
    it.act("a loan", acts.lend, { certificate: "cert-2", centre: "ningbo" }, signedBy("health", "ann"));
    it.refused("two loans", "provident.not_live", acts.lend, { certificate: "cert-2", centre: "ningbo" }, signedBy("health", "ann"));
    it.refused("revoked after that", "engine.illegal_move", acts.revoke, { certificate: "cert-2", ground: "x" }, signedBy("land"));
    it.act("the next", acts.certify, certificate(it, { certificate: "cert-3" }), signedBy("land", "ann"));
    it.advance(days(90));
    it.refused("when it is over", "provident.not_live", acts.lend, { certificate: "cert-3", centre: "ningbo" }, signedBy("health", "ann"));
    it.act("then a next", acts.certify, certificate(it, { certificate: "cert-4" }), signedBy("land", "ann"));
    it.act("Ann moves", acts.ask, move, signedBy("health", "ann"));
    it.refused("not certified meanwhile", "provident.account_moving", acts.certify, second(), signedBy("land", "ann"));
    it.act("sent", acts.send, { transfer: "t-1", amount: 0n }, signedBy("land"));
    it.act("received", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
    expect(it.row(certificates, "cert-4")).toMatchObject({ ground: "moved", $: { status: "revoked" } });
    it.act("closed", acts.close, { account: "hz-1", ground: "retired" }, signedBy("health", "ann"));
    const late = certificate(it, { certificate: "c-5" });
    it.refused("certified after that", "provident.account_closed", acts.certify, late, signedBy("health", "ann"));
    passes(it, "provident");
  });

  test("is checked by the saver's authority alone: for its purpose, as often and as long as it says; each check stands for the saver to see", () => {
    const it = paid();
    it.act("issued", acts.certify, certificate(it), signedBy("land", "ann"));
    it.refused("without authority", "engine.not_found", acts.check, looks, signedBy("health"));
    it.refused("given by the centre", "engine.signature_missing", acts.authorise, authority(it), signedBy("health"));
    const none = "provident.nothing_authorised";
    it.refused("Bob, for Ann's", none, acts.authorise, authority(it, { saver: "p:bob" }), signedBy("bob"));
    const nothing = bare(authority(it, { debts: false }));
    it.refused("for nothing", none, acts.authorise, nothing, signedBy("ann"));
    it.refused("for ever", none, acts.authorise, authority(it, { until: it.time + days(400) }), signedBy("ann"));
    it.act("authorised", acts.authorise, authority(it), signedBy("ann"));
    it.refused("by another centre", "provident.no_authority", acts.check, { ...looks, centre: "hangzhou" }, signedBy("land"));
    it.refused("in Ningbo's name", "engine.not_entitled", acts.check, looks, signedBy("land"));
    it.refused("for curiosity", "provident.other_purpose", acts.check, { ...looks, purpose: "curiosity" }, signedBy("health"));
    expect(it.act("checked", acts.check, looks, signedBy("health"))).toEqual([]);
    expect(it.row(checks, "auth-1", 0)).toMatchObject({ saver: "p:ann", checker: "health", serves: "serves", debts: "none" });
    const altered = { ...looks, content: words.root };
    expect(it.act("an altered one", acts.check, altered, signedBy("health"))).toEqual([]); // everybody reads receipts: nothing of the saver is on them
    expect(it.row(checks, "auth-1", 1)?.serves).toBe("altered");
    it.refused("a third time", "provident.no_authority", acts.check, looks, signedBy("health"));
    expect(provident.options.records.find(({ name }) => name === "check")?.options.read).toEqual(["saver", "centre"]);

    it.act("another", acts.authorise, authority(it, { authorisation: "auth-2", most: 32, until: it.time + days(300) }), signedBy("ann"));
    const again = { ...looks, authorisation: "auth-2" };
    it.act("a loan", acts.lend, { certificate: "cert-1", centre: "ningbo" }, signedBy("health", "ann"));
    it.act("used", acts.check, again, signedBy("health"));
    it.act("the next", acts.certify, certificate(it, { certificate: "cert-2" }), signedBy("land", "ann"));
    const third = authority(it, { authorisation: "auth-3", certificate: "cert-2", most: 9, until: it.time + days(300) });
    it.act("authorised", acts.authorise, third, signedBy("ann"));
    it.act("revoked", acts.revoke, { certificate: "cert-2", ground: "wrong" }, signedBy("land"));
    it.act("a revoked one", acts.check, { ...again, authorisation: "auth-3" }, signedBy("health"));
    it.act("the next", acts.certify, certificate(it, { certificate: "cert-3" }), signedBy("land", "ann"));
    const fourth = authority(it, { authorisation: "auth-4", certificate: "cert-3", until: it.time + days(300) });
    it.act("authorised", acts.authorise, fourth, signedBy("ann"));
    expect(it.advance(days(91)).map(({ name }) => name)).toEqual(["expiry"]);
    it.act("an expired one", acts.check, { ...again, authorisation: "auth-4" }, signedBy("health"));
    expect([it.row(checks, "auth-2", 0)?.serves, it.row(checks, "auth-3", 0)?.serves, it.row(checks, "auth-4", 0)?.serves]).toEqual([
      ...["used", "revoked", "expired"],
    ]);
    it.refused("withdrawn by the centre", "engine.signature_missing", acts.end, { authorisation: "auth-3" }, signedBy("health"));
    it.act("withdrawn", acts.end, { authorisation: "auth-3" }, signedBy("ann"));
    it.refused("after that", "provident.no_authority", acts.check, { ...again, authorisation: "auth-3" }, signedBy("health"));
    it.advance(days(300));
    it.refused("when it is over", "provident.no_authority", acts.check, again, signedBy("health"));
    passes(it, "provident");
  });
});

const debt = (it: Scenario, more: object = {}) => ({
  ...{ debt: "debt-1", saver: "p:bob", centre: "ningbo", ground: "art-37-2", facts: words, until: it.time + days(400), ...more },
});
/** Bob is listed by Ningbo, and lets it check. */
function listed(): Scenario {
  const it = town();
  it.act("entered", acts.enter, debt(it), signedBy("health"));
  const may = bare(authority(it, { saver: "p:bob", most: 32, until: it.time + days(366) }));
  it.act("Bob lets Ningbo check", acts.authorise, may, signedBy("bob"));
  return it;
}
function answer(it: Scenario): string | undefined {
  it.act("a check", acts.check, looks, signedBy("health"));
  return it.row(checks, "auth-1", it.row(acts.authorisations, "auth-1")!.used - 1)?.debts;
}

describe("an entry of a debtor", () => {
  test("is announced before it counts, has its term, and is cleared on a ground", () => {
    const it = town();
    it.refused("of nobody", "provident.saver_unknown", acts.enter, debt(it, { saver: "p:nobody" }), signedBy("health"));
    it.refused("for ever", "provident.term_unfit", acts.enter, debt(it, { until: it.time + days(1_830) }), signedBy("health"));
    it.refused("over before it counts", "provident.term_unfit", acts.enter, debt(it, { until: it.time + days(14) }), signedBy("health"));
    it.refused("by a saver", "engine.not_entitled", acts.enter, debt(it), signedBy("ann"));
    const full = listed();
    for (let i = 2; i <= 4; i++) full.act("another", acts.enter, debt(full, { debt: `debt-${i}` }), signedBy("health"));
    const full_up = "provident.entries_full";
    full.refused("a fifth of one centre", full_up, acts.enter, debt(full, { debt: "debt-5" }), signedBy("health"));
    for (let i = 5; i <= 8; i++)
      full.act("of another", acts.enter, debt(full, { debt: `debt-${i}`, centre: "hangzhou" }), signedBy("land"));
    full.advance(days(16));
    expect(answer(full)).toBe("listed");
    full.advance(days(400));
    expect([full.row(debts, "debt-8")?.$.status, full.row(files, "p:bob")?.debts]).toEqual(["lapsed", []]);

    const one = listed();
    expect(answer(one)).toBe("none");
    one.advance(days(15));
    expect(answer(one)).toBe("listed");
    one.refused("cleared elsewhere", "engine.not_entitled", acts.clear, { debt: "debt-1", clearance: "repaid" }, signedBy("land"));
    one.refused("cleared by Bob", "engine.not_entitled", acts.clear, { debt: "debt-1", clearance: "repaid" }, signedBy("bob"));
    one.act("cleared", acts.clear, { debt: "debt-1", clearance: "repaid" }, signedBy("health"));
    one.refused("once", "engine.illegal_move", acts.clear, { debt: "debt-1", clearance: "repaid" }, signedBy("health"));
    expect(answer(one)).toBe("none");
    for (const s of [full, one]) passes(s, "provident");
    full.indexHolds();
  });

  test("is contested once, decided by another than who entered it, and struck when nobody decides", () => {
    const it = listed();
    const objects = { debt: "debt-1", objection: words };
    const decides = { debt: "debt-1", decision: "upheld", ground: "art-40" } as const;
    it.refused("decided before", "engine.illegal_move", acts.decide, decides, signedBy("courts"));
    it.refused("contested by Ann", "engine.signature_missing", acts.contest, objects, signedBy("ann"));
    it.act("contested", acts.contest, objects, signedBy("bob"));
    it.advance(days(15));
    expect(answer(it)).toBe("contested");
    it.refused("decided by the centre", "engine.not_entitled", acts.decide, decides, signedBy("health"));
    it.act("upheld", acts.decide, decides, signedBy("courts"));
    it.refused("contested again", "provident.contested_once", acts.contest, objects, signedBy("bob"));
    expect(answer(it)).toBe("listed");

    const silent = listed();
    silent.act("contested", acts.contest, objects, signedBy("bob"));
    silent.advance(days(30));
    expect(silent.row(debts, "debt-1")?.$.status).toBe("struck");
    expect(answer(silent)).toBe("none");
    const struck = listed();
    struck.act("contested", acts.contest, objects, signedBy("bob"));
    struck.act("struck", acts.decide, { ...decides, decision: "struck" }, signedBy("courts"));
    const again = debt(struck, { debt: "debt-2" });
    struck.refused("entered again", "provident.struck_before", acts.enter, again, signedBy("health"));
    struck.act("on another ground", acts.enter, { ...again, ground: "art-38", debt: "debt-3" }, signedBy("health"));
    struck.act("by another centre", acts.enter, { ...again, centre: "hangzhou", debt: "debt-4" }, signedBy("land"));
    struck.advance(days(180));
    struck.act("when the decision binds no more", acts.enter, debt(struck, { debt: "debt-2" }), signedBy("health"));
    struck.act("contested", acts.contest, { ...objects, debt: "debt-2" }, signedBy("bob"));
    struck.act("struck again", acts.decide, { ...decides, debt: "debt-2", decision: "struck" }, signedBy("courts"));
    expect(struck.row(strikes, "p:bob", "ningbo", "art-37-2")?.debt).toBe("debt-2");
    const short = town();
    short.act("a short one", acts.enter, debt(short, { until: short.time + days(20) }), signedBy("health"));
    short.act("contested", acts.contest, objects, signedBy("bob"));
    short.advance(days(20));
    expect([struck, short].map((s) => s.row(debts, "debt-1")?.$.status)).toEqual(["struck", "lapsed"]);
    for (const s of [it, silent, struck, short]) passes(s, "provident");

    const own = founded({ grants: ["provident.supervisor", "provident.centre", "eid.ministry"].map((role) => grant("tax", role)) });
    enrol(own, "tax", "labour", "bob");
    own.act("a centre", acts.establish, { centre: "ningbo" }, signedBy("tax"));
    own.act("entered", acts.enter, debt(own), signedBy("tax"));
    own.act("contested", acts.contest, objects, signedBy("bob"));
    own.refused("judge of his own entry", "provident.own_case", acts.decide, decides, signedBy("tax"));
  });
});

test("nobody is a second saver, or without debts, by a pseudonym of another sector", () => {
  const it = listed();
  enrol(it, "courts", "city", "bob.city");
  const other = { account: "hz-9", saver: "p:bob.city", centre: "hangzhou" };
  it.refused("a second account", "engine.other_sector", acts.open, other, signedBy("land", "bob.city"));
  const may = bare(authority(it, { authorisation: "auth-9", saver: "p:bob.city" }));
  it.refused("looked up by it", "engine.other_sector", acts.authorise, may, signedBy("bob.city"));
  it.refused("entered by it", "provident.saver_unknown", acts.enter, debt(it, { debt: "d-9", saver: "p:bob.city" }), signedBy("health"));
});

test("a suspended key moves, contests and closes nothing", () => {
  const it = sent();
  it.act("Ann is suspended", eid.suspend, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
  it.refused("received by her", "engine.signature_missing", acts.receive, { transfer: "t-1" }, signedBy("health", "ann"));
  it.act("sent back", acts.sendBack, { transfer: "t-1", ground: "suspended" }, signedBy("health"));
  it.refused("closed by her", "engine.signature_missing", acts.close, { account: "hz-1", ground: "x" }, signedBy("land", "ann"));
  it.refused("moved by her", "engine.signature_missing", acts.ask, { ...move, transfer: "t-2" }, signedBy("health", "ann"));
  const before = listed();
  before.advance(days(1));
  before.act("Bob is revoked", eid.revoke, { principal: "p:bob", ground: "order-17" }, signedBy("courts"));
  before.refused("looked up by his authority", "provident.no_authority", acts.check, looks, signedBy("health"));
  it.refused("authorised by her", "engine.signature_missing", acts.authorise, bare(authority(it)), signedBy("ann"));
});

test("nobody but who must reads of a saver, and nothing in clear says who he is", () => {
  const readers = Object.fromEntries(provident.options.records.map(({ name, options }) => [name, options.read]));
  const open = Object.entries(readers).flatMap(([name, read]) => (read === "public" ? [name] : []));
  expect(open).toEqual(["batch", "day", "centre"]);
  for (const { name, options } of provident.options.records) {
    if (open.includes(name)) expect(Object.keys(options.fields).filter((field) => /saver|account$/.test(field))).toEqual([]);
    else expect(options.read).toContain("saver");
  }
});

test("audits find rows that the rules did not make", () => {
  const it = sent();
  it.act("a second batch", acts.report, batchOf(it, "hangzhou", 5), signedBy("land"));
  it.act("Bob opens", acts.open, { account: "hz-2", saver: "p:bob", centre: "hangzhou" }, signedBy("land", "bob"));
  it.act("issued", acts.certify, { ...certificate(it), account: "hz-2" }, signedBy("land", "bob"));
  it.act("authorised", acts.authorise, authority(it, { saver: "p:bob" }), signedBy("bob"));
  it.act("checked", acts.check, looks, signedBy("health"));
  it.act("entered", acts.enter, debt(it), signedBy("health"));
  passes(it, "provident");
  const finds = (type: any, key: any, change: object) => findsTampered(it, "provident", type, key, change);
  expect(finds(accounts, ["hz-2"], { saver: "p:ann", active: "p:ann" })).toEqual(["oneEach"]);
  expect(finds(accounts, ["hz-1"], { centre: "ningbo" })).toEqual(["oneEach"]);
  expect(finds(transfers, ["t-1"], { amount: 601n })).toEqual(["money"]);
  expect(finds(transfers, ["t-1"], { $status: "received", ended: it.time })).toEqual(["oneEach", "money"]);
  expect(finds(batches, ["hangzhou", 10], { first: 10, size: 6 })).toEqual(["sequences", "money"]);
  expect(finds(batches, ["hangzhou", 0], { root: words.root })).toEqual(["sequences"]);
  expect(finds(batches, ["hangzhou", 0], { paid_in: 999n })).toEqual(["money"]);
  expect(finds(totals, ["hangzhou", Math.floor(it.time / days(1))], { sent: 0n })).toEqual(["money"]);
  expect(finds(centres, ["hangzhou"], { held: 1n })).toEqual(["money"]);
  expect(finds(centres, ["ningbo"], { accounts: 1 })).toEqual(["oneEach"]);
  expect(finds(checks, ["auth-1", 0], { purpose: "curiosity" })).toEqual(["authority"]);
  expect(finds(checks, ["auth-1", 0], { debts: undefined })).toEqual(["authority"]);
  expect(finds(checks, ["auth-1", 0], { debts: "listed" })).toEqual(["answered"]);
  expect(finds(checks, ["auth-1", 0], { serves: "revoked" })).toEqual(["answered"]);
  expect(finds(checks, ["auth-1", 0], { content: words.root })).toEqual(["answered"]);
  expect(finds(acts.authorisations, ["auth-1"], { used: 0 })).toEqual(["authority"]);
  expect(finds(debts, ["debt-1"], { $status: "cleared" })).toEqual(["debtors"]);
  expect(finds(debts, ["debt-1"], { until: it.time + days(3_000) })).toEqual(["debtors"]);
  expect(finds(files, ["p:bob"], { debts: [] })).toEqual(["debtors"]);
  expect(finds(files, ["p:bob"], { debts: [{ debt: "debt-1", centre: "hangzhou" }] })).toEqual(["debtors"]);

  const wrong = shown(0, 10, 7);
  it.act("corrected", acts.correct, { centre: "hangzhou", saver: "p:ann", ...shown(10, 5, 2), wrong }, signedBy("land"));
  it.advance(days(20));
  it.act("checked", acts.check, looks, signedBy("health"));
  expect(it.row(checks, "auth-1", 1)?.debts).toBe("listed");
  it.advance(days(1));
  it.act("contested", acts.contest, { debt: "debt-1", objection: words }, signedBy("bob"));
  it.act("struck", acts.decide, { debt: "debt-1", decision: "struck", ground: "g" }, signedBy("courts"));
  it.act("revoked", acts.revoke, { certificate: "cert-1", ground: "x" }, signedBy("land"));
  passes(it, "provident");
  for (const change of [{ debts: "none" }, { serves: "revoked" }]) expect(finds(checks, ["auth-1", 1], change)).toEqual(["answered"]);
  const drawn = (change: object) => finds(entries, ["hangzhou", 0, 7], change);
  expect(drawn({ saver: "p:bob" })).toEqual(["sequences"]);
  expect(drawn({ item: words.root })).toEqual(["sequences"]);
  expect(drawn({ by: { first: 10, index: 4 } })).toEqual(["sequences"]);
  expect(drawn({ by: { first: 5_000, index: 9 } })).toEqual(["sequences"]);
  expect(drawn({ path: shown(0, 10, 8).path })).toEqual(["sequences"]);
  const bound = (change: object) => finds(strikes, ["p:bob", "ningbo", "art-37-2"], change);
  expect(bound({ until: it.time + days(400) })).toEqual(["debtors"]);
  expect(bound({ debt: "debt-9" })).toEqual(["debtors"]);
});

test("the acts of its reference page are a story that happens", () => {
  const it = founded({
    grants: [...["centre", "supervisor", "tax_office"].map((role) => grant("tax", `provident.${role}`)), grant("courts", "eid.ministry")],
  });
  enrol(it, "courts", "labour", "ann.labour", "bob.labour");
  const example = (action: any): any => action.options.example;
  const all = signedBy("tax", "ann.labour", "bob.labour");
  it.act("a centre", acts.establish, example(acts.establish), all);
  it.act("another", acts.establish, { centre: "ningbo" }, all);
  const story = [acts.open, acts.report, acts.ask, acts.send, acts.sendBack, acts.tell, acts.mend, acts.assess];
  for (const action of [...story, acts.certify, acts.authorise, acts.lend, acts.enter, acts.contest, acts.clear] as (typeof acts.open)[])
    it.act(action.options.title, action, example(action), all);
  passes(it, "provident");
});

// ── what a record costs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
test("a record in a batch costs parts of a byte and of a microsecond: 50 million a day are 72,000 batches of 694", () => {
  const [each, times] = [694, 300];
  const it = town();
  const calls = Array.from({ length: times }, (_, i) => {
    const root = sha256(utf8(`root ${i}`));
    const previous = i === 0 ? noBatch.last : sha256(utf8(`root ${i - 1}`));
    return {
      centre: "hangzhou",
      first: i * each,
      size: each,
      root,
      previous,
      day: Math.floor(it.time / days(1)),
      paid_in: 1n,
      paid_out: 0n,
    };
  });
  const run = (into: Scenario) => (args: object, i: number) => {
    into.height++;
    const id = sha256(utf8(`batch ${i}`));
    const operations = [{ action: "provident.report@1", args: decode(encode(args as Value)) }];
    const call = { id, index: 0, signers: [keyOf("land")], operations, failedProofs: [] };
    const start = performance.now();
    const { outcome } = into.registry.run(into.state, call, into.block);
    const took = (performance.now() - start) * 1_000;
    expect(outcome).toBe(0);
    return took;
  };
  for (let warm = 0; warm < 4; warm++) calls.forEach(run(town()));
  const before = new Map(it.state.rows);
  const us = calls.map(run(it)).sort((a, b) => a - b)[times / 2]!;
  // What stays is one row a batch: the centre's and the day's are written over.
  let bytes = 0;
  let rows = 0;
  for (const [place, row] of it.state.rows)
    if (!before.has(place)) {
      rows++;
      bytes += place.length + row.bytes.length;
    }
  const wire = encode({ action: "provident.report@1", args: calls[0]! }).length;
  const leaves = items(0, each);
  const hashing = performance.now();
  const root = rootOf(leaves.map((item) => leafHash(recordOf("p:ann", item))));
  const hashUs = ((performance.now() - hashing) * 1_000) / each;
  const path = inclusionPath(leaves.map(leafHash), 300);
  console.info(
    `a batch of ${each}: ${us.toFixed(0)} µs of the engine, ${Math.round(bytes / times)} bytes of rows, ${wire} of transaction; ` +
      `a record: ${(us / each).toFixed(3)} µs, ${((bytes / times + wire) / each).toFixed(2)} bytes; its leaf, at the centre: ${hashUs.toFixed(1)} µs`,
  );
  expect(rows).toBe(times + 1);
  expect(bytes / times).toBeLessThan(320);
  expect(wire).toBeLessThan(250);
  expect((bytes / times + wire) / each).toBeLessThan(1);
  expect(path.length).toBeLessThanOrEqual(10);
  expect(root.length).toBe(32);
  expect(it.row(centres, "hangzhou")?.next).toBe(each * times);
  expect(latin1(it.row(centres, "hangzhou")!.last)).toBe(latin1(calls.at(-1)!.root));
  // 579 records a second are 0.83 batches: a core that takes a thousandth of one's time for them is far more than needed.
  expect((us * 579) / each).toBeLessThan(50_000);
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "p:carl"] as const;
const offices = {
  land: ["provident.centre#a"],
  health: ["provident.centre#b"],
  courts: ["provident.supervisor"],
  tax: ["provident.tax_office"],
};
const officeOf: { readonly [centre: string]: string } = { a: "land", b: "health" };
const rights = plainRights(offices, [...people]);
const step = fc.record({
  act: fc.constantFrom(
    ...([
      "open",
      "open",
      "close",
      "closeFor",
      "report",
      "report",
      "report",
      "prove",
      "correct",
      "ask",
      "ask",
      "send",
      "send",
      "send",
    ] as const),
    ...([
      "receive",
      "sendBack",
      "decline",
      "withdraw",
      "tell",
      "mend",
      "assess",
      "assess",
      "certify",
      "certify",
      "revoke",
      "lend",
    ] as const),
    ...(["authorise", "authorise", "end", "check", "check", "check", "enter", "enter", "contest", "contest", "decide", "clear"] as const),
    ...(["wait"] as const),
  ),
  saver: fc.constantFrom(...people),
  centre: fc.constantFrom("a", "b"),
  n: fc.nat(5),
  odd: fc.nat(9),
  amount: fc.oneof(
    { weight: 9, arbitrary: fc.bigInt({ min: 0n, max: 400n }) },
    { weight: 1, arbitrary: fc.constantFrom(-1n, MAX_MONEY - 1n, MAX_MONEY, MAX_MONEY + 1n) },
  ),
  days: fc.constantFrom(1, 1, 3, 8, 16, 40),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, "tax", "land", "health", "courts"), { maxLength: 3 }),
});

describe("whatever savers, centres and offices do", () => {
  test("a saver has one account, money neither comes about nor is lost, and nobody looks without leave", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = scenario({ modules: [acts, eid], resolver: rights, found() {} });
        for (const centre of ["a", "b"]) it.act("a centre", acts.establish, { centre }, signedBy("courts"));
        const model = {
          active: new Map<string, string>(),
          last: new Map<string, string>(),
          held: { a: 0n, b: 0n } as Record<string, bigint>,
        };
        const sizes: Record<string, [first: number, size: number][]> = { a: [], b: [] };
        const names = { transfer: [] as string[], certificate: [] as string[], authorisation: [] as string[], debt: [] as string[] };
        const leave = new Map<string, number>();
        /** How long a centre is bound by a decision that its entry was wrong. */
        const bound = new Map<string, number>();
        let next = 0;
        for (const s of steps) {
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.days))) expect(result.flags).toEqual([]);
            continue;
          }
          /** Mostly one that the act may fit. */
          const pick = (of: keyof typeof names, fits: (name: string) => boolean): string => {
            const fit = names[of].filter((name) => s.odd === 0 || fits(name));
            return fit[s.n % Math.max(1, fit.length)] ?? "none";
          };
          const account = model.active.get(s.saver) ?? (s.odd === 0 ? model.last.get(s.saver) : undefined) ?? "none";
          const keeper = officeOf[it.row(accounts, account)?.centre ?? "a"]!;
          const wanted: { readonly [act: string]: string } = {
            send: "asked",
            decline: "asked",
            withdraw: "asked",
            receive: "sent",
            sendBack: "sent",
          };
          const transfer = pick("transfer", (name) => it.row(transfers, name)?.$.status === wanted[s.act]);
          const moving = it.row(transfers, transfer);
          const cert = pick("certificate", (name) => it.row(certificates, name)?.$.status === "live");
          const certRow = it.row(certificates, cert);
          const auth = pick("authorisation", (name) => it.row(acts.authorisations, name)?.$.status === "live");
          const may = it.row(acts.authorisations, auth);
          const stage: { readonly [act: string]: readonly string[] } = {
            ...{ contest: ["entered"], decide: ["contested"], clear: ["entered", "contested", "upheld"] },
          };
          const owed = pick("debt", (name) => stage[s.act]?.includes(it.row(debts, name)!.$.status) === true);
          const debtRow = it.row(debts, owed);
          const office = officeOf[s.centre]!;
          const of = it.row(centres, s.centre)!;
          const drawn = sizes[s.centre]![s.n % Math.max(1, sizes[s.centre]!.length)] ?? [0, 1];
          const later = sizes[s.centre]!.at(-1) ?? [0, 1];
          /** Mostly the one whose record it is. */
          const whose = s.odd === 0 ? s.saver : ownerOf(drawn[0] + (s.n % drawn[1]));
          const name = `${s.act}-${next++}`;
          const given = it.row(deductions, s.saver, 2026 - (s.n % 2));
          const is = (args: object, ...should: string[]): [object, string[]] => [args, should];
          const [args, should] = {
            open: () => is({ account: name, saver: s.saver, centre: s.centre }, office, s.saver),
            close: () => is({ account: s.n < 2 ? account : "none", ground: "x" }, keeper, s.saver),
            closeFor: () => is({ account: s.n === 0 ? account : "none", ground: "x" }, keeper, "courts"),
            report: () =>
              is(
                batchOf(it, s.centre, 1 + s.n, {
                  ...{ paid_in: s.amount, paid_out: s.n === 0 ? (s.amount > 0n ? s.amount : 0n) / 2n : 0n },
                  ...(s.odd === 0 ? { first: of.next + 1 } : s.odd === 1 ? { previous: told.root } : {}),
                }),
                office,
              ),
            prove: () => is({ centre: s.centre, saver: whose, ...shown(drawn[0], drawn[1], s.n % drawn[1]) }, whose),
            correct: () => {
              const wrong = shown(drawn[0], drawn[1], s.n % drawn[1]);
              return is({ centre: s.centre, saver: whose, ...shown(later[0], later[1], s.odd % later[1]), wrong }, office);
            },
            ask: () => is({ transfer: name, account, to: s.centre }, office, s.saver),
            send: () => is({ transfer, amount: s.amount }, officeOf[moving?.centre ?? "a"]!),
            receive: () => is({ transfer }, officeOf[moving?.to ?? "a"]!, moving?.saver ?? s.saver),
            sendBack: () => is({ transfer, ground: "x" }, officeOf[moving?.to ?? "a"]!),
            decline: () => is({ transfer, ground: "x" }, officeOf[moving?.centre ?? "a"]!),
            withdraw: () => is({ transfer }, moving?.saver ?? s.saver),
            tell: () => is({ centre: s.centre, year: 2027 - (s.n % 3), deductions: [{ account, told }] }, office),
            mend: () => is({ saver: s.saver, year: 2026 - (s.n % 2), told }, officeOf[given?.centre ?? "a"]!),
            assess: () => is({ saver: s.saver, year: 2026 - (s.n % 2), to: s.odd > 4 ? "assessed" : "told" }, "tax"),
            certify: () => is({ certificate: name, account, content: sealed, until: it.time + days(20 * s.n) }, keeper, s.saver),
            revoke: () => is({ certificate: s.n === 0 ? cert : "none", ground: "x" }, officeOf[certRow?.centre ?? "a"]!),
            lend: () => is({ certificate: s.n < 3 ? cert : "none", centre: s.centre }, office, certRow?.saver ?? s.saver),
            authorise: () =>
              is(
                {
                  ...{
                    authorisation: name,
                    saver: certRow?.saver ?? s.saver,
                    centre: s.centre,
                    purpose: "loan",
                    debts: s.odd > 2,
                    most: 1 + s.n,
                  },
                  ...{ until: it.time + days(50 * s.n), ...(certRow === undefined ? {} : { certificate: cert }) },
                },
                certRow?.saver ?? s.saver,
              ),
            end: () => is({ authorisation: s.n === 0 ? auth : "none" }, may?.saver ?? s.saver),
            check: () =>
              is(
                { authorisation: auth, centre: may?.centre ?? "a", purpose: s.odd === 1 ? "x" : "loan", content: sealed.root },
                officeOf[may?.centre ?? "a"]!,
              ),
            enter: () =>
              is({ debt: name, saver: s.saver, centre: s.centre, ground: "g", facts: words, until: it.time + days(14 + 30 * s.n) }, office),
            contest: () => is({ debt: owed, objection: words }, debtRow?.saver ?? s.saver),
            decide: () => is({ debt: owed, decision: s.odd > 4 ? "upheld" : "struck", ground: "g" }, "courts"),
            clear: () => is({ debt: s.n < 2 ? owed : "none", clearance: "g" }, officeOf[debtRow?.centre ?? "a"]!),
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code } = it.submit([{ action: `provident.${s.act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          expect(signers).toEqual(expect.arrayContaining(should));
          if (s.act === "open") {
            expect(model.active.has(s.saver)).toBe(false);
            model.active.set(s.saver, name);
            model.last.set(s.saver, name);
          }
          if (s.act === "close" || s.act === "closeFor") model.active.delete(it.row(accounts, account)!.saver);
          if (s.act === "report") {
            const { first, size, paid_in, paid_out } = args as ReturnType<typeof batchOf>;
            expect(first).toBe(of.next);
            sizes[s.centre]!.push([first, size]);
            model.held[s.centre]! += paid_in - paid_out;
          }
          if (s.act === "ask") names.transfer.push(name);
          if (s.act === "certify") names.certificate.push(name);
          if (s.act === "authorise") names.authorisation.push(name);
          if (s.act === "enter") names.debt.push(name);
          if (s.act === "check") {
            leave.set(auth, (leave.get(auth) ?? 0) + 1);
            expect(leave.get(auth)).toBeLessThanOrEqual(may!.most);
            expect(it.time).toBeLessThan(may!.until);
          }
          if (s.act === "prove") expect(whose).toBe(ownerOf(drawn[0] + (s.n % drawn[1])));
          if (s.act === "enter") {
            expect(bound.get(`${s.saver} ${s.centre}`) ?? 0).toBeLessThanOrEqual(it.time);
            const own = it.row(files, s.saver)!.debts.filter(({ centre }) => centre === s.centre);
            expect(own.length).toBeLessThanOrEqual(4);
          }
          if (s.act === "decide" && s.odd <= 4) bound.set(`${debtRow!.saver} ${debtRow!.centre}`, it.time + days(180));
          if (s.act === "lend") expect(certRow!.$.status).toBe("live");
        }
        // What savers paid in is what the centres hold, and what is on its way between them.
        const all = ["a", "b"].reduce((sum, centre) => sum + it.row(centres, centre)!.held + it.row(centres, centre)!.transit, 0n);
        expect(all).toBe(model.held["a"]! + model.held["b"]!);
        for (const [saver, account] of model.active)
          expect(it.row(accounts, account)).toMatchObject({ active: saver, $: { status: "live" } });
        // Whatever is under way ends by itself.
        for (const { result } of it.advance(days(2_000))) expect(result.flags).toEqual([]);
        for (const centre of ["a", "b"]) expect(it.row(centres, centre)!.transit).toBe(0n);
        for (const saver of people) expect(it.row(files, saver)?.debts ?? []).toEqual([]);
        passes(it, "provident");
        it.indexHolds();
      }),
      { numRuns: 40, seed: 33, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times >= 10).length;
    expect(`${often} of 25 happen often: ${[...accepted].join(" ")}`).toMatch(/^25 of 25/);
  });
});

everyRuleIsGiven(provident);
