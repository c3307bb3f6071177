// The client library: build, sign, submit, wait, read, prove, follow. Node ≥ 22.12 and browsers; fetch only. docs/reference/client.md.
// Owns the forms that applications use. Does not own: bytes (build.ts), requests (connection.ts), the verifier (verify.ts), keys at rest (base/keyFile).

import { type Bytes, concat, hex, u32be, unhex } from "../base/bytes.ts";
import type { Value } from "../base/codec.ts";
import { readDocument } from "../base/document.ts";
import { LedgerError } from "../base/errors.ts";
import { NONCE_BYTES } from "../base/limits.ts";
import { generateSeed } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { noNetwork, taggedBytes } from "../base/tags.ts";
import { check, Draft, draft, type Json, type SignedTransaction, type Signer, seedSigner } from "./build.ts";
import { ChanceryError, Connection, keyPath } from "./connection.ts";
import { type EventFilter, follow, type LedgerEvent } from "./events.ts";
import { type Access, authorizationOf } from "./token.ts";

export { check, Draft, type Intent, type Json, type SignedTransaction, type Signer } from "./build.ts";
export { ChanceryError, Connection, keyPath } from "./connection.ts";
export type { EventFilter, LedgerEvent } from "./events.ts";
export { type Access, accessToken } from "./token.ts";

export interface ConnectOptions {
  /** Tried in turn. */
  readonly nodes: readonly string[];
  /** The genesis file: its text, or (in Node) its path. Without it the first node's word is taken for which network this is. */
  readonly genesis?: string;
  /** To read what is not public: a key of access, and whose nodes these are. */
  readonly access?: Access;
}

export interface Receipt {
  readonly id: string;
  readonly outcome: "applied" | "rejected" | "failed";
  readonly code: string | null;
  readonly height: number;
  readonly index: number;
  readonly time: number;
  readonly flags: readonly string[];
  readonly writes: readonly { readonly record: string; readonly revision: number; readonly status: string }[];
  readonly [more: string]: unknown;
}

/** What became of a transaction. "pending" is an answer of its own, never a failure: ask again, with the same bytes. */
export type Outcome =
  | ({ readonly status: "applied" | "rejected" | "failed" } & Receipt)
  | { readonly status: "pending"; readonly id: string; readonly retryAfterMs: number }
  | { readonly status: "expired"; readonly id: string };

export interface Found {
  readonly record: string;
  readonly revision: number;
  readonly status: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly asOf: { readonly height: number; readonly time: number };
  readonly [more: string]: unknown;
}
export interface Page<T> {
  readonly items: readonly T[];
  /** Null at the end. */
  readonly next: string | null;
  readonly asOf: { readonly height: number; readonly time: number };
}
export interface Terms {
  /** Public keys of all who sign. */
  readonly signers: readonly Bytes[];
  /** "1h", or milliseconds since 1970. Default: one hour. */
  readonly notAfter?: string | number;
  readonly nonce?: Bytes;
}
/** What a node has prepared, checked against what was asked for. */
export interface Prepared {
  readonly draft: Draft;
  readonly action: string;
  readonly needs: readonly { readonly slot: string; readonly met: boolean; readonly [more: string]: unknown }[];
  readonly dryRun: { readonly outcome: string; readonly code?: string; readonly [more: string]: unknown } | undefined;
}
interface PrepareAnswer {
  readonly body: string;
  readonly version: string;
  readonly needs?: Prepared["needs"];
  readonly dryRun?: NonNullable<Prepared["dryRun"]>;
}

/** One answer of a bulk request. */
export interface BulkLine {
  readonly item: number;
  readonly id: string;
  readonly status: "accepted" | "final" | "expired" | "refused" | "pending";
  readonly outcome?: Receipt["outcome"];
  readonly code?: string;
  readonly [more: string]: unknown;
}

export const TRANSACTION_TYPE = "application/vnd.chancery.transaction";
export const TRANSACTIONS_TYPE = "application/vnd.chancery.transactions";
const DEFAULT_LIFETIME = "1h";
const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of "30s", "1h" …. Throws `request.invalid`. */
export function milliseconds(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new LedgerError("request.invalid", { duration: text });
  return Number(match[1]) * UNITS[match[2]!]!;
}

/** Connects: learns or checks which network the nodes serve. Throws ChanceryError if none answers, `network.mismatch` if it is another one. */
export async function connect(options: ConnectOptions): Promise<Ledger> {
  const connection = new Connection(options.nodes);
  const text = options.genesis === undefined ? await fetchGenesis(connection) : await textOf(options.genesis);
  const network = networkOf(text);
  if (options.genesis !== undefined) {
    const said = await connection.request<{ network: string }>("/v1/network");
    if (said.body.network !== hex(network))
      throw new ChanceryError(
        {
          code: "network.mismatch",
          title: "The node serves another network.",
          detail: `${said.node} serves ${said.body.network}, the genesis given is ${hex(network)}`,
        },
        409,
        false,
      );
  }
  if (options.access !== undefined) connection.authorization = authorizationOf(options.access, hex(network));
  return new Ledger(connection, network, text);
}

async function fetchGenesis(connection: Connection): Promise<string> {
  return JSON.stringify((await connection.request("/genesis.json")).body);
}

/** A file's text: itself, or (in Node) what the path names. */
async function textOf(source: string): Promise<string> {
  if (source.trimStart().startsWith("{")) return source;
  const fs = await import("node:fs/promises");
  return fs.readFile(source, "utf8");
}

function networkOf(genesis: string): Bytes {
  return taggedBytes(tags.genesis, noNetwork, readDocument(genesis, "chancery-genesis/1").body);
}

/** A network, seen through its nodes. */
export class Ledger {
  readonly connection: Connection;
  /** Genesis hash. */
  readonly network: Bytes;
  /** Text of the genesis file. */
  readonly genesis: string;

  constructor(connection: Connection, network: Bytes, genesis: string) {
    this.connection = connection;
    this.network = network;
    this.genesis = genesis;
  }

  /** A draft from canonical values: bytes as bytes, amounts as bigint. `action` is `contract.action@version`. No node is asked. */
  transaction(action: string | { readonly name: string }, args: { readonly [name: string]: Value }, terms: Terms): Draft {
    const name = typeof action === "string" ? action : action.name;
    return draft(this.network, { operations: [{ action: name, args }], ...this.#terms(terms) });
  }

  /** A draft from JSON (bytes as hex, amounts as decimal strings), which the node turns into bytes; they are checked against what was asked for. */
  async prepare(action: string, args: Json, terms: Terms): Promise<Prepared> {
    const { signers, notAfter, nonce } = this.#terms(terms);
    const intent = { args, signers: signers.map((s) => hex(s)), nonce: hex(nonce), notAfter };
    const { body } = await this.connection.request<PrepareAnswer>(`/v1/actions/${encodeURIComponent(action)}/prepare`, {
      method: "POST",
      body: intent,
    });
    const bytes = unhex(body.body);
    const mismatch = check(bytes, { action, ...intent });
    if (mismatch !== undefined) throw new LedgerError("prepare.altered", { ...mismatch });
    return { draft: new Draft(this.network, bytes), action: body.version, needs: body.needs ?? [], dryRun: body.dryRun };
  }

  #terms({ signers, notAfter = DEFAULT_LIFETIME, nonce }: Terms): { signers: readonly Bytes[]; notAfter: number; nonce: Bytes } {
    const until = typeof notAfter === "number" ? notAfter : Date.now() + milliseconds(notAfter);
    return { signers, notAfter: until, nonce: nonce ?? generateSeed().slice(0, NONCE_BYTES) };
  }

  /** Hands in signed bytes. A refusal by a rule is an outcome; a refusal by the node (malformed, quota …) throws. Safe to repeat, at any node. */
  async submit(
    signed: Pick<SignedTransaction, "id" | "bytes">,
    options: { wait?: "final" | "accepted"; timeout?: string } = {},
  ): Promise<Outcome> {
    const timeoutMs = milliseconds(options.timeout ?? "30s");
    const query = { wait: options.wait ?? "final", timeout: `${timeoutMs}ms` };
    try {
      const { status, body } = await this.connection.request<Receipt>("/v1/transactions", {
        method: "POST",
        query,
        body: signed.bytes,
        contentType: TRANSACTION_TYPE,
        timeoutMs,
      });
      return status === 202 ? pending(signed.id) : outcomeOf(body);
    } catch (error) {
      if (!(error instanceof ChanceryError)) throw error;
      const receipt = error.problem["receipt"] as Receipt | undefined;
      if (error.status === 422 && receipt !== undefined) return { ...outcomeOf(receipt), ...extras(error.problem) };
      if (error.code === "transaction.expired" && error.sent) return { status: "expired", id: signed.id };
      // The bytes may have arrived: whoever says "failed" here makes people pay twice.
      if (error.status === 0 && error.sent) return pending(signed.id);
      throw error;
    }
  }

  /** Hands in up to 1,000 transactions at once; answers come as they are known, in any order. */
  async *submitMany(
    transactions: readonly Pick<SignedTransaction, "bytes">[],
    options: { wait?: "final" | "accepted" } = {},
  ): AsyncGenerator<BulkLine> {
    const body = concat(...transactions.flatMap((t) => [u32be(t.bytes.length), t.bytes]));
    const query = { wait: options.wait ?? "accepted" };
    const node = this.connection.nodes[0]!;
    const response = await this.connection.open(node, "/v1/transactions/bulk", {
      method: "POST",
      query,
      body,
      contentType: TRANSACTIONS_TYPE,
      accept: "application/x-ndjson",
      timeoutMs: 600_000,
    });
    if (response.status !== 200) throw new ChanceryError((await response.json()) as Record<string, unknown>, response.status, true);
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line !== "") yield JSON.parse(line) as BulkLine;
    }
  }

  /** What a node knows of a transaction. Throws `transaction.unknown` (404). */
  async transactionById(id: string, options: { wait?: "final"; timeout?: string } = {}): Promise<Outcome> {
    const timeoutMs = milliseconds(options.timeout ?? "30s");
    const query = options.wait === undefined ? {} : { wait: options.wait, timeout: `${timeoutMs}ms` };
    const { body } = await this.connection.request<Receipt & { status: string }>(`/v1/transactions/${id}`, { query, timeoutMs });
    if (body.status === "pending") return pending(id);
    return body.status === "expired" ? { status: "expired", id } : outcomeOf(body);
  }

  /** A record as of the node's head (or of `at`); undefined if there is none. */
  async get(collection: string, key: readonly string[] | string, options: { at?: number } = {}): Promise<Found | undefined> {
    try {
      return (await this.connection.request<Found>(`/v1/records/${collection}/${keyOf(key)}`, { query: { at: options.at } })).body;
    } catch (error) {
      if (error instanceof ChanceryError && error.code === "record.unknown") return undefined;
      throw error;
    }
  }

  /** What a contract computes from its records: `contract.view`, as of the node's head. Throws `view.unknown`, `args.invalid`, `record.unknown`. */
  async ask(view: string, args: Json): Promise<{ readonly answer: unknown; readonly asOf: Found["asOf"] }> {
    const path = `/v1/views/${encodeURIComponent(view)}`;
    return (await this.connection.request<{ answer: unknown; asOf: Found["asOf"] }>(path, { method: "POST", body: { args } })).body;
  }

  async list(
    collection: string,
    options: { find?: Readonly<Record<string, string>>; limit?: number; after?: string } = {},
  ): Promise<Page<Found>> {
    const find = Object.fromEntries(Object.entries(options.find ?? {}).map(([field, value]) => [`find.${field}`, value]));
    return (
      await this.connection.request<Page<Found>>(`/v1/records/${collection}`, {
        query: { ...find, limit: options.limit, after: options.after },
      })
    ).body;
  }

  async history(
    collection: string,
    key: readonly string[] | string,
    options: { limit?: number; after?: string } = {},
  ): Promise<Page<Found>> {
    return (await this.connection.request<Page<Found>>(`/v1/history/${collection}/${keyOf(key)}`, { query: options })).body;
  }

  /** A proof file, to be kept and verified by anybody (`chancery/verify`). Of a key without a record it proves the absence. */
  async prove(
    collection: string,
    key: readonly string[] | string,
    options: { at?: number; from?: number } = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    return (await this.connection.request<Record<string, unknown>>(`/v1/proofs/${collection}/${keyOf(key)}`, { query: options })).body;
  }

  events(filter: EventFilter = {}, signal?: AbortSignal): AsyncGenerator<LedgerEvent> {
    return follow(this.connection, filter, signal);
  }
}

function keyOf(key: readonly string[] | string): string {
  return keyPath(typeof key === "string" ? [key] : key);
}
function pending(id: string): Outcome {
  return { status: "pending", id, retryAfterMs: 1_000 };
}
function outcomeOf(receipt: Receipt): Outcome {
  return { ...receipt, status: receipt.outcome };
}
/** What the node explains beside the receipt of a refusal. */
function extras({
  receipt: _receipt,
  type: _type,
  status: _status,
  code: _code,
  ...problem
}: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return problem;
}

/** Where signatures come from. An HSM is any `{ publicKey, sign(bytes) }`. */
export const signer = {
  fromSeed: seedSigner,

  /** Node only: a key file. */
  async fromFile(file: string, options: { passphraseFile?: string } = {}): Promise<Signer> {
    const [fs, keys] = await Promise.all([import("node:fs"), import("../base/keyFile.ts")]);
    const passphrase = options.passphraseFile === undefined ? undefined : keys.passphraseFrom(fs.readFileSync(options.passphraseFile));
    const key = keys.loadKey(file, passphrase);
    return seedSigner(key.secret.subarray(0, 32));
  },

  /** A browser's key, fresh and not extractable, or one that was made so before. */
  async webCrypto(pair?: CryptoKeyPair): Promise<Signer & { readonly pair: CryptoKeyPair }> {
    const { subtle } = globalThis.crypto;
    const own = pair ?? (await subtle.generateKey("Ed25519", false, ["sign", "verify"]));
    const publicKey = new Uint8Array(await subtle.exportKey("raw", own.publicKey));
    return {
      pair: own,
      publicKey,
      sign: async (bytes) => new Uint8Array(await subtle.sign("Ed25519", own.privateKey, bytes as Uint8Array<ArrayBuffer>)),
    };
  },
};
