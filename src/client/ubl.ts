// Reading a UBL 2.1 invoice or credit note (EN 16931): the figures that go on the chain, in integers of the smallest unit.
// Owns the mapping from the document's elements. Does not own: whether totals hold (contract `invoices`), who may issue. Lines and names stay off the chain.

import { XMLParser } from "fast-xml-parser";
import { LedgerError } from "../base/errors.ts";
import { unitsOf } from "./currency.ts";

export interface UblDocument {
  readonly kind: "invoice" | "credit_note";
  readonly number: string;
  /** Midnight UTC of the issue date, ms since 1970. */
  readonly issued: number;
  /** ISO 4217. */
  readonly currency: string;
  /** Smallest units of the currency; negative in a corrected invoice. */
  readonly net: bigint;
  readonly tax: bigint;
  readonly total: bigint;
  readonly lines: number;
  /** The invoice that a credit note or correction refers to. */
  readonly refersTo: string | undefined;
}

const MAX_XML_BYTES = 8 << 20;
// Values stay text: a parser that makes numbers of amounts makes floats of them. Entities are not expanded: a document cannot grow while it is read.
const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  trimValues: true,
});

interface Element {
  readonly [name: string]: unknown;
}

/** The figures of a UBL document. Throws `ubl.malformed` naming the element, or `ubl.amount` for an amount finer than the currency's smallest unit. */
export function readUbl(xml: string): UblDocument {
  if (xml.length > MAX_XML_BYTES) throw new LedgerError("ubl.malformed", { element: "document", reason: "too large" });
  let root: Element;
  try {
    root = parser.parse(xml) as Element;
  } catch (cause) {
    throw new LedgerError("ubl.malformed", { element: "document" }, cause);
  }
  const kind = root["Invoice"] === undefined ? "credit_note" : "invoice";
  const document = child(root, kind === "invoice" ? "Invoice" : "CreditNote");
  const currency = textOf(document, "DocumentCurrencyCode");
  const totals = child(document, "LegalMonetaryTotal");
  const net = amount(textOf(totals, "TaxExclusiveAmount"), currency);
  const total = amount(textOf(totals, "TaxInclusiveAmount"), currency);
  const reference =
    document["BillingReference"] === undefined ? undefined : child(child(document, "BillingReference"), "InvoiceDocumentReference");
  const lines = document[kind === "invoice" ? "InvoiceLine" : "CreditNoteLine"];
  return {
    kind,
    number: textOf(document, "ID"),
    issued: date(textOf(document, "IssueDate")),
    currency,
    net,
    tax: taxTotal(document, currency),
    total,
    lines: Array.isArray(lines) ? lines.length : lines === undefined ? 0 : 1,
    refersTo: reference === undefined ? undefined : textOf(reference, "ID"),
  };
}

/** BT-110: the tax in the document's currency; a second TaxTotal (BT-111) gives it in the accounting currency, without subtotals. */
function taxTotal(document: Element, currency: string): bigint {
  const given = document["TaxTotal"];
  if (given === undefined) return 0n;
  const all = (Array.isArray(given) ? given : [given]) as Element[];
  return amount(textOf(all.find((t) => t["TaxSubtotal"] !== undefined) ?? all[0]!, "TaxAmount"), currency);
}

function child(parent: Element, name: string): Element {
  const value = parent[name];
  const first = Array.isArray(value) ? (value as unknown[])[0] : value;
  if (first === null || typeof first !== "object") throw new LedgerError("ubl.malformed", { element: name });
  return first as Element;
}
function textOf(parent: Element, name: string): string {
  const value = parent[name];
  const first = Array.isArray(value) ? (value as unknown[])[0] : value;
  if (typeof first !== "string" || first === "") throw new LedgerError("ubl.malformed", { element: name });
  return first;
}
function date(value: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(value);
  if (match === null) throw new LedgerError("ubl.malformed", { element: "IssueDate" });
  return Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
}

/** "1125.00" in smallest units of the currency: 112500n. Digits finer than the smallest unit must be zeros. */
export function amount(value: string, currency: string): bigint {
  return unitsOf(value, currency) ?? refuse(value, currency);
}
function refuse(value: string, currency: string): never {
  throw new LedgerError("ubl.amount", { value: value.slice(0, 32), currency });
}
