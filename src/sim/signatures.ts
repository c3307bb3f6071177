// Signatures of the simulator: a keyed hash in place of Ed25519 (at 45 µs a check, 100,000 schedules would take an hour), or the real thing. docs/testing.md.
// Owns both forms. The framed bytes are the real ones, so a missing tag or a wrong network is noticed as it would be outside.

import type { Bytes } from "../base/bytes.ts";
import { publicKeyOf, sign, verify } from "../base/signature.ts";

export interface Scheme {
  sign(seed: Bytes, framed: Bytes): Bytes;
  verify(signature: Bytes, framed: Bytes, key: Bytes): boolean;
}

/** What a node signs with; the public half names it in sets and transactions, where only real signatures count. */
export interface KeyPair {
  readonly seed: Bytes;
  readonly key: Bytes;
}

export function keyPair(seed: Bytes): KeyPair {
  return { seed, key: publicKeyOf(seed) };
}

/** Ed25519 as in the daemon. */
export const realScheme: Scheme = { sign, verify };

const secrets = new WeakMap<Bytes, Bytes>();

/** Sixty-four bits over key and bytes. Nobody here looks for collisions, and whoever lacks a seed has no way to sign but to know this file. */
export const hashScheme: Scheme = {
  sign(seed, framed) {
    let key = secrets.get(seed);
    if (key === undefined) secrets.set(seed, (key = publicKeyOf(seed)));
    return keyedHash(key, framed);
  },
  verify(signature, framed, key) {
    if (signature.length !== 64) return false;
    const expected = keyedHash(key, framed);
    for (let i = 0; i < 64; i++) if (expected[i] !== signature[i]) return false;
    return true;
  },
};

function keyedHash(key: Bytes, framed: Bytes): Bytes {
  let a = 0x811c9dc5 ^ framed.length;
  let b = 0x9e3779b9;
  for (let i = 0; i < 32; i++) {
    a = Math.imul(a ^ key[i]!, 0x01000193);
    b = Math.imul(b ^ a ^ (b >>> 15), 0x5bd1e995);
  }
  for (let i = 0; i < framed.length; i++) {
    a = Math.imul(a ^ framed[i]!, 0x01000193);
    b = Math.imul(b ^ a ^ (b >>> 13), 0x5bd1e995);
  }
  const out = new Uint8Array(64);
  for (let i = 0; i < 4; i++) {
    out[i] = a >>> (8 * i);
    out[4 + i] = b >>> (8 * i);
  }
  return out;
}
