// The cryptographic primitives on nodes: node:crypto for hashes, libsodium for Ed25519. Chosen by package.json "imports" (#crypto).
// Owns nothing of the acceptance rule (signature.ts) and of framing (tags.ts). Same names as cryptoBrowser.ts.

import crypto from "node:crypto";
import { createRequire } from "node:module";
import sodium from "sodium-native";
import type { Bytes } from "./bytes.ts";

export { mlDsaPublicKey, mlDsaSign, mlDsaVerify } from "./postQuantum.ts";

// The returned Buffer, not the hash, is the cost of crypto.hash: a latin1 string written in place is three times cheaper (performance.md §2).
const latin1Write = Buffer.prototype.latin1Write as unknown as (this: Uint8Array, text: string, offset: number, length: number) => number;

const latin1Slice = Buffer.prototype.latin1Slice as unknown as (this: Uint8Array, start: number, end: number) => string;

/** One character per byte: a map key that compares as the bytes do. */
export function latin1(bytes: Bytes): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}

/** As `latin1`, of bytes[start … end), without a view of them. */
export function latin1Of(bytes: Bytes, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

// A byte string of more than 64 bytes has its memory outside V8's heap, which costs 1 µs; a view of a slab costs 0.08 µs. The slab is small, so that
// a value that is kept keeps little else alive.
const SLAB_BYTES = 16_384;
const SLAB_MAX = 2_048;
let slab = new ArrayBuffer(SLAB_BYTES);
let slabUsed = 0;

/** A byte string of `length` with unspecified content: for values that are made by the thousand. Its `buffer` is shared: never transfer it. */
export function allocate(length: number): Uint8Array<ArrayBuffer> {
  if (length <= 64 || length > SLAB_MAX) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    slabUsed = 0;
  }
  const out = new Uint8Array(slab, slabUsed, length);
  slabUsed += (length + 7) & ~7;
  return out;
}

/** Writes SHA-256(bytes) to out[offset … offset + 32). */
export function sha256Into(bytes: Bytes, out: Bytes, offset: number): void {
  latin1Write.call(out, crypto.hash("sha256", bytes, "binary"), offset, 32);
}

export function sha512(bytes: Bytes): Bytes {
  return new Uint8Array(crypto.hash("sha512", bytes, "buffer"));
}

export function sha384(bytes: Bytes): Bytes {
  return new Uint8Array(crypto.hash("sha384", bytes, "buffer"));
}

export function hmacSha256(key: Bytes, bytes: Bytes): Bytes {
  return new Uint8Array(crypto.createHmac("sha256", key).update(bytes).digest());
}

interface Hashtree {
  hashInto(input: Uint8Array, output: Uint8Array): void;
}
let hashtree: Hashtree | undefined;
try {
  if (process.env["CHANCERY_NO_HASHTREE"] === undefined) hashtree = createRequire(import.meta.url)("@chainsafe/hashtree") as Hashtree;
} catch {
  hashtree = undefined; // an optional accelerator: the same hashes come from node:crypto, more slowly
}

/** SHA-256 of `count` inputs of exactly 64 bytes each, laid end to end; 32 bytes each into `output`. */
export function hashPairs(input: Bytes, output: Bytes, count: number): void {
  if (hashtree !== undefined) return hashtree.hashInto(input.subarray(0, count * 64), output.subarray(0, count * 32));
  for (let i = 0; i < count; i++) sha256Into(input.subarray(i * 64, i * 64 + 64), output, i * 32);
}

/**
 * Many signatures over one buffer, in one call. Four numbers each in `items`: from and to of what is signed (behind `head`), the key, the signature.
 * Callers have done the pre-check. Throws if an item lies outside the bytes.
 */
interface Ed25519Many {
  /** Whether all hold by the equation with the cofactor. */
  readonly verifyTogether: (head: Bytes, bytes: Bytes, items: Uint32Array) => boolean;
  /** 1 for each that holds by the equation without it, as libsodium decides, else 0. */
  readonly verifyEach: (head: Bytes, bytes: Bytes, items: Uint32Array) => Uint8Array;
}
interface Sha256Many {
  readonly sha256Many: (head: Bytes, bytes: Bytes, ranges: Uint32Array, middle: Bytes, tails: Bytes, out: Bytes) => void;
  readonly merkleRoot: (flat: Bytes, count: number) => void;
}
let many: (Ed25519Many & Partial<Sha256Many>) | undefined;
try {
  if (process.env["CHANCERY_NO_NATIVE"] === undefined)
    many = createRequire(import.meta.url)("../../native/chancery-native.node") as Ed25519Many & Partial<Sha256Many>;
} catch {
  many = undefined; // an optional accelerator (npm run build:native): libsodium verifies one by one
}
/** The native addon, where it has been built. */
export const ed25519Many: Ed25519Many | undefined = many;

/**
 * SHA-256(head ‖ bytes[from … to) ‖ middle ‖ tail) for each pair (from, to) of `ranges`: 32 bytes each into `out`. `tails` are 32 bytes each, or of no length:
 * then nothing follows the range. One call of the addon for all of them where there is one: it, not the hash, is most of what a hash costs.
 */
export function sha256Many(head: Bytes, bytes: Bytes, ranges: Uint32Array, middle: Bytes, tails: Bytes, out: Bytes): void {
  if (many?.sha256Many !== undefined) return many.sha256Many(head, bytes, ranges, middle, tails, out);
  sha256OneByOne(head, bytes, ranges, middle, tails, out);
}

/** Is hashing many at once worth the copying that brings them together? */
export const hashesMany = many?.sha256Many !== undefined;

/** As `sha256Many`, without the addon. */
export function sha256OneByOne(head: Bytes, bytes: Bytes, ranges: Uint32Array, middle: Bytes, tails: Bytes, out: Bytes): void {
  const behind = tails.length === 0 ? 0 : middle.length + 32;
  for (let i = 0; 2 * i < ranges.length; i++) {
    const part = bytes.subarray(ranges[2 * i], ranges[2 * i + 1]);
    const end = head.length + part.length;
    const input = joined.length < end + behind ? (joined = new Uint8Array(2 * (end + behind))) : joined;
    input.set(head, 0);
    input.set(part, head.length);
    if (behind > 0) {
      input.set(middle, end);
      input.set(tails.subarray(32 * i, 32 * i + 32), end + middle.length);
    }
    sha256Into(input.subarray(0, end + behind), out, 32 * i);
  }
}
let joined = new Uint8Array(1_024);

/** Leaves the root over `count` ≥ 1 leaf hashes (RFC 9162) in the first 32 bytes of `flat`, and false if there is no addon that does it. */
export function merkleRootFast(flat: Bytes, count: number): boolean {
  if (many?.merkleRoot === undefined) return false;
  many.merkleRoot(flat, count);
  return true;
}

/** One signature in front of the addon: message ‖ key ‖ signature in one buffer. Longer messages are the hash's business, where nothing is gained. */
const ONE_MESSAGE = 2_048;
const one = new Uint8Array(ONE_MESSAGE + 96);
const oneItem = new Uint32Array(4);
const noHead = new Uint8Array(0);

/**
 * libsodium's verdict, raw: callers have done the pre-check (lengths above all; it would take 65-byte signatures). The addon decides by the same equation in
 * half the time where the message is short; its no is asked again.
 */
export function ed25519Fast(signature: Bytes, message: Bytes, key: Bytes): boolean {
  const { length } = message;
  if (many !== undefined && length <= ONE_MESSAGE && key.length === 32 && signature.length === 64) {
    one.set(message);
    one.set(key, length);
    one.set(signature, length + 32);
    oneItem[1] = length;
    oneItem[2] = length;
    oneItem[3] = length + 32;
    if (many.verifyEach(noHead, one, oneItem)[0] === 1) return true;
  }
  return sodium.crypto_sign_verify_detached(signature, message, key);
}

/** RFC 8032 signature by the 32-byte seed; the public key is derived, never taken from a caller. */
export function ed25519Sign(seed: Bytes, message: Bytes): Bytes {
  const signature = Buffer.alloc(64);
  sodium.crypto_sign_detached(signature, message, expanded(seed).secret);
  return new Uint8Array(signature.buffer, signature.byteOffset, 64);
}

export function ed25519PublicKey(seed: Bytes): Bytes {
  return new Uint8Array(expanded(seed).key);
}

const EXPANDED_KEPT = 64; // one process signs with a handful of keys; tests with a few dozen
const expandedKeys = new Map<string, { key: Buffer; secret: Buffer }>();
function expanded(seed: Bytes): { key: Buffer; secret: Buffer } {
  const name = Buffer.from(seed.buffer, seed.byteOffset, seed.byteLength).toString("latin1");
  let pair = expandedKeys.get(name);
  if (pair === undefined) {
    pair = { key: Buffer.alloc(32), secret: Buffer.alloc(64) };
    sodium.crypto_sign_seed_keypair(pair.key, pair.secret, seed);
    if (expandedKeys.size >= EXPANDED_KEPT) expandedKeys.clear();
    expandedKeys.set(name, pair);
  }
  return pair;
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): ciphertext ‖ tag (16). `key` 32 bytes, `nonce` 24. */
export function aeadSeal(key: Bytes, nonce: Bytes, associated: Bytes, message: Bytes): Bytes {
  const out = Buffer.alloc(message.length + 16);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(out, message, associated, null, nonce, key);
  return new Uint8Array(out.buffer, out.byteOffset, out.length);
}

/** The message; undefined if the tag does not fit. */
export function aeadOpen(key: Bytes, nonce: Bytes, associated: Bytes, sealed: Bytes): Bytes | undefined {
  if (sealed.length < 16) return undefined;
  const out = Buffer.alloc(sealed.length - 16);
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(out, null, sealed, associated, nonce, key);
  } catch {
    return undefined;
  }
  return new Uint8Array(out.buffer, out.byteOffset, out.length);
}

export function randomBytes(length: number): Bytes {
  return new Uint8Array(crypto.randomBytes(length));
}
