// Waiting for transactions to become final: each item is told once, of its own leaf; who has left hears nothing; nothing is kept for ever.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, u48be } from "../../../src/base/bytes.ts";
import { Finality, type FinalBlock, type Group } from "../../../src/node/api/finality.ts";

const id = (name: number, notAfter = 10_000): Uint8Array => concat(u48be(notAfter), new Uint8Array(26).fill(name));
const block = (height: number, time: number, ids: Uint8Array[]): FinalBlock => ({
  height,
  time,
  ids: concat(...ids),
  receipt: (leaf) => Uint8Array.of(leaf),
});

class Heard implements Group {
  readonly said: string[] = [];
  flushes = 0;
  final(item: number, { height }: FinalBlock, leaf: number): void {
    this.said.push(`${item} final ${height}.${leaf}`);
  }
  expired(item: number): void {
    this.said.push(`${item} expired`);
  }
  abandon(): void {
    this.said.push("abandoned");
  }
  flush(): void {
    this.flushes++;
  }
}

function waiting(finality: Finality, ...ids: Uint8Array[]): { heard: Heard; group: number } {
  const heard = new Heard();
  const group = finality.add(heard);
  ids.forEach((bytes, item) => finality.wait(group, item, bytes, 0));
  return { heard, group };
}

describe("a group of transactions", () => {
  test("hears of each once, with its leaf, and is flushed once a block", () => {
    const finality = new Finality();
    const { heard } = waiting(finality, id(1), id(2), id(3));
    finality.committed(block(7, 100, [id(9), id(3), id(1)]));
    finality.committed(block(8, 200, [id(2), id(1)]));
    expect(heard.said).toEqual(["2 final 7.1", "0 final 7.2", "1 final 8.0"]);
    expect([heard.flushes, finality.size]).toEqual([2, 0]);
  });

  test("expires by committed time alone, when notAfter is passed and there is no receipt", () => {
    const finality = new Finality();
    const { heard } = waiting(finality, id(1, 5_000), id(2, 50_000));
    finality.committed(block(1, 5_000, []));
    expect(heard.said).toEqual([]);
    finality.committed(block(2, 9_000, []));
    expect(heard.said).toEqual(["0 expired"]);
    expect(finality.size).toBe(1);
  });

  test("two who wait for the same id are both told; one who leaves takes nothing from the other", () => {
    const finality = new Finality();
    const [a, b, c] = [waiting(finality, id(1)), waiting(finality, id(1)), waiting(finality, id(1))];
    finality.leave(a.group, [id(1)]);
    finality.committed(block(1, 1, [id(1)]));
    expect([a.heard.said, b.heard.said, c.heard.said]).toEqual([[], ["0 final 1.0"], ["0 final 1.0"]]);
    expect(finality.size).toBe(0);
  });

  test("is told when the node stops", () => {
    const finality = new Finality();
    const { heard } = waiting(finality, id(1));
    finality.stop();
    expect(heard.said).toEqual(["abandoned"]);
    finality.committed(block(1, 1, [id(1)]));
    expect(heard.said).toEqual(["abandoned"]);
  });

  test("whatever the order of waiting, leaving and committing: told exactly what was committed while it waited", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("wait" as const), name: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant("leave" as const), who: fc.nat(20) }),
      fc.record({ kind: fc.constant("commit" as const), names: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const finality = new Finality();
        const open: { name: number; heard: Heard; group: number; done: boolean; expected: string[] }[] = [];
        let height = 0;
        for (const s of steps) {
          if (s.kind === "wait") open.push({ name: s.name, ...waiting(finality, id(s.name)), done: false, expected: [] });
          else if (s.kind === "leave") {
            const who = open[s.who];
            if (who === undefined || who.done) continue;
            finality.leave(who.group, [id(who.name)]);
            who.done = true;
          } else {
            height++;
            finality.committed(
              block(
                height,
                1,
                s.names.map((n) => id(n)),
              ),
            );
            for (const who of open) {
              const leaf = s.names.indexOf(who.name);
              if (who.done || leaf < 0) continue;
              who.expected.push(`0 final ${height}.${leaf}`);
              who.done = true;
            }
          }
        }
        for (const who of open) expect(who.heard.said).toEqual(who.expected);
        expect(finality.size).toBe(new Set(open.filter((w) => !w.done).map((w) => w.name)).size);
      }),
      { numRuns: 300 },
    );
  });
});
