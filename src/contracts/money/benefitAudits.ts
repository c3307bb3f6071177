// What an auditor recomputes of benefits: amounts by the tariffs, totals, orders, the times that run. Owns these audits. Does not own: how rows come in
// (engine/audit.ts).

import type { Row } from "../engine/index.ts";
import { assess } from "../kit/rates.ts";
import { BENEFITS, benefits, cases, schemes, tariffs } from "./benefitRecords.ts";
import { orders, references } from "./funds.ts";

const unagreed: readonly string[] = ["measured", "withdrawn", "refused"];
export const amounts = benefits.audit({
  title: "Every agreed amount is what the version of the tariff that it cites gives for the facts",
  run(audit) {
    const tables = new Map<string, Row<typeof tariffs>>();
    let agreed = 0;
    audit.each(tariffs, (it) => void tables.set(`${it.scheme} ${it.version}`, it));
    audit.each(cases, ({ $, scheme, version, amount, facts: given }) => {
      if (version === undefined) return audit.require(unagreed.includes($.status), "nothing was agreed");
      if (unagreed.includes($.status)) return; // measured anew, the facts may be others
      const table = tables.get(`${scheme} ${version}`);
      agreed++;
      audit.require(table !== undefined && assess(table, given) === amount, "the amount is not the tariff's", { version, amount });
    });
    audit.end(() => audit.figure("cases agreed", agreed));
  },
});

interface Totals {
  cases: number;
  granted: bigint;
  owed: bigint;
  held: number;
}
export const totals = benefits.audit({
  title: "The public totals of every scheme are the sums of its cases; each case approved has its order, to its holder, for its amount",
  run(audit) {
    const sums = new Map<string, Totals>();
    const repaidTo = new Map<string, bigint>();
    const saysRepaid = new Map<string, bigint>();
    const ordered = new Map<string, { holder: string; amount: bigint }>();
    audit.each(references, ({ kind: what, subject, amount }) => {
      if (what === "repayment") repaidTo.set(subject, (repaidTo.get(subject) ?? 0n) + amount);
    });
    audit.each(cases, ({ $, scheme, subject, holder, amount, order, owed, keeps }) => {
      if (order === undefined) return;
      ordered.set(order, { holder, amount });
      const it = sums.get(scheme) ?? { cases: 0, granted: 0n, owed: 0n, held: 0 };
      const held = it.held + ($.status === "held" || $.status === "broken" ? 1 : 0);
      audit.require((keeps !== undefined) === ($.status === "held") && (keeps ?? subject) === subject, "what is held is kept");
      audit.require(owed === 0n || ["owing", "overdue", "reclaimed"].includes($.status), "owed, but not lent or reclaimed", { owed });
      sums.set(scheme, { cases: it.cases + 1, granted: it.granted + amount, owed: it.owed + owed, held });
    });
    audit.each(schemes, ({ scheme, cases: all, granted, repaid, owed, held }) => {
      const sum = sums.get(scheme) ?? { cases: 0, granted: 0n, owed: 0n, held: 0 };
      const equal = sum.cases === all && sum.granted === granted && sum.owed === owed && sum.held === held;
      audit.require(equal, "the totals are not the sums of the cases", { ...sum });
      saysRepaid.set(scheme, repaid);
      audit.figure(`${scheme} granted`, granted);
    });
    audit.each(orders, ({ order, of, payee, amount, paid }) => {
      if (of !== BENEFITS) return;
      const it = ordered.get(order);
      if (it === undefined) return audit.require(paid === 0n, "an order that is no case's, and paid", { paid }); // came back, ordered anew
      ordered.delete(order);
      audit.require(it.holder === payee && it.amount === amount, "an order is not its case's", { payee, amount });
    });
    audit.end(() => {
      for (const [scheme, repaid] of saysRepaid) {
        const booked = repaidTo.get(scheme) ?? 0n;
        audit.require(repaid === booked, "what was repaid is not what the bank booked", { scheme, repaid, booked });
      }
      for (const [order] of ordered) audit.require(false, "an approved case without its order", { order });
    });
  },
});

export const times = benefits.audit({
  title: "A subsidy is held for its scheme's time from its approval on, a loan owed for that or longer; what is over has no end before it",
  run(audit) {
    const terms = new Map<string, number>();
    const running: { readonly scheme: string; readonly subject: string; readonly least: number; readonly most: number }[] = [];
    audit.each(cases, ({ $, scheme, subject, until, broken }) => {
      const runs = $.status === "held" || $.status === "broken" || $.status === "owing";
      audit.require(runs === (until !== undefined), "it has an end while its time runs, and only then");
      if (until === undefined) return;
      if ($.status === "broken") audit.require(broken === $.since && broken < until, "it was broken before its end");
      const time = until - $.since;
      running.push({
        scheme,
        subject,
        least: $.status === "owing" ? 0 : time,
        most: $.status === "broken" ? Number.MAX_SAFE_INTEGER : time,
      });
    });
    audit.each(schemes, ({ scheme, term }) => void terms.set(scheme, term));
    audit.end(() => {
      for (const { scheme, subject, least, most } of running) {
        const term = terms.get(scheme) ?? -1;
        audit.require(least <= term && term <= most, "its time is not its scheme's", { scheme, subject });
      }
      audit.figure("cases whose time runs", running.length);
    });
  },
});
