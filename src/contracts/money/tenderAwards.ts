// The award by rule, and what follows it: the standstill in which bidders challenge it, the winner's word that he will sign, the next bid where he does not.
// Service 23. Does not own: what the rule computes (kit/award), whose marks count (tenderPanels.ts), the contract (tenderContracts.ts).

import { count, days, id, money, oneOf, optional, party, signs, type Tx } from "../engine/index.ts";
import { type Rated, ranked } from "../kit/award.ts";
import { aSeal } from "../kit/examples.ts";
import { type Bid, bids, challenges, interests, MAX_BIDS, reasons, tender, tenders, type Tender } from "./tenderRecords.ts";

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
    tx.move(of, "awarded", { winner: bidder, amount, standstill_until: tx.time + days(of.standstill_days), awards: of.awards + 1 });
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

export const accept = tender.action({
  title: "Accept an award: its winner will sign the contract",
  by: { winner: signs("who won") },
  input: { tender: id },
  rules: ["not_awarded"],
  example: { tender: "2027-laptops" },
  run(tx, { tender: key }) {
    const of = tx.get(tenders, key);
    tx.require(of.$.status === "awarded" && !of.accepted, "not_awarded", { status: of.$.status });
    tx.signed("winner", of.winner!);
    tx.put(of, { accepted: true });
  },
});

/** From the end of the standstill. */
const ACCEPT_DAYS = 14;
export const unaccepted = tender.due(tenders, {
  title: "An award that its winner has neither accepted nor signed a fortnight after the standstill falls, and his bid is excluded",
  at: (of) => (of.$.status === "awarded" && !of.accepted ? of.standstill_until! + days(ACCEPT_DAYS) : undefined),
  run(tx, of) {
    tx.move(tx.get(bids, of.tender, of.winner!), "excluded");
    fall(tx, of);
  },
});

// ── the standstill ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const standing: readonly string[] = ["opened", "unreadable"] satisfies Bid["$"]["status"][];
export const challenge = tender.action({
  title: "Challenge an award: a bidder in the standstill; after it the buyer, whose winner does not sign",
  by: { bidder: signs("a bidder of the tender, or its buyer") },
  input: { tender: id, bidder: party, ground: reasons },
  rules: ["not_bidder"],
  example: { tender: "2027-laptops", bidder: "c:other", ground: aSeal(1) },
  run(tx, it) {
    tx.signed("bidder", it.bidder);
    const of = tx.get(tenders, it.tender);
    tx.require(of.$.status === "awarded", "not_bidder", { status: of.$.status });
    const early = tx.time < of.standstill_until!;
    const may = early ? standing.includes(tx.find(bids, it.tender, it.bidder)?.$.status ?? "") : it.bidder === of.buyer;
    tx.require(may, "not_bidder", { standstill_until: of.standstill_until });
    tx.create(challenges, { ...it, award: of.awards });
    tx.put(of, { challenges: of.challenges + 1 });
  },
});

export const decide = tender.action({
  title:
    "Decide a challenge: upheld, the award falls, marks may be given anew, and a bid that should not have been scored, or whose bidder does not sign, is excluded",
  by: "review",
  input: { tender: id, award: count, bidder: party, decision: oneOf("upheld", "dismissed"), excludes: optional(party) },
  example: { tender: "2027-laptops", award: 1, bidder: "c:other", decision: "upheld", excludes: "c:acme" },
  run(tx, { tender: key, award: number, bidder, decision, excludes }) {
    tx.move(tx.get(challenges, key, number, bidder), decision, { excludes: decision === "upheld" ? excludes : undefined });
    const of = tx.get(tenders, key);
    const rest = { challenges: of.challenges - 1 };
    if (decision === "dismissed") return void tx.put(of, rest);
    const upheld = { ...rest, round: of.round + 1 };
    if (excludes !== undefined && of.$.status !== "cancelled") tx.move(tx.get(bids, key, excludes), "excluded");
    if (of.$.status === "awarded") fall(tx, of, upheld);
    else tx.put(of, upheld);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** There is no award any more: to be awarded again. */
export function fall(tx: Tx, of: Tender, change: Partial<Pick<Tender, "challenges" | "round">> = {}): void {
  tx.move(of, "scoring", { ...change, winner: undefined, amount: undefined, standstill_until: undefined, accepted: false });
}
/** Σ weight × mark. */
export const weighed = ({ criteria }: Pick<Tender, "criteria">, marks: readonly number[]): number =>
  marks.reduce((sum, mark, i) => sum + mark * criteria[i]!.weight, 0);
