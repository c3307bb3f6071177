// Domain separation: the frame under which everything is hashed or signed. docs/protocol.md §1.2.
// Does not own: the tags (tagNames.ts), what stands in the frame (headers, votes, transactions: their own files). Browser-clean.

import { allocate, type Bytes } from "./bytes.ts";
import { encode, type Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { sha256 } from "./hash.ts";
import type * as tags from "./tagNames.ts";

export type Tag = (typeof tags)[keyof typeof tags];

/** The network's place in a frame before a genesis exists. */
export const noNetwork: Bytes = new Uint8Array(32);

/** `u8 length of tag ‖ tag ‖ genesis hash (32) ‖ bytes`: what every signature and identity covers (§1). */
export function frame(tag: Tag, network: Bytes, bytes: Bytes): Bytes {
  if (network.length !== 32) throw new LedgerError("bug.assertion", { network: network.length });
  const n = tag.length;
  const out = allocate(1 + n + 32 + bytes.length);
  out[0] = n;
  for (let i = 0; i < n; i++) out[1 + i] = tag.charCodeAt(i);
  out.set(network, 1 + n);
  out.set(bytes, 1 + n + 32);
  return out;
}

/** SHA-256(frame(tag, canonical bytes of `value`)): the identity of everything that is not a transaction (§1). */
export function tagged(tag: Tag, network: Bytes, value: Value): Bytes {
  return sha256(frame(tag, network, encode(value)));
}

/** As `tagged`, of bytes that are canonical already. */
export function taggedBytes(tag: Tag, network: Bytes, bytes: Bytes): Bytes {
  return sha256(frame(tag, network, bytes));
}
