// The records of entrusted public services and the rules they stand under. Service 23. Owns what a tender, a bid, a score and a tranche are. Does not own:
// who may do what with them (tenders.ts, tenderAwards.ts, tenderContracts.ts), payment itself (funds), the trustees' key (ceremonies).

import { account } from "../descriptors/payments.ts";
import { agency, contract, count, flag, hash, id, list, money, object, oneOf, optional, party, range } from "../engine/index.ts";
import { record, type Row, sealed, text, time } from "../engine/index.ts";
import { index, logProof, point } from "../kit/ceremony.ts";
import { ciphertext, MAX_BID_BYTES } from "../kit/sealedBids.ts";

export const MAX_PANEL = 8;
/** So that an award can look at all of them. */
export const MAX_BIDS = 64;
const weight = range(1, 100);

/** What a call says. Bids are opened by their bidders from `bids_until` on, and for them from `open_until` on. */
export const terms = {
  tender: id,
  title: text(200, 1),
  method: oneOf("open", "selective", "limited", "direct"),
  /** Who may bid, where bids are by invitation: by every method but the open one. */
  invited: list(party, MAX_BIDS),
  currency: text(3, 3),
  budget: money,
  price_weight: weight,
  criteria: list(object({ criterion: id, weight }), 8),
  panel: list(party, MAX_PANEL, 1),
  ceremony: id,
  /** Where the money comes from, and what for. */
  fund: id,
  purpose: id,
  bids_until: time,
  open_until: time,
  standstill_days: range(0, 90),
};
export const tenders = record("tender", {
  title: "A call for bids, and how far it has come",
  key: ["tender"],
  read: "public",
  find: ["buyer", "winner", "status"],
  fields: {
    ...terms,
    buyer: agency,
    /** The joint key that bids are sealed to. */
    key: point,
    /** All who ever bid; bids that stand; those of them that are opened. */
    bidders: range(0, MAX_BIDS),
    bids: count,
    opened: count,
    winner: optional(party),
    amount: optional(money),
    standstill_until: optional(time),
    /** The winner has said that he will sign. */
    accepted: flag,
    /** How many awards there were. */
    awards: count,
    /** Challenges that are not decided; and those upheld, with each of which members may give their marks anew. */
    challenges: count,
    round: count,
    ground: optional(id),
  },
  states: {
    called: ["scoring", "cancelled"],
    scoring: ["awarded", "cancelled"],
    awarded: ["contracted", "scoring", "cancelled"],
    contracted: ["fulfilled", "ended"],
    fulfilled: [],
    ended: [],
    cancelled: [],
  },
});
export const bids = record("bid", {
  title: "A bid: the seal, and once it is opened what it says and how it was scored",
  key: ["tender", "bidder"],
  read: "public",
  find: ["tender", "bidder", "status"],
  scan: true,
  fields: {
    tender: id,
    bidder: party,
    version: range(1, 1_000),
    handed_in: time,
    point,
    digest: hash,
    proof: logProof,
    /** K: by it and the ciphertext anybody reads the bid. */
    shared: optional(point),
    amount: optional(money),
    /** Σ weight × mark of all scores, and how many there are. */
    quality: count,
    scores: count,
  },
  states: {
    sealed: ["opened", "unreadable", "withdrawn"],
    withdrawn: ["sealed"],
    opened: ["excluded"],
    unreadable: [],
    excluded: [],
  },
});
export const envelopes = record("envelope", {
  title: "The ciphertext of a bid",
  key: ["tender", "bidder"],
  read: "public",
  fields: { tender: id, bidder: party, ciphertext },
  bytes: MAX_BID_BYTES + 1_024,
});
export const shares = record("share", {
  title: "A trustee's part in opening a bid that its bidder does not open",
  key: ["tender", "bidder", "index"],
  read: "public",
  fields: { tender: id, bidder: party, index, image: point, proof: logProof },
});
export const interests = record("interest", {
  title: "What a member of the panel has declared, or was found to have: bidders in whom he has an interest",
  key: ["tender", "member"],
  read: "public",
  fields: { tender: id, member: party, bidders: list(party, 2 * MAX_BIDS) },
  states: { found: ["declared"], declared: [] },
});
export const reasons = sealed({ text: text(8_192) });
export const scores = record("score", {
  title: "A member's marks for a bid, one for each criterion, and in which round he gave them",
  key: ["tender", "bidder", "member"],
  read: "public",
  find: ["member"],
  fields: { tender: id, bidder: party, member: party, marks: list(range(0, 100), 8), reasons, round: count },
  states: { given: ["struck"], struck: [] },
});
export const challenges = record("challenge", {
  title: "A challenge to an award: one of each bidder, or of the buyer",
  key: ["tender", "award", "bidder"],
  read: "public",
  find: ["tender", "status"],
  fields: { tender: id, award: count, bidder: party, ground: reasons, excludes: optional(party) },
  states: { raised: ["upheld", "dismissed"], upheld: [], dismissed: [] },
});
export const tranches = record("tranche", {
  title: "A part of the price, its report and its order",
  key: ["tender", "number"],
  read: "public",
  fields: { tender: id, number: count, amount: money, due: time, report: optional(hash), ground: optional(id), order: optional(id) },
  states: { planned: ["reported"], reported: ["released", "planned"], released: [] },
});
export const contracts = record("contract", {
  title: "The contract that an award led to",
  key: ["tender"],
  read: "public",
  find: ["supplier", "status"],
  fields: { tender: id, supplier: party, amount: money, account, tranches: count, released: count, paid_out: money, ground: optional(id) },
  states: { running: ["halted", "fulfilled", "ended"], halted: ["running", "ended"], fulfilled: [], ended: [] },
});

export const tender = contract("tenders", {
  title: "Entrusted public services",
  sector: "tax",
  purpose: "Bids stay sealed until the deadline, none stays sealed after it, the best wins by rule, and money follows reports.",
  records: [tenders, interests, scores, bids, envelopes, shares, challenges, tranches, contracts],
  roles: {
    buyer: "Calls for bids, awards, contracts and releases: a city, its departments",
    integrity: "Enters interests that a member of a panel did not declare, and puts another in the place of one who cannot act",
    review: "Decides challenges to awards",
    auditor: "Halts contracts and lets them go on",
  },
  rules: {
    terms_unfit:
      "The weights of price and criteria total 100; members of the panel are registered, stand once and are no trustees of the key; who is invited is named, unless the call is open to all; times follow one another; the fund is for this purpose and pays in the currency of the bids.",
    not_invited: "Where bids are by invitation, only who is invited bids.",
    conflicted:
      "Nobody bids who calls for the bids, sits on the panel or is a trustee of the key; nobody scores a bid in which he has an interest.",
    bidding_over: "Bids are handed in, replaced and withdrawn before the deadline.",
    bids_full: "A tender takes 64 bidders.",
    version_next: "Each bid of a bidder replaces the one before, by number.",
    seal_unproved: "A bid is sealed to the tender's key, by its bidder, who knows how to open it.",
    still_sealed: "A bid is opened after the deadline.",
    bidder_first: "A bid is its bidder's to open until the time for it is over; then the trustees open it for him.",
    opening_wrong:
      "An opening is of the bid as it was handed in, and says what is in it; a bid without a price, or of nothing, is unreadable.",
    share_unproved: "A trustee's share is made with his part of the tender's key.",
    not_panel: "Only members of the panel declare and score.",
    undeclared: "Who scores has declared his interests, or that he has none.",
    marks_unfit: "A score has a mark for each criterion.",
    scored_once: "A member scores a bid once, and anew after a challenge was upheld.",
    substitute_unfit: "Who takes the place of a member is registered, has neither bid nor sat on this panel, and is no trustee of the key.",
    not_scored: "An award waits until all members have declared, and all without an interest in a bid, at least one, have scored it.",
    not_first:
      "The award goes to the bid within the budget with most points: for price, its weight times the lowest over the price; for quality, the mean of the members' weighted marks; each in thousandths rounded down; ties to the lower price, then the earlier bid, then the bidder's name.",
    not_awarded: "An award is accepted by its winner, once.",
    not_bidder:
      "An award is challenged once by each bidder whose bid was opened, during the standstill; after it by the buyer, whose winner does not sign.",
    standstill: "No contract before the standstill is over and all challenges are decided.",
    tranches_unfit: "The tranches of a contract total its price.",
    no_report: "A tranche is released when its report is there, after the one before it.",
    halted: "While a contract is halted nothing of it is released.",
    bound: "A call is cancelled before its contract; after it, contract and call end by both parties.",
  },
});

export type Tender = Row<typeof tenders>;
export type Bid = Row<typeof bids>;
/** What a trustees' key serves. */
export const servesTender = (key: string): string => `tender:${key}`.slice(0, 64);
