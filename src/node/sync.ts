// Blocks between nodes: what a peer asks for that catches up, and asking for it. docs/protocol.md §4.9.
// Owns the forms on the channel "blocks". Does not own: what to ask of whom (consensus/driverSync), whether a block is certified (consensus).

import type { Bytes } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { decodeBlock } from "../base/header.ts";
import { MAX_SYNC_ANSWER_BYTES, SYNC_TIMEOUT_MS } from "../base/limits.ts";
import type { SyncBlock } from "../consensus/driverPorts.ts";
import { decodeMessage, encodeMessage } from "../consensus/messages.ts";
import { answerState, type StateSource } from "../ledger/stateAnswers.ts";
import type { PeerHost } from "../p2p/types.ts";

const HEADS_BYTES = 32_768;

/** Answers a question on the channel "blocks": for blocks to execute, or for state. Throws `request.invalid`, `height.pruned`, and as `answerState`. */
export async function answerPeer(source: StateSource, question: Bytes): Promise<Bytes> {
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
