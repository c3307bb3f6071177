// A peer that follows no rules: libp2p with a member's key, whose streams are written by hand.

import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { Connection, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2p } from "libp2p";
import { type Bytes, concat, readU32 } from "../../../src/base/bytes.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { HELLO_PROTOCOL, protocolOf } from "../../../src/p2p/channel.ts";
import { control, encodeHello, type Hello } from "../../../src/p2p/hello.ts";
import { frameOf } from "../../../src/p2p/stream.ts";
import type { Channel } from "../../../src/p2p/types.ts";
import { network, pause, type Recorded, seedOf } from "./hosts.ts";

const running = new Set<Libp2p>();

/** Where a host listens, and who it is. */
export interface Target {
  readonly address: string;
  readonly peerId: string;
}

export const rawPeer = (id: string): Promise<Libp2p> => rawPeerWith(seedOf(id), network);

/** The same with any member's peer key, for any network; hears what comes on the streams that the host opens. */
export async function rawPeerWith(
  seed: Bytes,
  ofNetwork: Bytes,
  heard: (channel: Channel, bytes: Bytes) => void = () => {},
): Promise<Libp2p> {
  const node = await createLibp2p({
    privateKey: privateKeyFromRaw(concat(seed, publicKeyOf(seed))),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { initialStreamWindowSize: 4 << 20, maxStreamWindowSize: 4 << 20 } })],
    connectionMonitor: { enabled: false },
  });
  for (const channel of ["votes", "batches", "blocks", "transactions"] as const)
    await node.handle(protocolOf(channel, ofNetwork), (stream) =>
      stream.addEventListener("message", ({ data }) => heard(channel, data.slice())),
    );
  running.add(node);
  return node;
}

export async function stopRaw(): Promise<void> {
  await Promise.all([...running].map(async (node) => node.stop()));
  running.clear();
}

export function dial(node: Libp2p, target: Recorded): Promise<Connection> {
  return dialAt(node, { address: target.host.addresses()[0]!, peerId: target.host.peerId });
}

export const dialAt = (node: Libp2p, { address, peerId }: Target): Promise<Connection> =>
  node.dial(multiaddr(`${address}/p2p/${peerId}`), { force: true });

export const helloOf = (id: string, fields: Partial<Hello> = {}): Bytes =>
  frameOf(control.hello, encodeHello({ version: 1, network, organisation: id, role: "validator", nonce: new Uint8Array(16), ...fields }));

export interface RawStream {
  readonly stream: Stream;
  readonly received: Bytes[];
  closed: boolean;
}

export async function openRaw(connection: Connection, name: Channel | "hello", ofNetwork: Bytes = network): Promise<RawStream> {
  const stream = await connection.newStream(name === "hello" ? HELLO_PROTOCOL : protocolOf(name, ofNetwork));
  const raw: RawStream = { stream, received: [], closed: false };
  stream.addEventListener("message", ({ data }) => raw.received.push(data.slice()));
  stream.addEventListener("close", () => void (raw.closed = true));
  return raw;
}

/** Stays alive in the eyes of the host: every ping gets its pong. */
export function answerPings({ stream }: RawStream): void {
  stream.addEventListener("message", ({ data }) => {
    const bytes = data.slice();
    for (let at = 0; at + 4 < bytes.length; at += 4 + readU32(bytes, at))
      if (bytes[at + 4] === control.ping && stream.status === "open") stream.send(frameOf(control.pong, bytes.slice(at + 5, at + 9)));
  });
}

/** Connects and greets as a member should; what comes after is up to the test. */
export async function greeted(node: Libp2p, id: string, target: Recorded): Promise<{ connection: Connection; hello: RawStream }> {
  const connection = await dial(node, target);
  const hello = await openRaw(connection, "hello");
  hello.stream.send(helloOf(id));
  answerPings(hello);
  for (let i = 0; i < 400 && !target.host.isConnected(id); i++) await pause(5);
  return { connection, hello };
}
