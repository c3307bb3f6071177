// A database in RAM, for the simulator and for tests that need no disk. The same contract as LevelDB's in store.ts: batches are atomic, keys are ordered by
// their bytes. Owns nothing else; nothing survives the process.

import { type Bytes, latin1, unlatin1 } from "../base/bytes.ts";
import type { Database, Range, WriteBatch } from "./store.ts";

export class MemoryDatabase implements Database {
  readonly #values = new Map<string, Bytes>();
  #sorted: string[] | undefined;

  get(key: Bytes): Bytes | undefined {
    return this.#values.get(latin1(key))?.slice();
  }

  batch(): WriteBatch {
    const operations: [key: string, value: Bytes | undefined][] = [];
    return {
      put: (key, value) => void operations.push([latin1(key), value.slice()]),
      delete: (key) => void operations.push([latin1(key), undefined]),
      write: async () => {
        for (const [key, value] of operations)
          if (value === undefined) this.#values.delete(key);
          else this.#values.set(key, value);
        this.#sorted = undefined;
      },
    };
  }

  async *scan({ from, after, to, reverse = false, limit = Number.POSITIVE_INFINITY }: Range): AsyncIterable<[Bytes, Bytes]> {
    this.#sorted ??= [...this.#values.keys()].sort((a, b) => (a < b ? -1 : 1));
    const low = latin1(from);
    const passed = after === undefined ? undefined : latin1(after);
    const high = latin1(to);
    const keys = this.#sorted.filter((key) => key >= low && key < high && (passed === undefined || key > passed));
    if (reverse) keys.reverse();
    for (const key of keys.slice(0, limit)) {
      const value = this.#values.get(key);
      if (value !== undefined) yield [unlatin1(key), value.slice()];
    }
  }

  async close(): Promise<void> {}
}
