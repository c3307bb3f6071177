// What clients' transactions hear while this node takes no more: an answer as soon as a request's headers are there, before its body is read, from bytes made
// once. A refusal must cost next to nothing, for nobody refuses as often as a node that has no time. docs/reference/http.md "Refusals".
// Owns who is answered so, and the answer. Does not own: whether there is room (intake.ts), what is asked again once a body is there (also there).

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { LedgerError } from "../../base/errors.ts";
import { MAX_BULK_BYTES } from "../../base/limits.ts";
import { PROBLEM_TYPE, problemOf, retryAfterOf } from "./problems.ts";
import type { ServerOptions } from "./server.ts";

/** Where transactions are handed in, as it stands in a URL before its query; the longer one first. */
const ROUTES = ["/v1/transactions/bulk", "/v1/transactions"] as const;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type GateOptions = Required<Pick<ServerOptions, "full">> & Pick<ServerOptions, "network" | "head" | "onAnswer">;

/** Puts itself before the server's handler. What it does not answer itself goes on as it came. */
export function addGate(server: Server, options: GateOptions): void {
  const handlers = server.listeners("request") as Handler[];
  const refuse = refuser(options);
  server.removeAllListeners("request");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const route = routeOf(request);
    const why = route === undefined ? undefined : options.full();
    if (why !== undefined) return refuse(route!, why, response);
    for (const handle of handlers) handle(request, response);
  });
  // Whoever asks before he sends (RFC 9110 §10.1.1) keeps his body.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (routeOf(request) === undefined || options.full() === undefined) response.writeContinue();
    server.emit("request", request, response);
  });
}

/**
 * The route, if the request may be answered before its body: one whose length is said and allowed, so that what is thrown away of it is bounded (by
 * BODY_TIMEOUT_MS too) and the connection stays of use; and not a browser's of elsewhere, whose answer needs more headers.
 */
function routeOf({ method, url = "", headers }: IncomingMessage): string | undefined {
  if (method !== "POST" || headers.origin !== undefined) return undefined;
  if (!(Number(headers["content-length"]) <= MAX_BULK_BYTES)) return undefined;
  return ROUTES.find((route) => url.startsWith(route) && (url.length === route.length || url[route.length] === "?"));
}

function refuser({ network, head, onAnswer }: GateOptions): (route: string, why: string, response: ServerResponse) => void {
  /** By reason, of which there are a few: the problem up to the request's name. */
  const made = new Map<string, string>();
  let refused = 0;
  const busy = codeOfBusy();
  return (route, why, response) => {
    let problem = made.get(why);
    if (problem === undefined) made.set(why, (problem = JSON.stringify(problemOf(new LedgerError("busy", { detail: why }))).slice(0, -1)));
    const body = `${problem},"request":"busy-${(++refused).toString(36)}"}`;
    const { height, time } = head();
    response.writeHead(busy.status, [
      "content-type",
      PROBLEM_TYPE,
      "content-length",
      String(body.length),
      "retry-after",
      busy.after,
      "chancery-height",
      String(height),
      "chancery-time",
      String(time),
      "chancery-network",
      network,
      "x-content-type-options",
      "nosniff",
      "cache-control",
      "no-store",
    ]);
    response.end(body, "latin1");
    onAnswer?.(route, busy.status, 0);
  };
}

function codeOfBusy(): { readonly status: number; readonly after: string } {
  return { status: problemOf(new LedgerError("busy")).status, after: String(retryAfterOf("busy")) };
}
