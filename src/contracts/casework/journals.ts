// Journals that nobody can thin out: readings of devices (service 4), operations on sensitive data (service 29). Owns the acts of devices, of agencies' posts and
// of auditors on their sources. Does not own: records and rules (journalRecords.ts), alerts (journalAlerts.ts), the readings themselves.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { agency, count, days, hash, hours, id, list, object, optional, party, type Party, signs, time, type Tx } from "../engine/index.ts";
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
const seconds = (n: number): number => n * 1_000;

// ── devices ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const fresh = { reached: 0, watched: [], names: [], ...noBatch };
/** A device takes one reading in this time at most. */
const READING_TIME = seconds(1);
const byKeeper = { owner: { role: "keeper", is: (a: { readonly owner: string }) => a.owner } } as const;
const byStaff = { agency: { role: "keeper", is: (a: { readonly agency: string }) => a.agency } } as const;
const ofSource = { role: "keeper", is: (a: { readonly source: string }, tx: Tx): string => tx.get(sources, a.source).owner } as const;
export const enrol = journal.action({
  title: "Enrol a device: its owner and the device sign",
  by: { ...byKeeper, device: signs("the device") },
  input: { source, owner: agency, kind: id, every: optional(every) },
  rules: ["other_source"],
  example: { source: "d:gauge-7", owner: "land", kind: "water-level", every: days(2) },
  run(tx, it) {
    tx.require(kindOf(it.source) === "device", "other_source");
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

export const schedule = journal.action({
  title: "Say anew how often a device reports",
  by: { owner: ofSource },
  input: { source, every: optional(every) },
  rules: ["other_source", "source_retired"],
  example: { source: "d:gauge-7", every: days(7) },
  run: (tx, { source: key, every: now }) => void tx.put(active(tx, key, "device"), { every: now }),
});

export const declareLost = journal.action({
  title: "Declare that readings are lost, on a ground: the gap is named, marked and closed",
  by: { owner: ofSource, witness: signs("the device, or an auditor of another agency") },
  input: { source, first: count, size: batch.size, ground: id, witness: party },
  rules: ["gap", "not_witnessed", "other_source", "source_retired", "too_many_lost"],
  example: { source: "d:gauge-7", first: 96, size: 12, ground: "memory-failed", witness: "d:gauge-7" },
  run(tx, { source: key, first, size, ground, witness }) {
    const of = active(tx, key, "device");
    tx.signed("witness", witness);
    tx.require(witness === key || (witness !== of.owner && tx.holds("auditor", witness)), "not_witnessed");
    const lost = { first, size, root: noBatch.last, previous: of.last };
    const head = after(of, lost) ?? tx.reject("gap", { next: of.next });
    const most = Math.floor((tx.time - Math.max(of.heard, of.reached)) / READING_TIME);
    tx.require(size <= most, "too_many_lost", { most });
    tx.put(of, { ...head, reached: tx.time });
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
  by: byKeeper,
  input: { source, owner: agency, kind: id },
  rules: ["other_source"],
  example: { source: "tax.files", owner: "tax", kind: "tax-files" },
  run(tx, it) {
    tx.require(it.source.startsWith(`${it.owner}.`), "other_source");
    tx.create(sources, { ...it, ...fresh, heard: tx.time });
  },
});

export const appoint = journal.action({
  title: "Appoint an operator to a post, or enter his new key",
  by: byStaff,
  input: { agency, post: id, operator: id, key: hash },
  rules: ["key_unfit"],
  example: { agency: "tax", post: "assessor", operator: "staff-118", key: aKey },
  run(tx, it) {
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
  by: byStaff,
  input: { agency, post: id, operator: id },
  example: { agency: "tax", post: "assessor", operator: "staff-118" },
  run: (tx, it) => void tx.move(tx.get(operators, it.agency, it.post, it.operator), "ended"),
});

export const append = journal.action({
  title: "Enter operations in a log, by the key of who did them",
  by: { operator: signs("the operator, by his key of the post") },
  input: { source, first: count, post: id, operator: id, entries: list(object(said), 16, 1) },
  rules: ["ahead", "gap", "not_earlier", "not_operator", "other_name", "other_source", "source_retired"],
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
    for (const [i, { operation, at, corrects }] of all.entries()) {
      tx.require(of.names.length === 0 || of.names.includes(operation), "other_name", { number: first + i });
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
      all.map(({ operation, at }, i) => ({ number: first + i, operation, at })),
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
    const of = notOwn(tx, key, auditor);
    tx.signed("owner", of.owner);
    tx.move(of, "retired");
  },
});

const byAuditor = { auditor: { role: "auditor", is: (a: { readonly auditor: string }) => a.auditor } } as const;
const watching = { source, rule: id, auditor: agency };
export const watch = journal.action({
  title: "Let a rule watch a log",
  by: byAuditor,
  input: watching,
  rules: ["not_auditor", "other_source", "rule_unfit", "source_retired", "watch_full"],
  example: { source: "tax.files", rule: "many-views", auditor: "courts" },
  run(tx, { source: key, rule, auditor }) {
    const of = notOwn(tx, key, auditor);
    const { on, kind, author } = tx.get(rules, rule);
    tx.require(on === "operations" && kind === of.kind && author !== of.owner, "rule_unfit", { rule });
    tx.require(of.watched.length < MAX_WATCHED && of.watched.every((one) => one.rule !== rule), "watch_full");
    tx.put(of, { watched: [...of.watched, { rule, by: auditor }] });
  },
});
export const unwatch = journal.action({
  title: "Take a rule from a log that it watches",
  by: byAuditor,
  input: watching,
  rules: ["not_auditor", "other_source", "other_watcher", "source_retired"],
  example: { source: "tax.files", rule: "many-views", auditor: "courts" },
  run(tx, { source: key, rule, auditor }) {
    const of = notOwn(tx, key, auditor);
    const { $, author } = tx.get(rules, rule);
    const set = of.watched.find((one) => one.rule === rule);
    tx.require(set !== undefined && ([set.by, author].includes(auditor) || $.status === "retired"), "other_watcher", { by: set?.by });
    tx.put(of, { watched: of.watched.filter((one) => one !== set) });
  },
});
export const fixNames = journal.action({
  title: "Fix the names by which operations are entered in a log",
  by: byAuditor,
  input: { source, names: sources.fields.names, auditor: agency },
  rules: ["not_auditor", "other_source", "other_watcher", "source_retired"],
  example: { source: "tax.files", names: ["file.view", "file.export"], auditor: "courts" },
  run(tx, { source: key, names, auditor }) {
    const of = notOwn(tx, key, auditor);
    const by = of.named_by ?? auditor;
    tx.require(by === auditor || !tx.holds("auditor", by), "other_watcher", { by });
    tx.put(of, { names, named_by: auditor });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function active(tx: Tx<"other_source" | "source_retired">, key: string, kind: "device" | "agency"): Source {
  const it = tx.get(sources, key);
  tx.require(kindOf(key) === kind, "other_source");
  tx.require(it.$.status !== "retired", "source_retired");
  return it;
}
function notOwn(tx: Tx<"not_auditor" | "other_source" | "source_retired">, key: string, auditor: string): Source {
  const of = active(tx, key, "agency");
  tx.require(auditor !== of.owner, "not_auditor");
  return of;
}
/** Is it a live key of that post of a live agency, now? */
function atPost(tx: Tx, { agency: of, post, key }: { agency: Party; post: string; key: Bytes }): boolean {
  const signer = signerOf(tx, key);
  return signer?.principal === of && signer.post === post;
}
export default journal;
