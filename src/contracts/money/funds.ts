// Purpose-bound money: funds, the tree of contracts below them and their steps, stops by courts and auditors. Services 18, 19, 22; the payments of 20, 23, 24.
// Owns who may open, agree, change, end and stop. Does not own: orders and what banks confirm (fundOrders.ts), what other contracts set aside (fundMatters.ts),
// gifts and reports (fundGifts.ts), the bank's own books; whether work was done well, which its key-holders answer for. The module of the contract: other contracts import its procedures from here.

import { agency, id, list, MAX_MONEY, money, object, oneOf, optional, party, signs, text, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { account } from "../descriptors/payments.ts";
import { distinct, type Engagement, engagements, fund, funds, inForce, keyholders, MOST_ABOVE, moving } from "./fundRecords.ts";
import { opened, orders, steps, unstopped } from "./fundRecords.ts";

export { allotments, engagements, funds, gifts, orders, payments, references, reports, steps } from "./fundRecords.ts";
export * from "./fundOrders.ts";
export * from "./fundMatters.ts";
export * from "./fundGifts.ts";
export * from "./fundAudits.ts";

// ── funds ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The fund's own supervisor, and no other. */
const itsSupervisor = { role: "supervisor", is: (a: { readonly fund: string }, tx: Tx) => tx.get(funds, a.fund).supervisor } as const;
const bySupervisorAndOwner = { supervisor: itsSupervisor, owner: signs("the owner") } as const;
export const open = fund.action({
  title: "Open a fund: a project with its budget, or a campaign that lives of gifts",
  by: { supervisor: "supervisor", owner: signs("the owner"), bank: "bank" },
  input: {
    fund: id,
    kind: oneOf("project", "campaign"),
    owner: party,
    purpose: id,
    currency: text(3, 3),
    account,
    keyholders,
    budget: money,
  },
  rules: ["supervisor_apart", "keyholders_named", "gifts_only", "countable"],
  // biome-ignore format: a table
  example: {
    fund: "xiongan-7", kind: "project", owner: "land", purpose: "station", currency: "CNY", account: aSeal(2),
    keyholders: ["land", "c:supervision"], budget: 1_000_000_00n,
  },
  run(tx, it) {
    tx.signed("owner", it.owner);
    distinct(tx, it.keyholders, 1);
    tx.require(it.kind === "project" || it.budget === 0n, "gifts_only");
    const supervisor = tx.signer("supervisor");
    tx.require(supervisor !== it.owner, "supervisor_apart");
    const none = { committed: 0n, paid: 0n, aside: 0, unreceipted: 0, stops: [] };
    tx.create(funds, { ...it, supervisor, bank: tx.signer("bank"), ...none });
  },
});

export const setBudget = fund.action({
  title: "Change the budget of a project, never below what is committed",
  by: bySupervisorAndOwner,
  input: { fund: id, budget: money },
  rules: ["fund_closed", "stopped", "gifts_only", "over_budget"],
  example: { fund: "xiongan-7", budget: 1_200_000_00n },
  run(tx, { fund: key, budget }) {
    const it = opened(tx, key);
    tx.signed("owner", it.owner);
    tx.require(it.kind === "project", "gifts_only");
    within(tx, it.committed, budget);
    tx.put(it, { budget });
  },
});

export const nameKeyholders = fund.action({
  title: "Name a fund's key-holders anew: for the orders that are asked for from now on",
  by: bySupervisorAndOwner,
  input: { fund: id, keyholders },
  rules: ["fund_closed", "stopped", "keyholders_named"],
  example: { fund: "xiongan-7", keyholders: ["land", "c:supervision"] },
  run(tx, { fund: key, keyholders: named }) {
    const it = opened(tx, key);
    tx.signed("owner", it.owner);
    distinct(tx, named, 1);
    tx.put(it, { keyholders: named });
  },
});

export const close = fund.action({
  title: "Close a fund whose commitments are all paid, and from which nothing is set aside",
  by: bySupervisorAndOwner,
  input: { fund: id },
  rules: ["stopped", "not_settled"],
  example: { fund: "xiongan-7" },
  run(tx, { fund: key }) {
    const it = moving(tx, tx.move(tx.get(funds, key), "closed"));
    tx.signed("owner", it.owner);
    const { committed, paid, aside, unreceipted } = it;
    const spent = it.kind === "project" || it.budget === committed;
    tx.require(committed === paid && aside === 0 && spent && unreceipted === 0, "not_settled", { committed, paid, aside, unreceipted });
  },
});

export const reopen = fund.action({
  title: "Open a closed fund again: a payment came back, or a gift came late",
  by: bySupervisorAndOwner,
  input: { fund: id },
  rules: ["stopped"],
  example: { fund: "xiongan-7" },
  run(tx, { fund: key }) {
    const it = moving(tx, tx.move(tx.get(funds, key), "open"));
    tx.signed("owner", it.owner);
  },
});

export const succeed = fund.action({
  title:
    "Put others in the place of a fund's owner, supervisor or bank that has left or serves no more; an old mandate is for its old bank to read",
  by: { court: "court", successor: signs("each who takes a place") },
  input: { fund: id, owner: optional(party), supervisor: optional(agency), bank: optional(object({ bank: agency, account })) },
  rules: ["still_serves", "supervisor_apart"],
  example: { fund: "xiongan-7", bank: { bank: "post-bank", account: aSeal(2) } },
  run(tx, { fund: key, owner, supervisor, bank }) {
    const it = tx.get(funds, key);
    for (const who of [owner, supervisor, bank?.bank]) if (who !== undefined) tx.signed("successor", who);
    tx.require(owner === undefined || !tx.known(it.owner), "still_serves", { owner: it.owner });
    const serves = (role: "supervisor" | "bank", to: string | undefined): boolean =>
      to === undefined || (tx.holds(role, to) && !tx.holds(role, it[role]));
    tx.require(serves("supervisor", supervisor) && serves("bank", bank?.bank), "still_serves");
    const now = { owner: owner ?? it.owner, supervisor: supervisor ?? it.supervisor };
    tx.require(now.owner !== now.supervisor, "supervisor_apart");
    tx.put(it, { ...now, ...bank });
  },
});

// ── contracts and steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const engage = fund.action({
  title: "Sign a contract, or one below another: its amount is a part of what is above it",
  by: { payer: signs("who gives the work: the fund's owner, or whose contract is above"), payee: signs("who takes it and is paid") },
  input: { engagement: id, fund: id, parent: optional(id), payee: party, purpose: id, amount: money },
  rules: ["over_budget", "purpose_kept", "amount_given", "too_deep", "fund_closed", "contract_ended", "stopped"],
  example: { engagement: "x7-roof", fund: "xiongan-7", parent: "x7-main", payee: "c:roofers", purpose: "station", amount: 90_000_00n },
  run(tx, it) {
    const root = opened(tx, it.fund);
    const above = it.parent === undefined ? undefined : inForce(tx, it.parent);
    const payer = above?.payee ?? root.owner;
    tx.signed("payer", payer);
    tx.signed("payee", it.payee);
    tx.require(it.purpose === root.purpose && (above === undefined || above.fund === it.fund), "purpose_kept", { purpose: root.purpose });
    tx.require(it.amount > 0n, "amount_given");
    const over = above === undefined ? [] : [above.engagement, ...above.above];
    tx.require(over.length <= MOST_ABOVE, "too_deep");
    commit(tx, it, it.amount);
    const { owner, bank } = root;
    tx.create(engagements, { ...it, owner, bank, above: over, payer, committed: 0n, planned: 0n, ordered: 0n, stops: [] });
  },
});

const byBoth = { payer: signs("who gives the work"), payee: signs("who is paid") };
export const agree = fund.action({
  title: "Agree on steps of a contract: what each is worth, and who signs its orders beside the fund's key-holders",
  by: byBoth,
  input: { engagement: id, steps: list(object({ step: id, amount: money, keyholders }), 32, 1) },
  rules: ["over_budget", "amount_given", "keyholders_named", "fund_closed", "contract_ended", "stopped"],
  work: 200,
  example: { engagement: "x7-roof", steps: [{ step: "trusses", amount: 40_000_00n, keyholders: ["c:engineers"] }] },
  run(tx, { engagement: key, steps: agreed }) {
    const it = signedByBoth(tx, inForce(tx, key));
    opened(tx, it.fund);
    let { planned } = it;
    for (const step of agreed) {
      tx.require(step.amount > 0n, "amount_given", { step: step.step });
      distinct(tx, step.keyholders, 0);
      planned += step.amount;
      within(tx, it.committed + planned, it.amount);
      tx.create(steps, { engagement: key, ...step, payer: it.payer, payee: it.payee, ordered: 0n });
    }
    tx.put(it, { planned });
  },
});

export const revise = fund.action({
  title: "Change what a step is worth, never below its orders",
  by: byBoth,
  input: { engagement: id, step: id, amount: money },
  rules: ["over_budget", "over_step", "fund_closed", "contract_ended", "stopped"],
  example: { engagement: "x7-roof", step: "trusses", amount: 38_000_00n },
  run(tx, { engagement: key, step, amount }) {
    const it = signedByBoth(tx, inForce(tx, key));
    opened(tx, it.fund);
    const before = tx.get(steps, key, step);
    tx.require(amount >= before.ordered, "over_step", { ordered: before.ordered });
    const planned = it.planned - before.amount + amount;
    within(tx, it.committed + planned, it.amount);
    tx.put(before, { amount });
    tx.put(it, { planned });
  },
});

export const amend = fund.action({
  title: "Change a contract's amount, within what is above it and never below what is below it",
  by: byBoth,
  input: { engagement: id, amount: money },
  rules: ["over_budget", "fund_closed", "contract_ended", "stopped"],
  example: { engagement: "x7-roof", amount: 95_000_00n },
  run(tx, { engagement: key, amount }) {
    const it = signedByBoth(tx, inForce(tx, key));
    opened(tx, it.fund);
    within(tx, it.committed + it.planned, amount);
    if (amount > it.amount && it.parent !== undefined) inForce(tx, it.parent); // nothing of an ended contract goes to those below it
    commit(tx, it, amount - it.amount);
    tx.put(tx.get(engagements, key), { amount });
  },
});

export const end = fund.action({
  title: "End a contract, or free what came back to an ended one: what was neither ordered nor contracted returns above",
  by: byBoth,
  input: { engagement: id },
  rules: ["fund_closed", "stopped"],
  example: { engagement: "x7-roof" },
  run(tx, { engagement: key }) {
    finish(tx, signedByBoth(tx, tx.get(engagements, key)));
  },
});

const fundOf = (a: { readonly engagement: string }, tx: Tx): string => tx.get(engagements, a.engagement).fund;
export const terminate = fund.action({
  title:
    "End a contract for a party that is gone, or on another ground, by the fund's supervisor and a court: what is ordered stays ordered",
  by: { supervisor: { role: "supervisor", is: (a, tx) => tx.get(funds, fundOf(a, tx)).supervisor }, court: "court" },
  input: { engagement: id, ground: id },
  rules: ["fund_closed", "stopped"],
  example: { engagement: "x7-roof", ground: "2027-ins-31" },
  run(tx, { engagement: key, ground }) {
    finish(tx, tx.get(engagements, key), ground);
  },
});

// ── stops ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const what = { kind: oneOf("fund", "engagement", "order"), key: id };
const stopped = { fund: funds, engagement: engagements, order: orders };
const stopAction = (title: string, by: "court" | "auditor", stands: boolean) =>
  fund.action({
    title,
    by,
    input: { ...what, ground: id },
    rules: ["stop_stands"],
    example: { kind: "order", key: "x7-roof-1", ground: "2027-civ-118" },
    run(tx, { kind, key }) {
      const who = tx.signer(by);
      const it = tx.get(stopped[kind] as typeof funds, key);
      const without = it.stops.filter((one) => one !== who);
      tx.require(stands ? without.length === it.stops.length && without.length < 8 : without.length < it.stops.length, "stop_stands");
      tx.put(it, { stops: stands ? [...without, who] : without });
    },
  });
export const courtStop = stopAction("A court stops a fund, a contract or an order", "court", true);
export const courtLift = stopAction("A court lifts its stop", "court", false);
export const auditorStop = stopAction("An auditor stops a fund, a contract or an order", "auditor", true);
export const auditorLift = stopAction("An auditor lifts its stop", "auditor", false);

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function within(tx: Tx<"over_budget">, sum: bigint, cap: bigint): void {
  tx.require(sum <= cap && cap <= MAX_MONEY, "over_budget", { sum, cap });
}
/** Takes an amount (or gives it back, below zero) from what is above a contract. */
function commit(tx: Tx<"over_budget">, below: { readonly fund: string; readonly parent?: string | undefined }, amount: bigint): void {
  if (below.parent === undefined) {
    const root = tx.get(funds, below.fund);
    within(tx, root.committed + amount, root.budget);
    tx.put(root, { committed: root.committed + amount });
    return;
  }
  const above = tx.get(engagements, below.parent);
  if (amount > 0n) within(tx, above.committed + above.planned + amount, above.amount);
  tx.put(above, { committed: above.committed + amount });
}
/** What was neither ordered nor contracted of it returns above. */
function finish(tx: Tx<"fund_closed" | "stopped" | "over_budget">, it: Engagement, ground = it.ground): void {
  opened(tx, it.fund);
  unstopped(tx, it.engagement);
  const used = it.committed + it.ordered;
  commit(tx, it, used - it.amount);
  const change = { amount: used, planned: it.ordered, ground };
  if (it.$.status === "in_force") tx.move(it, "ended", change);
  else tx.put(it, change);
}
function signedByBoth(tx: Tx, it: Engagement): Engagement {
  tx.signed("payer", it.payer);
  tx.signed("payee", it.payee);
  return it;
}
export default fund;
