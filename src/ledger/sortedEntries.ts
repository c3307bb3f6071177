// A sorted set of texts in RAM: the index over committed records that handlers scan (due, ordered, unique), and what a block adds to it.
// Owns order and look-up by prefix. Does not own: what an entry means (contracts), which layer of the state holds it (overlay.ts).

const CHUNK_MAX = 512;

export class SortedEntries {
  /** Ascending within and across; never an empty one but the first. */
  #chunks: string[][] = [[]];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A set of ascending entries. */
  static of(ascending: Iterable<string>): SortedEntries {
    const out = new SortedEntries();
    let chunk: string[] = [];
    const chunks = [chunk];
    for (const entry of ascending) {
      if (chunk.length === CHUNK_MAX / 2) chunks.push((chunk = []));
      chunk.push(entry);
      out.#size++;
    }
    out.#chunks = chunks;
    return out;
  }

  has(entry: string): boolean {
    const chunk = this.#chunks[this.#chunkOf(entry)]!;
    return chunk[lowerBound(chunk, entry)] === entry;
  }

  /** False if it was in already. */
  add(entry: string): boolean {
    const c = this.#chunkOf(entry);
    const chunk = this.#chunks[c]!;
    const at = lowerBound(chunk, entry);
    if (chunk[at] === entry) return false;
    chunk.splice(at, 0, entry);
    this.#size++;
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK_MAX / 2));
    return true;
  }

  /** False if it was not in. */
  delete(entry: string): boolean {
    const c = this.#chunkOf(entry);
    const chunk = this.#chunks[c]!;
    const at = lowerBound(chunk, entry);
    if (chunk[at] !== entry) return false;
    chunk.splice(at, 1);
    this.#size--;
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(c, 1);
    return true;
  }

  /** Stands before the first entry that is ≥ `from`, or > `from` if it is to be passed. */
  cursor(from: string, passing: boolean): Cursor {
    const c = this.#chunkOf(from);
    const chunk = this.#chunks[c]!;
    let at = lowerBound(chunk, from);
    if (passing && chunk[at] === from) at++;
    return new Cursor(this.#chunks, c, at);
  }

  /** All entries, ascending. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The last chunk whose first entry is ≤ entry. */
  #chunkOf(entry: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle]![0]! <= entry) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Reads onwards from a place. Good until the set is changed. */
export class Cursor {
  readonly #chunks: readonly string[][];
  #chunk: number;
  #at: number;

  constructor(chunks: readonly string[][], chunk: number, at: number) {
    this.#chunks = chunks;
    this.#chunk = chunk;
    this.#at = at;
    this.#settle();
  }

  /** The entry it stands at; undefined behind the last. */
  get entry(): string | undefined {
    return this.#chunks[this.#chunk]?.[this.#at];
  }

  advance(): void {
    this.#at++;
    this.#settle();
  }

  #settle(): void {
    while (this.#chunk < this.#chunks.length && this.#at >= this.#chunks[this.#chunk]!.length) {
      this.#chunk++;
      this.#at = 0;
    }
  }
}

/** Index of the first element ≥ entry. */
function lowerBound(sorted: readonly string[], entry: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < entry) low = middle + 1;
    else high = middle;
  }
  return low;
}
