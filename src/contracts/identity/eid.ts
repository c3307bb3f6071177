// Digital identity: whose key it is, who may sign for whom, and the log of granted data flows. Service 1, standing of 14. Owns who may
// change the register that every signature is resolved by (principals.ts). Does not own: names and civil numbers, which never reach the
// chain; roles (governance); members' keys, which governance enters. docs/protocol.md §8, cryptography.md §4.

import type { Bytes } from "../../base/bytes.ts";
import { possessionProved } from "../../base/member.ts";
import { agency, contract, flag, hash, id, list, object, oneOf, optional } from "../engine/index.ts";
import { type Party, party, person, record, type Row, signs, time, type Tx } from "../engine/index.ts";
import { aHash, aKey, aSignature, monday } from "../kit/examples.ts";
import { signature as proof } from "../kit/signatures.ts";
import { serves } from "../kit/standing.ts";
import { agents, keys, kindOf, ownPurpose, principals, type Purpose, signerOf, window } from "./principals.ts";

/** Purposes of keys that principals bind themselves. */
const bindable = oneOf("person", "device", "company", "post", "access", "credential");

const flow = { grant: id, subject: person, holder: agency, user: party, purpose: id, fields: list(id, 16, 1), until: time };
export const grants = record("grant", {
  title: "A subject's grant of one flow of data",
  key: ["grant"],
  read: ["subject", "holder", "user"],
  find: ["subject"],
  fields: { ...flow, answer: optional(hash) },
  states: { open: ["used", "withdrawn"], used: [], withdrawn: [] },
});

const eid = contract("eid", {
  title: "Digital identity",
  purpose: "One key belongs to one principal, a suspension holds everywhere at once, and no data moves but by a signed grant.",
  records: [principals, keys, agents, grants],
  roles: { ministry: "Enrols persons, per sector", registrar: "Registers devices, and companies that no business register keeps" },
  rules: {
    key_unproved: "Who registers a key shows that he holds it.",
    key_taken: "A key is registered once: for one principal, one sector, one purpose.",
    out_of_order: "Persons enrolled together are listed by pseudonym, so that the list says nothing more of them.",
    wrong_register:
      "Agencies are entered by governance, persons by the ministry, devices by the registrar, companies by a business register or the registrar.",
    purpose_unfit: "A key's purpose fits its principal, and its time ends after it begins.",
    own_key: "Keys and agents are a matter for the principal's own key, not for a post's or an agent's.",
    not_authority:
      "The ministry answers for persons, the registrar for devices and companies, a business register alone for those that it keeps, governance alone for agencies.",
    other_sector: "Who signs for a person is no person of another sector.",
    key_over: "A key that is suspended or revoked, or whose time is over, puts no other in its place.",
    grant_over: "A grant serves one flow of data, within its time.",
  },
});

// ── who is who ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const enrol = eid.action({
  title: "Enrol persons under their pseudonyms in a sector",
  by: { ministry: { role: "ministry", scope: (a) => a.sector } },
  input: { sector: id, persons: list(object({ person, key: hash, proof, until: optional(time) }), 32, 1) },
  rules: ["key_unproved", "key_taken", "out_of_order"],
  proofs: { key_unproved: ({ persons }, network) => persons.every((p) => possessionProved(network, p.person, "person", p.key, p.proof)) },
  work: 400,
  example: { sector: "identity", persons: [{ person: "p:ann", key: aKey, proof: aSignature }] },
  run(tx, { sector, persons }) {
    persons.forEach(({ person: principal, key, until }, i) => {
      tx.require(i === 0 || persons[i - 1]!.person < principal, "out_of_order", { person: principal });
      tx.create(principals, { principal, kind: "person", sector });
      enter(tx, { key, principal, purpose: "person", until });
    });
  },
});

export const register = eid.action({
  title: "Register a device or a company",
  by: "registrar",
  input: { principal: party, owner: party, key: hash, proof, until: optional(time) },
  rules: ["key_unproved", "key_taken", "wrong_register"],
  proofs: { key_unproved: (a, network) => possessionProved(network, a.principal, ownPurpose(a.principal), a.key, a.proof) },
  example: { principal: "c:acme", owner: "c:acme", key: aKey, proof: aSignature },
  run(tx, { principal, owner, key, until }) {
    const kind = kindOf(principal);
    if (kind !== "device" && kind !== "company") return tx.reject("wrong_register", { principal });
    tx.create(principals, { principal, kind, owner });
    enter(tx, { key, principal, purpose: kind, until });
  },
});

const statusAction = (title: string, to: "live" | "suspended" | "revoked") =>
  eid.action({
    title,
    by: { authority: signs("the ministry for persons, the registrar for devices and companies") },
    input: { principal: party },
    rules: ["not_authority"],
    example: { principal: "p:ann" },
    run(tx, { principal }) {
      const it = tx.get(principals, principal);
      authority(tx, it);
      tx.move(it, to);
    },
  });
export const suspend = statusAction("Suspend a principal: it cannot act, in any contract", "suspended");
export const restore = statusAction("Restore a suspended principal", "live");
export const revoke = statusAction("Revoke a principal for good", "revoked");

// ── whose key ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const bind = eid.action({
  title: "Bind a further key: of the principal, of a post or system of it, or for another purpose",
  by: { principal: signs("the principal, by its own key") },
  input: { principal: party, key: hash, proof, purpose: bindable, post: optional(id), represents: flag, ...window },
  rules: ["key_unproved", "key_taken", "purpose_unfit", "own_key"],
  proofs: { key_unproved: (a, network) => possessionProved(network, a.principal, a.purpose, a.key, a.proof) },
  example: { principal: "land", key: aKey, proof: aSignature, purpose: "post", post: "clerk", represents: false, from: monday },
  run(tx, { proof: _shown, ...it }) {
    ownKey(tx, "principal", it.principal);
    const kind = kindOf(it.principal);
    const fits =
      it.purpose === "post"
        ? kind === "agency" || kind === "company"
        : it.purpose === kind || ["access", "credential"].includes(it.purpose);
    tx.require(fits && (it.purpose === "post") === (it.post !== undefined) && it.from < (it.until ?? Infinity), "purpose_unfit");
    enter(tx, it);
  },
});

export const rotate = eid.action({
  title: "Replace a key by a new one",
  by: { holder: signs("who holds the old key, with it") },
  input: { principal: party, purpose: bindable, key: hash, next: hash, proof },
  rules: ["key_unproved", "key_taken", "purpose_unfit", "key_over"],
  proofs: { key_unproved: (a, network) => possessionProved(network, a.principal, a.purpose, a.next, a.proof) },
  example: { principal: "p:ann", purpose: "person", key: aKey, next: aHash, proof: aSignature },
  run(tx, { principal, purpose, key, next }) {
    const old = tx.get(keys, key);
    tx.require(old.principal === principal && old.purpose === purpose, "purpose_unfit", { principal: old.principal, purpose: old.purpose });
    tx.signed("holder", key);
    tx.require(serves(old, tx.time) && tx.known(principal), "key_over", { status: old.$.status });
    replaceKey(tx, key, next);
  },
});

export const setKey = eid.action({
  title: "Suspend, restore or revoke one key",
  by: { by: signs("the principal, by its own key; or the authority that answers for the principal") },
  input: { key: hash, to: oneOf("live", "suspended", "revoked") },
  rules: ["not_authority"],
  example: { key: aKey, to: "revoked" },
  run(tx, { key, to }) {
    const it = tx.get(keys, key);
    tx.require(!["organisation", "consensus", "peer", "checkpoint"].includes(it.purpose), "not_authority", { purpose: it.purpose });
    if (own(tx, it.principal) === undefined) authority(tx, tx.get(principals, it.principal));
    tx.move(it, to);
  },
});

// ── who signs for whom ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const appoint = eid.action({
  title: "Appoint an agent; enter a guardian",
  by: { by: signs("the principal, by its own key; for a guardian, the ministry"), agent: signs("who will act") },
  input: { principal: party, agent: party, guardian: flag, until: optional(time) },
  rules: ["own_key", "not_authority", "other_sector"],
  example: { principal: "c:acme", agent: "c:tax-advisers", guardian: false, until: monday },
  run(tx, { principal, agent, guardian, until }) {
    const it = tx.get(principals, principal);
    if (guardian) authority(tx, it);
    else ownKey(tx, "by", principal);
    tx.signed("agent", agent);
    tx.require(it.sector === (tx.get(principals, agent).sector ?? it.sector), "other_sector");
    const before = tx.find(agents, principal, agent);
    if (before === undefined) tx.create(agents, { principal, agent, guardian, until });
    else tx.move(before, "live", { guardian, until });
  },
});

export const dismiss = eid.action({
  title: "Dismiss an agent; end a guardianship",
  by: { by: signs("the principal, by its own key; for a guardian, the ministry") },
  input: { principal: party, agent: party },
  rules: ["own_key", "not_authority"],
  example: { principal: "c:acme", agent: "c:tax-advisers" },
  run(tx, { principal, agent }) {
    const it = tx.get(agents, principal, agent);
    if (it.guardian) authority(tx, tx.get(principals, principal));
    else ownKey(tx, "by", principal);
    tx.move(it, "revoked");
  },
});

// ── one grant per flow of data ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const grant = eid.action({
  title: "Grant one flow of data: these fields, for this purpose, to this user",
  by: { subject: signs("whose data it is") },
  input: flow,
  example: { grant: "g-1", subject: "p:ann", holder: "tax", user: "land", purpose: "loan", fields: ["income"], until: monday },
  run(tx, it) {
    tx.signed("subject", it.subject);
    tx.create(grants, it);
  },
});

export const log = eid.action({
  title: "Log the flow under its grant: the digest of what was answered",
  by: { holder: signs("who holds the data") },
  input: { grant: id, answer: hash },
  rules: ["grant_over"],
  example: { grant: "g-1", answer: aHash },
  run(tx, { grant: key, answer }) {
    const it = tx.get(grants, key);
    tx.signed("holder", it.holder);
    tx.require(it.$.status === "open" && tx.time < it.until, "grant_over", { status: it.$.status });
    tx.move(it, "used", { answer });
  },
});

export const withdraw = eid.action({
  title: "Withdraw a grant that has not been used",
  by: { subject: signs("whose data it is") },
  input: { grant: id },
  example: { grant: "g-1" },
  run(tx, { grant: key }) {
    const it = tx.get(grants, key);
    tx.signed("subject", it.subject);
    tx.move(it, "withdrawn");
  },
});

// ── for governance: agencies, and the keys of members ────────────────────────────────────────────────────────────────────────────────
/** An agency comes, or comes back. */
export const enterAgency = eid.procedure((tx, principal: Party): void => {
  const before = tx.find(principals, principal);
  if (before === undefined) tx.create(principals, { principal, kind: "agency" });
  else tx.move(before, "live");
});
/** An agency goes: none of its keys acts any more, those of its posts included. */
export const leaveAgency = eid.procedure((tx, principal: Party): void => void tx.move(tx.get(principals, principal), "suspended"));

// ── for business registers: the companies that they keep ─────────────────────────────────────────────────────────────────────────────────
/** A company comes, with its first key, or the registrar's is taken over with the keys it has: from now on its keeper answers for it. */
export const enterCompany = eid.procedure((tx, principal: Party, keeper: string, key?: Bytes): void => {
  const before = tx.find(principals, principal);
  tx.require(kindOf(principal) === "company" && before?.keeper === undefined, "wrong_register", { keeper: before?.keeper });
  if (before === undefined) tx.create(principals, { principal, kind: "company", owner: principal, keeper });
  else tx.put(before, { keeper });
  if (key !== undefined) enter(tx, { key, principal, purpose: "company" });
});
/** Suspended, live again, or revoked for good: then none of its keys, officers or agents acts for it, in any contract. */
export const setCompany = eid.procedure(
  (tx, principal: Party, to: "live" | "suspended" | "revoked"): void => void tx.move(tx.get(principals, principal), to),
);
/** An officer signs for the company, by the pseudonym under which the keeper knows him. */
export const empower = eid.procedure((tx, principal: Party, agent: Party): void => {
  const before = tx.find(agents, principal, agent);
  const it = { guardian: true, until: undefined };
  if (before === undefined) tx.create(agents, { principal, agent, ...it });
  else if (before.$.status === "live") tx.put(before, it);
  else tx.move(before, "live", it);
});
/** He signs for it no more. */
export const disempower = eid.procedure(
  (tx, principal: Party, agent: Party): void => void tx.move(tx.get(agents, principal, agent), "revoked"),
);

type NewKey = {
  key: Bytes;
  principal: Party;
  purpose: Purpose;
  post?: string | undefined;
  represents?: boolean;
  from?: number;
  until?: number | undefined;
};
export const enter = eid.procedure((tx, it: NewKey): void => {
  tx.require(tx.find(keys, it.key) === undefined, "key_taken", { key: it.key });
  tx.create(keys, { represents: true, from: tx.time, ...it });
});
export const replaceKey = eid.procedure((tx, key: Bytes, next: Bytes): void => {
  const { principal, purpose, post, represents, until } = tx.move(tx.get(keys, key), "replaced");
  enter(tx, { key: next, principal, purpose, post, represents, until });
});
export const revokeKey = eid.procedure((tx, key: Bytes): void => void tx.move(tx.get(keys, key), "revoked"));

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The signer's key that is the principal's own. */
function own(tx: Tx, principal: Party): Bytes | undefined {
  return tx.signers.find((key) => {
    const it = signerOf(tx, key);
    return it?.principal === principal && it.post === undefined;
  });
}
const NO_KEY: Bytes = new Uint8Array(32);
function ownKey(tx: Tx<"own_key">, slot: string, principal: Party): void {
  tx.signed(slot, own(tx, principal) ?? NO_KEY, "own_key");
}
function authority(tx: Tx<"not_authority", "ministry" | "registrar">, it: Row<typeof principals>): void {
  tx.require(
    it.keeper === undefined && it.kind !== "agency" && tx.holds(it.kind === "person" ? "ministry" : "registrar", undefined, it.sector),
    "not_authority",
  );
}
export default eid;
