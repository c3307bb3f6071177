// The end of a state sync: what a node's store has besides state and blocks – the state before block 1, epochs with the blocks at their borders, the tree of
// block hashes – and the comparison of all of it with the certified head. docs/protocol.md §4.9.3. Owns these last steps. Does not own: what came before
// (stateSync.ts), putting the store in the place of the old one (node/stateSync.ts).

import { type Bytes, equalBytes } from "../base/bytes.ts";
import { fail, LedgerError } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { blockHashOf } from "../base/header.ts";
import { leafHash, rootOfFlat } from "../base/merkle.ts";
import type { State } from "../contracts/engine/registry.ts";
import type { ConsensusView } from "../contracts/platform/network.ts";
import { type HistorySource, historyPeaks, KEPT_LEVELS } from "./blockHistory.ts";
import type { ChainRegistry } from "./chain.ts";
import { CommittedState } from "./committedState.ts";
import { epochConfig, following } from "./epochs.ts";
import { MemoryDatabase } from "./memoryDatabase.ts";
import { SortedEntries } from "./sortedEntries.ts";
import { genesisWrite } from "./start.ts";
import type { HeadBlock } from "./stateForms.ts";
import type { StateTree } from "./stateTree.ts";
import type { StateTrust } from "./stateTrust.ts";
import { Store } from "./store.ts";
import * as layout from "./storeLayout.ts";

export interface FinishInput {
  readonly network: Bytes;
  readonly genesis: Genesis;
  readonly registry: ChainRegistry;
  readonly consensusView: (state: State) => ConsensusView;
  /** Rows, index entries and the blocks from `store.lowest` to the head are in it. */
  readonly store: Store;
  readonly tree: StateTree;
  readonly trust: StateTrust;
  readonly head: HeadBlock;
  /** Asks for nodes of level 8 of the tree of block hashes from `first` on, of the peer that answered last if it still does; what `use` throws is the peer's lie. */
  readonly nodes: (first: number, use: (hashes: Bytes, peer: string) => void) => Promise<void>;
  readonly pause: () => Promise<void>;
}

const GROUP = 2 ** KEPT_LEVELS;

/** Completes the store in one batch. Everything but the nodes of old blocks has been checked before; the head's `history` checks those. */
export async function finishState(input: FinishInput): Promise<void> {
  const { store, head, tree } = input;
  const { height } = head.header.order;
  if (!equalBytes(tree.root(), head.header.stateRoot)) fail("the state of a finished sync is the certified one", { height });
  const puts: (readonly [Bytes, Bytes | undefined])[] = [
    ...(await genesisPuts(input)),
    ...(await epochPuts(input)),
    ...(await historyPuts(input)),
    [layout.metaKey("state sync"), undefined],
  ];
  for await (const { depth, index } of store.ranges()) puts.push([layout.rangeKey(depth, index), undefined]);
  await store.write(puts);
}

/** What genesis wrote, for whoever walks a record's history back to it. */
async function genesisPuts({ network, genesis, registry }: FinishInput): Promise<(readonly [Bytes, Bytes])[]> {
  const store = await Store.open(new MemoryDatabase(), network);
  const { writeSet, meta } = genesisWrite({ store, genesis, registry });
  return [[layout.writesKey(0), writeSet], ...[...meta!].map(([name, value]) => [layout.metaKey(name), value] as const)];
}

async function epochPuts({ network, store, tree, trust, head, consensusView }: FinishInput): Promise<(readonly [Bytes, Bytes])[]> {
  const puts: (readonly [Bytes, Bytes])[] = [];
  for (const { record, border } of trust.epochs) {
    puts.push([layout.epochKey(record.epoch), layout.encodeEpoch(record)]);
    for (const block of border === undefined ? [] : [border.last, border.first])
      puts.push([layout.blockKey(block.header.order.height), layout.encodeStoredBlock(block)]);
  }
  const entries: string[] = [];
  for await (const entry of store.entries("index")) entries.push(entry);
  const state = new CommittedState(store, () => tree, SortedEntries.of(entries), 1_024);
  const view = consensusView(state.reader(() => []));
  const own = epochConfig(network, trust.epochs.at(-1)!.record, view);
  const next = head.header.order.height >= own.end ? following(network, own, view) : own;
  const { validators, parameters } = head.header;
  if (!equalBytes(next.validatorsHash, validators) || !equalBytes(next.parametersHash, parameters))
    fail("the state of a finished sync has the set and the parameters of its header");
  puts.push([layout.epochKey(next.epoch), layout.encodeEpoch(next)]);
  return puts;
}

/** The kept nodes of the tree of block hashes: those over old blocks from a peer, the rest made of the blocks that are here. */
async function historyPuts(input: FinishInput): Promise<(readonly [Bytes, Bytes])[]> {
  const { network, store, head, pause } = input;
  const { height } = head.header.order;
  const leaf = (index: number): Bytes => leafHash(index === 0 ? network : blockHashOf(network, store.block(index).headerBytes));
  const own = new Map<number, Bytes>();
  const groups = Math.floor((height + 1) / GROUP);
  const firstOwn = Math.floor(store.lowest / GROUP);
  for (let group = firstOwn; group < groups; group++) {
    own.set(group, rootOf(Array.from({ length: GROUP }, (_, i) => leaf(group * GROUP + i))));
    await pause();
  }
  const given: Bytes[] = [];
  const all = (): Bytes[] => [...given, ...[...own.keys()].sort((a, b) => a - b).map((group) => own.get(group)!)];
  let from: string | undefined;
  const check = (hashes: Bytes, peer?: string): void => {
    // Only all nodes together are proved: they come from one peer, or whose lie it is could not be told.
    if (given.length > 0 && peer !== from) return void (given.length = 0);
    from = peer;
    const missing = firstOwn - given.length;
    const count = hashes.length / 32;
    if (!Number.isInteger(count)) throw new LedgerError("request.invalid");
    if (missing > 0 && count === 0) throw new LedgerError("state.behind");
    for (let i = 0; i < Math.min(missing, count); i++) given.push(hashes.slice(32 * i, 32 * i + 32));
    if (given.length < firstOwn) return;
    const levels = levelsOf(all());
    const source: HistorySource = { node: (level, index) => (level === 0 ? leaf(index) : levels.get(level)![index]!) };
    if (equalBytes(historyPeaks(source, height).root(), head.header.history)) return;
    given.length = 0;
    throw new LedgerError("state.unproved", { what: "history" });
  };
  if (firstOwn === 0) check(new Uint8Array(0));
  while (given.length < firstOwn) await input.nodes(given.length, check);
  const puts: (readonly [Bytes, Bytes])[] = [];
  for (const [level, hashes] of levelsOf(all()))
    for (const [index, hash] of hashes.entries()) puts.push([layout.historyKey(level, index), hash]);
  return puts;
}

/** All complete nodes of the kept levels, from those of the lowest. */
function levelsOf(lowest: readonly Bytes[]): Map<number, readonly Bytes[]> {
  const levels = new Map<number, readonly Bytes[]>();
  let hashes = lowest;
  for (let level = KEPT_LEVELS; hashes.length > 0; level += KEPT_LEVELS) {
    levels.set(level, hashes);
    const below = hashes;
    hashes = Array.from({ length: Math.floor(below.length / GROUP) }, (_, i) => rootOf(below.slice(GROUP * i, GROUP * i + GROUP)));
  }
  return levels;
}

function rootOf(hashes: readonly Bytes[]): Bytes {
  const flat = new Uint8Array(32 * hashes.length);
  hashes.forEach((hash, i) => flat.set(hash, 32 * i));
  return rootOfFlat(flat, hashes.length);
}
