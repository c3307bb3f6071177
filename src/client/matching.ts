// From what a bank booked to what is confirmed on the chain: each entry's transactions by payment, matched by reference. Owns which movement confirms which
// payment, and what stays open. Nothing is guessed: what has no reference, or one that nobody knows, or another currency, is left for a person. Does not own:
// reading the bank's file (camt.ts), the rule that another amount is an open item (funds).

import { hex, utf8 } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import { REFERENCE_LENGTH } from "../contracts/descriptors/payments.ts";
import type { Booked, Entry } from "./camt.ts";

/** A payment as the chain has it. */
export interface Payment {
  readonly order: string;
  readonly chunk: number;
  readonly currency: string;
  readonly wages: boolean;
  /** Recorded so far: among the lines booked are others than were ordered. */
  readonly differs: boolean;
  /** What was instructed, by end-to-end id. Needed for wages. */
  readonly lines?: ReadonlyMap<string, bigint> | undefined;
}
/** An act to hand in: funds.confirm or funds.bounce. */
export interface Booking {
  readonly act: "confirm" | "bounce";
  readonly order: string;
  readonly chunk: number;
  readonly amount: bigint;
  /** The bank's, at most 35 characters. */
  readonly reference: string;
  readonly differs: boolean;
  readonly currency: string;
}
export interface Unmatched {
  readonly why: "no_reference" | "unknown_payment" | "other_currency" | "no_instruction" | "no_bank_reference";
  readonly payment: string | undefined;
  readonly bankReference: string | undefined;
  readonly direction: "out" | "in";
  readonly amount: bigint;
  readonly currency: string;
}
export interface Matched {
  readonly bookings: readonly Booking[];
  readonly unmatched: readonly Unmatched[];
  /** Entries that are not booked (yet). */
  readonly announced: number;
}

const REFERENCE = new RegExp(`^([0-9a-f]{${REFERENCE_LENGTH}})(?:-[0-9]{1,3})?$`);
const paymentOf = ({ endToEnd, information }: Booked): string | undefined =>
  REFERENCE.exec(endToEnd ?? "")?.[1] ?? REFERENCE.exec(information ?? "")?.[1];

/** The references of payments that the booked entries name, each once: what `find` will be asked. */
export const referencesIn = (entries: readonly Entry[]): string[] =>
  [...new Set(entries.flatMap(({ status, transactions }) => (status === "BOOK" ? transactions.map(paymentOf) : [])))].filter(
    (reference) => reference !== undefined,
  );

/**
 * Matches all entries. `find` gives the payment of a reference, if there is one; `resolved` names payments whose lines a person has found right, though other
 * lines were booked for them before.
 */
export function match(
  entries: readonly Entry[],
  find: (reference: string) => Payment | undefined,
  resolved: ReadonlySet<string> = new Set(),
): Matched {
  const bookings: Booking[] = [];
  const unmatched: Unmatched[] = [];
  let announced = 0;
  const wrong = new Set<string>(); // payments whose lines were found to differ in this file
  for (const entry of entries) {
    if (entry.status !== "BOOK") {
      announced++;
      continue;
    }
    const groups = Map.groupBy(entry.transactions, paymentOf);
    for (const [payment, transactions] of groups) {
      const amount = transactions.reduce((sum, one) => sum + one.amount, 0n);
      const reference = bankReference(entry, transactions, groups.size === 1, payment);
      const leave = (why: Unmatched["why"]): void =>
        void unmatched.push({ why, payment, bankReference: reference, direction: entry.direction, amount, currency: entry.currency });
      if (payment === undefined) leave("no_reference");
      else {
        const known = find(payment);
        if (known === undefined) leave("unknown_payment");
        else if (known.currency !== entry.currency) leave("other_currency");
        else if (reference === undefined) leave("no_bank_reference");
        else if (known.wages && known.lines === undefined) leave("no_instruction");
        else {
          const { order, chunk } = known;
          if (
            entry.direction === "out" &&
            known.wages &&
            known.lines !== undefined &&
            !asInstructed(transactions, entry.batchOf, known.lines)
          )
            wrong.add(payment);
          const differs = wrong.has(payment) || (known.differs && !resolved.has(payment));
          const act = entry.direction === "out" ? "confirm" : "bounce";
          bookings.push({ act, order, chunk, amount, reference, differs, currency: entry.currency });
        }
      }
    }
  }
  return { bookings, unmatched, announced };
}

/** Each line is one that was instructed, for its amount, once. A batch without details stands for all of them. */
function asInstructed(transactions: readonly Booked[], batchOf: number | undefined, lines: ReadonlyMap<string, bigint>): boolean {
  if (transactions.length === 1 && transactions[0]!.endToEnd === undefined) return batchOf === undefined || batchOf === lines.size;
  const ids = new Set(transactions.map(({ endToEnd }) => endToEnd));
  return ids.size === transactions.length && transactions.every(({ endToEnd, amount }) => lines.get(endToEnd ?? "") === amount);
}

/** The bank's reference for these transactions: the entry's if they are all of it, their own if it is one; else both entry and payment, hashed. */
function bankReference(
  { reference }: Entry,
  transactions: readonly Booked[],
  whole: boolean,
  payment: string | undefined,
): string | undefined {
  const own = transactions.length === 1 ? transactions[0]!.reference : undefined;
  const given = whole
    ? (reference ?? own)
    : (own ?? (reference === undefined ? undefined : hex(sha256(utf8(`${reference} ${payment}`))).slice(0, 34)));
  return given !== undefined && Array.from(given).length <= 35 ? given : undefined;
}
