// What an auditor recomputes of joint computation: consents and runs, what was attested and published. Owns these audits. Does not own: how rows come in
// (engine/audit.ts). Remembered between rows: who consented in a round, the last run of a query.

import { equalBytes, hex } from "../../base/bytes.ts";
import { sha256 } from "../../base/hash.ts";
import { agree, answers, computation, queries, questionOf, questions, runs } from "./computationRecords.ts";

export const consented = computation.audit({
  title:
    "Who took part in a run had consented to it, with data of a named root; there were as many as the query needs, and one run for a round",
  run(audit) {
    const given = new Map<string, string[]>();
    const ran = new Map<string, number>();
    const parties = new Map<string, number>();
    audit.each(answers, ({ $, query, round, holder, input, ground }) => {
      audit.require(($.status === "given") === (input !== undefined), "who consents names his data");
      audit.require($.status !== "refused" || ground !== undefined, "refused on no ground");
      if ($.status === "given") given.set(`${query} ${round}`, [...(given.get(`${query} ${round}`) ?? []), holder]);
    });
    audit.each(runs, ({ query, round, parties: part }) => {
      const consents = given.get(`${query} ${round}`) ?? [];
      audit.require(part.length === consents.length && part.every((who) => consents.includes(who)), "took part without consent", {
        consents,
      });
      ran.set(query, (ran.get(query) ?? 0) + 1);
      parties.set(query, Math.min(parties.get(query) ?? 16, part.length));
    });
    let sum = 0;
    audit.each(queries, ({ $, query, round, holders: named, needed, given: now }) => {
      const times = ran.get(query) ?? 0;
      sum += times;
      const hasRun = ["running", "attested", "differing", "failed"].includes($.status);
      audit.require(times === (hasRun ? round : round - 1), "other runs than rounds", { runs: times });
      audit.require((parties.get(query) ?? needed) >= needed && needed <= named.length, "run by fewer than it needs");
      const consents = given.get(`${query} ${round}`) ?? [];
      audit.require(now.length === consents.length && now.every((who) => consents.includes(who)), "consents that are not given", {
        consents,
      });
      audit.require($.status !== "approved" || now.length >= needed, "approved by fewer than it needs");
    });
    audit.end(() => audit.figure("runs", sum));
  },
});
export const results = computation.audit({
  title: "A result was attested by all who took part, is the same for all and no larger than they consented to; what differed is marked",
  run(audit) {
    const last = new Map<string, { round: number; status: string; most: number; published: boolean }>();
    audit.each(runs, ({ $, query, round, parties, most, sealed, opened, published }) => {
      const names = opened.map(({ holder }) => holder);
      audit.require(new Set(names).size === names.length && names.every((who) => parties.includes(who)), "attested by others, or twice");
      audit.require(sealed.length === parties.length || ($.status !== "opening" && opened.length === 0), "opened before all had attested");
      audit.require(
        opened.every(({ size }) => size <= most),
        "a result beyond its bound",
        { most },
      );
      const silent = opened.length > 0 && opened.length < parties.length;
      const differs = !agree(opened) || (silent && $.status !== "opening");
      audit.require(differs === ($.status === "differing"), "results that differ, or are kept back, are marked, and no others");
      audit.require(($.status === "attested") === (opened.length === parties.length && agree(opened)), "attested by all, or not at all");
      const [first] = opened;
      const same = published === undefined || (first?.size === published.length && equalBytes(first.result, sha256(published)));
      audit.require(same, "what is published is not the result");
      last.set(query, { round, status: $.status, most, published: published !== undefined || last.get(query)?.published === true });
    });
    audit.each(queries, ({ $, query, round, most, open: may }) => {
      const ran = last.get(query);
      if (ran === undefined) return;
      audit.require(ran.most === most, "run with another bound", { most: ran.most });
      audit.require(may || !ran.published, "published without leave");
      const as = ran.status === "opening" ? "running" : ran.status;
      if (ran.round === round) audit.require(as === $.status, "the query ended otherwise than its run", { run: ran.status });
      else audit.require(ran.status === "attested" || ran.status === "failed", "asked again after results that differed");
    });
  },
});

export const repeats = computation.audit({
  title:
    "What was asked again stands under its question: how often, by which name last, one at a time, and never after results that differed",
  run(audit) {
    const known = new Map<string, { query: string; left: number; last: boolean; live: number; until: number; differed: number }>();
    audit.each(questions, (it) => {
      audit.require(equalBytes(it.question, sha256(questionOf(it))), "under another question");
      known.set(hex(it.question), { query: it.query, left: it.times, last: false, live: 0, until: 0, differed: Number.POSITIVE_INFINITY });
    });
    audit.each(queries, (it) => {
      const of = known.get(hex(sha256(questionOf(it))));
      if (of === undefined) return audit.require(false, "a question that is not known");
      of.left -= it.round;
      of.last ||= it.query === of.query;
      const { status, since } = it.$;
      if (status === "proposed" || status === "approved" || status === "running") of.live++;
      else if (status === "differing") of.differed = Math.min(of.differed, since);
      of.until = Math.max(of.until, since);
    });
    audit.end(() => {
      for (const [question, { left, last, live, until, differed }] of known) {
        audit.require(left === 0 && last, "asked otherwise than counted", { question, left });
        audit.require(live <= 1 && until <= differed, "asked twice at a time, or after results that differed", { question });
      }
      audit.figure("questions", known.size);
    });
  },
});
