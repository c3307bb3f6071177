// Judicial evidence (service 11): a contract and a batch of captures from their deposit to the judgment about them.

import { describe, expect, it } from "vitest";
import { utf8 } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { inclusionPath, leafHash, rootOf } from "../../../src/base/merkle.ts";
import evidence, * as acts from "../../../src/contracts/documents/evidence.ts";
import { minutes } from "../../../src/contracts/engine/index.ts";
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
      grant("courts", "evidence.court"),
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
    const doubt = { challenge: "ch-1", deposit: "civ-118-a", by: "p:ann", ground };
    const pass = { deposit: "civ-118-a", from: "tax", to: "courts", reason: "hearing" };
    town.act("deposit", acts.deposit, contract, signedBy("tax"));
    town.refused("in another's name", "engine.signature_missing", acts.challenge, doubt, signedBy("bob"));
    town.act("Ann challenges it", acts.challenge, doubt, signedBy("ann"));
    town.refused("it does not move meanwhile", "evidence.challenge_open", acts.handOver, pass, signedBy("tax", "courts"));
    town.refused(
      "nor is it challenged twice",
      "evidence.challenge_open",
      acts.challenge,
      { ...doubt, challenge: "ch-2", by: "p:bob" },
      signedBy("bob"),
    );
    town.refused(
      "the tax office decides",
      "engine.not_entitled",
      acts.decide,
      { challenge: "ch-1", decision: "dismissed" },
      signedBy("tax"),
    );
    town.act("the court dismisses", acts.decide, { challenge: "ch-1", decision: "dismissed" }, signedBy("courts"));
    town.refused("once", "engine.illegal_move", acts.decide, { challenge: "ch-1", decision: "upheld" }, signedBy("courts"));
    town.act("it moves again", acts.handOver, pass, signedBy("tax", "courts"));
    town.act("Bob challenges it too", acts.challenge, { ...doubt, challenge: "ch-2", by: "p:bob" }, signedBy("bob"));
    town.act("the court agrees with Bob", acts.decide, { challenge: "ch-2", decision: "upheld" }, signedBy("courts"));
    town.refused(
      "it is passed on no more",
      "evidence.excluded",
      acts.handOver,
      { ...pass, from: "courts", to: "tax" },
      signedBy("tax", "courts"),
    );
    town.refused("nor challenged", "evidence.excluded", acts.challenge, { ...doubt, challenge: "ch-3" }, signedBy("ann"));
    expect(town.row(deposits, "civ-118-a")?.$.status).toBe("excluded");
    expect(town.row(challenges, "ch-2")?.$.status).toBe("upheld");
  });
});

describe("a batch", () => {
  const items = Array.from({ length: 1_000 }, (_, i) => content(`capture ${i}`));
  const leaves = items.map(leafHash);
  const root = rootOf(leaves);
  const first = { first: 0, size: 1_000, root, previous: zeros, kind: "capture" };
  const drawn = (index: number) => ({
    deposit: `cap-${index}`,
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
    town.refused("from a batch of another", "engine.not_found", acts.draw, drawn(7), signedBy("land"));
    for (const index of [0, 7, 999]) town.act("an item is drawn", acts.draw, drawn(index), signedBy("tax"));
    passes(town, "evidence");
    expect(findsTampered(town, "evidence", sources, ["tax"], { next: 999 })).toEqual(["sequence"]);
    expect(findsTampered(town, "evidence", acts.batches, ["tax", 0], { size: 999 })).toContain("sequence");
    expect(town.row(deposits, "cap-7")).toMatchObject({ kind: "capture", content: items[7], holder: "tax", batch: { first: 0, index: 7 } });
  });
});

it("a deposit fits a transaction of 250 bytes, its signature included", () => {
  const args = { deposit: "2027-civ-0000118-a", kind: "contract", content: zeros };
  const operations = [{ action: acts.deposit.name, args }];
  const body = encodeBody({ nonce: new Uint8Array(16), notAfter: Date.UTC(2027, 0, 4), signers: [zeros], operations });
  expect(body.length + 64).toBeLessThanOrEqual(250);
});

everyRuleIsGiven(evidence);
