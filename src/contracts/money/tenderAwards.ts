// Scoring and award: interests declared before anything is scored, marks by the panel, the award by rule, the standstill in which bidders challenge it.
// Service 23. Does not own: what the rule computes (kit/award), bids and their opening (tenders.ts), the contract (tenderContracts.ts).

import { days, id, list, money, oneOf, optional, type Party, party, range, signs, type Tx } from "../engine/index.ts";
import { type Rated, ranked } from "../kit/award.ts";
import { aSeal } from "../kit/examples.ts";
import { type Bid, bids, challenges, interests, MAX_BIDS, reasons, scores, tender, tenders, type Tender } from "./tenderRecords.ts";

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
  title: "Enter an interest that a member did not declare: a score that he gave is struck",
  by: "integrity",
  input: { tender: id, member: party, bidder: party },
  rules: ["not_panel", "not_scored"],
  example: { tender: "2027-laptops", member: "land", bidder: "c:acme" },
  run(tx, { tender: key, member: who, bidder }) {
    const of = tx.get(tenders, key);
    onPanel(tx, of, who);
    tx.require(of.$.status === "called" || of.$.status === "scoring", "not_scored", { status: of.$.status });
    const it = tx.get(bids, key, bidder);
    const known = tx.find(interests, key, who) ?? tx.create(interests, { tender: key, member: who, bidders: [] });
    if (!known.bidders.includes(bidder)) tx.put(known, { bidders: [...known.bidders, bidder] });
    const score = tx.find(scores, key, bidder, who);
    if (score?.$.status !== "given") return;
    tx.move(score, "struck");
    tx.put(it, { quality: it.quality - weighed(of, score.marks), scores: it.scores - 1 });
  },
});

// ── scores ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const score = tender.action({
  title: "Score a bid: a mark of 0 to 100 for each criterion, in the order of the call",
  by: member,
  input: { tender: id, bidder: party, member: party, marks: list(range(0, 100), 8), reasons },
  rules: ["not_panel", "undeclared", "conflicted", "marks_unfit", "still_sealed"],
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
    tx.create(scores, it);
    tx.put(scored, { quality: scored.quality + weighed(of, it.marks), scores: scored.scores + 1 });
  },
});

// ── the award ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const buyer = { buyer: { role: "buyer", is: (a: { readonly tender: string }, tx: Tx) => tx.get(tenders, a.tender).buyer } } as const;
export const award = tender.action({
  title: "Award to the bid that the rule says",
  by: buyer,
  input: { tender: id, bidder: party, amount: money },
  rules: ["not_scored", "not_first"],
  work: 320,
  example: { tender: "2027-laptops", bidder: "c:acme", amount: 1_311_264_00n },
  run(tx, { tender: key, bidder, amount }) {
    const of = tx.get(tenders, key);
    tx.require(of.$.status === "scoring", "not_scored", { status: of.$.status });
    const declared = of.panel.map((who) => tx.find(interests, key, who));
    tx.require(
      declared.every((it) => it?.$.status === "declared"),
      "not_scored",
    );
    const open = tx.scan(bids, [key], MAX_BIDS).filter((it) => it.$.status === "opened");
    for (const it of open) {
      const free = declared.filter((d) => !d!.bidders.includes(it.bidder)).length;
      tx.require(free > 0 && it.scores === free, "not_scored", { bidder: it.bidder, scores: it.scores, of: free });
    }
    const [first] = standings(of, open);
    tx.require(first?.bidder === bidder && first.amount === amount, "not_first", { first: first?.bidder });
    tx.move(of, "awarded", { winner: bidder, amount, standstill_until: tx.time + days(of.standstill_days) });
  },
});

/** Bids within the budget, the first first. */
export const standings = (
  of: Pick<Tender, "budget" | "price_weight">,
  open: readonly Bid[],
): readonly (Rated & { readonly points: bigint })[] =>
  ranked(
    open
      .filter(({ amount }) => amount! <= of.budget)
      .map(({ bidder, amount, handed_in, quality, scores: given }) => ({ bidder, amount: amount!, handed_in, quality, scores: given })),
    of.price_weight,
  );

// ── the standstill ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const challenge = tender.action({
  title: "Challenge an award",
  by: { bidder: signs("a bidder of the tender") },
  input: { challenge: id, tender: id, bidder: party, ground: reasons },
  rules: ["not_bidder"],
  example: { challenge: "ch-1", tender: "2027-laptops", bidder: "c:other", ground: aSeal(1) },
  run(tx, it) {
    tx.signed("bidder", it.bidder);
    const of = tx.get(tenders, it.tender);
    const standing = of.$.status === "awarded" && tx.time < of.standstill_until!;
    tx.require(standing && tx.find(bids, it.tender, it.bidder) !== undefined, "not_bidder", { status: of.$.status });
    tx.create(challenges, it);
    tx.put(of, { challenges: of.challenges + 1 });
  },
});

export const decide = tender.action({
  title: "Decide a challenge: upheld, the award falls, and a bid that should not have been scored is excluded",
  by: "review",
  input: { challenge: id, decision: oneOf("upheld", "dismissed"), excludes: optional(party) },
  example: { challenge: "ch-1", decision: "upheld", excludes: "c:acme" },
  run(tx, { challenge: key, decision, excludes }) {
    const it = tx.move(tx.get(challenges, key), decision, { excludes: decision === "upheld" ? excludes : undefined });
    const of = tx.get(tenders, it.tender);
    const rest = { challenges: of.challenges - 1 };
    if (decision === "dismissed" || of.$.status === "cancelled") return void tx.put(of, rest);
    if (excludes !== undefined) tx.move(tx.get(bids, it.tender, excludes), "excluded");
    if (of.$.status !== "awarded") return void tx.put(of, rest);
    tx.move(of, "scoring", { ...rest, winner: undefined, amount: undefined, standstill_until: undefined });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function onPanel(tx: Tx<"not_panel">, { panel }: Tender, who: Party): void {
  tx.require(panel.includes(who), "not_panel");
}
/** Σ weight × mark. */
export const weighed = ({ criteria }: Pick<Tender, "criteria">, marks: readonly number[]): number =>
  marks.reduce((sum, mark, i) => sum + mark * criteria[i]!.weight, 0);
