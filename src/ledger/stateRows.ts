// Rows that peers send while the state is taken: which stand in the proved tree, which a block has brought or will bring anew, and who left some out.
// docs/protocol.md §4.9.3. Owns the verdict on a row, and the entries of both indexes that it stands in. Does not own: asking, storing (stateSync.ts).

import { type Bytes, compareBytes, equalBytes } from "../base/bytes.ts";
import { LedgerError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import type { ChainRegistry } from "./chain.ts";
import type { PeerAsk } from "./peerAsk.ts";
import { rowOrigin } from "./rowOrigin.ts";
import { stateKeyHash } from "./stateProof.ts";
import type { StateTree } from "./stateTree.ts";
import type { StateTrust } from "./stateTrust.ts";
import type { Store } from "./store.ts";
import * as layout from "./storeLayout.ts";

export const EMPTY: Bytes = new Uint8Array(0);

/** Places of the entries of both kinds of index that a row stands in. */
export function entriesOf(registry: ChainRegistry, collection: string, key: Bytes, row: Bytes): Bytes[] {
  const stored = { bytes: row };
  return [
    ...registry.memoryIndex(collection, key, stored).map(layout.indexKey),
    ...registry.findIndex(collection, key, stored).map(layout.findKey),
  ];
}

export interface RowCheckParts {
  readonly ask: PeerAsk;
  readonly trust: StateTrust;
  readonly tree: StateTree;
  readonly store: Store;
  readonly askPeer: (peer: string, question: Bytes) => Promise<Bytes>;
}

/** Who sent a row, at which height it was read there, and up to which height blocks are in the tree here. */
interface Sent {
  readonly peer: string;
  readonly height: number;
  readonly applied: number;
}

/** Everything between two places, a peer said, is what it sent. */
interface Claim {
  readonly peer: string;
  readonly height: number;
  readonly from: Bytes;
  readonly to: Bytes | undefined;
}

export class RowCheck {
  readonly #parts: RowCheckParts;
  readonly #claims: Claim[] = [];
  /** A row of this height was seen and passed over: the end must not be below it. */
  needed = 0;

  constructor(parts: RowCheckParts) {
    this.#parts = parts;
  }

  /** Does the row stand in the tree? False if a block has brought, or will bring, a newer one. Throws `state.unproved` if it is neither. */
  async isInForce({ peer, height, applied }: Sent, collection: string, key: Bytes, row: Bytes): Promise<boolean> {
    const { tree, trust, store, askPeer } = this.#parts;
    const value = tree.find(stateKeyHash(collection, key));
    if (value !== undefined && equalBytes(value, sha256(row))) return true;
    const written = rowOrigin(row).height;
    if (written > applied) {
      if (written > height) unproved("row");
      await trust.proveHeight(height, async (question) => askPeer(peer, question));
      this.needed = Math.max(this.needed, written);
      return false;
    }
    const newer = value === undefined ? undefined : store.row(collection, key);
    if (newer === undefined || !equalBytes(sha256(newer), value!)) unproved("row");
    return false;
  }

  claimed(peer: string, height: number, from: Bytes, to: Bytes | undefined): void {
    this.#claims.push({ peer, height, from, to });
  }

  /** A row that nobody had sent: whoever claimed to send all rows around it, at a height where it stood, left it out. */
  findOmission(peer: string, place: Bytes, row: Bytes): void {
    const { ask } = this.#parts;
    const written = rowOrigin(row).height;
    for (const claim of this.#claims) {
      const within = compareBytes(claim.from, place) < 0 && (claim.to === undefined || compareBytes(place, claim.to) <= 0);
      if (within && claim.height >= written && claim.peer !== peer && ask.candidates.includes(claim.peer))
        ask.convict(claim.peer, "state.omitted");
    }
  }
}

function unproved(what: string): never {
  throw new LedgerError("state.unproved", { what });
}
