// The surface of p2p: what a node gives to its host of peers and gets from it. Bytes are opaque here; who may speak is the caller's list.
// Does not own: what a message means (consensus, ledger, node), libp2p (host.ts). docs/protocol.md §6.

import type { Bytes } from "../base/bytes.ts";
import type { Logger } from "../base/log.ts";
import type { Clock } from "../base/time.ts";
import type { Rate } from "./rate.ts";

export type Role = "validator" | "observer";

/** A member that may connect: from the chain's register. */
export interface AllowedPeer {
  readonly id: string;
  /** Ed25519 public key of its node's peer key, 32 bytes. */
  readonly peerKey: Bytes;
  /** Multiaddrs at which it listens, e.g. /dns4/ledger.tax.example/tcp/7600. */
  readonly addresses: readonly string[];
  readonly role: Role;
}

/** One-way messages: "votes" holds consensus messages and status, "batches" batches, acks and pulls. */
export type MessageChannel = "votes" | "batches";
/** Questions with answers: "blocks" is sync and fetch, "transactions" what an observer hands to a validator. */
export type RequestChannel = "blocks" | "transactions";
export type Channel = MessageChannel | RequestChannel;

/** What every channel has: bounds in size and rate (§4.11), and what happens when its queue is full. */
export interface ChannelSpec {
  readonly name: Channel;
  /** One-way messages, or questions and answers. */
  readonly form: "messages" | "requests";
  readonly maxFrameBytes: number;
  readonly maxQueueBytes: number;
  readonly onFull: "refuse" | "dropSlots";
  readonly rate: Rate;
}

/** What became of a message: on its way; refused because the peer's queue is full (try later, `room` tells); peer not connected. */
export type Sent = "sent" | "busy" | "absent";

export interface SendOptions {
  /** A later message with the same slot takes the place of one still queued: of status only the newest matters. */
  readonly slot?: string;
}

export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What the node is told. All but `request` must return quickly; what they throw goes to `fault`. */
export interface HostHandlers {
  /** A whole frame, in an ArrayBuffer of its own: it may be kept or transferred. */
  message(peer: string, channel: MessageChannel, bytes: Bytes): void;
  /** A question; the promise is the answer. A LedgerError's code goes to the asker (any other error as `p2p.handler`). */
  request(peer: string, channel: RequestChannel, bytes: Bytes): Promise<Bytes>;
  /** The peer said hello and can be sent to. */
  connected?(peer: string): void;
  disconnected?(peer: string, code: string): void;
  /** After a `busy`: at least half of the queue is free again. */
  room?(peer: string, channel: Channel): void;
  /** An authenticated member follows another genesis (§4.7: f + 1 of them stop a node with exit 15). */
  wrongGenesis?(peer: string, theirs: Bytes): void;
  /** Two living processes answer with this peer's key: a copied home. */
  duplicateKey?(peer: string): void;
  /** The peer says that *my* key answers it on another connection (§4.7: f + 1 at start end in exit 10). */
  keyElsewhere?(peer: string): void;
  /** A peer sent what no honest node sends, by this code; it may not yet be enough to cut it off. */
  penalised?(peer: string, code: string): void;
  /** A handler threw: a bug of ours. The node stops. */
  fault(error: unknown): void;
}

export interface HostOptions {
  /** Ed25519 seed of the peer key, 32 bytes. */
  readonly peerSeed: Bytes;
  readonly organisation: string;
  /** Own role until a list with the own entry says otherwise. */
  readonly role: Role;
  /** The genesis hash, 32 bytes. */
  readonly network: Bytes;
  /** Multiaddrs to listen on, e.g. /ip4/0.0.0.0/tcp/7600; port 0 takes a free one. */
  readonly listen: readonly string[];
  readonly members: readonly AllowedPeer[];
  readonly handlers: HostHandlers;
  readonly log?: Logger;
  readonly clock?: Clock;
  /** 0 ≤ x < 1, for the jitter of reconnection. */
  readonly random?: () => number;
  /** For tests: shorter times than those of base/limits. */
  readonly timing?: Partial<Timing>;
}

/** Times in ms; the defaults are in base/limits. */
export interface Timing {
  readonly helloMs: number;
  readonly pingMs: number;
  readonly silentMs: number;
  readonly stalledMs: number;
  readonly probeMs: number;
  readonly dialMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  readonly passiveDialMs: number;
  /** The first time, right after the start: the others may be waiting with a long backoff. */
  readonly passiveFirstMs: number;
  readonly banMs: number;
}

/** What `peers` shows of one organisation. */
export interface PeerStatus {
  readonly id: string;
  readonly role: Role;
  readonly connected: boolean;
  /** Who opened the connection; undefined if none. */
  readonly direction?: "inbound" | "outbound";
  /** The address of the connection, or the first known one. */
  readonly address?: string;
  /** Since when connected or disconnected, wall clock ms. */
  readonly since: number;
  readonly rttMs?: number;
  /** Totals since the host started. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queuedBytes: number;
  /** Why the last attempt or connection ended: a code, and the words of the system. */
  readonly lastError?: { readonly code: string; readonly detail: string; readonly at: number };
  readonly score: number;
  readonly bannedUntil?: number;
}

/** The host of peers; `Host.start` (host.ts) gives one. */
export interface PeerHost {
  /** The own peer id, as libp2p writes it. */
  readonly peerId: string;
  /** Addresses actually listened on, with ports. */
  addresses(): string[];
  /** Sends one message; the bytes are copied, the caller may reuse or transfer them. Never throws for a peer's state. */
  send(peer: string, channel: MessageChannel, bytes: Bytes, options?: SendOptions): Sent;
  /** Sends to all connected peers, or to those validators only; gives how many took it. */
  broadcast(channel: MessageChannel, bytes: Bytes, options?: SendOptions & { to?: Role }): number;
  /** Asks one peer. Rejects with LedgerError `p2p.absent`, `p2p.busy`, `p2p.timeout`, `p2p.disconnected`, or the code the peer answered. */
  request(peer: string, channel: RequestChannel, bytes: Bytes, options?: RequestOptions): Promise<Bytes>;
  /** Replaces the list. Who is no longer on it is disconnected; the own entry, if there, sets the own role. */
  setAllowed(members: readonly AllowedPeer[]): void;
  /** A peer broke a rule (verdict `reject`): scored, and cut off for a while at 100 points. Honest peers never are. */
  penalise(peer: string, code: string, points?: number): void;
  isConnected(peer: string): boolean;
  connectedPeers(): string[];
  peers(): PeerStatus[];
  /** Says goodbye and closes everything, within about a second. */
  stop(): Promise<void>;
}
