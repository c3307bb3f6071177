// What an auditor recomputes of consents: that uses keep within what was consented to, in time and in number, and that who was declined waits. Owns these audits. Does not own: how rows come in.

import type { Row } from "../engine/index.ts";
import { Fold } from "../kit/folds.ts";
import { among, askings, ATTEMPTS, type Consent, consent, consents, definitions, fitting, PAUSE, uses } from "./consentRecords.ts";

export const bounds = consent.audit({
  title: "What was consented to is in its definition, what was used in its consent, what was delivered in its use",
  run(audit) {
    const defined = new Map<string, Row<typeof definitions>>();
    const given = new Map<string, Consent>();
    audit.each(definitions, (it) => void defined.set(it.definition, it));
    audit.each(consents, (it) => {
      const of = defined.get(it.definition);
      given.set(it.consent, it);
      const within = of !== undefined && of.purposes.includes(it.purpose) && among(it.fields, of.fields) && fitting(of, it.fields);
      const lasts = within && it.until - (it.given ?? it.by) <= of.longest;
      audit.require(lasts && it.sector === of.sector && it.most <= of.most, "a consent beyond its definition");
    });
    audit.each(uses, ({ $, consent: key, subject, holder, user, purpose, fields: used, delivered, answer: said, payload: values }) => {
      const it = given.get(key);
      if (it === undefined) return audit.require(false, "a use of no consent");
      const same = it.subject === subject && it.holder === holder && it.user === user && it.purpose === purpose;
      audit.require(same && among(used, it.fields), "a use beyond its consent");
      const kind = defined.get(it.definition)?.kind;
      const served = $.status === "served" || $.status === "corrected";
      audit.require(served === (said !== undefined || values !== undefined), "what was served has an answer or a payload");
      audit.require(said === undefined || (kind === "claim" && values === undefined), "an answer to what is no claim");
      audit.require(
        (values !== undefined) === (delivered !== undefined) && among(delivered ?? [], used),
        "fields delivered that were not used",
      );
      audit.require(($.status !== "spent" || kind === "service") && (!served || kind !== "service"), "served by another kind");
    });
  },
});

export const times = consent.audit({
  title: "Every use began, and was served, while its consent was live; of one user, holder, definition and purpose one is live",
  run(audit) {
    const lived = new Map<string, { from: number; to: number }>();
    const live = new Set<string>();
    audit.each(consents, ({ $, consent: key, given, until, binds, subject, user, holder, definition, purpose }) => {
      const ended = $.status === "live" ? until : Math.min(until, $.since);
      if (given !== undefined) lived.set(key, { from: given, to: ended });
      audit.require((binds !== undefined) === ($.status === "live") && (binds ?? subject) === subject, "what binds is what is live");
      if ($.status !== "live") return;
      audit.require(given !== undefined, "live, and never given");
      const place = [subject, user, holder, definition, purpose].join(" ");
      audit.require(!live.has(place), "two consents live for the same");
      live.add(place);
    });
    audit.each(uses, ({ $, consent: key, at, version }) => {
      const it = lived.get(key);
      if (it === undefined) return audit.require(false, "a use of what was never given");
      if (version > 0) return;
      audit.require(it.from <= at && at <= it.to, "used when the consent was not live", { at, ...it });
      audit.require($.status !== "served" || $.since <= it.to, "served when the consent was not live", { at: $.since, ...it });
    });
    audit.end(() => audit.figure("consents live", live.size));
  },
});

export const counts = consent.audit({
  title: "Uses and corrections are numbered without gaps, and those that count are as many as the consent says, and no more than it allows",
  run(audit) {
    const corrected = new Fold();
    const corrections = new Fold();
    const said = new Map<string, { next: number; uses: number }>();
    audit.each(consents, ({ consent: key, next, uses: counted, most }) => {
      said.set(key, { next, uses: counted });
      audit.require(counted <= most && next <= ATTEMPTS * most, "used more often than consented to", { uses: counted, next, most });
    });
    audit.each(uses, ({ $, consent: key, number, version }) => {
      if ($.status === "corrected") corrected.add(key, number, version);
      if (version > 0) return corrections.add(key, number, version - 1);
      const it = said.get(key);
      if (it === undefined) return;
      const counted = $.status !== "refused" && $.status !== "lapsed";
      said.set(key, { next: it.next - 1, uses: it.uses - (counted ? 1 : 0) });
    });
    audit.end(() => {
      audit.require(corrected.equals(corrections), "what was corrected and what corrects it differ");
      for (const [key, { next, uses: left }] of said)
        audit.require(next === 0 && left === 0, "uses are missing, or too many", { consent: key, next, left });
    });
  },
});

export const pauses = consent.audit({
  title: "What was asked last waits for its answer, or after a decline for its time, before the same is asked again",
  run(audit) {
    const asked = new Map<string, { place: string; until: number | undefined }>();
    const open = new Set<string>();
    audit.each(consents, ({ $, consent: key, subject, user, definition, by }) => {
      const place = [subject, user, definition].join(" ");
      asked.set(key, { place, until: $.status === "requested" ? by : $.status === "declined" ? $.since + PAUSE : undefined });
      if ($.status !== "requested" || by <= audit.time) return;
      audit.require(!open.has(place), "asked again before the answer");
      open.add(place);
    });
    audit.each(askings, ({ consent: key, subject, user, definition, until }) => {
      const it = asked.get(key);
      audit.require(it?.place === [subject, user, definition].join(" "), "asked last is no request of these");
      audit.require(it?.until === undefined || it.until === until, "asked again before its time", { until, from: it?.until });
    });
  },
});
