// The genesis document: who founds the network, under which rules. Its hash stands in every frame and wherever a hash of block 0 is asked for.
// docs/protocol.md §3.5, §6.1. Owns its canonical form, its hash and its check. Does not own: the state written from it (governance.found).

import { type Bytes, compareBytes, utf8 } from "./bytes.ts";
import { sortedSet, type ValidatorSet } from "./certificate.ts";
import { decode, encode, type Value } from "./codec.ts";
import { type DocumentSignature, type LedgerDocument, readDocument, writeDocument } from "./document.ts";
import { LedgerError } from "./errors.ts";
import { MAX_MEMBERS, MAX_NAME_LENGTH, MIN_PRODUCTION_VALIDATORS } from "./limits.ts";
import { type Member, mapOf, memberFaults, memberFrom, memberValue, textOf } from "./member.ts";
import { type Parameters, parametersFrom } from "./parameters.ts";
import { sign, verify } from "./signature.ts";
import * as tags from "./tagNames.ts";
import { frame, noNetwork, taggedBytes } from "./tags.ts";

export type Purpose = "production" | "development";

/** A role of a contract given to an agency at the founding: `role` = contract.role, `scope` empty for all. */
export interface Grant {
  readonly role: string;
  readonly scope: string;
  readonly agency: string;
}

export interface Founder {
  readonly member: Member;
  /** True for a validator of the first set. */
  readonly seat: boolean;
}

/** Where a network goes on with the state of another, more than f of whose keys are lost (§6.1). */
export interface Continuation {
  /** Genesis hash of the network that ended. */
  readonly network: Bytes;
  /** Its last certified block that counts. */
  readonly height: number;
  readonly block: Bytes;
  /** The state before block 1: what was carried over, and what this genesis writes. */
  readonly stateRoot: Bytes;
}

export interface Genesis {
  readonly name: string;
  /** Development relaxes keys in the clear, n < 4 and unsigned founders, and nothing else. */
  readonly purpose: Purpose;
  /** Milliseconds since 1970; block 1 is later. */
  readonly time: number;
  readonly protocol: number;
  /** Hash of the contracts' manifest. */
  readonly manifest: Bytes;
  readonly parameters: Parameters;
  /** Ascending by id. */
  readonly founders: readonly Founder[];
  readonly grants: readonly Grant[];
  readonly continues?: Continuation;
}

const MAX_GRANTS = 4_096;
const FIELDS = ["founders", "grants", "manifest", "name", "parameters", "protocol", "purpose", "time"] as const;

export function encodeGenesis(genesis: Genesis): Bytes {
  const { name, purpose, time, protocol, manifest, parameters, founders, grants, continues: on } = genesis;
  return encode({
    name,
    purpose,
    time,
    protocol,
    manifest,
    parameters: parameters as unknown as Value,
    founders: founders.map((f) => [memberValue(f.member), f.seat]),
    grants: grants.map((g) => [g.role, g.scope, g.agency]),
    ...(on !== undefined && { continues: [on.network, on.height, on.block, on.stateRoot] }),
  });
}

/** Throws `codec.…`, `member.malformed`, `parameters.invalid` or `genesis.malformed`. */
export function decodeGenesis(bytes: Bytes): Genesis {
  const value = decode(bytes);
  const names = value !== null && typeof value === "object" && "continues" in value ? [...FIELDS, "continues"] : FIELDS;
  const map = mapOf(value, "genesis", names);
  const { purpose, time, protocol, manifest, founders, grants } = map;
  if (purpose !== "production" && purpose !== "development") return malformed("purpose");
  if (typeof time !== "number" || time < 0 || typeof protocol !== "number" || protocol < 1) return malformed("time or protocol");
  if (!(manifest instanceof Uint8Array) || manifest.length !== 32) return malformed("manifest");
  if (!Array.isArray(founders) || founders.length < 1 || founders.length > MAX_MEMBERS) return malformed("founders");
  if (!Array.isArray(grants) || grants.length > MAX_GRANTS) return malformed("grants");
  const genesis: Genesis = {
    name: textOf(map["name"], "name", MAX_NAME_LENGTH),
    purpose,
    time,
    protocol,
    manifest,
    parameters: parametersFrom(map["parameters"]),
    founders: (founders as Value[]).map(founderFrom),
    grants: (grants as Value[]).map(grantFrom),
    ...(map["continues"] !== undefined && { continues: continuationFrom(map["continues"]) }),
  };
  for (let i = 1; i < founders.length; i++)
    if (compareBytes(utf8(genesis.founders[i - 1]!.member.id), utf8(genesis.founders[i]!.member.id)) >= 0) malformed("founders' order");
  return genesis;
}

function founderFrom(value: Value): Founder {
  const [member, seat, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  if (typeof seat !== "boolean" || rest.length > 0) return malformed("founder");
  return { member: memberFrom(member), seat };
}
function continuationFrom(value: Value): Continuation {
  const [network, height, block, stateRoot, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  const isHash = (v: Value | undefined): v is Bytes => v instanceof Uint8Array && v.length === 32;
  if (!isHash(network) || typeof height !== "number" || height < 1 || !isHash(block) || !isHash(stateRoot) || rest.length > 0)
    return malformed("continues");
  return { network, height, block, stateRoot };
}
function grantFrom(value: Value): Grant {
  const [role, scope, agency, ...rest] = Array.isArray(value) ? (value as Value[]) : [];
  if (typeof role !== "string" || typeof scope !== "string" || typeof agency !== "string" || rest.length > 0) return malformed("grant");
  return { role, scope, agency };
}
function malformed(what: string): never {
  throw new LedgerError("genesis.malformed", { what });
}

/** The hash of a genesis' canonical bytes: the network's identity. Signatures are not part of it. */
export function genesisHash(bytes: Bytes): Bytes {
  return taggedBytes(tags.genesis, noNetwork, bytes);
}

/** The validators of epoch 0: the founders with a seat. */
export function genesisValidators(genesis: Genesis): ValidatorSet {
  return sortedSet(genesis.founders.filter((f) => f.seat).map((f) => ({ id: f.member.id, key: f.member.keys.consensus })));
}

/** A founder's signature under the genesis, by the organisation key. */
export function signGenesis(network: Bytes, organisation: string, seed: Bytes): Bytes {
  return sign(seed, frame(tags.genesisSignature, network, encode([organisation])));
}

/** What keeps the document from founding a network; empty if nothing does. Production needs n ≥ 4 and every founder's signature, and so does a continuation. */
export function genesisProblems(genesis: Genesis, network: Bytes, signatures: readonly DocumentSignature[]): string[] {
  const problems: string[] = [];
  const seats = genesis.founders.filter((f) => f.seat).length;
  if (seats < 1) problems.push("no founder has a seat");
  if (genesis.purpose === "production" && seats < MIN_PRODUCTION_VALIDATORS)
    problems.push(`production needs ${MIN_PRODUCTION_VALIDATORS} validators, this has ${seats}`);
  const keys = new Set<string>();
  for (const { member } of genesis.founders) {
    for (const purpose of memberFaults(member)) problems.push(`${member.id}: the ${purpose} key's proof of possession does not hold`);
    for (const key of Object.values(member.keys)) {
      const name = String(key);
      if (keys.has(name)) problems.push(`${member.id}: a key is used twice`);
      keys.add(name);
    }
    const signed = signatures.find((s) => s.by === member.id);
    if (signed === undefined) {
      if (genesis.purpose === "production" || genesis.continues !== undefined) problems.push(`${member.id} has not signed`);
    } else if (!verify(signed.signature, frame(tags.genesisSignature, network, encode([member.id])), member.keys.organisation))
      problems.push(`${member.id}: the signature does not fit`);
  }
  for (const g of genesis.grants)
    if (!genesis.founders.some((f) => f.member.id === g.agency)) problems.push(`grant of ${g.role} to ${g.agency}, who is no founder`);
  return problems;
}

/** A genesis file, read and hashed. Throws as `readDocument` and `decodeGenesis` do. */
export function readGenesis(text: string): { genesis: Genesis; network: Bytes; document: LedgerDocument; validators: ValidatorSet } {
  const document = readDocument(text, "chancery-genesis/1");
  const genesis = decodeGenesis(document.body);
  return { genesis, network: genesisHash(document.body), document, validators: genesisValidators(genesis) };
}

export function writeGenesis(genesis: Genesis, signatures: readonly DocumentSignature[]): string {
  return writeDocument({ format: "chancery-genesis/1", body: encodeGenesis(genesis), signatures });
}
