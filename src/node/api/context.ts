// What the API needs of the node: one object, handed to every route. Owns the seam; the node (node.ts) gives the real one.

import type { Bytes } from "../../base/bytes.ts";
import type { Genesis } from "../../base/genesis.ts";
import type { Logger } from "../../base/log.ts";
import type { BlockContext, Registry } from "../../contracts/engine/registry.ts";
import type { ChainReader } from "../../ledger/chainReader.ts";
import type { IngressVerdict } from "../../ledger/verify.ts";
import type { Config } from "../settings.ts";
import type { NodeStatus } from "../status.ts";
import type { Cursors } from "./cursor.ts";
import type { Finality } from "./finality.ts";

/** "accepted", "final" (it has a receipt already), or the code of a refusal. */
export type Answer = string;

export interface Api {
  readonly network: Bytes;
  /** The genesis hash in hex. */
  readonly networkHex: string;
  /** Whose node this is. */
  readonly organisation: string;
  readonly genesis: Genesis;
  readonly genesisText: string;
  readonly release: string;
  readonly registry: Registry;
  readonly config: Config;
  readonly log: Logger;
  /** What is committed, and nothing else: overlays never leak. */
  readonly reader: ChainReader;
  /** Keys of a collection in order, behind `after`. */
  keys(collection: string, limit: number, after?: Bytes): Promise<readonly Bytes[]>;
  readonly finality: Finality;
  readonly cursors: Cursors;
  head(): { readonly height: number; readonly time: number };
  /** The block that would be next: for dry runs. */
  nextBlock(): BlockContext;
  /** True when the head is at `height`; false when `timeoutMs` have passed before, or the node stops. */
  reached(height: number, timeoutMs: number): Promise<boolean>;
  /**
   * Takes transactions, (u32 length ‖ bytes)*, of a client at an address. `taken` is called once, with one answer each, before anything can become final.
   * Throws `node.stopping`, `node.syncing`, `busy`, `batch.…`.
   */
  submit<T>(list: Bytes, address: string, taken: (verdict: IngressVerdict, answers: readonly Answer[]) => T): Promise<T>;
  /** Computes predicates at the cost of an address. Throws `quota.exceeded` while it owes for earlier ones. */
  charged<T>(address: string, act: () => T): T;
  isPending(id: Bytes): boolean;
  status(): NodeStatus;
  /** Of the node's clock, milliseconds since 1970. */
  now(): number;
  readonly stopping: () => boolean;
}
