// What a proposal does once it is adopted, and the two changes that members make themselves: keys and the end of an epoch. Owns how the
// rows of network.ts change, the limits on changes of the set, and the mark (changeEpoch, changeHeight) from which the epoch's end follows.
// Does not own: who decides (governance.ts). docs/protocol.md §4.3.

import type { Bytes } from "../../base/bytes.ts";
import { faults, sortedSet } from "../../base/certificate.ts";
import { MAX_MEMBERS, MAX_VALIDATORS, MIN_PRODUCTION_VALIDATORS } from "../../base/limits.ts";
import type { MemberKeyPurpose } from "../../base/member.ts";
import { parameterNames, parameterProblems, type Parameters } from "../../base/parameters.ts";
import type { Agency, FieldsOf, Row, Tx } from "../engine/index.ts";
import { enter, enterAgency, leaveAgency, replaceKey, revokeKey } from "../identity/eid.ts";
import { grants, type Kind, members, NETWORK, networks, type proposals } from "./network.ts";

/** The rules under which a change may be refused. */
export const changing = [
  "not_member",
  "changes_nothing",
  "seat_first",
  "not_ready",
  "set_size",
  "too_many_changes",
  "parameter_bounds",
  "protocol_rises",
  "eid.key_taken",
] as const;
type Changing = Tx<Exclude<(typeof changing)[number], `${string}.${string}`>>;
type Proposal = FieldsOf<typeof proposals>;
type NewMember = Pick<FieldsOf<typeof members>, "name" | "addresses" | "contact" | "keys">;

/** By kind of proposal; the fields that its kind needs are there. */
export const enact: { readonly [K in Kind]: (tx: Changing, it: Proposal) => void } = {
  "member.add": (tx, it) => admit(tx, it.agency!, it.candidate!),
  "member.remove"(tx, { agency: who }) {
    const it = active(tx, who!);
    const network = tx.get(networks, NETWORK);
    tx.require(!it.seat && !(network.changeEpoch === tx.epoch && network.changed.includes(who!)), "seat_first");
    tx.put(network, { members: network.members.filter((m) => m !== who) });
    tx.move(it, "left", { ready: undefined });
    for (const purpose of registered) revokeKey(tx, it.keys[purpose]);
    leaveAgency(tx, who!);
  },
  "member.key": (tx, it) => changeKey(tx, it.agency!, it.purpose!, it.key!),
  "validator.add"(tx, { agency: who }) {
    const it = active(tx, who!);
    tx.require(!it.seat, "changes_nothing");
    tx.require(it.ready !== undefined, "not_ready");
    seat(tx, who!, it.keys.consensus);
  },
  "validator.remove"(tx, { agency: who }) {
    tx.require(active(tx, who!).seat, "changes_nothing");
    seat(tx, who!, undefined);
  },
  "parameters.change"(tx, it) {
    const network = tx.get(networks, NETWORK);
    const after = bounded(tx, it.parameters!);
    const changes = parameterNames.some((name) => after[name] !== network.parameters[name]);
    tx.require(changes, "changes_nothing");
    tx.put(network, { ...stamp(tx, network), parameters: after });
  },
  "role.grant"(tx, it) {
    const grant = { agency: active(tx, it.agency!).member, role: it.role!, scope: it.scope! };
    const before = tx.find(grants, grant.agency, grant.role, grant.scope);
    tx.require(before?.$.status !== "live", "changes_nothing");
    if (before === undefined) tx.create(grants, grant);
    else tx.move(before, "live");
  },
  "role.revoke"(tx, it) {
    const grant = tx.get(grants, it.agency!, it.role!, it.scope!);
    tx.require(grant.$.status === "live", "changes_nothing");
    tx.move(grant, "revoked");
  },
  "protocol.activate"(tx, it) {
    const network = tx.get(networks, NETWORK);
    tx.require(it.protocol! > network.protocol, "protocol_rises", { protocol: network.protocol });
    tx.put(network, { ...stamp(tx, network), protocol: it.protocol! });
  },
};

/** The member, if it is one now. */
export function active(tx: Tx<"not_member">, who: Agency): Row<typeof members> {
  const it = tx.find(members, who);
  return it?.$.status === "active" ? it : tx.reject("not_member", { member: who });
}

/** Purposes whose keys stand in the register of keys; the post-quantum one stands in the member's row alone. */
const registered = ["checkpoint", "consensus", "organisation", "peer"] as const satisfies readonly MemberKeyPurpose[];

export function admit(tx: Tx<"changes_nothing" | "set_size">, who: Agency, it: NewMember): void {
  const network = tx.get(networks, NETWORK);
  tx.require(network.members.length < MAX_MEMBERS, "set_size");
  const before = tx.find(members, who);
  tx.require(before?.$.status !== "active", "changes_nothing");
  if (before === undefined) tx.create(members, { member: who, ...it, seat: false });
  else tx.move(before, "active", it);
  enterAgency(tx, who);
  for (const purpose of registered) enter(tx, { key: it.keys[purpose], principal: who, purpose });
  tx.put(network, { members: [...network.members, who] });
}

export function changeKey(
  tx: Tx<"not_member" | "set_size" | "too_many_changes">,
  who: Agency,
  purpose: MemberKeyPurpose,
  key: Bytes,
): void {
  const it = active(tx, who);
  if (purpose !== "checkpoint_pq") replaceKey(tx, it.keys[purpose], key);
  const now = tx.put(it, { keys: { ...it.keys, [purpose]: key }, ...(purpose === "consensus" && { ready: undefined }) });
  if (purpose === "consensus" && now.seat) seat(tx, who, key);
  else if (purpose === "peer") tx.put(tx.get(networks, NETWORK), stamp(tx, tx.get(networks, NETWORK)));
}

/** Gives a member a seat, another key in it, or (no key) takes it away: with the epoch's end (§4.3). */
function seat(tx: Tx<"set_size" | "too_many_changes">, who: Agency, key: Bytes | undefined): void {
  const network = tx.get(networks, NETWORK);
  const mark = stamp(tx, network);
  const { serving, changed } = { ...network, ...mark };
  const after = changed.includes(who) ? changed : [...changed, who];
  tx.require(after.length <= Math.max(1, faults(serving)), "too_many_changes", { serving, changed });
  const others = network.validators.filter((v) => v.id !== who);
  const validators = key === undefined ? others : sortedSet([...others, { id: who, key }]);
  const least = network.development ? 1 : MIN_PRODUCTION_VALIDATORS;
  tx.require(validators.length >= least && validators.length <= MAX_VALIDATORS, "set_size", { validators: validators.length });
  tx.put(network, { ...mark, validators, changed: after });
  tx.put(tx.get(members, who), { seat: key !== undefined, ready: undefined }); // for the next seat its node says it anew
}

/** The mark of a change: the height of the first one in this epoch (§4.3). */
export function stamp(tx: Tx, network: Row<typeof networks>): Partial<FieldsOf<typeof networks>> {
  if (network.changeEpoch === tx.epoch) return {};
  return { changeEpoch: tx.epoch, changeHeight: tx.height, serving: network.validators.length, changed: [] };
}

/** The parameters after the change, all within the bounds of the code (§4.6). */
export function bounded(tx: Tx<"parameter_bounds">, change: NonNullable<Proposal["parameters"]>): Parameters {
  const now = tx.get(networks, NETWORK).parameters;
  const after = { ...now, ...change } as Parameters;
  const problems = parameterProblems({ ...after });
  tx.require(problems.length === 0, "parameter_bounds", { problems });
  return after;
}
