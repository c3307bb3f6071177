// What may stand on a ballot: of each kind of question, that its equations allow exactly the choices that the question allows (tried out whole).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitsOf, fits, formOf, isShape, MAX_BITS, type Question, type Shape, shapeHash } from "../../../src/base/ballotShape.ts";
import { hex } from "../../../src/base/bytes.ts";
import { noNetwork } from "../../../src/base/tags.ts";

const vectorsOf = (bits: number): boolean[][] =>
  Array.from({ length: 2 ** bits }, (_, n) => Array.from({ length: bits }, (_x, i) => (n >> i) % 2 === 1));
/** The choices that fulfil the equations, whatever the slack: as texts of the counted bits. */
function allowed(question: Question): Set<string> {
  const { shape, counted } = formOf(question)!;
  const good = vectorsOf(shape.bits).filter((bits) => fits(shape, bits));
  return new Set(good.map((bits) => bits.slice(0, counted).map(Number).join("")));
}
const sized = (n: number, min: number, max: number): string[] =>
  vectorsOf(n)
    .filter((bits) => bits.filter(Boolean).length >= min && bits.filter(Boolean).length <= max)
    .map((bits) => bits.map(Number).join(""));

describe("a question", () => {
  it("is answered by exactly the choices that it allows", () => {
    for (const options of [1, 2, 5]) expect(allowed({ kind: "one", options })).toEqual(new Set(sized(options, 1, 1)));
    for (const [min, max] of [
      [0, 1],
      [1, 3],
      [2, 2],
      [0, 5],
    ] as const)
      expect(allowed({ kind: "some", options: 5, min, max })).toEqual(new Set(sized(5, min, max)));
    expect(allowed({ kind: "approval", options: 4 })).toEqual(new Set(sized(4, 0, 4)));
    expect(allowed({ kind: "ranking", options: 3 }).size).toBe(6);
    const costs = [3, 5, 2, 7];
    const affordable = sized(4, 0, 4).filter((bits) => costs.reduce((sum, cost, i) => sum + (bits[i] === "1" ? cost : 0), 0) <= 9);
    expect(allowed({ kind: "budget", costs, total: 9 })).toEqual(new Set(affordable));
  });

  it("turns a choice into bits, and refuses what it does not allow", () => {
    const some: Question = { kind: "some", options: 4, min: 1, max: 3 };
    expect(bitsOf(some, [2])).toEqual([false, false, true, false, true, true]);
    expect([[], [0, 1, 2, 3], [0, 0], [4], [-1], [0.5]].map((choice) => bitsOf(some, choice))).toEqual(Array(6).fill(undefined));
    expect(bitsOf({ kind: "ranking", options: 2 }, [1, 0])).toEqual([false, true, true, false]);
    expect(bitsOf({ kind: "ranking", options: 2 }, [1])).toBeUndefined();
    expect(bitsOf({ kind: "budget", costs: [3, 5], total: 9 }, [1])).toEqual([false, true, false, false, true, false]);
    expect(bitsOf({ kind: "budget", costs: [3, 7], total: 9 }, [0, 1])).toBeUndefined();
    expect(bitsOf({ kind: "one", options: 3 }, [])).toBeUndefined();
  });

  it("fits whatever is chosen within its bounds (1,000 at random)", () => {
    const budget = fc
      .tuple(
        fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1_000_000, max: 2 ** 32 - 1 }),
      )
      .map(([costs, total]): Question => ({ kind: "budget", costs, total }));
    fc.assert(
      fc.property(budget, fc.integer(), (question, seed) => {
        if (question.kind !== "budget") return;
        const choice: number[] = [];
        let left = question.total;
        for (const [i, cost] of question.costs.entries())
          if ((seed >> (i % 31)) % 2 !== 0 && cost <= left) {
            choice.push(i);
            left -= cost;
          }
        const bits = bitsOf(question, choice)!;
        expect(bits.slice(0, question.costs.length)).toEqual(question.costs.map((_, i) => choice.includes(i)));
        expect(fits(formOf(question)!.shape, bits)).toBe(true);
      }),
      { numRuns: 1_000, seed: 38 },
    );
  });

  it("that nobody could answer, or that is too long, has no form", () => {
    const none: Question[] = [
      { kind: "one", options: 0 },
      { kind: "one", options: MAX_BITS + 1 },
      { kind: "some", options: 5, min: 3, max: 2 },
      { kind: "some", options: 5, min: 0, max: 6 },
      { kind: "some", options: 5, min: 0, max: 0 },
      { kind: "some", options: 40, min: 0, max: 25 },
      { kind: "ranking", options: 9 },
      { kind: "budget", costs: [], total: 9 },
      { kind: "budget", costs: [10], total: 9 },
      { kind: "budget", costs: [0], total: 9 },
      { kind: "budget", costs: Array<number>(40).fill(1), total: 2 ** 32 - 1 },
      { kind: "approval", options: 1.5 },
      { kind: "all", options: 3 } as never,
    ];
    expect(none.map(formOf)).toEqual(none.map(() => undefined));
  });
});

describe("a shape", () => {
  const shape: Shape = {
    bits: 3,
    equations: [
      {
        terms: [
          { index: 0, weight: 1 },
          { index: 2, weight: 5 },
        ],
        total: 5,
      },
    ],
  };
  it("has one way of being written, within its bounds", () => {
    const withTerms = (...terms: [number, number][]): Shape => ({
      bits: 3,
      equations: [{ terms: terms.map(([index, weight]) => ({ index, weight })), total: 1 }],
    });
    expect(isShape(shape)).toBe(true);
    expect(isShape(withTerms([0, 0], [2, 2 ** 32 - 1]))).toBe(true);
    for (const wrong of [
      { ...shape, bits: 0 },
      { ...shape, bits: 65 },
      { ...shape, bits: 2 },
      { bits: 3, equations: Array.from({ length: 17 }, () => shape.equations[0]!) },
      { bits: 3, equations: [{ terms: [], total: 0 }] },
      { bits: 3, equations: [{ ...shape.equations[0]!, total: 2 ** 32 }] },
      withTerms([2, 1], [0, 1]),
      withTerms([0, 1], [0, 1]),
      withTerms([0, -1]),
      withTerms([0, 2 ** 32]),
      withTerms([0.5, 1]),
    ])
      expect(isShape(wrong), JSON.stringify(wrong)).toBe(false);
  });

  it("has the hash that another implementation gave it (Python)", () => {
    expect(hex(shapeHash(noNetwork, shape))).toBe("8b7c676c71e28d64e637a5c974551265d73bce397cd8e8db7441f952757799ab");
    const two = formOf({ kind: "one", options: 2 })!.shape;
    expect(hex(shapeHash(noNetwork, two))).toBe("15eee3d23acb3c767ac46003b610066d6d9df866f4e9bf095c501bb9638d29f6");
  });

  it("has a hash to which everything in it counts", () => {
    const other = (change: (of: { bits: number; equations: { terms: { index: number; weight: number }[]; total: number }[] }) => void) => {
      const copy = structuredClone(shape) as never;
      change(copy);
      return hex(shapeHash(noNetwork, copy));
    };
    const hashes = [
      other(() => undefined),
      other((of) => void (of.bits = 4)),
      other((of) => void (of.equations[0]!.total = 6)),
      other((of) => void (of.equations[0]!.terms[0]!.index = 1)),
      other((of) => void (of.equations[0]!.terms[0]!.weight = 2)),
      other((of) => void of.equations.pop()),
      hex(shapeHash(new Uint8Array(32).fill(1), shape)),
    ];
    expect(hashes[0]).toBe(hex(shapeHash(noNetwork, shape)));
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
