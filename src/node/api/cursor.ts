// Cursors of lists: the last key that was shown, with a code of this node so that nobody can make one up. Opaque to clients.

import crypto from "node:crypto";
import { LedgerError } from "../../base/errors.ts";

const MAC_BYTES = 8;
const MAX_CURSOR = 2_048;

export class Cursors {
  // A cursor outlives no restart: the client then gets `cursor.invalid` and begins anew.
  readonly #key = crypto.randomBytes(32);

  #mac(list: string, key: Uint8Array): Buffer {
    return crypto.createHmac("sha256", this.#key).update(list).update("\0").update(key).digest().subarray(0, MAC_BYTES);
  }

  /** The cursor after `key` in the list that `list` names (its path and filters). */
  write(list: string, key: Uint8Array): string {
    return Buffer.concat([this.#mac(list, key), key]).toString("base64url");
  }

  /** The key in a cursor. Throws `cursor.invalid`. */
  read(list: string, cursor: string): Uint8Array {
    const bytes = cursor.length > MAX_CURSOR || !/^[A-Za-z0-9_-]+$/.test(cursor) ? Buffer.alloc(0) : Buffer.from(cursor, "base64url");
    const key = new Uint8Array(bytes.subarray(MAC_BYTES));
    if (bytes.length < MAC_BYTES || !crypto.timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(list, key))) throw new LedgerError("cursor.invalid", { detail: "begin the list again without a cursor" });
    return key;
  }
}
