// What an auditor recomputes of the business register from its rows alone. Service 14. Owns its four audits. Does not own: the records
// (businessRecords.ts, identity/principals.ts).

import { agents, principals } from "../identity/principals.ts";
import { alike, giveAll, type Shares, sound } from "../kit/shares.ts";
import { dueOf } from "./businessFilings.ts";
import { business, BUSINESS, companies, entries, filings, judgments, names, owners, resolutions } from "./businessRecords.ts";

export const holdings = business.audit({
  title: "Shares total one hundred per cent, and are what the entries make of them, from the founding on",
  run(audit) {
    const known = new Map<string, { shares: Shares; whole: number; entries: number }>();
    const adjudged = new Set<string>();
    audit.each(judgments, ({ company, judgment }) => void adjudged.add(`${company}/${judgment}`));
    audit.each(entries, ({ company, number, act, moves, whole, shares, judgment }) => {
      const before = known.get(company);
      audit.require(sound(shares, whole), "the shares do not total the whole");
      audit.require(
        number === (before?.entries ?? 0) && (act === "founded") === (number === 0),
        "an entry is missing, or out of its place",
      );
      audit.require((act === "adjudged") === (judgment !== undefined), "what is adjudged has its judgment");
      audit.require(judgment === undefined || adjudged.has(`${company}/${judgment}`), "the judgment is none");
      known.set(company, { shares, whole, entries: number + 1 });
      if (before === undefined) return;
      const now = giveAll(before.shares, moves);
      const follows = act === "refined" ? whole > before.whole : whole === before.whole;
      audit.require(
        follows && "shares" in now && alike(now.shares, before.whole, shares, whole),
        "the shares are not what the entry makes of them",
      );
    });
    audit.each(owners, ({ company, whole, shares, entries: number }) => {
      const last = known.get(company);
      const same = last !== undefined && last.whole === whole && last.entries === number && alike(last.shares, whole, shares, whole);
      audit.require(same && sound(shares, whole), "the shares are not those of the entries");
      known.delete(company);
    });
    audit.end(() => {
      for (const [company] of known) audit.require(false, "entries without owners", { company });
    });
  },
});

export const accounts = business.audit({
  title: "Accounts were filed of each year in turn, one version of each stands, and the next are due when they should be",
  run(audit) {
    const filed = new Map<string, { years: number; versions: number; open: boolean }>();
    audit.each(filings, ({ $, company, year, version }) => {
      const it = filed.get(company) ?? { years: 0, versions: 0, open: false };
      const next = version === 1 ? year === it.years && !it.open : year === it.years - 1 && version === it.versions + 1 && it.open;
      audit.require(next, "a filing is missing, or two stand");
      filed.set(company, { years: year + 1, versions: version, open: $.status === "superseded" });
    });
    audit.each(companies, ({ company, registered, year, due }) => {
      const it = filed.get(company) ?? { years: 0, open: false };
      audit.require(it.years === year && !it.open && due === dueOf(registered, year), "the next filing is another");
      filed.delete(company);
    });
    audit.end(() => {
      for (const [company] of filed) audit.require(false, "filings of no company", { company });
    });
  },
});

export const resolutionsSigned = business.audit({
  title: "A resolution has one matter, and who signed it owned a share of the company when it was signed last",
  run(audit) {
    let open = 0;
    audit.each(resolutions, ({ $, matter, asked, signed }) => {
      audit.require(Object.values(matter).length === 1, "a resolution of nothing, or of two matters");
      audit.require(
        signed.every((one, i) => asked.includes(one) && signed.indexOf(one) === i),
        "who signed it is no owner, or signed twice",
      );
      if ($.status === "open") open++;
    });
    audit.end(() => audit.figure("resolutions that are open", open));
  },
});

/** What the register of keys says of a company in each status. */
const inEid = { registered: "live", late: "live", suspended: "suspended", dissolved: "revoked" } as const;
export const standing = business.audit({
  title:
    "A name is one company's, a company acts where it stands and nowhere once it is dissolved, and its officers sign for it and nobody in their place",
  run(audit) {
    const called = new Map<string, string>();
    const wanted = new Map<string, string>();
    const signing = new Set<string>();
    const kept = new Map<string, number>();
    let acting = 0;
    let before = 0;
    audit.each(names, ({ $, normal, company }) => void ($.status === "taken" && called.set(normal, company)));
    audit.each(companies, ({ $, company, normal, officers, registered }) => {
      const { status } = $;
      wanted.set(company, inEid[status]);
      if (status === "dissolved") return;
      acting++;
      audit.require(called.get(normal) === company, "the name is not the company's");
      called.delete(normal);
      kept.set(company, registered);
      for (const { officer, represents } of officers) if (represents) signing.add(`${company} ${officer}`);
    });
    audit.each(principals, ({ $, principal, keeper }) => {
      if (keeper !== BUSINESS) return;
      audit.require(wanted.get(principal) === $.status, "its standing in eid is not its standing here");
      wanted.delete(principal);
    });
    audit.each(agents, ({ $, principal, agent, guardian }) => {
      const since = kept.get(principal);
      if (since === undefined || !guardian || $.status !== "live" || signing.delete(`${principal} ${agent}`)) return;
      audit.require($.since < since, "somebody signs for a company who is no officer of it");
      before++;
    });
    audit.end(() => {
      audit.figure("companies", acting);
      audit.figure("guardians whom eid's registrar had entered", before);
      for (const [company] of wanted) audit.require(false, "a company that eid does not know", { company });
      for (const [normal] of called) audit.require(false, "a name without its company", { normal });
      for (const pair of signing) audit.require(false, "an officer who cannot sign", { pair });
    });
  },
});
