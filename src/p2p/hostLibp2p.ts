// libp2p as the host uses it: TCP, Noise, Yamux and nothing else, with every bound set. Owns the translation of its connections and streams
// into the carriers and wires of a link. With host.ts the only files that import libp2p. docs/protocol.md §6.

import { privateKeyFromRaw, publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Connection, PeerId, Stream } from "@libp2p/interface";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { StreamState, YamuxStream } from "@libp2p/yamux/stream";
import { createLibp2p, type Libp2p } from "libp2p";
import { type Bytes, concat } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import {
  MAX_HANDSHAKES_PER_SECOND,
  MAX_MEMBERS,
  MAX_PEER_ADDRESSES,
  MAX_PEER_STREAMS,
  MAX_PENDING_HANDSHAKES,
  STREAM_WINDOW_BYTES,
} from "../base/limits.ts";
import { publicKeyOf } from "../base/signature.ts";
import { encrypter } from "./hostNoise.ts";
import type { Carrier, Incoming } from "./link.ts";
import type { Wire, WireEvents } from "./stream.ts";

const CLOSE_TIMEOUT_MS = 1_000;

export interface Libp2pOptions {
  readonly peerSeed: Bytes;
  readonly listen: readonly string[];
  readonly dialMs: number;
  /** For a handshake, and for agreeing on a protocol. */
  readonly helloMs: number;
  /** Asked after the handshake, when the key is proved, before any byte of the peer is read. */
  admits(peerKey: Bytes): boolean;
}

/** Starts libp2p with our bounds. Throws `p2p.listen` if an address cannot be listened on. */
export async function startLibp2p(options: Libp2pOptions): Promise<Libp2p> {
  const denied = (peer: PeerId): boolean => !options.admits(keyOf(peer));
  try {
    return await createLibp2p({
      privateKey: privateKeyFromRaw(concat(options.peerSeed, publicKeyOf(options.peerSeed))),
      addresses: { listen: [...options.listen] },
      transports: [tcp()],
      connectionEncrypters: [encrypter()],
      streamMuxers: [
        yamux({
          enableKeepAlive: false,
          maxInboundStreams: MAX_PEER_STREAMS,
          maxOutboundStreams: MAX_PEER_STREAMS,
          maxEarlyStreams: MAX_PEER_STREAMS,
          streamOptions: {
            initialStreamWindowSize: STREAM_WINDOW_BYTES,
            maxStreamWindowSize: STREAM_WINDOW_BYTES,
            maxReadBufferLength: STREAM_WINDOW_BYTES + (1 << 20),
          },
        }),
      ],
      connectionGater: { denyInboundEncryptedConnection: denied, denyOutboundEncryptedConnection: denied },
      connectionMonitor: { enabled: false },
      connectionManager: {
        maxConnections: 2 * MAX_MEMBERS,
        maxParallelDials: MAX_MEMBERS,
        maxPeerAddrsToDial: MAX_PEER_ADDRESSES,
        maxIncomingPendingConnections: MAX_PENDING_HANDSHAKES,
        inboundConnectionThreshold: MAX_HANDSHAKES_PER_SECOND,
        inboundUpgradeTimeout: options.helloMs,
        inboundStreamProtocolNegotiationTimeout: options.helloMs,
        outboundStreamProtocolNegotiationTimeout: options.helloMs,
        connectionCloseTimeout: CLOSE_TIMEOUT_MS,
        dialTimeout: options.dialMs,
        addressDialTimeout: options.dialMs,
        reconnectRetries: 0,
      },
    });
  } catch (cause) {
    throw new LedgerError("p2p.listen", { listen: options.listen, reason: wordsOf(cause) }, cause);
  }
}

/** The Ed25519 key of a peer; 32 zero bytes for any other kind, which no member has. */
export function keyOf(peer: PeerId): Bytes {
  return peer.type === "Ed25519" ? peer.publicKey.raw : new Uint8Array(32);
}

/** The peer id of a peer key, in libp2p's text form. */
export function peerIdOf(peerKey: Bytes): string {
  return peerIdFromPublicKey(publicKeyFromRaw(peerKey)).toString();
}

/** A connection as a link sees it; `protocol` names its streams. */
export function carrierOf(connection: Connection, protocol: (stream: Parameters<Carrier["open"]>[0]) => string): Carrier {
  return {
    inbound: connection.direction === "inbound",
    address: connection.remoteAddr.toString(),
    open: async (stream, events) => wireOf(await connection.newStream(protocol(stream), { maxOutboundStreams: 2 }), events),
    close: () => {
      connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch((cause: unknown) => {
        connection.abort(new LedgerError("p2p.disconnected", undefined, cause));
      });
    },
  };
}

/** A stream that the peer opened; unread until attached. */
export function incomingOf(stream: Stream): Incoming {
  return { attach: (events) => wireOf(stream, events), refuse: () => stream.abort(new LedgerError("p2p.refused")) };
}

/**
 * Yamux opens the window again after each message, which answers every packet with another one. Here it does so once half of the window is used: the other side
 * still has the other half to send.
 */
function openWindowByHalves(stream: Stream): void {
  if (!(stream instanceof YamuxStream)) return;
  const window = stream as unknown as { readonly recvWindow: number; readonly recvWindowCapacity: number };
  const openWindow = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    if (stream.state === StreamState.Established && window.recvWindowCapacity * 2 > window.recvWindow) return;
    openWindow();
  };
}

function wireOf(stream: Stream, events: WireEvents): Wire {
  openWindowByHalves(stream);
  const wire: Wire = {
    send: (bytes) => {
      try {
        return stream.send(bytes);
      } catch {
        // The stream ended in this turn; its close event follows or has been.
        events.closed();
        return false;
      }
    },
    // libp2p 3.3 forgets a pause made while a resume delivers what it held back: hence after the turn.
    pause: () => queueMicrotask(() => attempt(() => stream.pause())),
    resume: () => attempt(() => stream.resume()),
    close: () => stream.abort(new LedgerError("p2p.disconnected")),
  };
  stream.addEventListener("message", ({ data }) => {
    if (data instanceof Uint8Array) events.data(data, wire);
    else for (const chunk of data) events.data(chunk, wire);
  });
  stream.addEventListener("drain", () => events.drain());
  stream.addEventListener("close", () => events.closed());
  stream.addEventListener("remoteCloseWrite", () => events.closed());
  return wire;
}

/** Pausing and resuming throw on a stream that has ended meanwhile; its close event says so. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing to do.
  }
}

/** The words of the system for a failed connection, the first cause of several. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
