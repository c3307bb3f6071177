// Hosts find each other and carry messages: a mesh of four, broadcasts, large frames, order, questions and answers. §4.11, §6
import { Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { equalBytes } from "../../../src/base/bytes.ts";
import { LedgerError } from "../../../src/base/errors.ts";
import { MAX_BATCHES_FRAME_BYTES, MAX_BLOCKS_FRAME_BYTES, MAX_PEER_REQUESTS, STREAM_WINDOW_BYTES } from "../../../src/base/limits.ts";
import { bytesOf, memberOf, pause, startHost, startMesh, stopAll, until } from "./hosts.ts";

afterEach(stopAll);

describe("four hosts in a mesh", () => {
  test("connect once per pair, the smaller id dialling, and broadcast to all others (§6.2)", async () => {
    const nodes = await startMesh(["courts", "health", "land", "tax"]);
    for (const node of nodes) {
      expect(node.host.broadcast("votes", bytesOf(200))).toBe(3);
      for (const peer of node.host.peers()) {
        expect(peer.connected).toBe(true);
        expect(peer.direction).toBe(node.id < peer.id ? "outbound" : "inbound");
      }
    }
    await until(() => nodes.every((node) => node.messages.length === 3), "all broadcasts");
    for (const node of nodes) {
      expect(node.messages.map((m) => m.peer).toSorted()).toEqual(nodes.map((n) => n.id).filter((id) => id !== node.id));
      expect(node.messages.every((m) => m.channel === "votes" && equalBytes(m.bytes, bytesOf(200)))).toBe(true);
      expect(node.faults).toEqual([]);
    }
  });

  test("the status of a peer tells its address, round trip, bytes and since when", async () => {
    const before = Date.now();
    const [a, b] = await startMesh(["a1", "b1"]);
    a!.host.send("b1", "batches", bytesOf(50_000));
    await until(() => b!.messages.length === 1 && a!.host.peers()[0]!.rttMs !== undefined, "a ping");
    const [status] = a!.host.peers();
    expect(status).toMatchObject({ id: "b1", role: "validator", connected: true, direction: "outbound", score: 0 });
    expect(status!.address).toContain("/ip4/127.0.0.1/tcp/");
    expect(status!.rttMs).toBeLessThan(10_000);
    expect(status!.bytesOut).toBeGreaterThan(50_000);
    expect(status!.since).toBeGreaterThanOrEqual(before);
    expect(b!.host.peers()[0]!.bytesIn).toBeGreaterThan(50_000);
  });

  test("messages of one channel arrive whole and in order, whatever their size, in buffers of their own", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    const sizes = [0, 1, 5, 300, 16_383, 16_384, 262_144, 7, MAX_BATCHES_FRAME_BYTES, 2];
    for (const [i, size] of sizes.entries()) expect(a!.host.send("b1", "batches", bytesOf(size, i + 1))).toBe("sent");
    await until(() => b!.messages.length === sizes.length, "all sizes");
    for (const [i, size] of sizes.entries()) {
      const { bytes } = b!.messages[i]!;
      expect(equalBytes(bytes, bytesOf(size, i + 1))).toBe(true);
      expect(bytes.buffer.byteLength).toBe(size);
    }
    expect(() => a!.host.send("b1", "batches", new Uint8Array(MAX_BATCHES_FRAME_BYTES + 1))).toThrow("bug.assertion");
  });

  test("the sender may reuse or transfer what it sent", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    const bytes = bytesOf(100_000);
    a!.host.send("b1", "batches", bytes);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    await until(() => b!.messages.length === 1, "the message");
    expect(equalBytes(b!.messages[0]!.bytes, bytesOf(100_000))).toBe(true);
  });

  test("two thousand small messages in one turn go out in few writes and arrive in order", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    for (let i = 0; i < 2_000; i++) a!.host.send("b1", "votes", Uint8Array.of(i >> 8, i));
    await until(() => b!.messages.length === 2_000, "all messages");
    expect(b!.messages.every(({ bytes }, i) => bytes[0] === i >> 8 && bytes[1] === (i & 255))).toBe(true);
  });

  test("a packet is not answered by another one, and more than a stream's window gets through all the same", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    const oneByOne = async (count: number): Promise<void> => {
      for (let i = b!.messages.length + 1, last = b!.messages.length + count; i <= last; i++) {
        a!.host.send("b1", "votes", bytesOf(100));
        await until(() => b!.messages.length === i, "one message");
      }
    };
    await oneByOne(30); // while the other streams are opened
    const writes = vi.spyOn(Socket.prototype, "write");
    try {
      await oneByOne(70);
      // Two pieces a packet, its length and itself; pings besides.
      expect(writes.mock.calls.length).toBeLessThan(3 * 70);
    } finally {
      writes.mockRestore();
    }
    const large = bytesOf(MAX_BATCHES_FRAME_BYTES);
    const needed = Math.ceil((2.5 * STREAM_WINDOW_BYTES) / large.length);
    for (let i = 0; i < needed; i++) expect(a!.host.send("b1", "batches", large)).toBe("sent");
    await until(() => b!.messages.length === 100 + needed, "two and a half windows");
  });

  test("of status only the newest waits: a slot is replaced, other messages are not", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    for (let i = 0; i < 10; i++) {
      a!.host.send("b1", "votes", Uint8Array.of(1, i), { slot: "status" });
      a!.host.send("b1", "votes", Uint8Array.of(2, i));
    }
    await until(() => b!.messages.length === 11, "the messages");
    expect(b!.messages.filter(({ bytes }) => bytes[0] === 1).map(({ bytes }) => bytes[1])).toEqual([9]);
  });

  test("an observer dials validators, and two observers leave each other alone", async () => {
    const [v, o, p] = await Promise.all([
      startHost("a-validator"),
      startHost("b-observer", { role: "observer" }),
      startHost("c-observer", { role: "observer" }),
    ]);
    const members = [memberOf(v), memberOf(o, "observer"), memberOf(p, "observer")];
    for (const node of [v, o, p]) node.host.setAllowed(members);
    await until(() => v.host.connectedPeers().length === 2, "the observers");
    await pause(300);
    expect(o.host.connectedPeers()).toEqual(["a-validator"]);
    expect(o.host.peers().find((peer) => peer.id === "a-validator")!.direction).toBe("outbound");
    expect(v.host.broadcast("votes", bytesOf(3), { to: "validator" })).toBe(0);
    expect(v.host.broadcast("votes", bytesOf(3), { to: "observer" })).toBe(2);
  });
});

describe("questions and answers (§4.9)", () => {
  test("answers find their questions, large ones too, in any order", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    b!.answer = async (_peer, _channel, bytes) => {
      await pause(10 * (5 - bytes[0]!));
      return bytesOf(bytes[0]! * 1_000_000, bytes[0]);
    };
    const answers = await Promise.all([1, 2, 3, 4, 5].map((i) => a!.host.request("b1", "blocks", Uint8Array.of(i))));
    for (const [i, answer] of answers.entries()) expect(equalBytes(answer, bytesOf((i + 1) * 1_000_000, i + 1))).toBe(true);
    expect(answers[0]!.byteLength).toBe(answers[0]!.buffer.byteLength);
    // The listening side may ask as well.
    expect(equalBytes(await b!.host.request("a1", "transactions", bytesOf(9)), bytesOf(9))).toBe(true);
  });

  test("a question without an answer ends with p2p.timeout, a late answer is dropped without harm", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    b!.answer = async (_peer, _channel, bytes) => {
      await pause(bytes[0] === 1 ? 300 : 0);
      return bytes;
    };
    await expect(a!.host.request("b1", "blocks", Uint8Array.of(1), { timeoutMs: 50 })).rejects.toMatchObject({ code: "p2p.timeout" });
    await pause(400);
    expect(await a!.host.request("b1", "blocks", Uint8Array.of(2))).toEqual(Uint8Array.of(2));
    expect(a!.host.peers()[0]).toMatchObject({ connected: true, score: 0 });
  });

  test("a question may be cancelled", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    b!.answer = () => new Promise(() => {});
    const controller = new AbortController();
    const asked = a!.host.request("b1", "blocks", Uint8Array.of(1), { signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: "p2p.cancelled" });
  });

  test("a refusal carries its code; a handler that throws anything else is a fault of the answering node only", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    b!.answer = async (_peer, _channel, bytes) => {
      if (bytes[0] === 1) throw new LedgerError("block.unknown", { height: 7 });
      throw new TypeError("oops");
    };
    await expect(a!.host.request("b1", "blocks", Uint8Array.of(1))).rejects.toMatchObject({ code: "block.unknown" });
    expect(b!.faults).toEqual([]);
    await expect(a!.host.request("b1", "blocks", Uint8Array.of(2))).rejects.toMatchObject({ code: "p2p.handler" });
    expect(b!.faults).toHaveLength(1);
    await expect(a!.host.request("nobody", "blocks", Uint8Array.of(1))).rejects.toMatchObject({ code: "p2p.absent" });
  });

  test("few are under way at once, the rest waits in line, and the end of a connection ends them all", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    let answering = 0;
    let most = 0;
    b!.answer = async (_peer, _channel, bytes) => {
      most = Math.max(most, ++answering);
      await pause(20);
      answering--;
      return bytes;
    };
    await Promise.all(Array.from({ length: 30 }, (_, i) => a!.host.request("b1", "blocks", Uint8Array.of(i))));
    expect(most).toBe(MAX_PEER_REQUESTS);
    b!.answer = () => new Promise(() => {});
    const lost = Promise.allSettled(Array.from({ length: 10 }, () => a!.host.request("b1", "blocks", Uint8Array.of(1))));
    await pause(30);
    await b!.host.stop();
    for (const result of await lost) expect(result).toMatchObject({ status: "rejected", reason: { code: "p2p.disconnected" } });
  });

  test("an answer larger than the channel takes is our bug, and the asker hears of it", async () => {
    const [a, b] = await startMesh(["a1", "b1"]);
    b!.answer = async () => new Uint8Array(MAX_BLOCKS_FRAME_BYTES + 1);
    await expect(a!.host.request("b1", "blocks", Uint8Array.of(1))).rejects.toMatchObject({ code: "p2p.handler" });
    expect(b!.faults).toHaveLength(1);
  });
});
