// Journals that nobody can thin out: readings of devices (service 4), operations on sensitive data (service 29). Owns the acts of devices, of agencies' posts and
// of auditors on their sources. Does not own: records and rules (journalRecords.ts), alerts (journalAlerts.ts), the readings themselves.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { agency, count, days, hash, hours, id, list, object, optional, type Party, signs, time, type Tx } from "../engine/index.ts";
import { kindOf, signerOf } from "../identity/principals.ts";
import { aHash, aKey, aSeal, monday } from "../kit/examples.ts";
import { after, batch, noBatch } from "../kit/journal.ts";
import { watched } from "./journalAlerts.ts";
import { batches, entries, every, journal, MAX_WATCHED, operators, rules, said, type Source, source, sources } from "./journalRecords.ts";

export { alerts, batches, entries, operators, rules, sources, versions, watches } from "./journalRecords.ts";
export * from "./journalAlerts.ts";
export * from "./journalAudits.ts";

/** An operation entered later than this after it happened is marked. */
const PROMPT = hours(24);

// ── devices ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const fresh = { reached: 0, watched: [], ...noBatch };
export const enrol = journal.action({
  title: "Enrol a device: its owner and the device sign",
  by: { owner: signs("the agency whose device it is"), device: signs("the device") },
  input: { source, owner: agency, kind: id, every: optional(every) },
  rules: ["other_source"],
  example: { source: "d:gauge-7", owner: "land", kind: "water-level", every: days(2) },
  run(tx, it) {
    tx.require(kindOf(it.source) === "device", "other_source");
    tx.signed("owner", it.owner);
    tx.signed("device", it.source);
    tx.create(sources, { ...it, ...fresh, heard: tx.time });
  },
});

export const report = journal.action({
  title: "Report a batch of readings: the root over them",
  by: { device: signs("the device") },
  input: { source, ...batch, from: time, to: time },
  rules: ["ahead", "gap", "other_source", "source_retired"],
  example: { source: "d:gauge-7", first: 0, size: 96, root: aHash, previous: noBatch.last, from: monday - hours(24), to: monday },
  run(tx, it) {
    const of = active(tx, it.source, "device");
    tx.signed("device", it.source);
    tx.require(it.from <= it.to && it.to <= tx.time, "ahead");
    if (it.from < of.reached) tx.flag("clock_back");
    const change = { ...(after(of, it) ?? tx.reject("gap", { next: of.next })), reached: it.to, heard: tx.time };
    if (of.$.status === "silent") tx.move(of, "active", change);
    else tx.put(of, change);
    tx.create(batches, { ...it, owner: of.owner });
  },
});

export const silence = journal.due(sources, {
  title: "A device that is not heard for as long as its owner said is silent, and says so, until it reports",
  at: (it) => (it.$.status === "active" && it.every !== undefined ? it.heard + it.every : undefined),
  run: (tx, it) => void tx.move(it, "silent"),
});

export const declareLost = journal.action({
  title: "Declare that readings are lost, on a ground: the gap is named, marked and closed",
  by: { owner: signs("the owner") },
  input: { source, first: count, size: batch.size, ground: id },
  rules: ["gap", "other_source", "source_retired"],
  example: { source: "d:gauge-7", first: 96, size: 12, ground: "memory-failed" },
  run(tx, { source: key, first, size, ground }) {
    const of = active(tx, key, "device");
    tx.signed("owner", of.owner);
    const lost = { first, size, root: noBatch.last, previous: of.last };
    tx.put(of, after(of, lost) ?? tx.reject("gap", { next: of.next }));
    tx.create(batches, { source: key, owner: of.owner, ...lost, from: of.reached, to: tx.time, lost: ground });
    tx.flag("readings_lost");
  },
});

export const handOver = journal.action({
  title: "Hand a device over to another agency",
  by: { owner: signs("the owner"), next: signs("the next owner") },
  input: { source, next: agency },
  rules: ["other_source", "source_retired"],
  example: { source: "d:gauge-7", next: "health" },
  run(tx, { source: key, next }) {
    const of = active(tx, key, "device");
    tx.signed("owner", of.owner);
    tx.signed("next", next);
    tx.put(of, { owner: next });
  },
});

export const retire = journal.action({
  title: "Retire a device: it reports no more; what it reported stands",
  by: { owner: signs("the owner") },
  input: { source },
  rules: ["other_source", "source_retired"],
  example: { source: "d:gauge-7" },
  run(tx, { source: key }) {
    const of = active(tx, key, "device");
    tx.signed("owner", of.owner);
    tx.move(of, "retired");
  },
});

// ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const openLog = journal.action({
  title: "Open a log of operations, named after the agency",
  by: { owner: signs("the agency") },
  input: { source, owner: agency, kind: id },
  rules: ["other_source"],
  example: { source: "tax.files", owner: "tax", kind: "tax-files" },
  run(tx, it) {
    tx.signed("owner", it.owner);
    tx.require(it.source.startsWith(`${it.owner}.`), "other_source");
    tx.create(sources, { ...it, ...fresh, heard: tx.time });
  },
});

export const appoint = journal.action({
  title: "Appoint an operator to a post, or enter his new key",
  by: { agency: signs("the agency") },
  input: { agency, post: id, operator: id, key: hash },
  rules: ["key_unfit"],
  example: { agency: "tax", post: "assessor", operator: "staff-118", key: aKey },
  run(tx, it) {
    tx.signed("agency", it.agency);
    const before = tx.find(operators, it.agency, it.post, it.operator);
    const holder = tx.unique(operators, it.key);
    const own = holder === undefined || (before !== undefined && equalBytes(holder.$.key, before.$.key));
    tx.require(own && atPost(tx, it), "key_unfit", { operator: holder?.operator });
    if (before === undefined) tx.create(operators, it);
    else if (before.$.status === "serving") tx.put(before, { key: it.key });
    else tx.move(before, "serving", { key: it.key });
  },
});

export const dismiss = journal.action({
  title: "End an operator's service at a post",
  by: { agency: signs("the agency") },
  input: { agency, post: id, operator: id },
  example: { agency: "tax", post: "assessor", operator: "staff-118" },
  run(tx, it) {
    tx.signed("agency", it.agency);
    tx.move(tx.get(operators, it.agency, it.post, it.operator), "ended");
  },
});

export const append = journal.action({
  title: "Enter operations in a log, by the key of who did them",
  by: { operator: signs("the operator, by his key of the post") },
  input: { source, first: count, post: id, operator: id, entries: list(object(said), 16, 1) },
  rules: ["ahead", "gap", "not_earlier", "not_operator", "other_source", "source_retired"],
  work: 500,
  // biome-ignore format: a table
  example: {
    source: "tax.files", first: 0, post: "assessor", operator: "staff-118",
    entries: [{ operation: "file.view", at: monday, content: aSeal(10) }],
  },
  run(tx, { source: key, first, post, operator, entries: all }) {
    const of = active(tx, key, "agency");
    const who = tx.find(operators, of.owner, post, operator);
    tx.require(who?.$.status === "serving", "not_operator");
    tx.signed("operator", who!.key, "not_operator");
    tx.require(atPost(tx, who!), "not_operator"); // the key may have been suspended since
    tx.require(first === of.next, "gap", { next: of.next });
    let { reached } = of;
    for (const [i, { at, corrects }] of all.entries()) {
      tx.require(at <= tx.time, "ahead", { number: first + i });
      tx.require(corrects === undefined || corrects < first + i, "not_earlier", { number: first + i });
      if (at < tx.time - PROMPT) tx.flag("entered_late");
      if (at > reached) reached = at;
    }
    tx.createEach(entries, [...all.entries()], ([i, it]) => ({ source: key, number: first + i, owner: of.owner, post, operator, ...it }));
    tx.put(of, { next: first + all.length, reached, heard: tx.time });
    watched(
      tx,
      of,
      operator,
      all.map(({ operation }, i) => ({ number: first + i, operation })),
    );
  },
});

export const close = journal.action({
  title: "Close a log: nothing more is entered; its agency and an auditor sign",
  by: { owner: signs("the agency"), auditor: { role: "auditor", is: (a) => a.auditor } },
  input: { source, auditor: agency },
  rules: ["not_auditor", "other_source", "source_retired"],
  example: { source: "tax.files", auditor: "courts" },
  run(tx, { source: key, auditor }) {
    const of = active(tx, key, "agency");
    tx.signed("owner", of.owner);
    tx.require(auditor !== of.owner, "not_auditor");
    tx.move(of, "retired");
  },
});

export const watch = journal.action({
  title: "Say which rules watch a log",
  by: { auditor: "auditor" },
  input: { source, rules: list(id, MAX_WATCHED) },
  rules: ["not_auditor", "other_source", "rule_unfit", "source_retired"],
  example: { source: "tax.files", rules: ["many-views"] },
  run(tx, { source: key, rules: named }) {
    const of = active(tx, key, "agency");
    tx.require(tx.signer("auditor") !== of.owner, "not_auditor");
    for (const [i, rule] of named.entries()) {
      const { on, kind, author } = tx.get(rules, rule);
      tx.require(on === "operations" && kind === of.kind && author !== of.owner && named.indexOf(rule) === i, "rule_unfit", { rule });
    }
    tx.put(of, { watched: named });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function active(tx: Tx<"other_source" | "source_retired">, key: string, kind: "device" | "agency"): Source {
  const it = tx.get(sources, key);
  tx.require(kindOf(key) === kind, "other_source");
  tx.require(it.$.status !== "retired", "source_retired");
  return it;
}
/** Is it a live key of that post of a live agency, now? */
function atPost(tx: Tx, { agency: of, post, key }: { agency: Party; post: string; key: Bytes }): boolean {
  const signer = signerOf(tx, key);
  return signer?.principal === of && signer.post === post;
}
export default journal;
