// Ed25519 with one acceptance rule, the same verdict in every implementation (docs/protocol.md §1.3, after RFC 8032 §5.1.7 and FIPS 186-5).
// Owns the pre-check and the order fast path → full rule. Does not own: tags and frames (tags.ts), key files (keyFile.ts). Browser-clean.
//
// Rule: 64-byte signature, 32-byte key; S < ℓ; A and R canonical, none of small order; then [8]([S]B − R − [k]A) = 0. libsodium's yes implies it (the
// equation without the cofactor implies the one with it); on its no, @noble/curves decides. Only then do single and batch verification agree.

import { ed25519 } from "@noble/curves/ed25519.js";
import { ed25519Fast, ed25519Many, ed25519PublicKey, ed25519Sign, randomBytes } from "#crypto";
import { type Bytes, hex, unhex } from "./bytes.ts";
import { LedgerError } from "./errors.ts";
import { frame, type Tag } from "./tags.ts";

// Little-endian.
const GROUP_ORDER = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
const FIELD_PRIME = unhex(`ed${"ff".repeat(30)}7f`);

/** The eight encodings of small-order points, and the two of x = 0 with the sign set. */
const REFUSED_POINTS: ReadonlySet<string> = new Set([
  `01${"00".repeat(31)}`,
  "00".repeat(32),
  `${"00".repeat(31)}80`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  `01${"00".repeat(30)}80`,
  `ec${"ff".repeat(31)}`,
]);
// A point can be refused only if its first byte is one of these: the set is asked for one encoding in fifty.
const REFUSED_FIRST = new Uint8Array(256);
for (const point of REFUSED_POINTS) REFUSED_FIRST[Number.parseInt(point.slice(0, 2), 16)] = 1;

/** bytes[offset…] < bound as little-endian integers, the top bit of the last byte masked off if `masked`. */
function below(bytes: Bytes, offset: number, bound: Uint8Array, masked: boolean): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = i === 31 && masked ? bytes[offset + 31]! & 0x7f : bytes[offset + i]!;
    if (byte !== bound[i]) return byte < bound[i]!;
  }
  return false;
}

function pointAllowed(bytes: Bytes, offset: number): boolean {
  if (!below(bytes, offset, FIELD_PRIME, true)) return false;
  return REFUSED_FIRST[bytes[offset]!] === 0 || !REFUSED_POINTS.has(hex(bytes.subarray(offset, offset + 32)));
}

/** Rules 1–3: lengths, canonical S, canonical A and R that are not of small order. */
export function preCheck(signature: Bytes, key: Bytes): boolean {
  return signature.length === 64 && key.length === 32 && canonical(signature, 0, key, 0);
}

/** Rules 2 and 3 for the signature and the key that stand at these places. */
function canonical(signature: Bytes, signatureAt: number, key: Bytes, keyAt: number): boolean {
  return below(signature, signatureAt + 32, GROUP_ORDER, false) && pointAllowed(signature, signatureAt) && pointAllowed(key, keyAt);
}

/** The verdict of the one rule. About 45 µs when a signature is good, 1 ms when it is not: charge the slow path to whoever sent it. */
export function verify(signature: Bytes, message: Bytes, key: Bytes): boolean {
  return preCheck(signature, key) && (ed25519Fast(signature, message, key) || verifyFull(signature, message, key));
}

/** libsodium's yes after the pre-check: for a node's own ingress, which may refuse crafted signatures that the rule would accept. */
export function verifyQuick(signature: Bytes, message: Bytes, key: Bytes): boolean {
  return preCheck(signature, key) && ed25519Fast(signature, message, key);
}

/** Numbers for each item of `verifyMany`. */
export const ITEM_FIELDS = 4;
/** Fewer gain little by being verified together: each by itself is about as fast. */
const MIN_MANY = 8;

/** Whether signatures can be verified together here: the native addon has been built and is not switched off (CHANCERY_NO_NATIVE). */
export const hasNative = ed25519Many !== undefined;

/**
 * Many signatures at once, if the native addon is there. Four numbers each in `items`, places in `bytes`: from and to of what is signed (behind `head`),
 * 32 bytes of key, 64 of signature. Gives 1 for each that holds by the one rule; what is 0, and everything if the answer is undefined, is still to be
 * asked by `verify` or `verifyQuick`: no signature is refused by the addon's word. `quick` has the meaning of `verifyQuick`: crafted ones stay 0.
 */
export function verifyMany(head: Bytes, bytes: Bytes, items: Uint32Array, quick: boolean): Uint8Array | undefined {
  const count = items.length / ITEM_FIELDS;
  if (ed25519Many === undefined || count < MIN_MANY) return undefined;
  for (let i = 0; i < items.length; i += ITEM_FIELDS) if (!canonical(bytes, items[i + 3]!, bytes, items[i + 2]!)) return undefined;
  if (quick) return ed25519Many.verifyEach(head, bytes, items);
  return ed25519Many.verifyTogether(head, bytes, items) ? new Uint8Array(count).fill(1) : undefined;
}

/** Rule 4 by @noble/curves, the pre-check done: the cofactored equation over the given bytes. */
export function verifyFull(signature: Bytes, message: Bytes, key: Bytes): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false; // a point that does not decompress
  }
}

/** Signature of `message` by the 32-byte seed. */
export function sign(seed: Bytes, message: Bytes): Bytes {
  if (seed.length !== 32) throw new LedgerError("key.seed_length", { length: seed.length });
  return ed25519Sign(seed, message);
}

/** Public key of a 32-byte seed. */
export function publicKeyOf(seed: Bytes): Bytes {
  if (seed.length !== 32) throw new LedgerError("key.seed_length", { length: seed.length });
  return ed25519PublicKey(seed);
}

/** A fresh 32-byte seed. */
export function generateSeed(): Bytes {
  return randomBytes(32);
}

export function signFramed(tag: Tag, network: Bytes, bytes: Bytes, seed: Bytes): Bytes {
  return sign(seed, frame(tag, network, bytes));
}

export function verifyFramed(tag: Tag, network: Bytes, bytes: Bytes, signature: Bytes, key: Bytes): boolean {
  return verify(signature, frame(tag, network, bytes), key);
}

/** A key may be registered only if it lies in the prime-order group and is canonical (once per key, 1 ms). */
export function isRegistrableKey(key: Bytes): boolean {
  if (key.length !== 32 || !pointAllowed(key, 0)) return false;
  try {
    return ed25519.Point.fromBytes(key, false).isTorsionFree();
  } catch {
    return false;
  }
}
