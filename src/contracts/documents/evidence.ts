// Judicial evidence: what was deposited when, in whose hands it has been, whether it is unaltered. Service 11, captures of 12. Owns these acts. Does not own: records
// and rules (evidenceRecords.ts); the items themselves, which never reach the chain; what a time authority's token says: nothing of its 32 bytes is looked at, the
// authority's signature is what counts.

import { equalBytes } from "../../base/bytes.ts";
import { type Agency, agency, type Body, count, days, hash, id, oneOf, type Party, party, signs, time, type Tx } from "../engine/index.ts";
import { aHash, aSeal, monday } from "../kit/examples.ts";
import { after, batch, included, inclusion, noBatch } from "../kit/journal.ts";
import { batches, type Challenge, challenges, custodies, type Deposit, deposits, drawings, evidence, ground } from "./evidenceRecords.ts";
import { item, sources, stamps, verifications } from "./evidenceRecords.ts";

export { custody, doubts, drawn, sequence } from "./evidenceAudits.ts";
export { batches, challenges, custodies, deposits, drawings, sources, stamps, verifications } from "./evidenceRecords.ts";

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
  title: "Draw an item out of a batch, once: it stands as deposited with it, by its source and in its hands, whoever proves it",
  by: "depositor",
  input: { deposit: id, source: agency, first: count, ...inclusion },
  rules: ["not_in_batch"],
  proofs: { not_in_batch: included },
  example: {
    deposit: "2027-cap-9",
    source: "tax",
    first: 0,
    item: aHash,
    index: 9,
    size: 1_000,
    root: aHash,
    path: Array.from({ length: 10 }, () => aHash),
  },
  run(tx, { deposit: key, source, first, item: content, index, size, root }) {
    const of = tx.get(batches, source, first);
    tx.require(equalBytes(of.root, root) && of.size === size, "not_in_batch");
    tx.create(drawings, { source, first, index, deposit: key, content });
    tx.create(deposits, { deposit: key, kind: of.kind, content, depositor: source, holder: source, entries: 0, batch: { first, index } });
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
    pass(tx, it, { to, reason });
  },
});

export const order = evidence.action({
  title: "Order an item into other hands: who holds it is no more or does not hand it over, or a challenge is open",
  by: { court: "court", to: signs("who takes it") },
  input: { deposit: id, to: party, reason: id },
  rules: ["custody_broken", "own_case", "excluded"],
  example: { deposit: "2027-civ-118-a", to: "health", reason: "holder-revoked" },
  run(tx, { deposit: key, to, reason }) {
    const it = tx.get(deposits, key);
    tx.require(it.$.status !== "excluded", "excluded");
    tx.signed("to", to, "custody_broken");
    pass(tx, it, { to, reason, court: impartial(tx, it, [to, it.challenger]) });
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

/** A court decides within this time; after it the item moves again. */
const DECIDE_TIME = days(60);
export const challenge = evidence.action({
  title: "Challenge an item, once: it stays where it is until a court decides, 60 days at most",
  by: { by: signs("who challenges it") },
  input: { deposit: id, by: party, ground },
  rules: ["challenge_open", "excluded"],
  example: { deposit: "2027-civ-118-a", by: "p:ann", ground: aSeal(1) },
  run(tx, it) {
    tx.signed("by", it.by);
    tx.put(undisputed(tx, it.deposit), { challenger: it.by });
    tx.create(challenges, { ...it, due: tx.time + DECIDE_TIME });
  },
});

const ofChallenge = { deposit: id, by: party };
export const withdraw = evidence.action({
  title: "Withdraw a challenge",
  by: { by: signs("who challenged") },
  input: ofChallenge,
  example: { deposit: "2027-civ-118-a", by: "p:ann" },
  run(tx, { deposit: key, by }) {
    tx.signed("by", by);
    end(tx, tx.get(challenges, key, by), "withdrawn");
  },
});

export const decide = evidence.action({
  title: "Decide a challenge, on a ground: upheld, the item is excluded",
  by: "court",
  input: { ...ofChallenge, decision: oneOf("upheld", "dismissed"), reason: id },
  rules: ["own_case", "excluded"],
  example: { deposit: "2027-civ-118-a", by: "p:ann", decision: "dismissed", reason: "unaltered" },
  run(tx, { deposit: key, by, decision, reason }) {
    const court = impartial(tx, tx.get(deposits, key), [by]);
    const disputed = end(tx, tx.get(challenges, key, by), decision, { court, reason });
    tx.require(decision === "dismissed" || disputed.$.status !== "excluded", "excluded");
    if (decision === "upheld") tx.move(disputed, "excluded");
  },
});

export const undecided = evidence.due(challenges, {
  title: "A challenge that no court has decided within 60 days is overdue: it can still be decided, and its item moves meanwhile",
  at: (it) => it.due,
  run: (tx, it) => void end(tx, it, "overdue"),
});

/** The challenge is in this status, and its item free of it. */
function end(tx: Tx, it: Challenge, to: Challenge["$"]["status"], decided: { court?: string; reason?: string } = {}): Deposit {
  tx.move(it, to, { ...decided, due: undefined });
  const of = tx.get(deposits, it.deposit);
  return of.challenger === it.by ? tx.put(of, { challenger: undefined }) : of;
}
/** The court that acts, if it has no part in the item nor is one of those named. */
function impartial(tx: Tx<"own_case", "court">, { depositor, holder }: Deposit, parts: readonly (Party | undefined)[]): Agency {
  const court = tx.signer("court");
  tx.require(![depositor, holder, ...parts].includes(court), "own_case");
  return court;
}
/** One entry more of its custody. */
function pass(tx: Tx, it: Deposit, entry: { readonly to: Party; readonly reason: string; readonly court?: Agency }): void {
  tx.create(custodies, { deposit: it.deposit, number: it.entries, from: it.holder, ...entry });
  tx.put(it, { holder: entry.to, entries: it.entries + 1 });
}
function undisputed(tx: Tx<"challenge_open" | "excluded">, key: string): Deposit {
  const it = tx.get(deposits, key);
  tx.require(it.$.status !== "excluded", "excluded");
  tx.require(it.challenger === undefined, "challenge_open", { challenger: it.challenger });
  return it;
}
export default evidence;
