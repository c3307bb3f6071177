// The records of benefits and the rules they stand under. Services 16 (subsidy), 20, 24. Owns what a scheme, a tariff and a case are. Does not own: who may do
// what with them (benefits.ts), what an auditor recomputes (benefitAudits.ts).

import { account } from "../descriptors/payments.ts";
import { agency, contract, count, days, id, money, oneOf, optional, party, range, record, type Row, time } from "../engine/index.ts";
import { facts, tariff } from "../kit/rates.ts";

/** Whose matter the money is, for funds. */
export const BENEFITS = "benefits";
/** Holding periods that one subject is in at a time. */
export const MOST_KEPT = 8;
export const kind = oneOf("subsidy", "compensation", "relief", "loan");

export const schemes = record("scheme", {
  title: "A scheme: from which fund, for what, in which period; its totals, which are all that is public of its cases",
  key: ["scheme"],
  read: "public",
  find: ["fund", "status"],
  fields: {
    ...{ scheme: id, kind, fund: id, purpose: id, period: id },
    /** For how long what was subsidised is kept, or until when a loan is repaid. */
    term: range(0, days(36_500)),
    /** The version of the tariff in force; 0 before the first. */
    tariff: count,
    ...{ cases: count, granted: money, repaid: money, owed: money, held: count },
  },
  states: { open: ["closed"], closed: [] },
});
export const tariffs = record("tariff", {
  title: "A version of a scheme's tariff; each case cites the one it was agreed under",
  key: ["scheme", "version"],
  read: "public",
  fields: { scheme: id, version: count, ...tariff },
});
export const cases = record("case", {
  title: "What a household or an owner is given for something: the facts, the tariff's version, the amount, and what became of it",
  key: ["scheme", "subject", "turn"],
  read: ["holder", "office", "surveyor", "auditor"],
  find: ["holder", "status"],
  unique: ["scheme", "period", "claims"],
  ordered: ["keeps"],
  fields: {
    ...{ scheme: id, subject: id, turn: id, period: id, holder: party },
    /** The scheme, by which its office and no other reads the case. */
    office: id,
    /** The holder, while the case counts as his one of the period. */
    claims: optional(party),
    ...{ surveyor: agency, facts, surveys: count },
    ...{ version: optional(count), amount: money, account: optional(account), order: optional(id) },
    /** `owed` is what is to be repaid of what was paid: of a payment that did not arrive nothing is late or repaid. */
    ...{ until: optional(time), owed: money, ground: optional(id) },
    /** The subject, while its holding period runs; when its condition was broken within it. */
    ...{ keeps: optional(id), broken: optional(time) },
  },
  states: {
    ...{ measured: ["agreed", "refused", "withdrawn"], agreed: ["final", "held", "owing", "refused", "withdrawn"], refused: ["measured"] },
    ...{ withdrawn: ["measured"], held: ["broken", "final", "reclaimed"], broken: ["final", "reclaimed"] },
    ...{ owing: ["overdue", "repaid", "remitted"], overdue: ["owing", "repaid", "remitted"] },
    ...{ reclaimed: ["repaid", "remitted"], repaid: [], remitted: [], final: [] },
  },
});
export type Case = Row<typeof cases>;

export const benefits = contract("benefits", {
  title: "Subsidies, compensation and relief",
  purpose: "An amount is what the tariff gives for the facts, it reaches who is named, once, and comes back where its condition is broken.",
  sector: "city",
  records: [tariffs, cases, schemes],
  roles: {
    office: "Opens schemes, publishes tariffs, approves and reclaims, per scheme",
    surveyor: "Measures, per scheme",
    auditor: "Reads cases",
  },
  rules: {
    scheme_closed: "A closed scheme measures, agrees and approves nothing.",
    not_settled: "A scheme is closed when nothing is owed to it and no holding period runs.",
    tariff_sound: "A tariff's bounds are in order.",
    no_tariff: "A case is agreed under a tariff that is published.",
    facts_unfit: "The facts are those that the tariff counts, each once.",
    amount_differs: "What is agreed is what the tariff gives for the facts, and more than nothing.",
    measured_once:
      "A household, or a vehicle, has one survey; it is measured anew only until it is agreed, or after a refusal; for another only when who held it signs or has withdrawn.",
    one_per_holder: "An owner or a household is given one benefit of a scheme in a period.",
    not_ordered: "A payment is ordered anew where there was one, and nothing was remitted.",
    not_paid: "Only what was paid is reclaimed, repaid or late.",
    holding_over: "A subsidy is reclaimed if it was not held to the end of its period, in proportion to what was left of it then.",
    over_repaid: "No more is repaid than is owed.",
    countable: "A scheme's totals can be counted.",
    not_broken: "Only a broken condition is excused.",
    kept_enough: "A subject keeps the conditions of eight subsidies at a time at most.",
  },
});
