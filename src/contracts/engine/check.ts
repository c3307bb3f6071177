// Is a declaration sound? Asked once, when the registry is built; what is wrong is said in one list. Owns the rules that the types cannot hold:
// names, maxima, keys, indexes, states, roles, rules, sealed parts. Does not own: changes between releases (manifest.ts).

import {
  DEFAULT_WORK,
  MAX_ACTION_WORK,
  MAX_ARGUMENT_DEPTH,
  MAX_DECLARED_ROW_BYTES,
  MAX_DUE_WORK,
  MAX_KEY_BYTES,
  MAX_ROW_BYTES,
} from "../../base/limits.ts";
import { bodyDepth, maxBodyBytes, maxKeyBytes, sealedWithin } from "./bounds.ts";
import type { Action, AnyRecord } from "./define.ts";
import type { Field, Fields } from "./fields.ts";
import { isPart } from "./keys.ts";
import { type Module, slotsOf } from "./modules.ts";
import { unknownReaders } from "./readers.ts";

const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const EXPORT = /^[a-z][A-Za-z0-9]{0,39}$/;
/** Bytes around a row's fields: revision, status, since, version, places, parked. */
const ROW_HEADER_BYTES = 160;

/** What is wrong with a contract; empty if nothing is. */
export function problemsOf(module: Module): string[] {
  const { contract, actions, dues } = module;
  const problems: string[] = [];
  const say = (where: string, what: string): void => void problems.push(`${where}: ${what}`);
  const { name, options } = contract;
  if (!NAME.test(name) || name === "engine") say(name, "a contract's name is small letters, digits and _");
  for (const code of [...Object.keys(options.rules), ...Object.keys(options.flags ?? {}), ...Object.keys(options.roles)])
    if (!NAME.test(code)) say(name, `"${code}" is no name of a rule, flag or role`);
  for (const flag of Object.keys(options.flags ?? {})) if (flag in options.rules) say(name, `"${flag}" is both a rule and a flag`);
  const names = options.records.map((type) => type.name);
  if (new Set(names).size !== names.length) say(name, "two records of one name");
  for (const type of options.records) {
    recordProblems(type, (what) => say(`${name}/${type.name}`, what));
    for (const reader of unknownReaders(contract, type)) say(`${name}/${type.name}`, `read: ${reader} is no field of parties and no role`);
  }
  for (const action of actions) actionProblems(module, action, (what) => say(action.name, what));
  for (const due of dues) {
    if (!EXPORT.test(due.name)) say(name, `"${due.name}" is no name of due work`);
    if (!options.records.includes(due.type)) say(`${name} ${due.name}`, "due work is on a record of its own contract");
    if ((due.options.work ?? DEFAULT_WORK) > MAX_DUE_WORK) say(`${name} ${due.name}`, `due work declares at most ${MAX_DUE_WORK} units`);
  }
  return problems;
}

function recordProblems(type: AnyRecord, say: (what: string) => void): void {
  const fields = type.fields as Fields;
  const { key, options } = type;
  if (!NAME.test(type.name)) say("a record's name is small letters, digits and _");
  fieldProblems(fields, say);
  if (key.length === 0) say("a record has a key");
  indexed("key", key, false);
  indexed("unique", options.unique ?? [], true);
  indexed("ordered", options.ordered ?? [], true);
  for (const name of options.find ?? []) {
    const shape = fields[name]?.shape;
    if (shape === undefined ? name !== "status" : !isPart(shape.kind === "list" ? shape.item.shape : shape))
      say(`find by ${name}: not a field that keys may have`);
  }
  const bytes = maxBodyBytes(fields) + ROW_HEADER_BYTES;
  const most = options.bytes ?? MAX_ROW_BYTES;
  if (most > MAX_DECLARED_ROW_BYTES) say(`bytes: at most ${MAX_DECLARED_ROW_BYTES}`);
  if (bytes > most) say(`a row may take ${bytes} bytes, more than ${most}: give smaller maxima, or declare \`bytes\``);
  const states = type.states as Readonly<Record<string, readonly string[]>>;
  for (const [from, tos] of Object.entries(states))
    for (const to of tos) if (!(to in states)) say(`a move from ${from} to ${to}, which is no status`);
  const version = options.version ?? 1;
  if (!Number.isSafeInteger(version) || version < 1) say("a schema's version counts from 1");
  if (version > 1 && options.upgrade === undefined) say("a later version of a schema needs `upgrade`");

  function indexed(what: string, names: readonly string[], optional: boolean): void {
    let sum = 0;
    for (const name of names) {
      const field = fields[name];
      if (field === undefined || !isPart(field.shape)) say(`${what}: ${name} is not a field that keys may have`);
      else if (field.optional && !optional) say(`${what}: ${name} is optional`);
      else sum += maxKeyBytes(field);
    }
    if (sum > MAX_KEY_BYTES) say(`${what}: up to ${sum} bytes, more than ${MAX_KEY_BYTES}`);
  }
}

function fieldProblems(fields: Fields, say: (what: string) => void): void {
  if (bodyDepth(fields) > MAX_ARGUMENT_DEPTH) say(`deeper than ${MAX_ARGUMENT_DEPTH}`);
  for (const [name, field] of Object.entries(fields)) {
    // A number would change places among the keys of an object; what Object.prototype has would be found where it is absent.
    if (!/^[a-z][A-Za-z0-9_]{0,39}$/.test(name) || name in {}) say(`"${name}" is no name of a field`);
    shapeProblems(name, field, say);
  }
}

function shapeProblems(name: string, { shape }: Field<any>, say: (what: string) => void): void {
  const bounded = (min: number, max: number): void => {
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) say(`${name}: a minimum and a maximum, in this order`);
  };
  if ("max" in shape) bounded("min" in shape ? shape.min : 0, shape.max);
  if (shape.kind === "list") {
    if (shape.item.optional) say(`${name}: items are not optional`);
    shapeProblems(`${name}[]`, shape.item, say);
  }
  if (shape.kind === "object") fieldProblems(shape.fields, (what) => say(`${name}.${what}`));
  if (shape.kind === "sealed") {
    fieldProblems(shape.fields, (what) => say(`${name}.${what}`));
    if (sealedWithin(shape.fields).length > 0) say(`${name}: sealed within sealed`);
  }
  if (
    shape.kind === "oneOf" &&
    (new Set(shape.words).size !== shape.words.length || shape.words.some((word) => !/^[a-z0-9][a-z0-9_.-]{0,63}$/i.test(word)))
  )
    say(`${name}: distinct words of letters, digits, _ . -`);
}

function actionProblems({ contract }: Module, action: Action, say: (what: string) => void): void {
  const { options, input } = action;
  const { rules, roles, records } = contract.options;
  if (!/^[a-z][a-z0-9_]*\.[a-z][A-Za-z0-9]{0,39}@[1-9][0-9]{0,3}$/.test(action.name))
    say("an action's name is of letters and digits, its version from 1");
  fieldProblems(input as Fields, say);
  for (const rule of (options.rules ?? []) as readonly string[])
    if (!rule.includes(".") && !(rule in rules)) say(`gives ${rule}, which is no rule`);
  for (const rule of Object.keys(options.proofs ?? {}))
    if (!((options.rules ?? []) as readonly string[]).includes(rule)) say(`the predicate ${rule} is not among its rules`);
  if ((options.work ?? DEFAULT_WORK) > MAX_ACTION_WORK) say(`declares at most ${MAX_ACTION_WORK} units of work`);
  for (const [slot, signer] of slotsOf(action))
    if ("role" in signer && !(signer.role in roles)) say(`${slot}: ${signer.role} is no role of the contract`);
  const own = records.flatMap((type) => sealedWithin(type.fields as Fields).map(({ shape }) => shape));
  for (const { path, shape } of sealedWithin(input as Fields))
    if (!own.includes(shape))
      say(`${path}: a sealed part of the input is that of a record (the same declaration), so its leaves have one name`);
  if (options.until !== undefined && options.until < (options.since ?? 1)) say("is in force from `since` to `until`");
}
