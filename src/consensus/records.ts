// Journal records in canonical bytes. docs/protocol.md §4.7. Owns their form; journal.ts stores them, restore.ts gives them meaning.

import type { Bytes } from "../base/bytes.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { MAX_BLOCK_BATCHES } from "../base/limits.ts";
import type { JournalRecord } from "./types.ts";
import {
  bytesOf,
  items,
  list,
  malformed,
  natural,
  newViewFrom,
  newViewValue,
  nullable,
  orderCertificateFrom,
  orderCertificateValue,
  orderWithFrom,
  orderWithValue,
  viewChangeFrom,
  viewChangeValue,
  voteFrom,
  voteValue,
} from "./wire.ts";

/** The place of a kind in this list is its number in the journal: append only. */
export const recordKinds: readonly JournalRecord["kind"][] = ["order", "vote", "best", "promise", "newView", "silence", "release"];

export function encodeRecord(record: JournalRecord): Bytes {
  return encode([recordKinds.indexOf(record.kind), record.epoch, record.height, ...fields(record)]);
}

function fields(record: JournalRecord): Value[] {
  switch (record.kind) {
    case "order":
      return [orderWithValue(record.order), record.bodies];
    case "vote":
      return [voteValue(record.vote), record.digest];
    case "best":
      return [record.view, record.digest, orderCertificateValue(record.certificate)];
    case "promise":
      return [viewChangeValue(record.viewChange)];
    case "newView":
      return [newViewValue(record.newView)];
    case "silence":
      return [record.from];
    case "release":
      return [record.digest, record.abandon];
  }
}

/** Throws `codec.…`, `message.malformed` …: the journal's checksum passed, so bytes that fail here are damage. */
export function decodeRecord(bytes: Bytes): JournalRecord {
  const value = decode(bytes);
  if (!Array.isArray(value)) return malformed("record");
  const [number, epochValue, heightValue, ...rest] = value as Value[];
  const kind = typeof number === "number" ? recordKinds[number] : undefined;
  const epoch = natural(epochValue);
  const height = natural(heightValue);
  const none = (): 0 => (height === 0 ? 0 : malformed("height"));
  switch (kind) {
    case "order": {
      const [order, bodies] = items(rest, 2, kind);
      return { kind, epoch, height, order: orderWithFrom(order), bodies: list(bodies, MAX_BLOCK_BATCHES, kind, (b) => bytesOf(b, 32)) };
    }
    case "vote": {
      const [vote, digest] = items(rest, 2, kind);
      return { kind, epoch, height, vote: voteFrom(vote), digest: bytesOf(digest, 32) };
    }
    case "best": {
      const [view, digest, certificate] = items(rest, 3, kind);
      return {
        kind,
        epoch,
        height: none(),
        view: natural(view),
        digest: bytesOf(digest, 32),
        certificate: orderCertificateFrom(certificate),
      };
    }
    case "promise":
      return { kind, epoch, height: none(), viewChange: viewChangeFrom(items(rest, 1, kind)[0]) };
    case "newView":
      return { kind, epoch, height: none(), newView: newViewFrom(items(rest, 1, kind)[0]) };
    case "silence":
      return { kind, epoch, height: none(), from: nullable(items(rest, 1, kind)[0], natural) };
    case "release": {
      const [digest, abandon] = items(rest, 2, kind);
      return { kind, epoch, height, digest: bytesOf(digest, 32), abandon: bytesOf(abandon, 32) };
    }
    default:
      return malformed("record");
  }
}
