// The rows of one transaction: read once, written here first, given to the state when all of it is applied. Owns the copy that a transaction works
// on, index reads that see its own writes, the bytes of what it wrote. Does not own: whether a write is allowed (context.ts), rows' form (rows.ts).

import { type Bytes, unlatin1 } from "../../base/bytes.ts";
import { memoryEntries } from "./entries.ts";
import { NewRows } from "./newRows.ts";
import { Fault, Stop } from "./outcome.ts";
import { type AnyRow, decodeRow, encodeRow, headerOf, NOT_PARKED, type Plan, type RowHeader, rowOf, type StoredRow } from "./rows.ts";

/** The state as the engine sees it; the ledger's overlay implements it. `keyText` is the key as a latin1 text, from who has it at hand. */
export interface State {
  get(collection: string, key: Bytes, keyText?: string): StoredRow | undefined;
  put(collection: string, key: Bytes, row: StoredRow, keyText?: string): void;
  /** Entries of the index in memory that begin with `prefix`, ascending, after the entry `after`, own writes seen. */
  entries(prefix: string, limit: number, after?: string): string[];
  /** The first of these rows whose key is there; −1 for none. What has no way of its own for many is asked for each. */
  taken?(rows: NewRows): number;
  /** Takes rows none of which is there. */
  putNew?(rows: NewRows): void;
}

/** A row read or written in this transaction. */
export interface Staged {
  readonly plan: Plan;
  readonly keyText: string;
  readonly key: Bytes;
  /** As it stood before the transaction. */
  readonly before: AnyRow | undefined;
  /** Bytes it took there: what reading it costs, once. */
  bytes: number;
  row: AnyRow | undefined;
  written: boolean;
  /** Bytes of what was written, once an operation ended with it. */
  stored: StoredRow | undefined;
}

const FEW = 8;

export class Staging {
  readonly #state: State;
  /** In the order of first reading; looked through while they are few, as most transactions' are. */
  readonly #few: Staged[] = [];
  #rows: Map<Plan, Map<string, Staged>> | undefined;
  readonly #written: (Staged | NewRows)[] = [];
  /** How many of them are many new rows. */
  #many = 0;

  constructor(state: State) {
    this.#state = state;
  }

  /** Throws `Stop` when the ledger fails or the stored row is damaged, `Fault` when an old row cannot be upgraded. */
  load(plan: Plan, keyText: string): Staged {
    if (this.#many > 0) this.#single(plan);
    let staged = this.#find(plan, keyText);
    if (staged !== undefined) return staged;
    let row: AnyRow | undefined;
    let bytes = 0;
    const key = unlatin1(keyText);
    try {
      const stored = this.#state.get(plan.collection, key, keyText);
      if (stored !== undefined) {
        row = rowOf(plan, keyText, stored);
        bytes = stored.bytes.length;
      }
    } catch (error) {
      throw error instanceof Fault ? error : new Stop(error);
    }
    staged = { plan, keyText, key, before: row, bytes, row, written: false, stored: undefined };
    this.#keep(staged);
    return staged;
  }

  // ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Has a row of this record been read or written here? Then many new ones cannot stand apart. */
  has(plan: Plan): boolean {
    return (
      this.#written.some((written) => written.plan === plan) ||
      this.#few.some((staged) => staged.plan === plan) ||
      this.#rows?.has(plan) === true
    );
  }

  /** Rows that are about to be created, as the last that was written. */
  open(rows: NewRows): void {
    this.#written.push(rows);
    this.#many++;
  }

  /** The first whose key is taken, in the state or by another of them; −1 for none. Throws `Stop` when the ledger fails. */
  taken(rows: NewRows): number {
    const twice = rows.firstTwice();
    let found: number;
    try {
      found =
        this.#state.taken?.(rows) ??
        rows.keyTexts.findIndex((text, i) => this.#state.get(rows.collection, rows.key(i), text) !== undefined);
    } catch (error) {
      throw new Stop(error);
    }
    return twice < 0 ? found : found < 0 ? twice : Math.min(found, twice);
  }

  /** One of this record's rows is asked for: what stands in one buffer becomes rows like others, each in its place. */
  #single(plan: Plan): void {
    for (let at = 0; at < this.#written.length; at++) {
      const rows = this.#written[at]!;
      if (!(rows instanceof NewRows) || rows.plan !== plan) continue;
      const all = rows.keyTexts.map((keyText, i): Staged => {
        const bytes = rows.row(i);
        const row = decodeRow(plan, keyText, bytes);
        const stored = rows.counted ? { bytes, decoded: row } : undefined;
        return { plan, keyText, key: row.$.key, before: undefined, bytes: 0, row, written: true, stored };
      });
      this.#written.splice(at, 1, ...all);
      for (const staged of all) this.#keep(staged);
      this.#many--;
    }
  }

  #find(plan: Plan, keyText: string): Staged | undefined {
    if (this.#rows !== undefined) return this.#rows.get(plan)?.get(keyText);
    for (const staged of this.#few) if (staged.plan === plan && staged.keyText === keyText) return staged;
    return undefined;
  }

  #keep(staged: Staged): void {
    if (this.#rows === undefined && this.#few.push(staged) <= FEW) return;
    const kept = this.#rows === undefined ? this.#few : [staged];
    this.#rows ??= new Map();
    for (const each of kept) {
      let rows = this.#rows.get(each.plan);
      if (rows === undefined) this.#rows.set(each.plan, (rows = new Map()));
      rows.set(each.keyText, each);
    }
  }

  /** Where the row stands, if it is the row as it stands now; undefined for one that was written since, or is no row. */
  current(row: AnyRow | undefined): Staged | undefined {
    const header = row?.$;
    if (header?.plan === undefined) return undefined;
    const staged = this.#find(header.plan, header.keyText);
    return staged?.row === row ? staged : undefined;
  }

  /** The header of the version that this act (height, index) writes: one revision for a transaction, however often it writes the row. */
  header(
    staged: Staged,
    act: { readonly height: number; readonly index: number },
    status: string,
    since: number,
    parked = NOT_PARKED,
  ): RowHeader {
    const last = staged.before?.$;
    return headerOf(staged.plan, staged.keyText, staged.key, {
      revision: (last?.revision ?? 0) + 1,
      status,
      since,
      schemaVersion: staged.plan.version,
      height: act.height,
      index: act.index,
      previousHeight: last?.height ?? 0,
      previousIndex: last?.index ?? 0,
      parked,
    });
  }

  write(staged: Staged, row: AnyRow): void {
    if (!staged.written) {
      staged.written = true;
      this.#written.push(staged);
    }
    staged.row = row;
    staged.stored = undefined;
  }

  /** Entries of the state's index, with what this transaction wrote put in and taken out. */
  index(plan: Plan, prefix: string, limit: number, after: string | undefined): string[] {
    const gone = new Set<string>();
    const come: string[] = [];
    for (const written of this.#written) {
      if (written.plan !== plan || written instanceof NewRows) continue; // what comes in many has no such entries
      const { before, row } = written;
      if (before !== undefined) for (const text of memoryEntries(before)) if (text.startsWith(prefix)) gone.add(text);
      for (const text of memoryEntries(row!)) if (text.startsWith(prefix) && (after === undefined || text > after)) come.push(text);
    }
    let stands: string[];
    try {
      stands = this.#state.entries(prefix, limit + gone.size, after);
    } catch (error) {
      throw new Stop(error);
    }
    if (gone.size === 0 && come.length === 0) return stands;
    const merged = [...stands.filter((text) => !gone.has(text)), ...come].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return merged.slice(0, limit);
  }

  /** Ends an operation: what it wrote becomes bytes; the number of them. */
  settle(): number {
    let bytes = 0;
    for (const staged of this.#written) {
      if (staged instanceof NewRows) {
        if (!staged.counted) bytes += staged.rowBytes;
        staged.counted = true;
        continue;
      }
      if (staged.stored !== undefined) continue;
      memoryEntries(staged.row!); // what a due date computes may throw: here, where it is still the contract's fault
      staged.stored = { bytes: encodeRow(staged.row!), decoded: staged.row };
      bytes += staged.stored.bytes.length;
    }
    return bytes;
  }

  /** Gives all that was written to the state, in the order of first writing. */
  flush(): void {
    for (const written of this.#written) {
      if (!(written instanceof NewRows)) this.#state.put(written.plan.collection, written.key, written.stored!, written.keyText);
      else if (this.#state.putNew !== undefined) this.#state.putNew(written);
      else
        for (const [i, text] of written.keyTexts.entries()) this.#state.put(written.collection, written.key(i), storedOf(written, i), text);
    }
  }
}

function storedOf(rows: NewRows, i: number): StoredRow {
  const bytes = rows.row(i);
  return { bytes, decoded: decodeRow(rows.plan, rows.keyTexts[i]!, bytes) };
}
