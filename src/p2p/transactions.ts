// The channel on which an observer hands its clients' transactions to a validator, whose batch carries them; the answer says what was taken.
// docs/protocol.md §4.8, §4.11.

import { MAX_TRANSACTIONS_FRAME_BYTES, MAX_TRANSACTIONS_QUEUE_BYTES } from "../base/limits.ts";
import type { ChannelSpec } from "./types.ts";

export const transactions: ChannelSpec = {
  name: "transactions",
  form: "requests",
  maxFrameBytes: MAX_TRANSACTIONS_FRAME_BYTES,
  maxQueueBytes: MAX_TRANSACTIONS_QUEUE_BYTES,
  onFull: "refuse",
  rate: { bytesPerSecond: 16 << 20, messagesPerSecond: 500 },
};
