// The channel of consensus messages and status. When its queue is full, queued status goes first (the next one says more), then the new
// message is refused: Status brings lost votes back (§4.9). docs/protocol.md §4.2, §4.11.

import { MAX_VOTES_FRAME_BYTES, MAX_VOTES_QUEUE_BYTES } from "../base/limits.ts";
import type { ChannelSpec } from "./types.ts";

export const votes: ChannelSpec = {
  name: "votes",
  form: "messages",
  maxFrameBytes: MAX_VOTES_FRAME_BYTES,
  maxQueueBytes: MAX_VOTES_QUEUE_BYTES,
  onFull: "dropSlots",
  // 128 validators' worth of votes at 30 blocks a second is far below: this bounds what one liar costs in signature checks.
  rate: { bytesPerSecond: 8 << 20, messagesPerSecond: 4_000 },
};
