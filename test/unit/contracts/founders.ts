// A founded network for scenarios: members with all their keys, the real registers of keys and rights, and people to act in it. Whoever is
// called "ann" signs with the key of that name; a member's node signs with "tax.consensus".

import { mlDsaPublicKey } from "#crypto";
import type { Bytes } from "../../../src/base/bytes.ts";
import type { Genesis, Grant } from "../../../src/base/genesis.ts";
import { type Member, type MemberKeyPurpose, memberKeyPurposes, type MemberKeys, provePossession } from "../../../src/base/member.ts";
import { defaultParameters } from "../../../src/base/parameters.ts";
import { noNetwork } from "../../../src/base/tags.ts";
import { composition } from "../../../src/contracts/all.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { keyOf, type Options, type Scenario, scenario, seedOf, signedBy } from "./scenario.ts";

/** The name under which a member's key of a purpose is found: the organisation's own key has the member's name. */
export const keyName = (member: string, purpose: MemberKeyPurpose): string =>
  purpose === "organisation" ? member : `${member}.${purpose}`;
const pqKeys = new Map<string, Bytes>();
export function publicKey(member: string, purpose: MemberKeyPurpose): Bytes {
  const name = keyName(member, purpose);
  if (purpose !== "checkpoint_pq") return keyOf(name);
  if (!pqKeys.has(name)) pqKeys.set(name, mlDsaPublicKey(seedOf(name)));
  return pqKeys.get(name)!;
}

const each = (of: (purpose: MemberKeyPurpose) => Bytes): MemberKeys =>
  Object.fromEntries(memberKeyPurposes.map((purpose) => [purpose, of(purpose)])) as MemberKeys;
const members = new Map<string, Member>();
/** A member file as `init` and `member sign` make it: proofs made before there is a network. */
export function memberFile(id: string): Member {
  if (!members.has(id)) {
    const proof = (purpose: MemberKeyPurpose): Bytes =>
      provePossession(noNetwork, id, purpose, publicKey(id, purpose), seedOf(keyName(id, purpose)));
    const addresses = [`/dns4/${id}.example/tcp/7600`];
    const keys = each((purpose) => publicKey(id, purpose));
    members.set(id, { id, name: `Agency ${id}`, addresses, contact: `ledger@${id}.example`, keys, proofs: each(proof) });
  }
  return members.get(id)!;
}

export interface Founding extends Options {
  /** Members with a seat. */
  readonly members?: readonly string[];
  /** Members without. */
  readonly observers?: readonly string[];
  readonly grants?: readonly Grant[];
  readonly purpose?: Genesis["purpose"];
}
export const grant = (agency: string, role: string, scope = ""): Grant => ({ agency, role, scope });

export function genesisOf({
  members: seats = ["tax", "courts", "land", "health"],
  observers = [],
  grants = [],
  purpose,
}: Founding = {}): Genesis {
  const founders = [...seats, ...observers].sort().map((id) => ({ member: memberFile(id), seat: seats.includes(id) }));
  const manifest = new Uint8Array(32);
  const time = Date.UTC(2027, 0, 4);
  return { name: "Test", purpose: purpose ?? "production", time, protocol: 1, manifest, parameters: defaultParameters, founders, grants };
}

/** The network, founded, with the real contracts. */
export function founded(options: Founding = {}): Scenario {
  return scenario(composition, { ...options, genesis: genesisOf(options) });
}

/** A proof of possession of the key of this name. */
export const shown = (town: Scenario, principal: string, purpose: string, name: string): Bytes =>
  provePossession(town.network, principal, purpose, keyOf(name), seedOf(name));

/** Persons "p:ann" with the key "ann", enrolled in a sector by the ministry. */
export function enrol(town: Scenario, ministry: string, sector: string, ...names: string[]): void {
  const persons = [...names]
    .sort()
    .map((name) => ({ person: `p:${name}`, key: keyOf(name), proof: shown(town, `p:${name}`, "person", name) }));
  town.act(`${names.join(", ")} are enrolled`, eid.enrol, { sector, persons }, signedBy(ministry));
}
/** A company "c:acme" with the key "acme", or a device "d:phone" with the key "phone". */
export function register(town: Scenario, registrar: string, principal: string): void {
  const name = principal.slice(2);
  const proof = shown(town, principal, principal.startsWith("d:") ? "device" : "company", name);
  town.act(`${principal} is registered`, eid.register, { principal, owner: registrar, key: keyOf(name), proof }, signedBy(registrar));
}
