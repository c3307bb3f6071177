// The committed state, as executions and readers see it: rows of the store behind the tree and a cache, and the index in RAM. docs/protocol.md §5.
// Owns finding a row, and knowing without a look at the disk that there is none. Does not own: uncommitted layers (overlay.ts), writing (store.ts).

import type { Bytes } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import type { State, StoredRow } from "../contracts/engine/registry.ts";
import { type BaseState, type Found, keyTextOf, type Overlay, type Place } from "./overlay.ts";
import { RowCache } from "./rowCache.ts";
import { SortedEntries } from "./sortedEntries.ts";
import { stateKeyHash } from "./stateProof.ts";
import type { StateTree } from "./stateTree.ts";
import type { Store } from "./store.ts";

export class CommittedState implements BaseState {
  readonly #store: Pick<Store, "presentRow">;
  readonly #tree: () => StateTree;
  readonly #cache: RowCache;
  readonly entries: SortedEntries;

  constructor(store: Pick<Store, "presentRow">, tree: () => StateTree, entries: SortedEntries, cachedRows: number) {
    this.#store = store;
    this.#tree = tree;
    this.#cache = new RowCache(cachedRows);
    this.entries = entries;
  }

  /**
   * The committed row. Asked only for keys that no layer between here and the tree's state wrote (overlays ask themselves first), so the tree knows
   * whether there is one: creating a record reads nothing, and a row that the disk has lost is found missing rather than taken for absent.
   */
  find(collection: string, key: Bytes, keyText: string, place?: Place): Found {
    const cached = this.#cache.get(collection, keyText);
    if (cached !== undefined) return { row: cached, keyHash: place?.keyHash };
    const { keyHash, present } = place ?? this.place(collection, key);
    if (!present) return { row: undefined, keyHash };
    const row: StoredRow = { bytes: this.#store.presentRow(collection, key) };
    this.#cache.set(collection, keyText, row);
    return { row, keyHash };
  }

  place(collection: string, key: Bytes): Place {
    const keyHash = stateKeyHash(collection, key);
    return { keyHash, present: this.#tree().has(keyHash) };
  }

  present(keyHashes: Bytes, at: number): boolean {
    return this.#tree().has(keyHashes, at);
  }

  /**
   * The block whose layer this is has been committed: its rows and entries are the committed ones now. Rows that were there before are kept at hand; a new
   * one is seldom asked for soon, and thousands of them a second would push out what is.
   */
  take(overlay: Overlay): void {
    const { writes } = overlay;
    for (let i = 0; i < writes.length; i++) {
      const written = writes[i]!;
      if (written.before !== undefined) this.#cache.set(written.collection, written.keyText, written.row);
    }
    for (const entry of overlay.removed) this.entries.delete(entry);
    for (const entry of overlay.added) this.entries.add(entry);
  }

  /** What is kept in RAM may be what is wrong: read everything anew. */
  forget(): void {
    this.#cache.clear();
  }

  /** The state at the head for readers, while the tree stands at the end of `uncommitted` (the first of them above the head). */
  reader(uncommitted: () => readonly { readonly overlay: Overlay }[]): State {
    return {
      get: (collection, key, keyText = keyTextOf(key)) => {
        for (const { overlay } of uncommitted()) {
          const written = overlay.written(collection, keyText);
          if (written !== undefined) return written.before;
        }
        return this.find(collection, key, keyText).row;
      },
      put: () => fail("the committed state is written by blocks alone"),
      entries: (prefix, limit, after) => {
        const passing = after !== undefined && after >= prefix;
        const cursor = this.entries.cursor(passing ? after : prefix, passing);
        const out: string[] = [];
        for (; out.length < limit && cursor.entry?.startsWith(prefix) === true; cursor.advance()) out.push(cursor.entry);
        return out;
      },
    };
  }
}
