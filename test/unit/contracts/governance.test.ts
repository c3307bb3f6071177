// Consortium governance (service 41; docs/protocol.md §4.3, §4.6, §4.10): founding, members, seats, parameters, roles, evidence – by vote,
// and never past the limits that keep the chain going.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, equalBytes, hex } from "../../../src/base/bytes.ts";
import { faults, voteFrame } from "../../../src/base/certificate.ts";
import { encode } from "../../../src/base/codec.ts";
import { type MemberKeyPurpose, provePossession } from "../../../src/base/member.ts";
import { defaultParameters, parameterProblems } from "../../../src/base/parameters.ts";
import { sign } from "../../../src/base/signature.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { frame } from "../../../src/base/tags.ts";
import { composition } from "../../../src/contracts/all.ts";
import * as evidence from "../../../src/contracts/documents/evidence.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import * as eid from "../../../src/contracts/identity/eid.ts";
import { keys } from "../../../src/contracts/identity/principals.ts";
import governance, * as acts from "../../../src/contracts/platform/governance.ts";
import {
  consensusView,
  delegations,
  grants,
  type Kind,
  members,
  NETWORK,
  networks,
  proposals,
} from "../../../src/contracts/platform/network.ts";
import { audit, findsTampered, passes } from "./audited.ts";
import { everyRuleIsGiven } from "./everyRule.ts";
import { founded, type Founding, grant, keyName, memberFile, publicKey, shown } from "./founders.ts";
import { keyOf, type Scenario, seedOf, signedBy } from "./scenario.ts";

const four = ["courts", "health", "land", "tax"];
const network = (town: Scenario) => town.row(networks, NETWORK)!;
const seats = (town: Scenario): string[] => network(town).validators.map((v) => v.id);
const zeros = new Uint8Array(32);

type Proposed = Omit<Parameters<typeof acts.propose.options.run>[1], "proposal" | "member">;
let count = 0;
/** Proposes, by the tax office; answers the proposal's name. */
function propose(town: Scenario, change: Proposed): string {
  const proposal = `p-${++count}`;
  town.act(`tax proposes ${change.kind}`, acts.propose, { proposal, member: "tax", ...change }, signedBy("tax"));
  return proposal;
}
const vote = (proposal: string, member: string, said: "yes" | "no" = "yes") => ({ proposal, member, vote: said });
/** Proposes, and the members named vote yes; the last vote enacts. */
function adopt(town: Scenario, change: Proposed, by: readonly string[] = ["tax", "courts", "land"]): string {
  const proposal = propose(town, change);
  for (const member of by) town.act(`${member} votes for ${change.kind}`, acts.vote, vote(proposal, member), signedBy(member));
  expect(town.row(proposals, proposal)?.$.status).toBe("enacted");
  return proposal;
}
/** Proposes, and the deciding vote is refused under this rule: it leaves nothing behind, and may be cast again later. */
function refusedAtLast(town: Scenario, code: string, change: Proposed, by: readonly string[] = ["tax", "courts", "land"]): string {
  const proposal = propose(town, change);
  for (const member of by.slice(0, -1)) town.act(`${member} votes`, acts.vote, vote(proposal, member), signedBy(member));
  const last = by.at(-1)!;
  town.refused(`the deciding vote for ${change.kind}`, code, acts.vote, vote(proposal, last), signedBy(last));
  expect(town.row(proposals, proposal)).toMatchObject({ yes: by.slice(0, -1) });
  return proposal;
}
const candidate = (id: string) => {
  const { id: _id, ...file } = memberFile(id);
  return file;
};
const add = (id: string): Proposed => ({ kind: "member.add", agency: id, candidate: candidate(id) });
const isReady = (town: Scenario, member: string) =>
  town.act(`${member}'s node is up`, acts.ready, { member }, signedBy(`${member}.consensus`));

describe("the founding (§3)", () => {
  it("writes members, validators, parameters, grants, and every key where it is looked up", () => {
    const town = founded({ observers: ["press"], grants: [grant("tax", "evidence.depositor"), grant("land", "property.registry", "Q1")] });
    expect(network(town)).toMatchObject({
      changeEpoch: -1,
      protocol: 1,
      members: ["courts", "health", "land", "press", "tax"],
      development: false,
    });
    expect(network(town).validators).toEqual(four.map((id) => ({ id, key: publicKey(id, "consensus") })));
    expect([town.row(members, "tax")?.seat, town.row(members, "press")?.seat]).toEqual([true, false]);
    for (const purpose of ["organisation", "consensus", "peer", "checkpoint"] as const)
      expect(town.row(keys, publicKey("press", purpose))).toMatchObject({ principal: "press", purpose });
    expect(town.row(grants, "land", "property.registry", "Q1")?.$.status).toBe("live");
    const view = consensusView(town.registry.reader(town.state, town.block));
    expect(view).toMatchObject({ changeEpoch: -1, changeHeight: 0, protocol: 1, parameters: defaultParameters });
    expect(view.members.map(({ id, seat }) => [id, seat])).toEqual(network(town).members.map((id) => [id, four.includes(id)]));
    const { proofs: _proofs, ...file } = memberFile("press");
    expect(view.members[3]).toEqual({ ...file, seat: false });
  });
});

describe("proposals and votes", () => {
  const slower: Proposed = { kind: "parameters.change", parameters: { heartbeat_ms: 60_000 } };

  it("are for members, by their organisation's key", () => {
    const town = founded();
    const args = { proposal: "p", member: "tax", ...slower };
    town.refused("by the node's key", "engine.signature_missing", acts.propose, args, signedBy("tax.consensus"));
    town.refused("in another's name", "engine.signature_missing", acts.propose, args, signedBy("land"));
    town.refused("by a stranger", "governance.not_member", acts.propose, { ...args, member: "press" }, signedBy("press"));
    const proposal = propose(town, slower);
    town.refused("a stranger votes", "governance.not_member", acts.vote, vote(proposal, "press"), signedBy("press"));
    town.refused("on nothing", "engine.not_found", acts.vote, vote("nothing", "tax"), signedBy("tax"));
  });

  it("are enacted by the vote that reaches more than two thirds, and not before", () => {
    const town = founded();
    const proposal = propose(town, slower);
    for (const member of ["tax", "courts"]) town.act(member, acts.vote, vote(proposal, member), signedBy(member));
    expect(town.view("governance.tally", { proposal })).toMatchObject({ status: "open", members: 4, needed: 3, yes: 2, no: 0 });
    expect(network(town).parameters.heartbeat_ms).toBe(30_000);
    town.refused("a second time", "governance.voted_once", acts.vote, vote(proposal, "tax"), signedBy("tax"));
    town.refused("nor otherwise", "governance.voted_once", acts.vote, vote(proposal, "tax", "no"), signedBy("tax"));
    town.act("the third", acts.vote, vote(proposal, "land"), signedBy("land"));
    expect(network(town).parameters).toEqual({ ...defaultParameters, heartbeat_ms: 60_000 });
    town.refused("the fourth comes late", "governance.not_open", acts.vote, vote(proposal, "health"), signedBy("health"));
  });

  it("are refused once enough say no", () => {
    const town = founded();
    const proposal = propose(town, slower);
    town.act("courts", acts.vote, vote(proposal, "courts", "no"), signedBy("courts"));
    expect(town.row(proposals, proposal)?.$.status).toBe("open");
    town.act("land", acts.vote, vote(proposal, "land", "no"), signedBy("land"));
    expect(town.row(proposals, proposal)?.$.status).toBe("refused");
  });

  it("expire by themselves", () => {
    const town = founded({ parameters: { proposal_lifetime_ms: days(30) } });
    const proposal = propose(town, slower);
    town.advance(days(30) - 1);
    expect(town.row(proposals, proposal)?.$.status).toBe("open");
    expect(town.advance(1).map(({ name }) => name)).toEqual(["expire"]);
    town.refused("then it is late", "governance.not_open", acts.vote, vote(proposal, "tax"), signedBy("tax"));
    expect(town.row(proposals, proposal)?.$.status).toBe("expired");
  });

  it("do not count the votes of who has left", () => {
    const town = founded({ observers: ["press", "police", "ports"] });
    const proposal = propose(town, slower);
    for (const member of ["tax", "courts", "press", "police"]) town.act(member, acts.vote, vote(proposal, member), signedBy(member));
    const all = ["tax", "courts", "land", "health", "ports"];
    adopt(town, { kind: "member.remove", agency: "press" }, all);
    adopt(town, { kind: "member.remove", agency: "police" }, all);
    expect(town.view("governance.tally", { proposal })).toMatchObject({ members: 5, needed: 4, yes: 2 });
    town.act("land", acts.vote, vote(proposal, "land"), signedBy("land"));
    expect(town.row(proposals, proposal)?.$.status).toBe("open");
    town.act("health", acts.vote, vote(proposal, "health"), signedBy("health"));
    expect(town.row(proposals, proposal)?.$.status).toBe("enacted");
  });

  it("say what their kind needs and nothing else", () => {
    const town = founded();
    const wrong: Proposed[] = [
      { kind: "validator.add" },
      { kind: "validator.add", agency: "land", protocol: 2 },
      { kind: "role.grant", agency: "land", role: "a.b" },
      { kind: "member.add", agency: "press" },
      { kind: "member.key", agency: "land", purpose: "peer" },
      { kind: "member.key", agency: "land", key: zeros },
      { kind: "parameters.change", agency: "land" },
    ];
    const squatted = { proposal: "equivocation-land-0", member: "tax", kind: "validator.add" as const, agency: "press" };
    town.refused("under a name that evidence gives", "governance.proposal_unfit", acts.propose, squatted, signedBy("tax"));
    for (const change of wrong)
      town.refused(change.kind, "governance.proposal_unfit", acts.propose, { proposal: "p", member: "tax", ...change }, signedBy("tax"));
  });
});

describe("members", () => {
  it("join with keys that they show to hold, and can then act", () => {
    const town = founded();
    const proposal = { proposal: "p", member: "tax", ...add("press") };
    for (const purpose of ["consensus", "checkpoint_pq"] as const) {
      const stolen = { ...candidate("press"), proofs: { ...memberFile("press").proofs, [purpose]: memberFile("land").proofs[purpose] } };
      town.refused(
        `another's proof (${purpose})`,
        "governance.key_unproved",
        acts.propose,
        { ...proposal, candidate: stolen },
        signedBy("tax"),
      );
    }
    town.refused("a file of another name", "governance.key_unproved", acts.propose, { ...proposal, agency: "presse" }, signedBy("tax"));
    adopt(town, add("press"));
    expect(town.row(members, "press")).toMatchObject({ seat: false, name: "Agency press" });
    expect(network(town).members).toEqual([...four, "press"]);
    town.act(
      "it proposes something itself",
      acts.propose,
      { proposal: "q", member: "press", kind: "protocol.activate", protocol: 2 },
      signedBy("press"),
    );
    refusedAtLast(town, "governance.changes_nothing", add("press"), ["tax", "courts", "land", "press"]);
    const twin = { ...candidate("press2"), keys: { ...memberFile("press2").keys, peer: publicKey("land", "peer") } };
    const proof = provePossession(town.network, "press2", "peer", publicKey("land", "peer"), seedOf("land.peer"));
    const proofs = { ...memberFile("press2").proofs, peer: proof };
    town.refused(
      "proofs of two networks in one file",
      "governance.key_unproved",
      acts.propose,
      { ...proposal, agency: "press2", candidate: { ...twin, proofs } },
      signedBy("tax"),
    );
  });

  it("never bring a key that is in use", () => {
    const town = founded();
    const proofs = memberFile("twin").proofs;
    const stolen = { ...memberFile("twin").keys, peer: publicKey("land", "peer") };
    const proof = provePossession(zeros, "twin", "peer", publicKey("land", "peer"), seedOf("land.peer")); // land plays along
    const change: Proposed = {
      kind: "member.add",
      agency: "twin",
      candidate: { ...candidate("twin"), keys: stolen, proofs: { ...proofs, peer: proof } },
    };
    refusedAtLast(town, "eid.key_taken", change);
  });

  it("leave: their seat, keys, roles and votes go with them; they may come back with new keys", () => {
    const town = founded({ members: [...four, "press"], grants: [grant("press", "evidence.depositor")] });
    const item = { deposit: "d-1", kind: "photo", content: zeros };
    town.act("the press deposits", evidence.deposit, item, signedBy("press"));
    const rest = ["tax", "courts", "land", "health"];
    refusedAtLast(town, "governance.seat_first", { kind: "member.remove", agency: "press" }, rest);
    adopt(town, { kind: "validator.remove", agency: "press" }, rest);
    const leaves = refusedAtLast(town, "governance.seat_first", { kind: "member.remove", agency: "press" }, rest); // it serves to the epoch's end
    town.epoch++;
    town.act("then it leaves", acts.vote, vote(leaves, "health"), signedBy("health"));
    expect([seats(town), network(town).members]).toEqual([four, four]);
    const reader = town.registry.reader(town.state, town.block);
    expect(composition.resolver.holds(reader, "press", "evidence.depositor", undefined, undefined)).toBe(false);
    town.refused("it deposits no more", "engine.not_entitled", evidence.deposit, { ...item, deposit: "d-2" }, signedBy("press"));
    town.refused("nor votes", "governance.not_member", acts.vote, vote(propose(town, add("ports")), "press"), signedBy("press"));
    refusedAtLast(town, "governance.not_member", { kind: "member.remove", agency: "press" });
    refusedAtLast(town, "eid.key_taken", add("press"));
    const back = candidate("press.new".replace(".new", ""));
    const keysNow = Object.fromEntries(
      (["checkpoint", "consensus", "organisation", "peer"] as const).map((purpose) => [purpose, keyOf(`again.${purpose}`)]),
    ) as Record<"checkpoint" | "consensus" | "organisation" | "peer", Bytes>;
    const prove = (purpose: MemberKeyPurpose, key: Bytes, name: string) =>
      provePossession(town.network, "press", purpose, key, seedOf(name));
    const proofs = {
      ...(Object.fromEntries(
        Object.entries(keysNow).map(([p, key]) => [p, prove(p as MemberKeyPurpose, key, `again.${p}`)]),
      ) as typeof keysNow),
      checkpoint_pq: prove("checkpoint_pq", back.keys.checkpoint_pq, keyName("press", "checkpoint_pq")),
    };
    adopt(town, { kind: "member.add", agency: "press", candidate: { ...back, keys: { ...back.keys, ...keysNow }, proofs } });
    town.act("its old grant stands", evidence.deposit, { ...item, deposit: "d-3" }, signedBy("again.organisation"));
    expect(town.row(members, "press")).toMatchObject({ seat: false });
  });

  it("change what is said of them, and their own keys, by their organisation's key", () => {
    const town = founded();
    const said = { member: "health", name: "Ministry of Health", addresses: ["/dns4/new.example/tcp/7600"], contact: "x@health.example" };
    town.refused("by another", "engine.signature_missing", acts.amend, said, signedBy("tax"));
    town.act("a new address", acts.amend, said, signedBy("health"));
    expect(town.row(members, "health")).toMatchObject({ name: "Ministry of Health", addresses: said.addresses });
    const to = (purpose: MemberKeyPurpose, name: string) => {
      const key = purpose === "checkpoint_pq" ? publicKey(name, purpose) : keyOf(name);
      const seed = seedOf(purpose === "checkpoint_pq" ? keyName(name, purpose) : name);
      return { member: "health", purpose, key, proof: provePossession(town.network, "health", purpose, key, seed) };
    };
    const badly = { ...to("peer", "health.peer2"), proof: to("consensus", "health.peer2").proof };
    town.refused("a proof for another purpose", "governance.key_unproved", acts.rotate, badly, signedBy("health"));
    town.refused("by the node", "engine.signature_missing", acts.rotate, to("peer", "health.peer2"), signedBy("health.consensus"));
    town.act("post-quantum checkpoint key", acts.rotate, to("checkpoint_pq", "health2"), signedBy("health"));
    expect(network(town).changeEpoch).toBe(-1);
    town.act("peer key", acts.rotate, to("peer", "health.peer2"), signedBy("health"));
    expect(network(town)).toMatchObject({ changeEpoch: 0, changeHeight: town.height, changed: [] });
    town.act("organisation's key", acts.rotate, to("organisation", "health.new"), signedBy("health"));
    town.refused("the old one is worth nothing", "engine.signature_missing", acts.amend, said, signedBy("health"));
    town.act("the new one acts", acts.amend, said, signedBy("health.new"));
    town.refused(
      "another's key",
      "eid.key_taken",
      acts.rotate,
      { ...to("organisation", "land"), member: "health" },
      signedBy("health.new"),
    );
  });

  it("get a lost organisation's key replaced by vote", () => {
    const town = founded();
    const key = keyOf("health.found");
    const lost: Proposed = {
      kind: "member.key",
      agency: "health",
      purpose: "organisation",
      key,
      proof: shown(town, "health", "organisation", "health.found"),
    };
    const { proof: _proof, ...unproved } = lost;
    town.refused(
      "without its holder",
      "governance.key_unproved",
      acts.propose,
      { proposal: "p", member: "tax", ...unproved },
      signedBy("tax"),
    );
    adopt(town, lost);
    const said = { member: "health", name: "Health", addresses: [], contact: "" };
    town.refused("the lost one", "engine.signature_missing", acts.amend, said, signedBy("health"));
    town.act("the new one", acts.amend, said, signedBy("health.found"));
  });
});

describe("seats (§4.3)", () => {
  const open = (more: Founding = {}) => founded({ observers: ["press", "ports", "police"], ...more });
  const five = ["tax", "courts", "land", "health", "press"];

  it("are taken by members whose own node has said that it is ready", () => {
    const town = open();
    const proposal = refusedAtLast(town, "governance.not_ready", { kind: "validator.add", agency: "press" }, five);
    town.refused("somebody else says it", "engine.signature_missing", acts.ready, { member: "press" }, signedBy("press"));
    town.refused("a stranger says it", "governance.not_member", acts.ready, { member: "nobody" }, signedBy("nobody.consensus"));
    isReady(town, "press");
    town.act("now the vote stands", acts.vote, vote(proposal, "press"), signedBy("press"));
    expect(seats(town)).toEqual(["courts", "health", "land", "press", "tax"]);
    expect(network(town)).toMatchObject({ changeEpoch: 0, changeHeight: town.height, serving: 4, changed: ["press"] });
    town.epoch++;
    refusedAtLast(town, "governance.changes_nothing", { kind: "validator.add", agency: "press" }, five);
    refusedAtLast(town, "governance.changes_nothing", { kind: "validator.remove", agency: "ports" }, five);
    refusedAtLast(town, "governance.not_member", { kind: "validator.add", agency: "nobody" }, five);
  });

  it("change by at most ⌊(n − 1)/3⌋ in an epoch; the first change says when it ends", () => {
    const town = open();
    for (const id of ["press", "ports", "police"]) isReady(town, id);
    adopt(town, { kind: "validator.add", agency: "press" }, five);
    const first = network(town).changeHeight;
    const waits = refusedAtLast(town, "governance.too_many_changes", { kind: "validator.add", agency: "ports" }, five);
    const key = { purpose: "consensus" as const, key: keyOf("tax.c2"), proof: shown(town, "tax", "consensus", "tax.c2") };
    town.refused("a key of another seat", "governance.too_many_changes", acts.rotate, { member: "tax", ...key }, signedBy("tax"));
    expect(network(town)).toMatchObject({ changeEpoch: 0, changeHeight: first });
    town.epoch++;
    town.act("in the next epoch the vote stands", acts.vote, vote(waits, "press"), signedBy("press"));
    expect(network(town)).toMatchObject({ changeEpoch: 1, changeHeight: town.height, serving: 5, changed: ["ports"] });
    town.epoch++;
    town.act("a validator's new consensus key is a change of its seat", acts.rotate, { member: "tax", ...key }, signedBy("tax"));
    expect(network(town).validators.find((v) => v.id === "tax")?.key).toEqual(keyOf("tax.c2"));
    expect(network(town).changed).toEqual(["tax"]);
  });

  it("are nobody's to keep as they are: a member replaces the key of its own seat once in eight epochs, the others' votes at any time", () => {
    const town = founded({ observers: ["press"] });
    isReady(town, "press");
    const all = ["tax", "courts", "health", "press"]; // of 5 members 4 are needed; land is the one that would keep everything as it is
    const seat = propose(town, { kind: "validator.add", agency: "press" });
    for (const member of all.slice(0, 3)) town.act("yes", acts.vote, vote(seat, member), signedBy(member));
    const to = (n: number) => {
      const [key, proof] = [keyOf(`land.c${n}`), shown(town, "land", "consensus", `land.c${n}`)];
      return { member: "land", purpose: "consensus" as const, key, proof };
    };
    town.act("land was first in this epoch", acts.rotate, to(0), signedBy("land"));
    town.refused("press is not seated", "governance.too_many_changes", acts.vote, vote(seat, "press"), signedBy("press"));
    town.refused("land once more", "governance.rotated_lately", acts.rotate, to(1), signedBy("land"));
    town.epoch++;
    town.refused("nor first in the next", "governance.rotated_lately", acts.rotate, to(1), signedBy("land"));
    town.act("press is seated", acts.vote, vote(seat, "press"), signedBy("press"));
    town.epoch++;
    const { member: agency, ...next } = to(1);
    adopt(town, { kind: "member.key", agency, ...next }, all); // stolen again: by vote at once
    expect(network(town).validators.find((v) => v.id === "land")?.key).toEqual(next.key);
    town.act(
      "its other keys as often as it likes",
      acts.rotate,
      { ...to(2), purpose: "peer", proof: shown(town, "land", "peer", "land.c2") },
      signedBy("land"),
    );
    town.epoch += 5;
    town.refused("in the seventh epoch after", "governance.rotated_lately", acts.rotate, to(3), signedBy("land"));
    town.epoch++;
    town.act("in the eighth", acts.rotate, to(3), signedBy("land"));
    town.epoch++;
    adopt(town, { kind: "validator.remove", agency: "land" }, all);
    town.act("without a seat it changes nobody's", acts.rotate, to(4), signedBy("land"));
    passes(town, "governance");
  });

  it("never fall below 4, or below 1 in a development network", () => {
    const town = open();
    refusedAtLast(town, "governance.set_size", { kind: "validator.remove", agency: "tax" }, five);
    const small = founded({ members: ["tax"], observers: ["land"], purpose: "development" });
    isReady(small, "land");
    adopt(small, { kind: "validator.add", agency: "land" }, ["tax", "land"]);
    small.epoch++;
    adopt(small, { kind: "validator.remove", agency: "tax" }, ["tax", "land"]);
    small.epoch++;
    refusedAtLast(small, "governance.set_size", { kind: "validator.remove", agency: "land" }, ["tax", "land"]);
    expect(seats(small)).toEqual(["land"]);
  });

  it("need a new word of readiness once they were given up, or the consensus key changed", () => {
    const town = open();
    isReady(town, "press");
    const key = { purpose: "consensus" as const, key: keyOf("press.c2"), proof: shown(town, "press", "consensus", "press.c2") };
    town.act("another consensus key", acts.rotate, { member: "press", ...key }, signedBy("press"));
    const proposal = refusedAtLast(town, "governance.not_ready", { kind: "validator.add", agency: "press" }, five);
    town.refused("the old key says it", "engine.signature_missing", acts.ready, { member: "press" }, signedBy("press.consensus"));
    town.act("the new one does", acts.ready, { member: "press" }, signedBy("press.c2"));
    town.act("seated", acts.vote, vote(proposal, "press"), signedBy("press"));
    town.epoch++;
    adopt(town, { kind: "validator.remove", agency: "press" }, five);
    town.epoch++;
    refusedAtLast(town, "governance.not_ready", { kind: "validator.add", agency: "press" }, five);
  });
});

describe("parameters and versions (§4.6)", () => {
  it("stay within the bounds of the code, whatever the members vote", () => {
    const town = founded();
    const wrong: Proposed["parameters"][] = [
      { window: 0 },
      { window: 9 },
      { epoch_length: 15 },
      { timeout_base_ms: 30_001 },
      { timeout_cap_ms: 1_999 },
      { block_bytes: 2 ** 40 },
    ];
    for (const parameters of wrong)
      town.refused(
        JSON.stringify(parameters),
        "governance.parameter_bounds",
        acts.propose,
        { proposal: "p", member: "tax", kind: "parameters.change", parameters: parameters! },
        signedBy("tax"),
      );
    const waits = propose(town, { kind: "parameters.change", parameters: { timeout_base_ms: 20_000 } });
    adopt(town, { kind: "parameters.change", parameters: { timeout_base_ms: 1_000, timeout_cap_ms: 10_000 } });
    for (const member of ["tax", "courts"]) town.act(member, acts.vote, vote(waits, member), signedBy(member));
    town.refused("what was right when it was proposed", "governance.parameter_bounds", acts.vote, vote(waits, "land"), signedBy("land"));
    expect(parameterProblems(network(town).parameters)).toEqual([]);
    expect(network(town)).toMatchObject({ changeEpoch: 0, changed: [] });
    refusedAtLast(town, "governance.changes_nothing", { kind: "parameters.change", parameters: { timeout_base_ms: 1_000 } });
  });

  it("the protocol version only rises", () => {
    const town = founded();
    adopt(town, { kind: "protocol.activate", protocol: 2 });
    expect(network(town).protocol).toBe(2);
    refusedAtLast(town, "governance.protocol_rises", { kind: "protocol.activate", protocol: 2 });
    refusedAtLast(town, "governance.protocol_rises", { kind: "protocol.activate", protocol: 1 });
  });
});

describe("roles", () => {
  const right = { agency: "land", role: "evidence.depositor", scope: "" };
  const item = { deposit: "d-1", kind: "photo", content: zeros };

  it("are granted and revoked by vote, to members", () => {
    const town = founded();
    town.refused("before", "engine.not_entitled", evidence.deposit, item, signedBy("land"));
    adopt(town, { kind: "role.grant", ...right });
    town.act("granted", evidence.deposit, item, signedBy("land"));
    refusedAtLast(town, "governance.changes_nothing", { kind: "role.grant", ...right });
    refusedAtLast(town, "governance.not_member", { kind: "role.grant", ...right, agency: "press" });
    adopt(town, { kind: "role.revoke", ...right });
    town.refused("revoked", "engine.not_entitled", evidence.deposit, { ...item, deposit: "d-2" }, signedBy("land"));
    refusedAtLast(town, "governance.changes_nothing", { kind: "role.revoke", ...right });
    adopt(town, { kind: "role.grant", ...right });
    town.act("granted again", evidence.deposit, { ...item, deposit: "d-2" }, signedBy("land"));
  });

  it("are delegated to posts, never more than is held, never longer than it is held", () => {
    const town = founded({ grants: [grant("land", "evidence.depositor"), grant("land", "property.registry", "Q1")] });
    const key = {
      principal: "land",
      key: keyOf("clerk"),
      proof: shown(town, "land", "post", "clerk"),
      purpose: "post" as const,
      post: "clerk",
    };
    town.act("the clerk's key", eid.bind, { ...key, represents: false, from: town.time }, signedBy("land"));
    const to = { agency: "land", post: "clerk", role: "evidence.depositor", scope: "" };
    for (const more of [{ role: "evidence.court" }, { role: "property.registry" }, { role: "property.registry", scope: "Q2" }])
      town.refused("what is not held", "governance.not_held", acts.delegate, { ...to, ...more }, signedBy("land"));
    town.refused("by another", "engine.signature_missing", acts.delegate, to, signedBy("tax"));
    town.refused("by the clerk", "engine.signature_missing", acts.delegate, to, signedBy("clerk"));
    town.refused(
      "a scope of what is held for one district",
      "governance.not_held",
      acts.delegate,
      { ...to, role: "property.registry", scope: "" },
      signedBy("land"),
    );
    town.act("a district", acts.delegate, { ...to, role: "property.registry", scope: "Q1" }, signedBy("land"));
    town.act("for ten days", acts.delegate, { ...to, until: town.time + days(10) }, signedBy("land"));
    town.act("the clerk deposits", evidence.deposit, item, signedBy("clerk"));
    town.advance(days(10));
    town.refused("the ten days are over", "engine.not_entitled", evidence.deposit, { ...item, deposit: "d-2" }, signedBy("clerk"));
    town.act("without end", acts.delegate, to, signedBy("land"));
    town.act("the clerk deposits", evidence.deposit, { ...item, deposit: "d-2" }, signedBy("clerk"));
    adopt(town, { kind: "role.revoke", ...right });
    town.refused("the office itself lost it", "engine.not_entitled", evidence.deposit, { ...item, deposit: "d-3" }, signedBy("clerk"));
    adopt(town, { kind: "role.grant", ...right });
    town.refused("recalled by another", "engine.signature_missing", acts.recall, to, signedBy("tax"));
    town.act("recalled", acts.recall, { agency: "land", post: "clerk", role: "evidence.depositor", scope: "" }, signedBy("land"));
    town.refused("the clerk no more", "engine.not_entitled", evidence.deposit, { ...item, deposit: "d-3" }, signedBy("clerk"));
    town.act("the office does", evidence.deposit, { ...item, deposit: "d-3" }, signedBy("land"));
    expect(town.row(delegations, "land", "clerk", "evidence.depositor", "")?.$.status).toBe("withdrawn");
  });
});

describe("what nodes say", () => {
  it("asks for the epoch's end: once in 20 heights, by validators (§4.3)", () => {
    const town = founded({ observers: ["press"] });
    town.refused("an observer", "governance.not_validator", acts.endEpoch, { member: "press" }, signedBy("press.consensus"));
    town.refused("the organisation", "engine.signature_missing", acts.endEpoch, { member: "tax" }, signedBy("tax"));
    town.act("a validator", acts.endEpoch, { member: "tax" }, signedBy("tax.consensus"));
    const { height } = town;
    expect(network(town)).toMatchObject({ changeEpoch: 0, changeHeight: height });
    town.refused("again at once", "governance.asked_too_soon", acts.endEpoch, { member: "tax" }, signedBy("tax.consensus"));
    town.act("another may", acts.endEpoch, { member: "land" }, signedBy("land.consensus"));
    expect(network(town)).toMatchObject({ changeEpoch: 0, changeHeight: height });
    town.height = height + 18;
    town.epoch = 1;
    town.refused("19 heights later", "governance.asked_too_soon", acts.endEpoch, { member: "tax" }, signedBy("tax.consensus"));
    town.act("20 heights later", acts.endEpoch, { member: "tax" }, signedBy("tax.consensus"));
    expect(network(town)).toMatchObject({ changeEpoch: 1, changeHeight: height + 20 });
  });

  it("records equivocation once, and opens a proposal; nobody is punished by it alone (§4.10)", () => {
    const town = founded();
    const key = keyOf("health.consensus");
    const vow = (kind: "prepare" | "commit" | "newView", hash: Bytes, view = 2, height = 9) => {
      const slot = { epoch: 0, view, height, hash, signer: "health" };
      const framed =
        kind === "newView" ? frame(tags.newView, town.network, encode([0, view, hash, "health"])) : voteFrame(town.network, kind, slot);
      return { hash, signature: sign(seedOf("health.consensus"), framed) };
    };
    const other = new Uint8Array(32).fill(1);
    const told = {
      member: "tax",
      signer: "health",
      key,
      kind: "commit" as const,
      epoch: 0,
      view: 2,
      height: 9,
      first: vow("commit", zeros),
      second: vow("commit", other),
    };
    const say = (args: typeof told) => [acts.accuse, args, signedBy("tax.consensus")] as const;
    town.refused("by who is no validator", "governance.not_validator", acts.accuse, { ...told, member: "press" }, signedBy("press"));
    town.refused("one vote twice", "governance.evidence_false", ...say({ ...told, second: told.first }));
    town.refused("two views", "governance.evidence_false", ...say({ ...told, second: vow("commit", other, 3) }));
    town.refused("two kinds", "governance.evidence_false", ...say({ ...told, second: vow("prepare", other) }));
    town.refused("another signer", "governance.evidence_false", ...say({ ...told, signer: "land" }));
    const ofPeer = keyOf("health.peer");
    const byPeer = (hash: Bytes) => ({
      hash,
      signature: sign(seedOf("health.peer"), voteFrame(town.network, "commit", { epoch: 0, view: 2, height: 9, hash, signer: "health" })),
    });
    town.refused(
      "a key of another purpose",
      "governance.not_consensus_key",
      ...say({ ...told, key: ofPeer, first: byPeer(zeros), second: byPeer(other) }),
    );
    town.act("two commits of one slot", ...say(told));
    town.refused("once", "governance.recorded_once", ...say({ ...told, first: told.second, second: told.first }));
    const newView = { ...told, kind: "newView" as const, height: 0, first: vow("newView", zeros), second: vow("newView", other) };
    town.act("two new views", ...say(newView as never));
    town.act("two prepares", ...say({ ...told, kind: "prepare" as never, first: vow("prepare", zeros), second: vow("prepare", other) }));
    expect(seats(town)).toEqual(four);
    const proposal = town.row(proposals, "equivocation-health-0");
    expect(proposal).toMatchObject({ kind: "validator.remove" satisfies Kind, agency: "health", yes: [], by: "tax" });
    town.act("the members may act on it", acts.vote, vote("equivocation-health-0", "health", "no"), signedBy("health"));
  });

  it("opens no proposal against who has no seat to lose", () => {
    const town = founded({ observers: ["press"] });
    const slot = { kind: "commit" as const, epoch: 0, view: 0, height: 5 };
    const vow = (hash: Bytes) => ({
      hash,
      signature: sign(seedOf("press.consensus"), voteFrame(town.network, "commit", { ...slot, hash, signer: "press" })),
    });
    const told = { member: "tax", signer: "press", key: keyOf("press.consensus"), ...slot, first: vow(zeros), second: vow(keyOf("x")) };
    town.act("it is recorded all the same", acts.accuse, told, signedBy("tax.consensus"));
    expect(town.row(proposals, "equivocation-press-0")).toBeUndefined();
  });

  it("recognises the key that a signer had before", () => {
    const town = founded();
    const next = { purpose: "consensus" as const, key: keyOf("health.c2"), proof: shown(town, "health", "consensus", "health.c2") };
    town.act("health changes its consensus key", acts.rotate, { member: "health", ...next }, signedBy("health"));
    const vow = (hash: Bytes) => ({
      hash,
      signature: sign(
        seedOf("health.consensus"),
        voteFrame(town.network, "prepare", { epoch: 0, view: 0, height: 1, hash, signer: "health" }),
      ),
    });
    const told = { signer: "health", key: keyOf("health.consensus"), kind: "prepare" as const, epoch: 0, view: 0, height: 1 };
    town.act(
      "and is told on for the old one",
      acts.accuse,
      { member: "tax", ...told, first: vow(zeros), second: vow(new Uint8Array(32).fill(1)) },
      signedBy("tax.consensus"),
    );
  });
});

describe("an audit", () => {
  it("finds members, seats and votes that the rules did not make", () => {
    const town = founded({ observers: ["press"] });
    const lost = { kind: "role.grant" as const, agency: "land", role: "evidence.depositor", scope: "" };
    const enacted = adopt(town, lost, ["tax", "courts", "land", "health"]);
    const refused = propose(town, add("ports"));
    for (const member of ["tax", "land"]) town.act(member, acts.vote, vote(refused, member, "no"), signedBy(member));
    const open = propose(town, add("ports"));
    town.act("tax", acts.vote, vote(open, "tax"), signedBy("tax"));
    passes(town, "governance");
    expect(town.row(proposals, refused)).toMatchObject({ members: 5, $: { status: "refused" } });
    expect(audit(town, "governance").map(({ figures }) => figures)).toEqual([{ members: 5, validators: 4 }, { enacted: 1 }]);
    const finds = (...change: any[]): string[] => (findsTampered as any)(town, "governance", ...change);
    const { members: ids } = network(town);
    const validators = network(town).validators.map(({ id, key }) => ({ id, key: hex(key) }));
    expect(finds(networks, [NETWORK], { members: ids.slice(1) })).toEqual(["represented"]);
    expect(finds(networks, [NETWORK], { members: [...ids.slice(1), ids[1]!] })).toEqual(["represented"]);
    expect(finds(networks, [NETWORK], { validators: validators.slice(1) })).toEqual(["represented"]);
    expect(finds(networks, [NETWORK], { validators: [{ ...validators[0]!, key: hex(keyOf("x")) }, ...validators.slice(1)] })).toEqual([
      "represented",
    ]);
    expect(finds(networks, [NETWORK], { parameters: { ...defaultParameters, window: 9 } })).toEqual(["represented"]);
    expect(finds(members, ["press"], { seat: true })).toEqual(["represented"]);
    expect(finds(members, ["press"], { $status: "left" })).toEqual(["represented"]);
    expect(finds(proposals, [enacted], { yes: ["tax"] })).toEqual(["voted"]);
    expect(finds(proposals, [enacted], { yes: ["tax", "tax", "land", "courts"] })).toEqual(["voted"]);
    expect(finds(proposals, [enacted], { yes: ["nobody", "tax", "land", "courts"] })).toEqual(["voted"]);
    expect(finds(proposals, [refused], { no: ["tax"] })).toEqual(["voted"]);
    expect(finds(proposals, [open], { $status: "enacted" })).toEqual(["voted"]);
  });
});

it("the largest network that is allowed can still decide: 256 members, 128 validators", () => {
  const ids = Array.from({ length: 256 }, (_, i) => `agency${i}`);
  const parameters = { ...defaultParameters, block_work: 10_000 };
  const town = founded({ members: ids.slice(0, 128), observers: ids.slice(128), parameters });
  isReady(town, "agency200");
  const by = ids.slice(0, 171);
  const proposal = `p-${++count}`;
  const swap: Proposed = { kind: "validator.remove", agency: "agency1" };
  town.act("proposed", acts.propose, { proposal, member: "agency0", ...swap }, signedBy("agency0"));
  for (const member of by) town.act(member, acts.vote, vote(proposal, member), signedBy(member));
  expect(network(town).validators.length).toBe(127);
  const more = `p-${++count}`;
  town.act(
    "proposed",
    acts.propose,
    { proposal: more, member: "agency0", kind: "validator.add", agency: "agency200" },
    signedBy("agency0"),
  );
  for (const member of by) town.act(member, acts.vote, vote(more, member), signedBy(member));
  expect(network(town)).toMatchObject({ changed: ["agency1", "agency200"], serving: 128 });
  town.refused("but there is no 257th member", "governance.set_size", ...lastVote(town, by));
});
/** The deciding vote on one member more. */
function lastVote(town: Scenario, by: readonly string[]) {
  const proposal = `p-${++count}`;
  town.act("proposed", acts.propose, { proposal, member: "agency0", ...add("press") }, signedBy("agency0"));
  for (const member of by.slice(0, -1)) town.act(member, acts.vote, vote(proposal, member), signedBy(member));
  return [acts.vote, vote(proposal, by.at(-1)!), signedBy(by.at(-1)!)] as const;
}

describe("whatever the members do", () => {
  const ids = ["tax", "courts", "land", "health", "press", "ports", "police"];
  const change = fc.oneof(
    fc.record({ kind: fc.constantFrom("validator.add", "validator.remove", "member.remove"), agency: fc.constantFrom(...ids) }),
    fc.record({ kind: fc.constant("member.add"), agency: fc.constantFrom("press", "ports", "police", "guests") }),
    fc.record({
      kind: fc.constant("parameters.change"),
      parameters: fc.record({ window: fc.constantFrom(0, 1, 8, 9, Number.MAX_SAFE_INTEGER) }),
    }),
    fc.record({ kind: fc.constant("protocol.activate"), protocol: fc.constantFrom(0, 1, 2, Number.MAX_SAFE_INTEGER) }),
  );
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant("propose"), change, by: fc.constantFrom(...ids) }) },
    { weight: 16, arbitrary: fc.record({ do: fc.constant("vote"), of: fc.nat(2), by: fc.constantFrom(...ids), no: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("ready", "endEpoch"), by: fc.constantFrom(...ids) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("rotate"), by: fc.constantFrom(...ids), n: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("epoch") }) },
  );

  it("the set keeps its size, changes by at most f an epoch, and parameters keep their bounds", () => {
    let enacted = 0;
    let rotations = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 150, maxLength: 250 }), (steps) => {
        const rotated = new Map<string, number>();
        const town = founded({ observers: ["press", "ports", "police"] });
        for (const id of ids) isReady(town, id);
        const names: string[] = [];
        let before = network(town).validators;
        for (const next of steps as any[]) {
          if (next.do === "epoch") {
            town.epoch++;
            before = network(town).validators;
          } else if (next.do === "propose") {
            const proposal = `q-${names.push("")}`;
            names[names.length - 1] = proposal;
            const args = {
              proposal,
              member: next.by,
              ...next.change,
              ...(next.change.kind === "member.add" && { candidate: candidate(next.change.agency) }),
            };
            town.submit([{ action: acts.propose.name, args }], signedBy(next.by));
          } else if (next.do === "vote") {
            const args = { proposal: names.at(-1 - next.of) ?? "none", member: next.by, vote: next.no === 0 ? "no" : "yes" };
            town.submit([{ action: acts.vote.name, args }], signedBy(next.by));
          } else if (next.do === "rotate") {
            const name = `${next.by}.k${next.n}.${town.height}`;
            const seated = network(town).validators.some((v) => v.id === next.by);
            const args = { member: next.by, purpose: "consensus", key: keyOf(name), proof: shown(town, next.by, "consensus", name) };
            const { outcome } = town.submit([{ action: acts.rotate.name, args }], signedBy(next.by));
            if (outcome === 0 && seated) {
              expect(town.epoch - (rotated.get(next.by) ?? -8)).toBeGreaterThanOrEqual(8);
              rotated.set(next.by, town.epoch);
              rotations++;
            }
          } else
            town.submit(
              [{ action: (next.do === "ready" ? acts.ready : acts.endEpoch).name, args: { member: next.by } }],
              signedBy(`${next.by}.consensus`),
            );
          const now = network(town);
          const keyIn = (set: typeof before, id: string) => set.find((v) => v.id === id)?.key;
          const changed = ids.filter((id) => !equalBytes(keyIn(before, id) ?? zeros, keyIn(now.validators, id) ?? zeros)).length;
          expect(changed).toBeLessThanOrEqual(faults(before.length));
          expect(now.validators.length).toBeGreaterThanOrEqual(4);
          expect(now.validators.every((v) => now.members.includes(v.id) && town.row(members, v.id)?.seat)).toBe(true);
          expect(parameterProblems(now.parameters)).toEqual([]);
          expect(new Set(now.members).size).toBe(now.members.length);
        }
        enacted += names.filter((name) => town.row(proposals, name)?.$.status === "enacted").length;
        passes(town, "governance");
        town.indexHolds();
      }),
      { numRuns: 20, seed: 41, endOnFailure: true },
    );
    expect(rotations).toBeGreaterThan(20);
    expect(enacted).toBeGreaterThan(20); // the histories do get somewhere
  });
});

everyRuleIsGiven(governance);
