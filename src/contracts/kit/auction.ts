// A double auction at one price: the highest bids meet the lowest asks, ties in order of arrival, as much as can be traded is. Pure, deterministic,
// integers. The price is the middle of those at which nobody who trades would rather not and nobody left out would rather trade, half units downwards.

export interface Offer {
  readonly side: "sell" | "buy";
  readonly quantity: number;
  /** The least a seller takes, the most a buyer gives, for one unit. */
  readonly price: bigint;
}
/** Sellers and buyers by their place in the list of offers. */
export interface Trade {
  readonly seller: number;
  readonly buyer: number;
  readonly quantity: number;
}

/** Offers in order of arrival. Without trades the price is 0. */
export function clear(offers: readonly Offer[]): { readonly price: bigint; readonly trades: readonly Trade[] } {
  const asks = sorted(offers, "sell", (a, b) => a < b);
  const bids = sorted(offers, "buy", (a, b) => a > b);
  const trades: Trade[] = [];
  let [a, b] = [0, 0];
  let lowest = 0n; // of the price: the highest ask that trades
  let highest = 0n; // the lowest bid that trades
  while (a < asks.length && b < bids.length && asks[a]!.price <= bids[b]!.price) {
    const [ask, bid] = [asks[a]!, bids[b]!];
    const quantity = Math.min(ask.left, bid.left);
    if (quantity > 0) {
      trades.push({ seller: ask.place, buyer: bid.place, quantity });
      [lowest, highest] = [ask.price, bid.price];
    }
    if ((ask.left -= quantity) === 0) a++;
    if ((bid.left -= quantity) === 0) b++;
  }
  if (trades.length === 0) return { price: 0n, trades };
  const [nextAsk, nextBid] = [asks[a]?.price ?? highest, bids[b]?.price ?? lowest]; // who is left out, wholly or in part
  const from = nextBid > lowest ? nextBid : lowest;
  const to = nextAsk < highest ? nextAsk : highest;
  return { price: (from + to) >> 1n, trades };
}

interface Standing {
  readonly place: number;
  readonly price: bigint;
  left: number;
}
function sorted(offers: readonly Offer[], side: Offer["side"], before: (a: bigint, b: bigint) => boolean): Standing[] {
  return offers
    .map(({ price, quantity }, place) => ({ place, price, left: quantity }))
    .filter(({ place, left }) => offers[place]!.side === side && left > 0)
    .sort((x, y) => (x.price === y.price ? x.place - y.place : before(x.price, y.price) ? -1 : 1));
}
