import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Bytes, hex, unhex } from "../../../src/base/bytes.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { check, Draft, draft, fromJson, type Intent, seedSigner } from "../../../src/client/build.ts";
import { checkTransaction, decodeTransaction } from "../../../src/ledger/transaction.ts";

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), "utf8"));
const prepare = read("prepare.json") as { cases: { what: string; body: string; intent: Intent; mismatch: string | null }[] };
const network = new Uint8Array(32).fill(9);
const seed = (n: number): Bytes => new Uint8Array(32).fill(n);
const operations = [{ action: "property.transfer@1", args: { parcel: "Q1", price: 12_000n } }];

describe("§2.4 building a transaction", () => {
  it("gathers the signatures of all parties, whoever comes first", async () => {
    const [seller, buyer] = [seedSigner(seed(1)), seedSigner(seed(2))];
    const tx = draft(network, { operations, signers: [seller.publicKey, buyer.publicKey], notAfter: 5_000 });
    expect(tx.missing).toHaveLength(2);
    await tx.sign(buyer);
    expect(tx.missing).toEqual([hex(seller.publicKey)]);
    expect(() => tx.finish()).toThrow("transaction.signature_missing");
    // The seller works elsewhere: the body travels, the signature comes back.
    const elsewhere = new Draft(network, unhex(hex(tx.body)));
    const signature = await seller.sign(elsewhere.signingBytes);
    const { id, bytes } = tx.attach({ key: seller.publicKey, signature }).finish();
    expect(hex(checkTransaction(network, bytes).id)).toBe(id);
    expect(decodeTransaction(bytes).operations).toEqual([{ action: "property.transfer@1", args: { parcel: "Q1", price: 12_000 } }]);
  });

  it("refuses the signature of somebody who is not listed", async () => {
    const tx = draft(network, { operations, signers: [publicKeyOf(seed(1))], notAfter: 5_000 });
    await expect(tx.sign(seedSigner(seed(3)))).rejects.toThrow("transaction.signature_unlisted");
  });

  it("makes two transactions of two equal acts, and one of one nonce", () => {
    const fields = { operations, signers: [publicKeyOf(seed(1))], notAfter: 5_000 };
    expect(draft(network, fields).id).not.toBe(draft(network, fields).id);
    const nonce = new Uint8Array(16);
    expect(draft(network, { ...fields, nonce }).id).toBe(draft(network, { ...fields, nonce }).id);
  });

  it("reads the JSON form of submit", async () => {
    const tx = draft(network, { operations, signers: [publicKeyOf(seed(1))], notAfter: 5_000 });
    const { bytes } = (await tx.sign(seedSigner(seed(1)))).finish();
    const json = { body: hex(tx.body), signatures: [hex(bytes.subarray(-64))] };
    expect(hex(fromJson(json))).toBe(hex(bytes));
    expect(() => fromJson({ ...json, signatures: [] })).toThrow("transaction.malformed");
    expect(() => fromJson({ ...json, body: `${json.body}00` })).toThrow("transaction.malformed");
    expect(() => fromJson({ ...json, signatures: ["00"] })).toThrow("transaction.malformed");
  });
});

describe("§2.4 checking what a node has prepared", () => {
  it.each(prepare.cases)("$what", ({ body, intent, mismatch }) => {
    expect(check(unhex(body), intent)?.pointer ?? null).toBe(mismatch);
  });
});
