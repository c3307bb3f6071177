// What a context is made from: the block, the act, what the registry knows. Owns these types only.

import type { Bytes } from "../../base/bytes.ts";
import type { Parameters } from "../../base/parameters.ts";
import type { AnyContract, AnyRecord } from "./define.ts";
import type { Party } from "./fields.ts";
import type { Answers, Resolver } from "./roles.ts";
import type { Plan } from "./rows.ts";

export interface BlockContext {
  readonly network: Bytes;
  readonly height: number;
  readonly time: number;
  readonly epoch: number;
  readonly protocol: number;
  readonly parameters: Parameters;
  /** Of the block that is being executed; absent where one act stands alone. */
  readonly answers?: Answers;
}

/** Who must sign what, as a dry run finds it. */
export interface Need {
  readonly slot: string;
  readonly party?: Party;
  /** `contract.role`, with its scope, where any holder will do. */
  readonly role?: string;
  readonly scope?: string;
  readonly met: boolean;
}

/** What the registry knows and a context asks. */
export interface Engine {
  readonly plans: ReadonlyMap<AnyRecord, Plan>;
  readonly resolver: Resolver<any>;
  /** Names of the resolver's contracts. */
  readonly registers: ReadonlySet<string>;
  /** Tests: refuse what production only tolerates (a slot not declared, a procedure of another sector). */
  readonly strict: boolean;
}

/** What distinguishes one act from another. */
export interface Act {
  readonly id: Bytes;
  readonly index: number;
  readonly signers: readonly Bytes[];
  readonly contract: AnyContract;
  readonly prepare?: boolean;
  readonly readOnly?: boolean;
}
