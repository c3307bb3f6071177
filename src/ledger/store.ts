// The store: everything committed, in one LevelDB database, written in one synced batch per block. docs/protocol.md §5; storeLayout.ts says what stands where.
// Owns atomic writing and reading under checksums. Does not own: LevelDB itself (storeLevel.ts), what blocks mean (chain.ts), the state tree (stateTree.ts).
// What fails its checksum, or is missing where it must be, is `store.damaged` and named; it is never served.

import { type Bytes, latin1, u48be } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { type BlockResults, decodeResults, openWriteSet } from "./block.ts";
import type { NewRows } from "../contracts/engine/registry.ts";
import { NewWrite, runAt } from "./newWrites.ts";
import { Puts } from "./storePuts.ts";
import * as layout from "./storeLayout.ts";
import type { EpochRecord, Place, StoredBlock } from "./storeLayout.ts";

export interface Range {
  readonly from: Bytes;
  /** Begin behind this key. */
  readonly after?: Bytes;
  /** First key that is no longer part of it. */
  readonly to: Bytes;
  readonly reverse?: boolean;
  readonly limit?: number;
}
export interface WriteBatch {
  /** Takes copies at once: the caller may reuse both. */
  put(key: Bytes, value: Bytes): void;
  delete(key: Bytes): void;
  /** All or nothing, and on disk when it resolves. */
  write(): Promise<void>;
}
/** What the store stands on: LevelDB, or RAM in the simulator. */
export interface Database {
  get(key: Bytes): Bytes | undefined;
  batch(): WriteBatch;
  scan(range: Range): AsyncIterable<[Bytes, Bytes]>;
  close(): Promise<void>;
}

/** An entry of an index: as one text, or as what stands in front of the row's key and that key. */
export type Entry = string | { readonly head: Bytes; readonly key: Bytes };

/** A row as it comes from a peer, with the entries of both kinds of index that it stands in. */
export interface TakenRow {
  readonly collection: string;
  readonly key: Bytes;
  readonly row: Bytes;
  readonly index: readonly string[];
  /** Entries for queries, without the key that each ends with. */
  readonly heads: readonly Bytes[];
}

export interface RowWrite {
  readonly collection: string;
  readonly key: Bytes;
  readonly row: { readonly bytes: Bytes };
}

/** Everything that one block adds. */
export interface BlockWrite {
  readonly height: number;
  /** None for the state before block 1. */
  readonly block: StoredBlock | undefined;
  readonly bodies: readonly Bytes[];
  readonly results: Bytes | undefined;
  readonly writeSet: Bytes;
  /** Ids of the leaves in order, 32 bytes each, end to end. */
  readonly ids: Bytes;
  readonly rows: readonly RowWrite[];
  readonly index: { readonly added: Iterable<string>; readonly removed: Iterable<string> };
  /** `many`: new rows all of whose entries are added. */
  readonly find: { readonly added: readonly Entry[]; readonly many?: readonly NewRows[]; readonly removed: readonly string[] };
  readonly history: readonly { readonly level: number; readonly index: number; readonly hash: Bytes }[];
  /** The epoch that begins with the next height. */
  readonly epoch: EpochRecord | undefined;
  readonly meta?: ReadonlyMap<string, Bytes>;
}

export class Store {
  readonly #database: Database;
  readonly #puts = new Puts();
  #lowest: number | undefined;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Throws `genesis.mismatch` or `store.format` if the database is of another network or another format; an empty one becomes ours. */
  static async open(database: Database, network: Bytes): Promise<Store> {
    const store = new Store(database);
    const format = store.#get(layout.metaKey("format"));
    if (format !== undefined) {
      const found = decode(format) as Value[];
      if (found[0] !== layout.STORE_FORMAT && found[0] !== layout.PLAIN_FORMAT)
        throw new LedgerError("store.format", { found: found[0], supported: layout.STORE_FORMAT });
      if (latin1(found[1] as Bytes) !== latin1(network)) throw new LedgerError("genesis.mismatch", { store: found[1], genesis: network });
      // An earlier release must not open what this one writes.
      if (found[0] !== layout.STORE_FORMAT) await store.#mark(network);
      return store;
    }
    for await (const [key] of database.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff), limit: 1 }))
      layout.damaged(key, "format is missing");
    await store.#mark(network);
    return store;
  }

  async #mark(network: Bytes): Promise<void> {
    const batch = this.#database.batch();
    this.#put(batch, layout.metaKey("format"), encode([layout.STORE_FORMAT, network]));
    await batch.write();
  }

  #get(place: Bytes): Bytes | undefined {
    const stored = this.#database.get(place);
    return stored === undefined ? undefined : layout.unseal(place, stored);
  }

  /** What must be there. */
  #need(place: Bytes): Bytes {
    return this.#get(place) ?? layout.damaged(place, "missing");
  }

  #put(batch: WriteBatch, place: Bytes, payload: Bytes): void {
    this.#puts.put(batch, place, payload);
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Height of the last committed block; 0 with the state before block 1 alone, undefined with nothing at all. */
  async lastHeight(): Promise<number | undefined> {
    for await (const [key] of this.#database.scan({ ...layout.spaceRange("writes"), reverse: true, limit: 1 }))
      return layout.heightOfKey(key);
    return undefined;
  }

  /** From this height on blocks are kept whole: 1, or a multiple of 256 (retention.ts). Below stand state, epochs with the blocks at their borders, history. */
  get lowest(): number {
    const place = layout.metaKey("lowest");
    const payload = this.#lowest === undefined ? this.#get(place) : undefined;
    this.#lowest ??= payload === undefined ? 1 : layout.decoded(place, () => decode(payload) as number);
    return this.#lowest;
  }

  hasBlock(height: number): boolean {
    return this.#get(layout.blockKey(height)) !== undefined;
  }

  /** For heights from 1 to the last. */
  block(height: number): StoredBlock {
    const place = layout.blockKey(height);
    return layout.decoded(place, () => layout.decodeStoredBlock(this.#need(place)));
  }

  /** A batch as it came from the wire. */
  body(height: number, position: number): Bytes {
    return this.#need(layout.bodyKey(height, position));
  }

  results(height: number): BlockResults {
    const place = layout.resultsKey(height);
    return layout.decoded(place, () => decodeResults(this.#need(place)));
  }

  resultsBytes(height: number): Bytes {
    return this.#need(layout.resultsKey(height));
  }

  writeSet(height: number): ReturnType<typeof openWriteSet> {
    const place = layout.writesKey(height);
    return layout.decoded(place, () => openWriteSet(this.#need(place)));
  }

  writeSetBytes(height: number): Bytes {
    return this.#need(layout.writesKey(height));
  }

  /** Where the receipt of an id is; undefined if none was given. */
  placeOf(id: Bytes): Place | undefined {
    const place = layout.idKey(id);
    const payload = this.#get(place);
    return payload === undefined ? undefined : layout.decoded(place, () => layout.decodePlace(payload));
  }

  /** The highest notAfter that an id with a receipt begins with (its first six bytes); undefined without any. */
  async lastId(): Promise<Bytes | undefined> {
    for await (const [key] of this.#database.scan({ ...layout.spaceRange("id"), reverse: true, limit: 1 })) return key.slice(1);
    return undefined;
  }

  /** A row's bytes. */
  row(collection: string, key: Bytes): Bytes | undefined {
    return this.#get(layout.rowKey(collection, key));
  }

  /** A row that the state tree says is there. */
  presentRow(collection: string, key: Bytes): Bytes {
    return this.#need(layout.rowKey(collection, key));
  }

  historyNode(level: number, index: number): Bytes {
    return this.#need(layout.historyKey(level, index));
  }

  epoch(epoch: number): EpochRecord | undefined {
    const place = layout.epochKey(epoch);
    const payload = this.#get(place);
    return payload === undefined ? undefined : layout.decoded(place, () => layout.decodeEpoch(payload));
  }

  async lastEpoch(): Promise<EpochRecord | undefined> {
    for await (const [key, value] of this.#database.scan({ ...layout.spaceRange("epoch"), reverse: true, limit: 1 }))
      return layout.decoded(key, () => layout.decodeEpoch(layout.unseal(key, value)));
    return undefined;
  }

  /** The payload of any place. */
  payload(place: Bytes): Bytes | undefined {
    return this.#get(place);
  }

  meta(name: string): Bytes | undefined {
    return this.#get(layout.metaKey(name));
  }

  /** All rows, or those of a collection, in the order of their places. */
  async *rows(collection?: string): AsyncIterable<{ collection: string; key: Bytes; bytes: Bytes }> {
    const from = collection === undefined ? undefined : layout.rowKey(collection, new Uint8Array(0));
    for await (const [key, value] of this.#database.scan(from === undefined ? layout.spaceRange("row") : { from, to: layout.behind(from) }))
      yield { ...layout.rowOfKey(key), bytes: layout.unseal(key, value) };
  }

  /** The rows behind one, or all, in the order of their places. */
  async *rowsBehind(row: { collection: string; key: Bytes } | undefined): AsyncIterable<{ collection: string; key: Bytes; bytes: Bytes }> {
    const after = row === undefined ? {} : { after: layout.rowKey(row.collection, row.key) };
    for await (const [key, value] of this.#database.scan({ ...layout.spaceRange("row"), ...after }))
      yield { ...layout.rowOfKey(key), bytes: layout.unseal(key, value) };
  }

  /** All entries of the index in RAM, or of the indexes for queries, ascending. */
  async *entries(space: "index" | "find"): AsyncIterable<string> {
    for await (const [key, value] of this.#database.scan(layout.spaceRange(space))) {
      layout.unseal(key, value);
      yield layout.entryOfKey(key);
    }
  }

  /** All ids with the places of their receipts. */
  async *ids(): AsyncIterable<{ id: Bytes; place: Place }> {
    for await (const [key, value] of this.#database.scan(layout.spaceRange("id")))
      yield { id: key.slice(1), place: layout.decodePlace(layout.unseal(key, value)) };
  }

  /** Entries of the indexes for queries that begin with `prefix`, ascending, behind the entry `after`. */
  async find(prefix: string, limit: number, after?: string): Promise<string[]> {
    const from = layout.findKey(prefix);
    const range = { from, to: layout.behind(from), limit, ...(after === undefined ? {} : { after: layout.findKey(after) }) };
    const out: string[] = [];
    for await (const [key, value] of this.#database.scan(range)) {
      layout.unseal(key, value);
      out.push(layout.entryOfKey(key));
    }
    return out;
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * One block, all or nothing; on disk when it resolves. `pause` lets others have the thread while the batch is being put together, 10 ms for a full block.
   * Throws `store.write` when the disk does not take it.
   */
  async commit(write: BlockWrite, pause: () => Promise<void> = async () => {}): Promise<void> {
    const { height, block, bodies, results, writeSet, ids, epoch } = write;
    const batch = this.#database.batch();
    const puts = this.#puts;
    let left = PUTS_SLICE;
    if (block !== undefined) puts.put(batch, layout.blockKey(height), layout.encodeStoredBlock(block));
    for (const [position, body] of bodies.entries()) puts.put(batch, layout.bodyKey(height, position), body);
    if (results !== undefined) puts.put(batch, layout.resultsKey(height), results);
    puts.put(batch, layout.writesKey(height), writeSet);
    for (let leaf = 0; 32 * leaf < ids.length; leaf++) {
      puts.id(batch, ids, leaf, height);
      if (--left === 0) left = await paused(pause);
    }
    const { rows } = write;
    for (let i = 0; i < rows.length; i++) {
      const run = runAt(rows, i);
      if (run > 0) {
        puts.newRows(batch, (rows[i] as NewWrite).rows);
        i += run - 1;
        if ((left -= run) <= 0) left = await paused(pause);
        continue;
      }
      puts.row(batch, rows[i]!.collection, rows[i]!.key, rows[i]!.row.bytes);
      if (--left === 0) left = await paused(pause);
    }
    for (const [space, removed, added] of [
      ["index", [...write.index.removed], [...write.index.added]],
      ["find", write.find.removed, write.find.added],
    ] as const) {
      for (let i = 0; i < removed.length; i++) {
        puts.deleteEntry(batch, space, removed[i]!);
        if (--left === 0) left = await paused(pause);
      }
      for (let i = 0; i < added.length; i++) {
        puts.entry(batch, space, added[i]!);
        if (--left === 0) left = await paused(pause);
      }
    }
    const many = write.find.many ?? [];
    for (let n = 0, any = true; any; n++) {
      any = false;
      for (const some of many) {
        if (!puts.newEntries(batch, some, n)) continue;
        any = true;
        if ((left -= some.count) <= 0) left = await paused(pause);
      }
    }
    for (const { level, index, hash } of write.history) puts.put(batch, layout.historyKey(level, index), hash);
    if (epoch !== undefined) puts.put(batch, layout.epochKey(epoch.epoch), layout.encodeEpoch(epoch));
    for (const [name, value] of write.meta ?? []) puts.put(batch, layout.metaKey(name), value);
    await batch.write();
  }

  /** What comes otherwise than by executing a block: state sync, blocks of the past, retention. All or nothing, like a block. */
  async write(puts: Iterable<readonly [place: Bytes, payload: Bytes | undefined]>, lowest?: number): Promise<void> {
    const batch = this.#database.batch();
    for (const [place, payload] of puts)
      if (payload === undefined) batch.delete(place);
      else this.#put(batch, place, payload);
    // A store in which nothing is missing is byte for byte one in which nothing ever was.
    if (lowest === 1) batch.delete(layout.metaKey("lowest"));
    else if (lowest !== undefined) this.#put(batch, layout.metaKey("lowest"), encode(lowest));
    await batch.write();
    this.#lowest = lowest ?? this.#lowest;
  }

  /** Rows of a state sync with their entries, and what says how far it is: all or nothing. Nothing is made for a put but what is put. */
  async takeRows(rows: readonly TakenRow[], mark: readonly [place: Bytes, payload: Bytes]): Promise<void> {
    const batch = this.#database.batch();
    const puts = this.#puts;
    for (const { collection, key, row, index, heads } of rows) {
      puts.row(batch, collection, key, row);
      for (const entry of index) puts.entry(batch, "index", entry);
      for (const head of heads) puts.entry(batch, "find", { head, key });
    }
    this.#put(batch, ...mark);
    await batch.write();
  }

  /** How many rows there are, whatever is in them. */
  async countRows(): Promise<number> {
    let count = 0;
    for await (const _ of this.#database.scan(layout.spaceRange("row"))) count++;
    return count;
  }

  /** The proved ranges that a state sync under way has laid down. */
  async *ranges(): AsyncIterable<{ depth: number; index: number; payload: Bytes }> {
    for await (const [key, value] of this.#database.scan(layout.spaceRange("range")))
      yield { ...layout.rangeOfKey(key), payload: layout.unseal(key, value) };
  }

  /** Ids whose time was over before `time`, at most `limit`. */
  async idsBefore(time: number, limit: number): Promise<Bytes[]> {
    const { from } = layout.spaceRange("id");
    const out: Bytes[] = [];
    for await (const [key] of this.#database.scan({ from, to: layout.idKey(u48be(time)), limit })) out.push(key.slice());
    return out;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
/** Puts without a pause: 1–2 ms. */
const PUTS_SLICE = 1_000;
async function paused(pause: () => Promise<void>): Promise<number> {
  await pause();
  return PUTS_SLICE;
}
