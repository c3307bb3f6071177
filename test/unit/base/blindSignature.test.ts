// Blind signatures: the examples of RFC 9474, OpenSSL as second opinion on signatures good and bad, keys that would leak, and who could hold more tickets
// than he is due (cryptography.md §5.1, mistake 9).
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as browser from "../../../src/base/cryptoBrowser.ts";
import * as node from "../../../src/base/cryptoNode.ts";
import {
  answerHolds,
  blind,
  integerBytes,
  integerOf,
  inverseModulo,
  ISSUER_BYTES,
  issuerKeyHolds,
  mgf1,
  permutationPoint,
  PREFIX_BYTES,
  SALT_BYTES,
  signatureHolds,
  ticketMessage,
  unblind,
} from "../../../src/base/blindSignature.ts";
import { type Bytes, concat, hex, unhex } from "../../../src/base/bytes.ts";
import { type Issuer, issuerModulus, issuerOf, newIssuerSecret } from "../../../src/base/issuerKey.ts";
import { noNetwork } from "../../../src/base/tags.ts";

const RUNS = process.env["CHANCERY_LONG"] === "1" ? 500 : 25;
const vectors = JSON.parse(readFileSync(new URL("../../vectors/blindSignature.json", import.meta.url), "utf8")) as {
  n: string;
  message: string;
  cases: {
    name: string;
    prefix: string;
    salt: string;
    inverse: string;
    blinded_message: string;
    blind_signature: string;
    signature: string;
  }[];
};
const { randomBytes } = node;
const randomR = (): bigint => integerOf(randomBytes(448));
const ticket = (prefix: Bytes, pollKey: Bytes = new Uint8Array(32).fill(1), poll = "school"): Bytes =>
  concat(prefix, ticketMessage(noNetwork, poll, pollKey));

let secret: Bytes;
let issuer: Issuer;
let other: Issuer;
beforeAll(() => {
  secret = newIssuerSecret();
  issuer = issuerOf(secret);
  other = issuerOf(newIssuerSecret());
});

/** OpenSSL's verdict. */
function opinion(modulus: Bytes, prepared: Bytes, signature: Bytes): boolean {
  const n = Buffer.from(modulus).toString("base64url");
  const key = crypto.createPublicKey({ format: "jwk", key: { kty: "RSA", n, e: "AQAB" } });
  return crypto.verify("sha384", prepared, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES }, signature);
}

describe("RFC 9474, appendix A", () => {
  const modulus = unhex(vectors.n);
  for (const { name, prefix, salt, inverse, blinded_message, blind_signature, signature } of vectors.cases)
    it(name, () => {
      const prepared = unhex(prefix + vectors.message);
      const r = inverseModulo(integerOf(unhex(inverse)), integerOf(modulus))!;
      expect(hex(blind(modulus, prepared, unhex(salt), r)!)).toBe(blinded_message);
      const salted = salt !== "";
      // Without a salt the signature is another scheme's: blinded alike, not taken.
      expect(hex(unblind(modulus, prepared, unhex(blind_signature), r) ?? new Uint8Array(0))).toBe(salted ? signature : "");
      expect(signatureHolds(modulus, prepared, unhex(signature))).toBe(salted);
      expect(opinion(modulus, prepared, unhex(signature))).toBe(salted);
    });
});

describe("a ticket", () => {
  it("is signed unseen, and holds for its poll key in its poll alone", () => {
    const prefix = randomBytes(PREFIX_BYTES);
    const [prepared, r] = [ticket(prefix), randomR()];
    const blinded = blind(issuer.modulus, prepared, randomBytes(SALT_BYTES), r)!;
    const signature = unblind(issuer.modulus, prepared, issuer.sign(blinded)!, r)!;
    expect(signatureHolds(issuer.modulus, prepared, signature)).toBe(true);
    expect(opinion(issuer.modulus, prepared, signature)).toBe(true);
    for (const foreign of [
      ticket(prefix, new Uint8Array(32).fill(2)),
      ticket(prefix, undefined, "hospital"),
      ticket(randomBytes(PREFIX_BYTES)),
      concat(prefix, ticketMessage(new Uint8Array(32).fill(1), "school", new Uint8Array(32).fill(1))),
    ])
      expect(signatureHolds(issuer.modulus, foreign, signature)).toBe(false);
    expect(signatureHolds(other.modulus, prepared, signature)).toBe(false);
    // What was signed tells nothing of the ticket: with another r the same blinded bytes belong to another ticket.
    const someone = ticket(prefix, new Uint8Array(32).fill(9));
    const n = integerOf(issuer.modulus);
    const encodings = [prepared, someone].map((of) => integerOf(blind(issuer.modulus, of, new Uint8Array(SALT_BYTES), 1n)!));
    const first = (encodings[0]! * power(r, 65_537n, n)) % n;
    const [p, q] = [integerOf(secret.subarray(0, 192)), integerOf(secret.subarray(192))];
    const d = inverseModulo(65_537n, (p - 1n) * (q - 1n))!;
    const fitting = power((first * inverseModulo(encodings[1]!, n)!) % n, d, n);
    expect(integerOf(blind(issuer.modulus, someone, new Uint8Array(SALT_BYTES), fitting)!)).toBe(first);
  });

  it("is refused by the voter if the issuer answered anything else", () => {
    const [prepared, r] = [ticket(randomBytes(PREFIX_BYTES)), randomR()];
    const blinded = blind(issuer.modulus, prepared, randomBytes(SALT_BYTES), r)!;
    const answered = issuer.sign(blinded)!;
    for (const wrong of [
      other.sign(integerBytes(integerOf(blinded) % integerOf(other.modulus), ISSUER_BYTES))!,
      answered.with(383, answered[383]! ^ 1),
      answered.subarray(1),
      concat(answered, Uint8Array.of(0)),
      new Uint8Array(ISSUER_BYTES),
      new Uint8Array(ISSUER_BYTES).fill(255),
      new Uint8Array(0),
    ])
      expect([unblind(issuer.modulus, prepared, wrong, r), answerHolds(issuer.modulus, blinded, wrong)]).toEqual([undefined, false]);
    expect(answerHolds(issuer.modulus, blinded, answered)).toBe(true);
    expect(answerHolds(other.modulus, blinded, answered)).toBe(false);
    expect(answerHolds(issuer.modulus, answered, answered)).toBe(false);
    expect(unblind(issuer.modulus, prepared, answered, r + 1n)).toBeUndefined();
    expect(unblind(issuer.modulus, prepared, answered, 0n)).toBeUndefined();
    expect(blind(issuer.modulus, prepared, randomBytes(SALT_BYTES), 0n)).toBeUndefined();
    expect(blind(issuer.modulus, prepared, randomBytes(SALT_BYTES), integerOf(secret.subarray(0, 192)))).toBeUndefined();
  });

  it("is judged as OpenSSL judges: of any message, with salts of other lengths, flipped, random", () => {
    const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 3_072 });
    const modulus = new Uint8Array(Buffer.from(publicKey.export({ format: "jwk" }).n!, "base64url"));
    const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
    const verdicts = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(SALT_BYTES, SALT_BYTES, 0, 32, 47, 49, 64),
        fc.constantFrom("none", "none", "signature", "message", "random"),
        fc.nat(3_071),
        (message, saltLength, change, bit) => {
          const signature = new Uint8Array(crypto.sign("sha384", message, { key: privateKey, padding, saltLength }));
          if (change === "signature") signature[bit >> 3]! ^= 1 << (bit & 7);
          const shown = change === "random" ? randomBytes(ISSUER_BYTES) : signature;
          const said = change === "message" ? concat(message, Uint8Array.of(0)) : message;
          const verdict = signatureHolds(modulus, said, shown);
          verdicts[verdict ? "yes" : "no"]++;
          expect(verdict).toBe(opinion(modulus, said, shown));
        },
      ),
      { numRuns: 4 * RUNS, seed: 9474 },
    );
    expect(Math.min(verdicts.yes, verdicts.no)).toBeGreaterThan(RUNS / 5);
  });

  it("is refused whatever bytes stand as key or signature", () => {
    const prepared = ticket(randomBytes(PREFIX_BYTES));
    const lengths = [0, 1, 97, 98, 128, ISSUER_BYTES - 1, ISSUER_BYTES, ISSUER_BYTES + 1, 512];
    for (const m of lengths)
      for (const s of lengths)
        for (const fill of [0, 1, 0x80, 255])
          expect(signatureHolds(new Uint8Array(m).fill(fill), prepared, new Uint8Array(s).fill(fill >> 1)), `${m} ${s} ${fill}`).toBe(
            false,
          );
  });

  it("comes out of the wallet again, whichever order the issuers answer in, and only whole", () => {
    // All issuers sign one prepared message: a ticket takes one signature of each.
    const prepared = ticket(randomBytes(PREFIX_BYTES));
    const issuers = [issuer, other];
    const made = issuers.map(({ modulus }) => ({ modulus, r: randomR(), salt: randomBytes(SALT_BYTES) }));
    const signatures = made.map(({ modulus, r, salt }, i) =>
      unblind(modulus, prepared, issuers[i]!.sign(blind(modulus, prepared, salt, r)!)!, r),
    );
    expect(signatures.map((of, i) => signatureHolds(issuers[i]!.modulus, prepared, of!))).toEqual([true, true]);
    expect(signatures.map((of, i) => signatureHolds(issuers[1 - i]!.modulus, prepared, of!))).toEqual([false, false]);
  });
});

describe("an issuer", () => {
  it("signs nothing that is no blinded ticket", () => {
    for (const wrong of [new Uint8Array(ISSUER_BYTES).fill(255), issuer.modulus, new Uint8Array(ISSUER_BYTES - 1), new Uint8Array(512)])
      expect(issuer.sign(wrong)).toBeUndefined();
  });

  it("has its key from two primes, and from nothing else", () => {
    expect(issuerModulus(secret)).toEqual(issuer.modulus);
    for (const wrong of [
      secret.subarray(1),
      new Uint8Array(ISSUER_BYTES),
      concat(secret.subarray(0, 192), secret.subarray(0, 192)),
      secret.with(383, secret[383]! ^ 2),
    ])
      expect(() => issuerModulus(wrong)).toThrow("key.");
  });

  it("shows that its key is one to one; a key of another number, network, or with a flipped root does not", () => {
    const { modulus } = issuer;
    const proof = issuer.proof(noNetwork);
    expect(proof.length).toBe(9 * ISSUER_BYTES);
    expect(issuerKeyHolds(noNetwork, modulus, proof)).toBe(true);
    expect(issuerKeyHolds(new Uint8Array(32).fill(1), modulus, proof)).toBe(false);
    expect(issuerKeyHolds(noNetwork, other.modulus, proof)).toBe(false);
    expect(issuerKeyHolds(noNetwork, modulus, proof.subarray(1))).toBe(false);
    expect(issuerKeyHolds(noNetwork, modulus, concat(proof, proof))).toBe(false);
    for (let i = 0; i < 9; i++)
      expect(issuerKeyHolds(noNetwork, modulus, proof.with(ISSUER_BYTES * i + 383, proof[ISSUER_BYTES * i + 383]! ^ 1)), `${i}`).toBe(
        false,
      );
    // The same root, written as a number beyond the modulus, is none.
    const beyond = integerOf(proof.subarray(0, ISSUER_BYTES)) + integerOf(modulus);
    if (beyond < 1n << 3_072n)
      expect(issuerKeyHolds(noNetwork, modulus, concat(integerBytes(beyond, ISSUER_BYTES), proof.subarray(ISSUER_BYTES)))).toBe(false);
  });

  it("cannot show it of a modulus that would leak: too short, with a small factor, not one to one", () => {
    const prove = (primes: readonly bigint[]): { modulus: Bytes; proof: Bytes } => {
      const n = primes.reduce((a, b) => a * b);
      const d =
        inverseModulo(
          65_537n,
          primes.reduce((phi, p) => phi * (p - 1n), 1n),
        ) ?? 1n;
      const modulus = integerBytes(n, ISSUER_BYTES);
      const roots = Array.from({ length: 9 }, (_, i) => integerBytes(power(permutationPoint(noNetwork, modulus, i), d, n), ISSUER_BYTES));
      return { modulus, proof: concat(...roots) };
    };
    const holds = ({ modulus, proof }: { modulus: Bytes; proof: Bytes }): boolean => issuerKeyHolds(noNetwork, modulus, proof);
    const [p, q] = [integerOf(secret.subarray(0, 192)), integerOf(secret.subarray(192))];
    expect(holds(prove([p, q]))).toBe(true);
    /** A prime that makes the product one of 3,072 bits. */
    const primeBeside = (rest: bigint, bits: number, options: object = {}): bigint => {
      for (;;) {
        const prime: bigint = crypto.generatePrimeSync(bits, { ...options, bigint: true });
        if ((rest * prime) >> 3_071n === 1n) return prime;
      }
    };
    expect(holds(prove([p, crypto.generatePrimeSync(1_530, { bigint: true })]))).toBe(false);
    // Of 3,072 bits, with roots that hold, but 65,521 divides it.
    expect(holds(prove([p, 65_521n, primeBeside(p * 65_521n, 1_520)]))).toBe(false);
    // 65,537 divides p − 1: every signature would have 65,537 tickets that it could belong to, and no root is to be had for most numbers.
    const many = primeBeside(p, 1_536, { add: 131_074n, rem: 1n });
    const leaking = prove([p, many]);
    expect(leaking.modulus[0]! >= 0x80).toBe(true);
    expect(holds(leaking)).toBe(false);
  });
});

describe("in browsers", () => {
  it("the hash and the mask are the same", () => {
    for (const length of [0, 1, 47, 48, 111, 112, 200])
      expect(hex(browser.sha384(new Uint8Array(length).fill(7)))).toBe(hex(node.sha384(new Uint8Array(length).fill(7))));
    // RFC 8017's mask, as another implementation computed it.
    expect(hex(mgf1(unhex("ce09df919320b17482c5cc54271b4ccb41d267629b3f849a32"), 32))).toBe(
      "ae30a2eaa0c53c23d340665851ab2abd37835a6572b1c11185acc8cee447e1b9",
    );
  });
});

function power(base: bigint, exponent: bigint, n: bigint): bigint {
  let [square, out] = [base % n, 1n];
  for (let e = exponent; e > 0n; e >>= 1n) {
    if ((e & 1n) === 1n) out = (out * square) % n;
    square = (square * square) % n;
  }
  return out;
}
