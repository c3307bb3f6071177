// Sealing: what an execution wrote becomes roots, and with the parent a block header. docs/protocol.md §3.2 (block header), §4.3.2 (next set and parameters).
// Owns the header's fields beyond the order. Does not own: running transactions (execute.ts), keeping results (chain.ts).

import type { Bytes } from "../base/bytes.ts";
import { type BatchReference, type BlockHeader, blockHashOf, encodeBlock, type OrderHeader } from "../base/header.ts";
import { leafHash, type Peaks } from "../base/merkle.ts";
import type { Registry, State } from "../contracts/engine/registry.ts";
import type { VerifiedBatch } from "./batch.ts";
import type { ConsensusView } from "../contracts/platform/network.ts";
import { advanced, type EpochConfig, following } from "./epochs.ts";
import type { Execution, Outcome } from "./execute.ts";
import { keyTextOf, type Overlay } from "./overlay.ts";
import type { StateTree } from "./stateTree.ts";

/** The contract whose records say what consensus follows. Blocks that leave them alone leave that alone. */
const GOVERNANCE = "governance";

/** What a block stands on: the block before it, committed or not, or the genesis. */
export interface Footing {
  readonly height: number;
  readonly time: number;
  /** Order digest and block hash; the genesis hash at height 0. */
  readonly digest: Bytes;
  readonly hash: Bytes;
  /** The epoch of the next height. */
  readonly epoch: EpochConfig;
  readonly view: ConsensusView;
  /** The tree of block hashes, this one the last. */
  readonly history: Peaks;
  readonly stateRoot: Bytes;
}

/** How the tree changed: `tree.apply(keys, before, count)` undoes it, `tree.apply(keys, values, count)` does it again. */
export interface TreeChange {
  readonly count: number;
  readonly keys: Bytes;
  readonly values: Bytes;
  readonly before: Bytes;
}

/** An executed block. Nothing of it leaves the node before it is committed. */
export interface Sealed extends Footing {
  readonly order: OrderHeader;
  readonly references: readonly BatchReference[];
  readonly batches: readonly VerifiedBatch[];
  readonly header: BlockHeader;
  readonly headerBytes: Bytes;
  readonly outcome: Outcome;
  readonly overlay: Overlay;
  readonly treeChange: TreeChange;
  /** Something was written that consensus follows. */
  readonly governed: boolean;
  /** The epoch it belongs to, with the end that its own changes imply. */
  readonly own: EpochConfig;
  /** Set at the last height of an epoch. */
  readonly next: EpochConfig | undefined;
  readonly dueHead: number | undefined;
}

export interface SealInput {
  readonly network: Bytes;
  readonly registry: Pick<Registry, "dueHead">;
  readonly consensusView: (state: State) => ConsensusView;
  readonly tree: StateTree;
  readonly parent: Footing;
  readonly order: OrderHeader;
  readonly digest: Bytes;
  readonly references: readonly BatchReference[];
  readonly batches: readonly VerifiedBatch[];
  readonly overlay: Overlay;
  readonly execution: Execution;
}

/** Applies the block to the tree, which must be at the parent's state, and makes the header. */
export function seal(input: SealInput): Sealed {
  const { network, parent, order, overlay } = input;
  const outcome = input.execution.outcome();
  const treeChange = applyWrites(input.tree, overlay);
  const governed = overlay.touches(GOVERNANCE);
  const view = governed ? input.consensusView(overlay) : parent.view;
  const own = advanced(parent.epoch, view);
  const next = order.height >= own.end ? following(network, own, view) : undefined;
  const epoch = next ?? own;
  const stateRoot = input.tree.root();
  const header: BlockHeader = {
    order,
    parentBlock: parent.hash,
    transactionsRoot: outcome.transactionsRoot,
    leaves: outcome.leaves.length,
    stateRoot,
    validators: epoch.validatorsHash,
    parameters: epoch.parametersHash,
    history: parent.history.root(),
  };
  const headerBytes = encodeBlock(header);
  const hash = blockHashOf(network, headerBytes);
  const history = parent.history.clone();
  history.push(leafHash(hash));
  return {
    height: order.height,
    time: order.time,
    digest: input.digest,
    hash,
    epoch,
    view,
    history,
    stateRoot,
    order,
    references: input.references,
    batches: input.batches,
    header,
    headerBytes,
    outcome,
    overlay,
    treeChange,
    governed,
    own,
    next,
    dueHead: input.registry.dueHead(overlay),
  };
}

/** Brings a layer's writes into the tree. */
export function applyWrites(tree: StateTree, overlay: Overlay): TreeChange {
  const count = overlay.writes.length;
  const { keys, rows } = overlay.hashes();
  return { count, keys, values: rows, before: tree.apply(keys, rows, count) };
}

/** The block as what the next one stands on. */
export function footingOf({ height, time, digest, hash, epoch, view, history, stateRoot }: Footing): Footing {
  return { height, time, digest, hash, epoch, view, history, stateRoot };
}

/** A digest as a map's key. */
export const digestText = keyTextOf;
