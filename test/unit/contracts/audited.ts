// An audit of a scenario's state: what `chancery audit` would find there. Also tampers with rows, to see that an audit finds what the rules would not allow.

import { expect } from "vitest";
import type { AuditResult } from "../../../src/contracts/engine/audit.ts";
import type { AnyRecord, FieldsOf, KeyOf } from "../../../src/contracts/engine/define.ts";
import { hex, unlatin1 } from "../../../src/base/bytes.ts";
import { rowToJson } from "../../../src/contracts/engine/json.ts";
import type { Scenario } from "./scenario.ts";

/** All audits of a contract over the state, rows in the order of their keys. */
export function audit(town: Scenario, contract: string): AuditResult[] {
  const auditing = town.registry.audit(contract, { network: town.network, height: town.height, time: town.time })!;
  for (const collection of auditing.collections) {
    const places = [...town.state.rows.keys()].filter((place) => place.startsWith(`${collection}\0`)).sort();
    for (const place of places)
      auditing.row(town.registry.rowOf(collection, unlatin1(place.slice(collection.length + 1)), town.state.rows.get(place)!));
  }
  return auditing.end();
}

/** The state passes all audits of the contract. */
export function passes(town: Scenario, contract: string): void {
  const results = audit(town, contract);
  expect(results.length).toBeGreaterThan(0);
  expect(results.flatMap(({ name, findings }) => findings.map((finding) => ({ name, ...finding })))).toEqual([]);
}

/** Names of the audits that find something once a row is not what the rules made it; the state is as before afterwards. */
export function findsTampered<R extends AnyRecord>(
  town: Scenario,
  contract: string,
  type: R,
  key: KeyOf<R>,
  change: Partial<FieldsOf<R>> & { readonly $status?: string },
): string[] {
  const { $status, ...fields } = change as { $status?: string } & Record<string, unknown>;
  const row = town.row(type, ...key)!;
  const json = rowToJson(row as any) as Record<string, any>;
  const shown = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, jsonOf(value)]));
  const tampered = town.registry.fromJson(type.collection, {
    ...json,
    status: $status ?? json["status"],
    fields: { ...json["fields"], ...shown },
  });
  const place = `${type.collection}\0${String.fromCharCode(...tampered.$.key)}`;
  const before = town.state.rows.get(place)!;
  town.state.rows.set(place, { bytes: new Uint8Array(0), decoded: tampered });
  try {
    return audit(town, contract)
      .filter(({ holds }) => !holds)
      .map(({ name }) => name);
  } finally {
    town.state.rows.set(place, before);
  }
}

function jsonOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Uint8Array) return hex(value);
  return typeof value === "bigint" ? `${value}` : value;
}
