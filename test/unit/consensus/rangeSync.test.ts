// Range sync asks one peer at a time; one that sends nothing of use is passed over, whether it is silent, sends nothing, or sends what the core refuses (§4.9.2).

import { describe, expect, test } from "vitest";
import { SYNC_AHEAD } from "../../../src/base/limits.ts";
import type { DriverPorts, SyncBlock } from "../../../src/consensus/driverPorts.ts";
import { RangeSync } from "../../../src/consensus/driverSync.ts";
import type { Replica } from "../../../src/consensus/replica.ts";

const WINDOW = 4;
const replicaAtZero = () => ({
  config: { parameters: { window: WINDOW } },
  end: 100,
  head: { height: 0 },
  committing: 0,
  certified: new Map(),
  later: new Map(),
  batches: new Map(),
});

/** A replica at height 0 to which nothing is known; what it is asked, in order; and how the peers answer. */
function syncing(answer: (peer: string) => readonly SyncBlock[] | undefined) {
  const replica = replicaAtZero();
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

/** A replica that commits whatever it is given, and peers that have the blocks up to some height. */
function behind(peers: Readonly<Record<string, number>>) {
  const replica = replicaAtZero();
  const asked: [peer: string, first: number, last: number][] = [];
  const blocks = async (peer: string, first: number, last: number): Promise<SyncBlock[]> => {
    asked.push([peer, first, last]);
    const to = Math.min(last, peers[peer]!);
    return Array.from({ length: Math.max(0, to - first + 1) }, (_, i) => ({
      block: { kind: "block", header: { order: { height: first + i } }, references: [], certificate: null } as never,
      bodies: [],
    }));
  };
  const sync = new RangeSync(
    replica as unknown as Replica,
    { blocks } as unknown as DriverPorts,
    () => () => {},
    ({ message }) => void (replica.committing = replica.head.height = message.header.order.height),
  );
  /** Turns of the driver, until nothing is asked any more. */
  const settle = async (): Promise<void> => {
    for (let before = -1; before < asked.length; ) {
      before = asked.length;
      sync.go();
      for (let i = 0; i < 8; i++) await Promise.resolve();
    }
  };
  return { replica, sync, asked, settle };
}

describe("a replica that is far behind", () => {
  test("asks for a block in whose place it was given one of a later epoch, which nobody can check yet", async () => {
    const { replica, sync, asked, settle } = behind({ a: 20 });
    for (const height of [1, WINDOW + 1]) replica.later.set(height, {});
    sync.want(20, ["a"]);
    await settle();
    expect(asked[0]).toEqual(["a", 1, 20]);
    expect(replica.head.height).toBe(20);
  });

  test("goes on to what a peer says it has, though each range proves only itself: an epoch's border lies in between", async () => {
    const { replica, sync, asked, settle } = behind({ a: 1_000, b: 1_000 });
    sync.want(1_000, ["a", "b"]);
    sync.want(SYNC_AHEAD, ["a", "b"]); // proven by the certificates that are here
    await settle();
    expect(replica.head.height).toBe(1_000);
    expect(asked.length).toBe(Math.ceil(1_000 / SYNC_AHEAD));
  });

  test("a peer that says more than there is costs one round of questions, not more", async () => {
    const { replica, sync, asked, settle } = behind({ a: 40, b: 40, liar: 0 });
    sync.want(2 ** 40, ["liar"]);
    sync.want(40, ["a", "b", "liar"]);
    await settle();
    expect(replica.head.height).toBe(40);
    const before = asked.length;
    expect(before).toBeLessThan(10);
    await settle();
    expect(asked.length).toBe(before);
    // Nor is anything asked for beyond what is wanted next.
    sync.want(41, ["a"]);
    await settle();
    expect(asked.slice(before).map(([, , last]) => last)).toEqual([41]);
  });
});
