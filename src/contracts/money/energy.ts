// Solar power trading: a day's readings committed as one root per meter, offers, one price per market and quarter hour, settlement in points. Service 25.
// Owns these acts. Does not own: points (points.ts holds and moves them), how offers meet (energyRecords.ts, kit/auction), the readings themselves: they tell
// when a home is empty, so only a quarter hour in which its meter sold is ever shown.

import { count, days, id, money, party, signed, signs, type Tx } from "../engine/index.ts";
import { sameRoot, shownLeaf, shows } from "../kit/disclosure.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { portion, portionUp } from "../kit/rates.ts";
import {
  type Book,
  books,
  cleared,
  counts,
  ENERGY,
  energy,
  KWH,
  MAX_OFFERS,
  meterDays,
  meters,
  type Offer,
  offers,
} from "./energyRecords.ts";
import { place, quantity, readings, SCHEMA, shownReadings, side, SLOT, SLOTS } from "./energyRecords.ts";
import { free, hold, payHeld } from "./points.ts";

export { books, meterDays, meters, offers, shownReadings } from "./energyRecords.ts";
export * from "./energyAudits.ts";

/** Offers are taken for this long ahead, and readings shown for this long after the day. */
const AHEAD = days(7);
const SHOWING = days(2);
/** So many offers or trades in one slice of releasing or settling. */
const SLICE = 24;

/** Of the examples. */
const noon = monday / SLOT + 48;

// ── meters and their readings ────────────────────────────────────────────────────────────────────────────────────────────────────────
export const enrol = energy.action({
  title: "Register a meter",
  by: { utility: { role: "market", scope: (a) => a.market }, owner: signs("the owner") },
  input: { meter: id, owner: party, device: party, market: id, rated: quantity },
  rules: ["device_unknown"],
  example: { meter: "m-1", owner: "p:ann.city", device: "d:meter-1", market: "north", rated: 2_500 },
  run(tx, meter) {
    tx.signed("owner", meter.owner);
    tx.require(tx.known(meter.device), "device_unknown", { device: meter.device });
    tx.create(meters, { ...meter, metering: meter.device });
  },
});

export const retire = energy.action({
  title: "Retire a meter: nothing is offered on it, and what was for quarter hours to come is not matched",
  by: { utility: { role: "market", scope: ({ meter }, tx) => tx.get(meters, meter).market } },
  input: { meter: id },
  example: { meter: "m-1" },
  run: retired,
});

export const leave = energy.action({
  title: "Retire one's own meter",
  by: { owner: signs("the owner") },
  input: { meter: id },
  example: { meter: "m-2" },
  run(tx, it) {
    tx.signed("owner", tx.get(meters, it.meter).owner);
    retired(tx, it);
  },
});

export const commit = energy.action({
  title: "Commit the root over a day's readings; until one is shown it may be replaced",
  by: { device: signs("the meter") },
  input: { meter: id, day: count, readings },
  rules: ["day_not_over", "day_shown"],
  example: { meter: "m-1", day: Math.floor(monday / days(1)), readings: aSeal(SLOTS + 1) },
  run(tx, { meter, day, readings: root }) {
    const { device, owner, market } = tx.get(meters, meter);
    tx.signed("device", device);
    tx.require((day + 1) * days(1) <= tx.time, "day_not_over");
    const before = tx.find(meterDays, meter, day);
    tx.require(before === undefined || before.shown === 0, "day_shown");
    if (before === undefined) tx.create(meterDays, { meter, day, owner, market, readings: root, shown: 0 });
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
    tx.create(shownReadings, { meter, slot, owner: by, market, wh, sold: 0 });
    tx.put(day, { shown: day.shown + 1 });
  },
});

// ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const offer = energy.action({
  title: "Offer to sell or to buy in a quarter hour, in place of what was offered before; what a buyer would pay at most is held",
  by: { by: signs("the owner of the meter") },
  input: { market: id, slot: count, by: party, meter: id, side, wh: quantity, price: money },
  rules: ["book_full", "gate_closed", "offers_something", "over_rated", "own_meter", "points.balance_short"],
  example: { market: "north", slot: noon, by: "p:ann.city", meter: "m-1", side: "sell", wh: 400, price: 120n },
  run(tx, { market, slot, ...it }) {
    tx.signed("by", it.by);
    gateOpen(tx, slot);
    const meter = tx.get(meters, it.meter);
    tx.require(meter.owner === it.by && meter.market === market && meter.$.status === "live", "own_meter");
    tx.require(it.price > 0n, "offers_something");
    tx.require(it.wh <= meter.rated, "over_rated", { rated: meter.rated });
    const before = tx.unique(offers, slot, it.meter, it.side);
    if (before?.$.status === "standing") withdrawn(tx, before);
    const none = { market, slot, offers: 0, free: [], arrivals: 0, price: 0n, trades: [], done: 0, delivered: 0, paid: 0n };
    const book = tx.find(books, market, slot) ?? tx.create(books, none);
    const number = before?.number ?? book.free[0] ?? book.offers;
    tx.require(number < MAX_OFFERS, "book_full");
    const arrival = book.arrivals;
    if (it.side === "buy") hold(tx, ENERGY, holdOf({ market, slot, arrival }), it.by, portionUp(it.price, it.wh, KWH));
    const taken = tx.find(offers, market, slot, number);
    if (taken === undefined) tx.create(offers, { market, slot, number, arrival, ...it });
    else tx.move(taken, "standing", { arrival, ...it });
    const left = book.free.filter((other) => other !== number);
    tx.put(book, { offers: Math.max(book.offers, number + 1), free: left, arrivals: arrival + 1 });
  },
});

export const withdraw = energy.action({
  title: "Withdraw an offer: its place is free",
  by: { by: signs("who made it") },
  input: { market: id, slot: count, number: place },
  rules: ["gate_closed"],
  example: { market: "north", slot: noon, number: 0 },
  run(tx, { market, slot, number }) {
    const it = tx.get(offers, market, slot, number);
    tx.signed("by", it.by);
    gateOpen(tx, slot);
    withdrawn(tx, it);
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

function match(tx: Tx, book: Book): void {
  const { market, slot } = book;
  const standing = tx.scan(offers, [market, slot], MAX_OFFERS).filter((it) => it.$.status === "standing");
  tx.move(book, "matched", cleared(standing.filter(({ meter }) => counts(tx.get(meters, meter), slot))));
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
    if (needed < held) free(tx, ENERGY, holdOf(it), held - needed);
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
    const held = holdOf(tx.get(offers, market, slot, buyer));
    if (earned > 0n) payHeld(tx, ENERGY, held, by, earned);
    if (cost > earned) free(tx, ENERGY, held, cost - earned);
    delivered += exported;
    paid += earned;
  }
  const so = { done, delivered, paid };
  if (done === trades.length) tx.move(book, "settled", so);
  else tx.put(book, so);
}

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function retired(tx: Tx, { meter }: { readonly meter: string }): void {
  tx.move(tx.get(meters, meter), "retired", { metering: undefined });
}
function withdrawn(tx: Tx, it: Offer): void {
  tx.move(it, "withdrawn");
  if (it.side === "buy") free(tx, ENERGY, holdOf(it));
  const book = tx.get(books, it.market, it.slot);
  tx.put(book, { free: [...book.free, it.number] });
}
const holdOf = ({ market, slot, arrival }: Pick<Offer, "market" | "slot" | "arrival">): string => `${market}.${slot}.${arrival}`;
/** When a quarter hour is settled: two days after its day. */
const settledFrom = (slot: number): number => (Math.floor(slot / SLOTS) + 1) * days(1) + SHOWING;
function gateOpen(tx: Tx<"gate_closed">, slot: number): void {
  tx.require(tx.time < slot * SLOT && slot * SLOT <= tx.time + AHEAD, "gate_closed");
}

export default energy;
