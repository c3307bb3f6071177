// The leaves of committed blocks as the API shows them: ids, receipts, what was written. Read from the store block by block; the last few are kept.
// Owns these views. Does not own: bytes of receipts and write sets (ledger/block).

import { type Bytes, hex } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { readBatch, splitTransactions } from "../../ledger/batch.ts";
import { decodeReceipt, dueId, type Write } from "../../ledger/block.ts";
import type { ReadReceipt } from "../../ledger/chainReader.ts";
import { readLayout, readOperations, transactionId } from "../../ledger/transaction.ts";
import type { Api } from "./context.ts";

export const outcomeNames = ["applied", "rejected", "failed"] as const;
const KEPT_BLOCKS = 32;

export interface LeafView {
  readonly index: number;
  readonly id: Bytes;
  /** Transaction bytes; none for due work. */
  readonly bytes: Bytes | undefined;
  readonly due: string | undefined;
  readonly receipt: Bytes;
}
export interface BlockView {
  readonly height: number;
  readonly time: number;
  readonly leaves: readonly LeafView[];
}

export class Leaves {
  readonly #api: Pick<Api, "reader" | "network">;
  readonly #kept = new Map<number, BlockView>();

  constructor(api: Pick<Api, "reader" | "network">) {
    this.#api = api;
  }

  /** A committed block's leaves. Throws `height.pruned` or `block.unknown` as the store does. */
  of(height: number): BlockView {
    let view = this.#kept.get(height);
    if (view === undefined) {
      view = this.#read(height);
      this.#kept.set(height, view);
      if (this.#kept.size > KEPT_BLOCKS) this.#kept.delete(this.#kept.keys().next().value!);
    }
    return view;
  }

  #read(height: number): BlockView {
    const { reader, network } = this.#api;
    const block = reader.block(height);
    const bodies = reader.bodies(height);
    const results = reader.results(height);
    if (block === undefined || bodies === undefined || results === undefined)
      throw new LedgerError("block.unknown", { detail: `the head is at height ${reader.headHeight()}` });
    const { time } = block.header.order;
    const { due, skipped, receipts } = results;
    const leaves: LeafView[] = due.map((run, index) => ({
      index,
      id: dueId(network, time, height, run.collection, run.key, run.name),
      bytes: undefined,
      due: run.name,
      receipt: receipts[index]!,
    }));
    const dead = new Set(skipped);
    let position = 0;
    for (const body of bodies) {
      const { from, to } = readBatch(body);
      const offsets = splitTransactions(body, from, to);
      for (let i = 0; i < offsets.length; i += 2, position++) {
        if (dead.has(position)) continue;
        const bytes = body.subarray(offsets[i], offsets[i]! + offsets[i + 1]!);
        const { bodyEnd } = readLayout(bytes, 0, bytes.length);
        leaves.push({
          index: leaves.length,
          id: transactionId(network, bytes.subarray(0, bodyEnd)),
          bytes,
          due: undefined,
          receipt: receipts[leaves.length]!,
        });
      }
    }
    return { height, time, leaves };
  }
}

/** Names of the actions of a transaction. */
export function actionsOf(bytes: Bytes): string[] {
  return readOperations(bytes, readLayout(bytes, 0, bytes.length)).map((o) => o.action);
}

export interface ShownWrite {
  readonly record: string;
  readonly revision: number;
  readonly status: string;
}

/** `contract/collection/key…`, as in URLs. */
export function recordName(api: Pick<Api, "registry">, collection: string, key: Bytes): string {
  return `${collection}/${api.registry
    .partsOf(collection, key)
    .map((part) => encodeURIComponent(part).replaceAll("%3A", ":"))
    .join("/")}`;
}

export function shownWrites(api: Pick<Api, "registry">, writes: readonly Write[]): ShownWrite[] {
  return writes.map(({ collection, key, row }) => {
    const { revision, status } = api.registry.rowOf(collection, key, { bytes: row }).$;
    return { record: recordName(api, collection, key), revision, status: String(status) };
  });
}

export interface ShownReceipt {
  readonly id: string;
  readonly status: "final";
  readonly outcome: (typeof outcomeNames)[number];
  readonly code: string | null;
  readonly height: number;
  readonly index: number;
  readonly time: number;
  readonly flags: readonly string[];
  readonly writes: readonly ShownWrite[];
}

/** The receipt of a leaf. */
export function shownReceipt(
  api: Pick<Api, "registry">,
  read: Omit<ReadReceipt, "writes"> & { readonly writes: readonly Write[] },
): ShownReceipt {
  const { id, height, leaf, time, receipt, writes } = read;
  return {
    id: hex(id),
    status: "final",
    outcome: outcomeNames[receipt.outcome],
    code: receipt.code,
    height,
    index: leaf,
    time,
    flags: receipt.flags,
    writes: shownWrites(api, writes),
  };
}

/** The receipt of an id, if it has one. */
export function receiptOf(api: Pick<Api, "registry" | "reader">, id: Bytes): ShownReceipt | undefined {
  const read = api.reader.receipt(id);
  return read === undefined ? undefined : shownReceipt(api, read);
}

/** A short answer about a leaf, for bulk: without its writes, which nobody reads a thousand times a second. */
export function shortReceipt(item: number, idHex: string, receipt: Bytes, height: number, leaf: number, time: number): string {
  const head = `{"item":${item},"id":"${idHex}","status":"final","outcome":"`;
  const tail = `,"height":${height},"index":${leaf},"time":${time}}\n`;
  // [0, nil, [], …]: applied without a mark, as nearly all are.
  if (receipt[1] === 0 && receipt[2] === 0xc0 && receipt[3] === 0x90) return `${head}applied"${tail}`;
  const { outcome, code, flags } = decodeReceipt(receipt);
  return `${head}${outcomeNames[outcome]}","code":${JSON.stringify(code)},"flags":${JSON.stringify(flags)}${tail}`;
}
