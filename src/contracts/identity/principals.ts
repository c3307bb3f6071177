// The register that every signature of every contract is resolved by: principals, their keys, who may sign for whom. Owns the records and
// the reading of them, at execution, so that a suspension ordered before holds. Does not own: who may change them (eid.ts).
// docs/protocol.md §8.

import type { Bytes } from "../../base/bytes.ts";
import { MAX_GUARDIANS } from "../../base/guardians.ts";
import {
  agency,
  count,
  flag,
  hash,
  id,
  object,
  oneOf,
  optional,
  type Party,
  party,
  range,
  type Reader,
  record,
  time,
} from "../engine/index.ts";
import { serves, standing, within } from "../kit/standing.ts";

export const kinds = ["agency", "person", "device", "company"] as const;
export type Kind = (typeof kinds)[number];
/** One key, one purpose. The first five sign transactions (`post`: of an office or system); the others are looked up here. */
const purposes = [
  "organisation",
  "person",
  "device",
  "company",
  "post",
  "access",
  "credential",
  "consensus",
  "peer",
  "checkpoint",
] as const;
export type Purpose = (typeof purposes)[number];
const acting: readonly Purpose[] = purposes.slice(0, 5);

export const window = { from: time, until: optional(time) };
/** Who can vouch for a new key: the root over `size` recovery keys (eidRecovery.ts), of which `needed` must sign. */
export const guardians = object({ root: hash, size: range(1, MAX_GUARDIANS), needed: range(1, MAX_GUARDIANS) });

export const principals = record("principal", {
  title: "Whoever acts: an agency, a person under one sector's pseudonym, a device, a company",
  key: ["principal"],
  read: "public",
  find: ["owner", "status"],
  /**
   * `keeper`: the contract that keeps a company and alone answers for its standing; where there is none, the registrar that registered it does. `revision`: all keys
   * and appointments of an earlier one are void (absent: 0).
   */
  fields: {
    ...{ principal: party, kind: oneOf(...kinds), sector: optional(id), owner: optional(party), keeper: optional(id) },
    ...{ registrar: optional(agency), ground: optional(id), guardians: optional(guardians), revision: optional(count) },
  },
  states: { live: ["suspended", "revoked"], suspended: ["live", "revoked"], revoked: [] },
});
export const keys = record("key", {
  title: "A public key, and whose it is: once and for ever",
  key: ["key"],
  read: "public",
  find: ["principal"],
  /** `barred`: suspended by who answers for the principal, and restored by nobody else. */
  fields: {
    ...{ key: hash, principal: party, purpose: oneOf(...purposes), post: optional(id), represents: flag, ...window },
    ...{ revision: optional(count), barred: optional(flag), ground: optional(id) },
  },
  states: standing,
});
export const agents = record("agent", {
  title: "Who may sign for another: an agent, or a guardian",
  key: ["principal", "agent"],
  read: ["principal", "agent"],
  find: ["agent"],
  /** A guardian is entered and ended by who answers for the principal, never by the principal: so are officers of a company that is kept. */
  fields: { principal: party, agent: party, guardian: flag, until: optional(time), revision: optional(count) },
  states: { live: ["revoked"], revoked: ["live"] },
});

/** Who stands behind a key. */
export interface Signer {
  readonly principal: Party;
  readonly kind: Kind;
  readonly sector?: string | undefined;
  readonly post?: string;
  /** May it sign for its principal as a party, not only by the roles delegated to its post? */
  readonly represents: boolean;
}

/** Who stands behind the key now; undefined if nobody may act by it. */
export function signerOf(tx: Reader, key: Bytes): Signer | undefined {
  const it = tx.find(keys, key);
  if (it === undefined || !serves(it, tx.time) || !acting.includes(it.purpose)) return undefined;
  const who = tx.find(principals, it.principal);
  if (who?.$.status !== "live" || who.revision !== it.revision) return undefined;
  const { kind, sector } = who;
  return { principal: it.principal, kind, sector, represents: it.represents, ...(it.post !== undefined && { post: it.post }) };
}

/** Who reads by a key of purpose `access`, which signs no transactions; undefined if nobody may now. */
export function readerOf(tx: Reader, key: Bytes): Signer | undefined {
  const it = tx.find(keys, key);
  if (it === undefined || !serves(it, tx.time) || it.purpose !== "access") return undefined;
  const who = tx.find(principals, it.principal);
  return who?.$.status === "live" && who.revision === it.revision
    ? { principal: it.principal, kind: who.kind, represents: true }
    : undefined;
}

/** May the signer sign as this party: as itself, or as its agent or guardian? */
export function actsFor(tx: Reader, { principal, represents }: Signer, who: Party): boolean {
  if (!represents) return false;
  if (principal === who) return true;
  const agent = tx.find(agents, who, principal);
  if (agent?.$.status !== "live" || !within(agent, tx.time)) return false;
  const it = tx.find(principals, who);
  return it?.$.status === "live" && (agent.guardian || agent.revision === it.revision);
}

/** Who of those that signed may sign for the party; in a dry run perhaps nobody yet. */
export const signedFor = (tx: Signed, who: Party): Signer[] =>
  tx.signers.map((key) => signerOf(tx, key)).filter((signer): signer is Signer => signer !== undefined && actsFor(tx, signer, who));
/** Did the party itself sign, or somebody who signs for it and not for the other as well? Where nobody did yet: so far. */
export function signedFreely(tx: Signed, who: Party, other: Party): boolean {
  const all = signedFor(tx, who);
  return all.length === 0 || all.some((signer) => signer.principal === who || !actsFor(tx, signer, other));
}
type Signed = Reader & { readonly signers: readonly Bytes[] };

/** Is the party registered and in good standing? */
export const known = (tx: Reader, who: Party): boolean => tx.find(principals, who)?.$.status === "live";

const prefixes: { readonly [prefix: string]: Kind } = { "p:": "person", "d:": "device", "c:": "company" };
/** What a party's name says it is. */
export const kindOf = (principal: Party): Kind | undefined => (principal[1] === ":" ? prefixes[principal.slice(0, 2)] : "agency");
/** The purpose of a principal's own key. */
export function ownPurpose(principal: Party): string {
  const kind = kindOf(principal);
  return kind === "agency" ? "organisation" : (kind ?? "unknown");
}

/** A person is of that sector; other parties are of none. A pseudonym of another sector would let one person act twice. */
export const ofSector = (tx: Reader, who: Party, sector: string): boolean =>
  kindOf(who) !== "person" || tx.find(principals, who)?.sector === sector;
