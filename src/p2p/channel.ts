// The list of channels and the names of their protocols. Owns nothing else: each channel is a file (votes, batches, blocks, transactions).
// docs/protocol.md §6.2.

import { type Bytes, hex } from "../base/bytes.ts";
import { batches } from "./batches.ts";
import { blocks } from "./blocks.ts";
import { transactions } from "./transactions.ts";
import type { Channel, ChannelSpec } from "./types.ts";
import { votes } from "./votes.ts";

export const channels: readonly ChannelSpec[] = [votes, batches, blocks, transactions];

/** The greeting's name carries no genesis hash, so that a node of another network is understood when it says which (§6). */
export const HELLO_PROTOCOL = "/chancery/hello/1";

/** The libp2p protocol of a channel: named after the network, so that bytes of one network never reach another. */
export function protocolOf(channel: Channel, network: Bytes): string {
  return `/chancery/${channel}/1/${hex(network.subarray(0, 8))}`;
}
