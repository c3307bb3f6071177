// Secret ballots as acts show them: what a poll asks, and the predicates of ballots, of trustees' shares and of counts. The handler then compares question,
// key and sum with the rows. Fields, and the questions put to them. Does not own: the mathematics (base/ballot*), when anything counts (participation/polls).

import type { Bytes } from "../../base/bytes.ts";
import { ballotHolds } from "../../base/ballot.ts";
import { type BallotForm, formOf, MAX_BITS, MAX_EQUATIONS, type Question } from "../../base/ballotShape.ts";
import { countsHold, shareHolds } from "../../base/ballotTally.ts";
import { type Body, bytes, count, hash, id, list, object, oneOf, optional, range } from "../engine/index.ts";
import { index, MAX_TRUSTEES, point } from "./ceremony.ts";

const numbers = range(0, 2 ** 32 - 1);
/** One of n; min to max of n; each of n or not; a ranking of n; projects within a budget. What a kind does not need is left out. */
export const question = object({
  ...{ kind: oneOf("one", "some", "approval", "ranking", "budget"), options: range(1, MAX_BITS) },
  ...{ min: optional(numbers), max: optional(numbers), costs: optional(list(numbers, MAX_BITS, 1)), total: optional(numbers) },
});
type Asked = Body<typeof question.fields>;

/** The question, if it is written in the one way that it can be. */
export function asked({ kind, options, min, max, costs, total }: Asked): Question | undefined {
  const [isSome, isBudget] = [kind === "some", kind === "budget"];
  if ([min, max].some((n) => (n !== undefined) !== isSome) || [costs, total].some((n) => (n !== undefined) !== isBudget)) return undefined;
  if (kind === "some") return { kind, options, min: min!, max: max! };
  if (kind === "budget") return costs!.length === options ? { kind, costs: costs!, total: total! } : undefined;
  return { kind, options };
}
/** The form of its ballots; undefined if nobody could answer it. */
export function formAsked(it: Asked): BallotForm | undefined {
  const plain = asked(it);
  return plain === undefined ? undefined : formOf(plain);
}

/** `key` is the poll's, `poll_key` the voter's. */
export const ballot = {
  ...{ poll: id, poll_key: hash, key: point, question },
  ...{ ciphertexts: bytes(64 * MAX_BITS, 64), proof: bytes(32 + 96 * MAX_BITS + 32 * MAX_EQUATIONS, 128) },
};
export function isBallot({ poll, poll_key: pollKey, key, question: of, ciphertexts, proof }: Body<typeof ballot>, network: Bytes): boolean {
  const form = formAsked(of);
  return form !== undefined && ballotHolds({ network, poll, shape: form.shape, pollKey, key }, ciphertexts, proof);
}

export const sum = bytes(64 * MAX_BITS, 64);
export const share = bytes(32 * MAX_BITS + 64, 96);
export const decryption = { poll: id, index, verification: point, sum, share };
export const isDecryption = ({ index: trustee, sum: of, share: given, ...it }: Body<typeof decryption>, network: Bytes): boolean =>
  shareHolds({ network, trustee, ...it }, of, given);

/** As many shares as are needed, in the order of their trustees. */
export const opening = { sum, shares: list(object({ index, share }), MAX_TRUSTEES, 1), counts: list(count, MAX_BITS, 1) };
export function opens({ sum: of, shares, counts }: Body<typeof opening>): boolean {
  const ordered = shares.every((it, i) => i === 0 || shares[i - 1]!.index < it.index);
  const given = shares.map((it) => ({ trustee: it.index, share: it.share }));
  return ordered && countsHold(of, given, counts);
}
