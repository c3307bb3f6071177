// The network and the node as data: network, node, validators, blocks, contracts, genesis, problems, health. docs/reference/http.md.
// Owns these routes. Does not own: readiness and advice (status.ts), descriptions of contracts (contracts/engine/schema).

import type { FastifyReply, FastifyRequest } from "fastify";
import { hex } from "../../base/bytes.ts";
import { encodeCertificate, faults, quorum, signerIndexes } from "../../base/certificate.ts";
import { codes } from "../../base/codes.ts";
import { LedgerError } from "../../base/errors.ts";
import { describeContract, sentenceOf } from "../../contracts/engine/schema.ts";
import { decodeReceipt } from "../../ledger/block.ts";
import { advice, readiness } from "../status.ts";
import type { Api } from "./context.ts";
import { actionsOf, type Leaves, outcomeNames } from "./leaves.ts";
import { invalid } from "./problems.ts";
import { integerOf, queryOf } from "./requests.ts";
import type { App } from "./server.ts";

export function networkRoutes(app: App, api: Api, leaves: Leaves): void {
  app.get("/v1/network", (request, reply) => {
    queryOf(request, []);
    return reply.send(network(api));
  });
  app.get("/v1/node", (request, reply) => {
    queryOf(request, []);
    const status = api.status();
    const checks = readiness(status, false);
    return reply.send({ ...status, ready: checks.every((c) => c.ok), checks, advice: advice(status) });
  });
  app.get("/v1/validators", (request, reply) => reply.send(validators(api, request)));
  app.get("/v1/blocks/:height", async (request, reply) => block(api, leaves, request, reply));
  app.get("/v1/contracts", (request, reply) => {
    queryOf(request, []);
    return reply.send({
      items: api.registry.contracts.map(({ contract }) => ({
        name: contract.name,
        title: contract.options.title,
        purpose: contract.options.purpose,
      })),
    });
  });
  app.get("/v1/contracts/:name", (request, reply) => {
    queryOf(request, []);
    const { name } = request.params as { name: string };
    const module = api.registry.contracts.find(({ contract }) => contract.name === name);
    if (module === undefined) throw new LedgerError("route.unknown", { detail: `there is no contract "${name.slice(0, 64)}"` });
    return reply.send(describeContract(module, api.registry.contracts));
  });
  app.get("/genesis.json", async (_request, reply) =>
    reply.header("content-type", "application/json").header("cache-control", "public, max-age=31536000, immutable").send(api.genesisText),
  );
  app.get("/problems/:code", (request, reply) => reply.send(problem(api, (request.params as { code: string }).code)));
  app.get("/healthz", async (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));
  app.get("/readyz", async (request, reply) => ready(api, request, reply));
}

function network(api: Api): unknown {
  const { height, time } = api.head();
  const epoch = api.reader.epochAt(height + 1);
  const n = epoch.validators.length;
  return {
    network: api.networkHex,
    name: api.genesis.name,
    purpose: api.genesis.purpose,
    protocol: epoch.protocol,
    manifest: hex(api.genesis.manifest),
    release: api.release,
    height,
    time,
    epoch: epoch.epoch,
    validators: n,
    quorum: quorum(n),
    tolerates: faults(n),
    parameters: epoch.parameters,
  };
}

function validators(api: Api, request: FastifyRequest): unknown {
  const query = queryOf(request, ["at"]);
  const head = api.head().height;
  const at = integerOf(query, "at", 1, Number.MAX_SAFE_INTEGER) ?? head + 1;
  if (at > head + 1) throw new LedgerError("block.unknown", { detail: `the head is at height ${head}` });
  const epoch = api.reader.epochAt(at);
  const names = new Map(api.genesis.founders.map((f) => [f.member.id, f.member.name]));
  const items = epoch.validators.map(({ id, key }) => ({ id, name: names.get(id) ?? id, key: hex(key) }));
  const n = items.length;
  return { at, epoch: epoch.epoch, start: epoch.start, items, quorum: quorum(n), tolerates: faults(n), asOf: api.head() };
}

async function block(api: Api, leaves: Leaves, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  queryOf(request, []);
  const { height: text } = request.params as { height: string };
  const height =
    text === "latest" ? api.head().height : /^\d{1,15}$/.test(text) ? Number(text) : invalid("/height", "a height, or latest", text);
  const read = api.reader.block(height);
  if (read === undefined) throw new LedgerError("block.unknown", { detail: `the head is at height ${api.head().height}` });
  if (text !== "latest") void reply.header("cache-control", "public, max-age=31536000, immutable");
  const { header, headerBytes, hash, certificate } = read;
  const set = api.reader.epochAt(height).validators;
  const transactions = leaves.of(height).leaves.map((leaf) => {
    const { outcome, code } = decodeReceipt(leaf.receipt);
    return {
      index: leaf.index,
      id: hex(leaf.id),
      outcome: outcomeNames[outcome],
      code,
      actions: leaf.bytes === undefined ? [] : actionsOf(leaf.bytes),
      ...(leaf.due === undefined ? {} : { due: leaf.due }),
    };
  });
  return reply.send({
    height,
    hash: hex(hash),
    time: header.order.time,
    epoch: header.order.epoch,
    view: certificate.view,
    parent: hex(header.parentBlock),
    stateRoot: hex(header.stateRoot),
    header: hex(headerBytes),
    certificate: hex(encodeCertificate(certificate)),
    confirmedBy: (signerIndexes(certificate, set.length) ?? []).map((i) => set[i]!.id),
    transactions,
  });
}

function problem(api: Api, code: string): unknown {
  const entry = codes[code];
  if (entry !== undefined) return { code, title: entry.title, status: entry.status ?? null, retry: entry.retry ?? "never" };
  const sentence = /^[a-z]+\.[a-z_]+$/.test(code) ? sentenceOf(code, api.registry.contracts) : "";
  if (sentence === "") throw new LedgerError("route.unknown", { detail: "there is no such code" });
  return { code, title: sentence, status: 422, retry: "rebuild" };
}

async function ready(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = queryOf(request, ["for"]);
  if (query["for"] !== undefined && query["for"] !== "read") invalid("?for", "read", query["for"]);
  const checks = readiness(api.status(), query["for"] === "read");
  const ok = checks.every((c) => c.ok);
  return reply
    .code(ok ? 200 : 503)
    .header("cache-control", "no-store")
    .send({ ready: ok, checks });
}
