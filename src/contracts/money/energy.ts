// Solar power trading: a day's readings committed as one root per meter, offers, one price per market and quarter hour, settlement in points. Service 25.
// Owns meters, roots, shown readings, offers, books. Does not own: points (points.ts holds and moves them), how offers meet (kit/auction), the readings
// themselves: they tell when a home is empty, so only a quarter hour in which its meter sold is ever shown.

import { hex } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import { sha256 } from "../../base/hash.ts";
import { contract, count, days, each, id, list, minutes, money, object, oneOf, party, range } from "../engine/index.ts";
import { record, type Row, sealed, signed, signs, type Tx } from "../engine/index.ts";
import { clear } from "../kit/auction.ts";
import { sameRoot, shownLeaf, shows } from "../kit/disclosure.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { portion, portionUp } from "../kit/rates.ts";
import { free, hold, holds, payHeld } from "./points.ts";

/** Quarter hours, counted from 1970; days of 96 of them. */
const SLOT = minutes(15);
const SLOTS = 96;
/** Offers are taken for this long ahead, and readings shown for this long after the day. */
const AHEAD = days(7);
const SHOWING = days(2);
/** Of a market for one quarter hour; so many in one slice of matching or settling. */
const MAX_OFFERS = 256;
const SLICE = 24;
/** Prices are points per kWh, quantities Wh. What a trade costs is rounded down: the rest stays with the buyer. */
const KWH = 1_000;
const ENERGY = "energy";

/** Net export of each quarter hour in Wh, negative when the meter draws. */
const readings = sealed({ wh: each(signed, SLOTS) });
const SCHEMA = "energy/day/readings@1";

export const meters = record("meter", {
  title: "A meter, whose it is, and where it trades",
  key: ["meter"],
  read: ["owner", "utility"],
  find: ["owner"],
  fields: { meter: id, owner: party, device: party, market: id },
  states: { live: ["retired"], retired: [] },
});
export const meterDays = record("day", {
  title: "The root over a meter's readings of one day (UTC), counted from 1970; how many were shown",
  key: ["meter", "day"],
  read: ["utility"],
  fields: { meter: id, day: count, readings, shown: count },
});
export const shownReadings = record("reading", {
  title: "A reading that was shown, and how much of it was delivered",
  key: ["meter", "slot"],
  read: ["utility"],
  fields: { meter: id, slot: count, wh: signed, sold: count },
});
export const offers = record("offer", {
  title: "An offer: the least a seller takes, the most a buyer gives, in points per kWh",
  key: ["market", "slot", "number"],
  read: ["by", "utility"],
  find: ["by"],
  scan: true,
  fields: {
    market: id,
    slot: count,
    number: count,
    by: party,
    meter: id,
    side: oneOf("sell", "buy"),
    wh: range(1, 1_000_000_000),
    price: money,
  },
  states: { standing: ["withdrawn"], withdrawn: [] },
});
const place = range(0, MAX_OFFERS - 1);
export const books = record("book", {
  title: "A market in one quarter hour: how many offers, the price, the trades; how far settling has come, what was delivered and paid",
  key: ["market", "slot"],
  read: "public",
  find: ["status"],
  fields: {
    market: id,
    slot: count,
    offers: count,
    price: money,
    trades: list(object({ seller: place, buyer: place, wh: count }), MAX_OFFERS),
    /** Offers, then trades, that have had their turn. */
    done: count,
    delivered: count,
    paid: money,
  },
  states: { open: ["matched"], matched: ["trading"], trading: ["settled"], settled: [] },
});
type Book = Row<typeof books>;

const energy = contract("energy", {
  title: "Solar power trading",
  purpose: "What is sold was exported, matched by rule at one price, and settled once, from points that were set aside.",
  sector: "city",
  records: [meters, meterDays, shownReadings, offers, books],
  roles: { utility: "Registers meters, per market" },
  rules: {
    day_not_over: "A day's readings are committed when the day is over.",
    day_shown: "A day's root stands once a reading of it was shown.",
    not_in_day: "A reading that is shown stands under the root of its day.",
    not_traded: "Only a quarter hour in which the meter sold is shown.",
    shown_late: "Readings are shown within two days of their day's end.",
    gate_closed: "Offers are made and withdrawn before their quarter hour begins, at most a week ahead.",
    book_full: "A market takes 256 offers for a quarter hour.",
    own_meter: "One offers on one's own live meter, in its market.",
    offers_something: "An offer has a price.",
  },
});

/** Of the examples. */
const noon = monday / SLOT + 48;

// ── meters and their readings ────────────────────────────────────────────────────────────────────────────────────────────────────────
export const enrol = energy.action({
  title: "Register a meter",
  by: { utility: { role: "utility", scope: (a) => a.market }, owner: signs("the owner") },
  input: { meter: id, owner: party, device: party, market: id },
  example: { meter: "m-1", owner: "p:ann.city", device: "d:meter-1", market: "north" },
  run(tx, meter) {
    tx.signed("owner", meter.owner);
    tx.create(meters, meter);
  },
});

export const retire = energy.action({
  title: "Retire a meter: it offers no more",
  by: { by: signs("the utility, or the owner") },
  input: { meter: id },
  example: { meter: "m-1" },
  run(tx, { meter: key }) {
    const it = tx.move(tx.get(meters, key), "retired");
    if (!tx.holds("utility", undefined, it.market)) tx.signed("by", it.owner);
  },
});

export const commit = energy.action({
  title: "Commit the root over a day's readings; until one is shown it may be replaced",
  by: { device: signs("the meter") },
  input: { meter: id, day: count, readings },
  rules: ["day_not_over", "day_shown"],
  example: { meter: "m-1", day: Math.floor(monday / days(1)), readings: aSeal(SLOTS + 1) },
  run(tx, { meter, day, readings: root }) {
    tx.signed("device", tx.get(meters, meter).device);
    tx.require((day + 1) * days(1) <= tx.time, "day_not_over");
    const before = tx.find(meterDays, meter, day);
    tx.require(before === undefined || before.shown === 0, "day_shown");
    if (before === undefined) tx.create(meterDays, { meter, day, readings: root, shown: 0 });
    else tx.put(before, { readings: root });
  },
});

export const show = energy.action({
  title: "Show the reading of a quarter hour in which the meter sold",
  by: { by: signs("the owner of the meter") },
  input: { market: id, slot: count, seller: place, wh: signed, readings, ...shownLeaf },
  rules: ["not_in_day", "not_traded", "shown_late"],
  proofs: { not_in_day: ({ slot, wh, readings: root, ...leaf }) => shows(SCHEMA, root, leaf, `wh/${slot % SLOTS}`, wh) },
  work: 80,
  example: { market: "north", slot: noon + 1, seller: 0, wh: 350, readings: aSeal(SLOTS + 1), leaf: new Uint8Array(64), path: [] },
  run(tx, { market, slot, seller, wh, readings: root }) {
    const { meter, by } = tx.get(offers, market, slot, seller);
    tx.signed("by", by);
    const book = tx.get(books, market, slot);
    tx.require(
      book.trades.some((trade) => trade.seller === seller),
      "not_traded",
    );
    tx.require(tx.time < settledFrom(slot), "shown_late");
    const day = tx.get(meterDays, meter, Math.floor(slot / SLOTS));
    tx.require(sameRoot(day.readings, root), "not_in_day");
    tx.create(shownReadings, { meter, slot, wh, sold: 0 });
    tx.put(day, { shown: day.shown + 1 });
  },
});

// ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const offer = energy.action({
  title: "Offer to sell or to buy in a quarter hour; what a buyer would pay at most is held",
  by: { by: signs("the owner of the meter") },
  input: { market: id, slot: count, by: party, meter: id, side: oneOf("sell", "buy"), wh: range(1, 1_000_000_000), price: money },
  rules: ["book_full", "gate_closed", "offers_something", "own_meter", "points.balance_short"],
  example: { market: "north", slot: noon, by: "p:ann.city", meter: "m-1", side: "sell", wh: 400, price: 120n },
  run(tx, { market, slot, ...it }) {
    tx.signed("by", it.by);
    gateOpen(tx, slot);
    const meter = tx.get(meters, it.meter);
    tx.require(meter.owner === it.by && meter.market === market && meter.$.status === "live", "own_meter");
    tx.require(it.price > 0n, "offers_something");
    const empty = { market, slot, offers: 0, price: 0n, trades: [], done: 0, delivered: 0, paid: 0n };
    const book = tx.find(books, market, slot) ?? tx.create(books, empty);
    tx.require(book.offers < MAX_OFFERS, "book_full");
    if (it.side === "buy") hold(tx, ENERGY, holdOf(market, slot, book.offers), it.by, portionUp(it.price, it.wh, KWH));
    tx.create(offers, { market, slot, number: book.offers, ...it });
    tx.put(book, { offers: book.offers + 1 });
  },
});

export const withdraw = energy.action({
  title: "Withdraw an offer",
  by: { by: signs("who made it") },
  input: { market: id, slot: count, number: place },
  rules: ["gate_closed"],
  example: { market: "north", slot: noon, number: 0 },
  run(tx, { market, slot, number }) {
    const it = tx.move(tx.get(offers, market, slot, number), "withdrawn");
    tx.signed("by", it.by);
    gateOpen(tx, slot);
    if (it.side === "buy") free(tx, ENERGY, holdOf(market, slot, number));
  },
});

// ── what the chain does ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const turn = energy.due(books, {
  title:
    "At its beginning a quarter hour is matched and what no trade needs is free again; two days after its day it is settled, a slice a block",
  work: 1_200,
  at: (it) => (it.$.status === "settled" ? undefined : it.$.status === "trading" ? settledFrom(it.slot) : it.slot * SLOT),
  run(tx, it) {
    if (it.$.status === "open") match(tx, it);
    else if (it.$.status === "matched") release(tx, it);
    else settle(tx, it);
  },
});

/** All standing offers meet, in order of arrival. */
function match(tx: Tx, book: Book): void {
  const all = tx.scan(offers, [book.market, book.slot], MAX_OFFERS).filter((it) => it.$.status === "standing");
  tx.move(book, "matched", cleared(all));
}
/** Price and trades of standing offers, by their numbers. */
function cleared(standing: readonly Row<typeof offers>[]): Pick<Book, "price" | "trades"> {
  const { price, trades } = clear(standing.map(({ side, wh, price: limit }) => ({ side, quantity: wh, price: limit })));
  const number = (at: number): number => standing[at]!.number;
  return { price, trades: trades.map(({ seller, buyer, quantity }) => ({ seller: number(seller), buyer: number(buyer), wh: quantity })) };
}

/** Of what buyers hold, only what their trades cost stays held. */
function release(tx: Tx, book: Book): void {
  const { market, slot, price, trades, done } = book;
  const next = Math.min(done + SLICE, book.offers);
  for (let number = done; number < next; number++) {
    const it = tx.get(offers, market, slot, number);
    if (it.side !== "buy" || it.$.status !== "standing") continue;
    const held = portionUp(it.price, it.wh, KWH);
    const needed = trades.reduce((sum, trade) => (trade.buyer === number ? sum + portion(price, trade.wh, KWH) : sum), 0n);
    if (needed < held) free(tx, ENERGY, holdOf(market, slot, number), held - needed);
  }
  if (next < book.offers) tx.put(book, { done: next });
  else if (trades.length > 0) tx.move(book, "trading", { done: 0 });
  else tx.move(tx.move(book, "trading", { done: 0 }), "settled");
}

/** A seller delivers in order of trade, from what his meter exported and nothing else; what is not delivered is free again. It cannot fail: all is held. */
function settle(tx: Tx, book: Book): void {
  const { market, slot, price, trades } = book;
  let { done, delivered, paid } = book;
  for (const end = Math.min(done + SLICE, trades.length); done < end; done++) {
    const { seller, buyer, wh } = trades[done]!;
    const { meter, by } = tx.get(offers, market, slot, seller);
    const reading = tx.find(shownReadings, meter, slot);
    const exported = Math.min(wh, Math.max(0, reading?.wh ?? 0) - (reading?.sold ?? 0));
    const cost = portion(price, wh, KWH);
    const earned = portion(price, exported, KWH);
    if (exported > 0) tx.put(reading!, { sold: reading!.sold + exported });
    if (earned > 0n) payHeld(tx, ENERGY, holdOf(market, slot, buyer), by, earned);
    if (cost > earned) free(tx, ENERGY, holdOf(market, slot, buyer), cost - earned);
    delivered += exported;
    paid += earned;
  }
  const so = { done, delivered, paid };
  if (done === trades.length) tx.move(book, "settled", so);
  else tx.put(book, so);
}

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const holdOf = (market: string, slot: number, number: number): string => `${market}.${slot}.${number}`;
/** When a quarter hour is settled: two days after its day. */
const settledFrom = (slot: number): number => (Math.floor(slot / SLOTS) + 1) * days(1) + SHOWING;
function gateOpen(tx: Tx<"gate_closed">, slot: number): void {
  tx.require(tx.time < slot * SLOT && slot * SLOT <= tx.time + AHEAD, "gate_closed");
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const matching = energy.audit({
  title: "Price and trades of every matched quarter hour are what its offers give",
  run(audit) {
    const outcomes = new Map<string, string>();
    let current = "";
    let all: Row<typeof offers>[] = [];
    const finish = (): void => {
      if (all.length > 0) outcomes.set(current, outcomeOf(all));
      all = [];
    };
    audit.each(offers, (it) => {
      const book = bookOf(it);
      if (book !== current) finish();
      current = book;
      if (it.$.status === "standing") all.push(it);
    });
    let trades = 0;
    audit.each(books, (it) => {
      finish();
      const expected = outcomes.get(bookOf(it)) ?? outcomeOf([]);
      outcomes.delete(bookOf(it));
      if (it.$.status === "open") return audit.require(it.trades.length === 0, "trades before the gate closed");
      trades += it.trades.length;
      audit.require(written(it) === expected, "price and trades are not those of the offers", {
        price: it.price,
        trades: it.trades.length,
      });
    });
    audit.end(() => audit.figure("trades", trades));
  },
});

export const exports = energy.audit({
  title: "No meter sold more than it was shown to export; what books say was delivered is what meters sold",
  run(audit) {
    let sold = 0n;
    let delivered = 0n;
    audit.each(shownReadings, ({ wh, sold: of }) => {
      sold += BigInt(of);
      audit.require(of <= Math.max(0, wh), "sold more than exported", { wh, sold: of });
    });
    audit.each(books, (it) => {
      delivered += BigInt(it.delivered);
      const traded = it.trades.reduce((sum, { wh }) => sum + wh, 0);
      audit.require(it.delivered <= traded, "delivered more than traded", { delivered: it.delivered, traded });
      audit.require(it.paid <= portion(it.price, it.delivered, KWH), "paid more than was delivered", { paid: it.paid });
    });
    audit.end(() => {
      audit.figure("Wh delivered", delivered);
      audit.require(sold === delivered, "books and meters differ", { sold, delivered });
    });
  },
});

export const covered = energy.audit({
  title: "What buyers may still have to pay is held, and nothing else",
  run(audit) {
    const bids = new Map<string, bigint>();
    const due = new Map<string, { least: bigint; most: bigint }>();
    const add = (book: string, amount: bigint): void => void bids.set(book, (bids.get(book) ?? 0n) + amount);
    audit.each(offers, (it) =>
      it.side === "buy" && it.$.status === "standing" ? add(bookOf(it), portionUp(it.price, it.wh, KWH)) : undefined,
    );
    audit.each(books, (it) => {
      const most = bids.get(bookOf(it)) ?? 0n;
      bids.delete(bookOf(it));
      const first = it.$.status === "trading" ? it.done : 0;
      const least = it.trades.slice(first).reduce((sum, { wh }) => sum + portion(it.price, wh, KWH), 0n);
      if (it.$.status === "settled") return;
      due.set(bookOf(it), it.$.status === "open" ? { least: most, most } : { least, most: it.$.status === "trading" ? least : most });
    });
    const held = new Map<string, bigint>();
    audit.each(holds, ({ $, of, hold: key, amount }) => {
      if (of !== ENERGY || $.status === "ended") return;
      const book = key.slice(0, key.lastIndexOf("."));
      audit.require(due.has(book), "points are held for a quarter hour that is settled", { amount });
      held.set(book, (held.get(book) ?? 0n) + amount);
    });
    audit.end(() => {
      for (const [book, { least, most }] of due) {
        const sum = held.get(book) ?? 0n;
        audit.require(sum >= least && sum <= most, "what is held is not what may be due", { book, held: sum, least, most });
      }
    });
  },
});

const bookOf = ({ market, slot }: { readonly market: string; readonly slot: number }): string => `${market}.${slot}`;
/** Price and trades in 64 characters, for years of quarter hours are remembered. */
const written = ({ price, trades }: Pick<Book, "price" | "trades">): string =>
  hex(sha256(encode([price, ...trades.flatMap(({ seller, buyer, wh }) => [seller, buyer, wh])])));
const outcomeOf = (standing: readonly Row<typeof offers>[]): string => written(cleared(standing));
export default energy;
