// The records of the business register and the rules they stand under. Service 14. Owns what a company, its name, its shares, a resolution, a filing and a
// licence are. Does not own: who may do what with them (business.ts, businessResolutions.ts, businessFilings.ts, businessLicences.ts), the company's keys and
// standing in all contracts (eid).

import { agency, contract, count, flag, hash, id, list, object, oneOf, optional, party, person } from "../engine/index.ts";
import { record, type Row, text, time, type ValueOf } from "../engine/index.ts";
import { officesRules } from "../kit/offices.ts";
import { move, shares, whole } from "../kit/shares.ts";

export const BUSINESS = "business";
/** Of persons, this contract's and those of eid that sign for companies. */
export const MAX_OFFICERS = 8;
export const MAX_OWNERS = 64;
export const moves = (min: number) => list(move, 8, min);
export const officer = object({
  officer: person,
  office: oneOf("director", "secretary", "procurator", "liquidator"),
  /** May sign for the company alone. Who may only together with others has none of its keys, and the company's own is kept by all of them. */
  represents: flag,
});
export const officers = (min: number) => list(officer, MAX_OFFICERS, min);
/** Who signs for the company without being its officer. */
export const agentsOf = list(party, 8);
/** As the company writes it; and as the registry compares it: without case, accents, signs and form of company. */
export const name = text(120, 1);
export const normal = text(120, 1);

export const companies = record("company", {
  title: "A company under its number: its name, its officers, when its next filing is due",
  key: ["company"],
  read: "public",
  find: ["status"],
  fields: {
    ...{ company: party, name, normal, officers: officers(0), registered: time },
    /** The year to file next, counted from 0; until when; whether notice was given. */
    ...{ year: count, due: time, noticed: flag },
    /** Suspended by an order of the registry, which filing does not mend. */
    ordered: flag,
    ground: optional(id),
  },
  states: {
    ...{ registered: ["late", "suspended", "dissolved"], late: ["registered", "suspended", "dissolved"] },
    ...{ suspended: ["registered", "dissolved"], dissolved: [] },
  },
});
export type Company = Row<typeof companies>;
export const names = record("name", {
  title: "A name, in the form in which names are compared, and the company that has it",
  key: ["normal"],
  read: "public",
  fields: { normal, name, company: party, until: optional(time) },
  states: { taken: ["resting"], resting: ["free", "taken"], free: ["taken"] },
});
export const owners = record("owners", {
  title: "Who owns a company",
  key: ["company"],
  read: ["company", "shares", "registry", "tax_office", "court"],
  fields: { company: party, whole, shares: shares(MAX_OWNERS), entries: count },
});
export const entries = record("entry", {
  title: "What changed a company's shares, and how they stood afterwards",
  key: ["company", "number"],
  read: ["company", "moves", "shares", "registry", "tax_office", "court"],
  fields: {
    ...{ company: party, number: count, act: oneOf("founded", "transferred", "adjudged", "refined"), moves: moves(0) },
    ...{ whole, shares: shares(MAX_OWNERS), deed: optional(hash), judgment: optional(id) },
  },
});
/** What owners resolve, one of these: what the act says that carries it out. */
export const matter = object({
  rename: optional(object({ name, normal })),
  rekey: optional(object({ revoke: list(hash, 8), agents: agentsOf, key: hash })),
  ...{ appoint: optional(officer), dismiss: optional(person), dismiss_agent: optional(party), dissolve: optional(flag) },
});
export type Matter = ValueOf<typeof matter>;
export const resolutions = record("resolution", {
  title: "What owners who are too many for one act resolve: they sign one after the other, and the act that carries it out counts them",
  key: ["company", "resolution"],
  read: ["company", "asked", "registry", "court"],
  find: ["company", "status"],
  fields: {
    ...{ company: party, resolution: id, matter, until: time },
    /** The owners when it was signed last, who read it; those of them who signed. */
    ...{ asked: list(party, MAX_OWNERS), signed: list(party, MAX_OWNERS) },
  },
  states: { open: ["carried", "lapsed"], carried: [], lapsed: [] },
});
export const judgments = record("judgment", {
  title: "A judgment as carried out at a company",
  key: ["company", "court", "judgment"],
  read: "public",
  fields: { company: party, court: agency, judgment: id, ground: id, document: hash },
});
export const filings = record("filing", {
  title: "A company's accounts of a year; a correction supersedes and does not overwrite",
  key: ["company", "year", "version"],
  read: ["company", "by", "registry", "tax_office", "court"],
  find: ["company"],
  fields: { company: party, year: count, version: count, document: hash, by: person },
  states: { filed: ["superseded"], superseded: [] },
});
export const licences = record("licence", {
  title: "A company's licence for an activity",
  key: ["company", "activity"],
  read: "public",
  find: ["company", "status"],
  fields: { company: party, activity: id, licensor: agency, until: optional(time), ground: optional(id) },
  states: {
    ...{ live: ["suspended", "revoked", "expired"], suspended: ["live", "revoked", "expired"] },
    ...{ revoked: ["live"], expired: ["live"] },
  },
});

export const business = contract(BUSINESS, {
  title: "Business register",
  purpose: "A company has a name and a number of its own, its shares total one hundred per cent, and a dissolved company acts nowhere.",
  sector: "property",
  records: [names, filings, licences, judgments, resolutions, entries, owners, companies],
  roles: {
    registry: "The business registry: registers, suspends, restores and strikes off",
    tax_office: "Says that the taxes of a company that ends are settled",
    court: "Restores, winds up, and has its judgments carried out",
    licensor: "Licenses, per activity",
  },
  rules: {
    ...officesRules,
    not_company: 'A company\'s number is written "c:…".',
    first_key: "A company comes with its first key, or signs by the key that it has.",
    key_unproved: "Who registers a key shows that he holds it.",
    name_taken: "A name is one company's; what it was called rests for a year before another takes it.",
    shares_total_one: "The shares of a company always total the whole.",
    own_shares: "A company does not own itself.",
    share_too_small: "Nobody gives more than he holds, or to himself.",
    too_many_owners: "A company has at most 64 owners.",
    too_fine: "A whole has at most a million million parts.",
    represented: "A company begins with an officer who may sign for it.",
    officer_once: "A company has at most 8 officers, each once.",
    no_officer: "What an officer does is done by one of the company's officers.",
    majority: "Owners resolve by more than half of the shares; to dissolve the company by two thirds.",
    one_matter: "Owners resolve one matter at a time, and what they resolved is what is carried out.",
    owner_only: "Owners propose and sign resolutions, each once.",
    resolution_over: "A resolution is open for 90 days at most, and carried out once.",
    is_officer: "An officer is dismissed as an officer; another who signs for the company, as its agent.",
    over: "A dissolved company does nothing, and nothing is entered for it.",
    holder_unknown: "Shares are entered for who is registered and in good standing.",
    judgment_done: "A judgment is carried out once at a company.",
    judgment_empty: "A judgment that is carried out changes something.",
    other_key: "A company's keys are replaced by its own.",
    year_not_over: "Accounts are filed of a year that is over; what was filed is corrected.",
    not_authority: "The registry or the court restores what the registry suspended; a missed filing is mended by filing.",
    struck_early: "A company is struck off after it was suspended for two years.",
    licence_ahead: "A licence ends after it begins.",
    other_licensor:
      "A licence is another licensor's once it has expired, or by a judgment; until then only who granted it changes it, or grants anew what he revoked.",
    licence_over: "A licence that was revoked or has expired is granted anew, not restored.",
  },
  flags: {
    filing_due: "The accounts of a year are due in 30 days.",
    filing_late: "The accounts of a year are late: in 60 days the company is suspended.",
    filing_missed: "The accounts of a year were not filed: the company is suspended.",
    unrepresented: "The company has no officer who may sign for it.",
    by_judgment: "Entered by a judgment, without the owner's signature.",
  },
});
