// The parts of messages and journal records in canonical bytes, and what signatures cover. docs/protocol.md §4.2.
// Owns the value form of votes, orders, claims, certificates with headers, view changes and new views. Readers throw; messages.ts and records.ts catch.

import type { Bytes } from "../base/bytes.ts";
import { certificateFrom, certificateValue, type VoteKind } from "../base/certificate.ts";
import { encode, type Value } from "../base/codec.ts";
import { LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { type BlockHeader, batchesFrom, batchesValue, decodeBlock, encodeBlock, orderFrom, orderValue } from "../base/header.ts";
import { MAX_COUNTER, MAX_VALIDATORS, MAX_WINDOW } from "../base/limits.ts";
import * as tags from "../base/tagNames.ts";
import { frame } from "../base/tags.ts";
import type { BestClaim, Claim, NewView, Order, OrderCertificate, SignedNewView, ViewChange, Vote } from "./types.ts";

export function malformed(what: string): never {
  throw new LedgerError("message.malformed", { what });
}

/** Exactly `length` items. */
export function items(value: Value | undefined, length: number, what: string): readonly Value[] {
  return Array.isArray(value) && value.length === length ? (value as Value[]) : malformed(what);
}

export function list<T>(value: Value | undefined, most: number, what: string, read: (item: Value) => T): T[] {
  return Array.isArray(value) && value.length <= most ? (value as Value[]).map(read) : malformed(what);
}

export function natural(value: Value | undefined): number {
  return typeof value === "number" && value >= 0 && value <= MAX_COUNTER ? value : malformed("number");
}

export function bytesOf(value: Value | undefined, length: number): Bytes {
  return value instanceof Uint8Array && value.length === length ? value : malformed("bytes");
}

const ID = /^[a-z][a-z0-9-]{1,31}$/;
export function identifier(value: Value | undefined): string {
  return typeof value === "string" && ID.test(value) ? value : malformed("id");
}

export function nullable<T>(value: Value | undefined, read: (value: Value) => T): T | null {
  return value === null ? null : value === undefined ? malformed("missing") : read(value);
}

const orNull = <T>(value: T | null, write: (value: T) => Value): Value => (value === null ? null : write(value));

// ── votes ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
const VOTE_KINDS: readonly VoteKind[] = ["prepare", "commit"];

export const voteValue = (v: Vote): Value => [VOTE_KINDS.indexOf(v.kind), v.epoch, v.view, v.height, v.hash, v.signer, v.signature];

export function voteFrom(value: Value | undefined): Vote {
  const [k, epoch, view, height, hash, signer, signature] = items(value, 7, "vote");
  const kind = (typeof k === "number" ? VOTE_KINDS[k] : undefined) ?? malformed("vote");
  return {
    kind,
    epoch: natural(epoch),
    view: natural(view),
    height: natural(height),
    hash: bytesOf(hash, 32),
    signer: identifier(signer),
    signature: bytesOf(signature, 64),
  };
}

// ── orders and certificates ──────────────────────────────────────────────────────────────────────────────────────────────────
export const orderWithValue = ({ order, references }: Order): Value => [orderValue(order), batchesValue(references)];

export function orderWithFrom(value: Value | undefined): Order {
  const [header, references] = items(value, 2, "order");
  const order = orderFrom(header);
  for (const n of [order.protocol, order.epoch, order.height, order.time]) natural(n);
  return { order, references: batchesFrom(references ?? null) };
}

/** A block header that bears only sane numbers. */
export function headerFrom(value: Value | undefined): BlockHeader {
  if (!(value instanceof Uint8Array)) return malformed("header");
  const header = decodeBlock(value);
  for (const n of [header.order.protocol, header.order.epoch, header.order.height, header.order.time, header.leaves]) natural(n);
  return header;
}

export const orderCertificateValue = (c: OrderCertificate): Value => [certificateValue(c.certificate), orNull(c.header, encodeBlock)];

export function orderCertificateFrom(value: Value | undefined): OrderCertificate {
  const [certificate, header] = items(value, 2, "certificate");
  const c = { certificate: certificateFrom(certificate), header: nullable(header, headerFrom) };
  return (c.certificate.kind === "commit") === (c.header !== null) ? c : malformed("certificate");
}

export const certificateOrNull = (value: Value | undefined) => nullable(value, certificateFrom);

// ── view changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const bestValue = (b: BestClaim): Value => [b.view, b.height, b.digest];

function bestFrom(value: Value): BestClaim {
  const [view, height, digest] = items(value, 3, "best");
  return { view: natural(view), height: natural(height), digest: bytesOf(digest, 32) };
}

const claimFields = (c: Omit<Claim, "signature">): Value[] => [
  c.epoch,
  c.view,
  c.committedHeight,
  c.committedHash,
  orNull(c.best, bestValue),
  c.signer,
];
export const claimValue = (c: Claim): Value => [...claimFields(c), c.signature];

export function claimFrom(value: Value | undefined): Claim {
  const [epoch, view, committedHeight, committedHash, best, signer, signature] = items(value, 7, "claim");
  return {
    epoch: natural(epoch),
    view: natural(view),
    committedHeight: natural(committedHeight),
    committedHash: bytesOf(committedHash, 32),
    best: nullable(best, bestFrom),
    signer: identifier(signer),
    signature: bytesOf(signature, 64),
  };
}

/** What a claim's signature covers. */
export function claimFrame(network: Bytes, claim: Omit<Claim, "signature">): Bytes {
  return frame(tags.viewChange, network, encode(claimFields(claim)));
}

export const viewChangeValue = (m: ViewChange): Value => [
  claimValue(m.claim),
  orNull(m.committed, certificateValue),
  orNull(m.best, orderCertificateValue),
  m.orders.map(orderWithValue),
];

export function viewChangeFrom(value: Value | undefined): ViewChange {
  const [claim, committed, best, orders] = items(value, 4, "viewChange");
  return {
    kind: "viewChange",
    claim: claimFrom(claim),
    committed: certificateOrNull(committed),
    best: nullable(best, orderCertificateFrom),
    orders: list(orders, MAX_WINDOW, "orders", orderWithFrom),
  };
}

// ── new views ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
type NewViewBody = Omit<NewView, "kind" | "signer" | "signature">;

const newViewFields = (m: NewViewBody): Value[] => [
  m.epoch,
  m.view,
  m.claims.map(claimValue),
  orNull(m.committed, certificateValue),
  orNull(m.best, orderCertificateValue),
  m.orders.map(orderWithValue),
  orNull(m.prepare, voteValue),
];
export const newViewValue = (m: NewView): Value => [...newViewFields(m), m.signer, m.signature];

export function newViewFrom(value: Value | undefined): NewView {
  const [epoch, view, claims, committed, best, orders, prepare, signer, signature] = items(value, 9, "newView");
  return {
    kind: "newView",
    epoch: natural(epoch),
    view: natural(view),
    claims: list(claims, MAX_VALIDATORS, "claims", claimFrom),
    committed: certificateOrNull(committed),
    best: nullable(best, orderCertificateFrom),
    orders: list(orders, MAX_WINDOW, "orders", orderWithFrom),
    prepare: nullable(prepare, voteFrom),
    signer: identifier(signer),
    signature: bytesOf(signature, 64),
  };
}

/** The identity of a NewView: what its signature names and evidence compares. */
export const newViewHash = (m: NewViewBody): Bytes => sha256(encode(newViewFields(m)));

/** What a NewView's signature covers: short, so that two of them are evidence that fits a transaction (§4.10). */
export function newViewFrame(network: Bytes, m: Omit<SignedNewView, "signature">): Bytes {
  return frame(tags.newView, network, encode([m.epoch, m.view, m.hash, m.signer]));
}

export const signedNewViewValue = (m: SignedNewView): Value => [m.epoch, m.view, m.hash, m.signer, m.signature];

export function signedNewViewFrom(value: Value | undefined): SignedNewView {
  const [epoch, view, hash, signer, signature] = items(value, 5, "newView");
  return {
    epoch: natural(epoch),
    view: natural(view),
    hash: bytesOf(hash, 32),
    signer: identifier(signer),
    signature: bytesOf(signature, 64),
  };
}
