// Founding a network: member files from keys, and the genesis document as a pure function of member files, a plan and a time, so that several agencies
// build it and compare. docs/protocol.md §6, docs/operations.md, "Founding a network". Does not own: the documents' bytes (base/member, base/genesis).

import { type Bytes, compareBytes, utf8 } from "../base/bytes.ts";
import { type DocumentSignature, readDocument, writeDocument } from "../base/document.ts";
import { LedgerError } from "../base/errors.ts";
import { type Genesis, type Grant, type Purpose, signGenesis } from "../base/genesis.ts";
import type { Key } from "../base/keyFile.ts";
import {
  decodeMember,
  encodeMember,
  type Member,
  type MemberKeyPurpose,
  memberFaults,
  organisationIdPattern,
  provePossession,
} from "../base/member.ts";
import { defaultParameters, type ParameterName, parameterBounds, parametersFrom } from "../base/parameters.ts";
import { sign, verify } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { frame, noNetwork } from "../base/tags.ts";

export interface MemberFields {
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly contact: string;
}
export interface NodeKeys {
  readonly consensus: Key;
  readonly peer: Key;
  readonly checkpoint: Key;
}

const MISSING: Bytes = new Uint8Array(0);

/** The member record of a node's three keys; the organisation's key and its proof are still missing. Throws `member.malformed`. */
export function draftMember(fields: MemberFields, keys: NodeKeys, network: Bytes = noNetwork): Member {
  if (!organisationIdPattern.test(fields.id))
    throw new LedgerError("member.malformed", {
      why: `"${fields.id}" is no organisation id`,
      do: "use a–z, 0–9 and -, beginning with a letter: --organisation tax",
    });
  const ed = keys.checkpoint.publicKey.subarray(0, 32);
  const pq = keys.checkpoint.publicKey.subarray(32);
  const seeds = keys.checkpoint.secret;
  const prove = (purpose: MemberKeyPurpose, key: Bytes, seed: Bytes): Bytes => provePossession(network, fields.id, purpose, key, seed);
  return {
    ...fields,
    keys: { consensus: keys.consensus.publicKey, peer: keys.peer.publicKey, checkpoint: ed, checkpoint_pq: pq, organisation: MISSING },
    proofs: {
      consensus: prove("consensus", keys.consensus.publicKey, keys.consensus.secret),
      peer: prove("peer", keys.peer.publicKey, keys.peer.secret),
      checkpoint: prove("checkpoint", ed, seeds.subarray(0, 32)),
      checkpoint_pq: prove("checkpoint_pq", pq, seeds.subarray(32)),
      organisation: MISSING,
    },
  };
}

/** The organisation countersigns: its key stands in the record, with its proof of possession. */
export function completeMember(member: Member, organisation: Key, network: Bytes = noNetwork): Member {
  const proof = provePossession(network, member.id, "organisation", organisation.publicKey, organisation.secret);
  return { ...member, keys: { ...member.keys, organisation: organisation.publicKey }, proofs: { ...member.proofs, organisation: proof } };
}

/** The member file; signed whole by the organisation key once there is one. */
export function writeMember(member: Member, organisation?: Key): string {
  const body = encodeMember(member);
  const signatures =
    organisation === undefined ? [] : [{ by: member.id, signature: sign(organisation.secret, frame(tags.member, noNetwork, body)) }];
  return writeDocument({ format: "chancery-member/1", body, signatures });
}

/** Reads a member file; `problems` says what keeps it from being used. Throws `document.…`, `member.malformed`. */
export function readMember(content: string): { member: Member; body: Bytes; problems: string[] } {
  const { body, signatures } = readDocument(content, "chancery-member/1");
  const member = decodeMember(body);
  if (member.keys.organisation.length === 0)
    return { member, body, problems: ["the organisation has not signed: chancery member sign FILE --key ORGANISATION.key"] };
  const problems = memberFaults(member).map((purpose) => `the proof of possession of the ${purpose} key does not hold`);
  const own = signatures.find((s) => s.by === member.id);
  if (own === undefined || !verify(own.signature, frame(tags.member, noNetwork, body), member.keys.organisation))
    problems.push("the organisation's signature under the file does not fit");
  return { member, body, problems };
}

/** What founders decide besides their member files: P.toml of `genesis build`. */
export interface Plan {
  readonly name: string;
  readonly purpose: Purpose;
  readonly parameters: Readonly<Partial<Record<ParameterName, number>>>;
  /** Ids of the first validators; all members if left out. */
  readonly seats?: readonly string[];
  readonly grants: readonly Grant[];
}

/** A plan from decoded TOML. Throws `genesis.malformed` naming the field. */
export function planFrom(document: { readonly [name: string]: unknown }): Plan {
  for (const field of Object.keys(document))
    if (!["name", "purpose", "parameters", "seats", "grants"].includes(field)) malformed(`there is no field "${field}" in a plan`);
  const { name, purpose, parameters = {}, seats, grants = [] } = document;
  if (typeof name !== "string" || name === "") return malformed("name is missing");
  if (purpose !== "production" && purpose !== "development") return malformed("purpose must be production or development");
  if (typeof parameters !== "object" || parameters === null) return malformed("parameters must be a table");
  for (const p of Object.keys(parameters)) if (!Object.hasOwn(parameterBounds, p)) malformed(`there is no parameter "${p}"`);
  if (seats !== undefined && !(Array.isArray(seats) && seats.every((s) => typeof s === "string")))
    return malformed("seats must be a list of organisation ids");
  if (!Array.isArray(grants)) return malformed("grants must be a list of tables");
  return { name, purpose, parameters: parameters, ...(seats === undefined ? {} : { seats: seats }), grants: grants.map(grantFrom) };
}

function grantFrom(value: unknown): Grant {
  const { role, scope = "", agency, ...rest } = value as { role?: unknown; scope?: unknown; agency?: unknown };
  if (typeof role !== "string" || typeof scope !== "string" || typeof agency !== "string" || Object.keys(rest).length > 0)
    return malformed("a grant has role, scope and agency");
  return { role, scope, agency };
}

/** The genesis of a plan: same inputs, same bytes. */
export function planGenesis(plan: Plan, members: readonly Member[], time: number, protocol: number, manifest: Bytes): Genesis {
  const byId = (a: string, b: string): number => compareBytes(utf8(a), utf8(b));
  for (const seat of plan.seats ?? []) if (!members.some((m) => m.id === seat)) malformed(`seats names ${seat}, who has no member file`);
  return {
    name: plan.name,
    purpose: plan.purpose,
    time,
    protocol,
    manifest,
    parameters: parametersFrom({ ...defaultParameters, ...plan.parameters }),
    founders: [...members].sort((a, b) => byId(a.id, b.id)).map((member) => ({ member, seat: plan.seats?.includes(member.id) ?? true })),
    grants: [...plan.grants].sort((a, b) => byId(a.role, b.role) || byId(a.scope, b.scope) || byId(a.agency, b.agency)),
  };
}

/** A founder's signature, as it stands in the genesis file. */
export function founderSignature(network: Bytes, organisation: string, key: Key): DocumentSignature {
  return { by: organisation, signature: signGenesis(network, organisation, key.secret) };
}

function malformed(why: string): never {
  throw new LedgerError("genesis.malformed", { why, do: "correct the plan, or see docs/operations.md, “Founding a network”" });
}
