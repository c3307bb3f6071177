// The proof file, chancery-proof/1: its parts in memory, written and read as strict JSON. docs/protocol.md §5.4.
// Owns form and bounds: unknown or doubled fields, other types and larger parts are refused. Does not own: whether it is true (proofVerify.ts), how it
// comes about (proof.ts). Everything that was hashed or signed stands in it as the bytes it was, never decoded beside them. Browser-clean.

import { type Bytes, base64, hex, unbase64, unhex } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { MAX_DECLARED_ROW_BYTES, MAX_KEY_BYTES, MAX_PROOF_FILE_LENGTH, MAX_PROOF_STEPS, MAX_TRANSACTION_BYTES } from "../base/limits.ts";

export const PROOF_FORMAT = "chancery-proof/1";

/** A change of the validator set: the header whose `validators` is the hash of `set`, certified by the set before. */
export interface SetStep {
  readonly set: Bytes;
  readonly header: Bytes;
  readonly certificate: Bytes;
}
/** Leads from a block's hash to the `history` of a later header. */
export interface HistoryPath {
  /** Leaves of that history: the later header's height. */
  readonly size: number;
  readonly path: Bytes;
}
/** A header, and why it is believed: its own certificate, or a path into the history of the file's top header; neither if it is the top or the anchor itself. */
export interface HeaderPart {
  /** Left out where it is the top header. */
  readonly header?: Bytes;
  readonly certificate?: Bytes;
  readonly history?: HistoryPath;
}
/** The act of a transaction, or of due work, as its block has it. */
export interface ActPart extends HeaderPart {
  /** Transaction bytes; due work has none. */
  readonly bytes?: Bytes;
  readonly due?: { readonly collection: string; readonly key: Bytes; readonly name: string };
  readonly receipt: Bytes;
  /** Position of its leaf in the block. */
  readonly index: number;
  readonly path: Bytes;
  /** Leads from the row to the receipt's root of writes. */
  readonly write?: { readonly index: number; readonly path: Bytes };
}
export interface RecordPart {
  /** `contract/collection` */
  readonly collection: string;
  /** Encoded key. */
  readonly key: Bytes;
  /** null: there is no record under this key. */
  readonly row: Bytes | null;
  /** Entries of the state tree's bucket, and the siblings above it; with "state" only. */
  readonly bucket?: Bytes;
  readonly path?: Bytes;
}

export interface ProofFile {
  /** Genesis hash. */
  readonly network: Bytes;
  readonly from: "genesis" | { readonly height: number; readonly hash: Bytes };
  readonly validators: readonly SetStep[];
  /** Header of the state in which `record` stands; the file's top header. */
  readonly state?: { readonly header: Bytes; readonly certificate?: Bytes };
  readonly record?: RecordPart;
  /** Leads from the top header to the anchor, where that is later. */
  readonly history?: HistoryPath;
  /** The height asked about, with `prove --at`. */
  readonly at?: number;
  readonly transaction?: ActPart;
  /** The act that replaced the record, with the row it wrote. */
  readonly replaced?: ActPart & { readonly row: Bytes };
}

// ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The file's text, ending in a newline. */
export function writeProof(file: ProofFile): string {
  const { network, from, validators, state, record, history, at, transaction, replaced } = file;
  const json = {
    format: PROOF_FORMAT,
    network: hex(network),
    from: from === "genesis" ? from : { height: from.height, hash: hex(from.hash) },
    validators: validators.map((step) => shown(step)),
    ...(state && { state: shown(state) }),
    ...(record && { record: shown(record) }),
    ...(history && { history: shown(history) }),
    ...(at !== undefined && { at }),
    ...(transaction && { transaction: shown(transaction) }),
    ...(replaced && { replaced: shown(replaced) }),
  };
  return `${JSON.stringify(json, undefined, 1)}\n`;
}

/** Bytes as base64, objects within, what is undefined left out. */
function shown(part: object): { [name: string]: unknown } {
  const out: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(part) as [string, unknown][])
    if (value instanceof Uint8Array) out[name] = base64(value);
    else if (value !== undefined) out[name] = value !== null && typeof value === "object" ? shown(value) : value;
  return out;
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const HEADER = 1_024;
const CERTIFICATE = 16_384;
const SET = 32_768;
const BUCKET = 16 * 64;
const STATE_PATH = 256 * 32;
const MERKLE_PATH = 31 * 32;
const RECEIPT = 8_192;

type Json = { readonly [name: string]: unknown };

/** Reads a file's text. It may come from anybody. Throws `proof.malformed`, naming the place. */
export function readProof(content: string): ProofFile {
  if (content.length > MAX_PROOF_FILE_LENGTH) malformed("file", "too large");
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return malformed("file", "not JSON");
  }
  const file = fields(json, "file", ["format", "network", "from", "validators"], ["state", "record", "history", "at", "transaction", "replaced"]);
  if (file["format"] !== PROOF_FORMAT) malformed("format", `expected ${PROOF_FORMAT}`);
  if (membersWritten(content) !== members(json)) malformed("file", "a field stands twice");
  const steps = file["validators"];
  if (!Array.isArray(steps) || steps.length > MAX_PROOF_STEPS) return malformed("validators", "a list of bounded length");
  const { state, record, history, at, transaction, replaced } = file;
  return {
    network: hash(file["network"], "network"),
    from: fromOf(file["from"]),
    validators: (steps as unknown[]).map((step, i) => stepOf(step, `validators[${i}]`)),
    ...(state !== undefined && { state: stateOf(state) }),
    ...(record !== undefined && { record: recordOf(record) }),
    ...(history !== undefined && { history: historyOf(history, "history") }),
    ...(at !== undefined && { at: natural(at, "at") }),
    ...(transaction !== undefined && { transaction: actOf(transaction, "transaction", []) }),
    ...(replaced !== undefined && { replaced: { ...actOf(replaced, "replaced", ["row"]), row: data((replaced as Json)["row"], "replaced.row", MAX_DECLARED_ROW_BYTES) } }),
  };
}

function fromOf(value: unknown): ProofFile["from"] {
  if (value === "genesis") return value;
  const { height, hash: given } = fields(value, "from", ["height", "hash"]);
  return { height: natural(height, "from.height"), hash: hash(given, "from.hash") };
}

function stepOf(value: unknown, at: string): SetStep {
  const { set, header, certificate } = fields(value, at, ["set", "header", "certificate"]);
  return { set: data(set, `${at}.set`, SET), header: data(header, `${at}.header`, HEADER), certificate: data(certificate, `${at}.certificate`, CERTIFICATE) };
}

function stateOf(value: unknown): NonNullable<ProofFile["state"]> {
  const { header, certificate } = fields(value, "state", ["header"], ["certificate"]);
  return { header: data(header, "state.header", HEADER), ...(certificate !== undefined && { certificate: data(certificate, "state.certificate", CERTIFICATE) }) };
}

function recordOf(value: unknown): RecordPart {
  const { collection, key, row, bucket, path } = fields(value, "record", ["collection", "key", "row"], ["bucket", "path"]);
  return {
    collection: word(collection, "record.collection"),
    key: data(key, "record.key", MAX_KEY_BYTES),
    row: row === null ? null : data(row, "record.row", MAX_DECLARED_ROW_BYTES),
    ...(bucket !== undefined && { bucket: data(bucket, "record.bucket", BUCKET, true) }),
    ...(path !== undefined && { path: data(path, "record.path", STATE_PATH) }),
  };
}

function historyOf(value: unknown, at: string): HistoryPath {
  const { size, path } = fields(value, at, ["size", "path"]);
  return { size: natural(size, `${at}.size`), path: merklePath(path, `${at}.path`) };
}

function actOf(value: unknown, at: string, more: readonly string[]): ActPart {
  const { bytes, due, receipt, index, path, write, header, certificate, history } = fields(
    value,
    at,
    ["receipt", "index", "path", ...more],
    ["bytes", "due", "write", "header", "certificate", "history"],
  );
  if ((bytes === undefined) === (due === undefined)) malformed(at, "either bytes or due");
  return {
    ...(bytes !== undefined && { bytes: data(bytes, `${at}.bytes`, MAX_TRANSACTION_BYTES) }),
    ...(due !== undefined && { due: dueOf(due, `${at}.due`) }),
    receipt: data(receipt, `${at}.receipt`, RECEIPT),
    index: natural(index, `${at}.index`),
    path: merklePath(path, `${at}.path`),
    ...(write !== undefined && { write: writeOf(write, `${at}.write`) }),
    ...(header !== undefined && { header: data(header, `${at}.header`, HEADER) }),
    ...(certificate !== undefined && { certificate: data(certificate, `${at}.certificate`, CERTIFICATE) }),
    ...(history !== undefined && { history: historyOf(history, `${at}.history`) }),
  };
}

function dueOf(value: unknown, at: string): NonNullable<ActPart["due"]> {
  const { collection, key, name } = fields(value, at, ["collection", "key", "name"]);
  return { collection: word(collection, `${at}.collection`), key: data(key, `${at}.key`, MAX_KEY_BYTES), name: word(name, `${at}.name`) };
}

function writeOf(value: unknown, at: string): NonNullable<ActPart["write"]> {
  const { index, path } = fields(value, at, ["index", "path"]);
  return { index: natural(index, `${at}.index`), path: merklePath(path, `${at}.path`) };
}

/** The object's fields: those needed are there, and no others than those allowed. */
function fields(value: unknown, at: string, needed: readonly string[], allowed: readonly string[] = []): Json {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return malformed(at, "an object");
  for (const name of needed) if (!Object.hasOwn(value, name)) malformed(at, `${name} is missing`);
  for (const name of Object.keys(value)) if (!needed.includes(name) && !allowed.includes(name)) malformed(at, `unknown field ${JSON.stringify(name.slice(0, 40))}`);
  return value as Json;
}

function data(value: unknown, at: string, max: number, empty = false): Bytes {
  if (typeof value === "string" && value.length <= Math.ceil(max / 3) * 4) {
    const bytes = attempt(() => unbase64(value));
    if (bytes !== undefined && bytes.length <= max && (empty || bytes.length > 0)) return bytes;
  }
  return malformed(at, `base64 of ${empty ? 0 : 1} … ${max} bytes`);
}

function merklePath(value: unknown, at: string): Bytes {
  const bytes = data(value, at, MERKLE_PATH, true);
  return bytes.length % 32 === 0 ? bytes : malformed(at, "hashes of 32 bytes");
}

function hash(value: unknown, at: string): Bytes {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? unhex(value) : malformed(at, "64 lowercase hex digits");
}

function natural(value: unknown, at: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0) ? (value as number) : malformed(at, "a natural number");
}

/** Names of contracts' things: printable ASCII, so that what is shown is what is meant. */
function word(value: unknown, at: string): string {
  return typeof value === "string" && /^[!-~]{1,128}$/.test(value) ? value : malformed(at, "a name");
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

// JSON.parse takes the last of two equal names, other readers the first: a file that can be read in two ways is refused.
function membersWritten(content: string): number {
  let count = 0;
  let quoted = false;
  for (let i = 0; i < content.length; i++) {
    const c = content.charCodeAt(i);
    if (c === 0x22) quoted = !quoted;
    else if (quoted && c === 0x5c) i++;
    else if (!quoted && c === 0x3a) count++;
  }
  return count;
}
function members(value: unknown, depth = 0): number {
  if (value === null || typeof value !== "object") return 0;
  if (depth > 4) malformed("file", "less depth");
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) count += members(item, depth + 1);
  return count;
}

function malformed(at: string, expected: string): never {
  throw new LedgerError("proof.malformed", { step: at, detail: expected });
}
