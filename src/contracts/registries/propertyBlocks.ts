// What stops a parcel, and deeds that wait for the registry. Service 13. Owns caveats, seizures and applications, and the words that the whole register
// uses. Does not own: parcels, titles and charges (property.ts).

import { agency, days, hash, id, optional, type Party, party, type Row, signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { apart, impartial, offices } from "../kit/offices.ts";
import { applications, caveats, claim, MAX_BURDENS, type Parcel, parcels, property, seizures } from "./propertyRecords.ts";

/** A caveat lapses after 90 days: time enough to go to court, and no more. */
const CAVEAT_TIME = days(90);
const MOST_EXTENDED = days(730);
/** A deed is entered or refused within 30 days. */
const ANSWER_TIME = days(30);

type OfParcel = { readonly parcel: string };
export const district = (a: OfParcel, tx: Tx): string => tx.get(parcels, a.parcel).district;
export const registry = { role: "registry", scope: district } as const;
const court = { role: "court", scope: district } as const;
type Named = { readonly court: Party; readonly registry: Party };
/** Named in the arguments, where one agency must not stand for both. */
export const theCourt = { role: "court", scope: district, is: (a: Pick<Named, "court">) => a.court } as const;
export const theRegistry = { role: "registry", scope: district, is: (a: Pick<Named, "registry">) => a.registry } as const;
/** A deed, and whose application it answers, if it was handed in. */
export const instrument = { deed: hash, applicant: optional(party) };
export const example = { parcel: "Q1-417" };

// ── caveats and seizures ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const caveat = property.action({
  title: "Enter a caveat: the parcel stops for 90 days",
  by: { registry, by: signs("who claims") },
  input: { parcel: id, by: party, ground: id, claim },
  rules: ["too_many_burdens", "leave_needed", "closed"],
  example: { ...example, by: "p:carl.property", ground: "unpaid-price", claim: aSeal(1) },
  run(tx, it) {
    tx.signed("by", it.by);
    tx.require(tx.find(caveats, it.parcel, it.by) === undefined, "leave_needed");
    stop(tx, it.parcel, it.by);
    tx.create(caveats, { ...it, until: tx.time + CAVEAT_TIME, times: 1 });
  },
});

export const caveatAgain = property.action({
  title: "Enter another caveat of who has had one on the parcel before, with the court's leave",
  by: { registry: theRegistry, by: signs("who claims"), court: theCourt },
  input: { ...offices, parcel: id, by: party, ground: id, claim },
  rules: ["two_offices", "own_cause", "too_many_burdens", "leave_needed", "closed"],
  example: { court: "courts", registry: "land", ...example, by: "p:carl.property", ground: "unpaid-price", claim: aSeal(1) },
  run(tx, { registry: enters, ...it }) {
    tx.signed("by", it.by);
    const before = tx.find(caveats, it.parcel, it.by) ?? tx.reject("leave_needed");
    apart(tx, { court: it.court, registry: enters }, parties(tx, it.parcel, [it.by]));
    stop(tx, it.parcel, it.by);
    const { court: by, ground, claim: says } = it;
    const renewed = { court: by, ground, claim: says, until: tx.time + CAVEAT_TIME, times: before.times + 1 };
    tx.move(before, "standing", { ...renewed, ended: undefined, ended_by: undefined });
  },
});

export const withdraw = property.action({
  title: "Withdraw a caveat",
  by: { by: signs("who has it") },
  input: { parcel: id, by: party },
  rules: ["other_parcel"],
  example: { ...example, by: "p:carl.property" },
  run(tx, { parcel, by }) {
    tx.signed("by", by);
    endCaveat(tx, parcel, by, "withdrawn");
  },
});

export const extend = property.action({
  title: "Extend a caveat, while the court hears the claim",
  by: { court: theCourt },
  input: { court: agency, parcel: id, by: party, until: time },
  rules: ["own_cause", "other_court", "extended_ahead"],
  example: { court: "courts", ...example, by: "p:carl.property", until: monday + days(180) },
  run(tx, { court: hears, parcel, by, until }) {
    const it = tx.get(caveats, parcel, by);
    heard(tx, it, hears);
    tx.require(it.$.status === "standing" && until > it.until && until <= tx.time + MOST_EXTENDED, "extended_ahead", { until: it.until });
    tx.put(it, { until, court: hears });
  },
});

export const remove = property.action({
  title: "Remove a caveat that claims without right, on a ground",
  by: { court: theCourt },
  input: { court: agency, parcel: id, by: party, ground: id },
  rules: ["own_cause", "other_court", "other_parcel"],
  example: { court: "courts", ...example, by: "p:carl.property", ground: "paid" },
  run(tx, { court: hears, parcel, by, ground }) {
    heard(tx, tx.get(caveats, parcel, by), hears);
    endCaveat(tx, parcel, by, "removed", { ended: ground, ended_by: hears });
  },
});

export const lapse = property.due(caveats, {
  title: "A caveat that the court has not extended lapses",
  at: (it) => (it.$.status === "standing" ? it.until : undefined),
  run: (tx, { parcel, by }) => endCaveat(tx, parcel, by, "lapsed"),
});

export const seize = property.action({
  title: "Seize a parcel, on a ground: it stops until the court lifts the seizure",
  by: { court: theCourt },
  input: { seizure: id, court: agency, parcel: id, ground: id },
  rules: ["too_many_burdens", "closed"],
  example: { seizure: "2027-M-7", court: "courts", ...example, ground: "enforcement" },
  run(tx, it) {
    const on = open(tx, it.parcel);
    tx.require(on.seizures.length < MAX_BURDENS, "too_many_burdens");
    tx.create(seizures, it);
    tx.put(on, { seizures: [...on.seizures, it.seizure] });
  },
});

export const lift = property.action({
  title: "Lift a seizure, on a ground: the court that seized does, or a judgment",
  by: { court: { ...court, is: (a, tx) => tx.get(seizures, a.seizure).court } },
  input: { parcel: id, seizure: id, ground: id },
  rules: ["own_cause", "other_parcel"],
  example: { ...example, seizure: "2027-M-7", ground: "debt-paid" },
  run(tx, { parcel, seizure, ground }) {
    const by = tx.signer("court");
    impartial(tx, by, parties(tx, parcel, []));
    endSeizure(tx, parcel, seizure, { ended: ground, ended_by: by });
  },
});

// ── deeds that wait for the registry ─────────────────────────────────────────────────────────────────────────────────────────────────
export const lodge = property.action({
  title: "Hand in a deed, or once more what was refused or withdrawn: the registry enters or refuses it within 30 days",
  by: { applicant: signs("who applies") },
  input: { parcel: id, deed: hash, applicant: party },
  rules: ["not_awaited", "closed"],
  example: { ...example, deed: aHash, applicant: "p:ann.property" },
  run(tx, it) {
    const on = open(tx, it.parcel);
    tx.signed("applicant", it.applicant);
    const before = tx.find(applications, it.parcel, it.deed, it.applicant);
    const by = tx.time + ANSWER_TIME;
    if (before === undefined) return void tx.create(applications, { ...it, registry: on.district, by });
    tx.require(before.$.status === "refused" || before.$.status === "withdrawn", "not_awaited", { status: before.$.status });
    tx.move(before, "lodged", { by, ground: undefined });
  },
});

export const withdrawDeed = property.action({
  title: "Withdraw a deed that was handed in and is not entered yet",
  by: { applicant: signs("who applied") },
  input: { parcel: id, deed: hash, applicant: party },
  rules: ["not_awaited"],
  example: { ...example, deed: aHash, applicant: "p:ann.property" },
  run(tx, { parcel, deed, applicant }) {
    tx.signed("applicant", applicant);
    tx.move(awaited(tx, [parcel], deed, applicant), "withdrawn");
  },
});

export const refuse = property.action({
  title: "Refuse a deed, on a ground",
  by: { registry },
  input: { parcel: id, deed: hash, applicant: party, ground: id },
  rules: ["not_awaited"],
  example: { ...example, deed: aHash, applicant: "p:ann.property", ground: "form-16" },
  run: (tx, { parcel, deed, applicant, ground }) => void tx.move(awaited(tx, [parcel], deed, applicant), "refused", { ground }),
});

export const unanswered = property.due(applications, {
  title: "A deed that was neither entered nor refused in time is late, and says so",
  at: (it) => (it.$.status === "lodged" ? it.by : undefined),
  run: (tx, it) => void tx.move(it, "late"),
});

// ── words of the register ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export function open(tx: Tx<"closed">, key: string): Parcel {
  const it = tx.get(parcels, key);
  tx.require(it.$.status === "registered", "closed", { into: it.into });
  return it;
}
/** Open, and nothing stops it. */
export function free(tx: Tx<"block_stands" | "closed">, key: string): Parcel {
  const it = open(tx, key);
  tx.require(it.caveats.length + it.seizures.length === 0, "block_stands", { caveats: it.caveats, seizures: it.seizures });
  return it;
}
type End = { readonly ended?: string; readonly ended_by?: Party };
export function endCaveat(tx: Tx<"other_parcel">, parcel: string, by: Party, to: "withdrawn" | "lapsed" | "removed", why: End = {}): void {
  const on = tx.get(parcels, parcel);
  tx.require(on.caveats.includes(by), "other_parcel", { by });
  tx.move(tx.get(caveats, parcel, by), to, why);
  tx.put(on, { caveats: on.caveats.filter((other) => other !== by) });
}
export function endSeizure(tx: Tx<"other_parcel">, parcel: string, seizure: string, why: End): void {
  const on = tx.get(parcels, parcel);
  tx.require(on.seizures.includes(seizure), "other_parcel", { seizure });
  tx.move(tx.get(seizures, seizure), "lifted", why);
  tx.put(on, { seizures: on.seizures.filter((other) => other !== seizure) });
}
/** Of a parcel: who holds it, and others who are party to what is decided. */
export const parties = (tx: Tx, parcel: string, others: readonly Party[]): Party[] => [
  ...tx.get(parcels, parcel).shares.map(({ holder }) => holder),
  ...others,
];
function heard(tx: Tx<"own_cause" | "other_court">, { parcel, by, court: hears }: Row<typeof caveats>, now: Party): void {
  tx.require(hears === undefined || hears === now, "other_court", { court: hears });
  impartial(tx, now, parties(tx, parcel, [by]));
}
function stop(tx: Tx<"too_many_burdens" | "closed">, parcel: string, by: Party): void {
  const on = open(tx, parcel);
  tx.require(on.caveats.length < MAX_BURDENS, "too_many_burdens");
  tx.put(on, { caveats: [...on.caveats, by] });
}
/** The application that waits, at the first of these parcels that has it. */
function awaited(tx: Tx<"not_awaited">, at: readonly string[], deed: Uint8Array, applicant: Party): Row<typeof applications> {
  for (const parcel of at) {
    const it = tx.find(applications, parcel, deed, applicant);
    if (it?.$.status === "lodged" || it?.$.status === "late") return it;
  }
  return tx.reject("not_awaited", { applicant });
}
/** The deed is entered now: for whom, if it was handed in. */
export function answered(tx: Tx<"not_awaited">, at: readonly string[], deed: Uint8Array, applicant: Party | undefined): void {
  if (applicant !== undefined) tx.move(awaited(tx, at, deed, applicant), "entered");
}
