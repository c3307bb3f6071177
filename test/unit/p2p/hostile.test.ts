// Peers that break the rules, by malice or by mistake: each ends in a coded refusal, never in a crash, a hang or unbounded memory. §4.11, §6
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { concat, u32be } from "../../../src/base/bytes.ts";
import { MAX_VOTES_FRAME_BYTES } from "../../../src/base/limits.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { control } from "../../../src/p2p/hello.ts";
import { frameOf } from "../../../src/p2p/stream.ts";
import { bytesOf, memberOf, pause, type Recorded, seedOf, shortTiming, startHost, startMesh, stopAll, until } from "./hosts.ts";
import { dial, greeted, helloOf, openRaw, rawPeer, stopRaw } from "./rawPeer.ts";

const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await stopRaw();
  await stopAll();
});

const listed = (id: string) => ({ id, peerKey: publicKeyOf(seedOf(id)), addresses: [], role: "validator" as const });

/** A host "node" that lists "evil" as a member and has one honest peer. */
async function besieged(timing = {}): Promise<{ node: Recorded; honest: Recorded }> {
  const [node, honest] = await Promise.all([startHost("node", { timing }), startHost("honest")]);
  const members = [memberOf(node), memberOf(honest), listed("evil")];
  node.host.setAllowed(members);
  honest.host.setAllowed(members.slice(0, 2));
  await until(() => node.host.isConnected("honest"), "the honest peer");
  return { node, honest };
}

async function stillServes(node: Recorded, honest: Recorded): Promise<void> {
  const before = node.messages.length;
  expect(honest.host.send("node", "votes", bytesOf(100))).toBe("sent");
  await until(() => node.messages.length > before, "a message of the honest peer");
  expect(node.faults).toEqual([]);
  expect(node.host.peers().find((peer) => peer.id === "honest")!.score).toBe(0);
}

const evilOf = (node: Recorded) => node.host.peers().find((peer) => peer.id === "evil")!;

function rawSocket(node: Recorded): Promise<{ socket: Socket; ended: Promise<void> }> {
  const [, , host, , port] = node.host.addresses()[0]!.split("/");
  const socket = connect(Number(port), host);
  sockets.add(socket);
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  return new Promise((resolve) => void socket.once("connect", () => resolve({ socket, ended })));
}

describe("strangers", () => {
  test("garbage on the TCP port is hung up on, a silent socket after a while; the peers notice nothing", async () => {
    const { node, honest } = await besieged();
    const inputs = [
      bytesOf(100_000),
      new Uint8Array(200_000),
      new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
      concat(Uint8Array.of(19), bytesOf(5_000, 3)),
    ];
    const clients = await Promise.all(inputs.map(() => rawSocket(node)));
    for (const [i, { socket }] of clients.entries()) socket.write(inputs[i]!);
    const silent = await rawSocket(node);
    await Promise.all(clients.map(({ ended }) => ended));
    await stillServes(node, honest);
    await silent.ended;
    await stillServes(node, honest);
  });

  test("garbage after a proper start of the handshake is hung up on", async () => {
    const { node, honest } = await besieged();
    const { socket, ended } = await rawSocket(node);
    const line = (text: string) => concat(Uint8Array.of(text.length + 1), new TextEncoder().encode(`${text}\n`));
    socket.write(concat(line("/multistream/1.0.0"), line("/noise"), Uint8Array.of(0, 200), bytesOf(200)));
    await ended;
    await stillServes(node, honest);
  });

  test("a key that is on no list is refused after the handshake, before anything it says is read", async () => {
    const { node, honest } = await besieged();
    const stranger = await rawPeer("stranger");
    const refused = dial(stranger, node).then(async (connection) => {
      await until(() => connection.status !== "open", "the end of the connection");
      throw new TypeError("closed at once");
    });
    await expect(refused).rejects.toThrow();
    expect(node.host.connectedPeers()).toEqual(["honest"]);
    await stillServes(node, honest);
  });

  test("a member that is taken off the list is cut off, and comes back with a new list", async () => {
    const nodes = await startMesh(["a1", "b1"]);
    const [a, b] = nodes as [Recorded, Recorded];
    b.host.setAllowed([memberOf(b)]);
    await until(() => !a.host.isConnected("b1") && !b.host.isConnected("a1"), "the disconnection");
    await pause(300);
    expect(a.host.isConnected("b1")).toBe(false);
    expect(a.host.peers()[0]!.lastError).toBeDefined();
    b.host.setAllowed([memberOf(a), memberOf(b)]);
    await until(() => a.host.isConnected("b1") && b.host.isConnected("a1"), "the reconnection");
  });
});

const CASES: [name: string, channel: "votes" | "batches" | "blocks" | "transactions" | "hello", bytes: Uint8Array][] = [
  ["a frame longer than the channel takes", "votes", concat(u32be(MAX_VOTES_FRAME_BYTES + 2), Uint8Array.of(0))],
  ["a frame of 4 GB", "batches", concat(u32be(0xffffffff), new Uint8Array(100))],
  ["an empty frame without a kind", "votes", concat(u32be(0), new Uint8Array(5))],
  ["an unknown kind of message", "batches", frameOf(9, bytesOf(10))],
  ["random bytes", "votes", concat(Uint8Array.of(255), bytesOf(2_000))],
  ["a request frame too short for its number", "blocks", concat(u32be(3), new Uint8Array(20))],
  ["an answer that nobody asked for", "blocks", frameOf(2, bytesOf(10), 77)],
  ["an unknown kind of request", "transactions", frameOf(8, bytesOf(10), 1)],
  ["a second hello", "hello", helloOf("evil")],
  ["an unknown kind of control", "hello", frameOf(77, bytesOf(4))],
  ["a ping of the wrong length", "hello", frameOf(control.ping, bytesOf(5))],
  ["a control frame too long", "hello", concat(u32be(5_000), new Uint8Array(100))],
];

describe("members that break the rules of the wire", () => {
  test.each(CASES)("%s: cut off for a while with a code, then taken back", async (_name, channel, bytes) => {
    const { node, honest } = await besieged();
    const evil = await rawPeer("evil");
    const { connection, hello } = await greeted(evil, "evil", node);
    expect(node.host.isConnected("evil")).toBe(true);
    const raw = channel === "hello" ? hello : await openRaw(connection, channel);
    raw.stream.send(bytes);
    await until(() => node.cuts.length === 1, "the cut");
    expect(node.cuts[0]).toMatchObject({ peer: "evil", code: expect.stringMatching(/^p2p\.(frame|hello)$/), banned: true });
    await until(() => connection.status !== "open", "the end of the connection");
    await stillServes(node, honest);
    await pause(shortTiming.banMs!);
    await greeted(evil, "evil", node);
    expect(node.host.isConnected("evil")).toBe(true);
  });

  const greetings: [name: string, bytes: Uint8Array][] = [
    ["garbage", frameOf(control.hello, bytesOf(80))],
    ["an organisation that is no id", helloOf("evil", { organisation: "../../etc" })],
    ["a nonce of the wrong length", helloOf("evil", { nonce: new Uint8Array(3) })],
    ["another kind first", frameOf(control.ping, u32be(1))],
    ["another member's name", helloOf("honest")],
  ];
  test.each(greetings)("a greeting that is none (%s) never becomes a connection", async (_name, bytes) => {
    const { node, honest } = await besieged();
    const evil = await rawPeer("evil");
    const connection = await dial(evil, node);
    const hello = await openRaw(connection, "hello");
    hello.stream.send(bytes);
    await until(() => connection.status !== "open", "the end of the connection");
    expect(node.events).toEqual(["connected honest"]);
    expect(evilOf(node).lastError!.code).toBe("p2p.hello");
    await stillServes(node, honest);
  });

  test("a connection without a greeting ends in time, and streams opened before it are not read", async () => {
    const { node, honest } = await besieged();
    const evil = await rawPeer("evil");
    const connection = await dial(evil, node);
    const votes = await openRaw(connection, "votes");
    votes.stream.send(frameOf(0, bytesOf(10)));
    await until(() => connection.status !== "open", "the end of the connection");
    expect(evilOf(node).lastError!.code).toBe("p2p.timeout");
    expect(node.messages).toEqual([]);
    await stillServes(node, honest);
  });

  test("a second stream of one channel cuts the peer off, however many more it opens", async () => {
    const { node, honest } = await besieged();
    const evil = await rawPeer("evil");
    const { connection } = await greeted(evil, "evil", node);
    await Promise.allSettled(Array.from({ length: 100 }, () => openRaw(connection, "blocks")));
    await until(() => connection.status !== "open", "the cut");
    expect(evilOf(node)).toMatchObject({ connected: false, lastError: { code: "p2p.frame" } });
    await stillServes(node, honest);
  });

  test("a flood of questions is answered few at a time, the rest refused as busy", async () => {
    const { node, honest } = await besieged();
    let answering = 0;
    let most = 0;
    node.answer = async () => {
      most = Math.max(most, ++answering);
      await pause(50);
      answering--;
      return new Uint8Array(1);
    };
    const evil = await rawPeer("evil");
    const { connection } = await greeted(evil, "evil", node);
    const { stream } = await openRaw(connection, "blocks");
    for (let i = 1; i <= 500; i++) stream.send(frameOf(1, bytesOf(10), i));
    await until(() => most > 0 && answering === 0, "the answers");
    expect(most).toBe(8);
    await stillServes(node, honest);
  });

  test("a flood of messages is read no faster than the channel's rate, and nobody else waits for it", async () => {
    const { node, honest } = await besieged();
    const evil = await rawPeer("evil");
    const { connection } = await greeted(evil, "evil", node);
    const { stream } = await openRaw(connection, "votes");
    const start = performance.now();
    const flood = concat(...Array.from({ length: 1_000 }, () => frameOf(0, bytesOf(20))));
    for (let i = 0; i < 30 && connection.status === "open"; i++) if (!stream.send(flood)) await stream.onDrain();
    const received = () => node.messages.filter(({ peer }) => peer === "evil").length;
    await until(() => received() > 8_000, "what may come at once");
    await pause(500);
    // Two seconds' worth at once, then 4,000 a second; one chunk may run over.
    const got = received();
    const seconds = (performance.now() - start) / 1_000;
    expect(got).toBeLessThan(8_000 + 4_000 * (seconds + 0.2) + 3_000);
    await stillServes(node, honest);
    expect(node.host.isConnected("evil")).toBe(true);
    expect(evilOf(node).score).toBe(0);
  });
});

describe("members that the node itself finds at fault", () => {
  test("rejected messages add up to a ban that grows with each further one, and are forgotten with time", async () => {
    const { node } = await besieged();
    const evil = await rawPeer("evil");
    await greeted(evil, "evil", node);
    for (let i = 0; i < 4; i++) node.host.penalise("evil", "consensus.signature");
    expect(node.host.isConnected("evil")).toBe(true);
    expect(evilOf(node).score).toBe(80);
    node.host.penalise("evil", "consensus.signature", 21);
    expect(node.host.isConnected("evil")).toBe(false);
    expect(evilOf(node).lastError).toMatchObject({ code: "consensus.signature", detail: "cut off" });
    const first = evilOf(node).bannedUntil! - Date.now();
    await pause(first + 50);
    node.host.penalise("evil", "consensus.signature", 100);
    expect(evilOf(node).bannedUntil! - Date.now()).toBeGreaterThan(1.5 * first);
    node.host.penalise("nobody", "consensus.signature");
  });

  test("what a handler throws is a fault of this node and costs the peer nothing", async () => {
    const { node, honest } = await besieged();
    node.onMessage = () => {
      throw new TypeError("our bug");
    };
    await until(() => honest.host.send("node", "votes", bytesOf(10)) === "sent", "the connection, seen from the other side");
    await until(() => node.faults.length === 1, "the fault");
    expect(node.host.peers().find((peer) => peer.id === "honest")).toMatchObject({ connected: true, score: 0 });
  });
});

describe("a peer that takes nothing", () => {
  test("its queue fills to its bound and says busy, then it is cut off; the others are served", async () => {
    const { node, honest } = await besieged({ silentMs: 4_000, stalledMs: 4_000 });
    const evil = await rawPeer("evil");
    const { connection } = await greeted(evil, "evil", node);
    await pause(100);
    // Stops reading at TCP: nothing of it is acknowledged from here on.
    (connection as unknown as { maConn: { pause(): void } }).maConn.pause();
    let sent = 0;
    while (node.host.send("evil", "batches", bytesOf(262_144)) === "sent") {
      sent++;
      if (sent % 4 === 0) await pause(1);
    }
    // The queue's 16 MB, and what windows and sockets hold.
    expect(sent).toBeGreaterThan(60);
    expect(sent).toBeLessThan(200);
    expect(evilOf(node).queuedBytes).toBeLessThanOrEqual(16 << 20);
    expect(node.host.send("evil", "votes", bytesOf(10))).toBe("sent");
    await stillServes(node, honest);
    await until(() => !node.host.isConnected("evil"), "the cut");
    expect(evilOf(node).lastError!.code).toMatch(/^p2p\.(stalled|silent)$/);
    expect(evilOf(node).queuedBytes).toBe(0);
    await stillServes(node, honest);
  });

  test("a slow one hears of the room when there is some", async () => {
    const { node } = await besieged({ silentMs: 60_000, stalledMs: 60_000 });
    const evil = await rawPeer("evil");
    const { connection } = await greeted(evil, "evil", node);
    await pause(100);
    const { maConn } = connection as unknown as { maConn: { pause(): void; resume(): void } };
    maConn.pause();
    for (let i = 0; node.host.send("evil", "batches", bytesOf(262_144)) === "sent"; i++) if (i % 4 === 3) await pause(1);
    maConn.resume();
    await until(() => node.events.includes("room evil batches"), "the room");
    expect(node.host.send("evil", "batches", bytesOf(262_144))).toBe("sent");
  });
});
