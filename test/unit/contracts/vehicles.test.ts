// Vehicles (services 15, 16): registered, pledged, sold, read, inspected, corrected, stolen, scrapped; batteries; what breaks a subsidy's condition. Then histories
// at random against a plain model and the audits.

import fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../../src/base/hash.ts";
import { days, type Row } from "../../../src/contracts/engine/index.ts";
import { type Display, judge, metresOf } from "../../../src/contracts/kit/odometer.ts";
import * as benefits from "../../../src/contracts/money/benefits.ts";
import * as funds from "../../../src/contracts/money/funds.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import * as governance from "../../../src/contracts/platform/governance.ts";
import contract, * as acts from "../../../src/contracts/registries/vehicles.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { enrol, founded, grant, register, shown } from "./founders.ts";
import { keyOf, plainRights, type Scenario, scenario, signedBy } from "./scenario.ts";

const { accidents, batteries, inspections, liens, readings, titles, vehicles } = acts;
const seal = (size: number) => ({ root: new Uint8Array(32).fill(4), size });
const document = new Uint8Array(32).fill(6);
const km = (value: number): Display => ({ value, unit: "km" });
const mi = (value: number): Display => ({ value, unit: "mi" });
const one = { vehicle: "CAR1" };
const named = { court: "courts", registry: "land" };

/** Land is the register, health inspects and makes batteries, tax insures; the courts are the police, too, and the ministry. */
function town(more: readonly (readonly [string, string])[] = []): Scenario {
  const it = founded({
    members: ["tax", "courts", "land", "health", "works"],
    grants: [
      ...["registry", "maker"].map((role) => grant("land", `vehicles.${role}`)),
      ...["court", "police"].map((role) => grant("courts", `vehicles.${role}`)),
      ...[grant("health", "vehicles.inspector"), grant("works", "vehicles.inspector"), grant("tax", "vehicles.insurer")],
      ...[grant("courts", "eid.ministry"), grant("courts", "eid.registrar")],
      ...[grant("courts", "funds.supervisor"), grant("land", "funds.bank")],
      ...[grant("tax", "benefits.office"), grant("health", "benefits.surveyor")],
      ...more.map(([who, role]) => grant(who, role)),
    ],
  });
  enrol(it, "courts", "city", "ann", "bob", "carl");
  register(it, "courts", "c:bank");
  register(it, "courts", "c:swaps");
  return it;
}
const described = (vehicle = "CAR1", drive: "combustion" | "electric" = "electric") => ({ vehicle, model: "leaf-40", drive, document });
/** Ann's electric car, just registered. */
function registered(): Scenario {
  const it = town();
  const car = { ...described(), owner: "p:ann", odometer: km(12) };
  it.act("Ann's car", acts.register, car, signedBy("land", "ann"));
  return it;
}
const sold = (more: object = {}) => ({ ...one, to: "p:bob", odometer: km(100), release: [] as string[], sale: seal(2), ...more });
const pledged = (lien = "loan-1", vehicle = "CAR1") => ({ lien, vehicle, lender: "c:bank", loan: seal(2) });
const car = (it: Scenario, vehicle = "CAR1") => it.row(vehicles, vehicle)!;
const owner = (it: Scenario, vehicle = "CAR1") => it.row(titles, vehicle, car(it, vehicle).titles - 1)?.owner;

describe("a title", () => {
  test("begins with the register and the owner, and passes when both sign", () => {
    const it = town();
    const first = { ...described(), owner: "p:ann", odometer: km(12) };
    it.refused("without the register", "engine.not_entitled", acts.register, first, signedBy("ann"));
    it.refused("without Ann", "engine.signature_missing", acts.register, first, signedBy("land"));
    it.act("registered", acts.register, first, signedBy("land", "ann"));
    it.refused("twice", "engine.already_exists", acts.register, { ...first, owner: "p:bob" }, signedBy("land", "bob"));
    it.refused("Bob takes it", "engine.signature_missing", acts.transfer, sold(), signedBy("bob"));
    it.refused("Ann presses it on him", "engine.signature_missing", acts.transfer, sold(), signedBy("ann"));
    it.refused("Ann sells to herself", "vehicles.same_party", acts.transfer, sold({ to: "p:ann" }), signedBy("ann"));
    it.refused("what is not there", "engine.not_found", acts.transfer, sold({ vehicle: "CAR9" }), signedBy("ann", "bob"));
    expect(it.act("both sign", acts.transfer, sold(), signedBy("ann", "bob"))).toEqual([]);
    it.refused("Ann sells it once more", "engine.signature_missing", acts.transfer, sold({ to: "p:carl" }), signedBy("ann", "carl"));
    expect([it.row(titles, "CAR1", 0), it.row(titles, "CAR1", 1)]).toMatchObject([
      { owner: "p:ann", how: "registered", $: { status: "passed" } },
      { owner: "p:bob", how: "transferred", $: { status: "live" } },
    ]);
    passes(it, "vehicles");
  });

  test("is amended by the register and the owner", () => {
    const it = registered();
    const other = { ...described("CAR1", "combustion"), model: "leaf-62" };
    it.refused("by the register alone", "engine.signature_missing", acts.amend, other, signedBy("land"));
    it.act("amended", acts.amend, other, signedBy("land", "ann"));
    expect(car(it)).toMatchObject({ model: "leaf-62", drive: "combustion", titles: 1 });
  });

  test("is awarded by a court, entered by the register, signed by who will own it; liens follow the vehicle", () => {
    const it = registered();
    it.act("pledged", acts.pledge, pledged(), signedBy("ann", "bank"));
    const heir = { ...named, ...one, to: "p:carl", ground: "2027-inh-4" };
    it.refused("by the court alone", "engine.not_entitled", acts.award, heir, signedBy("courts", "carl"));
    it.refused("to who does not want it", "engine.signature_missing", acts.award, heir, signedBy("courts", "land"));
    it.refused("to Ann, who owns it", "vehicles.same_party", acts.award, { ...heir, to: "p:ann" }, signedBy("courts", "land", "ann"));
    it.act("Carl inherits", acts.award, heir, signedBy("courts", "land", "carl"));
    expect([owner(it), it.row(liens, "loan-1")?.owner, car(it).liens]).toEqual(["p:carl", "p:carl", ["loan-1"]]);
    const sale = sold({ release: ["loan-1"] });
    it.refused("the lien binds him", "vehicles.lien_stands", acts.transfer, sale, signedBy("carl", "bob"));
    passes(it, "vehicles");
  });

  test("ends with the vehicle: free of liens, without its battery, for good", () => {
    const it = registered();
    battery(it, "b-1");
    it.act("put in", acts.swap, { ...one, put: "b-1", keeper: "land" }, signedBy("ann", "land"));
    it.act("pledged", acts.pledge, pledged(), signedBy("ann", "bank"));
    const end = { ...one, ground: "dismantled" };
    it.refused("pledged as it is", "vehicles.lien_stands", acts.scrap, end, signedBy("land", "ann"));
    it.act("released", acts.release, { lien: "loan-1" }, signedBy("bank"));
    it.refused("with its battery", "vehicles.battery_inside", acts.scrap, end, signedBy("land", "ann"));
    it.act("taken out", acts.swap, { ...one, take: "b-1", keeper: "p:ann" }, signedBy("ann"));
    it.refused("by Ann alone", "engine.not_entitled", acts.scrap, end, signedBy("ann"));
    it.refused("by the register alone", "engine.signature_missing", acts.scrap, end, signedBy("land"));
    it.act("scrapped", acts.scrap, end, signedBy("land", "ann"));
    const gone = "vehicles.gone";
    it.refused("twice", gone, acts.scrap, end, signedBy("land", "ann"));
    it.refused("sold", gone, acts.transfer, sold(), signedBy("ann", "bob"));
    it.refused("awarded", gone, acts.award, { ...named, ...one, to: "p:bob", ground: "x" }, signedBy("courts", "land", "bob"));
    it.refused("amended", gone, acts.amend, described(), signedBy("land", "ann"));
    it.refused("pledged", gone, acts.pledge, pledged("loan-2"), signedBy("ann", "bank"));
    it.refused("read", gone, acts.readOdometer, { ...one, odometer: km(200) }, signedBy("ann"));
    it.refused("inspected", gone, acts.inspect, visit(it), signedBy("health"));
    it.refused("stolen", gone, acts.reportStolen, { ...one, reference: "x" }, signedBy("courts", "ann"));
    it.refused("registered anew", "engine.already_exists", acts.register, { ...described(), owner: "p:ann", odometer: km(1) }, [
      ...signedBy("land", "ann"),
    ]);
    const twoSign = { inspector: "health", ground: "misread" };
    const past = { ...one, number: 0, version: 0, ...twoSign, odometer: km(13) };
    it.act("what was read of it is still corrected", acts.correctReading, past, signedBy("health", "ann"));
    passes(it, "vehicles");
  });
});

describe("a lien", () => {
  test("is given by owner and lender, and blocks the sale until its lender releases it", () => {
    const it = registered();
    it.refused("without Ann", "engine.signature_missing", acts.pledge, pledged(), signedBy("bank"));
    it.refused("without the bank", "engine.signature_missing", acts.pledge, pledged(), signedBy("ann"));
    it.refused("to herself", "vehicles.same_party", acts.pledge, { ...pledged(), lender: "p:ann" }, signedBy("ann"));
    it.act("pledged", acts.pledge, pledged(), signedBy("ann", "bank"));
    it.refused("the same loan", "engine.already_exists", acts.pledge, pledged(), signedBy("ann", "bank"));
    it.refused("sold", "vehicles.lien_stands", acts.transfer, sold(), signedBy("ann", "bob", "bank"));
    const free = sold({ release: ["loan-1"] });
    const needed = it.needs(acts.transfer, free).map(({ slot, party }) => `${slot} ${party}`);
    expect(needed).toEqual(["seller p:ann", "buyer p:bob", "lender c:bank"]);
    it.refused("and the bank does not sign", "vehicles.lien_stands", acts.transfer, free, signedBy("ann", "bob"));
    it.act("Bob's car", acts.register, { ...described("CAR2"), owner: "p:bob", odometer: km(5) }, signedBy("land", "bob"));
    it.act("is pledged", acts.pledge, pledged("loan-2", "CAR2"), signedBy("bob", "bank"));
    const wrong = sold({ release: ["loan-1", "loan-2"] });
    it.refused("with another car's lien", "vehicles.other_lien", acts.transfer, wrong, signedBy("ann", "bob", "bank"));
    it.act("sold and released in one act", acts.transfer, free, signedBy("ann", "bob", "bank"));
    expect([owner(it), car(it).liens, it.row(liens, "loan-1")?.$.status]).toEqual(["p:bob", [], "released"]);
    it.refused("released twice", "engine.illegal_move", acts.release, { lien: "loan-1" }, signedBy("bank"));
    passes(it, "vehicles");
  });

  test("is assigned, released by its lender, or struck by a court that the owner asked; a vehicle bears eight", () => {
    const it = registered();
    for (let i = 1; i <= 8; i++) it.act(`loan ${i}`, acts.pledge, pledged(`loan-${i}`), signedBy("ann", "bank"));
    it.refused("a ninth", "vehicles.liens_full", acts.pledge, pledged("loan-9"), signedBy("ann", "bank"));
    const pass = { lien: "loan-1", to: "c:swaps" };
    it.refused("to who does not sign", "engine.signature_missing", acts.assign, pass, signedBy("bank"));
    it.refused("by who is not the lender", "engine.signature_missing", acts.assign, pass, signedBy("swaps"));
    it.refused("to the owner", "vehicles.same_party", acts.assign, { ...pass, to: "p:ann" }, signedBy("bank", "ann"));
    it.act("assigned", acts.assign, pass, signedBy("bank", "swaps"));
    it.refused("the bank releases what it gave away", "engine.signature_missing", acts.release, { lien: "loan-1" }, signedBy("bank"));
    it.refused("Ann releases it", "engine.signature_missing", acts.release, { lien: "loan-1" }, signedBy("ann"));
    it.act("its lender does", acts.release, { lien: "loan-1" }, signedBy("swaps"));
    it.refused("and passes it on", "vehicles.lien_over", acts.assign, { ...pass, to: "c:bank" }, signedBy("swaps", "bank"));
    const sham = { lien: "loan-2", court: "courts", ground: "2027-civ-40" };
    it.refused("struck by Ann", "engine.not_entitled", acts.strike, sham, signedBy("ann"));
    it.refused("by a court that nobody asked", "engine.signature_missing", acts.strike, sham, signedBy("courts"));
    it.act("struck", acts.strike, sham, signedBy("courts", "ann"));
    expect(car(it).liens).toEqual(["loan-3", "loan-4", "loan-5", "loan-6", "loan-7", "loan-8"]);
    passes(it, "vehicles");
  });
});

const unserved = (more: object = {}) => ({ ...one, passed: true, defects: [] as string[], odometer: km(40_000), ...more });
const visit = (it: Scenario, more: object = {}) => ({ ...unserved(), until: it.time + days(700), ...more });
describe("what it went through", () => {
  test("a reading lower than, equal to or far above the last is taken, judged and flagged", () => {
    const it = registered();
    const read = (odometer: Display) => it.act("read", acts.readOdometer, { ...one, odometer }, signedBy("ann"));
    it.refused("by Bob", "engine.signature_missing", acts.readOdometer, { ...one, odometer: km(13) }, signedBy("bob"));
    expect(read(km(500))).toEqual([]);
    expect(read(km(500))).toEqual(["vehicles.reading_equal"]);
    expect(read(km(499))).toEqual(["vehicles.reading_lower"]);
    expect(read(km(2_900))).toEqual(["vehicles.reading_far_above"]); // 2,400 km at once are allowed
    it.advance(days(9));
    expect(read(km(8_899))).toEqual([]); // 2,000 and 400 for each of ten days begun
    expect(read(mi(5_530))).toEqual(["vehicles.reading_equal"]); // 8,899.7 km
    expect(read(mi(5_531))).toEqual([]);
    expect(read(km(8_901))).toEqual(["vehicles.reading_equal"]);
    expect(read(km(8_899))).toEqual(["vehicles.reading_lower"]);
    const judged = Array.from({ length: car(it).readings }, (_, n) => it.row(readings, "CAR1", n, 0)!.judged);
    expect(judged.slice(0, 5)).toEqual(["first", "plausible", "equal", "lower", "far_above"]);
    expect(car(it)).toMatchObject({ readings: 10, doubtful: 3 });
    expect(it.row(readings, "CAR1", 6, 0)).toMatchObject({ value: 5_530, unit: "mi", metres: 8_899_672 });
    passes(it, "vehicles");
  });

  test("a reading is corrected by two, its former versions stay, and its neighbours are judged anew", () => {
    const it = registered();
    it.act("a nought too many", acts.readOdometer, { ...one, odometer: km(10_000) }, signedBy("ann"));
    expect(it.act("so", acts.readOdometer, { ...one, odometer: km(1_100) }, signedBy("ann"))).toEqual(["vehicles.reading_lower"]);
    expect(car(it).doubtful).toBe(2);
    const right = { ...one, number: 1, version: 0, inspector: "health", ground: "misread", odometer: km(1_000) };
    it.refused("by Ann alone", "engine.not_entitled", acts.correctReading, right, signedBy("ann"));
    it.refused("by the inspector alone", "vehicles.corrected_by_two", acts.correctReading, right, signedBy("health"));
    it.refused("with Bob", "vehicles.corrected_by_two", acts.correctReading, right, signedBy("health", "bob"));
    it.refused("a version to come", "vehicles.not_standing", acts.correctReading, { ...right, version: 1 }, signedBy("health", "ann"));
    expect(it.act("by both", acts.correctReading, right, signedBy("health", "ann"))).toEqual([]);
    it.refused("twice", "vehicles.not_standing", acts.correctReading, right, signedBy("health", "ann"));
    expect([0, 1].map((version) => it.row(readings, "CAR1", 1, version))).toMatchObject([
      { metres: 10_000_000, judged: "far_above", $: { status: "superseded" } },
      { metres: 1_000_000, judged: "plausible", ground: "misread", $: { status: "stands" } },
    ]);
    expect([it.row(readings, "CAR1", 2, 0)?.judged, car(it).doubtful]).toEqual(["plausible", 0]);
    const again = { ...right, version: 1, court: "courts", odometer: km(2_000) };
    it.refused("a court that did not sign", "engine.not_entitled", acts.correctReadingByCourt, again, signedBy("health"));
    const noCourt = { ...again, court: "tax" };
    it.refused("no court", "engine.not_entitled", acts.correctReadingByCourt, noCourt, signedBy("health", "tax"));
    expect(it.act("against Ann's will, by a court", acts.correctReadingByCourt, again, signedBy("health", "courts"))).toEqual([]);
    expect([it.row(readings, "CAR1", 1, 0)?.latest, it.row(readings, "CAR1", 2, 0)?.judged, car(it).doubtful]).toEqual([2, "lower", 1]);
    const first = { ...right, number: 0, odometer: km(3_000) };
    it.act("the first", acts.correctReading, first, signedBy("works", "health", "ann"));
    expect(it.row(readings, "CAR1", 0, 1)?.judged).toBe("first");
    passes(it, "vehicles");
  });

  test("an inspection passes until a day, or names its defects; nobody inspects his own", () => {
    const it = registered();
    const term = "vehicles.inspection_term";
    it.refused("by the register", "engine.not_entitled", acts.inspect, visit(it), signedBy("land"));
    it.refused("passed for ever", term, acts.inspect, visit(it, { until: it.time + days(1_100) }), signedBy("health"));
    it.refused("passed until yesterday", term, acts.inspect, visit(it, { until: it.time - days(1) }), signedBy("health"));
    it.refused("passed without a day", term, acts.inspect, unserved(), signedBy("health"));
    it.refused("failed until a day", term, acts.inspect, visit(it, { passed: false, defects: ["brakes"] }), signedBy("health"));
    it.refused("failed for nothing", term, acts.inspect, unserved({ passed: false }), signedBy("health"));
    it.act("passed", acts.inspect, visit(it, { odometer: km(900) }), signedBy("health"));
    expect(car(it)).toMatchObject({ inspected: it.row(inspections, "CAR1", 0)!.until, inspections: 1, readings: 2 });
    const failed = unserved({ passed: false, defects: ["brakes"], odometer: km(950) });
    it.act("failed the next time", acts.inspect, failed, signedBy("works"));
    expect(car(it).inspected).toBeUndefined();
    expect(it.row(inspections, "CAR1", 1)).toMatchObject({ inspector: "works", defects: ["brakes"], reading: 2 });
    const mended = { ...one, number: 2, version: 0, ground: "misread", odometer: km(951) };
    const two = "vehicles.corrected_by_two";
    const own = { ...mended, inspector: "works" };
    it.refused("who read it confirms himself", two, acts.correctReading, own, signedBy("works"));
    it.act("another does", acts.correctReading, { ...mended, inspector: "health" }, signedBy("works", "health"));
    it.act("sold to who inspects", acts.transfer, sold({ to: "health", odometer: km(960) }), signedBy("ann", "health"));
    it.refused("its own", "vehicles.own_inspection", acts.inspect, visit(it), signedBy("health"));
    passes(it, "vehicles");
  });

  test("an accident never vanishes: its reporter and an inspector correct it, the former version stays", () => {
    const it = registered();
    const crash = { ...one, occurred: it.time, severity: "major" as const, reference: "0815", report: seal(1) };
    it.refused("reported by Ann", "engine.not_entitled", acts.reportByInsurer, crash, signedBy("ann"));
    it.refused("tomorrow's", "vehicles.dated_ahead", acts.reportByPolice, { ...crash, occurred: it.time + days(1) }, signedBy("courts"));
    it.act("by the insurer", acts.reportByInsurer, { ...crash, odometer: km(700) }, signedBy("tax"));
    it.refused("the same case again", "engine.already_exists", acts.reportByInsurer, crash, signedBy("tax"));
    it.act("by the police, too", acts.reportByPolice, crash, signedBy("courts"));
    expect([car(it).accidents, it.row(readings, "CAR1", 1, 0)?.taker]).toEqual([2, "tax"]);
    const less = { ...one, number: 0, version: 0, inspector: "health", ground: "estimate", severity: "minor" as const, report: seal(1) };
    it.refused("made less by owner and inspector", "vehicles.corrected_by_two", acts.correctAccident, less, signedBy("health", "ann"));
    it.refused("by the insurer alone", "engine.not_entitled", acts.correctAccident, less, signedBy("tax"));
    it.act("by the insurer and an inspector", acts.correctAccident, less, signedBy("health", "tax"));
    it.refused("the former version", "vehicles.not_standing", acts.correctAccident, less, signedBy("health", "tax"));
    const unfounded = { ...less, version: 1, court: "courts", severity: "unfounded" as const };
    it.act("a court has it called unfounded", acts.correctAccidentByCourt, unfounded, signedBy("health", "courts"));
    expect([0, 1, 2].map((version) => it.row(accidents, "CAR1", 0, version))).toMatchObject([
      { severity: "major", reference: "0815", $: { status: "superseded" } },
      { severity: "minor", ground: "estimate", $: { status: "superseded" } },
      { severity: "unfounded", reporter: "tax", $: { status: "stands" } },
    ]);
    expect(car(it)).toMatchObject({ accidents: 2, corrections: 2 });
    passes(it, "vehicles");
  });

  test("a stolen vehicle is blocked until it is found", () => {
    const it = registered();
    battery(it, "b-1");
    const theft = { ...one, reference: "0900" };
    it.refused("reported by the police alone", "engine.signature_missing", acts.reportStolen, theft, signedBy("courts"));
    it.refused("by Ann alone", "engine.not_entitled", acts.reportStolen, theft, signedBy("ann"));
    it.act("reported", acts.reportStolen, theft, signedBy("courts", "ann"));
    it.refused("twice", "engine.illegal_move", acts.reportStolen, theft, signedBy("courts", "ann"));
    it.refused("sold", "vehicles.stolen", acts.transfer, sold(), signedBy("ann", "bob"));
    it.refused("pledged", "vehicles.stolen", acts.pledge, pledged(), signedBy("ann", "bank"));
    it.refused("scrapped", "vehicles.stolen", acts.scrap, { ...one, ground: "x" }, signedBy("land", "ann"));
    it.refused("swapped", "vehicles.stolen", acts.swap, { ...one, put: "b-1", keeper: "land" }, signedBy("ann", "land"));
    it.act(
      "a court gives it to who insured it",
      acts.award,
      { ...named, ...one, to: "tax", ground: "paid-out" },
      signedBy("courts", "land", "tax"),
    );
    it.refused("found by Ann", "engine.not_entitled", acts.found, one, signedBy("ann"));
    it.act("found", acts.found, one, signedBy("courts"));
    it.refused("twice", "engine.illegal_move", acts.found, one, signedBy("courts"));
    it.act("sold", acts.transfer, sold(), signedBy("tax", "bob"));
    expect(car(it)).toMatchObject({ titles: 3, $: { status: "registered" } });
    passes(it, "vehicles");
  });
});

function battery(it: Scenario, key: string, capacity = 40_000): void {
  const made = { battery: key, capacity_wh: capacity, made: it.time, passport: document };
  it.act(`battery ${key}`, acts.make, made, signedBy("land"));
}
describe("a battery", () => {
  test("is in one place: in a vehicle, with its owner, or with who keeps it", () => {
    const it = registered();
    const early = { battery: "b-0", capacity_wh: 1, made: it.time + days(1), passport: document };
    it.refused("of tomorrow", "vehicles.dated_ahead", acts.make, early, signedBy("land"));
    it.refused("made by nobody", "engine.not_entitled", acts.make, { ...early, made: it.time }, signedBy("health"));
    for (const key of ["b-1", "b-2", "b-3"]) battery(it, key);
    for (const key of ["b-1", "b-2"]) it.act("handed over", acts.handOver, { battery: key, to: "c:swaps" }, signedBy("land", "swaps"));
    it.refused("to itself", "vehicles.same_party", acts.handOver, { battery: "b-1", to: "c:swaps" }, signedBy("swaps"));
    it.refused(
      "by who has it no more",
      "engine.signature_missing",
      acts.handOver,
      { battery: "b-1", to: "c:bank" },
      signedBy("land", "bank"),
    );
    const swap = { ...one, keeper: "c:swaps" };
    const both = signedBy("ann", "swaps");
    it.refused("of somebody else", "vehicles.battery_elsewhere", acts.swap, { ...swap, put: "b-3" }, both);
    it.refused("without Ann", "engine.signature_missing", acts.swap, { ...swap, put: "b-1" }, signedBy("swaps"));
    it.refused("without who gives it", "engine.signature_missing", acts.swap, { ...swap, put: "b-1" }, signedBy("ann"));
    it.refused("nothing for nothing", "vehicles.battery_there", acts.swap, swap, both);
    it.act("put in", acts.swap, { ...swap, put: "b-1" }, both);
    it.refused("another beside it", "vehicles.battery_there", acts.swap, { ...swap, put: "b-2" }, both);
    it.refused("itself for itself", "vehicles.battery_there", acts.swap, { ...swap, take: "b-1", put: "b-1" }, both);
    it.refused(
      "handed over from within",
      "vehicles.battery_elsewhere",
      acts.handOver,
      { battery: "b-1", to: "p:bob" },
      signedBy("ann", "bob"),
    );
    it.refused("retired within", "vehicles.battery_elsewhere", acts.retire, { battery: "b-1", ground: "recycled" }, signedBy("ann"));
    it.act("swapped", acts.swap, { ...swap, take: "b-1", put: "b-2" }, both);
    expect([it.row(batteries, "b-1"), it.row(batteries, "b-2")]).toMatchObject([
      { holder: "c:swaps", $: { status: "kept" } },
      { holder: "p:ann", vehicle: "CAR1", $: { status: "installed" } },
    ]);
    it.act("Bob's car", acts.register, { ...described("CAR2"), owner: "p:bob", odometer: km(1) }, signedBy("land", "bob"));
    const two = { vehicle: "CAR2", put: "b-2", keeper: "p:ann" };
    it.refused("one battery in two cars", "vehicles.battery_elsewhere", acts.swap, two, signedBy("bob", "ann"));
    it.refused("burning petrol with it", "vehicles.not_electric", acts.amend, described("CAR1", "combustion"), signedBy("land", "ann"));
    it.act("sold with it", acts.transfer, sold(), signedBy("ann", "bob"));
    expect(it.row(batteries, "b-2")?.holder).toBe("p:bob");
    it.act("Bob's other car burns petrol", acts.amend, described("CAR2", "combustion"), signedBy("land", "bob"));
    const third = { vehicle: "CAR2", put: "b-3", keeper: "land" };
    it.refused("none is put in", "vehicles.not_electric", acts.swap, third, signedBy("bob", "land"));
    it.act("retired", acts.retire, { battery: "b-1", ground: "recycled" }, signedBy("swaps"));
    it.refused("twice", "engine.illegal_move", acts.retire, { battery: "b-1", ground: "x" }, signedBy("swaps"));
    it.refused("used again", "vehicles.battery_elsewhere", acts.swap, { ...swap, take: "b-2", put: "b-1" }, signedBy("bob", "swaps"));
    passes(it, "vehicles");
  });
});

describe("a pledged vehicle", () => {
  test("is left with a smaller battery, or none, with its lenders' consent only", () => {
    const it = registered();
    for (const [key, capacity] of [
      ["b-1", 40_000],
      ["b-2", 40_000],
      ["b-3", 30_000],
    ] as const)
      battery(it, key, capacity);
    const swap = { ...one, keeper: "land" };
    it.act("put in", acts.swap, { ...swap, put: "b-1" }, signedBy("ann", "land"));
    it.act("pledged", acts.pledge, pledged(), signedBy("ann", "bank"));
    const out = { ...one, take: "b-1", keeper: "p:carl" };
    it.refused("taken out", "vehicles.lender_consents", acts.swap, out, signedBy("ann", "carl"));
    it.act("swapped", acts.swap, { ...swap, take: "b-1", put: "b-2" }, signedBy("ann", "land"));
    const less = { ...swap, take: "b-2", put: "b-3" };
    it.refused("for a smaller one", "vehicles.lender_consents", acts.swap, less, signedBy("ann", "land"));
    it.act("the bank consents", acts.swap, less, signedBy("ann", "land", "bank"));
    it.act("to none, too", acts.swap, { ...out, take: "b-3" }, signedBy("ann", "carl", "bank"));
    expect(it.row(batteries, "b-3")?.holder).toBe("p:carl");
    passes(it, "vehicles");
  });
});

describe("an office", () => {
  const crashed = (it: Scenario, vehicle = "CAR1") => ({
    ...{ vehicle, occurred: it.time, severity: "total" as const, reference: "2027-0815", report: seal(1) },
  });
  const mended = { ...one, number: 0, version: 0, inspector: "health", ground: "x", severity: "minor" as const, report: seal(1) };
  test("decides with another, and nothing about a vehicle that it owns or receives", () => {
    const it = town([["land", "vehicles.court"]]);
    it.act("Ann's", acts.register, { ...described(), owner: "p:ann", odometer: km(12) }, signedBy("land", "ann"));
    const taken = (more: object) => ({ ...named, ...one, to: "land", ground: "x", ...more });
    it.refused("land takes it", "vehicles.two_offices", acts.award, taken({ court: "land" }), signedBy("land"));
    it.refused("in the courts' name", "engine.not_entitled", acts.award, taken({}), signedBy("land"));
    it.refused("courts take it", "vehicles.own_cause", acts.award, taken({ to: "courts" }), signedBy("land", "courts"));
    it.act("awarded, though land may judge too", acts.award, taken({}), signedBy("land", "courts"));
    it.act("sold to the courts", acts.transfer, sold({ to: "courts" }), signedBy("land", "courts"));
    it.refused("and given away", "vehicles.own_cause", acts.award, taken({}), signedBy("land", "courts"));
    it.act("pledged", acts.pledge, pledged(), signedBy("courts", "bank"));
    const sham = { lien: "loan-1", court: "courts", ground: "x" };
    it.refused("its lien struck by itself", "vehicles.own_cause", acts.strike, sham, signedBy("courts"));
    it.act("by another", acts.strike, { ...sham, court: "land" }, signedBy("courts", "land"));

    it.act("crash", acts.reportByInsurer, crashed(it), signedBy("tax"));
    const unfounded = { ...mended, court: "courts" };
    it.refused("which its owner denies", "vehicles.own_cause", acts.correctAccidentByCourt, unfounded, signedBy("health", "courts"));
    it.act("its own report", acts.reportByPolice, crashed(it), signedBy("courts"));
    const second = { ...mended, number: 1 };
    it.refused("made less", "vehicles.own_cause", acts.correctAccident, second, signedBy("health", "courts"));
    it.act("sold to who inspects", acts.transfer, sold({ to: "health" }), signedBy("courts", "health"));
    it.refused("and inspects its own", "vehicles.own_cause", acts.correctAccident, mended, signedBy("health", "tax"));
    const same = { ...unfounded, inspector: "works", court: "land" };
    it.act("by two who do not own it", acts.correctAccidentByCourt, same, signedBy("works", "land"));
    passes(it, "vehicles");
  });

  test("acts by a clerk to whom its role is delegated, in corrections as in awards", () => {
    const it = registered();
    it.act("crash", acts.reportByInsurer, crashed(it), signedBy("tax"));
    const key = {
      principal: "courts",
      key: keyOf("clerk"),
      proof: shown(it, "courts", "post", "clerk"),
      purpose: "post",
      post: "clerk",
    } as const;
    it.act("the clerk's key", eid.bind, { ...key, represents: false, from: it.time }, signedBy("courts"));
    it.act("delegated", governance.delegate, { agency: "courts", post: "clerk", role: "vehicles.court", scope: "" }, signedBy("courts"));
    it.act("the clerk", acts.correctAccidentByCourt, { ...mended, court: "courts" }, signedBy("health", "clerk"));
    it.act("awards, too", acts.award, { ...named, ...one, to: "p:carl", ground: "x" }, signedBy("clerk", "land", "carl"));
    const same = { ...mended, version: 1, court: "works", inspector: "works" };
    const both = town([["works", "vehicles.court"]]);
    both.act("Ann's", acts.register, { ...described(), owner: "p:ann", odometer: km(12) }, signedBy("land", "ann"));
    both.act("crash", acts.reportByInsurer, crashed(both), signedBy("tax"));
    both.refused(
      "one agency as both",
      "vehicles.corrected_by_two",
      acts.correctAccidentByCourt,
      { ...same, version: 0 },
      signedBy("works"),
    );
  });

  test("reports one crash of two vehicles under its own case, once of each", () => {
    const it = registered();
    it.act("Bob's", acts.register, { ...described("CAR2"), owner: "p:bob", odometer: km(12) }, signedBy("land", "bob"));
    for (const vehicle of ["CAR1", "CAR2"]) it.act(vehicle, acts.reportByPolice, crashed(it, vehicle), signedBy("courts"));
    it.refused("twice", "engine.already_exists", acts.reportByPolice, crashed(it, "CAR2"), signedBy("courts"));
    expect([car(it).accidents, car(it, "CAR2").accidents]).toEqual([1, 1]);
    passes(it, "vehicles");
  });
});

test("what seller and buyer read together is corrected by both, and an inspector", () => {
  const it = registered();
  it.act("sold at 100", acts.transfer, sold(), signedBy("ann", "bob"));
  const right = { ...one, number: 1, version: 0, inspector: "health", ground: "misread", odometer: km(120) };
  for (const without of ["ann", "bob"]) {
    const by = ["health", "ann", "bob"].filter((name) => name !== without);
    it.refused(`without ${without}`, "vehicles.corrected_by_two", acts.correctReading, right, signedBy(...by));
  }
  it.act("by all", acts.correctReading, right, signedBy("health", "ann", "bob"));
  expect([it.row(readings, "CAR1", 1, 1)?.value, car(it).corrections]).toEqual([120, 1]);
  it.act("sold to who inspects", acts.transfer, sold({ to: "health", odometer: km(130) }), signedBy("bob", "health"));
  const own = { ...right, version: 1, odometer: km(1) };
  it.refused("its own", "vehicles.own_cause", acts.correctReading, own, signedBy("health", "ann"));
  passes(it, "vehicles");
});

test("a number is written in one way: the same in small letters is no other vehicle", () => {
  const it = town();
  for (const vehicle of ["wvwzzz1jzxw000001", "WVW-1", "WVW:1"])
    it.refused(
      vehicle,
      "vehicles.number_form",
      acts.register,
      { ...described(vehicle), owner: "p:ann", odometer: km(1) },
      signedBy("land", "ann"),
    );
  it.act("in capitals", acts.register, { ...described("WVWZZZ1JZXW000001"), owner: "p:ann", odometer: km(1) }, signedBy("land", "ann"));
});

describe("a subsidy's holding period", () => {
  const account = seal(2);
  const ev = { scheme: "ev", subject: "CAR1", turn: "once" };
  const term = days(730);
  function subsidised(): Scenario {
    const it = registered();
    const fund = { fund: "city", kind: "project", owner: "tax", purpose: "air", currency: "EUR", account, budget: 100_000n } as const;
    it.act("a fund", funds.open, { ...fund, keyholders: ["tax"] }, signedBy("tax", "courts", "land"));
    const opened = { scheme: "ev", kind: "subsidy", fund: "city", purpose: "air", period: "2027", term, amount: 50_000n } as const;
    it.act("a scheme", benefits.open, opened, signedBy("tax"));
    const table = { base: 0n, lines: [{ fact: "price", above: 0, amount: 1n, per: 10 }], least: 0n, most: 5_000n };
    it.act("its tariff", benefits.publish, { scheme: "ev", ...table }, signedBy("tax"));
    const facts = [{ fact: "price", value: 36_500 }];
    it.act("measured", benefits.measure, { scheme: "ev", subject: "CAR1", holder: "p:ann", facts }, signedBy("health", "ann"));
    it.act("agreed", benefits.agree, { ...ev, amount: 3_650n, account }, signedBy("ann"));
    it.act("approved", benefits.approve, { ...ev, order: "o-1" }, signedBy("tax"));
    const paid = { order: "o-1", chunk: 0, amount: 3_650n, reference: "B1", differs: false };
    it.act("paid", funds.confirm, paid, signedBy("land"));
    return it;
  }
  const kept = (it: Scenario) => it.row(benefits.cases, "ev", "CAR1", "once")!;

  test("is broken by a resale, which tells so; what was left then is reclaimed, however late the office comes", () => {
    const it = subsidised();
    it.refused("there is nothing to excuse", "benefits.not_broken", benefits.excuse, { ...ev, ground: "x" }, signedBy("tax"));
    it.advance(kept(it).until! - days(365) - it.time - 1_000);
    expect(it.act("sold with half of it left", acts.transfer, sold(), signedBy("ann", "bob"))).toEqual(["vehicles.holding_broken"]);
    expect(kept(it)).toMatchObject({ ground: "resold", $: { status: "broken" } });
    expect(it.act("sold on", acts.transfer, sold({ to: "p:carl", odometer: km(200) }), signedBy("bob", "carl"))).toEqual([]);
    it.advance(days(1_000));
    expect(kept(it).$.status).toBe("broken"); // time does not heal it
    it.refused("the scheme waits for it", "benefits.not_settled", benefits.close, { scheme: "ev" }, signedBy("tax"));
    it.act("reclaimed at last", benefits.reclaim, { ...ev, ground: "resold" }, signedBy("tax"));
    expect(kept(it)).toMatchObject({ owed: 1_825n, $: { status: "reclaimed" } });
    passes(it, "benefits");
    passes(it, "vehicles");
    it.indexHolds();
  });

  test("is broken by scrapping or an award, and excused on a ground; over, it is broken no more", () => {
    const it = subsidised();
    expect(it.act("scrapped", acts.scrap, { ...one, ground: "burnt" }, signedBy("land", "ann"))).toEqual(["vehicles.holding_broken"]);
    it.refused("Ann excuses herself", "engine.not_entitled", benefits.excuse, { ...ev, ground: "total-loss" }, signedBy("ann"));
    it.act("excused", benefits.excuse, { ...ev, ground: "total-loss" }, signedBy("tax"));
    expect([kept(it).$.status, it.row(benefits.schemes, "ev")?.held]).toEqual(["final", 0]);
    passes(it, "benefits");

    const heir = subsidised();
    const award = { ...named, ...one, to: "p:carl", ground: "inh" };
    expect(heir.act("inherited", acts.award, award, signedBy("courts", "land", "carl"))).toEqual(["vehicles.holding_broken"]);

    const patient = subsidised();
    patient.advance(term);
    expect(patient.act("held to the end", acts.transfer, sold({ odometer: km(9_000) }), signedBy("ann", "bob"))).toEqual([]);
    expect(kept(patient).$.status).toBe("final");
    passes(patient, "benefits");
  });
});

describe("an auditor", () => {
  test("finds rows that the rules would not have made", () => {
    const it = registered();
    battery(it, "b-1");
    battery(it, "b-2");
    it.act("put in", acts.swap, { ...one, put: "b-1", keeper: "land" }, signedBy("ann", "land"));
    it.act("pledged", acts.pledge, pledged(), signedBy("ann", "bank"));
    const crash = { ...one, occurred: it.time, severity: "major" as const, reference: "0815", report: seal(1) };
    it.act("an accident", acts.reportByInsurer, crash, signedBy("tax"));
    it.act("read", acts.readOdometer, { ...one, odometer: km(10_000) }, signedBy("ann"));
    const right = { ...one, number: 1, version: 0, inspector: "health", ground: "misread", odometer: km(1_000) };
    it.act("corrected", acts.correctReading, right, signedBy("health", "ann"));
    it.act("inspected", acts.inspect, visit(it, { odometer: km(1_200) }), signedBy("health"));
    passes(it, "vehicles");
    expect(audit(it, "vehicles").map(({ figures }) => figures)).toEqual([
      { titles: 1 },
      { "liens that stand": 1 },
      { "doubtful readings": 0 },
    ]);
    const finds = (...args: any[]) => (findsTampered as any)(it, "vehicles", ...args) as string[];
    expect(finds(titles, ["CAR1", 0], { owner: "p:bob" })).toEqual(["titlesFollow", "pledgesHold"]);
    expect(finds(titles, ["CAR1", 0], { $status: "passed" })).toEqual(["titlesFollow", "pledgesHold"]);
    expect(finds(vehicles, ["CAR1"], { titles: 2 })).toEqual(["titlesFollow"]);
    expect(finds(vehicles, ["CAR1"], { liens: [] })).toEqual(["pledgesHold"]);
    expect(finds(liens, ["loan-1"], { $status: "released" })).toEqual(["pledgesHold"]);
    expect(finds(liens, ["loan-1"], { owner: "p:bob" })).toEqual(["pledgesHold"]);
    expect(finds(batteries, ["b-1"], { holder: "p:bob" })).toEqual(["titlesFollow"]);
    expect(finds(batteries, ["b-2"], { vehicle: "CAR1", $status: "installed" })).toEqual(["titlesFollow"]);
    expect(finds(batteries, ["b-2"], { vehicle: "CAR9", $status: "installed" })).toEqual(["titlesFollow"]);
    for (const [type, key, change] of [
      [vehicles, ["CAR1"], { accidents: 0 }],
      [vehicles, ["CAR1"], { doubtful: 1 }],
      [vehicles, ["CAR1"], { inspections: 0 }],
      [vehicles, ["CAR1"], { corrections: 0 }],
      [accidents, ["CAR1", 0, 0], { $status: "superseded" }],
      [accidents, ["CAR1", 0, 0], { latest: 1 }],
      [readings, ["CAR1", 1, 0], { latest: 0 }],
      [readings, ["CAR1", 1, 0], { $status: "stands" }],
      [readings, ["CAR1", 1, 1], { value: 900 }],
      [readings, ["CAR1", 1, 1], { value: 9_000, metres: 9_000_000 }],
      [readings, ["CAR1", 2, 0], { judged: "lower" }],
      [inspections, ["CAR1", 0], { passed: false }],
      [vehicles, ["CAR1"], { inspected: it.time + days(9_000) }],
      [vehicles, ["CAR1"], { inspected: undefined }],
    ] as const)
      expect(finds(type, key, change)).toEqual(["nothingVanishes"]);
  });
});

// ── real ones ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const folder = new URL("../../../../shared/data/battery-passport/io.BatteryPass.GeneralProductInformation/", import.meta.url);
test.skipIf(!existsSync(folder))(
  "batteries are registered by their public passports, once; an altered passport is not theirs (skipped without ../shared/data)",
  () => {
    const it = registered();
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
    expect(files.length).toBe(2);
    const ids = new Set<string>();
    for (const name of files) {
      const bytes = readFileSync(new URL(name, folder));
      const says = JSON.parse(bytes.toString("utf8"));
      const key: string = says.batteryPassportIdentifier ?? says.productPassportIdentifier;
      const made = { battery: key, capacity_wh: 40_000, made: Date.parse(says.manufacturingDate), passport: sha256(bytes) };
      if (ids.has(key)) it.refused(`${name}, of the same battery`, "engine.already_exists", acts.make, made, signedBy("land"));
      else it.act(name, acts.make, made, signedBy("land"));
      if (!ids.has(key)) expect(it.row(batteries, key)?.passport).toEqual(new Uint8Array(sha256(bytes)));
      expect(it.row(batteries, key)?.passport).not.toEqual(sha256(new Uint8Array([...bytes, 32])));
      ids.add(key);
    }
    const [key] = ids;
    it.act("driven", acts.swap, { ...one, put: key!, keeper: "land" }, signedBy("ann", "land"));
    passes(it, "vehicles");
  },
);

// ── histories at random ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const people = ["p:ann", "p:bob", "c:bank", "c:swaps", "station"] as const;
const offices = ["land", "station", "tuv", "courts", "police", "tax", "axa"];
const rights = plainRights(
  {
    land: ["vehicles.registry", "vehicles.maker", "funds.bank"],
    station: ["vehicles.inspector"],
    tuv: ["vehicles.inspector"],
    courts: ["vehicles.court", "funds.supervisor"],
    police: ["vehicles.police"],
    axa: ["vehicles.insurer"],
    tax: ["benefits.office", "benefits.surveyor"],
  },
  [...people],
);
const step = fc.record({
  act: fc.constantFrom(
    ...([
      "transfer",
      "transfer",
      "transfer",
      "pledge",
      "pledge",
      "release",
      "strike",
      "assign",
      "read",
      "read",
      "read",
      "inspect",
    ] as const),
    ...(["report", "correctReading", "correctReading", "correctAccident", "stolen", "found", "found", "award", "scrap"] as const),
    ...(["make", "handOver", "swap", "swap", "swap", "retire", "register", "register", "amend", "wait"] as const),
  ),
  vehicle: fc.constantFrom("V0", "V1", "V2"),
  other: fc.constantFrom(...people),
  lien: fc.constantFrom("l0", "l1", "l2", "l3", "l4", "l5"),
  battery: fc.constantFrom("b0", "b1", "b2"),
  value: fc.oneof(
    { weight: 9, arbitrary: fc.nat(20_000) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 9_999_999, 10_000_000, Number.MAX_SAFE_INTEGER) },
  ),
  unit: fc.constantFrom("km" as const, "mi" as const),
  number: fc.nat(6),
  fit: fc.nat(7),
  honest: fc.nat(9),
  signers: fc.uniqueArray(fc.constantFrom(...people, ...offices), { maxLength: 3 }),
});
interface Version extends Display {
  readonly at: number;
}
interface Known {
  owners: string[];
  status: "registered" | "stolen" | "scrapped";
  liens: Map<string, string>;
  drive: string;
  battery?: string;
  /** Each with its versions; who may correct it. */
  readings: { versions: Version[]; maker: string; office?: boolean }[];
  accidents: number[];
  inspections: number;
}

describe("whatever owners, lenders, inspectors and courts do", () => {
  test("nobody loses a vehicle without signing, liens bind, batteries are in one place, and nothing that was reported vanishes", () => {
    const accepted = new Map<string, number>();
    let total = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 250, maxLength: 270 }), (steps) => {
        const it = scenario({ modules: [acts, benefits, funds], resolver: rights, found() {} });
        const until = subsidise(it);
        const model = new Map<string, Known>();
        const cells = new Map<string, { holder: string; in?: string; retired?: boolean }>();
        const lent = new Map<string, { vehicle: string; over?: boolean }>();
        const broken = new Set<string>();
        let cases = 0;
        for (const s of steps) {
          if ((s.act === "scrap" || s.act === "retire") && s.fit > 0) continue; // seldom, or nothing is left
          total++;
          if (s.act === "wait") {
            for (const { result } of it.advance(days(s.number + 1))) expect(result.flags).toEqual([]);
            continue;
          }
          const loan = lent.get(s.lien);
          const byLien = s.act === "release" || s.act === "strike" || s.act === "assign";
          const cell = cells.get(s.battery);
          const vehicle = byLien ? (loan?.vehicle ?? s.vehicle) : s.vehicle;
          const known = model.get(vehicle);
          const now = it.time + 1_000;
          const mine = known?.owners.at(-1) ?? s.other;
          const lender = known?.liens.get(s.lien) ?? s.other;
          const odometer = { value: s.value, unit: s.unit };
          const own = { vehicle };
          const entry = known?.readings[s.number];
          const crash = known?.accidents[s.number];
          const inspector = entry?.maker === "station" ? "tuv" : "station";
          const released = s.fit > 0 ? [...(known?.liens.keys() ?? [])] : [s.lien];
          const station = s.fit > 1 ? (cell?.in === undefined ? (cell?.holder ?? s.other) : s.other) : s.other;
          const taken = known?.battery !== undefined && s.fit > 0 ? { take: known.battery } : {};
          const put = s.fit > 2 && s.battery !== known?.battery ? { put: s.battery } : {};
          const lenders = taken.take === undefined ? [] : [...(known?.liens.values() ?? [])];
          const drive = s.fit === 0 ? ("combustion" as const) : ("electric" as const);
          const is = (action: string, args: object, ...should: string[]): [string, object, string[]] => [action, args, should];
          const corrected = { ...own, number: s.number, inspector, ground: "x", ...(s.fit === 0 ? { court: "courts" } : {}) };
          const [action, args, should] = {
            register: () => is("register", { ...described(vehicle, drive), owner: s.other, odometer }, "land", s.other),
            amend: () => is("amend", described(vehicle, drive), "land", mine),
            transfer: () =>
              is(
                "transfer",
                { ...own, to: s.other, odometer, release: released, sale: seal(2) },
                ...[mine, s.other, ...released.flatMap((key) => known?.liens.get(key) ?? [])],
              ),
            award: () => is("award", { ...named, ...own, to: s.other, ground: "x" }, "courts", "land", s.other),
            scrap: () => is("scrap", { ...own, ground: "x" }, "land", mine),
            pledge: () => is("pledge", { lien: s.lien, ...own, lender: s.other, loan: seal(2) }, mine, s.other),
            release: () => is("release", { lien: s.lien }, lender),
            strike: () => is("strike", { lien: s.lien, court: "courts", ground: "x" }, "courts", mine),
            assign: () => is("assign", { lien: s.lien, to: s.other }, lender, s.other),
            read: () => is("readOdometer", { ...own, odometer }, mine),
            inspect: () => is("inspect", { ...own, passed: true, until: now + days(9), defects: [], odometer }, inspector),
            report: () =>
              is("reportByInsurer", { ...own, occurred: now, severity: "major", reference: `${cases++}`, report: seal(1) }, "axa"),
            correctReading: () =>
              is(
                s.fit === 0 ? "correctReadingByCourt" : "correctReading",
                { ...corrected, version: (entry?.versions.length ?? 1) - (s.fit === 1 ? 2 : 1), odometer },
                ...[inspector, ...(s.fit === 0 ? ["courts"] : [entry?.maker ?? mine, ...(entry?.office === true ? [] : [mine])])],
              ),
            correctAccident: () =>
              is(
                s.fit === 0 ? "correctAccidentByCourt" : "correctAccident",
                { ...corrected, version: (crash ?? 1) - (s.fit === 1 ? 2 : 1), severity: "minor", report: seal(1) },
                ...[inspector, s.fit === 0 ? "courts" : "axa"],
              ),
            stolen: () => is("reportStolen", { ...own, reference: "x" }, "police", mine),
            found: () => is("found", own, "police"),
            make: () => is("make", { battery: s.battery, capacity_wh: 1, made: now, passport: document }, "land"),
            handOver: () => is("handOver", { battery: s.battery, to: s.other }, cell?.holder ?? s.other, s.other),
            swap: () => is("swap", { ...own, ...taken, ...put, keeper: station }, mine, station, ...(put.put === undefined ? lenders : [])),
            retire: () => is("retire", { battery: s.battery, ground: "x" }, cell?.holder ?? s.other),
          }[s.act]();
          const signers = [...new Set(s.honest > 1 ? should : s.signers)];
          const { outcome, code, flags } = it.submit([{ action: `vehicles.${action}@1`, args }], signedBy(...signers));
          expect(code).not.toBe("engine.fault");
          if (outcome !== 0) continue;
          accepted.set(s.act, (accepted.get(s.act) ?? 0) + 1);
          const visitor = signers.find((name) => name === "station" || name === "tuv")!; // either inspects
          expect(signers).toEqual(expect.arrayContaining(s.act === "inspect" ? [visitor] : should));
          if (s.act === "register") {
            expect(known).toBeUndefined();
            const first = { versions: [{ ...odometer, at: now }], maker: s.other };
            const blank = { liens: new Map<string, string>(), readings: [first], accidents: [], inspections: 0 };
            model.set(vehicle, { owners: [s.other], status: "registered", drive, ...blank });
            continue;
          }
          if (s.act === "make") {
            expect(cell).toBeUndefined();
            cells.set(s.battery, { holder: "land" });
            continue;
          }
          if (s.act === "handOver") {
            expect([cell!.in, cell!.retired]).toEqual([undefined, undefined]);
            cell!.holder = s.other;
            continue;
          }
          if (s.act === "retire") {
            expect(cell!.in).toBeUndefined();
            cell!.retired = true;
            continue;
          }
          const on = known!;
          if (!["correctReading", "correctAccident", "release", "strike", "assign"].includes(s.act)) expect(on.status).not.toBe("scrapped");
          if (["transfer", "pledge", "scrap", "swap"].includes(s.act)) expect(on.status).toBe("registered");
          const before = on.readings.at(-1)?.versions.at(-1);
          const took = (maker: string, office = false): void => {
            expect(flags.filter((flag) => flag.includes("reading"))).toEqual(flagOf(before, { ...odometer, at: now }));
            on.readings.push({ versions: [{ ...odometer, at: now }], maker, office });
          };
          if (s.act === "transfer" || s.act === "award" || s.act === "scrap") {
            const kept = now < (until.get(vehicle) ?? 0) && !broken.has(vehicle);
            expect(flags.includes("vehicles.holding_broken")).toBe(kept);
            broken.add(vehicle);
          }
          if (s.act === "transfer") {
            expect([...on.liens.keys()].every((key) => released.includes(key))).toBe(true);
            for (const key of on.liens.keys()) lent.get(key)!.over = true;
            on.liens.clear();
            took(mine);
          }
          if (s.act === "transfer" || s.act === "award") {
            expect(s.other).not.toBe(mine);
            on.owners.push(s.other);
            if (on.battery !== undefined) cells.get(on.battery)!.holder = s.other;
          } else if (s.act === "scrap") {
            expect([on.liens.size, on.battery]).toEqual([0, undefined]);
            on.status = "scrapped";
          } else if (s.act === "pledge") {
            expect(loan).toBeUndefined();
            on.liens.set(s.lien, s.other);
            lent.set(s.lien, { vehicle });
          } else if (s.act === "release" || s.act === "strike") {
            expect(loan!.over).toBeUndefined();
            on.liens.delete(s.lien);
            loan!.over = true;
          } else if (s.act === "assign") {
            expect(loan!.over).toBeUndefined();
            on.liens.set(s.lien, s.other);
          } else if (s.act === "read") took(mine);
          else if (s.act === "inspect") {
            expect(mine).not.toBe(visitor);
            on.inspections++;
            took(visitor, true);
          } else if (s.act === "report") on.accidents.push(1);
          else if (s.act === "correctReading") {
            const was = on.readings[s.number]!.versions;
            expect(mine).not.toBe(inspector);
            expect(flags).toEqual(flagOf(on.readings[s.number - 1]?.versions.at(-1), { ...odometer, at: was[0]!.at }));
            was.push({ ...odometer, at: was[0]!.at });
          } else if (s.act === "correctAccident") {
            expect(mine).not.toBe(inspector);
            on.accidents[s.number]!++;
          } else if (s.act === "stolen") on.status = "stolen";
          else if (s.act === "found") {
            expect(on.status).toBe("stolen");
            on.status = "registered";
          } else if (s.act === "amend") on.drive = drive;
          else if (s.act === "swap") {
            expect([on.drive, taken.take]).toEqual(["electric", on.battery]);
            if (taken.take !== undefined) cells.set(taken.take, { holder: station });
            if (put.put !== undefined) {
              expect(cell).toEqual({ holder: station });
              cells.set(put.put, { holder: mine, in: vehicle });
            }
            if (put.put === undefined) delete on.battery;
            else on.battery = put.put;
          }
        }
        for (const [vehicle, known] of model) {
          const row = it.row(vehicles, vehicle)!;
          const title = it.row(titles, vehicle, row.titles - 1)!;
          expect([row.$.status, row.titles, title.owner, row.battery, row.drive]).toEqual([
            ...[known.status, known.owners.length, known.owners.at(-1), known.battery, known.drive],
          ]);
          expect(row.liens.map((key) => it.row(liens, key)!.lender).sort()).toEqual([...known.liens.values()].sort());
          expect([row.readings, row.accidents, row.inspections]).toEqual([
            ...[known.readings.length, known.accidents.length, known.inspections],
          ]);
          const standing = known.readings.map(({ versions }) => versions.at(-1)!);
          const doubts = standing.filter((now, i) => ["lower", "far_above"].includes(judge(standing[i - 1], now)));
          expect(row.doubtful).toBe(doubts.length);
          for (const [number, { versions }] of known.readings.entries())
            for (const [version, { value, unit }] of versions.entries())
              expect(it.row(readings, vehicle, number, version)).toMatchObject({ value, unit, metres: metresOf({ value, unit }) });
          for (const [number, versions] of known.accidents.entries())
            expect(it.row(accidents, vehicle, number, versions - 1)?.$.status).toBe("stands");
        }
        for (const [key, cell] of cells) {
          const { holder, vehicle, $ }: Row<typeof batteries> = it.row(batteries, key)!;
          expect([holder, vehicle, $.status === "retired"]).toEqual([cell.holder, cell.in, cell.retired === true]);
        }
        passes(it, "vehicles");
        passes(it, "benefits");
        it.indexHolds();
      }),
      { numRuns: 45, seed: 15, endOnFailure: true },
    );
    expect(total).toBeGreaterThanOrEqual(10_000);
    const often = [...accepted].filter(([, times]) => times >= 10).length;
    expect(`${often} of 19 happen often: ${[...accepted].join(" ")}`).toMatch(/^(19|20|21) /);
  });
});

/** V0 and V1 are subsidised for a while; until when. */
function subsidise(it: Scenario): Map<string, number> {
  const account = seal(2);
  const fund = { fund: "city", kind: "project", owner: "tax", purpose: "air", currency: "EUR", account, budget: 1_000n } as const;
  it.act("a fund", funds.open, { ...fund, keyholders: ["tax"] }, signedBy("tax", "courts", "land"));
  const opened = { scheme: "ev", kind: "subsidy", fund: "city", purpose: "air", period: "0", term: days(300), amount: 500n } as const;
  it.act("a scheme", benefits.open, opened, signedBy("tax"));
  it.act("its tariff", benefits.publish, { scheme: "ev", base: 9n, lines: [], least: 0n, most: 9n }, signedBy("tax"));
  const until = new Map<string, number>();
  for (const [subject, holder] of [
    ["V0", "p:ann"],
    ["V1", "p:bob"],
  ] as const) {
    it.act("measured", benefits.measure, { scheme: "ev", subject, holder, facts: [] }, signedBy("tax", holder));
    const of = { scheme: "ev", subject, turn: "once" };
    it.act("agreed", benefits.agree, { ...of, amount: 9n, account }, signedBy(holder));
    it.act("approved", benefits.approve, { ...of, order: subject }, signedBy("tax"));
    until.set(subject, it.time + days(300));
  }
  return until;
}
function flagOf(before: Version | undefined, now: Version): string[] {
  const judged = judge(before, now);
  return judged === "first" || judged === "plausible" ? [] : [`vehicles.reading_${judged}`];
}

everyRuleIsGiven(contract);
