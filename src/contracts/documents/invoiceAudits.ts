// What an auditor of invoices recomputes from the rows alone: totals and red letters, claims, payments. Owns these audits. Does not own: the acts (invoices.ts), the
// records (invoiceRecords.ts).

import { Fold } from "../kit/folds.ts";
import { claims, dropped, invoice, invoices, payments } from "./invoiceRecords.ts";

export const totals = invoice.audit({
  title: "Totals hold, and every red letter mirrors the one invoice that it reversed",
  run(audit) {
    const reversed = new Fold();
    const red = new Fold();
    const all = { invoices: 0, redLetters: 0 };
    audit.each(invoices, ({ $, seller, number, buyer, holder, currency, net, tax, total, reverses, claimed, payment }) => {
      audit.require(net + tax === total, "its total is not net and tax", { net, tax, total });
      const mirrored = [buyer, holder, currency, net, tax, total];
      if (reverses === undefined) all.invoices++;
      else {
        all.redLetters++;
        red.add(seller, reverses, ...mirrored);
        audit.require($.status === "issued" && !claimed && payment === undefined, "a red letter was reversed, claimed or paid");
      }
      if ($.status === "reversed") reversed.add(seller, number, ...mirrored);
    });
    audit.end(() => {
      audit.figure("invoices", all.invoices);
      audit.figure("red letters", all.redLetters);
      audit.require(reversed.equals(red), "red letters and reversed invoices differ");
    });
  },
});

export const claimedOnce = invoice.audit({
  title:
    "Every claim is of who holds its invoice, from somebody else, refused on a ground; nothing that was reversed is reimbursed or under claim",
  run(audit) {
    const marked = new Fold();
    const made = new Fold();
    /** Few: an invoice is seldom reversed after a claim was refused. */
    const reversed = new Set<string>();
    audit.each(invoices, ({ $, seller, number, holder, claimed }) => {
      if (!claimed) return;
      marked.add(seller, number, holder);
      if ($.status === "reversed") reversed.add(`${seller} ${number}`);
    });
    audit.each(claims, (it) => {
      made.add(it.seller, it.number, it.claimant);
      audit.require(it.claimant !== it.employer, "somebody claims from himself");
      audit.require(it.$.status !== "refused" || it.ground !== undefined, "a refusal without a ground");
      audit.require(dropped(it) || !reversed.has(`${it.seller} ${it.number}`), "a claim of a reversed invoice stands");
    });
    audit.end(() => {
      audit.figure("claims", made.count);
      audit.require(marked.equals(made), "claims are not of who holds the invoices that were claimed");
    });
  },
});

export const paidOnce = invoice.audit({
  title: "Every payment that is linked pays one invoice, and every invoice that is paid names it",
  run(audit) {
    const paid = new Fold();
    const linked = new Fold();
    audit.each(invoices, ({ seller, number, payer, payment }) => {
      if (payment !== undefined || payer !== undefined) paid.add(seller, number, payer ?? null, payment ?? null);
    });
    audit.each(payments, ({ $, seller, number, payer, payment }) => {
      if ($.status === "linked") linked.add(seller, number, payer, payment);
    });
    audit.end(() => {
      audit.figure("payments", linked.count);
      audit.require(paid.equals(linked), "payments and paid invoices differ");
    });
  },
});
