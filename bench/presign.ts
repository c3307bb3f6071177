// Presigned transactions of one exact size, so that a load process only sends. The act is `evidence.deposit`: one new record each.

import fs from "node:fs";
import { loadKey } from "../src/base/keyFile.ts";
import { sha256 } from "../src/base/hash.ts";
import { utf8 } from "../src/base/bytes.ts";
import { signTransaction } from "../src/ledger/transaction.ts";

export interface Presigned {
  readonly file: string;
  readonly count: number;
  /** Bytes of a transaction and of its length before it. */
  readonly stride: number;
}

/** Writes `count` deposits of exactly `bytes` bytes each (body and one signature). Throws if no deposit has that size. */
export function presignDeposits(
  file: string,
  count: number,
  bytes: number,
  network: Uint8Array,
  keyFile: string,
  notAfter: number,
): Presigned {
  const key = loadKey(keyFile);
  const descriptor = fs.openSync(file, "w");
  const stride = bytes + 4;
  const chunk = Buffer.alloc(stride * 1_000);
  let used = 0;
  const nonce = Buffer.alloc(16);
  const padding = paddingFor(bytes, (pad) => deposit(0, pad).length);
  for (let i = 0; i < count; i++) {
    nonce.writeUInt32BE(i, 0);
    const signed = deposit(i, padding);
    chunk.writeUInt32BE(bytes, used);
    chunk.set(signed, used + 4);
    used += stride;
    if (used === chunk.length || i === count - 1) {
      fs.writeSync(descriptor, chunk, 0, used);
      used = 0;
    }
  }
  fs.closeSync(descriptor);
  return { file, count, stride };

  function deposit(i: number, [inId, inKind]: Padding): Uint8Array {
    const args = {
      deposit: `D${i.toString().padStart(9, "0")}${"x".repeat(inId)}`,
      kind: `k${"x".repeat(inKind)}`,
      content: sha256(utf8(`item ${i}`)),
    };
    const operations = [{ action: "evidence.deposit@1", args }];
    return signTransaction(network, { nonce: new Uint8Array(nonce), notAfter, operations }, [key.secret]);
  }
}

/** How many letters are added to the item's id and to its kind. */
type Padding = readonly [inId: number, inKind: number];
const MAX_ID = 54;
const MAX_KIND = 63;

/** The first padding that gives the size: a text of 32 bytes has a longer head, so one field alone cannot reach every size. */
function paddingFor(bytes: number, size: (padding: Padding) => number): Padding {
  for (let inKind = 0; inKind <= MAX_KIND; inKind++) {
    const inId = Math.min(MAX_ID, bytes - size([0, inKind]));
    if (inId >= 0 && size([inId, inKind]) === bytes) return [inId, inKind];
  }
  throw new Error(`no deposit has ${bytes} bytes: ${size([0, 0])} to ${size([MAX_ID, MAX_KIND])}`);
}
