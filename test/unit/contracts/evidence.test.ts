// Judicial evidence (service 11): a contract and a batch of captures from their deposit to the judgment about them.

import { describe, expect, it } from "vitest";
import { utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import evidence, * as acts from "../../../src/contracts/documents/evidence.ts";
import { days, minutes } from "../../../src/contracts/engine/index.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { encodeBody } from "../../../src/ledger/transaction.ts";
import { findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant } from "./founders.ts";
import { type Scenario, signedBy } from "./scenario.ts";

const { deposits, custodies, sources, verifications, challenges, stamps } = acts;
const content = (of: string) => sha256(utf8(of));
const zeros = new Uint8Array(32);
const ground = { root: content("ground"), size: 1 };

function city(): Scenario {
  const town = founded({
    grants: [
      ...["depositor", "time_authority"].map((role) => grant("tax", `evidence.${role}`)),
      grant("land", "evidence.depositor"),
      grant("health", "evidence.verifier"),
      ...[grant("courts", "evidence.court"), grant("courts", "evidence.depositor"), grant("land", "evidence.court")],
      grant("courts", "eid.ministry"),
    ],
  });
  enrol(town, "courts", "identity", "ann", "bob");
  return town;
}
const contract = { deposit: "civ-118-a", kind: "contract", content: content("the contract") };

describe("an item of evidence", () => {
  it("is deposited once, by who may, and is held by who deposited it", () => {
    const town = city();
    town.refused("a citizen deposits", "engine.not_entitled", acts.deposit, contract, signedBy("ann"));
    town.act("the tax office deposits a contract", acts.deposit, contract, signedBy("tax"));
    town.refused("another under the same name", "engine.already_exists", acts.deposit, { ...contract, content: zeros }, signedBy("land"));
    expect(town.row(deposits, "civ-118-a")).toMatchObject({ ...contract, depositor: "tax", holder: "tax", entries: 0 });
  });

  it("passes from hand to hand, each entry of its custody signed by both", () => {
    const town = city();
    const pass = { deposit: "civ-118-a", from: "tax", to: "health", reason: "analysis" };
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    town.refused("without who takes it", "evidence.custody_broken", acts.handOver, pass, signedBy("tax"));
    town.refused("without who holds it", "evidence.custody_broken", acts.handOver, pass, signedBy("health"));
    town.act("the tax office hands it to forensics", acts.handOver, pass, signedBy("tax", "health"));
    town.refused("a second time from who no longer holds it", "evidence.custody_broken", acts.handOver, pass, signedBy("tax", "health"));
    town.act(
      "forensics hands it to the court",
      acts.handOver,
      { ...pass, from: "health", to: "courts", reason: "hearing" },
      signedBy("health", "courts"),
    );
    expect(town.row(deposits, "civ-118-a")).toMatchObject({ holder: "courts", entries: 2 });
    expect([0, 1].map((n) => town.row(custodies, "civ-118-a", n)?.to)).toEqual(["health", "courts"]);
    town.act("another item", acts.deposit, { ...contract, deposit: "civ-118-b" }, signedBy("land"));
    passes(town, "evidence");
    expect(findsTampered(town, "evidence", deposits, ["civ-118-a"], { holder: "tax" })).toEqual(["custody"]);
    expect(findsTampered(town, "evidence", deposits, ["civ-118-a"], { depositor: "land" })).toEqual(["custody"]);
    expect(findsTampered(town, "evidence", deposits, ["civ-118-b"], { holder: "tax" })).toEqual(["custody"]);
    expect(findsTampered(town, "evidence", custodies, ["civ-118-a", 0], { to: "land" })).toEqual(["custody"]);
    expect(findsTampered(town, "evidence", custodies, ["civ-118-a", 1], { to: "land" })).toEqual(["custody"]);
  });

  it("is compared: what agrees is recorded, what differs is recorded and marked", () => {
    const town = city();
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    const comparison = { verification: "v-1", deposit: "civ-118-a", content: contract.content, method: "sha256" };
    expect(town.act("forensics compares", acts.verify, comparison, signedBy("health"))).toEqual([]);
    const other = { ...comparison, verification: "v-2", content: content("a forged contract") };
    expect(town.act("forensics compares another copy", acts.verify, other, signedBy("health"))).toEqual(["evidence.differs"]);
    expect([town.row(verifications, "v-1")?.agrees, town.row(verifications, "v-2")?.agrees]).toEqual([true, false]);
    town.refused("a comparison is not rewritten", "engine.already_exists", acts.verify, comparison, signedBy("health"));
  });

  it("has its time attested by an authority, never ahead of the chain's", () => {
    const town = city();
    const token = { content: contract.content, at: town.time, token: content("token") };
    town.refused("a time to come", "evidence.time_ahead", acts.stamp, { ...token, at: town.time + minutes(5) }, signedBy("tax"));
    town.refused("by who is no authority", "engine.not_entitled", acts.stamp, token, signedBy("land"));
    token.at = town.time + 1_000; // the time of the next block itself
    town.act("the authority attests", acts.stamp, token, signedBy("tax"));
    town.refused("once", "engine.already_exists", acts.stamp, token, signedBy("tax"));
    expect(town.row(stamps, contract.content, "tax")?.at).toBe(token.at);
  });

  it("stays where it is while a challenge is open, and leaves the proceedings if it is upheld", () => {
    const town = city();
    const doubt = { deposit: "civ-118-a", by: "p:ann", ground };
    const pass = { deposit: "civ-118-a", from: "tax", to: "health", reason: "analysis" };
    const dismissed = { deposit: "civ-118-a", by: "p:ann", decision: "dismissed", reason: "unaltered" } as const;
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    town.refused("in another's name", "engine.signature_missing", acts.challenge, doubt, signedBy("bob"));
    town.act("Ann challenges it", acts.challenge, doubt, signedBy("ann"));
    town.refused("it does not move meanwhile", "evidence.challenge_open", acts.handOver, pass, signedBy("tax", "health"));
    const bobs = { ...doubt, by: "p:bob" };
    town.refused("nor is it challenged by Bob", "evidence.challenge_open", acts.challenge, bobs, signedBy("bob"));
    town.refused("the tax office decides", "engine.not_entitled", acts.decide, dismissed, signedBy("tax"));
    town.act("the court dismisses", acts.decide, dismissed, signedBy("courts"));
    town.refused("once", "engine.illegal_move", acts.decide, { ...dismissed, decision: "upheld" }, signedBy("courts"));
    town.refused("Ann challenges it once", "engine.already_exists", acts.challenge, doubt, signedBy("ann"));
    town.act("it moves again", acts.handOver, pass, signedBy("tax", "health"));
    town.act("Bob challenges it too", acts.challenge, bobs, signedBy("bob"));
    const upheld = { deposit: "civ-118-a", by: "p:bob", decision: "upheld", reason: "altered" } as const;
    town.act("the court agrees with Bob", acts.decide, upheld, signedBy("courts"));
    const back = { ...pass, from: "health", to: "tax" };
    town.refused("it is passed on no more", "evidence.excluded", acts.handOver, back, signedBy("tax", "health"));
    const order = { deposit: "civ-118-a", to: "tax", reason: "x" };
    town.refused("nor by order", "evidence.excluded", acts.order, order, signedBy("courts", "tax"));
    town.refused("nor challenged", "evidence.excluded", acts.challenge, { ...doubt, by: "land" }, signedBy("land"));
    expect(town.row(deposits, "civ-118-a")?.$.status).toBe("excluded");
    expect(town.row(challenges, "civ-118-a", "p:bob")).toMatchObject({ court: "courts", reason: "altered", $: { status: "upheld" } });
    town.indexHolds();
    passes(town, "evidence");
  });

  it("moves again when a challenge is withdrawn, or no court has decided within 60 days", () => {
    const town = city();
    const pass = { deposit: "civ-118-a", from: "tax", to: "health", reason: "analysis" };
    const of = (by: string) => ({ deposit: "civ-118-a", by });
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    town.act("Ann challenges it", acts.challenge, { ...of("p:ann"), ground }, signedBy("ann"));
    town.refused("withdrawn by Bob", "engine.signature_missing", acts.withdraw, of("p:ann"), signedBy("bob"));
    town.act("withdrawn", acts.withdraw, of("p:ann"), signedBy("ann"));
    town.refused("twice", "engine.illegal_move", acts.withdraw, of("p:ann"), signedBy("ann"));
    town.act("it moves", acts.handOver, pass, signedBy("tax", "health"));
    town.act("Bob challenges it", acts.challenge, { ...of("p:bob"), ground }, signedBy("bob"));
    expect(town.advance(days(60) - 2_000)).toEqual([]);
    town.refused("it stays", "evidence.challenge_open", acts.handOver, { ...pass, from: "health", to: "land" }, signedBy("health", "land"));
    expect(town.advance(days(1)).map(({ name }) => name)).toEqual(["undecided"]);
    expect(town.row(challenges, "civ-118-a", "p:bob")?.$.status).toBe("overdue");
    town.act("it moves again", acts.handOver, { ...pass, from: "health", to: "tax" }, signedBy("tax", "health"));
    town.act("a verifier challenges it", acts.challenge, { ...of("health"), ground }, signedBy("health"));
    const upheld = { ...of("p:bob"), decision: "upheld", reason: "altered" } as const;
    town.act("Bob's is decided late", acts.decide, upheld, signedBy("courts"));
    const other = { ...upheld, by: "health" };
    town.refused("nothing is left to exclude", "evidence.excluded", acts.decide, other, signedBy("courts"));
    passes(town, "evidence");
    town.act("but to end", acts.decide, { ...other, decision: "dismissed" }, signedBy("courts"));
    expect(town.advance(days(100))).toEqual([]);
    const after = town.row(deposits, "civ-118-a");
    expect([after?.challenger, after?.$.status]).toEqual([undefined, "excluded"]);
    town.indexHolds();
    passes(town, "evidence");
  });

  it("is not decided on by a court that deposited, holds or challenges it", () => {
    const town = city();
    const decision = { by: "p:ann", decision: "dismissed", reason: "unaltered" } as const;
    const own = { ...contract, deposit: "i" };
    town.act("the court's own", acts.deposit, own, signedBy("courts"));
    town.act("which it handed over", acts.handOver, { deposit: "i", from: "courts", to: "tax", reason: "x" }, signedBy("courts", "tax"));
    town.act("Ann challenges", acts.challenge, { deposit: "i", by: "p:ann", ground }, signedBy("ann"));
    town.refused("its depositor", "evidence.own_case", acts.decide, { deposit: "i", ...decision }, signedBy("courts"));
    town.act("another court", acts.decide, { deposit: "i", ...decision }, signedBy("land"));

    town.act("tax's", acts.deposit, { ...contract, deposit: "j" }, signedBy("tax"));
    town.act("held by a court", acts.handOver, { deposit: "j", from: "tax", to: "courts", reason: "x" }, signedBy("courts", "tax"));
    town.act("Ann challenges", acts.challenge, { deposit: "j", by: "p:ann", ground }, signedBy("ann"));
    town.refused("its holder", "evidence.own_case", acts.decide, { deposit: "j", ...decision }, signedBy("courts"));
    town.act("another court", acts.decide, { deposit: "j", ...decision }, signedBy("land"));

    town.act("a court challenges", acts.challenge, { deposit: "j", by: "land", ground }, signedBy("land"));
    const agreed = { ...decision, deposit: "j", by: "land", decision: "upheld" } as const;
    town.refused("and agrees with itself", "evidence.own_case", acts.decide, agreed, signedBy("land"));
    passes(town, "evidence");
  });

  it("is ordered into other hands by a court that has no part in it: from who is revoked, or while a challenge is open", () => {
    const town = city();
    const order = { deposit: "civ-118-a", to: "health", reason: "holder-revoked" };
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    town.act("to Ann", acts.handOver, { deposit: "civ-118-a", from: "tax", to: "p:ann", reason: "x" }, signedBy("tax", "ann"));
    town.act("Bob challenges it", acts.challenge, { deposit: "civ-118-a", by: "p:bob", ground }, signedBy("bob"));
    town.act("Ann is revoked", eid.revoke, { principal: "p:ann", ground: "order-17" }, signedBy("courts"));
    town.refused("by the depositor", "engine.not_entitled", acts.order, order, signedBy("tax", "health"));
    town.refused("without who takes it", "evidence.custody_broken", acts.order, order, signedBy("courts"));
    town.refused("to the court itself", "evidence.own_case", acts.order, { ...order, to: "courts" }, signedBy("courts"));
    town.act("by order", acts.order, order, signedBy("courts", "health"));
    expect(town.row(deposits, "civ-118-a")).toMatchObject({ holder: "health", challenger: "p:bob", entries: 2 });
    expect(town.row(custodies, "civ-118-a", 1)).toMatchObject({ from: "p:ann", to: "health", court: "courts", reason: "holder-revoked" });
    town.act("another", acts.deposit, { ...contract, deposit: "k" }, signedBy("tax"));
    town.act("that a court challenges", acts.challenge, { deposit: "k", by: "courts", ground }, signedBy("courts"));
    town.refused("is not its to order", "evidence.own_case", acts.order, { ...order, deposit: "k" }, signedBy("courts", "health"));
    passes(town, "evidence");
    expect(findsTampered(town, "evidence", custodies, ["civ-118-a", 1], { court: "health" })).toEqual(["custody"]);
    expect(findsTampered(town, "evidence", deposits, ["civ-118-a"], { challenger: undefined })).toEqual(["doubts"]);
    expect(findsTampered(town, "evidence", challenges, ["k", "courts"], { $status: "withdrawn" })).toEqual(["doubts"]);
  });

  it("an auditor finds exclusions, judgments and comparisons that the rules would not have made", () => {
    const town = city();
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    town.act("another", acts.deposit, { ...contract, deposit: "civ-118-b" }, signedBy("courts"));
    const compared = { verification: "v-1", deposit: "civ-118-a", content: zeros, method: "m" };
    town.act("compared", acts.verify, compared, signedBy("health"));
    town.act("Ann challenges", acts.challenge, { deposit: "civ-118-a", by: "p:ann", ground }, signedBy("ann"));
    const upheld = { deposit: "civ-118-a", by: "p:ann", decision: "upheld", reason: "altered" } as const;
    town.act("upheld", acts.decide, upheld, signedBy("courts"));
    town.act("Ann challenges the other", acts.challenge, { deposit: "civ-118-b", by: "p:ann", ground }, signedBy("ann"));
    const dismissed = { ...upheld, deposit: "civ-118-b", decision: "dismissed" } as const;
    town.act("dismissed", acts.decide, dismissed, signedBy("land"));
    passes(town, "evidence");
    const finds = (...args: any[]) => (findsTampered as any)(town, "evidence", ...args) as string[];
    for (const [type, key, change] of [
      [deposits, ["civ-118-a"], { $status: "admitted" }],
      [deposits, ["civ-118-a"], { content: zeros }],
      [deposits, ["civ-118-b"], { $status: "excluded" }],
      [verifications, ["v-1"], { agrees: true }],
      [challenges, ["civ-118-a", "p:ann"], { $status: "dismissed" }],
      [challenges, ["civ-118-a", "p:ann"], { court: undefined }],
      [challenges, ["civ-118-a", "p:ann"], { reason: undefined }],
      [challenges, ["civ-118-a", "p:ann"], { court: "tax" }],
      [challenges, ["civ-118-b", "p:ann"], { court: "courts" }],
    ] as const)
      expect([type.name, change, finds(type, key, change)]).toEqual([type.name, change, ["doubts"]]);
  });
});

describe("a batch", () => {
  const items = Array.from({ length: 1_000 }, (_, i) => content(`capture ${i}`));
  const leaves = items.map(leafHash);
  const root = rootOf(leaves);
  const first = { first: 0, size: 1_000, root, previous: zeros, kind: "capture" };
  const drawn = (index: number) => ({
    deposit: `cap-${index}`,
    source: "tax",
    first: 0,
    item: items[index]!,
    index,
    size: 1_000,
    root,
    path: inclusionPath(leaves, index),
  });

  it("continues its source's last without gap, overlap or another past", () => {
    const town = city();
    const second = { ...first, first: 1_000, size: 10, root: content("r2"), previous: root };
    town.refused("beginning with a gap", "evidence.gap", acts.report, { ...first, first: 1 }, signedBy("tax"));
    town.act("the first", acts.report, first, signedBy("tax"));
    town.refused("again", "evidence.gap", acts.report, first, signedBy("tax"));
    town.refused("overlapping", "evidence.gap", acts.report, { ...second, first: 999 }, signedBy("tax"));
    town.refused("with a gap", "evidence.gap", acts.report, { ...second, first: 1_001 }, signedBy("tax"));
    town.refused("after another past", "evidence.gap", acts.report, { ...second, previous: zeros }, signedBy("tax"));
    town.act("the second", acts.report, second, signedBy("tax"));
    town.act("another source counts for itself", acts.report, first, signedBy("land"));
    expect([town.row(sources, "tax")?.next, town.row(sources, "land")?.next]).toEqual([1_010, 1_000]);
  });

  it("proves each of its items, and nothing else", () => {
    const town = city();
    town.act("a batch of captures", acts.report, first, signedBy("tax"));
    town.refused(
      "an item that is not there",
      "evidence.not_in_batch",
      acts.draw,
      { ...drawn(7), item: content("another") },
      signedBy("tax"),
    );
    town.refused("at another place", "evidence.not_in_batch", acts.draw, { ...drawn(7), index: 8 }, signedBy("tax"));
    const alone = { ...drawn(7), size: 1, index: 0, path: [], root: leafHash(items[7]!) };
    town.refused("under a root of its own", "evidence.not_in_batch", acts.draw, alone, signedBy("tax"));
    const others = leaves.map((leaf, i) => (i === 7 ? leafHash(content("a forged capture")) : leaf));
    const forged = { ...drawn(7), item: content("a forged capture"), root: rootOf(others), path: inclusionPath(others, 7) };
    town.refused("under the root of another thousand", "evidence.not_in_batch", acts.draw, forged, signedBy("tax"));
    town.refused("of another number of items", "evidence.not_in_batch", acts.draw, { ...drawn(7), size: 999 }, signedBy("tax"));
    town.refused("from a batch of another", "engine.not_found", acts.draw, { ...drawn(7), source: "land" }, signedBy("land"));
    town.refused("by a citizen", "engine.not_entitled", acts.draw, drawn(7), signedBy("ann"));
    for (const index of [0, 999]) town.act("an item is drawn", acts.draw, drawn(index), signedBy("tax"));
    town.act("whoever proves it", acts.draw, drawn(7), signedBy("courts"));
    const again = { ...drawn(7), deposit: "cap-7-again" };
    town.refused("once, whatever it is called", "engine.already_exists", acts.draw, again, signedBy("tax"));
    town.act("it is challenged", acts.challenge, { deposit: "cap-7", by: "p:ann", ground }, signedBy("ann"));
    const upheld = { deposit: "cap-7", by: "p:ann", decision: "upheld", reason: "altered" } as const;
    town.act("and excluded", acts.decide, upheld, signedBy("land"));
    town.refused("it does not come back", "engine.already_exists", acts.draw, again, signedBy("tax"));
    passes(town, "evidence");
    expect(findsTampered(town, "evidence", deposits, ["cap-0"], { batch: { first: 0, index: 9 } })).toEqual(["drawn"]);
    expect(findsTampered(town, "evidence", deposits, ["cap-0"], { content: zeros })).toEqual(["drawn"]);
    expect(findsTampered(town, "evidence", acts.drawings, ["tax", 0, 0], { deposit: "cap-9" })).toEqual(["drawn"]);
    expect(findsTampered(town, "evidence", sources, ["tax"], { next: 999 })).toEqual(["sequence"]);
    expect(findsTampered(town, "evidence", acts.batches, ["tax", 0], { size: 999 })).toContain("sequence");
    expect(town.row(deposits, "cap-7")).toMatchObject({
      ...{ kind: "capture", content: items[7], depositor: "tax", holder: "tax", batch: { first: 0, index: 7 } },
    });
  });
});

it("a deposit fits a transaction of 250 bytes, its signature included", () => {
  const args = { deposit: "2027-civ-0000118-a", kind: "contract", content: zeros };
  const operations = [{ action: acts.deposit.name, args }];
  const body = encodeBody({ nonce: new Uint8Array(16), notAfter: Date.UTC(2027, 0, 4), signers: [zeros], operations });
  expect(body.length + 64).toBeLessThanOrEqual(250);
});

everyRuleIsGiven(evidence);
