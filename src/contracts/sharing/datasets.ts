// The registry of data sets and models (service 37): versions by their hashes, licences accepted before any use, quotas, what a model was built on. Owns the
// acts. Does not own: the audits (datasetAudits.ts); the data, which the publisher serves against the receipt of a use; the words of licences and descriptions
// (their hashes stand for them).
//
// Withdrawing a version marks what was built on it, and what was built on that: by itself, some of them in each block.

import { agency, days, id, party, range, type Row, signs, type Tx } from "../engine/index.ts";
import { aHash } from "../kit/examples.ts";
import { serves } from "../kit/standing.ts";
import { acceptances, assets, contents, datasets, derivations, licences, orders, place, slotOf, uses, versions } from "./datasetRecords.ts";

export { acceptances, assets, contents, derivations, licences, orders, uses, versions } from "./datasetRecords.ts";
export * from "./datasetAudits.ts";

/** So many are marked in one block. */
const SLICE = 16;
type Version = Row<typeof versions>;
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
export const handOver = datasets.action({
  title: "Hand over what has no publisher any more: another publishes it from now on",
  by: { authority: "authority", publisher: { role: "publisher", is: (a) => a.to } },
  input: { asset: id, to: agency },
  rules: ["still_published"],
  example: { asset: "air-quality", to: "health" },
  run(tx, { asset, to }) {
    const it = tx.get(assets, asset);
    tx.require(!tx.holds("publisher", it.publisher), "still_published");
    tx.put(it, { publisher: to });
  },
});
const { content, description, size, cites } = versions.fields;
export const release = datasets.action({
  title: "Release the next version: its hash, and the versions that it was built on",
  by: { publisher: byPublisher },
  input: { asset: id, content, description, size, cites },
  rules: ["content_barred", "source_unlicensed", "source_withdrawn", "sources_named"],
  work: 1_000,
  example: { asset: "air-quality", content: aHash, description: aHash, size: 25_585_843, cites: [] },
  run(tx, it) {
    const { asset, publisher, kind: of, versions: number } = tx.get(assets, it.asset);
    const sources = new Set(it.cites.map((cited) => `${cited.asset} ${cited.number}`));
    tx.require(sources.size === it.cites.length && (of === "dataset" || sources.size > 0), "sources_named");
    let mark: Version["mark"];
    for (const cited of it.cites) {
      const source = tx.get(versions, cited.asset, cited.number);
      tx.require(source.$.status === "live", "source_withdrawn", cited);
      unbarred(tx, source.content);
      if (tx.get(assets, cited.asset).publisher !== publisher) {
        const licence = tx.find(acceptances, cited.asset, publisher);
        tx.require(licence !== undefined && serves(licence, tx.time), "source_unlicensed", cited);
      }
      if (source.mark !== undefined) mark ??= { ...source.mark, at: tx.time };
      tx.create(derivations, { ...cited, place: source.derived, by: { asset, number } });
      tx.put(source, { derived: source.derived + 1 });
    }
    if (mark !== undefined) tx.flag("built_on_withdrawn");
    if (tx.find(contents, it.content) === undefined) tx.create(contents, { content: it.content, asset, number, barred: 0 });
    else tx.flag("seen_before");
    unbarred(tx, it.content);
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
  run: (tx, it) => void pulled(tx, it, tx.signer("publisher")),
});
export const order = datasets.action({
  title: "Order that a version is withdrawn, on a ground: what was built on it is marked, and its content is barred under every name",
  by: "authority",
  input: withdrawn,
  example: { asset: "air-quality", number: 0, ground: "privacy" },
  run(tx, it) {
    const authority = tx.signer("authority");
    const { content: of, $ } = tx.get(versions, it.asset, it.number);
    const before = tx.find(orders, of, authority);
    // What its publisher withdrew is barred all the same; of a content that is barred, copies are withdrawn one by one.
    if ($.status === "live" || before?.$.status === "stands") pulled(tx, it, authority);
    if (before?.$.status === "stands") return;
    if (before === undefined) tx.create(orders, { content: of, authority, ...it });
    else tx.move(before, "stands", it);
    const barred = tx.get(contents, of);
    tx.put(barred, { barred: barred.barred + 1 });
  },
});
export const lift = datasets.action({
  title: "Lift one's order: when none stands, the content may be used and released again",
  by: "authority",
  input: { content },
  example: { content: aHash },
  run(tx, { content: of }) {
    tx.move(tx.get(orders, of, tx.signer("authority")), "lifted");
    const barred = tx.get(contents, of);
    tx.put(barred, { barred: barred.barred - 1 });
  },
});
function unbarred(tx: Tx<"content_barred">, of: Version["content"]): void {
  tx.require(tx.get(contents, of).barred === 0, "content_barred");
}
function pulled(tx: Tx, { asset, number, ground }: { asset: string; number: number; ground: string }, by: string): Version {
  return tx.move(tx.get(versions, asset, number), "withdrawn", { mark: { asset, number, at: tx.time }, told: 0, ground, by });
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
    const entry = tx.get(assets, asset);
    const { publisher, licence: now } = entry;
    const of = tx.get(licences, licence);
    tx.require(licence === now && of.$.status === "offered", "other_terms", { licence: now });
    if (!of.open) tx.signed("publisher", publisher);
    const it = standing(tx, entry, user);
    tx.require(it.$.status !== "revoked", "revoked", { ground: it.ground });
    tx.require(it.$.status === "ended", "accepted_once");
    tx.move(it, "live", { publisher, licence, until: tx.time + of.term }); // what was used in a window stays used: to give a licence back gains nothing
  },
});
export const use = datasets.action({
  title: "Use a version: so much of it, for a purpose",
  by: { user: signs("the user") },
  input: { ...place, user: party, purpose: id, units: range(1, Number.MAX_SAFE_INTEGER) },
  rules: ["content_barred", "not_accepted", "quota_reached", "version_withdrawn"],
  example: { asset: "air-quality", number: 0, user: "c:lab", purpose: "forecast", units: 120 },
  run(tx, { asset, number, user, purpose, units }) {
    tx.signed("user", user);
    const it = tx.find(acceptances, asset, user);
    if (it === undefined || !serves(it, tx.time)) return tx.reject("not_accepted");
    const version = tx.get(versions, asset, number);
    tx.require(version.$.status === "live", "version_withdrawn", { ground: version.ground });
    unbarred(tx, version.content);
    const of = tx.get(licences, it.licence);
    const slot = slotOf(tx.time, of.window);
    const used = slot === it.slot && of.window === it.window ? it.used : 0;
    tx.require(units <= of.quota - used, "quota_reached", { left: of.quota - used });
    if (version.mark !== undefined) tx.flag("built_on_withdrawn");
    const { publisher } = tx.get(assets, asset);
    const { licence, uses: next } = it;
    tx.put(it, { publisher, uses: next + 1, window: of.window, slot, used: used + units });
    tx.create(uses, { asset, user, number: next, publisher, version: number, licence, purpose, units, slot });
  },
});
export const surrender = datasets.action({
  title: "Give a licence back",
  by: { user: signs("the user") },
  input: { asset: id, user: party },
  rules: ["not_accepted"],
  example: { asset: "air-quality", user: "c:lab" },
  run(tx, { asset, user }) {
    tx.signed("user", user);
    const it = tx.get(acceptances, asset, user);
    tx.require(it.$.status === "live", "not_accepted");
    tx.move(it, "ended");
  },
});
export const revoke = datasets.action({
  title: "Exclude somebody, on a ground, whether he has a licence or not",
  by: { publisher: byPublisher },
  input: { asset: id, user: party, ground: id },
  example: { asset: "air-quality", user: "c:lab", ground: "resold" },
  run(tx, { asset, user, ground }) {
    const entry = tx.get(assets, asset);
    tx.move(standing(tx, entry, user), "revoked", { ground, publisher: entry.publisher });
  },
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

/** What a user has accepted of an entry; nothing yet, if he is new. */
function standing(tx: Tx, { asset, publisher, licence }: Row<typeof assets>, user: string): Row<typeof acceptances> {
  const none = { until: tx.time, uses: 0, window: 0, slot: 0, used: 0 };
  return tx.find(acceptances, asset, user) ?? tx.create(acceptances, { asset, user, publisher, licence, ...none });
}
function offered(tx: Tx<"own_licence">, licence: string, publisher: string): void {
  const it = tx.get(licences, licence);
  tx.require(it.$.status === "offered" && it.publisher === publisher, "own_licence");
}

export default datasets;
