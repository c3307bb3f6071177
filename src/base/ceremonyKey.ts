// A key that n trustees hold together and any k of them use: joint Feldman dealing with commitments first (cryptography.md §5.3, after
// Gennaro, Jarecki, Krawczyk, Rabin, "Secure distributed key generation", 1999). Owns the mathematics of every step, the trustees' side and
// the checking side. Does not own: the order of the steps and who is named (contracts/platform/ceremonies), files (cli/trustee).
// Trustees count from 1; a polynomial's coefficients from the constant on. Browser-clean.

import { type Bytes, concat, equalBytes } from "./bytes.ts";
import { encode } from "./codec.ts";
import { sha512 } from "./hash.ts";
import { prove, prove1, proves, proves1 } from "./logProof.ts";
import {
  evaluate,
  evaluateScalars,
  GENERATOR,
  isPoint,
  isScalar,
  multiply,
  multiplyBase,
  randomScalar,
  reduce,
  scalarBytes,
  scalarOf,
  sum,
} from "./ristretto.ts";
import * as tags from "./tagNames.ts";
import { frame, tagged } from "./tags.ts";

/** Which ceremony of which network. */
export interface Place {
  readonly network: Bytes;
  readonly ceremony: string;
}
/** What a trustee keeps until the ceremony is over: p, by which he receives shares, and the polynomial that he deals. */
export interface Dealing {
  readonly receiving: bigint;
  readonly coefficients: readonly bigint[];
}
/** The share f_i(j), for trustee j alone: R = rG, and the share under a mask that r·P_j gives. */
export interface MaskedShare {
  readonly point: Bytes;
  readonly masked: Bytes;
}

export const newDealing = (threshold: number): Dealing => ({
  receiving: randomScalar(),
  coefficients: Array.from({ length: threshold }, randomScalar),
});
/** A_0 … A_k−1: the coefficients as points. */
export const coefficientPoints = ({ coefficients }: Dealing): Bytes[] => coefficients.map(multiplyBase);

// ── possession ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The place of the receiving key among a trustee's points; his constant coefficient has 0. */
const RECEIVING = 255;
const possession = ({ network, ceremony }: Place, dealer: number, place: number, point: Bytes) => ({
  tag: tags.dkgPossession,
  network,
  label: [ceremony, dealer, place, point],
  pairs: [[GENERATOR, point]] as const,
});
/** W ‖ s: the trustee knows the secret of his receiving key. */
export const proveReceiving = (at: Place, dealer: number, { receiving }: Dealing): Bytes =>
  prove1(receiving, possession(at, dealer, RECEIVING, multiplyBase(receiving)));
export const receivingProved = (at: Place, dealer: number, key: Bytes, proof: Bytes): boolean =>
  proves1(proof, possession(at, dealer, RECEIVING, key));
/** W ‖ s: the trustee knows what he adds to the joint key. Without it the last to reveal could choose the key (mistake 11). */
export const proveConstant = (at: Place, dealer: number, { coefficients }: Dealing): Bytes =>
  prove1(coefficients[0]!, possession(at, dealer, 0, multiplyBase(coefficients[0]!)));
export const constantProved = (at: Place, dealer: number, points: readonly Bytes[], proof: Bytes): boolean =>
  points.length > 0 && points.every(isPoint) && proves1(proof, possession(at, dealer, 0, points[0]!));

/** What is committed to before anybody reveals. */
export const commitmentOf = ({ network, ceremony }: Place, dealer: number, points: readonly Bytes[]): Bytes =>
  tagged(tags.dkgCommit, network, [ceremony, dealer, concat(...points)]);

// ── shares ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What the trustee j gets from his own polynomial, or from another's: f(j). */
export const shareFor = ({ coefficients }: Dealing, to: number): bigint => evaluateScalars(coefficients, to);

function mask({ network, ceremony }: Place, from: number, to: number, point: Bytes, shared: Bytes): Bytes {
  return sha512(frame(tags.dkgShare, network, encode([ceremony, from, to, point, shared]))).subarray(0, 32);
}
const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ b[i]!);

/** The share for `to`, readable by whoever holds `receivingKey` of it. */
export function maskShare(at: Place, from: number, to: number, dealing: Dealing, receivingKey: Bytes): MaskedShare {
  const r = randomScalar();
  const point = multiplyBase(r);
  const share = scalarBytes(shareFor(dealing, to));
  return { point, masked: xor(share, mask(at, from, to, point, multiply(r, receivingKey))) };
}
/** The share, from what only its receiver can compute: D = p·R. 32 bytes, of which anybody can say whether they fit. */
export const unmaskShare = (at: Place, from: number, to: number, { point, masked }: MaskedShare, shared: Bytes): Bytes =>
  xor(masked, mask(at, from, to, point, shared));
/** Is it f(j), as the dealer's points say? */
export const shareFits = (points: readonly Bytes[], to: number, share: Bytes): boolean =>
  isScalar(share) && equalBytes(multiplyBase(scalarOf(share)), evaluate(points, to));

/** Receives a share; undefined when it is false. */
export function receiveShare(
  at: Place,
  from: number,
  to: number,
  sent: MaskedShare,
  points: readonly Bytes[],
  receiving: bigint,
): bigint | undefined {
  const share = unmaskShare(at, from, to, sent, multiply(receiving, sent.point));
  return shareFits(points, to, share) ? scalarOf(share) : undefined;
}

// ── complaints ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A receiver shows what he was sent: D, and that it is p·R for the p of his receiving key. */
export interface Complaint {
  readonly from: number;
  readonly to: number;
  readonly receivingKey: Bytes;
  readonly sent: MaskedShare;
  readonly points: readonly Bytes[];
  readonly shared: Bytes;
  /** e ‖ s. */
  readonly proof: Bytes;
}
const opening = ({ network, ceremony }: Place, from: number, to: number, key: Bytes, point: Bytes, shared: Bytes) => ({
  tag: tags.dkgComplaint,
  network,
  label: [ceremony, from, to, key, point, shared],
  pairs: [
    [GENERATOR, key],
    [point, shared],
  ] as const,
});
export function complain(at: Place, from: number, to: number, sent: MaskedShare, points: readonly Bytes[], receiving: bigint): Complaint {
  const [receivingKey, shared] = [multiplyBase(receiving), multiply(receiving, sent.point)];
  const proof = prove(receiving, opening(at, from, to, receivingKey, sent.point, shared));
  return { from, to, receivingKey, sent, points, shared, proof };
}
/** Was the receiver sent a false share? True only if he shows what he was sent, and it does not fit. */
export function complaintFounded(at: Place, { from, to, receivingKey, sent, points, shared, proof }: Complaint): boolean {
  if (!points.every(isPoint) || !proves(proof, opening(at, from, to, receivingKey, sent.point, shared))) return false;
  return !shareFits(points, to, unmaskShare(at, from, to, sent, shared));
}

// ── the joint key ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export interface JointKey {
  /** Y = Σ A_i0: nobody knows its secret. */
  readonly key: Bytes;
  /** V_1 … V_n: by which each trustee's later work is checked. */
  readonly verification: readonly Bytes[];
}
/** The key that all dealings together give, `points[i]` those of trustee i + 1; all of one length. */
export function jointKey(points: readonly (readonly Bytes[])[]): JointKey {
  const total = points[0]!.map((_, t) => sum(points.map((of) => of[t]!)));
  return { key: total[0]!, verification: points.map((_, i) => evaluate(total, i + 1)) };
}
/** What a trustee keeps in the end: the sum of the shares dealt to him, his own among them. */
export const secretShare = (shares: readonly bigint[]): bigint => reduce(shares.reduce((a, b) => a + b, 0n));
