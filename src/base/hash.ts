// SHA-256, the one hash of the ledger. Owns the cheap forms of calling it; the implementation comes from #crypto (native on nodes, @noble in browsers).

import { sha256Into } from "#crypto";
import type { Bytes } from "./bytes.ts";

export { hashesMany, hashPairs, hmacSha256, sha256Into, sha256Many, sha384, sha512 } from "#crypto";

/** SHA-256 of `bytes`: 32 new bytes. Hot paths use `sha256Into`, which allocates nothing. */
export function sha256(bytes: Bytes): Bytes {
  sha256Into(bytes, scratch, 0);
  return scratch.slice();
}
// Copying a kept array is cheaper than a native write into a fresh one.
const scratch = new Uint8Array(32);
