// m-Voting (service 38): a list of electors, a poll, tickets signed blind, poll keys without names, secret ballots of which the last counts, sum, shares and
// counts; what is tampered with is found; public ballots come out as they were cast; then histories at random.

import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { add, GENERATOR } from "../../../src/base/ristretto.ts";
import type { AnyRecord, FieldsOf, KeyOf } from "../../../src/contracts/engine/define.ts";
import { days, hours, minutes } from "../../../src/contracts/engine/index.ts";
import { rowToJson } from "../../../src/contracts/engine/json.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { keys } from "../../../src/contracts/identity/principals.ts";
import {
  ballots,
  electorates,
  electors,
  issuers,
  poll,
  polls,
  questions,
  requests,
  shares,
  tallies,
  turnouts,
  voters as roll,
} from "../../../src/contracts/participation/pollRecords.ts";
import * as acts from "../../../src/contracts/participation/polls.ts";
import * as ceremonies from "../../../src/contracts/platform/ceremonies.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, shown } from "./founders.ts";
import {
  agencies,
  calling,
  district,
  elector,
  issuerNames,
  issuersGive,
  keyed,
  person,
  pollKey,
  PollFixture,
  polling,
  requesting,
  theDepot,
  trusteeNames,
  voted,
  voters,
} from "./pollsTown.ts";
import { keyOf, type Scenario, signedBy } from "./scenario.ts";
import { Trustees, useSodium } from "./trustees.ts";

beforeAll(useSodium);
const depot = theDepot();
const of = (town: Scenario) => town.row(polls, "depot")!;
const turnout = (town: Scenario) => town.fields(turnouts, "depot")!;
const tally = (town: Scenario) => town.row(tallies, "depot")!;
const four = { ann: [0], bob: [0], carl: [2], dora: [1] } as const;
const byTrustee = (index: number) => signedBy(trusteeNames[index - 1]!);

describe("a list of electors", () => {
  it("is kept by the authority for it; who is left out claims a place and is told the ground of a refusal", () => {
    const town = district();
    const counted = () => town.row(electorates, "district-5")!.electors;
    expect(counted()).toBe(4);
    town.refused("by who keeps no lists", "engine.not_entitled", acts.establish, { electorate: "x", title: "X" }, signedBy("land"));
    town.refused("twice", "engine.illegal_move", acts.enter, { electorate: "district-5", persons: ["p:ann"] }, signedBy("tax"));
    town.refused("nobody", "polls.not_person", acts.enter, { electorate: "district-5", persons: ["p:nobody"] }, signedBy("tax"));
    town.refused(
      "a person of another sector would vote twice",
      "polls.not_person",
      acts.enter,
      { electorate: "district-5", persons: ["p:ivan"] },
      signedBy("tax"),
    );
    town.refused("for another", "engine.signature_missing", acts.claim, elector("eve"), signedBy("ann"));
    town.refused("by who is of another sector", "engine.other_sector", acts.claim, elector("ivan"), signedBy("ivan"));
    town.refused("on no list", "engine.not_found", acts.claim, { ...elector("eve"), ...{ electorate: "moon" } }, signedBy("eve"));
    town.act("Eve claims a place", acts.claim, elector("eve"), signedBy("eve"));
    town.refused("by another office", "engine.not_entitled", acts.refuse, { ...elector("eve"), ...{ ground: "no" } }, signedBy("land"));
    town.act("she is refused", acts.refuse, { ...elector("eve"), ...{ ground: "not-resident" } }, signedBy("tax"));
    expect(town.row(electors, "district-5", "p:eve")).toMatchObject({ ground: "not-resident", $: { status: "refused" } });
    town.act("she claims again", acts.claim, elector("eve"), signedBy("eve"));
    expect(town.advance(days(14))).toMatchObject([{ name: "undecided" }]);
    expect(town.row(electors, "district-5", "p:eve")!.$.status).toBe("overdue");
    town.refused("it stands as it is", "engine.illegal_move", acts.claim, elector("eve"), signedBy("eve"));
    town.act("and is entered", acts.enter, { electorate: "district-5", persons: ["p:eve"] }, signedBy("tax"));
    town.refused("she claims what she has", "engine.illegal_move", acts.claim, elector("eve"), signedBy("eve"));
    town.act("Dora moves away", acts.strike, { ...elector("dora"), ...{ ground: "moved-away" } }, signedBy("tax"));
    expect(counted()).toBe(4);
    town.act("and comes back", acts.enter, { electorate: "district-5", persons: ["p:dora"] }, signedBy("tax"));
    expect(counted()).toBe(5);
    expect(town.row(electors, "district-5", "p:dora")!.ground).toBeUndefined();
    passes(town, "polls");
  });
});

describe("a poll", () => {
  it("says what is asked of whom, by when, under a key of at least two trustees, with tickets of at least two issuers", () => {
    const town = keyed(district(), depot);
    const terms = depot.terms(town);
    const call = (says: string, code: string, more: object, by = "tax") =>
      town.refused(says, code, acts.call, { ...terms, ...more }, signedBy(by));
    call("by who is no office", "engine.not_entitled", {}, "land");
    call("of nobody's list", "engine.not_found", { electorate: "moon" });
    call("with another office's key", "ceremonies.not_complete", {}, "health");
    for (const [says, question] of [
      ["of one option less", { kind: "one", options: 2 }],
      ["with a number that says nothing", { kind: "one", options: 3, max: 1 }],
      ["of more than there are", { kind: "some", options: 3, min: 1, max: 4 }],
      ["without a maximum", { kind: "some", options: 3, min: 1 }],
      ["of two prices for three", { kind: "budget", options: 3, costs: [1, 2], total: 3 }],
      ["above the budget", { kind: "budget", options: 3, costs: [1, 2, 9], total: 3 }],
    ] as const)
      call(says, "polls.question_unfit", { question });
    call("a ranking of nine", "polls.question_unfit", {
      question: { kind: "ranking", options: 9 },
      options: Array.from({ length: 9 }, (_, i) => `${i}`),
    });
    call("in the past", "polls.times_unfit", { keys_until: town.time });
    call("no time for requests", "polls.times_unfit", { requests_until: terms.keys_until });
    call("no time for grants", "polls.times_unfit", { opens: terms.requests_until });
    call("no time to vote", "polls.times_unfit", { closes: terms.opens });
    call("over before it is noticed", "polls.times_unfit", { closes: terms.opens + minutes(10) - 1 });
    call("one issuer alone", "engine.args_invalid", { issuers: ["courts"] });
    call("one issuer twice", "polls.issuers_unfit", { issuers: ["courts", "courts"] });
    call("an issuer who is none", "polls.issuers_unfit", { issuers: ["courts", "tax"] });
    call("an issuer who is nobody", "polls.issuers_unfit", { issuers: ["courts", "mars"] });
    town.act("the office calls", acts.call, terms, signedBy("tax"));
    call("twice, under the same key", "ceremonies.serves_another", {});
    expect(of(town)).toMatchObject({ office: "tax", threshold: 2, counted: 3, $: { status: "called" } });
    passes(town, "polls");
  });

  it("is cancelled on a ground before it opens, and not after", () => {
    const town = requesting();
    const cancel = { poll: "depot", ground: "question-withdrawn" };
    town.refused("by another office", "engine.not_entitled", acts.cancel, cancel, signedBy("health"));
    town.act("cancelled", acts.cancel, cancel, signedBy("tax"));
    town.refused("once", "polls.begun", acts.cancel, cancel, signedBy("tax"));
    town.refused("nobody asks any more", "polls.requests_closed", acts.request, depot.request("ann"), signedBy("ann"));
    expect(town.advance(days(60))).toEqual([]);
    expect(of(town)).toMatchObject({ ground: "question-withdrawn", $: { status: "void" } });
    const opened = polling();
    opened.refused("voting has begun", "polls.begun", acts.cancel, cancel, signedBy("tax"));
    passes(town, "polls");
  });

  it("is void if an issuer gives no key in time: he is named", () => {
    const town = calling();
    town.refused("by who is no issuer", "polls.not_issuer", acts.putKey, depot.putKey(1), signedBy("health"));
    town.refused("in another's place", "polls.not_issuer", acts.putKey, depot.putKey(2), signedBy("courts"));
    town.refused("in no place", "polls.not_issuer", acts.putKey, { ...depot.putKey(2), index: 3 }, signedBy("land"));
    const sound = depot.putKey(1);
    for (const [says, wrong] of [
      ["without its roots", { proof: new Uint8Array(sound.proof.length) }],
      ["with another key's roots", { proof: depot.putKey(2).proof }],
      ["an even number", { modulus: sound.modulus.map((byte, i) => (i === 383 ? byte - 1 : byte)) }],
      ["zero", { modulus: new Uint8Array(384) }],
      ["too short by a bit", { modulus: sound.modulus.map((byte, i) => (i === 0 ? byte & 0x7f : byte)) }],
    ] as const)
      town.refused(says, "polls.key_unsound", acts.putKey, { ...sound, ...wrong }, signedBy("courts"));
    town.act("the courts give theirs", acts.putKey, sound, signedBy("courts"));
    town.refused("one key for two issuers", "polls.key_unsound", acts.putKey, depot.putKey(2, depot.issuers[0]), signedBy("land"));
    town.refused("nobody asks yet", "polls.requests_closed", acts.request, depot.request("ann"), signedBy("ann"));
    expect(town.advance(days(1))).toMatchObject([{ name: "keysMissing", result: { outcome: 0, flags: [] } }]);
    expect(of(town)).toMatchObject({ ground: "keys-missing", named: ["land"], $: { status: "void" } });
    town.refused("too late", "polls.keys_over", acts.putKey, depot.putKey(2), signedBy("land"));
    town.indexHolds();
    passes(town, "polls");
  });

  it("is void if an issuer leaves a request without his answer: nobody can shut one voter out", () => {
    const town = requesting();
    for (const name of ["ann", "bob"]) town.act(`${name} asks`, acts.request, depot.request(name), signedBy(name));
    town.act("the courts grant both", acts.grant, depot.grant(1, "ann", "bob"), signedBy("courts"));
    town.act("the land registry grants one", acts.grant, depot.grant(2, "ann"), signedBy("land"));
    expect(turnout(town)).toMatchObject({ requested: 2, granted: 1 });
    town.refused("no admission before the opening", "polls.polling_closed", acts.admit, depot.admit("ann"), signedBy(pollKey("ann")));
    town.advance(days(11));
    expect(of(town)).toMatchObject({ ground: "requests-not-granted", named: ["land"], $: { status: "void" } });
    town.refused("too late", "polls.granting_over", acts.grant, depot.grant(2, "bob"), signedBy("land"));
    town.refused("and for nothing", "polls.polling_closed", acts.admit, depot.admit("ann"), signedBy(pollKey("ann")));
    passes(town, "polls");
  });
});

describe("a ticket", () => {
  it("is asked for once, in person, by who is on the list", () => {
    const town = requesting();
    town.refused("for another", "engine.signature_missing", acts.request, depot.request("ann"), signedBy("bob"));
    const agent = { principal: "p:ann", agent: "p:bob", guardian: false };
    town.act("Bob is Ann's agent", eid.appoint, agent, signedBy("ann", "bob"));
    town.refused("an agent does not vote", "polls.in_person", acts.request, depot.request("ann"), signedBy("bob"));
    town.refused("not on the list", "polls.not_listed", acts.request, depot.request("eve"), signedBy("eve"));
    town.act("Dora is struck", acts.strike, { ...elector("dora"), ...{ ground: "moved-away" } }, signedBy("tax"));
    town.refused("struck", "polls.not_listed", acts.request, depot.request("dora"), signedBy("dora"));
    town.act("Carl is suspended", eid.suspend, { principal: "p:carl", ground: "order-17" }, signedBy("courts"));
    town.refused("suspended", "engine.signature_missing", acts.request, depot.request("carl"), signedBy("carl"));
    const [first, second] = depot.blinded("ann") as [Uint8Array, Uint8Array];
    for (const [says, blinded] of [
      ["for three issuers", [first, second, second]],
      ["a number that no issuer signs", [depot.issuers[0]!.modulus, second]],
      ["beyond every number", [first, new Uint8Array(384).fill(255)]],
    ] as const)
      town.refused(says, "polls.request_unfit", acts.request, { ...depot.request("ann"), blinded }, signedBy("ann"));
    town.act("Ann asks", acts.request, depot.request("ann"), signedBy("ann"));
    town.refused("twice", "polls.asked_once", acts.request, depot.request("ann"), signedBy("ann"));
    town.refused("or for another key", "polls.asked_once", acts.request, { ...depot.request("bob"), person: "p:ann" }, signedBy("ann"));
    town.advance(days(10));
    town.refused("too late", "polls.requests_closed", acts.request, depot.request("bob"), signedBy("bob"));
    expect(turnout(town)).toMatchObject({ requested: 1, granted: 0 });
    passes(town, "polls");
  });

  it("is answered by each issuer once, with nothing but his signature", () => {
    const town = requesting();
    for (const name of ["ann", "bob"]) town.act(`${name} asks`, acts.request, depot.request(name), signedBy(name));
    const right = depot.grant(1, "ann");
    const [one] = right.grants as [(typeof right.grants)[number]];
    town.refused("by another issuer", "polls.not_issuer", acts.grant, right, signedBy("land"));
    town.refused("who did not ask", "engine.not_found", acts.grant, depot.grant(1, "carl"), signedBy("courts"));
    for (const [says, wrong] of [
      ["a signature of something else", { grants: [{ ...one, answer: depot.answer("bob", 1) }] }],
      ["of what was not asked", { grants: [{ ...one, blinded: depot.blinded("bob")[0]!, answer: depot.answer("bob", 1) }] }],
      ["by another key", { modulus: depot.issuers[1]!.modulus, grants: [depot.grant(2, "ann").grants[0]!] }],
      ["one person twice", { grants: [one, one] }],
    ] as const)
      town.refused(says, "polls.answer_wrong", acts.grant, { ...right, ...wrong }, signedBy("courts"));
    town.act("granted", acts.grant, depot.grant(1, "ann", "bob"), signedBy("courts"));
    town.refused("once", "polls.answer_wrong", acts.grant, right, signedBy("courts"));
    expect([turnout(town).granted, town.row(issuers, "depot", 1)!.granted]).toEqual([0, 2]);
    town.advance(days(10)); // requests are over, grants are not
    town.act("by the other", acts.grant, depot.grant(2, "bob", "ann"), signedBy("land"));
    expect(turnout(town)).toMatchObject({ requested: 2, granted: 2 });
    expect(town.row(requests, "depot", "p:ann")).toMatchObject({ answers: [{ index: 1 }, { index: 2 }], $: { status: "granted" } });
    town.advance(days(1));
    expect([of(town).$.status, turnout(town).electors]).toEqual(["open", 4]);
    passes(town, "polls");
  });

  it("admits its poll key and no other, once, signed by all issuers", () => {
    const town = polling(["ann", "bob"]);
    const ann = depot.admit("ann");
    const [first, second] = ann.tickets as [(typeof ann.tickets)[number], (typeof ann.tickets)[number]];
    town.refused("another key by Ann's ticket", "polls.ticket_wrong", acts.admit, { ...ann, poll_key: keyOf("eve's") }, signedBy("eve's"));
    for (const [says, tickets] of [
      ["issuer 1 twice", [first, first]],
      ["in another order", [second, first]],
      ["and one more", [first, second, second]],
      ["one of them another's", [first, depot.admit("bob").tickets[1]!]],
      ["a factor too many", [first, { ...second, signature: new Uint8Array(384).fill(255) }]],
    ] as const)
      town.refused(says, "polls.ticket_wrong", acts.admit, { ...ann, tickets }, signedBy(pollKey("ann")));
    town.refused("another's key signs", "engine.signature_missing", acts.admit, ann, signedBy("bob"));
    town.refused("with the voter's own signature", "polls.poll_key_alone", acts.admit, ann, signedBy(pollKey("ann"), "ann"));
    town.act("admitted", acts.admit, ann, signedBy(pollKey("ann")));
    town.refused("once", "polls.admitted_once", acts.admit, ann, signedBy(pollKey("ann")));
    expect(town.row(roll, "depot", keyOf(pollKey("ann")))).toMatchObject({ place: 1 });
    // A key that has a name would say whose it is.
    const own = { principal: "p:bob", key: keyOf(pollKey("bob")), purpose: "person" as const, represents: true, from: town.time };
    const proof = shown(town, "p:bob", "person", pollKey("bob"));
    town.act("Bob registers his poll key", eid.bind, { ...own, proof }, signedBy("bob"));
    expect(town.row(keys, keyOf(pollKey("bob")))).toBeDefined();
    town.refused("it is refused", "polls.poll_key_alone", acts.admit, depot.admit("bob"), signedBy(pollKey("bob")));
    // All issuers together can sign what nobody asked for; they are stopped at the number of those who asked, and seen.
    town.act("a stuffed ticket, in Bob's stead", acts.admit, depot.admit("eve"), signedBy(pollKey("eve")));
    town.refused("and no more", "polls.admitted_exceeds", acts.admit, depot.admit("finn"), signedBy(pollKey("finn")));
    expect(turnout(town)).toMatchObject({ granted: 2, admitted: 2 });
    passes(town, "polls");
  });

  it("is granted to 64 persons in one transaction of each issuer", () => {
    const town = district();
    const many = Array.from({ length: 64 }, (_, i) => `n${i}`).sort();
    for (const half of [many.slice(0, 32), many.slice(32)]) enrol(town, "courts", "participation", ...half);
    const list = { electorate: "large", title: "Large" };
    town.act("a list", acts.establish, list, signedBy("tax"));
    town.act("of 64, entered at once", acts.enter, { electorate: "large", persons: many.map(person) }, signedBy("tax"));
    const fixture = new PollFixture("many", { kind: "one", options: 3 }, 3, { trustees: depot.trustees });
    keyed(town, fixture);
    town.act("called", acts.call, { ...fixture.terms(town), electorate: "large" }, signedBy("tax"));
    issuersGive(town, fixture);
    // All ask for one poll key: what they get is one ticket, and the work is the same.
    const { blinded } = fixture.request("ann");
    for (const name of many) town.act("asks", acts.request, { poll: "many", person: person(name), blinded }, signedBy(name));
    issuerNames.forEach((by, i) => {
      const one = fixture.grant(i + 1, "ann").grants[0]!;
      const grants = many.map((name) => ({ ...one, person: person(name) }));
      town.act(`${by} grants 64`, acts.grant, { poll: "many", index: i + 1, modulus: fixture.issuers[i]!.modulus, grants }, signedBy(by));
    });
    town.advance(days(11));
    expect(town.row(turnouts, "many")).toMatchObject({ electors: 64, requested: 64, granted: 64 });
    town.act("admitted", acts.admit, fixture.admit("ann"), signedBy(pollKey("ann")));
    town.refused("once", "polls.admitted_once", acts.admit, fixture.admit("ann"), signedBy(pollKey("ann")));
  });
});

describe("a ballot", () => {
  it("is cast by an admitted poll key alone; a copy, another's, and one of two votes are worth nothing", () => {
    const town = polling(["ann", "bob"]);
    const ann = depot.ballot("ann", [0]);
    const bob = depot.ballot("bob", [1]);
    town.refused("before admission", "polls.not_admitted", acts.cast, ann, signedBy(pollKey("ann")));
    for (const name of ["ann", "bob"]) town.act("admitted", acts.admit, depot.admit(name), signedBy(pollKey(name)));
    const flipped = ann.ciphertexts.slice();
    flipped.set(add(flipped.subarray(32, 64), GENERATOR), 32); // one more vote for the first
    for (const [says, wrong] of [
      ["Bob casts Ann's", { ciphertexts: bob.ciphertexts, proof: bob.proof }],
      ["two votes", { ciphertexts: flipped }],
      ["to another key", { key: depot.trustees.joint.verification[0]! }],
      ["of another question", { question: { kind: "approval", options: 3 } }],
      ["too long", { ciphertexts: new Uint8Array(ann.ciphertexts.length + 64) }],
      ["nothing", { ciphertexts: new Uint8Array(ann.ciphertexts.length) }],
      ["for another poll", { poll: "park" }],
    ] as const)
      town.refused(says, "polls.ballot_unsound", acts.cast, { ...ann, ...wrong }, signedBy(pollKey("ann")));
    const approval = new PollFixture("depot", { kind: "approval", options: 3 }, 3, { trustees: depot.trustees });
    const all = approval.ballot("ann", [0, 1, 2]);
    town.refused("a sound ballot of another question", "polls.ballot_unsound", acts.cast, all, signedBy(pollKey("ann")));
    town.refused("signed by Ann as well", "polls.poll_key_alone", acts.cast, ann, signedBy(pollKey("ann"), "ann"));
    town.refused("by another poll key", "engine.signature_missing", acts.cast, ann, signedBy(pollKey("bob")));
    town.refused("the second before the first", "polls.version_next", acts.cast, { ...ann, version: 2 }, signedBy(pollKey("ann")));
    town.act("Ann casts", acts.cast, ann, signedBy(pollKey("ann")));
    expect(turnout(town)).toMatchObject({ admitted: 2, cast: 1 });
    passes(town, "polls");
  });

  it("replaces the one before; what was held back cannot replace what came later", () => {
    const town = voted({ ann: [0], bob: [1] });
    town.refused("the same again", "polls.version_next", acts.cast, depot.ballot("ann", [0]), signedBy(pollKey("ann")));
    town.act("Ann thinks again", acts.cast, depot.ballot("ann", [2], 2), signedBy(pollKey("ann")));
    town.act("and again", acts.cast, depot.ballot("ann", [1], 3), signedBy(pollKey("ann")));
    town.refused("held back", "polls.version_next", acts.cast, depot.ballot("ann", [2], 2), signedBy(pollKey("ann")));
    expect(turnout(town)).toMatchObject({ admitted: 2, cast: 2 });
    town.advance(days(7));
    town.refused("too late", "polls.polling_closed", acts.cast, depot.ballot("ann", [0], 4), signedBy(pollKey("ann")));
    for (const i of [1, 2]) town.act(`trustee ${i}`, acts.share, depot.share(i, tally(town).sum), byTrustee(i));
    const result = depot.result(town, 1, 2);
    town.act("published", acts.publish, result, signedBy("anybody at all"));
    expect(result.counts).toEqual([0, 2, 0]);
    passes(town, "polls");
  });
});
describe("the end", () => {
  it("comes by itself: ballots are summed, two of three trustees open the sum, anybody publishes the counts", () => {
    const town = voted(four);
    const early = depot.share(1, new Uint8Array(3 * 64));
    town.refused(
      "no partial tally",
      "polls.not_summed",
      acts.share,
      depot.share(1, town.row(ballots, "depot", 1)!.ciphertexts),
      byTrustee(1),
    );
    town.refused("nor of nothing", "polls.not_summed", acts.share, early, byTrustee(1));
    town.refused(
      "nor counts",
      "polls.not_summed",
      acts.publish,
      {
        poll: "depot",
        sum: early.sum,
        shares: [
          { index: 1, share: early.share },
          { index: 2, share: depot.share(2, early.sum).share },
        ],
        counts: [0, 0, 0],
      },
      signedBy("tax"),
    );
    expect(town.advance(days(7)).map(({ name, result }) => `${name} ${result.flags.length}`)).toEqual(["closing 0", "summing 0"]);
    expect(tally(town)).toMatchObject({ ballots: 4, place: 4, shares: 0, $: { status: "summed" } });
    const { sum } = tally(town);
    const one = depot.share(1, sum);
    town.refused("in another's place", "polls.not_trustee", acts.share, one, byTrustee(2));
    town.refused("in no place", "polls.not_trustee", acts.share, depot.share(4, sum), byTrustee(1));
    town.refused(
      "of one ballot",
      "polls.share_wrong",
      acts.share,
      depot.share(1, town.row(ballots, "depot", 1)!.ciphertexts),
      byTrustee(1),
    );
    town.refused("with another's part", "polls.share_wrong", acts.share, { ...depot.share(2, sum), index: 1 }, byTrustee(1));
    const other = depot.trustees.joint.verification[1]!;
    town.refused("under another's key", "polls.share_wrong", acts.share, { ...one, verification: other }, byTrustee(1));
    town.act("the first", acts.share, one, byTrustee(1));
    town.refused("once", "polls.not_trustee", acts.share, one, byTrustee(1));
    town.refused(
      "counts by one share",
      "polls.counts_wrong",
      acts.publish,
      { ...depot.result(town, 1), counts: [2, 1, 1] },
      signedBy("tax"),
    );
    town.refused("by a share that is not given", "polls.counts_wrong", acts.publish, depot.result(town, 1, 3), signedBy("tax"));
    town.act("the third", acts.share, depot.share(3, sum), byTrustee(3));
    const result = depot.result(town, 1, 3);
    expect(result.counts).toEqual([2, 1, 1]);
    for (const [says, wrong] of [
      ["one vote moved", { counts: [1, 2, 1] }],
      ["one more", { counts: [3, 1, 1] }],
      ["two of three", { counts: [2, 1] }],
      ["in another order", { shares: [...result.shares].reverse() }],
      ["one share twice", { shares: [result.shares[0]!, result.shares[0]!] }],
      ["of another sum", { sum: town.row(ballots, "depot", 1)!.ciphertexts }],
    ] as const)
      town.refused(says, "polls.counts_wrong", acts.publish, { ...result, ...wrong }, signedBy("tax"));
    town.act("a citizen publishes", acts.publish, result, signedBy("ann"));
    expect([of(town).$.status, tally(town).$.status, tally(town).counts]).toEqual(["published", "opened", [2, 1, 1]]);
    town.refused("once", "polls.not_summed", acts.publish, result, signedBy("tax"));
    town.refused("no share more", "polls.not_summed", acts.share, depot.share(2, sum), byTrustee(2));
    town.advance(days(40));
    expect(of(town).$.status).toBe("published");
    town.indexHolds();
    passes(town, "polls");
    passes(town, "ceremonies");
    expect(audit(town, "polls").find(({ name }) => name === "ballotsHold")!.figures).toEqual({ "depot ballots": 4 });
  });

  it("is void if too few trustees give their shares: who is silent is named", () => {
    const town = voted(four);
    town.advance(days(7));
    const { sum } = tally(town);
    town.act("the second", acts.share, depot.share(2, sum), byTrustee(2));
    town.advance(days(7));
    expect(of(town)).toMatchObject({ ground: "shares-missing", named: ["courts", "health"], $: { status: "void" } });
    town.refused("too late", "polls.not_summed", acts.share, depot.share(1, sum), byTrustee(1));
    expect(tally(town).$.status).toBe("lost");
    passes(town, "polls");
  });

  it("waits for ever for its counts once enough shares are there: a result that can be had cannot be prevented", () => {
    const town = voted(four);
    town.advance(days(7));
    const { sum } = tally(town);
    for (const i of [2, 3]) town.act(`trustee ${i}`, acts.share, depot.share(i, sum), byTrustee(i));
    expect(town.advance(days(400))).toEqual([]);
    town.refused("the office would rather not", "polls.begun", acts.cancel, { poll: "depot", ground: "no" }, signedBy("tax"));
    town.act("the first, late", acts.share, depot.share(1, sum), byTrustee(1));
    town.act("published", acts.publish, depot.result(town, 1, 2), signedBy("ann"));
    expect(tally(town).counts).toEqual([2, 1, 1]);
    passes(town, "polls");
  });

  it("opens nothing of too few ballots", () => {
    const town = voted({ ann: [0], bob: [1] }, depot, { least: 3 });
    town.advance(days(7));
    expect(of(town)).toMatchObject({ ground: "too-few-ballots", $: { status: "void" } });
    expect(town.row(tallies, "depot")).toBeUndefined();
    passes(town, "polls");
  });

  it("sums the whole roll in slices, one in each block, whoever was admitted and has not cast", () => {
    const town = voted(four);
    // As after 250 admissions: the four ballots stand at the ends of slices.
    rewrite(town, turnouts, ["depot"], { admitted: 250 });
    for (const [from, to] of [
      [4, 250],
      [3, 101],
      [2, 100],
    ] as const)
      rewrite(town, ballots, ["depot", from], { place: to });
    town.next(days(7));
    const places = [tally(town).place];
    const partial = depot.share(1, tally(town).sum);
    town.refused("what is summed so far is opened by nobody", "polls.not_summed", acts.share, partial, byTrustee(1));
    places.push(tally(town).place); // the refusal was in a block, too
    for (let block = 0; block < 2; block++) {
      town.next(40);
      places.push(tally(town).place);
    }
    expect(places).toEqual([100, 200, 250, 250]);
    expect(tally(town)).toMatchObject({ ballots: 4, last: 250, $: { status: "summed" } });
    const { sum } = tally(town);
    for (const i of [1, 3]) town.act(`trustee ${i}`, acts.share, depot.share(i, sum), byTrustee(i));
    expect(depot.result(town, 1, 3).counts).toEqual([2, 1, 1]);
  });

  it("sums seven ballots of 64 options in a block: a block's time is bounded, not its ballots", () => {
    const wide = new PollFixture("depot", { kind: "approval", options: 64 }, 64, { trustees: depot.trustees });
    const town = voted({ ann: [0, 63] }, wide);
    for (let place = 2; place <= 9; place++) copy(town, ballots, ["depot", 1], { place });
    rewrite(town, turnouts, ["depot"], { admitted: 9, cast: 9 });
    const before = town.next(days(7)).map(({ name, result }) => `${name} ${result.flags.length}`);
    expect([before, tally(town).place]).toEqual([["closing 0", "summing 0"], 7]);
    town.next(40);
    expect(tally(town)).toMatchObject({ place: 9, ballots: 9, $: { status: "summed" } });
    const { sum } = tally(town);
    for (const i of [1, 3]) town.act(`trustee ${i}`, acts.share, wide.share(i, sum), byTrustee(i));
    const result = wide.result(town, 1, 3);
    town.act("published", acts.publish, result, signedBy("tax"));
    expect([result.counts[0], result.counts[1], result.counts[63]]).toEqual([9, 0, 9]);
  });
});

/** A row under another key, or otherwise than the rules made it: to see large rolls without large rolls. */
function copy<R extends AnyRecord>(town: Scenario, type: R, key: KeyOf<R>, change: Partial<FieldsOf<R>>): void {
  const json = rowToJson(town.row(type, ...key) as any) as Record<string, any>;
  const row = town.registry.fromJson(type.collection, { ...json, fields: { ...json["fields"], ...change } });
  town.state.rows.set(`${type.collection}\0${String.fromCharCode(...row.$.key)}`, { bytes: new Uint8Array(0), decoded: row });
}
function rewrite<R extends AnyRecord>(town: Scenario, type: R, key: KeyOf<R>, change: Partial<FieldsOf<R>>): void {
  const { $ } = town.row(type, ...key)!;
  copy(town, type, key, change);
  if (Object.keys(change).some((name) => type.key.includes(name)))
    town.state.rows.delete(`${type.collection}\0${String.fromCharCode(...$.key)}`);
}

it("an audit finds a row that the rules did not make", () => {
  const town = voted({ ann: [0], bob: [1] });
  town.advance(days(7));
  const { sum } = tally(town);
  for (const i of [1, 3]) town.act(`trustee ${i}`, acts.share, depot.share(i, sum), byTrustee(i));
  town.act("published", acts.publish, depot.result(town, 1, 3), signedBy("tax"));
  passes(town, "polls");
  const finds = (type: any, key: readonly unknown[], change: object) => findsTampered(town, "polls", type, key as any, change);
  const annKey = keyOf(pollKey("ann"));
  const bobs = town.row(ballots, "depot", 2)!;
  expect(finds(electorates, ["district-5"], { electors: 3 })).toEqual(["listsCounted"]);
  expect(finds(electors, ["district-5", "p:ann"], { $status: "struck" })).toEqual(["listsCounted"]);
  expect(finds(issuers, ["depot", 1], { proof: depot.putKey(2).proof })).toEqual(["ticketsHold"]);
  expect(finds(issuers, ["depot", 1], { issuer: "health" })).toEqual(["ticketsHold"]);
  expect(finds(issuers, ["depot", 1], { granted: 3 })).toEqual(["ticketsHold"]);
  expect(finds(requests, ["depot", "p:ann"], { answers: [] })).toEqual(["ticketsHold"]);
  expect(finds(requests, ["depot", "p:ann"], { blinded: depot.blinded("bob") })).toEqual(["ticketsHold"]);
  expect(finds(requests, ["depot", "p:ann"], { $status: "asked" })).toEqual(["ticketsHold"]);
  expect(finds(roll, ["depot", annKey], { prefix: annKey })).toEqual(["ticketsHold"]);
  expect(finds(roll, ["depot", annKey], { place: 2 })).toEqual(["ballotsHold"]);
  expect(finds(roll, ["depot", annKey], { place: 9 })).toEqual(["ballotsHold"]);
  expect(finds(turnouts, ["depot"], { admitted: 5 })).toEqual(["ticketsHold", "resultsHold"]);
  expect(finds(turnouts, ["depot"], { requested: 5 })).toEqual(["ticketsHold"]);
  expect(finds(turnouts, ["depot"], { cast: 1 })).toEqual(["ballotsHold", "resultsHold"]);
  expect(finds(ballots, ["depot", 1], { ciphertexts: bobs.ciphertexts, proof: bobs.proof })).toEqual(["ballotsHold", "resultsHold"]);
  expect(finds(ballots, ["depot", 1], { poll_key: bobs.poll_key })).toEqual(["ballotsHold"]);
  expect(finds(questions, ["depot"], { question: { kind: "approval", options: 3 } })).toEqual(["ballotsHold"]);
  expect(finds(polls, ["depot"], { key: depot.trustees.joint.verification[0]! })).toEqual(["ballotsHold", "resultsHold"]);
  expect(finds(polls, ["depot"], { least: 3 })).toEqual(["resultsHold"]);
  expect(finds(polls, ["depot"], { threshold: 3 })).toEqual(["resultsHold"]);
  expect(finds(polls, ["depot"], { $status: "void" })).toEqual(["resultsHold"]);
  expect(finds(tallies, ["depot"], { sum: bobs.ciphertexts })).toEqual(["resultsHold"]);
  expect(finds(tallies, ["depot"], { counts: [0, 1, 1] })).toEqual(["resultsHold"]);
  expect(finds(tallies, ["depot"], { place: 1 })).toEqual(["resultsHold"]);
  expect(finds(tallies, ["depot"], { ballots: 1 })).toEqual(["resultsHold"]);
  for (const change of [{ serves: "poll:park" }, { serves: "tender:depot" }, { office: "health" }, { threshold: 3 }])
    expect(finds(ceremonies.ceremonies, ["key-depot"], change)).toEqual(["resultsHold"]);
  expect(finds(polls, ["depot"], { ceremony: "key-park" })).toEqual(["resultsHold"]);
  expect(finds(shares, ["depot", 1], { share: town.row(shares, "depot", 3)!.share })).toEqual(["resultsHold"]);
});

it("takes the examples of its reference page", () => {
  const example = acts.call.options.example!;
  const fixture = new PollFixture(example.poll, { kind: "one", options: 3 }, 3, { trustees: theOther() });
  const town = keyed(district(), fixture);
  // As printed, a day later: the network is founded on the day of the examples.
  const { keys_until, requests_until, opens, closes } = example;
  const times = { keys_until, requests_until, opens, closes };
  const later = Object.fromEntries(Object.entries(times).map(([name, at]) => [name, at + days(1)])) as typeof times;
  town.act("called", acts.call, { ...example, ...later, issuers: issuerNames, ceremony: fixture.ceremony }, signedBy("tax"));
  town.act("as printed", acts.cancel, acts.cancel.options.example!, signedBy("tax"));
});
let other: Trustees | undefined;
const theOther = (): Trustees => (other ??= new Trustees(district().network, "key-other", trusteeNames, 2));

const data = new URL("../../../../shared/data/electionguard/", import.meta.url);
const read = (name: string): any => JSON.parse(readFileSync(new URL(name, data), "utf8"));
describe.skipIf(!existsSync(data))("ElectionGuard's ballots (skipped without ../shared/data)", () => {
  // One voter for each ballot; every contest of the manifest is a poll, of at most as many as the contest allows.
  it.each([
    ["election_manifest_simple.json", "plaintext_ballots_simple.json", 6],
    ["manifest-small.json", "plaintext_two_ballots_small.json", 2],
  ])("of %s come out as they were cast: %s", (manifest, plain, many) => {
    const cast = read(plain) as any[];
    const names = [...voters, "eve", "finn"].slice(0, cast.length);
    expect(cast.length).toBe(many);
    for (const contest of read(manifest).contests as any[]) {
      const selections = contest.ballot_selections.map((one: any) => one.object_id) as string[];
      const question = { kind: "some" as const, options: selections.length, min: 0, max: contest.votes_allowed as number };
      const fixture = new PollFixture(contest.object_id, question, selections.length, { trustees: theOther() });
      const chosen = (ballot: any): number[] =>
        (ballot.contests.find((one: any) => one.object_id === contest.object_id)?.ballot_selections ?? [])
          .filter((one: any) => one.vote === 1)
          .map((one: any) => selections.indexOf(one.object_id));
      const choices = Object.fromEntries(names.map((name, i) => [name, chosen(cast[i])]));
      const town = voted(choices, fixture);
      town.advance(days(7));
      const { sum } = town.row(tallies, fixture.poll)!;
      for (const i of [1, 2]) town.act(`trustee ${i}`, acts.share, fixture.share(i, sum), byTrustee(i));
      const result = fixture.result(town, 1, 2);
      town.act("published", acts.publish, result, signedBy("tax"));
      const plainly = selections.map((_, option) => Object.values(choices).filter((choice) => choice.includes(option)).length);
      expect([contest.object_id, town.row(tallies, fixture.poll)!.counts]).toEqual([contest.object_id, plainly]);
      passes(town, "polls");
    }
  });
});

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const names = ["putKey", "request", "grant", "admit", "cast", "share", "publish", "cancel", "strike", "enter", "claim", "wait"] as const;
const step = fc.record({
  act: fc.constantFrom(...names),
  /** What is usual at this point, instead. */
  usual: fc.nat(9),
  name: fc.constantFrom(...voters, "eve"),
  number: fc.integer({ min: 1, max: 3 }),
  choice: fc.nat(2),
  lie: fc.nat(9),
  extreme: fc.constantFrom(0, 4, 17, 1_001, Number.MAX_SAFE_INTEGER, -1),
  by: fc.constantFrom(...agencies, ...voters, "eve", "ivan", ...voters.map(pollKey)),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Act = (typeof names)[number];

/** What is true of the poll, told plainly. */
class Model {
  status = "requesting?";
  readonly listed = new Set<string>(voters);
  readonly claimed = new Set<string>();
  readonly keys = new Set<number>();
  readonly asked = new Map<string, Set<number>>();
  readonly roll = new Set<string>();
  readonly cast = new Map<string, { version: number; choice: number }>();
  readonly shares = new Set<number>();
  readonly #times: { keys_until: number; requests_until: number; opens: number; closes: number };
  #until = Number.POSITIVE_INFINITY;

  constructor(times: { keys_until: number; requests_until: number; opens: number; closes: number }) {
    this.#times = times;
    this.status = "called";
  }
  get requestsOpen() {
    return (now: number): boolean => this.status === "requesting" && now < this.#times.requests_until;
  }
  granted = (name: string): boolean => this.asked.get(name)?.size === 2;
  /** The chain by itself, until a time. */
  settle(now: number): void {
    const { keys_until, opens, closes } = this.#times;
    if (this.status === "called" && now >= keys_until) this.status = "void";
    if (this.status === "requesting" && now >= opens) this.status = [...this.asked.keys()].every(this.granted) ? "open" : "void";
    if (this.status === "open" && now >= closes) {
      this.status = this.cast.size >= 2 ? "summed" : "void";
      this.#until = now + days(7);
    }
    if (this.status === "summed" && this.shares.size < 2 && now >= this.#until) this.status = "void";
  }
  counts = (): number[] => [0, 1, 2].map((option) => [...this.cast.values()].filter(({ choice }) => choice === option).length);
}

/** What somebody would do next who wants the poll to go on. */
function usual(model: Model, now: number, { act, number, name }: Step): { act: Act; number?: number; name?: string | undefined } {
  switch (model.status) {
    case "called":
      return { act: "putKey", number: model.keys.has(1) ? 2 : 1 };
    case "requesting": {
      const waiting = [...model.asked.keys()].find((who) => !model.granted(who));
      if (waiting !== undefined) return { act: "grant", name: waiting, number: model.asked.get(waiting)!.has(1) ? 2 : 1 };
      return model.requestsOpen(now) && model.asked.size < 4 ? { act: number === 3 ? "wait" : "request" } : { act: "wait" };
    }
    case "open": {
      const out = [...model.asked.keys()].find((who) => !model.roll.has(who));
      if (out !== undefined && number > 1) return { act: "admit", name: out };
      return number === 1 && name === "dora" ? { act: "wait" } : { act: "cast" };
    }
    case "summed":
      return model.shares.size < 2 ? { act: "share" } : { act: "publish" };
    default:
      return { act };
  }
}

describe.skipIf(process.env["CHANCERY_QUICK"] === "1")("whatever offices, issuers, voters and trustees do", () => {
  it("one voter has one vote, the last counts, no more are admitted than asked, nothing is opened early, the counts are the votes", () => {
    const applied = new Map<string, number>();
    const verdicts = new Map<string, readonly string[]>();
    let total = 0;
    let histories = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 150, maxLength: 160 }), (steps) => {
        const town = calling({ verdicts });
        const model = new Model(of(town));
        for (const s of steps) {
          total++;
          model.settle(town.time);
          const next = s.usual > 2 ? usual(model, town.time, s) : { act: s.act };
          const { act } = next;
          const { name = s.name, number = s.number } = next as { name?: string; number?: number };
          const who = act === "admit" || act === "cast" || act === "request" || act === "grant" || act === "claim" ? name : s.name;
          if (act === "wait" || (act === "cancel" && s.choice > 0)) {
            town.advance(s.lie < 5 ? days(1) : hours(7));
            continue;
          }
          const { lie } = s;
          const version = (model.cast.get(who)?.version ?? 0) + 1;
          const now = town.time + 1_000;
          model.settle(now);
          const sum = town.row(tallies, "depot")?.sum ?? new Uint8Array(192);
          const two = [...model.shares].sort((a, b) => a - b).slice(0, 2);
          /** The first is anybody's choice; who thinks again goes round. */
          const choiceOf = (n: number): number => (n === 1 ? s.choice : Math.abs(n + who.length) % 3);
          // The act, who must sign it, and whether the model allows it.
          const [args, should, allowed] = {
            putKey: () => {
              const of2 = number === 1 ? 1 : 2;
              const right = {
                ...depot.putKey(of2),
                ...(lie === 0 && { index: s.extreme }),
                ...(lie === 1 && { proof: depot.putKey(3 - of2).proof }),
              };
              return [right, issuerNames[of2 - 1]!, lie > 1 && model.status === "called" && !model.keys.has(of2)] as const;
            },
            request: () => {
              const right = { ...depot.request(who), ...(lie === 0 && { blinded: depot.request("ann").blinded.slice(1) }) };
              return [right, who, lie > 0 && model.requestsOpen(now) && model.listed.has(who) && !model.asked.has(who)] as const;
            },
            grant: () => {
              const of2 = number === 1 ? 1 : 2;
              const right = depot.grant(of2, who);
              const lied =
                lie === 0
                  ? { ...right, grants: depot.grant(of2, "ann").grants.map((one) => ({ ...one, answer: depot.answer("bob", of2) })) }
                  : right;
              const fits = model.status === "requesting" && model.asked.get(who)?.has(of2) === false;
              return [lied, issuerNames[of2 - 1]!, lie > 0 && fits] as const;
            },
            admit: () => {
              const right = depot.admit(who);
              const lied = lie === 0 ? { ...right, tickets: [right.tickets[0]!, right.tickets[0]!] } : right;
              // A ticket of all issuers that nobody asked for is what only all issuers together can make: then it takes another's place.
              const places = [...model.asked.keys()].filter(model.granted).length;
              return [lied, pollKey(who), lie > 0 && model.status === "open" && !model.roll.has(who) && model.roll.size < places] as const;
            },
            cast: () => {
              const told = lie === 0 ? (s.extreme === version ? 0 : s.extreme) : lie === 1 ? version + 1 : version;
              const right = depot.ballot(who, [choiceOf(told)], told);
              const lied = lie === 2 ? { ...depot.ballot(who, [0]), proof: depot.ballot("ann", [0]).proof.slice().fill(7, 0, 4) } : right;
              return [lied, pollKey(who), lie > 2 && model.status === "open" && model.roll.has(who)] as const;
            },
            share: () => {
              const right = depot.share(number, sum);
              const lied = lie === 0 ? { ...right, index: s.extreme } : lie === 1 ? { ...right, sum: new Uint8Array(192) } : right;
              return [lied, trusteeNames[number - 1]!, lie > 1 && model.status === "summed" && !model.shares.has(number)] as const;
            },
            publish: () => {
              const given = two.length < 2 ? [1, 2] : two;
              const counts = lie === 0 ? [s.extreme, 0] : lie === 1 ? [0, 0, 0] : model.counts();
              const right = { poll: "depot", sum, shares: given.map((index) => ({ index, share: depot.share(index, sum).share })), counts };
              return [right, s.by, lie > 1 && model.status === "summed" && two.length === 2] as const;
            },
            cancel: () => [{ poll: "depot", ground: "no" }, "tax", model.status === "called" || model.status === "requesting"] as const,
            strike: () => [{ electorate: "district-5", person: person(who), ground: "moved" }, "tax", model.listed.has(who)] as const,
            enter: () => [{ electorate: "district-5", persons: [person(who)] }, "tax", !model.listed.has(who)] as const,
            claim: () => [elector(who), who, !model.listed.has(who) && !model.claimed.has(who)] as const,
          }[act]();
          const honest = lie !== 9;
          const signers = honest ? [should] : [s.by];
          const { outcome, code } = town.submit([{ action: `polls.${act}@1`, args }], signedBy(...signers));
          const expected = allowed && signers[0] === should;
          expect(`${act} by ${signers[0]} ${outcome === 0} ${code === "engine.fault"}`).toBe(`${act} by ${signers[0]} ${expected} false`);
          if (outcome !== 0) continue;
          applied.set(act, (applied.get(act) ?? 0) + 1);
          if (act === "putKey" && model.keys.add(number === 1 ? 1 : 2).size === 2) model.status = "requesting";
          if (act === "request") model.asked.set(who, new Set());
          if (act === "grant") model.asked.get(who)!.add(number === 1 ? 1 : 2);
          if (act === "admit") model.roll.add(who);
          if (act === "cast") model.cast.set(who, { version, choice: choiceOf(version) });
          if (act === "share") model.shares.add(number);
          if (act === "publish") model.status = "published";
          if (act === "cancel") model.status = "void";
          if (act === "strike") model.listed.delete(who);
          if (act === "enter") model.listed.add(who);
          if (act === "enter" || act === "strike") model.claimed.delete(who);
          if (act === "claim") model.claimed.add(who);
        }
        model.settle(town.time);
        expect(of(town).$.status).toBe(model.status === "summed" ? "closed" : model.status);
        const granted = [...model.asked.keys()].filter(model.granted).length;
        expect(turnout(town)).toMatchObject({ requested: model.asked.size, granted, admitted: model.roll.size, cast: model.cast.size });
        if (model.status === "published") expect(tally(town).counts).toEqual(model.counts());
        town.indexHolds();
        if (histories++ % 16 === 0) passes(town, "polls");
      }),
      { numRuns: 67, seed: 38, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const all = names.filter((act) => act !== "wait");
    const often = all.filter((act) => (applied.get(act) ?? 0) >= 5);
    expect(`${often.length} of ${all.length} happen often: ${[...applied].join(" ")}`).toMatch(new RegExp(`^${all.length} `));
  });
});

everyRuleIsGiven(poll);
