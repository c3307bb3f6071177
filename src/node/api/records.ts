// Reading records: one, as it stood at a height, lists, history. docs/reference/http.md. Every answer says as of which block it is.
// Owns these routes. Does not own: JSON forms of rows (contracts/engine/json), walking back (ledger/chainReader).

import type { FastifyReply, FastifyRequest } from "fastify";
import { type Bytes, hex, text, unlatin1, utf8 } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { DEFAULT_PAGE, MAX_PAGE } from "../../base/limits.ts";
import { rowToJson } from "../../contracts/engine/json.ts";
import type { AnyRow } from "../../contracts/engine/rows.ts";
import type { Version } from "../../ledger/chainReader.ts";
import { hidden, isPublic, keepForEver, mayAsk, maySee, type Reader, readerOf, sees } from "./access.ts";
import type { Api } from "./context.ts";
import { recordName } from "./leaves.ts";
import { invalid } from "./problems.ts";
import { integerOf, keyParts, queryOf } from "./requests.ts";
import type { App } from "./server.ts";

/** Rows or versions that are looked through for a reader who may not see all of them. */
const LOOKED_THROUGH = 1_000;
/** "", v1, records, contract, collection: segments before the key. */
const KEY_AT = 4;

export function recordRoutes(app: App, api: Api): void {
  app.get("/v1/records/:contract/:collection", async (request, reply) => list(api, request, reply));
  app.get("/v1/records/:contract/:collection/*", async (request, reply) => one(api, request, reply));
  app.get("/v1/history/:contract/:collection/*", async (request, reply) => history(api, request, reply));
}

export interface Addressed {
  readonly reader: Reader;
  readonly collection: string;
  readonly key: Bytes;
  readonly record: string;
}
/** Who asks, for which collection and encoded key. Throws `collection.unknown`, `request.invalid`, `access.token`. */
export function addressed(api: Api, request: FastifyRequest): Addressed {
  const { reader, collection } = collectionOf(api, request);
  const key = api.registry.keyOf(collection, keyParts(request, KEY_AT));
  return { reader, collection, key, record: recordName(api, collection, key) };
}

function collectionOf(api: Api, request: FastifyRequest): Pick<Addressed, "reader" | "collection"> {
  const { contract, collection } = request.params as { contract: string; collection: string };
  const name = `${contract}/${collection}`;
  const reader = readerOf(api, request);
  mayAsk(api, reader, name);
  return { reader, collection: name };
}

async function one(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = queryOf(request, ["at"]);
  const { reader, collection, key, record } = addressed(api, request);
  const at = integerOf(query, "at", 0, Number.MAX_SAFE_INTEGER);
  const asOf = api.head();
  if (at !== undefined && at > asOf.height) throw new LedgerError("block.unknown", { detail: `the head is at height ${asOf.height}` });
  const version = (height: number): Version | undefined => versionAt(api, collection, key, height);
  const row = at === undefined ? api.reader.row(collection, key) : (await hidden(api, reader, collection, key, () => version(at)))?.row;
  const where = at === undefined ? asOf : moment(api, at);
  const read = row && api.registry.rowOf(collection, key, { bytes: row });
  maySee(api, reader, collection, read);
  if (read === undefined) throw new LedgerError("record.unknown", { detail: `${record}, as of height ${where.height}`, asOf: where });
  const shown = rowToJson(read);
  const { height, index } = shown["written"] as { height: number; index: number };
  const etag = `"r${String(shown["revision"])}-${height}.${index}"`;
  void reply.header("etag", etag);
  if (at !== undefined) keepForEver(api, reply, collection);
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  return reply.send({ record, ...shown, asOf: where });
}

const STEP = 64;
/** The version in force at a height: the newest that was written at or below it. */
function versionAt(api: Api, collection: string, key: Bytes, at: number): Version | undefined {
  let from: { height: number; index: number } | undefined;
  for (let step = 1; ; step = STEP) {
    const versions = api.reader.history(collection, key, step, from); // mostly the present one is asked for
    const found = versions.find((v) => v.height <= at);
    if (found === undefined && versions.length < step && (versions.at(-1)?.revision ?? 1) > 1)
      throw new LedgerError("height.pruned", { detail: `this node keeps blocks from ${api.reader.lowest} on` });
    if (found !== undefined || versions.length < step) return found;
    from = versions.at(-1)!;
  }
}

function moment(api: Api, at: number): { height: number; time: number } {
  return { height: at, time: at === 0 ? api.genesis.time : api.reader.block(at)!.header.order.time };
}

// ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function list(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = queryOf(request, ["limit", "after", "at"], ["find."]);
  const { reader, collection } = collectionOf(api, request);
  const at = integerOf(query, "at", 0, Number.MAX_SAFE_INTEGER);
  const limit = integerOf(query, "limit", 1, MAX_PAGE) ?? DEFAULT_PAGE;
  const finds = Object.entries(query).filter(([name]) => name.startsWith("find."));
  if (finds.length > 1)
    invalid(
      "?find.…",
      "one field at a time",
      finds.map(([name]) => name),
    );
  const asOf = api.head();
  if (at !== undefined && finds.length > 0) invalid("?at", "no find with it: finds are of the head", at);
  if (at !== undefined && at > asOf.height) throw new LedgerError("block.unknown", { detail: `the head is at height ${asOf.height}` });
  const [find] = finds;
  const name = find === undefined ? "" : `${find[0]}=${find[1]!}`;
  const scope = `${collection}?${name}@${at ?? ""}`;
  const after = query["after"] === undefined ? undefined : api.cursors.read(scope, query["after"]);
  const most = sees(api, reader, collection) ? limit : LOOKED_THROUGH;
  const keys =
    find === undefined
      ? await api.keys(collection, most, after)
      : await matching(api, collection, find[0].slice("find.".length), find[1]!, most, after);
  const shown: { readonly key: Bytes; readonly row: AnyRow }[] = [];
  for (const key of keys) {
    // A row that came after the head of this page is not shown: the page says as of when it is.
    const found = at === undefined ? api.reader.state.get(collection, key) : stored(versionAt(api, collection, key, at));
    const row = found && api.registry.rowOf(collection, key, found);
    if (row !== undefined && sees(api, reader, collection, row)) shown.push({ key, row });
    if (shown.length > limit) break;
  }
  const items = shown.slice(0, limit).map(({ key, row }) => ({ record: recordName(api, collection, key), ...rowToJson(row) }));
  // Who searches among what is not public leaves a trace: neither what he looked for nor what he found.
  if (find !== undefined && !isPublic(api, collection))
    api.log.info("records.searched", {
      key: request.holder === null ? "own machine" : hex(request.holder.key),
      collection,
      count: items.length,
    });
  // Where rows were left out, there is a page more only if there is something on it, or too much to tell.
  const last = shown.length > limit ? shown[limit - 1]!.key : keys.length === most ? keys.at(-1) : undefined;
  const next = last === undefined ? null : api.cursors.write(scope, last);
  return reply.send({ items, next, asOf: at === undefined ? asOf : moment(api, at) });
}
const stored = (version: Version | undefined): { bytes: Bytes } | undefined => version && { bytes: version.row };

async function matching(
  api: Api,
  collection: string,
  field: string,
  value: string,
  limit: number,
  after: Bytes | undefined,
): Promise<Bytes[]> {
  const prefix = api.registry.findPrefix(collection, field, value);
  const behind = after === undefined ? undefined : prefix + String.fromCharCode(...after);
  return (await api.reader.find(prefix, limit, behind)).map((entry) => unlatin1(entry.slice(prefix.length)));
}

// ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function history(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = queryOf(request, ["limit", "after"]);
  const { reader, collection, key, record } = addressed(api, request);
  const limit = integerOf(query, "limit", 1, MAX_PAGE) ?? DEFAULT_PAGE;
  const asOf = api.head();
  const scope = `history ${record}`;
  const from = query["after"] === undefined ? undefined : placeOf(text(api.cursors.read(scope, query["after"])));
  // One more than asked for: the page after begins with it.
  const full = sees(api, reader, collection);
  const most = full ? limit : LOOKED_THROUGH;
  const versions = api.reader.history(collection, key, most + 1, from);
  const shown = versions
    .map(({ row, height, index }) => ({ row: api.registry.rowOf(collection, key, { bytes: row }), height, index }))
    .filter(({ row }) => sees(api, reader, collection, row));
  const next = shown[limit] ?? versions[most];
  const items = shown.slice(0, limit).map(({ row }) => ({ record, ...rowToJson(row) }));
  // Older versions stood in blocks that are no longer kept here.
  const cut = next === undefined && (versions.at(-1)?.revision ?? 1) > 1 && (full || items.length > 0);
  return reply.send({
    items,
    next: next === undefined ? null : api.cursors.write(scope, utf8(`${next.height}.${next.index}`)),
    ...(cut ? { pruned: { keptFrom: api.reader.lowest } } : {}),
    asOf,
  });
}

function placeOf(place: string): { height: number; index: number } {
  const [height, index] = place.split(".").map(Number) as [number, number];
  return { height, index };
}
