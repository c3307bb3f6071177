// Measures an act in the state that a contract's scenario has prepared for it: µs of the engine, rows and bytes. Hooked into the scenarios of
// test/unit/contracts by CHANCERY_METER, a file that gets one line for each measured act. Owns nothing of the state: what is measured writes nothing.

import fs from "node:fs";
import { type Bytes, latin1 } from "../src/base/bytes.ts";
import { encode } from "../src/base/codec.ts";
import type { BlockContext, Call, Registry, State, StoredRow } from "../src/contracts/engine/registry.ts";

export interface Metered {
  readonly action: string;
  /** Middle and least of the repeated runs. */
  readonly us: number;
  readonly min_us: number;
  readonly rows_read: number;
  readonly rows_written: number;
  readonly bytes_written: number;
  readonly args_bytes: number;
}

const TIMES = 5;
const WARM = 100;
const TIMED = 100;
const measured = new Map<string, number>();

/** Measures the call if it is one operation that would be applied and is not known well enough. */
export function meter(file: string, registry: Registry, state: State, call: Call, block: BlockContext): void {
  const [operation, ...more] = call.operations;
  if (operation === undefined || more.length > 0) return;
  const times = measured.get(operation.action) ?? 0;
  if (times >= TIMES) return;
  const reads = new Set<string>();
  const writes = new Map<string, number>();
  const run = (): number => {
    const written = new Map<string, StoredRow>();
    const place = (collection: string, key: Bytes): string => `${collection}\0${latin1(key)}`;
    const view: State = {
      get(collection, key, keyText) {
        reads.add(place(collection, key));
        return written.get(place(collection, key)) ?? state.get(collection, key, keyText);
      },
      put(collection, key, row) {
        written.set(place(collection, key), row);
        writes.set(place(collection, key), key.length + row.bytes.length);
      },
      entries: (prefix, limit, after) => state.entries(prefix, limit, after),
    };
    const start = performance.now();
    const { outcome } = registry.run(view, call, block);
    return outcome === 0 ? (performance.now() - start) * 1_000 : Number.NaN;
  };
  if (Number.isNaN(run())) return;
  measured.set(operation.action, times + 1);
  for (let i = 0; i < WARM; i++) run();
  const sorted = Array.from({ length: TIMED }, run).sort((a, b) => a - b);
  const line: Metered = {
    action: operation.action,
    us: sorted[TIMED / 2]!,
    min_us: sorted[0]!,
    rows_read: reads.size,
    rows_written: writes.size,
    bytes_written: [...writes.values()].reduce((a, b) => a + b, 0),
    args_bytes: encode(operation.args).length,
  };
  fs.appendFileSync(file, `${JSON.stringify(line)}\n`);
}
