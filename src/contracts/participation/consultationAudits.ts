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
/** Of a version, for its certificates: whose are still looked for. */
interface Asked {
  readonly consulted: readonly string[];
  readonly waits: Set<string>;
  readonly certified: boolean;
  /** Undefined where another has taken the draft over since: who certified as the unit then is not looked for. */
  readonly unit: string | undefined;
  readonly text: string;
  readonly closes: number;
  left: number;
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
  title:
    "Every opinion is on the words of its version, given while it was open; what is certified was answered, with all versions before it, by who may",
  run(audit) {
    const units = new Map<string, { unit: string; from: number; version: number; certified: number }>();
    const before = new Map<string, { version: number; answered: boolean; certified: number }>();
    const given = new Map<string, { text: string; first: number; last: number }>();
    const closed = new Map<string, Asked>();
    audit.each(drafts, ({ draft, unit, from, version, certified }) => void units.set(draft, { unit, from, version, certified }));
    audit.each(opinions, ({ draft, version, text, given: at }) => {
      const key = `${draft} ${version}`;
      const so = given.get(key) ?? { text: hex(text), first: at, last: at };
      audit.require(so.text === hex(text), "opinions of one version on other words");
      given.set(key, { ...so, first: Math.min(so.first, at), last: Math.max(so.last, at) });
    });
    audit.each(versions, (it) => {
      const key = `${it.draft} ${it.version}`;
      const of = units.get(it.draft);
      audit.require(of !== undefined && it.version <= of.version, "a version that its draft does not know");
      audit.require(of === undefined || it.version < of.from || it.unit === of.unit, "a version of another unit than its draft's");
      const said = given.get(key);
      given.delete(key);
      audit.require(said === undefined || said.text === hex(it.text), "opinions on other words than the version's");
      audit.require(
        said === undefined || (said.first >= it.opened && said.last < it.closes),
        "opinions before it opened or after it closed",
      );
      audit.require((it.summary === undefined) === ["open", "closed"].includes(it.$.status), "what is summarised has its summary");
      const last = before.get(it.draft) ?? { version: 0, answered: true, certified: 0 };
      audit.require(it.version === last.version + 1, "versions have a gap");
      const summarised = it.summary !== undefined;
      const all = last.answered && summarised && it.answered === it.commented;
      audit.require(last.answered || !summarised, "summarised before the version before was answered");
      audit.require(it.certificates === 0 || all, "certified before it was answered");
      before.set(it.draft, { version: it.version, answered: all, certified: it.certificates > 0 ? it.version : last.certified });
      const unit = of !== undefined && it.version >= of.from ? of.unit : undefined;
      closed.set(key, {
        ...{ consulted: it.consulted, unit, waits: new Set(unit === undefined ? it.consulted : [...it.consulted, unit]) },
        ...{ certified: it.$.status === "certified", text: hex(it.text), closes: it.closes, left: it.certificates },
      });
    });
    audit.each(certificates, ({ draft, version, agency, unit, text, closed: at, issued }) => {
      const of = closed.get(`${draft} ${version}`);
      if (of === undefined) return audit.require(false, "a certificate of what is no version");
      audit.require(agency === unit || of.consulted.includes(agency), "a certificate of who was not consulted");
      audit.require(of.unit === undefined || of.unit === unit, "a certificate of another unit than the version's");
      audit.require(of.text === hex(text) && of.closes === at && issued >= at, "a certificate of other words or another time");
      of.waits.delete(agency);
      of.left--;
    });
    audit.end(() => {
      for (const [draft, { version, certified }] of units)
        audit.require(
          before.get(draft)?.version === version && before.get(draft)?.certified === certified,
          "a draft's last version, or the last certified, is another",
          { draft },
        );
      for (const [version] of given) audit.require(false, "opinions on what is no version", { version });
      for (const [version, { left, unit, waits, certified }] of closed) {
        audit.require(left === 0, "certificates that are not there, or not counted", { version, left });
        const all = waits.size === 0;
        audit.require(unit === undefined ? all || !certified : all === certified, "certified by some, not by all", { version });
      }
    });
  },
});
