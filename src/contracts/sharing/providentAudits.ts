// What an auditor recomputes of the provident fund: accounts, sequences, money per centre and day, checks and debtors. Owns these audits. Does not own: how rows
// come in (engine/audit.ts). Remembered between rows: sums per centre and day, one word for each account that moves, what was drawn out of batches, which
// few records are, certificates and entries of debtors.

import { equalBytes } from "../../base/bytes.ts";
import type { Row } from "../engine/index.ts";
import { noBatch } from "../kit/journal.ts";
import {
  accounts,
  authorisations,
  batches,
  centres,
  checks,
  dayOf,
  debts,
  deductions,
  entries,
  files,
  NOTICE,
} from "./providentRecords.ts";
import { BINDING_TIME, certificates, LONGEST_ENTRY, OF_ONE_CENTRE, provident, strikes, totals, transfers } from "./providentRecords.ts";
import { type Debt, underRoot } from "./providentRecords.ts";

export const oneEach = provident.audit({
  title:
    "A saver has one active account, what is said of it is said to its saver, each centre counts those it keeps, and an account that moves has one move under way",
  run(audit) {
    const active = new Set<string>();
    const kept = new Map<string, number>();
    const moving = new Map<string, string>();
    const certified = new Set<string>();
    const owner = new Map<string, string>();
    let live = 0;
    audit.each(accounts, (it) => {
      audit.require((it.$.status === "live") === (it.active === it.saver), "an account that is live is its saver's, and no other");
      owner.set(it.account, it.saver);
      if (it.certificate !== undefined) certified.add(`${it.account} ${it.certificate}`);
      if (it.$.status !== "live") return audit.require(it.moving === undefined, "a closed account moves");
      audit.require(!active.has(it.saver), "a second active account", { saver: it.saver });
      active.add(it.saver);
      live++;
      kept.set(it.centre, (kept.get(it.centre) ?? 0) + 1);
      if (it.moving !== undefined) moving.set(it.moving, `${it.account} ${it.centre}`);
    });
    audit.each(transfers, (it) => {
      audit.require(owner.get(it.account) === it.saver, "of somebody else's account");
      if (it.$.status !== "asked" && it.$.status !== "sent") return;
      audit.require(moving.get(it.transfer) === `${it.account} ${it.centre}`, "a move under way of an account that knows nothing of it");
      moving.delete(it.transfer);
    });
    audit.each(centres, ({ centre, accounts: counted }) => {
      audit.require((kept.get(centre) ?? 0) === counted, "a centre counts other accounts than it keeps", { counted });
      kept.delete(centre);
    });
    audit.each(deductions, (it) => {
      audit.require(owner.get(it.account) === it.saver, "of somebody else's account");
      audit.require(it.versions >= 1 && it.versions <= it.$.revision, "more versions than the row has had");
    });
    audit.each(certificates, (it) => {
      audit.require(owner.get(it.account) === it.saver, "of somebody else's account");
      audit.require((it.$.status === "used") === (it.lender !== undefined), "a certificate is used for a loan, and names the lender");
      if (it.$.status === "live")
        audit.require(certified.has(`${it.account} ${it.certificate}`), "a live certificate is its account's last");
    });
    audit.end(() => {
      for (const [transfer] of moving) audit.require(false, "an account waits for a move that is not under way", { transfer });
      for (const [centre] of kept) audit.require(false, "accounts of a centre that is none", { centre });
      audit.figure("accounts", live);
    });
  },
});

export const sequences = provident.audit({
  title: "Each centre's batches follow one another without a gap, each naming the root of the one before",
  run(audit) {
    const heads = new Map<string, { next: number; last: Uint8Array }>();
    let records = 0;
    /** What was drawn out of a batch: few records are. */
    const drawn = new Map<string, Omit<Drawn, "size" | "root">[]>();
    /** Where a record stands that corrects another, and whose that is. */
    const correcting = new Map<string, string>();
    audit.each(entries, ({ $, centre, first, index, saver, item, path, by }) => {
      audit.require(($.status === "corrected") === (by !== undefined), "a corrected record names the one that corrects it");
      const place = `${centre} ${first}`;
      audit.require((correcting.get(`${place} ${index}`) ?? saver) === saver, "corrects another's record");
      correcting.delete(`${place} ${index}`);
      drawn.set(place, [...(drawn.get(place) ?? []), { index, saver, item, path }]);
      if (by === undefined) return;
      audit.require(by.first + by.index > first + index, "corrected by an earlier record");
      correcting.set(`${centre} ${by.first} ${by.index}`, saver);
    });
    audit.each(batches, ({ centre, first, size, root, previous }) => {
      for (const it of drawn.get(`${centre} ${first}`) ?? [])
        audit.require(underRoot({ ...it, size, root }), "a record was drawn that is not in the batch", { index: it.index });
      drawn.delete(`${centre} ${first}`);
      const { next, last } = heads.get(centre) ?? noBatch;
      audit.require(first === next && equalBytes(previous, last), "a gap, or another batch before", { next });
      heads.set(centre, { next: first + size, last: root });
      records += size;
    });
    audit.each(centres, ({ centre, next, last }) => {
      const of = heads.get(centre) ?? noBatch;
      audit.require(of.next === next && equalBytes(of.last, last), "the centre is not where its batches are", { next: of.next });
      heads.delete(centre);
    });
    audit.end(() => {
      for (const [batch] of drawn) audit.require(false, "a record was drawn out of no batch", { batch });
      for (const [place] of correcting) audit.require(false, "corrected by a record that was not drawn", { place });
      for (const [centre] of heads) audit.require(false, "batches of a centre that is none", { centre });
      audit.figure("records", records);
    });
  },
});

type Drawn = Parameters<typeof underRoot>[0];
interface Day {
  batches: number;
  records: number;
  paid_in: bigint;
  paid_out: bigint;
  sent: bigint;
  returned: bigint;
  received: bigint;
}
const names = ["batches", "records", "paid_in", "paid_out", "sent", "returned", "received"] as const;

export const money = provident.audit({
  title: "What left one centre came to another, came back, or is on its way; each centre's days and what it holds are the sums of that",
  run(audit) {
    const daily = new Map<string, Day>();
    const held = new Map<string, bigint>();
    const transit = new Map<string, bigint>();
    const of = (centre: string, day: number): Day => {
      const key = `${centre} ${day}`;
      const found = daily.get(key) ?? { batches: 0, records: 0, paid_in: 0n, paid_out: 0n, sent: 0n, returned: 0n, received: 0n };
      daily.set(key, found);
      return found;
    };
    const add = (to: Map<string, bigint>, centre: string, amount: bigint): void => void to.set(centre, (to.get(centre) ?? 0n) + amount);
    let [paid, moved, underWay] = [0n, 0n, 0n];
    audit.each(batches, (it) => {
      const day = of(it.centre, it.day);
      day.batches++;
      day.records += it.size;
      day.paid_in += it.paid_in;
      day.paid_out += it.paid_out;
      paid += it.paid_in - it.paid_out;
      add(held, it.centre, it.paid_in - it.paid_out);
    });
    audit.each(transfers, ({ $, centre, to, amount, sent, ended }) => {
      if (sent === undefined) return audit.require(amount === 0n, "an amount that was not sent");
      of(centre, dayOf(sent)).sent += amount;
      add(held, centre, -amount);
      if ($.status === "sent") {
        add(transit, centre, amount);
        underWay += amount;
      } else if ($.status === "received") {
        of(to, dayOf(ended ?? 0)).received += amount;
        add(held, to, amount);
        moved += amount;
      } else {
        audit.require($.status === "returned", "what was sent is received or comes back");
        of(centre, dayOf(ended ?? 0)).returned += amount;
        add(held, centre, amount);
      }
    });
    audit.each(totals, (it) => {
      const sums = of(it.centre, it.day);
      daily.delete(`${it.centre} ${it.day}`);
      for (const name of names) audit.require(sums[name] === it[name], "the sums of a day are not its acts'", { [name]: sums[name] });
    });
    let all = 0n;
    audit.each(centres, (it) => {
      audit.require(it.held === (held.get(it.centre) ?? 0n), "a centre holds another sum", { sum: held.get(it.centre) ?? 0n });
      audit.require(it.transit === (transit.get(it.centre) ?? 0n), "another sum is on its way", { sum: transit.get(it.centre) ?? 0n });
      all += it.held + it.transit;
    });
    audit.end(() => {
      for (const [day] of daily) audit.require(false, "a day that has no sums", { day });
      audit.require(all === paid, "credit and debit differ", { held: all, paid });
      audit.figure("held", all);
      audit.figure("moved", moved);
      audit.figure("on its way", underWay);
    });
  },
});

export const authority = provident.audit({
  title: "Every check is one that its saver authorised: that centre, that purpose, no more often",
  run(audit) {
    const made = new Map<string, { times: number; as: string }>();
    audit.each(checks, (it) => {
      const { authorisation, number } = it;
      const before = made.get(authorisation)?.times ?? 0;
      audit.require((it.serves === undefined) === (it.certificate === undefined), "answered what was not asked");
      const as = asked(it, it.debts !== undefined);
      audit.require(number === before && (before === 0 || made.get(authorisation)!.as === as), "checks are counted, each like the first");
      made.set(authorisation, { times: before + 1, as });
    });
    audit.each(authorisations, (it) => {
      const { authorisation, used, most } = it;
      const { times, as } = made.get(authorisation) ?? { times: 0, as: asked(it, it.debts) };
      made.delete(authorisation);
      audit.require(times === used && used <= most, "checked more often than authorised, or than counted", { checks: times });
      audit.require(as === asked(it, it.debts), "checked by another centre, for another purpose, or something else");
    });
    audit.end(() => {
      for (const [authorisation] of made) audit.require(false, "checks without authority", { authorisation });
    });
  },
});

type Asked = { readonly saver: string; readonly centre: string; readonly purpose: string; readonly certificate?: string | undefined };
const asked = ({ saver, centre, purpose, certificate }: Asked, ofDebts: boolean): string =>
  `${saver} ${centre} ${purpose} ${certificate ?? ""} ${ofDebts}`;

export const debtors = provident.audit({
  title: "What stands against somebody was announced, has its ground and its term, and nobody decided on his own entry",
  run(audit) {
    const standing = new Map<string, string>();
    const struck = new Map<string, { debt: string; from: number; until: number }>();
    const decisions = new Set<string>();
    audit.each(strikes, ({ saver, centre, ground, debt, until }) => {
      struck.set(`${saver} ${centre} ${ground}`, { debt, from: until - BINDING_TIME, until });
      decisions.add(debt);
    });
    audit.each(debts, ({ $, debt, saver, centre, ground, agency, from, until, objection, answer_by, decider, decision, clearance }) => {
      audit.require(until > from && until <= from - NOTICE + LONGEST_ENTRY, "an entry without notice, or beyond its term", { from, until });
      audit.require(
        decider !== agency && (decider === undefined) === (decision === undefined),
        "decided by who entered it, or on no ground",
      );
      audit.require(($.status === "cleared") === (clearance !== undefined), "cleared on no ground");
      audit.require(($.status === "contested") === (answer_by !== undefined), "only what is contested waits for an answer");
      const decided = struck.get(`${saver} ${centre} ${ground}`);
      if ($.status === "struck" && decider !== undefined) audit.require(decided !== undefined, "struck, and it binds nobody");
      if (decided !== undefined) {
        const entered = from - NOTICE;
        audit.require(entered <= decided.from || entered >= decided.until, "entered again while the decision bound");
        if (decided.debt === debt && decisions.delete(debt))
          audit.require($.status === "struck" && $.since === decided.from, "a decision that was not made");
      }
      if (["contested", "upheld", "struck"].includes($.status)) audit.require(objection !== undefined, "decided, and never contested");
      if (["entered", "contested", "upheld"].includes($.status)) standing.set(debt, `${saver} ${centre}`);
    });
    audit.each(files, ({ saver, debts: listed }) => {
      audit.require(
        listed.every(({ centre }) => listed.filter((one) => one.centre === centre).length <= OF_ONE_CENTRE),
        "more of one centre than may stand",
      );
      for (const { debt, centre } of listed) {
        audit.require(standing.get(debt) === `${saver} ${centre}`, "an entry that does not stand, or of somebody else", { debt });
        standing.delete(debt);
      }
    });
    audit.end(() => {
      for (const debt of decisions) audit.require(false, "a decision on an entry that there is not", { debt });
      for (const [debt] of standing) audit.require(false, "an entry that its saver's file does not show", { debt });
    });
  },
});

export const answered = provident.audit({
  title: "The answer to each check is what the certificate and the entries were at that moment, as far as their rows still show it",
  run(audit) {
    const certified = new Map<string, Certificate>();
    const entered = new Map<string, Debt[]>();
    audit.each(certificates, (it) => void certified.set(it.certificate, it));
    audit.each(debts, (it) => void entered.set(it.saver, [...(entered.get(it.saver) ?? []), it]));
    audit.each(checks, ({ $, saver, certificate, content, serves, debts: found }) => {
      const at = $.since;
      if (certificate !== undefined) {
        const it = certified.get(certificate);
        audit.require(it !== undefined && servedAs(it, content, at).includes(serves!), "another answer than the certificate's");
      }
      if (found === undefined) return;
      // In the block in which an entry ended it may have stood or not.
      const counts = (entered.get(saver) ?? []).filter((it) => it.from <= at && at < it.until && (!over(it) || it.$.since >= at));
      const surely = counts.filter((it) => !over(it) || it.$.since > at);
      const fits = {
        none: surely.length === 0,
        contested: counts.length > 0 && surely.every((it) => it.objection !== undefined),
        listed: counts.some((it) => it.$.status !== "contested" || it.$.since >= at),
      };
      audit.require(fits[found], "another answer than the entries'");
    });
  },
});
type Certificate = Row<typeof certificates>;
const over = ({ $ }: Debt): boolean => $.status === "cleared" || $.status === "struck" || $.status === "lapsed";
/** What a check at that time may have answered. */
function servedAs({ $, content, until }: Certificate, shown: Uint8Array, at: number): readonly string[] {
  if (!equalBytes(content.root, shown)) return ["altered"];
  const before = at < until ? "serves" : "expired";
  if ($.status === "live" || $.since > at) return [before];
  return $.since < at ? [$.status] : [before, $.status];
}
