// What a bank says it booked: ISO 20022 camt.054.001.08. Owns reading it and checking that it holds together: mandatory elements, one currency an entry, the
// transactions of an entry making its amount. Values stay text until they are integers; entities are not expanded, a document type is refused. Does not own: which
// payment an entry is of (matching.ts).

import { XMLParser } from "fast-xml-parser";
import { LedgerError } from "../base/errors.ts";
import { unitsOf } from "./currency.ts";

export interface Booked {
  /** As the payer gave it; undefined if the bank does not say. */
  readonly endToEnd: string | undefined;
  /** The instruction's PmtInfId. */
  readonly information: string | undefined;
  /** In the smallest unit; above nothing. */
  readonly amount: bigint;
  /** The bank's own reference for this transaction alone. */
  readonly reference: string | undefined;
}
export interface Entry {
  /** "BOOK": booked; others ("PDNG", "INFO", "FUTR") are announcements. */
  readonly status: string;
  /** Money that left the account, or came. A reversal is turned round. */
  readonly direction: "out" | "in";
  readonly amount: bigint;
  readonly currency: string;
  readonly reference: string | undefined;
  /** What the bank booked together; one where it gives no details. */
  readonly transactions: readonly Booked[];
  /** Where only the batch is told: how many transactions it stands for. */
  readonly batchOf: number | undefined;
}

const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08";
const MAX_XML_LENGTH = 64 << 20;
const LISTS = new Set(["Ntfctn", "Ntry", "NtryDtls", "TxDtls"]);
const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => LISTS.has(name),
});
type Element = { readonly [name: string]: unknown };

/** All entries of a notification, in its order. Throws `iso20022.malformed` naming the element, `iso20022.amount`. */
export function readCamt(xml: string): Entry[] {
  if (xml.length > MAX_XML_LENGTH) refuse("Document", "too large");
  if (/<!DOCTYPE/i.test(xml)) refuse("Document", "a document type");
  let root: Element;
  try {
    root = parser.parse(xml, true) as Element;
  } catch (cause) {
    throw new LedgerError("iso20022.malformed", { message: "camt.054.001.08", element: "Document" }, cause);
  }
  const document = child(root, "Document");
  if (namespaceOf(xml) !== NAMESPACE) refuse("Document", `not of ${NAMESPACE}`);
  const message = child(document, "BkToCstmrDbtCdtNtfctn");
  text(child(message, "GrpHdr"), "MsgId");
  text(child(message, "GrpHdr"), "CreDtTm");
  return list(message, "Ntfctn", true).flatMap((notification) => {
    text(notification, "Id");
    child(notification, "Acct");
    return list(notification, "Ntry").map(entryOf);
  });
}

/** The namespace that the first Document element declares for itself: the parser drops prefixes and their declarations. */
function namespaceOf(xml: string): string | undefined {
  const [, prefix, attributes = ""] = /<(?:([A-Za-z_][\w.-]*):)?Document(\s[^>]*)?>/.exec(xml) ?? [];
  const declared = attributes.matchAll(/\sxmlns(?::([\w.-]+))?\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  for (const [, of, double, single] of declared) if (of === prefix) return double ?? single;
  return undefined;
}

function entryOf(entry: Element): Entry {
  const [amount, currency] = amountOf(entry);
  const status = child(entry, "Sts");
  if (entry["BkTxCd"] === undefined) refuse("BkTxCd", "missing"); // it may be empty
  const reversal = optional(entry, "RvslInd");
  if (reversal !== undefined && reversal !== "true" && reversal !== "false") refuse("RvslInd", reversal);
  const own = directionOf(entry);
  const direction = reversal === "true" ? opposite(own) : own;
  const reference = optional(entry, "AcctSvcrRef");
  const details = list(entry, "NtryDtls");
  const told = details.flatMap((one) => list(one, "TxDtls"));
  const base = { status: optional(status, "Cd") ?? text(status, "Prtry"), direction, amount, currency, reference } as const;
  const batch = details.length === 1 && details[0]!["Btch"] !== undefined ? child(details[0]!, "Btch") : undefined;
  if (told.length === 0) {
    const information = batch === undefined ? undefined : optional(batch, "PmtInfId");
    const count = batch === undefined ? undefined : optional(batch, "NbOfTxs");
    if (count !== undefined && !/^[0-9]{1,15}$/.test(count)) refuse("NbOfTxs", count);
    return {
      ...base,
      transactions: [{ endToEnd: undefined, information, amount, reference: undefined }],
      batchOf: count === undefined ? undefined : Number(count),
    };
  }
  const transactions = told.map((one) => transactionOf(one, { alone: told.length === 1, amount, currency, direction: own }));
  const sum = transactions.reduce((all, one) => all + one.amount, 0n);
  if (sum !== amount) refuse("Ntry", `its transactions make ${sum}, it says ${amount}`);
  const count = batch === undefined ? undefined : optional(batch, "NbOfTxs");
  if (count !== undefined && count !== `${told.length}`) refuse("NbOfTxs", `${count}, but ${told.length} are told`);
  return { ...base, transactions, batchOf: undefined };
}

interface Around {
  readonly alone: boolean;
  readonly amount: bigint;
  readonly currency: string;
  readonly direction: "out" | "in";
}
function transactionOf(one: Element, around: Around): Booked {
  const refs = one["Refs"] === undefined ? {} : child(one, "Refs");
  let amount = around.amount;
  if (one["Amt"] !== undefined) {
    const [own, currency] = amountOf(one);
    if (currency !== around.currency) refuse("TxDtls", `of ${currency} in an entry of ${around.currency}`);
    amount = own;
  } else if (!around.alone) refuse("TxDtls", "without its amount");
  if (one["CdtDbtInd"] !== undefined && directionOf(one) !== around.direction) refuse("TxDtls", "of another direction than its entry");
  return {
    endToEnd: optional(refs, "EndToEndId"),
    information: optional(refs, "PmtInfId"),
    amount,
    reference: optional(refs, "AcctSvcrRef"),
  };
}

function amountOf(parent: Element): [amount: bigint, currency: string] {
  const element = child(parent, "Amt");
  const [value, currency] = [element["#text"], element["@Ccy"]];
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) refuse("Amt", "without its currency");
  const amount = typeof value === "string" ? unitsOf(value, currency) : undefined;
  if (amount === undefined || amount <= 0n) throw new LedgerError("iso20022.amount", { value: String(value).slice(0, 32), currency });
  return [amount, currency];
}
function directionOf(parent: Element): "out" | "in" {
  const word = text(parent, "CdtDbtInd");
  if (word !== "DBIT" && word !== "CRDT") refuse("CdtDbtInd", word);
  return word === "DBIT" ? "out" : "in";
}
const opposite = (direction: "out" | "in"): "out" | "in" => (direction === "out" ? "in" : "out");

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
function refuse(element: string, reason: string): never {
  throw new LedgerError("iso20022.malformed", { message: "camt.054.001.08", element, reason: reason.slice(0, 200) });
}
function child(parent: Element, name: string): Element {
  const value: unknown = parent[name];
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return refuse(name, value === undefined ? "missing" : "not one element");
  return value as Element;
}
function list(parent: Element, name: string, some = false): Element[] {
  const value: unknown = parent[name] ?? [];
  if (!Array.isArray(value) || value.some((one) => one === null || typeof one !== "object") || (some && value.length === 0))
    return refuse(name, "missing");
  return value as Element[];
}
function optional(parent: Element, name: string): string | undefined {
  const value: unknown = parent[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "") return refuse(name, "no text");
  return value.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: keyof typeof ENTITIES) => ENTITIES[entity]);
}
const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" } as const;
function text(parent: Element, name: string): string {
  return optional(parent, name) ?? refuse(name, "missing");
}
