// A bank for tests: reads instructions as a bank does, books them, and notifies by camt.054.001.08.

import { decimalOf } from "../../../src/client/currency.ts";
import { linesOf } from "../../../src/client/pain.ts";

export interface BookedLine {
  readonly endToEnd?: string;
  readonly amount: bigint;
}
export interface BookedEntry {
  readonly reference: string;
  readonly lines: readonly BookedLine[];
  readonly direction?: "DBIT" | "CRDT";
  readonly status?: string;
  readonly currency?: string;
  readonly more?: string;
}

/** A notification of these entries. */
export function camtOf(entries: readonly BookedEntry[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>N1</MsgId><CreDtTm>2027-01-05T08:00:00Z</CreDtTm></GrpHdr>
<Ntfctn><Id>N1-1</Id><Acct><Id><Othr><Id>CITY-1</Id></Othr></Id></Acct>
${entries.map(entry).join("\n")}
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
`;
}

function entry({ reference, lines, direction = "DBIT", status = "BOOK", currency = "EUR", more = "" }: BookedEntry): string {
  const amount = (sum: bigint): string => `<Amt Ccy="${currency}">${decimalOf(sum, currency)}</Amt>`;
  const total = lines.reduce((sum, line) => sum + line.amount, 0n);
  const told = lines.filter((line) => line.endToEnd !== undefined);
  const details = told.map(
    (line) =>
      `<TxDtls><Refs><EndToEndId>${line.endToEnd}</EndToEndId></Refs>${amount(line.amount)}<CdtDbtInd>${direction}</CdtDbtInd></TxDtls>`,
  );
  return `<Ntry>${amount(total)}<CdtDbtInd>${direction}</CdtDbtInd><Sts><Cd>${status}</Cd></Sts><BookgDt><Dt>2027-01-05</Dt></BookgDt><AcctSvcrRef>${reference}</AcctSvcrRef><BkTxCd/>${
    told.length === 0 ? "" : `<NtryDtls>${details.join("")}</NtryDtls>`
  }${more}</Ntry>`;
}

/** Books instructions, each as one entry. */
export function bankBooks(instructions: readonly string[], prefix = "BK"): BookedEntry[] {
  return instructions.map((xml, i) => {
    const { currency, lines } = linesOf(xml);
    return { reference: `${prefix}-${i}`, currency, lines: [...lines].map(([endToEnd, amount]) => ({ endToEnd, amount })) };
  });
}
