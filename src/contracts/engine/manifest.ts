// The manifest: what a release promises about its contracts – names, versions, schemas, codes, keys, states – as one canonical value. Its hash stands
// in genesis; the golden copy in docs/reference/manifest.json shows every change in review. Owns its form and what may change between
// releases. Does not own: sentences and titles, which may be put better at any time. docs/protocol.md §8.

import type { Value } from "../../base/codec.ts";
import { DEFAULT_WORK } from "../../base/limits.ts";
import type { Action, AnyRecord, Due } from "./define.ts";
import type { Field, Fields, Shape } from "./fields.ts";
import { type Module, slotsOf } from "./modules.ts";

type Map = { [name: string]: Value };

/** A shape as data; optional fields are marked with "?" behind their name. */
export function shapeValue(shape: Shape): Value {
  switch (shape.kind) {
    case "text":
      return [shape.form, shape.min, shape.max];
    case "integer":
      return [shape.unit === "ms" ? "time" : "integer", shape.min, shape.max];
    case "bytes":
      return ["bytes", shape.min, shape.max];
    case "oneOf":
      return ["one_of", ...shape.words];
    case "list":
      return [shape.each ? "each" : "list", shape.min, shape.max, shapeValue(shape.item.shape)];
    case "object":
      return ["object", fieldsValue(shape.fields)];
    case "json":
      return ["json", shape.max];
    case "sealed":
      return ["sealed", Object.entries(shape.fields).map(([name, field]) => [marked(name, field), shapeValue(field.shape)])]; // in order: leaves have indexes
    default:
      return [shape.kind];
  }
}
const marked = (name: string, field: Field<any>): string => (field.optional ? `${name}?` : name);
export function fieldsValue(fields: Fields): Map {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [marked(name, field), shapeValue(field.shape)]));
}

function recordValue(type: AnyRecord, dues: readonly Due[]): Value {
  const { options } = type;
  return {
    key: [...type.key],
    fields: fieldsValue(type.fields),
    version: options.version ?? 1,
    states: Object.entries(type.states as Record<string, readonly string[]>).map(([from, to]) => [from, [...to]]),
    unique: [...(options.unique ?? [])],
    ordered: [...(options.ordered ?? [])],
    scan: options.scan ?? false,
    find: [...(options.find ?? [])],
    due: dues.filter((due) => due.type === type).map((due) => [due.name, due.options.work ?? DEFAULT_WORK]),
  };
}

function actionValue(action: Action): Value {
  const { options } = action;
  return {
    input: fieldsValue(action.input),
    since: options.since ?? 1,
    until: options.until ?? null,
    work: options.work ?? DEFAULT_WORK,
    by: slotsOf(action).map(([slot, signer]) => ("role" in signer ? [slot, "role", signer.role] : [slot, signer.kind])),
    rules: [...((options.rules ?? []) as readonly string[])].sort(),
    proofs: Object.keys(options.proofs ?? {}).sort(),
  };
}

export function manifestOf(modules: readonly Module[]): Value {
  const contracts: Map = {};
  for (const { contract, actions, dues } of modules) {
    const { records, roles, rules, flags, sector } = contract.options;
    contracts[contract.name] = {
      records: Object.fromEntries(records.map((type) => [type.name, recordValue(type, dues)])),
      actions: Object.fromEntries(actions.map((action) => [action.name.slice(contract.name.length + 1), actionValue(action)])),
      roles: Object.keys(roles).sort(),
      rules: Object.keys(rules).sort(),
      flags: Object.keys(flags ?? {}).sort(),
      sector: sector ?? null,
    };
  }
  return { format: "chancery-manifest/1", contracts };
}

/**
 * What a change of the manifest breaks: a name that is gone, a schema that changed without its version. Additions are free, but for a record's
 * schema and an action's input, which are versioned.
 */
export function breaches(before: Value, after: Value): string[] {
  const old = parts(before);
  const now = parts(after);
  const said: string[] = [];
  for (const [name, contract] of Object.entries(old)) {
    const next = now[name];
    if (next === undefined) {
      said.push(`${name}: the contract is gone`);
      continue;
    }
    for (const list of ["roles", "rules", "flags"] as const)
      for (const code of contract[list] as string[])
        if (!(next[list] as string[]).includes(code)) said.push(`${name}.${code}: gone from its ${list}`);
    for (const [action, value] of Object.entries(contract["actions"] as Map)) {
      const same = (next["actions"] as Map)[action];
      if (same === undefined) said.push(`${name}.${action}: gone; give it \`until\``);
      else if (text(without(value, "until")) !== text(without(same, "until")))
        said.push(`${name}.${action}: changed without a new version`);
    }
    for (const [record, value] of Object.entries(contract["records"] as Record<string, Map>)) {
      const same = (next["records"] as Record<string, Map>)[record];
      if (same === undefined) said.push(`${name}/${record}: gone`);
      else if (text(same["key"]!) !== text(value["key"]!)) said.push(`${name}/${record}: another key`);
      else if (text(same["fields"]!) !== text(value["fields"]!) && (same["version"] as number) <= (value["version"] as number))
        said.push(`${name}/${record}: another schema without a new version`);
    }
  }
  return said;
}
type Parts = Record<string, Map>;
const parts = (manifest: Value): Parts => (manifest as { contracts: Parts }).contracts;
const text = (value: Value): string =>
  JSON.stringify(value, (_, v) =>
    v !== null && typeof v === "object" && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v as Map).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
const without = (value: Value, name: string): Value => Object.fromEntries(Object.entries(value as Map).filter(([key]) => key !== name));
