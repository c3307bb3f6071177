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
import { isBytes, isHash, isList, isMap, isNatural, isText, tuple } from "../base/shape.ts";
import { verify } from "../base/signature.ts";
import * as tags from "../base/tagNames.ts";
import { frame } from "../base/tags.ts";

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
  const [version, nonce, notAfter, signers, operations] = tuple(body, 5);
  if (version !== 1 || !isBytes(nonce, NONCE_BYTES) || !isNatural(notAfter) || notAfter >= TRANSACTION_TIME_LIMIT) return malformed();
  const keys = list(signers, MAX_SIGNERS).map((key, i, all) =>
    isHash(key) && (i === 0 || compareBytes(all[i - 1] as Bytes, key) < 0) ? key : malformed(),
  );
  const acts = list(operations, MAX_OPERATIONS).map((operation) => {
    const [action, args] = tuple(operation, 2);
    return isText(action) && /^[!-~]+$/.test(action) && action.length <= MAX_ACTION_BYTES && isMap(args)
      ? ([action, args] as const)
      : malformed();
  });
  if (bytes.length !== end + 64 * keys.length || bytes.length > MAX_TRANSACTION_BYTES) malformed();
  const framed = frame(tags.transaction, network, bytes.subarray(0, end));
  keys.forEach((key, i) => {
    if (!verify(bytes.subarray(end + 64 * i, end + 64 * i + 64), framed, key)) throw new LedgerError("transaction.signature");
  });
  return { id: concat(u48be(notAfter), sha256(framed).subarray(0, 26)), notAfter, signers: keys, operations: acts };
}

/** An array of 1 … max items. */
function list(value: Value | undefined, max: number): readonly Value[] {
  return isList(value) && value.length >= 1 && value.length <= max ? value : malformed();
}
function malformed(): never {
  throw new LedgerError("transaction.malformed");
}
