// The tally of a poll: ballots added up bit by bit, shares of trustees in opening the sum, and the counts (cryptography.md §5.4). Only the sum is ever
// opened. Owns these equations. Does not own: which ballots count (contracts), single ballots (ballot.ts), trustees' keys (ceremonyKey.ts). Browser-clean.

import { type Bytes, concat, equalBytes, hex, joined } from "./bytes.ts";
import {
  add,
  GENERATOR,
  hashToScalar,
  IDENTITY,
  isIdentity,
  isPoint,
  isScalar,
  lagrange,
  multiply,
  multiplyBase,
  randomScalar,
  reduce,
  scalarBytes,
  scalarOf,
  subtract,
} from "./ristretto.ts";
import * as tags from "./tagNames.ts";

/** Whose share of which poll: `verification` is V_j of the ceremony. */
export interface SharePlace {
  readonly network: Bytes;
  readonly poll: string;
  readonly trustee: number;
  readonly verification: Bytes;
}
/** D ‖ e ‖ s, and whose it is: trustees count from 1. */
export interface DecryptionShare {
  readonly trustee: number;
  readonly share: Bytes;
}

const nth = (bytes: Bytes, i: number): Bytes => bytes.subarray(32 * i, 32 * i + 32);

/** The sum of no ballots: A_0 ‖ B_0 ‖ … of so many bits. */
export const emptySum = (bits: number): Bytes => new Uint8Array(64 * bits);

/** The sum with one ballot more. Bits beyond those of the sum are slack and are left out; the ballot's proof holds. */
export function addCiphertexts(sum: Bytes, ciphertexts: Bytes): Bytes {
  const added = Array.from({ length: sum.length / 32 }, (_, i) => {
    const point = nth(sum, i);
    return isIdentity(point) ? nth(ciphertexts, i) : add(point, nth(ciphertexts, i));
  });
  return joined(added);
}

/** Points or the identity, in pairs. */
const isSum = (sum: Bytes): boolean =>
  sum.length > 0 && sum.length % 64 === 0 && rows(sum, sum.length / 32).every((point) => isIdentity(point) || isPoint(point));
const rows = (bytes: Bytes, count: number): Bytes[] => Array.from({ length: count }, (_, i) => nth(bytes, i));
/** A_0, A_1, …: what each trustee's secret is applied to. */
const firsts = (sum: Bytes): Bytes[] => Array.from({ length: sum.length / 64 }, (_, i) => nth(sum, 2 * i));

const challenge = (
  { network, poll, trustee, verification }: SharePlace,
  sum: Bytes,
  images: Bytes,
  commitments: readonly Bytes[],
): bigint => hashToScalar(tags.decrypt, network, [poll, trustee, verification, sum, images, joined(commitments)]);

/** D ‖ e ‖ s: D_i = x·A_i for every bit, and one proof that it is the x of V. Given for one sum of a poll only (cli/trusteeShare). */
export function decryptionShare(place: SharePlace, sum: Bytes, secret: bigint): Bytes {
  const bases = firsts(sum);
  const images = joined(bases.map((base) => multiply(secret, base)));
  const nonce = randomScalar();
  const e = challenge(
    place,
    sum,
    images,
    [GENERATOR, ...bases].map((base) => multiply(nonce, base)),
  );
  return concat(images, scalarBytes(e), scalarBytes(reduce(nonce + e * secret)));
}

/** Is it this trustee's share in opening this sum? Never throws for what the bytes hold. */
export function shareHolds(place: SharePlace, sum: Bytes, share: Bytes): boolean {
  if (!isSum(sum) || !isPoint(place.verification) || share.length !== sum.length / 2 + 64) return false;
  const bases = firsts(sum);
  const [images, e, s] = [share.subarray(0, sum.length / 2), nth(share, bases.length), nth(share, bases.length + 1)];
  const imageHolds = (base: Bytes, i: number): boolean => (isIdentity(base) ? isIdentity(nth(images, i)) : isPoint(nth(images, i)));
  if (!isScalar(e) || !isScalar(s) || !bases.every(imageHolds)) return false;
  const commitment = (base: Bytes, image: Bytes): Bytes => subtract(multiply(scalarOf(s), base), multiply(scalarOf(e), image));
  const commitments = [commitment(GENERATOR, place.verification), ...bases.map((base, i) => commitment(base, nth(images, i)))];
  return challenge(place, sum, images, commitments) === scalarOf(e);
}

/** count·G of every bit, from exactly k shares that hold, of distinct trustees; undefined if they are not such. */
function countPoints(sum: Bytes, shares: readonly DecryptionShare[]): Bytes[] | undefined {
  const indexes = shares.map(({ trustee }) => trustee);
  if (shares.length === 0 || new Set(indexes).size !== indexes.length || indexes.some((j) => !Number.isInteger(j) || j < 1))
    return undefined;
  if (!isSum(sum) || shares.some(({ share }) => share.length !== sum.length / 2 + 64)) return undefined;
  const factors = indexes.map((j) => lagrange(j, indexes));
  return firsts(sum).map((_, i) => {
    const parts = shares.map(({ share }, j) => multiply(factors[j]!, nth(share, i)));
    return subtract(nth(sum, 2 * i + 1), parts.reduce(add, IDENTITY));
  });
}

/** Are these the counts? Of shares that hold, exactly as many as the ceremony's threshold: both are the caller's to have checked. */
export function countsHold(sum: Bytes, shares: readonly DecryptionShare[], counts: readonly number[]): boolean {
  const points = countPoints(sum, shares);
  const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
  if (points === undefined || counts.length !== points.length || !counts.every(isCount)) return false;
  return points.every((point, i) => equalBytes(point, multiplyBase(BigInt(counts[i]!))));
}

/** The counts, none above `most`; undefined if the shares do not open the sum to such. Baby steps of √most, giant steps through a table. */
export function openCounts(sum: Bytes, shares: readonly DecryptionShare[], most: number): number[] | undefined {
  const points = countPoints(sum, shares);
  if (points === undefined) return undefined;
  const width = Math.ceil(Math.sqrt(most + 1));
  const steps = new Map<string, number>();
  for (let [j, point] = [0, IDENTITY]; j < width; j++, point = add(point, GENERATOR)) steps.set(hex(point), j);
  const stride = multiplyBase(BigInt(width));
  const counts = points.map((start) => {
    for (let [i, point] = [0, start]; i < width; i++, point = subtract(point, stride)) {
      const j = steps.get(hex(point));
      if (j !== undefined) return i * width + j;
    }
    return undefined;
  });
  return counts.every((count) => count !== undefined && count <= most) ? (counts as number[]) : undefined;
}
