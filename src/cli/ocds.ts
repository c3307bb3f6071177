// `chancery ocds export`, `read`: tenders in the Open Contracting Data Standard, out and in. Owns reading a tender's records from a node. Does not own: the
// mapping (client/ocds). Payments are read where the node lets their readers look: on its own machine.

import fs from "node:fs";
import type { Command } from "commander";
import { type OcdsProcess, readOcds, type TenderRecords, writePackage, writeRelease } from "../client/ocds.ts";
import type { Found, Ledger } from "../client/index.ts";
import { globalsOf, readText } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { answer, bold, green, refuse, toJson, usage } from "./output.ts";

export function register(program: Command): void {
  const ocds = program.command("ocds").description("tenders in the Open Contracting Data Standard");
  ocds
    .command("export <tender>")
    .description("a release package that says how a tender stands")
    .requiredOption("--prefix <prefix>", "the publisher's prefix, as registered with the standard: ocds-xxxxxx")
    .option("--publisher <name>", "who publishes it (default: the buyer)")
    .option("--uri <uri>", "where it will stand", "urn:chancery:tender")
    .option("--out <file>", "where to write it; stdout if left out")
    .action(exportTender);
  ocds.command("read <file>").description("what a release, a release package or a record package says, in smallest units").action(read);
}

async function exportTender(
  tender: string,
  o: { prefix: string; publisher?: string; uri: string; out?: string },
  command: Command,
): Promise<void> {
  if (!/^ocds-[a-z0-9]{6}$/.test(o.prefix)) usage(`"${o.prefix}" is no prefix`, "--prefix ocds- and six small letters or digits");
  const ledger = await ledgerOf(globalsOf(command));
  const records = await recordsOf(ledger, tender);
  const release = writeRelease(records, o.prefix);
  const whole = writePackage(release, o.publisher ?? records.tender.buyer, o.uri, records.asOf.time);
  if (o.out === undefined) return void process.stdout.write(`${toJson(whole)}\n`);
  fs.writeFileSync(o.out, `${JSON.stringify(whole, undefined, 2)}\n`);
  answer({ file: o.out, ocid: release["ocid"] }, `${green("✓")} ${o.out}: ${String(release["ocid"])} as of height ${records.asOf.height}`);
}

/** All records of a tender that a release speaks of. */
async function recordsOf(ledger: Ledger, tender: string): Promise<TenderRecords> {
  const found = (await ledger.get("tenders/tender", tender)) ?? usage(`there is no tender "${tender}"`, "chancery list tenders tender");
  const bidders: string[] = [];
  for (let after: string | undefined, end = false; !end; ) {
    const page = await ledger.list("tenders/bid", { find: { tender }, limit: 200, ...(after === undefined ? {} : { after }) });
    bidders.push(...page.items.filter(({ status }) => status !== "withdrawn").map(({ fields }) => String(fields["bidder"])));
    after = page.next ?? undefined;
    end = after === undefined;
  }
  const contract = await ledger.get("tenders/contract", tender);
  const count = contract === undefined ? 0 : Number(contract.fields["tranches"]);
  const tranches = await Promise.all(
    Array.from({ length: count }, async (_, i) => (await ledger.get("tenders/tranche", [tender, String(i)]))!),
  );
  const ordered = tranches.flatMap(({ fields }) => (typeof fields["order"] === "string" ? [fields["order"]] : []));
  const payments = await Promise.all(ordered.map(async (order) => paymentOf(ledger, order)));
  return {
    tender: found.fields as unknown as TenderRecords["tender"],
    status: found.status,
    asOf: found.asOf,
    bidders,
    ...(contract !== undefined && {
      contract: contract.fields as unknown as NonNullable<TenderRecords["contract"]>,
      signed: await firstWritten(ledger, tender),
    }),
    tranches: tranches.map(({ fields, status }) => ({ ...fields, status })) as unknown as TenderRecords["tranches"],
    payments: payments.flatMap((it) => it ?? []),
  };
}
const timeOf = ({ since }: Found): number => Number(since);

/** When the contract was concluded: its first version's time. */
async function firstWritten(ledger: Ledger, tender: string): Promise<number> {
  const versions: Found[] = [];
  for (let after: string | undefined, end = false; !end; ) {
    const page = await ledger.history("tenders/contract", tender, { limit: 200, ...(after === undefined ? {} : { after }) });
    versions.push(...page.items);
    after = page.next ?? undefined;
    end = after === undefined;
  }
  const first = versions.find(({ revision }) => revision === 1);
  return first === undefined
    ? refuse("check.failed", { why: `the contract of ${tender} has no beginning`, do: "ask another node" })
    : timeOf(first);
}

async function paymentOf(ledger: Ledger, order: string): Promise<TenderRecords["payments"][number] | undefined> {
  const found = await ledger.get("funds/payment", [order, "0"]);
  if (found?.status !== "paid") return undefined;
  const { reference, confirmed } = found.fields;
  return { order, reference: String(reference), amount: String(confirmed), time: timeOf(found) };
}

function read(file: string): void {
  const processes = readOcds(readText(file));
  answer({ processes }, processes.flatMap(shown));
}
function shown({ ocid, title, contracts }: OcdsProcess): string[] {
  return [
    `${bold(ocid)}  ${title ?? ""}`,
    ...contracts.map(
      (c) => `  ${c.id}  ${c.amount} ${c.currency} in the smallest unit, ${c.transactions.length} transactions of ${c.paid}`,
    ),
  ];
}
