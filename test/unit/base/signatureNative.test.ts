// The native addon held against the plain path: on every mutated signature, alone and among others, it says what the one rule says (docs/protocol.md §1.3).
// Skipped where the addon has not been built (npm run build:native).
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it } from "vitest";
import { ed25519Fast, ed25519Many } from "#crypto";
import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/base/bytes.ts";
import { sha256, sha512 } from "../../../src/base/hash.ts";
import { ITEM_FIELDS, preCheck, publicKeyOf, sign, verify, verifyMany, verifyQuick } from "../../../src/base/signature.ts";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const little = (bytes: Bytes): bigint => BigInt(`0x${hex(new Uint8Array([...bytes].reverse()))}`);
const bytesOf = (n: bigint): Bytes => new Uint8Array([...unhex(n.toString(16).padStart(64, "0"))].reverse());
const head = utf8("the head of every frame");

interface Case {
  body: Bytes;
  key: Bytes;
  signature: Bytes;
}

/** All cases in one buffer, as transactions lie in a batch. */
function laid(cases: readonly Case[]): { bytes: Bytes; items: Uint32Array } {
  const items = new Uint32Array(cases.length * ITEM_FIELDS);
  let at = 0;
  const parts = cases.flatMap(({ body, key, signature }, i) => {
    items.set([at, at + body.length, at + body.length, at + body.length + 32], i * ITEM_FIELDS);
    at += body.length + 96;
    return [body, key, signature];
  });
  return { bytes: concat(...parts), items };
}

function randomness(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Keys and nonces with every torsion part: signatures made with them hold by the equation with the cofactor, and mostly not without. */
function crafted(): { keys: { scalar: bigint; key: Bytes }[]; nonces: { scalar: bigint; R: Bytes }[] } {
  const torsion = Point.fromBytes(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), false); // of order 8
  const keys = [];
  const nonces = [];
  for (let i = 0; i < 32; i++) {
    const scalar = little(sha256(Uint8Array.of(1, i))) % L;
    const nonce = little(sha256(Uint8Array.of(2, i))) % L;
    const part = i % 8 === 0 ? Point.ZERO : torsion.multiplyUnsafe(BigInt(i % 8));
    keys.push({ scalar, key: Point.BASE.multiply(scalar).add(part).toBytes() });
    nonces.push({ scalar: nonce, R: Point.BASE.multiply(nonce).add(part).toBytes() });
  }
  return { keys, nonces };
}

const runs = process.env["CHANCERY_LONG"] ? 1_000_000 : process.env["CHANCERY_QUICK"] ? 500 : 20_000;

describe.skipIf(ed25519Many === undefined)("§1.3 the native addon (skipped where it is not built)", () => {
  const many = ed25519Many!;

  it(`agrees with the plain path on ${runs} mutated signatures, each alone and in batches`, { timeout: 6 * 3_600_000 }, () => {
    const random = randomness(20_261_126);
    const { keys, nonces } = crafted();
    const seeds = Array.from({ length: 16 }, (_, i) => sha256(Uint8Array.of(3, i)));
    const honestKeys = seeds.map(publicKeyOf);
    const mutated = (): Case => {
      const body = new Uint8Array(random(120)).map(() => random(256));
      const message = concat(head, body);
      const i = random(seeds.length);
      const honest = { body, key: honestKeys[i]!, signature: sign(seeds[i]!, message) };
      const craft = (): Case => {
        const { scalar, key } = keys[random(32)]!;
        const nonce = nonces[random(32)]!;
        const k = little(sha512(concat(nonce.R, key, message)));
        return { body, key, signature: concat(nonce.R, bytesOf((nonce.scalar + k * scalar) % L)) };
      };
      const flipped = (bytes: Bytes, from = 0, to = bytes.length): Bytes => {
        const out = bytes.slice();
        out[from + random(to - from)]! ^= 1 << random(8);
        return out;
      };
      switch (random(12)) {
        case 0:
          return { ...honest, signature: flipped(honest.signature) };
        case 1:
          return { ...honest, key: flipped(honest.key) };
        case 2:
          return { ...honest, body: concat(body, Uint8Array.of(1)) };
        case 3:
          return { ...honest, key: honestKeys[random(seeds.length)]! };
        case 4: {
          const case4 = craft();
          return { ...case4, signature: flipped(case4.signature, 32) };
        }
        case 5: // S + ℓ, as long as it fits
          return { ...honest, signature: concat(honest.signature.slice(0, 32), bytesOf(little(honest.signature.slice(32)) + L)) };
        case 6: // another's nonce, with and without torsion
          return { ...honest, signature: concat(nonces[random(32)]!.R, honest.signature.slice(32)) };
        case 7:
        case 8:
        case 9:
          return craft();
        default:
          return honest;
      }
    };

    let yes = 0;
    let onlyByCofactor = 0;
    for (let done = 0; done < runs; ) {
      const cases = Array.from({ length: 8 + random(40) }, mutated);
      const good: Case[] = [];
      const quick: boolean[] = [];
      for (const one of cases) {
        const message = concat(head, one.body);
        const rule = verify(one.signature, message, one.key);
        if (preCheck(one.signature, one.key)) {
          const { bytes, items } = laid([one]);
          const fast = ed25519Fast(one.signature, message, one.key);
          const native = { together: many.verifyTogether(head, bytes, items), each: many.verifyEach(head, bytes, items)[0] === 1 };
          if (native.together !== rule || native.each !== fast) expect(native, JSON.stringify(one)).toEqual({ together: rule, each: fast });
          if (rule && !fast) onlyByCofactor++;
        } else expect(rule).toBe(false);
        if (rule) good.push(one);
        quick.push(rule && verifyQuick(one.signature, message, one.key));
      }
      yes += good.length;
      done += cases.length;
      const all = laid(cases);
      const each = verifyMany(head, all.bytes, all.items, true);
      if (each !== undefined) expect([...each].map((v) => v === 1)).toEqual(quick);
      if (good.length < cases.length) expect(verifyMany(head, all.bytes, all.items, false)).toBeUndefined();
      if (good.length >= 8) {
        const { bytes, items } = laid(good);
        expect([...verifyMany(head, bytes, items, false)!]).toEqual(good.map(() => 1));
      }
    }
    expect(yes).toBeGreaterThan(runs / 4);
    expect(onlyByCofactor).toBeGreaterThan(runs / 10);
  });

  it("leaves to the plain path what is refused before any equation, and few signatures", () => {
    const seed = sha256(utf8("seed"));
    const body = utf8("body");
    const one: Case = { body, key: publicKeyOf(seed), signature: sign(seed, concat(head, body)) };
    const cases = Array.from({ length: 8 }, () => one);
    const ask = (list: readonly Case[]) => {
      const { bytes, items } = laid(list);
      return [false, true].map((quick) => verifyMany(head, bytes, items, quick) !== undefined);
    };
    expect(ask(cases)).toEqual([true, true]);
    expect(ask(cases.slice(1))).toEqual([false, false]);
    const small = concat(Uint8Array.of(1), new Uint8Array(31));
    expect(ask([...cases, { body, key: small, signature: concat(small, new Uint8Array(32)) }])).toEqual([false, false]);
  });

  it("refuses items outside the bytes instead of reading there", () => {
    const bytes = new Uint8Array(200);
    for (const item of [
      [0, 201, 0, 0],
      [10, 9, 0, 0],
      [0, 1, 169, 0],
      [0, 1, 0, 137],
      [0, 1, 0xffff_ffff, 0],
    ]) {
      expect(() => many.verifyTogether(head, bytes, Uint32Array.from(item)), String(item)).toThrow(/outside/);
      expect(() => many.verifyEach(head, bytes, Uint32Array.from(item)), String(item)).toThrow(/outside/);
    }
  });
});
