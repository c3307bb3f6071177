// Where a row comes from: the first items of its bytes, C([revision, status, since, schema version, height, index, previous height, previous index, …]).
// Owns reading these, which the walk back through history needs. Does not own: the rest of a row (contracts/engine/rows). docs/protocol.md §8.

import type { Bytes } from "../base/bytes.ts";
import { decode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";

export interface RowOrigin {
  readonly revision: number;
  /** The leaf that wrote this version. */
  readonly height: number;
  readonly index: number;
  /** The leaf that wrote the version before; undefined for the first. */
  readonly previous: { readonly height: number; readonly index: number } | undefined;
}

/** Throws `codec.…` or `store.malformed`. */
export function rowOrigin(row: Bytes): RowOrigin {
  const items = decode(row);
  const [revision, , , , height, index, previousHeight, previousIndex] = Array.isArray(items) ? (items as Value[]) : [];
  if (
    typeof revision !== "number" ||
    typeof height !== "number" ||
    typeof index !== "number" ||
    typeof previousHeight !== "number" ||
    typeof previousIndex !== "number"
  )
    throw new LedgerError("store.malformed", { what: "row" });
  return { revision, height, index, previous: revision === 1 ? undefined : { height: previousHeight, index: previousIndex } };
}
