// Tallies: sums that k of n trustees open to the counts and to nothing else; shares of others' sums, of other trustees, forged; what Lagrange must not be
// given (cryptography.md §5.4, mistakes 7, 10 and 13).
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BallotPlace, makeBallot } from "../../../src/base/ballot.ts";
import { bitsOf, formOf, type Question } from "../../../src/base/ballotShape.ts";
import {
  addCiphertexts,
  countsHold,
  type DecryptionShare,
  decryptionShare,
  emptySum,
  openCounts,
  shareHolds,
  type SharePlace,
} from "../../../src/base/ballotTally.ts";
import { type Bytes, concat, hex } from "../../../src/base/bytes.ts";
import { evaluateScalars, multiplyBase, ORDER, randomScalar, scalarOf, useGroup } from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import { unhex } from "../../../src/base/bytes.ts";
import { noNetwork } from "../../../src/base/tags.ts";

beforeEach(async () => useSodium());
afterEach(() => useGroup());

/** Three of five trustees. */
const polynomial = [randomScalar(), randomScalar(), randomScalar()];
const secretOf = (j: number): bigint => evaluateScalars(polynomial, j);
const question: Question = { kind: "some", options: 3, min: 0, max: 2 };
const form = formOf(question)!;
const place = (voter: number): BallotPlace => ({
  ...{ network: noNetwork, poll: "school", shape: form.shape },
  ...{ pollKey: new Uint8Array(32).fill(voter), key: multiplyBase(polynomial[0]!) },
});
const sumOf = (choices: readonly number[][]): Bytes =>
  choices.reduce(
    (sum, choice, i) => addCiphertexts(sum, makeBallot(place(i), bitsOf(question, choice)!).ciphertexts),
    emptySum(form.counted),
  );
const seat = (trustee: number, over: Partial<SharePlace> = {}): SharePlace => ({
  ...{ network: noNetwork, poll: "school", trustee, verification: multiplyBase(secretOf(trustee)) },
  ...over,
});
const shareOf = (trustee: number, sum: Bytes): DecryptionShare => ({
  trustee,
  share: decryptionShare(seat(trustee), sum, secretOf(trustee)),
});
const choices = [[0], [0, 1], [], [0, 2], [1]];
const counts = [3, 2, 1];

describe("a tally", () => {
  it("is opened by any three of five trustees to the counts, and to no others; slack is not in it", () => {
    const sum = sumOf(choices);
    expect(sum.length).toBe(64 * 3);
    for (const trustees of [
      [1, 2, 3],
      [1, 3, 5],
      [5, 4, 2],
    ]) {
      const shares = trustees.map((j) => shareOf(j, sum));
      for (const { trustee, share } of shares) expect(shareHolds(seat(trustee), sum, share)).toBe(true);
      expect(openCounts(sum, shares, choices.length)).toEqual(counts);
      expect(countsHold(sum, shares, counts)).toBe(true);
      for (const wrong of [[3, 2, 2], [2, 2, 1], [3, 2], [3, 2, 1, 0], [3, 2, -1], [3, 2, 1.5], [], [3, 2, Number.NaN]])
        expect(countsHold(sum, shares, wrong), JSON.stringify(wrong)).toBe(false);
    }
  });

  it("of nothing, and with options that nobody chose, is opened too", () => {
    const none = emptySum(3);
    const shares = [1, 2, 3].map((j) => shareOf(j, none));
    expect(shares.every(({ trustee, share }) => shareHolds(seat(trustee), none, share))).toBe(true);
    expect(openCounts(none, shares, 0)).toEqual([0, 0, 0]);
    const one = sumOf([[]]);
    const opened = [1, 2, 3].map((j) => shareOf(j, one));
    expect(openCounts(one, opened, 1)).toEqual([0, 0, 0]);
    expect(countsHold(one, opened, [0, 0, 0])).toBe(true);
  });

  it("whatever is asked and chosen, opens to what a plain count gives", () => {
    const asked = fc.oneof(
      fc.record({ kind: fc.constant("one" as const), options: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("approval" as const), options: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant("ranking" as const), options: fc.integer({ min: 1, max: 2 }) }),
      fc.constant({ kind: "budget" as const, costs: [3, 4], total: 5 }),
    );
    fc.assert(
      fc.property(
        asked,
        fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { maxLength: 6 }),
        fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 3, maxLength: 3 }),
        (of, wishes, trustees) => {
          const { shape, counted } = formOf(of)!;
          const cast = wishes.map((wish) => bitsOf(of, wish)).filter((bits) => bits !== undefined);
          const expected = Array.from({ length: counted }, (_, i) => cast.filter((bits) => bits[i]).length);
          const sum = cast.reduce(
            (total, bits, i) => addCiphertexts(total, makeBallot({ ...place(i), shape }, bits).ciphertexts),
            emptySum(counted),
          );
          const shares = trustees.map((j) => shareOf(j, sum));
          expect(openCounts(sum, shares, cast.length)).toEqual(expected);
          expect(countsHold(sum, shares, expected)).toBe(true);
          expect(countsHold(sum, shares, expected.with(0, expected[0]! + 1))).toBe(false);
        },
      ),
      { numRuns: process.env["CHANCERY_LONG"] === "1" ? 300 : 15, seed: 54 },
    );
  });

  it("is the same in whichever order ballots are added", () => {
    const ballots = choices.map((choice, i) => makeBallot(place(i), bitsOf(question, choice)!).ciphertexts);
    const added = (all: readonly Bytes[]): string => hex(all.reduce(addCiphertexts, emptySum(3)));
    expect(added(ballots.toReversed())).toBe(added(ballots));
  });

  it("counts up to as many as there are ballots: none above, none that is not there", () => {
    const sum = sumOf(choices);
    const shares = [1, 2, 3].map((j) => shareOf(j, sum));
    expect(openCounts(sum, shares, 3)).toEqual(counts);
    expect(openCounts(sum, shares, 2)).toBeUndefined();
    // 40 and 1,000 of one bit: both sides of every giant step.
    for (const count of [0, 1, 31, 32, 33, 999, 1_000]) {
      const many = concat(multiplyBase(1n), multiplyBase((polynomial[0]! + BigInt(count)) % ORDER));
      expect(
        openCounts(
          many,
          [1, 2, 3].map((j) => shareOf(j, many)),
          1_000,
        ),
      ).toEqual([count]);
    }
  });

  it("is not opened by two, by four of a polynomial of three, by one twice, or by an index that is none", () => {
    const sum = sumOf(choices);
    const [a, b, c, d] = [1, 2, 3, 4].map((j) => shareOf(j, sum)) as [DecryptionShare, DecryptionShare, DecryptionShare, DecryptionShare];
    const opened = (shares: readonly DecryptionShare[]): number[] | undefined => openCounts(sum, shares, 100);
    expect(opened([a, b])).toBeUndefined();
    expect(opened([])).toBeUndefined();
    // One more than needed opens the same: the contract asks for exactly k so that a result has one form.
    expect(opened([a, b, c, d])).toEqual(counts);
    for (const shares of [
      [a, a, b],
      [a, b, { ...c, trustee: 2 }],
      [a, b, { ...c, trustee: 0 }],
      [a, b, { ...c, trustee: -3 }],
      [a, b, { ...c, trustee: 5 }],
      [a, b, { ...c, trustee: 3.5 }],
      [a, b, { ...c, share: c.share.subarray(32) }],
    ]) {
      expect(opened(shares)).toBeUndefined();
      expect(countsHold(sum, shares, counts)).toBe(false);
    }
    expect(openCounts(sum.subarray(0, 100), [a, b, c], 100)).toBeUndefined();
    expect(openCounts(new Uint8Array(0), [a, b, c], 100)).toBeUndefined();
  });
});

describe("a trustee's share", () => {
  const sum = sumOf(choices);
  const share = decryptionShare(seat(2), sum, secretOf(2));
  const at = (i: number): Bytes => share.subarray(32 * i, 32 * i + 32);

  it("is for one sum of one poll by one trustee", () => {
    expect(shareHolds(seat(2), sum, share)).toBe(true);
    for (const over of [
      { trustee: 1 },
      { poll: "hospital" },
      { network: new Uint8Array(32).fill(1) },
      { verification: multiplyBase(secretOf(1)) },
      { verification: new Uint8Array(32) },
    ])
      expect(shareHolds(seat(2, over), sum, share), JSON.stringify(over)).toBe(false);
    expect(shareHolds(seat(2), sumOf(choices), share)).toBe(false);
    expect(shareHolds(seat(2), makeBallot(place(1), bitsOf(question, [0])!).ciphertexts.subarray(0, 192), share)).toBe(false);
    // By another secret it is not his, whatever it proves.
    expect(shareHolds(seat(2), sum, decryptionShare(seat(2), sum, secretOf(1)))).toBe(false);
  });

  it("is refused with any part changed, in another form, or of another length; both libraries say so", () => {
    const cases: Bytes[] = [];
    for (let i = 0; i < share.length / 32; i++) {
      for (const other of [new Uint8Array(32), multiplyBase(5n), new Uint8Array(32).fill(255)]) {
        const changed = share.slice();
        changed.set(other, 32 * i);
        cases.push(changed);
      }
      const flipped = share.slice();
      flipped[32 * i]! ^= 1;
      cases.push(flipped);
    }
    for (const i of [3, 4]) {
      const raised = share.slice();
      const above = scalarOf(at(i)) + ORDER;
      if (above >> 256n === 0n) raised.set(unhex(above.toString(16).padStart(64, "0")).reverse(), 32 * i);
      else raised[0]! ^= 1;
      cases.push(raised);
    }
    cases.push(share.subarray(1), share.subarray(32), concat(share, new Uint8Array(32)), new Uint8Array(0));
    const verdicts = (): boolean[] => cases.map((bytes) => shareHolds(seat(2), sum, bytes));
    const sodium = verdicts();
    useGroup();
    expect(verdicts()).toEqual(sodium);
    expect(sodium).toEqual(cases.map(() => false));
    expect(shareHolds(seat(2), sum, share)).toBe(true);
  });

  it("has the identity where the sum has it, and nowhere else", () => {
    const half = concat(sum.subarray(0, 64), emptySum(1));
    const given = decryptionShare(seat(2), half, secretOf(2));
    expect(hex(given.subarray(32, 64))).toBe("00".repeat(32));
    expect(shareHolds(seat(2), half, given)).toBe(true);
    const moved = given.slice();
    moved.set(multiplyBase(1n), 32);
    expect(shareHolds(seat(2), half, moved)).toBe(false);
    expect(shareHolds(seat(2), emptySum(0), new Uint8Array(64))).toBe(false);
    expect(shareHolds(seat(2), new Uint8Array(64).fill(255), given.subarray(32))).toBe(false);
  });

  it("of one secret never has one nonce twice", () => {
    const again = decryptionShare(seat(2), sum, secretOf(2));
    expect(hex(again.subarray(0, 96))).toBe(hex(share.subarray(0, 96)));
    expect(hex(again.subarray(96, 128))).not.toBe(hex(share.subarray(96, 128)));
  });
});
