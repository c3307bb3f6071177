// The end of a poll: a trustee's share in opening the sum, the result once there are enough, and the recount that anybody can make. cryptography.md §5.4.
// Owns what a trustee looks at before he uses his part of a key, and that he uses it on one sum only. Does not own: his seat (trusteeSeat.ts), the recount
// (client/recount), the equations (base/ballotTally).
//
// A share opens what it is given for. So a trustee adds up the ballots himself, checks each, and asks that they be as many as the poll promised at least.

import fs from "node:fs";
import { decryptionShare, openCounts } from "../base/ballotTally.ts";
import { hex, unhex } from "../base/bytes.ts";
import { saveSecretFile } from "../base/keyFile.ts";
import { useSodium } from "../base/ristrettoSodium.ts";
import type { Found } from "../client/index.ts";
import { recount, requestsHold, type RequestRow, resultHolds, type ShareRow, type TallyRow, type TurnoutRow } from "../client/recount.ts";
import { answer, bold, exits, green, progress, red, refuse, usage } from "./output.ts";
import { type PollSeen, provedPoll, questionRow, rollOf, rowsOf } from "./pollRows.ts";
import { actWith, type ProvedRecord, provedRecord } from "./trusted.ts";
import { type CeremonyFields, type Seat, submit } from "./trusteeSeat.ts";

/** Which poll a ceremony's key serves: the name stands in the ceremony's row, of very long ones the beginning. */
async function pollServed(seat: Seat, serves: string): Promise<PollSeen> {
  const { ledger, trusted, globals, ceremony } = seat;
  const name = serves.slice("poll:".length);
  let poll = serves.length < 64 ? name : undefined;
  for (let after: string | undefined; poll === undefined; ) {
    const page = await ledger.list("polls/poll", { find: { status: "closed" }, limit: 200, ...(after === undefined ? {} : { after }) });
    poll = page.items.map(({ fields }: Found) => fields).find((fields) => fields["ceremony"] === ceremony)?.["poll"] as string | undefined;
    after = page.next ?? usage(`no poll that is closed is served by ${ceremony}`, `chancery get ceremonies ceremony ${ceremony}`);
  }
  const proved = await provedPoll(ledger, trusted, poll);
  if (proved.fields.ceremony !== ceremony)
    refuse("check.failed", { why: `the poll ${poll} has the key of another ceremony`, do: "ask another node with --node URL" });
  return { ledger, trusted, globals, poll: proved };
}

const notSummed = ({ poll }: PollSeen): never =>
  refuse(poll.status === "void" ? "poll.over" : "poll.waits", {
    why: `the poll is ${poll.status}; what is counted is a sum that stands`,
    do: `chancery get polls poll ${poll.fields.poll}`,
  });
const tallyOf = async ({ ledger, trusted, poll }: PollSeen): Promise<ProvedRecord<TallyRow> | undefined> =>
  provedRecord<TallyRow>(ledger, trusted, "polls/tally", { poll: poll.fields.poll });

async function recounted(seen: PollSeen) {
  await useSodium();
  const roll = await rollOf(seen);
  const { length } = roll.ballots;
  return { roll, result: recount(roll, (done) => void (done % 1_000 === 0 && progress(`${done} of ${length} ballots checked`))) };
}

// ── a trustee ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Gives this trustee's share in the sum of the poll that his key serves, and publishes the result if it is the last that lacked. */
export async function sharePoll(seat: Seat, file: string, secret: bigint, ceremony: CeremonyFields): Promise<void> {
  const { ledger, trusted, index } = seat;
  const seen = await pollServed(seat, ceremony.serves!);
  const { poll, least } = seen.poll.fields;
  const tally = await tallyOf(seen);
  if (tally?.status !== "summed" && tally?.status !== "opened")
    return refuse(seen.poll.status === "void" ? "poll.over" : "poll.waits", {
      why: `the poll is ${seen.poll.status}${tally === undefined ? "" : `, its tally ${tally.status}`}; a share is given of the whole sum alone`,
      do: "run the same command after the poll has closed",
    });
  if ((await provedRecord(ledger, trusted, "polls/share", { poll, index })) === undefined) {
    const { result } = await recounted(seen);
    const findings = [
      ...result.findings,
      ...resultHolds({ network: trusted.network, poll: seen.poll.fields }, result, tally.fields, [], []),
    ];
    if (seen.poll.fields.key !== ceremony.key) findings.push("the poll's key is not its trustees'");
    if (result.ballots < least) findings.push(`${result.ballots} ballots, where the poll promised at least ${least}`);
    if (findings.length > 0)
      return refuse("check.failed", { why: findings.slice(0, 5).join("; "), do: "give no share, and tell the office and the courts" });
    const verification = ceremony.verification![index - 1]!;
    promise(file, trusted.network, poll, tally.fields.sum);
    const place = { network: trusted.network, poll, trustee: index, verification: unhex(verification) };
    const share = decryptionShare(place, unhex(tally.fields.sum), secret);
    await submit(seat, "polls.share", { poll, index, verification, sum: tally.fields.sum, share: hex(share) });
  }
  const counts = await publish(seen, async (args) => submit(seat, "polls.publish", args));
  answer({ poll, index, ballots: tally.fields.ballots, counts: counts ?? null }, [
    `${green("✓")} ${bold(poll)}: your share in the sum of ${tally.fields.ballots} ballots is given`,
    counts === undefined ? "  more trustees' shares are needed" : `  counts   ${counts.join(", ")}`,
  ]);
}

/** One sum for one key, for ever: written and synced beside the secret before anything is computed with it (mistake 13). */
function promise(file: string, network: Uint8Array, poll: string, sum: string): void {
  const journal = `${file}.answered`;
  const own = `${JSON.stringify({ network: hex(network), poll, sum })}\n`;
  if (!fs.existsSync(journal)) return saveSecretFile(journal, own);
  if (fs.readFileSync(journal, "utf8") !== own)
    refuse("check.failed", {
      why: `${journal} says that this key has answered for another sum: a second would open the difference`,
      do: "give no share, and tell the office and the courts",
    });
}

// ── anybody ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const sharesOf = async ({ ledger, poll }: PollSeen): Promise<ShareRow[]> =>
  (await rowsOf<ShareRow>(ledger, "share", poll.fields.poll)).toSorted((a, b) => a.index - b.index);

/** The counts, and their publication if that has not been done; undefined while shares lack. */
export async function publish(
  seen: PollSeen,
  act: (args: { poll: string; sum: string; shares: { index: number; share: string }[]; counts: number[] }) => Promise<unknown>,
): Promise<readonly number[] | undefined> {
  const { poll, threshold } = seen.poll.fields;
  const tally = (await tallyOf(seen))!;
  if (tally.status === "opened") return tally.fields.counts;
  const shares = (await sharesOf(seen)).slice(0, threshold).map(({ index, share }) => ({ index, share }));
  if (shares.length < threshold) return undefined;
  const { sum, ballots } = tally.fields;
  const counts = openCounts(
    unhex(sum),
    shares.map(({ index, share }) => ({ trustee: index, share: unhex(share) })),
    ballots,
  );
  if (counts === undefined)
    return refuse("check.failed", { why: "the shares that the node tells do not open the sum", do: "ask another node with --node URL" });
  await act({ poll, sum, shares, counts });
  return counts;
}

/** `chancery poll publish`, by any key. */
export async function publishBy(seen: PollSeen, signing: { publicKey: Uint8Array; secret: Uint8Array }): Promise<void> {
  const { ledger, globals } = seen;
  if ((await tallyOf(seen)) === undefined) return notSummed(seen);
  let status = "applied";
  const counts = await publish(seen, async (args) => (status = (await actWith(ledger, signing, globals, "polls.publish", args)).status));
  if (counts === undefined) return refuse("poll.waits", { why: "not enough trustees have given their shares", do: "try again later" });
  if (status !== "applied") process.exitCode = exits.refused;
  answer({ poll: seen.poll.fields.poll, status, counts }, `${bold(seen.poll.fields.poll)}: ${counts.join(", ")}`);
}

/** `chancery poll verify`: everything again, from the rows. */
export async function verifyPoll(seen: PollSeen): Promise<void> {
  const { ledger, trusted, poll } = seen;
  const { poll: name, ceremony } = poll.fields;
  const tally = await tallyOf(seen);
  if (tally === undefined || tally.status === "counting") return notSummed(seen);
  const { roll, result } = await recounted(seen);
  const [shares, requests, turnout, key] = await Promise.all([
    sharesOf(seen),
    rowsOf<RequestRow>(ledger, "request", name),
    provedRecord<TurnoutRow>(ledger, trusted, "polls/turnout", { poll: name }),
    provedRecord<CeremonyFields>(ledger, trusted, "ceremonies/ceremony", { ceremony }),
  ]);
  const { requested, granted, admitted, cast } = turnout!.fields;
  const figures = { requested: requests.length, admitted: roll.voters.length, cast: roll.ballots.length };
  const findings = [
    ...result.findings,
    ...requestsHold(roll, requests),
    ...resultHolds(roll, result, tally.fields, shares, key!.fields.verification!),
  ];
  if (key!.fields.key !== poll.fields.key || key!.fields.threshold !== poll.fields.threshold)
    findings.push("the poll's key is not its trustees'");
  if (figures.requested !== requested || figures.admitted !== admitted || figures.cast !== cast)
    findings.push(`the node tells ${JSON.stringify(figures)}, the chain counts ${JSON.stringify({ requested, admitted, cast })}`);
  if (findings.length > 0) process.exitCode = exits.no;
  const { title, options } = await questionRow(seen);
  const document = {
    poll: name,
    holds: findings.length === 0,
    status: poll.status,
    ...figures,
    granted,
    shares: shares.length,
    counts: tally.fields.counts,
    findings,
  };
  answer(document, [
    `${findings.length === 0 ? green("✓") : red("✗")} ${bold(name)}: ${title}`,
    `  ${admitted} poll keys with tickets of ${poll.fields.issuers.join(" and ")}, ${cast} ballots, ${shares.length} shares: ${findings.length === 0 ? "each checked again" : "not all hold"}`,
    ...(tally.fields.counts.length === options.length
      ? options.map((option, i) => `  ${String(tally.fields.counts[i]).padStart(8)}  ${option}`)
      : []),
    ...findings.slice(0, 20).map((finding) => `  ${red("✗")} ${finding}`),
  ]);
}
