// Who may read what through this node. State lies on every member's node, so this is the API's policy, not secrecy (docs/protocol.md §7).
// Public collections are for everybody; the member's own machines (whoever reaches the node on loopback, or has the member's token) see all. Anybody else is
// the party that his token names, and sees what a record's `read` says (contracts/engine/readers). Does not own: tokens (tokens.ts).

import type { FastifyReply, FastifyRequest } from "fastify";
import type { Bytes } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import type { Standing } from "../../contracts/engine/registry.ts";
import type { AnyRow } from "../../contracts/engine/rows.ts";
import { decodeBody, readLayout, transactionId } from "../../ledger/transaction.ts";
import { isLoopback } from "../config.ts";
import type { Api } from "./context.ts";
import type { App } from "./server.ts";
import { type Holder, holderOf } from "./tokens.ts";

/** Everybody, the member whose node this is, or somebody known. */
export type Reader = "anybody" | "own" | Standing;

declare module "fastify" {
  interface FastifyRequest {
    /** Whom the request's token names; null without one. */
    holder: Holder | null;
  }
}

/** Every route knows its reader. A token that is sent and does not hold is refused, also where none is needed. */
export function addReaders(app: App, api: Api): void {
  app.decorateRequest("holder", null);
  app.addHook("onRequest", (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return done();
    holderOf(api, authorization).then(
      (holder) => {
        request.holder = holder;
        done();
      },
      (error: Error) => done(error),
    );
  });
}

export function readerOf(api: Pick<Api, "organisation">, { holder, ip, socket }: FastifyRequest): Reader {
  if (holder !== null) return holder.principal === api.organisation ? "own" : holder;
  return socket.remoteAddress === undefined || isLoopback(ip.replace(/^::ffff:/, "")) ? "own" : "anybody";
}

type Policy = Pick<Api, "registry" | "reader" | "nextBlock">;

export function isPublic(api: Pick<Api, "registry">, collection: string): boolean {
  return (api.registry.plan(collection).type.options.read ?? "members") === "public";
}

/** May this reader see the row? Without a row: whatever row of the collection there may be. */
export function sees(api: Policy, reader: Reader, collection: string, row?: AnyRow): boolean {
  if (reader === "own" || isPublic(api, collection)) return true;
  return reader !== "anybody" && api.registry.mayRead(collection, row, reader, api.reader.state, api.nextBlock());
}

/** What never changes may be kept: by whoever asked alone, where not everybody may see it. */
export function keepForEver(api: Pick<Api, "registry">, reply: FastifyReply, collection: string): void {
  const whose = isPublic(api, collection) ? "public" : "private";
  void reply.header("cache-control", `${whose}, max-age=31536000, immutable`);
}

/** Throws `collection.unknown`, or `access.token` if only somebody known sees anything of the collection. */
export function mayAsk(api: Pick<Api, "registry">, reader: Reader, collection: string): void {
  if (!isPublic(api, collection) && reader === "anybody") throw new LedgerError("access.token", { detail: `${collection} is not public` });
}

/** Throws `access.denied`, whether there is a row or not, unless the reader sees the one that there is. */
export function maySee(api: Policy, reader: Reader, collection: string, row: AnyRow | undefined): void {
  if (sees(api, reader, collection, row)) return;
  throw new LedgerError("access.denied", { detail: `${collection}: the record does not name you among its readers` });
}

/** What `find` gives; where it fails, who may not see the record hears that and not why (it is not there, or no longer). Throws `access.denied`. */
export async function hidden<T>(api: Policy, reader: Reader, collection: string, key: Bytes, find: () => T | Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    const row = api.reader.row(collection, key);
    maySee(api, reader, collection, row && api.registry.rowOf(collection, key, { bytes: row }));
    throw error;
  }
}

/**
 * What a transaction said: shown to whoever signed it, and to who sees all that it wrote. One that was refused wrote nothing, so nothing says of whom its
 * arguments speak. Throws `access.token` or `access.denied`.
 */
export function maySeeTransaction(api: Api, reader: Reader, bytes: Bytes, otherwise = ""): void {
  if (reader === "own") return;
  const body = bytes.subarray(0, readLayout(bytes, 0, bytes.length).bodyEnd);
  if (isSigner(api, reader, decodeBody(body).signers)) return;
  const writes = api.reader.receipt(transactionId(api.network, body))?.writes ?? [];
  const row = (collection: string, key: Bytes, stored: Bytes): AnyRow => api.registry.rowOf(collection, key, { bytes: stored });
  if (writes.length > 0 && writes.every((w) => sees(api, reader, w.collection, row(w.collection, w.key, w.row)))) return;
  throw new LedgerError(reader === "anybody" ? "access.token" : "access.denied", {
    detail: `the transaction wrote what is not for you, or nothing${otherwise}`,
  });
}

/** Does one of these keys sign for the reader? */
function isSigner(api: Policy, reader: Reader, keys: readonly Bytes[]): boolean {
  if (typeof reader === "string") return false;
  const { state } = api.reader;
  return keys.some((key) => api.registry.standing(key, "signs", state, api.nextBlock())?.principal === reader.principal);
}
