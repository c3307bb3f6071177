// The records of electronic invoices and the rules they stand under. Service 9. Owns what an invoice, a payment's name, a claim and a licence are. Does not own:
// who may do what with them (invoices.ts), what an auditor recomputes (invoiceAudits.ts).

import { contract, count, each, flag, id, money, object, optional, party, record, type Row, sealed, text, time } from "../engine/index.ts";

/** In the smallest unit of the currency. */
export const figures = { net: money, tax: money, total: money };
const line = object({ text: text(500), quantity: text(40), net: money });
export const lines = sealed({ lines: each(line, 100), note: optional(text(2_000)) });

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
    /** Who paid it, and what he names the payment. */
    payer: optional(party),
    payment: optional(id),
    /** It stays with who claimed it, whatever became of the claim. */
    claimed: flag,
    reverses: optional(id),
    /** Of a red letter that the tax office signed in its holder's stead. */
    ground: optional(id),
  },
  states: { issued: ["reversed"], reversed: [] },
});
export const payments = record("payment", {
  title: "What a payer names a payment, and the one invoice that it pays",
  key: ["payer", "payment"],
  read: ["payer", "seller", "tax_office"],
  fields: { payer: party, payment: id, seller: party, number: id },
  states: { linked: ["undone"], undone: ["linked"] },
});
export const claims = record("claim", {
  title: "The one reimbursement claim of an invoice",
  key: ["seller", "number"],
  read: ["claimant", "employer", "tax_office"],
  find: ["claimant", "employer", "status"],
  fields: { seller: party, number: id, claimant: party, employer: party, purpose: id, mended: count, ground: optional(id) },
  states: {
    ...{ submitted: ["reimbursed", "refused", "withdrawn"], refused: ["submitted"], withdrawn: ["submitted"] },
    reimbursed: [],
  },
});
export const licences = record("licence", {
  title: "A seller's licence to issue",
  key: ["seller"],
  read: "public",
  find: ["status"],
  fields: { seller: party },
  states: { live: ["withdrawn"], withdrawn: ["live"] },
});

export const invoice = contract("invoices", {
  title: "Electronic invoices",
  purpose: "Totals hold, an invoice is claimed once ever, and what was wrong is reversed, not overwritten.",
  sector: "tax",
  records: [invoices, payments, claims, licences],
  roles: {
    tax_office: "Licenses sellers, reads every invoice, and signs for who is no more",
    seller: "An agency that issues invoices",
  },
  rules: {
    seller_licensed: "An invoice is issued by who has the role or a licence.",
    totals_hold: "Total equals net plus tax.",
    dated_ahead: "No invoice is dated after the moment it is issued.",
    buyer_unknown: "An invoice is issued to somebody who is registered and in good standing.",
    currency_named: "A currency is named by three capital letters.",
    paid_once: "An invoice is linked to one payment, and what a payer names one payment to one invoice.",
    not_paid: "A link is undone of an invoice that has one.",
    reversed: "A reversed invoice, or a red letter, is not paid, passed on, claimed or reversed.",
    claimed:
      "An invoice under claim, or once claimed, is not passed on; it is reversed, or its payment undone, only if the claim was refused or withdrawn.",
    claimed_once: "An invoice is claimed once, ever; a refused or withdrawn claim is mended, not made anew.",
    own_claim: "Nobody claims from himself.",
    employer_unknown: "A claim is made from somebody who is registered and in good standing.",
    not_refused: "A claim is mended after it was refused or withdrawn.",
    ground_given: "A refusal names its ground.",
    in_stead: "Who is in good standing signs himself; for who is not, a tax office signs on a ground, in nothing that is its own.",
    mirrors: "A red letter repeats the figures of the invoice that it reverses.",
  },
});
export type Invoice = Row<typeof invoices>;
export type Claim = Row<typeof claims>;
/** It was made and does not stand. */
export const dropped = ({ $ }: Claim): boolean => $.status === "refused" || $.status === "withdrawn";
