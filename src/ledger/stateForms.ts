// The questions of state sync and their answers, as they go over the channel "blocks". docs/protocol.md §4.9.3. Owns the forms and reading them: whatever is
// malformed is a LedgerError. Does not own: answering (stateAnswers.ts), checking what an answer claims (stateTrust.ts, stateSync.ts).
//
//   ["head", epochs known]          [records, lowest, [border …], block?]          border = [last block, first block, set, parameters, protocol]
//   ["range", depth, index]         [block, entries, siblings]                     block = [header, certificate, references]
//   ["rows", [collection, key]?]    [height, [[collection, key, row] …], more]
//   ["history", first, last]        [whole block …]; none if the first alone is too large: then by parts
//   ["part", height, offset]        [length of the whole block, bytes from offset on]
//   ["nodes", first]                hashes of level 8 of the tree of block hashes, end to end

import type { Bytes } from "../base/bytes.ts";
import { type Certificate, certificateFrom, certificateValue, decodeSet, encodeSet, type ValidatorSet } from "../base/certificate.ts";
import type { Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { batchesFrom, batchesValue, type BatchReference, type BlockHeader, decodeBlock } from "../base/header.ts";
import { type Parameters, parametersFrom } from "../base/parameters.ts";
import type { StoredBlock } from "./storeLayout.ts";

/** A block without bodies: a header with what certifies it. */
export interface HeadBlock {
  readonly header: BlockHeader;
  readonly headerBytes: Bytes;
  readonly certificate: Certificate;
  readonly references: readonly BatchReference[];
}

/** Where one epoch ends and the next begins, with what is in force in the next. */
export interface EpochBorder {
  readonly last: HeadBlock;
  readonly first: HeadBlock;
  readonly validators: ValidatorSet;
  readonly parameters: Parameters;
  readonly protocol: number;
}

export interface HeadAnswer {
  /** Records in its state, and from which height on it keeps blocks: hints, nobody proves them. */
  readonly records: number;
  readonly lowest: number;
  readonly borders: readonly EpochBorder[];
  /** Its head; undefined if there are more borders to be asked for first, or if it has no block. */
  readonly block: HeadBlock | undefined;
}

export interface RowsAnswer {
  /** The head when they were read. */
  readonly height: number;
  readonly rows: readonly { readonly collection: string; readonly key: Bytes; readonly row: Bytes }[];
  readonly more: boolean;
}

export interface RangeAnswer {
  readonly block: HeadBlock;
  readonly entries: Bytes;
  readonly siblings: Bytes;
}

export function headBlockValue({ headerBytes, certificate, references }: StoredBlock): Value {
  return [headerBytes, certificateValue(certificate), batchesValue(references)];
}

export function borderValue(last: StoredBlock, first: StoredBlock, next: Omit<EpochBorder, "last" | "first">): Value {
  return [headBlockValue(last), headBlockValue(first), encodeSet(next.validators), next.parameters, next.protocol];
}

export function headBlockFrom(value: Value | undefined): HeadBlock {
  const [headerBytes, certificate, references] = items(value, 3);
  return {
    header: decodeBlock(bytesOf(headerBytes)),
    headerBytes: bytesOf(headerBytes),
    certificate: certificateFrom(certificate),
    references: batchesFrom(references ?? null),
  };
}

export function headAnswerFrom(value: Value): HeadAnswer {
  const [records, lowest, borders, block] = items(value, 4);
  return {
    records: naturalOf(records),
    lowest: naturalOf(lowest),
    borders: listOf(borders).map(borderFrom),
    block: block === null ? undefined : headBlockFrom(block),
  };
}

function borderFrom(value: Value): EpochBorder {
  const [last, first, set, parameters, protocol] = items(value, 5);
  return {
    last: headBlockFrom(last),
    first: headBlockFrom(first),
    validators: decodeSet(bytesOf(set)),
    parameters: parametersFrom(parameters),
    protocol: naturalOf(protocol),
  };
}

export function rangeAnswerFrom(value: Value): RangeAnswer {
  const [block, entries, siblings] = items(value, 3);
  return { block: headBlockFrom(block), entries: bytesOf(entries), siblings: bytesOf(siblings) };
}

export function rowsAnswerFrom(value: Value): RowsAnswer {
  const [height, rows, more] = items(value, 3);
  if (typeof more !== "boolean") return malformed();
  const read = listOf(rows).map((item) => {
    const [collection, key, row] = items(item, 3);
    if (typeof collection !== "string" || !/^[!-~]{1,255}$/.test(collection)) return malformed();
    return { collection, key: bytesOf(key), row: bytesOf(row) };
  });
  if (more && read.length === 0) malformed();
  return { height: naturalOf(height), rows: read, more };
}

export function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : malformed();
}

export function items(value: Value | undefined, count: number): readonly Value[] {
  const list = listOf(value);
  return list.length === count ? list : malformed();
}

export function bytesOf(value: Value | undefined): Bytes {
  return value instanceof Uint8Array ? value : malformed();
}

export function naturalOf(value: Value | undefined): number {
  return typeof value === "number" && value >= 0 ? value : malformed();
}

function malformed(): never {
  throw new LedgerError("request.invalid");
}
