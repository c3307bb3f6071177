// The consortium's own rule: members propose and vote, and what passes is enacted by the vote that reaches it. Service 41. Owns who may
// change what network.ts holds: members, validators, parameters, protocol version, roles; and the record of equivocation. Does not own:
// when a change takes effect (the epoch's end, docs/protocol.md §4.3), bounds of parameters (base/parameters.ts), keys of principals (eid).

import { sortedSet, type ValidatorSet } from "../../base/certificate.ts";
import type { Genesis } from "../../base/genesis.ts";
import { EPOCH_END_HEIGHTS } from "../../base/limits.ts";
import type { Member } from "../../base/member.ts";
import { type Agency, agency, id, object, oneOf, optional, signs, text, time, type Tx } from "../engine/index.ts";
import { keys } from "../identity/principals.ts";
import { counted, decided, twoThirds } from "../kit/approvals.ts";
import { contradicts, evidence } from "../kit/equivocation.ts";
import { aHash, aKey, aSignature, monday } from "../kit/examples.ts";
import { allHeld, held, keyProof, memberKey, memberKeys, memberProofs } from "../kit/signatures.ts";
import { active, admit, bounded, changeKey, changing, enact, stamp } from "./enactment.ts";
import {
  contact,
  delegations,
  equivocations,
  governance,
  granted,
  grants,
  kinds,
  members,
  NETWORK,
  networks,
  proposals,
  what,
  whatNames,
} from "./network.ts";

export * from "./governanceAudits.ts";

/** How often a member takes one of an epoch's changes of seats by itself: by this seat and the other f − 1 at most every eighth epoch is closed to a vote. */
const ROTATION_EPOCHS = 8;

// ── proposals and votes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const byMember = { member: signs("the member, by its organisation's key") };
const candidate = optional(object({ ...contact, keys: memberKeys, proofs: memberProofs }));
/** Names of proposals that evidence opens. */
const OF_EVIDENCE = "equivocation-";
export const propose = governance.action({
  title: "Propose a change",
  by: byMember,
  input: { proposal: id, member: agency, ...what, candidate, proof: optional(keyProof) },
  rules: ["not_member", "proposal_unfit", "key_unproved", "parameter_bounds"],
  proofs: {
    key_unproved({ agency: whose = "", candidate: file, purpose, key, proof }, network) {
      if (file !== undefined) return allHeld(network, { id: whose, ...file });
      return purpose === undefined || key === undefined || (proof !== undefined && held(network, whose, { purpose, key }, proof));
    },
  },
  work: 200,
  example: { proposal: "seat-for-health", member: "tax", kind: "validator.add", agency: "health" },
  run(tx, { member, proof: _shown, candidate: file, ...it }) {
    byOwnKey(tx, member);
    const proposal = { ...it, ...(file && { candidate: body(file) }) };
    const needs: readonly string[] = kinds[it.kind];
    const fits = whatNames.every((name) => needs.includes(name) === (proposal[name] !== undefined));
    tx.require(fits && !it.proposal.startsWith(OF_EVIDENCE), "proposal_unfit", { needs });
    if (it.parameters !== undefined) bounded(tx, it.parameters);
    tx.create(proposals, { ...proposal, by: member, yes: [], no: [], closes: tx.time + tx.parameters.proposal_lifetime_ms });
  },
});

export const vote = governance.action({
  title: "Vote; the vote that reaches more than two thirds enacts",
  by: byMember,
  input: { proposal: id, member: agency, vote: oneOf("yes", "no") },
  rules: ["not_open", "voted_once", ...changing],
  work: 400,
  example: { proposal: "seat-for-health", member: "courts", vote: "yes" },
  run(tx, { proposal: key, member, vote: said }) {
    const it = tx.get(proposals, key);
    tx.require(it.$.status === "open" && tx.time < it.closes, "not_open", { status: it.$.status });
    const { votes, result, members: all } = ballot(tx, it, member, said);
    if (result === "open") return void tx.put(it, votes);
    tx.move(it, result === "adopted" ? "enacted" : "refused", { ...votes, members: all });
    if (result === "adopted") enact[it.kind](tx, it);
  },
});

interface Votes {
  readonly yes: readonly Agency[];
  readonly no: readonly Agency[];
}
/** A member by its organisation's key, for what other contracts let members alone do. */
export const asMember = governance.procedure((tx: Tx<"not_member">, member: Agency): void => void byOwnKey(tx, member));
/** A member's vote on something, once, counted by the one rule there is; other contracts that let members vote use it as well. */
export const ballot = governance.procedure((tx: Tx<"not_member" | "voted_once">, { yes, no }: Votes, member: Agency, said: keyof Votes) => {
  byOwnKey(tx, member);
  tx.require(!yes.includes(member) && !no.includes(member), "voted_once");
  const votes = { yes, no, [said]: [...(said === "yes" ? yes : no), member] };
  const now = tx.get(networks, NETWORK).members;
  return { votes, result: decided(votes.yes, votes.no, now), members: now.length };
});

export const expire = governance.due(proposals, {
  title: "A proposal that was neither adopted nor refused in its time expires",
  at: (it) => (it.$.status === "open" ? it.closes : undefined),
  run: (tx, it) => void tx.move(it, "expired"),
});

export const tally = governance.view({
  title: "How a proposal stands: members, votes that count, votes needed",
  input: { proposal: id },
  run(tx, { proposal }) {
    const { yes, no, closes, $ } = tx.get(proposals, proposal);
    const now = tx.get(networks, NETWORK).members;
    return { status: $.status, members: now.length, needed: twoThirds(now.length), yes: counted(yes, now), no: counted(no, now), closes };
  },
});

// ── a member's own acts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const amend = governance.action({
  title: "Change the own name, addresses or contact",
  by: byMember,
  input: { member: agency, ...contact },
  rules: ["not_member"],
  example: {
    member: "health",
    name: "Ministry of Health",
    addresses: ["/dns4/ledger.health.example/tcp/7600"],
    contact: "it@health.example",
  },
  run: (tx, { member, ...it }) => void tx.put(byOwnKey(tx, member), it),
});

export const rotate = governance.action({
  title: "Replace one of the own keys; a consensus or peer key changes with the epoch",
  by: byMember,
  input: { member: agency, ...memberKey, proof: keyProof },
  rules: ["not_member", "key_unproved", "eid.key_taken", "set_size", "too_many_changes", "rotated_lately"],
  proofs: { key_unproved: (a, network) => held(network, a.member, a, a.proof) },
  work: 200,
  example: { member: "health", purpose: "consensus", key: aKey, proof: aSignature },
  run(tx, { member, purpose, key }) {
    const it = byOwnKey(tx, member);
    if (purpose === "consensus" && it.seat) {
      const again = it.rotated === undefined ? 0 : it.rotated + ROTATION_EPOCHS;
      tx.require(tx.epoch >= again, "rotated_lately", { again });
      tx.put(it, { rotated: tx.epoch });
    }
    changeKey(tx, member, purpose, key);
  },
});

const delegation = { agency, post: id, role: id, scope: text(64) };
export const delegate = governance.action({
  title: "Let the keys of a post or system exercise a role",
  by: byMember,
  input: { ...delegation, until: optional(time) },
  rules: ["not_member", "not_held"],
  example: { agency: "land", post: "registrar-3", role: "property.registry", scope: "Q1", until: monday },
  run(tx, it) {
    byOwnKey(tx, it.agency);
    tx.require(granted(tx, it.agency, it.role, it.scope), "not_held", { role: it.role, scope: it.scope });
    const before = tx.find(delegations, it.agency, it.post, it.role, it.scope);
    if (before === undefined) tx.create(delegations, it);
    else tx.put(before.$.status === "live" ? before : tx.move(before, "live"), { until: it.until });
  },
});
export const recall = governance.action({
  title: "Recall a delegation",
  by: byMember,
  input: delegation,
  rules: ["not_member"],
  example: { agency: "land", post: "registrar-3", role: "property.registry", scope: "Q1" },
  run(tx, it) {
    byOwnKey(tx, it.agency);
    tx.move(tx.get(delegations, it.agency, it.post, it.role, it.scope), "withdrawn");
  },
});

// ── what a node says by its consensus key (protocol.md §2) ───────────────────────────────────────────────────────────────────────────
const byNode = { node: signs("the member's node, by its consensus key") };
export const ready = governance.action({
  title: "Say that the node is up, synced and ready for a seat",
  by: byNode,
  input: { member: agency },
  rules: ["not_member"],
  example: { member: "health" },
  run(tx, { member }) {
    const it = active(tx, member);
    tx.signed("node", it.keys.consensus);
    tx.put(it, { ready: tx.height });
  },
});

export const endEpoch = governance.action({
  title: "Ask for the epoch to end soon",
  by: byNode,
  input: { member: agency },
  rules: ["not_validator", "asked_too_soon"],
  example: { member: "health" },
  run(tx, { member }) {
    const network = tx.get(networks, NETWORK);
    validator(tx, network.validators, member);
    const it = tx.get(members, member);
    tx.require(it.asked === undefined || tx.height >= it.asked + EPOCH_END_HEIGHTS, "asked_too_soon", { asked: it.asked });
    tx.put(it, { asked: tx.height });
    tx.put(network, stamp(tx, network));
  },
});

export const accuse = governance.action({
  title: "Record equivocation; a proposal to remove the signer opens, and nobody is punished by it alone",
  by: byNode,
  input: { member: agency, ...evidence },
  rules: ["not_validator", "evidence_false", "not_consensus_key", "recorded_once"],
  proofs: { evidence_false: contradicts },
  // biome-ignore format: a table
  example: {
    member: "tax", signer: "health", key: aKey, kind: "commit", epoch: 7, view: 0, height: 7_012,
    first: { hash: aHash, signature: aSignature }, second: { hash: aKey, signature: aSignature },
  },
  run(tx, { member, ...it }) {
    const { validators } = tx.get(networks, NETWORK);
    validator(tx, validators, member);
    const key = tx.find(keys, it.key);
    tx.require(key?.principal === it.signer && key.purpose === "consensus", "not_consensus_key");
    tx.require(tx.find(equivocations, it.key, it.kind, it.epoch, it.view, it.height) === undefined, "recorded_once");
    tx.create(equivocations, { ...it, by: member });
    const proposal = `${OF_EVIDENCE}${it.signer}-${it.epoch}`; // one an epoch, whatever the signer goes on to sign
    if (!validators.some((v) => v.id === it.signer) || tx.find(proposals, proposal) !== undefined) return;
    const closes = tx.time + tx.parameters.proposal_lifetime_ms;
    tx.create(proposals, { proposal, by: member, kind: "validator.remove", agency: it.signer, yes: [], no: [], closes });
  },
});

/** Writes the state before block 1. */
export const found = governance.procedure((tx, genesis: Genesis): void => {
  const { founders, parameters, protocol, purpose } = genesis;
  const validators = sortedSet(founders.filter((f) => f.seat).map((f) => ({ id: f.member.id, key: f.member.keys.consensus })));
  const start = { part: NETWORK, changeEpoch: -1, changeHeight: 0, serving: validators.length, changed: [], members: [] };
  tx.create(networks, { ...start, validators, parameters, protocol, development: purpose === "development" });
  for (const { member, seat: seated } of founders) {
    admit(tx, member.id, body(member));
    if (seated) tx.put(tx.get(members, member.id), { seat: true });
  }
  for (const grant of genesis.grants) tx.create(grants, grant);
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The organisation's own key signed, for an active member. */
function byOwnKey(tx: Tx<"not_member">, who: Agency) {
  const it = active(tx, who);
  tx.signed("member", it.keys.organisation);
  return it;
}
/** The consensus key of a validator signed. */
function validator(tx: Tx<"not_validator">, set: ValidatorSet, who: Agency): void {
  const { key } = set.find((v) => v.id === who) ?? tx.reject("not_validator", { member: who });
  tx.signed("node", key);
}
/** A member file as it stands in the state: its proofs were checked, and stand in the act that brought them. */
const body = ({ name, addresses, contact: whom, keys: five }: Omit<Member, "id" | "proofs">) => ({
  name,
  addresses,
  contact: whom,
  keys: five,
});
export default governance;
