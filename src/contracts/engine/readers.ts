// Who reads a record through a node's API: what its `read` says, judged for one reader. docs/reference/http.md "Who may read".
// Owns that judgement and which names `read` may have. Policy, not secrecy: state is on every member's node. Does not own: who asks (node/api/access).

import type { AnyContract, AnyRecord, Reader } from "./define.ts";
import type { Fields, Party, Shape } from "./fields.ts";
import type { Resolver, Standing } from "./roles.ts";
import type { AnyRow, Plan } from "./rows.ts";

/** Does the field name parties: itself, in a list, or in what objects hold? */
function namesParties(shape: Shape): boolean {
  if (shape.kind === "list") return namesParties(shape.item.shape);
  if (shape.kind === "object") return Object.values(shape.fields).some((field) => namesParties(field.shape));
  return shape.kind === "text" && ["person", "agency", "party"].includes(shape.form);
}

/** What `read` names and nobody can be: neither a field of parties nor a role of the contract. */
export function unknownReaders(contract: AnyContract, type: AnyRecord): string[] {
  const { read } = type.options;
  if (!Array.isArray(read)) return [];
  const fields = type.fields as Fields;
  return (read as string[]).filter((name) => !(name in contract.options.roles || (name in fields && namesParties(fields[name]!.shape))));
}

interface Asking {
  readonly resolver: Resolver<any>;
  readonly tx: Reader;
  readonly who: Standing;
}

/**
 * `members`: every agency in good standing. A field of parties: whom this row names there, and who acts for them. A role of the contract: its holders, or
 * those for whom it is limited to what the row has in the field of the same name.
 */
export function isReader({ type, contract }: Plan, row: AnyRow | undefined, { resolver, tx, who }: Asking): boolean {
  const readers = type.options.read ?? "members";
  if (readers === "public") return true;
  if (typeof readers === "string") return who.kind === "agency";
  const fields = type.fields as Fields;
  return readers.some((name) => {
    const value = row?.[name];
    const field = fields[name];
    if (field !== undefined && namesParties(field.shape))
      return partiesIn(field.shape, value).some((party) => resolver.actsFor(tx, who, party));
    const role = `${contract}.${name}`;
    return (
      resolver.holds(tx, who.principal, role, undefined, undefined) ||
      (typeof value === "string" && resolver.holds(tx, who.principal, role, value, undefined))
    );
  });
}

function partiesIn(shape: Shape, value: unknown): Party[] {
  if (value === undefined || !namesParties(shape)) return [];
  if (shape.kind === "list") return (value as readonly unknown[]).flatMap((item) => partiesIn(shape.item.shape, item));
  if (shape.kind !== "object") return [value as Party];
  return Object.entries(shape.fields).flatMap(([name, field]) =>
    partiesIn(field.shape, (value as Readonly<Record<string, unknown>>)[name]),
  );
}
