// Who may read what through this node. State lies on every member's node, so this is the API's policy, not secrecy (docs/protocol.md §7).
// Public collections are for everybody. The others are for the member's own machines: whoever reaches the node on loopback. (Tokens of registered keys
// for readers elsewhere are not built yet: they get `access.token`.)

import type { FastifyRequest } from "fastify";
import { LedgerError } from "../../base/errors.ts";
import { isLoopback } from "../config.ts";
import type { Api } from "./context.ts";

export function isPublic(api: Pick<Api, "registry">, collection: string): boolean {
  return (api.registry.plan(collection).type.options.read ?? "members") === "public";
}

/** May this reader see what is not public? */
export function isOwn(request: FastifyRequest): boolean {
  const ip = request.ip.replace(/^::ffff:/, "");
  return request.socket.remoteAddress === undefined || isLoopback(ip);
}

/** Throws `collection.unknown`, or `access.token` if the reader may not see the collection. */
export function mayRead(api: Pick<Api, "registry">, request: FastifyRequest, collection: string): void {
  if (!isPublic(api, collection) && !isOwn(request)) throw new LedgerError("access.token", { detail: `${collection} is not public` });
}
