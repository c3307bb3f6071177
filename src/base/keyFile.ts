// Key files: one key, one purpose, sealed under a passphrase. cryptography.md §9. Nodes and command line only.
// Owns the form, sealing and opening, and writing a file so that a crash leaves the old or the new one. Does not own: what keys sign.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import sodium from "sodium-native";
import { hmacSha256, mlDsaPublicKey } from "#crypto";
import { type Bytes, base64, concat, equalBytes, hex, unbase64, unhex } from "./bytes.ts";
import { encode } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { issuerModulus, newIssuerSecret } from "./issuerKey.ts";
import { isScalar, multiplyBase, randomScalar, scalarBytes, scalarOf } from "./ristretto.ts";
import { generateSeed, publicKeyOf } from "./signature.ts";
import * as tags from "./tagNames.ts";
import { frame, noNetwork, tagged } from "./tags.ts";

export const keyPurposes = [
  "consensus",
  "peer",
  "checkpoint",
  "organisation",
  "person",
  "access",
  "credential",
  "vault",
  "recovery",
  "ceremony",
  "bid",
  "issuer",
  "voter",
] as const;
export type KeyPurpose = (typeof keyPurposes)[number];
/**
 * A trustee's key, and the number that seals a bid, are scalars of ristretto255; while a ceremony goes on its key stands with the polynomial that is dealt. An
 * issuer of tickets to a poll has an RSA key. What a voter keeps signs nothing: everything that he needs in a poll is derived from it.
 */
export type KeyAlgorithm = "ed25519" | "ed25519+ml-dsa-44" | "ristretto255" | "ristretto255+dealing" | "rsa-3072" | "hmac-sha256";

/**
 * A key in memory. `secret`: the 32-byte Ed25519 seed, for checkpoint keys followed by the 32-byte ML-DSA-44 seed. Of a bid: a scalar. Of a ceremony key: a scalar, or a
 * scalar by which shares are received and the coefficients of a dealing, 32 bytes each. Of an issuer: two primes. Of a voter: 32 random bytes.
 */
export interface Key {
  readonly purpose: KeyPurpose;
  readonly algorithm: KeyAlgorithm;
  /** 32 bytes, for checkpoint keys followed by the 1,312 of ML-DSA-44; an issuer's modulus; of a voter's secret a name that is used nowhere else. */
  readonly publicKey: Bytes;
  readonly secret: Bytes;
}

const FORMAT = "chancery-key/1";
const SCRYPT = { N: 131_072, r: 8, p: 1 };
const SCRYPT_MEMORY = 256 << 20; // N = 2^17 takes 128 MB; OpenSSL wants head-room
const MIN_N = 1 << 15;
const MAX_N = 1 << 20;
const MAX_FILE_BYTES = 16_384;

/** A fresh key for a purpose. */
export function newKey(purpose: KeyPurpose): Key {
  if (purpose === "ceremony" || purpose === "bid") return keyFromSecret(purpose, scalarBytes(randomScalar()));
  if (purpose === "issuer") return keyFromSecret(purpose, newIssuerSecret());
  return keyFromSecret(purpose, purpose === "checkpoint" ? concat(generateSeed(), generateSeed()) : generateSeed());
}

/** The key of a secret; the public part is always derived. Throws `key.seed_length` or, of scalars, `key.malformed`. */
export function keyFromSecret(purpose: KeyPurpose, secret: Bytes): Key {
  if (purpose === "ceremony" || purpose === "bid") return scalarKey(purpose, secret);
  if (purpose === "issuer") return { purpose, algorithm: "rsa-3072", publicKey: issuerModulus(secret), secret };
  if (purpose === "voter") return voterKey(secret);
  if (purpose !== "checkpoint") return { purpose, algorithm: "ed25519", publicKey: publicKeyOf(secret), secret };
  if (secret.length !== 64) throw new LedgerError("key.seed_length", { length: secret.length });
  const publicKey = concat(publicKeyOf(secret.subarray(0, 32)), mlDsaPublicKey(secret.subarray(32)));
  return { purpose, algorithm: "ed25519+ml-dsa-44", publicKey, secret };
}

function scalarKey(purpose: KeyPurpose, secret: Bytes): Key {
  const scalars = Array.from({ length: secret.length / 32 }, (_, i) => secret.subarray(32 * i, 32 * i + 32));
  if (secret.length % 32 !== 0 || scalars.length === 0 || (purpose === "bid" && scalars.length > 1))
    throw new LedgerError("key.seed_length", { length: secret.length });
  if (!scalars.every(isScalar)) throw new LedgerError("key.malformed", { reason: "a scalar above the order of the group" });
  const algorithm = scalars.length === 1 ? "ristretto255" : "ristretto255+dealing";
  return { purpose, algorithm, publicKey: multiplyBase(scalarOf(scalars[0]!)), secret };
}

function voterKey(secret: Bytes): Key {
  if (secret.length !== 32) throw new LedgerError("key.seed_length", { length: secret.length });
  return {
    purpose: "voter",
    algorithm: "hmac-sha256",
    publicKey: hmacSha256(secret, frame(tags.keyFingerprint, noNetwork, encode("voter"))),
    secret,
  };
}

/** First 96 bits of the tagged hash of a public key, in six groups of four hex digits: short enough to be read aloud. */
export function fingerprint(publicKey: Bytes): string {
  const digits = hex(tagged(tags.keyFingerprint, noNetwork, publicKey)).slice(0, 24);
  return digits.match(/.{4}/g)!.join(" ");
}

interface KeyFile {
  format: string;
  purpose: KeyPurpose;
  algorithm: KeyAlgorithm;
  public: string;
  fingerprint: string;
  kdf: "none" | { name: "scrypt"; N: number; r: number; p: number; salt: string };
  cipher: "none" | "xchacha20poly1305";
  nonce?: string;
  ciphertext?: string;
  seed?: string;
}

/** The file's text; without a passphrase the seed stands in it in the clear (development networks only). */
export function sealKey(key: Key, passphrase?: Bytes): string {
  const head = {
    format: FORMAT,
    purpose: key.purpose,
    algorithm: key.algorithm,
    public: hex(key.publicKey),
    fingerprint: fingerprint(key.publicKey),
  };
  if (passphrase === undefined) return text({ ...head, kdf: "none", cipher: "none", seed: hex(key.secret) });
  const salt = crypto.randomBytes(16);
  const nonce = crypto.randomBytes(24);
  const ciphertext = Buffer.alloc(key.secret.length + 16);
  const associated = associatedData(key.purpose, key.algorithm, key.publicKey, SCRYPT, salt);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    ciphertext,
    Buffer.from(key.secret),
    associated,
    null,
    nonce,
    derive(passphrase, salt, SCRYPT),
  );
  return text({
    ...head,
    kdf: { name: "scrypt", ...SCRYPT, salt: hex(salt) },
    cipher: "xchacha20poly1305",
    nonce: hex(nonce),
    ciphertext: base64(ciphertext),
  });
}
const text = (file: KeyFile): string => `${JSON.stringify(file, undefined, 2)}\n`;

function associatedData(purpose: string, algorithm: string, publicKey: Bytes, { N, r, p }: typeof SCRYPT, salt: Bytes): Buffer {
  return Buffer.from(encode([FORMAT, purpose, algorithm, publicKey, N, r, p, salt]));
}
function derive(passphrase: Bytes, salt: Bytes, { N, r, p }: typeof SCRYPT): Buffer {
  return crypto.scryptSync(passphrase, salt, 32, { N, r, p, maxmem: SCRYPT_MEMORY * (N / SCRYPT.N > 1 ? N / SCRYPT.N : 1) });
}

/** What a key file shows without its passphrase. Throws `key.malformed`. */
export function readKeyHeader(content: string): { purpose: KeyPurpose; algorithm: KeyAlgorithm; publicKey: Bytes; sealed: boolean } {
  const file = parse(content);
  return { purpose: file.purpose, algorithm: file.algorithm, publicKey: unhex(file.public), sealed: file.kdf !== "none" };
}

/** Opens a key file. Throws `key.malformed`, `key.passphrase_needed`, `key.passphrase_wrong` or `key.public_mismatch`. */
export function openKey(content: string, passphrase?: Bytes): Key {
  const file = parse(content);
  const publicKey = unhex(file.public);
  const key = keyFromSecret(file.purpose, file.kdf === "none" ? unhex(file.seed ?? "") : unseal(file, file.kdf, publicKey, passphrase));
  if (!equalBytes(key.publicKey, publicKey) || key.algorithm !== file.algorithm) throw new LedgerError("key.public_mismatch");
  return key;
}

function unseal(file: KeyFile, kdf: Exclude<KeyFile["kdf"], "none">, publicKey: Bytes, passphrase: Bytes | undefined): Bytes {
  if (passphrase === undefined) throw new LedgerError("key.passphrase_needed");
  const salt = unhex(kdf.salt);
  const ciphertext = unbase64(file.ciphertext ?? "");
  const secret = Buffer.alloc(Math.max(0, ciphertext.length - 16));
  const associated = associatedData(file.purpose, file.algorithm, publicKey, kdf, salt);
  const nonce = unhex(file.nonce ?? "");
  if (nonce.length !== 24 || secret.length < 32) throw new LedgerError("key.malformed", { reason: "nonce or ciphertext" });
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      secret,
      null,
      Buffer.from(ciphertext),
      associated,
      Buffer.from(nonce),
      derive(passphrase, salt, kdf),
    );
  } catch (cause) {
    throw new LedgerError("key.passphrase_wrong", undefined, cause);
  }
  return new Uint8Array(secret);
}

function parse(content: string): KeyFile {
  let file: KeyFile;
  try {
    file = JSON.parse(content.length > MAX_FILE_BYTES ? "" : content) as KeyFile;
  } catch (cause) {
    throw new LedgerError("key.malformed", { reason: "not JSON" }, cause);
  }
  if (file?.format !== FORMAT || !keyPurposes.includes(file.purpose) || typeof file.public !== "string")
    throw new LedgerError("key.malformed", { reason: "format" });
  if (file.kdf === "none") return file;
  // Bounds before deriving: a hostile file must not make us take gigabytes.
  const { name, N, r, p, salt } = file.kdf ?? {};
  const powerOfTwo = Number.isInteger(N) && N >= MIN_N && N <= MAX_N && (N & (N - 1)) === 0;
  if (name !== "scrypt" || !powerOfTwo || r !== 8 || p !== 1 || typeof salt !== "string" || salt.length !== 32)
    throw new LedgerError("key.malformed", { reason: "kdf" });
  return file;
}

/** The passphrase in a file: its bytes less one final newline. */
export function passphraseFrom(bytes: Bytes): Bytes {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}

/** Reads and opens the key file at `file`. Throws `key.unreadable` besides what `openKey` throws. */
export function loadKey(file: string, passphrase?: Bytes): Key {
  let content: string;
  try {
    content = fs.readFileSync(file, "utf8");
  } catch (cause) {
    throw new LedgerError("key.unreadable", { file }, cause);
  }
  return openKey(content, passphrase);
}

/** Writes `content` to a new file of mode 0600: to a temporary name, synced, then renamed. Refuses (`file.exists`) to replace a file unless told to. */
export function saveSecretFile(file: string, content: string, replace = false): void {
  if (!replace && fs.existsSync(file)) throw new LedgerError("file.exists", { file });
  const temporary = `${file}.new`;
  const descriptor = fs.openSync(temporary, "w", 0o600);
  try {
    fs.writeSync(descriptor, content);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(temporary, file);
  const directory = fs.openSync(path.dirname(file), "r");
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
