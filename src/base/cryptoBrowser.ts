// The cryptographic primitives where there is no node:crypto: @noble. Chosen by package.json "imports" (#crypto). Same names as cryptoNode.ts.

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha384 as nobleSha384, sha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import type { Bytes } from "./bytes.ts";
import { LedgerError } from "./errors.ts";

const CHUNK = 0x2000;

/** One character per byte: a map key that compares as the bytes do. */
export function latin1(bytes: Bytes): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += CHUNK) out += String.fromCharCode.apply(null, bytes.subarray(i, i + CHUNK) as unknown as number[]);
  return out;
}

/** As `latin1`, of bytes[start … end). */
export const latin1Of = (bytes: Bytes, start: number, end: number): string => latin1(bytes.subarray(start, end));

/** A byte string of `length`; on nodes with unspecified content. */
export const allocate = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length);

export function sha256Into(bytes: Bytes, out: Bytes, offset: number): void {
  out.set(sha256(bytes), offset);
}

export const sha512 = (bytes: Bytes): Bytes => nobleSha512(bytes);
export const sha384 = (bytes: Bytes): Bytes => nobleSha384(bytes);
export const hmacSha256 = (key: Bytes, bytes: Bytes): Bytes => hmac(sha256, key, bytes);

export function hashPairs(input: Bytes, output: Bytes, count: number): void {
  for (let i = 0; i < count; i++) sha256Into(input.subarray(i * 64, i * 64 + 64), output, i * 32);
}

/** As in cryptoNode.ts; nobody here hashes so many that it would matter. */
export function sha256Many(head: Bytes, bytes: Bytes, ranges: Uint32Array, middle: Bytes, tails: Bytes, out: Bytes): void {
  for (let i = 0; 2 * i < ranges.length; i++) {
    const hash = sha256
      .create()
      .update(head)
      .update(bytes.subarray(ranges[2 * i], ranges[2 * i + 1]));
    if (tails.length > 0) hash.update(middle).update(tails.subarray(32 * i, 32 * i + 32));
    out.set(hash.digest(), 32 * i);
  }
}

/** No native addon here. */
export const hashesMany: boolean = false;
export const merkleRootFast = (_flat: Bytes, _count: number): boolean => false;

/** No faster verifier here: signature.ts goes on to the full rule. */
export function ed25519Fast(_signature: Bytes, _message: Bytes, _key: Bytes): boolean {
  return false;
}

/** No native addon here. */
export const ed25519Many = undefined;

export const ed25519Sign = (seed: Bytes, message: Bytes): Bytes => ed25519.sign(message, seed);
export const ed25519PublicKey = (seed: Bytes): Bytes => ed25519.getPublicKey(seed);

/** XChaCha20-Poly1305: ciphertext ‖ tag (16). */
export const aeadSeal = (key: Bytes, nonce: Bytes, associated: Bytes, message: Bytes): Bytes =>
  xchacha20poly1305(key, nonce, associated).encrypt(message);

/** The message; undefined if the tag does not fit. */
export function aeadOpen(key: Bytes, nonce: Bytes, associated: Bytes, sealed: Bytes): Bytes | undefined {
  try {
    return xchacha20poly1305(key, nonce, associated).decrypt(sealed);
  } catch {
    return undefined;
  }
}

export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** ML-DSA is for checkpoint keys, which live on nodes; no browser needs it. Throws `crypto.unsupported`. */
export function mlDsaPublicKey(_seed: Bytes): Bytes {
  throw new LedgerError("crypto.unsupported", { algorithm: "ml-dsa-44" });
}
export const mlDsaSign = (seed: Bytes, _message: Bytes): Bytes => mlDsaPublicKey(seed);
export const mlDsaVerify = (_signature: Bytes, _message: Bytes, key: Bytes): boolean => mlDsaPublicKey(key).length === 0;
