// Rows: what stands in the state. Owns the bytes of a row, C([revision, status, since, schema version, height, index, previous height, previous
// index, fields]) – with the names of refused due work as a tenth item while there is any –, and its normal form in memory. Does not own: the
// state (ledger), which rows may be written (context.ts), index entries (entries.ts). docs/protocol.md §8.

import { type Bytes, unlatin1 } from "../../base/bytes.ts";
import { decode, encode, type Value } from "../../base/codec.ts";
import { writer } from "../../base/encode.ts";
import { fail } from "../../base/errors.ts";
import type { AnyRecord, Due, Header, Row } from "./define.ts";
import type { Fields, Shape } from "./fields.ts";
import { Fault, isExhaustion } from "./outcome.ts";
import { filler, isMap, misfit, type Normaliser, normaliser, sortedNames } from "./normalise.ts";

/** As the ledger keeps it: bytes, and the engine's memo of what they mean. */
export interface StoredRow {
  readonly bytes: Bytes;
  decoded?: unknown;
}

export type AnyValues = { readonly [name: string]: unknown };

/** A record type made ready, once, when the registry is built. */
export interface Plan {
  readonly type: AnyRecord;
  readonly contract: string;
  readonly collection: string;
  readonly version: number;
  /** Names in canonical order, and what normalises each. */
  readonly names: readonly string[];
  /** The names as a row's bytes have them. */
  readonly encodedNames: readonly Bytes[];
  readonly parts: readonly Normaliser[];
  readonly fill: (out: { [name: string]: unknown }, value: unknown, keep: boolean) => { [name: string]: unknown };
  readonly keyShapes: readonly Shape[];
  readonly start: string;
  readonly dues: Due[];
  /** An empty row with its header: a class of its own per record, so that rows of one type share their hidden class. */
  readonly shell: new (
    header: RowHeader,
  ) => { [name: string]: unknown };
}
/** The header as the engine sees it. */
export interface RowHeader extends Header<AnyRecord> {
  readonly plan: Plan;
  /** The encoded key, one character per byte. */
  readonly keyText: string;
  /** Index entries of this version, computed once. */
  readonly memo: { entries?: readonly string[] };
}
export type AnyRow = Row<AnyRecord> & { readonly $: RowHeader };

export function planOf(contract: string, type: AnyRecord, dues: Due[]): Plan {
  const fields = type.fields as Fields;
  const names = sortedNames(fields);
  class Shell {
    [name: string]: unknown;
    readonly #header: RowHeader;
    constructor(header: RowHeader) {
      this.#header = header;
    }
    // On the prototype and private: `$` is no field, is not spread into a new record and not encoded.
    get $(): RowHeader {
      return this.#header;
    }
  }
  return {
    type,
    contract,
    collection: type.collection,
    version: type.options.version ?? 1,
    names,
    encodedNames: names.map(encode),
    parts: names.map((name) => normaliser(fields[name]!)),
    fill: filler(fields),
    keyShapes: (type.key as readonly string[]).map((name) => fields[name]!.shape),
    start: Object.keys(type.states)[0]!,
    dues,
    shell: Shell,
  };
}

/** The row of whole, not yet normalised fields. Throws `misfit`. */
export function newRow(header: RowHeader, fields: AnyValues): AnyRow {
  const { plan } = header;
  return Object.freeze(plan.fill(new plan.shell(header), fields, true)) as AnyRow;
}

/** The row with some fields changed; `undefined` removes an optional one. Throws `misfit`. */
export function changedRow(header: RowHeader, row: AnyRow, change: AnyValues): AnyRow {
  const { plan } = header;
  const out = new plan.shell(header);
  const fields = plan.type.fields as Fields;
  let used = 0;
  for (let i = 0; i < plan.names.length; i++) {
    const name = plan.names[i]!;
    if (Object.hasOwn(change, name)) {
      used++;
      const value = change[name];
      if (value !== undefined) out[name] = plan.parts[i]!(value, true);
      else if (!fields[name]!.optional) throw misfit;
    } else {
      const value = (row as AnyValues)[name];
      if (value !== undefined) out[name] = value; // normalised and frozen already
    }
  }
  if (used !== Object.keys(change).length) throw misfit;
  return Object.freeze(out) as AnyRow;
}

/** As `encode` would write it; the names and their order are known. */
export function encodeRow(row: AnyRow): Bytes {
  const h = row.$;
  const { names, encodedNames } = h.plan;
  writer.begin();
  writer.array(h.parked.length > 0 ? 10 : 9);
  writer.value(h.revision, 1);
  writer.value(h.status, 1);
  writer.value(h.since, 1);
  writer.value(h.schemaVersion, 1);
  writer.value(h.height, 1);
  writer.value(h.index, 1);
  writer.value(h.previousHeight, 1);
  writer.value(h.previousIndex, 1);
  let present = 0;
  for (let i = 0; i < names.length; i++) if ((row as AnyValues)[names[i]!] !== undefined) present++;
  writer.map(present);
  for (let i = 0; i < names.length; i++) {
    const value = (row as AnyValues)[names[i]!];
    if (value === undefined) continue;
    writer.encoded(encodedNames[i]!);
    writer.value(value as Value, 2);
  }
  if (h.parked.length > 0) writer.value(h.parked, 1);
  return writer.end();
}

/** The row of stored bytes, from the memo if there is one. Bytes that are not a row are a damaged store or a bug, never a handler's fault. */
export function rowOf(plan: Plan, keyText: string, stored: StoredRow): AnyRow {
  if (stored.decoded !== undefined) return stored.decoded as AnyRow;
  const row = decodeRow(plan, keyText, stored.bytes);
  stored.decoded = row;
  return row;
}

export function decodeRow(plan: Plan, keyText: string, bytes: Bytes): AnyRow {
  const damaged = (what: string): never => fail("a stored row is a row", { collection: plan.collection, what });
  const items = decode(bytes) as readonly Value[];
  if (!Array.isArray(items) || items.length < 9 || items.length > 10) return damaged("shape");
  const [revision, status, since, schemaVersion, height, index, previousHeight, previousIndex, fields, parked = NONE] =
    items as readonly any[];
  if (typeof status !== "string" || !(status in plan.type.states)) return damaged("status");
  if (!isMap(fields)) return damaged("fields");
  const given = { revision, status, since, schemaVersion, height, index, previousHeight, previousIndex, parked };
  const header = headerOf(plan, keyText, unlatin1(keyText), given);
  if (schemaVersion !== plan.version)
    return schemaVersion < plan.version ? upgraded(header, fields) : damaged("a later schema than this release knows");
  try {
    return newRow(header, fields);
  } catch (error) {
    if (error === misfit) return damaged("fields do not fit the schema");
    throw error;
  }
}

/** A row of an older schema as the present one reads it: pure, at reading, the old bytes stay. What goes wrong is the contract's fault. */
function upgraded(header: RowHeader, fields: AnyValues): AnyRow {
  const { plan, schemaVersion } = header;
  try {
    return newRow(header, plan.type.options.upgrade!(fields, schemaVersion));
  } catch (error) {
    if (isExhaustion(error)) throw error;
    throw new Fault(`${plan.collection}: version ${schemaVersion} cannot be upgraded`, { cause: error });
  }
}
const NONE: readonly string[] = Object.freeze([]);

type Given = Omit<Header<AnyRecord>, "type" | "key">;
export function headerOf(plan: Plan, keyText: string, key: Bytes, given: Given): RowHeader {
  return Object.freeze({
    type: plan.type,
    plan,
    key,
    keyText,
    revision: given.revision,
    status: given.status,
    since: given.since,
    schemaVersion: given.schemaVersion,
    height: given.height,
    index: given.index,
    previousHeight: given.previousHeight,
    previousIndex: given.previousIndex,
    parked: given.parked,
    memo: {},
  });
}
export const NOT_PARKED = NONE;
