// Committed rows that are read again and again, with the engine's memo of what they mean. Owns how many are kept: two generations, the older of which is
// dropped when the younger is full. Does not own: reading what is not here (committedState.ts). Of no consequence for any result.

import type { StoredRow } from "../contracts/engine/registry.ts";

type Generation = Map<string, Map<string, StoredRow>>;

export class RowCache {
  readonly #limit: number;
  #young: Generation = new Map();
  #old: Generation = new Map();
  #count = 0;

  /** Keeps at least the `limit` rows used last, and at most twice as many. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(collection: string, keyText: string): StoredRow | undefined {
    const young = this.#young.get(collection)?.get(keyText);
    if (young !== undefined) return young;
    const old = this.#old.get(collection)?.get(keyText);
    if (old !== undefined) this.set(collection, keyText, old);
    return old;
  }

  set(collection: string, keyText: string, row: StoredRow): void {
    let rows = this.#young.get(collection);
    if (rows === undefined) this.#young.set(collection, (rows = new Map()));
    const before = rows.size;
    rows.set(keyText, row);
    this.#count += rows.size - before;
    if (this.#count <= this.#limit) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#count = 0;
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#count = 0;
  }
}
