// Purpose-bound money: funds, the tree of contracts below them and their steps, stops by courts and auditors. Services 18, 19, 22; the payments of 20, 23, 24.
// Owns who may open, agree, change, end and stop. Does not own: orders and what banks confirm (fundOrders.ts), gifts and reports (fundGifts.ts), the bank's own
// books; whether work was done well, which its key-holders answer for. The module of the contract: other contracts import its procedures from here.

import { id, list, MAX_MONEY, money, object, oneOf, optional, party, signs, text, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { account } from "../descriptors/payments.ts";
import { distinct, type Engagement, engagements, fund, funds, inForce, keyholders, opened, orders, steps } from "./fundRecords.ts";

export { allotments, engagements, funds, gifts, orders, payments, references, reports, steps } from "./fundRecords.ts";
export * from "./fundOrders.ts";
export * from "./fundGifts.ts";
export * from "./fundAudits.ts";

// ── funds ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const bySupervisorAndOwner = { supervisor: "supervisor", owner: signs("the owner") } as const;
export const open = fund.action({
  title: "Open a fund: a project with its budget, or a campaign that lives of gifts",
  by: { ...bySupervisorAndOwner, bank: "bank" },
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
  rules: ["keyholders_named", "gifts_only", "countable"],
  // biome-ignore format: a table
  example: {
    fund: "xiongan-7", kind: "project", owner: "land", purpose: "station", currency: "CNY", account: aSeal(2),
    keyholders: ["land", "c:supervision"], budget: 1_000_000_00n,
  },
  run(tx, it) {
    tx.signed("owner", it.owner);
    distinct(tx, it.keyholders, 1);
    tx.require(it.kind === "project" || it.budget === 0n, "gifts_only");
    tx.create(funds, { ...it, bank: tx.signer("bank"), committed: 0n, paid: 0n, stops: [] });
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
  title: "Close a fund whose commitments are all paid",
  by: bySupervisorAndOwner,
  input: { fund: id },
  rules: ["stopped", "not_settled"],
  example: { fund: "xiongan-7" },
  run(tx, { fund: key }) {
    const it = tx.move(tx.get(funds, key), "closed");
    tx.require(it.stops.length === 0, "stopped");
    tx.signed("owner", it.owner);
    tx.require(it.committed === it.paid, "not_settled", { committed: it.committed, paid: it.paid });
  },
});

// ── contracts and steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const engage = fund.action({
  title: "Sign a contract, or one below another: its amount is a part of what is above it",
  by: { payer: signs("who gives the work: the fund's owner, or whose contract is above"), payee: signs("who takes it and is paid") },
  input: { engagement: id, fund: id, parent: optional(id), payee: party, purpose: id, amount: money },
  rules: ["over_budget", "purpose_kept", "amount_given", "fund_closed", "contract_ended", "stopped"],
  example: { engagement: "x7-roof", fund: "xiongan-7", parent: "x7-main", payee: "c:roofers", purpose: "station", amount: 90_000_00n },
  run(tx, it) {
    const root = opened(tx, it.fund);
    const above = it.parent === undefined ? undefined : inForce(tx, it.parent);
    const payer = above?.payee ?? root.owner;
    tx.signed("payer", payer);
    tx.signed("payee", it.payee);
    tx.require(it.purpose === root.purpose && (above === undefined || above.fund === it.fund), "purpose_kept", { purpose: root.purpose });
    tx.require(it.amount > 0n, "amount_given");
    commit(tx, it, it.amount);
    tx.create(engagements, { ...it, payer, committed: 0n, planned: 0n, ordered: 0n, stops: [] });
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
      tx.create(steps, { engagement: key, ...step, ordered: 0n });
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
    const it = signedByBoth(tx, tx.get(engagements, key));
    tx.require(it.stops.length === 0, "stopped");
    opened(tx, it.fund);
    const used = it.committed + it.ordered;
    commit(tx, it, used - it.amount);
    const change = { amount: used, planned: it.ordered };
    if (it.$.status === "in_force") tx.move(it, "ended", change);
    else tx.put(it, change);
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
function signedByBoth(tx: Tx, it: Engagement): Engagement {
  tx.signed("payer", it.payer);
  tx.signed("payee", it.payee);
  return it;
}
export default fund;
