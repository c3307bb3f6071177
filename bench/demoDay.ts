// The day of the demo, agency by agency: the right acts and the wrong ones. Owns the story of each contract.

import fs from "node:fs";
import path from "node:path";
import { utf8 } from "../src/base/bytes.ts";
import { sha256 } from "../src/base/hash.ts";
import { provePossession } from "../src/base/member.ts";
import { inclusionPath, leafHash, rootOf } from "../src/base/merkle.ts";
import { generateSeed } from "../src/base/signature.ts";
import type { Ledger } from "../src/client/index.ts";
import { readUbl } from "../src/client/ubl.ts";
import { seal, sealedSchema } from "../src/contracts/engine/sealed.ts";
import { credentials } from "../src/contracts/identity/credentials.ts";
import { invoices } from "../src/contracts/documents/invoices.ts";
import { type Actor, actorOf, type Agency, type Args } from "./demoActs.ts";

const PERSONS = 24;

/** Persons under pseudonyms of the sector `identity`, enrolled in one act. */
export async function enrolment(agency: Agency, ledger: Ledger): Promise<Actor[]> {
  const people = Array.from({ length: PERSONS }, (_, i) => actorOf(`p:citizen-${i.toString().padStart(2, "0")}`));
  const persons = people.map((p) => ({ person: p.id, key: p.key, proof: provePossession(agency.network, p.id, "person", p.key, p.seed) }));
  await agency.act(ledger, "eid.enrol", { sector: "identity", persons }, ["tax"], "engine.not_entitled");
  await agency.act(ledger, "eid.enrol", { sector: "identity", persons: [...persons].reverse() }, ["courts"], "eid.out_of_order");
  await agency.act(ledger, "eid.enrol", { sector: "identity", persons }, ["courts"]);
  agency.say(`${people.length} persons enrolled`);
  await agency.act(ledger, "eid.enrol", { sector: "identity", persons: persons.slice(0, 1) }, ["courts"], "engine.already_exists");
  agency.worthProving.push(["eid/principal", [people[0]!.id], "a person's standing"]);
  return people;
}

// The kinds of civil certificate that a city's offices issue: data, not code.
const KINDS: readonly [kind: string, title: string][] = [
  ["birth", "Birth certificate"],
  ["death", "Death certificate"],
  ["marriage", "Marriage certificate"],
  ["divorce", "Divorce certificate"],
  ["single", "Certificate of single status"],
  ["family", "Family relations certificate"],
  ["adoption", "Adoption certificate"],
  ["guardianship", "Guardianship certificate"],
  ["name-change", "Certificate of change of name"],
  ["nationality", "Nationality certificate"],
  ["residence", "Residence certificate"],
  ["moving", "Certificate of change of residence"],
  ["household", "Household certificate"],
  ["life", "Life certificate"],
  ["income", "Income certificate"],
  ["tax-paid", "Tax payment certificate"],
  ["no-arrears", "Certificate of no tax arrears"],
  ["property-tax", "Property tax certificate"],
  ["business", "Business registration certificate"],
  ["employment", "Employment certificate"],
  ["insurance", "Health insurance certificate"],
  ["pension", "Pension certificate"],
  ["disability", "Disability certificate"],
  ["vaccination", "Vaccination certificate"],
  ["school", "School enrolment certificate"],
  ["graduation", "Graduation certificate"],
  ["military", "Military service certificate"],
  ["good-conduct", "Certificate of good conduct"],
  ["seal", "Seal registration certificate"],
];
const FIELDS = ["name", "born", "place", "issued_for"];

export async function certificates(agency: Agency, ledger: Ledger, people: readonly Actor[]): Promise<void> {
  const kinds = KINDS.map(([kind, title]) => ({
    action: "credentials.define@1",
    args: { kind, title, fields: FIELDS, one_per_person: kind === "seal", device_bound: false, admitted_only: false },
  }));
  await agency.acts(ledger, kinds, ["tax"]);
  agency.say(`${KINDS.length} kinds defined`);
  const content = (i: number) =>
    seal({
      network: agency.network,
      secret: generateSeed(),
      schema: sealedSchema("credentials/credential", "content", 1),
      fields: sealedFields(credentials.fields["content"]),
      values: { values: [`person ${i}`, "1999-01-31", "Q1", "the bank"] },
    }) as unknown as Args;
  const roots = people.map((_, i) => content(i));
  const issue = people.map((p, i) => ({
    action: "credentials.issue@1",
    args: { credential: `cert-${i}`, kind: KINDS[i % KINDS.length]![0], holder: p.id, content: roots[i]! },
  }));
  await agency.acts(ledger, issue.slice(0, 12), ["tax"]);
  await agency.acts(ledger, issue.slice(12), ["tax"]);
  agency.say(`${issue.length} certificates issued`);
  await agency.act(ledger, "credentials.issue", issue[0]!.args, ["land"], "engine.not_entitled");

  const [ann, bob] = people as [Actor, Actor];
  const showing = (i: number, challenge: string): Args => ({
    credential: `cert-${i}`,
    content: (roots[i] as { root: Uint8Array }).root,
    verifier: "land",
    challenge: sha256(utf8(challenge)),
    shown: ["name", "born"],
  });
  await agency.act(ledger, "credentials.present", showing(0, "window 7"), [ann]);
  await agency.act(ledger, "credentials.present", showing(0, "window 7"), [ann], "credentials.replayed");
  await agency.act(
    ledger,
    "credentials.present",
    { ...showing(0, "window 8"), content: sha256(utf8("another")) },
    [ann],
    "credentials.altered",
  );
  await agency.act(ledger, "credentials.present", showing(0, "window 9"), [bob], "engine.signature_missing");
  await agency.act(ledger, "credentials.revoke", { credential: "cert-1", ground: "art-12" }, ["tax"]);
  await agency.act(ledger, "credentials.present", showing(1, "window 10"), [bob], "credentials.not_live");
  agency.worthProving.push(
    ["credentials/credential", ["cert-0"], "in force"],
    ["credentials/credential", ["cert-1"], "revoked"],
    ["credentials/credential", ["cert-999"], "never issued: absent"],
  );
}

export async function invoicesDay(agency: Agency, ledger: Ledger, folder: string | undefined): Promise<void> {
  const acme = actorOf("c:acme");
  const proof = provePossession(agency.network, acme.id, "company", acme.key, acme.seed);
  await agency.act(ledger, "eid.register", { principal: acme.id, owner: acme.id, key: acme.key, proof }, ["tax"]);
  const given = folder === undefined ? invented() : fromFolder(folder, agency);
  // Who they are as taxpayers: another pseudonym, another key than in the sector of identity.
  const [ann, bob] = [actorOf("p:taxpayer-00"), actorOf("p:taxpayer-01")];
  const persons = [ann, bob].map((p) => ({
    person: p.id,
    key: p.key,
    proof: provePossession(agency.network, p.id, "person", p.key, p.seed),
  }));
  await agency.act(ledger, "eid.enrol", { sector: "tax", persons }, ["courts"]);
  const list = given.map((figures, i) => ({ ...figures, buyer: (i % 2 === 0 ? ann : bob).id, lines: sealedLines(agency) }));
  await agency.act(ledger, "invoices.issue", { seller: acme.id, invoices: list }, [acme], "invoices.seller_licensed");
  await agency.act(ledger, "invoices.license", { seller: acme.id, to: "live" }, ["tax"]);
  await agency.act(
    ledger,
    "invoices.issue",
    { seller: acme.id, invoices: [{ ...list[0]!, total: list[0]!.total + 1n }] },
    [acme],
    "invoices.totals_hold",
  );
  await agency.act(ledger, "invoices.issue", { seller: acme.id, invoices: list }, [acme]);
  agency.say(`${list.length} invoices issued in one act${folder === undefined ? "" : ", from real UBL documents"}`);
  const first = { seller: acme.id, number: list[0]!.number };
  await agency.act(ledger, "invoices.pay", { ...first, payment: "card-77" }, [ann]);
  await agency.act(ledger, "invoices.claim", { ...first, employer: "land", purpose: "travel" }, [ann]);
  await agency.act(ledger, "invoices.claim", { ...first, employer: "health", purpose: "travel" }, [ann], "invoices.claimed_once");
  const red: Args = {
    ...first,
    red: "red-1",
    issued: list[0]!.issued,
    net: list[0]!.net,
    tax: list[0]!.tax,
    total: list[0]!.total,
    lines: sealedLines(agency),
  };
  await agency.act(ledger, "invoices.redLetter", red, [acme, ann], "invoices.claimed");
  await agency.act(ledger, "invoices.decide", { ...first, decision: "refused", ground: "private" }, ["land"]);
  await agency.act(ledger, "invoices.mend", { ...first, employer: "land", purpose: "training" }, [ann]);
  await agency.act(ledger, "invoices.decide", { ...first, decision: "reimbursed" }, ["land"]);
  const second = { seller: acme.id, number: list[1]!.number };
  const mirror = { issued: list[1]!.issued, net: list[1]!.net, tax: list[1]!.tax, total: list[1]!.total, lines: sealedLines(agency) };
  await agency.act(ledger, "invoices.redLetter", { ...second, red: "red-2", ...mirror }, [acme, bob]);
  await agency.act(ledger, "invoices.redLetter", { ...second, red: "red-3", ...mirror }, [acme, bob], "invoices.reversed");
  agency.worthProving.push(
    ["invoices/claim", [acme.id, first.number], "reimbursed, once"],
    ["invoices/invoice", [acme.id, second.number], "reversed"],
  );
}

interface Figures extends Args {
  readonly number: string;
  readonly issued: number;
  readonly currency: string;
  readonly net: bigint;
  readonly tax: bigint;
  readonly total: bigint;
}
function invented(): Figures[] {
  return Array.from({ length: 40 }, (_, i) => {
    const net = BigInt(10_000 + 137 * i);
    const tax = (net * 19n) / 100n;
    return { number: `2026-${i.toString().padStart(4, "0")}`, issued: Date.UTC(2026, 0, 5), currency: "EUR", net, tax, total: net + tax };
  });
}
function fromFolder(folder: string, agency: Agency): Figures[] {
  const seen = new Set<string>();
  const out: Figures[] = [];
  let left = 0;
  for (const file of fs.readdirSync(folder).sort()) {
    if (!/\.xml$/i.test(file)) continue;
    const { kind, number, issued, currency, net, tax, total } = readUbl(fs.readFileSync(path.join(folder, file), "utf8"));
    const key = number.replace(/[^A-Za-z0-9._:-]/g, "-").slice(0, 64);
    // A credit note or a negative correction reverses an invoice that is not in the folder; an amount below zero is no invoice on the chain.
    if (kind !== "invoice" || net < 0n || tax < 0n || seen.has(key)) left++;
    else {
      seen.add(key);
      out.push({ number: key, issued, currency, net, tax, total });
    }
  }
  agency.say(`${out.length} UBL invoices read, ${left} left out: credit notes, corrections below zero, numbers given twice`);
  if (out.length < 2) throw new Error(`${folder} holds fewer than two UBL invoices`);
  return out;
}
function sealedLines(agency: Agency): Args {
  return seal({
    network: agency.network,
    secret: generateSeed(),
    schema: sealedSchema("invoices/invoice", "lines", 1),
    fields: sealedFields(invoices.fields["lines"]),
    values: { lines: [{ text: "Paper", quantity: "10", net: 1_000n }] },
  }) as unknown as Args;
}
function sealedFields(field: { readonly shape: unknown }): Parameters<typeof seal>[0]["fields"] {
  return (field.shape as { fields: Parameters<typeof seal>[0]["fields"] }).fields;
}

export async function evidenceDay(agency: Agency, ledger: Ledger): Promise<void> {
  const items = Array.from({ length: 1_000 }, (_, i) => sha256(utf8(`capture ${i}`)));
  const leaves = items.map(leafHash);
  const root = rootOf(leaves);
  const none = new Uint8Array(32);
  await agency.act(
    ledger,
    "evidence.report",
    { first: 7, size: items.length, root, previous: none, kind: "capture" },
    ["tax"],
    "evidence.gap",
  );
  await agency.act(ledger, "evidence.report", { first: 0, size: items.length, root, previous: none, kind: "capture" }, ["tax"]);
  agency.say(`a batch of ${items.length} captures under one root`);
  const drawn = {
    deposit: "capture-9",
    source: "tax",
    first: 0,
    item: items[9]!,
    index: 9,
    size: items.length,
    root,
    path: inclusionPath(leaves, 9),
  };
  await agency.act(ledger, "evidence.draw", drawn, ["tax"]);
  await agency.act(
    ledger,
    "evidence.handOver",
    { deposit: "capture-9", from: "land", to: "courts", reason: "hearing" },
    ["land", "courts"],
    "evidence.custody_broken",
  );
  await agency.act(ledger, "evidence.handOver", { deposit: "capture-9", from: "tax", to: "courts", reason: "hearing" }, ["tax", "courts"]);
  await agency.act(ledger, "evidence.verify", { verification: "v-1", deposit: "capture-9", content: items[9]!, method: "sha256" }, ["tax"]);
  await agency.deposits(ledger, 500);
  agency.say("500 single deposits in one request");
  agency.worthProving.push(
    ["evidence/deposit", ["capture-9"], "drawn from its batch, in custody of the courts"],
    ["evidence/deposit", ["item-499"], ""],
  );
}
