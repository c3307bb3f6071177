// What trustees of a joint key show, as predicates of an act's arguments: computed in the workers, milliseconds each. The handler then compares
// the arguments with the rows. Fields, and the four questions. Does not own: the mathematics (base/ceremonyKey), the steps (platform/ceremonies).

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { complaintFounded, constantProved, jointKey, receivingProved } from "../../base/ceremonyKey.ts";
import { isPoint } from "../../base/ristretto.ts";
import { type Body, bytes, hash, id, list, object, range } from "../engine/index.ts";

export const MAX_TRUSTEES = 16;
/** A point of ristretto255, or a scalar: 32 bytes. */
export const point = hash;
/** Two scalars, or a point and a scalar. */
export const logProof = bytes(64, 64);
/** A trustee's place, from 1. */
export const index = range(1, MAX_TRUSTEES);
export const points = list(point, MAX_TRUSTEES, 1);
/** A share for one trustee, masked. */
export const maskedShare = object({ point, masked: hash });
const place = { ceremony: id, index };

export const commitment = { ...place, key: point, proof: logProof, commitment: hash };
export const receives = ({ ceremony, index: i, key, proof }: Body<typeof commitment>, network: Bytes): boolean =>
  receivingProved({ network, ceremony }, i, key, proof);

/** The shares are those for the others, in the order of their places. */
export const dealing = { ...place, points, proof: logProof, shares: list(maskedShare, MAX_TRUSTEES - 1) };
export const deals = ({ ceremony, index: i, points: own, proof, shares }: Body<typeof dealing>, network: Bytes): boolean =>
  constantProved({ network, ceremony }, i, own, proof) && shares.every((share) => isPoint(share.point));
/** Where the share for a trustee stands in what another dealt. */
export const shareAt = (dealer: number, receiver: number): number => (receiver < dealer ? receiver - 1 : receiver - 2);

export const complaint = { ...place, dealer: index, key: point, sent: maskedShare, points, shared: point, proof: logProof };
export const founded = (
  { ceremony, index: to, dealer: from, key: receivingKey, ...shown }: Body<typeof complaint>,
  network: Bytes,
): boolean => complaintFounded({ network, ceremony }, { from, to, receivingKey, ...shown });

export const joint = { ceremony: id, dealings: list(object({ points }), MAX_TRUSTEES, 1), key: point, verification: points };
export function joins({ dealings, key, verification }: Body<typeof joint>): boolean {
  const all = dealings.map((one) => one.points);
  if (!all.every((own) => own.length === all[0]!.length && own.every(isPoint))) return false;
  const made = jointKey(all);
  const same = made.verification.length === verification.length && made.verification.every((v, i) => equalBytes(v, verification[i]!));
  return same && equalBytes(made.key, key) && isPoint(key) && verification.every(isPoint);
}
