// What goes to a bank and what comes back: instructions that are the same whoever makes them and valid by ISO 20022's schema, confirmations that hold together or
// are refused, and their match – never by guess.

import { existsSync, readFileSync } from "node:fs";
import { XmlDocument, XsdValidator } from "libxml2-wasm";
import { describe, expect, it } from "vitest";
import { hex } from "../../../src/base/bytes.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { readCamt } from "../../../src/client/camt.ts";
import { decimalOf, unitsOf } from "../../../src/client/currency.ts";
import { match, type Payment, referencesIn } from "../../../src/client/matching.ts";
import { endToEndOf, type Instruction, linesOf, painOf } from "../../../src/client/pain.ts";
import { isIban, openAccount, openWages, readOpenings, referenceOf, rootOf, schemas, writeOpenings } from "../../../src/client/payments.ts";
import { bankBooks, type BookedEntry, camtOf } from "./bankMessages.ts";

const network = new Uint8Array(32).fill(1);
const iban = "DE89370400440532013000";
const code = (run: () => unknown): string => {
  try {
    run();
    return "nothing";
  } catch (error) {
    return error instanceof LedgerError ? error.code : String(error);
  }
};

const single: Instruction = {
  reference: referenceOf(network, "o1", 0),
  order: "o1",
  released: Date.UTC(2027, 0, 4, 9, 30),
  currency: "EUR",
  debtor: { name: "City & Sons <Treasury>", account: iban },
  bank: "COBADEFFXXX",
  wages: false,
  lines: [{ name: "Bäckerei „Ümläut“ GmbH", account: "12-345/67", amount: 20_000_001n }],
};
const workers = Array.from({ length: 256 }, (_, i) => ({
  worker: `w-${i}`,
  name: `Worker ${i}`,
  account: `ACC-${i}`,
  amount: BigInt(1_000 + i),
}));
const payroll: Instruction = {
  ...single,
  reference: referenceOf(network, "o2", 7),
  order: "o2",
  wages: true,
  bank: "citybank",
  lines: workers,
};

describe("an instruction", () => {
  it("is the same bytes each time, named by network, order and list, in 35 characters", () => {
    expect(painOf(single)).toBe(painOf({ ...single, lines: [...single.lines] }));
    expect(painOf(single)).toContain('<InstdAmt Ccy="EUR">200000.01</InstdAmt>');
    expect(painOf(single)).toContain("City &amp; Sons &lt;Treasury&gt;");
    expect(endToEndOf(payroll, 255)).toHaveLength(34);
    expect(referenceOf(new Uint8Array(32), "o1", 0)).not.toBe(single.reference);
    expect(linesOf(painOf(payroll)).lines.get(`${payroll.reference}-255`)).toBe(1_255n);
  });

  const schema = new URL("../../../../shared/data/iso20022/pain.001.001.09.xsd", import.meta.url);
  it.skipIf(!existsSync(schema))("is valid by the schema of ISO 20022 (skipped without ../shared/data)", () => {
    const xsd = XmlDocument.fromBuffer(readFileSync(schema));
    const validator = XsdValidator.fromDoc(xsd);
    const valid = (xml: string): string => {
      const document = XmlDocument.fromString(xml);
      try {
        validator.validate(document);
        return "valid";
      } catch (error) {
        return String(error);
      } finally {
        document.dispose();
      }
    };
    for (const message of [single, payroll, { ...single, currency: "JPY" }, { ...single, currency: "KWD" }])
      expect(valid(painOf(message))).toBe("valid");
    const largest = {
      ...single,
      lines: [{ ...single.lines[0]!, name: "n".repeat(140), account: "a".repeat(34), amount: 10n ** 18n - 1n }],
    };
    expect(valid(painOf(largest))).toBe("valid");
    expect(valid(painOf(single).replace("<PmtMtd>TRF", "<PmtMtd>XXX"))).not.toBe("valid");
    validator.dispose();
    xsd.dispose();
  });

  it("is not made where an amount, an account or a name is none", () => {
    const to = (more: object) => ({ ...single, lines: [{ ...single.lines[0]!, ...more }] });
    expect(code(() => painOf(to({ amount: 10n ** 18n })))).toBe("iso20022.amount");
    expect(code(() => painOf(to({ amount: 0n })))).toBe("iso20022.amount");
    expect(code(() => painOf({ ...single, currency: "eur" }))).toBe("iso20022.amount");
    expect(code(() => painOf(to({ account: "DE89370400440532013001" })))).toBe("payment.account");
    expect(code(() => painOf(to({ account: "a".repeat(35) })))).toBe("payment.account");
    expect(code(() => painOf(to({ name: "line\nbreak" })))).toBe("payment.text");
    expect(code(() => painOf(to({ name: "" })))).toBe("payment.text");
    expect(code(() => painOf(to({ name: "\ud800" })))).toBe("payment.text");
    expect(isIban("GB82WEST12345698765432")).toBe(true);
    expect(isIban("GB82WEST12345698765433")).toBe(false);
    expect(code(() => linesOf("<x/>"))).toBe("iso20022.malformed");
  });

  it("states amounts in the currency's own unit, both ways", () => {
    for (const [units, currency, text] of [
      [5n, "EUR", "0.05"],
      [123n, "JPY", "123"],
      [1_234n, "KWD", "1.234"],
      [0n, "EUR", "0.00"],
      [-5n, "EUR", "-0.05"],
    ] as const) {
      expect(decimalOf(units, currency)).toBe(text);
      expect(unitsOf(text, currency)).toBe(units);
    }
    expect(unitsOf("1.001", "EUR")).toBeUndefined();
    expect(unitsOf("1.5", "JPY")).toBeUndefined();
    expect(unitsOf("1e3", "EUR")).toBeUndefined();
  });
});

describe("a seal", () => {
  it("is opened by its file, and by no other", () => {
    const account = openAccount(schemas.order, { name: "Ann", account: iban });
    const lists = openWages([...workers, { ...workers[0]!, worker: "w-256" }]);
    expect(lists.map(({ wages }) => wages.length)).toEqual([256, 1]);
    const again = readOpenings(writeOpenings([account, ...lists]));
    for (const [i, one] of [account, ...lists].entries()) expect(hex(rootOf(network, again[i]!).root)).toBe(hex(rootOf(network, one).root));
    expect(rootOf(network, account).size).toBe(2);
    expect(rootOf(network, lists[1]!).size).toBe(257); // how many there are does not show
    expect(hex(rootOf(network, { ...account, account: { name: "Ann", account: "other" } }).root)).not.toBe(
      hex(rootOf(network, account).root),
    );
    expect(hex(rootOf(new Uint8Array(32), account).root)).not.toBe(hex(rootOf(network, account).root));
  });

  it("is not made of a worker twice, of nothing, or of an account that cannot be", () => {
    expect(code(() => openWages([workers[0]!, workers[0]!]))).toBe("payment.mismatch");
    expect(code(() => openWages([{ ...workers[0]!, amount: 0n }]))).toBe("payment.mismatch");
    expect(code(() => openAccount(schemas.fund, { name: "A", account: "DE00370400440532013000" }))).toBe("payment.account");
    for (const text of ["{}", "[", '{"format":"chancery-openings/1","openings":[{"schema":"a","secret":"00"}]}']) {
      expect(code(() => readOpenings(text))).toBe("document.malformed");
    }
  });
});

describe("a bank's notification", () => {
  const entry: BookedEntry = { reference: "BK-1", lines: [{ endToEnd: single.reference, amount: 20_000_001n }] };
  const good = camtOf([entry]);

  it("is read entry by entry, in integers", () => {
    expect(readCamt(good)).toEqual([
      {
        ...{ status: "BOOK", direction: "out", amount: 20_000_001n, currency: "EUR", reference: "BK-1", batchOf: undefined },
        transactions: [{ endToEnd: single.reference, information: undefined, amount: 20_000_001n, reference: undefined }],
      },
    ]);
    const prefixed = good.replaceAll("<", "<b:").replaceAll("<b:/", "</b:").replace("<b:?", "<?").replace("xmlns=", "xmlns:b=");
    expect(readCamt(prefixed)).toEqual(readCamt(good));
    expect(readCamt(good.replace("<BookgDt>", "<RvslInd>true</RvslInd><BookgDt>"))[0]!.direction).toBe("in");
    expect(readCamt(good.replace(single.reference, "a&amp;b"))[0]!.transactions[0]!.endToEnd).toBe("a&b");
  });

  it.each([
    ["of another version", good.replace("camt.054.001.08", "camt.054.001.02")],
    ["of another message", good.replaceAll("BkToCstmrDbtCdtNtfctn", "BkToCstmrStmt")],
    ["with a document type", good.replace("<Document", '<!DOCTYPE x [<!ENTITY a "aaaa">]><Document')],
    ["that is cut off", good.slice(0, -40)],
    ["without its id", good.replace("<MsgId>N1</MsgId>", "")],
    ["without an account", good.replace(/<Acct>.*<\/Acct>/, "")],
    ["without a status", good.replace(/<Sts>.*<\/Sts>/, "")],
    ["of no direction", good.replaceAll("DBIT", "BOTH")],
    ["whose transactions make another sum", camtOf([entry]).replace('<Amt Ccy="EUR">200000.01</Amt>', '<Amt Ccy="EUR">200000.02</Amt>')],
    ["of two currencies", good.replace(/(TxDtls>.*)EUR/, "$1USD")],
    ["against its entry's direction", good.replace(/(TxDtls>.*)DBIT/, "$1CRDT")],
    ["of more than it tells", good.replace("<NtryDtls>", "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>")],
    ["that is empty", ""],
  ])("%s is refused", (_, xml) => {
    expect(code(() => readCamt(xml))).toBe("iso20022.malformed");
  });

  it.each(["-1.00", "0.00", "1.001", "1,00", "", "1e5"])('of an amount "%s" is refused', (amount) => {
    expect(code(() => readCamt(good.replaceAll("200000.01", amount)))).toMatch(/^iso20022\.(amount|malformed)$/);
  });
});

describe("the match", () => {
  const payments = new Map<string, Payment>([
    [single.reference, { order: "o1", chunk: 0, currency: "EUR", wages: false, differs: false, lines: linesOf(painOf(single)).lines }],
    [payroll.reference, { order: "o2", chunk: 7, currency: "EUR", wages: true, differs: false, lines: linesOf(painOf(payroll)).lines }],
  ]);
  const matched = (entries: readonly BookedEntry[], more: ReadonlyMap<string, Payment> = payments, resolved: string[] = []) =>
    match(readCamt(camtOf(entries)), (reference) => more.get(reference), new Set(resolved));
  const paid = (amount: bigint, more: object = {}): BookedEntry => ({
    reference: "BK-1",
    lines: [{ endToEnd: single.reference, amount }],
    ...more,
  });

  it("is by reference, whatever the amount: that is for the rules to judge", () => {
    const { bookings } = matched([paid(20_000_001n), paid(5n, { reference: "BK-2" }), paid(7n, { reference: "BK-3", direction: "CRDT" })]);
    expect(bookings.map(({ act, order, amount, reference, differs }) => [act, order, amount, reference, differs])).toEqual([
      ["confirm", "o1", 20_000_001n, "BK-1", false],
      ["confirm", "o1", 5n, "BK-2", false], // of one line the sum says it all
      ["bounce", "o1", 7n, "BK-3", false],
    ]);
  });

  it("takes wages as one booking, and looks at each line", () => {
    const [entry] = bankBooks([painOf(payroll)]) as [BookedEntry];
    const total = workers.reduce((sum, { amount }) => sum + amount, 0n);
    expect(matched([entry]).bookings).toEqual([
      { act: "confirm", order: "o2", chunk: 7, amount: total, reference: "BK-0", differs: false, currency: "EUR" },
    ]);
    const swapped = { ...entry, lines: entry.lines.map((line, i) => ({ ...line, amount: entry.lines[i < 2 ? 1 - i : i]!.amount })) };
    expect(matched([swapped]).bookings).toMatchObject([{ amount: total, differs: true }]);
    const twice = { ...entry, lines: [...entry.lines.slice(1), entry.lines[1]!] };
    expect(matched([twice]).bookings).toMatchObject([{ differs: true }]);
    const unread = new Map([[payroll.reference, { ...payments.get(payroll.reference)!, lines: undefined }]]);
    expect(matched([entry], unread).unmatched).toMatchObject([{ why: "no_instruction", payment: payroll.reference }]);
  });

  it("remembers that lines differed until a person says that they are right", () => {
    const [entry] = bankBooks([painOf(payroll)]) as [BookedEntry];
    const one = { ...entry, lines: [entry.lines[3]!] };
    const differing = new Map([[payroll.reference, { ...payments.get(payroll.reference)!, differs: true }]]);
    expect(matched([one], differing).bookings).toMatchObject([{ differs: true }]);
    expect(matched([one], differing, [payroll.reference]).bookings).toMatchObject([{ differs: false }]);
  });

  it("leaves for a person what has no reference, one that nobody knows, another currency, or is not booked", () => {
    const { bookings, unmatched, announced } = matched([
      { reference: "BK-1", lines: [{ endToEnd: "NOTPROVIDED", amount: 5n }] },
      { reference: "BK-2", lines: [{ endToEnd: referenceOf(network, "none", 0), amount: 5n }] },
      paid(5n, { reference: "BK-3", currency: "USD" }),
      paid(5n, { reference: "BK-4", status: "PDNG" }),
      paid(5n, { reference: "x".repeat(36) }),
    ]);
    expect(bookings).toEqual([]);
    expect(unmatched.map(({ why }) => why)).toEqual(["no_reference", "unknown_payment", "other_currency", "no_bank_reference"]);
    expect(announced).toBe(1);
  });

  it("tells apart payments that a bank booked together", () => {
    const together = { reference: "BK-9", lines: [...paid(20_000_001n).lines, ...bankBooks([painOf(payroll)])[0]!.lines] };
    const { bookings } = matched([together]);
    expect(bookings.map(({ order }) => order)).toEqual(["o1", "o2"]);
    expect(new Set(bookings.map(({ reference }) => reference)).size).toBe(2);
    expect(referencesIn(readCamt(camtOf([together])))).toEqual([single.reference, payroll.reference]);
    expect(matched([together]).bookings).toEqual(bookings); // read again, they have the same references
  });
});
