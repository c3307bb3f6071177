// Two results of one order: the first transaction or entry of due work, and the first key, in which they differ. docs/protocol.md §3.7.2.
// Owns the comparison. Does not own: where the results come from (capsules, certified blocks), how it is shown (cli/recover.ts).

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { type BatchReference, decodeBlock } from "../base/header.ts";
import { readBatch, splitTransactions } from "./batch.ts";
import { decodeReceipt, decodeResults, type DueRun, leafOfPosition, openWriteSet, type Receipt, type Write } from "./block.ts";

/** What a node computed for an order. */
export interface Computed {
  readonly headerBytes: Bytes;
  readonly references: readonly BatchReference[];
  readonly bodies: readonly Bytes[];
  readonly results: Bytes;
  readonly writeSet: Bytes;
}

export interface KeyDifference {
  readonly collection: string;
  readonly key: Bytes;
  /** The row that each wrote; undefined if it wrote none there. */
  readonly own: Bytes | undefined;
  readonly other: Bytes | undefined;
}

export interface Difference {
  /** Parts of the headers that differ. */
  readonly headers: readonly string[];
  /** The transaction's bytes, or the due work; undefined if no leaf differs: then the states before the block did. */
  readonly transaction: Bytes | undefined;
  readonly due: DueRun | undefined;
  readonly own: Receipt | undefined;
  readonly other: Receipt | undefined;
  readonly key: KeyDifference | undefined;
}

const PARTS = ["parentBlock", "transactionsRoot", "leaves", "stateRoot", "validators", "parameters", "history"] as const;

/** Throws `codec.…`, `block.malformed` for what is none. */
export function firstDifference(own: Computed, other: Computed): Difference {
  const [mine, theirs] = [decodeBlock(own.headerBytes), decodeBlock(other.headerBytes)];
  const headers = PARTS.filter((part) => String(mine[part]) !== String(theirs[part]));
  const none = { headers, transaction: undefined, due: undefined, own: undefined, other: undefined, key: undefined };
  const [a, b] = [opened(own), opened(other)];
  for (let i = 0; i < Math.max(a.due.length, b.due.length); i++) {
    const same = a.due[i] !== undefined && b.due[i] !== undefined && String(dueName(a.due[i]!)) === String(dueName(b.due[i]!));
    const found = same ? compareLeaves(a.leaf(i), b.leaf(i)) : { own: undefined, other: undefined, key: undefined };
    if (found !== undefined) return { ...none, ...found, due: a.due[i] ?? b.due[i] };
  }
  let position = 0;
  for (const body of own.bodies) {
    const { from, to } = readBatch(body);
    const offsets = splitTransactions(body, from, to);
    for (let i = 0; i < offsets.length; i += 2, position++) {
      const found = compareLeaves(a.at(position), b.at(position));
      if (found !== undefined) return { ...none, ...found, transaction: body.slice(offsets[i], offsets[i]! + offsets[i + 1]!) };
    }
  }
  return none;
}

const dueName = ({ collection, key, name }: DueRun): readonly unknown[] => [collection, key, name];

interface OpenLeaf {
  readonly receipt: Receipt;
  readonly writes: readonly Write[];
}

function opened({ results, writeSet }: Computed): {
  due: readonly DueRun[];
  leaf: (index: number) => OpenLeaf;
  at: (position: number) => OpenLeaf | undefined;
} {
  const read = decodeResults(results);
  const set = openWriteSet(writeSet);
  const leaf = (index: number): OpenLeaf => ({ receipt: decodeReceipt(read.receipts[index]!), writes: set.writesOf(index) });
  const at = (position: number): OpenLeaf | undefined => {
    const index = leafOfPosition(read, position);
    return index === undefined ? undefined : leaf(index);
  };
  return { due: read.due, leaf, at };
}

/** Undefined if the leaves are the same; a transaction may be live for one node alone. */
function compareLeaves(own: OpenLeaf | undefined, other: OpenLeaf | undefined): Pick<Difference, "own" | "other" | "key"> | undefined {
  const key = firstKey(own?.writes ?? [], other?.writes ?? []);
  const shown = { own: own?.receipt, other: other?.receipt, key };
  if (key !== undefined || (own === undefined) !== (other === undefined)) return shown;
  const said = (leaf: OpenLeaf | undefined): string => JSON.stringify([leaf?.receipt.outcome, leaf?.receipt.code, leaf?.receipt.flags]);
  return said(own) === said(other) ? undefined : shown;
}

/** In the order of writing. */
function firstKey(own: readonly Write[], other: readonly Write[]): KeyDifference | undefined {
  for (let i = 0; i < Math.max(own.length, other.length); i++) {
    const [mine, theirs] = [own[i], other[i]];
    const at = mine ?? theirs!;
    const samePlace = mine?.collection === theirs?.collection && equalBytes(mine?.key ?? NONE, theirs?.key ?? NONE);
    if (samePlace && equalBytes(mine!.row, theirs!.row)) continue;
    const elsewhere = other.find((w) => w.collection === at.collection && equalBytes(w.key, at.key));
    return { collection: at.collection, key: at.key, own: mine?.row, other: elsewhere?.row };
  }
  return undefined;
}
const NONE: Bytes = new Uint8Array(0);
