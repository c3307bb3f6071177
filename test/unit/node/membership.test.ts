// Voices against this node: f + 1 members must agree before it stops itself; no single liar does (§4.7).

import { describe, expect, test } from "vitest";
import { defaultParameters } from "../../../src/base/parameters.ts";
import { Membership } from "../../../src/node/membership.ts";

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
