// A network goes on with another's state: what stays, what gives way, and that everybody computes the same. docs/protocol.md §6.1.

import { expect, test } from "vitest";
import { equalBytes, hex, u32be } from "../../../src/base/bytes.ts";
import { type Genesis, genesisProblems } from "../../../src/base/genesis.ts";
import { decodeGenesis, encodeGenesis } from "../../../src/base/genesis.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { noNetwork } from "../../../src/base/tags.ts";
import { carriedOver } from "../../../src/contracts/platform/continuation.ts";
import { continueState } from "../../../src/ledger/continuation.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import { Store } from "../../../src/ledger/store.ts";
import { actBy, contracts, deposit, organisation, realGenesis, viewOf } from "./realNetwork.ts";
import { NETWORK, seedOf, START_TIME, TestNetwork } from "./testNetwork.ts";

const options = { registry: contracts, genesis: realGenesis(), consensusView: viewOf };

/** The founders without `health`, whose seat a newcomer takes, and with another consensus key of `land`. */
function newFounders(): Genesis {
  const old = realGenesis();
  const founders = old.founders.flatMap(({ member, seat }) => {
    if (member.id === "health") return [];
    const consensus = publicKeyOf(seedOf("land's next"));
    return [{ member: member.id === "land" ? { ...member, keys: { ...member.keys, consensus } } : member, seat }];
  });
  const newcomer = old.founders[0]!.member;
  const key = (purpose: string): Uint8Array => publicKeyOf(seedOf(`${purpose} of the newcomer`));
  const keys = { ...newcomer.keys, consensus: key("c"), peer: key("p"), checkpoint: key("k"), organisation: key("o") };
  return { ...old, time: START_TIME + 1e9, founders: [...founders, { member: { ...newcomer, id: "zoning", keys }, seat: true }] };
}

async function continued(from: Store, genesis: Genesis, to: Store | undefined): Promise<Uint8Array> {
  const former = new Set(["courts", "health", "land", "tax"]);
  const scratch = await Store.open(new MemoryDatabase(), noNetwork);
  return continueState({ from, to, genesis, former, registry: contracts, scratch, onProgress: undefined });
}

test("rows stay as they were, old members lose their standing, and every survivor computes one root", async () => {
  const store = await Store.open(new MemoryDatabase(), NETWORK);
  const network = await TestNetwork.open(undefined, { ...options, store });
  await network.block([actBy(["tax"], [deposit("a", sha256(u32be(1)))]), actBy(["tax"], [deposit("b", sha256(u32be(2)))])]);
  await network.block([
    actBy(["courts", "tax"], [["evidence.handOver@1", { deposit: "a", from: "tax", to: "courts", reason: "hearing" }]]),
  ]);
  const { height, hash } = network.chain.head;
  const draft = { ...newFounders(), continues: { network: NETWORK, height, block: hash, stateRoot: hash } };
  const stateRoot = await continued(store, draft, undefined);
  const genesis = { ...draft, continues: { ...draft.continues, stateRoot } };
  // The document carries it, byte for byte, and founds nothing unsigned.
  expect(encodeGenesis(decodeGenesis(encodeGenesis(genesis)))).toEqual(encodeGenesis(genesis));
  expect(genesisProblems(genesis, NETWORK, []).filter((p) => p.endsWith("has not signed"))).toHaveLength(4);

  const next = sha256(u32be(99));
  const database = new MemoryDatabase();
  const to = await Store.open(database, next);
  expect(equalBytes(await continued(store, genesis, to), stateRoot)).toBe(true);
  const went = await TestNetwork.open(undefined, { ...options, genesis, network: next, store: to });
  const { reader } = went.chain;
  expect(equalBytes(went.chain.head.stateRoot, stateRoot)).toBe(true);
  const row = (collection: string, ...key: string[]): any => {
    const bytes = reader.row(collection, contracts.keyOf(collection, key));
    return contracts.toJson(collection, contracts.keyOf(collection, key), { bytes: bytes! });
  };
  expect(row("evidence/deposit", "a")).toMatchObject({ revision: 2, fields: { holder: "courts", entries: 1 } });
  expect(row("governance/member", "health")).toMatchObject({ status: "left", fields: { seat: false } });
  expect(row("governance/member", "land")).toMatchObject({ status: "active", fields: { seat: true } });
  const key = (bytes: Uint8Array): string => row("eid/key", hex(bytes)).status;
  expect(key(publicKeyOf(organisation("health")))).toBe("revoked");
  expect(key(publicKeyOf(organisation("tax")))).toBe("live");
  expect(key(publicKeyOf(seedOf("land")))).toBe("revoked"); // its former consensus key
  expect(key(publicKeyOf(seedOf("land's next")))).toBe("live");
  expect(row("eid/principal", "health").status).toBe("suspended");
  expect(went.chain.epoch.validators.map((v) => v.id)).toEqual(["courts", "land", "tax", "zoning"]);
  // The indexes are those of the rows: both kinds.
  expect(await reader.find(contracts.findPrefix("evidence/deposit", "holder", "courts"), 10)).toHaveLength(1);
  // History before is the old network's.
  expect(reader.history("evidence/deposit", contracts.keyOf("evidence/deposit", ["a"]), 10)).toHaveLength(1);
  // Whoever has the genesis alone is told what to do, and starts from nothing wrong.
  await expect(TestNetwork.open(undefined, { ...options, genesis, network: next })).rejects.toThrow(/genesis.continues/);
});

test("what the members voted on ends with their keys", () => {
  const former = new Set(["courts", "land"]);
  const votes = { yes: ["courts", "land"], no: [] };
  for (const collection of ["governance/proposal", "forms/motion"]) {
    expect(carriedOver(collection, { status: "open", fields: votes }, former)).toEqual({ status: "expired", fields: votes });
    const decided = { status: "refused", fields: votes };
    expect(carriedOver(collection, decided, former)).toBe(decided);
  }
  const member = { status: "active", fields: { member: "land", seat: true, ready: 7, asked: 8, rotated: 9 } };
  expect(carriedOver("governance/member", member, former)).toEqual({ status: "left", fields: { member: "land", seat: false } });
});
