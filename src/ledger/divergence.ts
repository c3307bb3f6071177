// The divergence capsule: what one needs to execute a block again elsewhere and find the first transaction and key that differ. docs/protocol.md §3.
// Owns its bytes and its file. Does not own: when a result diverges (chain.ts, consensus), comparing two capsules (cli). It holds what the block holds:
// records' contents; hand it over with the same care as the store.

import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, hex } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { batchesFrom, batchesValue } from "../base/header.ts";
import type { Sealed } from "./seal.ts";

const FORMAT = "chancery-capsule/1";

export interface Capsule {
  readonly network: Bytes;
  readonly height: number;
  readonly orderDigest: Bytes;
  /** What this node computed, and the hashes that others have. */
  readonly header: Bytes;
  readonly others: readonly Bytes[];
  /** Header of the block before; empty at height 1. */
  readonly parentHeader: Bytes;
  readonly references: Value;
  readonly bodies: readonly Bytes[];
  readonly results: Bytes;
  readonly writeSet: Bytes;
  /** The block as the others certified it, if it was there to be fetched. */
  readonly certified?: Bytes;
  /** Each row that the block wrote, as it stood before: [collection, key, row or nil]. */
  readonly before: readonly (readonly [string, Bytes, Bytes | null])[];
}

export function encodeCapsule(network: Bytes, block: Sealed, parentHeader: Bytes | undefined, others: readonly Bytes[]): Bytes {
  const { height, digest, headerBytes, references, batches, outcome, overlay } = block;
  return encode({
    format: FORMAT,
    network,
    height,
    orderDigest: digest,
    header: headerBytes,
    others,
    parentHeader: parentHeader ?? new Uint8Array(0),
    references: batchesValue(references),
    bodies: batches.map((batch) => batch.bytes),
    results: outcome.results,
    writeSet: outcome.writeSet,
    before: overlay.writes.map(({ collection, key, before }) => [collection, key, before?.bytes ?? null]),
  });
}

/** Throws `codec.…` or `capsule.malformed`: the file may be anybody's. */
export function decodeCapsule(bytes: Bytes): Capsule {
  const value = decode(bytes) as { readonly [name: string]: Value };
  if (value === null || typeof value !== "object" || value["format"] !== FORMAT) malformed("format");
  const isBytes = (v: Value | undefined): v is Bytes => v instanceof Uint8Array;
  const areBytes = (v: Value | undefined): v is readonly Bytes[] => Array.isArray(v) && (v as Value[]).every(isBytes);
  const { network, height, orderDigest, header, others, parentHeader, references, bodies, results, writeSet, before, certified } = value;
  for (const part of [network, orderDigest, header, parentHeader, results, writeSet]) if (!isBytes(part)) malformed("bytes");
  if (typeof height !== "number" || !areBytes(others) || !areBytes(bodies) || !Array.isArray(before)) malformed("lists");
  batchesFrom(references ?? null);
  if (certified !== undefined && !isBytes(certified)) malformed("certified");
  return value as unknown as Capsule;
}

/** The capsule with the block as the others certified it, whole (§4.9.5). */
export function withCertified(capsule: Bytes, certified: Bytes): Bytes {
  return encode({ ...(decode(capsule) as { readonly [name: string]: Value }), certified });
}

function malformed(what: string): never {
  throw new LedgerError("capsule.malformed", { what });
}

/** Where the capsule of an order lies. */
export const capsulePath = (directory: string, height: number, digest: Bytes): string =>
  join(directory, `${height}-${hex(digest).slice(0, 16)}.capsule`);

/** Writes it beside the others of the directory and returns its path. */
export async function writeCapsule(directory: string, capsule: Bytes): Promise<string> {
  await mkdir(directory, { recursive: true });
  const { height, orderDigest } = decodeCapsule(capsule);
  const path = capsulePath(directory, height, orderDigest);
  const file = await open(`${path}.part`, "w");
  try {
    await file.write(capsule);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  return path;
}
