// What an auditor recomputes of funds: the tree's sums, orders and their steps, payments and the bank's references, gifts. Owns these audits. Does not own: how
// rows come in (engine/audit.ts). What is remembered between rows are sums: per fund, contract, step and order.

import { payable } from "./fundOrders.ts";
import { allotments, engagements, fund, funds, gifts, orders, payments, references, reports, steps } from "./fundRecords.ts";

/** Sums by name. */
class Sums {
  readonly #sums = new Map<string, bigint>();
  add(name: string, amount: bigint): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0n) + amount);
  }
  /** The sum, which is then no longer asked for. */
  take(name: string): bigint {
    const sum = this.#sums.get(name) ?? 0n;
    this.#sums.delete(name);
    return sum;
  }
  /** What nobody asked for, of more than nothing. */
  *left(): Iterable<readonly [name: string, sum: bigint]> {
    for (const entry of this.#sums) if (entry[1] !== 0n) yield entry;
  }
}

export const tree = fund.audit({
  title: "What is below a fund or a contract is what it says is committed and planned, and never more than it",
  run(audit) {
    const planned = new Sums();
    const below = new Sums();
    const inFund = new Sums();
    const says: { readonly key: string; readonly committed: bigint }[] = [];
    const fundOf = new Map<string, string>();
    const aboveOf = new Map<string, readonly string[]>();
    const standing = new Map<string, number>();
    const parents: { readonly key: string; readonly parent: string; readonly fund: string }[] = [];
    let budget = 0n;
    let committed = 0n;
    audit.each(steps, ({ engagement, amount, ordered }) => {
      planned.add(engagement, amount);
      audit.require(ordered <= amount, "a step's orders are more than it", { amount, ordered });
    });
    audit.each(engagements, (it) => {
      const { engagement: key, fund: of, parent, amount } = it;
      const own = planned.take(key);
      if (it.$.status === "in_force") {
        audit.require(it.planned === own, "its steps do not add up", { planned: it.planned, steps: own });
        audit.require(it.committed + it.planned <= amount, "what is below it is more than it", {
          amount,
          committed: it.committed,
          planned: own,
        });
      } else audit.require(it.committed + it.ordered <= amount, "what is below it is more than it", { amount, committed: it.committed });
      audit.require(it.ordered <= it.planned, "its orders are more than its steps", { planned: it.planned, ordered: it.ordered });
      says.push({ key, committed: it.committed });
      aboveOf.set(key, it.above);
      fundOf.set(key, of);
      if (parent === undefined) inFund.add(of, amount);
      else {
        below.add(parent, amount);
        parents.push({ key, parent, fund: of });
      }
    });
    audit.each(allotments, ({ $, fund: of, amount, ordered }) => {
      inFund.add(of, amount);
      if ($.status === "standing") standing.set(of, (standing.get(of) ?? 0) + 1);
      audit.require(ordered <= amount, "its orders are more than it", { amount, ordered });
    });
    audit.each(funds, (it) => {
      budget += it.budget;
      committed += it.committed;
      const sum = inFund.take(it.fund);
      audit.require(it.committed === sum, "what is below it does not add up", { committed: it.committed, below: sum });
      audit.require(it.committed <= it.budget, "more is committed than there is", { budget: it.budget, committed: it.committed });
      const aside = standing.get(it.fund) ?? 0;
      audit.require(it.aside === aside, "what is set aside does not add up", { aside: it.aside, standing: aside });
      audit.require(it.$.status === "open" || aside === 0, "a closed fund has money set aside");
    });
    audit.end(() => {
      for (const { key, committed: said } of says) {
        const sum = below.take(key);
        audit.require(said === sum, "the contracts below a contract do not add up", { engagement: key, committed: said, below: sum });
      }
      for (const { key, parent, fund: of } of parents)
        audit.require(fundOf.get(parent) === of, "a contract is of another fund than the one above it", { engagement: key });
      const parentOf = new Map(parents.map(({ key, parent }) => [key, parent]));
      for (const [key, above] of aboveOf) {
        const parent = parentOf.get(key);
        const over = parent === undefined ? [] : [parent, ...(aboveOf.get(parent) ?? [])];
        const same = over.length === above.length && over.every((one, i) => one === above[i]);
        audit.require(same, "it does not name the contracts above it", { engagement: key });
      }
      for (const sums of [planned, below, inFund])
        for (const [name, sum] of sums.left()) audit.require(false, "what is below is below nothing", { above: name, sum });
      audit.figure("budgets", budget);
      audit.figure("committed", committed);
      audit.figure("contracts", says.length);
    });
  },
});

export const ordered = fund.audit({
  title: "A step's or matter's orders add up; an order is released only when every key-holder signed and its lists total it",
  run(audit) {
    const bySteps = new Sums();
    const byContracts = new Sums();
    const byMatters = new Sums();
    let released = 0n;
    let count = 0;
    audit.each(orders, (it) => {
      const { status } = it.$;
      const decided = status === "released" || status === "settled";
      count++;
      if (decided) released += it.amount;
      audit.require(new Set(it.signed).size === it.signed.length, "somebody signed twice");
      audit.require(
        it.signed.every((who) => it.keyholders.includes(who)),
        "signed by who is no key-holder",
      );
      const complete = it.chunks === 0 ? it.sum === 0n : it.sum === it.amount && it.listed === it.chunks;
      if (decided) audit.require(it.signed.length === it.keyholders.length, "released without every key-holder's signature");
      if (decided || it.signed.length > 0)
        audit.require(complete, "signed before its lists totalled it", { listed: it.sum, amount: it.amount });
      audit.require(it.paid + it.returned <= it.amount, "more is paid and returned than was ordered");
      audit.require((it.paid + it.returned === it.amount) === (status === "settled"), "settled, but not paid; or paid, but not settled");
      if (status === "refused" || status === "withdrawn") return;
      const stands = it.amount - it.returned;
      if (it.of !== "funds") byMatters.add(`${it.of} ${it.matter}`, stands);
      else {
        byContracts.add(it.matter, stands);
        bySteps.add(`${it.matter} ${it.step}`, stands);
      }
    });
    audit.each(steps, ({ engagement, step, ordered: says }) => {
      const sum = bySteps.take(`${engagement} ${step}`);
      audit.require(says === sum, "its orders do not add up", { ordered: says, orders: sum });
    });
    audit.each(engagements, ({ engagement, ordered: says }) => {
      const sum = byContracts.take(engagement);
      audit.require(says === sum, "its orders do not add up", { ordered: says, orders: sum });
    });
    audit.each(allotments, ({ of, matter, ordered: says }) => {
      const sum = byMatters.take(`${of} ${matter}`);
      audit.require(says === sum, "its orders do not add up", { ordered: says, orders: sum });
    });
    audit.end(() => {
      for (const sums of [bySteps, byContracts, byMatters])
        for (const [name, sum] of sums.left()) audit.require(false, "orders of nothing", { of: name, sum });
      audit.figure("orders", count);
      audit.figure("released", released);
    });
  },
});

export const paid = fund.audit({
  title: "What is confirmed of a payment is the sum of the bank's references; it counts as paid once, when it is its total",
  run(audit) {
    const confirmed = new Sums();
    const totals = new Sums();
    const paidOf = new Sums();
    const returnedOf = new Sums();
    const inFund = new Sums();
    let openItems = 0;
    let outgoing = 0n;
    let recipients = 0;
    audit.each(references, ({ kind, subject, chunk, amount }) => {
      if (kind === "paid") confirmed.add(`${subject} ${chunk}`, amount);
      if (kind === "returned") confirmed.add(`${subject} ${chunk}`, -amount);
    });
    audit.each(payments, (it) => {
      const { status } = it.$;
      const sum = confirmed.take(`${it.order} ${it.chunk}`);
      audit.require(it.confirmed === sum, "the bank's references do not add up", { confirmed: it.confirmed, references: sum });
      const whole = payable(it);
      const is = it.confirmed === whole && !it.differs ? "paid" : it.confirmed > 0n ? "open" : status === "due" ? "due" : "returned";
      audit.require(status === is, "its status is not what was confirmed", { total: it.total, confirmed: it.confirmed });
      totals.add(it.order, it.total);
      if (status === "paid") {
        paidOf.add(it.order, whole);
        inFund.add(it.fund, whole);
        outgoing += whole;
        recipients += it.count;
      }
      returnedOf.add(it.order, it.given_up + (status === "returned" ? whole : 0n));
      if (status === "open") openItems++;
    });
    audit.each(orders, (it) => {
      const total = totals.take(it.order);
      const own = { paid: paidOf.take(it.order), returned: returnedOf.take(it.order) };
      audit.require(total === (it.chunks === 0 ? it.amount : it.sum), "its payments do not add up", { payments: total });
      audit.require(it.paid === own.paid && it.returned === own.returned, "it counts a payment twice, or not at all", own);
    });
    audit.each(funds, (it) => {
      const sum = inFund.take(it.fund);
      audit.require(it.paid === sum, "the payments of the fund do not add up", { paid: it.paid, payments: sum });
      audit.require(it.paid <= it.committed, "more was paid than is committed", { paid: it.paid, committed: it.committed });
    });
    audit.end(() => {
      for (const sums of [confirmed, totals, inFund])
        for (const [name, sum] of sums.left()) audit.require(false, "money of nothing", { of: name, sum });
      audit.figure("paid", outgoing);
      audit.figure("recipients", recipients);
      audit.figure("open items", openItems);
    });
  },
});

export const given = fund.audit({
  title: "A campaign's budget is what it was given; a gift has one receipt; a report says what it could say",
  run(audit) {
    const received = new Sums();
    const booked = new Sums();
    const repaid = new Sums();
    const unreceipted = new Map<string, number>();
    let count = 0;
    audit.each(references, ({ kind, subject, amount, fund: of }) => {
      if (kind === "gift") booked.add(`${of} ${subject}`, amount);
      if (kind === "repayment") repaid.add(of, amount);
    });
    audit.each(gifts, ({ $, fund: of, gift, amount, receipt }) => {
      audit.require(($.status === "receipted") === (receipt !== undefined), "a receipt goes with a gift that has one, and with no other");
      if ($.status === "pledged") return;
      count++;
      received.add(of, amount);
      if (receipt === undefined) unreceipted.set(of, (unreceipted.get(of) ?? 0) + 1);
      const sum = booked.take(`${of} ${gift}`);
      audit.require(amount === sum, "a gift is not what the bank booked", { amount, booked: sum });
    });
    audit.each(reports, ({ budget, committed, paid: out }) => {
      audit.require(out <= committed && committed <= budget, "a report of more outlays than there was", { budget, committed, paid: out });
    });
    audit.each(funds, (it) => {
      const sum = received.take(it.fund);
      const back = repaid.take(it.fund);
      const without = unreceipted.get(it.fund) ?? 0;
      audit.require(it.unreceipted === without, "gifts without a receipt do not add up", { unreceipted: it.unreceipted, gifts: without });
      if (it.kind === "project") audit.require(sum === 0n, "a project has gifts", { gifts: sum });
      else audit.require(it.budget === sum + back, "the gifts do not add up", { budget: it.budget, gifts: sum, repaid: back });
    });
    audit.end(() => {
      for (const [name, sum] of booked.left()) audit.require(false, "a booked gift that nobody gave", { of: name, sum });
      audit.figure("gifts received", count);
    });
  },
});
