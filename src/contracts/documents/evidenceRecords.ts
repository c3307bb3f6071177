// The records of judicial evidence and the rules they stand under. Service 11, captures of 12. Owns what an item, its custody, a batch, a comparison, a challenge and an
// attested time are. Does not own: who may do what with them (evidence.ts), what an auditor recomputes (evidenceAudits.ts).

import { agency, contract, count, flag, hash, id, object, optional, party, record, type Row, sealed, text, time } from "../engine/index.ts";
import { batch, head } from "../kit/journal.ts";

export const item = { deposit: id, kind: id, content: hash };

export const deposits = record("deposit", {
  title: "An item of evidence: the SHA-256 of its content, and who holds it",
  key: ["deposit"],
  read: "public",
  find: ["holder", "depositor", "status"],
  fields: {
    ...item,
    depositor: agency,
    holder: party,
    entries: count,
    /** Whose challenge is open: while it is, the item stays where it is. */
    challenger: optional(party),
    batch: optional(object({ first: count, index: count })),
  },
  states: { admitted: ["excluded"], excluded: [] },
});
export const custodies = record("custody", {
  title: "An entry of an item's chain of custody",
  key: ["deposit", "number"],
  read: "public",
  find: ["to"],
  fields: { deposit: id, number: count, from: party, to: party, reason: id, court: optional(agency) },
});
export const drawings = record("drawing", {
  title: "An item that was drawn out of its batch: once, under one name",
  key: ["source", "first", "index"],
  read: "public",
  fields: { source: agency, first: count, index: count, deposit: id, content: hash },
});
export const sources = record("source", {
  title: "An agency's batches so far",
  key: ["source"],
  read: "public",
  fields: { source: agency, ...head },
});
export const batches = record("batch", {
  title: "A batch of items: the root that proves each",
  key: ["source", "first"],
  read: "public",
  fields: { source: agency, ...batch, kind: id },
});
export const stamps = record("stamp", {
  title: "An authority's attestation that a content or a root existed at a time",
  key: ["content", "authority"],
  read: "public",
  fields: { content: hash, authority: agency, at: time, token: hash },
});
export const verifications = record("verification", {
  title: "A comparison of an item with what was deposited",
  key: ["verification"],
  read: "public",
  find: ["deposit"],
  fields: { verification: id, deposit: id, content: hash, method: id, verifier: agency, agrees: flag },
});
export const ground = sealed({ text: text(8_192) });
export const challenges = record("challenge", {
  title: "The one challenge of a party to an item",
  key: ["deposit", "by"],
  read: "public",
  find: ["deposit", "by", "status"],
  fields: { deposit: id, by: party, ground, due: optional(time), court: optional(agency), reason: optional(id) },
  states: {
    ...{ raised: ["dismissed", "overdue", "upheld", "withdrawn"], overdue: ["dismissed", "upheld", "withdrawn"] },
    ...{ dismissed: [], upheld: [], withdrawn: [] },
  },
});

export type Deposit = Row<typeof deposits>;
export type Challenge = Row<typeof challenges>;

export const evidence = contract("evidence", {
  title: "Judicial evidence",
  purpose: "An item is what it was when it was deposited, and its custody is unbroken.",
  records: [verifications, challenges, deposits, custodies, sources, batches, drawings, stamps],
  roles: {
    depositor: "Deposits items and batches: courts, notaries, authorities",
    time_authority: "Attests times by its tokens",
    verifier: "Compares items with what was deposited: forensics, notaries",
    court: "Decides challenges, and orders items into other hands",
  },
  rules: {
    gap: "A source's batches follow one another without gap or overlap, each naming the one before.",
    not_in_batch: "An item is under the root of its batch.",
    custody_broken: "Custody passes from who holds an item, or by order of a court, with the signature of who takes it.",
    challenge_open:
      "While a challenge is open an item stays where it is unless a court orders otherwise, and is not challenged by another.",
    own_case: "No court decides on an item that it deposited, holds, takes or challenges.",
    excluded: "An excluded item is neither passed on nor challenged.",
    time_ahead: "A time authority attests a time that has passed.",
  },
  flags: { differs: "The content compared is not the content deposited." },
});
