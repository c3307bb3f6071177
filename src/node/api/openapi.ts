// The OpenAPI 3.1 document, written from the declarations: deterministic, so that a change shows. Owns the document. Does not own: schemas of actions
// (contracts/engine/schema), limits (base/limits).

import { codes } from "../../base/codes.ts";
import { MAX_BULK_BYTES, MAX_JSON_BYTES, MAX_PAGE, MAX_TRANSACTION_BYTES } from "../../base/limits.ts";
import { type ActionDescription, type ContractDescription, describeContract } from "../../contracts/engine/schema.ts";
import type { Api } from "./context.ts";
import type { App } from "./server.ts";

type Json = { readonly [name: string]: unknown };

const problem = { description: "refused", content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
const json = (description: string, schema: Json): Json => ({ description, content: { "application/json": { schema } } });
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const inQuery = (name: string, description: string, schema: Json = { type: "string" }): Json => ({
  name,
  in: "query",
  description,
  schema,
});
const inPath = (name: string, description: string): Json => ({ name, in: "path", required: true, description, schema: { type: "string" } });
const record = [
  inPath("contract", "contract"),
  inPath("collection", "collection"),
  inPath("key", "the key's parts, each percent-encoded, joined by slashes"),
];
const limit = inQuery("limit", "items of a page", { type: "integer", minimum: 1, maximum: MAX_PAGE });
const after = inQuery("after", "the cursor that the page before gave");
const waits = [inQuery("wait", "final or accepted", { enum: ["final", "accepted"] }), inQuery("timeout", 'how long to wait, e.g. "30s"')];
const hexOf = (bytes: number): Json => ({ type: "string", pattern: `^[0-9a-f]{${2 * bytes}}$` });

function get(summary: string, parameters: readonly Json[], answer: Json): Json {
  return { get: { summary, parameters, responses: { 200: answer, default: problem } } };
}

/** The whole document. */
export function openApi(api: Pick<Api, "registry" | "release" | "genesis">): Json {
  const contracts = api.registry.contracts.map((module) => describeContract(module, api.registry.contracts));
  const paths: Record<string, unknown> = {
    "/v1/transactions": {
      post: {
        summary: "Hand in a signed transaction; the same bytes may be sent again, anywhere",
        parameters: waits,
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: {
                  body: { type: "string", maxLength: 2 * MAX_TRANSACTION_BYTES },
                  signatures: { type: "array", items: hexOf(64), maxItems: 16 },
                },
                required: ["body", "signatures"],
                additionalProperties: false,
              },
            },
            "application/vnd.chancery.transaction": { schema: { type: "string", format: "binary", maxLength: MAX_TRANSACTION_BYTES } },
          },
        },
        responses: {
          200: json("applied", ref("Receipt")),
          202: json("not known yet: ask again by id", ref("Pending")),
          422: problem,
          default: problem,
        },
      },
    },
    "/v1/transactions/bulk": {
      post: {
        summary: "Hand in up to 1,000 transactions, (u32 length ‖ bytes)*; one line each",
        parameters: waits,
        requestBody: {
          required: true,
          content: { "application/vnd.chancery.transactions": { schema: { type: "string", format: "binary", maxLength: MAX_BULK_BYTES } } },
        },
        responses: { 200: { description: "one JSON line each, in any order", content: { "application/x-ndjson": {} } }, default: problem },
      },
    },
    "/v1/transactions/{id}": get(
      "What became of a transaction",
      [inPath("id", "64 hex digits"), ...waits],
      json("final with its receipt, pending, or expired", { oneOf: [ref("Receipt"), ref("Pending")] }),
    ),
    "/v1/records/{contract}/{collection}": get(
      "Records in the order of their keys, or those with a field's value (find.FIELD=VALUE)",
      [record[0]!, record[1]!, limit, after, inQuery("at", "as they stood at this height; not with a find", { type: "integer" })],
      json("a page", ref("Page")),
    ),
    "/v1/records/{contract}/{collection}/{key}": get(
      "A record",
      [...record, inQuery("at", "as it stood at this height", { type: "integer" })],
      json("the record", ref("Record")),
    ),
    "/v1/history/{contract}/{collection}/{key}": get(
      "All versions of a record, the newest first",
      [...record, limit, after],
      json("a page", ref("Page")),
    ),
    "/v1/proofs/{contract}/{collection}/{key}": get(
      "A proof file of a record, or that there is none",
      [
        ...record,
        inQuery("at", "of what stood at this height", { type: "integer" }),
        inQuery("from", "height of the verifier's anchor", { type: "integer" }),
        inQuery("transaction", "false leaves the act out"),
      ],
      { description: "a proof file", content: { "application/vnd.chancery.proof+json": {} } },
    ),
    "/v1/proofs/transactions/{id}": get("A proof file of a transaction", [inPath("id", "64 hex digits")], {
      description: "a proof file",
      content: { "application/vnd.chancery.proof+json": {} },
    }),
    "/v1/blocks/{height}": get(
      "A block: header, certificate, ids and codes",
      [inPath("height", "a height, or latest")],
      json("the block", { type: "object" }),
    ),
    "/v1/events": get(
      "What happens, in order: a stream (text/event-stream) or pages",
      [
        inQuery("after", "the last event seen, height.index"),
        limit,
        inQuery("wait", "how long a page waits for something new"),
        ...["contract", "collection", "key", "party", "code"].map((name) => inQuery(name, "filter")),
      ],
      json("a page", ref("Page")),
    ),
    "/v1/network": get("The network", [], json("the network", { type: "object" })),
    "/v1/node": get("This node", [], json("the node", { type: "object" })),
    "/v1/validators": get("Validators", [inQuery("at", "at this height", { type: "integer" })], json("the set", { type: "object" })),
    "/v1/contracts": get("Contracts", [], json("names and titles", { type: "object" })),
    "/v1/contracts/{name}": get(
      "A contract: records, actions, rules",
      [inPath("name", "contract")],
      json("the declaration", { type: "object" }),
    ),
    "/v1/anchor": get(
      "The last header of the last epoch, with each change of the validators",
      [],
      json("parts of an anchor", { type: "object" }),
    ),
    "/genesis.json": get("The genesis file", [], json("the file", { type: "object" })),
    "/healthz": get("Does this process turn?", [], json("yes", { type: "object" })),
    "/readyz": get(
      "Does it serve a network that moves?",
      [inQuery("for", "read: whatever the quorum does")],
      json("yes", { type: "object" }),
    ),
  };
  for (const { actions } of contracts)
    for (const action of actions) paths[`/v1/actions/${action.name}/prepare`] = { post: prepareOperation(action) };
  for (const { views } of contracts) for (const view of views) paths[`/v1/views/${view.name}`] = { post: viewOperation(view) };
  return {
    openapi: "3.1.0",
    info: {
      title: `Chancery: ${api.genesis.name}`,
      version: api.release,
      description:
        "Bytes are lowercase hex, times milliseconds since 1970, amounts decimal strings. Every answer carries Chancery-Height, -Time and -Network.",
      "x-limits": { json_bytes: MAX_JSON_BYTES, transaction_bytes: MAX_TRANSACTION_BYTES, bulk_bytes: MAX_BULK_BYTES },
    },
    servers: [{ url: "/" }],
    paths,
    // Writing needs none, nor does reading what is public.
    security: [{}, { access: [] }],
    components: {
      securitySchemes: { access: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: schemas(contracts.flatMap((c) => c.collections)),
    },
  };
}

function prepareOperation(action: ActionDescription): Json {
  const { name, title, input, example, by, rules } = action;
  const body = {
    type: "object",
    properties: {
      args: input,
      signers: { type: "array", items: hexOf(32), minItems: 1, maxItems: 16 },
      nonce: hexOf(16),
      notAfter: { type: "integer" },
    },
    required: ["args", "signers"],
    additionalProperties: false,
  };
  return {
    operationId: `prepare ${name}`,
    tags: [name.slice(0, name.indexOf("."))],
    summary: title,
    description: [
      `Signed by: ${by.map((b) => `${b.slot} (${b.role ?? b.who})`).join(", ")}.`,
      ...rules.map((r) => `${r.code}: ${r.says}`),
    ].join("\n\n"),
    requestBody: {
      required: true,
      content: { "application/json": { schema: body, example: { args: example, signers: ["00".repeat(32)] } } },
    },
    responses: { 200: json("bytes to check and to sign", ref("Prepared")), default: problem },
  };
}

function viewOperation({ name, title, input }: ContractDescription["views"][number]): Json {
  const body = { type: "object", properties: { args: input }, required: ["args"], additionalProperties: false };
  return {
    operationId: `ask ${name}`,
    tags: [name.slice(0, name.indexOf("."))],
    summary: title,
    requestBody: { required: true, content: { "application/json": { schema: body } } },
    responses: { 200: json("the answer, and as of which block", { type: "object" }), default: problem },
  };
}

function schemas(collections: readonly { readonly collection: string; readonly fields: unknown }[]): Json {
  const integer = { type: "integer" };
  const string = { type: "string" };
  const asOf = { type: "object", properties: { height: integer, time: integer } };
  const write = { type: "object", properties: { record: string, revision: integer, status: string } };
  const place = { type: "object", properties: { height: integer, index: integer } };
  return {
    Problem: {
      type: "object",
      properties: {
        type: string,
        title: string,
        status: integer,
        code: { type: "string", examples: Object.keys(codes).slice(0, 8) },
        detail: string,
        request: string,
        retry: { enum: ["never", "same", "rebuild"] },
        errors: { type: "array", items: { type: "object", properties: { pointer: string, expected: string, got: string, fix: string } } },
        receipt: ref("Receipt"),
      },
    },
    Receipt: {
      type: "object",
      properties: {
        id: hexOf(32),
        status: { const: "final" },
        outcome: { enum: ["applied", "rejected", "failed"] },
        code: { type: ["string", "null"] },
        height: integer,
        index: integer,
        time: integer,
        flags: { type: "array", items: string },
        writes: { type: "array", items: write },
      },
    },
    Pending: { type: "object", properties: { id: hexOf(32), status: { enum: ["pending", "expired"] }, notAfter: integer } },
    Prepared: {
      type: "object",
      properties: {
        body: string,
        sign: string,
        id: hexOf(32),
        version: string,
        needs: { type: "array", items: { type: "object" } },
        dryRun: { type: "object" },
      },
    },
    Record: {
      type: "object",
      properties: {
        record: string,
        revision: integer,
        status: string,
        since: integer,
        schema: integer,
        written: place,
        previous: { oneOf: [place, { type: "null" }] },
        fields: { oneOf: collections.map((c) => ref(c.collection.replace("/", "."))) },
        asOf,
      },
    },
    Page: { type: "object", properties: { items: { type: "array" }, next: { type: ["string", "null"] }, asOf } },
    ...Object.fromEntries(collections.map((c) => [c.collection.replace("/", "."), c.fields])),
  };
}

export function openApiRoutes(app: App, api: Api): void {
  let document: string | undefined;
  app.get("/openapi.json", async (_request, reply) => {
    document ??= JSON.stringify(openApi(api));
    return reply.header("content-type", "application/json").send(document);
  });
}
