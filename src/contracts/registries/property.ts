// The land register: parcels, the shares in them, what burdens them. Service 13. Owns who may enter what there. Does not own: what the records are
// (propertyRecords.ts), what a parcel is worth, how tax is assessed, payment; who somebody is (eid).
//
// One visit: transfer, tax and discharge are one act that all sign, or none of it happens. A judgment stands in for signatures that are refused.

import { equalBytes } from "../../base/bytes.ts";
import { agency, hash, id, list, object, optional, type Party, party, range, signs, type Tx } from "../engine/index.ts";
import { aHash, aSeal } from "../kit/examples.ts";
import { apart, offices } from "../kit/offices.ts";
import { alike, giveAll, MAX_WHOLE, merge as merged, type Move, refined, type Share, type Shares, sound, whole } from "../kit/shares.ts";
import { answered, district, endCaveat, endSeizure, example, free, instrument, open, parties, registry } from "./propertyBlocks.ts";
import { theCourt, theRegistry } from "./propertyBlocks.ts";
import { area, burdens, charges, type Entry, entries, held, judgments, MAX_AREA, MAX_BURDENS, MAX_CHARGED } from "./propertyRecords.ts";
import { MAX_HOLDERS, MAX_PARTS, moves, type Parcel, parcels, property, survey, tax, terms } from "./propertyRecords.ts";

export { blocks, titles } from "./propertyAudits.ts";
export {
  caveat,
  caveatAgain,
  extend,
  lapse,
  lift,
  lodge,
  refuse,
  remove,
  seize,
  unanswered,
  withdraw,
  withdrawDeed,
} from "./propertyBlocks.ts";
export { applications, caveats, charges, entries, judgments, parcels, seizures } from "./propertyRecords.ts";

const ofCharge = { role: "registry", scope: (a: { readonly charge: string }, tx: Tx) => tx.get(charges, a.charge).district } as const;
const owner = signs("every holder of a share");
const lenders = signs("each lender with a charge on the parcel");

// ── parcels and titles ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const register = property.action({
  title: "Enter a parcel and its first holders",
  by: { registry: { role: "registry", scope: (a) => a.district } },
  input: { parcel: id, district: id, area, plan: hash, whole, shares: held },
  rules: ["shares_total_one", "holder_unknown"],
  example: { ...example, district: "Q1", area: 1_200, plan: aHash, whole: 100, shares: [{ holder: "p:ann.property", parts: 100 }] },
  run(tx, { shares, ...it }) {
    for (const { holder } of shares) tx.require(tx.known(holder), "holder_unknown", { holder });
    enter(tx, it, merged(shares), "registered");
  },
});

export const transfer = property.action({
  title: "Transfer shares, settle the tax and discharge charges: one act",
  by: {
    ...{ registry, tax_office: { role: "tax_office", scope: district, is: (a: { readonly tax_office: Party }) => a.tax_office } },
    ...{ seller: signs("each who gives"), buyer: signs("each who receives"), lender: lenders },
  },
  input: { parcel: id, ...instrument, moves: moves(1), discharge: burdens, tax_office: agency, receipt: id, tax },
  // biome-ignore format: a list
  rules: ["share_too_small", "too_many_holders", "block_stands", "lender_consents", "charge_remains", "other_parcel", "tax_settled_once", "not_awaited", "closed"],
  work: 400,
  example: {
    ...{ ...example, deed: aHash, moves: [{ from: "p:ann.property", to: "p:bob.property", parts: 50 }], discharge: ["bank-1"] },
    ...{ tax_office: "tax", receipt: "2027-881", tax: aSeal(3) },
  },
  run(tx, { parcel: key, deed, applicant, moves: all, discharge: gone, ...settled }) {
    const it = free(tx, key);
    for (const { from, to } of all) {
      tx.signed("seller", from);
      tx.signed("buyer", to);
    }
    consented(tx, it, gone);
    const { tax_office: office, receipt } = settled;
    tx.require(tx.unique(entries, office, receipt) === undefined, "tax_settled_once", { receipt });
    const now = note(tx, it, after(tx, it.shares, all), "transferred", { moves: all, deed, discharged: gone, ...settled });
    release(tx, now, gone);
    answered(tx, [key], deed, applicant);
  },
});

export const adjudge = property.action({
  title:
    "Carry out a judgment: it stands in for the signatures of holders and lenders; caveats and seizures that it does not end go on standing",
  by: { court: theCourt, registry: theRegistry },
  input: {
    ...{ ...offices, parcel: id, judgment: id, ground: id, document: hash, applicant: optional(party), moves: moves(0) },
    ...{ discharge: burdens, caveats: list(party, MAX_BURDENS), seizures: burdens, survey: optional(survey) },
  },
  // biome-ignore format: a list
  rules: ["two_offices", "own_cause", "share_too_small", "too_many_holders", "holder_unknown", "judgment_done", "judgment_empty", "other_parcel", "not_awaited", "closed"],
  work: 400,
  example: {
    ...{ court: "courts", registry: "land", ...example, judgment: "2027-O-12", ground: "inheritance", document: aHash },
    ...{ moves: [{ from: "p:ann.property", to: "p:carl.property", parts: 50 }], discharge: [], caveats: [], seizures: [] },
  },
  run(tx, { parcel: key, court, registry: enters, judgment, ground, document, applicant, ...it }) {
    const { moves: all, discharge: gone, caveats: claimants, seizures: orders, survey: found } = it;
    const on = open(tx, key);
    const changes = all.length + gone.length + claimants.length + orders.length > 0 || found !== undefined;
    tx.require(changes, "judgment_empty");
    const lending = gone.map((charge) => tx.get(charges, charge).lender);
    apart(tx, { court, registry: enters }, parties(tx, key, [...all.map(({ to }) => to), ...lending, ...claimants]));
    tx.require(tx.find(judgments, key, court, judgment) === undefined, "judgment_done");
    for (const { to } of all) tx.require(tx.known(to), "holder_unknown", { holder: to });
    tx.create(judgments, { parcel: key, court, judgment, ground, document, entry: on.entries });
    const was = found && { area: on.area, plan: on.plan };
    const measured = found === undefined ? on : tx.put(on, { ...found, ground });
    const now = note(tx, measured, after(tx, on.shares, all), "adjudged", { moves: all, discharged: gone, court, judgment, was });
    release(tx, now, gone);
    for (const claimant of claimants) endCaveat(tx, key, claimant, "removed", { ended: ground, ended_by: court });
    for (const order of orders) endSeizure(tx, key, order, { ended: ground, ended_by: court });
    answered(tx, [key], document, applicant);
    tx.flag("by_judgment");
  },
});

export const refine = property.action({
  title: "Count a parcel's shares in finer parts: each fraction stays what it was",
  by: { registry },
  input: { parcel: id, times: range(2, 10_000) },
  rules: ["too_fine", "closed"],
  example: { ...example, times: 3 },
  run(tx, { parcel, times }) {
    const it = open(tx, parcel);
    tx.require(it.whole * times <= MAX_WHOLE, "too_fine", { whole: it.whole });
    note(tx, tx.put(it, { whole: it.whole * times }), refined(it.shares, times), "refined", {});
  },
});

export const correct = property.action({
  title:
    "Correct the plan, on a ground; the area too, where all who hold the parcel or lent on it sign and nothing stops it, or by a judgment",
  by: { registry, owner, lender: lenders },
  input: { parcel: id, ...instrument, ...survey.fields, ground: id },
  rules: ["block_stands", "charge_remains", "same_survey", "not_awaited", "closed"],
  work: 128,
  example: { ...example, deed: aHash, area: 1_198, plan: aHash, ground: "resurvey" },
  run(tx, { parcel, deed, applicant, ground, ...found }) {
    const it = open(tx, parcel);
    const was = { area: it.area, plan: it.plan };
    tx.require(found.area !== was.area || !equalBytes(found.plan, was.plan), "same_survey");
    if (found.area !== was.area) {
      free(tx, parcel);
      for (const { holder } of it.shares) tx.signed("owner", holder);
      consented(tx, it, []);
    }
    note(tx, tx.put(it, { ...found, ground }), it.shares, "corrected", { deed, was });
    answered(tx, [parcel], deed, applicant);
  },
});

export const divide = property.action({
  title: "Divide a parcel: shares and charges are carried over to each part, the rank of charges kept",
  by: { registry, owner },
  input: { parcel: id, ...instrument, parts: list(object({ parcel: id, ...survey.fields }), MAX_PARTS, 2) },
  rules: ["block_stands", "area_differs", "too_many_burdens", "not_awaited", "closed"],
  work: 600,
  example: {
    ...{ ...example, deed: aHash },
    parts: [
      { parcel: "Q1-417-1", area: 700, plan: aHash },
      { parcel: "Q1-417-2", area: 500, plan: aHash },
    ],
  },
  run(tx, { parcel: key, deed, applicant, parts }) {
    const it = free(tx, key);
    for (const { holder } of it.shares) tx.signed("owner", holder);
    tx.require(parts.reduce((sum, part) => sum + part.area, 0) === it.area, "area_differs", { area: it.area });
    const into = parts.map((part) => part.parcel);
    for (const part of parts) enter(tx, { ...it, ...part, from: [key] }, it.shares, "divided", deed);
    for (const charge of it.charges) {
      tx.require(tx.get(charges, charge).parcels.length + into.length - 1 <= MAX_CHARGED, "too_many_burdens", { charge });
      charged(tx, charge, [key], into);
    }
    tx.move(it, "closed", { into, charges: [] });
    answered(tx, [key], deed, applicant);
  },
});

export const merge = property.action({
  title: "Merge parcels of the same holders, with the same charges, into one",
  by: { registry: { role: "registry", scope: (a, tx) => district({ parcel: a.parcels[0]! }, tx) }, owner },
  input: { parcels: list(id, MAX_PARTS, 2), ...instrument, into: id, plan: hash },
  rules: ["block_stands", "unlike", "too_large", "not_awaited", "closed"],
  work: 600,
  example: { parcels: ["Q1-417-1", "Q1-417-2"], deed: aHash, into: "Q1-420", plan: aHash },
  run(tx, { parcels: from, deed, applicant, into, plan }) {
    const [first, ...others] = from.map((key) => free(tx, key)) as [Parcel, ...Parcel[]];
    for (const { holder } of first.shares) tx.signed("owner", holder);
    for (const it of others) {
      const same = it.charges.length === first.charges.length && it.charges.every((charge, i) => charge === first.charges[i]);
      tx.require(same && it.district === first.district && alike(it.shares, it.whole, first.shares, first.whole), "unlike");
    }
    tx.require(new Set(from).size === from.length, "unlike");
    const all = [first, ...others];
    const sum = { area: all.reduce((n, it) => n + it.area, 0), ranks: Math.max(...all.map((it) => it.ranks)) };
    tx.require(sum.area <= MAX_AREA, "too_large");
    enter(tx, { ...first, parcel: into, plan, from, ...sum }, first.shares, "merged", deed);
    for (const charge of first.charges) charged(tx, charge, from, [into]);
    for (const it of all) tx.move(it, "closed", { into: [into], charges: [] });
    answered(tx, from, deed, applicant);
  },
});

// ── charges ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const mortgage = property.action({
  title: "Enter a charge, in rank behind those that are there",
  by: { registry, owner, lender: signs("the lender") },
  input: { charge: id, parcel: id, lender: party, ...instrument, terms },
  rules: ["block_stands", "too_many_burdens", "not_awaited", "closed"],
  work: 128,
  example: { charge: "bank-1", ...example, lender: "c:bank", deed: aHash, terms: aSeal(3) },
  run(tx, { parcel, applicant, ...it }) {
    const on = free(tx, parcel);
    for (const { holder } of on.shares) tx.signed("owner", holder);
    tx.signed("lender", it.lender);
    tx.require(on.charges.length < MAX_BURDENS, "too_many_burdens");
    tx.create(charges, { ...it, district: on.district, rank: on.ranks, parcels: [parcel] });
    tx.put(on, { charges: [...on.charges, it.charge], ranks: on.ranks + 1 });
    answered(tx, [parcel], it.deed, applicant);
  },
});

export const discharge = property.action({
  title: "Discharge a charge, or release some of the parcels that it burdens",
  by: { registry: ofCharge, lender: signs("the lender") },
  input: { charge: id, ...instrument, parcels: list(id, MAX_CHARGED, 1) },
  rules: ["lender_consents", "other_parcel", "not_awaited"],
  work: 1_000,
  example: { charge: "bank-1", deed: aHash, parcels: ["Q1-417"] },
  run(tx, { charge, deed, applicant, parcels: from }) {
    tx.signed("lender", tx.get(charges, charge).lender, "lender_consents");
    for (const parcel of from) release(tx, tx.get(parcels, parcel), [charge]);
    answered(tx, from, deed, applicant);
  },
});

export const assign = property.action({
  title: "Assign a charge to another lender; its rank stays",
  by: { registry: ofCharge, lender: signs("the lender"), to: signs("who will be lender") },
  input: { charge: id, ...instrument, to: party },
  rules: ["lender_consents", "other_parcel", "not_awaited"],
  work: 128,
  example: { charge: "bank-1", deed: aHash, to: "c:other-bank" },
  run(tx, { charge, deed, applicant, to }) {
    const it = tx.get(charges, charge);
    tx.signed("lender", it.lender, "lender_consents");
    tx.signed("to", to);
    tx.require(it.$.status === "live", "other_parcel");
    tx.put(it, { lender: to });
    answered(tx, it.parcels, deed, applicant);
  },
});

export const postpone = property.action({
  title: "Let a charge step behind the next one: its lender cedes the rank, no other is touched",
  by: { registry: ofCharge, lender: signs("who cedes the rank"), to: signs("who gains it") },
  input: { charge: id, ...instrument, behind: id },
  rules: ["lender_consents", "not_next", "not_awaited"],
  work: 800,
  example: { charge: "bank-1", deed: aHash, behind: "bank-2" },
  run(tx, { charge, deed, applicant, behind }) {
    const [first, second] = [tx.get(charges, charge), tx.get(charges, behind)];
    tx.signed("lender", first.lender, "lender_consents");
    tx.signed("to", second.lender);
    const both = first.parcels.length === second.parcels.length && first.parcels.length > 0;
    tx.require(both, "not_next");
    for (const parcel of first.parcels) {
      const on = tx.get(parcels, parcel);
      const at = on.charges.indexOf(charge);
      tx.require(on.charges[at + 1] === behind, "not_next", { parcel });
      tx.put(on, { charges: on.charges.toSpliced(at, 2, behind, charge) });
    }
    tx.put(first, { rank: second.rank });
    tx.put(second, { rank: first.rank });
    answered(tx, first.parcels, deed, applicant);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Beginning = Pick<Parcel, "parcel" | "district" | "area" | "plan" | "whole"> & Partial<Pick<Parcel, "charges" | "ranks" | "from">>;
/** A parcel begins, its title with entry 0. */
function enter(tx: Tx<"shares_total_one">, it: Beginning, shares: Shares, act: Entry["act"], deed?: Uint8Array): void {
  tx.require(sound(shares, it.whole), "shares_total_one", { whole: it.whole });
  const { parcel, district: of, area: size, plan, whole: parts, charges: borne = [], ranks = 0, from = [] } = it;
  const burdened = { charges: borne, ranks, caveats: [], seizures: [] };
  const row = { parcel, district: of, area: size, plan, whole: parts, shares, entries: 0, from, into: [], ...burdened };
  note(tx, tx.create(parcels, row), shares, act, { deed });
}
/** The parcel's shares are these from now on, and its title says why. */
function note(tx: Tx, it: Parcel, shares: Shares, act: Entry["act"], why: Partial<Omit<Entry, "$">>): Parcel {
  const { parcel, district: of, whole: parts, entries: number, area: size, plan } = it;
  tx.create(entries, { moves: [], discharged: [], ...why, parcel, number, registry: of, act, whole: parts, shares, area: size, plan });
  return tx.put(it, { shares, entries: number + 1 });
}
function after(tx: Tx<"share_too_small" | "too_many_holders">, shares: Shares, all: readonly Move[]): readonly Share[] {
  const now = giveAll(shares, all);
  if ("failed" in now) return tx.reject("share_too_small", { ...now.failed });
  tx.require(now.shares.length <= MAX_HOLDERS, "too_many_holders", { holders: now.shares.length });
  return now.shares;
}
/** Lenders consent to what becomes of their charges: those that go, those that remain. */
function consented(tx: Tx<"lender_consents" | "charge_remains">, it: Parcel, gone: readonly string[]): void {
  for (const charge of it.charges)
    tx.signed("lender", tx.get(charges, charge).lender, gone.includes(charge) ? "lender_consents" : "charge_remains");
}
/** These charges burden the parcel no more; a charge that burdens nothing is discharged. */
function release(tx: Tx<"other_parcel", never, "rank_moved_up">, it: Parcel, gone: readonly string[]): void {
  for (const charge of gone) {
    tx.require(it.charges.includes(charge) && gone.filter((other) => other === charge).length === 1, "other_parcel", { charge });
    charged(tx, charge, [it.parcel], []);
  }
  const left = it.charges.filter((charge) => !gone.includes(charge));
  if (left.some((charge, i) => it.charges[i] !== charge)) tx.flag("rank_moved_up");
  if (gone.length > 0) tx.put(it, { charges: left });
}
/** A charge burdens some parcels no more, and others in their place. */
function charged(tx: Tx, charge: string, gone: readonly string[], come: readonly string[]): void {
  const it = tx.get(charges, charge);
  const now = [...it.parcels.filter((parcel) => !gone.includes(parcel)), ...come];
  if (now.length === 0) tx.move(it, "discharged", { parcels: now });
  else tx.put(it, { parcels: now });
}
export default property;
