// Guardians: those whom somebody named to vouch for a new key when his own is lost. docs/protocol.md §7; cryptography.md §9. Owns the tree of their keys and what
// each signs. Each uses a key made for this alone, so that nothing on the chain says who they are. Does not own: what their word is worth (contracts/identity). Browser-clean.

import type { Bytes } from "./bytes.ts";
import { encode } from "./codec.ts";
import { inclusionPath, leafHash, rootOf } from "./merkle.ts";
import { sign, verify } from "./signature.ts";
import * as tags from "./tagNames.ts";
import { frame } from "./tags.ts";

export const MAX_GUARDIANS = 16;

/** A new key for a principal; `revision` is the one that the principal will have, so that no signature serves twice. */
export interface Renewal {
  readonly principal: string;
  readonly key: Bytes;
  readonly revision: number;
}
/** A guardian's word: where his key stands among all of them, and his signature. */
export interface Voucher {
  readonly index: number;
  readonly key: Bytes;
  readonly path: readonly Bytes[];
  readonly signature: Bytes;
}

/** The leaf of one guardian's public key. */
export const guardianLeaf = (key: Bytes): Bytes => encode([tags.guardian, key]);

const leaves = (keys: readonly Bytes[]): Bytes[] => keys.map((key) => leafHash(guardianLeaf(key)));

/** The root over all guardians' keys, in the order in which they are kept. */
export const guardiansRoot = (keys: readonly Bytes[]): Bytes => rootOf(leaves(keys));

const renewalFrame = (network: Bytes, { principal, key, revision }: Renewal): Bytes =>
  frame(tags.recover, network, encode([principal, key, revision]));

/** The word of guardian `index` of `keys`, by his 32-byte seed. */
export function vouch(network: Bytes, renewal: Renewal, keys: readonly Bytes[], index: number, seed: Bytes): Voucher {
  const path = inclusionPath(leaves(keys), index);
  return { index, key: keys[index]!, path, signature: sign(seed, renewalFrame(network, renewal)) };
}

/** True if the guardian signed for exactly this. */
export const vouched = (network: Bytes, renewal: Renewal, { key, signature }: Pick<Voucher, "key" | "signature">): boolean =>
  verify(signature, renewalFrame(network, renewal), key);
