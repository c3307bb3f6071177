// Vehicles: registered, pledged, sold, read, inspected, corrected, stolen and found, scrapped. Services 15, and 16 but for the subsidy. Owns these acts. Does not
// own: records and rules (vehicleRecords.ts), batteries (vehicleBatteries.ts), subsidies (benefits is told when their condition breaks), plates, payment.
//
// Seller and buyer need nobody else: both sign, and read the odometer together. Who alone could harm another needs a second: a correction, an award, a theft.

import { agency, count, days, flag, id, list, oneOf, optional, type Party, party, type Row } from "../engine/index.ts";
import { signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { type Display, doubtful, judge, metresOf } from "../kit/odometer.ts";
import { breach } from "../money/benefits.ts";
import { accidents, batteries, description, free, inspections, liens, loan, MOST_LIENS, odometer, owned } from "./vehicleRecords.ts";
import { present, readings, report, sale, type Title, titles, type Vehicle, vehicle as contract, vehicles } from "./vehicleRecords.ts";

export { nothingVanishes, pledgesHold, titlesFollow } from "./vehicleAudits.ts";
export { handOver, make, retire, swap } from "./vehicleBatteries.ts";
export { accidents, batteries, inspections, liens, readings, titles, vehicles } from "./vehicleRecords.ts";

/** A passed inspection serves no longer. */
const LONGEST = days(3 * 366);
const example = { vehicle: "vin-7" };
const km = (value: number): Display => ({ value, unit: "km" });
const byOwner = { owner: signs("the owner") };

// ── the register ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const register = contract.action({
  title: "Register a vehicle",
  by: { registry: "registry", ...byOwner },
  input: { vehicle: id, ...description, owner: party, odometer },
  example: { ...example, model: "leaf-40", drive: "electric", document: aHash, owner: "p:ann.city", odometer: km(12) },
  run(tx, { vehicle, owner, odometer: shown, ...described }) {
    tx.signed("owner", owner);
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
  by: { court: "court", registry: "registry", owner: signs("who will own it") },
  input: { vehicle: id, to: party, ground: id },
  rules: ["gone", "same_party"],
  work: 128,
  example: { ...example, to: "p:carl.city", ground: "2027-inh-4" },
  run(tx, { vehicle, to, ground }) {
    const it = present(tx, vehicle);
    const title = owned(tx, it);
    tx.signed("owner", to);
    tx.require(to !== title.owner, "same_party");
    for (const key of it.liens) tx.put(tx.get(liens, key), { owner: to });
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
  by: { court: "court", ...byOwner },
  input: { lien: id, ground: id },
  example: { lien: "loan-7", ground: "2027-civ-40" },
  run(tx, { lien: key, ground }) {
    const lien = tx.get(liens, key);
    tx.signed("owner", lien.owner);
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

const entry = { vehicle: id, number: count, version: count, inspector: agency, court: optional(agency), ground: id };
const byTwo = {
  inspector: { role: "inspector", is: (a: { readonly inspector: Party }) => a.inspector },
  maker: signs("who made the entry, or the court named"),
} as const;
const anEntry = { ...example, number: 0, version: 0, inspector: "station", ground: "misread" };

export const correctReading = contract.action({
  title: "Correct a reading: the former version stays; it and the one after it are judged anew",
  by: byTwo,
  input: { ...entry, odometer },
  rules: ["corrected_by_two", "not_standing"],
  example: { ...anEntry, odometer: km(4_800) },
  run(tx, { odometer: shown, ground, ...of }) {
    const { vehicle, number } = of;
    const was = standing(tx, readings, vehicle, number);
    tx.require(was.version === of.version, "not_standing", { stands: was.version });
    byBoth(tx, of, was.taker ?? tx.get(titles, vehicle, was.turn).owner);
    const before = number === 0 ? undefined : standing(tx, readings, vehicle, number - 1);
    const now = { ...shown, metres: metresOf(shown), at: was.at };
    const judged = judge(before, now);
    const { taker, turn } = was;
    supersede(tx, readings, was);
    tx.create(readings, { vehicle, number, version: was.version + 1, latest: 0, ground, ...now, judged, taker, turn });
    mark(tx, judged);
    const it = tx.get(vehicles, vehicle);
    let doubts = it.doubtful + weight(judged) - weight(was.judged);
    if (number + 1 < it.readings) {
      const after = standing(tx, readings, vehicle, number + 1);
      const again = judge(now, after);
      doubts += weight(again) - weight(after.judged);
      if (again !== after.judged) tx.put(after, { judged: again });
    }
    tx.put(it, { doubtful: doubts, corrections: it.corrections + 1 });
  },
});

export const correctAccident = contract.action({
  title: "Correct what was reported of an accident: the former version stays",
  by: byTwo,
  input: { ...entry, severity: accidents.fields.severity, report },
  rules: ["corrected_by_two", "not_standing"],
  example: { ...anEntry, severity: "minor", report: aSeal(1) },
  run(tx, { severity, report: told, ground, ...of }) {
    const { vehicle, number } = of;
    const was = standing(tx, accidents, vehicle, number);
    tx.require(was.version === of.version, "not_standing", { stands: was.version });
    byBoth(tx, of, was.reporter);
    const { occurred, reporter } = was;
    supersede(tx, accidents, was);
    tx.create(accidents, { vehicle, number, version: was.version + 1, latest: 0, ground, occurred, reporter, severity, report: told });
    const it = tx.get(vehicles, vehicle);
    tx.put(it, { corrections: it.corrections + 1 });
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

type Flags = "reading_lower" | "reading_equal" | "reading_far_above";
type Judged = Row<typeof readings>["judged"];
const weight = (judged: Judged): number => (doubtful(judged) ? 1 : 0);
function mark(tx: Tx<never, never, Flags>, judged: Judged): void {
  if (judged !== "first" && judged !== "plausible") tx.flag(`reading_${judged}`);
}
/** Enters the next reading; what changes of the vehicle. */
function read(tx: Tx<never, never, Flags>, it: Vehicle, shown: Display, taker?: Party): { readings: number; doubtful: number } {
  const number = it.readings;
  const now = { ...shown, metres: metresOf(shown), at: tx.time };
  const judged = judge(number === 0 ? undefined : standing(tx, readings, it.vehicle, number - 1), now);
  mark(tx, judged);
  tx.create(readings, { vehicle: it.vehicle, number, version: 0, latest: 0, ...now, judged, taker, turn: it.titles - 1 });
  return { readings: number + 1, doubtful: it.doubtful + weight(judged) };
}

/** The version of an entry that stands. */
function standing<R extends typeof readings | typeof accidents>(tx: Tx, type: R, vehicle: string, number: number): Row<R> {
  const first = tx.get(type as typeof readings, vehicle, number, 0);
  return (first.latest === 0 ? first : tx.get(type as typeof readings, vehicle, number, first.latest)) as unknown as Row<R>;
}
function supersede(tx: Tx, type: typeof readings | typeof accidents, was: Row<typeof readings> | Row<typeof accidents>): void {
  const { vehicle, number, version } = was;
  tx.move(was as Row<typeof readings>, "superseded");
  tx.put(tx.get(type as typeof readings, vehicle, number, 0), { latest: version + 1 });
}
function byBoth(tx: Tx<"corrected_by_two">, { inspector, court }: { inspector: Party; court?: Party | undefined }, maker: Party): void {
  const second = court ?? maker;
  tx.signed("maker", second, "corrected_by_two");
  tx.require(second !== inspector && (court === undefined || tx.holds("court", court)), "corrected_by_two");
}
export default contract;
