// Well-formedness of one transaction as docs/protocol.md §2.2 states it: decode, then look. For light verifiers, which want little code, and as the measure
// that the fast reader of transaction.ts is tested against. Owns no rule of its own. Browser-clean.

import { type Bytes, compareBytes, concat, u48be } from "../base/bytes.ts";
import { decodedEnd, decodeFirst, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import {
  MAX_ACTION_BYTES,
  MAX_OPERATIONS,
  MAX_SIGNERS,
  MAX_TRANSACTION_BYTES,
  NONCE_BYTES,
  TRANSACTION_TIME_LIMIT,
} from "../base/limits.ts";
import { verify } from "../base/signature.ts";
import { frame, tags } from "../base/tags.ts";

export interface PlainTransaction {
  readonly id: Bytes;
  readonly notAfter: number;
  readonly signers: readonly Bytes[];
  readonly operations: readonly (readonly [action: string, args: Value])[];
}

/** The transaction that the bytes are. Throws `codec.…`, `transaction.malformed` or `transaction.signature`. */
export function plainTransaction(network: Bytes, bytes: Bytes): PlainTransaction {
  const body = decodeFirst(bytes, 0);
  const end = decodedEnd();
  const [version, nonce, notAfter, signers, operations] = list(body, 5, 5);
  const time =
    version === 1 && isBytes(nonce, NONCE_BYTES) && typeof notAfter === "number" && notAfter >= 0 && notAfter < TRANSACTION_TIME_LIMIT
      ? notAfter
      : malformed();
  const keys = list(signers, 1, MAX_SIGNERS).map((key, i, all) =>
    isBytes(key, 32) && (i === 0 || compareBytes(all[i - 1] as Bytes, key) < 0) ? key : malformed(),
  );
  const acts = list(operations, 1, MAX_OPERATIONS).map((operation) => {
    const [action, args] = list(operation, 2, 2);
    if (typeof action !== "string" || !/^[!-~]+$/.test(action) || action.length > MAX_ACTION_BYTES) malformed();
    if (args === null || typeof args !== "object" || Array.isArray(args) || args instanceof Uint8Array) malformed();
    return [action, args] as const;
  });
  if (bytes.length !== end + 64 * keys.length || bytes.length > MAX_TRANSACTION_BYTES) malformed();
  const framed = frame(tags.transaction, network, bytes.subarray(0, end));
  keys.forEach((key, i) => {
    if (!verify(bytes.subarray(end + 64 * i, end + 64 * i + 64), framed, key)) throw new LedgerError("transaction.signature");
  });
  return { id: concat(u48be(time), sha256(framed).subarray(0, 26)), notAfter: time, signers: keys, operations: acts };
}

function list(value: Value | undefined, min: number, max: number): readonly Value[] {
  return Array.isArray(value) && value.length >= min && value.length <= max ? (value as readonly Value[]) : malformed();
}
function isBytes(value: Value | undefined, length: number): value is Bytes {
  return value instanceof Uint8Array && value.length === length;
}
function malformed(): never {
  throw new LedgerError("transaction.malformed");
}
