// What the commands of `payments` share: the rows they read, and their files. Owns how openings are kept and instructions found. Does not own: the commands
// (payments.ts, paymentActs.ts), the forms of files (client/payments, client/pain).

import fs from "node:fs";
import path from "node:path";
import type { Ledger } from "../client/index.ts";
import { linesOf } from "../client/pain.ts";
import { type Opening, writeOpenings } from "../client/payments.ts";
import { readText } from "./globals.ts";

export interface Trust {
  readonly genesis?: string;
  readonly anchor?: string;
}
export interface SealedFields {
  readonly root: string;
  readonly size: number;
}
export interface OrderFields {
  readonly order: string;
  readonly fund: string;
  readonly of: string;
  readonly matter: string;
  readonly payee: string;
  readonly amount: string;
  readonly account?: SealedFields;
  readonly chunks: number;
  readonly stops: readonly string[];
}
export interface PaymentFields {
  readonly order: string;
  readonly chunk: number;
  readonly fund: string;
  readonly reference: string;
  readonly total: string;
  readonly count: number;
  readonly differs: boolean;
  readonly wages?: SealedFields;
}
export interface FundFields {
  readonly bank: string;
  readonly currency: string;
  readonly account: SealedFields;
  readonly stops: readonly string[];
}

/** Replaces a file of secrets: readable by its owner, on disk before it counts. */
export function saveOpenings(file: string, openings: readonly Opening[]): void {
  const fresh = `${file}.new`;
  const descriptor = fs.openSync(fresh, "w", 0o600);
  fs.writeSync(descriptor, writeOpenings(openings));
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  fs.renameSync(fresh, file);
}

/** All payments of a fund, as the node lists them. */
export async function* paymentsOf(ledger: Ledger, fund: string): AsyncGenerator<{ status: string; fields: PaymentFields }> {
  let after: string | undefined;
  do {
    const page = await ledger.list("funds/payment", { find: { fund }, limit: 500, ...(after === undefined ? {} : { after }) });
    for (const { status, fields } of page.items) yield { status, fields: fields as unknown as PaymentFields };
    after = page.next ?? undefined;
  } while (after !== undefined);
}

/** The lines of an instruction that was written, if it is there. */
export function instructed(directory: string | undefined, reference: string): ReadonlyMap<string, bigint> | undefined {
  if (directory === undefined) return undefined;
  const file = path.join(directory, `${reference}.xml`);
  return fs.existsSync(file) ? linesOf(readText(file)).lines : undefined;
}

/** Requests under way at once: what a node takes of one address, and some to spare. */
const AT_ONCE = 32;
/** Does something for each, several at once; answers in their order. */
export async function forEach<T, O>(items: readonly T[], run: (item: T) => Promise<O>): Promise<O[]> {
  const out: O[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) out[i] = await run(items[i]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return out;
}
