// The records and rules of data sets and models (service 37). Owns what is kept of licences, entries, versions, acceptances and uses. Does not own: the acts
// (datasets.ts).

import { agency, contract, count, days, flag, hash, id, list, minutes, object, oneOf, optional, party } from "../engine/index.ts";
import { range, record, text, time } from "../engine/index.ts";

const MOST_CITED = 32;
export const place = { asset: id, number: count };

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
  title: "The version that had a content first; and how many orders bar the content",
  key: ["content"],
  read: "public",
  fields: { content: hash, ...place, barred: count },
});
export const orders = record("order", {
  title: "An authority's order against a content: of which version, on which ground, and whether it stands",
  key: ["content", "authority"],
  read: "public",
  find: ["authority", "status"],
  fields: { content: hash, authority: agency, ...place, ground: id },
  states: { stands: ["lifted"], lifted: ["stands"] },
});
export const derivations = record("derivation", {
  title: "A version that was built on another",
  key: ["asset", "number", "place"],
  read: "public",
  fields: { ...place, place: count, by: object(place) },
});
export const acceptances = record("acceptance", {
  title: "What a user has accepted, or that he is excluded, whether he ever accepted or not; and what was used in the window under way",
  key: ["asset", "user"],
  read: ["user", "publisher"],
  find: ["user", "publisher", "status"],
  fields: {
    ...{ asset: id, user: party, publisher: agency, licence: id, until: time },
    /** How often it was used, and how much in the window of the last use. */
    ...{ uses: count, window: count, slot: count, used: count, ground: optional(id) },
  },
  states: { ended: ["live", "revoked"], live: ["ended", "revoked"], revoked: ["ended"] },
});
export const uses = record("use", {
  title: "A use of a version: for which purpose, how much; the data is served against it",
  key: ["asset", "user", "number"],
  read: ["user", "publisher"],
  find: ["user", "publisher"],
  fields: { asset: id, user: party, number: count, publisher: agency, version: count, licence: id, purpose: id, units: count, slot: count },
});
export const datasets = contract("datasets", {
  title: "Data sets and models",
  purpose:
    "What is used is what was published, by who accepted its licence and no more than it allows; and what was built on what is known.",
  // Audits read in this order.
  records: [licences, assets, versions, contents, orders, derivations, uses, acceptances],
  roles: {
    publisher: "Publishes data sets and models",
    authority: "Orders that a version is withdrawn, and hands over what has no publisher any more",
  },
  rules: {
    own_licence: "A publisher offers what it publishes under its own licence, while that is offered.",
    sources_named: "A model cites what it was built on; each version is cited once.",
    source_withdrawn: "Nothing is built on a version that was withdrawn.",
    source_unlicensed: "Who builds on a version has published it, or accepted its licence.",
    content_barred: "While an authority's order stands against a content, it is not used, built on or released again under any name.",
    other_terms: "What is accepted is the licence under which it is offered now.",
    accepted_once: "A licence that is in force is not accepted again.",
    revoked: "Who was excluded accepts again when the publisher has readmitted him.",
    not_accepted: "What is used, or given back, is a licence that was accepted and is in force at that moment.",
    quota_reached: "No more is used in a window than the licence allows.",
    version_withdrawn: "A version that was withdrawn is not used.",
    still_published: "A data set or a model is handed over when its publisher publishes no more.",
  },
  flags: {
    seen_before: "Another version had this content before.",
    built_on_withdrawn: "It was built on a version that was withdrawn.",
  },
});
/** Windows are counted from 1970, for everybody the same. */
export const slotOf = (now: number, length: number): number => Math.floor(now / length);
