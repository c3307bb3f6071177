// What an auditor recomputes of health records: on what each look rests, who judged what, what is counted and looked back at. Owns these audits. Does not own:
// how rows come in; whether consents are kept (consentAudits.ts).

import {
  type Access,
  accesses,
  type Emergency,
  emergencies,
  health,
  MAX_RECENT,
  posts,
  recents,
  records,
  tallies,
} from "./healthRecords.ts";
import type { Row } from "../engine/index.ts";
import { uses } from "./consentRecords.ts";

export const bases = health.audit({
  title: "Every look rests on a use of a consent to its very kind, purpose and clinic, or on an emergency of its post, in its time",
  run(audit) {
    const of = new Map<string, { patient: string; keepers: readonly string[]; kind: string }>();
    const byConsent = new Map<string, { it: Access; kind: string }>();
    const byEmergency = new Map<string, Access[]>();
    let served = 0;
    audit.each(records, (it) => void of.set(it.record, { patient: it.patient, keepers: keepersOf(it), kind: it.kind }));
    audit.each(accesses, (it) => {
      const { $, record, patient, hospital, consent, use, emergency, key } = it;
      const about = of.get(record);
      audit.require(about?.patient === patient && about.keepers.includes(hospital), "a look at another's record");
      audit.require(($.status === "served") === (key !== undefined), "a key is given to what is served");
      audit.require((consent === undefined) === (use === undefined) && (consent === undefined) !== (emergency === undefined), "one basis");
      if (key !== undefined) served++;
      if (consent !== undefined) byConsent.set(`${consent} ${use}`, { it, kind: about?.kind ?? "" });
      else byEmergency.set(emergency ?? "", [...(byEmergency.get(emergency ?? "") ?? []), it]);
    });
    audit.each(emergencies, ({ emergency, patient, clinic, post, at, until, read }) => {
      const looks = byEmergency.get(emergency) ?? [];
      byEmergency.delete(emergency);
      for (const it of looks) {
        const its = it.patient === patient && it.clinic === clinic && it.post === post && at <= it.at && it.at <= until;
        audit.require(its && read.includes(it.record), "a look beyond its emergency", { access: it.access });
      }
      audit.require(
        read.every((record) => looks.some((it) => it.record === record)),
        "a record that no look was at",
      );
    });
    audit.each(uses, ({ $, consent, number, subject, holder, user, purpose, fields, at }) => {
      const looked = byConsent.get(`${consent} ${number}`);
      if (looked === undefined) return;
      const { it, kind } = looked;
      byConsent.delete(`${consent} ${number}`);
      const came = it.$.status === "refused" || it.$.status === "lapsed" ? it.$.status : "spent";
      const same = it.patient === subject && it.hospital === holder && it.clinic === user && it.purpose === purpose && it.at === at;
      audit.require(same && $.status === came && fields.length === 1 && fields[0] === kind, "a look beyond its use", {
        access: it.access,
      });
    });
    audit.end(() => {
      for (const { it } of byConsent.values()) audit.require(false, "a look by a use that is none", { access: it.access });
      for (const [emergency] of byEmergency) audit.require(false, "looks in an emergency that is none", { emergency });
      audit.figure("keys given", served);
    });
  },
});

export const judges = health.audit({
  title: "Nobody judged his own case, each finding has who made it, and every tally is what its emergencies add up to",
  run(audit) {
    const sums = new Map<string, { emergencies: number; waiting: number; late: number; misused: number }>();
    const none = { emergencies: 0, waiting: 0, late: 0, misused: 0 };
    const misuses = new Map<string, number>();
    audit.each(emergencies, ({ $, clinic, post, by, reviewed_by: reviewer, decided_by: supervisor, finding }: Emergency) => {
      const { status } = $;
      const final = status === "upheld" || status === "condemned";
      audit.require(
        reviewer !== clinic && supervisor !== clinic && (supervisor === undefined || supervisor !== reviewer),
        "judged his own",
      );
      audit.require(final === (supervisor !== undefined), "what is final was decided by a supervisor");
      const reviewed = status === "justified" || status === "misused" || status === "contested";
      audit.require(final || reviewed === (reviewer !== undefined), "what was found was found by a reviewer");
      audit.require((finding !== undefined) === (final || reviewed), "a finding has its ground");
      audit.require((status !== "justified" && status !== "misused") || $.since < by, "reviewed after the limit");
      const misuse = status === "misused" || status === "condemned";
      if (misuse) misuses.set(`${clinic} ${post}`, (misuses.get(`${clinic} ${post}`) ?? 0) + 1);
      const sum = sums.get(clinic) ?? none;
      sums.set(clinic, {
        emergencies: sum.emergencies + 1,
        waiting: sum.waiting + (["open", "overdue", "contested"].includes(status) ? 1 : 0),
        late: sum.late + (status === "overdue" || (final && reviewer === undefined) ? 1 : 0),
        misused: sum.misused + (misuse ? 1 : 0),
      });
    });
    audit.each(posts, ({ clinic, post, misused }) => {
      audit.require((misuses.get(`${clinic} ${post}`) ?? 0) === misused, "a post has other misuses than were found");
      misuses.delete(`${clinic} ${post}`);
    });
    audit.each(tallies, ({ clinic, emergencies: all, waiting, late, misused }) => {
      const sum = sums.get(clinic) ?? none;
      sums.delete(clinic);
      const same = sum.emergencies === all && sum.waiting === waiting && sum.late === late && sum.misused === misused;
      audit.require(same, "the tally is not the sum", { ...sum });
    });
    audit.end(() => {
      for (const [post] of misuses) audit.require(false, "misuses of a post that is not known", { post });
      for (const [clinic] of sums) audit.require(false, "emergencies without a tally", { clinic });
    });
  },
});

export const versions = health.audit({
  title: "A record takes the place of one of the same patient, kind and hospital, once; looked back at are records that stand, in order",
  run(audit) {
    const live = new Map<string, { place: string; made: number; first: string }>();
    const [placed, compared] = [new Set<string>(), new Set<string>()];
    /** Who kept what was replaced, and who committed what took its place. */
    const [replaced, taken] = [new Map<string, readonly string[]>(), new Map<string, string>()];
    audit.each(records, (it) => {
      const { $, record, patient, kind, made, replaces, again } = it;
      const place = `${patient} ${kind}`;
      const keepers = keepersOf(it);
      placed.add(`${record} ${place}`);
      if (again !== undefined) compared.add(`${again} ${place}`);
      if ($.status === "live") live.set(record, { place, made, first: keepers[0]! });
      if ($.status === "replaced") replaced.set(`${record} ${place}`, keepers);
      if (replaces === undefined) return;
      const old = `${replaces} ${place}`;
      audit.require(!taken.has(old), "two in one place");
      taken.set(old, keepers[0]!);
    });
    audit.each(recents, ({ patient, kind, last }) => {
      const stand = last.every(({ record, made, hospital }, i) => {
        const it = live.get(record);
        const same = it?.place === `${patient} ${kind}` && it.made === made && it.first === hospital;
        return same && (i === 0 || last[i - 1]!.made <= made);
      });
      audit.require(stand && last.length <= MAX_RECENT, "looked back at is what does not stand");
    });
    audit.end(() => {
      for (const [old, by] of taken) {
        audit.require(replaced.get(old)?.includes(by), "in the place of what was not replaced, or of another's", { old });
        replaced.delete(old);
      }
      for (const [old] of replaced) audit.require(false, "replaced by nothing", { old });
      for (const one of compared) audit.require(placed.has(one), "compared with another's examination", { one });
    });
  },
});
/** Who committed a record, and whoever kept it since, in this order. */
const keepersOf = ({ formerly, hospital }: Row<typeof records>): readonly string[] => [...formerly, hospital];
