// Results of orders that are executed and not committed: which stand on which, and which of them the state tree is at. docs/protocol.md §3 (execution).
// Owns keeping them by order digest through view changes, moving the tree between branches, dropping what can no longer commit. Does not own: executing
// and committing (chain.ts).

import type { Bytes } from "../base/bytes.ts";
import { fail } from "../base/errors.ts";
import { digestText, type Sealed } from "./seal.ts";
import type { StateTree } from "./stateTree.ts";

/** A result and what it stands on; `parent` is undefined on the committed head. */
export interface Speculated extends Sealed {
  parent: Speculated | undefined;
}

export class Speculation {
  readonly #tree: StateTree;
  /** In the order of execution. */
  readonly #results = new Map<string, Speculated>();
  /** What the tree has beyond the committed head, from there upwards. */
  #applied: Speculated[] = [];

  constructor(tree: StateTree) {
    this.#tree = tree;
  }

  get applied(): readonly Speculated[] {
    return this.#applied;
  }

  get(digest: Bytes): Speculated | undefined {
    return this.#results.get(digestText(digest));
  }

  /** All results whose parents are kept too, parents first. */
  results(): Speculated[] {
    const kept = [...this.#results.values()];
    return kept.filter((result) => this.#chainTo(result).every((at) => kept.includes(at)));
  }

  /** The blocks from the committed head up to this one. */
  #chainTo(tip: Speculated | undefined): Speculated[] {
    const out: Speculated[] = [];
    for (let at = tip; at !== undefined; at = at.parent) out.push(at);
    return out.reverse();
  }

  /** Brings the tree to the state after `tip` (the committed head if undefined). */
  moveTo(tip: Speculated | undefined): void {
    const target = this.#chainTo(tip);
    let shared = 0;
    while (shared < target.length && this.#applied[shared] === target[shared]) shared++;
    for (const { treeChange } of this.#applied.splice(shared).reverse())
      this.#tree.apply(treeChange.keys, treeChange.before, treeChange.count);
    for (const block of target.slice(shared)) {
      this.#tree.apply(block.treeChange.keys, block.treeChange.values, block.treeChange.count);
      this.#applied.push(block);
    }
  }

  /** Runs `read` with the tree at the committed head, and brings it back to where it was. */
  atHead<T>(read: () => T): T {
    const tip = this.#applied.at(-1);
    this.moveTo(undefined);
    try {
      return read();
    } finally {
      this.moveTo(tip);
    }
  }

  /** The tree, which was at the parent's state, is at this block's now. Keeps at most `most` results, those off this block's chain go first. */
  add(block: Speculated, most: number): void {
    if (this.#applied.at(-1) !== block.parent) fail("a block is sealed on the tree's own tip");
    this.#applied.push(block);
    this.#results.set(digestText(block.digest), block);
    const kept = new Set(this.#chainTo(block));
    for (const [text, result] of this.#results) {
      if (this.#results.size <= most) break;
      if (!kept.has(result)) this.#results.delete(text);
    }
  }

  /** Forgets a result and all that stand on it; the tree leaves them with the next move. */
  drop(digest: Bytes): void {
    const dropped = this.get(digest);
    if (dropped === undefined) return;
    for (const [text, result] of this.#results) if (this.#chainTo(result).includes(dropped)) this.#results.delete(text);
  }

  dropAll(): void {
    this.#results.clear();
    this.moveTo(undefined);
  }

  /** The block is committed: it is the ground now, and what does not stand on it can no longer commit. */
  settle(block: Speculated): void {
    if (this.#applied[0] === block) this.#applied.shift();
    else {
      this.moveTo(block);
      this.#applied = [];
    }
    for (const [text, result] of this.#results) {
      const [first] = this.#chainTo(result);
      if (first !== block || result === block) this.#results.delete(text);
    }
    for (const result of this.#results.values()) if (result.parent === block) standOnHead(result);
  }

  /** Committed values of the keys that the tree has uncommitted values for: what a dump puts right. */
  committedValues(): ReadonlyMap<string, Bytes> {
    const out = new Map<string, Bytes>();
    for (const { treeChange } of this.#applied)
      for (let i = 0; i < treeChange.count; i++) {
        const text = digestText(treeChange.keys.subarray(32 * i, 32 * i + 32));
        if (!out.has(text)) out.set(text, treeChange.before.subarray(32 * i, 32 * i + 32));
      }
    return out;
  }
}

/** The parent is committed: what it wrote is in the committed state. */
export function standOnHead(block: Pick<Speculated, "parent" | "overlay">): void {
  block.parent = undefined;
  block.overlay.detach();
}
