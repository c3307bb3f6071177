// Readings of an odometer, and versions of entries: how one is entered, which of them stands. Services 15, 16. Owns these words. Does not own: who may read or
// correct (vehicles.ts, vehicleCorrections.ts), how a reading is judged (kit/odometer).

import type { Party, Row, Tx } from "../engine/index.ts";
import { type Display, doubtful, judge, metresOf } from "../kit/odometer.ts";
import { type accidents, readings, type Vehicle } from "./vehicleRecords.ts";

type Flags = "reading_lower" | "reading_equal" | "reading_far_above";
type Judged = Row<typeof readings>["judged"];
export const weight = (judged: Judged): number => (doubtful(judged) ? 1 : 0);
export function mark(tx: Tx<never, never, Flags>, judged: Judged): void {
  if (judged !== "first" && judged !== "plausible") tx.flag(`reading_${judged}`);
}
/** Enters the next reading; what changes of the vehicle. */
export function read(tx: Tx<never, never, Flags>, it: Vehicle, shown: Display, taker?: Party): { readings: number; doubtful: number } {
  const number = it.readings;
  const now = { ...shown, metres: metresOf(shown), at: tx.time };
  const judged = judge(number === 0 ? undefined : standing(tx, readings, it.vehicle, number - 1), now);
  mark(tx, judged);
  tx.create(readings, { vehicle: it.vehicle, number, version: 0, latest: 0, ...now, judged, taker, turn: it.titles - 1 });
  return { readings: number + 1, doubtful: it.doubtful + weight(judged) };
}

/** The version of an entry that stands. */
export function standing<R extends typeof readings | typeof accidents>(tx: Tx, type: R, vehicle: string, number: number): Row<R> {
  const first = tx.get(type as typeof readings, vehicle, number, 0);
  return (first.latest === 0 ? first : tx.get(type as typeof readings, vehicle, number, first.latest)) as unknown as Row<R>;
}
export function supersede(tx: Tx, type: typeof readings | typeof accidents, was: Row<typeof readings> | Row<typeof accidents>): void {
  const { vehicle, number, version } = was;
  tx.move(was as Row<typeof readings>, "superseded");
  tx.put(tx.get(type as typeof readings, vehicle, number, 0), { latest: version + 1 });
}
