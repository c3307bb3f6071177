// What stops a parcel, and deeds that wait for the registry. Service 13. Owns caveats, seizures and applications, and the words that the whole register
// uses. Does not own: parcels, titles and charges (property.ts).

import { days, hash, id, type Party, party, signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { applications, caveats, claim, MAX_BURDENS, type Parcel, parcels, property, seizures } from "./propertyRecords.ts";

/** A caveat lapses after 90 days: time enough to go to court, and no more. */
const CAVEAT_TIME = days(90);
const MOST_EXTENDED = days(730);
/** A deed is entered or refused within 30 days. */
const ANSWER_TIME = days(30);

type OfParcel = { readonly parcel: string };
export const district = (a: OfParcel, tx: Tx): string => tx.get(parcels, a.parcel).district;
export const registry = { role: "registry", scope: district } as const;
export const court = { role: "court", scope: district } as const;
export const example = { parcel: "Q1-417" };

// ── caveats and seizures ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const caveat = property.action({
  title: "Enter a caveat: the parcel stops for 90 days",
  by: { registry, by: signs("who claims"), court: signs("the court, where he has had one before") },
  input: { parcel: id, by: party, ground: id, claim },
  rules: ["too_many_burdens", "leave_needed", "closed"],
  example: { ...example, by: "p:carl.property", ground: "unpaid-price", claim: aSeal(1) },
  run(tx, { parcel, by, ground, claim: says }) {
    const on = open(tx, parcel);
    const before = tx.find(caveats, parcel, by);
    tx.signed("by", by);
    tx.require(before === undefined || tx.holds("court", undefined, on.district), "leave_needed");
    tx.require(on.caveats.length < MAX_BURDENS, "too_many_burdens");
    const it = { ground, claim: says, until: tx.time + CAVEAT_TIME, times: (before?.times ?? 0) + 1 };
    if (before === undefined) tx.create(caveats, { parcel, by, ...it });
    else tx.move(before, "standing", { ...it, ended: undefined });
    tx.put(on, { caveats: [...on.caveats, by] });
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
  by: { court },
  input: { parcel: id, by: party, until: time },
  rules: ["extended_ahead"],
  example: { ...example, by: "p:carl.property", until: monday + days(180) },
  run(tx, { parcel, by, until }) {
    const it = tx.get(caveats, parcel, by);
    tx.require(it.$.status === "standing" && until > it.until && until <= tx.time + MOST_EXTENDED, "extended_ahead", { until: it.until });
    tx.put(it, { until });
  },
});

export const remove = property.action({
  title: "Remove a caveat that claims without right, on a ground",
  by: { court },
  input: { parcel: id, by: party, ground: id },
  rules: ["other_parcel"],
  example: { ...example, by: "p:carl.property", ground: "paid" },
  run: (tx, { parcel, by, ground }) => endCaveat(tx, parcel, by, "removed", ground),
});

export const lapse = property.due(caveats, {
  title: "A caveat that the court has not extended lapses",
  at: (it) => (it.$.status === "standing" ? it.until : undefined),
  run: (tx, { parcel, by }) => endCaveat(tx, parcel, by, "lapsed"),
});

export const seize = property.action({
  title: "Seize a parcel, on a ground: it stops until the court lifts the seizure",
  by: { court },
  input: { seizure: id, parcel: id, ground: id },
  rules: ["too_many_burdens", "closed"],
  example: { seizure: "2027-M-7", ...example, ground: "enforcement" },
  run(tx, it) {
    const on = open(tx, it.parcel);
    tx.require(on.seizures.length < MAX_BURDENS, "too_many_burdens");
    tx.create(seizures, { ...it, court: tx.signer("court") });
    tx.put(on, { seizures: [...on.seizures, it.seizure] });
  },
});

export const lift = property.action({
  title: "Lift a seizure, on a ground",
  by: { court },
  input: { parcel: id, seizure: id, ground: id },
  rules: ["other_parcel"],
  example: { ...example, seizure: "2027-M-7", ground: "debt-paid" },
  run: (tx, { parcel, seizure, ground }) => endSeizure(tx, parcel, seizure, ground),
});

// ── deeds that wait for the registry ─────────────────────────────────────────────────────────────────────────────────────────────────
export const lodge = property.action({
  title: "Hand in a deed: the registry enters or refuses it within 30 days",
  by: { applicant: signs("who applies") },
  input: { parcel: id, deed: hash, applicant: party },
  rules: ["closed"],
  example: { ...example, deed: aHash, applicant: "p:ann.property" },
  run(tx, it) {
    const on = open(tx, it.parcel);
    tx.signed("applicant", it.applicant);
    tx.create(applications, { ...it, registry: on.district, by: tx.time + ANSWER_TIME });
  },
});

export const refuse = property.action({
  title: "Refuse a deed, on a ground",
  by: { registry },
  input: { parcel: id, deed: hash, ground: id },
  rules: ["not_awaited"],
  example: { ...example, deed: aHash, ground: "form-16" },
  run(tx, { parcel, deed, ground }) {
    const it = tx.get(applications, parcel, deed);
    tx.require(it.$.status === "lodged" || it.$.status === "late", "not_awaited", { status: it.$.status });
    tx.move(it, "refused", { ground });
  },
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
export function endCaveat(tx: Tx<"other_parcel">, parcel: string, by: Party, to: "withdrawn" | "lapsed" | "removed", ended?: string): void {
  const on = tx.get(parcels, parcel);
  tx.require(on.caveats.includes(by), "other_parcel", { by });
  tx.move(tx.get(caveats, parcel, by), to, { ended });
  tx.put(on, { caveats: on.caveats.filter((other) => other !== by) });
}
export function endSeizure(tx: Tx<"other_parcel">, parcel: string, seizure: string, ended: string): void {
  const on = tx.get(parcels, parcel);
  tx.require(on.seizures.includes(seizure), "other_parcel", { seizure });
  tx.move(tx.get(seizures, seizure), "lifted", { ended });
  tx.put(on, { seizures: on.seizures.filter((other) => other !== seizure) });
}
/** The deed was handed in and is entered now. */
export function answered(tx: Tx, parcel: string, deed: Uint8Array): void {
  const it = tx.find(applications, parcel, deed);
  if (it !== undefined && it.$.status !== "entered") tx.move(it, "entered");
}
