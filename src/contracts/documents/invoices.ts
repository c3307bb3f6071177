// Electronic invoices: issued, paid, passed on, claimed once, reversed once. Service 9. Owns these acts. Does not own: records and rules (invoiceRecords.ts), lines
// and names (sealed), payment itself, UBL (client/ubl.ts maps it to these arguments).

import { agency, id, list, object, oneOf, optional, type Party, party, signs, text, time, type Tx } from "../engine/index.ts";
import { namesCurrency } from "../kit/currency.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { claims, dropped, figures, type Invoice, invoice, invoices, licences, lines, payments } from "./invoiceRecords.ts";

export { claimedOnce, paidOnce, totals } from "./invoiceAudits.ts";
export { claims, invoices, licences, payments } from "./invoiceRecords.ts";

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
  rules: ["seller_licensed", "totals_hold", "dated_ahead", "buyer_unknown", "currency_named"],
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
      tx.require(tx.known(it.buyer), "buyer_unknown", { number: it.number });
      tx.require(namesCurrency(it.currency), "currency_named", { number: it.number });
      return { ...it, seller, holder: it.buyer, claimed: false };
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
    const payer = it.holder;
    tx.signed("holder", payer);
    const named = tx.find(payments, payer, payment);
    tx.require(it.payment === undefined && named?.$.status !== "linked", "paid_once", { payment: it.payment });
    if (named === undefined) tx.create(payments, { payer, payment, seller, number });
    else tx.move(named, "linked", { seller, number });
    tx.put(it, { payer, payment });
  },
});

export const undoPayment = invoice.action({
  title: "Undo an invoice's link to a payment, which was named wrongly",
  by: { seller: signs("the seller"), payer: signs("who paid it"), holder: signs("who holds it") },
  input: one,
  rules: ["not_paid", "reversed", "claimed"],
  example,
  run(tx, { seller, number }) {
    const it = live(tx, seller, number);
    const { payer, payment } = it;
    if (payer === undefined || payment === undefined) return tx.reject("not_paid");
    for (const [slot, who] of [["seller", seller] as const, ["payer", payer] as const, ["holder", it.holder] as const])
      tx.signed(slot, who);
    unclaimed(tx, it);
    tx.move(tx.get(payments, payer, payment), "undone");
    tx.put(it, { payer: undefined, payment: undefined });
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
    tx.require(!it.claimed, "claimed");
    tx.put(it, { holder: to });
  },
});

export const claim = invoice.action({
  title: "Claim reimbursement",
  by: { holder: signs("who holds it") },
  input: { ...one, employer: party, purpose: id },
  rules: ["claimed_once", "reversed", "own_claim", "employer_unknown"],
  example: { ...example, employer: "tax", purpose: "travel" },
  run(tx, { seller, number, employer, purpose }) {
    const it = live(tx, seller, number);
    const claimant = it.holder;
    tx.signed("holder", claimant);
    tx.require(!it.claimed, "claimed_once");
    asked(tx, claimant, employer);
    tx.put(it, { claimed: true });
    tx.create(claims, { seller, number, claimant, employer, purpose, mended: 0 });
  },
});

export const mend = invoice.action({
  title: "Mend a claim that was refused or withdrawn: it is submitted again",
  by: { claimant: signs("who claimed") },
  input: { ...one, employer: party, purpose: id },
  rules: ["not_refused", "reversed", "own_claim", "employer_unknown"],
  example: { ...example, employer: "tax", purpose: "training" },
  run(tx, { seller, number, employer, purpose }) {
    live(tx, seller, number);
    const it = tx.get(claims, seller, number);
    tx.signed("claimant", it.claimant);
    tx.require(dropped(it), "not_refused", { status: it.$.status });
    asked(tx, it.claimant, employer);
    tx.move(it, "submitted", { employer, purpose, mended: it.mended + 1, ground: undefined });
  },
});

/** The tax office that signs for who cannot any more, and why. */
const stead = optional(object({ office: agency, ground: id }));
export const withdraw = invoice.action({
  title: "Withdraw a claim that is not decided",
  by: { claimant: signs("who claimed; the tax office named, if he is no more in good standing") },
  input: { ...one, stead },
  rules: ["in_stead"],
  example,
  run(tx, { seller, number, stead: instead }) {
    const it = tx.get(claims, seller, number);
    signedFor(tx, "claimant", it.claimant, instead, [seller, it.employer]);
    tx.move(it, "withdrawn", { ground: instead?.ground });
  },
});

export const decide = invoice.action({
  title: "Reimburse a claim, or refuse it on a ground",
  by: { employer: signs("the employer") },
  input: { ...one, decision: oneOf("reimbursed", "refused"), ground: optional(id) },
  rules: ["ground_given"],
  example: { ...example, decision: "refused", ground: "private" },
  run(tx, { seller, number, decision, ground }) {
    const it = tx.get(claims, seller, number);
    tx.signed("employer", it.employer);
    tx.require(decision === "reimbursed" || ground !== undefined, "ground_given");
    tx.move(it, decision, { ground });
  },
});

export const redLetter = invoice.action({
  title: "Reverse an invoice by a red letter",
  by: {
    seller: signs("the seller"),
    holder: signs("who holds the invoice and gives it back; the tax office named, if he is no more in good standing"),
  },
  input: { ...one, red: id, issued: time, ...figures, lines, stead },
  rules: ["reversed", "claimed", "mirrors", "dated_ahead", "in_stead"],
  example: { ...example, red: "2027-1-r", issued: monday, ...sums, lines: aSeal(102) },
  run(tx, { seller, number, red, stead: instead, ...given }) {
    const it = live(tx, seller, number);
    tx.signed("seller", seller);
    signedFor(tx, "holder", it.holder, instead, [seller]);
    unclaimed(tx, it);
    tx.require(given.net === it.net && given.tax === it.tax && given.total === it.total, "mirrors");
    tx.require(given.issued <= tx.time, "dated_ahead");
    const { buyer, holder, currency } = it;
    tx.move(it, "reversed");
    const letter = { seller, number: red, buyer, holder, currency, claimed: false, reverses: number, ground: instead?.ground };
    tx.create(invoices, { ...given, ...letter });
  },
});

/** An invoice that stands: neither reversed nor itself a red letter. */
function live(tx: Tx<"reversed">, seller: Party, number: string): Invoice {
  const it = tx.get(invoices, seller, number);
  tx.require(it.$.status === "issued" && it.reverses === undefined, "reversed");
  return it;
}
/** No claim of it stands. */
function unclaimed(tx: Tx<"claimed">, { seller, number, claimed }: Invoice): void {
  tx.require(!claimed || dropped(tx.get(claims, seller, number)), "claimed");
}
/** Somebody else, who can decide. */
function asked(tx: Tx<"own_claim" | "employer_unknown">, claimant: Party, employer: Party): void {
  tx.require(employer !== claimant, "own_claim");
  tx.require(tx.known(employer), "employer_unknown");
}
/** Who is meant signs; for who is not in good standing any more, a tax office that has no part in it. */
function signedFor(
  tx: Tx<"in_stead", "tax_office">,
  slot: string,
  who: Party,
  instead: { readonly office: string } | undefined,
  parts: readonly Party[],
): void {
  if (instead === undefined) return tx.signed(slot, who);
  const { office } = instead;
  tx.require(!tx.known(who) && !parts.includes(office), "in_stead");
  tx.signed(slot, office, "in_stead");
  tx.require(tx.holds("tax_office", office), "in_stead");
}
function sound(
  tx: Tx<"totals_hold" | "dated_ahead">,
  it: { number: string; issued: number; net: bigint; tax: bigint; total: bigint },
): void {
  tx.require(it.net + it.tax === it.total, "totals_hold", { number: it.number });
  tx.require(it.issued <= tx.time, "dated_ahead", { number: it.number });
}
export default invoice;
