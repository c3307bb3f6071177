// Two passes over rows in different orders that must come to the same things, with no row remembered: a sum of hashes, which no order changes
// (AdHash: Bellare, Micciancio, "A new paradigm for collision-free hashing", EUROCRYPT 1997). For audits: it finds what went wrong, and rows that
// somebody altered; it is no commitment.

import { hex } from "../../base/bytes.ts";
import { encode, type Value } from "../../base/codec.ts";
import { sha256 } from "../../base/hash.ts";

const MODULUS = 2n ** 256n;

export class Fold {
  #sum = 0n;
  /** How many things were put in. */
  count = 0;
  add(...thing: readonly Value[]): void {
    this.#sum = (this.#sum + BigInt(`0x${hex(sha256(encode([...thing])))}`)) % MODULUS;
    this.count++;
  }
  equals(other: Fold): boolean {
    return this.count === other.count && this.#sum === other.#sum;
  }
}
