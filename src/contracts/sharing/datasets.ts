// The registry of data sets and models (service 37): versions by their hashes, licences accepted before any use, quotas, what a model was built on. Owns licences,
// entries, versions, acceptances, uses. Does not own: the data, which the publisher serves against the receipt of a use; the words of licences and descriptions
// (their hashes stand for them).
//
// Withdrawing a version marks what was built on it, and what was built on that: by itself, some of them in each block.

import { equalBytes, hex } from "../../base/bytes.ts";
import { agency, contract, count, days, flag, hash, id, list, minutes, object, oneOf, optional, party } from "../engine/index.ts";
import { range, record, type Row, signs, text, time, type Tx } from "../engine/index.ts";
import { aHash } from "../kit/examples.ts";
import { serves } from "../kit/standing.ts";

/** So many are marked in one block. */
const SLICE = 16;
const MOST_CITED = 32;
const place = { asset: id, number: count };

export const licences = record("licence", {
  title: "A licence as its publisher offers it: for how long it is accepted, and how much may be used in a window of time",
  key: ["licence"],
  read: "public",
  find: ["publisher"],
  fields: {
    ...{ licence: id, publisher: agency, words: hash },
    /** Whoever accepts it has it; else the publisher signs with him. */
    ...{ open: flag, term: range(days(1), days(36_500)), quota: count, window: range(minutes(1), days(366)) },
  },
  states: { offered: ["retired"], retired: [] },
});
export const assets = record("asset", {
  title: "A data set or a model",
  key: ["asset"],
  read: "public",
  find: ["publisher", "kind"],
  fields: { asset: id, kind: oneOf("dataset", "model"), publisher: agency, title: text(200, 1), licence: id, versions: count },
});
export const versions = record("version", {
  title: "A version: the hash of its content and of its description, what it was built on, and whether that was withdrawn",
  key: ["asset", "number"],
  read: "public",
  find: ["status"],
  fields: {
    ...{ ...place, publisher: agency, content: hash, description: hash, size: count, cites: list(object(place), MOST_CITED) },
    /** How many were built on it, and how many of these know that it was withdrawn. */
    ...{ derived: count, told: count },
    /** The version that was withdrawn, if it is this or what this was built on. */
    ...{ mark: optional(object({ ...place, at: time })), ground: optional(id), by: optional(agency) },
  },
  states: { live: ["withdrawn"], withdrawn: [] },
});
export const contents = record("content", {
  title: "The version that had a content first",
  key: ["content"],
  read: "public",
  fields: { content: hash, ...place },
});
export const derivations = record("derivation", {
  title: "A version that was built on another",
  key: ["asset", "number", "place"],
  read: "public",
  fields: { ...place, place: count, by: object(place) },
});
export const acceptances = record("acceptance", {
  title: "A user's acceptance of a licence: its term, and what was used in the window under way",
  key: ["asset", "user"],
  read: ["user", "publisher"],
  find: ["user", "publisher", "status"],
  fields: {
    ...{ asset: id, user: party, publisher: agency, licence: id, until: time },
    /** How often it was used, and how much in the window of the last use. */
    ...{ uses: count, window: count, slot: count, used: count, ground: optional(id) },
  },
  states: { live: ["ended", "revoked"], ended: ["live"], revoked: ["ended"] },
});
export const uses = record("use", {
  title: "A use of a version: for which purpose, how much; the data is served against it",
  key: ["asset", "user", "number"],
  read: ["user", "publisher"],
  find: ["user", "publisher"],
  fields: { asset: id, user: party, number: count, publisher: agency, version: count, licence: id, purpose: id, units: count, slot: count },
});
type Version = Row<typeof versions>;

const datasets = contract("datasets", {
  title: "Data sets and models",
  purpose:
    "What is used is what was published, by who accepted its licence and no more than it allows; and what was built on what is known.",
  // Audits read in this order.
  records: [licences, assets, versions, contents, derivations, uses, acceptances],
  roles: { publisher: "Publishes data sets and models", authority: "Orders that a version is withdrawn" },
  rules: {
    own_licence: "A publisher offers what it publishes under its own licence, while that is offered.",
    sources_named: "A model cites what it was built on; each version is cited once.",
    source_withdrawn: "Nothing is built on a version that was withdrawn.",
    source_unlicensed: "Who builds on a version has published it, or accepted its licence.",
    other_terms: "What is accepted is the licence under which it is offered now.",
    accepted_once: "A licence that is in force is not accepted again.",
    revoked: "Who was excluded accepts again when the publisher has readmitted him.",
    not_accepted: "A use needs a licence that was accepted, and is in force at that moment.",
    quota_reached: "No more is used in a window than the licence allows.",
    version_withdrawn: "A version that was withdrawn is not used.",
  },
  flags: {
    seen_before: "Another version had this content before.",
    built_on_withdrawn: "It was built on a version that was withdrawn.",
  },
});
const byPublisher = { role: "publisher", is: (a: { readonly asset: string }, tx: Tx) => tx.get(assets, a.asset).publisher } as const;

// ── publishing ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const { words, open: isOpen, term, quota, window } = licences.fields;
export const offer = datasets.action({
  title: "Offer a licence; it does not change, another is offered in its place",
  by: "publisher",
  input: { licence: id, words, open: isOpen, term, quota, window },
  example: { licence: "city-open-1", words: aHash, open: true, term: days(365), quota: 10_000, window: days(1) },
  run: (tx, it) => void tx.create(licences, { ...it, publisher: tx.signer("publisher") }),
});
export const retire = datasets.action({
  title: "Retire a licence: what was accepted stands for its term",
  by: { publisher: { role: "publisher", is: (a, tx) => tx.get(licences, a.licence).publisher } },
  input: { licence: id },
  example: { licence: "city-open-1" },
  run: (tx, { licence }) => void tx.move(tx.get(licences, licence), "retired"),
});
const { kind, title } = assets.fields;
export const register = datasets.action({
  title: "Register a data set or a model",
  by: "publisher",
  input: { asset: id, kind, title, licence: id },
  rules: ["own_licence"],
  example: { asset: "air-quality", kind: "dataset", title: "Air quality by the hour", licence: "city-open-1" },
  run(tx, it) {
    const publisher = tx.signer("publisher");
    offered(tx, it.licence, publisher);
    tx.create(assets, { ...it, publisher, versions: 0 });
  },
});
export const relicense = datasets.action({
  title: "Offer a data set or a model under another licence from now on; what was accepted stands for its term",
  by: { publisher: byPublisher },
  input: { asset: id, licence: id },
  rules: ["own_licence"],
  example: { asset: "air-quality", licence: "city-open-2" },
  run(tx, { asset, licence }) {
    const it = tx.get(assets, asset);
    offered(tx, licence, it.publisher);
    tx.put(it, { licence });
  },
});
const { content, description, size, cites } = versions.fields;
export const release = datasets.action({
  title: "Release the next version: its hash, and the versions that it was built on",
  by: { publisher: byPublisher },
  input: { asset: id, content, description, size, cites },
  rules: ["source_unlicensed", "source_withdrawn", "sources_named"],
  work: 800,
  example: { asset: "air-quality", content: aHash, description: aHash, size: 25_585_843, cites: [] },
  run(tx, it) {
    const { asset, publisher, kind: of, versions: number } = tx.get(assets, it.asset);
    const sources = new Set(it.cites.map((cited) => `${cited.asset} ${cited.number}`));
    tx.require(sources.size === it.cites.length && (of === "dataset" || sources.size > 0), "sources_named");
    let mark: Version["mark"];
    for (const cited of it.cites) {
      const source = tx.get(versions, cited.asset, cited.number);
      tx.require(source.$.status === "live", "source_withdrawn", cited);
      const licence = source.publisher === publisher ? undefined : tx.find(acceptances, cited.asset, publisher);
      tx.require(source.publisher === publisher || (licence !== undefined && serves(licence, tx.time)), "source_unlicensed", cited);
      if (source.mark !== undefined) mark ??= { ...source.mark, at: tx.time };
      tx.create(derivations, { ...cited, place: source.derived, by: { asset, number } });
      tx.put(source, { derived: source.derived + 1 });
    }
    if (mark !== undefined) tx.flag("built_on_withdrawn");
    if (tx.find(contents, it.content) === undefined) tx.create(contents, { content: it.content, asset, number });
    else tx.flag("seen_before");
    tx.create(versions, { ...it, number, publisher, derived: 0, told: 0, mark });
    tx.put(tx.get(assets, asset), { versions: number + 1 });
  },
});

// ── withdrawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const withdrawn = { ...place, ground: id };
export const withdraw = datasets.action({
  title: "Withdraw a version, on a ground: what was built on it is marked",
  by: { publisher: byPublisher },
  input: withdrawn,
  example: { asset: "air-quality", number: 0, ground: "sensor-fault" },
  run: (tx, it) => pulled(tx, it, tx.signer("publisher")),
});
export const order = datasets.action({
  title: "Order that a version is withdrawn, on a ground: what was built on it is marked",
  by: "authority",
  input: withdrawn,
  example: { asset: "air-quality", number: 0, ground: "privacy" },
  run: (tx, it) => pulled(tx, it, tx.signer("authority")),
});
function pulled(tx: Tx, { asset, number, ground }: { asset: string; number: number; ground: string }, by: string): void {
  tx.move(tx.get(versions, asset, number), "withdrawn", { mark: { asset, number, at: tx.time }, told: 0, ground, by });
}
export const spread = datasets.due(versions, {
  title: "What was built on a version that was withdrawn, or is marked, is marked: 16 in a block",
  at: (it) => (it.mark !== undefined && it.told < it.derived ? it.mark.at : undefined),
  work: 256,
  run(tx, it) {
    const until = Math.min(it.derived, it.told + SLICE);
    for (let i = it.told; i < until; i++) {
      const { by } = tx.get(derivations, it.asset, it.number, i);
      const built = tx.get(versions, by.asset, by.number);
      if (built.mark === undefined) tx.put(built, { mark: { ...it.mark!, at: tx.time } });
    }
    tx.put(it, { told: until });
  },
});

// ── using ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const accept = datasets.action({
  title: "Accept the licence of a data set or a model",
  by: { user: signs("who will use it"), publisher: signs("the publisher, where the licence is not open") },
  input: { asset: id, user: party, licence: id },
  rules: ["accepted_once", "other_terms", "revoked"],
  example: { asset: "air-quality", user: "c:lab", licence: "city-open-1" },
  run(tx, { asset, user, licence }) {
    tx.signed("user", user);
    const { publisher, licence: now } = tx.get(assets, asset);
    const of = tx.get(licences, licence);
    tx.require(licence === now && of.$.status === "offered", "other_terms", { licence: now });
    if (!of.open) tx.signed("publisher", publisher);
    const until = tx.time + of.term;
    const before = tx.find(acceptances, asset, user);
    if (before === undefined) {
      const none = { uses: 0, window: of.window, slot: 0, used: 0 };
      return void tx.create(acceptances, { asset, user, publisher, licence, until, ...none });
    }
    tx.require(before.$.status !== "revoked", "revoked", { ground: before.ground });
    tx.require(before.$.status === "ended", "accepted_once");
    tx.move(before, "live", { licence, until }); // what was used in a window stays used: to give a licence back gains nothing
  },
});
export const use = datasets.action({
  title: "Use a version: so much of it, for a purpose",
  by: { user: signs("the user") },
  input: { ...place, user: party, purpose: id, units: range(1, Number.MAX_SAFE_INTEGER) },
  rules: ["not_accepted", "quota_reached", "version_withdrawn"],
  example: { asset: "air-quality", number: 0, user: "c:lab", purpose: "forecast", units: 120 },
  run(tx, { asset, number, user, purpose, units }) {
    tx.signed("user", user);
    const it = tx.find(acceptances, asset, user);
    if (it === undefined || !serves(it, tx.time)) return tx.reject("not_accepted");
    const version = tx.get(versions, asset, number);
    tx.require(version.$.status === "live", "version_withdrawn", { ground: version.ground });
    const of = tx.get(licences, it.licence);
    const slot = slotOf(tx.time, of.window);
    const used = slot === it.slot && of.window === it.window ? it.used : 0;
    tx.require(units <= of.quota - used, "quota_reached", { left: of.quota - used });
    if (version.mark !== undefined) tx.flag("built_on_withdrawn");
    tx.put(it, { uses: it.uses + 1, window: of.window, slot, used: used + units });
    const { publisher, licence, uses: next } = it;
    tx.create(uses, { asset, user, number: next, publisher, version: number, licence, purpose, units, slot });
  },
});
export const surrender = datasets.action({
  title: "Give a licence back",
  by: { user: signs("the user") },
  input: { asset: id, user: party },
  example: { asset: "air-quality", user: "c:lab" },
  run(tx, { asset, user }) {
    tx.signed("user", user);
    tx.move(tx.get(acceptances, asset, user), "ended");
  },
});
export const revoke = datasets.action({
  title: "Revoke somebody's licence, on a ground",
  by: { publisher: byPublisher },
  input: { asset: id, user: party, ground: id },
  example: { asset: "air-quality", user: "c:lab", ground: "resold" },
  run: (tx, { asset, user, ground }) => void tx.move(tx.get(acceptances, asset, user), "revoked", { ground }),
});
export const readmit = datasets.action({
  title: "Readmit somebody: he may accept the licence again",
  by: { publisher: byPublisher },
  input: { asset: id, user: party },
  rules: ["revoked"],
  example: { asset: "air-quality", user: "c:lab" },
  run(tx, { asset, user }) {
    const it = tx.get(acceptances, asset, user);
    tx.require(it.$.status === "revoked", "revoked");
    tx.move(it, "ended", { ground: undefined });
  },
});
export const expiry = datasets.due(acceptances, {
  title: "An acceptance ends with its term",
  at: (it) => (it.$.status === "live" ? it.until : undefined),
  run: (tx, it) => void tx.move(it, "ended"),
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Windows are counted from 1970, for everybody the same. */
const slotOf = (now: number, length: number): number => Math.floor(now / length);
function offered(tx: Tx<"own_licence">, licence: string, publisher: string): void {
  const it = tx.get(licences, licence);
  tx.require(it.$.status === "offered" && it.publisher === publisher, "own_licence");
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const lineage = datasets.audit({
  title: "Versions are counted without gaps, what each was built on knows of it, and a mark comes from a version that was withdrawn",
  run(audit) {
    const counted = new Map<string, number>();
    const seen = new Map<string, { content: Uint8Array; derived: number; told: number; marked: boolean; live: boolean; cites: string[] }>();
    const known = new Set<string>();
    const built = new Map<string, number>();
    const key = (it: { asset: string; number: number }): string => `${it.asset} ${it.number}`;
    audit.each(assets, ({ asset, versions: sum }) => void counted.set(asset, sum));
    audit.each(versions, ({ $, asset, number, content: of, cites: sources, derived, told, mark }) => {
      const left = counted.get(asset);
      audit.require(left !== undefined && left > 0, "a version that its entry does not count");
      counted.set(asset, (left ?? 1) - 1);
      audit.require($.status === "live" || (mark?.asset === asset && mark.number === number), "withdrawn, and not marked as that");
      audit.require(told <= derived && (told === 0 || mark !== undefined), "more know of it than were built on it");
      const row = { content: of, derived, told, marked: mark !== undefined, live: $.status === "live", cites: sources.map(key) };
      seen.set(key({ asset, number }), row);
    });
    audit.each(contents, (it) => {
      const first = seen.get(key(it));
      audit.require(first !== undefined && equalBytes(first.content, it.content), "the version has another content");
      known.add(hex(it.content));
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
      audit.figure("versions", seen.size);
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
export default datasets;
