import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { amount, readUbl } from "../../../src/client/ubl.ts";

const data = path.resolve(import.meta.dirname, "../../../../shared/data/ubl-en16931");
const own = `<?xml version="1.0"?><Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cbc="b" xmlns:cac="a"><cbc:ID>INV-7</cbc:ID>
<cbc:IssueDate>2026-11-22</cbc:IssueDate><cbc:DocumentCurrencyCode>KRW</cbc:DocumentCurrencyCode><cac:TaxTotal><cbc:TaxAmount currencyID="KRW">1100</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="KRW">11000</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="KRW">12100</cbc:TaxInclusiveAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID></cac:InvoiceLine></Invoice>`;

describe("UBL invoices", () => {
  it("reads the figures as integers of the smallest unit", () => {
    expect(readUbl(own)).toEqual({
      kind: "invoice",
      number: "INV-7",
      issued: Date.UTC(2026, 10, 22),
      currency: "KRW",
      net: 11_000n,
      tax: 1_100n,
      total: 12_100n,
      lines: 1,
      refersTo: undefined,
    });
  });
  it("never rounds: digits finer than the smallest unit are refused", () => {
    expect(amount("1125.00", "EUR")).toBe(112_500n);
    expect(amount("-0.5", "EUR")).toBe(-50n);
    expect(amount("1.2340", "BHD")).toBe(1_234n);
    for (const [value, currency] of [
      ["1.005", "EUR"],
      ["1.5", "JPY"],
      ["1e3", "EUR"],
      ["", "EUR"],
      ["1,00", "EUR"],
    ] as const)
      expect(() => amount(value, currency)).toThrow("ubl.amount");
  });
  it("names the element that is missing, and does not expand entities", () => {
    expect(() => readUbl(own.replace(/<cbc:ID>INV-7<\/cbc:ID>/, ""))).toThrow(/ubl\.malformed.*"ID"/);
    expect(() => readUbl("<Order/>")).toThrow("ubl.malformed");
    expect(() => readUbl("not XML")).toThrow("ubl.malformed");
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${own.slice(21).replace("INV-7", "&b;")}`;
    expect(readUbl(bomb).number).toBe("&b;");
  });
  it.skipIf(!existsSync(data))("finds totals that hold in every published example", () => {
    const files = readdirSync(data).filter((f) => /\.xml$/i.test(f));
    expect(files.length).toBe(18);
    for (const file of files) {
      const invoice = readUbl(readFileSync(path.join(data, file), "utf8"));
      expect(invoice.net + invoice.tax, file).toBe(invoice.total);
      expect(invoice.lines, file).toBeGreaterThan(0);
    }
  });
});
