// `chancery poll`: who votes, who signs tickets, who counts again. docs/polls.md. Owns the commands and their options. Does not own: what they do
// (pollVoter.ts, pollIssuer.ts, pollResult.ts); a trustee's share is `chancery trustee share` (trustee.ts).

import { type Command, InvalidArgumentError } from "commander";
import { duration, globalsOf, openKeyFile } from "./globals.ts";
import { type Globals, usage } from "./output.ts";
import { pollSeen, type PollSeen, type TrustOptions } from "./pollRows.ts";

const VOTER = "voter.key";

/** For commander: "2", "3,1,2" or "none". */
function choiceOf(text: string): number[] {
  if (text === "none") return [];
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text)) throw new InvalidArgumentError("write the numbers of options, from 1 on: 2 or 3,1,2, or none");
  return text.split(",").map(Number);
}

export function register(program: Command): void {
  const poll = program.command("poll").description("secret polls: tickets, ballots, and counting again");
  const trust = (command: Command): Command =>
    command.option("--genesis <file>", "the genesis file that you trust").option("--anchor <file>", "an anchor that you trust");
  const secret = (command: Command): Command => command.option("--voter <file>", "the secret from which all your polls are derived", VOTER);

  const asIssuer = (command: Command): Command =>
    trust(command).option("--issuer-key <file>", "where the key that signs tickets is kept (default POLL.issuer.key)");
  asIssuer(poll.command("keys <poll>"))
    .description("an issuer: make the key of this poll's tickets and give it to the chain")
    .option("--unprotected", "no passphrase: for development networks", false)
    .action(async (name: string, o: TrustOptions & { issuerKey?: string; unprotected: boolean }, command: Command) => {
      const { giveKey } = await import("./pollIssuer.ts");
      const seen = await seenBy(name, o, command);
      return giveKey(seen, await organisation(seen.globals), o);
    });
  asIssuer(poll.command("grant <poll>"))
    .description("an issuer: sign the tickets of all who have asked, unseen; run against your own node")
    .action(async (name: string, o: TrustOptions & { issuerKey?: string }, command: Command) => {
      const { grantAll } = await import("./pollIssuer.ts");
      const seen = await seenBy(name, o, command);
      return grantAll(seen, await organisation(seen.globals), o);
    });

  secret(trust(poll.command("request <poll>")))
    .description("a voter: ask every issuer for a ticket, under your name")
    .requiredOption("--person <id>", "who asks")
    .option("--unprotected", "no passphrase: for development networks", false)
    .action(async (name: string, o: TrustOptions & { person: string; voter: string; unprotected: boolean }, command: Command) => {
      const { request } = await import("./pollVoter.ts");
      return request(await seenBy(name, o, command), o);
    });
  secret(trust(poll.command("ticket <poll>")))
    .description("a voter: make the ticket of what the issuers have answered")
    .requiredOption("--person <id>", "who asked")
    .option("--ticket <file>", "where it is kept (default POLL.ticket.json)")
    .action(async (name: string, o: TrustOptions & { person: string; voter: string; ticket?: string }, command: Command) => {
      const { ticket } = await import("./pollVoter.ts");
      return ticket(await seenBy(name, o, command), o);
    });
  secret(trust(poll.command("admit <poll>")))
    .description("a voter: put your poll key on the roll, without your name; best by another node than before")
    .option("--ticket <file>", "the ticket (default POLL.ticket.json)")
    .option("--within <duration>", "goes at a moment within this time that nobody can foretell", "10m")
    .action(async (name: string, o: TrustOptions & { voter: string; ticket?: string; within: string }, command: Command) => {
      const { admit } = await import("./pollVoter.ts");
      return admit(await seenBy(name, o, command), { ...o, withinMs: duration(o.within) });
    });
  secret(trust(poll.command("ballot <poll>")))
    .description("a voter: make a ballot and hear its code; nothing is sent")
    .requiredOption("--choice <numbers>", "the options chosen, from 1 on; in a ranking all of them, the best first; or none", choiceOf)
    .option("--out <file>", "where it is kept (default POLL.ballot.json)")
    .action(async (name: string, o: TrustOptions & { voter: string; choice: number[]; out?: string }, command: Command) => {
      const { ballot } = await import("./pollVoter.ts");
      return ballot(await seenBy(name, o, command), o);
    });
  secret(trust(poll.command("cast <poll>")))
    .description("a voter: cast the ballot that was made; a later one takes its place")
    .option("--ballot <file>", "the ballot (default POLL.ballot.json)")
    .action(async (name: string, o: TrustOptions & { voter: string; ballot?: string }, command: Command) => {
      const { cast } = await import("./pollVoter.ts");
      return cast(await seenBy(name, o, command), o);
    });
  poll
    .command("test <poll>")
    .description("a voter: show what the ballot says instead of casting it")
    .option("--ballot <file>", "the ballot (default POLL.ballot.json)")
    .option("--out <file>", "where it is shown (default POLL.opened.json)")
    .action(async (name: string, o: { ballot?: string; out?: string }) => (await import("./pollVoter.ts")).test(name, o));
  poll
    .command("recompute <file>")
    .description("on a second device: what a tested ballot says, and whether it is that of the code; exit 1 if not")
    .requiredOption("--code <code>", "the code as it was heard before the test")
    .action(async (file: string, o: { code: string }) => (await import("./pollVoter.ts")).recompute(file, o));
  trust(poll.command("check <poll>"))
    .description("a voter: is the ballot on the chain the one of this code? exit 1 if not")
    .option("--voter <file>", "the secret from which all your polls are derived")
    .option("--poll-key <hex>", "or the poll key")
    .option("--code <code>", "the code as it was heard")
    .action(async (name: string, o: TrustOptions & { voter?: string; pollKey?: string; code?: string }, command: Command) => {
      const { look } = await import("./pollVoter.ts");
      return look(await seenBy(name, o, command), o);
    });

  trust(poll.command("publish <poll>"))
    .description("anybody: publish the counts that the trustees' shares open the sum to")
    .action(async (name: string, o: TrustOptions, command: Command) => {
      const { publishBy } = await import("./pollResult.ts");
      const seen = await seenBy(name, o, command);
      return publishBy(seen, await organisation(seen.globals));
    });
  trust(poll.command("verify <poll>"))
    .description("anybody: check every ticket, ballot and share again, and count; exit 1 if anything does not hold")
    .action(async (name: string, o: TrustOptions, command: Command) => {
      const { verifyPoll } = await import("./pollResult.ts");
      return verifyPoll(await seenBy(name, o, command));
    });
}

/** Polls are public, and are read without an access key: its token would say who votes. */
const seenBy = async (name: string, o: TrustOptions, command: Command): Promise<PollSeen> =>
  pollSeen(name, o, { ...globalsOf(command), accessKey: undefined });
const organisation = async (globals: Globals) =>
  openKeyFile(globals.keys[0] ?? usage("this is signed with a key of your own", "add --key KEYFILE"), globals, ["organisation", "person"]);
