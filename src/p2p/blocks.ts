// The channel of sync and fetch: questions for headers, blocks with certificates, batches, state chunks, and their answers. Few questions of
// one peer are answered at a time, so a node that catches up never starves the votes. docs/protocol.md §4.9, §4.11.

import { MAX_BLOCKS_FRAME_BYTES, MAX_BLOCKS_QUEUE_BYTES } from "../base/limits.ts";
import type { ChannelSpec } from "./types.ts";

export const blocks: ChannelSpec = {
  name: "blocks",
  form: "requests",
  maxFrameBytes: MAX_BLOCKS_FRAME_BYTES,
  maxQueueBytes: MAX_BLOCKS_QUEUE_BYTES,
  onFull: "refuse",
  rate: { bytesPerSecond: 128 << 20, messagesPerSecond: 2_000 },
};
