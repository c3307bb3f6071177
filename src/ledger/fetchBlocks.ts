// Blocks of the past from peers, each whole, checked and certified: those behind a proved range (state sync), those whose ids must be known, and those that an
// archive gets back later. docs/protocol.md §4.9.3. Owns asking for ranges, also of blocks too large for one answer. Does not own: what becomes of them.

import { type Bytes, concat } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { HISTORY_AHEAD, HISTORY_GROUP, MAX_BLOCKS_FRAME_BYTES } from "../base/limits.ts";
import type { PeerAsk } from "./peerAsk.ts";
import { bytesOf, items, listOf, naturalOf } from "./stateForms.ts";
import type { StateTrust } from "./stateTrust.ts";
import type { Store } from "./store.ts";
import { blockPuts, readWholeBlock, type WholeBlock } from "./wholeBlock.ts";

export interface BlockFetch {
  readonly network: Bytes;
  readonly ask: PeerAsk;
  readonly trust: Pick<StateTrust, "check">;
}

const LEAST_PART_BYTES = 65_536;

/** Blocks `first` … , at least one, at most up to `last`, ascending. Throws as `PeerAsk.ask` does. */
export async function fetchBlocks({ network, ask, trust }: BlockFetch, first: number, last: number): Promise<WholeBlock[]> {
  const to = Math.min(last, first + HISTORY_AHEAD - 1);
  const blocks = await ask.ask(["history", first, to], (answer) =>
    listOf(answer)
      .slice(0, to - first + 1)
      .map((bytes, i) => checked(network, trust, bytesOf(bytes), first + i)),
  );
  return blocks.length > 0 ? blocks : [await fetchByParts({ network, ask, trust }, first)];
}

/** A block larger than an answer. Its parts may come from different peers: what is stored of a block differs in the certificate alone, so one peer gives all. */
async function fetchByParts({ network, ask, trust }: BlockFetch, height: number): Promise<WholeBlock> {
  const parts: Bytes[] = [];
  let from: string | undefined;
  let length = 0;
  let total = 1;
  while (length < total) {
    const former = from;
    ask.preferred = former;
    const [size, part, peer] = await ask.ask(["part", height, length], (answer, who) => {
      const [given, piece] = items(answer, 2);
      const [whole, bytes] = [naturalOf(given), bytesOf(piece)];
      // In pieces of a byte it would never end.
      if (whole > 4 * MAX_BLOCKS_FRAME_BYTES || bytes.length === 0 || bytes.length < Math.min(LEAST_PART_BYTES, whole - length))
        throw new LedgerError("request.invalid");
      return [whole, bytes, who] as const;
    });
    if (former !== undefined && former !== peer) {
      // Another one answered: begin anew with it.
      parts.length = 0;
      length = 0;
      total = 1;
      from = undefined;
      continue;
    }
    from = peer;
    total = size;
    parts.push(part);
    length += part.length;
  }
  ask.preferred = undefined;
  try {
    return checked(network, trust, concat(...parts), height);
  } catch (error) {
    ask.convict(from!, "block.malformed");
    if (!(error instanceof LedgerError)) throw error;
    return fetchByParts({ network, ask, trust }, height);
  }
}

function checked(network: Bytes, trust: BlockFetch["trust"], bytes: Bytes, height: number): WholeBlock {
  const block = readWholeBlock(network, bytes);
  if (block.header.order.height !== height) throw new LedgerError("block.malformed", { part: "height" });
  trust.check(block);
  return block;
}

/** First height of the group that ends below `lowest`, or the first height of all. */
export function groupBelow(lowest: number): number {
  return Math.max(1, Math.floor((lowest - 1) / HISTORY_GROUP) * HISTORY_GROUP);
}

/** Fetches and stores the blocks first … last of one group, and says then that the store keeps blocks from `first` on. Gives the time of the first. */
export async function fetchGroup(
  fetch: BlockFetch,
  store: Store,
  first: number,
  last: number,
  more: (puts: number) => Iterable<readonly [Bytes, Bytes]> = () => [],
): Promise<number> {
  let time = 0;
  let ahead = fetchBlocks(fetch, first, last);
  for (let height = first; height <= last; ) {
    const blocks = await ahead;
    if (height === first) ({ time } = blocks[0]!.header.order);
    height += blocks.length;
    // The next ones are on their way while these are written.
    if (height <= last) ahead = fetchBlocks(fetch, height, last);
    ahead.catch(() => {});
    for (const block of blocks) await store.write(blockPuts(block));
  }
  await store.write(more(first), first);
  return time;
}
