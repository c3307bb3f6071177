// The records of the land register and the rules they stand under. Service 13. Owns what a parcel, an entry in its title, a charge, a caveat, a seizure and
// an application are. Does not own: who may do what with them (property.ts), what an auditor recomputes (propertyAudits.ts).

import { agency, contract, count, hash, id, list, money, object, oneOf, optional, party, range } from "../engine/index.ts";
import { record, type Row, sealed, text, time } from "../engine/index.ts";
import { officesRules } from "../kit/offices.ts";
import { move, shares, whole } from "../kit/shares.ts";

/** So that all who hold a parcel can sign one act, beside the registry, the tax office, a buyer and a lender. */
export const MAX_HOLDERS = 12;
export const MAX_BURDENS = 8;
export const MAX_PARTS = 8;
export const MAX_CHARGED = 64;
export const held = shares(MAX_HOLDERS);
export const moves = (min: number) => list(move, 32, min);
export const burdens = list(id, MAX_BURDENS);
/** In square metres: a million square kilometres. */
export const MAX_AREA = 1_000_000_000_000;
export const area = range(1, MAX_AREA);
export const survey = object({ area, plan: hash });
export const terms = sealed({ amount: money, currency: text(3, 3), conditions: text(2_000) });
export const claim = sealed({ text: text(2_000) });
/** What tax was paid says what the land was sold for: the chain keeps its root. */
export const tax = sealed({ amount: money, currency: text(3, 3), text: text(2_000) });

// Whoever deals in land must see who holds it and what burdens it: the register is public, under pseudonyms, and is not searched by holder.
export const parcels = record("parcel", {
  title: "A parcel: the shares in it, and what burdens it",
  key: ["parcel"],
  read: "public",
  find: ["district", "status"],
  fields: {
    ...{ parcel: id, district: id, area, plan: hash, whole, shares: held },
    /** Charges that are live, the first in rank first; who has a caveat; courts' seizures. */
    ...{ charges: burdens, caveats: list(party, MAX_BURDENS), seizures: burdens },
    /** How many entries its title has, and how many charges it ever bore. */
    ...{ entries: count, ranks: count },
    /** The parcels it was made of, and those it was made into. */
    ...{ from: list(id, MAX_PARTS), into: list(id, MAX_PARTS) },
    /** Why area or plan were corrected last. */
    ground: optional(id),
  },
  states: { registered: ["closed"], closed: [] },
});
export type Parcel = Row<typeof parcels>;
export const entries = record("entry", {
  title: "An entry in a parcel's title: what changed its shares or its area, and how they stood afterwards",
  key: ["parcel", "number"],
  read: ["moves", "shares", "tax_office", "court", "registry"],
  unique: ["tax_office", "receipt"],
  fields: {
    ...{ parcel: id, number: count },
    /** The district whose registry reads it. */
    registry: id,
    act: oneOf("registered", "transferred", "adjudged", "divided", "merged", "refined", "corrected"),
    ...{ deed: optional(hash), moves: moves(0), whole, shares: held, discharged: burdens, area, plan: hash },
    /** What was corrected: area and plan as they stood before. */
    was: optional(survey),
    ...{ tax_office: optional(agency), receipt: optional(id), tax: optional(tax) },
    ...{ court: optional(agency), judgment: optional(id) },
  },
});
export type Entry = Row<typeof entries>;
export const judgments = record("judgment", {
  title: "A judgment as carried out at a parcel, without the signature of those it binds",
  key: ["parcel", "court", "judgment"],
  read: "public",
  fields: { parcel: id, court: agency, judgment: id, ground: id, document: hash, entry: count },
});
export const charges = record("charge", {
  title: "A mortgage or other charge on one parcel, and on all that the parcel is divided into",
  key: ["charge"],
  read: "public",
  find: ["lender", "status"],
  fields: {
    ...{ charge: id, district: id, lender: party, deed: hash, terms },
    /** Of two charges on a parcel the one with the lower number comes first. */
    rank: count,
    parcels: list(id, MAX_CHARGED),
  },
  states: { live: ["discharged"], discharged: [] },
});
export const caveats = record("caveat", {
  title: "Somebody's claim that stops a parcel for a time",
  key: ["parcel", "by"],
  read: "public",
  fields: {
    ...{ parcel: id, by: party, ground: id, claim, until: time },
    /** How often he has had one here. */
    times: count,
    /** The court that hears the claim: it gave leave for the caveat, or extended it. */
    court: optional(agency),
    ...{ ended: optional(id), ended_by: optional(agency) },
  },
  states: {
    standing: ["withdrawn", "lapsed", "removed"],
    ...{ withdrawn: ["standing"], lapsed: ["standing"], removed: ["standing"] },
  },
});
export const seizures = record("seizure", {
  title: "A court's seizure of a parcel",
  key: ["seizure"],
  read: "public",
  find: ["parcel"],
  fields: { seizure: id, parcel: id, court: agency, ground: id, ended: optional(id), ended_by: optional(agency) },
  states: { standing: ["lifted"], lifted: [] },
});
export const applications = record("application", {
  title: "A deed handed in: it is entered, or refused on a ground, in time",
  key: ["parcel", "deed", "applicant"],
  read: ["applicant", "registry"],
  find: ["applicant", "status"],
  fields: { parcel: id, deed: hash, registry: id, applicant: party, by: time, ground: optional(id) },
  states: {
    ...{ lodged: ["entered", "refused", "withdrawn", "late"], late: ["entered", "refused", "withdrawn"] },
    ...{ refused: ["lodged"], withdrawn: ["lodged"], entered: [] },
  },
});

export const property = contract("property", {
  title: "Land register",
  purpose:
    "Who holds which share of a parcel and what burdens it; shares total one, and nobody loses land or a charge but by his signature or a judgment.",
  sector: "property",
  records: [entries, judgments, charges, caveats, seizures, applications, parcels],
  roles: {
    registry: "The land registry, per district",
    tax_office: "Settles the tax on a transfer, per district",
    court: "Seizes, extends and removes caveats, and has its judgments carried out, per district",
  },
  rules: {
    ...officesRules,
    shares_total_one: "The shares of a parcel always total the whole.",
    holder_unknown: "Shares are entered for who is registered and in good standing.",
    too_many_holders: "A parcel has at most 12 holders: more of them hold it together through a company.",
    share_too_small: "Nobody gives more than he holds, or to himself.",
    closed: "Nothing is entered at a parcel that was divided or merged.",
    block_stands:
      "While a caveat or a seizure stands the parcel is not charged, divided or merged, nor transferred or given another area but by a judgment.",
    lender_consents: "A charge leaves only with its lender's consent, or by a judgment that says so.",
    charge_remains:
      "A parcel is transferred free of charges, or with the consent of every lender whose charge remains; so is its area changed.",
    tax_settled_once: "A receipt of the tax office settles one transfer.",
    other_parcel: "A charge, caveat or seizure is dealt with at the parcel that it burdens.",
    too_many_burdens: "A parcel bears at most 8 charges, 8 caveats and 8 seizures; a charge burdens at most 64 parcels.",
    leave_needed: "Who has had a caveat on a parcel enters another with the court's leave, and nobody his first.",
    other_court: "A claim that one court hears is extended and removed by no other, but by a judgment.",
    extended_ahead: "A court extends a caveat that stands, to a later time, at most two years from now.",
    judgment_done: "A judgment is carried out once at a parcel.",
    judgment_empty: "A judgment that is carried out changes something.",
    area_differs: "The parts of a divided parcel have its area.",
    same_survey: "A correction changes area or plan.",
    too_large: "A parcel has at most a million square kilometres.",
    unlike: "Parcels are merged that are of one district, held by the same in the same shares and charged with the same in the same rank.",
    not_next: "A charge changes places with the one that stands next before it, on every parcel that either burdens.",
    too_fine: "A whole has at most a million million parts.",
    not_awaited: "A deed is entered for an applicant, refused or withdrawn while it is awaited, and handed in again once it is not.",
  },
  flags: {
    by_judgment: "Entered by a judgment, without the holder's signature.",
    rank_moved_up: "A charge was discharged before others: they moved up in rank.",
  },
});
