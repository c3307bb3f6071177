// A state in memory for scenarios of contracts: rows by collection and key, the index as a sorted list. It also holds the engine to its word: what a
// handler saw in memory is what the bytes decode to, key order included, and the index is a pure function of the rows.

import { type Bytes, latin1, unlatin1 } from "../../../src/base/bytes.ts";
import type { Registry, State, StoredRow } from "../../../src/contracts/engine/registry.ts";
import { expect } from "vitest";

export class MemoryState implements State {
  readonly rows = new Map<string, StoredRow>();
  readonly #registry: Registry;
  #index: string[] = [];
  #puts = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  get(collection: string, key: Bytes): StoredRow | undefined {
    return this.rows.get(`${collection}\0${latin1(key)}`);
  }

  put(collection: string, key: Bytes, row: StoredRow): void {
    const place = `${collection}\0${latin1(key)}`;
    const before = this.rows.get(place);
    const cold: StoredRow = { bytes: row.bytes };
    expect(shown(this.#registry.rowOf(collection, key, cold))).toEqual(shown(row.decoded as object));
    for (const entry of before === undefined ? [] : this.#registry.memoryIndex(collection, key, before)) this.#remove(entry);
    for (const entry of this.#registry.memoryIndex(collection, key, row)) this.#index.splice(this.#find(entry), 0, entry);
    // Every other row comes back from its bytes alone, as after a restart.
    this.rows.set(place, this.#puts++ % 2 === 0 ? row : { bytes: row.bytes });
  }

  entries(prefix: string, limit: number, after?: string): string[] {
    let i = this.#find(after === undefined || after < prefix ? prefix : after);
    if (after !== undefined && this.#index[i] === after) i++;
    const out: string[] = [];
    for (; i < this.#index.length && out.length < limit && this.#index[i]!.startsWith(prefix); i++) out.push(this.#index[i]!);
    return out;
  }

  /** The whole index, and the same made anew from the rows. */
  indexes(): { kept: string[]; rebuilt: string[] } {
    const rebuilt = [...this.rows].flatMap(([place, { bytes }]) => {
      const at = place.indexOf("\0");
      return this.#registry.memoryIndex(place.slice(0, at), unlatin1(place.slice(at + 1)), { bytes });
    });
    return { kept: this.#index, rebuilt: rebuilt.sort((a, b) => (a < b ? -1 : 1)) };
  }

  #remove(entry: string): void {
    const i = this.#find(entry);
    expect(this.#index[i]).toBe(entry);
    this.#index.splice(i, 1);
  }

  /** The first place whose entry is not below. */
  #find(entry: string): number {
    let low = 0;
    let high = this.#index.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#index[middle]! < entry) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A value as nested entries, so that a comparison sees the order of keys too. */
function shown(value: unknown): unknown {
  if (value instanceof Uint8Array || value === null || typeof value !== "object") return value;
  return Array.isArray(value) ? value.map(shown) : Object.entries(value).map(([key, inner]) => [key, shown(inner)]);
}
