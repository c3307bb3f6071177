// What differs between two results, in words and as JSON: the transaction, the record, the fields. Owns the words. docs/protocol.md §3.7.2.

import { type Bytes, hex } from "../base/bytes.ts";
import { rowToJson } from "../contracts/engine/json.ts";
import type { Registry } from "../contracts/engine/registry.ts";
import type { Receipt } from "../ledger/block.ts";
import type { Difference } from "../ledger/compareResults.ts";
import { decodeTransaction, readLayout, transactionId } from "../ledger/transaction.ts";

export interface ShownDifference {
  readonly transaction?: { readonly id: string; readonly actions: readonly string[] };
  readonly due?: { readonly record: string; readonly name: string };
  readonly outcome?: { readonly own: string; readonly other: string };
  readonly key?: { readonly record: string; readonly own: unknown; readonly other: unknown };
  readonly lines: readonly string[];
}

export function describeDifference(registry: Registry, network: Bytes, found: Difference): ShownDifference {
  const lines: string[] = [];
  let shown: Omit<ShownDifference, "lines"> = {};
  if (found.transaction !== undefined) {
    const { bodyEnd } = readLayout(found.transaction, 0, found.transaction.length);
    const id = hex(transactionId(network, found.transaction.subarray(0, bodyEnd)));
    const actions = decodeTransaction(found.transaction).operations.map((o) => o.action);
    shown = { transaction: { id, actions } };
    lines.push(`first in transaction ${id}   ${actions.join(", ")}`);
  } else if (found.due !== undefined) {
    const { collection, key, name } = found.due;
    shown = { due: { record: recordName(registry, collection, key), name } };
    lines.push(`first in due work ${name} of ${recordName(registry, collection, key)}`);
  } else if (found.headers.length > 0)
    return {
      lines: [
        "No transaction differs: the states before the block did, so an earlier block or the stored data is at fault. chancery verify-chain --home DIR finds it.",
      ],
    };
  if (found.own !== undefined || found.other !== undefined) {
    const outcome = { own: outcomeText(found.own), other: outcomeText(found.other) };
    if (outcome.own !== outcome.other) lines.push(`outcome: ${outcome.own} | ${outcome.other}`);
    shown = { ...shown, outcome };
  }
  if (found.key !== undefined) {
    const { collection, key, own, other } = found.key;
    const record = recordName(registry, collection, key);
    const rows = { own: rowOf(registry, collection, key, own), other: rowOf(registry, collection, key, other) };
    shown = { ...shown, key: { record, ...rows } };
    lines.push(`first at key ${record}`, ...fieldLines(rows.own, rows.other));
  }
  return { ...shown, lines };
}

const OUTCOMES = ["applied", "rejected", "failed"] as const;
function outcomeText(receipt: Receipt | undefined): string {
  if (receipt === undefined) return "not live";
  return [OUTCOMES[receipt.outcome], receipt.code, ...receipt.flags].filter((part) => part !== null).join(" ");
}

function recordName(registry: Registry, collection: string, key: Bytes): string {
  try {
    return `${collection}/${registry.partsOf(collection, key).map(encodeURIComponent).join("/")}`;
  } catch {
    return `${collection}/0x${hex(key)}`; // a collection that this release does not know
  }
}

function rowOf(registry: Registry, collection: string, key: Bytes, row: Bytes | undefined): unknown {
  if (row === undefined) return null;
  try {
    return rowToJson(registry.rowOf(collection, key, { bytes: row }));
  } catch {
    return hex(row);
  }
}

/** The fields in which two rows differ. */
function fieldLines(own: unknown, other: unknown): string[] {
  if (own === null || other === null || typeof own !== "object" || typeof other !== "object")
    return [`  ${JSON.stringify(own)} | ${JSON.stringify(other)}`];
  const flat = (row: object): { [name: string]: unknown } => ({ ...row, ...(row as { fields?: object }).fields, fields: null });
  const [a, b] = [flat(own), flat(other)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map((name) => `  ${name}: ${JSON.stringify(a[name] ?? null)} | ${JSON.stringify(b[name] ?? null)}`);
}
