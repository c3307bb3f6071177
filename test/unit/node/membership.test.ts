// Voices against this node: f + 1 members must agree before it stops itself; no single liar does (§4.7).

import { describe, expect, test } from "vitest";
import { defaultParameters } from "../../../src/base/parameters.ts";
import { hex } from "../../../src/base/bytes.ts";
import { provePossession } from "../../../src/base/member.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { MemoryDatabase } from "../../../src/ledger/memoryDatabase.ts";
import { FORMER_EPOCHS, Membership } from "../../../src/node/membership.ts";
import { membershipOf } from "../../../src/node/registry.ts";
import { actBy, contracts, realGenesis, viewOf } from "../ledger/realNetwork.ts";
import { NETWORK, seedOf, TestNetwork } from "../ledger/testNetwork.ts";

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const validators = ["courts", "health", "land", "tax"].map((id, i) => ({ id, key: key(i) }));
const epoch = { epoch: 0, start: 1, end: 1_000, validators, parameters: defaultParameters, protocol: 1 };
const member = (id: string, seat: boolean): any => ({
  id,
  name: id,
  addresses: [],
  contact: "",
  keys: { peer: key(9), consensus: key(8) },
  seat,
});
const fresh = (): Membership => new Membership("tax", [...validators.map((v) => member(v.id, true)), member("archive", false)], epoch);

describe("another genesis (§4.7)", () => {
  test("one member alone is not believed, two of four that name the same are; observers do not count", () => {
    const m = fresh();
    expect(m.otherGenesis("courts", key(1), [])).toBeUndefined();
    expect(m.otherGenesis("archive", key(1), [])).toBeUndefined();
    expect(m.otherGenesis("health", key(2), [])).toBeUndefined();
    expect(m.otherGenesis("land", key(1), [])).toBe("01".repeat(32));
  });

  test("as long as somebody follows ours, the others' word stops nobody", () => {
    const m = fresh();
    m.otherGenesis("courts", key(1), ["land"]);
    expect(m.otherGenesis("health", key(1), ["land"])).toBeUndefined();
  });
});

test("our key elsewhere: the same voice twice is one voice (§4.7)", () => {
  const m = fresh();
  expect([m.keyElsewhere("courts"), m.keyElsewhere("courts"), m.keyElsewhere("land")]).toEqual([false, false, true]);
});

test("who may connect: every member, with the role the epoch gives; a consensus key that is not in the set votes on nothing", () => {
  const m = fresh();
  expect(m.allowed().map(({ id, role }) => `${id} ${role}`)).toEqual([
    "courts validator",
    "health validator",
    "land validator",
    "tax validator",
    "archive observer",
  ]);
  expect([m.votes(key(3)), m.votes(key(2)), m.votes(undefined)]).toEqual([true, false, false]);
  expect(m.observed).toBe(true);
});

test("who is started anew knows former peer keys from the chain: it may be the one that has just taken a new one (§6.2)", async () => {
  const network = await TestNetwork.open(new MemoryDatabase(), {
    registry: contracts,
    genesis: realGenesis({ epoch_length: 20 }),
    consensusView: viewOf,
  });
  const peer = (seed: string) => publicKeyOf(seedOf(seed));
  const keysOfLand = (): string[] => membershipOf(network.chain, "tax", []).batchKeysOf("land").map(hex);
  expect(keysOfLand()).toEqual([hex(peer("peer land"))]);
  const next = seedOf("another peer key");
  const proof = provePossession(NETWORK, "land", "peer", publicKeyOf(next), next);
  const life = network.head.time + 300_000;
  await network.block([
    actBy(["land"], [["governance.rotate@1", { member: "land", purpose: "peer", key: publicKeyOf(next), proof }]], life),
  ]);
  const begun = network.chain.epoch.epoch;
  const epochs = async (to: number): Promise<void> => {
    for (let i = 0; i < 500 && network.chain.epoch.epoch < to; i++) await network.block([]);
    expect(network.chain.epoch.epoch).toBe(to);
  };
  await epochs(begun + 1);
  expect(keysOfLand()).toEqual([hex(publicKeyOf(next)), hex(peer("peer land"))]);
  await epochs(begun + 2 + FORMER_EPOCHS);
  expect(keysOfLand()).toEqual([hex(publicKeyOf(next))]);
});

describe("a peer key changes with the epoch (§4.3.2, §6.2)", () => {
  const turned = { ...epoch, epoch: 1, start: 101, end: 1_100 };
  const withKey = (peer: Uint8Array): any[] =>
    validators.map((v) => (v.id === "land" ? { ...member("land", true), keys: { peer, consensus: v.key } } : member(v.id, true)));
  const landAt = (m: Membership): Uint8Array | undefined => m.allowed().find(({ id }) => id === "land")?.peerKey;

  test("until then the old one connects; batches may be under both, and under the old one for some epochs more", () => {
    const m = new Membership("tax", withKey(key(1)), epoch);
    m.update(undefined, epoch, withKey(key(2)));
    expect(landAt(m)).toEqual(key(1));
    expect(m.batchKeysOf("land")).toEqual([key(1), key(2)]);
    m.update(undefined, turned, undefined);
    expect(landAt(m)).toEqual(key(2));
    expect(m.batchKeysOf("land")).toEqual([key(2), key(1)]);
    m.update(undefined, { ...turned, epoch: 1 + FORMER_EPOCHS }, undefined);
    expect(m.batchKeysOf("land")).toEqual([key(2), key(1)]);
    m.update(undefined, { ...turned, epoch: 2 + FORMER_EPOCHS }, undefined);
    expect(m.batchKeysOf("land")).toEqual([key(2)]);
    expect(m.batchKeysOf("nobody")).toEqual([]);
  });

  test("a key that the operator names counts until the chain has heard of it", () => {
    const told = new Map([["land", key(7)]]);
    const m = new Membership("tax", withKey(key(1)), epoch, () => told);
    expect(landAt(m)).toEqual(key(7));
    m.update(undefined, epoch, withKey(key(2)));
    m.update(undefined, turned, undefined);
    expect(landAt(m)).toEqual(key(7));
    told.clear();
    m.update(undefined, turned, withKey(key(7)));
    expect(landAt(m)).toEqual(key(7));
    m.update(undefined, { ...turned, epoch: 2 }, withKey(key(3)));
    expect(landAt(m)).toEqual(key(3));
  });

  test("who comes anew may connect at once, and a validator that is no member any more serves until the epoch ends", () => {
    const m = new Membership("tax", withKey(key(1)), epoch);
    m.update(undefined, epoch, [...withKey(key(1)).filter(({ id }) => id !== "land"), member("archive", false)]);
    const allowed = (): string =>
      m
        .allowed()
        .map(({ id, role }) => `${id} ${role}`)
        .join(", ");
    expect(allowed()).toBe("courts validator, health validator, tax validator, archive observer, land validator");
    m.update(undefined, { ...turned, validators: validators.filter(({ id }) => id !== "land") }, undefined);
    expect(allowed()).toBe("courts validator, health validator, tax validator, archive observer");
  });

  test("a node is told which of its keys count no more, as soon as they do not", () => {
    const m = new Membership("land", withKey(key(1)), epoch);
    expect(m.replaced(key(1), key(2), 3)).toEqual([]);
    m.update(undefined, epoch, withKey(key(5)));
    expect(m.replaced(key(1), key(2), 3)).toEqual([]);
    expect(m.replaced(key(1), key(2), 0)).toEqual(["peer"]); // the others are an epoch further, and speak no more with it
    m.update(undefined, { ...turned, validators: validators.map((v) => (v.id === "land" ? { ...v, key: key(6) } : v)) }, undefined);
    expect(m.replaced(key(1), key(2), 3)).toEqual(["peer", "consensus"]);
    expect(m.replaced(key(5), undefined, 0)).toEqual([]);
  });
});
