// The registry: everything that contracts declare, made ready once, and the one object through which the ledger runs them. Owns names, the order of
// contracts, the seam to the ledger. Does not own: what the contracts say (contracts/), how each part works (the files it calls).

import type { Bytes } from "../../base/bytes.ts";
import { latin1, unlatin1 } from "../../base/bytes.ts";
import type { Value } from "../../base/codec.ts";
import { fail, LedgerError } from "../../base/errors.ts";
import { encodeGenesis, type Genesis, genesisHash } from "../../base/genesis.ts";
import { DEFAULT_WORK, MAX_VIEW_WORK } from "../../base/limits.ts";
import { defaultParameters } from "../../base/parameters.ts";
import * as tags from "../../base/tagNames.ts";
import { noNetwork, tagged } from "../../base/tags.ts";
import { problemsOf } from "./check.ts";
import { type AsOf, type Auditing, beginAudit } from "./audit.ts";
import { type Module, moduleOf, slotsOf } from "./modules.ts";
import type { BlockContext, Need } from "./act.ts";
import { Context } from "./context.ts";
import type { Action, AnyContract, AnyRecord, Reader, Tx, View } from "./define.ts";
import { type DueEngine, type DueEntry, dueHead, nextDue, runDueEntry } from "./due.ts";
import { findEntries, findPrefix, findShape, memoryEntries, rowHeads } from "./entries.ts";
import type { Body, Field, Fields } from "./fields.ts";
import { encodePart, keyFromText, partFromText, writtenParts } from "./keys.ts";
import { fromJson, type Json, type JsonProblem, rowFromJson, rowToJson, toJson, whyNot } from "./json.ts";
import { manifestOf } from "./manifest.ts";
import type { NewRows } from "./newRows.ts";
import { filler, misfit } from "./normalise.ts";
import { Exceeded, Rejection, type Result } from "./outcome.ts";
import { argumentsReader } from "./reading.ts";
import type { Resolver } from "./roles.ts";
import { type AnyRow, type Plan, planOf, rowOf, type StoredRow } from "./rows.ts";
import { type ActionPlan, type Call, failedProofs, fitted, inForce, prepareTransaction, runTransaction } from "./run.ts";
import { type ContractDescription, describeContract } from "./schema.ts";
import { isReader } from "./readers.ts";
import type { Standing } from "./roles.ts";
import type { State } from "./staging.ts";

export type { BlockContext, Call, DueEntry, Need, NewRows, Result, Standing, State, StoredRow };

/** What contracts/all.ts puts together. */
export interface Composition {
  /** The modules of the contracts (`import * as evidence from …`), in the order of the reference. */
  readonly modules: readonly { readonly default: AnyContract }[];
  readonly resolver: Resolver<any>;
  /** Writes the state before block 1. */
  readonly found: (tx: Tx<any, any, any>, genesis: Genesis) => void;
}

export interface Registry {
  readonly manifest: Value;
  readonly contracts: readonly Module[];
  readonly actions: ReadonlyMap<string, ActionPlan>;
  manifestHash(network?: Bytes): Bytes;
  /** Executes a transaction; `state` holds what it wrote only if the outcome is 0. */
  run(state: State, call: Call, block: BlockContext): Result;
  /** The dry run: who must sign, and how it would end if they did. */
  prepare(state: State, call: Call, block: BlockContext): { result: Result; needs: Need[] };
  /** The next entry of due work; its `id` goes into `alreadyRun`, its `work` off the budget. */
  due(state: State, block: BlockContext, alreadyRun: ReadonlySet<string>, budgetWork: number): DueEntry | undefined;
  runDue(state: State, entry: DueEntry, block: BlockContext, index: number): Result;
  dueHead(state: State): number | undefined;
  found(genesis: Genesis, state: State): void;
  memoryIndex(collection: string, key: Bytes, row: StoredRow): readonly string[];
  findIndex(collection: string, key: Bytes, row: StoredRow): string[];
  /** The same entries without the key that each ends with. */
  findHeads(collection: string, key: Bytes, row: StoredRow): Bytes[];
  /** Where the entries of a query begin; the key stands behind the prefix. Throws `request.invalid`. */
  findPrefix(collection: string, name: string, value: string): string;
  work(action: string, protocol: number): number;
  proofs(action: string, args: Value, network: Bytes): string[];
  /** Everything a contract says of itself, for OpenAPI, commands and pages. */
  describe(): readonly ContractDescription[];
  /** Canonical arguments of JSON, or what is wrong with it. Throws `action.unknown`. */
  argsFromJson(action: string, json: unknown, pointer?: string): { value: { readonly [name: string]: Value }; errors: JsonProblem[] };
  argsToJson(action: string, args: Value): { readonly [name: string]: Json } | undefined;
  /** Why canonical arguments do not fit; empty if they do. */
  argsProblems(action: string, args: Value): JsonProblem[];
  /** A row as the API gives it. */
  toJson(collection: string, key: Bytes, row: StoredRow): { readonly [name: string]: Json };
  keyOf(collection: string, parts: readonly string[]): Bytes;
  partsOf(collection: string, key: Bytes): string[];
  /** The row that `toJson` gave. Throws `answer.malformed` on anything else. */
  fromJson(collection: string, json: unknown): AnyRow;
  /** The row's fields and header, normalised; for the API and tests. */
  rowOf(collection: string, key: Bytes, row: StoredRow): AnyRow;
  plan(collection: string): Plan;
  /** Reads rows outside of any transaction: for what the ledger must know of the state (consensusView). */
  reader(state: State, block?: BlockContext): Reader & Pick<Tx, "scan" | "ordered" | "unique">;
  /** Who may sign by this key, or read by it, now; undefined for nobody. */
  standing(key: Bytes, purpose: "signs" | "reads", state: State, block: BlockContext): Standing | undefined;
  /** May `who` read this row through a node's API (what the record's `read` says)? Without a row: any row there may ever be. */
  mayRead(collection: string, row: AnyRow | undefined, who: Standing, state: State, block: BlockContext): boolean;
  /** Begins the audits of a contract; undefined if there is no such contract. */
  audit(contract: string, asOf: AsOf): Auditing | undefined;
  /** By `contract.view`. */
  readonly views: ReadonlyMap<string, View>;
  /**
   * The answer of a view that there is. Throws `args.invalid`, `record.unknown` if what it is about is not there, `request.invalid` if it would have to
   * look at more than a view may.
   */
  view(name: string, args: unknown, state: State, block: BlockContext): unknown;
}
export interface BuildOptions {
  /** Tests: an undeclared rule or slot, or a procedure of another sector, throws. */
  readonly strict?: boolean;
}

export function build(composition: Composition, options: BuildOptions = {}): Registry {
  const contracts = composition.modules.map(moduleOf);
  const problems = contracts.flatMap(problemsOf);
  const twice = contracts.map(({ contract }) => contract.name).filter((name, i, all) => all.indexOf(name) !== i);
  problems.push(...twice.map((name) => `${name}: two contracts of one name`));
  if (problems.length > 0) fail("contracts are declared soundly", { problems });

  const plans = new Map<AnyRecord, Plan>();
  const byCollection = new Map<string, Plan>();
  for (const { contract, dues } of contracts)
    for (const type of contract.options.records) {
      const plan = planOf(
        contract.name,
        type,
        dues.filter((due) => due.type === type),
      );
      plans.set(type, plan);
      byCollection.set(plan.collection, plan);
    }
  const dueContracts = contracts
    .filter(({ dues }) => dues.length > 0)
    .map(({ contract, dues }) => ({
      name: contract.name,
      plans: new Map(dues.map((due) => [due.type.name as string, plans.get(due.type)!])),
    }));
  const { resolver } = composition;
  const registers = new Set(resolver.contracts.map(({ name }) => name));
  const engine: DueEngine = { plans, resolver, registers, strict: options.strict ?? false, dueContracts };
  const actions = new Map(contracts.flatMap(({ actions: own }) => own.map((action) => [action.name, actionPlan(action)])));
  const views = new Map(contracts.flatMap(({ contract, views: own }) => own.map((view) => [`${contract.name}.${view.name}`, view])));
  const manifest = manifestOf(contracts);
  const plan = (collection: string): Plan => byCollection.get(collection) ?? unknown("collection.unknown", { collection });
  const read = (collection: string, key: Bytes, row: StoredRow): AnyRow =>
    row.decoded === undefined ? rowOf(plan(collection), latin1(key), row) : (row.decoded as AnyRow);
  const known = (name: string): ActionPlan => actions.get(name) ?? unknown("action.unknown", { action: name });
  const inputOf = (name: string): Fields => known(name).action.input as Fields;
  const keyFields = ({ type }: Plan): Field<any>[] => (type.key as readonly string[]).map((name) => (type.fields as Fields)[name]!);

  return {
    manifest,
    contracts,
    actions,
    views,
    manifestHash: (network = noNetwork) => tagged(tags.manifest, network, manifest),
    run: (state, call, block) => runTransaction(engine, actions, state, call, block),
    prepare: (state, call, block) => prepareTransaction(engine, actions, state, call, block),
    due: (state, block, alreadyRun, budgetWork) => nextDue(engine, state, block, alreadyRun, budgetWork),
    runDue: (state, entry, block, index) => runDueEntry(engine, state, entry, block, index),
    dueHead: (state) => dueHead(engine, state),
    found(genesis, state) {
      const { time, protocol, parameters } = genesis;
      const block = { network: genesisHash(encodeGenesis(genesis)), height: 0, time, epoch: 0, protocol, parameters };
      const context = new Context(engine, state, block, { id: new Uint8Array(32), index: 0, signers: [], contract: FOUNDING });
      composition.found(context, genesis);
      context.settle();
      context.flush();
    },
    memoryIndex: (collection, key, row) => memoryEntries(read(collection, key, row)),
    findIndex: (collection, key, row) => findEntries(read(collection, key, row)),
    findHeads: (collection, key, row) => rowHeads(read(collection, key, row)),
    findPrefix(collection, name, value) {
      const own = plan(collection);
      if (own.type.options.find?.includes(name) !== true)
        throw new LedgerError("request.invalid", { find: name, expected: own.type.options.find ?? [] });
      const shape = findShape(own, name);
      return findPrefix(own, name) + encodePart(shape, partFromText(name, { shape, optional: false }, value));
    },
    work(action, protocol) {
      const found = actions.get(action);
      return found !== undefined && inForce(found, protocol) ? found.work : 1; // §4.4: unknown actions 1
    },
    proofs(action, args, network) {
      const found = actions.get(action);
      return found === undefined ? [] : failedProofs(found, args, network);
    },
    describe: () => contracts.map((module) => describeContract(module, contracts)),
    argsFromJson: (name, json, pointer) => fromJson(inputOf(name), json, pointer),
    argsToJson(name, args) {
      const body = fitted(known(name), args);
      return body === undefined ? undefined : toJson(inputOf(name), body);
    },
    argsProblems: (name, args) => whyNot(inputOf(name), args),
    toJson: (collection, key, row) => rowToJson(read(collection, key, row)),
    fromJson: (collection, json) => rowFromJson(plan(collection), json),
    keyOf: (collection, parts) => unlatin1(keyFromText(plan(collection).type.key, keyFields(plan(collection)), parts)),
    partsOf: (collection, key) => writtenParts(plan(collection).keyShapes, latin1(key)),
    rowOf: read,
    plan,
    reader(state, block = NOWHERE) {
      return new Context(engine, state, block, { id: new Uint8Array(32), index: 0, signers: [], contract: FOUNDING, readOnly: true });
    },
    standing(key, purpose, state, block) {
      const tx = this.reader(state, block);
      return purpose === "signs" ? resolver.standing(tx, key) : resolver.access(tx, key);
    },
    mayRead(collection, row, who, state, block) {
      return isReader(plan(collection), row, { resolver, tx: this.reader(state, block), who });
    },
    audit(name, asOf) {
      const module = contracts.find(({ contract }) => contract.name === name);
      return module && beginAudit(module, asOf);
    },
    view(name, args, state, block) {
      const view = views.get(name) ?? unknown("view.unknown", { view: name });
      const context = new Context(engine, state, block, {
        id: new Uint8Array(32),
        index: 0,
        signers: [],
        contract: view.contract,
        readOnly: true,
      });
      context.begin(view.contract, MAX_VIEW_WORK, 0, 0);
      const given = fit(view, args);
      try {
        return view.options.run(context, given);
      } catch (error) {
        if (error instanceof Rejection) throw new LedgerError("record.unknown", { detail: `${name}: what it is asked about is not there` });
        if (error instanceof Exceeded) throw new LedgerError("request.invalid", { detail: `${name} would have to look at too much` });
        throw error;
      }
    },
  };
}

function fit(view: View, args: unknown): Body<any> {
  try {
    return filler(view.options.input as Fields)({}, args, false);
  } catch (error) {
    if (error === misfit) throw new LedgerError("args.invalid", { view: view.name });
    throw error;
  }
}

/** The founding has no contract of its own: procedures of governance and eid write. */
const FOUNDING = { name: "", options: {} } as AnyContract;
const NOWHERE: BlockContext = { network: noNetwork, height: 0, time: 0, epoch: 0, protocol: 1, parameters: defaultParameters };

function unknown(code: string, data: Readonly<Record<string, unknown>>): never {
  throw new LedgerError(code, data);
}

function actionPlan(action: Action): ActionPlan {
  const { options, contract } = action;
  const slots = slotsOf(action);
  return {
    action,
    contract,
    name: action.name,
    since: options.since ?? 1,
    until: options.until ?? Number.POSITIVE_INFINITY,
    work: options.work ?? DEFAULT_WORK,
    fill: filler(action.input as Fields),
    read: argumentsReader(action.input as Fields),
    roleSlots: slots.flatMap(([slot, signer]) => ("kind" in signer ? [] : [{ slot, role: `${contract.name}.${signer.role}`, signer }])),
    declared: new Set(slots.map(([slot]) => slot)),
    codes: new Set(((options.rules ?? []) as readonly string[]).map((rule) => (rule.includes(".") ? rule : `${contract.name}.${rule}`))),
  };
}
