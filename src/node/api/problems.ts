// Refusals of the API: RFC 9457 objects with a code of the registry, whether trying again helps, and where the fault lies. docs/reference/http.md.
// Owns their form. Does not own: codes (base/codes), rules of contracts (whose sentence comes with the receipt).

import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { codeEntry, codes } from "../../base/codes.ts";
import { LedgerError } from "../../base/errors.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** One thing that does not fit, as the person who wrote it needs to hear it. */
export interface FieldFault {
  readonly pointer: string;
  readonly expected: string;
  readonly got: string;
  readonly fix?: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly retry: string;
  readonly errors?: readonly FieldFault[];
  readonly [extra: string]: unknown;
}

const RETRY_AFTER: { readonly [code: string]: number } = {
  "quota.exceeded": 1,
  busy: 1,
  "node.behind": 1,
  "node.syncing": 5,
  "node.stopping": 5,
  "network.stalled": 5,
  "node.observer": 1,
};

/** Seconds after which a request that was refused with this code makes sense again, if it is such a code. */
export function retryAfterOf(code: string): number | undefined {
  return RETRY_AFTER[code];
}

/** What the data of an error may say beside its code. */
interface Extras {
  readonly detail?: string;
  readonly errors?: readonly FieldFault[];
  readonly status?: number;
  readonly title?: string;
  /** A contract's rule: the code that the client sees. */
  readonly rule?: string;
  readonly receipt?: unknown;
  readonly asOf?: unknown;
}

/** The problem object of a refusal: `data` of the error may give detail, errors and further members. */
export function problemOf(error: LedgerError): Problem {
  const { detail, errors, status, title, rule, receipt, asOf, ...rest } = (error.data ?? {}) as Extras & Record<string, unknown>;
  const entry = codeEntry(error.code);
  const code = rule ?? error.code;
  const told = detail ?? (Object.keys(rest).length > 0 ? JSON.stringify(rest, shown) : undefined);
  return {
    type: `/problems/${code}`,
    title: title ?? entry.title,
    status: status ?? entry.status ?? 500,
    code,
    ...(told === undefined ? {} : { detail: told }),
    retry: entry.retry ?? "never",
    ...(errors === undefined ? {} : { errors }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(asOf === undefined ? {} : { asOf }),
  };
}

function shown(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

/** Refuses a request: `request.invalid` (or another code) with one fault. */
export function invalid(pointer: string, expected: string, got: unknown, fix?: string, code = "request.invalid"): never {
  const fault: FieldFault = {
    pointer,
    expected,
    got: JSON.stringify(got, shown)?.slice(0, 200) ?? String(got),
    ...(fix === undefined ? {} : { fix }),
  };
  throw new LedgerError(code, { detail: `${pointer}: expected ${expected}`, errors: [fault] });
}

/** What fastify and node refuse by themselves, in our codes. */
function own(error: FastifyError): LedgerError {
  const detail = error.message;
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new LedgerError("request.too_large", { detail });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new LedgerError("request.media_type", { detail });
    case "FST_ERR_BAD_URL":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new LedgerError("request.invalid", { detail });
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? new LedgerError("request.invalid", { detail })
        : new LedgerError("bug.unexpected", { detail: "see the node's log" }, error);
  }
}

/** Turns what a handler threw into an answer. What has no code of ours is a bug, and is told to `onBug`. */
export function errorHandler(onBug: (error: unknown, request: FastifyRequest) => void) {
  return (thrown: FastifyError | LedgerError, request: FastifyRequest, reply: FastifyReply): void => {
    const error = refusalOf(thrown);
    if ((codes[error.code]?.status ?? 500) >= 500 && codes[error.code]?.retry !== "same") onBug(thrown, request);
    sendProblem(reply, error, request.id);
  };
}

/** Errors of the codec and of documents are the sender's; everything else without a status of its own is a bug. */
function refusalOf(thrown: FastifyError | LedgerError): LedgerError {
  if (!(thrown instanceof LedgerError)) return own(thrown);
  if (codes[thrown.code]?.status !== undefined || typeof thrown.data?.["status"] === "number") return thrown;
  if (/^(codec|batch|document)\./.test(thrown.code)) return new LedgerError("request.invalid", { detail: thrown.message }, thrown);
  if (thrown.code.startsWith("transaction.")) return new LedgerError("transaction.malformed", { detail: thrown.message }, thrown);
  return new LedgerError("bug.unexpected", { detail: "see the node's log" }, thrown);
}

export function sendProblem(reply: FastifyReply, error: LedgerError, request: string): void {
  const problem = problemOf(error);
  const after = retryAfterOf(problem.code);
  if (after !== undefined) void reply.header("retry-after", String(after));
  void reply
    .code(problem.status)
    .header("content-type", PROBLEM_TYPE)
    .header("cache-control", "no-store")
    .send(JSON.stringify({ ...problem, request }));
}
