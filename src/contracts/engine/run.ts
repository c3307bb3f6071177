// Runs one transaction: its operations in order, each seeing the last, all or none. Owns the order of checks – in force, arguments, proofs, roles,
// handler – and the dry run that says who must sign. Does not own: the context (context.ts), which transactions are live (ledger).
// docs/protocol.md §3.6 (execution), §8.

import type { Bytes } from "../../base/bytes.ts";
import type { Value } from "../../base/codec.ts";
import type { Act, BlockContext, Engine, Need } from "./act.ts";
import { Context, type Filled } from "./context.ts";
import type { Action, AnyContract, RoleSigner } from "./define.ts";
import type { Body, Fields, Party } from "./fields.ts";
import { type filler, measure, misfit } from "./normalise.ts";
import type { ArgumentsReader } from "./reading.ts";
import { Fault, isExhaustion, Rejection, type Result, resultOf, Stop } from "./outcome.ts";
import type { State } from "./staging.ts";

export interface Operation {
  readonly action: string;
  readonly args: Value;
  /** Where the arguments stand in canonical bytes, if they do: then they are read there, and `args` is not asked for. */
  readonly bytes?: Bytes;
  readonly argsAt?: number;
}

/** One transaction, as the ledger hands it over: decoded, its signatures verified. */
export interface Call {
  readonly id: Bytes;
  /** Position of its leaf in the block. */
  readonly index: number;
  readonly signers: readonly Bytes[];
  readonly operations: readonly Operation[];
  /** `operation index:rule` of each predicate that said no when the batch was verified; `…:engine.fault` of one that threw. */
  readonly failedProofs: readonly string[];
}

/** A version of an action, made ready when the registry is built. */
export interface ActionPlan {
  readonly action: Action;
  readonly contract: AnyContract;
  /** `contract.action@version`. */
  readonly name: string;
  readonly since: number;
  readonly until: number;
  readonly work: number;
  readonly fill: ReturnType<typeof filler>;
  readonly read: ArgumentsReader;
  /** What roles fill, each by its whole name; parties the handler binds. */
  readonly roleSlots: readonly { readonly slot: string; readonly role: string; readonly signer: RoleSigner<any, any> }[];
  readonly declared: ReadonlySet<string>;
  /** Codes it may give, whole. */
  readonly codes: ReadonlySet<string>;
}
export type ActionPlans = ReadonlyMap<string, ActionPlan>;

export const inForce = (plan: ActionPlan, protocol: number): boolean => plan.since <= protocol && protocol <= plan.until;

/** Arguments in handler form; undefined when they do not fit. */
export function fitted(plan: ActionPlan, args: Value): Body<Fields> | undefined {
  try {
    return plan.fill({}, args, false);
  } catch (error) {
    if (error === misfit) return undefined;
    throw error;
  }
}

/** The same, of an operation. */
function argumentsOf(plan: ActionPlan, operation: Operation): Body<Fields> | undefined {
  const { bytes, argsAt } = operation;
  if (bytes === undefined || argsAt === undefined) return fitted(plan, operation.args);
  try {
    return plan.read(bytes, argsAt);
  } catch (error) {
    if (error === misfit) return undefined;
    throw error;
  }
}

/** Executes; what it wrote is in `state` only if the outcome is 0. */
export function runTransaction(engine: Engine, actions: ActionPlans, state: State, call: Call, block: BlockContext): Result {
  const context = new Context(engine, state, block, actOf(actions, call));
  try {
    for (let i = 0; i < call.operations.length; i++) operate(engine, actions, context, call, i);
  } catch (error) {
    return resultOf(context.ended ?? error);
  }
  context.flush();
  return context.flags.length === 0 ? APPLIED : { outcome: 0, code: null, flags: context.flags };
}
const APPLIED: Result = Object.freeze({ outcome: 0, code: null, flags: Object.freeze([]) });

/** The same as a dry run: who must sign, and how it would end if they did. Writes nothing. */
export function prepareTransaction(
  engine: Engine,
  actions: ActionPlans,
  state: State,
  call: Call,
  block: BlockContext,
): { result: Result; needs: Need[] } {
  const context = new Context(engine, state, block, { ...actOf(actions, call), prepare: true });
  let result: Result;
  try {
    for (let i = 0; i < call.operations.length; i++) operate(engine, actions, context, call, i);
    result = { outcome: 0, code: null, flags: context.flags };
  } catch (error) {
    result = resultOf(context.ended ?? error);
  }
  const needs = new Map(context.needs!.map((need) => [`${need.slot} ${need.party ?? ""} ${need.role ?? ""} ${need.scope ?? ""}`, need]));
  return { result, needs: [...needs.values()] };
}

/** The contract that a context begins in does not matter: every operation begins in its own. */
function actOf(actions: ActionPlans, { id, index, signers, operations }: Call): Act {
  const first = actions.get(operations[0]?.action ?? "")?.contract ?? NOBODY;
  return { id, index, signers, contract: first };
}
const NOBODY = { name: "", options: {} } as AnyContract;

function operate(engine: Engine, actions: ActionPlans, context: Context, call: Call, position: number): void {
  const operation = call.operations[position]!;
  const { action } = operation;
  const plan = actions.get(action);
  if (plan === undefined || !inForce(plan, context.protocol)) throw new Rejection("engine.not_in_force", { action });
  measure.nodes = 0;
  measure.bytes = 0;
  const fit = argumentsOf(plan, operation);
  if (fit === undefined) throw new Rejection("engine.args_invalid", { action });
  for (const failed of call.failedProofs) {
    const [at, rule] = failed.split(":") as [string, string];
    if (Number(at) !== position) continue;
    if (rule === "engine.fault") throw new Fault(`a predicate of ${action} threw`);
    throw new Rejection(`${plan.contract.name}.${rule}`, { proof: rule });
  }
  context.begin(plan.contract, plan.work, measure.nodes, measure.bytes);
  try {
    context.declared = undefined;
    context.slots = roleSlots(plan, context, fit);
    context.declared = engine.strict ? plan.declared : undefined;
    const returned = plan.action.options.run(context, fit) as unknown;
    if (typeof (returned as { then?: unknown } | undefined)?.then === "function") throw new Fault(`${action} is asynchronous`);
    if (context.ended !== undefined) throw context.ended; // a handler must not swallow its own end
    context.settle();
  } catch (error) {
    const end = context.ended ?? error;
    if (engine.strict && end instanceof Rejection && !end.code.startsWith("engine.") && !plan.codes.has(end.code)) {
      // Tests only: an action gives no code that it does not declare, so the reference and the client know them all.
      context.ended = new Stop(new TypeError(`${plan.name} gives ${end.code} without declaring it`));
    }
    throw context.ended ?? error;
  }
}

/** Fills the role slots of `by`: the principals among the signers that hold the role, in its scope. */
function roleSlots(plan: ActionPlan, context: Context, args: Body<Fields>): Filled[] {
  const filled = new Array<Filled>(plan.roleSlots.length);
  for (let i = 0; i < plan.roleSlots.length; i++) {
    const { slot, role, signer } = plan.roleSlots[i]!;
    const scope = signer.scope?.(args, context);
    const only = signer.is?.(args, context);
    const found = context.holders(role, scope, only);
    if (context.needs !== undefined) context.needs.push({ ...needOf(slot, role, scope, only), met: found.length > 0 });
    else if (found.length === 0) throw new Rejection("engine.not_entitled", needOf(slot, role, scope, only));
    filled[i] = { slot, found };
  }
  return filled;
}

function needOf(slot: string, role: string, scope: string | undefined, only: Party | undefined): Omit<Need, "met"> {
  return { slot, role, ...(scope === undefined ? {} : { scope }), ...(only === undefined ? {} : { party: only }) };
}

/** Rules whose predicate says no; `engine.fault` for one that throws. Runs in the verify workers. Exhaustion goes through. */
export function failedProofs(plan: ActionPlan, args: Value, network: Bytes): string[] {
  const { proofs } = plan.action.options;
  if (proofs === undefined) return [];
  const fit = fitted(plan, args);
  if (fit === undefined) return []; // execution refuses the arguments first
  const failed: string[] = [];
  for (const rule of Object.keys(proofs).sort()) {
    try {
      if (proofs[rule]!(fit, network) !== true) failed.push(rule);
    } catch (error) {
      if (isExhaustion(error)) throw error;
      failed.push("engine.fault");
    }
  }
  return failed;
}
