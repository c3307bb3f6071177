// What an auditor recomputes of notices and answers. Owns these audits. Does not own: how rows come in (engine/audit.ts). What is remembered between rows: rules,
// evaluations and opt-outs by name, and corrections until both answers were seen.

import { ALL, answers, evaluations, events, notices, optOuts, publication, rules, sources, texts, versions } from "./publicationRecords.ts";

export const told = publication.audit({
  title:
    "Every notice cites a version of its rule and a round of evaluation, which counts it; rounds are numbered; none was sent to who had opted out",
  run(audit) {
    const inRule = new Map<string, { topic: string; version: number }>();
    const published = new Set<string>();
    const out = new Map<string, number>();
    const counted = new Map<string, { sent: number; acknowledged: number; version: number }>();
    audit.each(rules, (it) => void inRule.set(`${it.publisher} ${it.rule}`, it));
    audit.each(versions, ({ publisher, rule, version }) => {
      audit.require(version >= 1 && version <= (inRule.get(`${publisher} ${rule}`)?.version ?? 0), "a version that its rule does not know");
      published.add(`${publisher} ${rule} ${version}`);
    });
    audit.each(optOuts, ({ $, person: who, publisher, topic }) => {
      if ($.status === "standing") out.set(`${who} ${publisher} ${topic}`, $.since);
    });
    const rounds = new Map<string, number>();
    audit.each(events, ({ publisher, rule, event, round }) => void rounds.set(`${publisher} ${rule} ${event}`, round));
    let before = { of: "", round: 0, version: 0, sent: 0 };
    audit.each(evaluations, ({ publisher, rule, event, round, version, ground, sent, acknowledged }) => {
      const of = `${publisher} ${rule} ${event}`;
      audit.require(published.has(`${publisher} ${rule} ${version}`), "evaluated by a version that was not published", { version });
      if (before.of !== of) before = { of, round: 0, version: 0, sent: 0 };
      audit.require(round === before.round + 1 && round <= (rounds.get(of) ?? 0), "rounds are not numbered one by one", { round });
      const open = before.sent === 0 || version > before.version || ground !== undefined;
      audit.require(open, "evaluated anew after notices, by the same version and on no ground", { round });
      before = { of, round, version, sent };
      counted.set(`${of} ${round}`, { sent, acknowledged, version });
    });
    let all = 0;
    audit.each(notices, ({ $, publisher, rule, event, person: who, round, version, topic, sent }) => {
      all++;
      audit.require(published.has(`${publisher} ${rule} ${version}`), "a notice by a version that was not published", { version });
      audit.require(inRule.get(`${publisher} ${rule}`)?.topic === topic, "a notice on another topic than its rule's", { topic });
      for (const about of [topic, ALL])
        audit.require(!((out.get(`${who} ${publisher} ${about}`) ?? Infinity) < sent), "a notice to who had opted out", { topic: about });
      const it = counted.get(`${publisher} ${rule} ${event} ${round}`);
      if (it === undefined) return audit.require(false, "a notice without its evaluation");
      audit.require(it.version === version, "a notice of another version than its round's", { round });
      it.sent--;
      if ($.status === "acknowledged") it.acknowledged--;
    });
    audit.end(() => {
      audit.figure("notices", all);
      for (const [event, rest] of counted)
        audit.require(rest.sent === 0 && rest.acknowledged === 0, "an evaluation does not count its notices", { event, ...rest });
      for (const [event, round] of rounds) audit.require(counted.has(`${event} ${round}`), "an event without its last round", { event });
    });
  },
});

export const answered = publication.audit({
  title: "Every answer cites published versions of its sources; a corrected one is followed by the one that corrects it",
  run(audit) {
    const known = new Set<string>();
    const links = new Map<string, string>();
    const newest = new Map<string, number>();
    audit.each(sources, ({ publisher, source, version }) => void newest.set(`${publisher} ${source}`, version));
    audit.each(texts, ({ publisher, source, version }) => {
      audit.require(version >= 1 && version <= (newest.get(`${publisher} ${source}`) ?? 0), "a version that its source does not know");
      known.add(`${publisher} ${source} ${version}`);
    });
    audit.each(answers, ({ $, publisher, answer: key, cites, corrects, corrected_by: next, withdrawn_for: ground }) => {
      for (const { publisher: of, source, version } of cites)
        audit.require(known.has(`${of} ${source} ${version}`), "a source that was not published in this version", { source, version });
      audit.require(next === undefined ? $.status !== "corrected" : $.status !== "given", "a corrected answer says by which");
      audit.require(($.status === "withdrawn") === (ground !== undefined), "a withdrawn answer says why");
      for (const link of [corrects && `${publisher} ${corrects} > ${key}`, next && `${publisher} ${key} > ${next}`]) {
        if (link === undefined) continue;
        if (!links.delete(link)) links.set(link, key);
      }
    });
    audit.end(() => {
      for (const [link] of links) audit.require(false, "a correction that only one of two answers knows", { link });
    });
  },
});
