// Scenarios of contracts that read like statutes: who acts, what is refused and under which rule, what time does by itself. Runs the real engine over a
// state in memory, a block for each act, due work first. Every code that is given is noted: everyRule.test.ts wants each declared rule given.
//
//   const town = scenario(composition);
//   town.act("The shop issues an invoice", invoices.issue, { … }, signedBy("shop"));
//   town.refused("Claimed twice", "invoices.claimed_once", invoices.claim, { … }, signedBy("ann"));
//   town.advance(days(3));                                                // due work runs
//   expect(town.row(invoices, "shop", "1")?.paid).toBe("p1");

import { expect } from "vitest";
import { type Bytes, hex, utf8 } from "../../../src/base/bytes.ts";
import { decode, encode, type Value } from "../../../src/base/codec.ts";
import { type Genesis } from "../../../src/base/genesis.ts";
import { sha256 } from "../../../src/base/hash.ts";
import { defaultParameters, type Parameters } from "../../../src/base/parameters.ts";
import { publicKeyOf } from "../../../src/base/signature.ts";
import type { Action, AnyRecord, FieldsOf, KeyOf, Row } from "../../../src/contracts/engine/define.ts";
import type { Body } from "../../../src/contracts/engine/fields.ts";
import {
  type BlockContext,
  build,
  type Composition,
  type Need,
  type Registry,
  type Result,
} from "../../../src/contracts/engine/registry.ts";
import type { Resolver } from "../../../src/contracts/engine/roles.ts";
import { MemoryState } from "./memoryState.ts";

/** `npm run bench -- services` measures the acts of all scenarios. */
const METER = process.env["CHANCERY_METER"];
const meter = METER === undefined ? undefined : (await import("../../../bench/meter.ts")).meter;

/** Codes and flags that any scenario of this process was given. */
export const given = new Set<string>();

const seeds = new Map<string, Bytes>();
/** The seed of whoever has this name: the same in every scenario. */
export function seedOf(name: string): Bytes {
  let seed = seeds.get(name);
  if (seed === undefined) seeds.set(name, (seed = sha256(utf8(`scenario ${name}`))));
  return seed;
}
const publicKeys = new Map<string, Bytes>();
/** The public key of whoever has this name. */
export function keyOf(name: string): Bytes {
  let key = publicKeys.get(name);
  if (key === undefined) publicKeys.set(name, (key = publicKeyOf(seedOf(name))));
  return key;
}
/** Who signs: names (their keys), or keys. */
export type By = readonly (string | Bytes)[];
export const signedBy = (...names: (string | Bytes)[]): By => names;

export interface Operation {
  readonly action: string;
  readonly args: unknown;
}
export function operation<A extends Action>(action: A, args: A extends Action<infer I> ? Body<I> : never): Operation {
  return { action: action.name, args };
}

export interface Options {
  /** Writes the state before block 1 from this genesis; without one the state begins empty. */
  readonly genesis?: Genesis;
  readonly time?: number;
  readonly parameters?: Partial<Parameters>;
  readonly protocol?: number;
  /** Verdicts of predicates, kept between scenarios that hand in the same things: mathematics is done once. */
  readonly verdicts?: Map<string, readonly string[]>;
  /** Off for contracts that want to be seen as production runs them. */
  readonly strict?: boolean;
}

export interface DueRun {
  readonly collection: string;
  readonly name: string;
  readonly result: Result;
}

export class Scenario {
  readonly registry: Registry;
  readonly state: MemoryState;
  readonly network: Bytes = sha256(utf8("scenario"));
  parameters: Parameters;
  time: number;
  height = 0;
  protocol: number;
  epoch = 0;
  readonly #verdicts: Map<string, readonly string[]> | undefined;

  constructor(composition: Composition, options: Options) {
    this.registry = build(composition, { strict: options.strict ?? true });
    this.state = new MemoryState(this.registry);
    this.#verdicts = options.verdicts;
    this.parameters = { ...(options.genesis?.parameters ?? defaultParameters), ...options.parameters };
    this.time = options.time ?? options.genesis?.time ?? Date.UTC(2027, 0, 4);
    this.protocol = options.protocol ?? options.genesis?.protocol ?? 1;
    if (options.genesis !== undefined) this.registry.found(options.genesis, this.state);
  }

  get block(): BlockContext {
    const { network, height, time, epoch, protocol, parameters } = this;
    return { network, height, time, epoch, protocol, parameters };
  }

  /** The act is applied. Answers its flags. */
  act<A extends Action>(says: string, action: A, args: A extends Action<infer I> ? Body<I> : never, by: By): readonly string[] {
    return this.together(says, [operation(action, args)], by);
  }

  /** Several operations in one transaction, all applied. */
  together(says: string, operations: readonly Operation[], by: By): readonly string[] {
    const result = this.submit(operations, by);
    expect(`${says}: ${described(result)}`).toBe(`${says}: applied`);
    return result.flags;
  }

  /** The act is refused under this code (`contract.rule` or `engine.…`), and leaves nothing behind. */
  refused<A extends Action>(says: string, code: string, action: A, args: A extends Action<infer I> ? Body<I> : never, by: By): Result {
    return this.refusedTogether(says, code, [operation(action, args)], by);
  }

  refusedTogether(says: string, code: string, operations: readonly Operation[], by: By): Result {
    const before = this.state.rows.size;
    const result = this.submit(operations, by);
    expect(`${says}: ${result.code ?? "applied"}${result.code === code ? "" : ` ${described(result)}`}`).toBe(`${says}: ${code}`);
    expect(this.state.rows.size).toBe(before);
    return result;
  }

  /** One transaction in a block of its own, a second after the last. */
  submit(operations: readonly Operation[], by: By): Result {
    this.next(1_000);
    const wire = operations.map(({ action, args }) => ({ action, args: decode(encode(args as Value)) }));
    const failedProofs = wire.flatMap(({ action, args }, i) => this.#failedProofs(action, args).map((rule) => `${i}:${rule}`));
    const id = sha256(utf8(`transaction ${this.height}`));
    const call = { id, index: 0, signers: keysOf(by), operations: wire, failedProofs };
    meter?.(METER!, this.registry, this.state, call, this.block);
    const result = this.registry.run(this.state, call, this.block);
    note(result);
    if (result.code === "engine.args_invalid")
      return { ...result, data: { problems: wire.flatMap(({ action, args }) => this.registry.argsProblems(action, args)) } };
    return result;
  }

  #failedProofs(action: string, args: Value): readonly string[] {
    if (this.#verdicts === undefined || this.registry.actions.get(action)?.action.options.proofs === undefined)
      return this.registry.proofs(action, args, this.network);
    const place = `${action}${hex(sha256(encode(args)))}`;
    const known = this.#verdicts.get(place) ?? this.registry.proofs(action, args, this.network);
    this.#verdicts.set(place, known);
    return known;
  }

  /** Who must sign, as a dry run says. */
  needs<A extends Action>(action: A, args: A extends Action<infer I> ? Body<I> : never, by: By = []): Need[] {
    return this.prepared(action, args, by).needs;
  }

  /** A dry run: who must sign, and how it would end if they did. */
  prepared<A extends Action>(action: A, args: A extends Action<infer I> ? Body<I> : never, by: By = []): { result: Result; needs: Need[] } {
    const operations = [{ action: action.name, args: decode(encode(args)) }];
    return this.registry.prepare(
      this.state,
      { id: new Uint8Array(32), index: 0, signers: keysOf(by), operations, failedProofs: [] },
      this.block,
    );
  }

  /** Time passes; blocks are made until nothing is due any more. What ran by itself. */
  advance(ms: number): DueRun[] {
    const runs = this.next(ms);
    for (let blocks = 0; (this.registry.dueHead(this.state) ?? Number.POSITIVE_INFINITY) <= this.time && blocks < 1_000; blocks++)
      runs.push(...this.next(40));
    return runs;
  }

  /** One block, with its due work. */
  next(ms: number): DueRun[] {
    this.time += ms;
    this.height++;
    const ran = new Set<string>();
    const runs: DueRun[] = [];
    let budget = this.parameters.block_work / 4;
    for (;;) {
      const entry = this.registry.due(this.state, this.block, ran, budget);
      if (entry === undefined) return runs;
      ran.add(entry.id);
      budget -= entry.work;
      const result = this.registry.runDue(this.state, entry, this.block, ran.size);
      note(result);
      runs.push({ collection: entry.collection, name: entry.name, result });
    }
  }

  row<R extends AnyRecord>(type: R, ...key: KeyOf<R>): Row<R> | undefined {
    return this.registry.reader(this.state, this.block).find(type, ...key);
  }

  /** The row's fields alone. */
  fields<R extends AnyRecord>(type: R, ...key: KeyOf<R>): FieldsOf<R> | undefined {
    const row = this.row(type, ...key);
    return row === undefined ? undefined : { ...row };
  }

  view(name: string, args: unknown): unknown {
    return this.registry.view(name, args, this.state, this.block);
  }

  /** The index is what the rows say: after state sync it is made from them alone. */
  indexHolds(): void {
    const { kept, rebuilt } = this.state.indexes();
    expect(kept).toEqual(rebuilt);
  }
}

export function scenario(composition: Composition, options: Options = {}): Scenario {
  return new Scenario(composition, options);
}

const keysOf = (by: By): Bytes[] => by.map((who) => (typeof who === "string" ? keyOf(who) : who)).sort((a, b) => Buffer.compare(a, b));

function note(result: Result): void {
  if (result.code !== null) given.add(result.code);
  for (const flag of result.flags) given.add(flag);
}

function described({ outcome, code, data, fault }: Result): string {
  if (outcome === 0) return "applied";
  const more =
    data === undefined
      ? ""
      : ` ${JSON.stringify(data, (_, v) => (typeof v === "bigint" ? `${v}` : v instanceof Uint8Array ? Buffer.from(v).toString("hex") : v))}`;
  return `${code}${more}${fault === undefined ? "" : `\n${fault}`}`;
}

/**
 * Keys and rights without registers, for scenarios that are not about them: whoever has a key by name stands for that name; roles are
 * granted as "contract.role" or "contract.role#scope".
 */
export function plainRights(grants: Readonly<Record<string, readonly string[]>>, parties: readonly string[] = []): Resolver {
  const names = new Set([...Object.keys(grants), ...parties]);
  const nameOf = (key: Bytes): string | undefined => [...names].find((name) => Buffer.compare(keyOf(name), key) === 0);
  return {
    contracts: [],
    standing(_tx, key) {
      const principal = nameOf(key);
      return principal === undefined ? undefined : { principal, kind: principal.startsWith("p:") ? "person" : "agency" };
    },
    access: () => undefined,
    actsFor: (_tx, standing, party) => standing.principal === party,
    holds: (_tx, principal, role, scope) => {
      const held = grants[principal] ?? [];
      return held.includes(role) || (scope !== undefined && held.includes(`${role}#${scope}`));
    },
    known: (_tx, party) => names.has(party),
    sectorOf: () => undefined,
  };
}
