// Tickets to a poll as acts show them: an issuer's key, blind signatures in answer to requests, a ticket signed by every issuer. The handler then compares
// the moduli with the rows. Fields, and the questions put to them. Does not own: the mathematics (base/blindSignature), who is given one (participation/polls).

import { type Bytes, concat } from "../../base/bytes.ts";
import {
  answerHolds,
  ISSUER_BYTES,
  issuerKeyHolds,
  PERMUTATION_ROOTS,
  PREFIX_BYTES,
  signatureHolds,
  ticketMessage,
} from "../../base/blindSignature.ts";
import { type Body, bytes, hash, id, list, object, person, range } from "../engine/index.ts";

/** All of them sign every ticket. */
export const MAX_ISSUERS = 4;
export const issuerIndex = range(1, MAX_ISSUERS);
/** A number below an issuer's modulus, or the modulus. */
export const number = bytes(ISSUER_BYTES, ISSUER_BYTES);
export const prefix = bytes(PREFIX_BYTES, PREFIX_BYTES);

export const issuerKey = { modulus: number, proof: bytes(PERMUTATION_ROOTS * ISSUER_BYTES, PERMUTATION_ROOTS * ISSUER_BYTES) };
export const isIssuerKey = ({ modulus, proof }: Body<typeof issuerKey>, network: Bytes): boolean => issuerKeyHolds(network, modulus, proof);

/** Requests and what an issuer answers to them. */
export const answers = { modulus: number, grants: list(object({ person, blinded: number, answer: number }), 64, 1) };
export const areAnswers = ({ modulus, grants }: Body<typeof answers>): boolean =>
  grants.every(({ blinded, answer }) => answerHolds(modulus, blinded, answer));

/** Signed by each issuer, in their order. */
export const ticket = { poll: id, poll_key: hash, prefix, tickets: list(object({ modulus: number, signature: number }), MAX_ISSUERS, 2) };
export function isTicket({ poll, poll_key: pollKey, prefix: random, tickets }: Body<typeof ticket>, network: Bytes): boolean {
  const prepared = concat(random, ticketMessage(network, poll, pollKey));
  return tickets.every(({ modulus, signature }) => signatureHolds(modulus, prepared, signature));
}
