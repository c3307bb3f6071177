// Audits: invariants of a contract recomputed from its rows, by anybody and at any time. Owns how one is declared and how rows are put through all of a
// contract's audits in one pass. Does not own: where rows come from (a node's API, a home, a test's memory). No part of execution or of the manifest.

import type { Bytes } from "../../base/bytes.ts";
import { fail } from "../../base/errors.ts";
import type { AnyContract, AnyRecord, Row } from "./define.ts";
import type { Time } from "./fields.ts";
import type { Module } from "./modules.ts";
import type { AnyRow } from "./rows.ts";

/** The committed block as of which the rows stand, and of which network: what proofs on the chain are bound to. */
export interface AsOf {
  readonly network: Bytes;
  readonly height: number;
  readonly time: Time;
}
/** What `run` is given: it says which rows it wants, and what must be true of them. Called once, before the first row. */
export interface Audit extends AsOf {
  /**
   * Looks at every row of a record, in the order of keys: of this contract, in the order it declares them, then of others. What must be remembered between
   * rows is kept small: sums, not rows.
   */
  each<R extends AnyRecord>(type: R, look: (row: Row<R>) => void): void;
  /** When all rows were seen. */
  end(look: () => void): void;
  /** A finding unless it holds; within `each` it names the row at hand. */
  require(holds: unknown, says: string, data?: Readonly<Record<string, unknown>>): void;
  /** A number that the audit came to, for its report. */
  figure(name: string, value: bigint | number): void;
}
export interface AuditOptions {
  /** The sentence that holds. */
  readonly title: string;
  run(audit: Audit): void;
}
export interface AuditDeclaration {
  readonly kind: "audit";
  readonly contract: AnyContract;
  readonly options: AuditOptions;
  /** The export's name, once the module is read. */
  name: string;
}

export interface Finding {
  /** The row at hand: `contract/record` and its key. */
  readonly collection?: string;
  readonly key?: readonly unknown[];
  readonly says: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
export interface AuditResult {
  readonly name: string;
  readonly title: string;
  readonly holds: boolean;
  readonly figures: { readonly [name: string]: bigint | number };
  /** The first of them; `found` says how many there were. */
  readonly findings: readonly Finding[];
  readonly found: number;
}
/** An audit under way: rows go in, collection after collection in this order, and `end` gives the results. */
export interface Auditing {
  readonly collections: readonly string[];
  row(row: AnyRow): void;
  end(): AuditResult[];
}

const MAX_FINDINGS = 100;

/** Begins all audits of a contract. */
export function beginAudit({ contract, audits }: Module, asOf: AsOf): Auditing {
  const looks = new Map<AnyRecord, ((row: any) => void)[]>();
  let current: AnyRow | undefined;
  const begun = audits.map(({ name, options }) => {
    const findings: Finding[] = [];
    const figures: Record<string, bigint | number> = {};
    const ends: (() => void)[] = [];
    let found = 0;
    options.run({
      ...asOf,
      each: (type, look) => void (looks.get(type)?.push(look) ?? looks.set(type, [look])),
      end: (look) => void ends.push(look),
      require(holds, says, data) {
        if (holds || ++found > MAX_FINDINGS) return;
        findings.push({ ...(current === undefined ? {} : placeOf(current)), says, ...(data === undefined ? {} : { data }) });
      },
      figure: (figure, value) => void (figures[figure] = value),
    });
    const end = (): AuditResult => {
      for (const look of ends) look();
      return { name, title: options.title, holds: found === 0, figures, findings, found };
    };
    return end;
  });
  const own = contract.options.records.filter((type) => looks.has(type));
  const order = [...own, ...[...looks.keys()].filter((type) => !own.includes(type))];
  return {
    collections: order.map((type) => type.collection),
    row(row) {
      current = row;
      for (const look of looks.get(row.$.type) ?? fail("an audit is given the rows it asked for", { collection: row.$.type.collection }))
        look(row);
    },
    end() {
      current = undefined;
      return begun.map((end) => end());
    },
  };
}

function placeOf(row: AnyRow): { collection: string; key: unknown[] } {
  const { type } = row.$;
  return {
    collection: type.collection,
    key: (type.key as readonly string[]).map((name) => (row as Readonly<Record<string, unknown>>)[name]),
  };
}
