// The double auction at one price: as much as can be traded is, nobody trades against his limit, nobody is left out who should trade, ties by arrival.

import fc from "fast-check";
import { expect, it } from "vitest";
import { clear, type Offer } from "../../../../src/contracts/kit/auction.ts";

const sell = (quantity: number, price: bigint): Offer => ({ side: "sell", quantity, price });
const buy = (quantity: number, price: bigint): Offer => ({ side: "buy", quantity, price });

it("meets the highest bids with the lowest asks at one price between them", () => {
  expect(clear([sell(100, 30n), buy(60, 50n), sell(100, 20n), buy(80, 40n), buy(50, 10n)])).toEqual({
    price: 30n, // of the asks at 30 a part is left: at more than 30 it would rather trade
    trades: [
      { seller: 2, buyer: 1, quantity: 60 },
      { seller: 2, buyer: 3, quantity: 40 },
      { seller: 0, buyer: 3, quantity: 40 },
    ],
  });
});

it("serves ties in order of arrival, and who is left out has a say in the price", () => {
  expect(clear([buy(10, 5n), buy(10, 5n), sell(10, 1n)])).toEqual({ price: 5n, trades: [{ seller: 2, buyer: 0, quantity: 10 }] });
  expect(clear([sell(10, 5n), sell(10, 5n), buy(10, 9n)])).toEqual({ price: 5n, trades: [{ seller: 0, buyer: 2, quantity: 10 }] });
  expect(clear([buy(10, 4n), sell(10, 3n)]).price).toBe(3n); // half a point downwards
});

it("comes to nothing where nobody meets", () => {
  for (const offers of [[], [sell(1, 1n)], [buy(1, 1n)], [sell(1, 2n), buy(1, 1n)]])
    expect(clear(offers)).toEqual({ price: 0n, trades: [] });
});

const offer = fc.record({
  side: fc.constantFrom("sell" as const, "buy" as const),
  quantity: fc.integer({ min: 1, max: 20 }),
  price: fc.bigInt(1n, 12n),
});
it("holds what an auction promises, for any offers", () => {
  fc.assert(
    fc.property(fc.array(offer, { maxLength: 40 }), (offers) => {
      const { price, trades } = clear(offers);
      const got = offers.map(() => 0);
      for (const { seller, buyer, quantity } of trades) {
        expect([offers[seller]!.side, offers[buyer]!.side, quantity > 0]).toEqual(["sell", "buy", true]);
        got[seller]! += quantity;
        got[buyer]! += quantity;
      }
      // Never more than offered, never against a limit; who is not served in full does not like the price better than his limit.
      offers.forEach(({ side, quantity, price: limit }, i) => {
        expect(got[i]).toBeLessThanOrEqual(quantity);
        if (got[i]! > 0) expect(side === "sell" ? limit <= price : limit >= price).toBe(true);
        if (got[i]! < quantity && trades.length > 0) expect(side === "sell" ? limit >= price : limit <= price).toBe(true);
        // Ties: whoever came first at the same limit is served before.
        for (let j = 0; j < i; j++)
          if (offers[j]!.side === side && offers[j]!.price === limit && got[i]! > 0) expect(got[j]).toBe(offers[j]!.quantity);
      });
      // As much as any single price allows.
      const at = (p: bigint, side: string): number =>
        offers.reduce((sum, o) => (o.side === side && (side === "sell" ? o.price <= p : o.price >= p) ? sum + o.quantity : sum), 0);
      const most = Math.max(0, ...Array.from({ length: 13 }, (_, p) => Math.min(at(BigInt(p), "sell"), at(BigInt(p), "buy"))));
      expect(trades.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(most);
    }),
    { numRuns: 1_000, seed: 25 },
  );
});
