// A handler may do anything: what it throws is undone and ends in a receipt, the chain goes on (attacks.md trace 8); what is not deterministic stops.

import { afterEach, describe, expect, it } from "vitest";
import { bytes, contract, count, id, list, optional, record, signs, type Tx, text } from "../../../../src/contracts/engine/index.ts";
import { plainRights, type Scenario, scenario, signedBy } from "../scenario.ts";

const things = record("thing", {
  title: "A thing",
  key: ["thing"],
  fields: { thing: id, size: count, note: optional(text(20)), blob: optional(bytes(12_000)) },
  states: { made: ["used"], used: [] },
  scan: true,
});
const foreign = record("foreign", { title: "Another's", key: ["thing"], fields: { thing: id } });
const other = contract("other", {
  title: "Other",
  purpose: "Theirs.",
  records: [foreign],
  roles: { a: "" },
  rules: { full: "It is full." },
});
export const poke = other.procedure((tx, thing: string) => void tx.create(foreign, { thing }));
const full = other.procedure((tx) => tx.reject("full"));

const bench = contract("bench", {
  title: "Bench",
  purpose: "Breaks.",
  records: [things],
  roles: { a: "Anybody" },
  rules: { no: "No.", hidden: "Never told." },
  flags: { odd: "Odd." },
});
/** What the handler does: set by each test. */
let does: (tx: Tx<any, any, any>, args: { readonly thing: string; readonly size: number }) => unknown = () => {};
const run = bench.action({
  title: "Do",
  by: { who: signs("whoever") },
  input: { thing: id, size: count },
  rules: ["no", "other.full"],
  run: (tx, args) => does(tx, args) as never,
});
const small = bench.action({
  title: "Do little",
  by: { who: signs("whoever") },
  input: { thing: id, size: count, blob: optional(bytes(12_000)), list: optional(list(count, 500)) },
  work: 10,
  run: (tx, args) => does(tx, args) as never,
});
const composition = {
  modules: [{ default: other }, { default: bench, run, small }],
  resolver: plainRights({ tax: ["bench.a"] }),
  found() {},
};

let town: Scenario;
const args = { thing: "t", size: 1 };
const code = (handler: typeof does, action = run): string | null => {
  does = handler;
  const before = [...town.state.rows.keys()];
  const result = town.submit([{ action: action.name, args }], signedBy("tax"));
  if (result.outcome !== 0) expect([...town.state.rows.keys()]).toEqual(before);
  else expect(result.code).toBeNull();
  return result.code;
};
const start = (strict = true): void => {
  town = scenario(composition, { strict });
};
afterEach(() => {
  does = () => {};
});

describe("a handler that fails", () => {
  it("is undone and gets the receipt engine.fault", () => {
    start();
    const failures: (typeof does)[] = [
      () => {
        throw new Error("broken");
      },
      () => {
        throw "a string";
      },
      () => {
        throw null;
      },
      () => (undefined as unknown as { x: number }).x,
      () => 1n / 0n, // a RangeError that every node sees alike
      () => new Uint8Array(-1),
      () => "x".repeat(-1),
      () => BigInt(0.5),
    ];
    for (const failure of failures) {
      expect(
        code((tx, { thing, size }) => {
          tx.create(things, { thing, size });
          failure(tx, args);
        }),
      ).toBe("engine.fault");
    }
    expect(code(() => {})).toBeNull();
  });

  it("is one that misuses the engine", () => {
    start();
    const make = (tx: Tx) => tx.find(things, "t") ?? tx.create(things, { thing: "t", size: 1 });
    const misuses: Record<string, typeof does> = {
      "writes another contract's record": (tx) => tx.create(foreign, { thing: "t" }),
      "writes a stale row": (tx) => {
        const row = make(tx);
        tx.put(row, { size: 2 });
        tx.put(row, { size: 3 });
      },
      "writes a copy of a row": (tx) => tx.put({ ...make(tx) } as any, { size: 2 }),
      "changes a key": (tx) => tx.put(make(tx), { thing: "u" }),
      "adds a field": (tx) => tx.put(make(tx), { colour: "red" } as never),
      "leaves a field out": (tx) => tx.create(things, { thing: "t" } as never),
      "removes a field that is not optional": (tx) => tx.put(make(tx), { size: undefined } as never),
      "writes a fraction": (tx) => tx.put(make(tx), { size: 0.5 }),
      "writes a lone surrogate": (tx) => tx.put(make(tx), { note: "\ud800" }),
      "asks with half a key": (tx) => (tx.get as (...all: unknown[]) => unknown)(things),
      "asks with a number for an id": (tx) => tx.get(things, 5 as never),
      "scans without end": (tx) => tx.scan(things, [], 501),
      "scans what is not scannable": (tx) => tx.scan(foreign, [], 1),
      "raises an unknown flag": (tx) => tx.flag("even"),
      "names a slot that is not declared": (tx) => tx.signed("nobody", "tax"),
      "asks for the signer of no role": (tx) => tx.signer("who"),
      "is asynchronous": async () => {},
      "counts work backwards": (tx) => tx.work(-100),
    };
    for (const [what, misuse] of Object.entries(misuses)) expect(`${what}: ${code(misuse)}`).toBe(`${what}: engine.fault`);
  });

  it("cannot swallow its own end", () => {
    start();
    const swallowing =
      (run_: typeof does): typeof does =>
      (tx, all) => {
        try {
          run_(tx, all);
        } catch {
          tx.create(things, { thing: "swallowed", size: 0 });
        }
      };
    expect(code(swallowing((tx) => tx.reject("no")))).toBe("bench.no");
    expect(code(swallowing((tx) => tx.get(things, "none")))).toBe("engine.not_found");
    expect(code(swallowing((tx) => tx.put({} as any, {})))).toBe("engine.fault");
    expect(code(swallowing((tx) => tx.work(1_000)))).toBe("engine.work_exceeded");
  });

  it("says what happened to the log, and nothing to the client", () => {
    start();
    does = () => {
      throw new Error("the secret of row 7");
    };
    const { data, fault } = town.submit([{ action: run.name, args }], signedBy("tax"));
    expect(data).toBeUndefined();
    expect(fault).toContain("the secret of row 7");
  });

  it("does not keep the chain from going on", () => {
    start();
    does = (tx, { thing, size }) => {
      if (size === 2) throw new Error("broken");
      tx.create(things, { thing, size });
    };
    const results = [1, 2, 3].map(
      (size) => town.submit([{ action: run.name, args: { thing: `t${size}`, size } }], signedBy("tax")).outcome,
    );
    expect(results).toEqual([0, 2, 0]);
  });
});

describe("what is not deterministic", () => {
  it("stops the node: an exhausted stack", () => {
    start();
    const deep = (n: number): number => (n < 0 ? 0 : 1 + deep(n + 1));
    expect(() => code(() => deep(0))).toThrow(RangeError);
  });

  it("stops the node: the ledger that fails below the handler, even if the handler catches it", () => {
    start();
    const lost = new Error("disk");
    town.state.get = () => {
      throw lost;
    };
    expect(() =>
      code((tx) => {
        try {
          tx.find(things, "t");
        } catch {}
      }),
    ).toThrow(lost);
  });

  it("stops the node: a stored row that is none", () => {
    start();
    code((tx) => tx.create(things, { thing: "t", size: 1 }));
    for (const damaged of [Uint8Array.of(0xc0), Uint8Array.of(0x99), Uint8Array.of()]) {
      town.state.rows.set("bench/thing\0t\0\0", { bytes: damaged });
      expect(() => code((tx) => tx.get(things, "t"))).toThrow();
    }
  });
});

describe("work", () => {
  const units = (handler: typeof does): string | null => code(handler, small);

  it("is counted as declared: get 1, put 3, a scanned row 1, a hash 1, each KiB 1", () => {
    start();
    for (const [n, thing] of ["a", "b", "c", "d", "e", "f", "g"].entries()) code((tx) => tx.create(things, { thing, size: n }));
    expect(units((tx) => void Array.from({ length: 10 }, () => tx.find(things, "a")))).toBeNull();
    expect(units((tx) => void Array.from({ length: 11 }, () => tx.find(things, "a")))).toBe("engine.work_exceeded");
    expect(units((tx) => [1, 2, 3].map((n) => tx.create(things, { thing: `x${n}`, size: n })))).toBeNull();
    expect(units((tx) => [1, 2, 3, 4].map((n) => tx.create(things, { thing: `y${n}`, size: n })))).toBe("engine.work_exceeded");
    expect(units((tx) => void tx.scan(things, [], 10))).toBeNull(); // ten things stand by now
    expect(units((tx) => void tx.scan(things, [], 10).concat(tx.scan(things, [], 1)))).toBe("engine.work_exceeded");
    expect(units((tx) => void Array.from({ length: 9 }, () => tx.hash(new Uint8Array(3))))).toBeNull();
    expect(units((tx) => void tx.hash(new Uint8Array(10_240)))).toBe("engine.work_exceeded");
    expect(units((tx) => tx.create(things, { thing: "big", size: 1, blob: new Uint8Array(5_000) }))).toBeNull(); // 3 and 4 KiB
    expect(units((tx) => tx.create(things, { thing: "bigger", size: 1, blob: new Uint8Array(9_000) }))).toBe("engine.work_exceeded");
    expect(units((tx) => tx.get(things, "big"))).toBeNull();
    expect(units((tx) => void [tx.get(things, "big"), tx.work(6)])).toBe("engine.work_exceeded");
    expect(units((tx) => tx.work(10))).toBeNull();
    expect(units((tx) => tx.work(11))).toBe("engine.work_exceeded");
  });

  it("counts the arguments: each KiB 1, 64 nodes of the schema 1", () => {
    start();
    does = (tx) => tx.work(5);
    const given = (more: object): string | null => town.submit([{ action: small.name, args: { ...args, ...more } }], signedBy("tax")).code;
    expect(given({ blob: new Uint8Array(5_000), list: Array(50).fill(1) })).toBeNull();
    expect(given({ blob: new Uint8Array(6_500) })).toBe("engine.work_exceeded");
    expect(given({ list: Array(250).fill(1) })).toBeNull();
    expect(given({ list: Array(400).fill(1) })).toBe("engine.work_exceeded");
  });

  it("is the same whether rows come from memory or from bytes", () => {
    start();
    code((tx) => tx.create(things, { thing: "t", size: 1, note: "x".repeat(20) }));
    const row = town.state.rows.get("bench/thing\0t\0\0")!;
    const uses = (): unknown => {
      does = (tx) => {
        for (let i = 0; i < 60; i++) tx.find(things, "t");
        tx.work(5);
      };
      return town.submit([{ action: run.name, args }], signedBy("tax")).data;
    };
    const warm = uses();
    town.state.rows.set("bench/thing\0t\0\0", { bytes: row.bytes });
    expect(uses()).toEqual(warm);
    expect(warm).toEqual({ work: 65 });
  });
});

describe("codes", () => {
  it("of a procedure are those of its own contract", () => {
    start();
    expect(code((tx) => full(tx))).toBe("other.full");
    expect(code((tx) => poke(tx, "t"))).toBeNull();
    expect(code((tx) => [poke(tx, "u"), tx.create(foreign, { thing: "v" })])).toBe("engine.fault"); // back in its own contract
  });

  it("that an action gives without declaring them are found by tests, and tolerated in production", () => {
    start();
    expect(() => code((tx) => tx.reject("hidden"))).toThrow(/gives bench.hidden without declaring it/);
    start(false);
    expect(code((tx) => tx.reject("hidden"))).toBe("bench.hidden");
    expect(code((tx) => tx.flag("odd"))).toBeNull();
  });

  it("of engine stand for signatures and parties", () => {
    start();
    expect(code((tx) => tx.signed("who", "health"))).toBe("engine.signature_missing");
    expect(code((tx) => tx.signed("who", "health", "no"))).toBe("bench.no");
    expect(code((tx) => tx.signed("who", new Uint8Array(32)))).toBe("engine.signature_missing");
    expect(code((tx) => tx.signed("who", tx.signers[0]!))).toBeNull();
    expect(code((tx) => tx.require(tx.known("tax") && !tx.known("nobody"), "no"))).toBeNull();
    expect(code((tx) => tx.require(tx.holds("a") && tx.holds("a", "tax") && !tx.holds("a", "health"), "no"))).toBeNull();
  });
});
