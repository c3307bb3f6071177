// The context of one transaction: all that a handler sees. Owns reading and writing rows, the engine's own refusals, the count of work. Writes
// are staged here and reach the state when the whole transaction is applied. Does not own: which handler runs (run.ts), who signed (roles.ts),
// what a row is (rows.ts). docs/protocol.md §8.

import { type Bytes, latin1 } from "../../base/bytes.ts";
import { sha256 } from "../../base/hash.ts";
import { MAX_FLAGS, MAX_SCAN_ROWS } from "../../base/limits.ts";
import type { Parameters } from "../../base/parameters.ts";
import type { Act, BlockContext, Engine, Need } from "./act.ts";
import { Creating } from "./createEach.ts";
import type { AnyContract, AnyRecord, Switching, Tx } from "./define.ts";
import { keyInEntry, orderedPrefix, prefixText, scanPrefix, uniquePrefix, valuesText } from "./entries.ts";
import type { Party } from "./fields.ts";
import { encodeParts, type Part } from "./keys.ts";
import { scribeOf } from "./newRows.ts";
import { misfit } from "./normalise.ts";
import { type Data, Exceeded, Fault, Rejection } from "./outcome.ts";
import { type Answers, Signatures } from "./roles.ts";
import { type AnyRow, type AnyValues, changedRow, newRow, type Plan } from "./rows.ts";
import { type Staged, Staging, type State } from "./staging.ts";
import { Work } from "./work.ts";

/** A role slot, and the principals that fill it. */
export interface Filled {
  readonly slot: string;
  readonly found: readonly Party[];
}

export class Context implements Tx<string, string, string>, Switching {
  readonly time: number;
  readonly height: number;
  readonly epoch: number;
  readonly protocol: number;
  readonly network: Bytes;
  readonly parameters: Parameters;
  readonly id: Bytes;
  readonly index: number;
  readonly signatures: Signatures;
  /** Raised so far, in order, none twice. */
  readonly flags: string[] = [];
  /** In a dry run: who must sign; nobody is refused for a signature. */
  readonly needs: Need[] | undefined;
  /** Role slots of the operation that runs. */
  slots: readonly Filled[] = NONE;
  /** Slots that the operation declares for parties; undefined where nothing is checked. */
  declared: ReadonlySet<string> | undefined;
  /** What ends the transaction whatever the handler does with the exception. */
  ended: unknown;
  readonly #engine: Engine;
  readonly #rows: Staging;
  readonly #answers: Answers | undefined;
  /** Something was written to the registers. */
  #registered = false;
  #contract: AnyContract;
  #readOnly: boolean;
  /** A list that is being created. */
  #creating: Creating | undefined;
  readonly #work = new Work();

  constructor(engine: Engine, state: State, block: BlockContext, act: Act) {
    this.#engine = engine;
    this.#rows = new Staging(state);
    this.time = block.time;
    this.height = block.height;
    this.epoch = block.epoch;
    this.protocol = block.protocol;
    this.network = block.network;
    this.parameters = block.parameters;
    this.id = act.id;
    this.index = act.index;
    this.#contract = act.contract;
    this.#readOnly = act.readOnly ?? false;
    this.needs = act.prepare === true ? [] : undefined;
    this.#answers = block.answers;
    this.signatures = new Signatures(act.signers, engine.resolver, this, block.answers);
  }

  get signers(): readonly Bytes[] {
    return this.signatures.keys;
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  find(type: AnyRecord, ...key: readonly unknown[]): any {
    const staged = this.#keyed(this.#plan(type), key);
    this.#charge(1, 0);
    return staged.row;
  }

  get(type: AnyRecord, ...key: readonly unknown[]): any {
    return this.find(type, ...key) ?? this.#reject("engine.not_found", { record: type.name, key: [...key] });
  }

  unique(type: AnyRecord, ...values: readonly Part[]): any {
    const plan = this.#plan(type);
    const names = type.options.unique;
    const text = names?.length === values.length ? prefixText(plan, names, values) : undefined;
    if (names === undefined || text === undefined) return this.#fault("unique: these are not the record's unique fields");
    this.#charge(1, 0);
    const prefix = uniquePrefix(plan);
    const [found] = this.#index(plan, prefix + text, 1, undefined);
    return found === undefined ? undefined : this.#load(plan, keyInEntry(plan, names, found, prefix.length)).row;
  }

  scan(type: AnyRecord, prefix: readonly unknown[], limit: number, after?: Bytes): any {
    const plan = this.#plan(type);
    if (type.options.scan !== true) this.#fault("scan: the record does not declare it");
    const text = prefix.length > type.key.length ? undefined : encodeParts(plan.keyShapes, prefix);
    if (text === undefined) return this.#fault("scan: the prefix is not parts of the key");
    const start = scanPrefix(plan);
    const afterEntry = after === undefined ? undefined : start + this.#latin1(after);
    return this.#index(plan, start + text, this.#limit(limit), afterEntry).map((entry) => this.#scanned(plan, entry.slice(start.length)));
  }

  ordered(type: AnyRecord, prefix: readonly Part[], limit: number, after?: { readonly $: { readonly key: Bytes } }): any {
    const plan = this.#plan(type);
    const names = type.options.ordered;
    const text = names === undefined ? undefined : prefixText(plan, names, prefix);
    if (names === undefined || text === undefined) return this.#fault("ordered: these are not the record's ordered fields");
    const start = orderedPrefix(plan);
    const afterEntry = after === undefined ? undefined : `${start}${valuesText(plan, after, names)}${(after as AnyRow).$.keyText}`;
    return this.#index(plan, start + text, this.#limit(limit), afterEntry).map((entry) =>
      this.#scanned(plan, keyInEntry(plan, names, entry, start.length)),
    );
  }

  #limit(limit: number): number {
    return Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_SCAN_ROWS
      ? limit
      : this.#fault(`a scan is of 1 … ${MAX_SCAN_ROWS} rows`);
  }

  #scanned(plan: Plan, keyText: string): AnyRow {
    this.#charge(1, 0);
    return this.#load(plan, keyText).row ?? this.#fault("an index entry without its row");
  }

  #index(plan: Plan, prefix: string, limit: number, after: string | undefined): string[] {
    try {
      return this.#rows.index(plan, prefix, limit, after);
    } catch (error) {
      return this.#end(error);
    }
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  create(type: AnyRecord, fields: AnyValues): any {
    const plan = this.#plan(type);
    this.#charge(3, 0);
    const key = (type.key as readonly string[]).map((name) => fields[name]);
    const staged = this.#keyed(plan, key);
    this.#own(plan);
    if (staged.row !== undefined) return this.#reject("engine.already_exists", { record: type.name, key });
    const header = this.#rows.header(staged, this, plan.start, this.time);
    return this.#write(staged, () => newRow(header, fields));
  }

  createEach<T>(type: AnyRecord, items: readonly T[], fieldsOf: (item: T) => AnyValues): void {
    const plan = this.#plan(type);
    this.#creating?.end();
    if (items.length < FEW || scribeOf(plan) === undefined || this.#engine.registers.has(plan.contract) || this.#rows.has(plan)) {
      for (const item of items) this.create(type, fieldsOf(item));
      return;
    }
    this.#creating = new Creating(plan, items.length, {
      context: this,
      staging: this.#rows,
      charge: (units) => this.#charge(units, 0),
      own: (own) => this.#own(own),
      reject: (code, data) => this.#reject(code, data),
      fault: (message) => this.#fault(message),
    });
    this.#creating.each(items, fieldsOf);
    this.#creating = undefined;
  }

  put(row: any, change: AnyValues): any {
    const staged = this.#fresh(row);
    const { status, since } = staged.row!.$;
    return this.#change(staged, status, since, change);
  }

  move(row: any, to: string, change: AnyValues = {}): any {
    const staged = this.#fresh(row);
    const { status } = staged.row!.$;
    const legal = staged.plan.type.states[status] as readonly string[] | undefined;
    if (legal?.includes(to) !== true) return this.#reject("engine.illegal_move", { record: staged.plan.type.name, from: status, to });
    return this.#change(staged, to, this.time, change);
  }

  /** The row, for the work that is due on it. */
  take(plan: Plan, keyText: string): AnyRow {
    return this.#load(plan, keyText).row ?? this.#fault("due work of a row that is not there");
  }

  /** Marks due work of the row as refused: it is not due any more until somebody writes the row. */
  park(plan: Plan, keyText: string, due: string): void {
    const staged = this.#load(plan, keyText);
    const { status, since, parked } = staged.row!.$;
    const header = this.#rows.header(staged, this, status, since, [...parked, due]);
    this.#write(staged, () => changedRow(header, staged.row!, {}));
  }

  #change(staged: Staged, status: string, since: number, change: AnyValues): AnyRow {
    this.#charge(3, 0);
    const { plan } = staged;
    this.#own(plan);
    for (const name of plan.type.key) if (Object.hasOwn(change, name)) this.#fault(`${plan.collection}: a key does not change (${name})`);
    const header = this.#rows.header(staged, this, status, since);
    return this.#write(staged, () => changedRow(header, staged.row!, change));
  }

  #write(staged: Staged, make: () => AnyRow): AnyRow {
    const { plan } = staged;
    this.#creating?.end();
    let row: AnyRow;
    try {
      row = make();
    } catch (error) {
      if (error === misfit) return this.#fault(`${plan.collection}: the row does not fit its declaration`);
      throw error;
    }
    const { unique } = plan.type.options;
    if (unique !== undefined) this.#alone(plan, row, unique);
    this.#rows.write(staged, row);
    if (this.#engine.registers.has(plan.contract)) {
      this.#registered = true;
      this.signatures.forget();
    }
    return row;
  }

  #alone(plan: Plan, row: AnyRow, names: readonly string[]): void {
    const values = valuesText(plan, row, names);
    if (values === undefined) return;
    const prefix = uniquePrefix(plan);
    for (const entry of this.#index(plan, prefix + values, 2, undefined)) {
      if (keyInEntry(plan, names, entry, prefix.length) !== row.$.keyText)
        this.#reject("engine.already_exists", { record: plan.type.name, unique: [...names] });
    }
  }

  #own(plan: Plan): void {
    if (this.#readOnly) this.#fault("a view does not write");
    if (plan.contract !== this.#contract.name) this.#fault(`${this.#contract.name} may not write ${plan.collection}`);
  }

  #fresh(row: any): Staged {
    return this.#rows.current(row) ?? this.#fault("put and move take a row as it stands: read it again after writing it");
  }

  // ── rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  require(condition: unknown, rule: string, data?: Data): void {
    if (!condition) this.reject(rule, data);
  }

  reject(rule: string, data?: Data): never {
    return this.#reject(`${this.#contract.name}.${rule}`, data);
  }

  flag(flag: string): void {
    const code = `${this.#contract.name}.${flag}`;
    if (this.#contract.options.flags?.[flag] === undefined) this.#fault(`${code} is not declared`);
    if (!this.flags.includes(code) && this.flags.push(code) > MAX_FLAGS) this.#fault("too many flags");
  }

  // ── who signed ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  signed(slot: string, who: Party | Bytes, rule?: string): void {
    this.#charge(1, 0);
    if (this.declared?.has(slot) === false) this.#fault(`the action does not declare who signs as ${slot}`);
    if (this.#work.freely(() => this.signatures.foreign(who, this.#contract)))
      this.#reject("engine.other_sector", { slot, party: who, sector: this.#contract.options.sector });
    const met = this.#work.freely(() => this.signatures.signed(who));
    if (this.needs !== undefined) {
      this.needs.push({ slot, ...(typeof who === "string" ? { party: who } : {}), met });
      return;
    }
    if (!met) this.#reject(rule === undefined ? "engine.signature_missing" : `${this.#contract.name}.${rule}`, { slot, party: who });
  }

  signer(slot: string): Party {
    const found = this.slots.find((filled) => filled.slot === slot)?.found;
    if (found === undefined) return this.#fault(`${slot} is no role slot of the action`);
    if (found.length === 1) return found[0]!;
    if (this.needs !== undefined && found.length === 0) return NOBODY; // a dry run goes on with a stand-in
    return this.#reject("engine.not_entitled", { slot, several: [...found] });
  }

  holds(role: string, party?: Party, scope?: string): boolean {
    this.#charge(1, 0);
    const full = role.includes(".") ? role : `${this.#contract.name}.${role}`;
    if (party !== undefined) return this.#work.freely(() => this.signatures.partyHolds(full, scope, party));
    const met = this.#work.freely(() => this.signatures.holders(full, scope, undefined).length > 0);
    if (this.needs === undefined) return met;
    this.needs.push({ slot: "", role: full, ...(scope === undefined ? {} : { scope }), met });
    return true; // a dry run goes on as if somebody did
  }

  known(party: Party): boolean {
    this.#charge(1, 0);
    return this.#work.freely(() => !this.signatures.foreign(party, this.#contract) && this.signatures.known(party));
  }

  /** The principals that fill a role slot; the role's whole name. */
  holders(role: string, scope: string | undefined, only: Party | undefined): readonly Party[] {
    return this.#work.freely(() => this.signatures.holders(role, scope, only));
  }

  // ── work ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
  hash(bytes: Bytes): Bytes {
    this.#charge(1, bytes.length);
    return sha256(bytes);
  }

  work(units: number): void {
    this.#charge(Number.isSafeInteger(units) && units >= 0 ? units : this.#fault("work is counted in units"), 0);
  }

  /** Begins an operation: its contract, its allowance, and what its arguments cost. */
  begin(contract: AnyContract, allowed: number, nodes: number, bytes: number): void {
    this.#contract = contract;
    this.#work.begin(allowed, nodes, bytes);
    this.#charge(0, 0);
  }

  /** Ends an operation: what it wrote becomes bytes, which are counted. */
  settle(): void {
    this.#charge(0, this.#rows.settle());
  }

  /** Gives all that was written to the state. */
  flush(): void {
    this.#rows.flush();
    if (this.#registered) this.#answers?.clear();
  }

  #charge(units: number, bytes: number): void {
    if (!this.#work.charge(units, bytes)) this.#end(new Exceeded(this.#work.used));
  }

  // ── between contracts, and ends ────────────────────────────────────────────────────────────────────────────────────────────────────
  within<O>(contract: AnyContract, run: () => O): O {
    const caller = this.#contract;
    const declared = this.declared;
    const { sector } = contract.options;
    if (this.#engine.strict && sector !== undefined && caller.options.sector !== undefined && sector !== caller.options.sector) {
      this.#fault(`${caller.name} and ${contract.name} know persons by different sectors`);
    }
    this.#contract = contract;
    if (contract !== caller) this.declared = undefined;
    try {
      return run();
    } finally {
      this.#contract = caller;
      this.declared = declared;
    }
  }

  #end(reason: unknown): never {
    this.ended ??= reason;
    throw reason;
  }
  #reject(code: string, data?: Data): never {
    return this.#end(new Rejection(code, data));
  }
  #fault(message: string): never {
    return this.#end(new Fault(message));
  }
  #plan(type: AnyRecord): Plan {
    return this.#engine.plans.get(type) ?? this.#fault("a record of a contract that is not registered");
  }

  #keyed(plan: Plan, key: readonly unknown[]): Staged {
    const text = key.length === plan.keyShapes.length ? encodeParts(plan.keyShapes, key) : undefined;
    if (text === undefined) return this.#fault(`${plan.collection}: these are not the parts of its key`);
    return this.#load(plan, text);
  }

  #load(plan: Plan, keyText: string): Staged {
    if (this.#creating?.plan === plan) this.#creating.end();
    try {
      const staged = this.#rows.load(plan, keyText);
      this.#work.read(staged);
      return staged;
    } catch (error) {
      return this.#end(error);
    }
  }

  #latin1(key: Bytes): string {
    return key instanceof Uint8Array ? latin1(key) : this.#fault("a scan goes on after a key");
  }
}

const NONE: readonly Filled[] = [];
/** Fewer are created one by one. */
const FEW = 4;

/** Stands for a role's holder in a dry run that has none yet. */
const NOBODY = "nobody";
