// What an auditor recomputes of data sets and models: versions and what was built on them, uses and quotas. Owns these audits. Does not own: how rows come in
// (engine/audit.ts). Remembered between rows: a few words for each version, and the last window of each user.

import { equalBytes, hex } from "../../base/bytes.ts";
import { acceptances, assets, contents, datasets, derivations, licences, orders, slotOf, uses, versions } from "./datasetRecords.ts";

export const lineage = datasets.audit({
  title: "Versions are counted without gaps, what each was built on knows of it, and a mark comes from a version that was withdrawn",
  run(audit) {
    const counted = new Map<string, number>();
    const seen = new Map<string, { content: Uint8Array; derived: number; told: number; marked: boolean; live: boolean; cites: string[] }>();
    const known = new Set<string>();
    const barred = new Map<string, number>();
    const built = new Map<string, number>();
    const key = (it: { asset: string; number: number }): string => `${it.asset} ${it.number}`;
    audit.each(assets, ({ asset, versions: sum }) => void counted.set(asset, sum));
    audit.each(versions, ({ $, asset, number, content: of, cites: sources, derived, told, mark, by, ground }) => {
      const left = counted.get(asset);
      audit.require(left !== undefined && left > 0, "a version that its entry does not count");
      counted.set(asset, (left ?? 1) - 1);
      audit.require($.status === "live" || (mark?.asset === asset && mark.number === number), "withdrawn, and not marked as that");
      audit.require(
        ($.status === "live") === (by === undefined) && (by === undefined) === (ground === undefined),
        "withdrawn on no ground",
      );
      audit.require(told <= derived && (told === 0 || mark !== undefined), "more know of it than were built on it");
      const row = { content: of, derived, told, marked: mark !== undefined, live: $.status === "live", cites: sources.map(key) };
      seen.set(key({ asset, number }), row);
    });
    audit.each(contents, (it) => {
      const first = seen.get(key(it));
      audit.require(first !== undefined && equalBytes(first.content, it.content), "the version has another content");
      known.add(hex(it.content));
      if (it.barred > 0) barred.set(hex(it.content), it.barred);
    });
    audit.each(orders, ({ $, content: of, asset, number }) => {
      const version = seen.get(key({ asset, number }));
      audit.require(
        version?.live === false && equalBytes(version.content, of),
        "an order against another content, or that withdrew nothing",
      );
      if ($.status === "stands") barred.set(hex(of), (barred.get(hex(of)) ?? 0) - 1);
    });
    audit.each(derivations, (it) => {
      const source = seen.get(key(it));
      const by = seen.get(key(it.by));
      built.set(key(it), (built.get(key(it)) ?? 0) + 1);
      audit.require(by?.cites.includes(key(it)), "built on what it does not cite");
      audit.require(source !== undefined && it.place < source.derived, "built on a version that does not count it");
      if (source !== undefined && it.place < source.told) audit.require(by?.marked, "what was built on a withdrawn version is not marked");
    });
    audit.end(() => {
      for (const [asset, left] of counted) audit.require(left === 0, "an entry counts versions that are not there", { asset, left });
      for (const [version, { content: of, derived, marked, live, cites: sources }] of seen) {
        audit.require(known.has(hex(of)), "a content that is not known", { version });
        audit.require((built.get(version) ?? 0) === derived, "others were built on it than it counts", { version, derived });
        const from = sources.some((source) => seen.get(source)?.marked);
        audit.require(!marked || !live || from, "marked, and built on nothing that is", { version });
      }
      for (const [content, left] of barred) audit.require(left === 0, "barred by other orders than stand", { content, left });
      audit.figure("versions", seen.size);
    });
  },
});
export const served = datasets.audit({
  title: "What was used is a version that there was, and that was neither withdrawn before nor barred by an order that stands",
  run(audit) {
    const until = new Map<string, { content: string; withdrawn: number }>();
    const barred = new Map<string, number>();
    audit.each(versions, ({ $, asset, number, content: of }) => {
      until.set(`${asset} ${number}`, { content: hex(of), withdrawn: $.status === "live" ? Number.POSITIVE_INFINITY : $.since });
    });
    audit.each(orders, ({ $, content: of }) => {
      if ($.status === "stands") barred.set(hex(of), Math.min($.since, barred.get(hex(of)) ?? $.since));
    });
    audit.each(uses, ({ $, asset, version }) => {
      const of = until.get(`${asset} ${version}`);
      if (of === undefined) return audit.require(false, "a version that there is not was used");
      // In one block it may have been used first.
      audit.require($.since <= of.withdrawn, "used after it was withdrawn");
      audit.require($.since <= (barred.get(of.content) ?? $.since), "used while an order stood");
    });
  },
});
export const quotas = datasets.audit({
  title: "In no window was more used than the licence allows, and every acceptance counts its uses",
  run(audit) {
    const allowed = new Map<string, { quota: number; window: number }>();
    const made = new Map<string, { uses: number; window: number; slot: number; used: number }>();
    let sum = 0n;
    audit.each(licences, ({ licence, quota: most, window: length }) => void allowed.set(licence, { quota: most, window: length }));
    audit.each(uses, ({ $, asset, user, number, licence, units, slot }) => {
      const of = allowed.get(licence) ?? { quota: 0, window: 1 };
      const last = made.get(`${asset} ${user}`) ?? { uses: 0, window: of.window, slot, used: 0 };
      audit.require(number === last.uses, "uses are counted without gaps", { uses: last.uses });
      audit.require(slot === slotOf($.since, of.window), "counted in another window");
      const used = (last.slot === slot && last.window === of.window ? last.used : 0) + units;
      audit.require(used <= of.quota, "more used than allowed", { used, quota: of.quota });
      made.set(`${asset} ${user}`, { uses: number + 1, window: of.window, slot, used });
      sum += BigInt(units);
    });
    audit.each(acceptances, (it) => {
      const last = made.get(`${it.asset} ${it.user}`) ?? { uses: 0, slot: it.slot, used: 0 };
      made.delete(`${it.asset} ${it.user}`);
      audit.require(it.uses === last.uses, "an acceptance counts other uses", { uses: last.uses });
      if (it.slot === last.slot)
        audit.require(it.used === last.used || it.used === 0, "and another sum of its window", { used: last.used });
      audit.require(it.$.status !== "revoked" || it.ground !== undefined, "revoked on no ground");
    });
    audit.end(() => {
      for (const [who] of made) audit.require(false, "uses without an acceptance", { who });
      audit.figure("units", sum);
    });
  },
});
