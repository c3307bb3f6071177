// The channel of dissemination: batches, acks, pulls. When its queue is full the sender hears "busy" and keeps the batch (§4.8).
// docs/protocol.md §4.8, §4.11.

import { MAX_BATCHES_FRAME_BYTES, MAX_BATCHES_QUEUE_BYTES } from "../base/limits.ts";
import type { ChannelSpec } from "./types.ts";

export const batches: ChannelSpec = {
  name: "batches",
  form: "messages",
  maxFrameBytes: MAX_BATCHES_FRAME_BYTES,
  maxQueueBytes: MAX_BATCHES_QUEUE_BYTES,
  onFull: "refuse",
  rate: { bytesPerSecond: 64 << 20, messagesPerSecond: 4_000 },
};
