// What a company owes year by year, and what happens if it does not file. Service 14. Owns filings, suspension, and when a name is free again. Does not own:
// registration, owners, officers, the end of a company (business.ts).

import { days, hash, id, type Party, party, person, signs, type Time, type Tx } from "../engine/index.ts";
import { setCompany } from "../identity/eid.ts";
import { aHash } from "../kit/examples.ts";
import { business, type Company, companies, filings, names } from "./businessRecords.ts";

const YEAR = days(365);
/** Accounts are due 90 days after the year that they are of; notice is given 30 days before, and 60 days after the company is suspended. */
const FILING_TIME = days(90);
const NOTICE = days(30);
const GRACE = days(60);
/** A name rests for a year before another company takes it. */
const NAME_RESTS = days(365);
export const FIRST_FILING = (now: Time): { year: number; due: Time } => ({ year: 0, due: now + YEAR + FILING_TIME });
export const dueOf = (registered: Time, year: number): Time => registered + (year + 1) * YEAR + FILING_TIME;
const example = { company: "c:4711" };

// ── filings ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const file = business.action({
  title: "File the accounts of the year that is due; a company that was suspended for want of them is restored",
  by: { officer: signs("an officer of the company") },
  input: { company: party, by: person, document: hash },
  rules: ["no_officer", "year_not_over", "over"],
  example: { ...example, by: "p:ann.property", document: aHash },
  run(tx, { company, by, document }) {
    const it = byOfficer(tx, company, by);
    tx.require(tx.time >= it.due - FILING_TIME, "year_not_over", { due: it.due });
    tx.create(filings, { company, year: it.year, version: 1, document, by });
    const next = { year: it.year + 1, due: it.due + YEAR, noticed: false };
    const mended = tx.time < next.due && !it.ordered;
    if (!mended || it.$.status === "registered") return void tx.put(it, next);
    if (it.$.status === "suspended") setCompany(tx, company, "live");
    tx.move(it, "registered", next);
  },
});

export const correct = business.action({
  title: "Correct accounts that were filed: the correction supersedes them",
  by: { officer: signs("an officer of the company") },
  input: { company: party, by: person, year: filings.fields.year, version: filings.fields.version, document: hash },
  rules: ["no_officer", "over"],
  example: { ...example, by: "p:ann.property", year: 0, version: 1, document: aHash },
  run(tx, { company, by, year, version, document }) {
    byOfficer(tx, company, by);
    tx.move(tx.get(filings, company, year, version), "superseded");
    tx.create(filings, { company, year, version: version + 1, document, by });
  },
});

export const clock = business.due(companies, {
  title:
    "Notice is given 30 days before accounts are due; they are late after that, and 60 days later the company is suspended until it files",
  at({ $, due, noticed }) {
    if ($.status === "late") return due + GRACE;
    if ($.status !== "registered") return undefined;
    return noticed ? due : due - NOTICE;
  },
  run(tx, it) {
    if (it.$.status === "late") {
      tx.flag("filing_missed");
      setCompany(tx, it.company, "suspended");
      tx.move(it, "suspended", { ground: "filing-missed" });
    } else if (it.noticed) {
      tx.flag("filing_late");
      tx.move(it, "late");
    } else {
      tx.flag("filing_due");
      tx.put(it, { noticed: true });
    }
  },
});

// ── suspension ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const suspend = business.action({
  title: "Suspend a company, on a ground: it acts nowhere until it is restored",
  by: "registry",
  input: { company: party, ground: id },
  rules: ["over"],
  example: { ...example, ground: "no-address" },
  run(tx, { company, ground }) {
    const it = open(tx, company);
    if (it.$.status === "suspended") return void tx.put(it, { ordered: true, ground });
    setCompany(tx, company, "suspended");
    tx.move(it, "suspended", { ordered: true, ground });
  },
});

export const restore = business.action({
  title: "Restore a company that the registry suspended; where accounts are missing too it waits for them",
  by: { authority: signs("the registry or the court") },
  input: { company: party, ground: id },
  rules: ["not_authority", "over"],
  example: { ...example, ground: "address-given" },
  run(tx, { company, ground }) {
    const it = open(tx, company);
    tx.require(it.ordered && (tx.holds("registry") || tx.holds("court")), "not_authority");
    if (tx.time >= it.due + GRACE) return void tx.put(it, { ordered: false, ground: "filing-missed" });
    setCompany(tx, company, "live");
    tx.move(it, "registered", { ordered: false, ground });
  },
});

// ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const free = business.due(names, {
  title: "A name that rested for a year is free",
  at: (it) => (it.$.status === "resting" ? it.until : undefined),
  run: (tx, it) => void tx.move(it, "free", { until: undefined }),
});

// ── words of the register ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export function open(tx: Tx<"over">, company: Party): Company {
  const it = tx.get(companies, company);
  tx.require(it.$.status !== "dissolved", "over", { ground: it.ground });
  return it;
}
/** A company may take back what it was called itself, while that rests. */
export function take(tx: Tx<"name_taken">, company: Party, called: { readonly name: string; readonly normal: string }): void {
  const before = tx.find(names, called.normal);
  if (before === undefined) return void tx.create(names, { ...called, company });
  const mine = before.$.status === "resting" && before.company === company;
  tx.require(before.$.status === "free" || mine, "name_taken", { company: before.company });
  tx.move(before, "taken", { name: called.name, company, until: undefined });
}
export const rest = (tx: Tx, normal: string): void => void tx.move(tx.get(names, normal), "resting", { until: tx.time + NAME_RESTS });
function byOfficer(tx: Tx<"no_officer" | "over">, company: Party, by: Party): Company {
  const it = open(tx, company);
  tx.signed("officer", by);
  tx.require(
    it.officers.some((one) => one.officer === by),
    "no_officer",
  );
  return it;
}
