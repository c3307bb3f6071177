// Processes as data: what is sound never comes to a standstill, whatever steps are taken; and what is not is told.

import fc from "fast-check";
import { expect, test } from "vitest";
import { days } from "../../../../src/contracts/engine/index.ts";
import { lapse, left, type Process, statusOf, stepFrom, unsound } from "../../../../src/contracts/kit/process.ts";

const waits = ["a", "b", "c"];
const ends = ["y", "z"];
const anywhere = fc.constantFrom(...waits, ...ends, "b", "c", "z");
/** Three statuses that wait, each with a step of time, two ends, and steps that people take: sound now and then. */
const process: fc.Arbitrary<Process> = fc
  .record({
    lapses: fc.tuple(anywhere, anywhere, anywhere),
    steps: fc.array(
      fc.record({
        from: fc.uniqueArray(fc.constantFrom(...waits, ...waits, "z"), { minLength: 1, maxLength: 2 }),
        to: anywhere,
        by: fc.constantFrom("office", "office", "holder"),
        times: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 3, maxLength: 6 },
    ),
  })
  .map(({ lapses, steps }) => ({
    statuses: [
      ...waits.map((status) => ({ status, within: days(1), step: `of-${status}` })),
      ...ends.map((status) => ({ status, ends: status === "y" ? ("granted" as const) : ("closed" as const) })),
    ],
    steps: [
      ...waits.map((status, i) => ({ step: `of-${status}`, from: [status], to: lapses[i]!, by: "chain", ground: false, times: 1 })),
      ...steps.map((s, i) => ({ step: `s${i}`, ...s, ground: true })),
    ],
  }));

test("a sound process ends by time alone from wherever its steps lead, and all its statuses are reached", () => {
  let sound = 0;
  fc.assert(
    fc.property(process, fc.array(fc.nat(9), { maxLength: 12 }), (p, choices) => {
      if (unsound(p, ["office", "holder"]) !== undefined) return;
      sound++;
      let at = p.statuses[0]!.status;
      const taken: string[] = [];
      for (const choice of choices) {
        const open = p.steps.filter((s) => stepFrom(p, at, s.step) !== undefined && left(s, taken) && s.by !== "chain");
        if (open.length === 0) break;
        const chosen = open[choice % open.length]!;
        taken.push(chosen.step);
        at = chosen.to;
      }
      for (let hops = 0; statusOf(p, at)!.ends === undefined; hops++) {
        expect(hops).toBeLessThan(p.statuses.length);
        expect(statusOf(p, at)!.within).toBe(days(1));
        at = lapse(p, at)!;
      }
    }),
    { numRuns: 10_000, seed: 26 },
  );
  expect(sound).toBeGreaterThan(300);
});

const good: Process = {
  statuses: [
    { status: "asked", within: days(1), grace: days(1), step: "lapse" },
    { status: "yes", ends: "granted" },
    { status: "no", ends: "refused" },
  ],
  steps: [
    { step: "grant", from: ["asked"], to: "yes", by: "office", ground: false, times: 1 },
    { step: "refuse", from: ["asked"], to: "no", by: "office", ground: true, times: 1 },
    { step: "lapse", from: ["asked"], to: "no", by: "chain", ground: false, times: 1 },
  ],
};
test("what is wrong with a process is said", () => {
  const says = (change: (p: any) => void): string | undefined => {
    const p = structuredClone(good);
    change(p);
    return unsound(p, ["office"]);
  };
  expect(says(() => undefined)).toBeUndefined();
  expect(says((p) => p.statuses.push({ status: "no", ends: "closed" }))).toBe("a name stands for two things");
  expect(says((p) => p.statuses.reverse())).toBe("it ends where it begins");
  expect(says((p) => p.steps.push({ ...p.steps[0], step: "more", times: 62 }))).toBe("it has more than 64 steps");
  expect(says((p) => (p.steps[0].to = "where"))).toBe("grant leads from or to no status");
  expect(says((p) => (p.steps[0].by = "king"))).toBe("nobody takes grant");
  expect(says((p) => (p.steps[1].ground = false))).toBe("refuse refuses without a ground");
  expect(says((p) => (p.statuses[1].within = days(1)))).toBe("yes ends, and goes on");
  expect(says((p) => (p.steps[0].from = ["asked", "no"]))).toBe("no ends, and goes on");
  expect(says((p) => delete p.statuses[0].within)).toBe("asked may last for ever");
  expect(says((p) => (p.statuses[0].step = "fly"))).toBe("asked may last for ever");
  expect(says((p) => (p.steps[2].to = "asked"))).toBe("time alone never ends asked");
  expect(says((p) => p.statuses.push({ status: "lost", ends: "closed" }))).toBe("lost is never reached");
});
