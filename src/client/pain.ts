// Payment instructions for banks: ISO 20022 pain.001.001.09, one message a payment. Owns their form. The same payment gives the same bytes, whoever makes them at
// whichever node and however often: its message id is the payment's reference, its time that of the order's release, so a bank that knows it will not pay again.
// Does not own: which payments are due (funds), to whom they go (payments.ts).

import { XMLBuilder, XMLParser } from "fast-xml-parser";
import { LedgerError } from "../base/errors.ts";
import { decimalOf, unitsOf } from "./currency.ts";
import { checkDestination, type Destination, isIban } from "./payments.ts";

export interface Instruction {
  readonly reference: string;
  /** The order's key: what the payee reads. */
  readonly order: string;
  /** When the order was released, ms since 1970. */
  readonly released: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly debtor: Destination;
  /** The debtor's bank: a BIC, or the bank's own name for itself. */
  readonly bank: string;
  /** Wages are booked as one entry, and marked as salaries. */
  readonly wages: boolean;
  /** What each line pays; in the smallest unit. */
  readonly lines: readonly (Destination & { readonly amount: bigint })[];
}

const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
const MAX_DIGITS = 10n ** 18n;
const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@", suppressEmptyNode: true, format: true, indentBy: " " });

/** `reference`, or `reference-line` of several. */
export const endToEndOf = ({ reference, wages }: Pick<Instruction, "reference" | "wages">, line: number): string =>
  wages ? `${reference}-${line}` : reference;

/** The message. Throws `iso20022.amount`, `payment.account`, `payment.text`. */
export function painOf(it: Instruction): string {
  const total = it.lines.reduce((sum, { amount }) => sum + amount, 0n);
  if (!/^[A-Z]{3}$/.test(it.currency)) throw new LedgerError("iso20022.amount", { currency: it.currency });
  for (const amount of [total, ...it.lines.map((line) => line.amount)])
    if (amount <= 0n || amount >= MAX_DIGITS) throw new LedgerError("iso20022.amount", { amount: `${amount}`, digits: 18 });
  for (const to of [it.debtor, ...it.lines]) checkDestination(to);
  const time = new Date(it.released).toISOString();
  const sums = { NbOfTxs: `${it.lines.length}`, CtrlSum: decimalOf(total, it.currency) };
  const document = {
    "@xmlns": NAMESPACE,
    CstmrCdtTrfInitn: {
      GrpHdr: { MsgId: it.reference, CreDtTm: time, ...sums, InitgPty: { Nm: it.debtor.name } },
      PmtInf: {
        PmtInfId: it.reference,
        PmtMtd: "TRF",
        BtchBookg: it.wages ? "true" : "false",
        ...sums,
        ...(it.wages ? { PmtTpInf: { CtgyPurp: { Cd: "SALA" } } } : {}),
        ReqdExctnDt: { Dt: time.slice(0, 10) },
        Dbtr: { Nm: it.debtor.name },
        DbtrAcct: { Id: accountOf(it.debtor), Ccy: it.currency },
        DbtrAgt: { FinInstnId: bankOf(it.bank) },
        CdtTrfTxInf: it.lines.map((to, i) => ({
          PmtId: { EndToEndId: endToEndOf(it, i) },
          Amt: { InstdAmt: { "@Ccy": it.currency, "#text": decimalOf(to.amount, it.currency) } },
          Cdtr: { Nm: to.name },
          CdtrAcct: { Id: accountOf(to) },
          RmtInf: { Ustrd: it.order },
        })),
      },
    },
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ Document: document })}`;
}

const accountOf = ({ account }: Destination): object => (isIban(account) ? { IBAN: account } : { Othr: { Id: account } });
const bankOf = (bank: string): object =>
  /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(bank) ? { BICFI: bank } : { Othr: { Id: bank } };

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => name === "CdtTrfTxInf",
});
/** What an instruction of ours says of each line: amounts by their end-to-end id. Throws `iso20022.malformed`. */
export function linesOf(xml: string): {
  readonly reference: string;
  readonly currency: string;
  readonly lines: ReadonlyMap<string, bigint>;
} {
  let currency = "";
  try {
    const information = parser.parse(xml).Document.CstmrCdtTrfInitn.PmtInf;
    const lines = new Map<string, bigint>();
    for (const { PmtId, Amt } of information.CdtTrfTxInf) {
      currency = Amt.InstdAmt["@Ccy"];
      lines.set(PmtId.EndToEndId, unitsOf(Amt.InstdAmt["#text"], currency) ?? refuse());
    }
    return { reference: information.PmtInfId, currency, lines };
  } catch (cause) {
    throw new LedgerError("iso20022.malformed", { message: "pain.001.001.09" }, cause);
  }
}
function refuse(): never {
  throw new LedgerError("iso20022.amount", {});
}
