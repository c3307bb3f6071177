// What a node says on the chain by itself. docs/protocol.md §2, §4.10.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LedgerError } from "../../../src/base/errors.ts";
import { generateSeed, publicKeyOf } from "../../../src/base/signature.ts";
import { OwnActs } from "../../../src/node/ownActs.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A node whose intake refuses with these codes, one after the other ("": it has no room), and then takes; what it was handed, and what it logged. */
function node(...refusals: string[]): { acts: OwnActs; handed: Uint8Array[]; logged: string[] } {
  const seed = generateSeed();
  const handed: Uint8Array[] = [];
  const logged: string[] = [];
  const say = (event: string): void => void logged.push(event);
  const acts = new OwnActs({
    network: new Uint8Array(32),
    organisation: "tax",
    seed,
    publicKey: publicKeyOf(seed),
    clock: { now: () => Date.now(), monotonic: () => Date.now() },
    headTime: () => 0,
    knownReady: () => false,
    submit: async (bytes) => {
      handed.push(bytes);
      const code = refusals.shift();
      if (code) throw new LedgerError(code);
      return code === undefined;
    },
    log: { debug: say, info: say, warn: say, error: say },
  });
  return { acts, handed, logged };
}

const signed = (n: number) => ({ hash: new Uint8Array(32).fill(n), signature: new Uint8Array(64) });
const seen = {
  kind: "prepare" as const,
  epoch: 1,
  view: 0,
  height: 7,
  signer: "land",
  key: new Uint8Array(32),
  first: signed(1),
  second: signed(2),
};

test("evidence that cannot be taken in for the moment is handed in again, the same bytes, until it is", async () => {
  const { acts, handed, logged } = node("busy", "node.syncing", "");
  acts.evidence(seen);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(handed.length).toBe(4);
  expect(handed[3]).toEqual(handed[0]);
  expect(logged).toEqual(["act.submitted"]);
});

test("not for ever, and not if it will never be taken", async () => {
  const busy = node(...Array.from({ length: 1_000 }, () => "busy"));
  busy.acts.evidence(seen);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(busy.handed.length).toBeLessThanOrEqual(122); // ten minutes
  expect(busy.logged).toEqual(["act.refused"]);
  const never = node("transaction.expired");
  never.acts.evidence(seen);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([never.handed.length, never.logged]).toEqual([1, ["act.refused"]]);
});
