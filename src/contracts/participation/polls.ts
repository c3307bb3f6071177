// m-Voting: a poll is called, tickets are signed blind, poll keys without names are admitted and cast secret ballots, the last of each counting. Service 38.
// Owns who may do what until a poll closes. Does not own: lists of electors (electorates.ts), sum and result (pollTallies.ts), what anybody recomputes
// (pollAudits.ts), what the chain keeps (pollRecords.ts), the mathematics (kit/tickets, kit/ballots). The module of the contract. cryptography.md §5.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { shapeHash } from "../../base/ballotShape.ts";
import { id, list, minutes, person, range, signs, text, type Tx } from "../engine/index.ts";
import { keys, signerOf } from "../identity/principals.ts";
import { ballot, formAsked, isBallot, question } from "../kit/ballots.ts";
import { aHash, aKey, monday } from "../kit/examples.ts";
import { answers, areAnswers, isIssuerKey, isTicket, issuerIndex, issuerKey, MAX_ISSUERS, number, ticket } from "../kit/tickets.ts";
import { take, takeRules } from "../platform/ceremonies.ts";
import { ballots, electors, electorates, issuerList, issuers, least, options, poll, type Poll, polls } from "./pollRecords.ts";
import { questions, requests, servesPoll, times, turnouts, voters } from "./pollRecords.ts";

export * from "./electorates.ts";
export * from "./pollAudits.ts";
export * from "./pollTallies.ts";

// ── a poll ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const hour = 3_600_000;
/** The least time to vote in: nobody's poll is over before it is noticed. */
const OPEN = minutes(10);
export const call = poll.action({
  title: "Call a poll: what is asked of whom, by when, who signs the tickets, whose key the ballots are encrypted to",
  by: "office",
  input: { poll: id, electorate: id, ceremony: id, issuers: issuerList, title: text(500, 1), options, question, ...times, least },
  rules: ["question_unfit", "times_unfit", "issuers_unfit", ...takeRules],
  proofs: { question_unfit: (it) => formAsked(it.question) !== undefined && it.options.length === it.question.options },
  work: 128,
  // biome-ignore format: a table
  example: {
    poll: "park-2027", electorate: "district-5", ceremony: "park-2027", issuers: ["courts", "tax"], title: "What is to become of the old depot?",
    options: ["A park", "A school", "Neither"], question: { kind: "one", options: 3 },
    keys_until: monday, requests_until: monday + 240 * hour, opens: monday + 264 * hour, closes: monday + 432 * hour, share_days: 7, least: 50,
  },
  run(tx, { title, options: titles, question: asked, ...it }) {
    const office = tx.signer("office");
    tx.get(electorates, it.electorate);
    const inOrder = tx.time < it.keys_until && it.keys_until < it.requests_until && it.requests_until < it.opens;
    tx.require(inOrder && it.closes - it.opens >= OPEN, "times_unfit");
    tx.require(
      it.issuers.every((who, i) => it.issuers.indexOf(who) === i && tx.known(who) && tx.holds("issuer", who)),
      "issuers_unfit",
    );
    const { shape, counted } = formAsked(asked)!;
    const { key, threshold } = take(tx, it.ceremony, office, servesPoll(it.poll));
    tx.create(polls, { ...it, office, key: key!, threshold, shape: shapeHash(tx.network, shape), counted, named: [] });
    tx.create(questions, { poll: it.poll, title, options: titles, question: asked });
    tx.create(turnouts, { poll: it.poll, electors: 0, keys: 0, requested: 0, granted: 0, admitted: 0, cast: 0 });
  },
});

export const cancel = poll.action({
  title: "Cancel a poll before it opens, and say on what ground",
  by: { office: { role: "office", is: (a, tx) => tx.get(polls, a.poll).office } },
  input: { poll: id, ground: id },
  rules: ["begun"],
  example: { poll: "park-2027", ground: "question-withdrawn" },
  run(tx, { poll: key, ground }) {
    const it = tx.get(polls, key);
    tx.require(it.$.status === "called" || it.$.status === "requesting", "begun", { status: it.$.status });
    tx.move(it, "void", { ground });
  },
});

export const keysMissing = poll.due(polls, {
  title: "A poll is void if an issuer has not given his key in time; who has not is named",
  at: (it) => (it.$.status === "called" ? it.keys_until : undefined),
  run(tx, it) {
    const named = it.issuers.filter((_, i) => tx.find(issuers, it.poll, i + 1) === undefined);
    tx.move(it, "void", { ground: "keys-missing", named });
  },
});

export const opening = poll.due(polls, {
  title: "A poll opens if every issuer has granted every request, so that nobody is shut out; else it is void, and who has not is named",
  at: (it) => (it.$.status === "requesting" ? it.opens : undefined),
  run(tx, it) {
    const turnout = tx.get(turnouts, it.poll);
    const named = it.issuers.filter((_, i) => tx.get(issuers, it.poll, i + 1).granted !== turnout.requested);
    if (named.length > 0) return void tx.move(it, "void", { ground: "requests-not-granted", named });
    tx.put(turnout, { electors: tx.get(electorates, it.electorate).electors });
    tx.move(it, "open");
  },
});

// ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const issuer = { issuer: signs("the issuer of this place") };
export const putKey = poll.action({
  title: "Give an issuer's key for this poll; the last of them begins the requests",
  by: issuer,
  input: { poll: id, index: issuerIndex, ...issuerKey },
  rules: ["not_issuer", "keys_over", "key_unsound"],
  proofs: { key_unsound: isIssuerKey },
  work: 640, // the nine roots: 10 ms in a worker
  example: { poll: "park-2027", index: 1, modulus: new Uint8Array(384).fill(0xab), proof: new Uint8Array(9 * 384).fill(0xab) },
  run(tx, it) {
    const of = asIssuer(tx, it);
    tx.require(of.$.status === "called" && tx.time < of.keys_until, "keys_over", { status: of.$.status });
    const fingerprint = tx.hash(it.modulus);
    tx.require(tx.unique(issuers, fingerprint) === undefined, "key_unsound");
    tx.create(issuers, { ...it, issuer: of.issuers[it.index - 1]!, fingerprint, granted: 0 });
    const turnout = tx.get(turnouts, it.poll);
    tx.put(turnout, { keys: turnout.keys + 1 });
    if (turnout.keys + 1 === of.issuers.length) tx.move(of, "requesting");
  },
});

export const request = poll.action({
  title: "Ask for a ticket: the same poll key, blinded for each issuer in their order",
  by: { person: signs("the person, by the own key") },
  input: { poll: id, person, blinded: list(number, MAX_ISSUERS, 2) },
  rules: ["in_person", "requests_closed", "not_listed", "asked_once", "request_unfit"],
  example: { poll: "park-2027", person: "p:ann.participation", blinded: [1, 2].map(() => new Uint8Array(384).fill(1)) },
  run(tx, { poll: key, person: who, blinded }) {
    tx.signed("person", who);
    tx.signed("person", tx.signers.find((signer) => signerOf(tx, signer)?.principal === who) ?? NO_KEY, "in_person");
    const of = tx.get(polls, key);
    tx.require(of.$.status === "requesting" && tx.time < of.requests_until, "requests_closed", { status: of.$.status });
    tx.require(tx.find(electors, of.electorate, who)?.$.status === "entered", "not_listed", { electorate: of.electorate });
    tx.require(tx.find(requests, key, who) === undefined, "asked_once");
    const fits = blinded.length === of.issuers.length && blinded.every((it, i) => below(it, tx.get(issuers, key, i + 1).modulus));
    tx.require(fits, "request_unfit");
    tx.create(requests, { poll: key, person: who, blinded, answers: [] });
    const turnout = tx.get(turnouts, key);
    tx.put(turnout, { requested: turnout.requested + 1 });
  },
});

export const grant = poll.action({
  title: "Grant requests: the issuer's blind signature for each",
  by: issuer,
  input: { poll: id, index: issuerIndex, ...answers },
  rules: ["not_issuer", "granting_over", "answer_wrong"],
  proofs: { answer_wrong: areAnswers },
  work: 1_600, // of 64: 8 ms in a worker
  example: {
    ...{ poll: "park-2027", index: 1, modulus: new Uint8Array(384).fill(0xab) },
    grants: [{ person: "p:ann.participation", blinded: new Uint8Array(384).fill(1), answer: new Uint8Array(384).fill(1) }],
  },
  run(tx, { poll: key, index, modulus, grants }) {
    const of = asIssuer(tx, { poll: key, index });
    tx.require(of.$.status === "requesting" && tx.time < of.opens, "granting_over", { status: of.$.status });
    const own = tx.get(issuers, key, index);
    tx.require(equalBytes(own.modulus, modulus), "answer_wrong");
    let complete = 0;
    for (const { person: who, blinded, answer } of grants) {
      const it = tx.get(requests, key, who);
      const unanswered = !it.answers.some((given) => given.index === index);
      tx.require(unanswered && equalBytes(it.blinded[index - 1]!, blinded), "answer_wrong", { person: who });
      const given = { answers: [...it.answers, { index, answer }] };
      if (given.answers.length < of.issuers.length) tx.put(it, given);
      else tx.move(it, "granted", given);
      complete += given.answers.length === of.issuers.length ? 1 : 0;
    }
    tx.put(own, { granted: own.granted + grants.length });
    const turnout = tx.get(turnouts, key);
    if (complete > 0) tx.put(turnout, { granted: turnout.granted + complete });
  },
});

// ── poll keys and ballots ────────────────────────────────────────────────────────────────────────────────────────────────────────────
const pollKey = { poll_key: signs("the poll key, alone") };
export const admit = poll.action({
  title: "Put a poll key on the roll, by its ticket",
  by: pollKey,
  input: ticket,
  rules: ["poll_key_alone", "polling_closed", "ticket_wrong", "admitted_once", "admitted_exceeds"],
  proofs: { ticket_wrong: isTicket },
  work: 96,
  example: {
    ...{ poll: "park-2027", poll_key: aKey, prefix: aHash },
    tickets: [1, 2].map(() => ({ modulus: new Uint8Array(384).fill(0xab), signature: new Uint8Array(384).fill(1) })),
  },
  run(tx, { poll: key, poll_key, prefix, tickets }) {
    alone(tx, poll_key);
    const of = polling(tx, key);
    const byAll =
      tickets.length === of.issuers.length && tickets.every(({ modulus }, i) => equalBytes(modulus, tx.get(issuers, key, i + 1).modulus));
    tx.require(byAll, "ticket_wrong");
    tx.require(tx.find(voters, key, poll_key) === undefined, "admitted_once");
    const turnout = tx.get(turnouts, key);
    tx.require(turnout.admitted < turnout.granted, "admitted_exceeds", { granted: turnout.granted });
    const place = turnout.admitted + 1;
    tx.create(voters, { poll: key, poll_key, place, prefix, signatures: tickets.map(({ signature }) => signature) });
    tx.put(turnout, { admitted: place });
  },
});

export const cast = poll.action({
  title: "Cast a ballot, or another in the place of the last",
  by: pollKey,
  input: { ...ballot, version: range(1, 1_000) },
  rules: ["poll_key_alone", "polling_closed", "not_admitted", "ballot_unsound", "version_next"],
  proofs: { ballot_unsound: isBallot },
  work: 320,
  example: {
    ...{ poll: "park-2027", poll_key: aKey, key: aKey, question: { kind: "one", options: 3 }, version: 1 },
    ...{ ciphertexts: new Uint8Array(3 * 64), proof: new Uint8Array(32 + 3 * 96 + 32) },
  },
  run(tx, { poll: key, poll_key, key: encryptedTo, question: answered, version, ciphertexts, proof }) {
    alone(tx, poll_key);
    const of = polling(tx, key);
    const { place } = tx.find(voters, key, poll_key) ?? tx.reject("not_admitted");
    tx.work(2);
    const asAsked = equalBytes(shapeHash(tx.network, formAsked(answered)!.shape), of.shape);
    tx.require(asAsked && equalBytes(encryptedTo, of.key), "ballot_unsound");
    const before = tx.find(ballots, key, place);
    tx.require(version === (before?.version ?? 0) + 1, "version_next", { last: before?.version });
    if (before !== undefined) return void tx.put(before, { version, ciphertexts, proof });
    tx.create(ballots, { poll: key, place, poll_key, version, ciphertexts, proof });
    const turnout = tx.get(turnouts, key);
    tx.put(turnout, { cast: turnout.cast + 1 });
  },
});

// ── words of this file ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const NO_KEY: Bytes = new Uint8Array(32);

function asIssuer(tx: Tx<"not_issuer">, it: { readonly poll: string; readonly index: number }): Poll {
  const of = tx.get(polls, it.poll);
  tx.signed("issuer", of.issuers[it.index - 1] ?? tx.reject("not_issuer", { issuers: of.issuers.length }), "not_issuer");
  return of;
}
/** A signer beside the poll key, or a name that it has, would say whose it is. */
function alone(tx: Tx<"poll_key_alone">, key: Bytes): void {
  tx.signed("poll_key", key);
  tx.require(tx.signers.length <= 1 && tx.find(keys, key) === undefined, "poll_key_alone");
}
function polling(tx: Tx<"polling_closed">, key: string): Poll {
  const of = tx.get(polls, key);
  tx.require(of.$.status === "open" && tx.time < of.closes, "polling_closed", { status: of.$.status });
  return of;
}
/** Both of one length, the most significant byte first. */
function below(a: Bytes, b: Bytes): boolean {
  const i = a.findIndex((byte, at) => byte !== b[at]);
  return i >= 0 && a[i]! < b[i]!;
}
export default poll;
