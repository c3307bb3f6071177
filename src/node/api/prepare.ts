// Preparing: arguments in JSON become the bytes to sign, with who must sign and how it would end. docs/reference/http.md.
// Owns the route. Does not own: fitting (contracts/engine/json), the dry run (registry). Nothing is kept: whoever signs checks the bytes first.

import type { FastifyReply, FastifyRequest } from "fastify";
import { type Bytes, hex } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { MAX_SIGNERS, NONCE_BYTES, TRANSACTION_TIME_LIMIT } from "../../base/limits.ts";
import { generateSeed } from "../../base/signature.ts";
import type { State } from "../../contracts/engine/registry.ts";
import type { ActionPlan } from "../../contracts/engine/run.ts";
import { sentenceOf } from "../../contracts/engine/schema.ts";
import { encodeBody, signingBytes, transactionId } from "../../ledger/transaction.ts";
import { type Reader, readerOf, sees } from "./access.ts";
import type { Api } from "./context.ts";
import { outcomeNames } from "./leaves.ts";
import { invalid } from "./problems.ts";
import { argsOf, bodyOf, hexOf, queryOf } from "./requests.ts";
import type { App } from "./server.ts";

const DEFAULT_LIFETIME_MS = 3_600_000;

export function prepareRoutes(app: App, api: Api): void {
  app.post("/v1/actions/:action/prepare", async (request, reply) => prepare(api, request, reply));
}

async function prepare(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  queryOf(request, []);
  const plan = planOf(api, (request.params as { action: string }).action);
  const body = bodyOf(request, ["args", "signers"], ["nonce", "notAfter"]);
  const args = argsOf(plan.action.input, plan.name, body["args"]);
  const signers = signersOf(body["signers"]);
  const nonce =
    body["nonce"] === undefined ? generateSeed().slice(0, NONCE_BYTES) : hexOf(body["nonce"], "/nonce", NONCE_BYTES, NONCE_BYTES);
  const block = api.nextBlock();
  const notAfter = timeOf(body["notAfter"] ?? block.time + DEFAULT_LIFETIME_MS);
  const operations = [{ action: plan.name, args }];
  const bytes = encodeBody({ nonce, notAfter, signers, operations });
  const id = transactionId(api.network, bytes);
  const proofs = (): readonly string[] => api.registry.proofs(plan.name, args, api.network);
  const failedProofs = (plan.action.options.proofs === undefined ? [] : api.charged(request.ip, proofs)).map((rule) => `0:${rule}`);
  const reader = readerOf(api, request);
  const { state, allSeen } = watched(api, reader);
  const { result, needs } = api.registry.prepare(state, { id, index: 0, signers, operations: operations, failedProofs }, block);
  // How it would end tells of the rows that decide it; and anybody can list anybody's key, his own too, as a signer.
  const told = allSeen();
  const says = result.code === null ? undefined : sentenceOf(result.code, api.registry.contracts);
  const dryRun = {
    outcome: outcomeNames[result.outcome],
    ...(result.code === null ? {} : { code: result.code, says, data: result.data }),
    ...(result.flags.length > 0 ? { flags: result.flags } : {}),
    at: api.head().height,
  };
  return reply.header("cache-control", "no-store").send(
    JSON.stringify(
      {
        body: hex(bytes),
        sign: hex(signingBytes(api.network, bytes)),
        id: hex(id),
        version: plan.name,
        ...(told ? { needs, dryRun } : {}),
      },
      shown,
    ),
  );
}

/** The committed state, and whether every row of it that has been read, or found absent, is one that the reader may see. */
function watched(api: Api, reader: Reader): { state: State; allSeen: () => boolean } {
  const { state } = api.reader;
  let all = true;
  return {
    allSeen: () => all,
    state: {
      get(collection, key, keyText) {
        const stored = state.get(collection, key, keyText);
        all &&= sees(api, reader, collection, stored && api.registry.rowOf(collection, key, stored));
        return stored;
      },
      put: (...row) => state.put(...row),
      entries(...where) {
        all &&= reader === "own"; // an entry is of whichever collection
        return state.entries(...where);
      },
    },
  };
}

/** For JSON.stringify: amounts as decimal text, bytes as hex. */
export function shown(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? hex(value) : value;
}

/** `contract.action`: the newest version in force; or `contract.action@version`. Throws `action.unknown`. */
function planOf(api: Api, name: string): ActionPlan {
  const { protocol } = api.nextBlock();
  const inForce = [...api.registry.actions.values()].filter((plan) => plan.since <= protocol && protocol <= plan.until);
  const exact = inForce.find((plan) => plan.name === name);
  const newest = inForce
    .filter((plan) => plan.name.slice(0, plan.name.lastIndexOf("@")) === name)
    .sort((a, b) => versionOf(b) - versionOf(a))[0];
  return exact ?? newest ?? unknown(name);
}
const versionOf = (plan: ActionPlan): number => Number(plan.name.slice(plan.name.lastIndexOf("@") + 1));

function unknown(name: string): never {
  throw new LedgerError("action.unknown", { detail: `"${name.slice(0, 100)}": GET /v1/contracts lists them` });
}

function signersOf(value: unknown): Bytes[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_SIGNERS)
    return invalid("/signers", `1 … ${MAX_SIGNERS} public keys`, value);
  const keys = value.map((key, i) => hexOf(key, `/signers/${i}`, 32, 32));
  if (new Set(value).size !== value.length) invalid("/signers", "each key once", value);
  return keys;
}

function timeOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < TRANSACTION_TIME_LIMIT
    ? value
    : invalid("/notAfter", "milliseconds since 1970", value);
}
