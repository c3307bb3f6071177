// The rows of a poll as its commands read them: what a secret is used on with its proof, the roll and the ballots page by page (client/recount says why that
// is enough). Owns reading. Does not own: the verdict (client/recount), acts (pollVoter.ts, pollIssuer.ts, pollResult.ts).

import { unhex } from "../base/bytes.ts";
import type { Found, Ledger } from "../client/index.ts";
import { unsoundIssuer } from "../client/ballot.ts";
import type { BallotRow, IssuerRow, PollRow, QuestionRow, Roll, VoterRow } from "../client/recount.ts";
import type { Trusted } from "../client/verify.ts";
import { ledgerOf } from "./nodes.ts";
import { type Globals, refuse, usage } from "./output.ts";
import { type ProvedRecord, provedRecord, trustedBy } from "./trusted.ts";

export interface TrustOptions {
  readonly genesis?: string;
  readonly anchor?: string;
}
/** A poll, seen through one node. */
export interface PollSeen {
  readonly ledger: Ledger;
  readonly trusted: Trusted;
  readonly globals: Globals;
  readonly poll: ProvedRecord<PollRow>;
}

export async function pollSeen(poll: string, o: TrustOptions, globals: Globals): Promise<PollSeen> {
  const trusted = trustedBy(o);
  const ledger = await ledgerOf(globals, o.genesis);
  return { ledger, trusted, globals, poll: await provedPoll(ledger, trusted, poll) };
}
export async function provedPoll(ledger: Ledger, trusted: Trusted, poll: string): Promise<ProvedRecord<PollRow>> {
  return (
    (await provedRecord<PollRow>(ledger, trusted, "polls/poll", { poll })) ??
    usage(`there is no poll "${poll}"`, "chancery list polls poll")
  );
}
/** Ends the command unless the poll stands so: to be tried again if it will, once and for all if that is over. */
export function must({ poll }: PollSeen, status: (typeof STATUSES)[number], what: string): void {
  if (poll.status === status) return;
  const { poll: name, ground, named } = poll.fields;
  const how = ground === undefined ? poll.status : `${poll.status}: ${[ground, ...named].join(", ")}`;
  const early = STATUSES.indexOf(poll.status as (typeof STATUSES)[number]) < STATUSES.indexOf(status);
  refuse(early ? "poll.waits" : "poll.over", {
    why: `${what}; this one is ${how}`,
    do: early ? "run the same command again later" : `chancery get polls poll ${name}`,
  });
}
const STATUSES = ["called", "requesting", "open", "closed", "published", "void"] as const;

export async function questionRow({ ledger, trusted, poll }: PollSeen): Promise<QuestionRow> {
  return (await provedRecord<QuestionRow>(ledger, trusted, "polls/question", { poll: poll.fields.poll }))!.fields;
}

/** All issuers' keys, proved, and shown to hide what they sign: with one that does not nothing is blinded. */
export async function soundIssuers({ ledger, trusted, poll }: PollSeen): Promise<readonly IssuerRow[]> {
  const { poll: name, issuers } = poll.fields;
  const rows = await Promise.all(
    issuers.map(async (_, i) => provedRecord<IssuerRow>(ledger, trusted, "polls/issuer", { poll: name, index: i + 1 })),
  );
  const found = rows.flatMap((row) => (row === undefined ? [] : [row.fields]));
  if (found.length < issuers.length) return refuse("poll.waits", { why: "not all issuers have given their keys", do: "try again later" });
  const unsound = unsoundIssuer(
    trusted.network,
    found.map(({ modulus, proof }) => ({ modulus: unhex(modulus), proof: unhex(proof) })),
  );
  if (unsound === undefined) return found;
  return refuse("check.failed", {
    why: `the key of ${issuers[unsound - 1]} does not show that it hides what it signs`,
    do: "ask for no ticket, and tell the office and the courts",
  });
}

const PAGE = 200;
/** All rows of a collection that belong to the poll, as the node tells them. */
export async function rowsOf<F>(ledger: Ledger, collection: string, poll: string): Promise<F[]> {
  const rows: F[] = [];
  let after: string | undefined;
  do {
    const page = await ledger.list(`polls/${collection}`, { find: { poll }, limit: PAGE, ...(after === undefined ? {} : { after }) });
    rows.push(...page.items.map(({ fields }: Found) => fields as F));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return rows;
}

/** What a recount is of. */
export async function rollOf(seen: PollSeen): Promise<Roll> {
  const { ledger, trusted, poll } = seen;
  const [question, issuers, voters, ballots] = await Promise.all([
    questionRow(seen),
    soundIssuers(seen),
    rowsOf<VoterRow>(ledger, "voter", poll.fields.poll),
    rowsOf<BallotRow>(ledger, "ballot", poll.fields.poll),
  ]);
  return { network: trusted.network, poll: poll.fields, question, issuers, voters, ballots };
}
