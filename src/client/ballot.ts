// A voter's part in a poll, on the voter's own machine: everything is derived from one secret of 32 bytes, so a lost telephone loses no vote
// (cryptography.md §5.1, §5.2). Owns the derivation, request and ticket, ballots with their codes, and the form of a ballot that is tested. Does not own:
// the mathematics (base/), the secret at rest (base/keyFile), who is asked for rows (cli/poll). Browser-clean.

import { type Ballot, ballotCode, type BallotPlace, makeBallot, secretsOpen } from "../base/ballot.ts";
import { bitsOf, formOf, type Question } from "../base/ballotShape.ts";
import { blind, integerOf, issuerKeyHolds, PREFIX_BYTES, SALT_BYTES, ticketMessage, unblind } from "../base/blindSignature.ts";
import { type Bytes, concat, hex, joined, unhex } from "../base/bytes.ts";
import { encode } from "../base/codec.ts";
import { hmacSha256 } from "../base/hash.ts";
import { scalarBytes, scalarOf } from "../base/ristretto.ts";
import { publicKeyOf } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { frame } from "../base/tags.ts";

/** The voter's secret, in one poll of one network. */
export interface Voter {
  readonly network: Bytes;
  readonly poll: string;
  readonly secret: Bytes;
}

/** PRF(secret, [poll, name, counter]) for counter 0, 1, …: as many bytes as are wanted. */
function derived({ network, poll, secret }: Voter, name: string, length: number): Bytes {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, counter) =>
    hmacSha256(secret, frame(tags.poll, network, encode([poll, name, counter]))),
  );
  return joined(blocks).subarray(0, length);
}

/** The seed of the key that votes: it signs alone, and is nobody's on the chain. */
export const pollSeed = (voter: Voter): Bytes => derived(voter, "key", 32);
export const pollKeyOf = (voter: Voter): Bytes => publicKeyOf(pollSeed(voter));
const prefixOf = (voter: Voter): Bytes => derived(voter, "prefix", PREFIX_BYTES);
/** What every issuer signs without seeing it. */
const prepared = (voter: Voter): Bytes => concat(prefixOf(voter), ticketMessage(voter.network, voter.poll, pollKeyOf(voter)));
/** Of the issuer i, from 1 on. */
const saltOf = (voter: Voter, i: number): Bytes => derived(voter, `salt/${i}`, SALT_BYTES);
const factorOf = (voter: Voter, i: number, modulus: Bytes): bigint => integerOf(derived(voter, `r/${i}`, 448)) % integerOf(modulus);

/** An issuer's key as it stands on the chain; `proof` shows that it hides the ticket. */
export interface IssuerKey {
  readonly modulus: Bytes;
  readonly proof: Bytes;
}
/** Whose key would give the ticket away: the first of them, from 1 on. Asked before anything is blinded. */
export function unsoundIssuer(network: Bytes, keys: readonly IssuerKey[]): number | undefined {
  const i = keys.findIndex(({ modulus, proof }) => !issuerKeyHolds(network, modulus, proof));
  return i < 0 ? undefined : i + 1;
}

/** The same request each time: one number for each issuer, in their order; undefined if a key is none. */
export function blindedTickets(voter: Voter, moduli: readonly Bytes[]): Bytes[] | undefined {
  const message = prepared(voter);
  const blinded = moduli.map((modulus, i) => blind(modulus, message, saltOf(voter, i + 1), factorOf(voter, i + 1, modulus)));
  return blinded.every((it) => it !== undefined) ? blinded : undefined;
}

export interface Ticket {
  readonly pollKey: Bytes;
  readonly prefix: Bytes;
  /** One of each issuer, in their order. */
  readonly signatures: readonly Bytes[];
}
/** The ticket, from what the issuers answered; the number of the first issuer, from 1 on, whose answer is no signature. */
export function ticketFrom(voter: Voter, moduli: readonly Bytes[], answers: readonly Bytes[]): Ticket | number {
  const signatures = moduli.map((modulus, i) => unblind(modulus, prepared(voter), answers[i]!, factorOf(voter, i + 1, modulus)));
  const wrong = signatures.indexOf(undefined);
  return wrong >= 0 ? wrong + 1 : { pollKey: pollKeyOf(voter), prefix: prefixOf(voter), signatures: signatures as Bytes[] };
}

// ── ballots ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What a poll asks, as its row says it; undefined if nobody could answer it. */
export function questionOf(field: unknown): Question | undefined {
  const asked = field as Question;
  return formOf(asked) === undefined ? undefined : asked;
}
export const placeOf = (voter: Voter, question: Question, key: Bytes): BallotPlace => ({
  ...{ network: voter.network, poll: voter.poll, shape: formOf(question)!.shape },
  ...{ pollKey: pollKeyOf(voter), key },
});

/** An encrypted choice and its code; undefined if the question does not allow the choice. The voter hears the code before choosing to test or to cast. */
export function ballotFor(
  place: BallotPlace,
  question: Question,
  choice: readonly number[],
): (Ballot & { readonly code: string }) | undefined {
  const bits = bitsOf(question, choice);
  if (bits === undefined) return undefined;
  const ballot = makeBallot(place, bits);
  return { ...ballot, code: ballotCode(place, ballot.ciphertexts) };
}

/** Options (in a ranking: in the order of preference) that bits say. */
export function choiceIn(question: Question, bits: readonly boolean[]): number[] {
  const options = question.kind === "budget" ? question.costs.length : question.options;
  const all = Array.from({ length: options }, (_, option) => option);
  if (question.kind !== "ranking") return all.filter((option) => bits[option]);
  const placeIn = (option: number): number => all.findIndex((place) => bits[options * option + place]);
  return all.toSorted((a, b) => placeIn(a) - placeIn(b));
}

/** A ballot that is shown instead of being cast, for a second device that works the code out again (Benaloh). */
export interface OpenedBallot {
  readonly format: "chancery-opened-ballot/1";
  readonly network: string;
  readonly poll: string;
  readonly poll_key: string;
  /** The poll's. */
  readonly key: string;
  readonly question: Question;
  readonly ciphertexts: string;
  readonly bits: readonly boolean[];
  readonly r: readonly string[];
}
export const openedBallot = (place: BallotPlace, question: Question, { ciphertexts, secrets }: Ballot): OpenedBallot => ({
  ...{
    format: "chancery-opened-ballot/1",
    network: hex(place.network),
    poll: place.poll,
    poll_key: hex(place.pollKey),
    key: hex(place.key),
  },
  ...{ question, ciphertexts: hex(ciphertexts), bits: secrets.bits, r: secrets.r.map((r) => hex(scalarBytes(r))) },
});
/** The code of an opened ballot, and what it says; undefined if its numbers are not those of its ciphertexts, or it is none at all. */
export function recomputed(opened: OpenedBallot): { readonly code: string; readonly choice: number[] } | undefined {
  try {
    return codeAndChoice(opened);
  } catch {
    return undefined; // it comes from the device that is doubted: fields may be missing or of other kinds
  }
}
function codeAndChoice(opened: OpenedBallot): ReturnType<typeof recomputed> {
  const form = formOf(opened.question);
  if (form === undefined) return undefined;
  const place = { network: unhex(opened.network), poll: opened.poll, pollKey: unhex(opened.poll_key) };
  const ciphertexts = unhex(opened.ciphertexts);
  const secrets = { bits: opened.bits, r: opened.r.map((r) => scalarOf(unhex(r))) };
  if (!secretsOpen({ shape: form.shape, key: unhex(opened.key) }, ciphertexts, secrets)) return undefined;
  return { code: ballotCode(place, ciphertexts), choice: choiceIn(opened.question, opened.bits) };
}
/** The code as it is read aloud: groups of four. */
export const spoken = (code: string): string => code.match(/.{1,4}/g)!.join(" ");
