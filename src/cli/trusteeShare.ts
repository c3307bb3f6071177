// `chancery trustee share`: a trustee's shares in opening what bidders have left sealed, and the bids themselves once there are enough. cryptography.md §6.
// Owns what a trustee looks at before he uses his part of a key. Does not own: his seat and secret (trustee.ts), the mathematics (base/sealedBid).
//
// A share is given only for a bid that stands sealed in a block, proved to this trustee, whose time is past the bidder's time to open.

import { hex, unhex } from "../base/bytes.ts";
import { type BidLabel, openingShare, readBid, sharedByTrustees } from "../base/sealedBid.ts";
import type { Found } from "../client/index.ts";
import { answer, bold, green, progress, refuse, usage } from "./output.ts";
import { provedRecord } from "./trusted.ts";
import { type CeremonyFields, type Seat, submit } from "./trusteeSeat.ts";

export interface TenderFields {
  readonly tender: string;
  readonly key: string;
  readonly bids_until: number;
  readonly open_until: number;
  readonly bids: number;
  readonly opened: number;
}
export interface BidFields {
  readonly tender: string;
  readonly bidder: string;
  readonly version: number;
  readonly point: string;
  readonly digest: string;
  readonly shared?: string;
  readonly amount?: number | string;
}

/** Gives this trustee's shares of every bid that is still sealed; opens those that have enough. */
export async function shareIn(seat: Seat, secret: bigint, ceremony: CeremonyFields): Promise<void> {
  const { ledger, trusted } = seat;
  const [contract, tender] = (ceremony.serves ?? "").split(/:(.*)/s) as [string, string | undefined];
  if (contract !== "tender" || tender === undefined)
    return usage(`the key of ${seat.ceremony} serves no tender or poll yet`, `chancery get ceremonies ceremony ${seat.ceremony}`);
  const found = await provedRecord<TenderFields>(ledger, trusted, "tenders/tender", { tender });
  if (found === undefined) return usage(`there is no tender "${tender}"`, "chancery list tenders tender");
  const { open_until } = found.fields;
  if (found.status === "called" && found.asOf.time < open_until)
    return refuse("ceremony.waits", {
      why: `until ${new Date(open_until).toISOString()} bids are their bidders' to open; the last block that is proved to you is of ${new Date(found.asOf.time).toISOString()}`,
      do: "run the same command after that time",
    });
  const shared: string[] = [];
  const opened: string[] = [];
  for (const bidder of found.status === "called" ? await sealedBids(seat, tender) : []) {
    const bid = await provedRecord<BidFields>(ledger, trusted, "tenders/bid", { tender, bidder });
    if (bid?.status !== "sealed") continue;
    if (await give(seat, secret, bid.fields)) shared.push(bidder);
    if (await join(seat, ceremony, found.fields, bid.fields)) opened.push(bidder);
  }
  const said = (what: string, who: readonly string[]): string => `  ${what.padEnd(8)} ${who.length === 0 ? "none" : who.join(", ")}`;
  answer({ tender, shared, opened }, [`${green("✓")} ${bold(tender)}`, said("shares", shared), said("opened", opened)]);
}

/** Bidders whose bids a node says are sealed; each is then looked at with its proof. */
async function sealedBids({ ledger }: Seat, tender: string): Promise<string[]> {
  const bidders: string[] = [];
  let after: string | undefined;
  do {
    const page = await ledger.list("tenders/bid", { find: { tender }, limit: 200, ...(after === undefined ? {} : { after }) });
    bidders.push(...page.items.filter(({ status }: Found) => status === "sealed").map(({ fields }: Found) => String(fields["bidder"])));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return bidders;
}

const labelOf = ({ trusted }: Seat, { tender, bidder, version }: BidFields): BidLabel => ({
  network: trusted.network,
  tender,
  bidder,
  version,
});

async function give(seat: Seat, secret: bigint, bid: BidFields): Promise<boolean> {
  const { ledger, trusted, index } = seat;
  const { tender, bidder, version, point } = bid;
  if ((await provedRecord(ledger, trusted, "tenders/share", { tender, bidder, index })) !== undefined) return false;
  const { image, proof } = openingShare(labelOf(seat, bid), index, secret, unhex(point));
  const { verification } = (await provedRecord<CeremonyFields>(ledger, trusted, "ceremonies/ceremony", { ceremony: seat.ceremony }))!
    .fields;
  return submit(seat, "tenders.share", {
    ...{ tender, bidder, version, point, index, verification: verification![index - 1]! },
    ...{ image: hex(image), proof: hex(proof) },
  });
}

/** Opens the bid if enough trustees have given their shares. */
async function join(seat: Seat, { trustees, threshold }: CeremonyFields, { key }: TenderFields, bid: BidFields): Promise<boolean> {
  const { ledger, trusted } = seat;
  const { tender, bidder, version, point, digest } = bid;
  const given = await Promise.all(
    trustees.map(async (_, i) =>
      provedRecord<{ index: number; image: string }>(ledger, trusted, "tenders/share", { tender, bidder, index: i + 1 }),
    ),
  );
  const shares = given.flatMap((it) => (it === undefined ? [] : [{ index: it.fields.index, image: it.fields.image }])).slice(0, threshold);
  if (shares.length < threshold) return false;
  progress(`${bidder}: ${threshold} shares, opening`);
  const envelope = await provedRecord<{ ciphertext: string }>(ledger, trusted, "tenders/envelope", { tender, bidder });
  const { ciphertext } = envelope!.fields;
  const shared = sharedByTrustees(shares.map(({ index, image }) => ({ index, image: unhex(image) })));
  const said = readBid(labelOf(seat, bid), unhex(key), { point: unhex(point), ciphertext: unhex(ciphertext) }, shared);
  return submit(seat, "tenders.openWithheld", {
    ...{ tender, bidder, version, key, point, digest, ciphertext, shares, shared: hex(shared), by: trustees[seat.index - 1]! },
    ...(said === undefined ? {} : { amount: said.amount.toString() }),
  });
}
