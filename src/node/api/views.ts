// Views: what a contract computes from its records for anybody who asks, as of the head. docs/reference/http.md.
// Owns the route. Does not own: the answers (contracts), which tell of rows no more than the view's author decided.

import type { FastifyReply, FastifyRequest } from "fastify";
import { LedgerError } from "../../base/errors.ts";
import type { Api } from "./context.ts";
import { shown } from "./prepare.ts";
import { argsOf, bodyOf, queryOf } from "./requests.ts";
import type { App } from "./server.ts";

export function viewRoutes(app: App, api: Api): void {
  app.post("/v1/views/:view", async (request, reply) => ask(api, request, reply));
}

async function ask(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  queryOf(request, []);
  const { view: name } = request.params as { view: string };
  const view = api.registry.views.get(name);
  if (view === undefined)
    throw new LedgerError("view.unknown", { detail: `"${name.slice(0, 100)}": GET /v1/contracts/{name} lists a contract's views` });
  const args = argsOf(view.options.input, name, bodyOf(request, ["args"])["args"]);
  const asOf = api.head();
  const answer = api.registry.view(name, args, api.reader.state, api.nextBlock());
  return reply.header("cache-control", "no-store").send(JSON.stringify({ view: name, answer, asOf }, shown));
}
