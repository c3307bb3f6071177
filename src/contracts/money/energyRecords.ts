// The records of solar power trading and the rules they stand under. Service 25. Owns what a meter, a day, a reading, an offer and a book are, and how offers
// meet. Does not own: who may do what with them (energy.ts), what an auditor recomputes (energyAudits.ts).

import { contract, count, each, id, list, minutes, money, object, oneOf, optional, party, range } from "../engine/index.ts";
import { record, type Row, sealed, signed } from "../engine/index.ts";
import { clear } from "../kit/auction.ts";

/** Quarter hours, counted from 1970; days of 96 of them. */
export const SLOT = minutes(15);
export const SLOTS = 96;
/** Of a market for one quarter hour. */
export const MAX_OFFERS = 256;
/** Prices are points per kWh, quantities Wh. What a trade costs is rounded down: the rest stays with the buyer. */
export const KWH = 1_000;
/** Whose holds they are. */
export const ENERGY = "energy";

/** Net export of each quarter hour in Wh, negative when the meter draws. */
export const readings = sealed({ wh: each(signed, SLOTS) });
export const SCHEMA = "energy/day/readings@1";
export const place = range(0, MAX_OFFERS - 1);
export const quantity = range(1, 1_000_000_000);
export const side = oneOf("sell", "buy");

export const meters = record("meter", {
  title: "A meter, whose it is, where it trades, and the most it carries in a quarter hour",
  key: ["meter"],
  read: ["owner", "market"],
  find: ["owner"],
  unique: ["metering"],
  fields: {
    ...{ meter: id, owner: party, device: party, market: id, rated: quantity },
    /** The device, until the meter is retired: it is one meter at a time. */
    metering: optional(party),
  },
  states: { live: ["retired"], retired: [] },
});
export const meterDays = record("day", {
  title: "The root over a meter's readings of one day (UTC), counted from 1970; how many were shown",
  key: ["meter", "day"],
  read: ["owner", "market"],
  fields: { meter: id, day: count, owner: party, market: id, readings, shown: count },
});
export const shownReadings = record("reading", {
  title: "A reading that was shown, and how much of it was delivered",
  key: ["meter", "slot"],
  read: ["owner", "market"],
  fields: { meter: id, slot: count, owner: party, market: id, wh: signed, sold: count },
});
export const offers = record("offer", {
  title: "An offer: the least a seller takes, the most a buyer gives, in points per kWh. A meter has one for each side of a quarter hour",
  key: ["market", "slot", "number"],
  read: ["by", "market"],
  find: ["by"],
  unique: ["slot", "meter", "side"],
  scan: true,
  fields: {
    ...{ market: id, slot: count },
    /** Its place in the book: what is withdrawn leaves it to the next. */
    number: count,
    /** The how manyth of its quarter hour: of equal prices the first comes first. */
    arrival: count,
    ...{ by: party, meter: id, side, wh: quantity, price: money },
  },
  states: { standing: ["withdrawn"], withdrawn: ["standing"] },
});
export const books = record("book", {
  title: "A market in one quarter hour: how many offers, the price, the trades; how far settling has come, what was delivered and paid",
  key: ["market", "slot"],
  read: "public",
  find: ["status"],
  fields: {
    market: id,
    slot: count,
    /** Places that were ever taken, those of them that are free, and how many offers have come. */
    ...{ offers: count, free: list(place, MAX_OFFERS), arrivals: count },
    price: money,
    trades: list(object({ seller: place, buyer: place, wh: count }), MAX_OFFERS),
    /** Offers, then trades, that have had their turn. */
    done: count,
    delivered: count,
    paid: money,
  },
  states: { open: ["matched"], matched: ["trading"], trading: ["settled"], settled: [] },
});
export type Book = Row<typeof books>;
export type Offer = Row<typeof offers>;

export const energy = contract("energy", {
  title: "Solar power trading",
  purpose: "What is sold was exported, matched by rule at one price, and settled once, from points that were set aside.",
  sector: "city",
  records: [meters, meterDays, shownReadings, offers, books],
  roles: { market: "The utility of a market: registers its meters" },
  rules: {
    day_not_over: "A day's readings are committed when the day is over.",
    day_shown: "A day's root stands once a reading of it was shown.",
    not_in_day: "A reading that is shown stands under the root of its day.",
    not_traded: "Only a quarter hour in which the meter sold is shown.",
    shown_late: "Readings are shown within two days of their day's end.",
    gate_closed: "Offers are made and withdrawn before their quarter hour begins, at most a week ahead.",
    book_full: "A market takes 256 offers for a quarter hour, one of each meter and side.",
    own_meter: "One offers on one's own live meter, in its market.",
    offers_something: "An offer has a price.",
    over_rated: "An offer is of no more than its meter carries in a quarter hour.",
    device_unknown: "A meter is a device that is registered and in good standing.",
  },
});

// ── how offers meet ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Does what was offered on the meter count: was it not retired before the quarter hour began? */
export const counts = ({ $ }: Row<typeof meters>, slot: number): boolean => $.status === "live" || $.since >= slot * SLOT;

/** Price and trades of the offers that count, by their places: all meet, in order of arrival. */
export function cleared(all: readonly Offer[]): Pick<Book, "price" | "trades"> {
  const standing = [...all].sort((a, b) => a.arrival - b.arrival);
  const { price, trades } = clear(standing.map((it) => ({ side: it.side, quantity: it.wh, price: it.price })));
  const number = (at: number): number => standing[at]!.number;
  return { price, trades: trades.map((it) => ({ seller: number(it.seller), buyer: number(it.buyer), wh: it.quantity })) };
}
