// Connections come and go: restarts, hung processes, wrong networks, copied homes, both sides dialling. §4.7, §6
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { sha256 } from "../../../src/base/hash.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import type { AllowedPeer } from "../../../src/p2p/types.ts";
import { bytesOf, memberOf, network, pause, type Recorded, seedOf, startHost, startMesh, stopAll, until } from "./hosts.ts";
import { dial, greeted, helloOf, openRaw, rawPeer, stopRaw } from "./rawPeer.ts";

const children = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await stopRaw();
  await stopAll();
});

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly address: string;
}

async function startChild(id: string, listen: string, members: readonly AllowedPeer[]): Promise<Child> {
  const list = JSON.stringify(members.map((m) => ({ id: m.id, key: [...m.peerKey], addresses: m.addresses })));
  const child = spawn(process.execPath, [join(import.meta.dirname, "child.ts"), id, listen, list], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await until(() => lines.some((line) => line.startsWith("listening ")), "the child to listen");
  const address = lines.find((line) => line.startsWith("listening "))!.slice("listening ".length);
  return { process: child, lines, address };
}

const memberAt = (id: string, address: string): AllowedPeer => ({
  id,
  peerKey: publicKeyOf(seedOf(id)),
  addresses: [address],
  role: "validator",
});

describe("a peer that dies", () => {
  test("is dialled again after kill -9, with backoff, until it is back at its address", async () => {
    const a = await startHost("a1");
    const first = await startChild("b1", "/ip4/127.0.0.1/tcp/0", [memberOf(a)]);
    a.host.setAllowed([memberAt("b1", first.address)]);
    await until(() => a.host.isConnected("b1"), "the connection");
    first.process.kill("SIGKILL");
    await until(() => !a.host.isConnected("b1"), "the disconnection");
    await until(() => a.host.peers()[0]!.lastError?.code === "p2p.unreachable", "a failed dial");
    expect(a.host.peers()[0]!.lastError!.detail).toContain("ECONNREFUSED");
    expect(a.host.send("b1", "votes", bytesOf(1))).toBe("absent");
    const second = await startChild("b1", first.address, [memberOf(a)]);
    await until(() => a.host.isConnected("b1"), "the reconnection");
    expect(a.host.send("b1", "votes", bytesOf(77))).toBe("sent");
    await until(() => second.lines.includes("message a1 77"), "a message");
    expect(a.events).toEqual(["connected b1", "disconnected b1 p2p.disconnected", "connected b1"]);
  });

  test("is back as soon as it is started again, although whoever dials it waits by now", async () => {
    const a = await startHost("a1", { timing: { backoffFirstMs: 60_000, backoffMaxMs: 60_000 } });
    const first = await startChild("b1", "/ip4/127.0.0.1/tcp/0", []);
    a.host.setAllowed([memberAt("b1", first.address)]);
    await until(() => a.host.peers()[0]!.lastError !== undefined, "a connection that is not taken");
    const gone = new Promise((resolve) => first.process.once("exit", resolve));
    first.process.kill("SIGKILL");
    await gone;
    const second = await startHost("b1", { listen: [first.address], members: [memberOf(a)], timing: { passiveFirstMs: 100 } });
    await until(() => a.host.isConnected("b1") && second.host.isConnected("a1"), "the connection");
    expect(a.host.peers()[0]!.direction).toBe("inbound");
  });

  test("or only stops (SIGSTOP) is found silent, and taken back when it goes on", async () => {
    const a = await startHost("a1");
    const child = await startChild("b1", "/ip4/127.0.0.1/tcp/0", [memberOf(a)]);
    a.host.setAllowed([memberAt("b1", child.address)]);
    await until(() => a.host.isConnected("b1"), "the connection");
    child.process.kill("SIGSTOP");
    await until(() => a.events.includes("disconnected b1 p2p.silent"), "the silence to be noticed");
    child.process.kill("SIGCONT");
    await until(() => a.host.isConnected("b1"), "the reconnection");
    expect(a.host.peers()[0]!.score).toBe(0);
  });

  test("a listener that lost its dialler takes it back at once, and a stop is said", async () => {
    const [a, b] = (await startMesh(["a1", "b1"])) as [Recorded, Recorded];
    const started = performance.now();
    await a.host.stop();
    expect(performance.now() - started).toBeLessThan(5_000);
    await until(() => b.events.length === 2, "the goodbye");
    expect(b.events).toEqual(["connected a1", "disconnected a1 p2p.stopping"]);
    const again = await startHost("a1", { members: [memberOf(b)] });
    await until(() => b.host.isConnected("a1") && again.host.isConnected("b1"), "the reconnection");
  });

  test("the goodbye comes before whatever else its end resets, also while the first streams are just being opened", async () => {
    for (let round = 0; round < 12; round++) {
      const mesh = (await startMesh(["a1", "b1"])) as [Recorded, Recorded];
      const [stops, stays] = round % 2 === 0 ? mesh : [mesh[1], mesh[0]];
      await stops.host.stop();
      await until(() => stays.events.length === 2, "the goodbye");
      expect(stays.events[1]).toBe(`disconnected ${stops.id} p2p.stopping`);
      await stopAll();
    }
  });
});

describe("another network", () => {
  test("is heard on both sides, never joined, and tried again (§4.7)", async () => {
    const other = sha256(Uint8Array.of(2));
    const [a, b] = await Promise.all([startHost("a1"), startHost("b1", { network: other })]);
    for (const node of [a, b]) node.host.setAllowed([memberOf(a), memberOf(b)]);
    await until(() => a.events.length > 1 && b.events.length > 1, "both to hear, twice");
    expect(new Set(a.events)).toEqual(new Set([`wrongGenesis b1 ${other[0]}`]));
    expect(new Set(b.events)).toEqual(new Set([`wrongGenesis a1 ${network[0]}`]));
    expect(a.host.peers()[0]).toMatchObject({ connected: false, lastError: { code: "p2p.genesis" }, score: 0 });
    expect(b.host.peers()[0]).toMatchObject({ connected: false, lastError: { code: "p2p.genesis" }, score: 0 });
  });
});

describe("one key in two processes (§4.7)", () => {
  test("the second hears that its key answers elsewhere, the first keeps its connection, and the peer knows", async () => {
    const [a, b] = (await startMesh(["a1", "b1"])) as [Recorded, Recorded];
    const copy = await startHost("a1", { members: [memberOf(b)] });
    await until(() => copy.events.includes("keyElsewhere b1"), "the copy to hear of it");
    expect(b.events).toContain("duplicateKey a1");
    expect(copy.host.isConnected("b1")).toBe(false);
    expect(a.host.isConnected("b1") && b.host.isConnected("a1")).toBe(true);
    b.host.send("a1", "votes", bytesOf(5));
    await until(() => a.messages.length === 1, "a message to the first");
    expect(a.events).toEqual(["connected b1"]);
  });

  test("a copy of a node that is dialled by all others dials them after a while and hears it too", async () => {
    const [a, b] = (await startMesh(["a1", "b1"])) as [Recorded, Recorded];
    expect(b.host.peers()[0]).toMatchObject({ id: "a1", direction: "inbound" });
    const copy = await startHost("b1", { members: [memberOf(a)], timing: { passiveFirstMs: 50 } });
    await until(() => copy.events.includes("keyElsewhere a1"), "the copy to hear of it");
    expect(a.events).toContain("duplicateKey b1");
    expect(b.host.isConnected("a1")).toBe(true);
  });

  test("a process that restarted, whose old connection is dead but not yet noticed, is not taken for a copy", async () => {
    const b = await startHost("b1", { timing: { silentMs: 60_000 } });
    const child = await startChild("a1", "/ip4/127.0.0.1/tcp/0", [memberOf(b)]);
    b.host.setAllowed([memberAt("a1", child.address)]);
    await until(() => b.host.isConnected("a1"), "the connection");
    // Frozen, it looks connected but answers nothing: as after a pulled cable.
    child.process.kill("SIGSTOP");
    const restarted = await startHost("a1", { members: [memberOf(b)] });
    await until(() => restarted.host.isConnected("b1"), "the new connection");
    expect(b.events).toEqual(["connected a1", "disconnected a1 p2p.replaced", "connected a1"]);
    expect(restarted.events).toEqual(["connected b1"]);
  });
});

describe("two connections of one pair", () => {
  test("when both sides dial, one connection stays, the same for both", async () => {
    const [a, b] = await Promise.all([
      startHost("a1", { timing: { passiveDialMs: 0, passiveFirstMs: 0 } }),
      startHost("b1", { timing: { passiveDialMs: 0, passiveFirstMs: 0 } }),
    ]);
    const members = [memberOf(a), memberOf(b)];
    for (let round = 0; round < 5; round++) {
      for (const node of [a, b]) node.host.setAllowed(members);
      await until(() => a.host.isConnected("b1") && b.host.isConnected("a1"), "the connection");
      await pause(150);
      expect([a.host.peers()[0]!.connected, b.host.peers()[0]!.connected]).toEqual([true, true]);
      expect(a.host.peers()[0]!.direction === "outbound").toBe(b.host.peers()[0]!.direction === "inbound");
      const before = b.messages.length;
      a.host.send("b1", "votes", bytesOf(9));
      await until(() => b.messages.length === before + 1, "a message");
      a.host.setAllowed([]);
      await until(() => !b.host.isConnected("a1"), "the disconnection");
    }
    expect(a.events.concat(b.events).filter((event) => /Key|key/.test(event))).toEqual([]);
  });

  test("a second connection of the same process replaces the first", async () => {
    const node = await startHost("node");
    const evil = await rawPeer("evil");
    node.host.setAllowed([{ ...memberAt("evil", "/ip4/127.0.0.1/tcp/1") }]);
    const { connection } = await greeted(evil, "evil", node);
    const second = await dial(evil, node);
    (await openRaw(second, "hello")).stream.send(helloOf("evil"));
    await until(() => connection.status !== "open", "the first to be closed");
    expect(node.host.isConnected("evil")).toBe(true);
    expect(second.status).toBe("open");
  });
});

describe("addresses", () => {
  test("one that is taken is said at the start with its code", async () => {
    const a = await startHost("a1");
    await expect(startHost("b1", { listen: a.host.addresses() })).rejects.toMatchObject({ code: "p2p.listen" });
  });

  test("one that is none, or where somebody else answers, is an error of that peer only", async () => {
    const [a, c] = await Promise.all([startHost("a1"), startHost("c1")]);
    a.host.setAllowed([memberAt("b1", "nonsense"), { ...memberOf(c), id: "b2" }, memberAt("b3", c.host.addresses()[0]!)]);
    await until(() => a.host.peers().every((peer) => peer.lastError !== undefined), "the errors");
    expect(a.host.peers().map((peer) => peer.lastError!.code)).toEqual(["p2p.address", "p2p.refused", "p2p.unreachable"]);
    expect(a.host.connectedPeers()).toEqual([]);
  });

  test("a second address is tried when the first does not answer", async () => {
    const [a, b] = await Promise.all([startHost("a1"), startHost("b1")]);
    a.host.setAllowed([memberOf(b, "validator", ["/ip4/127.0.0.1/tcp/1", ...b.host.addresses()])]);
    b.host.setAllowed([memberOf(a)]);
    await until(() => a.host.isConnected("b1"), "the connection");
  });
});
