// A contract as its file exports it: `export default` is the contract, every other export of it is named after itself. Owns reading a module.
// Does not own: whether what it declares is sound (check.ts).

import { fail } from "../../base/errors.ts";
import type { Action, AnyContract, Due, View } from "./define.ts";

/** What a module of a contract exports, in its parts. */
export interface Module {
  readonly contract: AnyContract;
  readonly actions: readonly Action[];
  readonly dues: readonly Due[];
  readonly views: readonly View[];
}

/** Reads a module's exports and gives each its name: the export's name is the action's name. */
export function moduleOf(exports: { readonly default: AnyContract }): Module {
  const contract = exports.default;
  const actions: Action[] = [];
  const dues: Due[] = [];
  const views: View[] = [];
  for (const [name, value] of Object.entries(exports) as [string, Action | Due | View | AnyContract | undefined][]) {
    if (typeof value !== "object" || value === null || !("kind" in value) || value.kind === "contract" || !("contract" in value)) continue;
    if (value.contract !== contract) fail("a module holds one contract", { contract: contract.name, export: name });
    if (value.kind === "action") {
      value.name = `${contract.name}.${value.options.name ?? name}@${value.options.version ?? 1}`;
      actions.push(value);
    } else if (value.kind === "due") {
      value.name = name;
      dues.push(value);
    } else {
      value.name = name;
      views.push(value);
    }
  }
  return { contract, actions, dues, views };
}

/** The slots of `by` in their full form. */
export function slotsOf(action: Action): [string, { kind: "party" | "anyone"; who: string } | { role: string; scope?: any; is?: any }][] {
  const { by } = action.options;
  if (typeof by === "string") return [[by, { role: by }]];
  if ("kind" in by && typeof by.kind === "string") return [[by.kind === "anyone" ? "anyone" : "party", by]];
  return Object.entries(by).map(([slot, signer]) => [slot, typeof signer === "string" ? { role: signer } : (signer as any)]);
}
