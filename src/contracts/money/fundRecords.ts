// The records of purpose-bound money and the rules they stand under. Services 18, 19, 22, the payments of 20, 23 and 24. Owns what a fund, a contract of its
// tree, a step, an order and its payments are. Does not own: who may do what with them (funds.ts, fundOrders.ts, fundGifts.ts), what an auditor recomputes
// (fundAudits.ts). Persons are named by the pseudonyms of the contract that orders: funds has no sector of its own.

import { account, MAX_WAGES, wages } from "../descriptors/payments.ts";
import { agency, contract, count, flag, hash, id, list, money, oneOf, optional, party, range } from "../engine/index.ts";
import { record, type Row, text, type Tx } from "../engine/index.ts";

/** Who signs the orders of a fund or step, each of them. */
export const keyholders = list(party, 8);
/** Courts and auditors whose stop stands. */
const stops = list(agency, 8);
/** Most contracts above a contract: a stop of any of them holds for it. */
export const MOST_ABOVE = 7;
/** Authorities see all. A bank sees what is its own: `bank` is a field of the rows. */
const overseers = ["supervisor", "auditor", "court"];

export const references = record("reference", {
  title: "A bank's reference: it books one movement of money, once",
  key: ["bank", "reference"],
  read: ["bank", ...overseers],
  find: ["subject"],
  fields: {
    bank: agency,
    reference: text(35, 1),
    fund: id,
    kind: oneOf("paid", "returned", "gift", "repayment"),
    subject: id,
    chunk: count,
    amount: money,
  },
});
export const payments = record("payment", {
  title: "What a bank pays at once: an order, or up to 256 wages of it; and what the bank has confirmed of it",
  key: ["order", "chunk"],
  read: ["payee", "owner", "bank", ...overseers],
  find: ["reference", "fund", "status"],
  fields: {
    ...{ order: id, chunk: count, fund: id, payee: party, owner: party, bank: agency },
    /** Names the payment at the bank: 30 hex digits from the network, the order and the chunk. */
    reference: id,
    total: money,
    count: range(1, MAX_WAGES),
    wages: optional(wages),
    confirmed: money,
    /** Of what went out: what came back and has not gone out again; what of that was given up, so that the rest of the list is all of it. */
    ...{ back: money, given_up: money },
    /** The bank moved the right sum, but by other lines than ordered. */
    differs: flag,
  },
  states: { due: ["paid", "open", "returned"], open: ["paid", "returned"], paid: ["open", "returned"], returned: [] },
});
export const orders = record("order", {
  title: "A payment order: who must sign it, who has, what of it was paid",
  key: ["order"],
  read: ["payee", "keyholders", "owner", "bank", ...overseers],
  find: ["fund", "payee", "matter", "status"],
  fields: {
    ...{ order: id, fund: id, owner: party, bank: agency },
    /** The contract that the matter belongs to: funds itself, where it is a contract and step of the tree. */
    of: id,
    matter: id,
    step: optional(id),
    payee: party,
    amount: money,
    account: optional(account),
    evidence: optional(hash),
    keyholders: list(party, 16),
    signed: list(party, 16),
    /** Wage lists announced and listed, and their sum. Without wages: none. */
    chunks: count,
    listed: count,
    sum: money,
    paid: money,
    returned: money,
    ground: optional(id),
    stops,
  },
  states: { asked: ["released", "refused", "withdrawn"], released: ["settled"], settled: ["released"], refused: [], withdrawn: [] },
});
export const steps = record("step", {
  title: "A step of a contract: what it is worth, who signs its orders beside the fund's key-holders",
  key: ["engagement", "step"],
  read: ["payer", "payee", "keyholders", ...overseers],
  fields: { engagement: id, step: id, payer: party, payee: party, amount: money, keyholders, ordered: money },
});
export const engagements = record("engagement", {
  title: "A contract of the tree: what of it went to contracts below it, to its own steps, to orders",
  key: ["engagement"],
  read: ["payer", "payee", "owner", "bank", ...overseers],
  find: ["fund", "parent", "payer", "payee"],
  fields: {
    ...{ engagement: id, fund: id, owner: party, bank: agency, parent: optional(id) },
    /** All contracts above it, the nearest first. */
    above: list(id, MOST_ABOVE),
    payer: party,
    payee: party,
    purpose: id,
    amount: money,
    committed: money,
    planned: money,
    ordered: money,
    ground: optional(id),
    stops,
  },
  states: { in_force: ["ended"], ended: [] },
});
export const allotments = record("allotment", {
  title: "What of a fund is set aside for a matter of another contract, which orders from it",
  key: ["of", "matter"],
  read: ["bank", ...overseers],
  find: ["fund"],
  fields: { of: id, matter: id, fund: id, bank: agency, purpose: id, amount: money, ordered: money },
  states: { standing: ["ended"], ended: [] },
});
export const gifts = record("gift", {
  title: "A gift to a campaign",
  key: ["fund", "gift"],
  read: ["donor", "owner", "bank", ...overseers],
  find: ["donor", "status"],
  unique: ["receipt"],
  fields: { fund: id, gift: id, donor: party, owner: party, bank: agency, amount: money, receipt: optional(hash) },
  states: { pledged: ["received"], received: ["receipted"], receipted: [] },
});
export const reports = record("report", {
  title: "A report on a fund, whose figures are the chain's",
  key: ["fund", "report"],
  read: "public",
  fields: { fund: id, report: id, budget: money, committed: money, paid: money, document: hash },
});
export const funds = record("fund", {
  title: "A fund, bound to its purpose. A campaign's budget is what it was given",
  key: ["fund"],
  read: "public",
  find: ["owner", "supervisor", "bank"],
  fields: {
    fund: id,
    kind: oneOf("project", "campaign"),
    ...{ owner: party, supervisor: agency, bank: agency },
    purpose: id,
    currency: text(3, 3),
    account,
    keyholders,
    budget: money,
    /** Contracts directly below it, and what is set aside. */
    ...{ committed: money, paid: money },
    /** Matters that money is set aside for; gifts that came and have no receipt yet. */
    ...{ aside: count, unreceipted: count },
    stops,
  },
  states: { open: ["closed"], closed: ["open"] },
});

export const fund = contract("funds", {
  title: "Funds and payments",
  purpose: "Public and project money reaches whom it is meant for, for its purpose, once, and is never more than there is.",
  records: [references, payments, orders, steps, engagements, allotments, gifts, reports, funds],
  roles: {
    supervisor: "Opens and closes funds",
    bank: "Holds a fund's money, and confirms what it moved",
    court: "Stops what it must",
    auditor: "Stops what it must",
  },
  rules: {
    supervisor_apart: "Who supervises a fund is not its owner.",
    still_serves:
      "Another takes the place of a fund's owner, supervisor or bank where that one has left or holds the role no more, and nowhere else.",
    keyholders_named: "A fund has one key-holder or more; each is named once.",
    over_budget: "What is below a fund or a contract never sums to more than it.",
    over_step: "The orders of a step, or from what was set aside, never sum to more than it.",
    countable: "No sum of money is ever too large to be counted.",
    amount_given: "A contract, an order, a wage list or a gift is of more than nothing.",
    purpose_kept: "Money is spent on the purpose of its fund.",
    fund_closed: "A closed fund takes no money, contract or order.",
    too_deep: "A contract has seven contracts above it at most.",
    contract_ended: "A contract that has ended takes no contract, step or order.",
    payee_unknown: "Money goes to who is registered and in good standing.",
    one_destination: "An order is paid to one account, or by wage lists.",
    lists_closed: "Wages are listed while their order is asked for and nobody has signed it.",
    wages_total: "An order is signed when its wage lists are complete and total it.",
    keyholder_only: "An order is signed by its key-holders, each once; with the last it is released.",
    stopped: "What a court or an auditor has stopped, and what is below it, is not agreed, asked for, listed or signed until they lift it.",
    stop_stands: "Who stops something stops it once, and lifts only its own stop.",
    reference_once: "A bank's reference books one movement of money.",
    not_released: "A payment is booked after its order was released.",
    not_paid: "No more comes back than was paid.",
    not_short: "Of a wage list that is given up which came back, while all else of it is paid as it was ordered.",
    not_returned: "A payment is ordered anew if all of it came back.",
    bank_serves: "What came back is confirmed by the fund's bank while it holds the role.",
    gifts_only: "Gifts make the budget of a campaign, and of nothing else.",
    report_true: "A report states what was given, committed and paid as the records say it.",
    not_settled:
      "A fund is closed when all that was committed is paid and nothing is set aside any more; a campaign, when its gifts are all spent and receipted.",
  },
  flags: {
    open_item: "The bank confirmed another amount, or by other lines, than was ordered: an open item.",
    paid_while_stopped: "The bank paid what was stopped.",
    gift_differs: "The gift that came is not the gift that was pledged.",
  },
});

// ── words of these files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export type Fund = Row<typeof funds>;
export type Engagement = Row<typeof engagements>;
export type Order = Row<typeof orders>;

/** Nobody has stopped it. */
export function moving<T extends { readonly stops: readonly string[] }>(tx: Tx<"stopped">, it: T): T {
  tx.require(it.stops.length === 0, "stopped", { by: it.stops });
  return it;
}
/** The fund, open and not stopped. */
export function opened(tx: Tx<"fund_closed" | "stopped">, key: string): Fund {
  const it = moving(tx, tx.get(funds, key));
  tx.require(it.$.status === "open", "fund_closed");
  return it;
}
/** The contract, if nobody has stopped it or one above it. */
export function unstopped(tx: Tx<"stopped">, key: string): Engagement {
  const it = moving(tx, tx.get(engagements, key));
  for (const one of it.above) moving(tx, tx.get(engagements, one));
  return it;
}
/** The contract, in force and not stopped. */
export function inForce(tx: Tx<"contract_ended" | "stopped">, key: string): Engagement {
  const it = unstopped(tx, key);
  tx.require(it.$.status === "in_force", "contract_ended");
  return it;
}
/** `of` of orders of the tree itself. */
export const TREE = "funds";
export function distinct(tx: Tx<"keyholders_named">, holders: readonly string[], least: number): void {
  tx.require(holders.length >= least && new Set(holders).size === holders.length, "keyholders_named");
}
