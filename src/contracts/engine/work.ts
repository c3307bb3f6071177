// What an operation has used of the work that it declares. Owns the count. Does not own: what costs how much (context.ts). docs/protocol.md §8.

import { BYTES_PER_WORK, NODES_PER_WORK } from "../../base/limits.ts";

export class Work {
  #allowed = Number.POSITIVE_INFINITY;
  #units = 0;
  #bytes = 0;
  #nodes = 0;
  /** Above 0 while the resolver reads: its reads are the engine's cost, not the operation's. */
  #free = 0;

  /** Begins anew: an operation with its allowance, and what its arguments cost. */
  begin(allowed: number, nodes: number, bytes: number): void {
    this.#allowed = allowed;
    this.#units = 0;
    this.#bytes = bytes;
    this.#nodes = nodes;
  }

  /** Units used so far. */
  get used(): number {
    return this.#units + Math.floor(this.#bytes / BYTES_PER_WORK) + Math.floor(this.#nodes / NODES_PER_WORK);
  }

  /** False if that was too much. */
  charge(units: number, bytes: number): boolean {
    if (this.#free > 0) return true;
    this.#units += units;
    this.#bytes += bytes;
    if (this.#units + this.#bytes / BYTES_PER_WORK + this.#nodes / NODES_PER_WORK < this.#allowed) return true;
    return this.used <= this.#allowed;
  }

  /** Counts what reading a row costs, once, without a look at the allowance. */
  read(row: { bytes: number }): void {
    if (this.#free > 0) return;
    this.#bytes += row.bytes;
    row.bytes = 0;
  }

  freely<O>(run: () => O): O {
    this.#free++;
    try {
      return run();
    } finally {
      this.#free--;
    }
  }
}
