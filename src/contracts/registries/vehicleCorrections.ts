// Corrections of readings and accidents: the former version stays. Services 15, 16. Owns these acts. Does not own: records and rules (vehicleRecords.ts), how
// entries are made (vehicles.ts).
//
// Two sign, an inspector always: with him who made the entry – what an owner read is not changed without who owns the vehicle now – or a court. None of these
// offices owns the vehicle.

import { agency, type Body, count, id, type Party, type Row, signs, type Tx } from "../engine/index.ts";
import { aSeal } from "../kit/examples.ts";
import { judge, metresOf } from "../kit/odometer.ts";
import { impartial, theCourt } from "../kit/offices.ts";
import { mark, standing, supersede, weight } from "./vehicleReadings.ts";
import { accidents, odometer, owned, readings, report, titles, vehicle as contract, vehicles } from "./vehicleRecords.ts";

const inspector = { role: "inspector", is: (a: { readonly inspector: Party }) => a.inspector } as const;
const byMaker = { inspector, maker: signs("who made the entry; where an owner did, the present owner too") };
const byCourt = { inspector, court: theCourt };
const entry = { vehicle: id, number: count, version: count, inspector: agency, ground: id };
const anew = { ...entry, odometer };
const retold = { ...entry, severity: accidents.fields.severity, report };
const anEntry = { vehicle: "VIN7", number: 0, version: 0, inspector: "station", ground: "misread" };

export const correctReading = contract.action({
  title: "Correct a reading: the former version stays; it and the one after it are judged anew",
  by: byMaker,
  input: anew,
  rules: ["corrected_by_two", "own_cause", "not_standing"],
  example: { ...anEntry, odometer: { value: 4_800, unit: "km" } },
  run(tx, it) {
    const was = standing(tx, readings, it.vehicle, it.number);
    if (was.taker === undefined) byOwners(tx, it, tx.get(titles, it.vehicle, was.turn).owner);
    else byOffice(tx, it, was.taker);
    readAnew(tx, was, it);
  },
});

export const correctReadingByCourt = contract.action({
  title: "Correct a reading that a court has found wrong: the former version stays",
  by: byCourt,
  input: { ...anew, court: agency },
  rules: ["corrected_by_two", "own_cause", "not_standing"],
  example: { ...anEntry, court: "courts", odometer: { value: 4_800, unit: "km" } },
  run(tx, it) {
    apart(tx, it, it.court);
    readAnew(tx, standing(tx, readings, it.vehicle, it.number), it);
  },
});

export const correctAccident = contract.action({
  title: "Correct what was reported of an accident: the former version stays",
  by: byMaker,
  input: retold,
  rules: ["corrected_by_two", "own_cause", "not_standing"],
  example: { ...anEntry, severity: "minor", report: aSeal(1) },
  run(tx, it) {
    const was = standing(tx, accidents, it.vehicle, it.number);
    byOffice(tx, it, was.reporter);
    tellAnew(tx, was, it);
  },
});

export const correctAccidentByCourt = contract.action({
  title: "Correct what was reported of an accident, as a court has found: the former version stays",
  by: byCourt,
  input: { ...retold, court: agency },
  rules: ["corrected_by_two", "own_cause", "not_standing"],
  example: { ...anEntry, court: "courts", severity: "unfounded", report: aSeal(1) },
  run(tx, it) {
    apart(tx, it, it.court);
    tellAnew(tx, standing(tx, accidents, it.vehicle, it.number), it);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
type Entry = Body<typeof entry>;
const ownerNow = (tx: Tx, { vehicle }: Entry): Party => owned(tx, tx.get(vehicles, vehicle)).owner;
/** Two offices, and neither owns the vehicle. */
function apart(tx: Tx<"corrected_by_two" | "own_cause">, it: Entry, second: Party): void {
  tx.require(second !== it.inspector, "corrected_by_two");
  for (const office of [it.inspector, second]) impartial(tx, office, [ownerNow(tx, it)]);
}
function byOffice(tx: Tx<"corrected_by_two" | "own_cause">, it: Entry, maker: Party): void {
  tx.signed("maker", maker, "corrected_by_two");
  apart(tx, it, maker);
}
/** Who owned it when it was read, and who owns it. */
function byOwners(tx: Tx<"corrected_by_two" | "own_cause">, it: Entry, then: Party): void {
  const now = ownerNow(tx, it);
  for (const owner of [then, now]) tx.signed("maker", owner, "corrected_by_two");
  impartial(tx, it.inspector, [then, now]);
}
type Flags = "reading_lower" | "reading_equal" | "reading_far_above";
function readAnew(tx: Tx<"not_standing", never, Flags>, was: Row<typeof readings>, it: Body<typeof anew>): void {
  const { vehicle, number, odometer: shown, ground } = it;
  tx.require(was.version === it.version, "not_standing", { stands: was.version });
  const before = number === 0 ? undefined : standing(tx, readings, vehicle, number - 1);
  const now = { ...shown, metres: metresOf(shown), at: was.at };
  const judged = judge(before, now);
  const { taker, turn } = was;
  supersede(tx, readings, was);
  tx.create(readings, { vehicle, number, version: was.version + 1, latest: 0, ground, ...now, judged, taker, turn });
  mark(tx, judged);
  const on = tx.get(vehicles, vehicle);
  let doubts = on.doubtful + weight(judged) - weight(was.judged);
  if (number + 1 < on.readings) {
    const after = standing(tx, readings, vehicle, number + 1);
    const again = judge(now, after);
    doubts += weight(again) - weight(after.judged);
    if (again !== after.judged) tx.put(after, { judged: again });
  }
  tx.put(on, { doubtful: doubts, corrections: on.corrections + 1 });
}
function tellAnew(tx: Tx<"not_standing">, was: Row<typeof accidents>, it: Body<typeof retold>): void {
  const { vehicle, number, severity, report: told, ground } = it;
  tx.require(was.version === it.version, "not_standing", { stands: was.version });
  const { occurred, reporter } = was;
  supersede(tx, accidents, was);
  tx.create(accidents, { vehicle, number, version: was.version + 1, latest: 0, ground, occurred, reporter, severity, report: told });
  const on = tx.get(vehicles, vehicle);
  tx.put(on, { corrections: on.corrections + 1 });
}
