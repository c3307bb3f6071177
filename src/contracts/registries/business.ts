// The business register: companies from their registration to their end, their owners and officers. Service 14. Owns who may enter what there. Does not own:
// how owners resolve (businessResolutions.ts), filings and suspension (businessFilings.ts), licences (businessLicences.ts); keys and standing, which are eid's in
// all contracts and which this register alone changes for the companies that it keeps. Companies that no business register keeps stay the matter of eid's
// registrar.
//
// An officer who may sign alone is entered in eid beside his entry here, under his pseudonym of this register's sector, and both end together.

import { possessionProved } from "../../base/member.ts";
import { agency, days, hash, id, list, optional, type Party, party, person, range, signs, type Tx } from "../engine/index.ts";
import { disempower, empower, enter, enterCompany, revokeKey, setCompany } from "../identity/eid.ts";
import { keys, kindOf, principals } from "../identity/principals.ts";
import { aHash, aKey, aSignature } from "../kit/examples.ts";
import { apart, impartial, offices, theCourt, theRegistry } from "../kit/offices.ts";
import { giveAll, MAX_WHOLE, merge, type Move, partsOf, refined, type Shares, shares, sound, whole } from "../kit/shares.ts";
import { signature } from "../kit/signatures.ts";
import { FIRST_FILING, open, rest, take } from "./businessFilings.ts";
import { judged } from "./businessLicences.ts";
import { agentsOf, business, BUSINESS, type Company, companies, entries, MAX_OFFICERS, MAX_OWNERS, moves } from "./businessRecords.ts";
import { name, normal, officer, officers, owners } from "./businessRecords.ts";
import { byOwners, resolved, resolving } from "./businessResolutions.ts";

export { accounts, holdings, resolutionsSigned, standing } from "./businessAudits.ts";
export { clock, correct, file, free, restore, suspend } from "./businessFilings.ts";
export { adjudgeLicence, expires, license, serves, setLicence } from "./businessLicences.ts";
export { companies, entries, filings, judgments, licences, names, owners, resolutions } from "./businessRecords.ts";
export { assent, lapse, propose } from "./businessResolutions.ts";

/** After so long nobody is expected to mend it. */
const SUSPENDED_TIME = days(730);
/** A judgment and the two offices that carry it out. */
const judgmentBy = { ...offices, judgment: id, ground: id, document: hash };
const example = { company: "c:4711" };
const ann = { officer: "p:ann.property", office: "director", represents: true } as const;
const bob = { officer: "p:bob.property", office: "procurator", represents: false } as const;

// ── registration ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const register = business.action({
  title: "Register a company: all who found it and its officers sign",
  by: {
    ...{ registry: "registry", owner: signs("each who founds it"), officer: signs("each officer") },
    company: signs("the company, where eid's registrar entered it before"),
  },
  input: {
    ...{ company: party, name, normal, whole, shares: shares(12), officers: officers(1) },
    ...{ key: optional(hash), proof: optional(signature) },
  },
  // biome-ignore format: a list
  rules: ["not_company", "first_key", "key_unproved", "name_taken", "shares_total_one", "own_shares", "represented", "officer_once", "eid.key_taken"],
  proofs: {
    key_unproved: ({ company, key, proof }, network) =>
      key === undefined || (proof !== undefined && possessionProved(network, company, "company", key, proof)),
  },
  work: 300,
  example: {
    ...{ ...example, name: "Acme Ltd", normal: "acme", whole: 100, shares: [{ holder: "p:ann.property", parts: 100 }], officers: [ann] },
    ...{ key: aKey, proof: aSignature },
  },
  run(tx, { company, shares: founding, officers: first, key, whole: of, proof: _shown, ...called }) {
    tx.require(kindOf(company) === "company", "not_company");
    const held = merge(founding);
    for (const { holder } of held) tx.signed("owner", holder);
    ownedByOthers(tx, company, held);
    tx.require(sound(held, of), "shares_total_one", { whole: of });
    tx.require(
      first.some((one) => one.represents),
      "represented",
    );
    const before = tx.find(principals, company);
    if (before === undefined) tx.require(key !== undefined, "first_key");
    else tx.signed("company", company, "first_key");
    tx.create(companies, {
      company,
      ...called,
      officers: [],
      registered: tx.time,
      ...FIRST_FILING(tx.time),
      noticed: false,
      ordered: false,
    });
    enterCompany(tx, company, BUSINESS, key);
    take(tx, company, called);
    tx.create(owners, { company, whole: of, shares: held, entries: 0 });
    note(tx, company, held, "founded", {});
    for (const one of first) install(tx, company, one);
  },
});

export const rename = business.action({
  title: "Change a company's name",
  by: { registry: "registry", owner: byOwners },
  input: { company: party, name, normal, ...resolving },
  rules: ["name_taken", "majority", "one_matter", "resolution_over", "over"],
  work: 192,
  example: { ...example, name: "Acme & Daughters Ltd", normal: "acme daughters", voters: ["p:ann.property"] },
  run(tx, { company, voters, resolution, ...called }) {
    const it = open(tx, company);
    resolved(tx, company, { voters, resolution }, { rename: called });
    rest(tx, it.normal);
    take(tx, company, called);
    tx.put(it, called);
  },
});

export const rekey = business.action({
  title: "Give a company that lost its keys, or was robbed of them, a new one; keys that are named are revoked, and agents dismissed",
  by: { registry: "registry", owner: byOwners },
  input: { company: party, revoke: list(hash, 8), agents: agentsOf, key: hash, proof: signature, ...resolving },
  rules: ["key_unproved", "majority", "one_matter", "resolution_over", "other_key", "is_officer", "over", "eid.key_taken"],
  proofs: { key_unproved: ({ company, key, proof }, network) => possessionProved(network, company, "company", key, proof) },
  work: 256,
  example: { ...example, voters: ["p:ann.property"], revoke: [aKey], agents: [], key: aHash, proof: aSignature },
  run(tx, { company, voters, resolution, revoke, agents, key }) {
    open(tx, company);
    resolved(tx, company, { voters, resolution }, { rekey: { revoke, agents, key } });
    for (const old of revoke) {
      tx.require(tx.find(keys, old)?.principal === company, "other_key");
      revokeKey(tx, old);
    }
    endAgents(tx, company, agents);
    enter(tx, { key, principal: company, purpose: "company" });
  },
});

// ── owners ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const transfer = business.action({
  title: "Transfer shares of a company",
  by: { seller: signs("each who gives"), buyer: signs("each who receives") },
  input: { company: party, deed: hash, moves: moves(1) },
  rules: ["share_too_small", "own_shares", "too_many_owners", "over"],
  work: 128,
  example: { ...example, deed: aHash, moves: [{ from: "p:ann.property", to: "p:bob.property", parts: 25 }] },
  run(tx, { company, deed, moves: all }) {
    open(tx, company);
    for (const { from, to } of all) {
      tx.signed("seller", from);
      tx.signed("buyer", to);
    }
    note(tx, company, after(tx, company, all), "transferred", { moves: all, deed });
  },
});

export const refine = business.action({
  title: "Count a company's shares in finer parts: each fraction stays what it was",
  by: "registry",
  input: { company: party, times: range(2, 10_000) },
  rules: ["too_fine", "over"],
  example: { ...example, times: 1_000 },
  run(tx, { company, times }) {
    open(tx, company);
    const it = tx.get(owners, company);
    tx.require(it.whole * times <= MAX_WHOLE, "too_fine", { whole: it.whole });
    tx.put(it, { whole: it.whole * times });
    note(tx, company, refined(it.shares, times), "refined", {});
  },
});

export const adjudge = business.action({
  title: "Carry out a judgment: it stands in for owners' signatures, dismisses officers and appoints others",
  by: { court: theCourt, registry: theRegistry, officer: signs("each who is appointed") },
  input: {
    ...{ company: party, ...judgmentBy, moves: moves(0) },
    ...{ dismiss: list(person, MAX_OFFICERS), appoint: officers(0), agents: agentsOf },
  },
  // biome-ignore format: a list
  rules: ["two_offices", "own_cause", "share_too_small", "own_shares", "too_many_owners", "holder_unknown", "judgment_done", "judgment_empty", "officer_once", "no_officer", "is_officer", "over"],
  work: 300,
  example: {
    ...{ ...example, court: "courts", registry: "land", judgment: "2027-HK-3", ground: "inheritance", document: aHash },
    ...{ moves: [{ from: "p:ann.property", to: "p:carl.property", parts: 75 }], dismiss: ["p:bob.property"], appoint: [], agents: [] },
  },
  run(tx, { moves: all, dismiss: out, appoint: come, agents, registry, ...judgment }) {
    const { company, court } = judgment;
    open(tx, company);
    tx.require(all.length + out.length + come.length + agents.length > 0, "judgment_empty");
    apart(tx, { court, registry }, [...ownersOf(tx, company), ...all.map(({ to }) => to)]);
    judged(tx, judgment);
    for (const { to } of all) tx.require(tx.known(to), "holder_unknown", { holder: to });
    note(tx, company, after(tx, company, all), "adjudged", { moves: all, judgment: judgment.judgment });
    for (const one of out) leave(tx, company, one);
    for (const one of come) install(tx, company, one);
    endAgents(tx, company, agents);
    tx.flag("by_judgment");
  },
});

// ── officers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const appoint = business.action({
  title: "Appoint an officer",
  by: { owner: byOwners, officer: signs("the officer") },
  input: { company: party, ...officer.fields, ...resolving },
  rules: ["majority", "one_matter", "resolution_over", "officer_once", "over"],
  work: 192,
  example: { ...example, ...bob, voters: ["p:ann.property"] },
  run(tx, { company, voters, resolution, ...one }) {
    open(tx, company);
    resolved(tx, company, { voters, resolution }, { appoint: one });
    install(tx, company, one);
  },
});

export const dismiss = business.action({
  title: "Dismiss an officer",
  by: { owner: byOwners },
  input: { company: party, officer: person, ...resolving },
  rules: ["majority", "one_matter", "resolution_over", "no_officer", "over"],
  work: 192,
  example: { ...example, officer: "p:bob.property", voters: ["p:ann.property"] },
  run(tx, { company, officer: who, ...by }) {
    open(tx, company);
    resolved(tx, company, by, { dismiss: who });
    leave(tx, company, who);
  },
});

export const dismissAgent = business.action({
  title: "Dismiss who signs for the company and is no officer: an agent it appointed, a guardian whom eid's registrar had entered",
  by: { owner: byOwners },
  input: { company: party, agent: party, ...resolving },
  rules: ["majority", "one_matter", "resolution_over", "is_officer", "over"],
  work: 192,
  example: { ...example, agent: "c:tax-advisers", voters: ["p:ann.property"] },
  run(tx, { company, agent, ...by }) {
    open(tx, company);
    resolved(tx, company, by, { dismiss_agent: agent });
    endAgents(tx, company, [agent]);
  },
});

export const resign = business.action({
  title: "Resign as an officer",
  by: { officer: signs("the officer") },
  input: { company: party, officer: person },
  rules: ["no_officer", "over"],
  example: { ...example, officer: "p:bob.property" },
  run(tx, { company, officer: who }) {
    open(tx, company);
    tx.signed("officer", who);
    leave(tx, company, who);
  },
});

// ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const dissolve = business.action({
  title: "Dissolve a company, its taxes settled: it acts no more, in any contract",
  by: { registry: "registry", tax_office: "tax_office", owner: signs("owners of two thirds of the shares") },
  input: { company: party, ...resolving },
  rules: ["majority", "one_matter", "resolution_over", "over"],
  work: 192,
  example: { ...example, voters: ["p:ann.property"] },
  run(tx, { company, ...by }) {
    const it = open(tx, company);
    resolved(tx, company, by, { dissolve: true }, "two_thirds");
    end(tx, it, "resolved");
  },
});

export const windUp = business.action({
  title: "Wind a company up by a judgment",
  by: { court: theCourt, registry: theRegistry },
  input: { company: party, ...judgmentBy },
  rules: ["two_offices", "own_cause", "judgment_done", "over"],
  example: { ...example, court: "courts", registry: "land", judgment: "2027-HK-4", ground: "insolvency", document: aHash },
  run(tx, { registry, ...it }) {
    const { company, court, ground } = it;
    const of = open(tx, company);
    apart(tx, { court, registry }, ownersOf(tx, company));
    judged(tx, it);
    end(tx, of, ground);
  },
});

export const strikeOff = business.action({
  title: "Strike off a company that was suspended for two years, its taxes settled",
  by: { registry: theRegistry, tax_office: { role: "tax_office", is: (a) => a.tax_office } },
  input: { company: party, registry: offices.registry, tax_office: agency, ground: id },
  rules: ["two_offices", "own_cause", "struck_early", "over"],
  example: { ...example, registry: "land", tax_office: "tax", ground: "defunct" },
  run(tx, { company, registry, tax_office: settles, ground }) {
    const it = open(tx, company);
    tx.require(registry !== settles, "two_offices");
    for (const office of [registry, settles]) impartial(tx, office, ownersOf(tx, company));
    tx.require(it.$.status === "suspended" && tx.time >= it.$.since + SUSPENDED_TIME, "struck_early");
    end(tx, it, ground);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const ownersOf = (tx: Tx, company: Party): Party[] => tx.get(owners, company).shares.map(({ holder }) => holder);
function ownedByOthers(tx: Tx<"own_shares">, company: Party, all: Shares): void {
  tx.require(partsOf(all, company) === 0, "own_shares");
}
function after(tx: Tx<"share_too_small" | "own_shares" | "too_many_owners">, company: Party, all: readonly Move[]): Shares {
  const now = giveAll(tx.get(owners, company).shares, all);
  if ("failed" in now) return tx.reject("share_too_small", { ...now.failed });
  ownedByOthers(tx, company, now.shares);
  tx.require(now.shares.length <= MAX_OWNERS, "too_many_owners", { owners: now.shares.length });
  return now.shares;
}
type Why = { readonly moves?: readonly Move[]; readonly deed?: Uint8Array; readonly judgment?: string };
function note(tx: Tx, company: Party, now: Shares, act: "founded" | "transferred" | "adjudged" | "refined", why: Why): void {
  const it = tx.get(owners, company);
  tx.create(entries, { company, number: it.entries, act, moves: [], ...why, whole: it.whole, shares: now });
  tx.put(it, { shares: now, entries: it.entries + 1 });
}
function install(tx: Tx<"officer_once">, company: Party, one: Company["officers"][number]): void {
  const it = tx.get(companies, company);
  tx.signed("officer", one.officer);
  tx.require(it.officers.length < MAX_OFFICERS && !it.officers.some((other) => other.officer === one.officer), "officer_once");
  if (one.represents) empower(tx, company, one.officer);
  tx.put(it, { officers: [...it.officers, one] });
}
function leave(tx: Tx<"no_officer", never, "unrepresented">, company: Party, who: Party): void {
  const it = tx.get(companies, company);
  const one = it.officers.find((other) => other.officer === who) ?? tx.reject("no_officer");
  if (one.represents) disempower(tx, company, who);
  const left = it.officers.filter((other) => other !== one);
  if (!left.some((other) => other.represents)) tx.flag("unrepresented");
  tx.put(it, { officers: left });
}
/** Agents and guardians who are no officers sign for the company no more. */
function endAgents(tx: Tx<"is_officer">, company: Party, agents: readonly Party[]): void {
  const { officers: signing } = tx.get(companies, company);
  for (const agent of agents) {
    tx.require(!signing.some(({ officer: one, represents }) => one === agent && represents), "is_officer", { agent });
    disempower(tx, company, agent);
  }
}
function end(tx: Tx, it: Company, ground: string): void {
  rest(tx, it.normal);
  tx.move(it, "dissolved", { ground });
  setCompany(tx, it.company, "revoked");
}
export default business;
