// ChaCha20-Poly1305 (RFC 8439) for the connections between nodes, by whichever library is faster at a length. Owns nothing else; nodes only.

import crypto from "node:crypto";
import sodium from "sodium-native";
import type { Bytes } from "./bytes.ts";

const TAG_BYTES = 16;
/** Below this libsodium takes a tenth to a half of what setting up a cipher of node:crypto does; above, OpenSSL's wider vectors win. */
const LARGE = 32_768;

/** Ciphertext ‖ tag. `key` 32 bytes, `nonce` 12. */
export function streamSeal(key: Bytes, nonce: Bytes, associated: Bytes, message: Bytes): Bytes {
  if (message.length < LARGE) {
    const out = new Uint8Array(message.length + TAG_BYTES);
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(out, message, associated, null, nonce, key);
    return out;
  }
  const cipher = crypto.createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated, { plaintextLength: message.length });
  const body = cipher.update(message);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()], body.length + TAG_BYTES);
}

/** The message. Throws if the tag does not fit. */
export function streamOpen(key: Bytes, nonce: Bytes, associated: Bytes, sealed: Bytes): Bytes {
  const length = sealed.length - TAG_BYTES;
  if (length < LARGE) {
    const out = new Uint8Array(Math.max(0, length));
    sodium.crypto_aead_chacha20poly1305_ietf_decrypt(out, null, sealed, associated, nonce, key);
    return out;
  }
  const decipher = crypto.createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  const body = decipher.update(sealed.subarray(0, length));
  decipher.final();
  return body;
}
