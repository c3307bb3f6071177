// Proof files and anchors, as the node hands them out. docs/protocol.md §5.4. Owns these routes. Does not own: what is in a file (ledger/proof).

import type { FastifyReply, FastifyRequest } from "fastify";
import { hex } from "../../base/bytes.ts";
import { encodeCertificate, encodeSet, setHash } from "../../base/certificate.ts";
import { LedgerError } from "../../base/errors.ts";
import { type ProofOptions, type ProofSource, proveRecord, proveTransaction } from "../../ledger/proof.ts";
import { type ProofFile, writeProof } from "../../ledger/proofFile.ts";
import { hidden, keepForEver, maySee, maySeeTransaction, readerOf } from "./access.ts";
import type { Api } from "./context.ts";
import { addressed } from "./records.ts";
import { invalid } from "./problems.ts";
import { hexOf, integerOf, type Query, queryOf } from "./requests.ts";
import type { App } from "./server.ts";

const PROOF_TYPE = "application/vnd.chancery.proof+json";

export function proofRoutes(app: App, api: Api): void {
  const source = api.reader.proofSource();
  const send = (reply: FastifyReply, text: string): FastifyReply => reply.header("content-type", PROOF_TYPE).send(text);
  app.get("/v1/proofs/transactions/:id", async (request, reply) => {
    const query = queryOf(request, ["from"]);
    const id = hexOf((request.params as { id: string }).id, "/id", 32, 32);
    const proof = proveTransaction(source, id, anchorOf(api, query));
    actsShown(api, request, proof);
    return send(reply, writeProof(proof));
  });
  app.get("/v1/proofs/:contract/:collection/*", async (request, reply) => {
    const query = queryOf(request, ["at", "from", "transaction"]);
    const { reader, collection, key } = addressed(api, request);
    const at = integerOf(query, "at", 0, Number.MAX_SAFE_INTEGER);
    if (query["transaction"] !== undefined && query["transaction"] !== "false") invalid("?transaction", "false", query["transaction"]);
    const options: ProofOptions = {
      ...anchorOf(api, query),
      ...(at === undefined ? {} : { at }),
      ...(query["transaction"] === "false" ? { transaction: false } : {}),
    };
    const proof = await hidden(api, reader, collection, key, () => proveRecord(source, collection, key, options));
    const row = proof.record?.row;
    maySee(api, reader, collection, row ? api.registry.rowOf(collection, key, { bytes: row }) : undefined);
    actsShown(api, request, proof, "; without it: ?transaction=false");
    if (at !== undefined) keepForEver(api, reply, collection);
    return send(reply, writeProof(proof));
  });
  app.get("/v1/anchor", async (request, reply) => anchor(api, source, request, reply));
}

/** Throws unless the reader sees what the transactions in the file said. */
function actsShown(api: Api, request: FastifyRequest, { transaction, replaced }: ProofFile, otherwise?: string): void {
  const reader = readerOf(api, request);
  for (const act of [transaction, replaced]) if (act?.bytes !== undefined) maySeeTransaction(api, reader, act.bytes, otherwise);
}

/** The anchor that the verifier has, by its height: its header is ours as well, or its certificate would not hold. */
function anchorOf(api: Api, query: Query): Pick<ProofOptions, "anchor"> {
  const height = integerOf(query, "from", 1, Number.MAX_SAFE_INTEGER);
  if (height === undefined) return {};
  const block = api.reader.block(height);
  if (block === undefined) throw new LedgerError("block.unknown", { detail: `the head is at height ${api.head().height}` });
  return { anchor: { header: block.header, hash: block.hash, next: api.reader.epochAt(height + 1).validators } };
}

/** The last header of the last epoch that ended, with each change of the set up to it: whoever asks verifies the walk himself. */
async function anchor(api: Api, source: ProofSource, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  queryOf(request, []);
  const { reader, network } = api;
  const epoch = reader.epochAt(reader.headHeight() + 1);
  const height = epoch.start - 1;
  const last = reader.block(height);
  if (last === undefined) throw new LedgerError("block.unknown", { detail: "no epoch has ended yet; the genesis file is the anchor" });
  const validators: { set: string; header: string; certificate: string }[] = [];
  let known = hex(setHash(network, reader.epochAt(1).validators));
  for (const next of source.epochs(2, height)) {
    const hash = hex(setHash(network, next.validators));
    if (hash === known) continue;
    known = hash;
    const block = reader.block(next.start - 1)!;
    validators.push({
      set: hex(encodeSet(next.validators)),
      header: hex(block.headerBytes),
      certificate: hex(encodeCertificate(block.certificate)),
    });
  }
  return reply.send({
    height,
    hash: hex(last.hash),
    validators,
    header: hex(last.headerBytes),
    certificate: hex(encodeCertificate(last.certificate)),
    set: hex(encodeSet(epoch.validators)),
  });
}
