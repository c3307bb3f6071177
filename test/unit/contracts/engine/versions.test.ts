// Versions: an action is in force between two chain versions, a record's schema grows by a pure, lazy upgrade; old bytes stay (engine.md §10).

import { describe, expect, it } from "vitest";
import { hex } from "../../../../src/base/bytes.ts";
import type { Value } from "../../../../src/base/codec.ts";
import { anyone, contract, count, id, money, record, text } from "../../../../src/contracts/engine/index.ts";
import { plainRights, type Scenario, scenario } from "../scenario.ts";

/** The same contract as an earlier and a later release declare it. */
function earlier() {
  const permits = record("permit", { title: "A permit", key: ["permit"], fields: { permit: id, fee: count, who: text(20) } });
  const self = contract("permits", { title: "Permits", purpose: "Permit.", records: [permits], roles: { a: "" }, rules: { x: "X." } });
  const grant = self.action({
    title: "Grant",
    by: anyone,
    input: { permit: id, fee: count, who: text(20) },
    run: (tx, a) => void tx.create(permits, a),
  });
  return { permits, module: { default: self, grant } };
}
const renamed = ({ who, fee, ...old }: any): any => ({ ...old, fee: BigInt(fee), holder: who, since: 0 });
function later(upgrade?: (old: any, version: number) => any): { permits: any; module: any } {
  const permits = record("permit", {
    title: "A permit",
    key: ["permit"],
    fields: { permit: id, fee: money, holder: text(40), since: count },
    version: 2,
    upgrade: (old, version) => (upgrade ?? renamed)(old, version),
  });
  const self = contract("permits", { title: "Permits", purpose: "Permit.", records: [permits], roles: { a: "" }, rules: { x: "X." } });
  const grant = self.action({
    title: "Grant",
    by: anyone,
    until: 1,
    input: { permit: id, fee: count, who: text(20) },
    run: (tx, { who, fee, permit }) => void tx.create(permits, { permit, fee: BigInt(fee), holder: who, since: 1 }),
  });
  const grant2 = self.action({
    title: "Grant, in money",
    name: "grant",
    version: 2,
    since: 2,
    by: anyone,
    input: { permit: id, fee: money, holder: text(40) },
    run: (tx, a) => void tx.create(permits, { ...a, since: 2 }),
  });
  const touch = self.action({
    title: "Touch",
    by: anyone,
    input: { permit: id },
    run: (tx, a) => void tx.put(tx.get(permits, a.permit), { since: 9 }),
  });
  return { permits, module: { default: self, grant, grant2, touch } };
}
const rights = plainRights({});
const open = (contracts: { module: any }, protocol = 1): Scenario =>
  scenario({ modules: [contracts.module], resolver: rights, found() {} }, { protocol });
const submit = (t: Scenario, action: string, args: Value) => t.submit([{ action, args }], []).code;

describe("actions", () => {
  it("are in force from `since` to `until`, by the chain's version, under their own number", () => {
    const t = open(later());
    const one = { permit: "a", fee: 1, who: "ann" };
    const two = { permit: "b", fee: 1, holder: "ann" };
    expect([submit(t, "permits.grant@1", one), submit(t, "permits.grant@2", two)]).toEqual([null, "engine.not_in_force"]);
    t.protocol = 2;
    expect([submit(t, "permits.grant@1", { ...one, permit: "c" }), submit(t, "permits.grant@2", two)]).toEqual([
      "engine.not_in_force",
      null,
    ]);
    expect([t.registry.work("permits.grant@1", 1), t.registry.work("permits.grant@1", 2), t.registry.work("none.such@1", 1)]).toEqual([
      64, 1, 1,
    ]);
    expect(t.registry.actions.get("permits.grant@2")?.action.options.title).toBe("Grant, in money");
  });
});

describe("schemas", () => {
  const withOld = (contracts: ReturnType<typeof later>): Scenario => {
    const old = earlier();
    const before = open(old);
    before.submit([{ action: "permits.grant@1", args: { permit: "a", fee: 7, who: "ann" } }], []);
    const t = open(contracts);
    for (const [place, { bytes }] of before.state.rows) t.state.rows.set(place, { bytes });
    return t;
  };

  it("of older rows are read as the present one; the bytes stay until the row is written", () => {
    const contracts = later();
    const t = withOld(contracts);
    const place = "permits/permit\0a\0\0";
    const bytes = hex(t.state.rows.get(place)!.bytes);
    const row = t.row(contracts.permits, "a")!;
    expect({ ...row }).toMatchObject({ fee: 7n, holder: "ann", since: 0 });
    expect([row.$.schemaVersion, row.$.revision]).toEqual([1, 1]);
    expect(hex(t.state.rows.get(place)!.bytes)).toBe(bytes);
    expect(submit(t, "permits.touch@1", { permit: "a" })).toBeNull();
    const written = t.row(contracts.permits, "a")!;
    expect([written.$.schemaVersion, written.$.revision, written.since, written.holder]).toEqual([2, 2, 9, "ann"]);
  });

  it("that cannot be upgraded are the contract's fault, and stop nobody", () => {
    for (const broken of [
      () => {
        throw new Error("broken");
      },
      () => ({ permit: "a" }),
      () => undefined,
    ])
      expect(submit(withOld(later(broken)), "permits.touch@1", { permit: "a" })).toBe("engine.fault");
  });
});
