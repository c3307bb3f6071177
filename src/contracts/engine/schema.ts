// Declarations as data for interfaces: JSON Schema (2020-12, as OpenAPI 3.1 takes it), the actions with who signs and what they may answer,
// the collections. Owns these descriptions. Does not own: routes, commands, pages – they are written from them.

import type { Action, Readers } from "./define.ts";
import { engineCodes } from "./outcome.ts";
import type { Field, Fields, Shape } from "./fields.ts";
import { exampleOf } from "./example.ts";
import { type Json, toJson } from "./json.ts";
import { type Module, slotsOf } from "./modules.ts";

type Schema = { readonly [word: string]: Json };

const PATTERNS = {
  id: "^[A-Za-z0-9._:-]+$",
  person: "^p:[A-Za-z0-9._:-]+$",
  agency: "^[a-z][a-z0-9-]+$",
  party: "^([a-z][a-z0-9-]{1,31}|[a-z]:[A-Za-z0-9._:-]+)$",
} as const;

export function schemaOf(shape: Shape): Schema {
  switch (shape.kind) {
    case "text":
      return {
        type: "string",
        minLength: shape.min,
        maxLength: shape.max,
        ...(shape.form === "text" ? {} : { pattern: PATTERNS[shape.form], "x-kind": shape.form }),
      };
    case "integer":
      return { type: "integer", minimum: shape.min, maximum: shape.max, ...(shape.unit === "ms" ? { "x-unit": "ms" } : {}) };
    case "money":
      return { type: "string", pattern: "^(0|[1-9][0-9]{0,18})$", maxLength: 19, "x-kind": "money" };
    case "bytes":
      return { type: "string", pattern: "^([0-9a-f]{2})*$", minLength: 2 * shape.min, maxLength: 2 * shape.max, "x-kind": "bytes" };
    case "flag":
      return { type: "boolean" };
    case "oneOf":
      return { type: "string", enum: [...shape.words] };
    case "list":
      return { type: "array", items: schemaOf(shape.item.shape), minItems: shape.min, maxItems: shape.max };
    case "object":
      return bodySchema(shape.fields);
    case "json":
      return { "x-max-bytes": shape.max };
    case "sealed":
      return {
        type: "object",
        properties: { root: { type: "string", pattern: "^[0-9a-f]{64}$" }, size: { type: "integer" } },
        required: ["root", "size"],
        additionalProperties: false,
        "x-sealed": bodySchema(shape.fields),
      };
  }
}

export function bodySchema(fields: Fields): Schema {
  const entries = Object.entries<Field<any>>(fields);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, field]) => [name, schemaOf(field.shape)])),
    required: entries.filter(([, field]) => !field.optional).map(([name]) => name),
    additionalProperties: false,
  };
}

export interface ActionDescription {
  /** `contract.action@version`. */
  readonly name: string;
  readonly title: string;
  readonly version: number;
  readonly since: number;
  readonly until: number | null;
  readonly work: number;
  readonly by: readonly { readonly slot: string; readonly role?: string; readonly scoped?: boolean; readonly who: string }[];
  /** What it may answer besides the engine's own codes: code and sentence. */
  readonly rules: readonly { readonly code: string; readonly says: string }[];
  readonly input: Schema;
  readonly example: { readonly [name: string]: Json };
}
export interface CollectionDescription {
  readonly collection: string;
  readonly title: string;
  readonly key: readonly string[];
  readonly fields: Schema;
  readonly states: { readonly [status: string]: readonly string[] };
  readonly version: number;
  readonly find: readonly string[];
  readonly read: Readers;
  readonly due: readonly { readonly name: string; readonly title: string }[];
}
export interface ContractDescription {
  readonly name: string;
  readonly title: string;
  readonly purpose: string;
  readonly sector: string | null;
  readonly roles: { readonly [role: string]: string };
  readonly rules: { readonly [rule: string]: string };
  readonly flags: { readonly [flag: string]: string };
  readonly actions: readonly ActionDescription[];
  readonly collections: readonly CollectionDescription[];
  readonly views: readonly { readonly name: string; readonly title: string; readonly input: Schema }[];
}

/** Everything a contract says of itself, as data. `all` are the registered contracts, for the sentences of rules of others. */
export function describeContract({ contract, actions, dues, views }: Module, all: readonly Module[]): ContractDescription {
  const { title, purpose, sector, roles, rules, flags, records } = contract.options;
  return {
    name: contract.name,
    title,
    purpose,
    sector: sector ?? null,
    roles,
    rules,
    flags: flags ?? {},
    actions: actions.map((action) => describeAction(action, all)),
    collections: records.map((type) => ({
      collection: type.collection,
      title: type.options.title,
      key: [...type.key],
      fields: bodySchema(type.fields),
      states: type.states,
      version: type.options.version ?? 1,
      find: type.options.find ?? [],
      read: type.options.read ?? "members",
      due: dues.filter((due) => due.type === type).map((due) => ({ name: due.name, title: due.options.title })),
    })),
    views: views.map((view) => ({
      name: `${contract.name}.${view.name}`,
      title: view.options.title,
      input: bodySchema(view.options.input),
    })),
  };
}

function describeAction(action: Action, all: readonly Module[]): ActionDescription {
  const { options, contract, input } = action;
  return {
    name: action.name,
    title: options.title,
    version: options.version ?? 1,
    since: options.since ?? 1,
    until: options.until ?? null,
    work: options.work ?? 64,
    by: slotsOf(action).map(([slot, signer]) =>
      "role" in signer
        ? {
            slot,
            role: `${contract.name}.${signer.role}`,
            scoped: signer.scope !== undefined,
            who: contract.options.roles[signer.role] as string,
          }
        : { slot, who: signer.who },
    ),
    rules: ((options.rules ?? []) as readonly string[]).map((rule) => {
      const code = rule.includes(".") ? rule : `${contract.name}.${rule}`;
      return { code, says: sentenceOf(code, all) };
    }),
    input: bodySchema(input as Fields),
    example: toJson(input as Fields, options.example ?? exampleOf(input as Fields)),
  };
}

/** The sentence of a code: of the statute, or of the engine. */
export function sentenceOf(code: string, all: readonly Module[]): string {
  const [name, rule] = code.split(".") as [string, string];
  if (name === "engine") return engineCodes[rule as keyof typeof engineCodes] ?? "";
  const options = all.find(({ contract }) => contract.name === name)?.contract.options;
  return options?.rules[rule] ?? options?.flags?.[rule] ?? "";
}
