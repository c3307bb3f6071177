// Validator sets, votes and certificates: who confirms a block, and the proof that enough of them did. docs/protocol.md §3.3, §4.1, §4.2.
// Owns the numbers f, q, weak; the bytes under a vote's signature; certificates and their verification. Does not own: when to vote (consensus).
// Browser-clean: the light verifier stands on this file.

import { type Bytes, concat } from "./bytes.ts";
import { compareText, decode, encode, type Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { MAX_VALIDATORS } from "./limits.ts";
import { isBytes, isHash, isList, isNatural, isText, tuple } from "./shape.ts";
import { sign, verify } from "./signature.ts";
import * as tags from "./tagNames.ts";
import { frame, taggedBytes } from "./tags.ts";

export interface Validator {
  /** Organisation id. */
  readonly id: string;
  /** Consensus key, 32 bytes. */
  readonly key: Bytes;
}
/** Sorted by the bytes of the ids, none twice. */
export type ValidatorSet = readonly Validator[];

/** f: how many of n may be faulty, ⌊(n − 1)/3⌋ (§4.1.1). */
export const faults = (n: number): number => Math.floor((n - 1) / 3);
/** q = ⌊(n + f)/2⌋ + 1: any two quorums meet in an honest validator. It is 2f + 1 only where n = 3f + 1 (§4.1.1). */
export const quorum = (n: number): number => Math.floor((n + faults(n)) / 2) + 1;
/** f + 1: at least one of them is honest (§4.1.1). */
export const weak = (n: number): number => faults(n) + 1;
/** Index of the primary of a view: the set rotates with epoch and view (§4.1.2). */
export const primaryIndex = (n: number, epoch: number, view: number): number => (epoch + view) % n;

export function encodeSet(set: ValidatorSet): Bytes {
  return encode(set.map((v) => [v.id, v.key]));
}

/** Throws `certificate.set` unless ids are ascending and keys are 32 bytes. */
export function decodeSet(bytes: Bytes): ValidatorSet {
  const value = decode(bytes);
  const set = (isList(value) && value.length <= MAX_VALIDATORS ? value : []).map((item) => {
    const [id, key] = tuple(item, 2);
    return isText(id) && isHash(key) ? { id, key } : malformed("set");
  });
  if (set.length < 1 || set.some((v, i) => i > 0 && compareText(set[i - 1]!.id, v.id) >= 0)) malformed("set");
  return set;
}

/** A set in its one order. */
export function sortedSet(validators: Iterable<Validator>): ValidatorSet {
  return [...validators].sort((a, b) => compareText(a.id, b.id));
}

/** Hash of a set, as block headers carry it. */
export function setHash(network: Bytes, set: ValidatorSet): Bytes {
  return taggedBytes(tags.validators, network, encodeSet(set));
}

export type VoteKind = "prepare" | "commit";
export interface VoteFields {
  readonly epoch: number;
  readonly view: number;
  readonly height: number;
  /** Order digest for a Prepare, block hash for a Commit. */
  readonly hash: Bytes;
  readonly signer: string;
}

/** What a vote's signature covers: all of its fields, the view among them, or votes of two views could be added up (§4.2). */
export function voteFrame(network: Bytes, kind: VoteKind, vote: VoteFields): Bytes {
  return frame(
    kind === "prepare" ? tags.prepare : tags.commit,
    network,
    encode([vote.epoch, vote.view, vote.height, vote.hash, vote.signer]),
  );
}

export function signVote(network: Bytes, kind: VoteKind, vote: VoteFields, seed: Bytes): Bytes {
  return sign(seed, voteFrame(network, kind, vote));
}

/** q votes of one kind for one (epoch, view, height, hash). */
export interface Certificate {
  readonly kind: VoteKind;
  readonly epoch: number;
  readonly view: number;
  readonly height: number;
  readonly hash: Bytes;
  /** One bit a validator, in the order of the set, the first in the highest bit of the first byte; spare bits are 0. */
  readonly signers: Bytes;
  /** 64 bytes for each set bit, in order. */
  readonly signatures: Bytes;
}

const KINDS: readonly VoteKind[] = ["prepare", "commit"];

export function certificateValue(c: Certificate): Value {
  return [KINDS.indexOf(c.kind), c.epoch, c.view, c.height, c.hash, c.signers, c.signatures];
}

/** Throws `certificate.malformed`. */
export function certificateFrom(value: Value | undefined): Certificate {
  const [k, epoch, view, height, hash, signers, signatures] = tuple(value, 7);
  const kind = isNatural(k) ? KINDS[k] : undefined;
  return kind !== undefined &&
    isNatural(epoch) &&
    isNatural(view) &&
    isNatural(height) &&
    isHash(hash) &&
    isBytes(signers, 1, MAX_VALIDATORS / 8) &&
    isBytes(signatures, 64, MAX_VALIDATORS * 64)
    ? { kind, epoch, view, height, hash, signers, signatures }
    : malformed("malformed");
}

export function encodeCertificate(c: Certificate): Bytes {
  return encode(certificateValue(c));
}

/** Throws `codec.…` or `certificate.malformed`. */
export function decodeCertificate(bytes: Bytes): Certificate {
  return certificateFrom(decode(bytes));
}

/** A certificate from signatures by index of the set; exactly q of them are taken, lowest index first. */
export function makeCertificate(
  kind: VoteKind,
  vote: Omit<VoteFields, "signer">,
  signatures: ReadonlyMap<number, Bytes>,
  n: number,
): Certificate {
  const indexes = [...signatures.keys()].sort((a, b) => a - b).slice(0, quorum(n));
  if (indexes.length < quorum(n))
    throw new LedgerError("bug.assertion", { message: "a certificate needs q votes", votes: indexes.length, n });
  const signers = new Uint8Array(Math.ceil(n / 8));
  for (const i of indexes) signers[i >> 3]! |= 0x80 >> (i & 7);
  return {
    kind,
    epoch: vote.epoch,
    view: vote.view,
    height: vote.height,
    hash: vote.hash,
    signers,
    signatures: concat(...indexes.map((i) => signatures.get(i)!)),
  };
}

/** Indexes of the validators that signed, ascending; undefined if the bitmap does not fit a set of n. */
export function signerIndexes(c: Certificate, n: number): number[] | undefined {
  const out: number[] = [];
  for (let i = 0; i < c.signers.length * 8; i++) if ((c.signers[i >> 3]! & (0x80 >> (i & 7))) !== 0) out.push(i);
  return c.signers.length === Math.ceil(n / 8) && (out.at(-1) ?? 0) < n && c.signatures.length === out.length * 64 ? out : undefined;
}

/** Why a certificate fails, or undefined if it holds: distinct signers of `set`, at least q, every signature good. */
export function certificateFault(
  network: Bytes,
  c: Certificate,
  set: ValidatorSet,
  check: SignatureCheck = verify,
): CertificateFault | undefined {
  const indexes = signerIndexes(c, set.length);
  if (indexes === undefined) return { code: "certificate.bitmap" };
  if (indexes.length < quorum(set.length)) return { code: "certificate.quorum" };
  for (let i = 0; i < indexes.length; i++) {
    const { id, key } = set[indexes[i]!]!;
    if (!check(c.signatures.subarray(i * 64, i * 64 + 64), voteFrame(network, c.kind, { ...c, signer: id }), key))
      return { code: "certificate.signature", signer: id };
  }
  return undefined;
}
export type SignatureCheck = (signature: Bytes, framed: Bytes, key: Bytes) => boolean;
export interface CertificateFault {
  readonly code: "certificate.bitmap" | "certificate.quorum" | "certificate.signature";
  readonly signer?: string;
}

export function verifyCertificate(network: Bytes, c: Certificate, set: ValidatorSet, check: SignatureCheck = verify): boolean {
  return certificateFault(network, c, set, check) === undefined;
}

function malformed(reason: "malformed" | "set"): never {
  throw new LedgerError(`certificate.${reason}`);
}
