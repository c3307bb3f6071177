// Talking to nodes: one request, tried at one node after the other, with the height this client has seen. docs/reference/http.md.
// Owns requests, refusals and read-your-writes. Does not own: transactions (build.ts), proofs (verify.ts). Browser-clean: fetch only; stores nothing.

/** Every refusal and every failure to reach a node. `retry`: never | same (these bytes again, later) | rebuild (a new transaction). */
export class ChanceryError extends Error {
  readonly code: string;
  readonly retry: "never" | "same" | "rebuild";
  /** HTTP status; 0 if no node answered. */
  readonly status: number;
  /** The RFC 9457 object as the node sent it. */
  readonly problem: Readonly<Record<string, unknown>>;
  /** False only if it is certain that no node has received the request. */
  readonly sent: boolean;

  constructor(problem: Readonly<Record<string, unknown>>, status: number, sent: boolean, cause?: unknown) {
    const code = typeof problem["code"] === "string" ? problem["code"] : `http.${status}`;
    const words = [problem["title"], problem["detail"]].filter((w) => typeof w === "string");
    super(words.length > 0 ? `${code}: ${words.join(" ")}` : code, cause === undefined ? undefined : { cause });
    this.name = "ChanceryError";
    this.code = code;
    this.retry = problem["retry"] === "same" || problem["retry"] === "rebuild" ? problem["retry"] : "never";
    this.status = status;
    this.problem = problem;
    this.sent = sent;
  }
}

export interface Request {
  readonly method?: "GET" | "POST";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON, or as it is if it is bytes. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** How long to wait for the answer, ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}
export interface Response<T> {
  readonly status: number;
  readonly body: T;
  /** Height and time (of that block) as of which the node answered. */
  readonly height: number;
  readonly time: number;
  /** Hex digits with which the network's hash begins. */
  readonly network: string;
  readonly etag: string | null;
  readonly node: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Beyond what the node was asked to wait: for the way there and back. */
const GRACE_MS = 5_000;
/** Failures in which nothing has left this machine. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_INVALID_URL",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

export class Connection {
  readonly nodes: readonly string[];
  /** The node that answered last: it is asked first. */
  #current = 0;
  /** Highest height this client has seen: no node may answer from before it. */
  #seen = 0;

  /** The Authorization header of each request, if there is to be one. */
  authorization: (() => Promise<string>) | undefined;

  constructor(nodes: readonly string[]) {
    this.nodes = nodes.map((n) => n.replace(/\/+$/, ""));
  }

  get seen(): number {
    return this.#seen;
  }

  /** An answer with a status below 300; throws ChanceryError otherwise. Nodes that cannot be reached, or are behind, are passed over. */
  async request<T = unknown>(path: string, request: Request = {}): Promise<Response<T>> {
    let last: ChanceryError | undefined;
    let sent = false;
    for (let i = 0; i < this.nodes.length; i++) {
      const index = (this.#current + i) % this.nodes.length;
      try {
        const response = await this.#ask<T>(this.nodes[index]!, path, request);
        this.#current = index;
        return response;
      } catch (error) {
        if (!(error instanceof ChanceryError)) throw error;
        sent ||= error.sent;
        last = error;
        if (error.status !== 0 && error.status !== 503) break;
      }
    }
    if (last === undefined) throw new ChanceryError({ code: "node.unreachable", title: "There is no node to ask." }, 0, false);
    if (last.status === 0 && sent !== last.sent) throw new ChanceryError(last.problem, 0, sent, last.cause);
    throw last;
  }

  async #ask<T>(node: string, path: string, request: Request): Promise<Response<T>> {
    const response = await this.open(node, path, request);
    const text = await response.text().catch((cause: unknown) => {
      throw new ChanceryError(
        { code: "node.unreachable", title: "The connection broke.", detail: String(cause), retry: "same" },
        0,
        true,
        cause,
      );
    });
    const body = decodeBody(text);
    if (response.status >= 300)
      throw new ChanceryError(
        typeof body === "object" && body !== null ? (body as Record<string, unknown>) : { detail: text.slice(0, 200) },
        response.status,
        true,
      );
    const height = Number(response.headers.get("chancery-height") ?? 0);
    if (height > this.#seen) this.#seen = height;
    return {
      status: response.status,
      body: body as T,
      height,
      time: Number(response.headers.get("chancery-time") ?? 0),
      network: response.headers.get("chancery-network") ?? "",
      etag: response.headers.get("etag"),
      node,
    };
  }

  /** The bare response of one node, for streams. */
  async open(
    node: string,
    path: string,
    { method = "GET", query = {}, body, contentType, accept, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: Request,
  ): Promise<globalThis.Response> {
    const url = new URL(`${node}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const headers: Record<string, string> = { accept: accept ?? "application/json" };
    if (this.authorization !== undefined) headers["authorization"] = await this.authorization();
    if (this.#seen > 0) headers["chancery-min-height"] = String(this.#seen);
    if (body !== undefined) headers["content-type"] = contentType ?? "application/json";
    const limit = AbortSignal.timeout(timeoutMs + GRACE_MS);
    try {
      return await fetch(url, {
        method,
        headers,
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
        redirect: "error",
        ...(body === undefined ? {} : { body: body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
      });
    } catch (cause) {
      const reason = (cause as { cause?: { code?: unknown; message?: unknown } }).cause;
      const code = String(reason?.code ?? "");
      throw new ChanceryError(
        {
          code: "node.unreachable",
          title: "No node answered.",
          detail: `${node}: ${code || String(reason?.message ?? cause)}`,
          retry: "same",
        },
        0,
        !NOT_SENT.has(code),
        cause,
      );
    }
  }
}

function decodeBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Parts of a key as they stand in URLs: each percent-encoded, joined by slashes. */
export function keyPath(parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join("/");
}
