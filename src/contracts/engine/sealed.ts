// Sealed fields: the chain keeps 32 bytes and a count, the vault keeps the fields; any subset can be shown against the root, and one erasable
// secret ends it. Owns the flattening of a declaration to leaves, leaf bytes, the root, and the check of a disclosure's leaves.
// Does not own: the vault, the proof of the row (ledger/proof). docs/protocol.md §7, cryptography.md §2. Pure; runs at the signer's side.

import type { Bytes } from "../../base/bytes.ts";
import { decode, encode, type Value } from "../../base/codec.ts";
import { isLedgerError, LedgerError } from "../../base/errors.ts";
import { hmacSha256 } from "../../base/hash.ts";
import { leafHash, rootOf, verifyInclusion } from "../../base/merkle.ts";
import * as tags from "../../base/tagNames.ts";
import { frame } from "../../base/tags.ts";
import type { Fields, Sealed } from "./fields.ts";

const LEAF = "chancery/sealed/1";

interface Leaf {
  readonly path: string;
  readonly of: (values: Values | undefined) => Value;
}
type Values = { readonly [name: string]: any };

/** Depth first in the order of the declaration. An absent optional is a leaf of nil, so the count belongs to the schema and shows nothing. */
function flatten(fields: Fields, prefix: string, at: (values: Values | undefined) => Values | undefined): Leaf[] {
  return Object.entries(fields).flatMap(([name, { shape }]): Leaf[] => {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const own = (values: Values | undefined): any => at(values)?.[name];
    if (shape.kind === "object") return flatten(shape.fields, path, own);
    if (shape.kind !== "list" || !shape.each) return [{ path, of: (values) => own(values) ?? null }];
    const entries = Array.from({ length: shape.max }, (_, i): Leaf => ({ path: `${path}/${i}`, of: (values) => own(values)?.[i] ?? null }));
    return [{ path: `${path}/length`, of: (values) => own(values)?.length ?? null }, ...entries];
  });
}

/** How many leaves every sealed value of this declaration has. */
export function leafCount(fields: Fields): number {
  return flatten(fields, "", (values) => values).length;
}

export interface Sealing {
  /** The genesis hash. */
  readonly network: Bytes;
  /** 32 random bytes, new for every version of every record; erasing it ends the sealed part. */
  readonly secret: Bytes;
  /** `contract/record/field@schemaVersion`. */
  readonly schema: string;
  readonly fields: Fields;
  /** In handler form: normalised. */
  readonly values: Values;
}

/** Leaf bytes, in order: C([tag, schema, index, path, salt, value]), the salt derived from the secret for this leaf alone. */
export function sealedLeaves({ network, secret, schema, fields, values }: Sealing): Bytes[] {
  if (secret.length !== 32) throw new LedgerError("sealed.secret", { length: secret.length });
  return flatten(fields, "", (v) => v).map(({ path, of }, i) => {
    const salt = hmacSha256(secret, frame(tags.sealedSalt, network, encode([schema, i, path])));
    return encode([LEAF, schema, i, path, salt, of(values)]);
  });
}

/** What the row keeps. */
export function seal(sealing: Sealing): Sealed {
  const leaves = sealedLeaves(sealing);
  return { root: rootOf(leaves.map(leafHash)), size: leaves.length };
}

export interface ShownLeaf {
  /** The leaf's bytes, and its path to the root. */
  readonly bytes: Bytes;
  readonly path: readonly Bytes[];
}
export interface ShownField {
  readonly index: number;
  readonly path: string;
  readonly value: Value;
}

/**
 * The fields that a disclosure shows, in order, once its row is proved: every leaf is under the root, of this schema, at the index its own bytes
 * say, each index once and ascending. Throws `sealed.…` naming the leaf; shows nothing unless all hold.
 */
export function shownFields(schema: string, sealed: Sealed, leaves: readonly ShownLeaf[]): ShownField[] {
  let before = -1;
  return leaves.map(({ bytes, path }, position) => {
    const refuse = (reason: string): never => {
      throw new LedgerError(`sealed.${reason}`, { leaf: position });
    };
    const parts = decode(bytes);
    if (!Array.isArray(parts) || parts.length !== 6 || parts[0] !== LEAF) return refuse("leaf_form");
    const [, ofSchema, index, name, salt, value] = parts as [string, Value, Value, Value, Value, Value];
    if (ofSchema !== schema) return refuse("other_schema");
    if (typeof index !== "number" || typeof name !== "string" || !(salt instanceof Uint8Array) || salt.length !== 32)
      return refuse("leaf_form");
    if (index <= before) return refuse("order");
    before = index;
    if (!verifyInclusion({ root: sealed.root, size: sealed.size, index, leaf: leafHash(bytes), path })) return refuse("not_under_root");
    return { index, path: name, value };
  });
}

/** One leaf alone, as it comes in arguments: what it shows; undefined unless all holds. */
export function shownField(schema: string, sealed: Sealed, leaf: ShownLeaf): ShownField | undefined {
  try {
    return shownFields(schema, sealed, [leaf])[0];
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return undefined;
  }
}

/** Where a sealed field of a record stands, as its leaves name it. */
export function sealedSchema(collection: string, path: string, schemaVersion: number): string {
  return `${collection}/${path}@${schemaVersion}`;
}
