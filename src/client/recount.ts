// The recount of a poll from its rows: every ticket, every ballot, the sum, every share and the counts, worked out again with nothing of the contracts.
// cryptography.md §5.4 ("verify"). Owns the verdict. Does not own: where rows come from and what is proved of them (cli/pollRows), the equations (base/).
// Rows need not be proved one by one: each ticket and ballot shows by itself that it is of this poll, and their sum must be the one that the chain proves.

import { ballotHolds } from "../base/ballot.ts";
import { formOf, type Question, shapeHash } from "../base/ballotShape.ts";
import { addCiphertexts, countsHold, emptySum, shareHolds } from "../base/ballotTally.ts";
import { answerHolds, signatureHolds, ticketMessage } from "../base/blindSignature.ts";
import { concat, hex, type Bytes, unhex } from "../base/bytes.ts";
import { unsoundIssuer } from "./ballot.ts";

/** The rows of one poll, as a node writes them. */
export interface PollRow {
  readonly poll: string;
  readonly office: string;
  readonly ceremony: string;
  readonly issuers: readonly string[];
  readonly key: string;
  readonly threshold: number;
  readonly shape: string;
  readonly counted: number;
  readonly least: number;
  readonly requests_until: number;
  readonly opens: number;
  readonly closes: number;
  readonly ground?: string;
  readonly named: readonly string[];
}
export interface QuestionRow {
  readonly title: string;
  readonly options: readonly string[];
  readonly question: Question;
}
export interface IssuerRow {
  readonly modulus: string;
  readonly proof: string;
}
export interface RequestRow {
  readonly person: string;
  readonly blinded: readonly string[];
  readonly answers: readonly { readonly index: number; readonly answer: string }[];
}
export interface VoterRow {
  readonly poll_key: string;
  readonly place: number;
  readonly prefix: string;
  readonly signatures: readonly string[];
}
export interface BallotRow {
  readonly place: number;
  readonly poll_key: string;
  readonly version: number;
  readonly ciphertexts: string;
  readonly proof: string;
}
export interface TallyRow {
  readonly ballots: number;
  readonly sum: string;
  readonly shares: number;
  readonly counts: readonly number[];
}
export interface TurnoutRow {
  readonly requested: number;
  readonly granted: number;
  readonly admitted: number;
  readonly cast: number;
}
export interface ShareRow {
  readonly index: number;
  readonly share: string;
}

/** What a recount is of: the poll and its question as proved, the rest as some node tells it. */
export interface Roll {
  readonly network: Bytes;
  readonly poll: PollRow;
  readonly question: QuestionRow;
  readonly issuers: readonly IssuerRow[];
  readonly voters: readonly VoterRow[];
  readonly ballots: readonly BallotRow[];
}
export interface Recount {
  readonly sum: Bytes;
  readonly ballots: number;
  /** What does not hold, one sentence each; empty if all does. */
  readonly findings: readonly string[];
}

/** Every issuer's key, every ticket, every ballot, and what the ballots add up to. */
export function recount(
  { network, poll, question, issuers, voters, ballots }: Roll,
  seen: (done: number) => void = () => undefined,
): Recount {
  const findings: string[] = [];
  const require = (holds: boolean, finding: string): void => void (holds || findings.push(finding));
  const form = formOf(question.question);
  if (form === undefined || hex(shapeHash(network, form.shape)) !== poll.shape || form.counted !== poll.counted)
    return { sum: emptySum(poll.counted), ballots: 0, findings: ["the shape of the ballots is not that of the question"] };
  require(issuers.length === poll.issuers.length, "an issuer's key is missing");
  const unsound = unsoundIssuer(
    network,
    issuers.map(({ modulus, proof }) => ({ modulus: unhex(modulus), proof: unhex(proof) })),
  );
  require(unsound === undefined, `the key of issuer ${unsound} does not show that it hides tickets`);

  const roll = new Map<number, string>();
  for (const { poll_key, place, prefix, signatures } of voters) {
    require(!roll.has(place) && place >= 1, `two poll keys at place ${place}`);
    roll.set(place, poll_key);
    const prepared = concat(unhex(prefix), ticketMessage(network, poll.poll, unhex(poll_key)));
    const signed =
      signatures.length === issuers.length &&
      issuers.every(({ modulus }, i) => signatureHolds(unhex(modulus), prepared, unhex(signatures[i]!)));
    require(signed, `the ticket at place ${place} is not signed by every issuer`);
  }
  require(new Set(roll.values()).size === voters.length, "one poll key at two places");

  let sum = emptySum(poll.counted);
  const counted = new Set<number>();
  for (const { place, poll_key, ciphertexts, proof } of ballots) {
    require(roll.get(place) === poll_key && !counted.has(place), `the ballot at place ${place} is not of the poll key there`);
    counted.add(place);
    const at = { network, poll: poll.poll, shape: form.shape, pollKey: unhex(poll_key), key: unhex(poll.key) };
    if (ballotHolds(at, unhex(ciphertexts), unhex(proof))) sum = addCiphertexts(sum, unhex(ciphertexts));
    else findings.push(`the ballot at place ${place} does not prove what it must`);
    seen(counted.size);
  }
  return { sum, ballots: counted.size, findings };
}

/** Of requests: each answer is the issuer's, each person has one, and as many are granted as all issuers have answered. */
export function requestsHold({ issuers, voters }: Pick<Roll, "issuers" | "voters">, requests: readonly RequestRow[]): string[] {
  const findings: string[] = [];
  let granted = 0;
  for (const { person, blinded, answers } of requests) {
    const answered = new Set(answers.map(({ index }) => index));
    const holds = answers.every(({ index, answer }) => {
      const modulus = issuers[index - 1]?.modulus;
      return modulus !== undefined && answerHolds(unhex(modulus), unhex(blinded[index - 1]!), unhex(answer));
    });
    if (!holds || answered.size !== answers.length) findings.push(`an answer to ${person} is not the issuer's`);
    if (answered.size === issuers.length) granted++;
  }
  if (new Set(requests.map(({ person }) => person)).size !== requests.length) findings.push("one person has two requests");
  if (voters.length > granted) findings.push(`${voters.length} poll keys are admitted, ${granted} requests were granted`);
  return findings;
}

/** Of the result: the sum is the recount's, each share its trustee's, the counts what the first shares open the sum to. */
export function resultHolds(
  { network, poll }: Pick<Roll, "network" | "poll">,
  counted: Pick<Recount, "sum" | "ballots">,
  tally: TallyRow,
  shares: readonly ShareRow[],
  verification: readonly string[],
): string[] {
  const findings: string[] = [];
  if (hex(counted.sum) !== tally.sum || counted.ballots !== tally.ballots) findings.push("the sum is not that of the ballots");
  for (const { index, share } of shares) {
    const place = { network, poll: poll.poll, trustee: index, verification: unhex(verification[index - 1] ?? "") };
    if (!shareHolds(place, unhex(tally.sum), unhex(share))) findings.push(`the share of trustee ${index} is not of this sum`);
  }
  const needed = shares.slice(0, poll.threshold).map(({ index, share }) => ({ trustee: index, share: unhex(share) }));
  if (tally.counts.length > 0 && (needed.length < poll.threshold || !countsHold(unhex(tally.sum), needed, tally.counts)))
    findings.push("the counts are not what the shares open the sum to");
  return findings;
}
