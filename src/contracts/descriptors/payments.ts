// What a payment order keeps off the chain: to whom the money goes. Owns these sealed fields, which the contracts declare and a client opens to write the
// bank's file. Does not own: how leaves are made (engine/sealed.ts), orders (money/funds.ts).

import { type Bytes, concat, utf8 } from "../../base/bytes.ts";
import { each, money, object, sealed, text } from "../engine/index.ts";

/** What is hashed (SHA-256) for the name of a payment at the bank: its first 30 hex digits. With a line's number it fits ISO 20022's 35 characters. */
export const referenceBytes = (network: Bytes, order: string, chunk: number): Bytes => concat(network, utf8(`payment ${order}/${chunk}`));
export const REFERENCE_LENGTH = 30;

/** A name as banks take it (ISO 20022 Max140Text), and an IBAN or another number of at most 34 characters. */
export const destination = { name: text(140, 1), account: text(34, 1) };
/** An account: of a fund, or of whoever is paid. */
export const account = sealed(destination);
/** Wages that are paid together: one leaf each, so that a worker can be shown his own and nobody else's. */
export const MAX_WAGES = 256;
export const wageLines = { lines: each(object({ ...destination, worker: text(64, 1), amount: money }), MAX_WAGES) };
export const wages = sealed(wageLines);
