// Building transactions, and checking what a node has prepared before signing it. docs/protocol.md §2.4.
// Owns the client's forms: fields → draft → signatures → bytes, and `check(bytes, intent)`. Does not own the bytes themselves (ledger/transaction).
// Browser-clean; keeps no keys.

import { type Bytes, equalBytes, hex, unhex } from "../base/bytes.ts";
import type { Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { NONCE_BYTES } from "../base/limits.ts";
import { generateSeed, publicKeyOf, sign } from "../base/signature.ts";
import {
  assemble,
  decodeBody,
  encodeBody,
  fullHash,
  type Operation,
  signingBytes,
  type TransactionBody,
  transactionId,
} from "../ledger/transaction.ts";

/** Whoever can sign: a key file, WebCrypto, an HSM. */
export interface Signer {
  readonly publicKey: Bytes;
  sign(bytes: Bytes): Bytes | Promise<Bytes>;
}

/** A signer of a 32-byte seed. */
export function seedSigner(seed: Bytes): Signer {
  return { publicKey: publicKeyOf(seed), sign: (bytes) => sign(seed, bytes) };
}

/** A transaction ready to be sent. Store `bytes` before the first attempt: a retry is the same bytes, to any node. */
export interface SignedTransaction {
  readonly id: string;
  readonly bytes: Bytes;
  readonly fullHash: string;
}

export interface DraftFields {
  readonly operations: readonly Operation[];
  readonly signers: readonly Bytes[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** 16 bytes; random ones if left out. */
  readonly nonce?: Bytes;
}

/** A transaction that gathers its signatures. */
export class Draft {
  readonly network: Bytes;
  readonly body: Bytes;
  readonly #signatures = new Map<string, { key: Bytes; signature: Bytes }>();

  /** From body bytes, as `encodeBody` or a node's prepare made them. Throws `transaction.malformed`. */
  constructor(network: Bytes, body: Bytes) {
    this.network = network;
    this.body = body;
    decodeBody(body);
  }

  get id(): string {
    return hex(transactionId(this.network, this.body));
  }
  /** What each signer signs. */
  get signingBytes(): Bytes {
    return signingBytes(this.network, this.body);
  }
  get fields(): TransactionBody {
    return decodeBody(this.body);
  }
  /** Signers whose signature is still missing, hex. */
  get missing(): string[] {
    return this.fields.signers.map(hex).filter((key) => !this.#signatures.has(key));
  }

  async sign(signer: Signer): Promise<this> {
    return this.attach({ key: signer.publicKey, signature: await signer.sign(this.signingBytes) });
  }

  /** Adds a signature made elsewhere. Throws `transaction.signature_unlisted`. */
  attach(signed: { readonly key: Bytes; readonly signature: Bytes }): this {
    const key = hex(signed.key);
    if (!this.fields.signers.some((s) => equalBytes(s, signed.key)))
      throw new LedgerError("transaction.signature_unlisted", { signer: key });
    this.#signatures.set(key, signed);
    return this;
  }

  /** Throws `transaction.signature_missing` while a listed signer lacks. */
  finish(): SignedTransaction {
    const bytes = assemble(this.body, [...this.#signatures.values()]);
    return { id: this.id, bytes, fullHash: hex(fullHash(bytes)) };
  }
}

/** A draft of the fields. Throws `transaction.malformed` or `codec.…`. */
export function draft(network: Bytes, { operations, signers, notAfter, nonce }: DraftFields): Draft {
  return new Draft(network, encodeBody({ nonce: nonce ?? generateSeed().slice(0, NONCE_BYTES), notAfter, signers, operations }));
}

/** JSON as a client writes it: integers as numbers or decimal strings, bytes as hex. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What a client asked a node to prepare. */
export interface Intent {
  /** `contract.action@version`; without the version any version will do. */
  readonly action: string;
  readonly args: Json;
  /** Public keys, hex, in any order. */
  readonly signers: readonly string[];
  /** Hex. */
  readonly nonce: string;
  readonly notAfter: number | string;
}

/** Where the prepared bytes say something else than was asked. */
export interface Mismatch {
  /** JSON pointer into the intent. */
  readonly pointer: string;
  readonly expected: string;
  readonly got: string;
}

/**
 * Does the body say what was asked, and nothing besides? undefined if so. Never sign what another machine has prepared without it: with it, a node can
 * withhold, but not alter. An integer equals its decimal string, bytes equal their hex.
 */
export function check(body: Bytes, intent: Intent): Mismatch | undefined {
  let fields: TransactionBody;
  try {
    fields = decodeBody(body);
  } catch (error) {
    return { pointer: "", expected: "a transaction body", got: error instanceof LedgerError ? error.message : "other bytes" };
  }
  if (fields.operations.length !== 1) return { pointer: "", expected: "1 operation", got: `${fields.operations.length}` };
  const { action, args } = fields.operations[0]!;
  const named = intent.action.includes("@") ? action : action.slice(0, action.lastIndexOf("@"));
  if (named !== intent.action) return { pointer: "/action", expected: intent.action, got: action };
  if (!equals(fields.nonce, intent.nonce)) return { pointer: "/nonce", expected: intent.nonce, got: hex(fields.nonce) };
  if (!equals(fields.notAfter, intent.notAfter))
    return { pointer: "/notAfter", expected: String(intent.notAfter), got: String(fields.notAfter) };
  const asked = [...intent.signers].sort();
  const listed = fields.signers.map(hex);
  if (asked.join() !== listed.join()) return { pointer: "/signers", expected: asked.join(" "), got: listed.join(" ") };
  return difference(args, intent.args, "/args");
}

function difference(value: Value, json: Json, pointer: string): Mismatch | undefined {
  if (Array.isArray(value) && Array.isArray(json)) {
    const items = value as Value[];
    if (items.length !== json.length) return { pointer, expected: `${json.length} items`, got: `${items.length}` };
    return first(items.map((item, i) => () => difference(item, (json as Json[])[i]!, `${pointer}/${i}`)));
  }
  if (isMap(value) && isMap(json)) {
    const names = [...new Set([...Object.keys(value), ...Object.keys(json)])].sort();
    return first(
      names.map((name) => () => {
        const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        if (!Object.hasOwn(json, name)) return { pointer: at, expected: "nothing", got: shown(value[name]!) };
        if (!Object.hasOwn(value, name)) return { pointer: at, expected: JSON.stringify(json[name]), got: "nothing" };
        return difference(value[name]!, json[name]!, at);
      }),
    );
  }
  return equals(value, json) ? undefined : { pointer, expected: JSON.stringify(json), got: shown(value) };
}

function first(checks: readonly (() => Mismatch | undefined)[]): Mismatch | undefined {
  for (const next of checks) {
    const mismatch = next();
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}

function equals(value: Value, json: Json): boolean {
  if (value instanceof Uint8Array) return json === hex(value);
  if (typeof value === "number" || typeof value === "bigint")
    return typeof json === "number" ? Number.isSafeInteger(json) && json === Number(value) : json === value.toString();
  return value === json && (value === null || typeof value === "boolean" || typeof value === "string");
}

function isMap<T>(value: unknown): value is { readonly [name: string]: T } {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function shown(value: Value): string {
  return JSON.stringify(value, (_, v: unknown) => (v instanceof Uint8Array ? hex(v) : typeof v === "bigint" ? v.toString() : v));
}

/** The bytes of a transaction handed over as JSON, {"body": hex, "signatures": [hex…]}, in the order of the signers. Throws `transaction.malformed` or `codec.hex`. */
export function fromJson(json: { readonly body: string; readonly signatures: readonly string[] }): Bytes {
  const body = unhex(json.body);
  const { signers } = decodeBody(body);
  if (json.signatures.length !== signers.length)
    throw new LedgerError("transaction.malformed", { part: "signatures", offset: body.length });
  return assemble(
    body,
    signers.map((key, i) => ({ key, signature: unhex(json.signatures[i]!) })),
  );
}
