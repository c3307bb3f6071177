// What is known of each member: whether it may connect, how it behaved, when to dial it again. Owns scores, bans and backoff; no sockets.
// A ban needs broken rules, which forget themselves with time; an honest peer is never banned. docs/protocol.md §4.11, §6.

import { equalBytes } from "../base/bytes.ts";
import {
  BAN_FORGIVEN_MS,
  DIAL_TIMEOUT_MS,
  DUPLICATE_PROBE_MS,
  HELLO_TIMEOUT_MS,
  MAX_BAN_DOUBLINGS,
  PASSIVE_DIAL_MS,
  PASSIVE_FIRST_MS,
  PEER_BAN_MS,
  PEER_BAN_POINTS,
  PEER_POINTS_HALF_LIFE_MS,
  PEER_SILENT_MS,
  PEER_STALLED_MS,
  PING_INTERVAL_MS,
  RECONNECT_FIRST_MS,
  RECONNECT_MAX_MS,
} from "../base/limits.ts";
import type { Clock } from "../base/time.ts";
import type { AllowedPeer, Role, Timing } from "./types.ts";

export const defaultTiming: Timing = {
  helloMs: HELLO_TIMEOUT_MS,
  pingMs: PING_INTERVAL_MS,
  silentMs: PEER_SILENT_MS,
  stalledMs: PEER_STALLED_MS,
  probeMs: DUPLICATE_PROBE_MS,
  dialMs: DIAL_TIMEOUT_MS,
  backoffFirstMs: RECONNECT_FIRST_MS,
  backoffMaxMs: RECONNECT_MAX_MS,
  passiveDialMs: PASSIVE_DIAL_MS,
  passiveFirstMs: PASSIVE_FIRST_MS,
  banMs: PEER_BAN_MS,
};

export interface Peer {
  allowed: AllowedPeer;
  /** This side has dialled it, or was connected. */
  met: boolean;
  /** Failed attempts in a row. */
  attempts: number;
  lastError: { code: string; detail: string; at: number } | undefined;
  /** Connected or disconnected since, wall clock. */
  since: number;
  /** Bytes of connections that are over. */
  bytesIn: number;
  bytesOut: number;
  points: number;
  pointsAt: number;
  bans: number;
  /** Monotonic ms; 0: never. */
  bannedUntil: number;
  /** Gone from the list: nothing of it may start again. */
  removed: boolean;
}

/** Which side of a pair opens the connection; "none" if observers stand on both sides. */
export function diallerOf(own: { id: string; role: Role }, other: { id: string; role: Role }): "own" | "other" | "none" {
  if (own.role === "observer") return other.role === "observer" ? "none" : "own";
  if (other.role === "observer") return "other";
  return own.id < other.id ? "own" : "other";
}

export class PeerBook {
  readonly #peers = new Map<string, Peer>();
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #timing: Timing;

  constructor(clock: Clock, random: () => number, timing: Timing) {
    this.#clock = clock;
    this.#random = random;
    this.#timing = timing;
  }

  get(id: string): Peer | undefined {
    return this.#peers.get(id);
  }

  all(): Peer[] {
    return [...this.#peers.values()];
  }

  /** Takes a new list; gives the peers that are off it, or came back under another key. Bans outlive a change of addresses. */
  replace(members: readonly AllowedPeer[]): { added: Peer[]; removed: Peer[] } {
    const removed: Peer[] = [];
    const added: Peer[] = [];
    const listed = new Map(members.map((member) => [member.id, member]));
    for (const [id, peer] of this.#peers) {
      const member = listed.get(id);
      if (member !== undefined && equalBytes(member.peerKey, peer.allowed.peerKey)) {
        peer.allowed = member;
        listed.delete(id);
      } else {
        this.#peers.delete(id);
        peer.removed = true;
        removed.push(peer);
      }
    }
    for (const member of listed.values()) {
      const peer = this.#fresh(member);
      this.#peers.set(member.id, peer);
      added.push(peer);
    }
    return { added, removed };
  }

  #fresh(allowed: AllowedPeer): Peer {
    const points = { points: 0, pointsAt: this.#clock.monotonic(), bans: 0, bannedUntil: 0 };
    return {
      allowed,
      met: false,
      attempts: 0,
      lastError: undefined,
      since: this.#clock.now(),
      bytesIn: 0,
      bytesOut: 0,
      ...points,
      removed: false,
    };
  }

  /** Adds points; true if that cuts the peer off. */
  penalise(peer: Peer, points: number): boolean {
    const now = this.#clock.monotonic();
    peer.points = this.score(peer) + points;
    peer.pointsAt = now;
    if (peer.points < PEER_BAN_POINTS) return false;
    // Bans are forgiven one by one, so that an old sin does not weigh for ever.
    const forgiven = peer.bannedUntil === 0 ? 0 : Math.floor(Math.max(0, now - peer.bannedUntil) / BAN_FORGIVEN_MS);
    peer.bans = Math.max(0, peer.bans - forgiven);
    peer.bannedUntil = now + this.#timing.banMs * 2 ** Math.min(peer.bans, MAX_BAN_DOUBLINGS);
    peer.bans++;
    peer.points = 0;
    return true;
  }

  /** Points that are not forgotten yet. */
  score(peer: Peer): number {
    const age = this.#clock.monotonic() - peer.pointsAt;
    return peer.points * 0.5 ** (age / PEER_POINTS_HALF_LIFE_MS);
  }

  isBanned(peer: Peer): boolean {
    return this.#clock.monotonic() < peer.bannedUntil;
  }

  noteError(peer: Peer, code: string, detail: string): void {
    peer.lastError = { code, detail: detail.slice(0, 200), at: this.#clock.now() };
  }

  /** Ms until this side dials: exponential with full jitter over its upper half, later for the side that waits for the other. */
  dialDelay(peer: Peer, dialler: "own" | "other"): number {
    const { backoffFirstMs, backoffMaxMs, passiveDialMs, passiveFirstMs } = this.#timing;
    const passive = peer.met ? passiveDialMs : passiveFirstMs;
    const backoff = peer.attempts === 0 ? 0 : Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(peer.attempts - 1, 16));
    const wait = backoff * (0.5 + 0.5 * this.#random()) + (dialler === "own" ? 0 : passive * (1 + 0.2 * this.#random()));
    return Math.max(wait, peer.bannedUntil - this.#clock.monotonic());
  }
}
