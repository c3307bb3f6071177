// Cursors of lists: the last key that was shown, with a code of this node so that nobody can make one up. Opaque to clients.

import { type Bytes, concat, equalBytes, utf8 } from "../../base/bytes.ts";
import { LedgerError } from "../../base/errors.ts";
import { sha256 } from "../../base/hash.ts";
import { generateSeed } from "../../base/signature.ts";

const MAC_BYTES = 8;
const MAX_CURSOR = 2_048;

export class Cursors {
  // A cursor outlives no restart: the client then gets `cursor.invalid` and begins anew.
  readonly #secret = generateSeed();

  // Cut to 8 of 32 bytes, so that nobody can lengthen what was hashed.
  #mac(list: string, key: Bytes): Bytes {
    return sha256(concat(this.#secret, sha256(utf8(list)), key)).subarray(0, MAC_BYTES);
  }

  /** The cursor after `key` in the list that `list` names (its path and filters). */
  write(list: string, key: Bytes): string {
    return Buffer.concat([this.#mac(list, key), key]).toString("base64url");
  }

  /** The key in a cursor. Throws `cursor.invalid`. */
  read(list: string, cursor: string): Bytes {
    const bytes = cursor.length > MAX_CURSOR || !/^[A-Za-z0-9_-]+$/.test(cursor) ? Buffer.alloc(0) : Buffer.from(cursor, "base64url");
    const key = new Uint8Array(bytes.subarray(MAC_BYTES));
    if (bytes.length < MAC_BYTES || !equalBytes(new Uint8Array(bytes.subarray(0, MAC_BYTES)), this.#mac(list, key)))
      throw new LedgerError("cursor.invalid", { detail: "begin the list again without a cursor" });
    return key;
  }
}
