// Certificates of authorisations, checks, entries of debtors (service 32). Owns these acts: nobody is looked up but by his own authority, each check
// leaves its trace for him, an entry is announced, can be contested, and ends. Does not own: accounts (provident.ts), what a certificate says (sealed).
//
// An entry is entered → contested → upheld, or struck: by the supervisor, and by itself where nobody decides. It is cleared by its centre, or lapses.

import { equalBytes } from "../../base/bytes.ts";
import { days, flag, hash, id, oneOf, optional, person, range, signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { agreed, ANSWER_TIME, authorisations, BINDING_TIME, byCentre, byKeeper, certificates, checks } from "./providentRecords.ts";
import { type Debt, debts, files, LONGEST_AUTHORITY, LONGEST_ENTRY, NOTICE, OF_ONE_CENTRE, provident } from "./providentRecords.ts";
import { resting, strikes } from "./providentRecords.ts";

// ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const { content } = certificates.fields;
export const certify = provident.action({
  title: "Issue a certificate of an account, at the saver's wish",
  by: { centre: byKeeper, saver: signs("the saver") },
  input: { certificate: id, account: id, content, until: time },
  rules: ["account_closed", "account_moving", "one_live", "not_live", "own_case"],
  example: { certificate: "cert-1", account: "hz-1", content: aSeal(4), until: monday + days(90) },
  run(tx, it) {
    const account = resting(tx, it.account);
    const { saver, centre, certificate: last } = account;
    agreed(tx, saver, centre);
    tx.require(it.until > tx.time, "not_live");
    const before = last === undefined ? undefined : tx.get(certificates, last);
    tx.require(before?.$.status !== "live", "one_live", { certificate: last });
    tx.put(account, { certificate: it.certificate });
    tx.create(certificates, { ...it, saver, centre });
  },
});
export const revoke = provident.action({
  title: "Revoke a certificate, on a ground: a right one is issued in its place",
  by: { centre: { role: "centre", scope: (a, tx) => tx.get(certificates, a.certificate).centre } },
  input: { certificate: id, ground: id },
  example: { certificate: "cert-1", ground: "wrong-balance" },
  run: (tx, { certificate, ground }) => void tx.move(tx.get(certificates, certificate), "revoked", { ground }),
});
export const lend = provident.action({
  title: "Give the loan that a certificate is for: it serves no other",
  by: { centre: byCentre, saver: signs("the saver") },
  input: { certificate: id, centre: id },
  rules: ["not_live", "own_case"],
  example: { certificate: "cert-1", centre: "ningbo" },
  run(tx, { certificate, centre }) {
    const it = tx.get(certificates, certificate);
    agreed(tx, it.saver, centre);
    tx.require(it.$.status === "live" && tx.time < it.until, "not_live", { status: it.$.status });
    tx.move(it, "used", { lender: centre });
  },
});

export const expiry = provident.due(certificates, {
  title: "A certificate expires at its time",
  at: (it) => (it.$.status === "live" ? it.until : undefined),
  run: (tx, it) => void tx.move(it, "expired"),
});

// ── authority and checks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const authorise = provident.action({
  title: "Authorise a centre to check a certificate, or whether entries stand, for a purpose",
  by: { saver: signs("the saver") },
  input: {
    ...{ authorisation: id, saver: person, centre: id, purpose: id, certificate: optional(id), debts: flag },
    ...{ most: range(1, 32), until: time },
  },
  rules: ["nothing_authorised", "own_case"],
  // biome-ignore format: a table
  example: {
    authorisation: "auth-1", saver: "p:ann.labour", centre: "ningbo", purpose: "loan", certificate: "cert-1", debts: true, most: 1, until: monday + days(30),
  },
  run(tx, it) {
    agreed(tx, it.saver, it.centre);
    const own = it.certificate === undefined ? it.debts : tx.get(certificates, it.certificate).saver === it.saver;
    tx.require(own && it.until > tx.time && it.until <= tx.time + LONGEST_AUTHORITY, "nothing_authorised");
    tx.create(authorisations, { ...it, used: 0 });
  },
});
export const end = provident.action({
  title: "Withdraw an authority",
  by: { saver: signs("the saver") },
  input: { authorisation: id },
  example: { authorisation: "auth-1" },
  run(tx, { authorisation }) {
    tx.signed("saver", tx.move(tx.get(authorisations, authorisation), "revoked").saver);
  },
});
export const check = provident.action({
  title:
    "Check, by the saver's authority: does the certificate with this content serve, do entries stand? The answer stands for both to see",
  by: { centre: byCentre },
  input: { authorisation: id, centre: id, purpose: id, content: hash },
  rules: ["no_authority", "other_purpose"],
  work: 128,
  example: { authorisation: "auth-1", centre: "ningbo", purpose: "loan", content: aHash },
  run(tx, { authorisation, centre, purpose, content: root }) {
    const of = tx.get(authorisations, authorisation);
    tx.require(of.centre === centre && of.$.status === "live" && tx.time < of.until && of.used < of.most, "no_authority");
    tx.require(tx.known(of.saver), "no_authority");
    tx.require(of.purpose === purpose, "other_purpose", { purpose: of.purpose });
    const { saver, certificate, used: number } = of;
    const serves = certificate === undefined ? undefined : standing(tx, certificate, root);
    // The answer stands in the record, for the saver and the centre; no flag: everybody reads receipts.
    const found = of.debts ? against(tx, saver) : undefined;
    tx.put(of, { used: number + 1 });
    const asked = { authorisation, number, saver, centre, checker: tx.signer("centre"), purpose, certificate };
    tx.create(checks, { ...asked, content: root, serves, debts: found });
  },
});
function standing(tx: Tx, key: string, root: Uint8Array) {
  const it = tx.get(certificates, key);
  if (!equalBytes(it.content.root, root)) return "altered";
  if (it.$.status !== "live") return it.$.status;
  return tx.time < it.until ? "serves" : "expired";
}
/** What stands against somebody now: an entry in its notice does not, and one that is upheld weighs more than one that is contested. */
function against(tx: Tx, saver: string): "none" | "contested" | "listed" {
  const all = (tx.find(files, saver)?.debts ?? []).map(({ debt }) => tx.get(debts, debt));
  const now = all.filter((it) => it.from <= tx.time && tx.time < it.until);
  if (now.some((it) => it.$.status !== "contested")) return "listed";
  return now.length > 0 ? "contested" : "none";
}

// ── debtors ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const { facts } = debts.fields;
export const enter = provident.action({
  title: "Enter a debtor, on a ground and with its facts: it counts when the notice is over",
  by: { centre: byCentre },
  input: { debt: id, saver: person, centre: id, ground: id, facts, until: time },
  rules: ["entries_full", "saver_unknown", "struck_before", "term_unfit"],
  example: { debt: "debt-1", saver: "p:bob.labour", centre: "ningbo", ground: "art-37-2", facts: aSeal(1), until: monday + days(700) },
  run(tx, it) {
    tx.require(tx.known(it.saver), "saver_unknown");
    const from = tx.time + NOTICE;
    tx.require(it.until > from && it.until <= tx.time + LONGEST_ENTRY, "term_unfit");
    const file = tx.find(files, it.saver) ?? tx.create(files, { saver: it.saver, debts: [] });
    const { debt, centre } = it;
    tx.require(file.debts.length < 16 && file.debts.filter((one) => one.centre === centre).length < OF_ONE_CENTRE, "entries_full");
    const struck = tx.find(strikes, it.saver, centre, it.ground);
    tx.require(struck === undefined || struck.until <= tx.time, "struck_before", { debt: struck?.debt });
    tx.put(file, { debts: [...file.debts, { debt, centre }] });
    tx.create(debts, { ...it, agency: tx.signer("centre"), from });
  },
});
export const contest = provident.action({
  title: "Contest an entry about oneself",
  by: { saver: signs("the one it is about") },
  input: { debt: id, objection: facts },
  rules: ["contested_once", "too_late"],
  example: { debt: "debt-1", objection: aSeal(1) },
  run(tx, { debt, objection }) {
    const it = tx.get(debts, debt);
    tx.signed("saver", it.saver);
    tx.require(it.objection === undefined, "contested_once");
    tx.require(tx.time < it.until, "too_late");
    tx.move(it, "contested", { objection, answer_by: tx.time + ANSWER_TIME });
  },
});
export const decide = provident.action({
  title: "Decide on what was contested, on a ground",
  by: "supervisor",
  input: { debt: id, decision: oneOf("upheld", "struck"), ground: id },
  rules: ["own_case", "too_late"],
  example: { debt: "debt-1", decision: "struck", ground: "paid-in-time" },
  run(tx, { debt, decision, ground }) {
    const it = tx.get(debts, debt);
    const decider = tx.signer("supervisor");
    tx.require(decider !== it.agency, "own_case");
    tx.require(tx.time < Math.min(it.answer_by ?? it.until, it.until), "too_late");
    const change = { answer_by: undefined, decider, decision: ground };
    if (decision === "upheld") return void tx.move(it, "upheld", change);
    taken(tx, it, "struck", change);
    const { saver, centre, ground: on } = it;
    const binds = { debt, until: tx.time + BINDING_TIME };
    const before = tx.find(strikes, saver, centre, on);
    if (before === undefined) tx.create(strikes, { saver, centre, ground: on, ...binds });
    else tx.put(before, binds);
  },
});
export const clear = provident.action({
  title: "Clear an entry, on a ground",
  by: { centre: { role: "centre", scope: (a, tx) => tx.get(debts, a.debt).centre } },
  input: { debt: id, clearance: id },
  example: { debt: "debt-1", clearance: "repaid" },
  run: (tx, { debt, clearance }) => taken(tx, tx.get(debts, debt), "cleared", { answer_by: undefined, clearance }),
});
export const term = provident.due(debts, {
  title: "An entry lapses at its term; one that is contested and not decided in 30 days is struck",
  at: (it) =>
    it.$.status === "contested"
      ? Math.min(it.answer_by!, it.until)
      : it.$.status === "entered" || it.$.status === "upheld"
        ? it.until
        : undefined,
  run: (tx, it) => taken(tx, it, it.until <= tx.time ? "lapsed" : "struck", { answer_by: undefined }),
});
function taken(tx: Tx, it: Debt, to: "cleared" | "struck" | "lapsed", change: { readonly [field: string]: unknown }): void {
  tx.move(it, to, change);
  const file = tx.get(files, it.saver);
  tx.put(file, { debts: file.debts.filter(({ debt }) => debt !== it.debt) });
}
