// Work that the chain does by itself at a time. Owns which entry of the index runs next – in order of time, fairly between contracts, bounded per
// block – and what becomes of an entry that is refused. Does not own: the index (ledger keeps what entries.ts computes), the receipt.
// docs/protocol.md §3.6 (due work), engine.md §3.

import { type Bytes, concat, unlatin1, u48be } from "../../base/bytes.ts";
import { fail } from "../../base/errors.ts";
import { DEFAULT_WORK, MAX_DUE_PER_CONTRACT } from "../../base/limits.ts";
import * as tags from "../../base/tagNames.ts";
import { tagged } from "../../base/tags.ts";
import type { BlockContext, Engine } from "./act.ts";
import { Context } from "./context.ts";
import type { Due } from "./define.ts";
import { duePrefix } from "./entries.ts";
import { decodeInteger, partsEnd } from "./keys.ts";
import { Fault, type Result, resultOf } from "./outcome.ts";
import type { AnyRow, Plan } from "./rows.ts";
import type { State } from "./staging.ts";

/** An entry of the index. */
export interface DueEntry {
  /** What goes into the set of those that ran in this block: a row runs once. */
  readonly id: string;
  readonly time: number;
  readonly contract: string;
  readonly collection: string;
  readonly key: Bytes;
  /** The due work's name. */
  readonly name: string;
  readonly work: number;
}

export interface DueEngine extends Engine {
  /** Contracts with due work, by name; their records by name, each with its due work. */
  readonly dueContracts: readonly { readonly name: string; readonly plans: ReadonlyMap<string, Plan> }[];
}

export const dueWork = (due: Due): number => due.options.work ?? DEFAULT_WORK;

/** The next entry of the block; undefined when nothing is due, or the block's share of due work is used up. */
export function nextDue(
  engine: DueEngine,
  state: State,
  block: BlockContext,
  alreadyRun: ReadonlySet<string>,
  budgetWork: number,
): DueEntry | undefined {
  if (alreadyRun.size >= block.parameters.due_per_block) return undefined;
  const ran = countByContract(alreadyRun);
  let first: DueEntry | undefined;
  let surplus: DueEntry | undefined; // of a contract that had its share: only if no other contract waits
  for (const { name, plans } of engine.dueContracts) {
    const count = ran.get(name) ?? 0;
    const entry = firstOf(state, name, plans, block.time, alreadyRun, count);
    if (entry === undefined) continue;
    if (count < MAX_DUE_PER_CONTRACT) first = earlier(first, entry);
    else surplus = earlier(surplus, entry);
  }
  const next = first ?? surplus;
  return next !== undefined && next.work <= budgetWork ? next : undefined; // in order: a large entry waits for the next block, and so do those behind it
}

function countByContract(alreadyRun: ReadonlySet<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of alreadyRun) {
    const contract = id.slice(0, id.indexOf("/"));
    counts.set(contract, (counts.get(contract) ?? 0) + 1);
  }
  return counts;
}

/** By time, then contract: within a contract the index is in order already. */
function earlier(a: DueEntry | undefined, b: DueEntry): DueEntry {
  return a === undefined || b.time < a.time || (b.time === a.time && b.contract < a.contract) ? b : a;
}

/** The contract's first entry that is due and whose row did not run. Rows that ran and are due again stand before it, with all their due work. */
function firstOf(
  state: State,
  contract: string,
  plans: ReadonlyMap<string, Plan>,
  time: number,
  alreadyRun: ReadonlySet<string>,
  ran: number,
): DueEntry | undefined {
  let most = 1;
  for (const plan of plans.values()) most = Math.max(most, plan.dues.length);
  for (const text of state.entries(duePrefix(contract), ran * most + 1)) {
    const entry = entryOf(contract, plans, text);
    if (entry.time > time) return undefined;
    if (!alreadyRun.has(entry.id)) return entry;
  }
  return undefined;
}

function entryOf(contract: string, plans: ReadonlyMap<string, Plan>, text: string): DueEntry {
  const timeAt = duePrefix(contract).length;
  const recordAt = timeAt + 8;
  const recordEnd = text.indexOf("\0\0", recordAt);
  const plan = plans.get(text.slice(recordAt, recordEnd)) ?? fail("an entry of a record with due work", { contract });
  const keyEnd = partsEnd(plan.keyShapes, text, recordEnd + 2);
  const keyText = text.slice(recordEnd + 2, keyEnd);
  const name = text.slice(keyEnd);
  const due = plan.dues.find((d) => d.name === name) ?? fail("an entry of known due work", { contract, name });
  return {
    id: `${plan.collection}\0${keyText}`,
    time: decodeInteger(text, timeAt),
    contract,
    collection: plan.collection,
    key: unlatin1(keyText),
    name,
    work: dueWork(due),
  };
}

/** Time of the first entry, due or not: what the chain owes next. */
export function dueHead(engine: DueEngine, state: State): number | undefined {
  let head: number | undefined;
  for (const { name } of engine.dueContracts) {
    const prefix = duePrefix(name);
    const [text] = state.entries(prefix, 1);
    if (text !== undefined) head = Math.min(head ?? Number.POSITIVE_INFINITY, decodeInteger(text, prefix.length));
  }
  return head;
}

/** Id of a run of due work (§3): block time as 6 bytes, then 26 bytes of the hash of where and what. */
export function dueId(network: Bytes, block: { readonly height: number; readonly time: number }, entry: DueEntry): Bytes {
  return concat(u48be(block.time), tagged(tags.due, network, [block.height, entry.collection, entry.key, entry.name]).subarray(0, 26));
}

/**
 * Runs an entry. Nobody can be answered with a refusal, so one is not an end: the row is left as it was but marked, which takes it out of the index
 * until somebody writes it; the receipt is applied, with the flags `engine.parked` and the code.
 */
export function runDueEntry(engine: DueEngine, state: State, entry: DueEntry, block: BlockContext, index: number): Result {
  const contract = engine.dueContracts.find(({ name }) => name === entry.contract) ?? fail("due work of a known contract");
  const plan = contract.plans.get(entry.collection.slice(entry.contract.length + 1))!;
  const due = plan.dues.find((d) => d.name === entry.name)!;
  const act = { id: dueId(block.network, block, entry), index, signers: [], contract: due.contract };
  const keyText = entry.id.slice(entry.collection.length + 1);
  const context = new Context(engine, state, block, act);
  try {
    run(context, due, context.take(plan, keyText), entry.work);
  } catch (error) {
    const refused = resultOf(context.ended ?? error);
    const parking = new Context(engine, state, block, act);
    parking.park(plan, keyText, due.name);
    parking.settle();
    parking.flush();
    return { ...refused, outcome: 0, code: null, flags: ["engine.parked", refused.code!] };
  }
  context.flush();
  return { outcome: 0, code: null, flags: context.flags };
}

function run(context: Context, due: Due, row: AnyRow, work: number): void {
  context.begin(due.contract, work, 0, 0);
  const returned = due.options.run(context, row) as unknown;
  if (typeof (returned as { then?: unknown } | undefined)?.then === "function") throw new Fault(`${due.name} is asynchronous`);
  if (context.ended !== undefined) throw context.ended;
  context.settle();
}
