// A leaf of a sealed field, shown to the ledger itself: what a predicate needs; the handler compares root and size with the record's. Pure.

import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { bytes, hash, list, type Sealed, shownField } from "../engine/index.ts";

/** The leaf's bytes (cryptography.md §2: salt and value among them) and its path to the root. */
export const shownLeaf = { leaf: bytes(512), path: list(hash, 31) };

/** Does the leaf show that the field at `name` of the sealed part of this schema (`contract/record/field@version`) has this value? */
export function shows(
  schema: string,
  sealed: Sealed,
  { leaf, path }: { leaf: Bytes; path: readonly Bytes[] },
  name: string,
  value: number,
): boolean {
  const shown = shownField(schema, sealed, { bytes: leaf, path });
  return shown?.path === name && shown.value === value;
}

export const sameRoot = (a: Sealed, b: Sealed): boolean => a.size === b.size && equalBytes(a.root, b.root);
