// What may stand on a ballot: a vector of bits and linear equations over them, fixed when a poll opens (cryptography.md §5.2). Owns the form of every
// kind of poll, which of its bits are counted, and what a choice is in bits. Does not own: encryption and proof (ballot.ts). Browser-clean.

import type { Bytes } from "./bytes.ts";
import { fail } from "./errors.ts";
import * as tags from "./tagNames.ts";
import { tagged } from "./tags.ts";

/** Σ weight·bit = total. */
export interface Equation {
  readonly terms: readonly { readonly index: number; readonly weight: number }[];
  readonly total: number;
}
export interface Shape {
  readonly bits: number;
  readonly equations: readonly Equation[];
}
/** A shape, and how many of its first bits are counted: the rest is slack, which is never summed. */
export interface BallotForm {
  readonly shape: Shape;
  readonly counted: number;
}

export const MAX_BITS = 64;
export const MAX_EQUATIONS = 16;
const MAX_WEIGHT = 2 ** 32 - 1;

const isCount = (n: number, most: number): boolean => Number.isInteger(n) && n >= 0 && n <= most;

/** Within the bounds, and written in the one way that it can be: terms in the order of their bits, each at most once. */
export function isShape({ bits, equations }: Shape): boolean {
  const equationHolds = ({ terms, total }: Equation): boolean =>
    isCount(total, MAX_WEIGHT) &&
    terms.length > 0 &&
    terms.every(
      ({ index, weight }, i) => isCount(index, bits - 1) && isCount(weight, MAX_WEIGHT) && (i === 0 || index > terms[i - 1]!.index),
    );
  return bits >= 1 && isCount(bits, MAX_BITS) && equations.length <= MAX_EQUATIONS && equations.every(equationHolds);
}

export const shapeHash = (network: Bytes, { bits, equations }: Shape): Bytes =>
  tagged(tags.ballotShape, network, [
    bits,
    equations.map(({ terms, total }) => [terms.map(({ index, weight }) => [index, weight]), total]),
  ]);

/** Do these bits fulfil every equation? */
export const fits = ({ bits: count, equations }: Shape, bits: readonly boolean[]): boolean =>
  bits.length === count &&
  equations.every(({ terms, total }) => terms.reduce((sum, { index, weight }) => sum + (bits[index]! ? weight : 0), 0) === total);

// ── the kinds of poll ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What may be asked. */
export type Question =
  | { readonly kind: "one"; readonly options: number }
  | { readonly kind: "some"; readonly options: number; readonly min: number; readonly max: number }
  | { readonly kind: "approval"; readonly options: number }
  | { readonly kind: "ranking"; readonly options: number }
  | { readonly kind: "budget"; readonly costs: readonly number[]; readonly total: number };

const ones = (indexes: readonly number[]): Equation["terms"] => indexes.map((index) => ({ index, weight: 1 }));
const range = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i);

/** Exactly one of n options; who wants to be able to abstain makes "none of these" one of them. */
const one = (n: number): BallotForm => ({ counted: n, shape: { bits: n, equations: [{ terms: ones(range(n)), total: 1 }] } });
/** min … max of n: slack bits fill up to max. */
const some = (n: number, min: number, max: number): BallotForm => ({
  counted: n,
  shape: { bits: n + max - min, equations: [{ terms: ones(range(n + max - min)), total: max }] },
});
/** Each of n yes or no. */
const approval = (n: number): BallotForm => ({ counted: n, shape: { bits: n, equations: [] } });
/** Bit n·option + place: each option has one place, each place one option. Gives places and sums of points, no transferable votes. */
const ranking = (n: number): BallotForm => ({
  counted: n * n,
  shape: {
    bits: n * n,
    equations: [
      ...range(n).map((option) => ({ terms: ones(range(n, n * option)), total: 1 })),
      ...range(n).map((place) => ({ terms: ones(range(n).map((option) => n * option + place)), total: 1 })),
    ],
  },
});
/** Projects that cost no more than the total together; what is left stands in binary in the slack bits. */
function budget(costs: readonly number[], total: number): BallotForm {
  const slack = slackBits(total);
  const terms = [
    ...costs.map((weight, index) => ({ index, weight })),
    ...range(slack).map((j) => ({ index: costs.length + j, weight: 2 ** j })),
  ];
  return { counted: costs.length, shape: { bits: costs.length + slack, equations: [{ terms, total }] } };
}
/** ⌈log2(total + 1)⌉. */
const slackBits = (total: number): number => (total === 0 ? 0 : total.toString(2).length);

/** The form of a question's ballots; undefined if nobody could answer it, or if it is out of bounds. */
export function formOf(question: Question): BallotForm | undefined {
  if (!isAnswerable(question)) return undefined;
  const form = unchecked(question);
  return isShape(form.shape) ? form : undefined;
}
function unchecked(question: Question): BallotForm {
  switch (question.kind) {
    case "one":
      return one(question.options);
    case "some":
      return some(question.options, question.min, question.max);
    case "approval":
      return approval(question.options);
    case "ranking":
      return ranking(question.options);
    case "budget":
      return budget(question.costs, question.total);
    default:
      return fail("a kind of question");
  }
}
function isAnswerable(question: Question): boolean {
  if (question.kind === "budget") {
    const { costs, total } = question;
    return (
      costs.length >= 1 &&
      costs.length <= MAX_BITS &&
      isCount(total, MAX_WEIGHT) &&
      costs.every((cost) => cost >= 1 && isCount(cost, total))
    );
  }
  const { kind, options } = question;
  if (!["one", "some", "approval", "ranking"].includes(kind)) return false;
  if (!isCount(options, question.kind === "ranking" ? 8 : MAX_BITS) || options < 1) return false;
  return question.kind !== "some" || (isCount(question.max, options) && isCount(question.min, question.max) && question.max >= 1);
}

/**
 * The bits of a choice: the options chosen, of a ranking all of them in the order of preference. Undefined if the question does not allow it.
 */
export function bitsOf(question: Question, choice: readonly number[]): boolean[] | undefined {
  const form = formOf(question);
  if (form === undefined || new Set(choice).size !== choice.length) return undefined;
  const { shape, counted } = form;
  const bits = Array.from({ length: shape.bits }, () => false);
  const options = question.kind === "budget" ? question.costs.length : question.options;
  for (const [place, option] of choice.entries()) {
    if (!isCount(option, options - 1)) return undefined;
    bits[question.kind === "ranking" ? options * option + place : option] = true;
  }
  if (question.kind === "some") bits.fill(true, counted, counted + Math.max(0, question.max - choice.length));
  if (question.kind === "budget") {
    const left = choice.reduce((rest, option) => rest - question.costs[option]!, question.total);
    for (let j = 0; counted + j < shape.bits; j++) bits[counted + j] = Math.floor(left / 2 ** j) % 2 === 1;
  }
  return fits(shape, bits) ? bits : undefined;
}
