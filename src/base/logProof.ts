// Proofs that one secret stands behind one or several points: Schnorr's, and its equality of logarithms (Chaum, Pedersen), made non-interactive
// with everything hashed (cryptography.md §5.3, §6, mistakes 3 and 4). Owns the equations. Does not own: what is claimed (ceremonyKey.ts,
// sealedBid.ts), under which tag. Browser-clean.

import { type Bytes, concat, equalBytes } from "./bytes.ts";
import type { Value } from "./codec.ts";
import { hashToScalar, isPoint, isScalar, multiply, randomScalar, reduce, scalarBytes, scalarOf, subtract } from "./ristretto.ts";
import type { Tag } from "./tags.ts";

/** Every image is x times its base, for one x that the prover knows. `label` is the statement: all that the challenge binds but W. */
export interface Claim {
  readonly tag: Tag;
  readonly network: Bytes;
  readonly label: readonly Value[];
  readonly pairs: readonly (readonly [base: Bytes, image: Bytes])[];
}

const challengeOf = ({ tag, network, label }: Claim, commitments: readonly Bytes[]): bigint =>
  hashToScalar(tag, network, [...label, ...commitments]);
/** W_i = s·base_i − e·image_i. */
const commitmentsOf = ({ pairs }: Claim, e: bigint, s: bigint): Bytes[] =>
  pairs.map(([base, image]) => subtract(multiply(s, base), multiply(e, image)));

function made(secret: bigint, claim: Claim): { commitments: Bytes[]; e: bigint; s: bigint } {
  const nonce = randomScalar(); // fresh for each proof: a second one with the same nonce gives the secret away
  const commitments = claim.pairs.map(([base]) => multiply(nonce, base));
  const e = challengeOf(claim, commitments);
  return { commitments, e, s: reduce(nonce + e * secret) };
}
const wellFormed = ({ pairs }: Claim): boolean => pairs.every((pair) => pair.every(isPoint));

/** e ‖ s. */
export function prove(secret: bigint, claim: Claim): Bytes {
  const { e, s } = made(secret, claim);
  return concat(scalarBytes(e), scalarBytes(s));
}
/** Does e ‖ s show it? Never throws for what the bytes hold. */
export function proves(proof: Bytes, claim: Claim): boolean {
  if (proof.length !== 64 || !wellFormed(claim)) return false;
  const [e, s] = [proof.subarray(0, 32), proof.subarray(32)];
  if (!isScalar(e) || !isScalar(s)) return false;
  return challengeOf(claim, commitmentsOf(claim, scalarOf(e), scalarOf(s))) === scalarOf(e);
}

/** W ‖ s, for a claim of one point. */
export function prove1(secret: bigint, claim: Claim): Bytes {
  const { commitments, s } = made(secret, claim);
  return concat(commitments[0]!, scalarBytes(s));
}
/** Does W ‖ s show it? */
export function proves1(proof: Bytes, claim: Claim): boolean {
  if (proof.length !== 64 || !wellFormed(claim)) return false;
  const [commitment, s] = [proof.subarray(0, 32), proof.subarray(32)];
  if (!isPoint(commitment) || !isScalar(s)) return false;
  return equalBytes(commitmentsOf(claim, challengeOf(claim, [commitment]), scalarOf(s))[0]!, commitment);
}
