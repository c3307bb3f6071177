// What a payment order keeps off the chain: to whom the money goes. Owns these sealed fields, which the contracts declare and a client opens to write the
// bank's file. Does not own: how leaves are made (engine/sealed.ts), orders (money/funds.ts).

import { each, money, object, sealed, text } from "../engine/index.ts";

/** A name as banks take it (ISO 20022 Max140Text), and an IBAN or another number of at most 34 characters. */
const destination = { name: text(140, 1), account: text(34, 1) };
/** An account: of a fund, or of whoever is paid. */
export const account = sealed(destination);
/** Wages that are paid together: one leaf each, so that a worker can be shown his own and nobody else's. */
export const MAX_WAGES = 256;
export const wages = sealed({ lines: each(object({ ...destination, worker: text(64, 1), amount: money }), MAX_WAGES) });
