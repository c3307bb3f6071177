// Messages between validators in canonical bytes: one strict decoder that never throws past its caller. docs/protocol.md §4.2, §4.9, §4.11.
// Owns the outer form, its sizes and kinds. What a message means, and whether its signatures hold, is decided by the core.

import type { Bytes } from "../base/bytes.ts";
import { certificateValue } from "../base/certificate.ts";
import { decode, encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { batchesFrom, batchesValue, encodeBlock } from "../base/header.ts";
import { MAX_NEW_VIEW_BYTES, MAX_ORDER_MESSAGE_BYTES, MAX_SMALL_MESSAGE_BYTES, MAX_VIEW_CHANGE_BYTES } from "../base/limits.ts";
import type { Block, Message, Mode, PrePrepare, Status } from "./types.ts";
import {
  bytesOf,
  certificateOrNull,
  claimFrom,
  claimValue,
  headerFrom,
  items,
  list,
  malformed,
  natural,
  newViewFrom,
  newViewValue,
  nullable,
  orderWithFrom,
  orderWithValue,
  signedNewViewFrom,
  signedNewViewValue,
  viewChangeFrom,
  viewChangeValue,
  voteFrom,
  voteValue,
} from "./wire.ts";

type Kind = Message["kind"];
type Of<K extends Kind> = Extract<Message, { kind: K }>;

interface Form<M> {
  readonly most: number;
  write(message: M): Value;
  read(value: Value | undefined): M;
}

const MODES: readonly Mode[] = ["active", "changing"];

const vote = { most: MAX_SMALL_MESSAGE_BYTES, write: voteValue };

/** The place of a kind in this list is its number on the wire: append only. */
const forms: { readonly [K in Kind]: Form<Of<K>> } = {
  prepare: { ...vote, read: (value) => ofKind(value, "prepare") },
  commit: { ...vote, read: (value) => ofKind(value, "commit") },
  prePrepare: {
    most: MAX_ORDER_MESSAGE_BYTES,
    write: (m) => [m.view, orderWithValue(m), voteValue(m.prepare)],
    read: readPrePrepare,
  },
  viewChange: { most: MAX_VIEW_CHANGE_BYTES, write: viewChangeValue, read: viewChangeFrom },
  newView: { most: MAX_NEW_VIEW_BYTES, write: newViewValue, read: newViewFrom },
  status: {
    most: MAX_SMALL_MESSAGE_BYTES,
    write: (m) => [m.epoch, m.view, m.promise, MODES.indexOf(m.mode), m.committed, m.hash, m.tip, m.clock],
    read: readStatus,
  },
  ask: {
    most: MAX_SMALL_MESSAGE_BYTES,
    write: (m) => [m.nonce],
    read: (value) => ({ kind: "ask", nonce: natural(items(value, 1, "ask")[0]) }),
  },
  answer: {
    most: MAX_ORDER_MESSAGE_BYTES,
    write: (m) => [
      m.nonce,
      m.epoch,
      m.committed,
      m.votes.map(voteValue),
      m.claim === null ? null : claimValue(m.claim),
      m.newView === null ? null : signedNewViewValue(m.newView),
      m.elsewhere,
    ],
    read: (value) => {
      const [nonce, epoch, committed, votes, claim, newView, elsewhere] = items(value, 7, "answer");
      return {
        kind: "answer",
        nonce: natural(nonce),
        epoch: natural(epoch),
        committed: natural(committed),
        votes: list(votes, 2, "votes", voteFrom),
        claim: nullable(claim, claimFrom),
        newView: nullable(newView, signedNewViewFrom),
        elsewhere: typeof elsewhere === "boolean" ? elsewhere : malformed("answer"),
      };
    },
  },
  get: {
    most: MAX_SMALL_MESSAGE_BYTES,
    write: (m) => [m.what === "order" ? 0 : 1, m.height, m.hash],
    read: (value) => {
      const [what, height, hash] = items(value, 3, "get");
      if (what !== 0 && what !== 1) return malformed("get");
      return { kind: "get", what: what === 0 ? "order" : "block", height: natural(height), hash: bytesOf(hash, 32) };
    },
  },
  order: {
    most: MAX_ORDER_MESSAGE_BYTES,
    write: orderWithValue,
    read: (value) => ({ kind: "order", ...orderWithFrom(value) }),
  },
  block: { most: MAX_ORDER_MESSAGE_BYTES, write: blockValue, read: readBlock },
  forward: {
    most: MAX_SMALL_MESSAGE_BYTES,
    write: (m) => [m.digest],
    read: (value) => ({ kind: "forward", digest: bytesOf(items(value, 1, "forward")[0], 32) }),
  },
  conflict: {
    most: MAX_SMALL_MESSAGE_BYTES,
    write: (m) => [voteValue(m.first), voteValue(m.second)],
    read: (value) => {
      const [first, second] = items(value, 2, "conflict");
      return { kind: "conflict", first: voteFrom(first), second: voteFrom(second) };
    },
  },
};
const KINDS = Object.keys(forms) as Kind[];
/** No message is longer than this. */
export const MAX_MESSAGE_BYTES = MAX_NEW_VIEW_BYTES;

function ofKind<K extends "prepare" | "commit">(value: Value | undefined, kind: K): Of<K> {
  const given = voteFrom(value);
  return given.kind === kind ? (given as Of<K>) : malformed("vote");
}

function readPrePrepare(value: Value | undefined): PrePrepare {
  const [view, order, prepare] = items(value, 3, "prePrepare");
  return { kind: "prePrepare", view: natural(view), ...orderWithFrom(order), prepare: voteFrom(prepare) };
}

function readStatus(value: Value | undefined): Status {
  const [epoch, view, promise, mode, committed, hash, tip, clock] = items(value, 8, "status");
  return {
    kind: "status",
    epoch: natural(epoch),
    view: natural(view),
    promise: natural(promise),
    mode: (typeof mode === "number" ? MODES[mode] : undefined) ?? malformed("status"),
    committed: natural(committed),
    hash: bytesOf(hash, 32),
    tip: natural(tip),
    clock: natural(clock),
  };
}

function blockValue(m: Block): Value {
  return [encodeBlock(m.header), batchesValue(m.references), m.certificate === null ? null : certificateValue(m.certificate)];
}

function readBlock(value: Value | undefined): Block {
  const [header, references, certificate] = items(value, 3, "block");
  return {
    kind: "block",
    header: headerFrom(header),
    references: batchesFrom(references ?? null),
    certificate: certificateOrNull(certificate),
  };
}

export function encodeMessage(message: Message): Bytes {
  const form = forms[message.kind] as Form<Message>;
  return encode([KINDS.indexOf(message.kind), form.write(message)]);
}

export type Decoded = { readonly message: Message; readonly reject?: never } | { readonly message?: never; readonly reject: string };

/** The message of bytes from a peer, or the code under which they are refused. Never throws. */
export function decodeMessage(bytes: Bytes): Decoded {
  if (bytes.length > MAX_MESSAGE_BYTES) return { reject: "message.too_large" };
  try {
    const [number, value] = items(decode(bytes), 2, "message");
    const kind = typeof number === "number" ? KINDS[number] : undefined;
    if (kind === undefined) return { reject: "message.kind" };
    const form = forms[kind] as Form<Message>;
    if (bytes.length > form.most) return { reject: "message.too_large" };
    return { message: form.read(value) };
  } catch (error) {
    return { reject: error instanceof LedgerError ? error.code : "message.malformed" };
  }
}
