// Judicial evidence: what was deposited when, in whose hands it has been, whether it is unaltered. Service 11, captures of 12. Owns
// deposits, custody, batches and their items, verifications, challenges, attested times. Does not own: the items themselves, which never
// reach the chain.

import { equalBytes } from "../../base/bytes.ts";
import {
  type Agency,
  agency,
  type Body,
  contract,
  count,
  flag,
  hash,
  id,
  object,
  oneOf,
  optional,
  party,
  record,
  sealed,
  signs,
  text,
  time,
} from "../engine/index.ts";
import type { Row, Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { Fold } from "../kit/folds.ts";
import { after, batch, head, included, inclusion, noBatch } from "../kit/journal.ts";

const item = { deposit: id, kind: id, content: hash };

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
    challenge: optional(id),
    batch: optional(object({ first: count, index: count })),
  },
  states: { admitted: ["excluded"], excluded: [] },
});
export const custodies = record("custody", {
  title: "An entry of an item's chain of custody",
  key: ["deposit", "number"],
  read: "public",
  find: ["to"],
  fields: { deposit: id, number: count, from: party, to: party, reason: id },
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
const ground = sealed({ text: text(8_192) });
export const challenges = record("challenge", {
  title: "A challenge to an item",
  key: ["challenge"],
  read: "public",
  find: ["deposit", "status"],
  fields: { challenge: id, deposit: id, by: party, ground },
  states: { raised: ["upheld", "dismissed"], upheld: [], dismissed: [] },
});

const evidence = contract("evidence", {
  title: "Judicial evidence",
  purpose: "An item is what it was when it was deposited, and its custody is unbroken.",
  records: [deposits, custodies, sources, batches, stamps, verifications, challenges],
  roles: {
    depositor: "Deposits items and batches: courts, notaries, authorities",
    time_authority: "Attests times by its tokens",
    verifier: "Compares items with what was deposited: forensics, notaries",
    court: "Decides challenges",
  },
  rules: {
    gap: "A source's batches follow one another without gap or overlap, each naming the one before.",
    not_in_batch: "An item is under the root of its batch.",
    custody_broken: "Custody passes from who holds an item, with the signature of who takes it.",
    challenge_open: "While a challenge is open an item stays where it is, and is not challenged again.",
    excluded: "An excluded item is neither passed on nor challenged.",
    time_ahead: "A time authority attests a time that has passed.",
  },
  flags: { differs: "The content compared is not the content deposited." },
});

// ── items, one by one and in batches ─────────────────────────────────────────────────────────────────────────────────────────────────
export const deposit = evidence.action({
  title: "Deposit an item",
  by: "depositor",
  input: item,
  example: { deposit: "2027-civ-118-a", kind: "contract", content: aHash },
  run: (tx, it) => enter(tx, it, tx.signer("depositor")),
});

/** For contracts in which an authority's own act is evidence: it is deposited by the act itself. */
export const enter = evidence.procedure((tx, it: Body<typeof item>, depositor: Agency): void => {
  tx.create(deposits, { ...it, depositor, holder: depositor, entries: 0 });
});

export const report = evidence.action({
  title: "Deposit a batch: the root over the hashes of its items",
  by: "depositor",
  input: { ...batch, kind: id },
  rules: ["gap"],
  example: { first: 0, size: 1_000, root: aHash, previous: noBatch.last, kind: "capture" },
  run(tx, it) {
    const source = tx.signer("depositor");
    const before = tx.find(sources, source) ?? tx.create(sources, { source, ...noBatch });
    tx.put(before, after(before, it) ?? tx.reject("gap", { next: before.next }));
    tx.create(batches, { source, ...it });
  },
});

export const draw = evidence.action({
  title: "Draw an item out of a batch: it stands as deposited with it",
  by: "depositor",
  input: { deposit: id, first: count, ...inclusion },
  rules: ["not_in_batch"],
  proofs: { not_in_batch: included },
  example: {
    deposit: "2027-cap-9",
    first: 0,
    item: aHash,
    index: 9,
    size: 1_000,
    root: aHash,
    path: Array.from({ length: 10 }, () => aHash),
  },
  run(tx, { deposit: key, first, item: content, index, size, root }) {
    const depositor = tx.signer("depositor");
    const of = tx.get(batches, depositor, first);
    tx.require(equalBytes(of.root, root) && of.size === size, "not_in_batch");
    tx.create(deposits, { deposit: key, kind: of.kind, content, depositor, holder: depositor, entries: 0, batch: { first, index } });
  },
});

export const stamp = evidence.action({
  title: "Attest that a content or a root existed at a time; the token's hash stands for the token (RFC 3161)",
  by: "time_authority",
  input: { content: hash, at: time, token: hash },
  rules: ["time_ahead"],
  example: { content: aHash, at: monday, token: aHash },
  run(tx, it) {
    tx.require(it.at <= tx.time, "time_ahead");
    tx.create(stamps, { ...it, authority: tx.signer("time_authority") });
  },
});

// ── custody ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const handOver = evidence.action({
  title: "Hand an item over",
  by: { from: signs("who holds it"), to: signs("who takes it") },
  input: { deposit: id, from: party, to: party, reason: id },
  rules: ["custody_broken", "challenge_open", "excluded"],
  example: { deposit: "2027-civ-118-a", from: "tax", to: "courts", reason: "hearing" },
  run(tx, { deposit: key, from, to, reason }) {
    const it = undisputed(tx, key);
    tx.require(it.holder === from, "custody_broken", { holder: it.holder });
    tx.signed("from", from, "custody_broken");
    tx.signed("to", to, "custody_broken");
    tx.create(custodies, { deposit: key, number: it.entries, from, to, reason });
    tx.put(it, { holder: to, entries: it.entries + 1 });
  },
});

// ── doubt ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const verify = evidence.action({
  title: "Record the comparison of an item with what was deposited",
  by: "verifier",
  input: { verification: id, deposit: id, content: hash, method: id },
  example: { verification: "v-1", deposit: "2027-civ-118-a", content: aHash, method: "sha256-of-image" },
  run(tx, it) {
    const agrees = equalBytes(tx.get(deposits, it.deposit).content, it.content);
    if (!agrees) tx.flag("differs");
    tx.create(verifications, { ...it, verifier: tx.signer("verifier"), agrees });
  },
});

export const challenge = evidence.action({
  title: "Challenge an item",
  by: { by: signs("who challenges it") },
  input: { challenge: id, deposit: id, by: party, ground },
  rules: ["challenge_open", "excluded"],
  example: { challenge: "ch-1", deposit: "2027-civ-118-a", by: "p:ann", ground: aSeal(1) },
  run(tx, it) {
    tx.signed("by", it.by);
    tx.put(undisputed(tx, it.deposit), { challenge: it.challenge });
    tx.create(challenges, it);
  },
});

export const decide = evidence.action({
  title: "Decide a challenge: upheld, the item is excluded",
  by: "court",
  input: { challenge: id, decision: oneOf("upheld", "dismissed") },
  example: { challenge: "ch-1", decision: "dismissed" },
  run(tx, { challenge: key, decision }) {
    const it = tx.move(tx.get(challenges, key), decision);
    const disputed = tx.put(tx.get(deposits, it.deposit), { challenge: undefined });
    if (decision === "upheld") tx.move(disputed, "excluded");
  },
});

function undisputed(tx: Tx<"challenge_open" | "excluded">, key: string): Row<typeof deposits> {
  const it = tx.get(deposits, key);
  tx.require(it.$.status !== "excluded", "excluded");
  tx.require(it.challenge === undefined, "challenge_open", { challenge: it.challenge });
  return it;
}

// ── what an auditor recomputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
export const custody = evidence.audit({
  title: "Every item's custody runs without a break from who deposited it to who holds it",
  run(audit) {
    const begins = new Fold();
    const ends = new Fold();
    const first = new Fold();
    const last = new Fold();
    let open: Row<typeof custodies> | undefined;
    const close = (): void => (open === undefined ? undefined : last.add(open.deposit, open.to, open.number + 1));
    audit.each(deposits, (it) => {
      if (it.entries === 0)
        return audit.require(it.holder === it.depositor, "held by another than its depositor, without an entry", { holder: it.holder });
      begins.add(it.deposit, it.depositor);
      ends.add(it.deposit, it.holder, it.entries);
    });
    audit.each(custodies, (it) => {
      const before = open?.deposit === it.deposit ? open : undefined;
      if (before === undefined) {
        close();
        first.add(it.deposit, it.from);
      }
      audit.require(it.number === (before === undefined ? 0 : before.number + 1), "an entry is missing before this one");
      audit.require(before === undefined || before.to === it.from, "handed over by who did not hold it", { from: it.from });
      open = it;
    });
    audit.end(() => {
      close();
      audit.figure("items handed over", ends.count);
      audit.require(begins.equals(first), "a chain of custody does not begin with the depositor");
      audit.require(ends.equals(last), "a chain of custody does not end with the holder");
    });
  },
});

export const sequence = evidence.audit({
  title: "Every source's batches follow one another without a gap",
  run(audit) {
    const heads = new Fold();
    const last = new Fold();
    let items = 0n;
    let open: Row<typeof batches> | undefined;
    const close = (): void => (open === undefined ? undefined : last.add(open.source, open.first + open.size, open.root));
    audit.each(sources, ({ source, next, last: root }) => heads.add(source, next, root));
    audit.each(batches, (it) => {
      const before = open?.source === it.source ? open : undefined;
      if (before === undefined) close();
      audit.require(it.first === (before === undefined ? 0 : before.first + before.size), "a batch is missing before this one");
      audit.require(equalBytes(it.previous, before?.root ?? noBatch.last), "it does not name the batch before");
      items += BigInt(it.size);
      open = it;
    });
    audit.end(() => {
      close();
      audit.figure("items in batches", items);
      audit.require(heads.equals(last), "a source's head is not its last batch");
    });
  },
});
export default evidence;
