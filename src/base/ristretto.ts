// The group of ceremonies, ballots and sealed bids: ristretto255 (RFC 9496), with the rules of cryptography.md §0. Owns what is a point, what is a
// scalar, arithmetic on both, challenges. Points are 32 canonical bytes and nothing else; scalars are bigints below ℓ, 32 little-endian bytes on
// the wire. Two implementations give the same answers: @noble/curves (here, everywhere) and libsodium's WASM (ristrettoSodium.ts, ten times
// faster, on nodes). Scalar arithmetic is bigint and not constant in time: secrets are used on their owner's machine only. Browser-clean.

import { ristretto255 } from "@noble/curves/ed25519.js";
import { randomBytes } from "#crypto";
import { type Bytes, equalBytes, hex, unhex } from "./bytes.ts";
import { encode, type Value } from "./codec.ts";
import { fail } from "./errors.ts";
import { sha512 } from "./hash.ts";
import { frame, type Tag } from "./tags.ts";

/** What an implementation gives. Scalars are 1 … ℓ−1 in 32 bytes, factors no identity: the library never sees a case in which it throws. */
export interface Group {
  /** Is it the canonical encoding of a point? The identity may pass. */
  valid(point: Bytes): boolean;
  multiply(scalar: Bytes, point: Bytes): Bytes;
  multiplyBase(scalar: Bytes): Bytes;
  add(a: Bytes, b: Bytes): Bytes;
  subtract(a: Bytes, b: Bytes): Bytes;
}

/** The order of the group: 2^252 + 27742317777372353535851937790883648493. */
export const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
/** 32 zero bytes: the sum of nothing. Never a ciphertext, a key or a commitment. */
export const IDENTITY: Bytes = new Uint8Array(32);
export const GENERATOR: Bytes = unhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");

const { Point } = ristretto255;
const noble: Group = {
  valid(point) {
    try {
      Point.fromBytes(point);
      return true;
    } catch {
      return false;
    }
  },
  multiply: (scalar, point) => Point.fromBytes(point).multiply(scalarOf(scalar)).toBytes(),
  multiplyBase: (scalar) => Point.BASE.multiply(scalarOf(scalar)).toBytes(),
  add: (a, b) => Point.fromBytes(a).add(Point.fromBytes(b)).toBytes(),
  subtract: (a, b) => Point.fromBytes(a).subtract(Point.fromBytes(b)).toBytes(),
};
let group = noble;

/** From now on this implementation computes in this thread; @noble again without one. Answers are the same. */
export function useGroup(other: Group = noble): void {
  group = other;
}

// ── what comes from outside ──────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A point that may stand as a key, a commitment, a ciphertext: canonical, and not the identity. */
export const isPoint = (bytes: Bytes): boolean => bytes.length === 32 && !isIdentity(bytes) && group.valid(bytes);
export const isIdentity = (point: Bytes): boolean => equalBytes(point, IDENTITY);

/** 32 bytes of an integer below ℓ. */
export const isScalar = (bytes: Bytes): boolean => bytes.length === 32 && scalarOf(bytes) < ORDER;

/** The integer of little-endian bytes. */
export function scalarOf(bytes: Bytes): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes.slice().reverse())}`);
}
/** 32 bytes, little endian, of 0 … ℓ−1. */
export function scalarBytes(scalar: bigint): Bytes {
  if (scalar < 0n || scalar >= ORDER) fail("a scalar is below the order of the group");
  return unhex(scalar.toString(16).padStart(64, "0")).reverse();
}
/** The residue of any integer. */
export function reduce(integer: bigint): bigint {
  const rest = integer % ORDER;
  return rest < 0n ? rest + ORDER : rest;
}
/** A secret or a nonce: 1 … ℓ−1. */
export function randomScalar(): bigint {
  const scalar = reduce(scalarOf(randomBytes(64)));
  return scalar === 0n ? randomScalar() : scalar;
}

// ── arithmetic on checked points (isPoint, or the identity) ──────────────────────────────────────────────────────────────────────────
/** k·P, the identity for k = 0 or P = 0 (libsodium throws there). */
export function multiply(scalar: bigint, point: Bytes): Bytes {
  if (scalar === 0n || isIdentity(point)) return IDENTITY;
  const k = scalarBytes(scalar);
  return point === GENERATOR ? group.multiplyBase(k) : group.multiply(k, point);
}
/** k·G. */
export const multiplyBase = (scalar: bigint): Bytes => multiply(scalar, GENERATOR);
export const add = (a: Bytes, b: Bytes): Bytes => group.add(a, b);
export const subtract = (a: Bytes, b: Bytes): Bytes => group.subtract(a, b);
export const sum = (points: readonly Bytes[]): Bytes => points.reduce(add, IDENTITY);

/** Σ x^t·P_t: the value at x of a polynomial whose coefficients stand as points. */
export const evaluate = (points: readonly Bytes[], x: number): Bytes =>
  points.reduceRight((value, point) => add(multiply(BigInt(x), value), point), IDENTITY);

/** The value at x of a polynomial, coefficients from the constant on. */
export const evaluateScalars = (coefficients: readonly bigint[], x: number): bigint =>
  coefficients.reduceRight((value, coefficient) => reduce(value * BigInt(x) + coefficient), 0n);

/** λ of one index among distinct ones: Σ λ_j·f(j) = f(0). */
export function lagrange(index: number, indexes: readonly number[]): bigint {
  let [above, below] = [1n, 1n];
  for (const other of indexes)
    if (other !== index) {
      above = reduce(above * BigInt(other));
      below = reduce(below * BigInt(other - index));
    }
  return reduce(above * inverse(below));
}

/** 1/a by Fermat: a^(ℓ−2). */
function inverse(a: bigint): bigint {
  let [base, power, out] = [reduce(a), ORDER - 2n, 1n];
  if (base === 0n) fail("zero has no inverse");
  for (; power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) out = reduce(out * base);
    base = reduce(base * base);
  }
  return out;
}

/** HS(tag, v) = SHA-512(frame(tag, canonical bytes of v)) mod ℓ: challenges (cryptography.md, conventions). */
export const hashToScalar = (tag: Tag, network: Bytes, value: Value): bigint =>
  reduce(scalarOf(sha512(frame(tag, network, encode(value)))));
