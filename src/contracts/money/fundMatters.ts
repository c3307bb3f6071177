// Money of a fund that other contracts order: set aside for a matter of theirs, ordered by their own rules, ordered anew where it came back, freed, repaid.
// Owns these procedures and what an allotment may be used for. Does not own: what the matter is (benefits.ts, tenderContracts.ts), how an order is paid
// (fundOrders.ts).

import { MAX_MONEY, type Party, type Sealed } from "../engine/index.ts";
import { place, refer } from "./fundOrders.ts";
import { allotments, fund, funds, moving, opened, orders } from "./fundRecords.ts";

/** What a contract that sets money of a fund aside may be refused by; its action lists them. */
export const reserveRules = [
  "funds.over_budget",
  "funds.purpose_kept",
  "funds.amount_given",
  "funds.fund_closed",
  "funds.stopped",
] as const;
/**
 * Sets money of a fund aside for a matter of the calling contract (`of`, `matter`): from then on that contract's own rules decide what is ordered from it.
 * Therefore the fund's owner and every key-holder sign the transaction. A further call for the same matter adds to it.
 */
export const reserve = fund.procedure((tx, of: string, matter: string, from: string, purpose: string, amount: bigint): void => {
  const root = opened(tx, from);
  for (const who of new Set([root.owner, ...root.keyholders])) tx.signed("keyholder", who);
  tx.require(purpose === root.purpose, "purpose_kept", { purpose: root.purpose });
  tx.require(amount > 0n, "amount_given");
  const before = tx.find(allotments, of, matter);
  if (before !== undefined) tx.require(before.fund === from && before.$.status === "standing", "purpose_kept", { fund: before.fund });
  tx.require(root.committed + amount <= root.budget, "over_budget", { committed: root.committed, budget: root.budget });
  tx.put(root, { committed: root.committed + amount, aside: root.aside + (before === undefined ? 1 : 0) });
  if (before === undefined) tx.create(allotments, { of, matter, fund: from, bank: root.bank, purpose, amount, ordered: 0n });
  else tx.put(before, { amount: before.amount + amount });
});

export interface Drawn {
  readonly order: string;
  readonly payee: Party;
  readonly amount: bigint;
  /** The payee's account, sealed: `account` of descriptors/payments.ts. */
  readonly account: Sealed;
  /** Who must still sign; none: what the calling contract decided releases it at once. */
  readonly keyholders?: readonly Party[];
  readonly evidence?: Uint8Array;
}
export const drawRules = [
  "funds.over_step",
  "funds.amount_given",
  "funds.payee_unknown",
  "funds.keyholders_named",
  "funds.fund_closed",
  "funds.stopped",
] as const;
/** Orders a payment from what was set aside for the matter. How it ends stands in `orders` under its key: `settled` and `paid`. */
export const draw = fund.procedure((tx, of: string, matter: string, it: Drawn): void => {
  const from = tx.get(allotments, of, matter);
  const root = opened(tx, from.fund);
  const { keyholders: holders = [], ...order } = it;
  tx.require(from.$.status === "standing" && from.ordered + it.amount <= from.amount, "over_step", {
    ordered: from.ordered,
    amount: from.amount,
  });
  tx.require(it.amount > 0n, "amount_given");
  tx.require(tx.known(it.payee), "payee_unknown", { party: it.payee });
  tx.require(new Set(holders).size === holders.length, "keyholders_named");
  tx.put(from, { ordered: from.ordered + it.amount });
  place(tx, root, { ...order, of, matter, keyholders: holders, chunks: 0 });
});

export const orderAnewRules = [
  "funds.not_returned",
  "funds.over_step",
  "funds.payee_unknown",
  "funds.fund_closed",
  "funds.stopped",
] as const;
/**
 * Orders anew, to another account, what came back whole: the same amount to the same payee for the same matter, also where it has ended. Nothing that was
 * stopped; nothing that was freed meanwhile.
 */
export const orderAnew = fund.procedure((tx, before: string, order: string, account: Sealed): void => {
  const it = moving(tx, tx.get(orders, before));
  const { of, matter, payee, amount, evidence, keyholders } = it;
  const root = opened(tx, it.fund);
  tx.require(it.$.status === "settled" && it.paid === 0n, "not_returned");
  const from = tx.get(allotments, of, matter);
  tx.require(from.ordered + amount <= from.amount, "over_step", { ordered: from.ordered, amount: from.amount });
  tx.require(tx.known(payee), "payee_unknown", { party: payee });
  tx.put(from, { ordered: from.ordered + amount });
  place(tx, root, { order, of, matter, payee, amount, account, keyholders, chunks: 0, ...(evidence === undefined ? {} : { evidence }) });
});

/** Frees what was set aside for the matter and not ordered; `end`: nothing new is ordered from it. May be called again when something came back. */
export const free = fund.procedure((tx, of: string, matter: string, end: boolean): void => {
  const it = tx.get(allotments, of, matter);
  const root = tx.get(funds, it.fund);
  const ends = end && it.$.status === "standing";
  tx.put(root, { committed: root.committed - (it.amount - it.ordered), aside: root.aside - (ends ? 1 : 0) });
  if (ends) tx.move(it, "ended", { amount: it.ordered });
  else tx.put(it, { amount: it.ordered });
});

export const repayRules = [
  "funds.amount_given",
  "funds.countable",
  "funds.reference_once",
  "funds.fund_closed",
  "funds.bank_serves",
] as const;
/** Money that came back to the fund (a repayment, a claw-back), as its bank confirms under a reference: the matter has it to order from again. */
export const repay = fund.procedure((tx, of: string, matter: string, amount: bigint, reference: string): void => {
  const it = tx.get(allotments, of, matter);
  const root = tx.get(funds, it.fund);
  tx.signed("bank", root.bank);
  tx.require(tx.holds("bank", root.bank), "bank_serves");
  tx.require(amount > 0n, "amount_given");
  tx.require(root.$.status === "open" && it.$.status === "standing", "fund_closed");
  tx.require(amount <= MAX_MONEY - root.budget, "countable");
  refer(tx, root, { reference, kind: "repayment", subject: matter, chunk: 0, amount });
  tx.put(root, { budget: root.budget + amount, committed: root.committed + amount });
  tx.put(it, { amount: it.amount + amount });
});
