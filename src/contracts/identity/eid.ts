// Digital identity: whose key it is, who may sign for whom, and the log of granted data flows. Service 1, standing of 14. Owns who may
// change the register that every signature is resolved by (principals.ts). Does not own: names and civil numbers, which never reach the
// chain; roles (governance); members' keys, which governance enters. docs/protocol.md §8, cryptography.md §4.

import type { Bytes } from "../../base/bytes.ts";
import { possessionProved } from "../../base/member.ts";
import { flag, hash, id, list, object, oneOf, optional, type Party, party, person, signs, time } from "../engine/index.ts";
import { aHash, aKey, aSeal, aSignature, monday } from "../kit/examples.ts";
import { signature as proof } from "../kit/signatures.ts";
import { serves } from "../kit/standing.ts";
import { answer, answering, authority, bindable, eid, enter, flow, grants, own, ownKey, replaceKey } from "./eidRecords.ts";
import { agents, guardians, keys, kindOf, ownPurpose, principals, signedFreely, window } from "./principals.ts";

export { bindable, enter, grants, recoveries, replaceKey, revokeKey } from "./eidRecords.ts";
export { guard, recover, recoverInPerson, renew, veto } from "./eidRecovery.ts";
export { registers } from "./eidAudits.ts";

// ── who is who ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const enrol = eid.action({
  title: "Enrol persons under their pseudonyms in a sector",
  by: { ministry: { role: "ministry", scope: (a) => a.sector } },
  input: { sector: id, persons: list(object({ person, key: hash, proof, until: optional(time), guardians: optional(guardians) }), 32, 1) },
  rules: ["key_unproved", "key_taken", "out_of_order", "guardians_unfit"],
  proofs: { key_unproved: ({ persons }, network) => persons.every((p) => possessionProved(network, p.person, "person", p.key, p.proof)) },
  work: 400,
  example: { sector: "identity", persons: [{ person: "p:ann", key: aKey, proof: aSignature }] },
  run(tx, { sector, persons }) {
    persons.forEach(({ person: principal, key, until, guardians: those }, i) => {
      tx.require(i === 0 || persons[i - 1]!.person < principal, "out_of_order", { person: principal });
      tx.require(those === undefined || those.needed <= those.size, "guardians_unfit");
      tx.create(principals, { principal, kind: "person", sector, guardians: those });
      enter(tx, { key, principal, purpose: "person", until });
    });
  },
});

export const register = eid.action({
  title: "Register a device or a company",
  by: { registrar: "registrar" },
  input: { principal: party, owner: party, key: hash, proof, until: optional(time) },
  rules: ["key_unproved", "key_taken", "wrong_register", "owner_unknown"],
  proofs: { key_unproved: (a, network) => possessionProved(network, a.principal, ownPurpose(a.principal), a.key, a.proof) },
  example: { principal: "c:acme", owner: "c:acme", key: aKey, proof: aSignature },
  run(tx, { principal, owner, key, until }) {
    const kind = kindOf(principal);
    if (kind !== "device" && kind !== "company") return tx.reject("wrong_register", { principal });
    tx.require(owner === principal || tx.known(owner), "owner_unknown", { owner });
    tx.create(principals, { principal, kind, owner, registrar: tx.signer("registrar") });
    enter(tx, { key, principal, purpose: kind, until });
  },
});

export const passOn = eid.action({
  title: "Pass a device on to another owner",
  by: { owner: signs("whose it is"), next: signs("whose it will be") },
  input: { device: party, next: party },
  rules: ["wrong_register"],
  example: { device: "d:meter-17", next: "p:bob" },
  run(tx, { device, next }) {
    const it = tx.get(principals, device);
    if (it.kind !== "device" || it.owner === undefined) return tx.reject("wrong_register", { principal: device });
    tx.signed("owner", it.owner);
    tx.signed("next", next);
    tx.put(it, { owner: next });
  },
});

const stopping = (title: string, to: "suspended" | "revoked") =>
  eid.action({
    title,
    by: { authority: answering },
    input: { principal: party, ground: id },
    rules: ["not_authority"],
    example: { principal: "p:ann", ground: "court-order-17" },
    run(tx, { principal, ground }) {
      const it = tx.get(principals, principal);
      authority(tx, "authority", it);
      tx.move(it, to, { ground });
    },
  });
export const suspend = stopping("Suspend a principal: it cannot act, in any contract", "suspended");
export const revoke = stopping("Revoke a principal for good", "revoked");
export const restore = eid.action({
  title: "Restore a suspended principal",
  by: { authority: answering },
  input: { principal: party },
  rules: ["not_authority"],
  example: { principal: "p:ann" },
  run(tx, { principal }) {
    const it = tx.get(principals, principal);
    authority(tx, "authority", it);
    tx.move(it, "live", { ground: undefined });
  },
});

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
    const { revision, $ } = tx.get(principals, principal);
    const standing = $.status === "live" && revision === old.revision;
    tx.require(serves(old, tx.time) && standing, "key_over", { status: old.$.status });
    replaceKey(tx, key, next);
  },
});

export const setKey = eid.action({
  title: "Suspend, restore or revoke one key",
  by: { by: signs("the principal, by its own key; or the authority that answers for the principal") },
  input: { key: hash, to: oneOf("live", "suspended", "revoked"), ground: optional(id) },
  rules: ["not_authority", "ground_missing"],
  example: { key: aKey, to: "revoked", ground: "stolen" },
  run(tx, { key, to, ground }) {
    const it = tx.get(keys, key);
    tx.require(!["organisation", "consensus", "peer", "checkpoint"].includes(it.purpose), "not_authority", { purpose: it.purpose });
    const barring = own(tx, it.principal) === undefined || it.barred === true;
    if (barring) authority(tx, "by", tx.get(principals, it.principal));
    tx.require(!barring || to === "live" || ground !== undefined, "ground_missing");
    tx.move(it, to, { ground: to === "live" ? undefined : ground, barred: barring && to === "suspended" ? true : undefined });
  },
});

// ── who signs for whom ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const appoint = eid.action({
  title: "Appoint an agent; enter a guardian",
  by: { by: signs("the principal, by its own key; for a guardian, the ministry"), agent: signs("who will act") },
  input: { principal: party, agent: party, guardian: flag, until: optional(time) },
  rules: ["own_key", "not_authority", "other_sector", "own_agent"],
  example: { principal: "c:acme", agent: "c:tax-advisers", guardian: false, until: monday },
  run(tx, { principal, agent, guardian, until }) {
    const it = tx.get(principals, principal);
    tx.require(agent !== principal, "own_agent");
    const before = tx.find(agents, principal, agent);
    if (guardian || (before?.guardian === true && before.$.status === "live")) authority(tx, "by", it);
    else ownKey(tx, "by", principal);
    tx.signed("agent", agent);
    tx.require(it.kind !== "person" || it.sector === (tx.get(principals, agent).sector ?? it.sector), "other_sector");
    const now = { guardian, until, revision: it.revision };
    if (before === undefined) tx.create(agents, { principal, agent, ...now });
    else if (before.$.status === "live") tx.put(before, now);
    else tx.move(before, "live", now);
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
    if (it.guardian) authority(tx, "by", tx.get(principals, principal));
    else ownKey(tx, "by", principal);
    tx.move(it, "revoked");
  },
});

// ── one grant per flow of data ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const grant = eid.action({
  title: "Grant one flow of data: these fields, for this purpose, to this user",
  by: { subject: signs("whose data it is") },
  input: flow,
  rules: ["grant_over", "own_asking"],
  example: { grant: "g-1", subject: "p:ann", holder: "tax", user: "land", purpose: "loan", fields: ["income"], until: monday },
  run(tx, it) {
    tx.signed("subject", it.subject);
    tx.require(tx.time < it.until && tx.known(it.holder) && tx.known(it.user), "grant_over");
    tx.require(signedFreely(tx, it.subject, it.user), "own_asking", { user: it.user });
    tx.create(grants, it);
  },
});

export const log = eid.action({
  title: "Log the flow under its grant: the digest of what was answered",
  by: { holder: signs("who holds the data") },
  input: { grant: id, answer },
  rules: ["grant_over"],
  example: { grant: "g-1", answer: aSeal(1) },
  run(tx, { grant: key, answer: sealed }) {
    const it = tx.get(grants, key);
    tx.signed("holder", it.holder);
    const between = tx.known(it.subject) && tx.known(it.user);
    tx.require(it.$.status === "open" && tx.time < it.until && between, "grant_over", { status: it.$.status });
    tx.move(it, "used", { answer: sealed });
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
/** An agency goes: none of its keys acts any more, those of its posts included; nor do they when it comes back. */
export const leaveAgency = eid.procedure((tx, principal: Party): void => {
  const it = tx.get(principals, principal);
  tx.move(it, "suspended", { revision: (it.revision ?? 0) + 1 });
});

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

export default eid;
