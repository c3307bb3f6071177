// Hosts on loopback for the tests of p2p: real sockets, short times, everything recorded that a node would be told.

import type { Bytes } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import { Host } from "../../../src/p2p/host.ts";
import type { AllowedPeer, HostHandlers, HostOptions, MessageChannel, RequestChannel, Role, Timing } from "../../../src/p2p/types.ts";

export const network: Bytes = sha256(Uint8Array.of(1));
export const seedOf = (id: string): Bytes => sha256(new TextEncoder().encode(`peer seed of ${id}`));

export const shortTiming: Partial<Timing> = {
  helloMs: 1_000,
  pingMs: 100,
  silentMs: 700,
  stalledMs: 1_500,
  probeMs: 300,
  dialMs: 1_000,
  backoffFirstMs: 30,
  backoffMaxMs: 200,
  passiveDialMs: 60_000,
  passiveFirstMs: 60_000,
  banMs: 300,
};

export interface Recorded {
  readonly host: Host;
  readonly id: string;
  readonly messages: { peer: string; channel: MessageChannel; bytes: Bytes }[];
  readonly events: string[];
  /** Connections that ended, and whether the peer was banned at that moment. */
  readonly cuts: { peer: string; code: string; banned: boolean }[];
  readonly faults: unknown[];
  answer: (peer: string, channel: RequestChannel, bytes: Bytes) => Promise<Bytes>;
  onMessage: (peer: string, channel: MessageChannel, bytes: Bytes) => void;
}

const running = new Set<Host>();

/** Starts one host; it is stopped by `stopAll`. */
export async function startHost(id: string, options: Partial<HostOptions> & { role?: Role } = {}): Promise<Recorded> {
  const recorded: Omit<Recorded, "host"> & { host?: Host } = {
    id,
    messages: [],
    events: [],
    cuts: [],
    faults: [],
    answer: async (_peer, _channel, bytes) => bytes,
    onMessage: () => {},
  };
  const handlers: HostHandlers = {
    message: (peer, channel, bytes) => {
      recorded.messages.push({ peer, channel, bytes });
      recorded.onMessage(peer, channel, bytes);
    },
    request: (peer, channel, bytes) => recorded.answer(peer, channel, bytes),
    connected: (peer) => recorded.events.push(`connected ${peer}`),
    disconnected: (peer, code) => {
      recorded.events.push(`disconnected ${peer} ${code}`);
      const banned = recorded.host!.peers().find(({ id: other }) => other === peer)?.bannedUntil !== undefined;
      recorded.cuts.push({ peer, code, banned });
    },
    room: (peer, channel) => recorded.events.push(`room ${peer} ${channel}`),
    wrongGenesis: (peer, theirs) => recorded.events.push(`wrongGenesis ${peer} ${theirs[0]}`),
    duplicateKey: (peer) => recorded.events.push(`duplicateKey ${peer}`),
    keyElsewhere: (peer) => recorded.events.push(`keyElsewhere ${peer}`),
    fault: (error) => recorded.faults.push(error),
  };
  recorded.host = await Host.start({
    peerSeed: seedOf(id),
    organisation: id,
    role: "validator",
    network,
    listen: ["/ip4/127.0.0.1/tcp/0"],
    members: [],
    handlers,
    ...options,
    timing: { ...shortTiming, ...options.timing },
  });
  running.add(recorded.host);
  return recorded as Recorded;
}

export function memberOf(node: Recorded, role: Role = "validator", addresses: readonly string[] = node.host.addresses()): AllowedPeer {
  return { id: node.id, peerKey: publicKeyOf(seedOf(node.id)), addresses, role };
}

/** Starts hosts that know each other. */
export async function startMesh(ids: readonly string[], options: Partial<HostOptions> = {}): Promise<Recorded[]> {
  const nodes = await Promise.all(ids.map((id) => startHost(id, options)));
  const members = nodes.map((node) => memberOf(node));
  for (const node of nodes) node.host.setAllowed(members);
  await until(() => nodes.every((node) => node.host.connectedPeers().length === nodes.length - 1), "the mesh to connect");
  return nodes;
}

/** Waits until `condition` holds; fails with what was waited for. */
export async function until(condition: () => boolean, what: string, ms = 25_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function stopAll(): Promise<void> {
  const hosts = [...running];
  running.clear();
  await Promise.all(hosts.map((host) => host.stop()));
}

export function bytesOf(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = x >>> 24;
  }
  return bytes;
}
