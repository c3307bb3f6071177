// State sync: the state of a network, from its peers, without executing what made it. docs/protocol.md §4.9.3; docs/adr says why in this order.
// Owns the joiner's side: ranges of the tree, each proved against a certified root; the blocks since, each proved by its receipts; rows, each held against the
// tree; blocks of the longest life of a transaction, for replay protection. All of it goes to a database of its own, where it survives a restart, and is
// compared with a certified header at the end. Does not own: when (node/stateSync.ts), peers (peerAsk.ts), the last steps (stateSyncEnd.ts).

import { type Bytes, compareBytes, concat, equalBytes, readU48, u48be } from "../base/bytes.ts";
import type { SignatureCheck } from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { fail, isLedgerError, LedgerError } from "../base/errors.ts";
import type { Genesis } from "../base/genesis.ts";
import { sha256 } from "../base/hash.ts";
import { decodeBlock } from "../base/header.ts";
import { MAX_STATE_RANGE_BYTES, TREE_TOP_BITS } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { State } from "../contracts/engine/registry.ts";
import type { ConsensusView } from "../contracts/platform/network.ts";
import { type BlockFetch, fetchBlocks, fetchGroup, groupBelow } from "./fetchBlocks.ts";
import type { ChainRegistry } from "./chain.ts";
import { PeerAsk, type PeerPorts } from "./peerAsk.ts";
import { bytesOf, rangeAnswerFrom, type RowsAnswer, rowsAnswerFrom } from "./stateForms.ts";
import { stateKeyHash } from "./stateProof.ts";
import { rangeHolds, type StateRange } from "./stateRange.ts";
import { EMPTY, entriesOf, RowCheck } from "./stateRows.ts";
import { finishState } from "./stateSyncEnd.ts";
import { StateTree } from "./stateTree.ts";
import { StateTrust } from "./stateTrust.ts";
import type { Store, TakenRow } from "./store.ts";
import * as layout from "./storeLayout.ts";
import { blockPuts, type WholeBlock } from "./wholeBlock.ts";

export interface StateSyncInput extends PeerPorts {
  readonly network: Bytes;
  readonly genesis: Genesis;
  readonly registry: ChainRegistry;
  readonly consensusView: (state: State) => ConsensusView;
  /** A store of its own, empty or left by an earlier attempt. */
  readonly store: Store;
  /** A head below this height is not worth it. */
  readonly worth?: number;
  readonly logger: Logger;
  readonly pause: () => Promise<void>;
  readonly verify?: SignatureCheck;
  readonly onProgress?: (progress: StateProgress) => void;
}

export interface StateProgress {
  readonly phase: "head" | "ranges" | "blocks" | "rows" | "past" | "end";
  /** Records there and in all, as far as is known. */
  readonly rows: number;
  readonly records: number;
  readonly height: number;
}

/** What survives a restart, in the same batch as what it speaks of. */
interface Mark {
  /** Height of the first certified head: ranges are taken there or later, and the blocks behind it are applied. */
  readonly base: number;
  /** Blocks base + 1 … applied are in. */
  applied: number;
  /** Behind which row to go on; undefined at the beginning. */
  cursor: { readonly collection: string; readonly key: Bytes } | undefined;
  rowsDone: boolean;
  /** Blocks lowest … base are in. */
  lowest: number;
}

interface Chunk {
  readonly peer: string;
  readonly answer: RowsAnswer;
}

/** Questions for ranges under way: each waits for a block to be committed. */
const RANGES_AT_ONCE = 8;

const halvesOf = ({ depth, index }: StateRange): StateRange[] => [0, 1].map((bit) => ({ depth: depth + 1, index: 2 * index + bit }));

/** Rows taken between two pauses: 2 ms. */
const ROWS_SLICE = 250;

export class StateSync {
  readonly #input: StateSyncInput;
  readonly #ask: PeerAsk;
  readonly #trust: StateTrust;
  readonly #tree = new StateTree();
  #mark: Mark = { base: 0, applied: 0, cursor: undefined, rowsDone: false, lowest: 0 };
  /** Height at which every range is in the tree: from there on its root is the header's after each block. */
  #settled = 0;
  #rows = 0;
  readonly #check: RowCheck;

  constructor(input: StateSyncInput) {
    this.#input = input;
    this.#ask = new PeerAsk(input);
    this.#trust = new StateTrust(input.network, input.genesis, input.verify);
    this.#check = new RowCheck({ ask: this.#ask, trust: this.#trust, tree: this.#tree, store: input.store, askPeer: input.ask });
  }

  /**
   * Runs to the end; then the store is that of a node at the height returned, and the tree is its state. Throws `sync.stopped`; `sync.stale` if nobody holds
   * the blocks any more that an earlier attempt needs: it must begin anew with an empty store; `sync.needless` if nobody proves a head that is worth it.
   */
  async run(): Promise<{ height: number; tree: StateTree }> {
    try {
      this.#say("head");
      await this.#head(1);
      if (this.#trust.height < (this.#input.worth ?? 0)) throw new LedgerError("sync.needless", { height: this.#trust.height });
      await this.#resume();
      await this.#ranges();
      await this.#blocks(this.#settled);
      await this.#allRows();
      await this.#past();
      await this.#end();
      const { network, genesis, registry, consensusView, store, pause } = this.#input;
      this.#say("end");
      const nodes = (first: number, use: (hashes: Bytes, peer: string) => void): Promise<void> =>
        this.#ask.ask(["nodes", first], (answer, peer) => {
          this.#ask.preferred = peer;
          use(bytesOf(answer), peer);
        });
      const head = this.#trust.head!;
      await finishState({ network, genesis, registry, consensusView, store, pause, tree: this.#tree, trust: this.#trust, head, nodes });
      return { height: head.header.order.height, tree: this.#tree };
    } catch (error) {
      if (isLedgerError(error, "height.pruned")) throw new LedgerError("sync.stale", undefined, error);
      throw error;
    }
  }

  #say(phase: StateProgress["phase"]): void {
    const { applied } = this.#mark;
    this.#input.onProgress?.({ phase, rows: this.#rows, records: this.#tree.size, height: applied });
  }

  get #fetch(): BlockFetch {
    return { network: this.#input.network, ask: this.#ask, trust: this.#trust };
  }

  // ── heads ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A certified head at `least` or above. Returns how many records a peer says there are: a hint. */
  async #head(least: number): Promise<number> {
    for (;;) {
      const known = this.#trust.epochs.length;
      const records = await this.#ask.ask(["head", known], (answer) => this.#trust.takeHeads(answer));
      if (this.#trust.height >= least && this.#trust.head !== undefined) return records;
      if (this.#trust.epochs.length === known) await this.#input.wait(100);
    }
  }

  // ── what an earlier attempt left ───────────────────────────────────────────────────────────────────────────────────────────

  async #resume(): Promise<void> {
    const { store } = this.#input;
    const mark = store.payload(layout.metaKey("state sync"));
    if (mark === undefined) {
      const { height } = this.#trust;
      this.#mark = { base: height, applied: height, cursor: undefined, rowsDone: false, lowest: height + 1 };
      return store.write([this.#markPut()]);
    }
    const [base, applied, cursor, rowsDone, lowest] = decode(mark) as [number, number, [string, Bytes] | null, boolean, number];
    this.#mark = { base, applied, cursor: cursor === null ? undefined : { collection: cursor[0], key: cursor[1] }, rowsDone, lowest };
    this.#input.logger.info("sync.resumed", { base, applied, rowsDone, lowest });
  }

  #markPut(): readonly [Bytes, Bytes] {
    const { base, applied, cursor, rowsDone, lowest } = this.#mark;
    return [
      layout.metaKey("state sync"),
      encode([base, applied, cursor === undefined ? null : [cursor.collection, cursor.key], rowsDone, lowest]),
    ];
  }

  // ── ranges of the tree ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async #ranges(): Promise<void> {
    const have = new Map<string, Bytes>();
    for await (const { depth, index, payload } of this.#input.store.ranges()) have.set(`${depth} ${index}`, payload);
    const hint = await this.#head(1);
    const first = Math.min(TREE_TOP_BITS, Math.max(0, Math.ceil(Math.log2((64 * hint) / (MAX_STATE_RANGE_BYTES / 4)))));
    const begun = [...have.keys()].map((key) => key.split(" ").map(Number) as [number, number]);
    const missing: StateRange[] = [];
    const divide = async (range: StateRange): Promise<void> => {
      const { depth, index } = range;
      const known = have.get(`${depth} ${index}`);
      if (known !== undefined) return this.#load(known);
      if (depth >= first && !begun.some(([d, i]) => d > depth && i >>> (d - depth) === index)) return void missing.push(range);
      for (const half of halvesOf(range)) await divide(half);
    };
    await divide({ depth: 0, index: 0 });
    const worker = async (): Promise<void> => {
      for (let range = missing.pop(); range !== undefined; range = missing.pop()) await this.#rangeOrHalves(range);
    };
    await Promise.all(Array.from({ length: RANGES_AT_ONCE }, worker));
    this.#settled = Math.max(this.#settled, this.#mark.base);
    // What an earlier attempt applied to the tree it applies again.
    const { store } = this.#input;
    for (let height = this.#mark.base + 1; height <= this.#mark.applied; height++) {
      const set = store.writeSet(height);
      this.#applyToTree(Array.from({ length: set.leaves }, (_, leaf) => set.writesOf(leaf)));
    }
  }

  async #rangeOrHalves(range: StateRange): Promise<void> {
    if (await this.#range(range)) return;
    for (const half of halvesOf(range)) await this.#rangeOrHalves(half);
  }

  /** False if it is too large and must be asked for in halves. */
  async #range(range: StateRange): Promise<boolean> {
    const { depth, index } = range;
    const check = async (answer: Value, peer: string): Promise<Bytes> => {
      const { block, entries, siblings } = rangeAnswerFrom(answer);
      const { height, epoch } = block.header.order;
      if (!this.#trust.knows(epoch)) await this.#trust.proveHeight(height, async (question) => this.#input.ask(peer, question));
      this.#trust.takeHead(block);
      this.#checkBehind(height);
      if (!rangeHolds(block.header.stateRoot, range, entries, siblings)) throw new LedgerError("state.unproved", { what: "range" });
      return concat(u48be(height), entries);
    };
    try {
      const payload = await this.#ask.ask(["range", depth, index], check, depth < TREE_TOP_BITS ? "state.range_large" : undefined);
      await this.#input.store.write([[layout.rangeKey(depth, index), payload]]);
      await this.#load(payload);
      this.#say("ranges");
      return true;
    } catch (error) {
      if (isLedgerError(error, "state.range_large") && depth < TREE_TOP_BITS) return false;
      throw error;
    }
  }

  async #load(payload: Bytes): Promise<void> {
    this.#settled = Math.max(this.#settled, readU48(payload, 0));
    this.#tree.load(payload.subarray(6));
    await this.#input.pause();
  }

  // ── blocks behind the base ─────────────────────────────────────────────────────────────────────────────────────────────────

  async #blocks(to: number): Promise<void> {
    if (this.#trust.height < to) await this.#head(to);
    while (this.#mark.applied < to) {
      for (const block of await fetchBlocks(this.#fetch, this.#mark.applied + 1, to)) await this.#apply(block);
      this.#say("blocks");
    }
  }

  async #apply(block: WholeBlock): Promise<void> {
    const { registry, store } = this.#input;
    const { height } = block.header.order;
    const rows = this.#applyToTree(block.writes);
    const puts: (readonly [Bytes, Bytes | undefined])[] = [...blockPuts(block)];
    for (const { collection, key, row } of rows) {
      const old = store.row(collection, key);
      const before = old === undefined ? [] : entriesOf(registry, collection, key, old);
      const after = entriesOf(registry, collection, key, row);
      const kept = new Set(after.map(String));
      for (const place of before) if (!kept.has(String(place))) puts.push([place, undefined]);
      for (const place of after) puts.push([place, EMPTY]);
      puts.push([layout.rowKey(collection, key), row]);
    }
    this.#mark.applied = height;
    await store.write([...puts, this.#markPut()]);
    if (height >= this.#settled && !equalBytes(this.#tree.root(), block.header.stateRoot))
      fail("proved ranges and the write sets behind them give the certified state", { height });
    await this.#input.pause();
  }

  /** The last row of each key goes into the tree. Returns these rows. */
  #applyToTree(leaves: readonly (readonly { collection: string; key: Bytes; row: Bytes }[])[]): {
    collection: string;
    key: Bytes;
    row: Bytes;
  }[] {
    const last = new Map<string, { collection: string; key: Bytes; row: Bytes; keyHash: Bytes }>();
    for (const leaf of leaves)
      for (const write of leaf) {
        const keyHash = stateKeyHash(write.collection, write.key);
        last.set(String(keyHash), { ...write, keyHash });
      }
    const rows = [...last.values()];
    const keys = concat(...rows.map(({ keyHash }) => keyHash));
    this.#tree.apply(keys, concat(...rows.map(({ row }) => sha256(row))), rows.length);
    return rows;
  }

  // ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** All rows; again from the beginning, of one peer alone, as long as some are missing: somebody left them out, and the next one shows who. */
  async #allRows(): Promise<void> {
    const others: string[] = [];
    for (let pass = 0; ; pass++) {
      if (!this.#mark.rowsDone) await this.#rowsOnce(pass > 0);
      await this.#blocks(this.#check.needed);
      const count = await this.#input.store.countRows();
      this.#rows = count;
      if (count === this.#tree.size) return;
      this.#input.logger.warn("sync.rows_missing", { missing: this.#tree.size - count });
      if (others.length === 0) others.push(...this.#ask.candidates);
      this.#ask.preferred = others.pop();
      this.#mark.cursor = undefined;
      this.#mark.rowsDone = false;
    }
  }

  async #rowsOnce(again: boolean): Promise<void> {
    let ahead: Promise<Chunk> | undefined;
    while (!this.#mark.rowsDone) {
      const { cursor } = this.#mark;
      const chunk = await (ahead ?? this.#askRows(cursor));
      const { rows, more } = chunk.answer;
      // The next one is asked for while this one is taken.
      ahead = more ? this.#askRows(rows.at(-1)) : undefined;
      ahead?.catch(() => {});
      try {
        await this.#takeRows(chunk, cursor, again);
      } catch (error) {
        ahead = undefined;
        if (isLedgerError(error, "p2p.absent")) continue;
        if (!isLedgerError(error) || !/^(state|request|codec)\.|^store\.malformed$/.test(error.code)) throw error;
        this.#ask.convict(chunk.peer, error.code);
      }
      this.#say("rows");
    }
  }

  #askRows(cursor: Mark["cursor"]): Promise<Chunk> {
    const question = ["rows", cursor === undefined ? null : [cursor.collection, cursor.key]];
    return this.#ask.ask(question, (answer, peer) => {
      const rows = rowsAnswerFrom(answer);
      this.#checkBehind(rows.height);
      return { peer, answer: rows };
    });
  }

  /** A peer below the base has not got all that stood there: a wiped one has next to nothing, and is no liar. */
  #checkBehind(height: number): void {
    if (height < this.#mark.base) throw new LedgerError("state.behind");
  }

  async #takeRows({ peer, answer }: Chunk, cursor: Mark["cursor"], again: boolean): Promise<void> {
    const { registry, store, pause } = this.#input;
    const { height, rows, more } = answer;
    const from = cursor === undefined ? EMPTY : layout.rowKey(cursor.collection, cursor.key);
    const taken: TakenRow[] = [];
    let place = from;
    for (const [i, { collection, key, row }] of rows.entries()) {
      const next = layout.rowKey(collection, key);
      if (compareBytes(next, place) <= 0) throw new LedgerError("state.unproved", { what: "order" });
      place = next;
      if (!(await this.#check.isInForce({ peer, height, applied: this.#mark.applied }, collection, key, row))) continue;
      if (again && store.row(collection, key) === undefined) this.#check.findOmission(peer, place, row);
      const stored = { bytes: row };
      const index = registry.memoryIndex(collection, key, stored);
      taken.push({ collection, key, row, index, heads: registry.findHeads(collection, key, stored) });
      if (i % ROWS_SLICE === ROWS_SLICE - 1) await pause();
    }
    this.#check.claimed(peer, height, from, more ? place : undefined);
    const last = rows.at(-1);
    this.#mark.cursor = last ?? cursor;
    this.#mark.rowsDone = !more;
    this.#rows += again ? 0 : taken.length;
    await store.takeRows(taken, this.#markPut());
  }

  // ── the past, the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Blocks below the base, group by group, until one is older than any transaction lives. */
  async #past(): Promise<void> {
    const { store } = this.#input;
    const needed = this.#trust.head!.header.order.time - this.#trust.longestLife;
    const { base } = this.#mark;
    let time = this.#mark.lowest <= base ? timeOf(store.block(this.#mark.lowest).headerBytes) : Number.POSITIVE_INFINITY;
    while (this.#mark.lowest > 1 && (this.#mark.lowest > base || time >= needed)) {
      const first = groupBelow(this.#mark.lowest);
      const last = this.#mark.lowest - 1;
      time = await fetchGroup(this.#fetch, store, first, last, () => {
        this.#mark.lowest = first;
        return [this.#markPut()];
      });
      this.#say("past");
    }
  }

  /** The newest head there is, and every block up to it. */
  async #end(): Promise<void> {
    await this.#head(Math.max(this.#check.needed, this.#mark.applied));
    await this.#blocks(this.#trust.height);
  }
}

function timeOf(headerBytes: Bytes): number {
  return decodeBlock(headerBytes).order.time;
}
