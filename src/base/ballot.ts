// Secret ballots: each bit of a choice encrypted to a poll's ceremony key, and one proof that all are bits and fulfil the equations of the poll's shape
// (cryptography.md §5.2). Owns the bytes of a ballot, its proof and its code. Does not own: which bits make a choice (ballotShape.ts), sums and their
// opening (ballotTally.ts), who may cast (contracts, blindSignature.ts). Browser-clean.

import { type Equation, fits, isShape, type Shape, shapeHash } from "./ballotShape.ts";
import { type Bytes, concat, equalBytes, joined } from "./bytes.ts";
import { fail } from "./errors.ts";
import {
  add,
  GENERATOR,
  hashToScalar,
  isPoint,
  isScalar,
  multiply,
  multiplyBase,
  randomScalar,
  reduce,
  scalarBytes,
  scalarOf,
  subtract,
} from "./ristretto.ts";
import * as tags from "./tagNames.ts";
import { tagged } from "./tags.ts";

/** What a ballot is bound to: the poll with its shape and key Y, and the poll key of its voter. */
export interface BallotPlace {
  readonly network: Bytes;
  readonly poll: string;
  readonly shape: Shape;
  /** Whose signature casts it. */
  readonly pollKey: Bytes;
  /** Y, of the trustees' ceremony. */
  readonly key: Bytes;
}
export interface Ballot {
  /** A_0 ‖ B_0 ‖ A_1 ‖ …: 64 bytes a bit. */
  readonly ciphertexts: Bytes;
  /** e ‖ (e0 ‖ s0 ‖ s1) a bit ‖ s an equation. */
  readonly proof: Bytes;
  /** What shows what the ballot says: it stays with the voter, or is shown and the ballot never cast. */
  readonly secrets: BallotSecrets;
}
export interface BallotSecrets {
  readonly bits: readonly boolean[];
  readonly r: readonly bigint[];
}
/** Of each bit: r of its encryption, w of the branch that is true, e and s of the branch that is not. */
export interface BitRandomness {
  readonly r: bigint;
  readonly w: bigint;
  readonly e: bigint;
  readonly s: bigint;
}
const randomBit = (): BitRandomness => ({ r: randomScalar(), w: randomScalar(), e: randomScalar(), s: randomScalar() });

/** The i-th of a row of 32-byte strings. */
const nth = (bytes: Bytes, i: number): Bytes => bytes.subarray(32 * i, 32 * i + 32);
/** s·base − e·image. */
const commitment = (s: bigint, base: Bytes, e: bigint, image: Bytes): Bytes => subtract(multiply(s, base), multiply(e, image));

/** A = rG, B = rY + bG. */
export function encryptBit(key: Bytes, bit: boolean, r: bigint): Bytes {
  const masked = multiply(r, key);
  return concat(multiplyBase(r), bit ? add(masked, GENERATOR) : masked);
}

/** A* = Σ weight·A, or B* = Σ weight·B: `which` is 0 or 1. */
function combined({ terms }: Equation, ciphertexts: Bytes, which: 0 | 1): Bytes {
  const weighted = terms.map(({ index, weight }) => {
    const point = nth(ciphertexts, 2 * index + which);
    return weight === 1 ? point : multiply(BigInt(weight), point);
  });
  return weighted.reduce(add);
}

function challenge({ network, poll, shape, pollKey, key }: BallotPlace, ciphertexts: Bytes, commitments: readonly Bytes[]): bigint {
  return hashToScalar(tags.ballot, network, [poll, shapeHash(network, shape), pollKey, key, ciphertexts, joined(commitments)]);
}

/** Encrypts and proves. `fits(place.shape, bits)` is the caller's to have asked. The randomness is fresh for each ballot; vectors alone give it. */
export function makeBallot(
  place: BallotPlace,
  bits: readonly boolean[],
  randomness: readonly BitRandomness[] = bits.map(randomBit),
  nonces: readonly bigint[] = place.shape.equations.map(randomScalar),
): Ballot {
  const { shape, key } = place;
  if (!isShape(shape) || !fits(shape, bits)) fail("the bits of a ballot fulfil its equations");
  const r = randomness.map((of) => of.r);
  const ciphertexts = joined(bits.map((bit, i) => encryptBit(key, bit, r[i]!)));
  const commitments = randomness.flatMap(({ w, e, s }, i) => {
    const [a, b] = [nth(ciphertexts, 2 * i), nth(ciphertexts, 2 * i + 1)];
    const isTrue = [multiplyBase(w), multiply(w, key)];
    const simulated = [commitment(s, GENERATOR, e, a), commitment(s, key, e, bits[i]! ? b : subtract(b, GENERATOR))];
    return bits[i]! ? [...simulated, ...isTrue] : [...isTrue, ...simulated];
  });
  commitments.push(...nonces.flatMap((w) => [multiplyBase(w), multiply(w, key)]));
  const e = challenge(place, ciphertexts, commitments);
  const responses = randomness.flatMap((of, i) => {
    const own = reduce(e - of.e);
    const s = reduce(of.w + own * of.r);
    return bits[i]! ? [of.e, of.s, s] : [own, s, of.s];
  });
  const sums = shape.equations.map(({ terms }, q) =>
    reduce(terms.reduce((sum, { index, weight }) => sum + BigInt(weight) * r[index]!, 0n) * e + nonces[q]!),
  );
  return { ciphertexts, proof: joined([e, ...responses, ...sums].map(scalarBytes)), secrets: { bits, r } };
}

export const ciphertextBytes = ({ bits }: Shape): number => 64 * bits;
export const proofBytes = ({ bits, equations }: Shape): number => 32 + 96 * bits + 32 * equations.length;

/** Is this a ballot of the shape, made by somebody who knows its r, for this poll and poll key alone? Never throws for what the bytes hold. */
export function ballotHolds(place: BallotPlace, ciphertexts: Bytes, proof: Bytes): boolean {
  const { shape, key } = place;
  if (!isShape(shape) || ciphertexts.length !== ciphertextBytes(shape) || proof.length !== proofBytes(shape) || !isPoint(key)) return false;
  const { bits, equations } = shape;
  for (let i = 0; i < 2 * bits; i++) if (!isPoint(nth(ciphertexts, i))) return false;
  const scalars = Array.from({ length: proof.length / 32 }, (_, i) => nth(proof, i));
  if (!scalars.every(isScalar)) return false;
  const [e, ...rest] = scalars.map(scalarOf) as [bigint, ...bigint[]];
  const commitments: Bytes[] = [];
  for (let i = 0; i < bits; i++) {
    const [a, b] = [nth(ciphertexts, 2 * i), nth(ciphertexts, 2 * i + 1)];
    const [e0, s0, s1] = [rest[3 * i]!, rest[3 * i + 1]!, rest[3 * i + 2]!];
    const e1 = reduce(e - e0);
    commitments.push(commitment(s0, GENERATOR, e0, a), commitment(s0, key, e0, b));
    commitments.push(commitment(s1, GENERATOR, e1, a), commitment(s1, key, e1, subtract(b, GENERATOR)));
  }
  for (const [q, equation] of equations.entries()) {
    const s = rest[3 * bits + q]!;
    const image = subtract(combined(equation, ciphertexts, 1), multiplyBase(BigInt(equation.total)));
    commitments.push(commitment(s, GENERATOR, e, combined(equation, ciphertexts, 0)), commitment(s, key, e, image));
  }
  return challenge(place, ciphertexts, commitments) === e;
}

// ── what a voter sees of it ──────────────────────────────────────────────────────────────────────────────────────────────────────────
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** 24 characters that name a ballot: shown before the voter decides whether to test or to cast it (Benaloh), and found by the poll key afterwards. */
export function ballotCode({ network, poll, pollKey }: Pick<BallotPlace, "network" | "poll" | "pollKey">, ciphertexts: Bytes): string {
  let bits = 0n;
  for (const byte of tagged(tags.ballotCode, network, [poll, pollKey, ciphertexts]).subarray(0, 15)) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: 24 }, (_, i) => ALPHABET[Number((bits >> BigInt(5 * (23 - i))) & 31n)]).join("");
}

/** Do these secrets make exactly these ciphertexts? What a second device asks of a ballot that is tested. */
export function secretsOpen(place: Pick<BallotPlace, "shape" | "key">, ciphertexts: Bytes, { bits, r }: BallotSecrets): boolean {
  const known = bits.length === place.shape.bits && r.length === bits.length && r.every((it) => it === reduce(it)) && isPoint(place.key);
  return known && equalBytes(ciphertexts, joined(bits.map((bit, i) => encryptBit(place.key, bit, r[i]!))));
}
