// Sealed bids: encrypted to a tender's ceremony key, opened by their bidder, else by k trustees; one path for both (cryptography.md §6). Owns the
// bytes of a bid and its seal, the proofs and the opening. Does not own: when anything may be opened (contracts/money/tenders), trustees' keys
// (ceremonyKey.ts). Browser-clean.

import { aeadOpen, aeadSeal, hmacSha256 } from "#crypto";
import { type Bytes, concat, equalBytes } from "./bytes.ts";
import { decode, encode, type Value } from "./codec.ts";
import { sha256 } from "./hash.ts";
import { prove, proves } from "./logProof.ts";
import {
  add,
  GENERATOR,
  IDENTITY,
  isPoint,
  isScalar,
  lagrange,
  multiply,
  multiplyBase,
  randomScalar,
  scalarBytes,
  scalarOf,
} from "./ristretto.ts";
import * as tags from "./tagNames.ts";
import { frame } from "./tags.ts";

/** Whose bid it is, and the how manieth: what the seal is bound to. */
export interface BidLabel {
  readonly network: Bytes;
  readonly tender: string;
  readonly bidder: string;
  readonly version: number;
}
/** What a bidder hands in. */
export interface SealedBid {
  /** R = rG. */
  readonly point: Bytes;
  /** SHA-256 of the ciphertext. */
  readonly digest: Bytes;
  /** e ‖ s: the bidder knows r, so the seal is no copy of another's. */
  readonly proof: Bytes;
  readonly ciphertext: Bytes;
}
/** What is in it: the price in the smallest unit, and the offer in whatever form the call asks for. */
export interface Bid {
  readonly amount: bigint;
  readonly offer: Value;
}
/** The most that a bid's price may be: money is up to 2^63 − 1. A price of nothing is none: it would have all points, and no contract could be of it. */
const MAX_AMOUNT = (1n << 63n) - 1n;

const parts = ({ tender, bidder, version }: BidLabel): Value[] => [tender, bidder, version];

/** HKDF-SHA-256 (RFC 5869) of 32 bytes, without salt. */
export function hkdf(material: Bytes, info: Bytes): Bytes {
  return hmacSha256(hmacSha256(new Uint8Array(32), material), concat(info, Uint8Array.of(1)));
}
/** The key of one bid: from R and K = rY. */
const keyOf = (label: BidLabel, ceremonyKey: Bytes, point: Bytes, shared: Bytes): Bytes =>
  hkdf(concat(point, shared), frame(tags.bidKey, label.network, encode([...parts(label), ceremonyKey])));
const NONCE = new Uint8Array(24); // each key seals one bid
const associated = (label: BidLabel, point: Bytes): Bytes => encode([...parts(label), point]);

const knowledge = (label: BidLabel, ceremonyKey: Bytes, point: Bytes, digest: Bytes) => ({
  tag: tags.bid,
  network: label.network,
  label: [...parts(label), ceremonyKey, point, digest],
  pairs: [[GENERATOR, point]] as const,
});

/** Seals a bid. `opening` is r: whoever has it can open the bid, so it stays with the bidder until the deadline. One r seals one bid. */
export const sealBid = (label: BidLabel, ceremonyKey: Bytes, { amount, offer }: Bid, r?: bigint): SealedBid & { readonly opening: Bytes } =>
  sealBytes(label, ceremonyKey, encode({ amount, offer }), r);

/** Seals bytes that may be no bid: nobody can tell before they are opened. */
export function sealBytes(
  label: BidLabel,
  ceremonyKey: Bytes,
  clear: Bytes,
  r: bigint = randomScalar(),
): SealedBid & { readonly opening: Bytes } {
  const point = multiplyBase(r);
  const key = keyOf(label, ceremonyKey, point, multiply(r, ceremonyKey));
  const ciphertext = aeadSeal(key, NONCE, associated(label, point), clear);
  const digest = sha256(ciphertext);
  return { point, digest, ciphertext, proof: prove(r, knowledge(label, ceremonyKey, point, digest)), opening: scalarBytes(r) };
}

/** Is it sealed to this key, by somebody who knows its opening, under this label? */
export const sealHolds = (label: BidLabel, ceremonyKey: Bytes, { point, digest, proof, ciphertext }: SealedBid): boolean =>
  isPoint(ceremonyKey) && equalBytes(sha256(ciphertext), digest) && proves(proof, knowledge(label, ceremonyKey, point, digest));

// ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What a bid says, by K; undefined if it does not open or parse, or names no price: then it is unreadable, whoever tries. */
export function readBid(
  label: BidLabel,
  ceremonyKey: Bytes,
  { point, ciphertext }: Pick<SealedBid, "point" | "ciphertext">,
  shared: Bytes,
): Bid | undefined {
  const clear = aeadOpen(keyOf(label, ceremonyKey, point, shared), NONCE, associated(label, point), ciphertext);
  return clear === undefined ? undefined : parsed(clear);
}

function parsed(clear: Bytes): Bid | undefined {
  let value: Value;
  try {
    value = decode(clear);
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array) return undefined;
  const { amount, offer, ...rest } = value as { readonly [name: string]: Value };
  if ((typeof amount !== "number" && typeof amount !== "bigint") || offer === undefined || Object.keys(rest).length > 0) return undefined;
  const exact = BigInt(amount);
  return exact < 1n || exact > MAX_AMOUNT ? undefined : { amount: exact, offer };
}

/** K by the bidder's r; undefined if r is not that of R. */
export function sharedByBidder(ceremonyKey: Bytes, point: Bytes, opening: Bytes): Bytes | undefined {
  if (!isScalar(opening) || !isPoint(ceremonyKey)) return undefined;
  const r = scalarOf(opening);
  return equalBytes(multiplyBase(r), point) ? multiply(r, ceremonyKey) : undefined;
}

/** A trustee's part in opening a bid: D = x·R, and e ‖ s that x is the secret of V. */
export interface OpeningShare {
  readonly image: Bytes;
  readonly proof: Bytes;
}
const opened = (label: BidLabel, index: number, verification: Bytes, point: Bytes, image: Bytes) => ({
  tag: tags.bidOpen,
  network: label.network,
  label: [...parts(label), index, verification, point, image],
  pairs: [
    [GENERATOR, verification],
    [point, image],
  ] as const,
});
export function openingShare(label: BidLabel, index: number, secret: bigint, point: Bytes): OpeningShare {
  const image = multiply(secret, point);
  return { image, proof: prove(secret, opened(label, index, multiplyBase(secret), point, image)) };
}
export const openingShareHolds = (
  label: BidLabel,
  index: number,
  verification: Bytes,
  point: Bytes,
  { image, proof }: OpeningShare,
): boolean => proves(proof, opened(label, index, verification, point, image));

/** K = Σ λ_j·D_j from exactly k shares of distinct trustees, whose proofs hold. */
export function sharedByTrustees(shares: readonly { readonly index: number; readonly image: Bytes }[]): Bytes {
  const indexes = shares.map(({ index }) => index);
  return shares.reduce((shared, { index, image }) => add(shared, multiply(lagrange(index, indexes), image)), IDENTITY);
}
