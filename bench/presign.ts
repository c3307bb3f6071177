// Presigned transactions of one exact size in one file, so that a load process only sends.

import fs from "node:fs";
import { publicKeyOf } from "../src/base/signature.ts";
import type { Value } from "../src/base/codec.ts";
import { type Bytes, concat } from "../src/base/bytes.ts";
import { encodeBody, signTransaction } from "../src/ledger/transaction.ts";

export interface Presigned {
  readonly file: string;
  readonly count: number;
  /** Bytes of a transaction and of its length before it. */
  readonly stride: number;
}
export interface Operation {
  readonly action: string;
  readonly args: { readonly [name: string]: Value };
}
/** What the i-th transaction does, and whose seed signs it. */
export type Act = (i: number) => { readonly operations: readonly Operation[]; readonly seed: Bytes };

const LIFETIME_MS = 3_600_000;
const CHUNK = 1_000;

/** Writes `count` transactions, all of the size of the first. */
export function presign(file: string, count: number, network: Bytes, act: Act): Presigned {
  const descriptor = fs.openSync(file, "w");
  const notAfter = Date.now() + LIFETIME_MS;
  let stride = 0;
  for (let i = 0; i < count; i += CHUNK) {
    const parts: Bytes[] = [];
    for (let j = i; j < Math.min(count, i + CHUNK); j++) {
      const { operations, seed } = act(j);
      const signed = signTransaction(network, { nonce: nonceOf(j), notAfter, operations }, [seed]);
      if (stride === 0) stride = signed.length + 4;
      if (signed.length + 4 !== stride) throw new Error(`transaction ${j} has ${signed.length} bytes, the first ${stride - 4}`);
      const head = Buffer.alloc(4);
      head.writeUInt32BE(signed.length);
      parts.push(head, signed);
    }
    fs.writeSync(descriptor, concat(...parts));
  }
  fs.closeSync(descriptor);
  return { file, count, stride };
}

function nonceOf(i: number): Bytes {
  const nonce = Buffer.alloc(16);
  nonce.writeUInt32BE(i);
  return new Uint8Array(nonce);
}

/** Bytes that a transaction with these operations has, signed by one. */
export function sizeOf(operations: readonly Operation[], seed: Bytes): number {
  const body = encodeBody({ nonce: new Uint8Array(16), notAfter: Date.now(), signers: [publicKeyOf(seed)], operations });
  return body.length + 64;
}

/** The first of `candidates` whose operations make a transaction of exactly `bytes`. Throws if none does. */
export function fitting<T>(candidates: Iterable<T>, bytes: number, operations: (candidate: T) => readonly Operation[], seed: Bytes): T {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const candidate of candidates) {
    const size = sizeOf(operations(candidate), seed);
    if (size === bytes) return candidate;
    least = Math.min(least, size);
    most = Math.max(most, size);
  }
  throw new Error(`no such transaction has ${bytes} bytes: ${least} to ${most}`);
}
