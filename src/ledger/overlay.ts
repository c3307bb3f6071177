// What uncommitted blocks and the transaction at hand have written, in layers over the committed state. docs/protocol.md §3 (execution).
// Owns the layers: reading down through them, merging a transaction that was applied, dropping one that was not, changes of the index in RAM.
// Does not own: the committed state (committedState.ts), which block stands on which (chain.ts). Nothing here reaches anybody before its block commits.

import type { Bytes } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import type { NewRows, Registry, State, StoredRow } from "../contracts/engine/registry.ts";
import { KeyTable, keyHashesOf, NewWrite } from "./newWrites.ts";
import { type Cursor, SortedEntries } from "./sortedEntries.ts";
import { stateKeyHash } from "./stateProof.ts";

/** A row as a layer found it, and the place of its key in the state tree if that was worked out on the way. */
export interface Found {
  readonly row: StoredRow | undefined;
  readonly keyHash: Bytes | undefined;
}

/** What the state tree, which has the uncommitted blocks too, knows of a key: most that a block asks for and has not written are new, and then no layer need be asked. */
export interface Place {
  readonly keyHash: Bytes;
  readonly present: boolean;
}

/** The state below all layers: what is committed. */
export interface BaseState {
  find(collection: string, key: Bytes, keyText: string, place?: Place): Found;
  /** Asked for what the topmost block has not written, when the tree stands at the end of the block below it or of that block itself. */
  place?(collection: string, key: Bytes): Place;
  /** The same of a key hash that is known, at keyHashes[at …]: is there a row? */
  present?(keyHashes: Bytes, at: number): boolean;
  readonly entries: SortedEntries;
}

/** A row written in a layer. */
export interface Written {
  readonly collection: string;
  readonly key: Bytes;
  readonly keyText: string;
  /** As the layer below has it. */
  readonly before: StoredRow | undefined;
  row: StoredRow;
  keyHash: Bytes | undefined;
  /** SHA-256 of the row's bytes, once a receipt needed it. */
  rowHash: Bytes | undefined;
  /** Of a row that is new in the block: what stands in front of its key in the indexes for queries. */
  heads: readonly Bytes[] | undefined;
  /** Its place among its layer's writes. */
  at: number;
  /** Both hashes are where the layer gathers them. */
  gathered: boolean;
}

/** What the overlay must know of contracts: the entries of a row in the index in RAM. */
export type RowIndex = Pick<Registry, "memoryIndex">;

type Rows = Map<string, Map<string, Written>>;
interface Read {
  readonly collection: string;
  readonly keyText: string;
  readonly found: Found;
}
const FEW = 6;
const NO_ENTRIES = new SortedEntries();
const NO_TEXTS: ReadonlySet<string> = new Set();

// One character per byte, as contracts' keys have it; ten times as fast as building the string byte by byte.
const latin1Slice = Buffer.prototype.latin1Slice as unknown as (this: Uint8Array, start: number, end: number) => string;
/** The key as a text of one character per byte: a map's key whose order is that of the bytes. */
export function keyTextOf(key: Bytes): string {
  return latin1Slice.call(key, 0, key.length);
}

export class Overlay implements State {
  readonly #base: BaseState;
  readonly #index: RowIndex;
  #parent: Overlay | undefined;
  /** What was written, once more than a few rows are looked for: most transactions write one or two, and looking through them is cheaper than maps. */
  #rows: Rows | undefined;
  /** How many of `writes` are in there. */
  #listed = 0;
  /** Runs of new rows, from … to − 1 of `writes`, that are not in there and whose key hashes are in the table: looked for by text, they are listed. */
  #runs: Map<string, [from: number, to: number][]> | undefined;
  #newKeys: KeyTable | undefined;
  #added: SortedEntries | undefined;
  #removed: Set<string> | undefined;
  /** In the order of first writing. */
  readonly writes: Written[] = [];
  /** Rows that a transaction read: what is read is often written, and then its old version is at hand. Undefined in a block's layer. */
  readonly #reads: Read[] | undefined;
  /** Where among them the next one to be written may be: rows are written in the order in which they were read. */
  #nextRead = 0;

  #keyHashes: Uint8Array = NO_HASHES;
  #rowHashes: Uint8Array = NO_HASHES;

  private constructor(base: BaseState, index: RowIndex, parent: Overlay | undefined, reads: Read[] | undefined) {
    this.#base = base;
    this.#index = index;
    this.#parent = parent;
    this.#reads = reads;
  }

  /** A block's layer over its parent's, or over the committed state. */
  static over(base: BaseState, index: RowIndex, parent: Overlay | undefined): Overlay {
    return new Overlay(base, index, parent, undefined);
  }

  /** A layer for one transaction over this one. Dropped, it leaves no trace; `merge` takes it in. */
  layer(): Overlay {
    return new Overlay(this.#base, this.#index, this, []);
  }

  /** The parent's block is committed: what it wrote is below now. */
  detach(): void {
    this.#parent = undefined;
  }

  /** Entries that this layer adds to the index in RAM. */
  get added(): Iterable<string> {
    return this.#added ?? NO_ENTRIES;
  }

  /** Entries that it takes out. */
  get removed(): Iterable<string> {
    return this.#removed ?? NO_TEXTS;
  }

  /** What this layer itself wrote under a key. */
  written(collection: string, keyText: string): Written | undefined {
    if (this.writes.length > FEW) {
      const lists = this.#lists();
      if (this.#runs?.has(collection) === true) this.#listRuns(collection);
      return lists.get(collection)?.get(keyText);
    }
    for (const written of this.writes) if (written.keyText === keyText && written.collection === collection) return written;
    return undefined;
  }

  #lists(): Rows {
    this.#rows ??= new Map();
    for (; this.#listed < this.writes.length; this.#listed++) this.#list(this.#rows, this.writes[this.#listed]!);
    return this.#rows;
  }

  #list(lists: Rows, written: Written): void {
    let rows = lists.get(written.collection);
    if (rows === undefined) lists.set(written.collection, (rows = new Map()));
    rows.set(written.keyText, written);
  }

  #listRuns(collection: string): void {
    for (const [from, to] of this.#runs?.get(collection) ?? []) for (let i = from; i < to; i++) this.#list(this.#rows!, this.writes[i]!);
    this.#runs?.delete(collection);
  }

  /** Has a record of the contract been written here? */
  touches(contract: string): boolean {
    const prefix = `${contract}/`;
    if (this.writes.length <= FEW) return this.writes.some(({ collection }) => collection.startsWith(prefix));
    for (const collection of this.#runs?.keys() ?? []) if (collection.startsWith(prefix)) return true;
    for (const collection of this.#lists().keys()) if (collection.startsWith(prefix)) return true;
    return false;
  }

  get(collection: string, key: Bytes, keyText = keyTextOf(key)): StoredRow | undefined {
    const found = this.#find(collection, key, keyText);
    this.#reads?.push({ collection, keyText, found });
    return found.row;
  }

  #find(collection: string, key: Bytes, keyText: string, asked?: Place): Found {
    const written = this.written(collection, keyText);
    if (written !== undefined) return written;
    const place = this.#reads === undefined && asked === undefined ? this.#base.place?.(collection, key) : asked;
    if (place?.present === false) return { row: undefined, keyHash: place.keyHash };
    if (this.#parent === undefined) return this.#base.find(collection, key, keyText, place);
    return this.#parent.#find(collection, key, keyText, place);
  }

  put(collection: string, key: Bytes, row: StoredRow, keyText = keyTextOf(key)): void {
    const own = this.written(collection, keyText);
    if (own !== undefined) {
      this.#reindex(collection, key, own.row, row);
      own.row = row;
      own.rowHash = undefined;
      own.gathered = false;
      own.heads = undefined;
      return;
    }
    const { row: before, keyHash } = this.#readBefore(collection, keyText) ?? this.#find(collection, key, keyText);
    this.#reindex(collection, key, before, row);
    this.writes.push({
      collection,
      key,
      keyText,
      before,
      row,
      keyHash,
      rowHash: undefined,
      heads: undefined,
      at: this.writes.length,
      gathered: false,
    });
  }

  /** Rows that are read or written one by one are looked for one by one; here most are new, and the tree knows. */
  taken(rows: NewRows): number {
    const hashes = keyHashesOf(rows);
    for (let i = 0; i < rows.count; i++) if (this.#isTaken(rows, i, hashes)) return i;
    return -1;
  }

  #isTaken(rows: NewRows, i: number, hashes: Bytes): boolean {
    const { collection, keyTexts } = rows;
    if (this.#runs?.has(collection) === true) {
      if (this.#newKeys!.has(this.#keyHashes, hashes, 32 * i)) return true;
      if (this.#lists().get(collection)?.has(keyTexts[i]!) === true) return true;
    } else if (this.written(collection, keyTexts[i]!) !== undefined) return true;
    if (this.#reads === undefined && this.#base.present?.(hashes, 32 * i) === false) return false;
    if (this.#parent !== undefined) return this.#parent.#isTaken(rows, i, hashes);
    return this.#base.find(collection, rows.key(i), keyTexts[i]!).row !== undefined;
  }

  putNew(rows: NewRows): void {
    for (let i = 0; i < rows.count; i++) {
      const write = new NewWrite(rows, i);
      write.at = this.writes.length;
      this.writes.push(write);
    }
  }

  #readBefore(collection: string, keyText: string): Found | undefined {
    const reads = this.#reads ?? NO_READS;
    for (let i = 0; i < reads.length; i++) {
      const at = (this.#nextRead + i) % reads.length;
      const read = reads[at]!;
      if (read.keyText !== keyText || read.collection !== collection) continue;
      this.#nextRead = at + 1;
      return read.found;
    }
    return undefined;
  }

  #reindex(collection: string, key: Bytes, before: StoredRow | undefined, after: StoredRow): void {
    const old = before === undefined ? NONE : this.#index.memoryIndex(collection, key, before);
    const now = this.#index.memoryIndex(collection, key, after);
    if (old.length === 0 && now.length === 0) return;
    for (const entry of old) if (!now.includes(entry)) this.#remove(entry);
    for (const entry of now) if (!old.includes(entry)) this.#add(entry);
  }

  // A layer holds an entry as added or as removed, never as both: what it removed and adds again stands below anyway.
  #add(entry: string): void {
    if (this.#removed?.delete(entry) !== true) (this.#added ??= new SortedEntries()).add(entry);
  }

  #remove(entry: string): void {
    if (this.#added?.delete(entry) !== true) (this.#removed ??= new Set()).add(entry);
  }

  /** Takes in a layer over this one: the transaction was applied. */
  merge(layer: Overlay): void {
    if (layer.#parent !== this) fail("a layer is merged into the one it was made over");
    for (let i = 0; i < layer.writes.length; i++) {
      const written = layer.writes[i]!;
      if (written instanceof NewWrite && written.index === 0) {
        this.#mergeNew(layer.writes, i, written.rows);
        i += written.rows.count - 1;
        continue;
      }
      const own = this.written(written.collection, written.keyText);
      if (own === undefined) {
        written.at = this.writes.length;
        this.writes.push(written);
      } else {
        own.row = written.row;
        own.rowHash = written.rowHash;
        own.heads = undefined;
      }
      this.#gatherHashes(own ?? written);
    }
    if (layer.#removed !== undefined) for (const entry of layer.#removed) this.#remove(entry);
    if (layer.#added !== undefined) for (const entry of layer.#added) this.#add(entry);
  }

  /** A run of new rows, of which this layer has none. */
  #mergeNew(writes: readonly Written[], from: number, { collection, count, keyHashes, rowHashes }: NewRows): void {
    const at = this.writes.length;
    const gathered = keyHashes !== undefined && rowHashes !== undefined;
    if (gathered) {
      this.#roomForHashes(at + count);
      this.#keyHashes.set(keyHashes, 32 * at);
      this.#rowHashes.set(rowHashes, 32 * at);
    }
    if (gathered) this.#lists(); // what stands before them
    for (let i = 0; i < count; i++) {
      const write = writes[from + i]!;
      write.at = at + i;
      write.gathered = gathered;
      this.writes.push(write);
    }
    if (!gathered) return;
    this.#listed = at + count;
    (this.#newKeys ??= new KeyTable()).add(this.#keyHashes, at, at + count);
    const runs = (this.#runs ??= new Map()).get(collection);
    if (runs === undefined) this.#runs.set(collection, [[at, at + count]]);
    else runs.push([at, at + count]);
  }

  // A block keeps thousands of rows until it is committed: two byte strings for hashes each would be a good part of what the collector has to move.
  #gatherHashes(w: Written): void {
    w.gathered = w.rowHash !== undefined && (w.gathered || w.keyHash !== undefined);
    if (!w.gathered) return;
    this.#setHashes(w.at, w.keyHash, w.rowHash!);
    w.keyHash = undefined;
    w.rowHash = undefined;
  }

  #setHashes(at: number, keyHash: Bytes | undefined, rowHash: Bytes): void {
    this.#roomForHashes(at + 1);
    if (keyHash !== undefined) this.#keyHashes.set(keyHash, 32 * at);
    this.#rowHashes.set(rowHash, 32 * at);
  }

  #roomForHashes(count: number): void {
    while (this.#keyHashes.length < 32 * count) {
      this.#keyHashes = doubled(this.#keyHashes);
      this.#rowHashes = doubled(this.#rowHashes);
    }
  }

  /** Hashes of the keys and of the rows of `writes` in their order, 32 bytes each, end to end. */
  hashes(): { readonly keys: Bytes; readonly rows: Bytes } {
    for (let i = 0; i < this.writes.length; i++) {
      const w = this.writes[i]!;
      if (!w.gathered) this.#setHashes(w.at, w.keyHash ?? stateKeyHash(w.collection, w.key), w.rowHash ?? sha256(w.row.bytes));
    }
    const end = 32 * this.writes.length;
    return { keys: this.#keyHashes.subarray(0, end), rows: this.#rowHashes.subarray(0, end) };
  }

  /** This layer and those below it, downwards. */
  #layers(): Overlay[] {
    return this.#parent === undefined ? [this] : [this, ...this.#parent.#layers()];
  }

  /** Entries of the index in RAM that begin with `prefix`, ascending, after the entry `after`; every layer's changes seen. */
  entries(prefix: string, limit: number, after?: string): string[] {
    const passing = after !== undefined && after >= prefix;
    const from = passing ? after : prefix;
    const layers = this.#layers();
    const cursors: Cursor[] = layers.map((layer) => (layer.#added ?? NO_ENTRIES).cursor(from, passing));
    cursors.push(this.#base.entries.cursor(from, passing));
    const out: string[] = [];
    while (out.length < limit) {
      let next: string | undefined;
      for (const { entry } of cursors) if (entry !== undefined && (next === undefined || entry < next)) next = entry;
      if (next === undefined || !next.startsWith(prefix)) break;
      let highest = -1;
      for (let i = cursors.length - 1; i >= 0; i--) {
        if (cursors[i]!.entry !== next) continue;
        highest = i;
        cursors[i]!.advance();
      }
      // It stands unless a layer above the highest that added it took it out.
      let stands = true;
      for (let i = 0; i < highest && stands; i++) stands = layers[i]!.#removed?.has(next) !== true;
      if (stands) out.push(next);
    }
    return out;
  }
}
const NONE: readonly string[] = [];
const NO_READS: readonly Read[] = [];

const NO_HASHES = new Uint8Array(0);
function doubled(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(2_048, 2 * bytes.length));
  out.set(bytes);
  return out;
}
