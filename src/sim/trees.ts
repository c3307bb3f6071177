// The state trees of a scenario's chains: each has 5 MB of its own, nearly all of it untouched in so small a state, and a scenario opens ten. Handed on from
// one scenario to the next, as getting that memory anew took a third of the time. docs/testing.md. Owns which tree is in use; every tree it gives is empty.

import { StateTree } from "../ledger/stateTree.ts";

/** Of this thread, empty. */
const spare: StateTree[] = [];
/** More than these are left to the garbage collector. */
const MOST_KEPT = 64;

export class Trees {
  private readonly taken: StateTree[] = [];

  take(): StateTree {
    const tree = spare.pop() ?? new StateTree();
    this.taken.push(tree);
    return tree;
  }

  /** The scenario is over: nobody looks at any of them again. */
  giveBack(): void {
    for (const tree of this.taken.splice(0)) {
      if (spare.length >= MOST_KEPT) return;
      tree.clear();
      spare.push(tree);
    }
  }
}
