// One acceptance rule for Ed25519, held by every path through our function: libsodium then noble (nodes), noble alone (browsers), node:crypto then noble.
import crypto from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it } from "vitest";
import { ed25519Fast } from "#crypto";
import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/base/bytes.ts";
import { sha512 } from "../../../src/base/hash.ts";
import {
  generateSeed,
  isRegistrableKey,
  preCheck,
  publicKeyOf,
  sign,
  signFramed,
  verify,
  verifyFramed,
  verifyFull,
  verifyQuick,
} from "../../../src/base/signature.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { frame, noNetwork } from "../../../src/base/tags.ts";

const data = path.resolve(import.meta.dirname, "../../../../shared/data");
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;
const Point = ed25519.Point;
type EdPoint = InstanceType<typeof Point>;

const little = (bytes: Bytes): bigint => BigInt(`0x${hex(new Uint8Array([...bytes].reverse()))}`);
const bytesOf = (n: bigint): Bytes => new Uint8Array([...unhex(n.toString(16).padStart(64, "0"))].reverse());

function nodeVerdict(signature: Bytes, message: Bytes, key: Bytes): boolean {
  try {
    const object = crypto.createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key).toString("base64url") },
      format: "jwk",
    });
    return crypto.verify(null, message, object, signature);
  } catch {
    return false;
  }
}

/** The verdict of each path; fails unless they are one. Returns it. */
function agreed(signature: Bytes, message: Bytes, key: Bytes): boolean {
  const ours = verify(signature, message, key);
  if (!preCheck(signature, key)) {
    expect(ours).toBe(false);
    return false;
  }
  const full = verifyFull(signature, message, key);
  const fast = ed25519Fast(signature, message, key);
  const node = nodeVerdict(signature, message, key);
  const verdicts = { ours, browser: full, sodium: fast || full, node: node || full };
  expect(verdicts, `${hex(key)} ${hex(signature)} ${hex(message)}`).toEqual({ ours, browser: ours, sodium: ours, node: ours });
  if (verifyQuick(signature, message, key)) expect(ours).toBe(true);
  return ours;
}

/** The rule written out anew with plain point arithmetic: [8]([S]B − R − [k]A) = 0. */
function byEquation(signature: Bytes, message: Bytes, key: Bytes): boolean {
  const R = Point.fromBytes(signature.slice(0, 32), false);
  const A = Point.fromBytes(key, false);
  const k = little(sha512(concat(signature.slice(0, 32), key, message))) % L;
  const S = little(signature.slice(32));
  const sum = (S === 0n ? Point.ZERO : Point.BASE.multiply(S)).subtract(R).subtract(k === 0n ? Point.ZERO : A.multiplyUnsafe(k));
  return sum.clearCofactor().is0();
}

describe("§1.3 Ed25519: one acceptance rule", () => {
  it("signs as RFC 8032 does and verifies under its own frame only", () => {
    const seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"); // RFC 8032 §7.1, test 1
    expect(hex(publicKeyOf(seed))).toBe("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    expect(hex(sign(seed, new Uint8Array(0)))).toBe(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
    const bytes = utf8("a record");
    const signature = signFramed(tags.prepare, noNetwork, bytes, seed);
    expect(verifyFramed(tags.prepare, noNetwork, bytes, signature, publicKeyOf(seed))).toBe(true);
    expect(verifyFramed(tags.commit, noNetwork, bytes, signature, publicKeyOf(seed))).toBe(false);
    expect(verifyFramed(tags.prepare, new Uint8Array(32).fill(1), bytes, signature, publicKeyOf(seed))).toBe(false);
    expect(frame(tags.commit, noNetwork, bytes)[0]).toBeLessThanOrEqual(63);
    const all = Object.values(tags);
    for (const tag of all) expect(tag.length, tag).toBeLessThanOrEqual(63);
    expect(new Set(all).size).toBe(all.length);
  });

  it.skipIf(!existsSync(path.join(data, "wycheproof")))("agrees with all of Wycheproof", () => {
    const { testGroups } = JSON.parse(readFileSync(path.join(data, "wycheproof/ed25519_test.json"), "utf8"));
    let checked = 0;
    for (const group of testGroups)
      for (const test of group.tests) {
        expect(agreed(unhex(test.sig), unhex(test.msg), unhex(group.publicKey.pk)), `test ${test.tcId}`).toBe(test.result === "valid");
        checked++;
      }
    expect(checked).toBe(151);
  });

  it.skipIf(!existsSync(path.join(data, "ed25519-speccheck")))("gives 000111000000 on the twelve cases of ed25519-speccheck", () => {
    const cases = JSON.parse(readFileSync(path.join(data, "ed25519-speccheck/cases.json"), "utf8")) as {
      message: string;
      pub_key: string;
      signature: string;
    }[];
    const verdicts = cases.map((c) => (agreed(unhex(c.signature), unhex(c.message), unhex(c.pub_key)) ? 1 : 0)).join("");
    expect(verdicts).toBe("000111000000");
  });

  it("decides every mixture of torsion in A and R as the cofactored equation does", () => {
    const torsion = Point.fromBytes(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), false); // of order 8
    const multiples: EdPoint[] = [Point.ZERO];
    for (let i = 1; i < 8; i++) multiples.push(multiples[i - 1]!.add(torsion));
    const a = 123456789n;
    const r = 987654321n;
    let accepted = 0;
    for (let i = 0; i < 8; i++)
      for (let j = 0; j < 8; j++)
        for (let m = 0; m < 4; m++) {
          const key = Point.BASE.multiply(a).add(multiples[i]!).toBytes();
          const R = Point.BASE.multiply(r).add(multiples[j]!).toBytes();
          const message = Uint8Array.of(i, j, m);
          const k = little(sha512(concat(R, key, message))) % L;
          const signature = concat(R, bytesOf((r + k * a) % L));
          expect(agreed(signature, message, key)).toBe(byEquation(signature, message, key));
          accepted++;
        }
    expect(accepted).toBe(256);
    // small-order A and R: one signature would be valid for every message, so all are refused, canonical or not
    for (const point of [...multiples, ...multiples.map((p) => p.negate())]) {
      const small = point.toBytes();
      expect(agreed(concat(small, new Uint8Array(32)), utf8("any"), small)).toBe(false);
      expect(isRegistrableKey(small)).toBe(false);
    }
    expect(isRegistrableKey(Point.BASE.multiply(a).add(torsion).toBytes())).toBe(false);
    expect(isRegistrableKey(publicKeyOf(generateSeed()))).toBe(true);
  });

  it("refuses other lengths, S ≥ ℓ and encodings that are not canonical", () => {
    const seed = generateSeed();
    const key = publicKeyOf(seed);
    const message = utf8("m");
    const good = sign(seed, message);
    expect(agreed(good, message, key)).toBe(true);
    for (const length of [0, 63, 65, 128]) expect(agreed(concat(good, new Uint8Array(64)).slice(0, length), message, key)).toBe(false);
    for (const length of [0, 31, 33]) expect(agreed(good, message, concat(key, new Uint8Array(1)).slice(0, length))).toBe(false);
    expect(agreed(concat(good.slice(0, 32), bytesOf(little(good.slice(32)) + L)), message, key)).toBe(false);
    for (let y = P; y < 2n ** 255n; y++)
      for (const bit of [0, 0x80]) {
        const point = bytesOf(y);
        point[31]! |= bit;
        expect(preCheck(good, point)).toBe(false);
        expect(preCheck(concat(point, good.slice(32)), key)).toBe(false);
      }
  });

  const runs = process.env["CHANCERY_LONG"] ? 100_000 : process.env["CHANCERY_QUICK"] ? 500 : 10_000;
  it(`agrees on ${runs} random, mutated and malformed inputs`, { timeout: 600_000 }, () => {
    let state = 20_261_124;
    const random = (n: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    let yes = 0;
    for (let i = 0; i < runs; i++) {
      const seed = new Uint8Array(32).map(() => random(256));
      let key = publicKeyOf(seed);
      let message = new Uint8Array(random(200)).map(() => random(256));
      let signature = sign(seed, message);
      switch (random(8)) {
        case 0:
          break; // as it is
        case 1:
          signature[random(64)]! ^= 1 << random(8);
          break;
        case 2:
          key = key.slice();
          key[random(32)]! ^= 1 << random(8);
          break;
        case 3:
          message = concat(message, Uint8Array.of(1)) as Uint8Array<ArrayBuffer>;
          break;
        case 4:
          signature = signature.slice(0, random(64));
          break;
        case 5:
          signature = new Uint8Array(random(130)).map(() => random(256));
          break;
        case 6:
          key = new Uint8Array(32).map(() => random(256));
          break;
        default:
          signature = concat(
            signature.slice(0, 32),
            new Uint8Array(32).map((_, b) => (b === 31 ? random(0x12) : random(256))),
          );
      }
      if (agreed(signature, message, key)) yes++;
    }
    expect(yes).toBeGreaterThan(runs / 16);
  });
});
