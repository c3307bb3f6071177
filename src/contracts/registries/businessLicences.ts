// What a company may do. Service 14. Owns licences, which are their licensor's, and the words of a judgment. Does not own: whether the company itself stands
// (business.ts, businessFilings.ts).

import { agency, days, hash, id, oneOf, optional, type Party, party, time, type Tx } from "../engine/index.ts";
import { aHash, monday } from "../kit/examples.ts";
import { theCourt } from "../kit/offices.ts";
import { open } from "./businessFilings.ts";
import { business, companies, judgments, licences } from "./businessRecords.ts";

type OfLicence = { readonly company: Party; readonly activity: string };
const example = { company: "c:4711", activity: "restaurant" };
const named = { role: "licensor", scope: (a: OfLicence) => a.activity, is: (a: { readonly licensor: Party }) => a.licensor } as const;

export const license = business.action({
  title: "License a company for an activity, or license it anew",
  by: { licensor: named },
  input: { company: party, activity: id, licensor: agency, until: optional(time) },
  rules: ["licence_ahead", "other_licensor", "over"],
  example: { ...example, licensor: "health", until: monday + days(365) },
  run(tx, { company, activity, licensor, until }) {
    open(tx, company);
    tx.require(until === undefined || until > tx.time, "licence_ahead");
    const before = tx.find(licences, company, activity);
    if (before === undefined) return void tx.create(licences, { company, activity, licensor, until });
    tx.require(before.licensor === licensor || before.$.status === "expired", "other_licensor", { licensor: before.licensor });
    if (before.$.status === "live") tx.put(before, { until });
    else tx.move(before, "live", { licensor, until, ground: undefined });
  },
});

export const setLicence = business.action({
  title: "Suspend, restore or revoke a licence, on a ground",
  by: {
    licensor: {
      role: "licensor",
      scope: (a: OfLicence) => a.activity,
      is: (a: OfLicence, tx: Tx) => tx.get(licences, a.company, a.activity).licensor,
    },
  },
  input: { company: party, activity: id, to: oneOf("live", "suspended", "revoked"), ground: id },
  rules: ["licence_over"],
  example: { ...example, to: "suspended", ground: "hygiene" },
  run(tx, { company, activity, to, ground }) {
    const it = tx.get(licences, company, activity);
    tx.require(to !== "live" || it.$.status === "suspended", "licence_over");
    tx.move(it, to, { ground });
  },
});

export const adjudgeLicence = business.action({
  title:
    "Carry out a judgment on a licence: it is live, suspended or revoked, whoever granted it, and from now on its licensor's who carries this out",
  by: { court: theCourt, licensor: named },
  input: {
    ...{ company: party, activity: id, licensor: agency, to: oneOf("live", "suspended", "revoked") },
    ...{ court: agency, judgment: id, ground: id, document: hash },
  },
  rules: ["two_offices", "judgment_done", "over"],
  example: { ...example, licensor: "land", to: "live", court: "courts", judgment: "2027-V-8", ground: "unfounded", document: aHash },
  run(tx, { activity, licensor, to, ...it }) {
    const { company, court, ground } = it;
    open(tx, company);
    tx.require(court !== licensor, "two_offices");
    judged(tx, it);
    const before = tx.get(licences, company, activity);
    if (before.$.status === to) tx.put(before, { licensor, ground });
    else tx.move(before, to, { licensor, ground });
  },
});

export const expires = business.due(licences, {
  title: "A licence expires with its time",
  at: (it) => (it.$.status === "live" || it.$.status === "suspended" ? it.until : undefined),
  run: (tx, it) => void tx.move(it, "expired"),
});

export const serves = business.view({
  title: "May this company do this now: does its licence serve, and does the company itself stand?",
  input: { company: party, activity: id },
  run(tx, { company, activity }) {
    const of = tx.find(companies, company)?.$.status ?? "unknown";
    const licence = tx.find(licences, company, activity)?.$.status ?? "none";
    return { company: of, licence, serves: licence === "live" && (of === "registered" || of === "late") };
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Judgment = {
  readonly company: Party;
  readonly court: Party;
  readonly judgment: string;
  readonly ground: string;
  readonly document: Uint8Array;
};
/** A judgment is carried out once. */
export function judged(tx: Tx<"judgment_done">, it: Judgment): void {
  tx.require(tx.find(judgments, it.company, it.court, it.judgment) === undefined, "judgment_done");
  tx.create(judgments, it);
}
