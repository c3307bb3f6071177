// What a node answers one that has no state, or an old one: its head with the borders of epochs, ranges of the tree at its tip, rows in the order of the
// disk, whole blocks. docs/protocol.md §4.9.3. Owns the answers and their bounds. Keeps nothing between questions and takes no snapshot. Does not own: the
// forms (stateForms.ts).

import { type Bytes, concat } from "../base/bytes.ts";
import { encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import {
  MAX_BLOCK_ANSWER_BYTES,
  MAX_STATE_BORDERS,
  MAX_STATE_NODES,
  MAX_STATE_RANGE_BYTES,
  MAX_STATE_ROWS_BYTES,
  MAX_SYNC_ANSWER_BYTES,
  TREE_TOP_BITS,
} from "../base/limits.ts";
import type { ChainReader } from "./chainReader.ts";
import { KEPT_LEVELS } from "./blockHistory.ts";
import { bytesOf, borderValue, headBlockValue, items, naturalOf } from "./stateForms.ts";
import type { Store } from "./store.ts";
import { encodeWholeBlock } from "./wholeBlock.ts";

export interface StateSource {
  readonly store: Store;
  readonly reader: Pick<ChainReader, "headHeight" | "epochAt" | "proveRange" | "records">;
}

/** Answers a question of state sync. Throws `request.invalid`, `height.pruned`, `state.range_large`, `state.unsettled`. */
export async function answerState(source: StateSource, question: Value): Promise<Bytes> {
  const [kind] = Array.isArray(question) ? (question as Value[]) : [];
  switch (kind) {
    case "head":
      return answerHead(source, naturalOf(items(question, 2)[1]));
    case "range":
      return answerRange(source, naturalOf(items(question, 3)[1]), naturalOf(items(question, 3)[2]));
    case "rows":
      return answerRows(source, items(question, 2)[1]!);
    case "history":
      return answerHistory(source, naturalOf(items(question, 3)[1]), naturalOf(items(question, 3)[2]));
    case "part":
      return answerPart(source, naturalOf(items(question, 3)[1]), naturalOf(items(question, 3)[2]));
    case "nodes":
      return answerNodes(source, naturalOf(items(question, 2)[1]));
    default:
      throw new LedgerError("request.invalid");
  }
}

function answerHead({ store, reader }: StateSource, known: number): Bytes {
  const head = reader.headHeight();
  const next = reader.epochAt(head + 1);
  // An epoch without a block has no border yet.
  const last = next.start > head ? next.epoch - 1 : next.epoch;
  const borders: Value[] = [];
  for (let epoch = Math.max(1, known); epoch <= last && borders.length < MAX_STATE_BORDERS; epoch++) {
    const record = store.epoch(epoch)!;
    borders.push(borderValue(store.block(record.start - 1), store.block(record.start), record));
  }
  const whole = head > 0 && Math.max(1, known) + borders.length > last;
  return encode([reader.records, store.lowest, borders, whole ? headBlockValue(store.block(head)) : null]);
}

async function answerRange({ store, reader }: StateSource, depth: number, index: number): Promise<Bytes> {
  if (depth > TREE_TOP_BITS || index >= 2 ** depth) throw new LedgerError("request.invalid");
  const range = await reader.proveRange(depth, index, depth < TREE_TOP_BITS ? MAX_STATE_RANGE_BYTES : MAX_BLOCK_ANSWER_BYTES);
  if (range.height === 0) throw new LedgerError("state.unsettled");
  return encode([headBlockValue(store.block(range.height)), range.entries, range.siblings]);
}

async function answerRows({ store, reader }: StateSource, cursor: Value): Promise<Bytes> {
  const [collection, key] = cursor === null ? [] : items(cursor, 2);
  if (cursor !== null && typeof collection !== "string") throw new LedgerError("request.invalid");
  const behind = cursor === null ? undefined : { collection: collection as string, key: bytesOf(key) };
  const height = reader.headHeight();
  const rows: Value[] = [];
  let bytes = 0;
  for await (const row of store.rowsBehind(behind)) {
    if (rows.length > 0 && bytes >= MAX_STATE_ROWS_BYTES) return encode([height, rows, true]);
    rows.push([row.collection, row.key, row.bytes]);
    bytes += row.collection.length + row.key.length + row.bytes.length;
  }
  return encode([height, rows, false]);
}

function answerHistory({ store, reader }: StateSource, first: number, last: number): Bytes {
  checkKept(store, first);
  const blocks: Bytes[] = [];
  let bytes = 0;
  for (let height = first; height <= Math.min(last, reader.headHeight()); height++) {
    const block = encodeWholeBlock(store, height);
    bytes += block.length;
    // The first one alone may fill a frame.
    if (bytes > (blocks.length === 0 ? MAX_BLOCK_ANSWER_BYTES : MAX_SYNC_ANSWER_BYTES)) break;
    blocks.push(block);
  }
  return encode(blocks);
}

function answerPart({ store, reader }: StateSource, height: number, offset: number): Bytes {
  checkKept(store, height);
  if (height > reader.headHeight()) throw new LedgerError("block.unknown");
  const block = encodeWholeBlock(store, height);
  return encode([block.length, block.subarray(Math.min(offset, block.length), offset + MAX_SYNC_ANSWER_BYTES)]);
}

function answerNodes({ store, reader }: StateSource, first: number): Bytes {
  const count = Math.floor((reader.headHeight() + 1) / 2 ** KEPT_LEVELS);
  const to = Math.min(count, first + MAX_STATE_NODES);
  return encode(concat(...Array.from({ length: Math.max(0, to - first) }, (_, i) => store.historyNode(KEPT_LEVELS, first + i))));
}

function checkKept(store: Store, height: number): void {
  if (height < store.lowest) throw new LedgerError("height.pruned", { height, lowest: store.lowest });
}
