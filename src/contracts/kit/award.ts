// Who wins, by rule: points for the price and for what the panel's marks say, in thousandths, rounded down; ties by the lower price, then the earlier bid,
// then the bidder's name. Pure.

import { compareText } from "../../base/codec.ts";
import type { Party } from "../engine/index.ts";

/** A bid as the rule sees it. */
export interface Rated {
  readonly bidder: Party;
  /** More than nothing. */
  readonly amount: bigint;
  /** When it was handed in. */
  readonly handed_in: number;
  /** Σ weight × mark over criteria and members, marks of 0 … 100; and how many members gave theirs. */
  readonly quality: number;
  readonly scores: number;
}
/** 100 points in all, in thousandths. */
const SCALE = 1_000n;

/** ⌊1000 × weight × lowest / amount⌋: the lowest price has them all. */
export const pricePoints = (amount: bigint, lowest: bigint, weight: number): bigint => (SCALE * BigInt(weight) * lowest) / amount;
/** ⌊1000 × quality / (100 × scores)⌋: the mean of the members' weighted marks. */
export const qualityPoints = ({ quality, scores }: Rated): bigint =>
  scores === 0 ? 0n : (SCALE * BigInt(quality)) / (100n * BigInt(scores));

/** All bids with their points, the first first. */
export function ranked<B extends Rated>(bids: readonly B[], priceWeight: number): (B & { readonly points: bigint })[] {
  const lowest = bids.reduce((least, { amount }) => (amount < least ? amount : least), bids[0]?.amount ?? 0n);
  const rated = bids.map((bid) => ({ ...bid, points: pricePoints(bid.amount, lowest, priceWeight) + qualityPoints(bid) }));
  return rated.sort(
    (a, b) => order(b.points, a.points) || order(a.amount, b.amount) || a.handed_in - b.handed_in || compareText(a.bidder, b.bidder),
  );
}
const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
