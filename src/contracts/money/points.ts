// City points: funded, awarded once, moved, held and spent, never made from nothing. Service 17, settlement of 25. Owns accounts, holds, programmes and
// their awards, conversions. Does not own: what points are worth outside, the card, gift or tax they are converted to (its counterparty answers for it).
// Other contracts pay through the procedures at the end.

import { contract, days, hash, id, list, MAX_MONEY, money, object, oneOf, optional, type Party, party } from "../engine/index.ts";
import { person, record, type Row, sealed, signs, text, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal } from "../kit/examples.ts";

/** How long a counterparty may take to answer a conversion. */
const ANSWER_TIME = days(30);
const purpose = oneOf("transport_card", "donation", "local_tax");
/** The card, the campaign or the tax bill. */
const subject = sealed({ reference: text(64) });

export const accounts = record("account", {
  title: "What somebody has, and what of his is held for something",
  key: ["holder"],
  read: ["holder", "city"],
  fields: { holder: party, balance: money, held: money },
});
export const holds = record("hold", {
  title: "Points set aside for one thing, by the contract that it is a matter of; what is left of them",
  key: ["of", "hold"],
  read: ["holder", "city"],
  find: ["holder"],
  fields: { of: id, hold: text(96, 1), holder: party, amount: money },
  states: { standing: ["ended"], ended: [] },
});
export const awards = record("award", {
  title: "What a programme gave to a person in a period",
  key: ["programme", "period", "person"],
  read: ["person", "programme", "city"],
  find: ["person"],
  fields: { programme: id, period: id, person, amount: money },
});
export const conversions = record("conversion", {
  title: "Points given for a transport card, a donation or local tax: held, until the counterparty gives its receipt or declines",
  key: ["conversion"],
  read: ["from", "to", "city"],
  find: ["from", "to", "status"],
  unique: ["to", "receipt"],
  fields: {
    conversion: id,
    from: party,
    purpose,
    to: party,
    amount: money,
    subject,
    until: time,
    receipt: optional(hash),
    ground: optional(id),
  },
  states: { asked: ["received", "returned"], received: ["given_back"], returned: [], given_back: [] },
});
export const programmes = record("programme", {
  title: "A programme: its period, what it was funded with, what it awarded in all periods",
  key: ["programme"],
  read: "public",
  fields: { programme: id, period: id, budget: money, awarded: money },
  states: { open: ["closed"], closed: [] },
});
export const counterparties = record("counterparty", {
  title: "Who takes points for a purpose, and how many it has received: these are out of circulation",
  key: ["purpose", "counterparty"],
  read: "public",
  fields: { purpose, counterparty: party, received: money },
  states: { live: ["withdrawn"], withdrawn: ["live"] },
});
export const supplies = record("supply", {
  title: "All budgets together",
  key: ["unit"],
  read: "public",
  fields: { unit: id, funded: money },
});
/** The one row of it. */
const POINTS = "points";

const points = contract("points", {
  title: "City points",
  purpose: "Points are funded, awarded once, moved and spent, and never made from nothing.",
  sector: "city",
  records: [holds, awards, conversions, programmes, accounts, counterparties, supplies],
  roles: {
    city: "Funds and closes programmes, admits counterparties",
    programme: "Awards points, per programme",
  },
  rules: {
    balance_short: "No balance and no hold falls below nothing.",
    budget_short: "A programme awards no more than it was funded with.",
    awarded_once: "One award per person, programme and period; what was wrong is amended.",
    other_period: "A programme awards for its present period.",
    programme_closed: "A closed programme is not funded, awards nothing and amends nothing.",
    countable: "All budgets together can be counted: no sum of points is ever too large.",
    receiver_unknown: "Points go only to who is registered and in good standing.",
    moves_something: "Points are moved, converted or awarded in a number above nothing, and to somebody else.",
    not_admitted: "Points are converted at a counterparty that is admitted for the purpose.",
  },
});

// ── programmes ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const spring = { programme: "walk-to-work", period: "2027-q1" };
export const fund = points.action({
  title: "Fund a programme, or its next period: what is left goes on",
  by: "city",
  input: { programme: id, period: id, amount: money },
  rules: ["countable", "programme_closed"],
  example: { ...spring, amount: 1_000_000n },
  run(tx, { programme: key, period, amount }) {
    const supply = tx.find(supplies, POINTS) ?? tx.create(supplies, { unit: POINTS, funded: 0n });
    tx.require(amount <= MAX_MONEY - supply.funded, "countable", { funded: supply.funded });
    tx.put(supply, { funded: supply.funded + amount });
    const before = tx.find(programmes, key);
    if (before === undefined) tx.create(programmes, { programme: key, period, budget: amount, awarded: 0n });
    else tx.put(open(tx, before), { period, budget: before.budget + amount });
  },
});

export const close = points.action({
  title: "Close a programme: what it did not award is no longer funded",
  by: "city",
  input: { programme: id },
  example: { programme: spring.programme },
  run(tx, { programme: key }) {
    const { budget, awarded } = tx.get(programmes, key);
    const supply = tx.get(supplies, POINTS);
    tx.move(tx.get(programmes, key), "closed", { budget: awarded });
    tx.put(supply, { funded: supply.funded - (budget - awarded) });
  },
});

export const award = points.action({
  title: "Award points to up to 100 persons, for the programme's present period",
  by: { programme: { role: "programme", scope: (a) => a.programme } },
  input: { programme: id, period: id, awards: list(object({ person, amount: money }), 100, 1) },
  rules: ["awarded_once", "budget_short", "moves_something", "other_period", "programme_closed", "receiver_unknown"],
  work: 1_400,
  example: { ...spring, awards: [{ person: "p:ann.city", amount: 500n }] },
  run(tx, { programme: key, period, awards: given }) {
    const programme = open(tx, tx.get(programmes, key));
    tx.require(period === programme.period, "other_period", { period: programme.period }); // a late list is not this period's
    let { awarded } = programme;
    for (const { person: who, amount } of given) {
      tx.require(amount > 0n, "moves_something");
      tx.require(tx.find(awards, key, period, who) === undefined, "awarded_once", { person: who });
      tx.require(tx.known(who), "receiver_unknown", { party: who });
      awarded += amount;
      tx.require(awarded <= programme.budget, "budget_short", { budget: programme.budget, awarded }); // before any balance grows by it
      tx.create(awards, { programme: key, period, person: who, amount });
      credit(tx, who, amount);
    }
    tx.put(programme, { awarded });
  },
});

export const amend = points.action({
  title: "Amend an award: too little is added, too much is taken back while the person has it",
  by: { programme: { role: "programme", scope: (a) => a.programme } },
  input: { programme: id, period: id, person, amount: money },
  rules: ["balance_short", "budget_short", "programme_closed", "receiver_unknown"],
  example: { ...spring, person: "p:ann.city", amount: 400n },
  run(tx, { programme: key, period, person: who, amount }) {
    const programme = open(tx, tx.get(programmes, key));
    const before = tx.get(awards, key, period, who);
    const awarded = programme.awarded - before.amount + amount;
    tx.require(awarded <= programme.budget, "budget_short", { budget: programme.budget, awarded });
    tx.require(amount <= before.amount || tx.known(who), "receiver_unknown", { party: who });
    tx.put(programme, { awarded });
    tx.put(before, { amount });
    if (amount < before.amount) debit(tx, who, before.amount - amount);
    else credit(tx, who, amount - before.amount);
  },
});

// ── moving and converting ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const transfer = points.action({
  title: "Give points to somebody, a merchant for example",
  by: { from: signs("who gives") },
  input: { from: party, to: party, amount: money },
  rules: ["balance_short", "moves_something", "receiver_unknown"],
  example: { from: "p:ann.city", to: "c:bakery", amount: 120n },
  run(tx, { from, to, amount }) {
    tx.signed("from", from);
    tx.require(amount > 0n && from !== to, "moves_something");
    tx.require(tx.known(to), "receiver_unknown", { party: to });
    move(tx, from, to, amount);
  },
});

export const admit = points.action({
  title: "Admit a counterparty for a purpose, or withdraw it: what it was asked before it still answers",
  by: "city",
  input: { purpose, counterparty: party, to: oneOf("live", "withdrawn") },
  rules: ["receiver_unknown"],
  example: { purpose: "transport_card", counterparty: "c:metro", to: "live" },
  run(tx, { purpose: what, counterparty, to }) {
    const it = tx.find(counterparties, what, counterparty);
    if (to === "live") tx.require(tx.known(counterparty), "receiver_unknown", { party: counterparty });
    if (it === undefined && to === "live") tx.create(counterparties, { purpose: what, counterparty, received: 0n });
    else tx.move(it ?? tx.get(counterparties, what, counterparty), to);
  },
});

export const convert = points.action({
  title: "Ask a counterparty to take points for a transport card, a donation or local tax; they are held",
  by: { from: signs("whose points they are") },
  input: { conversion: id, from: party, purpose, to: party, amount: money, subject },
  rules: ["balance_short", "moves_something", "not_admitted"],
  example: { conversion: "cv-1", from: "p:ann.city", purpose: "transport_card", to: "c:metro", amount: 200n, subject: aSeal(1) },
  run(tx, it) {
    tx.signed("from", it.from);
    tx.require(it.amount > 0n && it.from !== it.to, "moves_something");
    tx.require(tx.find(counterparties, it.purpose, it.to)?.$.status === "live", "not_admitted");
    tx.create(conversions, { ...it, until: tx.time + ANSWER_TIME });
    hold(tx, POINTS, it.conversion, it.from, it.amount);
  },
});

export const receive = points.action({
  title: "Take the points of a conversion against a receipt (its hash); they leave circulation",
  by: { to: signs("the counterparty") },
  input: { conversion: id, receipt: hash },
  example: { conversion: "cv-1", receipt: aHash },
  run(tx, { conversion, receipt }) {
    const it = tx.move(tx.get(conversions, conversion), "received", { receipt });
    tx.signed("to", it.to);
    take(tx, POINTS, conversion, it.amount, false);
    const counterparty = tx.get(counterparties, it.purpose, it.to);
    tx.put(counterparty, { received: counterparty.received + it.amount });
  },
});

export const decline = points.action({
  title: "Decline a conversion: the points are free again",
  by: { to: signs("the counterparty") },
  input: { conversion: id, ground: id },
  example: { conversion: "cv-1", ground: "card-unknown" },
  run(tx, { conversion, ground }) {
    const it = tx.move(tx.get(conversions, conversion), "returned", { ground });
    tx.signed("to", it.to);
    free(tx, POINTS, conversion);
  },
});

export const giveBack = points.action({
  title: "Give back the points of a conversion that was received by mistake: they are in circulation again",
  by: { to: signs("the counterparty") },
  input: { conversion: id, ground: id },
  example: { conversion: "cv-1", ground: "charged-twice" },
  run(tx, { conversion, ground }) {
    const it = tx.move(tx.get(conversions, conversion), "given_back", { ground });
    tx.signed("to", it.to);
    const counterparty = tx.get(counterparties, it.purpose, it.to);
    tx.put(counterparty, { received: counterparty.received - it.amount });
    credit(tx, it.from, it.amount);
  },
});

export const lapse = points.due(conversions, {
  title: "What a counterparty has not answered in 30 days is returned",
  at: (it) => (it.$.status === "asked" ? it.until : undefined),
  run(tx, it) {
    tx.move(it, "returned", { ground: "unanswered" });
    free(tx, POINTS, it.conversion);
  },
});

// ── for other contracts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Moves points from one balance to another. */
export const move = points.procedure((tx, from: Party, to: Party, amount: bigint): void => {
  debit(tx, from, amount);
  credit(tx, to, amount);
});
/** Sets points aside under a name within the calling contract (`of`): what is to be paid from them later cannot fail for want of points. */
export const hold = points.procedure((tx, of: string, key: string, holder: Party, amount: bigint): void => {
  debit(tx, holder, amount);
  const account = tx.get(accounts, holder);
  tx.put(account, { held: account.held + amount });
  tx.create(holds, { of, hold: key, holder, amount });
});
/** Pays a part of what is held to somebody. */
export const payHeld = points.procedure((tx, of: string, key: string, to: Party, amount: bigint): void => {
  take(tx, of, key, amount, false);
  credit(tx, to, amount);
});
/** A part of what is held, or all that is left, is free again. A hold of which nothing is left has ended. */
export const free = points.procedure((tx, of: string, key: string, amount?: bigint): void => {
  take(tx, of, key, amount ?? tx.get(holds, of, key).amount, true);
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function open(tx: Tx<"programme_closed">, it: Row<typeof programmes>): Row<typeof programmes> {
  tx.require(it.$.status === "open", "programme_closed");
  return it;
}
/** No balance can grow too large: what is in circulation was funded, and what is funded can be counted. */
const credit = points.procedure((tx, holder: Party, amount: bigint): void => {
  const it = tx.find(accounts, holder);
  if (it === undefined) tx.create(accounts, { holder, balance: amount, held: 0n });
  else tx.put(it, { balance: it.balance + amount });
});
const debit = points.procedure((tx, holder: Party, amount: bigint): void => {
  const it = tx.find(accounts, holder) ?? tx.reject("balance_short", { balance: 0n });
  tx.require(it.balance >= amount, "balance_short", { balance: it.balance });
  tx.put(it, { balance: it.balance - amount });
});
/** Takes a part out of a hold: back into the balance, or out of the account. */
const take = points.procedure((tx, of: string, key: string, amount: bigint, back: boolean): void => {
  const it = tx.get(holds, of, key);
  tx.require(it.amount >= amount, "balance_short", { held: it.amount });
  if (it.amount === amount) tx.move(it, "ended", { amount: 0n });
  else tx.put(it, { amount: it.amount - amount });
  const { balance, held } = tx.get(accounts, it.holder);
  tx.put(tx.get(accounts, it.holder), { balance: back ? balance + amount : balance, held: held - amount });
});

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const supply = points.audit({
  title: "What was awarded less what counterparties received is the sum of all balances and holds",
  run(audit) {
    let awarded = 0n;
    let retired = 0n;
    let stands = 0n;
    audit.each(programmes, (it) => void (awarded += it.awarded));
    audit.each(counterparties, (it) => void (retired += it.received));
    audit.each(accounts, (it) => void (stands += it.balance + it.held));
    audit.end(() => {
      audit.figure("awarded", awarded);
      audit.figure("retired", retired);
      audit.figure("balances and holds", stands);
      audit.require(awarded - retired === stands, "the supply is not conserved", { awarded, retired, stands });
    });
  },
});

export const budgets = points.audit({
  title: "A programme's awards are what it says it awarded, within its budget; the budgets are what was funded",
  run(audit) {
    const given = new Map<string, bigint>();
    let budgeted = 0n;
    let funded = 0n;
    audit.each(awards, (it) => void given.set(it.programme, (given.get(it.programme) ?? 0n) + it.amount));
    audit.each(programmes, ({ programme, budget, awarded }) => {
      budgeted += budget;
      audit.require(awarded <= budget, "awarded more than the budget", { budget, awarded });
      audit.require(awarded === (given.get(programme) ?? 0n), "the awards do not add up", { awarded, awards: given.get(programme) ?? 0n });
    });
    audit.each(supplies, (it) => void (funded += it.funded));
    audit.end(() => {
      audit.figure("budgets", budgeted);
      audit.require(budgeted === funded, "the budgets are not what was funded", { budgeted, funded });
    });
  },
});

export const heldFor = points.audit({
  title: "What an account holds is the sum of its standing holds, and each open conversion has its own",
  run(audit) {
    const held = new Map<string, bigint>();
    const converting = new Map<string, bigint>();
    audit.each(holds, ({ $, of, hold: key, holder, amount }) => {
      if ($.status === "ended") return audit.require(amount === 0n, "an ended hold still holds", { amount });
      held.set(holder, (held.get(holder) ?? 0n) + amount);
      if (of === POINTS) converting.set(key, amount);
    });
    audit.each(conversions, ({ $, conversion, amount }) => {
      const own = converting.get(conversion);
      converting.delete(conversion);
      audit.require(own === ($.status === "asked" ? amount : undefined), "a conversion and its hold differ", { amount, held: own });
    });
    audit.each(accounts, ({ holder, held: says }) => {
      const stands = held.get(holder) ?? 0n;
      held.delete(holder);
      audit.require(says === stands, "the account's holds do not add up", { held: says, holds: stands });
    });
    audit.end(() => {
      for (const [holder, amount] of held) audit.require(amount === 0n, "a hold without its account", { holder, amount });
      for (const [conversion, amount] of converting) audit.require(false, "a hold without its conversion", { conversion, amount });
    });
  },
});

export const received = points.audit({
  title: "What a counterparty has received is the sum of its received conversions, each with a receipt",
  run(audit) {
    const sums = new Map<string, bigint>();
    audit.each(conversions, ({ $, purpose: what, to, amount, receipt }) => {
      const taken = $.status === "received" || $.status === "given_back";
      audit.require(taken === (receipt !== undefined), "a receipt goes with what was received, and with nothing else");
      if ($.status === "received") sums.set(`${what} ${to}`, (sums.get(`${what} ${to}`) ?? 0n) + amount);
    });
    audit.each(counterparties, ({ purpose: what, counterparty, received: says }) => {
      const sum = sums.get(`${what} ${counterparty}`) ?? 0n;
      audit.require(says === sum, "the conversions do not add up", { received: says, conversions: sum });
    });
  },
});
export default points;
