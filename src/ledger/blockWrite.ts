// From an executed block to what the store writes for it: bodies, results, write set, rows, the changes of both kinds of index, history, the next epoch.
// Owns that translation. Does not own: where it stands on disk (store.ts), when it is written (chain.ts).

import type { Bytes } from "../base/bytes.ts";
import type { Certificate } from "../base/certificate.ts";
import type { NewRows, Registry } from "../contracts/engine/registry.ts";
import { completedNodes } from "./blockHistory.ts";
import { type NewWrite, runAt } from "./newWrites.ts";
import type { Sealed } from "./seal.ts";
import { historySource } from "./start.ts";
import type { BlockWrite, Entry, Store } from "./store.ts";

export function blockWrite(
  store: Store,
  network: Bytes,
  registry: Pick<Registry, "findIndex" | "findHeads">,
  block: Sealed,
  certificate: Certificate,
): BlockWrite {
  const { height, hash, headerBytes, references, outcome, overlay, next } = block;
  const added: Entry[] = [];
  const removed: string[] = [];
  const many: NewRows[] = [];
  for (let i = 0; i < overlay.writes.length; i++) {
    const run = runAt(overlay.writes, i);
    if (run > 0) {
      many.push((overlay.writes[i] as NewWrite).rows);
      i += run - 1;
      continue;
    }
    const { collection, key, before, row, heads } = overlay.writes[i]!;
    if (before === undefined) {
      for (const head of heads ?? registry.findHeads(collection, key, row)) added.push({ head, key });
      continue;
    }
    const now = registry.findIndex(collection, key, row);
    const old = registry.findIndex(collection, key, before);
    for (const entry of old) if (!now.includes(entry)) removed.push(entry);
    for (const entry of now) if (!old.includes(entry)) added.push(entry);
  }
  return {
    height,
    block: { headerBytes, certificate, references },
    bodies: block.batches.map((batch) => batch.bytes),
    results: outcome.results,
    writeSet: outcome.writeSet,
    ids: outcome.ids,
    rows: overlay.writes,
    index: overlay,
    find: { added, many, removed },
    history: completedNodes(historySource(store, network, { height, hash }), height),
    epoch: next,
  };
}
