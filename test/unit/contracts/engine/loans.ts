// A contract for the engine's tests that uses every word: a library that lends, reminds, fines and forgives. It would pass review as a real one.

import {
  agency,
  anyone,
  bytes,
  contract,
  count,
  days,
  each,
  flag,
  hash,
  id,
  json,
  list,
  money,
  object,
  oneOf,
  optional,
  party,
  person,
  range,
  record,
  sealed,
  signed,
  signs,
  text,
  time,
  type Tx,
} from "../../../../src/contracts/engine/index.ts";
import { move } from "./points.ts";

export const books = record("book", {
  title: "A book",
  key: ["shelf", "number"],
  fields: {
    shelf: id,
    number: count,
    isbn: text(17),
    title: text(200),
    owner: agency,
    tags: list(id, 8),
    cover: optional(hash),
    about: json(512),
    size: object({ height: range(1, 1_000), thick: flag, note: optional(text(40)) }),
    notes: sealed({ donor: text(100), price: money, letters: each(text(200), 3), place: object({ room: id, row: optional(count) }) }),
  },
  states: { here: ["lent", "gone"], lent: ["here", "gone"], gone: [] },
  unique: ["isbn"],
  find: ["owner", "tags", "status"],
  scan: true,
  read: "public",
});
export const loans = record("loan", {
  title: "A loan",
  key: ["loan"],
  fields: {
    loan: id,
    shelf: id,
    number: count,
    reader: person,
    until: time,
    reminders: count,
    fine: money,
    mark: optional(bytes(300)),
    balance: signed,
  },
  states: { running: ["ended"], ended: [] },
  ordered: ["reader", "until"],
  find: ["reader"],
  read: ["reader"],
});

const library = contract("library", {
  title: "The library",
  purpose: "Books come back.",
  records: [books, loans],
  sector: "city",
  roles: { librarian: "Keeps the shelves, per shelf", teller: "Takes fines" },
  rules: {
    lent_out: "A lent book is not lent again.",
    too_many: "A reader has at most three loans.",
    fine_open: "Who owes a fine pays it first.",
    seal_broken: "A mark is the library's.",
    reader_unknown: "Readers are known.",
  },
  flags: { very_old: "A book of another century." },
});

export const shelve = library.action({
  title: "Put a book on a shelf",
  by: { librarian: { role: "librarian", scope: (a) => a.shelf } },
  input: { ...books.fields, owner: optional(agency), proof: optional(bytes(8)) },
  rules: ["seal_broken"],
  proofs: {
    seal_broken(args) {
      if (args.proof?.length === 3) throw new TypeError("a predicate that breaks");
      return args.proof?.[0] !== 1;
    },
  },
  run(tx, { proof: _proof, ...book }) {
    tx.create(books, { ...book, owner: book.owner ?? tx.signer("librarian") });
    if (book.number < 100) tx.flag("very_old");
  },
});

export const lend = library.action({
  title: "Lend a book",
  by: { reader: signs("the reader"), librarian: { role: "librarian", scope: ({ shelf }, tx) => tx.get(books, shelf, 1).shelf } },
  input: { loan: id, shelf: id, number: count, reader: person },
  rules: ["lent_out", "too_many", "fine_open", "reader_unknown"],
  run(tx, { loan, shelf, number, reader }) {
    tx.signed("reader", reader);
    tx.require(tx.known(reader), "reader_unknown");
    const book = tx.get(books, shelf, number);
    tx.require(book.$.status === "here", "lent_out", { since: book.$.since });
    const others = tx.ordered(loans, [reader], 10);
    tx.require(others.filter((l) => l.$.status === "running").length < 3, "too_many");
    tx.require(
      others.every((l) => l.fine === 0n),
      "fine_open",
    );
    tx.move(book, "lent");
    tx.create(loans, { loan, shelf, number, reader, until: tx.time + days(14), reminders: 0, fine: 0n, balance: 0 });
  },
});

export const giveBack = library.action({
  title: "Give a book back",
  by: { by: anyone },
  input: { loan: id },
  run(tx, { loan: key }) {
    const loan = tx.get(loans, key);
    tx.move(loan, "ended");
    tx.move(tx.get(books, loan.shelf, loan.number), "here");
  },
});

export const payFine = library.action({
  title: "Pay a fine in points",
  by: { reader: signs("the reader"), teller: "teller" },
  input: { loan: id, to: party },
  rules: ["points.balance_short"],
  run(tx, { loan: key, to }) {
    const loan = tx.get(loans, key);
    tx.signed("reader", loan.reader);
    move(tx, loan.reader, to, loan.fine);
    tx.put(loan, { fine: 0n });
  },
});

export const relabel = library.action({
  title: "Change a book's description",
  by: "librarian",
  input: {
    shelf: id,
    number: count,
    title: optional(text(200)),
    cover: optional(hash),
    about: optional(json(512)),
    status: optional(oneOf("gone", "here")),
  },
  work: 32,
  run(tx, { shelf, number, status, ...change }) {
    const book = tx.get(books, shelf, number);
    const given = Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined));
    if (status === undefined) tx.put(book, given);
    else tx.move(book, status, given);
  },
});

export const reminder = library.due(loans, {
  title: "A loan over its time is reminded, three times, then fined",
  at: (loan) => (loan.$.status === "running" && loan.reminders < 4 ? loan.until : undefined),
  run(tx, loan) {
    if (loan.reminders < 3) remind(tx, loan);
    else tx.put(loan, { reminders: 4, fine: 100n });
  },
});
export const forgiven = library.due(loans, {
  title: "A fine is forgiven after a year",
  at: (loan) => (loan.fine > 0n ? loan.until + days(365) : undefined),
  run(tx, loan) {
    tx.put(loan, { fine: 0n });
  },
});

export const shelf = library.view({
  title: "The books of a shelf",
  input: { shelf: id },
  run: (tx, { shelf: key }) => tx.scan(books, [key], 500).map((book) => book.title),
});

function remind(tx: Tx, loan: { readonly until: number; readonly reminders: number } & { readonly $: any }): void {
  tx.put(loan as any, { reminders: loan.reminders + 1, until: loan.until + days(7) });
}
export default library;
