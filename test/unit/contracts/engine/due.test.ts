// Due work: in order, fairly, bounded, once a block; what is refused waits and is visible (§3, engine.md §3).

import { describe, expect, it } from "vitest";
import { hex } from "../../../../src/base/bytes.ts";
import { dueId } from "../../../../src/contracts/engine/due.ts";
import { anyone, contract, count, id, optional, record, time, type Tx } from "../../../../src/contracts/engine/index.ts";
import { dueId as receiptId } from "../../../../src/ledger/block.ts";
import { given, plainRights, type Scenario, scenario } from "../scenario.ts";

/** A contract whose records are due at their time; what happens then is the test's. */
function alarmContract(name: string, work?: number) {
  const alarms = record("alarm", {
    title: "An alarm",
    key: ["alarm"],
    fields: { alarm: id, at: optional(time), second: optional(time), rang: count },
  });
  const self = contract(name, {
    title: name,
    purpose: "Rings.",
    records: [alarms],
    roles: { a: "" },
    rules: { broken: "It does not ring." },
  });
  const set = self.action({
    title: "Set",
    by: anyone,
    input: { alarm: id, at: optional(time), second: optional(time) },
    run: (tx, alarm) => {
      const row = tx.find(alarms, alarm.alarm);
      if (row === undefined) tx.create(alarms, { ...alarm, rang: 0 });
      else tx.put(row, { at: alarm.at, second: alarm.second });
    },
  });
  type Run = (tx: Tx<"broken", any>, row: any) => void;
  const hooks: { run: Run; echo: Run } = {
    run: (tx, row) => tx.put(row, { at: undefined, rang: row.rang + 1 }),
    echo: (tx, row) => tx.put(row, { second: undefined, rang: row.rang + 100 }),
  };
  const ring = self.due(alarms, {
    title: "Rings",
    at: (row) => row.at,
    run: (tx, row) => hooks.run(tx, row),
    ...(work === undefined ? {} : { work }),
  });
  const echo = self.due(alarms, { title: "Rings again", at: (row) => row.second, run: (tx, row) => hooks.echo(tx, row) });
  return { alarms, set, ring, echo, hooks, module: { default: self, set, ring, echo } };
}
type Alarms = ReturnType<typeof alarmContract>;
const START = 1_000_000;
function town(contracts: Alarms[], parameters = {}): Scenario {
  return scenario({ modules: contracts.map((c) => c.module), resolver: plainRights({}), found() {} }, { time: START, parameters });
}
const put = (t: Scenario, c: Alarms, alarm: string, at: number, second?: number): void => {
  t.act("set", c.set, { alarm, at, ...(second === undefined ? {} : { second }) }, []);
};
const names = (runs: ReturnType<Scenario["next"]>): string[] => runs.map(({ collection }) => collection.split("/")[0]!);

describe("order", () => {
  it("is that of time, then contract, record, key, name", () => {
    const [a, b] = [alarmContract("aa"), alarmContract("bb")];
    const t = town([b, a]);
    const late = START + 900_000;
    put(t, b, "x", late + 5);
    put(t, a, "z", late + 9);
    put(t, a, "y", late + 9);
    put(t, b, "a", late + 9);
    put(t, a, "w", late + 1, late + 2);
    const order: string[] = [];
    for (const c of [a, b]) {
      const { run } = c.hooks;
      c.hooks.run = (tx, row) => {
        order.push(row.alarm);
        run(tx, row);
      };
    }
    expect(t.next(2_000_000).map(({ collection, name }) => `${collection.slice(0, 2)} ${name}`)).toEqual([
      "aa ring",
      "bb ring",
      "aa ring",
      "aa ring",
      "bb ring",
    ]);
    expect(order).toEqual(["w", "x", "y", "z", "a"]);
    expect(t.next(40).map(({ name }) => name)).toEqual(["echo"]); // w's second: its row had run in that block
    t.indexHolds();
  });

  it("says when the next is due, past or not", () => {
    const a = alarmContract("aa");
    const t = town([a]);
    expect(t.registry.dueHead(t.state)).toBeUndefined();
    put(t, a, "x", START + 77_000);
    put(t, a, "y", START + 66_000);
    expect(t.registry.dueHead(t.state)).toBe(START + 66_000);
    t.next(70_000);
    expect(t.registry.dueHead(t.state)).toBe(START + 77_000);
  });
});

describe("bounds", () => {
  it("64 entries a block; the rest waits its turn", () => {
    const a = alarmContract("aa");
    const t = town([a]);
    for (let i = 0; i < 100; i++) put(t, a, `x${i}`, START + 500_000);
    expect([t.next(600_000), t.next(40), t.next(40)].map((runs) => runs.length)).toEqual([64, 36, 0]);
  });

  it("of one contract 16 while entries of others wait; its surplus is passed over, not lost", () => {
    const [a, b, c] = [alarmContract("aa"), alarmContract("bb"), alarmContract("cc")];
    const t = town([a, b, c]);
    for (let i = 0; i < 100; i++) put(t, a, `x${i}`, START + 500_000);
    for (let i = 0; i < 20; i++) put(t, b, `x${i}`, START + 500_001);
    put(t, c, "late", START + 500_002);
    const runs = names(t.next(600_000));
    expect(runs).toHaveLength(64);
    // A's share, B's share, C's one; then nobody else waits with less than a share, and the surplus runs in order of time.
    expect(runs.slice(0, 33)).toEqual([...Array(16).fill("aa"), ...Array(16).fill("bb"), "cc"]);
    expect(new Set(runs.slice(33))).toEqual(new Set(["aa"]));
    expect(names(t.next(40)).filter((name) => name === "bb")).toHaveLength(4);
  });

  it("a quarter of the block's declared work; a large entry waits for the next block", () => {
    const [a, b] = [alarmContract("aa", 1_000), alarmContract("bb", 2_000)];
    const t = town([a, b], { block_work: 10_000 });
    for (let i = 0; i < 3; i++) put(t, a, `x${i}`, START + 500_000 + i);
    put(t, b, "y", START + 500_003);
    expect(names(t.next(600_000))).toEqual(["aa", "aa"]);
    expect(names(t.next(40))).toEqual(["aa"]);
    expect(names(t.next(40))).toEqual(["bb"]);
  });

  it("the parameter moves the first bound", () => {
    const a = alarmContract("aa");
    const t = town([a], { due_per_block: 3 });
    for (let i = 0; i < 5; i++) put(t, a, `x${i}`, START + 500_000);
    expect([t.next(600_000), t.next(40)].map((runs) => runs.length)).toEqual([3, 2]);
  });

  it("a row runs once a block, and stays due in the next", () => {
    const a = alarmContract("aa");
    const t = town([a]);
    a.hooks.run = (tx, row) => tx.put(row, { rang: row.rang + 1 });
    put(t, a, "x", START + 500_000);
    put(t, a, "y", START + 500_001);
    expect([t.next(600_000), t.next(40)].map((runs) => runs.length)).toEqual([2, 2]);
    expect(t.row(a.alarms, "x")?.rang).toBe(2);
  });
});

describe("rows that stay due", () => {
  it("do not hide those behind them, however many kinds of work they have", () => {
    const a = alarmContract("aa");
    const t = town([a]);
    a.hooks.run = a.hooks.echo = (tx, row) => tx.put(row, { rang: row.rang + 1 });
    for (const alarm of ["x", "y"]) put(t, a, alarm, START + 500_000, START + 500_000);
    put(t, a, "z", START + 500_001);
    expect(t.next(600_000)).toHaveLength(3);
    expect(t.row(a.alarms, "z")?.rang).toBe(1);
  });
});

describe("a refusal", () => {
  const refusals: Record<string, [code: string, run: Alarms["hooks"]["run"]]> = {
    "by a rule": ["aa.broken", (tx) => tx.reject("broken")],
    "by the engine": ["engine.not_found", (tx, row) => tx.get(row.$.type, "none")],
    "because it broke": [
      "engine.fault",
      () => {
        throw new Error("broken");
      },
    ],
    "because it needed too much": ["engine.work_exceeded", (tx) => tx.work(1_000)],
  };
  it.each(Object.entries(refusals))("%s parks the row, visibly, until somebody writes it", (_, [code, run]) => {
    const a = alarmContract("aa");
    const t = town([a]);
    const { run: rings } = a.hooks;
    a.hooks.run = (tx, row) => {
      tx.put(row, { rang: 99 });
      run(tx, row);
    };
    put(t, a, "x", START + 500_000, START + 700_000);
    const [done] = t.next(600_000);
    expect(done!.result).toMatchObject({ outcome: 0, code: null, flags: ["engine.parked", code] });
    expect(given.has("engine.parked")).toBe(true);
    const row = t.row(a.alarms, "x")!;
    expect([row.rang, row.$.revision, row.$.parked, row.$.previousHeight]).toEqual([0, 2, ["ring"], 1]);
    expect(t.registry.toJson("aa/alarm", row.$.key, t.state.get("aa/alarm", row.$.key)!)).toMatchObject({ parked: ["ring"] });
    t.indexHolds();
    expect(t.next(40)).toEqual([]);
    expect(t.next(200_000).map(({ name }) => name)).toEqual(["echo"]); // other due work of the row goes on; it writes the row, which ends the parking
    a.hooks.run = rings;
    expect(t.next(40).map(({ name }) => name)).toEqual(["ring"]);
    expect(t.row(a.alarms, "x")!.$.parked).toEqual([]);
    t.indexHolds();
  });
});

describe("the id of a run", () => {
  it("begins with the block's time and is of height, record, key and name (§3)", () => {
    const entry = { id: "", time: 5, contract: "aa", collection: "aa/alarm", key: Uint8Array.of(120, 0, 0), name: "ring", work: 64 };
    const base = dueId(new Uint8Array(32), { height: 7, time: 0x0102030405 }, entry);
    expect(base).toHaveLength(32);
    expect(hex(base.subarray(0, 6))).toBe("000102030405");
    const others = [
      dueId(new Uint8Array(32), { height: 8, time: 0x0102030405 }, entry),
      dueId(new Uint8Array(32).fill(1), { height: 7, time: 0x0102030405 }, entry),
      dueId(new Uint8Array(32), { height: 7, time: 0x0102030405 }, { ...entry, name: "echo" }),
    ];
    expect(new Set([base, ...others].map(hex)).size).toBe(4);
    // The ledger puts the same id on the receipt.
    expect(hex(base)).toBe(hex(receiptId(new Uint8Array(32), 0x0102030405, 7, entry.collection, entry.key, entry.name)));
  });

  it("is the transaction's id that the handler sees, and it has no signer", () => {
    const a = alarmContract("aa");
    const t = town([a]);
    const seen: unknown[] = [];
    a.hooks.run = (tx, row) => {
      seen.push(tx.id.length, tx.signers, tx.holds("a"));
      tx.put(row, { at: undefined });
    };
    put(t, a, "x", START + 5_000);
    t.next(600_000);
    expect(seen).toEqual([32, [], false]);
  });
});
