// What an auditor recomputes of journals: that nothing is missing, that every operation names who did it, that alerts cite what there is. Owns these audits.
// Does not own: how rows come in (engine/audit.ts). What is remembered between rows: per source a head, per open citation its number.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { kindOf } from "../identity/principals.ts";
import { noBatch } from "../kit/journal.ts";
import { alerts, batches, entries, journal, operators, rules, sources, versions, watches } from "./journalRecords.ts";

export const unbroken = journal.audit({
  title: "Batches and entries of every source follow one another without gap or overlap, to the head of the source",
  run(audit) {
    const heads = new Map<string, { next: number; last: Bytes }>();
    const seen = new Map<string, { next: number; last: Bytes }>();
    const figures = { readings: 0, lost: 0, operations: 0 };
    const reached = (source: string): { next: number; last: Bytes } => seen.get(source) ?? noBatch;
    audit.each(sources, ({ source, next, last }) => void heads.set(source, { next, last }));
    audit.each(batches, ({ source, first, size, root, previous, lost }) => {
      const before = reached(source);
      audit.require(kindOf(source) === "device" && heads.has(source), "a batch of what is no device's journal");
      audit.require(
        first === before.next && equalBytes(previous, before.last),
        "a gap, or a batch that does not continue the last",
        before,
      );
      audit.require(lost === undefined || equalBytes(root, noBatch.last), "what is lost has no root");
      seen.set(source, { next: first + size, last: root });
      figures[lost === undefined ? "readings" : "lost"] += size;
    });
    audit.each(entries, ({ source, number, corrects }) => {
      const { next, last } = reached(source);
      audit.require(kindOf(source) === "agency" && heads.has(source), "an entry of what is no log");
      audit.require(number === next, "a gap in a log", { next });
      audit.require(corrects === undefined || corrects < number, "a correction of what is not earlier");
      seen.set(source, { next: number + 1, last });
      figures.operations++;
    });
    audit.end(() => {
      for (const [source, { next, last }] of heads) {
        const came = reached(source);
        audit.require(came.next === next && equalBytes(came.last, last), "the head is not where the items end", { source, next });
      }
      for (const [name, value] of Object.entries(figures)) audit.figure(name, value);
    });
  },
});

export const named = journal.audit({
  title: "Every operation names an operator who was appointed to its post, by the agency whose log it is",
  run(audit) {
    const appointed = new Set<string>();
    audit.each(operators, (it) => void appointed.add(`${it.agency} ${it.post} ${it.operator}`));
    audit.each(entries, ({ source, owner, post, operator }) => {
      audit.require(source.startsWith(`${owner}.`), "an entry in the log of another agency", { owner });
      audit.require(appointed.has(`${owner} ${post} ${operator}`), "an operator whom nobody appointed", { post, operator });
    });
  },
});

export const cited = journal.audit({
  title: "Every alert is under a version of its rule, cites what that version asks for, and was stood down by who may",
  run(audit) {
    const asked = new Map<string, { what: string; times: number }>();
    const authors = new Map<string, { author: string; operations: boolean }>();
    const owners = new Map<string, { owner: string; next: number }>();
    /** Operations that alerts cite: what must stand there. */
    const wanted = new Map<string, { what: string; operator: string }>();
    let open = 0;
    audit.each(sources, ({ source, owner, next }) => void owners.set(source, { owner, next }));
    audit.each(rules, ({ rule, author, on }) => void authors.set(rule, { author, operations: on === "operations" }));
    audit.each(versions, ({ rule, version, what, times }) => void asked.set(`${rule} ${version}`, { what, times }));
    audit.each(alerts, ({ $, rule, source, number, version, cites, operator, responder, stood_down_by: by, finding, ground }) => {
      const it = asked.get(`${rule} ${version}`);
      const of = owners.get(source);
      const { author, operations } = authors.get(rule) ?? { author: "", operations: false };
      audit.require(it !== undefined && cites.length >= it.times, "fewer items than the version of its rule asks for", { version });
      const ordered = cites.every((one, i) => i === 0 || cites[i - 1]! < one) && cites.at(-1) === number;
      audit.require(ordered && number < (of?.next ?? 0), "it cites what its source does not have", { number });
      audit.require(operations === (operator !== undefined), "an alert on operations names who did them");
      if (operator !== undefined && it !== undefined) for (const one of cites) wanted.set(`${source} ${one}`, { what: it.what, operator });
      const down = $.status === "stood_down";
      const said = [by, finding, ground].every((one) => (one !== undefined) === down);
      audit.require(said, "what is stood down says by whom, what was found and on what ground");
      audit.require(!down || by === responder || by === author, "stood down by another", { by });
      audit.require(!down || !operations || by !== of?.owner, "stood down by the agency of who did it", { by });
      if (!down) open++;
    });
    audit.each(entries, ({ source, number, operation, operator }) => {
      const want = wanted.get(`${source} ${number}`);
      if (want === undefined) return;
      wanted.delete(`${source} ${number}`);
      audit.require(want.what === operation && want.operator === operator, "an alert cites an operation of another kind or operator");
    });
    audit.end(() => {
      audit.figure("alerts open", open);
      for (const [place] of wanted) audit.require(false, "an alert cites an operation that is not there", { place });
    });
  },
});

export const counted = journal.audit({
  title: "Every operation that a rule counted is cited by an alert, stands towards the next one, or was passed",
  run(audit) {
    const says = new Map<string, number>();
    audit.each(alerts, ({ source, rule, operator, cites }) => {
      if (operator === undefined) return;
      const place = `${source} ${rule} ${operator}`;
      says.set(place, (says.get(place) ?? 0) - cites.length);
    });
    audit.each(watches, ({ source, rule, operator, recent, counted: all, passed }) => {
      const place = `${source} ${rule} ${operator}`;
      says.set(place, (says.get(place) ?? 0) + all - passed - recent.length);
    });
    audit.end(() => {
      for (const [place, rest] of says) audit.require(rest === 0, "operations were counted that no alert cites", { place, rest });
    });
  },
});
