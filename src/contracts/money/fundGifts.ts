// Gifts to campaigns, and reports on funds. Service 22. Owns these acts. Does not own: what is done with gifts – contracts, steps and orders below the campaign,
// as below any fund, so that outlays never exceed gifts.

import { hash, id, MAX_MONEY, money, party, signs, text } from "../engine/index.ts";
import { aHash } from "../kit/examples.ts";
import { fund, funds, gifts, opened, reports } from "./fundRecords.ts";
import { refer } from "./fundOrders.ts";

export const give = fund.action({
  title: "Pledge a gift to a campaign",
  by: { donor: signs("the donor") },
  input: { fund: id, gift: id, donor: party, amount: money },
  rules: ["gifts_only", "amount_given", "fund_closed", "stopped"],
  example: { fund: "flood-2027", gift: "g-1", donor: "p:ann", amount: 50_00n },
  run(tx, it) {
    tx.signed("donor", it.donor);
    const { kind, owner, bank } = opened(tx, it.fund);
    tx.require(kind === "campaign", "gifts_only");
    tx.require(it.amount > 0n, "amount_given");
    tx.create(gifts, { ...it, owner, bank });
  },
});

export const receiveGift = fund.action({
  title: "Confirm that a gift has come, under the bank's reference: the campaign has it to spend",
  by: { bank: { role: "bank", is: (a, tx) => tx.get(funds, a.fund).bank } },
  input: { fund: id, gift: id, amount: money, reference: text(35, 1) },
  rules: ["amount_given", "countable", "reference_once", "fund_closed"],
  example: { fund: "flood-2027", gift: "g-1", amount: 50_00n, reference: "BK-2027-01-04-0031" },
  run(tx, { fund: key, gift, amount, reference }) {
    const root = tx.get(funds, key);
    tx.require(root.$.status === "open", "fund_closed");
    tx.require(amount > 0n, "amount_given");
    tx.require(amount <= MAX_MONEY - root.budget, "countable");
    const it = tx.get(gifts, key, gift);
    refer(tx, root, { reference, kind: "gift", subject: gift, chunk: 0, amount });
    if (amount !== it.amount) tx.flag("gift_differs");
    tx.move(it, "received", { amount });
    tx.put(root, { budget: root.budget + amount, unreceipted: root.unreceipted + 1 });
  },
});

export const acknowledge = fund.action({
  title: "Give the one receipt of a gift: its hash",
  by: { owner: signs("the campaign's owner") },
  input: { fund: id, gift: id, receipt: hash },
  example: { fund: "flood-2027", gift: "g-1", receipt: aHash },
  run(tx, { fund: key, gift, receipt }) {
    const root = tx.get(funds, key);
    tx.signed("owner", root.owner);
    tx.move(tx.get(gifts, key, gift), "receipted", { receipt });
    tx.put(root, { unreceipted: root.unreceipted - 1 });
  },
});

export const report = fund.action({
  title: "Report on a fund: the figures are the chain's, the document's hash stands for its words",
  by: { owner: signs("the fund's owner") },
  input: { fund: id, report: id, budget: money, committed: money, paid: money, document: hash },
  rules: ["report_true"],
  example: { fund: "flood-2027", report: "2027-q1", budget: 50_00n, committed: 40_00n, paid: 0n, document: aHash },
  run(tx, it) {
    const { owner, budget, committed, paid } = tx.get(funds, it.fund);
    tx.signed("owner", owner);
    tx.require(it.budget === budget && it.committed === committed && it.paid === paid, "report_true", { budget, committed, paid });
    tx.create(reports, it);
  },
});
