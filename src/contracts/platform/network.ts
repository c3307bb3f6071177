// What the members have decided: who they are, who validates, under which parameters, who holds which role. Owns the records, the rules and the
// reading of records: the ledger reads `consensusView` at each epoch's end, the engine asks `holds`. Does not own: how they change
// (governance.ts), what an auditor recomputes (governanceAudits.ts). docs/protocol.md §4.3, §4.6, §8.

import { faults, type ValidatorSet } from "../../base/certificate.ts";
import { MAX_MEMBERS, MAX_NAME_LENGTH, MAX_VALIDATORS } from "../../base/limits.ts";
import type { MemberKeys } from "../../base/member.ts";
import { type ParameterName, type Parameters, parameterNames } from "../../base/parameters.ts";
import { agency, contract, count, flag, hash, id, list, object, oneOf, optional, range, record, text, time } from "../engine/index.ts";
import type { Field, Party, Reader, Row } from "../engine/index.ts";
import { approvals } from "../kit/approvals.ts";
import { evidence } from "../kit/equivocation.ts";
import { memberKey, memberKeys } from "../kit/signatures.ts";
import { within } from "../kit/standing.ts";

type Whole = { readonly [N in ParameterName]: Field<number> };
type Some = { readonly [N in ParameterName]: Field<number> & { readonly optional: true } };
const each = <T>(field: Field<number>): T => Object.fromEntries(parameterNames.map((name) => [name, field])) as T;

// ── words of members ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const contact = { name: text(MAX_NAME_LENGTH), addresses: list(text(128), 4), contact: text(MAX_NAME_LENGTH) };

/** The one row that says how the network runs from the next epoch on. */
export const networks = record("network", {
  title: "Validators, parameters and protocol version in force from the next epoch on",
  key: ["part"],
  read: "public",
  fields: {
    part: id,
    validators: list(object({ id: agency, key: hash }), MAX_VALIDATORS),
    parameters: object(each<Whole>(count)),
    protocol: count,
    /** The epoch of the last change, the height of the first one in it (§4.3); before any change −1 and 0. */
    changeEpoch: range(-1, Number.MAX_SAFE_INTEGER),
    changeHeight: count,
    /** In that epoch: how many validators serve, and which seats change with its end. */
    serving: count,
    changed: list(agency, Math.max(1, faults(MAX_VALIDATORS))),
    members: list(agency, MAX_MEMBERS),
    development: flag,
  },
  bytes: 32_768,
});
/** The key of that row. */
export const NETWORK = "network";

export const members = record("member", {
  title: "A member agency, its node and its public keys",
  key: ["member"],
  read: "public",
  find: ["seat", "status"],
  /** The height at which its node said that it is ready, and last asked for an epoch's end; the epoch in which it last replaced the key of its seat itself. */
  fields: {
    member: agency,
    ...contact,
    keys: memberKeys,
    seat: flag,
    ready: optional(count),
    asked: optional(count),
    rotated: optional(count),
  },
  states: { active: ["left"], left: ["active"] },
});
export const grants = record("grant", {
  title: "A role that an agency holds, everywhere or within a scope",
  key: ["agency", "role", "scope"],
  read: "public",
  find: ["agency", "role"],
  fields: { agency, role: id, scope: text(64) },
  states: { live: ["revoked"], revoked: ["live"] },
});
export const delegations = record("delegation", {
  title: "A role that an agency lets the keys of a post or system exercise",
  key: ["agency", "post", "role", "scope"],
  read: "public",
  find: ["agency"],
  fields: { agency, post: id, role: id, scope: text(64), until: optional(time) },
  states: { live: ["withdrawn"], withdrawn: ["live"] },
});

// ── proposals ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What each kind of proposal says, by the names of `what`. */
export const kinds = {
  "member.add": ["agency", "candidate"],
  "member.remove": ["agency"],
  "member.key": ["agency", "purpose", "key"],
  "validator.add": ["agency"],
  "validator.remove": ["agency"],
  "parameters.change": ["parameters"],
  "role.grant": ["agency", "role", "scope"],
  "role.revoke": ["agency", "role", "scope"],
  "protocol.activate": ["protocol"],
} as const;
export type Kind = keyof typeof kinds;
const said = {
  agency: optional(agency),
  candidate: optional(object({ ...contact, keys: memberKeys })),
  purpose: optional(memberKey.purpose),
  key: optional(memberKey.key),
  parameters: optional(object(each<Some>(optional(count)))),
  role: optional(id),
  scope: optional(text(64)),
  protocol: optional(count),
};
export const whatNames = Object.keys(said) as (keyof typeof said)[];
export const what = { kind: oneOf(...(Object.keys(kinds) as [Kind, ...Kind[]])), ...said };

export const proposals = record("proposal", {
  title: "A change that members vote on",
  key: ["proposal"],
  read: "public",
  find: ["status", "by", "kind"],
  fields: {
    ...{ proposal: id, by: agency, ...what, yes: approvals(agency, MAX_MEMBERS), no: approvals(agency, MAX_MEMBERS), closes: time },
    /** Of how many members, once it is decided. */
    members: optional(count),
  },
  states: { open: ["enacted", "refused", "expired"], enacted: [], refused: [], expired: [] },
  bytes: 32_768,
});

export const equivocations = record("equivocation", {
  title: "Two signatures of one consensus key that contradict each other",
  key: ["key", "kind", "epoch", "view", "height"],
  read: "public",
  find: ["signer"],
  fields: { ...evidence, by: agency },
});

// ── the statute ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const governance = contract("governance", {
  title: "Consortium governance",
  purpose: "Every change of members, roles, validators, parameters or version passes by more than two thirds of the members.",
  records: [networks, members, grants, delegations, proposals, equivocations],
  roles: {},
  rules: {
    not_member: "Members alone propose, vote, have seats and hold roles.",
    proposal_unfit: "A proposal says what its kind needs, and nothing else.",
    key_unproved: "Who registers a key shows that he holds it.",
    parameter_bounds: "No vote sets a parameter outside its bounds.",
    protocol_rises: "The protocol version only rises.",
    not_open: "A proposal is voted on while it is open.",
    voted_once: "A member votes once on a proposal.",
    seat_first: "A validator leaves the members after its seat has ended with an epoch: until then it serves.",
    changes_nothing: "What is decided changes something: nobody is admitted, seated, entitled or removed twice.",
    not_ready: "A validator is seated after its own node has said that it is ready.",
    set_size: "There are at most 256 members, and 4 to 128 validators; in a development network from 1.",
    too_many_changes: "In one epoch at most ⌊(n − 1)/3⌋ of the n seats change; one, where there are fewer than four.",
    rotated_lately:
      "A member replaces the consensus key of its own seat once in eight epochs, so that no member uses up the changes of every epoch; sooner by vote.",
    not_validator: "Only a validator asks for an epoch's end or tells of equivocation.",
    asked_too_soon: "A validator asks for an epoch's end once in 20 heights.",
    evidence_false: "Evidence is two valid signatures of one key, for one slot, over different hashes.",
    not_consensus_key: "Evidence is of a key that is or was the signer's consensus key.",
    recorded_once: "Equivocation is recorded once for a key, kind, epoch, view and height.",
    not_held: "Nobody delegates more than he holds.",
  },
});

// ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Does the agency hold the role, unscoped or within the scope? */
export function granted(tx: Reader, who: Party, role: string, scope: string | undefined): boolean {
  const live = (of: string): boolean => tx.find(grants, who, role, of)?.$.status === "live";
  return live("") || (scope !== undefined && scope !== "" && live(scope));
}
/** May a post's key exercise it: delegated, in its time, and still held by the agency itself? */
export function delegated(tx: Reader, who: Party, post: string, role: string, scope: string | undefined): boolean {
  const live = (of: string): boolean => {
    const it = tx.find(delegations, who, post, role, of);
    return it?.$.status === "live" && within(it, tx.time);
  };
  return granted(tx, who, role, scope) && (live("") || (scope !== undefined && scope !== "" && live(scope)));
}

// ── what consensus reads ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export interface NetworkMember {
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly contact: string;
  readonly keys: MemberKeys;
  /** In the set of the next epoch. */
  readonly seat: boolean;
}
export interface ConsensusView {
  /** In force from the next epoch on. */
  readonly validators: ValidatorSet;
  readonly parameters: Parameters;
  readonly protocol: number;
  /** The epoch e ends at min(S + K − 1, changeEpoch === e ? changeHeight + W : ∞) (§4.3). */
  readonly changeEpoch: number;
  readonly changeHeight: number;
  readonly members: readonly NetworkMember[];
}
/** What the state says of the network. */
export function consensusView(tx: Reader): ConsensusView {
  const { validators, parameters: inForce, protocol, changeEpoch, changeHeight, members: ids } = tx.get(networks, NETWORK);
  const all = ids.map((key) => memberView(tx.get(members, key)));
  return { validators, parameters: inForce, protocol, changeEpoch, changeHeight, members: all };
}
const memberView = ({ member, name, addresses, contact: whom, keys, seat }: Row<typeof members>): NetworkMember => ({
  id: member,
  name,
  addresses,
  contact: whom,
  keys,
  seat,
});
