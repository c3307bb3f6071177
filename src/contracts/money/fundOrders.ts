// Payment orders: asked for, signed by each key-holder, released by the last signature; wage lists; what the bank confirms. Owns these acts and that each
// payment counts once. Does not own: funds and contracts (funds.ts), what other contracts order (fundMatters.ts), the bank's file (client/pain.ts).
//
// An order is the decision, a payment (order, chunk) is the movement of money. The order's release is the bank's mandate: nobody needs to act again. A payment
// is paid when what the bank confirmed equals its total, and is an open item as long as it does not.

import { hex } from "../../base/bytes.ts";
import { account, MAX_WAGES, REFERENCE_LENGTH, referenceBytes, wages } from "../descriptors/payments.ts";
import { count, type FieldsOf, flag, hash, id, list, MAX_MONEY, money, optional, party } from "../engine/index.ts";
import { range, type Row, type Sealed, signs, text, type Tx } from "../engine/index.ts";
import { aHash, aSeal } from "../kit/examples.ts";
import {
  allotments,
  engagements,
  fund,
  type Fund,
  funds,
  inForce,
  moving,
  opened,
  type Order,
  orders,
  payments,
  references,
  steps,
  TREE,
  unstopped,
} from "./fundRecords.ts";

/** Most wage lists of an order: a quarter of a million workers. */
const MAX_LISTS = 1_024;

// ── asking and signing ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const ask = fund.action({
  title: "Ask for the payment of a step: to one account, or of wages in so many lists",
  by: { payee: signs("who is paid") },
  input: {
    order: id,
    engagement: id,
    step: id,
    amount: money,
    account: optional(account),
    chunks: range(0, MAX_LISTS),
    evidence: optional(hash),
  },
  rules: ["over_step", "amount_given", "one_destination", "fund_closed", "contract_ended", "stopped"],
  example: {
    order: "x7-roof-1",
    engagement: "x7-roof",
    step: "trusses",
    amount: 20_000_00n,
    account: aSeal(2),
    chunks: 0,
    evidence: aHash,
  },
  run(tx, { engagement: key, step: name, ...it }) {
    const engagement = inForce(tx, key);
    const root = opened(tx, engagement.fund);
    tx.signed("payee", engagement.payee);
    const step = tx.get(steps, key, name);
    tx.require(it.amount > 0n, "amount_given");
    tx.require(step.ordered + it.amount <= step.amount, "over_step", { ordered: step.ordered, step: step.amount });
    tx.put(step, { ordered: step.ordered + it.amount });
    tx.put(engagement, { ordered: engagement.ordered + it.amount });
    const holders = [...new Set([...root.keyholders, ...step.keyholders])];
    place(tx, root, { ...it, of: TREE, matter: key, step: name, payee: engagement.payee, keyholders: holders });
  },
});

export const listWages = fund.action({
  title: "List up to 256 wages of an order: their number and sum in clear, who gets what sealed",
  by: { payee: signs("who asked") },
  input: { order: id, chunk: count, count: range(1, MAX_WAGES), total: money, wages },
  rules: ["lists_closed", "wages_total", "amount_given", "stopped", "fund_closed"],
  example: { order: "x7-roof-2", chunk: 0, count: 40, total: 8_000_00n, wages: aSeal(257) },
  run(tx, { order: key, chunk, total, ...it }) {
    const order = going(tx, key);
    tx.signed("payee", order.payee);
    tx.require(order.$.status === "asked" && order.signed.length === 0 && chunk < order.chunks, "lists_closed");
    tx.require(total > 0n, "amount_given");
    tx.require(order.sum + total <= order.amount, "wages_total", { listed: order.sum, amount: order.amount });
    tx.create(payments, payment(tx, order, chunk, total, it));
    tx.put(order, { listed: order.listed + 1, sum: order.sum + total });
  },
});

export const approve = fund.action({
  title: "Sign up to 32 orders; the last key-holder's signature releases an order",
  by: { keyholder: signs("a key-holder of each") },
  input: { keyholder: party, orders: list(id, 32, 1) },
  rules: ["keyholder_only", "payee_unknown", "wages_total", "stopped", "fund_closed"],
  work: 640,
  example: { keyholder: "c:supervision", orders: ["x7-roof-1", "x7-roof-2"] },
  run(tx, { keyholder, orders: keys }) {
    tx.signed("keyholder", keyholder);
    for (const key of keys) {
      const it = going(tx, key);
      const may = it.$.status === "asked" && it.keyholders.includes(keyholder) && !it.signed.includes(keyholder);
      tx.require(may, "keyholder_only", { order: key });
      tx.require(it.chunks === 0 || (it.listed === it.chunks && it.sum === it.amount), "wages_total", {
        listed: it.sum,
        amount: it.amount,
      });
      tx.require(tx.known(it.payee), "payee_unknown", { party: it.payee });
      const signed = [...it.signed, keyholder];
      if (signed.length < it.keyholders.length) tx.put(it, { signed });
      else tx.move(it, "released", { signed });
    }
  },
});

export const refuse = fund.action({
  title: "Refuse an order, on a ground",
  by: { keyholder: signs("a key-holder of the order") },
  input: { order: id, keyholder: party, ground: id },
  rules: ["keyholder_only"],
  example: { order: "x7-roof-1", keyholder: "c:supervision", ground: "trusses-not-up" },
  run(tx, { order: key, keyholder, ground }) {
    const it = tx.move(tx.get(orders, key), "refused", { ground });
    tx.signed("keyholder", keyholder);
    tx.require(it.keyholders.includes(keyholder), "keyholder_only");
    unorder(tx, it, it.amount);
  },
});

export const withdraw = fund.action({
  title: "Withdraw what one asked for, before it is released",
  by: { payee: signs("who asked") },
  input: { order: id },
  example: { order: "x7-roof-1" },
  run(tx, { order: key }) {
    const it = tx.move(tx.get(orders, key), "withdrawn");
    tx.signed("payee", it.payee);
    unorder(tx, it, it.amount);
  },
});

// ── what the bank says ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The bank of the order's fund, and no other. */
const byItsBank = {
  bank: { role: "bank", is: (a: { readonly order: string }, tx: Tx) => tx.get(funds, tx.get(orders, a.order).fund).bank },
} as const;
/** `differs`: among the lines that are booked so far are others than were ordered, whatever they sum to. */
const booked = { order: id, chunk: count, amount: money, reference: text(35, 1), differs: flag };
export const confirm = fund.action({
  title:
    "Confirm that money went out for a payment, under the bank's reference; another amount, or other lines, than ordered are an open item",
  by: byItsBank,
  input: booked,
  rules: ["reference_once", "not_released", "amount_given", "countable"],
  example: { order: "x7-roof-1", chunk: 0, amount: 20_000_00n, reference: "BK-2027-01-04-0001", differs: false },
  run(tx, { order: key, chunk, amount, reference, differs }) {
    const order = tx.get(orders, key);
    const root = tx.get(funds, order.fund);
    tx.require(amount > 0n, "amount_given");
    tx.require(order.$.status === "released" || order.$.status === "settled", "not_released");
    const it = tx.get(payments, key, chunk);
    tx.require(amount <= MAX_MONEY - it.confirmed, "countable");
    refer(tx, root, { reference, kind: "paid", subject: key, chunk, amount });
    if (isStopped(tx, order, root)) tx.flag("paid_while_stopped");
    book(tx, it, order, { confirmed: it.confirmed + amount, back: it.back > amount ? it.back - amount : 0n, differs });
  },
});

export const bounce = fund.action({
  title: "Confirm that money of a payment came back; or, of one that never went out, that it will not",
  by: byItsBank,
  input: booked,
  rules: ["reference_once", "not_released", "not_paid"],
  example: { order: "x7-roof-1", chunk: 0, amount: 20_000_00n, reference: "BK-2027-01-05-0007", differs: false },
  run(tx, { order: key, chunk, amount, reference, differs }) {
    const order = tx.get(orders, key);
    const root = tx.get(funds, order.fund);
    tx.require(order.$.status === "released" || order.$.status === "settled", "not_released");
    const it = tx.get(payments, key, chunk);
    const back = it.$.status === "due" ? amount === 0n : amount > 0n && amount <= it.confirmed; // of what came back whole nothing comes back again
    tx.require(back, "not_paid", { confirmed: it.confirmed });
    refer(tx, root, { reference, kind: "returned", subject: key, chunk, amount });
    book(tx, it, order, { confirmed: it.confirmed - amount, back: it.back + amount, differs });
  },
});

export const giveUp = fund.action({
  title: "Give up what came back of a wage list: the rest of it is all of it, and the step has what came back to be asked for anew",
  by: { payee: signs("who asked") },
  input: { order: id, chunk: count },
  rules: ["not_short"],
  example: { order: "x7-roof-2", chunk: 0 },
  run(tx, { order: key, chunk }) {
    const order = tx.get(orders, key);
    tx.signed("payee", order.payee);
    const it = tx.get(payments, key, chunk);
    const { confirmed, back } = it;
    const short = payable(it) - confirmed;
    tx.require(order.chunks > 0 && it.$.status === "open" && !it.differs && short > 0n && short <= back, "not_short", { short, back });
    const given = tx.put(order, { returned: order.returned + short });
    unorder(tx, order, short);
    const rest = tx.put(it, { given_up: it.given_up + short });
    book(tx, rest, given, { confirmed, back: 0n, differs: false });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The order, if its fund is open and nobody has stopped it or what it is below. */
function going(tx: Tx<"stopped" | "fund_closed">, key: string): Order {
  const it = moving(tx, tx.get(orders, key));
  opened(tx, it.fund);
  if (it.of === TREE) unstopped(tx, it.matter);
  return it;
}
/** The same as a question. */
function isStopped(tx: Tx, { of, matter, stops }: Order, root: Fund): boolean {
  if (stops.length + root.stops.length > 0) return true;
  if (of !== TREE) return false;
  const it = tx.get(engagements, matter);
  return it.stops.length > 0 || it.above.some((key) => tx.get(engagements, key).stops.length > 0);
}
type Placed = Pick<
  FieldsOf<typeof orders>,
  "order" | "of" | "matter" | "step" | "payee" | "amount" | "account" | "evidence" | "keyholders" | "chunks"
>;
export function place(tx: Tx<"one_destination">, { fund: of, owner, bank }: Fund, it: Placed): void {
  tx.require((it.account === undefined) === it.chunks > 0, "one_destination");
  const none = { signed: [], listed: 0, sum: 0n, paid: 0n, returned: 0n, stops: [] };
  const order = tx.create(orders, { ...it, fund: of, owner, bank, ...none });
  if (it.chunks === 0) tx.create(payments, payment(tx, order, 0, it.amount, { count: 1 }));
  if (it.keyholders.length === 0) tx.move(order, "released");
}

function payment(
  tx: Tx,
  { order, fund: of, payee, owner, bank }: Order,
  chunk: number,
  total: bigint,
  more: { readonly count: number; readonly wages?: Sealed },
): FieldsOf<typeof payments> {
  const reference = hex(tx.hash(referenceBytes(tx.network, order, chunk))).slice(0, REFERENCE_LENGTH);
  return { order, chunk, fund: of, payee, owner, bank, reference, total, confirmed: 0n, back: 0n, given_up: 0n, differs: false, ...more };
}

/** What was ordered and will not be paid goes back to where it was ordered from. */
function unorder(tx: Tx, { of, matter, step: name }: Order, amount: bigint): void {
  if (of !== TREE) {
    const from = tx.get(allotments, of, matter);
    tx.put(from, { ordered: from.ordered - amount });
    return;
  }
  const step = tx.get(steps, matter, name!);
  const engagement = tx.get(engagements, matter);
  tx.put(step, { ordered: step.ordered - amount });
  tx.put(engagement, { ordered: engagement.ordered - amount });
}

/** The bank's reference has not been used for anything. */
export function refer(tx: Tx<"reference_once">, { bank, fund: of }: Fund, it: Omit<FieldsOf<typeof references>, "bank" | "fund">): void {
  tx.require(tx.find(references, bank, it.reference) === undefined, "reference_once", { reference: it.reference });
  tx.create(references, { bank, fund: of, ...it });
}

interface Said {
  readonly confirmed: bigint;
  readonly back: bigint;
  readonly differs: boolean;
}
/** What is to be paid of a payment. */
export const payable = ({ total, given_up }: { readonly total: bigint; readonly given_up: bigint }): bigint => total - given_up;
/** Writes what is confirmed of a payment now, and what follows from it: a payment counts as paid while, and only while, it is all that is due. */
function book(tx: Tx<string, string, "open_item">, it: Row<typeof payments>, order: Order, says: Said): void {
  const was = it.$.status;
  const whole = payable(it);
  const now = says.confirmed === 0n ? "returned" : says.confirmed === whole && !says.differs ? "paid" : "open";
  if (now === was) tx.put(it, says);
  else tx.move(it, now, says);
  if (now === "open") tx.flag("open_item");
  const counts = (now === "paid" ? whole : 0n) - (was === "paid" ? whole : 0n);
  const paid = order.paid + counts;
  const returned = order.returned + (now === "returned" ? whole : 0n);
  const change = { paid, returned };
  const done = paid + returned === order.amount;
  if (done === (order.$.status === "settled")) tx.put(order, change);
  else tx.move(order, done ? "settled" : "released", change);
  if (counts !== 0n) {
    const root = tx.get(funds, it.fund);
    tx.put(root, { paid: root.paid + counts });
  }
  if (now === "returned") unorder(tx, order, whole);
}
