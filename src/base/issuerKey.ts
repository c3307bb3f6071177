// An issuer's secret in a poll: makes the key, shows that it hides nothing (blindSignature.ts), signs blinded tickets. cryptography.md §5.1. Nodes and
// command line only. One key for one poll. The secret is kept as its two primes: everything else, the modulus first, is worked out from them.

import crypto from "node:crypto";
import { EXPONENT, integerBytes, integerOf, inverseModulo, ISSUER_BYTES, PERMUTATION_ROOTS, permutationPoint } from "./blindSignature.ts";
import { type Bytes, concat, equalBytes } from "./bytes.ts";
import { LedgerError } from "./errors.ts";

const PRIME_BYTES = ISSUER_BYTES / 2;
const fromText = (field: string | undefined): bigint => integerOf(Buffer.from(field ?? "", "base64url"));
const toText = (integer: bigint, length: number): string => Buffer.from(integerBytes(integer, length)).toString("base64url");

/** p ‖ q of a new key of 3,072 bits. */
export function newIssuerSecret(): Bytes {
  const { privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 8 * ISSUER_BYTES, publicExponent: Number(EXPONENT) });
  const { p, q } = privateKey.export({ format: "jwk" });
  return concat(integerBytes(fromText(p), PRIME_BYTES), integerBytes(fromText(q), PRIME_BYTES));
}

/** n of p ‖ q. Throws `key.malformed`. */
export function issuerModulus(secret: Bytes): Bytes {
  const [p, q] = primesOf(secret);
  return integerBytes(p * q, ISSUER_BYTES);
}
function primesOf(secret: Bytes): [bigint, bigint] {
  if (secret.length !== 2 * PRIME_BYTES) throw new LedgerError("key.seed_length", { length: secret.length });
  const [p, q] = [integerOf(secret.subarray(0, PRIME_BYTES)), integerOf(secret.subarray(PRIME_BYTES))];
  if (p === q || !crypto.checkPrimeSync(p) || !crypto.checkPrimeSync(q)) throw new LedgerError("key.malformed", { reason: "no primes" });
  if ((p * q) >> BigInt(8 * ISSUER_BYTES - 1) !== 1n) throw new LedgerError("key.malformed", { reason: "a modulus of another length" });
  return [p, q];
}

/** What an issuer's key does, by OpenSSL. */
export interface Issuer {
  readonly modulus: Bytes;
  /** The nine roots that stand beside the key on the chain. */
  proof(network: Bytes): Bytes;
  /** The blind signature; undefined of what is no blinded ticket. */
  sign(blinded: Bytes): Bytes | undefined;
}

export function issuerOf(secret: Bytes): Issuer {
  const [p, q] = primesOf(secret);
  const n = p * q;
  const modulus = integerBytes(n, ISSUER_BYTES);
  const d = inverseModulo(EXPONENT, (p - 1n) * (q - 1n));
  const inverse = inverseModulo(q, p);
  if (d === undefined || inverse === undefined) throw new LedgerError("key.malformed", { reason: "the exponent has no inverse" });
  const half = (integer: bigint): string => toText(integer, PRIME_BYTES);
  const whole = (integer: bigint): string => toText(integer, ISSUER_BYTES);
  const key = crypto.createPrivateKey({
    format: "jwk",
    key: {
      ...{ kty: "RSA", n: whole(n), e: toText(EXPONENT, 3), d: whole(d) },
      ...{ p: half(p), q: half(q), dp: half(d % (p - 1n)), dq: half(d % (q - 1n)), qi: half(inverse) },
    },
  });
  const root = (x: Bytes): Bytes => new Uint8Array(crypto.privateEncrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, x));
  const publicKey = crypto.createPublicKey(key);
  const undo = (x: Bytes): Bytes => new Uint8Array(crypto.publicDecrypt({ key: publicKey, padding: crypto.constants.RSA_NO_PADDING }, x));
  return {
    modulus,
    proof: (network) =>
      concat(
        ...Array.from({ length: PERMUTATION_ROOTS }, (_, i) => root(integerBytes(permutationPoint(network, modulus, i), ISSUER_BYTES))),
      ),
    sign(blinded) {
      if (blinded.length !== ISSUER_BYTES || integerOf(blinded) >= n) return undefined;
      const signature = root(blinded);
      // A fault while it was computed would show the primes to whoever sees the answer (RFC 9474 §4.3).
      return equalBytes(undo(signature), blinded) ? signature : undefined;
    },
  };
}
