// Rules of alerts, which are data, and alerts: on readings raised by who shows them, on operations by the chain itself; stood down by who is named. Owns these
// acts and the watching of operations. Does not own: what is reported and entered (journals.ts), patterns (kit/patterns.ts).

import { equalBytes } from "../../base/bytes.ts";
import {
  agency,
  count,
  type FieldsOf,
  hours,
  id,
  list,
  object,
  oneOf,
  optional,
  party,
  type Row,
  signs,
  type Tx,
} from "../engine/index.ts";
import { kindOf } from "../identity/principals.ts";
import { aHash, monday } from "../kit/examples.ts";
import { bunched, isReading, MAX_CITED, pattern, type Pattern, reading, soundPattern, stands, together } from "../kit/patterns.ts";
import { alerts, answering, batches, journal, note, rules, type Source, source, sources, versions, watches } from "./journalRecords.ts";

// ── rules and alerts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const publish = journal.action({
  title: "Publish a rule of alerts, or its next version",
  by: { author: signs("the agency whose rule it is; for operations an auditor") },
  input: { rule: id, author: agency, on: rules.fields.on, kind: id, ...pattern, responder: agency, answer: answering },
  rules: ["not_auditor", "rule_retired", "rule_unfit"],
  // biome-ignore format: a table
  example: {
    rule: "flood", author: "land", on: "readings", kind: "water-level", what: "cm", most: 350, times: 3, within: hours(1),
    responder: "health", answer: hours(2),
  },
  run(tx, { author, on, kind, ...it }) {
    tx.signed("author", author);
    tx.require(on === "readings" || tx.holds("auditor", author), "not_auditor");
    const before = tx.find(rules, it.rule);
    tx.require(before?.$.status !== "retired", "rule_retired");
    const same = before === undefined || (before.author === author && before.on === on && before.kind === kind);
    const bounds = on === "readings" || (it.least === undefined && it.most === undefined); // an operation has no value
    tx.require(same && bounds && soundPattern(it) && tx.known(it.responder), "rule_unfit");
    const version = (before?.version ?? 0) + 1;
    tx.create(versions, { ...it, version });
    if (before === undefined) tx.create(rules, { rule: it.rule, author, on, kind, version });
    else tx.put(before, { version });
  },
});

export const retireRule = journal.action({
  title: "Retire a rule: it raises nothing new",
  by: { author: signs("the agency whose rule it is") },
  input: { rule: id },
  example: { rule: "flood" },
  run(tx, { rule }) {
    const it = tx.move(tx.get(rules, rule), "retired");
    tx.signed("author", it.author);
  },
});

export const alert = journal.action({
  title: "Raise an alert on readings, shown against the roots of their batches",
  by: { by: signs("the device, its owner or an auditor") },
  input: { rule: id, version: count, source, by: party, metric: id, readings: list(object(reading), MAX_CITED, 1), note: optional(note) },
  rules: ["not_cited", "not_watcher", "other_source", "other_version", "pattern_unmet", "rule_retired"],
  proofs: { not_cited: ({ source: device, metric, readings }) => readings.every((one) => isReading(device, metric, one)) },
  work: 300,
  // biome-ignore format: a table
  example: {
    rule: "flood", version: 1, source: "d:gauge-7", by: "land", metric: "cm",
    readings: [{ first: 0, at: monday, value: 362, salt: aHash, index: 40, size: 96, root: aHash, path: [aHash] }],
  },
  run(tx, { rule, version, source: key, by, metric, readings, note: words }) {
    tx.signed("by", by);
    const of = tx.get(sources, key);
    tx.require(kindOf(key) === "device", "other_source");
    tx.require(by === key || by === of.owner || tx.holds("auditor", by), "not_watcher");
    const it = tx.get(rules, rule);
    tx.require(it.$.status === "in_force", "rule_retired");
    tx.require(it.version === version, "other_version", { version: it.version });
    const cites = readings.map(({ first, index }) => first + index);
    for (const [i, { first, size, root }] of readings.entries()) {
      const under = tx.get(batches, key, first);
      const same = under.lost === undefined && under.size === size && equalBytes(under.root, root);
      tx.require(same && (i === 0 || cites[i - 1]! < cites[i]!), "not_cited", { number: cites[i] });
    }
    const asked = tx.get(versions, rule, version);
    const fits =
      it.on === "readings" && it.kind === of.kind && asked.what === metric && readings.every(({ value }) => stands(asked, value));
    tx.require(fits && meets(asked, readings), "pattern_unmet");
    raise(tx, of, asked, { cites, by, note: words });
  },
});

export const answerTime = journal.due(alerts, {
  title: "An alert not stood down within the time of its rule is overdue, and says so",
  at: (it) => (it.$.status === "raised" ? it.answer_by : undefined),
  run: (tx, it) => void tx.move(it, "overdue"),
});

export const standDown = journal.action({
  title: "Stand an alert down: what was found, on what ground",
  by: { by: { role: "responder", is: (a) => a.by } },
  input: { rule: id, source, number: count, by: agency, finding: oneOf("confirmed", "unfounded"), ground: id },
  rules: ["not_responder"],
  example: { rule: "flood", source: "d:gauge-7", number: 40, by: "health", finding: "confirmed", ground: "evacuated" },
  run(tx, { rule, source: key, number, by, finding, ground }) {
    const it = tx.get(alerts, rule, key, number);
    const { on, author } = tx.get(rules, rule);
    const own = on === "operations" && tx.get(sources, key).owner === by;
    tx.require((by === it.responder || by === author) && !own, "not_responder", { responder: it.responder });
    tx.move(it, "stood_down", { finding, ground, stood_down_by: by });
  },
});

// ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The operations of an operator, as the rules that watch the log see them: so many done, or entered, within the time are an alert. */
export function watched(tx: Tx<never, never, "alerted">, of: Source, operator: string, entered: readonly Operation[]): void {
  for (const { rule: key } of of.watched) {
    const { $, version } = tx.get(rules, key);
    const rule = tx.get(versions, key, version);
    const counts = entered.filter(({ operation }) => operation === rule.what);
    if ($.status === "in_force" && counts.length > 0) look(tx, of, rule, operator, counts);
  }
}
interface Operation {
  readonly number: number;
  readonly operation: string;
  readonly at: number;
}
/** What an alert cites is not counted again. Who enters late or out of order is seen by when it was done, who says it was done long ago by when he enters it. */
function look(tx: Tx<never, never, "alerted">, of: Source, rule: Row<typeof versions>, operator: string, done: readonly Operation[]): void {
  const before = tx.find(watches, of.source, rule.rule, operator);
  let { recent, counted, passed } = before ?? { recent: [], counted: 0, passed: 0 };
  for (const { number, at } of done) {
    recent = [...recent, { number, at, entered: tx.time }];
    if (recent.length > MAX_CITED) passed++;
    recent = recent.slice(-MAX_CITED);
    const cited = together(rule, recent, "entered") ?? together(rule, recent, "at");
    if (cited === undefined) continue;
    raise(tx, of, rule, { cites: cited.map((one) => one.number), operator });
    tx.flag("alerted");
    recent = recent.filter((one) => !cited.includes(one));
  }
  counted += done.length;
  if (before === undefined) tx.create(watches, { source: of.source, rule: rule.rule, operator, recent, counted, passed });
  else tx.put(before, { recent, counted, passed });
}
const meets = (rule: Pattern, readings: readonly { readonly at: number }[]): boolean =>
  bunched(
    rule,
    readings.map(({ at }) => at),
  );
type Raised = Pick<FieldsOf<typeof alerts>, "cites" | "operator" | "by" | "note">;
function raise(tx: Tx, { source: key, owner }: Source, { rule, version, responder, answer }: Row<typeof versions>, it: Raised): void {
  const number = it.cites.at(-1)!;
  tx.create(alerts, { rule, source: key, number, version, owner, ...it, responder, answer_by: tx.time + answer });
}
