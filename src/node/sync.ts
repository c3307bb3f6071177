// Blocks between nodes: what a peer asks for that catches up, and asking for it. docs/protocol.md §4.9.
// Owns the forms on the channel "blocks", and how much of it one peer gets. Does not own: what to ask of whom (consensus/driverSync), whether a block is certified (consensus).

import type { Bytes } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { decodeBlock } from "../base/header.ts";
import { MAX_SYNC_ANSWER_BYTES, PEER_ANSWER_BYTES_PER_S, PEER_ANSWERS_PER_S, SYNC_TIMEOUT_MS } from "../base/limits.ts";
import type { Clock } from "../base/time.ts";
import type { SyncBlock } from "../consensus/driverPorts.ts";
import { decodeMessage, encodeMessage } from "../consensus/messages.ts";
import { answerState, type StateSource } from "../ledger/stateAnswers.ts";
import { RateLimiter } from "../p2p/rate.ts";
import type { PeerHost, RequestChannel } from "../p2p/types.ts";

const HEADS_BYTES = 32_768;

/** What peers ask: on "transactions" an observer hands over its clients', on "blocks" somebody catches up, and gets his answers at a pace. */
export function peerRequests(
  source: StateSource,
  clock: Pick<Clock, "monotonic">,
  intake: { fromPeer(peer: string, list: Bytes): Promise<Bytes> },
): (peer: string, channel: RequestChannel, bytes: Bytes) => Promise<Bytes> {
  const answers = new PacedAnswers((question) => answerPeer(source, question), clock);
  return async (peer, channel, bytes) => (channel === "blocks" ? answers.answer(peer, bytes) : intake.fromPeer(peer, bytes));
}

const ANSWERS_RATE = { bytesPerSecond: PEER_ANSWER_BYTES_PER_S, messagesPerSecond: PEER_ANSWERS_PER_S };

/**
 * Answers to each peer at a pace: reading blocks and rows takes milliseconds of the thread that votes, and one member could ask for nothing else. A connection
 * that ends forgives nothing.
 */
export class PacedAnswers {
  readonly #answer: (question: Bytes) => Promise<Bytes>;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #peers = new Map<string, { readonly limiter: RateLimiter; freeAt: number }>();

  constructor(answer: (question: Bytes) => Promise<Bytes>, clock: Pick<Clock, "monotonic">) {
    this.#answer = answer;
    this.#clock = clock;
  }

  async answer(peer: string, question: Bytes): Promise<Bytes> {
    const now = this.#clock.monotonic();
    const pace = this.#peers.get(peer) ?? { limiter: new RateLimiter(ANSWERS_RATE, now), freeAt: now };
    this.#peers.set(peer, pace);
    // Several of its questions may wait at once; each looks again, since the one before may have cost more.
    for (let wait = pace.freeAt - now; wait > 0; wait = pace.freeAt - this.#clock.monotonic())
      await new Promise((resolve) => setTimeout(resolve, wait));
    const charge = (bytes: number, messages: number): void => {
      const at = this.#clock.monotonic();
      pace.freeAt = at + pace.limiter.take(bytes, messages, at);
    };
    charge(0, 1);
    const answer = await this.#answer(question);
    charge(answer.length, 0);
    return answer;
  }
}

/** Answers a question on the channel "blocks": for blocks to execute, or for state. Throws `request.invalid`, `height.pruned`, and as `answerState`. */
async function answerPeer(source: StateSource, question: Bytes): Promise<Bytes> {
  const value = decode(question);
  return listOf(value)[0] === "blocks" ? answerBlocks(source, value) : answerState(source, value);
}

/** Answers ["blocks", first, last]: [[block message, [body, …]], …], as many as fit, at least one. */
function answerBlocks({ store: source, reader }: StateSource, question: Value): Bytes {
  const [kind, first, last, ...rest] = listOf(question);
  if (kind !== "blocks" || typeof first !== "number" || typeof last !== "number" || first < 1 || rest.length > 0)
    throw new LedgerError("request.invalid");
  if (first < source.lowest) throw new LedgerError("height.pruned", { first, lowest: source.lowest });
  const blocks: Value[] = [];
  let bytes = 0;
  for (let height = first; height <= Math.min(last, reader.headHeight()); height++) {
    const { headerBytes, certificate, references } = source.block(height);
    const size = references.reduce((sum, r) => sum + r.bytes, HEADS_BYTES);
    if (blocks.length > 0 && bytes + size > MAX_SYNC_ANSWER_BYTES) break;
    bytes += size;
    const message = encodeMessage({ kind: "block", header: decodeBlock(headerBytes), references, certificate });
    blocks.push([message, references.map((_, position) => source.body(height, position))]);
  }
  return encode(blocks);
}

/** Asks a peer for blocks `first` … `last`. Rejects if it gives nothing that can be read. */
export async function askBlocks(host: Pick<PeerHost, "request">, peer: string, first: number, last: number): Promise<SyncBlock[]> {
  const answer = await host.request(peer, "blocks", encode(["blocks", first, last]), { timeoutMs: SYNC_TIMEOUT_MS });
  return listOf(decode(answer)).map((item) => {
    const [message, bodies, ...rest] = listOf(item);
    if (!(message instanceof Uint8Array) || rest.length > 0) throw new LedgerError("request.invalid");
    const decoded = decodeMessage(message);
    if (decoded.message?.kind !== "block") throw new LedgerError("request.invalid");
    return { block: decoded.message, bodies: listOf(bodies).map((body) => (body instanceof Uint8Array ? body.slice() : malformed())) };
  });
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : malformed();
}
function malformed(): never {
  throw new LedgerError("request.invalid");
}
