// The HTTP server: limits, headers that every answer carries, refusals in one form. docs/reference/http.md.
// Owns what all routes share. Does not own: routes (their own files), what they read (the node).

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { LedgerError } from "../../base/errors.ts";
import {
  BODY_TIMEOUT_MS,
  HEADER_TIMEOUT_MS,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  MAX_JSON_BYTES,
  MAX_JSON_DEPTH,
  MAX_REQUESTS_IN_FLIGHT,
  MAX_URL_LENGTH,
} from "../../base/limits.ts";
import type { Logger } from "../../base/log.ts";
import { listenAddress } from "../config.ts";
import type { Config } from "../settings.ts";
import { addGate } from "./gate.ts";
import { errorHandler, invalid, PROBLEM_TYPE, sendProblem } from "./problems.ts";
import { readTls, TlsReload } from "./tls.ts";

export interface ServerOptions {
  readonly config: Config;
  /** A file named in the configuration. */
  readonly resolve: (file: string) => string;
  /** First 16 hex digits of the genesis hash. */
  readonly network: string;
  readonly head: () => { readonly height: number; readonly time: number };
  /** True when the head is at `height`; false when `timeoutMs` have passed before. */
  readonly reached: (height: number, timeoutMs: number) => Promise<boolean>;
  /** Why no transactions are taken of clients at the moment, for them to read; undefined while there is room. Asked before a body is read. */
  readonly full?: () => string | undefined;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Takes what is to be done when the operator says that files have changed. */
  readonly onReload?: (act: () => void) => void;
  readonly onBug: (error: unknown, request: FastifyRequest) => void;
  readonly onAnswer?: (route: string, status: number, seconds: number) => void;
}
export type App = FastifyInstance;

/** A server without routes. */
export function createServer(options: ServerOptions): App {
  const { config, onBug } = options;
  const refuse = errorHandler(onBug);
  const tls = readTls(config, options.resolve);
  const common = {
    bodyLimit: MAX_JSON_BYTES,
    requestTimeout: BODY_TIMEOUT_MS,
    onProtoPoisoning: "error" as const,
    onConstructorPoisoning: "error" as const,
    forceCloseConnections: "idle" as const,
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    trustProxy: config["api.trusted_proxies"].length > 0 ? [...config["api.trusted_proxies"]] : false,
    clientErrorHandler: malformedHttp,
    // A URL that cannot be decoded reaches no route, and no handler of errors but this.
    frameworkErrors: refuse,
    requestIdHeader: false as const,
  };
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADER_TIMEOUT_MS };
  const app = (tls === undefined
    ? Fastify({ ...common, http: limits })
    : Fastify({ ...common, https: { ...limits, ...tls } })) as unknown as App;
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new LedgerError("route.unknown", { detail: `${request.method} ${request.url.slice(0, 200)}` }), request.id),
  );
  // Bodies are read as JSON, or as a route says; nothing else is guessed.
  app.removeContentTypeParser("text/plain");
  addLimits(app, options);
  addHeaders(app, options);
  addCors(app, config["api.cors_origins"]);
  if (tls !== undefined) {
    const server = app.server as unknown as HttpsServer;
    const certificate = new TlsReload({ server, tls, read: () => readTls(config, options.resolve), log: options.log });
    options.onReload?.(() => certificate.look());
    app.addHook("onClose", async () => certificate.stop());
  }
  if (options.full !== undefined) addGate(app.server, { ...options, full: options.full });
  return app;
}

/** Starts listening; gives the address as a URL. */
export async function listen(app: App, config: Config): Promise<string> {
  const address = listenAddress(config["api.listen"]);
  try {
    return await app.listen("path" in address ? { path: address.path } : address);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new LedgerError(
      "config.invalid",
      {
        why: `api.listen = ${config["api.listen"]}: ${code === "EADDRINUSE" ? "another process listens there" : message}`,
        do: "choose another address in chancery.toml, [api] listen",
      },
      cause,
    );
  }
}

function malformedHttp(this: App, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const large = error.code === "HPE_HEADER_OVERFLOW";
  const body = JSON.stringify({
    type: "/problems/request.invalid",
    title: "The request is not understood.",
    status: large ? 431 : 400,
    code: "request.invalid",
    detail: large ? "the headers are too large" : "not HTTP",
    retry: "never",
  });
  socket.end(
    `HTTP/1.1 ${large ? "431 Request Header Fields Too Large" : "400 Bad Request"}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function addLimits(app: App, options: ServerOptions): void {
  const inFlight = new Map<string, number>();
  const leave = (request: FastifyRequest): void => {
    const left = (inFlight.get(request.ip) ?? 1) - 1;
    if (left <= 0) inFlight.delete(request.ip);
    else inFlight.set(request.ip, left);
  };
  app.addHook("onRequest", (request, reply, done) => {
    const count = (inFlight.get(request.ip) ?? 0) + 1;
    inFlight.set(request.ip, count);
    reply.raw.once("close", () => leave(request));
    if (request.url.length > MAX_URL_LENGTH)
      return done(new LedgerError("request.too_large", { detail: `a URL has at most ${MAX_URL_LENGTH} characters` }));
    // Probes must get through whatever else goes on.
    if (count > MAX_REQUESTS_IN_FLIGHT && !request.url.startsWith("/healthz"))
      return done(new LedgerError("busy", { detail: `at most ${MAX_REQUESTS_IN_FLIGHT} requests at a time from one address` }));
    done();
  });
  app.addHook("preHandler", async (request) => {
    if (request.body !== null && typeof request.body === "object" && !Buffer.isBuffer(request.body))
      checkDepth(request.body, MAX_JSON_DEPTH + 2, "");
    const wanted = request.headers["chancery-min-height"];
    if (wanted === undefined) return;
    if (typeof wanted !== "string" || !/^\d{1,15}$/.test(wanted)) invalid("Chancery-Min-Height", "a height", wanted);
    const height = Number(wanted);
    if (height <= options.head().height) return;
    if (!(await options.reached(height, options.config["api.max_wait"])))
      throw new LedgerError("node.behind", { detail: `this node is at height ${options.head().height}, asked for was ${height}` });
  });
}

/** Arguments may be eight deep; the request around them is two more. */
function checkDepth(value: object, left: number, pointer: string): void {
  if (left < 0) invalid(pointer, `at most ${MAX_JSON_DEPTH} levels`, "more");
  for (const [name, item] of Object.entries(value))
    if (item !== null && typeof item === "object") checkDepth(item as object, left - 1, `${pointer}/${name}`);
}

function addHeaders(app: App, options: ServerOptions): void {
  app.addHook("onSend", (_request, reply, payload, done) => {
    const { height, time } = options.head();
    if (!reply.hasHeader("chancery-height")) void reply.header("chancery-height", String(height)).header("chancery-time", String(time));
    void reply.header("chancery-network", options.network).header("x-content-type-options", "nosniff");
    if (!reply.hasHeader("cache-control")) void reply.header("cache-control", "no-cache");
    done(null, payload);
  });
  const { onAnswer } = options;
  if (onAnswer !== undefined)
    app.addHook("onResponse", (request, reply, done) => {
      onAnswer(request.routeOptions.url ?? "unknown", reply.statusCode, reply.elapsedTime / 1_000);
      done();
    });
}

const EXPOSED = "Chancery-Height, Chancery-Time, Chancery-Network, ETag, Location, Retry-After";
function addCors(app: App, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin !== undefined && origins.includes(origin))
      void reply.header("access-control-allow-origin", origin).header("vary", "Origin").header("access-control-expose-headers", EXPOSED);
    done();
  });
  app.options("/*", async (_request, reply) => {
    await reply
      .header("access-control-allow-methods", "GET, POST")
      .header("access-control-allow-headers", "Content-Type, Authorization, Chancery-Min-Height, Last-Event-ID, If-None-Match")
      .header("access-control-max-age", "3600")
      .code(204)
      .send();
  });
}

/** What a route does once it writes the response itself (streams): the headers that every answer carries. */
export function beginStream(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  options: Pick<ServerOptions, "network" | "head">,
): ServerResponse<IncomingMessage> {
  reply.hijack();
  const { height, time } = options.head();
  const own = reply.getHeaders();
  reply.raw.writeHead(status, {
    ...own,
    ...headers,
    "chancery-height": height,
    "chancery-time": time,
    "chancery-network": options.network,
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  } as unknown as Record<string, string>);
  return reply.raw;
}
