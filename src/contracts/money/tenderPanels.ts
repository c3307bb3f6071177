// The panel of a tender: interests declared before anything is scored, marks, another in the place of a member who cannot act. Service 23. Owns whose marks
// count. Does not own: what follows from them (tenderAwards.ts), bids and their opening (tenders.ts).

import { id, list, type Party, party, range, signs, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { ceremonies } from "../platform/ceremonies.ts";
import { fall, weighed } from "./tenderAwards.ts";
import { type Bid, bids, interests, MAX_BIDS, reasons, scores, tender, tenders, type Tender } from "./tenderRecords.ts";

// ── interests ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const member = { member: signs("the member of the panel") };
export const declare = tender.action({
  title: "Declare the bidders in whom a member of the panel has an interest, or none",
  by: member,
  input: { tender: id, member: party, bidders: list(party, MAX_BIDS) },
  rules: ["not_panel"],
  example: { tender: "2027-laptops", member: "land", bidders: ["c:acme"] },
  run(tx, { tender: key, member: who, bidders }) {
    tx.signed("member", who);
    onPanel(tx, tx.get(tenders, key), who);
    const found = tx.find(interests, key, who);
    if (found === undefined) tx.move(tx.create(interests, { tender: key, member: who, bidders }), "declared");
    else tx.move(found, "declared", { bidders: [...new Set([...found.bidders, ...bidders])] });
  },
});

export const recuse = tender.action({
  title: "Enter an interest that a member did not declare: a score that he gave is struck, and an award that rests on it falls",
  by: "integrity",
  input: { tender: id, member: party, bidder: party },
  rules: ["not_panel", "not_scored"],
  example: { tender: "2027-laptops", member: "land", bidder: "c:acme" },
  run(tx, { tender: key, member: who, bidder }) {
    const of = tx.get(tenders, key);
    onPanel(tx, of, who);
    tx.require(["called", "scoring", "awarded"].includes(of.$.status), "not_scored", { status: of.$.status });
    const it = tx.get(bids, key, bidder);
    const known = tx.find(interests, key, who) ?? tx.create(interests, { tender: key, member: who, bidders: [] });
    if (!known.bidders.includes(bidder)) tx.put(known, { bidders: [...known.bidders, bidder] });
    if (strike(tx, of, it, who) && of.$.status === "awarded") fall(tx, of);
  },
});

export const replace = tender.action({
  title: "Put another in the place of a member who is silent, gone, or leaves a bid to nobody: the scores that he gave are struck",
  by: "integrity",
  input: { tender: id, member: party, substitute: party },
  rules: ["not_panel", "not_scored", "substitute_unfit"],
  work: 700,
  example: { tender: "2027-laptops", member: "land", substitute: "health" },
  run(tx, { tender: key, member: who, substitute }) {
    const of = tx.get(tenders, key);
    onPanel(tx, of, who);
    tx.require(of.$.status === "called" || of.$.status === "scoring", "not_scored", { status: of.$.status });
    const { trustees } = tx.get(ceremonies, of.ceremony);
    const apart = ![...of.panel, ...trustees].includes(substitute) && tx.find(bids, key, substitute) === undefined;
    const fit = tx.known(substitute) && apart && tx.find(interests, key, substitute) === undefined;
    tx.require(fit, "substitute_unfit");
    for (const it of tx.scan(bids, [key], MAX_BIDS)) strike(tx, of, it, who);
    tx.put(of, { panel: of.panel.map((sits) => (sits === who ? substitute : sits)) });
  },
});

// ── scores ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const score = tender.action({
  title: "Score a bid, or once a challenge was upheld score it anew: a mark of 0 to 100 for each criterion, in the order of the call",
  by: member,
  input: { tender: id, bidder: party, member: party, marks: list(range(0, 100), 8), reasons },
  rules: ["not_panel", "undeclared", "conflicted", "marks_unfit", "still_sealed", "scored_once"],
  example: { tender: "2027-laptops", bidder: "c:acme", member: "land", marks: [80], reasons: aSeal(1) },
  run(tx, it) {
    tx.signed("member", it.member);
    const of = tx.get(tenders, it.tender);
    onPanel(tx, of, it.member);
    const declared = tx.find(interests, it.tender, it.member);
    tx.require(declared?.$.status === "declared", "undeclared");
    tx.require(!declared!.bidders.includes(it.bidder), "conflicted");
    const scored = tx.get(bids, it.tender, it.bidder);
    tx.require(of.$.status === "scoring" && scored.$.status === "opened", "still_sealed", { status: scored.$.status });
    tx.require(it.marks.length === of.criteria.length, "marks_unfit", { criteria: of.criteria.length });
    const { round } = of;
    const before = tx.find(scores, it.tender, it.bidder, it.member);
    tx.require(before === undefined || before.round < round, "scored_once", { round });
    if (before === undefined) tx.create(scores, { ...it, round });
    else tx.put(before, { marks: it.marks, reasons: it.reasons, round });
    const [less, more] = before === undefined ? [0, 1] : [weighed(of, before.marks), 0];
    tx.put(scored, { quality: scored.quality - less + weighed(of, it.marks), scores: scored.scores + more });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function onPanel(tx: Tx<"not_panel">, { panel }: Tender, who: Party): void {
  tx.require(panel.includes(who), "not_panel");
}
/** Takes a member's score of a bid out of it. Was there one? */
function strike(tx: Tx, of: Tender, it: Bid, who: Party): boolean {
  const given = tx.find(scores, of.tender, it.bidder, who);
  if (given?.$.status !== "given") return false;
  tx.move(given, "struck");
  tx.put(it, { quality: it.quality - weighed(of, given.marks), scores: it.scores - 1 });
  return true;
}
