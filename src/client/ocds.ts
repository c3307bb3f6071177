// The Open Contracting Data Standard (release schema 1.1.5): a tender's records become a release, and releases of others become what a call needs. Owns both
// mappings. Does not own: reading from a node (cli/ocds), whether figures agree (contract `tenders`; `paid` is only their sum). Amounts in releases are JSON
// numbers: they are read and written as decimal text, never computed with.

import { LedgerError } from "../base/errors.ts";
import { decimalOf, unitsOf } from "./currency.ts";

const MAX_TEXT = 16 << 20;
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
interface Fields {
  readonly [name: string]: Json | undefined;
}

// ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Records as a node's API gives their fields: amounts in decimal text of the smallest unit, times in ms. */
export interface TenderRecords {
  readonly tender: Fields & { readonly tender: string; readonly buyer: string; readonly currency: string; readonly title: string };
  readonly status: string;
  /** As of when the records stand. */
  readonly asOf: { readonly height: number; readonly time: number };
  readonly bidders: readonly string[];
  readonly contract?: Fields & { readonly supplier: string; readonly amount: string };
  /** When the contract was concluded. */
  readonly signed?: number;
  readonly tranches: readonly (Fields & {
    readonly number: number;
    readonly amount: string;
    readonly due: number;
    readonly status: string;
  })[];
  /** What the bank has confirmed: one an order. */
  readonly payments: readonly { readonly order: string; readonly reference: string; readonly amount: string; readonly time: number }[];
}

const iso = (ms: number): string => new Date(ms).toISOString();
const statuses: { readonly [status: string]: { readonly tender: string; readonly award: string; readonly contract: string } } = {
  called: { tender: "active", award: "pending", contract: "pending" },
  scoring: { tender: "active", award: "pending", contract: "pending" },
  awarded: { tender: "complete", award: "pending", contract: "pending" },
  contracted: { tender: "complete", award: "active", contract: "active" },
  fulfilled: { tender: "complete", award: "active", contract: "terminated" },
  ended: { tender: "complete", award: "active", contract: "terminated" },
  cancelled: { tender: "cancelled", award: "cancelled", contract: "cancelled" },
};

/** A release that says how a tender stands. `prefix`: the publisher's, as registered with the standard. Throws `ocds.amount`. */
export function writeRelease(records: TenderRecords, prefix: string): { readonly [name: string]: Json } {
  const { tender, status, asOf, bidders, contract, tranches } = records;
  const { currency } = tender;
  const value = (units: Json | undefined): Json => ({ amount: numberOf(String(units), currency), currency });
  const winner = tender["winner"];
  const organisation = (id: string, ...roles: string[]): Json => ({ id, name: id, roles });
  const supplier = typeof winner === "string" ? winner : undefined;
  const is = statuses[status] ?? malformed("/tender/status", status);
  const award = supplier === undefined ? undefined : `${tender.tender}-award`;
  return {
    ocid: `${prefix}-${tender.tender}`,
    id: `${tender.tender}-${asOf.height}`,
    date: iso(asOf.time),
    tag: ["compiled"],
    initiationType: "tender",
    parties: [
      organisation(tender.buyer, "buyer", "procuringEntity", "payer"),
      ...bidders.map((id) => (id === supplier ? organisation(id, "tenderer", "supplier", "payee") : organisation(id, "tenderer"))),
    ],
    buyer: { id: tender.buyer, name: tender.buyer },
    tender: {
      id: tender.tender,
      title: tender.title,
      status: is.tender,
      procuringEntity: { id: tender.buyer, name: tender.buyer },
      value: value(tender["budget"]),
      procurementMethod: String(tender["method"]),
      awardCriteria: "ratedCriteria",
      awardCriteriaDetails: criteriaOf(tender),
      submissionMethod: ["electronicSubmission"],
      tenderPeriod: { endDate: iso(Number(tender["bids_until"])) },
      numberOfTenderers: bidders.length,
      tenderers: bidders.map((id) => ({ id, name: id })),
    },
    ...(award !== undefined && {
      awards: [
        {
          id: award,
          status: is.award,
          value: value(tender["amount"]),
          suppliers: [{ id: supplier!, name: supplier! }],
        },
      ],
    }),
    ...(contract !== undefined && {
      contracts: [
        {
          id: `${tender.tender}-contract`,
          awardID: award!,
          title: tender.title,
          status: is.contract,
          value: value(contract.amount),
          ...(records.signed !== undefined && { dateSigned: iso(records.signed) }),
          implementation: { transactions: transactionsOf(records), milestones: tranches.map(milestoneOf(asOf.time)) },
        },
      ],
    }),
  };
}

function criteriaOf(tender: Fields): string {
  const criteria = (tender["criteria"] ?? []) as readonly { readonly criterion: string; readonly weight: number }[];
  return [`price ${String(tender["price_weight"])}`, ...criteria.map(({ criterion, weight }) => `${criterion} ${weight}`)].join(", ");
}

const milestoneOf =
  (now: number) =>
  ({ number, due, status }: TenderRecords["tranches"][number]): Json => ({
    id: `${number}`,
    title: `Report on tranche ${number}`,
    type: "reporting",
    dueDate: iso(due),
    dateModified: iso(now),
    status: status === "planned" ? (due < now ? "notMet" : "scheduled") : "met",
  });

function transactionsOf({ tender, contract, payments }: TenderRecords): Json[] {
  const { currency } = tender;
  return payments.map(({ reference, amount, time }) => ({
    id: reference,
    date: iso(time),
    value: { amount: numberOf(amount, currency), currency },
    payer: { id: tender.buyer, name: tender.buyer },
    payee: { id: contract!.supplier, name: contract!.supplier },
  }));
}

/** The JSON number that reads back as exactly these units. */
function numberOf(units: string, currency: string): number {
  const exact = /^\d{1,19}$/.test(units) ? BigInt(units) : malformed("amount", units);
  const number = Number(decimalOf(exact, currency));
  if (unitsOf(String(number), currency) !== exact) throw new LedgerError("ocds.amount", { units, currency });
  return number;
}

/** A package of one release, as publishers put them on the web. `uri`: where it will stand. */
export function writePackage(release: { readonly [name: string]: Json }, publisher: string, uri: string, now: number): Json {
  return { version: "1.1", uri, publishedDate: iso(now), publisher: { name: publisher }, releases: [release] };
}

// ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export interface OcdsTransaction {
  readonly id: string;
  /** ms since 1970. */
  readonly date: number | undefined;
  readonly amount: bigint;
  readonly payer: string | undefined;
  readonly payee: string | undefined;
}
export interface OcdsContract {
  readonly id: string;
  readonly title: string | undefined;
  readonly currency: string;
  /** In the smallest unit. */
  readonly amount: bigint;
  readonly signed: number | undefined;
  readonly supplier: string | undefined;
  readonly transactions: readonly OcdsTransaction[];
  /** Sum of the transactions that are in the contract's currency: all of them, or the document is refused. */
  readonly paid: bigint;
}
export interface OcdsProcess {
  readonly ocid: string;
  readonly title: string | undefined;
  readonly method: string | undefined;
  readonly buyer: string | undefined;
  readonly budget: { readonly amount: bigint; readonly currency: string } | undefined;
  readonly tenderers: readonly string[];
  readonly contracts: readonly OcdsContract[];
}

/** The contracting processes of a release, a release package or a record package. Throws `ocds.malformed` naming the place, or `ocds.amount`. */
export function readOcds(text: string): OcdsProcess[] {
  if (text.length > MAX_TEXT) malformed("", "too large");
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch (cause) {
    throw new LedgerError("ocds.malformed", { place: "", found: "no JSON" }, cause);
  }
  const all = releasesOf(mapAt(root, ""));
  const byProcess = new Map<string, Fields[]>();
  for (const release of all) {
    const ocid = textAt(release["ocid"], "ocid");
    byProcess.set(ocid, [...(byProcess.get(ocid) ?? []), release]);
  }
  return [...byProcess].map(([ocid, releases]) => processOf(ocid, releases));
}

function releasesOf(root: Fields): Fields[] {
  if (root["releases"] !== undefined) return listAt(root["releases"], "releases");
  if (root["records"] === undefined) return [root];
  return listAt(root["records"], "records").flatMap((record) =>
    record["compiledRelease"] === undefined
      ? listAt(record["releases"], "records/releases")
      : [mapAt(record["compiledRelease"], "compiledRelease")],
  );
}

/** Later releases speak for each section they have; of a tender, for each field. */
function processOf(ocid: string, releases: readonly Fields[]): OcdsProcess {
  const ordered = [...releases].sort((a, b) => (timeOf(a["date"]) ?? 0) - (timeOf(b["date"]) ?? 0));
  const last = (name: string): Json | undefined => ordered.findLast((release) => release[name] !== undefined)?.[name];
  const tender: Fields = Object.assign({}, ...ordered.map((release) => mapAt(release["tender"] ?? {}, "tender")));
  const suppliers = new Map<string, string | undefined>();
  for (const award of listAt(last("awards") ?? [], "awards"))
    suppliers.set(idAt(award["id"], "awards/id"), optionalText(listAt(award["suppliers"] ?? [], "awards/suppliers")[0]?.["id"]));
  const buyer = mapAt(last("buyer") ?? {}, "buyer");
  return {
    ocid,
    title: optionalText(tender["title"]),
    method: optionalText(tender["procurementMethod"]),
    buyer: optionalText(buyer["id"]) ?? optionalText(buyer["name"]),
    budget: valueOf(tender["value"], "tender/value"),
    tenderers: listAt(tender["tenderers"] ?? [], "tender/tenderers").flatMap(({ id }) => optionalText(id) ?? []),
    contracts: listAt(last("contracts") ?? [], "contracts").map((contract) => contractOf(contract, suppliers)),
  };
}

function contractOf(contract: Fields, suppliers: ReadonlyMap<string, string | undefined>): OcdsContract {
  const id = idAt(contract["id"], "contracts/id");
  const value = valueOf(contract["value"], "contracts/value") ?? malformed("contracts/value", "nothing");
  const implementation = mapAt(contract["implementation"] ?? {}, "contracts/implementation");
  const transactions = listAt(implementation["transactions"] ?? [], "transactions").map((it) => transactionOf(it, value.currency));
  return {
    id,
    title: optionalText(contract["title"]),
    ...value,
    signed: timeOf(contract["dateSigned"]),
    supplier: suppliers.get(idAt(contract["awardID"] ?? id, "contracts/awardID")),
    transactions,
    paid: transactions.reduce((sum, { amount }) => sum + amount, 0n),
  };
}

function transactionOf(it: Fields, currency: string): OcdsTransaction {
  // Version 1.0 said amount, providerOrganization and receiverOrganization.
  const value = valueOf(it["value"] ?? it["amount"], "transactions/value") ?? malformed("transactions/value", "nothing");
  if (value.currency !== currency) malformed("transactions/value/currency", value.currency);
  const party = (name: string, before: string): string | undefined => optionalText(mapAt(it[name] ?? it[before] ?? {}, name)["id"]);
  return {
    id: idAt(it["id"], "transactions/id"),
    date: timeOf(it["date"]),
    amount: value.amount,
    payer: party("payer", "providerOrganization"),
    payee: party("payee", "receiverOrganization"),
  };
}

function valueOf(json: Json | undefined, place: string): { amount: bigint; currency: string } | undefined {
  if (json === undefined || json === null) return undefined;
  const { amount, currency } = mapAt(json, place);
  if (amount === undefined || amount === null || currency === undefined || currency === null) return undefined;
  if (typeof amount !== "number" || typeof currency !== "string") return malformed(place, JSON.stringify(json));
  const units = unitsOf(String(amount), currency);
  if (units === undefined) throw new LedgerError("ocds.amount", { place, amount: String(amount), currency });
  return { amount: units, currency };
}
function timeOf(json: Json | undefined): number | undefined {
  const ms = typeof json === "string" ? Date.parse(json) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
const optionalText = (json: Json | undefined): string | undefined => (typeof json === "string" && json !== "" ? json : undefined);
const textAt = (json: Json | undefined, place: string): string => optionalText(json) ?? malformed(place, json);
/** Identifiers are text or, by the schema, whole numbers. */
const idAt = (json: Json | undefined, place: string): string => (Number.isSafeInteger(json) ? String(json) : textAt(json, place));
function mapAt(json: Json | undefined, place: string): Fields {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Fields) : malformed(place, json);
}
function listAt(json: Json | undefined, place: string): Fields[] {
  return Array.isArray(json) ? json.map((item: Json) => mapAt(item, place)) : malformed(place, json);
}
function malformed(place: string, found: unknown): never {
  throw new LedgerError("ocds.malformed", { place, found: found === undefined ? "nothing" : JSON.stringify(found).slice(0, 100) });
}
