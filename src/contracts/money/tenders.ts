// Entrusted public services: a call, bids sealed until its deadline, their opening. Service 23. Owns who may bid and when anything is opened. Does not own:
// scoring and award (tenderAwards.ts), contract and tranches (tenderContracts.ts), what the chain keeps (tenderRecords.ts). The module of the contract.

import { equalBytes } from "../../base/bytes.ts";
import { id, party, signs, type Tx } from "../engine/index.ts";
import { aHash, aKey, aSignature, monday } from "../kit/examples.ts";
import { bidderOpens, isSealed, isShare, joinedOpening, opening, sealing, trusteeShare, trusteesOpen } from "../kit/sealedBids.ts";
import { ceremonies, take, takeRules } from "../platform/ceremonies.ts";
import { funds } from "./fundRecords.ts";
import { type Bid, bids, envelopes, MAX_BIDS, servesTender, shares, tender, tenders, type Tender, terms } from "./tenderRecords.ts";

export * from "./tenderAudits.ts";
export * from "./tenderAwards.ts";
export * from "./tenderPanels.ts";
export * from "./tenderContracts.ts";

// ── the call ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const call = tender.action({
  title: "Call for bids: what for, by when, who scores, and how price and quality weigh",
  by: "buyer",
  input: terms,
  rules: ["terms_unfit", ...takeRules],
  work: 128,
  // biome-ignore format: a table
  example: {
    tender: "2027-laptops", title: "471 portable computers", method: "open", invited: [], currency: "MXN", budget: 1_400_000_00n,
    price_weight: 60, criteria: [{ criterion: "service", weight: 40 }], panel: ["land", "p:ann"], ceremony: "t-2027-1",
    fund: "it-2027", purpose: "equipment", bids_until: monday, open_until: monday + 86_400_000, standstill_days: 10,
  },
  run(tx, it) {
    const buyer = tx.signer("buyer");
    const { panel, criteria } = it;
    const { key, trustees } = take(tx, it.ceremony, buyer, servesTender(it.tender));
    const weights = criteria.reduce((sum, { weight }) => sum + weight, it.price_weight);
    const fit = panel.every((who, i) => panel.indexOf(who) === i && !trustees.includes(who) && tx.known(who));
    const named = (it.method === "open") === (it.invited.length === 0);
    const timely = tx.time < it.bids_until && it.bids_until < it.open_until;
    const { currency, purpose } = tx.get(funds, it.fund);
    const paid = currency === it.currency && purpose === it.purpose;
    tx.require(weights === 100 && fit && named && timely && paid, "terms_unfit", { weights, currency, purpose });
    const none = { bidders: 0, bids: 0, opened: 0, accepted: false, awards: 0, challenges: 0, round: 0 };
    tx.create(tenders, { ...it, buyer, key: key!, ...none });
  },
});

const buyer = { buyer: { role: "buyer", is: (a: { readonly tender: string }, tx: Tx) => tx.get(tenders, a.tender).buyer } } as const;
export const cancel = tender.action({
  title: "Cancel a call, and say on what ground",
  by: buyer,
  input: { tender: id, ground: id },
  rules: ["bound"],
  example: { tender: "2027-laptops", ground: "no-need" },
  run(tx, { tender: key, ground }) {
    const it = tx.get(tenders, key);
    tx.require(it.$.status === "called" || it.$.status === "scoring" || it.$.status === "awarded", "bound", { status: it.$.status });
    tx.move(it, "cancelled", { ground });
  },
});

// ── bids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const bidder = { bidder: signs("the bidder") };
const one = { tender: "2027-laptops", bidder: "c:acme", version: 1 };
export const bid = tender.action({
  title: "Hand in a sealed bid, or one in the place of the last",
  by: bidder,
  input: sealing,
  rules: ["bidding_over", "not_invited", "conflicted", "bids_full", "version_next", "seal_unproved"],
  proofs: { seal_unproved: isSealed },
  work: 192,
  example: { ...one, key: aKey, point: aKey, digest: aHash, proof: aSignature, ciphertext: new Uint8Array(64) },
  run(tx, { ciphertext, key, ...it }) {
    tx.signed("bidder", it.bidder);
    const of = bidding(tx, it.tender);
    tx.require(equalBytes(key, of.key), "seal_unproved");
    tx.require(of.invited.length === 0 || of.invited.includes(it.bidder), "not_invited");
    const { trustees } = tx.get(ceremonies, of.ceremony);
    tx.require(it.bidder !== of.buyer && ![...of.panel, ...trustees].includes(it.bidder), "conflicted");
    const before = tx.find(bids, it.tender, it.bidder);
    tx.require(it.version === (before?.version ?? 0) + 1, "version_next", { last: before?.version });
    const more = before?.$.status === "sealed" ? 0 : 1;
    const bidders = of.bidders + (before === undefined ? 1 : 0);
    tx.require(bidders <= MAX_BIDS, "bids_full");
    if (more > 0) tx.put(of, { bidders, bids: of.bids + 1 });
    if (before === undefined) {
      tx.create(bids, { ...it, handed_in: tx.time, quality: 0, scores: 0 });
      tx.create(envelopes, { tender: it.tender, bidder: it.bidder, ciphertext });
      return;
    }
    const { version, point, digest, proof } = it;
    const change = { version, point, digest, proof, handed_in: tx.time };
    if (more > 0) tx.move(before, "sealed", change);
    else tx.put(before, change);
    tx.put(tx.get(envelopes, it.tender, it.bidder), { ciphertext });
  },
});

export const withdraw = tender.action({
  title: "Withdraw a bid",
  by: bidder,
  input: { tender: id, bidder: party },
  rules: ["bidding_over"],
  example: { tender: "2027-laptops", bidder: "c:acme" },
  run(tx, { tender: key, bidder: who }) {
    tx.signed("bidder", who);
    const of = bidding(tx, key);
    tx.move(tx.get(bids, key, who), "withdrawn");
    tx.put(of, { bids: of.bids - 1 });
  },
});

// ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const content = { ...one, key: aKey, point: aKey, digest: aHash, ciphertext: new Uint8Array(64), shared: aKey, amount: 1_311_264_00n };
export const open = tender.action({
  title: "Open one's own bid: the number that it was sealed by, and what it says",
  by: bidder,
  input: opening,
  rules: ["still_sealed", "opening_wrong"],
  proofs: { opening_wrong: bidderOpens },
  work: 96,
  example: { ...content, opening: aHash },
  run(tx, it) {
    tx.signed("bidder", it.bidder);
    disclose(tx, it);
  },
});

export const share = tender.action({
  title: "Give a trustee's share to open a bid that its bidder has not opened in time",
  by: { trustee: signs("the trustee of this place") },
  input: trusteeShare,
  rules: ["bidder_first", "opening_wrong", "share_unproved"],
  proofs: { share_unproved: isShare },
  example: { ...one, point: aKey, index: 1, verification: aKey, image: aKey, proof: aSignature },
  run(tx, { verification, point, version, ...it }) {
    const of = tx.get(tenders, it.tender);
    const { trustees, verification: parts } = tx.get(ceremonies, of.ceremony);
    const part = parts?.[it.index - 1];
    tx.require(part !== undefined && equalBytes(part, verification), "share_unproved");
    tx.signed("trustee", trustees[it.index - 1]!);
    tx.require(tx.time >= of.open_until, "bidder_first", { until: of.open_until });
    const sealedBid = stillSealed(tx, it);
    tx.require(sealedBid.version === version && equalBytes(sealedBid.point, point), "opening_wrong");
    tx.create(shares, it);
  },
});

export const openWithheld = tender.action({
  title: "Open a bid for a bidder who has not: by as many trustees' shares as are needed, and what it says",
  by: { who: signs("whoever puts the shares together") },
  input: { ...joinedOpening, by: party },
  rules: ["bidder_first", "still_sealed", "opening_wrong"],
  proofs: { opening_wrong: trusteesOpen },
  work: 400, // of 16 shares: 5 ms in a worker
  example: { ...content, shares: [1, 2].map((index) => ({ index, image: aKey })), by: "courts" },
  run(tx, { shares: given, by, ...it }) {
    tx.signed("who", by);
    const of = tx.get(tenders, it.tender);
    tx.require(tx.time >= of.open_until, "bidder_first", { until: of.open_until });
    const { threshold } = tx.get(ceremonies, of.ceremony);
    const asGiven = given.every(({ index, image }) => equalBytes(tx.get(shares, it.tender, it.bidder, index).image, image));
    tx.require(given.length === threshold && asGiven, "opening_wrong");
    disclose(tx, it);
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The tender, while bids are handed in. */
function bidding(tx: Tx<"bidding_over">, key: string): Tender {
  const it = tx.get(tenders, key);
  tx.require(it.$.status === "called" && tx.time < it.bids_until, "bidding_over", { status: it.$.status });
  return it;
}
function stillSealed(tx: Tx<"opening_wrong">, { tender: key, bidder: who }: { tender: string; bidder: string }): Bid {
  const it = tx.get(bids, key, who);
  tx.require(it.$.status === "sealed", "opening_wrong", { status: it.$.status });
  return it;
}

interface Content {
  readonly tender: string;
  readonly bidder: string;
  readonly version: number;
  readonly key: Uint8Array;
  readonly point: Uint8Array;
  readonly digest: Uint8Array;
  readonly shared: Uint8Array;
  readonly amount?: bigint | undefined;
}
/** Writes what a bid says. The last bid to be opened begins the scoring. */
function disclose(tx: Tx<"still_sealed" | "opening_wrong">, { version, key, point, digest, shared, amount, ...it }: Content): void {
  const of = tx.get(tenders, it.tender);
  tx.require(of.$.status === "called" && tx.time >= of.bids_until, "still_sealed", { until: of.bids_until });
  const sealedBid = stillSealed(tx, it);
  const same = sealedBid.version === version && equalBytes(of.key, key) && equalBytes(sealedBid.point, point);
  tx.require(same && equalBytes(sealedBid.digest, digest), "opening_wrong");
  tx.move(sealedBid, amount === undefined ? "unreadable" : "opened", { shared, amount });
  if (of.opened + 1 < of.bids) tx.put(of, { opened: of.opened + 1 });
  else tx.move(of, "scoring", { opened: of.opened + 1 });
}
export default tender;
