// A contract, declared once: records, roles, rules, actions, due work, views, audits, procedures. Owns: the words a contract file is written in and
// their types. Does not own: execution (run.ts, context.ts), the index of everything declared (registry.ts). docs/protocol.md §8.

import type { Bytes } from "../../base/bytes.ts";
import { fail } from "../../base/errors.ts";
import type { Parameters } from "../../base/parameters.ts";
import type { AuditDeclaration, AuditOptions } from "./audit.ts";
import type { Agency, Body, Fields, Party, Time, ValueOf } from "./fields.ts";

// ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Who reads through a node's API. Policy, not secrecy: state is on every member's node. Otherwise names of fields (parties) and roles. */
export type Readers = "public" | "members" | readonly string[];

export interface RecordOptions<F extends Fields, K extends readonly (keyof F & string)[], S extends string> {
  readonly title: string;
  /** The fields that identify it, in this order. Uniqueness and proofs of absence are by key. */
  readonly key: K;
  readonly fields: F;
  /** Legal moves; the first status is where a record starts. */
  readonly states?: Readonly<Record<S, readonly NoInfer<S>[]>>;
  /** A second identifier, found with `tx.unique`; prefer the key. */
  readonly unique?: readonly (keyof F & string)[];
  /** Fields by which `tx.ordered` scans. */
  readonly ordered?: readonly (keyof F & string)[];
  /** `tx.scan` by prefix of the key is asked for: the keys are then held in memory. */
  readonly scan?: boolean;
  /** Queries through the API only; handlers never see them. `status` is the row's status. */
  readonly find?: readonly ((keyof F & string) | "status")[];
  readonly read?: Readers;
  /** Of the schema, from 1; `upgrade` is pure and runs when an older row is read. Old bytes stay. */
  readonly version?: number;
  readonly upgrade?: (old: Readonly<Record<string, any>>, version: number) => Body<F>;
  /** The most bytes a row may take where 16 KiB are too few. */
  readonly bytes?: number;
}
export interface RecordType<F extends Fields = any, K extends readonly string[] = any, S extends string = any> {
  readonly kind: "record";
  readonly name: string;
  readonly fields: F;
  readonly key: K;
  readonly states: Readonly<Record<S, readonly S[]>>;
  readonly options: RecordOptions<any, any, any>;
  /** Set when its contract is declared: `contract/record`. */
  collection: string;
}
export type AnyRecord = RecordType<any, any, any>;
/** The fields of a record, as handlers write them. */
export type FieldsOf<R> = R extends RecordType<infer F, any, any> ? Body<F> : never;
export type StatusOf<R> = R extends RecordType<any, any, infer S> ? S : never;
type Parts<F extends Fields, K extends readonly string[]> = { readonly [I in keyof K]: ValueOf<F[K[I]]> };
/** The values of a record's key, in order. */
export type KeyOf<R> = R extends RecordType<infer F, infer K, any> ? Parts<F, K> : never;
type Start<T extends readonly unknown[]> = T extends readonly [...infer Rest, unknown] ? T | Start<Rest> : T;
/** The engine's own part of a row. */
export interface Header<R> {
  readonly type: R;
  /** The encoded key: where a scan goes on. */
  readonly key: Bytes;
  readonly revision: number;
  readonly status: StatusOf<R>;
  /** When it entered its status. */
  readonly since: Time;
  readonly schemaVersion: number;
  /** The leaf that wrote this version, and the one that wrote the version before it (0, 0 for the first). */
  readonly height: number;
  readonly index: number;
  readonly previousHeight: number;
  readonly previousIndex: number;
  /** Due work that was refused and waits for somebody to write the row. */
  readonly parked: readonly string[];
}
/** What a handler reads: the fields, and the engine's header under `$`. Immutable. */
export type Row<R> = FieldsOf<R> & { readonly $: Header<R> };
export interface AnyRow {
  readonly $: Header<any>;
}
export type TypeOf<T extends AnyRow> = T["$"]["type"];

/** A type of record. Unless it is exported nobody else can name it, so nobody else can write it. */
export function record<const F extends Fields, const K extends readonly (keyof F & string)[], const S extends string = "live">(
  name: string,
  options: RecordOptions<F, K, S>,
): RecordType<F, K, S> {
  const states = (options.states ?? { live: [] }) as Readonly<Record<S, readonly S[]>>;
  return { kind: "record", name, fields: options.fields, key: options.key, states, options, collection: "" };
}

// ── who signs ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A role is a capability of this contract, granted to an agency by governance, within an optional scope. */
export interface RoleSigner<A, Role extends string> {
  readonly role: Role;
  /** The scope in which it must be held: a district, a kind, a department. */
  readonly scope?: (args: A, tx: Tx<any, any, any>) => string;
  /** The one meant, where several signers may hold the role. */
  readonly is?: (args: A, tx: Tx<any, any, any>) => Party;
}
/** A party is named by the arguments or by state: the handler binds it with `tx.signed(slot, party)`. */
export interface PartySigner {
  readonly kind: "party" | "anyone";
  readonly who: string;
}
export const signs = (who: string): PartySigner => ({ kind: "party", who });
export const anyone: PartySigner = { kind: "anyone", who: "anyone" };
export type Signer<A, Role extends string> = Role | RoleSigner<A, Role> | PartySigner;
export type By<A, Role extends string> = Role | PartySigner | { readonly [slot: string]: Signer<A, Role> };

// ── the context ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What the resolver of keys and roles may do: read. */
export interface Reader {
  readonly time: Time;
  readonly height: number;
  readonly epoch: number;
  readonly protocol: number;
  /** The genesis hash. */
  readonly network: Bytes;
  readonly parameters: Parameters;
  find<R extends AnyRecord>(type: R, ...key: KeyOf<R>): Row<R> | undefined;
  /** The row; else `engine.not_found`. */
  get<R extends AnyRecord>(type: R, ...key: KeyOf<R>): Row<R>;
}

/** All that a handler sees. */
export interface Tx<Rule extends string = string, Role extends string = string, Flag extends string = string> extends Reader {
  /** The transaction's id, 32 bytes. */
  readonly id: Bytes;
  /** Public keys that signed, ascending; for the registers of keys, not for rights: ask `signed` and `holds`. */
  readonly signers: readonly Bytes[];
  /** The row with these values of the record's `unique` fields. */
  unique<R extends AnyRecord>(type: R, ...values: readonly (string | number | bigint | Bytes)[]): Row<R> | undefined;
  /** A new record; else `engine.already_exists`. */
  create<R extends AnyRecord>(type: R, fields: FieldsOf<R>): Row<R>;
  /** As `create` for each item in turn, of the fields that `fieldsOf` makes of it: for lists, where it costs a third. */
  createEach<R extends AnyRecord, T>(type: R, items: readonly T[], fieldsOf: (item: T) => FieldsOf<R>): void;
  /** The row with some fields changed; `undefined` removes an optional one. A row that was written since it was read is a fault. */
  put<T extends AnyRow>(row: T, change: Partial<FieldsOf<TypeOf<T>>>): T;
  /** As `put`, into another status; else `engine.illegal_move`. */
  move<T extends AnyRow>(row: T, to: StatusOf<TypeOf<T>>, change?: Partial<FieldsOf<TypeOf<T>>>): T;
  /** Rows whose key begins with these parts, in key order, at most 500, after the key `after`. */
  scan<R extends AnyRecord>(type: R, prefix: Start<KeyOf<R>>, limit: number, after?: Bytes): readonly Row<R>[];
  /** Rows by the record's `ordered` fields, beginning with these values, in their order (then the key's); after the row `after`. */
  ordered<R extends AnyRecord>(
    type: R,
    prefix: readonly (string | number | bigint | Bytes)[],
    limit: number,
    after?: AnyRow,
  ): readonly Row<R>[];
  require(condition: unknown, rule: Rule, data?: Readonly<Record<string, unknown>>): void;
  reject(rule: Rule, data?: Readonly<Record<string, unknown>>): never;
  /** Accepted, but marked: the code stands on the receipt. */
  flag(flag: Flag): void;
  /**
   * The party named signed this transaction, in its own right or through who may act for it; a byte string means that very key.
   * Else `engine.signature_missing`, or the rule given; `engine.other_sector` for a person of another sector than the contract's.
   */
  signed(slot: string, party: Party | Bytes, rule?: Rule): void;
  /** The principal that filled a role slot of `by`; several are `engine.not_entitled` (say which with `is`). */
  signer(slot: string): Agency;
  /** Does the party (any signer, if none is named) hold the role of this contract, or one written `contract.role`? */
  holds(role: Role | `${string}.${string}`, party?: Party, scope?: string): boolean;
  /** Is the party registered and in good standing, and, if a person, of the contract's sector? For those who are named and do not sign. */
  known(party: Party): boolean;
  /** SHA-256; one unit of work. */
  hash(bytes: Bytes): Bytes;
  /** Counts work that the engine cannot see (a pure function over many items). */
  work(units: number): void;
}

// ── contracts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export interface ContractOptions<Role extends string, Rule extends string, Flag extends string> {
  readonly title: string;
  readonly purpose: string;
  readonly records: readonly AnyRecord[];
  /** Role → who holds it. */
  readonly roles: Readonly<Record<Role, string>>;
  /** Code → the sentence of the statute. Append-only. */
  readonly rules: Readonly<Record<Rule, string>>;
  /** Code → what a mark on an accepted act says. Append-only. */
  readonly flags?: Readonly<Record<Flag, string>>;
  /** The eID sector whose pseudonyms are this contract's persons. */
  readonly sector?: string;
}
export interface ActionOptions<I extends Fields, Role extends string, Rule extends string, Flag extends string> {
  readonly title: string;
  /** Where it is not the export's name (a second version stands beside the first). */
  readonly name?: string;
  readonly version?: number;
  /** Chain versions in which it is in force, both included. */
  readonly since?: number;
  readonly until?: number;
  readonly by: By<Body<I>, Role>;
  readonly input: I;
  /** The rules it may give; those of procedures it calls as `contract.rule`. */
  readonly rules?: readonly (Rule | `${string}.${string}`)[];
  /** Pure predicates of the arguments and the genesis hash, computed beside the signatures, once. */
  readonly proofs?: { readonly [R in Rule]?: (args: Body<I>, network: Bytes) => boolean };
  /** Declared work, where 64 units are too few (or too many). */
  readonly work?: number;
  /** For the reference page, where the generated one says too little. */
  readonly example?: Body<I>;
  run(tx: Tx<Rule, Role, Flag>, args: Body<I>): void;
}
export interface Action<I extends Fields = any> {
  readonly kind: "action";
  readonly contract: AnyContract;
  readonly input: I;
  readonly options: ActionOptions<I, any, any, any>;
  /** `contract.action@version`, once the registry is built. */
  name: string;
}
export interface DueOptions<R extends AnyRecord, Role extends string, Rule extends string, Flag extends string> {
  readonly title: string;
  /** A pure function of the row: when the work is due, if at all. */
  at(row: Row<R>): Time | undefined;
  run(tx: Tx<Rule, Role, Flag>, row: Row<R>): void;
  readonly work?: number;
}
export interface Due<R extends AnyRecord = any> {
  readonly kind: "due";
  readonly contract: AnyContract;
  readonly type: R;
  readonly options: DueOptions<R, any, any, any>;
  /** The export's name, once the registry is built. */
  name: string;
}
export interface ViewOptions<I extends Fields, O> {
  readonly title: string;
  readonly input: I;
  /** Anybody may ask: the answer tells what the view's author lets it tell, whoever may read the rows. */
  run(tx: Reader & Pick<Tx, "scan" | "ordered" | "unique">, args: Body<I>): O;
}
export interface View<I extends Fields = any, O = any> {
  readonly kind: "view";
  readonly contract: AnyContract;
  readonly options: ViewOptions<I, O>;
  name: string;
}
export type Declaration = Action | Due | View | AuditDeclaration;
export interface Contract<Role extends string, Rule extends string, Flag extends string> {
  readonly kind: "contract";
  readonly name: string;
  readonly options: ContractOptions<Role, Rule, Flag>;
  /** Everything declared on it so far, in the order of the file. */
  readonly declared: readonly Declaration[];
  action<const I extends Fields>(options: ActionOptions<I, Role, Rule, Flag>): Action<I>;
  /** Work the chain does by itself once `at(row)` has passed. Change the row and the entry moves; a row runs once per block at most. */
  due<R extends AnyRecord>(type: R, options: DueOptions<R, Role, Rule, Flag>): Due<R>;
  /** A computed answer of the API. Reads, never writes. */
  view<const I extends Fields, O>(options: ViewOptions<I, O>): View<I, O>;
  /** An invariant that anybody recomputes from the rows: `chancery audit`. */
  audit(options: AuditOptions): AuditDeclaration;
  /** A function that other contracts import: it runs under this contract's rules and writes this contract's records. */
  procedure<A extends unknown[], O>(run: (tx: Tx<Rule, Role, Flag>, ...args: A) => O): (tx: Tx<any, any, any>, ...args: A) => O;
}
export type AnyContract = Contract<any, any, any>;

/** How a procedure enters its own contract: the context knows. */
export interface Switching {
  within<O>(contract: AnyContract, run: () => O): O;
}

export function contract<const Role extends string, const Rule extends string, const Flag extends string = never>(
  name: string,
  options: ContractOptions<Role, Rule, Flag>,
): Contract<Role, Rule, Flag> {
  for (const type of options.records) {
    if (type.collection !== "") fail("a record belongs to one contract", { record: type.name, of: type.collection });
    type.collection = `${name}/${type.name}`;
  }
  const declared: Declaration[] = [];
  const declare = <D extends Declaration>(declaration: D): D => {
    declared.push(declaration);
    return declaration;
  };
  const self: Contract<Role, Rule, Flag> = {
    kind: "contract",
    name,
    options,
    declared,
    action: (o) => declare({ kind: "action", contract: self, input: o.input, options: o, name: "" }),
    due: (type, o) => declare({ kind: "due", contract: self, type, options: o, name: "" }),
    view: (o) => declare({ kind: "view", contract: self, options: o, name: "" }),
    audit: (o) => declare({ kind: "audit", contract: self, options: o, name: "" }),
    procedure:
      (run) =>
      (tx, ...args) =>
        (tx as unknown as Switching).within(self, () => run(tx, ...args)),
  };
  return self;
}

export const minutes = (n: number): Time => n * 60_000;
export const hours = (n: number): Time => n * 3_600_000;
export const days = (n: number): Time => n * 86_400_000;
