// Domain separation: the closed list of tags and the frame under which everything is hashed or signed. docs/protocol.md §1.2.
// Does not own: what stands in the frame (headers, votes, transactions: their own files). Browser-clean.

import { allocate, type Bytes } from "./bytes.ts";
import { encode, type Value } from "./codec.ts";
import { LedgerError } from "./errors.ts";
import { sha256 } from "./hash.ts";

/** Every purpose has one tag, at most 63 bytes of ASCII, ending in its version. Nothing is hashed or signed under a tag that is not here. */
export const tags = {
  transaction: "chancery/transaction/1",
  batch: "chancery/batch/1",
  batches: "chancery/batches/1",
  order: "chancery/order/1",
  block: "chancery/block/1",
  due: "chancery/due/1",
  validators: "chancery/validators/1",
  parameters: "chancery/parameters/1",
  manifest: "chancery/manifest/1",
  genesis: "chancery/genesis/1",
  genesisSignature: "chancery/genesis-signature/1",
  member: "chancery/member/1",
  anchor: "chancery/anchor/1",
  recovery: "chancery/recovery/1",
  prepare: "chancery/prepare/1",
  commit: "chancery/commit/1",
  viewChange: "chancery/view-change/1",
  newView: "chancery/new-view/1",
  keyPossession: "chancery/key-pop/1",
  keyFingerprint: "chancery/key-fingerprint/1",
  sealedSalt: "chancery/sealed-salt/1",
  present: "chancery/present/1",
} as const;
/** Those of joint keys and sealed bids: apart, so that the verifier's bundle does not carry them. */
export const sealTags = {
  dkgCommit: "chancery/dkg-commit/1",
  dkgPossession: "chancery/dkg-pop/1",
  dkgShare: "chancery/dkg-share/1",
  dkgComplaint: "chancery/dkg-complaint/1",
  bid: "chancery/bid/1",
  bidKey: "chancery/bid-key/1",
  bidOpen: "chancery/bid-open/1",
} as const;
export type Tag = (typeof tags)[keyof typeof tags] | (typeof sealTags)[keyof typeof sealTags];

/** The network's place in a frame before a genesis exists. */
export const noNetwork: Bytes = new Uint8Array(32);

const heads = new Map<Tag, Bytes>();
function head(tag: Tag): Bytes {
  let bytes = heads.get(tag);
  if (bytes === undefined) {
    bytes = new Uint8Array(1 + tag.length);
    bytes[0] = tag.length;
    for (let i = 0; i < tag.length; i++) bytes[1 + i] = tag.charCodeAt(i);
    heads.set(tag, bytes);
  }
  return bytes;
}

/** `u8 length of tag ‖ tag ‖ genesis hash (32) ‖ bytes`: what every signature and identity covers (§1). */
export function frame(tag: Tag, network: Bytes, bytes: Bytes): Bytes {
  if (network.length !== 32) throw new LedgerError("bug.assertion", { message: "network is 32 bytes" });
  const first = head(tag);
  const out = allocate(first.length + 32 + bytes.length);
  out.set(first, 0);
  out.set(network, first.length);
  out.set(bytes, first.length + 32);
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
