// How much of a node's time one peer gets that asks for blocks and state. docs/protocol.md §4.11.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PEER_ANSWER_BYTES_PER_S as bytesPerSecond, PEER_ANSWERS_PER_S as messagesPerSecond } from "../../../src/base/limits.ts";
import { PacedAnswers } from "../../../src/node/sync.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How many of so many questions of a peer, asked as soon as there is room for them, are answered within these ms. */
async function answered(answers: PacedAnswers, peer: string, questions: number, ms: number): Promise<number> {
  let count = 0;
  let open = questions;
  const asker = async (): Promise<void> => {
    while (open-- > 0) {
      await answers.answer(peer, new Uint8Array(1)).catch(() => {});
      count++;
    }
  };
  for (let i = 0; i < 8; i++) void asker();
  await vi.advanceTimersByTimeAsync(ms);
  return count;
}
const clock = { monotonic: () => Date.now() };

test("answers of a peer come at a pace, whatever it asks and however much at once; another's are not slower for it", async () => {
  const size = 1 << 20;
  const answers = new PacedAnswers(async () => new Uint8Array(size), clock);
  // Two seconds' worth at once, then what a second allows.
  const first = await answered(answers, "health", 1_000, 1_000);
  expect(first).toBeGreaterThanOrEqual((2 * bytesPerSecond) / size);
  expect(first).toBeLessThanOrEqual((3 * bytesPerSecond) / size + 8);
  expect(await answered(answers, "courts", 8, 0)).toBe(8);
});

test("what is refused counts too", async () => {
  const answers = new PacedAnswers(() => Promise.reject(new Error("no")), clock);
  const count = await answered(answers, "health", 5_000, 2_000);
  expect(count).toBeGreaterThanOrEqual(2 * messagesPerSecond);
  expect(count).toBeLessThanOrEqual(4 * messagesPerSecond + 8);
});
