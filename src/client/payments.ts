// To whom payments go: the sealed parts of funds and orders, and the openings by which whoever made them can show them to a bank. The chain keeps a root; an
// opening keeps the secret and the fields, off the chain. Owns seals, openings and the references of payments. Does not own: the bank's files (pain.ts, camt.ts).

import { type Bytes, hex, unhex } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { generateSeed } from "../base/signature.ts";
import { destination, MAX_WAGES, REFERENCE_LENGTH, referenceBytes, wageLines } from "../contracts/descriptors/payments.ts";
import { seal } from "../contracts/engine/sealed.ts";

export interface Destination {
  readonly name: string;
  /** An IBAN, or another number. */
  readonly account: string;
}
export interface Wage extends Destination {
  /** Who it is for, in the employer's books. */
  readonly worker: string;
  /** In the smallest unit. */
  readonly amount: bigint;
}
/** What was sealed, and what opens it. `schema` is where the sealed part stands, as its leaves say. */
export type Opening = { readonly schema: string; readonly secret: Bytes } & (
  | { readonly account: Destination }
  | { readonly wages: readonly Wage[] }
);
export const schemas = {
  fund: "funds/fund/account@1",
  order: "funds/order/account@1",
  wages: "funds/payment/wages@1",
} as const;

/** The root that an opening opens: compare it with the record's. */
export function rootOf(network: Bytes, opening: Opening): { readonly root: Bytes; readonly size: number } {
  const { schema, secret } = opening;
  if ("account" in opening) {
    const { name, account } = opening.account;
    return seal({ network, secret, schema, fields: destination, values: { name, account } });
  }
  const lines = opening.wages.map(({ name, account, worker, amount }) => ({ name, account, worker, amount }));
  return seal({ network, secret, schema, fields: wageLines, values: { lines } });
}

/** Seals an account, with a fresh secret. Throws `payment.account` or `payment.text` for what no bank takes. */
export function openAccount(schema: string, to: Destination): Opening {
  checkDestination(to);
  return { schema, secret: generateSeed(), account: to };
}

/** Seals wages in lists of 256. A worker stands in them once. Throws `payment.…`. */
export function openWages(wages: readonly Wage[]): (Opening & { readonly wages: readonly Wage[] })[] {
  const seen = new Set<string>();
  for (const wage of wages) {
    checkDestination(wage);
    if (wage.amount <= 0n) throw new LedgerError("payment.mismatch", { worker: wage.worker, amount: wage.amount });
    if (seen.has(wage.worker)) throw new LedgerError("payment.mismatch", { worker: wage.worker, twice: true });
    seen.add(wage.worker);
  }
  return Array.from({ length: Math.ceil(wages.length / MAX_WAGES) }, (_, i) => ({
    schema: schemas.wages,
    secret: generateSeed(),
    wages: wages.slice(i * MAX_WAGES, (i + 1) * MAX_WAGES),
  }));
}

/** Names the payment at the bank. */
export function referenceOf(network: Bytes, order: string, chunk: number): string {
  return hex(sha256(referenceBytes(network, order, chunk))).slice(0, REFERENCE_LENGTH);
}

/** An IBAN by its form and check digits (ISO 13616, ISO 7064 MOD 97-10). */
export function isIban(account: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Za-z0-9]{11,30}$/.test(account)) return false;
  let rest = 0;
  for (const c of account.slice(4) + account.slice(0, 4))
    for (const digit of String(Number.parseInt(c, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}

/** Throws `payment.account` for an IBAN whose check digits are wrong, `payment.text` for what no message can hold. */
export function checkDestination({ name, account }: Destination): void {
  for (const text of [name, account])
    if (!text.isWellFormed() || /[\p{Cc}\ufffe\uffff]/u.test(text) || text.trim() !== text || text === "")
      throw new LedgerError("payment.text", { text });
  if (Array.from(name).length > 140) throw new LedgerError("payment.text", { name, longest: 140 });
  if (Array.from(account).length > 34) throw new LedgerError("payment.account", { account, longest: 34 });
  if (/^[A-Z]{2}\d{2}[A-Za-z0-9]{11,30}$/.test(account) && !isIban(account))
    throw new LedgerError("payment.account", { account, reason: "the check digits of the IBAN are wrong" });
}

// ── at rest ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const FORMAT = "chancery-openings/1";
type Loose = Readonly<Record<string, unknown>> | null | undefined;

/** Openings as a file keeps them. Whoever has it knows the accounts: keep it as a secret. */
export function writeOpenings(openings: readonly Opening[]): string {
  const shown = openings.map((opening) => ({
    ...opening,
    secret: hex(opening.secret),
    ...("wages" in opening ? { wages: opening.wages.map((wage) => ({ ...wage, amount: `${wage.amount}` })) } : {}),
  }));
  return `${JSON.stringify({ format: FORMAT, openings: shown }, undefined, 1)}\n`;
}

/** Throws `document.malformed`. */
export function readOpenings(text: string): Opening[] {
  const refuse = (at: string): never => {
    throw new LedgerError("document.malformed", { format: FORMAT, at });
  };
  let file: Loose;
  try {
    file = JSON.parse(text) as Loose;
  } catch (cause) {
    throw new LedgerError("document.malformed", { format: FORMAT }, cause);
  }
  if (file?.format !== FORMAT || !Array.isArray(file.openings)) return refuse("format");
  return file.openings.map((it: Loose, i: number): Opening => {
    if (typeof it?.schema !== "string" || typeof it.secret !== "string" || !/^[0-9a-f]{64}$/.test(it.secret)) return refuse(`${i}`);
    const terms = { schema: it.schema, secret: unhex(it.secret) };
    if (Array.isArray(it.wages))
      return { ...terms, wages: it.wages.map((wage: unknown, j: number) => wageOf(wage) ?? refuse(`${i}/${j}`)) };
    return { ...terms, account: destinationOf(it.account) ?? refuse(`${i}/account`) };
  });
}

function destinationOf(json: unknown): Destination | undefined {
  const { name, account } = (json ?? {}) as Record<string, unknown>;
  return typeof name === "string" && typeof account === "string" ? { name, account } : undefined;
}
/** A wage of JSON: {"worker", "name", "account", "amount": decimal text in the smallest unit}. */
export function wageOf(json: unknown): Wage | undefined {
  const to = destinationOf(json);
  const { worker, amount } = (json ?? {}) as Record<string, unknown>;
  if (to === undefined || typeof worker !== "string" || typeof amount !== "string" || !/^(0|[1-9]\d{0,18})$/.test(amount)) return undefined;
  return { ...to, worker, amount: BigInt(amount) };
}
