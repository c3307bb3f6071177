// What happens, as one ordered log over the committed blocks: a stream (SSE) and pages. docs/reference/http.md, "Events".
// Owns these routes. There is no queue per reader: a reader is a cursor, so a slow one lags and is never dropped.

import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { hex } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { DEFAULT_PAGE, EVENT_BLOCKS_PER_PAGE, EVENT_HEAD_MS, MAX_PAGE } from "../../base/limits.ts";
import { toJson } from "../../contracts/engine/json.ts";
import type { Fields } from "../../contracts/engine/fields.ts";
import type { AnyRow } from "../../contracts/engine/rows.ts";
import { decodeReceipt, type Write } from "../../ledger/block.ts";
import { type Reader, readerOf, sees } from "./access.ts";
import type { Api } from "./context.ts";
import { actionsOf, type Leaves, type LeafView, outcomeNames, recordName } from "./leaves.ts";
import { invalid } from "./problems.ts";
import { holdsStill } from "./tokens.ts";
import { durationOf, integerOf, type Query, queryOf } from "./requests.ts";
import { type App, beginStream } from "./server.ts";

const FILTERS = ["contract", "collection", "key", "party", "code"] as const;

interface Position {
  height: number;
  index: number;
}

export function eventRoutes(app: App, api: Api, leaves: Leaves): void {
  const streams = { open: 0 };
  app.get("/v1/events", async (request, reply) => {
    const query = queryOf(request, ["after", "limit", "wait", ...FILTERS]);
    const accept = request.headers.accept ?? "";
    if (accept.includes("text/event-stream")) return stream(api, leaves, query, request, reply, streams);
    return page(api, leaves, query, request, reply);
  });
}

/** "height.index": the event after which to begin; 0.0 is before the first. */
function positionOf(text: string | undefined): Position {
  if (text === undefined) return { height: 0, index: 0 };
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text);
  return match === null ? invalid("?after", "an event's id, height.index", text) : { height: Number(match[1]), index: Number(match[2]) };
}
const idOf = ({ height, index }: Position): string => `${height}.${index}`;

interface Reading {
  readonly api: Api;
  readonly leaves: Leaves;
  readonly query: Query;
  readonly reader: Reader;
}

/** Events behind `from`, at most `limit`, looking at so many blocks; `to` is how far it came. */
function eventsBehind(reading: Reading, from: Position, limit: number): { items: unknown[]; to: Position } {
  const { api, leaves } = reading;
  const head = api.head().height;
  if (from.height > head) throw new LedgerError("block.unknown", { detail: `the head is at height ${head}` });
  const items: unknown[] = [];
  let to = from;
  const last = Math.min(head, from.height + EVENT_BLOCKS_PER_PAGE);
  for (let height = Math.max(1, from.height); height <= last; height++) {
    const block = leaves.of(height);
    for (const leaf of block.leaves) {
      if (height === from.height && leaf.index <= from.index && from.height > 0) continue;
      const event = eventOf(reading, height, block.time, leaf);
      to = { height, index: leaf.index };
      if (event === undefined) continue;
      items.push(event);
      if (items.length === limit) return { items, to };
    }
    // A block without leaves is behind us too.
    if (height > to.height) to = { height, index: Math.max(0, block.leaves.length - 1) };
  }
  return { items, to };
}

function eventOf(reading: Reading, height: number, time: number, leaf: LeafView): unknown {
  const { api, query } = reading;
  const { outcome, code, flags, writes: count } = decodeReceipt(leaf.receipt);
  if (query["code"] !== undefined && query["code"] !== code) return undefined;
  const writes = count === 0 ? [] : api.reader.writesOf(height, leaf.index)!;
  const actions = leaf.bytes === undefined ? [] : actionsOf(leaf.bytes);
  const contract = query["contract"];
  if (
    contract !== undefined &&
    !writes.some((w) => w.collection.startsWith(`${contract}/`)) &&
    !actions.some((a) => a.startsWith(`${contract}.`))
  )
    return undefined;
  const shown = writes.map((write) => writeOf(reading, write));
  const { collection, key, party } = query;
  if (collection !== undefined && !writes.some((w) => w.collection === collection || w.collection.endsWith(`/${collection}`)))
    return undefined;
  if (key !== undefined && !shown.some((w) => w.record.endsWith(`/${key}`))) return undefined;
  if (party !== undefined && !writes.some((w) => names(seen(reading, w), party))) return undefined;
  return {
    id: `${height}.${leaf.index}`,
    transaction: hex(leaf.id),
    height,
    index: leaf.index,
    time,
    outcome: outcomeNames[outcome],
    code,
    flags,
    actions,
    ...(leaf.due === undefined ? {} : { due: leaf.due }),
    writes: shown,
  };
}

/** The row, if its values may be seen. Then they may be asked for, too: what a filter finds is told by it. */
function seen({ api, reader }: Reading, { collection, key, row }: Write): AnyRow | undefined {
  const read = api.registry.rowOf(collection, key, { bytes: row });
  return sees(api, reader, collection, read) ? read : undefined;
}

function writeOf(reading: Reading, write: Write): { record: string; revision: number; status: string; fields?: unknown } {
  const { api } = reading;
  const { collection, key, row } = write;
  const read = seen(reading, write);
  const { revision, status, type } = (read ?? api.registry.rowOf(collection, key, { bytes: row })).$;
  const fields = read === undefined ? {} : { fields: toJson(type.fields as Fields, read) };
  return { record: recordName(api, collection, key), revision, status: String(status), ...fields };
}

/** Does a text of the row, however deep, name the party? */
function names(value: unknown, party: string): boolean {
  if (typeof value === "string") return value === party;
  if (value === null || value === undefined || typeof value !== "object" || value instanceof Uint8Array) return false;
  return Object.values(value).some((inner) => names(inner, party));
}

async function page(api: Api, leaves: Leaves, query: Query, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const limit = integerOf(query, "limit", 1, MAX_PAGE) ?? DEFAULT_PAGE;
  const waitMs = durationOf(query, "wait", 0, api.config["api.max_wait"]);
  const reading: Reading = { api, leaves, query, reader: readerOf(api, request) };
  const end = performance.now() + waitMs;
  let { items, to } = eventsBehind(reading, positionOf(query["after"]), limit);
  while (items.length === 0 && !request.socket.destroyed) {
    if (to.height >= api.head().height && !(await api.reached(to.height + 1, end - performance.now()))) break;
    ({ items, to } = eventsBehind(reading, to, limit));
    if (items.length === 0 && performance.now() >= end) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return reply.send({ items, next: idOf(to), asOf: api.head() });
}

async function stream(
  api: Api,
  leaves: Leaves,
  query: Query,
  request: FastifyRequest,
  reply: FastifyReply,
  streams: { open: number },
): Promise<void> {
  if (streams.open >= api.config["api.events_connections"])
    throw new LedgerError("busy", { detail: "as many event streams are open as may be" });
  const resume = request.headers["last-event-id"];
  let at = positionOf(typeof resume === "string" && resume !== "" ? resume : query["after"]);
  const reading: Reading = { api, leaves, query, reader: readerOf(api, request) };
  eventsBehind(reading, at, 1); // what is wrong is said before the stream begins
  const out = beginStream(
    reply,
    200,
    { "content-type": "text/event-stream" },
    { network: api.networkHex.slice(0, 16), head: () => api.head() },
  );
  streams.open++;
  out.once("close", () => streams.open--);
  let headAt = performance.now();
  while (!out.destroyed && !api.stopping() && (request.holder === null || holdsStill(api, request.holder))) {
    const { items, to } = eventsBehind(reading, at, DEFAULT_PAGE);
    at = to;
    const text = (items as { id: string }[]).map((event) => `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`).join("");
    if (text !== "") await written(out, text);
    if (performance.now() - headAt >= EVENT_HEAD_MS) {
      headAt = performance.now();
      await written(out, `event: head\nid: ${idOf(at)}\ndata: ${JSON.stringify(api.head())}\n\n`);
    }
    if (at.height >= api.head().height) await api.reached(at.height + 1, Math.max(1, EVENT_HEAD_MS - (performance.now() - headAt)));
    else await new Promise((resolve) => setImmediate(resolve));
  }
  out.end();
}

/** Back-pressure: the next page is read when this one has left. */
async function written(out: ServerResponse, text: string): Promise<void> {
  if (out.write(text) || out.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      out.off("drain", go);
      out.off("close", go);
      resolve();
    };
    out.once("drain", go);
    out.once("close", go);
  });
}
