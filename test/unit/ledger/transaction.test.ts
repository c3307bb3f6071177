import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, equalBytes, hex, unhex } from "../../../src/base/bytes.ts";
import { decode, type Value } from "../../../src/base/codec.ts";
import { publicKeyOf, sign } from "../../../src/base/signature.ts";
import {
  assemble,
  checkTransaction,
  decodeTransaction,
  encodeBody,
  fullHash,
  notAfterOf,
  type Operation,
  readLayout,
  readOperations,
  signBody,
  signingBytes,
  signTransaction,
  transactionId,
} from "../../../src/ledger/transaction.ts";
import { plainTransaction } from "../../../src/ledger/transactionPlain.ts";
import { verifyIngress } from "../../../src/ledger/verify.ts";
import { joinTransactions } from "../../../src/ledger/batch.ts";
import { fromJson } from "./json.ts";

interface Accepted {
  what: string;
  nonce: string;
  notAfter: number;
  keys: { seed: string; key: string }[];
  operations: [string, unknown][];
  body: string;
  sign: string;
  id: string;
  signatures: string[];
  bytes: string;
  fullHash: string;
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/transaction.json", import.meta.url), "utf8")) as {
  network: string;
  accept: Accepted[];
  refuse: { what: string; code: string; bytes: string }[];
};
const network = unhex(vectors.network);
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "no error";
};
/** The verdict of the bulk verifier on one transaction. */
const bulk = (bytes: Bytes, quick = false): string | null =>
  verifyIngress(joinTransactions([bytes]), { network, work: () => 1, quick }).codes[0] ?? null;

describe("§2.1, §2.2, §2.3 transactions", () => {
  it.each(vectors.accept)("builds, signs and reads: $what", (v) => {
    const operations = v.operations.map(([action, args]) => ({ action, args: fromJson(args) }) as Operation);
    const body = encodeBody({ nonce: unhex(v.nonce), notAfter: v.notAfter, signers: v.keys.map((k) => unhex(k.key)), operations });
    expect(hex(body)).toBe(v.body);
    expect(hex(signingBytes(network, body))).toBe(v.sign);
    expect(hex(transactionId(network, body))).toBe(v.id);
    expect(notAfterOf(unhex(v.id))).toBe(v.notAfter);
    expect(v.keys.map((k) => hex(sign(unhex(k.seed), unhex(v.sign))))).toEqual(v.signatures);
    const bytes = unhex(v.bytes);
    expect(hex(fullHash(bytes))).toBe(v.fullHash);
    expect(hex(checkTransaction(network, bytes).id)).toBe(v.id);
    expect(bulk(bytes)).toBeNull();
    expect(decodeTransaction(bytes)).toEqual({
      nonce: unhex(v.nonce),
      notAfter: v.notAfter,
      signers: v.keys.map((k) => unhex(k.key)),
      operations,
      signatures: v.signatures.map(unhex),
    });
    // The order in which seeds are given does not matter: signers stand ascending.
    const seeds = v.keys.map((k) => unhex(k.seed)).reverse();
    expect(hex(signTransaction(network, { nonce: unhex(v.nonce), notAfter: v.notAfter, operations }, seeds))).toBe(v.bytes);
    expect(readOperations(bytes, readLayout(bytes, 0, bytes.length)).map((o) => o.action)).toEqual(v.operations.map(([action]) => action));
  });

  it.each(vectors.refuse.filter((v) => v.bytes !== ""))("refuses: $what", ({ bytes, code }) => {
    expect(codeOf(() => checkTransaction(network, unhex(bytes)))).toBe(code);
    if (unhex(bytes).length <= 65_536) {
      expect(bulk(unhex(bytes))).toBe(code);
      expect(bulk(unhex(bytes), true)).toBe(code);
    }
  });

  it("does not build what would be refused", () => {
    const key = publicKeyOf(new Uint8Array(32).fill(1));
    const operations = [{ action: "a.b@1", args: {} }];
    const good = { nonce: new Uint8Array(16), notAfter: 1, signers: [key], operations };
    for (const wrong of [
      { nonce: new Uint8Array(15) },
      { notAfter: -1 },
      { notAfter: 2 ** 48 },
      { signers: [] },
      { signers: [key, key] },
      { operations: [] },
    ])
      expect(
        codeOf(() => encodeBody({ ...good, ...wrong })),
        JSON.stringify(wrong),
      ).toBe("transaction.malformed");
    expect(codeOf(() => encodeBody({ ...good, notAfter: 1.5 }))).toBe("codec.number");
    const large = { action: "a.b@1", args: { data: new Uint8Array(65_536 - 64 - 60) } };
    expect(codeOf(() => encodeBody({ ...good, operations: [large] }))).toBe("transaction.malformed");
  });

  it("assembles only with the signature of every listed signer, and of no other", () => {
    const [one, two, three] = [1, 2, 3].map((n) => new Uint8Array(32).fill(n)) as [Bytes, Bytes, Bytes];
    const body = encodeBody({
      nonce: new Uint8Array(16),
      notAfter: 1,
      signers: [one, two].map(publicKeyOf),
      operations: [{ action: "a.b@1", args: {} }],
    });
    const signed = [one, two, three].map((seed) => signBody(network, body, seed));
    expect(codeOf(() => assemble(body, signed.slice(0, 1)))).toBe("transaction.signature_missing");
    expect(codeOf(() => assemble(body, signed))).toBe("transaction.signature_unlisted");
    expect(checkTransaction(network, assemble(body, [signed[1]!, signed[0]!])).layout.signers).toBe(2);
  });

  const sample = unhex(vectors.accept[1]!.bytes);
  const sampleValue = decodeTransaction(sample);

  it("never verifies with another meaning: any change of any byte is refused, by every path", () => {
    fc.assert(
      fc.property(fc.nat({ max: sample.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = sample.slice();
        changed[at]! ^= flip;
        expect(codeOf(() => checkTransaction(network, changed))).toMatch(/^transaction\./);
        expect(bulk(changed)).toMatch(/^transaction\./);
      }),
      { numRuns: 400 },
    );
  });

  it("never verifies with another meaning: cut, doubled or spliced bytes are refused", () => {
    const other = unhex(vectors.accept[3]!.bytes);
    fc.assert(
      fc.property(fc.nat({ max: sample.length }), fc.nat({ max: other.length }), fc.boolean(), (a, b, whole) => {
        const spliced = new Uint8Array([...sample.subarray(0, a), ...(whole ? sample.subarray(b) : other.subarray(b))]);
        if (equalBytes(spliced, sample) || equalBytes(spliced, other) || spliced.length === 0) return;
        expect(codeOf(() => checkTransaction(network, spliced))).toMatch(/^transaction\./);
        expect(bulk(spliced)).toMatch(/^transaction\./);
      }),
      { numRuns: 400 },
    );
  });

  it("reads exactly what canonical decoding gives, or refuses with a code, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.uint8Array({ maxLength: 40 }).map((b) => new Uint8Array([...sample.subarray(0, 31), ...b])),
        ),
        (bytes) => {
          const code = codeOf(() => decodeTransaction(bytes));
          expect(code).toBe("transaction.malformed");
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("agrees with the plain decoder about every well-formed transaction", () => {
    const args = fc.dictionary(
      fc.string({ maxLength: 12 }).filter((k) => !["__proto__", "constructor", "prototype"].includes(k)),
      fc.oneof(
        fc.integer(),
        fc.string({ unit: "grapheme" }),
        fc.uint8Array({ maxLength: 20 }),
        fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
        fc.array(fc.boolean()),
      ),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.array(fc.record({ action: fc.stringMatching(/^[!-~]{1,128}$/), args }), { minLength: 1, maxLength: 20 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 16 }),
        (notAfter, operations, seeds) => {
          const bytes = signTransaction(
            network,
            { nonce: new Uint8Array(16), notAfter, operations: operations },
            seeds.map((n) => new Uint8Array(32).fill(n)),
          );
          const { layout, id } = checkTransaction(network, bytes);
          const value = decode(bytes.subarray(0, layout.bodyEnd)) as Value[];
          const read = decodeTransaction(bytes);
          expect([1, read.nonce, read.notAfter, read.signers, read.operations.map((o) => [o.action, o.args])]).toEqual(value);
          expect(notAfterOf(id)).toBe(notAfter);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives one verdict, read plainly as §2 says or head by head", () => {
    const agree = (bytes: Bytes): void => {
      const plain = codeOf(() => plainTransaction(network, bytes)).replace(/^codec\..*/, "transaction.malformed");
      expect(
        codeOf(() => checkTransaction(network, bytes)),
        hex(bytes.subarray(0, 200)),
      ).toBe(plain);
      if (plain !== "no error") return;
      const read = decodeTransaction(bytes);
      const { id, ...rest } = plainTransaction(network, bytes);
      expect(hex(id)).toBe(hex(checkTransaction(network, bytes).id));
      expect(rest).toEqual({ notAfter: read.notAfter, signers: read.signers, operations: read.operations.map((o) => [o.action, o.args]) });
    };
    for (const { bytes } of [...vectors.accept, ...vectors.refuse]) agree(unhex(bytes));
    const bodies = vectors.accept.slice(0, 4).map((v) => unhex(v.bytes));
    const byte = fc.oneof(
      fc.nat({ max: 255 }),
      fc.constantFrom(0x80, 0x90, 0x91, 0x92, 0x95, 0xa0, 0xc0, 0xc4, 0xc5, 0xcc, 0xcf, 0xd3, 0xd9, 0xdc, 0xde, 0x10, 0x20, 0x01),
    );
    fc.assert(
      fc.property(
        fc.nat({ max: 3 }),
        fc.array(fc.tuple(fc.nat({ max: 400 }), fc.constantFrom("set", "insert", "remove"), byte), { minLength: 1, maxLength: 3 }),
        (which, changes) => {
          const bytes = [...bodies[which]!];
          for (const [at, kind, value] of changes) {
            const place = at % bytes.length;
            if (kind === "set") bytes[place] = value;
            else if (kind === "insert") bytes.splice(place, 0, value);
            else bytes.splice(place, 1);
          }
          agree(Uint8Array.from(bytes));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("keeps a decoded transaction apart from the buffer it came in", () => {
    const copy = sample.slice();
    const read = decodeTransaction(copy);
    copy.fill(0);
    expect(read).toEqual(sampleValue);
  });
});
