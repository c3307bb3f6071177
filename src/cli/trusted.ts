// Records as their proofs show them, not as a node says: for commands whose secrets must not depend on one node's word; and acts that follow from them.
// docs/protocol.md §5.5. Owns the reading and the handing in. Does not own: the verdict (client/verify).

import type { Key } from "../base/keyFile.ts";
import { type Json, seedSigner } from "../client/build.ts";
import type { Ledger, Outcome } from "../client/index.ts";
import { openTrust, type Trusted, verify } from "../client/verify.ts";
import { refusalText } from "../client/verifyText.ts";
import { readText } from "./globals.ts";
import { type Globals, progress, refuse, usage } from "./output.ts";

/** A record, and the block as of which it stands so. */
export interface ProvedRecord<F> {
  readonly status: string;
  /** When it entered its status, ms since 1970. */
  readonly since: number;
  readonly fields: F;
  readonly asOf: { readonly height: number; readonly time: number };
}

/** What --genesis (or CHANCERY_GENESIS) and --anchor say. */
export function trustedBy(o: { readonly genesis?: string; readonly anchor?: string }): Trusted {
  const genesis =
    o.genesis ??
    process.env["CHANCERY_GENESIS"] ??
    usage("this needs the genesis file that you trust", "add --genesis FILE (or set CHANCERY_GENESIS)");
  return openTrust(readText(genesis), o.anchor === undefined ? undefined : readText(o.anchor));
}

/** The record whose key has these parts, by name and in order, proved; undefined if it is proved that there is none. */
export async function provedRecord<F = { readonly [name: string]: Json }>(
  ledger: Ledger,
  trusted: Trusted,
  collection: string,
  key: { readonly [part: string]: string | number },
): Promise<ProvedRecord<F> | undefined> {
  const parts = Object.values(key).map(String);
  const name = `${collection}/${parts.join("/")}`;
  const verdict = verify(JSON.stringify(await ledger.prove(collection, parts)), trusted);
  if (!verdict.valid) return unproved(`the node's proof of ${name} does not hold: ${verdict.code}, ${refusalText(verdict)}`);
  const { subject, record, asOf } = verdict;
  const same = record === null || Object.entries(key).every(([part, value]) => record.fields[part] === value);
  if (!("collection" in subject) || subject.collection !== collection || !same || asOf.time === null)
    return unproved(`the node proves something else than ${name}`);
  if (record === null) return undefined;
  return {
    status: record.status,
    since: record.since,
    fields: record.fields as unknown as F,
    asOf: { height: asOf.height, time: asOf.time },
  };
}

function unproved(why: string): never {
  return refuse("check.failed", { why, do: "ask another node with --node URL, and tell the operator of this one" });
}

/** Prepares, checks, signs and hands in an act; its outcome. */
export async function actWith(
  ledger: Ledger,
  signing: Pick<Key, "publicKey" | "secret">,
  globals: Globals,
  action: string,
  args: Json,
): Promise<Outcome> {
  progress(`${action}: handing in`);
  const { draft } = await ledger.prepare(action, args, { signers: [signing.publicKey] });
  await draft.sign(seedSigner(signing.secret));
  return ledger.submit(draft.finish(), { timeout: `${globals.timeoutMs}ms` });
}
