// Handing in transactions: one as JSON or canonical bytes, many in one bulk request, and what became of one by its id. docs/reference/http.md.
// Owns these routes. Does not own: verification and the queue (intake.ts), waiting (finality.ts). The id is the idempotency key: a retry is the same bytes.

import type { FastifyReply, FastifyRequest } from "fastify";
import { type Bytes, concat, hex, readU48, u32be } from "../../base/bytes.ts";
import { codes } from "../../base/codes.ts";
import { LedgerError } from "../../base/errors.ts";
import { BULK_WAIT_MS, MAX_BULK_BYTES, MAX_BULK_WAIT_MS, MAX_SIGNERS, MAX_TRANSACTION_BYTES } from "../../base/limits.ts";
import type { IngressVerdict } from "../../ledger/verify.ts";
import type { Answer, Api } from "./context.ts";
import type { FinalBlock, Group } from "./finality.ts";
import { receiptOf, type ShownReceipt, shortReceipt } from "./leaves.ts";
import { invalid } from "./problems.ts";
import { bodyOf, durationOf, hexOf, queryOf } from "./requests.ts";
import { type App, beginStream } from "./server.ts";
import { refusedReceipt } from "./refusals.ts";

export const TRANSACTION_TYPE = "application/vnd.chancery.transaction";
export const TRANSACTIONS_TYPE = "application/vnd.chancery.transactions";

export function submitRoutes(app: App, api: Api): void {
  app.addContentTypeParser(TRANSACTION_TYPE, { parseAs: "buffer", bodyLimit: MAX_TRANSACTION_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser(TRANSACTIONS_TYPE, { parseAs: "buffer", bodyLimit: MAX_BULK_BYTES }, (_request, body, done) => done(null, body));
  app.post("/v1/transactions", async (request, reply) => submitOne(api, request, reply));
  app.post("/v1/transactions/bulk", { bodyLimit: MAX_BULK_BYTES }, async (request, reply) => submitMany(api, request, reply));
  app.get("/v1/transactions/:id", async (request, reply) => lookUp(api, request, reply));
}

/** The body, in a buffer of its own, so that it can be moved to the worker; the request, which lives until its answer is whole, lets go of it. */
function takenFrom(request: FastifyRequest): Bytes {
  const body = request.body as Buffer<ArrayBuffer>;
  request.body = undefined;
  const whole = body.byteLength === body.buffer.byteLength;
  return whole ? new Uint8Array(body.buffer) : new Uint8Array(body);
}

// ── one ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
function transactionOf(request: FastifyRequest): Bytes {
  if (Buffer.isBuffer(request.body)) return takenFrom(request);
  const { body, signatures } = bodyOf(request, ["body", "signatures"]);
  if (!Array.isArray(signatures) || signatures.length > MAX_SIGNERS)
    return invalid("/signatures", `a list of at most ${MAX_SIGNERS}`, signatures);
  return concat(hexOf(body, "/body", 1, MAX_TRANSACTION_BYTES), ...signatures.map((s, i) => hexOf(s, `/signatures/${i}`, 64, 64)));
}

type Final = { readonly status: "final"; readonly receipt: ShownReceipt } | { readonly status: "expired" } | { readonly status: "pending" };

async function submitOne(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (Buffer.isBuffer(request.body) && request.headers["content-type"]?.startsWith(TRANSACTIONS_TYPE) === true)
    throw new LedgerError("request.media_type", { detail: "many transactions go to /v1/transactions/bulk" });
  const query = queryOf(request, ["wait", "timeout"]);
  const wait = waitOf(query["wait"], "final");
  const timeoutMs = durationOf(query, "timeout", api.config["api.max_wait"], api.config["api.max_wait"]);
  const bytes = transactionOf(request);
  const { id, outcome } = await api.submit(concat(u32be(bytes.length), bytes), request.ip, (verdict, [answer]) => {
    const own = verdict.ids.slice(0, 32);
    if (answer === "final") return { id: own, outcome: Promise.resolve<Final>({ status: "final", receipt: receiptOf(api, own)! }) };
    if (answer !== "accepted") throw refusal(answer!);
    return { id: own, outcome: wait === "final" ? finalOf(api, own, timeoutMs, reply) : Promise.resolve<Final>({ status: "pending" }) };
  });
  return answerOne(api, hex(id), await outcome, reply);
}

function waitOf(text: string | undefined, fallback: "final" | "accepted"): "final" | "accepted" {
  if (text === undefined) return fallback;
  return text === "final" || text === "accepted" ? text : invalid("?wait", "final or accepted", text);
}

function refusal(code: string): LedgerError {
  // Codes that the registry does not know are rules whose predicate said no before anything was sent.
  return new LedgerError(
    code,
    codes[code]?.status === undefined ? { status: code.startsWith("transaction.") || code.startsWith("codec.") ? 400 : 422 } : {},
  );
}

/** Resolves when the transaction is final or dead, or the time is over; a client that leaves takes its wait along. */
function finalOf(api: Api, id: Bytes, timeoutMs: number, reply: FastifyReply): Promise<Final> {
  return new Promise((resolve) => {
    const end = (outcome: Final): void => {
      clearTimeout(timer);
      reply.raw.off("close", gone);
      api.finality.leave(group, [id]);
      resolve(outcome);
    };
    const gone = (): void => end({ status: "pending" });
    const group = api.finality.add({
      final: () => end({ status: "final", receipt: receiptOf(api, id)! }),
      expired: () => end({ status: "expired" }),
      abandon: () => end({ status: "pending" }),
      flush: () => {},
    });
    const timer = setTimeout(gone, timeoutMs);
    reply.raw.once("close", gone);
    api.finality.wait(group, 0, id, 0);
  });
}

function answerOne(api: Api, id: string, outcome: Final, reply: FastifyReply): FastifyReply {
  if (outcome.status === "expired")
    throw new LedgerError("transaction.expired", { detail: "a committed block's time has passed notAfter, and there is no receipt" });
  if (outcome.status === "pending")
    return reply.code(202).header("location", `/v1/transactions/${id}`).header("retry-after", "1").send({ id, status: "pending" });
  const { receipt } = outcome;
  if (receipt.outcome === "applied") return reply.send(receipt);
  throw refusedReceipt(api, receipt);
}

// ── by id ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function lookUp(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const query = queryOf(request, ["wait", "timeout"]);
  if (query["wait"] !== undefined && query["wait"] !== "final") invalid("?wait", "final", query["wait"]);
  const { id: text } = request.params as { id: string };
  const id = hexOf(text, "/id", 32, 32);
  const known = receiptOf(api, id);
  if (known !== undefined) return reply.header("cache-control", "public, max-age=31536000, immutable").send(known);
  const notAfter = readU48(id, 0);
  // An id whose time was over before the first block that is kept may have had a receipt, which is gone.
  const { lowest } = api.reader;
  if (lowest > 1 && notAfter < api.reader.block(lowest)!.header.order.time)
    throw new LedgerError("height.pruned", { detail: `this node keeps blocks from ${lowest} on; an archive knows what became of it` });
  if (notAfter < api.head().time) return reply.send({ id: text, status: "expired", notAfter });
  if (query["wait"] === "final") {
    const outcome = await finalOf(api, id, durationOf(query, "timeout", api.config["api.max_wait"], api.config["api.max_wait"]), reply);
    if (outcome.status === "final") return reply.send(outcome.receipt);
    if (outcome.status === "expired") return reply.send({ id: text, status: "expired", notAfter });
  }
  if (api.isPending(id)) return reply.header("retry-after", "1").send({ id: text, status: "pending", notAfter });
  throw new LedgerError("transaction.unknown", {
    detail: `not known here as of block time ${api.head().time}; it may still arrive until ${notAfter}`,
  });
}

// ── many ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async function submitMany(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!Buffer.isBuffer(request.body) || request.headers["content-type"]?.startsWith(TRANSACTIONS_TYPE) !== true)
    throw new LedgerError("request.media_type", { detail: `send ${TRANSACTIONS_TYPE}` });
  const query = queryOf(request, ["wait", "timeout"]);
  const wait = waitOf(query["wait"], "accepted");
  const timeoutMs = durationOf(query, "timeout", BULK_WAIT_MS, MAX_BULK_WAIT_MS);
  await api.submit(takenFrom(request), request.ip, (verdict, answers) => {
    const answer = new BulkAnswer(api, verdict.ids, reply);
    answer.begin(verdict, answers, wait, timeoutMs);
  });
}

/** The lines of one bulk request: what is known at once, then one line each as they become final, written once a block. */
class BulkAnswer implements Group {
  readonly #api: Api;
  readonly #reply: FastifyReply;
  readonly #ids: Bytes;
  #out: ReturnType<typeof beginStream> | undefined;
  #lines = "";
  #left = 0;
  #group = -1;
  #timer: NodeJS.Timeout | undefined;
  #open: Uint8Array = new Uint8Array(0);

  constructor(api: Api, ids: Bytes, reply: FastifyReply) {
    this.#api = api;
    this.#ids = ids;
    this.#reply = reply;
  }

  begin(verdict: IngressVerdict, answers: readonly Answer[], wait: "final" | "accepted", timeoutMs: number): void {
    const { finality } = this.#api;
    this.#open = new Uint8Array(verdict.count);
    if (wait === "final") this.#group = finality.add(this);
    for (let i = 0; i < verdict.count; i++) {
      const answer = answers[i]!;
      if (answer === "accepted" && wait === "final") {
        finality.wait(this.#group, i, this.#ids, 32 * i);
        this.#open[i] = 1;
        this.#left++;
      } else this.#lines += this.#atOnce(i, answer);
    }
    this.#out = beginStream(
      this.#reply,
      200,
      { "content-type": "application/x-ndjson" },
      { network: this.#api.networkHex.slice(0, 16), head: () => this.#api.head() },
    );
    if (this.#left === 0) return this.flush();
    this.#timer = setTimeout(() => this.#giveUp(), timeoutMs);
    this.#out.once("close", () => this.#leave());
    if (this.#lines !== "") this.flush();
  }

  #id(item: number): string {
    return hex(this.#ids.subarray(32 * item, 32 * item + 32));
  }

  #atOnce(item: number, answer: Answer): string {
    if (answer === "accepted") return `{"item":${item},"id":"${this.#id(item)}","status":"accepted"}\n`;
    if (answer !== "final")
      return `{"item":${item},"id":"${this.#id(item)}","status":"refused","code":${JSON.stringify(answer)},"retry":"${codes[answer]?.retry ?? "never"}"}\n`;
    const { outcome, code, height, index, time } = receiptOf(this.#api, this.#ids.subarray(32 * item, 32 * item + 32))!;
    return `${JSON.stringify({ item, id: this.#id(item), status: "final", outcome, ...(code === null ? {} : { code }), height, index, time })}\n`;
  }

  final(item: number, block: FinalBlock, leaf: number): void {
    this.#lines += shortReceipt(item, this.#id(item), block.receipt(leaf), block.height, leaf, block.time);
    this.#close(item);
  }
  expired(item: number): void {
    this.#lines += `{"item":${item},"id":"${this.#id(item)}","status":"expired","code":"transaction.expired","retry":"rebuild"}\n`;
    this.#close(item);
  }
  #close(item: number): void {
    if (this.#open[item] === 1) this.#left--;
    this.#open[item] = 0;
  }

  flush(): void {
    if (this.#lines !== "") this.#out!.write(this.#lines);
    this.#lines = "";
    if (this.#left > 0) return;
    this.#api.finality.done(this.#group);
    clearTimeout(this.#timer);
    this.#out!.end();
  }

  abandon(): void {
    this.#giveUp();
  }

  /** The time is over: the rest is not known yet, which is an answer too. */
  #giveUp(): void {
    this.#open.forEach((open, i) => {
      if (open === 1) this.#lines += `{"item":${i},"id":"${this.#id(i)}","status":"pending"}\n`;
    });
    this.#leave();
    this.#left = 0;
    this.flush();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    if (this.#left === 0) return;
    const ids: Bytes[] = [];
    this.#open.forEach((open, i) => {
      if (open === 1) ids.push(this.#ids.subarray(32 * i, 32 * i + 32));
    });
    this.#api.finality.leave(this.#group, ids);
  }
}
