// The parts of p2p without sockets: cutting frames, queues, rates, scores and backoff, the greeting. §4.11, §6
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, equalBytes } from "../../../src/base/bytes.ts";
import { encode } from "../../../src/base/codec.ts";
import { isLedgerError } from "../../../src/base/errors.ts";
import { JOINED_FRAME_BYTES, PEER_POINTS_HALF_LIFE_MS } from "../../../src/base/limits.ts";
import type { Clock } from "../../../src/base/time.ts";
import { decodeHello, decodeNotice, encodeHello, encodeNotice } from "../../../src/p2p/hello.ts";
import { PacketReader } from "../../../src/p2p/hostNoise.ts";
import { defaultTiming, diallerOf, PeerBook } from "../../../src/p2p/peers.ts";
import { RateLimiter } from "../../../src/p2p/rate.ts";
import { FrameReader, frameOf, Outbox, type Wire } from "../../../src/p2p/stream.ts";
import { bytesOf, network } from "./hosts.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("frames", () => {
  const frames = fc.array(fc.record({ kind: fc.nat(255), payload: fc.uint8Array({ maxLength: 300 }), id: fc.nat(0xffffffff) }), {
    maxLength: 8,
  });

  test("come out as they went in, however the stream is cut into chunks", () => {
    fc.assert(
      fc.property(
        frames,
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (sent, numbered, cuts) => {
          const stream = concat(...sent.map(({ kind, payload, id }) => frameOf(kind, payload, numbered ? id : undefined)));
          const got: { kind: number; payload: Bytes; id: number }[] = [];
          const reader = new FrameReader(300, numbered, (kind, payload, id) => got.push({ kind, payload, id }));
          let count = 0;
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length]!;
            count += reader.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(count).toBe(sent.length);
          expect(got).toEqual(sent.map(({ kind, payload, id }) => ({ kind, payload, id: numbered ? id : 0 })));
          expect(got.every(({ payload }) => payload.buffer.byteLength === payload.length)).toBe(true);
        },
      ),
    );
  });

  test("random bytes either make frames within the bound or a p2p.frame error, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.boolean(), (bytes, numbered) => {
        const reader = new FrameReader(100, numbered, (_kind, payload) => expect(payload.length).toBeLessThanOrEqual(100));
        try {
          reader.push(bytes);
        } catch (error) {
          expect(isLedgerError(error, "p2p.frame")).toBe(true);
        }
      }),
    );
  });
});

describe("packets of the encrypted connection", () => {
  test("come out as they went in, however the stream is cut into chunks, and empty ones are passed over", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        (sent, cuts) => {
          const stream = concat(...sent.flatMap((packet) => [Uint8Array.of(packet.length >> 8, packet.length), packet]));
          const reader = new PacketReader();
          const got: Bytes[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length]!;
            got.push(...reader.decode(stream.subarray(at, at + size)));
            at += size;
          }
          expect(got.map((p) => [...p])).toEqual(sent.filter((p) => p.length > 0).map((p) => [...p]));
        },
      ),
    );
  });
});

class TestWire implements Wire {
  readonly writes: Bytes[] = [];
  open = true;
  send(bytes: Bytes): boolean {
    this.writes.push(bytes);
    return this.open;
  }
  pause(): void {}
  resume(): void {}
  close(): void {}
}

function outbox(maxBytes: number, onFull: "refuse" | "dropSlots"): { box: Outbox; wire: TestWire; rooms: () => number } {
  let rooms = 0;
  const box = new Outbox({ maxBytes, onFull, onRoom: () => void rooms++ }, () => 0);
  return { box, wire: new TestWire(), rooms: () => rooms };
}

describe("a queue of frames", () => {
  test("is written once at the end of the turn, small frames joined, large ones as they are", async () => {
    const { box, wire } = outbox(1 << 20, "refuse");
    const large = frameOf(0, bytesOf(JOINED_FRAME_BYTES));
    const small = [1, 2, 3].map((n) => frameOf(0, bytesOf(10, n)));
    box.attach(wire);
    for (const frame of [small[0]!, small[1]!, large, small[2]!]) box.push(frame);
    expect(wire.writes).toEqual([]);
    await turn();
    expect(wire.writes).toEqual([concat(small[0]!, small[1]!), large, small[2]!]);
    expect(wire.writes[1]).toBe(large);
    expect([box.bytes, box.written]).toEqual([0, 45 + large.length]);
  });

  test("waits for a stream, and for a drain after the wire says stop", async () => {
    const { box, wire } = outbox(1_000, "refuse");
    box.push(frameOf(0, bytesOf(10)));
    await turn();
    wire.open = false;
    box.attach(wire);
    await turn();
    box.push(frameOf(0, bytesOf(20)));
    await turn();
    expect(wire.writes).toHaveLength(1);
    box.drained();
    await turn();
    expect(wire.writes).toHaveLength(2);
  });

  test("refuses what goes over its bound, and says once when half is free", async () => {
    const { box, wire, rooms } = outbox(100, "refuse");
    expect(box.push(frameOf(0, bytesOf(55)))).toBe(true);
    expect(box.push(frameOf(0, bytesOf(55)))).toBe(false);
    expect(box.push(frameOf(0, bytesOf(55)), undefined, true)).toBe(true);
    box.attach(wire);
    await turn();
    expect(rooms()).toBe(1);
    expect(box.push(frameOf(0, bytesOf(55)))).toBe(true);
    await turn();
    expect(rooms()).toBe(1);
  });

  test("of votes lets go of queued status before it refuses, the oldest first", async () => {
    const { box, wire } = outbox(100, "dropSlots");
    box.push(frameOf(1, bytesOf(25)), "status of a");
    box.push(frameOf(2, bytesOf(25)));
    box.push(frameOf(3, bytesOf(25)), "status of b");
    expect(box.push(frameOf(4, bytesOf(30)))).toBe(true);
    expect(box.push(frameOf(5, bytesOf(90)))).toBe(false);
    box.attach(wire);
    await turn();
    expect(wire.writes).toEqual([concat(frameOf(2, bytesOf(25)), frameOf(4, bytesOf(30)))]);
  });
});

test("a rate allows two seconds' worth at once, then makes the reader wait until the debt is paid", () => {
  const limiter = new RateLimiter({ bytesPerSecond: 1_000, messagesPerSecond: 10 }, 0);
  expect(limiter.take(2_000, 1, 0)).toBe(0);
  expect(limiter.take(500, 1, 0)).toBe(500);
  expect(limiter.take(0, 0, 500)).toBe(0);
  expect(limiter.take(0, 25, 500)).toBe(500);
  expect(limiter.take(0, 0, 1_000)).toBe(0);
  expect(limiter.take(0, 20, 1_000_000)).toBe(0);
  expect(limiter.take(0, 1, 1_000_000)).toBe(100);
});

function book(random = 0.5): { peers: PeerBook; clock: Clock & { at: number } } {
  const clock = { at: 1_000, now: () => clock.at, monotonic: () => clock.at };
  return { peers: new PeerBook(clock, () => random, defaultTiming), clock };
}
const member = (id: string) => ({ id, peerKey: bytesOf(32, id.length), addresses: [], role: "validator" as const });

describe("the book of peers", () => {
  test("forgets half of the points each minute", () => {
    const { peers, clock } = book();
    const [peer] = peers.replace([member("a")]).added;
    expect(peers.penalise(peer!, 80)).toBe(false);
    clock.at += PEER_POINTS_HALF_LIFE_MS;
    expect(peers.score(peer!)).toBe(40);
    expect(peers.penalise(peer!, 50)).toBe(false);
    expect(peers.penalise(peer!, 10)).toBe(true);
    expect(peers.isBanned(peer!)).toBe(true);
  });

  test("bans longer each time up to a bound, and forgives bans one by one", () => {
    const { peers, clock } = book();
    const [peer] = peers.replace([member("a")]).added;
    const lengths: number[] = [];
    for (let i = 0; i < 8; i++) {
      peers.penalise(peer!, 100);
      lengths.push((peer!.bannedUntil - clock.at) / 1_000);
      clock.at = peer!.bannedUntil;
      expect(peers.isBanned(peer!)).toBe(false);
    }
    expect(lengths).toEqual([30, 60, 120, 240, 480, 960, 960, 960]);
    clock.at += 60 * 60_000 * 24;
    peers.penalise(peer!, 100);
    expect(peer!.bannedUntil - clock.at).toBe(30_000);
  });

  test("dials at once, then after growing delays with jitter up to a few seconds, and never into a ban", () => {
    const delays = (random: number) => {
      const { peers } = book(random);
      const [peer] = peers.replace([member("a")]).added;
      return [0, 1, 2, 3, 5, 6, 60].map((attempts) => {
        peer!.attempts = attempts;
        return Math.round(peers.dialDelay(peer!, "own"));
      });
    };
    expect(delays(0)).toEqual([0, 100, 200, 400, 1_600, 2_000, 2_000]);
    expect(delays(0.999_999)).toEqual([0, 200, 400, 800, 3_200, 4_000, 4_000]);
    const { peers } = book();
    const [peer] = peers.replace([member("a")]).added;
    expect(peers.dialDelay(peer!, "other")).toBeLessThan(1_000);
    peer!.met = true;
    expect(peers.dialDelay(peer!, "other")).toBeGreaterThanOrEqual(15_000);
    peers.penalise(peer!, 100);
    expect(peers.dialDelay(peer!, "own")).toBe(30_000);
  });

  test("a new list keeps bans of those who stay, and takes another key for another peer", () => {
    const { peers } = book();
    const [a] = peers.replace([member("a"), member("bb")]).added;
    peers.penalise(a!, 100);
    expect(peers.replace([{ ...member("a"), addresses: ["/ip4/10.0.0.1/tcp/1"] }]).removed.map((peer) => peer.allowed.id)).toEqual(["bb"]);
    expect(peers.isBanned(peers.get("a")!)).toBe(true);
    const { added, removed } = peers.replace([{ ...member("a"), peerKey: bytesOf(32, 99) }]);
    expect([added.length, removed.length, peers.isBanned(peers.get("a")!)]).toEqual([1, 1, false]);
  });

  test("both sides of a pair agree on who dials, unless both observe (§6)", () => {
    const roles = ["validator", "observer"] as const;
    for (const own of roles)
      for (const other of roles) {
        const [here, there] = [
          diallerOf({ id: "a", role: own }, { id: "b", role: other }),
          diallerOf({ id: "b", role: other }, { id: "a", role: own }),
        ];
        if (own === "observer" && other === "observer") expect([here, there]).toEqual(["none", "none"]);
        else expect(here === "own").toBe(there === "other");
      }
    expect(diallerOf({ id: "a", role: "validator" }, { id: "b", role: "observer" })).toBe("other");
  });
});

describe("the greeting", () => {
  const hello = { version: 1, network, organisation: "tax", role: "validator" as const, nonce: bytesOf(16) };

  test("comes back as it was, and one of a later version with further fields is understood", () => {
    expect(decodeHello(encodeHello(hello))).toEqual(hello);
    const later = encode([2, network, "tax", "validator", hello.nonce, "something new"]);
    expect(decodeHello(later)).toEqual({ ...hello, version: 2 });
  });

  test("that is random or a changed byte is refused as p2p.hello or still a greeting, never anything else", () => {
    const good = encodeHello(hello);
    const changed = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => good.map((byte, i) => (i === at ? value : byte)));
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          expect(decodeHello(bytes).network.length).toBe(32);
        } catch (error) {
          expect(isLedgerError(error, "p2p.hello")).toBe(true);
        }
      }),
    );
  });

  test("notices come back as they were, unknown ones as a refusal", () => {
    expect(decodeNotice(encodeNotice("key_elsewhere"))).toBe("key_elsewhere");
    expect(decodeNotice(bytesOf(20))).toBe("refused");
    expect(equalBytes(encodeNotice("cut"), encodeNotice("stopping"))).toBe(false);
  });
});
