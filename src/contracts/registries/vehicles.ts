// Vehicles: registered, pledged, sold, read, inspected, stolen and found, scrapped. Services 15, and 16 but for the subsidy. Owns these acts. Does not own:
// records and rules (vehicleRecords.ts), corrections (vehicleCorrections.ts), batteries (vehicleBatteries.ts), subsidies (benefits is told when their condition
// breaks), plates, payment.
//
// Seller and buyer need nobody else: both sign, and read the odometer together. Who alone could harm another needs a second: a correction, an award, a theft.

import { agency, days, flag, id, list, oneOf, optional, party, type Row } from "../engine/index.ts";
import { signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import type { Display } from "../kit/odometer.ts";
import { apart, impartial, offices, theCourt, theRegistry } from "../kit/offices.ts";
import { breach } from "../money/benefits.ts";
import { read } from "./vehicleReadings.ts";
import { accidents, batteries, description, free, inspections, liens, loan, MOST_LIENS, odometer, owned } from "./vehicleRecords.ts";
import { present, report, sale, type Title, titles, type Vehicle, vehicle as contract, vehicles } from "./vehicleRecords.ts";

export { nothingVanishes, pledgesHold, titlesFollow } from "./vehicleAudits.ts";
export { handOver, make, retire, swap } from "./vehicleBatteries.ts";
export { correctAccident, correctAccidentByCourt, correctReading, correctReadingByCourt } from "./vehicleCorrections.ts";
export { accidents, batteries, inspections, liens, readings, titles, vehicles } from "./vehicleRecords.ts";

/** A passed inspection serves no longer. */
const LONGEST = days(3 * 366);
const example = { vehicle: "VIN7" };
const km = (value: number): Display => ({ value, unit: "km" });
const byOwner = { owner: signs("the owner") };

// ── the register ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const register = contract.action({
  title: "Register a vehicle",
  by: { registry: "registry", ...byOwner },
  input: { vehicle: id, ...description, owner: party, odometer },
  rules: ["number_form"],
  example: { ...example, model: "leaf-40", drive: "electric", document: aHash, owner: "p:ann.city", odometer: km(12) },
  run(tx, { vehicle, owner, odometer: shown, ...described }) {
    tx.signed("owner", owner);
    tx.require(/^[A-Z0-9]+$/.test(vehicle), "number_form");
    const counts = { titles: 1, liens: [], readings: 0, doubtful: 0, accidents: 0, inspections: 0, corrections: 0 };
    const it = tx.create(vehicles, { vehicle, ...described, ...counts });
    tx.create(titles, { vehicle, turn: 0, owner, how: "registered" });
    tx.put(it, read(tx, it, shown));
  },
});

export const amend = contract.action({
  title: "Amend what is registered of a vehicle; what was registered before stays in its history",
  by: { registry: "registry", ...byOwner },
  input: { vehicle: id, ...description },
  rules: ["gone", "not_electric"],
  example: { ...example, model: "leaf-62", drive: "electric", document: aHash },
  run(tx, { vehicle, ...described }) {
    const it = present(tx, vehicle);
    tx.signed("owner", owned(tx, it).owner);
    tx.require(described.drive !== "combustion" || it.battery === undefined, "not_electric");
    tx.put(it, described);
  },
});

export const transfer = contract.action({
  title: "Sell a vehicle: both sign, and what the odometer shows; lenders may release their liens in the same act",
  by: { seller: signs("the owner"), buyer: signs("who will own it"), lender: signs("each lender whose lien is released") },
  input: { vehicle: id, to: party, odometer, release: list(id, MOST_LIENS), sale },
  rules: ["gone", "lien_stands", "other_lien", "same_party", "stolen"],
  work: 192,
  example: { ...example, to: "p:bob.city", odometer: km(52_000), release: ["loan-7"], sale: aSeal(2) },
  run(tx, { vehicle, to, odometer: shown, release: released, ...deed }) {
    const it = free(tx, vehicle);
    const title = owned(tx, it);
    tx.signed("seller", title.owner);
    tx.signed("buyer", to);
    tx.require(to !== title.owner, "same_party");
    for (const key of released) {
      const lien = tx.get(liens, key);
      tx.require(lien.vehicle === vehicle, "other_lien");
      tx.signed("lender", lien.lender, "lien_stands");
      tx.move(lien, "released");
    }
    tx.require(
      it.liens.every((key) => released.includes(key)),
      "lien_stands",
      { liens: it.liens },
    );
    const change = read(tx, it, shown);
    pass(tx, it, title, { owner: to, how: "transferred", ...deed }, { ...change, liens: [] });
    broken(tx, vehicle, "resold");
  },
});

export const award = contract.action({
  title: "Enter to whom a court awards a vehicle: of who died, went bankrupt, or lost it by judgment; its liens stay on it",
  by: { court: theCourt, registry: theRegistry, owner: signs("who will own it") },
  input: { ...offices, vehicle: id, to: party, ground: id },
  rules: ["two_offices", "own_cause", "gone", "same_party"],
  work: 128,
  example: { court: "courts", registry: "land", ...example, to: "p:carl.city", ground: "2027-inh-4" },
  run(tx, { court, registry, vehicle, to, ground }) {
    const it = present(tx, vehicle);
    const title = owned(tx, it);
    tx.signed("owner", to);
    tx.require(to !== title.owner, "same_party");
    const borne = it.liens.map((key) => tx.get(liens, key));
    apart(tx, { court, registry }, [title.owner, to, ...borne.map(({ lender }) => lender)]);
    for (const lien of borne) tx.put(lien, { owner: to });
    pass(tx, it, title, { owner: to, how: "awarded", ground }, {});
    broken(tx, vehicle, "awarded");
  },
});

export const scrap = contract.action({
  title: "Scrap a vehicle, on a ground: free of liens, without its battery",
  by: { registry: "registry", ...byOwner },
  input: { vehicle: id, ground: id },
  rules: ["battery_inside", "gone", "lien_stands", "stolen"],
  work: 96,
  example: { ...example, ground: "dismantled" },
  run(tx, { vehicle, ground }) {
    const it = free(tx, vehicle);
    const title = owned(tx, it);
    tx.signed("owner", title.owner);
    tx.require(it.liens.length === 0, "lien_stands", { liens: it.liens });
    tx.require(it.battery === undefined, "battery_inside");
    tx.move(title, "ended", { ground });
    tx.move(it, "scrapped", { inspected: undefined });
    broken(tx, vehicle, "scrapped");
  },
});

// ── liens ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const pledge = contract.action({
  title: "Pledge a vehicle",
  by: { ...byOwner, lender: signs("who lends") },
  input: { lien: id, vehicle: id, lender: party, loan },
  rules: ["gone", "liens_full", "same_party", "stolen"],
  example: { lien: "loan-7", ...example, lender: "c:bank", loan: aSeal(2) },
  run(tx, { lien, vehicle, lender, ...deed }) {
    const it = free(tx, vehicle);
    const { owner } = owned(tx, it);
    tx.signed("owner", owner);
    tx.signed("lender", lender);
    tx.require(lender !== owner, "same_party");
    tx.require(it.liens.length < MOST_LIENS, "liens_full");
    tx.create(liens, { lien, vehicle, owner, lender, ...deed });
    tx.put(it, { liens: [...it.liens, lien] });
  },
});

export const release = contract.action({
  title: "Release a lien",
  by: { lender: signs("the lender") },
  input: { lien: id },
  example: { lien: "loan-7" },
  run(tx, { lien: key }) {
    const lien = tx.get(liens, key);
    tx.signed("lender", lien.lender);
    clear(tx, lien, "released");
  },
});

export const strike = contract.action({
  title: "A court strikes a lien that the owner has challenged: a sham, or of a lender who is no more",
  by: { court: theCourt, ...byOwner },
  input: { lien: id, court: agency, ground: id },
  rules: ["own_cause"],
  example: { lien: "loan-7", court: "courts", ground: "2027-civ-40" },
  run(tx, { lien: key, court, ground }) {
    const lien = tx.get(liens, key);
    tx.signed("owner", lien.owner);
    impartial(tx, court, [lien.owner, lien.lender]);
    clear(tx, lien, "struck", ground);
  },
});

export const assign = contract.action({
  title: "Assign a lien to another lender",
  by: { lender: signs("the lender"), to: signs("who will be the lender") },
  input: { lien: id, to: party },
  rules: ["lien_over", "same_party"],
  example: { lien: "loan-7", to: "c:bank2" },
  run(tx, { lien: key, to }) {
    const lien = tx.get(liens, key);
    tx.signed("lender", lien.lender);
    tx.signed("to", to);
    tx.require(to !== lien.lender && to !== lien.owner, "same_party");
    tx.require(lien.$.status === "live", "lien_over");
    tx.put(lien, { lender: to });
  },
});

// ── what it went through ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const reportBy = (title: string, role: "insurer" | "police") =>
  contract.action({
    title,
    by: role,
    input: { vehicle: id, occurred: time, severity: oneOf("minor", "major", "total"), reference: id, report, odometer: optional(odometer) },
    rules: ["dated_ahead", "gone"],
    example: { ...example, occurred: monday, severity: "major", reference: "2027-0815", report: aSeal(1) },
    run(tx, { vehicle, odometer: shown, ...of }) {
      const it = present(tx, vehicle);
      const reporter = tx.signer(role);
      tx.require(of.occurred <= tx.time, "dated_ahead");
      tx.create(accidents, { vehicle, number: it.accidents, version: 0, latest: 0, reporter, ...of });
      tx.put(it, { accidents: it.accidents + 1, ...(shown === undefined ? {} : read(tx, it, shown, reporter)) });
    },
  });
export const reportByPolice = reportBy("The police report an accident", "police");
export const reportByInsurer = reportBy("An insurer reports an accident", "insurer");

export const inspect = contract.action({
  title: "Inspect a vehicle, and read its odometer",
  by: "inspector",
  input: { vehicle: id, passed: flag, until: optional(time), defects: list(id, 16), odometer },
  rules: ["gone", "inspection_term", "own_inspection"],
  example: { ...example, passed: true, until: monday + days(730), defects: ["tyres-worn"], odometer: km(48_000) },
  run(tx, { vehicle, odometer: shown, ...found }) {
    const it = present(tx, vehicle);
    const inspector = tx.signer("inspector");
    const { until } = found;
    const serves = until !== undefined && tx.time < until && until <= tx.time + LONGEST;
    tx.require(owned(tx, it).owner !== inspector, "own_inspection");
    tx.require(found.passed ? serves : until === undefined && found.defects.length > 0, "inspection_term");
    tx.create(inspections, { vehicle, number: it.inspections, inspector, ...found, reading: it.readings });
    tx.put(it, { inspections: it.inspections + 1, inspected: until, ...read(tx, it, shown, inspector) });
  },
});

export const readOdometer = contract.action({
  title: "Read the odometer",
  by: byOwner,
  input: { vehicle: id, odometer },
  rules: ["gone"],
  example: { ...example, odometer: km(49_500) },
  run(tx, { vehicle, odometer: shown }) {
    const it = present(tx, vehicle);
    tx.signed("owner", owned(tx, it).owner);
    tx.put(it, read(tx, it, shown));
  },
});

// ── thefts ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const reportStolen = contract.action({
  title: "Enter a theft that the owner reports: the vehicle is blocked until it is found",
  by: { police: "police", ...byOwner },
  input: { vehicle: id, reference: id },
  rules: ["gone"],
  example: { ...example, reference: "2027-0900" },
  run(tx, { vehicle, reference }) {
    const it = present(tx, vehicle);
    tx.signed("owner", owned(tx, it).owner);
    tx.move(it, "stolen", { theft: reference });
  },
});

export const found = contract.action({
  title: "Enter that a stolen vehicle was found",
  by: "police",
  input: { vehicle: id },
  example,
  run: (tx, { vehicle }) => void tx.move(tx.get(vehicles, vehicle), "registered", { theft: undefined }),
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The title passes, and the battery inside with it. */
function pass(tx: Tx, it: Vehicle, title: Title, next: Pick<Title, "owner" | "how" | "sale" | "ground">, change: Partial<Vehicle>): void {
  tx.move(title, "passed");
  tx.create(titles, { vehicle: it.vehicle, turn: it.titles, ...next });
  if (it.battery !== undefined) tx.put(tx.get(batteries, it.battery), { holder: next.owner });
  tx.put(it, { titles: it.titles + 1, ...change });
}
function broken(tx: Tx<never, never, "holding_broken">, vehicle: string, ground: string): void {
  if (breach(tx, vehicle, ground)) tx.flag("holding_broken");
}
function clear(tx: Tx, lien: Row<typeof liens>, to: "released" | "struck", ground?: string): void {
  const it = tx.get(vehicles, lien.vehicle);
  tx.move(lien, to, { ground });
  tx.put(it, { liens: it.liens.filter((key) => key !== lien.lien) });
}
export default contract;
