// Entrusted public services (service 23): a call, sealed bids, their opening by bidders and by trustees, scores, award, standstill, tranches and their
// reports; then histories at random.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { MAX_MONEY } from "../../../src/contracts/engine/fields.ts";
import { days, hours } from "../../../src/contracts/engine/index.ts";
import { ranked } from "../../../src/contracts/kit/award.ts";
import * as funds from "../../../src/contracts/money/funds.ts";
import {
  bids,
  challenges,
  contracts,
  interests,
  scores,
  shares,
  tender,
  tenders,
  tranches,
} from "../../../src/contracts/money/tenderRecords.ts";
import * as acts from "../../../src/contracts/money/tenders.ts";
import * as ceremonies from "../../../src/contracts/platform/ceremonies.ts";
import { IDENTITY, multiplyBase } from "../../../src/base/ristretto.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";
import {
  account,
  awarded,
  bidders,
  bidding,
  bidOf,
  called,
  calling,
  city,
  content,
  contracted,
  decided,
  declared,
  doubt,
  joined,
  opened,
  openingOf,
  panel,
  parts,
  people,
  scored,
  scoreOf,
  sealed,
  sealedText,
  shareOf,
  substitutes,
} from "./tendersTown.ts";
import { hold, Trustees, useSodium } from "./trustees.ts";

beforeAll(useSodium);
const of = (town: Scenario) => town.row(tenders, "t-1")!;
const bidBy = (town: Scenario, bidder: string) => town.row(bids, "t-1", bidder)!;

describe("a call for bids", () => {
  it("says what for, by when, who scores and how; its key serves it alone", () => {
    const town = city();
    const call = called(town);
    town.refused("by who is no buyer", "engine.not_entitled", acts.call, call, signedBy("c:acme"));
    for (const [says, wrong] of [
      ["weights of 90", { price_weight: 50 }],
      ["a member who is nobody", { panel: ["p:nobody"] }],
      ["a member who is a trustee and reads the bids", { panel: ["p:eve", "t1"] }],
      ["by invitation, and nobody is invited", { method: "direct" }],
      ["open to all, and only some are invited", { invited: ["c:acme"] }],
      ["for another purpose than the fund's", { purpose: "roads" }],
      ["a member twice", { panel: ["p:eve", "p:eve"] }],
      ["a deadline past", { bids_until: town.time }],
      ["opening ends before bids do", { open_until: call.bids_until }],
      ["another currency than the fund's", { currency: "EUR" }],
    ] as const)
      town.refused(says, "tenders.terms_unfit", acts.call, { ...call, ...wrong }, signedBy("city"));
    town.refused("from no fund", "engine.not_found", acts.call, { ...call, fund: "none" }, signedBy("city"));
    town.refused("with another office's key", "ceremonies.not_complete", acts.call, call, signedBy("other"));
    town.act("the city calls", acts.call, call, signedBy("city"));
    town.refused("once", "ceremonies.serves_another", acts.call, call, signedBy("city"));
    town.refused("one key, one tender", "ceremonies.serves_another", acts.call, { ...call, tender: "t-2" }, signedBy("city"));
    expect(of(town)).toMatchObject({ buyer: "city", bids: 0, opened: 0, $: { status: "called" } });
  });

  it("knows each person by one name, as a taxpayer: nobody scores by the one and bids by the other", () => {
    const roles = ["tenders.buyer", "ceremonies.office"].map((role) => grant("tax", role));
    const others = [grant("courts", "eid.ministry"), grant("courts", "funds.supervisor"), grant("land", "funds.bank")];
    const town = founded({ grants: [...roles, ...others] });
    enrol(town, "courts", "tax", "ann");
    enrol(town, "courts", "labour", "ann.labour");
    const fund = {
      fund: "it",
      kind: "project" as const,
      owner: "tax",
      purpose: "equipment",
      currency: "MXN",
      account,
      keyholders: ["tax"],
    };
    town.act("a fund", funds.open, { ...fund, budget: 1_000n }, signedBy("tax", "courts", "land"));
    const key = new Trustees(town.network, "c-1", ["courts", "land", "health"], 2);
    town.act("trustees are called", ceremonies.open, key.open(town), signedBy("tax"));
    hold(town, key);
    const call = called(town, { panel: ["p:ann"] });
    town.refused("Ann, as who works", "tenders.terms_unfit", acts.call, { ...call, panel: ["p:ann.labour"] }, signedBy("tax"));
    town.act("Ann, the taxpayer", acts.call, call, signedBy("tax"));
    town.refused("her bid", "engine.other_sector", acts.bid, bidOf(sealed("p:ann.labour", 900n)), signedBy("ann.labour"));
  });

  it("waits for its trustees", () => {
    const town = city();
    const more = new Trustees(town.network, "c-2", ["t1", "t2"], 2);
    town.act("trustees are called", ceremonies.open, more.open(town), signedBy("city"));
    town.refused("a key in the making", "ceremonies.not_complete", acts.call, called(town, { ceremony: "c-2" }), signedBy("city"));
    hold(town, more);
    town.act("the key is there", acts.call, called(town, { ceremony: "c-2" }), signedBy("city"));
  });

  it("is cancelled on a ground, until there is a contract", () => {
    const town = calling();
    town.refused("by another buyer", "engine.not_entitled", acts.cancel, { tender: "t-1", ground: "no" }, signedBy("other"));
    town.act("cancelled", acts.cancel, { tender: "t-1", ground: "no-need" }, signedBy("city"));
    town.refused("nobody bids any more", "tenders.bidding_over", acts.bid, bidOf(sealed("c:acme", 900n)), signedBy("c:acme"));
    town.refused("once", "tenders.bound", acts.cancel, { tender: "t-1", ground: "no" }, signedBy("city"));
    const done = contracted();
    done.refused("the contract binds", "tenders.bound", acts.cancel, { tender: "t-1", ground: "no" }, signedBy("city"));
  });
});

describe("a bid", () => {
  it("is sealed to the tender's key by its bidder; a copy is worth nothing", () => {
    const town = calling();
    const mine = bidOf(sealed("c:acme", 900n));
    town.refused("in another's name", "engine.signature_missing", acts.bid, mine, signedBy("c:bolt"));
    for (const [says, wrong] of [
      ["Bolt hands Acme's bid in as his own", { bidder: "c:bolt" }],
      ["sealed to another key", { key: multiplyBase(7n) }],
      ["of another text", { ciphertext: new Uint8Array(64) }],
      ["with the identity as its point", { point: IDENTITY }],
      ["sealed for another tender", bidOf(sealed("c:acme", 900n, { tender: "t-9" }))],
    ] as const)
      town.refused(says, "tenders.seal_unproved", acts.bid, { ...mine, ...wrong, tender: "t-1" }, signedBy("c:acme", "c:bolt"));
    town.refused(
      "begins with the first",
      "tenders.version_next",
      acts.bid,
      bidOf(sealed("c:acme", 900n, { version: 2 })),
      signedBy("c:acme"),
    );
    town.act("Acme bids", acts.bid, mine, signedBy("c:acme"));
    expect(bidBy(town, "c:acme")).toMatchObject({ version: 1, $: { status: "sealed" } });
    expect(bidBy(town, "c:acme").amount).toBeUndefined();
  });

  it("is replaced and withdrawn until the deadline, and not after it", () => {
    const town = calling();
    bidding(town, { "c:acme": 900n, "c:bolt": 950n });
    town.refused("the same again", "tenders.version_next", acts.bid, bidOf(sealed("c:acme", 900n)), signedBy("c:acme"));
    town.act("Acme bids less", acts.bid, bidOf(sealed("c:acme", 880n, { version: 2 })), signedBy("c:acme"));
    expect(of(town)).toMatchObject({ bidders: 2, bids: 2 });
    town.refused(
      "Acme withdraws Bolt's",
      "engine.signature_missing",
      acts.withdraw,
      { tender: "t-1", bidder: "c:bolt" },
      signedBy("c:acme"),
    );
    town.act("Bolt withdraws", acts.withdraw, { tender: "t-1", bidder: "c:bolt" }, signedBy("c:bolt"));
    town.refused("once", "engine.illegal_move", acts.withdraw, { tender: "t-1", bidder: "c:bolt" }, signedBy("c:bolt"));
    expect(of(town)).toMatchObject({ bidders: 2, bids: 1 });
    town.act("and comes back", acts.bid, bidOf(sealed("c:bolt", 940n, { version: 2 })), signedBy("c:bolt"));
    expect(of(town)).toMatchObject({ bidders: 2, bids: 2 });
    town.advance(days(7));
    town.refused("too late", "tenders.bidding_over", acts.bid, bidOf(sealed("c:cord", 800n)), signedBy("c:cord"));
    town.refused("to replace", "tenders.bidding_over", acts.bid, bidOf(sealed("c:acme", 870n, { version: 3 })), signedBy("c:acme"));
    town.refused("or to withdraw", "tenders.bidding_over", acts.withdraw, { tender: "t-1", bidder: "c:acme" }, signedBy("c:acme"));
    town.act("what counts is the last", acts.open, openingOf(sealed("c:acme", 880n, { version: 2 }), 880n), signedBy("c:acme"));
    town.refused("not the one before", "tenders.opening_wrong", acts.open, openingOf(sealed("c:bolt", 950n), 950n), signedBy("c:bolt"));
    passes(town, "tenders");
  });

  it("comes from who is invited, and never from the buyer, the panel or a trustee", () => {
    const town = calling({ method: "limited", invited: ["c:acme", "p:eve", "t1", "city"] });
    const from = (bidder: string) => bidOf(sealed(bidder, 900n));
    town.refused("not invited", "tenders.not_invited", acts.bid, from("c:bolt"), signedBy("c:bolt"));
    for (const who of ["p:eve", "t1", "city"]) town.refused(who, "tenders.conflicted", acts.bid, from(who), signedBy(who));
    town.act("invited", acts.bid, from("c:acme"), signedBy("c:acme"));
  });

  it("is one of 64 at most", () => {
    const town = calling();
    for (let i = 0; i < 64; i++) bidding(town, { [`c:n${i}`]: 900n });
    town.refused("one more", "tenders.bids_full", acts.bid, bidOf(sealed("c:more", 1n)), signedBy("c:more"));
    town.act("who is in replaces his", acts.bid, bidOf(sealed("c:n7", 899n, { version: 2 })), signedBy("c:n7"));
  });
});

describe("opening", () => {
  it("is its bidder's from the deadline on: by the number that he sealed it with, and as it was handed in", () => {
    const town = calling();
    bidding(town, { "c:acme": 900n, "c:bolt": 950n });
    const acme = sealed("c:acme", 900n);
    town.refused("before the deadline", "tenders.still_sealed", acts.open, openingOf(acme, 900n), signedBy("c:acme"));
    town.advance(days(7));
    town.refused("by another", "engine.signature_missing", acts.open, openingOf(acme, 900n), signedBy("c:bolt"));
    const other = sealed("c:acme", 899n);
    for (const [says, wrong] of [
      ["another price", openingOf(acme, 899n)],
      ["no price", openingOf(acme)],
      ["another number", { ...openingOf(acme, 900n), opening: sealed("c:bolt", 950n).opening }],
      ["another K", { ...openingOf(acme, 900n), shared: content(sealed("c:bolt", 950n)).shared }],
      ["a text that does not have the digest", { ...openingOf(acme, 900n), ciphertext: other.ciphertext }],
      ["a bid that was not handed in", openingOf(other, 899n)],
      ["for another version", { ...openingOf(acme, 900n), version: 2 }],
    ] as const)
      town.refused(says, "tenders.opening_wrong", acts.open, wrong, signedBy("c:acme"));
    town.act("Acme opens", acts.open, openingOf(acme, 900n), signedBy("c:acme"));
    town.refused("once", "tenders.opening_wrong", acts.open, openingOf(acme, 900n), signedBy("c:acme"));
    expect(of(town)).toMatchObject({ opened: 1, $: { status: "called" } });
    town.act("Bolt opens, the last", acts.open, openingOf(sealed("c:bolt", 950n), 950n), signedBy("c:bolt"));
    expect(of(town)).toMatchObject({ opened: 2, $: { status: "scoring" } });
    passes(town, "tenders");
  });

  it("is done by the trustees for a bidder who does not: after his time, by as many as are needed, with the same result", () => {
    const town = calling();
    bidding(town, { "c:acme": 900n, "c:bolt": 950n });
    const bolt = sealed("c:bolt", 950n);
    const [one, two, three] = [1, 2, 3].map((i) => shareOf(bolt, i));
    town.refused("before the deadline", "tenders.bidder_first", acts.share, one!, signedBy("t1"));
    town.advance(days(7));
    town.act("Acme opens", acts.open, openingOf(sealed("c:acme", 900n), 900n), signedBy("c:acme"));
    town.refused("while it is Bolt's to open", "tenders.bidder_first", acts.share, one!, signedBy("t1"));
    town.refused("or to put together", "tenders.bidder_first", acts.openWithheld, joined(bolt, [1, 2], 950n), signedBy("t1"));
    town.advance(days(1));
    town.refused("by who is no trustee", "engine.signature_missing", acts.share, one!, signedBy("t2"));
    town.refused("at a place that is not", "tenders.share_unproved", acts.share, { ...one!, index: 4 }, signedBy("t1"));
    town.refused("of another bid", "tenders.share_unproved", acts.share, { ...one!, point: sealed("c:acme", 900n).point }, signedBy("t1"));
    town.refused("another image", "tenders.share_unproved", acts.share, { ...one!, image: two!.image }, signedBy("t1"));
    town.refused("with another's part", "tenders.share_unproved", acts.share, { ...two!, index: 1 }, signedBy("t1"));
    town.refused("of a bid that is open", "tenders.opening_wrong", acts.share, shareOf(sealed("c:acme", 900n), 1), signedBy("t1"));
    town.refused("of a bid never handed in", "tenders.opening_wrong", acts.share, shareOf(sealed("c:bolt", 951n), 1), signedBy("t1"));
    town.act("the third", acts.share, three!, signedBy("t3"));
    town.refused("once", "engine.already_exists", acts.share, three!, signedBy("t3"));
    town.refused("not by one", "tenders.opening_wrong", acts.openWithheld, joined(bolt, [3], 950n), signedBy("t1"));
    town.refused("not by one who gave none", "engine.not_found", acts.openWithheld, joined(bolt, [1, 3], 950n), signedBy("t1"));
    town.act("the first", acts.share, one!, signedBy("t1"));
    for (const [says, wrong] of [
      ["in disorder", joined(bolt, [3, 1], 950n)],
      ["one twice", joined(bolt, [1, 1], 950n)],
      ["another price", joined(bolt, [1, 3], 949n)],
      ["that it is unreadable", joined(bolt, [1, 3])],
    ] as const)
      town.refused(says, "tenders.opening_wrong", acts.openWithheld, wrong, signedBy("t1"));
    town.act("the second too", acts.share, two!, signedBy("t2"));
    town.refused("by more than are needed", "tenders.opening_wrong", acts.openWithheld, joined(bolt, [1, 2, 3], 950n), signedBy("t1"));
    const invented = joined(bolt, [1, 3], 950n);
    town.refused(
      "with an image of nobody's",
      "tenders.opening_wrong",
      acts.openWithheld,
      { ...invented, shares: [{ index: 1, image: IDENTITY }, invented.shares[1]!] },
      signedBy("t1"),
    );
    town.refused("in another's name", "engine.signature_missing", acts.openWithheld, joined(bolt, [1, 3], 950n), signedBy("t2"));
    town.act("two of three open it", acts.openWithheld, joined(bolt, [1, 3], 950n), signedBy("t1"));
    expect(bidBy(town, "c:bolt")).toMatchObject({ amount: 950n, shared: content(bolt).shared, $: { status: "opened" } });
    expect(of(town).$.status).toBe("scoring");
    passes(town, "tenders");
  });

  it("finds a bid unreadable, by both paths alike; it is not scored", () => {
    for (const [path, bad] of [
      ["bidder", sealed("c:acme", 5n, { garbage: true })],
      ["trustees", sealed("c:acme", 5n, { garbage: true })],
      ["bidder", sealed("c:acme", 0n)], // it would have all points, and no contract could be of it
      ["trustees", sealed("c:acme", 0n)],
    ] as const) {
      const town = calling();
      town.act("Acme bids", acts.bid, bidOf(bad), signedBy("c:acme"));
      bidding(town, { "c:bolt": 950n });
      town.advance(days(8));
      town.act("Bolt opens late, but opens", acts.open, openingOf(sealed("c:bolt", 950n), 950n), signedBy("c:bolt"));
      if (path === "bidder") {
        for (const price of [5n, 0n])
          town.refused("with a price all the same", "tenders.opening_wrong", acts.open, openingOf(bad, price), signedBy("c:acme"));
        town.act("it says nothing", acts.open, openingOf(bad), signedBy("c:acme"));
      } else {
        for (const i of [2, 3]) town.act(`trustee ${i}`, acts.share, shareOf(bad, i), signedBy(`t${i}`));
        town.act("it says nothing", acts.openWithheld, joined(bad, [2, 3]), signedBy("t1"));
      }
      expect([bidBy(town, "c:acme").$.status, of(town).$.status]).toEqual(["unreadable", "scoring"]);
      declared(town);
      town.refused("not scored", "tenders.still_sealed", acts.score, scoreOf("p:eve", "c:acme", 1, 1), signedBy("p:eve"));
      passes(town, "tenders");
    }
  });
});

describe("scores", () => {
  it("are the panel's, after each member has declared his interests, and of no bid in which he has one", () => {
    const town = calling();
    bidding(town, { "c:acme": 900n, "c:bolt": 950n });
    const mark = scoreOf("p:eve", "c:acme", 80, 70);
    town.refused(
      "not of the panel",
      "tenders.not_panel",
      acts.declare,
      { tender: "t-1", member: "c:acme", bidders: [] },
      signedBy("c:acme"),
    );
    town.refused(
      "for another",
      "engine.signature_missing",
      acts.declare,
      { tender: "t-1", member: "p:eve", bidders: [] },
      signedBy("p:finn"),
    );
    town.refused("undeclared", "tenders.undeclared", acts.score, mark, signedBy("p:eve"));
    town.act("Eve has an interest in Bolt", acts.declare, { tender: "t-1", member: "p:eve", bidders: ["c:bolt"] }, signedBy("p:eve"));
    town.refused("once", "engine.illegal_move", acts.declare, { tender: "t-1", member: "p:eve", bidders: [] }, signedBy("p:eve"));
    town.refused("sealed bids are not scored", "tenders.still_sealed", acts.score, mark, signedBy("p:eve"));
    town.advance(days(7));
    for (const [who, price] of [
      ["c:acme", 900n],
      ["c:bolt", 950n],
    ] as const)
      town.act("opens", acts.open, openingOf(sealed(who, price), price), signedBy(who));
    town.refused("her interest", "tenders.conflicted", acts.score, scoreOf("p:eve", "c:bolt", 1, 1), signedBy("p:eve"));
    town.refused("a mark too few", "tenders.marks_unfit", acts.score, { ...mark, marks: [80] }, signedBy("p:eve"));
    town.refused("by who is not on the panel", "tenders.not_panel", acts.score, { ...mark, member: "city" }, signedBy("city"));
    town.refused("in her name", "engine.signature_missing", acts.score, mark, signedBy("p:finn"));
    town.act("she scores Acme", acts.score, mark, signedBy("p:eve"));
    town.refused("once", "tenders.scored_once", acts.score, mark, signedBy("p:eve"));
    expect(bidBy(town, "c:acme")).toMatchObject({ quality: 80 * 30 + 70 * 10, scores: 1 });
    passes(town, "tenders");
  });

  it("are struck when an interest comes out that was not declared", () => {
    const town = calling();
    opened(town, { "c:acme": 900n, "c:bolt": 950n });
    scored(town, { "c:acme": [80, 80], "c:bolt": [100, 100] });
    const found = { tender: "t-1", member: "p:gil", bidder: "c:bolt" };
    town.refused("says a competitor", "engine.not_entitled", acts.recuse, found, signedBy("c:acme"));
    town.refused("of a member who is none", "tenders.not_panel", acts.recuse, { ...found, member: "city" }, signedBy("ethics"));
    town.act("Gil has a share in Bolt", acts.recuse, found, signedBy("ethics"));
    expect(town.row(scores, "t-1", "c:bolt", "p:gil")!.$.status).toBe("struck");
    expect(bidBy(town, "c:bolt")).toMatchObject({ quality: 2 * 100 * 40, scores: 2 });
    town.act("said twice is said once", acts.recuse, found, signedBy("ethics"));
    expect(town.row(interests, "t-1", "p:gil")!.bidders).toEqual(["c:bolt"]);
    town.refused("he does not score it again", "tenders.conflicted", acts.score, scoreOf("p:gil", "c:bolt", 1, 1), signedBy("p:gil"));
    town.act("the award, by the marks of two", acts.award, { tender: "t-1", bidder: "c:bolt", amount: 950n }, signedBy("city"));
    town.act("of Finn it is found in the standstill", acts.recuse, { ...found, member: "p:finn" }, signedBy("ethics"));
    expect([of(town).$.status, of(town).winner, bidBy(town, "c:bolt").scores]).toEqual(["scoring", undefined, 1]);
    town.act("an award by the marks of one", acts.award, { tender: "t-1", bidder: "c:bolt", amount: 950n }, signedBy("city"));
    town.act("nothing rested on this", acts.recuse, { ...found, member: "p:gil" }, signedBy("ethics"));
    expect(of(town).$.status).toBe("awarded");
    town.advance(days(10));
    const conclude = { tender: "t-1", account, tranches: parts(town, 950n) };
    town.act("the contract", acts.conclude, conclude, signedBy("city", "c:bolt"));
    town.refused("too late", "tenders.not_scored", acts.recuse, { ...found, member: "p:eve" }, signedBy("ethics"));
    passes(town, "tenders");
  });

  it("of a member who is silent, gone, or leaves a bid to nobody are given by another in his place", () => {
    const town = calling({ panel: ["p:eve"] });
    opened(town, { "c:acme": 900n, "c:bolt": 950n });
    town.act("Eve knows Bolt", acts.declare, { tender: "t-1", member: "p:eve", bidders: ["c:bolt"] }, signedBy("p:eve"));
    town.act("and scores Acme", acts.score, scoreOf("p:eve", "c:acme", 80, 80), signedBy("p:eve"));
    const award = { tender: "t-1", bidder: "c:acme", amount: 900n };
    town.refused("Bolt is left to nobody", "tenders.not_scored", acts.award, award, signedBy("city"));
    const other = { tender: "t-1", member: "p:eve", substitute: "p:hal" };
    town.refused("by the buyer", "engine.not_entitled", acts.replace, other, signedBy("city"));
    town.refused("of who is no member", "tenders.not_panel", acts.replace, { ...other, member: "p:ida" }, signedBy("ethics"));
    for (const [says, substitute] of [
      ["herself", "p:eve"],
      ["nobody", "p:nobody"],
      ["a bidder", "c:acme"],
      ["a trustee", "t1"],
    ] as const)
      town.refused(says, "tenders.substitute_unfit", acts.replace, { ...other, substitute }, signedBy("ethics"));
    town.act("Hal", acts.replace, other, signedBy("ethics"));
    expect([town.row(scores, "t-1", "c:acme", "p:eve")!.$.status, of(town).panel]).toEqual(["struck", ["p:hal"]]);
    expect(bidBy(town, "c:acme")).toMatchObject({ quality: 0, scores: 0 });
    town.refused("Eve is out", "tenders.not_panel", acts.score, scoreOf("p:eve", "c:acme", 80, 80), signedBy("p:eve"));
    town.refused(
      "and stays out",
      "tenders.substitute_unfit",
      acts.replace,
      { ...other, member: "p:hal", substitute: "p:eve" },
      signedBy("ethics"),
    );
    town.act("Hal has no interests", acts.declare, { tender: "t-1", member: "p:hal", bidders: [] }, signedBy("p:hal"));
    for (const bidder of ["c:acme", "c:bolt"]) town.act("scores", acts.score, scoreOf("p:hal", bidder, 80, 80), signedBy("p:hal"));
    passes(town, "tenders");
    town.act("the award", acts.award, award, signedBy("city"));
    town.refused(
      "a panel stands by its award",
      "tenders.not_scored",
      acts.replace,
      { ...other, member: "p:hal", substitute: "p:ida" },
      signedBy("ethics"),
    );
    passes(town, "tenders");
  });

  it("found interests stay when a member declares others", () => {
    const town = calling();
    bidding(town, { "c:acme": 900n });
    town.act("known of Eve", acts.recuse, { tender: "t-1", member: "p:eve", bidder: "c:acme" }, signedBy("ethics"));
    town.act("Eve declares none", acts.declare, { tender: "t-1", member: "p:eve", bidders: [] }, signedBy("p:eve"));
    expect(town.row(interests, "t-1", "p:eve")!.bidders).toEqual(["c:acme"]);
  });
});

describe("an award", () => {
  const to = (bidder: string, amount: bigint) => ({ tender: "t-1", bidder, amount });
  it("goes by rule, once every bid is scored by everybody who may", () => {
    const town = calling();
    opened(town, { "c:acme": 900n, "c:bolt": 950n });
    town.refused("nobody has declared", "tenders.not_scored", acts.award, to("c:acme", 900n), signedBy("city"));
    scored(town, { "c:acme": [80, 80] }, { "p:eve": ["c:acme"] });
    town.refused("Bolt is not scored", "tenders.not_scored", acts.award, to("c:acme", 900n), signedBy("city"));
    for (const member of panel) town.act("scores", acts.score, scoreOf(member, "c:bolt", 100, 100), signedBy(member));
    // Acme: 60 + 32 = 92; Bolt: 60 × 900/950 + 40 = 96.842.
    town.refused("to the cheaper", "tenders.not_first", acts.award, to("c:acme", 900n), signedBy("city"));
    town.refused("at another price", "tenders.not_first", acts.award, to("c:bolt", 949n), signedBy("city"));
    town.refused("by another buyer", "engine.not_entitled", acts.award, to("c:bolt", 950n), signedBy("other"));
    town.act("to Bolt", acts.award, to("c:bolt", 950n), signedBy("city"));
    town.refused("once", "tenders.not_scored", acts.award, to("c:bolt", 950n), signedBy("city"));
    expect(of(town)).toMatchObject({ winner: "c:bolt", amount: 950n, $: { status: "awarded" } });
    passes(town, "tenders");
  });

  it("never goes beyond the budget", () => {
    const town = calling();
    opened(town, { "c:acme": 1_001n, "c:bolt": 1_000n });
    scored(town, { "c:acme": [100, 100], "c:bolt": [0, 0] });
    town.refused("more than there is", "tenders.not_first", acts.award, to("c:acme", 1_001n), signedBy("city"));
    town.act("within it", acts.award, to("c:bolt", 1_000n), signedBy("city"));
  });

  it("goes to nobody where all have an interest", () => {
    const town = calling();
    opened(town, { "c:acme": 900n });
    scored(town, {}, { "p:eve": ["c:acme"], "p:finn": ["c:acme"], "p:gil": ["c:acme"] });
    town.refused("unscored", "tenders.not_scored", acts.award, to("c:acme", 900n), signedBy("city"));
    town.act("so it is cancelled", acts.cancel, { tender: "t-1", ground: "no-scorer" }, signedBy("city"));
  });

  it("stands still while bidders may challenge it; an upheld challenge undoes it", () => {
    const town = awarded();
    const conclude = () => ({ tender: "t-1", account, tranches: parts(town, 900n) });
    town.refused("at once", "tenders.standstill", acts.conclude, conclude(), signedBy("city", "c:acme"));
    town.refused("by who did not bid", "tenders.not_bidder", acts.challenge, { ...doubt, bidder: "c:cord" }, signedBy("c:cord"));
    town.refused("in his name", "engine.signature_missing", acts.challenge, doubt, signedBy("c:acme"));
    town.refused(
      "by the buyer, whose winner may still sign",
      "tenders.not_bidder",
      acts.challenge,
      { ...doubt, bidder: "city" },
      signedBy("city"),
    );
    town.act("Bolt challenges", acts.challenge, doubt, signedBy("c:bolt"));
    town.refused("twice", "engine.already_exists", acts.challenge, doubt, signedBy("c:bolt"));
    town.act("Acme too", acts.challenge, { ...doubt, bidder: "c:acme" }, signedBy("c:acme"));
    town.advance(days(10));
    town.refused("challenges are open", "tenders.standstill", acts.conclude, conclude(), signedBy("city", "c:acme"));
    town.refused("too late to challenge", "tenders.not_bidder", acts.challenge, doubt, signedBy("c:bolt"));
    town.refused("the city decides", "engine.not_entitled", acts.decide, decided("dismissed"), signedBy("city"));
    town.act("dismissed", acts.decide, decided("dismissed", { bidder: "c:acme" }), signedBy("court"));
    town.act("upheld: Acme should not have been scored", acts.decide, decided("upheld", { excludes: "c:acme" }), signedBy("court"));
    town.refused("once", "engine.illegal_move", acts.decide, decided("dismissed"), signedBy("court"));
    expect([town.row(challenges, "t-1", 1, "c:bolt")!.$.status, bidBy(town, "c:acme").$.status, of(town).$.status]).toEqual([
      "upheld",
      "excluded",
      "scoring",
    ]);
    expect(of(town).winner).toBeUndefined();
    town.act("now Bolt is first", acts.award, to("c:bolt", 950n), signedBy("city"));
    passes(town, "tenders");
  });

  it("once cancelled leaves its challenges to be decided", () => {
    const town = awarded();
    town.act("Bolt challenges", acts.challenge, doubt, signedBy("c:bolt"));
    town.act("cancelled", acts.cancel, { tender: "t-1", ground: "no-need" }, signedBy("city"));
    town.act("decided", acts.decide, decided("upheld", { excludes: "c:acme" }), signedBy("court"));
    expect(of(town)).toMatchObject({ challenges: 0, $: { status: "cancelled" } });
    passes(town, "tenders");
  });

  it("is challenged by whose bid was opened, and not by who withdrew his, or was excluded", () => {
    const town = calling();
    bidding(town, { "c:acme": 900n, "c:bolt": 950n, "c:cord": 990n });
    town.act("Cord withdraws", acts.withdraw, { tender: "t-1", bidder: "c:cord" }, signedBy("c:cord"));
    town.advance(days(7));
    for (const [who, price] of [
      ["c:acme", 900n],
      ["c:bolt", 950n],
    ] as const)
      town.act("opens", acts.open, openingOf(sealed(who, price), price), signedBy(who));
    scored(town, { "c:acme": [80, 80], "c:bolt": [80, 80] });
    town.act("the award", acts.award, to("c:acme", 900n), signedBy("city"));
    town.refused("Cord", "tenders.not_bidder", acts.challenge, { ...doubt, bidder: "c:cord" }, signedBy("c:cord"));
    town.act("Bolt", acts.challenge, doubt, signedBy("c:bolt"));
    town.act("upheld", acts.decide, decided("upheld", { excludes: "c:acme" }), signedBy("court"));
    town.act("to Bolt", acts.award, to("c:bolt", 950n), signedBy("city"));
    town.refused("Acme", "tenders.not_bidder", acts.challenge, { ...doubt, bidder: "c:acme" }, signedBy("c:acme"));
    town.act("a second award, a second challenge", acts.challenge, doubt, signedBy("c:bolt"));
    expect(town.row(challenges, "t-1", 2, "c:bolt")!.$.status).toBe("raised");
    passes(town, "tenders");
  });

  it("that was undone goes by new marks: a member mends his once a challenge was upheld, and not before", () => {
    const town = awarded();
    const anew = (member: string) => scoreOf(member, "c:bolt", 100, 100);
    town.refused("an award stands", "tenders.still_sealed", acts.score, anew("p:eve"), signedBy("p:eve"));
    town.act("Bolt challenges his marks", acts.challenge, doubt, signedBy("c:bolt"));
    town.act("upheld", acts.decide, decided("upheld"), signedBy("court"));
    for (const member of panel) town.act(`${member} mends his mark`, acts.score, anew(member), signedBy(member));
    town.refused("once", "tenders.scored_once", acts.score, anew("p:eve"), signedBy("p:eve"));
    expect(bidBy(town, "c:bolt")).toMatchObject({ quality: 3 * 100 * 40, scores: 3 });
    passes(town, "tenders");
    town.refused("what was first is first no more", "tenders.not_first", acts.award, to("c:acme", 900n), signedBy("city"));
    town.act("to Bolt", acts.award, to("c:bolt", 950n), signedBy("city"));
  });

  it("falls if its winner is silent for a fortnight after the standstill: his bid is excluded, the next is first", () => {
    const town = awarded();
    expect(town.advance(days(23))).toEqual([]);
    expect(town.advance(days(1))).toMatchObject([{ name: "unaccepted", result: { outcome: 0, flags: [] } }]);
    expect([of(town).$.status, of(town).winner, bidBy(town, "c:acme").$.status]).toEqual(["scoring", undefined, "excluded"]);
    town.refused("nothing to accept", "tenders.not_awarded", acts.accept, { tender: "t-1" }, signedBy("c:acme"));
    town.refused("and no new marks", "tenders.scored_once", acts.score, scoreOf("p:eve", "c:bolt", 1, 1), signedBy("p:eve"));
    town.act("to Bolt", acts.award, to("c:bolt", 950n), signedBy("city"));
    passes(town, "tenders");
  });

  it("stands once its winner has accepted it, whoever does not sign; the buyer then asks for a decision", () => {
    const town = awarded();
    town.refused("in his name", "engine.signature_missing", acts.accept, { tender: "t-1" }, signedBy("city"));
    town.act("Acme accepts", acts.accept, { tender: "t-1" }, signedBy("c:acme"));
    town.refused("once", "tenders.not_awarded", acts.accept, { tender: "t-1" }, signedBy("c:acme"));
    expect(town.advance(days(60))).toEqual([]);
    expect(of(town)).toMatchObject({ winner: "c:acme", $: { status: "awarded" } });
    town.refused("by another buyer", "tenders.not_bidder", acts.challenge, { ...doubt, bidder: "other" }, signedBy("other"));
    town.act("the city: Acme does not sign", acts.challenge, { ...doubt, bidder: "city" }, signedBy("city"));
    town.act("so it is", acts.decide, decided("upheld", { bidder: "city", excludes: "c:acme" }), signedBy("court"));
    town.act("to Bolt", acts.award, to("c:bolt", 950n), signedBy("city"));
    expect(of(town)).toMatchObject({ winner: "c:bolt", accepted: false, awards: 2 });
    passes(town, "tenders");
  });
});

const bank = (order: string, amount: bigint, reference: string) => ({ order, chunk: 0, amount, reference, differs: false });
describe("a contract", () => {
  it("is concluded by the winner and the buyer, the fund setting its price aside, in tranches that total it", () => {
    const town = awarded();
    town.advance(days(10));
    const one = (...amounts: bigint[]) => ({ tender: "t-1", account, tranches: parts(town, ...amounts) });
    town.refused("without the winner", "engine.signature_missing", acts.conclude, one(900n), signedBy("city"));
    town.refused("without the buyer", "engine.not_entitled", acts.conclude, one(900n), signedBy("c:acme"));
    town.refused("too little", "tenders.tranches_unfit", acts.conclude, one(300n, 300n), signedBy("city", "c:acme"));
    town.refused("too much", "tenders.tranches_unfit", acts.conclude, one(300n, 601n), signedBy("city", "c:acme"));
    town.refused("an empty one", "tenders.tranches_unfit", acts.conclude, one(900n, 0n), signedBy("city", "c:acme"));
    town.act("concluded", acts.conclude, one(300n, 300n, 300n), signedBy("city", "c:acme"));
    town.refused("once", "tenders.standstill", acts.conclude, one(900n), signedBy("city", "c:acme"));
    expect(town.row(funds.funds, "it")).toMatchObject({ committed: 900n });
    passes(town, "tenders");
  });

  it("is paid tranche by tranche, each with its report; with the last it is fulfilled", () => {
    const town = contracted();
    const release = (number: number) => ({ tender: "t-1", number, order: `t-1-${number}` });
    const report = (number: number) => ({ tender: "t-1", number, report: new Uint8Array(32).fill(number + 1) });
    town.refused("no report", "tenders.no_report", acts.release, release(0), signedBy("city"));
    town.refused("the buyer reports", "engine.signature_missing", acts.report, report(0), signedBy("city"));
    town.act("Acme reports", acts.report, report(0), signedBy("c:acme"));
    town.refused("once", "engine.illegal_move", acts.report, report(0), signedBy("c:acme"));
    town.refused("Acme releases", "engine.not_entitled", acts.release, release(0), signedBy("c:acme"));
    town.act("the report is sent back", acts.refuse, { tender: "t-1", number: 0, ground: "incomplete" }, signedBy("city"));
    town.refused("no report again", "tenders.no_report", acts.release, release(0), signedBy("city"));
    for (const number of [0, 1]) town.act("Acme reports", acts.report, report(number), signedBy("c:acme"));
    town.refused("out of turn", "tenders.no_report", acts.release, release(1), signedBy("city"));
    town.act("released", acts.release, release(0), signedBy("city"));
    town.refused("once", "tenders.no_report", acts.release, release(0), signedBy("city"));
    expect(town.row(funds.orders, "t-1-0")).toMatchObject({ payee: "c:acme", amount: 300n, $: { status: "released" } });
    town.refused("no order twice", "engine.already_exists", acts.release, { ...release(1), order: "t-1-0" }, signedBy("city"));

    town.refused("the city halts", "engine.not_entitled", acts.audit, { tender: "t-1", to: "halted" }, signedBy("city"));
    town.act("an auditor halts it", acts.audit, { tender: "t-1", to: "halted", ground: "report-untrue" }, signedBy("watch"));
    town.refused("halted", "tenders.halted", acts.release, release(1), signedBy("city"));
    town.act("and lets it go on", acts.audit, { tender: "t-1", to: "running" }, signedBy("watch"));
    town.act("released", acts.release, release(1), signedBy("city"));
    town.act("the last report", acts.report, report(2), signedBy("c:acme"));
    town.act("the last tranche", acts.release, release(2), signedBy("city"));
    expect(town.row(contracts, "t-1")).toMatchObject({ paid_out: 900n, released: 3, $: { status: "fulfilled" } });
    expect(of(town).$.status).toBe("fulfilled");
    town.refused("fulfilled is fulfilled", "engine.illegal_move", acts.audit, { tender: "t-1", to: "halted" }, signedBy("watch"));
    expect(audit(town, "tenders").map(({ figures }) => figures)).toEqual([
      { challenges: 0 },
      { tenders: 1, awarded: 1 },
      { released: 900n },
    ]);
    passes(town, "tenders");
    passes(town, "funds");
  });

  const report = (town: Scenario, number: number) =>
    town.act("Acme reports", acts.report, { tender: "t-1", number, report: new Uint8Array(32).fill(number + 1) }, signedBy("c:acme"));

  it("orders a tranche anew whose payment came back, also after the last; then its fund is closed", () => {
    const town = contracted();
    for (const number of [0, 1, 2]) {
      report(town, number);
      town.act("released", acts.release, { tender: "t-1", number, order: `o-${number}` }, signedBy("city"));
    }
    expect([of(town).$.status, town.row(funds.allotments, "tenders", "t-1")!.$.status]).toEqual(["fulfilled", "ended"]);
    for (const number of [0, 1]) town.act("paid", funds.confirm, bank(`o-${number}`, 300n, `b${number}`), signedBy("bank"));
    const anew = { tender: "t-1", number: 2, order: "o-3", account: { ...account, root: new Uint8Array(32).fill(9) } };
    town.refused("before it came back", "funds.not_returned", acts.orderAnew, anew, signedBy("city", "c:acme"));
    town.act("the account is closed", funds.bounce, bank("o-2", 0n, "b2"), signedBy("bank"));
    town.refused("by the city alone", "engine.signature_missing", acts.orderAnew, anew, signedBy("city"));
    town.refused("by Acme alone", "engine.not_entitled", acts.orderAnew, anew, signedBy("c:acme"));
    town.act("anew, to another", acts.orderAnew, anew, signedBy("city", "c:acme"));
    expect(town.row(funds.orders, "o-3")).toMatchObject({
      payee: "c:acme",
      amount: 300n,
      account: anew.account,
      $: { status: "released" },
    });
    town.refused("once", "funds.not_returned", acts.orderAnew, { ...anew, order: "o-4" }, signedBy("city", "c:acme"));
    town.refused("the fund waits", "funds.not_settled", funds.close, { fund: "it" }, signedBy("city", "court"));
    town.act("paid", funds.confirm, bank("o-3", 300n, "b3"), signedBy("bank"));
    passes(town, "tenders");
    town.act("the fund is closed", funds.close, { fund: "it" }, signedBy("city", "court"));
    passes(town, "funds");
  });

  it("frees what came back after its end, and orders nothing that was not released or is halted", () => {
    const town = contracted();
    const anew = { tender: "t-1", number: 0, order: "o-9", account };
    const both = signedBy("city", "c:acme");
    town.refused("no report", "tenders.no_report", acts.orderAnew, anew, both);
    report(town, 0);
    town.act("released", acts.release, { tender: "t-1", number: 0, order: "o-0" }, signedBy("city"));
    town.act("halted", acts.audit, { tender: "t-1", to: "halted" }, signedBy("watch"));
    town.refused("halted", "tenders.halted", acts.orderAnew, anew, both);
    town.act("ended", acts.end, { tender: "t-1", ground: "agreed" }, both);
    town.act("it came back", funds.bounce, bank("o-0", 0n, "b0"), signedBy("bank"));
    expect(town.row(funds.funds, "it")).toMatchObject({ committed: 300n });
    town.act("freed", acts.end, { tender: "t-1", ground: "came-back" }, both);
    expect(town.row(funds.funds, "it")).toMatchObject({ committed: 0n, aside: 0 });
    expect(of(town).ground).toBe("agreed");
    town.refused("then there is nothing to order", "funds.over_step", acts.orderAnew, anew, both);
    passes(town, "tenders");
    passes(town, "funds");
  });

  it("is ended without its supplier by buyer and review; what is released stays released", () => {
    const town = contracted();
    report(town, 0);
    town.act("released", acts.release, { tender: "t-1", number: 0, order: "o-0" }, signedBy("city"));
    const ended = { tender: "t-1", ground: "insolvent" };
    town.refused("by the buyer alone", "engine.not_entitled", acts.terminate, ended, signedBy("city"));
    town.refused("by review alone", "engine.not_entitled", acts.terminate, ended, signedBy("court"));
    town.act("by both", acts.terminate, ended, signedBy("city", "court"));
    expect([town.row(funds.funds, "it")!.committed, of(town).$.status, of(town).ground]).toEqual([300n, "ended", "insolvent"]);
    town.act("Acme is paid what it had earned", funds.confirm, bank("o-0", 300n, "b0"), signedBy("bank"));
    passes(town, "tenders");
    passes(town, "funds");
  });

  it("ends by both parties; what was not released is free again", () => {
    const town = contracted();
    town.act("Acme reports", acts.report, { tender: "t-1", number: 0, report: new Uint8Array(32) }, signedBy("c:acme"));
    town.act("released", acts.release, { tender: "t-1", number: 0, order: "t-1-0" }, signedBy("city"));
    town.refused("by one alone", "engine.signature_missing", acts.end, { tender: "t-1", ground: "agreed" }, signedBy("city"));
    town.act("by both", acts.end, { tender: "t-1", ground: "agreed" }, signedBy("city", "c:acme"));
    expect(town.row(funds.funds, "it")).toMatchObject({ committed: 300n });
    town.refused("nothing more is released", "tenders.halted", acts.release, { tender: "t-1", number: 1, order: "o" }, signedBy("city"));
    passes(town, "tenders");
    passes(town, "funds");
  });
});

it("an audit finds a row that the rules did not make", () => {
  const town = contracted();
  const finds = (type: any, key: readonly unknown[], change: object) => findsTampered(town, "tenders", type, key as any, change);
  town.act("Acme reports", acts.report, { tender: "t-1", number: 0, report: new Uint8Array(32) }, signedBy("c:acme"));
  town.act("released", acts.release, { tender: "t-1", number: 0, order: "t-1-0" }, signedBy("city"));
  passes(town, "tenders");
  expect(finds(bids, ["t-1", "c:acme"], { quality: 1 })).toEqual(["awardsByRule"]);
  expect(finds(bids, ["t-1", "c:acme"], { amount: 999n })).toEqual(["awardsByRule"]);
  expect(finds(bids, ["t-1", "c:bolt"], { $status: "sealed" })).toEqual(["awardsByRule"]);
  expect(finds(tenders, ["t-1"], { winner: "c:bolt" })).toEqual(["awardsByRule", "moneyByReports"]);
  for (const change of [{ key: multiplyBase(7n) }, { challenges: 1 }, { round: 1 }, { awards: 0 }, { ceremony: "c-2" }, { buyer: "other" }])
    expect(finds(tenders, ["t-1"], change)).toEqual(["callsHold"]);
  for (const sits of [["p:eve"], [...bidders], ["p:eve", "p:finn", "p:gil", "t1"]])
    expect(finds(tenders, ["t-1"], { panel: sits })).toEqual(["callsHold"]);
  for (const change of [{ serves: "tender:t-2" }, { serves: "poll:t-1" }, { office: "other" }, { key: multiplyBase(7n) }])
    expect(finds(ceremonies.ceremonies, ["c-1"], change)).toEqual(["callsHold"]);
  expect(finds(interests, ["t-1", "p:eve"], { bidders: ["c:acme"] })).toEqual(["awardsByRule"]);
  expect(finds(scores, ["t-1", "c:acme", "p:eve"], { marks: [100, 100] })).toEqual(["awardsByRule"]);
  expect(finds(scores, ["t-1", "c:acme", "p:eve"], { $status: "struck" })).toEqual(["awardsByRule"]);
  expect(finds(tranches, ["t-1", 1], { amount: 301n })).toEqual(["moneyByReports"]);
  expect(finds(tranches, ["t-1", 1], { $status: "released" })).toEqual(["moneyByReports"]);
  expect(finds(contracts, ["t-1"], { paid_out: 301n })).toEqual(["moneyByReports"]);
  expect(finds(contracts, ["t-1"], { supplier: "c:bolt" })).toEqual(["moneyByReports"]);
  expect(finds(tranches, ["t-1", 0], { order: "another" })).toEqual(["moneyByReports"]);
  expect(finds(funds.orders, ["t-1-0"], { payee: "c:bolt" })).toEqual(["moneyByReports"]);
  expect(finds(funds.orders, ["t-1-0"], { amount: 301n })).toEqual(["moneyByReports"]);
});

it("takes the examples of its reference page: a call, and its end", () => {
  const example = acts.call.options.example as Parameters<typeof called>[1] & { bids_until: number };
  const town = city({ time: example.bids_until - days(10) });
  const fund = {
    fund: "it-2027",
    kind: "project" as const,
    owner: "city",
    purpose: "equipment",
    currency: "MXN",
    account,
    keyholders: ["city"],
  };
  town.act("its fund", funds.open, { ...fund, budget: 1_400_000_00n }, signedBy("city", "court", "bank"));
  const more = new Trustees(town.network, "t-2027-1", ["t1", "t2"], 2);
  town.act("its trustees", ceremonies.open, more.open(town), signedBy("city"));
  hold(town, more);
  town.act("as printed", acts.call, { ...called(town), ...example }, signedBy("city"));
  town.act("as printed", acts.cancel, acts.cancel.options.example!, signedBy("city"));
});

describe("the rule of award", () => {
  const rated = fc.record({
    bidder: fc.constantFrom(...Array.from({ length: 40 }, (_, i) => `c:${i}`)),
    amount: fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: MAX_MONEY })),
    handed_in: fc.nat(3),
    quality: fc.nat(3 * 10_000),
    scores: fc.integer({ min: 1, max: 3 }),
  });
  it("depends on the bids alone, not on their order; nobody is passed by who is dearer and worse", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(rated, { selector: ({ bidder }) => bidder, maxLength: 12 }),
        fc.integer({ min: 1, max: 100 }),
        (all, weight) => {
          const order = ranked(all, weight).map(({ bidder }) => bidder);
          expect(ranked([...all].reverse(), weight).map(({ bidder }) => bidder)).toEqual(order);
          for (const a of all)
            for (const b of all)
              if (a.amount < b.amount && a.quality * b.scores >= b.quality * a.scores)
                expect(order.indexOf(a.bidder)).toBeLessThan(order.indexOf(b.bidder));
          for (const { points } of ranked(all, weight)) expect(points >= 0n).toBe(true);
        },
      ),
      { numRuns: 300, seed: 23 },
    );
  });
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const prices: Readonly<Record<string, bigint>> = { "c:acme": 900n, "c:bolt": 950n, "c:cord": 1_001n };
const names = ["bid", "withdraw", "open", "share", "openWithheld", "declare", "recuse", "replace", "score", "award"] as const;
const doubts = ["accept", "challenge", "decide"] as const;
const after = ["conclude", "report", "refuse", "release", "audit", "end", "terminate", "cancel", "confirm", "bounce", "orderAnew"] as const;
const step = fc.record({
  act: fc.constantFrom(...names, ...doubts, ...after, "wait"),
  /** What is usual at this point, instead. */
  usual: fc.nat(9),
  bidder: fc.constantFrom(...bidders),
  member: fc.constantFrom(...panel, ...panel, "city"),
  number: fc.nat(3),
  lie: fc.nat(7),
  marks: fc.constantFrom([80, 80], [100, 0], [0, 100], [50], [100, 100, 100]),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people), { maxLength: 2 }),
  extreme: fc.constantFrom(0n, 1n, MAX_MONEY, MAX_MONEY + 1n, -1n),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

type Act = (typeof names)[number] | (typeof doubts)[number] | (typeof after)[number] | "wait";
/** What somebody would do next who wants the tender to go on, and with whom. */
function usual(town: Scenario, { number, act, lie }: Step): { act: Act; bidder?: string | undefined; member?: string | undefined } {
  const now = of(town);
  const still = (status: string): string | undefined => bidders.find((who) => town.row(bids, "t-1", who)?.$.status === status);
  const of3 = (a: Act, b: Act): Act => (number === 1 ? b : a);
  switch (now.$.status) {
    case "called":
      if (town.time < now.bids_until)
        return now.bids < 3 ? { act: "bid", bidder: still("withdrawn") ?? bidders[now.bidders] } : { act: "wait" };
      if (town.time < now.open_until) return { act: of3("open", "wait"), bidder: still("sealed") };
      return { act: of3("share", "openWithheld"), bidder: still("sealed") };
    case "scoring": {
      const member = now.panel.find((who) => town.row(interests, "t-1", who)?.$.status !== "declared");
      if (member !== undefined) return { act: "declare", member };
      const open = bidders.filter((who) => town.row(bids, "t-1", who)?.$.status === "opened");
      for (const who of now.panel)
        for (const bidder of open)
          if (!town.row(interests, "t-1", who)!.bidders.includes(bidder) && town.row(scores, "t-1", bidder, who) === undefined)
            return { act: "score", member: who, bidder };
      return { act: "award" };
    }
    case "awarded":
      if (town.time < now.standstill_until!) return { act: now.challenges > 0 ? "wait" : of3("wait", "challenge") };
      if (number > 1 && lie > 4) return { act: now.accepted ? "challenge" : lie > 5 ? "wait" : "accept" };
      return { act: now.challenges > 0 ? "decide" : "conclude" };
    case "contracted":
      if (number === 3 && lie > 4) return { act: (["audit", "refuse", act === "end" ? "end" : "terminate"] as const)[lie - 5]! };
      if (number === 2 && lie > 3) return { act: (["confirm", "bounce", "bounce", "orderAnew"] as const)[lie - 4]! };
      return { act: of3("release", "report") };
    default:
      return { act: now.winner === undefined ? act : (["orderAnew", "bounce", "confirm", "end"] as const)[number]! };
  }
}

describe("whatever buyers, bidders, trustees and panels do", () => {
  it("no bid is read before the deadline, none says another price than it was sealed with, the best wins, money follows reports", () => {
    const accepted = new Map<string, number>();
    const verdicts = new Map<string, readonly string[]>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 150, maxLength: 160 }), (steps) => {
        const town = calling({ standstill_days: 2 }, { verdicts });
        const truth = new Map<string, bigint | undefined>();
        let made = 0;
        for (const s of steps) {
          total++;
          const now = of(town);
          const next = s.usual > 2 ? usual(town, s) : { act: s.act };
          const act = next.act === "cancel" && s.lie > 0 ? "wait" : next.act;
          if (act === "wait") {
            const ran = town.advance(s.lie === 7 ? days(15) : s.lie < 4 ? days(1) : hours(9));
            for (const { name, result } of ran) {
              expect([name, result.flags, now.accepted]).toEqual(["unaccepted", [], false]);
              expect(town.time).toBeGreaterThanOrEqual(now.standstill_until! + days(14));
              expect([of(town).$.status, bidBy(town, now.winner!).$.status]).toEqual(["scoring", "excluded"]);
              accepted.set(name, (accepted.get(name) ?? 0) + 1);
            }
            continue;
          }
          const { bidder = s.bidder, member = s.member } = next as { bidder?: string; member?: string };
          const row = town.row(bids, "t-1", bidder);
          const version = (row?.version ?? 0) + (s.lie === 0 ? 0 : row?.$.status === "sealed" && act !== "bid" ? 0 : 1);
          const garbage = bidder === "c:cord" && version % 2 === 0;
          const price = prices[bidder]!;
          const last = sealed(bidder, price, {
            version: Math.max(1, row?.version ?? 1),
            garbage: bidder === "c:cord" && (row?.version ?? 1) % 2 === 0,
          });
          const clear = bidder === "c:cord" && (row?.version ?? 1) % 2 === 0 ? undefined : price;
          const given = [1, 2, 3].filter((i) => town.row(shares, "t-1", bidder, i) !== undefined).slice(0, s.lie === 1 ? 1 : 2);
          const t = town.row(contracts, "t-1");
          const challenger = now.$.status === "awarded" && town.time >= now.standstill_until! ? "city" : bidder;
          const open = [...bidders, "city"]
            .flatMap((who) => Array.from({ length: now.awards }, (_, i) => ({ award: i + 1, bidder: who })))
            .find(({ award, bidder: who }) => town.row(challenges, "t-1", award, who)?.$.status === "raised");
          const before = town.row(scores, "t-1", bidder, member);
          // A tranche that was released, mostly, and what was ordered for it.
          const tranche = s.lie === 2 ? s.number : s.number % Math.max(1, t?.released ?? 0);
          const paying = town.row(funds.orders, town.row(tranches, "t-1", tranche)?.order ?? "none");
          const payingIs = town.row(funds.payments, paying?.order ?? "none", 0)?.$.status;
          const moved = (amount: bigint) => ({ ...bank(paying?.order ?? "none", amount, `b-${++made}`) });
          const [args, ...should] = {
            bid: () => [
              { ...bidOf(sealed(bidder, price, { version: Math.max(1, version), garbage })), ...(s.lie === 1 && { bidder: "c:bolt" }) },
              s.lie === 1 ? "c:bolt" : bidder,
            ],
            withdraw: () => [{ tender: "t-1", bidder }, bidder],
            open: () => [openingOf(last, s.lie === 1 ? 1n : clear), bidder],
            share: () => [shareOf(last, (s.number % 3) + 1), `t${(s.number % 3) + 1}`],
            openWithheld: () => [joined(last, given.length === 0 ? [1, 2] : given, s.lie === 2 ? 1n : clear), "t1"],
            declare: () => [{ tender: "t-1", member, bidders: s.lie === 1 ? [bidder] : [] }, member],
            recuse: () => [{ tender: "t-1", member, bidder }, "ethics"],
            score: () => [scoreOf(member, bidder, ...s.marks), member],
            award: () => [{ tender: "t-1", bidder, amount: s.lie === 1 ? s.extreme : price }, "city"],
            replace: () => [{ tender: "t-1", member, substitute: s.lie === 1 ? bidder : substitutes[s.number % 2] }, "ethics"],
            accept: () => [{ tender: "t-1" }, s.lie === 1 ? bidder : (now.winner ?? bidder)],
            challenge: () => [{ ...doubt, bidder: challenger }, challenger],
            decide: () => [
              decided(s.lie === 1 ? "upheld" : "dismissed", { ...open, ...(s.lie === 1 && s.number > 0 && { excludes: bidder }) }),
              "court",
            ],
            conclude: () => [
              { tender: "t-1", account, tranches: parts(town, 300n, s.lie === 1 ? s.extreme : (now.amount ?? 900n) - 300n) },
              "city",
              now.winner ?? bidder,
            ],
            report: () => [
              { tender: "t-1", number: s.lie < 2 ? s.number : (t?.released ?? 0), report: sealedText.root },
              t?.supplier ?? bidder,
            ],
            refuse: () => [{ tender: "t-1", number: s.number % 2, ground: "no" }, "city"],
            release: () => [
              { tender: "t-1", number: s.lie < 2 ? s.number : (t?.released ?? 0), order: `o-${s.lie === 2 ? 0 : ++made}` },
              "city",
            ],
            audit: () => [{ tender: "t-1", to: t?.$.status === "halted" ? "running" : "halted" }, "watch"],
            end: () => [{ tender: "t-1", ground: "agreed" }, "city", t?.supplier ?? bidder],
            terminate: () => [{ tender: "t-1", ground: "gone" }, "city", "court"],
            confirm: () => [moved(s.lie === 1 ? 1n : (paying?.amount ?? 1n)), "bank"],
            bounce: () => [moved(payingIs === "due" ? 0n : (paying?.amount ?? 1n)), "bank"],
            orderAnew: () => [{ tender: "t-1", number: tranche, order: `o-${++made}`, account }, "city", t?.supplier ?? bidder],
            cancel: () => [{ tender: "t-1", ground: "no" }, "city"],
          }[act]() as [object, ...string[]];
          const signers = [...new Set(s.honest > 0 ? should : s.signers)];
          const of1 = act === "confirm" || act === "bounce" ? "funds" : "tenders";
          const { outcome, code } = town.submit([{ action: `${of1}.${act}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(act, (accepted.get(act) ?? 0) + 1);
          expect(signers).toEqual(expect.arrayContaining(should));
          // Openings come after the deadline and say what was sealed.
          if (act === "bid") {
            expect(town.time).toBeLessThan(now.bids_until);
            truth.set(bidder, garbage ? undefined : price);
          }
          if (act === "open") expect(town.time).toBeGreaterThanOrEqual(now.bids_until);
          if (act === "share" || act === "openWithheld") expect(town.time).toBeGreaterThanOrEqual(now.open_until);
          if (act === "open" || act === "openWithheld") expect(bidBy(town, bidder).amount).toBe(truth.get(bidder));
          if (act === "score") {
            expect(town.row(interests, "t-1", member)!.bidders).not.toContain(bidder);
            expect([now.panel.includes(member), (before?.round ?? -1) < now.round]).toEqual([true, true]);
          }
          if (act === "challenge")
            expect(challenger === "city" ? town.time >= now.standstill_until! : ["opened", "unreadable"].includes(row!.$.status)).toBe(
              true,
            );
          if (act === "accept") expect(should).toEqual([now.winner]);
          if (act === "decide" && (args as { decision: string }).decision === "upheld")
            expect([of(town).round, of(town).winner]).toEqual([now.round + 1, now.$.status === "awarded" ? undefined : now.winner]);
          if (act === "award") {
            // The rule, once more and plainly: thousandths of 100 points as fractions.
            const field = bidders.flatMap((who) => {
              const b = town.row(bids, "t-1", who);
              return b?.$.status === "opened" && b.amount! <= 1_000n ? [b] : [];
            });
            const lowest = field.map((b) => Number(b.amount)).sort((a, b) => a - b)[0]!;
            const points = field.map(
              (b) => [Math.floor((60_000 * lowest) / Number(b.amount)) + Math.floor((10 * b.quality) / b.scores), b] as const,
            );
            const best = Math.max(...points.map(([n]) => n));
            expect(points.find(([, b]) => b.bidder === bidder)![0]).toBe(best);
          }
          if (act === "orderAnew") expect([paying!.paid, paying!.returned]).toEqual([0n, paying!.amount]);
          if (act === "release") expect(town.row(contracts, "t-1")!.paid_out).toBeLessThanOrEqual(now.amount!);
          if (act === "conclude") expect(town.time).toBeGreaterThanOrEqual(now.standstill_until!);
        }
        // Nobody is paid a tranche twice, or what he did not win.
        const paidOut = town.row(funds.funds, "it")!.paid;
        expect(paidOut <= (town.row(contracts, "t-1")?.paid_out ?? 0n)).toBe(true);
        passes(town, "tenders");
        passes(town, "funds");
        town.indexHolds();
      }),
      { numRuns: 67, seed: 23 },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const all = [...names, ...doubts, ...after, "unaccepted"];
    const often = all.filter((act) => (accepted.get(act) ?? 0) >= 2);
    expect(`${often.length} of ${all.length} happen often: ${[...accepted].join(" ")}`).toMatch(new RegExp(`^${all.length} `));
  });
});

everyRuleIsGiven(tender);
