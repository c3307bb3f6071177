// The state tree as the specification words it, recursively over a sorted list: slow, obvious, and what the real one is compared with.

import { compareBytes, concat, hex, type Bytes, unhex } from "../../../src/base/bytes.ts";
import { sha256 } from "../../../src/base/hash.ts";

const ZERO: Bytes = new Uint8Array(32);

/** Root over a map from hex key hash to value hash. */
export function referenceRoot(entries: ReadonlyMap<string, Bytes>): Bytes {
  const sorted = [...entries].map(([key, value]) => ({ key: unhex(key), value })).sort((a, b) => compareBytes(a.key, b.key));
  return subtree(sorted, 0);
}

function subtree(entries: readonly { key: Bytes; value: Bytes }[], depth: number): Bytes {
  if (entries.length === 0) return ZERO;
  if (depth >= 16 && entries.length <= 16) {
    const head = new Uint8Array(32);
    head[0] = entries.length;
    return sha256(concat(head, ...entries.flatMap((e) => [e.key, e.value])));
  }
  const bit = (key: Bytes): number => (key[depth >> 3]! >> (7 - (depth & 7))) & 1;
  const left = subtree(
    entries.filter((e) => bit(e.key) === 0),
    depth + 1,
  );
  const right = subtree(
    entries.filter((e) => bit(e.key) === 1),
    depth + 1,
  );
  return hex(left) === hex(ZERO) && hex(right) === hex(ZERO) ? ZERO : sha256(concat(left, right));
}
