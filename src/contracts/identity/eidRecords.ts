// Digital identity: the contract's statute, its records, and the words in which its acts ask who may change the register. Service 1. Owns these. Does not own: the
// register of principals and keys itself, as every signature is resolved by it (principals.ts); the acts (eid.ts, eidRecovery.ts).

import type { Bytes } from "../../base/bytes.ts";
import { MAX_GUARDIANS } from "../../base/guardians.ts";
import { agency, contract, count, hash, id, list, oneOf, optional, type Party, party, person, range, record } from "../engine/index.ts";
import { type Row, sealed, signs, text, time, type Tx } from "../engine/index.ts";
import { agents, keys, principals, type Purpose, signerOf } from "./principals.ts";

/** Purposes of keys that principals bind themselves. */
export const bindable = oneOf("person", "device", "company", "post", "access", "credential");

export const flow = { grant: id, subject: person, holder: agency, user: party, purpose: id, fields: list(id, 16, 1), until: time };
/** What was answered: the salted root says nothing to who tries answers. */
export const answer = sealed({ values: text(1_000) });
export const grants = record("grant", {
  title: "A subject's grant of one flow of data",
  key: ["grant"],
  read: ["subject", "holder", "user"],
  find: ["subject"],
  fields: { ...flow, answer: optional(answer) },
  states: { open: ["used", "withdrawn"], used: [], withdrawn: [] },
});
/** `guardians`: how many vouched, none where a second agency did. The new key is in the register already, and serves once the principal has this revision. */
export const recoveries = record("recovery", {
  title: "A new key for who has lost the old one: it waits, so that the old one may object",
  key: ["principal"],
  read: ["principal", "ministry", "registrar"],
  find: ["status"],
  fields: { principal: party, key: hash, revision: count, guardians: range(0, MAX_GUARDIANS), voucher: optional(agency), until: time },
  states: { waiting: ["done", "stopped"], done: ["waiting"], stopped: ["waiting"] },
});

export const eid = contract("eid", {
  title: "Digital identity",
  purpose: "One key belongs to one principal, a suspension holds everywhere at once, and no data moves but by a signed grant.",
  records: [principals, keys, agents, grants, recoveries],
  roles: {
    ministry: "Enrols persons, per sector",
    registrar: "Registers devices, and companies that no business register keeps",
    voucher: "Sees in person who has lost his key and named no guardians, beside the ministry or the registrar",
  },
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
    own_agent: "Nobody is his own agent.",
    owner_unknown: "A device or a company is of who is registered and in good standing.",
    key_over: "A key that is suspended or revoked, or whose time is over, puts no other in its place.",
    grant_over: "A grant serves one flow of data, within its time, between those who are in good standing.",
    ground_missing: "Whoever stops another's key or standing says on what ground.",
    own_asking: "Nobody grants himself the data of another for whom he signs.",
    guardians_unfit: "Of the guardians no more are needed than there are.",
    guardian_unproved: "Each guardian signs for this principal, this key and this revision.",
    guardians_short: "As many of the guardians vouch as their principal laid down, each once.",
    guardians_named: "Where guardians are named they vouch; a second agency does where there are none.",
    recovery_stale: "A recovery names the principal's revision, and raises it by one.",
    second_agency: "Who vouches in person is another agency than the one that answers for the principal.",
  },
});

type NewKey = {
  key: Bytes;
  principal: Party;
  purpose: Purpose;
  post?: string | undefined;
  represents?: boolean;
  from?: number;
  until?: number | undefined;
  /** The principal's, if it is not given. */
  revision?: number | undefined;
};
export const enter = eid.procedure((tx, it: NewKey): void => {
  tx.require(tx.find(keys, it.key) === undefined, "key_taken", { key: it.key });
  tx.create(keys, { represents: true, from: tx.time, revision: it.revision ?? tx.get(principals, it.principal).revision, ...it });
});
export const replaceKey = eid.procedure((tx, key: Bytes, next: Bytes): void => {
  const { principal, purpose, post, represents, until } = tx.move(tx.get(keys, key), "replaced");
  enter(tx, { key: next, principal, purpose, post, represents, until });
});
export const revokeKey = eid.procedure((tx, key: Bytes): void => void tx.move(tx.get(keys, key), "revoked"));

// ── words of these files ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The signer's key that is the principal's own. */
export function own(tx: Tx, principal: Party): Bytes | undefined {
  return tx.signers.find((key) => {
    const it = signerOf(tx, key);
    return it?.principal === principal && it.post === undefined && it.represents;
  });
}
const NO_KEY: Bytes = new Uint8Array(32);
export function ownKey(tx: Tx<"own_key">, slot: string, principal: Party): void {
  tx.signed(slot, own(tx, principal) ?? NO_KEY, "own_key");
}
/** What answers for a principal: nothing does for agencies, which are governance's, and for companies that a business register keeps. */
const roleFor = ({ kind, keeper }: Principal): "ministry" | "registrar" | undefined =>
  kind === "agency" || keeper !== undefined ? undefined : kind === "person" ? "ministry" : "registrar";
type Principal = Row<typeof principals>;
export function answersFor(tx: Tx<string, "ministry" | "registrar">, it: Principal, who: Party): boolean {
  const role = roleFor(it);
  return role !== undefined && tx.holds(role, who, it.sector);
}
export const answering = signs("the ministry for persons, the registrar for devices and companies");
/** Whoever registered it, while that agency holds the role; any other that does, once it does not. */
export function authority(tx: Tx<"not_authority", "ministry" | "registrar">, slot: string, it: Principal): void {
  const role = roleFor(it);
  if (role === undefined) return tx.reject("not_authority");
  if (it.registrar !== undefined && tx.holds(role, it.registrar)) tx.signed(slot, it.registrar, "not_authority");
  tx.require(tx.holds(role, undefined, it.sector), "not_authority");
}
