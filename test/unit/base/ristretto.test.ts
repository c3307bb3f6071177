// ristretto255 by two libraries: one verdict, one answer; the rules that keep both from throwing (cryptography.md §0, mistakes 5 to 7); proofs of
// logarithms and what each hashed item is worth (mistakes 3, 4, 12).
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { ristretto255_hasher } from "@noble/curves/ed25519.js";
import { randomBytes } from "#crypto";
import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/base/bytes.ts";
import { type Claim, prove, prove1, proves, proves1 } from "../../../src/base/logProof.ts";
import {
  add,
  evaluate,
  evaluateScalars,
  GENERATOR,
  hashToScalar,
  IDENTITY,
  isPoint,
  isScalar,
  lagrange,
  multiply,
  multiplyBase,
  ORDER,
  randomScalar,
  reduce,
  scalarBytes,
  scalarOf,
  subtract,
  sum,
  useGroup,
} from "../../../src/base/ristretto.ts";
import { useSodium } from "../../../src/base/ristrettoSodium.ts";
import { sha512 } from "../../../src/base/hash.ts";
import * as tags from "../../../src/base/tagNames.ts";
import { noNetwork, type Tag } from "../../../src/base/tags.ts";

const CASES = process.env["CHANCERY_LONG"] === "1" ? 5_000 : 150;
afterEach(() => useGroup());

/** The same computation by @noble and by libsodium. */
async function both<T>(compute: () => T): Promise<[T, T]> {
  useGroup();
  const first = compute();
  await useSodium();
  return [first, compute()];
}
const somePoint = (i: number): Bytes => ristretto255_hasher.hashToCurve(utf8(`point ${i}`)).toBytes();

/** RFC 9496, A.3: encodings that are refused – not canonical, negative, of no square, of a negative xy, of y = 0. */
const refused = `00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
0100000000000000000000000000000000000000000000000000000000000000
01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20
c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562
c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78
47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24
f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72
87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309
ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f`.split("\n");

describe("a point", () => {
  it("is 32 canonical bytes and not the identity; both libraries say so of the same bytes", async () => {
    const candidates = [
      ...refused.map(unhex),
      ...[IDENTITY, GENERATOR, new Uint8Array(0), new Uint8Array(31), new Uint8Array(33)],
      ...Array.from({ length: CASES }, (_, i) => somePoint(i)),
      ...Array.from({ length: CASES }, () => randomBytes(32)),
    ];
    const [noble, sodium] = await both(() => candidates.map(isPoint));
    expect(noble).toEqual(sodium);
    expect(noble.slice(0, refused.length + 5)).toEqual([...refused.map(() => false), false, true, false, false, false]);
    expect(noble.slice(refused.length + 5, refused.length + 5 + CASES)).toEqual(Array.from({ length: CASES }, () => true));
  });

  it("has multiples as RFC 9496, A.1 lists them", async () => {
    const known = ["00".repeat(32), hex(GENERATOR), "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"];
    const [noble, sodium] = await both(() => [0n, 1n, 2n].map((k) => hex(multiplyBase(k))));
    expect(noble).toEqual(known);
    expect(sodium).toEqual(known);
  });
});

describe("arithmetic", () => {
  it("gives the same bytes by both libraries", async () => {
    const points = [GENERATOR, IDENTITY, ...Array.from({ length: 12 }, (_, i) => somePoint(i))];
    const scalars = [0n, 1n, 2n, ORDER - 1n, ...Array.from({ length: CASES / 10 }, randomScalar)];
    const [noble, sodium] = await both(() => [
      ...scalars.flatMap((k, i) => [multiplyBase(k), multiply(k, points[i % points.length]!)]),
      ...points.flatMap((p) => points.flatMap((q) => [add(p, q), subtract(p, q)])),
      evaluate(points, 7),
    ]);
    expect(noble.map(hex)).toEqual(sodium.map(hex));
  });

  it("never throws where a library would: zero factors, the identity, what cancels out", async () => {
    const p = somePoint(1);
    const zeros = hex(IDENTITY);
    const [noble, sodium] = await both(() =>
      [multiply(0n, p), multiply(5n, IDENTITY), multiplyBase(0n), subtract(p, p), add(IDENTITY, IDENTITY), sum([])].map(hex),
    );
    expect(noble).toEqual(Array.from({ length: 6 }, () => zeros));
    expect(sodium).toEqual(noble);
  });

  it("takes scalars below the order and no others (libsodium takes more)", () => {
    const [last, first] = [scalarBytes(ORDER - 1n), unhex(ORDER.toString(16).padStart(64, "0")).reverse()];
    expect([scalarBytes(0n), last, first, new Uint8Array(32).fill(255), new Uint8Array(31)].map(isScalar)).toEqual([
      ...[true, true, false, false, false],
    ]);
    expect(scalarOf(last)).toBe(ORDER - 1n);
    expect(() => scalarBytes(ORDER)).toThrow("bug.assertion");
    expect([reduce(-1n), reduce(ORDER), reduce(ORDER + 3n)]).toEqual([ORDER - 1n, 0n, 3n]);
  });

  it("interpolates: any k values of a polynomial give its constant, as scalars and as points", async () => {
    const coefficients = [randomScalar(), randomScalar(), randomScalar()];
    const at = (x: number): bigint => evaluateScalars(coefficients, x);
    await useSodium();
    for (const indexes of [
      [1, 2, 3],
      [5, 2, 16],
      [16, 15, 14],
    ]) {
      const constant = indexes.reduce((total, j) => reduce(total + lagrange(j, indexes) * at(j)), 0n);
      expect(constant).toBe(coefficients[0]);
      expect(hex(evaluate(coefficients.map(multiplyBase), indexes[0]!))).toBe(hex(multiplyBase(at(indexes[0]!))));
    }
  });

  it("reduces hashes as libsodium does, under a tag", async () => {
    // The vector of the design (cryptography.md §5.2).
    const value = hashToScalar("chancery/test/1" as Tag, noNetwork, [1, "a", new Uint8Array(32).fill(2)]);
    expect(hex(scalarBytes(value))).toBe("83895e77a4f50d96f09728ec8bf36c0574977ae6faf9fe0b509f316f2208d706");
    const { default: sodium } = await import("libsodium-wrappers-sumo");
    await sodium.ready;
    for (let i = 0; i < CASES; i++) {
      const wide = sha512(utf8(`wide ${i}`));
      expect(hex(scalarBytes(reduce(scalarOf(wide))))).toBe(hex(sodium.crypto_core_ristretto255_scalar_reduce(wide)));
    }
  });
});

describe("a proof of a logarithm", () => {
  const secret = randomScalar();
  const other = somePoint(3);
  const claim: Claim = {
    tag: tags.bidOpen,
    network: noNetwork,
    label: ["t-1", "c:acme", 1],
    pairs: [
      [GENERATOR, multiplyBase(secret)],
      [other, multiply(secret, other)],
    ],
  };
  const single: Claim = { ...claim, pairs: [claim.pairs[0]!] };
  beforeAll(useSodium);

  it("made by either library holds by both", async () => {
    const proofs = [...(await both(() => prove(secret, claim))), ...(await both(() => prove(secret, claim)))];
    const [noble, sodium] = await both(() => proofs.map((proof) => proves(proof, claim)));
    expect([...noble, ...sodium]).toEqual(Array.from({ length: 8 }, () => true));
    const short = await both(() => prove1(secret, single));
    expect(await both(() => short.map((proof) => proves1(proof, single)))).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it("binds everything that is hashed: another word of the statement, and it fails", async () => {
    await useSodium();
    const proof = prove(secret, claim);
    const falsified: Claim[] = [
      { ...claim, tag: tags.bid },
      { ...claim, network: new Uint8Array(32).fill(1) },
      { ...claim, label: ["t-2", "c:acme", 1] },
      { ...claim, label: ["t-1", "c:other", 1] },
      { ...claim, label: ["t-1", "c:acme", 2] },
      { ...claim, label: ["t-1", "c:acme"] },
      { ...claim, pairs: [claim.pairs[0]!, [other, somePoint(4)]] },
      { ...claim, pairs: [claim.pairs[0]!, [somePoint(4), multiply(secret, other)]] },
      { ...claim, pairs: [[GENERATOR, somePoint(4)], claim.pairs[1]!] },
      { ...claim, pairs: [claim.pairs[0]!] },
    ];
    expect(falsified.map((wrong) => proves(proof, wrong))).toEqual(falsified.map(() => false));
  });

  it("refuses what is no proof, identities and what is not reduced", async () => {
    await useSodium();
    const proof = prove(secret, claim);
    const [e, s] = [proof.slice(0, 32), proof.slice(32)];
    const beyond = (x: Bytes): Bytes => unhex((scalarOf(x) + ORDER).toString(16).padStart(64, "0")).reverse();
    const wrong = [
      concat(beyond(e), s),
      concat(e, beyond(s)),
      concat(s, e),
      randomBytes(64),
      new Uint8Array(64),
      proof.slice(0, 63),
      concat(proof, new Uint8Array(1)),
    ];
    expect(wrong.map((bytes) => proves(bytes, claim))).toEqual(wrong.map(() => false));
    for (const bad of [IDENTITY, unhex(refused[0]!), new Uint8Array(31)]) {
      expect(proves(proof, { ...claim, pairs: [claim.pairs[0]!, [other, bad]] })).toBe(false);
      expect(proves(proof, { ...claim, pairs: [[bad, other]] })).toBe(false);
    }
    const short = prove1(secret, single);
    const forged = [
      concat(IDENTITY, short.slice(32)),
      concat(short.slice(0, 32), beyond(short.slice(32))),
      concat(somePoint(1), short.slice(32)),
    ];
    expect(forged.map((bytes) => proves1(bytes, single))).toEqual([false, false, false]);
  });

  it("is of a fresh nonce each time: two of one secret share nothing, since from two with one nonce the secret follows", async () => {
    await useSodium();
    const [a, b] = [prove1(secret, single), prove1(secret, single)];
    expect(hex(a.slice(0, 32))).not.toBe(hex(b.slice(0, 32)));
    // What would follow if the nonce repeated: s1 − s2 = (e1 − e2)·x.
    const nonce = randomScalar();
    const [e1, e2] = [randomScalar(), randomScalar()];
    const [s1, s2] = [reduce(nonce + e1 * secret), reduce(nonce + e2 * secret)];
    const quotient = multiply(reduce(s1 - s2), GENERATOR);
    expect(hex(quotient)).toBe(hex(multiply(reduce((e1 - e2) * secret), GENERATOR)));
  });
});
