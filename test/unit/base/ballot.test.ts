// Secret ballots: the vectors of cryptography.md §5.2, every kind of question there and back, and every way in which a voter could cheat (mistakes 3 to 8).
// The cheats are made by a prover of the test's own, which encrypts any integer and proves as far as can be.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ballotCode, ballotHolds, type BallotPlace, makeBallot, secretsOpen } from "../../../src/base/ballot.ts";
import { bitsOf, formOf, type Question, type Shape, shapeHash } from "../../../src/base/ballotShape.ts";
import { type Bytes, concat, hex, joined, unhex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import {
  add,
  GENERATOR,
  hashToScalar,
  multiply,
  multiplyBase,
  ORDER,
  randomScalar,
  reduce,
  scalarBytes,
  scalarOf,
  subtract,
  useGroup,
} from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { noNetwork, type Tag } from "../../../src/base/tags.ts";

const bytesOf = (byte: number): Bytes => new Uint8Array(32).fill(byte);
const RUNS = process.env["CHANCERY_LONG"] === "1" ? 2_000 : 60;
beforeEach(async () => useSodium());
afterEach(() => useGroup());

const trusteeSecret = 77n;
const placeOf = (question: Question, over: Partial<BallotPlace> = {}): BallotPlace => ({
  network: noNetwork,
  poll: "school",
  shape: formOf(question)!.shape,
  pollKey: bytesOf(1),
  key: multiplyBase(trusteeSecret),
  ...over,
});
const oneOf5: Question = { kind: "one", options: 5 };
const projects: Question = { kind: "budget", costs: [30, 50, 20, 70, 10, 5], total: 100 };
const questions: [Question, choice: number[]][] = [
  [oneOf5, [2]],
  [{ kind: "some", options: 5, min: 1, max: 3 }, [4]],
  [{ kind: "approval", options: 3 }, []],
  [{ kind: "ranking", options: 4 }, [2, 0, 3, 1]],
  [projects, [0, 2]],
];

describe("the vectors", () => {
  it("of a challenge", () => {
    const scalar = hashToScalar("chancery/test/1" as Tag, noNetwork, [1, "a", bytesOf(2)]);
    expect(hex(scalarBytes(scalar))).toBe("83895e77a4f50d96f09728ec8bf36c0574977ae6faf9fe0b509f316f2208d706");
  });

  it("of a ballot", () => {
    const place = { network: noNetwork, poll: "p", shape: { bits: 1, equations: [] }, pollKey: bytesOf(1), key: multiplyBase(3n) };
    const { ciphertexts, proof } = makeBallot(place, [true], [{ r: 5n, w: 7n, e: 11n, s: 13n }]);
    expect(hex(proof.subarray(0, 32))).toBe("6d5e8247606bbbdbbea855ad5a1845957df744248a713ed85286bd5b1cb97001");
    expect(hex(sha256(concat(ciphertexts, proof)))).toBe("8da47222095868a58b7a20e75f6ef341014191ca005fa69abc573a2125e5c8c9");
    expect(ballotHolds(place, ciphertexts, proof)).toBe(true);
  });
});

describe("an honest ballot", () => {
  it("holds, of every kind of question, and is as long as designed", () => {
    const lengths = questions.map(([question, choice]) => {
      const place = placeOf(question);
      const { ciphertexts, proof } = makeBallot(place, bitsOf(question, choice)!);
      expect(ballotHolds(place, ciphertexts, proof), question.kind).toBe(true);
      return [ciphertexts.length, proof.length];
    });
    expect(lengths).toEqual([
      [320, 544],
      [448, 736],
      [192, 320],
      [1_024, 1_824],
      [832, 1_312],
    ]);
  });

  it("says what was chosen to who has the trustees' secret, and nothing twice", () => {
    const place = placeOf(oneOf5);
    const [a, b] = [makeBallot(place, bitsOf(oneOf5, [2])!), makeBallot(place, bitsOf(oneOf5, [2])!)];
    const opened = Array.from({ length: 5 }, (_, i) => {
      const at = (j: number): Bytes => a.ciphertexts.subarray(64 * i + 32 * j, 64 * i + 32 * j + 32);
      return hex(subtract(at(1), multiply(trusteeSecret, at(0))));
    });
    expect(opened.map((point) => point === hex(GENERATOR))).toEqual([false, false, true, false, false]);
    const points = [a, b].flatMap(({ ciphertexts, proof }) => hex(concat(ciphertexts, proof)).match(/.{64}/g)!);
    expect(new Set(points).size).toBe(points.length);
  });

  it("is made of bits that fulfil the shape, or not at all", () => {
    expect(() => makeBallot(placeOf(oneOf5), [true, true, false, false, false])).toThrow("bug.assertion");
    expect(() => makeBallot(placeOf(oneOf5), [true])).toThrow("bug.assertion");
  });
});

// ── a prover that cheats ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Encrypts these integers and proves them, as if those that are neither 0 nor 1 were 1; the equations are proved with r as an honest voter would. */
function forge(place: BallotPlace, values: readonly bigint[], { e1Free = false } = {}): { ciphertexts: Bytes; proof: Bytes } {
  const { shape, key } = place;
  const of = values.map((value) => ({ value, r: randomScalar(), w: randomScalar(), e: randomScalar(), s: randomScalar() }));
  const pairs = of.map(({ value, r }) => [multiplyBase(r), add(multiply(r, key), multiplyBase(reduce(value)))] as const);
  const ciphertexts = joined(pairs.flat());
  const simulate = (s: bigint, e: bigint, a: Bytes, b: Bytes): Bytes[] => [
    subtract(multiplyBase(s), multiply(e, a)),
    subtract(multiply(s, key), multiply(e, b)),
  ];
  const commitments = of.flatMap(({ value, w, e, s }, i) => {
    const [a, b] = pairs[i]!;
    const isTrue = [multiplyBase(w), multiply(w, key)];
    if (e1Free) return [...simulate(s, e, a, b), ...simulate(s, e, a, subtract(b, GENERATOR))];
    return value === 0n ? [...isTrue, ...simulate(s, e, a, subtract(b, GENERATOR))] : [...simulate(s, e, a, b), ...isTrue];
  });
  const nonces = shape.equations.map(() => randomScalar());
  commitments.push(...nonces.flatMap((w) => [multiplyBase(w), multiply(w, key)]));
  const e = hashToScalar(tags.ballot, place.network, [
    ...[place.poll, shapeHash(place.network, shape), place.pollKey, key, ciphertexts, joined(commitments)],
  ]);
  const responses = of.flatMap(({ value, r, w, e: other, s }) => {
    if (e1Free) return [other, s, s];
    const own = reduce(e - other);
    return value === 0n ? [own, reduce(w + own * r), s] : [other, s, reduce(w + own * r)];
  });
  const sums = shape.equations.map(({ terms }, q) =>
    reduce(nonces[q]! + e * terms.reduce((sum, { index, weight }) => sum + BigInt(weight) * of[index]!.r, 0n)),
  );
  return { ciphertexts, proof: joined([e, ...responses, ...sums].map(scalarBytes)) };
}
const forged = (question: Question, values: readonly bigint[], how = {}): boolean => {
  const place = placeOf(question);
  const { ciphertexts, proof } = forge(place, values, how);
  return ballotHolds(place, ciphertexts, proof);
};

describe("a ballot that cheats", () => {
  it("holds for the test's prover too, where there is nothing to hide", () => {
    expect(forged(oneOf5, [0n, 0n, 1n, 0n, 0n])).toBe(true);
    expect(
      forged(
        projects,
        bitsOf(projects, [0, 2])!.map((bit) => (bit ? 1n : 0n)),
      ),
    ).toBe(true);
  });

  it("with two votes, no vote, values whose sum is right, or more than the budget is refused", () => {
    for (const values of [
      [1n, 1n, 0n, 0n, 0n],
      [0n, 0n, 0n, 0n, 0n],
      [2n, -1n, 0n, 0n, 0n],
      [ORDER - 1n, 2n, 0n, 0n, 0n],
      [1n, 1n, -1n, 0n, 0n],
      [1n, ORDER - 1n, 1n, 0n, 0n],
      [5n, 0n, 0n, 0n, 0n],
    ])
      expect(forged(oneOf5, values), values.join(" ")).toBe(false);
    // 30 + 70 + 20 of 100: no slack bits make it 100, and a negative one is none.
    const slack = Array<bigint>(7).fill(0n);
    expect(forged(projects, [1n, 0n, 1n, 1n, 0n, 0n, ...slack])).toBe(false);
    expect(forged(projects, [1n, 0n, 1n, 1n, 0n, 0n, ...slack.with(2, -5n)])).toBe(false);
    // An approval has no equation: bits must be bits all the same.
    for (const value of [2n, -1n, 1_000n, ORDER - 2n]) expect(forged({ kind: "approval", options: 2 }, [value, 0n])).toBe(false);
  });

  it("that takes the challenge of one branch from nowhere is refused", () => {
    expect(forged({ kind: "approval", options: 1 }, [2n], { e1Free: true })).toBe(false);
    expect(forged(oneOf5, [1n, 1n, 0n, 0n, 0n], { e1Free: true })).toBe(false);
  });

  it("copied by another voter, to another poll, network, key or question is refused; and so is one re-randomised", () => {
    const place = placeOf(oneOf5);
    const { ciphertexts, proof } = makeBallot(place, bitsOf(oneOf5, [2])!);
    const places: Partial<BallotPlace>[] = [
      { pollKey: bytesOf(2) },
      { poll: "hospital" },
      { network: bytesOf(9) },
      { key: multiplyBase(trusteeSecret + 1n) },
      { key: new Uint8Array(32) },
      { key: new Uint8Array(31) },
      { shape: { bits: 5, equations: [] } },
      { shape: { bits: 5, equations: [{ ...place.shape.equations[0]!, total: 2 }] } },
      { shape: formOf({ kind: "some", options: 3, min: 0, max: 2 })!.shape },
      { shape: { bits: 0, equations: [] } },
    ];
    for (const other of places) expect(ballotHolds({ ...place, ...other }, ciphertexts, proof), JSON.stringify(other)).toBe(false);
    const again = ciphertexts.slice();
    again.set(add(ciphertexts.subarray(0, 32), GENERATOR), 0);
    again.set(add(ciphertexts.subarray(32, 64), place.key), 32);
    expect(ballotHolds(place, again, proof)).toBe(false);
    // Two honest ballots added up are none.
    const other = makeBallot(place, bitsOf(oneOf5, [3])!);
    const sum = joined(Array.from({ length: 10 }, (_, i) => add(nth(ciphertexts, i), nth(other.ciphertexts, i))));
    expect(ballotHolds(place, sum, proof)).toBe(false);
    expect(ballotHolds(place, other.ciphertexts, proof)).toBe(false);
  });

  it("in another form of the same numbers is refused: scalars above the order, points that are not canonical, other lengths", () => {
    const question: Question = { kind: "one", options: 2 };
    const place = placeOf(question);
    const { ciphertexts, proof } = makeBallot(place, bitsOf(question, [1])!);
    for (let i = 0; i < proof.length / 32; i++) {
      const raised = proof.slice();
      const above = scalarOf(nth(proof, i)) + ORDER;
      if (above >> 256n !== 0n) continue;
      raised.set(unhex(above.toString(16).padStart(64, "0")).reverse(), 32 * i);
      expect(ballotHolds(place, ciphertexts, raised), `scalar ${i}`).toBe(false);
    }
    const bad = [
      "00".repeat(32),
      "ff".repeat(32),
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    ].map(unhex);
    for (const point of bad)
      for (let i = 0; i < ciphertexts.length / 32; i++) {
        const changed = ciphertexts.slice();
        changed.set(point, 32 * i);
        expect(ballotHolds(place, changed, proof), `point ${i}`).toBe(false);
      }
    for (const [c, p] of [
      [ciphertexts.subarray(1), proof],
      [concat(ciphertexts, Uint8Array.of(0)), proof],
      [ciphertexts, proof.subarray(32)],
      [ciphertexts, concat(proof, bytesOf(0))],
      [new Uint8Array(0), new Uint8Array(0)],
    ] as const)
      expect(ballotHolds(place, c, p)).toBe(false);
    expect(ballotHolds(place, ciphertexts, new Uint8Array(proof.length))).toBe(false);
  });

  it("with any bit flipped, any scalar or point replaced is refused; both libraries give one verdict", { timeout: 60_000 }, async () => {
    const question: Question = { kind: "some", options: 2, min: 0, max: 1 };
    const place = placeOf(question);
    const { ciphertexts, proof } = makeBallot(place, bitsOf(question, [])!);
    const [whole, at] = [concat(ciphertexts, proof), ciphertexts.length];
    const cases: Bytes[] = [whole];
    fc.assert(
      fc.property(fc.constantFrom("flip", "scalar", "point", "swap"), fc.nat(8 * whole.length - 1), fc.nat(30), (how, bit, other) => {
        const changed = whole.slice();
        const i = Math.floor(bit / 256);
        if (how === "flip") changed[bit >> 3]! ^= 1 << (bit & 7);
        if (how === "scalar") changed.set(scalarBytes(randomScalar()), 32 * i);
        if (how === "point") changed.set(multiplyBase(BigInt(bit + 1)), 32 * i);
        if (how === "swap") {
          const [a, b] = [nth(whole, i).slice(), nth(whole, other % (whole.length / 32)).slice()];
          if (hex(a) === hex(b)) return;
          changed.set(b, 32 * i);
          changed.set(a, 32 * (other % (whole.length / 32)));
        }
        cases.push(changed);
      }),
      { numRuns: RUNS, seed: 2026 },
    );
    const verdicts = (): boolean[] => cases.map((bytes) => ballotHolds(place, bytes.subarray(0, at), bytes.subarray(at)));
    const sodium = verdicts();
    useGroup();
    expect(verdicts()).toEqual(sodium);
    expect(sodium).toEqual(cases.map((_, i) => i === 0));
  });
});

const nth = (bytes: Bytes, i: number): Bytes => bytes.subarray(32 * i, 32 * i + 32);

describe("by both libraries", () => {
  it("the same randomness makes the same ballot, and each accepts what the other made", async () => {
    const question: Question = { kind: "budget", costs: [1, 2], total: 3 };
    const place = placeOf(question);
    const bits = bitsOf(question, [1])!;
    const fixed = bits.map((_, i) => ({ r: 5n + BigInt(i), w: 7n, e: 11n + BigInt(i), s: 13n }));
    const sodium = makeBallot(place, bits, fixed, [17n]);
    useGroup();
    const noble = makeBallot(place, bits, fixed, [17n]);
    expect(hex(concat(noble.ciphertexts, noble.proof))).toBe(hex(concat(sodium.ciphertexts, sodium.proof)));
    expect(ballotHolds(place, sodium.ciphertexts, sodium.proof)).toBe(true);
    await useSodium();
    expect(ballotHolds(place, noble.ciphertexts, noble.proof)).toBe(true);
  });
});

describe("what a voter can check", () => {
  const place = placeOf(oneOf5);
  it("a tested ballot shows what it says, and cannot be said to say anything else", () => {
    const { ciphertexts, secrets } = makeBallot(place, bitsOf(oneOf5, [2])!);
    expect(secretsOpen(place, ciphertexts, secrets)).toBe(true);
    const [bits, r] = [[...secrets.bits], [...secrets.r]];
    expect(secretsOpen(place, ciphertexts, { bits: bits.with(2, false).with(1, true), r })).toBe(false);
    expect(secretsOpen(place, ciphertexts, { bits, r: r.with(0, r[0]! + 1n) })).toBe(false);
    expect(secretsOpen(place, ciphertexts, { bits, r: r.with(0, r[0]! + ORDER) })).toBe(false);
    expect(secretsOpen(place, ciphertexts, { bits: bits.slice(1), r: r.slice(1) })).toBe(false);
    expect(secretsOpen({ ...place, key: multiplyBase(78n) }, ciphertexts, secrets)).toBe(false);
  });

  it("a code of 24 characters names the ballot, its poll key and its poll", () => {
    const [a, b] = [makeBallot(place, bitsOf(oneOf5, [2])!), makeBallot(place, bitsOf(oneOf5, [2])!)];
    const code = ballotCode(place, a.ciphertexts);
    expect(code).toMatch(/^[a-z2-7]{24}$/);
    // As another implementation gave it (Python).
    const counting = Uint8Array.from({ length: 128 }, (_, i) => i);
    expect(ballotCode({ network: noNetwork, poll: "school", pollKey: bytesOf(1) }, counting)).toBe("ho6wgzagwkilzbb2hk2zoehc");
    const others: [Partial<BallotPlace>, Bytes][] = [
      [{}, b.ciphertexts],
      [{ pollKey: bytesOf(2) }, a.ciphertexts],
      [{ poll: "hospital" }, a.ciphertexts],
      [{ network: bytesOf(1) }, a.ciphertexts],
    ];
    const codes = [code, ...others.map(([over, c]) => ballotCode({ ...place, ...over }, c))];
    expect(new Set(codes).size).toBe(5);
  });
});

describe("whatever the shape", () => {
  const shapes = fc
    .record({
      bits: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      weights: fc.array(fc.array(fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.nat(1_000)), { minLength: 6, maxLength: 6 }), {
        maxLength: 3,
      }),
    })
    .map(({ bits, weights }) => {
      const equations = weights.map((of) => {
        const terms = bits.map((_, index) => ({ index, weight: of[index]! }));
        return { terms, total: terms.reduce((sum, { index, weight }) => sum + (bits[index]! ? weight : 0), 0) };
      });
      return { bits, shape: { bits: bits.length, equations: equations.filter(({ total }) => total < 2 ** 32) } };
    });

  it("a ballot whatever its bits holds if it fulfils the equations, and with one value changed it does not", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(shapes, fc.nat(5), fc.bigInt({ min: -3n, max: 5n }), ({ bits, shape }, at, value) => {
        const place = placeOf(oneOf5, { shape });
        const { ciphertexts, proof } = makeBallot(place, bits);
        expect(ballotHolds(place, ciphertexts, proof)).toBe(true);
        const i = at % bits.length;
        const values = bits.map((bit): bigint => (bit ? 1n : 0n)).with(i, value);
        const same = value === 0n || value === 1n;
        const fulfilled = shape.equations.every(
          ({ terms, total }) => terms.reduce((sum, { index, weight }) => sum + BigInt(weight) * values[index]!, 0n) === BigInt(total),
        );
        const cheat = forge(place, values);
        expect(ballotHolds(place, cheat.ciphertexts, cheat.proof)).toBe(same && fulfilled);
      }),
      { numRuns: RUNS / 2, seed: 52 },
    );
  });
});

/** A shape that only a test would ask for. */
const odd: Shape = { bits: 2, equations: [{ terms: [{ index: 0, weight: 0 }], total: 0 }] };
it("an equation of nothing but zeros says nothing, and holds", () => {
  const place = placeOf(oneOf5, { shape: odd });
  const { ciphertexts, proof } = makeBallot(place, [true, false]);
  expect(ballotHolds(place, ciphertexts, proof)).toBe(true);
});
