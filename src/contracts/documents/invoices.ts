// Electronic invoices: issued, paid, passed on, claimed once, reversed once. Service 9. Owns figures, holders, claims, sellers' licences.
// Does not own: lines and names (sealed), payment itself, UBL (client/ubl.ts maps it to these arguments).

import {
  contract,
  count,
  each,
  id,
  list,
  money,
  object,
  oneOf,
  optional,
  party,
  record,
  sealed,
  signs,
  text,
  time,
} from "../engine/index.ts";
import type { Party, Row, Tx } from "../engine/index.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { Fold } from "../kit/folds.ts";

/** In the smallest unit of the currency. */
const figures = { net: money, tax: money, total: money };
const line = object({ text: text(500), quantity: text(40), net: money });
const lines = sealed({ lines: each(line, 100), note: optional(text(2_000)) });

export const invoices = record("invoice", {
  title: "An invoice or a red letter",
  key: ["seller", "number"],
  read: ["seller", "buyer", "holder", "tax_office"],
  find: ["buyer", "holder", "status"],
  fields: {
    seller: party,
    number: id,
    buyer: party,
    holder: party,
    issued: time,
    currency: text(3, 3),
    ...figures,
    lines,
    payment: optional(id),
    reverses: optional(id),
  },
  states: { issued: ["reversed"], reversed: [] },
});
export const claims = record("claim", {
  title: "The one reimbursement claim of an invoice",
  key: ["seller", "number"],
  read: ["claimant", "employer", "tax_office"],
  find: ["claimant", "employer", "status"],
  fields: { seller: party, number: id, claimant: party, employer: party, purpose: id, mended: count, ground: optional(id) },
  states: { submitted: ["reimbursed", "refused"], refused: ["submitted"], reimbursed: [] },
});
export const licences = record("licence", {
  title: "A seller's licence to issue",
  key: ["seller"],
  read: "public",
  find: ["status"],
  fields: { seller: party },
  states: { live: ["withdrawn"], withdrawn: ["live"] },
});

const invoice = contract("invoices", {
  title: "Electronic invoices",
  purpose: "Totals hold, an invoice is claimed once ever, and what was wrong is reversed, not overwritten.",
  sector: "tax",
  records: [invoices, claims, licences],
  roles: { tax_office: "Licenses sellers, and reads every invoice", seller: "An agency that issues invoices" },
  rules: {
    seller_licensed: "An invoice is issued by who has the role or a licence.",
    totals_hold: "Total equals net plus tax.",
    dated_ahead: "No invoice is dated after the moment it is issued.",
    paid_once: "An invoice is linked to one payment.",
    reversed: "A reversed invoice, or a red letter, is not paid, passed on, claimed or reversed.",
    claimed: "An invoice under claim, or once claimed, is not passed on; it is reversed only if the claim was refused.",
    claimed_once: "An invoice is claimed once, ever; a refused claim is mended, not made anew.",
    not_refused: "A claim is mended after its refusal.",
    mirrors: "A red letter repeats the figures of the invoice that it reverses.",
  },
});

export const license = invoice.action({
  title: "License a seller, or withdraw the licence",
  by: "tax_office",
  input: { seller: party, to: oneOf("live", "withdrawn") },
  example: { seller: "c:acme", to: "live" },
  run(tx, { seller, to }) {
    const it = tx.find(licences, seller);
    if (it === undefined && to === "live") tx.create(licences, { seller });
    else tx.move(it ?? tx.get(licences, seller), to);
  },
});

const sums = { net: 10_000n, tax: 1_900n, total: 11_900n };
const entry = { number: id, buyer: party, issued: time, currency: text(3, 3), ...figures, lines };
export const issue = invoice.action({
  title: "Issue up to 100 invoices",
  by: { seller: signs("the seller") },
  input: { seller: party, invoices: list(object(entry), 100, 1) },
  rules: ["seller_licensed", "totals_hold", "dated_ahead"],
  work: 600,
  example: {
    seller: "c:acme",
    invoices: [{ number: "2027-1", buyer: "p:ann", issued: monday, currency: "EUR", ...sums, lines: aSeal(102) }],
  },
  run(tx, { seller, invoices: batch }) {
    tx.signed("seller", seller);
    tx.require(tx.holds("seller", seller) || tx.find(licences, seller)?.$.status === "live", "seller_licensed");
    tx.createEach(invoices, batch, (it) => {
      sound(tx, it);
      return { ...it, seller, holder: it.buyer };
    });
  },
});

const one = { seller: party, number: id };
const example = { seller: "c:acme", number: "2027-1" };
export const pay = invoice.action({
  title: "Link an invoice to its payment",
  by: { holder: signs("who holds it") },
  input: { ...one, payment: id },
  rules: ["paid_once", "reversed"],
  example: { ...example, payment: "card-77" },
  run(tx, { seller, number, payment }) {
    const it = live(tx, seller, number);
    tx.signed("holder", it.holder);
    tx.require(it.payment === undefined, "paid_once", { payment: it.payment });
    tx.put(it, { payment });
  },
});

export const transfer = invoice.action({
  title: "Pass an invoice on",
  by: { holder: signs("who holds it"), to: signs("who will hold it") },
  input: { ...one, to: party },
  rules: ["reversed", "claimed"],
  example: { ...example, to: "p:bob" },
  run(tx, { seller, number, to }) {
    const it = live(tx, seller, number);
    tx.signed("holder", it.holder);
    tx.signed("to", to);
    tx.require(tx.find(claims, seller, number) === undefined, "claimed");
    tx.put(it, { holder: to });
  },
});

export const claim = invoice.action({
  title: "Claim reimbursement",
  by: { holder: signs("who holds it") },
  input: { ...one, employer: party, purpose: id },
  rules: ["claimed_once", "reversed"],
  example: { ...example, employer: "tax", purpose: "travel" },
  run(tx, { seller, number, employer, purpose }) {
    const it = live(tx, seller, number);
    tx.signed("holder", it.holder);
    tx.require(tx.find(claims, seller, number) === undefined, "claimed_once");
    tx.create(claims, { seller, number, claimant: it.holder, employer, purpose, mended: 0 });
  },
});

export const mend = invoice.action({
  title: "Mend a refused claim: it is submitted again",
  by: { claimant: signs("who claimed") },
  input: { ...one, purpose: id },
  rules: ["not_refused", "reversed"],
  example: { ...example, purpose: "training" },
  run(tx, { seller, number, purpose }) {
    live(tx, seller, number);
    const it = tx.get(claims, seller, number);
    tx.signed("claimant", it.claimant);
    tx.require(it.$.status === "refused", "not_refused", { status: it.$.status });
    tx.move(it, "submitted", { purpose, mended: it.mended + 1, ground: undefined });
  },
});

export const decide = invoice.action({
  title: "Reimburse a claim, or refuse it and say on what ground",
  by: { employer: signs("the employer") },
  input: { ...one, decision: oneOf("reimbursed", "refused"), ground: optional(id) },
  example: { ...example, decision: "refused", ground: "private" },
  run(tx, { seller, number, decision, ground }) {
    const it = tx.get(claims, seller, number);
    tx.signed("employer", it.employer);
    tx.move(it, decision, { ground });
  },
});

export const redLetter = invoice.action({
  title: "Reverse an invoice by a red letter",
  by: { seller: signs("the seller"), holder: signs("who holds the invoice and gives it back") },
  input: { ...one, red: id, issued: time, ...figures, lines },
  rules: ["reversed", "claimed", "mirrors", "dated_ahead"],
  example: { ...example, red: "2027-1-r", issued: monday, ...sums, lines: aSeal(102) },
  run(tx, { seller, number, red, ...given }) {
    const it = live(tx, seller, number);
    tx.signed("seller", seller);
    tx.signed("holder", it.holder);
    tx.require((tx.find(claims, seller, number)?.$.status ?? "refused") === "refused", "claimed");
    tx.require(given.net === it.net && given.tax === it.tax && given.total === it.total, "mirrors");
    tx.require(given.issued <= tx.time, "dated_ahead");
    const { buyer, holder, currency } = it;
    tx.move(it, "reversed");
    tx.create(invoices, { ...given, seller, number: red, buyer, holder, currency, reverses: number });
  },
});

/** An invoice that stands: neither reversed nor itself a red letter. */
function live(tx: Tx<"reversed">, seller: Party, number: string): Row<typeof invoices> {
  const it = tx.get(invoices, seller, number);
  tx.require(it.$.status === "issued" && it.reverses === undefined, "reversed");
  return it;
}
function sound(
  tx: Tx<"totals_hold" | "dated_ahead">,
  it: { number: string; issued: number; net: bigint; tax: bigint; total: bigint },
): void {
  tx.require(it.net + it.tax === it.total, "totals_hold", { number: it.number });
  tx.require(it.issued <= tx.time, "dated_ahead", { number: it.number });
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const totals = invoice.audit({
  title: "Totals hold, and every red letter mirrors the one invoice that it reversed",
  run(audit) {
    const reversed = new Fold();
    const red = new Fold();
    const all = { invoices: 0, redLetters: 0 };
    audit.each(invoices, ({ $, seller, number, net, tax, total, reverses }) => {
      audit.require(net + tax === total, "its total is not net and tax", { net, tax, total });
      if (reverses === undefined) all.invoices++;
      else {
        all.redLetters++;
        red.add(seller, reverses, net, tax, total);
        audit.require($.status === "issued", "a red letter was reversed");
      }
      if ($.status === "reversed") reversed.add(seller, number, net, tax, total);
    });
    audit.end(() => {
      audit.figure("invoices", all.invoices);
      audit.figure("red letters", all.redLetters);
      audit.require(reversed.equals(red), "red letters and reversed invoices differ");
    });
  },
});
export default invoice;
