// A network that goes on with the state of another, more than f of whose keys are lost for good. docs/protocol.md §6.1. Owns the state before its block 1:
// the old rows as contracts carry them over, under what the new genesis writes; a pure function of both. Does not own: which rows change how
// (contracts/platform/continuation.ts), the document (base/genesis.ts), homes (node/continuation.ts).

import { type Bytes, latin1 } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { sha256 } from "../base/hash.ts";
import { carriedOver, type Standing } from "../contracts/platform/continuation.ts";
import type { ChainRegistry } from "./chain.ts";
import { entriesOf, EMPTY } from "./stateRows.ts";
import { stateKeyHash } from "./stateProof.ts";
import { StateTree } from "./stateTree.ts";
import { genesisWrite } from "./start.ts";
import type { Store } from "./store.ts";
import * as layout from "./storeLayout.ts";

export interface ContinueInput {
  /** Of the network that ended; only read. */
  readonly from: Store;
  /** An empty one of the new network, to be laid down; undefined: only the root is asked for. */
  readonly to: Store | undefined;
  readonly genesis: Genesis;
  /** Members of the network that ended. */
  readonly former: ReadonlySet<string>;
  readonly registry: ChainRegistry;
  /** An empty store for what genesis itself writes. */
  readonly scratch: Store;
  readonly onProgress: ((rows: number) => void) | undefined;
}

const ROWS_AT_ONCE = 5_000;

/** The root of the state before block 1; with `to`, that state is in it afterwards. The last batch makes it whole: what a crash leaves is no store of it. */
export async function continueState(input: ContinueInput): Promise<Bytes> {
  const { from, to, genesis, former, registry, scratch, onProgress } = input;
  const founding = genesisWrite({ store: scratch, genesis, registry });
  const written = new Set([...founding.rows].map(({ collection, key }) => placeText(collection, key)));
  const tree = new StateTree();
  let rows: { collection: string; key: Bytes; bytes: Bytes }[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    apply(tree, rows);
    await to?.write(rows.flatMap((row) => putsOf(registry, row)));
    count += rows.length;
    rows = [];
    onProgress?.(count);
  };
  for await (const { collection, key, bytes } of from.rows()) {
    if (written.has(placeText(collection, key))) continue;
    rows.push({ collection, key, bytes: rebased(collection, bytes, former) });
    if (rows.length === ROWS_AT_ONCE) await flush();
  }
  await flush();
  apply(
    tree,
    [...founding.rows].map(({ collection, key, row }) => ({ collection, key, bytes: row.bytes })),
  );
  const root = tree.root();
  await to?.commit({ ...founding, meta: new Map([["genesis state", root]]) });
  return root;
}

const placeText = (collection: string, key: Bytes): string => latin1(layout.rowKey(collection, key));

function putsOf(
  registry: ChainRegistry,
  { collection, key, bytes }: { collection: string; key: Bytes; bytes: Bytes },
): (readonly [Bytes, Bytes])[] {
  return [[layout.rowKey(collection, key), bytes], ...entriesOf(registry, collection, key, bytes).map((entry) => [entry, EMPTY] as const)];
}

function apply(tree: StateTree, rows: readonly { collection: string; key: Bytes; bytes: Bytes }[]): void {
  const keys = new Uint8Array(32 * rows.length);
  const values = new Uint8Array(32 * rows.length);
  rows.forEach(({ collection, key, bytes }, i) => {
    keys.set(stateKeyHash(collection, key), 32 * i);
    values.set(sha256(bytes), 32 * i);
  });
  tree.apply(keys, values, rows.length);
}

/** The row as the new network begins with it: revision, time and contents stay; the leaf that wrote it is genesis (§8: height 0). */
function rebased(collection: string, bytes: Bytes, former: ReadonlySet<string>): Bytes {
  const [revision, status, since, version, , , , , fields, ...parked] = decode(bytes) as Value[];
  if (typeof status !== "string" || fields === null || typeof fields !== "object")
    throw new LedgerError("store.malformed", { what: "row" });
  const carried = carriedOver(collection, { status, fields: fields as Standing["fields"] }, former);
  // Due work that waits for somebody ends with the status it waited in.
  const waiting = carried.status === status ? parked : [];
  return encode([revision!, carried.status, since!, version!, 0, 0, 0, 0, carried.fields, ...waiting]);
}
