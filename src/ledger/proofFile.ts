// The proof file, chancery-proof/1: its parts in memory, written and read as strict JSON. docs/protocol.md §5.4.
// Owns form and bounds: unknown or doubled fields, other types and larger parts are refused. Does not own: whether it is true (proofVerify.ts), how it
// comes about (proof.ts). Everything that was hashed or signed stands in it as the bytes it was, never decoded beside them. Browser-clean.

import { type Bytes, base64, hex, unbase64, unhex } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import {
  MAX_BLOCK_HEADER_BYTES,
  MAX_SET_BYTES,
  MAX_DECLARED_ROW_BYTES,
  MAX_KEY_BYTES,
  MAX_PROOF_FILE_LENGTH,
  MAX_PROOF_STEPS,
  MAX_TRANSACTION_BYTES,
} from "../base/limits.ts";

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

/** Reads the value at a place of the file, or refuses it. */
type Rule = (value: unknown, at: string) => unknown;

const natural: Rule = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0) ? value : malformed(at, "a natural number");
const hash: Rule = (value, at) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? unhex(value) : malformed(at, "64 lowercase hex digits");
/** Names of contracts' things: printable ASCII, so that what is shown is what is meant. */
const word: Rule = (value, at) => (typeof value === "string" && /^[!-~]{1,128}$/.test(value) ? value : malformed(at, "a name"));

/** Base64 of min … max bytes, a multiple of `unit`. */
function data(max: number, min = 1, unit = 1): Rule {
  return (value, at) => {
    if (typeof value === "string" && value.length <= Math.ceil(max / 3) * 4) {
      let bytes: Bytes | undefined;
      try {
        bytes = unbase64(value);
      } catch {}
      if (bytes !== undefined && bytes.length >= min && bytes.length <= max && bytes.length % unit === 0) return bytes;
    }
    return malformed(at, `base64 of ${min} … ${max} bytes`);
  };
}

/** An object with these fields and no others; those in `optional` may be missing. */
function object(needed: { readonly [name: string]: Rule }, optional: { readonly [name: string]: Rule } = {}): Rule {
  const rules = { ...needed, ...optional };
  return (value, at) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return malformed(at, "an object");
    const out: { [name: string]: unknown } = {};
    const inside = (name: string): string => (at === "file" ? name : `${at}.${name}`);
    for (const name of Object.keys(needed)) if (!Object.hasOwn(value, name)) malformed(inside(name), "present");
    for (const [name, item] of Object.entries(value))
      out[name] = Object.hasOwn(rules, name)
        ? rules[name]!(item, inside(name))
        : malformed(at, `no field ${JSON.stringify(name.slice(0, 40))}`);
    return out;
  };
}

const list =
  (rule: Rule, max: number): Rule =>
  (value, at) =>
    Array.isArray(value) && value.length <= max ? value.map((item, i) => rule(item, `${at}[${i}]`)) : malformed(at, `at most ${max} items`);
const either =
  (constant: unknown, rule: Rule): Rule =>
  (value, at) =>
    value === constant ? value : rule(value, at);

const header = data(MAX_BLOCK_HEADER_BYTES);
const certificate = data(16_384);
const merklePath = data(31 * 32, 0, 32);
const row = data(MAX_DECLARED_ROW_BYTES);
const key = data(MAX_KEY_BYTES);
const history = object({ size: natural, path: merklePath });
const actNeeds = { receipt: data(8_192), index: natural, path: merklePath };
const actMay = {
  bytes: data(MAX_TRANSACTION_BYTES),
  due: object({ collection: word, key, name: word }),
  write: object({ index: natural, path: merklePath }),
  header,
  certificate,
  history,
};
const fileRule = object(
  {
    format: (value, at) => (value === PROOF_FORMAT ? value : malformed(at, PROOF_FORMAT)),
    network: hash,
    from: either("genesis", object({ height: natural, hash })),
    validators: list(object({ set: data(MAX_SET_BYTES), header, certificate }), MAX_PROOF_STEPS),
  },
  {
    state: object({ header }, { certificate }),
    record: object({ collection: word, key, row: either(null, row) }, { bucket: data(16 * 64, 0, 64), path: data(256 * 32, 32, 32) }),
    history,
    at: natural,
    transaction: object(actNeeds, actMay),
    replaced: object({ ...actNeeds, row }, actMay),
  },
);

/** Reads a file's text. It may come from anybody. Throws `proof.malformed`, naming the place and what belongs there. */
export function readProof(content: string): ProofFile {
  if (content.length > MAX_PROOF_FILE_LENGTH) malformed("file", "smaller");
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    malformed("file", "JSON");
  }
  if (membersWritten(content) !== members(json)) malformed("file", "each field once");
  const { format: _, ...file } = fileRule(json, "file") as ProofFile & { format: string };
  return file;
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
  if (depth > 4) malformed("file", "flatter");
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) count += members(item, depth + 1);
  return count;
}

function malformed(at: string, expected: string): never {
  throw new LedgerError("proof.malformed", { step: at, about: [expected] });
}
