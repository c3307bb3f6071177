// Index entries: pure functions of one row, as latin1 strings whose order is the order of the bytes. The overlay adds and removes them by comparing
// the old row with the new one; after state sync they are rebuilt from the rows. Owns their layout. Does not own: where they are kept (ledger),
// which due entry runs next (due.ts). docs/protocol.md §8.
//
//   due       "d" contract 00 00 · time (8) · record 00 00 · key · name      ordered  "o" collection 00 00 · values · key
//   scan      "k" collection 00 00 · key                                     unique   "u" collection 00 00 · values · key
//   find      collection 00 00 · name 00 00 · value · key                    (for queries; never seen by handlers)

import { type Bytes, unlatin1 } from "../../base/bytes.ts";
import { fail } from "../../base/errors.ts";
import { encodeInteger, encodePart, encodeParts, type Part, partsEnd } from "./keys.ts";
import type { Field, Shape } from "./fields.ts";
import type { AnyRow, AnyValues, Plan } from "./rows.ts";

const END = "\0\0";
export const duePrefix = (contract: string): string => `d${contract}${END}`;
export const scanPrefix = (plan: Plan): string => `k${plan.collection}${END}`;
export const orderedPrefix = (plan: Plan): string => `o${plan.collection}${END}`;
export const uniquePrefix = (plan: Plan): string => `u${plan.collection}${END}`;
export const findPrefix = (plan: Plan, name: string): string => `${plan.collection}${END}${name}${END}`;

export const shapesOf = (plan: Plan, names: readonly string[]): Shape[] =>
  names.map((name) => (plan.type.fields[name] as Field<any>).shape);

/** Entries kept in memory: scan, unique, ordered and due. Computed once per version of a row. */
export function memoryEntries(row: AnyRow): readonly string[] {
  const { memo } = row.$;
  memo.entries ??= compute(row);
  return memo.entries;
}

function compute(row: AnyRow): readonly string[] {
  const { plan, keyText } = row.$;
  const { options } = plan.type;
  if (options.scan !== true && options.unique === undefined && options.ordered === undefined && plan.dues.length === 0) return NONE;
  const out: string[] = [];
  if (options.scan === true) out.push(scanPrefix(plan) + keyText);
  if (options.unique !== undefined) add(out, uniquePrefix(plan), valuesText(plan, row, options.unique), keyText);
  if (options.ordered !== undefined) add(out, orderedPrefix(plan), valuesText(plan, row, options.ordered), keyText);
  for (const due of plan.dues) {
    if (row.$.parked.includes(due.name)) continue;
    const at = due.options.at(row);
    if (at === undefined) continue;
    if (!Number.isSafeInteger(at) || at < 0) throw new TypeError("due work is due at a time");
    out.push(`${duePrefix(plan.contract)}${encodeInteger(at)}${plan.type.name}${END}${keyText}${due.name}`);
  }
  return out;
}
const NONE: readonly string[] = Object.freeze([]);

function add(out: string[], prefix: string, values: string | undefined, keyText: string): void {
  if (values !== undefined) out.push(prefix + values + keyText);
}

/** The named fields as encoded parts; undefined when an optional one is absent: such a row is not in the index. */
export function valuesText(plan: Plan, row: AnyValues | AnyRow, names: readonly string[]): string | undefined {
  let out = "";
  for (const name of names) {
    const value = (row as AnyValues)[name];
    if (value === undefined) return undefined;
    out += encodePart((plan.type.fields[name] as Field<any>).shape, value) ?? fail("an index is over fields that keys may have", { name });
  }
  return out;
}

/** The key's text in an entry of the ordered or unique index, behind `count` values. */
export function keyInEntry(plan: Plan, names: readonly string[], entry: string, prefixLength: number): string {
  return entry.slice(partsEnd(shapesOf(plan, names), entry, prefixLength));
}

/** A prefix of encoded values, for scans; undefined when one is not of its type. */
export function prefixText(plan: Plan, names: readonly string[], values: readonly Part[]): string | undefined {
  return values.length > names.length ? undefined : encodeParts(shapesOf(plan, names), values);
}

const STATUS: Shape = { kind: "text", form: "id", min: 1, max: 64 };
const itemOf = (shape: Shape): Shape => (shape.kind === "list" ? shape.item.shape : shape);

/** The type of the values by which a `find` asks. */
export function findShape(plan: Plan, name: string): Shape {
  const field = plan.type.fields[name] as Field<any> | undefined;
  return field === undefined ? STATUS : itemOf(field.shape);
}

/** A declared `find`, made ready. */
interface Find {
  readonly name: string;
  /** By the row's status, not by a field. */
  readonly status: boolean;
  readonly prefix: string;
  readonly shape: Shape;
  /** Value and head of the entry made last. */
  last: { readonly value: unknown; readonly head: Bytes | undefined };
}
const finds = new WeakMap<Plan, readonly Find[]>();
function findsOf(plan: Plan): readonly Find[] {
  let found = finds.get(plan);
  if (found === undefined) {
    found = (plan.type.options.find ?? NONE).map((name: string) => ({
      name,
      status: plan.type.fields[name] === undefined,
      prefix: findPrefix(plan, name),
      shape: findShape(plan, name),
      last: { value: undefined, head: undefined },
    }));
    finds.set(plan, found);
  }
  return found;
}

/** Entries for queries: one for each declared `find`, for each distinct item where the field is a list. */
export function findEntries(row: AnyRow): string[] {
  const { plan, keyText, status } = row.$;
  const out: string[] = [];
  for (const find of findsOf(plan)) {
    const value = find.status ? status : (row as AnyValues)[find.name];
    if (value === undefined) continue;
    if (!Array.isArray(value)) out.push(findEntry(find, value, keyText));
    else for (const entry of new Set(value.map((item) => findEntry(find, item, keyText)))) out.push(entry);
  }
  return out;
}

/** What stands in front of the key in the entries for queries of a row: entry = head ‖ key. For rows that are new, whose entries nobody compares. */
export function rowHeads(row: AnyRow): Bytes[] {
  const { plan, status } = row.$;
  const out = headRoom(plan, 1);
  out.length = findHeads(plan, status, row, out, 0);
  return out;
}

/** For the heads of so many rows, of the length that most have: an array that grows takes room for seventeen. */
export const headRoom = (plan: Plan, rows: number): Bytes[] => new Array<Bytes>(rows * findsOf(plan).length);

/** Puts the heads of a row with these fields at out[at …]; where they end. */
export function findHeads(plan: Plan, status: string, fields: AnyValues, out: Bytes[], at: number): number {
  const declared = findsOf(plan);
  let end = at;
  for (let i = 0; i < declared.length; i++) {
    const find = declared[i]!;
    const value = find.status ? status : fields[find.name];
    if (value === undefined) continue;
    if (!Array.isArray(value)) out[end++] = findHead(find, value);
    else for (const head of itemHeads(find, value)) out[end++] = unlatin1(head);
  }
  return end;
}

/** Apart: a function that makes another keeps its variables where the other finds them, and makes that place in each turn of a loop. */
const itemHeads = (find: Find, items: readonly unknown[]): ReadonlySet<string> => new Set(items.map((item) => findText(find, item)));

// Fields that have not been normalised may hold a small amount as a number.
const findText = ({ prefix, shape, name }: Find, value: unknown): string =>
  prefix +
  (encodePart(shape, typeof value === "number" && shape.kind === "money" ? BigInt(value) : value) ??
    fail("find is by fields that keys may have", { name }));
const findEntry = (find: Find, value: unknown, keyText: string): string => findText(find, value) + keyText;

/** The records of a block have the same status and often the same parties: the head made last is given again. */
function findHead(find: Find, value: unknown): Bytes {
  if (find.last.head !== undefined && find.last.value === value) return find.last.head;
  const head = unlatin1(findText(find, value));
  if (typeof value !== "object") find.last = { value, head }; // bytes may change under the same name
  return head;
}
