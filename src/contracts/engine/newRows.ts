// Many new rows of one record in one buffer: a list of a hundred in an operation is checked and written field by field as it comes, with no object for a row,
// its header and its parts. The bytes are those that `encodeRow(newRow(…))` gives (test/unit/contracts/engine/newRows.test.ts holds both together).
// Owns that form, and which records may take it. Does not own: what a new row presupposes (context.ts), where rows are kept (ledger/overlay.ts).

import { type Bytes, copyOf, writeLatin1 } from "../../base/bytes.ts";
import { encode, type Value } from "../../base/codec.ts";
import { writer } from "../../base/encode.ts";
import { findHeads, headRoom } from "./entries.ts";
import type { Field, Fields, Shape } from "./fields.ts";
import { hasForm, isMap, misfit, normaliserOf, sortedNames } from "./normalise.ts";
import type { AnyValues, Plan } from "./rows.ts";
import { leafCount } from "./sealed.ts";

/** Writes a value where the writer stands, if it fits its declaration. Throws `misfit`: what a normaliser takes and refuses, and the bytes of what it gives. */
type Scribe = (value: unknown) => void;

/** What stands in front of a row in the buffer: [0, key, row], the form of a write in a write set, whose first byte its block gives it (block.ts). */
const HEAD_BYTES = 2;

const NO_RANGES = { keys: new Uint32Array(0), rows: new Uint32Array(0) };

// Where rows are laid until all are in: one list is created at a time, and a buffer that grew for each would be most of the garbage.
let room = new Uint8Array(1 << 16);

function makeRoom(used: number, bytes: number): void {
  if (used + bytes <= room.length) return;
  const grown = new Uint8Array(2 * (used + bytes));
  grown.set(room.subarray(0, used));
  room = grown;
}

/** The head of a byte string at `at`; where it ends. */
function headOf(at: number, length: number): number {
  if (length <= 0xff) {
    room[at] = 0xc4;
    room[at + 1] = length;
    return at + 2;
  }
  if (length <= 0xffff) {
    room[at] = 0xc5;
    room[at + 1] = length >>> 8;
    room[at + 2] = length;
    return at + 3;
  }
  room[at] = 0xc6;
  room[at + 1] = length >>> 24;
  room[at + 2] = length >>> 16;
  room[at + 3] = length >>> 8;
  room[at + 4] = length;
  return at + 5;
}

export class NewRows {
  readonly plan: Plan;
  readonly collection: string;
  /** `revision … previous index` of all of them, behind the head of a row. */
  readonly #header: Bytes;
  readonly #scribe: Scribe;
  /** Set when all are in. */
  #data: Bytes | undefined;
  #used = 0;
  #count = 0;
  readonly #keys: Uint32Array;
  readonly #rows: Uint32Array;
  readonly keyTexts: string[] = [];
  /** What stands in front of the key in the indexes for queries, and where those of each row end. */
  readonly #heads: Bytes[];
  readonly #headEnds: Uint32Array;
  /** No key stands in it twice, as long as each is above the one before. */
  #ascending = true;
  /** From and to of keys and of rows in `data`. */
  ranges: { readonly keys: Uint32Array; readonly rows: Uint32Array } = NO_RANGES;
  /** Bytes have been charged for. */
  counted = false;
  /** What the ledger has worked out of it, 32 bytes each, end to end. */
  keyHashes: Bytes | undefined;
  rowHashes: Bytes | undefined;

  /** At most `most` of them, in this act. */
  constructor(plan: Plan, act: { readonly height: number; readonly index: number; readonly time: number }, most: number) {
    this.#keys = new Uint32Array(2 * most);
    this.#rows = new Uint32Array(2 * most);
    this.#heads = headRoom(plan, most);
    this.#headEnds = new Uint32Array(most);
    this.plan = plan;
    this.collection = plan.collection;
    this.#scribe = scribeOf(plan)!;
    writer.begin();
    writer.array(9);
    for (const value of [1, plan.start, act.time, plan.version, act.height, act.index, 0, 0]) writer.value(value, 1);
    this.#header = writer.end();
  }

  get count(): number {
    return this.#count;
  }

  /** All are in. */
  close(): void {
    this.#data = room.slice(0, this.#used);
    this.ranges = { keys: this.#keys.subarray(0, 2 * this.#count), rows: this.#rows.subarray(0, 2 * this.#count) };
  }

  /** The whole: 93 00 key row, 93 00 key row … in canonical bytes. */
  get data(): Bytes {
    return this.#data!;
  }

  /** Bytes of rows, as work counts them. */
  get rowBytes(): number {
    let sum = 0;
    for (let i = 0; i < 2 * this.#count; i += 2) sum += this.#rows[i + 1]! - this.#rows[i]!;
    return sum;
  }

  /** Begins a row: its key counts from now on, whether or not the fields fit. */
  begin(keyText: string): void {
    const { length } = keyText;
    makeRoom(this.#used, HEAD_BYTES + 5 + length);
    room[this.#used] = 0x93;
    room[this.#used + 1] = 0;
    const from = headOf(this.#used + HEAD_BYTES, length);
    this.#used = writeLatin1(keyText, room, from);
    this.#keys[2 * this.#count] = from;
    this.#keys[2 * this.#count + 1] = this.#used;
    const last = this.keyTexts.at(-1);
    if (last !== undefined && last >= keyText) this.#ascending = false;
    this.keyTexts.push(keyText);
    this.#count++;
  }

  /** Ends it. Throws `misfit`. */
  fields(fields: AnyValues): void {
    writer.begin();
    writer.encoded(this.#header);
    this.#scribe(fields);
    const { length } = writer;
    makeRoom(this.#used, 5 + length);
    const from = headOf(this.#used, length);
    writer.endInto(room, from);
    this.#used = from + length;
    const row = this.#count - 1;
    this.#rows[2 * row] = from;
    this.#rows[2 * row + 1] = this.#used;
    this.#headEnds[row] = findHeads(this.plan, this.plan.start, fields, this.#heads, row === 0 ? 0 : this.#headEnds[row - 1]!);
  }

  /** Where the i-th begins in `data`. */
  start(i: number): number {
    return i === 0 ? 0 : this.#rows[2 * i - 1]!;
  }

  /** Copies: of a key, of a row. */
  key(i: number): Bytes {
    return copyOf(this.data, this.#keys[2 * i], this.#keys[2 * i + 1]);
  }
  row(i: number): Bytes {
    return copyOf(this.data, this.#rows[2 * i], this.#rows[2 * i + 1]);
  }

  /** Heads of the row's entries in the indexes for queries. */
  heads(i: number): readonly Bytes[] {
    return this.#heads.slice(i === 0 ? 0 : this.#headEnds[i - 1], this.#headEnds[i]);
  }
  /** The n-th of them. */
  readonly headAt = (i: number, n: number): Bytes | undefined => {
    const at = (i === 0 ? 0 : this.#headEnds[i - 1]!) + n;
    return at < this.#headEnds[i]! ? this.#heads[at] : undefined;
  };

  /** The first key that stood in it before; −1 if there is none. */
  firstTwice(): number {
    if (this.#ascending) return -1;
    const seen = new Set<string>();
    return this.keyTexts.findIndex((text) => seen.size === seen.add(text).size);
  }
}

const scribes = new WeakMap<Plan, Scribe | null>();
/**
 * What writes the fields of a record's new rows; undefined for records with entries in the index in memory, which are computed from rows, and for such with
 * free values, whose encoding would come in between.
 */
export function scribeOf(plan: Plan): Scribe | undefined {
  let found = scribes.get(plan);
  if (found === undefined) {
    const { scan, unique, ordered } = plan.type.options;
    const light = scan !== true && unique === undefined && ordered === undefined && plan.dues.length === 0;
    found = (light && objectScribe(plan.type.fields as Fields)) || null;
    scribes.set(plan, found);
  }
  return found ?? undefined;
}

function scribe(shape: Shape): Scribe | undefined {
  switch (shape.kind) {
    case "json":
      return undefined;
    case "list": {
      const { min, max } = shape;
      const item = scribe(shape.item.shape);
      return (
        item &&
        ((value) => {
          if (!Array.isArray(value) || value.length < min || value.length > max) throw misfit;
          writer.array(value.length);
          for (let i = 0; i < value.length; i++) item(value[i]);
        })
      );
    }
    case "object":
      return objectScribe(shape.fields);
    case "sealed": {
      const size = leafCount(shape.fields);
      return objectScribe({
        root: { shape: { kind: "bytes", min: 32, max: 32 }, optional: false },
        size: { shape: { kind: "integer", min: size, max: size }, optional: false },
      });
    }
    case "flag":
    case "money":
    case "oneOf":
      return normalised(shape);
    case "text": {
      const { form, min, max } = shape;
      if (form === "text") return normalised(shape);
      return (value) => {
        if (typeof value !== "string" || value.length < min || value.length > max || !hasForm(form, value)) throw misfit;
        writer.text(value);
      };
    }
    case "integer": {
      const { min, max } = shape;
      return (value) => {
        if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) throw misfit;
        writer.integer(value);
      };
    }
    case "bytes": {
      const { min, max } = shape;
      return (value) => {
        if (!(value instanceof Uint8Array) || value.length < min || value.length > max) throw misfit;
        writer.bytes(value);
      };
    }
  }
}

function normalised(shape: Shape): Scribe {
  const normalise = normaliserOf(shape);
  return (value) => writer.value(normalise(value, false) as Value, 2);
}

function objectScribe(fields: Fields): Scribe | undefined {
  const names = sortedNames(fields);
  const encoded = names.map(encode);
  const optional = names.map((name) => fields[name]!.optional);
  const parts = names.map((name) => scribe((fields[name] as Field<any>).shape)!);
  if (parts.includes(undefined as never)) return undefined;
  const count = names.length;
  return (value) => {
    if (!isMap(value)) throw misfit;
    const head = count <= MOST_FEW ? writer.fewPairs() : -1;
    if (head < 0) writer.map(names.filter((name) => value[name] !== undefined).length);
    let present = 0;
    for (let i = 0; i < count; i++) {
      const part = value[names[i]!];
      if (part === undefined) {
        if (!optional[i]) throw misfit;
        continue;
      }
      present++;
      writer.encoded(encoded[i]!);
      parts[i]!(part);
    }
    if (head >= 0) writer.few(head, present);
    let keys = 0;
    for (const _ in value) keys++;
    if (keys !== present && Object.keys(value).filter((key) => value[key] !== undefined).length !== present) throw misfit;
  };
}
/** Pairs of a map whose head is one byte. */
const MOST_FEW = 15;
