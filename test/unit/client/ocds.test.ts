// The Open Contracting Data Standard, in and out: the real contract of Mexico City, paid by eleven transactions that total it exactly, runs through the
// contract `tenders`, and what comes out is valid by the release schema 1.1.5 and says the same.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ajvDraft04 from "ajv-draft-04";
import ajvFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { type OcdsProcess, readOcds, type TenderRecords, writePackage, writeRelease } from "../../../src/client/ocds.ts";
import { rowToJson } from "../../../src/contracts/engine/json.ts";
import type { AnyRecord, KeyOf } from "../../../src/contracts/engine/define.ts";
import { days } from "../../../src/contracts/engine/index.ts";
import * as funds from "../../../src/contracts/money/funds.ts";
import { contracts, tenders, tranches } from "../../../src/contracts/money/tenderRecords.ts";
import * as acts from "../../../src/contracts/money/tenders.ts";
import { passes } from "../contracts/audited.ts";
import { type Scenario, signedBy } from "../contracts/scenario.ts";
import { account, bidOf, calling, openingOf, panel, scoreOf, sealed } from "../contracts/tendersTown.ts";
import { useSodium } from "../contracts/trustees.ts";

const data = path.resolve(import.meta.dirname, "../../../../shared/data/ocds");
const there = existsSync(data);
beforeAll(useSodium);

/** A contracting process, lived through: called, bid for, opened, scored, awarded, contracted, reported on and paid. Stops where a rule stops it. */
function lived(process: OcdsProcess): Scenario {
  const [contract] = process.contracts;
  const { amount, currency, transactions } = contract!;
  const tender = process.ocid;
  const rest = amount - contract!.paid;
  const town = calling({
    ...{ tender, title: process.title ?? tender, method: "direct", invited: ["c:acme"], currency: "MXN" },
    ...{ budget: process.budget?.amount ?? amount, price_weight: 100, criteria: [] },
  });
  expect(["MXN", "GBP"]).toContain(currency);
  const bid = sealed("c:acme", amount, { tender });
  town.act("the supplier bids", acts.bid, bidOf(bid), signedBy("c:acme"));
  town.advance(days(7));
  town.act("opens", acts.open, openingOf(bid, amount), signedBy("c:acme"));
  for (const member of panel) town.act("declares", acts.declare, { tender, member, bidders: [] }, signedBy(member));
  for (const member of panel) town.act("scores", acts.score, { ...scoreOf(member, "c:acme"), tender }, signedBy(member));
  const award = { tender, bidder: "c:acme", amount };
  if (amount > (process.budget?.amount ?? amount)) {
    town.refused("beyond its budget", "tenders.not_first", acts.award, award, signedBy("city"));
    return town;
  }
  town.act("awarded", acts.award, award, signedBy("city"));
  town.advance(days(10));
  const parts = [...transactions.map((t) => t.amount), ...(rest > 0n ? [rest] : [])].map((part, i) => ({
    amount: part,
    due: town.time + days(30 * (i + 1)),
  }));
  town.act("contracted", acts.conclude, { tender, account, tranches: parts }, signedBy("city", "c:acme"));
  transactions.forEach((transaction, number) => {
    town.advance(days(30));
    const order = transaction.id;
    town.act("reported", acts.report, { tender, number, report: new Uint8Array(32).fill(number) }, signedBy("c:acme"));
    town.act("released", acts.release, { tender, number, order }, signedBy("city"));
    town.act(
      "paid",
      funds.confirm,
      { order, chunk: 0, amount: transaction.amount, reference: `BK-${number}`, differs: false },
      signedBy("bank"),
    );
  });
  passes(town, "tenders");
  passes(town, "funds");
  return town;
}

/** The records of a tender as a node's API gives them. */
function recordsOf(town: Scenario, key: string): TenderRecords {
  const fields = <R extends AnyRecord>(type: R, ...of: KeyOf<R>): any => {
    const row = town.row(type, ...of);
    return row === undefined ? undefined : { ...(rowToJson(row as any)["fields"] as object), status: row.$.status, since: row.$.since };
  };
  const { status, ...tender } = fields(tenders, key);
  const contract = fields(contracts, key);
  const parts = Array.from({ length: contract?.tranches ?? 0 }, (_, i) => fields(tranches, key, i));
  const payments = parts.flatMap(({ order }) => {
    const payment = order === undefined ? undefined : fields(funds.payments, order, 0);
    return payment?.status === "paid" ? [{ order, reference: payment.reference, amount: payment.confirmed, time: payment.since }] : [];
  });
  return {
    ...{ tender, status, asOf: { height: town.height, time: town.time }, bidders: ["c:acme"], tranches: parts, payments },
    ...(contract !== undefined && { contract, signed: contract.since }),
  };
}

// Both packages are CommonJS: the class, or a module that holds it.
const Ajv = ((ajvDraft04 as any).default ?? ajvDraft04) as new (options: object) => { compile(schema: unknown): unknown };
const addFormats = ((ajvFormats as any).default ?? ajvFormats) as (ajv: unknown) => void;
let schema: ((document: unknown) => unknown) & { errors?: unknown };
function valid(release: unknown): void {
  if (schema === undefined) {
    const ajv = new Ajv({ allErrors: true, strict: false });
    addFormats(ajv);
    schema = ajv.compile(JSON.parse(readFileSync(path.join(data, "dereferenced-release-schema-1.1.5.json"), "utf8"))) as never;
  }
  schema(release);
  expect(schema.errors ?? null).toBeNull();
}

describe("a release", () => {
  const records: TenderRecords = {
    tender: {
      ...{ tender: "t-1", buyer: "city", currency: "MXN", title: "Computers", budget: "140000000", method: "open", bids_until: 0 },
      ...{ price_weight: 60, criteria: [{ criterion: "service", weight: 40 }], winner: "c:acme", amount: "131126415" },
    },
    ...{
      status: "contracted",
      asOf: { height: 7, time: Date.UTC(2027, 0, 4) },
      bidders: ["c:acme", "c:bolt"],
      signed: Date.UTC(2027, 0, 2),
    },
    contract: { supplier: "c:acme", amount: "131126415" },
    tranches: [
      { number: 0, amount: "131126000", due: Date.UTC(2027, 1, 1), status: "released" },
      { number: 1, amount: "415", due: Date.UTC(2027, 0, 3), status: "planned" },
    ],
    payments: [{ order: "o-1", reference: "ab12", amount: "131126000", time: Date.UTC(2027, 0, 3) }],
  };
  it("says how a tender stands: parties, award, contract, tranches as milestones, payments as transactions", () => {
    const release = writeRelease(records, "ocds-abc123") as any;
    expect(release).toMatchObject({ ocid: "ocds-abc123-t-1", id: "t-1-7", tag: ["compiled"], buyer: { id: "city" } });
    expect(release.tender).toMatchObject({
      status: "complete",
      procurementMethod: "open",
      awardCriteriaDetails: "price 60, service 40",
      numberOfTenderers: 2,
    });
    expect(release.contracts[0].value).toEqual({ amount: 1_311_264.15, currency: "MXN" });
    expect(release.contracts[0].implementation.milestones.map((m: any) => m.status)).toEqual(["met", "notMet"]);
    expect(release.parties.map((p: any) => [p.id, p.roles.includes("supplier")])).toEqual([
      ["city", false],
      ["c:acme", true],
      ["c:bolt", false],
    ]);
    const [read] = readOcds(JSON.stringify(writePackage(release, "City", "https://city.example/t-1", 0)));
    expect(read).toMatchObject({
      ocid: "ocds-abc123-t-1",
      buyer: "city",
      budget: { amount: 140_000_000n },
      tenderers: ["c:acme", "c:bolt"],
    });
    expect(read!.contracts[0]).toMatchObject({ amount: 131_126_415n, paid: 131_126_000n, supplier: "c:acme", signed: records.signed });
  });
  it("of a call says no award; of a cancelled one that it is", () => {
    const { contract: _contract, signed: _signed, ...called } = { ...records, status: "called", tranches: [], payments: [] };
    const { winner: _winner, amount: _amount, ...tender } = called.tender as any;
    const release = writeRelease({ ...called, tender }, "ocds-abc123") as any;
    expect([release.awards, release.contracts, release.tender.status]).toEqual([undefined, undefined, "active"]);
    expect((writeRelease({ ...called, tender, status: "cancelled" }, "ocds-abc123") as any).tender.status).toBe("cancelled");
  });
  it("holds no amount that a JSON number cannot say exactly", () => {
    const large = { ...records, contract: { supplier: "c:acme", amount: "9223372036854775807" } };
    expect(() => writeRelease(large, "ocds-abc123")).toThrow("ocds.amount");
  });
});

describe("reading", () => {
  const contract = (more: object) =>
    JSON.stringify({ ocid: "o", contracts: [{ id: 1, value: { amount: 10.5, currency: "MXN" }, ...more }] });
  const paid = (value: object) => contract({ implementation: { transactions: [{ id: "t", value }] } });
  it("takes numbers for amounts exactly, ids that are numbers, and both versions' names of a payment", () => {
    expect(readOcds(paid({ amount: 10.5, currency: "MXN" }))[0]!.contracts[0]).toMatchObject({ id: "1", amount: 1_050n, paid: 1_050n });
    const before = {
      implementation: { transactions: [{ id: "t", amount: { amount: 1, currency: "MXN" }, receiverOrganization: { id: "x" } }] },
    };
    expect(readOcds(contract(before))[0]!.contracts[0]!.transactions[0]).toMatchObject({ amount: 100n, payee: "x" });
  });
  it("refuses what is no release, what is finer than a cent, and payments in another currency, naming the place", () => {
    for (const [text, what] of [
      ["{", /ocds\.malformed/],
      ["[]", /ocds\.malformed/],
      ["{}", /ocds\.malformed.*ocid/],
      ['{"releases":[1]}', /ocds\.malformed.*releases/],
      ['{"ocid":"o","contracts":[{"id":"1"}]}', /ocds\.malformed.*contracts\/value/],
      [paid({ amount: "10", currency: "MXN" }), /ocds\.malformed.*transactions\/value/],
      [paid({ amount: 10, currency: "USD" }), /ocds\.malformed.*currency/],
      [paid({ amount: 10.505, currency: "MXN" }), /ocds\.amount/],
      [paid({ amount: 1e21, currency: "MXN" }), /ocds\.amount/],
    ] as const)
      expect(() => readOcds(text)).toThrow(what);
  });
});

describe.skipIf(!there)("the published data (../shared/data/ocds)", () => {
  const read = (file: string): OcdsProcess[] => readOcds(readFileSync(path.join(data, file), "utf8"));

  it("the contract of Mexico City: 1,311,264.00 MXN, paid by eleven transactions that total it exactly, lived through and published again", () => {
    const mexico = read("real/release-package-1-2.json").find(({ ocid }) => ocid === "OCDS-87SD3T-AD-SF-DRM-063-2015")!;
    const [contract] = mexico.contracts;
    expect(contract).toMatchObject({ amount: 131_126_400n, currency: "MXN", paid: 131_126_400n });
    expect(contract!.transactions.length).toBe(11);
    const town = lived(mexico);
    expect(town.row(contracts, mexico.ocid)).toMatchObject({ amount: 131_126_400n, paid_out: 131_126_400n, $: { status: "fulfilled" } });
    const release = writeRelease(recordsOf(town, mexico.ocid), "ocds-abc123");
    valid(release);
    const [again] = readOcds(JSON.stringify(release));
    expect(again!.contracts[0]).toMatchObject({ amount: 131_126_400n, paid: 131_126_400n, supplier: "c:acme" });
    expect(again!.contracts[0]!.transactions.map(({ amount }) => amount)).toEqual(contract!.transactions.map(({ amount }) => amount));
  });

  it("the fictional cycle lanes are awarded at ten times their budget: refused; a tender that stands so is published too", () => {
    const lanes = read("1.1/ocds-213czf-000-00001.json")[0]!;
    expect([lanes.budget?.amount, lanes.contracts[0]?.amount, lanes.contracts[0]?.paid]).toEqual([
      110_000_000n,
      1_100_000_000n,
      6_000_000n,
    ]);
    const town = lived({ ...lanes, contracts: [{ ...lanes.contracts[0]!, currency: "MXN" }] });
    const release = writeRelease(recordsOf(town, lanes.ocid), "ocds-abc123");
    valid(release);
    expect((release as any).tender.status).toBe("active");
  });

  it("every file of it is read, the schema is a schema, and it refuses what is none", () => {
    const files = ["1.1", "1.1/record", "real"].flatMap((folder) =>
      readdirSync(path.join(data, folder))
        .filter((f) => f.endsWith(".json"))
        .map((f) => `${folder}/${f}`),
    );
    const several = (text: string): boolean => text.trim().includes("\n{"); // one document a line
    let processes = 0;
    for (const file of files) {
      const text = readFileSync(path.join(data, file), "utf8");
      if (/withversions/.test(file)) continue; // every field a list of its versions: another format
      for (const document of several(text) && !text.startsWith("{\n") ? text.trim().split("\n") : [text])
        processes += readOcds(document).length;
    }
    expect(processes).toBeGreaterThanOrEqual(9);
    expect(() => valid({ ocid: "o" })).toThrow();
    expect(() =>
      valid({
        ...writeRelease(recordsOf(lived(read("real/release-package-1-2.json")[0]!), "OCDS-87SD3T-AD-SF-DRM-063-2015"), "ocds-abc123"),
        date: 7,
      }),
    ).toThrow();
  });
});
