// `chancery payments wages`, `confirm`: the commands that act. Owns their order of steps: what opens a seal is on disk before the seal is on the chain; a booking
// that the chain has already is no second one. Does not own: what is sealed (client/payments), what matches (client/matching).

import fs from "node:fs";
import type { Command } from "commander";
import { hex } from "../base/bytes.ts";
import type { Key } from "../base/keyFile.ts";
import { seedSigner } from "../client/build.ts";
import { readCamt } from "../client/camt.ts";
import type { Ledger, Outcome, SignedTransaction } from "../client/index.ts";
import { type Booking, match, type Payment, referencesIn } from "../client/matching.ts";
import { type Opening, openWages, readOpenings, rootOf, wageOf } from "../client/payments.ts";
import { globalsOf, openKeyFile, readJson, readText } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { answer, dim, exits, type Globals, green, progress, red, refuse, usage, yellow } from "./output.ts";
import { forEach, type FundFields, instructed, type OrderFields, type PaymentFields, saveOpenings } from "./paymentFiles.ts";
import { trustedBy } from "./trusted.ts";

/** Acts of one bulk request. */
const AT_ONCE = 250;

async function keyOf(globals: Globals): Promise<Key> {
  if (globals.keys.length !== 1) usage("this needs one signer", "add --key KEYFILE (or set CHANCERY_KEY)");
  return openKeyFile(globals.keys[0]!, globals, ["organisation", "person"]);
}

async function act(
  ledger: Ledger,
  key: Key,
  action: string,
  args: Parameters<Ledger["transaction"]>[1],
  globals: Globals,
): Promise<Outcome> {
  const draft = ledger.transaction(action, args, { signers: [key.publicKey] });
  await draft.sign(seedSigner(key.secret));
  return ledger.submit(draft.finish(), { timeout: `${globals.timeoutMs}ms` });
}

export async function wages(
  order: string,
  list: string,
  o: { genesis?: string; anchor?: string; openings: string },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  const key = await keyOf(globals);
  const { network } = trustedBy(o);
  const openings = fs.existsSync(o.openings) ? readOpenings(readText(o.openings)) : sealed(list, o.openings);
  const lists = openings.filter((one): one is Opening & { wages: readonly { amount: bigint }[] } => "wages" in one);
  const ledger = await ledgerOf(globals);
  const { fields } =
    (await ledger.get("funds/order", [order])) ??
    refuse("record.unknown", { why: `there is no order ${order}`, do: "ask for it first: funds.ask" });
  const { chunks, amount } = fields as unknown as OrderFields;
  const total = lists.reduce((sum, one) => sum + one.wages.reduce((all, wage) => all + wage.amount, 0n), 0n);
  if (chunks !== lists.length || BigInt(amount) !== total)
    return refuse("payment.mismatch", {
      why: `the order is of ${amount} in ${chunks} lists, ${o.openings} is of ${total} in ${lists.length}`,
      do: "ask for an order that fits, or name the right file",
      exit: exits.no,
    });
  let [listed, known] = [0, 0];
  for (const [chunk, opening] of lists.entries()) {
    const root = rootOf(network, opening);
    const there = await ledger.get("funds/payment", [order, `${chunk}`]);
    if (there !== undefined) {
      if ((there.fields as unknown as PaymentFields).wages?.root !== hex(root.root))
        return refuse("payment.mismatch", {
          why: `list ${chunk} of ${order} is another one`,
          do: "name the openings that it was listed with",
          exit: exits.no,
        });
      known++;
      continue;
    }
    const sum = opening.wages.reduce((all, wage) => all + wage.amount, 0n);
    const outcome = await act(
      ledger,
      key,
      "funds.listWages@1",
      { order, chunk, count: opening.wages.length, total: sum, wages: { ...root } },
      globals,
    );
    if (outcome.status !== "applied")
      return refuse(outcome.status === "pending" ? "transaction.pending" : "transaction.rejected", {
        why: `list ${chunk}: ${"code" in outcome ? (outcome.code ?? outcome.status) : outcome.status}`,
        do: "run the same command again: it goes on where it was",
        exit: outcome.status === "pending" ? exits.pending : exits.refused,
      });
    progress(`${++listed + known} of ${lists.length} lists`);
  }
  answer(
    { order, lists: lists.length, listed, known, total },
    `${green("✓")} ${order}: ${lists.length} lists of wages, ${listed} of them now, ${total} in all`,
  );
}

function sealed(list: string, file: string): Opening[] {
  const json = readJson(list);
  if (!Array.isArray(json)) return usage(`${list} is no list`, 'write [{"worker":"w-1","name":"…","account":"…","amount":"200000"}, …]');
  const openings = openWages(
    json.map(
      (one, i) => wageOf(one) ?? usage(`wage ${i} of ${list} is none`, '{"worker":"w-1","name":"…","account":"…","amount":"200000"}'),
    ),
  );
  saveOpenings(file, openings);
  return openings;
}

// ── what the bank booked ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
interface Line extends Booking {
  readonly end: "paid" | "open" | "returned" | "already" | "refused" | "pending";
  readonly code?: string;
}

export async function confirm(
  files: readonly string[],
  o: { instructions?: string; resolved?: string[] },
  command: Command,
): Promise<void> {
  const globals = globalsOf(command);
  const key = await keyOf(globals);
  const entries = files.flatMap((file) => readCamt(readText(file)));
  const ledger = await ledgerOf(globals);
  const funds = new Map<string, Promise<FundFields>>();
  const banks = new Map<string, string>();
  const find = async (reference: string): Promise<Payment | undefined> => {
    const page = await ledger.list("funds/payment", { find: { reference }, limit: 1 });
    if (page.items.length === 0) return undefined;
    const payment = page.items[0]!.fields as unknown as PaymentFields;
    const { order, chunk, fund } = payment;
    if (!funds.has(fund))
      funds.set(
        fund,
        ledger.get("funds/fund", [fund]).then((it) => it!.fields as unknown as FundFields),
      );
    const { currency, bank } = await funds.get(fund)!;
    banks.set(order, bank);
    return {
      order,
      chunk,
      currency,
      wages: payment.wages !== undefined,
      differs: payment.differs,
      lines: instructed(o.instructions, reference),
    };
  };
  const references = referencesIn(entries);
  const found = await forEach(references, find);
  const known = new Map(references.map((reference, i) => [reference, found[i]]));
  const { bookings, unmatched, announced } = match(entries, (reference) => known.get(reference), new Set(o.resolved));
  const lines: Line[] = [];
  for (const group of inGroups(bookings)) {
    lines.push(...(await book(ledger, key, group, banks)));
    progress(`${lines.length} of ${bookings.length}`);
  }
  const counted = (end: Line["end"]): number => lines.filter((line) => line.end === end).length;
  const sums = {
    paid: counted("paid"),
    returned: counted("returned"),
    already: counted("already"),
    open: counted("open"),
    refused: counted("refused"),
    pending: counted("pending"),
  };
  if (sums.open + sums.refused + unmatched.length > 0) process.exitCode = exits.no;
  else if (sums.pending > 0) process.exitCode = exits.pending;
  answer({ ...sums, announced, lines, unmatched }, [
    ...lines.filter(({ end }) => end !== "paid" && end !== "already").map(shown),
    ...unmatched.map(
      (it) =>
        `${red("✗")} ${it.why.padEnd(20)} ${it.amount} ${it.currency} ${it.direction}   ${it.payment ?? ""}   bank's reference ${it.bankReference ?? "none"}`,
    ),
    `${green("✓")} ${sums.paid} paid, ${sums.returned} returned, ${sums.already} known before, ${sums.open} open, ${unmatched.length} unmatched`,
    ...(announced > 0 ? [dim(`  ${announced} entries are not booked yet`)] : []),
  ]);
}

const shown = ({ end, order, chunk, amount, currency, reference, code }: Line): string =>
  `${end === "returned" ? dim("·") : yellow("!")} ${end.padEnd(9)} ${order}/${chunk}   ${amount} ${currency}   bank's reference ${reference}${code === undefined ? "" : `   ${code}`}`;

/** Groups of one bulk request: the bookings of one payment follow one another, each in a later group. */
function inGroups(bookings: readonly Booking[]): Booking[][] {
  const turns = new Map<string, number>();
  const waves: Booking[][] = [];
  for (const it of bookings) {
    const name = `${it.order}/${it.chunk}`;
    const turn = turns.get(name) ?? 0;
    turns.set(name, turn + 1);
    (waves[turn] ??= []).push(it);
  }
  return waves.flatMap((wave) =>
    Array.from({ length: Math.ceil(wave.length / AT_ONCE) }, (_, i) => wave.slice(i * AT_ONCE, (i + 1) * AT_ONCE)),
  );
}

/** Confirms bookings, but for those that the chain has: handed in twice, by a retry or at two nodes, one of them counts. */
async function book(ledger: Ledger, key: Key, bookings: readonly Booking[], banks: ReadonlyMap<string, string>): Promise<Line[]> {
  const known = await forEach(bookings, async (it) => before(ledger, it, banks.get(it.order)!));
  const signed = new Map<string, Booking>();
  const bytes: SignedTransaction[] = [];
  for (const [i, it] of bookings.entries()) {
    if (known[i] !== undefined) continue;
    const { act: name, order, chunk, amount, reference, differs } = it;
    const draft = ledger.transaction(`funds.${name}@1`, { order, chunk, amount, reference, differs }, { signers: [key.publicKey] });
    await draft.sign(seedSigner(key.secret));
    const transaction = draft.finish();
    signed.set(transaction.id, it);
    bytes.push(transaction);
  }
  const ends = new Map<Booking, { outcome?: string; code?: string }>();
  if (bytes.length > 0)
    for await (const line of ledger.submitMany(bytes, { wait: "final" }))
      ends.set(signed.get(line.id)!, line.status === "expired" ? { code: "transaction.expired" } : line);
  return forEach(bookings, async (it) => {
    const there = known[bookings.indexOf(it)];
    if (there !== undefined) return there;
    const { outcome, code } = ends.get(it) ?? {};
    if (outcome === "applied") return { ...it, end: await standing(ledger, it) };
    if (outcome === undefined && code === undefined) return { ...it, end: "pending" };
    return (
      (code === "funds.reference_once" ? await before(ledger, it, banks.get(it.order)!) : undefined) ?? {
        ...it,
        end: "refused",
        ...(code === undefined ? {} : { code }),
      }
    );
  });
}

/** What the chain has under the bank's reference: this booking, or another one. */
async function before(ledger: Ledger, it: Booking, bank: string): Promise<Line | undefined> {
  const found = await ledger.get("funds/reference", [bank, it.reference]);
  if (found === undefined) return undefined;
  const { subject, chunk, amount, kind } = found.fields as { subject?: string; chunk?: number; amount?: string; kind?: string };
  const same =
    subject === it.order && chunk === it.chunk && amount === `${it.amount}` && kind === (it.act === "confirm" ? "paid" : "returned");
  if (!same) return { ...it, end: "refused", code: "funds.reference_once" };
  return { ...it, end: (await standing(ledger, it)) === "open" ? "open" : "already" };
}

async function standing(ledger: Ledger, { order, chunk }: Booking): Promise<"paid" | "returned" | "open"> {
  const status = (await ledger.get("funds/payment", [order, `${chunk}`]))?.status;
  return status === "paid" || status === "returned" ? status : "open";
}
