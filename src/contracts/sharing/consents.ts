// Consent to the use of data: asked, given or declined, lived up to, revoked. Services 8 and 34, and the consents of 35 (`spend`). Owns what can be consented
// to, consents, and every use, which the subject sees at once. Does not own the data (sealed; vaults serve it, against a use's receipt and no other).
//
// Whose is what: by `eid.grant` a person sends one flow of her own accord, once; by `credentials.present` a holder shows what he has in hand; here somebody asks,
// and a holder goes on serving until the consent ends. A flow is under one of the three. Fields and purposes are codes in clear, for the ledger itself
// holds them to the consent; answers, values and particulars are sealed.
//
// The contract has no sector. A definition has one: whoever is a person in a consent is known by a pseudonym of it, and `spend` serves callers of it alone.

import { agency, count, days, id, list, optional, type Party, party, person } from "../engine/index.ts";
import { range, signs, type Time, time, type Tx } from "../engine/index.ts";
import { principals, signedFreely } from "../identity/principals.ts";
import { aSeal, monday } from "../kit/examples.ts";
import { among, askings, ATTEMPTS, chosen, type Consent, consent, consents, definitions, details, distinct } from "./consentRecords.ts";
import { fields, fitting, MAX_CORRECTIONS, MAX_FIELDS, MAX_USES, PAUSE, payload, type Use, uses } from "./consentRecords.ts";

export { askings, consents, definitions, uses } from "./consentRecords.ts";
export * from "./consentAudits.ts";

/** A request is answered, a use served, within this; after it neither stands any more. */
const [ANSWER_TIME, SERVE_TIME] = [days(30), days(3)];

// ── what can be consented to ─────────────────────────────────────────────────────────────────────────────────────────────────────────
export const define = consent.action({
  title: "Define what can be consented to",
  by: { registrar: { role: "registrar", scope: (a) => a.sector } },
  input: { ...definitions.fields },
  rules: ["definition_unfit"],
  example: {
    ...{ definition: "of-age", sector: "city", title: "Is 18 or older", kind: "claim", fields: ["born"], answers: ["no", "yes"] },
    ...{ purposes: ["sale-of-alcohol"], longest: days(365), most: 100 },
  },
  run(tx, it) {
    const fits =
      (it.kind === "claim" ? it.answers.length > 1 : it.answers.length === 0) && (it.kind === "service") === (it.service !== undefined);
    tx.require(fits && distinct(it.fields) && distinct(it.answers) && distinct(it.purposes), "definition_unfit");
    tx.create(definitions, it);
  },
});

export const retire = consent.action({
  title: "Retire a definition",
  by: { registrar: { role: "registrar", scope: (a: { definition: string }, tx) => tx.get(definitions, a.definition).sector } },
  input: { definition: id },
  example: { definition: "of-age" },
  run: (tx, { definition }) => void tx.move(tx.get(definitions, definition), "retired"),
});

// ── asking and consenting ────────────────────────────────────────────────────────────────────────────────────────────────────────────
const terms = { fields, until: time, most: range(1, MAX_USES) };
export const request = consent.action({
  title: "Ask for consent",
  by: { user: signs("who asks") },
  input: { consent: id, definition: id, subject: person, holder: agency, user: party, purpose: id, ...terms },
  rules: ["asked_lately", "beyond_definition", "not_holder", "other_sector", "retired"],
  example: {
    ...{ consent: "c-1", definition: "of-age", subject: "p:ann.city", holder: "tax", user: "c:shop", purpose: "sale-of-alcohol" },
    ...{ fields: [], until: monday + days(365), most: 10 },
  },
  run(tx, it) {
    tx.signed("user", it.user);
    const of = tx.get(definitions, it.definition);
    tx.require(of.$.status === "in_force", "retired");
    tx.require(known(tx, it.subject) === of.sector && (known(tx, it.user) ?? of.sector) === of.sector, "other_sector");
    tx.require(tx.holds("holder", it.holder, it.definition), "not_holder");
    const lasts = it.until > tx.time && it.until - tx.time <= of.longest && it.most <= of.most;
    tx.require(of.purposes.includes(it.purpose) && lasts && among(it.fields, of.fields) && fitting(of, it.fields), "beyond_definition");
    const by = Math.min(it.until, tx.time + ANSWER_TIME);
    ask(tx, it, by);
    tx.create(consents, { ...it, sector: of.sector, by, next: 0, uses: 0 });
  },
});

export const give = consent.action({
  title:
    "Give consent to what was asked, or to less of it; it takes the place of an earlier one of the same user, holder, definition and purpose",
  by: { subject: signs("whose data it is, or the guardian") },
  input: { consent: id, ...terms },
  rules: ["more_than_asked", "own_asking", "request_over", "retired"],
  example: { consent: "c-1", fields: [], until: monday + days(30), most: 3 },
  run(tx, { consent: key, ...given }) {
    const it = tx.get(consents, key);
    tx.signed("subject", it.subject);
    tx.require(it.user === it.subject || signedFreely(tx, it.subject, it.user), "own_asking");
    tx.require(it.$.status !== "requested" || tx.time < it.by, "request_over");
    tx.require(tx.get(definitions, it.definition).$.status === "in_force", "retired");
    const lasts = given.until > tx.time && given.until <= it.until && given.most <= it.most;
    tx.require(lasts && among(given.fields, it.fields) && (it.fields.length === 0 || given.fields.length > 0), "more_than_asked");
    const before = tx.unique(consents, it.subject, it.user, it.holder, it.definition, it.purpose);
    if (before !== undefined && before.consent !== key) end(tx, before, "replaced");
    answered(tx, it, tx.time);
    tx.move(it, "live", { ...given, given: tx.time, binds: it.subject });
  },
});

type Ended = "declined" | "revoked" | "withdrawn" | "replaced" | "lapsed" | "expired";
const ending = (says: string, who: "subject" | "user", to: Ended) =>
  consent.action({
    title: says,
    by: { by: signs(who === "user" ? "who asked" : "whose data it is, or the guardian") },
    input: { consent: id },
    example: { consent: "c-1" },
    run(tx, { consent: key }) {
      const it = tx.get(consents, key);
      tx.signed("by", it[who]);
      if (it.$.status === "requested") answered(tx, it, to === "declined" ? tx.time + PAUSE : tx.time);
      end(tx, it, to);
    },
  });
export const decline = ending("Decline a request", "subject", "declined");
export const revoke = ending("Revoke a consent: from this moment nothing is used or served under it", "subject", "revoked");
export const withdraw = ending("Withdraw a request, or give a consent back", "user", "withdrawn");

export const over = consent.due(consents, {
  title: "A request that nobody answers lapses after 30 days; a consent ends with its time",
  at: (it) => (it.$.status === "requested" ? it.by : it.$.status === "live" ? it.until : undefined),
  run: (tx, it) => end(tx, it, it.$.status === "live" ? "expired" : "lapsed"),
});

// ── using ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const use = consent.action({
  title: "Ask the holder for a check, or for a delivery: whom it is about sees it at once",
  by: { user: signs("who was given the consent") },
  input: { consent: id, number: count, purpose: id, fields, details: optional(details) },
  rules: ["beyond_fields", "not_live", "other_kind", "other_purpose", "out_of_turn", "used_up"],
  example: { consent: "c-1", number: 0, purpose: "sale-of-alcohol", fields: [] },
  run(tx, { consent: key, number, purpose, fields: wanted, details: more }) {
    tx.signed("user", tx.get(consents, key).user);
    const it = standing(tx, key);
    const of = tx.get(definitions, it.definition);
    tx.require(of.kind !== "service" && fitting(of, wanted), "other_kind");
    tx.require(number === it.next, "out_of_turn", { next: it.next });
    enter(tx, it, { purpose, fields: wanted, details: more });
  },
});

const ofUse = { consent: id, number: count };
const byHolder = { role: "holder", scope: (a: { consent: string }, tx: Tx) => tx.get(consents, a.consent).definition } as const;
export const answer = consent.action({
  title: "Answer a check: which of the claim's answers, sealed, for the user alone",
  by: { holder: byHolder },
  input: { ...ofUse, answer: chosen },
  rules: ["not_holder", "not_live", "other_kind", "use_over"],
  example: { consent: "c-1", number: 0, answer: aSeal(1) },
  run(tx, { consent: key, number, answer: given }) {
    const it = waiting(tx, key, number);
    standing(tx, key);
    tx.require(it.fields.length === 0, "other_kind");
    tx.move(it, "served", { answer: given });
  },
});

export const deliver = consent.action({
  title: "Deliver fields: their values are sealed, each by itself",
  by: { holder: byHolder },
  input: { ...ofUse, fields: list(id, MAX_FIELDS, 1), payload },
  rules: ["beyond_fields", "not_holder", "not_live", "other_kind", "use_over"],
  example: { consent: "c-2", number: 0, fields: ["income"], payload: aSeal(65) },
  run(tx, { consent: key, number, fields: delivered, payload: values }) {
    const it = waiting(tx, key, number);
    standing(tx, key);
    tx.require(it.fields.length > 0, "other_kind");
    tx.require(among(delivered, it.fields), "beyond_fields", { fields: it.fields });
    tx.move(it, "served", { delivered, payload: values });
  },
});

export const refuse = consent.action({
  title: "Refuse to serve a use, on a ground; it does not count",
  by: { holder: byHolder },
  input: { ...ofUse, ground: id },
  rules: ["not_holder", "use_over"],
  example: { consent: "c-1", number: 1, ground: "no-record" },
  run(tx, { consent: key, number, ground }) {
    tx.move(waiting(tx, key, number), "refused", { ground });
    giveBack(tx, key);
  },
});

export const silence = consent.due(uses, {
  title: "A use that the holder has not served within three days lapses, and does not count",
  at: (it) => (it.$.status === "asked" ? it.by : undefined),
  run(tx, it) {
    tx.move(it, "lapsed");
    giveBack(tx, it.consent);
  },
});

export const correct = consent.action({
  title: "Correct what was served: the new takes the place of the old; after the consent's end only with the subject",
  by: { holder: byHolder, subject: signs("whose data it is, where the consent is no longer live") },
  input: { ...ofUse, version: uses.fields.version, answer: optional(chosen), payload: optional(payload) },
  rules: ["corrected_often", "not_holder", "not_live", "other_kind"],
  example: { consent: "c-1", number: 0, version: 0, answer: aSeal(1) },
  run(tx, { consent: key, number, version, ...now }) {
    const it = own(tx, key, number, version);
    const under = tx.get(consents, key);
    if (!isLive(tx, under)) tx.signed("subject", it.subject, "not_live");
    const same = (it.answer === undefined) === (now.answer === undefined) && (it.payload === undefined) === (now.payload === undefined);
    tx.require(same, "other_kind");
    tx.require(version < MAX_CORRECTIONS, "corrected_often");
    tx.move(it, "corrected");
    const { subject, holder, user, purpose, fields: of, delivered } = it;
    const next = { consent: key, number, version: version + 1, subject, holder, user, purpose, fields: of, at: tx.time, by: tx.time };
    tx.move(tx.create(uses, next), "served", { ...now, delivered });
  },
});

// ── for other services ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export interface Spending {
  readonly consent: string;
  /** The calling contract, and its sector. */
  readonly service: string;
  readonly sector: string;
  readonly subject: Party;
  readonly holder: Party;
  readonly user: Party;
  readonly purpose: string;
  readonly fields: readonly string[];
}
/** Uses a consent for what another service gives under its own acts, and answers the use's number. Who signs is the caller's to ask. */
export const spend = consent.procedure((tx, { consent: key, ...asked }: Spending): number => {
  const it = tx.get(consents, key);
  const of = tx.get(definitions, it.definition);
  tx.require(it.sector === asked.sector, "other_sector");
  tx.require(it.subject === asked.subject && it.user === asked.user, "other_party");
  tx.require(of.kind === "service" && of.service === asked.service, "other_kind");
  standing(tx, key);
  tx.require(it.holder === asked.holder, "not_holder");
  tx.move(enter(tx, it, asked), "spent");
  return it.next;
});
/** What was spent came to nothing, by the service's refusal or silence: it does not count. */
export const unspend = consent.procedure((tx, key: string, number: number, to: "refused" | "lapsed"): void => {
  tx.move(tx.get(uses, key, number, 0), to);
  giveBack(tx, key);
});
/** Is it live at this moment? Else the act of whoever asks is refused. */
export const stillLive = consent.procedure((tx, key: string): void => void standing(tx, key));
export const liveRules = ["consents.not_live"] as const;
// biome-ignore format: a list
export const spendRules = [
  ...liveRules, "consents.beyond_fields", "consents.not_holder", "consents.other_kind", "consents.other_party", "consents.other_purpose", "consents.other_sector",
  "consents.used_up",
] as const;

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The sector in which a person is known; undefined for an agency or a company. */
const known = (tx: Tx, who: Party): string | undefined => tx.find(principals, who)?.sector;

/** Asks, if nothing that was asked before waits or was declined lately. */
function ask(tx: Tx<"asked_lately">, { consent: key, subject, user, definition }: Asked, until: Time): void {
  const last = tx.find(askings, subject, user, definition);
  tx.require(last === undefined || last.until <= tx.time, "asked_lately", { until: last?.until });
  if (last === undefined) tx.create(askings, { subject, user, definition, consent: key, until });
  else tx.put(last, { consent: key, until });
}
/** What was asked last is answered or withdrawn: until when nothing more is asked. */
function answered(tx: Tx, { consent: key, subject, user, definition }: Asked, until: Time): void {
  const last = tx.get(askings, subject, user, definition);
  if (last.consent === key) tx.put(last, { until });
}
type Asked = Pick<Consent, "consent" | "subject" | "user" | "definition">;
const isLive = (tx: Tx, it: Consent): boolean => it.$.status === "live" && tx.time < it.until && tx.known(it.subject) && tx.known(it.user);
function standing(tx: Tx<"not_live">, key: string): Consent {
  const it = tx.get(consents, key);
  tx.require(isLive(tx, it), "not_live", { status: it.$.status, until: it.until });
  return it;
}
const end = (tx: Tx, it: Consent, to: Ended): void => void tx.move(it, to, { binds: undefined });
type Wanted = { purpose: string; fields: readonly string[]; details?: Use["details"] };
function enter(
  tx: Tx<"other_purpose" | "beyond_fields" | "used_up">,
  it: Consent,
  { purpose, fields: wanted, details: more }: Wanted,
): Use {
  tx.require(purpose === it.purpose, "other_purpose", { purpose: it.purpose });
  tx.require(among(wanted, it.fields), "beyond_fields", { fields: it.fields });
  tx.require(it.uses < it.most && it.next < ATTEMPTS * it.most, "used_up", { most: it.most });
  tx.put(it, { next: it.next + 1, uses: it.uses + 1 });
  const { consent: key, next, subject, holder, user } = it;
  const now = { at: tx.time, by: tx.time + SERVE_TIME };
  return tx.create(uses, { consent: key, number: next, version: 0, subject, holder, user, purpose, fields: wanted, details: more, ...now });
}
function own(tx: Tx<"not_holder">, key: string, number: number, version = 0): Use {
  const it = tx.get(uses, key, number, version);
  tx.require(it.holder === tx.signer("holder"), "not_holder");
  return it;
}
function waiting(tx: Tx<"not_holder" | "use_over">, key: string, number: number): Use {
  const it = own(tx, key, number);
  tx.require(it.$.status === "asked" && tx.time < it.by, "use_over", { status: it.$.status });
  return it;
}
function giveBack(tx: Tx, key: string): void {
  const it = tx.get(consents, key);
  tx.put(it, { uses: it.uses - 1 });
}
export default consent;
