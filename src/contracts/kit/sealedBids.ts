// Sealed bids as acts show them: predicates of an act's arguments, computed in the workers. The handler then compares point, digest and keys with the
// rows. Fields, and the four questions. Does not own: the mathematics (base/sealedBid), when anything may be opened (money/tenders).

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { sha256 } from "../../base/hash.ts";
import { isPoint } from "../../base/ristretto.ts";
import { type BidLabel, openingShareHolds, readBid, sealHolds, sharedByBidder, sharedByTrustees } from "../../base/sealedBid.ts";
import { type Body, bytes, hash, id, list, money, object, optional, party, range } from "../engine/index.ts";
import { index, logProof, MAX_TRUSTEES, point } from "./ceremony.ts";

/** Price sheet and all that is scored; annexes are not part of a bid. */
export const MAX_BID_BYTES = 32_768;
export const ciphertext = bytes(MAX_BID_BYTES, 16);
const label = { tender: id, bidder: party, version: range(1, 1_000) };
const labelOf = ({ tender, bidder, version }: Body<typeof label>, network: Bytes): BidLabel => ({ network, tender, bidder, version });

export const sealing = { ...label, key: point, point, digest: hash, proof: logProof, ciphertext };
/** Sealed to this key, by who knows how to open it. */
export const isSealed = ({ key, ...it }: Body<typeof sealing>, network: Bytes): boolean => sealHolds(labelOf(it, network), key, it);

/** What is in a bid: the price, or nothing if it is unreadable; and K, by which anybody reads the rest. */
const said = { ...label, key: point, point, digest: hash, ciphertext, shared: point, amount: optional(money) };
function says({ key, digest, shared, amount, ...it }: Body<typeof said>, network: Bytes): boolean {
  return equalBytes(sha256(it.ciphertext), digest) && readBid(labelOf(it, network), key, it, shared)?.amount === amount;
}

export const opening = { ...said, opening: hash };
export function bidderOpens({ opening: r, ...it }: Body<typeof opening>, network: Bytes): boolean {
  const shared = sharedByBidder(it.key, it.point, r);
  return shared !== undefined && equalBytes(shared, it.shared) && says(it, network);
}

export const trusteeShare = { ...label, point, index, verification: point, image: point, proof: logProof };
export const isShare = ({ point: of, index: i, verification, image, proof, ...it }: Body<typeof trusteeShare>, network: Bytes): boolean =>
  openingShareHolds(labelOf(it, network), i, verification, of, { image, proof });

/** As many shares as are needed, in the order of their trustees. */
export const joinedOpening = { ...said, shares: list(object({ index, image: point }), MAX_TRUSTEES, 1) };
export function trusteesOpen({ shares, ...it }: Body<typeof joinedOpening>, network: Bytes): boolean {
  const ordered = shares.every((share, i) => isPoint(share.image) && (i === 0 || shares[i - 1]!.index < share.index));
  return ordered && equalBytes(sharedByTrustees(shares), it.shared) && says(it, network);
}
