// `chancery payments`: seals to whom money goes, writes the bank's instructions, reads what the bank booked. docs/reference/cli.md.
// Owns the commands, and that an instruction is made only of what is proved. Does not own: the messages (client/pain, client/camt), matching (client/matching),
// the rules (contract funds). Everything may be repeated: the same payment gives the same file, the same booking is confirmed once.

import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { equalBytes, hex } from "../base/bytes.ts";
import { openAccount, type Opening, readOpenings, referenceOf, rootOf, schemas } from "../client/payments.ts";
import { painOf } from "../client/pain.ts";
import { collect, globalsOf, readText } from "./globals.ts";
import { ledgerOf } from "./nodes.ts";
import { answer, dim, exits, green, progress, refuse, yellow } from "./output.ts";
import {
  forEach,
  type FundFields,
  type OrderFields,
  type PaymentFields,
  paymentsOf,
  saveOpenings,
  type SealedFields,
  type Trust,
} from "./paymentFiles.ts";
import { provedRecord, trustedBy } from "./trusted.ts";

export function register(program: Command): void {
  const payments = program.command("payments").description("to whom money goes, instructions for banks, and what banks have booked");
  payments
    .command("account")
    .description("seal an account: prints what stands on the chain, and adds what opens it to a file that you keep")
    .requiredOption("--name <text>", "whose account it is")
    .requiredOption("--account <number>", "an IBAN, or another number")
    .requiredOption("--openings <file>", "where what opens it is kept")
    .option("--for <what>", "order | fund | the sealed field of another contract, as CONTRACT/RECORD/FIELD@VERSION", "order")
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .action(account);
  payments
    .command("wages <order> <list>")
    .description("seal and list the wages of an order: a JSON list of {worker, name, account, amount}")
    .requiredOption("--openings <file>", "where what opens them is kept; with one that is there, goes on with it")
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .action(async (order: string, list: string, o: Trust & { openings: string }, command: Command) => {
      const { wages } = await import("./paymentActs.ts");
      return wages(order, list, o, command);
    });
  payments
    .command("instruct <fund>")
    .description("write the bank's instruction (pain.001.001.09) of each payment that is released and due")
    .requiredOption("--openings <file>", "what opens the accounts; may be given several times", collect)
    .requiredOption("--out <dir>", "where the messages are written, each under its reference")
    .option("--bic <code>", "the bank's BIC; else it is named as on the chain")
    .option("--genesis <file>", "the genesis file that you trust")
    .option("--anchor <file>", "an anchor that you trust")
    .action(instruct);
  payments
    .command("confirm <files...>")
    .description("confirm what the bank booked (camt.054.001.08); exit 1 while something is open or unmatched")
    .option("--instructions <dir>", "the instructions, to compare line by line; wages need them")
    .option("--resolved <reference>", "a payment whose lines are right now, though others were booked before", collect)
    .action(async (files: string[], o: { instructions?: string; resolved?: string[] }, command: Command) => {
      const { confirm } = await import("./paymentActs.ts");
      return confirm(files, o, command);
    });
}

async function account(o: Trust & { name: string; account: string; openings: string; for: string }): Promise<void> {
  const { network } = trustedBy(o);
  const schema = o.for === "order" || o.for === "fund" ? schemas[o.for] : o.for;
  const opening = openAccount(schema, { name: o.name, account: o.account });
  const before = fs.existsSync(o.openings) ? readOpenings(readText(o.openings)) : [];
  saveOpenings(o.openings, [...before, opening]);
  const { root, size } = rootOf(network, opening);
  answer({ root: hex(root), size }, `{"root":"${hex(root)}","size":${size}}`);
}

async function instruct(fund: string, o: Trust & { openings: string[]; out: string; bic?: string }, command: Command): Promise<void> {
  const trusted = trustedBy(o);
  const ledger = await ledgerOf(globalsOf(command));
  const { network } = trusted;
  const opened = new Map<string, Opening>();
  for (const file of o.openings) for (const one of readOpenings(readText(file))) opened.set(hex(rootOf(network, one).root), one);
  const root = await proved<FundFields>("funds/fund", { fund });
  const debtor = accountIn(root.fields.account, `fund ${fund}`);
  const orders = new Map<string, ReturnType<typeof release>>();
  fs.mkdirSync(o.out, { recursive: true });
  const out = { written: 0, unchanged: 0, held: 0, waiting: 0 };
  const due: PaymentFields[] = [];
  for await (const { status, fields } of paymentsOf(ledger, fund)) if (status === "due") due.push(fields);
  let done = 0;
  await forEach(due, async ({ order: key, chunk, reference }) => {
    if (!orders.has(key)) orders.set(key, release(key));
    const order = await orders.get(key)!;
    if (order === "held" || order === "waiting") out[order]++;
    else {
      const payment = await proved<PaymentFields>("funds/payment", { order: key, chunk });
      if (payment.status !== "due") return;
      const message = painOf(instructionOf(payment.fields, order));
      out[write(path.join(o.out, `${reference}.xml`), message) ? "written" : "unchanged"]++;
    }
    if (++done % 100 === 0) progress(`${done} of ${due.length} payments`);
  });
  answer({ fund, ...out }, [
    `${green("✓")} ${out.written} instructions written to ${o.out}, ${out.unchanged} were there already`,
    ...(out.held > 0 ? [yellow(`  ${out.held} payments are stopped by a court or an auditor`)] : []),
    ...(out.waiting > 0 ? [dim(`  ${out.waiting} payments wait for their release`)] : []),
  ]);

  async function proved<F>(
    collection: string,
    parts: { readonly [part: string]: string | number },
  ): Promise<{ status: string; since: number; fields: F }> {
    const found = await provedRecord<F>(ledger, trusted, collection, parts);
    return (
      found ??
      refuse("record.unknown", { why: `there is no ${collection}/${Object.values(parts).join("/")}`, do: "check the name", exit: exits.no })
    );
  }
  /** The order, if it is proved to be released and nobody has stopped it, its contract, one above that or the fund. */
  async function release(key: string) {
    const order = await proved<OrderFields>("funds/order", { order: key });
    if (order.status !== "released") return "waiting";
    const { of, matter } = order.fields;
    const own = of === "funds" ? await contract(matter) : undefined;
    const above = await Promise.all((own?.above ?? []).map(contract));
    const stops = [order.fields, root.fields, ...(own === undefined ? [] : [own, ...above])].flatMap((it) => it.stops);
    return stops.length > 0 ? "held" : order;
  }
  async function contract(engagement: string) {
    return (await proved<{ stops: readonly string[]; above: readonly string[] }>("funds/engagement", { engagement })).fields;
  }
  function opening(sealed: SealedFields, what: string): Opening {
    return (
      opened.get(sealed.root) ??
      refuse("payment.unopened", { why: `no opening of ${what}`, do: "add --openings FILE of whoever sealed it" })
    );
  }
  function accountIn(sealed: SealedFields, what: string) {
    const it = opening(sealed, what);
    return "account" in it ? it.account : refuse("payment.mismatch", { why: `${what} is opened by wages`, do: "ask who sealed it" });
  }
  function instructionOf(payment: PaymentFields, order: { since: number; fields: OrderFields }) {
    const { reference, chunk } = payment;
    const what = `order ${payment.order}/${chunk}`;
    const amount = BigInt(payment.total);
    const it = payment.wages === undefined ? undefined : opening(payment.wages, what);
    if (it !== undefined && !("wages" in it))
      return refuse("payment.mismatch", { why: `${what} is opened by an account`, do: "ask who sealed it" });
    const lines = it === undefined ? [{ ...accountIn(order.fields.account!, what), amount }] : it.wages;
    const sum = lines.reduce((all, line) => all + line.amount, 0n);
    if (reference !== referenceOf(network, payment.order, chunk) || sum !== amount || lines.length !== payment.count)
      return refuse("payment.mismatch", {
        why: `${what} is of ${amount} to ${payment.count}, what was opened is of ${sum} to ${lines.length}`,
        do: "have a key-holder or an auditor stop the order, and ask who listed it",
      });
    const { currency, bank } = root.fields;
    return {
      reference,
      order: payment.order,
      released: order.since,
      currency,
      debtor,
      bank: o.bic ?? bank,
      wages: it !== undefined,
      lines,
    };
  }
}

/** Writes a message; true if it was not there. One that is there has the same bytes. */
function write(file: string, message: string): boolean {
  try {
    fs.writeFileSync(file, message, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    const same = equalBytes(new Uint8Array(fs.readFileSync(file)), new TextEncoder().encode(message));
    if (!same)
      refuse("check.failed", { why: `${file} is there and says something else`, do: "find out who wrote it; nothing was overwritten" });
    return false;
  }
}
