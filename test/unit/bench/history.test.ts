// The judge of chaos: right histories pass, and each kind of wrong one is found. Without this a checker that finds nothing proves nothing.
import { describe, expect, test } from "vitest";
import { disorder, notLinearizable, type Place, type Update, wrongReadings } from "../../../bench/history.ts";
import { Random } from "../../../src/sim/random.ts";

let number = 0;
function update(from: string, to: string, outcome: Update["outcome"], invoked: number, returned: number, at?: Place): Update {
  return { id: `u${++number}`, record: "r", from, to, invoked, returned, outcome, ...(at === undefined ? {} : { at }) };
}
const holders = ["a", "b", "c"];

describe("linearizability of a record", () => {
  test("a move is seen by whoever begins after it ended", () => {
    const moved = update("a", "b", "applied", 0, 10);
    expect(notLinearizable([moved, update("b", "c", "applied", 11, 20)], "a")).toBeUndefined();
    expect(notLinearizable([moved, update("a", "c", "rejected", 11, 20)], "a")).toBeUndefined();
    expect(notLinearizable([moved, update("a", "c", "applied", 11, 20)], "a")).toContain("no order explains");
    expect(notLinearizable([moved, update("b", "c", "rejected", 11, 20)], "a")).toContain("no order explains");
  });

  test("of two at the same time either may be first, but not both be second", () => {
    expect(notLinearizable([update("a", "b", "applied", 0, 10), update("a", "c", "rejected", 5, 15)], "a")).toBeUndefined();
    expect(notLinearizable([update("a", "b", "rejected", 0, 10), update("a", "c", "applied", 5, 15)], "a")).toBeUndefined();
    expect(notLinearizable([update("a", "b", "applied", 0, 10), update("a", "c", "applied", 5, 15)], "a")).toContain("no order explains");
    expect(notLinearizable([update("a", "b", "rejected", 0, 10), update("a", "c", "rejected", 5, 15)], "a")).toContain("no order explains");
  });

  test("what was never answered may have happened, late or never, but not before it began", () => {
    const lost = update("a", "b", "unknown", 5, Infinity);
    expect(notLinearizable([lost, update("b", "c", "applied", 100, 110)], "a")).toBeUndefined();
    expect(notLinearizable([lost, update("a", "c", "applied", 100, 110)], "a")).toBeUndefined();
    expect(notLinearizable([update("b", "c", "applied", 0, 4), lost], "a")).toContain("no order explains");
  });

  test("an acknowledged move that is lost is found, however many follow", () => {
    const history = [update("a", "b", "applied", 0, 10), update("a", "b", "applied", 20, 30), update("b", "a", "applied", 40, 50)];
    expect(notLinearizable(history, "a")).toContain(history[1]!.id);
  });

  test("random histories of a real register pass; with one outcome turned round nearly all fail", () => {
    let found = 0;
    const runs = 100;
    for (let run = 0; run < runs; run++) {
      const random = new Random(run);
      let holder = "a";
      let at = 0;
      const history = Array.from({ length: 30 }, () => {
        at += random.below(8);
        const [from, to] = [holders[random.below(3)]!, holders[random.below(3)]!];
        const applied = from === holder;
        if (applied) holder = to;
        return update(from, to, applied ? "applied" : "rejected", at - random.below(10), at + random.below(10));
      });
      expect(notLinearizable(history, "a")).toBeUndefined();
      const turned = history[random.below(30)]!;
      turned.outcome = turned.outcome === "applied" ? "rejected" : "applied";
      if (notLinearizable(history, "a") !== undefined) found++;
    }
    expect(found).toBeGreaterThan(0.4 * runs); // where updates overlap, many an outcome could as well have been the other
  });
});

describe("the order that receipts state", () => {
  test("must agree with real time, with each outcome, and give each place once", () => {
    const good = [
      update("a", "b", "applied", 0, 10, { height: 2, index: 0 }),
      update("b", "c", "applied", 11, 20, { height: 2, index: 1 }),
    ];
    expect(disorder(good, "a")).toEqual([]);
    expect(
      disorder(
        [update("a", "a", "applied", 20, 30, { height: 2, index: 0 }), update("a", "a", "applied", 0, 10, { height: 3, index: 0 })],
        "a",
      ),
    ).toEqual([expect.stringContaining("began only after it had ended")]);
    expect(
      disorder(
        [update("a", "b", "applied", 0, 30, { height: 2, index: 0 }), update("a", "b", "applied", 0, 30, { height: 3, index: 0 })],
        "a",
      ),
    ).toEqual([expect.stringContaining("but b held r")]);
    expect(
      disorder(
        [update("a", "a", "applied", 0, 30, { height: 2, index: 0 }), update("a", "a", "applied", 0, 30, { height: 2, index: 0 })],
        "a",
      ),
    ).toEqual([expect.stringContaining("both stand at 2.0")]);
  });

  test("a reading shows the state of its height, no earlier and no later one", () => {
    const moved = [update("a", "b", "applied", 0, 10, { height: 5, index: 3 })];
    expect(
      wrongReadings(
        moved,
        [
          { record: "r", holder: "a", entries: 0, height: 4 },
          { record: "r", holder: "b", entries: 1, height: 5 },
        ],
        "a",
      ),
    ).toEqual([]);
    expect(wrongReadings(moved, [{ record: "r", holder: "b", entries: 1, height: 4 }], "a")).toHaveLength(1);
    expect(wrongReadings(moved, [{ record: "r", holder: "a", entries: 0, height: 6 }], "a")).toHaveLength(1);
  });
});
