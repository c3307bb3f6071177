// What an auditor of solar power trading recomputes from the rows alone: what meets, what was delivered and paid, whose export it was, what is held for it.
// Owns these audits. Does not own: the acts (energy.ts), the records and how offers meet (energyRecords.ts).

import { hex } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import { sha256 } from "../../base/hash.ts";
import type { Audit } from "../engine/audit.ts";
import { portion, portionUp } from "../kit/rates.ts";
import {
  type Book,
  books,
  cleared,
  counts,
  ENERGY,
  energy,
  KWH,
  meterDays,
  meters,
  type Offer,
  offers,
  shownReadings,
} from "./energyRecords.ts";
import { SLOTS } from "./energyRecords.ts";
import { holds } from "./points.ts";

export const matching = energy.audit({
  title: "Price and trades of every matched quarter hour are what its offers give",
  run(audit) {
    const outcomes = new Map<string, string>();
    const finish = eachQuarter(audit, (book, standing) => void outcomes.set(book, written(cleared(standing))));
    let trades = 0;
    audit.each(books, (it) => {
      finish();
      const expected = outcomes.get(bookOf(it)) ?? written(cleared([]));
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

/** What a quarter hour comes to by its offers and the readings that were shown, and what the readings say was sold of them. */
interface Outcome {
  readonly delivered: number;
  readonly paid: bigint;
  readonly sold: number;
  /** Each reading says of itself what the trades give. */
  readonly each: boolean;
}

export const exports = energy.audit({
  title: "What a quarter hour delivered and paid is what its trades and the readings shown give; nobody sold more than was exported",
  run(audit) {
    const shown = new Map<string, number>();
    const readings = new Map<string, { wh: number; sold: number }>();
    const outcomes = new Map<string, Outcome>();
    audit.each(meterDays, (it) => (it.shown > 0 ? void shown.set(`${it.meter} ${it.day}`, it.shown) : undefined));
    audit.each(shownReadings, ({ meter, slot, wh, sold }) => {
      const day = `${meter} ${Math.floor(slot / SLOTS)}`;
      const left = (shown.get(day) ?? 0) - 1;
      if (left === 0) shown.delete(day);
      else shown.set(day, left);
      readings.set(`${meter} ${slot}`, { wh, sold });
      audit.require(sold <= Math.max(0, wh), "sold more than exported", { wh, sold });
    });
    const finish = eachQuarter(audit, (book, standing) => {
      const { price, trades } = cleared(standing);
      const meterOf = new Map(standing.map(({ number, meter, slot }) => [number, `${meter} ${slot}`]));
      const left = new Map<string, number>();
      let [delivered, paid] = [0, 0n];
      for (const { seller, wh } of trades) {
        const reading = meterOf.get(seller)!;
        const has = left.get(reading) ?? Math.max(0, readings.get(reading)?.wh ?? 0);
        const exported = Math.min(wh, has);
        left.set(reading, has - exported);
        delivered += exported;
        paid += portion(price, exported, KWH);
      }
      let [sold, each] = [0, true];
      for (const [reading, rest] of left) {
        const it = readings.get(reading);
        if (it === undefined) continue;
        readings.delete(reading);
        sold += it.sold;
        each &&= it.sold === Math.max(0, it.wh) - rest;
      }
      outcomes.set(book, { delivered, paid, sold, each });
    });
    let sum = 0n;
    audit.each(books, (it) => {
      finish();
      const { delivered, paid, sold, each } = outcomes.get(bookOf(it)) ?? { delivered: 0, paid: 0n, sold: 0, each: true };
      outcomes.delete(bookOf(it));
      sum += BigInt(it.delivered);
      const says = { delivered: it.delivered, paid: it.paid };
      audit.require(it.delivered === sold, "the book and its meters differ", { ...says, sold });
      if (it.$.status !== "settled") return audit.require(it.delivered <= delivered && it.paid <= paid, "more than was traded", says);
      audit.require(it.delivered === delivered && it.paid === paid && each, "not what trades and readings give", { ...says, give: paid });
    });
    audit.end(() => {
      finish();
      audit.figure("Wh delivered", sum);
      for (const [reading] of readings) audit.require(false, "a reading of a meter that did not sell", { reading });
      for (const [day, left] of shown) audit.require(false, "a day and its shown readings differ", { day, left });
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

export const devices = energy.audit({
  title: "A device is one live meter at a time, and a meter has one offer for each side of a quarter hour, of no more than it carries",
  run(audit) {
    const live = new Set<string>();
    const rated = new Map<string, { rated: number; owner: string }>();
    audit.each(meters, (it) => {
      audit.require((it.$.status === "live" ? it.device : undefined) === it.metering, "a live meter has its device, a retired one none");
      audit.require(it.metering === undefined || !live.has(it.metering), "a device is two meters");
      if (it.metering !== undefined) live.add(it.metering);
      rated.set(it.meter, { rated: it.rated, owner: it.owner });
    });
    let quarter = "";
    const seen = new Set<string>();
    audit.each(offers, (it) => {
      if (bookOf(it) !== quarter) seen.clear();
      quarter = bookOf(it);
      const meter = rated.get(it.meter);
      audit.require(meter?.owner === it.by && it.wh <= meter.rated, "more than the meter carries, or of another's", { wh: it.wh });
      audit.require(!seen.has(`${it.meter} ${it.side}`), "two offers of one meter and side");
      seen.add(`${it.meter} ${it.side}`);
    });
    audit.each(books, (it) => audit.require(it.free.length === new Set(it.free).size, "a place is free twice"));
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Looks at the offers of each quarter hour that count; what is given back ends the last one. */
function eachQuarter(audit: Audit, look: (book: string, standing: readonly Offer[]) => void): () => void {
  const lives = new Map<string, (slot: number) => boolean>();
  let current = "";
  let standing: Offer[] = [];
  const finish = (): void => {
    if (standing.length > 0) look(current, standing);
    standing = [];
  };
  audit.each(meters, (it) => (it.$.status === "live" ? undefined : void lives.set(it.meter, (slot) => counts(it, slot))));
  audit.each(offers, (it) => {
    if (bookOf(it) !== current) finish();
    current = bookOf(it);
    if (it.$.status === "standing" && (lives.get(it.meter)?.(it.slot) ?? true)) standing.push(it);
  });
  return finish;
}
const bookOf = ({ market, slot }: { readonly market: string; readonly slot: number }): string => `${market}.${slot}`;
/** Price and trades in 64 characters, for years of quarter hours are remembered. */
const written = ({ price, trades }: Pick<Book, "price" | "trades">): string =>
  hex(sha256(encode([price, ...trades.flatMap(({ seller, buyer, wh }) => [seller, buyer, wh])])));
