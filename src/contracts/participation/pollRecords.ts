// The records of m-Voting and the rules they stand under. Service 38. Owns what a poll, a request, a poll key on the roll, a ballot and a tally are. Does not
// own: who may do what with them (electorates.ts, polls.ts, pollTally.ts), the trustees' key (ceremonies). cryptography.md §5.

import { agency, contract, count, hash, id, list, object, optional, party, person } from "../engine/index.ts";
import { range, record, type Row, text, time } from "../engine/index.ts";
import { MAX_BITS } from "../../base/ballotShape.ts";
import { ballot, question, share, sum } from "../kit/ballots.ts";
import { index, MAX_TRUSTEES, point } from "../kit/ceremony.ts";
import { issuerIndex, issuerKey, MAX_ISSUERS, number, prefix } from "../kit/tickets.ts";

export const electorates = record("electorate", {
  title: "A list of electors: of a city, a district; used by any number of polls",
  key: ["electorate"],
  read: "public",
  fields: { electorate: id, title: text(200, 1), authority: agency, electors: count },
});
export const electors = record("elector", {
  title: "A person on a list of electors, under the pseudonym of this sector; refused and struck on a ground",
  key: ["electorate", "person"],
  read: "public",
  find: ["electorate", "status"],
  fields: { electorate: id, person, ground: optional(id) },
  states: {
    claimed: ["entered", "refused", "overdue"],
    overdue: ["entered", "refused"],
    entered: ["struck"],
    refused: ["claimed", "entered"],
    struck: ["claimed", "entered"],
  },
});

/** When each part of a poll is over, and how many days trustees have for their shares once the sum stands. */
export const times = { keys_until: time, requests_until: time, opens: time, closes: time, share_days: range(1, 90) };
export const issuerList = list(agency, MAX_ISSUERS, 2);
export const options = list(text(120, 1), MAX_BITS, 1);
/** Fewer ballots than this are not opened: few counts say who voted how. */
export const least = range(2, 2 ** 32);
export const polls = record("poll", {
  title: "A poll: who calls it, for whom, when; the key its ballots are encrypted to; how far it has come",
  key: ["poll"],
  read: "public",
  find: ["office", "electorate", "status"],
  fields: {
    ...{ poll: id, office: agency, electorate: id, ceremony: id, issuers: issuerList, ...times, least },
    /** The trustees' joint key, and how many of them open a sum. */
    ...{ key: point, threshold: range(2, MAX_TRUSTEES) },
    /** The shape of its ballots, and how many of their bits are counted. */
    ...{ shape: hash, counted: range(1, MAX_BITS) },
    /** Why it is void, and by whose silence. */
    ...{ ground: optional(id), named: list(party, MAX_TRUSTEES) },
  },
  states: {
    called: ["requesting", "void"],
    requesting: ["open", "void"],
    open: ["closed", "void"],
    closed: ["published", "void"],
    published: [],
    void: [],
  },
});
export const questions = record("question", {
  title: "What a poll asks",
  key: ["poll"],
  read: "public",
  fields: { poll: id, title: text(500, 1), options, question },
  bytes: 40_000,
});
export const issuers = record("issuer", {
  title: "An issuer's key for one poll, and how many requests he has granted",
  key: ["poll", "index"],
  read: "public",
  unique: ["fingerprint"],
  fields: { poll: id, index: issuerIndex, issuer: agency, fingerprint: hash, ...issuerKey, granted: count },
});
export const requests = record("request", {
  title: "A person's request for one ticket, blinded for each issuer, and what the issuers answered",
  key: ["poll", "person"],
  read: "public",
  find: ["poll", "status"],
  fields: {
    ...{ poll: id, person, blinded: list(number, MAX_ISSUERS, 2) },
    answers: list(object({ index: issuerIndex, answer: number }), MAX_ISSUERS),
  },
  states: { asked: ["granted"], granted: [] },
});
export const voters = record("voter", {
  title: "A poll key on the roll, with its ticket: nobody can say whose it is",
  key: ["poll", "poll_key"],
  read: "public",
  find: ["poll"],
  fields: { poll: id, poll_key: hash, place: count, prefix, signatures: list(number, MAX_ISSUERS, 2) },
});
export const ballots = record("ballot", {
  title: "The last ballot of a poll key, by its place on the roll",
  key: ["poll", "place"],
  read: "public",
  find: ["poll"],
  fields: { poll: id, place: count, poll_key: hash, version: range(1, 1_000), ciphertexts: ballot.ciphertexts, proof: ballot.proof },
});
export const turnouts = record("turnout", {
  title: "How many: on the list, issuers' keys, requests, granted by all, admitted, who have cast",
  key: ["poll"],
  read: "public",
  fields: { poll: id, electors: count, keys: count, requested: count, granted: count, admitted: count, cast: count },
});
export const tallies = record("tally", {
  title: "The sum of a poll's last ballots, and what it opened to",
  key: ["poll"],
  read: "public",
  fields: {
    /** Up to which place on the roll it is summed, up to which it will be, and how many ballots stand in it. */
    ...{ poll: id, place: count, last: count, ballots: count, sum },
    /** Trustees' shares, and until when they are given. */
    ...{ shares: count, threshold: range(2, MAX_TRUSTEES), until: optional(time), counts: list(count, MAX_BITS) },
  },
  states: { counting: ["summed"], summed: ["opened", "lost"], opened: [], lost: [] },
});
export const shares = record("share", {
  title: "A trustee's share in opening the sum",
  key: ["poll", "index"],
  read: "public",
  find: ["poll"],
  fields: { poll: id, index, share },
});

export const poll = contract("polls", {
  title: "m-Voting",
  sector: "participation",
  purpose: "One voter, one vote, secret, the last one counting; the result is opened at the end, at once, and anybody verifies it.",
  records: [electors, electorates, polls, questions, issuers, requests, voters, tallies, ballots, shares, turnouts],
  roles: {
    office: "Calls polls",
    roll: "Keeps lists of electors, per list",
    issuer: "Signs tickets blind: at least two agencies, of which none commands all the others",
  },
  rules: {
    not_person: "Electors are persons of this sector who are in good standing.",
    not_listed: "A ticket is asked for by who stands on the poll's list of electors.",
    in_person: "Nobody asks for another: agents and guardians do not vote.",
    question_unfit: "A question can be answered, is written in one way, and each of its options has a title.",
    times_unfit: "Issuers' keys, requests, opening and closing follow one another, and a poll is open for ten minutes or more.",
    issuers_unfit: "Two to four registered issuers sign every ticket, each of them once.",
    not_issuer: "An issuer acts at his own place.",
    key_unsound: "An issuer's key is of 3,072 bits, serves no other poll, and is shown to leave nothing of a ticket in what he signs.",
    keys_over: "Issuers give their keys before the time for it is over.",
    requests_closed: "Tickets are asked for once all issuers' keys are there, until the time for it is over.",
    asked_once: "One person, one request.",
    request_unfit: "A request is blinded for each issuer, as a number below his modulus.",
    answer_wrong: "An issuer's answer is his signature of what the person sent, given once.",
    granting_over: "Requests are granted before the poll opens.",
    poll_key_alone: "A poll key signs alone, and is registered as nobody's.",
    ticket_wrong: "A ticket is signed by every issuer, for this poll and this poll key.",
    admitted_once: "A ticket admits its poll key once.",
    admitted_exceeds: "No more poll keys are admitted than requests were granted by all issuers.",
    not_admitted: "Who casts is on the roll.",
    polling_closed: "Poll keys are admitted and ballots cast from the opening to the closing.",
    ballot_unsound: "A ballot proves that it answers the question, without saying how, and is made for this poll by this poll key alone.",
    version_next: "Each ballot of a poll key replaces the one before, by number.",
    not_trustee: "A trustee gives his own share, once.",
    not_summed: "Shares and counts are given when the sum stands: there is no partial tally.",
    share_wrong: "A share is made with the trustee's part of the poll's key, of the whole sum.",
    counts_wrong: "The counts are what as many shares as are needed open the sum to.",
    begun: "A poll is cancelled before it opens, and not after.",
  },
});

export type Poll = Row<typeof polls>;
/** What a trustees' key serves. */
export const servesPoll = (key: string): string => `poll:${key}`.slice(0, 64);
