// How batches travel: ours to all validators, theirs verified once and acked, what is missing pulled. docs/protocol.md §4.8.
// Owns the forms on the channel "batches" and when acks go out. Does not own: what is proposed or given up (consensus), holding (ledger/holdings),
// verdicts (verifier.ts). Everything received is under a peer's control.

import { type Bytes, concat, latin1 } from "../base/bytes.ts";
import { isLedgerError } from "../base/errors.ts";
import { ACKS_EVERY_MS, MAX_ACKS_PER_MESSAGE, MAX_VERIFY_BACKLOG_BYTES, PEER_DIGESTS_PER_S } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { BatchFacts } from "../consensus/types.ts";
import { batchDigest, type BatchParts, batchSigned, readBatch, type VerifiedBatch } from "../ledger/batch.ts";
import type { Mempool } from "../ledger/mempool.ts";
import { RateLimiter } from "../p2p/rate.ts";
import type { PeerHost } from "../p2p/types.ts";
import type { Verifier } from "./verifier.ts";

const kinds = { batch: 1, ack: 2, pull: 3 } as const;

/** A digest counts as a message. */
const DIGESTS_RATE = { bytesPerSecond: 1, messagesPerSecond: PEER_DIGESTS_PER_S };

export interface DisseminationPorts {
  readonly network: Bytes;
  readonly host: Pick<PeerHost, "send" | "broadcast" | "penalise">;
  readonly verifier: Pick<Verifier, "batch" | "backlog">;
  readonly mempool: Mempool;
  /** Peer keys under which a member's batches may be; none for anybody else. */
  readonly batchKeysOf: (organisation: string) => readonly Bytes[];
  /** Who proposes in the view in force: waits for acks. */
  readonly primary: () => string;
  readonly driver: { batch(facts: BatchFacts): void; refused(digest: Bytes): void; acked(from: string, digests: readonly Bytes[]): void };
  /** Monotonic ms. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What consensus needs to know of a batch. */
export function factsOf(batch: VerifiedBatch): BatchFacts {
  let notAfter = 0;
  for (const t of batch.notAfter) if (t > notAfter) notAfter = t;
  const { reference, origin, sequence, work, signatures } = batch;
  return { reference, origin, sequence, work, signatures, notAfter };
}

export class Dissemination {
  readonly #ports: DisseminationPorts;
  /** Held, and not said yet: to the primary at the end of the turn, to the others, who need it only to pull what they lack, later. */
  #urgent: Bytes[] = [];
  #acks: Bytes[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Being verified: a batch that comes from several peers at once is verified once. */
  readonly #verifying = new Set<string>();
  /** Orders name these: they are taken whatever their origin has out. */
  readonly #wanted = new Set<string>();
  /** Digests in acks and pulls, by member. */
  readonly #digests = new Map<string, RateLimiter>();

  constructor(ports: DisseminationPorts) {
    this.#ports = ports;
  }

  /** A batch of our own, just cut: consensus knows it, all validators get it. Who has no room pulls it later. */
  own(batch: VerifiedBatch): void {
    this.#ports.driver.batch(factsOf(batch));
    this.#ports.host.broadcast("batches", framed(kinds.batch, batch.bytes), { to: "validator" });
  }

  /** A message on the channel "batches". */
  received(peer: string, message: Bytes): void {
    const { host, mempool, driver } = this.#ports;
    const kind = message[0];
    const payload = message.subarray(1);
    if (kind === kinds.batch) return this.receivedBatch(peer, payload.slice());
    if (
      (kind !== kinds.ack && kind !== kinds.pull) ||
      payload.length === 0 ||
      payload.length % 32 !== 0 ||
      payload.length > 32 * MAX_ACKS_PER_MESSAGE
    )
      return host.penalise(peer, "batches.malformed");
    if (!this.#isWithinRate(peer, payload.length / 32)) return;
    const digests: Bytes[] = [];
    for (let at = 0; at < payload.length; at += 32) digests.push(payload.slice(at, at + 32));
    if (kind === kinds.ack) return driver.acked(peer, digests);
    for (const digest of digests) {
      const batch = mempool.holdings.get(digest);
      if (batch === undefined || !this.#isPassedOn(batch)) continue;
      if (host.send(peer, "batches", framed(kinds.batch, batch.bytes)) !== "sent") return; // it asks again for what it still lacks
    }
  }

  /** So many digests a second are more than any honest peer acks and pulls. What is beyond is not looked at; it is said again where it matters. */
  #isWithinRate(peer: string, digests: number): boolean {
    const now = this.#ports.now();
    let limiter = this.#digests.get(peer);
    if (limiter === undefined) this.#digests.set(peer, (limiter = new RateLimiter(DIGESTS_RATE, now)));
    if (limiter.take(0, digests, now) === 0) return true;
    limiter.take(0, -digests, now); // no debt: a flood over, its peer counts again
    return false;
  }

  /** Whoever gets a batch under a signature that does not hold blames who sent it. One that came with a certified block may be such. */
  #isPassedOn({ bytes, vouched }: VerifiedBatch): boolean {
    return vouched === undefined || this.#isSigned(bytes, readBatch(bytes));
  }

  #isSigned(bytes: Bytes, parts: BatchParts): boolean {
    const { network, batchKeysOf } = this.#ports;
    return batchKeysOf(parts.origin).some((key) => batchSigned(network, bytes, parts, key));
  }

  /** A batch in a buffer of its own, pushed or asked for. */
  receivedBatch(peer: string, bytes: Bytes): void {
    const { network, host, mempool, verifier, log } = this.#ports;
    try {
      const parts = readBatch(bytes);
      const digest = batchDigest(network, bytes, parts);
      const name = latin1(digest);
      if (mempool.holdings.get(digest) !== undefined) return this.#ack(digest);
      if (this.#verifying.has(name)) return;
      // Back-pressure: what is not taken now is pulled when it is needed.
      if (verifier.backlog > MAX_VERIFY_BACKLOG_BYTES && !this.#wanted.has(name)) return;
      if (!this.#isSigned(bytes, parts)) return host.penalise(peer, "batch.signature");
      this.#verifying.add(name);
      void this.#verify(peer, bytes, parts.origin, digest, name);
    } catch (error) {
      if (!isLedgerError(error) || error.code.startsWith("bug.")) throw error;
      log.debug("batch.refused", { peer, code: error.code });
      host.penalise(peer, error.code);
    }
  }

  async #verify(peer: string, bytes: Bytes, origin: string, digest: Bytes, name: string): Promise<void> {
    const { host, verifier, mempool, driver, log } = this.#ports;
    const verdict = await verifier.batch(bytes, origin);
    this.#verifying.delete(name);
    if (!verdict.ok) {
      // The origin signed it and the peer passed it on: neither is honest.
      log.warn("batch.refused", { peer, origin, code: verdict.code, ...(verdict.index === undefined ? {} : { index: verdict.index }) });
      host.penalise(peer, verdict.code);
      return driver.refused(digest);
    }
    const held = mempool.hold(verdict.batch, this.#wanted.delete(name));
    if (held === "held") driver.batch(factsOf(verdict.batch));
    if (held === "held" || held === "known") this.#ack(digest);
    else log.debug("batch.dropped", { origin, code: held });
  }

  /**
   * Consensus wants this body: ask one of these for it. `needed`: it is taken whatever waits. What somebody only acked is not: one member could have us
   * verify, and keep in memory until we have, as much as its connection carries.
   */
  pull(digest: Bytes, needed: boolean, from: readonly string[]): void {
    const { mempool, driver, host, verifier } = this.#ports;
    const held = mempool.holdings.get(digest);
    if (held !== undefined) {
      mempool.hold(held, true); // a committed one is there for others, and not for long
      return driver.batch(factsOf(held));
    }
    const name = latin1(digest);
    if (this.#wanted.size > MAX_ACKS_PER_MESSAGE) this.#wanted.clear();
    if (needed) this.#wanted.add(name);
    else if (verifier.backlog > MAX_VERIFY_BACKLOG_BYTES) return;
    if (this.#verifying.has(name)) return;
    // Consensus asks again each second and names the peers anew: the first that takes the question will do.
    const first = Math.floor(digest[0]! % Math.max(1, from.length));
    for (let i = 0; i < from.length; i++)
      if (host.send(from[(first + i) % from.length]!, "batches", framed(kinds.pull, digest)) === "sent") return;
  }

  /** Says what is held: to a peer that connected, or to all on a new view (§4.8). */
  ackAll(peer?: string): void {
    const { mempool, host } = this.#ports;
    const digests = [...mempool.holdings.waiting()].map((b) => b.reference.digest).slice(0, MAX_ACKS_PER_MESSAGE);
    if (digests.length === 0) return;
    const message = framed(kinds.ack, concat(...digests));
    if (peer === undefined) host.broadcast("batches", message, { to: "validator" });
    else host.send(peer, "batches", message);
  }

  /** Nothing more is sent. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #ack(digest: Bytes): void {
    this.#acks.push(digest);
    this.#urgent.push(digest);
    this.#timer ??= setTimeout(() => this.#flush(), ACKS_EVERY_MS);
    if (this.#urgent.length === 1) setImmediate(() => this.#toPrimary());
    if (this.#acks.length >= MAX_ACKS_PER_MESSAGE) this.#flush();
  }

  #toPrimary(): void {
    const digests = this.#urgent;
    this.#urgent = [];
    this.#ports.host.send(this.#ports.primary(), "batches", framed(kinds.ack, concat(...digests)));
  }

  /** What is ordered by now nobody has to look for: under an honest primary next to nothing is left to say. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { mempool, host } = this.#ports;
    const digests = this.#acks.filter((digest) => mempool.holdings.waits(digest));
    this.#acks = [];
    if (digests.length > 0) host.broadcast("batches", framed(kinds.ack, concat(...digests)), { to: "validator" });
  }
}

function framed(kind: number, payload: Bytes): Bytes {
  const out = new Uint8Array(1 + payload.length);
  out[0] = kind;
  out.set(payload, 1);
  return out;
}
