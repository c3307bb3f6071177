// Asking peers, any of which may be slow, gone or lying: the next one gets the question until an answer holds. docs/protocol.md §4.9.3.
// Owns whose turn it is and who is not asked again. Does not own: connections (p2p), what an answer must be (the caller's check throws if it is not).

import type { Bytes } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { STATE_PEER_REST_MS } from "../base/limits.ts";

export interface PeerPorts {
  /** Who is connected now. */
  readonly peers: () => readonly string[];
  /** Rejects with a LedgerError if there is no answer, or a refusal: its code. */
  readonly ask: (peer: string, question: Bytes) => Promise<Bytes>;
  /** The peer sent what no honest peer sends: it is cut off. */
  readonly lied: (peer: string, code: string) => void;
  readonly stopped: () => boolean;
  readonly wait: (ms: number) => Promise<void>;
}

/** The question itself is at fault. One peer may say so of any; all do not. */
const finalRefusals = ["height.pruned", "state.range_large"] as const;
type FinalRefusal = (typeof finalRefusals)[number];

export class PeerAsk {
  readonly #ports: PeerPorts;
  readonly #liars = new Set<string>();
  readonly #resting = new Set<string>();
  #turn = 0;
  /** Asked alone as long as it answers; undefined for all in turn. */
  preferred: string | undefined;

  constructor(ports: PeerPorts) {
    this.#ports = ports;
  }

  /** Whoever may be asked. */
  get candidates(): string[] {
    return this.#ports.peers().filter((peer) => !this.#liars.has(peer));
  }

  /** Throws `sync.stopped` when it is to end. */
  checkStopped(): void {
    if (this.#ports.stopped()) throw new LedgerError("sync.stopped");
  }

  /**
   * Asks until an answer holds: `use` checks it, and a LedgerError that it throws is the peer's lie, but for `state.behind` and `p2p.absent`. Throws
   * `sync.stopped`, and `height.pruned` or `state.range_large` when everybody there refuses with it; or at once, where one peer's word for it is `enough`.
   */
  async ask<T>(question: Value, use: (answer: Value, peer: string) => T | Promise<T>, enough?: FinalRefusal): Promise<T> {
    const refused = new Map<string, string>();
    for (;;) {
      this.checkStopped();
      const peer = this.#next();
      if (peer === undefined) {
        const all = this.candidates;
        for (const code of finalRefusals) if (all.length > 0 && all.every((id) => refused.get(id) === code)) throw new LedgerError(code);
        await this.#ports.wait(STATE_PEER_REST_MS / 4);
        continue;
      }
      let answer: Bytes;
      try {
        answer = await this.#ports.ask(peer, encode(question));
      } catch (error) {
        if (!isLedgerError(error)) throw error;
        if (error.code === enough) throw error;
        refused.set(peer, error.code);
        this.#rest(peer);
        continue;
      }
      try {
        return await use(decode(answer), peer);
      } catch (error) {
        if (!isALie(error)) throw error;
        // It has not got there yet itself, and answered as well as it could; or it is gone.
        if (error.code === "state.behind" || error.code === "p2p.absent") this.#rest(peer);
        else this.convict(peer, error.code);
      }
    }
  }

  /** This peer is not asked again. */
  convict(peer: string, code: string): void {
    if (this.#liars.has(peer)) return; // another of its answers was under way
    this.#liars.add(peer);
    if (this.preferred === peer) this.preferred = undefined;
    this.#ports.lied(peer, code);
  }

  #rest(peer: string): void {
    this.#resting.add(peer);
    if (this.preferred === peer) this.preferred = undefined;
    void this.#ports.wait(STATE_PEER_REST_MS).then(() => this.#resting.delete(peer));
  }

  #next(): string | undefined {
    const ready = this.candidates.filter((peer) => !this.#resting.has(peer));
    if (this.preferred !== undefined && ready.includes(this.preferred)) return this.preferred;
    return ready[this.#turn++ % Math.max(1, ready.length)];
  }
}

/** Nobody's lie: the own disk, the own end, a bug of ours. */
function isALie(error: unknown): error is LedgerError {
  return isLedgerError(error) && !/^(store|bug|sync)\.|^height\.pruned$/.test(error.code);
}
