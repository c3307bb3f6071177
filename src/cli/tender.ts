// `chancery tender bid`, `open`, `read`: a bidder's part in a tender, on his own machine; and what any opened bid says. cryptography.md §6.
// Owns the bidder's secret at rest and the form of a bid as a file. Does not own: the mathematics (base/sealedBid), what the chain accepts (contracts).

import fs from "node:fs";
import type { Command } from "commander";
import { hex, unhex } from "../base/bytes.ts";
import type { Value } from "../base/codec.ts";
import { loadKey, newKey, readKeyHeader, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { scalarOf } from "../base/ristretto.ts";
import { type Bid, type BidLabel, readBid, sealBid, sharedByBidder } from "../base/sealedBid.ts";
import type { Trusted } from "../client/verify.ts";
import { globalsOf, newPassphrase, openKeyFile, passphraseFor, readJson, readText } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { showOutcome } from "./outcomes.ts";
import { answer, bold, exits, type Globals, progress, refuse, usage } from "./output.ts";
import { actWith, provedRecord, trustedBy } from "./trusted.ts";
import type { BidFields, TenderFields } from "./trusteeShare.ts";

interface BidderOptions {
  readonly bidder: string;
  readonly secret?: string;
  readonly genesis?: string;
  readonly anchor?: string;
}

export function register(program: Command): void {
  const tender = program.command("tender").description("bids: sealed until the deadline, opened after it");
  const trust = (command: Command): Command =>
    command.option("--genesis <file>", "the genesis file that you trust").option("--anchor <file>", "an anchor that you trust");
  trust(tender.command("bid <tender>"))
    .description("seal a bid to the tender's key and hand it in; again, in the place of the last")
    .requiredOption("--bidder <party>", "who bids")
    .requiredOption("--bid <file|json>", 'the bid: {"amount":"PRICE IN THE SMALLEST UNIT","offer":{…}}')
    .option("--secret <file>", "where the number that opens it is kept (default TENDER.BIDDER.VERSION.bid.key)")
    .option("--unprotected", "no passphrase: for development networks", false)
    .action(bid);
  trust(tender.command("open <tender>"))
    .description("open one's own bid, after the deadline")
    .requiredOption("--bidder <party>", "who bid")
    .option("--secret <file>", "where the number that opens it is kept (default TENDER.BIDDER.VERSION.bid.key)")
    .action(open);
  trust(tender.command("read <tender> <bidder>")).description("what an opened bid says, from the chain alone").action(read);
}

const labelOf = ({ network }: Trusted, { tender, bidder, version }: Pick<BidFields, "tender" | "bidder" | "version">): BidLabel => ({
  ...{ network, tender, bidder, version },
});
const fileOf = (o: BidderOptions, tender: string, version: number): string =>
  o.secret ?? `${tender}.${o.bidder.replaceAll(":", "-")}.${version}.bid.key`;

async function tenderOf(tender: string, o: { genesis?: string; anchor?: string }, globals: Globals) {
  const trusted = trustedBy(o);
  const ledger = await ledgerOf(globals, o.genesis);
  const found = await provedRecord<TenderFields>(ledger, trusted, "tenders/tender", { tender });
  return { trusted, ledger, tender: found ?? usage(`there is no tender "${tender}"`, "chancery list tenders tender") };
}
const signerOf = async (globals: Globals) =>
  openKeyFile(globals.keys[0] ?? usage("a bidder signs with a key of his own", "add --key KEYFILE"), globals, ["organisation", "person"]);

async function bid(tender: string, o: BidderOptions & { bid: string; unprotected: boolean }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const said = bidFrom(readJson(o.bid));
  const signing = await signerOf(globals);
  const { trusted, ledger, tender: of } = await tenderOf(tender, o, globals);
  const before = await provedRecord<BidFields>(ledger, trusted, "tenders/bid", { tender, bidder: o.bidder });
  const label = labelOf(trusted, { tender, bidder: o.bidder, version: (before?.fields.version ?? 0) + 1 });
  // The number that opens the bid is safe before the bid is handed in: without it only the trustees could.
  const file = fileOf(o, tender, label.version);
  if (!fs.existsSync(file)) saveSecretFile(file, sealKey(newKey("bid"), o.unprotected ? undefined : await newPassphrase(globals)));
  const secret = await secretIn(file, globals);
  const sealed = sealBid(label, unhex(of.fields.key), said, scalarOf(secret));
  if (before?.fields.point === hex(sealed.point))
    usage(`the number in ${file} seals bid ${before.fields.version} already: opening one would open both`, "give another --secret FILE");
  progress(`the number that opens this bid is in ${file}`);
  const outcome = await actWith(ledger, signing, globals, "tenders.bid", {
    ...{ tender, bidder: o.bidder, version: label.version, key: of.fields.key, point: hex(sealed.point) },
    ...{ digest: hex(sealed.digest), proof: hex(sealed.proof), ciphertext: hex(sealed.ciphertext) },
  });
  showOutcome(outcome, { action: "tenders.bid" });
}

async function secretIn(file: string, globals: Globals): Promise<Uint8Array> {
  const header = readKeyHeader(readText(file));
  if (header.purpose !== "bid")
    refuse("key.purpose", { why: `${file} is a ${header.purpose} key`, do: "give the --secret FILE of the bid" });
  return loadKey(file, header.sealed ? await passphraseFor(file, globals) : undefined).secret;
}

async function open(tender: string, o: BidderOptions, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const signing = await signerOf(globals);
  const { trusted, ledger, tender: of } = await tenderOf(tender, o, globals);
  if (of.asOf.time < of.fields.bids_until)
    refuse("ceremony.waits", {
      why: `bids are handed in until ${new Date(of.fields.bids_until).toISOString()}`,
      do: "run the same command after that time",
    });
  const { bid: found, ciphertext } = await bidOf(ledger, trusted, tender, o.bidder);
  const { version, point, digest } = found.fields;
  const opening = await secretIn(fileOf(o, tender, version), globals);
  const key = unhex(of.fields.key);
  const shared =
    sharedByBidder(key, unhex(point), opening) ??
    refuse("check.failed", {
      why: `the number in ${fileOf(o, tender, version)} is not that of bid ${version}`,
      do: "give its --secret FILE",
    });
  const said = readBid(labelOf(trusted, found.fields), key, { point: unhex(point), ciphertext: unhex(ciphertext) }, shared);
  const outcome = await actWith(ledger, signing, globals, "tenders.open", {
    ...{ tender, bidder: o.bidder, version, key: of.fields.key, point, digest, ciphertext, shared: hex(shared), opening: hex(opening) },
    ...(said === undefined ? {} : { amount: said.amount.toString() }),
  });
  showOutcome(outcome, { action: "tenders.open" });
}

async function bidOf(ledger: Awaited<ReturnType<typeof ledgerOf>>, trusted: Trusted, tender: string, bidder: string) {
  const found = await provedRecord<BidFields>(ledger, trusted, "tenders/bid", { tender, bidder });
  const envelope = await provedRecord<{ ciphertext: string }>(ledger, trusted, "tenders/envelope", { tender, bidder });
  if (found === undefined || envelope === undefined)
    return usage(`${bidder} has not bid for "${tender}"`, `chancery list tenders bid --where tender=${tender}`);
  return { bid: found, ciphertext: envelope.fields.ciphertext };
}

async function read(tender: string, bidder: string, o: { genesis?: string; anchor?: string }, command: Command): Promise<void> {
  const globals = globalsOf(command);
  const { trusted, ledger, tender: of } = await tenderOf(tender, o, globals);
  const { bid: found, ciphertext } = await bidOf(ledger, trusted, tender, bidder);
  const { point, shared } = found.fields;
  if (shared === undefined) {
    process.exitCode = exits.no;
    return answer({ tender, bidder, status: found.status }, `the bid of ${bidder} is ${found.status}`);
  }
  const said = readBid(
    labelOf(trusted, found.fields),
    unhex(of.fields.key),
    { point: unhex(point), ciphertext: unhex(ciphertext) },
    unhex(shared),
  );
  answer({ tender, bidder, status: found.status, amount: said?.amount ?? null, offer: said?.offer ?? null }, [
    `${bold(bidder)}  ${found.status}  ${said === undefined ? "" : said.amount.toString()}`,
    ...(said === undefined
      ? []
      : [JSON.stringify(said.offer, (_n, v: unknown) => (v instanceof Uint8Array ? hex(v) : typeof v === "bigint" ? v.toString() : v), 2)]),
  ]);
}

/** A bid from JSON: the amount as a decimal string or whole number, the offer of anything but fractions. */
function bidFrom(json: unknown): Bid {
  const { amount, offer, ...rest } = (typeof json === "object" && json !== null ? json : {}) as { amount?: unknown; offer?: unknown };
  const exact =
    typeof amount === "string" && /^\d{1,19}$/.test(amount)
      ? BigInt(amount)
      : Number.isSafeInteger(amount)
        ? BigInt(amount as number)
        : -1n;
  if (exact < 1n || exact >= 1n << 63n || offer === undefined || Object.keys(rest).length > 0)
    return usage(
      "the bid is not a price in the smallest unit, of more than nothing, and an offer",
      `--bid '{"amount":"131126400","offer":{"days":30}}'`,
    );
  return { amount: exact, offer: valueFrom(offer) };
}
function valueFrom(json: unknown): Value {
  if (Array.isArray(json)) return json.map(valueFrom);
  if (typeof json === "object" && json !== null)
    return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueFrom(value)]));
  if (typeof json === "number" && !Number.isSafeInteger(json))
    return usage(`${json} is no whole number`, 'write fractions as text ("1.5") or in a smaller unit');
  return json as Value;
}
