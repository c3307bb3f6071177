// What an auditor of vehicles recomputes from the rows alone: titles and batteries, liens, entries and their judgements. Owns these audits. Does not own: the
// acts (vehicles.ts), the records (vehicleRecords.ts).

import type { Row } from "../engine/index.ts";
import { doubtful, judge, metresOf } from "../kit/odometer.ts";
import { accidents, batteries, inspections, liens, readings, titles, vehicle as contract, vehicles } from "./vehicleRecords.ts";

/** Adds one to a count by name. */
const counted = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

export const titlesFollow = contract.audit({
  title:
    "A vehicle has one title after the other, the last of them live until it is scrapped; a battery is in one place, with who owns that place",
  run(audit) {
    const turns = new Map<string, number>();
    const owners = new Map<string, string>();
    const inside = new Map<string, { battery: string; holder: string }>();
    audit.each(titles, ({ $, vehicle, turn, owner }) => {
      audit.require(turn === (turns.get(vehicle) ?? 0), "a title is missing before this one");
      audit.require(!owners.has(vehicle), "a title that does not end the one before");
      counted(turns, vehicle);
      if ($.status === "live") owners.set(vehicle, owner);
    });
    audit.each(batteries, ({ $, battery, vehicle, holder }) => {
      audit.require(($.status === "installed") === (vehicle !== undefined), "a battery is installed in a vehicle, and else in none");
      if (vehicle === undefined) return;
      audit.require(!inside.has(vehicle), "two batteries in one vehicle", { battery, other: inside.get(vehicle)?.battery });
      inside.set(vehicle, { battery, holder });
    });
    audit.each(vehicles, ({ $, vehicle, titles: all, battery }) => {
      const owner = owners.get(vehicle);
      const has = inside.get(vehicle);
      inside.delete(vehicle);
      audit.require(turns.get(vehicle) === all && ($.status === "scrapped") === (owner === undefined), "the titles are not the vehicle's");
      audit.require(has?.battery === battery && has?.holder === (has && owner), "the battery is elsewhere", { battery, in: has?.battery });
    });
    audit.end(() => {
      for (const [vehicle] of inside) audit.require(false, "a battery in a vehicle that is none", { vehicle });
      audit.figure(
        "titles",
        [...turns.values()].reduce((sum, n) => sum + n, 0),
      );
    });
  },
});

export const pledgesHold = contract.audit({
  title: "The liens that a vehicle bears are those that stand, pledged by who owns it",
  run(audit) {
    const owners = new Map<string, string>();
    const standing = new Map<string, string[]>();
    audit.each(titles, ({ $, vehicle, owner }) => void ($.status === "live" && owners.set(vehicle, owner)));
    audit.each(liens, ({ $, lien, vehicle, owner }) => {
      if ($.status !== "live") return;
      audit.require(owners.get(vehicle) === owner, "a lien on what somebody else owns", { owner: owners.get(vehicle) });
      standing.set(vehicle, [...(standing.get(vehicle) ?? []), lien]);
    });
    let sum = 0;
    audit.each(vehicles, ({ vehicle, liens: borne }) => {
      const stand = standing.get(vehicle) ?? [];
      sum += stand.length;
      audit.require(stand.length === borne.length && stand.every((lien) => borne.includes(lien)), "liens that stand are not borne", {
        stand,
      });
    });
    audit.end(() => audit.figure("liens that stand", sum));
  },
});

/** Follows the versions of entries, which come in the order of their keys: one after the other, the one that the first names stands, and no other. */
class Entries {
  #at = { vehicle: "", number: -1, version: -1, latest: -1 };
  /** Entries of each vehicle. */
  readonly counts = new Map<string, number>();
  /** Versions beyond the first. */
  readonly corrections = new Map<string, number>();
  /** Is this version where it belongs? */
  follows({ $, vehicle, number, version, latest }: Row<typeof readings> | Row<typeof accidents>): boolean {
    const was = this.#at;
    const same = was.vehicle === vehicle && was.number === number;
    const next = was.vehicle === vehicle ? was.number + 1 : 0;
    const ended = same || was.version === was.latest;
    this.#at = { vehicle, number, version, latest: same ? was.latest : latest };
    counted(same ? this.corrections : this.counts, vehicle);
    const placed = same ? version === was.version + 1 : number === next && version === 0;
    return ended && placed && this.stands(version) === ($.status === "stands");
  }
  stands(version: number): boolean {
    return version === this.#at.latest;
  }
  ended(): boolean {
    return this.#at.version === this.#at.latest;
  }
}

export const nothingVanishes = contract.audit({
  title:
    "Accidents, inspections and readings are numbered without gaps, each version stays, and every reading is judged by the one before it",
  run(audit) {
    const reported = new Entries();
    const read = new Entries();
    const inspected = new Map<string, number>();
    const serves = new Map<string, number | undefined>();
    const doubts = new Map<string, number>();
    let before: Row<typeof readings> | undefined;
    audit.each(accidents, (it) => audit.require(reported.follows(it), "an accident, or a version of it, is missing"));
    audit.each(inspections, ({ vehicle, number, passed, until }) => {
      audit.require(number === (inspected.get(vehicle) ?? 0) && passed === (until !== undefined), "an inspection is missing or unfit");
      counted(inspected, vehicle);
      serves.set(vehicle, until);
    });
    audit.each(readings, (it) => {
      audit.require(read.follows(it), "a reading, or a version of it, is missing");
      audit.require(it.metres === metresOf(it), "the metres are not what was read");
      if (!read.stands(it.version)) return;
      const judged = judge(before?.vehicle === it.vehicle ? before : undefined, it);
      audit.require(it.judged === judged, "the reading is not judged so", { judged });
      if (doubtful(judged)) counted(doubts, it.vehicle);
      before = it;
    });
    let doubted = 0;
    audit.each(vehicles, (it) => {
      const { vehicle, readings: all, doubtful: some, accidents: crashes, inspections: visits, corrections } = it;
      const until = it.$.status === "scrapped" ? undefined : serves.get(vehicle);
      audit.require(it.inspected === until, "the last inspection serves until another day", { until });
      const corrected = (read.corrections.get(vehicle) ?? 0) + (reported.corrections.get(vehicle) ?? 0);
      audit.require(corrections === corrected, "the corrections are not the versions beyond the first", { corrected });
      const counts = [read.counts, reported.counts, inspected, doubts].map((count) => count.get(vehicle) ?? 0);
      doubted += some;
      audit.require(
        all === counts[0] && crashes === counts[1] && visits === counts[2] && some === counts[3],
        "the heads are not the history's",
      );
    });
    audit.end(() => {
      audit.require(read.ended() && reported.ended(), "a version that should stand is missing");
      audit.figure("doubtful readings", doubted);
    });
  },
});
