// What an auditor recomputes of consultations: every count from the opinions, every certificate from the counts. Owns these audits. Does not own: how rows come
// in (engine/audit.ts). What is remembered between rows: per article and version their counts.

import { hex } from "../../base/bytes.ts";
import {
  articles,
  certificates,
  consultation,
  type Counts,
  drafts,
  nobody,
  opinions,
  sameCounts,
  total,
  versions,
} from "./consultationRecords.ts";

interface Sum extends Counts {
  readonly articles: number;
  readonly commented: number;
  readonly answered: number;
}
const none: Sum = { ...nobody, articles: 0, commented: 0, answered: 0 };
const add = (a: Counts, b: Counts): Counts => ({
  in_favour: a.in_favour + b.in_favour,
  against: a.against + b.against,
  amend: a.amend + b.amend,
});

export const counting = consultation.audit({
  title:
    "All are counted: the counts of every article are its opinions, those of a version its articles, those of a certificate its version",
  run(audit) {
    const said = new Map<string, Counts>();
    const of = new Map<string, Sum>();
    const final = new Map<string, Counts>();
    let all = 0;
    audit.each(opinions, ({ $, draft, version, article, stance }) => {
      if ($.status !== "given") return;
      const key = `${draft} ${version} ${article}`;
      said.set(key, add(said.get(key) ?? nobody, { ...nobody, [stance]: 1 }));
      all++;
    });
    audit.each(articles, (it) => {
      const key = `${it.draft} ${it.version} ${it.article}`;
      audit.require(sameCounts(said.get(key) ?? nobody, it), "the counts are not the opinions", { ...(said.get(key) ?? nobody) });
      said.delete(key);
      const some = total(it) > 0;
      audit.require(some || it.answer === undefined, "an answer to nothing");
      const version = `${it.draft} ${it.version}`;
      const sum = of.get(version) ?? none;
      const commented = sum.commented + (some ? 1 : 0);
      const answered = sum.answered + (it.answer === undefined ? 0 : 1);
      of.set(version, { ...add(sum, it), articles: sum.articles + 1, commented, answered });
    });
    audit.each(versions, (it) => {
      const sum = of.get(`${it.draft} ${it.version}`) ?? none;
      const same = sum.articles === it.articles && sum.commented === it.commented && sum.answered === it.answered;
      audit.require(same && sameCounts(sum, it), "the counts of a version are not its articles'", { ...sum });
      final.set(`${it.draft} ${it.version}`, it);
    });
    audit.each(certificates, (it) =>
      audit.require(sameCounts(final.get(`${it.draft} ${it.version}`) ?? nobody, it), "a certificate states other counts"),
    );
    audit.end(() => {
      audit.figure("opinions", all);
      for (const [article] of said) audit.require(false, "opinions on what is no article", { article });
    });
  },
});

export const bound = consultation.audit({
  title: "Every opinion is on the words of its version, given while it was open; what is certified was answered, by who may",
  run(audit) {
    const units = new Map<string, { unit: string; version: number }>();
    const given = new Map<string, { text: string; first: number; last: number }>();
    const closed = new Map<string, { parties: readonly string[]; text: string; closes: number; left: number }>();
    audit.each(drafts, ({ draft, unit, version }) => void units.set(draft, { unit, version }));
    audit.each(opinions, ({ draft, version, text, given: at }) => {
      const key = `${draft} ${version}`;
      const before = given.get(key) ?? { text: hex(text), first: at, last: at };
      audit.require(before.text === hex(text), "opinions of one version on other words");
      given.set(key, { ...before, first: Math.min(before.first, at), last: Math.max(before.last, at) });
    });
    audit.each(versions, (it) => {
      const key = `${it.draft} ${it.version}`;
      const of = units.get(it.draft);
      audit.require(of?.unit === it.unit && it.version >= 1 && it.version <= of.version, "a version that its draft does not know");
      const said = given.get(key);
      given.delete(key);
      audit.require(said === undefined || said.text === hex(it.text), "opinions on other words than the version's");
      audit.require(
        said === undefined || (said.first >= it.opened && said.last < it.closes),
        "opinions before it opened or after it closed",
      );
      audit.require((it.summary === undefined) === ["open", "closed"].includes(it.$.status), "what is summarised has its summary");
      audit.require(it.certificates === 0 || it.answered === it.commented, "certified before it was answered");
      audit.require((it.$.status === "certified") === (it.certificates === it.consulted.length + 1), "certified by some, not by all");
      closed.set(key, { parties: [it.unit, ...it.consulted], text: hex(it.text), closes: it.closes, left: it.certificates });
    });
    audit.each(certificates, ({ draft, version, agency, text, closed: at, issued }) => {
      const of = closed.get(`${draft} ${version}`);
      audit.require(of?.parties.includes(agency) === true, "a certificate of who was not consulted");
      audit.require(of?.text === hex(text) && of.closes === at && issued >= at, "a certificate of other words or another time");
      if (of !== undefined) of.left--;
    });
    audit.end(() => {
      for (const [version] of given) audit.require(false, "opinions on what is no version", { version });
      for (const [version, { left }] of closed)
        audit.require(left === 0, "certificates that are not there, or not counted", { version, left });
    });
  },
});
