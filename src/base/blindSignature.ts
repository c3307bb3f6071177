// Blind signatures: an issuer signs a ticket without seeing it, so nobody can say whose poll key it admits. RSABSSA-SHA384-PSS-Randomized (RFC 9474) with
// a proof that an issuer's key leaves nothing of the ticket in what he signs (cryptography.md §5.1). Owns the voter's and the checking side. Does not own:
// issuers' secrets (issuerKey.ts), who gets a ticket (contracts). One implementation, everywhere: big integers, no library's verdict. Browser-clean.

import { type Bytes, concat, equalBytes, hex, u32be, unhex } from "./bytes.ts";
import { encode } from "./codec.ts";
import { sha384 } from "./hash.ts";
import * as tags from "./tagNames.ts";
import { frame } from "./tags.ts";

/** 3,072 bits: the length of modulus, blinded ticket and signature. */
export const ISSUER_BYTES = 384;
export const PERMUTATION_ROOTS = 9;
export const PREFIX_BYTES = 32;
export const SALT_BYTES = 48;
const HASH_BYTES = 48;
export const EXPONENT = 65_537n;

/** What is signed, behind a prefix of 32 random bytes: this poll key is on the roll of this poll. */
export const ticketMessage = (network: Bytes, poll: string, pollKey: Bytes): Bytes => frame(tags.ticket, network, encode([poll, pollKey]));

/** The integer of big-endian bytes. */
export const integerOf = (bytes: Bytes): bigint => BigInt(`0x${hex(bytes) || "0"}`);
export const integerBytes = (integer: bigint, length: number): Bytes => unhex(integer.toString(16).padStart(2 * length, "0"));

/** x^65537 mod n. */
function powered(x: bigint, n: bigint): bigint {
  let square = x;
  for (let i = 0; i < 16; i++) square = (square * square) % n;
  return (square * x) % n;
}
/** 1/a mod n (Euclid); undefined if they have a factor in common. */
export function inverseModulo(a: bigint, n: bigint): bigint | undefined {
  let [r0, r1, t0, t1] = [n, a % n, 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1] = [r1, r0 - q * r1];
    [t0, t1] = [t1, t0 - q * t1];
  }
  if (r0 !== 1n) return undefined;
  return t0 < 0n ? t0 + n : t0;
}

// ── the encoding that is signed: EMSA-PSS with SHA-384, MGF1 of it, salt of 48 bytes (RFC 8017 §9.1) ─────────────────────────────────────
/** RFC 8017, B.2.1. */
export function mgf1(seed: Bytes, length: number): Bytes {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, i) => sha384(concat(seed, u32be(i))));
  return concat(...blocks).subarray(0, length);
}
const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ b[i]!);
const hashed = (message: Bytes, salt: Bytes): Bytes => sha384(concat(new Uint8Array(8), sha384(message), salt));

/** One block as long as the modulus, whose highest bit is 1; the block's is 0, so that it is the smaller. */
function encoded(length: number, message: Bytes, salt: Bytes): Bytes {
  const hash = hashed(message, salt);
  const clear = new Uint8Array(length - HASH_BYTES - 1);
  clear[clear.length - salt.length - 1] = 1;
  clear.set(salt, clear.length - salt.length);
  const masked = xor(clear, mgf1(hash, clear.length));
  masked[0]! &= 0x7f;
  return concat(masked, hash, Uint8Array.of(0xbc));
}
/** What the salt in it makes must be the whole block again: nothing of the encoding is left unlooked at. */
function isEncoded(block: Bytes, message: Bytes): boolean {
  const [masked, hash] = [block.subarray(0, -HASH_BYTES - 1), block.subarray(-HASH_BYTES - 1, -1)];
  const salt = xor(masked, mgf1(hash, masked.length)).subarray(-SALT_BYTES);
  return equalBytes(encoded(block.length, message, salt), block);
}

/** A modulus uses every bit of its bytes, of which there are enough for the encoding. */
const isModulus = (modulus: Bytes): boolean => modulus.length >= 2 * HASH_BYTES + 2 && modulus[0]! >= 0x80;

/** Does the signature by this issuer's key hold for prefix ‖ message? Never throws for what the bytes hold. */
export function signatureHolds(modulus: Bytes, prepared: Bytes, signature: Bytes): boolean {
  const [n, s] = [integerOf(modulus), integerOf(signature)];
  if (!isModulus(modulus) || signature.length !== modulus.length || s >= n) return false;
  return isEncoded(integerBytes(powered(s, n), modulus.length), prepared);
}

// ── the voter's side ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What the issuer gets: EMSA-PSS(prefix ‖ message) × r^65537. Nothing of it can be told from it, for whichever r. Undefined if r has no inverse. */
export function blind(modulus: Bytes, prepared: Bytes, salt: Bytes, r: bigint): Bytes | undefined {
  const n = integerOf(modulus);
  if (!isModulus(modulus) || inverseModulo(r, n) === undefined) return undefined;
  return integerBytes((integerOf(encoded(modulus.length, prepared, salt)) * powered(r % n, n)) % n, modulus.length);
}
/** The signature, from what the issuer answered; undefined if it does not hold: nothing is to be done with it then. */
export function unblind(modulus: Bytes, prepared: Bytes, answered: Bytes, r: bigint): Bytes | undefined {
  const n = integerOf(modulus);
  const inverse = inverseModulo(r, n);
  if (inverse === undefined || answered.length !== modulus.length || integerOf(answered) >= n) return undefined;
  const signature = integerBytes((integerOf(answered) * inverse) % n, modulus.length);
  return signatureHolds(modulus, prepared, signature) ? signature : undefined;
}

/** Did the issuer sign this blinded ticket, and nothing else? Anybody can say, without seeing the ticket. */
export function answerHolds(modulus: Bytes, blinded: Bytes, answered: Bytes): boolean {
  const [n, x, s] = [modulus, blinded, answered].map(integerOf) as [bigint, bigint, bigint];
  return (
    isModulus(modulus) && blinded.length === modulus.length && answered.length === modulus.length && x < n && s < n && powered(s, n) === x
  );
}

// ── an issuer's key ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The i-th number of which the issuer shows a root: his key decides it, not he. */
export const permutationPoint = (network: Bytes, modulus: Bytes, i: number): bigint =>
  integerOf(mgf1(frame(tags.rsaPermutation, network, encode([modulus, i])), 448)) % integerOf(modulus);

/** 3,072 bits exactly, no factor below 65,537, and nine roots that show x ↦ x^65537 to be one to one: then a blinded ticket says nothing of the ticket. */
export function issuerKeyHolds(network: Bytes, modulus: Bytes, proof: Bytes): boolean {
  if (modulus.length !== ISSUER_BYTES || proof.length !== PERMUTATION_ROOTS * ISSUER_BYTES || !isModulus(modulus)) return false;
  const n = integerOf(modulus);
  for (const prime of smallPrimes()) if (n % prime === 0n) return false;
  for (let i = 0; i < PERMUTATION_ROOTS; i++) {
    const root = integerOf(proof.subarray(ISSUER_BYTES * i, ISSUER_BYTES * (i + 1)));
    if (root >= n || powered(root, n) !== permutationPoint(network, modulus, i)) return false;
  }
  return true;
}
/** The primes below the exponent. */
function smallPrimes(): bigint[] {
  const composite = new Uint8Array(Number(EXPONENT));
  const primes: bigint[] = [];
  for (let p = 2; p < composite.length; p++) {
    if (composite[p] === 1) continue;
    primes.push(BigInt(p));
    for (let multiple = p * p; multiple < composite.length; multiple += p) composite[multiple] = 1;
  }
  return primes;
}
