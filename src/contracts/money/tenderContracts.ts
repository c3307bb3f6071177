// The contract that an award led to: tranches, each released with its report, paid from a fund; what an auditor halts and recomputes. Service 23. Does not
// own: payment itself (funds), the award (tenderAwards.ts).

import { account } from "../descriptors/payments.ts";
import { count, hash, id, list, money, object, oneOf, optional, type Row, signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { draw, drawRules, free, orderAnew as reorder, orderAnewRules, orders, reserve, reserveRules } from "./funds.ts";
import { standings, weighed } from "./tenderAwards.ts";
import { type Bid, bids, contracts, interests, scores, tender, tenders, type Tender, tranches } from "./tenderRecords.ts";

/** Whose matter the money is, for funds. */
const OF = "tenders";
const buyer = { buyer: { role: "buyer", is: (a: { readonly tender: string }, tx: Tx) => tx.get(tenders, a.tender).buyer } } as const;
const supplier = { supplier: signs("who won") };

export const conclude = tender.action({
  title: "Conclude the contract: its tranches, and the fund's money set aside for it",
  by: { ...buyer, ...supplier, keyholder: signs("the fund's owner and each of its key-holders") },
  input: { tender: id, account, tranches: list(object({ amount: money, due: time }), 32, 1) },
  rules: ["standstill", "tranches_unfit", ...reserveRules],
  work: 192,
  example: { tender: "2027-laptops", account: aSeal(2), tranches: [{ amount: 1_311_264_00n, due: monday }] },
  run(tx, { tender: key, account: to, tranches: parts }) {
    const it = tx.get(tenders, key);
    const over = it.$.status === "awarded" && tx.time >= it.standstill_until! && it.challenges === 0;
    tx.require(over, "standstill", { status: it.$.status, challenges: it.challenges });
    const { winner, amount } = it as { winner: string; amount: bigint };
    tx.signed("supplier", winner);
    const total = parts.reduce((sum, part) => sum + part.amount, 0n);
    tx.require(total === amount && parts.every((part) => part.amount > 0n), "tranches_unfit", { total: `${total}` });
    tx.create(contracts, { tender: key, supplier: winner, amount, account: to, tranches: parts.length, released: 0, paid_out: 0n });
    parts.forEach((part, number) => tx.create(tranches, { tender: key, number, ...part }));
    reserve(tx, OF, key, it.fund, it.purpose, amount);
    tx.move(it, "contracted");
  },
});

const one = { tender: id, number: count };
const first = { tender: "2027-laptops", number: 0 };
export const report = tender.action({
  title: "Report on a tranche: the hash of the report",
  by: supplier,
  input: { ...one, report: hash },
  example: { ...first, report: aHash },
  run(tx, { tender: key, number, report: document }) {
    tx.signed("supplier", tx.get(contracts, key).supplier);
    tx.move(tx.get(tranches, key, number), "reported", { report: document, ground: undefined });
  },
});

export const refuse = tender.action({
  title: "Send a report back, and say on what ground",
  by: buyer,
  input: { ...one, ground: id },
  example: { ...first, ground: "incomplete" },
  run(tx, { tender: key, number, ground }) {
    tx.move(tx.get(tranches, key, number), "planned", { report: undefined, ground });
  },
});

export const release = tender.action({
  title: "Release a tranche whose report is accepted: it is ordered from the fund; with the last the contract is fulfilled",
  by: buyer,
  input: { ...one, order: id },
  rules: ["no_report", "halted", ...drawRules],
  work: 128,
  example: { ...first, order: "2027-laptops-0" },
  run(tx, { tender: key, number, order }) {
    const it = tx.get(contracts, key);
    tx.require(it.$.status === "running", "halted", { status: it.$.status });
    const tranche = tx.get(tranches, key, number);
    tx.require(tranche.$.status === "reported" && number === it.released, "no_report", { next: it.released });
    const { supplier: payee, account: to } = it;
    draw(tx, OF, key, { order, payee, amount: tranche.amount, account: to, evidence: tranche.report! });
    tx.move(tranche, "released", { order });
    const change = { released: it.released + 1, paid_out: it.paid_out + tranche.amount };
    if (change.released < it.tranches) return void tx.put(it, change);
    tx.move(it, "fulfilled", change);
    tx.move(tx.get(tenders, key), "fulfilled");
    free(tx, OF, key, true);
  },
});

export const orderAnew = tender.action({
  title: "Order a tranche whose payment came back anew, to the account that the supplier names: for it and what follows",
  by: { ...buyer, ...supplier },
  input: { ...one, order: id, account },
  rules: ["no_report", "halted", ...orderAnewRules],
  example: { ...first, order: "2027-laptops-0-b", account: aSeal(2) },
  run(tx, { tender: key, number, order, account: to }) {
    const it = tx.get(contracts, key);
    tx.signed("supplier", it.supplier);
    tx.require(it.$.status !== "halted", "halted");
    const tranche = tx.get(tranches, key, number);
    reorder(tx, tranche.order ?? tx.reject("no_report", { status: tranche.$.status }), order, to);
    tx.put(tranche, { order });
    tx.put(it, { account: to });
  },
});

export const audit = tender.action({
  title: "Halt a contract on a ground, or let it go on",
  by: "auditor",
  input: { tender: id, to: oneOf("halted", "running"), ground: optional(id) },
  example: { tender: "2027-laptops", to: "halted", ground: "report-untrue" },
  run(tx, { tender: key, to, ground }) {
    tx.move(tx.get(contracts, key), to, { ground });
  },
});

export const end = tender.action({
  title:
    "End a contract before its last tranche, by both parties, or free what came back after its end: what was not released is free again",
  by: { ...buyer, ...supplier },
  input: { tender: id, ground: id },
  example: { tender: "2027-laptops", ground: "by-agreement" },
  run(tx, { tender: key, ground }) {
    const it = tx.get(contracts, key);
    tx.signed("supplier", it.supplier);
    finish(tx, it, ground);
  },
});

export const terminate = tender.action({
  title: "End a contract whose supplier is gone, or on another ground, by buyer and review: what is released stays released",
  by: { ...buyer, review: "review" },
  input: { tender: id, ground: id },
  example: { tender: "2027-laptops", ground: "insolvent" },
  run(tx, { tender: key, ground }) {
    finish(tx, tx.get(contracts, key), ground);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Nothing more is released; what was not, or came back since, is free in the fund. */
function finish(tx: Tx, it: Row<typeof contracts>, ground: string): void {
  if (it.$.status === "running" || it.$.status === "halted") {
    tx.move(it, "ended", { ground });
    tx.move(tx.get(tenders, it.tender), "ended", { ground });
  }
  free(tx, OF, it.tender, true);
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
/** Of a tender, until all its rows were seen. */
interface Seen {
  readonly tender: Tender;
  readonly open: Bid[];
  readonly marks: Map<string, { quality: number; scores: number }>;
  bids: number;
  opened: number;
  parts: bigint;
  released: bigint;
}

export const awardsByRule = tender.audit({
  title:
    "No score stands by who has an interest, points are the sums of scores, each award is the rule's, bids that are opened are all bids",
  run(check) {
    const seen = new Map<string, Seen>();
    const conflicts = new Set<string>();
    let awarded = 0;
    check.each(tenders, (it) => {
      seen.set(it.tender, { tender: it, open: [], marks: new Map(), bids: 0, opened: 0, parts: 0n, released: 0n });
    });
    check.each(interests, (it) => {
      for (const bidder of it.bidders) conflicts.add(`${it.tender} ${bidder} ${it.member}`);
    });
    check.each(scores, (it) => {
      if (it.$.status !== "given") return;
      check.require(!conflicts.has(`${it.tender} ${it.bidder} ${it.member}`), "no score by who has an interest", { member: it.member });
      const { tender: of, marks } = seen.get(it.tender)!;
      const sum = marks.get(it.bidder) ?? { quality: 0, scores: 0 };
      marks.set(it.bidder, { quality: sum.quality + weighed(of, it.marks), scores: sum.scores + 1 });
    });
    check.each(bids, (it) => {
      const of = seen.get(it.tender)!;
      const sum = of.marks.get(it.bidder) ?? { quality: 0, scores: 0 };
      check.require(it.quality === sum.quality && it.scores === sum.scores, "points are the sums of scores");
      if (it.$.status === "withdrawn") return;
      of.bids++;
      if (it.$.status !== "sealed") of.opened++;
      if (it.$.status === "opened") of.open.push(it);
    });
    check.end(() => {
      for (const { tender: of, open, bids: all, opened } of seen.values()) {
        check.require(of.bids === all && of.opened === opened, "bids are counted", { tender: of.tender });
        if (of.$.status !== "called" && of.$.status !== "cancelled")
          check.require(all === opened, "no bid stays sealed", { tender: of.tender });
        if (of.winner === undefined) continue;
        awarded++;
        const [best] = standings(of, open);
        check.require(best?.bidder === of.winner && best.amount === of.amount, "the award is the rule's", { tender: of.tender });
      }
      check.figure("tenders", seen.size);
      check.figure("awarded", awarded);
    });
  },
});

export const moneyByReports = tender.audit({
  title:
    "Tranches total their contract, which is the winner's; what is paid out is what was released, with its report, by an order of its own to the supplier",
  run(check) {
    const sums = new Map<string, { total: bigint; released: bigint; count: number }>();
    const winners = new Map<string, string | undefined>();
    const suppliers = new Map<string, string>();
    const ordered = new Map<string, { readonly tender: string; readonly amount: bigint }>();
    let out = 0n;
    check.each(tenders, (it) => void winners.set(it.tender, it.winner));
    check.each(tranches, (it) => {
      const sum = sums.get(it.tender) ?? { total: 0n, released: 0n, count: 0 };
      sums.set(it.tender, sum);
      sum.total += it.amount;
      if (it.$.status !== "released") return check.require(it.order === undefined, "what is not released is not ordered");
      check.require(it.report !== undefined && it.order !== undefined, "a tranche is released with its report");
      if (it.order !== undefined) ordered.set(it.order, it);
      sum.released += it.amount;
      sum.count++;
    });
    check.each(contracts, (it) => {
      const sum = sums.get(it.tender);
      check.require(winners.get(it.tender) === it.supplier, "the supplier is who won");
      check.require(sum?.total === it.amount, "the tranches total the contract");
      check.require(sum?.released === it.paid_out && sum.count === it.released, "what is paid out is what was released");
      suppliers.set(it.tender, it.supplier);
      out += it.paid_out;
    });
    check.each(orders, ({ order, of, matter, payee, amount, paid }) => {
      if (of !== OF) return;
      const it = ordered.get(order);
      ordered.delete(order);
      check.require(suppliers.get(matter) === payee, "an order of a tender is to its supplier", { payee });
      if (it === undefined) return check.require(paid === 0n, "an order that is no tranche's, and paid", { paid }); // came back, ordered anew
      check.require(it.tender === matter && it.amount === amount, "an order is not its tranche's", { amount });
    });
    check.end(() => {
      for (const [order] of ordered) check.require(false, "a released tranche without its order", { order });
      check.figure("released", out);
    });
  },
});
