// The member file: what an agency tells the others about itself: id, name, address, five public keys, each with a proof of possession. docs/protocol.md §6.
// Owns its canonical form and its check. Does not own: who becomes a member (governance), key files (keyFile.ts). Browser-clean but for the proofs of ML-DSA keys.

import { mlDsaSign, mlDsaVerify } from "#crypto";
import { type Bytes, text, utf8 } from "./bytes.ts";
import { decode, encode, type Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { MAX_NAME_LENGTH, ML_DSA_44_PUBLIC_BYTES } from "./limits.ts";
import { isRegistrableKey, sign, verify } from "./signature.ts";
import * as tags from "./tagNames.ts";
import { frame, noNetwork } from "./tags.ts";

/** One key, one purpose (§2). `checkpoint_pq` is ML-DSA-44, the rest Ed25519. */
export const memberKeyPurposes = ["checkpoint", "checkpoint_pq", "consensus", "organisation", "peer"] as const;
export type MemberKeyPurpose = (typeof memberKeyPurposes)[number];
export type MemberKeys = { readonly [purpose in MemberKeyPurpose]: Bytes };

export interface Member {
  /** Organisation id: `[a-z][a-z0-9-]{1,31}`. */
  readonly id: string;
  readonly name: string;
  /** Multiaddrs at which its node answers, e.g. /dns4/ledger.tax.example/tcp/7600. */
  readonly addresses: readonly string[];
  readonly contact: string;
  readonly keys: MemberKeys;
  /** A signature by each key over its own registration (`possessionFrame`). */
  readonly proofs: MemberKeys;
}

export const organisationIdPattern = /^[a-z][a-z0-9-]{1,31}$/;
const MAX_ADDRESSES = 4;
const MAX_ADDRESS_LENGTH = 128;

const algorithmOf = (purpose: string): string => (purpose === "checkpoint_pq" ? "ml-dsa-44" : "ed25519");

/** What a key signs to prove that its holder registers it: nobody can register another's key as his own (§2). */
export function possessionFrame(network: Bytes, principal: string, purpose: string, algorithm: string, key: Bytes): Bytes {
  return frame(tags.keyPossession, network, encode([principal, purpose, algorithm, key]));
}

/** The proof of possession of one key, by its 32-byte seed. */
export function provePossession(network: Bytes, principal: string, purpose: string, key: Bytes, seed: Bytes): Bytes {
  const bytes = possessionFrame(network, principal, purpose, algorithmOf(purpose), key);
  return purpose === "checkpoint_pq" ? mlDsaSign(seed, bytes) : sign(seed, bytes);
}

/** True if `proof` shows possession of `key` for this principal and purpose, and the key may be registered at all. */
export function possessionProved(network: Bytes, principal: string, purpose: string, key: Bytes, proof: Bytes): boolean {
  const bytes = possessionFrame(network, principal, purpose, algorithmOf(purpose), key);
  if (purpose === "checkpoint_pq") return key.length === ML_DSA_44_PUBLIC_BYTES && mlDsaVerify(proof, bytes, key);
  return isRegistrableKey(key) && verify(proof, bytes, key);
}

export function memberValue(member: Member): Value {
  const { id, name, addresses, contact, keys, proofs } = member;
  return { id, name, addresses, contact, keys: keysValue(keys), proofs: keysValue(proofs) };
}

function keysValue(keys: MemberKeys): Value {
  return Object.fromEntries(memberKeyPurposes.map((p) => [p, keys[p]]));
}

export function encodeMember(member: Member): Bytes {
  return encode(memberValue(member));
}

/** Throws `codec.…` or `member.malformed` naming the field. */
export function decodeMember(bytes: Bytes): Member {
  return memberFrom(decode(bytes));
}

export function memberFrom(value: Value | undefined): Member {
  const map = mapOf(value, "member", ["addresses", "contact", "id", "keys", "name", "proofs"]);
  const id = textOf(map["id"], "id", 32);
  if (!organisationIdPattern.test(id)) malformed("id");
  const addresses = map["addresses"];
  if (!Array.isArray(addresses) || addresses.length > MAX_ADDRESSES) return malformed("addresses");
  return {
    id,
    name: textOf(map["name"], "name", MAX_NAME_LENGTH),
    addresses: (addresses as Value[]).map((a) => textOf(a, "addresses", MAX_ADDRESS_LENGTH)),
    contact: textOf(map["contact"], "contact", MAX_NAME_LENGTH),
    keys: keysFrom(map["keys"], "keys"),
    proofs: keysFrom(map["proofs"], "proofs"),
  };
}

function keysFrom(value: Value | undefined, what: string): MemberKeys {
  const map = mapOf(value, what, memberKeyPurposes);
  for (const purpose of memberKeyPurposes) if (!(map[purpose] instanceof Uint8Array)) malformed(`${what}.${purpose}`);
  return map as unknown as MemberKeys;
}

/** Purposes whose proof of possession does not hold, before there is a network (`noNetwork`) or in one. */
export function memberFaults(member: Member, network: Bytes = noNetwork): MemberKeyPurpose[] {
  return memberKeyPurposes.filter((p) => !possessionProved(network, member.id, p, member.keys[p], member.proofs[p]));
}

export function mapOf(value: Value | undefined, what: string, names: readonly string[]): { readonly [name: string]: Value } {
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array) return malformed(what);
  const map = value as { readonly [name: string]: Value };
  const given = Object.keys(map);
  if (given.length !== names.length || names.some((n) => !(n in map))) malformed(what);
  return map;
}
export function textOf(value: Value | undefined, what: string, max: number): string {
  return typeof value === "string" && utf8(value).length <= max ? text(utf8(value)) : malformed(what);
}
function malformed(what: string): never {
  throw new LedgerError("member.malformed", { what });
}
