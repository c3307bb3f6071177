// What an auditor recomputes of the land register from its rows alone. Service 13. Owns its two audits. Does not own: the records (propertyRecords.ts).

import { equalBytes } from "../../base/bytes.ts";
import { alike, giveAll, type Shares, sound } from "../kit/shares.ts";
import { caveats, charges, entries, judgments, parcels, property, seizures } from "./propertyRecords.ts";

/** What a title came to: how it began, how it stands. */
interface Title {
  readonly first: { readonly shares: Shares; readonly whole: number; readonly area: number };
  shares: Shares;
  whole: number;
  area: number;
  plan: Uint8Array;
  entries: number;
}

export const titles = property.audit({
  title: "Shares total one, and shares, area and plan are what the entries of the title make of them, from the first one on",
  run(audit) {
    const known = new Map<string, Title>();
    const adjudged = new Map<string, number>();
    audit.each(entries, ({ parcel, number, act, moves, whole, shares, court, judgment, area, plan, was }) => {
      const before = known.get(parcel);
      const begins = ["registered", "divided", "merged"].includes(act);
      audit.require(sound(shares, whole), "the shares do not total the whole");
      audit.require(number === (before?.entries ?? 0) && begins === (number === 0), "an entry is missing, or out of its place");
      audit.require((act === "adjudged") === (judgment !== undefined && court !== undefined), "a judgment has its court");
      if (judgment !== undefined) adjudged.set(`${parcel}/${court}/${judgment}`, number);
      if (before === undefined)
        return void known.set(parcel, { first: { shares, whole, area }, shares, whole, area, plan, entries: number + 1 });
      const now = giveAll(before.shares, moves);
      const follows = act === "refined" ? whole > before.whole : whole === before.whole;
      const made = "shares" in now && alike(now.shares, before.whole, shares, whole);
      audit.require(follows && made, "the shares are not what the entry makes of them");
      const { area: stood, plan: drawn } = was ?? { area, plan };
      const said = was === undefined ? act !== "corrected" : act === "corrected" || act === "adjudged";
      audit.require(said, "a correction, and nothing else, says what was before it");
      audit.require(stood === before.area && equalBytes(drawn, before.plan), "area or plan changed without an entry");
      Object.assign(before, { shares, whole, area, plan, entries: before.entries + 1 });
    });
    audit.each(judgments, ({ parcel, court, judgment, entry }) => {
      const place = `${parcel}/${court}/${judgment}`;
      audit.require(adjudged.get(place) === entry, "a judgment without its entry");
      adjudged.delete(place);
    });
    /** Of titles that are known, as they began or as they stand. */
    const sum = (of: readonly string[], when: "began" | "stands"): number =>
      of.map((name) => known.get(name)).reduce((all, it) => all + ((when === "began" ? it?.first.area : it?.area) ?? 0), 0);
    let open = 0;
    audit.each(parcels, ({ $, parcel, shares, whole, area, plan, entries: number, from, into }) => {
      const title = known.get(parcel);
      const stands = title !== undefined && title.whole === whole && title.entries === number && alike(title.shares, whole, shares, whole);
      audit.require(stands && sound(shares, whole), "the shares are not those of the title");
      audit.require(title?.area === area && equalBytes(title.plan, plan), "area or plan are not those of the title");
      const kept = (into.length < 2 || sum(into, "began") === area) && (from.length < 2 || sum(from, "stands") === title?.first.area);
      audit.require(kept, "land was lost or won where it was divided or merged");
      audit.require(($.status === "closed") === into.length > 0, "a closed parcel says what became of it");
      for (const origin of from) {
        const of = known.get(origin);
        const carried = of !== undefined && title !== undefined && alike(of.shares, of.whole, title.first.shares, title.first.whole);
        audit.require(carried, "shares were not carried over", { origin });
      }
      if ($.status === "registered") open++;
      if (title !== undefined) title.entries = -1;
    });
    audit.end(() => {
      audit.figure("parcels", open);
      for (const [parcel, { entries: number }] of known) audit.require(number === -1, "a title without its parcel", { parcel });
      for (const [judgment] of adjudged) audit.require(false, "an entry names a judgment that is none", { judgment });
    });
  },
});

export const blocks = property.audit({
  title: "Charges, caveats and seizures that are live are those that the parcels list, charges in the order of their rank",
  run(audit) {
    const live = new Map<string, number>();
    let charged = 0;
    audit.each(charges, ({ $, charge, parcels: on, rank }) => {
      audit.require(($.status === "live") === on.length > 0, "a charge is live while it burdens something");
      for (const parcel of on) live.set(`charge ${charge} ${parcel}`, rank);
      if ($.status === "live") charged++;
    });
    audit.each(caveats, ({ $, parcel, by }) => void ($.status === "standing" && live.set(`caveat ${by} ${parcel}`, 0)));
    audit.each(seizures, ({ $, parcel, seizure, ended_by }) => {
      audit.require(($.status === "lifted") === (ended_by !== undefined), "a seizure that was lifted says by whom");
      if ($.status === "standing") live.set(`seizure ${seizure} ${parcel}`, 0);
    });
    audit.each(parcels, (it) => {
      let last = -1;
      for (const charge of it.charges) {
        const rank = taken(`charge ${charge} ${it.parcel}`) ?? -1;
        audit.require(last < rank && rank < it.ranks, "a charge is not in its rank", { charge });
        last = rank;
      }
      for (const by of it.caveats) audit.require(taken(`caveat ${by} ${it.parcel}`) !== undefined, "no such caveat stands", { by });
      for (const seizure of it.seizures)
        audit.require(taken(`seizure ${seizure} ${it.parcel}`) !== undefined, "no such seizure stands", { seizure });
    });
    audit.end(() => {
      audit.figure("charges", charged);
      for (const [burden] of live) audit.require(false, "a parcel does not list what burdens it", { burden });
    });
    function taken(burden: string): number | undefined {
      const rank = live.get(burden);
      live.delete(burden);
      return rank;
    }
  },
});
