// Range sync asks one peer at a time; one that sends nothing of use is passed over, whether it is silent, sends nothing, or sends what the core refuses (§4.9.2).

import { describe, expect, test } from "vitest";
import type { DriverPorts, SyncBlock } from "../../../src/consensus/driverPorts.ts";
import { RangeSync } from "../../../src/consensus/driverSync.ts";
import type { Replica } from "../../../src/consensus/replica.ts";

/** A replica at height 0 to which nothing is known; what it is asked, in order; and how the peers answer. */
function syncing(answer: (peer: string) => readonly SyncBlock[] | undefined) {
  const replica = { head: { height: 0 }, committing: 0, certified: new Map(), later: new Map(), batches: new Map() };
  const asked: string[] = [];
  const timers: (() => void)[] = [];
  const fed: string[] = [];
  const blocks: DriverPorts["blocks"] = (peer) => {
    asked.push(peer);
    const answered = answer(peer);
    return answered === undefined ? new Promise(() => {}) : Promise.resolve(answered);
  };
  const sync = new RangeSync(
    replica as unknown as Replica,
    { blocks } as unknown as DriverPorts,
    (_ms, run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
    ({ from }) => void fed.push(from),
  );
  return { sync, asked, fed, expire: () => timers.splice(0).forEach((run) => run()) };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A block of which only its height matters here: whether it is certified is the core's to say. */
const block = (height: number): SyncBlock =>
  ({ block: { kind: "block", header: { order: { height } }, references: [], certificate: null }, bodies: [] }) as unknown as SyncBlock;

describe("range sync", () => {
  test("goes on to the next peer when one sends nothing, and rests when all have had their turn", async () => {
    const { sync, asked } = syncing(() => []);
    sync.want(3, ["a", "b", "c"]);
    sync.go();
    await settled();
    expect(asked).toEqual(["a", "b", "c"]);
    sync.want(3, ["a", "b", "c"]);
    sync.go();
    await settled();
    expect(asked).toEqual(["a", "b", "c", "a", "b", "c"]);
  });

  test("goes on to the next peer when one is silent", async () => {
    const { sync, asked, expire } = syncing(() => undefined);
    sync.want(3, ["a", "b"]);
    sync.go();
    expire();
    await settled();
    expect(asked).toEqual(["a", "b"]);
  });

  test("goes on to the next peer when the core refuses what one sent", async () => {
    const { sync, asked, fed } = syncing(() => [block(1)]);
    sync.want(3, ["a", "b"]);
    sync.go();
    await settled();
    expect(fed).toEqual(["a"]);
    sync.rejected("a");
    sync.go();
    await settled();
    expect(asked).toEqual(["a", "b"]);
  });

  test("goes on to the next peer when what one sent was of no use, though nobody refused it", async () => {
    const { sync, asked } = syncing(() => [block(1)]);
    sync.want(3, ["a", "b"]);
    sync.go();
    await settled();
    sync.go(); // height 1 is still missing
    await settled();
    expect(asked.slice(0, 2)).toEqual(["a", "b"]);
  });

  test("heights that are not those asked for are no answer", async () => {
    const { sync, asked, fed } = syncing((peer) => (peer === "a" ? [block(7)] : [block(1)]));
    sync.want(3, ["a", "b"]);
    sync.go();
    await settled();
    expect([asked, fed]).toEqual([["a", "b"], ["b"]]);
  });
});
