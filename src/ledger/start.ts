// Starting: from whatever the disk holds to a block boundary that has been checked. docs/protocol.md §5. Owns the checks of a start – head, its certificate
// and the headers before it, history, epoch, state root – and how the tree and the index come back. Does not own: the running chain (chain.ts).
// A database is never half a block (store.ts), so there is nothing to repair: what does not fit is damage, and named.

import { join } from "node:path";
import { type Bytes, equalBytes, hex } from "../base/bytes.ts";
import { certificateFault, type Certificate, type SignatureCheck } from "../base/certificate.ts";
import { isLedgerError, LedgerError } from "../base/errors.ts";
import { type Genesis, genesisValidators } from "../base/genesis.ts";
import { sha256 } from "../base/hash.ts";
import { batchesHash, type BlockHeader, blockHashOf, decodeBlock, orderDigest } from "../base/header.ts";
import { CHECKED_HEADERS } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import { leafHash, Peaks } from "../base/merkle.ts";
import type { Registry, State } from "../contracts/engine/registry.ts";
import type { ConsensusView } from "../contracts/platform/network.ts";
import { encodeWriteSet } from "./block.ts";
import { historyPeaks, type HistorySource } from "./blockHistory.ts";
import { CommittedState } from "./committedState.ts";
import { epochConfig } from "./epochs.ts";
import { Overlay } from "./overlay.ts";
import { applyWrites, type Footing } from "./seal.ts";
import { SortedEntries } from "./sortedEntries.ts";
import { stateKeyHash } from "./stateProof.ts";
import { StateTree } from "./stateTree.ts";
import type { BlockWrite, Store } from "./store.ts";
import type { EpochRecord } from "./storeLayout.ts";
import { dumps, loadDump, sweepDumps } from "./treeDump.ts";

export interface StartInput {
  readonly store: Store;
  /** Where dumps of the tree are; none without it. */
  readonly directory: string | undefined;
  readonly network: Bytes;
  readonly genesis: Genesis;
  readonly registry: Pick<Registry, "found" | "memoryIndex" | "findIndex">;
  readonly consensusView: (state: State) => ConsensusView;
  readonly cachedRows: number;
  readonly logger: Logger;
  readonly verify: SignatureCheck | undefined;
  /** Where an empty tree comes from; by default a new one. */
  readonly emptyTree?: (() => StateTree) | undefined;
}

/** The committed head: what the next block stands on. */
export interface Head extends Footing {
  /** None at height 0. */
  readonly header: BlockHeader | undefined;
  readonly headerBytes: Bytes | undefined;
  readonly certificate: Certificate | undefined;
}

/** The tree at hand: another one takes its place if it turns out to be damaged. */
export interface TreeHolder {
  current: StateTree;
}

export interface Started {
  readonly head: Head;
  readonly tree: TreeHolder;
  readonly state: CommittedState;
}

/** Throws `store.damaged` naming what does not fit, `genesis.mismatch` if the store is another network's. */
export async function start(input: StartInput): Promise<Started> {
  if (input.directory !== undefined) await sweepDumps(join(input.directory, "state"));
  let height = await input.store.lastHeight();
  if (height === undefined) {
    await found(input);
    height = 0;
  }
  return height === 0 ? atGenesis(input) : atBlock(input, height);
}

/** Writes the state before block 1, as one batch like any block's. Throws `genesis.continues` if that state is another network's and must be laid down. */
async function found(input: StartInput): Promise<void> {
  const { genesis } = input;
  if (genesis.continues !== undefined)
    throw new LedgerError("genesis.continues", {
      why: `this network goes on with the state of network ${hex(genesis.continues.network).slice(0, 16)}, and this home has no state`,
      do: "chancery recover continue --home HOME --genesis FILE --from OLDHOME; or lay in the database of another member's stopped node",
    });
  await input.store.commit(genesisWrite(input));
}

/** What genesis itself writes. */
export function genesisWrite({
  store,
  genesis,
  registry,
  emptyTree,
}: Pick<StartInput, "store" | "genesis" | "registry" | "emptyTree">): BlockWrite {
  const tree = emptyTree?.() ?? new StateTree();
  const state = new CommittedState(store, () => tree, new SortedEntries(), 1);
  const overlay = Overlay.over(state, registry, undefined);
  registry.found(genesis, overlay);
  applyWrites(tree, overlay);
  const rows = overlay.writes.map(({ collection, key, row }) => ({ collection, key, row: row.bytes }));
  const { parameters, protocol } = genesis;
  const epoch: EpochRecord = { epoch: 0, start: 1, validators: genesisValidators(genesis), parameters, protocol };
  return {
    height: 0,
    block: undefined,
    bodies: [],
    results: undefined,
    writeSet: encodeWriteSet([rows]),
    ids: new Uint8Array(0),
    rows: overlay.writes,
    index: { added: overlay.added, removed: [] },
    find: { added: overlay.writes.flatMap(({ collection, key, row }) => registry.findIndex(collection, key, row)), removed: [] },
    history: [],
    epoch,
    meta: new Map([["genesis state", genesis.continues?.stateRoot ?? tree.root()]]),
  };
}

async function atGenesis(input: StartInput): Promise<Started> {
  const { store, network, genesis } = input;
  const stateRoot = genesisRoot(store);
  const { tree, state } = await loadState(input, 0, stateRoot);
  const view = input.consensusView(state.reader(() => []));
  const record = await headEpoch(store, 1);
  const history = new Peaks();
  history.push(leafHash(network));
  const epoch = epochConfig(network, record, view);
  const { time } = genesis;
  const head: Head = {
    height: 0,
    time,
    digest: network,
    hash: network,
    epoch,
    view,
    history,
    stateRoot,
    header: undefined,
    headerBytes: undefined,
    certificate: undefined,
  };
  return { head, tree, state };
}

/** The state root before block 1. */
export function genesisRoot(store: Store): Bytes {
  return store.meta("genesis state") ?? wrong({ value: "meta", name: "genesis state" }, "missing");
}

async function atBlock(input: StartInput, height: number): Promise<Started> {
  const { store, network } = input;
  const { headerBytes, certificate } = store.block(height);
  const header = decodeBlock(headerBytes);
  const hash = blockHashOf(network, headerBytes);
  checkHeaders(store, network, input.genesis.time, height);
  if (!equalBytes(certificate.hash, hash) || certificate.height !== height || certificate.kind !== "commit")
    wrong({ value: "block", height }, "certificate names another block");
  const source = historySource(store, network);
  const history = historyPeaks(source, height);
  if (!equalBytes(history.root(), header.history)) wrong({ value: "history", height }, "root");
  history.push(leafHash(hash));

  const signers = epochOfHeight(store, await headEpoch(store, height + 1), height);
  checkEpoch(store, network, signers);
  const fault = certificateFault(network, certificate, signers.validators, input.verify);
  if (fault !== undefined || certificate.epoch !== signers.epoch) wrong({ value: "block", height }, fault?.code ?? "certificate.epoch");

  const { tree, state } = await loadState(input, height, header.stateRoot);
  const view = input.consensusView(state.reader(() => []));
  const epoch = epochConfig(network, await headEpoch(store, height + 1), view);
  if (!equalBytes(epoch.validatorsHash, header.validators) || !equalBytes(epoch.parametersHash, header.parameters))
    wrong({ value: "epoch", epoch: epoch.epoch }, "set or parameters are not those of the header");
  const { time } = header.order;
  const head: Head = {
    height,
    time,
    digest: orderDigest(network, header.order),
    hash,
    epoch,
    view,
    history,
    stateRoot: header.stateRoot,
    header,
    headerBytes,
    certificate,
  };
  return { head, tree, state };
}

/** Each header names the one before by both of its hashes, and its batches. */
function checkHeaders(store: Store, network: Bytes, genesisTime: number, head: number): void {
  const lowest = Math.max(store.lowest, head - CHECKED_HEADERS);
  let before: { hash: Bytes; digest: Bytes; time: number } | undefined =
    lowest === 1 ? { hash: network, digest: network, time: genesisTime } : undefined;
  for (let height = lowest; height <= head; height++) {
    const { headerBytes, references } = store.block(height);
    const header = decodeBlock(headerBytes);
    const { order } = header;
    const place = { value: "block", height };
    if (order.height !== height) wrong(place, "height");
    if (
      before !== undefined &&
      (!equalBytes(header.parentBlock, before.hash) || !equalBytes(order.parent, before.digest) || order.time <= before.time)
    )
      wrong(place, "parent");
    if (!equalBytes(order.batches, batchesHash(network, references))) wrong(place, "batch references");
    before = { hash: blockHashOf(network, headerBytes), digest: orderDigest(network, order), time: order.time };
  }
}

async function headEpoch(store: Store, height: number): Promise<EpochRecord> {
  const last = await store.lastEpoch();
  return last !== undefined && last.start <= height ? last : wrong({ value: "epoch", height }, "missing");
}

/** The epoch of a height at or below the end of `last`, the last epoch there is. */
export function epochOfHeight(store: Store, last: EpochRecord, height: number): EpochRecord {
  let record = last;
  while (record.start > height) record = store.epoch(record.epoch - 1) ?? wrong({ value: "epoch", epoch: record.epoch - 1 }, "missing");
  return record;
}

/** The set of an epoch is the one that the header before its first height names. */
function checkEpoch(store: Store, network: Bytes, record: EpochRecord): void {
  if (record.start === 1) return;
  const header = decodeBlock(store.block(record.start - 1).headerBytes);
  const config = epochConfig(network, record, { changeEpoch: -1, changeHeight: 0 });
  if (!equalBytes(config.validatorsHash, header.validators) || !equalBytes(config.parametersHash, header.parameters))
    wrong({ value: "epoch", epoch: record.epoch }, "set or parameters are not those of the header");
}

/** The tree of block hashes as the store has it. */
export function historySource(store: Store, network: Bytes, added?: { readonly height: number; readonly hash: Bytes }): HistorySource {
  return {
    node(level, index) {
      if (level > 0) return store.historyNode(level, index);
      if (index === 0) return leafHash(network);
      return leafHash(index === added?.height ? added.hash : blockHashOf(network, store.block(index).headerBytes));
    },
  };
}

// ── tree and index ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function loadState(input: StartInput, height: number, root: Bytes): Promise<{ tree: TreeHolder; state: CommittedState }> {
  const tree: TreeHolder = {
    current: (await treeFromDump(input, height, root)) ?? (await treeFromRows(input.store, root, input.emptyTree?.())),
  };
  const entries: string[] = [];
  for await (const entry of input.store.entries("index")) entries.push(entry);
  const state = new CommittedState(input.store, () => tree.current, SortedEntries.of(entries), input.cachedRows);
  return { tree, state };
}

/** The newest dump that is whole and leads to the certified root; undefined if there is none. */
async function treeFromDump(
  { store, directory, network, logger }: StartInput,
  height: number,
  root: Bytes,
): Promise<StateTree | undefined> {
  if (directory === undefined) return undefined;
  const where = join(directory, "state");
  for (const dumped of await dumps(where)) {
    if (dumped > height || dumped < store.lowest - 1) continue; // the write sets behind an older one are not kept
    let tree: StateTree;
    try {
      tree = await loadDump(where, dumped, network);
    } catch (error) {
      if (!isLedgerError(error, "store.damaged")) throw error;
      logger.warn("state.dump_damaged", { height: dumped, reason: error.message });
      continue;
    }
    for (let h = dumped + 1; h <= height; h++) applyWriteSet(tree, store, h);
    if (equalBytes(tree.root(), root)) return tree;
    logger.warn("state.dump_unusable", { height: dumped });
  }
  return undefined;
}

/** A block's write set, the last row of each key. */
function applyWriteSet(tree: StateTree, store: Store, height: number): void {
  const set = store.writeSet(height);
  const last = new Map<string, { keyHash: Bytes; row: Bytes }>();
  for (let leaf = 0; leaf < set.leaves; leaf++)
    for (const { collection, key, row } of set.writesOf(leaf)) {
      const keyHash = stateKeyHash(collection, key);
      last.set(String.fromCharCode(...keyHash), { keyHash, row });
    }
  const keys = new Uint8Array(32 * last.size);
  const values = new Uint8Array(32 * last.size);
  let i = 0;
  for (const { keyHash, row } of last.values()) {
    keys.set(keyHash, 32 * i);
    values.set(sha256(row), 32 * i++);
  }
  tree.apply(keys, values, i);
}

const ROWS_AT_FIRST = 256;
const ROWS_AT_ONCE = 10_000;

/** The tree over all rows. Throws `store.damaged` unless it has the certified root: then a row is missing, added or changed. */
export async function treeFromRows(store: Store, root: Bytes, tree: StateTree = new StateTree()): Promise<StateTree> {
  let most = ROWS_AT_FIRST;
  let keys = new Uint8Array(32 * most);
  let values = new Uint8Array(32 * most);
  let count = 0;
  for await (const { collection, key, bytes } of store.rows()) {
    keys.set(stateKeyHash(collection, key), 32 * count);
    values.set(sha256(bytes), 32 * count);
    if (++count < most) continue;
    tree.apply(keys, values, count);
    count = 0;
    if (most === ROWS_AT_ONCE) continue;
    most = Math.min(4 * most, ROWS_AT_ONCE);
    keys = new Uint8Array(32 * most);
    values = new Uint8Array(32 * most);
  }
  tree.apply(keys, values, count);
  if (!equalBytes(tree.root(), root)) wrong({ value: "row", rows: tree.size }, "the rows do not have the certified state root");
  return tree;
}

function wrong(place: Readonly<Record<string, unknown>>, what: string): never {
  throw new LedgerError("store.damaged", { ...place, what });
}
