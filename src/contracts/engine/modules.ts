// A contract as its file exports it: `export default` is the contract, every other export of it is named after itself. Owns reading a module.
// Does not own: whether what it declares is sound (check.ts).

import { fail } from "../../base/errors.ts";
import type { AuditDeclaration } from "./audit.ts";
import type { Action, AnyContract, Due, View } from "./define.ts";

/** What a module of a contract exports, in its parts. */
export interface Module {
  readonly contract: AnyContract;
  readonly actions: readonly Action[];
  readonly dues: readonly Due[];
  readonly views: readonly View[];
  readonly audits: readonly AuditDeclaration[];
}

/** Reads a module's exports and gives each its name; they keep the order of the file. */
export function moduleOf(exports: { readonly default: AnyContract }): Module {
  const contract = exports.default;
  const names = new Map(Object.entries(exports).map(([name, value]) => [value as object, name]));
  const actions: Action[] = [];
  const dues: Due[] = [];
  const views: View[] = [];
  const audits: AuditDeclaration[] = [];
  for (const declared of contract.declared) {
    const name =
      names.get(declared) ?? fail("what a contract declares is exported", { contract: contract.name, title: declared.options.title });
    if (declared.kind === "action") {
      declared.name = `${contract.name}.${declared.options.name ?? name}@${declared.options.version ?? 1}`;
      actions.push(declared);
    } else if (declared.kind === "due") {
      declared.name = name;
      dues.push(declared);
    } else if (declared.kind === "audit") {
      declared.name = name;
      audits.push(declared);
    } else {
      declared.name = name;
      views.push(declared);
    }
  }
  return { contract, actions, dues, views, audits };
}

/** The slots of `by` in their full form. */
export function slotsOf(action: Action): [string, { kind: "party" | "anyone"; who: string } | { role: string; scope?: any; is?: any }][] {
  const { by } = action.options;
  if (typeof by === "string") return [[by, { role: by }]];
  if ("kind" in by && typeof by.kind === "string") return [[by.kind === "anyone" ? "anyone" : "party", by]];
  return Object.entries(by).map(([slot, signer]) => [slot, typeof signer === "string" ? { role: signer } : (signer as any)]);
}
