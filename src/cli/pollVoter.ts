// A voter's part in a poll, on the own machine: request, ticket, admission, ballots that are tested or cast, and looking for them on the chain.
// cryptography.md §5.1, §5.2; docs/polls.md. Owns the order of the steps and the files that they leave. Does not own: the mathematics (client/ballot, base/),
// what the chain accepts (contract polls).
//
// `request` and `ticket` are signed or asked for under the voter's name, `admit` and `cast` by a poll key that is nobody's: between them nothing may tell that
// it is one machine. So a ticket waits in a file, `admit` waits a while and can go to another member's node, and no file names both.

import fs from "node:fs";
import { ballotCode } from "../base/ballot.ts";
import { hex, readU32, unhex } from "../base/bytes.ts";
import { keyFromSecret, newKey, saveSecretFile, sealKey } from "../base/keyFile.ts";
import { generateSeed } from "../base/signature.ts";
import {
  ballotFor,
  blindedTickets,
  choiceIn,
  type OpenedBallot,
  openedBallot,
  placeOf,
  pollKeyOf,
  pollSeed,
  questionOf,
  recomputed,
  spoken,
  ticketFrom,
  type Voter,
} from "../client/ballot.ts";
import type { BallotRow, RequestRow, VoterRow } from "../client/recount.ts";
import { newPassphrase, openKeyFile, readJson } from "./globals.ts";
import { showOutcome } from "./outcomes.ts";
import { answer, bold, exits, green, progress, red, refuse, usage } from "./output.ts";
import { must, type PollSeen, questionRow, soundIssuers } from "./pollRows.ts";
import { actWith, provedRecord } from "./trusted.ts";

const nameOf = ({ poll }: PollSeen): string => poll.fields.poll;

async function voterIn(seen: PollSeen, file: string): Promise<Voter> {
  const { secret } = await openKeyFile(file, seen.globals, ["voter"]);
  return { network: seen.trusted.network, poll: nameOf(seen), secret };
}

/** Asks for a ticket. Again is the same request: whoever has the secret can go on, wherever he stopped. */
export async function request(seen: PollSeen, o: { person: string; voter: string; unprotected: boolean }): Promise<void> {
  const { ledger, globals } = seen;
  must(seen, "requesting", "tickets are asked for once all issuers have given their keys, until the time for it is over");
  const signing = await openKeyFile(globals.keys[0] ?? usage("a request is signed by the person's own key", "add --key KEYFILE"), globals, [
    "person",
  ]);
  const issuers = await soundIssuers(seen);
  // The secret is safe before anything depends on it.
  if (!fs.existsSync(o.voter)) {
    saveSecretFile(o.voter, sealKey(newKey("voter"), o.unprotected ? undefined : await newPassphrase(globals)));
    progress(`the secret from which all your polls are derived is in ${o.voter}: keep a copy of it`);
  }
  const voter = await voterIn(seen, o.voter);
  const blinded = blindedTickets(
    voter,
    issuers.map(({ modulus }) => unhex(modulus)),
  );
  if (blinded === undefined) return refuse("check.failed", { why: "an issuer's key cannot be used", do: "tell the office" });
  const outcome = await actWith(ledger, signing, globals, "polls.request", {
    poll: nameOf(seen),
    person: o.person,
    blinded: blinded.map(hex),
  });
  showOutcome(outcome, { action: "polls.request" });
}

interface TicketFile {
  readonly format: "chancery-ticket/1";
  readonly poll: string;
  readonly poll_key: string;
  readonly prefix: string;
  readonly tickets: readonly { readonly modulus: string; readonly signature: string }[];
}
/** Makes the ticket of what the issuers answered, and keeps it. */
export async function ticket(seen: PollSeen, o: { person: string; voter: string; ticket?: string }): Promise<void> {
  const { ledger, trusted } = seen;
  const poll = nameOf(seen);
  const row = await provedRecord<RequestRow>(ledger, trusted, "polls/request", { poll, person: o.person });
  if (row === undefined) return usage(`${o.person} has asked for no ticket to ${poll}`, `chancery poll request ${poll}`);
  const { issuers } = seen.poll.fields;
  const lacking = issuers.filter((_, i) => row.fields.answers.every(({ index }) => index !== i + 1));
  if (lacking.length > 0)
    return refuse("poll.waits", {
      why: `${lacking.join(", ")} ${lacking.length === 1 ? "has" : "have"} not answered`,
      do: "run the same command again later",
    });
  const moduli = (await soundIssuers(seen)).map(({ modulus }) => modulus);
  const answers = issuers.map((_, i) => unhex(row.fields.answers.find(({ index }) => index === i + 1)!.answer));
  const made = ticketFrom(await voterIn(seen, o.voter), moduli.map(unhex), answers);
  if (typeof made === "number")
    return refuse("check.failed", {
      why: `the answer of ${issuers[made - 1]} is no signature of what ${o.voter} asked for`,
      do: "give --voter FILE as when you asked; if it is that file, somebody else has asked in your name: tell the office",
    });
  const file = o.ticket ?? `${poll}.ticket.json`;
  const content: TicketFile = {
    ...{ format: "chancery-ticket/1", poll, poll_key: hex(made.pollKey), prefix: hex(made.prefix) },
    tickets: moduli.map((modulus, i) => ({ modulus, signature: hex(made.signatures[i]!) })),
  };
  saveSecretFile(file, `${JSON.stringify(content)}\n`, true);
  answer(
    { poll, ticket: file },
    `${green("✓")} ${bold(poll)}: your ticket is in ${file}. Show it to nobody: it would say which ballot is yours`,
  );
}

/** Signs alone: no other key, no name. */
const asPollKey = (voter: Voter): { publicKey: Uint8Array; secret: Uint8Array } => keyFromSecret("person", pollSeed(voter));

/** Puts the poll key on the roll, after a while that nobody can foretell. */
export async function admit(seen: PollSeen, o: { voter: string; ticket?: string; withinMs: number }): Promise<void> {
  must(seen, "open", "poll keys are admitted while a poll is open");
  const poll = nameOf(seen);
  const { format, tickets, prefix, poll_key, poll: of } = readJson(o.ticket ?? `${poll}.ticket.json`) as TicketFile;
  const voter = await voterIn(seen, o.voter);
  if (format !== "chancery-ticket/1" || of !== poll || poll_key !== hex(pollKeyOf(voter)))
    return refuse("check.failed", { why: `the ticket is not that of ${o.voter} to ${poll}`, do: `chancery poll ticket ${poll}` });
  const wait = Math.floor((readU32(generateSeed(), 0) / 2 ** 32) * o.withinMs);
  if (wait > 0) {
    progress(`waiting ${Math.ceil(wait / 60_000)} min, so that the time tells nobody who comes (--within 0s goes at once)`);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  const args = { poll, poll_key, prefix, tickets: tickets.map(({ modulus, signature }) => ({ modulus, signature })) };
  showOutcome(await actWith(seen.ledger, asPollKey(voter), seen.globals, "polls.admit", args), { action: "polls.admit" });
}

// ── ballots ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A ballot in a file: whole until it is decided; then without what opens it (cast) or without its proof (tested). */
interface BallotFile extends OpenedBallot {
  readonly proof?: string;
}

/** Makes a ballot and says its code. Nothing is sent. */
export async function ballot(seen: PollSeen, o: { voter: string; choice: readonly number[]; out?: string }): Promise<void> {
  must(seen, "open", "ballots are made while a poll is open");
  const poll = nameOf(seen);
  const { question: field, options, title } = await questionRow(seen);
  const question = questionOf(field);
  if (question === undefined) return refuse("check.failed", { why: "the poll's question cannot be answered", do: "tell the office" });
  const place = placeOf(await voterIn(seen, o.voter), question, unhex(seen.poll.fields.key));
  const made = ballotFor(
    place,
    question,
    o.choice.map((n) => n - 1),
  );
  if (made === undefined) return usage(`the question allows no such choice: ${o.choice.join(",")}`, `chancery get polls question ${poll}`);
  const file = o.out ?? `${poll}.ballot.json`;
  const content: BallotFile = { ...openedBallot(place, question, made), proof: hex(made.proof) };
  saveSecretFile(file, `${JSON.stringify(content)}\n`, true);
  const chosen = choiceIn(question, made.secrets.bits).map((option) => options[option] ?? `option ${option + 1}`);
  answer({ poll, ballot: file, code: made.code, chosen }, [
    bold(title),
    ...chosen.map((option) => `  ${option}`),
    `code      ${spoken(made.code)}`,
    "Write the code down now. Then choose, by whatever chance you like:",
    `  chancery poll test ${poll} --ballot ${file}     shows what it says, to be worked out on another device; it is never cast`,
    `  chancery poll cast ${poll} --ballot ${file}     casts it`,
  ]);
}

function ballotIn(file: string, poll: string): BallotFile {
  const content = readJson(file) as BallotFile;
  if (content.format !== "chancery-opened-ballot/1" || content.poll !== poll)
    usage(`${file} is no ballot of ${poll}`, `chancery poll ballot ${poll}`);
  return content;
}

/** Opens a ballot instead of casting it. */
export function test(poll: string, o: { ballot?: string; out?: string }): void {
  const file = o.ballot ?? `${poll}.ballot.json`;
  const { proof, ...opened } = ballotIn(file, poll);
  if (opened.r.length === 0) usage(`the ballot in ${file} has been cast: what it says is shown to nobody`, `chancery poll ballot ${poll}`);
  const out = o.out ?? `${poll}.opened.json`;
  if (proof !== undefined) saveSecretFile(file, `${JSON.stringify(opened)}\n`, true);
  saveSecretFile(out, `${JSON.stringify(opened)}\n`, true);
  answer({ poll, opened: out }, [
    `${out} says what the ballot says. On another device: chancery poll recompute ${out} --code "CODE"`,
    `This ballot is never cast. Make another: chancery poll ballot ${poll}`,
  ]);
}

/** On a second device: is the code that of this ballot, and what does it say? */
export function recompute(file: string, o: { code: string }): void {
  const opened = readJson(file) as OpenedBallot;
  const found = recomputed(opened);
  const holds = found !== undefined && found.code === o.code.replaceAll(/[\s-]/g, "");
  if (!holds) process.exitCode = exits.no;
  const choice = found?.choice.map((option) => option + 1) ?? [];
  answer({ holds, code: found?.code ?? null, choice }, [
    holds
      ? `${green("✓")} the ballot of this code chose ${choice.join(", ")}`
      : `${red("✗")} ${found === undefined ? "these numbers are not those of this ballot" : `the code of this ballot is ${spoken(found.code)}`}: the device that made it cheats`,
  ]);
}

const rowsOfKey = async ({ ledger, trusted, poll }: PollSeen, pollKey: string) => {
  const name = poll.fields.poll;
  const voter = await provedRecord<VoterRow>(ledger, trusted, "polls/voter", { poll: name, poll_key: pollKey });
  const found =
    voter === undefined
      ? undefined
      : await provedRecord<BallotRow>(ledger, trusted, "polls/ballot", { poll: name, place: voter.fields.place });
  return { voter, found };
};

/** Casts a ballot; another one later takes its place. */
export async function cast(seen: PollSeen, o: { voter: string; ballot?: string }): Promise<void> {
  must(seen, "open", "ballots are cast while a poll is open");
  const poll = nameOf(seen);
  const file = o.ballot ?? `${poll}.ballot.json`;
  const content = ballotIn(file, poll);
  const voter = await voterIn(seen, o.voter);
  const { poll_key, key, ciphertexts, proof } = content;
  if (proof === undefined) return usage(`the ballot in ${file} has been tested: it is never cast`, `chancery poll ballot ${poll}`);
  if (poll_key !== hex(pollKeyOf(voter)) || key !== seen.poll.fields.key)
    return refuse("check.failed", { why: `the ballot is not that of ${o.voter} in ${poll}`, do: `chancery poll ballot ${poll}` });
  const before = await rowsOfKey(seen, poll_key);
  if (before.voter === undefined) return usage("your poll key is not on the roll", `chancery poll admit ${poll}`);
  const { question } = await questionRow(seen);
  const outcome = await actWith(seen.ledger, asPollKey(voter), seen.globals, "polls.cast", {
    ...{ poll, poll_key, key, question: question as never, version: (before.found?.fields.version ?? 0) + 1, ciphertexts, proof },
  });
  // What opens it is a receipt that could be sold: it goes once the ballot is cast.
  if (outcome.status === "applied") saveSecretFile(file, `${JSON.stringify({ ...content, bits: [], r: [] })}\n`, true);
  showOutcome(outcome, { action: "polls.cast" });
}

/** Looks for the own ballot on the chain, by its code. */
export async function look(seen: PollSeen, o: { voter?: string; pollKey?: string; code?: string }): Promise<void> {
  const poll = nameOf(seen);
  const pollKey =
    o.pollKey ??
    (o.voter === undefined ? usage("whose ballot?", "add --voter FILE or --poll-key HEX") : hex(pollKeyOf(await voterIn(seen, o.voter))));
  const { voter, found } = await rowsOfKey(seen, pollKey);
  const code =
    found === undefined
      ? undefined
      : ballotCode({ network: seen.trusted.network, poll, pollKey: unhex(pollKey) }, unhex(found.fields.ciphertexts));
  const holds = code !== undefined && (o.code === undefined || o.code.replaceAll(/[\s-]/g, "") === code);
  if (!holds) process.exitCode = exits.no;
  const document = { poll, admitted: voter !== undefined, code: code ?? null, version: found?.fields.version ?? 0, holds };
  if (code === undefined)
    return answer(
      document,
      `${red("✗")} ${voter === undefined ? "the poll key is not on the roll" : "no ballot is cast by this poll key"}`,
    );
  answer(
    document,
    `${holds ? green("✓") : red("✗")} the ballot on the chain has the code ${spoken(code)} (ballot ${found!.fields.version} of this key)`,
  );
}
