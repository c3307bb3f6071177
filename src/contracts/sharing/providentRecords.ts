// The provident fund's records and rules (services 32, 33). Owns what is kept of accounts, batches, transfers, deductions, certificates, authorisations and
// debtors. Does not own: the acts (provident.ts, providentDebtors.ts), the records within a batch, which never reach the chain: their root proves each.

import type { Bytes } from "../../base/bytes.ts";
import { encode } from "../../base/codec.ts";
import * as tags from "../../base/tagNames.ts";
import { signedFor } from "../identity/principals.ts";
import { agency, contract, count, days, flag, hash, id, list, MAX_MONEY, money, object, oneOf, optional } from "../engine/index.ts";
import { person, range, record, type Row, sealed, text, time, type Tx } from "../engine/index.ts";
import { batch, head, type Included, included, inclusion } from "../kit/journal.ts";
import { granted } from "../platform/network.ts";

/** A transfer that was asked for is sent within the one, and what was sent is received within the other; else it ends. */
export const [SEND_TIME, RECEIVE_TIME] = [days(15), days(7)];
/** A day's records are handed in within this many days. */
export const LATEST = 31;
/** An entry counts after its notice, and no longer than five years; what is contested is decided in time, or struck. */
export const [NOTICE, LONGEST_ENTRY, ANSWER_TIME] = [days(15), days(1_826), days(30)];
export const LONGEST_AUTHORITY = days(366);
/** So many entries of one centre stand against somebody; and for so long a decision that one was wrong binds its centre. */
export const [OF_ONE_CENTRE, BINDING_TIME] = [4, days(180)];

const words = sealed({ text: text(2_000) });
const place = { first: count, index: count };
/** What a centre tells the tax office of a year: who it is there, and what he paid in. */
const told = sealed({ taxpayer: text(64, 1), amount: money });
const content = sealed({ months: count, base: money, balance: money, loans: count });

export const accounts = record("account", {
  title: "A saver's account and the centre that keeps it; what is in it stands in the batches",
  key: ["account"],
  read: ["saver", "centre"],
  find: ["saver", "centre", "status"],
  unique: ["active"],
  fields: {
    ...{ account: id, saver: person, centre: id },
    /** The saver, while this is his account. */
    active: optional(person),
    ...{ moves: count, moving: optional(id), certificate: optional(id), ground: optional(id) },
  },
  states: { live: ["closed"], closed: [] },
});
export const batches = record("batch", {
  title: "A batch of a centre's records of one day: the root that proves each, and what they pay in and out in all",
  key: ["centre", "first"],
  read: "public",
  fields: { centre: id, ...batch, day: count, paid_in: money, paid_out: money },
});
export const entries = record("entry", {
  title: "A record that was drawn out of its batch: its hash, and the one that corrects it",
  key: ["centre", "first", "index"],
  read: ["saver", "centre"],
  find: ["saver"],
  fields: { centre: id, ...place, saver: person, item: hash, path: inclusion.path, by: optional(object(place)) },
  states: { booked: ["corrected"], corrected: [] },
});
export const transfers = record("transfer", {
  title:
    "The move of an account from the centre that keeps it to another, with what is in it: one amount, out of the one and into the other",
  key: ["transfer"],
  read: ["saver", "centre", "taker"],
  find: ["saver", "centre", "status"],
  fields: {
    ...{ transfer: id, account: id, saver: person, centre: id, to: id, taker: agency },
    ...{ amount: money, sent: optional(time), ended: optional(time), until: optional(time), ground: optional(id) },
  },
  states: {
    ...{ asked: ["sent", "refused", "withdrawn", "lapsed"], sent: ["received", "returned"] },
    ...{ refused: [], withdrawn: [], lapsed: [], received: [], returned: [] },
  },
});
export const totals = record("day", {
  title: "What a centre's savers paid in and out in a day (UTC), and what came and went with accounts that moved",
  key: ["centre", "day"],
  read: "public",
  // biome-ignore format: a table
  fields: {
    centre: id, day: count, batches: count, records: count,
    paid_in: money, paid_out: money, sent: money, returned: money, received: money,
  },
});
export const centres = record("centre", {
  title: "A centre: where its sequence of records stands, how many accounts it keeps, what it holds, what is on its way out",
  key: ["centre"],
  read: "public",
  fields: { centre: id, ...head, accounts: count, held: money, transit: money },
});
export const deductions = record("deduction", {
  title: "What the tax office was told of a saver's year: sealed, once",
  key: ["saver", "year"],
  read: ["saver", "centre", "tax_office"],
  find: ["centre", "status"],
  fields: { saver: person, year: range(1_970, 9_999), account: id, centre: id, told, versions: count },
  states: { told: ["assessed"], assessed: ["told"] },
});
export const certificates = record("certificate", {
  title: "A certificate of an account, for a loan in another city; sealed",
  key: ["certificate"],
  read: ["saver", "centre"],
  find: ["saver", "status"],
  fields: {
    ...{ certificate: id, account: id, saver: person, centre: id, content, until: time },
    ...{ lender: optional(id), ground: optional(id) },
  },
  states: { live: ["used", "revoked", "expired"], used: [], revoked: [], expired: [] },
});
export const authorisations = record("authorisation", {
  title: "A saver's leave to check: which centre, for which purpose, what, how often, until when",
  key: ["authorisation"],
  read: ["saver", "centre"],
  find: ["saver", "centre"],
  fields: {
    ...{ authorisation: id, saver: person, centre: id, purpose: id, certificate: optional(id), debts: flag },
    ...{ most: range(1, 32), used: count, until: time },
  },
  states: { live: ["revoked"], revoked: [] },
});
export const checks = record("check", {
  title: "A check and its answer, for the saver to see",
  key: ["authorisation", "number"],
  read: ["saver", "centre"],
  find: ["saver"],
  fields: {
    ...{ authorisation: id, number: count, saver: person, centre: id, checker: agency, purpose: id, certificate: optional(id) },
    /** What was shown as the certificate's content. */
    content: hash,
    serves: optional(oneOf("serves", "altered", "expired", "used", "revoked")),
    debts: optional(oneOf("none", "contested", "listed")),
  },
});
export const debts = record("debt", {
  title: "An entry of a debtor: its ground, its facts sealed, its term; how it was contested, decided and cleared",
  key: ["debt"],
  read: ["saver", "centre", "supervisor"],
  find: ["saver", "status"],
  fields: {
    ...{ debt: id, saver: person, centre: id, agency, ground: id, facts: words, from: time, until: time },
    ...{ objection: optional(words), answer_by: optional(time) },
    ...{ decider: optional(agency), decision: optional(id), clearance: optional(id) },
  },
  states: {
    ...{ entered: ["contested", "cleared", "lapsed"], contested: ["upheld", "struck", "cleared", "lapsed"], upheld: ["cleared", "lapsed"] },
    ...{ struck: [], cleared: [], lapsed: [] },
  },
});
export const files = record("file", {
  title: "The entries that stand against somebody, and whose they are",
  key: ["saver"],
  read: ["saver"],
  fields: { saver: person, debts: list(object({ debt: id, centre: id }), 16) },
});
export const strikes = record("strike", {
  title: "A decision that an entry was wrong: for a time it binds the centre",
  key: ["saver", "centre", "ground"],
  read: ["saver", "centre", "supervisor"],
  fields: { saver: person, centre: id, ground: id, debt: id, until: time },
});

export const provident = contract("provident", {
  title: "Provident fund",
  purpose: "A saver has one account in the country, every payment is under a root that proves it, and nobody looks at a saver unseen.",
  sector: "labour",
  // Audits read in this order.
  records: [
    ...[accounts, entries, batches, transfers, totals, centres, deductions, certificates, strikes, debts, checks, authorisations, files],
  ],
  roles: {
    supervisor: "Establishes centres, decides what debtors contest, and closes accounts with a centre for who cannot sign",
    centre: "Keeps the accounts of a city, per centre",
    tax_office: "Is told deductions, and assesses them",
  },
  rules: {
    one_active: "A saver has one active account, in the whole country.",
    account_moving: "An account that is moving is not moved again, closed or certified until that has ended.",
    account_closed: "A closed account is neither moved nor certified.",
    same_centre: "An account moves to another centre than the one that keeps it.",
    own_case: "Nobody decides on what he did himself, or signs for two.",
    gap: "A centre's batches follow one another without gap or overlap, each naming the one before.",
    not_in_batch: "A record is under the root of its batch, as that saver's.",
    day_unfit: "Records are handed in for a day that has come, and within 31 days.",
    later_only: "A record is corrected once, by a later one of the same centre.",
    overdrawn: "A centre pays out, or sends, no more than it holds.",
    countable: "What a centre holds, and its sums of a day, can be counted.",
    told_once: "A saver's deductions of a year are told once, by one centre.",
    not_kept_here: "A centre speaks for the accounts that it keeps.",
    year_not_over: "Deductions are told of a year that is over.",
    assessed: "What the tax office has assessed is mended when the office has given it back.",
    one_live: "An account has one certificate that serves.",
    not_live: "A certificate serves while it is live and within its time, for one loan.",
    no_authority: "A check needs the authority of a saver in good standing: live, within its time, not used up, for this centre.",
    other_purpose: "An authority serves the purpose it was given for.",
    nothing_authorised: "An authority is for a certificate of the saver's own, for his debts, or both, within a year.",
    saver_unknown: "Who is entered as a debtor, or whose record is corrected, is a person of the sector of labour in good standing.",
    term_unfit: "An entry counts after its notice of 15 days, and lapses within five years.",
    entries_full: "Sixteen entries stand against somebody at most, four of one centre.",
    struck_before: "What was struck by decision is not entered again by the same centre, on the same ground, for 180 days.",
    contested_once: "An entry is contested once.",
    too_late: "A move is sent and received, and an entry contested and decided, before its time is over.",
  },
});

// ── words of these files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export type Account = Row<typeof accounts>;
export type Transfer = Row<typeof transfers>;
export type Debt = Row<typeof debts>;

export const byCentre = { role: "centre", scope: (a: { readonly centre: string }) => a.centre } as const;
/** The centre that keeps the account. */
export const byKeeper = { role: "centre", scope: (a: { readonly account: string }, tx: Tx) => tx.get(accounts, a.account).centre } as const;
export const dayOf = (at: number): number => Math.floor(at / days(1));
/** The day on which a year begins (UTC, counted from 1970). */
export const yearBegins = (year: number): number => {
  const y = year - 1;
  return 365 * (year - 1_970) + (Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)) - 477;
};

/** A record's bytes, as a batch's tree has them: they name the saver, so that nobody draws another's. */
export const recordOf = (saver: string, item: Bytes): Bytes => encode([tags.providentRecord, saver, item]);
/** Is it under the root, as that saver's? */
export const underRoot = ({ saver, ...it }: Included & { readonly saver: string }): boolean =>
  included({ ...it, item: recordOf(saver, it.item) });
/** The saver signs beside a centre, which does not sign for both as his guardian or agent. */
export function agreed(tx: Tx<"own_case">, saver: string, centre: string): void {
  tx.signed("saver", saver);
  const all = signedFor(tx, saver);
  tx.require(all.length === 0 || all.some((who) => !granted(tx, who.principal, "provident.centre", centre)), "own_case");
}
/** An account that may be acted on: live, and not on its way. */
export function resting(tx: Tx<"account_closed" | "account_moving">, key: string): Account {
  const it = tx.get(accounts, key);
  tx.require(it.$.status === "live", "account_closed");
  tx.require(it.moving === undefined, "account_moving", { transfer: it.moving });
  return it;
}
/** A certificate says where an account is: it ends when that is so no more. */
export function uncertify(tx: Tx, { certificate }: Account, ground: string): void {
  const it = certificate === undefined ? undefined : tx.get(certificates, certificate);
  if (it?.$.status === "live") tx.move(it, "revoked", { ground });
}

type Sum = "paid_in" | "paid_out" | "sent" | "returned" | "received";
const noSums = { batches: 0, records: 0, paid_in: 0n, paid_out: 0n, sent: 0n, returned: 0n, received: 0n };
/** Adds to a centre's sums of a day. */
export function book(tx: Tx<"countable">, centre: string, day: number, add: { readonly [S in Sum]?: bigint }, records?: number): void {
  const it = tx.find(totals, centre, day) ?? tx.create(totals, { centre, day, ...noSums });
  const sum = (name: Sum): bigint => {
    const now = it[name] + (add[name] ?? 0n);
    tx.require(now <= MAX_MONEY, "countable");
    return now;
  };
  tx.put(it, {
    ...(records === undefined ? {} : { batches: it.batches + 1, records: it.records + records }),
    ...{ paid_in: sum("paid_in"), paid_out: sum("paid_out"), sent: sum("sent"), returned: sum("returned"), received: sum("received") },
  });
}
/** What was sent comes back to the centre that sent it, and the account stays where it was. That it can be counted is seen to when it is refused. */
export function giveBack(tx: Tx<"countable">, it: Transfer, ground?: string): void {
  tx.put(tx.get(accounts, it.account), { moving: undefined });
  tx.move(it, "returned", { ended: tx.time, until: undefined, ground });
  const from = tx.get(centres, it.centre);
  tx.put(from, { held: from.held + it.amount, transit: from.transit - it.amount });
  book(tx, it.centre, dayOf(tx.time), { returned: it.amount });
}
