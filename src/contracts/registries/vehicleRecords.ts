// The records of vehicles and the rules they stand under. Services 15, and 16 but for the subsidy. Owns what a vehicle, a title, a lien, an accident, an
// inspection, a reading and a battery are. Does not own: who may do what with them (vehicles.ts, vehicleCorrections.ts, vehicleBatteries.ts), what an auditor
// recomputes (vehicleAudits.ts).
//
// What a vehicle went through is public, as buyers need it, and names no person. Who owns it, or did, stands in titles and liens, which few read.

import { agency, contract, count, flag, hash, id, list, money, object, oneOf, optional, party } from "../engine/index.ts";
import { record, type Row, sealed, text, time, type Tx } from "../engine/index.ts";
import { display, judgement, reading } from "../kit/odometer.ts";
import { officesRules } from "../kit/offices.ts";

export const MOST_LIENS = 8;
export const drive = oneOf("combustion", "electric", "hybrid");
export const description = { model: id, drive, document: hash };
/** What a sale, a loan, a report says; the chain keeps its root. */
export const sale = sealed({ price: money, text: text(8_192) });
export const loan = sealed({ amount: money, text: text(8_192) });
export const report = sealed({ text: text(8_192) });
export const odometer = object(display);
/** Versions of an entry: the first says which of them stands. */
const versions = { version: count, latest: count, ground: optional(id) };
const corrected = { stands: ["superseded"], superseded: [] } as const;

export const titles = record("title", {
  title: "Who owns a vehicle, or did: one title after the other",
  key: ["vehicle", "turn"],
  read: ["owner", "registry", "police", "court"],
  find: ["owner", "status"],
  fields: {
    ...{ vehicle: id, turn: count, owner: party, how: oneOf("registered", "transferred", "awarded") },
    ...{ sale: optional(sale), ground: optional(id) },
  },
  states: { live: ["passed", "ended"], passed: [], ended: [] },
});
export const liens = record("lien", {
  title: "A lien: to whom a vehicle is pledged",
  key: ["lien"],
  read: ["lender", "owner", "registry", "court"],
  find: ["lender", "owner", "status"],
  fields: { lien: id, vehicle: id, owner: party, lender: party, loan, ground: optional(id) },
  states: { live: ["released", "struck"], released: [], struck: [] },
});
export const accidents = record("accident", {
  title: "An accident as it was reported, or corrected; each version stays",
  key: ["vehicle", "number", "version"],
  read: "public",
  find: ["reporter", "status"],
  unique: ["reporter", "reference", "vehicle"],
  fields: {
    ...{ vehicle: id, number: count, ...versions },
    ...{ occurred: time, severity: oneOf("minor", "major", "total", "unfounded"), reporter: agency, report },
    /** The reporter's case, which is reported once of each vehicle in it; of the first version. */
    reference: optional(id),
  },
  states: corrected,
});
export const inspections = record("inspection", {
  title: "An inspection: passed until when, or failed by which defects; the last one counts",
  key: ["vehicle", "number"],
  read: "public",
  find: ["inspector"],
  fields: { vehicle: id, number: count, inspector: agency, passed: flag, until: optional(time), defects: list(id, 16), reading: count },
});
export const readings = record("reading", {
  title: "A reading of the odometer, and how it is judged by the one before; each version stays",
  key: ["vehicle", "number", "version"],
  read: "public",
  find: ["judged", "taker"],
  fields: {
    ...{ vehicle: id, number: count, ...versions, ...reading, at: time, judged: judgement },
    /** The agency that read it; else the owner of this title did. */
    ...{ taker: optional(agency), turn: count },
  },
  states: corrected,
});
export const batteries = record("battery", {
  title: "A traction battery: in a vehicle, or with who keeps it",
  key: ["battery"],
  read: ["holder", "maker", "registry"],
  find: ["holder", "maker", "status"],
  fields: {
    /** The battery passport is public elsewhere: whoever holds one compares it. */
    ...{ battery: id, maker: agency, capacity_wh: count, made: time, passport: hash },
    /** Who keeps it, or owns the vehicle that it is in. */
    ...{ holder: party, vehicle: optional(id), ground: optional(id) },
  },
  states: { kept: ["installed", "retired"], installed: ["kept"], retired: [] },
});
export const vehicles = record("vehicle", {
  title: "A vehicle, and the heads of its history",
  key: ["vehicle"],
  read: "public",
  find: ["model", "status"],
  fields: {
    ...{ vehicle: id, ...description, titles: count, liens: list(id, MOST_LIENS) },
    /** Readings that stand and are lower or far above what stands before them. */
    ...{ readings: count, doubtful: count, accidents: count, inspections: count },
    /** Corrections of readings and accidents, all together: who sees one reads the former versions. */
    corrections: count,
    /** Until when the last inspection serves. */
    ...{ inspected: optional(time), battery: optional(id), theft: optional(id) },
  },
  states: { registered: ["stolen", "scrapped"], stolen: ["registered"], scrapped: [] },
});

export const vehicle = contract("vehicles", {
  title: "Vehicles and batteries",
  purpose: "Who buys a vehicle knows what is pledged on it and what it went through; nothing that was reported of it vanishes.",
  sector: "city",
  records: [titles, liens, accidents, inspections, readings, batteries, vehicles],
  roles: {
    registry: "The vehicle register: registers, amends and scraps, with the owner; enters what courts award",
    inspector: "Inspects vehicles, and signs corrections",
    insurer: "Reports accidents",
    police: "Reports accidents, thefts, and what was found",
    court: "Awards vehicles, strikes liens, has entries corrected",
    maker: "Registers batteries",
  },
  rules: {
    ...officesRules,
    number_form: "A vehicle's number has capital letters and digits only, so that it is written in one way.",
    gone: "Of a scrapped vehicle only past entries are corrected.",
    stolen: "A stolen vehicle is not sold, pledged, swapped or scrapped until it is found.",
    lien_stands: "A vehicle is sold or scrapped free of liens: each is released by its lender, or struck by a court.",
    lien_over: "Only a lien that stands is assigned.",
    other_lien: "A lien that is released with a sale is one of that vehicle.",
    liens_full: "A vehicle bears eight liens at most.",
    same_party: "Nobody sells to himself, lends to himself or passes a lien or a battery to himself.",
    dated_ahead: "Nothing is dated after the moment it is entered.",
    own_inspection: "Nobody inspects what he owns.",
    inspection_term: "A passed inspection serves for three years at most; one that is not passed serves for none and names its defects.",
    corrected_by_two:
      "A correction is signed by an inspector and by who made the entry, or a court, who are not the same; of what an owner read, by the present owner too.",
    not_standing: "What is corrected is the version that stands.",
    not_electric: "A battery is in a vehicle that runs on one.",
    battery_there: "A swap names the battery that is in the vehicle, if there is one, and changes something.",
    battery_elsewhere: "A battery is in one place: what is put into a vehicle is with who gives it.",
    lender_consents: "A battery that is taken out of a pledged vehicle, with none as large put in, leaves with the lenders' consent.",
    battery_inside: "A vehicle is scrapped after its battery was taken out.",
  },
  flags: {
    reading_lower: "The odometer shows less than before.",
    reading_equal: "The odometer shows what it showed before.",
    reading_far_above: "The odometer shows more than 2,000 km above what it showed before, and 400 km for each day begun since.",
    holding_broken: "A subsidy's holding period was still running: what is left of it is reclaimed, or excused, by its office.",
  },
});
export type Vehicle = Row<typeof vehicles>;
export type Title = Row<typeof titles>;

// ── words of the acts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export function present(tx: Tx<"gone">, key: string): Vehicle {
  const it = tx.get(vehicles, key);
  tx.require(it.$.status !== "scrapped", "gone");
  return it;
}
export function free(tx: Tx<"gone" | "stolen">, key: string): Vehicle {
  const it = present(tx, key);
  tx.require(it.$.status !== "stolen", "stolen", { theft: it.theft });
  return it;
}
export const owned = (tx: Tx, it: Vehicle): Title => tx.get(titles, it.vehicle, it.titles - 1);
