// The national provident fund: centres, accounts that are opened, moved and closed one by one, records that come in batches, what the tax office is told.
// Services 33 and 32. Owns the acts of 33. Does not own: certificates, checks and debtors (providentDebtors.ts), the audits (providentAudits.ts), whether a
// batch's sums are those of its records, which whoever has the records adds up under its root. The module of the contract.
//
// A move is asked for by the new centre and the saver, sent by the old centre, received by the new; what was sent and not received comes back by itself.

import { equalBytes } from "../../base/bytes.ts";
import { count, id, list, MAX_MONEY, money, object, oneOf, person, range, type Row, signs, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { after, batch, type Included, inclusion, noBatch } from "../kit/journal.ts";
import { accounts, agreed, batches, book, byCentre, byKeeper, centres, dayOf, deductions, entries } from "./providentRecords.ts";
import { giveBack, LATEST, provident, RECEIVE_TIME, resting, SEND_TIME, totals, type Transfer, transfers } from "./providentRecords.ts";
import { uncertify, underRoot, yearBegins } from "./providentRecords.ts";

export { accounts, authorisations, batches, centres, certificates, checks, debts, deductions } from "./providentRecords.ts";
export { entries, files, strikes, totals, transfers } from "./providentRecords.ts";
export * from "./providentAudits.ts";
export * from "./providentDebtors.ts";

export const establish = provident.action({
  title: "Establish a centre",
  by: "supervisor",
  input: { centre: id },
  example: { centre: "hangzhou" },
  run: (tx, { centre }) => void tx.create(centres, { centre, ...noBatch, accounts: 0, held: 0n, transit: 0n }),
});

// ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const open = provident.action({
  title: "Open an account",
  by: { centre: byCentre, saver: signs("the saver") },
  input: { account: id, saver: person, centre: id },
  rules: ["one_active", "own_case"],
  example: { account: "hz-1", saver: "p:ann.labour", centre: "hangzhou" },
  run(tx, it) {
    agreed(tx, it.saver, it.centre);
    const other = tx.unique(accounts, it.saver);
    tx.require(other === undefined, "one_active");
    tx.create(accounts, { ...it, active: it.saver, moves: 0 });
    counted(tx, it.centre, 1);
  },
});

const ending = { account: id, ground: id };
export const close = provident.action({
  title: "Close an account: what was in it was paid out by a batch",
  by: { centre: byKeeper, saver: signs("the saver") },
  input: ending,
  rules: ["account_closed", "account_moving", "own_case"],
  example: { account: "hz-1", ground: "retired" },
  run(tx, it) {
    const { saver, centre } = ended(tx, it);
    agreed(tx, saver, centre);
  },
});
export const closeFor = provident.action({
  title: "Close the account of somebody who cannot sign: a second office does",
  by: { centre: byKeeper, supervisor: "supervisor" },
  input: ending,
  rules: ["account_closed", "account_moving", "own_case"],
  example: { account: "hz-1", ground: "deceased" },
  run(tx, it) {
    tx.require(tx.signer("centre") !== tx.signer("supervisor"), "own_case");
    ended(tx, it);
  },
});
function ended(tx: Tx<"account_closed" | "account_moving">, { account: key, ground }: { account: string; ground: string }) {
  const it = resting(tx, key);
  uncertify(tx, it, ground);
  counted(tx, it.centre, -1);
  return tx.move(it, "closed", { active: undefined, ground });
}

// ── records, in batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const report = provident.action({
  title: "Hand in a batch of a day's records: their root, and their sums",
  by: { centre: byCentre },
  input: { centre: id, ...batch, day: count, paid_in: money, paid_out: money },
  rules: ["countable", "day_unfit", "gap", "overdrawn"],
  // biome-ignore format: a table
  example: {
    centre: "hangzhou", first: 0, size: 694, root: aHash, previous: noBatch.last, day: monday / 86_400_000, paid_in: 1_388_000_00n, paid_out: 12_000_00n,
  },
  run(tx, it) {
    const { centre, day, paid_in, paid_out } = it;
    const of = tx.get(centres, centre);
    const next = after(of, it) ?? tx.reject("gap", { next: of.next });
    const today = dayOf(tx.time);
    tx.require(day <= today && day >= today - LATEST, "day_unfit", { today });
    tx.require(of.held + of.transit + paid_in <= MAX_MONEY, "countable");
    tx.require(paid_out <= of.held + paid_in, "overdrawn", { held: of.held });
    tx.put(of, { ...next, held: of.held + paid_in - paid_out });
    tx.create(batches, it);
    book(tx, centre, day, { paid_in, paid_out }, it.size);
  },
});

type Entry = Row<typeof entries>;
const drawn = { centre: id, first: count, saver: person, ...inclusion };
const anInclusion = { item: aHash, index: 9, size: 694, root: aHash, path: Array.from({ length: 10 }, () => aHash) };
export const prove = provident.action({
  title: "Draw a record out of its batch: it was booked, and stands as it was booked",
  by: { saver: signs("the saver whose record it is") },
  input: drawn,
  rules: ["not_in_batch"],
  proofs: { not_in_batch: underRoot },
  example: { centre: "hangzhou", first: 0, saver: "p:ann.labour", ...anInclusion },
  run(tx, it) {
    tx.signed("saver", it.saver);
    draw(tx, it);
  },
});
export const correct = provident.action({
  title: "Correct a record by a later one, for its saver to see; the first one stays what it was",
  by: { centre: byCentre },
  input: { ...drawn, wrong: object({ first: count, ...inclusion }) },
  rules: ["later_only", "not_in_batch", "saver_unknown"],
  proofs: { not_in_batch: (a) => underRoot(a) && underRoot({ ...a.wrong, saver: a.saver }) },
  work: 128,
  example: { centre: "hangzhou", first: 694, saver: "p:ann.labour", ...anInclusion, wrong: { first: 0, ...anInclusion } },
  run(tx, { wrong, ...right }) {
    const { centre, saver, first, index } = right;
    tx.require(tx.known(saver), "saver_unknown");
    tx.require(first + index > wrong.first + wrong.index, "later_only");
    const [old, now] = [stands(tx, { ...wrong, centre, saver }), stands(tx, right)];
    tx.require(old.$.status === "booked" && now.$.status === "booked", "later_only");
    tx.move(old, "corrected", { by: { first, index } });
  },
});
type Drawn = Included & { centre: string; saver: string; first: number };
function draw(tx: Tx<"not_in_batch">, it: Drawn): Entry {
  inBatch(tx, it);
  const { centre, saver, first, index, item, path } = it;
  return tx.create(entries, { centre, first, index, saver, item, path });
}
/** The record, drawn before or now. */
function stands(tx: Tx<"not_in_batch">, it: Drawn): Entry {
  inBatch(tx, it);
  return tx.find(entries, it.centre, it.first, it.index) ?? draw(tx, it);
}
function inBatch(tx: Tx<"not_in_batch">, { centre, first, size, root }: Drawn): void {
  const of = tx.get(batches, centre, first);
  tx.require(equalBytes(of.root, root) && of.size === size, "not_in_batch");
}

// ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const ask = provident.action({
  title: "Ask for an account to move, at the centre where the saver now is",
  by: { centre: { role: "centre", scope: (a) => a.to }, saver: signs("the saver") },
  input: { transfer: id, account: id, to: id },
  rules: ["account_closed", "account_moving", "own_case", "same_centre"],
  example: { transfer: "t-1", account: "hz-1", to: "ningbo" },
  run(tx, { transfer, account, to }) {
    const it = resting(tx, account);
    agreed(tx, it.saver, to);
    tx.get(centres, to);
    tx.require(it.centre !== to, "same_centre");
    tx.put(it, { moving: transfer });
    const { saver, centre } = it;
    tx.create(transfers, { transfer, account, saver, centre, to, taker: tx.signer("centre"), amount: 0n, until: tx.time + SEND_TIME });
  },
});
const giver = { role: "centre", scope: (a: { readonly transfer: string }, tx: Tx) => tx.get(transfers, a.transfer).centre } as const;
const taker = { role: "centre", scope: (a: { readonly transfer: string }, tx: Tx) => tx.get(transfers, a.transfer).to } as const;
export const send = provident.action({
  title: "Send what is in the account: it has left this centre, and is the other's once received",
  by: { centre: giver },
  input: { transfer: id, amount: money },
  rules: ["countable", "overdrawn", "too_late"],
  example: { transfer: "t-1", amount: 61_000_00n },
  run(tx, { transfer, amount }) {
    const it = tx.move(inTime(tx, transfer), "sent", { amount, sent: tx.time, until: tx.time + RECEIVE_TIME });
    const from = tx.get(centres, it.centre);
    tx.require(amount <= from.held, "overdrawn", { held: from.held });
    tx.put(from, { held: from.held - amount, transit: from.transit + amount });
    book(tx, it.centre, dayOf(tx.time), { sent: amount });
  },
});
export const receive = provident.action({
  title: "Receive an account with what was sent, which the saver has seen: it is kept here from now on",
  by: { centre: taker, saver: signs("the saver") },
  input: { transfer: id },
  rules: ["countable", "own_case", "too_late"],
  example: { transfer: "t-1" },
  run(tx, { transfer }) {
    const it = tx.move(inTime(tx, transfer), "received", { ended: tx.time, until: undefined });
    agreed(tx, it.saver, it.to);
    const account = tx.get(accounts, it.account);
    uncertify(tx, account, "moved");
    tx.put(account, { centre: it.to, moves: account.moves + 1, moving: undefined });
    const from = tx.get(centres, it.centre);
    tx.put(from, { transit: from.transit - it.amount });
    const to = tx.get(centres, it.to);
    tx.require(to.held + to.transit + it.amount <= MAX_MONEY, "countable");
    tx.put(to, { held: to.held + it.amount });
    book(tx, it.to, dayOf(tx.time), { received: it.amount });
    counted(tx, it.centre, -1);
    counted(tx, it.to, 1);
  },
});
export const decline = provident.action({
  title: "Decline to send what was asked for, on a ground",
  by: { centre: giver },
  input: { transfer: id, ground: id },
  example: { transfer: "t-1", ground: "loan-open" },
  run: (tx, { transfer, ground }) => void dropped(tx, transfer, "refused", ground),
});
export const sendBack = provident.action({
  title: "Send back what came, on a ground: the account stays where it was",
  by: { centre: taker },
  input: { transfer: id, ground: id },
  rules: ["countable"],
  example: { transfer: "t-1", ground: "other-saver" },
  run(tx, { transfer, ground }) {
    const it = tx.get(transfers, transfer);
    // With all that may still come back by itself today, the day's sum can be counted.
    const { transit } = tx.get(centres, it.centre);
    tx.require((tx.find(totals, it.centre, dayOf(tx.time))?.returned ?? 0n) + transit <= MAX_MONEY, "countable");
    giveBack(tx, it, ground);
  },
});
export const withdraw = provident.action({
  title: "Withdraw what one has asked for, while nothing was sent",
  by: { saver: signs("the saver") },
  input: { transfer: id },
  example: { transfer: "t-1" },
  run(tx, { transfer }) {
    tx.signed("saver", dropped(tx, transfer, "withdrawn").saver);
  },
});
export const silence = provident.due(transfers, {
  title: "A move that is not answered in 15 days lapses; what was sent and not received in seven days comes back",
  at: (it) => (it.$.status === "asked" || it.$.status === "sent" ? it.until : undefined),
  run(tx, it) {
    if (it.$.status === "sent") giveBack(tx, it);
    else dropped(tx, it.transfer, "lapsed");
  },
});
function inTime(tx: Tx<"too_late">, transfer: string): Transfer {
  const it = tx.get(transfers, transfer);
  tx.require(it.until === undefined || tx.time < it.until, "too_late");
  return it;
}
function dropped(tx: Tx, transfer: string, to: "refused" | "withdrawn" | "lapsed", ground?: string) {
  const it = tx.move(tx.get(transfers, transfer), to, { ended: tx.time, until: undefined, ground });
  tx.put(tx.get(accounts, it.account), { moving: undefined });
  return it;
}

// ── the tax office ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const year = range(1_970, 9_999);
const told = deductions.fields.told;
export const tell = provident.action({
  title: "Tell the tax office what savers paid in in a year that is over",
  by: { centre: byCentre },
  input: { centre: id, year, deductions: list(object({ account: id, told }), 64, 1) },
  rules: ["not_kept_here", "told_once", "year_not_over"],
  work: 600,
  example: { centre: "hangzhou", year: 2026, deductions: [{ account: "hz-1", told: aSeal(2) }] },
  run(tx, { centre, year: of, deductions: given }) {
    tx.require(yearBegins(of + 1) <= dayOf(tx.time), "year_not_over");
    for (const { account, told: root } of given) {
      const { saver, centre: keeper } = tx.get(accounts, account);
      tx.require(keeper === centre, "not_kept_here", { account });
      tx.require(tx.find(deductions, saver, of) === undefined, "told_once", { account });
      tx.create(deductions, { saver, year: of, account, centre, told: root, versions: 1 });
    }
  },
});
const ofYear = { saver: person, year };
export const mend = provident.action({
  title: "Mend what was told, in place of it: the earlier version stays in the chain",
  by: { centre: { role: "centre", scope: (a, tx) => tx.get(deductions, a.saver, a.year).centre } },
  input: { ...ofYear, told },
  rules: ["assessed"],
  example: { saver: "p:ann.labour", year: 2026, told: aSeal(2) },
  run(tx, { saver, year: of, told: root }) {
    const it = tx.get(deductions, saver, of);
    tx.require(it.$.status === "told", "assessed");
    tx.put(it, { told: root, versions: it.versions + 1 });
  },
});
export const assess = provident.action({
  title: "Assess a year's deduction, or give it back to be mended",
  by: "tax_office",
  input: { ...ofYear, to: oneOf("assessed", "told") },
  example: { saver: "p:ann.labour", year: 2026, to: "assessed" },
  run: (tx, { saver, year: of, to }) => void tx.move(tx.get(deductions, saver, of), to),
});

function counted(tx: Tx, key: string, more: 1 | -1): void {
  const it = tx.get(centres, key);
  tx.put(it, { accounts: it.accounts + more });
}
export default provident;
