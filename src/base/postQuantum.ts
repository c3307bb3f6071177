// ML-DSA-44 (FIPS 204), for checkpoint keys beside Ed25519, so that proofs outlast it. cryptography.md §8. Nodes only (node:crypto, Node ≥ 24.6); part of #crypto.
// Owns import of seeds and public keys. Does not own: what is signed.

import crypto from "node:crypto";
import type { Bytes } from "./bytes.ts";
import { ML_DSA_44_PUBLIC_BYTES, ML_DSA_44_SIGNATURE_BYTES } from "./limits.ts";

// PKCS #8 of an ML-DSA-44 key given by its 32-byte seed: RFC 9881 §6, the "seed" choice.
const PKCS8_HEAD = Buffer.from("3034020100300b060960864801650304031104228020", "hex");

function privateKey(seed: Bytes): crypto.KeyObject {
  return crypto.createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
}

/** Public key (1,312 bytes) of a 32-byte seed. */
export function mlDsaPublicKey(seed: Bytes): Bytes {
  const jwk = crypto.createPublicKey(privateKey(seed)).export({ format: "jwk" }) as { pub?: string };
  return new Uint8Array(Buffer.from(jwk.pub ?? "", "base64url"));
}

/** Signature (2,420 bytes) of `message`, empty context. */
export function mlDsaSign(seed: Bytes, message: Bytes): Bytes {
  return new Uint8Array(crypto.sign(null, message, privateKey(seed)));
}

/** False for anything malformed; never throws. */
export function mlDsaVerify(signature: Bytes, message: Bytes, key: Bytes): boolean {
  if (signature.length !== ML_DSA_44_SIGNATURE_BYTES || key.length !== ML_DSA_44_PUBLIC_BYTES) return false;
  try {
    const jwk = { kty: "AKP", alg: "ML-DSA-44", pub: Buffer.from(key).toString("base64url") };
    return crypto.verify(
      null,
      message,
      crypto.createPublicKey({ key: jwk, format: "jwk" } as unknown as crypto.JsonWebKeyInput),
      signature,
    );
  } catch {
    return false;
  }
}
